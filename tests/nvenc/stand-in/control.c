/* SPDX-License-Identifier: MIT */
/* What is alive in the stand-in, its device memory, and the functions for tests of fakenv.h. */
#include "state.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT 512

struct block {
    struct block *next;
    void *memory;
    size_t bytes;
    int gpu;
};

static atomic_llong alive[FAKENV_KINDS];
static struct block *blocks;
static uint64_t used_bytes[FAKENV_MAX_GPUS];
static void (*purge_sessions)(void);

static const char *const kind_names[FAKENV_KINDS] = {
    "sessions", "inputs",  "bitstreams", "registered",  "mapped",
    "contexts", "streams", "events",     "allocations",
};

void fakenv_alive(enum fakenv_kind kind, int change)
{
    atomic_fetch_add(&alive[kind], change);
}

void *fakenv_alloc(int gpu, size_t bytes)
{
    const struct fakenv_config config = fakenv_config();
    const uint64_t limit = config.vram_bytes ? config.vram_bytes : config.gpus[gpu].memory_bytes;
    struct block *block = malloc(sizeof(*block));

    if (!block)
        return NULL;
    pthread_mutex_lock(&fakenv_lock);
    block->memory = NULL;
    if (bytes <= limit && used_bytes[gpu] <= limit - bytes)
        block->memory =
            aligned_alloc(ALIGNMENT, (bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1));
    if (block->memory) {
        memset(block->memory, 0xa5, bytes);
        block->bytes = bytes;
        block->gpu = gpu;
        block->next = blocks;
        blocks = block;
        used_bytes[gpu] += bytes;
        fakenv_alive(FAKENV_ALLOCATIONS, 1);
    }
    pthread_mutex_unlock(&fakenv_lock);
    void *memory = block->memory;
    if (!memory)
        free(block);
    return memory;
}

static void drop(struct block **link)
{
    struct block *block = *link;

    *link = block->next;
    used_bytes[block->gpu] -= block->bytes;
    fakenv_alive(FAKENV_ALLOCATIONS, -1);
    free(block->memory);
    free(block);
}

bool fakenv_free(void *memory)
{
    struct block **link = &blocks;

    pthread_mutex_lock(&fakenv_lock);
    while (*link && (*link)->memory != memory)
        link = &(*link)->next;
    const bool found = *link;
    if (found)
        drop(link);
    pthread_mutex_unlock(&fakenv_lock);
    return found;
}

void fakenv_purge_memory(void)
{
    while (blocks)
        drop(&blocks);
}

uint64_t fakenv_used_bytes(int gpu)
{
    pthread_mutex_lock(&fakenv_lock);
    const uint64_t bytes = used_bytes[gpu];
    pthread_mutex_unlock(&fakenv_lock);
    return bytes;
}

void fakenv_on_purge(void (*function)(void))
{
    pthread_mutex_lock(&fakenv_lock);
    purge_sessions = function;
    pthread_mutex_unlock(&fakenv_lock);
}

static void purge(void)
{
    pthread_mutex_lock(&fakenv_lock);
    void (*sessions)(void) = purge_sessions;
    pthread_mutex_unlock(&fakenv_lock);
    if (sessions)
        sessions();
    fakenv_purge_contexts();
    pthread_mutex_lock(&fakenv_lock);
    fakenv_purge_memory();
    pthread_mutex_unlock(&fakenv_lock);
}

int fakenv_control(const char *command)
{
    const size_t length = strcspn(command, " ");
    char name[32] = "";
    bool ok = true;

    fakenv_init();
    if (length >= sizeof(name))
        return -1;
    memcpy(name, command, length);
    if (!strcmp(command, "purge")) {
        purge();
        return 0;
    }
    pthread_mutex_lock(&fakenv_lock);
    if (!strcmp(command, "reset"))
        fakenv_reset_faults();
    else if (!strcmp(command, "release"))
        fakenv_release();
    else
        ok = fakenv_set(name, command + length + (command[length] == ' '));
    pthread_mutex_unlock(&fakenv_lock);
    return ok ? 0 : -1;
}

static long long sum_bytes(void)
{
    uint64_t sum = 0;

    for (int i = 0; i < FAKENV_MAX_GPUS; i++)
        sum += used_bytes[i];
    return (long long)sum;
}

long long fakenv_count(const char *what)
{
    long long count = 0;

    fakenv_init();
    for (int i = 0; i < FAKENV_KINDS; i++) {
        if (!strcmp(what, kind_names[i]))
            return atomic_load(&alive[i]);
        count += atomic_load(&alive[i]);
    }
    if (!strcmp(what, "leaks"))
        return count;
    pthread_mutex_lock(&fakenv_lock);
    if (!strcmp(what, "bytes"))
        count = sum_bytes();
    else if (!strcmp(what, "hanging"))
        count = fakenv_hanging();
    else
        count = fakenv_calls(what);
    pthread_mutex_unlock(&fakenv_lock);
    return count;
}
