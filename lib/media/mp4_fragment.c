/* SPDX-License-Identifier: MIT */
/* Reads moof boxes. Parsers return NULL or the name of the box that is wrong. */
#include "mp4_fragment.h"

#include <libavutil/intreadwrite.h>

/* Flags of tfhd. */
#define TFHD_DEFAULT_DURATION 0x08U
#define TFHD_DEFAULT_SIZE     0x10U
#define TFHD_DEFAULT_FLAGS    0x20U
#define TFHD_DEFAULTS         (TFHD_DEFAULT_DURATION | TFHD_DEFAULT_SIZE | TFHD_DEFAULT_FLAGS)
#define TFHD_BASE_IS_MOOF     0x20000U

/* Flags of trun; each of the last four is a field of every sample. */
#define TRUN_DATA_OFFSET 0x001U
#define TRUN_FIRST_FLAGS 0x004U
#define TRUN_DURATION    0x100U
#define TRUN_SIZE        0x200U
#define TRUN_FLAGS       0x400U
#define TRUN_SHIFT       0x800U

#define SAMPLE_IS_NO_KEY 0x10000U

static uint32_t take32(hy_span *from)
{
    uint32_t value = AV_RB32(from->data);
    *from = hy_span_skip(*from, 4);
    return value;
}

/* ---- Tracks ---- */

static bool read_tfhd(hy_span traf, hy_mp4_run *run)
{
    hy_span h;
    if (!hy_mp4_find(traf, HY_MP4_TYPE('t', 'f', 'h', 'd'), 8, &h)) {
        return false;
    }
    uint32_t flags = take32(&h) & 0xffffff;
    run->track_id = take32(&h);
    run->default_fields = flags & TFHD_DEFAULTS;
    /* Nothing but the defaults, each of which is 4 bytes long. */
    if ((flags & ~TFHD_DEFAULTS) != TFHD_BASE_IS_MOOF ||
        h.size != 4 * (size_t)__builtin_popcount(run->default_fields)) {
        return false;
    }
    run->default_duration = flags & TFHD_DEFAULT_DURATION ? take32(&h) : 0;
    run->default_size = flags & TFHD_DEFAULT_SIZE ? take32(&h) : 0;
    run->default_flags = flags & TFHD_DEFAULT_FLAGS ? take32(&h) : 0;
    return true;
}

static bool read_tfdt(hy_span traf, hy_mp4_run *run)
{
    hy_span h;
    if (!hy_mp4_find(traf, HY_MP4_TYPE('t', 'f', 'd', 't'), 8, &h)) {
        return false;
    }
    bool wide = h.data[0] == 1;
    if (h.size != (wide ? 12U : 8U)) {
        return false;
    }
    uint64_t start = wide ? AV_RB64(h.data + 4) : AV_RB32(h.data + 4);
    run->next_dts = (int64_t)start;
    return start <= INT64_MAX / 2;
}

/* Bytes of one sample in a trun. */
static size_t row_bytes(uint32_t fields)
{
    return 4 * (size_t)__builtin_popcount(fields &
                                          (TRUN_DURATION | TRUN_SIZE | TRUN_FLAGS | TRUN_SHIFT));
}

/* Every sample has a length, a size and flags, of its own or by default. */
static bool is_complete(const hy_mp4_run *run)
{
    return ((run->fields & TRUN_DURATION) || (run->default_fields & TFHD_DEFAULT_DURATION)) &&
           ((run->fields & TRUN_SIZE) || (run->default_fields & TFHD_DEFAULT_SIZE)) &&
           ((run->fields & TRUN_FLAGS) || (run->default_fields & TFHD_DEFAULT_FLAGS));
}

/* Go on to the next trun. */
static bool enter_trun(hy_mp4_run *run)
{
    hy_mp4_box box;
    do {
        if (!hy_mp4_next_box(&run->boxes, &box)) {
            return false;
        }
    } while (box.type != HY_MP4_TYPE('t', 'r', 'u', 'n'));
    hy_span h = box.payload;
    if (h.size < 12) {
        return false;
    }
    run->version = h.data[0];
    run->fields = take32(&h) & 0xffffff;
    run->left = take32(&h);
    run->next_offset = (int32_t)take32(&h);
    run->is_first = true;
    if (!(run->fields & TRUN_DATA_OFFSET) || !is_complete(run)) {
        return false;
    }
    if (run->fields & TRUN_FIRST_FLAGS) {
        if (h.size < 4) {
            return false;
        }
        run->first_flags = take32(&h);
    }
    run->rows = h;
    return run->left > 0 && h.size == (uint64_t)run->left * row_bytes(run->fields);
}

