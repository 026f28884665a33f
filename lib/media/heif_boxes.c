/* SPDX-License-Identifier: MIT */
/*
 * The boxes of HEIF; see heif_boxes.h. Whatever could be read in two ways (boxes or items that are
 * there twice) is damage, so that libheif cannot see another file than the one that is checked.
 */
#include "heif_boxes.h"

#include <stdlib.h>
#include <string.h>

typedef hy_heif_span span;
typedef hy_heif_box box;
typedef hy_heif_reference reference;
typedef hy_heif_properties properties;

uint32_t hy_heif_name(const char *type)
{
    return hy_read_be32((const uint8_t *)type);
}

uint64_t hy_heif_take(span *s, size_t bytes)
{
    if (bytes > s->size) {
        s->size = 0;
        s->bad = true;
        return 0;
    }
    if (bytes == 0) { /* there may be no data to stand at */
        return 0;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < bytes; i++) {
        value = value << 8 | s->data[i];
    }
    s->data += bytes;
    s->size -= bytes;
    return value;
}

/* Empty and bad unless all of it lies inside; of what is bad there are only bad parts. */
span hy_heif_part_of(span s, uint64_t offset, uint64_t size)
{
    if (s.bad || !s.data || offset > s.size || size > s.size - offset) {
        return (span){.bad = true};
    }
    return (span){.data = s.data + offset, .size = (size_t)size};
}

/* False at the end, or with `rest` bad. */
static bool next_box(span *rest, box *out)
{
    if (rest->size == 0 || rest->bad) {
        return false;
    }
    span whole = *rest;
    uint64_t size = hy_heif_take(rest, 4);
    out->type_at = rest->data;
    out->type = (uint32_t)hy_heif_take(rest, 4);
    if (size == 1) {
        size = hy_heif_take(rest, 8);
    } else if (size == 0) {
        size = whole.size;
    }
    size_t header = whole.size - rest->size;
    if (rest->bad || size < header || size > whole.size) {
        rest->bad = true;
        return false;
    }
    out->body = hy_heif_part_of(whole, header, size - header);
    *rest = hy_heif_part_of(whole, size, whole.size - size);
    return true;
}

/* ---- The file ---- */

static hydra_status read_meta(const hy_photo *photo, hy_heif_file *file, span meta, hy_diag *diag)
{
    static const char *const types[HY_HEIF_PARTS] = {"pitm", "iinf", "iloc",
                                                     "iref", "iprp", "idat"};
    box child;
    (void)hy_heif_take(&meta, 4);
    while (next_box(&meta, &child)) {
        for (int i = 0; i < HY_HEIF_PARTS; i++) {
            if (child.type != hy_heif_name(types[i])) {
                continue;
            }
            if (file->parts[i].data) {
                return hy_photo_damaged(photo, "a box is there twice", diag);
            }
            file->parts[i] = child.body;
        }
    }
    return meta.bad ? hy_photo_damaged(photo, "a box in its header is too long", diag) : HYDRA_OK;
}

