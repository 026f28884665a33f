/* SPDX-License-Identifier: MIT */
/* JSON pointers (RFC 6901), written segment by segment. */
#include "project_private.h"

#include <stdio.h>
#include <string.h>

/* Keys beyond this are not repeated in pointers. */
#define MAX_KEY_BYTES 128

bool hy_pointer_takes(const char *key)
{
    for (const char *at = key; *at; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    return strlen(key) <= MAX_KEY_BYTES;
}

size_t hy_pointer_put_key(char pointer[HY_POINTER_BYTES], size_t used, const char *key)
{
    if (used + 1 < HY_POINTER_BYTES) {
        pointer[used++] = '/';
    }
    for (; *key && used + 3 < HY_POINTER_BYTES; key++) {
        if (*key == '~' || *key == '/') {
            pointer[used++] = '~';
            pointer[used++] = *key == '~' ? '0' : '1';
        } else {
            pointer[used++] = *key;
        }
    }
    pointer[used] = '\0';
    return used;
}

size_t hy_pointer_put_index(char pointer[HY_POINTER_BYTES], size_t used, size_t index)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)index);
    return hy_pointer_put_key(pointer, used, text);
}
