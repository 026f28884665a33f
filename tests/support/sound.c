/* SPDX-License-Identifier: MIT */
/* Sound files made in memory: WAV by hand, everything else through FFmpeg. */
#include "sound.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <libavutil/channel_layout.h>

test_sound test_sound_new(double seconds, int channels, int hz)
{
    test_sound sound = {.count = llrint(seconds * hz), .channels = channels, .hz = hz};
    sound.samples = calloc((size_t)(sound.count * channels) + 1, sizeof(float));
    assert_non_null(sound.samples);
    return sound;
}

void test_sound_free(test_sound *sound)
{
    free(sound->samples);
    sound->samples = NULL;
}

void test_sound_add_sine(test_sound *sound, double frequency_hz, double amplitude)
{
    for (int64_t i = 0; i < sound->count; i++) {
        double value = amplitude * sin(2.0 * M_PI * frequency_hz * (double)i / sound->hz);
        for (int c = 0; c < sound->channels; c++) {
            sound->samples[i * sound->channels + c] += (float)value;
        }
    }
}

void test_sound_add_noise(test_sound *sound, double amplitude)
{
    uint64_t state = 88172645463325252ULL;
    for (int64_t i = 0; i < sound->count * sound->channels; i++) {
        double unit = (double)(test_random(&state) >> 11) / 9007199254740992.0;
        sound->samples[i] += (float)(amplitude * (2.0 * unit - 1.0));
    }
}

void test_sound_add_click(test_sound *sound, int64_t at)
{
    for (int c = 0; c < sound->channels; c++) {
        sound->samples[at * sound->channels + c] = 0.95F;
    }
}

void test_sound_file_free(test_sound_file *file)
{
    free(file->data);
    file->data = NULL;
}

test_sound_file test_file_from_text(const char *text)
{
    test_sound_file file = {.size = strlen(text)};
    file.data = malloc(file.size);
    assert_non_null(file.data);
    memcpy(file.data, text, file.size);
    return file;
}

static void put_le(uint8_t **at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        *(*at)++ = (uint8_t)(value >> (8 * i));
    }
}

static int32_t quantise(float value, double scale)
{
    double scaled = floor(value * scale + 0.5);
    return (int32_t)fmin(fmax(scaled, -scale), scale - 1.0);
}

static void put_wav_sample(uint8_t **at, float value, int format)
{
    uint32_t bits;
    switch (format) {
    case TEST_WAV_U8:
        put_le(at, (uint32_t)(quantise(value, 128.0) + 128), 1);
        break;
    case TEST_WAV_S16:
        put_le(at, (uint32_t)quantise(value, 32768.0), 2);
        break;
    case TEST_WAV_S24:
        put_le(at, (uint32_t)quantise(value, 8388608.0), 3);
        break;
    default:
        memcpy(&bits, &value, sizeof bits);
        put_le(at, bits, 4);
    }
}

test_sound_file test_wav(const test_sound *sound, int format)
{
    static const int bytes_of[] = {1, 2, 3, 4};
    int bytes = bytes_of[format];
    uint32_t data_bytes = (uint32_t)(sound->count * sound->channels * bytes);
    test_sound_file file = {.size = 44 + data_bytes};
    file.data = malloc(file.size);
    assert_non_null(file.data);
    uint8_t *at = file.data;
    memcpy(at, "RIFF", 4), at += 4;
    put_le(&at, 36 + data_bytes, 4);
    memcpy(at, "WAVEfmt ", 8), at += 8;
    put_le(&at, 16, 4);
    put_le(&at, format == TEST_WAV_F32 ? 3 : 1, 2);
    put_le(&at, (uint32_t)sound->channels, 2);
    put_le(&at, (uint32_t)sound->hz, 4);
    put_le(&at, (uint32_t)(sound->hz * sound->channels * bytes), 4);
    put_le(&at, (uint32_t)(sound->channels * bytes), 2);
    put_le(&at, (uint32_t)(bytes * 8), 2);
    memcpy(at, "data", 4), at += 4;
    put_le(&at, data_bytes, 4);
    for (int64_t i = 0; i < sound->count * sound->channels; i++) {
        put_wav_sample(&at, sound->samples[i], format);
    }
    return file;
}

