/* SPDX-License-Identifier: MIT */
/* How many CPUs may be used: affinity masks of all sizes, and the quotas of a container. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"

/* The kernel's answer, through the linker's --wrap: a machine whose masks have `bits` bits, of
 * which `set` are set. 0 bits = the real one. */
static struct {
    size_t bits;
    int set;
} machine;

int __real_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *mask);
int __wrap_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *mask);

int __wrap_sched_getaffinity(pid_t pid, size_t bytes, cpu_set_t *mask)
{
    if (machine.bits == 0) {
        return __real_sched_getaffinity(pid, bytes, mask);
    }
    if (bytes * 8 < machine.bits) {
        errno = EINVAL;
        return -1;
    }
    CPU_ZERO_S(bytes, mask);
    for (int i = 0; i < machine.set; i++) {
        CPU_SET_S((size_t)i, bytes, mask);
    }
    return 0;
}

static void child_affinity(void *user)
{
    (void)user;
    cpu_set_t all;
    child_check(sched_getaffinity(0, sizeof all, &all) == 0);
    int most = hy_cpu_count();
    child_check(most >= 1 && most <= CPU_COUNT(&all));
    /* Take one CPU after another away. */
    cpu_set_t some = all;
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&some) > 1; cpu++) {
        if (CPU_ISSET(cpu, &some)) {
            CPU_CLR(cpu, &some);
            child_check(sched_setaffinity(0, sizeof some, &some) == 0);
            int count = hy_cpu_count();
            child_check(count == (most < CPU_COUNT(&some) ? most : CPU_COUNT(&some)));
        }
    }
    child_check(hy_cpu_count() == 1);
}

static void test_affinity(void **state)
{
    (void)state;
    test_in_child(child_affinity, NULL);
}

/* Files of a container's CPU quota, over the real ones. */
static void mount_no_cgroups(void)
{
    child_own_mounts();
    /* Over the whole of /sys: a small container may have nothing there. */
    child_check(mount("tmpfs", "/sys", "tmpfs", 0, "size=64k") == 0);
    child_check(mkdir("/sys/fs", 0700) == 0 && mkdir("/sys/fs/cgroup", 0700) == 0);
}

static void put_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    child_check(file);
    child_check(fputs(text, file) >= 0);
    child_check(fclose(file) == 0);
}

static void child_large_machines(void *user)
{
    (void)user;
    mount_no_cgroups();
    const struct {
        size_t bits;
        int set;
        int expected;
    } cases[] = {{1024, 1024, 1024}, {1024, 96, 96},        {1088, 1050, 1050},  {4096, 3000, 3000},
                 {8192, 8192, 8192}, {65536, 65536, 65536}, {131072, 100000, 1}, {1024, 0, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        machine.bits = cases[i].bits;
        machine.set = cases[i].set;
        child_check(hy_cpu_count() == cases[i].expected);
    }
}

static void test_large_machines(void **state)
{
    (void)state;
    test_in_child(child_large_machines, NULL);
}

static void child_quota_v2(void *user)
{
    (void)user;
    mount_no_cgroups();
    machine.bits = 1024;
    machine.set = 64;
    const struct {
        const char *text;
        int expected;
    } cases[] = {
        {"max 100000\n", 64},
        {"200000 100000\n", 2},
        {"150000 100000\n", 2},
        {"1000 100000\n", 1},
        {"50000 100000\n", 1},
        {"6400000 100000\n", 64},
        {"6500000 100000\n", 64},
        {"300000 50000\n", 6},
        {"9223372036854775807 1\n", 64},
        {"", 64},
        {"nonsense", 64},
        {"100000", 64},
        {"-1 100000\n", 64},
        {"100000 0\n", 64},
        {"100000 -5\n", 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_text("/sys/fs/cgroup/cpu.max", cases[i].text);
        if (hy_cpu_count() != cases[i].expected) {
            (void)fprintf(stderr, "\"%s\": %d\n", cases[i].text, hy_cpu_count());
        }
        child_check(hy_cpu_count() == cases[i].expected);
    }
}

static void test_quota_v2(void **state)
{
    (void)state;
    test_in_child(child_quota_v2, NULL);
}

static void child_quota_v1(void *user)
{
    (void)user;
    mount_no_cgroups();
    machine.bits = 1024;
    machine.set = 64;
    child_check(mkdir("/sys/fs/cgroup/cpu", 0700) == 0);
    child_check(hy_cpu_count() == 64);
    put_text("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    child_check(hy_cpu_count() == 64);
    put_text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    child_check(hy_cpu_count() == 64);
    put_text("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
    child_check(hy_cpu_count() == 3);
}

static void test_quota_v1(void **state)
{
    (void)state;
    test_in_child(child_quota_v1, NULL);
}

/* ---- Groups within groups ---- */

static void make_group(const char *path, const char *file, const char *text)
{
    char name[256];
    child_check(mkdir(path, 0700) == 0 || errno == EEXIST);
    (void)snprintf(name, sizeof name, "%s/%s", path, file);
    put_text(name, text);
}

/* What the process is told of its groups. */
static void tell_groups(const char *text)
{
    put_text("/sys/told", text);
    child_check(mount("/sys/told", "/proc/self/cgroup", NULL, MS_BIND, NULL) == 0);
}

static void child_nested_groups(void *user)
{
    (void)user;
    mount_no_cgroups();
    machine.bits = 1024;
    machine.set = 64;
    make_group("/sys/fs/cgroup/app", "cpu.max", "800000 100000\n");
    make_group("/sys/fs/cgroup/app/job", "cpu.max", "max 100000\n");
    make_group("/sys/fs/cgroup/other", "cpu.max", "100000 100000\n");
    make_group("/sys/fs/cgroup/cpu", "cpu.cfs_period_us", "100000\n");
    make_group("/sys/fs/cgroup/cpu/old", "cpu.cfs_period_us", "100000\n");
    make_group("/sys/fs/cgroup/cpu/old", "cpu.cfs_quota_us", "500000\n");
    const struct {
        const char *told;
        int expected;
    } cases[] = {
        {"0::/\n", 64},
        {"0::/app\n", 8},
        {"0::/app/job\n", 8}, /* the one above it has a quota */
        {"0::/other\n", 1},
        {"0::/app/gone/too\n", 8}, /* not seen from here; those above count */
        {"0::/../outside\n", 64},
        {"5:cpuset:/other\n4:cpu,cpuacct:/old\n0::/app\n", 5},
        {"4:cpuacct,cpu:/old\n", 5},
        {"4:cpuacct:/old\n", 64},
        {"1:name=systemd:/other\n", 64},
        {"nonsense\n::\n:\n", 64},
        {"", 64},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tell_groups(cases[i].told);
        if (hy_cpu_count() != cases[i].expected) {
            (void)fprintf(stderr, "\"%s\": %d\n", cases[i].told, hy_cpu_count());
        }
        child_check(hy_cpu_count() == cases[i].expected);
        child_check(umount("/proc/self/cgroup") == 0);
    }
    tell_groups("0::/app\n");
    put_text("/sys/fs/cgroup/cpu.max", "300000 100000\n"); /* of the root */
    child_check(hy_cpu_count() == 3);
}

static void test_nested_groups(void **state)
{
    (void)state;
    test_in_child(child_nested_groups, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_affinity),      cmocka_unit_test(test_large_machines),
        cmocka_unit_test(test_quota_v2),      cmocka_unit_test(test_quota_v1),
        cmocka_unit_test(test_nested_groups),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
