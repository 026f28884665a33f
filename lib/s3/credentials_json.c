/* SPDX-License-Identifier: MIT */
/* What containers' and instances' endpoints answer: a flat JSON object with keys and their expiry.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "credentials.h"

/* jansson frees strings as they are. */
static void wipe(const json_t *root, const char *name)
{
    const json_t *value = json_object_get(root, name);
    if (json_is_string(value)) {
        OPENSSL_cleanse((void *)(uintptr_t)json_string_value(value), json_string_length(value));
    }
}

static const char *text_of(const json_t *root, const char *name)
{
    return json_string_value(json_object_get(root, name));
}

static hydra_status take(const hy_key_walk *walk, const json_t *root, const char *name,
                         hy_s3_keys *out, hy_diag *diag)
{
    const char *code = text_of(root, "Code");
    const char *access_key = text_of(root, "AccessKeyId");
    const char *secret_key = text_of(root, "SecretAccessKey");
    if (code && strcmp(code, "Success") != 0) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "%s: answered %.64s", name, code);
    }
    if (!access_key || !secret_key) {
        return hy_fail(diag, HYDRA_ERR_FORMAT,
                       "%s: a reply without AccessKeyId or "
                       "SecretAccessKey",
                       name);
    }
    hydra_status status =
        hy_keys_set(out, access_key, secret_key, text_of(root, "Token"), name, diag);
    if (status == HYDRA_OK) {
        status = hy_keys_set_expiry(walk, text_of(root, "Expiration"), name, out, diag);
    }
    return status;
}

hydra_status hy_keys_from_json(const hy_key_walk *walk, const hy_buffer *json, const char *name,
                               hy_s3_keys *out, hy_diag *diag)
{
    json_error_t error;
    json_t *root = json_loadb((const char *)json->data, json->size, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) {
        json_decref(root);
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: a reply that is no JSON object", name);
    }
    hydra_status status = take(walk, root, name, out, diag);
    wipe(root, "SecretAccessKey");
    wipe(root, "Token");
    json_decref(root);
    return status;
}

/* `count` digits. -1 = others. */
static int digits(const char *text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

/* Days since 1970 of a day in the Gregorian calendar: years begin in March, so that a leap day
 * ends one. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

int64_t hy_key_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:dd";
    size_t length = strlen(text);
    if (length < sizeof form) {
        return -1;
    }
    for (size_t i = 0; form[i]; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (form[i] == 'd' ? !digit : text[i] != form[i]) {
            return -1;
        }
    }
    size_t end = sizeof form - 1;
    size_t fraction = text[end] == '.' ? 1 + strspn(text + end + 1, "0123456789") : 0;
    if (strcmp(text + end + fraction, "Z") != 0) {
        return -1;
    }
    int month = digits(text + 5, 2);
    int day = digits(text + 8, 2);
    int hour = digits(text + 11, 2);
    int minute = digits(text + 14, 2);
    int second = digits(text + 17, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) {
        return -1;
    }
    return days_of(digits(text, 4), month, day) * 86400 + hour * 3600 + minute * 60 + second;
}

hydra_status hy_keys_set_expiry(const hy_key_walk *walk, const char *text, const char *name,
                                hy_s3_keys *out, hy_diag *diag)
{
    int64_t expires_s = text ? hy_key_time(text) : 0;
    hydra_status status = HYDRA_OK;
    if (text && expires_s <= 0) {
        status = hy_fail(diag, HYDRA_ERR_FORMAT, "%s: an expiry that is no time", name);
    } else if (text && expires_s <= walk->now_s) {
        status = hy_fail(diag, HYDRA_ERR_AUTH, "%s: gave keys that have expired already", name);
    }
    if (status != HYDRA_OK) {
        hy_s3_keys_free(out);
        *out = (hy_s3_keys){0};
        return status;
    }
    out->expires_s = expires_s;
    return HYDRA_OK;
}
