/* SPDX-License-Identifier: MIT */
/* What the check of fragments catches before they leave: damaged, missing and moved bytes, and
 * boxes that say something else than what was written. */
#include <libavutil/intreadwrite.h>
#include <libavutil/log.h>

#include "media/mp4_fragment.h"
#include "media/verify_fragments.h"

#include "fragments.h"
#include "view.h"

#define FRAMES 40
#define CUT    5 /* too early for a fragment of its own: there is one */

static const hy_rate rate_30 = {30, 1};

typedef struct fixture {
    hy_encoder *encoder;
    clip_packets video;
    clip_sound sound;
    sink_double sink; /* the finished file */
    size_t init_size;
    hy_ledger ledger; /* all of its packets */
} fixture;

static void note(fixture *f, const clip_packets *packets, bool audio)
{
    hy_diag diag = {0};
    for (size_t i = 0; i < packets->count; i++) {
        assert_ok(hy_ledger_add(&f->ledger, &packets->list[i], 0, audio, &diag), &diag);
    }
}

static int set_up(void **state)
{
    static fixture f;
    hy_diag diag = {0};
    av_log_set_level(AV_LOG_QUIET);
    f.encoder = clip_encoder(rate_30, HYDRA_PROFILE_DEFAULT);
    f.video = clip_encode(f.encoder, FRAMES, CUT);
    f.sound = clip_sound_new(FRAMES * 1600 - 5);
    fragments_sink_init(&f.sink);
    hy_muxer *muxer = fragments_open(f.encoder, rate_30, FRAMES, &f.sound, &f.sink.base);
    assert_ok(clip_write(muxer, rate_30, &f.video, &f.sound.packets, &diag), &diag);
    assert_ok(hy_muxer_finish(muxer, &diag), &diag);
    hy_muxer_close(muxer);
    assert_int_equal(f.sink.writes, 2);
    f.init_size = AV_RB32(f.sink.data);
    f.init_size += AV_RB32(f.sink.data + f.init_size);
    note(&f, &f.video, false);
    note(&f, &f.sound.packets, true);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    hy_ledger_free(&f->ledger);
    clip_packets_free(&f->video);
    clip_sound_free(&f->sound);
    sink_double_free(&f->sink);
    f->encoder->ops->close(f->encoder);
    return 0;
}

/* The whole check, on copies of just the right size: the sanitizer sees each byte too far. */
static hydra_status verify_pieces(fixture *f, const uint8_t *init, size_t init_size,
                                  const uint8_t *part, size_t part_size, hy_diag *diag)
{
    hydra_result result = {0};
    uint8_t *a = hy_memdup(init, init_size);
    uint8_t *b = hy_memdup(part, part_size);
    hy_fragments_check check = {.base = {.name = "test",
                                         .rate = rate_30,
                                         .video = f->encoder->stream->codec,
                                         .audio = f->sound.parameters}};
    hy_diag_clear(diag);
    hydra_status status =
        hy_fragments_check_init(&check, (hy_span){a, init_size}, &f->ledger, diag);
    if (status == HYDRA_OK) {
        status = hy_fragments_check_next(&check, (hy_span){b, part_size}, (int64_t)init_size,
                                         &f->ledger, diag);
    }
    if (status == HYDRA_OK) {
        status = hy_fragments_check_end(&check, FRAMES, &result, diag);
    }
    if (status != HYDRA_OK) {
        static const hydra_result untouched;
        assert_memory_equal(&result, &untouched, sizeof result);
    }
    hy_free(a);
    hy_free(b);
    return status;
}

static hydra_status verify(fixture *f, hy_diag *diag)
{
    return verify_pieces(f, f->sink.data, f->init_size, f->sink.data + f->init_size,
                         f->sink.size - f->init_size, diag);
}

