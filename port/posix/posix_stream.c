/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams over AF_UNIX. Every descriptor is made close-on-exec and
 * non-blocking; no send raises SIGPIPE; EINTR is retried here.
 */
#include "posix_error.h"
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 128 /* Linux's own limit of old; the system may lower it */

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) ==
		       VMC_POSIX_ENDPOINT_MAX + 1,
	       "the longest path, and its NUL");

static enum vmc_status set_address(struct sockaddr_un *address,
				   const char *endpoint,
				   struct vmc_error *error)
{
	size_t len = strlen(endpoint);

	if (len > VMC_POSIX_ENDPOINT_MAX)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"endpoint: path is too long; bytes allowed",
			VMC_POSIX_ENDPOINT_MAX);
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, endpoint, len + 1);
	return VMC_OK;
}

static int make_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static int connect_to(int fd, const struct sockaddr_un *address)
{
	int result;

	do
		result = connect(fd, (const struct sockaddr *)address,
				 sizeof(*address));
	while (result && errno == EINTR);
	return result ? errno : 0;
}

/*
 * Listening
 */

/* The directory's lock, so that of servers that start together one sees
 * what the other has made. Its descriptor, or -1. */
static int lock_directory(const char *endpoint, struct vmc_error *error)
{
	char directory[VMC_POSIX_ENDPOINT_MAX + 1];
	const char *slash = strrchr(endpoint, '/');
	size_t len = slash ? (size_t)(slash - endpoint) : 1;
	int fd;

	if (slash == endpoint)
		len = 1;
	memcpy(directory, slash ? endpoint : ".", len);
	directory[len] = '\0';
	if (vmc_posix_make_directory(directory, 0755, error))
		return -1;
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (fd >= 0 && errno == EWOULDBLOCK)
		vmc_error_set(error, VMC_ERR_IN_USE,
			      "another server is starting in directory",
			      directory);
	else
		vmc_posix_error(error, "cannot lock directory", directory,
				errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum vmc_status say_in_use(const struct vmc_posix *posix, int fd,
				  const char *endpoint,
				  struct vmc_error *error)
{
	struct vmc_peer peer = { 0, 0, 0, 0 };
	char text[VMC_ERROR_TEXT_SIZE];

	if (posix->peer)
		posix->peer(fd, &peer);
	if (peer.known)
		snprintf(text, sizeof(text),
			 "a server is running at %s, pid %lld", endpoint,
			 (long long)peer.pid);
	else
		snprintf(text, sizeof(text), "a server is running at %s",
			 endpoint);
	return vmc_error_set(error, VMC_ERR_IN_USE, text, NULL);
}

/* Finds out who owns a socket that is there: a server, or nobody any more. */
static enum vmc_status remove_stale(const struct vmc_posix *posix,
				    const struct sockaddr_un *address,
				    struct vmc_error *error)
{
	const char *endpoint = address->sun_path;
	enum vmc_status status = VMC_OK;
	struct stat file;
	int fd, number;

	if (lstat(endpoint, &file))
		return errno == ENOENT ?
			       VMC_OK :
			       vmc_posix_error(error, "cannot look at",
					       endpoint, errno);
	if (!S_ISSOCK(file.st_mode))
		return vmc_error_set(error, VMC_ERR_IN_USE,
				     "endpoint is there and is no socket",
				     endpoint);
	fd = make_socket();
	if (fd < 0)
		return vmc_posix_error(error, "cannot make a socket for",
				       endpoint, errno);
	number = connect_to(fd, address);
	if (number == 0 || number == EAGAIN)
		status = say_in_use(posix, fd, endpoint, error);
	else if (number != ECONNREFUSED && number != ENOENT)
		status = vmc_posix_error(error, "cannot connect to", endpoint,
					 number);
	else if (unlink(endpoint) && errno != ENOENT)
		status = vmc_posix_error(error, "cannot remove stale socket",
					 endpoint, errno);
	close(fd);
	return status;
}

/* Nobody can connect before it listens, and then its mode is right. */
static int bind_and_listen(struct vmc_posix *posix, int fd,
			   const struct sockaddr_un *address)
{
	const char *path = address->sun_path;
	struct stat file;
	int number;

	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)))
		return errno;
	if (chmod(path, 0600) == 0 && lstat(path, &file) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		posix->device = (uint64_t)file.st_dev;
		posix->inode = (uint64_t)file.st_ino;
		return 0;
	}
	number = errno;
	unlink(path);
	return number;
}

