/* SPDX-License-Identifier: MIT */
/* HTTP dates in their three forms and ISO dates, against the C library's calendar. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "net/net.h"
#include "support.h"

static void test_the_three_forms(void **state)
{
    (void)state;
    assert_int_equal(hy_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
    assert_int_equal(hy_http_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
    assert_int_equal(hy_http_date("Sun Nov  6 08:49:37 1994"), 784111777);
    assert_int_equal(hy_http_date("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(hy_http_date("Thu, 29 Feb 2024 23:59:60 GMT"), 1709251200);
    assert_int_equal(hy_http_date("Fri, 31 Dec 9999 23:59:59 GMT"), INT64_C(253402300799));
    assert_int_equal(hy_http_date("Monday, 01-Jan-69 00:00:00 GMT"), INT64_C(3124224000));
}

static void test_rubbish(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        " ",
        ",",
        ", ",
        "0",
        "yesterday",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Wed, 29 Feb 2023 00:00:00 GMT",
        "Mon, 29 Feb 2100 00:00:00 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
        "Sun Nov  6 08:49:37 199",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hy_http_date(bad[i]) != -1) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void test_iso(void **state)
{
    (void)state;
    const char *end = NULL;
    assert_int_equal(hy_iso_date("1970-01-01T00:00:00Z", &end), 0);
    assert_string_equal(end, "Z");
    assert_int_equal(hy_iso_date("2000-02-29T12:34:56", &end), 951827696);
    assert_string_equal(end, "");
    assert_int_equal(hy_iso_date("2026-11-26T15:04:05.678+01:00", &end), 1795705445);
    assert_string_equal(end, "+01:00");
    assert_int_equal(hy_iso_date("2016-12-31T23:59:60Z", NULL), 1483228800);
    static const char *const bad[] = {"",
                                      "2026-11-26",
                                      "2026-11-26 15:04:05",
                                      "2026-00-26T15:04:05",
                                      "2026-13-26T15:04:05",
                                      "2026-11-31T15:04:05",
                                      "2026-02-29T15:04:05",
                                      "2026-11-26T24:04:05",
                                      "2026-11-26T15:60:05",
                                      "2026-11-26T15:04:61",
                                      "1969-11-26T15:04:05",
                                      "026-11-26T15:04:05"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (hy_iso_date(bad[i], &end) != -1) {
            fail_msg("%s", bad[i]);
        }
    }
}

static void test_many_days(void **state)
{
    (void)state;
    char text[64];
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (int64_t at = 0; at < INT64_C(8000000000); at += 86400 * 17 + 12345) {
        time_t time = (time_t)at;
        struct tm tm;
        assert_non_null(gmtime_r(&time, &tm));
        (void)snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                       tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
                       tm.tm_sec);
        assert_int_equal(hy_http_date(text), at);
        (void)snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_int_equal(hy_iso_date(text, NULL), at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_three_forms),
        cmocka_unit_test(test_rubbish),
        cmocka_unit_test(test_iso),
        cmocka_unit_test(test_many_days),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
