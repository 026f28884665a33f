/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: holding a finished MP4 against the ledger and against what the encoders said
 * of their streams. The boxes were parsed by our own reader, so libavformat is not asked about its
 * own work. A difference is HYDRA_ERR_VERIFY, and the text names it.
 */
#ifndef HY_MP4_CHECK_H
#define HY_MP4_CHECK_H

#include <libavcodec/codec_par.h>

#include "ledger.h"
#include "mp4_head.h"
#include "video_sps.h"

typedef struct hy_mp4_check {
    const char *name;
    hy_rate rate;
    const AVCodecParameters *video;
    const AVCodecParameters *audio; /* NULL without sound */
    hy_mp4_head head;
    hy_video_sps sps; /* after hy_mp4_check_streams */
    hy_diag *diag;
} hy_mp4_check;

/* What a track holds. */
typedef struct hy_mp4_sum {
    int64_t packets;
    int64_t unit; /* ticks of a frame or sample */
    int64_t base; /* decoding time of the first packet, in frames or samples */
    int64_t end;  /* where it ends, in frames or samples */
    int64_t keys;
    int64_t total; /* of all times, in frames or samples */
} hy_mp4_sum;

typedef struct hy_mp4_expectation {
    const char *what;
    int64_t found;
    int64_t written;
} hy_mp4_expectation;

hydra_status hy_mp4_expect(const hy_mp4_check *c, const char *what, int64_t found, int64_t written);
hydra_status hy_mp4_expect_all(const hy_mp4_check *c, const hy_mp4_expectation *list, size_t count);

/* The tracks are those that were asked for, and their headers the encoders'. */
hydra_status hy_mp4_check_streams(hy_mp4_check *c);
/* The ticks of a track are whole; starts its sum. */
hydra_status hy_mp4_check_unit(const hy_mp4_check *c, bool audio, hy_mp4_sum *sum);
/* One sample is what the ledger says; adds it to the sum, whose base must be set. */
hydra_status hy_mp4_check_sample(const hy_mp4_check *c, bool audio, const hy_ledger_entry *entry,
                                 const hy_mp4_sample *sample, hy_mp4_sum *sum);
/* Each of `frames` is there once. */
hydra_status hy_mp4_check_frames(const hy_mp4_check *c, const hy_mp4_sum *sum, int64_t frames);
/* Fill what streams, samples and moov tell. */
void hy_mp4_describe(const hy_mp4_check *c, const hy_mp4_sum *video, const hy_mp4_sum *audio,
                     hydra_result *result);

#endif
