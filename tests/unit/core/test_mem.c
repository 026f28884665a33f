/* SPDX-License-Identifier: MIT */
/* Overflow-checked sizes, allocation, the meter. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support.h"

/* Impossible sizes give NULL under the sanitizers too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_products(void **state)
{
    (void)state;
    size_t out = 7;
    assert_true(hy_mul_size(0, SIZE_MAX, &out));
    assert_int_equal(out, 0);
    assert_true(hy_mul_size(3, 5, &out));
    assert_int_equal(out, 15);
    assert_true(hy_mul_size(SIZE_MAX / 3, 3, &out));
    assert_int_equal(out, SIZE_MAX / 3 * 3);
    out = 7;
    assert_false(hy_mul_size(SIZE_MAX / 2 + 1, 2, &out));
    assert_false(hy_mul_size(SIZE_MAX, SIZE_MAX, &out));
    assert_int_equal(out, 7);
}

static void test_sums(void **state)
{
    (void)state;
    size_t out = 7;
    assert_true(hy_add_size(SIZE_MAX - 1, 1, &out));
    assert_int_equal(out, SIZE_MAX);
    out = 7;
    assert_false(hy_add_size(SIZE_MAX, 1, &out));
    assert_int_equal(out, 7);
}

static void test_zeroed_arrays(void **state)
{
    (void)state;
    uint8_t *bytes = hy_calloc(1000, 3);
    assert_non_null(bytes);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(bytes[i], 0);
    }
    hy_free(bytes);
    void *nothing = hy_calloc(0, 0);
    assert_non_null(nothing);
    hy_free(nothing);
    volatile size_t huge = SIZE_MAX; /* unknown to the compiler, which would warn */
    assert_null(hy_calloc(huge, 2));
    hy_free(NULL);
}

static void test_resized_arrays(void **state)
{
    (void)state;
    int32_t *numbers = hy_realloc_array(NULL, 4, sizeof *numbers);
    assert_non_null(numbers);
    for (int32_t i = 0; i < 4; i++) {
        numbers[i] = i;
    }
    assert_null(hy_realloc_array(numbers, SIZE_MAX / 2, sizeof *numbers));
    numbers = hy_realloc_array(numbers, 1000, sizeof *numbers);
    assert_non_null(numbers);
    for (int32_t i = 0; i < 4; i++) {
        assert_int_equal(numbers[i], i);
    }
    numbers = hy_realloc_array(numbers, 0, sizeof *numbers);
    assert_non_null(numbers);
    hy_free(numbers);
}

static void test_alignment(void **state)
{
    (void)state;
    for (size_t size = 0; size < 300; size += 7) {
        uint8_t *block = hy_alloc_aligned(size);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % HY_ALIGN, 0);
        memset(block, 1, size);
        hy_free(block);
    }
    volatile size_t huge = SIZE_MAX;
    assert_null(hy_alloc_aligned(huge));
    assert_null(hy_alloc_aligned(huge - HY_ALIGN));
}

/* Pages of the process, held or not: the system's own count. */
static long mapped_pages(void)
{
    long pages = -1;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%ld", &pages), 1);
    (void)fclose(file);
    return pages;
}

static void test_blocks(void **state)
{
    (void)state;
    const size_t mib = (size_t)1 << 20;
    const size_t sizes[] = {1, 4095, mib / 2, mib + 1, 2 * mib, 2 * mib + 1, 5 * mib - 1, 37 * mib};
    long before = mapped_pages();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint8_t *block = hy_block_new(sizes[i]);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % HY_ALIGN, 0);
        memset(block, 1, sizes[i]);
        hy_block_free(block, sizes[i]);
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    /* What was mapped to come to the alignment is back as well, but for what heap and stdio keep.
     */
    assert_in_range(mapped_pages(), 0, before + 64);
#else
    (void)before; /* sanitizers keep blocks that were freed */
#endif
    hy_block_free(NULL, 37 * mib);
    volatile size_t huge = SIZE_MAX;
    assert_null(hy_block_new(huge));
    assert_null(hy_block_new(huge - 4 * mib));
}

static void test_copies(void **state)
{
    (void)state;
    char *text = hy_strdup("text");
    assert_string_equal(text, "text");
    hy_free(text);
    text = hy_strdup("");
    assert_string_equal(text, "");
    hy_free(text);
    void *empty = hy_memdup(NULL, 0);
    assert_non_null(empty);
    hy_free(empty);
    uint8_t *bytes = hy_memdup("a\0b", 3);
    assert_memory_equal(bytes, "a\0b", 3);
    hy_free(bytes);
}

static void test_meter(void **state)
{
    (void)state;
    hy_meter meter = {0};
    assert_true(hy_meter_take(NULL, 5));
    hy_meter_give(NULL, 5);
    assert_true(hy_meter_take(&meter, 100));
    assert_true(hy_meter_take(&meter, 50));
    hy_meter_give(&meter, 120);
    assert_true(hy_meter_take(&meter, 60));
    assert_int_equal(meter.current_bytes, 90);
    assert_int_equal(meter.peak_bytes, 150);
}

enum {
    ROUNDS = 20000,
    THREADS = 4
};

static void test_meter_limit(void **state)
{
    (void)state;
    hy_meter meter = {.limit_bytes = 100};
    hy_diag diag = {0};
    assert_int_equal(hy_meter_fail(NULL, &diag), HYDRA_ERR_MEMORY);
    hy_diag_clear(&diag);
    assert_int_equal(hy_meter_fail(&meter, &diag), HYDRA_ERR_MEMORY);
    hy_diag_clear(&diag);
    assert_true(hy_meter_take(&meter, 60));
    assert_true(hy_meter_take(&meter, 40));
    assert_false(hy_meter_take(&meter, 1));
    assert_int_equal(meter.current_bytes, 100);
    assert_int_equal(meter.peak_bytes, 100);
    assert_failed(hy_meter_fail(&meter, &diag), HYDRA_ERR_LIMIT, &diag, "max_memory_bytes, 100");
    hy_meter_give(&meter, 40);
    assert_false(hy_meter_take(&meter, SIZE_MAX));
    assert_true(hy_meter_take(&meter, 40));
    assert_int_equal(meter.current_bytes, 100);
}

static void *use_meter(void *user)
{
    for (int i = 0; i < ROUNDS; i++) {
        (void)hy_meter_take(user, 10);
        hy_meter_give(user, 10);
    }
    (void)hy_meter_take(user, 1);
    return NULL;
}

static void test_meter_of_many_threads(void **state)
{
    (void)state;
    hy_meter meter = {0};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, use_meter, &meter), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    assert_int_equal(meter.current_bytes, THREADS);
    assert_in_range(meter.peak_bytes, 10, 10 * THREADS + THREADS);
}

static void test_stopwatch(void **state)
{
    (void)state;
    hy_stopwatch watch = 0;
    assert_true(hy_stopwatch_s(&watch) == 0.0);
    hy_stopwatch_add(&watch, 0.25);
    hy_stopwatch_add(&watch, 2.5);
    assert_true(hy_stopwatch_s(&watch) == 2.75);
    double earlier = hy_clock_s();
    assert_true(earlier > 0.0 && hy_clock_s() >= earlier);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_products),      cmocka_unit_test(test_sums),
        cmocka_unit_test(test_zeroed_arrays), cmocka_unit_test(test_resized_arrays),
        cmocka_unit_test(test_alignment),     cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_copies),        cmocka_unit_test(test_meter),
        cmocka_unit_test(test_meter_limit),   cmocka_unit_test(test_meter_of_many_threads),
        cmocka_unit_test(test_stopwatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
