/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checklist can fail: the posix port is given one sin after another, and
 * each time the promise that it breaks is not kept. A sin is a function that
 * stands in for the port's.
 */
#include "../unit/test.h"
#include "port_files.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const struct vmc_port_ops *const good = &vmc_posix_port_ops;
static struct vmc_env good_env;

/*
 * Sins against env.h
 */

static uint64_t goes_back(void *ctx)
{
	static uint64_t back;

	return good_env.now_ms(ctx) + 5000 - ++back * 10;
}

static enum vmc_status wall_in_nanoseconds(void *ctx, struct vmc_wall *wall)
{
	enum vmc_status status = good_env.wall(ctx, wall);

	wall->microseconds = wall->microseconds * 1000 + 1000000;
	return status;
}

static enum vmc_status entropy_of_256(void *ctx, void *buf, size_t buf_len)
{
	return good_env.entropy(ctx, buf, buf_len < 256 ? buf_len : 256);
}

static enum vmc_status entropy_seeded(void *ctx, void *buf, size_t buf_len)
{
	uint8_t *at = buf;

	(void)ctx;
	for (size_t i = 0; i < buf_len; i++)
		at[i] = (uint8_t)(i * 167 + 13);
	return VMC_OK;
}

/*
 * Sins against port.h
 */

static enum vmc_status listen_to_all(void *ctx, const char *endpoint,
				     vmc_handle *listener,
				     struct vmc_error *error)
{
	enum vmc_status status = good->listen(ctx, endpoint, listener, error);

	if (chmod(endpoint, 0666) && status == VMC_OK)
		return VMC_ERR_IO;
	return status;
}

static enum vmc_status listen_by_force(void *ctx, const char *endpoint,
				       vmc_handle *listener,
				       struct vmc_error *error)
{
	unlink(endpoint);
	return good->listen(ctx, endpoint, listener, error);
}

static enum vmc_status listen_somewhere(void *ctx, const char *endpoint,
					vmc_handle *listener,
					struct vmc_error *error)
{
	char path[108];

	snprintf(path, sizeof(path), "%s", endpoint);
	if (strlen(endpoint) >= sizeof(path))
		return VMC_OK; /* cut short, and nobody is told */
	return good->listen(ctx, path, listener, error);
}

static enum vmc_status listen_inherited(void *ctx, const char *endpoint,
					vmc_handle *listener,
					struct vmc_error *error)
{
	enum vmc_status status = good->listen(ctx, endpoint, listener, error);

	if (status == VMC_OK)
		fcntl((int)*listener, F_SETFD, 0);
	return status;
}

static void leave_the_path(void *ctx, const char *endpoint, vmc_handle listener)
{
	struct vmc_posix *posix = ctx;

	(void)endpoint;
	close((int)listener);
	posix->listening = 0;
}

static enum vmc_status accept_anybody(void *ctx, vmc_handle listener,
				      vmc_handle *stream, struct vmc_peer *peer)
{
	(void)peer; /* stays as it was */
	return good->accept(ctx, listener, stream, &(struct vmc_peer){ 0 });
}

static enum vmc_status accept_nobody(void *ctx, vmc_handle listener,
				     vmc_handle *stream, struct vmc_peer *peer)
{
	enum vmc_status status = good->accept(ctx, listener, stream, peer);

	return status == VMC_AGAIN ? VMC_ERR_IO : status;
}

static enum vmc_status connect_says_io(void *ctx, const char *endpoint,
				       vmc_handle *stream,
				       struct vmc_error *error)
{
	enum vmc_status status = good->connect(ctx, endpoint, stream, NULL);

	return status < 0 ? vmc_error_set(error, VMC_ERR_IO, endpoint, NULL) :
			    status;
}

static enum vmc_status recv_zero(void *ctx, vmc_handle stream, uint8_t *buf,
				 size_t cap, size_t *len,
				 struct vmc_handles *handles)
{
	enum vmc_status status =
		good->recv(ctx, stream, buf, cap, len, handles);

	if (status != VMC_CLOSED)
		return status;
	*len = 0;
	return VMC_OK;
}

