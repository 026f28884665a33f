/* SPDX-License-Identifier: MIT */
/*
 * The storage calls of the public API, driven from outside: one JSON command a line on stdin, one
 * JSON result a line on stdout; tests/s3/driver.py is its other half. Commands are done one after
 * another by a thread; {"op": "cancel"} is looked at at once, and SIGTERM means cancel and end.
 */
#include <hydra/hydra.h>
#include <hydra/storage.h>

#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_PAIRS 64
#define MAX_NAMES 8

/* What is open, and the commands that wait. `lock` guards all but context and options, which only
 * the worker touches. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    json_t *queue;
    bool ended;
    hydra_context *context;
    hydra_store *store;
    hydra_render *render;
} driver = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

/* ---- Options ---- */

typedef struct field {
    const char *name;
    enum {
        TEXT,
        INT32,
        INT64
    } kind;
    size_t offset;
} field;

#define AT(type, kind, name)                                                                       \
    {                                                                                              \
#name, kind, offsetof(type, name)                                                          \
    }

static const field store_fields[] = {
    AT(hydra_store_options, INT32, credentials), AT(hydra_store_options, TEXT, access_key),
    AT(hydra_store_options, TEXT, secret_key),   AT(hydra_store_options, TEXT, session_token),
    AT(hydra_store_options, TEXT, profile),      AT(hydra_store_options, TEXT, region),
    AT(hydra_store_options, TEXT, endpoint),     AT(hydra_store_options, TEXT, ca_file),
    AT(hydra_store_options, TEXT, proxy),        AT(hydra_store_options, INT32, addressing),
    AT(hydra_store_options, INT32, checksum),    AT(hydra_store_options, INT32, max_tries),
    AT(hydra_store_options, INT32, insecure),    {0},
};
static const field transfer_fields[] = {
    AT(hydra_transfer_options, INT32, parallel),
    AT(hydra_transfer_options, INT64, part_bytes),
    AT(hydra_transfer_options, INT64, threshold_bytes),
    AT(hydra_transfer_options, TEXT, content_type),
    AT(hydra_transfer_options, TEXT, cache_control),
    AT(hydra_transfer_options, TEXT, content_disposition),
    AT(hydra_transfer_options, TEXT, content_encoding),
    AT(hydra_transfer_options, TEXT, acl),
    AT(hydra_transfer_options, TEXT, storage_class),
    AT(hydra_transfer_options, TEXT, bucket_owner),
    AT(hydra_transfer_options, INT32, sse),
    AT(hydra_transfer_options, INT32, when_exists),
    AT(hydra_transfer_options, TEXT, sse_key_id),
    AT(hydra_transfer_options, TEXT, sse_customer_key),
    AT(hydra_transfer_options, INT64, presign_s),
    AT(hydra_transfer_options, INT64, deadline_us),
    {0},
};
static const field policy_fields[] = {
    AT(hydra_policy, INT32, files),
    AT(hydra_policy, INT32, schemes),
    AT(hydra_policy, INT64, max_image_bytes),
    AT(hydra_policy, INT32, private_networks),
    AT(hydra_policy, INT32, max_redirects),
    AT(hydra_policy, INT64, max_fetch_bytes),
    {0},
};

static void fill(void *options, const field *fields, const json_t *values)
{
    for (const field *f = fields; f->name; f++) {
        const json_t *value = json_object_get(values, f->name);
        char *place = (char *)options + f->offset;
        if (!value) {
            continue;
        }
        if (f->kind == TEXT) {
            const char *text = json_string_value(value);
            memcpy(place, &text, sizeof text);
        } else if (f->kind == INT32) {
            int32_t number = (int32_t)json_integer_value(value);
            memcpy(place, &number, sizeof number);
        } else {
            int64_t number = json_integer_value(value);
            memcpy(place, &number, sizeof number);
        }
    }
}

static int32_t read_pairs(json_t *object, hydra_pair *pairs)
{
    int32_t count = 0;
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (count < MAX_PAIRS) {
            pairs[count++] = (hydra_pair){name, json_string_value(value)};
        }
    }
    return count;
}

