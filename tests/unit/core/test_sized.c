/* SPDX-License-Identifier: MIT */
/* Structs that grew: callers of older and of newer headers, as a library sees them that is between
 * the two. */
#include <stdlib.h>
#include <string.h>

#include "support.h"

typedef struct first {
    uint32_t struct_size;
    int32_t a;
} first;

typedef struct second { /* the library's */
    uint32_t struct_size;
    int32_t a;
    int64_t b;
} second;

typedef struct third {
    uint32_t struct_size;
    int32_t a;
    int64_t b;
    int64_t c;
} third;

#define LEAST HY_SIZE_THROUGH(first, a)

/* A copy on the heap, of just the bytes that the caller knows of: the sanitizers watch. */
static void *exactly(const void *value, size_t size)
{
    void *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, value, size);
    return copy;
}

static void test_taking(void **state)
{
    (void)state;
    first *old = exactly(&(first){sizeof(first), 7}, sizeof(first));
    third *new = exactly(&(third){sizeof(third), 8, 9, 10}, sizeof(third));
    second own = {sizeof own, 1, 2};
    assert_true(hy_sized_take(&own, sizeof own, old, LEAST));
    assert_int_equal(own.a, 7);
    assert_int_equal(own.b, 2); /* the default */
    assert_int_equal(own.struct_size, sizeof own);
    assert_true(hy_sized_take(&own, sizeof own, new, LEAST));
    assert_int_equal(own.a, 8);
    assert_int_equal(own.b, 9);
    assert_int_equal(own.struct_size, sizeof own);
    free(old);
    free(new);
}

static void test_giving(void **state)
{
    (void)state;
    first *old = exactly(&(first){sizeof(first), 0}, sizeof(first));
    third *new = exactly(&(third){sizeof(third), 0, 0, 10}, sizeof(third));
    const second own = {sizeof own, 1, 2};
    hy_sized_give(old, &own, sizeof own);
    assert_int_equal(old->struct_size, sizeof(first));
    assert_int_equal(old->a, 1);
    hy_sized_give(new, &own, sizeof own);
    assert_int_equal(new->struct_size, sizeof(third));
    assert_int_equal(new->a, 1);
    assert_int_equal(new->b, 2);
    assert_int_equal(new->c, 10); /* not ours to know */
    free(old);
    free(new);
}

static void test_what_was_never_set_up(void **state)
{
    (void)state;
    second own = {sizeof own, 1, 2};
    assert_int_equal(LEAST, sizeof(first));
    for (uint32_t size = 0; size < sizeof(first); size++) {
        first *unset = exactly(&(first){size, 7}, sizeof(first));
        assert_false(hy_sized_is_set(unset, LEAST));
        assert_false(hy_sized_take(&own, sizeof own, unset, LEAST));
        free(unset);
    }
    assert_false(hy_sized_is_set(NULL, LEAST));
    assert_false(hy_sized_take(&own, sizeof own, NULL, LEAST));
    assert_int_equal(own.a, 1);
    assert_true(hy_sized_is_set(&(first){sizeof(first), 7}, LEAST));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taking),
        cmocka_unit_test(test_giving),
        cmocka_unit_test(test_what_was_never_set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
