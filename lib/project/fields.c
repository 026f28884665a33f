/* SPDX-License-Identifier: MIT */
/* The objects of the format, key by key. docs/project.md has them for people. */
#include "project_private.h"

#include <float.h>
#include <stddef.h>

/* A time in seconds cannot be nothing; the API counts in microseconds. */
#define SHORTEST 0.000001
#define ALWAYS   1e9

#define DOC(member)   offsetof(hy_document, member)
#define IMAGE(member) offsetof(hy_project_image, member)

static const hy_field rect_fields[] = {
    {.key = "x",
     .kind = HY_FIELD_NUMBER,
     .offset = offsetof(hydra_rect, x),
     .high = 1,
     .expected = "a number 0..1"},
    {.key = "y",
     .kind = HY_FIELD_NUMBER,
     .offset = offsetof(hydra_rect, y),
     .high = 1,
     .expected = "a number 0..1"},
    {.key = "width",
     .kind = HY_FIELD_NUMBER,
     .offset = offsetof(hydra_rect, width),
     .low = DBL_MIN,
     .high = 1,
     .expected = "a number above 0, up to 1"},
    {.key = "height",
     .kind = HY_FIELD_NUMBER,
     .offset = offsetof(hydra_rect, height),
     .low = DBL_MIN,
     .high = 1,
     .expected = "a number above 0, up to 1"},
    {.key = NULL},
};
static const hy_shape rect_shape = {rect_fields, NULL, "a rectangle"};

static const hy_field position_fields[] = {
    {.key = "x",
     .kind = HY_FIELD_NUMBER,
     .offset = IMAGE(options.focus_x),
     .high = 1,
     .expected = "a number 0..1"},
    {.key = "y",
     .kind = HY_FIELD_NUMBER,
     .offset = IMAGE(options.focus_y),
     .high = 1,
     .expected = "a number 0..1"},
    {.key = NULL},
};
static const hy_shape position_shape = {position_fields, NULL, "a position"};

static const hy_field motion_fields[] = {
    {.key = "type",
     .kind = HY_FIELD_WORD,
     .offset = IMAGE(options.motion),
     .words = hy_words_motion},
    {.key = "amount",
     .kind = HY_FIELD_NUMBER,
     .offset = IMAGE(options.motion_amount),
     .low = DBL_MIN,
     .high = 4,
     .has_automatic = true,
     .automatic = HYDRA_AUTO,
     .expected = "a number above 0, up to 4, or \"auto\""},
    {.key = "easing",
     .kind = HY_FIELD_WORD,
     .offset = IMAGE(options.easing),
     .words = hy_words_easing},
    {.key = "start", .kind = HY_FIELD_OBJECT, .offset = IMAGE(options.start), .shape = &rect_shape},
    {.key = "end", .kind = HY_FIELD_OBJECT, .offset = IMAGE(options.end), .shape = &rect_shape},
    {.key = NULL},
};
static const hy_shape motion_shape = {motion_fields, "type", "a motion"};

static const hy_field transition_fields[] = {
    {.key = "type",
     .kind = HY_FIELD_WORD,
     .offset = offsetof(hydra_transition_options, kind),
     .words = hy_words_transition},
    {.key = "duration",
     .kind = HY_FIELD_SECONDS,
     .offset = offsetof(hydra_transition_options, duration_us),
     .high = 60,
     .expected = "seconds, 0..60"},
    {.key = "mode",
     .kind = HY_FIELD_WORD,
     .offset = offsetof(hydra_transition_options, mode),
     .words = hy_words_mode},
    {.key = NULL},
};
static const hy_shape transition_shape = {transition_fields, "type", "a transition"};

