/* SPDX-License-Identifier: MIT */
/* FFmpeg's error numbers become a status and a text. */
#include "fferror.h"

#include <libavutil/error.h>

hydra_status hy_fail_av(hy_diag *diag, int averror, hydra_status status, const char *name,
                        const char *action)
{
    char cause[AV_ERROR_MAX_STRING_SIZE];
    if (averror == AVERROR(ENOMEM)) {
        return hy_fail_memory(diag);
    }
    (void)av_strerror(averror, cause, sizeof cause);
    return hy_fail(diag, status, "%s: %s failed: %s", name, action, cause);
}
