/* SPDX-License-Identifier: MIT */
/* Reads the boxes of an MP4 head. Parsers return NULL or the name of the box that is wrong. */
#include "mp4_head.h"

#include <libavutil/intreadwrite.h>

#include "mp4_box.h"

/* Version byte, 3 bytes of flags, `before` bytes, a row count, rows. */
static bool find_table(hy_span parent, uint32_t type, size_t before, size_t row_bytes,
                       hy_mp4_table *out)
{
    hy_span payload;
    if (!hy_mp4_find(parent, type, before + 8, &payload)) {
        return false;
    }
    payload = hy_span_skip(payload, before + 4);
    out->count = AV_RB32(payload.data);
    out->rows = payload.data + 4;
    return out->count <= (payload.size - 4) / row_bytes;
}

/* ---- Headers ---- */

/* mvhd and mdhd: two dates, timescale, duration; 64-bit in version 1. */
static bool read_times(hy_span parent, uint32_t type, uint32_t *timescale, uint64_t *duration)
{
    hy_span h;
    if (!hy_mp4_find(parent, type, 20, &h)) {
        return false;
    }
    bool wide = h.data[0] == 1;
    if (wide && h.size < 32) {
        return false;
    }
    *timescale = AV_RB32(h.data + (wide ? 20 : 12));
    *duration = wide ? AV_RB64(h.data + 24) : AV_RB32(h.data + 16);
    return *timescale > 0;
}

static bool read_tkhd(hy_span trak, hy_mp4_track *track)
{
    hy_span h;
    if (!hy_mp4_find(trak, HY_MP4_TYPE('t', 'k', 'h', 'd'), 84, &h)) {
        return false;
    }
    bool wide = h.data[0] == 1;
    track->id = AV_RB32(h.data + (wide ? 20 : 12));
    track->tkhd_duration = wide ? AV_RB64(h.data + 28) : AV_RB32(h.data + 20);
    return true;
}

/* Exactly one edit at normal speed. */
static bool read_edit(hy_span trak, hy_mp4_track *track)
{
    hy_span edts;
    hy_span h;
    if (!hy_mp4_find(trak, HY_MP4_TYPE('e', 'd', 't', 's'), 8, &edts) ||
        !hy_mp4_find(edts, HY_MP4_TYPE('e', 'l', 's', 't'), 20, &h) || AV_RB32(h.data + 4) != 1) {
        return false;
    }
    const uint8_t *row = h.data + 8;
    if (h.data[0] == 0) {
        track->edit_duration = AV_RB32(row);
        track->edit_start = (int32_t)AV_RB32(row + 4);
        return AV_RB32(row + 8) == 0x10000;
    }
    if (h.size < 28) {
        return false;
    }
    track->edit_duration = AV_RB64(row);
    track->edit_start = (int64_t)AV_RB64(row + 8);
    return AV_RB32(row + 16) == 0x10000;
}

/* ---- Sample descriptions ---- */

#define VISUAL_BYTES 78 /* fields of avc1 and hvc1 before the boxes in them */
#define SOUND_BYTES  28 /* of mp4a */

static bool find_entry(hy_span stbl, uint32_t type, size_t least, hy_span *entry)
{
    hy_span stsd;
    return hy_mp4_find(stbl, HY_MP4_TYPE('s', 't', 's', 'd'), 8, &stsd) &&
           AV_RB32(stsd.data + 4) == 1 && hy_mp4_find(hy_span_skip(stsd, 8), type, least, entry);
}

