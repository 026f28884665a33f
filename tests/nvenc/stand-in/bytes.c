/* SPDX-License-Identifier: MIT */
/* A run of bytes that grows. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

bool fakenv_append(struct fakenv_bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size > bytes->capacity) {
        const size_t capacity = (bytes->size + size) * 2;
        uint8_t *grown = realloc(bytes->data, capacity);
        if (!grown)
            return false;
        bytes->data = grown;
        bytes->capacity = capacity;
    }
    if (size)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
    return true;
}

void fakenv_bytes_free(struct fakenv_bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct fakenv_bytes){.data = NULL};
}
