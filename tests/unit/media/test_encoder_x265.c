/* SPDX-License-Identifier: MIT */
/* The x265 backend: times, key frames, settings, threads, and pictures decoded again. */
#include <unistd.h>

#include <libavutil/intreadwrite.h>
#include <libavutil/log.h>

#include "media/hevc.h"

#include "clip.h"
#include "stream.h"

#define FRAMES 75
#define CUT    37

static const hy_rate rate_30 = {30, 1};

static hy_encoder *open_encoder(const hy_encoder_config *config)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    assert_ok(hy_encoder_x265.open(config, &encoder, &diag), &diag);
    return encoder;
}

static hy_video_sps sps_of(const hy_encoder *encoder)
{
    hy_video_sps sps;
    const AVCodecParameters *codec = encoder->stream->codec;
    assert_true(hy_hevc_read_sps(codec->extradata, (size_t)codec->extradata_size, &sps));
    return sps;
}

/* ---- Times and key frames ---- */

static void every_profile_and_rate_keeps_time(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{25, 1},       {24000, 1001}, {30000, 1001},
                                    {60000, 1001}, {120, 1},      {7, 1}};
    for (size_t r = 0; r < sizeof rates / sizeof rates[0]; r++) {
        for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
            hy_encoder_config config = clip_config(rates[r], profile);
            hy_encoder *encoder = open_encoder(&config);
            hy_video_sps sps = sps_of(encoder);
            assert_int_equal(sps.rate_num * rates[r].den, sps.rate_den * rates[r].num);
            clip_packets packets = clip_encode(encoder, FRAMES, CUT);
            stream_check_times(&packets, FRAMES);
            stream_check_keys(&packets, CUT, hy_encoder_gop_frames(rates[r]));
            clip_packets_free(&packets);
            encoder->ops->close(encoder);
        }
    }
}

static void cuts_may_be_neighbours(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = {NULL, 0};
    for (int64_t n = 0; n < 30; n++) {
        hy_picture *picture = clip_picture(n);
        assert_ok(encoder->ops->send(encoder, picture, n, n >= 10 && n < 14, &diag), &diag);
        hy_picture_free(picture);
        clip_receive(encoder, &packets);
    }
    assert_ok(encoder->ops->send(encoder, NULL, 0, false, &diag), &diag);
    clip_receive(encoder, &packets);
    stream_check_times(&packets, 30);
    for (size_t i = 0; i < packets.count; i++) {
        int64_t n = packets.list[i].pts;
        assert_int_equal(packets.list[i].key, n == 0 || (n >= 10 && n < 14));
    }
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
}

static void short_clips_are_whole(void **state)
{
    (void)state;
    for (int64_t frames = 1; frames <= 7; frames++) {
        for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
            hy_encoder_config config = clip_config((hy_rate){10, 1}, profile);
            config.threads = profile % 2 ? 4 : 1;
            hy_encoder *encoder = open_encoder(&config);
            clip_packets packets = clip_encode(encoder, frames, 0);
            stream_check_times(&packets, frames);
            assert_true(packets.list[0].key);
            clip_packets_free(&packets);
            encoder->ops->close(encoder);
        }
    }
}

/* Every unit behind its length, and none of them a parameter set: hvc1 has those in its header
 * only. Key frames are IDR. */
static void samples_hold_pictures_only(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets packets = clip_encode(encoder, FRAMES, CUT);
    for (size_t i = 0; i < packets.count; i++) {
        const hy_packet *p = &packets.list[i];
        size_t at = 0;
        while (at < p->size) {
            assert_true(p->size - at > 6);
            size_t length = AV_RB32(p->data + at);
            int type = p->data[at + 4] >> 1 & 0x3f;
            assert_true(length <= p->size - at - 4);
            assert_true(type < 32);
            assert_int_equal(type == 19 || type == 20, p->key);
            at += 4 + length;
        }
    }
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
}

/* ---- Settings ---- */

