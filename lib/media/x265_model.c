/* SPDX-License-Identifier: MIT */
/*
 * x265's memory: pictures that wait (with small copies for the lookahead), pictures that are
 * encoded or referred to (with what became of each block), and something for each thread. The
 * weights were fitted to the peak of the resident set over 46 encodes, 320x568 to 2160x3840, 1 to
 * 32 threads, presets ultrafast to slower; none of them is off by more than 12 %.
 */
#include "x265_model.h"

#include "encoder_av.h"

#define BASE_BYTES    17.5e6
#define THREAD_BYTES  0.98e6
#define WAITING_BYTES 5.0  /* for each pixel of a frame */
#define CODED_BYTES   5.25 /* the same, more */
#define ROW_BYTES     3.7  /* the same, more, for each frame that is worked on beside another */

/* Frames that are held for other reasons than the lookahead and the B frames. */
#define OTHER_WAITING 5
#define OTHER_CODED   1

/* Of a picture's border, both sides together. */
#define BORDER_ACROSS 96
#define BORDER_DOWN   80

/* x264 at its crf more this makes about as many bits, of photos that a camera moves over. */
#define CRF_DIFFERENCE 4.5

int32_t hy_x265_frame_threads(int32_t threads)
{
    static const int32_t least[] = {4, 8, 16}; /* threads for one frame more at once */
    int32_t frames = 1;
    for (size_t i = 0; i < sizeof least / sizeof least[0]; i++) {
        frames += threads >= least[i];
    }
    return frames;
}

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double memory_bytes(const hy_x265_shape *shape, const hy_encoder_config *config,
                           int64_t frames)
{
    double pixels =
        (double)(config->width + BORDER_ACROSS) * (double)(config->height + BORDER_DOWN);
    double beside = hy_x265_frame_threads(config->threads) - 1;
    double coded = smaller(shape->bframes + OTHER_CODED + beside, (double)frames);
    double waiting =
        smaller(shape->lookahead + shape->bframes + OTHER_WAITING + beside, (double)frames);
    return BASE_BYTES + THREAD_BYTES * config->threads +
           pixels * (WAITING_BYTES * waiting + CODED_BYTES * coded + ROW_BYTES * beside);
}

void hy_x265_estimate(const hy_x265_shape *shape, const hy_encoder_config *config, double crf,
                      int64_t frames, hy_encoder_cost *cost)
{
    double pixels = (double)config->width * config->height * (double)frames;
    *cost = (hy_encoder_cost){
        .memory_bytes = (int64_t)memory_bytes(shape, config, frames),
        .output_bytes = hy_encoder_typical_bytes(config, crf + CRF_DIFFERENCE, frames),
        .seconds = pixels / shape->pixels_per_s,
    };
}
