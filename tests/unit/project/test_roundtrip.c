/* SPDX-License-Identifier: MIT */
/* Thousands of random projects, built as a caller would: writing and reading changes nothing. */
#include "project_support.h"

#define PROJECTS 3000

static int64_t pick(uint64_t *seed, int64_t low, int64_t high)
{
    return low + (int64_t)(test_random(seed) % (uint64_t)(high - low + 1));
}

static bool chance(uint64_t *seed)
{
    return pick(seed, 0, 1) == 1;
}

/* Often a default or an end, sometimes any double of the range with all its bits. */
static double fraction(uint64_t *seed)
{
    static const double common[] = {0, 1, 0.5, -0.0, 0.25, 0.1, 5e-324, 1e-9};
    int64_t kind = pick(seed, 0, 2);
    return kind == 0 ? common[pick(seed, 0, COUNT(common) - 1)]
                     : (double)(test_random(seed) >> 11) / 9007199254740992.0;
}

static double extent(uint64_t *seed)
{
    double value = fraction(seed);
    return value >= 2.2250738585072014e-308 ? value : 2.2250738585072014e-308;
}

static hydra_rect random_rect(uint64_t *seed)
{
    hydra_rect rect = {fraction(seed), fraction(seed), extent(seed), extent(seed)};
    return rect;
}

/* Any microsecond, or a round number of seconds. */
static int64_t time_us(uint64_t *seed, int64_t low, int64_t high)
{
    int64_t kind = pick(seed, 0, 3);
    int64_t value = kind == 0 ? low : kind == 1 ? high : pick(seed, low, high);
    return kind == 3 && value > 1000000 ? value - value % 500000 : value;
}

static const char *random_uri(uint64_t *seed)
{
    static const char *const uris[] = {
        "a.jpg", "photos/b c.png",       "file:///tmp/caf%C3%A9.jpg", "\"quoted\"\\\n\t\x01\x7f",
        "C:/d",  "\xf0\x9f\x98\x80.gif", "caf\xc3\xa9.jpg",           "FILE:relative",
    };
    return uris[pick(seed, 0, COUNT(uris) - 1)];
}

static hydra_image_options random_image(uint64_t *seed)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.fit = (int32_t)pick(seed, HYDRA_FIT_COVER, HYDRA_FIT_FILL);
    if (chance(seed)) {
        options.duration_us = time_us(seed, 1, INT64_C(3600000000));
    }
    if (chance(seed)) {
        options.focus_x = (double)pick(seed, 0, 2) / 2;
        options.focus_y = (double)pick(seed, 0, 2) / 2;
    } else if (chance(seed)) {
        options.focus_x = fraction(seed);
        options.focus_y = fraction(seed);
    }
    options.backdrop = (int32_t)pick(seed, HYDRA_BACKDROP_COLOR, HYDRA_BACKDROP_BLUR);
    if (chance(seed)) {
        options.backdrop_rgb = (int32_t)pick(seed, 0, 0xffffff);
    }
    options.motion = (int32_t)pick(seed, HYDRA_MOTION_NONE, HYDRA_MOTION_RECT);
    if (chance(seed)) {
        options.easing = (int32_t)pick(seed, HYDRA_EASING_LINEAR, HYDRA_EASING_IN_OUT);
        options.motion_amount = chance(seed) ? 4 * extent(seed) : HYDRA_AUTO;
    }
    if (chance(seed)) {
        options.start = random_rect(seed);
        options.end = random_rect(seed);
    }
    return options;
}

static hydra_transition_options random_transition(uint64_t *seed)
{
    hydra_transition_options options;
    hydra_transition_options_init(&options);
    options.kind = (int32_t)pick(seed, HYDRA_TRANSITION_CUT, HYDRA_TRANSITION_CROSSFADE);
    options.mode = (int32_t)pick(seed, HYDRA_OVERLAP, HYDRA_HOLD);
    if (chance(seed)) {
        options.duration_us = time_us(seed, 0, 60000000);
    }
    return options;
}

static void random_canvas(hy_project *project, uint64_t *seed)
{
    hy_diag diag = {0};
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    options.preset = (int32_t)pick(seed, HYDRA_CANVAS_9_16, HYDRA_CANVAS_4_5);
    if (chance(seed)) {
        /* Often with one side of a preset. */
        options.width_px = chance(seed) ? 1080 : 2 * (int32_t)pick(seed, 32, 2048);
        options.height_px = chance(seed) ? 1920 : 2 * (int32_t)pick(seed, 32, 2048);
    }
    options.fps_den = chance(seed) ? 1 : (int32_t)pick(seed, 1, 1001);
    options.fps_num = (int32_t)pick(seed, options.fps_den, 120 * options.fps_den);
    options.background_rgb = chance(seed) ? 0 : (uint32_t)pick(seed, 0, 0xffffff);
    assert_ok(hy_project_set_canvas(project, &options, &diag), &diag);
}

