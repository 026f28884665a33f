/* SPDX-License-Identifier: MIT */
/*
 * media: the edge to FFmpeg, libjpeg, libheif and Little CMS. Photos and music are decoded here,
 * pictures and sound encoded, MP4 written and read back. No foreign type or error code leaves this
 * room: errors become a hydra_status and a text where they arise.
 */
#ifndef HY_MEDIA_H
#define HY_MEDIA_H

#include <stdbool.h>
#include <stdint.h>

#include <hydra/compose.h>
#include <hydra/encoder.h>
#include <hydra/policy.h>
#include <hydra/render.h>

#include "core/core.h"

/* ---- Photos (photo.c chooses; photo_jpeg.c, photo_heif.c, photo_png.c ... decode) ---- */

typedef struct hy_photo hy_photo;

typedef struct hy_photo_info {
    int32_t width; /* of the rows as stored, before orientation */
    int32_t height;
    int32_t max_halvings; /* for hy_photo_halve: 0..3 */
    int32_t orientation;  /* EXIF 1..8: how to turn the rows upright */
    hy_row_format rows;
    const char *format;   /* "JPEG"; static */
    int64_t decode_bytes; /* that decoding needs at most, besides the file */
} hy_photo_info;

/*
 * Recognise a photo by its first bytes (never by its name), read its header and hold it against
 * the policy; no pixel is decoded yet. `data` is borrowed until hy_photo_close.
 */
hydra_status hy_photo_open(const uint8_t *data, size_t size, const char *name,
                           const hydra_policy *policy, hy_photo **out, hy_diag *diag);
const hy_photo_info *hy_photo_info_of(const hy_photo *photo);

/* Most memory that decoding takes beside the file's own bytes, of which there are `file_bytes` (the
 * photo may have been opened with the first of them only). */
int64_t hy_photo_work_bytes(const hy_photo *photo, int64_t file_bytes);

/* Have it decoded at 1/2^halvings the width and height, rounded up, which costs far less than to
 * average all of its pixels; at most info.max_halvings. From then on info has the new size. Once,
 * before hy_photo_decode. */
void hy_photo_halve(hy_photo *photo, int32_t halvings);

/* Decode the whole photo into `rows`. Once per photo. A file that is cut short or damaged is
 * HYDRA_ERR_FORMAT; the rows that were handed out before are then worth nothing. */
hydra_status hy_photo_decode(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag);
void hy_photo_close(hy_photo *photo);

typedef struct hy_color hy_color;

/*
 * The transform from the photo's colours to sRGB (the BT.709 primaries). `*out` = NULL when none is
 * needed: no profile, or sRGB itself. A damaged profile is HYDRA_ERR_FORMAT; one that does not
 * suit the photo's channels is ignored, as browsers do.
 */
hydra_status hy_color_new(const hy_photo *photo, hy_color **out, hy_diag *diag);
/* An hy_color_fn; `color` is an hy_color. Thread: one at a time. */
void hy_color_convert(void *color, hy_rgba64 *pixels, int32_t count);
void hy_color_free(hy_color *color);

/* EXIF orientation from a TIFF-structured block (without the "Exif\0\0"); 1 when absent or bad. */
int32_t hy_exif_orientation(const uint8_t *data, size_t size);

/* RGB24 to a PNG file; free `*png` with hy_free. */
hydra_status hy_png_encode(const uint8_t *rgb, int32_t width, int32_t height, uint8_t **png,
                           size_t *size, hy_diag *diag);

/* ---- Packets ---- */

/*
 * One encoded picture or sound block, in the form that its container takes: H.264 as NAL units with
 * 4-byte lengths, AAC without ADTS headers. The data belongs to its maker until the next call on
 * it.
 */
typedef struct hy_packet {
    const uint8_t *data;
    size_t size;
    int64_t pts;      /* video: frame number; audio: sample number, the first ones negative */
    int64_t dts;      /* same unit; may be negative */
    int64_t duration; /* same unit */
    bool key;
} hy_packet;

/* ---- Video encoders: the seam, one backend per file (encoder_x264.c, encoder_raw.c) ---- */

/* The GPUs that a context may use (gpu.h). Counted; nothing is loaded before it is needed. */
typedef struct hy_gpu hy_gpu;

