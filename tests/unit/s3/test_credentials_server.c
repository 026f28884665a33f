/* SPDX-License-Identifier: MIT */
/*
 * The sources that ask a server: instance metadata, container, STS, each played by a thread on
 * loopback; and how keys are renewed, by how many threads, and what happens when that fails.
 */
#include <math.h>

#include "key_server.h"
#include "s3/credentials.h"

#define START_S 1795705200 /* 2026-11-26T15:00:00Z; replies expire an hour later */
#define EXPIRY  "2026-11-26T16:00:00Z"
#define THREADS 8

static char *folder;
static key_server server;
static hy_http *http;
static atomic_llong clock_s;
static atomic_int walks;    /* replies with keys */
static atomic_int failures; /* answers with HTTP status 500 that are still to come */
static pthread_mutex_t request_lock = PTHREAD_MUTEX_INITIALIZER;
static char last_request[REQUEST_BYTES];

static const char *const names[] = {"AWS_ACCESS_KEY_ID",
                                    "AWS_SECRET_ACCESS_KEY",
                                    "AWS_SESSION_TOKEN",
                                    "AWS_PROFILE",
                                    "AWS_DEFAULT_PROFILE",
                                    "AWS_REGION",
                                    "AWS_DEFAULT_REGION",
                                    "AWS_ROLE_ARN",
                                    "AWS_ROLE_SESSION_NAME",
                                    "AWS_WEB_IDENTITY_TOKEN_FILE",
                                    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                                    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
                                    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
                                    "AWS_EC2_METADATA_DISABLED",
                                    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                                    "AWS_CONFIG_FILE",
                                    "AWS_SHARED_CREDENTIALS_FILE"};

static int64_t now(void *user)
{
    (void)user;
    return atomic_load(&clock_s);
}

static int setup(void **state)
{
    (void)state;
    hy_diag diag = {0};
    folder = test_folder_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
    setenv("HOME", folder, 1);
    atomic_store(&clock_s, START_S);
    atomic_store(&walks, 0);
    atomic_store(&failures, 0);
    assert_ok(hy_http_new(NULL, &http, &diag), &diag);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    hy_http_free(http);
    test_folder_free(folder);
    return 0;
}

static hy_credentials *make(void)
{
    hy_diag diag = {0};
    hy_credentials *credentials = NULL;
    const hy_credentials_options options = {
        .http = http, .imds_endpoint = server.origin, .sts_endpoint = server.origin, .now = now};
    assert_ok(hy_credentials_new(&options, &credentials, &diag), &diag);
    return credentials;
}

static hy_s3_keys take_keys(hy_credentials *credentials)
{
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = true;
    assert_ok(hy_credentials_get(credentials, NULL, &keys, &anonymous, &diag), &diag);
    assert_false(anonymous);
    return keys;
}

static void assert_key(hy_credentials *credentials, const char *access_key)
{
    hy_s3_keys keys = take_keys(credentials);
    assert_string_equal(keys.access_key, access_key);
    assert_string_equal(keys.secret_key, "S3CR3T");
    assert_string_equal(keys.session_token, "token");
    hy_s3_keys_free(&keys);
}

static void assert_failure(hy_credentials *credentials, hydra_status status, const char *part)
{
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = false;
    assert_failed(hy_credentials_get(credentials, NULL, &keys, &anonymous, &diag), status, &diag,
                  part);
    assert_null(strstr(diag.text, "S3CR3T"));
    assert_null(keys.access_key);
}

