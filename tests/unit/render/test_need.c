/* SPDX-License-Identifier: MIT */
/*
 * What is read of a photo before its job has a share of the memory budget: the head, and the whole
 * file only where that helps, one at a time.
 */
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "render/estimate.h"
#include "scene.h"

/* More than the head that is read first. */
#define SIDE_PX 400

typedef struct fixture {
    hy_project project;
    hydra_policy policy;
    hy_budget budget;
    hy_cancel cancel; /* soon */
    hy_job job;
} fixture;

static void add(fixture *f, const void *data, size_t size, const char *name)
{
    hy_diag diag = {0};
    hy_source source;
    assert_ok(hy_source_from_memory(&source, data, size, name, &diag), &diag);
    assert_ok(hy_project_add_image(&f->project, &source, NULL, &f->policy, &diag), &diag);
    hy_source_free(&source);
}

static int setup(void **state)
{
    static fixture f;
    f = (fixture){.job = {.project = &f.project, .policy = &f.policy, .budget = &f.budget}};
    hydra_policy_init(&f.policy);
    hy_project_init(&f.project);
    hy_budget_init(&f.budget, 0);
    hy_cancel_init(&f.cancel, 20000);
    uint32_t seed = 3;
    size_t size;
    uint8_t *bmp = test_bmp(SIDE_PX, SIDE_PX, test_pixel_natural, &seed, &size);
    assert_true(size > (256 << 10));
    add(&f, bmp, size, "whole");     /* the sizes in a BMP's header are held against the file's */
    memcpy(bmp + 30, "\x04\0\0", 4); /* compression: a JPEG */
    add(&f, bmp, size, "unsupported");
    free(bmp);
    uint8_t *rgb = test_gradient(SIDE_PX, SIDE_PX);
    test_file jpeg = test_make_jpeg(rgb, SIDE_PX, SIDE_PX, NULL);
    uint8_t rest[300000] = {0};
    test_file_append(&jpeg, rest, sizeof rest);
    add(&f, jpeg.data, jpeg.size, "head");
    test_file_free(&jpeg);
    free(rgb);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    fixture *f = *state;
    hy_project_free(&f->project);
    hy_budget_free(&f->budget);
    return 0;
}

static hydra_status need_of(fixture *f, int32_t index, hy_diag *diag)
{
    hy_photo_need need = {0};
    *diag = (hy_diag){0};
    hydra_status status = hy_photo_need_of(&f->job, index, &need, diag);
    assert_int_equal(need.pixels, status == HYDRA_OK ? SIDE_PX * SIDE_PX : 0);
    return status;
}

static void test_whole_files_wait_for_their_turn(void **state)
{
    fixture *f = *state;
    hy_diag diag = {0};
    assert_ok(hy_budget_look_begin(&f->budget, NULL, &diag), &diag);
    f->job.cancel = &f->cancel;
    assert_failed(need_of(f, 0, &diag), HYDRA_ERR_DEADLINE, &diag, "deadline");
    f->job.cancel = NULL;
    assert_ok(need_of(f, 2, &diag), &diag); /* the head is enough */
    hy_budget_look_end(&f->budget);
    assert_ok(need_of(f, 0, &diag), &diag);
    assert_ok(need_of(f, 0, &diag), &diag); /* the turn was given up */
    f->job.budget = NULL;
    assert_ok(need_of(f, 0, &diag), &diag);
}

/* Were they read as a whole, they would wait for their turn. */
static void test_what_the_head_refuses_is_not_read(void **state)
{
    fixture *f = *state;
    hy_diag diag = {0};
    assert_ok(hy_budget_look_begin(&f->budget, NULL, &diag), &diag);
    f->job.cancel = &f->cancel;
    assert_failed(need_of(f, 1, &diag), HYDRA_ERR_UNSUPPORTED, &diag, "unsupported: BMP with");
    f->policy.max_image_side_px = SIDE_PX - 1;
    assert_failed(need_of(f, 0, &diag), HYDRA_ERR_LIMIT, &diag, "whole: ");
    hy_budget_look_end(&f->budget);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_whole_files_wait_for_their_turn),
        TEST(test_what_the_head_refuses_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
