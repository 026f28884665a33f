/* SPDX-License-Identifier: MIT */
/* Names of inputs: paths and file: URIs, and sources that are copied and shared. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

static void assert_path(const char *uri, const char *expected)
{
    hy_diag diag = {0};
    char *path = NULL;
    assert_ok(hy_path_from_uri(&path, uri, "image 1", &diag), &diag);
    assert_string_equal(path, expected);
    hy_free(path);
}

static void assert_no_path(const char *uri, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    char *path = (char *)&diag;
    assert_failed(hy_path_from_uri(&path, uri, "image 1", &diag), expected, &diag, part);
    assert_failed(diag.status, expected, &diag, "image 1");
    assert_null(path);
}

static void test_plain_paths(void **state)
{
    (void)state;
    const char *const paths[] = {
        "a.jpg",     "/a b/c.jpg",  "./a",       "../a",     "a%20b.jpg", "%",    "%zz",
        "C:foo",     "C:\\foo.jpg", "12:30.jpg", "a/b://c",  "://x",      "file", "files:a",
        "xfile:/a",  "1http://x",   "a b://c",   "mailto:x", "\xc3\xa9",  "-o",   "~/a",
        "s3:bucket", "a_b://c",     "/s3://x/y", " ",        "http:/one",
    };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_path(paths[i], paths[i]);
    }
}

static void test_file_uris(void **state)
{
    (void)state;
    assert_path("file:/a", "/a");
    assert_path("file:///a", "/a");
    assert_path("file:///a%20b", "/a b");
    assert_path("file:///a+b", "/a+b");
    assert_path("file://localhost/a", "/a");
    assert_path("file://LOCALHOST/a", "/a");
    assert_path("FILE:///a", "/a");
    assert_path("File:/a", "/a");
    assert_path("file:a/b", "a/b");
    assert_path("file:////a", "//a");
    assert_path("file:///%41%6a%6A", "/Ajj");
    assert_path("file:///%c3%A9", "/\xc3\xa9");
    assert_path("file:///100%25", "/100%");
    assert_path("file:///a%2520b", "/a%20b"); /* undone once, not twice */
    assert_path("file:///a%2Fb", "/a/b");
    assert_path("file:///%01%ff", "/\x01\xff");
    assert_path("file:///a?b#c", "/a?b#c");
}

static void test_bad_uris(void **state)
{
    (void)state;
    assert_no_path(NULL, HYDRA_ERR_ARGUMENT, "the path is empty");
    assert_no_path("", HYDRA_ERR_ARGUMENT, "the path is empty");
    assert_no_path("file:", HYDRA_ERR_ARGUMENT, "file:: not a valid file: URI");
    const char *const broken[] = {"file:///a%",   "file:///a%2", "file:///a%zz",  "file:///a%2g",
                                  "file:///%g2",  "file:///%00", "file:///a%00b", "file:/%%20",
                                  "file:///% 20", "file:///%-1"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        assert_no_path(broken[i], HYDRA_ERR_ARGUMENT, "not a valid file: URI");
    }
    const char *const hosts[] = {"file://host/a",
                                 "file://",
                                 "file://localhost",
                                 "file://a",
                                 "file://localhost.example/a",
                                 "file://127.0.0.1/a"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        assert_no_path(hosts[i], HYDRA_ERR_UNSUPPORTED, "with a host name");
    }
    const char *const schemes[] = {"http://example.com/a.jpg",
                                   "https://x/",
                                   "HTTP://x",
                                   "s3://b/k",
                                   "ftp://x/y",
                                   "git+ssh://x",
                                   "a-b.c+1://x",
                                   "pull://",
                                   "C://x"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        assert_no_path(schemes[i], HYDRA_ERR_UNSUPPORTED, "a URI of this scheme");
        assert_no_path(schemes[i], HYDRA_ERR_UNSUPPORTED, schemes[i]);
    }
}

static void test_source_of_a_path(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_source source;
    char uri[] = "file:///a%20b";
    assert_ok(hy_source_from_uri(&source, uri, "image 1", &diag), &diag);
    memset(uri, 'x', sizeof uri - 1); /* it was copied */
    assert_string_equal(source.name, "file:///a%20b");
    assert_string_equal(source.path, "/a b");
    assert_null(source.url);
    assert_null(source.blob);

    hy_source copy;
    assert_ok(hy_source_copy(&copy, &source, &diag), &diag);
    hy_source_free(&source);
    assert_null(source.name);
    assert_null(source.path);
    assert_string_equal(copy.name, "file:///a%20b");
    assert_string_equal(copy.path, "/a b");
    hy_source_free(&copy);
    hy_source_free(&copy);
}

