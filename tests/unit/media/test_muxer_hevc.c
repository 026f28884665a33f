/* SPDX-License-Identifier: MIT */
/* HEVC in MP4 and in fragments, as hvc1: what libavformat makes of it, and what the read-back
 * catches in the boxes that H.264 has not. */
#include <libavutil/log.h>

#include "media/muxer_mp4.h"

#include "fragments.h"
#include "view.h"

#define FRAMES 60
#define CUT    33

static const hy_rate rate_30 = {30, 1};

typedef struct made {
    hy_encoder *encoder;
    clip_packets video;
    clip_sound sound;
    sink_double sink;
    hy_muxer *muxer;
} made;

static void make(made *m, hy_rate rate, bool fragmented)
{
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate, HYDRA_PROFILE_DEFAULT);
    assert_ok(hy_encoder_x265.open(&config, &m->encoder, &diag), &diag);
    m->video = clip_encode(m->encoder, FRAMES, CUT);
    m->sound = clip_sound_new(hy_samples_from_frames(FRAMES, rate, CLIP_HZ));
    if (fragmented) {
        fragments_sink_init(&m->sink);
        m->muxer = fragments_open(m->encoder, rate, FRAMES, &m->sound, &m->sink.base);
    } else {
        sink_double_init(&m->sink, true);
        m->muxer = clip_mp4_open(m->encoder, rate, FRAMES, &m->sound, &m->sink.base);
    }
    assert_ok(clip_write(m->muxer, rate, &m->video, &m->sound.packets, &diag), &diag);
    assert_ok(hy_muxer_finish(m->muxer, &diag), &diag);
}

static void unmake(made *m)
{
    hy_muxer_close(m->muxer);
    sink_double_free(&m->sink);
    clip_sound_free(&m->sound);
    clip_packets_free(&m->video);
    m->encoder->ops->close(m->encoder);
}

static void check_view(const made *m, hy_rate rate)
{
    view v;
    view_open(&v, &m->sink);
    const AVStream *stream = v.format->streams[0];
    const AVCodecParameters *codec = stream->codecpar;
    const AVCodecParameters *own = m->encoder->stream->codec;
    assert_int_equal(codec->codec_id, AV_CODEC_ID_HEVC);
    assert_int_equal(codec->codec_tag, MKTAG('h', 'v', 'c', '1'));
    assert_int_equal(codec->profile, FF_PROFILE_HEVC_MAIN);
    assert_int_equal(codec->level, own->level);
    assert_int_equal(codec->format, AV_PIX_FMT_YUV420P);
    assert_int_equal(codec->width, CLIP_WIDTH);
    assert_int_equal(codec->height, CLIP_HEIGHT);
    assert_int_equal(codec->color_range, AVCOL_RANGE_MPEG);
    assert_int_equal(codec->color_primaries, AVCOL_PRI_BT709);
    assert_int_equal(codec->color_trc, AVCOL_TRC_BT709);
    assert_int_equal(codec->color_space, AVCOL_SPC_BT709);
    assert_int_equal(codec->chroma_location, AVCHROMA_LOC_LEFT);
    assert_int_equal(codec->extradata_size, own->extradata_size);
    assert_memory_equal(codec->extradata, own->extradata, (size_t)own->extradata_size);
    int64_t first;
    int64_t end;
    int64_t count;
    int64_t keys;
    view_play(&v, 0, &first, &end, &count, &keys);
    assert_int_equal(first, 0);
    assert_int_equal(count, FRAMES);
    assert_true(keys >= 2);
    assert_int_equal(
        av_compare_ts(end, stream->time_base, FRAMES, (AVRational){rate.den, rate.num}), 0);
    view_close(&v);
}

static void every_rate_is_exact(void **state)
{
    (void)state;
    static const hy_rate rates[] = {{24000, 1001}, {30000, 1001}, {30, 1}, {60000, 1001}};
    for (size_t i = 0; i < 2 * sizeof rates / sizeof rates[0]; i++) {
        hy_rate rate = rates[i / 2];
        made m;
        hy_diag diag = {0};
        hydra_result result = {0};
        make(&m, rate, i % 2);
        assert_ok(hy_muxer_verify(m.muxer, &result, &diag), &diag);
        clip_check_any(&result, rate, FRAMES, &m.sound, &m.sink);
        assert_string_equal(result.video_codec, "hevc");
        assert_string_equal(result.video_profile, "Main");
        assert_int_equal(result.video_level * 3, m.encoder->stream->codec->level);
        check_view(&m, rate);
        unmake(&m);
    }
}

/* One byte of the index is another when it is read back. */
static void a_wrong_box_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *box;
        int offset;
        uint8_t value;
        const char *text;
    } cases[] = {
        {"hvc1", -4, 'x', "avc1 or hvc1"},
        {"hvc1", 25, 77, "the width"},
        {"hvcC", -4, 'x', "hvcC"},
        {"hvcC", 12, 77, "the HEVC header"},
        {"colr", 5, 9, "the primaries in colr"},
    };
    made m;
    make(&m, rate_30, false);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        hydra_result result = {0};
        /* What was written is kept, too, and compared first: both change. */
        hy_sink_io *io = &((hy_muxer_mp4 *)m.muxer)->io;
        uint8_t *box = memmem(io->head, io->head_size, cases[i].box, 4);
        assert_non_null(box);
        uint8_t *at = box + 4 + cases[i].offset;
        uint8_t *read = m.sink.data + (at - io->head);
        uint8_t old = *at;
        *at = cases[i].value;
        *read = cases[i].value;
        assert_failed(hy_muxer_verify(m.muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                      cases[i].text);
        *at = old;
        *read = old;
    }
    unmake(&m);
}

/* A stream that is not what the encoder said. */
static void another_codec_is_found(void **state)
{
    (void)state;
    made m;
    hy_diag diag = {0};
    hydra_result result = {0};
    make(&m, rate_30, false);
    AVCodecParameters *codec = ((hy_muxer_mp4 *)m.muxer)->writer.video->codecpar;
    codec->level = 186;
    assert_failed(hy_muxer_verify(m.muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag, "the level");
    hy_diag_clear(&diag);
    codec->codec_id = AV_CODEC_ID_H264;
    assert_failed(hy_muxer_verify(m.muxer, &result, &diag), HYDRA_ERR_VERIFY, &diag,
                  "the kind of the pictures");
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rate_is_exact),
        cmocka_unit_test(a_wrong_box_is_found),
        cmocka_unit_test(another_codec_is_found),
    };
    if (hy_encoder_x265.probe()[0]) {
        print_message("SKIP: %s\n", hy_encoder_x265.probe());
        return 77;
    }
    av_log_set_level(AV_LOG_QUIET);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
