/* SPDX-License-Identifier: MIT */
/*
 * "make_seeds FOLDER" writes what fuzzing starts from into FOLDER/TARGET: one small valid input of
 * each kind that the library reads. The kept corpus grew from these.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <libavutil/intreadwrite.h>

#include "compose.h"
#include "media.h"
#include "sound.h"

#define W 24
#define H 16

static const char *root;

static void write_seed(const char *target, const char *name, const void *data, size_t size)
{
    char *folder = test_path(root, target);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fail_msg("%s: %s", folder, strerror(errno));
    }
    char *path = test_path(folder, name);
    test_write_file(path, data, size);
    free(path);
    free(folder);
}

/* ---- Photos ---- */

static void photo(const char *name, test_file file)
{
    write_seed("photo", name, file.data, file.size);
    test_file_free(&file);
}

static void make_jpegs(const uint8_t *rgb, const uint8_t *four)
{
    photo("jpeg", test_make_jpeg(rgb, W, H, &(test_jpeg){.quality = 60, .orientation = 6}));
    photo("jpeg-420",
          test_make_jpeg(
              rgb, W, H,
              &(test_jpeg){.quality = 60, .horizontal = 2, .vertical = 2, .progressive = true}));
    photo("jpeg-grey", test_make_jpeg(rgb, W, H, &(test_jpeg){.kind = TEST_JPEG_GREY}));
    photo("jpeg-rgb", test_make_jpeg(rgb, W, H, &(test_jpeg){.kind = TEST_JPEG_RGB}));
    photo("jpeg-cmyk", test_make_jpeg(four, W, H, &(test_jpeg){.kind = TEST_JPEG_CMYK}));
    photo("jpeg-ycck", test_make_jpeg(four, W, H, &(test_jpeg){.kind = TEST_JPEG_YCCK}));
}

static void make_pngs(const uint8_t *rgb, const uint8_t *four)
{
    static const uint8_t chromaticities[32] = {0, 0, 0x7a, 0x26, 0, 0, 0x80, 0x84, 0, 0, 0xfa};
    static const uint8_t gamma[4] = {0, 0, 0xb1, 0x8f};
    test_file exif = test_make_exif(3, false);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    photo("png-exif", test_png_with_chunk(&png, "eXIf", exif.data, exif.size));
    photo("png-gamma", test_png_with_chunk(&png, "gAMA", gamma, sizeof gamma));
    photo("png-chrm", test_png_with_chunk(&png, "cHRM", chromaticities, sizeof chromaticities));
    photo("png-icc", test_png_with_icc(&png, four, 200));
    test_file_free(&png);
    test_file_free(&exif);
    photo("png-palette", test_make_picture("png", "pal8", four, W, H, NULL));
    photo("png-16", test_make_picture("png", "rgba64be", four, W, H, NULL));
    photo("png-grey-alpha", test_make_picture("png", "ya8", four, W, H, NULL));
    photo("png-1-bit", test_make_picture("png", "monob", four, W, H, NULL));
}

static void make_others(const uint8_t *rgb, const uint8_t *four)
{
    photo("gif", test_make_picture("gif", "pal8", four, W, H, NULL));
    photo("bmp-24", test_make_picture("bmp", "bgr24", rgb, W, H, NULL));
    photo("bmp-32", test_make_picture("bmp", "bgra", four, W, H, NULL));
    photo("bmp-565", test_make_picture("bmp", "rgb565le", four, W, H, NULL));
    photo("bmp-palette", test_make_picture("bmp", "pal8", four, W, H, NULL));
    photo("tiff", test_make_picture("tiff", "rgb24", rgb, W, H, "compression_algo=raw"));
    photo("tiff-deflate",
          test_make_picture("tiff", "rgba", four, W, H, "compression_algo=deflate"));
    photo("tiff-lzw", test_make_picture("tiff", "gray16le", four, W, H, "compression_algo=lzw"));
    photo("tiff-packbits",
          test_make_picture("tiff", "pal8", four, W, H, "compression_algo=packbits"));
    photo("webp-lossless", test_make_picture("libwebp", "bgra", four, W, H, "lossless=1"));
    test_file exif = test_make_exif(8, true);
    test_file webp = test_make_picture("libwebp", "yuv420p", rgb, W, H, "quality=60");
    photo("webp-extended", test_webp_extended(&webp, W, H, false, NULL, &exif));
    photo("webp", webp);
    photo("webp-alpha", test_make_picture("libwebp", "bgra", four, W, H, "quality=60"));
    test_file_free(&exif);
}

static void make_photos(void)
{
    uint8_t *rgb = test_gradient(W, 4 * H);
    uint8_t *four = malloc((size_t)W * H * 8);
    assert_non_null(four);
    uint64_t seed = 5;
    for (int i = 0; i < W * H * 8; i++) {
        four[i] = (uint8_t)(i / 7 + (int)(test_random(&seed) >> 61));
    }
    make_jpegs(rgb, four);
    make_pngs(rgb, four);
    make_others(rgb, four);
#if HY_HAVE_HEIF
    static const uint8_t levels[4] = {20, 60, 100, 140};
    photo("heic", test_make_heif(rgb, W, H, &(test_heif){.primaries = 12, .transfer = 13}));
    photo("avif-alpha",
          test_make_heif(four, W, H, &(test_heif){.av1 = true, .alpha = true, .orientation = 5}));
    photo("heic-grid", test_make_heif_grid(2, 2, levels, 100, 90));
#endif
    free(rgb);
    free(four);
}

/* ---- Sound ---- */

static void sound(const char *name, test_sound_file file)
{
    write_seed("audio", name, file.data, file.size);
    test_sound_file_free(&file);
}

