/* SPDX-License-Identifier: MIT */
/* The chain where nothing needs to be asked: options, environment, profiles; and what goes wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "s3/credentials.h"
#include "support.h"

extern char **environ;

static char *folder;

static void clear_environment(void)
{
    for (size_t i = 0; environ[i];) {
        if (strncmp(environ[i], "AWS_", 4) == 0) {
            char name[128];
            (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(environ[i], "="), environ[i]);
            unsetenv(name);
        } else {
            i++;
        }
    }
}

static int setup(void **state)
{
    (void)state;
    folder = test_folder_new();
    clear_environment();
    setenv("HOME", folder, 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clear_environment();
    test_folder_free(folder);
    return 0;
}

static void write_files(const char *credentials, const char *config)
{
    char *path = test_path(folder, "credentials");
    test_write_file(path, credentials, strlen(credentials));
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    free(path);
    path = test_path(folder, "config");
    test_write_file(path, config, strlen(config));
    setenv("AWS_CONFIG_FILE", path, 1);
    free(path);
}

/* One get of a fresh chain. */
static hydra_status get(const hy_credentials_options *options, hy_s3_keys *keys, bool *anonymous,
                        hy_diag *diag)
{
    hy_credentials *credentials = NULL;
    *keys = (hy_s3_keys){0};
    hydra_status status = hy_credentials_new(options, &credentials, diag);
    if (status == HYDRA_OK) {
        status = hy_credentials_get(credentials, NULL, keys, anonymous, diag);
    }
    hy_credentials_free(credentials);
    assert_null(strstr(diag->text, "S3CR3T"));
    return status;
}

static void assert_keys(const char *profile, const char *access_key, const char *token)
{
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = true;
    const hy_credentials_options options = {.profile = profile};
    assert_ok(get(&options, &keys, &anonymous, &diag), &diag);
    assert_false(anonymous);
    assert_string_equal(keys.access_key, access_key);
    assert_string_equal(keys.secret_key, "S3CR3T");
    if (token) {
        assert_string_equal(keys.session_token, token);
    } else {
        assert_null(keys.session_token);
    }
    hy_s3_keys_free(&keys);
}

static void assert_no_keys(const char *profile, hydra_status status, const char *part)
{
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = false;
    const hy_credentials_options options = {.profile = profile};
    assert_failed(get(&options, &keys, &anonymous, &diag), status, &diag, part);
    assert_null(keys.access_key);
    assert_null(keys.secret_key);
}

static void test_options(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = false;
    const hy_credentials_options none = {.source = HYDRA_CREDENTIALS_ANONYMOUS};
    assert_ok(get(&none, &keys, &anonymous, &diag), &diag);
    assert_true(anonymous);
    assert_null(keys.access_key);
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "OTHER", 1);
    char *const texts[] = {strdup("GIVEN"), strdup("S3CR3T"), strdup("token"), strdup("S3CR3T\n")};
    hy_s3_keys given = {texts[0], texts[1], texts[2], 0};
    const hy_credentials_options fixed = {.keys = &given};
    assert_ok(get(&fixed, &keys, &anonymous, &diag), &diag);
    assert_false(anonymous);
    assert_string_equal(keys.access_key, "GIVEN");
    assert_string_equal(keys.session_token, "token");
    hy_s3_keys_free(&keys);
    given.secret_key = NULL;
    assert_failed(get(&fixed, &keys, &anonymous, &diag), HYDRA_ERR_ARGUMENT, &diag, "together");
    hy_diag_clear(&diag);
    const hy_credentials_options missing = {.source = HYDRA_CREDENTIALS_STATIC};
    assert_failed(get(&missing, &keys, &anonymous, &diag), HYDRA_ERR_ARGUMENT, &diag, "static");
    hy_diag_clear(&diag);
    given.secret_key = texts[3];
    assert_failed(get(&fixed, &keys, &anonymous, &diag), HYDRA_ERR_AUTH, &diag, "blanks");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        free(texts[i]);
    }
}

