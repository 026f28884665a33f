/* SPDX-License-Identifier: MIT */
/*
 * Fetching ahead. An item is one URL; images that show the same one share it. Threads take the item
 * that is needed next as long as the window has room; the image at the playhead always has, so the
 * job's own thread, which waits for nothing else, is never kept from going on.
 */
#include "render/remote.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A cancelled job wakes nobody: who waits looks this often. */
#define SLICE_US 20000

typedef enum item_state {
    ITEM_IDLE, /* not here: not yet, or not any more */
    ITEM_LOADING,
    ITEM_LOADED,
    ITEM_FAILED
} item_state;

typedef struct item {
    const hy_source *source; /* of the project; the first that has this URL */
    item_state state;
    hy_blob *blob; /* while loaded */
    int64_t bytes; /* of blob */
    hy_diag diag;  /* while failed */
} item;

struct hy_remote {
    const hy_fetcher *fetcher;
    const hydra_policy *policy;
    const hy_cancel *job_cancel;
    hy_meter *meter;
    hy_remote_want want;
    hy_cancel stop; /* of all transfers */
    pthread_t threads[HY_REMOTE_PARALLEL];
    int32_t thread_count;
    item **of_image; /* by image - want.first; NULL = not remote */

    pthread_mutex_t mutex;
    pthread_cond_t changed; /* on the monotonic clock */
    struct {                /* under mutex */
        item *items;        /* the last one is the music, if it is wanted and remote */
        int32_t item_count;
        item *audio;      /* among them, or NULL */
        int32_t playhead; /* the first image that is not done */
        int32_t loading;  /* images under way */
        int64_t held;     /* bytes of images that are here */
        int64_t largest;  /* of them so far: those under way may be as large */
        int64_t fetched;  /* bytes of everything that came */
        hy_diag failure;  /* the first one */
        bool ending;
    } locked;
};

/* ---- Which one is next ---- */

static int32_t window_end(const hy_remote *remote, int32_t image)
{
    int32_t left = remote->want.end - image;
    return image + (left < HY_REMOTE_WINDOW_IMAGES ? left : HY_REMOTE_WINDOW_IMAGES);
}

static item *item_of(const hy_remote *remote, int32_t image)
{
    bool wanted = image >= remote->want.first && image < remote->want.end;
    return wanted ? remote->of_image[image - remote->want.first] : NULL;
}

static bool has_room_locked(const hy_remote *remote)
{
    int64_t each = remote->locked.largest > HY_REMOTE_IMAGE_BYTES ? remote->locked.largest
                                                                  : HY_REMOTE_IMAGE_BYTES;
    return remote->locked.held + (remote->locked.loading + 1) * each <= HY_REMOTE_WINDOW_BYTES;
}

static item *next_locked(const hy_remote *remote)
{
    item *audio = remote->locked.audio;
    if (audio && audio->state == ITEM_IDLE) {
        return audio;
    }
    int32_t playhead = remote->locked.playhead;
    for (int32_t i = playhead; i < window_end(remote, playhead); i++) {
        item *it = item_of(remote, i);
        if (it && it->state == ITEM_IDLE) {
            return i == playhead || has_room_locked(remote) ? it : NULL;
        }
    }
    return NULL;
}

/* ---- The threads ---- */

static hydra_status fail_total(const hy_remote *remote, const item *it, hy_diag *diag)
{
    return hy_fail(diag, HYDRA_ERR_LIMIT,
                   "%s: with it, the remote sources have more than the %lld bytes that the policy "
                   "allows (max_fetch_bytes)",
                   it->source->name, (long long)remote->policy->max_fetch_bytes);
}

/* What can be known of a URL without a word to its host. */
static hydra_status check_source(const hy_fetcher *fetcher, const hydra_policy *policy,
                                 const hy_source *source, hy_diag *diag)
{
    if (!fetcher) {
        return hy_fail(diag, HYDRA_ERR_UNSUPPORTED, "%s: remote sources cannot be fetched here",
                       source->name);
    }
    hydra_status status = hy_source_check_scheme(source, policy, diag);
    return status == HYDRA_OK ? fetcher->check(fetcher, source->url, source->name, diag) : status;
}

