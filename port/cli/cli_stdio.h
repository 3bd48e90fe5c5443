/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own standard streams, read and written without waiting: what is at
 * their other end may be slow, or never do anything.
 *
 * Their flags belong to all who share them (a shell, other commands of a
 * pipeline), so O_NONBLOCK is never set on what was inherited. A pipe or a
 * terminal is opened anew, by its name in /proc; a socket is asked not to
 * wait each time. Where that cannot be done, poll(2) is asked first, and no
 * more is written than a pipe that is ready takes.
 */
#ifndef CLI_STDIO_H
#define CLI_STDIO_H

#include <stdint.h>
#include <sys/types.h>

struct cli_stdio {
	int fd;       /* may be another than was given */
	int number;   /* which was given */
	uint8_t kind; /* private */
};

/* Of descriptor 0, or of 1 and 2 that are written to. */
void cli_stdio_open(struct cli_stdio *stream, int fd);

/* As read(2) and write(2); -1 with EAGAIN: wait for stream->fd. */
ssize_t cli_stdio_read(const struct cli_stdio *stream, void *buf, size_t cap);
ssize_t cli_stdio_write(const struct cli_stdio *stream, const void *buf,
			size_t len);

#endif
