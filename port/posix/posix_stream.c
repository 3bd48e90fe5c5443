/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX streams (see vmcache/port.h and vmcache_posix.h).
 *
 * Every call is made as if the socket were non-blocking, retries EINTR, and
 * raises no SIGPIPE. Descriptors that come along are closed on exec from the
 * start, and closed here unless somebody takes them.
 */
#include "vmcache_posix.h"

#include "posix_error.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

/* What is no longer than this is copied and sent by send(2): the system
 * takes a tenth less time than for sendmsg(2) with several parts. */
#define COPIED_MAX 512

#define RIGHTS_SIZE (VMC_HANDLES_MAX * sizeof(int))

/* Room for one SCM_RIGHTS message, aligned as the system wants it. */
union control {
	struct cmsghdr header;
	uint8_t bytes[CMSG_SPACE(RIGHTS_SIZE)];
};

/*
 * Accepting
 */

/* What was true when the other side connected, even if it has gone. */
static void find_peer(int stream, struct vmc_peer *peer)
{
	struct ucred who;
	socklen_t who_len = sizeof(who);

	memset(peer, 0, sizeof(*peer));
	if (getsockopt(stream, SOL_SOCKET, SO_PEERCRED, &who, &who_len) != 0)
		return;
	peer->known = 1;
	peer->pid = who.pid;
	peer->uid = who.uid;
	peer->gid = who.gid;
}

static enum vmc_status accept_failed(int code)
{
	switch (code) {
	case EAGAIN:
		return VMC_AGAIN;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		return VMC_ERR_FULL;
	default:
		return VMC_ERR_IO;
	}
}

