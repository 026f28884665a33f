/* SPDX-License-Identifier: MIT */
/*
 * JPEG through libjpeg-turbo, a few rows at a time. libjpeg reports errors by a jump: every call
 * into it happens inside `guarded`, which has no local variables that a jump could spoil, and all
 * memory hangs on the photo.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
/* After jpeglib.h: which numbers the codes have depends on its configuration. */
#include <jerror.h>

#include "photo.h"

#define STRIP_ROWS 16
/* Blocks of 8 x 8 samples can be made as 4 x 4 or 2 x 2, from their lower frequencies alone. */
#define BLOCK_SIDE   8
#define MAX_HALVINGS 2
/* What libjpeg and our strip hold at once when a file needs only one pass. */
#define WORK_ROWS 64
/* Encoders write about ten; each one costs a pass over the whole picture. */
#define MAX_SCANS 100

/* What a guarded step works on. */
typedef struct jpeg_call {
    hy_photo *photo;
    struct jpeg_state *state;
    hy_rows_fn *rows;
    void *user;
    hy_diag *diag;
} jpeg_call;

typedef struct jpeg_state {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const jpeg_call *decoding; /* NULL before */
    hydra_status failure;      /* why we jumped, */
    char message[JMSG_LENGTH_MAX];
    bool bad_icc;
    JOCTET *icc;
    JSAMPROW strip[STRIP_ROWS];
} jpeg_state;

static hydra_status status_of(int code)
{
    switch (code) {
    case JERR_OUT_OF_MEMORY:
        return HYDRA_ERR_MEMORY;
    case JERR_IMAGE_TOO_BIG:
        return HYDRA_ERR_LIMIT;
    case JERR_ARITH_NOTIMPL:
    case JERR_BAD_PRECISION:
    case JERR_CCIR601_NOTIMPL:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_SOF_UNSUPPORTED:
        return HYDRA_ERR_UNSUPPORTED;
    default:
        return HYDRA_ERR_FORMAT;
    }
}

static _Noreturn void leave(j_common_ptr jpeg)
{
    jpeg_state *state = jpeg->client_data;
    state->failure = status_of(jpeg->err->msg_code);
    jpeg->err->format_message(jpeg, state->message);
    longjmp(state->escape, 1);
}

/* Level -1 is a warning: libjpeg would go on with guessed data, grey blocks in the picture. Only
 * those that cost nothing are let through. */
static void take_message(j_common_ptr jpeg, int level)
{
    if (level >= 0) {
        return;
    }
    jpeg_state *state = jpeg->client_data;
    switch (jpeg->err->msg_code) {
    case JWRN_BOGUS_ICC:
        state->bad_icc = true;
        return;
    case JWRN_ADOBE_XFORM:
    case JWRN_EXTRANEOUS_DATA: /* padding between segments; some cameras do that */
    case JWRN_JFIF_MAJOR:
    case JWRN_NOT_SEQUENTIAL:
        return;
    default:
        leave(jpeg);
    }
}

static void stay_silent(j_common_ptr jpeg)
{
    (void)jpeg;
}

/* Called now and then, also while a file of several scans is read, before there is any row. */
static void watch_work(j_common_ptr jpeg)
{
    jpeg_state *state = jpeg->client_data;
    const jpeg_call *call = state->decoding;
    if (state->jpeg.input_scan_number > MAX_SCANS) {
        state->failure = HYDRA_ERR_LIMIT;
        (void)snprintf(state->message, sizeof state->message, "more than %d scans", MAX_SCANS);
        longjmp(state->escape, 1);
    }
    state->failure = call ? call->rows(call->user, NULL, 0, 0) : HYDRA_OK;
    if (state->failure != HYDRA_OK) {
        (void)snprintf(state->message, sizeof state->message, "no longer wanted");
        longjmp(state->escape, 1);
    }
}

