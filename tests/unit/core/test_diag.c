/* SPDX-License-Identifier: MIT */
/* Error texts: the first cause wins, and whatever the names hold, the text is clean UTF-8. */
#include <errno.h>
#include <string.h>

#include "support.h"

static void test_first_failure_wins(void **state)
{
    (void)state;
    hy_diag diag = {0};
    assert_int_equal(hy_fail(&diag, HYDRA_ERR_FORMAT, "%s: bad", "a.jpg"), HYDRA_ERR_FORMAT);
    assert_int_equal(hy_fail(&diag, HYDRA_ERR_IO, "later"), HYDRA_ERR_FORMAT);
    assert_int_equal(hy_fail_errno(&diag, ENOENT, "b", "opening"), HYDRA_ERR_FORMAT);
    assert_int_equal(hy_fail_memory(&diag), HYDRA_ERR_FORMAT);
    assert_int_equal(diag.status, HYDRA_ERR_FORMAT);
    assert_string_equal(diag.text, "a.jpg: bad");
    hy_diag_clear(&diag);
    assert_int_equal(diag.status, HYDRA_OK);
    assert_string_equal(diag.text, "");
    assert_int_equal(hy_fail_memory(&diag), HYDRA_ERR_MEMORY);
    assert_string_equal(diag.text, "out of memory");
}

static void test_errno_to_status(void **state)
{
    (void)state;
    const struct {
        int error;
        hydra_status status;
        const char *cause;
    } cases[] = {
        {ENOENT, HYDRA_ERR_NOT_FOUND, "No such file or directory"},
        {ENOTDIR, HYDRA_ERR_NOT_FOUND, "Not a directory"},
        {EACCES, HYDRA_ERR_PERMISSION, "Permission denied"},
        {EPERM, HYDRA_ERR_PERMISSION, "Operation not permitted"},
        {EROFS, HYDRA_ERR_PERMISSION, "Read-only file system"},
        {ENOSPC, HYDRA_ERR_SPACE, "No space left on device"},
        {EDQUOT, HYDRA_ERR_SPACE, "Disk quota exceeded"},
        {EFBIG, HYDRA_ERR_SPACE, "File too large"},
        {ENOMEM, HYDRA_ERR_MEMORY, "Cannot allocate memory"},
        {ENAMETOOLONG, HYDRA_ERR_ARGUMENT, "File name too long"},
        {EISDIR, HYDRA_ERR_ARGUMENT, "Is a directory"},
        {ELOOP, HYDRA_ERR_ARGUMENT, "Too many levels of symbolic links"},
        {EIO, HYDRA_ERR_IO, "Input/output error"},
        {123456, HYDRA_ERR_IO, "unknown error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        hy_diag diag = {0};
        char expected[100] = "x.png: opening failed: ";
        strcat(expected, cases[i].cause);
        assert_int_equal(hy_fail_errno(&diag, cases[i].error, "x.png", "opening"), cases[i].status);
        assert_string_equal(diag.text, expected);
    }
}

static void assert_printed(const char *name, const char *expected)
{
    hy_diag diag = {0};
    (void)hy_fail(&diag, HYDRA_ERR_IO, "%s", name);
    assert_string_equal(diag.text, expected);
}

static void test_controls_are_replaced(void **state)
{
    (void)state;
    assert_printed("a\nb\r\tc\x1b[31m", "a?b??c?[31m");
    assert_printed("\x01\x1f\x7f", "???");
    /* C1, next line and the terminal's CSI among them; the letters after them stay. */
    assert_printed("\xc2\x80\xc2\x85\xc2\x9b\xc2\x9f", "????????");
    assert_printed("\xc2\xa0\xc3\xa9", "\xc2\xa0\xc3\xa9");
}

static void test_bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    assert_printed("caf\xe9", "caf?");                      /* Latin-1 */
    assert_printed("\x80\xbf", "??");                       /* nothing to continue */
    assert_printed("\xc0\x80\xc1\xbf", "????");             /* longer than need be */
    assert_printed("\xe0\x9f\xbf", "???");                  /* the same with three */
    assert_printed("\xe0\xa0\x80", "\xe0\xa0\x80");         /* U+0800 */
    assert_printed("\xed\x9f\xbf", "\xed\x9f\xbf");         /* U+D7FF */
    assert_printed("\xed\xa0\x80", "???");                  /* U+D800, a surrogate */
    assert_printed("\xf0\x8f\xbf\xbf", "????");             /* longer than need be */
    assert_printed("\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"); /* an emoji */
    assert_printed("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf"); /* U+10FFFF */
    assert_printed("\xf4\x90\x80\x80", "????");             /* one more */
    assert_printed("\xf5\x80\x80\x80\xff\xfe", "??????");
    assert_printed("\xe2\x82", "??"); /* ends early */
    assert_printed("\xe2\x82x\xc3", "??x?");
}

