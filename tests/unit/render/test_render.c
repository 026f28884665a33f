/* SPDX-License-Identifier: MIT */
/* Whole renders: the record, the file, memory, the writer, rates, modes. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compose.h"

/* Three photos of a second each, crossfades of 0.3 s: 2.4 s. */
static hydra_compose *three_photos(void)
{
    hydra_compose *c = test_compose(2, 144, 256, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        test_add_picture(c, 320, 240, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.duration_us = 300000;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &fade));
    return c;
}

static hydra_result result_of(hydra_compose *c)
{
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
    return result;
}

static void test_record_and_playback(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    test_add_tone(c, 5, NULL);
    size_t size;
    const void *mp4 = test_render(c, &size);
    hydra_result r = result_of(c);
    assert_int_equal(r.frames, 72);
    assert_int_equal(r.duration_us, 2400000);
    assert_int_equal(r.has_audio, 1);
    assert_int_equal(r.audio_samples, 115200);
    assert_int_equal(r.av_offset_us, 0);
    assert_int_equal(r.bytes, size);
    assert_true(r.moov_offset > 0 && r.moov_offset < 64);
    assert_true(r.moov_bytes > 0 && r.moov_bytes <= r.moov_reserved_bytes);
    assert_int_equal(r.width_px, 144);
    assert_int_equal(r.height_px, 256);
    assert_int_equal(r.fps_num, 30);
    assert_int_equal(r.fps_den, 1);
    assert_string_equal(r.encoder, "x264");
    assert_string_equal(r.container, "mp4");
    assert_string_equal(r.video_codec, "h264");
    assert_string_equal(r.video_profile, "High");
    assert_string_equal(r.pixel_format, "yuv420p");
    assert_string_equal(r.color_range, "tv");
    assert_string_equal(r.color_primaries, "bt709");
    assert_string_equal(r.color_transfer, "bt709");
    assert_string_equal(r.color_matrix, "bt709");
    assert_string_equal(r.audio_codec, "aac");
    assert_true(r.encoder_reason[0] != '\0');
    assert_true(r.pool_peak_bytes > 0 && r.key_frames >= 2);
    assert_true(r.decode_s > 0 && r.compose_s > 0);
    /* What one thread does one after the other. */
    assert_true(r.encode_s > 0 && r.audio_s > 0 && r.mux_s > 0);
    assert_true(r.total_s >= r.encode_s + r.audio_s + r.mux_s);
    test_video video;
    test_decode_video(mp4, size, NULL, NULL, &video);
    assert_int_equal(video.frames, 72);
    for (int64_t n = 0; n < video.frames; n++) {
        assert_true(video.time_s[n] > (double)n / 30 - 1e-6);
        assert_true(video.time_s[n] < (double)n / 30 + 1e-6);
    }
    assert_true(video.samples >= 115200 && video.samples < 115200 + 1024);
    assert_true(video.sound_start_s > -1e-6 && video.sound_start_s < 1e-6);
    test_video_free(&video);
    hydra_compose_free(c);
}

static void test_file_equals_memory_and_folder_is_clean(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    test_add_tone(c, 1, NULL);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    options.threads = 1; /* with two, x264's bytes are not always the same */
    size_t size;
    const void *mp4;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    assert_int_equal(hydra_compose_output(c, &mp4, &size), HYDRA_OK);
    uint64_t hash = test_hash(mp4, size);
    char *folder = test_folder_new();
    char *path = test_path(folder, "out file.mp4");
    for (int round = 0; round < 2; round++) {
        assert_compose_ok(c, hydra_compose_render(c, path, &options));
        assert_int_equal(test_count_entries(folder), 1);
        size_t file_size;
        uint8_t *file = test_read_file(path, &file_size);
        assert_int_equal(file_size, size);
        assert_int_equal(test_hash(file, file_size), hash);
        free(file);
    }
    const void *data;
    assert_int_equal(hydra_compose_output(c, &data, &size), HYDRA_ERR_STATE);
    free(path);
    test_folder_free(folder);
    hydra_compose_free(c);
}

