/* SPDX-License-Identifier: MIT */
/*
 * The library's x264 encoder alone: finished frames (YUV4MPEG2, as `--encoder raw` writes it) to an
 * MP4 without sound. One frame is in memory at a time, so that time and memory are the encoder's.
 *
 *   encode-frames FRAMES.y4m PROFILE|PRESET THREADS OUTPUT.mp4
 *
 * PROFILE is draft, default, quality or best; a preset is x264's, at crf 20. Prints one JSON
 * object: frames, and the seconds from the last frame sent to the last packet received.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media/media.h"
#include "sink/sink.h"

static const char *const profiles[] = {
    [HYDRA_PROFILE_DRAFT] = "draft",
    [HYDRA_PROFILE_DEFAULT] = "default",
    [HYDRA_PROFILE_QUALITY] = "quality",
    [HYDRA_PROFILE_BEST] = "best",
};
#define PROFILE_COUNT ((int32_t)(sizeof profiles / sizeof profiles[0]))

typedef struct encoding {
    FILE *input;
    hy_encoder_config config;
    int64_t frames;
    hy_picture *picture;
    hy_encoder *encoder;
    hy_sink *sink;
    hy_muxer *muxer;
    hy_diag diag;
} encoding;

/* Size and rate from the first line; the number of frames from the size of the file. */
static bool read_header(encoding *e)
{
    char line[256];
    hy_encoder_config *c = &e->config;
    if (!fgets(line, sizeof line, e->input)) {
        return false;
    }
    const char *width = strstr(line, " W");
    const char *height = strstr(line, " H");
    const char *rate = strstr(line, " F");
    if (!width || !height || !rate || sscanf(width, " W%d", &c->width) != 1 ||
        sscanf(height, " H%d", &c->height) != 1 ||
        sscanf(rate, " F%d:%d", &c->rate.num, &c->rate.den) != 2) {
        return false;
    }
    long start = ftell(e->input);
    if (start < 0 || fseek(e->input, 0, SEEK_END) != 0) {
        return false;
    }
    int64_t frame_bytes = (int64_t)c->width * c->height * 3 / 2 + (int64_t)strlen("FRAME\n");
    e->frames = (ftell(e->input) - start) / frame_bytes;
    return fseek(e->input, start, SEEK_SET) == 0;
}

static bool read_frame(encoding *e)
{
    char line[16];
    if (!fgets(line, sizeof line, e->input) || strcmp(line, "FRAME\n") != 0) {
        return false;
    }
    hy_picture *p = e->picture;
    for (int plane = 0; plane < 3; plane++) {
        size_t bytes = (size_t)hy_plane_width(p, plane);
        for (int32_t y = 0; y < hy_plane_height(p, plane); y++) {
            if (fread(p->plane[plane] + y * p->stride[plane], 1, bytes, e->input) != bytes) {
                return false;
            }
        }
    }
    return true;
}

static hydra_status open_output(encoding *e, const char *path)
{
    hy_encoder_route route;
    hydra_status status =
        hy_encoder_plan(HYDRA_ENCODER_X264, HYDRA_CODEC_H264, NULL, &route, &e->diag);
    if (status == HYDRA_OK) {
        status = route.list[0]->open(&e->config, &e->encoder, &e->diag);
    }
    if (status == HYDRA_OK) {
        status = hy_sink_file_new(path, true, NULL, &e->sink, &e->diag);
    }
    if (status != HYDRA_OK) {
        return status;
    }
    hy_muxer_config config = {
        .rate = e->config.rate,
        .frames = e->frames,
        .key_frames = e->frames,
    };
    return hy_muxer_open(&config, e->encoder, NULL, e->sink, &e->muxer, &e->diag);
}

/* Send one picture, NULL at the end, and write all packets that there are then. */
static hydra_status encode(encoding *e, const hy_picture *picture, int64_t n)
{
    const hy_encoder_ops *ops = e->encoder->ops;
    hydra_status status = ops->send(e->encoder, picture, n, false, &e->diag);
    bool got = true;
    while (status == HYDRA_OK && got) {
        hy_packet packet;
        status = ops->receive(e->encoder, &packet, &got, &e->diag);
        if (status == HYDRA_OK && got) {
            status = hy_muxer_write_video(e->muxer, &packet, &e->diag);
        }
    }
    return status;
}

static hydra_status encode_all(encoding *e, double *drain_s)
{
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK && n < e->frames; n++) {
        if (!read_frame(e)) {
            return hy_fail(&e->diag, HYDRA_ERR_FORMAT, "frame %lld is not there", (long long)n);
        }
        status = encode(e, e->picture, n);
    }
    double start = hy_clock_s();
    if (status == HYDRA_OK) {
        status = encode(e, NULL, e->frames);
    }
    *drain_s = hy_clock_s() - start;
    if (status == HYDRA_OK) {
        status = hy_muxer_finish(e->muxer, &e->diag);
    }
    return status == HYDRA_OK ? e->sink->ops->commit(e->sink, &e->diag) : status;
}

static void choose(encoding *e, const char *word, int32_t threads)
{
    e->config.crf = HYDRA_AUTO;
    e->config.threads = threads;
    e->config.preset = word;
    for (int32_t i = 0; i < PROFILE_COUNT; i++) {
        if (strcmp(word, profiles[i]) == 0) {
            e->config.profile = i;
            e->config.preset = NULL;
        }
    }
}

int main(int argc, char **argv)
{
    encoding e = {.diag = {0}};
    double drain_s = 0;
    if (argc != 5 || !(e.input = fopen(argv[1], "rb")) || !read_header(&e)) {
        fprintf(stderr, "usage: encode-frames FRAMES.y4m PROFILE|PRESET THREADS OUTPUT.mp4\n");
        return 2;
    }
    choose(&e, argv[2], (int32_t)strtol(argv[3], NULL, 10));
    hydra_status status =
        hy_picture_new(e.config.width, e.config.height, NULL, &e.picture, &e.diag);
    if (status == HYDRA_OK) {
        status = open_output(&e, argv[4]);
    }
    if (status == HYDRA_OK) {
        status = encode_all(&e, &drain_s);
    }
    if (status == HYDRA_OK) {
        printf("{\"frames\": %lld, \"drain_s\": %.6f}\n", (long long)e.frames, drain_s);
    } else {
        fprintf(stderr, "encode-frames: %s\n", e.diag.text);
    }
    if (e.muxer) {
        hy_muxer_close(e.muxer);
    }
    if (e.encoder) {
        e.encoder->ops->close(e.encoder);
    }
    if (e.sink) {
        e.sink->ops->close(e.sink);
    }
    hy_picture_free(e.picture);
    fclose(e.input);
    return status == HYDRA_OK ? 0 : 1;
}
