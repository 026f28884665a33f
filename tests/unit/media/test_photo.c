/* SPDX-License-Identifier: MIT */
/* Every kind of JPEG, PNG, WebP, BMP, GIF and TIFF comes out with the colours that went in. */
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "support.h"

#define W 90
#define H 70

static test_photo decode_ok(const test_file *file)
{
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(file, &photo, &diag), &diag);
    return photo;
}

static void assert_format(const test_photo *photo, const char *format, int32_t channels,
                          int32_t bits)
{
    assert_string_equal(photo->info.format, format);
    assert_int_equal(photo->info.width, W);
    assert_int_equal(photo->info.height, H);
    assert_int_equal(photo->info.rows.channels, channels);
    assert_int_equal(photo->info.rows.bits, bits);
}

/* Samples for any layout; repeatable. */
static uint8_t *noise(size_t size)
{
    uint8_t *samples = malloc(size);
    assert_non_null(samples);
    uint64_t seed = 42;
    for (size_t i = 0; i < size; i++) {
        samples[i] = (uint8_t)(test_random(&seed) >> 32);
    }
    return samples;
}

/* ---- JPEG ---- */

/* Encodes `samples` and compares the rows with `expected`. */
static void check_jpeg(const uint8_t *samples, const uint8_t *expected, int32_t channels,
                       const test_jpeg *how, double tolerance)
{
    test_file file = test_make_jpeg(samples, W, H, how);
    test_photo photo = decode_ok(&file);
    assert_format(&photo, "JPEG", channels, 8);
    assert_int_equal(photo.info.rows.cmyk, channels == 4);
    assert_int_equal(photo.info.orientation, how->orientation ? how->orientation : 1);
    double difference = test_difference(photo.rows, expected, (size_t)W * H * (size_t)channels);
    if (difference > tolerance) {
        fail_msg("JPEG of kind %d differs by %d/1000", (int)how->kind, (int)(difference * 1000));
    }
    test_photo_free(&photo);
    test_file_free(&file);
}

static void decodes_colour_jpeg(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    for (int i = 0; i < 16; i++) {
        test_jpeg how = {
            .kind = i & 1 ? TEST_JPEG_RGB : TEST_JPEG_YCBCR,
            .progressive = (i & 2) != 0,
            .horizontal = i & 4 ? 2 : 1,
            .vertical = i & 8 ? 2 : 1,
        };
        check_jpeg(rgb, rgb, 3, &how, 1.2);
    }
    free(rgb);
}

static void decodes_grey_jpeg(void **state)
{
    (void)state;
    uint8_t grey[W * H];
    for (int i = 0; i < W * H; i++) {
        grey[i] = (uint8_t)(i % W * 2 + i / W);
    }
    for (int progressive = 0; progressive < 2; progressive++) {
        test_jpeg how = {.kind = TEST_JPEG_GREY, .progressive = progressive != 0};
        check_jpeg(grey, grey, 1, &how, 1);
    }
}

static void decodes_ink_jpeg(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    uint8_t ink[W * H * 4];
    uint8_t inverted[W * H * 4];
    for (int i = 0; i < W * H; i++) {
        memcpy(ink + 4 * i, rgb + 3 * i, 3);
        ink[4 * i + 3] = (uint8_t)(255 - i % W);
    }
    for (size_t i = 0; i < sizeof ink; i++) {
        inverted[i] = 255 - ink[i];
    }
    check_jpeg(ink, ink, 4, &(test_jpeg){.kind = TEST_JPEG_CMYK}, 1);
    check_jpeg(ink, ink, 4, &(test_jpeg){.kind = TEST_JPEG_YCCK}, 1.2);
    check_jpeg(
        ink, ink, 4,
        &(test_jpeg){.kind = TEST_JPEG_YCCK, .horizontal = 2, .vertical = 2, .progressive = true},
        1.2);
    /* Without Adobe's marker 0 means no ink. */
    check_jpeg(inverted, ink, 4, &(test_jpeg){.kind = TEST_JPEG_CMYK, .no_adobe = true}, 1);
    free(rgb);
}

