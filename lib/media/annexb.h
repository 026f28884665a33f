/* SPDX-License-Identifier: MIT */
/* Private to media/: H.264 and HEVC as byte streams (Annex B of both) become what MP4 holds. */
#ifndef HY_ANNEXB_H
#define HY_ANNEXB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/core.h"

/*
 * NAL units behind start codes of 3 or 4 bytes become NAL units behind 4-byte lengths; the former
 * content of `out` is lost. `codec` is HYDRA_CODEC_*. `sample`: parameter sets and access unit
 * delimiters are left out, for they have their place in the stream's header, or none.
 * HYDRA_ERR_FORMAT: it does not begin with a start code. HYDRA_ERR_MEMORY.
 */
hydra_status hy_annexb_to_lengths(int32_t codec, bool sample, const uint8_t *data, size_t size,
                                  hy_buffer *out);

#endif
