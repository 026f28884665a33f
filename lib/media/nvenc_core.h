/* SPDX-License-Identifier: MIT */
/*
 * Private to media/: the part of the NVENC backend that runs on a lane, for each of these calls may
 * hang. A call finds its input in the core and leaves its outcome there; between calls the core is
 * the owner's of the lane.
 */
#ifndef HY_NVENC_CORE_H
#define HY_NVENC_CORE_H

#include "encoder_av.h"
#include "gpu.h"
#include "nvenc_tuning.h"

/* Packets that one call hands over at most. */
#define HY_NVENC_PACKETS 8

typedef struct hy_nvenc_core {
    hy_encoder_config config;
    hy_nvenc_tuning tuning;
    bool small; /* with half of the pictures inside */
    hy_gpu_session *session;
    hy_gpu_device device;
    char name[128]; /* "GPU 0 (Tesla T4)" */

    hy_encoder_av av;
    struct AVBufferRef *cuda;

    hy_picture *picture; /* to send; NULL: no more will come */
    int64_t n;
    bool key;

    hydra_status status; /* of the last call */
    hy_diag diag;
    hy_gpu_fault fault; /* HYDRA_PROBE_OK: the GPU is not the cause */
    hy_packet packets[HY_NVENC_PACKETS];
    hy_buffer data[HY_NVENC_PACKETS];
    int32_t packet_count;
    bool more; /* there may be further packets inside */
    int64_t sent;
    int64_t received;
} hy_nvenc_core;

/* Takes the session, unless NULL is returned. */
hy_nvenc_core *hy_nvenc_core_new(const hy_encoder_config *config, const hy_nvenc_tuning *tuning,
                                 hy_gpu_session *session);
/* The calls; `user` is the core. */
void hy_nvenc_open_call(void *user);
void hy_nvenc_send_call(void *user);
void hy_nvenc_receive_call(void *user);
void hy_nvenc_close_call(void *user);
/* Frees the core, closing it first. */
void hy_nvenc_core_end(void *user);

#endif
