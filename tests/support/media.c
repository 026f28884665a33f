/* SPDX-License-Identifier: MIT */
/* Makers of photos with libjpeg and FFmpeg, and the way back. */
#include "media.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <zlib.h>

#include "support.h"

/* ---- Bytes ---- */

void test_file_free(test_file *file)
{
    free(file->data);
    *file = (test_file){0};
}

void test_file_append(test_file *file, const void *data, size_t size)
{
    file->data = realloc(file->data, file->size + size + 1);
    assert_non_null(file->data);
    if (size > 0) {
        memcpy(file->data + file->size, data, size);
    }
    file->size += size;
}

test_file test_file_insert(const test_file *file, size_t offset, const void *insert, size_t size)
{
    test_file out = {0};
    test_file_append(&out, file->data, offset);
    test_file_append(&out, insert, size);
    test_file_append(&out, file->data + offset, file->size - offset);
    return out;
}

static void append_le(test_file *file, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        uint8_t byte = (uint8_t)(value >> 8 * i);
        test_file_append(file, &byte, 1);
    }
}

static void append_be(test_file *file, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> 8 * i);
        test_file_append(file, &byte, 1);
    }
}

/* ---- Pictures ---- */

uint8_t *test_gradient(int32_t width, int32_t height)
{
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    assert_non_null(rgb);
    uint8_t *p = rgb;
    for (int32_t y = 0; y < height; y++) {
        for (int32_t x = 0; x < width; x++, p += 3) {
            p[0] = (uint8_t)(20 + 200 * x / width);
            p[1] = (uint8_t)(20 + 200 * y / height);
            p[2] = (uint8_t)(220 - 200 * (x + y) / (width + height));
        }
    }
    return rgb;
}

double test_difference(const uint8_t *a, const uint8_t *b, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (uint64_t)abs(a[i] - b[i]);
    }
    return (double)sum / (double)count;
}

/* ---- JPEG ---- */

test_file test_make_exif(uint32_t orientation, bool big_endian)
{
    test_file exif = {0};
    void (*append)(test_file *, uint32_t, int) = big_endian ? append_be : append_le;
    test_file_append(&exif, big_endian ? "MM" : "II", 2);
    append(&exif, 42, 2);
    append(&exif, 8, 4);
    append(&exif, 1, 2);   /* entries */
    append(&exif, 274, 2); /* orientation */
    append(&exif, 3, 2);   /* short */
    append(&exif, 1, 4);
    append(&exif, orientation, 2);
    append(&exif, 0, 2);
    append(&exif, 0, 4); /* no further directory */
    return exif;
}

static void set_jpeg_kind(struct jpeg_compress_struct *jpeg, const test_jpeg *how)
{
    static const struct {
        J_COLOR_SPACE in;
        J_COLOR_SPACE out;
        int components;
    } kinds[] = {
        [TEST_JPEG_YCBCR] = {JCS_RGB, JCS_YCbCr, 3},
        [TEST_JPEG_RGB] = {JCS_RGB, JCS_RGB, 3},
        [TEST_JPEG_GREY] = {JCS_GRAYSCALE, JCS_GRAYSCALE, 1},
        [TEST_JPEG_CMYK] = {JCS_CMYK, JCS_CMYK, 4},
        [TEST_JPEG_YCCK] = {JCS_CMYK, JCS_YCCK, 4},
    };
    jpeg->in_color_space = kinds[how->kind].in;
    jpeg->input_components = kinds[how->kind].components;
    jpeg_set_defaults(jpeg);
    jpeg_set_colorspace(jpeg, kinds[how->kind].out);
    jpeg_set_quality(jpeg, how->quality ? how->quality : 95, TRUE);
    for (int i = 0; i < jpeg->num_components; i++) {
        jpeg->comp_info[i].h_samp_factor = 1;
        jpeg->comp_info[i].v_samp_factor = 1;
    }
    if (how->kind == TEST_JPEG_YCBCR || how->kind == TEST_JPEG_YCCK) {
        int h = how->horizontal ? how->horizontal : 1;
        int v = how->vertical ? how->vertical : 1;
        jpeg->comp_info[0].h_samp_factor = h;
        jpeg->comp_info[0].v_samp_factor = v;
        if (how->kind == TEST_JPEG_YCCK) {
            jpeg->comp_info[3].h_samp_factor = h;
            jpeg->comp_info[3].v_samp_factor = v;
        }
    }
    if (how->no_adobe) {
        jpeg->write_Adobe_marker = FALSE;
    }
    if (how->progressive) {
        jpeg_simple_progression(jpeg);
    }
}

