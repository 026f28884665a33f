/* SPDX-License-Identifier: MIT */
/*
 * hydra-cli doctor: what is missing on this host, in plain words, and what to do about it. A
 * problem stops or spoils some render; a note is worth knowing.
 */
#include "doctor.h"
#include "host.h"
#include "json.h"
#include "message.h"
#include "project.h"
#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const arg_group *const groups[] = {&cli_report_group, &project_gpu, NULL};

#define MEGABYTE INT64_C(1000000)
/* A minute of video in the default profile, with some room. */
#define WANTED_DISK_BYTES (256 * MEGABYTE)

static void check_heif(finding *f)
{
    *f = (finding){.name = "heif", .text = "HEIC and AVIF photos can be read", .advice = ""};
    if (!hydra_has_feature("heif")) {
        f->state = STATE_PROBLEM;
        (void)snprintf(f->text, sizeof f->text,
                       "HEIC and AVIF photos (iPhones make them) cannot be read");
        f->advice = "build libhydra with libheif-dev installed and -Dheif=enabled, or convert "
                    "such photos to JPEG";
    }
}

static void check_cpus(finding *f)
{
    int64_t cpus = host_cpu_hundredths();
    *f = (finding){.name = "cpus", .advice = ""};
    if (cpus < 0) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text, "the number of usable CPUs is not known");
    } else if (cpus < 100) {
        f->state = STATE_PROBLEM;
        (void)snprintf(f->text, sizeof f->text, "only 0.%02d of a CPU may be used: renders crawl",
                       (int)cpus);
        f->advice = "raise the CPU limit of this container or service to 1 or more";
    } else {
        (void)snprintf(f->text, sizeof f->text, "%lld.%02d CPUs can be used",
                       (long long)(cpus / 100), (int)(cpus % 100));
    }
}

/*
 * Three 12-megapixel photos in 1080 x 1920, the most usual job. The photo is an empty bitmap of 8
 * bits per pixel, made here so that doctor needs no files.
 */
enum {
    PHOTO_WIDTH = 4032,
    PHOTO_HEIGHT = 3024,
    BMP_HEADER_BYTES = 54 + 4
};

static void put32(unsigned char *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (unsigned char)(value >> (8 * i));
    }
}

static unsigned char *new_photo(size_t *size)
{
    *size = BMP_HEADER_BYTES + (size_t)PHOTO_WIDTH * PHOTO_HEIGHT;
    unsigned char *photo = calloc(1, *size);
    if (photo) {
        memcpy(photo, "BM", 2);
        put32(photo + 2, (uint32_t)*size);
        put32(photo + 10, BMP_HEADER_BYTES);
        put32(photo + 14, 40);
        put32(photo + 18, PHOTO_WIDTH);
        put32(photo + 22, PHOTO_HEIGHT);
        put32(photo + 26, 1 | 8 << 16);
        put32(photo + 46, 1);
    }
    return photo;
}

static hydra_status estimate_usual_job(hydra_estimate *estimate)
{
    size_t size = 0;
    unsigned char *photo = new_photo(&size);
    hydra_compose *c = NULL;
    hydra_status status = photo ? hydra_compose_new(NULL, &c) : HYDRA_ERR_MEMORY;
    if (status == HYDRA_OK) {
        status = hydra_compose_set_transition(c, HYDRA_ALL_CUTS, NULL);
    }
    for (int i = 0; i < 3 && status == HYDRA_OK; i++) {
        status = hydra_compose_add_image_memory(c, photo, size, NULL, NULL);
    }
    if (status == HYDRA_OK) {
        status = hydra_compose_estimate(c, NULL, estimate);
    }
    hydra_compose_free(c);
    free(photo);
    return status;
}

static void check_memory(finding *f)
{
    static const char todo[] =
        "end other programs, raise the memory limit, or take a smaller --size";
    hydra_estimate estimate = {.struct_size = sizeof estimate};
    int64_t free_bytes = host_memory_bytes();
    hydra_status status = estimate_usual_job(&estimate);
    *f = (finding){.name = "memory", .advice = ""};
    if (status == HYDRA_ERR_MEMORY) {
        f->state = STATE_PROBLEM;
        f->advice = todo;
        (void)snprintf(f->text, sizeof f->text, "there is not even enough to look at a project");
    } else if (status != HYDRA_OK || free_bytes < 0) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text, "free memory is not known");
    } else {
        bool enough = free_bytes >= estimate.memory_bytes;
        f->state = enough ? STATE_OK : STATE_PROBLEM;
        f->advice = enough ? "" : todo;
        (void)snprintf(f->text, sizeof f->text,
                       "%lld MB are free; a 1080x1920 video of 12-megapixel photos takes %lld MB",
                       (long long)(free_bytes / MEGABYTE),
                       (long long)(estimate.memory_bytes / MEGABYTE));
    }
}

