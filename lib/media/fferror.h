/* SPDX-License-Identifier: MIT */
/* FFmpeg's error codes become a hydra_status and a text here and nowhere else. */
#ifndef HY_FFERROR_H
#define HY_FFERROR_H

#include <stddef.h>

#include "core/diag.h"

/*
 * log_level_offset of every codec that is opened here: what goes wrong is told in the diag, and the
 * library prints nothing. Beyond each level that a host may choose (AV_LOG_TRACE is 56), below 256
 * where the bits hold a colour.
 */
#define HY_FF_QUIET 128

/* What an error code means, in English; `text`: room for it, HY_AV_TEXT_BYTES. */
#define HY_AV_TEXT_BYTES 64
const char *hy_av_text(int averror, char *text, size_t size);

/*
 * "NAME: ACTION failed: CAUSE". The status is `status`, except where the code itself says better:
 * out of memory, or a part that this FFmpeg does not have (HYDRA_ERR_UNSUPPORTED).
 */
hydra_status hy_fail_av(hy_diag *diag, int averror, hydra_status status, const char *name,
                        const char *action);

#endif
