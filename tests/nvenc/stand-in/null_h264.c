/* SPDX-License-Identifier: MIT */
/*
 * Grey in H.264 (ITU-T H.264): CAVLC, one slice a picture, one reference. An intra macroblock is
 * Intra_16x16 with DC prediction and no residual, 8 bits; all others are skipped in one run.
 */
#include "null.h"

#define FRAME_NUM_BITS 16

static const struct fakenv_null_level levels[] = {
    {10, 99, 1485},        {11, 396, 3000},      {12, 396, 6000},
    {13, 396, 11880},      {21, 792, 19800},     {22, 1620, 20250},
    {30, 1620, 40500},     {31, 3600, 108000},   {32, 5120, 216000},
    {40, 8192, 245760},    {42, 8704, 522240},   {50, 22080, 589824},
    {51, 36864, 983040},   {52, 36864, 2073600}, {60, 139264, 4177920},
    {61, 139264, 8355840}, {62, 139264, 1.7e7},  {0, 0, 0},
};

int fakenv_null_h264_level(const struct fakenv_null *n)
{
    return fakenv_null_level(n, levels);
}

static uint32_t blocks(uint32_t samples)
{
    return (samples + 15) / 16;
}

static void put_cropping(const struct fakenv_null *n, struct fakenv_bits *b)
{
    const uint32_t right = blocks(n->width) * 16 - n->width;
    const uint32_t bottom = blocks(n->height) * 16 - n->height;

    fakenv_put(b, 1, right || bottom); /* frame_cropping_flag */
    if (!right && !bottom)
        return;
    fakenv_put_ue(b, 0);
    fakenv_put_ue(b, right / 2);
    fakenv_put_ue(b, 0);
    fakenv_put_ue(b, bottom / 2);
}

static void put_vui(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_null_put_vui_start(n, b);
    fakenv_put(b, 1, 1); /* timing_info_present_flag */
    fakenv_put(b, 32, n->fps_den);
    fakenv_put(b, 32, n->fps_num * 2);
    fakenv_put(b, 1, 1); /* fixed_frame_rate_flag */
    fakenv_put(b, 3, 0); /* no HRD, no pic_struct */
    fakenv_put(b, 1, 1); /* bitstream_restriction_flag */
    fakenv_put(b, 1, 1); /* motion_vectors_over_pic_boundaries_flag */
    fakenv_put_ue(b, 0); /* max_bytes_per_pic_denom */
    fakenv_put_ue(b, 0); /* max_bits_per_mb_denom */
    fakenv_put_ue(b, 10);
    fakenv_put_ue(b, 10); /* log2_max_mv_length */
    fakenv_put_ue(b, 0);  /* max_num_reorder_frames */
    fakenv_put_ue(b, 1);  /* max_dec_frame_buffering */
}

static void put_sps(const struct fakenv_null *n, struct fakenv_bits *b)
{
    fakenv_put(b, 8, (uint32_t)n->profile);
    fakenv_put(b, 8, 0); /* constraint flags */
    fakenv_put(b, 8, (uint32_t)n->level);
    fakenv_put_ue(b, 0); /* seq_parameter_set_id */
    if (n->profile >= 100) {
        fakenv_put_ue(b, 1); /* chroma_format_idc */
        fakenv_put_ue(b, 0); /* bit_depth_luma_minus8 */
        fakenv_put_ue(b, 0); /* bit_depth_chroma_minus8 */
        fakenv_put(b, 2, 0); /* no transform bypass, no scaling matrix */
    }
    fakenv_put_ue(b, FRAME_NUM_BITS - 4);
    fakenv_put_ue(b, 2); /* pic_order_cnt_type: the order of coding */
    fakenv_put_ue(b, 1); /* max_num_ref_frames */
    fakenv_put(b, 1, 0); /* gaps_in_frame_num_value_allowed_flag */
    fakenv_put_ue(b, blocks(n->width) - 1);
    fakenv_put_ue(b, blocks(n->height) - 1);
    fakenv_put(b, 2, 3); /* frame_mbs_only_flag, direct_8x8_inference_flag */
    put_cropping(n, b);
    fakenv_put(b, 1, 1); /* vui_parameters_present_flag */
    put_vui(n, b);
    fakenv_put_stop(b);
}

