/* SPDX-License-Identifier: MIT */
/* JSON through the public calls: load, write, issues, options of the project, dry runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compose.h"

static hydra_status load(hydra_compose *c, const char *json)
{
    return hydra_compose_load_json(c, json, strlen(json));
}

static hydra_compose *compose_new(void)
{
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(NULL, &c), HYDRA_OK);
    return c;
}

/* Copied; free with free. */
static char *json_of(hydra_compose *c)
{
    const char *json = NULL;
    assert_compose_ok(c, hydra_compose_to_json(c, &json));
    assert_non_null(json);
    return strdup(json);
}

static void expect_issue(const hydra_compose *c, int32_t index, hydra_status status,
                         const char *pointer, const char *text)
{
    hydra_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(hydra_compose_issue(c, index, &issue), HYDRA_OK);
    assert_int_equal(issue.status, status);
    assert_string_equal(issue.pointer, pointer);
    if (!strstr(issue.text, text)) {
        fail_msg("\"%s\" lacks \"%s\"", issue.text, text);
    }
}

static void null_is_harmless(void **state)
{
    (void)state;
    hydra_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(hydra_compose_load_json(NULL, "{}", 2), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_to_json(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_output(NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_check(NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_issue_count(NULL), 0);
    assert_int_equal(hydra_compose_issue(NULL, 0, &issue), HYDRA_ERR_ARGUMENT);
    hydra_compose *c = compose_new();
    assert_compose_fails(c, hydra_compose_load_json(c, NULL, 0), HYDRA_ERR_ARGUMENT, "NULL");
    assert_compose_fails(c, hydra_compose_to_json(c, NULL), HYDRA_ERR_ARGUMENT, "NULL");
    hydra_compose_free(c);
}

static void load_replaces_the_project(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    assert_compose_ok(c, hydra_compose_add_image(c, "old.jpg", NULL));
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.preset = "slow";
    assert_compose_ok(c, hydra_compose_set_output(c, &options));
    static const char *const json = "{\n  \"hydra\": 1,\n  \"fps\": 25,\n  \"images\": [\n"
                                    "    {\"src\": \"a.jpg\"},\n    {\"src\": \"b.jpg\"}\n  ],\n"
                                    "  \"output\": {\"preset\": \"fast\"}\n}\n";
    assert_compose_ok(c, load(c, json));
    assert_int_equal(hydra_compose_image_count(c), 2);
    assert_int_equal(hydra_compose_issue_count(c), 0);
    char *text = json_of(c);
    assert_string_equal(text, json);
    free(text);
    /* A project without "output" has the default one. */
    assert_compose_ok(c, load(c, "{\"hydra\": 1}"));
    text = json_of(c);
    assert_string_equal(text, "{\n  \"hydra\": 1,\n  \"images\": []\n}\n");
    free(text);
    hydra_compose_free(c);
}

static void failing_load_changes_nothing(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "{", "[]", "{\"hydra\": 2}",
                                      "{\"hydra\": 1, \"images\": [{\"src\": \"x\"}, {}]}"};
    hydra_compose *c = compose_new();
    assert_compose_ok(c, load(c, "{\"hydra\": 1, \"images\": [{\"src\": \"a\"}], \"audio\":"
                                 " {\"src\": \"b\"}, \"output\": {\"preset\": \"fast\"}}"));
    char *before = json_of(c);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_not_equal(load(c, bad[i]), HYDRA_OK);
        assert_int_equal(hydra_compose_issue_count(c), 1);
        char *after = json_of(c);
        assert_string_equal(after, before);
        free(after);
    }
    free(before);
    hydra_compose_free(c);
}

static void issues_are_kept_until_the_next_load(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    hydra_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(hydra_compose_issue(c, 0, &issue), HYDRA_ERR_ARGUMENT);
    assert_compose_fails(
        c, load(c, "{\"hydra\": 1,\n \"fsp\": 25, \"images\": [{\"src\": 1}]}"), HYDRA_ERR_ARGUMENT,
        "line 2, column 9: /fsp: a project has no key \"fsp\"; did you mean \"fps\"?");
    assert_int_equal(hydra_compose_issue_count(c), 2);
    expect_issue(c, 0, HYDRA_ERR_ARGUMENT, "/fsp", "did you mean");
    expect_issue(c, 1, HYDRA_ERR_ARGUMENT, "/images/0/src", "a path or URI");
    assert_int_equal(hydra_compose_issue(c, 0, &issue), HYDRA_OK);
    assert_true(issue.line == 2 && issue.column == 9);
    assert_int_equal(hydra_compose_issue(c, 2, &issue), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_issue(c, -1, &issue), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_issue(c, 0, NULL), HYDRA_ERR_ARGUMENT);
    issue.struct_size = 0;
    assert_int_equal(hydra_compose_issue(c, 0, &issue), HYDRA_ERR_ARGUMENT);
    assert_compose_ok(c, load(c, "{\"hydra\": 1}"));
    assert_int_equal(hydra_compose_issue_count(c), 0);
    hydra_compose_free(c);
}

static void bytes_in_memory_are_no_json(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    const char *json = "";
    assert_compose_ok(c, hydra_compose_add_image_memory(c, "x", 1, "holiday", NULL));
    assert_compose_fails(c, hydra_compose_to_json(c, &json), HYDRA_ERR_UNSUPPORTED, "holiday");
    assert_null(json);
    hydra_compose_free(c);
}

/* Every key of the schema's file is there for a caller, too. */
static void schema_is_handed_out(void **state)
{
    (void)state;
    const char *schema = hydra_project_schema();
    assert_non_null(strstr(schema, "https://json-schema.org/draft/2020-12/schema"));
    assert_int_equal(schema[strlen(schema) - 1], '\n');
}

static void output_is_checked(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    hydra_render_options options;
    hydra_render_options_init(&options);
    char preset[] = "veryfast";
    options.preset = preset;
    options.crf = 21.5;
    assert_compose_ok(c, hydra_compose_set_output(c, &options));
    preset[0] = 'X'; /* it was copied */
    options.crf = 52;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT, "crf");
    options.crf = 20;
    options.deadline_us = INT64_C(1000000000000001);
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT, "deadline");
    options.deadline_us = 0;
    options.when_busy = 2;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT, "when_busy");
    options.when_busy = 0;
    options.in_order = -1;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT, "in_order");
    options.in_order = 0;
    options.when_exists = 2;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT,
                         "when_exists");
    options.when_exists = 0;
    options.codec = HYDRA_CODEC_HEVC + 1;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT, "codec");
    options.codec = HYDRA_CODEC_H264;
    options.gpu_wait_us = -2;
    assert_compose_fails(c, hydra_compose_set_output(c, &options), HYDRA_ERR_ARGUMENT,
                         "gpu_wait_us");
    char *text = json_of(c);
    assert_non_null(strstr(text, "\"output\": {\"crf\": 21.5, \"preset\": \"veryfast\"}"));
    free(text);
    assert_compose_ok(c, hydra_compose_set_output(c, NULL));
    text = json_of(c);
    assert_null(strstr(text, "output"));
    free(text);
    hydra_render_options_init(&options);
    options.codec = HYDRA_CODEC_HEVC;
    options.encoder = HYDRA_ENCODER_X265;
    assert_compose_ok(c, hydra_compose_set_output(c, &options));
    text = json_of(c);
    assert_non_null(strstr(text, "\"output\": {\"encoder\": \"x265\", \"codec\": \"hevc\"}"));
    free(text);
    hydra_compose_free(c);
}

