/* SPDX-License-Identifier: MIT */
/* Which addresses, hosts and schemes a policy lets through: every range, at both of its ends. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "net/net.h"
#include "support.h"

static hydra_policy strict_policy(void)
{
    hydra_policy policy;
    assert_int_equal(hydra_policy_preset(&policy, HYDRA_POLICY_SERVICE), HYDRA_OK);
    return policy;
}

static bool allows(const hydra_policy *policy, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return hy_guard_allows(policy, "host", (const struct sockaddr *)&v4);
    }
    assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return hy_guard_allows(policy, "host", (const struct sockaddr *)&v6);
}

static void test_inside(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.255",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::127.0.0.1",
        "::10.1.2.3",
        "::ffff:0:0:0",
        "::ffff:0:127.0.0.1",
        "::ffff:0:8.8.8.8",
        "64:ff9b:1::",
        "64:ff9b:1::10.0.0.1",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fd00:ec2::254",
        "fe80::1",
        "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "fec0::",
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "ff00::",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        "::ffff:127.0.0.1",
        "::ffff:10.1.2.3",
        "::ffff:a9fe:a9fe",
        "64:ff9b::127.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2002:a9fe:a9fe:1::1",
        "2002:c0a8:101::1",
    };
    const hydra_policy policy = strict_policy();
    hydra_policy local;
    hydra_policy_init(&local);
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (allows(&policy, addresses[i])) {
            fail_msg("%s is let through", addresses[i]);
        }
        assert_true(allows(&local, addresses[i]));
        assert_true(allows(NULL, addresses[i]));
    }
}

static void test_outside(void **state)
{
    (void)state;
    static const char *const addresses[] = {
        "1.0.0.0",          "9.255.255.255",   "11.0.0.0",
        "100.63.255.255",   "100.128.0.0",     "126.255.255.255",
        "128.0.0.0",        "169.253.255.255", "169.255.0.0",
        "172.15.255.255",   "172.32.0.0",      "191.255.255.255",
        "192.0.1.0",        "192.167.255.255", "192.169.0.0",
        "198.17.255.255",   "198.20.0.0",      "223.255.255.255",
        "8.8.8.8",          "::1:0:0",         "2001:4860:4860::8888",
        "fbff:ffff::",      "fe7f:ffff::",     "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8", "2002:808:808::1", "64:ff9b:2::10.0.0.1",
        "::ffff:1:0:0",     "::fffe:0:a00:1",
    };
    const hydra_policy policy = strict_policy();
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        if (!allows(&policy, addresses[i])) {
            fail_msg("%s is refused", addresses[i]);
        }
    }
}

static void test_other_families(void **state)
{
    (void)state;
    const hydra_policy policy = strict_policy();
    const struct sockaddr local = {.sa_family = AF_UNIX};
    assert_false(hy_guard_allows(&policy, "host", &local));
}

static void test_allowed_networks(void **state)
{
    (void)state;
    const char *const networks[] = {"10.1.0.0/16", "127.0.0.1", "fd00:1::/32", "::1/128"};
    hydra_policy policy = strict_policy();
    policy.networks = networks;
    policy.network_count = 4;
    assert_true(allows(&policy, "10.1.0.0"));
    assert_true(allows(&policy, "10.1.255.255"));
    assert_true(allows(&policy, "::ffff:10.1.2.3"));
    assert_false(allows(&policy, "10.0.255.255"));
    assert_false(allows(&policy, "10.2.0.0"));
    assert_true(allows(&policy, "127.0.0.1"));
    assert_false(allows(&policy, "127.0.0.2"));
    assert_true(allows(&policy, "fd00:1:ffff::1"));
    assert_false(allows(&policy, "fd00:2::1"));
    assert_true(allows(&policy, "::1"));
    assert_true(allows(&policy, "8.8.8.8"));
}

static void test_texts_of_networks(void **state)
{
    (void)state;
    static const char *const good[] = {"0.0.0.0/0",   "10.0.0.0/8",  "10.1.2.3",
                                       "10.1.2.3/32", "10.1.2.2/31", "::/0",
                                       "fd00::/8",    "fe80::/10",   "2001:db8::1"};
    static const char *const bad[] = {"",
                                      "/8",
                                      "10.0.0.0/",
                                      "10.0.0.0/33",
                                      "10.0.0.1/8",
                                      "10.0.0.0/-1",
                                      "10.0.0.0/8x",
                                      "10.0.0.0/0008",
                                      "10.0.0/8",
                                      "0x0a.0.0.0/8",
                                      "fd00::/129",
                                      "fd00::1/8",
                                      "[fd00::]/8",
                                      "fe80::1%eth0",
                                      "example.com",
                                      " 10.0.0.0/8",
                                      "fd00:0000:0000:0000:0000:0000:0000:0000:0000:0000/8"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(hy_guard_network_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(hy_guard_network_is_valid(bad[i]));
    }
}

static void test_hosts(void **state)
{
    (void)state;
    const char *const hosts[] = {"cdn.Example.com", ".images.example", "10.0.0.7", "::1"};
    static const struct {
        const char *host;
        bool allowed;
    } cases[] = {
        {"cdn.example.com", true},
        {"CDN.EXAMPLE.COM", true},
        {"cdn.example.com.", true},
        {"a.cdn.example.com", false},
        {"example.com", false},
        {"xcdn.example.com", false},
        {"images.example", true},
        {"a.images.example", true},
        {"a.b.images.example.", true},
        {"ximages.example", false},
        {"images.example.evil", false},
        {"10.0.0.7", true},
        {"10.0.0.70", false},
        {"::1", true},
        {"", false},
    };
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.hosts = hosts;
    policy.host_count = 4;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        hydra_status status = hy_guard_check_host(&policy, cases[i].host, "photo", &diag);
        if ((status == HYDRA_OK) != cases[i].allowed) {
            fail_msg("%s", cases[i].host);
        }
        if (!cases[i].allowed) {
            assert_failed(status, HYDRA_ERR_PERMISSION, &diag, "photo: the policy does not allow");
        }
    }
    const struct sockaddr_in any = {.sin_family = AF_INET};
    assert_false(hy_guard_allows(&policy, "evil.example", (const struct sockaddr *)&any));
    assert_true(hy_guard_allows(&policy, "cdn.example.com", (const struct sockaddr *)&any));
}

static void test_texts_of_hosts(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "a.b", ".a.b", "a-b_c.d9", "10.0.0.1", "::1"};
    static const char *const bad[] = {"",     ".",        "a.",    "a..b", "..a", "a/b",
                                      "a:80", "http://a", "[::1]", "a b",  "*.a", "\xc3\xa4.de"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(hy_guard_host_is_valid(good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(hy_guard_host_is_valid(bad[i]));
    }
}

static void test_schemes(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_url http;
    hy_url https;
    const hydra_policy policy = strict_policy();
    assert_ok(hy_url_parse(&http, "http://a/", &diag), &diag);
    assert_ok(hy_url_parse(&https, "https://a/", &diag), &diag);
    assert_ok(hy_guard_check_url(NULL, &http, "n", &diag), &diag);
    assert_ok(hy_guard_check_url(&policy, &https, "n", &diag), &diag);
    assert_failed(hy_guard_check_url(&policy, &http, "n", &diag), HYDRA_ERR_PERMISSION, &diag,
                  "n: the policy does not allow http");
    hy_url_free(&http);
    hy_url_free(&https);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inside),
        cmocka_unit_test(test_outside),
        cmocka_unit_test(test_other_families),
        cmocka_unit_test(test_allowed_networks),
        cmocka_unit_test(test_texts_of_networks),
        cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_texts_of_hosts),
        cmocka_unit_test(test_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
