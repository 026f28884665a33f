/* SPDX-License-Identifier: MIT */
/* Bad input to whole renders: the status, a text that names the input and the cause, and nothing
 * left behind. Each format's own damage is tested beside its decoder. */
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "compose.h"

typedef struct place {
    char *folder;
    char *photo; /* a good photo */
    char *out;   /* does not exist */
} place;

static int setup(void **state)
{
    place *p = calloc(1, sizeof *p);
    p->folder = test_folder_new();
    p->photo = test_path(p->folder, "photo.bmp");
    p->out = test_path(p->folder, "out.mp4");
    uint32_t seed = 3;
    size_t size;
    uint8_t *bmp = test_bmp(90, 60, test_pixel_natural, &seed, &size);
    test_write_file(p->photo, bmp, size);
    free(bmp);
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    place *p = *state;
    test_folder_free(p->folder);
    free(p->photo);
    free(p->out);
    free(p);
    return 0;
}

/* A compose with one photo of the place. */
static hydra_compose *with_photo(const place *p)
{
    hydra_compose *c = test_compose(2, 64, 64, 30, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 300000;
    assert_compose_ok(c, hydra_compose_add_image(c, p->photo, &image));
    return c;
}

/* Render with `name` (holding `data`, unless NULL) as second photo; it must fail. */
static void check_photo(const place *p, const char *name, const void *data, size_t size,
                        hydra_status expected, const char *part)
{
    char *path = test_path(p->folder, name);
    if (data) {
        test_write_file(path, data, size);
    }
    int entries = test_count_entries(p->folder);
    hydra_compose *c = with_photo(p);
    assert_compose_ok(c, hydra_compose_add_image(c, path, NULL));
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), expected, name);
    assert_non_null(strstr(hydra_compose_error(c), part));
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_ERR_STATE);
    hydra_frame *frame;
    assert_compose_fails(c, hydra_compose_frame(c, 400000, HYDRA_FRAME_PNG, &frame), expected,
                         name);
    assert_int_equal(test_count_entries(p->folder), entries);
    hydra_compose_free(c);
    free(path);
}

/* A PNG of 14000 x 14000 pixels in 8 bytes each, within all limits but that of memory. */
static void check_bomb(const place *p)
{
    static const uint8_t png[] =
        "\x89PNG\r\n\x1a\n"
        "\0\0\0\x0dIHDR\0\0\x36\xb0\0\0\x36\xb0\x10\x06\0\0\0\xf4\x4b\x29\x2a"
        "\0\0\0\0IDAT\x35\xaf\x06\x1e"
        "\0\0\0\0IEND\xae\x42\x60\x82";
    check_photo(p, "bomb.png", png, sizeof png - 1, HYDRA_ERR_LIMIT,
                "1568000000 bytes, more than max_decode_bytes = 536870912");
}

static void test_photos(void **state)
{
    const place *p = *state;
    size_t size;
    uint32_t seed = 1;
    uint8_t *bmp = test_bmp(90, 60, test_pixel_natural, &seed, &size);
    check_photo(p, "missing.jpg", NULL, 0, HYDRA_ERR_NOT_FOUND, "No such file");
    check_photo(p, "empty.jpg", "", 0, HYDRA_ERR_FORMAT, "empty");
    check_photo(p, "text.jpg", "This is not a photo.\n", 21, HYDRA_ERR_FORMAT, "text.jpg");
    check_photo(p, "short.bmp", bmp, size / 2, HYDRA_ERR_FORMAT, "short.bmp");
    check_photo(p, "head.bmp", bmp, 20, HYDRA_ERR_FORMAT, "head.bmp");
    /* A bomb: a header that promises 65535 x 65535 pixels, and a 100,000 x 1 strip. */
    memcpy(bmp + 18, "\xff\xff\0\0\xff\xff\0\0", 8);
    check_photo(p, "bomb.bmp", bmp, size, HYDRA_ERR_LIMIT, "65535");
    memcpy(bmp + 18, "\xa0\x86\x01\0\x01\0\0\0", 8);
    check_photo(p, "strip.bmp", bmp, size, HYDRA_ERR_LIMIT, "100000");
    memcpy(bmp + 18, "\0\0\0\0\0\0\0\0", 8);
    check_photo(p, "zero.bmp", bmp, size, HYDRA_ERR_FORMAT, "zero.bmp");
    free(bmp);
    check_bomb(p);
    char *fifo = test_path(p->folder, "fifo.jpg");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_photo(p, "fifo.jpg", NULL, 0, HYDRA_ERR_ARGUMENT, "regular");
    free(fifo);
    char *folder = test_path(p->folder, "folder.jpg");
    assert_int_equal(mkdir(folder, 0700), 0);
    check_photo(p, "folder.jpg", NULL, 0, HYDRA_ERR_ARGUMENT, "folder");
    free(folder);
}

