/* SPDX-License-Identifier: MIT */
/* Structs that begin with their size. */
#include "sized.h"

#include <stdint.h>
#include <string.h>

static size_t size_of(const void *sized)
{
    uint32_t size;
    memcpy(&size, sized, sizeof size);
    return size;
}

/* All but the sizes, as far as both reach. */
static void copy_common(void *to, size_t to_size, const void *from, size_t from_size)
{
    const size_t head = sizeof(uint32_t);
    size_t size = to_size < from_size ? to_size : from_size;
    memcpy((char *)to + head, (const char *)from + head, size - head);
}

bool hy_sized_is_set(const void *given, size_t least)
{
    return given && size_of(given) >= least;
}

bool hy_sized_take(void *own, size_t size, const void *given, size_t least)
{
    if (!hy_sized_is_set(given, least)) {
        return false;
    }
    copy_common(own, size, given, size_of(given));
    return true;
}

void hy_sized_give(void *given, const void *own, size_t size)
{
    copy_common(given, size_of(given), own, size);
}