static void make_sounds(void)
{
    static const struct {
        const char *name;
        const char *format;
        const char *encoder;
        int64_t bit_rate;
    } kinds[] = {
        {"mp3", "mp3", "libmp3lame", 64000}, {"vorbis", "ogg", "libvorbis", 64000},
        {"opus", "ogg", "libopus", 32000},   {"flac", "matroska", "flac", 0},
        {"ogg-flac", "ogg", "flac", 0},      {"aac", "adts", "aac", 64000},
        {"m4a", "ipod", "aac", 64000},       {"mkv", "matroska", "libopus", 32000},
        {"aiff", "aiff", "pcm_s16be", 0},    {"caf", "caf", "pcm_s16be", 0},
        {"au", "au", "pcm_mulaw", 0},        {"mp2", "mp2", "mp2", 64000},
        {"ac3", "ac3", "ac3", 64000},        {"adpcm", "wav", "adpcm_ms", 0},
        {"ts", "mpegts", "mp2", 64000},      {"alac", "mov", "alac", 0},
        {"w64", "w64", "pcm_s24le", 0},      {"avi", "avi", "pcm_s16le", 0},
        {"asf", "asf", "wmav2", 64000},
    };
    test_sound tone = test_sound_new(0.03, 2, 48000);
    test_sound_add_sine(&tone, 440, 0.4);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        sound(kinds[i].name,
              test_encode(&tone, kinds[i].format, kinds[i].encoder, kinds[i].bit_rate));
    }
    test_sound_free(&tone);
    test_sound low = test_sound_new(0.05, 1, 8000);
    test_sound_add_noise(&low, 0.9);
    for (int format = TEST_WAV_U8; format <= TEST_WAV_F32; format++) {
        char name[] = {'w', 'a', 'v', (char)('0' + format), '\0'};
        sound(name, test_wav(&low, format));
    }
    test_sound_free(&low);
    sound("m3u", test_file_from_text("#EXTM3U\n#EXT-X-VERSION:3\n/etc/passwd\n"));
}

/* ---- Projects and heads ---- */

static void make_plans(void)
{
    uint64_t seed = 99;
    for (int i = 0; i < 40; i++) {
        uint8_t bytes[400];
        for (size_t k = 0; k < sizeof bytes; k++) {
            bytes[k] = (uint8_t)(test_random(&seed) >> 56);
        }
        char name[16];
        (void)snprintf(name, sizeof name, "%d", i);
        write_seed("plan", name, bytes, sizeof bytes);
    }
}

/* The record of an HEVC file, and the parameter sets in it as an encoder hands them out. */
static void make_hevc(const uint8_t *head, size_t size)
{
    const uint8_t *box = memmem(head, size, "hvcC", 4);
    assert_non_null(box);
    size_t record_size = AV_RB32(box - 4) - 8;
    const uint8_t *record = box + 4;
    test_file seed = {0};
    test_file_append(&seed, "\1", 1);
    test_file_append(&seed, record, record_size);
    write_seed("hevc", "record", seed.data, seed.size);
    test_file_free(&seed);
    test_file_append(&seed, "", 1);
    for (size_t at = 23; at < record_size;) { /* arrays of one unit each */
        size_t length = AV_RB16(record + at + 3);
        test_file_append(&seed, "\0", 2);
        test_file_append(&seed, record + at + 3, 2 + length);
        at += 5 + length;
    }
    write_seed("hevc", "sets", seed.data, seed.size);
    test_file_free(&seed);
}

/* Everything up to and with the header of mdat, behind the number of bytes that follow it. */
static void make_head(const char *name, int32_t codec, bool audio)
{
    const uint32_t color = 0x336699;
    hydra_compose *c = test_compose(1, 64, 64, 10, 1);
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = 1000000;
    test_add_picture(c, 64, 64, test_pixel_natural, &color, &options);
    test_add_picture(c, 64, 64, test_pixel_color, &color, &options);
    if (audio) {
        test_add_tone(c, 2, NULL);
    }
    size_t size;
    hydra_render_options render;
    hydra_render_options_init(&render);
    render.codec = codec;
    assert_compose_ok(c, hydra_compose_render_memory(c, &render));
    const void *bytes = NULL;
    assert_int_equal(hydra_compose_output(c, &bytes, &size), HYDRA_OK);
    const uint8_t *video = bytes;
    size_t head = 0;
    while (memcmp(video + head + 4, "mdat", 4) != 0) {
        head += AV_RB32(video + head);
    }
    head += 8;
    /* Without the room that was kept for a larger index. */
    test_file seed = {0};
    uint8_t behind[4];
    AV_WB32(behind, (uint32_t)(size - head));
    test_file_append(&seed, behind, sizeof behind);
    for (size_t at = 0; at < head;) {
        size_t box = at + 8 == head ? 8 : AV_RB32(video + at);
        if (memcmp(video + at + 4, "free", 4) != 0) {
            test_file_append(&seed, video + at, box);
        }
        at += box;
    }
    write_seed("mp4_head", name, seed.data, seed.size);
    if (codec == HYDRA_CODEC_HEVC) {
        make_hevc(video, size);
    }
    test_file_free(&seed);
    hydra_compose_free(c);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: make_seeds FOLDER\n");
        return 2;
    }
    root = argv[1];
    hy_silence_ffmpeg();
    make_photos();
    make_sounds();
    make_plans();
#if HY_HAVE_X264
    make_head("pictures", HYDRA_CODEC_H264, false);
    make_head("sound", HYDRA_CODEC_H264, true);
#endif
#if HY_HAVE_X265
    make_head("hevc", HYDRA_CODEC_HEVC, false);
#endif
    return 0;
}