static enum vmc_status recv_and_drop(void *ctx, vmc_handle stream, uint8_t *buf,
				     size_t cap, size_t *len,
				     struct vmc_handles *handles)
{
	uint8_t rest[64];
	size_t more;
	enum vmc_status status =
		good->recv(ctx, stream, buf, cap, len, handles);

	if (status == VMC_OK && *len == cap)
		while (good->recv(ctx, stream, rest, sizeof(rest), &more,
				  NULL) == VMC_OK)
			continue;
	return status;
}

static enum vmc_status recv_never_lost(void *ctx, vmc_handle stream,
				       uint8_t *buf, size_t cap, size_t *len,
				       struct vmc_handles *handles)
{
	enum vmc_status status =
		good->recv(ctx, stream, buf, cap, len, handles);

	return status == VMC_ERR_LOST ? VMC_CLOSED : status;
}

static enum vmc_status recv_sets_len(void *ctx, vmc_handle stream, uint8_t *buf,
				     size_t cap, size_t *len,
				     struct vmc_handles *handles)
{
	*len = 0;
	return good->recv(ctx, stream, buf, cap, len, handles);
}

static enum vmc_status recv_waits(void *ctx, vmc_handle stream, uint8_t *buf,
				  size_t cap, size_t *len,
				  struct vmc_handles *handles)
{
	struct pollfd ready = { .fd = (int)stream, .events = POLLIN };

	if (poll(&ready, 1, 0) == 0)
		raise(SIGALRM); /* would wait for ever */
	return good->recv(ctx, stream, buf, cap, len, handles);
}

/* What came that nobody asked for stays open. */
static enum vmc_status recv_hoards(void *ctx, vmc_handle stream, uint8_t *buf,
				   size_t cap, size_t *len,
				   struct vmc_handles *handles)
{
	struct vmc_handles hoard = { { 0 }, 0 };

	return good->recv(ctx, stream, buf, cap, len,
			  handles ? handles : &hoard);
}

static enum vmc_status recv_replaces(void *ctx, vmc_handle stream, uint8_t *buf,
				     size_t cap, size_t *len,
				     struct vmc_handles *handles)
{
	if (handles)
		handles->handle_len = 0;
	return good->recv(ctx, stream, buf, cap, len, handles);
}

static enum vmc_status recv_makes_up(void *ctx, vmc_handle stream, uint8_t *buf,
				     size_t cap, size_t *len,
				     struct vmc_handles *handles)
{
	if (handles)
		handles->handle_len = 1;
	return good->recv(ctx, stream, buf, cap, len, handles);
}

static size_t size_of(const struct vmc_view *parts, size_t parts_len)
{
	size_t size = 0;

	for (size_t i = 0; i < parts_len; i++)
		size += parts[i].ptr_len;
	return size;
}

static enum vmc_status
send_one_part(void *ctx, vmc_handle stream, const struct vmc_view *parts,
	      size_t parts_len, const struct vmc_handles *handles, size_t *len)
{
	enum vmc_status status =
		good->send(ctx, stream, parts, 1, handles, len);

	*len = size_of(parts, parts_len);
	return status;
}

static enum vmc_status send_claims_all(void *ctx, vmc_handle stream,
				       const struct vmc_view *parts,
				       size_t parts_len,
				       const struct vmc_handles *handles,
				       size_t *len)
{
	enum vmc_status status =
		good->send(ctx, stream, parts, parts_len, handles, len);

	if (status == VMC_OK)
		*len = size_of(parts, parts_len);
	return status;
}

static enum vmc_status send_with_sigpipe(void *ctx, vmc_handle stream,
					 const struct vmc_view *parts,
					 size_t parts_len,
					 const struct vmc_handles *handles,
					 size_t *len)
{
	if (send((int)stream, "", 0, MSG_DONTWAIT) < 0 && errno == EPIPE)
		return VMC_ERR_LOST;
	return good->send(ctx, stream, parts, parts_len, handles, len);
}

