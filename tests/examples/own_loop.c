/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host with an event loop and sockets of its own, that wants the protocol
 * only: it drives the engines (vmcache/engine.h) and uses no port.
 *
 *	own_loop serve ENDPOINT       until SIGTERM
 *	own_loop call ENDPOINT TEXT [ttrpc|grpc]
 *	                              prints the answer
 *
 * The service has one method of its own, example.Echo/Echo, which answers what
 * it was sent, and one that `vmcache status` asks for.
 */
#include <vmcache.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define CONNECTIONS 16
#define WINDOW_SIZE VMC_GRPC_WINDOW_SIZE
#define OUT_SIZE VMC_GRPC_OUT_SIZE

/* A connection: a socket, an engine, and the buffers of both. */
struct peer {
	int fd;                           /* 0: free */
	const struct vmc_engine_ops *ops; /* NULL: nothing has come yet */
	union {
		struct vmc_ttrpc ttrpc;
		struct vmc_grpc grpc;
	} engine;
	uint8_t window[WINDOW_SIZE], out[OUT_SIZE];
	uint8_t answer[WINDOW_SIZE]; /* it stays until it is delivered */
	struct vmc_view part;
};

static struct peer peers[CONNECTIONS];
static int loop;

static int fail(const char *what)
{
	fprintf(stderr, "own_loop: %s: %s\n", what, strerror(errno));
	return 1;
}

/*
 * Sockets
 */

/* What the engine has to say; -1 if nobody will hear it. */
static int flush(struct peer *peer)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	struct iovec gathered[VMC_PARTS_MAX];
	struct msghdr message = { .msg_iov = gathered };
	size_t parts_len;
	ssize_t sent;

	while (peer->ops->send_buf(&peer->engine, parts, &parts_len)) {
		for (size_t i = 0; i < parts_len; i++) {
			gathered[i].iov_base = (void *)(uintptr_t)parts[i].ptr;
			gathered[i].iov_len = parts[i].ptr_len;
		}
		message.msg_iovlen = parts_len;
		sent = sendmsg(peer->fd, &message, MSG_NOSIGNAL);
		if (sent < 0)
			return errno == EAGAIN ? 0 : -1;
		peer->ops->send_ack(&peer->engine, (size_t)sent);
	}
	return 0;
}

