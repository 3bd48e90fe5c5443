/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's loop, over poll(2). Invariants:
 *
 * - Each turn steps every service that has a connection, and again for as
 *   long as one call may have made another due (vmc_guest_changes). So what
 *   is waited for is never out of date.
 * - A window that was filled by a large request is given back to the system
 *   when it is empty: what is resident does not depend on what once came.
 * - Nothing that comes over a connection ends the loop but DestroySandbox.
 */
#include "guest_serve.h"
#include "guest_listen.h"
#include "guest_say.h"

#include "vmcache/agent_service.h"
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* A piece of a file as Kata's runtime sends it, and what is around it. */
#define WINDOW_SIZE (1024 * 1024 + 4096)

/* So much of a window may stay with us. */
#define WINDOW_KEPT_SIZE 8192

/* A few calls of Check and Version. */
#define CHECKED_SIZE 256

/* After bytes that are no ttrpc, a byte pipe is deaf until nothing has come
 * for so long, or somebody begins anew. */
#define DEAF_MS 200

/* What is taken of a byte pipe before others have their turn. */
#define PIPE_TURNS 64

/* When nobody is at the other end, a signal says that somebody has come;
 * this is for pipes that have none. */
#define GONE_LOOK_MS 1000

/*
 * The kernel hears of hang-ups and newcomers in one queue and of bytes in
 * another. Of a newcomer whose request waits when a paused VM is resumed the
 * bytes may be there first, and it still says that nobody is there. Until he
 * has taken a byte, or so much time has passed, that is his predecessor's
 * hang-up, and not his own.
 */
#define EXPECTED_MS 500

/* For the last answer to be taken by a peer that reads. */
#define FAREWELL_MS 1000

/* One wait for each service's, the signals and the listener. */
#define WAIT_MAX (SERVE_CONNECTION_MAX * VMC_AGENT_SERVICE_WAIT_MAX + 2)

struct connection {
	int fd;                     /* -1: none */
	uint8_t used;               /* bytes came since it was opened */
	uint8_t gone;               /* a byte pipe with nobody at its end */
	uint8_t expected;           /* who has sent may not be there yet */
	uint64_t expected_until_ms; /* 0: he was not missed */
	size_t received;            /* since the window was given back */
	uint64_t heard_ms;          /* when bytes came last */
	uint64_t deaf_until_ms;
	struct vmc_agent_service service;
};

struct loop {
	struct vmc_guest *guest;
	const struct serve_place *place;
	int signals;
	int ended_by;         /* a signal */
	struct vmc_port port; /* of a byte pipe */
	struct connection connection[SERVE_CONNECTION_MAX];
	struct vmc_guest_channel channel;
	size_t waits_len;
	uint64_t until_ms;
	struct vmc_wait waits[WAIT_MAX];
	struct pollfd fds[WAIT_MAX];
};

static struct loop loop;

static uint8_t windows[SERVE_CONNECTION_MAX][WINDOW_SIZE];

static struct vmc_posix_env_state env_state;

static uint64_t now(void)
{
	struct vmc_env env = vmc_posix_env(&env_state);

	return env.now_ms(env.ctx);
}

/*
 * Streams: those of the ports, with the bytes counted that came
 */

static struct connection *by_stream(vmc_handle stream)
{
	int i;

	for (i = 0; i < SERVE_CONNECTION_MAX - 1; i++)
		if (loop.connection[i].fd == stream)
			break;
	return &loop.connection[i];
}

static enum vmc_status receive(void *ctx, vmc_handle stream, uint8_t *buf,
			       size_t cap, size_t *len,
			       struct vmc_handles *handles)
{
	struct connection *connection = by_stream(stream);
	enum vmc_status status =
		loop.port.ops->recv(ctx, stream, buf, cap, len, handles);

	if (status == VMC_OK) {
		connection->used = 1;
		connection->heard_ms = now();
		connection->received += *len;
	}
	return status;
}

static enum vmc_status send_some(void *ctx, vmc_handle stream,
				 const struct vmc_view *parts, size_t parts_len,
				 const struct vmc_handles *handles, size_t *len)
{
	enum vmc_status status = loop.port.ops->send(ctx, stream, parts,
						     parts_len, handles, len);

	if (status == VMC_OK)
		by_stream(stream)->expected = 0;
	return status;
}

static void close_stream(void *ctx, vmc_handle stream)
{
	loop.port.ops->close(ctx, stream);
}

static const struct vmc_port_ops counting_ops = {
	.name = "counting",
	.recv = receive,
	.send = send_some,
	.shutdown = close_stream,
	.close = close_stream,
};

/*
 * Services
 */

