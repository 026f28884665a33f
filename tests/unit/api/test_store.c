/* SPDX-License-Identifier: MIT */
/* hydra_store without a server: arguments, options, states, presigned URLs, texts without secrets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hydra/hydra.h>

#include "support.h"

#define SECRET "wJalrXUtnFEMIsecretEXAMPLEKEY"
#define TOKEN  "FwoGZXIvYXdzSECRETTOKEN"

static void fill(hydra_store_options *options)
{
    hydra_store_options_init(options);
    options->access_key = "AKIDEXAMPLE";
    options->secret_key = SECRET;
    options->region = "eu-central-1";
    options->endpoint = "https://storage.example.com:9000/prefix";
    options->proxy = "";
}

static hydra_store *open_store(const hydra_store_options *options)
{
    hydra_store *store = NULL;
    assert_int_equal(hydra_store_new(NULL, options, &store), HYDRA_OK);
    return store;
}

static hydra_store *example_store(void)
{
    hydra_store_options options;
    fill(&options);
    return open_store(&options);
}

static void assert_fails(const hydra_store *store, hydra_status status, hydra_status expected,
                         const char *part)
{
    const char *text = hydra_store_error(store);
    if (status != expected || !strstr(text, part)) {
        fail_msg("got %s \"%s\", expected %s \"%s\"", hydra_status_name(status), text,
                 hydra_status_name(expected), part);
    }
    assert_null(strstr(text, SECRET));
    assert_null(strstr(text, TOKEN));
}

static void test_null_is_harmless(void **state)
{
    (void)state;
    int64_t done = 7;
    int64_t total = 7;
    hydra_object object = {.struct_size = sizeof object};
    hydra_store_free(NULL);
    hydra_store_cancel(NULL);
    hydra_store_progress(NULL, &done, &total);
    hydra_store_progress(NULL, NULL, NULL);
    assert_int_equal(done, 0);
    assert_int_equal(total, -1);
    assert_string_equal(hydra_store_error(NULL), "");
    assert_int_equal(hydra_store_new(NULL, NULL, NULL), HYDRA_ERR_ARGUMENT);
    assert_string_equal(hydra_store_warning(NULL), "");
    assert_int_equal(hydra_store_delete(NULL, "s3://bucket/key"), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_store_head(NULL, "s3://bucket/key", &object), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_store_put(NULL, "s3://bucket/key", "", 0, NULL, NULL),
                     HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_upload(NULL, "s3://bucket/key", NULL), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_object(NULL, &object), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_render_object(NULL, &object), HYDRA_ERR_ARGUMENT);
    assert_int_equal(hydra_compose_set_transfer(NULL, NULL), HYDRA_ERR_ARGUMENT);
}

static void assert_says_nothing(const hydra_object *object)
{
    assert_int_equal(object->struct_size, sizeof *object);
    assert_int_equal(object->parts + object->retries + object->verified, 0);
    assert_int_equal(object->bytes, 0);
    assert_int_equal(object->last_modified_s, -1);
    assert_int_equal(object->url_ready_us, -1);
    const char *const texts[] = {object->bucket,        object->key,         object->url,
                                 object->presigned_url, object->etag,        object->version_id,
                                 object->checksum,      object->content_type};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_string_equal(texts[i], "");
    }
}

static hydra_object stale_object(void)
{
    const char *gone = "gone";
    return (hydra_object){
        sizeof(hydra_object), 1, 1, 1, 1, 1, 1, gone, gone, gone, gone, gone, gone, gone, gone};
}

/* What it points to may be gone, whatever the call stumbles over. */
static void test_failures_clear_the_object(void **state)
{
    (void)state;
    hydra_store *store = example_store();
    hydra_object object = stale_object();
    assert_int_equal(hydra_store_head(store, "no name", &object), HYDRA_ERR_ARGUMENT);
    assert_says_nothing(&object);
    object = stale_object();
    assert_int_equal(hydra_store_put(store, "s3://bucket/key", NULL, 1, NULL, &object),
                     HYDRA_ERR_ARGUMENT);
    assert_says_nothing(&object);
    object = stale_object();
    assert_int_equal(hydra_store_put_file(store, "s3://bucket/key", "/nonexistent", NULL, &object),
                     HYDRA_ERR_NOT_FOUND);
    assert_says_nothing(&object);
    object = stale_object();
    hydra_store_cancel(store);
    assert_int_equal(hydra_store_get_file(store, "s3://bucket/key", "/nonexistent/f", &object),
                     HYDRA_ERR_CANCELLED);
    assert_says_nothing(&object);
    object = stale_object();
    const void *data;
    size_t size;
    assert_int_equal(hydra_store_get(store, "s3://bucket/key", -1, 1, &data, &size, &object),
                     HYDRA_ERR_ARGUMENT);
    assert_says_nothing(&object);
    hydra_store_free(store);
    hydra_compose *c = NULL;
    assert_int_equal(hydra_compose_new(NULL, &c), HYDRA_OK);
    object = stale_object();
    assert_int_equal(hydra_compose_object(c, &object), HYDRA_ERR_STATE);
    assert_says_nothing(&object);
    hydra_compose_free(c);
    object = stale_object();
    assert_int_equal(hydra_compose_object(NULL, &object), HYDRA_ERR_ARGUMENT);
    assert_says_nothing(&object);
    object = stale_object();
    assert_int_equal(hydra_render_object(NULL, &object), HYDRA_ERR_ARGUMENT);
    assert_says_nothing(&object);
    /* One that is not set is left alone. */
    store = example_store();
    object = stale_object();
    object.struct_size = 8;
    assert_fails(store, hydra_store_head(store, "s3://bucket/key", &object), HYDRA_ERR_ARGUMENT,
                 "struct_size");
    assert_string_equal(object.etag, "gone");
    hydra_store_free(store);
}

