/* SPDX-License-Identifier: MIT */
/* Decoding ends as soon as its rows are refused. */
#include <stdlib.h>
#include <string.h>

#include "media.h"
#include "support.h"

#define W 90
#define H 70

/* Takes as many calls as it is told, then refuses. */
typedef struct refuser {
    int left;
    int calls_after;
    hy_diag *diag;
} refuser;

static hydra_status refuse(void *user, const void *rows, ptrdiff_t stride_bytes, int32_t count)
{
    refuser *r = user;
    (void)rows;
    (void)stride_bytes;
    (void)count;
    r->calls_after += r->left < 0;
    return r->left-- > 0 ? HYDRA_OK : hy_fail(r->diag, HYDRA_ERR_CANCELLED, "no more");
}

static void check_refusing(const test_file *file, int calls)
{
    hydra_policy policy;
    hydra_policy_init(&policy);
    hy_photo *photo;
    hy_diag diag = {0};
    refuser r = {.left = calls, .diag = &diag};
    assert_ok(hy_photo_open(file->data, file->size, "a", &policy, &photo, &diag), &diag);
    assert_failed(hy_photo_decode(photo, refuse, &r, &diag), HYDRA_ERR_CANCELLED, &diag, "no more");
    assert_int_equal(r.left, -1);
    assert_int_equal(r.calls_after, 0);
    hy_photo_close(photo);
}

static void stops_when_rows_are_refused(void **state)
{
    (void)state;
    const test_jpeg progressive = {.kind = TEST_JPEG_YCBCR, .progressive = true};
    uint8_t *rgb = test_gradient(W, H);
    uint8_t *grey = calloc(W, H);
    test_file files[] = {
        test_make_jpeg(rgb, W, H, NULL),
        test_make_jpeg(rgb, W, H, &progressive),
        test_make_picture("png", "rgb24", rgb, W, H, NULL),
        test_make_picture("gif", "gray", grey, W, H, NULL),
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        check_refusing(&files[i], 0);
        if (i != 2) { /* handed out as a whole */
            check_refusing(&files[i], 2);
        }
        test_file_free(&files[i]);
    }
    free(grey);
    free(rgb);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_when_rows_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
