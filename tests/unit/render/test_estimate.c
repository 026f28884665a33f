/* SPDX-License-Identifier: MIT */
/*
 * hydra_compose_estimate against measurement: differing projects, each rendered by a process of its
 * own that does nothing else, so that its peak is the render's. This program is both: started with
 * a number and a folder it renders that project and prints what it took.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "media.h"
#include "scene.h"
#include "sound.h"

/* What the estimate promises. */
#define PERCENT 20

#define WORKERS 2

/* ---- The projects ---- */

enum {
    TO_FILE,
    TO_MEMORY,
    TO_FRAGMENTS,
    TO_BUFFER
};

typedef struct sample {
    const char *name;
    int32_t width;
    int32_t height;
    int32_t fps;
    int32_t encoder;
    int32_t profile;
    int32_t threads;
    int32_t bitrate_kbps; /* 0 = constant quality */
    int32_t to;
    int32_t photos;
    int64_t each_us;
    const char *photo[2]; /* files of the folder, in turn */
    int32_t fit;
    int32_t backdrop;
    bool sound;
} sample;

static const sample samples[] = {
    {
        .name = "small draft",
        .width = 320,
        .height = 568,
        .fps = 25,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 1,
        .photos = 3,
        .each_us = 1000000,
        .photo = {"small.jpg", "small.jpg"},
    },
    {
        .name = "large photos",
        .width = 1080,
        .height = 1920,
        .fps = 30,
        .profile = HYDRA_PROFILE_DEFAULT,
        .threads = 2,
        .photos = 6,
        .each_us = 600000,
        .photo = {"large.jpg", "progressive.jpg"},
    },
    {
        .name = "quality",
        .width = 1280,
        .height = 720,
        .fps = 30,
        .profile = HYDRA_PROFILE_QUALITY,
        .threads = 2,
        .photos = 3,
        .each_us = 1000000,
        .photo = {"large.jpg", "small.jpg"},
    },
    {
        .name = "alpha on a blurred backdrop",
        .width = 1080,
        .height = 1080,
        .fps = 30,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 2,
        .photos = 3,
        .each_us = 700000,
        .photo = {"alpha.png", "large.jpg"},
        .fit = HYDRA_FIT_CONTAIN,
        .backdrop = HYDRA_BACKDROP_BLUR,
    },
    {
        .name = "many photos and music",
        .width = 480,
        .height = 270,
        .fps = 25,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 2,
        .photos = 60,
        .each_us = 2000000,
        .photo = {"small.jpg", "small.png"},
        .sound = true,
    },
    {
        .name = "four thousand pixels",
        .width = 2160,
        .height = 3840,
        .fps = 24,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 1,
        .photos = 2,
        .each_us = 600000,
        .photo = {"large.jpg", "small.jpg"},
    },
    {
        .name = "raw to memory",
        .width = 640,
        .height = 640,
        .fps = 25,
        .encoder = HYDRA_ENCODER_RAW,
        .threads = 1,
        .to = TO_MEMORY,
        .photos = 2,
        .each_us = 3000000,
        .photo = {"small.jpg", "small.png"},
    },
    {
        .name = "fragments of a high bit rate",
        .width = 640,
        .height = 640,
        .fps = 25,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 2,
        .bitrate_kbps = 60000,
        .to = TO_FRAGMENTS,
        .photos = 2,
        .each_us = 3000000,
        .photo = {"small.jpg", "small.png"},
        .sound = true,
    },
    {
        .name = "kept back for its index",
        .width = 640,
        .height = 640,
        .fps = 25,
        .profile = HYDRA_PROFILE_DRAFT,
        .threads = 2,
        .bitrate_kbps = 60000,
        .to = TO_BUFFER,
        .photos = 2,
        .each_us = 3000000,
        .photo = {"small.jpg", "small.png"},
        .sound = true,
    },
    {.name="large.jpg",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"large.jpg","large.jpg"}},
    {.name="progressive.jpg",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"progressive.jpg","progressive.jpg"}},
    {.name="alpha.png",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"alpha.png","alpha.png"}},
    {.name="large.bmp",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"large.bmp","large.bmp"}},
    {.name="large.webp",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"large.webp","large.webp"}},
    {.name="large.gif",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"large.gif","large.gif"}},
    {.name="large.tif",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"large.tif","large.tif"}},
    {.name="lossless.webp",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"lossless.webp","lossless.webp"}},
    {.name="lzw.tif",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"lzw.tif","lzw.tif"}},
    {.name="pal.png",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"pal.png","pal.png"}},
    {.name="grid.heic",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"grid.heic","grid.heic"}},
    {.name="p",.width=1080,.height=1080,.fps=30,.profile=HYDRA_PROFILE_QUALITY,.threads=1,.photos=3,.each_us=700000,.photo={"small.jpg","small.jpg"}},
    {.name="p",.width=1080,.height=1080,.fps=30,.profile=HYDRA_PROFILE_QUALITY,.threads=4,.photos=3,.each_us=700000,.photo={"small.jpg","small.jpg"}},
    {.name="p",.width=1080,.height=1080,.fps=30,.profile=HYDRA_PROFILE_BEST,.threads=1,.photos=3,.each_us=700000,.photo={"small.jpg","small.jpg"}},
    {.name="p",.width=1080,.height=1080,.fps=30,.profile=HYDRA_PROFILE_BEST,.threads=4,.photos=3,.each_us=700000,.photo={"small.jpg","small.jpg"}},
    {.name="p",.width=1080,.height=1920,.fps=30,.profile=HYDRA_PROFILE_DEFAULT,.threads=8,.photos=2,.each_us=1200000,.photo={"large.jpg","small.jpg"}},
    {.name="one",.width=1080,.height=1920,.fps=30,.profile=HYDRA_PROFILE_DEFAULT,.threads=2,.photos=1,.each_us=100000,.photo={"large.jpg","small.jpg"}},
    {.name="one",.width=64,.height=64,.fps=30,.profile=HYDRA_PROFILE_DEFAULT,.threads=2,.photos=1,.each_us=100000,.photo={"small.jpg","small.jpg"}},
    {.name="one.heic",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"one.heic","one.heic"}},
    {.name="one.avif",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"one.avif","one.avif"}},
    {.name="alpha.heic",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"alpha.heic","alpha.heic"}},
    {.name="ten.heic",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"ten.heic","ten.heic"}},
    {.name="anim.gif",.width=320,.height=320,.fps=25,.profile=HYDRA_PROFILE_DRAFT,.threads=1,.photos=2,.each_us=400000,.photo={"anim.gif","anim.gif"}},
};
#define SAMPLE_COUNT ((int)(sizeof samples / sizeof *samples))

