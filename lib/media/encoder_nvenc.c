/* SPDX-License-Identifier: MIT */
/*
 * H.264 and HEVC on NVIDIA GPUs, through libavcodec. Each encoder has a lane, on which all calls
 * into the driver run; a GPU that gives no answer costs the lane and what it works on, nothing
 * else. An open tries one GPU after the other, and waits as long as all of them are only busy.
 */
#include "encoder_nvenc.h"

#include <math.h>
#include <time.h>

#include <libavcodec/avcodec.h>

#include "core/lane.h"
#include "nvenc_core.h"

/* libavcodec's limit; what a GPU takes is asked of it. */
#define MAX_SIDE 16384

/* Between two attempts while other programs hold the GPU: twice as long each time. */
#define FIRST_PAUSE_S 0.02
#define MOST_PAUSE_S  0.5

typedef struct nvenc_encoder {
    hy_encoder base;
    hy_lane *lane;
    hy_nvenc_core *core; /* belongs to the lane */
    const hy_cancel *cancel;
    int64_t stall_us;
    int32_t next; /* packet of the core to hand out */
    bool ended;
} nvenc_encoder;

static const char *nvenc_probe(void)
{
    return avcodec_find_encoder_by_name("h264_nvenc")
               ? ""
               : "the installed libavcodec has no h264_nvenc; install one that is built with it";
}

/* ---- Calls on the lane ---- */

static hydra_status fail_stalled(nvenc_encoder *nvenc, hy_gpu_fault *fault, hy_diag *diag)
{
    hydra_status status = hy_cancel_check(nvenc->cancel, diag);
    if (status != HYDRA_OK) {
        return status; /* it was not waited for as long as it may take */
    }
    (void)hy_gpu_fail(fault, HYDRA_PROBE_STALLED,
                      "%s gave no answer for %g s: look into the system's log for Xid errors; a "
                      "container may have to be started anew",
                      nvenc->core->name, /* not written after its making */
                      (double)nvenc->stall_us * 1e-6);
    return hy_fail(diag, HYDRA_ERR_ENCODER, "encoder nvenc: %s", fault->text);
}

/* Run a call and have its outcome; what the GPU met is reported. */
static hydra_status call(nvenc_encoder *nvenc, void (*function)(void *core), hy_gpu_fault *fault,
                         hy_diag *diag)
{
    hy_nvenc_core *core = nvenc->core;
    hydra_status status;
    fault->finding = HYDRA_PROBE_OK;
    if (!hy_lane_call(nvenc->lane, function, nvenc->stall_us, nvenc->cancel)) {
        status = fail_stalled(nvenc, fault, diag);
    } else {
        *fault = core->fault;
        status = core->status;
        if (fault->finding != HYDRA_PROBE_OK) {
            status = hy_fail(diag, hy_gpu_status(fault->finding), "encoder nvenc: %s", fault->text);
        } else if (status != HYDRA_OK) {
            status = hy_fail(diag, status, "%s", core->diag.text);
        }
    }
    hy_gpu_report(core->session, core->config.codec, fault);
    return status;
}

/* ---- Opening ---- */

static void close_encoder(nvenc_encoder *nvenc)
{
    hy_gpu_fault fault;
    hy_diag diag = {0};
    nvenc->cancel = NULL; /* what works is closed in order, also for a job that was cancelled */
    if (!hy_lane_is_stuck(nvenc->lane)) {
        (void)call(nvenc, hy_nvenc_close_call, &fault, &diag);
    }
    (void)hy_lane_free(nvenc->lane, nvenc->stall_us);
    hy_free(nvenc);
}

/* Takes the session. */
static hydra_status new_encoder(const hy_encoder_config *config, const hy_nvenc_tuning *tuning,
                                hy_gpu_session *session, nvenc_encoder **out, hy_diag *diag)
{
    nvenc_encoder *nvenc = hy_calloc(1, sizeof *nvenc);
    hy_nvenc_core *core = nvenc ? hy_nvenc_core_new(config, tuning, session) : NULL;
    if (!core) {
        hy_gpu_release(session);
        hy_free(nvenc);
        return hy_fail_memory(diag);
    }
    hydra_status status = hy_lane_new(hy_nvenc_core_end, core, &nvenc->lane, diag);
    if (status != HYDRA_OK) {
        hy_nvenc_core_end(core);
        hy_free(nvenc);
        return status;
    }
    nvenc->base.ops = &hy_encoder_nvenc;
    nvenc->base.stream = &core->av.stream;
    nvenc->core = core;
    nvenc->cancel = config->cancel;
    nvenc->stall_us = hy_gpu_stall_us(config->gpu);
    *out = nvenc;
    return HYDRA_OK;
}

