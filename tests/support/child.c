/* SPDX-License-Identifier: MIT */
/* Child processes of tests. */
#include "child.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

void test_in_child(void (*body)(void *user), void *user)
{
    (void)fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        body(user);
        if (getuid() == 0) { /* what runs at exit (leak check, coverage) may need to be root */
            (void)seteuid(0);
            (void)setegid(0);
        }
        exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_msg("the child process failed (wait status 0x%x)", (unsigned)status);
    }
}

void child_check_at(bool holds, const char *condition, const char *file, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "%s:%d: %s\n", file, line, condition);
        _exit(1);
    }
}

void child_drop_root(void)
{
    const unsigned nobody = 65534;
    if (geteuid() == 0) {
        child_check(setegid(nobody) == 0);
        child_check(seteuid(nobody) == 0);
    }
}

static void put_line(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    child_check(file);
    child_check(fputs(text, file) >= 0);
    child_check(fclose(file) == 0);
}

void child_own_mounts(void)
{
    if (geteuid() == 0) {
        child_check(unshare(CLONE_NEWNS) == 0);
    } else { /* become root of a user name space of this process */
        unsigned user = geteuid();
        unsigned group = getegid();
        child_check(unshare(CLONE_NEWNS | CLONE_NEWUSER) == 0);
        char map[64];
        put_line("/proc/self/setgroups", "deny");
        (void)snprintf(map, sizeof map, "0 %u 1", user);
        put_line("/proc/self/uid_map", map);
        (void)snprintf(map, sizeof map, "0 %u 1", group);
        put_line("/proc/self/gid_map", map);
    }
    /* In a chroot the root is no mount point and has no propagation of its own to turn off. */
    child_check(mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 || errno == EINVAL);
}
