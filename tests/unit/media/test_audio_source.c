/* SPDX-License-Identifier: MIT */
/* Decoding: every format, rate and channel count gives the right samples at the right place. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

/* The mix of a WAV file at 48 kHz stereo is its very samples. */
static void float_wav_is_bit_exact(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(1.0, 2, 48000);
    test_sound_add_noise(&sound, 0.97);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 48000);
    assert_memory_equal(mix, sound.samples, 48000 * 2 * sizeof(float));
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* Integer samples are their value divided by full scale. */
static void integer_wav_keeps_every_bit(void **state)
{
    (void)state;
    static const double scales[] = {128.0, 32768.0, 8388608.0};
    for (int format = TEST_WAV_U8; format <= TEST_WAV_S24; format++) {
        test_sound sound = test_sound_new(0.1, 2, 48000);
        test_sound_add_noise(&sound, 0.9);
        test_sound_file file = test_wav(&sound, format);
        hydra_audio_options options = test_audio_options();
        float *mix = test_mix(&file, &options, sound.count);
        for (int64_t i = 0; i < 2 * sound.count; i++) {
            double scaled = floor(sound.samples[i] * scales[format] + 0.5);
            assert_true(mix[i] == (float)(scaled / scales[format]));
        }
        free(mix);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

static void mono_plays_at_full_level_on_both_sides(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.1, 1, 48000);
    test_sound_add_noise(&sound, 0.9);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, sound.count);
    for (int64_t i = 0; i < sound.count; i++) {
        assert_true(mix[2 * i] == sound.samples[i]);
        assert_true(mix[2 * i + 1] == sound.samples[i]);
    }
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* 5.1: L R C LFE Ls Rs. Full scale everywhere is just full scale; sides stay sides. */
static void surround_is_mixed_down_without_clipping(void **state)
{
    (void)state;
    static const double left_of[] = {1.0, 0.0, M_SQRT1_2, 0.0, M_SQRT1_2, 0.0};
    const double total = 1.0 + 2.0 * M_SQRT1_2;
    for (int channel = 0; channel < 6; channel++) {
        test_sound sound = test_sound_new(0.05, 6, 48000);
        for (int64_t i = 0; i < sound.count; i++) {
            sound.samples[6 * i + channel] = 0.5F;
        }
        test_sound_file file = test_wav(&sound, TEST_WAV_F32);
        hydra_audio_options options = test_audio_options();
        float *mix = test_mix(&file, &options, sound.count);
        static const int mirror[] = {1, 0, 2, 3, 5, 4};
        assert_true(fabs(mix[1000] - 0.5 * left_of[channel] / total) < 1e-6);
        assert_true(fabs(mix[1001] - 0.5 * left_of[mirror[channel]] / total) < 1e-6);
        free(mix);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* A click at second 1 is at sample 48000, and the length is the input's to within a sample. */
static void every_rate_is_placed_to_the_sample(void **state)
{
    (void)state;
    static const int rates[] = {8000, 11025, 16000, 22050, 32000, 44100, 88200, 96000, 192000};
    for (int r = 0; r < LENGTH(rates); r++) {
        test_sound sound = test_sound_new(1.5, 1, rates[r]);
        sound.count -= 7;
        test_sound_add_click(&sound, rates[r]);
        test_sound_file file = test_wav(&sound, TEST_WAV_S16);
        hydra_audio_options options = test_audio_options();
        float *mix = test_mix(&file, &options, 72000);
        assert_int_equal(test_peak_at(mix, 0, 72000), 48000);
        double exact = (double)sound.count * 48000.0 / rates[r];
        assert_true(fabs((double)test_decoded_length(&file) - exact) < 1.0);
        free(mix);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* Down to a single sample: it plays, and for as long as it lasts. */
static void shortest_music_plays(void **state)
{
    (void)state;
    static const int rates[] = {8000, 22050, 44100, 48000, 96000, 192000};
    static const int counts[] = {1, 2, 3, 15, 16, 17, 18, 33, 400, 4095, 4096};
    for (int r = 0; r < LENGTH(rates); r++) {
        for (int n = 0; n < LENGTH(counts); n++) {
            test_sound sound = test_sound_new(1.0, 1, rates[r]);
            sound.count = counts[n];
            for (int64_t i = 0; i < sound.count; i++) {
                sound.samples[i] = 0.5F;
            }
            test_sound_file file = test_wav(&sound, TEST_WAV_S16);
            double exact = (double)sound.count * 48000.0 / rates[r];
            int64_t length = test_decoded_length(&file);
            assert_true(length >= 1);
            assert_true(length == 1 || fabs((double)length - exact) < 1.0);
            hydra_audio_options options = test_audio_options();
            float *mix = test_mix(&file, &options, 2000);
            assert_true(mix[0] > 0.01F && mix[0] < 0.6F);
            free(mix);
            test_sound_file_free(&file);
            test_sound_free(&sound);
        }
    }
}

/* What differs between a resampled sine and the true one is 80 dB below it. */
static void resampling_is_clean(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(1.0, 2, 44100);
    test_sound_add_sine(&sound, 997.0, 0.5);
    test_sound_file file = test_wav(&sound, TEST_WAV_F32);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 48000);
    double error = 0.0;
    for (int64_t i = 4800; i < 43200; i++) {
        double ideal = 0.5 * sin(2.0 * M_PI * 997.0 * (double)i / 48000.0);
        error += (mix[2 * i] - ideal) * (mix[2 * i] - ideal);
    }
    assert_true(sqrt(error / 38400.0) < 0.5 * M_SQRT1_2 * 1e-4);
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* ---- Containers and codecs ---- */

static const struct {
    const char *format;
    const char *encoder;
    int hz;
    int delay;        /* samples that the container does not tell libavcodec to leave out */
    int extra_length; /* most that may follow the end */
} kinds[] = {
    {"wav", "pcm_s16le", 44100, 0, 0},      {"aiff", "pcm_s16be", 44100, 0, 0},
    {"caf", "alac", 44100, 0, 0},           {"flac", "flac", 44100, 0, 0},
    {"flac", "flac", 48000, 0, 0},          {"ogg", "libvorbis", 44100, 0, 0},
    {"ogg", "libvorbis", 48000, 0, 0},      {"ogg", "libopus", 48000, 0, 0},
    {"webm", "libopus", 48000, 0, 0},       {"mp3", "libmp3lame", 44100, 0, 0},
    {"mp3", "libmp3lame", 48000, 0, 0},     {"ipod", "alac", 44100, 0, 0},
    {"ipod", "aac", 44100, 0, 24}, /* this muxer's edit list counts milliseconds */
    {"mp4", "aac", 48000, 0, 24},           {"matroska", "flac", 48000, 0, 0},
    {"matroska", "aac", 48000, 1024, 2048}, /* priming is not written */
    {"adts", "aac", 48000, 1024, 2048},     /* nor can it be */
    {"mpegts", "aac", 48000, 1024, 2048},
};

static test_sound_file make(int kind, const test_sound *sound)
{
    return test_encode(sound, kinds[kind].format, kinds[kind].encoder, 192000);
}

static void every_format_is_placed_to_the_sample(void **state)
{
    (void)state;
    for (int k = 0; k < LENGTH(kinds); k++) {
        test_sound sound = test_sound_new(1.5, 2, kinds[k].hz);
        sound.count -= 7;
        test_sound_add_click(&sound, kinds[k].hz);
        test_sound_file file = make(k, &sound);
        hydra_audio_options options = test_audio_options();
        float *mix = test_mix(&file, &options, 96000);
        assert_int_equal(test_peak_at(mix, 0, 96000), 48000 + kinds[k].delay);
        int64_t exact = (sound.count * 48000 + kinds[k].hz - 1) / kinds[k].hz;
        int64_t extra = test_decoded_length(&file) - exact;
        if (extra < 0 || extra > kinds[k].extra_length) {
            fail_msg("%s/%s: %lld samples too many", kinds[k].format, kinds[k].encoder,
                     (long long)extra);
        }
        free(mix);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* Music from 1.2345 s on is the very same samples as all of it, less the first 59256. */
static void a_later_start_gives_the_same_samples(void **state)
{
    (void)state;
    for (int k = 0; k < LENGTH(kinds); k++) {
        test_sound sound = test_sound_new(2.0, 2, kinds[k].hz);
        test_sound_add_noise(&sound, 0.2);
        test_sound_add_sine(&sound, 440.0, 0.3);
        test_sound_file file = make(k, &sound);
        hydra_audio_options options = test_audio_options();
        float *whole = test_mix(&file, &options, 59256 + 24000);
        options.start_us = 1234500;
        float *part = test_mix(&file, &options, 24000);
        assert_memory_equal(part, whole + (ptrdiff_t)2 * 59256, 24000 * 2 * sizeof(float));
        free(whole);
        free(part);
        test_sound_file_free(&file);
        test_sound_free(&sound);
    }
}

/* A click each minute, ten minutes long, is where it belongs also at the end; and from a far start.
 */
static void ten_minutes_do_not_drift(void **state)
{
    (void)state;
    const int64_t second = 48000;
    test_sound sound = test_sound_new(600.0, 1, 11025);
    for (int64_t minute = 1; minute < 10; minute++) {
        test_sound_add_click(&sound, minute * 60 * 11025);
    }
    test_sound_add_click(&sound, 599 * 11025);
    test_sound_file file = test_wav(&sound, TEST_WAV_U8);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 600 * second);
    for (int64_t at = 60; at < 600; at += 60) {
        assert_int_equal(test_peak_at(mix, (at - 20) * second, (at + 20) * second), at * second);
    }
    assert_int_equal(test_peak_at(mix, 590 * second, 600 * second), 599 * second);
    free(mix);
    options.start_us = 590000000;
    mix = test_mix(&file, &options, 9 * second + 100);
    assert_int_equal(test_peak_at(mix, 0, 9 * second + 100), 9 * second);
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

static test_sound_file join_files(const test_sound_file *a, const test_sound_file *b)
{
    test_sound_file file = {.size = a->size + b->size};
    file.data = malloc(file.size);
    assert_non_null(file.data);
    memcpy(file.data, a->data, a->size);
    memcpy(file.data + a->size, b->data, b->size);
    return file;
}

/* A radio recording: in the middle stereo at 44.1 kHz turns to mono at 48 kHz. The tone goes on. */
static void rate_and_channels_may_change_in_mid_stream(void **state)
{
    (void)state;
    test_sound first = test_sound_new(2.0, 2, 44100);
    test_sound second = test_sound_new(2.0, 1, 48000);
    test_sound_add_sine(&first, 1000.0, 0.5);
    test_sound_add_sine(&second, 1000.0, 0.5);
    test_sound_file a = test_encode(&first, "adts", "aac", 128000);
    test_sound_file b = test_encode(&second, "adts", "aac", 128000);
    test_sound_file both = join_files(&a, &b);
    int64_t length = test_decoded_length(&both);
    int64_t sum = test_decoded_length(&a) + test_decoded_length(&b);
    assert_true(length >= sum - 2 && length <= sum + 2);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&both, &options, 192000);
    for (int64_t at = 4800; at + 2400 < 192000; at += 2400) {
        if (at < 93600 || at > 103200) { /* the encoders fade in and out where the files meet */
            assert_true(fabs(test_rms(mix, at, at + 2400) - 0.5 * M_SQRT1_2) < 0.01);
        }
    }
    free(mix);
    test_sound_file_free(&a);
    test_sound_file_free(&b);
    test_sound_file_free(&both);
    test_sound_free(&first);
    test_sound_free(&second);
}

/* ---- What else is in the file ---- */

static void video_beside_the_sound_is_ignored(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(1.0, 2, 48000);
    test_sound_add_click(&sound, 12345);
    test_sound_file file = test_film(&sound);
    hydra_audio_options options = test_audio_options();
    float *mix = test_mix(&file, &options, 48000);
    assert_int_equal(test_peak_at(mix, 0, 48000), 12345);
    free(mix);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* A small PNG. */
static AVPacket *make_cover(void)
{
    AVCodecContext *codec = avcodec_alloc_context3(avcodec_find_encoder(AV_CODEC_ID_PNG));
    codec->width = 16;
    codec->height = 16;
    codec->pix_fmt = AV_PIX_FMT_RGB24;
    codec->time_base = (AVRational){1, 1};
    assert_int_equal(avcodec_open2(codec, NULL, NULL), 0);
    AVFrame *frame = av_frame_alloc();
    frame->width = 16;
    frame->height = 16;
    frame->format = AV_PIX_FMT_RGB24;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    memset(frame->data[0], 99, (size_t)frame->linesize[0] * 16);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(avcodec_send_frame(codec, frame), 0);
    assert_int_equal(avcodec_receive_packet(codec, packet), 0);
    av_frame_free(&frame);
    avcodec_free_context(&codec);
    return packet;
}

/* An ID3v2.3 tag with that cover, to be put before an MP3. */
static test_sound_file make_tag(void)
{
    static const uint8_t head[] = {'i', 'm', 'a', 'g', 'e', '/', 'p', 'n', 'g'};
    AVPacket *cover = make_cover();
    size_t picture = 1 + sizeof head + 1 + 1 + 1 + (size_t)cover->size;
    size_t tag = 10 + picture;
    assert_true(tag < 128 * 128);
    test_sound_file file = {.data = calloc(10 + tag, 1), .size = 10 + tag};
    memcpy(file.data, "ID3\3", 4);
    file.data[8] = (uint8_t)(tag / 128); /* seven bits per byte */
    file.data[9] = (uint8_t)(tag % 128);
    memcpy(file.data + 10, "APIC", 4);
    file.data[16] = (uint8_t)(picture / 256); /* but here eight */
    file.data[17] = (uint8_t)(picture % 256);
    memcpy(file.data + 21, head, sizeof head);
    file.data[31] = 3; /* front cover */
    memcpy(file.data + 33, cover->data, (size_t)cover->size);
    av_packet_free(&cover);
    return file;
}

/* The cover is seen, but no picture decoder is started to find out what it looks like. */
static void cover_pictures_are_not_decoded(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(1.0, 2, 44100);
    test_sound_add_sine(&sound, 500.0, 0.5);
    test_sound_file tag = make_tag();
    test_sound_file plain = test_encode(&sound, "mp3", "libmp3lame", 128000);
    test_sound_file file = join_files(&tag, &plain);
    assert_int_equal(test_decoded_length(&file), 48000);
    test_song song = test_song_open(&file);
    hy_decoder decoder;
    hy_diag diag = {0};
    assert_ok(hy_decoder_open(&decoder, song.reader, &diag), &diag);
    assert_int_equal(decoder.format->nb_streams, 2);
    const AVStream *cover = decoder.format->streams[1 - decoder.stream];
    assert_int_equal(cover->codecpar->codec_id, AV_CODEC_ID_PNG);
    assert_int_equal(cover->codecpar->format, AV_PIX_FMT_NONE);
    hy_decoder_close(&decoder);
    test_song_close(&song);
    test_sound_file_free(&tag);
    test_sound_file_free(&plain);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* ---- Where the music starts and ends ---- */

static void a_start_behind_the_end_names_both_times(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(2.5, 2, 44100);
    test_sound_file file = test_wav(&sound, TEST_WAV_S16);
    hydra_audio_options options = test_audio_options();
    static const int64_t starts[] = {2500000, 2500010, 65250000, INT64_MAX};
    for (int i = 0; i < LENGTH(starts); i++) {
        hy_diag diag = {0};
        options.start_us = starts[i];
        hydra_status status = test_mix_status(&file, &options, 48000, &diag);
        assert_failed(status, HYDRA_ERR_ARGUMENT, &diag, "song: the music ends at 2.500 s");
    }
    hy_diag diag = {0};
    options.start_us = 65250000;
    hydra_status status = test_mix_status(&file, &options, 48000, &diag);
    assert_failed(status, HYDRA_ERR_ARGUMENT, &diag, "start at 65.250 s");
    options.start_us = 2499000;
    hy_diag_clear(&diag);
    assert_ok(test_mix_status(&file, &options, 48000, &diag), &diag);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float_wav_is_bit_exact),
        cmocka_unit_test(integer_wav_keeps_every_bit),
        cmocka_unit_test(mono_plays_at_full_level_on_both_sides),
        cmocka_unit_test(surround_is_mixed_down_without_clipping),
        cmocka_unit_test(every_rate_is_placed_to_the_sample),
        cmocka_unit_test(shortest_music_plays),
        cmocka_unit_test(resampling_is_clean),
        cmocka_unit_test(every_format_is_placed_to_the_sample),
        cmocka_unit_test(a_later_start_gives_the_same_samples),
        cmocka_unit_test(ten_minutes_do_not_drift),
        cmocka_unit_test(rate_and_channels_may_change_in_mid_stream),
        cmocka_unit_test(video_beside_the_sound_is_ignored),
        cmocka_unit_test(cover_pictures_are_not_decoded),
        cmocka_unit_test(a_start_behind_the_end_names_both_times),
    };
    hy_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