/* ---- The process that renders ---- */

static void check(bool holds, const char *what, const char *detail)
{
    if (!holds) {
        fprintf(stderr, "test_estimate: %s: %s\n", what, detail);
        exit(1);
    }
}

static hydra_compose *make_project(const sample *s, const char *folder)
{
    char path[4096];
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.threads = WORKERS;
    hydra_context *context = NULL;
    hydra_compose *c = NULL;
    check(hydra_context_new(&options, &context) == HYDRA_OK, "context", "failed");
    check(hydra_compose_new(context, &c) == HYDRA_OK, "compose", "failed");
    hydra_context_free(context);
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = s->width;
    canvas.height_px = s->height;
    canvas.fps_num = s->fps;
    check(hydra_compose_set_canvas(c, &canvas) == HYDRA_OK, "canvas", hydra_compose_error(c));
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = s->each_us;
    image.fit = s->fit;
    image.backdrop = s->backdrop;
    for (int32_t i = 0; i < s->photos; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, s->photo[i % 2]);
        check(hydra_compose_add_image(c, path, &image) == HYDRA_OK, path, hydra_compose_error(c));
    }
    if (s->sound) {
        (void)snprintf(path, sizeof path, "%s/song.mp3", folder);
        check(hydra_compose_set_audio(c, path, NULL) == HYDRA_OK, path, hydra_compose_error(c));
    }
    return c;
}

static hydra_render_options render_options(const sample *s)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = s->encoder;
    options.profile = s->profile;
    options.threads = s->threads;
    options.video_bitrate_kbps = s->bitrate_kbps;
    options.in_order = s->to == TO_BUFFER ? HYDRA_IN_ORDER_BUFFERED : HYDRA_IN_ORDER_FRAGMENTED;
    return options;
}

/* Of this process, in bytes: "VmRSS:" now, "VmHWM:" at most so far. (The peak of getrusage is no
 * good: a process inherits it.) */
static int64_t memory_of(const char *field)
{
    char line[256];
    long long kb = -1;
    FILE *file = fopen("/proc/self/status", "re");
    check(file, "/proc/self/status", "cannot be read");
    while (fgets(line, sizeof line, file)) {
        if (strncmp(line, field, strlen(field)) == 0) {
            kb = strtoll(line + strlen(field), NULL, 10);
        }
    }
    (void)fclose(file);
    check(kb > 0, "/proc/self/status", field);
    return kb * 1024;
}

static void run_stream(hydra_compose *c, const hydra_render_options *options, int64_t *bytes)
{
    char name[32];
    int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    check(fd >= 0, "/dev/null", "cannot be opened");
    (void)snprintf(name, sizeof name, "fd:%d", fd);
    hydra_render *render = NULL;
    hydra_result result = {.struct_size = sizeof result};
    check(hydra_render_start(c, name, options, &render) == HYDRA_OK, "start",
          hydra_compose_error(c));
    check(hydra_render_wait(render, HYDRA_AUTO) == HYDRA_OK, "job", hydra_render_error(render));
    check(hydra_render_result(render, &result) == HYDRA_OK, "result", "none");
    *bytes = result.bytes;
    hydra_render_free(render);
    (void)close(fd);
}