/* Begins with a service as new; its memory is all 0, or was never used. */
static enum vmc_status begin_service(struct connection *connection, int fd)
{
	struct vmc_agent_service_config config = {
		.agent = vmc_guest_agent(loop.guest, NULL),
		.port = { &counting_ops, loop.port.ctx },
		.window = windows[connection - loop.connection],
		.window_len = WINDOW_SIZE,
		/* of a pipe half a request is forgotten when its sender
		 * hangs up or somebody new begins: what follows it after a
		 * silence is its rest, and not requests */
		.frame_timeout_ms = loop.place->pipe >= 0 ? UINT32_MAX : 0,
	};

	enum vmc_status status =
		vmc_agent_service_init(&connection->service, &config);

	if (status)
		return status;
	connection->fd = fd;
	connection->used = 0;
	connection->deaf_until_ms = 0;
	vmc_agent_service_open(&connection->service, fd, now());
	return VMC_OK;
}

/* Gives whole pages of our own back to the system; they are 0 then. */
static void give_back(void *begin, size_t size)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	uintptr_t first = ((uintptr_t)begin + page) & ~page;
	uintptr_t last = ((uintptr_t)begin + size) & ~page;

	if (first < last)
		madvise((void *)first, last - first, MADV_DONTNEED);
}

/* Ends it; what it has touched is not ours any more. */
static void end_service(struct connection *connection)
{
	vmc_agent_service_close(&connection->service);
	give_back(&connection->service, sizeof(connection->service));
	give_back(windows[connection - loop.connection], WINDOW_SIZE);
}

static void close_connection(struct connection *connection)
{
	end_service(connection);
	close(connection->fd);
	connection->fd = -1;
}

/* 1 if no byte of a request lies in the window. */
static int at_rest(struct connection *connection)
{
	struct vmc_ttrpc *engine = &connection->service.engine;

	return vmc_ttrpc_server.idle(engine) &&
	       !vmc_ttrpc_server.partial(engine);
}

static void give_back_window(struct connection *connection)
{
	uint8_t *window = windows[connection - loop.connection];

	if (connection->received <= WINDOW_KEPT_SIZE || !at_rest(connection))
		return;
	give_back(window + WINDOW_KEPT_SIZE, WINDOW_SIZE - WINDOW_KEPT_SIZE);
	connection->received = 0;
}

static enum vmc_status step_service(struct connection *connection)
{
	enum vmc_status status =
		vmc_agent_service_step(&connection->service, now());

	if (status == VMC_AGAIN)
		give_back_window(connection);
	return status;
}

/*
 * A listening socket
 */

static struct connection *free_connection(void)
{
	int i;

	for (i = 0; i < SERVE_CONNECTION_MAX; i++)
		if (loop.connection[i].fd < 0)
			return &loop.connection[i];
	return NULL;
}

static int is_welcome(const struct vmc_peer *peer)
{
	return !loop.place->check_peer ||
	       (peer->known && (peer->uid == geteuid() || peer->uid == 0));
}

static void accept_one(struct connection *connection)
{
	vmc_handle stream;
	struct vmc_peer peer;

	if (vmc_posix_accept(NULL, loop.place->listener, &stream, &peer))
		return;
	if (loop.place->host_only && !listen_is_host((int)stream))
		say("refused a connection that is not the host's", NULL);
	else if (!is_welcome(&peer))
		say("refused a connection of another user", NULL);
	else if (begin_service(connection, (int)stream) == VMC_OK)
		return;
	close((int)stream);
}

static void turn_connections(void)
{
	struct connection *connection = free_connection();
	int i;

	if (connection)
		accept_one(connection);
	for (i = 0; i < SERVE_CONNECTION_MAX; i++) {
		connection = &loop.connection[i];
		if (connection->fd >= 0 &&
		    step_service(connection) != VMC_AGAIN)
			close_connection(connection);
	}
}

/*
 * A byte pipe
 */

static void begin_anew(struct connection *pipe)
{
	/* Who only asked whether we are there has touched next to nothing;
	 * the next one, in a VM that was just resumed, is in a hurry. */
	if (pipe->received <= CHECKED_SIZE && pipe->deaf_until_ms == 0) {
		pipe->used = 0;
		vmc_agent_service_open(&pipe->service, pipe->fd, now());
		return;
	}
	end_service(pipe);
	/* it went well with the same configuration before */
	if (begin_service(pipe, loop.place->pipe))
		pipe->deaf_until_ms = now() + DEAF_MS;
}

/* Whoever was there is not any more. */
static void begin_anew_if_used(struct connection *pipe)
{
	if (pipe->used || pipe->deaf_until_ms)
		begin_anew(pipe);
}

static void welcome(struct connection *pipe)
{
	begin_anew_if_used(pipe);
	pipe->expected = 1;
	pipe->expected_until_ms = 0;
}

