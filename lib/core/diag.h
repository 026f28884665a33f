/* SPDX-License-Identifier: MIT */
/* The first cause of a failure, for people: which input, what was wrong. */
#ifndef HY_DIAG_H
#define HY_DIAG_H

#include <stdbool.h>
#include <stddef.h>

#include <hydra/status.h>

#define HY_DIAG_BYTES 512

/* All zero = no failure yet. Not thread-safe: each task has its own, merged by its owner. */
typedef struct hy_diag {
    hydra_status status;
    char text[HY_DIAG_BYTES];
} hy_diag;

void hy_diag_clear(hy_diag *diag);

/*
 * Record a failure unless one is recorded already, and return the status that is recorded, so that
 * `return hy_fail(...)` reads well. The text is UTF-8: control characters and other bytes that came
 * with names are replaced by '?'; a text that is too long is cut.
 * No %f and the like: their output depends on the locale.
 */
hydra_status hy_fail(hy_diag *diag, hydra_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "NAME: ACTION failed: No such file or directory", with the status that suits `error` (errno). */
hydra_status hy_fail_errno(hy_diag *diag, int error, const char *name, const char *action);

/* HYDRA_ERR_MEMORY with a text. */
hydra_status hy_fail_memory(hy_diag *diag);

/* Length of the UTF-8 sequence (RFC 3629) that starts a NUL-terminated text; 0 = it is not one. */
size_t hy_utf8_length(const unsigned char *text);
/* The whole text is such sequences. */
bool hy_utf8_is_valid(const char *text);

#endif
