/* SPDX-License-Identifier: MIT */
/* What is known of a remote source before anything is sent. That it is sent is tested with
 * hydra-cli and a server. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/fetcher.h"

#include "support.h"

typedef struct url_case {
    const char *url;
    hydra_status status;
} url_case;

static hydra_context *context_of(int32_t schemes, const char *host)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.schemes = schemes;
    policy.hosts = host ? &host : NULL;
    policy.host_count = host != NULL;
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

/* Through a source, which gives the name. */
static hydra_status check(hydra_context *context, const char *url, hy_diag *diag)
{
    const hy_context_fetcher fetcher = hy_context_fetcher_of(context);
    hy_source source;
    *diag = (hy_diag){0};
    assert_ok(hy_source_from_uri(&source, url, "image 0", diag), diag);
    hydra_status status = fetcher.base.check(&fetcher.base, source.url, source.name, diag);
    if (status != HYDRA_OK && strncmp(diag->text, source.name, strlen(source.name)) != 0) {
        fail_msg("\"%s\" does not begin with %s", diag->text, source.name);
    }
    assert_null(strstr(diag->text, "secret"));
    hy_source_free(&source);
    return status;
}

static void test_urls(void **state)
{
    (void)state;
    static const url_case cases[] = {
        {"https://example.com/a.jpg?secret", HYDRA_OK},
        {"HTTP://EXAMPLE.com:8080", HYDRA_OK},
        {"https://my-bucket.s3.eu-central-1.amazonaws.com/a/b.jpg", HYDRA_OK},
        {"s3://my-bucket/a b?c", HYDRA_OK},
        {"S3://my-bucket/a", HYDRA_OK},
        {"http://", HYDRA_ERR_ARGUMENT},
        {"https://me:secret@example.com/a.jpg", HYDRA_ERR_ARGUMENT},
        {"https://example.com/a b?secret", HYDRA_ERR_ARGUMENT},
        {"s3://", HYDRA_ERR_ARGUMENT},
        {"s3://my-bucket", HYDRA_ERR_ARGUMENT},
        {"s3://my-bucket/", HYDRA_ERR_ARGUMENT},
        {"s3://My_Bucket/a", HYDRA_ERR_ARGUMENT},
        {"s3://me:secret@my-bucket/a", HYDRA_ERR_ARGUMENT},
    };
    hydra_policy defaults;
    hydra_policy_init(&defaults);
    hydra_context *context = context_of(defaults.schemes, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag;
        hydra_status status = check(context, cases[i].url, &diag);
        if (status != cases[i].status) {
            fail_msg("%s: %s \"%s\"", cases[i].url, hydra_status_name(status), diag.text);
        }
    }
    hydra_context_free(context);
}

static void test_policy(void **state)
{
    (void)state;
    hy_diag diag;
    hydra_context *context = context_of(HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3, ".example.com");
    assert_ok(check(context, "https://cdn.example.com/a.jpg", &diag), &diag);
    assert_int_equal(check(context, "https://example.org/a.jpg", &diag), HYDRA_ERR_PERMISSION);
    assert_int_equal(check(context, "http://cdn.example.com/a.jpg", &diag), HYDRA_ERR_PERMISSION);
    hydra_context_free(context);
}

