/* SPDX-License-Identifier: MIT */
/* What the read-back catches: damaged and missing bytes in the sink, and indexes that say something
 * else than what was written. */
#include <libavutil/intreadwrite.h>
#include <libavutil/log.h>

#include "media/mp4_head.h"
#include "media/muxer_mp4.h"

#include "clip.h"

#define FRAMES 40
#define CUT    21

static const hy_rate rate_30 = {30, 1};

typedef struct fixture {
    hy_encoder *encoder;
    clip_packets video;
    clip_sound sound;
} fixture;

/* A finished file of a test, to be tampered with. */
typedef struct file {
    sink_double sink;
    hy_muxer *muxer;
} made;

static int set_up(void **state)
{
    static fixture f;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config(rate_30, HYDRA_PROFILE_DEFAULT);
    av_log_set_level(AV_LOG_QUIET);
    assert_ok(hy_encoder_x264.open(&config, &f.encoder, &diag), &diag);
    f.video = clip_encode(f.encoder, FRAMES, CUT);
    f.sound = clip_sound_new(FRAMES * 1600 - 5);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    clip_packets_free(&f->video);
    clip_sound_free(&f->sound);
    f->encoder->ops->close(f->encoder);
    return 0;
}

static void file_make(made *out, const fixture *f, int64_t frames, bool readable)
{
    hy_diag diag = {0};
    sink_double_init(&out->sink, readable);
    out->muxer = clip_mp4_open(f->encoder, rate_30, frames, &f->sound, &out->sink.base);
    assert_ok(clip_write(out->muxer, rate_30, &f->video, &f->sound.packets, &diag), &diag);
    assert_ok(hy_muxer_finish(out->muxer, &diag), &diag);
}

static void file_close(made *file)
{
    hy_muxer_close(file->muxer);
    sink_double_free(&file->sink);
}

static hydra_status verify(const made *file, hy_diag *diag)
{
    hydra_result result = {0};
    hy_diag_clear(diag);
    hydra_status status = hy_muxer_verify(file->muxer, &result, diag);
    if (status != HYDRA_OK) {
        static const hydra_result untouched;
        assert_memory_equal(&result, &untouched, sizeof result);
    }
    return status;
}

static uint8_t *head_of(const made *file)
{
    return ((hy_muxer_mp4 *)file->muxer)->io.head;
}

static size_t head_size_of(const made *file)
{
    return ((hy_muxer_mp4 *)file->muxer)->io.head_size;
}

/* ---- Bytes ---- */

static void a_flipped_bit_is_found(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, true);
    assert_ok(verify(&file, &diag), &diag);
    size_t head = head_size_of(&file);
    /* All over the head, and in the first and last byte of every packet. */
    for (size_t at = 0; at < head; at += 997) {
        file.sink.data[at] ^= 0x10;
        assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, "the index reads back as");
        file.sink.data[at] ^= 0x10;
    }
    const hy_ledger *ledger = &file.muxer->ledger;
    for (size_t i = 0; i < ledger->count; i++) {
        const hy_ledger_entry *entry = &ledger->entries[i];
        const size_t places[2] = {(size_t)entry->offset, (size_t)entry->offset + entry->size - 1};
        for (int k = 0; k < 2; k++) {
            char text[96];
            (void)snprintf(text, sizeof text, "the %s packet of time %lld,",
                           hy_ledger_is_audio(entry) ? "audio" : "video", (long long)entry->pts);
            file.sink.data[places[k]] ^= 1;
            assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, text);
            file.sink.data[places[k]] ^= 1;
        }
    }
    assert_ok(verify(&file, &diag), &diag);
    file_close(&file);
}

static void a_file_cut_short_is_found(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, true);
    const int64_t missing[] = {1, 1000, (int64_t)file.sink.size - 100, (int64_t)file.sink.size};
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        file.sink.unread = missing[i];
        assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, "cannot be read back: double");
    }
    file_close(&file);
}

/* ---- The ledger against the index ---- */

static void a_different_ledger_is_found(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, false);
    hy_ledger *ledger = &file.muxer->ledger;
    size_t v = 3;
    size_t a = 3;
    while (hy_ledger_is_audio(&ledger->entries[v])) {
        v++;
    }
    while (!hy_ledger_is_audio(&ledger->entries[a])) {
        a++;
    }
    hy_ledger_entry video = ledger->entries[v];
    hy_ledger_entry audio = ledger->entries[a];
