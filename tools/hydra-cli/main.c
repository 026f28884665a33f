/* SPDX-License-Identifier: MIT */
/* hydra-cli: finds the verb, parses its options, runs it, and turns failures into exit codes. */
#include "cli.h"
#include "json.h"
#include "project.h"

#include <malloc.h>
#include <stdio.h>
#include <string.h>

static const cli_verb *const verbs[] = {&cli_verb_render, &cli_verb_frame, &cli_verb_probe};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

/* Names come from outside; a terminal must not see their control characters. */
static void print_error(const char *text)
{
    fputs("hydra-cli: error: ", stderr);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        fputc(c < 0x20 || c == 0x7f ? '?' : c, stderr);
    }
    fputc('\n', stderr);
}

int cli_fail(const cli_settings *settings, int code, hydra_status status, const char *text)
{
    print_error(text);
    if (settings->json) {
        json_writer json = {0};
        json_open(&json, NULL, '{');
        json_bool(&json, "ok", false);
        json_text(&json, "status", hydra_status_name(status));
        json_text(&json, "error", text);
        json_integer(&json, "exit_code", code);
        json_close(&json, '}');
    }
    return code;
}

/* The output was looked at before the library got to work, so what is missing or refused now is an
 * input. */
static int code_of(hydra_status status)
{
    switch (status) {
    case HYDRA_OK:
        return CLI_OK;
    case HYDRA_ERR_ARGUMENT:
        return CLI_USAGE;
    case HYDRA_ERR_NOT_FOUND:
    case HYDRA_ERR_PERMISSION:
    case HYDRA_ERR_FORMAT:
    case HYDRA_ERR_UNSUPPORTED:
    case HYDRA_ERR_LIMIT:
        return CLI_INPUT;
    case HYDRA_ERR_SPACE:
        return CLI_OUTPUT;
    default:
        return CLI_FAILED;
    }
}

int cli_fail_compose(const cli_settings *settings, hydra_status status, const hydra_compose *c)
{
    const char *text = c ? hydra_compose_error(c) : "";
    return cli_fail(settings, code_of(status), status, *text ? text : hydra_status_text(status));
}

int cli_usage(const char *verb, const char *text)
{
    print_error(text);
    fprintf(stderr, "Try \"hydra-cli help%s%s\".\n", *verb ? " " : "", verb);
    return CLI_USAGE;
}

static void print_overview(void)
{
    printf("hydra-cli: photos and music in, a finished MP4 out\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        printf("  hydra-cli %-7s%-34s%s\n", verbs[i]->name, verbs[i]->synopsis, verbs[i]->summary);
    }
    printf("  hydra-cli help   VERB                              all options of a verb\n"
           "  hydra-cli --version\n\n"
           "Exit codes: 0 done, 1 the render failed, 2 wrong usage, 3 an input cannot be used,\n"
           "4 the output cannot be written.\n");
}

static void print_verb_help(const cli_verb *verb)
{
    printf("hydra-cli %s %s\n  %s\n", verb->name, verb->synopsis, verb->summary);
    args_print_help(verb->groups);
}

static const cli_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (strcmp(name, verbs[i]->name) == 0) {
            return verbs[i];
        }
    }
    return NULL;
}

static int fail_unknown_verb(const char *name)
{
    char text[160];
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (args_distance(name, verbs[i]->name) <= 2) {
            (void)snprintf(text, sizeof text, "unknown verb \"%.40s\"; did you mean %s?", name,
                           verbs[i]->name);
            return cli_usage("", text);
        }
    }
    (void)snprintf(text, sizeof text, "unknown verb \"%.40s\"", name);
    return cli_usage("", text);
}

static int help(int argc, char **argv)
{
    if (argc == 0) {
        print_overview();
        return CLI_OK;
    }
    const cli_verb *verb = find_verb(argv[0]);
    if (!verb) {
        return fail_unknown_verb(argv[0]);
    }
    print_verb_help(verb);
    return CLI_OK;
}

static int run_verb(const cli_verb *verb, int argc, char **argv)
{
    cli_settings settings;
    char error[ARG_ERROR_BYTES];
    project_defaults(&settings);
    int count = args_parse(verb->groups, argc, argv, &settings, error);
    if (count < 0) {
        return cli_usage(verb->name, error);
    }
    if (settings.help) {
        print_verb_help(verb);
        return CLI_OK;
    }
    return verb->run(&settings, argv, count);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        return cli_usage("", "no verb given");
    }
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0) {
        printf("hydra-cli %s\n", hydra_version_text());
        return CLI_OK;
    }
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        return help(argc - 2, argv + 2);
    }
    const cli_verb *verb = find_verb(word);
    return verb ? run_verb(verb, argc - 2, argv + 2) : fail_unknown_verb(word);
}

/* Photo decoders take large blocks for a moment. By default glibc raises its thresholds after the
 * first of them and keeps what comes later, once per thread; fixed ones give it back. */
static void keep_heap_small(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    (void)mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
#endif
}

int main(int argc, char **argv)
{
    keep_heap_small();
    hydra_silence_ffmpeg();
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        print_error("cannot write to standard output");
        return code == CLI_OK ? CLI_OUTPUT : code;
    }
    return code;
}