static void test_long_texts_are_cut(void **state)
{
    (void)state;
    char text[2000];
    hy_diag diag = {0};
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    (void)hy_fail(&diag, HYDRA_ERR_IO, "%s", text);
    assert_int_equal(strlen(diag.text), HY_DIAG_BYTES - 1);

    text[HY_DIAG_BYTES - 1] = '\0'; /* just fits */
    hy_diag_clear(&diag);
    (void)hy_fail(&diag, HYDRA_ERR_IO, "%s", text);
    assert_string_equal(diag.text, text);
}

/* A text of letters of 2, 3 or 4 bytes, cut after each possible number of bytes of a letter. */
static void test_letters_are_not_cut(void **state)
{
    (void)state;
    const char *const letters[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t kind = 0; kind < 3; kind++) {
        size_t bytes = kind + 2;
        for (size_t lead = 0; lead < bytes; lead++) {
            char text[1000];
            size_t size = lead;
            memset(text, 'x', lead);
            while (size + bytes < sizeof text) {
                memcpy(text + size, letters[kind], bytes);
                size += bytes;
            }
            text[size] = '\0';
            hy_diag diag = {0};
            (void)hy_fail(&diag, HYDRA_ERR_IO, "%s", text);
            size_t length = strlen(diag.text);
            assert_int_equal(length, lead + (HY_DIAG_BYTES - 1 - lead) / bytes * bytes);
            assert_memory_equal(diag.text, text, length);
        }
    }
}

/* A strict decoder, written apart from the library's: the number of code points, or -1. */
static int decode(const char *text)
{
    int count = 0;
    const unsigned char *p = (const unsigned char *)text;
    while (*p) {
        int more = *p < 0x80 ? 0 : *p >= 0xf8 ? -1 : *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : 1;
        if (more < 0 || (*p >= 0x80 && *p < 0xc0)) {
            return -1;
        }
        uint32_t code = more == 0 ? *p : *p & (0x3fu >> more);
        static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
        for (int i = 0; i < more; i++) {
            p++;
            if (*p < 0x80 || *p > 0xbf) {
                return -1;
            }
            code = code << 6 | (*p & 0x3f);
        }
        if (code < least[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ||
            code < 0x20 || (code >= 0x7f && code < 0xa0)) {
            return -1;
        }
        p++;
        count++;
    }
    return count;
}

static void test_random_bytes_give_clean_text(void **state)
{
    (void)state;
    uint64_t seed = 20;
    static const unsigned char likely[] = {0xc2, 0xc3, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0x80,
                                           0x8f, 0x90, 0x9f, 0xa0, 0xbf, 'a',  '\n', 0x1b, 0x7f};
    int kept = 0;
    for (int round = 0; round < 20000; round++) {
        char name[700];
        size_t size = test_random(&seed) % (round % 2 ? 20 : 700);
        for (size_t i = 0; i < size; i++) {
            uint64_t pick = test_random(&seed) >> 16;
            name[i] =
                (char)(pick % 4 ? likely[(pick >> 8) % sizeof likely] : (pick >> 8) % 255 + 1);
        }
        name[size] = '\0';
        hy_diag diag = {0};
        (void)hy_fail(&diag, HYDRA_ERR_IO, "%s", name);
        assert_true(decode(diag.text) >= 0);
        if (decode(name) >= 0 && size < HY_DIAG_BYTES) {
            assert_string_equal(diag.text, name);
            kept += size > 1;
        }
    }
    assert_true(kept > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_failure_wins),
        cmocka_unit_test(test_errno_to_status),
        cmocka_unit_test(test_controls_are_replaced),
        cmocka_unit_test(test_bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(test_long_texts_are_cut),
        cmocka_unit_test(test_letters_are_not_cut),
        cmocka_unit_test(test_random_bytes_give_clean_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
