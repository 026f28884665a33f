/* SPDX-License-Identifier: MIT */
/* HEVC headers: hvcC records from parameter sets, and the SPS read back from a record, with the
 * kinds of it that x265 does not make written bit by bit. */
#include "media/bits.h"
#include "media/hevc.h"

#include <string.h>

#include <libavutil/intreadwrite.h>

#include "support.h"

/* ---- Writing bits ---- */

typedef struct writer {
    uint8_t bytes[512]; /* unescaped */
    size_t position;
} writer;

static void put(writer *w, int count, uint32_t value)
{
    for (int i = count - 1; i >= 0; i--) {
        if (value >> i & 1U) {
            w->bytes[w->position / 8] |= (uint8_t)(0x80 >> w->position % 8);
        }
        w->position++;
    }
}

static void put_ue(writer *w, uint32_t value)
{
    int bits = 0;
    while ((value + 1) >> (bits + 1)) {
        bits++;
    }
    put(w, bits, 0);
    put(w, bits + 1, value + 1);
}

static void put_ues(writer *w, size_t count, const uint32_t *values)
{
    for (size_t i = 0; i < count; i++) {
        put_ue(w, values[i]);
    }
}

/* ---- A parameter set ---- */

/* All zero = 1920x1080 in frames of 1920x1088, of one layer, without anything optional. */
typedef struct shape {
    uint32_t sub_layers;
    bool own_profiles; /* of sub-layers */
    bool all_layers;   /* pictures held are told for each */
    bool scaling_lists;
    bool plain_blocks;
    bool references;
    bool long_term;
    bool no_vui;
    bool every_vui; /* aspect ratio, overscan, chroma location, window */
    bool fields;
    uint32_t chroma;
    uint32_t crop; /* to all sides, 0 = 8 rows at the bottom */
} shape;

static void put_profile(writer *w, const shape *s)
{
    put(w, 3, 0);
    put(w, 5, 1);
    put(w, 32, 0x60000000);
    put(w, 24, 0x900000);
    put(w, 24, 0);
    put(w, 8, 123);
    for (uint32_t i = 0; i < s->sub_layers; i++) {
        put(w, 2, s->own_profiles ? 3 : 0);
    }
    for (uint32_t i = s->sub_layers; s->sub_layers > 0 && i < 8; i++) {
        put(w, 2, 0);
    }
    for (uint32_t i = 0; s->own_profiles && i < s->sub_layers; i++) {
        for (int k = 0; k < 12; k++) {
            put(w, 8, 0xa5);
        }
    }
}

static void put_references(writer *w, const shape *s)
{
    put_ue(w, s->references ? 4 : 0);
    if (s->references) {
        put_ues(w, 2, (const uint32_t[]){2, 1}); /* two before, one after */
        for (int i = 0; i < 3; i++) {
            put_ue(w, 5);
            put(w, 1, 1);
        }
        /* By difference: of the three and the one before, one is dropped. */
        put(w, 2, 3);
        put_ue(w, 3);
        put(w, 7, 0x25); /* 01, 00, 1, 01 */
        /* The same from that, all are used. */
        put(w, 2, 2);
        put_ue(w, 0);
        put(w, 4, 15);
        put(w, 1, 0);
        put_ues(w, 2, (const uint32_t[]){0, 0});
    }
    put(w, 1, s->long_term);
    if (s->long_term) {
        put_ue(w, 2);
        put(w, 2 * (8 + 1), 0x2aaaa);
    }
}

static void put_vui(writer *w, const shape *s)
{
    put(w, 1, s->every_vui);
    if (s->every_vui) {
        put(w, 8, 255);
        put(w, 32, 0x00010001);
    }
    put(w, 1, s->every_vui);
    if (s->every_vui) {
        put(w, 1, 1);
    }
    put(w, 1, 1);
    put(w, 3, 5);
    put(w, 1, 1);
    put(w, 1, 1);
    put(w, 24, 0x090e05);
    put(w, 1, s->every_vui);
    if (s->every_vui) {
        put_ues(w, 2, (const uint32_t[]){2, 2});
    }
    put(w, 3, s->fields ? 2 : 0);
    put(w, 1, s->every_vui);
    if (s->every_vui) {
        put_ues(w, 4, (const uint32_t[]){1, 2, 3, 4});
    }
    put(w, 1, 1);
    put(w, 32, 1001);
    put(w, 32, 30000);
}