/* ---- Through FFmpeg ---- */

typedef struct encoding {
    AVFormatContext *format;
    AVCodecContext *codec;
    AVPacket *packet;
    int bad_in_4;
    int64_t packets;
} encoding;

/* Noise in place of a packet's content. */
static void damage(AVPacket *packet)
{
    assert_int_equal(av_packet_make_writable(packet), 0);
    uint64_t state = 0x9e3779b97f4a7c15ULL;
    for (int i = 0; i < packet->size; i++) {
        packet->data[i] = (uint8_t)test_random(&state);
    }
}

static void write_packets(encoding *e)
{
    while (avcodec_receive_packet(e->codec, e->packet) == 0) {
        if (e->packets++ % 4 < e->bad_in_4) {
            damage(e->packet);
        }
        av_packet_rescale_ts(e->packet, e->codec->time_base, e->format->streams[0]->time_base);
        assert_true(av_interleaved_write_frame(e->format, e->packet) >= 0);
    }
}

static void put_sample(AVFrame *frame, int channels, int64_t i, int c, float value)
{
    bool planar = av_sample_fmt_is_planar(frame->format);
    int64_t at = planar ? i : i * channels + c;
    int bytes = av_get_bytes_per_sample(frame->format);
    enum AVSampleFormat format = av_get_packed_sample_fmt(frame->format);
    int16_t s16 = (int16_t)quantise(value, 32768.0);
    int32_t s32 = quantise(value, 2147483648.0);
    const void *sample = format == AV_SAMPLE_FMT_S16   ? (const void *)&s16
                         : format == AV_SAMPLE_FMT_S32 ? (const void *)&s32
                                                       : (const void *)&value;
    assert_true(sample != &value || format == AV_SAMPLE_FMT_FLT);
    memcpy(frame->extended_data[planar ? c : 0] + at * bytes, sample, (size_t)bytes);
}

static void encode_all(encoding *e, const test_sound *sound)
{
    AVFrame *frame = av_frame_alloc();
    int64_t block = e->codec->frame_size ? e->codec->frame_size : 1024;
    for (int64_t start = 0; start < sound->count; start += block) {
        int64_t left = sound->count - start;
        frame->format = e->codec->sample_fmt;
        frame->sample_rate = sound->hz;
        frame->nb_samples = (int)(left < block ? left : block);
        frame->pts = start;
        assert_int_equal(av_channel_layout_copy(&frame->ch_layout, &e->codec->ch_layout), 0);
        assert_int_equal(av_frame_get_buffer(frame, 0), 0);
        for (int64_t i = 0; i < frame->nb_samples; i++) {
            for (int c = 0; c < sound->channels; c++) {
                put_sample(frame, sound->channels, i, c,
                           sound->samples[(start + i) * sound->channels + c]);
            }
        }
        assert_int_equal(avcodec_send_frame(e->codec, frame), 0);
        av_frame_unref(frame);
        write_packets(e);
    }
    av_frame_free(&frame);
    assert_int_equal(avcodec_send_frame(e->codec, NULL), 0);
    write_packets(e);
}

static void open_encoder(encoding *e, const test_sound *sound, const char *encoder,
                         int64_t bit_rate)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(encoder);
    assert_non_null(codec);
    e->codec = avcodec_alloc_context3(codec);
    e->codec->sample_fmt = codec->sample_fmts[0];
    e->codec->sample_rate = sound->hz;
    e->codec->time_base = (AVRational){1, sound->hz};
    e->codec->bit_rate = bit_rate;
    av_channel_layout_default(&e->codec->ch_layout, sound->channels);
    if (e->format->oformat->flags & AVFMT_GLOBALHEADER) {
        e->codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    }
    assert_int_equal(avcodec_open2(e->codec, codec, NULL), 0);
}

