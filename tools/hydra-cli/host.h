/* SPDX-License-Identifier: MIT */
/* What this machine gives to this process. -1 = not known. */
#ifndef HOST_H
#define HOST_H

#include <stdbool.h>
#include <stdint.h>

/* CPUs in hundredths: affinity, and the quotas of control groups. */
int64_t host_cpu_hundredths(void);
/* Bytes that can be allocated: free memory, and the limits of control groups and the process. */
int64_t host_memory_bytes(void);
/* Bytes that can be written to the file system of `folder`. */
int64_t host_disk_bytes(const char *folder);
/* Whether an NVIDIA GPU is there, also one without a driver, or one that a container only got the
 * devices of. */
bool host_has_nvidia_gpu(void);

#endif
