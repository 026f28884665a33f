/* SPDX-License-Identifier: MIT */
/* A run of bytes that grows. */
#ifndef FAKENV_BYTES_H
#define FAKENV_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fakenv_bytes {
    uint8_t *data;
    size_t size, capacity;
};

/* False: no memory, nothing changed. */
bool fakenv_append(struct fakenv_bytes *bytes, const void *data, size_t size);
void fakenv_bytes_free(struct fakenv_bytes *bytes);

#endif
