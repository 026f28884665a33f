/* SPDX-License-Identifier: MIT */
/* Byte streams of H.264 and HEVC become units behind their lengths. */
#include "media/annexb.h"

#include <stdio.h>

#include <hydra/encoder.h>

#include "support.h"

#define ROOM 64

/* As a row of bytes in hexadecimal, for readable cases. */
static size_t bytes_of(const char *text, uint8_t *to)
{
    size_t count = 0;
    unsigned value;
    int used;
    while (sscanf(text, "%2x%n", &value, &used) == 1) {
        assert_true(count < ROOM);
        to[count++] = (uint8_t)value;
        text += used;
    }
    return count;
}

static void assert_converts(int32_t codec, bool sample, const char *from, const char *to)
{
    uint8_t data[ROOM];
    uint8_t expected[ROOM];
    size_t size = bytes_of(from, data);
    size_t expected_size = bytes_of(to, expected);
    hy_buffer out = {.limit = 1 << 20};
    assert_true(hy_buffer_append(&out, "old", 3));
    assert_int_equal(hy_annexb_to_lengths(codec, sample, data, size, &out), HYDRA_OK);
    assert_int_equal(out.size, expected_size);
    assert_memory_equal(out.data, expected, expected_size);
    hy_buffer_free(&out);
}

static void start_codes_become_lengths(void **state)
{
    (void)state;
    const int32_t h264 = HYDRA_CODEC_H264;
    assert_converts(h264, false, "00000001 67640028 00000001 68eb",
                    "00000004 67640028 00000002 68eb");
    assert_converts(h264, true, "000001 6588", "00000002 6588");
    assert_converts(h264, true, "000001 6588 000001 4199aa 00000001 01",
                    "00000002 6588 00000003 4199aa 00000001 01");
    /* Zeros before the first and behind the last belong to neither. */
    assert_converts(h264, true, "000000000001 6588 0000000000 000001 41aa 000000",
                    "00000002 6588 00000002 41aa");
    /* What only looks like one stays. */
    assert_converts(h264, true, "000001 65 01 0001 000003 01 000002",
                    "0000000b 65 01 0001 000003 01 000002");
    /* Nothing between two of them. */
    assert_converts(h264, true, "000001 000001 65aa", "00000002 65aa");
}

static void samples_have_no_header(void **state)
{
    (void)state;
    const char *h264 = "00000001 09f0 00000001 6764 00000001 68eb 000001 0605 000001 6588";
    assert_converts(HYDRA_CODEC_H264, true, h264, "00000002 0605 00000002 6588");
    assert_converts(HYDRA_CODEC_H264, false, h264,
                    "00000002 09f0 00000002 6764 00000002 68eb 00000002 0605 00000002 6588");
    /* 32 VPS, 33 SPS, 34 PPS, 35 delimiter, 39 SEI, 19 IDR; 31 and 36 are neighbours. */
    const char *hevc = "000001 4001aa 000001 4201 000001 4401 000001 4601 000001 4e01 000001 2601";
    assert_converts(HYDRA_CODEC_HEVC, true, hevc, "00000002 4e01 00000002 2601");
    assert_converts(HYDRA_CODEC_HEVC, true, "000001 3e01 000001 4801",
                    "00000002 3e01 00000002 4801");
    /* The numbers of one codec mean nothing in the other. */
    assert_converts(HYDRA_CODEC_H264, true, "000001 4201", "00000002 4201");
    assert_converts(HYDRA_CODEC_HEVC, true, "000001 6701", "00000002 6701");
}

static void other_bytes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "00", "000000", "0000", "6588", "00000004 65000001 41"};
    hy_buffer out = {.limit = 1 << 20};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        uint8_t data[ROOM] = {0};
        size_t size = bytes_of(wrong[i], data);
        assert_int_equal(hy_annexb_to_lengths(HYDRA_CODEC_H264, true, data, size, &out),
                         HYDRA_ERR_FORMAT);
    }
    static const uint8_t data[] = {0, 0, 1, 0x65, 1, 2, 3};
    hy_buffer small = {.limit = 7};
    assert_int_equal(hy_annexb_to_lengths(HYDRA_CODEC_H264, true, data, sizeof data, &small),
                     HYDRA_ERR_MEMORY);
    hy_buffer_free(&small);
    hy_buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(start_codes_become_lengths),
        cmocka_unit_test(samples_have_no_header),
        cmocka_unit_test(other_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