/* Nobody is at the other end, as far as the kernel has heard. */
static void say_goodbye(struct connection *pipe)
{
	if (pipe->expected && pipe->expected_until_ms == 0)
		pipe->expected_until_ms = now() + EXPECTED_MS;
	if (pipe->expected && now() < pipe->expected_until_ms)
		return;
	pipe->expected = 0;
	begin_anew_if_used(pipe);
}

/* Bytes that are no ttrpc: what follows them has no beginning that one could
 * find. The service has closed itself, or is closed already. */
static void be_deaf(struct connection *pipe)
{
	vmc_guest_channel_drop(&loop.channel);
	pipe->deaf_until_ms = now() + DEAF_MS;
}

/* 1 as long as it is. */
static int is_deaf(struct connection *pipe, enum vmc_guest_channel_news news)
{
	if (pipe->deaf_until_ms == 0)
		return 0;
	if (news == VMC_GUEST_CHANNEL_BYTES)
		be_deaf(pipe);
	else if (now() >= pipe->deaf_until_ms)
		begin_anew(pipe);
	return pipe->deaf_until_ms != 0;
}

/*
 * Amid a request, what looks like a first one may be its content, which the
 * guest's users have a hand in: a file that is copied, a command's input. A
 * newcomer's first request is written at once and alone. On virtio-serial it
 * is then a read of its own, and what comes in pieces fills the reads before;
 * a terminal's line reads as it likes, and must have been silent.
 */
static int may_be_new(struct connection *pipe)
{
	if (!loop.channel.whole)
		return !vmc_ttrpc_server.partial(&pipe->service.engine);
	if (pipe->deaf_until_ms ||
	    !vmc_ttrpc_server.partial(&pipe->service.engine))
		return 1;
	return isatty(pipe->fd) ? now() - pipe->heard_ms >= DEAF_MS :
				  !loop.channel.amid;
}

/* Takes what there is to take: 1 if there may be more. */
static int take_from_pipe(struct connection *pipe)
{
	enum vmc_guest_channel_news news =
		vmc_guest_channel_look(&loop.channel);
	uint32_t at = loop.channel.at;

	pipe->gone = news == VMC_GUEST_CHANNEL_GONE;
	if (pipe->gone)
		say_goodbye(pipe);
	else if (news == VMC_GUEST_CHANNEL_NEWCOMER && may_be_new(pipe))
		welcome(pipe);
	if (is_deaf(pipe, news))
		return news == VMC_GUEST_CHANNEL_BYTES;
	if (step_service(pipe) == VMC_AGAIN)
		return loop.channel.at != at;
	say("what has come is not ttrpc", NULL);
	be_deaf(pipe);
	return 1;
}

/* Somebody hung up whose answer is stuck: nobody will take it, and what else
 * he asked for is of no interest. */
static void forget_the_stuck(struct connection *pipe)
{
	if (loop.channel.at == loop.channel.len || pipe->deaf_until_ms ||
	    pipe->expected)
		return;
	vmc_guest_channel_drop(&loop.channel);
	begin_anew(pipe);
}

static void turn_pipe(int hung_up)
{
	struct connection *pipe = &loop.connection[0];
	int i = 0;

	while (take_from_pipe(pipe) && i < PIPE_TURNS)
		i++;
	if (hung_up)
		forget_the_stuck(pipe);
}

/*
 * Waiting
 */

static void add_wait(vmc_handle handle, unsigned want)
{
	struct vmc_wait *wait = &loop.waits[loop.waits_len++];

	wait->handle = handle;
	wait->want = (uint16_t)want;
}

static void be_due(uint64_t at_ms)
{
	if (at_ms < loop.until_ms)
		loop.until_ms = at_ms;
}

static void collect(struct connection *connection)
{
	struct vmc_wait *out = &loop.waits[loop.waits_len];
	uint64_t until_ms;
	size_t len;

	/* it has room for all of them */
	if (vmc_agent_service_waits(&connection->service, out,
				    WAIT_MAX - loop.waits_len, &len, &until_ms))
		return;
	loop.waits_len += len;
	be_due(until_ms);
}

/* The first wait of a service is for its stream. */
static void collect_pipe(struct connection *pipe)
{
	struct vmc_wait *stream = &loop.waits[loop.waits_len];

	if (pipe->deaf_until_ms) {
		be_due(pipe->deaf_until_ms);
		add_wait(pipe->fd, VMC_WAIT_READ);
	} else {
		collect(pipe);
		if (loop.channel.at < loop.channel.len &&
		    (stream->want & VMC_WAIT_READ))
			be_due(0);
	}
	if (!pipe->gone)
		return;
	stream->handle = -1; /* it would say so for ever */
	be_due(pipe->expected ? pipe->expected_until_ms : now() + GONE_LOOK_MS);
}

