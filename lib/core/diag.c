/* SPDX-License-Identifier: MIT */
/* Failure texts: the first cause wins, names from outside are made printable. */
#include "diag.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hy_diag_clear(hy_diag *diag)
{
    diag->status = HYDRA_OK;
    diag->text[0] = '\0';
}

/* A file name may hold line breaks and terminal escapes; a log line must not. A text that was cut
 * must not end inside a UTF-8 sequence. */
static void make_printable(char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f) {
            text[i] = '?';
        }
    }
    if (length + 1 < HY_DIAG_BYTES) {
        return;
    }
    while (length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) {
        length--;
    }
    if (length > 0 && (unsigned char)text[length - 1] >= 0xc0) {
        length--;
    }
    text[length] = '\0';
}

hydra_status hy_fail(hy_diag *diag, hydra_status status, const char *format, ...)
{
    if (diag->status != HYDRA_OK) {
        return diag->status;
    }
    diag->status = status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(diag->text, sizeof diag->text, format, args);
    va_end(args);
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
