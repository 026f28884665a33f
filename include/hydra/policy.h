/* SPDX-License-Identifier: MIT */
/**
 * @file policy.h  What a job may consume.
 *
 * Everything a job reads is treated as hostile. The limits are looked at before the work is done:
 * a picture's size is read from its header and refused before a pixel is decoded.
 */
#ifndef HYDRA_POLICY_H
#define HYDRA_POLICY_H

#include <stdint.h>

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Limits. The defaults fit a server. Exceeding one is HYDRA_ERR_LIMIT and the text names it. */
typedef struct hydra_policy {
    uint32_t struct_size;      /**< Set by hydra_policy_init. */
    int32_t max_images;        /**< Photos in one project. 1..100,000. Default 1,000. */
    int64_t max_image_bytes;   /**< Bytes of one photo file. 1.. Default 128 MiB. */
    int64_t max_image_pixels;  /**< Width x height of one photo. 1.. Default 200,000,000. */
    int64_t max_image_side_px; /**< Width or height of one photo. 1..32,768. Default 32,768. */
    int64_t max_decode_bytes;  /**< Memory that decoding one photo may need by what its header says,
                                    besides the file: whole frames for PNG, TIFF, WebP, GIF, BMP and
                                    HEIC, coefficients for progressive JPEG, a few rows for other
                                    JPEG. 1.. Default 512 MiB. */
    int64_t max_audio_bytes;   /**< Bytes of the music file. 1.. Default 1 GiB. */
    int64_t max_duration_us;   /**< Length of the video. 1.. Default 2 hours. */
    int64_t max_output_bytes;  /**< Bytes of a render to memory, and of an in-order output that is
                                    kept back for its index. 1.. Default 1 GiB. */
    int64_t max_memory_bytes; /**< Memory of one job, by hydra_compose_estimate before it starts and
                                   by the pools while it runs. 1.. Default 2 GiB. */
    int64_t max_render_us;    /**< Wall clock of one job, whatever its own deadline says. 1..
                                   Default 1 hour. */
    int32_t max_threads;      /**< Encoder threads of one job. 1..128. Default 128. */
    int32_t file_root_count;  /**< Number of file_roots, 0..64. */
    const char *const *file_roots; /**< Folders that inputs and targets must lie in, links resolved.
                                        NULL (default) = anywhere. Copied. */
} hydra_policy;

/** Fill with the defaults. @param policy Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_policy_init(hydra_policy *policy);

#ifdef __cplusplus
}
#endif
#endif
