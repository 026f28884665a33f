/* SPDX-License-Identifier: MIT */
/* Loading, complaining, saving: every allocation of ours fails once, nothing leaks. */
#include <jansson.h>
#include <locale.h>

#include "alloc_faults.h"
#include "project_support.h"

json_t *__real_json_loadb(const char *buffer, size_t size, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *buffer, size_t size, size_t flags, json_error_t *error);
locale_t __real_newlocale(int mask, const char *name, locale_t base);
locale_t __wrap_newlocale(int mask, const char *name, locale_t base);

static bool parser_fails;
static bool locale_fails;

/* As jansson does when malloc gives it nothing. */
json_t *__wrap_json_loadb(const char *buffer, size_t size, size_t flags, json_error_t *error)
{
    if (parser_fails) {
        memset(error, 0, sizeof *error);
        return NULL;
    }
    return __real_json_loadb(buffer, size, flags, error);
}

locale_t __wrap_newlocale(int mask, const char *name, locale_t base)
{
    return locale_fails ? (locale_t)0 : __real_newlocale(mask, name, base);
}

static const char *const whole =
    "{\"hydra\": 1, \"canvas\": {\"width\": 640, \"height\": 360}, \"fps\": \"30000/1001\","
    " \"duration\": 9, \"images\": [{\"src\": \"a.jpg\", \"position\": {\"x\": 0.3},"
    " \"motion\": {\"type\": \"rect\", \"start\": {\"x\": 0.1}}, \"transition\": \"crossfade\"},"
    " {\"src\": \"file:///b.jpg\", \"backdrop\": \"blur\"}], \"audio\": {\"src\": \"c.ogg\"},"
    " \"output\": {\"preset\": \"fast\", \"crf\": 20}}";

/* Load and save once; HYDRA_OK or HYDRA_ERR_MEMORY. */
static hydra_status load_and_save(const char *json)
{
    hydra_policy policy = default_policy();
    hy_issues issues = {0};
    hy_diag diag = {0};
    hy_document document;
    hy_buffer buffer = {.limit = HY_JSON_MAX_BYTES};
    hydra_status status = hy_document_load(json, strlen(json), &policy, &document, &issues, &diag);
    if (status == HYDRA_OK) {
        status = hy_document_save(&document, &buffer, &diag);
    } else {
        assert_null(document.project.images);
    }
    hy_issues_free(&issues);
    hy_buffer_free(&buffer);
    hy_document_free(&document);
    return status;
}

/* Returns at how many allocations a failure was tried. */
static int fail_each(const char *json, hydra_status in_the_end)
{
    for (int n = 1;; n++) {
        int live = test_live_blocks();
        test_fail_allocation(n);
        hydra_status status = load_and_save(json);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(test_live_blocks(), live);
        if (!failed) {
            assert_int_equal(status, in_the_end);
            return n - 1;
        }
        assert_int_equal(status, HYDRA_ERR_MEMORY);
    }
}

static void loading_and_saving(void **state)
{
    (void)state;
    /* Names and paths of three sources, the array of images, the preset, the text. */
    assert_true(fail_each(whole, HYDRA_OK) >= 9);
}

static void complaining(void **state)
{
    (void)state;
    /* Pointer and text of each of three issues, and their list. */
    assert_int_equal(fail_each("{\"hydra\": 2, \"fps\": 0, \"x\": 1}", HYDRA_ERR_ARGUMENT), 7);
    assert_int_equal(fail_each("{\"hydra\": 1", HYDRA_ERR_FORMAT), 3);
    assert_int_equal(fail_each("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", HYDRA_ERR_LIMIT),
                     3);
    /* Pointer and text of each of two issues, their list, and a copy of the text. */
    assert_int_equal(fail_each("{\"hydra\": 1, \"fps\": 1e999, \"fps\": 1}", HYDRA_ERR_ARGUMENT),
                     6);
    /* With an image and a preset that must be given back. */
    assert_true(fail_each("{\"images\": [{\"src\": \"a\"}, {\"src\": \"b\", \"fit\": 1}],"
                          " \"output\": {\"preset\": \"fast\"}}",
                          HYDRA_ERR_ARGUMENT) > 7);
}

static void parser_without_memory(void **state)
{
    (void)state;
    parser_fails = true;
    assert_int_equal(load_and_save(whole), HYDRA_ERR_MEMORY);
    parser_fails = false;
    locale_fails = true;
    assert_int_equal(load_and_save(whole), HYDRA_ERR_MEMORY);
    locale_fails = false;
    assert_int_equal(load_and_save(whole), HYDRA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loading_and_saving),
        cmocka_unit_test(complaining),
        cmocka_unit_test(parser_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
