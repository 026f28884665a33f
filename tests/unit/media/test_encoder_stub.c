/* SPDX-License-Identifier: MIT */
/* What a build without x264 says; the stub is compiled in here under another name. */
#define hy_encoder_x264 stub_encoder

#include "media/encoder_x264_stub.c" /* NOLINT(bugprone-suspicious-include) */

#include "clip.h"

static void stub_says_why_and_what_to_do(void **state)
{
    (void)state;
    hy_diag diag = {0};
    hy_encoder_config config = clip_config((hy_rate){25, 1}, HYDRA_PROFILE_DEFAULT);
    hy_encoder *encoder = NULL;
    assert_int_equal(stub_encoder.id, HYDRA_ENCODER_X264);
    assert_non_null(strstr(stub_encoder.probe(), "-Dx264=enabled"));
    assert_failed(stub_encoder.open(&config, &encoder, &diag), HYDRA_ERR_UNSUPPORTED, &diag,
                  "-Dx264=enabled");
    assert_null(encoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stub_says_why_and_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