static void run_blocking(hydra_compose *c, const sample *s, const hydra_render_options *options,
                         const char *folder, int64_t *bytes)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/out.mp4", folder);
    hydra_result result = {.struct_size = sizeof result};
    hydra_status status = s->to == TO_MEMORY ? hydra_compose_render_memory(c, options)
                                             : hydra_compose_render(c, path, options);
    check(status == HYDRA_OK, "render", hydra_compose_error(c));
    check(hydra_compose_result(c, &result) == HYDRA_OK, "result", "none");
    *bytes = result.bytes;
}

/* Renders project `number` and prints: memory and bytes as estimated, the same as measured. */
static int measure(int number, const char *folder)
{
    const sample *s = &samples[number];
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    hydra_silence_ffmpeg();
    hydra_compose *c = make_project(s, folder);
    hydra_render_options options = render_options(s);
    hydra_estimate estimate = {.struct_size = sizeof estimate};
    int64_t bytes = 0;
    int64_t before = memory_of("VmRSS:");
    check(hydra_compose_estimate(c, &options, &estimate) == HYDRA_OK, "estimate",
          hydra_compose_error(c));
    if (s->to == TO_FRAGMENTS || s->to == TO_BUFFER) {
        run_stream(c, &options, &bytes);
    } else {
        run_blocking(c, s, &options, folder, &bytes);
    }
    printf("%lld %lld %lld %lld\n", (long long)estimate.memory_bytes,
           (long long)estimate.output_bytes, (long long)(memory_of("VmHWM:") - before),
           (long long)bytes);
    hydra_compose_free(c);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[2], "make") != 0) {
        return measure(atoi(argv[1]), argv[2]);
    }
    const char *folder = "/tmp/budget-est";
    char path[256];
    uint32_t seed = 3;
    uint8_t *rgb = malloc(4000 * 3000 * 4);
    for (int i = 0; i < 4000 * 3000; i++) {
        uint32_t p = test_pixel_natural(i % 4000, i / 4000, &seed);
        rgb[3 * i] = p >> 16;
        rgb[3 * i + 1] = p >> 8;
        rgb[3 * i + 2] = p;
    }
#define PUT(n, e) do { test_file f = e; snprintf(path, sizeof path, "%s/%s", folder, n); test_write_file(path, f.data, f.size); printf("%s %zu\n", n, f.size); test_file_free(&f);} while (0)
    PUT("large.jpg", test_make_jpeg(rgb, 4000, 3000, &(test_jpeg){.horizontal = 2, .vertical = 2, .quality=92}));
    PUT("progressive.jpg", test_make_jpeg(rgb, 4000, 3000, &(test_jpeg){.horizontal = 2, .vertical = 2, .progressive = true, .quality=92}));
    PUT("small.jpg", test_make_jpeg(rgb, 1600, 1200, &(test_jpeg){.horizontal = 2, .vertical = 2, .quality=90}));
    PUT("small.png", test_make_picture("png", "rgb24", rgb, 1200, 900, NULL));
    PUT("large.bmp", test_make_picture("bmp", "bgr24", rgb, 4000, 3000, NULL));
    PUT("large.webp", test_make_picture("libwebp", "bgra", rgb, 3000, 3000, "quality=80"));
    PUT("large.gif", test_make_picture("gif", "rgb8", rgb, 3000, 2000, NULL));
    PUT("large.tif", test_make_picture("tiff", "rgb24", rgb, 4000, 3000, NULL));
    PUT("one.heic", test_make_heif(rgb, 2000, 1500, &(test_heif){0}));
    PUT("alpha.heic", test_make_heif(rgb, 2000, 1500, &(test_heif){.alpha=true}));
    PUT("ten.heic", test_make_heif(rgb, 2000, 1500, &(test_heif){.bits=10}));
    PUT("one.avif", test_make_heif(rgb, 2000, 1500, &(test_heif){.av1=true}));
    PUT("lossless.webp", test_make_picture("libwebp", "bgra", rgb, 3000, 3000, "lossless=1"));
    PUT("lzw.tif", test_make_picture("tiff", "rgb24", rgb, 4000, 3000, "compression_algo=lzw"));
    PUT("pal.png", test_make_picture("png", "gray", rgb, 4000, 3000, NULL));
    { uint8_t lv[4000]; for(int i=0;i<4000;i++) lv[i]=(uint8_t)(i*7); PUT("grid.heic", test_make_heif_grid(40,30,lv,2560,1920)); }
    PUT("alpha.png", test_make_picture("png", "rgba", rgb, 3000, 2000, NULL));
    test_sound t = test_sound_new(30, 2, 44100);
    test_sound_add_noise(&t, 0.2);
    test_sound_file sf = test_encode(&t, "mp3", "libmp3lame", 192000);
    test_write_file("/tmp/budget-est/song.mp3", sf.data, sf.size);
    return 0;
}