static void check_sps(const hy_encoder_config *config)
{
    hy_encoder *encoder = open_encoder(config);
    hy_video_sps sps = sps_of(encoder);
    const AVCodecParameters *codec = encoder->stream->codec;
    assert_int_equal(codec->codec_id, AV_CODEC_ID_HEVC);
    assert_int_equal(codec->profile, FF_PROFILE_HEVC_MAIN);
    assert_int_equal(codec->level, sps.level_idc);
    assert_int_equal(codec->extradata[0], 1); /* hvcC */
    assert_int_equal(sps.profile_idc, 1);
    assert_int_equal(sps.chroma_format_idc, 1);
    assert_int_equal(sps.bit_depth, 8);
    assert_int_equal(sps.width, config->width);
    assert_int_equal(sps.height, config->height);
    assert_false(sps.full_range);
    assert_int_equal(sps.primaries, 1);
    assert_int_equal(sps.transfer, 1);
    assert_int_equal(sps.matrix, 1);
    assert_int_equal(sps.rate_num, sps.rate_den * 30);
    encoder->ops->close(encoder);
}

static void every_setting_plays_alike(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{128, 192}, {66, 50}, {16, 16}, {18, 300}, {1080, 1920}};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        config.width = sizes[i][0];
        config.height = sizes[i][1];
        check_sps(&config);
    }
    config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    for (int32_t i = 0; i < HY_ENCODER_PRESETS; i++) {
        config.preset = hy_encoder_presets[i];
        check_sps(&config);
    }
    config.preset = NULL;
    config.crf = 0.0; /* a value, not "the default"; it is not lossless, which Main has not */
    check_sps(&config);
    config.crf = HYDRA_AUTO;
    config.bitrate_kbps = 200;
    check_sps(&config);
}

static int64_t bytes_with(const hy_encoder_config *config)
{
    int64_t bytes = 0;
    hy_encoder *encoder = open_encoder(config);
    clip_packets packets = clip_encode(encoder, FRAMES, CUT);
    for (size_t i = 0; i < packets.count; i++) {
        bytes += (int64_t)packets.list[i].size;
    }
    clip_packets_free(&packets);
    encoder->ops->close(encoder);
    return bytes;
}

static void quality_and_bit_rate_are_kept(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.crf = 12.0;
    int64_t fine = bytes_with(&config);
    config.crf = 40.0;
    int64_t coarse = bytes_with(&config);
    assert_true(coarse * 3 < fine);
    config.crf = HYDRA_AUTO;
    config.bitrate_kbps = 15;
    int64_t low = bytes_with(&config);
    config.bitrate_kbps = 45;
    int64_t high = bytes_with(&config);
    assert_true(low * 3 < high * 2);
    assert_in_range(high, 45 * 125 * FRAMES / 30 / 3, 45 * 125 * FRAMES / 30 * 2);
}

static void levels_follow_size_and_rate(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.width = 1080;
    config.height = 1920;
    hy_encoder *encoder = open_encoder(&config);
    assert_int_equal(sps_of(encoder).level_idc, 120); /* 4.0 */
    encoder->ops->close(encoder);
    config.rate = (hy_rate){60, 1};
    encoder = open_encoder(&config);
    assert_int_equal(sps_of(encoder).level_idc, 123); /* 4.1 */
    encoder->ops->close(encoder);
}

/* ---- Threads ---- */

/* Workers as asked for, and one thread for each frame that is worked on at once. */
static void threads_are_bounded(void **state)
{
    (void)state;
    static const struct {
        int32_t threads;
        int most;
    } cases[] = {{1, 1}, {2, 3}, {4, 6}};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        config.threads = cases[i].threads;
        int before = test_count_settled_threads();
        hy_encoder *encoder = open_encoder(&config);
        assert_in_range(test_count_threads(INT32_MAX) - before, 0, cases[i].most);
        encoder->ops->close(encoder);
        assert_int_equal(test_count_threads(before), before);
    }
}

