/* SPDX-License-Identifier: MIT */
/* The tables of kernels that this build has, by level. */
#include "kernels.h"

#include "core/core.h"

const hy_kernels *hy_kernels_of(int32_t level)
{
    switch (level) {
    case HYDRA_SIMD_NONE:
        return &hy_kernels_c;
#ifdef HY_HAVE_AVX2
    case HYDRA_SIMD_AVX2:
        return &hy_kernels_avx2;
#endif
#ifdef HY_HAVE_AVX512
    case HYDRA_SIMD_AVX512:
        return &hy_kernels_avx512;
#endif
#ifdef HY_HAVE_NEON
    case HYDRA_SIMD_NEON:
        return &hy_kernels_neon;
#endif
    default:
        return NULL;
    }
}

const hy_kernels *hy_kernels_choose(int32_t highest)
{
    int32_t level = hy_simd_level(highest);
    const hy_kernels *kernels = hy_kernels_of(level);
    if (!kernels && level == HYDRA_SIMD_AVX512) {
        kernels = hy_kernels_of(HYDRA_SIMD_AVX2);
    }
    return kernels ? kernels : &hy_kernels_c;
}