static void test_environment(void **state)
{
    (void)state;
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY");
    setenv("AWS_SECRET_ACCESS_KEY", "S3CR3T", 1);
    assert_keys(NULL, "ENV", NULL);
    setenv("AWS_SESSION_TOKEN", "token", 1);
    assert_keys(NULL, "ENV", "token");
    setenv("AWS_SESSION_TOKEN", "to\nken", 1);
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "environment: a key that is empty or holds blanks");
    unsetenv("AWS_ACCESS_KEY_ID");
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_SECRET_ACCESS_KEY is set, but AWS_ACCESS_KEY_ID");
}

static void test_environment_is_read_each_time(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_credentials *credentials = NULL;
    const hy_credentials_options options = {0};
    assert_ok(hy_credentials_new(&options, &credentials, &diag), &diag);
    setenv("AWS_SECRET_ACCESS_KEY", "S3CR3T", 1);
    static const char *const names[] = {"FIRST", "SECOND"};
    for (size_t i = 0; i < 2; i++) {
        hy_s3_keys keys;
        bool anonymous = false;
        setenv("AWS_ACCESS_KEY_ID", names[i], 1);
        assert_ok(hy_credentials_get(credentials, NULL, &keys, &anonymous, &diag), &diag);
        assert_string_equal(keys.access_key, names[i]);
        hy_credentials_reject(credentials, &keys);
        hy_s3_keys_free(&keys);
    }
    hy_credentials_free(credentials);
}

static void test_profiles(void **state)
{
    (void)state;
    write_files("[default]\naws_access_key_id = A\naws_secret_access_key = S3CR3T\n"
                "[two]\naws_access_key_id = B\naws_secret_access_key = S3CR3T\n"
                "aws_session_token = t\n"
                "[half]\naws_access_key_id = C\n"
                "[empty]\naws_access_key_id =\naws_secret_access_key =\n",
                "[default]\naws_access_key_id = X\naws_secret_access_key = Y\n"
                "[profile half]\naws_secret_access_key = S3CR3T\n"
                "[profile three]\naws_access_key_id = D\naws_secret_access_key = S3CR3T\n"
                "[profile region]\nregion = x\n");
    assert_keys(NULL, "A", NULL);
    assert_keys("two", "B", "t");
    assert_keys("three", "D", NULL);
    setenv("AWS_PROFILE", "two", 1);
    assert_keys(NULL, "B", "t");
    assert_no_keys("half", HYDRA_ERR_AUTH, "profile \"half\": aws_access_key_id is set, but");
    assert_no_keys("empty", HYDRA_ERR_AUTH, "profile \"empty\"");
    assert_no_keys("none", HYDRA_ERR_AUTH, "profile \"none\": neither in the config file nor");
    assert_no_keys("region", HYDRA_ERR_AUTH, "profile \"region\": has no keys");
    /* A profile in the options goes before the environment; one in the environment does not. */
    setenv("AWS_ACCESS_KEY_ID", "ENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "S3CR3T", 1);
    assert_keys("three", "D", NULL);
    assert_keys(NULL, "ENV", NULL);
}

static void test_profiles_that_are_refused(void **state)
{
    (void)state;
    write_files("[keys]\naws_access_key_id = A\naws_secret_access_key = S3CR3T\n",
                "[profile process]\ncredential_process = /bin/true\n"
                "[profile sso]\nsso_session = x\n"
                "[profile mfa]\nrole_arn = r\nsource_profile = keys\nmfa_serial = m\n"
                "[profile alone]\nrole_arn = r\n"
                "[profile both]\nrole_arn = r\nsource_profile = keys\n"
                "credential_source = Environment\n"
                "[profile odd]\nrole_arn = r\ncredential_source = Elsewhere\n"
                "[profile env]\nrole_arn = r\ncredential_source = Environment\n"
                "[profile gone]\nrole_arn = r\nsource_profile = nowhere\n"
                "[profile self]\nrole_arn = r\nsource_profile = self\n"
                "[profile a]\nrole_arn = r\nsource_profile = b\n"
                "[profile b]\nrole_arn = r\nsource_profile = a\n"
                "[profile web]\nweb_identity_token_file = /t\n"
                "[profile token]\nrole_arn = r\nweb_identity_token_file = /no/such/token\n");
    assert_no_keys("process", HYDRA_ERR_UNSUPPORTED, "credential_process is not supported");
    assert_no_keys("sso", HYDRA_ERR_UNSUPPORTED, "sso_session is not supported");
    assert_no_keys("mfa", HYDRA_ERR_UNSUPPORTED, "mfa_serial is not supported");
    assert_no_keys("alone", HYDRA_ERR_AUTH, "either source_profile or credential_source");
    assert_no_keys("both", HYDRA_ERR_AUTH, "either source_profile or credential_source");
    assert_no_keys("odd", HYDRA_ERR_AUTH, "none of Environment");
    assert_no_keys("env", HYDRA_ERR_AUTH, "AWS_ACCESS_KEY_ID is not set");
    assert_no_keys("gone", HYDRA_ERR_AUTH, "\"nowhere\" does not exist");
    assert_no_keys("self", HYDRA_ERR_AUTH, "\"self\" has no keys");
    assert_no_keys("a", HYDRA_ERR_AUTH, "circle");
    assert_no_keys("web", HYDRA_ERR_AUTH, "role_arn is not");
    assert_no_keys("token", HYDRA_ERR_NOT_FOUND, "token file");
}

static void test_nothing_is_set_up(void **state)
{
    (void)state;
    static const char *const parts[] = {"no credentials", "environment: ", "profile \"default\": ",
                                        "web identity: ", "container: ",   "instance metadata: "};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        assert_no_keys(NULL, HYDRA_ERR_AUTH, parts[i]);
    }
}