#define EXPECT(entry, index, change, text)                                                         \
    do {                                                                                           \
        hy_ledger_entry saved = entry;                                                             \
        change;                                                                                    \
        ledger->entries[index] = entry;                                                            \
        assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, text);                        \
        entry = saved;                                                                             \
        ledger->entries[index] = entry;                                                            \
    } while (0)
    EXPECT(video, v, video.pts++, "the time of a frame");
    EXPECT(video, v, video.dts++, "the decoding time of a frame");
    EXPECT(video, v, video.duration = 2, "the length of a frame");
    EXPECT(video, v, video.flags ^= HY_LEDGER_KEY, "the key frame mark of a frame");
    EXPECT(video, v, video.offset--, "the place of a packet");
    EXPECT(video, v, video.size++, "the place of a packet");
    EXPECT(video, v, video.flags ^= HY_LEDGER_AUDIO, "a frame");
    EXPECT(audio, a, audio.pts++, "the time of an audio packet");
    EXPECT(audio, a, audio.dts++, "the decoding time of an audio packet");
    EXPECT(audio, a, audio.duration--, "the length of an audio packet");
#undef EXPECT
    assert_ok(verify(&file, &diag), &diag);
    ledger->count--; /* the index has one more */
    assert_int_equal(verify(&file, &diag), HYDRA_ERR_VERIFY);
    ledger->count = 1;
    assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, "the size of the file");
    file_close(&file);
}

static void missing_frames_are_found(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES + 1, true);
    assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag,
                  "the number of frames is 40, but 41 was written");
    file_close(&file);
}

/* ---- The index ---- */

/* Change one number in the payload of a box (both in the sink and in the muxer's copy). */
static void assert_index_damage(const fixture *f, const char *box, int skip_boxes, int offset,
                                uint8_t value, const char *text)
{
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, true);
    uint8_t *at = head_of(&file);
    uint8_t *end = at + head_size_of(&file);
    for (int i = 0; i <= skip_boxes; i++) {
        at = (uint8_t *)memmem(at, (size_t)(end - at), box, 4) + 4;
        assert_true(at > head_of(&file) + 4);
    }
    if (at[offset] == value) {
        fail_msg("%s+%d is %u anyway", box, offset, (unsigned)value);
    }
    at[offset] = value;
    file.sink.data[at + offset - head_of(&file)] = value;
    hydra_status status = verify(&file, &diag);
    if (status != HYDRA_ERR_VERIFY || !strstr(diag.text, text)) {
        fail_msg("%s+%d: status %d, \"%s\" lacks \"%s\"", box, offset, (int)status, diag.text,
                 text);
    }
    file_close(&file);
}

