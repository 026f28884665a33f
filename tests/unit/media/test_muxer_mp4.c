/* SPDX-License-Identifier: MIT */
/* MP4 files as they come out: read by our verifier and by libavformat; faults of the sink. */
#include <libavutil/intreadwrite.h>
#include <libavutil/log.h>

#include "clip.h"
#include "sound.h"
#include "view.h"

#define FRAMES 70
#define CUT    33

static const hy_rate rate_30 = {30, 1};

static hydra_result finish_and_verify(hy_muxer *muxer)
{
    hy_diag diag = {0};
    hydra_result result = {0};
    assert_ok(hy_muxer_finish(muxer, &diag), &diag);
    assert_ok(hy_muxer_verify(muxer, &result, &diag), &diag);
    return result;
}

static void check_result(const hydra_result *result, hy_rate rate, int64_t frames,
                         const clip_sound *sound, const sink_double *sink)
{
    clip_check_result(result, rate, frames, sound, sink);
    assert_true(result->moov_bytes < result->moov_reserved_bytes);
}

/* Encode and write a whole clip; sound may be NULL. */
static hydra_result make(hy_rate rate, int32_t profile, int64_t frames, const clip_sound *sound,
                         sink_double *sink)
{
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate, profile);
    clip_packets video = clip_encode(encoder, frames, CUT);
    hy_muxer *muxer = clip_mp4_open(encoder, rate, frames, sound, &sink->base);
    assert_ok(clip_write(muxer, rate, &video, sound ? &sound->packets : NULL, &diag), &diag);
    hydra_result result = finish_and_verify(muxer);
    hy_muxer_close(muxer);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    return result;
}

/* ---- libavformat's view ---- */

static void check_video_view(view *v, hy_rate rate, int64_t frames)
{
    const AVStream *stream = v->format->streams[0];
    const AVCodecParameters *codec = stream->codecpar;
    assert_int_equal(codec->codec_id, AV_CODEC_ID_H264);
    assert_int_equal(codec->codec_tag, MKTAG('a', 'v', 'c', '1'));
    assert_int_equal(codec->profile, FF_PROFILE_H264_HIGH);
    assert_int_equal(codec->format, AV_PIX_FMT_YUV420P);
    assert_int_equal(codec->width, CLIP_WIDTH);
    assert_int_equal(codec->height, CLIP_HEIGHT);
    assert_int_equal(codec->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(codec->color_primaries, AVCOL_PRI_BT709);
    assert_int_equal(codec->color_trc, AVCOL_TRC_BT709);
    assert_int_equal(codec->color_space, AVCOL_SPC_BT709);
    assert_int_equal(codec->chroma_location, AVCHROMA_LOC_LEFT);
    assert_int_equal(stream->nb_frames, frames);
    assert_int_equal(stream->start_time, 0);
    assert_int_equal(stream->avg_frame_rate.num, rate.num);
    assert_int_equal(stream->avg_frame_rate.den, rate.den);
    assert_int_equal(stream->r_frame_rate.num, rate.num);
    assert_int_equal(av_compare_ts(stream->duration, stream->time_base, frames,
                                   (AVRational){rate.den, rate.num}),
                     0);
    int64_t first;
    int64_t end;
    int64_t count;
    int64_t keys;
    view_play(v, 0, &first, &end, &count, &keys);
    assert_int_equal(first, 0);
    assert_int_equal(count, frames);
    assert_true(keys >= 2);
    assert_int_equal(
        av_compare_ts(end, stream->time_base, frames, (AVRational){rate.den, rate.num}), 0);
}

/* libavformat keeps the priming packet, before time 0, and marks what not to play. */
static void check_audio_view(view *v, const clip_sound *sound)
{
    const AVStream *stream = v->format->streams[1];
    assert_int_equal(stream->codecpar->codec_id, AV_CODEC_ID_AAC);
    assert_int_equal(stream->codecpar->sample_rate, CLIP_HZ);
    assert_int_equal(stream->time_base.den, CLIP_HZ);
    int64_t first;
    int64_t end;
    int64_t count;
    int64_t keys;
    view_play(v, 1, &first, &end, &count, &keys);
    assert_int_equal(first, -1024);
    assert_int_equal(end, sound->samples);
    assert_int_equal(count, sound->packets.count);
    assert_int_equal(stream->start_time, 0);
}

/* ---- Correct files ---- */

static void every_rate_is_exact(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{24, 1},       {25, 1},       {30, 1}, {24000, 1001},
                                    {30000, 1001}, {60000, 1001}, {48, 1}, {120, 1},
                                    {7, 1},        {59, 1},       {25, 2}, {1, 1}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        int64_t frames = rates[i].num == 1 ? 40 : FRAMES;
        clip_sound sound = clip_sound_new(hy_samples_from_frames(frames, rates[i], CLIP_HZ));
        sink_double sink;
        sink_double_init(&sink, i % 2 == 0);
        hydra_result result = make(rates[i], (int32_t)(i % 4), frames, &sound, &sink);
        check_result(&result, rates[i], frames, &sound, &sink);
        view v;
        view_open(&v, &sink);
        assert_int_equal(v.format->nb_streams, 2);
        check_video_view(&v, rates[i], frames);
        check_audio_view(&v, &sound);
        view_close(&v);
        sink_double_free(&sink);
        clip_sound_free(&sound);
    }
}

