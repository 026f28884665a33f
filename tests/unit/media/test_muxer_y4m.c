/* SPDX-License-Identifier: MIT */
/* YUV4MPEG2 files: exact bytes, read back by libavformat, faults of the sink. */
#include "clip.h"

static const hy_rate rate_ntsc = {30000, 1001};

#define FRAMES      5
#define FRAME_BYTES ((size_t)CLIP_WIDTH * CLIP_HEIGHT * 3 / 2)

static const char header[] =
    "YUV4MPEG2 W128 H192 F30000:1001 Ip A1:1 C420mpeg2 XYSCSS=420MPEG2 XCOLORRANGE=LIMITED\n";
#define HEADER_BYTES (sizeof header - 1)

typedef struct fixture {
    hy_encoder *encoder;
    clip_packets packets;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_ntsc, HYDRA_PROFILE_DEFAULT);
    assert_ok(hy_encoder_raw.open(&config, &f.encoder, &diag), &diag);
    f.packets = clip_encode(f.encoder, FRAMES, 2);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    clip_packets_free(&f->packets);
    f->encoder->ops->close(f->encoder);
    return 0;
}

static hydra_status write_all(const fixture *f, int64_t frames, sink_double *sink, hy_muxer **muxer,
                              hy_diag *diag)
{
    hy_muxer_config config = {rate_ntsc, frames, frames, false, NULL};
    hydra_status status = hy_muxer_open(&config, f->encoder, NULL, &sink->base, muxer, diag);
    if (status == HYDRA_OK) {
        status = clip_write(*muxer, rate_ntsc, &f->packets, NULL, diag);
    }
    return status == HYDRA_OK ? hy_muxer_finish(*muxer, diag) : status;
}

static void frames_are_stored_as_they_are(void **state)
{
    const fixture *f = *state;
    for (int readable = 0; readable < 2; readable++) {
        hy_diag diag = {0};
        hy_muxer *muxer = NULL;
        hydra_result result = {0};
        sink_double sink;
        sink_double_init(&sink, readable);
        assert_ok(write_all(f, FRAMES, &sink, &muxer, &diag), &diag);
        assert_ok(hy_muxer_verify(muxer, &result, &diag), &diag);
        assert_int_equal(sink.size, HEADER_BYTES + FRAMES * (6 + FRAME_BYTES));
        assert_memory_equal(sink.data, header, HEADER_BYTES);
        for (size_t n = 0; n < FRAMES; n++) {
            const uint8_t *at = sink.data + HEADER_BYTES + n * (6 + FRAME_BYTES);
            assert_memory_equal(at, "FRAME\n", 6);
            assert_memory_equal(at + 6, f->packets.list[n].data, FRAME_BYTES);
        }
        assert_string_equal(result.container, "y4m");
        assert_string_equal(result.video_codec, "rawvideo");
        assert_string_equal(result.pixel_format, "yuv420p");
        assert_string_equal(result.color_range, "tv");
        assert_string_equal(result.audio_codec, "");
        assert_int_equal(result.width_px, CLIP_WIDTH);
        assert_int_equal(result.height_px, CLIP_HEIGHT);
        assert_int_equal(result.fps_num, 30000);
        assert_int_equal(result.fps_den, 1001);
        assert_int_equal(result.frames, FRAMES);
        assert_int_equal(result.key_frames, FRAMES);
        assert_int_equal(result.duration_us, 166833);
        assert_int_equal(result.bytes, sink.size);
        assert_int_equal(result.moov_offset, -1);
        /* Checksums are for who reads back, and take more time than making the frames. */
        assert_int_equal(muxer->ledger.entries[FRAMES - 1].crc != 0, readable);
        hy_muxer_close(muxer);
        sink_double_free(&sink);
    }
}

static void every_failing_write_is_reported(void **state)
{
    const fixture *f = *state;
    for (int n = 1; n <= 1 + 2 * FRAMES; n++) {
        hy_diag diag = {0};
        hy_muxer *muxer = NULL;
        char text[64];
        sink_double sink;
        sink_double_init(&sink, true);
        sink.fail_at = n;
        (void)snprintf(text, sizeof text, "double: no room at write %d", n);
        assert_int_equal(write_all(f, FRAMES, &sink, &muxer, &diag), HYDRA_ERR_SPACE);
        assert_string_equal(diag.text, text);
        assert_int_equal(muxer == NULL, n == 1);
        hy_muxer_close(muxer);
        sink_double_free(&sink);
    }
}

static void assert_damage(const fixture *f, size_t at, const char *text)
{
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    hydra_result result = {0};
    sink_double sink;
    sink_double_init(&sink, true);
    assert_ok(write_all(f, FRAMES, &sink, &muxer, &diag), &diag);
    sink.data[at] ^= 1;
    assert_failed(hy_muxer_verify(muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag, text);
    assert_int_equal(result.frames, 0);
    hy_muxer_close(muxer);
    sink_double_free(&sink);
}

static void damage_is_found(void **state)
{
    const fixture *f = *state;
    assert_damage(f, 11, "double: the header reads back as");
    assert_damage(f, HEADER_BYTES + 2, "the line FRAME reads back as");
    assert_damage(f, HEADER_BYTES + 6 + FRAME_BYTES + 5, "the line FRAME");
    assert_damage(f, HEADER_BYTES + 6, "the video packet of time 0");
    assert_damage(f, HEADER_BYTES + FRAMES * (6 + FRAME_BYTES) - 1, "the video packet of time 4");
}

static void missing_frames_are_found(void **state)
{
    const fixture *f = *state;
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    hydra_result result = {0};
    sink_double sink;
    sink_double_init(&sink, true);
    assert_ok(write_all(f, FRAMES + 1, &sink, &muxer, &diag), &diag);
    assert_failed(hy_muxer_verify(muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                  "5 pictures, 6 were promised");
    hy_muxer_close(muxer);
    sink_double_free(&sink);
    sink_double_init(&sink, true);
    fixture swapped = *f;
    hy_packet list[FRAMES];
    memcpy(list, f->packets.list, sizeof list);
    list[3].pts = 2; /* twice the same number */
    swapped.packets.list = list;
    hy_diag_clear(&diag);
    assert_ok(write_all(&swapped, FRAMES, &sink, &muxer, &diag), &diag);
    assert_failed(hy_muxer_verify(muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                  "picture 3 has number 2");
    hy_muxer_close(muxer);
    sink_double_free(&sink);
}

static void sound_is_refused(void **state)
{
    const fixture *f = *state;
    hy_diag diag = {0};
    hy_muxer *muxer = NULL;
    sink_double sink;
    hy_muxer_config config = {rate_ntsc, FRAMES, FRAMES, false, NULL};
    sink_double_init(&sink, true);
    assert_ok(hy_muxer_open(&config, f->encoder, NULL, &sink.base, &muxer, &diag), &diag);
    assert_failed(hy_muxer_write_audio(muxer, &f->packets.list[0], &diag), HYDRA_ERR_INTERNAL,
                  &diag, "sound without a sound track");
    hy_muxer_close(muxer);
    /* It is refused before it is looked at. */
    const hy_audio *sound = (const hy_audio *)&config;
    hy_diag_clear(&diag);
    assert_failed(hy_muxer_open(&config, f->encoder, sound, &sink.base, &muxer, &diag),
                  HYDRA_ERR_INTERNAL, &diag, "y4m holds no sound");
    assert_null(muxer);
    sink_double_free(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_are_stored_as_they_are),
        cmocka_unit_test(every_failing_write_is_reported),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(missing_frames_are_found),
        cmocka_unit_test(sound_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