static void collect_all(void)
{
	int i;

	loop.waits_len = 0;
	loop.until_ms = VMC_NEVER;
	add_wait(loop.signals, VMC_WAIT_READ);
	if (loop.place->pipe >= 0) {
		collect_pipe(&loop.connection[0]);
		return;
	}
	if (free_connection())
		add_wait(loop.place->listener, VMC_WAIT_READ);
	for (i = 0; i < SERVE_CONNECTION_MAX; i++)
		if (loop.connection[i].fd >= 0)
			collect(&loop.connection[i]);
}

static short events_of(unsigned want)
{
	short events = 0;

	if (want & VMC_WAIT_READ)
		events |= POLLIN;
	if (want & VMC_WAIT_WRITE)
		events |= POLLOUT;
	return events;
}

static int timeout(void)
{
	uint64_t now_ms = now();

	if (loop.until_ms == VMC_NEVER)
		return -1;
	if (loop.until_ms <= now_ms)
		return 0;
	return loop.until_ms - now_ms > INT_MAX ? INT_MAX :
						  (int)(loop.until_ms - now_ms);
}

/* 1 if the byte pipe's other end has hung up. */
static int wait_for_all(void)
{
	size_t i;
	int hung_up = 0;

	for (i = 0; i < loop.waits_len; i++) {
		loop.fds[i].fd = (int)loop.waits[i].handle;
		loop.fds[i].events = events_of(loop.waits[i].want);
		loop.fds[i].revents = 0;
	}
	if (poll(loop.fds, (nfds_t)loop.waits_len, timeout()) <= 0)
		return 0;
	for (i = 0; i < loop.waits_len; i++)
		hung_up |= loop.fds[i].fd == loop.place->pipe &&
			   (loop.fds[i].revents & POLLHUP);
	return hung_up;
}

/*
 * Signals
 */

static void put_signals(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGCHLD);
	sigaddset(set, SIGIO);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR1);
	sigaddset(set, SIGUSR2);
}

/* see guest_serve.h */
int serve_block_signals(void)
{
	sigset_t set;

	put_signals(&set);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
		return -1;
	loop.signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return loop.signals < 0 ? -1 : 0;
}

static void hear_signals(void)
{
	struct signalfd_siginfo info;
	int children = 0;

	while (read(loop.signals, &info, sizeof(info)) ==
	       (ssize_t)sizeof(info)) {
		children |= info.ssi_signo == SIGCHLD;
		if (info.ssi_signo != SIGCHLD && info.ssi_signo != SIGIO)
			loop.ended_by = (int)info.ssi_signo;
	}
	if (children)
		vmc_guest_reap(loop.guest);
}

/*
 * All together
 */

static void turn(int hung_up)
{
	uint32_t changes;

	do {
		changes = vmc_guest_changes(loop.guest);
		if (loop.place->pipe >= 0)
			turn_pipe(hung_up);
		else
			turn_connections();
	} while (changes != vmc_guest_changes(loop.guest));
}

/* 1 if some answer is still to be taken. */
static int something_is_unsaid(void)
{
	struct connection *connection;
	int i;

	for (i = 0; i < SERVE_CONNECTION_MAX; i++) {
		connection = &loop.connection[i];
		if (connection->fd >= 0 &&
		    !vmc_ttrpc_server.idle(&connection->service.engine))
			return 1;
	}
	return 0;
}

static int is_over(uint64_t *farewell_ms)
{
	if (loop.ended_by)
		return 1;
	if (!vmc_guest_stopping(loop.guest))
		return 0;
	if (*farewell_ms == VMC_NEVER)
		*farewell_ms = now() + FAREWELL_MS;
	return now() >= *farewell_ms || !something_is_unsaid();
}

static void end_all(void)
{
	int i;

	for (i = 0; i < SERVE_CONNECTION_MAX; i++)
		if (loop.connection[i].fd >= 0)
			close_connection(&loop.connection[i]);
}

/* see guest_serve.h */
int serve(struct vmc_guest *guest, const struct serve_place *place,
	  void (*ready)(void))
{
	uint64_t farewell_ms = VMC_NEVER;
	int hung_up = 0, i;

	loop.guest = guest;
	loop.place = place;
	vmc_guest_channel_init(&loop.channel, place->pipe);
	loop.port = place->pipe >= 0 ? vmc_guest_channel_port(&loop.channel) :
				       vmc_posix_port(NULL);
	for (i = 0; i < SERVE_CONNECTION_MAX; i++)
		loop.connection[i].fd = -1;
	if (place->pipe >= 0 && begin_service(&loop.connection[0], place->pipe))
		return SERVE_FAILED;
	ready();
	while (1) {
		turn(hung_up);
		if (is_over(&farewell_ms))
			break;
		collect_all();
		be_due(farewell_ms);
		hung_up = wait_for_all();
		hear_signals();
	}
	end_all();
	return loop.ended_by ? loop.ended_by : SERVE_STOPPED;
}