static void odd_rates_lose_nothing_but_a_tick(void **state)
{
    (void)state;
    /* No movie timescale below 2^31 fits both this and 48 kHz. */
    hy_rate rate = {1000003, 33333};
    int64_t samples = hy_samples_from_frames(FRAMES, rate, CLIP_HZ);
    clip_sound sound = clip_sound_new(samples);
    sink_double sink;
    sink_double_init(&sink, true);
    hydra_result result = make(rate, HYDRA_PROFILE_DEFAULT, FRAMES, &sound, &sink);
    check_result(&result, rate, FRAMES, &sound, &sink);
    sink_double_free(&sink);
    clip_sound_free(&sound);
}

static void silent_clips_have_one_track(void **state)
{
    (void)state;
    sink_double sink;
    sink_double_init(&sink, true);
    hydra_result result = make(rate_30, HYDRA_PROFILE_DEFAULT, FRAMES, NULL, &sink);
    check_result(&result, rate_30, FRAMES, NULL, &sink);
    assert_int_equal(result.av_offset_us, 0);
    view v;
    view_open(&v, &sink);
    assert_int_equal(v.format->nb_streams, 1);
    check_video_view(&v, rate_30, FRAMES);
    view_close(&v);
    sink_double_free(&sink);
}

static void the_offset_tells_how_sound_ends(void **state)
{
    (void)state;
    clip_sound sound = clip_sound_new(FRAMES * 1600 + 480);
    sink_double sink;
    sink_double_init(&sink, true);
    hydra_result result = make(rate_30, HYDRA_PROFILE_DEFAULT, FRAMES, &sound, &sink);
    assert_in_range(result.av_offset_us, 9999, 10001); /* the end of pictures is rounded, too */
    sink_double_free(&sink);
    clip_sound_free(&sound);
}

/* The boxes at the top, in order, without a gap. */
static void moov_comes_first(void **state)
{
    (void)state;
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    sink_double sink;
    sink_double_init(&sink, true);
    (void)make(rate_30, HYDRA_PROFILE_DEFAULT, FRAMES, &sound, &sink);
    static const char *const order[] = {"ftyp", "moov", "free", "free", "mdat"};
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(at + 8 <= sink.size);
        assert_memory_equal(sink.data + at + 4, order[i], 4);
        at += AV_RB32(sink.data + at);
    }
    assert_int_equal(at, sink.size);
    static const uint8_t colr[] = {0,   0,   0, 19, 'c', 'o', 'l', 'r', 'n', 'c',
                                   'l', 'x', 0, 1,  0,   1,   0,   1,   0};
    assert_non_null(memmem(sink.data, sink.size, colr, sizeof colr));
    /* All of it is ours: nothing of the sink's filling shows through. */
    assert_null(memmem(sink.data, sink.size, "\xee\xee\xee\xee\xee\xee\xee\xee", 8));
    sink_double_free(&sink);
    clip_sound_free(&sound);
}

