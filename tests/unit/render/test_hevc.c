/* SPDX-License-Identifier: MIT */
/* Whole renders as HEVC: the record, colours, pictures against the composed frames, rates, a
 * stream, and what is refused. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"
#include "patches.h"

static hydra_render_options hevc_options(int32_t profile)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.codec = HYDRA_CODEC_HEVC;
    options.encoder = HYDRA_ENCODER_X265;
    options.profile = profile;
    return options;
}

/* Two photos of a second each with a crossfade between them, and music. */
static hydra_compose *two_photos(int32_t fps_num, int32_t fps_den)
{
    hydra_compose *c = test_compose(2, 144, 256, fps_num, fps_den);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    for (uint32_t seed = 1; seed <= 2; seed++) {
        test_add_picture(c, 320, 240, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.duration_us = 300000;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &fade));
    test_add_tone(c, 3, NULL);
    return c;
}

/* ---- Against the composed frames ---- */

typedef struct comparison {
    hydra_compose *compose;
    int32_t fps_num;
    int32_t fps_den;
    double worst;
} comparison;

static double plane_psnr(const uint8_t *a, int a_stride, const uint8_t *b, int b_stride, int width,
                         int height)
{
    double sum = 0;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            int d = a[y * a_stride + x] - b[y * b_stride + x];
            sum += (double)d * d;
        }
    }
    return 10 * log10(255.0 * 255.0 * width * height / (sum + 1e-9));
}

static void compare_frame(void *user, int64_t n, uint8_t *const plane[3], const int stride[3])
{
    comparison *cmp = user;
    hydra_frame *frame = test_frame(cmp->compose, n, cmp->fps_num, cmp->fps_den);
    size_t size;
    const uint8_t *own = hydra_frame_data(frame, &size);
    assert_int_equal(size, 144 * 256 * 3 / 2);
    for (int i = 0; i < 3; i++) {
        int width = i ? 72 : 144;
        int height = i ? 128 : 256;
        double psnr = plane_psnr(plane[i], stride[i], own, width, width, height);
        cmp->worst = psnr < cmp->worst ? psnr : cmp->worst;
        own += (size_t)width * (size_t)height;
    }
    hydra_frame_free(frame);
}

static void check_record(const hydra_result *r, int64_t frames, size_t size)
{
    assert_int_equal(r->frames, frames);
    assert_in_range(r->av_offset_us + 11, 0, 22); /* half a sample */
    assert_int_equal(r->bytes, size);
    assert_int_equal(r->width_px, 144);
    assert_int_equal(r->height_px, 256);
    assert_string_equal(r->encoder, "x265");
    assert_string_equal(r->container, "mp4");
    assert_string_equal(r->video_codec, "hevc");
    assert_string_equal(r->video_profile, "Main");
    assert_in_range(r->video_level, 10, 31);
    assert_string_equal(r->pixel_format, "yuv420p");
    assert_string_equal(r->color_range, "tv");
    assert_string_equal(r->color_primaries, "bt709");
    assert_string_equal(r->color_transfer, "bt709");
    assert_string_equal(r->color_matrix, "bt709");
    assert_string_equal(r->audio_codec, "aac");
}

static void test_rates_and_pictures(void **state)
{
    (void)state;
    static const int32_t rates[][2] = {{24000, 1001}, {30000, 1001}, {30, 1}, {60000, 1001}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        comparison cmp = {two_photos(rates[i][0], rates[i][1]), rates[i][0], rates[i][1], 100};
        hydra_compose *c = cmp.compose;
        hydra_render_options options = hevc_options(HYDRA_PROFILE_DEFAULT);
        assert_compose_ok(c, hydra_compose_render_memory(c, &options));
        const void *mp4;
        size_t size;
        assert_int_equal(hydra_compose_output(c, &mp4, &size), HYDRA_OK);
        assert_non_null(memmem(mp4, size, "hvc1", 4));
        hydra_result r = {.struct_size = sizeof r};
        assert_int_equal(hydra_compose_result(c, &r), HYDRA_OK);
        check_record(&r, r.frames, size);
        assert_int_equal(r.fps_num, rates[i][0]);
        assert_int_equal(r.fps_den, rates[i][1]);
        double fps = (double)rates[i][0] / rates[i][1];
        assert_in_range(r.frames, (int64_t)(1.7 * fps) - 1, (int64_t)(1.7 * fps) + 1);
        test_video video;
        test_decode_video(mp4, size, compare_frame, &cmp, &video);
        assert_int_equal(video.frames, r.frames);
        for (int64_t n = 0; n < video.frames; n++) {
            assert_true(fabs(video.time_s[n] - (double)n / fps) < 1e-4);
        }
        print_message("%d/%d: worst plane %.1f dB\n", (int)rates[i][0], (int)rates[i][1],
                      cmp.worst);
        assert_true(cmp.worst > 32);
        test_video_free(&video);
        hydra_compose_free(c);
    }
}

