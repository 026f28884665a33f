/* SPDX-License-Identifier: MIT */
/*
 * Grey in HEVC (ITU-T H.265): coding tree blocks of 16 x 16 that are one coding unit each, planar
 * prediction without residual in intra pictures, skipped with a zero vector in all others.
 */
#include "null.h"

#define POC_BITS 16
/* NAL unit types */
enum {
    TRAIL_R = 1,
    IDR_W_RADL = 19,
    VPS = 32,
    SPS = 33,
    PPS = 34
};
/* initValue of the contexts, tables 9-7 to 9-19 */
enum {
    INIT_PART_MODE = 184,
    INIT_LUMA_PRED = 184,
    INIT_CHROMA_PRED = 63,
    INIT_CBF_LUMA = 141,
    INIT_CBF_CHROMA = 94,
};

static const struct fakenv_null_level levels[] = {
    {30, 36864, 552960},       {60, 122880, 3686400},
    {63, 245760, 7372800},     {90, 552960, 16588800},
    {93, 983040, 33177600},    {120, 2228224, 66846720},
    {123, 2228224, 133693440}, {150, 8912896, 267386880},
    {153, 8912896, 534773760}, {156, 8912896, 1069547520},
    {180, 35651584, 1.07e9},   {183, 35651584, 2.14e9},
    {186, 35651584, 4.3e9},    {0, 0, 0},
};

int fakenv_null_hevc_level(const struct fakenv_null *n)
{
    return fakenv_null_level(n, levels);
}

static uint32_t blocks(uint32_t samples)
{
    return (samples + 15) / 16;
}

static void put_profile(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_put(b, 3, 0);           /* general_profile_space, general_tier_flag */
    fakenv_put(b, 5, 1);           /* general_profile_idc: Main */
    fakenv_put(b, 32, 0x60000000); /* also Main 10 decoders */
    fakenv_put(b, 4, 9);           /* progressive, frames only */
    fakenv_put(b, 32, 0);
    fakenv_put(b, 12, 0);
    fakenv_put(b, 8, (uint32_t)n->level);
}

/* How many pictures a decoder holds: this one and its reference, in the order of coding. */
static void put_ordering(struct fakenv_bits *b)
{
    fakenv_put(b, 1, 1); /* sub_layer_ordering_info_present_flag */
    fakenv_put_ue(b, 1); /* max_dec_pic_buffering_minus1 */
    fakenv_put_ue(b, 0); /* max_num_reorder_pics */
    fakenv_put_ue(b, 0); /* max_latency_increase_plus1 */
}

static void put_vps(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_put(b, 4, 0); /* vps_video_parameter_set_id */
    fakenv_put(b, 2, 3); /* the base layer is in here */
    fakenv_put(b, 9, 0); /* one layer, one sub-layer */
    fakenv_put(b, 1, 1); /* vps_temporal_id_nesting_flag */
    fakenv_put(b, 16, 0xffff);
    put_profile(n, b);
    put_ordering(b);
    fakenv_put(b, 6, 0); /* vps_max_layer_id */
    fakenv_put_ue(b, 0); /* vps_num_layer_sets_minus1 */
    fakenv_put(b, 2, 0); /* no timing, no extension */
    fakenv_put_stop(b);
}

static void put_size(const struct fakenv_null *n, struct fakenv_bits *b)
{
    const uint32_t width = blocks(n->width) * 16, height = blocks(n->height) * 16;

    fakenv_put_ue(b, width);
    fakenv_put_ue(b, height);
    fakenv_put(b, 1, 1); /* conformance_window_flag */
    fakenv_put_ue(b, 0);
    fakenv_put_ue(b, (width - n->width) / 2);
    fakenv_put_ue(b, 0);
    fakenv_put_ue(b, (height - n->height) / 2);
}

static void put_vui(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_null_put_vui_start(n, b);
    fakenv_put(b, 4, 0); /* neutral chroma, fields, frame info, display window */
    fakenv_put(b, 1, 1); /* vui_timing_info_present_flag */
    fakenv_put(b, 32, n->fps_den);
    fakenv_put(b, 32, n->fps_num);
    fakenv_put(b, 3, 0); /* no POC timing, no HRD, no restrictions */
}

