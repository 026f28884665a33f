/* SPDX-License-Identifier: MIT */
/* Packets: exactly the track's samples, priming included, and what they decode to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

typedef struct opened {
    test_song song;
    hy_audio *audio;
} opened;

static opened open_audio(const test_sound_file *file, int64_t samples, int32_t bitrate_kbps)
{
    hy_diag diag = {0};
    hy_audio_config config = {
        .options = test_audio_options(), .samples = samples, .bitrate_kbps = bitrate_kbps};
    config.options.when_short = HYDRA_AUDIO_LOOP;
    opened o = {.song = test_song_open(file)};
    assert_ok(hy_audio_open(o.song.reader, &config, &o.audio, &diag), &diag);
    return o;
}

static void close_audio(opened *o)
{
    hy_audio_close(o->audio);
    test_song_close(&o->song);
}

/* Two tones and some noise: enough to tell a delay of one sample. */
static test_sound_file music_file(double seconds)
{
    test_sound sound = test_sound_new(seconds, 2, 48000);
    test_sound_add_sine(&sound, 331.0, 0.3);
    test_sound_add_sine(&sound, 1709.0, 0.2);
    test_sound_add_noise(&sound, 0.05);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    test_sound_free(&sound);
    return file;
}

static void packets_add_up_to_the_track(void **state)
{
    (void)state;
    test_sound_file file = music_file(0.5);
    static const int64_t tracks[] = {1,    2,    1023, 1024,  1025,  2047,
                                     2048, 2049, 1600, 48000, 72072, 300007};
    for (int i = 0; i < LENGTH(tracks); i++) {
        opened o = open_audio(&file, tracks[i], 160);
        const AVCodecContext *codec = hy_audio_codec(o.audio);
        assert_int_equal(codec->codec_id, AV_CODEC_ID_AAC);
        assert_int_equal(codec->sample_rate, 48000);
        assert_int_equal(codec->ch_layout.nb_channels, 2);
        assert_int_equal(codec->initial_padding, 1024);
        assert_true(codec->extradata_size >= 2);
        assert_int_equal(codec->extradata[0] >> 3, 2); /* AAC-LC */
        hy_diag diag = {0};
        hy_packet packet;
        bool got = true;
        int64_t next = -1024;
        int64_t count = 0;
        for (;;) {
            assert_ok(hy_audio_receive(o.audio, &packet, &got, &diag), &diag);
            if (!got) {
                break;
            }
            assert_int_equal(packet.pts, next);
            assert_int_equal(packet.dts, next);
            assert_true(packet.key && packet.size > 0 && packet.data);
            assert_true(packet.duration > 0);
            assert_true(packet.duration == 1024 || next + packet.duration == tracks[i]);
            next += packet.duration;
            count++;
        }
        assert_int_equal(next, tracks[i]);
        assert_int_equal(count, hy_audio_packet_count(o.audio));
        assert_ok(hy_audio_receive(o.audio, &packet, &got, &diag), &diag);
        assert_false(got);
        close_audio(&o);
    }
    test_sound_file_free(&file);
}

/* ---- Round trip ---- */

typedef struct decoding {
    AVCodecContext *codec;
    AVFrame *frame;
    AVPacket *packet;
    float *left;
    int64_t count;
    int64_t capacity;
} decoding;

static void collect(decoding *d)
{
    while (avcodec_receive_frame(d->codec, d->frame) == 0) {
        assert_int_equal(d->frame->format, AV_SAMPLE_FMT_FLTP);
        assert_true(d->count + d->frame->nb_samples <= d->capacity);
        memcpy(d->left + d->count, d->frame->data[0], (size_t)d->frame->nb_samples * sizeof(float));
        d->count += d->frame->nb_samples;
    }
}

