/* SPDX-License-Identifier: MIT */
/* What the text of a destination means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink/sink.h"
#include "support.h"

static void assert_is(const char *text, hy_destination_kind kind, const char *path, int fd)
{
    hy_diag diag = {0};
    hy_destination destination;
    assert_ok(hy_destination_parse(&destination, text, &diag), &diag);
    assert_int_equal(destination.kind, kind);
    assert_int_equal(destination.fd, fd);
    if (path) {
        assert_string_equal(destination.path, path);
    } else {
        assert_null(destination.path);
    }
    hy_destination_free(&destination);
    assert_null(destination.path);
}

static void assert_is_not(const char *text, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    hy_destination destination;
    assert_failed(hy_destination_parse(&destination, text, &diag), expected, &diag, part);
    hy_destination_free(&destination);
}

static void test_words(void **state)
{
    (void)state;
    assert_is("-", HY_DESTINATION_STDOUT, NULL, 1);
    assert_is("fd:0", HY_DESTINATION_FD, NULL, 0);
    assert_is("fd:17", HY_DESTINATION_FD, NULL, 17);
    assert_is("fd:2147483647", HY_DESTINATION_FD, NULL, 2147483647);
    assert_is("pull:", HY_DESTINATION_PULL, NULL, -1);
}

static void test_paths(void **state)
{
    (void)state;
    assert_is("out.mp4", HY_DESTINATION_FILE, "out.mp4", -1);
    assert_is("./-", HY_DESTINATION_FILE, "./-", -1);
    assert_is("./fd:1", HY_DESTINATION_FILE, "./fd:1", -1);
    assert_is("--", HY_DESTINATION_FILE, "--", -1);
    assert_is("fd", HY_DESTINATION_FILE, "fd", -1);
    assert_is("pull", HY_DESTINATION_FILE, "pull", -1);
    assert_is("/no/such/folder/x", HY_DESTINATION_FILE, "/no/such/folder/x", -1);
    assert_is("/tmp", HY_DESTINATION_FILE, "/tmp", -1);
    assert_is("file:///tmp/a%20b", HY_DESTINATION_FILE, "/tmp/a b", -1);
}

/* Schemes are the same in any case; what is behind them is kept as it is. */
static void test_servers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hy_destination_kind kind;
        int32_t scheme;
    } servers[] = {
        {"s3://bucket/a b%20c?d", HY_DESTINATION_S3, HYDRA_SCHEME_S3},
        {"S3://bucket/key", HY_DESTINATION_S3, HYDRA_SCHEME_S3},
        {"https://host/x?a=%2f", HY_DESTINATION_PUT, HYDRA_SCHEME_HTTPS},
        {"HTTP://host/x", HY_DESTINATION_PUT, HYDRA_SCHEME_HTTP},
    };
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        hy_diag diag = {0};
        hy_destination to;
        hydra_policy policy = {.schemes = servers[i].scheme, .any_bucket = 1};
        assert_ok(hy_destination_parse(&to, servers[i].text, &diag), &diag);
        assert_int_equal(to.kind, servers[i].kind);
        assert_string_equal(to.url, servers[i].text);
        assert_null(to.path);
        assert_ok(hy_destination_check(&to, &policy, &diag), &diag);
        policy.schemes = ~servers[i].scheme;
        assert_failed(hy_destination_check(&to, &policy, &diag), HYDRA_ERR_PERMISSION, &diag,
                      "policy.schemes");
        hy_destination_free(&to);
        assert_null(to.url);
    }
}

static void test_buckets(void **state)
{
    (void)state;
    static const char *const buckets[] = {"videos"};
    static const char *const others[] = {"s3://video/videos", "s3://videos2/a", "s3://"};
    hy_diag diag = {0};
    hy_destination to;
    hydra_policy policy;
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    assert_ok(hy_destination_parse(&to, "S3://videos/a.mp4", &diag), &diag);
    assert_failed(hy_destination_check(&to, &policy, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "destination: the policy does not allow the bucket videos (policy.buckets)");
    policy.buckets = buckets;
    policy.bucket_count = 1;
    hy_diag_clear(&diag);
    assert_ok(hy_destination_check(&to, &policy, &diag), &diag);
    hy_destination_free(&to);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        hy_diag_clear(&diag);
        assert_ok(hy_destination_parse(&to, others[i], &diag), &diag);
        assert_int_equal(hy_destination_check(&to, &policy, &diag), HYDRA_ERR_PERMISSION);
        hy_destination_free(&to);
    }
}

static void test_schemes_of_the_rest(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_destination to;
    const hydra_policy none = {.schemes = 0};
    assert_ok(hy_destination_parse(&to, "out.mp4", &diag), &diag);
    assert_failed(hy_destination_check(&to, &none, &diag), HYDRA_ERR_PERMISSION, &diag, "file:");
    hy_destination_free(&to);
    static const char *const others[] = {"-", "fd:1", "pull:"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        hy_diag_clear(&diag);
        assert_ok(hy_destination_parse(&to, others[i], &diag), &diag);
        assert_ok(hy_destination_check(&to, &none, &diag), &diag);
        hy_destination_free(&to);
    }
}

static void test_fifos(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *fifo = test_path(folder, "fifo");
    char *link = test_path(folder, "link");
    char *uri = NULL;
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(symlink("fifo", link), 0);
    assert_true(asprintf(&uri, "file://%s", fifo) > 0);
    assert_is(fifo, HY_DESTINATION_FIFO, fifo, -1);
    assert_is(link, HY_DESTINATION_FIFO, link, -1);
    assert_is(uri, HY_DESTINATION_FIFO, fifo, -1);
    free(uri);
    free(link);
    free(fifo);
    test_folder_free(folder);
}

static void test_nonsense(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "fd:",           "fd:-1",  "fd:+1",  "fd: 1", "fd:1 ",
        "fd:2147483648", "fd:0x1", "fd:1.0", "fd:x",  "fd:99999999999999999999999999"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_is_not(numbers[i], HYDRA_ERR_ARGUMENT, "not the number of a file descriptor");
    }
    assert_is_not("pull:x", HYDRA_ERR_ARGUMENT, "pull:x: nothing may follow pull:");
    assert_is_not("", HYDRA_ERR_ARGUMENT, "the path is empty");
    assert_is_not(NULL, HYDRA_ERR_ARGUMENT, "the path is empty");
    assert_is_not("ftp://host/x", HYDRA_ERR_UNSUPPORTED, "a URI of this scheme");
    assert_is_not("file:%zz", HYDRA_ERR_ARGUMENT, "not a valid file: URI");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_schemes_of_the_rest),
        cmocka_unit_test(test_fifos),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