typedef struct host {
    hydra_compose *compose;
    uint8_t data[1 << 20];
    uint8_t written[1 << 20]; /* 1 = was */
    int64_t first_offset;
    int64_t last_offset;
    size_t size;
    int64_t fail_at; /* write number that fails, -1 = none */
    int64_t writes;
    int64_t reads;
} host;

static int32_t host_write(void *user, int64_t offset, const void *data, size_t size)
{
    host *h = user;
    if (h->writes++ == h->fail_at) {
        return 42;
    }
    assert_true(offset >= 0 && (size_t)offset + size <= sizeof h->data);
    memcpy(h->data + offset, data, size);
    assert_null(memchr(h->written + offset, 1, size));
    memset(h->written + offset, 1, size);
    h->first_offset = h->writes == 1 ? offset : h->first_offset;
    h->last_offset = offset;
    if ((size_t)offset + size > h->size) {
        h->size = (size_t)offset + size;
    }
    /* Calling back into the compose is an error, not a crash. */
    assert_int_equal(hydra_compose_add_image(h->compose, "x.jpg", NULL), HYDRA_ERR_STATE);
    assert_int_equal(hydra_compose_render_memory(h->compose, NULL), HYDRA_ERR_STATE);
    return 0;
}

static int32_t host_read(void *user, int64_t offset, void *data, size_t size)
{
    host *h = user;
    h->reads++;
    memcpy(data, h->data + offset, size);
    return 0;
}

static void test_writer(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    test_add_tone(c, 3, NULL);
    size_t size;
    uint64_t expected = 0;
    const void *mp4 = test_render(c, &size);
    expected = test_hash(mp4, size);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    host *h = calloc(1, sizeof *h);
    assert_non_null(h);
    for (int readable = 0; readable < 2; readable++) {
        memset(h, 0, sizeof *h);
        h->compose = c;
        h->fail_at = -1;
        hydra_writer writer = {sizeof writer, 0, h, host_write, readable ? host_read : NULL};
        assert_compose_ok(c, hydra_compose_render_writer(c, &writer, &options));
        assert_string_equal(hydra_compose_error(c), "");
        assert_int_equal(h->size, size);
        assert_int_equal(test_hash(h->data, h->size), expected);
        /* Each byte once (see host_write), the head last. */
        assert_null(memchr(h->written, 0, h->size));
        assert_true(h->first_offset > 0);
        assert_int_equal(h->last_offset, 0);
        assert_true(readable ? h->reads > 0 : h->reads == 0);
        assert_int_equal(hydra_compose_image_count(c), 3);
    }
    int64_t writes = h->writes;
    for (int64_t n = 0; n < writes; n += 1 + writes / 8) {
        h->writes = 0;
        h->fail_at = n;
        memset(h->written, 0, sizeof h->written);
        hydra_writer writer = {sizeof writer, 0, h, host_write, NULL};
        assert_compose_fails(c, hydra_compose_render_writer(c, &writer, &options), HYDRA_ERR_IO,
                             "42");
        hydra_result result = {.struct_size = sizeof result};
        assert_int_equal(hydra_compose_result(c, &result), HYDRA_ERR_STATE);
    }
    free(h);
    hydra_compose_free(c);
}

static void test_no_music_has_no_sound_track(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    size_t size;
    const void *mp4 = test_render(c, &size);
    hydra_result r = result_of(c);
    assert_int_equal(r.has_audio, 0);
    assert_int_equal(r.audio_samples, 0);
    assert_string_equal(r.audio_codec, "");
    test_video video;
    test_decode_video(mp4, size, NULL, NULL, &video);
    assert_int_equal(video.frames, 72);
    assert_int_equal(video.samples, 0);
    test_video_free(&video);
    hydra_compose_free(c);
}

