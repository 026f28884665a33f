/* SPDX-License-Identifier: MIT */
/*
 * What the two libraries of the stand-in share: settings, faults, and the count of what is alive.
 * It lives in libcuda.so.1; libnvidia-encode.so.1 links to that, so a process has one state.
 */
#ifndef FAKENV_STATE_H
#define FAKENV_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../fakenv.h"

#define FAKENV_MAX_GPUS    8
#define FAKENV_MAX_ENGINES 8

struct fakenv_gpu {
    char name[64];
    int major, minor; /* compute capability */
    bool has_nvenc;
    uint64_t memory_bytes;
    unsigned pci_domain, pci_bus, pci_device;
    uint8_t uuid[16];
};

struct fakenv_config {
    struct fakenv_gpu gpus[FAKENV_MAX_GPUS];
    int gpu_count;
    int api_major, api_minor; /* the newest NVENC API of the "driver" */
    int cuda_version;         /* as cuDriverGetVersion tells it */
    int max_sessions;         /* of all GPUs together; 0: no limit */
    int max_sessions_per_gpu;
    uint64_t vram_bytes; /* of each GPU, in place of its memory; 0: that */
    char caps[1024];     /* ",NAME=VALUE,NAME=VALUE," */
    bool null_encoder;
    bool plain_headers;   /* no colours */
    bool rounded_headers; /* the rate to hundredths */
    double fps;           /* of one engine; 0: as fast as it goes */
    int engines;
    size_t packet_bytes;
    int hang_ms; /* how long a call hangs that nobody releases */
};

enum fakenv_kind {
    FAKENV_SESSIONS,
    FAKENV_INPUTS,
    FAKENV_BITSTREAMS,
    FAKENV_REGISTERED,
    FAKENV_MAPPED,
    FAKENV_CONTEXTS,
    FAKENV_STREAMS,
    FAKENV_EVENTS,
    FAKENV_ALLOCATIONS,
    FAKENV_KINDS
};

/* Settings as they are now. */
FAKENV_EXPORT struct fakenv_config fakenv_config(void);

/* A capability: what FAKENV_CAPS says of "CODEC.NAME" or "NAME", or `value`. */
FAKENV_EXPORT int fakenv_capability(const char *codec, const char *name, int value);

/*
 * The head of every entry point: counts the call and looks for faults. 0, or the result to return
 * in place of work; `lost_code` is how this API says that the device is gone.
 */
FAKENV_EXPORT int fakenv_enter(const char *function, int lost_code);

/* One line into the file FAKENV_TRACE. */
FAKENV_EXPORT void fakenv_trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

FAKENV_EXPORT void fakenv_alive(enum fakenv_kind kind, int change);

/* Device memory, filled with 0xa5: fresh memory is never zero by luck. NULL: the GPU is full. */
FAKENV_EXPORT void *fakenv_alloc(int gpu, size_t bytes);
FAKENV_EXPORT bool fakenv_free(void *memory);
uint64_t fakenv_used_bytes(int gpu);

/* The GPU of a live context, or -1. */
FAKENV_EXPORT int fakenv_context_gpu(const void *context);

/* `function` frees the sessions at "purge". */
FAKENV_EXPORT void fakenv_on_purge(void (*function)(void));

/* Inside libcuda.so.1. All but _init and _purge are called with the lock held. */
extern pthread_mutex_t fakenv_lock;
void fakenv_init(void);
bool fakenv_set(const char *name, const char *value);
bool fakenv_parse_faults(const char *list);
bool fakenv_parse_long(const char *text, long max, long *value);
void fakenv_reset_faults(void);
void fakenv_release(void);
void fakenv_set_lost(bool lost);
void fakenv_set_seed(unsigned seed);
bool fakenv_open_trace(const char *path);
long fakenv_calls(const char *function);
long fakenv_hanging(void);
void fakenv_purge_contexts(void);
void fakenv_purge_memory(void);

#endif