static void test_options_that_make_no_sense(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 10; wrong++) {
        hydra_store *store = (hydra_store *)&wrong;
        hydra_store_options options;
        fill(&options);
        switch (wrong) {
        case 0:
            options.struct_size = 8;
            break;
        case 1:
            options.secret_key = NULL;
            break;
        case 2:
            options.access_key = NULL;
            options.secret_key = NULL;
            options.session_token = TOKEN;
            break;
        case 3:
            options.credentials = 3;
            break;
        case 4:
            options.addressing = -1;
            break;
        case 5:
            options.checksum = 9;
            break;
        case 6:
            options.max_tries = 21;
            break;
        case 7:
            options.endpoint = "ftp://storage.example.com";
            break;
        case 8:
            options.region = "eu\r\ncentral";
            break;
        default:
            options.endpoint = "https://user:pass@storage.example.com";
            break;
        }
        if (hydra_store_new(NULL, &options, &store) != HYDRA_ERR_ARGUMENT || store) {
            fail_msg("options %d were taken", wrong);
        }
        hydra_context_options context;
        hydra_context *made = NULL;
        hydra_context_options_init(&context);
        context.store = &options;
        assert_int_equal(hydra_context_new(&context, &made), HYDRA_ERR_ARGUMENT);
        assert_null(made);
    }
}

static void test_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        NULL,
        "",
        "bucket/key",
        "s3:bucket/key",
        "https://bucket.example.com/key",
        "s3://",
        "s3://bucket",
        "s3://bucket/",
        "s3:///key",
        "s3://No_Bucket/key",
        "file.mp4",
        "s3://192.168.1.1/key",
    };
    hydra_store *store = example_store();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *url = "old";
        assert_fails(store, hydra_store_presign(store, "GET", names[i], 60, &url),
                     HYDRA_ERR_ARGUMENT, "");
        assert_true(hydra_store_error(store)[0] != '\0');
        assert_null(url);
    }
    const char *url;
    assert_int_equal(hydra_store_presign(store, "GET", "S3://bucket/Key", 60, &url), HYDRA_OK);
    assert_non_null(strstr(url, "/Key?"));
    hydra_store_free(store);
}

