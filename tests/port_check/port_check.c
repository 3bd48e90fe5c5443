/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What vmcache/port.h and vmcache/env.h promise (see port_check.h). A promise
 * is a function below; PROMISES lists them.
 */
#include "port_check.h"

#include "../unit/test.h"

/* Enough to fill any port's buffers several times. */
#define BULK_SIZE 1000000

static struct port_subject *subject;
static struct vmc_error error;
static uint8_t bulk[BULK_SIZE], back[BULK_SIZE];

/*
 * The port's functions with less to write
 */

static vmc_handle open_endpoint(void)
{
	const struct vmc_port *port = &subject->port;
	vmc_handle listener = VMC_HANDLE_NONE;

	CHECK_EQ_INT(port->ops->listen(port->ctx, subject->endpoint, &listener,
				       &error),
		     VMC_OK);
	CHECK(listener >= 0);
	return listener;
}

static void close_endpoint(vmc_handle listener)
{
	subject->port.ops->unlisten(subject->port.ctx, subject->endpoint,
				    listener);
}

static enum vmc_status connect_client(vmc_handle *stream)
{
	return subject->other.ops->connect(subject->other.ctx,
					   subject->endpoint, stream, &error);
}

static enum vmc_status accept_client(vmc_handle listener, vmc_handle *stream)
{
	struct vmc_peer peer;

	return subject->port.ops->accept(subject->port.ctx, listener, stream,
					 &peer);
}

static enum vmc_status receive(vmc_handle stream, void *buf, size_t cap,
			       size_t *len)
{
	return subject->port.ops->recv(subject->port.ctx, stream, buf, cap, len,
				       NULL);
}

static enum vmc_status transmit(vmc_handle stream, const void *bytes,
				size_t bytes_len, size_t *len)
{
	struct vmc_view part = { bytes, bytes_len };

	return subject->port.ops->send(subject->port.ctx, stream, &part, 1,
				       NULL, len);
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
	subject->port.ops->close(subject->port.ctx, stream);
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
	CHECK(strstr(error.text, subject->endpoint) != NULL);
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
	const struct vmc_peer *expected = &subject->peer;
	vmc_handle listener = open_endpoint();
	vmc_handle client, server;
	struct vmc_peer peer;

	memset(&peer, 0xff, sizeof(peer));
	CHECK_EQ_INT(connect_client(&client), VMC_OK);
	CHECK_EQ_INT(subject->port.ops->accept(subject->port.ctx, listener,
					       &server, &peer),
		     VMC_OK);
	CHECK_EQ_INT(peer.known, expected->known);
	CHECK_EQ_INT(peer.pid, expected->pid);
	CHECK_EQ_INT(peer.uid, expected->uid);
	CHECK_EQ_INT(peer.gid, expected->gid);
	drop(client);
	drop(server);
	close_endpoint(listener);
}

static void is_its_owners_alone(void)
{
	vmc_handle listener = open_endpoint();

	CHECK(!subject->is_private || subject->is_private(subject->endpoint));
	close_endpoint(listener);
}

static void refuses_a_second_server(void)
{
	vmc_handle listener = open_endpoint();
	vmc_handle second, client;

	CHECK_EQ_INT(subject->other.ops->listen(subject->other.ctx,
						subject->endpoint, &second,
						&error),
		     VMC_ERR_IN_USE);
	CHECK(strstr(error.text, subject->endpoint) != NULL);
	CHECK_EQ_INT(connect_client(&client), VMC_OK); /* the first goes on */
	drop(client);
	close_endpoint(listener);
}