static void reads_jpeg_orientation(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    for (int32_t i = 1; i <= 8; i++) {
        check_jpeg(rgb, rgb, 3, &(test_jpeg){.orientation = i}, 1.2);
    }
    test_file file = test_make_jpeg(rgb, W, H, &(test_jpeg){.orientation = 9});
    test_photo photo = decode_ok(&file);
    assert_int_equal(photo.info.orientation, 1);
    test_photo_free(&photo);
    test_file_free(&file);
    free(rgb);
}

static void ignores_what_follows_a_jpeg(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file file = test_make_jpeg(rgb, W, H, NULL);
    test_photo before = decode_ok(&file);
    test_file_append(&file, "MPF and other things that phones append", 39);
    test_photo after = decode_ok(&file);
    assert_memory_equal(before.rows, after.rows, before.row_bytes * H);
    test_photo_free(&before);
    test_photo_free(&after);
    test_file_free(&file);
    free(rgb);
}

/* One pixel, one row and one column, and widths beside the block size. */
static void decodes_any_size(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{1, 1}, {1, 40}, {40, 1}, {15, 17}, {16, 16}, {257, 33}};
    static const char *const encoders[] = {"png", "bmp", "tiff", NULL};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        int32_t w = sizes[i][0];
        int32_t h = sizes[i][1];
        uint8_t *rgb = test_gradient(w, h);
        for (int e = 0; e < 4; e++) {
            test_file file = {0};
            if (encoders[e]) {
                const char *layout = strcmp(encoders[e], "bmp") == 0 ? "bgr24" : "rgb24";
                file = test_make_picture(encoders[e], layout, rgb, w, h, NULL);
            } else {
                file = test_make_jpeg(rgb, w, h, &(test_jpeg){.horizontal = 2, .vertical = 2});
            }
            test_photo photo = decode_ok(&file);
            assert_int_equal(photo.info.width, w);
            assert_int_equal(photo.info.height, h);
            test_photo_free(&photo);
            test_file_free(&file);
        }
        free(rgb);
    }
}

/* ---- Lossless formats: bit for bit ---- */

typedef struct lossless_case {
    const char *encoder;
    const char *layout;
    const char *options;
    int32_t channels;
    int32_t bits;
    const char *format;
} lossless_case;

/* Layouts whose bytes are those of the rows. */
static void keeps_lossless_samples(void **state)
{
    (void)state;
    static const lossless_case cases[] = {
        {"png", "rgb24", NULL, 3, 8, "PNG"},
        {"png", "rgb24", "pred=mixed", 3, 8, "PNG"},
        {"png", "rgba", NULL, 4, 8, "PNG"},
        {"png", "gray", NULL, 1, 8, "PNG"},
        {"png", "ya8", NULL, 2, 8, "PNG"},
        {"png", "rgb48be", NULL, 3, 16, "PNG"},
        {"png", "rgba64be", NULL, 4, 16, "PNG"},
        {"png", "gray16be", NULL, 1, 16, "PNG"},
        {"png", "ya16be", NULL, 2, 16, "PNG"},
        {"tiff", "rgb24", "compression_algo=raw", 3, 8, "TIFF"},
        {"tiff", "rgb24", "compression_algo=lzw", 3, 8, "TIFF"},
        {"tiff", "rgb24", "compression_algo=deflate", 3, 8, "TIFF"},
        {"tiff", "rgb24", "compression_algo=packbits", 3, 8, "TIFF"},
        {"tiff", "rgba", NULL, 4, 8, "TIFF"},
        {"tiff", "gray", NULL, 1, 8, "TIFF"},
        {"tiff", "ya8", NULL, 2, 8, "TIFF"},
        {"tiff", "rgb48le", NULL, 3, 16, "TIFF"},
        {"tiff", "rgba64le", NULL, 4, 16, "TIFF"},
        {"tiff", "gray16le", NULL, 1, 16, "TIFF"},
        {"tiff", "ya16le", NULL, 2, 16, "TIFF"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const lossless_case *c = &cases[i];
        size_t size = (size_t)W * H * (size_t)c->channels * (size_t)(c->bits / 8);
        uint8_t *samples = noise(size);
        test_file file = test_make_picture(c->encoder, c->layout, samples, W, H, c->options);
        test_photo photo = decode_ok(&file);
        assert_format(&photo, c->format, c->channels, c->bits);
        assert_false(photo.info.rows.cmyk);
        bool big_endian = strstr(c->layout, "be") != NULL;
        for (size_t n = 0; n < size; n++) {
            size_t from = big_endian ? n ^ 1 : n;
            if (photo.rows[n] != samples[from]) {
                fail_msg("%s %s: byte %zu", c->encoder, c->layout, n);
            }
        }
        test_photo_free(&photo);
        test_file_free(&file);
        free(samples);
    }
}

/* A palette of 256 colours and indices that use all of them. */
static uint8_t *make_palette_picture(bool transparent)
{
    uint8_t *samples = noise((size_t)W * H + 1024);
    uint32_t *palette = (void *)(samples + (size_t)W * H);
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t alpha = transparent && i % 3 == 0 ? i : 255;
        palette[i] = alpha << 24 | i << 16 | (255 - i) << 8 | (i * 7 & 255);
    }
    return samples;
}

