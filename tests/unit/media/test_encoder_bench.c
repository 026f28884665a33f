/* SPDX-License-Identifier: MIT */
/* The bench of an encoder on one that can be told what to do. */
#include "media/encoder_bench.h"

#include <string.h>

#include "support.h"

typedef struct script {
    hy_encoder base;
    const uint8_t *seen[16]; /* luma of the pictures that were sent */
    int64_t sent;
    int64_t received;
    int64_t lose;    /* this many packets never come */
    int64_t fail_at; /* this picture is refused; -1 = none */
    bool refuse;     /* to open */
    bool ended;
    int closed;
} script;

static script played;

static hydra_status script_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    if (played.refuse) {
        *config->finding = HYDRA_PROBE_BUSY;
        return hy_fail(diag, HYDRA_ERR_BUSY, "all sessions are in use");
    }
    *out = &played.base;
    return HYDRA_OK;
}

static hydra_status script_send(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                                hy_diag *diag)
{
    (void)key;
    if (!picture) {
        played.ended = true;
        return HYDRA_OK;
    }
    if (n == played.fail_at) {
        encoder->finding = HYDRA_PROBE_LOST;
        return hy_fail(diag, HYDRA_ERR_ENCODER, "the GPU is lost");
    }
    assert_int_equal(n, played.sent);
    played.seen[n % 16] = picture->plane[0];
    played.sent++;
    return HYDRA_OK;
}

/* Two pictures late, as encoders are. */
static hydra_status script_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    (void)encoder;
    (void)diag;
    int64_t ready = played.ended ? played.sent - played.lose : played.sent - 2;
    *got = played.received < ready;
    if (*got) {
        *packet = (hy_packet){.size = 10, .pts = played.received++};
    }
    return HYDRA_OK;
}

static void script_close(hy_encoder *encoder)
{
    (void)encoder;
    played.closed++;
}

static const hy_encoder_ops ops = {
    .name = "script",
    .open = script_open,
    .send = script_send,
    .receive = script_receive,
    .close = script_close,
};

static hydra_status run(int64_t duration_us, hy_bench *bench, int32_t *finding, hy_diag *diag)
{
    hy_cancel cancel;
    hy_cancel_init(&cancel, 0);
    const hy_encoder_config config = {
        .width = 128,
        .height = 64,
        .rate = {30, 1},
        .cancel = &cancel,
        .finding = finding,
    };
    played.base.ops = &ops;
    return hy_encoder_bench(&ops, &config, duration_us, bench, diag);
}

static void pictures_are_sent_in_turn(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_bench bench;
    int32_t finding = HYDRA_PROBE_OK;
    played = (script){.fail_at = -1};
    assert_ok(run(200000, &bench, &finding, &diag), &diag);
    assert_true(bench.frames > 16 && bench.frames == played.sent);
    assert_int_equal(bench.bytes, bench.frames * 10);
    assert_true(bench.opened);
    assert_int_equal(played.closed, 1);
    for (int i = 0; i < 8; i++) {
        assert_ptr_equal(played.seen[i], played.seen[i + 8]);
        assert_true(i == 0 || played.seen[i] != played.seen[i - 1]);
    }
}

static void one_picture_at_least(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_bench bench;
    int32_t finding = HYDRA_PROBE_OK;
    played = (script){.fail_at = -1};
    assert_ok(run(0, &bench, &finding, &diag), &diag);
    assert_int_equal(bench.frames, 1);
    assert_true(bench.first_packet_s > 0);
}

static void lost_packets_are_noticed(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_bench bench;
    int32_t finding = HYDRA_PROBE_OK;
    played = (script){.fail_at = -1, .lose = 1};
    assert_failed(run(1000, &bench, &finding, &diag), HYDRA_ERR_ENCODER, &diag, "came out");
    assert_int_equal(played.closed, 1);
}

static void failures_name_their_finding(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_bench bench;
    int32_t finding = HYDRA_PROBE_OK;
    played = (script){.fail_at = 3};
    assert_failed(run(10000000, &bench, &finding, &diag), HYDRA_ERR_ENCODER, &diag, "lost");
    assert_int_equal(finding, HYDRA_PROBE_LOST);
    assert_true(bench.opened);
    assert_int_equal(played.closed, 1);

    hy_diag_clear(&diag);
    played = (script){.refuse = true};
    assert_failed(run(10000000, &bench, &finding, &diag), HYDRA_ERR_BUSY, &diag, "in use");
    assert_int_equal(finding, HYDRA_PROBE_BUSY);
    assert_false(bench.opened);
    assert_int_equal(played.closed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_sent_in_turn),
        cmocka_unit_test(one_picture_at_least),
        cmocka_unit_test(lost_packets_are_noticed),
        cmocka_unit_test(failures_name_their_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
