/* SPDX-License-Identifier: MIT */
/* Walks the sample tables of an MP4 track: place, size, times and key flag of each sample. */
#include <libavutil/intreadwrite.h>

#include "mp4_head.h"

hy_mp4_walk hy_mp4_walk_start(const hy_mp4_track *track)
{
    return (hy_mp4_walk){.track = track};
}

/* The row of a run-length table (rows of 8: samples, value) that the next sample belongs to. */
static bool run_value(const hy_mp4_table *table, uint32_t *row, uint32_t *used, uint32_t *value)
{
    while (*row < table->count && *used >= AV_RB32(table->rows + (size_t)*row * 8)) {
        (*row)++;
        *used = 0;
    }
    if (*row >= table->count) {
        return false;
    }
    *value = AV_RB32(table->rows + (size_t)*row * 8 + 4);
    (*used)++;
    return true;
}

static bool next_times(hy_mp4_walk *walk, hy_mp4_sample *out)
{
    const hy_mp4_track *track = walk->track;
    uint32_t ticks;
    uint32_t shift = 0;
    if (!run_value(&track->stts, &walk->stts_row, &walk->stts_used, &ticks) ||
        (track->ctts.count &&
         !run_value(&track->ctts, &walk->ctts_row, &walk->ctts_used, &shift))) {
        return false;
    }
    out->dts = walk->next_dts;
    out->pts = out->dts + (int32_t)shift;
    out->duration = ticks;
    walk->next_dts += ticks;
    return true;
}

static uint32_t stsc_field(const hy_mp4_track *track, uint32_t row, size_t field)
{
    return AV_RB32(track->stsc.rows + (size_t)row * 12 + field * 4);
}

/* At the first sample of a chunk: its place, and the stsc row that tells about it. */
static bool enter_chunk(hy_mp4_walk *walk)
{
    const hy_mp4_track *track = walk->track;
    if (walk->chunk >= track->stco.count) {
        return false;
    }
    const uint8_t *row = track->stco.rows + (size_t)walk->chunk * (track->wide_offsets ? 8 : 4);
    walk->next_offset = track->wide_offsets ? (int64_t)AV_RB64(row) : AV_RB32(row);
    while (walk->stsc_row + 1 < track->stsc.count &&
           stsc_field(track, walk->stsc_row + 1, 0) <= walk->chunk + 1) {
        walk->stsc_row++;
    }
    return walk->stsc_row < track->stsc.count &&
           stsc_field(track, walk->stsc_row, 0) <= walk->chunk + 1 &&
           stsc_field(track, walk->stsc_row, 1) > 0;
}

static bool next_place(hy_mp4_walk *walk, hy_mp4_sample *out)
{
    const hy_mp4_track *track = walk->track;
    if (walk->chunk_used == 0 && !enter_chunk(walk)) {
        return false;
    }
    out->offset = walk->next_offset;
    out->size = track->fixed_size ? track->fixed_size
                                  : AV_RB32(track->stsz.rows + (size_t)walk->sample * 4);
    if (__builtin_add_overflow(walk->next_offset, out->size, &walk->next_offset)) {
        return false;
    }
    if (++walk->chunk_used == stsc_field(track, walk->stsc_row, 1)) {
        walk->chunk_used = 0;
        walk->chunk++;
    }
    return true;
}

static bool next_key(hy_mp4_walk *walk)
{
    const hy_mp4_track *track = walk->track;
    if (!track->has_stss) {
        return true;
    }
    if (walk->stss_row < track->stss.count &&
        AV_RB32(track->stss.rows + (size_t)walk->stss_row * 4) == walk->sample + 1) {
        walk->stss_row++;
        return true;
    }
    return false;
}

bool hy_mp4_walk_next(hy_mp4_walk *walk, hy_mp4_sample *out)
{
    if (walk->sample >= walk->track->samples || !next_times(walk, out) || !next_place(walk, out)) {
        return false;
    }
    out->key = next_key(walk);
    walk->sample++;
    return true;
}

static bool run_ended(const hy_mp4_table *table, uint32_t row, uint32_t used)
{
    return table->count == 0 ||
           (row == table->count - 1 && used == AV_RB32(table->rows + (size_t)row * 8));
}

bool hy_mp4_walk_ended(const hy_mp4_walk *walk)
{
    const hy_mp4_track *track = walk->track;
    return walk->sample == track->samples &&
           run_ended(&track->stts, walk->stts_row, walk->stts_used) &&
           run_ended(&track->ctts, walk->ctts_row, walk->ctts_used) &&
           walk->chunk == track->stco.count && walk->chunk_used == 0 &&
           walk->stss_row == track->stss.count;
}