static AVFormatContext *open_format(const char *name)
{
    AVFormatContext *format = NULL;
    assert_true(avformat_alloc_output_context2(&format, NULL, name, NULL) >= 0);
    format->flags |= AVFMT_FLAG_BITEXACT;
    assert_true(avio_open_dyn_buf(&format->pb) >= 0);
    return format;
}

static test_sound_file close_format(AVFormatContext *format)
{
    assert_int_equal(av_write_trailer(format), 0);
    /* avio_close_dyn_buf believes that the end is where it is. */
    (void)avio_seek(format->pb, avio_size(format->pb), SEEK_SET);
    uint8_t *bytes = NULL;
    int size = avio_close_dyn_buf(format->pb, &bytes);
    test_sound_file file = {.data = malloc((size_t)size), .size = (size_t)size};
    assert_non_null(file.data);
    memcpy(file.data, bytes, (size_t)size);
    av_free(bytes);
    avformat_free_context(format);
    return file;
}

test_sound_file test_encode_damaged(const test_sound *sound, const char *format,
                                    const char *encoder, int64_t bit_rate, int bad_in_4)
{
    encoding e = {.packet = av_packet_alloc(), .format = open_format(format), .bad_in_4 = bad_in_4};
    open_encoder(&e, sound, encoder, bit_rate);
    AVStream *stream = avformat_new_stream(e.format, NULL);
    assert_non_null(stream);
    stream->time_base = e.codec->time_base;
    assert_true(avcodec_parameters_from_context(stream->codecpar, e.codec) >= 0);
    assert_true(avformat_write_header(e.format, NULL) >= 0);
    encode_all(&e, sound);
    avcodec_free_context(&e.codec);
    av_packet_free(&e.packet);
    return close_format(e.format);
}

test_sound_file test_encode(const test_sound *sound, const char *format, const char *encoder,
                            int64_t bit_rate)
{
    return test_encode_damaged(sound, format, encoder, bit_rate, 0);
}

/* A packet at a time that both streams know in milliseconds. */
static void write_packet(AVFormatContext *format, int stream, int64_t time_ms, int bytes,
                         const float *samples)
{
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(av_new_packet(packet, bytes), 0);
    packet->stream_index = stream;
    packet->pts = time_ms;
    packet->dts = time_ms;
    packet->flags = AV_PKT_FLAG_KEY;
    if (samples) {
        uint8_t *at = packet->data;
        for (int i = 0; i < bytes / 2; i++) {
            put_wav_sample(&at, samples[i], TEST_WAV_S16);
        }
    } else {
        damage(packet);
    }
    av_packet_rescale_ts(packet, (AVRational){1, 1000}, format->streams[stream]->time_base);
    assert_true(av_interleaved_write_frame(format, packet) >= 0);
    av_packet_free(&packet);
}

test_sound_file test_film(const test_sound *sound)
{
    AVFormatContext *format = open_format("matroska");
    AVCodecParameters *video = avformat_new_stream(format, NULL)->codecpar;
    video->codec_type = AVMEDIA_TYPE_VIDEO;
    video->codec_id = AV_CODEC_ID_MJPEG;
    video->width = 64;
    video->height = 64;
    if (sound) {
        AVCodecParameters *audio = avformat_new_stream(format, NULL)->codecpar;
        audio->codec_type = AVMEDIA_TYPE_AUDIO;
        audio->codec_id = AV_CODEC_ID_PCM_S16LE;
        audio->sample_rate = sound->hz;
        av_channel_layout_default(&audio->ch_layout, sound->channels);
    }
    assert_true(avformat_write_header(format, NULL) >= 0);
    for (int64_t ms = 0; ms < 1000; ms += 40) {
        write_packet(format, 0, ms, 1000, NULL);
        int64_t from = sound ? ms * sound->hz / 1000 : 0;
        int64_t to = sound ? (ms + 40) * sound->hz / 1000 : 0;
        if (sound && to <= sound->count) {
            write_packet(format, 1, ms, (int)(to - from) * sound->channels * 2,
                         sound->samples + from * sound->channels);
        }
    }
    return close_format(format);
}

