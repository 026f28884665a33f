/* SPDX-License-Identifier: MIT */
/* An encoder that fails on demand. */
#include "frail.h"

#include <stdio.h>

#include "support.h"

test_frail_plan test_frail;

static hy_encoder_ops frail_ops; /* made for the encoder that it is in truth */
static const hy_encoder_ops *inner_ops;

typedef struct frail_encoder {
    hy_encoder base;
    hy_encoder *inner;
    bool fails_next;
} frail_encoder;

static hydra_status fail_now(int32_t *finding, hy_diag *diag)
{
    if (test_frail.hook) {
        test_frail.hook(test_frail.user);
    }
    *finding = test_frail.finding;
    return hy_fail(diag, test_frail.status, "encoder frail: gone");
}

static hydra_status frail_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    *out = NULL;
    if (test_frail.at == TEST_FRAIL_OPEN) {
        return fail_now(config->finding, diag);
    }
    frail_encoder *frail = hy_calloc(1, sizeof *frail);
    if (!frail) {
        return hy_fail_memory(diag);
    }
    hydra_status status = inner_ops->open(config, &frail->inner, diag);
    if (status != HYDRA_OK) {
        hy_free(frail);
        return status;
    }
    test_frail.opened++;
    frail->base = (hy_encoder){.ops = &frail_ops, .stream = frail->inner->stream};
    *out = &frail->base;
    return HYDRA_OK;
}

static hydra_status frail_send(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                               hy_diag *diag)
{
    frail_encoder *frail = (frail_encoder *)encoder;
    bool is_due = picture ? n == test_frail.at : test_frail.at == TEST_FRAIL_DRAIN;
    if (is_due && !test_frail.in_receive && !test_frail.loses) {
        return fail_now(&encoder->finding, diag);
    }
    frail->fails_next = is_due && test_frail.in_receive;
    return inner_ops->send(frail->inner, picture, n, key, diag);
}

static hydra_status frail_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    frail_encoder *frail = (frail_encoder *)encoder;
    *got = false;
    if (frail->fails_next) {
        return fail_now(&encoder->finding, diag);
    }
    hydra_status status = inner_ops->receive(frail->inner, packet, got, diag);
    if (status == HYDRA_OK && *got && test_frail.loses && packet->pts == test_frail.at) {
        status = inner_ops->receive(frail->inner, packet, got, diag);
    }
    return status;
}

static void frail_close(hy_encoder *encoder)
{
    frail_encoder *frail = (frail_encoder *)encoder;
    test_frail.closed++;
    inner_ops->close(frail->inner);
    hy_free(frail);
}

hy_encoder_route test_sound_route(int32_t id)
{
    int32_t count;
    const hy_encoder_ops *const *list = hy_encoder_list(&count);
    hy_encoder_route route = {.count = 1};
    for (int32_t i = 0; i < count; i++) {
        if (list[i]->id == id) {
            route.list[0] = list[i];
        }
    }
    assert_non_null(route.list[0]);
    (void)snprintf(route.reason, sizeof route.reason, "asked for");
    return route;
}

hy_encoder_route test_frail_route(int32_t id)
{
    hy_encoder_route route = test_sound_route(id);
    inner_ops = route.list[0];
    frail_ops = *inner_ops;
    frail_ops.id = HYDRA_ENCODER_NVENC;
    frail_ops.name = "frail";
    frail_ops.on_gpu = true;
    frail_ops.open = frail_open;
    frail_ops.send = frail_send;
    frail_ops.receive = frail_receive;
    frail_ops.close = frail_close;
    route.list[1] = inner_ops;
    route.list[0] = &frail_ops;
    route.count = 2;
    (void)snprintf(route.reason, sizeof route.reason, "the best one");
    return route;
}
