/* SPDX-License-Identifier: MIT */
/*
 * Maker of HEIC files out of several items. libheif 1.15 writes no tile grids, so these are put
 * together here: tiles from x265 by way of FFmpeg, boxes by hand (ISO/IEC 14496-12 and 23008-12).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "support.h"

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

typedef struct hevc_picture {
    test_file parameters; /* VPS, SPS, PPS as arrays of hvcC */
    test_file slices;     /* with lengths */
    uint8_t profile[12];
    int arrays;
    int slices_left; /* to take */
} hevc_picture;

static void take_unit(void *user, const uint8_t *unit, size_t size)
{
    hevc_picture *picture = user;
    int type = unit[0] >> 1 & 0x3f;
    if (type >= 32 && type <= 34) {
        if (type == 33) {
            memcpy(picture->profile, unit + 3, sizeof picture->profile);
        }
        put(&picture->parameters, (uint64_t)(0x80 | type), 1);
        put(&picture->parameters, 1, 2);
        put(&picture->parameters, size, 2);
        test_file_append(&picture->parameters, unit, size);
        picture->arrays++;
    } else if (type < 32 && picture->slices_left > 0) {
        picture->slices_left--;
        put(&picture->slices, size, 4);
        test_file_append(&picture->slices, unit, size);
    }
}

static hevc_picture code(const test_heif_item *item)
{
    size_t luma = (size_t)item->width * (size_t)item->height;
    uint8_t *yuv = malloc(luma * 3 / 2);
    assert_non_null(yuv);
    memset(yuv, item->level, luma);
    memset(yuv + luma, 128, luma / 2);
    char options[100];
    (void)snprintf(options, sizeof options,
                   "x265-params=log-level=none\\:crf=10\\:ctu=16\\:min-cu-size=8\\:slices=%d",
                   item->half ? 2 : 1);
    test_file coded =
        test_make_picture("libx265", "yuvj420p", yuv, item->width, item->height, options);
    hevc_picture picture = {.slices_left = 1};
    each_unit(coded.data, coded.size, take_unit, &picture);
    test_file_free(&coded);
    free(yuv);
    assert_int_equal(picture.arrays, 3);
    return picture;
}

/* ---- Items ---- */

typedef struct item {
    const test_heif_item *how;
    test_file data;
    test_file properties; /* boxes, one after another */
    int property_count;
} item;

static void put_configuration(test_file *file, const hevc_picture *picture)
{
    size_t config = begin(file, "hvcC");
    put(file, 1, 1);
    test_file_append(file, picture->profile, sizeof picture->profile);
    put(file, 0xf000, 2); /* segmentation */
    put(file, 0xfc, 1);   /* parallelism */
    put(file, 0xfd, 1);   /* 4:2:0 */
    put(file, 0xf8f8, 2); /* 8 bits */
    put(file, 0, 2);      /* frame rate */
    put(file, 0x0f, 1);   /* one layer, lengths of 4 bytes */
    put(file, 3, 1);
    test_file_append(file, picture->parameters.data, picture->parameters.size);
    end(file, config);
}

static void put_extent(test_file *file, int32_t width, int32_t height)
{
    size_t box = begin_full(file, "ispe", 0);
    put(file, (uint64_t)width, 4);
    put(file, (uint64_t)height, 4);
    end(file, box);
}

/* BT.709, sRGB, BT.601, full range. */
static void put_colour(test_file *file)
{
    size_t box = begin(file, "colr");
    test_file_append(file, "nclx", 4);
    put(file, 1, 2);
    put(file, 13, 2);
    put(file, 6, 2);
    put(file, 0x80, 1);
    end(file, box);
}

static void put_alpha_type(test_file *file)
{
    static const char name[] = "urn:mpeg:hevc:2015:auxid:1";
    size_t box = begin_full(file, "auxC", 0);
    test_file_append(file, name, sizeof name);
    end(file, box);
}

/* One byte of value; after the others, as transformations must be. */
static void put_turn(test_file *file, const char *type, int32_t value)
{
    size_t box = begin(file, type);
    put(file, (uint64_t)value, 1);
    end(file, box);
}

static void put_grid(test_file *file, const test_heif_item *how)
{
    int bytes = how->wide_grid ? 4 : 2;
    put(file, 0, 1);
    put(file, how->wide_grid ? 1 : 0, 1);
    put(file, (uint64_t)how->rows - 1, 1);
    put(file, (uint64_t)how->columns - 1, 1);
    put(file, (uint64_t)how->width, bytes);
    put(file, (uint64_t)how->height, bytes);
}

static item make_item(const test_heif_item *how)
{
    item made = {.how = how};
    if (how->type) {
        put_grid(&made.data, how);
    } else {
        hevc_picture picture = code(how);
        made.data = picture.slices;
        put_configuration(&made.properties, &picture);
        test_file_free(&picture.parameters);
        made.property_count++;
    }
    put_extent(&made.properties, how->claimed_width ? how->claimed_width : how->width,
               how->claimed_height ? how->claimed_height : how->height);
    made.property_count++;
    if (how->alpha_of) {
        put_alpha_type(&made.properties);
    } else {
        put_colour(&made.properties);
    }
    made.property_count++;
    if (how->turns) {
        put_turn(&made.properties, "irot", how->turns);
        made.property_count++;
    }
    if (how->mirror) {
        put_turn(&made.properties, "imir", how->mirror - 1);
        made.property_count++;
    }
    return made;
}

/* ---- The file ---- */

static void put_handler(test_file *file)
{
    size_t box = begin_full(file, "hdlr", 0);
    put(file, 0, 4);
    test_file_append(file, "pict", 4);
    put(file, 0, 8);
    put(file, 0, 5);
    end(file, box);
}

