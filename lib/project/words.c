/* SPDX-License-Identifier: MIT */
/* The words of the format, once, for reader and writer. Where CSS has a word, it is that one. */
#include "project_private.h"

#include <string.h>

const hy_word hy_words_canvas[] = {
    {"9:16", HYDRA_CANVAS_9_16},
    {"16:9", HYDRA_CANVAS_16_9},
    {"1:1", HYDRA_CANVAS_1_1},
    {"4:5", HYDRA_CANVAS_4_5},
    {NULL, 0},
};

const hy_word hy_words_fit[] = {
    {"cover", HYDRA_FIT_COVER},
    {"contain", HYDRA_FIT_CONTAIN},
    {"fill", HYDRA_FIT_FILL},
    {NULL, 0},
};

/* As CSS object-position: one word, or one per axis in either order. */
const hy_word hy_words_position[] = {
    {"top left", 0},
    {"left top", 0},
    {"top", 1},
    {"top center", 1},
    {"center top", 1},
    {"top right", 2},
    {"right top", 2},
    {"left", 3},
    {"left center", 3},
    {"center left", 3},
    {"center", 4},
    {"center center", 4},
    {"right", 5},
    {"right center", 5},
    {"center right", 5},
    {"bottom left", 6},
    {"left bottom", 6},
    {"bottom", 7},
    {"bottom center", 7},
    {"center bottom", 7},
    {"bottom right", 8},
    {"right bottom", 8},
    {NULL, 0},
};

const hy_word hy_words_motion[] = {
    {"none", HYDRA_MOTION_NONE},
    {"zoom-in", HYDRA_MOTION_ZOOM_IN},
    {"zoom-out", HYDRA_MOTION_ZOOM_OUT},
    {"pan-left", HYDRA_MOTION_PAN_LEFT},
    {"pan-right", HYDRA_MOTION_PAN_RIGHT},
    {"pan-up", HYDRA_MOTION_PAN_UP},
    {"pan-down", HYDRA_MOTION_PAN_DOWN},
    {"rect", HYDRA_MOTION_RECT},
    {NULL, 0},
};

const hy_word hy_words_easing[] = {
    {"linear", HYDRA_EASING_LINEAR},      {"smoothstep", HYDRA_EASING_SMOOTHSTEP},
    {"ease-in", HYDRA_EASING_IN},         {"ease-out", HYDRA_EASING_OUT},
    {"ease-in-out", HYDRA_EASING_IN_OUT}, {NULL, 0},
};

const hy_word hy_words_transition[] = {
    {"cut", HYDRA_TRANSITION_CUT},
    {"crossfade", HYDRA_TRANSITION_CROSSFADE},
    {NULL, 0},
};

const hy_word hy_words_mode[] = {
    {"overlap", HYDRA_OVERLAP},
    {"hold", HYDRA_HOLD},
    {NULL, 0},
};

const hy_word hy_words_when_short[] = {
    {"silence", HYDRA_AUDIO_SILENCE},
    {"loop", HYDRA_AUDIO_LOOP},
    {NULL, 0},
};

const hy_word hy_words_encoder[] = {
    {"auto", HYDRA_ENCODER_AUTO},   {"x264", HYDRA_ENCODER_X264}, {"x265", HYDRA_ENCODER_X265},
    {"nvenc", HYDRA_ENCODER_NVENC}, {"raw", HYDRA_ENCODER_RAW},   {NULL, 0},
};

const hy_word hy_words_codec[] = {
    {"h264", HYDRA_CODEC_H264},
    {"hevc", HYDRA_CODEC_HEVC},
    {NULL, 0},
};

const hy_word hy_words_profile[] = {
    {"draft", HYDRA_PROFILE_DRAFT},
    {"default", HYDRA_PROFILE_DEFAULT},
    {"quality", HYDRA_PROFILE_QUALITY},
    {"best", HYDRA_PROFILE_BEST},
    {NULL, 0},
};

const hy_word hy_words_when_busy[] = {
    {"wait", HYDRA_BUSY_WAIT},
    {"fail", HYDRA_BUSY_FAIL},
    {NULL, 0},
};

const hy_word hy_words_in_order[] = {
    {"fragmented", HYDRA_IN_ORDER_FRAGMENTED},
    {"buffered", HYDRA_IN_ORDER_BUFFERED},
    {NULL, 0},
};

const hy_word hy_words_when_exists[] = {
    {"replace", HYDRA_EXISTS_REPLACE},
    {"fail", HYDRA_EXISTS_FAIL},
    {NULL, 0},
};

const hy_word *hy_word_find(const hy_word *words, const char *text)
{
    for (; words->text; words++) {
        if (strcmp(words->text, text) == 0) {
            return words;
        }
    }
    return NULL;
}

const hy_word *hy_word_of(const hy_word *words, int32_t value)
{
    for (; words->text; words++) {
        if (words->value == value) {
            return words;
        }
    }
    return NULL;
}

void hy_preset_size(int32_t preset, int32_t *width, int32_t *height)
{
    hydra_canvas_options options;
    hydra_canvas_options_init(&options);
    options.preset = preset;
    hy_project project;
    hy_project_init(&project);
    hy_diag unused = {0};
    /* A known preset: this cannot fail. */
    (void)hy_project_set_canvas(&project, &options, &unused);
    *width = project.width;
    *height = project.height;
}