/* An open that goes from GPU to GPU. */
typedef struct search {
    const hy_encoder_config *config;
    hy_nvenc_tuning tuning;
    int32_t index;      /* the only device that will do, or -1 */
    uint64_t refused;   /* bit n: device n did, in this round */
    bool small;         /* with half of the pictures inside, for lack of memory */
    double until_s;     /* waits end */
    hy_gpu_fault fault; /* what is told if none takes it */
} search;

/* What passes by itself is worth more to be told than that a GPU is unsuitable. */
static bool may_pass(int32_t finding)
{
    return finding == HYDRA_PROBE_BUSY || finding == HYDRA_PROBE_NO_MEMORY;
}

static void remember(search *s, const hy_gpu_fault *fault)
{
    if (s->fault.finding == HYDRA_PROBE_OK ||
        (may_pass(fault->finding) && !may_pass(s->fault.finding))) {
        s->fault = *fault;
    }
}

/* Try the next GPU. HYDRA_OK with NULL: it was refused, the fault is remembered. */
static hydra_status try_next(search *s, hy_gpu_session *session, hy_encoder **out, hy_diag *diag)
{
    nvenc_encoder *nvenc = NULL;
    hy_gpu_fault fault;
    hy_diag why = {0};
    int32_t device = hy_gpu_session_device(session);
    hydra_status status = new_encoder(s->config, &s->tuning, session, &nvenc, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    nvenc->core->small = s->small;
    status = call(nvenc, hy_nvenc_open_call, &fault, &why);
    if (status == HYDRA_OK) {
        *out = &nvenc->base;
        return HYDRA_OK;
    }
    close_encoder(nvenc);
    if (fault.finding == HYDRA_PROBE_OK) {
        return hy_fail(diag, status, "%s", why.text); /* not about the GPU */
    }
    s->refused |= UINT64_C(1) << device;
    if (fault.finding == HYDRA_PROBE_NO_MEMORY) {
        s->small = true; /* from now on */
    }
    remember(s, &fault);
    return HYDRA_OK;
}

static void pause_s(double seconds)
{
    struct timespec time = {.tv_sec = 0, .tv_nsec = (long)(seconds * 1e9)};
    (void)nanosleep(&time, NULL);
}

static int64_t left_us(const search *s)
{
    double left = s->until_s - hy_clock_s();
    return left <= 0 ? 0 : left > 1e12 ? INT64_MAX : (int64_t)(left * 1e6);
}

/* All GPUs refused. True: after a pause they are asked again. */
static bool may_try_again(search *s, double *pause)
{
    if (!may_pass(s->fault.finding) || hy_cancel_requested(s->config->cancel)) {
        return false;
    }
    double left = s->until_s - hy_clock_s();
    /* With fewer pictures inside it is tried at once. */
    bool halved = s->fault.finding == HYDRA_PROBE_NO_MEMORY && *pause == 0;
    if (left <= 0 && !halved) {
        return false;
    }
    if (!halved) {
        *pause = *pause < FIRST_PAUSE_S ? FIRST_PAUSE_S : fmin(*pause * 2, MOST_PAUSE_S);
        pause_s(fmin(*pause, left));
    } else {
        *pause = FIRST_PAUSE_S / 2;
    }
    s->refused = 0;
    s->fault.finding = HYDRA_PROBE_OK;
    return true;
}

/* A deadline that ends the wait has its own status; what was waited for is told with it. */
static hydra_status give_up(const search *s, hy_diag *diag)
{
    hy_diag stop = {0};
    hydra_status status = hy_cancel_check(s->config->cancel, &stop);
    return status == HYDRA_OK
               ? hy_fail(diag, hy_gpu_status(s->fault.finding), "encoder nvenc: %s", s->fault.text)
               : hy_fail(diag, status, "%s; encoder nvenc waited: %s", stop.text, s->fault.text);
}

static hydra_status find_encoder(search *s, hy_encoder **out, hy_diag *diag)
{
    double pause = 0;
    while (!*out) {
        const hy_gpu_want want = {
            .codec = s->config->codec,
            .device = s->index,
            .excluded = s->refused,
            .wait_us = left_us(s),
            .cancel = s->config->cancel,
        };
        hy_gpu_session *session;
        hy_gpu_fault fault;
        if (hy_gpu_acquire(s->config->gpu, &want, &session, &fault) == HYDRA_PROBE_OK) {
            hydra_status status = try_next(s, session, out, diag);
            if (status != HYDRA_OK) {
                return status;
            }
            continue;
        }
        remember(s, &fault);
        if (!may_try_again(s, &pause)) {
            return give_up(s, diag);
        }
    }
    return HYDRA_OK;
}

static hydra_status check(const hy_encoder_config *config, hy_nvenc_tuning *tuning, hy_diag *diag)
{
    hydra_status status = hy_encoder_check_size(config, "nvenc", MAX_SIDE, diag);
    if (status == HYDRA_OK) {
        status = hy_nvenc_tune(config, tuning, diag);
    }
    if (status == HYDRA_OK && nvenc_probe()[0]) {
        status = hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder nvenc: %s", nvenc_probe());
    }
    return status;
}

hydra_status hy_nvenc_open_on(const hy_encoder_config *config, int32_t index, hy_encoder **out,
                              hy_gpu_fault *fault, hy_diag *diag)
{
    *out = NULL;
    search s = {.config = config, .index = index};
    s.until_s = hy_clock_s() + (double)config->gpu_wait_us * 1e-6;
    hydra_status status = check(config, &s.tuning, diag);
    if (status == HYDRA_OK && !config->gpu) {
        (void)hy_gpu_fail(&s.fault, HYDRA_PROBE_SWITCHED_OFF, "this job may use no GPU");
        status = hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "encoder nvenc: %s", s.fault.text);
    }
    if (status == HYDRA_OK) {
        status = find_encoder(&s, out, diag);
    }
    *fault = s.fault;
    /* Found in the end, or not for the GPUs' sake. */
    if (status == HYDRA_OK || status != hy_gpu_status(s.fault.finding)) {
        fault->finding = HYDRA_PROBE_OK;
    }
    return status;
}

