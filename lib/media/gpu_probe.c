/* SPDX-License-Identifier: MIT */
/* Whether a GPU encodes: by encoding. That libraries load and encoders are listed proves nothing.
 */
#include "gpu_private.h"

#include "encoder_nvenc.h"

/* Above what every encoder takes at least. */
#define PROBE_WIDTH  640
#define PROBE_HEIGHT 360
#define PROBE_FRAMES 8

#define PROBE_WAIT_US INT64_C(1000000)

/* A slope that moves. */
static void draw(hy_picture *picture, int64_t n)
{
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
                row[x] = (uint8_t)(40 + ((x * (plane + 1) + y * 2 + n * 4) & 127));
            }
        }
    }
}

static hydra_status receive(hy_encoder *encoder, int64_t *packets, hy_diag *diag)
{
    for (;;) {
        hy_packet packet;
        bool got;
        hydra_status status = encoder->ops->receive(encoder, &packet, &got, diag);
        if (status != HYDRA_OK || !got) {
            return status;
        }
        ++*packets;
    }
}

static hydra_status encode(hy_encoder *encoder, hy_picture *picture, hy_diag *diag)
{
    int64_t packets = 0;
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK && n <= PROBE_FRAMES; n++) {
        bool last = n == PROBE_FRAMES;
        draw(picture, n);
        status = encoder->ops->send(encoder, last ? NULL : picture, n, n == 0, diag);
        if (status == HYDRA_OK) {
            status = receive(encoder, &packets, diag);
        }
    }
    if (status == HYDRA_OK && packets != PROBE_FRAMES) {
        status = hy_fail(diag, HYDRA_ERR_ENCODER, "encoder nvenc: %d pictures became %lld packets",
                         PROBE_FRAMES, (long long)packets);
    }
    return status;
}

static hydra_status try_device(hy_gpu *gpu, int32_t index, const hy_encoder_config *wanted,
                               hy_gpu_fault *fault, hy_diag *diag)
{
    hy_encoder_config config = *wanted;
    config.width = PROBE_WIDTH;
    config.height = PROBE_HEIGHT;
    config.gpu = gpu;
    config.gpu_wait_us = PROBE_WAIT_US;
    hy_encoder *encoder;
    hy_picture *picture = NULL;
    hydra_status status = hy_nvenc_open_on(&config, index, &encoder, fault, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    status = hy_picture_new(PROBE_WIDTH, PROBE_HEIGHT, NULL, &picture, diag);
    if (status == HYDRA_OK) {
        status = encode(encoder, picture, diag);
    }
    if (status != HYDRA_OK && encoder->finding != HYDRA_PROBE_OK) {
        (void)hy_gpu_fail(fault, encoder->finding, "%s", diag->text);
    }
    hy_picture_free(picture);
    encoder->ops->close(encoder);
    return status;
}

/* True: the outcome is known, `fault` has it. */
static bool find_outcome(hy_gpu *gpu, int32_t index, const hy_encoder_config *config,
                         hy_gpu_fault *fault)
{
    (void)pthread_mutex_lock(&gpu->mutex);
    bool known = true;
    if (hy_gpu_check_locked(gpu, index, config->codec, fault) == HYDRA_PROBE_OK) {
        const hy_gpu_slot *slot = &gpu->locked.slots[index];
        known = hy_gpu_is_known(&slot->probes[config->codec][config->profile], fault);
    }
    (void)pthread_mutex_unlock(&gpu->mutex);
    return known;
}

/* What is only about this moment is not kept. */
static void keep_outcome(hy_gpu *gpu, int32_t index, const hy_encoder_config *config,
                         const hy_gpu_fault *fault)
{
    if (fault->finding == HYDRA_PROBE_BUSY) {
        return;
    }
    (void)pthread_mutex_lock(&gpu->mutex);
    gpu->locked.slots[index].probes[config->codec][config->profile] =
        (hy_gpu_known){*fault, hy_gpu_keep_until(fault->finding)};
    (void)pthread_mutex_unlock(&gpu->mutex);
}

int32_t hy_gpu_probe(hy_gpu *gpu, int32_t index, const hy_encoder_config *config,
                     hy_gpu_fault *fault)
{
    int32_t count;
    int32_t finding = hy_gpu_count(gpu, &count, fault);
    if (finding != HYDRA_PROBE_OK) {
        return finding;
    }
    if (index < 0 || index >= count || config->profile < 0 || config->profile >= HY_GPU_PROFILES ||
        config->codec < 0 || config->codec >= HY_GPU_CODECS) {
        return hy_gpu_fail(fault, HYDRA_PROBE_FAILED, "there is no GPU %d, or no such encoding",
                           (int)index);
    }
    if (find_outcome(gpu, index, config, fault)) {
        return fault->finding;
    }
    hy_diag diag = {0};
    fault->finding = HYDRA_PROBE_OK;
    hydra_status status = try_device(gpu, index, config, fault, &diag);
    if (status != HYDRA_OK && fault->finding == HYDRA_PROBE_OK) {
        return hy_gpu_fail(fault, HYDRA_PROBE_FAILED, "%s", diag.text);
    }
    keep_outcome(gpu, index, config, fault);
    return fault->finding;
}
