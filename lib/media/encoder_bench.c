/* SPDX-License-Identifier: MIT */
/*
 * The bench of an encoder. Its pictures are a texture that moves a few pixels from one to the next
 * and is where it began after the last: encoders find motion, detail and no cut, as in photos that
 * are panned.
 */
#include "encoder_bench.h"

#include <time.h>

/* Made once and sent in turn. The texture repeats after PICTURES * STEP_PX columns. */
enum {
    PICTURES = 8,
    STEP_PX = 8,
    PERIOD_PX = PICTURES * STEP_PX
};

typedef struct bench {
    hy_picture *pictures[PICTURES];
    hy_encoder *encoder;
    const hy_encoder_config *config;
    hy_bench *out;
    double start_s;
    bool got_any;
} bench;

/* 0..255 from a place, the same every time. */
static uint32_t hash(uint32_t x, uint32_t y)
{
    uint32_t h = x * 0x9e3779b1U ^ y * 0x85ebca77U;
    h = (h ^ h >> 15) * 0x2c1b3c6dU;
    return (h ^ h >> 12) >> 24;
}

/* Smooth noise, 0..255: random values `cell` pixels apart, linear between them. */
static uint32_t texture(uint32_t x, uint32_t y, uint32_t cell)
{
    uint32_t columns = PERIOD_PX / cell;
    uint32_t i = x / cell % columns;
    uint32_t j = y / cell;
    uint32_t u = x % cell;
    uint32_t v = y % cell;
    uint32_t top = hash(i, j) * (cell - u) + hash((i + 1) % columns, j) * u;
    uint32_t bottom = hash(i, j + 1) * (cell - u) + hash((i + 1) % columns, j + 1) * u;
    return (top * (cell - v) + bottom * v) / (cell * cell);
}

/* Coarse shapes, some detail, a little grain; within the limited range. */
static uint8_t luma(uint32_t x, uint32_t y)
{
    uint32_t sum = texture(x, y, 32) * 50 + texture(x, y, 8) * 13 + hash(x % PERIOD_PX, y);
    return (uint8_t)(16 + sum * 219 / (64 * 255));
}

static uint8_t chroma(uint32_t x, uint32_t y, int plane)
{
    return (uint8_t)(96 + texture(x, y + 1000 * (uint32_t)plane, 16) / 4);
}

/* Rows of a plane repeat after one period: that much is computed, and copied. */
static void draw_plane(hy_picture *picture, int plane, uint32_t shift_px)
{
    uint8_t period[PERIOD_PX];
    uint32_t scale = plane ? 2 : 1;
    uint32_t width = (uint32_t)hy_plane_width(picture, plane);
    uint32_t height = (uint32_t)hy_plane_height(picture, plane);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = picture->plane[plane] + (ptrdiff_t)y * picture->stride[plane];
        for (uint32_t x = 0; x < PERIOD_PX; x++) {
            period[x] = plane ? chroma(x, y * scale, plane) : luma(x, y);
        }
        for (uint32_t x = 0; x < width; x++) {
            row[x] = period[(x * scale + shift_px) % PERIOD_PX];
        }
    }
}

static hydra_status make_pictures(bench *b, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (uint32_t i = 0; i < PICTURES && status == HYDRA_OK; i++) {
        status = hy_picture_new(b->config->width, b->config->height, NULL, &b->pictures[i], diag);
        if (status == HYDRA_OK) {
            for (int plane = 0; plane < 3; plane++) {
                draw_plane(b->pictures[i], plane, i * STEP_PX);
            }
            status = hy_cancel_check(b->config->cancel, diag);
        }
    }
    return status;
}

static double cpu_s(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static hydra_status open_encoder(bench *b, const hy_encoder_ops *ops, hy_diag *diag)
{
    sigset_t before;
    hy_signals_block(&before); /* it starts threads, and this may be one of the host's */
    hydra_status status = ops->open(b->config, &b->encoder, diag);
    hy_signals_restore(&before);
    return status;
}

/* Take all packets that there are now. */
static hydra_status receive(bench *b, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    bool got = true;
    while (status == HYDRA_OK && got) {
        hy_packet packet;
        status = b->encoder->ops->receive(b->encoder, &packet, &got, diag);
        if (status == HYDRA_OK && got) {
            b->out->bytes += (int64_t)packet.size;
            b->out->frames++;
            if (!b->got_any) {
                b->out->first_packet_s = hy_clock_s() - b->start_s;
                b->got_any = true;
            }
        }
    }
    return status;
}

/* NULL picture: the end. */
static hydra_status send(bench *b, const hy_picture *picture, int64_t n, hy_diag *diag)
{
    hydra_status status = b->encoder->ops->send(b->encoder, picture, n, false, diag);
    if (status == HYDRA_OK) {
        status = receive(b, diag);
    }
    if (status != HYDRA_OK && b->config->finding) {
        *b->config->finding = b->encoder->finding;
    }
    return status;
}

static hydra_status encode(bench *b, double duration_s, hy_diag *diag)
{
    double start_s = hy_clock_s();
    double start_cpu_s = cpu_s();
    int64_t sent = 0;
    hydra_status status = HYDRA_OK;
    do {
        status = send(b, b->pictures[sent % PICTURES], sent, diag);
        sent++;
        if (status == HYDRA_OK) {
            status = hy_cancel_check(b->config->cancel, diag);
        }
    } while (status == HYDRA_OK && hy_clock_s() - start_s < duration_s);
    if (status == HYDRA_OK) {
        status = send(b, NULL, sent, diag);
    }
    b->out->encode_s = hy_clock_s() - start_s;
    b->out->cpu_s = cpu_s() - start_cpu_s;
    if (status == HYDRA_OK && b->out->frames != sent) {
        return hy_fail(diag, HYDRA_ERR_ENCODER, "encoder %s: %lld pictures went in, %lld came out",
                       b->encoder->ops->name, (long long)sent, (long long)b->out->frames);
    }
    return status;
}

hydra_status hy_encoder_bench(const hy_encoder_ops *ops, const hy_encoder_config *config,
                              int64_t duration_us, hy_bench *out, hy_diag *diag)
{
    bench b = {.config = config, .out = out};
    *out = (hy_bench){.frames = 0};
    hydra_status status = make_pictures(&b, diag);
    if (status == HYDRA_OK) {
        b.start_s = hy_clock_s();
        status = open_encoder(&b, ops, diag);
    }
    if (status == HYDRA_OK) {
        out->opened = true;
        status = encode(&b, (double)duration_us / 1e6, diag);
        b.encoder->ops->close(b.encoder);
    }
    for (int i = 0; i < PICTURES; i++) {
        hy_picture_free(b.pictures[i]);
    }
    return status;
}
