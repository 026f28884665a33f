/* SPDX-License-Identifier: MIT */
/*
 * A process whose memory is searched once it has closed its store; tests/s3/test_memory.py is its
 * other half. What it is told comes through a pipe, a line each, up to an empty one:
 *
 *     env NAME VALUE      set a variable of the environment
 *     keys ACCESS SECRET TOKEN
 *     endpoint URL
 *     wipe                libcurl gets functions that wipe what they free, as a host can do
 *
 * It says "open" while its store is, "closed" afterwards, and goes on at the next line each time.
 * Nothing in here keeps a copy: not stdio, whose buffers are not to be searched for what is its
 * own.
 */
#include <hydra/hydra.h>
#include <hydra/storage.h>

#include <curl/curl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URI        "s3://test/k"
#define PART_BYTES ((size_t)5 << 20)
#define MAX_NAMES  16

static char told[64 << 10];
static const char *names[MAX_NAMES]; /* of variables that were set */
static size_t name_count;

/* ---- What libcurl gets from a host that wants its memory clean ---- */

static void wiping_free(void *block)
{
    if (block) {
        explicit_bzero(block, malloc_usable_size(block));
    }
    free(block);
}

static void *wiping_realloc(void *block, size_t size)
{
    size_t old = block ? malloc_usable_size(block) : 0;
    void *larger = malloc(size);
    if (larger && old > 0) {
        memcpy(larger, block, old < size ? old : size);
        wiping_free(block);
    }
    return larger;
}

/* ---- Talking ---- */

static void say(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
}

static void await_line(void)
{
    char c = 0;
    while (read(STDIN_FILENO, &c, 1) == 1 && c != '\n') {
    }
}

static bool read_told(void)
{
    size_t size = 0;
    while (size < 2 || memcmp(told + size - 2, "\n\n", 2) != 0) {
        if (size == sizeof told - 1 || read(STDIN_FILENO, told + size, 1) != 1) {
            return false;
        }
        size++;
    }
    return true;
}

/* The next word of a line, "" at its end. */
static char *word(char **at)
{
    char *start = *at;
    char *end = start + strcspn(start, " ");
    *at = *end ? end + 1 : end;
    *end = '\0';
    return start;
}

static void take_line(char *line, hydra_store_options *options)
{
    const char *what = word(&line);
    if (strcmp(what, "env") == 0 && name_count < MAX_NAMES) {
        names[name_count] = word(&line);
        (void)setenv(names[name_count++], word(&line), 1);
    } else if (strcmp(what, "keys") == 0) {
        options->access_key = word(&line);
        options->secret_key = word(&line);
        options->session_token = line[0] ? word(&line) : NULL;
    } else if (strcmp(what, "endpoint") == 0) {
        options->endpoint = word(&line);
    } else if (strcmp(what, "wipe") == 0) {
        (void)curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup,
                                   calloc);
    }
}

/* The process's own copies. */
static void forget_told(void)
{
    for (size_t i = 0; i < name_count; i++) {
        char *value = getenv(names[i]);
        explicit_bzero(value, strlen(value));
    }
    explicit_bzero(told, sizeof told);
}

/* ---- What is done with the store ---- */

static hydra_status use(hydra_store *store)
{
    static char bytes[PART_BYTES + 1];
    const void *data = NULL;
    const char *url = NULL;
    size_t size = 0;
    hydra_transfer_options transfer;
    hydra_transfer_options_init(&transfer);
    transfer.part_bytes = PART_BYTES;
    transfer.threshold_bytes = PART_BYTES;
    transfer.presign_s = 60;
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status = hydra_store_put(store, URI, "video", 5, &transfer, &object);
    if (status == HYDRA_OK) {
        say(object.presigned_url);
        say("\n");
        status = hydra_store_put(store, URI, bytes, sizeof bytes, &transfer, NULL);
    }
    if (status == HYDRA_OK) {
        status = hydra_store_get(store, URI, 0, HYDRA_AUTO, &data, &size, NULL);
    }
    if (status == HYDRA_OK) {
        status = hydra_store_presign(store, "PUT", URI, 60, &url);
    }
    if (status == HYDRA_OK) {
        say(url);
        say("\n");
    }
    return status;
}

int main(void)
{
    if (!read_told()) {
        return 1;
    }
    hydra_store_options options;
    hydra_store_options_init(&options);
    for (char *at = told; *at != '\n';) {
        char *line = at;
        at += strcspn(at, "\n");
        *at++ = '\0';
        take_line(line, &options);
    }
    hydra_context_options with;
    hydra_context_options_init(&with);
    with.store = &options;
    hydra_context *context = NULL;
    hydra_store *store = NULL;
    hydra_status status = hydra_context_new(&with, &context);
    if (status == HYDRA_OK) {
        status = hydra_store_new(context, NULL, &store);
    }
    if (status == HYDRA_OK) {
        status = use(store);
    }
    say(status == HYDRA_OK ? "open\n" : hydra_store_error(store));
    await_line();
    hydra_store_free(store);
    hydra_context_free(context);
    forget_told();
    say("closed\n");
    await_line();
    return status == HYDRA_OK ? 0 : 1;
}