static int32_t read_names(const json_t *array, const char **names)
{
    int32_t count = 0;
    for (size_t i = 0; i < json_array_size(array) && i < MAX_NAMES; i++) {
        names[count++] = json_string_value(json_array_get(array, i));
    }
    return count;
}

typedef struct transfer {
    hydra_transfer_options options;
    hydra_pair metadata[MAX_PAIRS];
    hydra_pair tags[MAX_PAIRS];
} transfer;

/* NULL where the command says nothing. */
static const hydra_transfer_options *read_transfer(transfer *t, const json_t *command)
{
    const json_t *values = json_object_get(command, "transfer");
    if (!values) {
        return NULL;
    }
    hydra_transfer_options_init(&t->options);
    fill(&t->options, transfer_fields, values);
    t->options.metadata = t->metadata;
    t->options.metadata_count = read_pairs(json_object_get(values, "metadata"), t->metadata);
    t->options.tags = t->tags;
    t->options.tag_count = read_pairs(json_object_get(values, "tags"), t->tags);
    return &t->options;
}

static const char *text_of(const json_t *command, const char *name)
{
    return json_string_value(json_object_get(command, name));
}

static int64_t number_of(const json_t *command, const char *name, int64_t otherwise)
{
    const json_t *value = json_object_get(command, name);
    return value ? json_integer_value(value) : otherwise;
}

/* ---- Results ---- */

static void set_text(json_t *result, const char *name, const char *text)
{
    json_object_set_new(result, name, json_string_nocheck(text ? text : ""));
}

static void set_object(json_t *result, const hydra_object *object)
{
    json_t *o = json_object();
    set_text(o, "bucket", object->bucket);
    set_text(o, "key", object->key);
    set_text(o, "url", object->url);
    set_text(o, "presigned_url", object->presigned_url);
    set_text(o, "etag", object->etag);
    set_text(o, "checksum", object->checksum);
    set_text(o, "content_type", object->content_type);
    json_object_set_new(o, "bytes", json_integer(object->bytes));
    json_object_set_new(o, "parts", json_integer(object->parts));
    json_object_set_new(o, "retries", json_integer(object->retries));
    json_object_set_new(o, "verified", json_integer(object->verified));
    json_object_set_new(o, "last_modified_s", json_integer(object->last_modified_s));
    json_object_set_new(o, "url_ready_us", json_integer(object->url_ready_us));
    json_object_set_new(result, "object", o);
}

/* ---- Commands on a store ---- */

static void close_all(void)
{
    pthread_mutex_lock(&driver.lock);
    hydra_store *store = driver.store;
    driver.store = NULL;
    pthread_mutex_unlock(&driver.lock);
    hydra_store_free(store);
    hydra_context_free(driver.context);
    driver.context = NULL;
}

static hydra_status do_open(const json_t *command, json_t *result)
{
    (void)result;
    close_all();
    hydra_store_options store;
    hydra_store_options_init(&store);
    fill(&store, store_fields, json_object_get(command, "options"));
    const json_t *limits = json_object_get(command, "policy");
    hydra_policy policy;
    hydra_policy_preset(&policy, (int32_t)number_of(limits, "preset", HYDRA_POLICY_LOCAL));
    fill(&policy, policy_fields, limits);
    const char *networks[MAX_NAMES];
    const char *hosts[MAX_NAMES];
    policy.network_count = read_names(json_object_get(limits, "networks"), networks);
    policy.networks = policy.network_count > 0 ? networks : NULL;
    policy.host_count = read_names(json_object_get(limits, "hosts"), hosts);
    policy.hosts = policy.host_count > 0 ? hosts : NULL;
    hydra_context_options options;
    hydra_context_options_init(&options);
    options.policy = &policy;
    options.store = &store;
    hydra_status status = hydra_context_new(&options, &driver.context);
    if (status == HYDRA_OK) {
        pthread_mutex_lock(&driver.lock);
        status = hydra_store_new(driver.context, NULL, &driver.store);
        pthread_mutex_unlock(&driver.lock);
    }
    return status;
}