static writer make_sps(const shape *s)
{
    writer w = {.position = 0};
    put(&w, 4, 0);
    put(&w, 3, s->sub_layers);
    put(&w, 1, 1);
    put_profile(&w, s);
    put_ues(&w, 4, (const uint32_t[]){0, s->chroma ? s->chroma : 1, 1920, 1088});
    put(&w, 1, 1);
    put_ues(&w, 4, (const uint32_t[]){s->crop, s->crop, s->crop, s->crop ? s->crop : 4});
    put_ues(&w, 3, (const uint32_t[]){0, 0, 4});
    put(&w, 1, s->all_layers);
    for (uint32_t i = 0; i < (s->all_layers ? s->sub_layers + 1 : 1); i++) {
        put_ues(&w, 3, (const uint32_t[]){4, 2, 3});
    }
    put_ues(&w, 6, (const uint32_t[]){0, 2, 0, 3, 1, 1});
    put(&w, 1, s->scaling_lists);
    put(&w, 2, 3);
    put(&w, 1, s->plain_blocks);
    if (s->plain_blocks) {
        put(&w, 8, 0x77);
        put_ues(&w, 2, (const uint32_t[]){0, 2});
        put(&w, 1, 1);
    }
    put_references(&w, s);
    put(&w, 2, 3);
    put(&w, 1, !s->no_vui);
    if (!s->no_vui) {
        put_vui(&w, s);
    }
    put(&w, 1, 0); /* no extension */
    put(&w, 1, 1);
    return w;
}

/* ---- Headers ---- */

typedef struct header {
    uint8_t bytes[1024];
    size_t size;
} header;

/* A unit behind its length, escaped. */
static void add_unit(header *h, int type, const uint8_t *payload, size_t size)
{
    uint8_t *length = h->bytes + h->size;
    uint8_t *to = length + 4;
    *to++ = (uint8_t)(type << 1);
    *to++ = 1;
    int zeros = 0;
    for (size_t i = 0; i < size; i++) {
        if (zeros >= 2 && payload[i] <= 3) {
            *to++ = 3;
            zeros = 0;
        }
        *to++ = payload[i];
        zeros = payload[i] ? 0 : zeros + 1;
    }
    AV_WB32(length, (uint32_t)(to - length - 4));
    h->size = (size_t)(to - h->bytes);
}

static const uint8_t vps[] = {0x0c, 1, 0xff, 0xff};
static const uint8_t pps[] = {0xc1, 0x73, 0xc0};

static header make_header(const shape *s)
{
    header h = {.size = 0};
    writer sps = make_sps(s);
    add_unit(&h, 32, vps, sizeof vps);
    add_unit(&h, 33, sps.bytes, (sps.position + 7) / 8);
    add_unit(&h, 34, pps, sizeof pps);
    return h;
}

static bool read_back(const shape *s, hy_video_sps *sps)
{
    header h = make_header(s);
    uint8_t *hvcc = NULL;
    size_t size = 0;
    assert_int_equal(hy_hevc_make_hvcc(h.bytes, h.size, &hvcc, &size), HYDRA_OK);
    bool good = hy_hevc_read_sps(hvcc, size, sps);
    hy_free(hvcc);
    return good;
}

/* ---- Tests ---- */