/* Coded pictures lie in mdat, everything else in idat. */
static void put_locations(test_file *file, const item *items, int count, size_t media)
{
    size_t box = begin_full(file, "iloc", 0x01000000);
    size_t derived = 0;
    put(file, 0x4400, 2);
    put(file, (uint64_t)count, 2);
    for (int i = 0; i < count; i++) {
        bool inside = items[i].how->type != NULL;
        size_t *at = inside ? &derived : &media;
        put(file, (uint64_t)i + 1, 2);
        put(file, inside ? 1 : 0, 2);
        put(file, 0, 2);
        put(file, 1, 2);
        put(file, *at, 4);
        put(file, items[i].data.size, 4);
        *at += items[i].data.size;
    }
    end(file, box);
}

static void put_items(test_file *file, const item *items, int count)
{
    size_t box = begin_full(file, "iinf", 0);
    put(file, (uint64_t)count, 2);
    for (int i = 0; i < count; i++) {
        size_t entry = begin_full(file, "infe", items[i].how->hidden ? 0x02000001 : 0x02000000);
        put(file, (uint64_t)i + 1, 2);
        put(file, 0, 2);
        test_file_append(file, items[i].how->type ? items[i].how->type : "hvc1", 4);
        put(file, 0, 1);
        end(file, entry);
    }
    end(file, box);
}

static void put_references(test_file *file, const item *items, int count)
{
    size_t box = begin_full(file, "iref", 0);
    for (int i = 0; i < count; i++) {
        const test_heif_item *how = items[i].how;
        if (how->part_count > 0) {
            size_t derived = begin(file, "dimg");
            put(file, (uint64_t)i + 1, 2);
            put(file, (uint64_t)how->part_count, 2);
            for (int32_t part = 0; part < how->part_count; part++) {
                put(file, (uint64_t)(how->first_part + part), 2);
            }
            end(file, derived);
        }
        if (how->alpha_of) {
            size_t alpha = begin(file, "auxl");
            put(file, (uint64_t)i + 1, 2);
            put(file, 1, 2);
            put(file, (uint64_t)how->alpha_of, 2);
            end(file, alpha);
        }
    }
    end(file, box);
}

static void put_properties(test_file *file, const item *items, int count)
{
    size_t box = begin(file, "iprp");
    size_t list = begin(file, "ipco");
    for (int i = 0; i < count; i++) {
        test_file_append(file, items[i].properties.data, items[i].properties.size);
    }
    end(file, list);
    size_t links = begin_full(file, "ipma", 1);
    int index = 1;
    put(file, (uint64_t)count, 4);
    for (int i = 0; i < count; i++) {
        put(file, (uint64_t)i + 1, 2);
        put(file, (uint64_t)items[i].property_count, 1);
        for (int n = 0; n < items[i].property_count; n++) {
            put(file, (uint64_t)index++, 2);
        }
    }
    end(file, links);
    end(file, box);
}

static test_file build(const item *items, int count, int primary, size_t media)
{
    test_file file = {0};
    size_t type = begin(&file, "ftyp");
    test_file_append(&file, "heic\0\0\0\0mif1heic", 16);
    end(&file, type);
    size_t meta = begin_full(&file, "meta", 0);
    put_handler(&file);
    size_t first = begin_full(&file, "pitm", 0);
    put(&file, (uint64_t)primary, 2);
    end(&file, first);
    put_locations(&file, items, count, media);
    put_items(&file, items, count);
    put_references(&file, items, count);
    put_properties(&file, items, count);
    size_t data = begin(&file, "idat");
    for (int i = 0; i < count; i++) {
        if (items[i].how->type) {
            test_file_append(&file, items[i].data.data, items[i].data.size);
        }
    }
    end(&file, data);
    end(&file, meta);
    size_t coded = begin(&file, "mdat");
    for (int i = 0; i < count; i++) {
        if (!items[i].how->type) {
            test_file_append(&file, items[i].data.data, items[i].data.size);
        }
    }
    end(&file, coded);
    return file;
}

test_file test_make_heif_items(const test_heif_item *how, int32_t count, int32_t primary)
{
    item *items = calloc((size_t)count, sizeof *items);
    assert_non_null(items);
    size_t media_bytes = 0;
    for (int32_t i = 0; i < count; i++) {
        items[i] = make_item(&how[i]);
        media_bytes += how[i].type ? 0 : items[i].data.size;
    }
    /* Numbers have fixed widths: the first build tells where the media begin. */
    test_file draft = build(items, count, primary, 0);
    test_file file = build(items, count, primary, draft.size - media_bytes);
    test_file_free(&draft);
    for (int32_t i = 0; i < count; i++) {
        test_file_free(&items[i].data);
        test_file_free(&items[i].properties);
    }
    free(items);
    return file;
}

test_file test_make_heif_grid(int32_t columns, int32_t rows, const uint8_t *levels, int32_t width,
                              int32_t height)
{
    int32_t count = columns * rows;
    test_heif_item *items = calloc((size_t)count + 1, sizeof *items);
    assert_non_null(items);
    for (int32_t i = 0; i < count; i++) {
        items[i] = (test_heif_item){.width = 64, .height = 64, .level = levels[i], .hidden = true};
    }
    items[count] = (test_heif_item){.type = "grid",
                                    .width = width,
                                    .height = height,
                                    .columns = columns,
                                    .rows = rows,
                                    .first_part = 1,
                                    .part_count = count};
    test_file file = test_make_heif_items(items, count + 1, count + 1);
    free(items);
    return file;
}