static enum vmc_status make_listener(struct vmc_posix *posix,
				     const struct sockaddr_un *address,
				     vmc_handle *listener,
				     struct vmc_error *error)
{
	enum vmc_status status = remove_stale(posix, address, error);
	int fd, number;

	if (status)
		return status;
	fd = make_socket();
	number = fd < 0 ? errno : bind_and_listen(posix, fd, address);
	if (number == 0) {
		*listener = fd;
		return VMC_OK;
	}
	if (fd >= 0)
		close(fd);
	return vmc_posix_error(error, "cannot listen on", address->sun_path,
			       number);
}

static enum vmc_status stream_listen(void *ctx, const char *endpoint,
				    vmc_handle *listener,
				    struct vmc_error *error)
{
	struct sockaddr_un address;
	struct vmc_error own;
	enum vmc_status status;
	int lock;

	if (!error) {
		vmc_error_reset(&own);
		error = &own;
	}
	status = set_address(&address, endpoint, error);
	if (status)
		return status;
	lock = lock_directory(endpoint, error);
	if (lock < 0)
		return error->status;
	status = make_listener(ctx, &address, listener, error);
	close(lock);
	return status;
}

static void stream_unlisten(void *ctx, const char *endpoint,
			   vmc_handle listener)
{
	struct vmc_posix *posix = ctx;
	struct stat file;

	if (lstat(endpoint, &file) == 0 &&
	    (uint64_t)file.st_dev == posix->device &&
	    (uint64_t)file.st_ino == posix->inode)
		unlink(endpoint);
	close((int)listener);
}

/*
 * Connecting
 */

static enum vmc_status stream_accept(void *ctx, vmc_handle listener,
				    vmc_handle *stream, struct vmc_peer *peer)
{
	const struct vmc_posix *posix = ctx;
	int fd;

	do
		fd = accept4((int)listener, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK);
	while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0) {
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			return VMC_AGAIN;
		return VMC_ERR_FULL;
	}
	*stream = fd;
	if (posix->peer)
		posix->peer(fd, peer);
	return VMC_OK;
}

static enum vmc_status refuse_connect(const char *endpoint, int number,
				      struct vmc_error *error)
{
	char text[VMC_ERROR_TEXT_SIZE];

	if (number != ECONNREFUSED && number != ENOENT && number != ENOTDIR)
		return vmc_posix_error(error, "cannot connect to", endpoint,
				       number);
	snprintf(text, sizeof(text), "no server at %s", endpoint);
	return vmc_error_set(error, VMC_ERR_NO_SERVER, text,
			     strerror(number));
}

static enum vmc_status stream_connect(void *ctx, const char *endpoint,
				     vmc_handle *stream,
				     struct vmc_error *error)
{
	struct sockaddr_un address;
	enum vmc_status status = set_address(&address, endpoint, error);
	int fd, number;

	(void)ctx;
	if (status)
		return status;
	fd = make_socket();
	if (fd < 0)
		return vmc_posix_error(error, "cannot make a socket for",
				       endpoint, errno);
	number = connect_to(fd, &address);
	if (number == 0) {
		*stream = fd;
		return VMC_OK;
	}
	close(fd);
	if (number == EAGAIN)
		return VMC_AGAIN;
	return refuse_connect(endpoint, number, error);
}

/*
 * Receiving
 */

/* Room for descriptors beyond those that a caller can take, so that what
 * is closed is closed by us and not lost. */
#define CONTROL_MAX (CMSG_SPACE(sizeof(int) * 2 * VMC_HANDLES_MAX))

union control {
	struct cmsghdr header; /* for its alignment */
	char bytes[CONTROL_MAX];
};