static void check_folder(finding *f)
{
    *f = (finding){.name = "folder", .text = "this folder can be written", .advice = ""};
    if (access(".", W_OK | X_OK) != 0) {
        const char *cause = strerrordesc_np(errno);
        f->state = STATE_PROBLEM;
        (void)snprintf(f->text, sizeof f->text, "this folder cannot be written: %s",
                       cause ? cause : "unknown error");
        f->advice = "go to another folder, or give -o a path in one";
    }
}

static void check_disk(finding *f)
{
    int64_t bytes = host_disk_bytes(".");
    *f = (finding){.name = "disk", .advice = ""};
    if (bytes < 0) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text, "the free space of this folder is not known");
        return;
    }
    f->state = bytes < WANTED_DISK_BYTES ? STATE_PROBLEM : STATE_OK;
    (void)snprintf(f->text, sizeof f->text, "%lld MB are free in this folder",
                   (long long)(bytes / MEGABYTE));
    f->advice = bytes < WANTED_DISK_BYTES ? "make room: a minute of video takes up to 250 MB" : "";
}

static void check_locale(finding *f)
{
    *f = (finding){.name = "locale", .text = "text is UTF-8", .advice = ""};
    if (!terminal_is_utf8()) {
        f->state = STATE_NOTE;
        (void)snprintf(f->text, sizeof f->text,
                       "the locale is not UTF-8: the progress bar is plain, and other programs may "
                       "show names wrongly");
        f->advice = "set LANG=C.UTF-8";
    }
}

static void (*const host_checks[])(finding *) = {check_heif,   check_cpus, check_memory,
                                                 check_folder, check_disk, check_locale};

#define HOST_COUNT (sizeof host_checks / sizeof host_checks[0])
/* Before them, the encoders. */
#define ENCODER_COUNT 2
#define CHECK_COUNT   (ENCODER_COUNT + HOST_COUNT)

static hydra_status check_all(const cli_settings *settings, finding findings[CHECK_COUNT])
{
    hydra_context *context = NULL;
    hydra_status status = project_context(settings, &context);
    if (status != HYDRA_OK) {
        return status;
    }
    doctor_check_encoder(&findings[0], context);
    doctor_check_gpu(&findings[1], context);
    hydra_context_free(context);
    for (size_t i = 0; i < HOST_COUNT; i++) {
        host_checks[i](&findings[ENCODER_COUNT + i]);
    }
    return HYDRA_OK;
}

static void print_text(const finding *f)
{
    static const char *const marks[] = {"ok", "note", "PROBLEM"};
    printf("  %-8s %-8s ", marks[f->state], f->name);
    cli_print_clean(stdout, f->text);
    printf("\n");
    if (*f->advice) {
        printf("  %-17s -> %s\n", "", f->advice);
    }
}

static void print_json(const finding findings[CHECK_COUNT], bool ok)
{
    static const char *const states[] = {"ok", "note", "problem"};
    json_writer json = {.out = stdout};
    json_open(&json, NULL, '{');
    json_bool(&json, "ok", ok);
    json_text(&json, "version", hydra_version_text());
    json_open(&json, "checks", '[');
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        json_open(&json, NULL, '{');
        json_text(&json, "name", findings[i].name);
        json_text(&json, "state", states[findings[i].state]);
        json_text(&json, "text", findings[i].text);
        json_text(&json, "advice", findings[i].advice);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
}

static int run(cli_settings *settings, char **inputs, int count)
{
    finding findings[CHECK_COUNT];
    int problems = 0;
    (void)inputs;
    if (count > 0) {
        return cli_usage("doctor", "doctor takes no files");
    }
    hydra_status status = check_all(settings, findings);
    if (status != HYDRA_OK) {
        return cli_fail_compose(settings, status, NULL);
    }
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        problems += findings[i].state == STATE_PROBLEM;
    }
    if (settings->json) {
        print_json(findings, problems == 0);
        return problems ? CLI_FAILED : CLI_OK;
    }
    printf("libhydra %s\n\n", hydra_version_text());
    for (size_t i = 0; i < CHECK_COUNT; i++) {
        print_text(&findings[i]);
    }
    if (problems) {
        printf("\n%d %s to solve.\n", problems, problems == 1 ? "problem" : "problems");
    } else {
        printf("\nAll is fine.\n");
    }
    return problems ? CLI_FAILED : CLI_OK;
}

const cli_verb cli_verb_doctor = {
    .name = "doctor",
    .synopsis = "[--json]",
    .summary = "what is missing here and what to do",
    .groups = groups,
    .run = run,
};