/* An item while it is fetched, by the thread that does. */
typedef struct transfer {
    hy_meter *meter;
    int64_t metered;
    bool refused;
    hy_cancel stop; /* also when memory is out */
} transfer;

/* Bytes count as they come: several large ones under way are memory, too. */
static void meter_to(transfer *t, int64_t bytes)
{
    if (bytes < t->metered) {
        hy_meter_give(t->meter, (size_t)(t->metered - bytes));
        t->metered = bytes;
    } else if (bytes > t->metered && hy_meter_take(t->meter, (size_t)(bytes - t->metered))) {
        t->metered = bytes;
    } else if (bytes > t->metered) {
        t->refused = true;
        hy_cancel_request(&t->stop);
    }
}

static void on_received(void *user, int64_t bytes, int64_t total)
{
    (void)total;
    meter_to(user, bytes);
}

/* Fetch within what is left of the job's bytes. Not locked. */
static hydra_status load(const hy_remote *remote, const item *it, int64_t left, bool is_audio,
                         transfer *t, hy_buffer *bytes, hy_diag *diag)
{
    int64_t most = is_audio ? remote->policy->max_audio_bytes : remote->policy->max_image_bytes;
    if (left <= 0) {
        return fail_total(remote, it, diag);
    }
    hy_diag found = {0};
    hydra_status status = check_source(remote->fetcher, remote->policy, it->source, &found);
    if (status == HYDRA_OK) {
        const hy_load what = {
            .url = it->source->url,
            .name = it->source->name,
            .max_bytes = most < left ? most : left,
            .cancel = &t->stop,
            .received = on_received,
            .user = t,
        };
        status = remote->fetcher->load(remote->fetcher, &what, bytes, &found);
    }
    if (status == HYDRA_ERR_LIMIT && left < most) {
        return fail_total(remote, it, diag);
    }
    return status == HYDRA_OK ? status : hy_fail(diag, status, "%s", found.text);
}

/* As load, with what comes in the meter, of which nothing stays after a failure. Not locked. */
static hydra_status load_metered(const hy_remote *remote, const item *it, int64_t left,
                                 bool is_audio, transfer *t, hy_buffer *bytes, hy_diag *diag)
{
    t->meter = remote->meter;
    hy_cancel_init_child(&t->stop, &remote->stop, 0);
    hydra_status status = load(remote, it, left, is_audio, t, bytes, diag);
    if (status == HYDRA_OK) {
        meter_to(t, (int64_t)bytes->size);
    }
    if (t->refused) {
        hy_diag_clear(diag);
        status = hy_meter_fail(remote->meter, diag);
    }
    if (status != HYDRA_OK) {
        meter_to(t, 0);
    }
    return status;
}

static hydra_status keep_locked(hy_remote *remote, item *it, bool is_audio, hy_buffer *bytes,
                                hy_diag *diag)
{
    int64_t size = (int64_t)bytes->size;
    remote->locked.fetched += size;
    if (remote->locked.fetched > remote->policy->max_fetch_bytes) {
        return fail_total(remote, it, diag); /* several at once were within what was left */
    }
    hydra_status status = hy_blob_take(&it->blob, bytes, diag);
    if (status != HYDRA_OK) {
        return status;
    }
    it->bytes = size;
    it->state = ITEM_LOADED;
    if (!is_audio) {
        remote->locked.held += size;
        remote->locked.largest = size > remote->locked.largest ? size : remote->locked.largest;
    }
    return HYDRA_OK;
}

static void fail_locked(hy_remote *remote, item *it)
{
    it->state = ITEM_FAILED;
    if (!remote->want.keep_going && remote->locked.failure.status == HYDRA_OK &&
        !hy_cancel_requested(&remote->stop)) {
        remote->locked.failure = it->diag;
        hy_cancel_request(&remote->stop);
    }
}