static void check_audio(const place *p, const char *name, const void *data, size_t size,
                        hydra_status expected, const char *part)
{
    char *path = test_path(p->folder, name);
    if (data) {
        test_write_file(path, data, size);
    }
    int entries = test_count_entries(p->folder);
    hydra_compose *c = with_photo(p);
    assert_compose_ok(c, hydra_compose_set_audio(c, path, NULL));
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), expected, name);
    assert_non_null(strstr(hydra_compose_error(c), part));
    assert_int_equal(test_count_entries(p->folder), entries);
    /* Without it, the same compose renders. */
    assert_compose_ok(c, hydra_compose_set_audio(c, NULL, NULL));
    size_t bytes;
    (void)test_render(c, &bytes);
    hydra_compose_free(c);
    free(path);
}

static void test_audio(void **state)
{
    const place *p = *state;
    check_audio(p, "missing.ogg", NULL, 0, HYDRA_ERR_NOT_FOUND, "No such file");
    check_audio(p, "empty.ogg", "", 0, HYDRA_ERR_FORMAT, "empty");
    check_audio(p, "text.mp3", "La la la, this is only text.\n", 29, HYDRA_ERR_FORMAT, "text.mp3");
    /* A file with pictures and no sound. */
    hydra_compose *silent = with_photo(p);
    size_t size;
    const void *mp4 = test_render(silent, &size);
    check_audio(p, "silent.mp4", mp4, size, HYDRA_ERR_FORMAT, "sound");
    hydra_compose_free(silent);
    size_t photo_size;
    uint8_t *photo = test_read_file(p->photo, &photo_size);
    check_audio(p, "photo.ogg", photo, photo_size, HYDRA_ERR_FORMAT, "photo.ogg");
    free(photo);
    /* A WAV header that is cut before its data. */
    uint8_t *wav = test_mono_wav(48000, 100, test_sample_tone, NULL, &size);
    check_audio(p, "short.wav", wav, 30, HYDRA_ERR_FORMAT, "short.wav");
    free(wav);
    /* Starts after its own end. */
    hydra_compose *c = with_photo(p);
    hydra_audio_options options;
    hydra_audio_options_init(&options);
    options.start_us = 5000000;
    test_add_tone(c, 1, &options);
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), HYDRA_ERR_ARGUMENT, "tone.wav");
    hydra_compose_free(c);
    assert_int_not_equal(access(p->out, F_OK), 0);
}

static void check_target(const place *p, const char *target, hydra_status expected,
                         const char *part)
{
    int entries = test_count_entries(p->folder);
    hydra_compose *c = with_photo(p);
    assert_compose_fails(c, hydra_compose_render(c, target, NULL), expected, part);
    assert_int_equal(test_count_entries(p->folder), entries);
    hydra_compose_free(c);
}

static void test_targets(void **state)
{
    const place *p = *state;
    check_target(p, "", HYDRA_ERR_ARGUMENT, "destination");
    check_target(p, NULL, HYDRA_ERR_ARGUMENT, "destination");
    check_target(p, "ftp://example.com/out.mp4", HYDRA_ERR_UNSUPPORTED, "ftp:");
    check_target(p, p->folder, HYDRA_ERR_ARGUMENT, p->folder);
    char *missing = test_path(p->folder, "no/such/out.mp4");
    check_target(p, missing, HYDRA_ERR_NOT_FOUND, "out.mp4");
    char *fifo = test_path(p->folder, "fifo.mp4");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    check_target(p, fifo, HYDRA_ERR_ARGUMENT, "fifo.mp4");
    /* The target is one of the inputs: refused, and the input is untouched. */
    size_t before_size;
    uint8_t *before = test_read_file(p->photo, &before_size);
    check_target(p, p->photo, HYDRA_ERR_ARGUMENT, "input");
    char *link_path = test_path(p->folder, "link.mp4");
    assert_int_equal(symlink(p->photo, link_path), 0);
    check_target(p, link_path, HYDRA_ERR_ARGUMENT, "input");
    size_t after_size;
    uint8_t *after = test_read_file(p->photo, &after_size);
    assert_int_equal(after_size, before_size);
    assert_memory_equal(after, before, before_size);
    free(before);
    free(after);
    free(missing);
    free(fifo);
    free(link_path);
}

/* The target exists already: a failed render leaves it as it was. */
static void test_failure_keeps_the_old_file(void **state)
{
    const place *p = *state;
    test_write_file(p->out, "precious", 8);
    hydra_compose *c = with_photo(p);
    assert_compose_ok(c, hydra_compose_add_image(c, "/nonexistent/photo.jpg", NULL));
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), HYDRA_ERR_NOT_FOUND,
                         "/nonexistent/photo.jpg");
    size_t size;
    uint8_t *data = test_read_file(p->out, &size);
    assert_int_equal(size, 8);
    assert_memory_equal(data, "precious", 8);
    free(data);
    hydra_compose_free(c);
}

