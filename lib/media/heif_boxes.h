/* SPDX-License-Identifier: MIT */
/*
 * The boxes and items of HEIF files (ISO/IEC 14496-12, ISO/IEC 23008-12), read without copying.
 * Whatever could be read in two ways (boxes or items that are there twice) is damage, so that
 * libheif cannot see another file than the one that is checked here.
 */
#ifndef HY_MEDIA_HEIF_BOXES_H
#define HY_MEDIA_HEIF_BOXES_H

#include "photo.h"

typedef struct hy_heif_span {
    const uint8_t *data;
    size_t size;
    bool bad; /* something was asked for that does not lie inside */
} hy_heif_span;

typedef struct hy_heif_box {
    const uint8_t *type_at;
    uint32_t type;
    hy_heif_span body;
} hy_heif_box;

enum {
    HY_HEIF_PITM,
    HY_HEIF_IINF,
    HY_HEIF_ILOC,
    HY_HEIF_IREF,
    HY_HEIF_IPRP,
    HY_HEIF_IDAT
};
#define HY_HEIF_PARTS 6

typedef struct hy_heif_item {
    uint32_t id;
    uint32_t type;
    const uint8_t *flags; /* the byte in the file that says whether it is hidden */
} hy_heif_item;

/* The boxes inside the file's meta box; they stay where they are. */
typedef struct hy_heif_file {
    hy_heif_span all;
    hy_heif_span parts[HY_HEIF_PARTS]; /* data NULL: there is none */
    uint32_t primary;                  /* item that is to be shown */
    hy_heif_item *items;               /* owned, by ascending id */
    size_t item_count;
} hy_heif_file;

/* HYDRA_ERR_FORMAT for damage. */
hydra_status hy_heif_read(const hy_photo *photo, hy_heif_file *file, hy_diag *diag);
/* Also after a failed read; `file` all zero is fine. */
void hy_heif_free(hy_heif_file *file);
/* Order of items, for bsearch. */
int hy_heif_by_id(const void *a, const void *b);
/* A copy of the file in which nothing is hidden and nothing belongs to another item: from it
 * libheif hands out every item by itself. Free with hy_free. */
hydra_status hy_heif_take_apart(const hy_photo *photo, const hy_heif_file *file, uint8_t **copy,
                                hy_diag *diag);

/* ---- Numbers and boxes ---- */

/* Four letters as they stand in a box. */
uint32_t hy_heif_name(const char *type);
/* The next `bytes` (0..8) as a number; 0, and `s` is bad, where fewer are left. */
uint64_t hy_heif_take(hy_heif_span *s, size_t bytes);
/* Empty and bad unless all of it lies inside. */
hy_heif_span hy_heif_part_of(hy_heif_span s, uint64_t offset, uint64_t size);

/* ---- References between items ---- */

typedef struct hy_heif_reference {
    uint32_t from;
    int32_t count;
    int32_t id_bytes;
    hy_heif_span to;
} hy_heif_reference;

/* To iterate over; `id_bytes` is for next_reference. */
hy_heif_span hy_heif_references_of(const hy_heif_file *file, int32_t *id_bytes);
/* The next one of that type. False at the end, or with `list` bad. */
bool hy_heif_next_reference(hy_heif_span *list, int32_t id_bytes, const char *type,
                            hy_heif_reference *out);
bool hy_heif_refers_to(const hy_heif_reference *ref, uint32_t id);

/* ---- Properties of items ---- */

typedef struct hy_heif_properties {
    hy_heif_span indices;
    size_t index_bytes;
    int32_t left;
    hy_heif_span list;
} hy_heif_properties;

/* To iterate over, in the file's order. */
hy_heif_properties hy_heif_properties_of(const hy_heif_file *file, uint32_t id);
/* False at the end. A property that is not there has type 0. */
bool hy_heif_next_property(hy_heif_properties *of, hy_heif_box *out);

/* ---- Data of items ---- */

#define HY_HEIF_ITEM_BYTES 12

/* The first bytes of an item that lies in this file; returns how many there are. */
size_t hy_heif_read_item(const hy_heif_file *file, uint32_t id, uint8_t bytes[HY_HEIF_ITEM_BYTES]);
/* Whether an item of that type lies nowhere. */
bool hy_heif_has_empty(const hy_heif_file *file, const char *type);

#endif
