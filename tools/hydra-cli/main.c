/* SPDX-License-Identifier: MIT */
/* hydra-cli: finds the verb, parses its options, runs it. */
#include "message.h"
#include "project.h"

#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

static const cli_verb *const verbs[] = {
    &cli_verb_render, &cli_verb_frame,   &cli_verb_check, &cli_verb_estimate, &cli_verb_upload,
    &cli_verb_get,    &cli_verb_presign, &cli_verb_probe, &cli_verb_schema,   &cli_verb_doctor,
};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static const arg_option report_options[] = {
    {.name = "help",
     .letter = 'h',
     .help = "print this text",
     .kind = ARG_FLAG,
     .offset = offsetof(cli_settings, help)},
    {.name = "json",
     .help = "print the result, or the error, as JSON",
     .kind = ARG_FLAG,
     .offset = offsetof(cli_settings, json)},
};

const arg_group cli_help_group = {"Options", report_options, 1};
const arg_group cli_report_group = {"Options", report_options, 2};

static void print_overview(void)
{
    printf("hydra-cli: photos and music in, a finished MP4 out\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++) {
        printf("  hydra-cli %-9s%-36s%s\n", verbs[i]->name, verbs[i]->synopsis, verbs[i]->summary);
    }
    printf("  hydra-cli help     VERB                                all options of a verb\n"
           "  hydra-cli --version\n\n"
           "For a first video: hydra-cli render *.jpg --music song.mp3 -o video.mp4\n"
           "PROJECT is a JSON file that describes a video; - reads it from standard input.\n\n"
           "Exit codes: 0 done, 1 the render failed, 2 wrong usage, 3 an input cannot be used,\n"
           "4 the output cannot be written, 5 the deadline passed, 130 Ctrl-C.\n");
}

static void print_verb_help(const cli_verb *verb)
{
    printf("hydra-cli %s%s%s\n  %s\n", verb->name, *verb->synopsis ? " " : "", verb->synopsis,
           verb->summary);
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
    (void)snprintf(text, sizeof text, "unknown verb \"%.40s\"; a video is made by hydra-cli render",
                   name);
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
    settings.verb = verb->name;
    int count = args_parse(verb->groups, argc, argv, &settings, &settings.given, error);
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

/* Were one of the three closed, the next file that is opened would take its place. These refuse
 * what a closed one refuses: standard input reading, the others writing. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0) {
            (void)open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    keep_heap_small();
    hydra_silence_ffmpeg();
    int code = run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("hydra-cli: error: cannot write to standard output\n", stderr);
        return code == CLI_OK ? CLI_OUTPUT : code;
    }
    return code;
}
