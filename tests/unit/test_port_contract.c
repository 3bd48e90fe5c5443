/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vmcache/port.h promises, asked of each port that has streams. A new
 * port is done when it has a `subject` here and passes.
 */
#include "test.h"

#include "vmcache_linux.h"
#include "vmcache_posix.h"
#include "vmcache_sim.h"

#include <stdlib.h>
#include <unistd.h>

/* Enough to fill any port's buffers several times. */
#define BULK_SIZE 1000000

/* A port, and a second one of the same system: another server's. */
struct subject {
	struct vmc_port port, other;
	char endpoint[80], directory[64];
	uint8_t is_system; /* its endpoints are files */
};

static struct subject subject;
static struct vmc_error error;
static uint8_t bulk[BULK_SIZE], back[BULK_SIZE];

/*
 * Subjects
 */

static void begin(struct vmc_port port, struct vmc_port other)
{
	subject.port = port;
	subject.other = other;
	vmc_error_reset(&error);
}

static void begin_files(struct vmc_port port, struct vmc_port other)
{
	begin(port, other);
	strcpy(subject.directory, "/tmp/vmcache-port-XXXXXX");
	CHECK(mkdtemp(subject.directory) != NULL);
	snprintf(subject.endpoint, sizeof(subject.endpoint), "%s/new/sock",
		 subject.directory);
	subject.is_system = 1;
}

static void begin_posix(void)
{
	static struct vmc_posix posix[2];

	memset(posix, 0, sizeof(posix));
	begin_files(vmc_posix_port(&posix[0]), vmc_posix_port(&posix[1]));
}

static struct vmc_linux_loop loops[2];

static void begin_linux(void)
{
	for (int i = 0; i < 2; i++)
		CHECK_EQ_INT(vmc_linux_loop_init(&loops[i], &error), VMC_OK);
	begin_files(vmc_linux_port(&loops[0]), vmc_linux_port(&loops[1]));
}

static void begin_sim(void)
{
	static struct vmc_sim_link links[8];
	static struct vmc_sim sim;

	vmc_sim_init(&sim, links, 8);
	sim.client.known = 1;
	sim.client.pid = getpid();
	begin(vmc_sim_port(&sim), vmc_sim_port(&sim));
	strcpy(subject.endpoint, "/run/sock");
	subject.is_system = 0;
}

static void end(void)
{
	char path[80];

	if (!subject.is_system)
		return;
	snprintf(path, sizeof(path), "%s/new", subject.directory);
	CHECK_EQ_INT(rmdir(path), 0); /* nothing was left in it */
	CHECK_EQ_INT(rmdir(subject.directory), 0);
	if (subject.port.ops != &vmc_linux_port_ops)
		return;
	vmc_linux_loop_end(&loops[0]);
	vmc_linux_loop_end(&loops[1]);
}

/*
 * The port's functions with less to write
 */

static vmc_handle open_endpoint(void)
{
	const struct vmc_port *port = &subject.port;
	vmc_handle listener = VMC_HANDLE_NONE;

	CHECK_EQ_INT(port->ops->listen(port->ctx, subject.endpoint, &listener,
				       &error),
		     VMC_OK);
	CHECK(listener >= 0);
	return listener;
}

static void close_endpoint(vmc_handle listener)
{
	subject.port.ops->unlisten(subject.port.ctx, subject.endpoint,
				   listener);
}

static enum vmc_status connect_client(vmc_handle *stream)
{
	return subject.other.ops->connect(subject.other.ctx, subject.endpoint,
					  stream, &error);
}

static enum vmc_status accept_client(vmc_handle listener, vmc_handle *stream)
{
	struct vmc_peer peer;

	return subject.port.ops->accept(subject.port.ctx, listener, stream,
					&peer);
}

static enum vmc_status receive(vmc_handle stream, void *buf, size_t cap,
			       size_t *len)
{
	return subject.port.ops->recv(subject.port.ctx, stream, buf, cap, len,
				      NULL);
}

static enum vmc_status transmit(vmc_handle stream, const void *bytes,
				size_t bytes_len, size_t *len)
{
	struct vmc_view part = { bytes, bytes_len };

	return subject.port.ops->send(subject.port.ctx, stream, &part, 1, NULL,
				      len);
}