static void a_record_has_the_fields_of_the_set(void **state)
{
    (void)state;
    header h = make_header(&(shape){.sub_layers = 2});
    uint8_t *hvcc = NULL;
    size_t size = 0;
    assert_int_equal(hy_hevc_make_hvcc(h.bytes, h.size, &hvcc, &size), HYDRA_OK);
    static const uint8_t fixed[] = {
        1,    1,
        0x60, 0,
        0,    0,
        0x90, 0,
        0,    0,
        0,    0,
        123,  0xf0,
        0,    0xfc,
        0xfd, 0xf8,
        0xf8, 0,
        0,    3 << 3 | 1 << 2 | 3, /* three layers, nested, 4-byte lengths */
        3};
    assert_memory_equal(hvcc, fixed, sizeof fixed);
    /* Each set as it was, in an array that is complete. */
    const uint8_t *at = hvcc + sizeof fixed;
    const uint8_t *from = h.bytes;
    for (int type = 32; type <= 34; type++) {
        size_t length = AV_RB32(from);
        assert_int_equal(at[0], 0x80 | type);
        assert_int_equal(AV_RB16(at + 1), 1);
        assert_int_equal(AV_RB16(at + 3), length);
        assert_memory_equal(at + 5, from + 4, length);
        at += 5 + length;
        from += 4 + length;
    }
    assert_ptr_equal(at, hvcc + size);
    /* A record stays as it is. */
    uint8_t *again = NULL;
    size_t again_size = 0;
    assert_int_equal(hy_hevc_make_hvcc(hvcc, size, &again, &again_size), HYDRA_OK);
    assert_int_equal(again_size, size);
    assert_memory_equal(again, hvcc, size);
    hy_free(again);
    hy_free(hvcc);
}

static void other_units_are_left_out(void **state)
{
    (void)state;
    header plain = make_header(&(shape){0});
    header h = {.size = 0};
    static const uint8_t text[] = {5, 2, 'h', 'i', 0x80};
    add_unit(&h, 39, text, sizeof text); /* SEI */
    memcpy(h.bytes + h.size, plain.bytes, plain.size);
    h.size += plain.size;
    uint8_t *a = NULL;
    uint8_t *b = NULL;
    size_t a_size = 0;
    size_t b_size = 0;
    assert_int_equal(hy_hevc_make_hvcc(plain.bytes, plain.size, &a, &a_size), HYDRA_OK);
    assert_int_equal(hy_hevc_make_hvcc(h.bytes, h.size, &b, &b_size), HYDRA_OK);
    assert_int_equal(a_size, b_size);
    assert_memory_equal(a, b, a_size);
    hy_free(a);
    hy_free(b);
}

static void damaged_headers_make_no_record(void **state)
{
    (void)state;
    header h = make_header(&(shape){0});
    uint8_t *hvcc = NULL;
    size_t size = 0;
    for (size_t cut = 0; cut < h.size; cut++) {
        assert_int_equal(hy_hevc_make_hvcc(h.bytes, cut, &hvcc, &size), HYDRA_ERR_FORMAT);
        assert_null(hvcc);
    }
    header twice = h;
    add_unit(&twice, 34, pps, sizeof pps);
    assert_int_equal(hy_hevc_make_hvcc(twice.bytes, twice.size, &hvcc, &size), HYDRA_ERR_FORMAT);
    /* An SPS that ends within its profile. */
    header small = {.size = 0};
    add_unit(&small, 32, vps, sizeof vps);
    add_unit(&small, 33, vps, sizeof vps);
    add_unit(&small, 34, pps, sizeof pps);
    assert_int_equal(hy_hevc_make_hvcc(small.bytes, small.size, &hvcc, &size), HYDRA_ERR_FORMAT);
    static const uint8_t annexb[] = {0, 0, 0, 1, 0x40, 1, 0x0c, 1, 0xff, 0xff, 0, 0, 0, 1};
    assert_int_equal(hy_hevc_make_hvcc(annexb, sizeof annexb, &hvcc, &size), HYDRA_ERR_FORMAT);
}

