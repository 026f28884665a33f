/* SPDX-License-Identifier: MIT */
/* MP4 in fragments: what libavformat makes of it, how it is cut, faults of the sink. */
#include <libavutil/intreadwrite.h>
#include <libavutil/log.h>

#include "media/mp4_fragment.h"

#include "fragments.h"
#include "view.h"

#define FRAMES 200
#define CUT    77

static const hy_rate rate_30 = {30, 1};

/* The same clip in both forms. */
typedef struct pair {
    sink_double whole;
    sink_double parts;
    hydra_result result; /* of the parts */
} pair;

static hydra_result finish_and_verify(hy_muxer *muxer)
{
    hy_diag diag = {0};
    hydra_result result = {0};
    assert_ok(hy_muxer_finish(muxer, &diag), &diag);
    assert_ok(hy_muxer_verify(muxer, &result, &diag), &diag);
    hy_muxer_close(muxer);
    return result;
}

static void pair_make(pair *p, const hy_encoder *encoder, hy_rate rate, const clip_packets *video,
                      const clip_sound *sound)
{
    hy_diag diag = {0};
    int64_t frames = (int64_t)video->count;
    const clip_packets *audio = sound ? &sound->packets : NULL;
    sink_double_init(&p->whole, true);
    hy_muxer *muxer = clip_mp4_open(encoder, rate, frames, sound, &p->whole.base);
    assert_ok(clip_write(muxer, rate, video, audio, &diag), &diag);
    (void)finish_and_verify(muxer);
    fragments_sink_init(&p->parts);
    muxer = fragments_open(encoder, rate, frames, sound, &p->parts.base);
    assert_ok(clip_write(muxer, rate, video, audio, &diag), &diag);
    p->result = finish_and_verify(muxer);
}

static void pair_free(pair *p)
{
    sink_double_free(&p->whole);
    sink_double_free(&p->parts);
}

/* ---- libavformat's view ---- */

static void assert_same_packet(const AVPacket *a, const AVPacket *b)
{
    assert_int_equal(a->pts, b->pts);
    assert_int_equal(a->dts, b->dts);
    /* libavformat 59 does not tell how long the first and the last packet of sound in fragments
     * are; they are in the file, and the muxer has checked that. */
    if (a->stream_index == 0 || (a->pts >= 0 && a->duration == 1024)) {
        assert_int_equal(a->duration, b->duration);
    }
    assert_int_equal(a->flags & AV_PKT_FLAG_KEY, b->flags & AV_PKT_FLAG_KEY);
    assert_int_equal(a->size, b->size);
    assert_memory_equal(a->data, b->data, (size_t)a->size);
}

/* The next packet of one stream. */
static bool next_packet(view *v, int index, AVPacket *packet)
{
    bool got = true;
    do {
        av_packet_unref(packet);
        got = av_read_frame(v->format, packet) >= 0;
    } while (got && packet->stream_index != index);
    return got;
}

/* Both forms hold the same packets at the same times, the last sound's length and the frames shown
 * first among them. */
static void assert_same_stream(const pair *p, int index)
{
    view a;
    view b;
    AVPacket *x = av_packet_alloc();
    AVPacket *y = av_packet_alloc();
    view_open(&a, &p->whole);
    view_open(&b, &p->parts);
    assert_int_equal(a.format->nb_streams, b.format->nb_streams);
    const AVStream *s = a.format->streams[index];
    const AVStream *t = b.format->streams[index];
    assert_int_equal(s->codecpar->codec_id, t->codecpar->codec_id);
    assert_int_equal(s->codecpar->extradata_size, t->codecpar->extradata_size);
    assert_int_equal(s->codecpar->color_range, t->codecpar->color_range);
    assert_int_equal(s->codecpar->color_primaries, t->codecpar->color_primaries);
    assert_int_equal(s->codecpar->color_trc, t->codecpar->color_trc);
    assert_int_equal(s->codecpar->color_space, t->codecpar->color_space);
    assert_int_equal(s->time_base.num, t->time_base.num);
    assert_int_equal(s->time_base.den, t->time_base.den);
    bool more = true;
    while (more) {
        more = next_packet(&a, index, x);
        assert_int_equal(next_packet(&b, index, y), more);
        if (more) {
            assert_same_packet(x, y);
        }
    }
    view_close(&a);
    view_close(&b);
    av_packet_free(&x);
    av_packet_free(&y);
}