/* ---- Pictures ---- */

static void same_pictures_make_same_bytes(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = open_encoder(&config);
    clip_packets a = clip_encode(encoder, 40, 20);
    encoder->ops->close(encoder);
    encoder = open_encoder(&config);
    clip_packets b = clip_encode(encoder, 40, 20);
    encoder->ops->close(encoder);
    assert_true(stream_same_packets(&a, &b));
    clip_packets_free(&a);
    clip_packets_free(&b);
}

static void pictures_come_back(void **state)
{
    (void)state;
    for (int32_t threads = 1; threads <= 4; threads += 3) {
        /* The worst of them. */
        hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DRAFT);
        config.threads = threads;
        hy_encoder *encoder = open_encoder(&config);
        clip_packets packets = clip_encode(encoder, FRAMES, CUT);
        stream_check_pictures(encoder, &packets, FRAMES, CUT, 34.0);
        clip_packets_free(&packets);
        encoder->ops->close(encoder);
    }
}

/* x265 has a log of its own. */
static void nothing_is_printed(void **state)
{
    (void)state;
    FILE *log = tmpfile();
    assert_non_null(log);
    (void)fflush(stderr);
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0 && dup2(fileno(log), STDERR_FILENO) >= 0);
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.threads = 2;
    (void)bytes_with(&config);
    (void)fflush(stderr);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    (void)close(before);
    assert_int_equal(lseek(fileno(log), 0, SEEK_END), 0);
    (void)fclose(log);
}

/* ---- Wrong use ---- */

static void assert_refused(const hy_encoder_config *config, hydra_status expected, const char *text)
{
    hy_diag diag = {0};
    hy_encoder *encoder = NULL;
    hy_encoder_cost cost;
    assert_failed(hy_encoder_x265.open(config, &encoder, &diag), expected, &diag, text);
    assert_null(encoder);
    if (expected == HYDRA_ERR_ARGUMENT) {
        hy_diag_clear(&diag);
        assert_failed(hy_encoder_x265.estimate(config, 10, &cost, &diag), expected, &diag, text);
    }
}

static void bad_configs_are_refused(void **state)
{
    (void)state;
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.profile = 4;
    assert_refused(&config, HYDRA_ERR_ARGUMENT, "profile 4");
    config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    config.preset = "nonsense";
    assert_refused(&config, HYDRA_ERR_ARGUMENT, "\"nonsense\"");
    config.preset = NULL;
    config.height = 191;
    assert_refused(&config, HYDRA_ERR_ARGUMENT, "128 x 191");
    config.height = 14;
    assert_refused(&config, HYDRA_ERR_ARGUMENT, "16 pixels at least");
    config.height = 8194;
    assert_refused(&config, HYDRA_ERR_ARGUMENT, "2 to 8192 pixels");
    config = clip_config((hy_rate){0, 1}, HYDRA_PROFILE_DEFAULT); /* libavcodec's own refusal */
    assert_refused(&config, HYDRA_ERR_ENCODER, "x265: opening the encoder failed");
    hy_encoder_x265.close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_profile_and_rate_keeps_time),
        cmocka_unit_test(cuts_may_be_neighbours),
        cmocka_unit_test(short_clips_are_whole),
        cmocka_unit_test(samples_hold_pictures_only),
        cmocka_unit_test(every_setting_plays_alike),
        cmocka_unit_test(quality_and_bit_rate_are_kept),
        cmocka_unit_test(levels_follow_size_and_rate),
        cmocka_unit_test(threads_are_bounded),
        cmocka_unit_test(same_pictures_make_same_bytes),
        cmocka_unit_test(pictures_come_back),
        cmocka_unit_test(nothing_is_printed),
        cmocka_unit_test(bad_configs_are_refused),
    };
    if (hy_encoder_x265.probe()[0]) {
        print_message("SKIP: %s\n", hy_encoder_x265.probe());
        return 77;
    }
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
