/* SPDX-License-Identifier: Apache-2.0 */
/* The bare exchange (see bench.h): what nobody can do without. */
#include "bench.h"

#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH_MAX VMC_LINUX_GOT_MAX

static int listen_at(const char *endpoint)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	strncpy(address.sun_path, endpoint, sizeof(address.sun_path) - 1);
	if (listener < 0 ||
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) ||
	    listen(listener, 128))
		bench_fail(endpoint);
	return listener;
}

static void watch(int epoll, int stream)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = stream };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, stream, &event))
		bench_fail("epoll_ctl");
}

static void accept_one(int epoll, int listener)
{
	int stream =
		accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (stream < 0)
		bench_fail("accept");
	watch(epoll, stream);
}

/* Requests are smaller than what a socket takes, so they come whole. */
static void answer(int stream)
{
	static uint8_t buffer[BENCH_BUFFER_SIZE];
	struct bench_sizes sizes;
	ssize_t len = recv(stream, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (len <= 0) {
		close(stream);
		return;
	}
	memcpy(&sizes, buffer, sizeof(sizes));
	if ((size_t)len != sizes.request)
		bench_fail("half a request");
	if (send(stream, buffer, sizes.response, MSG_DONTWAIT | MSG_NOSIGNAL) <
	    0)
		close(stream); /* it has gone with a call in flight */
}

/* see bench.h */
void bench_raw_serve(const char *endpoint)
{
	struct epoll_event events[BATCH_MAX];
	int listener = listen_at(endpoint);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	int i, len;

	watch(epoll, listener);
	for (;;) {
		len = epoll_wait(epoll, events, BATCH_MAX, -1);
		for (i = 0; i < len; i++) {
			if (events[i].data.fd == listener)
				accept_one(epoll, listener);
			else
				answer(events[i].data.fd);
		}
	}
}

/* Looks until a message is there. */
static void look(int stream, uint8_t *buffer)
{
	ssize_t len;

	do
		len = recv(stream, buffer, BENCH_BUFFER_SIZE, MSG_DONTWAIT);
	while (len < 0);
}

static _Noreturn void echo(int stream, const struct bench_sizes *sizes)
{
	static uint8_t buffer[BENCH_BUFFER_SIZE];

	for (;;) {
		look(stream, buffer);
		bench_write(stream, buffer, sizes->response);
	}
}

/* see bench.h */
struct bench_result bench_raw_spin(const struct bench_load *load, int cpu)
{
	static uint64_t times[BENCH_LATENCY_CALLS];
	static uint8_t buffer[BENCH_BUFFER_SIZE];
	size_t i, warm_up = BENCH_LATENCY_CALLS / 10;
	uint64_t begun_ns;
	int ends[2];
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		bench_fail("socketpair");
	child = fork();
	if (child == 0) {
		close(ends[0]);
		bench_pin(getpid(), cpu);
		echo(ends[1], &load->sizes);
	}
	for (i = 0; i < warm_up + BENCH_LATENCY_CALLS; i++) {
		begun_ns = bench_now_ns();
		bench_write(ends[0], buffer, load->sizes.request);
		look(ends[0], buffer);
		if (i >= warm_up)
			times[i - warm_up] = bench_now_ns() - begun_ns;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return bench_summary(times, BENCH_LATENCY_CALLS);
}
