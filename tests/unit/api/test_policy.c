/* SPDX-License-Identifier: MIT */
/* Presets, what a policy may say, older callers, and policies without files. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "support.h"

static void test_presets(void **state)
{
    (void)state;
    hydra_policy defaults;
    hydra_policy policy;
    hydra_policy_init(&defaults);
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_LOCAL), HYDRA_OK);
    assert_memory_equal(&policy, &defaults, sizeof policy);
    assert_true(policy.files == 1 && policy.private_networks == 1 && policy.schemes == 15);
    assert_true(policy.any_bucket == 1 && !policy.buckets);
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    assert_true(policy.files == 0 && policy.private_networks == 0 && policy.any_bucket == 0);
    assert_int_equal(policy.schemes, HYDRA_SCHEME_FILE | HYDRA_SCHEME_HTTPS | HYDRA_SCHEME_S3);
    assert_int_equal(policy.struct_size, sizeof policy);
    assert_int_equal(policy.max_images, defaults.max_images);
    assert_int_equal(hydra_policy_preset(NULL, HYDRA_POLICY_LOCAL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_policy_preset(&policy, 2), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_policy_preset(&policy, -1), HYDRA_ERR_ARGUMENT);
}

static hydra_status make(const hydra_policy *policy, hydra_context **context)
{
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = policy;
    options.threads = 1;
    return hydra_context_new(&options, context);
}

/* The change is refused, and the text names the field. */
static void assert_refused(const hydra_policy *policy, const char *field)
{
    hy_diag diag = {0};
    hydra_context *context = NULL;
    assert_failed(hy_policy_check(policy, &diag), HYDRA_ERR_ARGUMENT, &diag, field);
    assert_int_equal(make(policy, &context), HYDRA_ERR_ARGUMENT);
    assert_null(context);
}

#define REFUSES(field, value)                                                                      \
    do {                                                                                           \
        hydra_policy policy;                                                                       \
        hydra_policy_init(&policy);                                                                \
        policy.field = (value);                                                                    \
        assert_refused(&policy, #field);                                                           \
    } while (0)

static void test_numbers(void **state)
{
    (void)state;
    REFUSES(max_images, 0);
    REFUSES(max_image_side_px, 32769);
    REFUSES(max_threads, 129);
    REFUSES(max_render_us, 0);
    REFUSES(files, 2);
    REFUSES(files, -1);
    REFUSES(schemes, 16);
    REFUSES(schemes, -1);
    REFUSES(private_networks, 2);
    REFUSES(max_redirects, 11);
    REFUSES(max_redirects, -1);
    REFUSES(max_fetch_bytes, 0);
    REFUSES(any_bucket, 2);
}

static void test_lists(void **state)
{
    (void)state;
    const char *const networks[] = {"10.0.0.0/8", "fd00::/8"};
    const char *const wrong[] = {"10.0.0.0/8", "10.0.0.1/8"};
    const char *const hosts[] = {"cdn.example.com", ".example.org"};
    const char *const buckets[] = {"my-bucket", "another.one"};
    const char *const no_buckets[] = {"my-bucket", "Another"};
    const char *const urls[] = {"https://example.com"};
    const char *const none[] = {NULL};
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.networks = networks;
    policy.network_count = 2;
    policy.hosts = hosts;
    policy.host_count = 2;
    policy.buckets = buckets;
    policy.bucket_count = 2;
    hydra_context *context = NULL;
    assert_int_equal(make(&policy, &context), HYDRA_OK);
    assert_ptr_not_equal(context->policy.networks, networks);
    assert_ptr_not_equal(context->policy.networks[1], networks[1]);
    assert_string_equal(context->policy.networks[1], "fd00::/8");
    assert_string_equal(context->policy.hosts[1], ".example.org");
    assert_ptr_not_equal(context->policy.buckets[1], buckets[1]);
    assert_string_equal(context->policy.buckets[1], "another.one");
    hydra_context_free(context);
    policy.buckets = no_buckets;
    assert_refused(&policy, "buckets[1]");
    policy.buckets = buckets;
    policy.network_count = 0;
    assert_refused(&policy, "networks");
    policy.network_count = 65;
    assert_refused(&policy, "networks");
    policy.network_count = 2;
    policy.networks = NULL;
    assert_refused(&policy, "networks");
    policy.networks = wrong;
    assert_refused(&policy, "networks[1]");
    policy.networks = networks;
    policy.hosts = urls;
    policy.host_count = 1;
    assert_refused(&policy, "hosts[0]");
    policy.hosts = none;
    assert_refused(&policy, "hosts[0] is NULL");
}

/* hydra_policy as it was before it knew networks. */
static void test_callers_from_before(void **state)
{
    (void)state;
    size_t size = HY_SIZE_THROUGH(hydra_policy, file_roots);
    hydra_policy now;
    hydra_policy_init(&now);
    now.max_images = 7;
    now.struct_size = (uint32_t)size;
    hydra_policy *old = malloc(size); /* on the heap: the sanitizers watch what is read */
    assert_non_null(old);
    memcpy(old, &now, size);
    hydra_context *context = NULL;
    assert_int_equal(make(old, &context), HYDRA_OK);
    free(old);
    assert_int_equal(context->policy.max_images, 7);
    assert_int_equal(context->policy.files, 1);
    assert_int_equal(context->policy.schemes, 15);
    assert_int_equal(context->policy.private_networks, 1);
    assert_int_equal(context->policy.max_redirects, 5);
    assert_int_equal(context->policy.max_fetch_bytes, 1 << 30);
    assert_int_equal(context->policy.any_bucket, 1);
    hydra_context_free(context);
}

static void test_no_files(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_policy policy;
    hydra_policy_init(&policy);
    int fd = open("/", O_PATH | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_ok(hy_roots_check_path(&policy, "/etc/passwd", "a.jpg", &diag), &diag);
    assert_ok(hy_roots_check_fd(&policy, fd, "a.jpg", &diag), &diag);
    policy.files = 0;
    assert_failed(hy_roots_check_path(&policy, "/nowhere/at/all", "a.jpg", &diag),
                  HYDRA_ERR_PERMISSION, &diag, "a.jpg: the policy allows no files");
    hy_diag_clear(&diag);
    assert_int_equal(hy_roots_check_fd(&policy, fd, "a.jpg", &diag), HYDRA_ERR_PERMISSION);
    hy_diag_clear(&diag);
    const char *const roots[] = {"/etc"};
    policy.file_roots = roots;
    policy.file_root_count = 1;
    assert_ok(hy_roots_check_path(&policy, "/etc/passwd", "a.jpg", &diag), &diag);
    assert_int_equal(hy_roots_check_fd(&policy, fd, "a.jpg", &diag), HYDRA_ERR_PERMISSION);
    (void)close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_lists),    cmocka_unit_test(test_callers_from_before),
        cmocka_unit_test(test_no_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
