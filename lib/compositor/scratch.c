/* SPDX-License-Identifier: MIT */
/* Counted work memory: its size and meter stand in one aligned unit in front of it. */
#include "scratch.h"

#include <string.h>

typedef struct header {
    hy_meter *meter;
    size_t bytes;
} header;

_Static_assert(sizeof(header) <= HY_ALIGN, "the header fits into the unit before the block");

void *hy_scratch_new(hy_meter *meter, size_t count, size_t size)
{
    size_t bytes;
    if (!hy_mul_size(count, size, &bytes) || !hy_add_size(bytes, HY_ALIGN, &bytes)) {
        return NULL;
    }
    if (!hy_meter_take(meter, bytes)) {
        return NULL;
    }
    uint8_t *block = hy_block_new(bytes);
    if (!block) {
        hy_meter_give(meter, bytes);
        return NULL;
    }
    memset(block, 0, bytes);
    const header head = {.meter = meter, .bytes = bytes};
    memcpy(block, &head, sizeof head);
    return block + HY_ALIGN;
}

void hy_scratch_free(void *scratch)
{
    if (!scratch) {
        return;
    }
    uint8_t *block = (uint8_t *)scratch - HY_ALIGN;
    header head;
    memcpy(&head, block, sizeof head);
    hy_meter_give(head.meter, head.bytes);
    hy_block_free(block, head.bytes);
}
