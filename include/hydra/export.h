/* SPDX-License-Identifier: MIT */
/** @file export.h  Marks what the shared library exports; everything else is hidden. */
#ifndef HYDRA_EXPORT_H
#define HYDRA_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
/** In front of each declaration of the API. */
#define HYDRA_API __attribute__((visibility("default")))
#else
#define HYDRA_API
#endif

#endif
