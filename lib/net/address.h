/* SPDX-License-Identifier: MIT */
/* IP addresses and networks as bytes, for the guard and for no_proxy. Inside net/ only. */
#ifndef HY_NET_ADDRESS_H
#define HY_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

typedef struct hy_address {
    uint8_t bytes[16];
    int size; /* 4 or 16; 0 = none */
} hy_address;

typedef struct hy_network {
    hy_address address;
    int bits;
} hy_network;

/* False: another family. */
bool hy_address_from_socket(hy_address *out, const struct sockaddr *from);
/* "10.1.2.3", "fe80::1"; no zone, no names. */
bool hy_address_parse(hy_address *out, const char *text);
/* "10.1.0.0/16", "fd00::/8"; without a slash the address alone. Bits beyond the prefix must be
 * zero, so that a slip does not allow more than it seems. */
bool hy_network_parse(hy_network *out, const char *text);
bool hy_network_holds(const hy_network *network, const hy_address *address);
/* `out` = the IPv4 address that an IPv6 address stands for: ::ffff:0:0/96, 64:ff9b::/96 (NAT64),
 * 2002::/16 (6to4). False: it stands for itself. */
bool hy_address_embedded(hy_address *out, const hy_address *address);

#endif