static void refuses_a_long_path(void)
{
	char path[300], number[12];
	size_t len = subject->path_max ? subject->path_max + 1 : 0;
	vmc_handle handle;

	CHECK(len < sizeof(path));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[len] = '\0';
	snprintf(number, sizeof(number), "%u", subject->path_max);
	if (len) {
		CHECK_EQ_INT(subject->port.ops->listen(subject->port.ctx, path,
						       &handle, &error),
			     VMC_ERR_TOO_BIG);
		CHECK(strstr(error.text, number) != NULL);
		CHECK_EQ_INT(subject->port.ops->connect(subject->port.ctx, path,
							&handle, NULL),
			     VMC_ERR_TOO_BIG);
	}
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

	CHECK_EQ_INT(subject->port.ops->send(subject->port.ctx, pair.server,
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
	subject->port.ops->shutdown(subject->port.ctx, pair.client);
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

/*
 * Handles
 */

static enum vmc_status transmit_with(vmc_handle stream, const char *words,
				     const struct vmc_handles *handles)
{
	struct vmc_view part = vmc_view_of(words);
	size_t len = 0;

	return subject->port.ops->send(subject->port.ctx, stream, &part, 1,
				       handles, &len);
}

static void hear_with(vmc_handle stream, const char *words,
		      struct vmc_handles *handles)
{
	char heard[64];
	size_t len = 0;

	CHECK_EQ_INT(subject->port.ops->recv(subject->port.ctx, stream,
					     (uint8_t *)heard, sizeof(heard),
					     &len, handles),
		     VMC_OK);
	CHECK_EQ_INT(len, strlen(words));
	CHECK_EQ_MEM(heard, words, len);
}

static void leaves_out_handles(void)
{
	struct pair pair = open_pair();
	struct vmc_handles none = { { 0 }, 0 };

	CHECK_EQ_INT(transmit_with(pair.client, "bare", &none), VMC_OK);
	hear_with(pair.server, "bare", &none);
	CHECK_EQ_INT(none.handle_len, 0);
	close_pair(pair);
}

/* Another connection, whose client's end travels on a pair. */
struct parcel {
	struct pair pair;
	vmc_handle far_end;
	struct vmc_handles handles;
};

static struct parcel pack(void)
{
	struct parcel parcel = { .pair = open_pair() };

	CHECK_EQ_INT(connect_client(&parcel.handles.handle[0]), VMC_OK);
	CHECK_EQ_INT(accept_client(parcel.pair.listener, &parcel.far_end),
		     VMC_OK);
	parcel.handles.handle_len = 1;
	return parcel;
}

static void unpack(struct parcel parcel)
{
	drop(parcel.far_end);
	close_pair(parcel.pair);
}

/* VMC_CLOSED once nobody has the other end of it any more. */
static enum vmc_status far_end_hears(const struct parcel *parcel)
{
	uint8_t byte;
	size_t len;

	return receive(parcel->far_end, &byte, 1, &len);
}

static void refuses_handles_that_cannot_travel(void)
{
	struct parcel parcel = pack();

	CHECK_EQ_INT(
		transmit_with(parcel.pair.client, "heavy", &parcel.handles),
		VMC_ERR_UNSUPPORTED);
	drop(parcel.handles.handle[0]);
	unpack(parcel);
}

static void hands_handles_over(void)
{
	struct parcel parcel = pack();
	struct vmc_handles got = { { 0 }, 0 };
	vmc_handle sent = parcel.handles.handle[0];

	CHECK_EQ_INT(transmit_with(parcel.pair.client, "key", &parcel.handles),
		     VMC_OK);
	say(sent, "the sender's still"); /* and is the same connection */
	hear(parcel.far_end, "the sender's still");
	drop(sent);
	hear_with(parcel.pair.server, "key", &got);
	CHECK_EQ_INT(got.handle_len, 1);
	say(got.handle[0], "the receiver's now");
	hear(parcel.far_end, "the receiver's now");
	drop(got.handle[0]);
	CHECK_EQ_INT(far_end_hears(&parcel), VMC_CLOSED);
	unpack(parcel);
}

/* Whether by a NULL or for want of room. */
static void closes_handles_without_a_place(void)
{
	struct vmc_handles full = { { 0 }, VMC_HANDLES_MAX };
	struct vmc_handles *places[] = { NULL, &full };
	struct parcel parcel;

	for (int i = 0; i < 2; i++) {
		parcel = pack();
		CHECK_EQ_INT(transmit_with(parcel.pair.client, "key",
					   &parcel.handles),
			     VMC_OK);
		drop(parcel.handles.handle[0]);
		CHECK_EQ_INT(far_end_hears(&parcel), VMC_AGAIN);
		hear_with(parcel.pair.server, "key", places[i]);
		CHECK_EQ_INT(full.handle_len, VMC_HANDLES_MAX);
		CHECK_EQ_INT(far_end_hears(&parcel), VMC_CLOSED);
		unpack(parcel);
	}
}

static void check_not_inherited(vmc_handle handle)
{
	CHECK(!subject->is_inherited || !subject->is_inherited(handle));
}

static void closes_handles_on_exec(void)
{
	struct parcel parcel = pack();
	struct vmc_handles got = { { 0 }, 0 };

	check_not_inherited(parcel.pair.listener);
	check_not_inherited(parcel.pair.client);
	check_not_inherited(parcel.pair.server);
	if (subject->moves_handles) {
		CHECK_EQ_INT(transmit_with(parcel.pair.client, "key",
					   &parcel.handles),
			     VMC_OK);
		hear_with(parcel.pair.server, "key", &got);
		check_not_inherited(got.handle[0]);
		drop(got.handle[0]);
	}
	drop(parcel.handles.handle[0]);
	unpack(parcel);
}

/*
 * Clocks and entropy
 */

static void time_does_not_go_back(void)
{
	const struct vmc_env *env = &subject->env;
	uint64_t last_ms = env->now_ms(env->ctx), now_ms;

	for (int i = 0; i < 1000; i++) {
		now_ms = env->now_ms(env->ctx);
		CHECK(now_ms >= last_ms);
		CHECK(now_ms < VMC_NEVER / 2); /* deadlines can be added */
		last_ms = now_ms;
	}
}

static void time_of_day_is_one(void)
{
	const struct vmc_env *env = &subject->env;
	struct vmc_wall wall = { 0, UINT32_MAX };
	enum vmc_status status = env->wall(env->ctx, &wall);

	if (status == VMC_OK)
		CHECK(wall.microseconds <= 999999);
	else
		CHECK_EQ_INT(status, VMC_ERR_UNSUPPORTED);
}

#define DRAW_SIZE 512
#define DRAWS 4

/* A byte that keeps what was there, whatever was there, was not filled. */
static void entropy_fills_all_of_it(void)
{
	static uint8_t drawn[DRAW_SIZE + 1], kept[DRAW_SIZE];
	const struct vmc_env *env = &subject->env;

	memset(kept, 1, sizeof(kept));
	for (int i = 0; i < DRAWS; i++) {
		memset(drawn, i, sizeof(drawn));
		CHECK_EQ_INT(env->entropy(env->ctx, drawn, DRAW_SIZE), VMC_OK);
		CHECK_EQ_INT(drawn[DRAW_SIZE], i); /* and no more */
		for (int at = 0; at < DRAW_SIZE; at++)
			kept[at] &= drawn[at] == i;
	}
	CHECK(memchr(kept, 1, sizeof(kept)) == NULL);
}

static void entropy_is_never_the_same(void)
{
	static uint8_t one[DRAW_SIZE], two[DRAW_SIZE];
	const struct vmc_env *env = &subject->env;

	CHECK_EQ_INT(env->entropy(env->ctx, one, DRAW_SIZE), VMC_OK);
	CHECK_EQ_INT(env->entropy(env->ctx, two, DRAW_SIZE), VMC_OK);
	CHECK(memcmp(one, two, DRAW_SIZE) != 0);
}

/*
 * The list
 */

#define PROMISES(ask)                                                          \
	ask(nobody_listens);                                                   \
	ask(accepts_who_has_connected);                                        \
	ask(knows_its_peer);                                                   \
	ask(is_its_owners_alone);                                              \
	ask(refuses_a_second_server);                                          \
	ask(refuses_a_long_path);                                              \
	ask(opens_again);                                                      \
	ask(does_not_block);                                                   \
	ask(gathers_parts_in_order);                                           \
	ask(receives_what_fits);                                               \
	ask(takes_what_there_is_room_for);                                     \
	ask(ends_one_direction);                                               \
	ask(reads_to_the_end_of_who_has_gone);                                 \
	ask(says_that_nobody_will_read);                                       \
	ask(says_that_bytes_were_not_read);                                    \
	ask(holds_who_has_not_been_accepted);                                  \
	ask(leaves_out_handles);                                               \
	ask(closes_handles_on_exec);                                           \
	ask(time_does_not_go_back);                                            \
	ask(time_of_day_is_one);                                               \
	ask(entropy_fills_all_of_it);                                          \
	ask(entropy_is_never_the_same)

/* see port_check.h */
const char *port_check_asked = "none";

static void (*promise)(void);
static uint8_t has_ended;

static void ask_one(void)
{
	vmc_error_reset(&error);
	has_ended = 0;
	subject->begin(subject);
	promise();
	has_ended = 1;
	CHECK_EQ_INT(subject->end(subject), 0); /* nothing was left */
}

static void ask(const char *name, void (*body)(void))
{
	char full[128];

	snprintf(full, sizeof(full), "%s_%s", subject->name, name);
	promise = body;
	port_check_asked = name;
	test_run(full, ask_one);
	if (!has_ended)
		(void)subject->end(subject);
}

#define ASK(promise) ask(#promise, promise)

/* see port_check.h */
int port_check(struct port_subject *asked)
{
	int failed = test_failed;

	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	subject = asked;
	PROMISES(ASK);
	if (subject->moves_handles) {
		ASK(hands_handles_over);
		ASK(closes_handles_without_a_place);
	} else {
		ASK(refuses_handles_that_cannot_travel);
	}
	return test_failed != failed;
}
