/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out at every allocation of a client, an upload in parts and a download, one at a
 * time: nothing leaks, no upload stays open that the server could be told of, and what is called
 * done is done. The store is a process of its own, whose allocations never fail.
 */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hydra/compose.h>

#include "alloc_faults.h"
#include "s3/s3.h"
#include "store.h"
#include "support.h"

#define PART ((int64_t)64 << 10)
#define SIZE (3 * PART + 1)

/* ---- The store ---- */

static pid_t server;
static int asks;    /* to it, a byte a question */
static int answers; /* of it */
static char url[64];

static char whole_object(store *s)
{
    const uint8_t *data = NULL;
    size_t size = 0;
    if (!store_object(s, &data, &size)) {
        return '0';
    }
    return size == SIZE && store_is_pattern(data, size) ? '1' : 'x';
}

static _Noreturn void serve(int questions, int replies)
{
    char question = 0;
    store *s = store_new(NULL, NULL);
    char text[sizeof url] = {0};
    (void)snprintf(text, sizeof text, "%s", store_url(s));
    bool well = write(replies, text, sizeof text) == (ssize_t)sizeof text;
    while (well && read(questions, &question, 1) == 1) {
        char answer = question == 'u' ? (char)('0' + store_open_uploads(s)) : whole_object(s);
        well = write(replies, &answer, 1) == 1;
    }
    _exit(0);
}

static int start_server(void **state)
{
    (void)state;
    int to[2];
    int from[2];
    assert_int_equal(pipe(to), 0);
    assert_int_equal(pipe(from), 0);
    server = fork();
    if (server == 0) {
        (void)close(to[1]);
        (void)close(from[0]);
        serve(to[0], from[1]);
    }
    (void)close(to[0]);
    (void)close(from[1]);
    asks = to[1];
    answers = from[0];
    assert_int_equal(read(answers, url, sizeof url), sizeof url);
    return 0;
}

static int stop_server(void **state)
{
    (void)state;
    (void)close(asks);
    (void)close(answers);
    return waitpid(server, NULL, 0) == server ? 0 : -1;
}

static char ask(char question)
{
    char answer = 0;
    assert_int_equal(write(asks, &question, 1), 1);
    assert_int_equal(read(answers, &answer, 1), 1);
    return answer;
}

/* ---- What is done ---- */

static hydra_status upload(hy_s3 *s3, hy_diag *diag)
{
    hydra_transfer_options transfer;
    hy_s3_transfer_defaults(&transfer);
    transfer.part_bytes = PART;
    transfer.threshold_bytes = PART;
    transfer.parallel = 2;
    const hy_s3_sink_options options = {
        .bucket = "my-bucket", .key = "key", .transfer = &transfer, .content_type = "video/mp4"};
    hy_s3_upload_result result = {0};
    bool was_open = ask('u') != '0'; /* one that an earlier run has told of */
    hydra_status status = hy_s3_upload(s3, &options, store_read_pattern, NULL, SIZE, &result, diag);
    if (status == HYDRA_OK) {
        assert_int_equal(result.parts, 4);
        assert_true(result.verified);
        assert_int_equal(ask('o'), '1');
    }
    bool is_open = ask('u') != '0';
    if (is_open && !was_open && !strstr(diag->text, "may stay in the bucket")) {
        fail_msg("an upload is left: %s", diag->text);
    }
    hy_s3_upload_result_free(&result);
    return status;
}

static hydra_status download(hy_s3 *s3, hy_diag *diag)
{
    const hy_s3_get_call get = {.bucket = "my-bucket", .key = "key", .length = HYDRA_AUTO};
    hy_buffer out = {0};
    hy_s3_object object = {0};
    hydra_status status = hy_s3_get(s3, &get, &out, &object, diag);
    if (status == HYDRA_OK) {
        assert_true(object.verified);
        assert_int_equal(out.size, SIZE);
        hy_s3_object_free(&object);
        hy_buffer_free(&out);
    }
    assert_null(out.data);
    return status;
}

static hydra_status with_client(hydra_status (*act)(hy_s3 *s3, hy_diag *diag), hy_diag *diag)
{
    hy_http *http = NULL;
    hy_s3 *s3 = NULL;
    hydra_status status = store_connect(url, &http, &s3, diag);
    if (status == HYDRA_OK) {
        status = act(s3, diag);
    }
    hy_s3_free(s3);
    hy_http_free(http);
    return status;
}

/* What can do without goes on: then it must be done all the same. */
static void fail_each_allocation(hydra_status (*act)(hy_s3 *s3, hy_diag *diag))
{
    bool failed = true;
    int nth = 0;
    while (failed) {
        int blocks = test_live_blocks();
        hy_diag diag = {0};
        test_fail_allocation(++nth);
        hydra_status status = with_client(act, &diag);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (test_live_blocks() != blocks) {
            fail_msg("allocation %d: %d blocks are left", nth, test_live_blocks() - blocks);
        }
        if (status != HYDRA_OK) {
            if (!failed) {
                fail_msg("%s", diag.text);
            }
            assert_failed(status, HYDRA_ERR_MEMORY, &diag, "out of memory");
        }
    }
    assert_true(nth > 100);
    print_message("%d allocations\n", nth - 1);
}

static void test_upload(void **state)
{
    (void)state;
    fail_each_allocation(upload);
}

static void test_download(void **state)
{
    (void)state;
    fail_each_allocation(download);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_upload),
        cmocka_unit_test(test_download),
    };
    return cmocka_run_group_tests(tests, start_server, stop_server);
}