static const hy_field image_fields[] = {
    {.key = "src", .kind = HY_FIELD_SOURCE, .offset = IMAGE(source)},
    {.key = "duration",
     .kind = HY_FIELD_SECONDS,
     .offset = IMAGE(options.duration_us),
     .low = SHORTEST,
     .high = 3600,
     .has_automatic = true,
     .automatic = HYDRA_AUTO,
     .expected = "seconds, 0.000001..3600, or \"auto\""},
    {.key = "fit", .kind = HY_FIELD_WORD, .offset = IMAGE(options.fit), .words = hy_words_fit},
    {.key = "position",
     .kind = HY_FIELD_POSITION,
     .offset = IMAGE(options),
     .words = hy_words_position,
     .shape = &position_shape,
     .expected = "words like \"center\" or \"top left\", or an object with x and y"},
    {.key = "backdrop",
     .kind = HY_FIELD_BACKDROP,
     .offset = IMAGE(options),
     .expected = "\"blur\", \"auto\" or a colour like \"#1e90ff\""},
    {.key = "motion", .kind = HY_FIELD_WORD_OR_OBJECT, .shape = &motion_shape},
    {.key = "transition",
     .kind = HY_FIELD_WORD_OR_OBJECT,
     .offset = IMAGE(transition),
     .present = IMAGE(has_transition),
     .shape = &transition_shape},
    {.key = NULL},
};
const hy_shape hy_shape_image = {image_fields, "src", "an image"};

static const hy_field canvas_fields[] = {
    {.key = "preset", .kind = HY_FIELD_PRESET, .offset = DOC(project), .words = hy_words_canvas},
    {.key = "width",
     .kind = HY_FIELD_INTEGER,
     .offset = DOC(project.width),
     .low = 64,
     .high = 4096,
     .step = 2,
     .expected = "an even number 64..4096"},
    {.key = "height",
     .kind = HY_FIELD_INTEGER,
     .offset = DOC(project.height),
     .low = 64,
     .high = 4096,
     .step = 2,
     .expected = "an even number 64..4096"},
    {.key = NULL},
};
const hy_shape hy_shape_canvas = {canvas_fields, NULL, "a canvas"};

static const hy_field audio_fields[] = {
    {.key = "src", .kind = HY_FIELD_SOURCE, .offset = DOC(project.audio_source)},
    {.key = "start",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(project.audio.start_us),
     .high = ALWAYS,
     .expected = "seconds, 0..1000000000"},
    {.key = "duration",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(project.audio.duration_us),
     .low = SHORTEST,
     .high = ALWAYS,
     .has_automatic = true,
     .automatic = HYDRA_AUTO,
     .expected = "seconds, 0.000001..1000000000, or \"auto\""},
    {.key = "gain_db",
     .kind = HY_FIELD_NUMBER,
     .offset = DOC(project.audio.gain_db),
     .low = -60,
     .high = 24,
     .expected = "a number -60..24"},
    {.key = "fade_in",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(project.audio.fade_in_us),
     .high = ALWAYS,
     .expected = "seconds, 0..1000000000"},
    {.key = "fade_out",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(project.audio.fade_out_us),
     .high = ALWAYS,
     .expected = "seconds, 0..1000000000"},
    {.key = "when_short",
     .kind = HY_FIELD_WORD,
     .offset = DOC(project.audio.when_short),
     .words = hy_words_when_short},
    {.key = NULL},
};
static const hy_shape audio_shape = {audio_fields, "src", "the audio"};

