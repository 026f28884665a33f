/* SPDX-License-Identifier: MIT */
/*
 * core: what every room stands on. Errors, memory, time, bytes in and out, worker threads, and the
 * two plain data types that rooms hand to each other: pictures and display lists.
 * Knows no FFmpeg, no file format and no room above it.
 */
#ifndef HY_CORE_H
#define HY_CORE_H

#include "budget.h"   /* IWYU pragma: export */
#include "cancel.h"   /* IWYU pragma: export */
#include "clock.h"    /* IWYU pragma: export */
#include "diag.h"     /* IWYU pragma: export */
#include "display.h"  /* IWYU pragma: export */
#include "host.h"     /* IWYU pragma: export */
#include "io.h"       /* IWYU pragma: export */
#include "mem.h"      /* IWYU pragma: export */
#include "picture.h"  /* IWYU pragma: export */
#include "pool.h"     /* IWYU pragma: export */
#include "rational.h" /* IWYU pragma: export */
#include "roots.h"    /* IWYU pragma: export */
#include "signals.h"  /* IWYU pragma: export */
#include "simd.h"     /* IWYU pragma: export */
#include "sized.h"    /* IWYU pragma: export */
#include "text.h"     /* IWYU pragma: export */
#include "wait.h"     /* IWYU pragma: export */

#endif
