/* SPDX-License-Identifier: MIT */
/* Telling how a job goes to whoever wants to hear it. */
#include <stdarg.h>
#include <stdio.h>

#include "render/render.h"

void hy_observe_stage(const hy_job *job, int32_t stage)
{
    if (job->observer) {
        job->observer->stage(job->observer->user, stage);
    }
}

void hy_observe_frame(const hy_job *job, int64_t done, int64_t total)
{
    if (job->observer) {
        job->observer->frame(job->observer->user, done, total);
    }
}

void hy_observe_message(const hy_job *job, int32_t kind, const char *format, ...)
{
    if (!job->observer) {
        return;
    }
    char text[HY_DIAG_BYTES];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    job->observer->message(job->observer->user, kind, text);
}