bool hy_mp4_run_next(hy_mp4_run *run, hy_mp4_sample *out)
{
    if (run->left == 0 && !enter_trun(run)) {
        return false;
    }
    uint32_t fields = run->fields;
    uint32_t ticks = fields & TRUN_DURATION ? take32(&run->rows) : run->default_duration;
    uint32_t size = fields & TRUN_SIZE ? take32(&run->rows) : run->default_size;
    uint32_t flags = fields & TRUN_FLAGS ? take32(&run->rows) : run->default_flags;
    uint32_t shift = fields & TRUN_SHIFT ? take32(&run->rows) : 0;
    if (run->is_first && (fields & TRUN_FIRST_FLAGS)) {
        flags = run->first_flags;
    }
    *out = (hy_mp4_sample){
        .offset = run->next_offset,
        .size = size,
        .dts = run->next_dts,
        .pts = run->next_dts + (run->version == 0 ? (int64_t)shift : (int64_t)(int32_t)shift),
        .duration = ticks,
        .key = !(flags & SAMPLE_IS_NO_KEY),
    };
    run->left--;
    run->is_first = false;
    run->next_offset += size;
    run->next_dts += ticks;
    return true;
}

bool hy_mp4_run_ended(const hy_mp4_run *run)
{
    hy_mp4_box box;
    hy_span rest = run->boxes;
    while (hy_mp4_next_box(&rest, &box)) {
        if (box.type == HY_MP4_TYPE('t', 'r', 'u', 'n')) {
            return false;
        }
    }
    return run->left == 0 && rest.size == 0;
}

/* ---- The fragment ---- */

static const char *read_traf(hy_span traf, hy_mp4_fragment *out)
{
    if (out->run_count == (int32_t)(sizeof out->runs / sizeof out->runs[0])) {
        return "traf";
    }
    hy_mp4_run *run = &out->runs[out->run_count++];
    *run = (hy_mp4_run){.boxes = traf};
    if (!read_tfhd(traf, run)) {
        return "tfhd";
    }
    return read_tfdt(traf, run) ? NULL : "tfdt";
}

static const char *read_moof(hy_span moof, hy_mp4_fragment *out)
{
    hy_span mfhd;
    hy_mp4_box child;
    if (!hy_mp4_find(moof, HY_MP4_TYPE('m', 'f', 'h', 'd'), 8, &mfhd)) {
        return "mfhd";
    }
    out->sequence = AV_RB32(mfhd.data + 4);
    while (hy_mp4_next_box(&moof, &child)) {
        const char *wrong =
            child.type == HY_MP4_TYPE('t', 'r', 'a', 'f') ? read_traf(child.payload, out) : NULL;
        if (wrong) {
            return wrong;
        }
    }
    return moof.size == 0 && out->run_count > 0 ? NULL : "moof";
}

static const char *read_all(hy_span bytes, hy_mp4_fragment *out)
{
    hy_mp4_box moof;
    hy_mp4_box mdat;
    hy_span rest = bytes;
    if (!hy_mp4_next_box(&rest, &moof) || moof.type != HY_MP4_TYPE('m', 'o', 'o', 'f')) {
        return "moof";
    }
    if (!hy_mp4_next_box(&rest, &mdat) || mdat.type != HY_MP4_TYPE('m', 'd', 'a', 't') ||
        rest.size) {
        return "mdat";
    }
    out->media_offset = mdat.payload.data - bytes.data;
    return read_moof(moof.payload, out);
}

hydra_status hy_mp4_fragment_read(hy_span bytes, const char *name, hy_mp4_fragment *out,
                                  hy_diag *diag)
{
    *out = (hy_mp4_fragment){0};
    const char *wrong = read_all(bytes, out);
    if (wrong) {
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: a fragment is damaged: %s", name, wrong);
    }
    return HYDRA_OK;
}