static void random_audio(hy_project *project, uint64_t *seed)
{
    const int64_t most_us = INT64_C(1000000000000000);
    hy_diag diag = {0};
    hydra_audio_options options;
    hydra_audio_options_init(&options);
    if (chance(seed)) {
        options.when_short = (int32_t)pick(seed, HYDRA_AUDIO_SILENCE, HYDRA_AUDIO_LOOP);
        options.start_us = time_us(seed, 0, most_us);
        options.duration_us = chance(seed) ? HYDRA_AUTO : time_us(seed, 1, most_us);
        options.gain_db = chance(seed) ? -0.0 : 84 * fraction(seed) - 60;
        options.fade_in_us = time_us(seed, 0, most_us);
        options.fade_out_us = time_us(seed, 0, most_us);
    }
    hy_source source;
    assert_ok(hy_source_from_uri(&source, random_uri(seed), "audio", &diag), &diag);
    assert_ok(hy_project_set_audio(project, &source, &options, &diag), &diag);
}

static void random_output(hy_document *document, uint64_t *seed)
{
    hydra_render_options *output = &document->output;
    output->encoder = (int32_t)pick(seed, HYDRA_ENCODER_AUTO, HYDRA_ENCODER_X265);
    output->codec = (int32_t)pick(seed, HYDRA_CODEC_H264, HYDRA_CODEC_HEVC);
    output->profile = (int32_t)pick(seed, HYDRA_PROFILE_DRAFT, HYDRA_PROFILE_BEST);
    if (chance(seed)) {
        output->video_bitrate_kbps = (int32_t)pick(seed, 50, 500000);
    } else if (chance(seed)) {
        output->crf = 51 * fraction(seed);
    }
    if (chance(seed)) {
        document->preset = hy_strdup(chance(seed) ? "fast" : "");
        assert_non_null(document->preset);
        output->preset = document->preset;
    }
    output->audio_bitrate_kbps = chance(seed) ? 160 : (int32_t)pick(seed, 32, 320);
    output->threads = (int32_t)pick(seed, 0, 128);
    output->deadline_us = chance(seed) ? 0 : time_us(seed, 1, INT64_C(1000000000000000));
    output->when_busy = (int32_t)pick(seed, HYDRA_BUSY_WAIT, HYDRA_BUSY_FAIL);
    output->in_order = (int32_t)pick(seed, HYDRA_IN_ORDER_FRAGMENTED, HYDRA_IN_ORDER_BUFFERED);
    output->when_exists = (int32_t)pick(seed, HYDRA_EXISTS_REPLACE, HYDRA_EXISTS_FAIL);
}

static void random_images(hy_project *project, uint64_t *seed)
{
    hydra_policy policy = default_policy();
    hy_diag diag = {0};
    int32_t count = (int32_t)pick(seed, 0, 5);
    for (int32_t i = 0; i < count; i++) {
        hydra_image_options options = random_image(seed);
        hy_source source;
        assert_ok(hy_source_from_uri(&source, random_uri(seed), "image", &diag), &diag);
        assert_ok(hy_project_add_image(project, &source, &options, &policy, &diag), &diag);
    }
    hydra_transition_options transition;
    if (chance(seed)) {
        transition = random_transition(seed);
        assert_ok(hy_project_set_transition(project, HYDRA_ALL_CUTS, &transition, &diag), &diag);
    }
    for (int32_t cut = 0; cut + 1 < count; cut++) {
        if (chance(seed)) {
            transition = random_transition(seed);
            assert_ok(hy_project_set_transition(project, cut, &transition, &diag), &diag);
        }
    }
}

static void random_document(hy_document *document, uint64_t *seed)
{
    hy_diag diag = {0};
    hy_document_init(document);
    if (chance(seed)) {
        random_canvas(&document->project, seed);
    }
    if (chance(seed)) {
        int64_t duration_us = time_us(seed, 1, INT64_C(36000000000));
        assert_ok(hy_project_set_duration(&document->project, duration_us, &diag), &diag);
    }
    random_images(&document->project, seed);
    if (chance(seed)) {
        random_audio(&document->project, seed);
    }
    if (chance(seed)) {
        random_output(document, seed);
    }
}

static void writing_and_reading_changes_nothing(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < PROJECTS; i++) {
        hy_document document;
        hy_document again;
        random_document(&document, &seed);
        char *text = save(&document);
        load(&again, text);
        assert_same_document(&document, &again);
        char *text_again = save(&again);
        assert_string_equal(text, text_again);
        free(text);
        free(text_again);
        hy_document_free(&document);
        hy_document_free(&again);
    }
}

