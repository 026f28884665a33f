/* SPDX-License-Identifier: MIT */
/* AWS's partitions: which domain a region belongs to. */
#ifndef HY_S3_REGION_H
#define HY_S3_REGION_H

#include <stdbool.h>
#include <stddef.h>

/* A region becomes part of a host and of a signature's scope: [a-z0-9-], 1..63 characters. One that
 * a server names is held against this, too, before it is used. */
bool hy_region_is_valid(const char *region, size_t length);
/* "amazonaws.com", "amazonaws.com.cn" */
const char *hy_region_domain(const char *region);
/* Length of `host` in front of ".DOMAIN" of any partition; 0 = it is no host of AWS. */
size_t hy_region_cut_domain(const char *host);

#endif