/* Where a player starts and ends, in frames and samples. */
static void check_times(const pair *p, hy_rate rate, int64_t frames, const clip_sound *sound)
{
    view v;
    int64_t first;
    int64_t end;
    int64_t count;
    int64_t keys;
    view_open(&v, &p->parts);
    assert_int_equal(v.format->streams[0]->start_time, 0);
    view_play(&v, 0, &first, &end, &count, &keys);
    assert_int_equal(first, 0);
    assert_int_equal(count, frames);
    assert_int_equal(keys, p->result.key_frames);
    AVRational base = v.format->streams[0]->time_base;
    assert_int_equal(av_compare_ts(end, base, frames, (AVRational){rate.den, rate.num}), 0);
    if (sound) {
        /* The priming lies before time 0, the first sample that plays is at 0. */
        view_play(&v, 1, &first, &end, &count, &keys);
        assert_int_equal(first, -1024);
        assert_in_range(end, sound->samples, sound->samples + 1023);
        assert_int_equal(count, sound->packets.count);
    }
    view_close(&v);
}

static void every_rate_is_exact(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{24, 1},       {25, 1},       {30, 1},         {24000, 1001},
                                    {30000, 1001}, {60000, 1001}, {120, 1},        {7, 1},
                                    {25, 2},       {1, 1},        {1000003, 33333}};
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        int64_t frames = rates[i].num == 1 ? 9 : 130;
        hy_encoder *encoder = clip_encoder(rates[i], (int32_t)(i % 4));
        clip_packets video = clip_encode(encoder, frames, CUT);
        clip_sound sound = clip_sound_new(hy_samples_from_frames(frames, rates[i], CLIP_HZ));
        for (int silent = 0; silent < 2; silent++) {
            pair p;
            const clip_sound *with = silent ? NULL : &sound;
            pair_make(&p, encoder, rates[i], &video, with);
            clip_check_result(&p.result, rates[i], frames, with, &p.parts);
            assert_int_equal(p.result.moov_reserved_bytes, 0);
            assert_same_stream(&p, 0);
            if (!silent) {
                assert_same_stream(&p, 1);
            }
            check_times(&p, rates[i], frames, with);
            pair_free(&p);
        }
        clip_sound_free(&sound);
        clip_packets_free(&video);
        encoder->ops->close(encoder);
    }
}

static void one_frame_is_a_video(void **state)
{
    (void)state;
    clip_sound sound = clip_sound_new(1600);
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 1, 0);
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, 1, &sound, &sink.base);
    assert_ok(clip_write(muxer, rate_30, &video, &sound.packets, &diag), &diag);
    hydra_result result = finish_and_verify(muxer);
    assert_int_equal(result.frames, 1);
    assert_int_equal(result.audio_samples, 1600);
    assert_int_equal(sink.writes, 2); /* the index, one fragment */
    sink_double_free(&sink);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    clip_sound_free(&sound);
}

static void same_input_makes_same_bytes(void **state)
{
    (void)state;
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, FRAMES, CUT);
    pair a;
    pair b;
    pair_make(&a, encoder, rate_30, &video, &sound);
    pair_make(&b, encoder, rate_30, &video, &sound);
    assert_int_equal(a.parts.size, b.parts.size);
    assert_memory_equal(a.parts.data, b.parts.data, a.parts.size);
    pair_free(&a);
    pair_free(&b);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    clip_sound_free(&sound);
}

/* ---- How it is cut ---- */

typedef struct part {
    int64_t frames;
    int64_t bytes;
    bool starts_with_key;
} part;

/* The fragments of a file, at most `capacity`; also checks the boxes at the top. */
static int list_parts(const sink_double *sink, part *list, int capacity)
{
    size_t at = 0;
    int count = 0;
    for (int box = 0; at < sink->size; box++) {
        const char *type = box == 0 ? "ftyp" : box == 1 ? "moov" : box % 2 ? "mdat" : "moof";
        assert_true(at + 8 <= sink->size);
        assert_memory_equal(sink->data + at + 4, type, 4);
        size_t size = AV_RB32(sink->data + at);
        if (box >= 2 && box % 2 == 0) {
            hy_diag diag = {0};
            hy_mp4_fragment fragment;
            hy_mp4_sample sample = {0};
            hy_span bytes = {sink->data + at, size + AV_RB32(sink->data + at + size)};
            assert_ok(hy_mp4_fragment_read(bytes, "x", &fragment, &diag), &diag);
            assert_int_equal(fragment.sequence, count + 1);
            assert_true(count < capacity);
            part *p = &list[count++];
            *p = (part){.bytes = (int64_t)bytes.size};
            while (hy_mp4_run_next(&fragment.runs[0], &sample)) {
                p->starts_with_key |= p->frames++ == 0 && sample.key;
            }
        }
        at += size;
    }
    assert_int_equal(at, sink->size);
    return count;
}

