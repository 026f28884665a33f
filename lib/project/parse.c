/* SPDX-License-Identifier: MIT */
/* The edge to jansson: its errors become issues here and nowhere else. */
#include <locale.h>

#include "read.h"

/* A project of `images` images never has more values than this. */
static int64_t most_values(int32_t images)
{
    return 1024 + (int64_t)images * 32;
}

static void put_place(hy_issues *issues, hy_text_place place)
{
    issues->items[issues->count - 1].line = place.line;
    issues->items[issues->count - 1].column = place.column;
}

/* An issue of the text itself, at a byte of it. */
static void add_issue(hydra_status status, const char *text, hy_text_place place, hy_issues *issues,
                      hy_diag *diag)
{
    hy_diag printable = {0};
    (void)hy_fail(&printable, status, "%s", text);
    if (hy_issues_add(issues, status, "", printable.text, diag) == HYDRA_OK) {
        put_place(issues, place);
    }
}

hydra_status hy_json_check_extent(const char *json, size_t size, const hydra_policy *policy,
                                  hy_issues *issues, hy_diag *diag)
{
    hy_diag text = {0};
    hy_text_place place = {0, 0};
    if (size > HY_JSON_MAX_BYTES) {
        (void)hy_fail(&text, HYDRA_ERR_LIMIT, "%llu bytes of JSON, the limit is %llu",
                      (unsigned long long)size, (unsigned long long)HY_JSON_MAX_BYTES);
    } else {
        hy_json_extent extent = hy_json_measure(json, size);
        if (extent.too_deep_at < size) {
            place = hy_text_place_at(json, size, extent.too_deep_at);
            (void)hy_fail(&text, HYDRA_ERR_LIMIT,
                          "arrays and objects in more than %d levels, one in another",
                          HY_JSON_MAX_DEPTH);
        } else if (extent.values > most_values(policy->max_images)) {
            (void)hy_fail(&text, HYDRA_ERR_LIMIT,
                          "%lld values, more than the %d images that the policy allows can have "
                          "(max_images)",
                          (long long)extent.values, (int)policy->max_images);
        }
    }
    if (text.status != HYDRA_OK) {
        add_issue(text.status, text.text, place, issues, diag);
    }
    return text.status;
}

static hydra_status status_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
    case json_error_numeric_overflow:
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return HYDRA_ERR_ARGUMENT; /* it is JSON, but nothing that a project can hold */
    default:
        return HYDRA_ERR_FORMAT;
    }
}

/* jansson gives strtod the decimal point of the locale, but knows only points of one byte and
 * aborts on others (ps_AF). So this thread, and no other, is in the C locale meanwhile. */
static json_t *parse_in_c_locale(const char *json, size_t size, json_error_t *error)
{
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        error->text[0] = '\0';
        return NULL;
    }
    locale_t before = uselocale(c_locale);
    json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, error);
    (void)uselocale(before);
    freelocale(c_locale);
    return root;
}

/* jansson's own words, but where they speak of its flags. */
static const char *text_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a string holds the character \\u0000";
    default:
        return error->text;
    }
}

json_t *hy_json_parse(const char *json, size_t size, hy_issues *issues, hy_diag *diag)
{
    json_error_t error;
    json_t *root = parse_in_c_locale(json, size, &error);
    if (root) {
        return root;
    }
    if (!error.text[0]) {
        /* Without a text it is memory that failed. */
        (void)hy_fail_memory(diag);
        return NULL;
    }
    /* The position is behind the last byte that was taken; one that is no UTF-8 is not. */
    size_t at = error.position > 0 ? (size_t)error.position : 0;
    at -= at > 0 && json_error_code(&error) != json_error_invalid_utf8;
    add_issue(status_of(&error), text_of(&error), hy_text_place_at(json, size, at), issues, diag);
    return NULL;
}
