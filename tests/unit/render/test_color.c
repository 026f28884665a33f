/* SPDX-License-Identifier: MIT */
/* Colour from photo to decoded video: eight patches within two levels. */
#include "patches.h"

static void test_patches_survive(void **state)
{
    (void)state;
    for (int32_t profile = HYDRA_PROFILE_DRAFT; profile <= HYDRA_PROFILE_BEST; profile++) {
        hydra_render_options options;
        hydra_render_options_init(&options);
        options.profile = profile;
        int worst = patches_render(&options);
        print_message("profile %d: worst patch is off by %d levels\n", (int)profile, worst);
        assert_true(worst <= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patches_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