/* The form is part of the promise: files are compared and kept in version control. */
static void text_has_its_form(void **state)
{
    (void)state;
    static const char *const json =
        "{\n"
        "  \"hydra\": 1,\n"
        "  \"canvas\": {\"width\": 1080, \"height\": 1000},\n"
        "  \"fps\": \"30000/1001\",\n"
        "  \"background\": \"#1e90ff\",\n"
        "  \"duration\": 12.5,\n"
        "  \"images\": [\n"
        "    {\"src\": \"a \\\"b\\\"\\u000a.jpg\", \"duration\": 0.000001, \"fit\": \"contain\","
        " \"position\": \"top left\", \"backdrop\": \"blur\", \"motion\": \"none\","
        " \"transition\": \"cut\"},\n"
        "    {\"src\": \"b.jpg\", \"position\": {\"y\": 0.3}, \"backdrop\": \"#000000\","
        " \"motion\": {\"type\": \"zoom-in\", \"easing\": \"linear\"}},\n"
        "    {\"src\": \"c.jpg\", \"motion\": {\"type\": \"rect\", \"amount\": 0.1,"
        " \"start\": {\"width\": 0.5, \"height\": 0.5}, \"end\": {\"x\": 1e-9}}}\n"
        "  ],\n"
        "  \"transition\": {\"type\": \"crossfade\", \"mode\": \"hold\"},\n"
        "  \"audio\": {\"src\": \"m.ogg\", \"gain_db\": -6, \"when_short\": \"loop\"},\n"
        "  \"output\": {\"crf\": 18.5, \"preset\": \"fast\", \"deadline\": 60}\n"
        "}\n";
    hy_document document;
    load(&document, json);
    char *text = save(&document);
    assert_string_equal(text, json);
    free(text);
    hy_document_free(&document);
}

static void defaults_are_left_out(void **state)
{
    (void)state;
    static const char *const spelled_out =
        "{\"hydra\": 1, \"canvas\": {\"preset\": \"9:16\"}, \"fps\": 30,"
        " \"background\": \"#000000\", \"duration\": \"auto\", \"transition\": \"cut\","
        " \"images\": [{\"src\": \"a\", \"duration\": \"auto\", \"fit\": \"cover\","
        " \"position\": \"center\", \"backdrop\": \"auto\", \"motion\": {\"type\": \"zoom-in\","
        " \"amount\": \"auto\", \"easing\": \"smoothstep\", \"start\": {\"x\": 0, \"y\": 0,"
        " \"width\": 1, \"height\": 1}, \"end\": {}}}], \"output\": {\"encoder\": \"auto\","
        " \"profile\": \"default\", \"crf\": \"auto\", \"bitrate_kbps\": \"auto\","
        " \"audio_bitrate_kbps\": 160, \"threads\": \"auto\", \"deadline\": \"auto\","
        " \"when_busy\": \"wait\", \"in_order\": \"fragmented\", \"when_exists\": \"replace\"},"
        " \"audio\": {\"src\": \"b\", \"start\": 0, \"duration\": \"auto\", \"gain_db\": 0,"
        " \"fade_in\": 0, \"fade_out\": 1, \"when_short\": \"silence\"}}";
    hy_document document;
    load(&document, spelled_out);
    char *text = save(&document);
    assert_string_equal(text, "{\n  \"hydra\": 1,\n  \"images\": [\n    {\"src\": \"a\"}\n  ],\n"
                              "  \"audio\": {\"src\": \"b\"}\n}\n");
    free(text);
    hy_document_free(&document);
}

static void what_json_cannot_hold_is_refused(void **state)
{
    (void)state;
    hydra_policy policy = default_policy();
    hy_diag diag = {0};
    hy_document document;
    hy_buffer buffer = {.limit = HY_JSON_MAX_BYTES};
    hy_source source;
    hy_document_init(&document);
    assert_ok(hy_source_from_memory(&source, "bytes", 5, "photo 7", &diag), &diag);
    assert_ok(hy_project_add_image(&document.project, &source, NULL, &policy, &diag), &diag);
    assert_failed(hy_document_save(&document, &buffer, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "photo 7: its bytes are in memory");
    hy_document_free(&document);
    hy_diag_clear(&diag);

    hy_document_init(&document);
    assert_ok(hy_source_from_uri(&source, "a\xff.jpg", "image", &diag), &diag);
    assert_ok(hy_project_add_image(&document.project, &source, NULL, &policy, &diag), &diag);
    assert_failed(hy_document_save(&document, &buffer, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "a?.jpg: the path is no UTF-8");
    hy_document_free(&document);
    hy_diag_clear(&diag);

    hy_document_init(&document);
    document.preset = hy_strdup("f\xc0st");
    assert_failed(hy_document_save(&document, &buffer, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "f?st: no UTF-8");
    hy_document_free(&document);
    hy_buffer_free(&buffer);
}

static void too_long_a_text_is_refused(void **state)
{
    (void)state;
    hy_document document;
    hy_diag diag = {0};
    hy_buffer buffer = {.limit = 40};
    load(&document, "{\"hydra\": 1, \"images\": [{\"src\": \"a-long-name-for-a-photo.jpg\"}]}");
    assert_failed(hy_document_save(&document, &buffer, &diag), HYDRA_ERR_LIMIT, &diag,
                  "more than 40 bytes of JSON");
    hy_document_free(&document);
    hy_buffer_free(&buffer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_and_reading_changes_nothing),
        cmocka_unit_test(text_has_its_form),
        cmocka_unit_test(defaults_are_left_out),
        cmocka_unit_test(what_json_cannot_hold_is_refused),
        cmocka_unit_test(too_long_a_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