static void check_palette(const char *encoder, const char *format, bool transparent,
                          int32_t channels)
{
    uint8_t *samples = make_palette_picture(transparent);
    const uint32_t *palette = (void *)(samples + (size_t)W * H);
    test_file file = test_make_picture(encoder, "pal8", samples, W, H, NULL);
    test_photo photo = decode_ok(&file);
    assert_format(&photo, format, channels, 8);
    for (int i = 0; i < W * H; i++) {
        uint32_t colour = palette[samples[i]];
        const uint8_t *p = photo.rows + (ptrdiff_t)i * channels;
        assert_int_equal(p[0], colour >> 16 & 255);
        assert_int_equal(p[1], colour >> 8 & 255);
        assert_int_equal(p[2], colour & 255);
        if (channels == 4) {
            assert_int_equal(p[3], colour >> 24);
        }
    }
    test_photo_free(&photo);
    test_file_free(&file);
    free(samples);
}

static void decodes_palettes(void **state)
{
    (void)state;
    check_palette("png", "PNG", false, 3);
    check_palette("png", "PNG", true, 4);
    check_palette("bmp", "BMP", false, 3);
    check_palette("tiff", "TIFF", false, 3);
    check_palette("gif", "GIF", false, 4);
}

static void decodes_black_and_white(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"png", "monob"}, {"tiff", "monob"}, {"tiff", "monow"}, {"bmp", "monob"}};
    size_t stride = (W + 7) / 8;
    uint8_t *bits = noise(stride * H);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        test_file file = test_make_picture(cases[c][0], cases[c][1], bits, W, H, NULL);
        test_photo photo = decode_ok(&file);
        int32_t channels = photo.info.rows.channels;
        assert_int_equal(channels, strcmp(cases[c][0], "bmp") == 0 ? 3 : 1);
        int white_is_one = strcmp(cases[c][1], "monow") != 0;
        for (int32_t y = 0; y < H; y++) {
            for (int32_t x = 0; x < W; x++) {
                int bit = bits[stride * (size_t)y + (size_t)x / 8] >> (7 - x % 8) & 1;
                assert_int_equal(photo.rows[(y * W + x) * channels], bit == white_is_one ? 255 : 0);
            }
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
    free(bits);
}