static void test_timeline(void **state)
{
    const place *p = *state;
    hydra_compose *c = test_compose(1, 64, 64, 30, 1);
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), HYDRA_ERR_ARGUMENT, "image");
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = 1081;
    canvas.height_px = 1920;
    assert_compose_fails(c, hydra_compose_set_canvas(c, &canvas), HYDRA_ERR_ARGUMENT, "1081");
    hydra_image_options image;
    hydra_image_options_init(&image);
    static const int64_t bad[] = {0, -2, -1000000, INT64_MIN, 3600000001, INT64_MAX};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        image.duration_us = bad[i];
        assert_compose_fails(c, hydra_compose_add_image(c, p->photo, &image), HYDRA_ERR_ARGUMENT,
                             "duration");
    }
    assert_int_equal(hydra_compose_image_count(c), 0);
    hydra_image_options_init(&image);
    image.focus_x = NAN;
    assert_compose_fails(c, hydra_compose_add_image(c, p->photo, &image), HYDRA_ERR_ARGUMENT,
                         "focus_x");
    assert_compose_fails(c, hydra_compose_add_image(c, NULL, NULL), HYDRA_ERR_ARGUMENT, "image 0");
    assert_compose_fails(c, hydra_compose_add_image(c, "ftp://host/a.jpg", NULL),
                         HYDRA_ERR_UNSUPPORTED, "ftp:");
    image.focus_x = 0.5;
    image.duration_us = 400000;
    assert_compose_ok(c, hydra_compose_add_image(c, p->photo, &image));
    assert_compose_ok(c, hydra_compose_add_image(c, p->photo, &image));
    /* Half a second of crossfade between photos of 0.4 s. */
    assert_compose_ok(c, hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL));
    assert_compose_fails(c, hydra_compose_render(c, p->out, NULL), HYDRA_ERR_ARGUMENT,
                         "transition");
    assert_int_not_equal(access(p->out, F_OK), 0);
    hydra_compose_free(c);
}

static void test_render_options(void **state)
{
    const place *p = *state;
    hydra_compose *c = with_photo(p);
    hydra_render_options good;
    hydra_render_options_init(&good);
    hydra_render_options o = {0};
    assert_compose_fails(c, hydra_compose_render(c, p->out, &o), HYDRA_ERR_ARGUMENT, "_init");
#define CHECK(field, value, part)                                                                  \
    o = good;                                                                                      \
    o.field = (value);                                                                             \
    assert_compose_fails(c, hydra_compose_render(c, p->out, &o), HYDRA_ERR_ARGUMENT, part)
    CHECK(encoder, 99, "encoder");
    CHECK(profile, -1, "profile");
    CHECK(video_bitrate_kbps, 49, "video_bitrate_kbps");
    CHECK(crf, 52, "crf");
    CHECK(crf, NAN, "crf");
    CHECK(audio_bitrate_kbps, 1000, "audio_bitrate_kbps");
    CHECK(threads, 129, "threads");
    CHECK(preset, "warp", "warp");
    o.encoder = HYDRA_ENCODER_RAW; /* has no use for it, but a mistake is a mistake */
    assert_compose_fails(c, hydra_compose_render(c, p->out, &o), HYDRA_ERR_ARGUMENT, "placebo");
#undef CHECK
    o = good;
    o.crf = 20;
    o.video_bitrate_kbps = 1000;
    assert_compose_fails(c, hydra_compose_render(c, p->out, &o), HYDRA_ERR_ARGUMENT, "exclude");
    assert_int_not_equal(access(p->out, F_OK), 0);
    hydra_compose_free(c);
}

static void test_memory_limit(void **state)
{
    const place *p = *state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_output_bytes = 4000;
    policy.max_images = 1;
    policy.max_image_bytes = 20000;
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    hydra_context_free(context);
    assert_compose_ok(c, hydra_compose_add_image(c, p->photo, NULL));
    assert_compose_fails(c, hydra_compose_render_memory(c, NULL), HYDRA_ERR_SPACE, "4000");
    const void *data;
    size_t size;
    assert_int_equal(hydra_compose_output(c, &data, &size), HYDRA_ERR_STATE);
    assert_compose_fails(c, hydra_compose_add_image(c, p->photo, NULL), HYDRA_ERR_LIMIT, "1");
    assert_int_equal(hydra_compose_image_count(c), 1);
    hydra_compose_free(c);
}

int main(void)
{
    hydra_silence_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_photos, setup, teardown),
        cmocka_unit_test_setup_teardown(test_audio, setup, teardown),
        cmocka_unit_test_setup_teardown(test_targets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_keeps_the_old_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_timeline, setup, teardown),
        cmocka_unit_test_setup_teardown(test_render_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_memory_limit, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