/* All that the packets decode to, priming and padding included. */
static decoding decode_packets(hy_audio *audio)
{
    const AVCodecContext *encoder = hy_audio_codec(audio);
    decoding d = {.capacity = hy_audio_packet_count(audio) * 1024};
    d.codec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_AAC));
    d.frame = av_frame_alloc();
    d.packet = av_packet_alloc();
    d.left = calloc((size_t)d.capacity, sizeof(float));
    d.codec->extradata = av_mallocz((size_t)encoder->extradata_size + AV_INPUT_BUFFER_PADDING_SIZE);
    memcpy(d.codec->extradata, encoder->extradata, (size_t)encoder->extradata_size);
    d.codec->extradata_size = encoder->extradata_size;
    assert_int_equal(avcodec_open2(d.codec, NULL, NULL), 0);
    hy_diag diag = {0};
    hy_packet packet;
    bool got = true;
    for (;;) {
        assert_ok(hy_audio_receive(audio, &packet, &got, &diag), &diag);
        if (!got) {
            break;
        }
        assert_int_equal(av_new_packet(d.packet, (int)packet.size), 0);
        memcpy(d.packet->data, packet.data, packet.size);
        assert_int_equal(avcodec_send_packet(d.codec, d.packet), 0);
        av_packet_unref(d.packet);
        collect(&d);
    }
    assert_int_equal(avcodec_send_packet(d.codec, NULL), 0);
    collect(&d);
    avcodec_free_context(&d.codec);
    av_frame_free(&d.frame);
    av_packet_free(&d.packet);
    return d;
}

static double product(const float *decoded, const float *mix, int64_t samples, int64_t delay)
{
    double sum = 0.0;
    for (int64_t i = 100; i < samples - 100; i++) {
        sum += (double)decoded[1024 + i + delay] * mix[2 * i];
    }
    return sum;
}

/* Less the priming, the decoded packets lie on the mix to the sample, up to the last one. */
static void the_packets_decode_to_the_mix(void **state)
{
    (void)state;
    const int64_t samples = 60000;
    test_sound_file file = music_file(2.0);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, samples);
    opened o = open_audio(&file, samples, 256);
    decoding d = decode_packets(o.audio);
    assert_true(d.count >= 1024 + samples);
    double best = product(d.left, mix, samples, 0);
    for (int64_t delay = -50; delay <= 50; delay++) {
        assert_true(delay == 0 || product(d.left, mix, samples, delay) < best);
    }
    double signal = 0.0;
    double noise = 0.0;
    double end_signal = 0.0;
    double end_noise = 0.0;
    for (int64_t i = 0; i < samples; i++) {
        double ideal = mix[2 * i];
        double error = d.left[1024 + i] - ideal;
        signal += ideal * ideal;
        noise += error * error;
        end_signal += i >= samples - 500 ? ideal * ideal : 0.0;
        end_noise += i >= samples - 500 ? error * error : 0.0;
    }
    assert_true(10.0 * log10(signal / noise) > 15.0);
    assert_true(10.0 * log10(end_signal / end_noise) > 10.0); /* the end was not cut off */
    free(d.left);
    free(mix);
    close_audio(&o);
    test_sound_file_free(&file);
}