static void test_arguments(void **state)
{
    (void)state;
    const char *url;
    const void *data;
    size_t size;
    hydra_object unset = {0};
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    hydra_store *store = example_store();
    const char *uri = "s3://bucket/key";
    assert_fails(store, hydra_store_presign(store, "DELETE", uri, 60, &url), HYDRA_ERR_ARGUMENT,
                 "GET or PUT");
    assert_fails(store, hydra_store_presign(store, "GET", uri, 0, &url), HYDRA_ERR_ARGUMENT,
                 "1..604800");
    assert_fails(store, hydra_store_presign(store, "GET", uri, 604801, &url), HYDRA_ERR_ARGUMENT,
                 "1..604800");
    assert_fails(store, hydra_store_presign(store, "GET", uri, 60, NULL), HYDRA_ERR_ARGUMENT,
                 "NULL");
    assert_fails(store, hydra_store_put(store, uri, NULL, 1, NULL, NULL), HYDRA_ERR_ARGUMENT,
                 "NULL");
    assert_fails(store, hydra_store_put(store, uri, "a", 1, NULL, &unset), HYDRA_ERR_ARGUMENT,
                 "struct_size");
    assert_fails(store, hydra_store_head(store, uri, NULL), HYDRA_ERR_ARGUMENT, "NULL");
    assert_fails(store, hydra_store_get(store, uri, -1, 1, &data, &size, NULL), HYDRA_ERR_ARGUMENT,
                 "offset");
    assert_fails(store, hydra_store_get(store, uri, 0, -2, &data, &size, NULL), HYDRA_ERR_ARGUMENT,
                 "length");
    assert_fails(store, hydra_store_get(store, uri, 0, 1, NULL, &size, NULL), HYDRA_ERR_ARGUMENT,
                 "NULL");
    assert_fails(store, hydra_store_put_file(store, uri, "/", NULL, NULL), HYDRA_ERR_ARGUMENT,
                 "regular file");
    assert_fails(store, hydra_store_put_file(store, uri, "/nowhere/a", NULL, NULL),
                 HYDRA_ERR_NOT_FOUND, "/nowhere/a");
    transfer.parallel = 17;
    assert_fails(store, hydra_store_put(store, uri, "a", 1, &transfer, NULL), HYDRA_ERR_ARGUMENT,
                 "parallel");
    transfer.struct_size = 4;
    assert_fails(store, hydra_store_put(store, uri, "a", 1, &transfer, NULL), HYDRA_ERR_ARGUMENT,
                 "hydra_transfer_options_init");
    hydra_store_free(store);
}

static void test_presigned_urls(void **state)
{
    (void)state;
    hydra_store_options options;
    fill(&options);
    options.session_token = TOKEN;
    hydra_store *store = open_store(&options);
    const char *url = NULL;
    assert_int_equal(
        hydra_store_presign(store, "GET", "s3://bucket/a b+c/\xc3\xa9.mp4", 3600, &url), HYDRA_OK);
    const char *start = "https://storage.example.com:9000/prefix/bucket/a%20b%2Bc/%C3%A9.mp4?"
                        "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F";
    assert_int_equal(strncmp(url, start, strlen(start)), 0);
    assert_non_null(strstr(url, "%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Date=20"));
    assert_non_null(strstr(url, "&X-Amz-Expires=3600&"));
    assert_non_null(strstr(url, "&X-Amz-Security-Token=" TOKEN));
    assert_non_null(strstr(url, "&X-Amz-SignedHeaders=host"));
    const char *signature = strstr(url, "&X-Amz-Signature=");
    assert_non_null(signature);
    assert_int_equal(strspn(signature + 17, "0123456789abcdef"), 64);
    assert_null(strstr(url, SECRET));
    char *first = strdup(signature);
    assert_int_equal(
        hydra_store_presign(store, "PUT", "s3://bucket/a b+c/\xc3\xa9.mp4", 3600, &url), HYDRA_OK);
    assert_string_not_equal(strstr(url, "&X-Amz-Signature="), first);
    free(first);
    hydra_store_free(store);
}

/* Known before anything is sent, and not when the object is there. */
static void test_a_signed_url_needs_keys(void **state)
{
    (void)state;
    hydra_store_options options;
    hydra_transfer_options transfer;
    hydra_store_options_init(&options);
    hydra_transfer_options_init(&transfer);
    options.credentials = HYDRA_CREDENTIALS_ANONYMOUS;
    options.region = "eu-central-1";
    options.endpoint = "http://127.0.0.1:1";
    options.proxy = "";
    options.max_tries = 1;
    transfer.presign_s = 60;
    hydra_store *store = open_store(&options);
    assert_fails(store, hydra_store_put(store, "s3://bucket/key", "a", 1, &transfer, NULL),
                 HYDRA_ERR_AUTH, "a presigned URL needs keys");
    assert_fails(store, hydra_store_put(store, "s3://bucket/key", "a", 1, NULL, NULL),
                 HYDRA_ERR_NETWORK, "127.0.0.1:1");
    hydra_store_free(store);
}

static void test_amazon_has_virtual_hosts(void **state)
{
    (void)state;
    hydra_store_options options;
    fill(&options);
    (void)unsetenv("AWS_ENDPOINT_URL");
    (void)unsetenv("AWS_ENDPOINT_URL_S3");
    (void)setenv("HOME", "/nonexistent", 1);
    options.endpoint = NULL;
    hydra_store *store = open_store(&options);
    const char *url = NULL;
    assert_int_equal(hydra_store_presign(store, "GET", "s3://bucket/key", 60, &url), HYDRA_OK);
    const char *start = "https://bucket.s3.eu-central-1.amazonaws.com/key?X-Amz-";
    assert_int_equal(strncmp(url, start, strlen(start)), 0);
    hydra_store_free(store);
}