static hydra_status do_put(const json_t *command, json_t *result)
{
    transfer t;
    hydra_object object = {.struct_size = sizeof object};
    const json_t *data = json_object_get(command, "data");
    hydra_status status =
        hydra_store_put(driver.store, text_of(command, "uri"), json_string_value(data),
                        json_string_length(data), read_transfer(&t, command), &object);
    if (status == HYDRA_OK) {
        set_object(result, &object);
    }
    return status;
}

static hydra_status do_put_file(const json_t *command, json_t *result)
{
    transfer t;
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status =
        hydra_store_put_file(driver.store, text_of(command, "uri"), text_of(command, "path"),
                             read_transfer(&t, command), &object);
    if (status == HYDRA_OK) {
        set_object(result, &object);
    }
    return status;
}

/* The bytes go into the file "path". */
static hydra_status do_get(const json_t *command, json_t *result)
{
    const void *data = NULL;
    size_t size = 0;
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status =
        hydra_store_get(driver.store, text_of(command, "uri"), number_of(command, "offset", 0),
                        number_of(command, "length", HYDRA_AUTO), &data, &size, &object);
    if (status != HYDRA_OK) {
        return status;
    }
    FILE *file = fopen(text_of(command, "path"), "wb");
    bool written = file && fwrite(data, 1, size, file) == size;
    written = file && fclose(file) == 0 && written;
    set_object(result, &object);
    return written ? HYDRA_OK : HYDRA_ERR_IO;
}

static hydra_status do_get_file(const json_t *command, json_t *result)
{
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status = hydra_store_get_file(driver.store, text_of(command, "uri"),
                                               text_of(command, "path"), &object);
    if (status == HYDRA_OK) {
        set_object(result, &object);
    }
    return status;
}

static hydra_status do_head(const json_t *command, json_t *result)
{
    hydra_object object = {.struct_size = sizeof object};
    hydra_status status = hydra_store_head(driver.store, text_of(command, "uri"), &object);
    if (status == HYDRA_OK) {
        set_object(result, &object);
    }
    return status;
}

static hydra_status do_delete(const json_t *command, json_t *result)
{
    (void)result;
    return hydra_store_delete(driver.store, text_of(command, "uri"));
}

static hydra_status do_presign(const json_t *command, json_t *result)
{
    const char *url = NULL;
    hydra_status status =
        hydra_store_presign(driver.store, text_of(command, "method"), text_of(command, "uri"),
                            number_of(command, "expires_s", 60), &url);
    if (status == HYDRA_OK) {
        set_text(result, "presigned_url", url);
    }
    return status;
}

/* ---- Videos ---- */

#define SIDE_PX     512
#define BMP_HEAD    54
#define IMAGE_BYTES (BMP_HEAD + SIDE_PX * SIDE_PX * 3)

static void put_le32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* A BMP of one colour, or of noise, which makes large videos. */
static uint8_t *make_image(uint32_t number, bool noise)
{
    uint8_t *image = calloc(1, IMAGE_BYTES);
    if (!image) {
        return NULL;
    }
    memcpy(image, "BM", 2);
    put_le32(image + 2, IMAGE_BYTES);
    put_le32(image + 10, BMP_HEAD);
    put_le32(image + 14, 40);
    put_le32(image + 18, SIDE_PX);
    put_le32(image + 22, SIDE_PX);
    put_le32(image + 26, 1 | 24 << 16); /* one plane, 24 bits */
    uint32_t state = number * 2654435761U + 1;
    for (size_t i = BMP_HEAD; i < IMAGE_BYTES; i++) {
        state = noise ? state * 1664525 + 1013904223 : state;
        image[i] = (uint8_t)(state >> (noise ? 24 : 8 * (i % 3)));
    }
    return image;
}

static hydra_status add_images(hydra_compose *c, const json_t *command)
{
    hydra_image_options options;
    hydra_image_options_init(&options);
    options.duration_us = number_of(command, "image_ms", 500) * 1000;
    hydra_status status = HYDRA_OK;
    int64_t images = number_of(command, "images", 0);
    for (int64_t i = 0; i < images && status == HYDRA_OK; i++) {
        uint8_t *image = make_image((uint32_t)i, json_is_true(json_object_get(command, "noise")));
        status = image ? hydra_compose_add_image_memory(c, image, IMAGE_BYTES, NULL, &options)
                       : HYDRA_ERR_MEMORY;
        free(image);
    }
    const json_t *sources = json_object_get(command, "sources");
    for (size_t i = 0; i < json_array_size(sources) && status == HYDRA_OK; i++) {
        status =
            hydra_compose_add_image(c, json_string_value(json_array_get(sources, i)), &options);
    }
    return status;
}

