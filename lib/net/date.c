/* SPDX-License-Identifier: MIT */
/* The three forms of an HTTP date (RFC 9110, 5.6.7) and that of XML and JSON (RFC 3339), read
 * without the locale and the C library's time zone. */
#include "net.h"

#include <string.h>

typedef struct date {
    int year;
    int month; /* 1.. */
    int day;
    int hour;
    int minute;
    int second;
} date;

/* `count` digits; the first may be a blank where `blank`. False: not so. */
static bool take_number(const char **at, int count, bool blank, int *out)
{
    *out = 0;
    for (int i = 0; i < count; i++) {
        char c = **at;
        if (blank && i == 0 && c == ' ') {
            c = '0';
        }
        if (c < '0' || c > '9') {
            return false;
        }
        *out = *out * 10 + (c - '0');
        (*at)++;
    }
    return true;
}

static bool take_text(const char **at, const char *text)
{
    size_t size = strlen(text);
    if (strncmp(*at, text, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

static bool take_month(const char **at, int *month)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (int i = 0; i < 12; i++) {
        if (strncmp(*at, names + (ptrdiff_t)3 * i, 3) == 0) {
            *at += 3;
            *month = i + 1;
            return true;
        }
    }
    return false;
}

static bool take_time(const char **at, date *d)
{
    return take_number(at, 2, false, &d->hour) && take_text(at, ":") &&
           take_number(at, 2, false, &d->minute) && take_text(at, ":") &&
           take_number(at, 2, false, &d->second);
}

/* "06 Nov 1994 08:49:37 GMT" */
static bool read_fixed(const char *at, date *d)
{
    return take_number(&at, 2, false, &d->day) && take_text(&at, " ") &&
           take_month(&at, &d->month) && take_text(&at, " ") &&
           take_number(&at, 4, false, &d->year) && take_text(&at, " ") && take_time(&at, d) &&
           take_text(&at, " GMT") && *at == '\0';
}

/* "06-Nov-94 08:49:37 GMT" (RFC 850) */
static bool read_rfc850(const char *at, date *d)
{
    bool read = take_number(&at, 2, false, &d->day) && take_text(&at, "-") &&
                take_month(&at, &d->month) && take_text(&at, "-") &&
                take_number(&at, 2, false, &d->year) && take_text(&at, " ") && take_time(&at, d) &&
                take_text(&at, " GMT") && *at == '\0';
    d->year += d->year < 70 ? 2000 : 1900;
    return read;
}

/* "Nov  6 08:49:37 1994" (asctime) */
static bool read_asctime(const char *at, date *d)
{
    return take_month(&at, &d->month) && take_text(&at, " ") &&
           take_number(&at, 2, true, &d->day) && take_text(&at, " ") && take_time(&at, d) &&
           take_text(&at, " ") && take_number(&at, 4, false, &d->year) && *at == '\0';
}

static bool is_valid(const date *d)
{
    if (d->month < 1 || d->month > 12) {
        return false;
    }
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;
    int most = days[d->month - 1] + (d->month == 2 && leap);
    /* 60 is a leap second. */
    return d->year >= 1970 && d->day >= 1 && d->day <= most && d->hour < 24 && d->minute < 60 &&
           d->second <= 60;
}

/* Days since 1970-01-01 in the Gregorian calendar. Years begin in March here, so that a leap day is
 * the last of its year. */
static int64_t days_since_epoch(const date *d)
{
    int64_t year = d->month <= 2 ? d->year - 1 : d->year;
    int64_t month = d->month <= 2 ? d->month + 9 : d->month - 3;
    int64_t day_of_year = (153 * month + 2) / 5 + d->day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

/* -1 = there is no such time. */
static int64_t seconds_of(const date *d)
{
    return is_valid(d) ? days_since_epoch(d) * 86400 + d->hour * 3600 + d->minute * 60 + d->second
                       : -1;
}

int64_t hy_http_date(const char *text)
{
    date d = {0};
    const char *comma = strchr(text, ',');
    bool read;
    if (comma && comma[1] == ' ') {
        read = read_fixed(comma + 2, &d) || read_rfc850(comma + 2, &d);
    } else {
        const char *blank = strchr(text, ' ');
        read = blank && read_asctime(blank + 1, &d);
    }
    return read ? seconds_of(&d) : -1;
}

int64_t hy_iso_date(const char *text, const char **end)
{
    date d = {0};
    bool read = take_number(&text, 4, false, &d.year) && take_text(&text, "-") &&
                take_number(&text, 2, false, &d.month) && take_text(&text, "-") &&
                take_number(&text, 2, false, &d.day) && take_text(&text, "T") &&
                take_time(&text, &d);
    if (*text == '.') {
        text += 1 + strspn(text + 1, "0123456789");
    }
    if (end) {
        *end = text;
    }
    return read ? seconds_of(&d) : -1;
}
