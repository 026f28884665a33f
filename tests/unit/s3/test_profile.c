/* SPDX-License-Identifier: MIT */
/* Profile files: what the format means, what is refused, and where the files are looked for. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "s3/credentials.h"
#include "support.h"

static char *folder; /* a new one for each test; also HOME */

static void clear_environment(void)
{
    static const char *const names[] = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
                                        "AWS_PROFILE", "AWS_DEFAULT_PROFILE"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        unsetenv(names[i]);
    }
}

static int setup(void **state)
{
    (void)state;
    folder = test_folder_new();
    clear_environment();
    setenv("HOME", folder, 1);
    char *aws = test_path(folder, ".aws");
    assert_int_equal(mkdir(aws, 0700), 0);
    free(aws);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    clear_environment();
    test_folder_free(folder);
    return 0;
}

static void write_text(const char *name, const char *text)
{
    char *path = test_path(folder, name);
    test_write_file(path, text, strlen(text));
    free(path);
}

static hy_profile_file parse(const char *text, bool is_config)
{
    hy_diag diag = {0};
    hy_profile_file file;
    assert_ok(hy_profile_file_parse(&file, text, strlen(text), "file", is_config, &diag), &diag);
    return file;
}

static void assert_value(const hy_profile_file *file, const char *section, const char *parent,
                         const char *name, const char *expected)
{
    const char *value = hy_profile_file_find(file, HY_SECTION_PROFILE, section, parent, name);
    if (!expected) {
        assert_null(value);
    } else {
        assert_non_null(value);
        assert_string_equal(value, expected);
    }
}

static void test_settings_of_sections(void **state)
{
    (void)state;
    hy_profile_file file = parse("# a comment\n"
                                 "; another\n"
                                 "[default]\n"
                                 "region=eu-central-1\n"
                                 "  Output =  json   \r\n"
                                 "[profile two] # why\n"
                                 "\tregion = us-west-2 ; here\n"
                                 "url = http://a/#b;c\n"
                                 "[ profile   'with blank' ]\n"
                                 "region = x\n"
                                 "[profile two]\n"
                                 "extra = =1=",
                                 true);
    assert_value(&file, "default", NULL, "region", "eu-central-1");
    assert_value(&file, "two", NULL, "region", "us-west-2");
    assert_value(&file, "two", NULL, "url", "http://a/#b;c");
    assert_value(&file, "two", NULL, "extra", "=1=");
    assert_value(&file, "with blank", NULL, "region", "x");
    assert_value(&file, "three", NULL, "region", NULL);
    assert_value(&file, "two", NULL, NULL, "");
    hy_profile_file_free(&file);
}

static void test_section_names(void **state)
{
    (void)state;
    const char *text = "[one]\na=1\n[profile two]\na=2\n[default]\na=3\n[services s]\na=4\n"
                       "[sso-session two]\na=5\n[profileless]\na=6\n";
    hy_profile_file file = parse(text, true);
    assert_value(&file, "one", NULL, "a", NULL);
    assert_value(&file, "two", NULL, "a", "2");
    assert_value(&file, "default", NULL, "a", "3");
    assert_value(&file, "s", NULL, "a", NULL);
    assert_value(&file, "profileless", NULL, "a", NULL);
    hy_profile_file_free(&file);
    file = parse(text, false);
    assert_value(&file, "one", NULL, "a", "1");
    assert_value(&file, "two", NULL, "a", NULL);
    hy_profile_file_free(&file);
    file = parse("[default]\na=1\nb=1\n[profile default]\na=2\n", true);
    assert_value(&file, "default", NULL, "a", "2");
    assert_value(&file, "default", NULL, "b", NULL);
    hy_profile_file_free(&file);
}

static void test_continued_and_nested_lines(void **state)
{
    (void)state;
    hy_profile_file file = parse("[default]\n"
                                 "long = one\n"
                                 "   two # not this\n"
                                 "   # nor this\n"
                                 "\n"
                                 "\tthree\n"
                                 "s3 =\n"
                                 "  addressing_style = path\n"
                                 "  aws_access_key_id = nested\n"
                                 "region = x\n",
                                 true);
    assert_value(&file, "default", NULL, "long", "one\ntwo\nthree");
    assert_value(&file, "default", NULL, "s3", "");
    assert_value(&file, "default", "s3", "addressing_style", "path");
    assert_value(&file, "default", NULL, "addressing_style", NULL);
    assert_value(&file, "default", NULL, "aws_access_key_id", NULL);
    assert_value(&file, "default", NULL, "region", "x");
    hy_profile_file_free(&file);
    /* All indented alike: settings, not one long value. */
    file = parse("[default]\n  a = 1\n  b = 2\n", false);
    assert_value(&file, "default", NULL, "a", "1");
    assert_value(&file, "default", NULL, "b", "2");
    hy_profile_file_free(&file);
    file = parse("\xEF\xBB\xBF[default]\na = 1", false);
    assert_value(&file, "default", NULL, "a", "1");
    hy_profile_file_free(&file);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {"key = 1\n", "file: line 1: a setting outside of a section"},
        {"[a]\n\nSECRETTEXT\n", "file: line 3: neither a section nor a setting"},
        {"[a\n", "file: line 1: a section without ']'"},
        {"[a] b = SECRETTEXT\n", "file: line 1: something follows a section's name"},
        {"[  ]\n", "file: line 1: a section without a name"},
        {"[a]\n = SECRETTEXT\n", "file: line 2: a setting without a name"},
        {"[a]\ns3 =\n  SECRETTEXT\n", "file: line 3: neither a section nor a setting"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hy_diag diag = {0};
        hy_profile_file file;
        const char *text = cases[i].text;
        assert_int_equal(hy_profile_file_parse(&file, text, strlen(text), "file", false, &diag),
                         HYDRA_ERR_FORMAT);
        assert_string_equal(diag.text, cases[i].error);
        assert_null(strstr(diag.text, "SECRET"));
        assert_null(file.text);
    }
    hy_diag diag = {0};
    hy_profile_file file;
    assert_failed(hy_profile_file_parse(&file, "[a]\nb\0=c", 8, "file", false, &diag),
                  HYDRA_ERR_FORMAT, &diag, "NUL");
}

