/* SPDX-License-Identifier: MIT */
/* Short ways to load, save and compare documents in the tests of this room. */
#ifndef HY_PROJECT_SUPPORT_H
#define HY_PROJECT_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "project/project_private.h"
#include "support.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static inline hydra_policy default_policy(void)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    return policy;
}

/* A document that must be right. */
static inline void load_bytes(hy_document *document, const char *json, size_t size)
{
    hydra_policy policy = default_policy();
    hy_issues issues = {0};
    hy_diag diag = {0};
    assert_ok(hy_document_load(json, size, &policy, document, &issues, &diag), &diag);
    assert_int_equal(issues.count, 0);
}

static inline void load(hy_document *document, const char *json)
{
    load_bytes(document, json, strlen(json));
}

/* The findings about a document that must be wrong; free with hy_issues_free. */
static inline hy_issues issues_of_bytes(const char *json, size_t size)
{
    hydra_policy policy = default_policy();
    hy_issues issues = {0};
    hy_diag diag = {0};
    hy_document document;
    hydra_status status = hy_document_load(json, size, &policy, &document, &issues, &diag);
    assert_true(issues.count > 0);
    assert_int_equal(status, issues.items[0].status);
    assert_non_null(strstr(diag.text, issues.items[0].text));
    assert_null(document.project.images);
    assert_null(document.preset);
    return issues;
}

static inline hy_issues issues_of(const char *json)
{
    return issues_of_bytes(json, strlen(json));
}

/* NUL-terminated; free with free. */
static inline char *save(const hy_document *document)
{
    hy_buffer buffer = {.limit = HY_JSON_MAX_BYTES};
    hy_diag diag = {0};
    assert_ok(hy_document_save(document, &buffer, &diag), &diag);
    assert_true(hy_buffer_append(&buffer, "", 1));
    return (char *)buffer.data;
}

static inline void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a && b) {
        assert_string_equal(a, b);
    }
}

static inline void assert_same_source(const hy_source *a, const hy_source *b)
{
    assert_same_text(a->name, b->name);
    assert_same_text(a->path, b->path);
}

static inline void assert_same_image(const hy_project_image *a, const hy_project_image *b)
{
    assert_same_source(&a->source, &b->source);
    assert_memory_equal(&a->options, &b->options, sizeof a->options);
    assert_int_equal(a->has_transition, b->has_transition);
    if (a->has_transition) {
        assert_memory_equal(&a->transition, &b->transition, sizeof a->transition);
    }
}

/* Bit for bit. */
static inline void assert_same_document(const hy_document *a, const hy_document *b)
{
    const hy_project *p = &a->project;
    const hy_project *q = &b->project;
    assert_int_equal(p->width, q->width);
    assert_int_equal(p->height, q->height);
    assert_memory_equal(&p->rate, &q->rate, sizeof p->rate);
    assert_int_equal(p->background_rgb, q->background_rgb);
    assert_int_equal(p->duration_us, q->duration_us);
    assert_int_equal(p->image_count, q->image_count);
    for (int32_t i = 0; i < p->image_count; i++) {
        assert_same_image(&p->images[i], &q->images[i]);
    }
    assert_memory_equal(&p->transition, &q->transition, sizeof p->transition);
    assert_int_equal(p->has_audio, q->has_audio);
    if (p->has_audio) {
        assert_same_source(&p->audio_source, &q->audio_source);
        assert_memory_equal(&p->audio, &q->audio, sizeof p->audio);
    }
    hydra_render_options x = a->output;
    hydra_render_options y = b->output;
    assert_same_text(x.preset, y.preset);
    x.preset = y.preset = NULL;
    assert_memory_equal(&x, &y, sizeof x);
    assert_same_text(a->preset, b->preset);
}

#endif