static const hy_field output_fields[] = {
    {.key = "encoder",
     .kind = HY_FIELD_WORD,
     .offset = DOC(output.encoder),
     .words = hy_words_encoder},
    {.key = "codec", .kind = HY_FIELD_WORD, .offset = DOC(output.codec), .words = hy_words_codec},
    {.key = "profile",
     .kind = HY_FIELD_WORD,
     .offset = DOC(output.profile),
     .words = hy_words_profile},
    {.key = "crf",
     .kind = HY_FIELD_NUMBER,
     .offset = DOC(output.crf),
     .high = 51,
     .has_automatic = true,
     .automatic = HYDRA_AUTO,
     .expected = "a number 0..51 or \"auto\""},
    {.key = "bitrate_kbps",
     .kind = HY_FIELD_INTEGER,
     .offset = DOC(output.video_bitrate_kbps),
     .low = 50,
     .high = 500000,
     .has_automatic = true,
     .expected = "a whole number 50..500000 or \"auto\""},
    {.key = "preset", .kind = HY_FIELD_TEXT, .offset = DOC(preset)},
    {.key = "audio_bitrate_kbps",
     .kind = HY_FIELD_INTEGER,
     .offset = DOC(output.audio_bitrate_kbps),
     .low = 32,
     .high = 320,
     .expected = "a whole number 32..320"},
    {.key = "threads",
     .kind = HY_FIELD_INTEGER,
     .offset = DOC(output.threads),
     .low = 1,
     .high = 128,
     .has_automatic = true,
     .expected = "a whole number 1..128 or \"auto\""},
    {.key = "deadline",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(output.deadline_us),
     .low = SHORTEST,
     .high = ALWAYS,
     .has_automatic = true,
     .expected = "seconds, 0.000001..1000000000, or \"auto\""},
    {.key = "when_busy",
     .kind = HY_FIELD_WORD,
     .offset = DOC(output.when_busy),
     .words = hy_words_when_busy},
    {.key = "in_order",
     .kind = HY_FIELD_WORD,
     .offset = DOC(output.in_order),
     .words = hy_words_in_order},
    {.key = "when_exists",
     .kind = HY_FIELD_WORD,
     .offset = DOC(output.when_exists),
     .words = hy_words_when_exists},
    {.key = NULL},
};
const hy_shape hy_shape_output = {output_fields, NULL, "the output"};

static const hy_field document_fields[] = {
    {.key = "$schema", .kind = HY_FIELD_IGNORED},
    {.key = "hydra", .kind = HY_FIELD_VERSION, .expected = "1, the version of the format"},
    {.key = "canvas", .kind = HY_FIELD_OBJECT, .shape = &hy_shape_canvas},
    {.key = "fps",
     .kind = HY_FIELD_RATE,
     .offset = DOC(project.rate),
     .low = 1,
     .high = 120,
     .expected = "a whole number 1..120 or a fraction like \"30000/1001\""},
    {.key = "background",
     .kind = HY_FIELD_COLOR,
     .offset = DOC(project.background_rgb),
     .expected = "a colour like \"#1e90ff\""},
    {.key = "duration",
     .kind = HY_FIELD_SECONDS,
     .offset = DOC(project.duration_us),
     .low = SHORTEST,
     .high = 36000,
     .has_automatic = true,
     .automatic = HYDRA_AUTO,
     .expected = "seconds, 0.000001..36000, or \"auto\""},
    {.key = "images", .kind = HY_FIELD_IMAGES, .offset = DOC(project)},
    {.key = "transition",
     .kind = HY_FIELD_WORD_OR_OBJECT,
     .offset = DOC(project.transition),
     .shape = &transition_shape},
    {.key = "audio",
     .kind = HY_FIELD_OBJECT,
     .present = DOC(project.has_audio),
     .shape = &audio_shape},
    {.key = "output", .kind = HY_FIELD_OBJECT, .shape = &hy_shape_output},
    {.key = NULL},
};
const hy_shape hy_shape_document = {document_fields, "hydra", "a project"};

void hy_project_image_init(hy_project_image *image)
{
    *image = (hy_project_image){.has_transition = false};
    hydra_image_options_init(&image->options);
    hydra_transition_options_init(&image->transition);
}

void hy_document_init(hy_document *document)
{
    *document = (hy_document){.preset = NULL};
    hy_project_init(&document->project);
    hydra_render_options_init(&document->output);
}

void hy_document_free(hy_document *document)
{
    hy_project_free(&document->project);
    hy_free(document->preset);
    *document = (hy_document){.preset = NULL};
}
