/* SPDX-License-Identifier: MIT */
/* Scratch folders, files and hashes for tests. */
#include "support.h"

#include <dirent.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* For threads that end; the machine may be busy. */
#define PATIENCE_S 30

/*
 * Read by LeakSanitizer: x265 3.5 does not free all of its own, and x264's threads now and then
 * lose a picture of its own. An encoder that we do not close is still seen: its context is
 * libavcodec's.
 */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libx265.so\n"
           "leak:x264_malloc\n";
}

char *test_folder_new(void)
{
    const char *base = getenv("TMPDIR");
    char *folder = NULL;
    if (asprintf(&folder, "%s/hydra-test-XXXXXX", base ? base : "/tmp") < 0 || !mkdtemp(folder)) {
        fail_msg("cannot make a scratch folder");
    }
    return folder;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void test_folder_free(char *folder)
{
    if (folder) {
        (void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        free(folder);
    }
}

char *test_path(const char *folder, const char *name)
{
    char *path = NULL;
    if (asprintf(&path, "%s/%s", folder, name) < 0) {
        fail_msg("no memory");
    }
    return path;
}

void test_write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wbe");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

uint8_t *test_read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    long length = ftell(file);
    assert_true(length >= 0);
    rewind(file);
    uint8_t *data = malloc((size_t)length + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)length, file), length);
    (void)fclose(file);
    *size = (size_t)length;
    return data;
}

int test_count_entries(const char *folder)
{
    DIR *stream = opendir(folder);
    assert_non_null(stream);
    int count = -2;
    while (readdir(stream)) {
        count++;
    }
    (void)closedir(stream);
    return count;
}

int test_count_threads(int expected)
{
    const struct timespec nap = {0, 1000000};
    const double end_s = hy_clock_s() + PATIENCE_S;
    int count = test_count_entries("/proc/self/task");
    for (int looks = 0; count > expected && hy_clock_s() < end_s; looks++) {
        if (looks < 100) {
            (void)sched_yield();
        } else {
            (void)nanosleep(&nap, NULL);
        }
        count = test_count_entries("/proc/self/task");
    }
    return count;
}

int test_count_settled_threads(void)
{
    const struct timespec nap = {0, 1000000};
    int count = test_count_entries("/proc/self/task");
    for (int same = 0; same < 200;) {
        (void)nanosleep(&nap, NULL);
        int now = test_count_entries("/proc/self/task");
        same = now == count ? same + 1 : 0;
        count = now;
    }
    return count;
}

/* ThreadSanitizer has one of its own, as soon as there is any. */
#ifdef __SANITIZE_THREAD__
#define OWN_THREADS 2
#else
#define OWN_THREADS 1
#endif

bool test_only_own_threads(void)
{
    return test_count_threads(OWN_THREADS) <= OWN_THREADS;
}

uint64_t test_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * 2685821657736338717ULL;
}

uint64_t test_hash_picture(const hy_picture *picture)
{
    uint64_t hash = 14695981039346656037ULL;
    for (int plane = 0; plane < 3; plane++) {
        for (int32_t y = 0; y < hy_plane_height(picture, plane); y++) {
            const uint8_t *row = picture->plane[plane] + y * picture->stride[plane];
            for (int32_t x = 0; x < hy_plane_width(picture, plane); x++) {
                hash = (hash ^ row[x]) * 1099511628211ULL;
            }
        }
    }
    return hash;
}
