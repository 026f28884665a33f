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
#include "status.h"

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
    int64_t max_render_us;    /**< Wall clock of one job, whatever its own deadline says, of
                                   hydra_compose_frame and of hydra_compose_check. 1.. Default
                                   1 hour. */
    int32_t max_threads;      /**< Encoder threads of one job. 1..128. Default 128. */
    int32_t file_root_count;  /**< Number of file_roots, 0..64. */
    const char *const *file_roots; /**< Folders that inputs and targets must lie in, links resolved.
                                        NULL (default) = anywhere, if `files` is 1. Copied. */
    int32_t files;   /**< 1 (default): without file_roots, files may lie anywhere. 0: only in
                          file_roots, so without them nowhere. */
    int32_t schemes; /**< HYDRA_SCHEME_* that sources and destinations may have. Default all. */
    int32_t private_networks; /**< 1 (default): any address may be connected. 0: no address that is
                                   private, loopback, link-local, shared, reserved or multicast;
                                   looked at when the socket connects, at every redirect. */
    int32_t network_count;    /**< Number of networks, 0..64. */
    const char *const *networks; /**< "10.1.0.0/16", "fd00::/8": may be connected all the same.
                                      Copied. */
    const char *const *hosts; /**< Hosts that URLs may name: "cdn.example.com", or with all below it
                                   ".example.com". NULL (default) = any. Copied. */
    int32_t host_count;       /**< Number of hosts, 0..64. */
    int32_t max_redirects;    /**< 0..10. Default 5. */
    int64_t max_fetch_bytes;  /**< Bytes of all remote sources of a job, or of one hydra_store_get.
                                   1.. Default 1 GiB. */
    const char *const *buckets; /**< Buckets that s3: sources and destinations of a job may name,
                                     whole names; whoever may write a project reads with the keys
                                     of the host. An https: URL of another bucket is fetched without
                                     keys. Calls of hydra_store name what the host itself wants and
                                     are not held against this. NULL (default) = any, if
                                     `any_bucket` is 1. Copied. */
    int32_t bucket_count;       /**< Number of buckets, 0..64. */
    int32_t any_bucket; /**< 1 (default): without buckets, any may be named. 0: only those in
                             buckets, so without them none. */
} hydra_policy;

/** What a source or destination may be; hydra_policy.schemes. */
enum {
    HYDRA_SCHEME_FILE = 1,  /**< Paths and file: URIs. */
    HYDRA_SCHEME_HTTP = 2,  /**< http: */
    HYDRA_SCHEME_HTTPS = 4, /**< https: */
    HYDRA_SCHEME_S3 = 8     /**< s3: */
};

/** Kinds of host. */
enum {
    HYDRA_POLICY_LOCAL = 0,  /**< A developer's own machine: any file, any network. */
    HYDRA_POLICY_SERVICE = 1 /**< A server that takes projects from strangers: files only in
                                  file_roots, https and s3 only, s3 only with the buckets that are
                                  listed, no address inside. */
};

/** Fill with the defaults, which are those of HYDRA_POLICY_LOCAL. @param policy Not NULL. Thread:
 *  any. Since 0.1. */
HYDRA_API void hydra_policy_init(hydra_policy *policy);

/**
 * Fill with the limits for a kind of host.
 *
 * @param policy  Not NULL.
 * @param preset  HYDRA_POLICY_*.
 * @return HYDRA_OK, HYDRA_ERR_ARGUMENT. Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_policy_preset(hydra_policy *policy, int32_t preset);

#ifdef __cplusplus
}
#endif
#endif
