/* SPDX-License-Identifier: MIT */
/* What becomes of a job whose encoder fails because of its GPU: all is made anew with the next one
 * of the route, as long as no byte has left that cannot be called back. */
#include <stdio.h>
#include <string.h>

#include "media/media.h"
#include "render/attempt.h"

_Static_assert(HY_MAX_ATTEMPTS >= HY_ROUTE_ENCODERS, "each encoder of a route is tried once");

/* What went wrong, without "encoder NAME: " in front: the name is told already. */
static const char *cause_of(const hy_encoder_ops *encoder, const hy_diag *cause)
{
    char prefix[64];
    int length = snprintf(prefix, sizeof prefix, "encoder %s: ", encoder->name);
    return strncmp(cause->text, prefix, (size_t)length) == 0 ? cause->text + length : cause->text;
}

static void note_attempt(hy_making *making, const hy_encoder_ops *encoder, const hy_diag *cause,
                         double seconds)
{
    hydra_attempt *attempt = &making->attempts->list[making->attempts->count++];
    *attempt = (hydra_attempt){
        .struct_size = sizeof *attempt,
        .encoder = encoder->id,
        .finding = making->outcome.finding,
        .status = cause->status,
        .name = encoder->name,
        .frames = making->outcome.frames,
        .seconds = seconds,
    };
    (void)snprintf(attempt->text, sizeof attempt->text, "%s", cause_of(encoder, cause));
}

/* "nvenc failed at frame 60: ...". Short enough for what is said around it. */
static void describe(const hy_making *making, const hy_encoder_ops *encoder, const hy_diag *cause,
                     hy_diag *out)
{
    const hy_outcome *outcome = &making->outcome;
    char where[64] = "could not be opened";
    if (outcome->frames == making->plan->frames) {
        (void)snprintf(where, sizeof where, "failed after the last frame");
    } else if (outcome->opened) {
        (void)snprintf(where, sizeof where, "failed at frame %lld", (long long)outcome->frames);
    }
    *out = (hy_diag){0};
    (void)hy_fail(out, HYDRA_ERR_ENCODER, "%s %s: %.320s", encoder->name, where,
                  cause_of(encoder, cause));
}

/* Throw away what was written. */
static hydra_status restart_sink(hy_sink *sink, const hy_diag *failure, hy_diag *diag)
{
    hy_diag own = {0};
    hydra_status status = sink->ops->restart
                              ? sink->ops->restart(sink, &own)
                              : hy_fail(&own, HYDRA_ERR_STATE, "%s: cannot begin anew", sink->name);
    if (status == HYDRA_ERR_STATE) {
        return hy_fail(diag, HYDRA_ERR_ENCODER, "%s; %.120s", failure->text, own.text);
    }
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", own.text);
}

/* Prepare for the attempt with `next`. */
static hydra_status begin_anew(const hy_making *making, const hy_diag *failure,
                               const hy_encoder_ops *next, hy_diag *diag)
{
    char *reason = making->attempts->reason;
    hydra_status status = restart_sink(making->job->sink, failure, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    (void)snprintf(reason, sizeof making->attempts->reason, "%s with %s, as %.440s",
                   making->outcome.opened ? "made again" : "made", next->name, failure->text);
    hy_observe_message(making->job, HYDRA_EVENT_WARNING, "%s", reason);
    hy_observe_stage(making->job, HYDRA_STAGE_PREPARING);
    return HYDRA_OK;
}

/* The attempt with encoder `i` of the route. `again`: the next one may be tried. */
static hydra_status attempt(hy_making *making, int32_t i, bool *again, hy_diag *diag)
{
    const hy_encoder_route *route = making->job->route;
    hy_diag cause = {0};
    hy_diag failure;
    double start = hy_clock_s();
    *again = false;
    hydra_status status = hy_attempt_run(making, i, &cause);
    note_attempt(making, route->list[i], &cause, hy_clock_s() - start);
    if (status == HYDRA_OK) {
        return status;
    }
    bool by_gpu = making->outcome.finding != HYDRA_PROBE_OK;
    if (by_gpu && hy_cancel_check(making->job->cancel, diag) != HYDRA_OK) {
        return diag->status; /* that ends a wait for a GPU, too */
    }
    if (!by_gpu) {
        return hy_fail(diag, status, "%s", cause.text);
    }
    describe(making, route->list[i], &cause, &failure);
    if (i + 1 == route->count) {
        return hy_fail(diag, status, "%s", failure.text);
    }
    status = begin_anew(making, &failure, route->list[i + 1], diag);
    *again = status == HYDRA_OK;
    return status;
}

hydra_status hy_attempts_run(hy_making *making, hy_diag *diag)
{
    hy_attempts *attempts = making->attempts;
    hydra_status status = HYDRA_OK;
    bool again = true;
    memcpy(attempts->reason, making->job->route->reason, sizeof attempts->reason);
    for (int32_t i = 0; again; i++) {
        status = attempt(making, i, &again, diag);
    }
    making->result->attempts = attempts->count;
    making->result->encoder_reason = attempts->reason;
    return status;
}
