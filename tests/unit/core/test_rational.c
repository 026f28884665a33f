/* SPDX-License-Identifier: MIT */
/* Exact rescaling against arithmetic done by hand, digit by digit; frames, times and samples. */
#include <string.h>

#include "support.h"

/* Unsigned numbers of 160 bits, least digit first. */
enum {
    DIGITS = 5
};
typedef struct big {
    uint32_t digit[DIGITS];
} big;

static big big_product(uint64_t a, uint64_t b)
{
    const uint32_t x[2] = {(uint32_t)a, (uint32_t)(a >> 32)};
    const uint32_t y[2] = {(uint32_t)b, (uint32_t)(b >> 32)};
    big sum = {{0}};
    for (int i = 0; i < 2; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 2; j++) {
            carry += sum.digit[i + j] + (uint64_t)x[i] * y[j];
            sum.digit[i + j] = (uint32_t)carry;
            carry >>= 32;
        }
        sum.digit[i + 2] = (uint32_t)carry;
    }
    return sum;
}

/* Schoolbook long division, bit by bit. */
static big big_divide(big value, uint64_t by, uint64_t *rest)
{
    big quotient = {{0}};
    uint64_t left = 0;
    for (int bit = 32 * DIGITS - 1; bit >= 0; bit--) {
        bool over = left >> 63;
        left = left << 1 | (value.digit[bit / 32] >> bit % 32 & 1);
        if (over || left >= by) {
            left -= by;
            quotient.digit[bit / 32] |= 1u << bit % 32;
        }
    }
    *rest = left;
    return quotient;
}

static void big_increment(big *value)
{
    for (int i = 0; i < DIGITS && ++value->digit[i] == 0; i++) {
    }
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

static int64_t big_with_sign(big value, bool negative)
{
    uint64_t low = value.digit[0] | (uint64_t)value.digit[1] << 32;
    bool beyond = value.digit[2] || value.digit[3] || value.digit[4];
    uint64_t most = (uint64_t)INT64_MAX + negative;
    if (beyond || low > most) {
        return negative ? INT64_MIN : INT64_MAX;
    }
    return negative ? (int64_t)(0 - low) : (int64_t)low;
}

static int64_t expected_rescale(int64_t value, int64_t mul, int64_t div, bool floor)
{
    bool negative = (value < 0) != (mul < 0) && value && mul;
    uint64_t by = (uint64_t)div;
    uint64_t rest;
    big quotient = big_divide(big_product(magnitude(value), magnitude(mul)), by, &rest);
    if (floor ? negative && rest : rest >= by - rest) {
        big_increment(&quotient);
    }
    return big_with_sign(quotient, negative);
}

static void assert_rescaled(int64_t value, int64_t mul, int64_t div)
{
    int64_t nearest = hy_rescale(value, mul, div);
    int64_t down = hy_rescale_floor(value, mul, div);
    if (nearest != expected_rescale(value, mul, div, false) ||
        down != expected_rescale(value, mul, div, true)) {
        fail_msg("%lld * %lld / %lld = %lld, floor %lld", (long long)value, (long long)mul,
                 (long long)div, (long long)nearest, (long long)down);
    }
}

static void test_by_hand(void **state)
{
    (void)state;
    assert_int_equal(hy_rescale(7, 1, 2), 4); /* 3.5 */
    assert_int_equal(hy_rescale(-7, 1, 2), -4);
    assert_int_equal(hy_rescale(5, 1, 3), 2); /* 1.67 */
    assert_int_equal(hy_rescale(-5, 1, 3), -2);
    assert_int_equal(hy_rescale(4, 1, 3), 1); /* 1.33 */
    assert_int_equal(hy_rescale(-4, 1, 3), -1);
    assert_int_equal(hy_rescale(5, -1, 2), -3);
    assert_int_equal(hy_rescale_floor(7, 1, 2), 3);
    assert_int_equal(hy_rescale_floor(-7, 1, 2), -4);
    assert_int_equal(hy_rescale_floor(-8, 1, 2), -4);
    assert_int_equal(hy_rescale_floor(-1, 1, 1000), -1);
    assert_int_equal(hy_rescale(INT64_MAX, INT64_MAX, INT64_MAX), INT64_MAX);
    assert_int_equal(hy_rescale(INT64_MIN, 1, 1), INT64_MIN);
    assert_int_equal(hy_rescale(INT64_MAX, 2, 1), INT64_MAX);
    assert_int_equal(hy_rescale(INT64_MIN, 2, 1), INT64_MIN);
    assert_int_equal(hy_rescale(INT64_MIN, -1, 1), INT64_MAX);
    assert_int_equal(hy_rescale_floor(INT64_MIN, INT64_MIN, 1), INT64_MAX);
    assert_int_equal(hy_rescale_floor(INT64_MIN, INT64_MAX, 1), INT64_MIN);
}

static void test_edges_against_long_division(void **state)
{
    (void)state;
    const int64_t numbers[] = {0,         1,         -1,
                               2,         -2,        3,
                               -3,        7,         1000000,
                               -1001,     INT32_MAX, INT32_MIN,
                               1LL << 32, INT64_MAX, INT64_MAX - 1,
                               INT64_MIN, 48000,     INT64_MIN + 1};
    const size_t count = sizeof numbers / sizeof *numbers;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            for (size_t k = 0; k < count; k++) {
                if (numbers[k] > 0) {
                    assert_rescaled(numbers[i], numbers[j], numbers[k]);
                }
            }
        }
    }
}