static hydra_status find_meta(const hy_photo *photo, hy_heif_file *file, hy_diag *diag)
{
    span rest = file->all;
    box top;
    bool found = false;
    while (next_box(&rest, &top)) { /* an incomplete one at the end is no concern of ours */
        if (top.type != hy_heif_name("meta")) {
            continue;
        }
        if (found) {
            return hy_photo_damaged(photo, "it has two headers", diag);
        }
        found = true;
        hydra_status status = read_meta(photo, file, top.body, diag);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    span primary = file->parts[HY_HEIF_PITM];
    uint32_t version = (uint32_t)hy_heif_take(&primary, 4) >> 24;
    file->primary = (uint32_t)hy_heif_take(&primary, version == 0 ? 2 : 4);
    return primary.bad ? hy_photo_damaged(photo, "no picture is marked as the one to show", diag)
                       : HYDRA_OK;
}

/* ---- Items ---- */

static span items_of(const hy_heif_file *file)
{
    span list = file->parts[HY_HEIF_IINF];
    uint32_t version = (uint32_t)hy_heif_take(&list, 4) >> 24;
    (void)hy_heif_take(&list, version == 0 ? 2 : 4);
    return list;
}

/* False at the end, or with `list` bad. */
static bool next_item(span *list, hy_heif_item *out)
{
    box entry;
    while (next_box(list, &entry)) {
        span body = entry.body;
        uint32_t version = (uint32_t)hy_heif_take(&body, 1);
        if (entry.type != hy_heif_name("infe") || (version != 2 && version != 3)) {
            continue; /* older ones describe no pictures */
        }
        (void)hy_heif_take(&body, 2);
        out->flags = body.data;
        (void)hy_heif_take(&body, 1);
        out->id = (uint32_t)hy_heif_take(&body, version == 2 ? 2 : 4);
        (void)hy_heif_take(&body, 2);
        out->type = (uint32_t)hy_heif_take(&body, 4);
        list->bad = body.bad;
        return !body.bad;
    }
    return false;
}

int hy_heif_by_id(const void *a, const void *b)
{
    uint32_t left = ((const hy_heif_item *)a)->id;
    uint32_t right = ((const hy_heif_item *)b)->id;
    return (left > right) - (left < right);
}

static hydra_status read_items(const hy_photo *photo, hy_heif_file *file, hy_diag *diag)
{
    hy_heif_item at;
    size_t count = 0;
    span list = items_of(file);
    while (next_item(&list, &at)) {
        count++;
    }
    if (list.bad || count == 0) {
        return hy_photo_damaged(photo, "its list of items is incomplete", diag);
    }
    file->items = hy_calloc(count, sizeof *file->items);
    if (!file->items) {
        return hy_fail_memory(diag);
    }
    list = items_of(file);
    while (next_item(&list, &file->items[file->item_count])) {
        if (++file->item_count == count) {
            break;
        }
    }
    qsort(file->items, count, sizeof *file->items, hy_heif_by_id);
    for (size_t i = 1; i < count; i++) {
        if (file->items[i].id == file->items[i - 1].id) {
            return hy_photo_damaged(photo, "two items with one number", diag);
        }
    }
    return HYDRA_OK;
}

hydra_status hy_heif_read(const hy_photo *photo, hy_heif_file *file, hy_diag *diag)
{
    *file = (hy_heif_file){.all = {.data = photo->data, .size = photo->size}};
    hydra_status status = find_meta(photo, file, diag);
    return status == HYDRA_OK ? read_items(photo, file, diag) : status;
}

void hy_heif_free(hy_heif_file *file)
{
    hy_free(file->items);
    file->items = NULL;
}

/* ---- References ---- */

/* The next one of that type. False at the end, or with `list` bad. */
bool hy_heif_next_reference(span *list, int32_t id_bytes, const char *type, reference *out)
{
    box entry;
    while (next_box(list, &entry)) {
        if (entry.type != hy_heif_name(type)) {
            continue;
        }
        span body = entry.body;
        out->id_bytes = id_bytes;
        out->from = (uint32_t)hy_heif_take(&body, (size_t)id_bytes);
        out->count = (int32_t)hy_heif_take(&body, 2);
        out->to =
            body.bad ? body : hy_heif_part_of(body, 0, (uint64_t)out->count * (uint64_t)id_bytes);
        list->bad = out->to.bad;
        return !list->bad;
    }
    return false;
}

span hy_heif_references_of(const hy_heif_file *file, int32_t *id_bytes)
{
    span list = file->parts[HY_HEIF_IREF];
    *id_bytes = 2;
    if (list.data) {
        *id_bytes = hy_heif_take(&list, 4) >> 24 == 0 ? 2 : 4;
    }
    return list;
}

bool hy_heif_refers_to(const reference *ref, uint32_t id)
{
    span to = ref->to;
    for (int32_t i = 0; i < ref->count; i++) {
        if (hy_heif_take(&to, (size_t)ref->id_bytes) == id) {
            return true;
        }
    }
    return false;
}

/* ---- Properties ---- */

/* Go to the item in a list of associations; false: it is not there. */
static bool find_associations(span list, uint32_t id, properties *out)
{
    uint32_t head = (uint32_t)hy_heif_take(&list, 4);
    uint32_t entries = (uint32_t)hy_heif_take(&list, 4);
    out->index_bytes = head & 1 ? 2 : 1;
    for (uint32_t i = 0; i < entries && !list.bad; i++) {
        uint64_t at = hy_heif_take(&list, head >> 24 == 0 ? 2 : 4);
        out->left = (int32_t)hy_heif_take(&list, 1);
        out->indices = hy_heif_part_of(list, 0, (uint64_t)out->left * out->index_bytes);
        if (at == id || out->indices.bad) {
            return !out->indices.bad;
        }
        list = hy_heif_part_of(list, out->indices.size, list.size - out->indices.size);
    }
    return false;
}

properties hy_heif_properties_of(const hy_heif_file *file, uint32_t id)
{
    properties found = {.left = 0};
    span rest = file->parts[HY_HEIF_IPRP];
    span list = {.bad = true};
    bool here = false;
    box child;
    while (next_box(&rest, &child)) {
        if (child.type == hy_heif_name("ipma") && !here) {
            here = find_associations(child.body, id, &found);
        } else if (child.type == hy_heif_name("ipco")) {
            list = child.body;
        }
    }
    found.list = list;
    found.left = here ? found.left : 0;
    return found;
}

/* False at the end. */
bool hy_heif_next_property(properties *of, box *out)
{
    if (of->left == 0) {
        return false;
    }
    of->left--;
    uint32_t mask = of->index_bytes == 2 ? 0x7fff : 0x7f; /* the rest says whether it matters */
    uint32_t index = (uint32_t)hy_heif_take(&of->indices, of->index_bytes) & mask;
    span list = of->list;
    *out = (box){.type = 0};
    for (uint32_t i = 0; i < index; i++) {
        if (!next_box(&list, out)) {
            *out = (box){.type = 0};
            break;
        }
    }
    return true;
}

/* ---- Data ---- */

/* Where the data of one item lie. */
typedef struct location {
    uint32_t id;
    bool outside; /* in another file, or made from other items */
    span from;    /* what the offsets count from */
    uint64_t base;
    int32_t extents;
    span list; /* of them */
} location;

/* To iterate over them. */
typedef struct locations {
    span list; /* bad: damaged */
    const hy_heif_file *file;
    uint32_t version;
    uint32_t left;
    uint8_t sizes[4]; /* of an offset, a length, a base and an index */
} locations;

/* The first bytes of the item's extents. */
static size_t gather(const locations *all, location at, uint8_t bytes[HY_HEIF_ITEM_BYTES])
{
    size_t got = 0;
    for (int32_t i = 0; i < at.extents && got < HY_HEIF_ITEM_BYTES; i++) {
        (void)hy_heif_take(&at.list, all->sizes[3]);
        uint64_t offset = hy_heif_take(&at.list, all->sizes[0]);
        uint64_t length = hy_heif_take(&at.list, all->sizes[1]);
        if (at.list.bad || offset > UINT64_MAX - at.base) {
            return 0;
        }
        span extent = hy_heif_part_of(at.from, at.base + offset, length);
        size_t count =
            extent.size < HY_HEIF_ITEM_BYTES - got ? extent.size : HY_HEIF_ITEM_BYTES - got;
        if (count > 0) {
            memcpy(bytes + got, extent.data, count);
        }
        got += count;
    }
    return got;
}

static locations locations_of(const hy_heif_file *file)
{
    locations all = {.list = file->parts[HY_HEIF_ILOC], .file = file};
    all.version = (uint32_t)hy_heif_take(&all.list, 4) >> 24;
    uint32_t packed = (uint32_t)hy_heif_take(&all.list, 2);
    for (int i = 0; i < 4; i++) {
        all.sizes[i] = packed >> (12 - 4 * i) & 15;
        all.list.bad = all.list.bad || all.sizes[i] > 8;
    }
    if (all.version == 0) {
        all.sizes[3] = 0;
    }
    all.left = (uint32_t)hy_heif_take(&all.list, all.version < 2 ? 2 : 4);
    return all;
}

/* False at the end, or with the list bad. */
static bool next_location(locations *all, location *out)
{
    span *list = &all->list;
    if (all->left == 0 || list->bad) {
        return false;
    }
    all->left--;
    out->id = (uint32_t)hy_heif_take(list, all->version < 2 ? 2 : 4);
    uint32_t method = all->version == 0 ? 0 : (uint32_t)hy_heif_take(list, 2) & 15;
    out->outside = hy_heif_take(list, 2) != 0 || method > 1;
    out->from = method == 0 ? all->file->all : all->file->parts[HY_HEIF_IDAT];
    out->base = hy_heif_take(list, all->sizes[2]);
    out->extents = (int32_t)hy_heif_take(list, 2);
    uint64_t extent = (uint64_t)all->sizes[3] + all->sizes[0] + all->sizes[1];
    uint64_t size = (uint64_t)out->extents * extent;
    if (list->bad || size > list->size) {
        list->bad = true;
        return false;
    }
    out->list = hy_heif_part_of(*list, 0, size);
    *list = hy_heif_part_of(*list, size, list->size - size);
    return true;
}

/* Number of bytes that were there, 0 for none. */
size_t hy_heif_read_item(const hy_heif_file *file, uint32_t id, uint8_t bytes[HY_HEIF_ITEM_BYTES])
{
    location at;
    locations all = locations_of(file);
    while (next_location(&all, &at)) {
        if (at.id == id) {
            return at.outside ? 0 : gather(&all, at, bytes);
        }
    }
    return 0;
}

/* Whether all extents are of length 0. */
static bool is_empty(const locations *all, location at)
{
    for (int32_t i = 0; i < at.extents && all->sizes[1] > 0; i++) {
        (void)hy_heif_take(&at.list, all->sizes[3]);
        (void)hy_heif_take(&at.list, all->sizes[0]);
        if (hy_heif_take(&at.list, all->sizes[1]) != 0) {
            return false;
        }
    }
    return true;
}

bool hy_heif_has_empty(const hy_heif_file *file, const char *type)
{
    location at;
    locations all = locations_of(file);
    while (next_location(&all, &at)) {
        if (is_empty(&all, at)) {
            const hy_heif_item *item =
                bsearch(&(hy_heif_item){.id = at.id}, file->items, file->item_count,
                        sizeof *file->items, hy_heif_by_id);
            if (item && item->type == hy_heif_name(type)) {
                return true;
            }
        }
    }
    return false;
}

/* ---- For libheif ---- */

hydra_status hy_heif_take_apart(const hy_photo *photo, const hy_heif_file *file, uint8_t **copy,
                                hy_diag *diag)
{
    *copy = hy_calloc(photo->size, 1);
    if (!*copy) {
        return hy_fail_memory(diag);
    }
    memcpy(*copy, photo->data, photo->size);
    int32_t id_bytes;
    span list = hy_heif_references_of(file, &id_bytes);
    box entry;
    while (next_box(&list, &entry)) {
        if (entry.type != hy_heif_name("dimg")) { /* newer ones open no grid without */
            memcpy(*copy + (entry.type_at - photo->data), "free", 4);
        }
    }
    for (size_t i = 0; i < file->item_count; i++) {
        (*copy)[file->items[i].flags - photo->data] &= 0xfe;
    }
    return HYDRA_OK;
}
