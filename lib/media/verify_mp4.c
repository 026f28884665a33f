/* SPDX-License-Identifier: MIT */
/*
 * Holds a finished MP4 against the ledger and against what the encoders said of their streams, and
 * fills the result with what the file says. The head was parsed by our own reader, so libavformat
 * is not asked about its own work.
 */
#include <stdlib.h>
#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>

#include "h264.h"
#include "mp4_head.h"
#include "muxer_mp4.h"
#include "verify.h"

#define OBJECT_TYPE_AAC 0x40

typedef struct check {
    const hy_muxer_mp4 *mp4;
    const char *name;
    hy_mp4_head head;
    hy_h264_sps sps;
    hy_diag *diag;
} check;

/* What a track holds by its tables. */
typedef struct track_sum {
    int64_t packets;
    int64_t unit; /* ticks of a frame or sample */
    int64_t end;  /* where it ends, in frames or samples */
    int64_t keys;
    int64_t total; /* of all times, in frames or samples */
} track_sum;

static hydra_status expect(const check *c, const char *what, int64_t found, int64_t written)
{
    if (found == written) {
        return HYDRA_OK;
    }
    return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: %s is %lld, but %lld was written", c->name, what,
                   (long long)found, (long long)written);
}

typedef struct expectation {
    const char *what;
    int64_t found;
    int64_t written;
} expectation;

static hydra_status expect_all(const check *c, const expectation *list, size_t count)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; status == HYDRA_OK && i < count; i++) {
        status = expect(c, list[i].what, list[i].found, list[i].written);
    }
    return status;
}

/* ---- Bytes ---- */

/* Media follow the head without a gap up to the end of the file. */
static hydra_status check_packets(const check *c, hy_window *window)
{
    const hy_ledger *ledger = &c->mp4->base.ledger;
    int64_t offset = (int64_t)c->mp4->io.head_size;
    for (size_t i = 0; i < ledger->count; i++) {
        const hy_ledger_entry *entry = &ledger->entries[i];
        hydra_status status = expect(c, "the place of a packet", entry->offset, offset);
        if (status == HYDRA_OK) {
            status = hy_window_check(window, entry, c->diag);
        }
        if (status != HYDRA_OK) {
            return status;
        }
        offset += entry->size;
    }
    return expect(c, "the size of the file", c->mp4->io.end, offset);
}

static hydra_status check_bytes(const check *c)
{
    const hy_sink_io *io = &c->mp4->io;
    hy_window window;
    hydra_status status = hy_window_open(&window, io->sink, io->end, c->diag);
    if (status == HYDRA_OK) {
        status = hy_window_compare(&window, 0, io->head, io->head_size, "the index", c->diag);
    }
    if (status == HYDRA_OK) {
        status = check_packets(c, &window);
    }
    hy_window_close(&window);
    return status;
}

/* ---- Tables ---- */

static hydra_status check_sample(const check *c, bool audio, const hy_ledger_entry *entry,
                                 const hy_mp4_sample *sample, int64_t base, int64_t unit)
{
    const expectation list[] = {
        {audio ? "the offset of an audio packet" : "the offset of a frame", sample->offset,
         entry->offset},
        {audio ? "the size of an audio packet" : "the size of a frame", sample->size, entry->size},
        {audio ? "the time of an audio packet" : "the time of a frame", sample->pts,
         (entry->pts - base) * unit},
        {audio ? "the decoding time of an audio packet" : "the decoding time of a frame",
         sample->dts, (entry->dts - base) * unit},
        {audio ? "the length of an audio packet" : "the length of a frame", sample->duration,
         entry->duration * unit},
        {"the key frame mark of a frame", sample->key,
         audio ? sample->key : (entry->flags & HY_LEDGER_KEY) != 0},
    };
    return expect_all(c, list, sizeof list / sizeof list[0]);
}

static hydra_status compare_samples(const check *c, const hy_mp4_track *track, bool audio,
                                    int64_t *base, track_sum *sum)
{
    const hy_ledger *ledger = &c->mp4->base.ledger;
    hy_mp4_walk walk = hy_mp4_walk_start(track);
    for (size_t i = 0; i < ledger->count; i++) {
        const hy_ledger_entry *entry = &ledger->entries[i];
        hy_mp4_sample sample;
        if (hy_ledger_is_audio(entry) != audio) {
            continue;
        }
        if (sum->packets == 0) {
            *base = entry->dts;
        }
        if (!hy_mp4_walk_next(&walk, &sample)) {
            return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index ends after %lld %s", c->name,
                           (long long)sum->packets, audio ? "audio packets" : "frames");
        }
        hydra_status status = check_sample(c, audio, entry, &sample, *base, sum->unit);
        if (status != HYDRA_OK) {
            return status;
        }
        int64_t end = entry->pts + entry->duration;
        sum->end = end > sum->end ? end : sum->end;
        sum->keys += sample.key;
        sum->total += entry->pts;
        sum->packets++;
    }
    if (!hy_mp4_walk_ended(&walk)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index goes on after %lld %s", c->name,
                       (long long)sum->packets, audio ? "audio packets" : "frames");
    }
    return expect(c, audio ? "the length of the sound track" : "the length of the video track",
                  (int64_t)track->duration, walk.next_dts);
}

