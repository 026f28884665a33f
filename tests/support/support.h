/* SPDX-License-Identifier: MIT */
/* What several tests need: cmocka with its includes, a scratch folder, files. */
#ifndef HY_TEST_SUPPORT_H
#define HY_TEST_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/core.h"

/* Fails the test with the error text when `status` is not HYDRA_OK. */
#define assert_ok(status, diag)                                                                    \
    do {                                                                                           \
        hydra_status status_ = (status);                                                           \
        if (status_ != HYDRA_OK) {                                                                 \
            fail_msg("%s: %s", hydra_status_name(status_), (diag)->text);                          \
        }                                                                                          \
    } while (0)

/* Fails unless `status` is `expected` and the text holds `part`. */
#define assert_failed(status, expected, diag, part)                                                \
    do {                                                                                           \
        assert_int_equal((status), (expected));                                                    \
        if (!strstr((diag)->text, (part))) {                                                       \
            fail_msg("error text \"%s\" lacks \"%s\"", (diag)->text, (part));                      \
        }                                                                                          \
    } while (0)

/* A new empty folder below the system's folder for temporary files; free the name with free. */
char *test_folder_new(void);
/* Remove it and everything in it. */
void test_folder_free(char *folder);
/* "FOLDER/NAME"; free with free. */
char *test_path(const char *folder, const char *name);
void test_write_file(const char *path, const void *data, size_t size);
/* Whole file; free with free. */
uint8_t *test_read_file(const char *path, size_t *size);
/* Number of entries of a folder, "." and ".." left out. */
int test_count_entries(const char *folder);
/* Threads of this process. One that was joined may be listed for a moment longer, so while there
 * are more than `expected` it looks again, for many seconds but not for ever. */
int test_count_threads(int expected);
/* The same where it is not known how many there should be: what is listed for a while. */
int test_count_settled_threads(void);
/* Whether all threads but this one have ended. */
bool test_only_own_threads(void);

/* Deterministic random numbers (xorshift64*). */
uint64_t test_random(uint64_t *state);

/* FNV-1a over the visible samples of a picture. */
uint64_t test_hash_picture(const hy_picture *picture);

#endif