static void write_exif(struct jpeg_compress_struct *jpeg, int32_t orientation)
{
    test_file exif = test_make_exif((uint32_t)orientation, true);
    test_file marker = {0};
    test_file_append(&marker, "Exif\0", 6);
    test_file_append(&marker, exif.data, exif.size);
    jpeg_write_marker(jpeg, JPEG_APP0 + 1, marker.data, (unsigned int)marker.size);
    test_file_free(&marker);
    test_file_free(&exif);
}

/* Each coefficient in two scans of its own. */
static void set_many_scans(struct jpeg_compress_struct *jpeg, jpeg_scan_info scans[127])
{
    scans[0] = (jpeg_scan_info){.comps_in_scan = 1};
    for (int k = 1; k < 64; k++) {
        scans[2 * k - 1] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Al = 1};
        scans[2 * k] = (jpeg_scan_info){.comps_in_scan = 1, .Ss = k, .Se = k, .Ah = 1};
    }
    jpeg->scan_info = scans;
    jpeg->num_scans = 127;
}

test_file test_make_jpeg(const uint8_t *samples, int32_t width, int32_t height,
                         const test_jpeg *how)
{
    static const test_jpeg plain = {0};
    how = how ? how : &plain;
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    unsigned char *data = NULL;
    unsigned long size = 0;
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &data, &size);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    set_jpeg_kind(&jpeg, how);
    jpeg_scan_info scans[127];
    if (how->many_scans) {
        set_many_scans(&jpeg, scans);
    }
    jpeg_start_compress(&jpeg, TRUE);
    if (how->orientation) {
        write_exif(&jpeg, how->orientation);
    }
    if (how->icc) {
        jpeg_write_icc_profile(&jpeg, how->icc, (unsigned int)how->icc_size);
    }
    size_t stride = (size_t)width * (size_t)jpeg.input_components;
    uint8_t *row = malloc(stride);
    assert_non_null(row);
    for (int32_t y = 0; y < height; y++) {
        memcpy(row, samples + stride * (size_t)y, stride);
        (void)jpeg_write_scanlines(&jpeg, &row, 1);
    }
    free(row);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    test_file file = {0};
    test_file_append(&file, data, size);
    free(data);
    return file;
}

/* ---- Formats of FFmpeg ---- */

static AVFrame *make_frame(enum AVPixelFormat layout, const uint8_t *samples, int32_t width,
                           int32_t height)
{
    AVFrame *frame = av_frame_alloc();
    assert_non_null(frame);
    frame->format = layout;
    frame->width = width;
    frame->height = height;
    assert_int_equal(av_frame_get_buffer(frame, 0), 0);
    uint8_t *planes[4];
    int strides[4];
    assert_true(av_image_fill_arrays(planes, strides, samples, layout, width, height, 1) > 0);
    const uint8_t *sources[4] = {planes[0], planes[1], planes[2], planes[3]};
    av_image_copy(frame->data, frame->linesize, sources, strides, layout, width, height);
    return frame;
}

test_file test_make_picture(const char *encoder, const char *layout, const uint8_t *samples,
                            int32_t width, int32_t height, const char *options)
{
    const AVCodec *codec = avcodec_find_encoder_by_name(encoder);
    assert_non_null(codec);
    AVCodecContext *context = avcodec_alloc_context3(codec);
    assert_non_null(context);
    context->width = width;
    context->height = height;
    context->pix_fmt = av_get_pix_fmt(layout);
    context->time_base = (AVRational){1, 25};
    context->thread_count = 1;
    AVDictionary *dictionary = NULL;
    if (options) {
        assert_int_equal(av_dict_parse_string(&dictionary, options, "=", ":", 0), 0);
    }
    assert_int_equal(avcodec_open2(context, codec, &dictionary), 0);
    av_dict_free(&dictionary);
    AVFrame *frame = make_frame(context->pix_fmt, samples, width, height);
    AVPacket *packet = av_packet_alloc();
    assert_int_equal(avcodec_send_frame(context, frame), 0);
    assert_int_equal(avcodec_send_frame(context, NULL), 0);
    assert_int_equal(avcodec_receive_packet(context, packet), 0);
    test_file file = {0};
    test_file_append(&file, packet->data, (size_t)packet->size);
    av_packet_free(&packet);
    av_frame_free(&frame);
    avcodec_free_context(&context);
    return file;
}

test_file test_make_png_chunk(const char *type, const void *data, size_t size)
{
    test_file chunk = {0};
    append_be(&chunk, (uint32_t)size, 4);
    test_file_append(&chunk, type, 4);
    test_file_append(&chunk, data, size);
    append_be(&chunk, (uint32_t)crc32(0, chunk.data + 4, (uInt)(size + 4)), 4);
    return chunk;
}

test_file test_png_with_chunk(const test_file *png, const char *type, const void *data, size_t size)
{
    test_file chunk = test_make_png_chunk(type, data, size);
    test_file out = test_file_insert(png, 8 + 12 + 13, chunk.data, chunk.size);
    test_file_free(&chunk);
    return out;
}

