/* SPDX-License-Identifier: MIT */
/*
 * Photos that are no photos, cut short, larger than allowed, or full of wrong bits: an error that
 * names the file and the cause, or a whole picture; never half of one, and no reads outside (the
 * suite runs under ASan and UBSan too).
 */
#include <stdlib.h>
#include <string.h>

#include <libavutil/log.h>

#include "media.h"
#include "support.h"

#define W 40
#define H 28

/* ---- One small file of each kind ---- */

typedef struct sample {
    const char *name;
    test_file file;
} sample;

#define MAX_SAMPLES 24

static sample samples[MAX_SAMPLES];
static int sample_count;

static void add(const char *name, test_file file)
{
    assert_true(sample_count < MAX_SAMPLES);
    samples[sample_count++] = (sample){name, file};
}

static void add_jpegs(const uint8_t *rgb, const uint8_t *four)
{
    add("JPEG", test_make_jpeg(rgb, W, H, &(test_jpeg){.orientation = 6}));
    add("JPEG 4:2:0 progressive",
        test_make_jpeg(rgb, W, H,
                       &(test_jpeg){.horizontal = 2, .vertical = 2, .progressive = true}));
    add("JPEG grey", test_make_jpeg(rgb, W, H, &(test_jpeg){.kind = TEST_JPEG_GREY}));
    add("JPEG ink", test_make_jpeg(four, W, H, &(test_jpeg){.kind = TEST_JPEG_YCCK}));
}

static void add_others(const uint8_t *rgb, const uint8_t *four)
{
    test_file exif = test_make_exif(3, false);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    add("PNG with EXIF", test_png_with_chunk(&png, "eXIf", exif.data, exif.size));
    test_file_free(&png);
    add("PNG palette", test_make_picture("png", "pal8", four, W, H, NULL));
    add("PNG 16 bits", test_make_picture("png", "rgba64be", four, W / 2, H, NULL));
    add("GIF", test_make_picture("gif", "pal8", four, W, H, NULL));
    add("BMP", test_make_picture("bmp", "bgr24", rgb, W, H, NULL));
    add("BMP palette", test_make_picture("bmp", "pal8", four, W, H, NULL));
    add("TIFF", test_make_picture("tiff", "rgb24", rgb, W, H, "compression_algo=raw"));
    add("TIFF deflate", test_make_picture("tiff", "rgba", four, W, H, "compression_algo=deflate"));
    add("TIFF LZW", test_make_picture("tiff", "gray16le", four, W, H, "compression_algo=lzw"));
    add("WebP lossless", test_make_picture("libwebp", "bgra", four, W, H, "lossless=1"));
    test_file webp = test_make_picture("libwebp", "bgra", four, W, H, "quality=80");
    add("WebP lossy with alpha", webp);
    test_file_free(&exif);
}

static int make_samples(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_QUIET);
    uint8_t *rgb = test_gradient(W, 4 * H);
    uint8_t *four = malloc((size_t)W * H * 8);
    uint64_t seed = 5;
    for (int i = 0; i < W * H * 8; i++) {
        four[i] = (uint8_t)(i / 7 + (int)(test_random(&seed) >> 60));
    }
    add_jpegs(rgb, four);
    add_others(rgb, four);
#if HY_HAVE_HEIF
    static const uint8_t levels[4] = {20, 60, 100, 140};
    add("HEIC", test_make_heif(rgb, W, H, &(test_heif){.primaries = 12, .transfer = 13}));
    add("AVIF with alpha", test_make_heif(four, W, H, &(test_heif){.av1 = true, .alpha = true}));
    add("HEIC grid", test_make_heif_grid(2, 2, levels, 100, 90));
#endif
    free(rgb);
    free(four);
    return 0;
}

static int free_samples(void **state)
{
    (void)state;
    for (int i = 0; i < sample_count; i++) {
        test_file_free(&samples[i].file);
    }
    return 0;
}

/* ---- Not a photo ---- */

static void assert_refused(const void *data, size_t size, hydra_status expected, const char *part)
{
    test_file file = {0};
    test_file_append(&file, data, size);
    test_photo photo;
    hy_diag diag = {0};
    hydra_status status = test_decode(&file, &photo, &diag);
    if (status != expected) {
        fail_msg("%s instead of %s: %s", hydra_status_name(status), hydra_status_name(expected),
                 diag.text);
    }
    assert_failed(status, expected, &diag, part);
    assert_int_equal(strncmp(diag.text, "photo: ", 7), 0);
    test_file_free(&file);
}

