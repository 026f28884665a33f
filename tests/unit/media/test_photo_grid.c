/* SPDX-License-Identifier: MIT */
/* Tile grids of HEIC: put together whole, or refused; no gap in them ever comes out. */
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "support.h"

#define MAX_ITEMS 12

/* Items of a file under construction. */
typedef struct plan {
    test_heif_item items[MAX_ITEMS];
    int32_t count;
} plan;

static int32_t add(plan *p, test_heif_item item)
{
    assert_true(p->count < MAX_ITEMS);
    p->items[p->count] = item;
    return ++p->count;
}

static void add_tiles(plan *p, int32_t count, uint8_t level, uint8_t step)
{
    for (int32_t i = 0; i < count; i++) {
        add(p,
            (test_heif_item){
                .width = 64, .height = 64, .level = (uint8_t)(level + step * i), .hidden = true});
    }
}

static int32_t add_grid(plan *p, int32_t columns, int32_t rows, int32_t width, int32_t height)
{
    return add(p, (test_heif_item){.type = "grid",
                                   .width = width,
                                   .height = height,
                                   .columns = columns,
                                   .rows = rows,
                                   .first_part = p->count - columns * rows + 1,
                                   .part_count = columns * rows});
}

/* Tiles of 40, 80, 120, 160 and the grid, item 5. */
static plan plan_grid(int32_t width, int32_t height)
{
    plan p = {.count = 0};
    add_tiles(&p, 4, 40, 40);
    add_grid(&p, 2, 2, width, height);
    return p;
}

/* The same and alpha tiles of 30, 50, 70, 90 with their grid, item 10. */
static plan plan_alpha(int32_t width, int32_t height)
{
    plan p = plan_grid(width, height);
    add_tiles(&p, 4, 30, 20);
    add_grid(&p, 2, 2, width, height);
    p.items[9].alpha_of = 5;
    p.items[9].hidden = true;
    return p;
}

static test_photo decode_plan(const plan *p, int32_t primary)
{
    test_file file = test_make_heif_items(p->items, p->count, primary);
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(&file, &photo, &diag), &diag);
    test_file_free(&file);
    return photo;
}

static void assert_bytes_refused(const test_file *file, hydra_status expected, const char *part)
{
    test_photo photo;
    hy_diag diag = {0};
    assert_failed(test_decode(file, &photo, &diag), expected, &diag, part);
    assert_non_null(strstr(diag.text, "photo: "));
}

static void assert_refused(const plan *p, int32_t primary, hydra_status expected, const char *part)
{
    test_file file = test_make_heif_items(p->items, p->count, primary);
    assert_bytes_refused(&file, expected, part);
    test_file_free(&file);
}

/* Channel `c` of the pixel is near `expected`. */
static void assert_pixel(const test_photo *photo, int32_t x, int32_t y, int32_t c, int32_t expected)
{
    size_t at = (size_t)y * photo->row_bytes + (size_t)(x * photo->info.rows.channels + c);
    if (abs(photo->rows[at] - expected) > 3) {
        fail_msg("%d, %d, channel %d: %d, not %d", x, y, c, photo->rows[at], expected);
    }
}

static void assert_levels(const test_photo *photo)
{
    for (int32_t y = 0; y < photo->info.height; y++) {
        for (int32_t x = 0; x < photo->info.width; x++) {
            int32_t tile = y / 64 * 2 + x / 64;
            for (int32_t c = 0; c < 3; c++) {
                assert_pixel(photo, x, y, c, 40 + 40 * tile);
            }
            if (photo->info.rows.channels == 4) {
                assert_pixel(photo, x, y, 3, 30 + 20 * tile);
            }
        }
    }
}

/* ---- Good ones ---- */

static void fills_the_picture(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{128, 128}, {127, 65}, {65, 128}};
    for (int i = 0; i < 6; i++) {
        plan p = plan_grid(sizes[i / 2][0], sizes[i / 2][1]);
        p.items[4].wide_grid = i % 2 != 0;
        test_photo photo = decode_plan(&p, 5);
        assert_int_equal(photo.info.width, sizes[i / 2][0]);
        assert_int_equal(photo.info.height, sizes[i / 2][1]);
        assert_int_equal(photo.info.rows.channels, 3);
        assert_int_equal(photo.info.orientation, 1);
        assert_levels(&photo);
        test_photo_free(&photo);
    }
}

