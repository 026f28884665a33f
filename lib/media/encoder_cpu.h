/* SPDX-License-Identifier: MIT */
/* Private to media/: what x264 and x265 share. Both are libavcodec's and work on the CPU. */
#ifndef HY_ENCODER_CPU_H
#define HY_ENCODER_CPU_H

#include "encoder_av.h"

/* The first member of an encoder's own struct, or all of it. */
typedef struct hy_encoder_cpu {
    hy_encoder base;
    hy_encoder_av av;
} hy_encoder_cpu;

/* An encoder of `bytes` bytes, zero behind the hy_encoder_cpu, for libavcodec's `codec_name`, which
 * exists. Nothing is opened. Free it with hy_encoder_cpu_close. */
hydra_status hy_encoder_cpu_new(const hy_encoder_ops *ops, size_t bytes, const char *codec_name,
                                const hy_encoder_config *config, hy_encoder_cpu **out,
                                hy_diag *diag);

/* How it encodes: the encoder's own preset, its own parameters as the option `params_name`, and the
 * bit rate of the config or else `crf`. 0, or libavcodec's error. */
int hy_encoder_cpu_tune(hy_encoder_cpu *cpu, const hy_encoder_config *config, const char *preset,
                        const char *params_name, const char *params, double crf);

/* Open what was tuned: `error` is what tuning said. */
hydra_status hy_encoder_cpu_start(hy_encoder_cpu *cpu, int error, hy_encoder_record_fn *make,
                                  hy_diag *diag);

/* As in hy_encoder_ops. */
hydra_status hy_encoder_cpu_send(hy_encoder *encoder, const hy_picture *picture, int64_t n,
                                 bool key, hy_diag *diag);
hydra_status hy_encoder_cpu_receive(hy_encoder *encoder, hy_packet *packet, bool *got,
                                    hy_diag *diag);
void hy_encoder_cpu_close(hy_encoder *encoder);

#endif
