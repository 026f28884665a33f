/* SPDX-License-Identifier: MIT */
/* Work memory that is counted on a meter for as long as it lives. */
#ifndef HY_COMPOSITOR_SCRATCH_H
#define HY_COMPOSITOR_SCRATCH_H

#include "core/core.h"

/* Zeroed, aligned to HY_ALIGN. NULL when memory is out, the meter is at its limit (hy_meter_fail
 * tells which) or the size overflows. */
void *hy_scratch_new(hy_meter *meter, size_t count, size_t size);
void hy_scratch_free(void *scratch);

#endif