typedef struct hy_gpu_options {
    const char *device; /* NULL = any, "none", an index as CUDA counts, a UUID or its beginning */
    int32_t session_limit; /* per device, >= 1 */
    int64_t stall_us;      /* a call that takes longer has stalled; 0 = HY_GPU_STALL_US (gpu.h) */
} hy_gpu_options;

hydra_status hy_gpu_new(const hy_gpu_options *options, hy_gpu **out, hy_diag *diag);
hy_gpu *hy_gpu_ref(hy_gpu *gpu);
void hy_gpu_unref(hy_gpu *gpu); /* NULL does nothing */

typedef struct hy_encoder_config {
    int32_t codec; /* HYDRA_CODEC_* */
    int32_t width;
    int32_t height;
    hy_rate rate;
    int32_t profile;         /* HYDRA_PROFILE_* */
    double crf;              /* or HYDRA_AUTO */
    int32_t bitrate_kbps;    /* 0 = constant quality */
    const char *preset;      /* checked; or NULL */
    int32_t threads;         /* >= 1 */
    hy_gpu *gpu;             /* NULL = none may be used */
    int64_t gpu_wait_us;     /* for a session */
    const hy_cancel *cancel; /* of waits; NULL = never */
    int32_t *finding;        /* HYDRA_PROBE_* of an open that failed; NULL = nobody asks */
} hy_encoder_config;

/* What encoding `frames` pictures will take: models, held against measurement by a test. */
typedef struct hy_encoder_cost {
    int64_t memory_bytes; /* most at one time */
    int64_t output_bytes; /* of all packets; with constant quality a rough guess */
    double seconds;       /* on one CPU; a rough guess */
} hy_encoder_cost;

typedef struct hy_encoder hy_encoder;
typedef struct hy_encoder_ops {
    int32_t id;       /* HYDRA_ENCODER_* */
    const char *name; /* "x264" */
    const char *description;
    const char *container; /* "mp4" or "y4m": what its packets go into */
    uint32_t codecs;       /* bit 1 << HYDRA_CODEC_*: which it makes; 0 = pictures as they are */
    bool on_gpu;           /* needs config.gpu, and may fail where it worked before */
    /* "" when this build and the FFmpeg installed have it, else what to do. */
    const char *(*probe)(void);
    hydra_status (*open)(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag);
    /* Without opening it. Fails for a config that open refuses, otherwise never. */
    hydra_status (*estimate)(const hy_encoder_config *config, int64_t frames, hy_encoder_cost *cost,
                             hy_diag *diag);
    /* Encode frame n (0, 1, 2, ... in order). The picture is the caller's again on return.
     * `key`: playing must be able to start here. NULL picture: no more frames will come. */
    hydra_status (*send)(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                         hy_diag *diag);
    /* The next packet, if there is one: `*got`. Take all that there are after every send; after the
     * NULL picture: until none is left. */
    hydra_status (*receive)(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag);
    void (*close)(hy_encoder *encoder);
} hy_encoder_ops;
struct hy_encoder {
    const hy_encoder_ops *ops;
    const struct hy_encoder_stream *stream; /* what the muxer must know; private to media/ */
    int32_t finding; /* HYDRA_PROBE_* of a failed send or receive; HYDRA_PROBE_OK where it is not
                        about a GPU */
};

/* All encoders that the library knows, best first. */
const hy_encoder_ops *const *hy_encoder_list(int32_t *count);

/* Which encoders a job may use, in the order in which they are tried. All make the same codec in
 * the same container. */
#define HY_ROUTE_ENCODERS 3
typedef struct hy_encoder_route {
    const hy_encoder_ops *list[HY_ROUTE_ENCODERS];
    int32_t count;
    int32_t finding;                 /* HYDRA_PROBE_* of the GPU's, if it is left out */
    char reason[HYDRA_REASON_BYTES]; /* why the first of the list is taken */
} hy_encoder_route;

/*
 * AUTO = all that are available and write MP4, best first; one that is asked for is the only one.
 * `gpu` NULL = none. HYDRA_ERR_UNSUPPORTED with its reason: not available. HYDRA_ERR_ARGUMENT: no
 * such encoder or codec, or the encoder does not make the codec.
 */
