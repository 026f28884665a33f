/* SPDX-License-Identifier: MIT */
/*
 * The part of cmocka that the tests of kernels use, for builds to other CPUs, where cmocka is not
 * at hand: each test runs once, and the first failure ends the program.
 */
#ifndef HY_SHIM_CMOCKA_H
#define HY_SHIM_CMOCKA_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define fail_msg(...)                                                                              \
    do {                                                                                           \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                            \
        fprintf(stderr, __VA_ARGS__);                                                              \
        fprintf(stderr, "\n");                                                                     \
        exit(1);                                                                                   \
    } while (0)

#define assert_true(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_msg("not true: %s", #condition);                                                  \
        }                                                                                          \
    } while (0)

#define assert_int_equal(a, b)                                                                     \
    do {                                                                                           \
        long long a_ = (long long)(a);                                                             \
        long long b_ = (long long)(b);                                                             \
        if (a_ != b_) {                                                                            \
            fail_msg("%s is %lld, not %lld", #a, a_, b_);                                          \
        }                                                                                          \
    } while (0)

#define assert_non_null(pointer)     assert_true((pointer) != NULL)
#define assert_null(pointer)         assert_true((pointer) == NULL)
#define assert_ptr_equal(a, b)       assert_true((const void *)(a) == (const void *)(b))
#define assert_memory_equal(a, b, n) assert_true(memcmp((a), (b), (n)) == 0)

struct CMUnitTest {
    const char *name;
    void (*run)(void **state);
};
#define cmocka_unit_test(function)                                                                 \
    {                                                                                              \
#function, function                                                                        \
    }

static inline int shim_run(const struct CMUnitTest *tests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        void *state = NULL;
        printf("%s\n", tests[i].name);
        tests[i].run(&state);
    }
    printf("%d passed, 0 failed\n", (int)count);
    return 0;
}
#define cmocka_run_group_tests(tests, setup, teardown)                                             \
    shim_run(tests, sizeof(tests) / sizeof *(tests))

#endif