/* ---- Other ways out ---- */

static void test_stream(void **state)
{
    (void)state;
    hydra_compose *c = two_photos(30, 1);
    hydra_render_options options = hevc_options(HYDRA_PROFILE_DRAFT);
    hydra_render *render = NULL;
    assert_compose_ok(c, hydra_render_start(c, "pull:", &options, &render));
    uint8_t *bytes = NULL;
    size_t size = 0;
    size_t got = 0;
    hydra_status status = HYDRA_ERR_TIMEOUT;
    while (status != HYDRA_OK || got > 0) {
        uint8_t *grown = realloc(bytes, size + 65536);
        assert_non_null(grown);
        bytes = grown;
        assert_int_equal(hydra_render_read(render, bytes + size, 65536, NULL, &got), HYDRA_OK);
        size += got;
        status = got > 0 ? status : hydra_render_wait(render, 1000);
    }
    hydra_result r = {.struct_size = sizeof r};
    assert_int_equal(hydra_render_result(render, &r), HYDRA_OK);
    check_record(&r, 51, size);
    assert_non_null(memmem(bytes, size, "moof", 4));
    assert_non_null(memmem(bytes, size, "hvc1", 4));
    comparison cmp = {c, 30, 1, 100};
    hydra_render_free(render);
    test_video video;
    test_decode_video(bytes, size, compare_frame, &cmp, &video);
    assert_int_equal(video.frames, 51);
    assert_true(cmp.worst > 29);
    test_video_free(&video);
    free(bytes);
    hydra_compose_free(c);
}

static void test_file(void **state)
{
    (void)state;
    hydra_compose *c = two_photos(30, 1);
    hydra_render_options options = hevc_options(HYDRA_PROFILE_DRAFT);
    char *folder = test_folder_new();
    char *path = test_path(folder, "out.mp4");
    assert_compose_ok(c, hydra_compose_render(c, path, &options));
    size_t size;
    uint8_t *file = test_read_file(path, &size);
    test_video video;
    test_decode_video(file, size, NULL, NULL, &video);
    assert_int_equal(video.frames, 51);
    test_video_free(&video);
    free(file);
    free(path);
    test_folder_free(folder);
    hydra_compose_free(c);
}

static void test_hard_cuts_are_key_frames(void **state)
{
    (void)state;
    hydra_compose *c = test_compose(2, 144, 256, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 500000;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        test_add_picture(c, 320, 240, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options cut;
    hydra_transition_options_init(&cut);
    cut.kind = HYDRA_TRANSITION_CUT;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &cut));
    hydra_render_options options = hevc_options(HYDRA_PROFILE_DEFAULT);
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    const void *mp4;
    size_t size;
    assert_int_equal(hydra_compose_output(c, &mp4, &size), HYDRA_OK);
    test_video video;
    test_decode_video(mp4, size, NULL, NULL, &video);
    assert_int_equal(video.key_frames, 3);
    assert_true(video.is_key[0] && video.is_key[15] && video.is_key[30]);
    test_video_free(&video);
    hydra_compose_free(c);
}

static void test_patches_survive(void **state)
{
    (void)state;
    for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
        hydra_render_options options = hevc_options(profile);
        int worst = patches_render(&options);
        print_message("profile %d: worst patch is off by %d levels\n", (int)profile, worst);
        /* In draft a level of luma and one of chroma may go, which make three of blue. */
        assert_true(worst <= (profile == HYDRA_PROFILE_DRAFT ? 3 : 2));
    }
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    hydra_compose *c = two_photos(30, 1);
    hydra_render_options options = hevc_options(HYDRA_PROFILE_DEFAULT);
    options.codec = HYDRA_CODEC_H264;
    assert_compose_fails(c, hydra_compose_render_memory(c, &options), HYDRA_ERR_ARGUMENT,
                         "encoder x265 does not make H.264");
    options = hevc_options(HYDRA_PROFILE_DEFAULT);
    options.encoder = HYDRA_ENCODER_X264;
    assert_compose_fails(c, hydra_compose_render_memory(c, &options), HYDRA_ERR_ARGUMENT,
                         "encoder x264 does not make HEVC");
    hydra_compose_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rates_and_pictures),
        cmocka_unit_test(test_stream),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_hard_cuts_are_key_frames),
        cmocka_unit_test(test_patches_survive),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