static char *setting(const char *profile, const char *name)
{
    hy_diag diag = {0};
    char *value = NULL;
    assert_ok(hy_profile_setting(profile, name, &value, &diag), &diag);
    return value;
}

static void assert_setting(const char *profile, const char *name, const char *expected)
{
    char *value = setting(profile, name);
    if (expected) {
        assert_non_null(value);
        assert_string_equal(value, expected);
    } else {
        assert_null(value);
    }
    hy_free(value);
}

static void test_settings_of_profiles(void **state)
{
    (void)state;
    assert_setting(NULL, "region", NULL); /* no files at all */
    write_text(".aws/config", "[default]\nregion = r1\nca_bundle = /c\nempty =\n"
                              "[profile two]\nregion = r2\nservices = local\ns3 =\n"
                              "  addressing_style = path\nendpoint_url = http://all\n"
                              "[services local]\ns3 =\n  endpoint_url = http://s3\n"
                              "sts =\n  endpoint_url = http://sts\n");
    write_text(".aws/credentials", "[three]\nregion = r3\n");
    assert_setting(NULL, "region", "r1");
    assert_setting(NULL, "ca_bundle", "/c");
    assert_setting(NULL, "empty", NULL);
    assert_setting("three", "region", "r3");
    assert_setting("two", "endpoint_url", "http://all");
    assert_setting("two", "services/s3 endpoint_url", "http://s3");
    assert_setting("two", "services/sts endpoint_url", "http://sts");
    assert_setting("two", "services/ec2 endpoint_url", NULL);
    assert_setting("two", "s3 addressing_style", "path");
    assert_setting(NULL, "services/s3 endpoint_url", NULL);
    setenv("AWS_DEFAULT_PROFILE", "three", 1);
    assert_setting(NULL, "region", "r3");
    setenv("AWS_PROFILE", "two", 1);
    assert_setting(NULL, "region", "r2");
    hy_diag diag = {0};
    char *value = NULL;
    assert_failed(hy_profile_setting("four", "region", &value, &diag), HYDRA_ERR_AUTH, &diag,
                  "profile \"four\"");
    assert_null(value);
}

static void test_where_the_files_are(void **state)
{
    (void)state;
    write_text(".aws/config", "[default]\nregion = home\n");
    write_text("other", "[default]\nregion = other\n");
    setenv("AWS_CONFIG_FILE", "~/other", 1);
    assert_setting(NULL, "region", "other");
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    assert_setting(NULL, "region", NULL);
    setenv("AWS_CONFIG_FILE", "/no/such/file", 1);
    assert_setting(NULL, "region", NULL);
    unsetenv("AWS_CONFIG_FILE");
    unsetenv("HOME");
    assert_setting(NULL, "region", NULL);
}

static void assert_refused(const char *path, hydra_status status, const char *part)
{
    hy_diag diag = {0};
    char *value = NULL;
    setenv("AWS_SHARED_CREDENTIALS_FILE", path, 1);
    assert_failed(hy_profile_setting(NULL, "region", &value, &diag), status, &diag, part);
    assert_non_null(strstr(diag.text, path));
}

static void test_files_that_are_none(void **state)
{
    (void)state;
    assert_refused(folder, HYDRA_ERR_FORMAT, "not a regular file");
    assert_refused("/dev/zero", HYDRA_ERR_FORMAT, "not a regular file");
    char *path = test_path(folder, "fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_refused(path, HYDRA_ERR_FORMAT, "not a regular file");
    free(path);
    size_t size = (size_t)10 << 20;
    char *large = malloc(size);
    assert_non_null(large);
    memset(large, '#', size);
    path = test_path(folder, "large");
    test_write_file(path, large, size);
    assert_refused(path, HYDRA_ERR_LIMIT, "larger than");
    test_write_file(path, large, HY_PROFILE_FILE_BYTES + 1);
    assert_refused(path, HYDRA_ERR_LIMIT, "larger than");
    test_write_file(path, large, HY_PROFILE_FILE_BYTES);
    assert_setting(NULL, "region", NULL);
    free(path);
    free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_settings_of_sections),
        cmocka_unit_test(test_section_names),
        cmocka_unit_test(test_continued_and_nested_lines),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test_setup_teardown(test_settings_of_profiles, setup, teardown),
        cmocka_unit_test_setup_teardown(test_where_the_files_are, setup, teardown),
        cmocka_unit_test_setup_teardown(test_files_that_are_none, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