/* The project's own options are those of renders that are given none. */
static void output_is_used(void **state)
{
    (void)state;
    static const uint32_t red = 0xff0000;
    hydra_compose *c = test_compose(1, 64, 64, 5, 1);
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 400000;
    test_add_picture(c, 64, 64, test_pixel_color, &red, &image);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    assert_compose_ok(c, hydra_compose_set_output(c, &options));
    assert_compose_ok(c, hydra_compose_render_memory(c, NULL));
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
    assert_string_equal(result.container, "y4m");
    hydra_compose_free(c);
}

static int32_t load_while_writing(void *user, int64_t offset, const void *data, size_t size)
{
    (void)offset;
    (void)data;
    (void)size;
    hydra_compose *c = user;
    const char *json;
    bool refused = load(c, "{\"hydra\": 1}") == HYDRA_ERR_STATE &&
                   hydra_compose_to_json(c, &json) == HYDRA_ERR_STATE &&
                   hydra_compose_set_output(c, NULL) == HYDRA_ERR_STATE &&
                   hydra_compose_check(c) == HYDRA_ERR_STATE;
    return refused ? 0 : 77;
}

static void not_while_rendering(void **state)
{
    (void)state;
    static const uint32_t red = 0xff0000;
    hydra_compose *c = test_compose(1, 64, 64, 5, 1);
    test_add_picture(c, 64, 64, test_pixel_color, &red, NULL);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = HYDRA_ENCODER_RAW;
    hydra_writer writer = {.struct_size = sizeof writer, .user = c, .write = load_while_writing};
    assert_compose_ok(c, hydra_compose_render_writer(c, &writer, &options));
    hydra_compose_free(c);
}

/* ---- Dry runs ---- */

static void write_picture(const char *folder, const char *name)
{
    static const uint32_t color = 0x336699;
    size_t size;
    char *path = test_path(folder, name);
    uint8_t *file = test_bmp(32, 32, test_pixel_color, &color, &size);
    test_write_file(path, file, size);
    free(file);
    free(path);
}

static void write_music(const char *folder, const char *name)
{
    size_t size;
    char *path = test_path(folder, name);
    uint8_t *file = test_mono_wav(48000, 4800, test_sample_tone, NULL, &size);
    test_write_file(path, file, size);
    free(file);
    free(path);
}

