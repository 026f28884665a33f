/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a photo: recognised, its header read, its colours and pixels decoded; or all the way
 * to an asset. Which, and how it is shown, follows from the size of the input, so that the files of
 * the corpus are plain photos.
 */
#include "fuzz.h"
#include "media/media.h"
#include "render/scene.h"

#define PHOTO_PIXELS  (1 << 16)
#define PHOTO_SIDE_PX 8192

static hydra_policy small_policy(void)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_image_pixels = PHOTO_PIXELS;
    policy.max_image_side_px = PHOTO_SIDE_PX;
    return policy;
}

/* ---- Decoding ---- */

typedef struct taker {
    const hy_photo_info *info;
    int64_t rows;
    uint32_t sum;
} taker;

static hydra_status take_rows(void *user, const void *rows, ptrdiff_t stride_bytes, int32_t count)
{
    taker *t = user;
    size_t bytes =
        (size_t)t->info->width * (size_t)t->info->rows.channels * (size_t)(t->info->rows.bits / 8);
    fuzz_check(count >= (rows != NULL));
    for (int32_t y = 0; y < count; y++) {
        const uint8_t *row = (const uint8_t *)rows + y * stride_bytes;
        for (size_t i = 0; i < bytes; i++) {
            t->sum = t->sum * 31 + row[i];
        }
    }
    t->rows += count;
    fuzz_check(t->rows <= t->info->height);
    return HYDRA_OK;
}

static void check_info(const hy_photo_info *info)
{
    fuzz_check(info->width > 0 && info->width <= PHOTO_SIDE_PX);
    fuzz_check(info->height > 0 && info->height <= PHOTO_SIDE_PX);
    fuzz_check((int64_t)info->width * info->height <= PHOTO_PIXELS);
    fuzz_check(info->orientation >= 1 && info->orientation <= 8);
    fuzz_check(info->rows.bits == 8 || info->rows.bits == 16);
    fuzz_check(info->rows.channels >= 1 && info->rows.channels <= 4);
    fuzz_check(!info->rows.cmyk || info->rows.channels == 4);
}

static void convert_colors(hy_photo *photo)
{
    hy_diag diag = {0};
    hy_color *color = NULL;
    fuzz_check_outcome(hy_color_new(photo, &color, &diag), &diag);
    if (color) {
        hy_rgba64 pixels[64];
        for (uint32_t i = 0; i < 64; i++) {
            uint16_t level = (uint16_t)(i * 1040);
            pixels[i] = (hy_rgba64){level, (uint16_t)~level, (uint16_t)(level / 2), 0xffff};
        }
        hy_color_convert(color, pixels, 64);
    }
    hy_color_free(color);
}

static void decode(const uint8_t *data, size_t size, const hydra_policy *policy)
{
    hy_diag diag = {0};
    hy_photo *photo = NULL;
    hydra_status status = hy_photo_open(data, size, "photo", policy, &photo, &diag);
    fuzz_check_outcome(status, &diag);
    fuzz_check((status == HYDRA_OK) == (photo != NULL));
    if (photo) {
        taker t = {.info = hy_photo_info_of(photo)};
        check_info(t.info);
        convert_colors(photo);
        hy_photo_halve(photo, (int32_t)(size / 2 % 3));
        status = hy_photo_decode(photo, take_rows, &t, &diag);
        fuzz_check_outcome(status, &diag);
        fuzz_check(status != HYDRA_OK || t.rows == t.info->height);
    }
    hy_photo_close(photo);
}

/* ---- Preparing ---- */

static void add_photo(hy_project *project, const uint8_t *data, size_t size,
                      const hydra_policy *policy)
{
    hy_diag diag = {0};
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.fit = (int32_t)(size / 2 % 3);
    options.backdrop = (int32_t)(size / 6 % 2);
    options.motion = (int32_t)(size / 12 % 7);
    hy_source source;
    fuzz_check(hy_source_from_memory(&source, data, size, "photo", &diag) == HYDRA_OK);
    fuzz_check(hy_project_add_image(project, &source, &options, policy, &diag) == HYDRA_OK);
    project->width = 64;
    project->height = 96;
}

static void prepare(const uint8_t *data, size_t size, const hydra_policy *policy)
{
    hy_project project;
    hy_project_init(&project);
    add_photo(&project, data, size, policy);
    hy_diag diag = {0};
    hy_meter meter = {0};
    hy_shot shot;
    hy_picture *picture = NULL;
    hy_job job = {.project = &project, .policy = policy};
    hydra_status status = hy_prepare_image(&job, 0, &meter, &shot, &picture, &diag);
    fuzz_check_outcome(status, &diag);
    fuzz_check((status == HYDRA_OK) == (picture != NULL));
    hy_picture_free(picture);
    fuzz_check(atomic_load(&meter.current_bytes) == 0);
    hy_project_free(&project);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    hy_silence_ffmpeg();
    hydra_policy policy = small_policy();
    int32_t orientation = hy_exif_orientation(data, size);
    fuzz_check(orientation >= 1 && orientation <= 8);
    if (size % 2 == 1) {
        prepare(data, size, &policy);
    } else {
        decode(data, size, &policy);
    }
    return 0;
}
