/* SPDX-License-Identifier: MIT */
/**
 * @file hydra.h  Umbrella header of libhydra: photos and music in, a finished MP4 out.
 *
 * The order of a job is: hydra_compose_new, hydra_compose_add_image for each photo,
 * hydra_compose_set_audio, hydra_compose_render, hydra_compose_free.
 *
 * Rules that hold everywhere:
 * - Calls that can fail return a hydra_status; results come through out-parameters.
 * - Times are int64 microseconds (`_us`) or frame numbers; frame rates are fractions.
 * - Option structs are filled with the real defaults by their `_init` call, then changed.
 *   A NULL option struct means all defaults. They only ever grow at the end.
 * - Strings are UTF-8. Strings and bytes that are handed over are copied before the call returns.
 * - One handle, one thread at a time, unless its header says otherwise.
 * - `_free(NULL)` does nothing.
 * - The library never prints, never exits, and changes no signal, locale, environment variable
 *   or current folder.
 */
#ifndef HYDRA_H
#define HYDRA_H

#include "compose.h"
#include "context.h"
#include "encoder.h"
#include "export.h"
#include "policy.h"
#include "render.h"
#include "status.h"
#include "storage.h"
#include "version.h"

#endif
