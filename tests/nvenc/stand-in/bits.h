/* SPDX-License-Identifier: MIT */
/* Writing the syntax of H.264 and HEVC: bits, Exp-Golomb codes, and NAL units around them. */
#ifndef FAKENV_BITS_H
#define FAKENV_BITS_H

#include "bytes.h"

struct fakenv_bits {
    struct fakenv_bytes bytes; /* whole bytes */
    unsigned open, open_count; /* the bits after them */
    bool failed;               /* no memory: what follows is dropped */
};

void fakenv_put(struct fakenv_bits *bits, int count, uint32_t value);
void fakenv_put_ue(struct fakenv_bits *bits, uint32_t value);
/* The stop bit, and zeros up to a whole byte. */
void fakenv_put_stop(struct fakenv_bits *bits);
void fakenv_bits_free(struct fakenv_bits *bits);

/*
 * A start code, the header of the NAL unit and its payload (whole bytes), in which runs that look
 * like start codes are broken up. False: no memory.
 */
bool fakenv_append_nal(struct fakenv_bytes *bytes, const uint8_t *header, int header_size,
                       const struct fakenv_bits *payload);

/* One arithmetic coder serves both standards. */
struct fakenv_cabac {
    struct fakenv_bits *bits;
    uint32_t low, range;
    unsigned outstanding;
    bool started;
};

struct fakenv_context {
    uint8_t state;
    bool most_probable;
};

/* `value` is initValue of HEVC, for the QP 26. */
struct fakenv_context fakenv_context_init(int value);
void fakenv_cabac_start(struct fakenv_cabac *cabac, struct fakenv_bits *bits);
void fakenv_cabac_put(struct fakenv_cabac *cabac, struct fakenv_context *context, bool bin);
void fakenv_cabac_put_bypass(struct fakenv_cabac *cabac, bool bin);
/* `last` also writes the stop bit; zeros up to a whole byte follow. */
void fakenv_cabac_end(struct fakenv_cabac *cabac, bool last);

#endif
