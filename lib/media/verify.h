/* SPDX-License-Identifier: MIT */
/* Private to media/: reading the output back and holding its bytes against what was written. All
 * of it does nothing when the sink cannot be read. */
#ifndef HY_VERIFY_H
#define HY_VERIFY_H

#include "muxer.h"

/* A piece of the output in memory. */
typedef struct hy_window {
    hy_sink *sink;
    const hy_cancel *cancel;
    int64_t end; /* of the file */
    uint8_t *bytes;
    int64_t start;
    size_t size; /* valid bytes, from `start` on */
} hy_window;

/* The muxer's sink and its cancel. */
hydra_status hy_window_open(hy_window *window, const hy_muxer *muxer, int64_t end, hy_diag *diag);
void hy_window_close(hy_window *window);

/* The file holds `expected` at `offset`; `what` names the place in the error text. */
hydra_status hy_window_compare(hy_window *window, int64_t offset, const uint8_t *expected,
                               size_t size, const char *what, hy_diag *diag);
/* The bytes of a packet have the checksum of the ledger. */
hydra_status hy_window_check(hy_window *window, const hy_ledger_entry *entry, hy_diag *diag);

#endif