static const char *read_visual(hy_span stbl, hy_mp4_track *track)
{
    static const struct {
        uint32_t entry;
        uint32_t config;
        const char *name;
    } kinds[] = {
        {HY_MP4_TYPE('a', 'v', 'c', '1'), HY_MP4_TYPE('a', 'v', 'c', 'C'), "avcC"},
        {HY_MP4_TYPE('h', 'v', 'c', '1'), HY_MP4_TYPE('h', 'v', 'c', 'C'), "hvcC"},
    };
    hy_span entry;
    size_t kind = 0;
    while (!find_entry(stbl, kinds[kind].entry, VISUAL_BYTES, &entry)) {
        if (++kind == sizeof kinds / sizeof kinds[0]) {
            return "avc1 or hvc1";
        }
    }
    track->entry = kinds[kind].entry;
    track->width = AV_RB16(entry.data + 24);
    track->height = AV_RB16(entry.data + 26);
    entry = hy_span_skip(entry, VISUAL_BYTES);
    if (!hy_mp4_find(entry, kinds[kind].config, 8, &track->config)) {
        return kinds[kind].name;
    }
    return hy_mp4_find(entry, HY_MP4_TYPE('c', 'o', 'l', 'r'), 11, &track->colr) ? NULL : "colr";
}

static const char *read_mp4a(hy_span stbl, hy_mp4_track *track)
{
    hy_span entry;
    if (!find_entry(stbl, HY_MP4_TYPE('m', 'p', '4', 'a'), SOUND_BYTES, &entry)) {
        return "mp4a";
    }
    track->entry = HY_MP4_TYPE('m', 'p', '4', 'a');
    track->sample_rate = (int32_t)(AV_RB32(entry.data + 24) >> 16);
    return hy_mp4_find(hy_span_skip(entry, SOUND_BYTES), HY_MP4_TYPE('e', 's', 'd', 's'), 5,
                       &track->esds)
               ? NULL
               : "esds";
}

/* One descriptor: tag, length in 7-bit groups, content. */
static bool read_descriptor(hy_span *at, int tag, hy_span *content)
{
    size_t used = 1;
    size_t length = 0;
    uint8_t group = 0x80;
    while ((group & 0x80) && used < 5) {
        if (used >= at->size) {
            return false;
        }
        group = at->data[used++];
        length = length << 7 | (group & 0x7fU);
    }
    if (at->data[0] != tag || (group & 0x80) || length > at->size - used) {
        return false;
    }
    *content = (hy_span){at->data + used, length};
    *at = hy_span_skip(*at, used + length);
    return true;
}

bool hy_mp4_read_esds(hy_span esds, int32_t *object_type, hy_span *config)
{
    if (esds.size < 4) {
        return false;
    }
    hy_span at = hy_span_skip(esds, 4);
    hy_span stream;
    hy_span decoder;
    /* ES_Descriptor: id, flags (none of the optional fields); DecoderConfigDescriptor: object type,
     * stream type, buffer, two bit rates; DecoderSpecificInfo. */
    if (!read_descriptor(&at, 3, &stream) || stream.size < 3 || (stream.data[2] & 0xe0)) {
        return false;
    }
    stream = hy_span_skip(stream, 3);
    if (!read_descriptor(&stream, 4, &decoder) || decoder.size < 13) {
        return false;
    }
    *object_type = decoder.data[0];
    decoder = hy_span_skip(decoder, 13);
    return read_descriptor(&decoder, 5, config);
}

/* ---- Tracks ---- */

static bool read_sizes(hy_span stbl, hy_mp4_track *track)
{
    hy_span h;
    if (!hy_mp4_find(stbl, HY_MP4_TYPE('s', 't', 's', 'z'), 12, &h)) {
        return false;
    }
    track->fixed_size = AV_RB32(h.data + 4);
    track->samples = AV_RB32(h.data + 8);
    if (track->fixed_size == 0) {
        track->stsz = (hy_mp4_table){h.data + 12, track->samples};
        return track->samples <= (h.size - 12) / 4;
    }
    return true;
}