static void test_files_that_are_bad(void **state)
{
    (void)state;
    write_files("S3CR3T\n", "");
    assert_no_keys(NULL, HYDRA_ERR_FORMAT, "line 1");
    setenv("AWS_SHARED_CREDENTIALS_FILE", folder, 1);
    assert_no_keys(NULL, HYDRA_ERR_FORMAT, "not a regular file");
}

static void test_web_identity_and_container(void **state)
{
    (void)state;
    setenv("AWS_ROLE_ARN", "r", 1);
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_ROLE_ARN is set, but AWS_WEB_IDENTITY_TOKEN_FILE");
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", folder, 1);
    assert_no_keys(NULL, HYDRA_ERR_FORMAT, "not a regular file");
    unsetenv("AWS_ROLE_ARN");
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN");
    unsetenv("AWS_WEB_IDENTITY_TOKEN_FILE");
    static const char *const refused[] = {"http://93.184.216.34/x",
                                          "http://169.254.170.3/",
                                          "http://10.0.0.1/",
                                          "http://127.1/",
                                          "http://example.com/",
                                          "http://[fd00:ec2::24]",
                                          "http://0x7f.1/",
                                          "http://0.0.0.0/",
                                          "http://localhost.x/",
                                          "file:///etc/passwd",
                                          "nothing",
                                          "http://S3CR3T@127.0.0.1/"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", refused[i], 1);
        assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
    }
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/", 1);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "S3CR3T\r\nX: y", 1);
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "AWS_CONTAINER_AUTHORIZATION_TOKEN: is empty, or holds");
    setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@elsewhere/", 1);
    assert_no_keys(NULL, HYDRA_ERR_AUTH, "RELATIVE_URI is no path");
}

static void test_times(void **state)
{
    (void)state;
    assert_int_equal(hy_key_time("1970-01-01T00:00:00Z"), 0);
    assert_int_equal(hy_key_time("2000-02-29T12:34:56Z"), 951827696);
    assert_int_equal(hy_key_time("2026-11-26T15:04:05.678Z"), 1795705445);
    assert_int_equal(hy_key_time("2100-03-01T00:00:00Z"), 4107542400);
    static const char *const bad[] = {"",
                                      "2026-11-26",
                                      "2026-13-26T15:04:05Z",
                                      "2026-11-26T15:04:05",
                                      "2026-11-26T15:04:05+01:00",
                                      "2026-11-26T15:04:05.Zx",
                                      "2026-11-26 15:04:05Z",
                                      "x026-11-26T15:04:05Z"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(hy_key_time(bad[i]), -1);
    }
}

