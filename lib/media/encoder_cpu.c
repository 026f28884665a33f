/* SPDX-License-Identifier: MIT */
/* The life of an encoder on the CPU. */
#include "encoder_cpu.h"

#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>

#include "fferror.h"

hydra_status hy_encoder_cpu_new(const hy_encoder_ops *ops, size_t bytes, const char *codec_name,
                                const hy_encoder_config *config, hy_encoder_cpu **out,
                                hy_diag *diag)
{
    *out = NULL;
    hy_encoder_cpu *cpu = hy_calloc(1, bytes);
    if (!cpu) {
        return hy_fail_memory(diag);
    }
    hydra_status status = hy_encoder_av_init(&cpu->av, codec_name, ops->name, config, diag);
    if (status != HYDRA_OK) {
        hy_free(cpu);
        return status;
    }
    cpu->base.ops = ops;
    cpu->base.stream = &cpu->av.stream;
    *out = cpu;
    return HYDRA_OK;
}

int hy_encoder_cpu_tune(hy_encoder_cpu *cpu, const hy_encoder_config *config, const char *preset,
                        const char *params_name, const char *params, double crf)
{
    AVCodecContext *codec = cpu->av.codec;
    int error = av_opt_set(codec->priv_data, "preset", preset, 0);
    if (error >= 0) {
        error = av_opt_set(codec->priv_data, params_name, params, 0);
    }
    if (error >= 0) {
        error = av_opt_set_int(codec->priv_data, "forced-idr", 1, 0);
    }
    if (error >= 0 && config->bitrate_kbps > 0) {
        codec->bit_rate = (int64_t)config->bitrate_kbps * 1000;
    } else if (error >= 0) {
        error = av_opt_set_double(codec->priv_data, "crf", crf, 0);
    }
    return error;
}

hydra_status hy_encoder_cpu_start(hy_encoder_cpu *cpu, int error, hy_encoder_record_fn *make,
                                  hy_diag *diag)
{
    if (error >= 0) {
        error = avcodec_open2(cpu->av.codec, NULL, NULL);
    }
    if (error < 0) {
        return hy_fail_av(diag, error, HYDRA_ERR_ENCODER, cpu->av.name, "opening the encoder");
    }
    return hy_encoder_av_describe(&cpu->av, make, diag);
}

hydra_status hy_encoder_cpu_send(hy_encoder *encoder, const hy_picture *picture, int64_t n,
                                 bool key, hy_diag *diag)
{
    return hy_encoder_av_send(&((hy_encoder_cpu *)encoder)->av, picture, n, key, diag);
}

hydra_status hy_encoder_cpu_receive(hy_encoder *encoder, hy_packet *packet, bool *got,
                                    hy_diag *diag)
{
    return hy_encoder_av_receive(&((hy_encoder_cpu *)encoder)->av, packet, got, diag);
}

void hy_encoder_cpu_close(hy_encoder *encoder)
{
    if (encoder) {
        hy_encoder_av_free(&((hy_encoder_cpu *)encoder)->av);
        hy_free(encoder);
    }
}
