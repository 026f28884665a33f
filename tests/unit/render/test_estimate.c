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

/* Its guess of the output of constant quality: how far it may be off either way. */
#define OUTPUT_FACTOR 4

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
    int32_t codec;
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
#if HY_HAVE_X265
    {
        .name = "HEVC",
        .width = 720,
        .height = 1280,
        .fps = 30,
        .encoder = HYDRA_ENCODER_X265,
        .codec = HYDRA_CODEC_HEVC,
        .profile = HYDRA_PROFILE_DEFAULT,
        .threads = 2,
        .photos = 3,
        .each_us = 700000,
        .photo = {"small.jpg", "large.jpg"},
    },
    {
        .name = "HEVC of more threads than CPUs",
        .width = 480,
        .height = 640,
        .fps = 30,
        .encoder = HYDRA_ENCODER_X265,
        .codec = HYDRA_CODEC_HEVC,
        .profile = HYDRA_PROFILE_QUALITY,
        .threads = 8,
        .photos = 3,
        .each_us = 700000,
        .photo = {"small.jpg", "small.png"},
    },
#endif
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

static hydra_compose *make_project(const sample *s, const char *media)
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
        (void)snprintf(path, sizeof path, "%s/%s", media, s->photo[i % 2]);
        check(hydra_compose_add_image(c, path, &image) == HYDRA_OK, path, hydra_compose_error(c));
    }
    if (s->sound) {
        (void)snprintf(path, sizeof path, "%s/song.mp3", media);
        check(hydra_compose_set_audio(c, path, NULL) == HYDRA_OK, path, hydra_compose_error(c));
    }
    return c;
}

static hydra_render_options render_options(const sample *s)
{
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.encoder = s->encoder;
    options.codec = s->codec;
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
                         const char *media, int64_t *bytes)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/out.mp4", media);
    hydra_result result = {.struct_size = sizeof result};
    hydra_status status = s->to == TO_MEMORY ? hydra_compose_render_memory(c, options)
                                             : hydra_compose_render(c, path, options);
    check(status == HYDRA_OK, "render", hydra_compose_error(c));
    check(hydra_compose_result(c, &result) == HYDRA_OK, "result", "none");
    *bytes = result.bytes;
}

/* Renders project `number` and prints: memory and bytes as estimated, the same as measured. */
static int measure(int number, const char *media)
{
    const sample *s = &samples[number];
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    hydra_silence_ffmpeg();
    hydra_compose *c = make_project(s, media);
    hydra_render_options options = render_options(s);
    hydra_estimate estimate = {.struct_size = sizeof estimate};
    int64_t bytes = 0;
    int64_t before = memory_of("VmRSS:");
    check(hydra_compose_estimate(c, &options, &estimate) == HYDRA_OK, "estimate",
          hydra_compose_error(c));
    if (s->to == TO_FRAGMENTS || s->to == TO_BUFFER) {
        run_stream(c, &options, &bytes);
    } else {
        run_blocking(c, s, &options, media, &bytes);
    }
    printf("%lld %lld %lld %lld\n", (long long)estimate.memory_bytes,
           (long long)estimate.output_bytes, (long long)(memory_of("VmHWM:") - before),
           (long long)bytes);
    hydra_compose_free(c);
    return 0;
}

/* ---- The test ---- */

static char *folder;
static char program[4096];

static uint8_t *make_pixels(int width, int height)
{
    uint32_t seed = 3;
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 4); /* also read as four samples each */
    assert_non_null(rgb);
    for (int i = 0; i < width * height; i++) {
        uint32_t pixel = test_pixel_natural(i % width, i / width, &seed);
        for (int c = 0; c < 3; c++) {
            rgb[3 * i + c] = (uint8_t)(pixel >> (16 - 8 * c));
        }
    }
    memset(rgb + (size_t)width * (size_t)height * 3, 0x80, (size_t)width * (size_t)height);
    return rgb;
}