static void same_input_makes_same_bytes(void **state)
{
    (void)state;
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    sink_double a;
    sink_double b;
    sink_double_init(&a, true);
    sink_double_init(&b, false);
    (void)make(rate_30, HYDRA_PROFILE_QUALITY, FRAMES, &sound, &a);
    (void)make(rate_30, HYDRA_PROFILE_QUALITY, FRAMES, &sound, &b);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    sink_double_free(&a);
    sink_double_free(&b);
    clip_sound_free(&sound);
}

/* ---- Faults ---- */

/* One attempt with a sink that fails at write `fail_at`; returns what it came to. */
static hydra_status attempt(const hy_encoder *encoder, const clip_packets *video,
                            const clip_sound *sound, sink_double *sink, hy_diag *diag)
{
    hy_muxer *muxer = clip_mp4_open(encoder, rate_30, FRAMES, sound, &sink->base);
    hydra_status status = clip_write(muxer, rate_30, video, &sound->packets, diag);
    if (status == HYDRA_OK) {
        status = hy_muxer_finish(muxer, diag);
    }
    if (status != HYDRA_OK) {
        hy_diag again = {0};
        hydra_result result = {0};
        assert_int_equal(hy_muxer_write_video(muxer, &video->list[0], &again), HYDRA_ERR_INTERNAL);
        hy_diag_clear(&again);
        assert_int_equal(hy_muxer_finish(muxer, &again), HYDRA_ERR_INTERNAL);
        hy_diag_clear(&again);
        assert_int_equal(hy_muxer_verify(muxer, &result, &again), HYDRA_ERR_INTERNAL);
    }
    hy_muxer_close(muxer);
    return status;
}

static void every_failing_write_is_reported(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, FRAMES, CUT);
    /* Large packets: the sink is written to many times. */
    for (size_t i = 0; i < video.count; i++) {
        video.list[i].data = realloc((void *)(uintptr_t)video.list[i].data, 40000);
        assert_non_null(video.list[i].data);
        memset((uint8_t *)(uintptr_t)video.list[i].data, (int)i, 40000);
        video.list[i].size = 40000;
    }
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    sink_double sink;
    sink_double_init(&sink, false);
    assert_ok(attempt(encoder, &video, &sound, &sink, &diag), &diag);
    int writes = sink.writes;
    sink_double_free(&sink);
    assert_true(writes > 10);
    for (int n = 1; n <= writes; n++) {
        char text[64];
        sink_double_init(&sink, false);
        sink.fail_at = n;
        (void)snprintf(text, sizeof text, "double: no room at write %d", n);
        hy_diag_clear(&diag);
        assert_int_equal(attempt(encoder, &video, &sound, &sink, &diag), HYDRA_ERR_SPACE);
        assert_string_equal(diag.text, text);
        sink_double_free(&sink);
    }
    sink_double_init(&sink, false);
    sink.fail_at = 1;
    sink.fail_silent = true;
    hy_diag_clear(&diag);
    assert_failed(attempt(encoder, &video, &sound, &sink, &diag), HYDRA_ERR_IO, &diag,
                  "double: writing failed");
    sink_double_free(&sink);
    clip_sound_free(&sound);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

static void wrong_packets_are_refused(void **state)
{
    (void)state;
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 10, 5);
    hy_packet back_in_time = video.list[0];
    hy_packet empty = video.list[1];
    empty.size = 0;
    hy_packet negative = video.list[1];
    negative.duration = -1;
    const struct {
        const hy_packet *packet;
        bool audio;
        const char *text;
    } cases[] = {
        {&back_in_time, false, "writing a packet failed"},
        {&empty, false, "packet of 0 bytes"},
        {&negative, false, "duration -1"},
        {&video.list[1], true, "sound without a sound track"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        sink_double sink;
        sink_double_init(&sink, true);
        hy_muxer *muxer = clip_mp4_open(encoder, rate_30, 10, NULL, &sink.base);
        assert_ok(hy_muxer_write_video(muxer, &video.list[0], &diag), &diag);
        hydra_status status = cases[i].audio ? hy_muxer_write_audio(muxer, cases[i].packet, &diag)
                                             : hy_muxer_write_video(muxer, cases[i].packet, &diag);
        assert_failed(status, HYDRA_ERR_INTERNAL, &diag, cases[i].text);
        hy_muxer_close(muxer);
        assert_int_equal(sink.writes, 0);
        sink_double_free(&sink);
    }
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

static void unusable_streams_are_refused(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    sink_double sink;
    sink_double_init(&sink, true);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_muxer_config config = {rate_30, (int64_t)1 << 40, 0, false, NULL};
    assert_failed(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag), HYDRA_ERR_LIMIT,
                  &diag, "double: too long");
    hy_diag_clear(&diag);
    config.frames = 10;
    encoder->stream->codec->codec_id = AV_CODEC_ID_RAWVIDEO; /* not for MP4 */
    assert_failed(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag),
                  HYDRA_ERR_INTERNAL, &diag, "writing the MP4 header failed");
    assert_null(muxer);
    assert_int_equal(sink.writes, 0);
    hy_muxer_close(NULL);
    encoder->ops->close(encoder);
}

