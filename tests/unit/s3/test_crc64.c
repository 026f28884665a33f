/* SPDX-License-Identifier: MIT */
/* CRC-64/NVME: published check value, against one bit at a time, and pieces put together. */
#include <stdlib.h>
#include <string.h>

#include "s3/s3.h"
#include "support.h"

/* By the definition: reflected polynomial, all ones before and after. */
static uint64_t by_bits(const uint8_t *data, size_t size)
{
    uint64_t crc = ~UINT64_C(0);
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? UINT64_C(0x9a6c9329ac4bc9b5) : 0);
        }
    }
    return ~crc;
}

static void test_check_value(void **state)
{
    (void)state;
    assert_true(hy_crc64nvme(0, "123456789", 9) == UINT64_C(0xae8b14860a799888));
    assert_true(hy_crc64nvme(0, NULL, 0) == 0);
}

static void test_every_byte_at_every_place(void **state)
{
    (void)state;
    for (size_t place = 0; place < 24; place++) {
        for (unsigned value = 0; value < 256; value++) {
            uint8_t data[24] = {0};
            data[place] = (uint8_t)value;
            assert_true(hy_crc64nvme(0, data, sizeof data) == by_bits(data, sizeof data));
        }
    }
}

static void test_pieces(void **state)
{
    (void)state;
    uint8_t data[4099];
    uint64_t random = 1;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)test_random(&random);
    }
    for (int i = 0; i < 2000; i++) {
        size_t start = test_random(&random) % 16;
        size_t size = test_random(&random) % (sizeof data - start);
        size_t cut = test_random(&random) % (size + 1);
        const uint8_t *at = data + start;
        uint64_t whole = by_bits(at, size);
        uint64_t first = hy_crc64nvme(0, at, cut);
        assert_true(hy_crc64nvme(0, at, size) == whole);
        assert_true(hy_crc64nvme(first, at + cut, size - cut) == whole);
        uint64_t second = hy_crc64nvme(0, at + cut, size - cut);
        assert_true(hy_crc64nvme_combine(first, second, (int64_t)(size - cut)) == whole);
    }
}

/* Zeros to the size of the largest object, without reading so many. */
static void test_large_pieces(void **state)
{
    (void)state;
    const int64_t part = (int64_t)5 << 30;
    uint64_t crc = hy_crc64nvme(0, "x", 1);
    uint64_t zeros = hy_crc64nvme(0, "", 1); /* one zero byte */
    int64_t size = 1;
    while (size < part) {
        zeros = hy_crc64nvme_combine(zeros, zeros, size);
        size *= 2;
    }
    uint64_t left = hy_crc64nvme_combine(hy_crc64nvme_combine(crc, zeros, size), zeros, size);
    uint64_t right = hy_crc64nvme_combine(crc, hy_crc64nvme_combine(zeros, zeros, size), 2 * size);
    assert_true(left == right);
    assert_true(hy_crc64nvme_combine(crc, 0, 0) == crc);
    assert_true(hy_crc64nvme_combine(0, crc, 1) == crc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_value),
        cmocka_unit_test(test_every_byte_at_every_place),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_large_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