static void say(vmc_handle stream, const char *words)
{
	size_t len = 0;

	CHECK_EQ_INT(transmit(stream, words, strlen(words), &len), VMC_OK);
	CHECK_EQ_INT(len, strlen(words));
}

static void hear(vmc_handle stream, const char *words)
{
	char heard[64];
	size_t len = 0;

	CHECK_EQ_INT(receive(stream, heard, sizeof(heard), &len), VMC_OK);
	CHECK_EQ_INT(len, strlen(words));
	CHECK_EQ_MEM(heard, words, len);
}

static void drop(vmc_handle stream)
{
	subject.port.ops->close(subject.port.ctx, stream);
}

struct pair {
	vmc_handle listener, client, server;
};

static struct pair open_pair(void)
{
	struct pair pair;

	pair.listener = open_endpoint();
	CHECK_EQ_INT(connect_client(&pair.client), VMC_OK);
	CHECK_EQ_INT(accept_client(pair.listener, &pair.server), VMC_OK);
	return pair;
}

static void close_pair(struct pair pair)
{
	drop(pair.client);
	drop(pair.server);
	close_endpoint(pair.listener);
}

/*
 * Promises
 */

static void nobody_listens(void)
{
	vmc_handle stream;

	close_endpoint(open_endpoint()); /* so that its directory is there */
	CHECK_EQ_INT(connect_client(&stream), VMC_ERR_NO_SERVER);
	CHECK_EQ_INT(error.status, VMC_ERR_NO_SERVER);
	CHECK(strstr(error.text, subject.endpoint) != NULL);
}

static void accepts_who_has_connected(void)
{
	vmc_handle listener = open_endpoint();
	vmc_handle client[3], server[3], more;

	CHECK_EQ_INT(accept_client(listener, &more), VMC_AGAIN);
	for (int i = 0; i < 3; i++)
		CHECK_EQ_INT(connect_client(&client[i]), VMC_OK);
	for (int i = 0; i < 3; i++)
		CHECK_EQ_INT(accept_client(listener, &server[i]), VMC_OK);
	CHECK_EQ_INT(accept_client(listener, &more), VMC_AGAIN);
	say(client[1], "second");
	hear(server[1], "second");
	for (int i = 0; i < 3; i++) {
		drop(client[i]);
		drop(server[i]);
	}
	close_endpoint(listener);
}

static void knows_its_peer(void)
{
	vmc_handle listener = open_endpoint();
	vmc_handle client, server;
	struct vmc_peer peer;

	memset(&peer, 0xff, sizeof(peer));
	CHECK_EQ_INT(connect_client(&client), VMC_OK);
	CHECK_EQ_INT(subject.port.ops->accept(subject.port.ctx, listener,
					      &server, &peer),
		     VMC_OK);
	CHECK_EQ_INT(peer.known, 1);
	CHECK_EQ_INT(peer.pid, getpid());
	CHECK_EQ_INT(peer.uid, subject.is_system ? getuid() : 0);
	drop(client);
	drop(server);
	close_endpoint(listener);
}

static void refuses_a_second_server(void)
{
	vmc_handle listener = open_endpoint();
	vmc_handle second, client;

	CHECK_EQ_INT(subject.other.ops->listen(subject.other.ctx,
					       subject.endpoint, &second,
					       &error),
		     VMC_ERR_IN_USE);
	CHECK(strstr(error.text, subject.endpoint) != NULL);
	CHECK_EQ_INT(connect_client(&client), VMC_OK); /* the first goes on */
	drop(client);
	close_endpoint(listener);
}

