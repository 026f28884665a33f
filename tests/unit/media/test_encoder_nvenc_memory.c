/* SPDX-License-Identifier: MIT */
/* Each allocation that a GPU needs made to fail, one at a time: what fails says so, leaves nothing,
 * and works the next time. */
#include "alloc_faults.h"
#include "nvenc_case.h"

#define SOME 12

static hydra_status code_some(hy_encoder *encoder, hy_picture *picture, hy_diag *diag)
{
    hydra_status status = HYDRA_OK;
    for (int64_t n = 0; status == HYDRA_OK && n <= SOME; n++) {
        bool got = true;
        hy_packet packet;
        status = encoder->ops->send(encoder, n < SOME ? picture : NULL, n, n == 0, diag);
        while (status == HYDRA_OK && got) {
            status = encoder->ops->receive(encoder, &packet, &got, diag);
        }
    }
    return status;
}

/* From the first look at the driver to the last packet. `finding`: of the encoder, or its open. */
static hydra_status whole_run(hy_gpu *gpu, hy_picture *picture, int32_t *finding, hy_diag *diag)
{
    hy_encoder *encoder = NULL;
    hy_encoder_config config = default_config(gpu);
    config.finding = finding;
    *finding = HYDRA_PROBE_OK;
    hydra_status status = hy_encoder_nvenc.open(&config, &encoder, diag);
    if (status == HYDRA_OK) {
        status = code_some(encoder, picture, diag);
        *finding = encoder->finding;
        encoder->ops->close(encoder);
    }
    return status;
}

static void no_allocation_is_held_against_a_gpu(void **state)
{
    (void)state;
    hy_picture *picture = new_picture(WIDTH, HEIGHT);
    draw(picture, 0);
    int refused = 0;
    int nth = 0;
    for (bool failed = true; failed;) {
        hy_diag diag = {0};
        hy_gpu_fault fault;
        int32_t finding;
        hy_gpu *gpu = gpu_new(NULL, 3);
        int blocks = test_live_blocks();
        test_fail_allocation(++nth);
        hydra_status status = whole_run(gpu, picture, &finding, &diag);
        failed = test_allocation_failed();
        test_fail_allocation(0);
        if (finding != HYDRA_PROBE_OK) { /* it was in the way of the GPU itself */
            if (!strstr(diag.text, "no memory")) {
                fail_msg("allocation %d: finding %d, %s", nth, (int)finding, diag.text);
            }
        } else {
            assert_true(status == HYDRA_OK || status == HYDRA_ERR_MEMORY);
        }
        refused += status != HYDRA_OK;
        assert_int_equal(hy_gpu_available(gpu, HYDRA_CODEC_H264, &fault), HYDRA_PROBE_OK);
        diag = (hy_diag){0};
        assert_ok(whole_run(gpu, picture, &finding, &diag), &diag);
        hy_gpu_unref(gpu);
        assert_nothing_left();
        assert_true(test_live_blocks() < blocks); /* the GPUs are gone, too */
    }
    assert_true(refused > 10);
    hy_picture_free(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_allocation_is_held_against_a_gpu, standin_reset),
    };
    return cmocka_run_group_tests(tests, standin_open, NULL);
}
