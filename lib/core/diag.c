/* SPDX-License-Identifier: MIT */
/* Failure texts: the first cause wins, names from outside are made printable. */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void hy_diag_clear(hy_diag *diag)
{
    diag->status = HYDRA_OK;
    diag->text[0] = '\0';
}

size_t hy_utf8_length(const unsigned char *text)
{
    unsigned char lead = text[0];
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    /* Longer than need be, a surrogate, or beyond U+10FFFF: the second byte tells. */
    bool valid = !(lead == 0xe0 && text[1] < 0xa0) && !(lead == 0xed && text[1] > 0x9f) &&
                 !(lead == 0xf0 && text[1] < 0x90) && !(lead == 0xf4 && text[1] > 0x8f);
    return valid ? length : 0;
}

bool hy_utf8_is_valid(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t length = 1;
    for (; *at && length > 0; at += length) {
        length = hy_utf8_length(at);
    }
    return length > 0;
}

/* C0, DEL, and C1 (U+0080..U+009F), which some terminals obey too. */
static bool is_control(const unsigned char *text)
{
    return text[0] < 0x20 || text[0] == 0x7f || (text[0] == 0xc2 && text[1] < 0xa0);
}

/* A text that was cut must not end within a sequence. */
static void drop_partial_sequence(char *text)
{
    size_t start = strlen(text);
    for (int i = 0; i < 3 && start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80; i++) {
        start--;
    }
    if (start > 0 && (unsigned char)text[start - 1] >= 0xc0 &&
        hy_utf8_length((unsigned char *)text + start - 1) == 0) {
        text[start - 1] = '\0';
    }
}

/* A file name may hold line breaks, terminal escapes and bytes that are no UTF-8; an error text
 * must not, it goes into logs and into strings of other languages. */
static void make_printable(char *text)
{
    unsigned char *at = (unsigned char *)text;
    while (*at) {
        size_t length = hy_utf8_length(at);
        if (length == 0 || is_control(at)) {
            length = length ? length : 1;
            memset(at, '?', length);
        }
        at += length;
    }
}

hydra_status hy_fail(hy_diag *diag, hydra_status status, const char *format, ...)
{
    if (diag->status != HYDRA_OK) {
        return diag->status;
    }
    diag->status = status;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(diag->text, sizeof diag->text, format, args);
    va_end(args);
    if (length >= (int)sizeof diag->text) {
        drop_partial_sequence(diag->text);
    }
    make_printable(diag->text);
    return status;
}

static hydra_status status_from_errno(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return HYDRA_ERR_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return HYDRA_ERR_PERMISSION;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return HYDRA_ERR_SPACE;
    case ENOMEM:
        return HYDRA_ERR_MEMORY;
    case ENAMETOOLONG:
    case EISDIR:
    case ELOOP:
        return HYDRA_ERR_ARGUMENT;
    default:
        return HYDRA_ERR_IO;
    }
}

hydra_status hy_fail_errno(hy_diag *diag, int error, const char *name, const char *action)
{
    /* strerrordesc_np: English, thread-safe, independent of the locale. */
    const char *cause = strerrordesc_np(error);
    return hy_fail(diag, status_from_errno(error), "%s: %s failed: %s", name, action,
                   cause ? cause : "unknown error");
}

hydra_status hy_fail_memory(hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_MEMORY, "out of memory");
}
