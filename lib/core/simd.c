/* SPDX-License-Identifier: MIT */
/*
 * CPU detection. The compiler's runtime asks the CPU once, when the program is loaded, and also
 * whether the operating system saves the wide registers: a bit of CPUID alone does not tell.
 */
#include "simd.h"

#include <hydra/context.h>

#if defined(__x86_64__) || defined(__i386__)

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi") &&
           __builtin_cpu_supports("avx512vnni");
}

int32_t hy_simd_level(int32_t highest)
{
    if (highest == HYDRA_SIMD_NONE || highest == HYDRA_SIMD_NEON ||
        !__builtin_cpu_supports("avx2")) {
        return HYDRA_SIMD_NONE;
    }
    return highest != HYDRA_SIMD_AVX2 && has_avx512() ? HYDRA_SIMD_AVX512 : HYDRA_SIMD_AVX2;
}

#elif defined(__aarch64__)

/* Every 64-bit ARM has NEON. */
int32_t hy_simd_level(int32_t highest)
{
    return highest == HYDRA_SIMD_AUTO || highest == HYDRA_SIMD_NEON ? HYDRA_SIMD_NEON
                                                                    : HYDRA_SIMD_NONE;
}

#else

int32_t hy_simd_level(int32_t highest)
{
    (void)highest;
    return HYDRA_SIMD_NONE;
}

#endif
