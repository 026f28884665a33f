/* SPDX-License-Identifier: MIT */
/* Private to media/: FFmpeg's error numbers become a status and a text here. */
#ifndef HY_FFERROR_H
#define HY_FFERROR_H

#include "core/core.h"

/* "NAME: ACTION failed: Invalid data found". `status` unless the error is about memory. */
hydra_status hy_fail_av(hy_diag *diag, int averror, hydra_status status, const char *name,
                        const char *action);

#endif
