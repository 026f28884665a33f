/* SPDX-License-Identifier: MIT */
/* Every allocation of the room fails once: the call says so, and nothing changes or leaks. */
#include "timeline_support.h"

void *__real_hy_calloc(size_t count, size_t size);
void *__real_hy_realloc_array(void *ptr, size_t count, size_t size);
char *__real_hy_strdup(const char *text);
void *__wrap_hy_calloc(size_t count, size_t size);
void *__wrap_hy_realloc_array(void *ptr, size_t count, size_t size);
char *__wrap_hy_strdup(const char *text);

/* Allocations until one fails; negative = none does. */
static int countdown = -1;

static bool allowed(void)
{
    return countdown < 0 || countdown-- > 0;
}

void *__wrap_hy_calloc(size_t count, size_t size)
{
    return allowed() ? __real_hy_calloc(count, size) : NULL;
}

void *__wrap_hy_realloc_array(void *ptr, size_t count, size_t size)
{
    return allowed() ? __real_hy_realloc_array(ptr, count, size) : NULL;
}

char *__wrap_hy_strdup(const char *text)
{
    return allowed() ? __real_hy_strdup(text) : NULL;
}

static void project_of_three(hy_project *project)
{
    hy_diag diag = {0};
    hy_project_init(project);
    add_images(project, 3, 1000000);
    hy_source music;
    assert_ok(hy_source_from_uri(&music, "song.ogg", "audio", &diag), &diag);
    assert_ok(hy_project_set_audio(project, &music, NULL, &diag), &diag);
}

static void failing_add_keeps_the_source(void **state)
{
    (void)state;
    hy_project project;
    hy_project_init(&project);
    hydra_policy policy = default_policy();
    hy_diag diag = {0};
    hy_source source = source_named("a.jpg");
    countdown = 0;
    hydra_status status = hy_project_add_image(&project, &source, NULL, &policy, &diag);
    countdown = -1;
    assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
    assert_int_equal(project.image_count, 0);
    assert_string_equal(source.name, "a.jpg");
    diag = (hy_diag){0};
    assert_ok(hy_project_add_image(&project, &source, NULL, &policy, &diag), &diag);
    hy_project_free(&project);
}

static void failing_copy_leaves_nothing(void **state)
{
    (void)state;
    hy_project project;
    project_of_three(&project);
    int failures = 0;
    for (int n = 0;; n++) {
        hy_diag diag = {0};
        hy_project copy;
        countdown = n;
        hydra_status status = hy_project_copy(&copy, &project, &diag);
        countdown = -1;
        if (status == HYDRA_OK) {
            hy_project_free(&copy);
            break;
        }
        assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
        assert_null(copy.images);
        failures++;
    }
    /* The array, three image names, the music's name and path. */
    assert_int_equal(failures, 6);
    hy_project_free(&project);
}

static void failing_plan_leaves_nothing(void **state)
{
    (void)state;
    hy_project project;
    project_of_three(&project);
    hydra_policy policy = default_policy();
    hy_diag diag = {0};
    hy_plan plan;
    countdown = 0;
    hydra_status status = hy_plan_build(&project, &policy, &plan, &diag);
    countdown = -1;
    assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
    assert_null(plan.clips);
    assert_int_equal(plan.frames, 0);
    hy_project_free(&project);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failing_add_keeps_the_source),
        cmocka_unit_test(failing_copy_leaves_nothing),
        cmocka_unit_test(failing_plan_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
