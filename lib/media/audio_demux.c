/* SPDX-License-Identifier: MIT */
/*
 * Opening a container for its sound. The file is hostile until shown otherwise: it is looked at
 * through our own byte stream only, may not name other files, gets bounded analysis, and no decoder
 * but sound decoders may be started for it (libavformat would decode an embedded cover picture).
 */
#include "audio.h"
#include "fferror.h"

#include <string.h>

#include <libavutil/mem.h>

enum {
    PROBE_BYTES = 4 << 20,
    ANALYZE_US = 5000000,
    MAX_STREAMS = 64
};

/* Formats whose content is elsewhere: in files or at addresses that they name. */
static const char *const playlists[] = {"concat", "dash", "hls", "imf",
                                        "rtp",    "rtsp", "sdp", "webm_dash_manifest"};

static int refuse_open(AVFormatContext *format, AVIOContext **io, const char *url, int flags,
                       AVDictionary **options)
{
    (void)format;
    (void)io;
    (void)url;
    (void)flags;
    (void)options;
    return AVERROR(EPERM);
}

/* A format's name may be a list: "sdp" is one, "mov,mp4,m4a" another. */
static bool is_playlist(const char *format)
{
    for (size_t i = 0; i < sizeof playlists / sizeof playlists[0]; i++) {
        size_t length = strlen(playlists[i]);
        if (strncmp(format, playlists[i], length) == 0 &&
            (format[length] == '\0' || format[length] == ',')) {
            return true;
        }
    }
    return false;
}

/* Names of all sound decoders, separated by commas; free with av_free. NULL: no memory. */
static char *sound_decoders(void)
{
    hy_buffer names = {.limit = 1 << 16};
    void *cursor = NULL;
    const AVCodec *codec;
    bool complete = true;
    while ((codec = av_codec_iterate(&cursor))) {
        if (codec->type == AVMEDIA_TYPE_AUDIO && av_codec_is_decoder(codec)) {
            complete = complete && hy_buffer_print(&names, "%s,", codec->name);
        }
    }
    char *list = complete ? av_strndup((const char *)names.data, names.size) : NULL;
    hy_buffer_free(&names);
    return list;
}

/* A context that can read nothing but `bytes`. NULL: no memory. */
static AVFormatContext *new_context(hy_ff_reader *bytes)
{
    AVFormatContext *format = avformat_alloc_context();
    if (!format) {
        return NULL;
    }
    format->pb = bytes->io;
    format->flags |= AVFMT_FLAG_CUSTOM_IO; /* never FFmpeg's to close */
    format->io_open = refuse_open;
    format->probesize = PROBE_BYTES;
    format->max_analyze_duration = ANALYZE_US;
    format->max_streams = MAX_STREAMS;
    format->protocol_whitelist = av_strdup("");
    format->codec_whitelist = sound_decoders();
    if (!format->protocol_whitelist || !format->codec_whitelist) {
        avformat_free_context(format);
        return NULL;
    }
    return format;
}

/* A read that failed comes before what FFmpeg made of it. */
static hydra_status fail_open(hy_ff_reader *bytes, int averror, hy_diag *diag)
{
    hydra_status status = hy_ff_reader_status(bytes, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    if (averror == AVERROR_INVALIDDATA) {
        return hy_fail(diag, HYDRA_ERR_FORMAT, "%s: is not a sound file, or is damaged",
                       bytes->reader->name);
    }
    return hy_fail_av(diag, averror, HYDRA_ERR_FORMAT, bytes->reader->name, "opening as sound");
}

static hydra_status open_format(hy_ff_reader *bytes, AVFormatContext **format, hy_diag *diag)
{
    const AVInputFormat *kind = NULL;
    int result = av_probe_input_buffer2(bytes->io, &kind, NULL, *format, 0, PROBE_BYTES);
    if (result < 0) {
        return fail_open(bytes, result, diag);
    }
    if (is_playlist(kind->name)) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED,
                       "%s: is a playlist (%s) that names other files, not a sound file",
                       bytes->reader->name, kind->name);
    }
    result = avformat_open_input(format, NULL, kind, NULL);
    return result < 0 ? fail_open(bytes, result, diag) : HYDRA_OK;
}

/* Whether sound may still turn up: some containers show their streams only in their packets. */
static bool may_have_sound(const AVFormatContext *format)
{
    bool may = (format->ctx_flags & AVFMTCTX_NOHEADER) != 0;
    for (unsigned i = 0; i < format->nb_streams; i++) {
        may = may || format->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    }
    return may;
}

static hydra_status find_sound(hy_ff_reader *bytes, AVFormatContext *format, int *stream,
                               const AVCodec **codec, hy_diag *diag)
{
    const char *name = bytes->reader->name;
    int found = AVERROR_STREAM_NOT_FOUND;
    if (may_have_sound(format)) {
        int result = avformat_find_stream_info(format, NULL);
        if (result < 0) {
            return fail_open(bytes, result, diag);
        }
        found = av_find_best_stream(format, AVMEDIA_TYPE_AUDIO, -1, -1, codec, 0);
    }
    if (found == AVERROR_STREAM_NOT_FOUND) {
        hydra_status status = hy_ff_reader_status(bytes, diag);
        return status != HYDRA_OK ? status
                                  : hy_fail(diag, HYDRA_ERR_FORMAT, "%s: has no sound", name);
    }
    if (found < 0) {
        return hy_fail_av(diag, found, HYDRA_ERR_FORMAT, name, "finding a decoder for its sound");
    }
    for (unsigned i = 0; i < format->nb_streams; i++) {
        format->streams[i]->discard = (int)i == found ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    *stream = found;
    return HYDRA_OK;
}

hydra_status hy_demux_open(hy_ff_reader *bytes, AVFormatContext **out, int *stream,
                           const AVCodec **codec, hy_diag *diag)
{
    *out = NULL;
    AVFormatContext *format = new_context(bytes);
    if (!format) {
        return hy_fail_memory(diag);
    }
    hydra_status status = open_format(bytes, &format, diag);
    if (status == HYDRA_OK) {
        status = find_sound(bytes, format, stream, codec, diag);
    }
    if (status != HYDRA_OK) {
        hy_demux_close(&format);
        return status;
    }
    *out = format;
    return HYDRA_OK;
}

void hy_demux_close(AVFormatContext **format)
{
    if (*format) {
        avformat_close_input(format);
    }
}