static void refuses_a_long_path(void)
{
	char path[300];
	vmc_handle handle;

	memset(path, 'x', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	CHECK_EQ_INT(subject.port.ops->listen(subject.port.ctx, path, &handle,
					      &error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "107") != NULL);
	CHECK_EQ_INT(subject.port.ops->connect(subject.port.ctx, path, &handle,
					       NULL),
		     VMC_ERR_TOO_BIG);
	close_endpoint(open_endpoint());
}

static void opens_again(void)
{
	struct pair pair = open_pair();
	vmc_handle listener, client;

	close_endpoint(pair.listener);
	CHECK_EQ_INT(connect_client(&client), VMC_ERR_NO_SERVER);
	say(pair.client, "still here"); /* who was accepted stays */
	hear(pair.server, "still here");
	listener = open_endpoint();
	CHECK_EQ_INT(connect_client(&client), VMC_OK);
	drop(client);
	pair.listener = listener;
	close_pair(pair);
}

static void does_not_block(void)
{
	struct pair pair = open_pair();
	uint8_t byte;
	size_t len = 77;

	CHECK_EQ_INT(receive(pair.client, &byte, 1, &len), VMC_AGAIN);
	CHECK_EQ_INT(receive(pair.server, &byte, 1, &len), VMC_AGAIN);
	CHECK_EQ_INT(len, 77); /* an amount only with VMC_OK */
	close_pair(pair);
}

static void gathers_parts_in_order(void)
{
	struct pair pair = open_pair();
	struct vmc_view parts[VMC_PARTS_MAX] = {
		vmc_view_of("one "),  { NULL, 0 },
		vmc_view_of("two "),  vmc_view_of("three "),
		vmc_view_of("four "), vmc_view_of("five"),
	};
	size_t len = 0;

	CHECK_EQ_INT(subject.port.ops->send(subject.port.ctx, pair.server,
					    parts, VMC_PARTS_MAX, NULL, &len),
		     VMC_OK);
	CHECK_EQ_INT(len, 23);
	hear(pair.client, "one two three four five");
	close_pair(pair);
}

static void receives_what_fits(void)
{
	struct pair pair = open_pair();
	char two[2];
	size_t len = 0;

	say(pair.client, "abc");
	CHECK_EQ_INT(receive(pair.server, two, 2, &len), VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK_EQ_MEM(two, "ab", 2);
	hear(pair.server, "c");
	close_pair(pair);
}

/* Sends until the port takes no more; every amount is checked. */
static size_t fill(vmc_handle stream, size_t at)
{
	enum vmc_status status;
	size_t len;

	for (;;) {
		len = 0;
		status = transmit(stream, bulk + at, BULK_SIZE - at, &len);
		if (status == VMC_AGAIN || at + len == BULK_SIZE)
			break;
		CHECK_EQ_INT(status, VMC_OK);
		CHECK(len >= 1 && len <= BULK_SIZE - at);
		at += len;
	}
	return at + len;
}

static size_t drain(vmc_handle stream, size_t at)
{
	enum vmc_status status;
	size_t len;

	while (at < BULK_SIZE) {
		len = 0;
		status = receive(stream, back + at, BULK_SIZE - at, &len);
		if (status == VMC_AGAIN)
			break;
		CHECK_EQ_INT(status, VMC_OK);
		CHECK(len >= 1);
		at += len;
	}
	return at;
}

static void takes_what_there_is_room_for(void)
{
	struct pair pair = open_pair();
	size_t sent = 0, received = 0;
	int rounds = 0;

	for (size_t i = 0; i < BULK_SIZE; i++)
		bulk[i] = (uint8_t)(i * 7 + i / 251);
	while (received < BULK_SIZE) {
		sent = sent < BULK_SIZE ? fill(pair.client, sent) : sent;
		received = drain(pair.server, received);
		CHECK_EQ_INT(received, sent);
		rounds++;
	}
	CHECK(rounds > 1); /* it did say VMC_AGAIN */
	CHECK_EQ_MEM(back, bulk, BULK_SIZE);
	close_pair(pair);
}

static void ends_one_direction(void)
{
	struct pair pair = open_pair();
	uint8_t byte;
	size_t len;

	say(pair.client, "last");
	subject.port.ops->shutdown(subject.port.ctx, pair.client);
	hear(pair.server, "last");
	CHECK_EQ_INT(receive(pair.server, &byte, 1, &len), VMC_CLOSED);
	CHECK_EQ_INT(receive(pair.server, &byte, 1, &len), VMC_CLOSED);
	say(pair.server, "answer");
	hear(pair.client, "answer");
	close_pair(pair);
}

static void reads_to_the_end_of_who_has_gone(void)
{
	struct pair pair = open_pair();
	uint8_t byte;
	size_t len;

	say(pair.server, "farewell");
	drop(pair.server);
	hear(pair.client, "farewell");
	CHECK_EQ_INT(receive(pair.client, &byte, 1, &len), VMC_CLOSED);
	drop(pair.client);
	close_endpoint(pair.listener);
}

/* Nor is there a signal, which would end this program. */
static void says_that_nobody_will_read(void)
{
	struct pair pair = open_pair();
	size_t len;

	drop(pair.client);
	CHECK_EQ_INT(transmit(pair.server, "x", 1, &len), VMC_ERR_LOST);
	CHECK_EQ_INT(transmit(pair.server, "x", 1, &len), VMC_ERR_LOST);
	drop(pair.server);
	close_endpoint(pair.listener);
}

static void says_that_bytes_were_not_read(void)
{
	struct pair pair = open_pair();
	uint8_t byte;
	size_t len;

	say(pair.server, "answer");
	say(pair.client, "never read");
	drop(pair.server);
	hear(pair.client, "answer");
	CHECK_EQ_INT(receive(pair.client, &byte, 1, &len), VMC_ERR_LOST);
	drop(pair.client);
	close_endpoint(pair.listener);
}

static void holds_who_has_not_been_accepted(void)
{
	vmc_handle listener = open_endpoint();
	vmc_handle client, server;
	uint8_t byte;
	size_t len;

	CHECK_EQ_INT(connect_client(&client), VMC_OK);
	say(client, "early");
	drop(client);
	CHECK_EQ_INT(accept_client(listener, &server), VMC_OK);
	hear(server, "early");
	CHECK_EQ_INT(receive(server, &byte, 1, &len), VMC_CLOSED);
	drop(server);
	close_endpoint(listener);
}

static void leaves_out_handles(void)
{
	struct pair pair = open_pair();
	struct vmc_handles none = { { 0 }, 0 };
	struct vmc_view part = vmc_view_of("bare");
	char heard[8];
	size_t len = 0;

	CHECK_EQ_INT(subject.port.ops->send(subject.port.ctx, pair.client,
					    &part, 1, &none, &len),
		     VMC_OK);
	CHECK_EQ_INT(subject.port.ops->recv(subject.port.ctx, pair.server,
					    (uint8_t *)heard, sizeof(heard),
					    &len, &none),
		     VMC_OK);
	CHECK_EQ_INT(len, 4);
	CHECK_EQ_INT(none.handle_len, 0);
	close_pair(pair);
}

/* One line for each promise and port. */
#define PROMISES(ask)                                                              \
	ask(nobody_listens) ask(accepts_who_has_connected) ask(                    \
		knows_its_peer) ask(refuses_a_second_server)                       \
		ask(refuses_a_long_path) ask(opens_again) ask(does_not_block) ask( \
			gathers_parts_in_order) ask(receives_what_fits)            \
			ask(takes_what_there_is_room_for) ask(                     \
				ends_one_direction)                                \
				ask(reads_to_the_end_of_who_has_gone) ask(         \
					says_that_nobody_will_read)                \
					ask(says_that_bytes_were_not_read) ask(    \
						holds_who_has_not_been_accepted)   \
						ask(leaves_out_handles)

#define ASK(promise)                                                           \
	TEST(posix_##promise)                                                  \
	{                                                                      \
		begin_posix();                                                 \
		promise();                                                     \
		end();                                                         \
	}                                                                      \
	TEST(linux_##promise)                                                  \
	{                                                                      \
		begin_linux();                                                 \
		promise();                                                     \
		end();                                                         \
	}                                                                      \
	TEST(sim_##promise)                                                    \
	{                                                                      \
		begin_sim();                                                   \
		promise();                                                     \
		end();                                                         \
	}

PROMISES(ASK)

#define RUN_ALL(promise)                                                       \
	RUN(posix_##promise) RUN(linux_##promise) RUN(sim_##promise)

TESTS(PROMISES(RUN_ALL));
