/* SPDX-License-Identifier: MIT */
/** @file encoder.h  What can encode here, and why not. */
#ifndef HYDRA_ENCODER_H
#define HYDRA_ENCODER_H

#include <stdint.h>

#include "export.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Video encoders. Numbers are never reused. */
enum {
    HYDRA_ENCODER_AUTO = 0, /**< The best one that works here. */
    HYDRA_ENCODER_X264 = 1, /**< H.264 on the CPU, in MP4. */
    HYDRA_ENCODER_RAW = 2   /**< Uncompressed YUV4MPEG2 (.y4m), pictures only: tests, pipelines. */
};

/** One encoder as this build sees it. */
typedef struct hydra_encoder_info {
    uint32_t struct_size;    /**< Set by the caller to sizeof(hydra_encoder_info). */
    int32_t encoder;         /**< HYDRA_ENCODER_*. */
    int32_t available;       /**< 1 = usable now. */
    int32_t reserved;        /**< 0. */
    const char *name;        /**< "x264". Static. */
    const char *description; /**< One line for people. Static. */
    const char *reason;      /**< Why it is not available and what to do; "" if it is. Static. */
} hydra_encoder_info;

/** How many encoders there are. @return All that the library knows, available or not, 1.. Thread:
    any. Since 0.1. */
HYDRA_API int32_t hydra_encoder_count(void);

/**
 * Describe one encoder.
 *
 * @param index  0 .. hydra_encoder_count() - 1, best first.
 * @param info   Filled. `struct_size` must be set.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  bad index, NULL, or struct_size not set
 * Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_encoder_probe(int32_t index, hydra_encoder_info *info);

#ifdef __cplusplus
}
#endif
#endif