/* Start a server, get keys once, stop it. */
static void assert_first_key(int (*answer)(const char *, char *, size_t), const char *access_key)
{
    key_server_start(&server, answer);
    hy_credentials *credentials = make();
    assert_key(credentials, access_key);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

static void assert_first_failure(int (*answer)(const char *, char *, size_t), hydra_status status,
                                 const char *part)
{
    key_server_start(&server, answer);
    hy_credentials *credentials = make();
    assert_failure(credentials, status, part);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

/* ---- Answers ---- */

static bool begins(const char *request, const char *line)
{
    return strncmp(request, line, strlen(line)) == 0;
}

static void keep_request(const char *request)
{
    (void)pthread_mutex_lock(&request_lock);
    (void)snprintf(last_request, sizeof last_request, "%s", request);
    (void)pthread_mutex_unlock(&request_lock);
}

/* The last request held this, in any case. */
static bool sent(const char *part)
{
    (void)pthread_mutex_lock(&request_lock);
    bool found = strcasestr(last_request, part) != NULL;
    (void)pthread_mutex_unlock(&request_lock);
    return found;
}

/* KEY1, KEY2, ... */
static int give_keys(char *body, size_t size)
{
    int number = atomic_fetch_add(&walks, 1) + 1;
    (void)snprintf(body, size,
                   "{\"Code\":\"Success\",\"AccessKeyId\":\"KEY%d\",\"SecretAccessKey\":\"S3CR3T\","
                   "\"Token\":\"token\",\"Expiration\":\"%s\",\"More\":{\"a\":[1]}}",
                   number, number == 1 ? EXPIRY : "2026-11-26T18:00:00Z");
    return 200;
}

static bool fails_now(void)
{
    int left = atomic_load(&failures);
    if (left > 0) {
        atomic_store(&failures, left - 1);
    }
    return left > 0;
}

static int answer_imds(const char *request, char *body, size_t size)
{
    static const char path[] = "GET /latest/meta-data/iam/security-credentials/";
    if (fails_now()) {
        return 500;
    }
    if (begins(request, "PUT /latest/api/token ") &&
        strcasestr(request, "\r\nx-aws-ec2-metadata-token-ttl-seconds: 21600\r\n")) {
        (void)snprintf(body, size, "imds-token");
        return 200;
    }
    if (!strcasestr(request, "\r\nx-aws-ec2-metadata-token: imds-token\r\n")) {
        return 401;
    }
    if (begins(request, "GET /latest/meta-data/iam/security-credentials/ ")) {
        (void)snprintf(body, size, "my-role\nother");
        return 200;
    }
    return begins(request, path) && begins(request + sizeof path - 1, "my-role ")
               ? give_keys(body, size)
               : 404;
}

static int answer_no_role(const char *request, char *body, size_t size)
{
    return begins(request, "PUT ") ? answer_imds(request, body, size) : 404;
}

static int answer_v1_only(const char *request, char *body, size_t size)
{
    if (begins(request, "PUT ")) {
        return 405;
    }
    (void)snprintf(body, size, "my-role");
    return 200;
}

static int answer_container(const char *request, char *body, size_t size)
{
    keep_request(request);
    return fails_now() ? 503 : give_keys(body, size);
}

static int answer_twice_named(const char *request, char *body, size_t size)
{
    (void)request;
    (void)snprintf(body, size,
                   "{\"AccessKeyId\":\"A\",\"AccessKeyId\":\"B\","
                   "\"SecretAccessKey\":\"S3CR3T\"}");
    return 200;
}

static int answer_expired(const char *request, char *body, size_t size)
{
    (void)request;
    (void)snprintf(body, size,
                   "{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"S3CR3T\","
                   "\"Expiration\":\"2026-11-26T14:59:59Z\"}");
    return 200;
}

static int answer_too_much(const char *request, char *body, size_t size)
{
    (void)request;
    memset(body, ' ', size - 1);
    return 200;
}

static int answer_sts(const char *request, char *body, size_t size)
{
    keep_request(request);
    const char *action = strstr(request, "Action=AssumeRoleWithWebIdentity&")
                             ? "AssumeRoleWithWebIdentity"
                             : "AssumeRole";
    (void)snprintf(body, size,
                   "<%sResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><%sResult>"
                   "<Credentials><AccessKeyId>KEY%d</AccessKeyId><SecretAccessKey>S3CR3T"
                   "</SecretAccessKey><SessionToken>token</SessionToken><Expiration>" EXPIRY
                   "</Expiration></Credentials></%sResult></%sResponse>",
                   action, action, atomic_fetch_add(&walks, 1) + 1, action, action);
    return 200;
}

static int answer_denied(const char *request, char *body, size_t size)
{
    (void)request;
    (void)snprintf(body, size,
                   "<ErrorResponse><Error><Code>AccessDenied</Code><Message>You sent "
                   "S3CR3TJWT</Message></Error></ErrorResponse>");
    return 403;
}

/* ---- Tests ---- */

static void test_instance(void **state)
{
    (void)state;
    assert_first_key(answer_imds, "KEY1");
    assert_first_failure(answer_no_role, HYDRA_ERR_AUTH, "the instance has no role");
    assert_first_failure(answer_v1_only, HYDRA_ERR_AUTH, "no token for version 2");
    setenv("AWS_EC2_METADATA_DISABLED", "TRUE", 1);
    assert_first_failure(answer_imds, HYDRA_ERR_AUTH, "AWS_EC2_METADATA_DISABLED is set");
}

static void test_slow_instance(void **state)
{
    (void)state;
    key_server_start(&server, answer_imds);
    atomic_store(&server.delay_ms, 20000);
    hy_credentials *credentials = make();
    double start_s = hy_clock_s();
    assert_failure(credentials, HYDRA_ERR_AUTH, "instance metadata: ");
    assert_true(hy_clock_s() - start_s < 6);
    key_server_stop(&server);
    /* Nobody there at all. */
    assert_failure(credentials, HYDRA_ERR_AUTH, "instance metadata: ");
    hy_credentials_free(credentials);
}

/* Bounds from above are tried again: the machine may be busy. */
#define ATTEMPTS 5

static void *cancel_soon(void *user)
{
    const struct timespec pause = {0, 200000000};
    (void)nanosleep(&pause, NULL);
    hy_cancel_request(user);
    return NULL;
}

/* Seconds until a call that is cancelled after 0.2 s returns. */
static double cancel_one(hy_credentials *credentials)
{
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = false;
    double start_s = hy_clock_s();
    assert_int_equal(hy_credentials_get(credentials, &cancel, &keys, &anonymous, &diag),
                     HYDRA_ERR_CANCELLED);
    double took_s = hy_clock_s() - start_s;
    (void)pthread_join(thread, NULL);
    return took_s;
}

static void test_cancel(void **state)
{
    (void)state;
    key_server_start(&server, answer_imds);
    atomic_store(&server.delay_ms, 20000);
    hy_credentials *credentials = make();
    double took_s = INFINITY;
    for (int attempt = 0; attempt < ATTEMPTS && took_s >= 0.6; attempt++) {
        took_s = cancel_one(credentials);
    }
    assert_true(took_s < 0.6);
    key_server_stop(&server);
    hy_credentials_free(credentials);
}

static void set_container(void)
{
    char url[128];
    (void)snprintf(url, sizeof url, "%s/v2/keys?id=1", server.origin);
    setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
}

static void test_container(void **state)
{
    (void)state;
    key_server_start(&server, answer_container);
    set_container();
    char *path = test_path(folder, "token");
    hy_credentials *credentials = make();
    atomic_store(&failures, 2); /* tried again */
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "Bearer one", 1);
    assert_key(credentials, "KEY1");
    assert_true(sent("GET /v2/keys?id=1 "));
    assert_true(sent("\r\nauthorization: Bearer one\r\n"));
    hy_credentials_free(credentials);
    test_write_file(path, "two", 3);
    setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path, 1);
    credentials = make();
    assert_key(credentials, "KEY2");
    assert_true(sent("\r\nauthorization: two\r\n"));
    hy_credentials_free(credentials);
    test_write_file(path, "S3CR3T\n", 7);
    credentials = make();
    assert_failure(credentials, HYDRA_ERR_AUTH, "AUTHORIZATION_TOKEN_FILE: is empty, or holds");
    hy_credentials_free(credentials);
    key_server_stop(&server);
    free(path);
}