/* At 30 fps key frames come every 60, and at the cut. */
static void fragments_begin_at_key_frames(void **state)
{
    (void)state;
    part list[10];
    pair p;
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, FRAMES, CUT);
    pair_make(&p, encoder, rate_30, &video, &sound);
    int count = list_parts(&p.parts, list, 10);
    static const int64_t frames[] = {60, 17, 60, 60, 3};
    assert_int_equal(count, 5);
    for (int i = 0; i < count; i++) {
        assert_int_equal(list[i].frames, frames[i]);
        assert_true(list[i].starts_with_key);
    }
    /* One write each, and one for the index. */
    assert_int_equal(p.parts.writes, count + 1);
    pair_free(&p);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    clip_sound_free(&sound);
}

/* Packets of one size, with key frames where `key` says so. */
static clip_packets even_packets(int64_t frames, size_t size, int64_t key_every)
{
    clip_packets packets = {NULL, 0};
    uint8_t *data = calloc(1, size);
    assert_non_null(data);
    for (int64_t n = 0; n < frames; n++) {
        memset(data, (int)n, size);
        hy_packet packet = {data, size, n, n, 1, n % key_every == 0};
        clip_add(&packets, &packet);
    }
    free(data);
    return packets;
}

static int cut_up(int64_t frames, size_t size, int64_t key_every, part *list, int capacity)
{
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = even_packets(frames, size, key_every);
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, frames, NULL, &sink.base);
    assert_ok(clip_write(muxer, rate_30, &video, NULL, &diag), &diag);
    /* What has left is forgotten. */
    assert_true(muxer->ledger.count <= 61);
    (void)finish_and_verify(muxer);
    int count = list_parts(&sink, list, capacity);
    sink_double_free(&sink);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    return count;
}

static void fragments_are_neither_long_nor_large(void **state)
{
    (void)state;
    part list[40];
    /* Key frames too rare. */
    int count = cut_up(200, 1000, 1000, list, 40);
    assert_int_equal(count, 4);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(list[i].frames, 60);
        assert_int_equal(list[i].starts_with_key, i == 0);
    }
    /* Too often: half a second at least. */
    count = cut_up(60, 1000, 1, list, 40);
    assert_int_equal(count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(list[i].frames, 15);
    }
    /* Large pictures. */
    count = cut_up(30, 1 << 20, 60, list, 40);
    assert_int_equal(count, 4);
    for (int i = 0; i < count; i++) {
        assert_true(list[i].bytes <= (9 << 20));
    }
}

/* The index tells where sound begins to play: it waits for the first packet of both. */
static void late_sound_is_waited_for(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, FRAMES, CUT);
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, FRAMES, &sound, &sink.base);
    size_t v = 0;
    while (v < 150) {
        assert_ok(hy_muxer_write_video(muxer, &video.list[v++], &diag), &diag);
    }
    assert_int_equal(sink.writes, 0);
    size_t a = 0;
    assert_ok(hy_muxer_write_audio(muxer, &sound.packets.list[a++], &diag), &diag);
    assert_ok(hy_muxer_write_video(muxer, &video.list[v++], &diag), &diag);
    assert_int_equal(sink.writes, 2);
    while (v < video.count) {
        assert_ok(hy_muxer_write_video(muxer, &video.list[v++], &diag), &diag);
    }
    while (a < sound.packets.count) {
        assert_ok(hy_muxer_write_audio(muxer, &sound.packets.list[a++], &diag), &diag);
    }
    hydra_result result = finish_and_verify(muxer);
    clip_check_result(&result, rate_30, FRAMES, &sound, &sink);
    sink_double_free(&sink);
    clip_sound_free(&sound);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

/* ---- Faults ---- */

static hydra_status attempt(const hy_encoder *encoder, const clip_packets *video,
                            const clip_sound *sound, sink_double *sink, hy_diag *diag)
{
    hy_muxer *muxer = fragments_open(encoder, rate_30, FRAMES, sound, &sink->base);
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
    clip_sound sound = clip_sound_new(FRAMES * 1600);
    for (int n = 1; n <= 7; n++) {
        char text[64];
        sink_double sink;
        fragments_sink_init(&sink);
        sink.fail_at = n;
        (void)snprintf(text, sizeof text, "double: no room at write %d", n);
        hy_diag_clear(&diag);
        hydra_status status = attempt(encoder, &video, &sound, &sink, &diag);
        if (n < 7) {
            assert_failed(status, HYDRA_ERR_SPACE, &diag, text);
        } else {
            assert_ok(status, &diag);
        }
        sink_double_free(&sink);
    }
    clip_sound_free(&sound);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

static void missing_frames_are_found(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hydra_result result = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 40, 21);
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, 41, NULL, &sink.base);
    assert_ok(clip_write(muxer, rate_30, &video, NULL, &diag), &diag);
    assert_ok(hy_muxer_finish(muxer, &diag), &diag);
    assert_failed(hy_muxer_verify(muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                  "the number of frames is 40, but 41 was written");
    hy_muxer_close(muxer);
    sink_double_free(&sink);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

static void nothing_at_all_is_no_video(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, 1, NULL, &sink.base);
    assert_failed(hy_muxer_finish(muxer, &diag), HYDRA_ERR_INTERNAL, &diag, "double: ");
    hy_muxer_close(muxer);
    assert_int_equal(sink.writes, 0);
    encoder->ops->close(encoder);
}

