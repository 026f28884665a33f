/* SPDX-License-Identifier: MIT */
/* Checked allocation, the memory meter and the growable buffer. */
#include "mem.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

bool hy_mul_size(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) {
        return false;
    }
    *out = product;
    return true;
}

bool hy_add_size(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) {
        return false;
    }
    *out = sum;
    return true;
}

void *hy_calloc(size_t count, size_t size)
{
    return calloc(count ? count : 1, size ? size : 1);
}

void *hy_realloc_array(void *ptr, size_t count, size_t size)
{
    size_t bytes;
    if (!hy_mul_size(count, size, &bytes)) {
        return NULL;
    }
    return realloc(ptr, bytes ? bytes : 1);
}

void *hy_alloc_aligned(size_t bytes)
{
    size_t padded;
    if (!hy_add_size(bytes, HY_ALIGN - 1, &padded)) {
        return NULL;
    }
    padded &= ~(size_t)(HY_ALIGN - 1);
    return aligned_alloc(HY_ALIGN, padded ? padded : HY_ALIGN);
}

void hy_free(void *ptr)
{
    free(ptr);
}

void hy_free_secret(char *text)
{
    if (text) {
        explicit_bzero(text, strlen(text));
    }
    free(text);
}

#ifndef __has_feature
#define __has_feature(feature) 0 /* clang's; GCC has a macro of its own */
#endif

/* From here on pages of their own cost less than what they save. Sanitizers watch the edges of heap
 * blocks only, so under them everything stays on the heap. */
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#define LARGE_BLOCK SIZE_MAX
#else
#define LARGE_BLOCK ((size_t)512 << 10)
#endif

/* Of x86-64 and, with pages of 4 KiB, of ARM. Elsewhere it is an alignment like any other. */
#define HUGE_PAGE ((size_t)2 << 20)

/* Pages from the system that start at a multiple of `align`, a power of 2: what is too much in
 * front and behind goes back. NULL where there is no room. */
static void *map_aligned(size_t bytes, size_t align)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t whole;
    if (!hy_add_size(bytes, align + page, &whole)) {
        return NULL;
    }
    uint8_t *start = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) {
        return NULL;
    }
    size_t front = (align - (uintptr_t)start % align) % align;
    size_t used = (bytes + page - 1) / page * page;
    if (front > 0) {
        (void)munmap(start, front);
    }
    if (whole - front > used) {
        (void)munmap(start + front + used, whole - front - used);
    }
    return start + front;
}

void *hy_block_new(size_t bytes)
{
    if (bytes < LARGE_BLOCK) {
        return hy_alloc_aligned(bytes);
    }
    if (bytes < HUGE_PAGE) {
        void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return block == MAP_FAILED ? NULL : block;
    }
    void *block = map_aligned(bytes, HUGE_PAGE);
    if (block) {
        (void)madvise(block, bytes / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
    }
    return block;
}

void hy_block_free(void *block, size_t bytes)
{
    if (bytes < LARGE_BLOCK) {
        hy_free(block);
    } else if (block) {
        (void)munmap(block, bytes);
    }
}

char *hy_strdup(const char *text)
{
    return hy_memdup(text, strlen(text) + 1);
}

void *hy_memdup(const void *data, size_t size)
{
    void *copy = malloc(size ? size : 1);
    if (copy && size) {
        memcpy(copy, data, size);
    }
    return copy;
}

bool hy_meter_take(hy_meter *meter, size_t bytes)
{
    if (!meter) {
        return true;
    }
    long long size = bytes < LLONG_MAX / 2 ? (long long)bytes : LLONG_MAX / 2;
    long long now = atomic_fetch_add(&meter->current_bytes, size) + size;
    if (meter->limit_bytes > 0 && now > meter->limit_bytes) {
        atomic_fetch_sub(&meter->current_bytes, size);
        atomic_store(&meter->exceeded, true);
        return false;
    }
    long long peak = atomic_load(&meter->peak_bytes);
    while (now > peak && !atomic_compare_exchange_weak(&meter->peak_bytes, &peak, now)) {
    }
    return true;
}

void hy_meter_give(hy_meter *meter, size_t bytes)
{
    if (meter) {
        atomic_fetch_sub(&meter->current_bytes, (long long)bytes);
    }
}

hydra_status hy_meter_fail(const hy_meter *meter, hy_diag *diag)
{
    if (meter && atomic_load(&meter->exceeded)) {
        return hy_fail(diag, HYDRA_ERR_LIMIT,
                       "pictures need more than the policy's max_memory_bytes, %lld",
                       (long long)meter->limit_bytes);
    }
    return hy_fail_memory(diag);
}

/* realloc would leave a copy behind where it moves the block. */
static uint8_t *grow(const hy_buffer *buffer, size_t capacity)
{
    if (!buffer->secret) {
        return realloc(buffer->data, capacity);
    }
    uint8_t *data = malloc(capacity);
    if (data && buffer->data) {
        memcpy(data, buffer->data, buffer->size);
        explicit_bzero(buffer->data, buffer->capacity);
        free(buffer->data);
    }
    return data;
}

bool hy_buffer_reserve(hy_buffer *buffer, size_t size)
{
    if (size <= buffer->size) {
        return true;
    }
    if (size > buffer->limit) {
        return false;
    }
    if (size > buffer->capacity) {
        size_t capacity = buffer->capacity ? buffer->capacity : 256;
        while (capacity < size) {
            capacity = capacity > buffer->limit / 2 ? buffer->limit : capacity * 2;
        }
        uint8_t *data = grow(buffer, capacity);
        if (!data) {
            return false;
        }
        buffer->data = data;
        buffer->capacity = capacity;
    }
    memset(buffer->data + buffer->size, 0, size - buffer->size);
    buffer->size = size;
    return true;
}

bool hy_buffer_append(hy_buffer *buffer, const void *data, size_t size)
{
    size_t at = buffer->size;
    size_t end;
    if (!hy_add_size(at, size, &end) || !hy_buffer_reserve(buffer, end)) {
        return false;
    }
    if (size) {
        memcpy(buffer->data + at, data, size);
    }
    return true;
}

bool hy_buffer_print(hy_buffer *buffer, const char *format, ...)
{
    char line[256];
    char *text = line;
    va_list args;
    va_start(args, format);
    int length = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (length >= (int)sizeof line) {
        text = hy_calloc((size_t)length + 1, 1);
        if (!text) {
            return false;
        }
        va_start(args, format);
        length = vsnprintf(text, (size_t)length + 1, format, args);
        va_end(args);
    }
    bool appended = length >= 0 && hy_buffer_append(buffer, text, (size_t)length);
    if (text != line) {
        hy_free(text);
    }
    return appended;
}

void hy_buffer_free(hy_buffer *buffer)
{
    if (buffer->secret && buffer->data) {
        explicit_bzero(buffer->data, buffer->capacity);
    }
    free(buffer->data);
    buffer->data = NULL;
    buffer->size = 0;
    buffer->capacity = 0;
}
