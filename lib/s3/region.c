/* SPDX-License-Identifier: MIT */
/* AWS's partitions: which domain a region belongs to. */
#include "region.h"

#include <string.h>

#define DEFAULT_DOMAIN "amazonaws.com"

static const struct partition {
    const char *prefix; /* of its regions */
    const char *domain;
} partitions[] = {
    {"cn-", "amazonaws.com.cn"},   {"eusc-", "amazonaws.eu"},      {"us-iso-", "c2s.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov"}, {"us-isof-", "csp.hci.ic.gov"}, {"eu-isoe-", "cloud.adc-e.uk"},
};

bool hy_region_is_valid(const char *region, size_t length)
{
    if (length < 1 || length > 63 || region[0] == '-' || region[length - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        char c = region[i];
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) {
            return false;
        }
    }
    return true;
}

const char *hy_region_domain(const char *region)
{
    for (size_t i = 0; i < sizeof partitions / sizeof *partitions; i++) {
        if (strncmp(region, partitions[i].prefix, strlen(partitions[i].prefix)) == 0) {
            return partitions[i].domain;
        }
    }
    return DEFAULT_DOMAIN;
}

static size_t cut(const char *host, const char *domain)
{
    size_t length = strlen(host);
    size_t end = strlen(domain);
    if (length < end + 2 || strcmp(host + length - end, domain) != 0 ||
        host[length - end - 1] != '.') {
        return 0;
    }
    return length - end - 1;
}

size_t hy_region_cut_domain(const char *host)
{
    size_t length = cut(host, DEFAULT_DOMAIN);
    for (size_t i = 0; length == 0 && i < sizeof partitions / sizeof *partitions; i++) {
        length = cut(host, partitions[i].domain);
    }
    return length;
}