static void put_sps(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_put(b, 7, 0); /* sps_video_parameter_set_id, sps_max_sub_layers_minus1 */
    fakenv_put(b, 1, 1); /* sps_temporal_id_nesting_flag */
    put_profile(n, b);
    fakenv_put_ue(b, 0); /* sps_seq_parameter_set_id */
    fakenv_put_ue(b, 1); /* chroma_format_idc */
    put_size(n, b);
    fakenv_put_ue(b, 0); /* bit_depth_luma_minus8 */
    fakenv_put_ue(b, 0); /* bit_depth_chroma_minus8 */
    fakenv_put_ue(b, POC_BITS - 4);
    put_ordering(b);
    fakenv_put_ue(b, 1); /* log2_min_luma_coding_block_size_minus3 */
    fakenv_put_ue(b, 0); /* log2_diff_max_min_luma_coding_block_size */
    fakenv_put_ue(b, 0); /* log2_min_luma_transform_block_size_minus2 */
    fakenv_put_ue(b, 2); /* log2_diff_max_min_luma_transform_block_size */
    fakenv_put_ue(b, 0); /* max_transform_hierarchy_depth_inter */
    fakenv_put_ue(b, 0); /* max_transform_hierarchy_depth_intra */
    fakenv_put(b, 4, 0); /* no scaling lists, no AMP, no SAO, no PCM */
    fakenv_put_ue(b, 1); /* num_short_term_ref_pic_sets */
    fakenv_put_ue(b, 1); /* num_negative_pics */
    fakenv_put_ue(b, 0); /* num_positive_pics */
    fakenv_put_ue(b, 0); /* delta_poc_s0_minus1 */
    fakenv_put(b, 1, 1); /* used_by_curr_pic_s0_flag */
    fakenv_put(b, 3, 0); /* no long-term, no temporal MVP, no strong smoothing */
    fakenv_put(b, 1, 1); /* vui_parameters_present_flag */
    put_vui(n, b);
    fakenv_put(b, 1, 0); /* sps_extension_present_flag */
    fakenv_put_stop(b);
}

static void put_pps(struct fakenv_bits *b)
{
    fakenv_put_ue(b, 0); /* pps_pic_parameter_set_id */
    fakenv_put_ue(b, 0); /* pps_seq_parameter_set_id */
    fakenv_put(b, 7, 0); /* up to and with cabac_init_present_flag */
    fakenv_put_ue(b, 0); /* num_ref_idx_l0_default_active_minus1 */
    fakenv_put_ue(b, 0); /* num_ref_idx_l1_default_active_minus1 */
    fakenv_put_ue(b, 0); /* init_qp_minus26 */
    fakenv_put(b, 3, 0); /* up to and with cu_qp_delta_enabled_flag */
    fakenv_put_ue(b, 0); /* pps_cb_qp_offset */
    fakenv_put_ue(b, 0); /* pps_cr_qp_offset */
    fakenv_put(b, 7, 0); /* up to and with pps_loop_filter_across_slices_enabled_flag */
    fakenv_put(b, 3, 5); /* deblocking: told here, no override, off */
    fakenv_put(b, 2, 0); /* no scaling lists, no modified lists */
    fakenv_put_ue(b, 0); /* log2_parallel_merge_level_minus2 */
    fakenv_put(b, 2, 0); /* no extensions */
    fakenv_put_stop(b);
}

static bool append_nal(struct fakenv_bytes *bytes, int type, const struct fakenv_bits *payload)
{
    const uint8_t header[] = {(uint8_t)(type << 1), 1};

    return fakenv_append_nal(bytes, header, 2, payload);
}

bool fakenv_null_hevc_headers(const struct fakenv_null *n, struct fakenv_bytes *bytes)
{
    struct fakenv_bits vps = {.open = 0}, sps = {.open = 0}, pps = {.open = 0};

    put_vps(n, &vps);
    put_sps(n, &sps);
    put_pps(&pps);
    const bool ok = append_nal(bytes, VPS, &vps) && append_nal(bytes, SPS, &sps) &&
                    append_nal(bytes, PPS, &pps);
    fakenv_bits_free(&vps);
    fakenv_bits_free(&sps);
    fakenv_bits_free(&pps);
    return ok;
}

