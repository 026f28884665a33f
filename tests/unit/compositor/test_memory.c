/* SPDX-License-Identifier: MIT */
/* Every allocation fails once: the error is reported, nothing leaks, nothing stays on the meter. */
#include "build.h"
#include "compositor/scratch.h"

/* Allocations until the one that fails; negative = none does. */
static int countdown = -1;

static bool fails_now(void)
{
    return countdown >= 0 && countdown-- == 0;
}

void *__real_hy_scratch_new(hy_meter *meter, size_t count, size_t size);
void *__wrap_hy_scratch_new(hy_meter *meter, size_t count, size_t size);
void *__real_hy_calloc(size_t count, size_t size);
void *__wrap_hy_calloc(size_t count, size_t size);
hydra_status __real_hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                                   hy_diag *diag);
hydra_status __wrap_hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                                   hy_diag *diag);

void *__wrap_hy_scratch_new(hy_meter *meter, size_t count, size_t size)
{
    return fails_now() ? NULL : __real_hy_scratch_new(meter, count, size);
}

void *__wrap_hy_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_hy_calloc(count, size);
}

hydra_status __wrap_hy_picture_new(int32_t width, int32_t height, hy_meter *meter, hy_picture **out,
                                   hy_diag *diag)
{
    if (fails_now()) {
        *out = NULL;
        return hy_fail_memory(diag);
    }
    return __real_hy_picture_new(width, height, meter, out, diag);
}

static void test_asset_builder(void **unused)
{
    (void)unused;
    photo p = plain_photo(3000, 20, 0x204060);
    hy_asset_spec spec = spec_of(&p, 1, 64, 64);
    spec.target.h = 2;
    spec.blur = true;
    int failures = 0;
    hydra_status status = HYDRA_ERR_MEMORY;
    while (status != HYDRA_OK) {
        hy_diag diag = {0};
        hy_meter meter = {0};
        hy_asset_builder *builder = NULL;
        countdown = failures;
        status = hy_asset_builder_new(&spec, &meter, &builder, &diag);
        countdown = -1;
        assert_int_equal(status, builder ? HYDRA_OK : HYDRA_ERR_MEMORY);
        assert_int_equal(diag.status, status);
        hy_asset_builder_free(builder);
        assert_int_equal(atomic_load(&meter.current_bytes), 0);
        failures++;
    }
    assert_true(failures > 20);
    free(p.data);
}

static void test_compositor(void **unused)
{
    (void)unused;
    int failures = 0;
    hydra_status status = HYDRA_ERR_MEMORY;
    while (status != HYDRA_OK) {
        hy_diag diag = {0};
        hy_meter meter = {0};
        hy_compositor *compositor = NULL;
        countdown = failures;
        status = hy_compositor_cpu_new(64, 64, HYDRA_SIMD_AUTO, &meter, &compositor, &diag);
        countdown = -1;
        assert_int_equal(status, compositor ? HYDRA_OK : HYDRA_ERR_MEMORY);
        hy_compositor_free(compositor);
        assert_int_equal(atomic_load(&meter.current_bytes), 0);
        failures++;
    }
    assert_int_equal(failures, 3);
}

static void test_scratch_sizes(void **unused)
{
    (void)unused;
    hy_meter meter = {0};
    assert_null(__real_hy_scratch_new(&meter, SIZE_MAX / 2, 3));
    assert_null(__real_hy_scratch_new(&meter, SIZE_MAX - 8, 1));
    assert_int_equal(atomic_load(&meter.current_bytes), 0);
    uint8_t *block = __real_hy_scratch_new(&meter, 3, 7);
    assert_non_null(block);
    assert_int_equal((uintptr_t)block % HY_ALIGN, 0);
    for (int i = 0; i < 21; i++) {
        assert_int_equal(block[i], 0);
    }
    hy_scratch_free(block);
    hy_scratch_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asset_builder),
        cmocka_unit_test(test_compositor),
        cmocka_unit_test(test_scratch_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