static void wrong_packets_are_refused(void **state)
{
    (void)state;
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 10, 5);
    hy_packet empty = video.list[1];
    empty.size = 0;
    const struct {
        const hy_packet *packet;
        bool audio;
        const char *text;
    } cases[] = {
        {&video.list[0], false, "writing a packet failed"}, /* back in time */
        {&empty, false, "packet of 0 bytes"},
        {&video.list[1], true, "sound without a sound track"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        sink_double sink;
        fragments_sink_init(&sink);
        hy_muxer *muxer = fragments_open(encoder, rate_30, 10, NULL, &sink.base);
        assert_ok(hy_muxer_write_video(muxer, &video.list[0], &diag), &diag);
        hydra_status status = cases[i].audio ? hy_muxer_write_audio(muxer, cases[i].packet, &diag)
                                             : hy_muxer_write_video(muxer, cases[i].packet, &diag);
        assert_failed(status, HYDRA_ERR_INTERNAL, &diag, cases[i].text);
        hy_muxer_close(muxer);
        assert_int_equal(sink.writes, 0);
    }
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

/* An encoder that says one thing about its stream and does another: not a byte leaves. */
static void a_wrong_stream_never_leaves(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 10, 5);
    encoder->stream->codec->profile = FF_PROFILE_H264_MAIN;
    sink_double sink;
    fragments_sink_init(&sink);
    hy_muxer *muxer = fragments_open(encoder, rate_30, 10, NULL, &sink.base);
    assert_ok(clip_write(muxer, rate_30, &video, NULL, &diag), &diag);
    assert_failed(hy_muxer_finish(muxer, &diag), HYDRA_ERR_VERIFY, &diag, "the profile is 100");
    hy_muxer_close(muxer);
    assert_int_equal(sink.writes, 0);
    encoder->stream->codec->codec_id = AV_CODEC_ID_RAWVIDEO; /* not for MP4 */
    hy_diag_clear(&diag);
    hy_muxer_config config = {rate_30, 10, 10, true, NULL};
    assert_failed(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag),
                  HYDRA_ERR_INTERNAL, &diag, "writing the MP4 header failed");
    assert_null(muxer);
    clip_packets_free(&video);
    encoder->ops->close(encoder);
}

static void the_seam_knows_what_sinks_can_do(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    sink_double sink;
    fragments_sink_init(&sink);
    hy_encoder *encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    clip_packets video = clip_encode(encoder, 20, 5);
    hy_muxer_config config = {rate_30, 20, 2, false, NULL};
    assert_failed(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag),
                  HYDRA_ERR_INTERNAL, &diag, "an index in front of what cannot go back");
    assert_null(muxer);
    hy_diag_clear(&diag);
    config.fragmented = true;
    assert_ok(hy_muxer_open(&config, encoder, NULL, &sink.base, &muxer, &diag), &diag);
    assert_ok(clip_write(muxer, rate_30, &video, NULL, &diag), &diag);
    hydra_result result = finish_and_verify(muxer);
    assert_int_equal(result.key_frames, 2);
    assert_string_equal(result.container, "mp4");
    clip_packets_free(&video);
    encoder->ops->close(encoder);
    sink_double_free(&sink);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rate_is_exact),
        cmocka_unit_test(one_frame_is_a_video),
        cmocka_unit_test(same_input_makes_same_bytes),
        cmocka_unit_test(fragments_begin_at_key_frames),
        cmocka_unit_test(fragments_are_neither_long_nor_large),
        cmocka_unit_test(late_sound_is_waited_for),
        cmocka_unit_test(every_failing_write_is_reported),
        cmocka_unit_test(missing_frames_are_found),
        cmocka_unit_test(nothing_at_all_is_no_video),
        cmocka_unit_test(wrong_packets_are_refused),
        cmocka_unit_test(a_wrong_stream_never_leaves),
        cmocka_unit_test(the_seam_knows_what_sinks_can_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
