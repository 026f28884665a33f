/* SPDX-License-Identifier: MIT */
/* The list of encoders, the choice, GOP lengths, H.264 levels, and the raw encoder. */
#include "media/h264.h"

#include "clip.h"

static void list_has_every_encoder_best_first(void **state)
{
    (void)state;
    static const struct {
        int32_t id;
        const char *name;
        const char *container;
    } known[] = {
        {HYDRA_ENCODER_NVENC, "nvenc", "mp4"},
        {HYDRA_ENCODER_X264, "x264", "mp4"},
        {HYDRA_ENCODER_X265, "x265", "mp4"},
        {HYDRA_ENCODER_RAW, "raw", "y4m"},
    };
    int32_t count = 0;
    const hy_encoder_ops *const *list = hy_encoder_list(&count);
    assert_int_equal(count, sizeof known / sizeof *known);
    for (int32_t i = 0; i < count; i++) {
        assert_int_equal(list[i]->id, known[i].id);
        assert_string_equal(list[i]->name, known[i].name);
        assert_string_equal(list[i]->container, known[i].container);
        assert_non_null(list[i]->description);
    }
    assert_string_equal(list[3]->probe(), "");
}

static void plan_follows_availability(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_route route;
    assert_ok(hy_encoder_plan(HYDRA_ENCODER_RAW, HYDRA_CODEC_H264, NULL, &route, &diag), &diag);
    assert_int_equal(route.count, 1);
    assert_int_equal(route.list[0]->id, HYDRA_ENCODER_RAW);
    assert_string_equal(route.reason, "asked for");
    if (hy_encoder_x264.probe()[0] == '\0') {
        assert_ok(hy_encoder_plan(HYDRA_ENCODER_AUTO, HYDRA_CODEC_H264, NULL, &route, &diag),
                  &diag);
        assert_int_equal(route.count, 1);
        assert_int_equal(route.list[0]->id, HYDRA_ENCODER_X264);
        assert_true(route.reason[0] != '\0');
        assert_ok(hy_encoder_plan(HYDRA_ENCODER_X264, HYDRA_CODEC_H264, NULL, &route, &diag),
                  &diag);
    } else {
        assert_failed(hy_encoder_plan(HYDRA_ENCODER_AUTO, HYDRA_CODEC_H264, NULL, &route, &diag),
                      HYDRA_ERR_UNSUPPORTED, &diag, hy_encoder_x264.probe());
        hy_diag_clear(&diag);
        assert_failed(hy_encoder_plan(HYDRA_ENCODER_X264, HYDRA_CODEC_H264, NULL, &route, &diag),
                      HYDRA_ERR_UNSUPPORTED, &diag, hy_encoder_x264.probe());
    }
}

static void plan_refuses_what_does_not_fit(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_route route;
    assert_failed(hy_encoder_plan(77, HYDRA_CODEC_H264, NULL, &route, &diag), HYDRA_ERR_ARGUMENT,
                  &diag, "encoder 77");
    hy_diag_clear(&diag);
    assert_failed(hy_encoder_plan(HYDRA_ENCODER_AUTO, 2, NULL, &route, &diag), HYDRA_ERR_ARGUMENT,
                  &diag, "codec 2");
    hy_diag_clear(&diag);
    assert_failed(hy_encoder_plan(HYDRA_ENCODER_X264, HYDRA_CODEC_HEVC, NULL, &route, &diag),
                  HYDRA_ERR_ARGUMENT, &diag, "does not make HEVC");
    hy_diag_clear(&diag);
    assert_failed(hy_encoder_plan(HYDRA_ENCODER_NVENC, HYDRA_CODEC_H264, NULL, &route, &diag),
                  HYDRA_ERR_UNSUPPORTED, &diag, "encoder nvenc");
}

static void presets_have_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "Fast", "fas", "fast ", "nonsense"};
    hy_diag diag = {0};
    assert_ok(hy_encoder_check_preset(NULL, &diag), &diag);
    assert_ok(hy_encoder_check_preset("ultrafast", &diag), &diag);
    assert_ok(hy_encoder_check_preset("placebo", &diag), &diag);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hy_diag_clear(&diag);
        assert_failed(hy_encoder_check_preset(bad[i], &diag), HYDRA_ERR_ARGUMENT, &diag,
                      "ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, "
                      "veryslow and placebo");
    }
    assert_non_null(strstr(diag.text, "\"nonsense\""));
}