static void fetch_locked(hy_remote *remote, item *it)
{
    bool is_audio = it == remote->locked.audio;
    int64_t left = remote->policy->max_fetch_bytes - remote->locked.fetched;
    it->state = ITEM_LOADING;
    remote->locked.loading += !is_audio;
    (void)pthread_mutex_unlock(&remote->mutex);
    hy_buffer bytes = {0};
    hy_diag diag = {0};
    transfer t = {0};
    hydra_status status = load_metered(remote, it, left, is_audio, &t, &bytes, &diag);
    (void)pthread_mutex_lock(&remote->mutex);
    remote->locked.loading -= !is_audio;
    if (status == HYDRA_OK) {
        status = keep_locked(remote, it, is_audio, &bytes, &diag);
    }
    if (status != HYDRA_OK) {
        meter_to(&t, 0);
        it->diag = diag;
        fail_locked(remote, it);
    }
    hy_buffer_free(&bytes);
    (void)pthread_cond_broadcast(&remote->changed);
}

static void *run(void *argument)
{
    hy_remote *remote = argument;
    (void)pthread_mutex_lock(&remote->mutex);
    while (!remote->locked.ending) {
        item *it = hy_cancel_requested(&remote->stop) ? NULL : next_locked(remote);
        if (it) {
            fetch_locked(remote, it);
        } else {
            (void)pthread_cond_wait(&remote->changed, &remote->mutex);
        }
    }
    (void)pthread_mutex_unlock(&remote->mutex);
    return NULL;
}

static hydra_status start_threads(hy_remote *remote, hy_diag *diag)
{
    int32_t most = remote->locked.item_count < HY_REMOTE_PARALLEL ? remote->locked.item_count
                                                                  : HY_REMOTE_PARALLEL;
    int error = 0;
    sigset_t before;
    hy_signals_block(&before);
    while (error == 0 && remote->thread_count < most) {
        error = pthread_create(&remote->threads[remote->thread_count], NULL, run, remote);
        remote->thread_count += error == 0;
    }
    hy_signals_restore(&before);
    /* Fewer are slower, but do. */
    return remote->thread_count > 0
               ? HYDRA_OK
               : hy_fail_errno(diag, error, "remote sources", "starting a thread");
}

/* ---- Beginning and end ---- */

static const hy_source *image_source(const hy_remote *remote, const hy_project *project,
                                     int32_t index)
{
    return &project->images[remote->want.first + index].source;
}

/* An image, to be sorted by its URL. */
typedef struct named {
    const char *url;
    int32_t index; /* from want.first on */
} named;

