/* SPDX-License-Identifier: MIT */
/* Which vector instructions this CPU and its operating system offer to the kernels. */
#ifndef HY_SIMD_H
#define HY_SIMD_H

#include <stdbool.h>
#include <stdint.h>

/* The level to use, HYDRA_SIMD_NONE or higher: the best one that this CPU has, at most `highest`
 * (HYDRA_SIMD_AUTO = the best). A level of another family of CPUs is plain C here. */
int32_t hy_simd_level(int32_t highest);

#endif