static void gop_lasts_two_seconds(void **state)
{
    (void)state;
    assert_int_equal(hy_encoder_gop_frames((hy_rate){30, 1}), 60);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){24000, 1001}), 48);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){60000, 1001}), 120);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){120, 1}), 240);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){1, 1}), 2);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){1, 10}), 1);
    assert_int_equal(hy_encoder_gop_frames((hy_rate){INT32_MAX, 1}), INT32_MAX);
}

static void level_is_the_smallest_that_fits(void **state)
{
    (void)state;
    static const struct {
        int32_t width;
        int32_t height;
        hy_rate rate;
        int32_t kbps;
        int32_t level;
    } cases[] = {
        {1080, 1920, {30, 1}, 0, 40},
        {1920, 1080, {30000, 1001}, 0, 40},
        {1920, 1080, {60, 1}, 0, 42},
        {1080, 1920, {31, 1}, 0, 42},     /* one frame more than 4.0 and 4.1 allow */
        {1080, 1920, {30, 1}, 25001, 41}, /* bit rate */
        {1080, 1920, {30, 1}, 25000, 40},
        {1280, 720, {30, 1}, 0, 31},
        {1280, 720, {60, 1}, 0, 32},
        {64, 64, {1, 1}, 0, 10},
        {176, 144, {15, 1}, 0, 10},
        {176, 144, {30, 1}, 0, 11},
        {320, 240, {10, 1}, 0, 12}, /* 1.1 has no room for four references */
        {4096, 64, {1, 1}, 0, 40},  /* too wide for less */
        {64, 4096, {1, 1}, 0, 40},
        {3840, 2160, {30, 1}, 0, 51},
        {3840, 2160, {60, 1}, 0, 52},
        {4096, 4096, {30, 1}, 0, 60},
        {4096, 4096, {120, 1}, 0, 61},
        {4096, 4096, {500, 1}, 0, 62}, /* beyond all of them */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            hy_h264_level(cases[i].width, cases[i].height, cases[i].rate, cases[i].kbps),
            cases[i].level);
    }
}

static void damaged_h264_headers_are_refused(void **state)
{
    (void)state;
    uint8_t *avcc = NULL;
    size_t size = 0;
    hy_video_sps sps;
    static const uint8_t annexb[] = {0, 0, 0, 1, 0x67, 100, 0, 40, 0, 0, 0, 1, 0x68, 1, 2, 3};
    static const uint8_t lengths[] = {0, 0, 0, 4, 0x67, 66, 0, 40, 0, 0, 0, 4, 0x68, 1, 2, 3};
    static const uint8_t wrong_order[] = {0, 0, 0, 4, 0x68, 1, 2, 3, 0, 0, 0, 4, 0x67, 66, 0, 40};
    assert_int_equal(hy_h264_make_avcc(annexb, sizeof annexb, &avcc, &size), HYDRA_ERR_FORMAT);
    assert_int_equal(hy_h264_make_avcc(wrong_order, sizeof wrong_order, &avcc, &size),
                     HYDRA_ERR_FORMAT);
    for (size_t cut = 0; cut < sizeof lengths; cut++) {
        assert_int_equal(hy_h264_make_avcc(lengths, cut, &avcc, &size), HYDRA_ERR_FORMAT);
    }
    assert_int_equal(hy_h264_make_avcc(lengths, sizeof lengths, &avcc, &size), HYDRA_OK);
    assert_int_equal(size, 6 + 2 + 4 + 1 + 2 + 4); /* Baseline: without the fields of High */
    uint8_t *again = NULL;
    size_t again_size = 0;
    assert_int_equal(hy_h264_make_avcc(avcc, size, &again, &again_size), HYDRA_OK);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, avcc, size);
    for (size_t cut = 0; cut <= size; cut++) {
        assert_false(hy_h264_read_sps(avcc, cut, &sps)); /* three bytes are no SPS */
    }
    hy_free(avcc);
    hy_free(again);
}