static void refuses_what_is_no_photo(void **state)
{
    (void)state;
    static const char text[] = "Dear all, this is a letter that was renamed to holiday.jpg.";
    assert_refused("", 0, HYDRA_ERR_FORMAT, "empty");
    assert_refused("x", 1, HYDRA_ERR_FORMAT, "not a picture");
    assert_refused(text, sizeof text, HYDRA_ERR_FORMAT, "not a picture");
    assert_refused("BMW and other cars, a long text", 31, HYDRA_ERR_FORMAT, "not a picture");
    for (size_t size = 1; size < 64; size++) {
        uint8_t zeros[64] = {0};
        assert_refused(zeros, size, HYDRA_ERR_FORMAT, "not a picture");
    }
}

static void names_what_it_does_not_read(void **state)
{
    (void)state;
#define KNOWN(bytes, name) assert_refused(bytes, sizeof(bytes), HYDRA_ERR_UNSUPPORTED, name)
    KNOWN("\xff\x0a..............", "JPEG XL");
    KNOWN("\0\0\0\x0cJXL \r\n\x87\n....", "JPEG XL");
    KNOWN("\0\0\0\x0cjP  \r\n\x87\n....", "JPEG 2000");
    KNOWN("8BPS............", "Photoshop");
    KNOWN("<svg xmlns=''/>", "SVG");
    KNOWN("%PDF-1.7........", "PDF");
    KNOWN("\0\0\0\x20"
          "ftypisom....",
          "video");
    KNOWN("\0\0\0\x20"
          "ftypqt  ....",
          "video");
    KNOWN("\x1a\x45\xdf\xa3............", "video");
    KNOWN("RIFF....WAVEfmt ", "sound");
    KNOWN("OggS............", "sound");
    KNOWN("II*\0\x10\0\0\0CR\x02\0....", "Canon raw");
    KNOWN("II+\0\x08\0\0\0........", "BigTIFF");
#undef KNOWN
}

/* ---- Cut short ---- */

/* A whole picture may come out only when the cut took nothing from it. */
static void check_cut(const sample *s, const test_photo *whole, size_t size)
{
    test_file cut = {s->file.data, size};
    test_photo photo;
    hy_diag diag = {0};
    hydra_status status = test_decode(&cut, &photo, &diag);
    if (status == HYDRA_OK) {
        if (photo.info.height != whole->info.height || photo.row_bytes != whole->row_bytes ||
            memcmp(photo.rows, whole->rows, whole->row_bytes * (size_t)whole->info.height) != 0) {
            fail_msg("%s cut to %zu of %zu bytes: half a picture", s->name, size, s->file.size);
        }
        test_photo_free(&photo);
    } else if (status != HYDRA_ERR_FORMAT) {
        fail_msg("%s cut to %zu bytes: %s", s->name, size, diag.text);
    }
}

static void refuses_cut_files(void **state)
{
    (void)state;
    for (int i = 0; i < sample_count; i++) {
        const sample *s = &samples[i];
        test_photo whole;
        hy_diag diag = {0};
        assert_ok(test_decode(&s->file, &whole, &diag), &diag);
        size_t step = s->file.size / 250 + 1;
        for (size_t size = 0; size < s->file.size; size += step) {
            check_cut(s, &whole, size);
        }
        for (size_t left = 1; left < 24; left++) {
            check_cut(s, &whole, s->file.size - left);
        }
        test_photo_free(&whole);
    }
}

/* The picture data of a PNG ends early, but every chunk is whole. */
static void refuses_png_with_missing_rows(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    test_file taller = {0};
    uint8_t header[13];
    memcpy(header, png.data + 16, sizeof header);
    header[7] = H + 1;
    test_file chunk = test_make_png_chunk("IHDR", header, sizeof header);
    test_file_append(&taller, png.data, 8);
    test_file_append(&taller, chunk.data, chunk.size);
    test_file_append(&taller, png.data + 33, png.size - 33);
    assert_refused(taller.data, taller.size, HYDRA_ERR_FORMAT, "PNG");
    png.data[png.size - 12 - 6] ^= 1; /* check sum of the last IDAT */
    assert_refused(png.data, png.size, HYDRA_ERR_FORMAT, "damaged");
    test_file_free(&chunk);
    test_file_free(&taller);
    test_file_free(&png);
    free(rgb);
}

