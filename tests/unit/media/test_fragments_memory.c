/* SPDX-License-Identifier: MIT */
/* Every allocation of ours that writing fragments needs made to fail, one at a time. */
#include <libavutil/log.h>

#include "alloc_faults.h"
#include "fragments.h"
#include "view.h"

#define FRAMES 130
#define CUT    70

static const hy_rate rate_30 = {30, 1};

typedef struct input {
    hy_encoder *encoder;
    clip_packets video;
    clip_sound sound;
} input;

static hydra_status write_clip(const input *in, hy_sink *sink, hy_diag *diag)
{
    hy_muxer *muxer = NULL;
    hydra_result result;
    hy_muxer_config config = {rate_30, FRAMES, FRAMES, true, NULL};
    hy_mux_audio audio = {in->sound.parameters, (int64_t)in->sound.packets.count};
    hydra_status status =
        hy_muxer_fragments_open(&config, in->encoder->stream, &audio, sink, &muxer, diag);
    if (status != HYDRA_OK) {
        assert_null(muxer);
        return status;
    }
    status = clip_write(muxer, rate_30, &in->video, &in->sound.packets, diag);
    if (status == HYDRA_OK) {
        status = hy_muxer_finish(muxer, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_muxer_verify(muxer, &result, diag);
    }
    hy_muxer_close(muxer);
    return status;
}

static void test_every_allocation_fails_once(void **state)
{
    (void)state;
    input in = {.encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT)};
    in.video = clip_encode(in.encoder, FRAMES, CUT);
    in.sound = clip_sound_new(FRAMES * 1600);
    hydra_status status = HYDRA_ERR_MEMORY;
    int nth = 0;
    while (status != HYDRA_OK) {
        hy_diag diag = {0};
        sink_double sink;
        fragments_sink_init(&sink);
        sink.discard = true; /* takes no memory of its own */
        int blocks = test_live_blocks();
        test_fail_allocation(++nth);
        status = write_clip(&in, &sink.base, &diag);
        bool failed = test_allocation_failed();
        test_fail_allocation(0);
        assert_int_equal(status, failed ? HYDRA_ERR_MEMORY : HYDRA_OK);
        assert_int_equal(diag.status, status);
        assert_int_equal(test_live_blocks(), blocks);
    }
    print_message("%d allocations\n", nth - 1);
    assert_true(nth > 4); /* muxer, ledger, index, fragment */
    clip_sound_free(&in.sound);
    clip_packets_free(&in.video);
    in.encoder->ops->close(in.encoder);
}

int main(void)
{
    av_log_set_level(AV_LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