static void test_rates_are_exact(void **state)
{
    (void)state;
    static const int32_t rates[][3] = {{24000, 1001, 72}, {30000, 1001, 90}, {60000, 1001, 180},
                                       {25, 1, 75},       {1, 1, 3},         {120, 1, 360},
                                       {50, 1, 150}};
    uint32_t seed = 7;
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        hydra_compose *c = test_compose(2, 64, 64, rates[i][0], rates[i][1]);
        test_add_picture(c, 80, 80, test_pixel_natural, &seed, NULL);
        test_add_tone(c, 3, NULL);
        size_t size;
        const void *mp4 = test_render(c, &size);
        hydra_result r = result_of(c);
        assert_int_equal(r.frames, rates[i][2]);
        assert_int_equal(r.fps_num, rates[i][0]);
        assert_int_equal(r.fps_den, rates[i][1]);
        assert_true(r.av_offset_us >= -21 && r.av_offset_us <= 21);
        test_video video;
        test_decode_video(mp4, size, NULL, NULL, &video);
        assert_int_equal(video.frames, rates[i][2]);
        double last = (double)(video.frames - 1) * rates[i][1] / rates[i][0];
        assert_true(video.time_s[video.frames - 1] > last - 1e-5);
        assert_true(video.time_s[video.frames - 1] < last + 1e-5);
        test_video_free(&video);
        hydra_compose_free(c);
    }
}

static void test_hold_keeps_the_length(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    hydra_transition_options hold;
    hydra_transition_options_init(&hold);
    hold.mode = HYDRA_HOLD;
    hold.duration_us = 300000;
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &hold));
    size_t size;
    (void)test_render(c, &size);
    assert_int_equal(result_of(c).frames, 90);
    const char *text = NULL;
    assert_compose_ok(c, hydra_compose_plan_text(c, &text));
    assert_non_null(strstr(text, "hold"));
    hydra_compose_free(c);
}

/* Photos of 0.5, 0.7, 3.1, 1/30, 0.5 and 0.5 s: every cut is a key frame, and so is every second
 * second after one. Nothing else is, crossfades (from the last photo but one on) included. */
static void test_key_frames_are_at_hard_cuts(void **state)
{
    (void)state;
    static const int64_t durations_us[] = {500000, 700000, 3100000, 33334, 500000, 500000};
    static const int64_t keys[] = {0, 15, 36, 96, 129, 130};
    hydra_compose *c = test_compose(2, 64, 64, 30, 1);
    for (uint32_t seed = 1; seed <= 6; seed++) {
        hydra_image_options image;
        hydra_image_options_init(&image);
        image.duration_us = durations_us[seed - 1];
        test_add_picture(c, 80, 80, test_pixel_natural, &seed, &image);
    }
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.duration_us = 200000;
    assert_compose_ok(c, hydra_compose_set_transition(c, 4, &fade));
    size_t size;
    const void *mp4 = test_render(c, &size);
    assert_int_equal(result_of(c).key_frames, 6);
    test_video video;
    test_decode_video(mp4, size, NULL, NULL, &video);
    size_t found = 0;
    for (int64_t n = 0; n < video.frames; n++) {
        if (video.is_key[n]) {
            assert_true(found < 6);
            assert_int_equal(n, keys[found]);
            found++;
        }
    }
    assert_int_equal(found, 6);
    test_video_free(&video);
    hydra_compose_free(c);
}

static void test_raw_is_y4m(void **state)
{
    (void)state;
    hydra_compose *c = three_photos();
    test_add_tone(c, 3, NULL);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_render_memory(c, &options));
    const void *data = NULL;
    size_t size;
    assert_int_equal(hydra_compose_output(c, &data, &size), HYDRA_OK);
    assert_memory_equal(data, "YUV4MPEG2 W144 H256 F30:1 ", 26);
    hydra_result r = result_of(c);
    assert_string_equal(r.container, "y4m");
    assert_int_equal(r.has_audio, 0);
    assert_int_equal(r.moov_offset, -1);
    size_t frames = 72 * (6 + (size_t)144 * 256 * 3 / 2);
    assert_true(size > frames && size < frames + 128);
    /* The last frame of the file is the last frame of the video. */
    hydra_frame *frame = test_frame(c, 71, 30, 1);
    size_t frame_size;
    const void *pixels = hydra_frame_data(frame, &frame_size);
    assert_memory_equal((const uint8_t *)data + size - frame_size, pixels, frame_size);
    hydra_frame_free(frame);
    hydra_compose_free(c);
}

