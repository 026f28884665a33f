/* SPDX-License-Identifier: MIT */
/*
 * Many renders in one process: "soak COUNT". Small and mixed, up to three at once, a fifth of them
 * cancelled at a random moment, a tenth with broken inputs. Nothing may pile up: after the first 50
 * the memory, threads and descriptors of the process are looked at every 50 renders and must stay
 * as they were.
 */
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compose.h"
#include "media.h"
#include "sound.h"

#define BATCH       3
#define CHECK_EVERY 50
/* What RSS may grow by: a share, and a constant for the noise of small numbers. */
#define GROWTH_PERCENT 5
#define GROWTH_KB      1024

static uint64_t seed = 20240611;
static char *folder;

static uint32_t pick(uint32_t count)
{
    return (uint32_t)((test_random(&seed) >> 33) % count);
}

static void check(bool holds, const char *what, const char *detail)
{
    if (!holds) {
        fprintf(stderr, "soak: %s: %s\n", what, detail);
        exit(1);
    }
}

/* ---- Inputs ---- */

enum {
    PHOTOS = 7,
    SOUNDS = 4,
    BROKEN = 4
};

static test_file photos[PHOTOS];
static int photo_count;
static test_sound_file sounds[SOUNDS];
static test_file broken[BROKEN];

static void make_photos(void)
{
    uint8_t *rgb = test_gradient(160, 4 * 120);
    photos[photo_count++] = test_make_jpeg(rgb, 160, 120, &(test_jpeg){.orientation = 6});
    photos[photo_count++] = test_make_jpeg(rgb, 160, 120, &(test_jpeg){.progressive = true});
    photos[photo_count++] = test_make_picture("png", "rgb24", rgb, 160, 120, NULL);
    photos[photo_count++] = test_make_picture("libwebp", "bgra", rgb, 160, 120, "quality=80");
    photos[photo_count++] = test_make_picture("bmp", "bgr24", rgb, 160, 120, NULL);
#if HY_HAVE_HEIF
    photos[photo_count++] =
        test_make_heif(rgb, 64, 64, &(test_heif){.primaries = 12, .transfer = 13});
    photos[photo_count++] = test_make_heif(rgb, 64, 64, &(test_heif){.av1 = true});
#endif
    free(rgb);
}

/* Cut short, damaged, not a photo, sound that is none. */
static void make_broken(void)
{
    test_file_append(&broken[0], photos[0].data, photos[0].size / 2);
    test_file_append(&broken[1], photos[2].data, photos[2].size);
    memset(broken[1].data + broken[1].size / 2, 0x55, broken[1].size / 4);
    test_file_append(&broken[2], "Dear all, this is a letter.", 27);
    test_file_append(&broken[3], "RIFF....WAVEfmt nothing follows", 31);
}

static void make_sounds(void)
{
    test_sound tone = test_sound_new(0.7, 2, 44100);
    test_sound_add_sine(&tone, 330, 0.5);
    sounds[0] = test_wav(&tone, TEST_WAV_S16);
    sounds[1] = test_encode(&tone, "mp3", "libmp3lame", 96000);
    sounds[2] = test_encode(&tone, "ogg", "libvorbis", 96000);
    sounds[3] = test_encode(&tone, "ipod", "aac", 96000);
    test_sound_free(&tone);
}

static void free_inputs(void)
{
    for (int i = 0; i < photo_count; i++) {
        test_file_free(&photos[i]);
    }
    for (int i = 0; i < SOUNDS; i++) {
        test_sound_file_free(&sounds[i]);
    }
    for (int i = 0; i < BROKEN; i++) {
        test_file_free(&broken[i]);
    }
}

/* ---- Jobs ---- */

typedef struct job {
    hydra_render *render;
    char *path;
    bool broken;
    bool cancelled;
} job;

static struct {
    int done;
    int cancelled;
    int failed;
} outcomes;

