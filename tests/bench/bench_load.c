/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many connections at once (see bench.h). Of an answer only its length is
 * looked at: a ttrpc header begins with it, the bare server's is known.
 */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTION_MAX 64
#define BUFFER_SIZE 4096
#define HEADER_SIZE 10

struct load {
	int ttrpc;
	struct bench_sizes sizes;
	uint8_t request[BUFFER_SIZE];
	uint64_t answers;
};

struct connection {
	int stream;
	uint32_t id; /* of the call in flight: odd and growing */
	size_t got;  /* of the answer */
	uint8_t answer[BUFFER_SIZE];
};

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put_be32(uint8_t *bytes, uint32_t value)
{
	bytes[0] = (uint8_t)(value >> 24);
	bytes[1] = (uint8_t)(value >> 16);
	bytes[2] = (uint8_t)(value >> 8);
	bytes[3] = (uint8_t)value;
}

static size_t put_string(uint8_t *out, uint8_t tag, const char *string)
{
	out[0] = tag;
	out[1] = (uint8_t)strlen(string);
	memcpy(out + 2, string, out[1]);
	return 2u + out[1];
}

/* Request{service = 1, method = 2}: an empty payload is left out. */
static void prepare(struct load *load, enum bench_call call)
{
	uint8_t *body = load->request + HEADER_SIZE;
	size_t len;

	if (!load->ttrpc) {
		memcpy(load->request, &load->sizes, sizeof(load->sizes));
		return;
	}
	len = put_string(body, 0x0a, "cache.CacheService");
	len += put_string(body + len, 0x12,
			  call == BENCH_STATUS ? "Status" : "GetBaseVM");
	put_be32(load->request, (uint32_t)len);
	load->request[8] = 1; /* a request */
	load->request[9] = 0;
	load->sizes.request = (uint32_t)(HEADER_SIZE + len);
}

static void ask(struct load *load, struct connection *connection)
{
	ssize_t len;

	if (load->ttrpc)
		put_be32(load->request + 4, connection->id);
	connection->id += 2;
	connection->got = 0;
	len = send(connection->stream, load->request, load->sizes.request,
		   MSG_DONTWAIT | MSG_NOSIGNAL);
	if (len != (ssize_t)load->sizes.request)
		bench_fail("send");
}

static int complete(const struct load *load,
		    const struct connection *connection)
{
	size_t wanted = load->sizes.response;

	if (load->ttrpc && connection->got < HEADER_SIZE)
		return 0;
	if (load->ttrpc)
		wanted = HEADER_SIZE + be32(connection->answer);
	return connection->got >= wanted;
}

static void hear(struct load *load, struct connection *connection)
{
	ssize_t len =
		recv(connection->stream, connection->answer + connection->got,
		     BUFFER_SIZE - connection->got, MSG_DONTWAIT);

	if (len <= 0)
		bench_fail("the server has gone");
	connection->got += (size_t)len;
	if (!complete(load, connection))
		return;
	load->answers++;
	ask(load, connection);
}

static void begin(struct load *load, int epoll, struct connection *connection,
		  const char *endpoint)
{
	struct epoll_event event = { .events = EPOLLIN,
				     .data.ptr = connection };

	connection->stream = bench_connect(endpoint);
	connection->id = 1;
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, connection->stream, &event))
		bench_fail("epoll_ctl");
	ask(load, connection);
}

static void run_until(struct load *load, int epoll, uint64_t end_ns)
{
	struct epoll_event events[CONNECTION_MAX];
	int i, len;

	while (bench_now_ns() < end_ns) {
		len = epoll_wait(epoll, events, CONNECTION_MAX, 100);
		for (i = 0; i < len; i++)
			hear(load, events[i].data.ptr);
	}
}

static uint64_t spent_ns(const struct bench_load *how)
{
	uint64_t ns = bench_run_ns(how->server);

	return how->same_core ? ns + bench_run_ns(getpid()) : ns;
}

/* see bench.h */
struct bench_result bench_load(const struct bench_load *how)
{
	static struct connection connection[CONNECTION_MAX];
	static struct load load;
	struct bench_result result = { 0, 0, 0 };
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	uint64_t begun_ns;

	load.ttrpc = how->ttrpc;
	load.sizes = how->sizes;
	prepare(&load, how->call);
	for (unsigned i = 0; i < how->connections && i < CONNECTION_MAX; i++)
		begin(&load, epoll, &connection[i], how->endpoint);
	run_until(&load, epoll, bench_now_ns() + BENCH_LOAD_MS * 100000ull);
	load.answers = 0;
	begun_ns = spent_ns(how);
	run_until(&load, epoll, bench_now_ns() + BENCH_LOAD_MS * 1000000ull);
	result.per_second =
		(double)load.answers * 1e9 / (double)(spent_ns(how) - begun_ns);
	return result;
}

/* see bench.h */
void bench_hold(const char *endpoint, unsigned connections)
{
	static struct connection connection;
	static struct load load = { .ttrpc = 1 };

	prepare(&load, BENCH_STATUS);
	for (unsigned i = 0; i < connections; i++) {
		connection.stream = bench_connect(endpoint);
		connection.id = 1;
		ask(&load, &connection);
		bench_read(connection.stream, connection.answer, HEADER_SIZE);
		bench_read(connection.stream, connection.answer,
			   be32(connection.answer));
	}
}
