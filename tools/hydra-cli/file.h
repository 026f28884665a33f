/* SPDX-License-Identifier: MIT */
/* Bytes into files and pipes. All return 0 or errno. */
#ifndef FILE_H
#define FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Into an open descriptor. */
int file_write_fd(int file, const void *data, size_t size);
/* Into a FIFO, or a device. */
int file_write_pipe(const char *path, const void *data, size_t size);

/*
 * A file as the library makes them: complete or not at all. The bytes go to a hidden temporary file
 * beside it, which is made durable and gets the name then. A link stays, and the file that it names
 * is replaced or made; a file that is replaced keeps its permissions. Without `replace` EEXIST when
 * there is one, also when it came meanwhile.
 */
int file_write(const char *path, bool replace, const void *data, size_t size);

#endif