static void the_seam_opens_mp4(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    sink_double sink;
    sink_double_init(&sink, true);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 20, 5);
    hy_muxer_config config = {rate_30, 20, 2, false, NULL};
    assert_ok(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag), &diag);
    assert_ok(clip_write(muxer, rate_30, &video, NULL, &diag), &diag);
    hydra_result result = finish_and_verify(muxer);
    assert_int_equal(result.key_frames, 2);
    assert_int_equal(result.moov_reserved_bytes, 32 * 20 + 4 * 2 + 65536);
    assert_int_equal(hy_muxer_write_video(muxer, &video.list[0], &diag), HYDRA_ERR_INTERNAL);
    hy_muxer_close(muxer);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    sink_double_free(&sink);
}

/* The real sound, in turn with the pictures as a render does it. */
static void the_seam_takes_sound(void **state)
{
    (void)state;
    hy_diag diag = {0};
    test_sound sine = test_sound_new(3.0, 2, 44100);
    test_sound_add_sine(&sine, 440.0, 0.5);
    test_sound_file wav = test_wav(&sine, TEST_WAV_S16);
    test_song song = test_song_open(&wav);
    hy_audio_config audio_config = {test_audio_options(), 20 * 1600, 128, NULL};
    hy_audio *audio = NULL;
    assert_ok(hy_audio_open(song.reader, &audio_config, &audio, &diag), &diag);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 20, 5);
    sink_double sink;
    sink_double_init(&sink, true);
    hy_muxer *muxer = NULL;
    hy_muxer_config config = {rate_30, 20, 2, false, NULL};
    assert_ok(hy_muxer_open(&config, encoder, audio, &sink.base, &muxer, &diag), &diag);
    int64_t packets = 0;
    for (size_t v = 0; v < video.count; v++) {
        assert_ok(hy_muxer_write_video(muxer, &video.list[v], &diag), &diag);
        hy_packet packet;
        bool got = true;
        while (got && (v + 1 == video.count || packets * 1024 < (int64_t)v * 1600)) {
            assert_ok(hy_audio_receive(audio, &packet, &got, &diag), &diag);
            if (got) {
                assert_ok(hy_muxer_write_audio(muxer, &packet, &diag), &diag);
                packets++;
            }
        }
    }
    assert_int_equal(packets, hy_audio_packet_count(audio));
    hydra_result result = finish_and_verify(muxer);
    assert_int_equal(result.has_audio, 1);
    assert_int_equal(result.audio_samples, 20 * 1600);
    assert_int_equal(result.moov_reserved_bytes, 32 * 20 + 24 * packets + 4 * 2 + 65536);
    assert_in_range(result.av_offset_us + 1, 0, 2);
    hy_muxer_close(muxer);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    hy_audio_close(audio);
    test_song_close(&song);
    test_sound_file_free(&wav);
    test_sound_free(&sine);
    sink_double_free(&sink);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rate_is_exact),
        cmocka_unit_test(odd_rates_lose_nothing_but_a_tick),
        cmocka_unit_test(silent_clips_have_one_track),
        cmocka_unit_test(the_offset_tells_how_sound_ends),
        cmocka_unit_test(moov_comes_first),
        cmocka_unit_test(same_input_makes_same_bytes),
        cmocka_unit_test(every_failing_write_is_reported),
        cmocka_unit_test(wrong_packets_are_refused),
        cmocka_unit_test(unusable_streams_are_refused),
        cmocka_unit_test(the_seam_opens_mp4),
        cmocka_unit_test(the_seam_takes_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
