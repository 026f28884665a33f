/* SPDX-License-Identifier: MIT */
/* Sound and pictures together: a white frame and a click, after 10 s and after 10 min. */
#include <math.h>
#include <stdlib.h>

#include "compose.h"

/* A click of 2 ms at the time that `user` gives in seconds. */
static double click(int64_t i, int32_t hz, const void *user)
{
    double t = (double)i / hz - *(const double *)user;
    return t >= 0 && t < 0.002 ? 0.9 : 0;
}

static void add_color(hydra_compose *c, uint32_t rgb, int64_t duration_us)
{
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.motion = HYDRA_MOTION_NONE;
    image.duration_us = duration_us;
    test_add_picture(c, 64, 64, test_pixel_color, &rgb, &image);
}

static void check_clapper(double seconds, int32_t fps_num, int32_t fps_den)
{
    hydra_compose *c = test_compose(2, 64, 64, fps_num, fps_den);
    int64_t flash_us = (int64_t)(seconds * 1e6);
    add_color(c, 0x000000, flash_us);
    add_color(c, 0xffffff, 100000);
    add_color(c, 0x000000, 500000);
    size_t size;
    uint8_t *wav = test_mono_wav(8000, (int64_t)((seconds + 1) * 8000), click, &seconds, &size);
    hydra_audio_options audio;
    hydra_audio_options_init(&audio);
    audio.fade_out_us = 0;
    assert_compose_ok(c, hydra_compose_set_audio_memory(c, wav, size, "click.wav", &audio));
    free(wav);
    const void *mp4 = test_render(c, &size);
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
    assert_true(llabs(result.av_offset_us) <= 21334);
    test_video video;
    test_decode_video(mp4, size, NULL, NULL, &video);
    int64_t frame = 0;
    while (frame < video.frames && video.luma_mean[frame] < 128) {
        frame++;
    }
    assert_true(frame < video.frames);
    int64_t peak = 0;
    for (int64_t i = 1; i < video.samples; i++) {
        if (fabsf(video.sound[i]) > fabsf(video.sound[peak])) {
            peak = i;
        }
    }
    double click_s = video.sound_start_s + (double)peak / 48000;
    double offset = click_s - video.time_s[frame];
    print_message("%d/%d fps, %.0f s: click %.2f ms after its frame, end offset %lld us\n",
                  (int)fps_num, (int)fps_den, seconds, offset * 1000,
                  (long long)result.av_offset_us);
    assert_true(fabs(offset) <= 1024.0 / 48000);
    test_video_free(&video);
    hydra_compose_free(c);
}

static void test_ten_seconds(void **state)
{
    (void)state;
    check_clapper(10, 30, 1);
    check_clapper(10.01, 30000, 1001);
}

static void test_ten_minutes(void **state)
{
    (void)state;
    check_clapper(600.6, 30000, 1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ten_seconds),
        cmocka_unit_test(test_ten_minutes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
