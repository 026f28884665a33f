/* SPDX-License-Identifier: MIT */
/* What may be wrong with a GPU, as a class and a sentence. */
#include "gpu.h"

#include <stdarg.h>
#include <stdio.h>

int32_t hy_gpu_fail(hy_gpu_fault *fault, int32_t finding, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fault->finding = finding;
    (void)vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    return finding;
}

hydra_status hy_gpu_status(int32_t finding)
{
    switch (finding) {
    case HYDRA_PROBE_OK:
        return HYDRA_OK;
    case HYDRA_PROBE_BUSY:
        return HYDRA_ERR_BUSY;
    case HYDRA_PROBE_NO_MEMORY:
    case HYDRA_PROBE_LOST:
    case HYDRA_PROBE_STALLED:
    case HYDRA_PROBE_FAILED:
        return HYDRA_ERR_ENCODER;
    default:
        return HYDRA_ERR_UNSUPPORTED;
    }
}
