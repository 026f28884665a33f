/* SPDX-License-Identifier: MIT */
/*
 * The room kept for the index is enough for the worst files there can be, and where it is not
 * (injected here), the media stay untouched and the caller hears of it. Packets are fake: only
 * their sizes and times matter to the index.
 */
#include <libavutil/log.h>

#include "clip.h"

#define HOUR_FRAMES 108000

typedef struct fixture {
    hy_encoder *encoder;
    clip_sound sound;
    uint8_t *bytes;
} fixture;

#define LARGE_PACKET 40000

static int set_up(void **state)
{
    static fixture f;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config((hy_rate){30, 1}, HYDRA_PROFILE_DEFAULT);
    av_log_set_level(AV_LOG_QUIET);
    assert_ok(hy_encoder_x264.open(&config, &f.encoder, &diag), &diag);
    f.sound = clip_sound_new(2048);
    f.bytes = calloc(1, LARGE_PACKET);
    assert_non_null(f.bytes);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    clip_sound_free(&f->sound);
    free(f->bytes);
    f->encoder->ops->close(f->encoder);
    return 0;
}

typedef struct plan {
    int64_t frames;
    int64_t audio_packets;
    bool b_frames;
    bool all_keys;
    bool interleaved;   /* chunks of one packet and of two in turn: as many table rows as can be */
    size_t video_bytes; /* of a packet; 0 = changing */
} plan;

/* Display numbers of packets in coding order: I, then P b B b in fours. */
static int64_t coded_pts(const plan *p, int64_t n)
{
    static const int64_t order[4] = {4, 2, 1, 3};
    int64_t last_group = (p->frames - 1) / 4 * 4;
    if (!p->b_frames || n == 0 || n > last_group) {
        return n;
    }
    return (n - 1) / 4 * 4 + order[(n - 1) % 4];
}

static hy_packet video_packet(const fixture *f, const plan *p, int64_t n)
{
    size_t size = p->video_bytes ? p->video_bytes : 4 + (size_t)(n * 7 % 13);
    int64_t delay = p->b_frames ? 2 : 0;
    return (hy_packet){f->bytes, size, coded_pts(p, n), n - delay, 1, p->all_keys || n == 0};
}

static hy_packet audio_packet(const fixture *f, const plan *p, int64_t n)
{
    int64_t duration = n == p->audio_packets - 1 ? 77 : 1024;
    return (hy_packet){f->bytes, 6 + (size_t)(n % 5), n * 1024 - 1024, n * 1024 - 1024, duration,
                       true};
}

/* In turn as long as both last. */
static hydra_status write_plan(const fixture *f, const plan *p, hy_muxer *muxer, hy_diag *diag)
{
    int64_t v = 0;
    int64_t a = 0;
    int64_t run = p->interleaved ? 1 : 50;
    hydra_status status = HYDRA_OK;
    while (status == HYDRA_OK && (v < p->frames || a < p->audio_packets)) {
        for (int64_t i = 0; i < run && v < p->frames && status == HYDRA_OK; i++) {
            hy_packet packet = video_packet(f, p, v++);
            status = hy_muxer_write_video(muxer, &packet, diag);
        }
        for (int64_t i = 0; i < run && a < p->audio_packets && status == HYDRA_OK; i++) {
            hy_packet packet = audio_packet(f, p, a++);
            status = hy_muxer_write_audio(muxer, &packet, diag);
        }
        run = p->interleaved ? 3 - run : run;
    }
    return status;
}