static hydra_status describe(hydra_compose *c, const json_t *command)
{
    hydra_canvas_options canvas;
    hydra_canvas_options_init(&canvas);
    canvas.width_px = (int32_t)number_of(command, "side", 64);
    canvas.height_px = canvas.width_px;
    canvas.fps_num = (int32_t)number_of(command, "fps", 10);
    hydra_status status = hydra_compose_set_canvas(c, &canvas);
    if (status == HYDRA_OK) {
        hydra_render_options output;
        hydra_render_options_init(&output);
        output.profile = HYDRA_PROFILE_DRAFT;
        output.video_bitrate_kbps = (int32_t)number_of(command, "kbps", 0);
        status = hydra_compose_set_output(c, &output);
    }
    return status == HYDRA_OK ? add_images(c, command) : status;
}

static void set_warnings(json_t *result, hydra_render *render)
{
    json_t *texts = json_array();
    hydra_event event = {.struct_size = sizeof event};
    do {
        (void)hydra_render_next_event(render, &event);
        if (event.kind == HYDRA_EVENT_WARNING) {
            json_array_append_new(texts, json_string_nocheck(event.text));
        }
    } while (event.kind != HYDRA_EVENT_NONE);
    json_object_set_new(result, "warnings", texts);
}

/* A job, so that it can be cancelled. */
static hydra_status run_job(hydra_compose *c, const char *uri, json_t *result)
{
    hydra_render *render = NULL;
    hydra_status status = hydra_render_start(c, uri, NULL, &render);
    if (status != HYDRA_OK) {
        set_text(result, "error", hydra_compose_error(c));
        return status;
    }
    pthread_mutex_lock(&driver.lock);
    driver.render = render;
    pthread_mutex_unlock(&driver.lock);
    status = hydra_render_wait(render, -1);
    pthread_mutex_lock(&driver.lock);
    driver.render = NULL;
    pthread_mutex_unlock(&driver.lock);
    hydra_object object = {.struct_size = sizeof object};
    if (status == HYDRA_OK && hydra_render_object(render, &object) == HYDRA_OK) {
        set_object(result, &object);
    }
    set_text(result, "error", hydra_render_error(render));
    set_warnings(result, render);
    hydra_render_free(render);
    return status;
}

/* Without "uri": a render to memory, which shows what became of the sources. With "path": a render
 * to that file, which is uploaded then. With "blocking": straight into the store, but in one
 * call. Else a job. */
static hydra_status do_compose(const json_t *command, json_t *result)
{
    transfer t;
    const char *uri = text_of(command, "uri");
    const hydra_transfer_options *options = read_transfer(&t, command);
    hydra_compose *c = NULL;
    hydra_status status = hydra_compose_new(driver.context, &c);
    if (status != HYDRA_OK) {
        return status;
    }
    status = describe(c, command);
    bool blocking = text_of(command, "path") || json_is_true(json_object_get(command, "blocking"));
    if (status == HYDRA_OK && !uri) {
        status = hydra_compose_render_memory(c, NULL);
    } else if (status == HYDRA_OK && blocking) {
        status = text_of(command, "path") ? hydra_compose_render(c, text_of(command, "path"), NULL)
                                          : HYDRA_OK;
        hydra_object object = {.struct_size = sizeof object};
        status = status == HYDRA_OK ? hydra_compose_upload(c, uri, options) : status;
        if (status == HYDRA_OK && hydra_compose_object(c, &object) == HYDRA_OK) {
            set_object(result, &object);
        }
    } else if (status == HYDRA_OK) {
        status = hydra_compose_set_transfer(c, options);
        status = status == HYDRA_OK ? run_job(c, uri, result) : status;
    }
    if (!json_object_get(result, "error")) {
        set_text(result, "error", hydra_compose_error(c));
    }
    hydra_compose_free(c);
    return status;
}

