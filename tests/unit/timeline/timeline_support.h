/* SPDX-License-Identifier: MIT */
/* Short ways to describe a project in the tests of this room. */
#ifndef HY_TIMELINE_SUPPORT_H
#define HY_TIMELINE_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support.h"
#include "timeline/timeline.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline hydra_policy default_policy(void)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    return policy;
}

static inline hy_source source_named(const char *name)
{
    hy_diag diag = {0};
    hy_source source;
    assert_ok(hy_source_from_memory(&source, "bytes", 5, name, &diag), &diag);
    return source;
}

static inline hydra_image_options image_options(int64_t duration_us)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = duration_us;
    return options;
}

static inline void add_image(hy_project *project, const char *name,
                             const hydra_image_options *options)
{
    hy_diag diag = {0};
    hydra_policy policy = default_policy();
    policy.max_images = 100000;
    hy_source source = source_named(name);
    assert_ok(hy_project_add_image(project, &source, options, &policy, &diag), &diag);
}

/* `count` images of a duration, called a.jpg, b.jpg, ... */
static inline void add_images(hy_project *project, int count, int64_t duration_us)
{
    hydra_image_options options = image_options(duration_us);
    for (int i = 0; i < count; i++) {
        char name[] = {(char)('a' + i % 26), '.', 'j', 'p', 'g', '\0'};
        add_image(project, name, &options);
    }
}

static inline void set_rate(hy_project *project, int32_t num, int32_t den)
{
    hy_diag diag = {0};
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    options.fps_num = num;
    options.fps_den = den;
    assert_ok(hy_project_set_canvas(project, &options, &diag), &diag);
}

static inline void set_fade(hy_project *project, int32_t cut, int64_t duration_us, int32_t mode)
{
    hy_diag diag = {0};
    hydra_transition_options options;
    hydra_transition_options_init(&options);
    options.duration_us = duration_us;
    options.mode = mode;
    assert_ok(hy_project_set_transition(project, cut, &options, &diag), &diag);
}

static inline void set_hard(hy_project *project, int32_t cut)
{
    hy_diag diag = {0};
    hydra_transition_options options;
    hydra_transition_options_init(&options);
    options.kind = HYDRA_TRANSITION_CUT;
    assert_ok(hy_project_set_transition(project, cut, &options, &diag), &diag);
}

static inline hy_plan plan_of(const hy_project *project)
{
    hy_diag diag = {0};
    hydra_policy policy = default_policy();
    hy_plan plan;
    assert_ok(hy_plan_build(project, &policy, &plan, &diag), &diag);
    return plan;
}

#endif