test_file test_png_with_icc(const test_file *png, const void *icc, size_t size)
{
    uLongf packed_size = compressBound(size);
    uint8_t *packed = malloc(packed_size);
    assert_non_null(packed);
    assert_int_equal(compress(packed, &packed_size, icc, size), Z_OK);
    test_file body = {0};
    test_file_append(&body, "test\0", 6); /* name, its end, method */
    test_file_append(&body, packed, packed_size);
    free(packed);
    test_file out = test_png_with_chunk(png, "iCCP", body.data, body.size);
    test_file_free(&body);
    return out;
}

static void append_riff_chunk(test_file *file, const char *type, const void *data, size_t size)
{
    test_file_append(file, type, 4);
    append_le(file, (uint32_t)size, 4);
    test_file_append(file, data, size);
    if (size % 2) {
        test_file_append(file, "", 1);
    }
}

test_file test_webp_extended(const test_file *webp, int32_t width, int32_t height, bool alpha,
                             const test_file *icc, const test_file *exif)
{
    test_file header = {0};
    append_le(&header, (icc ? 0x20u : 0) | (alpha ? 0x10u : 0) | (exif ? 0x08u : 0), 4);
    append_le(&header, (uint32_t)width - 1, 3);
    append_le(&header, (uint32_t)height - 1, 3);
    test_file chunks = {0};
    test_file_append(&chunks, "WEBP", 4);
    append_riff_chunk(&chunks, "VP8X", header.data, header.size);
    if (icc) {
        append_riff_chunk(&chunks, "ICCP", icc->data, icc->size);
    }
    test_file_append(&chunks, webp->data + 12, webp->size - 12);
    if (exif) {
        append_riff_chunk(&chunks, "EXIF", exif->data, exif->size);
    }
    test_file out = {0};
    test_file_append(&out, "RIFF", 4);
    append_le(&out, (uint32_t)chunks.size, 4);
    test_file_append(&out, chunks.data, chunks.size);
    test_file_free(&chunks);
    test_file_free(&header);
    return out;
}

/* ---- Decoding ---- */

typedef struct rows_taker {
    test_photo *photo;
    int32_t count;
} rows_taker;

static hydra_status take_rows(void *user, const void *rows, ptrdiff_t stride_bytes, int32_t count)
{
    rows_taker *taker = user;
    test_photo *photo = taker->photo;
    assert_true(count >= (rows != NULL) && count <= photo->info.height - taker->count);
    for (int32_t i = 0; i < count; i++) {
        memcpy(photo->rows + photo->row_bytes * (size_t)(taker->count + i),
               (const uint8_t *)rows + i * stride_bytes, photo->row_bytes);
    }
    taker->count += count;
    return HYDRA_OK;
}

static hydra_status decode(hy_photo *photo, test_photo *out, hy_diag *diag)
{
    out->info = *hy_photo_info_of(photo);
    out->row_bytes = (size_t)out->info.width * (size_t)out->info.rows.channels *
                     (size_t)(out->info.rows.bits / 8);
    out->rows = calloc(out->row_bytes, (size_t)out->info.height);
    assert_non_null(out->rows);
    rows_taker taker = {out, 0};
    hydra_status status = hy_photo_decode(photo, take_rows, &taker, diag);
    if (status == HYDRA_OK) {
        assert_int_equal(taker.count, out->info.height);
    } else {
        test_photo_free(out);
    }
    return status;
}

hydra_status test_decode_within(const test_file *file, const hydra_policy *policy, test_photo *out,
                                hy_diag *diag)
{
    *out = (test_photo){0};
    /* A block of exactly that size, so that ASan sees reads behind its end. */
    uint8_t *copy = hy_memdup(file->data, file->size);
    assert_non_null(copy);
    hy_photo *photo = NULL;
    hydra_status status = hy_photo_open(copy, file->size, "photo", policy, &photo, diag);
    if (status == HYDRA_OK) {
        status = decode(photo, out, diag);
    } else {
        assert_null(photo);
    }
    hy_photo_close(photo);
    hy_free(copy);
    assert_int_equal(status, diag->status);
    return status;
}

hydra_status test_decode(const test_file *file, test_photo *out, hy_diag *diag)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    return test_decode_within(file, &policy, out, diag);
}

void test_photo_free(test_photo *photo)
{
    free(photo->rows);
    *photo = (test_photo){0};
}

hydra_status test_color_of(const test_file *file, hy_color **color, hy_diag *diag)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    hy_photo *photo;
    *color = NULL;
    hydra_status status = hy_photo_open(file->data, file->size, "photo", &policy, &photo, diag);
    if (status == HYDRA_OK) {
        status = hy_color_new(photo, color, diag);
        hy_photo_close(photo); /* the transform does not need it any more */
    }
    return status;
}
