/* SPDX-License-Identifier: MIT */
/*
 * The reader that holds a finished MP4 against what was written, over any bytes: 4 bytes that say
 * how many follow the head in the file, then the head.
 */
#include "fuzz.h"
#include "media/h264.h"
#include "media/hevc.h"
#include "media/mp4_head.h"

/* Tables may tell of 2^32 samples in a few bytes; the verifier stops at the first that is wrong. */
#define MAX_SAMPLES 20000

static uint32_t sum_table(const hy_mp4_table *table, size_t row_bytes)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < table->count * row_bytes; i++) {
        sum = sum * 31 + table->rows[i];
    }
    return sum;
}

static uint32_t sum_span(hy_span span)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < span.size; i++) {
        sum = sum * 31 + span.data[i];
    }
    return sum;
}

/* Reads all that the head points to. */
static uint32_t touch(const hy_mp4_track *track)
{
    return sum_table(&track->stts, 8) + sum_table(&track->ctts, 8) + sum_table(&track->stsc, 12) +
           sum_table(&track->stsz, 4) + sum_table(&track->stco, track->wide_offsets ? 8 : 4) +
           sum_table(&track->stss, 4) + sum_span(track->config) + sum_span(track->colr) +
           sum_span(track->esds);
}

static void walk(const hy_mp4_track *track)
{
    hy_mp4_walk walk = hy_mp4_walk_start(track);
    hy_mp4_sample sample;
    int64_t dts = 0;
    uint32_t count = 0;
    while (count < MAX_SAMPLES && hy_mp4_walk_next(&walk, &sample)) {
        fuzz_check(sample.size >= 0 && sample.duration >= 0);
        fuzz_check(sample.dts == dts);
        dts += sample.duration;
        count++;
    }
    fuzz_check(walk.sample == count && count <= track->samples);
    (void)hy_mp4_walk_ended(&walk);
}

static void check_track(const hy_mp4_track *track)
{
    volatile uint32_t sum = touch(track);
    (void)sum;
    fuzz_check(track->timescale > 0);
    walk(track);
}

static void check_head(const hy_mp4_head *head, int64_t total)
{
    fuzz_check(head->media_offset > 0 && head->media_offset <= total);
    fuzz_check(head->moov_offset > 0 && head->moov_bytes >= 8);
    check_track(&head->video);
    hy_video_sps sps;
    hy_span record = head->video.config;
    bool hevc = head->video.entry == HY_MP4_TYPE('h', 'v', 'c', '1');
    if (hevc ? hy_hevc_read_sps(record.data, record.size, &sps)
             : hy_h264_read_sps(record.data, record.size, &sps)) {
        fuzz_check(sps.width > 0 && sps.height > 0);
    }
    if (head->has_audio) {
        check_track(&head->audio);
        int32_t type;
        hy_span config;
        if (hy_mp4_read_esds(head->audio.esds, &type, &config)) {
            volatile uint32_t sum = sum_span(config);
            (void)sum;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_input in = {data, size};
    int64_t behind = (int64_t)fuzz_take(&in, 4);
    int64_t total = (int64_t)in.size + behind;
    hy_mp4_head head;
    hy_diag diag = {0};
    hydra_status status = hy_mp4_head_read((hy_span){in.data, in.size}, total, "out", &head, &diag);
    fuzz_check_outcome(status, &diag);
    if (status == HYDRA_OK) {
        check_head(&head, total);
    }
    return 0;
}