/* One column: no tile is copied. */
static void crops_single_tiles(void **state)
{
    (void)state;
    plan p = {.count = 0};
    add_tiles(&p, 2, 40, 80);
    add_grid(&p, 1, 2, 50, 100);
    test_photo photo = decode_plan(&p, 3);
    assert_int_equal(photo.info.width, 50);
    assert_int_equal(photo.info.height, 100);
    for (int32_t y = 0; y < 100; y++) {
        assert_pixel(&photo, y % 50, y, y % 3, y < 64 ? 40 : 120);
    }
    test_photo_free(&photo);
}

static void puts_alpha_beside_colours(void **state)
{
    (void)state;
    plan p = plan_alpha(120, 100);
    test_photo photo = decode_plan(&p, 5);
    assert_int_equal(photo.info.rows.channels, 4);
    assert_levels(&photo);
    test_photo_free(&photo);

    plan one = {.count = 0}; /* a grid of colours, one picture of alpha */
    add_tiles(&one, 2, 40, 40);
    add_grid(&one, 2, 1, 128, 64);
    add(&one, (test_heif_item){.width = 128, .height = 64, .level = 200, .alpha_of = 3});
    photo = decode_plan(&one, 3);
    for (int32_t x = 0; x < 128; x++) {
        assert_pixel(&photo, x, x % 64, 0, x < 64 ? 40 : 80);
        assert_pixel(&photo, x, x % 64, 3, 200);
    }
    test_photo_free(&photo);
}

/* Corners of the grid after its own rotation and mirroring, 8 bits each. */
static uint32_t corners(int32_t turns, int32_t mirror)
{
    uint32_t c[4] = {1, 2, 3, 4};
    for (; turns > 0; turns--) { /* anticlockwise: the right column becomes the top row */
        uint32_t left[4] = {c[1], c[3], c[0], c[2]};
        memcpy(c, left, sizeof c);
    }
    if (mirror == 1) {
        return c[2] << 24 | c[3] << 16 | c[0] << 8 | c[1];
    }
    return mirror == 2 ? c[1] << 24 | c[0] << 16 | c[3] << 8 | c[2]
                       : c[0] << 24 | c[1] << 16 | c[2] << 8 | c[3];
}

/* What each EXIF orientation makes of 1 2 / 3 4 (EXIF 2.3, tag 274). */
static void says_how_to_turn_grids(void **state)
{
    (void)state;
    static const uint32_t exif[9] = {0,          0x01020304, 0x02010403, 0x04030201, 0x03040102,
                                     0x01030204, 0x03010402, 0x04020301, 0x02040103};
    for (int32_t i = 0; i < 12; i++) {
        plan p = plan_grid(128, 100);
        p.items[4].turns = i % 4;
        p.items[4].mirror = i / 4;
        test_photo photo = decode_plan(&p, 5);
        assert_levels(&photo); /* rows come as they are stored */
        assert_int_equal(exif[photo.info.orientation], corners(i % 4, i / 4));
        test_photo_free(&photo);
    }
}

/* libheif writes pictures of odd size as a grid of one, and wrong headers when they are turned. */
static void reads_odd_sizes_of_libheif(void **state)
{
    (void)state;
    uint8_t rgba[63 * 61 * 4];
    memset(rgba, 77, sizeof rgba);
    test_file file = test_make_heif(rgba, 63, 61, &(test_heif){.alpha = true, .orientation = 6});
    test_photo photo;
    hy_diag diag = {0};
    assert_ok(test_decode(&file, &photo, &diag), &diag);
    assert_int_equal(photo.info.width, 63);
    assert_int_equal(photo.info.height, 61);
    assert_int_equal(photo.info.orientation, 6);
    for (int32_t i = 0; i < 61; i++) {
        assert_pixel(&photo, i, i, 0, 77);
        assert_pixel(&photo, i, i, 3, 77);
    }
    test_photo_free(&photo);
    test_file_free(&file);
}

/* ---- Gaps ---- */

static void refuses_gaps_in_the_header(void **state)
{
    (void)state;
    static const int32_t sizes[][2] = {{129, 128}, {128, 129}, {200, 200}};
    for (int i = 0; i < 3; i++) {
        plan p = plan_grid(sizes[i][0], sizes[i][1]);
        assert_refused(&p, 5, HYDRA_ERR_FORMAT, "tiles do not fill the picture");
    }
    plan p = plan_grid(64, 128);
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "outside the picture");
    p = plan_grid(128, 64);
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "outside the picture");
}

