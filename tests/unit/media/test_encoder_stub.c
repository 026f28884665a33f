/* SPDX-License-Identifier: MIT */
/* What a build without x264 or x265 says; the stubs are compiled in here under other names. */
#define hy_encoder_x264 stub_x264
#define hy_encoder_x265 stub_x265

#include "media/encoder_x264_stub.c" /* NOLINT(bugprone-suspicious-include) */

#define stub_probe    x265_stub_probe
#define stub_open     x265_stub_open
#define stub_estimate x265_stub_estimate

#include "media/encoder_x265_stub.c" /* NOLINT(bugprone-suspicious-include) */

#include "clip.h"

static void stubs_say_why_and_what_to_do(void **state)
{
    (void)state;
    static const struct {
        const hy_encoder_ops *ops;
        int32_t id;
        const char *advice;
    } stubs[] = {
        {&stub_x264, HYDRA_ENCODER_X264, "-Dx264=enabled"},
        {&stub_x265, HYDRA_ENCODER_X265, "-Dx265=enabled"},
    };
    hy_encoder_config config = clip_config((hy_rate){25, 1}, HYDRA_PROFILE_DEFAULT);
    for (size_t i = 0; i < sizeof stubs / sizeof stubs[0]; i++) {
        const hy_encoder_ops *ops = stubs[i].ops;
        hy_diag diag = {0};
        hy_encoder *encoder = NULL;
        hy_encoder_cost cost;
        assert_int_equal(ops->id, stubs[i].id);
        assert_non_null(strstr(ops->probe(), stubs[i].advice));
        assert_failed(ops->open(&config, &encoder, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                      stubs[i].advice);
        assert_null(encoder);
        hy_diag_clear(&diag);
        assert_failed(ops->estimate(&config, 1, &cost, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                      stubs[i].advice);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stubs_say_why_and_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