static void put_pps(struct fakenv_bits *b)
{
    fakenv_put_ue(b, 0); /* pic_parameter_set_id */
    fakenv_put_ue(b, 0); /* seq_parameter_set_id */
    fakenv_put(b, 2, 0); /* CAVLC, bottom_field_pic_order_in_frame_present_flag */
    fakenv_put_ue(b, 0); /* num_slice_groups_minus1 */
    fakenv_put_ue(b, 0); /* num_ref_idx_l0_default_active_minus1 */
    fakenv_put_ue(b, 0); /* num_ref_idx_l1_default_active_minus1 */
    fakenv_put(b, 3, 0); /* no weighted prediction */
    fakenv_put_ue(b, 0); /* pic_init_qp_minus26 */
    fakenv_put_ue(b, 0); /* pic_init_qs_minus26 */
    fakenv_put_ue(b, 0); /* chroma_qp_index_offset */
    fakenv_put(b, 1, 1); /* deblocking_filter_control_present_flag */
    fakenv_put(b, 2, 0); /* constrained_intra_pred_flag, redundant_pic_cnt_present_flag */
    fakenv_put_stop(b);
}

bool fakenv_null_h264_headers(const struct fakenv_null *n, struct fakenv_bytes *bytes)
{
    static const uint8_t sps_header = 0x67, pps_header = 0x68;
    struct fakenv_bits sps = {.open = 0}, pps = {.open = 0};

    put_sps(n, &sps);
    put_pps(&pps);
    const bool ok = fakenv_append_nal(bytes, &sps_header, 1, &sps) &&
                    fakenv_append_nal(bytes, &pps_header, 1, &pps);
    fakenv_bits_free(&sps);
    fakenv_bits_free(&pps);
    return ok;
}

static void put_slice_header(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                             struct fakenv_bits *b)
{
    const bool idr = type == NV_ENC_PIC_TYPE_IDR, inter = type == NV_ENC_PIC_TYPE_P;

    fakenv_put_ue(b, 0);             /* first_mb_in_slice */
    fakenv_put_ue(b, inter ? 5 : 7); /* slice_type, of the whole picture */
    fakenv_put_ue(b, 0);             /* pic_parameter_set_id */
    fakenv_put(b, FRAME_NUM_BITS, n->since_idr & ((1u << FRAME_NUM_BITS) - 1));
    if (idr)
        fakenv_put_ue(b, n->idr_count & 1); /* idr_pic_id */
    if (inter)
        fakenv_put(b, 2, 0);       /* one reference, in the order as it is */
    fakenv_put(b, idr ? 2 : 1, 0); /* dec_ref_pic_marking: the window slides */
    fakenv_put_ue(b, 0);           /* slice_qp_delta */
    fakenv_put_ue(b, 1);           /* disable_deblocking_filter_idc */
}

bool fakenv_null_h264_slice(const struct fakenv_null *n, NV_ENC_PIC_TYPE type,
                            struct fakenv_bytes *bytes)
{
    const uint32_t count = blocks(n->width) * blocks(n->height);
    const uint8_t header = type == NV_ENC_PIC_TYPE_IDR ? 0x65 : 0x41;
    struct fakenv_bits slice = {.open = 0};

    put_slice_header(n, type, &slice);
    if (type == NV_ENC_PIC_TYPE_P)
        fakenv_put_ue(&slice, count); /* mb_skip_run */
    /* mb_type 3, intra_chroma_pred_mode 0, mb_qp_delta 0, and no DC coefficients */
    for (uint32_t i = 0; type != NV_ENC_PIC_TYPE_P && i < count; i++)
        fakenv_put(&slice, 8, 0x27);
    fakenv_put_stop(&slice);
    const bool ok = fakenv_append_nal(bytes, &header, 1, &slice);
    fakenv_bits_free(&slice);
    return ok;
}
