/* SPDX-License-Identifier: MIT */
/* Allocation with overflow-checked sizes, and the meter that bounds and reports a job's memory. */
#ifndef HY_MEM_H
#define HY_MEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "diag.h"

/* Largest SIMD register, one cache line: rows of pictures start at multiples of it. */
#define HY_ALIGN 64

/* `out` = a * b. False when it does not fit; `out` is then unchanged. */
bool hy_mul_size(size_t a, size_t b, size_t *out);
/* `out` = a + b, as above. */
bool hy_add_size(size_t a, size_t b, size_t *out);

/* Zeroed array of `count` items. NULL when memory is out or the size overflows. */
void *hy_calloc(size_t count, size_t size);
/* Resize an array to `count` items; the old one stays valid when NULL is returned. */
void *hy_realloc_array(void *ptr, size_t count, size_t size);
/* Not zeroed, aligned to HY_ALIGN; free with hy_free. */
void *hy_alloc_aligned(size_t bytes);
void hy_free(void *ptr);
/* Text that may be a secret: wiped before it is freed. NULL does nothing. */
void hy_free_secret(char *text);

/*
 * A block for pixels, aligned to HY_ALIGN, content not set. Large ones are pages of their own that
 * go back to the system at once: mixed with the short-lived buffers of decoders, blocks that stay
 * for seconds would keep the heap from shrinking and a long render would grow. From 2 MiB on they
 * start where huge pages do, and the system is asked for these: a picture's rows are far apart, so
 * reading down a column touches many small pages.
 */
void *hy_block_new(size_t bytes);
/* `bytes` as it was made. NULL does nothing. */
void hy_block_free(void *block, size_t bytes);

char *hy_strdup(const char *text);
void *hy_memdup(const void *data, size_t size);

/* Bytes that are held now and the most that were. Shared by the threads of a job. */
typedef struct hy_meter {
    atomic_llong current_bytes;
    atomic_llong peak_bytes;
    int64_t limit_bytes; /* most that may be held, the policy's; 0 = no limit */
    atomic_bool exceeded;
} hy_meter;

/* Before an allocation. False: it would exceed the limit, and nothing is counted. A NULL meter
 * does nothing. */
bool hy_meter_take(hy_meter *meter, size_t bytes);
void hy_meter_give(hy_meter *meter, size_t bytes);
/* Why a metered allocation failed: the policy's limit (HYDRA_ERR_LIMIT) or no memory. */
hydra_status hy_meter_fail(const hy_meter *meter, hy_diag *diag);

/* A growable block of bytes with a ceiling. All zero but `limit` and `secret` = empty. */
typedef struct hy_buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
    size_t limit; /* most bytes it may hold */
    bool secret;  /* wiped before memory of it goes back, also when it grows */
} hy_buffer;

/* Make the buffer at least `size` bytes long; new bytes are zero. False: over the limit or no
 * memory, and the buffer is unchanged. */
bool hy_buffer_reserve(hy_buffer *buffer, size_t size);
bool hy_buffer_append(hy_buffer *buffer, const void *data, size_t size);
/* Append text of any length, without its NUL; `format` as in hy_fail. Not for secrets: the C
 * library leaves pieces of what it prints on the stack. */
bool hy_buffer_print(hy_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void hy_buffer_free(hy_buffer *buffer);

#endif
