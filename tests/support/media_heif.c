/* SPDX-License-Identifier: MIT */
/*
 * Makers of HEIC and AVIF. libheif 1.15 writes no tile grids, so that file is put together here:
 * tiles from x265 by way of FFmpeg, boxes by hand (ISO/IEC 14496-12 and 23008-12).
 */
#include <stdlib.h>
#include <string.h>

#include <libavformat/avformat.h>

#if HY_HAVE_HEIF
#include <libheif/heif.h>
#endif

#include "media.h"
#include "support.h"

#define TILE 64

/* Read by LeakSanitizer: x265 3.5 does not free all of its own. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265.so\n";
}

/* ---- Boxes ---- */

static void put(test_file *file, uint64_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--) {
        uint8_t byte = (uint8_t)(value >> 8 * i);
        test_file_append(file, &byte, 1);
    }
}

static size_t begin(test_file *file, const char *type)
{
    size_t start = file->size;
    put(file, 0, 4);
    test_file_append(file, type, 4);
    return start;
}

static size_t begin_full(test_file *file, const char *type, uint32_t version_and_flags)
{
    size_t start = begin(file, type);
    put(file, version_and_flags, 4);
    return start;
}

static void end(test_file *file, size_t start)
{
    uint32_t size = (uint32_t)(file->size - start);
    for (int i = 0; i < 4; i++) {
        file->data[start + (size_t)i] = (uint8_t)(size >> (24 - 8 * i));
    }
}

/* ---- HEVC: FFmpeg's start codes to NAL units with lengths ---- */

/* Calls for each unit between start codes. */
static void each_unit(const uint8_t *data, size_t size,
                      void (*take)(void *user, const uint8_t *unit, size_t size), void *user)
{
    size_t start = 0;
    for (size_t i = 0; i <= size; i++) {
        bool code = i + 3 <= size && data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1;
        if (!code && i < size) {
            continue;
        }
        if (start > 0) {
            size_t stop = i;
            while (stop > start && data[stop - 1] == 0) {
                stop--;
            }
            take(user, data + start, stop - start);
        }
        start = i + 3;
    }
}

typedef struct hevc_tile {
    test_file parameters; /* VPS, SPS, PPS as arrays of hvcC */
    test_file slices;     /* with lengths */
    uint8_t profile[12];
    int arrays;
} hevc_tile;

static void take_unit(void *user, const uint8_t *unit, size_t size)
{
    hevc_tile *tile = user;
    int type = unit[0] >> 1 & 0x3f;
    if (type >= 32 && type <= 34) {
        if (type == 33) {
            memcpy(tile->profile, unit + 3, sizeof tile->profile);
        }
        put(&tile->parameters, (uint64_t)(0x80 | type), 1);
        put(&tile->parameters, 1, 2);
        put(&tile->parameters, size, 2);
        test_file_append(&tile->parameters, unit, size);
        tile->arrays++;
    } else if (type < 32) {
        put(&tile->slices, size, 4);
        test_file_append(&tile->slices, unit, size);
    }
}

static hevc_tile make_tile(uint8_t level)
{
    uint8_t yuv[TILE * TILE * 3 / 2];
    memset(yuv, level, TILE * TILE);
    memset(yuv + TILE * TILE, 128, sizeof yuv - TILE * TILE);
    test_file coded = test_make_picture("libx265", "yuvj420p", yuv, TILE, TILE,
                                        "x265-params=log-level=none\\:crf=10");
    hevc_tile tile = {.arrays = 0};
    each_unit(coded.data, coded.size, take_unit, &tile);
    test_file_free(&coded);
    assert_int_equal(tile.arrays, 3);
    return tile;
}

/* ---- The grid file ---- */

typedef struct grid {
    int32_t columns;
    int32_t rows;
    int32_t width;
    int32_t height;
    hevc_tile *tiles;
    int32_t count;
} grid;

static void put_handler(test_file *file)
{
    size_t box = begin_full(file, "hdlr", 0);
    put(file, 0, 4);
    test_file_append(file, "pict", 4);
    put(file, 0, 8);
    put(file, 0, 5);
    end(file, box);
}

