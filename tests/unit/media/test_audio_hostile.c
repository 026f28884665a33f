/* SPDX-License-Identifier: MIT */
/* Files that are not music, not only music, damaged, cut short, or that point elsewhere. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sound.h"

#define LENGTH(array) (int)(sizeof(array) / sizeof((array)[0]))

static void assert_refused(const test_sound_file *file, hydra_status expected, const char *part)
{
    hy_diag diag = {0};
    hydra_audio_options options = test_audio_options();
    hydra_status status = test_mix_status(file, &options, 48000, &diag);
    assert_failed(status, expected, &diag, part);
    assert_non_null(strstr(diag.text, "song"));
}

static void text_and_noise_are_not_music(void **state)
{
    (void)state;
    static const char *const texts[] = {"x",
                                        "Dear diary,\nno music today.\n",
                                        "{\"a\": [1, 2]}",
                                        "\xff\xfb",
                                        "RIFF\x10\0\0\0WAVE",
                                        "fLaC",
                                        "OggS",
                                        "ID3"};
    for (int i = 0; i < LENGTH(texts); i++) {
        test_sound_file file = test_file_from_text(texts[i]);
        assert_refused(&file, HYDRA_ERR_FORMAT, "song: ");
        test_sound_file_free(&file);
    }
    uint64_t seed = 12345;
    test_sound_file file = {.data = malloc(200000), .size = 200000};
    for (size_t i = 0; i < file.size; i++) {
        file.data[i] = (uint8_t)(test_random(&seed) >> 20);
    }
    assert_refused(&file, HYDRA_ERR_FORMAT, "song: ");
    test_sound_file_free(&file);
}

/* A picture, and a film without sound. */
static void what_has_no_sound_says_so(void **state)
{
    (void)state;
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', 13, 10,   26,   10,   0,    0, 0, 13,
                                  'I',  'H', 'D', 'R', 0,  0,    0,    1,    0,    0, 0, 1,
                                  8,    2,   0,   0,   0,  0x90, 0x77, 0x53, 0xde, 0, 0, 0};
    test_sound_file picture = {.data = malloc(4096), .size = 4096};
    memset(picture.data, 0, 4096);
    memcpy(picture.data, png, sizeof png);
    assert_refused(&picture, HYDRA_ERR_FORMAT, "song: has no sound");
    test_sound_file_free(&picture);
    test_sound_file film = test_film(NULL);
    assert_refused(&film, HYDRA_ERR_FORMAT, "song: has no sound");
    test_sound_file_free(&film);
}

/* A playlist that names a good file beside it by its full path: it is refused, not followed. */
static void playlists_are_refused(void **state)
{
    (void)state;
    char *folder = test_folder_new();
    char *path = test_path(folder, "good.wav");
    test_sound sound = test_sound_new(1.0, 2, 48000);
    test_sound_file good = test_wav(&sound, TEST_WAV_S16);
    test_write_file(path, good.data, good.size);
    static const struct {
        const char *text; /* %s is the path */
        hydra_status status;
        const char *part;
    } lists[] = {
        {"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:9,\n%s\n"
         "#EXT-X-ENDLIST\n",
         HYDRA_ERR_UNSUPPORTED, "song: is a playlist (hls)"},
        {"ffconcat version 1.0\nfile '%s'\n", HYDRA_ERR_UNSUPPORTED,
         "song: is a playlist (concat)"},
        {"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=%s\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP "
         "0\n",
         HYDRA_ERR_UNSUPPORTED, "song: is a playlist (sdp)"},
        {"<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" "
         "profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\"><BaseURL>%s</BaseURL></MPD>\n",
         HYDRA_ERR_UNSUPPORTED, "song: is a playlist (dash)"},
        {"#EXTM3U\n%s\n", HYDRA_ERR_FORMAT, "song: "},
        {"[playlist]\nFile1=%s\nNumberOfEntries=1\n", HYDRA_ERR_FORMAT, "song: "},
    };
    for (int i = 0; i < LENGTH(lists); i++) {
        char text[1024];
        size_t before = strcspn(lists[i].text, "%");
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)before, lists[i].text, path,
                       lists[i].text + before + 2);
        test_sound_file file = test_file_from_text(text);
        assert_refused(&file, lists[i].status, lists[i].part);
        test_sound_file_free(&file);
    }
    test_sound_file_free(&good);
    test_sound_free(&sound);
    free(path);
    test_folder_free(folder);
}

/* Some packets may be damaged; when most are, it is not music. */
static void some_damage_is_tolerated(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(10.0, 2, 48000);
    test_sound_add_sine(&sound, 440.0, 0.5);
    hydra_audio_options options = test_audio_options();
    for (int bad = 0; bad <= 4; bad++) {
        test_sound_file file = test_encode_damaged(&sound, "matroska", "flac", 0, bad);
        hy_diag diag = {0};
        hydra_status status = test_mix_status(&file, &options, 480000, &diag);
        if (bad <= 1) {
            assert_ok(status, &diag);
        } else if (bad >= 3) {
            assert_failed(status, HYDRA_ERR_FORMAT, &diag, "song: ");
        }
        test_sound_file_free(&file);
    }
    test_sound_free(&sound);
}