/* The edit list shows exactly what lies between time 0 and the end of the last packet. Where the
 * movie's ticks cannot express the end, one tick may be lost in rounding. */
static hydra_status check_edit(const check *c, const hy_mp4_track *track, bool audio, int64_t base,
                               const track_sum *sum)
{
    hydra_status status = expect(c, audio ? "the first sample that plays" : "the first frame shown",
                                 track->edit_start, -base * sum->unit);
    int64_t ticks = sum->end * sum->unit;
    int64_t low = hy_rescale_floor(ticks, c->head.timescale, track->timescale);
    int64_t high = -hy_rescale_floor(-ticks, c->head.timescale, track->timescale);
    int64_t found = (int64_t)track->edit_duration;
    if (status == HYDRA_OK && low != high && llabs(found - high) <= 1) {
        return HYDRA_OK;
    }
    return status == HYDRA_OK ? expect(c,
                                       audio ? "the playing time of the sound"
                                             : "the playing time of the pictures",
                                       found, high)
                              : status;
}

static hydra_status check_track(const check *c, const hy_mp4_track *track, bool audio, hy_rate rate,
                                track_sum *sum)
{
    *sum = (track_sum){.unit = (int64_t)track->timescale * rate.den / rate.num};
    int64_t base = 0;
    hydra_status status = expect(c, audio ? "the sample rate" : "the frame rate in ticks",
                                 sum->unit * rate.num, (int64_t)track->timescale * rate.den);
    if (status == HYDRA_OK) {
        status = compare_samples(c, track, audio, &base, sum);
    }
    return status == HYDRA_OK ? check_edit(c, track, audio, base, sum) : status;
}

/* ---- Streams ---- */

static hydra_status compare_bytes(const check *c, const char *what, hy_span found,
                                  const uint8_t *bytes, int size)
{
    if (found.size == (size_t)size && memcmp(found.data, bytes, found.size) == 0) {
        return HYDRA_OK;
    }
    return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: %s in the index is not the encoder's", c->name,
                   what);
}

/* colr of type nclx says the same as the stream itself. */
static hydra_status check_color(const check *c, const AVCodecParameters *codec)
{
    const hy_h264_sps *sps = &c->sps;
    const uint8_t *colr = c->head.video.colr.data;
    const expectation list[] = {
        {"the kind of the colr box", AV_RB32(colr), AV_RB32("nclx")},
        {"the primaries in colr", AV_RB16(colr + 4), codec->color_primaries},
        {"the transfer in colr", AV_RB16(colr + 6), codec->color_trc},
        {"the matrix in colr", AV_RB16(colr + 8), codec->color_space},
        {"the range in colr", colr[10] >> 7, codec->color_range == AVCOL_RANGE_JPEG},
        {"the primaries in the stream", sps->primaries, codec->color_primaries},
        {"the transfer in the stream", sps->transfer, codec->color_trc},
        {"the matrix in the stream", sps->matrix, codec->color_space},
        {"the range in the stream", sps->full_range, codec->color_range == AVCOL_RANGE_JPEG},
    };
    return expect_all(c, list, sizeof list / sizeof list[0]);
}

static hydra_status check_video_stream(check *c)
{
    const AVCodecParameters *codec = c->mp4->video->codecpar;
    const hy_mp4_track *track = &c->head.video;
    hy_rate rate = c->mp4->base.config.rate;
    hydra_status status =
        compare_bytes(c, "the H.264 header", track->avcc, codec->extradata, codec->extradata_size);
    if (status != HYDRA_OK) {
        return status;
    }
    if (!hy_h264_read_sps(track->avcc.data, track->avcc.size, &c->sps)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the H.264 header cannot be read", c->name);
    }
    const hy_h264_sps *sps = &c->sps;
    const expectation list[] = {
        {"the width", track->width, codec->width},
        {"the height", track->height, codec->height},
        {"the width in the stream", sps->width, codec->width},
        {"the height in the stream", sps->height, codec->height},
        {"the profile", sps->profile_idc, codec->profile},
        {"the level", sps->level_idc, codec->level},
        {"the bit depth", sps->bit_depth, 8},
        {"the chroma format", sps->chroma_format_idc, 1},
        {"the frame rate in the stream", (int64_t)sps->time_scale * rate.den,
         (int64_t)sps->units_in_tick * 2 * rate.num},
    };
    status = expect_all(c, list, sizeof list / sizeof list[0]);
    return status == HYDRA_OK ? check_color(c, codec) : status;
}

static hydra_status check_audio_stream(const check *c)
{
    const AVCodecParameters *codec = c->mp4->audio->codecpar;
    int32_t type;
    hy_span config;
    if (!hy_mp4_read_esds(c->head.audio.esds, &type, &config)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index is damaged: esds", c->name);
    }
    hydra_status status = expect(c, "the kind of the sound", type, OBJECT_TYPE_AAC);
    if (status == HYDRA_OK) {
        status = expect(c, "the sample rate", c->head.audio.sample_rate, codec->sample_rate);
    }
    return status == HYDRA_OK
               ? compare_bytes(c, "the AAC header", config, codec->extradata, codec->extradata_size)
               : status;
}

