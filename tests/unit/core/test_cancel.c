/* SPDX-License-Identifier: MIT */
/* Parts of a job stop with it, and on their own. */
#include <string.h>

#include "support.h"

static void test_child(void **state)
{
    (void)state;
    hy_cancel job;
    hy_cancel part;
    hy_diag diag = {0};
    hy_cancel_init(&job, 0);
    hy_cancel_init_child(&part, &job, 0);
    assert_false(hy_cancel_requested(&part));
    assert_ok(hy_cancel_check(&part, &diag), &diag);
    hy_cancel_request(&part);
    assert_true(hy_cancel_requested(&part));
    assert_false(hy_cancel_requested(&job));
    hy_cancel_init_child(&part, &job, 0);
    hy_cancel_request(&job);
    assert_true(hy_cancel_requested(&part));
    assert_failed(hy_cancel_check(&part, &diag), HYDRA_ERR_CANCELLED, &diag, "cancelled");
}

static void test_deadlines(void **state)
{
    (void)state;
    hy_cancel job;
    hy_cancel part;
    hy_cancel_init(&job, 60000000);
    hy_cancel_init_child(&part, &job, 0);
    assert_true(part.deadline_s == job.deadline_s);
    hy_cancel_init_child(&part, &job, 1000000);
    assert_true(part.deadline_s > 0 && part.deadline_s < job.deadline_s);
    hy_cancel_init_child(&part, &job, INT64_C(600000000));
    assert_true(part.deadline_s == job.deadline_s);
    hy_cancel_init_child(&part, NULL, 0);
    assert_true(part.deadline_s <= 0);
    assert_false(hy_cancel_requested(&part));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_child),
        cmocka_unit_test(test_deadlines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