static hydra_status report(const jpeg_call *call)
{
    const jpeg_state *state = call->state;
    const hy_photo *photo = call->photo;
    switch (state->failure) {
    case HYDRA_ERR_MEMORY:
        return hy_fail_memory(call->diag);
    case HYDRA_ERR_FORMAT:
        return hy_photo_damaged(photo, state->message, call->diag);
    default:
        return hy_fail(call->diag, state->failure, "%s: JPEG of %u x %u pixels: %s", photo->name,
                       state->jpeg.image_width, state->jpeg.image_height, state->message);
    }
}

static hydra_status guarded(hydra_status (*step)(const jpeg_call *call), const jpeg_call *call)
{
    if (setjmp(call->state->escape)) {
        return report(call);
    }
    return step(call);
}

static void read_exif(const jpeg_call *call)
{
    static const char label[6] = "Exif\0";
    const struct jpeg_marker_struct *m = call->state->jpeg.marker_list;
    for (; m; m = m->next) {
        if (m->marker == JPEG_APP0 + 1 && m->data_length > sizeof label &&
            memcmp(m->data, label, sizeof label) == 0) {
            call->photo->info.orientation =
                hy_exif_orientation(m->data + sizeof label, m->data_length - sizeof label);
            return;
        }
    }
}

static void read_icc(const jpeg_call *call)
{
    jpeg_state *state = call->state;
    unsigned int size = 0;
    if (jpeg_read_icc_profile(&state->jpeg, &state->icc, &size)) {
        call->photo->profile.icc = state->icc;
        call->photo->profile.icc_size = size;
    }
    call->photo->profile.damaged = state->bad_icc;
}

static hydra_status choose_rows(const jpeg_call *call)
{
    struct jpeg_decompress_struct *jpeg = &call->state->jpeg;
    hy_row_format *rows = &call->photo->info.rows;
    rows->bits = 8;
    switch (jpeg->jpeg_color_space) {
    case JCS_GRAYSCALE:
        jpeg->out_color_space = JCS_GRAYSCALE;
        rows->channels = 1;
        return HYDRA_OK;
    case JCS_RGB:
    case JCS_YCbCr:
        jpeg->out_color_space = JCS_RGB;
        rows->channels = 3;
        return HYDRA_OK;
    case JCS_CMYK:
    case JCS_YCCK:
        jpeg->out_color_space = JCS_CMYK;
        rows->channels = 4;
        rows->cmyk = true;
        return HYDRA_OK;
    default:
        return hy_fail(call->diag, HYDRA_ERR_UNSUPPORTED, "%s: JPEG with %d unnamed components",
                       call->photo->name, jpeg->num_components);
    }
}

static int64_t round_up(int64_t value, int64_t step)
{
    return (value + step - 1) / step * step;
}

/* A file of several scans, as progressive ones are, is kept as coefficients until its end. */
static int64_t count_bytes(struct jpeg_decompress_struct *jpeg)
{
    int64_t bytes = (int64_t)WORK_ROWS * jpeg->image_width * jpeg->num_components;
    for (int i = 0; jpeg_has_multiple_scans(jpeg) && i < jpeg->num_components; i++) {
        const jpeg_component_info *c = &jpeg->comp_info[i];
        bytes += round_up(c->width_in_blocks, c->h_samp_factor) *
                 round_up(c->height_in_blocks, c->v_samp_factor) * (int64_t)sizeof(JBLOCK);
    }
    return bytes;
}

static hydra_status read_header(const jpeg_call *call)
{
    jpeg_state *state = call->state;
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg->mem->max_memory_to_use = 0; /* decode_bytes is the limit, not an environment variable */
    jpeg->progress = &state->progress;
    jpeg_mem_src(jpeg, call->photo->data, call->photo->size);
    jpeg_save_markers(jpeg, JPEG_APP0 + 1, 0xffff);
    jpeg_save_markers(jpeg, JPEG_APP0 + 2, 0xffff);
    (void)jpeg_read_header(jpeg, TRUE);
    hydra_status status =
        hy_photo_set_size(call->photo, jpeg->image_width, jpeg->image_height, call->diag);
    if (status != HYDRA_OK) {
        return status;
    }
    call->photo->in_place = true;
    call->photo->info.max_halvings = MAX_HALVINGS;
    call->photo->info.decode_bytes = count_bytes(jpeg);
    read_exif(call);
    read_icc(call);
    return choose_rows(call);
}

