/* SPDX-License-Identifier: MIT */
/* Every allocation of core fails once: the status says so, nothing leaks, results stay empty. */
#include <stdlib.h>
#include <string.h>

#include "alloc_faults.h"
#include "support.h"

/*
 * Run `scenario` with its 1st, 2nd, ... allocation failing until it gets through. Each failure
 * must be reported, and every block freed. `user` is what the scenario works on.
 */
static void fail_each_allocation(hydra_status (*scenario)(void *user, hy_diag *diag), void *user,
                                 int expected)
{
    int failures = 0;
    for (bool failed = true; failed; failures++) {
        int blocks = test_live_blocks();
        hy_diag diag = {0};
        test_fail_allocation(failures + 1);
        hydra_status status = scenario(user, &diag);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(test_live_blocks(), blocks);
        if (failed) {
            assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
        } else {
            assert_ok(status, &diag);
        }
    }
    assert_int_equal(failures - 1, expected);
}

static hydra_status source_from_uri(void *user, hy_diag *diag)
{
    hy_source source;
    hydra_status status = hy_source_from_uri(&source, user, "image 1", diag);
    if (status != HYDRA_OK) {
        assert_null(source.name);
        assert_null(source.path);
        assert_null(source.url);
    }
    hy_source_free(&source);
    return status;
}

static hydra_status blob_take(void *user, hy_diag *diag)
{
    hy_buffer buffer = {.data = hy_memdup(user, 4), .size = 4};
    hy_blob *blob = NULL;
    hydra_status status = buffer.data ? hy_blob_take(&blob, &buffer, diag) : hy_fail_memory(diag);
    assert_true((status == HYDRA_OK) == (blob != NULL));
    hy_blob_unref(blob);
    hy_buffer_free(&buffer);
    return status;
}

static hydra_status source_from_memory(void *user, hy_diag *diag)
{
    hy_source source;
    hydra_status status = hy_source_from_memory(&source, user, 4, "image 1", diag);
    if (status != HYDRA_OK) {
        assert_null(source.name);
        assert_null(source.blob);
    }
    hy_source_free(&source);
    return status;
}

static hydra_status source_copy(void *user, hy_diag *diag)
{
    hy_source copy;
    hydra_status status = hy_source_copy(&copy, user, diag);
    if (status != HYDRA_OK) {
        assert_null(copy.name);
        assert_null(copy.path);
        assert_null(copy.blob);
    }
    hy_source_free(&copy);
    return status;
}

static hydra_status reader_load(void *user, hy_diag *diag)
{
    hy_reader *reader = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    hydra_status status = hy_reader_open(user, 1000, NULL, &reader, diag);
    if (status == HYDRA_OK) {
        status = hy_reader_load(reader, &data, &size, diag);
    }
    assert_true((status == HYDRA_OK) == (data != NULL));
    hy_free(data);
    hy_reader_close(reader);
    return status;
}

static void test_sources(void **state)
{
    (void)state;
    char uri[] = "file:///a%20b";
    char bytes[] = "data";
    char *folder = test_folder_new();
    char *path = test_path(folder, "file");
    test_write_file(path, "data", 4);
    char url[] = "https://host/a?b";
    fail_each_allocation(source_from_uri, uri, 2);
    fail_each_allocation(source_from_uri, url, 2);
    fail_each_allocation(blob_take, bytes, 2);
    fail_each_allocation(source_from_memory, bytes, 3);

    hy_diag diag = {0};
    hy_source source;
    assert_ok(hy_source_from_uri(&source, path, "image 1", &diag), &diag);
    fail_each_allocation(source_copy, &source, 2);
    fail_each_allocation(reader_load, &source, 2);
    hy_source_free(&source);
    assert_ok(hy_source_from_uri(&source, url, "image 1", &diag), &diag);
    fail_each_allocation(source_copy, &source, 2);
    hy_source_free(&source);
    assert_ok(hy_source_from_memory(&source, bytes, 4, "image 2", &diag), &diag);
    fail_each_allocation(source_copy, &source, 1);
    fail_each_allocation(reader_load, &source, 2);
    hy_source_free(&source);
    test_folder_free(folder);
    free(path);
}

static hydra_status picture(void *user, hy_diag *diag)
{
    hy_picture *p = user;
    hydra_status status = hy_picture_new(640, 480, user, &p, diag);
    assert_true((status == HYDRA_OK) == (p != NULL));
    hy_picture_free(p);
    return status;
}

/* The query of a presigned URL is as good as a password. */
static void test_urls_of_sources_are_wiped(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_source source;
    hy_source copy;
    (void)test_freed_with("signature");
    assert_ok(hy_source_from_uri(&source, "https://host/a.jpg?signature", "image 0", &diag), &diag);
    assert_ok(hy_source_copy(&copy, &source, &diag), &diag);
    hy_source_free(&source);
    hy_source_free(&copy);
    assert_int_equal(test_freed_with(NULL), 0);
}

static void test_pictures(void **state)
{
    (void)state;
    hy_meter meter = {0};
    fail_each_allocation(picture, &meter, 3);
    assert_int_equal(meter.current_bytes, 0);
}

static hydra_status pool(void *user, hy_diag *diag)
{
    hy_pool *p = user;
    hydra_status status = hy_pool_new(3, &p, diag);
    assert_true((status == HYDRA_OK) == (p != NULL));
    hy_pool_free(p);
    return status;
}

static void test_pools(void **state)
{
    (void)state;
    int anything = 0;
    fail_each_allocation(pool, &anything, 2);
}

static hydra_status buffer(void *user, hy_diag *diag)
{
    const char *text = user;
    hy_buffer b = {.limit = 10000};
    bool done = hy_buffer_append(&b, text, strlen(text));
    for (int i = 0; done && i < 3; i++) {
        size_t before = b.size;
        done = hy_buffer_print(&b, "%s%s", text, text);
        assert_int_equal(b.size, done ? before + 2 * strlen(text) : before);
        assert_memory_equal(b.data, text, strlen(text));
    }
    hy_buffer_free(&b);
    return done ? HYDRA_OK : hy_fail_memory(diag);
}

static void test_buffers(void **state)
{
    (void)state;
    /* Room for the first text (256); each of three prints puts its text together, two of them
     * then need more room (1024, 2048). */
    char text[201];
    memset(text, 'x', 200);
    text[200] = '\0';
    fail_each_allocation(buffer, text, 1 + 3 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sources),  cmocka_unit_test(test_urls_of_sources_are_wiped),
        cmocka_unit_test(test_pictures), cmocka_unit_test(test_pools),
        cmocka_unit_test(test_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