/* A server for strangers that has keys, and what it lets them name. */
static hydra_context *service_of(const char *bucket)
{
    hydra_policy policy;
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    policy.buckets = bucket ? &bucket : NULL;
    policy.bucket_count = bucket != NULL;
    hydra_store_options store;
    hydra_store_options_init(&store);
    store.access_key = "AKIDEXAMPLE";
    store.secret_key = "not-a-real-key";
    store.region = "eu-central-1";
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;
    options.store = &store;
    hydra_context *context = NULL;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

static const char S3_URL[] = "https://my-bucket.s3.eu-central-1.amazonaws.com/a.jpg";

static void test_buckets(void **state)
{
    (void)state;
    hy_diag diag;
    hydra_context *context = service_of(NULL);
    assert_failed(check(context, "s3://my-bucket/a.jpg", &diag), HYDRA_ERR_PERMISSION, &diag,
                  "the policy does not allow the bucket my-bucket (policy.buckets)");
    assert_ok(check(context, S3_URL, &diag), &diag);
    assert_false(hy_fetcher_signs(context, S3_URL));
    hydra_context_free(context);
    context = service_of("my-bucket");
    assert_ok(check(context, "s3://my-bucket/a.jpg", &diag), &diag);
    assert_int_equal(check(context, "s3://my-bucket-2/a.jpg", &diag), HYDRA_ERR_PERMISSION);
    assert_int_equal(check(context, "s3://my-bucke/a.jpg", &diag), HYDRA_ERR_PERMISSION);
    assert_true(hy_fetcher_signs(context, S3_URL));
    assert_false(
        hy_fetcher_signs(context, "https://other.s3.eu-central-1.amazonaws.com/my-bucket/a.jpg"));
    assert_false(hy_fetcher_signs(context, "https://s3.eu-central-1.amazonaws.com/other/a.jpg"));
    hydra_context_free(context);
}

/* A bucket's name is another bucket in another partition, and keys are unknown there. */
static void test_partitions(void **state)
{
    (void)state;
    static const char *const others[] = {
        "https://my-bucket.s3.us-gov-west-1.amazonaws.com/a.jpg",
        "https://s3.us-gov-east-1.amazonaws.com/my-bucket/a.jpg",
        "https://my-bucket.s3.cn-north-1.amazonaws.com.cn/a.jpg",
        "https://my-bucket.s3.eusc-de-east-1.amazonaws.eu/a.jpg",
        "https://my-bucket.s3.cn-north-1.amazonaws.com/a.jpg",
    };
    static const char *const own[] = {
        S3_URL,
        "https://my-bucket.s3.amazonaws.com/a.jpg",
        "HTTPS://My-bucket.S3.us-west-2.amazonaws.com/a.jpg",
        "https://s3-us-west-2.amazonaws.com/my-bucket/a%20b.jpg",
    };
    hydra_context *context = service_of("my-bucket");
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (hy_fetcher_signs(context, others[i])) {
            fail_msg("%s is read with the keys", others[i]);
        }
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (!hy_fetcher_signs(context, own[i])) {
            fail_msg("%s is read without keys", own[i]);
        }
    }
    hydra_context_free(context);
}

/* Nothing is loaded past the check either. */
static void test_buckets_when_loading(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_buffer out = {0};
    hydra_context *context = service_of("my-bucket");
    const hy_context_fetcher fetcher = hy_context_fetcher_of(context);
    const hy_load what = {.url = "s3://other/a.jpg", .name = "image 0", .max_bytes = 1000};
    assert_failed(fetcher.base.load(&fetcher.base, &what, &out, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "does not allow the bucket other");
    hydra_context_free(context);
}

/* A server that answers nothing, and a picture of it. Close the descriptor. */
static int silent_server(char *url, size_t size)
{
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&here, &length), 0);
    (void)snprintf(url, size, "http://127.0.0.1:%d/a.jpg", (int)ntohs(here.sin_port));
    return fd;
}

static hydra_context *direct_context(int64_t max_render_us)
{
    hydra_policy policy;
    hydra_store_options store;
    hydra_context_options options;
    hydra_context *context = NULL;
    hydra_policy_init(&policy);
    policy.max_render_us = max_render_us;
    hydra_store_options_init(&store);
    store.proxy = "";
    hydra_context_options_init(&options);
    options.policy = &policy;
    options.store = &store;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    return context;
}

/* All sources of a context share what they may spend on trying again. */
static void test_quota(void **state)
{
    (void)state;
    char url[64];
    hy_diag diag = {0};
    hy_buffer out = {0};
    hydra_context *context = direct_context(1000000);
    int full = atomic_load(&context->quota.tokens);
    const hy_context_fetcher fetcher = hy_context_fetcher_of(context);
    (void)close(silent_server(url, sizeof url)); /* nobody listens any more */
    const hy_load what = {.url = url, .name = "image 0", .max_bytes = 1000};
    assert_int_equal(fetcher.base.load(&fetcher.base, &what, &out, &diag), HYDRA_ERR_NETWORK);
    assert_true(full > 0 && atomic_load(&context->quota.tokens) < full);
    hydra_context_free(context);
}

