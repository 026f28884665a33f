/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: one fragment of an MP4 (moof and its mdat) read back, independently of the
 * library that wrote it. Knows what our fragments hold: places relative to the moof, a start time
 * per track, all media in one mdat.
 */
#ifndef HY_MP4_FRAGMENT_H
#define HY_MP4_FRAGMENT_H

#include "mp4_head.h"

/* The samples of one track (traf), to be walked. The fields behind the first are private. */
typedef struct hy_mp4_run {
    uint32_t track_id;
    hy_span boxes; /* of the traf, behind the current trun */
    hy_span rows;  /* of the current trun, not walked yet */
    uint32_t left; /* samples in them */
    uint32_t fields;
    uint32_t version;
    bool is_first;           /* the next sample is the first of its trun */
    uint32_t first_flags;    /* of that one, where `fields` says so */
    uint32_t default_fields; /* which of these three there are */
    uint32_t default_duration;
    uint32_t default_size;
    uint32_t default_flags;
    int64_t next_dts;
    int64_t next_offset; /* from the start of the fragment */
} hy_mp4_run;

typedef struct hy_mp4_fragment {
    uint32_t sequence;    /* from 1 */
    int64_t media_offset; /* first byte inside mdat, from the start of the fragment */
    int32_t run_count;
    hy_mp4_run runs[2]; /* in the order of the file */
} hy_mp4_fragment;

/* `bytes` are exactly the fragment; the runs point into them. HYDRA_ERR_VERIFY names the box that
 * is wrong. */
hydra_status hy_mp4_fragment_read(hy_span bytes, const char *name, hy_mp4_fragment *out,
                                  hy_diag *diag);
/* The next sample: its times in ticks from the start of the track's media, its place from the start
 * of the fragment. False after the last, and when a trun is damaged. */
bool hy_mp4_run_next(hy_mp4_run *run, hy_mp4_sample *out);
/* All samples were walked, and nothing but whole boxes is left. */
bool hy_mp4_run_ended(const hy_mp4_run *run);

#endif