static void a_wrong_index_is_found(void **state)
{
    static const struct {
        const char *box;
        int skip_boxes; /* the second of the two tracks is the sound */
        int offset;
        uint8_t value;
        const char *text;
    } cases[] = {
        {"ftyp", 0, -1, 'x', "ftyp"},
        {"moov", 0, -4, 'n', "moov"},
        {"mdat", 0, -7, 9, "the order or size"},
        {"mvhd", 0, 15, 1, "the playing time"}, /* movie timescale */
        {"mvhd", 0, -4, 'x', "mvhd"},
        {"mvhd", 0, 19, 1, "the length of the movie"},
        {"tkhd", 0, 23, 1, "the length of the video track"},
        {"tkhd", 1, 23, 1, "the length of the sound track"},
        {"mdhd", 0, 19, 1, "the length of the video track"},
        {"mdhd", 1, 19, 1, "the length of the sound track"},
        {"tkhd", 0, -4, 'x', "tkhd"},
        {"edts", 0, -4, 'x', "elst"},
        {"elst", 0, 7, 2, "elst"}, /* number of edits */
        {"elst", 0, 11, 1, "the playing time of the pictures"},
        {"elst", 0, 15, 1, "the first frame shown"},
        {"elst", 0, 17, 9, "elst"}, /* speed */
        {"elst", 1, 11, 1, "the playing time of the sound"},
        {"elst", 1, 14, 5, "the first sample that plays"},
        {"mdhd", 0, -4, 'x', "mdhd"},
        {"mdhd", 0, 15, 1, "the frame rate in ticks"},
        {"mdhd", 1, 14, 0xba, "the sample rate"},
        {"mdia", 0, -4, 'x', "mdia"},
        {"hdlr", 0, 8, 'x', "hdlr"},
        {"soun", 0, -4, 'v', "hdlr"}, /* the track is neither */
        {"minf", 0, -4, 'x', "stbl"},
        {"stsd", 0, 7, 2, "avc1 or hvc1"}, /* number of descriptions */
        {"avc1", 1, -4, 'x', "avc1 or hvc1"},
        {"avc1", 1, 25, 77, "the width"},
        {"avc1", 1, 27, 77, "the height"},
        {"avcC", 0, -4, 'x', "avcC"},
        {"avcC", 0, 3, 77, "the H.264 header"},
        {"colr", 0, -4, 'x', "colr"},
        {"colr", 0, 0, 'x', "the kind of the colr box"},
        {"colr", 0, 5, 9, "the primaries in colr"},
        {"colr", 0, 7, 9, "the transfer in colr"},
        {"colr", 0, 9, 9, "the matrix in colr"},
        {"colr", 0, 10, 0x80, "the range in colr"},
        {"stts", 0, -4, 'x', "stts"},
        {"stts", 0, 7, 200, "stts"}, /* more rows than there are bytes */
        {"stts", 0, 11, 39, "the index ends after 39 frames"},
        {"stts", 0, 14, 1, "the length of a frame"},
        {"stts", 1, 18, 1, "the index goes on after"},
        {"stts", 1, 22, 9, "the length of an audio packet"},
        {"ctts", 0, -4, 'x', "the time of a frame"},
        {"ctts", 0, 4, 1, "ctts"},
        {"ctts", 0, 14, 77, "the time of a frame"},
        {"stsc", 0, -4, 'x', "stsc"},
        {"stsc", 0, 7, 0, "the index ends after 0 frames"},
        {"stsc", 0, 11, 9, "the index ends after 0 frames"},
        {"stsc", 0, 15, 0, "the index ends after 0 frames"},
        {"stsc", 0, 15, 9, "the offset of a frame"},
        {"stsz", 0, -4, 'x', "stsz"},
        {"stsz", 0, 8, 1, "stsz"}, /* number of sizes */
        {"stsz", 0, 11, 39, "the index ends after 39 frames"},
        {"stsz", 0, 15, 1, "the size of a frame"},
        {"stsz", 0, 7, 1, "the size of a frame"}, /* all of one size */
        {"stsz", 1, 19, 250, "the size of an audio packet"},
        {"stco", 0, -4, 'x', "stco"},
        {"stco", 0, 11, 1, "the offset of a frame"},
        {"stco", 1, 11, 1, "the offset of an audio packet"},
        {"stco", 0, 7, 1, "the index ends after"},
        {"stss", 0, -4, 'x', "the key frame mark"}, /* then all are */
        {"stss", 0, 11, 9, "the key frame mark"},
        {"stss", 0, 4, 1, "stss"},
        {"mp4a", 0, -4, 'x', "mp4a"},
        {"mp4a", 0, 24, 1, "the sample rate"},
        {"esds", 0, -4, 'x', "esds"},
        {"esds", 0, 4, 9, "esds"}, /* the first descriptor's tag */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_index_damage(*state, cases[i].box, cases[i].skip_boxes, cases[i].offset,
                            cases[i].value, cases[i].text);
    }
}

/* An encoder that says one thing about its stream and does another. */
static void a_stream_that_differs_is_found(void **state)
{
    const fixture *f = *state;
    AVCodecParameters *codec = f->encoder->stream->codec;
    AVCodecParameters *saved = avcodec_parameters_alloc();
    assert_int_equal(avcodec_parameters_copy(saved, codec), 0);
    for (int i = 0; i < 8; i++) {
        static const char *const texts[] = {"the profile",
                                            "the level",
                                            "the width in the stream",
                                            "the height in the stream",
                                            "the primaries in the stream",
                                            "the transfer in the stream",
                                            "the matrix in the stream",
                                            "the range in the stream"};
        hy_diag diag;
        made file;
        codec->profile = i == 0 ? FF_PROFILE_H264_MAIN : saved->profile;
        codec->level = i == 1 ? 41 : saved->level;
        codec->width = i == 2 ? 130 : saved->width;
        codec->height = i == 3 ? 190 : saved->height;
        codec->color_primaries = i == 4 ? AVCOL_PRI_BT2020 : saved->color_primaries;
        codec->color_trc = i == 5 ? AVCOL_TRC_SMPTE170M : saved->color_trc;
        codec->color_space = i == 6 ? AVCOL_SPC_SMPTE170M : saved->color_space;
        codec->color_range = i == 7 ? AVCOL_RANGE_JPEG : saved->color_range;
        file_make(&file, f, FRAMES, true);
        assert_failed(verify(&file, &diag), HYDRA_ERR_VERIFY, &diag, texts[i]);
        file_close(&file);
    }
    assert_int_equal(avcodec_parameters_copy(codec, saved), 0);
    avcodec_parameters_free(&saved);
}