static void decodes_bmp(void **state)
{
    (void)state;
    uint8_t *samples = noise((size_t)W * H * 4);
    test_file file = test_make_picture("bmp", "bgr24", samples, W, H, NULL);
    test_photo photo = decode_ok(&file);
    assert_format(&photo, "BMP", 3, 8);
    for (int i = 0; i < W * H * 3; i++) {
        assert_int_equal(photo.rows[i], samples[i / 3 * 3 + 2 - i % 3]);
    }
    test_photo_free(&photo);
    test_file_free(&file);

    file = test_make_picture("bmp", "rgb565le", samples, W, H, NULL);
    photo = decode_ok(&file);
    assert_format(&photo, "BMP", 3, 8);
    for (int i = 0; i < W * H; i++) {
        int word = samples[2 * i] | samples[2 * i + 1] << 8;
        assert_int_equal(photo.rows[3 * i], ((word >> 11) * 255 + 15) / 31);
        assert_int_equal(photo.rows[3 * i + 1], ((word >> 5 & 63) * 255 + 31) / 63);
        assert_int_equal(photo.rows[3 * i + 2], ((word & 31) * 255 + 15) / 31);
    }
    test_photo_free(&photo);
    test_file_free(&file);
    free(samples);
}

/* 32 bits: alpha counts, unless all of it is 0 (files that leave the byte unused). */
static void decodes_bmp_alpha(void **state)
{
    (void)state;
    uint8_t *samples = noise((size_t)W * H * 4);
    for (int pass = 0; pass < 2; pass++) {
        test_file file = test_make_picture("bmp", "bgra", samples, W, H, NULL);
        test_photo photo = decode_ok(&file);
        assert_format(&photo, "BMP", 4, 8);
        for (int i = 0; i < W * H; i++) {
            assert_int_equal(photo.rows[4 * i], samples[4 * i + 2]);
            assert_int_equal(photo.rows[4 * i + 3], pass ? 255 : samples[4 * i + 3]);
        }
        test_photo_free(&photo);
        test_file_free(&file);
        for (int i = 0; i < W * H; i++) {
            samples[4 * i + 3] = 0;
        }
    }
    free(samples);
}

/* A row of the file that begins at the bottom, or with a negative height at the top. */
static void decodes_bmp_from_the_top(void **state)
{
    (void)state;
    uint8_t *samples = noise((size_t)W * H * 3);
    test_file file = test_make_picture("bmp", "bgr24", samples, W, H, NULL);
    test_photo up = decode_ok(&file);
    int32_t height = -H;
    memcpy(file.data + 22, &height, 4);
    test_photo down = decode_ok(&file);
    for (int32_t y = 0; y < H; y++) {
        assert_memory_equal(up.rows + up.row_bytes * (size_t)y,
                            down.rows + down.row_bytes * (size_t)(H - 1 - y), up.row_bytes);
    }
    test_photo_free(&up);
    test_photo_free(&down);
    test_file_free(&file);
    free(samples);
}

/* The header of OS/2: 12 bytes. */
static void decodes_old_bmp(void **state)
{
    (void)state;
    static const uint8_t bytes[] = {
        'B', 'M', 42, 0,  0,  0,  0, 0, 0, 0, 26, 0, 0, 0, /* 26: where the pixels are */
        12,  0,   0,  0,  2,  0,  2, 0, 1, 0, 24, 0,       /* 2 x 2, 24 bits */
        1,   2,   3,  4,  5,  6,  0, 0,                    /* lower row, padded */
        7,   8,   9,  10, 11, 12, 0, 0,
    };
    test_file file = {0};
    test_file_append(&file, bytes, sizeof bytes);
    test_photo photo = decode_ok(&file);
    assert_int_equal(photo.info.rows.channels, 3);
    assert_memory_equal(photo.rows, "\x09\x08\x07\x0c\x0b\x0a\x03\x02\x01\x06\x05\x04", 12);
    test_photo_free(&photo);
    test_file_free(&file);
}

/* ---- PNG: transparency by colour, interlacing, small grey ---- */