#define STS(inside)                                                                                \
    "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>"   \
    "<Credentials>" inside "</Credentials></AssumeRoleResult></AssumeRoleResponse>"

static bool read_sts(hy_sts_reply *reply, const char *text)
{
    return hy_sts_reply_read(reply, text, strlen(text), "AssumeRole");
}

static void test_replies_of_sts(void **state)
{
    (void)state;
    hy_sts_reply reply;
    assert_true(read_sts(&reply, STS("<AccessKeyId>A</AccessKeyId><SecretAccessKey>S&amp;"
                                     "</SecretAccessKey><x><SessionToken>no</SessionToken></x>")));
    assert_string_equal(reply.fields[0].value, "A");
    assert_string_equal(reply.fields[1].value, "S&");
    assert_null(reply.fields[2].value);
    hy_sts_reply_free(&reply);
    assert_true(read_sts(&reply, "<ErrorResponse><Error><Code>Denied</Code><Message>m</Message>"
                                 "</Error><RequestId>r</RequestId></ErrorResponse>"));
    assert_string_equal(reply.code, "Denied");
    assert_string_equal(reply.message, "m");
    assert_null(reply.fields[0].value);
    static const char *const bad[] = {
        "",
        "no xml",
        "<?xml version=\"1.0\" encoding=\"Shift_JIS\"?><a>\xff\xff</a>",
        "<a>",
        STS("<AccessKeyId>A</AccessKeyId>") "x",
        "<!DOCTYPE a [<!ENTITY b \"c\">]>" STS("<AccessKeyId>&b;</AccessKeyId>"),
        STS("<AccessKeyId>&b;</AccessKeyId>"),
        "<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a>"
        "</a></a></a></a></a></a></a></a></a></a>"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(read_sts(&reply, bad[i]));
        assert_null(reply.fields[0].value);
    }
}

/* Texts that libxml2 must not see come out as they went in, whatever form they have. */
static void test_long_texts_of_sts(void **state)
{
    (void)state;
    hy_sts_reply reply;
    assert_true(read_sts(&reply, STS("<AccessKeyId>AKIA0123456789</AccessKeyId>"
                                     "<SecretAccessKey\n>12xxxxxxxx</SecretAccessKey>"
                                     "<SessionToken>abcdefgh&lt;ijklmnop</SessionToken>"
                                     "<Expiration><![CDATA[2099-01-01T00:00:00Z]]></Expiration>")));
    assert_string_equal(reply.fields[0].value, "AKIA0123456789");
    assert_string_equal(reply.fields[1].value, "12xxxxxxxx");
    assert_string_equal(reply.fields[2].value, "abcdefgh<ijklmnop");
    assert_string_equal(reply.fields[3].value, "2099-01-01T00:00:00Z");
    hy_sts_reply_free(&reply);
    /* A place that is none, and one at the end. */
    assert_true(read_sts(&reply, STS("<AccessKeyId><![CDATA[99999999999999999999x]]></AccessKeyId>"
                                     "<SessionToken><![CDATA[300xxxxxxxxxxxxx]]></SessionToken>")));
    assert_string_equal(reply.fields[0].value, "99999999999999999999x");
    assert_non_null(reply.fields[2].value);
    hy_sts_reply_free(&reply);
    assert_true(read_sts(&reply, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>you must "
                                 "not</Message></Error></ErrorResponse>"));
    assert_string_equal(reply.code, "AccessDenied");
    assert_string_equal(reply.message, "you must not");
    assert_false(read_sts(&reply, STS("<AccessKeyId>AKIA0123456789")));
}