/* ---- Too large, or nothing ---- */

static void put_le(uint8_t *p, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> 8 * i);
    }
}

static void put_be(uint8_t *p, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        p[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
    }
}

/* A file of that format whose header claims the size. */
static test_file claim(const char *format, uint32_t width, uint32_t height)
{
    test_file file = {0};
    for (int i = 0; i < sample_count; i++) {
        if (strcmp(samples[i].name, format) == 0) {
            test_file_append(&file, samples[i].file.data, samples[i].file.size);
        }
    }
    assert_true(file.size > 40);
    if (strncmp(format, "JPEG", 4) == 0) {
        uint8_t *frame = memmem(file.data, file.size, "\xff\xc2", 2);
        frame = frame ? frame : memmem(file.data, file.size, "\xff\xc0", 2);
        put_be(frame + 5, height, 2);
        put_be(frame + 7, width, 2);
    } else if (strncmp(format, "PNG", 3) == 0) {
        put_be(file.data + 16, width, 4);
        put_be(file.data + 20, height, 4);
    } else if (strcmp(format, "GIF") == 0) {
        put_le(file.data + 6, width, 2);
        put_le(file.data + 8, height, 2);
    } else if (strcmp(format, "BMP") == 0) {
        put_le(file.data + 18, width, 4);
        put_le(file.data + 22, height, 4);
    } else if (strcmp(format, "TIFF") == 0) {
        uint8_t *entry = memmem(file.data, file.size, "\0\1\4\0\1\0\0\0", 8);
        put_le(entry + 8, width, 4);
        entry = memmem(file.data, file.size, "\1\1\4\0\1\0\0\0", 8);
        put_le(entry + 8, height, 4);
    } else if (strcmp(format, "HEIC") == 0 || strcmp(format, "HEIC grid") == 0) {
        size_t from = 0;
        uint8_t *box;
        while ((box = memmem(file.data + from, file.size - from, "ispe", 4))) {
            put_be(box + 8, width, 4);
            put_be(box + 12, height, 4);
            from = (size_t)(box - file.data) + 4;
        }
    }
    return file;
}

static void assert_claim(const char *format, uint32_t width, uint32_t height, hydra_status expected,
                         const char *part)
{
    test_file file = claim(format, width, height);
    assert_refused(file.data, file.size, expected, part);
    test_file_free(&file);
}

static void holds_headers_against_the_limits(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        uint32_t largest; /* that its header can say */
    } formats[] = {
        {"JPEG", 65500},
        {"JPEG 4:2:0 progressive", 65500},
        {"PNG with EXIF", 100000},
        {"GIF", 65535},
        {"BMP", 100000},
        {"TIFF", 100000},
#if HY_HAVE_HEIF
        {"HEIC", 100000},
#endif
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const char *format = formats[i].format;
        uint32_t largest = formats[i].largest;
        assert_claim(format, largest, 1, HYDRA_ERR_LIMIT, "");
        assert_claim(format, 65000, 65000, HYDRA_ERR_LIMIT, "");
        assert_claim(format, 20000, 20000, HYDRA_ERR_LIMIT, "20000 x 20000 pixels");
        assert_claim(format, 20000, 20000, HYDRA_ERR_LIMIT, "max_image_pixels = 200000000");
        assert_claim(format, 0, 20, HYDRA_ERR_FORMAT, "");
        assert_claim(format, 20, 0, HYDRA_ERR_FORMAT, "");
    }
    assert_claim("JPEG", 65535, 65535, HYDRA_ERR_LIMIT, "65535 x 65535 pixels");
    assert_claim("PNG with EXIF", 65535, 65535, HYDRA_ERR_LIMIT, "max_image_side_px = 32768");
    assert_claim("PNG with EXIF", 100000, 1, HYDRA_ERR_LIMIT, "100000 x 1 pixels");
    assert_claim("PNG with EXIF", 0x7fffffff, 0x7fffffff, HYDRA_ERR_LIMIT, "max_image_side_px");
    assert_claim("PNG with EXIF", 0xffffffff, 0xffffffff, HYDRA_ERR_LIMIT, "max_image_side_px");
    assert_claim("BMP", 0x80000000, 0x80000000, HYDRA_ERR_FORMAT, "no pixels");
}