/* ---- The loop ---- */

static const struct {
    const char *name;
    hydra_status (*run)(const json_t *command, json_t *result);
    bool on_store;
} commands[] = {
    {"open", do_open, false},        {"put", do_put, true},
    {"get", do_get, true},           {"put_file", do_put_file, true},
    {"get_file", do_get_file, true}, {"head", do_head, true},
    {"delete", do_delete, true},     {"presign", do_presign, true},
    {"compose", do_compose, false},
};

static int64_t now_us(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000LL + time.tv_nsec / 1000;
}

static void answer(const json_t *command)
{
    const char *op = text_of(command, "op");
    hydra_status status = HYDRA_ERR_UNSUPPORTED;
    json_t *result = json_object();
    int64_t start = now_us();
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (!op || strcmp(commands[i].name, op) != 0) {
            continue;
        }
        bool ready = !commands[i].on_store || driver.store;
        status = ready ? commands[i].run(command, result) : HYDRA_ERR_STATE;
        if (status != HYDRA_OK && commands[i].on_store) {
            set_text(result, "error", hydra_store_error(driver.store));
        }
        if (commands[i].on_store && *hydra_store_warning(driver.store)) {
            set_text(result, "warning", hydra_store_warning(driver.store));
        }
    }
    json_object_set_new(result, "ms", json_integer((now_us() - start) / 1000));
    set_text(result, "status", hydra_status_name(status));
    json_dumpf(result, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(result);
}

static json_t *next_command(void)
{
    pthread_mutex_lock(&driver.lock);
    while (json_array_size(driver.queue) == 0 && !driver.ended) {
        pthread_cond_wait(&driver.changed, &driver.lock);
    }
    json_t *command = json_incref(json_array_get(driver.queue, 0));
    json_array_remove(driver.queue, 0);
    pthread_mutex_unlock(&driver.lock);
    return command;
}

static void *work(void *unused)
{
    (void)unused;
    json_t *command;
    while ((command = next_command())) {
        answer(command);
        json_decref(command);
    }
    close_all();
    return NULL;
}

static void cancel_all(void)
{
    pthread_mutex_lock(&driver.lock);
    /* The next call of a store would be cancelled as well: only one of the two is meant. */
    if (driver.render) {
        hydra_render_cancel(driver.render);
    } else {
        hydra_store_cancel(driver.store);
    }
    pthread_mutex_unlock(&driver.lock);
}

static void on_term(int number)
{
    (void)number; /* it ends getline */
}

/* False: there are no more. */
static bool read_command(char **line, size_t *capacity)
{
    if (getline(line, capacity, stdin) < 0) {
        return false;
    }
    json_t *command = json_loads(*line, 0, NULL);
    const char *op = command ? text_of(command, "op") : NULL;
    if (op && strcmp(op, "cancel") == 0) {
        cancel_all();
    } else if (command) {
        pthread_mutex_lock(&driver.lock);
        json_array_append(driver.queue, command);
        pthread_cond_signal(&driver.changed);
        pthread_mutex_unlock(&driver.lock);
    }
    json_decref(command);
    return command != NULL;
}

int main(void)
{
    sigset_t term;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, NULL);
    pthread_t worker;
    driver.queue = json_array();
    if (!driver.queue || pthread_create(&worker, NULL, work, NULL) != 0) {
        return 1;
    }
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    pthread_sigmask(SIG_UNBLOCK, &term, NULL);
    char *line = NULL;
    size_t capacity = 0;
    while (read_command(&line, &capacity)) {
    }
    /* The end of stdin lets the rest be done; a signal does not. */
    if (!feof(stdin)) {
        cancel_all();
    }
    pthread_mutex_lock(&driver.lock);
    driver.ended = true;
    if (!feof(stdin)) {
        json_array_clear(driver.queue);
    }
    pthread_cond_signal(&driver.changed);
    pthread_mutex_unlock(&driver.lock);
    pthread_join(worker, NULL);
    json_decref(driver.queue);
    free(line);
    return 0;
}
