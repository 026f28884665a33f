/* SPDX-License-Identifier: MIT */
/* What every MP4 of ours is checked for, whatever its layout: streams, samples, frames. */
#include "mp4_check.h"

#include <string.h>

#include <libavcodec/avcodec.h>
#include <libavutil/intreadwrite.h>
#include <libavutil/pixdesc.h>

#include "h264.h"
#include "hevc.h"

#define OBJECT_TYPE_AAC 0x40

hydra_status hy_mp4_expect(const hy_mp4_check *c, const char *what, int64_t found, int64_t written)
{
    if (found == written) {
        return HYDRA_OK;
    }
    return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: %s is %lld, but %lld was written", c->name, what,
                   (long long)found, (long long)written);
}

hydra_status hy_mp4_expect_all(const hy_mp4_check *c, const hy_mp4_expectation *list, size_t count)
{
    hydra_status status = HYDRA_OK;
    for (size_t i = 0; status == HYDRA_OK && i < count; i++) {
        status = hy_mp4_expect(c, list[i].what, list[i].found, list[i].written);
    }
    return status;
}

/* ---- Streams ---- */

/* A codec as MP4 holds it. */
typedef struct video_kind {
    enum AVCodecID id;
    uint32_t entry;
    const char *name; /* for results */
    const char *header;
    bool (*read_sps)(const uint8_t *record, size_t size, hy_video_sps *sps);
    int32_t level_scale; /* level_idc of level 0.1 */
} video_kind;

static const video_kind kinds[] = {
    {AV_CODEC_ID_H264, HY_MP4_TYPE('a', 'v', 'c', '1'), "h264", "the H.264 header",
     hy_h264_read_sps, 1},
    {AV_CODEC_ID_HEVC, HY_MP4_TYPE('h', 'v', 'c', '1'), "hevc", "the HEVC header", hy_hevc_read_sps,
     3},
};

static const video_kind *kind_of(const AVCodecParameters *codec)
{
    return &kinds[codec->codec_id == AV_CODEC_ID_HEVC];
}

static hydra_status compare_bytes(const hy_mp4_check *c, const char *what, hy_span found,
                                  const uint8_t *bytes, int size)
{
    if (found.size == (size_t)size && memcmp(found.data, bytes, found.size) == 0) {
        return HYDRA_OK;
    }
    return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: %s in the index is not the encoder's", c->name,
                   what);
}

/* colr of type nclx says the same as the stream itself. */
static hydra_status check_color(const hy_mp4_check *c, const AVCodecParameters *codec)
{
    const hy_video_sps *sps = &c->sps;
    const uint8_t *colr = c->head.video.colr.data;
    const hy_mp4_expectation list[] = {
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
    return hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]);
}

static hydra_status check_video_stream(hy_mp4_check *c)
{
    const AVCodecParameters *codec = c->video;
    const video_kind *kind = kind_of(codec);
    const hy_mp4_track *track = &c->head.video;
    hy_rate rate = c->rate;
    hydra_status status = hy_mp4_expect(c, "the kind of the pictures", track->entry, kind->entry);
    if (status == HYDRA_OK) {
        status =
            compare_bytes(c, kind->header, track->config, codec->extradata, codec->extradata_size);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    if (!kind->read_sps(track->config.data, track->config.size, &c->sps)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: %s cannot be read", c->name, kind->header);
    }
    const hy_video_look file = {rate, codec->color_primaries, codec->color_trc, codec->color_space};
    hy_video_sps_complete(&c->sps, &file);
    const hy_video_sps *sps = &c->sps;
    const hy_mp4_expectation list[] = {
        {"the width", track->width, codec->width},
        {"the height", track->height, codec->height},
        {"the width in the stream", sps->width, codec->width},
        {"the height in the stream", sps->height, codec->height},
        {"the profile", sps->profile_idc, codec->profile},
        {"the level", sps->level_idc, codec->level},
        {"the bit depth", sps->bit_depth, 8},
        {"the chroma format", sps->chroma_format_idc, 1},
        {"the frame rate in the stream", sps->rate_num * rate.den, sps->rate_den * rate.num},
    };
    status = hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]);
    return status == HYDRA_OK ? check_color(c, codec) : status;
}

static hydra_status check_audio_stream(const hy_mp4_check *c)
{
    const AVCodecParameters *codec = c->audio;
    int32_t type;
    hy_span config;
    if (!hy_mp4_read_esds(c->head.audio.esds, &type, &config)) {
        return hy_fail(c->diag, HYDRA_ERR_VERIFY, "%s: the index is damaged: esds", c->name);
    }
    hydra_status status = hy_mp4_expect(c, "the kind of the sound", type, OBJECT_TYPE_AAC);
    if (status == HYDRA_OK) {
        status = hy_mp4_expect(c, "the sample rate", c->head.audio.sample_rate, codec->sample_rate);
    }
    return status == HYDRA_OK
               ? compare_bytes(c, "the AAC header", config, codec->extradata, codec->extradata_size)
               : status;
}

