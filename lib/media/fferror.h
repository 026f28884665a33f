/* SPDX-License-Identifier: MIT */
/* FFmpeg's error codes become a hydra_status and a text here and nowhere else. */
#ifndef HY_FFERROR_H
#define HY_FFERROR_H

#include "core/diag.h"

/*
 * "NAME: ACTION failed: CAUSE". The status is `status`, except where the code itself says better:
 * out of memory, or a part that this FFmpeg does not have (HYDRA_ERR_UNSUPPORTED).
 */
hydra_status hy_fail_av(hy_diag *diag, int averror, hydra_status status, const char *name,
                        const char *action);

#endif