/* What stands behind the music (tags, a second file, zeros) costs nothing of it. */
static void garbage_at_the_end_is_ignored(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(3.0, 2, 44100);
    test_sound_add_sine(&sound, 440.0, 0.5);
    static const char *const kinds[][2] = {{"mp3", "libmp3lame"},
                                           {"flac", "flac"},
                                           {"ogg", "libvorbis"},
                                           {"wav", "pcm_s16le"},
                                           {"ipod", "aac"}};
    uint64_t seed = 99;
    for (int k = 0; k < LENGTH(kinds); k++) {
        test_sound_file file = test_encode(&sound, kinds[k][0], kinds[k][1], 128000);
        hydra_audio_options options = test_audio_options();
        float *clean = test_mix(&file, &options, 130000);
        file.data = realloc(file.data, file.size + 20000);
        assert_non_null(file.data);
        for (size_t i = 0; i < 20000; i++) {
            file.data[file.size + i] = i < 10000 ? 0 : (uint8_t)(test_random(&seed) >> 30);
        }
        file.size += 20000;
        float *mix = test_mix(&file, &options, 130000);
        assert_memory_equal(mix, clean, 130000 * 2 * sizeof(float));
        free(mix);
        free(clean);
        test_sound_file_free(&file);
    }
    test_sound_free(&sound);
}

static const struct {
    const char *format;
    const char *encoder;
} victims[] = {{"wav", "pcm_s16le"},    {"flac", "flac"},      {"ogg", "libvorbis"},
               {"ogg", "libopus"},      {"mp3", "libmp3lame"}, {"ipod", "aac"},
               {"matroska", "libopus"}, {"adts", "aac"},       {"aiff", "pcm_s16be"}};

/* Whatever comes out is a verdict that names the file, or music. */
static void assert_verdict(const test_sound_file *file, int32_t when_short)
{
    hy_diag diag = {0};
    hydra_audio_options options = test_audio_options();
    options.when_short = when_short;
    hydra_status status = test_mix_status(file, &options, 30000, &diag);
    if (status != HYDRA_OK) {
        assert_true(status == HYDRA_ERR_FORMAT || status == HYDRA_ERR_UNSUPPORTED);
        assert_non_null(strstr(diag.text, "song: "));
    }
}

static void files_cut_short_end_earlier_or_are_refused(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.5, 2, 48000);
    test_sound_add_sine(&sound, 440.0, 0.5);
    for (int v = 0; v < LENGTH(victims); v++) {
        test_sound_file file = test_encode(&sound, victims[v].format, victims[v].encoder, 64000);
        size_t whole = file.size;
        for (size_t size = 1; size < whole; size += size < 200 ? 13 : whole / 23) {
            /* Of its own size, so that a read behind the end is seen by the sanitizer. */
            test_sound_file part = {.data = malloc(size), .size = size};
            memcpy(part.data, file.data, size);
            assert_verdict(&part, HYDRA_AUDIO_SILENCE);
            test_sound_file_free(&part);
        }
        test_sound_file_free(&file);
    }
    test_sound_free(&sound);
}

