/* SPDX-License-Identifier: Apache-2.0 */
/* Our own standard streams (see cli_stdio.h). */
#include "cli_stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum kind {
	KIND_PLAIN,  /* a file: never waits; or what was opened anew */
	KIND_SOCKET, /* asked each time */
	KIND_SHARED  /* may wait: poll first */
};

static enum kind kind_of(mode_t mode)
{
	if (S_ISSOCK(mode))
		return KIND_SOCKET;
	return S_ISFIFO(mode) || S_ISCHR(mode) ? KIND_SHARED : KIND_PLAIN;
}

/* see cli_stdio.h */
void cli_stdio_open(struct cli_stdio *stream, int fd)
{
	char path[32];
	struct stat st;
	int own;

	stream->fd = stream->number = fd;
	stream->kind = (uint8_t)KIND_PLAIN;
	if (fstat(fd, &st) == 0)
		stream->kind = (uint8_t)kind_of(st.st_mode);
	if (stream->kind != KIND_SHARED)
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, (fd ? O_WRONLY : O_RDONLY) | O_NONBLOCK | O_CLOEXEC |
				 O_NOCTTY);
	if (own < 0)
		return;
	stream->fd = own;
	stream->kind = (uint8_t)KIND_PLAIN;
}

/* 1 unless it would wait. What is closed, or was never open, is ready. */
static int is_ready(const struct cli_stdio *stream, short events)
{
	struct pollfd ready = { .fd = stream->fd, .events = events };

	if (stream->kind != KIND_SHARED || poll(&ready, 1, 0) != 0)
		return 1;
	errno = EAGAIN;
	return 0;
}

/* see cli_stdio.h */
ssize_t cli_stdio_read(const struct cli_stdio *stream, void *buf, size_t cap)
{
	ssize_t len;

	if (!is_ready(stream, POLLIN))
		return -1;
	do
		len = stream->kind == KIND_SOCKET ?
			      recv(stream->fd, buf, cap, MSG_DONTWAIT) :
			      read(stream->fd, buf, cap);
	while (len < 0 && errno == EINTR);
	return len;
}

/* see cli_stdio.h */
ssize_t cli_stdio_write(const struct cli_stdio *stream, const void *buf,
			size_t len)
{
	ssize_t written;

	if (!is_ready(stream, POLLOUT))
		return -1;
	if (stream->kind == KIND_SHARED && len > PIPE_BUF)
		len = PIPE_BUF;
	do
		written = stream->kind == KIND_SOCKET ?
				  send(stream->fd, buf, len,
				       MSG_DONTWAIT | MSG_NOSIGNAL) :
				  write(stream->fd, buf, len);
	while (written < 0 && errno == EINTR);
	return written;
}