static int compare(const void *a, const void *b)
{
    const named *left = a;
    const named *right = b;
    int order = strcmp(left->url, right->url);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* One item for each URL; equal ones are neighbours once sorted. */
static void make_items(hy_remote *remote, const hy_project *project, named *sorted, int32_t count)
{
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    for (int32_t i = 0; i < count; i++) {
        bool is_new = i == 0 || strcmp(sorted[i].url, sorted[i - 1].url) != 0;
        if (is_new) {
            remote->locked.items[remote->locked.item_count++].source =
                image_source(remote, project, sorted[i].index);
        }
        remote->of_image[sorted[i].index] = &remote->locked.items[remote->locked.item_count - 1];
    }
    if (remote->want.audio) {
        remote->locked.audio = &remote->locked.items[remote->locked.item_count++];
        remote->locked.audio->source = &project->audio_source;
    }
}

static hydra_status collect(hy_remote *remote, const hy_project *project, hy_diag *diag)
{
    size_t images = (size_t)(remote->want.end - remote->want.first);
    remote->of_image = hy_calloc(images, sizeof *remote->of_image);
    remote->locked.items = hy_calloc(images + 1, sizeof *remote->locked.items);
    named *sorted = hy_calloc(images, sizeof *sorted);
    hydra_status status = HYDRA_OK;
    if (!remote->of_image || !remote->locked.items || !sorted) {
        status = hy_fail_memory(diag);
    } else {
        int32_t count = 0;
        for (int32_t i = 0; i < (int32_t)images; i++) {
            const hy_source *source = image_source(remote, project, i);
            if (source->url) {
                sorted[count++] = (named){source->url, i};
            }
        }
        make_items(remote, project, sorted, count);
    }
    hy_free(sorted);
    return status;
}

/* Before anything is fetched. What is wrong with one is told when its turn comes where the others
 * go on. */
static hydra_status check_all(const hy_job *job, const hy_remote_want *want, bool *any,
                              hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    *any = false;
    for (int32_t i = want->first; status == HYDRA_OK && i < want->end + want->audio; i++) {
        const hy_source *source =
            i < want->end ? &job->project->images[i].source : &job->project->audio_source;
        *any = *any || source->url;
        if (source->url && !want->keep_going) {
            status = check_source(job->fetcher, job->policy, source, diag);
        }
    }
    return status;
}

hydra_status hy_remote_new(const hy_job *job, const hy_remote_want *want, hy_meter *meter,
                           hy_remote **out, hy_diag *diag)
{
    *out = NULL;
    bool any = false;
    hy_remote_want wanted = *want;
    wanted.audio = want->audio && job->project->has_audio && job->project->audio_source.url;
    hydra_status status = check_all(job, &wanted, &any, diag);
    if (status != HYDRA_OK || !any) {
        return status;
    }
    hy_remote *remote = hy_calloc(1, sizeof *remote);
    if (!remote) {
        return hy_fail_memory(diag);
    }
    remote->fetcher = job->fetcher;
    remote->policy = job->policy;
    remote->job_cancel = job->cancel;
    remote->meter = meter;
    remote->want = wanted;
    remote->locked.playhead = want->first;
    hy_cancel_init_child(&remote->stop, job->cancel, 0);
    (void)pthread_mutex_init(&remote->mutex, NULL);
    hy_cond_init(&remote->changed);
    status = collect(remote, job->project, diag);
    if (status == HYDRA_OK) {
        status = start_threads(remote, diag);
    }
    if (status != HYDRA_OK) {
        hy_remote_free(remote);
        return status;
    }
    *out = remote;
    return HYDRA_OK;
}

static void drop_locked(hy_remote *remote, item *it)
{
    if (it->state != ITEM_LOADED) {
        return;
    }
    hy_blob_unref(it->blob);
    hy_meter_give(remote->meter, (size_t)it->bytes);
    remote->locked.held -= it == remote->locked.audio ? 0 : it->bytes;
    it->blob = NULL;
    it->state = ITEM_IDLE;
}

void hy_remote_free(hy_remote *remote)
{
    if (!remote) {
        return;
    }
    hy_cancel_request(&remote->stop);
    (void)pthread_mutex_lock(&remote->mutex);
    remote->locked.ending = true;
    (void)pthread_cond_broadcast(&remote->changed);
    (void)pthread_mutex_unlock(&remote->mutex);
    for (int32_t i = 0; i < remote->thread_count; i++) {
        (void)pthread_join(remote->threads[i], NULL);
    }
    for (int32_t i = 0; i < remote->locked.item_count; i++) {
        drop_locked(remote, &remote->locked.items[i]);
    }
    (void)pthread_cond_destroy(&remote->changed);
    (void)pthread_mutex_destroy(&remote->mutex);
    hy_free(remote->locked.items);
    hy_free(remote->of_image);
    hy_free(remote);
}

/* ---- For the job ---- */

static hydra_status check_locked(const hy_remote *remote, hy_diag *diag)
{
    const hy_diag *failure = &remote->locked.failure;
    hydra_status status = hy_cancel_check(remote->job_cancel, diag);
    return status == HYDRA_OK && failure->status != HYDRA_OK
               ? hy_fail(diag, failure->status, "%s", failure->text)
               : status;
}

static hydra_status wait_locked(hy_remote *remote, const item *it, hy_diag *diag)
{
    hydra_status status = check_locked(remote, diag);
    while (status == HYDRA_OK && (it->state == ITEM_IDLE || it->state == ITEM_LOADING)) {
        hy_cond_sleep(&remote->changed, &remote->mutex, SLICE_US);
        status = check_locked(remote, diag);
    }
    return status == HYDRA_OK && it->state == ITEM_FAILED
               ? hy_fail(diag, it->diag.status, "%s", it->diag.text)
               : status;
}

bool hy_remote_is_there(hy_remote *remote, int32_t image)
{
    const item *it = remote ? item_of(remote, image) : NULL;
    if (!it) {
        return true;
    }
    (void)pthread_mutex_lock(&remote->mutex);
    bool is_there = it->state == ITEM_LOADED || it->state == ITEM_FAILED;
    (void)pthread_mutex_unlock(&remote->mutex);
    return is_there;
}

hydra_status hy_remote_wait(hy_remote *remote, int32_t image, hy_diag *diag)
{
    const item *it = remote ? item_of(remote, image) : NULL;
    if (!it) {
        return HYDRA_OK;
    }
    (void)pthread_mutex_lock(&remote->mutex);
    hydra_status status = wait_locked(remote, it, diag);
    (void)pthread_mutex_unlock(&remote->mutex);
    return status;
}

hydra_status hy_remote_check(hy_remote *remote, hy_diag *diag)
{
    if (!remote) {
        return HYDRA_OK;
    }
    (void)pthread_mutex_lock(&remote->mutex);
    hydra_status status = check_locked(remote, diag);
    (void)pthread_mutex_unlock(&remote->mutex);
    return status;
}

/* One of the next images shows it again. */
static bool is_used_again(const hy_remote *remote, const item *it, int32_t from)
{
    for (int32_t i = from; i < window_end(remote, from); i++) {
        if (item_of(remote, i) == it) {
            return true;
        }
    }
    return false;
}

void hy_remote_done(hy_remote *remote, int32_t image)
{
    if (!remote) {
        return;
    }
    (void)pthread_mutex_lock(&remote->mutex);
    while (remote->locked.playhead <= image) {
        item *it = item_of(remote, remote->locked.playhead++);
        if (it && !is_used_again(remote, it, image + 1)) {
            drop_locked(remote, it);
        }
    }
    (void)pthread_cond_broadcast(&remote->changed);
    (void)pthread_mutex_unlock(&remote->mutex);
}

static hydra_status open_item(hy_remote *remote, const item *it, int64_t max_bytes, hy_reader **out,
                              hy_diag *diag)
{
    (void)pthread_mutex_lock(&remote->mutex);
    hydra_status status = wait_locked(remote, it, diag);
    hy_source bytes = {.name = it->source->name};
    if (status == HYDRA_OK) {
        bytes.blob = hy_blob_ref(it->blob);
    }
    (void)pthread_mutex_unlock(&remote->mutex);
    if (status == HYDRA_OK) {
        status = hy_reader_open(&bytes, max_bytes, NULL, out, diag);
    }
    hy_blob_unref(bytes.blob);
    return status;
}

hydra_status hy_job_open_image(const hy_job *job, int32_t image, hy_reader **out, hy_diag *diag)
{
    int64_t most = job->policy->max_image_bytes;
    const item *it = job->remote ? item_of(job->remote, image) : NULL;
    return it ? open_item(job->remote, it, most, out, diag)
              : hy_reader_open(&job->project->images[image].source, most, job->policy, out, diag);
}

hydra_status hy_job_open_audio(const hy_job *job, hy_reader **out, hy_diag *diag)
{
    int64_t most = job->policy->max_audio_bytes;
    const item *it = job->remote ? job->remote->locked.audio : NULL;
    return it ? open_item(job->remote, it, most, out, diag)
              : hy_reader_open(&job->project->audio_source, most, job->policy, out, diag);
}
