/* SPDX-License-Identifier: MIT */
/** @file encoder.h  What can encode here, and why not. */
#ifndef HYDRA_ENCODER_H
#define HYDRA_ENCODER_H

#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Video encoders. Numbers are never reused. */
enum {
    HYDRA_ENCODER_AUTO = 0,  /**< The best one that works here: NVENC, else on the CPU. */
    HYDRA_ENCODER_X264 = 1,  /**< H.264 on the CPU, in MP4. */
    HYDRA_ENCODER_RAW = 2,   /**< Uncompressed YUV4MPEG2 (.y4m), pictures only: tests, pipelines. */
    HYDRA_ENCODER_NVENC = 3, /**< H.264 or HEVC on an NVIDIA GPU, in MP4. */
    HYDRA_ENCODER_X265 = 4   /**< HEVC on the CPU, in MP4. */
};

/** Video codecs. Numbers are never reused. */
enum {
    HYDRA_CODEC_H264 = 0, /**< H.264 (AVC), High profile: plays everywhere. */
    HYDRA_CODEC_HEVC = 1  /**< H.265 (HEVC), Main profile, tagged hvc1: smaller; plays on Apple
                               devices and on what is recent. */
};

/** What stands in the way of an encoder, as a class. Numbers are never reused. */
enum {
    HYDRA_PROBE_OK = 0,            /**< It works. */
    HYDRA_PROBE_NOT_BUILT = 1,     /**< Left out of this build, or of the FFmpeg installed. */
    HYDRA_PROBE_NO_DRIVER = 2,     /**< No NVIDIA driver: no libcuda.so.1. */
    HYDRA_PROBE_NO_VIDEO = 3,      /**< No libnvidia-encode.so.1: the container was started without
                                        the `video` capability. */
    HYDRA_PROBE_OLD_DRIVER = 4,    /**< The driver is older than FFmpeg wants. */
    HYDRA_PROBE_BROKEN_DRIVER = 5, /**< The driver does not start: its parts do not fit together. */
    HYDRA_PROBE_NO_GPU = 6,        /**< The driver sees no GPU. */
    HYDRA_PROBE_NO_ENCODER = 7,    /**< The GPU has no encoder for this codec. */
    HYDRA_PROBE_NOT_SUPPORTED = 8, /**< The GPU's encoder refuses the size or the settings. */
    HYDRA_PROBE_BUSY = 9,          /**< All sessions are in use. */
    HYDRA_PROBE_NO_MEMORY = 10,    /**< Video memory is out. */
    HYDRA_PROBE_LOST = 11,         /**< The GPU was lost while it worked. */
    HYDRA_PROBE_STALLED = 12,      /**< The GPU gave no answer. */
    HYDRA_PROBE_FAILED = 13,       /**< Another failure; the text tells. */
    HYDRA_PROBE_SWITCHED_OFF = 14  /**< The context's options exclude it. */
};

/** Bytes of a reason, with its NUL. */
#define HYDRA_REASON_BYTES 512

/** One encoder as this build sees it. */
typedef struct hydra_encoder_info {
    uint32_t struct_size;            /**< Set by the caller to sizeof(hydra_encoder_info). */
    int32_t encoder;                 /**< HYDRA_ENCODER_*. */
    int32_t available;               /**< 1 = usable now. */
    int32_t finding;                 /**< HYDRA_PROBE_*: the class of the reason. */
    const char *name;                /**< "x264". Static. */
    const char *description;         /**< One line for people. Static. */
    char reason[HYDRA_REASON_BYTES]; /**< Why it is not available and what to do; "" if it is. */
} hydra_encoder_info;

/** How many encoders there are. @return All that the library knows, available or not, 1.. Thread:
    any. Since 0.1. */
HYDRA_API int32_t hydra_encoder_count(void);

/**
 * Describe one encoder and find out whether it works. One on a GPU encodes some pictures for that,
 * which takes up to a second; the outcome is kept in the context, a failure for five minutes.
 *
 * @param context  Whose GPUs are asked; NULL = a private context with the defaults.
 * @param index    0 .. hydra_encoder_count() - 1, best first.
 * @param info     Filled. `struct_size` must be set.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  bad index, NULL, or struct_size not set
 *         HYDRA_ERR_MEMORY
 * Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_encoder_probe(hydra_context *context, int32_t index,
                                           hydra_encoder_info *info);

#ifdef __cplusplus
}
#endif
#endif
