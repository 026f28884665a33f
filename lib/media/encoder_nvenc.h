/* SPDX-License-Identifier: MIT */
/* Private to media/: NVENC on a GPU that the caller names. */
#ifndef HY_ENCODER_NVENC_H
#define HY_ENCODER_NVENC_H

#include "encoder.h"
#include "gpu.h"

/* As hy_encoder_nvenc.open, on device `index` of the list; -1 = any. `fault` is set, too. */
hydra_status hy_nvenc_open_on(const hy_encoder_config *config, int32_t index, hy_encoder **out,
                              hy_gpu_fault *fault, hy_diag *diag);

#endif