static void refuses_wrong_numbers_of_tiles(void **state)
{
    (void)state;
    plan p = plan_grid(128, 128);
    p.items[4].part_count = 3;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "too few or too many tiles");
    p.items[4].part_count = 5;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "too few or too many tiles");
    p.items[4].part_count = 0;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "too few or too many tiles");
    p.items[4].part_count = 4;
    p.items[4].first_part = 6;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "an item is missing");
}

/* Each tile in turn is coded smaller or larger than its header says. */
static void refuses_tiles_that_lie(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        plan p = plan_alpha(128, 128);
        test_heif_item *tile = &p.items[i < 4 ? i : i + 1];
        tile->width = i % 2 ? 48 : 64;
        tile->height = i % 2 ? 64 : 48;
        tile->claimed_width = 64;
        tile->claimed_height = 64;
        assert_refused(&p, 5, HYDRA_ERR_FORMAT, "picture and header differ");
        tile->width = 96;
        assert_refused(&p, 5, HYDRA_ERR_FORMAT, "picture and header differ");
        tile->claimed_width = 0; /* honest, but unlike the others */
        tile->claimed_height = 0;
        assert_refused(&p, 5, HYDRA_ERR_FORMAT, "");
    }
}

static void refuses_gaps_in_alpha(void **state)
{
    (void)state;
    plan p = plan_alpha(128, 128);
    p.items[9].width = 200;
    p.items[9].height = 200;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "colours and alpha differ in size");
    p = plan_alpha(128, 128);
    for (int i = 5; i < 9; i++) {
        p.items[i].width = 48;
    }
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "tiles do not fill the picture");
    p = plan_alpha(128, 128);
    p.items[9].part_count = 3;
    assert_refused(&p, 5, HYDRA_ERR_FORMAT, "too few or too many tiles");
    p = plan_alpha(128, 128);
    p.items[9].turns = 2;
    assert_refused(&p, 5, HYDRA_ERR_UNSUPPORTED, "built otherwise");

    plan one = {.count = 0};
    add_tiles(&one, 1, 40, 0);
    one.items[0].hidden = false;
    add(&one, (test_heif_item){.width = 48, .height = 64, .alpha_of = 1});
    assert_refused(&one, 1, HYDRA_ERR_UNSUPPORTED, "differ in size");
    one.items[1].claimed_width = 64;
    assert_refused(&one, 1, HYDRA_ERR_FORMAT, "picture and header differ");
}

/* ---- Other constructions ---- */

static void refuses_other_derivations(void **state)
{
    (void)state;
    static const char *const types[] = {"iden", "iovl", "grid", "jpeg"};
    for (int i = 0; i < 4; i++) {
        plan p = {.count = 0};
        add_tiles(&p, 1, 40, 0);
        int32_t inner = add_grid(&p, 1, 1, 64, 64);
        p.items[1].type = types[i];
        if (strcmp(types[i], "grid") != 0) {
            assert_refused(&p, inner, HYDRA_ERR_UNSUPPORTED, types[i]);
        }
        int32_t outer = add_grid(&p, 1, 1, 64, 64);
        assert_refused(&p, outer, HYDRA_ERR_UNSUPPORTED, types[i]);
    }
    plan self = {.count = 0};
    add_tiles(&self, 1, 40, 0);
    add_grid(&self, 1, 1, 64, 64);
    self.items[1].first_part = 2;
    assert_refused(&self, 2, HYDRA_ERR_UNSUPPORTED, "grid");
    plan tiles = {.count = 0};
    add_tiles(&tiles, 1, 40, 0);
    add_grid(&tiles, 1, 1, 64, 64);
    add(&tiles, (test_heif_item){.width = 64, .height = 64, .alpha_of = 1});
    assert_refused(&tiles, 2, HYDRA_ERR_UNSUPPORTED, "tiles with alpha");
    add(&tiles, (test_heif_item){.width = 64, .height = 64, .alpha_of = 1});
    assert_refused(&tiles, 2, HYDRA_ERR_FORMAT, "more than one alpha");
    assert_refused(&tiles, 1, HYDRA_ERR_FORMAT, "more than one alpha");
}

static void refuses_cropped_grids(void **state)
{
    (void)state;
    plan p = plan_grid(128, 128);
    p.items[4].turns = 1;
    test_file file = test_make_heif_items(p.items, p.count, 5);
    memcpy(memmem(file.data, file.size, "irot", 4), "clap", 4);
    assert_bytes_refused(&file, HYDRA_ERR_UNSUPPORTED, "a cropped grid");
    test_file_free(&file);
}

/* ---- Boxes ---- */