/* Headers that claim a size within the limits, with next to nothing behind. */
static void refuses_small_bombs(void **state)
{
    (void)state;
    static const char *const formats[] = {"JPEG", "PNG with EXIF", "BMP", "TIFF", "HEIC"};
    for (int i = 0; i < 4 + HY_HAVE_HEIF; i++) {
        test_file file = claim(formats[i], 4000, 3000);
        test_photo photo;
        hy_diag diag = {0};
        assert_int_equal(test_decode(&file, &photo, &diag), HYDRA_ERR_FORMAT);
        test_file_free(&file);
    }
}

/* 14000 x 14000 pixels of 8 bytes: 1.5 GB, from a file that may be small. */
static void bounds_memory_of_whole_pictures(void **state)
{
    (void)state;
    assert_claim("PNG 16 bits", 14000, 14000, HYDRA_ERR_LIMIT,
                 "decoding PNG of 14000 x 14000 pixels may need 1568000000 bytes, more than "
                 "max_decode_bytes = 536870912");
    assert_claim("TIFF", 14000, 14000, HYDRA_ERR_LIMIT, "588000000 bytes");
    assert_claim("GIF", 14000, 14000, HYDRA_ERR_LIMIT, "784000000 bytes");
    assert_claim("BMP", 14000, 14000, HYDRA_ERR_FORMAT, "cut short");
    assert_claim("JPEG", 14000, 14000, HYDRA_ERR_FORMAT, "");
    assert_claim("PNG palette", 14000, 14000, HYDRA_ERR_FORMAT, "");
}

static int64_t expected_bytes(const char *name)
{
    static const struct {
        const char *name;
        int64_t bytes;
    } kinds[] = {
        {"JPEG", 64 * W * 3},
        {"JPEG grey", 64 * W},
        {"JPEG ink", 64 * W * 4},
        /* 3 x 2 units of 16 x 16 pixels: 6 * (4 + 1 + 1) blocks of 64 coefficients. */
        {"JPEG 4:2:0 progressive", 64 * W * 3 + 36 * 64 * 2},
        {"PNG with EXIF", W * H * 3},
        {"PNG palette", W * H},
        {"PNG 16 bits", W / 2 * H * 8},
        {"GIF", W * H * 4},
        {"BMP", W * H * 3},
        {"TIFF", W * H * 3},
        {"TIFF deflate", W * H * 8},
        {"TIFF LZW", W * H * 2},
        {"WebP lossless", W * H * 5},
        {"WebP lossy with alpha", W * H * 8},
        {"HEIC", 64 * 64 * 9}, /* coded in 4:4:4, twice, and rows */
        {"AVIF with alpha", W * H * (4 * 3 + 4)},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(name, kinds[i].name) == 0) {
            return kinds[i].bytes;
        }
    }
    return 0;
}

static void knows_its_memory_from_the_header(void **state)
{
    (void)state;
    for (int i = 0; i < sample_count; i++) {
        hydra_policy policy;
        hydra_policy_init(&policy);
        test_photo photo;
        hy_diag diag = {0};
        assert_ok(test_decode(&samples[i].file, &photo, &diag), &diag);
        int64_t bytes = photo.info.decode_bytes;
        int64_t expected = expected_bytes(samples[i].name);
        test_photo_free(&photo);
        if (expected != 0 && bytes != expected) {
            fail_msg("%s: %lld bytes", samples[i].name, (long long)bytes);
        }
        policy.max_decode_bytes = bytes;
        assert_ok(test_decode_within(&samples[i].file, &policy, &photo, &diag), &diag);
        test_photo_free(&photo);
        policy.max_decode_bytes = bytes - 1;
        assert_failed(test_decode_within(&samples[i].file, &policy, &photo, &diag), HYDRA_ERR_LIMIT,
                      &diag, "more than max_decode_bytes = ");
    }
}