static const char *read_tables(hy_span stbl, hy_mp4_track *track)
{
    if (!find_table(stbl, HY_MP4_TYPE('s', 't', 't', 's'), 0, 8, &track->stts)) {
        return "stts";
    }
    hy_span any;
    if (hy_mp4_find(stbl, HY_MP4_TYPE('c', 't', 't', 's'), 0, &any) &&
        !find_table(stbl, HY_MP4_TYPE('c', 't', 't', 's'), 0, 8, &track->ctts)) {
        return "ctts";
    }
    if (!find_table(stbl, HY_MP4_TYPE('s', 't', 's', 'c'), 0, 12, &track->stsc)) {
        return "stsc";
    }
    if (!read_sizes(stbl, track)) {
        return "stsz";
    }
    track->wide_offsets = hy_mp4_find(stbl, HY_MP4_TYPE('c', 'o', '6', '4'), 0, &any);
    if (track->wide_offsets
            ? !find_table(stbl, HY_MP4_TYPE('c', 'o', '6', '4'), 0, 8, &track->stco)
            : !find_table(stbl, HY_MP4_TYPE('s', 't', 'c', 'o'), 0, 4, &track->stco)) {
        return "stco";
    }
    track->has_stss = hy_mp4_find(stbl, HY_MP4_TYPE('s', 't', 's', 's'), 0, &any);
    if (track->has_stss && !find_table(stbl, HY_MP4_TYPE('s', 't', 's', 's'), 0, 4, &track->stss)) {
        return "stss";
    }
    return NULL;
}

static const char *read_track(hy_span trak, hy_span mdia, bool audio, hy_mp4_track *track)
{
    hy_span minf;
    hy_span stbl;
    if (!read_tkhd(trak, track)) {
        return "tkhd";
    }
    if (!read_edit(trak, track)) {
        return "elst";
    }
    if (!read_times(mdia, HY_MP4_TYPE('m', 'd', 'h', 'd'), &track->timescale, &track->duration)) {
        return "mdhd";
    }
    if (!hy_mp4_find(mdia, HY_MP4_TYPE('m', 'i', 'n', 'f'), 8, &minf) ||
        !hy_mp4_find(minf, HY_MP4_TYPE('s', 't', 'b', 'l'), 8, &stbl)) {
        return "stbl";
    }
    const char *wrong = audio ? read_mp4a(stbl, track) : read_visual(stbl, track);
    return wrong ? wrong : read_tables(stbl, track);
}

static const char *read_trak(hy_span trak, bool *has_video, hy_mp4_head *head)
{
    hy_span mdia;
    hy_span handler;
    if (!hy_mp4_find(trak, HY_MP4_TYPE('m', 'd', 'i', 'a'), 8, &mdia) ||
        !hy_mp4_find(mdia, HY_MP4_TYPE('h', 'd', 'l', 'r'), 12, &handler)) {
        return "mdia";
    }
    uint32_t kind = AV_RB32(handler.data + 8);
    if (kind == HY_MP4_TYPE('v', 'i', 'd', 'e') && !*has_video) {
        *has_video = true;
        return read_track(trak, mdia, false, &head->video);
    }
    if (kind == HY_MP4_TYPE('s', 'o', 'u', 'n') && !head->has_audio) {
        head->has_audio = true;
        return read_track(trak, mdia, true, &head->audio);
    }
    return "hdlr";
}

static const char *read_moov(hy_span moov, hy_mp4_head *head)
{
    bool has_video = false;
    hy_mp4_box child;
    hy_span rest = moov;
    while (hy_mp4_next_box(&rest, &child)) {
        const char *wrong = NULL;
        if (child.type == HY_MP4_TYPE('t', 'r', 'a', 'k')) {
            wrong = read_trak(child.payload, &has_video, head);
        }
        if (wrong) {
            return wrong;
        }
    }
    if (rest.size || !has_video) {
        return "moov";
    }
    return read_times(moov, HY_MP4_TYPE('m', 'v', 'h', 'd'), &head->timescale, &head->duration)
               ? NULL
               : "mvhd";
}

/* ---- The file ---- */

/* A box at the top: `size` may be 64 bits. */
static bool top_box(hy_span bytes, int64_t at, uint32_t *type, int64_t *size, int64_t *header)
{
    if (at > (int64_t)bytes.size - 8) {
        return false;
    }
    const uint8_t *p = bytes.data + at;
    *type = AV_RB32(p + 4);
    *header = AV_RB32(p) == 1 ? 16 : 8;
    if (at > (int64_t)bytes.size - *header) {
        return false;
    }
    uint64_t wide = *header == 16 ? AV_RB64(p + 8) : AV_RB32(p);
    *size = wide > INT64_MAX ? 0 : (int64_t)wide;
    return *size >= *header;
}