static void container_failure(int (*answer)(const char *, char *, size_t), hydra_status status,
                              const char *part)
{
    key_server_start(&server, answer);
    set_container();
    hy_credentials *credentials = make();
    assert_failure(credentials, status, part);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

static void test_bad_replies(void **state)
{
    (void)state;
    container_failure(answer_twice_named, HYDRA_ERR_FORMAT, "container: a reply that is no JSON");
    container_failure(answer_expired, HYDRA_ERR_AUTH, "expired already");
    container_failure(answer_too_much, HYDRA_ERR_LIMIT, "container");
    container_failure(answer_no_role, HYDRA_ERR_AUTH, "HTTP status 404");
    container_failure(answer_denied, HYDRA_ERR_AUTH, "HTTP status 403");
}

static void test_web_identity(void **state)
{
    (void)state;
    char *path = test_path(folder, "token");
    test_write_file(path, "first.+/=\n", 10);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    key_server_start(&server, answer_sts);
    hy_credentials *credentials = make();
    assert_key(credentials, "KEY1");
    assert_true(sent("POST / "));
    assert_true(sent("&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&"));
    assert_true(sent("&WebIdentityToken=first.%2B%2F%3D"));
    assert_false(sent("\r\nauthorization:"));
    /* Read anew when the keys are renewed. */
    test_write_file(path, "second", 6);
    atomic_store(&clock_s, START_S + 3301);
    assert_key(credentials, "KEY2");
    assert_true(sent("&WebIdentityToken=second"));
    hy_credentials_free(credentials);
    key_server_stop(&server);
    atomic_store(&clock_s, START_S);
    test_write_file(path, "S3CR3TJWT", 9);
    assert_first_failure(answer_denied, HYDRA_ERR_AUTH,
                         "web identity: AssumeRoleWithWebIdentity: HTTP status 403, AccessDenied");
    free(path);
}

static void test_assume_role(void **state)
{
    (void)state;
    static const char config[] =
        "[default]\nrole_arn = arn:r\nsource_profile = base\nexternal_id = e\n"
        "role_session_name = me\nduration_seconds = 900\nregion = eu-west-1\n"
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = S3CR3T\n"
        "aws_session_token = base-token\n";
    char *path = test_path(folder, "config");
    test_write_file(path, config, sizeof config - 1);
    setenv("AWS_CONFIG_FILE", path, 1);
    assert_first_key(answer_sts, "KEY1");
    assert_true(sent("Action=AssumeRole&Version=2011-06-15&RoleArn=arn%3Ar&"
                     "RoleSessionName=me&ExternalId=e&DurationSeconds=900"));
    assert_true(sent("Credential=BASE/20261126/eu-west-1/sts/aws4_request"));
    assert_true(sent("\r\nx-amz-security-token: base-token\r\n"));
    free(path);
}

static int answer_as_proxy(const char *request, char *body, size_t size)
{
    keep_request(request);
    return answer_denied(request, body, size);
}

/* Each partition of AWS has a domain of its own; a proxy is told it. */
static void test_sts_host(void **state)
{
    (void)state;
    static const struct {
        const char *region;
        const char *connect;
    } cases[] = {
        {"eu-west-1", "CONNECT sts.eu-west-1.amazonaws.com:443 "},
        {"cn-north-1", "CONNECT sts.cn-north-1.amazonaws.com.cn:443 "},
        {"us-iso-east-1", "CONNECT sts.us-iso-east-1.c2s.ic.gov:443 "},
        {"eusc-de-east-1", "CONNECT sts.eusc-de-east-1.amazonaws.eu:443 "},
    };
    char *path = test_path(folder, "token");
    test_write_file(path, "token", 5);
    setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path, 1);
    setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        hy_http *proxied = NULL;
        hy_credentials *credentials = NULL;
        setenv("AWS_REGION", cases[i].region, 1);
        key_server_start(&server, answer_as_proxy);
        const hy_http_options by = {.proxy = server.origin};
        assert_ok(hy_http_new(&by, &proxied, &diag), &diag);
        const hy_credentials_options options = {.http = proxied, .now = now};
        assert_ok(hy_credentials_new(&options, &credentials, &diag), &diag);
        assert_failure(credentials, HYDRA_ERR_NETWORK, "the proxy refused to connect");
        assert_true(sent(cases[i].connect));
        hy_credentials_free(credentials);
        hy_http_free(proxied);
        key_server_stop(&server);
    }
    unsetenv("AWS_REGION");
    free(path);
}

