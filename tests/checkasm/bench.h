/* SPDX-License-Identifier: MIT */
/* Speed of the compositor on one core, printed for people. */
#ifndef HY_CHECKASM_BENCH_H
#define HY_CHECKASM_BENCH_H

#include "core/core.h"

int bench_run(void);
void bench_kernels(void);
/* CPU time of this thread. */
double bench_ms(void);
/* Noise. */
hy_picture *bench_picture(int32_t width, int32_t height);
/* Scale src to dst with swscale's exact bicubic filter; false: swscale is not built in. */
bool bench_swscale(const hy_picture *src, hy_picture *dst);

#endif