/* What there is room for; -1 once the connection is broken. */
static int fill(struct peer *peer)
{
	uint8_t *buf;
	size_t cap;
	ssize_t len;

	if (!peer->ops->recv_buf(&peer->engine, &buf, &cap))
		return 0;
	len = recv(peer->fd, buf, cap, 0);
	if (len > 0)
		peer->ops->recv_ack(&peer->engine, (size_t)len);
	else if (len == 0)
		peer->ops->recv_end(&peer->engine);
	else if (errno != EAGAIN)
		return -1;
	return 0;
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

/*
 * The service
 */

/* GrpcStatus: field 1 is the server's pid, a number. */
static size_t put_status(uint8_t *out)
{
	unsigned pid = (unsigned)getpid();
	size_t len = 0;

	for (out[len++] = 1 << 3; pid >= 0x80; pid >>= 7)
		out[len++] = (uint8_t)(pid | 0x80);
	out[len++] = (uint8_t)pid;
	return len;
}

static enum vmc_code serve_call(struct peer *peer,
				const struct vmc_engine_event *event)
{
	if (vmc_view_is(event->service, "cache.CacheService") &&
	    vmc_view_is(event->method, "Status")) {
		peer->part.ptr_len = put_status(peer->answer);
		return VMC_CODE_OK;
	}
	if (vmc_view_is(event->service, "example.Echo") &&
	    vmc_view_is(event->method, "Echo")) {
		memcpy(peer->answer, event->payload.ptr,
		       event->payload.ptr_len);
		peer->part.ptr_len = event->payload.ptr_len;
		return VMC_CODE_OK;
	}
	return VMC_CODE_UNIMPLEMENTED;
}

/* A request is yielded only when a reply can be accepted: never BUSY. */
static int act(struct peer *peer, const struct vmc_engine_event *event)
{
	struct vmc_engine_reply reply = { .stream = event->stream };

	if (event->type != VMC_ENGINE_REQUEST)
		return 0;
	peer->part.ptr = peer->answer;
	peer->part.ptr_len = 0;
	reply.code = serve_call(peer, event);
	reply.message = reply.code ? "there is no such method" : NULL;
	reply.parts = &peer->part;
	reply.parts_len = !reply.code && peer->part.ptr_len > 0;
	return peer->ops->reply(&peer->engine, &reply) == VMC_OK ? 0 : -1;
}

/*
 * The loop of vmcache/engine.h, once per wake-up. Which protocol it is, the
 * first byte says.
 */
static int choose(struct peer *peer)
{
	uint8_t first;
	ssize_t len = recv(peer->fd, &first, 1, MSG_PEEK);

	if (len < 0 && errno == EAGAIN)
		return 0;
	peer->ops = len == 1 ? vmc_transport_by_first_byte(first) : NULL;
	if (!peer->ops || peer->ops->size > sizeof(peer->engine))
		return -1;
	peer->ops->init(&peer->engine, peer->window, WINDOW_SIZE, peer->out,
			OUT_SIZE);
	return 0;
}

static int step(struct peer *peer)
{
	struct vmc_engine_event event;
	const char *reason;

	if (!peer->ops && choose(peer) < 0)
		return -1;
	if (!peer->ops)
		return 0;
	if (fill(peer) < 0 || flush(peer) < 0)
		return -1;
	while (peer->ops->next(&peer->engine, &event))
		if (act(peer, &event) < 0 || flush(peer) < 0)
			return -1;
	return peer->ops->failed(&peer->engine, &reason) == VMC_OK ? 0 : -1;
}

static void watch(struct peer *peer, int operation)
{
	struct epoll_event event = { .data.ptr = peer };
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t len;
	uint8_t *buf;

	if (!peer->ops || peer->ops->recv_buf(&peer->engine, &buf, &len))
		event.events |= EPOLLIN;
	if (peer->ops && peer->ops->send_buf(&peer->engine, parts, &len))
		event.events |= EPOLLOUT;
	epoll_ctl(loop, operation, peer->fd, &event);
}

static void let_in(int listener)
{
	struct peer *peer = peers;
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	while (peer < peers + CONNECTIONS && peer->fd)
		peer++;
	if (fd < 0 || peer == peers + CONNECTIONS) {
		close(fd);
		return;
	}
	peer->fd = fd;
	peer->ops = NULL;
	watch(peer, EPOLL_CTL_ADD);
}

static void wake(struct peer *peer)
{
	if (step(peer) == 0) {
		watch(peer, EPOLL_CTL_MOD);
		return;
	}
	close(peer->fd); /* epoll forgets it */
	peer->fd = 0;
}

static int serve(const char *endpoint)
{
	struct sockaddr_un address = address_of(endpoint);
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct epoll_event event = { .events = EPOLLIN };

	if (bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, CONNECTIONS))
		return fail(endpoint);
	loop = epoll_create1(EPOLL_CLOEXEC);
	epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event);
	while (epoll_wait(loop, &event, 1, -1) == 1 || errno == EINTR)
		if (event.data.ptr)
			wake(event.data.ptr);
		else
			let_in(listener);
	return fail("epoll");
}

/*
 * The other end: one call, on a socket that blocks
 */

static int print(const struct vmc_engine_event *event)
{
	if (event->type == VMC_ENGINE_OVERSIZE)
		return fprintf(stderr, "own_loop: the answer is too long\n"), 1;
	if (event->code)
		return fprintf(stderr, "own_loop: %s: %.*s\n",
			       vmc_code_name(event->code),
			       (int)event->message.ptr_len,
			       (const char *)event->message.ptr),
		       1;
	printf("%.*s\n", (int)event->payload.ptr_len,
	       (const char *)event->payload.ptr);
	return 0;
}

static int call(const char *endpoint, const char *text, const char *transport)
{
	struct sockaddr_un address = address_of(endpoint);
	struct vmc_engine_request request = { .service = "example.Echo",
					      .method = "Echo" };
	struct peer *peer = &peers[0];
	struct vmc_engine_event event;
	const char *reason = "";
	uint32_t stream;

	request.payload = vmc_view_of(text);
	peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(peer->fd, (struct sockaddr *)&address, sizeof(address)))
		return fail(endpoint);
	peer->ops = vmc_transport_by_name(transport);
	if (!peer->ops)
		return fprintf(stderr, "own_loop: no %s here\n", transport), 1;
	peer->ops->init(&peer->engine, peer->window, WINDOW_SIZE, peer->out,
			OUT_SIZE);
	if (peer->ops->request(&peer->engine, &request, &stream))
		return fprintf(stderr, "own_loop: the text is too long\n"), 1;
	while (flush(peer) == 0) {
		while (peer->ops->next(&peer->engine, &event))
			if (event.type != VMC_ENGINE_NONE)
				return print(&event);
		if (peer->ops->failed(&peer->engine, &reason) || fill(peer) < 0)
			break;
	}
	fprintf(stderr, "own_loop: the connection is lost: %s\n", reason);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2]);
	if (argc >= 4 && strcmp(argv[1], "call") == 0)
		return call(argv[2], argv[3], argc > 4 ? argv[4] : "ttrpc");
	fprintf(stderr,
		"own_loop serve ENDPOINT\nown_loop call ENDPOINT TEXT [ttrpc|grpc]\n");
	return 2;
}
