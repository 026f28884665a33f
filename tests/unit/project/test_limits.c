/* SPDX-License-Identifier: MIT */
/* JSON that is too much: refused before it costs anything, or bounded in what it costs. */
#include <malloc.h>

#include "project_support.h"

/* `count` times `part` between `head` and `tail`; free with free. */
static char *repeated(const char *head, const char *part, size_t count, const char *tail,
                      size_t *size)
{
    size_t head_size = strlen(head);
    size_t part_size = strlen(part);
    *size = head_size + count * part_size + strlen(tail);
    char *json = malloc(*size + 1);
    assert_non_null(json);
    memcpy(json, head, head_size);
    for (size_t i = 0; i < count; i++) {
        memcpy(json + head_size + i * part_size, part, part_size);
    }
    memcpy(json + head_size + count * part_size, tail, strlen(tail) + 1);
    return json;
}

static void expect_limit(const char *json, size_t size, const char *text, const char *pointer)
{
    hy_issues issues = issues_of_bytes(json, size);
    assert_int_equal(issues.count, 1);
    assert_int_equal(issues.items[0].status, HYDRA_ERR_LIMIT);
    assert_string_equal(issues.items[0].pointer, pointer);
    if (!strstr(issues.items[0].text, text)) {
        fail_msg("\"%s\" lacks \"%s\"", issues.items[0].text, text);
    }
    hy_issues_free(&issues);
}

static void too_many_bytes(void **state)
{
    (void)state;
    size_t size;
    /* 100 MB of white space: not even looked at. */
    char *json = repeated("{\"hydra\": 1", "          ", 10000000, "}", &size);
    expect_limit(json, size, "100000012 bytes of JSON, the limit is 16777216", "");
    /* The limit itself is allowed. */
    json[HY_JSON_MAX_BYTES - 1] = '}';
    hy_document document;
    load_bytes(&document, json, HY_JSON_MAX_BYTES);
    hy_document_free(&document);
    expect_limit(json, HY_JSON_MAX_BYTES + 1, "16777217 bytes", "");
    free(json);
}

static void too_deep(void **state)
{
    (void)state;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"images\":\n", "[", 10000, "", &size);
    expect_limit(json, size, "in more than 32 levels", "");
    hy_issues issues = issues_of_bytes(json, size);
    assert_true(issues.items[0].line == 2 && issues.items[0].column == 32);
    hy_issues_free(&issues);
    free(json);
    /* 16 MiB of brackets; and objects. */
    json = repeated("", "{\"a\":", HY_JSON_MAX_BYTES / 5, "", &size);
    expect_limit(json, size, "in more than 32 levels", "");
    free(json);
    /* As deep as allowed: refused for what it is. */
    issues = issues_of("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
    assert_int_equal(issues.items[0].status, HYDRA_ERR_ARGUMENT);
    hy_issues_free(&issues);
    /* Brackets in strings are no brackets, and those side by side no depth. */
    issues = issues_of("{\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[\": [[],[],[],[],[],[],"
                       "[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[],[]]}");
    assert_int_equal(issues.items[0].status, HYDRA_ERR_ARGUMENT);
    hy_issues_free(&issues);
}

static void too_many_values(void **state)
{
    (void)state;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"images\": [", "{},", 5000000, "{}]}", &size);
    size_t before = mallinfo2().uordblks;
    expect_limit(json, size, "more than the 1000 images that the policy allows can have", "");
    assert_true(mallinfo2().uordblks <= before);
    free(json);
}

static void too_many_images(void **state)
{
    (void)state;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"images\": [", "{\"src\": \"a\"},", 1000,
                          "{\"src\": \"a\"}]}", &size);
    expect_limit(json, size, "1001 images, the policy allows 1000 (max_images)", "/images");
    free(json);
    json = repeated("{\"hydra\": 1, \"images\": [", "{\"src\": \"a\"},", 999, "{\"src\": \"a\"}]}",
                    &size);
    hy_document document;
    load_bytes(&document, json, size);
    assert_int_equal(document.project.image_count, 1000);
    hy_document_free(&document);
    free(json);
}

static void as_many_images_as_the_policy_allows(void **state)
{
    (void)state;
    hydra_policy policy = default_policy();
    policy.max_images = 100000;
    hy_issues issues = {0};
    hy_diag diag = {0};
    hy_document document;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"images\": [",
                          "{\"src\": \"photos/number-one-of-many.jpg\", \"motion\": \"pan-left\"},",
                          99999, "{\"src\": \"a\"}]}", &size);
    assert_ok(hy_document_load(json, size, &policy, &document, &issues, &diag), &diag);
    assert_int_equal(document.project.image_count, 100000);
    char *text = save(&document);
    hy_document again;
    assert_ok(hy_document_load(text, strlen(text), &policy, &again, &issues, &diag), &diag);
    assert_same_document(&document, &again);
    hy_document_free(&again);
    hy_document_free(&document);
    free(text);
    free(json);
}

static void too_many_mistakes(void **state)
{
    (void)state;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"images\": [", "{},", 999, "{}]}", &size);
    hy_issues issues = issues_of_bytes(json, size);
    assert_int_equal(issues.count, HY_JSON_MAX_ISSUES);
    assert_string_equal(issues.items[HY_JSON_MAX_ISSUES - 1].pointer, "/images/99");
    hy_issues_free(&issues);
    free(json);
}

/* A key or word of megabytes is not repeated in the complaint. */
static void long_texts(void **state)
{
    (void)state;
    size_t size;
    char *json = repeated("{\"hydra\": 1, \"", "key~", 1000000, "\": 0}", &size);
    hy_issues issues = issues_of_bytes(json, size);
    assert_int_equal(issues.count, 1);
    assert_string_equal(issues.items[0].pointer, "");
    assert_true(strlen(issues.items[0].text) < 200);
    assert_int_equal(issues.items[0].line, 0); /* beyond the size in which places are looked for */
    hy_issues_free(&issues);
    free(json);

    json = repeated("{\"hydra\": 1, \"", "~", 128, "\": 0}", &size);
    issues = issues_of_bytes(json, size);
    assert_int_equal(strlen(issues.items[0].pointer), 1 + 2 * 128);
    assert_int_equal(issues.items[0].column, 146);
    hy_issues_free(&issues);
    free(json);

    json = repeated("{\"hydra\": 1, \"images\": [{\"src\": \"a\", \"fit\": \"", "\xc3\xa9", 100000,
                    "\"}]}", &size);
    issues = issues_of_bytes(json, size);
    assert_non_null(strstr(issues.items[0].text, "...\", it must be \"cover\""));
    hy_issues_free(&issues);
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(too_many_bytes),
        cmocka_unit_test(too_deep),
        cmocka_unit_test(too_many_values),
        cmocka_unit_test(too_many_images),
        cmocka_unit_test(as_many_images_as_the_policy_allows),
        cmocka_unit_test(too_many_mistakes),
        cmocka_unit_test(long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
