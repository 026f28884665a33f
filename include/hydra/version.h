/* SPDX-License-Identifier: MIT */
/** @file version.h  Version of the library, its ABI, and what was built into it. */
#ifndef HYDRA_VERSION_H
#define HYDRA_VERSION_H

#include <stdint.h>

#include "export.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of these headers: MAJOR.MINOR.PATCH, semantic versioning. */
#define HYDRA_VERSION_MAJOR 0
/** See HYDRA_VERSION_MAJOR. */
#define HYDRA_VERSION_MINOR 1
/** See HYDRA_VERSION_MAJOR. */
#define HYDRA_VERSION_PATCH 0

/** Number in the soname, libhydra.so.N. Grows only when a program has to be rebuilt. */
#define HYDRA_SONAME 0

/** MAJOR * 1,000,000 + MINOR * 1,000 + PATCH, of the headers. */
#define HYDRA_VERSION                                                                              \
    (HYDRA_VERSION_MAJOR * 1000000 + HYDRA_VERSION_MINOR * 1000 + HYDRA_VERSION_PATCH)

/** Version of the library that is running. @return As HYDRA_VERSION. Thread: any. Since 0.1. */
HYDRA_API int32_t hydra_version(void);

/** The same as text. @return "0.1.0". Static, never NULL. Thread: any. Since 0.1. */
HYDRA_API const char *hydra_version_text(void);

/**
 * Ask whether an optional part was built in.
 *
 * @param name  "x264", "x265", "nvenc" or "heif" (HEIC and AVIF photos). Borrowed, may be NULL.
 * @return 1 = built in, 0 = left out or unknown name. Thread: any. Since 0.1.
 */
HYDRA_API int32_t hydra_has_feature(const char *name);

#ifdef __cplusplus
}
#endif
#endif