static hydra_status run(const fixture *f, const plan *p, int64_t reserve, sink_double *sink,
                        hydra_result *result, hy_diag *diag)
{
    hy_muxer *muxer = NULL;
    hy_muxer_config config = {{30, 1}, p->frames, p->all_keys ? p->frames : 1, false, NULL};
    hy_mux_audio audio = {f->sound.parameters, p->audio_packets};
    if (reserve == 0) {
        reserve = hy_moov_reserve(p->frames, p->audio_packets, config.key_frames, 0);
    }
    hydra_status status =
        hy_muxer_mp4_open(&config, f->encoder->stream, p->audio_packets ? &audio : NULL, reserve,
                          &sink->base, &muxer, diag);
    if (status == HYDRA_OK) {
        status = write_plan(f, p, muxer, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_muxer_finish(muxer, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_muxer_verify(muxer, result, diag);
    }
    hy_muxer_close(muxer);
    return status;
}

/* Returns how much of the reserve was used, in percent. */
static int fits(const fixture *f, const plan *p, hydra_result *result)
{
    hy_diag diag = {0};
    sink_double sink;
    sink_double_init(&sink, false);
    sink.discard = true;
    *result = (hydra_result){0};
    assert_ok(run(f, p, 0, &sink, result, &diag), &diag);
    assert_int_equal(result->frames, p->frames);
    assert_int_equal(result->bytes, sink.end);
    assert_true(result->moov_bytes + 8 <= result->moov_reserved_bytes);
    assert_int_equal(result->key_frames, p->all_keys ? p->frames : 1);
    if (p->audio_packets) {
        assert_int_equal(result->audio_samples, (p->audio_packets - 2) * 1024 + 77);
    }
    return (int)(result->moov_bytes * 100 / result->moov_reserved_bytes);
}

static void small_files_fit(void **state)
{
    const fixture *f = *state;
    for (int64_t frames = 1; frames < 40; frames += 3) {
        for (int kind = 0; kind < 8; kind++) {
            plan p = {.frames = frames,
                      .audio_packets = kind & 1 ? 2 + frames : 0,
                      .b_frames = kind & 2,
                      .all_keys = kind & 4,
                      .interleaved = true};
            hydra_result result;
            (void)fits(f, &p, &result);
        }
    }
}

static void an_hour_fits(void **state)
{
    const fixture *f = *state;
    hydra_result result;
    plan p = {.frames = HOUR_FRAMES, .audio_packets = 168751, .b_frames = true};
    (void)fits(f, &p, &result);
    p.audio_packets = 0;
    p.all_keys = true;
    (void)fits(f, &p, &result);
}

/* 1 h, beyond 4 GiB, with every table as long as it can be. */
static void an_hour_of_the_worst_fits(void **state)
{
    const fixture *f = *state;
    plan p = {.frames = HOUR_FRAMES,
              .audio_packets = HOUR_FRAMES,
              .b_frames = true,
              .all_keys = true,
              .interleaved = true,
              .video_bytes = 40000};
    hydra_result result;
    int percent = fits(f, &p, &result);
    assert_true(result.bytes > (int64_t)UINT32_MAX);
    assert_in_range(percent, 60, 99); /* the bound is of the right order */
}

/* Every reserve that is too small, from far to just: nothing of the media is overwritten. */
static void a_reserve_too_small_is_an_error(void **state)
{
    const fixture *f = *state;
    plan p = {.frames = 400, .audio_packets = 600, .b_frames = true, .interleaved = true};
    hydra_result result = {0};
    hy_diag diag = {0};
    sink_double sink;
    sink_double_init(&sink, true);
    assert_ok(run(f, &p, 0, &sink, &result, &diag), &diag);
    sink_double_free(&sink);
    int64_t least = result.moov_bytes + 8; /* the free box after it */
    int64_t media = result.bytes - result.moov_reserved_bytes - result.moov_offset - 16;
    const int64_t reserves[] = {16, 1000, least / 2, least - 100, least - 9, least - 1};
    for (size_t i = 0; i < sizeof reserves / sizeof reserves[0]; i++) {
        sink_double_init(&sink, true);
        hy_diag_clear(&diag);
        hydra_status status = run(f, &p, reserves[i], &sink, &result, &diag);
        assert_int_equal(status, HYDRA_ERR_INTERNAL);
        assert_true(strstr(diag.text, "index") != NULL);
        /* Media begin behind ftyp, the reserve and the 16 bytes of mdat's headers. */
        int64_t start = result.moov_offset + reserves[i] + 16;
        assert_int_equal(sink.end, start + media);
        for (int64_t at = start; at < sink.end; at++) {
            assert_int_equal(sink.data[at], 0);
        }
        sink_double_free(&sink);
    }
    sink_double_init(&sink, true);
    hy_diag_clear(&diag);
    assert_ok(run(f, &p, least, &sink, &result, &diag), &diag);
    assert_int_equal(result.moov_reserved_bytes, least);
    sink_double_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_files_fit),
        cmocka_unit_test(an_hour_fits),
        cmocka_unit_test(an_hour_of_the_worst_fits),
        cmocka_unit_test(a_reserve_too_small_is_an_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