static void a_cut_mp3_plays_what_is_there(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(4.0, 2, 44100);
    test_sound_add_sine(&sound, 440.0, 0.5);
    test_sound_file file = test_encode(&sound, "mp3", "libmp3lame", 128000);
    file.size /= 2;
    int64_t length = test_decoded_length(&file);
    assert_true(length > 48000 * 19 / 10 && length < 48000 * 21 / 10);
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

static void flipped_bits_do_no_harm(void **state)
{
    (void)state;
    uint64_t seed = 4711;
    test_sound sound = test_sound_new(0.5, 2, 48000);
    test_sound_add_sine(&sound, 440.0, 0.5);
    for (int v = 0; v < LENGTH(victims); v++) {
        test_sound_file file = test_encode(&sound, victims[v].format, victims[v].encoder, 64000);
        for (int round = 0; round < 24; round++) {
            test_sound_file bent = {.data = malloc(file.size), .size = file.size};
            memcpy(bent.data, file.data, file.size);
            /* Half of the rounds hit the headers, where most damage is done. */
            size_t reach = round % 2 && file.size > 300 ? 300 : file.size;
            for (int flips = 0; flips < 1 + round; flips++) {
                uint64_t random = test_random(&seed);
                bent.data[(random >> 8) % reach] ^= (uint8_t)(1 << (random & 7));
            }
            assert_verdict(&bent, round % 3 ? HYDRA_AUDIO_LOOP : HYDRA_AUDIO_SILENCE);
            test_sound_file_free(&bent);
        }
        test_sound_file_free(&file);
    }
    test_sound_free(&sound);
}

/* Rates and channel counts that nothing plays, in a WAV header. */
static void absurd_headers_are_refused(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.1, 2, 48000);
    test_sound_add_sine(&sound, 440.0, 0.5);
    test_sound_file file = test_wav(&sound, TEST_WAV_S16);
    static const uint32_t rates[] = {1, 999, 3072001, 192000000};
    for (int i = 0; i < LENGTH(rates); i++) {
        for (int byte = 0; byte < 4; byte++) {
            file.data[24 + byte] = (uint8_t)(rates[i] >> (8 * byte));
        }
        assert_refused(&file, HYDRA_ERR_UNSUPPORTED, "song: a sample rate of ");
    }
    test_sound_file_free(&file);
    test_sound_free(&sound);
    sound = test_sound_new(0.1, 13, 48000);
    file = test_wav(&sound, TEST_WAV_S16);
    assert_refused(&file, HYDRA_ERR_UNSUPPORTED, "song: its 13 channels cannot be mixed down");
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* A WAV header with nothing behind it is a file without a sample. */
static void music_without_a_sample_is_refused(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.0, 2, 48000);
    test_sound_file file = test_wav(&sound, TEST_WAV_S16);
    assert_refused(&file, HYDRA_ERR_FORMAT, "song: no sound could be decoded");
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* A codec id that no decoder knows. */
static void an_unknown_codec_is_unsupported(void **state)
{
    (void)state;
    test_sound sound = test_sound_new(0.5, 2, 48000);
    test_sound_file file = test_wav(&sound, TEST_WAV_S16);
    file.data[20] = 0x34;
    file.data[21] = 0x12;
    assert_refused(&file, HYDRA_ERR_UNSUPPORTED, "song: finding a decoder for its sound failed");
    test_sound_file_free(&file);
    test_sound_free(&sound);
}

/* ---- A source that fails while it is read ---- */

typedef struct broken_reader {
    hy_reader base;
    const test_sound_file *file;
    int64_t good_bytes; /* reading fails behind them */
} broken_reader;

static hydra_status broken_read(hy_reader *reader, int64_t offset, void *data, size_t size,
                                size_t *got, hy_diag *diag)
{
    const broken_reader *broken = (const broken_reader *)reader;
    if (offset >= broken->good_bytes) {
        return hy_fail(diag, HYDRA_ERR_IO, "%s: the disk is on fire", reader->name);
    }
    size_t left = (size_t)(broken->good_bytes - offset);
    *got = size < left ? size : left;
    memcpy(data, broken->file->data + offset, *got);
    return HYDRA_OK;
}

static void broken_close(hy_reader *reader)
{
    (void)reader;
}

/* The reader's own status and text come through, wherever it fails. */
static void read_errors_keep_their_cause(void **state)
{
    (void)state;
    static const hy_reader_ops ops = {broken_read, broken_close};
    test_sound sound = test_sound_new(3.0, 2, 48000);
    test_sound_add_noise(&sound, 0.5);
    for (int v = 0; v < LENGTH(victims); v++) {
        test_sound_file file = test_encode(&sound, victims[v].format, victims[v].encoder, 128000);
        for (int percent = 0; percent < 100; percent += 33) {
            broken_reader broken = {
                .base = {.ops = &ops, .name = "song", .size = (int64_t)file.size},
                .file = &file,
                .good_bytes = (int64_t)file.size * percent / 100};
            hy_diag diag = {0};
            hy_audio_config config = {
                .options = test_audio_options(), .samples = 96000 * 2, .bitrate_kbps = 160};
            hy_audio *audio = NULL;
            hydra_status status = hy_audio_open(&broken.base, &config, &audio, &diag);
            int32_t got = 1;
            while (status == HYDRA_OK && got > 0) {
                float block[2 * 1000];
                status = hy_audio_mix(audio, block, 1000, &got, &diag);
            }
            assert_failed(status, HYDRA_ERR_IO, &diag, "song: the disk is on fire");
            hy_audio_close(audio);
        }
        test_sound_file_free(&file);
    }
    test_sound_free(&sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_noise_are_not_music),
        cmocka_unit_test(what_has_no_sound_says_so),
        cmocka_unit_test(playlists_are_refused),
        cmocka_unit_test(some_damage_is_tolerated),
        cmocka_unit_test(garbage_at_the_end_is_ignored),
        cmocka_unit_test(files_cut_short_end_earlier_or_are_refused),
        cmocka_unit_test(a_cut_mp3_plays_what_is_there),
        cmocka_unit_test(flipped_bits_do_no_harm),
        cmocka_unit_test(absurd_headers_are_refused),
        cmocka_unit_test(music_without_a_sample_is_refused),
        cmocka_unit_test(an_unknown_codec_is_unsupported),
        cmocka_unit_test(read_errors_keep_their_cause),
    };
    hy_silence_ffmpeg();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
