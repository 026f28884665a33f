/* SPDX-License-Identifier: MIT */
/*
 * Bytes in, bytes out: a photo that is already in memory becomes a video in memory. No file is
 * made by the library; what happens to the bytes is this program's business (here it writes them
 * to a file, a server would send them).
 *
 *     memory OUT.mp4 PHOTO
 *
 * Also shown: a square canvas, a slow pan, a limit of our own, and what the library reports about
 * its result.
 */
#include <hydra/hydra.h>

#include <stdio.h>
#include <stdlib.h>

#define PHOTO_LIMIT ((size_t)32 << 20)

/* A whole file of at most `limit` bytes; NULL on any failure. The caller frees it. */
static void *read_file(const char *path, size_t limit, size_t *size)
{
    FILE *file = fopen(path, "rb");
    void *data = file ? malloc(limit + 1) : NULL;
    if (data) {
        *size = fread(data, 1, limit + 1, file);
        if (ferror(file) || *size > limit) {
            free(data);
            data = NULL;
        }
    }
    if (file) {
        fclose(file);
    }
    return data;
}

static int write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    if (!file) {
        return -1;
    }
    size_t written = fwrite(data, 1, size, file);
    return fclose(file) == 0 && written == size ? 0 : -1;
}

/* A context with a tighter limit than the default: refuse to make more than 64 MiB. */
static hydra_status new_compose(hydra_compose **c)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_output_bytes = INT64_C(64) << 20;

    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;

    hydra_context *context = NULL;
    hydra_status status = hydra_context_new(&options, &context);
    if (status == HYDRA_OK) {
        status = hydra_compose_new(context, c);
    }
    hydra_context_free(context); /* the compose keeps its own reference */
    return status;
}

static hydra_status render(hydra_compose *c, const void *photo, size_t size, const char *name)
{
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.preset = HYDRA_CANVAS_1_1;

    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = 2000000;
    image.motion = HYDRA_MOTION_PAN_RIGHT;
    image.easing = HYDRA_EASING_IN_OUT;

    hydra_status status = hydra_compose_set_canvas(c, &canvas);
    if (status == HYDRA_OK) {
        status = hydra_compose_add_image_memory(c, photo, size, name, &image);
    }
    return status == HYDRA_OK ? hydra_compose_render_memory(c, NULL) : status;
}

/* Take the bytes and the record of what was made. */
static int deliver(hydra_compose *c, const char *output)
{
    const void *video = NULL;
    size_t size = 0;
    hydra_result result = {.struct_size = sizeof result};
    if (hydra_compose_output(c, &video, &size) != HYDRA_OK ||
        hydra_compose_result(c, &result) != HYDRA_OK || write_file(output, video, size) != 0) {
        fprintf(stderr, "memory: %s cannot be written\n", output);
        return 1;
    }
    printf("%s: %lld frames by %s, %zu bytes\n", output, (long long)result.frames, result.encoder,
           size);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: memory OUT.mp4 PHOTO\n");
        return 2;
    }
    size_t size = 0;
    void *photo = read_file(argv[2], PHOTO_LIMIT, &size);
    if (!photo) {
        fprintf(stderr, "memory: %s cannot be read\n", argv[2]);
        return 1;
    }
    hydra_compose *c = NULL;
    hydra_status status = new_compose(&c);
    if (status == HYDRA_OK) {
        status = render(c, photo, size, argv[2]);
    }
    free(photo);
    int code = 1;
    if (status == HYDRA_OK) {
        code = deliver(c, argv[1]);
    } else {
        fprintf(stderr, "memory: %s\n", c ? hydra_compose_error(c) : hydra_status_text(status));
    }
    hydra_compose_free(c);
    return code;
}