static enum vmc_status send_keeps_trying(void *ctx, vmc_handle stream,
					 const struct vmc_view *parts,
					 size_t parts_len,
					 const struct vmc_handles *handles,
					 size_t *len)
{
	enum vmc_status status =
		good->send(ctx, stream, parts, parts_len, handles, len);

	return status == VMC_ERR_LOST ? VMC_AGAIN : status;
}

static enum vmc_status
send_and_close(void *ctx, vmc_handle stream, const struct vmc_view *parts,
	       size_t parts_len, const struct vmc_handles *handles, size_t *len)
{
	enum vmc_status status =
		good->send(ctx, stream, parts, parts_len, handles, len);

	for (uint32_t i = 0; handles && i < handles->handle_len; i++)
		good->close(ctx, handles->handle[i]);
	return status;
}

static enum vmc_status
send_without(void *ctx, vmc_handle stream, const struct vmc_view *parts,
	     size_t parts_len, const struct vmc_handles *handles, size_t *len)
{
	(void)handles;
	return good->send(ctx, stream, parts, parts_len, NULL, len);
}

static void shut_both(void *ctx, vmc_handle stream)
{
	(void)ctx;
	shutdown((int)stream, SHUT_RDWR);
}

static void shut_nothing(void *ctx, vmc_handle stream)
{
	(void)ctx;
	(void)stream;
}

/*
 * Which promise each of them breaks
 */

struct sin {
	const char *broken;
	struct vmc_port_ops ops; /* what is not NULL stands in */
	struct vmc_env env;
};

static const struct sin sins[] = {
	{ .broken = "time_does_not_go_back", .env.now_ms = goes_back },
	{ .broken = "time_of_day_is_one", .env.wall = wall_in_nanoseconds },
	{ .broken = "entropy_fills_all_of_it", .env.entropy = entropy_of_256 },
	{ .broken = "entropy_is_never_the_same",
	  .env.entropy = entropy_seeded },
	{ .broken = "is_its_owners_alone", .ops.listen = listen_to_all },
	{ .broken = "refuses_a_second_server", .ops.listen = listen_by_force },
	{ .broken = "refuses_a_long_path", .ops.listen = listen_somewhere },
	{ .broken = "closes_handles_on_exec", .ops.listen = listen_inherited },
	{ .broken = "nobody_listens", .ops.unlisten = leave_the_path },
	{ .broken = "knows_its_peer", .ops.accept = accept_anybody },
	{ .broken = "accepts_who_has_connected", .ops.accept = accept_nobody },
	{ .broken = "leaves_out_handles", .ops.recv = recv_makes_up },
	{ .broken = "nobody_listens", .ops.connect = connect_says_io },
	{ .broken = "opens_again", .ops.connect = connect_says_io },
	{ .broken = "ends_one_direction", .ops.recv = recv_zero },
	{ .broken = "reads_to_the_end_of_who_has_gone", .ops.recv = recv_zero },
	{ .broken = "holds_who_has_not_been_accepted", .ops.recv = recv_zero },
	{ .broken = "receives_what_fits", .ops.recv = recv_and_drop },
	{ .broken = "says_that_bytes_were_not_read",
	  .ops.recv = recv_never_lost },
	{ .broken = "does_not_block", .ops.recv = recv_sets_len },
	{ .broken = "does_not_block", .ops.recv = recv_waits },
	{ .broken = "closes_handles_without_a_place", .ops.recv = recv_hoards },
	{ .broken = "closes_handles_without_a_place",
	  .ops.recv = recv_replaces },
	{ .broken = "gathers_parts_in_order", .ops.send = send_one_part },
	{ .broken = "takes_what_there_is_room_for",
	  .ops.send = send_claims_all },
	{ .broken = "says_that_nobody_will_read",
	  .ops.send = send_with_sigpipe },
	{ .broken = "says_that_nobody_will_read",
	  .ops.send = send_keeps_trying },
	{ .broken = "hands_handles_over", .ops.send = send_and_close },
	{ .broken = "hands_handles_over", .ops.send = send_without },
	{ .broken = "ends_one_direction", .ops.shutdown = shut_both },
	{ .broken = "ends_one_direction", .ops.shutdown = shut_nothing },
};