static hydra_status open_jpeg(hy_photo *photo, hy_diag *diag)
{
    jpeg_state *state = hy_calloc(1, sizeof *state);
    if (!state) {
        return hy_fail_memory(diag);
    }
    photo->state = state;
    state->jpeg.err = jpeg_std_error(&state->errors);
    state->errors.error_exit = leave;
    state->errors.emit_message = take_message;
    state->errors.output_message = stay_silent;
    state->progress.progress_monitor = watch_work;
    state->jpeg.client_data = state;
    jpeg_call call = {.photo = photo, .state = state, .diag = diag};
    return guarded(read_header, &call);
}

/* From libjpeg's pool, which outlives a jump. */
static size_t alloc_strip(jpeg_state *state)
{
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    size_t stride = (size_t)jpeg->output_width * (size_t)jpeg->output_components;
    JSAMPLE *block = jpeg->mem->alloc_large((j_common_ptr)jpeg, JPOOL_IMAGE, stride * STRIP_ROWS);
    for (int i = 0; i < STRIP_ROWS; i++) {
        state->strip[i] = block + stride * (size_t)i;
    }
    return stride;
}

static hydra_status decode_rows(const jpeg_call *call)
{
    jpeg_state *state = call->state;
    struct jpeg_decompress_struct *jpeg = &state->jpeg;
    state->decoding = call;
    jpeg->dct_method = JDCT_ISLOW;
    jpeg->do_fancy_upsampling = TRUE;
    jpeg->scale_num = (unsigned int)(BLOCK_SIDE >> call->photo->halvings);
    jpeg->scale_denom = BLOCK_SIDE;
    (void)jpeg_start_decompress(jpeg);
    size_t stride = alloc_strip(state);
    /* Adobe's files hold inverted ink, as hy_row_format wants it; those of others do not. */
    bool invert = jpeg->out_color_space == JCS_CMYK && !jpeg->saw_Adobe_marker;
    while (jpeg->output_scanline < jpeg->output_height) {
        JDIMENSION count = 0;
        while (count < STRIP_ROWS && jpeg->output_scanline < jpeg->output_height) {
            count += jpeg_read_scanlines(jpeg, state->strip + count, STRIP_ROWS - count);
        }
        for (size_t i = 0; invert && i < stride * count; i++) {
            state->strip[0][i] ^= 0xff;
        }
        hydra_status status =
            call->rows(call->user, state->strip[0], (ptrdiff_t)stride, (int32_t)count);
        if (status != HYDRA_OK) {
            return status;
        }
    }
    /* Reads up to the end marker: a file without one is cut short. What follows it is no matter. */
    (void)jpeg_finish_decompress(jpeg);
    return HYDRA_OK;
}

static hydra_status decode_jpeg(hy_photo *photo, hy_rows_fn *rows, void *user, hy_diag *diag)
{
    jpeg_call call = {photo, photo->state, rows, user, diag};
    hydra_status status = guarded(decode_rows, &call);
    call.state->decoding = NULL;
    return status;
}

static void close_jpeg(hy_photo *photo)
{
    jpeg_state *state = photo->state;
    if (!state) {
        return;
    }
    jpeg_destroy_decompress(&state->jpeg);
    free(state->icc); /* comes from libjpeg's malloc */
    hy_free(state);
}

const hy_photo_decoder hy_photo_jpeg = {open_jpeg, decode_jpeg, close_jpeg};
