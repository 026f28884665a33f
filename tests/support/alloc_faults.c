/* SPDX-License-Identifier: MIT */
/* Stands between the library and the C library's allocator. */
#include "alloc_faults.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *block);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __wrap_free(void *block);

static atomic_int countdown;
static atomic_bool failed;
static atomic_int live;
static const char *_Atomic wanted;
static atomic_int found;

void test_fail_allocation(int nth)
{
    atomic_store(&failed, false);
    atomic_store(&countdown, nth);
}

bool test_allocation_failed(void)
{
    return atomic_load(&failed);
}

int test_live_blocks(void)
{
    return atomic_load(&live);
}

int test_freed_with(const char *part)
{
    atomic_store(&wanted, part);
    return atomic_exchange(&found, 0);
}

static void look_at(void *block)
{
    const char *part = atomic_load(&wanted);
    if (part && block) {
        size_t size = strnlen(block, malloc_usable_size(block));
        atomic_fetch_add(&found, memmem(block, size, part, strlen(part)) ? 1 : 0);
    }
}

bool test_allocation_fails_now(void)
{
    if (atomic_load(&countdown) > 0 && atomic_fetch_sub(&countdown, 1) == 1) {
        atomic_store(&failed, true);
        return true;
    }
    return false;
}

static void *counted(void *block)
{
    atomic_fetch_add(&live, block ? 1 : 0);
    return block;
}

void *__wrap_malloc(size_t size)
{
    return test_allocation_fails_now() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return test_allocation_fails_now() ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size)
{
    if (test_allocation_fails_now()) {
        return NULL;
    }
    void *moved = __real_realloc(block, size);
    return block ? moved : counted(moved);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return test_allocation_fails_now() ? NULL : counted(__real_aligned_alloc(alignment, size));
}

void __wrap_free(void *block)
{
    look_at(block);
    atomic_fetch_sub(&live, block ? 1 : 0);
    __real_free(block);
}