/* ---- All of it ---- */

static hydra_status check_video(check *c, track_sum *sum)
{
    int64_t frames = c->mp4->base.config.frames;
    hydra_status status = check_video_stream(c);
    if (status == HYDRA_OK) {
        status = check_track(c, &c->head.video, false, c->mp4->base.config.rate, sum);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    /* Each of the frames 0 to n - 1 once: n of them, none beyond, and the sum of a series. */
    const expectation list[] = {
        {"the number of frames", sum->packets, frames},
        {"the last frame", sum->end, frames},
        {"the sum of all frame numbers", sum->total, frames * (frames - 1) / 2},
    };
    return expect_all(c, list, sizeof list / sizeof list[0]);
}

static hydra_status check_audio(const check *c, track_sum *sum)
{
    *sum = (track_sum){0};
    if (!c->mp4->audio) {
        return HYDRA_OK;
    }
    hydra_status status = check_audio_stream(c);
    hy_rate rate = {c->mp4->audio->codecpar->sample_rate, 1};
    return status == HYDRA_OK ? check_track(c, &c->head.audio, true, rate, sum) : status;
}

/* The headers repeat the edit lists; the movie is as long as its longest track. */
static hydra_status check_lengths(const check *c)
{
    const hy_mp4_head *head = &c->head;
    uint64_t video = head->video.edit_duration;
    uint64_t audio = head->has_audio ? head->audio.edit_duration : 0;
    const expectation list[] = {
        {"the length of the video track", (int64_t)head->video.tkhd_duration, (int64_t)video},
        {"the length of the sound track", (int64_t)head->audio.tkhd_duration, (int64_t)audio},
        {"the length of the movie", (int64_t)head->duration,
         (int64_t)(video > audio ? video : audio)},
    };
    return expect_all(c, list, sizeof list / sizeof list[0]);
}

static const char *known(const char *name)
{
    return name ? name : "unknown";
}

static void describe(const check *c, const track_sum *video, const track_sum *audio,
                     hydra_result *result)
{
    const hy_h264_sps *sps = &c->sps;
    hy_rate rate = hy_rate_reduce((int32_t)c->head.video.timescale, (int32_t)video->unit);
    result->width_px = sps->width;
    result->height_px = sps->height;
    result->fps_num = rate.num;
    result->fps_den = rate.den;
    result->has_audio = c->head.has_audio;
    result->frames = video->packets;
    result->audio_samples = audio->end;
    result->duration_us = hy_us_from_frame(video->end, rate);
    result->av_offset_us = 0;
    if (c->head.has_audio) {
        result->av_offset_us =
            hy_rescale(audio->end, 1000000, c->head.audio.sample_rate) - result->duration_us;
    }
    result->bytes = c->mp4->io.end;
    result->moov_offset = c->head.moov_offset;
    result->moov_bytes = c->head.moov_bytes;
    result->moov_reserved_bytes = c->mp4->reserve_bytes;
    result->container = "mp4";
    result->video_codec = "h264";
    result->video_profile = known(avcodec_profile_name(AV_CODEC_ID_H264, sps->profile_idc));
    result->pixel_format = "yuv420p";
    result->color_range =
        known(av_color_range_name(sps->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG));
    result->color_primaries = known(av_color_primaries_name((int)sps->primaries));
    result->color_transfer = known(av_color_transfer_name((int)sps->transfer));
    result->color_matrix = known(av_color_space_name((int)sps->matrix));
    result->audio_codec = c->head.has_audio ? "aac" : "";
    result->video_level = sps->level_idc;
    result->key_frames = (int32_t)video->keys;
}

hydra_status hy_muxer_mp4_verify(hy_muxer *muxer, hydra_result *result, hy_diag *diag)
{
    const hy_muxer_mp4 *mp4 = (const hy_muxer_mp4 *)muxer;
    check c = {.mp4 = mp4, .name = muxer->sink->name, .diag = diag};
    track_sum video;
    track_sum audio;
    hydra_status status = check_bytes(&c);
    if (status == HYDRA_OK) {
        hy_span bytes = {mp4->io.head, mp4->io.head_size};
        status = hy_mp4_head_read(bytes, mp4->io.end, c.name, &c.head, diag);
    }
    if (status == HYDRA_OK) {
        const expectation list[] = {
            {"the start of the media", c.head.media_offset, (int64_t)mp4->io.head_size},
            {"the number of sound tracks", c.head.has_audio, mp4->audio != NULL},
        };
        status = expect_all(&c, list, sizeof list / sizeof list[0]);
    }
    if (status == HYDRA_OK) {
        status = check_video(&c, &video);
    }
    if (status == HYDRA_OK) {
        status = check_audio(&c, &audio);
    }
    if (status == HYDRA_OK) {
        status = check_lengths(&c);
    }
    if (status == HYDRA_OK) {
        describe(&c, &video, &audio, result);
    }
    return status;
}