static void keep(const char *name, const void *data, size_t size)
{
    char *path = test_path(folder, name);
    test_write_file(path, data, size);
    free(path);
}

static void keep_picture(const char *name, test_file file)
{
    keep(name, file.data, file.size);
    test_file_free(&file);
}

static int make_media(void **state)
{
    (void)state;
    folder = test_folder_new();
    uint8_t *rgb = make_pixels(4000, 3000);
    test_jpeg usual = {.horizontal = 2, .vertical = 2, .quality = 90};
    test_jpeg progressive = usual;
    progressive.progressive = true;
    keep_picture("large.jpg", test_make_jpeg(rgb, 4000, 3000, &usual));
    keep_picture("progressive.jpg", test_make_jpeg(rgb, 4000, 3000, &progressive));
    keep_picture("small.jpg", test_make_jpeg(rgb, 1600, 1200, &usual));
    keep_picture("small.png", test_make_picture("png", "rgb24", rgb, 1200, 900, NULL));
    keep_picture("alpha.png", test_make_picture("png", "rgba", rgb, 2400, 2000, NULL));
    free(rgb);
    test_sound sound = test_sound_new(30, 2, 44100);
    test_sound_add_noise(&sound, 0.2);
    test_sound_file song = test_encode(&sound, "mp3", "libmp3lame", 192000);
    keep("song.mp3", song.data, song.size);
    test_sound_file_free(&song);
    test_sound_free(&sound);
    return 0;
}

static int remove_media(void **state)
{
    (void)state;
    test_folder_free(folder);
    return 0;
}

typedef struct figures {
    long long memory_estimated;
    long long output_estimated;
    long long memory;
    long long output;
} figures;

/* In a process that has done nothing before. */
static figures measure_apart(int number)
{
    int ends[2];
    char text[32];
    (void)snprintf(text, sizeof text, "%d", number);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        /* Set by meson: glibc then writes to all that is allocated, needed or not. */
        (void)unsetenv("MALLOC_PERTURB_");
        (void)execl(program, program, text, folder, (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    FILE *out = fdopen(ends[0], "r");
    assert_non_null(out);
    figures got;
    int fields = fscanf(out, "%lld %lld %lld %lld", &got.memory_estimated, &got.output_estimated,
                        &got.memory, &got.output);
    (void)fclose(out);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(fields, 4);
    return got;
}

/* One measurement; whether the memory is as estimated. */
static bool fits(int number)
{
    const sample *s = &samples[number];
    figures f = measure_apart(number);
    /* Bytes that stay in memory are the caller's choice, not the project's. */
    bool kept = s->to == TO_MEMORY || s->to == TO_BUFFER;
    double expected = (double)(f.memory_estimated + (kept ? f.output : 0));
    double percent = (expected / (double)f.memory - 1) * 100;
    print_message("%-28s %6.1f MB, estimated %6.1f MB: %+.1f %%\n", s->name, (double)f.memory / 1e6,
                  expected / 1e6, percent);
    if (f.output_estimated > OUTPUT_FACTOR * f.output ||
        f.output > OUTPUT_FACTOR * f.output_estimated) {
        fail_msg("%s: %lld bytes, estimated %lld", s->name, f.output, f.output_estimated);
    }
    return percent <= PERCENT && percent >= -PERCENT;
}

static void test_memory_is_as_estimated(void **state)
{
    (void)state;
    int wrong = 0;
    for (int i = 0; i < SAMPLE_COUNT; i++) {
        /* Which threads hold what at the same moment makes some two percent. */
        wrong += !fits(i) && !fits(i) && !fits(i);
    }
    assert_int_equal(wrong, 0);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        return measure(atoi(argv[1]), argv[2]);
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    check(length > 0, "/proc/self/exe", "cannot be read");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_as_estimated),
    };
    return cmocka_run_group_tests(tests, make_media, remove_media);
}