/* A PNG from packed rows, without filters. */
static test_file make_png(int32_t width, int32_t height, uint8_t bits, uint8_t colour,
                          const void *transparent, size_t transparent_size, const uint8_t *rows,
                          size_t row_bytes)
{
    test_file raw = {0};
    for (int32_t y = 0; y < height; y++) {
        test_file_append(&raw, "", 1);
        test_file_append(&raw, rows + row_bytes * (size_t)y, row_bytes);
    }
    /* zlib's stored blocks hold up to 65535 bytes. */
    test_file packed = {0};
    test_file_append(&packed, "\x78\x01\x01", 3);
    uint16_t size = (uint16_t)raw.size;
    uint16_t inverse = (uint16_t)~size;
    test_file_append(&packed, &size, 2);
    test_file_append(&packed, &inverse, 2);
    test_file_append(&packed, raw.data, raw.size);
    uint32_t a = 1;
    uint32_t b = 0;
    for (size_t i = 0; i < raw.size; i++) {
        a = (a + raw.data[i]) % 65521;
        b = (b + a) % 65521;
    }
    uint8_t check[4] = {(uint8_t)(b >> 8), (uint8_t)b, (uint8_t)(a >> 8), (uint8_t)a};
    test_file_append(&packed, check, 4);

    uint8_t header[13] = {0,    0,     (uint8_t)(width >> 8),  (uint8_t)width,
                          0,    0,     (uint8_t)(height >> 8), (uint8_t)height,
                          bits, colour};
    test_file png = {0};
    test_file_append(&png, "\x89PNG\r\n\x1a\n", 8);
    const struct {
        const char *type;
        const void *data;
        size_t size;
    } chunks[] = {{"IHDR", header, sizeof header},
                  {"tRNS", transparent, transparent_size},
                  {"IDAT", packed.data, packed.size},
                  {"IEND", "", 0}};
    for (size_t i = 0; i < 4; i++) {
        if (i == 1 && !transparent) {
            continue;
        }
        test_file chunk = test_make_png_chunk(chunks[i].type, chunks[i].data, chunks[i].size);
        test_file_append(&png, chunk.data, chunk.size);
        test_file_free(&chunk);
    }
    test_file_free(&raw);
    test_file_free(&packed);
    return png;
}

static void decodes_transparent_colour(void **state)
{
    (void)state;
    static const uint8_t rgb[4][3] = {{1, 2, 3}, {9, 8, 7}, {1, 2, 3}, {255, 0, 128}};
    test_file file = make_png(4, 1, 8, 2, "\0\1\0\2\0\3", 6, rgb[0], 12);
    test_photo photo = decode_ok(&file);
    assert_int_equal(photo.info.rows.channels, 4);
    static const uint8_t expected[16] = {1, 2, 3, 0, 9, 8, 7, 255, 1, 2, 3, 0, 255, 0, 128, 255};
    assert_memory_equal(photo.rows, expected, 16);
    test_photo_free(&photo);
    test_file_free(&file);

    static const uint8_t grey[4] = {5, 6, 7, 6};
    file = make_png(4, 1, 8, 0, "\0\6", 2, grey, 4);
    photo = decode_ok(&file);
    assert_int_equal(photo.info.rows.channels, 2);
    assert_memory_equal(photo.rows, "\5\xff\6\0\7\xff\6\0", 8);
    test_photo_free(&photo);
    test_file_free(&file);

    hy_diag diag = {0};
    file = make_png(4, 1, 1, 0, "\0\1", 2, grey, 1);
    assert_failed(test_decode(&file, &photo, &diag), HYDRA_ERR_UNSUPPORTED, &diag, "photo: ");
    test_file_free(&file);
}

static void decodes_small_grey(void **state)
{
    (void)state;
    static const uint8_t rows[2] = {0x1b, 0x40}; /* 0 1 2 3 | 1 */
    test_file file = make_png(5, 1, 2, 0, NULL, 0, rows, 2);
    test_photo photo = decode_ok(&file);
    assert_int_equal(photo.info.rows.channels, 1);
    assert_memory_equal(photo.rows, "\x00\x55\xaa\xff\x55", 5);
    test_photo_free(&photo);
    test_file_free(&file);
    file = make_png(4, 1, 4, 0, NULL, 0, rows, 2);
    photo = decode_ok(&file);
    assert_memory_equal(photo.rows, "\x11\xbb\x44\x00", 4);
    test_photo_free(&photo);
    test_file_free(&file);
}