static void test_source_of_a_url(void **state)
{
    (void)state;
    const struct {
        const char *url;
        const char *name;
    } cases[] = {
        {"https://example.com/a%20b.jpg", "https://example.com/a%20b.jpg"},
        {"HTTP://Example.com/a", "HTTP://Example.com/a"},
        {"https://h/a?X-Amz-Signature=secret&b=/@/", "https://h/a"},
        {"https://h?secret", "https://h"},
        {"https://h/a#secret", "https://h/a"},
        {"http://user:pass@host:80/a@b", "http://host:80/a@b"},
        {"http://a@b@c/", "http://c/"},
        {"http://user@", "http://"},
        {"https://", "https://"},
        {"s3://bucket/key?with#marks", "s3://bucket/key?with#marks"},
        {"S3://key:secret@bucket/a@b", "S3://bucket/a@b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hy_source source;
        hy_source copy;
        assert_ok(hy_source_from_uri(&source, cases[i].url, "image 1", &diag), &diag);
        assert_ok(hy_source_copy(&copy, &source, &diag), &diag);
        hy_source_free(&source);
        assert_string_equal(copy.url, cases[i].url);
        assert_string_equal(copy.name, cases[i].name);
        assert_null(copy.path);
        assert_null(copy.blob);
        hy_reader *reader = NULL;
        assert_failed(hy_reader_open(&copy, 5, NULL, &reader, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                      "was not fetched");
        assert_null(reader);
        hy_source_free(&copy);
    }
}

static void test_schemes_of_the_policy(void **state)
{
    (void)state;
    const struct {
        const char *uri;
        int32_t scheme;
    } cases[] = {
        {"/a", HYDRA_SCHEME_FILE},         {"file:///a", HYDRA_SCHEME_FILE},
        {"http://h/a", HYDRA_SCHEME_HTTP}, {"HTTPS://h/a?q", HYDRA_SCHEME_HTTPS},
        {"s3://b/k", HYDRA_SCHEME_S3},
    };
    hydra_policy policy;
    hydra_policy_init(&policy);
    int32_t all = policy.schemes;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hy_source source;
        assert_ok(hy_source_from_uri(&source, cases[i].uri, "audio", &diag), &diag);
        policy.schemes = cases[i].scheme;
        assert_ok(hy_source_check_scheme(&source, &policy, &diag), &diag);
        assert_ok(hy_source_check_scheme(&source, NULL, &diag), &diag);
        policy.schemes = all & ~cases[i].scheme;
        assert_failed(hy_source_check_scheme(&source, &policy, &diag), HYDRA_ERR_PERMISSION, &diag,
                      source.name);
        hy_source_free(&source);
    }
}

/* Bytes that are already here have no scheme; a file is refused before it is looked for. */
static void test_reader_keeps_to_the_schemes(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.schemes = 0;
    hy_diag diag = {0};
    hy_source source;
    hy_reader *reader = NULL;
    assert_ok(hy_source_from_memory(&source, "12345", 5, "image 3", &diag), &diag);
    assert_ok(hy_reader_open(&source, 5, &policy, &reader, &diag), &diag);
    hy_reader_close(reader);
    hy_source_free(&source);
    assert_ok(hy_source_from_uri(&source, "/there/is/none", "image 3", &diag), &diag);
    assert_failed(hy_reader_open(&source, 5, &policy, &reader, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "/there/is/none: the policy does not allow files");
    hy_source_free(&source);
}

/* A reader has its share of the bytes. */
static void test_blob_of_a_buffer(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_buffer buffer = {.limit = 100};
    assert_true(hy_buffer_append(&buffer, "fetched", 7));
    char name[] = "here";
    hy_source source = {.name = name};
    assert_ok(hy_blob_take(&source.blob, &buffer, &diag), &diag);
    assert_null(buffer.data);
    assert_int_equal(buffer.size, 0);
    hy_reader *reader = NULL;
    assert_ok(hy_reader_open(&source, 7, NULL, &reader, &diag), &diag);
    hy_blob_unref(source.blob);
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(hy_reader_load(reader, &data, &size, &diag), &diag);
    assert_int_equal(size, 7);
    assert_memory_equal(data, "fetched", 7);
    hy_free(data);
    hy_reader_close(reader);
}

static void test_source_that_fails_is_empty(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_source source;
    memset(&source, 0xff, sizeof source);
    assert_failed(hy_source_from_uri(&source, "ftp://b/k", "audio", &diag), HYDRA_ERR_UNSUPPORTED,
                  &diag, "audio: ftp://b/k");
    assert_null(source.name);
    assert_null(source.path);
    assert_null(source.blob);
    hy_source_free(&source);

    hy_diag_clear(&diag);
    memset(&source, 0xff, sizeof source);
    assert_failed(hy_source_from_memory(&source, NULL, 5, "image 2", &diag), HYDRA_ERR_ARGUMENT,
                  &diag, "image 2: no bytes");
    hy_source_free(&source);
    hy_diag_clear(&diag);
    assert_failed(hy_source_from_memory(&source, "x", 0, "image 2", &diag), HYDRA_ERR_ARGUMENT,
                  &diag, "image 2: no bytes");
    hy_source_free(&source);
}

/* The bytes live as long as the last source that shares them. */
static void test_source_of_bytes(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_source source;
    hy_source copy;
    hy_source second;
    char bytes[] = "bytes";
    assert_ok(hy_source_from_memory(&source, bytes, 5, "image 3", &diag), &diag);
    memset(bytes, 'x', 5);
    assert_string_equal(source.name, "image 3");
    assert_null(source.path);
    assert_ok(hy_source_copy(&copy, &source, &diag), &diag);
    assert_ok(hy_source_copy(&second, &copy, &diag), &diag);
    assert_ptr_equal(copy.blob, source.blob);
    hy_source_free(&source);
    hy_source_free(&second);

    hy_reader *reader = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    assert_ok(hy_reader_open(&copy, 5, NULL, &reader, &diag), &diag);
    assert_ok(hy_reader_load(reader, &data, &size, &diag), &diag);
    assert_int_equal(size, 5);
    assert_memory_equal(data, "bytes", 5);
    hy_free(data);
    hy_reader_close(reader);
    hy_source_free(&copy);
}

/* What RFC 3986 says of a path's bytes, done the other way round. */
static char *encode(const char *path, uint64_t *seed)
{
    char *uri = malloc(strlen(path) * 3 + 1);
    assert_non_null(uri);
    char *to = uri;
    for (const unsigned char *p = (const unsigned char *)path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || *p == '/';
        uint64_t pick = test_random(seed) >> 20;
        if (plain && pick % 4) {
            *to++ = (char)*p;
        } else {
            const char *hex = pick & 4096 ? "0123456789abcdef" : "0123456789ABCDEF";
            *to++ = '%';
            *to++ = hex[*p >> 4];
            *to++ = hex[*p & 15];
        }
    }
    *to = '\0';
    return uri;
}

static void random_text(char *text, size_t most, bool likely, uint64_t *seed)
{
    static const char alphabet[] = "file:FILE//://%%%20aZ09+-.localhost#?\\ \xc3\xa9";
    size_t size = (test_random(seed) >> 20) % most;
    for (size_t i = 0; i < size; i++) {
        uint64_t pick = test_random(seed) >> 20;
        text[i] = likely ? alphabet[pick % (sizeof alphabet - 1)] : (char)(pick % 255 + 1);
    }
    text[size] = '\0';
}

/* Any path, written as a URI, comes back. */
static void test_encoded_paths_come_back(void **state)
{
    (void)state;
    uint64_t seed = 6;
    for (int i = 0; i < 20000; i++) {
        char path[80] = "/";
        random_text(path + 1, sizeof path - 1, i % 2, &seed);
        char *encoded = encode(path + 1, &seed);
        const char *const starts[] = {"file:/", "file:///", "FILE://LocalHost/"};
        char uri[400];
        strcpy(uri, starts[i % 3]);
        strcat(uri, encoded);
        /* "file:/" and an empty first segment would be read as an authority. */
        if (i % 3 || encoded[0] != '/') {
            assert_path(uri, path);
        }
        free(encoded);
    }
}

static bool has_text(const char *text, const char *start)
{
    return strncasecmp(text, start, strlen(start)) == 0;
}

/* Random text: a path as it is, or a file: URI that gets no longer, or a failure with a reason. */
static void test_random_texts(void **state)
{
    (void)state;
    uint64_t seed = 7;
    int counts[3] = {0};
    for (int i = 0; i < 100000; i++) {
        const char *const starts[] = {"", "file:", "file://", "file:///"};
        char text[60];
        const char *start = starts[i % 4];
        strcpy(text, start);
        random_text(text + strlen(start), sizeof text - strlen(start), i % 8 < 6, &seed);
        hy_diag diag = {0};
        char *path = (char *)&diag;
        hydra_status status = hy_path_from_uri(&path, text, "audio", &diag);
        if (status != HYDRA_OK) {
            counts[0]++;
            assert_true(status == HYDRA_ERR_ARGUMENT || status == HYDRA_ERR_UNSUPPORTED);
            assert_int_equal(diag.status, status);
            assert_true(strlen(diag.text) > 10);
            assert_null(path);
            continue;
        }
        assert_int_equal(diag.status, HYDRA_OK);
        assert_true(strlen(path) > 0);
        if (has_text(text, "file:")) {
            counts[1]++;
            assert_true(strlen(path) <= strlen(text) - 5);
            assert_true(!has_text(text, "file://") || path[0] == '/');
            assert_true(strchr(text, '%') || strstr(text, path));
        } else {
            counts[2]++;
            assert_string_equal(path, text);
        }
        hy_free(path);
    }
    assert_true(counts[0] > 1000 && counts[1] > 1000 && counts[2] > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_paths),
        cmocka_unit_test(test_file_uris),
        cmocka_unit_test(test_bad_uris),
        cmocka_unit_test(test_source_of_a_path),
        cmocka_unit_test(test_source_of_a_url),
        cmocka_unit_test(test_schemes_of_the_policy),
        cmocka_unit_test(test_reader_keeps_to_the_schemes),
        cmocka_unit_test(test_blob_of_a_buffer),
        cmocka_unit_test(test_source_that_fails_is_empty),
        cmocka_unit_test(test_source_of_bytes),
        cmocka_unit_test(test_encoded_paths_come_back),
        cmocka_unit_test(test_random_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
