/* SPDX-License-Identifier: MIT */
/* IP addresses and networks in text and as bytes. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "core/text.h"

bool hy_address_from_socket(hy_address *out, const struct sockaddr *from)
{
    *out = (hy_address){0};
    if (from->sa_family == AF_INET) {
        struct sockaddr_in v4;
        memcpy(&v4, from, sizeof v4);
        memcpy(out->bytes, &v4.sin_addr, 4);
        out->size = 4;
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;
        memcpy(&v6, from, sizeof v6);
        memcpy(out->bytes, &v6.sin6_addr, 16);
        out->size = 16;
    }
    return out->size > 0;
}

bool hy_address_parse(hy_address *out, const char *text)
{
    *out = (hy_address){0};
    if (inet_pton(AF_INET, text, out->bytes) == 1) {
        out->size = 4;
    } else if (inet_pton(AF_INET6, text, out->bytes) == 1) {
        out->size = 16;
    }
    return out->size > 0;
}

/* One to three digits. -1 = not that. */
static int read_bits(const char *text)
{
    return strlen(text) <= 3 ? (int)hy_decimal_parse(text, 999) : -1;
}

static bool bit_of(const hy_address *address, int bit)
{
    return (address->bytes[bit / 8] >> (7 - bit % 8) & 1) != 0;
}

bool hy_network_parse(hy_network *out, const char *text)
{
    char copy[INET6_ADDRSTRLEN];
    const char *slash = strchr(text, '/');
    size_t size = slash ? (size_t)(slash - text) : strlen(text);
    *out = (hy_network){0};
    if (size >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (!hy_address_parse(&out->address, copy)) {
        return false;
    }
    int most = out->address.size * 8;
    out->bits = slash ? read_bits(slash + 1) : most;
    if (out->bits < 0 || out->bits > most) {
        return false;
    }
    for (int bit = out->bits; bit < most; bit++) {
        if (bit_of(&out->address, bit)) {
            return false;
        }
    }
    return true;
}

bool hy_network_holds(const hy_network *network, const hy_address *address)
{
    if (network->address.size != address->size) {
        return false;
    }
    for (int bit = 0; bit < network->bits; bit++) {
        if (bit_of(&network->address, bit) != bit_of(address, bit)) {
            return false;
        }
    }
    return true;
}

bool hy_address_embedded(hy_address *out, const hy_address *address)
{
    static const struct {
        hy_network prefix;
        int at;
    } forms[] = {
        {{{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 16}, 96}, 12},
        {{{{0, 0x64, 0xff, 0x9b}, 16}, 96}, 12},
        {{{{0x20, 0x02}, 16}, 16}, 2},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (hy_network_holds(&forms[i].prefix, address)) {
            *out = (hy_address){.size = 4};
            memcpy(out->bytes, address->bytes + forms[i].at, 4);
            return true;
        }
    }
    return false;
}