/* Tiles are items 1..count, the grid is item count + 1 and lies in idat. */
static void put_locations(test_file *file, const grid *g, size_t media)
{
    size_t box = begin_full(file, "iloc", 0x01000000);
    put(file, 0x4400, 2);
    put(file, (uint64_t)g->count + 1, 2);
    for (int32_t i = 0; i <= g->count; i++) {
        bool is_grid = i == g->count;
        put(file, (uint64_t)i + 1, 2);
        put(file, is_grid ? 1 : 0, 2);
        put(file, 0, 2);
        put(file, 1, 2);
        put(file, is_grid ? 0 : media, 4);
        put(file, is_grid ? 8 : g->tiles[i].slices.size, 4);
        media += is_grid ? 0 : g->tiles[i].slices.size;
    }
    end(file, box);
}

static void put_items(test_file *file, const grid *g)
{
    size_t box = begin_full(file, "iinf", 0);
    put(file, (uint64_t)g->count + 1, 2);
    for (int32_t i = 0; i <= g->count; i++) {
        size_t entry = begin_full(file, "infe", i == g->count ? 0x02000000 : 0x02000001);
        put(file, (uint64_t)i + 1, 2);
        put(file, 0, 2);
        test_file_append(file, i == g->count ? "grid" : "hvc1", 4);
        put(file, 0, 1);
        end(file, entry);
    }
    end(file, box);
}

static void put_references(test_file *file, const grid *g)
{
    size_t box = begin_full(file, "iref", 0);
    size_t derived = begin(file, "dimg");
    put(file, (uint64_t)g->count + 1, 2);
    put(file, (uint64_t)g->count, 2);
    for (int32_t i = 0; i < g->count; i++) {
        put(file, (uint64_t)i + 1, 2);
    }
    end(file, derived);
    end(file, box);
}

static void put_extent(test_file *file, int32_t width, int32_t height)
{
    size_t box = begin_full(file, "ispe", 0);
    put(file, (uint64_t)width, 4);
    put(file, (uint64_t)height, 4);
    end(file, box);
}

static void put_properties(test_file *file, const grid *g)
{
    size_t box = begin(file, "iprp");
    size_t list = begin(file, "ipco");
    size_t config = begin(file, "hvcC"); /* property 1 */
    put(file, 1, 1);
    test_file_append(file, g->tiles[0].profile, sizeof g->tiles[0].profile);
    put(file, 0xf000, 2); /* segmentation */
    put(file, 0xfc, 1);   /* parallelism */
    put(file, 0xfd, 1);   /* 4:2:0 */
    put(file, 0xf8f8, 2); /* 8 bits */
    put(file, 0, 2);      /* frame rate */
    put(file, 0x0f, 1);   /* one layer, lengths of 4 bytes */
    put(file, 3, 1);
    test_file_append(file, g->tiles[0].parameters.data, g->tiles[0].parameters.size);
    end(file, config);
    put_extent(file, TILE, TILE);          /* 2 */
    put_extent(file, g->width, g->height); /* 3 */
    size_t colour = begin(file, "colr");   /* 4: BT.709, sRGB, BT.601, full range */
    test_file_append(file, "nclx", 4);
    put(file, 1, 2);
    put(file, 13, 2);
    put(file, 6, 2);
    put(file, 0x80, 1);
    end(file, colour);
    end(file, list);
    size_t links = begin_full(file, "ipma", 0);
    put(file, (uint64_t)g->count + 1, 4);
    for (int32_t i = 0; i <= g->count; i++) {
        put(file, (uint64_t)i + 1, 2);
        put(file, i == g->count ? 0x020384 : 0x03810284, i == g->count ? 3 : 4);
    }
    end(file, links);
    end(file, box);
}