/* In a block of its own, so that a sanitizer sees who reads beyond it. */
static hydra_status read_json(hy_s3_keys *keys, const char *text, size_t size, hy_diag *diag)
{
    hy_buffer json = {.limit = HY_KEY_FILE_BYTES};
    const hy_key_walk walk = {.now_s = 1};
    *keys = (hy_s3_keys){0};
    json.data = hy_memdup(text, size);
    json.size = size;
    hydra_status status = hy_keys_from_json(&walk, &json, "endpoint", keys, diag);
    hy_buffer_free(&json);
    return status;
}

static void test_replies_of_endpoints(void **state)
{
    (void)state;
    static const char good[] =
        " {\"Code\" : \"Success\", "
        "\"AccessKeyId\":\"A\\u004bIA\",\n\t\"SecretAccessKey\":\"s\\/+\","
        "\"Token\":null, \"x\": [1.5e-3, {\"y\": [true, \"\\\"]\"]}, {}, []], "
        "\"Expiration\":\"2099-01-01T00:00:00Z\"} ";
    hy_s3_keys keys;
    hy_diag diag = {0};
    assert_ok(read_json(&keys, good, sizeof good - 1, &diag), &diag);
    assert_string_equal(keys.access_key, "AKIA");
    assert_string_equal(keys.secret_key, "s/+");
    assert_null(keys.session_token);
    assert_true(keys.expires_s > 4000000000);
    hy_s3_keys_free(&keys);
    /* It ends with the brace; there is a blank behind it. */
    for (size_t size = 0; size < sizeof good - 2; size++) {
        hy_diag cut = {0};
        assert_failed(read_json(&keys, good, size, &cut), HYDRA_ERR_FORMAT, &cut, "no JSON object");
    }
}

static void test_replies_of_endpoints_that_are_bad(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]",
        "\"AccessKeyId\"",
        "{\"AccessKeyId\":\"a\",\"AccessKeyId\":\"b\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\"} x",
        "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\",}",
        "{\"AccessKeyId\":\"a\",\"SecretAccessKey\":\"s\" \"x\":1}",
        "{\"AccessKeyId\":\"a\\x\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\\u00g0\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":\"a\nb\",\"SecretAccessKey\":\"s\"}",
        "{\"AccessKeyId\":x,\"SecretAccessKey\":\"s\"}",
        "{\"x\":[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]],\"AccessKeyId\":\"a\","
        "\"SecretAccessKey\":"
        "\"s\"}",
        "{\"x\":{\"y\"}}"};
    hy_s3_keys keys;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        hy_diag diag = {0};
        assert_failed(read_json(&keys, bad[i], strlen(bad[i]), &diag), HYDRA_ERR_FORMAT, &diag,
                      "no JSON object");
    }
    static const char *const no_keys[] = {"{}", "{\"AccessKeyId\":1,\"SecretAccessKey\":\"s\"}"};
    for (size_t i = 0; i < sizeof no_keys / sizeof no_keys[0]; i++) {
        hy_diag diag = {0};
        assert_failed(read_json(&keys, no_keys[i], strlen(no_keys[i]), &diag), HYDRA_ERR_FORMAT,
                      &diag, "a reply without AccessKeyId");
    }
    static const char *const odd[] = {"{\"AccessKeyId\":\"\\u00e4\",\"SecretAccessKey\":\"s\"}",
                                      "{\"AccessKeyId\":\"\\u0000\",\"SecretAccessKey\":\"s\"}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        hy_diag diag = {0};
        assert_failed(read_json(&keys, odd[i], strlen(odd[i]), &diag), HYDRA_ERR_AUTH, &diag,
                      "a key that is empty or holds blanks");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_options, setup, teardown),
        cmocka_unit_test_setup_teardown(test_environment, setup, teardown),
        cmocka_unit_test_setup_teardown(test_environment_is_read_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(test_profiles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_profiles_that_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_set_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_bad, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web_identity_and_container, setup, teardown),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_replies_of_sts),
        cmocka_unit_test(test_long_texts_of_sts),
        cmocka_unit_test(test_replies_of_endpoints),
        cmocka_unit_test(test_replies_of_endpoints_that_are_bad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