/* Adam7: the seven passes of an 8 x 8 picture, pixel value = 8 * y + x. */
static void decodes_interlaced_png(void **state)
{
    (void)state;
    static const int passes[7][4] = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4},
                                     {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}};
    test_file raw = {0};
    for (int p = 0; p < 7; p++) {
        for (int y = passes[p][1]; y < 8; y += passes[p][3]) {
            test_file_append(&raw, "", 1);
            for (int x = passes[p][0]; x < 8; x += passes[p][2]) {
                uint8_t value = (uint8_t)(8 * y + x);
                test_file_append(&raw, &value, 1);
            }
        }
    }
    /* As one row whose first filter byte is raw's own; then the header gets its true size. */
    test_file file = make_png(8, 1, 8, 0, NULL, 0, raw.data + 1, raw.size - 1);
    test_file fixed = {0};
    uint8_t header[13];
    memcpy(header, file.data + 16, 13);
    header[7] = 8;
    header[12] = 1;
    test_file chunk = test_make_png_chunk("IHDR", header, 13);
    test_file_append(&fixed, file.data, 8);
    test_file_append(&fixed, chunk.data, chunk.size);
    test_file_append(&fixed, file.data + 33, file.size - 33);
    test_photo photo = decode_ok(&fixed);
    for (int i = 0; i < 64; i++) {
        assert_int_equal(photo.rows[i], i);
    }
    test_photo_free(&photo);
    test_file_free(&chunk);
    test_file_free(&fixed);
    test_file_free(&file);
    test_file_free(&raw);
}

/* ---- Orientation in PNG, WebP, TIFF ---- */

static void assert_orientation(test_file *file, int32_t orientation)
{
    test_photo photo = decode_ok(file);
    assert_int_equal(photo.info.orientation, orientation);
    test_photo_free(&photo);
    test_file_free(file);
}

static void reads_orientation_of_others(void **state)
{
    (void)state;
    uint8_t *rgb = noise((size_t)W * H * 4);
    test_file exif = test_make_exif(6, true);
    test_file png = test_make_picture("png", "rgb24", rgb, W, H, NULL);
    test_file turned = test_png_with_chunk(&png, "eXIf", exif.data, exif.size);
    assert_orientation(&turned, 6);
    assert_orientation(&png, 1);

    test_file webp = test_make_picture("libwebp", "bgra", rgb, W, H, "lossless=1");
    turned = test_webp_extended(&webp, W, H, true, NULL, &exif);
    assert_orientation(&turned, 6);
    test_file labelled = {0};
    test_file_append(&labelled, "Exif\0", 6);
    test_file_append(&labelled, exif.data, exif.size);
    turned = test_webp_extended(&webp, W, H, true, NULL, &labelled);
    assert_orientation(&turned, 6);
    assert_orientation(&webp, 1);

    test_file tiff = test_make_picture("tiff", "rgb24", rgb, W, H, NULL);
    test_file_free(&labelled);
    assert_orientation(&tiff, 1);
    test_file_free(&exif);
    free(rgb);
}

/* ---- WebP ---- */

static void keeps_lossless_webp(void **state)
{
    (void)state;
    uint8_t *bgra = noise((size_t)W * H * 4);
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < W * H; i++) {
            /* Below full transparency, where an encoder may drop colours. */
            bgra[4 * i + 3] = pass ? 255 : bgra[4 * i + 3] | 1;
        }
        test_file file = test_make_picture("libwebp", "bgra", bgra, W, H, "lossless=1");
        test_photo photo = decode_ok(&file);
        int32_t channels = pass ? 3 : 4;
        assert_format(&photo, "WebP", channels, 8);
        for (int i = 0; i < W * H; i++) {
            const uint8_t *p = photo.rows + (ptrdiff_t)i * channels;
            assert_int_equal(p[0], bgra[4 * i + 2]);
            assert_int_equal(p[1], bgra[4 * i + 1]);
            assert_int_equal(p[2], bgra[4 * i]);
            if (channels == 4) {
                assert_int_equal(p[3], bgra[4 * i + 3]);
            }
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
    free(bgra);
}