/* ftyp, moov, free..., mdat, and nothing between or after them. */
static const char *read_top(hy_span bytes, int64_t total, hy_mp4_head *head)
{
    int64_t at = 0;
    while (head->media_offset == 0) {
        uint32_t type;
        int64_t size;
        int64_t header;
        if (!top_box(bytes, at, &type, &size, &header) || size > total - at) {
            return "the order or size of boxes at the top";
        }
        if (type == HY_MP4_TYPE('m', 'd', 'a', 't')) {
            head->media_offset = at + header;
        } else if (at + size > (int64_t)bytes.size ||
                   (at == 0) != (type == HY_MP4_TYPE('f', 't', 'y', 'p'))) {
            return "ftyp";
        } else if (type == HY_MP4_TYPE('m', 'o', 'o', 'v')) {
            head->moov_offset = at;
            head->moov_bytes = size;
        }
        at += size;
    }
    if (head->moov_bytes == 0) {
        return "moov";
    }
    return at == total ? NULL : "mdat";
}

hydra_status hy_mp4_head_read(hy_span bytes, int64_t total, const char *name, hy_mp4_head *out,
                              hy_diag *diag)
{
    *out = (hy_mp4_head){0};
    const char *wrong = read_top(bytes, total, out);
    if (!wrong) {
        size_t size = (size_t)out->moov_bytes - 8;
        wrong = read_moov((hy_span){bytes.data + out->moov_offset + 8, size}, out);
    }
    if (wrong) {
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: the index is damaged: %s", name, wrong);
    }
    return HYDRA_OK;
}

/* ---- The start of a file in fragments ---- */

/* mvex has one trex per track, and so players know that fragments follow. */
static bool read_mvex(hy_span moov, const hy_mp4_head *head)
{
    hy_span mvex;
    hy_mp4_box child;
    int found = 0;
    if (!hy_mp4_find(moov, HY_MP4_TYPE('m', 'v', 'e', 'x'), 8, &mvex)) {
        return false;
    }
    while (hy_mp4_next_box(&mvex, &child)) {
        if (child.type != HY_MP4_TYPE('t', 'r', 'e', 'x') || child.payload.size < 24) {
            return false;
        }
        uint32_t id = AV_RB32(child.payload.data + 4);
        found += id == (found == 0 ? head->video.id : head->audio.id);
    }
    return mvex.size == 0 && found == (head->has_audio ? 2 : 1);
}

static const char *read_init(hy_span bytes, hy_mp4_head *out)
{
    hy_mp4_box ftyp;
    hy_mp4_box moov;
    hy_span rest = bytes;
    if (!hy_mp4_next_box(&rest, &ftyp) || ftyp.type != HY_MP4_TYPE('f', 't', 'y', 'p')) {
        return "ftyp";
    }
    out->moov_offset = rest.data - bytes.data;
    out->moov_bytes = (int64_t)rest.size;
    if (!hy_mp4_next_box(&rest, &moov) || moov.type != HY_MP4_TYPE('m', 'o', 'o', 'v') ||
        rest.size) {
        return "moov";
    }
    const char *wrong = read_moov(moov.payload, out);
    if (!wrong && !read_mvex(moov.payload, out)) {
        wrong = "mvex";
    }
    return wrong;
}

hydra_status hy_mp4_init_read(hy_span bytes, const char *name, hy_mp4_head *out, hy_diag *diag)
{
    *out = (hy_mp4_head){0};
    const char *wrong = read_init(bytes, out);
    if (wrong) {
        return hy_fail(diag, HYDRA_ERR_VERIFY, "%s: the index is damaged: %s", name, wrong);
    }
    return HYDRA_OK;
}