/* Whatever the index says, it is read within its bounds, and only the true one passes. */
static void a_random_index_is_survived(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, false);
    uint64_t random = 42;
    const hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)file.muxer;
    hy_mp4_head head;
    assert_ok(hy_mp4_head_read((hy_span){mp4->io.head, mp4->io.head_size}, mp4->io.end, "x", &head,
                               &diag),
              &diag);
    for (int i = 0; i < 3000; i++) {
        uint8_t *at =
            mp4->io.head + test_random(&random) % (size_t)(head.moov_offset + head.moov_bytes);
        uint8_t old = *at;
        *at = (uint8_t)test_random(&random);
        (void)verify(&file, &diag);
        *at = old;
    }
    assert_ok(verify(&file, &diag), &diag);
    file_close(&file);
}

static void a_cut_head_is_refused(void **state)
{
    const fixture *f = *state;
    hy_diag diag;
    made file;
    file_make(&file, f, FRAMES, false);
    const hy_muxer_mp4 *mp4 = (hy_muxer_mp4 *)file.muxer;
    hy_mp4_head head;
    for (size_t size = 0; size < mp4->io.head_size; size += size < 64 ? 1 : 4001) {
        /* A copy of its own, so that a read past the end is seen by the sanitizer. */
        uint8_t *copy = hy_memdup(mp4->io.head, size);
        hy_diag_clear(&diag);
        assert_int_equal(hy_mp4_head_read((hy_span){copy, size}, mp4->io.end, "x", &head, &diag),
                         HYDRA_ERR_VERIFY);
        hy_free(copy);
    }
    hy_diag_clear(&diag);
    hy_span whole = {mp4->io.head, mp4->io.head_size};
    assert_failed(hy_mp4_head_read(whole, mp4->io.end + 1, "x", &head, &diag), HYDRA_ERR_VERIFY,
                  &diag, "mdat");
    file_close(&file);
}

static void damaged_esds_is_refused(void **state)
{
    (void)state;
    static const uint8_t good[] = {0, 0, 0, 0, 3, 0x80, 0x80, 22, 0, 1, 0, 4, 17, 0x40, 21,
                                   0, 0, 0, 0, 0, 0,    0,    0,  0, 0, 0, 5, 2,  0x11, 0x90};
    int32_t type = 0;
    hy_span config = {NULL, 0};
    assert_true(hy_mp4_read_esds((hy_span){good, sizeof good}, &type, &config));
    assert_int_equal(type, 0x40);
    assert_int_equal(config.size, 2);
    for (size_t cut = 0; cut < sizeof good; cut++) {
        assert_false(hy_mp4_read_esds((hy_span){good, cut}, &type, &config));
    }
    uint8_t copy[sizeof good];
    memcpy(copy, good, sizeof good);
    copy[10] = 0x80; /* a field that no file of ours has */
    assert_false(hy_mp4_read_esds((hy_span){copy, sizeof copy}, &type, &config));
    memcpy(copy, good, sizeof good);
    memset(copy + 5, 0xff, 5); /* a length without an end */
    assert_false(hy_mp4_read_esds((hy_span){copy, sizeof copy}, &type, &config));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_file_cut_short_is_found),
        cmocka_unit_test(a_different_ledger_is_found),
        cmocka_unit_test(missing_frames_are_found),
        cmocka_unit_test(a_wrong_index_is_found),
        cmocka_unit_test(a_stream_that_differs_is_found),
        cmocka_unit_test(a_random_index_is_survived),
        cmocka_unit_test(a_cut_head_is_refused),
        cmocka_unit_test(damaged_esds_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
