/* SPDX-License-Identifier: MIT */
/* Times of whole videos whose pictures are coded in another order than they are shown in. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

#include "render_case.h"

#define FRAMES 40

/* Three B frames, and what is shown before the first of them. */
#define MOST_DELAY 6

typedef struct rate_case {
    int32_t num;
    int32_t den;
} rate_case;

static const rate_case rates[] = {{24000, 1001}, {30000, 1001}, {30, 1}, {60000, 1001}};
static const int32_t profiles[] = {HYDRA_PROFILE_DEFAULT, HYDRA_PROFILE_QUALITY,
                                   HYDRA_PROFILE_BEST};

static char *folder;

/* ---- Making it ---- */

/* Frames of the rate, with a tone that is longer. */
static hydra_compose *new_compose(const rate_case *rate)
{
    static const uint32_t seed = 7;
    hydra_canvas_options canvas;
    hydra_image_options image;
    hydra_compose *c = NULL;
    hydra_canvas_options_init(&canvas);
    hydra_image_options_init(&image);
    canvas.width_px = CASE_WIDTH;
    canvas.height_px = CASE_HEIGHT;
    canvas.fps_num = rate->num;
    canvas.fps_den = rate->den;
    image.duration_us = FRAMES * INT64_C(1000000) * rate->den / rate->num;
    image.motion = HYDRA_MOTION_ZOOM_IN;
    assert_int_equal(hydra_compose_new(NULL, &c), HYDRA_OK);
    assert_compose_ok(c, hydra_compose_set_canvas(c, &canvas));
    test_add_picture(c, CASE_WIDTH, CASE_HEIGHT, test_pixel_natural, &seed, &image);
    test_add_tone(c, 3, NULL);
    return c;
}

static hydra_result make(const rate_case *rate, int32_t codec, int32_t profile, const char *path)
{
    hydra_compose *c = new_compose(rate);
    hydra_render_options options = case_options(HYDRA_ENCODER_NVENC, codec, profile);
    hydra_result result = {.struct_size = sizeof result};
    assert_compose_ok(c, hydra_compose_render(c, path, &options));
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_OK);
    assert_string_equal(result.encoder, "nvenc");
    hydra_compose_free(c);
    return result;
}

/* ---- Looking at it ---- */

typedef struct times {
    int64_t count;
    int64_t last_dts;
    bool seen[FRAMES];
    bool reordered;
    int64_t sound_pts; /* of the first block after the edit list */
} times;

static void look_at_picture(times *t, const AVPacket *packet, int64_t tick)
{
    assert_true(t->count == 0 || packet->dts > t->last_dts);
    assert_true(packet->dts <= packet->pts && packet->dts >= packet->pts - MOST_DELAY * tick);
    assert_int_equal(packet->pts % tick, 0);
    assert_in_range(packet->pts / tick, 0, FRAMES - 1);
    assert_false(t->seen[packet->pts / tick]);
    t->seen[packet->pts / tick] = true;
    t->reordered = t->reordered || packet->pts / tick != t->count;
    t->last_dts = packet->dts;
    t->count++;
}

static void look_at_packets(AVFormatContext *format, times *t, int64_t tick)
{
    AVPacket *packet = av_packet_alloc();
    assert_non_null(packet);
    t->sound_pts = INT64_MIN;
    while (av_read_frame(format, packet) >= 0) {
        if (packet->stream_index == 0) {
            look_at_picture(t, packet, tick);
        } else if (t->sound_pts == INT64_MIN && !(packet->flags & AV_PKT_FLAG_DISCARD)) {
            t->sound_pts = packet->pts;
        }
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
}

static void look(const rate_case *rate, int32_t codec, const char *path)
{
    AVFormatContext *format = NULL;
    times t = {.count = 0};
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    assert_int_equal(format->nb_streams, 2);
    const AVStream *video = format->streams[0];
    const AVStream *sound = format->streams[1];
    assert_int_equal(video->codecpar->codec_tag, codec == HYDRA_CODEC_HEVC
                                                     ? MKTAG('h', 'v', 'c', '1')
                                                     : MKTAG('a', 'v', 'c', '1'));
    assert_int_equal(video->nb_frames, FRAMES);
    assert_int_equal((int64_t)video->time_base.den * rate->den % rate->num, 0);
    int64_t tick = (int64_t)video->time_base.den * rate->den / rate->num / video->time_base.num;
    assert_int_equal(video->duration, FRAMES * tick);
    look_at_packets(format, &t, tick);
    assert_int_equal(t.count, FRAMES);
    assert_true(t.seen[0]); /* at 0 */
    assert_true(t.reordered);
    /* The encoder's delay is cut off by the edit list: what is heard begins with the pictures. */
    assert_true(t.sound_pts <= 0 && t.sound_pts > -1024);
    assert_int_equal(sound->start_time, 0);
    avformat_close_input(&format);
}

static void every_rate_keeps_time(void **state)
{
    (void)state;
    char *path = test_path(folder, "video.mp4");
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        for (int32_t codec = HYDRA_CODEC_H264; codec <= HYDRA_CODEC_HEVC; codec++) {
            for (size_t p = 0; p < sizeof profiles / sizeof *profiles; p++) {
                hydra_result result = make(&rates[r], codec, profiles[p], path);
                int64_t exact_us = FRAMES * INT64_C(1000000) * rates[r].den / rates[r].num;
                assert_int_equal(result.frames, FRAMES);
                assert_in_range(result.duration_us, exact_us, exact_us + 1);
                assert_int_equal(result.has_audio, 1);
                assert_true(llabs(result.av_offset_us) <= 21);
                look(&rates[r], codec, path);
            }
        }
    }
    free(path);
    assert_int_equal(count("leaks"), 0);
}

/* A parameter set that leaves colours to the file, or rounds the rate, is no fault of a video. */
static void parameter_sets_may_tell_less(void **state)
{
    (void)state;
    static const char *const headers[] = {"plain", "rounded"};
    char *path = test_path(folder, "video.mp4");
    for (size_t h = 0; h < sizeof headers / sizeof *headers; h++) {
        assert_int_equal(control("headers %s", headers[h]), 0);
        for (int32_t codec = HYDRA_CODEC_H264; codec <= HYDRA_CODEC_HEVC; codec++) {
            hydra_result result = make(&rates[1], codec, HYDRA_PROFILE_DEFAULT, path);
            assert_int_equal(result.frames, FRAMES);
            assert_int_equal(result.fps_num, rates[1].num);
            assert_int_equal(result.fps_den, rates[1].den);
            assert_string_equal(result.color_range, "tv");
            assert_string_equal(result.color_primaries, "bt709");
            assert_string_equal(result.color_transfer, "bt709");
            assert_string_equal(result.color_matrix, "bt709");
            look(&rates[1], codec, path);
        }
    }
    free(path);
    assert_int_equal(count("leaks"), 0);
}

static int open_all(void **state)
{
    folder = test_folder_new();
    return standin_open(state);
}

static int close_all(void **state)
{
    (void)state;
    test_folder_free(folder);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(every_rate_keeps_time, standin_reset),
        cmocka_unit_test_setup(parameter_sets_may_tell_less, standin_reset),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