static void test_random_against_long_division(void **state)
{
    (void)state;
    uint64_t seed = 3;
    for (int i = 0; i < 100000; i++) {
        /* All magnitudes equally often. */
        int64_t value = (int64_t)test_random(&seed) >> test_random(&seed) % 64;
        int64_t mul = (int64_t)test_random(&seed) >> test_random(&seed) % 64;
        int64_t div = (int64_t)(test_random(&seed) >> (1 + test_random(&seed) % 63));
        assert_rescaled(value, mul, div ? div : 1);
    }
}

static void test_exact_halves(void **state)
{
    (void)state;
    uint64_t seed = 4;
    for (int i = 0; i < 20000; i++) {
        int64_t div = 2 * (1 + (int64_t)(test_random(&seed) >> 40));
        int64_t whole = (int64_t)(test_random(&seed) >> 30);
        int64_t value = whole * div + div / 2;
        assert_int_equal(hy_rescale(value, 1, div), whole + 1);
        assert_int_equal(hy_rescale(-value, 1, div), -whole - 1);
        assert_int_equal(hy_rescale(value - 1, 1, div), div == 2 ? whole : whole);
        assert_int_equal(hy_rescale_floor(value, 1, div), whole);
        assert_int_equal(hy_rescale_floor(-value, 1, div), -whole - 1);
        assert_rescaled(value, 1, div);
    }
}

static const hy_rate rates[] = {
    {1, 1},  {12, 1}, {15, 1}, {24000, 1001}, {24, 1},  {25, 1},        {30000, 1001}, {30, 1},
    {48, 1}, {50, 1}, {60, 1}, {60000, 1001}, {100, 1}, {120000, 1001}, {120, 1},
};
enum {
    RATES = sizeof rates / sizeof *rates
};

static int64_t frames_in(hy_rate rate, int64_t seconds)
{
    return seconds * rate.num / rate.den;
}

/* Every frame of ten hours: its start in microseconds leads back to it. */
static void test_frames_survive_microseconds(void **state)
{
    (void)state;
    for (int i = 0; i < RATES; i++) {
        int64_t last = frames_in(rates[i], 36000);
        int64_t previous = -1;
        for (int64_t frame = 0; frame <= last; frame++) {
            int64_t us = hy_us_from_frame(frame, rates[i]);
            if (hy_frame_from_us(us, rates[i]) != frame || us <= previous) {
                fail_msg("frame %lld of %d/%d", (long long)frame, rates[i].num, rates[i].den);
            }
            previous = us;
        }
    }
}

/* A time is at most half a frame from the boundary that it is put on. */
static void test_nearest_boundary(void **state)
{
    (void)state;
    uint64_t seed = 5;
    for (int i = 0; i < RATES; i++) {
        for (int n = 0; n < 5000; n++) {
            int64_t us = (int64_t)(test_random(&seed) % 36000000000u);
            int64_t frame = hy_frame_from_us(us, rates[i]);
            /* In units of 1 / (num * 1,000,000) s, exactly. */
            int64_t gap = us * rates[i].num - frame * rates[i].den * 1000000;
            int64_t half = (int64_t)rates[i].den * 500000;
            assert_true(gap <= half && gap >= -half);
        }
    }
}

static void test_known_frames(void **state)
{
    (void)state;
    const hy_rate ntsc = {30000, 1001};
    assert_int_equal(hy_us_from_frame(0, ntsc), 0);
    assert_int_equal(hy_us_from_frame(1, ntsc), 33367);
    assert_int_equal(hy_us_from_frame(30000, ntsc), 1001000000);
    assert_int_equal(hy_frame_from_us(1001000000, ntsc), 30000);
    assert_int_equal(hy_frame_from_us(3000000, (hy_rate){25, 1}), 75);
    assert_int_equal(hy_frame_from_us(20000, (hy_rate){25, 1}), 1); /* half a frame: up */
    assert_int_equal(hy_frame_from_us(19999, (hy_rate){25, 1}), 0);
}

static void test_samples(void **state)
{
    (void)state;
    assert_int_equal(hy_samples_from_frames(1, (hy_rate){30, 1}, 48000), 1600);
    assert_int_equal(hy_samples_from_frames(5, (hy_rate){30000, 1001}, 48000), 8008);
    assert_int_equal(hy_samples_from_frames(1, (hy_rate){30000, 1001}, 48000), 1602);
    assert_int_equal(hy_samples_from_frames(2, (hy_rate){30000, 1001}, 48000), 3203);
    for (int i = 0; i < RATES; i++) {
        int64_t frames = frames_in(rates[i], 36000);
        int64_t samples = hy_samples_from_frames(frames, rates[i], 48000);
        int64_t gap = samples * rates[i].num - frames * rates[i].den * 48000;
        assert_true(2 * gap <= rates[i].num && -2 * gap <= rates[i].num);
    }
}

static void test_reduce(void **state)
{
    (void)state;
    const int32_t cases[][4] = {{30, 1, 30, 1},
                                {60, 2, 30, 1},
                                {30000, 1001, 30000, 1001},
                                {1000, 1000, 1, 1},
                                {48048, 1001, 48, 1},
                                {1, 1001, 1, 1001},
                                {25000, 1000, 25, 1},
                                {INT32_MAX, INT32_MAX, 1, 1},
                                {INT32_MAX, 2, INT32_MAX, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_rate rate = hy_rate_reduce(cases[i][0], cases[i][1]);
        assert_int_equal(rate.num, cases[i][2]);
        assert_int_equal(rate.den, cases[i][3]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_edges_against_long_division),
        cmocka_unit_test(test_random_against_long_division),
        cmocka_unit_test(test_exact_halves),
        cmocka_unit_test(test_frames_survive_microseconds),
        cmocka_unit_test(test_nearest_boundary),
        cmocka_unit_test(test_known_frames),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_reduce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
