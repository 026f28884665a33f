/* SPDX-License-Identifier: MIT */
/** @file encoder.h  What can encode here, and why not; the GPUs; how fast it is. */
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
    HYDRA_PROBE_BROKEN_DRIVER = 5, /**< The driver does not start: its parts do not fit together,
                                        a sandbox refuses it, or the process was forked from one
                                        that uses CUDA. */
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
    uint32_t codecs; /**< Bit 1 << HYDRA_CODEC_*: what it makes; 0 = pictures as they
                          are. */
    int32_t on_gpu;  /**< 1 = it needs a GPU. */
} hydra_encoder_info;

/** How many encoders there are. @return All that the library knows, available or not, 1.. Thread:
    any. Since 0.1. */
HYDRA_API int32_t hydra_encoder_count(void);

/**
 * Describe one encoder and find out whether it works. One on a GPU encodes some pictures for that,
 * which takes up to a second, longer where the GPU has to wake up; the outcome is kept in the
 * context, a failure for five minutes, but for good that a GPU has no encoder, was lost or gave no
 * answer.
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

/**
 * Name of a finding.
 *
 * @param finding  HYDRA_PROBE_*.
 * @return "HYDRA_PROBE_NO_DRIVER"; "HYDRA_UNKNOWN" for a number that is none. Static. Thread: any.
 *         Since 0.1.
 */
HYDRA_API const char *hydra_finding_name(int32_t finding);

/** One NVIDIA GPU, and what it can encode. */
typedef struct hydra_gpu_info {
    uint32_t struct_size;   /**< Set by the caller to sizeof(hydra_gpu_info). */
    int32_t index;          /**< As CUDA counts them. */
    int32_t finding_h264;   /**< HYDRA_PROBE_* of H.264. */
    int32_t finding_hevc;   /**< HYDRA_PROBE_* of HEVC. */
    int64_t memory_bytes;   /**< Video memory; 0 = the driver does not tell. */
    int32_t driver_version; /**< CUDA version of the driver: 12040 = 12.4. */
    int32_t sessions;       /**< Encodings of this context on it now. */
    int32_t session_limit;  /**< Most of them at once: hydra_context_options.gpu_sessions. */
    int32_t reserved;       /**< 0. */
    char name[96];          /**< "Tesla T4". */
    char uuid[48];          /**< "GPU-8932f937-d72c-4106-c12f-20bd9faed9f6"; "" = it does
                                 not tell. */
    char reason[HYDRA_REASON_BYTES]; /**< What stands in the way of H.264, else of HEVC, and what to
                                          do; "" if nothing does. */
} hydra_gpu_info;

/**
 * How many GPUs there are that the context may use.
 *
 * @param context  Whose GPUs; NULL = a private context with the defaults.
 * @param count    Receives the number; 0: hydra_encoder_probe of NVENC tells why.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  `count` is NULL
 *         HYDRA_ERR_MEMORY
 * Thread: any. Since 0.1.
 */
HYDRA_API hydra_status hydra_gpu_count(hydra_context *context, int32_t *count);

/**
 * Describe one GPU and find out what it can encode, which takes up to a second or two: some
 * pictures are encoded with each codec. The outcome is kept as that of hydra_encoder_probe.
 *
 * @param context  Whose GPUs; NULL = a private context with the defaults.
 * @param index    0 .. hydra_gpu_count - 1.
 * @param info     Filled. `struct_size` must be set.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT  no GPU of that index, NULL, or struct_size not set
 *         HYDRA_ERR_MEMORY
 * Thread: any; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_gpu_probe(hydra_context *context, int32_t index, hydra_gpu_info *info);

/** What hydra_encoder_bench encodes, and for how long. */
typedef struct hydra_bench_options {
    uint32_t struct_size; /**< Set by hydra_bench_options_init. */
    int32_t encoder;      /**< HYDRA_ENCODER_*. Default auto. */
    int32_t codec;        /**< HYDRA_CODEC_*. Default H.264. */
    int32_t profile;      /**< HYDRA_PROFILE_*. Default default. */
    int32_t width_px;     /**< Even, 64..4096. Default 1080; 0, like the height, is that, too. */
    int32_t height_px;    /**< Even, 64..4096. Default 1920. */
    int32_t fps_num;      /**< Frame rate of the video, numerator: 1 to 120 frames per second.
                               Default 30. */
    int32_t fps_den;      /**< Denominator, 1..1001. Default 1. */
    int64_t duration_us;  /**< How long pictures are sent, 1..600,000,000. Default 3 s. */
    int64_t deadline_us;  /**< Wall clock for the whole call, the wait for a GPU included, 1..; 0
                               (default) = the policy's max_render_us. */
    int32_t threads;      /**< Encoder threads, 1..128; 0 (default) = the context's. */
    int32_t reserved;     /**< 0. */
} hydra_bench_options;

/** What it took. */
typedef struct hydra_bench_result {
    uint32_t struct_size;  /**< Set by the caller to sizeof(hydra_bench_result). */
    int32_t encoder;       /**< HYDRA_ENCODER_*: which one it was. */
    int64_t frames;        /**< Pictures that went in and came out. */
    int64_t bytes;         /**< Of all packets. */
    double encode_s;       /**< From the first picture sent to the last packet, wall clock. */
    double frames_per_s;   /**< frames / encode_s. */
    double first_packet_s; /**< From the start to the first packet: opening the encoder included. */
    double cpu_ms_per_frame; /**< CPU time of this process, all of its threads, per picture. */
    int32_t finding;         /**< HYDRA_PROBE_* of a failure that is about the GPU. */
    int32_t reserved;        /**< 0. */
    char reason[HYDRA_REASON_BYTES]; /**< What went wrong; "" after success. */
} hydra_bench_result;

/** Fill with the defaults. @param options Not NULL. Thread: any. Since 0.1. */
HYDRA_API void hydra_bench_options_init(hydra_bench_options *options);

/**
 * Measure an encoder: moving synthetic pictures, made beforehand and sent in turn, go in as fast as
 * it takes them; no photos are composed and no file is written. With encoder auto the first that
 * opens is measured, and a GPU that is busy is passed over; a failure while it encodes is not
 * followed by another encoder.
 *
 * @param context  Whose GPUs, threads and policy; NULL = a private context with the defaults. The
 *                 memory budget of its jobs is not asked.
 * @param options  NULL for defaults.
 * @param result   Filled, after a failure with `finding` and `reason` only. `struct_size` must be
 *                 set.
 * @return HYDRA_OK
 *         HYDRA_ERR_ARGUMENT     NULL, struct_size not set, an option is out of range, or the
 *                                encoder does not make the codec
 *         HYDRA_ERR_UNSUPPORTED  the encoder cannot be used here
 *         HYDRA_ERR_DEADLINE     options->deadline_us or policy.max_render_us has passed
 *         HYDRA_ERR_ENCODER, HYDRA_ERR_MEMORY
 * Thread: any; blocks. Since 0.1.
 */
HYDRA_API hydra_status hydra_encoder_bench(hydra_context *context,
                                           const hydra_bench_options *options,
                                           hydra_bench_result *result);

#ifdef __cplusplus
}
#endif
#endif