static test_file build_grid(const grid *g, size_t media)
{
    test_file file = {0};
    size_t type = begin(&file, "ftyp");
    test_file_append(&file, "heic\0\0\0\0mif1heic", 16);
    end(&file, type);
    size_t meta = begin_full(&file, "meta", 0);
    put_handler(&file);
    size_t primary = begin_full(&file, "pitm", 0);
    put(&file, (uint64_t)g->count + 1, 2);
    end(&file, primary);
    put_locations(&file, g, media);
    put_items(&file, g);
    put_references(&file, g);
    put_properties(&file, g);
    size_t data = begin(&file, "idat");
    put(&file, 0, 2);
    put(&file, (uint64_t)g->rows - 1, 1);
    put(&file, (uint64_t)g->columns - 1, 1);
    put(&file, (uint64_t)g->width, 2);
    put(&file, (uint64_t)g->height, 2);
    end(&file, data);
    end(&file, meta);
    size_t coded = begin(&file, "mdat");
    for (int32_t i = 0; i < g->count; i++) {
        test_file_append(&file, g->tiles[i].slices.data, g->tiles[i].slices.size);
    }
    end(&file, coded);
    return file;
}

test_file test_make_heif_grid(int32_t columns, int32_t rows, const uint8_t *levels, int32_t width,
                              int32_t height)
{
    grid g = {columns, rows, width, height, NULL, columns * rows};
    g.tiles = calloc((size_t)g.count, sizeof *g.tiles);
    assert_non_null(g.tiles);
    size_t media_bytes = 0;
    for (int32_t i = 0; i < g.count; i++) {
        g.tiles[i] = make_tile(levels[i]);
        media_bytes += g.tiles[i].slices.size;
    }
    /* Numbers have fixed widths: the first build tells where the media begin. */
    test_file draft = build_grid(&g, 0);
    test_file file = build_grid(&g, draft.size - media_bytes);
    test_file_free(&draft);
    for (int32_t i = 0; i < g.count; i++) {
        test_file_free(&g.tiles[i].parameters);
        test_file_free(&g.tiles[i].slices);
    }
    free(g.tiles);
    return file;
}

/* ---- FFmpeg's AVIF ---- */

test_file test_make_avif10(const uint16_t *yuv420, int32_t width, int32_t height)
{
    test_file coded = test_make_picture("libaom-av1", "yuv420p10le", (const uint8_t *)yuv420, width,
                                        height, "still-picture=1:crf=1:cpu-used=8");
    AVFormatContext *format = NULL;
    assert_true(avformat_alloc_output_context2(&format, NULL, "avif", NULL) >= 0);
    AVStream *stream = avformat_new_stream(format, NULL);
    assert_non_null(stream);
    stream->time_base = (AVRational){1, 25};
    *stream->codecpar = (AVCodecParameters){
        .codec_type = AVMEDIA_TYPE_VIDEO,
        .codec_id = AV_CODEC_ID_AV1,
        .format = AV_PIX_FMT_YUV420P10,
        .width = width,
        .height = height,
        .color_range = AVCOL_RANGE_MPEG,
        .color_primaries = AVCOL_PRI_BT709,
        .color_trc = AVCOL_TRC_IEC61966_2_1,
        .color_space = AVCOL_SPC_BT709,
        .extradata = av_mallocz(coded.size + AV_INPUT_BUFFER_PADDING_SIZE),
        .extradata_size = (int)coded.size,
    };
    memcpy(stream->codecpar->extradata, coded.data, coded.size); /* begins with the header */
    assert_int_equal(avio_open_dyn_buf(&format->pb), 0);
    assert_true(avformat_write_header(format, NULL) >= 0);
    AVPacket *packet = av_packet_alloc();
    packet->data = coded.data;
    packet->size = (int)coded.size;
    packet->pts = 0;
    packet->dts = 0;
    packet->duration = 1;
    packet->flags = AV_PKT_FLAG_KEY;
    assert_true(av_interleaved_write_frame(format, packet) >= 0);
    assert_int_equal(av_write_trailer(format), 0);
    av_packet_free(&packet);
    uint8_t *data = NULL;
    int size = avio_close_dyn_buf(format->pb, &data);
    test_file file = {0};
    test_file_append(&file, data, (size_t)size);
    av_free(data);
    avformat_free_context(format);
    test_file_free(&coded);
    return file;
}

