/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target over files: "replay_TARGET PATH...", a folder stands for all files in it. For
 * the kept corpus in the tests, and for looking at one finding under a debugger or valgrind.
 */
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

/* No input is worth that much work: SIGALRM ends the program. */
#define MOST_SECONDS 60

static int replayed;

static void die(const char *path, const char *why)
{
    fprintf(stderr, "%s: %s\n", path, why);
    exit(2);
}

/* Exactly as large as the file, so that a read behind its end is seen. */
static uint8_t *load(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rbe");
    struct stat info;
    if (!file || fstat(fileno(file), &info) != 0) {
        die(path, "cannot be read");
    }
    *size = (size_t)info.st_size;
    uint8_t *data = malloc(*size ? *size : 1);
    if (!data || fread(data, 1, *size, file) != *size) {
        die(path, "cannot be read");
    }
    (void)fclose(file);
    return data;
}

static void replay_file(const char *path)
{
    size_t size;
    uint8_t *data = load(path, &size);
    (void)alarm(MOST_SECONDS);
    (void)LLVMFuzzerTestOneInput(data, size);
    (void)alarm(0);
    free(data);
    replayed++;
}

static void replay(const char *path);

static void replay_folder(const char *path)
{
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    if (count < 0) {
        die(path, "cannot be listed");
    }
    for (int i = 0; i < count; i++) {
        char *name = NULL;
        if (entries[i]->d_name[0] != '.' &&
            asprintf(&name, "%s/%s", path, entries[i]->d_name) > 0) {
            replay(name);
            free(name);
        }
        free(entries[i]);
    }
    free(entries);
}

static void replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        die(path, "is not there");
    }
    if (S_ISDIR(info.st_mode)) {
        replay_folder(path);
    } else {
        replay_file(path);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        replay(argv[i]);
    }
    printf("%d inputs\n", replayed);
    return replayed > 0 ? 0 : 2;
}
