/* SPDX-License-Identifier: MIT */
/*
 * How a test talks to the stand-in of the NVIDIA driver: by dlsym on "libcuda.so.1", which the test
 * holds open. Settings, faults and counts are told in README.md. Threads: any.
 */
#ifndef FAKENV_H
#define FAKENV_H

#define FAKENV_EXPORT __attribute__((visibility("default")))

/*
 * "NAME VALUE" changes the setting FAKENV_NAME from the next call on, for example
 * "fault nvEncEncodePicture@60=GENERIC". Besides:
 *   "reset"     no faults, call counts from 0, the devices work, calls that hang go on
 *   "release"   calls that hang go on, no later one hangs for the same fault
 *   "lost 1"    the devices are gone: every call fails; "lost 0" brings them back
 *   "purge"     frees what clients have left behind; call it when none is at work
 * Returns 0, or -1: not understood, nothing changed.
 */
FAKENV_EXPORT int fakenv_control(const char *command);

/*
 * What is alive: "sessions", "inputs", "bitstreams", "registered", "mapped", "contexts", "streams",
 * "events", "allocations", "bytes" of device memory, "leaks": all of them but the bytes.
 * "hanging": calls that hang now. "calls": all calls since the reset; the name of a function: its
 * calls.
 */
FAKENV_EXPORT long long fakenv_count(const char *what);

typedef int fakenv_control_fn(const char *command);
typedef long long fakenv_count_fn(const char *what);

#endif