static void units_around_h264_headers_are_left_out(void **state)
{
    (void)state;
    static const uint8_t plain[] = {0, 0, 0, 4, 0x67, 66, 0, 40, 0, 0, 0, 4, 0x68, 1, 2, 3};
    static const uint8_t around[] = {0,    0,  0, 4, 0x09, 16, 1,    1, 0,    0, 0, 4, 0x67, 66,
                                     0,    40, 0, 0, 0,    4,  0x06, 5, 1,    1, 0, 0, 0,    4,
                                     0x68, 1,  2, 3, 0,    0,  0,    4, 0x06, 5, 1, 1};
    static const uint8_t two_pps[] = {0,    0, 0, 4, 0x67, 66, 0, 40, 0,    0, 0, 4,
                                      0x68, 1, 2, 3, 0,    0,  0, 4,  0x68, 9, 2, 3};
    uint8_t *expected;
    uint8_t *avcc;
    size_t expected_size;
    size_t size;
    assert_int_equal(hy_h264_make_avcc(plain, sizeof plain, &expected, &expected_size), HYDRA_OK);
    assert_int_equal(hy_h264_make_avcc(around, sizeof around, &avcc, &size), HYDRA_OK);
    assert_int_equal(size, expected_size);
    assert_memory_equal(avcc, expected, size);
    hy_free(avcc);
    hy_free(expected);
    assert_int_equal(hy_h264_make_avcc(two_pps, sizeof two_pps, &avcc, &size), HYDRA_ERR_FORMAT);
}

static void raw_packs_planes_without_gaps(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config((hy_rate){25, 1}, HYDRA_PROFILE_DEFAULT);
    config.width = 66; /* rows of the picture are padded to 128 and 64 bytes */
    config.height = 4;
    hy_encoder *raw = NULL;
    hy_picture *picture = NULL;
    assert_ok(hy_encoder_raw.open(&config, &raw, &diag), &diag);
    assert_ok(hy_picture_new(66, 4, NULL, &picture, &diag), &diag);
    clip_draw(picture, 5);
    assert_ok(raw->ops->send(raw, picture, 7, false, &diag), &diag);
    hy_packet packet;
    bool got = false;
    assert_ok(raw->ops->receive(raw, &packet, &got, &diag), &diag);
    assert_true(got && packet.key);
    assert_int_equal(packet.pts, 7);
    assert_int_equal(packet.dts, 7);
    assert_int_equal(packet.duration, 1);
    assert_int_equal(packet.size, 66 * 4 * 3 / 2);
    const uint8_t *at = packet.data;
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            size_t width = (size_t)hy_plane_width(picture, plane);
            assert_memory_equal(at, picture->plane[plane] + y * picture->stride[plane], width);
            at += width;
        }
    }
    assert_ok(raw->ops->receive(raw, &packet, &got, &diag), &diag);
    assert_false(got);
    hy_picture_free(picture);
    raw->ops->close(raw);
}

static void raw_refuses_wrong_use(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder *raw = NULL;
    hy_encoder_config config = clip_config((hy_rate){25, 1}, HYDRA_PROFILE_DEFAULT);
    config.width = 127;
    assert_failed(hy_encoder_raw.open(&config, &raw, &diag), HYDRA_ERR_ARGUMENT, &diag, "127");
    assert_null(raw);
    config.width = 64;
    hy_diag_clear(&diag);
    assert_ok(hy_encoder_raw.open(&config, &raw, &diag), &diag);
    hy_picture *picture = clip_picture(0);
    assert_failed(raw->ops->send(raw, picture, 0, true, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "128 x 192");
    raw->ops->close(raw);
    config.width = CLIP_WIDTH;
    hy_diag_clear(&diag);
    assert_ok(hy_encoder_raw.open(&config, &raw, &diag), &diag);
    assert_ok(raw->ops->send(raw, picture, 0, true, &diag), &diag);
    assert_failed(raw->ops->send(raw, picture, 1, true, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "frame 1 before 0");
    raw->ops->close(raw);
    hy_encoder_raw.close(NULL);
    hy_picture_free(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_has_every_encoder_best_first),
        cmocka_unit_test(plan_follows_availability),
        cmocka_unit_test(plan_refuses_what_does_not_fit),
        cmocka_unit_test(presets_have_names),
        cmocka_unit_test(gop_lasts_two_seconds),
        cmocka_unit_test(level_is_the_smallest_that_fits),
        cmocka_unit_test(damaged_h264_headers_are_refused),
        cmocka_unit_test(units_around_h264_headers_are_left_out),
        cmocka_unit_test(raw_packs_planes_without_gaps),
        cmocka_unit_test(raw_refuses_wrong_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