hydra_status hy_mp4_check_streams(hy_mp4_check *c)
{
    hydra_status status =
        hy_mp4_expect(c, "the number of sound tracks", c->head.has_audio, c->audio != NULL);
    if (status == HYDRA_OK) {
        status = check_video_stream(c);
    }
    return status == HYDRA_OK && c->audio ? check_audio_stream(c) : status;
}

/* ---- Samples ---- */

static hydra_status compare_sample(const hy_mp4_check *c, bool audio, const hy_ledger_entry *entry,
                                   const hy_mp4_sample *sample, const hy_mp4_sum *sum)
{
    const hy_mp4_expectation list[] = {
        {audio ? "the offset of an audio packet" : "the offset of a frame", sample->offset,
         entry->offset},
        {audio ? "the size of an audio packet" : "the size of a frame", sample->size, entry->size},
        {audio ? "the time of an audio packet" : "the time of a frame", sample->pts,
         (entry->pts - sum->base) * sum->unit},
        {audio ? "the decoding time of an audio packet" : "the decoding time of a frame",
         sample->dts, (entry->dts - sum->base) * sum->unit},
        {audio ? "the length of an audio packet" : "the length of a frame", sample->duration,
         entry->duration * sum->unit},
        {"the key frame mark of a frame", sample->key,
         audio ? sample->key : (entry->flags & HY_LEDGER_KEY) != 0},
    };
    return hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]);
}

hydra_status hy_mp4_check_sample(const hy_mp4_check *c, bool audio, const hy_ledger_entry *entry,
                                 const hy_mp4_sample *sample, hy_mp4_sum *sum)
{
    hydra_status status = compare_sample(c, audio, entry, sample, sum);
    if (status != HYDRA_OK) {
        return status;
    }
    int64_t end = entry->pts + entry->duration;
    sum->end = end > sum->end ? end : sum->end;
    sum->keys += sample->key;
    sum->total += entry->pts;
    sum->packets++;
    return HYDRA_OK;
}

hydra_status hy_mp4_check_unit(const hy_mp4_check *c, bool audio, hy_mp4_sum *sum)
{
    const hy_mp4_track *track = audio ? &c->head.audio : &c->head.video;
    hy_rate rate = audio ? (hy_rate){c->audio->sample_rate, 1} : c->rate;
    *sum = (hy_mp4_sum){.unit = (int64_t)track->timescale * rate.den / rate.num};
    return hy_mp4_expect(c, audio ? "the sample rate" : "the frame rate in ticks",
                         sum->unit * rate.num, (int64_t)track->timescale * rate.den);
}

hydra_status hy_mp4_check_frames(const hy_mp4_check *c, const hy_mp4_sum *sum, int64_t frames)
{
    /* Each of the frames 0 to n - 1 once: n of them, none beyond, and the sum of a series. */
    const hy_mp4_expectation list[] = {
        {"the number of frames", sum->packets, frames},
        {"the last frame", sum->end, frames},
        {"the sum of all frame numbers", sum->total, frames * (frames - 1) / 2},
    };
    return hy_mp4_expect_all(c, list, sizeof list / sizeof list[0]);
}

/* ---- The result ---- */

static const char *known(const char *name)
{
    return name ? name : "unknown";
}

void hy_mp4_describe(const hy_mp4_check *c, const hy_mp4_sum *video, const hy_mp4_sum *audio,
                     hydra_result *result)
{
    const hy_video_sps *sps = &c->sps;
    const video_kind *kind = kind_of(c->video);
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
    result->moov_offset = c->head.moov_offset;
    result->moov_bytes = c->head.moov_bytes;
    result->container = "mp4";
    result->video_codec = kind->name;
    result->video_profile = known(avcodec_profile_name(kind->id, sps->profile_idc));
    result->pixel_format = "yuv420p";
    result->color_range =
        known(av_color_range_name(sps->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG));
    result->color_primaries = known(av_color_primaries_name((int)sps->primaries));
    result->color_transfer = known(av_color_transfer_name((int)sps->transfer));
    result->color_matrix = known(av_color_space_name((int)sps->matrix));
    result->audio_codec = c->head.has_audio ? "aac" : "";
    result->video_level = sps->level_idc / kind->level_scale;
    result->key_frames = (int32_t)video->keys;
}