/* ---- Renewal ---- */

typedef struct getter {
    pthread_t thread;
    hy_credentials *credentials;
    char access_key[16];
    hydra_status status;
} getter;

static void *get_one(void *user)
{
    getter *g = user;
    hy_diag diag = {0};
    hy_s3_keys keys;
    bool anonymous = false;
    g->status = hy_credentials_get(g->credentials, NULL, &keys, &anonymous, &diag);
    (void)snprintf(g->access_key, sizeof g->access_key, "%s",
                   keys.access_key ? keys.access_key : "");
    hy_s3_keys_free(&keys);
    return NULL;
}

static void get_all(hy_credentials *credentials, getter *getters)
{
    for (int i = 0; i < THREADS; i++) {
        getters[i] = (getter){.credentials = credentials};
        assert_int_equal(pthread_create(&getters[i].thread, NULL, get_one, &getters[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(getters[i].thread, NULL);
    }
}

static int count_key(const getter *getters, const char *access_key)
{
    int count = 0;
    for (int i = 0; i < THREADS; i++) {
        count += getters[i].status == HYDRA_OK && strcmp(getters[i].access_key, access_key) == 0;
    }
    return count;
}

static void test_one_thread_renews(void **state)
{
    (void)state;
    getter getters[THREADS];
    key_server_start(&server, answer_imds);
    atomic_store(&server.delay_ms, 100);
    hy_credentials *credentials = make();
    get_all(credentials, getters); /* none yet: seven wait for one */
    assert_int_equal(count_key(getters, "KEY1"), THREADS);
    assert_int_equal(atomic_load(&server.requests), 3);
    atomic_store(&clock_s, START_S + 3299);
    get_all(credentials, getters); /* more than 5 minutes are left */
    assert_int_equal(atomic_load(&server.requests), 3);
    atomic_store(&clock_s, START_S + 3300);
    get_all(credentials, getters); /* old ones for those that do not renew */
    assert_int_equal(count_key(getters, "KEY1") + count_key(getters, "KEY2"), THREADS);
    assert_true(count_key(getters, "KEY2") >= 1);
    assert_key(credentials, "KEY2");
    assert_int_equal(atomic_load(&server.requests), 6);
    assert_int_equal(atomic_load(&walks), 2);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

static void test_failure_is_shared(void **state)
{
    (void)state;
    getter getters[THREADS];
    key_server_start(&server, answer_v1_only);
    atomic_store(&server.delay_ms, 300);
    hy_credentials *credentials = make();
    get_all(credentials, getters);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(getters[i].status, HYDRA_ERR_AUTH);
    }
    assert_true(atomic_load(&server.requests) < THREADS);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

static void test_endpoint_down(void **state)
{
    (void)state;
    key_server_start(&server, answer_imds);
    hy_credentials *credentials = make();
    uint64_t seen = 0;
    uint64_t seen_late = 0;
    char text[HY_DIAG_BYTES] = "";
    assert_key(credentials, "KEY1");
    assert_false(hy_credentials_warning(credentials, &seen, text));
    atomic_store(&failures, 1000);
    atomic_store(&clock_s, START_S + 3400);
    int before = atomic_load(&server.requests);
    assert_key(credentials, "KEY1");
    assert_true(hy_credentials_warning(credentials, &seen, text));
    assert_non_null(strstr(text, "the old ones go on for 200 s: "));
    assert_null(strstr(text, "S3CR3T"));
    assert_key(credentials, "KEY1"); /* not at once again */
    assert_int_equal(atomic_load(&server.requests), before + 1);
    atomic_store(&clock_s, START_S + 3440);
    assert_key(credentials, "KEY1");
    assert_int_equal(atomic_load(&server.requests), before + 2);
    assert_false(hy_credentials_warning(credentials, &seen, text));
    assert_true(hy_credentials_warning(credentials, &seen_late, text)); /* each is told once */
    atomic_store(&clock_s, START_S + 3600);                             /* expired */
    assert_failure(credentials, HYDRA_ERR_AUTH, "HTTP status 500");
    atomic_store(&failures, 0);
    assert_key(credentials, "KEY2");
    uint64_t seen_after = 0;
    assert_false(hy_credentials_warning(credentials, &seen_after, text)); /* it is over */
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

static void test_reject(void **state)
{
    (void)state;
    getter getters[THREADS];
    key_server_start(&server, answer_imds);
    hy_credentials *credentials = make();
    assert_key(credentials, "KEY1");
    hy_s3_keys stale = take_keys(credentials);
    hy_credentials_reject(credentials, &stale);
    get_all(credentials, getters);
    assert_int_equal(count_key(getters, "KEY2"), THREADS);
    hy_credentials_reject(credentials, &stale); /* a late thread: not those of now */
    assert_key(credentials, "KEY2");
    assert_int_equal(atomic_load(&walks), 2);
    hy_s3_keys_free(&stale);
    hy_credentials_free(credentials);
    key_server_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_instance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_slow_instance, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_container, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_replies, setup, teardown),
        cmocka_unit_test_setup_teardown(test_web_identity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_assume_role, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sts_host, setup, teardown),
        cmocka_unit_test_setup_teardown(test_one_thread_renews, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failure_is_shared, setup, teardown),
        cmocka_unit_test_setup_teardown(test_endpoint_down, setup, teardown),
        cmocka_unit_test_setup_teardown(test_reject, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