static void test_frame_formats(void **state)
{
    (void)state;
    hydra_compose *c = test_compose(1, 64, 96, 30, 1);
    uint32_t red = 0xe02010;
    test_add_picture(c, 200, 100, test_pixel_color, &red, NULL);
    hydra_frame *frame = NULL;
    assert_compose_ok(c, hydra_compose_frame(c, 1500000, HYDRA_FRAME_RGB24, &frame));
    size_t size;
    const uint8_t *rgb = hydra_frame_data(frame, &size);
    assert_int_equal(size, 64 * 96 * 3);
    assert_int_equal(hydra_frame_width(frame), 64);
    assert_int_equal(hydra_frame_height(frame), 96);
    assert_int_equal(hydra_frame_number(frame), 45);
    for (size_t i = 0; i < size; i += 3) {
        assert_in_range(rgb[i], 0xe0 - 2, 0xe0 + 2);
        assert_in_range(rgb[i + 1], 0x20 - 2, 0x20 + 2);
        assert_in_range(rgb[i + 2], 0x10 - 2, 0x10 + 2);
    }
    hydra_frame_free(frame);
    assert_compose_ok(c, hydra_compose_frame(c, 0, HYDRA_FRAME_PNG, &frame));
    assert_memory_equal(hydra_frame_data(frame, &size), "\x89PNG\r\n\x1a\n", 8);
    hydra_frame_free(frame);
    assert_compose_fails(c, hydra_compose_frame(c, 3000000, HYDRA_FRAME_PNG, &frame),
                         HYDRA_ERR_ARGUMENT, "3000000");
    assert_null(frame);
    assert_compose_fails(c, hydra_compose_frame(c, -1, HYDRA_FRAME_PNG, &frame), HYDRA_ERR_ARGUMENT,
                         "-1 us");
    assert_compose_fails(c, hydra_compose_frame(c, 0, 9, &frame), HYDRA_ERR_ARGUMENT, "format");
    hydra_compose_free(c);
}

/* FFmpeg's log level is left at its default here, as in a host that never heard of it. */
static void test_prints_nothing(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "printed");
    int log = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int out = dup(STDOUT_FILENO);
    int err = dup(STDERR_FILENO);
    assert_true(log >= 0 && out >= 0 && err >= 0);
    (void)fflush(NULL);
    (void)dup2(log, STDOUT_FILENO);
    (void)dup2(log, STDERR_FILENO);
    hydra_compose *c = three_photos();
    test_add_tone(c, 1, NULL);
    hydra_status status = hydra_compose_render_memory(c, NULL);
    hydra_frame *frame = NULL;
    hydra_status frame_status = hydra_compose_frame(c, 0, HYDRA_FRAME_PNG, &frame);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    assert_int_equal(status, HYDRA_OK);
    assert_int_equal(frame_status, HYDRA_OK);
    assert_int_equal(lseek(log, 0, SEEK_END), 0);
    (void)close(log);
    (void)close(out);
    (void)close(err);
    hydra_frame_free(frame);
    hydra_compose_free(c);
    free(path);
    test_folder_free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_and_playback),
        cmocka_unit_test(test_file_equals_memory_and_folder_is_clean),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_no_music_has_no_sound_track),
        cmocka_unit_test(test_rates_are_exact),
        cmocka_unit_test(test_hold_keeps_the_length),
        cmocka_unit_test(test_key_frames_are_at_hard_cuts),
        cmocka_unit_test(test_raw_is_y4m),
        cmocka_unit_test(test_frame_formats),
        cmocka_unit_test(test_prints_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
