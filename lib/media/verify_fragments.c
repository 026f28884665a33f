/* SPDX-License-Identifier: MIT */
/* Holds each piece of a fragmented MP4 against the ledger, before it goes out. */
#include "verify_fragments.h"

#include "mp4_fragment.h"

/* ---- The start ---- */

static int64_t first_dts(const hy_ledger *ledger, bool audio)
{
    size_t i = 0;
    while (i < ledger->count && hy_ledger_is_audio(&ledger->entries[i]) != audio) {
        i++;
    }
    return i < ledger->count ? ledger->entries[i].dts : 0;
}

/* Lengths are not told ahead; the edit list alone says where the media begin to play. */
static hydra_status check_start(const hy_mp4_check *c, bool audio, const hy_ledger *ledger,
                                hy_mp4_sum *sum)
{
    const hy_mp4_track *track = audio ? &c->head.audio : &c->head.video;
    hydra_status status = hy_mp4_check_unit(c, audio, sum);
    sum->base = first_dts(ledger, audio);
    const hy_mp4_expectation list[] = {
        {audio ? "the first sample that plays" : "the first frame shown", track->edit_start,
         -sum->base * sum->unit},
        {"the playing time before the fragments", (int64_t)track->edit_duration, 0},
        {"the number of samples before the fragments", track->samples, 0},
        {"the length of a track before the fragments", (int64_t)track->duration, 0},
        {"the length of a track before the fragments", (int64_t)track->tkhd_duration, 0},
        {"the length of the movie before the fragments", (int64_t)c->head.duration, 0},
    };
    return status == HYDRA_OK ? hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]) : status;
}

hydra_status hy_fragments_check_init(hy_fragments_check *check, hy_span bytes,
                                     const hy_ledger *ledger, hy_diag *diag)
{
    hy_mp4_check *c = &check->base;
    c->diag = diag;
    hydra_status status = hy_mp4_init_read(bytes, c->name, &c->head, diag);
    if (status == HYDRA_OK) {
        status = hy_mp4_check_streams(c);
    }
    if (status == HYDRA_OK) {
        status = check_start(c, false, ledger, &check->video);
    }
    if (status == HYDRA_OK && c->audio) {
        status = check_start(c, true, ledger, &check->audio);
    }
    return status;
}

/* ---- Fragments ---- */

typedef struct fragment {
    hy_span bytes;
    int64_t position; /* of the fragment in the file */
    int64_t next;     /* first byte that no sample has claimed yet */
} fragment;

static hydra_status check_packet(const hy_mp4_check *c, bool audio, fragment *f,
                                 hy_ledger_entry *entry, const hy_mp4_sample *sample,
                                 hy_mp4_sum *sum)
{
    hy_mp4_sample placed = *sample;
    entry->offset = f->position + f->next;
    placed.offset += f->position;
    hydra_status status = hy_mp4_check_sample(c, audio, entry, &placed, sum);
    if (status == HYDRA_OK && entry->size > (int64_t)f->bytes.size - f->next) {
        status = hy_mp4_expect(c, "the size of a fragment", (int64_t)f->bytes.size,
                               f->next + entry->size);
    }
    if (status == HYDRA_OK &&
        hy_ledger_crc(0, f->bytes.data + f->next, entry->size) != entry->crc) {
        status = hy_fail(c->diag, HYDRA_ERR_VERIFY,
                         "%s: the %s packet of time %lld was changed on its way", c->name,
                         audio ? "audio" : "video", (long long)entry->pts);
    }
    f->next += entry->size;
    return status;
}

/* All packets of one track, in order, and nothing behind them. */
static hydra_status check_run(const hy_mp4_check *c, bool audio, fragment *f, hy_mp4_run *run,
                              hy_ledger *ledger, hy_mp4_sum *sum)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; status == HYDRA_OK && i < ledger->count; i++) {
        hy_ledger_entry *entry = &ledger->entries[i];
        hy_mp4_sample sample;
        if (hy_ledger_is_audio(entry) != audio) {
            continue;
        }
        if (!hy_mp4_run_next(run, &sample)) {
            return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the fragments end after %lld %s",
                           c->name, (long long)sum->packets, audio ? "audio packets" : "frames");
        }
        status = check_packet(c, audio, f, entry, &sample, sum);
    }
    if (status == HYDRA_OK && !hy_mp4_run_ended(run)) {
        status = hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the fragments go on after %lld %s",
                         c->name, (long long)sum->packets, audio ? "audio packets" : "frames");
    }
    return status;
}

static hydra_status check_runs(hy_fragments_check *check, fragment *f, hy_mp4_fragment *parsed,
                               hy_ledger *ledger)
{
    const hy_mp4_check *c = &check->base;
    int64_t before = check->video.packets + check->audio.packets;
    hydra_status status = HYDRA_OK;
    for (int32_t i = 0; status == HYDRA_OK && i < parsed->run_count; i++) {
        hy_mp4_run *run = &parsed->runs[i];
        bool audio = c->audio && run->track_id == c->head.audio.id;
        status = hy_mp4_expect(c, "the number of a track", run->track_id,
                               audio ? c->head.audio.id : c->head.video.id);
        if (status == HYDRA_OK) {
            status = check_run(c, audio, f, run, ledger, audio ? &check->audio : &check->video);
        }
    }
    const hy_mp4_expectation list[] = {
        {"the number of packets in a fragment",
         check->video.packets + check->audio.packets - before, (int64_t)ledger->count},
        {"the size of a fragment", (int64_t)f->bytes.size, f->next},
    };
    return status == HYDRA_OK ? hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]) : status;
}

hydra_status hy_fragments_check_next(hy_fragments_check *check, hy_span bytes, int64_t position,
                                     hy_ledger *ledger, hy_diag *diag)
{
    hy_mp4_fragment parsed;
    check->base.diag = diag;
    hydra_status status = hy_mp4_fragment_read(bytes, check->base.name, &parsed, diag);
    if (status == HYDRA_OK) {
        status = hy_mp4_expect(&check->base, "the number of a fragment", parsed.sequence,
                               ++check->fragments);
    }
    fragment f = {bytes, position, parsed.media_offset};
    return status == HYDRA_OK ? check_runs(check, &f, &parsed, ledger) : status;
}

/* ---- The end ---- */

hydra_status hy_fragments_check_end(hy_fragments_check *check, int64_t frames, hydra_result *result,
                                    hy_diag *diag)
{
    check->base.diag = diag;
    hydra_status status = hy_mp4_check_frames(&check->base, &check->video, frames);
    if (status == HYDRA_OK) {
        hy_mp4_describe(&check->base, &check->video, &check->audio, result);
    }
    return status;
}
