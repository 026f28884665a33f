/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: a fragmented MP4 is checked before it leaves, piece by piece: what has left
 * cannot be read back.
 */
#ifndef HY_VERIFY_FRAGMENTS_H
#define HY_VERIFY_FRAGMENTS_H

#include "mp4_check.h"

/* `base` up to `audio` is set by the muxer; the rest starts as zero. */
typedef struct hy_fragments_check {
    hy_mp4_check base;
    hy_mp4_sum video;
    hy_mp4_sum audio;
    uint32_t fragments;
} hy_fragments_check;

/* All before the first fragment, whose packets are in the ledger. `bytes` must live on. */
hydra_status hy_fragments_check_init(hy_fragments_check *check, hy_span bytes,
                                     const hy_ledger *ledger, hy_diag *diag);
/* The next fragment: holds all packets of the ledger, to the byte, and nothing else. It starts at
 * `position` of the file; sets the packets' offsets. */
hydra_status hy_fragments_check_next(hy_fragments_check *check, hy_span bytes, int64_t position,
                                     hy_ledger *ledger, hy_diag *diag);
/* No more fragments: all frames are there. Fills what the file tells. */
hydra_status hy_fragments_check_end(hy_fragments_check *check, int64_t frames, hydra_result *result,
                                    hy_diag *diag);

#endif