#define SINS (sizeof(sins) / sizeof(sins[0]))

/*
 * Asking a sinner, in a process of its own: it may be killed, or hang
 */

static const struct sin *committed;
static struct vmc_port_ops ops;

#define REPLACE(name)                                                          \
	do                                                                     \
		if (committed->ops.name)                                       \
			ops.name = committed->ops.name;                        \
	while (0)

static void begin(struct port_subject *subject)
{
	port_files_begin(subject);
	good_env = subject->env;
	ops = *good;
	subject->port.ops = subject->other.ops = &ops;
	if (!committed)
		return;
	REPLACE(listen);
	REPLACE(unlisten);
	REPLACE(accept);
	REPLACE(connect);
	REPLACE(recv);
	REPLACE(send);
	REPLACE(shutdown);
	if (committed->env.now_ms)
		subject->env.now_ms = committed->env.now_ms;
	if (committed->env.wall)
		subject->env.wall = committed->env.wall;
	if (committed->env.entropy)
		subject->env.entropy = committed->env.entropy;
}

#define HANG_SECONDS 30

static void die(int number)
{
	printf("not ok sinner_%s: killed by signal %d\n", port_check_asked,
	       number);
	fflush(stdout);
	(void)port_files_end(NULL);
	_exit(1);
}

static void confess(int out)
{
	struct port_subject subject = { .name = "sinner",
					.begin = begin,
					.end = port_files_end };

	dup2(out, 1);
	signal(SIGALRM, die);
	signal(SIGPIPE, die);
	alarm(HANG_SECONDS);
	_exit(port_check(&subject));
}

static char said[16384];

/* What is said goes to `said`; the way it ended is returned. */
static int ask_sinner(const struct sin *sin)
{
	size_t said_len = 0;
	int ends[2], how = 0;
	ssize_t len = 1;
	pid_t child;

	committed = sin;
	CHECK_EQ_INT(pipe(ends), 0);
	fflush(stdout);
	child = fork();
	CHECK(child >= 0);
	if (child == 0)
		confess(ends[1]);
	close(ends[1]);
	while (len > 0 && said_len < sizeof(said) - 1) {
		len = read(ends[0], said + said_len,
			   sizeof(said) - 1 - said_len);
		said_len += len > 0 ? (size_t)len : 0;
	}
	said[said_len] = '\0';
	close(ends[0]);
	CHECK_EQ_INT(waitpid(child, &how, 0), child);
	return how;
}

static int says_broken(const char *promise)
{
	char line[128];

	snprintf(line, sizeof(line), "not ok sinner_%s:", promise);
	return strstr(said, line) != NULL;
}

TEST(without_sin_nothing_is_broken)
{
	CHECK_EQ_INT(ask_sinner(NULL), 0);
	CHECK(strstr(said, "not ok") == NULL);
}

TEST(each_sin_breaks_its_promise)
{
	for (size_t i = 0; i < SINS; i++) {
		if (ask_sinner(&sins[i]) != 0 && says_broken(sins[i].broken))
			continue;
		fprintf(stderr, "sin %zu:\n%s\n", i, said);
		test_fail(__FILE__, __LINE__, sins[i].broken, NULL, NULL);
	}
}

static int is_broken_by_some(const char *promise)
{
	for (size_t i = 0; i < SINS; i++)
		if (strcmp(sins[i].broken, promise) == 0)
			return 1;
	return 0;
}

TEST(each_promise_has_its_sin)
{
	static char good_said[sizeof(said)];
	char *rest = good_said, *line;
	int promises = 0;

	CHECK_EQ_INT(ask_sinner(NULL), 0);
	strcpy(good_said, said);
	while ((line = strtok_r(rest, "\n", &rest)) != NULL) {
		const char *promise = line + strlen("ok sinner_");

		promises++;
		if (!is_broken_by_some(promise))
			test_fail(__FILE__, __LINE__, promise, NULL, NULL);
	}
	CHECK(promises >= 20);
}

TESTS(RUN(without_sin_nothing_is_broken) RUN(each_sin_breaks_its_promise)
	      RUN(each_promise_has_its_sin));
