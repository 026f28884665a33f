/* SPDX-License-Identifier: MIT */
/* The edge to jansson: its errors become issues here and nowhere else. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

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

/* An issue of the text itself, at a place in it. */
static void add_issue(hydra_status status, const char *pointer, const char *text,
                      hy_text_place place, hy_issues *issues, hy_diag *diag)
{
    hy_diag printable = {0};
    (void)hy_fail(&printable, status, "%s", text);
    int32_t before = issues->count;
    if (hy_issues_add(issues, status, pointer, printable.text, diag) == HYDRA_OK &&
        issues->count > before) {
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
        add_issue(text.status, "", text.text, place, issues, diag);
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
    /* Whole numbers have no type of their own in JSON, nor a range. */
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL;
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale) {
        error->text[0] = '\0';
        return NULL;
    }
    locale_t before = uselocale(c_locale);
    json_t *root = json_loadb(json, size, flags, error);
    (void)uselocale(before);
    freelocale(c_locale);
    return root;
}

/* A text that is being parsed, as often as it takes. */
typedef struct parser {
    const char *json;
    size_t size;
    char *mended;  /* a copy without what stopped the parser so far; or NULL */
    int32_t mends; /* in the copy */
    hy_issues *issues;
    hy_diag *diag;
} parser;

static const char *text_in(const parser *p)
{
    return p->mended ? p->mended : p->json;
}

static void complain_key(parser *p, const hy_json_spot *spot, hydra_status status,
                         const char *pointer)
{
    char text[HY_DIAG_BYTES];
    json_t *key = hy_json_spot_key(text_in(p), spot);
    const char *name = key ? json_string_value(key) : "";
    (void)snprintf(text, sizeof text, "the key \"%.60s\" is there already", name);
    add_issue(status, pointer, text, hy_text_place_at(p->json, p->size, spot->start), p->issues,
              p->diag);
    json_decref(key);
}

/* What stopped the parser at this byte, in its own words but where they speak of its flags. */
static void complain(parser *p, const json_error_t *error, size_t at, const hy_json_spot *spot)
{
    char pointer[HY_POINTER_BYTES] = "";
    hydra_status status = status_of(error);
    const char *text = error->text;
    if (status == HYDRA_ERR_ARGUMENT && spot->start < p->size) {
        at = spot->start;
        hy_json_spot_pointer(text_in(p), spot, pointer);
    }
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        complain_key(p, spot, status, pointer);
        return;
    case json_error_null_character:
    case json_error_null_byte_in_key:
        text = "a string holds the character \\u0000";
        break;
    default:
        break;
    }
    add_issue(status, pointer, text, hy_text_place_at(p->json, p->size, at), p->issues, p->diag);
}

/* Whether there is a copy that may be changed once more. All the parsing again costs no more than
 * the largest text does. */
static bool may_mend(parser *p)
{
    if (p->mends >= HY_JSON_MAX_ISSUES || (size_t)p->mends + 1 > HY_JSON_MAX_BYTES / p->size) {
        return false;
    }
    if (!p->mended) {
        p->mended = hy_calloc(p->size, 1);
        if (!p->mended) {
            (void)hy_fail_memory(p->diag);
            return false;
        }
        memcpy(p->mended, p->json, p->size);
    }
    p->mends++;
    return true;
}

/* Take what stopped the parser out of the text. True when it is worth another try. What is left in
 * place of a number is an issue of the value that it is. */
static bool go_on_after(parser *p, const json_error_t *error)
{
    /* The position is behind the last byte that was taken; one that is no UTF-8 is not. */
    size_t at = error->position > 0 ? (size_t)error->position : 0;
    at -= at > 0 && json_error_code(error) != json_error_invalid_utf8;
    hy_json_spot spot = hy_json_spot_at(text_in(p), p->size, at);
    bool is_number = json_error_code(error) == json_error_numeric_overflow;
    bool is_member = json_error_code(error) == json_error_duplicate_key;
    bool mended = false;
    if (!is_number) {
        complain(p, error, at, &spot);
    }
    if ((is_number || is_member) && p->diag->status == HYDRA_OK && may_mend(p)) {
        mended = is_number ? hy_json_cap_number(p->mended, &spot)
                           : hy_json_cut_member(p->mended, p->size, &spot);
    }
    if (is_number && !mended && p->diag->status == HYDRA_OK) {
        complain(p, error, at, &spot);
    }
    return mended;
}

json_t *hy_json_parse(const char *json, size_t size, hy_issues *issues, hy_diag *diag)
{
    parser p = {.json = json, .size = size, .issues = issues, .diag = diag};
    json_t *root;
    bool again;
    do {
        json_error_t error;
        root = parse_in_c_locale(text_in(&p), size, &error);
        if (!root && !error.text[0]) {
            /* Without a text it is memory that failed. */
            (void)hy_fail_memory(diag);
        }
        again = !root && diag->status == HYDRA_OK && go_on_after(&p, &error);
    } while (again);
    hy_free(p.mended);
    return root;
}