static hydra_status nvenc_open(const hy_encoder_config *config, hy_encoder **out, hy_diag *diag)
{
    hy_gpu_fault fault;
    hydra_status status = hy_nvenc_open_on(config, -1, out, &fault, diag);
    if (config->finding) {
        *config->finding = fault.finding;
    }
    return status;
}

static hydra_status nvenc_estimate(const hy_encoder_config *config, int64_t frames,
                                   hy_encoder_cost *cost, hy_diag *diag)
{
    *cost = (hy_encoder_cost){0};
    hy_nvenc_tuning tuning;
    hydra_status status = check(config, &tuning, diag);
    if (status == HYDRA_OK) {
        hy_nvenc_estimate(&tuning, config, frames, cost);
    }
    return status;
}

/* ---- Encoding ---- */

static hydra_status coding_call(nvenc_encoder *nvenc, void (*function)(void *core), hy_diag *diag)
{
    hy_gpu_fault fault;
    hydra_status status = call(nvenc, function, &fault, diag);
    nvenc->next = 0;
    nvenc->base.finding = fault.finding;
    return status;
}

static hydra_status nvenc_send(hy_encoder *encoder, const hy_picture *picture, int64_t n, bool key,
                               hy_diag *diag)
{
    nvenc_encoder *nvenc = (nvenc_encoder *)encoder;
    hy_nvenc_core *core = nvenc->core;
    if (hy_lane_is_stuck(nvenc->lane)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "nvenc: frame %lld sent after a failure",
                       (long long)n);
    }
    if (nvenc->ended || nvenc->next < core->packet_count || core->more) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "nvenc: frame %lld sent %s", (long long)n,
                       nvenc->ended ? "after the end" : "before a packet was received");
    }
    core->n = n;
    core->key = key;
    if (picture) {
        hydra_status status = hy_picture_ref(picture, &core->picture, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    nvenc->ended = !picture;
    return coding_call(nvenc, hy_nvenc_send_call, diag);
}

static hydra_status nvenc_receive(hy_encoder *encoder, hy_packet *packet, bool *got, hy_diag *diag)
{
    nvenc_encoder *nvenc = (nvenc_encoder *)encoder;
    hy_nvenc_core *core = nvenc->core;
    *got = false;
    if (hy_lane_is_stuck(nvenc->lane)) {
        return hy_fail(diag, HYDRA_ERR_INTERNAL, "nvenc: asked for a packet after a failure");
    }
    if (nvenc->next == core->packet_count && core->more) {
        hydra_status status = coding_call(nvenc, hy_nvenc_receive_call, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    if (nvenc->next < core->packet_count) {
        *packet = core->packets[nvenc->next++];
        *got = true;
    }
    return HYDRA_OK;
}

static void nvenc_close(hy_encoder *encoder)
{
    if (encoder) {
        close_encoder((nvenc_encoder *)encoder);
    }
}

const hy_encoder_ops hy_encoder_nvenc = {
    .id = HYDRA_ENCODER_NVENC,
    .name = "nvenc",
    .description = "H.264 and HEVC on an NVIDIA GPU (NVENC)",
    .container = "mp4",
    .codecs = 1U << HYDRA_CODEC_H264 | 1U << HYDRA_CODEC_HEVC,
    .on_gpu = true,
    .probe = nvenc_probe,
    .open = nvenc_open,
    .estimate = nvenc_estimate,
    .send = nvenc_send,
    .receive = nvenc_receive,
    .close = nvenc_close,
};