static void add_photos(hydra_compose *c)
{
    for (uint32_t i = 0, count = 1 + pick(3); i < count; i++) {
        hydra_image_options options;
        hydra_image_options_init(&options);
        options.duration_us = 300000 + 100000 * (int64_t)pick(4);
        options.fit = (int32_t)pick(3);
        options.backdrop = (int32_t)pick(2);
        options.motion = (int32_t)pick(7);
        const test_file *file = &photos[pick((uint32_t)photo_count)];
        hydra_status status =
            hydra_compose_add_image_memory(c, file->data, file->size, NULL, &options);
        check(status == HYDRA_OK, "adding a photo", hydra_compose_error(c));
    }
}

static void add_sound(hydra_compose *c)
{
    uint32_t which = pick(SOUNDS + 1);
    if (which < SOUNDS) {
        hydra_audio_options options;
        hydra_audio_options_init(&options);
        options.when_short = (int32_t)pick(2);
        hydra_status status = hydra_compose_set_audio_memory(c, sounds[which].data,
                                                             sounds[which].size, NULL, &options);
        check(status == HYDRA_OK, "adding music", hydra_compose_error(c));
    }
}

static void break_project(hydra_compose *c)
{
    uint32_t which = pick(BROKEN + 1);
    if (which == BROKEN) {
        (void)hydra_compose_add_image(c, "/nowhere/photo.jpg", NULL);
    } else if (which == 3) {
        (void)hydra_compose_set_audio_memory(c, broken[3].data, broken[3].size, NULL, NULL);
    } else {
        (void)hydra_compose_add_image_memory(c, broken[which].data, broken[which].size, NULL, NULL);
    }
}

static hydra_compose *new_project(hydra_context *context, bool is_broken)
{
    hydra_compose *c;
    check(hydra_compose_new(context, &c) == HYDRA_OK, "a compose", "no memory");
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = (int32_t)(64 + 2 * pick(64));
    canvas.height_px = (int32_t)(64 + 2 * pick(64));
    canvas.fps_num = 12 + (int32_t)pick(14);
    check(hydra_compose_set_canvas(c, &canvas) == HYDRA_OK, "a canvas", hydra_compose_error(c));
    hydra_transition_options fade;
    hydra_transition_options_init(&fade);
    fade.kind = (int32_t)pick(2);
    fade.duration_us = 100000;
    (void)hydra_compose_set_transition(c, HYDRA_ALL_CUTS, &fade);
    add_photos(c);
    add_sound(c);
    if (is_broken) {
        break_project(c);
    }
    return c;
}

/* Some jobs share a context, others have one of their own. */
static void start(job *j, int number, hydra_context *shared)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%d.mp4", number);
    uint32_t kind = pick(10);
    *j = (job){
        .path = test_path(folder, name), .broken = kind == 0, .cancelled = kind == 1 || kind == 2};
    hydra_compose *c = new_project(pick(4) ? shared : NULL, j->broken);
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = (int32_t)pick(2);
    options.threads = 1 + (int32_t)pick(3);
    hydra_status status = hydra_render_start(c, j->path, &options, &j->render);
    check(status == HYDRA_OK, "starting", hydra_compose_error(c));
    hydra_compose_free(c);
}

static void cancel_sometime(const job *j)
{
    const struct timespec pause = {.tv_nsec = (long)pick(40) * 1000000};
    (void)nanosleep(&pause, NULL);
    hydra_render_cancel(j->render);
}

static void drain_events(hydra_render *render)
{
    hydra_event event = {.struct_size = sizeof event};
    int32_t last = HYDRA_EVENT_NONE;
    do {
        check(hydra_render_next_event(render, &event) == HYDRA_OK, "events", "an error");
        last = event.kind == HYDRA_EVENT_NONE ? last : event.kind;
    } while (event.kind != HYDRA_EVENT_NONE);
    check(last == HYDRA_EVENT_DONE, "events", "the last one is not the end");
}