hydra_status hy_encoder_plan(int32_t encoder, int32_t codec, hy_gpu *gpu, hy_encoder_route *route,
                             hy_diag *diag);
/* x264's, from the fastest to the slowest. */
#define HY_ENCODER_PRESETS 10
extern const char *const hy_encoder_presets[HY_ENCODER_PRESETS];
/* Whether x264 has a preset of that name; NULL = none asked for. The same for every encoder, so
 * that a mistake shows wherever the project is rendered. */
hydra_status hy_encoder_check_preset(const char *preset, hy_diag *diag);
/* Frames between key frames at most: 2 s. */
int32_t hy_encoder_gop_frames(hy_rate rate);

/* ---- Sound: any file in, AAC-LC 48 kHz stereo out ---- */

typedef struct hy_audio hy_audio;

typedef struct hy_audio_config {
    hydra_audio_options options; /* checked */
    int64_t samples;             /* exact length of the track */
    int32_t bitrate_kbps;
    const hy_cancel *cancel; /* NULL = never */
} hy_audio_config;

/*
 * Opens the music and decodes up to its first used sample. That costs time in proportion to
 * start_us, and a loop that is longer than 16 s pays it again in each pass: seek tables and time
 * stamps are not exact enough to start in the middle. The reader must outlive the audio.
 * HYDRA_ERR_FORMAT: no sound in it, damaged, not a sound file. HYDRA_ERR_UNSUPPORTED: a playlist,
 * or a codec, rate or channel count that is not handled. HYDRA_ERR_ARGUMENT: start_us is behind the
 * end. Damage that only shows later comes out of the calls below.
 */
hydra_status hy_audio_open(hy_reader *reader, const hy_audio_config *config, hy_audio **out,
                           hy_diag *diag);
/* The next packet in order; `*got` = false after the last. Reads the music as it goes. */
hydra_status hy_audio_receive(hy_audio *audio, hy_packet *packet, bool *got, hy_diag *diag);
/* The next block of the mix before encoding, for tests: up to `capacity` stereo samples,
 * interleaved. 0 at the end. Not together with hy_audio_receive. */
hydra_status hy_audio_mix(hy_audio *audio, float *stereo, int32_t capacity, int32_t *got,
                          hy_diag *diag);
void hy_audio_close(hy_audio *audio);

/* ---- Container ---- */

typedef struct hy_muxer hy_muxer;

typedef struct hy_muxer_config {
    hy_rate rate;
    int64_t frames;          /* that will come */
    int64_t key_frames;      /* at most */
    bool fragmented;         /* MP4: in fragments, written strictly in order. Else moov first. */
    const hy_cancel *cancel; /* asked while the output is read back; NULL = never */
} hy_muxer_config;

/* A fragment is handed on when it has reached this size, if no key frame came before. */
#define HY_FRAGMENT_BYTES ((int64_t)8 << 20)

/* Room for moov that is never too small: see docs/architecture.md. */
int64_t hy_moov_reserve(int64_t frames, int64_t audio_packets, int64_t key_frames,
                        int64_t metadata_bytes);

/* MP4 or Y4M as the encoder asks. audio NULL = no sound. Borrows all but the config. A sink in
 * order can take MP4 in fragments only. */
hydra_status hy_muxer_open(const hy_muxer_config *config, const hy_encoder *encoder,
                           const hy_audio *audio, hy_sink *sink, hy_muxer **out, hy_diag *diag);
hydra_status hy_muxer_write_video(hy_muxer *muxer, const hy_packet *packet, hy_diag *diag);
hydra_status hy_muxer_write_audio(hy_muxer *muxer, const hy_packet *packet, hy_diag *diag);
/* No more packets: write the index. The sink is not committed. */
hydra_status hy_muxer_finish(hy_muxer *muxer, hy_diag *diag);
/*
 * Read the finished output back and compare it with what was written: every packet's place, size,
 * time and (where the sink can be read) its bytes; size, rate, colour, edit lists, moov first.
 * Fragments were compared, bytes included, before they went out: then this tells the outcome. Fills
 * the fields of `result` that describe the output. HYDRA_ERR_VERIFY names the difference.
 */
hydra_status hy_muxer_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag);
void hy_muxer_close(hy_muxer *muxer);

/* ---- Process-wide, on request only ---- */
void hy_silence_ffmpeg(void);

#endif
