/* SPDX-License-Identifier: MIT */
/* How fast an encoder is by itself: pictures that exist already go in, packets are counted. */
#ifndef HY_ENCODER_BENCH_H
#define HY_ENCODER_BENCH_H

#include "media.h"

typedef struct hy_bench {
    int64_t frames;
    int64_t bytes;
    double encode_s;       /* first picture sent to last packet */
    double first_packet_s; /* opening included */
    double cpu_s;          /* of the process, during encode_s */
    bool opened;           /* what failed, failed later */
} hy_bench;

/*
 * Open an encoder, send pictures for `duration_us`, one at least, and take all packets. The
 * encoder's threads count as the process's. `config.finding` also receives what a failed send or
 * receive found. HYDRA_ERR_DEADLINE and the like come from config.cancel, which may not be NULL.
 */
hydra_status hy_encoder_bench(const hy_encoder_ops *ops, const hy_encoder_config *config,
                              int64_t duration_us, hy_bench *out, hy_diag *diag);

#endif
