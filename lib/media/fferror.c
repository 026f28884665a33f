/* SPDX-License-Identifier: MIT */
/* Texts and statuses for AVERROR codes. */
#include "fferror.h"

#include <errno.h>
#include <string.h>

#include <libavutil/error.h>

/* AVERROR codes are negated errno numbers or four-letter tags far below them. */
static const int largest_errno = 4095;

static hydra_status status_from_averror(int averror, hydra_status status)
{
    switch (averror) {
    case AVERROR_DECODER_NOT_FOUND:
    case AVERROR_DEMUXER_NOT_FOUND:
    case AVERROR_ENCODER_NOT_FOUND:
    case AVERROR_MUXER_NOT_FOUND:
    case AVERROR_PATCHWELCOME:
        return HYDRA_ERR_UNSUPPORTED;
    default:
        return status;
    }
}

const char *hy_av_text(int averror, char *text, size_t size)
{
    const char *cause = NULL;
    text[0] = '\0';
    if (averror < 0 && averror >= -largest_errno) {
        /* Not av_strerror: for these it asks strerror, which answers in the host's language. */
        cause = strerrordesc_np(AVUNERROR(averror));
    } else if (av_strerror(averror, text, size) == 0) {
        cause = text;
    }
    return cause ? cause : "unknown error";
}

hydra_status hy_fail_av(hy_diag *diag, int averror, hydra_status status, const char *name,
                        const char *action)
{
    if (averror == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    char text[HY_AV_TEXT_BYTES];
    return hy_fail(diag, status_from_averror(averror, status), "%s: %s failed: %s", name, action,
                   hy_av_text(averror, text, sizeof text));
}
