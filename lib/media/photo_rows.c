/* SPDX-License-Identifier: MIT */
/*
 * Rows of a decoded FFmpeg frame, in whatever layout its decoder chose, as interleaved full-range
 * samples. Layouts that are so already are handed out in place; all others go sample by sample
 * through the description that FFmpeg gives of them, so no layout needs code of its own.
 */
#include <libavutil/pixdesc.h>

#include "photo.h"

#define STRIP_ROWS 16

/* Work on one frame. */
typedef struct frame_rows {
    const AVFrame *frame;
    const AVPixFmtDescriptor *layout;
    hy_row_format format;
    bool premultiplied;
    uint16_t *samples; /* one row of one component */
} frame_rows;

void hy_rows_widen(uint16_t *samples, size_t count, int32_t bits)
{
    uint32_t top = (1u << bits) - 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t sample = samples[i] > top ? top : samples[i];
        samples[i] = (uint16_t)((sample * 65535u + top / 2) / top);
    }
}

static uint32_t straight(uint32_t value, uint32_t alpha, uint32_t top)
{
    if (alpha == 0) {
        return 0;
    }
    uint32_t result = (value * top + alpha / 2) / alpha;
    return result > top ? top : result;
}

void hy_rows_straighten(void *row, int32_t width, hy_row_format format)
{
    int32_t colours = format.channels - 1;
    if (format.bits == 8) {
        for (uint8_t *p = row, *end = p + (size_t)width * (size_t)format.channels; p < end;
             p += format.channels) {
            for (int32_t c = 0; c < colours; c++) {
                p[c] = (uint8_t)straight(p[c], p[colours], 255);
            }
        }
        return;
    }
    for (uint16_t *p = row, *end = p + (size_t)width * (size_t)format.channels; p < end;
         p += format.channels) {
        for (int32_t c = 0; c < colours; c++) {
            p[c] = (uint16_t)straight(p[c], p[colours], 65535);
        }
    }
}

static bool is_palette(const AVPixFmtDescriptor *layout)
{
    return (layout->flags & AV_PIX_FMT_FLAG_PAL) != 0;
}