/* How it ended is one of the ways in which it may. */
static void finish(job *j)
{
    hydra_status status = hydra_render_wait(j->render, HYDRA_AUTO);
    const char *text = hydra_render_error(j->render);
    bool made = access(j->path, F_OK) == 0;
    check(made == (status == HYDRA_OK), "its file", j->path);
    if (status == HYDRA_OK) {
        check(!j->broken, "a broken input was rendered", j->path);
        check(remove(j->path) == 0, j->path, strerror(errno));
        outcomes.done++;
    } else if (status == HYDRA_ERR_CANCELLED) {
        check(j->cancelled, "nobody cancelled", text);
        outcomes.cancelled++;
    } else {
        check(j->broken && (status == HYDRA_ERR_FORMAT || status == HYDRA_ERR_NOT_FOUND),
              hydra_status_name(status), text);
        outcomes.failed++;
    }
    if (pick(2)) {
        drain_events(j->render);
    }
    hydra_render_free(j->render);
    free(j->path);
}

static int run_batch(int first, int most, hydra_context *shared)
{
    job jobs[BATCH];
    int count = 1 + (int)pick(BATCH);
    count = count < most ? count : most;
    for (int i = 0; i < count; i++) {
        start(&jobs[i], first + i, shared);
    }
    for (int i = 0; i < count; i++) {
        if (jobs[i].cancelled) {
            cancel_sometime(&jobs[i]);
        }
    }
    for (int i = 0; i < count; i++) {
        finish(&jobs[i]);
    }
    return count;
}

/* ---- The process ---- */

typedef struct census {
    long rss_kb;
    int threads;
    int descriptors;
} census;

/* `threads`: as many as there should be; 0 = not known yet. */
static census take_census(int threads)
{
    long pages = 0;
    /* What the allocator keeps for later is not piled up. */
    (void)malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "re");
    check(file && fscanf(file, "%*d %ld", &pages) == 1, "/proc/self/statm", "cannot be read");
    (void)fclose(file);
    return (census){
        .rss_kb = pages * (sysconf(_SC_PAGESIZE) / 1024),
        .threads = threads > 0 ? test_count_threads(threads) : test_count_settled_threads(),
        .descriptors = test_count_entries("/proc/self/fd"),
    };
}

static void compare(int renders, const census *base)
{
    census now = take_census(base ? base->threads : 0);
    printf("%4d renders: %ld KB, %d threads, %d descriptors; %d done, %d cancelled, %d failed\n",
           renders, now.rss_kb, now.threads, now.descriptors, outcomes.done, outcomes.cancelled,
           outcomes.failed);
    (void)fflush(stdout);
    check(test_count_entries(folder) == 0, folder, "is not empty");
    if (base) {
        check(now.threads == base->threads, "threads", "their number changed");
        check(now.descriptors == base->descriptors, "descriptors", "their number changed");
        check(now.rss_kb <= base->rss_kb + base->rss_kb * GROWTH_PERCENT / 100 + GROWTH_KB,
              "memory", "it grows");
    }
}

static void soak(int count)
{
    hydra_context *shared;
    census base = {0};
    check(hydra_context_new(NULL, &shared) == HYDRA_OK, "a context", "no memory");
    for (int done = 0; done < count;) {
        int until = CHECK_EVERY - done % CHECK_EVERY;
        done += run_batch(done, until, shared);
        if (done == CHECK_EVERY) {
            compare(done, NULL);
            base = take_census(0);
        } else if (done % CHECK_EVERY == 0) {
            compare(done, &base);
        }
    }
    hydra_context_free(shared);
    check(outcomes.done > 0 && outcomes.cancelled > 0 && outcomes.failed > 0, "outcomes",
          "one of the ways to end was never taken");
}

int main(int argc, char **argv)
{
    int count = argc == 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (count <= CHECK_EVERY) {
        fprintf(stderr, "usage: soak COUNT, more than %d\n", CHECK_EVERY);
        return 2;
    }
    /* glibc gives threads arenas of their own, and what those keep goes up and down by 10 MB. With
     * a single one, and the thresholds that docs/api.md recommends, what grows is a leak. */
    (void)mallopt(M_ARENA_MAX, 1);
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
    hydra_silence_ffmpeg();
    make_photos();
    make_broken();
    make_sounds();
    folder = test_folder_new();
    soak(count);
    test_folder_free(folder);
    free_inputs();
    return 0;
}
