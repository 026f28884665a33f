/* SPDX-License-Identifier: MIT */
/* What the files of this room share: checked option structs, and words for error texts. */
#ifndef HY_TIMELINE_PRIVATE_H
#define HY_TIMELINE_PRIVATE_H

#include "timeline.h"

/*
 * Copy a caller's option struct into `out`, with our own struct_size, after checking every value;
 * NULL = defaults. `who` begins the error text. On failure `out` is worth nothing.
 */
hydra_status hy_image_options_check(const hydra_image_options *options, hydra_image_options *out,
                                    const char *who, hy_diag *diag);
hydra_status hy_transition_options_check(const hydra_transition_options *options,
                                         hydra_transition_options *out, const char *who,
                                         hy_diag *diag);
hydra_status hy_audio_options_check(const hydra_audio_options *options, hydra_audio_options *out,
                                    hy_diag *diag);

/* The transition of cut i, 0 <= i < image_count - 1. */
const hydra_transition_options *hy_project_cut(const hy_project *project, int32_t cut);

#define HY_NUMBER_BYTES 32
#define HY_NAME_BYTES   128
#define HY_LABEL_BYTES  160

/* 12500 as "12.500". Returns `out`. */
const char *hy_thousandths(int64_t value, char out[HY_NUMBER_BYTES]);
/* A name from outside as harmless UTF-8: control characters and broken sequences become '?', of a
 * long name the end is kept. Returns `out`. */
const char *hy_name_printable(const char *name, char out[HY_NAME_BYTES]);
/* "image 3 (b.jpg)". Returns `out`. */
const char *hy_image_label(int32_t index, const char *name, char out[HY_LABEL_BYTES]);

#endif