/* Change one number in the payload of a box. */
static void assert_damage(fixture *f, const char *box, int skip_boxes, int offset, uint8_t value,
                          const char *text)
{
    hy_diag diag;
    uint8_t *at = f->sink.data;
    const uint8_t *end = at + f->sink.size;
    for (int i = 0; i <= skip_boxes; i++) {
        at = memmem(at, (size_t)(end - at), box, 4);
        assert_non_null(at);
        at += 4;
    }
    uint8_t old = at[offset];
    if (old == value) {
        fail_msg("%s+%d is %u anyway", box, offset, (unsigned)value);
    }
    at[offset] = value;
    hydra_status status = verify(f, &diag);
    at[offset] = old;
    if (status != HYDRA_ERR_VERIFY || !strstr(diag.text, text)) {
        fail_msg("%s+%d: status %d, \"%s\" lacks \"%s\"", box, offset, (int)status, diag.text,
                 text);
    }
}

static void a_wrong_box_is_found(void **state)
{
    static const struct {
        const char *box;
        int skip_boxes; /* the second of the two tracks is the sound */
        int offset;
        uint8_t value;
        const char *text;
    } cases[] = {
        {"ftyp", 0, -1, 'x', "ftyp"},
        {"moov", 0, -1, 'x', "moov"},
        {"moov", 0, -5, 0, "moov"},
        {"mvhd", 0, 19, 1, "the length of the movie before the fragments"},
        {"tkhd", 0, 23, 1, "the length of a track before the fragments"},
        {"tkhd", 0, 15, 7, "mvex"},
        {"mdhd", 0, 19, 1, "the length of a track before the fragments"},
        {"mdhd", 1, 14, 0xba, "the sample rate"},
        {"mdhd", 0, 15, 1, "the frame rate in ticks"},
        {"elst", 0, 11, 1, "the playing time before the fragments"},
        {"elst", 0, 15, 1, "the first frame shown"},
        {"elst", 1, 14, 5, "the first sample that plays"},
        {"avcC", 0, 3, 77, "the H.264 header"},
        {"colr", 0, 5, 9, "the primaries in colr"},
        {"esds", 0, 4, 9, "esds"},
        {"soun", 0, -4, 'v', "hdlr"},
        {"mvex", 0, -1, 'y', "mvex"},
        {"trex", 0, -1, 'y', "mvex"},
        {"trex", 1, 7, 9, "mvex"},
        {"moof", 0, -1, 'x', "moof"},
        {"moof", 0, -5, 9, "a fragment is damaged"},
        {"mfhd", 0, -1, 'x', "mfhd"},
        {"mfhd", 0, 7, 2, "the number of a fragment is 2, but 1 was written"},
        {"traf", 0, -1, 'x', "the offset of an audio packet"},
        {"traf", 1, -1, 'x', "the number of packets in a fragment"},
        {"tfhd", 0, -1, 'x', "tfhd"},
        {"tfhd", 0, 1, 0, "tfhd"},    /* not relative to the moof */
        {"tfhd", 0, 3, 0x39, "tfhd"}, /* with a place of its own */
        {"tfhd", 0, 3, 0x30, "tfhd"}, /* a field less than there is */
        {"tfhd", 0, 7, 9, "the number of a track is 9"},
        {"tfhd", 0, 11, 9, "the length of a frame"},
        {"tfdt", 0, -1, 'x', "tfdt"},
        {"tfdt", 0, 0, 0, "tfdt"}, /* of 32 bits, and more behind them */
        {"tfdt", 0, 4, 0x80, "tfdt"},
        {"tfdt", 0, 11, 1, "the time of a frame"},
        {"tfdt", 1, 11, 1, "the time of an audio packet"},
        {"trun", 0, -1, 'x', "the fragments end after 0 frames"},
        {"trun", 0, 2, 0xf, "the fragments end after 0 frames"}, /* more fields than there are */
        {"trun", 0, 3, 4, "the fragments end after 0 frames"},   /* no place */
        {"trun", 0, 7, 39, "the fragments end after 0 frames"},
        {"trun", 0, 11, 1, "the offset of a frame"},
        {"trun", 0, 17, 1, "the key frame mark of a frame"},
        {"trun", 0, 15, 9, "the size of a frame"},
        {"trun", 0, 23, 9, "the time of a frame"},
        {"trun", 1, 11, 1, "the offset of an audio packet"},
        {"mdat", 0, -1, 'x', "mdat"},
        {"mdat", 0, -5, 9, "mdat"},
        {"mdat", 0, 0, 9, "the video packet of time 0 was changed on its way"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_damage(*state, cases[i].box, cases[i].skip_boxes, cases[i].offset, cases[i].value,
                      cases[i].text);
    }
}

/* In the first and in the last byte of each packet. */
static void a_flipped_bit_is_found(void **state)
{
    fixture *f = *state;
    hy_diag diag;
    assert_ok(verify(f, &diag), &diag); /* also sets the offsets in the ledger */
    for (size_t i = 0; i < f->ledger.count; i++) {
        const hy_ledger_entry entry = f->ledger.entries[i];
        const size_t places[2] = {(size_t)entry.offset, (size_t)entry.offset + entry.size - 1};
        for (int k = 0; k < 2; k++) {
            char text[96];
            (void)snprintf(text, sizeof text, "the %s packet of time %lld was changed",
                           hy_ledger_is_audio(&entry) ? "audio" : "video", (long long)entry.pts);
            f->sink.data[places[k]] ^= 1;
            assert_failed(verify(f, &diag), HYDRA_ERR_VERIFY, &diag, text);
            f->sink.data[places[k]] ^= 1;
        }
    }
    assert_ok(verify(f, &diag), &diag);
}

static void a_different_ledger_is_found(void **state)
{
    fixture *f = *state;
    hy_diag diag;
    hy_ledger *ledger = &f->ledger;
    size_t count = ledger->count;
    const size_t v = 3;
    const size_t a = FRAMES + 3;
    hy_ledger_entry saved[2] = {ledger->entries[v], ledger->entries[a]};
#define EXPECT(index, change, text)                                                                \
    do {                                                                                           \
        hy_ledger_entry *entry = &ledger->entries[index];                                          \
        change;                                                                                    \
        assert_failed(verify(f, &diag), HYDRA_ERR_VERIFY, &diag, text);                            \
        ledger->entries[v] = saved[0];                                                             \
        ledger->entries[a] = saved[1];                                                             \
    } while (0)
    EXPECT(v, entry->pts++, "the time of a frame");
    EXPECT(v, entry->dts++, "the decoding time of a frame");
    EXPECT(v, entry->duration = 2, "the length of a frame");
    EXPECT(v, entry->flags ^= HY_LEDGER_KEY, "the key frame mark of a frame");
    EXPECT(v, entry->size++, "the size of a frame");
    EXPECT(v, entry->crc++, "was changed on its way");
    EXPECT(v, entry->flags ^= HY_LEDGER_AUDIO, "the first sample that plays");
    EXPECT(a, entry->pts++, "the time of an audio packet");
    EXPECT(a, entry->duration--, "the length of an audio packet");
#undef EXPECT
    ledger->count--; /* the fragment has one more */
    assert_failed(verify(f, &diag), HYDRA_ERR_VERIFY, &diag, "the fragments go on after");
    ledger->count = FRAMES;
    assert_failed(verify(f, &diag), HYDRA_ERR_VERIFY, &diag, "the first sample that plays");
    ledger->count = count;
    assert_ok(verify(f, &diag), &diag);
}

static void a_cut_piece_is_refused(void **state)
{
    fixture *f = *state;
    hy_diag diag;
    const uint8_t *part = f->sink.data + f->init_size;
    size_t part_size = f->sink.size - f->init_size;
    for (size_t size = 0; size < f->init_size; size++) {
        assert_int_equal(verify_pieces(f, f->sink.data, size, part, part_size, &diag),
                         HYDRA_ERR_VERIFY);
    }
    for (size_t size = 0; size < part_size; size += size < 2000 ? 1 : 499) {
        assert_int_equal(verify_pieces(f, f->sink.data, f->init_size, part, size, &diag),
                         HYDRA_ERR_VERIFY);
    }
    /* One piece behind the other is one too many. */
    assert_int_equal(
        verify_pieces(f, f->sink.data, f->sink.size, f->sink.data, f->sink.size, &diag),
        HYDRA_ERR_VERIFY);
}

/* Whatever the boxes say, they are read within their bounds. */
static void random_boxes_are_survived(void **state)
{
    fixture *f = *state;
    hy_diag diag;
    uint64_t random = 42;
    size_t boxes = f->init_size + AV_RB32(f->sink.data + f->init_size) + 8;
    for (int i = 0; i < 4000; i++) {
        uint8_t *at = f->sink.data + test_random(&random) % boxes;
        uint8_t old = *at;
        *at = (uint8_t)test_random(&random);
        (void)verify(f, &diag);
        *at = old;
    }
    assert_ok(verify(f, &diag), &diag);
}

/* ---- Forms that the reader knows and libavformat does not write today ---- */

typedef struct builder {
    uint8_t bytes[512];
    size_t size;
} builder;

static void put32(builder *b, uint32_t value)
{
    AV_WB32(b->bytes + b->size, value);
    b->size += 4;
}

static size_t open_box(builder *b, const char *type)
{
    size_t at = b->size;
    put32(b, 0);
    memcpy(b->bytes + b->size, type, 4);
    b->size += 4;
    return at;
}

static void close_box(builder *b, size_t at)
{
    AV_WB32(b->bytes + at, (uint32_t)(b->size - at));
}

/* Two truns: one with every field, one with defaults; a start time of 32 bits. */
static void build(builder *b)
{
    *b = (builder){.size = 0};
    size_t moof = open_box(b, "moof");
    size_t box = open_box(b, "mfhd");
    put32(b, 0);
    put32(b, 5);
    close_box(b, box);
    size_t traf = open_box(b, "traf");
    box = open_box(b, "tfhd");
    put32(b, 0x020038);
    put32(b, 3);       /* track */
    put32(b, 100);     /* ticks */
    put32(b, 4);       /* bytes */
    put32(b, 0x10000); /* no key frame */
    close_box(b, box);
    box = open_box(b, "tfdt");
    put32(b, 0);
    put32(b, 7000);
    close_box(b, box);
    box = open_box(b, "trun");
    put32(b, 0x01000f01); /* version 1: shifts may be negative */
    put32(b, 2);
    put32(b, 1000);
    const uint32_t rows[2][4] = {{50, 10, 0, 20}, {60, 11, 0x10000, (uint32_t)-30}};
    for (int i = 0; i < 8; i++) {
        put32(b, rows[i / 4][i % 4]);
    }
    close_box(b, box);
    box = open_box(b, "free");
    close_box(b, box);
    box = open_box(b, "trun");
    put32(b, 0x000001);
    put32(b, 3);
    put32(b, 2000);
    close_box(b, box);
    close_box(b, traf);
    close_box(b, moof);
    box = open_box(b, "mdat");
    close_box(b, box);
}

static void all_forms_of_runs_are_read(void **state)
{
    (void)state;
    static const hy_mp4_sample expected[] = {
        {1000, 10, 7000, 7020, 50, true},  {1010, 11, 7050, 7020, 60, false},
        {2000, 4, 7110, 7110, 100, false}, {2004, 4, 7210, 7210, 100, false},
        {2008, 4, 7310, 7310, 100, false},
    };
    builder b;
    hy_diag diag = {0};
    hy_mp4_fragment fragment;
    hy_mp4_sample sample;
    build(&b);
    assert_ok(hy_mp4_fragment_read((hy_span){b.bytes, b.size}, "x", &fragment, &diag), &diag);
    assert_int_equal(fragment.sequence, 5);
    assert_int_equal(fragment.run_count, 1);
    assert_int_equal(fragment.media_offset, b.size);
    hy_mp4_run *run = &fragment.runs[0];
    assert_int_equal(run->track_id, 3);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_false(hy_mp4_run_ended(run));
        assert_true(hy_mp4_run_next(run, &sample));
        assert_int_equal(sample.offset, expected[i].offset);
        assert_int_equal(sample.size, expected[i].size);
        assert_int_equal(sample.dts, expected[i].dts);
        assert_int_equal(sample.pts, expected[i].pts);
        assert_int_equal(sample.duration, expected[i].duration);
        assert_int_equal(sample.key, expected[i].key);
    }
    assert_true(hy_mp4_run_ended(run));
    assert_false(hy_mp4_run_next(run, &sample));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wrong_box_is_found),        cmocka_unit_test(a_flipped_bit_is_found),
        cmocka_unit_test(a_different_ledger_is_found), cmocka_unit_test(a_cut_piece_is_refused),
        cmocka_unit_test(random_boxes_are_survived),   cmocka_unit_test(all_forms_of_runs_are_read),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
