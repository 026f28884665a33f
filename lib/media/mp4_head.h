/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: the head of an MP4 read back (ISO/IEC 14496-12), independently of the library
 * that wrote it. Knows what our files hold: moov first, one video track, at most one sound track,
 * one edit each. Every length is checked.
 */
#ifndef HY_MP4_HEAD_H
#define HY_MP4_HEAD_H

#include "mp4_box.h"

/* Rows of a table, big-endian, all present. */
typedef struct hy_mp4_table {
    const uint8_t *rows;
    uint32_t count;
} hy_mp4_table;

typedef struct hy_mp4_track {
    uint32_t id;
    uint32_t timescale;     /* ticks per second of the tables and of edit_start */
    uint64_t duration;      /* mdhd, in these ticks */
    uint64_t tkhd_duration; /* in movie ticks */
    uint64_t edit_duration; /* in movie ticks: how long the track plays */
    int64_t edit_start;     /* tick of the media that plays first */
    uint32_t entry;         /* type of the sample description: avc1, hvc1; mp4a */
    int32_t width;          /* avc1, hvc1 */
    int32_t height;
    int32_t sample_rate; /* mp4a */
    hy_span config;      /* avcC or hvcC; payloads of the boxes; size 0 = absent */
    hy_span colr;
    hy_span esds;
    hy_mp4_table stts; /* rows of 8: samples, ticks each */
    hy_mp4_table ctts; /* rows of 8: samples, offset; no rows = all 0 */
    hy_mp4_table stsc; /* rows of 12: first chunk, samples per chunk, description */
    hy_mp4_table stsz; /* rows of 4; no rows = all of fixed_size */
    hy_mp4_table stco; /* rows of 4, or of 8: wide_offsets */
    hy_mp4_table stss; /* rows of 4, only where has_stss */
    uint32_t samples;
    uint32_t fixed_size;
    bool wide_offsets;
    bool has_stss; /* false: every sample is a key frame */
} hy_mp4_track;

typedef struct hy_mp4_head {
    int64_t moov_offset;
    int64_t moov_bytes;
    int64_t media_offset; /* first byte inside mdat */
    uint32_t timescale;   /* movie ticks per second */
    uint64_t duration;    /* in these ticks */
    hy_mp4_track video;
    hy_mp4_track audio;
    bool has_audio;
} hy_mp4_head;

/*
 * `bytes` are the first of a file of `total` bytes, up to and with the header of mdat. The spans
 * point into them. HYDRA_ERR_VERIFY names the box that is wrong.
 */
hydra_status hy_mp4_head_read(hy_span bytes, int64_t total, const char *name, hy_mp4_head *out,
                              hy_diag *diag);

/* `bytes` are all before the first fragment: ftyp and a moov whose tables are empty. */
hydra_status hy_mp4_init_read(hy_span bytes, const char *name, hy_mp4_head *out, hy_diag *diag);

/* AudioSpecificConfig and object type of an esds box. False when it is damaged. */
bool hy_mp4_read_esds(hy_span esds, int32_t *object_type, hy_span *config);

/* ---- Samples (mp4_samples.c) ---- */

typedef struct hy_mp4_sample {
    int64_t offset; /* in the file */
    int64_t size;
    int64_t dts; /* ticks, the first is 0 */
    int64_t pts;
    int64_t duration;
    bool key;
} hy_mp4_sample;

/* Walks the tables of a track in step. */
typedef struct hy_mp4_walk {
    const hy_mp4_track *track;
    uint32_t sample; /* number of the next one, from 0 */
    uint32_t stts_row;
    uint32_t stts_used;
    uint32_t ctts_row;
    uint32_t ctts_used;
    uint32_t stsc_row;
    uint32_t chunk;      /* from 0 */
    uint32_t chunk_used; /* samples of it that are behind us */
    uint32_t stss_row;
    int64_t next_offset;
    int64_t next_dts;
} hy_mp4_walk;

hy_mp4_walk hy_mp4_walk_start(const hy_mp4_track *track);
/* False after the last sample, and when the tables do not fit together: then `sample` is less than
 * track->samples. */
bool hy_mp4_walk_next(hy_mp4_walk *walk, hy_mp4_sample *out);
/* All samples were walked and no table tells of more. */
bool hy_mp4_walk_ended(const hy_mp4_walk *walk);

#endif
