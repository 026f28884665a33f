/* SPDX-License-Identifier: MIT */
/* Names and sentences of statuses, the version, the features. */
#include "support.h"

#include <stdio.h>
#include <string.h>

#include <hydra/status.h>
#include <hydra/version.h>

static void every_status_has_a_name_and_a_sentence(void **state)
{
    (void)state;
    for (hydra_status status = HYDRA_OK; status >= HYDRA_ERR_EXISTS; status--) {
        const char *name = hydra_status_name(status);
        assert_int_equal(strncmp(name, "HYDRA_", 6), 0);
        assert_string_not_equal(name, "HYDRA_UNKNOWN");
        const char *text = hydra_status_text(status);
        assert_string_not_equal(text, hydra_status_text(1));
        assert_int_equal(text[strlen(text) - 1], '.');
    }
}

static void names_and_sentences_are_all_different(void **state)
{
    (void)state;
    for (hydra_status a = HYDRA_OK; a >= HYDRA_ERR_EXISTS; a--) {
        for (hydra_status b = a - 1; b >= HYDRA_ERR_EXISTS; b--) {
            assert_string_not_equal(hydra_status_name(a), hydra_status_name(b));
            assert_string_not_equal(hydra_status_text(a), hydra_status_text(b));
        }
    }
}

static void numbers_without_a_meaning_are_named_so(void **state)
{
    (void)state;
    const hydra_status numbers[] = {1, HYDRA_ERR_EXISTS - 1, INT32_MIN, INT32_MAX};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_string_equal(hydra_status_name(numbers[i]), "HYDRA_UNKNOWN");
        assert_string_equal(hydra_status_text(numbers[i]), "Unknown status.");
    }
}

static void numbers_never_change(void **state)
{
    (void)state;
    assert_string_equal(hydra_status_name(0), "HYDRA_OK");
    assert_string_equal(hydra_status_name(-1), "HYDRA_ERR_ARGUMENT");
    assert_string_equal(hydra_status_name(-8), "HYDRA_ERR_FORMAT");
    assert_string_equal(hydra_status_name(-13), "HYDRA_ERR_INTERNAL");
}

static void version_number_and_text_agree(void **state)
{
    (void)state;
    char text[32];
    int32_t version = hydra_version();
    (void)snprintf(text, sizeof text, "%d.%d.%d", version / 1000000, version / 1000 % 1000,
                   version % 1000);
    assert_int_equal(version, HYDRA_VERSION);
    assert_string_equal(hydra_version_text(), text);
}

static void features_are_known_by_name(void **state)
{
    (void)state;
    assert_int_equal(hydra_has_feature("x264"), HY_HAVE_X264);
    assert_int_equal(hydra_has_feature("nvenc"), HY_HAVE_NVENC);
    assert_int_equal(hydra_has_feature("x265"), HY_HAVE_X265);
    assert_int_equal(hydra_has_feature("heif"), HY_HAVE_HEIF);
    assert_int_equal(hydra_has_feature("teleport"), 0);
    assert_int_equal(hydra_has_feature(""), 0);
    assert_int_equal(hydra_has_feature(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name_and_a_sentence),
        cmocka_unit_test(names_and_sentences_are_all_different),
        cmocka_unit_test(numbers_without_a_meaning_are_named_so),
        cmocka_unit_test(numbers_never_change),
        cmocka_unit_test(version_number_and_text_agree),
        cmocka_unit_test(features_are_known_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