/* Whatever could be read as two different files. */
static void refuses_doubles(void **state)
{
    (void)state;
    plan p = plan_grid(128, 128);
    test_file file = test_make_heif_items(p.items, p.count, 5);
    test_file twice = {0};
    uint8_t *meta = memmem(file.data, file.size, "meta", 4);
    test_file_append(&twice, file.data, file.size);
    test_file_append(&twice, meta - 4, (size_t)meta[-2] << 8 | meta[-1]);
    assert_bytes_refused(&twice, HYDRA_ERR_FORMAT, "two headers");
    test_file_free(&twice);

    uint8_t *handler = memmem(file.data, file.size, "hdlr", 4);
    memcpy(handler, "iref", 4);
    assert_bytes_refused(&file, HYDRA_ERR_FORMAT, "a box is there twice");
    memcpy(handler, "hdlr", 4);
    uint8_t *entry = memmem(file.data, file.size, "infe", 4);
    entry[9] = 5;
    assert_bytes_refused(&file, HYDRA_ERR_FORMAT, "two items with one number");
    entry[9] = 77;
    assert_bytes_refused(&file, HYDRA_ERR_FORMAT, "an item is missing");
    test_file_free(&file);
}

/* Where the header ends. */
static size_t header_bytes(const test_file *file)
{
    const uint8_t *media = memmem(file->data, file->size, "mdat", 4);
    assert_non_null(media);
    return (size_t)(media - file->data) - 4;
}

/* Every single bit of the header: refused, or every sample of the picture was decoded. (Samples
 * that no tile wrote are for valgrind to find: the comparison branches on them.) */
static void survives_wrong_bits_in_the_header(void **state)
{
    (void)state;
    plan p = plan_alpha(100, 70);
    test_file file = test_make_heif_items(p.items, p.count, 5);
    size_t header = header_bytes(&file);
    hydra_policy policy;
    hydra_policy_init(&policy);
    policy.max_image_pixels = 1 << 20;
    int refused = 0;
    for (size_t at = 0; at < header; at++) {
        uint8_t bit = (uint8_t)(1 << at * 5 % 8);
        file.data[at] ^= bit;
        test_photo photo;
        hy_diag diag = {0};
        hydra_status status = test_decode_within(&file, &policy, &photo, &diag);
        if (status == HYDRA_OK) {
            uint64_t sum = 0;
            for (size_t i = 0; i < photo.row_bytes * (size_t)photo.info.height; i++) {
                sum += photo.rows[i] > 200;
            }
            assert_true(sum <= photo.row_bytes * (size_t)photo.info.height);
            test_photo_free(&photo);
        } else {
            refused++;
            if (status != HYDRA_ERR_FORMAT && status != HYDRA_ERR_UNSUPPORTED &&
                status != HYDRA_ERR_LIMIT) {
                fail_msg("byte %zu: %s", at, diag.text);
            }
        }
        file.data[at] ^= bit;
    }
    assert_true(refused > 100);
    test_file_free(&file);
}

/* The header ends early, and says so. */
static void survives_short_headers(void **state)
{
    (void)state;
    plan p = plan_alpha(100, 70);
    test_file file = test_make_heif_items(p.items, p.count, 5);
    size_t header = header_bytes(&file);
    size_t meta = (size_t)((uint8_t *)memmem(file.data, file.size, "meta", 4) - file.data) - 4;
    for (size_t size = meta + 8; size < header; size++) {
        test_file cut = {0};
        test_file_append(&cut, file.data, size);
        cut.data[meta + 2] = (uint8_t)((size - meta) >> 8);
        cut.data[meta + 3] = (uint8_t)(size - meta);
        test_photo photo;
        hy_diag diag = {0};
        assert_int_equal(test_decode(&cut, &photo, &diag), HYDRA_ERR_FORMAT);
        test_file_free(&cut);
    }
    test_file_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_the_picture),
        cmocka_unit_test(crops_single_tiles),
        cmocka_unit_test(puts_alpha_beside_colours),
        cmocka_unit_test(says_how_to_turn_grids),
        cmocka_unit_test(reads_odd_sizes_of_libheif),
        cmocka_unit_test(refuses_gaps_in_the_header),
        cmocka_unit_test(refuses_wrong_numbers_of_tiles),
        cmocka_unit_test(refuses_tiles_that_lie),
        cmocka_unit_test(refuses_gaps_in_alpha),
        cmocka_unit_test(refuses_other_derivations),
        cmocka_unit_test(refuses_cropped_grids),
        cmocka_unit_test(refuses_doubles),
        cmocka_unit_test(survives_wrong_bits_in_the_header),
        cmocka_unit_test(survives_short_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
