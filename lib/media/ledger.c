/* SPDX-License-Identifier: MIT */
/* The packet ledger: a growing array of small entries. */
#include "ledger.h"

#include <libavutil/crc.h>

#define FIRST_CAPACITY 1024

_Static_assert(sizeof(hy_ledger_entry) <= 40, "an hour of video has 280,000 packets");

uint32_t hy_ledger_crc(uint32_t crc, const uint8_t *data, size_t size)
{
    return av_crc(av_crc_get_table(AV_CRC_32_IEEE_LE), crc, data, size);
}

static bool grow(hy_ledger *ledger)
{
    size_t capacity = FIRST_CAPACITY;
    if (ledger->capacity && !hy_add_size(ledger->capacity, ledger->capacity / 2, &capacity)) {
        return false;
    }
    hy_ledger_entry *entries = hy_realloc_array(ledger->entries, capacity, sizeof *entries);
    if (!entries) {
        return false;
    }
    ledger->entries = entries;
    ledger->capacity = capacity;
    return true;
}

hydra_status hy_ledger_add(hy_ledger *ledger, const hy_packet *packet, int64_t offset, bool audio,
                           hy_diag *diag)
{
    if (packet->size == 0 || packet->size > INT32_MAX || packet->duration < 0 ||
        packet->duration > INT32_MAX) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "%s packet of %zu bytes and duration %lld",
                       audio ? "audio" : "video", packet->size, (long long)packet->duration);
    }
    if (ledger->count == ledger->capacity && !grow(ledger)) {
        return hy_fail_memory(diag);
    }
    ledger->entries[ledger->count++] = (hy_ledger_entry){
        .offset = offset,
        .pts = packet->pts,
        .dts = packet->dts,
        .size = (uint32_t)packet->size,
        .crc = ledger->no_checksums ? 0 : hy_ledger_crc(0, packet->data, packet->size),
        .duration = (int32_t)packet->duration,
        .flags = (packet->key ? HY_LEDGER_KEY : 0U) | (audio ? HY_LEDGER_AUDIO : 0U),
    };
    return HYDRA_OK;
}

void hy_ledger_free(hy_ledger *ledger)
{
    hy_free(ledger->entries);
    *ledger = (hy_ledger){.entries = NULL};
}
