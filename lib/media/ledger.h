/* SPDX-License-Identifier: MIT */
/* Private to media/: what was written where, packet by packet, so that the result can be held
 * against it. */
#ifndef HY_LEDGER_H
#define HY_LEDGER_H

#include "media.h"

#define HY_LEDGER_KEY   1U
#define HY_LEDGER_AUDIO 2U

typedef struct hy_ledger_entry {
    int64_t offset; /* in the file */
    int64_t pts;    /* as in hy_packet */
    int64_t dts;
    uint32_t size;
    uint32_t crc; /* 0 in a ledger without checksums */
    int32_t duration;
    uint32_t flags;
} hy_ledger_entry;

/* In the order of writing. All zero = empty. */
typedef struct hy_ledger {
    hy_ledger_entry *entries;
    size_t count;
    size_t capacity;
    bool no_checksums; /* nothing will be read back: set before the first packet */
} hy_ledger;

/* Note a packet that starts at `offset` of the file. */
hydra_status hy_ledger_add(hy_ledger *ledger, const hy_packet *packet, int64_t offset, bool audio,
                           hy_diag *diag);
void hy_ledger_free(hy_ledger *ledger);

/* Checksum of bytes that continue those of `crc`; 0 to begin. */
uint32_t hy_ledger_crc(uint32_t crc, const uint8_t *data, size_t size);

static inline bool hy_ledger_is_audio(const hy_ledger_entry *entry)
{
    return (entry->flags & HY_LEDGER_AUDIO) != 0;
}

#endif