static void take_handles(struct cmsghdr *control, struct vmc_handles *handles)
{
	size_t len = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	size_t i;
	int fd;

	for (i = 0; i < len; i++) {
		memcpy(&fd, CMSG_DATA(control) + i * sizeof(fd), sizeof(fd));
		if (handles && handles->handle_len < VMC_HANDLES_MAX)
			handles->handle[handles->handle_len++] = fd;
		else
			close(fd);
	}
}

static enum vmc_status recv_failure(int number)
{
	if (number == EAGAIN || number == EWOULDBLOCK)
		return VMC_AGAIN;
	return VMC_ERR_LOST;
}

/* Without room for them the system closes descriptors itself. */
static enum vmc_status recv_plain(int fd, uint8_t *buf, size_t cap,
				  size_t *len)
{
	ssize_t result;

	do
		result = recv(fd, buf, cap, MSG_DONTWAIT);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return recv_failure(errno);
	*len = (size_t)result;
	return result == 0 ? VMC_CLOSED : VMC_OK;
}

static enum vmc_status stream_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				  size_t cap, size_t *len,
				  struct vmc_handles *handles)
{
	struct iovec part = { buf, cap };
	union control control;
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	ssize_t result;

	(void)ctx;
	if (!handles)
		return recv_plain((int)stream, buf, cap, len);
	handles->handle_len = 0;
	do
		result = recvmsg((int)stream, &message,
				 MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return recv_failure(errno);
	for (header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == SOL_SOCKET &&
		    header->cmsg_type == SCM_RIGHTS)
			take_handles(header, handles);
	*len = (size_t)result;
	return result == 0 ? VMC_CLOSED : VMC_OK;
}

/*
 * Sending
 */

static void put_handles(struct msghdr *message, union control *control,
			const struct vmc_handles *handles)
{
	size_t size = handles->handle_len * sizeof(int);
	struct cmsghdr *header;
	uint32_t i;

	memset(control, 0, sizeof(*control));
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(size);
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(size);
	for (i = 0; i < handles->handle_len; i++) {
		int fd = (int)handles->handle[i];

		memcpy(CMSG_DATA(header) + i * sizeof(fd), &fd, sizeof(fd));
	}
}

static enum vmc_status stream_send(void *ctx, vmc_handle stream,
				  const struct vmc_view *parts,
				  size_t parts_len,
				  const struct vmc_handles *handles,
				  size_t *len)
{
	struct iovec vector[VMC_PARTS_MAX];
	struct msghdr message = { .msg_iov = vector };
	union control control;
	ssize_t result;
	size_t i;

	(void)ctx;
	for (i = 0; i < parts_len && i < VMC_PARTS_MAX; i++) {
		/* iovec has no const; sendmsg only reads */
		vector[i].iov_base = (void *)(uintptr_t)parts[i].ptr;
		vector[i].iov_len = parts[i].ptr_len;
	}
	message.msg_iovlen = i;
	if (handles && handles->handle_len)
		put_handles(&message, &control, handles);
	do
		result = sendmsg((int)stream, &message,
				 MSG_NOSIGNAL | MSG_DONTWAIT);
	while (result < 0 && errno == EINTR);
	if (result < 0)
		return recv_failure(errno);
	*len = (size_t)result;
	return result == 0 ? VMC_AGAIN : VMC_OK;
}

static void stream_shutdown(void *ctx, vmc_handle stream)
{
	(void)ctx;
	shutdown((int)stream, SHUT_WR);
}

static void stream_close(void *ctx, vmc_handle handle)
{
	(void)ctx;
	close((int)handle);
}

static void stream_wake(void *ctx)
{
	const struct vmc_posix *posix = ctx;

	if (posix->wake)
		posix->wake(posix->wake_ctx);
}

const struct vmc_port_ops vmc_posix_port_ops = {
	.name = "posix",
	.listen = stream_listen,
	.unlisten = stream_unlisten,
	.accept = stream_accept,
	.connect = stream_connect,
	.recv = stream_recv,
	.send = stream_send,
	.shutdown = stream_shutdown,
	.close = stream_close,
	.wake = stream_wake,
};
