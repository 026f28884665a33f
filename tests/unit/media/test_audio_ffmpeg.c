/* SPDX-License-Identifier: MIT */
/* The byte stream that FFmpeg reads from, and its error codes as ours. */
#include <errno.h>
#include <string.h>

#include <libavutil/error.h>
#include <libavutil/log.h>

#include "media/fferror.h"
#include "sound.h"

static void errors_have_a_status_and_a_cause(void **state)
{
    (void)state;
    static const struct {
        int code;
        hydra_status status;
        const char *text;
    } cases[] = {
        {AVERROR_INVALIDDATA, HYDRA_ERR_FORMAT,
         "a.mp3: opening failed: Invalid data found when processing input"},
        {AVERROR(ENOSPC), HYDRA_ERR_FORMAT, "a.mp3: opening failed: No space left on device"},
        {AVERROR(ENOMEM), HYDRA_ERR_MEMORY, "out of memory"},
        {AVERROR_DECODER_NOT_FOUND, HYDRA_ERR_UNSUPPORTED,
         "a.mp3: opening failed: Decoder not found"},
        {AVERROR_ENCODER_NOT_FOUND, HYDRA_ERR_UNSUPPORTED, "Encoder not found"},
        {AVERROR_PATCHWELCOME, HYDRA_ERR_UNSUPPORTED, "Not yet implemented"},
        {AVERROR(4000), HYDRA_ERR_FORMAT, "a.mp3: opening failed: unknown error"},
        {-123456789, HYDRA_ERR_FORMAT, "a.mp3: opening failed: unknown error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        hydra_status status =
            hy_fail_av(&diag, cases[i].code, HYDRA_ERR_FORMAT, "a.mp3", "opening");
        assert_failed(status, cases[i].status, &diag, cases[i].text);
    }
}

static void the_stream_reads_and_seeks(void **state)
{
    (void)state;
    test_sound_file file = test_file_from_text("0123456789");
    test_song song = test_song_open(&file);
    hy_diag diag = {0};
    hy_ff_reader *ff = NULL;
    assert_ok(hy_ff_reader_new(song.reader, &ff, &diag), &diag);
    char text[16] = "";
    assert_int_equal(avio_size(ff->io), 10);
    assert_int_equal(avio_read(ff->io, (uint8_t *)text, 4), 4);
    assert_memory_equal(text, "0123", 4);
    assert_int_equal(avio_seek(ff->io, 8, SEEK_SET), 8);
    assert_int_equal(avio_read(ff->io, (uint8_t *)text, 16), 2);
    assert_memory_equal(text, "89", 2);
    assert_int_equal(avio_read(ff->io, (uint8_t *)text, 16), AVERROR_EOF);
    assert_ok(hy_ff_reader_status(ff, &diag), &diag);
    hy_ff_reader_free(ff);
    hy_ff_reader_free(NULL);
    test_song_close(&song);
    test_sound_file_free(&file);
}

/* The callback itself, as libavformat may call it. */
static void odd_seeks_are_refused(void **state)
{
    (void)state;
    test_sound_file file = test_file_from_text("0123456789");
    test_song song = test_song_open(&file);
    hy_diag diag = {0};
    hy_ff_reader *ff = NULL;
    assert_ok(hy_ff_reader_new(song.reader, &ff, &diag), &diag);
    int64_t (*seek)(void *, int64_t, int) = ff->io->seek;
    assert_int_equal(seek(ff, -3, SEEK_END), 7);
    assert_int_equal(seek(ff, 2, SEEK_CUR), 9);
    assert_int_equal(seek(ff, 4, SEEK_SET | AVSEEK_FORCE), 4);
    assert_int_equal(seek(ff, -11, SEEK_END), AVERROR(EINVAL));
    assert_int_equal(seek(ff, INT64_MAX, SEEK_CUR), AVERROR(EINVAL));
    assert_int_equal(seek(ff, 0, 77), AVERROR(EINVAL));
    assert_int_equal(seek(ff, 0, SEEK_CUR), 4);
    hy_ff_reader_free(ff);
    test_song_close(&song);
    test_sound_file_free(&file);
}

static void silence_silences(void **state)
{
    (void)state;
    av_log_set_level(AV_LOG_INFO);
    hy_silence_ffmpeg();
    assert_int_equal(av_log_get_level(), AV_LOG_QUIET);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_have_a_status_and_a_cause),
        cmocka_unit_test(the_stream_reads_and_seeks),
        cmocka_unit_test(odd_seeks_are_refused),
        cmocka_unit_test(silence_silences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