/* Coefficients of 200 megapixels in 4:4:4 would take 1.2 GB. */
static void bounds_progressive_memory(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file file = test_make_jpeg(rgb, W, H, &(test_jpeg){.progressive = true});
    uint8_t *frame = memmem(file.data, file.size, "\xff\xc2", 2);
    assert_non_null(frame);
    put_be(frame + 5, 14000, 2);
    put_be(frame + 7, 14000, 2);
    assert_refused(file.data, file.size, HYDRA_ERR_LIMIT, "14000 x 14000 pixels");
    assert_refused(file.data, file.size, HYDRA_ERR_LIMIT, "max_decode_bytes");
    test_file_free(&file);
    free(rgb);
}

/* Valid, but each scan costs a pass over the picture. */
static void bounds_progressive_scans(void **state)
{
    (void)state;
    uint8_t grey[W * H] = {0};
    test_file file =
        test_make_jpeg(grey, W, H, &(test_jpeg){.kind = TEST_JPEG_GREY, .many_scans = true});
    assert_refused(file.data, file.size, HYDRA_ERR_LIMIT, "scans");
    test_file_free(&file);
}

/* A packed text, which FFmpeg would unpack whatever its size, in a chunk that nobody needs. */
static void skips_packed_texts_in_png(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    test_file bomb = test_png_with_chunk(&png, "zTXt", "Comment\0\0not even zlib", 22);
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(&bomb, &photo, &diag), &diag);
    test_photo_free(&photo);
    test_file_free(&bomb);
    test_file_free(&png);
    free(rgb);
}

/* ---- Kinds of known formats that are not read ---- */

static void refuses_other_kinds(void **state)
{
    (void)state;
    test_file tiff = claim("TIFF", W, H);
    uint8_t *photometric = memmem(tiff.data, tiff.size, "\x06\x01\x03\0\x01\0\0\0", 8);
    assert_non_null(photometric);
    photometric[8] = 8; /* CIE Lab */
    assert_refused(tiff.data, tiff.size, HYDRA_ERR_UNSUPPORTED, "colour model 8");
    photometric[8] = 2;
    uint8_t *resolution = memmem(tiff.data, tiff.size, "\x28\x01\x03\0\x01\0\0\0", 8);
    assert_non_null(resolution);
    put_le(resolution, 339, 2);
    resolution[8] = 3;
    assert_refused(tiff.data, tiff.size, HYDRA_ERR_UNSUPPORTED, "floating");
    put_le(resolution, 322, 2);
    assert_refused(tiff.data, tiff.size, HYDRA_ERR_UNSUPPORTED, "tiles");
    put_le(resolution, 50706, 2);
    assert_refused(tiff.data, tiff.size, HYDRA_ERR_UNSUPPORTED, "raw");
    put_le(resolution, 274, 2);
    resolution[8] = 8;
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(&tiff, &photo, &diag), &diag);
    assert_int_equal(photo.info.orientation, 8);
    test_photo_free(&photo);
    uint8_t *compression = memmem(tiff.data, tiff.size, "\x03\x01\x03\0\x01\0\0\0", 8);
    assert_non_null(compression);
    put_le(compression + 8, 34712, 2); /* JPEG 2000 */
    assert_refused(tiff.data, tiff.size, HYDRA_ERR_UNSUPPORTED, "compression 34712");
    test_file_free(&tiff);

    test_file bmp = claim("BMP", W, H);
    put_le(bmp.data + 30, 4, 4);
    assert_refused(bmp.data, bmp.size, HYDRA_ERR_UNSUPPORTED, "a JPEG inside");
    put_le(bmp.data + 30, 5, 4);
    assert_refused(bmp.data, bmp.size, HYDRA_ERR_UNSUPPORTED, "a PNG inside");
    put_le(bmp.data + 30, 77, 4);
    assert_refused(bmp.data, bmp.size, HYDRA_ERR_UNSUPPORTED, "unknown compression");
    test_file_free(&bmp);

    uint8_t *rgb = test_gradient(W, H);
    test_file jpeg = test_make_jpeg(rgb, W, H, NULL);
    uint8_t *frame = memmem(jpeg.data, jpeg.size, "\xff\xc0", 2);
    frame[1] = 0xc3; /* lossless */
    assert_refused(jpeg.data, jpeg.size, HYDRA_ERR_UNSUPPORTED, "JPEG of");
    frame[1] = 0xc0;
    frame[4] = 12; /* bits */
    assert_refused(jpeg.data, jpeg.size, HYDRA_ERR_UNSUPPORTED, "precision");
    test_file_free(&jpeg);
    free(rgb);
}