/* A project of files in `folder`: names, each with its own line, then the rest. */
static hydra_compose *project_in(const char *folder, const char *const *photos, const char *music)
{
    hydra_compose *c = compose_new();
    for (; *photos; photos++) {
        char *path = test_path(folder, *photos);
        assert_compose_ok(c, hydra_compose_add_image(c, path, NULL));
        free(path);
    }
    if (music) {
        char *path = test_path(folder, music);
        assert_compose_ok(c, hydra_compose_set_audio(c, path, NULL));
        free(path);
    }
    return c;
}

static void check_finds_nothing(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    write_picture(folder, "a.bmp");
    write_music(folder, "m.wav");
    static const char *const photos[] = {"a.bmp", "a.bmp", NULL};
    hydra_compose *c = project_in(folder, photos, "m.wav");
    assert_compose_ok(c, hydra_compose_check(c));
    assert_int_equal(hydra_compose_issue_count(c), 0);
    hydra_compose_free(c);
    c = project_in(folder, photos, NULL);
    assert_compose_ok(c, hydra_compose_check(c));
    hydra_compose_free(c);
    assert_int_equal(test_count_entries(folder), 2);
    test_folder_free(folder);
}

static void check_finds_everything(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    write_picture(folder, "a.bmp");
    char *path = test_path(folder, "noise.jpg");
    test_write_file(path, "this is no photo", 16);
    free(path);
    static const char *const photos[] = {"a.bmp", "missing.jpg", "noise.jpg", NULL};
    hydra_compose *c = project_in(folder, photos, "noise.jpg");
    assert_compose_ok(c, hydra_compose_set_duration(c, 1));
    assert_compose_fails(c, hydra_compose_check(c), HYDRA_ERR_ARGUMENT, "too short for a frame");
    assert_int_equal(hydra_compose_issue_count(c), 4);
    expect_issue(c, 0, HYDRA_ERR_ARGUMENT, "", "too short for a frame");
    expect_issue(c, 1, HYDRA_ERR_NOT_FOUND, "/images/1", "missing.jpg");
    expect_issue(c, 2, HYDRA_ERR_FORMAT, "/images/2", "noise.jpg");
    expect_issue(c, 3, HYDRA_ERR_FORMAT, "/audio", "noise.jpg");
    hydra_issue issue = {.struct_size = sizeof issue};
    assert_int_equal(hydra_compose_issue(c, 1, &issue), HYDRA_OK);
    assert_true(issue.line == 0 && issue.column == 0);
    hydra_compose_free(c);
    test_folder_free(folder);
}

static void check_needs_an_image(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    assert_compose_fails(c, hydra_compose_check(c), HYDRA_ERR_ARGUMENT, "/images: ");
    expect_issue(c, 0, HYDRA_ERR_ARGUMENT, "/images", "the project has no image");
    hydra_compose_free(c);
}

static void check_stops_at_a_hundred(void **state)
{
    (void)state;
    hydra_compose *c = compose_new();
    for (int i = 0; i < 120; i++) {
        assert_compose_ok(c, hydra_compose_add_image(c, "/nowhere/a.jpg", NULL));
    }
    assert_compose_fails(c, hydra_compose_check(c), HYDRA_ERR_NOT_FOUND, "/images/0: ");
    assert_int_equal(hydra_compose_issue_count(c), 100);
    hydra_compose_free(c);
}

/* A file may say any fraction; the plan knows the range. */
static void rate_is_checked_when_planned(void **state)
{
    (void)state;
    static const char *const rates[] = {"1/2", "121/1", "999999/1", "29/30"};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        char json[128];
        const char *text;
        (void)snprintf(json, sizeof json,
                       "{\"hydra\": 1, \"fps\": \"%s\", \"images\": [{\"src\": \"a\"}]}", rates[i]);
        hydra_compose *c = compose_new();
        assert_compose_ok(c, load(c, json));
        assert_compose_fails(c, hydra_compose_plan_text(c, &text), HYDRA_ERR_ARGUMENT,
                             "frames per second, it must be 1..120");
        char *again = json_of(c);
        assert_non_null(strstr(again, rates[i]));
        free(again);
        hydra_compose_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_is_harmless),
        cmocka_unit_test(load_replaces_the_project),
        cmocka_unit_test(failing_load_changes_nothing),
        cmocka_unit_test(issues_are_kept_until_the_next_load),
        cmocka_unit_test(bytes_in_memory_are_no_json),
        cmocka_unit_test(schema_is_handed_out),
        cmocka_unit_test(output_is_checked),
        cmocka_unit_test(output_is_used),
        cmocka_unit_test(not_while_rendering),
        cmocka_unit_test(check_finds_nothing),
        cmocka_unit_test(check_finds_everything),
        cmocka_unit_test(check_needs_an_image),
        cmocka_unit_test(check_stops_at_a_hundred),
        cmocka_unit_test(rate_is_checked_when_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