/* The first sample and the last one, alone in silence, are found where they belong. */
static void clicks_at_both_ends_survive(void **state)
{
    (void)state;
    const int64_t samples = 50001;
    test_sound sound = test_sound_new((double)samples / 48000.0, 2, 48000);
    test_sound_add_click(&sound, 0);
    test_sound_add_click(&sound, samples - 1);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    opened o = open_audio(&file, samples, 160);
    decoding d = decode_packets(o.audio);
    int64_t first = 0;
    int64_t last = 30000;
    for (int64_t i = 0; i < d.count; i++) {
        int64_t *best = i < 30000 ? &first : &last;
        *best = fabsf(d.left[i]) > fabsf(d.left[*best]) ? i : *best;
    }
    assert_int_equal(first, 1024);
    assert_int_equal(last, 1024 + samples - 1);
    free(d.left);
    close_audio(&o);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

static void the_bit_rate_is_kept(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(5.0, 2, 48000);
    test_sound_add_noise(&sound, 0.3);
    test_sound_add_sine(&sound, 440.0, 0.3);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    static const int32_t rates_kbps[] = {32, 160, 320};
    for (int i = 0; i < LENGTH(rates_kbps); i++) {
        opened o = open_audio(&file, 240000, rates_kbps[i]);
        hy_diag diag = {0};
        hy_packet packet;
        bool got = true;
        size_t bytes = 0;
        for (;;) {
            assert_ok(hy_audio_receive(o.audio, &packet, &got, &diag), &diag);
            if (!got) {
                break;
            }
            bytes += packet.size;
        }
        double kbps = (double)bytes * 8.0 / 5000.0;
        assert_true(kbps > 0.8 * rates_kbps[i] && kbps < 1.25 * rates_kbps[i]);
        close_audio(&o);
    }
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* Music that breaks off with a read error in mid-track: the error comes out of receive. */
static void errors_in_mid_track_are_reported(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(30.0, 2, 48000);
    test_sound_add_sine(&sound, 440.0, 0.5);
    test_sound_file file = test_encode_damaged(&sound, "matroska", "flac", 0, 3);
    hy_diag diag = {0};
    hy_audio_config config = {
        .options = test_audio_options(), .samples = 30 * 48000, .bitrate_kbps = 160};
    test_song song = test_song_open(&file);
    hy_audio *audio = NULL;
    assert_ok(hy_audio_open(song.reader, &config, &audio, &diag), &diag);
    hy_packet packet;
    bool got = true;
    hydra_status status = HYDRA_OK;
    while (status == HYDRA_OK && got) {
        status = hy_audio_receive(audio, &packet, &got, &diag);
    }
    assert_failed(status, HYDRA_ERR_FORMAT, &diag, "song: most of its sound is damaged");
    hy_audio_close(audio);
    test_song_close(&song);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* A rate that no encoder accepts is refused, and nothing leaks. */
static void an_impossible_bit_rate_is_an_error(void **state)
{
    (void)state;
    test_sound_file file = music_file(0.1);
    test_song song = test_song_open(&file);
    hy_diag diag = {0};
    hy_audio_config config = {.options = test_audio_options(), .samples = 4800, .bitrate_kbps = -5};
    hy_audio *audio = NULL;
    hydra_status status = hy_audio_open(song.reader, &config, &audio, &diag);
    assert_failed(status, HYDRA_ERR_ENCODER, &diag, "AAC encoder: opening failed");
    assert_null(audio);
    hy_audio_close(audio);
    test_song_close(&song);
    test_sound_file_free(&file);
}

/* Sound before the start is decoded for nothing else than counting: a cancelled job stops there. */
static void a_cancelled_job_does_not_look_for_the_start(void **state)
{
    (void)state;
    test_sound_file file = music_file(0.1);
    test_song song = test_song_open(&file);
    hy_diag diag = {0};
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    hy_cancel_request(&cancel);
    hy_audio_config config = {
        .options = test_audio_options(), .samples = 4800, .bitrate_kbps = 160, .cancel = &cancel};
    config.options.start_us = 60000000; /* behind the end, as would be noticed */
    hy_audio *audio = NULL;
    hydra_status status = hy_audio_open(song.reader, &config, &audio, &diag);
    assert_failed(status, HYDRA_ERR_CANCELLED, &diag, "cancelled");
    assert_null(audio);
    test_song_close(&song);
    test_sound_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_add_up_to_the_track),
        cmocka_unit_test(the_packets_decode_to_the_mix),
        cmocka_unit_test(clicks_at_both_ends_survive),
        cmocka_unit_test(the_bit_rate_is_kept),
        cmocka_unit_test(errors_in_mid_track_are_reported),
        cmocka_unit_test(an_impossible_bit_rate_is_an_error),
        cmocka_unit_test(a_cancelled_job_does_not_look_for_the_start),
    };
    hy_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
