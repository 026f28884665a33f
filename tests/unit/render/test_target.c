/* SPDX-License-Identifier: MIT */
/* Whole renders whose target goes wrong: rights, a full disk, a folder that vanishes, an input. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "compose.h"

/* What happens with the first write of a render. Through the linker's --wrap. */
static void (*on_write)(char *folder);
static char *on_write_folder;

ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    void (*happen)(char *folder) = on_write;
    on_write = NULL;
    if (happen) {
        happen(on_write_folder);
    }
    return __real_pwrite64(fd, data, size, offset);
}

static int setup(void **state)
{
    *state = test_folder_new();
    return 0;
}

static int teardown(void **state)
{
    test_folder_free(*state);
    return 0;
}

static hydra_compose *with_photo(int64_t duration_us)
{
    uint32_t seed = 5;
    hydra_image_options image;
    hydra_image_options_init(&image);
    image.duration_us = duration_us;
    hydra_compose *c = test_compose(2, 128, 128, 30, 1);
    test_add_picture(c, 160, 160, test_pixel_natural, &seed, &image);
    return c;
}

/* In a child: the render fails, the text tells where and why, and the same compose still works. */
static void child_render_fails(const char *folder, hydra_status expected, const char *cause)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/out.mp4", folder);
    hydra_compose *c = with_photo(300000);
    hydra_status status = hydra_compose_render(c, path, NULL);
    const char *text = hydra_compose_error(c);
    child_check(status == expected);
    child_check(strstr(text, path));
    child_check(strstr(text, cause));
    child_check(hydra_compose_render_memory(c, NULL) == HYDRA_OK);
    hydra_compose_free(c);
}

static void child_may_not_write(void *user)
{
    child_drop_root();
    child_render_fails(user, HYDRA_ERR_PERMISSION, "Permission denied");
}

static void folder_without_write_permission(void **state)
{
    char *folder = *state;
    assert_int_equal(chmod(folder, 0555), 0);
    test_in_child(child_may_not_write, folder);
    assert_int_equal(chmod(folder, 0700), 0);
    assert_int_equal(test_count_entries(folder), 0);
}

static void child_small_disk(void *user)
{
    child_own_mounts();
    child_check(mount("tmpfs", user, "tmpfs", 0, "size=64k") == 0);
    child_render_fails(user, HYDRA_ERR_SPACE, "No space left on device");
    child_check(test_count_entries(user) == 0);
}

static void full_disk(void **state)
{
    test_in_child(child_small_disk, *state);
    assert_int_equal(test_count_entries(*state), 0);
}

/* With the temporary file in it. */
static void remove_folder(char *folder)
{
    assert_int_equal(test_count_entries(folder), 1);
    test_folder_free(strdup(folder));
}

static void folder_is_removed_during_the_render(void **state)
{
    char *folder = test_path(*state, "gone");
    assert_int_equal(mkdir(folder, 0700), 0);
    char *path = test_path(folder, "out.mp4");
    hydra_compose *c = with_photo(2000000);
    on_write = remove_folder;
    on_write_folder = folder;
    assert_compose_fails(c, hydra_compose_render(c, path, NULL), HYDRA_ERR_NOT_FOUND, path);
    assert_null(on_write);
    assert_int_equal(test_count_entries(*state), 0);
    hydra_result result = {.struct_size = sizeof result};
    assert_int_equal(hydra_compose_result(c, &result), HYDRA_ERR_STATE);
    hydra_compose_free(c);
    free(path);
    free(folder);
}

/* By its own name and by a hard link: refused, and not a byte of it changes. */
static void music_as_target(void **state)
{
    char *path = test_path(*state, "song.wav");
    char *other = test_path(*state, "out.mp4");
    size_t size;
    uint8_t *wav = test_mono_wav(8000, 800, test_sample_tone, NULL, &size);
    test_write_file(path, wav, size);
    assert_int_equal(link(path, other), 0);
    hydra_compose *c = with_photo(300000);
    assert_compose_ok(c, hydra_compose_set_audio(c, path, NULL));
    assert_compose_fails(c, hydra_compose_render(c, path, NULL), HYDRA_ERR_ARGUMENT,
                         "an input and the target at once");
    assert_compose_fails(c, hydra_compose_render(c, other, NULL), HYDRA_ERR_ARGUMENT,
                         "an input and the target at once");
    size_t after_size;
    uint8_t *after = test_read_file(path, &after_size);
    assert_int_equal(after_size, size);
    assert_memory_equal(after, wav, size);
    assert_int_equal(test_count_entries(*state), 2);
    free(after);
    free(wav);
    hydra_compose_free(c);
    free(path);
    free(other);
}

static void take_the_name(char *folder)
{
    char *path = test_path(folder, "out.mp4");
    assert_int_equal(test_count_entries(folder), 1); /* the temporary file */
    test_write_file(path, "theirs", 6);
    free(path);
}

/* Refused at once when the file is there, and at the end when it came meanwhile. */
static void what_exists_can_be_kept(void **state)
{
    char *path = test_path(*state, "out.mp4");
    hydra_render_options options;
    hydra_render_options_init(&options);
    options.profile = HYDRA_PROFILE_DRAFT;
    options.when_exists = HYDRA_EXISTS_FAIL;
    hydra_compose *c = with_photo(2000000);
    on_write = take_the_name;
    on_write_folder = *state;
    for (int i = 0; i < 2; i++) {
        assert_compose_fails(c, hydra_compose_render(c, path, &options), HYDRA_ERR_EXISTS,
                             "out.mp4: exists already and is not to be replaced");
        size_t size;
        uint8_t *data = test_read_file(path, &size);
        assert_int_equal(size, 6);
        assert_memory_equal(data, "theirs", 6);
        free(data);
        assert_int_equal(test_count_entries(*state), 1);
    }
    assert_null(on_write);
    assert_int_equal(unlink(path), 0);
    assert_compose_ok(c, hydra_compose_render(c, path, &options));
    assert_int_equal(test_count_entries(*state), 1);
    hydra_compose_free(c);
    free(path);
}

int main(void)
{
    hydra_silence_ffmpeg();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(folder_without_write_permission, setup, teardown),
        cmocka_unit_test_setup_teardown(full_disk, setup, teardown),
        cmocka_unit_test_setup_teardown(folder_is_removed_during_the_render, setup, teardown),
        cmocka_unit_test_setup_teardown(music_as_target, setup, teardown),
        cmocka_unit_test_setup_teardown(what_exists_can_be_kept, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