static void refuses_odd_webps(void **state)
{
    (void)state;
    uint8_t four[W * H * 4] = {0};
    test_file plain = test_make_picture("libwebp", "bgra", four, W, H, "lossless=1");
    test_file file = test_webp_extended(&plain, W, H, true, NULL, NULL);
    file.data[20] |= 2;
    assert_refused(file.data, file.size, HYDRA_ERR_UNSUPPORTED, "animated");
    test_file_free(&file);
    file = test_webp_extended(&plain, W + 1, H, true, NULL, NULL);
    assert_refused(file.data, file.size, HYDRA_ERR_FORMAT, "differ in size");
    test_file_free(&file);
    file = test_webp_extended(&plain, 1 << 24, 1 << 24, true, NULL, NULL);
    assert_refused(file.data, file.size, HYDRA_ERR_LIMIT, "16777216 x 16777216");
    test_file_free(&file);
    plain.data[20] = 0; /* signature of the lossless data */
    assert_refused(plain.data, plain.size, HYDRA_ERR_FORMAT, "picture header");
    memcpy(plain.data + 12, "VP8 ", 4);
    assert_refused(plain.data, plain.size, HYDRA_ERR_FORMAT, "picture header");
    memcpy(plain.data + 12, "VP8X", 4);
    plain.size = 28;
    put_le(plain.data + 4, 20, 4);
    put_le(plain.data + 16, 8, 4);
    assert_refused(plain.data, plain.size, HYDRA_ERR_FORMAT, "picture header");
    memcpy(plain.data + 12, "XYZ ", 4);
    assert_refused(plain.data, plain.size, HYDRA_ERR_FORMAT, "no pixels");
    test_file_free(&plain);
}

/* ---- Wrong bits ---- */

static void survives_flipped_bits(void **state)
{
    (void)state;
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_image_pixels = 300000; /* so that a lie costs no time */
    uint64_t seed = 1;
    for (int i = 0; i < sample_count; i++) {
        bool slow =
            strncmp(samples[i].name, "HEIC", 4) == 0 || strncmp(samples[i].name, "AVIF", 4) == 0;
        int rounds = slow ? 120 : 400;
        for (int round = 0; round < rounds; round++) {
            test_file file = {0};
            test_file_append(&file, samples[i].file.data, samples[i].file.size);
            int flips = 1 + round % 5;
            for (int n = 0; n < flips; n++) {
                uint64_t random = test_random(&seed);
                size_t end = round % 2 && file.size > 128 ? 128 : file.size;
                file.data[random % end] ^= (uint8_t)(1 << (random >> 40 & 7));
            }
            test_photo photo;
            hy_diag diag = {0};
            hydra_status status = test_decode_within(&file, &policy, &photo, &diag);
            if (status != HYDRA_OK && status != HYDRA_ERR_FORMAT &&
                status != HYDRA_ERR_UNSUPPORTED && status != HYDRA_ERR_LIMIT) {
                fail_msg("%s: %s", samples[i].name, diag.text);
            }
            test_photo_free(&photo);
            test_file_free(&file);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_no_photo),
        cmocka_unit_test(names_what_it_does_not_read),
        cmocka_unit_test(refuses_cut_files),
        cmocka_unit_test(refuses_png_with_missing_rows),
        cmocka_unit_test(holds_headers_against_the_limits),
        cmocka_unit_test(refuses_small_bombs),
        cmocka_unit_test(bounds_memory_of_whole_pictures),
        cmocka_unit_test(knows_its_memory_from_the_header),
        cmocka_unit_test(bounds_progressive_memory),
        cmocka_unit_test(bounds_progressive_scans),
        cmocka_unit_test(skips_packed_texts_in_png),
        cmocka_unit_test(refuses_other_kinds),
        cmocka_unit_test(refuses_odd_webps),
        cmocka_unit_test(survives_flipped_bits),
    };
    return cmocka_run_group_tests(tests, make_samples, free_samples);
}
