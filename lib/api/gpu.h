/* SPDX-License-Identifier: MIT */
/* Private to api/: probes of the GPUs with the settings of a usual job. */
#ifndef HY_API_GPU_H
#define HY_API_GPU_H

#include "media/gpu.h"

/* Whether one of the GPUs encodes `codec`: HYDRA_PROBE_OK, or what stands in the way on the
 * first. */
int32_t hy_gpu_try_all(hy_gpu *gpu, int32_t codec, hy_gpu_fault *fault);

#endif