/* Which component of the frame holds channel `c` of the rows; -1 = none, it is opaque. */
static int component_of(const frame_rows *work, int32_t c)
{
    bool has_alpha = (work->layout->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
    int colours = work->layout->nb_components - has_alpha;
    bool wants_alpha = work->format.channels == 2 || work->format.channels == 4;
    if (wants_alpha && c == work->format.channels - 1) {
        return has_alpha ? colours : -1;
    }
    return colours == 1 ? 0 : c;
}

/* FFmpeg's palettes are 32-bit words, 0xAARRGGBB. */
static void read_palette_row(const frame_rows *work, int32_t y, int32_t c)
{
    static const int shifts[4] = {16, 8, 0, 24};
    bool alpha = c == work->format.channels - 1 && (c == 1 || c == 3);
    int shift = shifts[alpha ? 3 : c];
    const uint8_t *row = work->frame->data[0] + (ptrdiff_t)y * work->frame->linesize[0];
    const uint32_t *palette = (const void *)work->frame->data[1];
    for (int32_t x = 0; x < work->frame->width; x++) {
        work->samples[x] = (uint16_t)(palette[row[x]] >> shift & 0xff);
    }
}

/* Samples of channel `c` in row `y` to work->samples; returns their bits. */
static int32_t read_row(const frame_rows *work, int32_t y, int32_t c)
{
    const AVFrame *frame = work->frame;
    if (is_palette(work->layout)) {
        read_palette_row(work, y, c);
        return 8;
    }
    int component = component_of(work, c);
    if (component < 0) {
        for (int32_t x = 0; x < frame->width; x++) {
            work->samples[x] = 1;
        }
        return 1;
    }
    const uint8_t *planes[4] = {frame->data[0], frame->data[1], frame->data[2], frame->data[3]};
    av_read_image_line2(work->samples, planes, frame->linesize, work->layout, 0, y, component,
                        frame->width, 0, sizeof *work->samples);
    for (int32_t x = 0; frame->format == AV_PIX_FMT_MONOWHITE && x < frame->width; x++) {
        work->samples[x] ^= 1;
    }
    return work->layout->comp[component].depth;
}

static void convert_channel(const frame_rows *work, int32_t y, int32_t c, void *out)
{
    int32_t bits = read_row(work, y, c);
    size_t width = (size_t)work->frame->width;
    size_t step = (size_t)work->format.channels;
    if (work->format.bits == 16) {
        hy_rows_widen(work->samples, width, bits);
        uint16_t *wide = out;
        for (size_t x = 0; x < width; x++) {
            wide[x * step + (size_t)c] = work->samples[x];
        }
        return;
    }
    uint32_t top = (1u << bits) - 1;
    uint8_t *narrow = out;
    for (size_t x = 0; x < width; x++) {
        uint32_t sample = work->samples[x];
        narrow[x * step + (size_t)c] =
            (uint8_t)(bits == 8 ? sample : (sample * 255 + top / 2) / top);
    }
}

static bool is_yuv(const AVPixFmtDescriptor *layout)
{
    return layout->nb_components >= 3 && !(layout->flags & AV_PIX_FMT_FLAG_RGB);
}

static void convert_row(const frame_rows *work, int32_t y, void *out)
{
    if (is_yuv(work->layout)) {
        hy_yuv420_row(work->frame, y, work->format.channels, out);
        return;
    }
    for (int32_t c = 0; c < work->format.channels; c++) {
        convert_channel(work, y, c, out);
    }
    if (work->premultiplied) {
        hy_rows_straighten(out, work->frame->width, work->format);
    }
}

static bool is_supported(const frame_rows *work)
{
    const AVPixFmtDescriptor *layout = work->layout;
    if (!layout || (layout->flags & (AV_PIX_FMT_FLAG_FLOAT | AV_PIX_FMT_FLAG_BAYER)) ||
        layout->comp[0].depth > 16) {
        return false;
    }
    if (!is_yuv(layout)) {
        return true;
    }
    int format = work->frame->format;
    return work->format.bits == 8 && work->format.channels >= 3 &&
           (format == AV_PIX_FMT_YUV420P || format == AV_PIX_FMT_YUVA420P);
}

/* Do the frame's bytes lie as the rows ask? */
static bool is_in_place(const frame_rows *work)
{
    static const struct {
        enum AVPixelFormat layout;
        int32_t channels;
        int32_t bits;
    } same[] = {
        {AV_PIX_FMT_GRAY8, 1, 8},  {AV_PIX_FMT_YA8, 2, 8},     {AV_PIX_FMT_RGB24, 3, 8},
        {AV_PIX_FMT_RGBA, 4, 8},   {AV_PIX_FMT_GRAY16, 1, 16}, {AV_PIX_FMT_YA16, 2, 16},
        {AV_PIX_FMT_RGB48, 3, 16}, {AV_PIX_FMT_RGBA64, 4, 16},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        if (work->frame->format == (int)same[i].layout) {
            return work->format.channels == same[i].channels && work->format.bits == same[i].bits;
        }
    }
    return false;
}

static hydra_status convert(frame_rows *work, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    int32_t height = work->frame->height;
    size_t width = (size_t)work->frame->width;
    size_t stride = width * (size_t)work->format.channels * (size_t)(work->format.bits / 8);
    uint8_t *strip = hy_calloc(STRIP_ROWS, stride);
    work->samples = hy_calloc(width, sizeof *work->samples);
    hydra_status status = HYDRA_OK;
    if (!strip || !work->samples) {
        status = hy_fail_memory(diag);
    }
    for (int32_t y = 0; status == HYDRA_OK && y < height; y += STRIP_ROWS) {
        int32_t count = height - y < STRIP_ROWS ? height - y : STRIP_ROWS;
        for (int32_t i = 0; i < count; i++) {
            convert_row(work, y + i, strip + stride * (size_t)i);
        }
        status = rows(user, strip, (ptrdiff_t)stride, count);
    }
    hy_free(strip);
    hy_free(work->samples);
    return status;
}

hydra_status hy_photo_frame_rows(const hy_photo *photo, const AVFrame *frame, hy_rows_fn *rows,
                                 void *user, hy_diag *diag)
{
    frame_rows work = {
        .frame = frame,
        .layout = av_pix_fmt_desc_get(frame->format),
        .format = photo->info.rows,
        .premultiplied = photo->premultiplied,
    };
    if (!is_supported(&work)) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: %s with samples of an unusual kind",
                       photo->name, photo->info.format);
    }
    if (is_in_place(&work) && !work.premultiplied) {
        return rows(user, frame->data[0], frame->linesize[0], frame->height);
    }
    return convert(&work, rows, user, diag);
}
