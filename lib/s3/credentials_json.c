/* SPDX-License-Identifier: MIT */
/*
 * What containers' and instances' endpoints answer: a flat JSON object with keys and their expiry.
 * Read by hand: libraries free the texts that they have read as they are.
 */
#include <string.h>

#include "credentials.h"

#define MAX_DEPTH 16 /* of what else is in there */

enum {
    CODE,
    ACCESS_KEY,
    SECRET_KEY,
    TOKEN,
    EXPIRATION,
    FIELDS
};

static const char *const field_names[FIELDS] = {"Code", "AccessKeyId", "SecretAccessKey", "Token",
                                                "Expiration"};

typedef struct json_reader {
    const char *at;
    const char *end;
    char *fields[FIELDS]; /* NULL = not there, or no text */
    bool no_memory;
} json_reader;

static void skip_blanks(json_reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || (*r->at >= '\t' && *r->at <= '\r'))) {
        r->at++;
    }
}

/* A character that may have blanks before it. */
static bool take_mark(json_reader *r, char mark)
{
    skip_blanks(r);
    bool there = r->at < r->end && *r->at == mark;
    r->at += there;
    return there;
}

/* What follows "\u". Beyond ASCII is a character that no key has. */
static bool take_code(json_reader *r, char *out)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        int digit = r->at < r->end ? hy_hex_digit(*r->at) : -1;
        if (digit < 0) {
            return false;
        }
        code = code * 16 + digit;
        r->at++;
    }
    *out = code > 0 && code < 0x7F ? (char)code : 0x7F;
    return true;
}

/* What follows a backslash. */
static bool take_escape(json_reader *r, char *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    char letter = r->at < r->end ? *r->at++ : '\0';
    if (letter == 'u') {
        return take_code(r, out);
    }
    const char *found = letter ? strchr(letters, letter) : NULL;
    *out = found ? meanings[found - letters] : '\0';
    return found != NULL;
}

/* A text with its quotes, decoded. Free `*text` with hy_free_secret; NULL after a failure. */
static bool take_text(json_reader *r, char **text)
{
    *text = NULL;
    if (!take_mark(r, '"')) {
        return false;
    }
    hy_buffer out = {.limit = HY_KEY_FILE_BYTES, .secret = true};
    while (r->at < r->end && *r->at != '"') {
        char c = *r->at++;
        bool good = (unsigned char)c >= ' ' && (c != '\\' || take_escape(r, &c));
        bool kept = good && hy_buffer_append(&out, &c, 1);
        r->no_memory = r->no_memory || (good && !kept);
        if (!kept) {
            hy_buffer_free(&out);
            return false;
        }
    }
    if (r->at == r->end || !hy_buffer_append(&out, "", 1)) {
        r->no_memory = r->at < r->end;
        hy_buffer_free(&out);
        return false;
    }
    r->at++;
    *text = (char *)out.data;
    return true;
}

static bool skip_text(json_reader *r)
{
    char *text = NULL;
    bool good = take_text(r, &text);
    hy_free_secret(text);
    return good;
}

/* A number, true, false, null. */
static bool skip_word(json_reader *r)
{
    const char *begin = r->at;
    while (r->at < r->end && *r->at && strchr("+-.0123456789Eaeflnrstu", *r->at)) {
        r->at++;
    }
    return r->at > begin;
}

static bool skip_value(json_reader *r, int depth)
{
    skip_blanks(r);
    char first = r->at < r->end ? *r->at : '\0';
    if (first == '"') {
        return skip_text(r);
    }
    if (first != '{' && first != '[') {
        return skip_word(r);
    }
    char last = first == '{' ? '}' : ']';
    r->at++;
    if (depth == MAX_DEPTH || take_mark(r, last)) {
        return depth < MAX_DEPTH;
    }
    do {
        if (first == '{' && !(skip_text(r) && take_mark(r, ':'))) {
            return false;
        }
        if (!skip_value(r, depth + 1)) {
            return false;
        }
    } while (take_mark(r, ','));
    return take_mark(r, last);
}

/* The value of a field that counts, once. */
static bool take_field(json_reader *r, char **field)
{
    skip_blanks(r);
    bool is_text = r->at < r->end && *r->at == '"';
    return is_text ? !*field && take_text(r, field) : skip_value(r, 1);
}

static bool take_member(json_reader *r)
{
    char *name = NULL;
    bool good = take_text(r, &name) && take_mark(r, ':');
    int field = 0;
    while (good && field < FIELDS && strcmp(name, field_names[field]) != 0) {
        field++;
    }
    hy_free_secret(name);
    return good && (field < FIELDS ? take_field(r, &r->fields[field]) : skip_value(r, 1));
}

static bool take_object(json_reader *r)
{
    bool good = take_mark(r, '{');
    if (good && !take_mark(r, '}')) {
        do {
            good = take_member(r);
        } while (good && take_mark(r, ','));
        good = good && take_mark(r, '}');
    }
    skip_blanks(r);
    return good && r->at == r->end;
}

static hydra_status take(const hy_key_walk *walk, char *const *fields, const char *name,
                         hy_s3_keys *out, hy_diag *diag)
{
    if (fields[CODE] && strcmp(fields[CODE], "Success") != 0) {
        return hy_fail(diag, HYDRA_ERR_AUTH, "%s: answered %.64s", name, fields[CODE]);
    }
    if (!fields[ACCESS_KEY] || !fields[SECRET_KEY]) {
        return hy_fail(diag, HYDRA_ERR_FORMAT,
                       "%s: a reply without AccessKeyId or "
                       "SecretAccessKey",
                       name);
    }
    hydra_status status =
        hy_keys_set(out, fields[ACCESS_KEY], fields[SECRET_KEY], fields[TOKEN], name, diag);
    if (status == HYDRA_OK) {
        status = hy_keys_set_expiry(walk, fields[EXPIRATION], name, out, diag);
    }
    return status;
}

hydra_status hy_keys_from_json(const hy_key_walk *walk, const hy_buffer *json, const char *name,
                               hy_s3_keys *out, hy_diag *diag)
{
    hydra_status status;
    const char *text = json->data ? (const char *)json->data : "";
    json_reader r = {.at = text, .end = text + json->size};
    if (take_object(&r)) {
        status = take(walk, r.fields, name, out, diag);
    } else if (r.no_memory) {
        status = hy_fail_memory(diag);
    } else {
        status = hy_fail(diag, HYDRA_ERR_FORMAT, "%s: a reply that is no JSON object", name);
    }
    for (int i = 0; i < FIELDS; i++) {
        hy_free_secret(r.fields[i]);
    }
    return status;
}

int64_t hy_key_time(const char *text)
{
    const char *end;
    int64_t time_s = hy_iso_date(text, &end);
    return time_s >= 0 && strcmp(end, "Z") == 0 ? time_s : -1;
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