/* Who set it up wrongly is told what is wrong, by each call. */
static void test_wrong_environment(void **state)
{
    (void)state;
    hydra_store_options options;
    const char *url;
    hydra_store_options_init(&options);
    options.profile = "nobody";
    hydra_store *store = open_store(&options);
    assert_string_equal(hydra_store_error(store), "");
    for (int i = 0; i < 2; i++) {
        assert_fails(store, hydra_store_presign(store, "GET", "s3://bucket/key", 60, &url),
                     HYDRA_ERR_AUTH, "profile \"nobody\"");
        assert_fails(store, hydra_store_put(store, "s3://bucket/key", "a", 1, NULL, NULL),
                     HYDRA_ERR_AUTH, "profile \"nobody\"");
    }
    hydra_store_free(store);
    fill(&options);
    options.endpoint = NULL;
    (void)setenv("AWS_ENDPOINT_URL_S3", "ftp://user:" SECRET "@storage.example.com", 1);
    store = open_store(&options);
    assert_fails(store, hydra_store_delete(store, "s3://bucket/key"), HYDRA_ERR_ARGUMENT,
                 "endpoint URL of the environment");
    (void)unsetenv("AWS_ENDPOINT_URL_S3");
    hydra_store_free(store);
}

/* The keys of a store come from its context where it has no options of its own. */
static void test_options_of_the_context(void **state)
{
    (void)state;
    char region[] = "eu-central-1";
    hydra_store_options options;
    hydra_context_options context_options;
    hydra_context *context = NULL;
    hydra_store *store = NULL;
    const char *url = NULL;
    fill(&options);
    options.region = region;
    hydra_context_options_init(&context_options);
    context_options.store = &options;
    assert_int_equal(hydra_context_new(&context_options, &context), HYDRA_OK);
    memset(region, 'x', sizeof region - 1); /* it was copied */
    assert_int_equal(hydra_store_new(context, NULL, &store), HYDRA_OK);
    hydra_context_free(context);
    assert_int_equal(hydra_store_presign(store, "GET", "s3://bucket/key", 60, &url), HYDRA_OK);
    assert_non_null(strstr(url, "%2Feu-central-1%2F"));
    hydra_store_free(store);
}

static void test_policy(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_context_options options;
    hydra_store_options store_options;
    hydra_context *context = NULL;
    hydra_store *store = NULL;
    const char *url = NULL;
    fill(&store_options);
    hydra_policy_init(&policy);
    policy.schemes = HYDRA_SCHEME_FILE;
    hydra_context_options_init(&options);
    options.policy = &policy;
    assert_int_equal(hydra_context_new(&options, &context), HYDRA_OK);
    assert_int_equal(hydra_store_new(context, &store_options, &store), HYDRA_OK);
    assert_fails(store, hydra_store_presign(store, "GET", "s3://bucket/key", 60, &url),
                 HYDRA_ERR_PERMISSION, "policy.schemes");
    hydra_store_free(store);
    hydra_context_free(context);
}

static void test_cancel_is_for_one_call(void **state)
{
    (void)state;
    const char *url = NULL;
    hydra_store *store = example_store();
    hydra_store_cancel(store);
    assert_fails(store, hydra_store_delete(store, "s3://bucket/key"), HYDRA_ERR_CANCELLED,
                 "cancelled");
    assert_int_equal(hydra_store_presign(store, "GET", "s3://bucket/key", 60, &url), HYDRA_OK);
    hydra_store_free(store);
}

/* Port 9 refuses, or there is nobody: an error of the network, which names no key. */
static void test_nobody_listens(void **state)
{
    (void)state;
    hydra_store_options options;
    fill(&options);
    options.session_token = TOKEN;
    options.endpoint = "http://127.0.0.1:9";
    options.max_tries = 1;
    hydra_store *store = open_store(&options);
    assert_fails(store, hydra_store_put(store, "s3://bucket/key", "abc", 3, NULL, NULL),
                 HYDRA_ERR_NETWORK, "bucket/key");
    hydra_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_null_is_harmless),
        cmocka_unit_test(test_failures_clear_the_object),
        cmocka_unit_test(test_options_that_make_no_sense),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_presigned_urls),
        cmocka_unit_test(test_a_signed_url_needs_keys),
        cmocka_unit_test(test_amazon_has_virtual_hosts),
        cmocka_unit_test(test_wrong_environment),
        cmocka_unit_test(test_options_of_the_context),
        cmocka_unit_test(test_policy),
        cmocka_unit_test(test_cancel_is_for_one_call),
        cmocka_unit_test(test_nobody_listens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