/* ---- Through the library ---- */

test_song test_song_open(const test_sound_file *file)
{
    test_song song;
    hy_diag diag = {0};
    assert_ok(hy_source_from_memory(&song.source, file->data, file->size, "song", &diag), &diag);
    assert_ok(hy_reader_open(&song.source, INT64_MAX, NULL, &song.reader, &diag), &diag);
    return song;
}

void test_song_close(test_song *song)
{
    hy_reader_close(song->reader);
    hy_source_free(&song->source);
}

hydra_audio_options test_audio_options(void)
{
    return (hydra_audio_options){.struct_size = sizeof(hydra_audio_options),
                                 .when_short = HYDRA_AUDIO_SILENCE,
                                 .duration_us = HYDRA_AUTO};
}

static hydra_status mix(const test_sound_file *file, const hydra_audio_options *options,
                        int64_t samples, float *stereo, hy_diag *diag)
{
    hy_audio_config config = {.options = *options, .samples = samples, .bitrate_kbps = 160};
    test_song song = test_song_open(file);
    hy_audio *audio = NULL;
    hydra_status status = hy_audio_open(song.reader, &config, &audio, diag);
    int64_t total = 0;
    int32_t got = 1;
    while (status == HYDRA_OK && got > 0) {
        /* An odd size, so that blocks never meet block borders inside. */
        int32_t room = samples - total < 777 ? (int32_t)(samples - total) + 1 : 777;
        float block[2 * 777];
        status = hy_audio_mix(audio, block, room, &got, diag);
        assert_true(got <= samples - total);
        if (stereo) {
            memcpy(stereo + 2 * total, block, (size_t)got * 2 * sizeof(float));
        }
        total += got;
    }
    if (status == HYDRA_OK) {
        assert_int_equal(total, samples);
    }
    hy_audio_close(audio);
    test_song_close(&song);
    return status;
}

float *test_mix(const test_sound_file *file, const hydra_audio_options *options, int64_t samples)
{
    hy_diag diag = {0};
    float *stereo = calloc((size_t)samples * 2 + 1, sizeof(float));
    assert_non_null(stereo);
    assert_ok(mix(file, options, samples, stereo, &diag), &diag);
    return stereo;
}

hydra_status test_mix_status(const test_sound_file *file, const hydra_audio_options *options,
                             int64_t samples, hy_diag *diag)
{
    return mix(file, options, samples, NULL, diag);
}

int64_t test_decoded_length(const test_sound_file *file)
{
    hy_diag diag = {0};
    test_song song = test_song_open(file);
    hy_sound *sound = NULL;
    int64_t total = 0;
    int32_t got = 0;
    hydra_status status = hy_sound_open(song.reader, 0, INT64_MAX, false, NULL, &sound, &diag);
    while (status == HYDRA_OK) {
        float block[2 * HY_AUDIO_BLOCK];
        status = hy_sound_read(sound, block, HY_AUDIO_BLOCK, &got, &diag);
        total += status == HYDRA_OK ? got : 0;
        if (got < HY_AUDIO_BLOCK) {
            break;
        }
    }
    hy_sound_close(sound);
    test_song_close(&song);
    return total;
}

int64_t test_peak_at(const float *stereo, int64_t from, int64_t to)
{
    int64_t best = from;
    for (int64_t i = from; i < to; i++) {
        if (fabsf(stereo[2 * i]) > fabsf(stereo[2 * best])) {
            best = i;
        }
    }
    return best;
}

double test_rms(const float *stereo, int64_t from, int64_t to)
{
    double sum = 0.0;
    for (int64_t i = from; i < to; i++) {
        sum += (double)stereo[2 * i] * stereo[2 * i];
    }
    return sqrt(sum / (double)(to - from));
}
