/* SPDX-License-Identifier: MIT */
/* Reads a finished MP4 with its index in front back, and fills the result with what it says. */
#include <stdlib.h>

#include "mp4_check.h"
#include "muxer_mp4.h"
#include "verify.h"

typedef struct check {
    hy_mp4_check base;
    const hy_muxer_mp4 *mp4;
} check;

/* ---- Bytes ---- */

/* Media follow the head without a gap up to the end of the file. */
static hydra_status check_packets(const check *c, hy_window *window)
{
    const hy_ledger *ledger = &c->mp4->base.ledger;
    int64_t offset = (int64_t)c->mp4->io.head_size;
    for (size_t i = 0; i < ledger->count; i++) {
        const hy_ledger_entry *entry = &ledger->entries[i];
        hydra_status status =
            hy_mp4_expect(&c->base, "the place of a packet", entry->offset, offset);
        if (status == HYDRA_OK) {
            status = hy_window_check(window, entry, c->base.diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        offset += entry->size;
    }
    return hy_mp4_expect(&c->base, "the size of the file", c->mp4->io.end, offset);
}

static hydra_status check_bytes(const check *c)
{
    const hy_sink_io *io = &c->mp4->io;
    hy_window window;
    hydra_status status = hy_window_open(&window, &c->mp4->base, io->end, c->base.diag);
    if (status == HYDRA_OK) {
        status = hy_window_compare(&window, 0, io->head, io->head_size, "the index", c->base.diag);
    }
    if (status == HYDRA_OK) {
        status = check_packets(c, &window);
    }
    hy_window_close(&window);
    return status;
}

/* ---- Tables ---- */

static hydra_status compare_samples(const hy_mp4_check *c, const hy_ledger *ledger,
                                    const hy_mp4_track *track, bool audio, hy_mp4_sum *sum)
{
    hy_mp4_walk walk = hy_mp4_walk_start(track);
    for (size_t i = 0; i < ledger->count; i++) {
        const hy_ledger_entry *entry = &ledger->entries[i];
        hy_mp4_sample sample;
        if (hy_ledger_is_audio(entry) != audio) {
            continue;
        }
        if (sum->packets == 0) {
            sum->base = entry->dts;
        }
        if (!hy_mp4_walk_next(&walk, &sample)) {
            return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index ends after %lld %s", c->name,
                           (long long)sum->packets, audio ? "audio packets" : "frames");
        }
        hydra_status status = hy_mp4_check_sample(c, audio, entry, &sample, sum);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (!hy_mp4_walk_ended(&walk)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index goes on after %lld %s", c->name,
                       (long long)sum->packets, audio ? "audio packets" : "frames");
    }
    return hy_mp4_expect(c,
                         audio ? "the length of the sound track" : "the length of the video track",
                         (int64_t)track->duration, walk.next_dts);
}

/* The edit list shows exactly what lies between time 0 and the end of the last packet. Where the
 * movie's ticks cannot express the end, one tick may be lost in rounding. */
static hydra_status check_edit(const hy_mp4_check *c, const hy_mp4_track *track, bool audio,
                               const hy_mp4_sum *sum)
{
    hydra_status status =
        hy_mp4_expect(c, audio ? "the first sample that plays" : "the first frame shown",
                      track->edit_start, -sum->base * sum->unit);
    int64_t ticks = sum->end * sum->unit;
    int64_t low = hy_rescale_floor(ticks, c->head.timescale, track->timescale);
    int64_t high = -hy_rescale_floor(-ticks, c->head.timescale, track->timescale);
    int64_t found = (int64_t)track->edit_duration;
    if (status == HYDRA_OK && low != high && llabs(found - high) <= 1) {
        return HYDRA_OK;
    }
    return status == HYDRA_OK ? hy_mp4_expect(c,
                                              audio ? "the playing time of the sound"
                                                    : "the playing time of the pictures",
                                              found, high)
                              : status;
}

static hydra_status check_track(const check *c, bool audio, hy_mp4_sum *sum)
{
    const hy_mp4_track *track = audio ? &c->base.head.audio : &c->base.head.video;
    hydra_status status = hy_mp4_check_unit(&c->base, audio, sum);
    if (status == HYDRA_OK) {
        status = compare_samples(&c->base, &c->mp4->base.ledger, track, audio, sum);
    }
    return status == HYDRA_OK ? check_edit(&c->base, track, audio, sum) : status;
}

/* The headers repeat the edit lists; the movie is as long as its longest track. */
static hydra_status check_lengths(const hy_mp4_check *c)
{
    const hy_mp4_head *head = &c->head;
    uint64_t video = head->video.edit_duration;
    uint64_t audio = head->has_audio ? head->audio.edit_duration : 0;
    const hy_mp4_expectation list[] = {
        {"the length of the video track", (int64_t)head->video.tkhd_duration, (int64_t)video},
        {"the length of the sound track", (int64_t)head->audio.tkhd_duration, (int64_t)audio},
        {"the length of the movie", (int64_t)head->duration,
         (int64_t)(video > audio ? video : audio)},
    };
    return hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]);
}

/* ---- All of it ---- */

static hydra_status check_tracks(check *c, hy_mp4_sum *video, hy_mp4_sum *audio)
{
    *audio = (hy_mp4_sum){0};
    hydra_status status = hy_mp4_check_streams(&c->base);
    if (status == HYDRA_OK) {
        status = check_track(c, false, video);
    }
    if (status == HYDRA_OK) {
        status = hy_mp4_check_frames(&c->base, video, c->mp4->base.config.frames);
    }
    if (status == HYDRA_OK && c->base.audio) {
        status = check_track(c, true, audio);
    }
    return status == HYDRA_OK ? check_lengths(&c->base) : status;
}

hydra_status hy_muxer_mp4_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag)
{
    const hy_muxer_mp4 *mp4 = (const hy_muxer_mp4 *)muxer;
    const hy_mp4_writer *writer = &mp4->writer;
    check c = {.base = {.name = muxer->sink->name,
                        .rate = muxer->config.rate,
                        .video = writer->video->codecpar,
                        .audio = writer->audio ? writer->audio->codecpar : NULL,
                        .diag = diag},
               .mp4 = mp4};
    hy_mp4_sum video;
    hy_mp4_sum audio;
    hydra_status status = check_bytes(&c);
    if (status == HYDRA_OK) {
        hy_span bytes = {mp4->io.head, mp4->io.head_size};
        status = hy_mp4_head_read(bytes, mp4->io.end, c.base.name, &c.base.head, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_mp4_expect(&c.base, "the start of the media", c.base.head.media_offset,
                               (int64_t)mp4->io.head_size);
    }
    if (status == HYDRA_OK) {
        status = check_tracks(&c, &video, &audio);
    }
    if (status == HYDRA_OK) {
        hy_mp4_describe(&c.base, &video, &audio, result);
        result->bytes = mp4->io.end;
        result->moov_reserved_bytes = mp4->reserve_bytes;
    }
    return status;
}
