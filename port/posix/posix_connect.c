/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connecting: a path, or an address with its family before it (see
 * vmcache_posix.h).
 */
#include "vmcache_posix.h"

#include "posix_error.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* struct sockaddr_vm (linux/vm_sockets.h, which not every libc can include) */
struct vsock_address {
	sa_family_t family;
	uint16_t reserved;
	uint32_t port;
	uint32_t cid;
	uint8_t zero[sizeof(struct sockaddr) - sizeof(sa_family_t) -
		     sizeof(uint16_t) - 2 * sizeof(uint32_t)];
};

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_un path;
		struct vsock_address vsock;
	} of;
	socklen_t len;
};

/* What follows `prefix`, or NULL if `text` does not begin with it. */
static const char *after(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

static enum vmc_status set_path(struct address *address, const char *path,
				const char *endpoint, struct vmc_error *error)
{
	struct sockaddr_un *to = &address->of.path;
	size_t len = strlen(path);

	if (len == 0)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "the endpoint's path is empty", endpoint);
	if (len >= VMC_POSIX_ENDPOINT_SIZE)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"the endpoint's path is too long; bytes allowed",
			VMC_POSIX_ENDPOINT_SIZE - 1);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, len);
	address->len = sizeof(*to);
	if (path[0] == '@') { /* the abstract namespace: no NUL at the end */
		to->sun_path[0] = '\0';
		address->len =
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    len);
	}
	return VMC_OK;
}

/* Digits up to `end`; 0 if it is no number of 32 bits. */
static int take_number(const char **at, char end, uint32_t *number)
{
	uint64_t value = 0;
	const char *from = *at;

	for (; **at >= '0' && **at <= '9' && value <= UINT32_MAX; ++*at)
		value = value * 10 + (uint64_t)(**at - '0');
	*number = (uint32_t)value;
	return *at > from && value <= UINT32_MAX && *(*at)++ == end;
}

static enum vmc_status set_vsock(struct address *address, const char *at,
				 const char *endpoint, struct vmc_error *error)
{
	struct vsock_address *to = &address->of.vsock;

	to->family = VMC_POSIX_FAMILY_VSOCK;
	address->len = sizeof(*to);
	if (take_number(&at, ':', &to->cid) &&
	    take_number(&at, '\0', &to->port))
		return VMC_OK;
	return vmc_error_set(error, VMC_ERR_ARGUMENT,
			     "the endpoint is not vsock://CID:PORT", endpoint);
}

static enum vmc_status set_address(struct address *address,
				   const char *endpoint,
				   struct vmc_error *error)
{
	const char *rest;

	memset(address, 0, sizeof(*address));
	rest = after(endpoint, "vsock://");
	if (rest)
		return set_vsock(address, rest, endpoint, error);
	rest = after(endpoint, "unix://");
	if (!rest)
		rest = after(endpoint, "unix:");
	if (!rest)
		rest = endpoint;
	return set_path(address, rest, endpoint, error);
}

/* 0, or an errno value. One that is under way is as good as made: what is
 * sent waits for it. */
static int connect_to(int stream, const struct address *address)
{
	int result;

	do
		result = connect(stream, &address->of.any, address->len);
	while (result < 0 && errno == EINTR);
	return result < 0 && errno != EINPROGRESS ? errno : 0;
}

static enum vmc_status failed(const char *endpoint, int code,
			      struct vmc_error *error)
{
	switch (code) {
	case EAGAIN:
		return VMC_AGAIN;
	case ENOENT:
	case ENOTDIR:
		return vmc_error_set(error, VMC_ERR_NO_SERVER, endpoint,
				     "there is no such socket");
	case ECONNREFUSED:
	case ECONNRESET:
	case ETIMEDOUT:
		return vmc_error_set(error, VMC_ERR_NO_SERVER, endpoint,
				     "nobody listens there");
	default:
		return vmc_posix_error(error, "cannot connect to", endpoint,
				       code);
	}
}

/* see vmcache/port.h */
enum vmc_status vmc_posix_connect(void *ctx, const char *endpoint,
				  vmc_handle *stream, struct vmc_error *error)
{
	struct address address;
	enum vmc_status status = set_address(&address, endpoint, error);
	int opened, code;

	(void)ctx;
	if (status)
		return status;
	opened = socket(address.of.any.sa_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (opened < 0)
		return vmc_posix_error(error, "cannot open a socket for",
				       endpoint, errno);
	code = connect_to(opened, &address);
	if (code == 0) {
		*stream = opened;
		return VMC_OK;
	}
	close(opened);
	return failed(endpoint, code, error);
}