static void a_set_is_read_whatever_is_in_it(void **state)
{
    (void)state;
    static const shape shapes[] = {
        {.sub_layers = 0},
        {.sub_layers = 2, .all_layers = true},
        {.sub_layers = 6, .own_profiles = true},
        {.plain_blocks = true},
        {.references = true},
        {.long_term = true},
        {.every_vui = true},
        {.sub_layers = 1,
         .own_profiles = true,
         .all_layers = true,
         .plain_blocks = true,
         .references = true,
         .long_term = true,
         .every_vui = true},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        hy_video_sps sps;
        assert_true(read_back(&shapes[i], &sps));
        assert_int_equal(sps.profile_idc, 1);
        assert_int_equal(sps.level_idc, 123);
        assert_int_equal(sps.chroma_format_idc, 1);
        assert_int_equal(sps.bit_depth, 8);
        assert_int_equal(sps.width, 1920);
        assert_int_equal(sps.height, 1080);
        assert_true(sps.full_range);
        assert_int_equal(sps.primaries, 9);
        assert_int_equal(sps.transfer, 14);
        assert_int_equal(sps.matrix, 5);
        assert_int_equal(sps.rate_num, 30000);
        assert_int_equal(sps.rate_den, 1001);
        assert_int_equal(sps.reorder, 2);
    }
}

static void what_is_not_told_has_its_default(void **state)
{
    (void)state;
    hy_video_sps sps;
    assert_true(read_back(&(shape){.no_vui = true}, &sps));
    assert_false(sps.full_range);
    assert_int_equal(sps.primaries, 2);
    assert_int_equal(sps.transfer, 2);
    assert_int_equal(sps.matrix, 2);
    assert_int_equal(sps.rate_num, 0);
}

static void what_nobody_here_makes_is_refused(void **state)
{
    (void)state;
    hy_video_sps sps;
    assert_false(read_back(&(shape){.scaling_lists = true}, &sps));
    assert_false(read_back(&(shape){.fields = true}, &sps));
    assert_false(read_back(&(shape){.chroma = 3}, &sps));
    assert_false(read_back(&(shape){.crop = 500}, &sps)); /* nothing is left */
}

static void damaged_records_are_refused(void **state)
{
    (void)state;
    header h = make_header(&(shape){.sub_layers = 1, .references = true, .every_vui = true});
    uint8_t *hvcc = NULL;
    size_t size = 0;
    hy_video_sps sps;
    assert_int_equal(hy_hevc_make_hvcc(h.bytes, h.size, &hvcc, &size), HYDRA_OK);
    size_t sps_end = size - 5 - 2 - sizeof pps;
    assert_true(hy_hevc_read_sps(hvcc, sps_end, &sps));
    for (size_t cut = 0; cut < sps_end; cut++) {
        assert_false(hy_hevc_read_sps(hvcc, cut, &sps));
    }
    uint64_t random = 1;
    uint8_t copy[1024];
    assert_true(size <= sizeof copy);
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, hvcc, size);
        copy[22 + test_random(&random) % (size - 22)] ^= (uint8_t)(1U << test_random(&random) % 8);
        if (hy_hevc_read_sps(copy, size, &sps)) {
            assert_true(sps.width > 0 && sps.height > 0);
        }
    }
    hy_free(hvcc);
}

static void bits_stop_at_the_end(void **state)
{
    (void)state;
    static const uint8_t data[] = {0xa5, 0x00};
    hy_bits b = {.data = data, .size = sizeof data};
    assert_int_equal(hy_bits_read(&b, 4), 10);
    hy_bits_skip(&b, 3);
    assert_int_equal(hy_bits_one(&b), 1);
    assert_false(b.failed);
    assert_int_equal(hy_bits_ue(&b), 0); /* nothing but zeros */
    assert_true(b.failed);
    b = (hy_bits){.data = data, .size = sizeof data};
    hy_bits_skip(&b, 16);
    assert_false(b.failed);
    hy_bits_skip(&b, 1);
    assert_true(b.failed);
    uint8_t out[4];
    static const uint8_t escaped[] = {0, 0, 3, 1, 0, 0, 3};
    assert_int_equal(hy_nal_unescape(escaped, sizeof escaped, out, sizeof out), 4);
    assert_memory_equal(out, "\0\0\1\0", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_has_the_fields_of_the_set),
        cmocka_unit_test(other_units_are_left_out),
        cmocka_unit_test(damaged_headers_make_no_record),
        cmocka_unit_test(a_set_is_read_whatever_is_in_it),
        cmocka_unit_test(what_is_not_told_has_its_default),
        cmocka_unit_test(what_nobody_here_makes_is_refused),
        cmocka_unit_test(damaged_records_are_refused),
        cmocka_unit_test(bits_stop_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