static void decodes_lossy_webp(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    uint8_t bgra[W * H * 4];
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < W * H; i++) {
            for (int c = 0; c < 3; c++) {
                bgra[4 * i + c] = rgb[3 * i + 2 - c];
            }
            bgra[4 * i + 3] = (uint8_t)(pass ? 255 : 255 - i / W);
        }
        test_file file = test_make_picture("libwebp", "bgra", bgra, W, H, "quality=95");
        test_photo photo = decode_ok(&file);
        int32_t channels = pass ? 3 : 4;
        assert_format(&photo, "WebP", channels, 8);
        double sum = 0;
        for (int i = 0; i < W * H; i++) {
            sum += test_difference(photo.rows + (ptrdiff_t)i * channels, rgb + (ptrdiff_t)3 * i, 3);
            if (channels == 4) {
                assert_int_equal(photo.rows[4 * i + 3], bgra[4 * i + 3]);
            }
        }
        if (sum / (W * H) > 2) {
            fail_msg("lossy WebP differs by %d/1000", (int)(sum * 1000 / (W * H)));
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
    free(rgb);
}

/* Flat patches: colours that a wrong matrix or range would shift by ten and more. */
static void keeps_webp_colours(void **state)
{
    (void)state;
    static const uint8_t patches[8][3] = {{0, 0, 0},       {255, 255, 255}, {255, 0, 0},
                                          {0, 255, 0},     {0, 0, 255},     {128, 128, 128},
                                          {240, 180, 140}, {30, 60, 90}};
    for (int p = 0; p < 8; p++) {
        uint8_t bgra[32 * 32 * 4];
        for (int i = 0; i < 32 * 32; i++) {
            for (int c = 0; c < 3; c++) {
                bgra[4 * i + c] = patches[p][2 - c];
            }
            bgra[4 * i + 3] = 255;
        }
        test_file file = test_make_picture("libwebp", "bgra", bgra, 32, 32, "quality=100");
        test_photo photo = decode_ok(&file);
        for (int i = 0; i < 32 * 32 * 3; i++) {
            assert_in_range(abs(photo.rows[i] - patches[p][i % 3]), 0, 2);
        }
        test_photo_free(&photo);
        test_file_free(&file);
    }
}

/* ---- TIFF: multiplied alpha ---- */

static void straightens_multiplied_alpha(void **state)
{
    (void)state;
    uint8_t samples[2 * 4] = {100, 50, 0, 200, 10, 20, 30, 0};
    test_file file = test_make_picture("tiff", "rgba", samples, 2, 1, "compression_algo=raw");
    test_photo photo = decode_ok(&file);
    assert_memory_equal(photo.rows, samples, sizeof samples);
    test_photo_free(&photo);
    /* FFmpeg writes extra samples of kind 2 (straight): 338 = 0x0152, short, one. */
    uint8_t *entry = memmem(file.data, file.size, "\x52\x01\x03\0\x01\0\0\0", 8);
    assert_non_null(entry);
    assert_int_equal(entry[8], 2);
    entry[8] = 1;
    photo = decode_ok(&file);
    static const uint8_t straight[8] = {128, 64, 0, 200, 0, 0, 0, 0};
    assert_memory_equal(photo.rows, straight, sizeof straight);
    test_photo_free(&photo);
    test_file_free(&file);
}

