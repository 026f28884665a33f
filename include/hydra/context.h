/* SPDX-License-Identifier: MIT */
/**
 * @file context.h  What several jobs share: worker threads and limits.
 *
 * One context per process is typical; a NULL context anywhere means a private one with the
 * defaults. Composes hold a reference of their own, so a context and its composes may be freed in
 * any order. The workers start with the first render and end with the last reference.
 * After fork() a child must not use handles that were made before it.
 */
#ifndef HYDRA_CONTEXT_H
#define HYDRA_CONTEXT_H

#include <stdint.h>

#include "export.h"
#include "policy.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

struct hydra_store_options;

/** Shared by jobs. Opaque. Thread: any number of threads at once. */
typedef struct hydra_context hydra_context;

/** Vector instructions for pixels. Every level gives the same pixels; they differ in speed. */
enum {
    HYDRA_SIMD_AUTO = 0,   /**< The best that this CPU has. */
    HYDRA_SIMD_NONE = 1,   /**< Plain C. */
    HYDRA_SIMD_AVX2 = 2,   /**< x86-64. */
    HYDRA_SIMD_AVX512 = 3, /**< x86-64 with AVX-512 F, BW, VL, VBMI and VNNI. */
    HYDRA_SIMD_NEON = 4    /**< 64-bit ARM. */
};

/** What a context is made of. */
typedef struct hydra_context_options {
    uint32_t struct_size; /**< Set by hydra_context_options_init. */
    int32_t threads;      /**< Workers, 1..256; 0 (default) = the CPUs this process may use. */
    const hydra_policy *policy;  /**< NULL (default) = hydra_policy_init. Copied. */
    int64_t memory_budget_bytes; /**< Estimated memory of all jobs that run at once; a job beyond it
                                      waits or fails, see hydra_render_options. 0 (default) = no
                                      budget. */
    int32_t simd; /**< HYDRA_SIMD_...: the highest level that may be used; default HYDRA_SIMD_AUTO.
                       Where the CPU lacks it, the best one below it is used, and plain C for
                       a level of another family of CPUs. Since 0.1. */
    int32_t gpu_sessions; /**< Encodings at once on each GPU, 1..64; further jobs wait, see
                               hydra_render_options.gpu_wait_us. 0 (default) = 3. Since 0.1. */
    const struct hydra_store_options *store; /**< How uploads, stores and `s3:` sources reach their
                                                  server; see storage.h. NULL (default) =
                                                  hydra_store_options_init. Copied. Since 0.1. */
    const char *gpu; /**< Which NVIDIA GPU may encode: NULL (default) = any, the one with the fewest
                          encodings; "none"; an index as CUDA counts them, "0" to "999"; a
                          UUID or its beginning, "GPU-8932f937". Copied. Since 0.1. */
} hydra_context_options;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_context_options_init(hydra_context_options *options);

/**
 * Make a context.
 *
 * @param options  NULL for defaults. Copied.
 * @param out      Receives the context; the caller owns it. Set to NULL on failure.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  `out` is NULL, or an option is out of the range given above
 *         HYDRA_ERR_MEMORY
 * Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_context_new(const hydra_context_options *options, hydra_context **out);

/** Drop the caller's reference. @param context NULL does nothing. Thread: any. Since 0.1. */
HYDRA_API void hydra_context_free(hydra_context *context);

/**
 * Stop FFmpeg from printing on stderr, for the whole process.
 *
 * The library itself prints nothing. FFmpeg, by its own global default, prints warnings about odd
 * input on stderr; that setting belongs to the host program, so the library does not touch it
 * unless this is called. Thread: any. Since 0.1.
 */
HYDRA_API void hydra_silence_ffmpeg(void);

#ifdef __cplusplus
}
#endif
#endif