/* ---- libheif's encoder ---- */

#if HY_HAVE_HEIF

#define assert_heif(call)                                                                          \
    do {                                                                                           \
        struct heif_error error_ = (call);                                                         \
        if (error_.code != heif_error_Ok) {                                                        \
            fail_msg("libheif: %s", error_.message);                                               \
        }                                                                                          \
    } while (0)

static struct heif_image *make_image(const void *samples, int32_t width, int32_t height,
                                     const test_heif *how)
{
    int bits = how->bits ? how->bits : 8;
    enum heif_chroma layout =
        how->alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB;
    if (bits > 8) {
        layout =
            how->alpha ? heif_chroma_interleaved_RRGGBBAA_LE : heif_chroma_interleaved_RRGGBB_LE;
    }
    struct heif_image *image = NULL;
    assert_heif(heif_image_create(width, height, heif_colorspace_RGB, layout, &image));
    assert_heif(heif_image_add_plane(image, heif_channel_interleaved, width, height, bits));
    int stride = 0;
    uint8_t *plane = heif_image_get_plane(image, heif_channel_interleaved, &stride);
    size_t row = (size_t)width * (how->alpha ? 4 : 3) * (bits > 8 ? 2 : 1);
    for (int32_t y = 0; y < height; y++) {
        memcpy(plane + (ptrdiff_t)y * stride, (const uint8_t *)samples + row * (size_t)y, row);
    }
    if (how->premultiplied) {
        heif_image_set_premultiplied_alpha(image, 1);
    }
    if (how->icc) {
        assert_heif(heif_image_set_raw_color_profile(image, "prof", how->icc, how->icc_size));
    }
    return image;
}

static struct heif_error take_bytes(struct heif_context *context, const void *data, size_t size,
                                    void *user)
{
    (void)context;
    test_file_append(user, data, size);
    return (struct heif_error){heif_error_Ok, heif_suberror_Unspecified, ""};
}

static void encode(struct heif_context *context, struct heif_image *image, const test_heif *how)
{
    struct heif_encoder *encoder = NULL;
    assert_heif(heif_context_get_encoder_for_format(
        context, how->av1 ? heif_compression_AV1 : heif_compression_HEVC, &encoder));
    assert_heif(heif_encoder_set_lossy_quality(encoder, 95));
    assert_heif(heif_encoder_set_parameter_string(encoder, "chroma", "444"));
    struct heif_encoding_options *options = heif_encoding_options_alloc();
    struct heif_color_profile_nclx *nclx = heif_nclx_color_profile_alloc();
    assert_non_null(options);
    assert_non_null(nclx);
    if (how->primaries) {
        assert_heif(heif_nclx_color_profile_set_color_primaries(nclx, (uint16_t)how->primaries));
        assert_heif(
            heif_nclx_color_profile_set_transfer_characteristics(nclx, (uint16_t)how->transfer));
        assert_heif(heif_image_set_nclx_color_profile(image, nclx));
        options->output_nclx_profile = nclx;
        options->macOS_compatibility_workaround_no_nclx_profile = 0;
        options->save_two_colr_boxes_when_ICC_and_nclx_available = 1;
    }
    options->image_orientation =
        how->orientation ? (enum heif_orientation)how->orientation : heif_orientation_normal;
    assert_heif(heif_context_encode_image(context, image, encoder, options, NULL));
    heif_nclx_color_profile_free(nclx);
    heif_encoding_options_free(options);
    heif_encoder_release(encoder);
}

test_file test_make_heif(const void *samples, int32_t width, int32_t height, const test_heif *how)
{
    struct heif_context *context = heif_context_alloc();
    assert_non_null(context);
    struct heif_image *image = make_image(samples, width, height, how);
    encode(context, image, how);
    struct heif_writer writer = {1, take_bytes};
    test_file file = {0};
    assert_heif(heif_context_write(context, &writer, &file));
    heif_image_release(image);
    heif_context_free(context);
    return file;
}

#endif
