/* SPDX-License-Identifier: MIT */
/*
 * Where the driver, or a part of it, is missing: gpu_missing FINDING PART [MILLISECONDS] asks for
 * GPUs and ends with 0 when the finding and its text are the expected ones, in time.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/gpu.h"

int main(int argc, char **argv)
{
    hy_diag diag = {0};
    hy_gpu *gpu;
    hy_gpu_fault fault;
    int32_t found;
    const hy_gpu_options options = {.session_limit = 1};
    if (argc < 3 || hy_gpu_new(&options, &gpu, &diag) != HYDRA_OK) {
        return 2;
    }
    double start = hy_clock_s();
    int32_t finding = hy_gpu_count(gpu, &found, &fault);
    double passed = hy_clock_s() - start;
    hy_gpu_unref(gpu);
    bool in_time = argc < 4 || passed * 1000 < atof(argv[3]);
    if (finding == HYDRA_PROBE_OK) {
        printf("SKIP: this machine has an NVIDIA driver\n");
        return 77;
    }
    if (finding == atoi(argv[1]) && strstr(fault.text, argv[2]) && in_time) {
        return 0;
    }
    printf("finding %d after %d us: %s\n", (int)finding, (int)(passed * 1e6), fault.text);
    return 1;
}