/* see vmcache/port.h */
enum vmc_status vmc_posix_accept(void *ctx, vmc_handle listener,
				 vmc_handle *stream, struct vmc_peer *peer)
{
	int accepted;

	(void)ctx;
	do
		accepted = accept4((int)listener, NULL, NULL,
				   SOCK_NONBLOCK | SOCK_CLOEXEC);
	while (accepted < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (accepted < 0)
		return accept_failed(errno);
	find_peer(accepted, peer);
	*stream = accepted;
	return VMC_OK;
}

/*
 * A vsock's connection is made by the other side, later: until then nothing
 * can be sent nor received, and nothing is wrong.
 */
static int is_connecting(int stream)
{
	int domain = 0, failed = 0;
	socklen_t len = sizeof(domain);

	if (getsockopt(stream, SOL_SOCKET, SO_DOMAIN, &domain, &len) != 0 ||
	    domain != VMC_POSIX_FAMILY_VSOCK)
		return 0;
	len = sizeof(failed);
	return getsockopt(stream, SOL_SOCKET, SO_ERROR, &failed, &len) == 0 &&
	       !failed;
}

/* Why nothing was sent or received: `code` is the errno. */
static enum vmc_status not_moved(int stream, int code)
{
	if (code == EAGAIN || (code == ENOTCONN && is_connecting(stream)))
		return VMC_AGAIN;
	return VMC_ERR_LOST;
}

/*
 * Receiving
 */

static void take_handle(struct vmc_handles *handles, int handle)
{
	if (handles->handle_len < VMC_HANDLES_MAX)
		handles->handle[handles->handle_len++] = handle;
	else
		close(handle);
}

static void take_rights(struct vmc_handles *handles,
			const struct cmsghdr *header)
{
	const uint8_t *data = CMSG_DATA(header);
	size_t left = header->cmsg_len - CMSG_LEN(0);
	int handle;

	for (; left >= sizeof(handle); left -= sizeof(handle)) {
		memcpy(&handle, data, sizeof(handle));
		data += sizeof(handle);
		take_handle(handles, handle);
	}
}

/* Descriptors that `control` has no room for the system closes itself. */
static ssize_t recv_with_handles(int stream, uint8_t *buf, size_t cap,
				 struct vmc_handles *handles)
{
	union control control;
	struct iovec part = { buf, cap };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	ssize_t len =
		recvmsg(stream, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

	if (len < 0)
		return len;
	for (header = CMSG_FIRSTHDR(&message); header;
	     header = CMSG_NXTHDR(&message, header))
		if (header->cmsg_level == SOL_SOCKET &&
		    header->cmsg_type == SCM_RIGHTS)
			take_rights(handles, header);
	return len;
}

/* Without a place for descriptors the system drops them. */
static ssize_t recv_once(int stream, uint8_t *buf, size_t cap,
			 struct vmc_handles *handles)
{
	return handles ? recv_with_handles(stream, buf, cap, handles) :
			 recv(stream, buf, cap, MSG_DONTWAIT);
}

/* see vmcache/port.h */
enum vmc_status vmc_posix_recv(void *ctx, vmc_handle stream, uint8_t *buf,
			       size_t cap, size_t *len,
			       struct vmc_handles *handles)
{
	ssize_t received;

	(void)ctx;
	if (cap == 0)
		return VMC_ERR_ARGUMENT; /* it would look like the end */
	do
		received = recv_once((int)stream, buf, cap, handles);
	while (received < 0 && errno == EINTR);
	if (received == 0)
		return VMC_CLOSED;
	if (received < 0)
		return not_moved((int)stream, errno);
	*len = (size_t)received;
	return VMC_OK;
}

/*
 * Sending
 */

static void put_rights(struct msghdr *message, union control *control,
		       const struct vmc_handles *handles)
{
	int rights[VMC_HANDLES_MAX] = { 0 };
	size_t size = handles->handle_len * sizeof(int);

	for (uint32_t i = 0; i < handles->handle_len; i++)
		rights[i] = (int)handles->handle[i];
	memset(control, 0, sizeof(*control));
	control->header.cmsg_level = SOL_SOCKET;
	control->header.cmsg_type = SCM_RIGHTS;
	control->header.cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(&control->header), rights, size);
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(size);
}

static ssize_t send_gathered(int stream, const struct vmc_view *parts,
			     size_t parts_len,
			     const struct vmc_handles *handles)
{
	union control control;
	struct iovec gathered[VMC_PARTS_MAX];
	struct msghdr message = { .msg_iov = gathered };
	size_t i;

	for (i = 0; i < parts_len; i++) {
		gathered[i].iov_base = (void *)(uintptr_t)parts[i].ptr;
		gathered[i].iov_len = parts[i].ptr_len;
	}
	message.msg_iovlen = parts_len;
	if (handles && handles->handle_len > 0)
		put_rights(&message, &control, handles);
	return sendmsg(stream, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* One after the other in `out`: their length, or 0 if it has no room. */
static size_t copy_parts(uint8_t out[COPIED_MAX], const struct vmc_view *parts,
			 size_t parts_len)
{
	size_t len = 0, i;

	for (i = 0; i < parts_len; i++) {
		if (parts[i].ptr_len > COPIED_MAX - len)
			return 0;
		if (parts[i].ptr_len > 0)
			memcpy(out + len, parts[i].ptr, parts[i].ptr_len);
		len += parts[i].ptr_len;
	}
	return len;
}

static ssize_t send_once(int stream, const struct vmc_view *parts,
			 size_t parts_len, const struct vmc_handles *handles)
{
	uint8_t copied[COPIED_MAX];
	size_t len = 0;

	if (!handles || handles->handle_len == 0)
		len = copy_parts(copied, parts, parts_len);
	return len > 0 ?
		       send(stream, copied, len, MSG_DONTWAIT | MSG_NOSIGNAL) :
		       send_gathered(stream, parts, parts_len, handles);
}

/* see vmcache/port.h */
enum vmc_status vmc_posix_send(void *ctx, vmc_handle stream,
			       const struct vmc_view *parts, size_t parts_len,
			       const struct vmc_handles *handles, size_t *len)
{
	ssize_t sent;

	(void)ctx;
	if (handles && handles->handle_len > VMC_HANDLES_MAX)
		return VMC_ERR_ARGUMENT;
	if (parts_len > VMC_PARTS_MAX)
		parts_len = VMC_PARTS_MAX;
	do
		sent = send_once((int)stream, parts, parts_len, handles);
	while (sent < 0 && errno == EINTR);
	if (sent == 0)
		return VMC_ERR_ARGUMENT; /* there was nothing to send */
	if (sent < 0)
		return not_moved((int)stream, errno);
	*len = (size_t)sent;
	return VMC_OK;
}

/*
 * Ending
 */

/* see vmcache/port.h */
void vmc_posix_shutdown(void *ctx, vmc_handle stream)
{
	(void)ctx;
	shutdown((int)stream, SHUT_WR);
}

/* Not retried: on Linux the descriptor is gone even if EINTR comes back.
 * see vmcache/port.h */
void vmc_posix_close(void *ctx, vmc_handle handle)
{
	(void)ctx;
	close((int)handle);
}

const struct vmc_port_ops vmc_posix_port_ops = {
	.name = "posix",
	.listen = vmc_posix_listen,
	.unlisten = vmc_posix_unlisten,
	.accept = vmc_posix_accept,
	.connect = vmc_posix_connect,
	.recv = vmc_posix_recv,
	.send = vmc_posix_send,
	.shutdown = vmc_posix_shutdown,
	.close = vmc_posix_close,
};

/* see vmcache_posix.h */
struct vmc_port vmc_posix_port(struct vmc_posix *posix)
{
	struct vmc_port port = { &vmc_posix_port_ops, posix };

	return port;
}