static void put_intra(const struct fakenv_null *n, struct fakenv_bits *b)
{
    const uint32_t count = blocks(n->width) * blocks(n->height);
    struct fakenv_context part_mode = fakenv_context_init(INIT_PART_MODE);
    struct fakenv_context luma_pred = fakenv_context_init(INIT_LUMA_PRED);
    struct fakenv_context chroma_pred = fakenv_context_init(INIT_CHROMA_PRED);
    struct fakenv_context cbf_chroma = fakenv_context_init(INIT_CBF_CHROMA);
    struct fakenv_context cbf_luma = fakenv_context_init(INIT_CBF_LUMA);
    struct fakenv_cabac cabac;

    fakenv_cabac_start(&cabac, b);
    for (uint32_t i = 0; i < count; i++) {
        fakenv_cabac_put(&cabac, &part_mode, true);    /* 2N x 2N */
        fakenv_cabac_put(&cabac, &luma_pred, true);    /* one of the most probable modes, */
        fakenv_cabac_put_bypass(&cabac, false);        /* the first: always planar */
        fakenv_cabac_put(&cabac, &chroma_pred, false); /* as luma */
        fakenv_cabac_put(&cabac, &cbf_chroma, false);
        fakenv_cabac_put(&cabac, &cbf_chroma, false);
        fakenv_cabac_put(&cabac, &cbf_luma, false);
        fakenv_cabac_end(&cabac, i + 1 == count);
    }
}

/* The context of cu_skip_flag counts the neighbours, left and above, that are skipped too. */
static void put_skipped(const struct fakenv_null *n, struct fakenv_bits *b)
{
    const uint32_t columns = blocks(n->width), count = columns * blocks(n->height);
    struct fakenv_context skip[] = {
        fakenv_context_init(197),
        fakenv_context_init(185),
        fakenv_context_init(201),
    };
    struct fakenv_cabac cabac;

    fakenv_cabac_start(&cabac, b);
    for (uint32_t i = 0; i < count; i++) {
        fakenv_cabac_put(&cabac, &skip[(i % columns > 0) + (i >= columns)], true);
        fakenv_cabac_end(&cabac, i + 1 == count);
    }
}

void fakenv_null_hevc_prepare(struct fakenv_null *n)
{
    put_intra(n, &n->intra);
    put_skipped(n, &n->skipped);
}

static void put_slice_header(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                             struct fakenv_bits *b)
{
    const bool idr = type == NV_ENC_PIC_TYPE_IDR, inter = type == NV_ENC_PIC_TYPE_P;

    fakenv_put(b, 1, 1); /* first_slice_segment_in_pic_flag */
    if (idr)
        fakenv_put(b, 1, 0);         /* no_output_of_prior_pics_flag */
    fakenv_put_ue(b, 0);             /* slice_pic_parameter_set_id */
    fakenv_put_ue(b, inter ? 1 : 2); /* slice_type */
    if (!idr) {
        fakenv_put(b, POC_BITS, n->since_idr & ((1u << POC_BITS) - 1));
        fakenv_put(b, 1, 1); /* short_term_ref_pic_set_sps_flag */
    }
    if (inter) {
        fakenv_put(b, 1, 0); /* num_ref_idx_active_override_flag */
        fakenv_put_ue(b, 4); /* five_minus_max_num_merge_cand */
    }
    fakenv_put_ue(b, 0); /* slice_qp_delta */
    fakenv_put_stop(b);  /* byte_alignment() */
}

bool fakenv_null_hevc_slice(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                            struct fakenv_bytes *bytes)
{
    const struct fakenv_bits *data = type == NV_ENC_PIC_TYPE_P ? &n->skipped : &n->intra;
    struct fakenv_bits slice = {.open = 0};

    put_slice_header(n, type, &slice);
    slice.failed |=
        data->failed || !fakenv_append(&slice.bytes, data->bytes.data, data->bytes.size);
    const bool ok = append_nal(bytes, type == NV_ENC_PIC_TYPE_IDR ? IDR_W_RADL : TRAIL_R, &slice);
    fakenv_bits_free(&slice);
    return ok;
}
