/* SPDX-License-Identifier: Apache-2.0 */
/* Many connections at once, or one (see bench.h). */
#include "bench.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct run {
	const struct bench_load *how;
	int epoll;
	uint64_t answers, sent, received; /* bytes of the last two */
	size_t times_len;
	uint64_t times[BENCH_LATENCY_CALLS];
	uint64_t asked_ns[BENCH_CONNECTION_MAX];
	struct bench_connection connection[BENCH_CONNECTION_MAX];
};

static void tell(struct run *run, struct bench_connection *connection,
		 const struct bench_bytes *out)
{
	ssize_t len = send(connection->stream, out->bytes, out->len,
			   MSG_DONTWAIT | MSG_NOSIGNAL);

	if (len != (ssize_t)out->len)
		bench_fail("send");
	run->sent += out->len;
}

static void ask(struct run *run, unsigned i)
{
	struct bench_bytes out;

	bench_wire_request(run->how, &run->connection[i], &out);
	run->asked_ns[i] = bench_now_ns();
	tell(run, &run->connection[i], &out);
}

static void count(struct run *run, unsigned i)
{
	run->answers++;
	if (run->times_len < BENCH_LATENCY_CALLS)
		run->times[run->times_len++] =
			bench_now_ns() - run->asked_ns[i];
}

static void hear(struct run *run, unsigned i)
{
	struct bench_connection *connection = &run->connection[i];
	struct bench_bytes out;
	ssize_t len = recv(connection->stream, connection->in + connection->got,
			   BENCH_BUFFER_SIZE - connection->got, MSG_DONTWAIT);
	int answered;

	if (len <= 0)
		bench_fail("the server has gone");
	connection->got += (size_t)len;
	run->received += (uint64_t)len;
	answered = bench_wire_answer(run->how, connection, &out);
	if (answered)
		count(run, i);
	if (out.len > 0)
		tell(run, connection, &out);
	if (answered)
		ask(run, i);
}

static void begin(struct run *run, unsigned i)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };
	struct bench_connection *connection = &run->connection[i];

	connection->stream =
		bench_connect(bench_servers[run->how->side].endpoint);
	connection->id = 1;
	if (epoll_ctl(run->epoll, EPOLL_CTL_ADD, connection->stream, &event))
		bench_fail("epoll_ctl");
	ask(run, i);
}

/* For so many answers, or so long. */
static void go_on(struct run *run, uint64_t answers, uint64_t ms)
{
	struct epoll_event events[BENCH_CONNECTION_MAX];
	uint64_t end_ns = bench_now_ns() + ms * 1000000;
	int i, len;

	while (run->answers < answers && bench_now_ns() < end_ns) {
		len = epoll_wait(run->epoll, events, BENCH_CONNECTION_MAX, 100);
		for (i = 0; i < len; i++)
			hear(run, events[i].data.u32);
	}
}

static uint64_t spent_ns(const struct bench_load *how)
{
	if (how->by_clock)
		return bench_now_ns();
	return bench_run_ns(bench_servers[how->side].pid) +
	       bench_run_ns(getpid());
}

static void measure(struct run *run, struct bench_result *result)
{
	const struct bench_load *how = run->how;
	pid_t server = bench_servers[how->side].pid;
	uint64_t server_ns, ns;
	double answers;

	run->answers = run->sent = run->received = run->times_len = 0;
	server_ns = bench_run_ns(server);
	ns = spent_ns(how);
	go_on(run, how->calls_max, how->ms_max);
	ns = spent_ns(how) - ns;
	server_ns = bench_run_ns(server) - server_ns;
	if (run->answers == 0)
		bench_fail("no answer in time");
	answers = (double)run->answers;
	*result = bench_summary(run->times, run->times_len);
	result->per_second = answers * 1e9 / (double)ns;
	result->server_us = (double)server_ns / 1e3 / answers;
	result->sizes.request = (uint32_t)(run->sent / run->answers);
	result->sizes.response = (uint32_t)(run->received / run->answers);
	result->resident_kib =
		bench_proc_number(server, "smaps_rollup", "Rss: %u");
	result->threads = bench_proc_number(server, "status", "Threads: %u");
}

/* see bench.h */
struct bench_result bench_load(const struct bench_load *how)
{
	static struct run run;
	struct bench_result result;

	run.how = how;
	run.epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < how->connections; i++)
		begin(&run, i);
	go_on(&run, how->calls_max / 10, how->ms_max / 5);
	measure(&run, &result);
	return result;
}