static void straightens_deep_alpha(void **state)
{
    (void)state;
    uint16_t samples[4] = {10000, 5000, 0, 20000};
    test_file file = test_make_picture("tiff", "rgba64le", (const uint8_t *)samples, 1, 1,
                                       "compression_algo=raw");
    uint8_t *entry = memmem(file.data, file.size, "\x52\x01\x03\0\x01\0\0\0", 8);
    assert_non_null(entry);
    entry[8] = 1;
    test_photo photo = decode_ok(&file);
    static const uint16_t straight[4] = {32768, 16384, 0, 20000};
    assert_memory_equal(photo.rows, straight, sizeof straight);
    test_photo_free(&photo);
    test_file_free(&file);
}

/* ---- PNG encoder ---- */

static void writes_png(void **state)
{
    (void)state;
    uint8_t *rgb = noise((size_t)W * H * 3);
    test_file file = {0};
    uint8_t *png;
    size_t size;
    hy_diag diag = {0};
    assert_ok(hy_png_encode(rgb, W, H, &png, &size, &diag), &diag);
    test_file_append(&file, png, size);
    hy_free(png);
    test_photo photo = decode_ok(&file);
    assert_format(&photo, "PNG", 3, 8);
    assert_memory_equal(photo.rows, rgb, (size_t)W * H * 3);
    assert_non_null(memmem(file.data, file.size, "sRGB", 4));
    test_photo_free(&photo);
    test_file_free(&file);
    free(rgb);
    assert_int_not_equal(hy_png_encode(NULL, 0, 0, &png, &size, &diag), HYDRA_OK);
    assert_null(png);
}

static hydra_status count_rows(void *user, const void *rows, ptrdiff_t stride_bytes, int32_t count)
{
    (void)rows;
    (void)stride_bytes;
    *(int32_t *)user += count;
    return HYDRA_OK;
}

static void decodes_only_once(void **state)
{
    (void)state;
    uint8_t *rgb = test_gradient(W, H);
    test_file file = test_make_jpeg(rgb, W, H, NULL);
    hydra_policy policy;
    hydra_policy_init(&policy);
    hy_photo *photo;
    hy_diag diag = {0};
    assert_ok(hy_photo_open(file.data, file.size, "a", &policy, &photo, &diag), &diag);
    hy_photo_close(photo); /* without decoding */
    hy_photo_close(NULL);
    assert_ok(hy_photo_open(file.data, file.size, "a", &policy, &photo, &diag), &diag);
    int32_t rows = 0;
    assert_ok(hy_photo_decode(photo, count_rows, &rows, &diag), &diag);
    assert_failed(hy_photo_decode(photo, count_rows, &rows, &diag), HYDRA_ERR_INTERNAL, &diag,
                  "a: decoded");
    assert_int_equal(rows, H);
    hy_photo_close(photo);
    test_file_free(&file);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_colour_jpeg),
        cmocka_unit_test(decodes_grey_jpeg),
        cmocka_unit_test(decodes_ink_jpeg),
        cmocka_unit_test(reads_jpeg_orientation),
        cmocka_unit_test(ignores_what_follows_a_jpeg),
        cmocka_unit_test(decodes_any_size),
        cmocka_unit_test(keeps_lossless_samples),
        cmocka_unit_test(decodes_palettes),
        cmocka_unit_test(decodes_black_and_white),
        cmocka_unit_test(decodes_bmp),
        cmocka_unit_test(decodes_bmp_alpha),
        cmocka_unit_test(decodes_bmp_from_the_top),
        cmocka_unit_test(decodes_old_bmp),
        cmocka_unit_test(decodes_transparent_colour),
        cmocka_unit_test(decodes_small_grey),
        cmocka_unit_test(decodes_interlaced_png),
        cmocka_unit_test(reads_orientation_of_others),
        cmocka_unit_test(keeps_lossless_webp),
        cmocka_unit_test(decodes_lossy_webp),
        cmocka_unit_test(keeps_webp_colours),
        cmocka_unit_test(straightens_multiplied_alpha),
        cmocka_unit_test(straightens_deep_alpha),
        cmocka_unit_test(writes_png),
        cmocka_unit_test(decodes_only_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