/* What has no deadline of its own has that of the policy. */
static void test_frames_and_checks_end(void **state)
{
    (void)state;
    char url[64];
    hydra_compose *c = NULL;
    hydra_frame *frame = NULL;
    hydra_image_options image;
    hydra_context *context = direct_context(100000);
    int fd = silent_server(url, sizeof url);
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    assert_int_equal(hydra_compose_add_image(c, url, &image), HYDRA_OK);
    double start = hy_clock_s();
    assert_int_equal(hydra_compose_frame(c, 0, HYDRA_FRAME_RGB24, &frame), HYDRA_ERR_DEADLINE);
    assert_int_equal(hydra_compose_check(c), HYDRA_ERR_DEADLINE);
    assert_true(hy_clock_s() - start < 10);
    hydra_compose_free(c);
    hydra_context_free(context);
    (void)close(fd);
}

/* The warnings of a job with one picture, which fails. */
static int warnings(hydra_context *context, const char *picture)
{
    int count = 0;
    char folder[] = "/tmp/hydra-fetcher-XXXXXX";
    char path[64];
    hydra_compose *c = NULL;
    hydra_render *render = NULL;
    hydra_image_options image;
    hydra_event event = {.struct_size = sizeof event};
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/a.mp4", folder);
    hydra_image_options_init(&image);
    image.duration_us = 1000000;
    assert_int_equal(hydra_compose_new(context, &c), HYDRA_OK);
    assert_int_equal(hydra_compose_add_image(c, picture, &image), HYDRA_OK);
    assert_int_equal(hydra_render_start(c, path, NULL, &render), HYDRA_OK);
    assert_int_not_equal(hydra_render_wait(render, HYDRA_AUTO), HYDRA_OK);
    while (event.kind != HYDRA_EVENT_DONE) {
        assert_int_equal(hydra_render_next_event(render, &event), HYDRA_OK);
        count += event.kind == HYDRA_EVENT_WARNING && strstr(event.text, "not verified");
    }
    hydra_render_free(render);
    hydra_compose_free(c);
    (void)rmdir(folder);
    return count;
}

static void test_insecure_is_told(void **state)
{
    (void)state;
    hydra_context *context = direct_context(10000000);
    assert_int_equal(warnings(context, "https://127.0.0.1:1/a.jpg"), 0);
    context->store.insecure = 1;
    assert_int_equal(warnings(context, "https://127.0.0.1:1/a.jpg"), 1);
    assert_int_equal(warnings(context, "http://127.0.0.1:1/a.jpg"), 0);
    assert_int_equal(warnings(context, "/nowhere/a.jpg"), 0);
    hydra_context_free(context);
}

/* What keys cannot mend is not said to be mended by keys. */
static void test_the_policy_refuses(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_context_options options;
    hydra_context *context = NULL;
    hy_buffer out = {0};
    hy_diag diag = {0};
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    hydra_context_options_init(&options);
    options.policy = &policy;
    (void)unsetenv("AWS_ACCESS_KEY_ID");
    (void)setenv("HOME", "/nonexistent", 1);
    (void)setenv("https_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    const hy_context_fetcher fetcher = hy_context_fetcher_of(context);
    const hy_load what = {.url = S3_URL, .name = "image 0", .max_bytes = 1000};
    assert_failed(fetcher.base.load(&fetcher.base, &what, &out, &diag), HYDRA_ERR_PERMISSION, &diag,
                  "the environment names a proxy");
    assert_null(strstr(diag.text, "AWS_ACCESS_KEY_ID"));
    (void)unsetenv("https_proxy");
    hydra_context_free(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_buckets_when_loading),
        cmocka_unit_test(test_partitions),
        cmocka_unit_test(test_frames_and_checks_end),
        cmocka_unit_test(test_insecure_is_told),
        cmocka_unit_test(test_the_policy_refuses),
        cmocka_unit_test(test_quota),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
