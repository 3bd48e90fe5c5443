/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a server of ttrpc can be asked that has test.Echo
 * (peers/ttrpc-go/echo.go) at $ENDPOINT.
 */
#include "interop_world.h"

struct call {
	struct vmc_task task;
	const char *service, *method;
	uint8_t payload[64];
	struct vmc_view request, reply;
};

/* The payload is a Blob: field 1, so many bytes. */
static void begin_call(struct call *call, const char *method, const char *data)
{
	size_t len = strlen(data);

	memset(call, 0, sizeof(*call));
	vmc_task_init(&call->task);
	call->service = "test.Echo";
	call->method = method;
	call->payload[0] = 0x0a;
	call->payload[1] = (uint8_t)len;
	memcpy(call->payload + 2, data, len);
	call->request.ptr = call->payload;
	call->request.ptr_len = 2 + len;
}

static enum vmc_status step(struct world *w, struct call *call)
{
	return vmc_channel_call(&w->channel, call->service, call->method,
				call->request, &call->reply, &call->task,
				now_ms(w));
}

static enum vmc_status finish(struct world *w, struct call *call)
{
	enum vmc_status status;

	while ((status = step(w, call)) == VMC_AGAIN)
		wait_for(w, &call->task);
	return status;
}

static enum vmc_status ask(struct world *w, struct call *call,
			   const char *method, const char *data)
{
	begin_call(call, method, data);
	return finish(w, call);
}

static void check_blob(struct vmc_view reply, const char *data)
{
	size_t len = strlen(data);

	CHECK_EQ_INT(reply.ptr_len, 2 + len);
	CHECK_EQ_INT(reply.ptr[0], 0x0a);
	CHECK_EQ_INT(reply.ptr[1], len);
	CHECK_EQ_MEM(reply.ptr + 2, data, len);
}

static const struct vmc_error *error_of(struct world *w)
{
	return vmc_channel_error(&w->channel);
}

TEST(our_client_thousand_calls_on_one_connection)
{
	struct world w;
	struct call call;
	unsigned i;

	begin_world(&w);
	for (i = 0; i < 1000; i++) {
		CHECK_EQ_INT(ask(&w, &call, "Echo", "hello"), VMC_OK);
		check_blob(call.reply, "hello");
	}
	vmc_channel_close(&w.channel);
}

/* The longest sleeper is asked first and answered last. */
TEST(our_client_calls_in_flight)
{
	static const char *const sleeps[] = { "400", "200", "0" };
	struct call calls[3];
	unsigned order[3], done = 0, i;
	struct world w;

	begin_world(&w);
	for (i = 0; i < 3; i++) {
		begin_call(&calls[i], "Sleep", sleeps[i]);
		CHECK_EQ_INT(step(&w, &calls[i]), VMC_AGAIN);
	}
	while (done < 3) {
		for (i = 0; i < 3; i++) {
			if (!vmc_task_active(&calls[i].task))
				continue;
			if (step(&w, &calls[i]) == VMC_AGAIN)
				continue;
			check_blob(calls[i].reply, sleeps[i]);
			order[done++] = i;
		}
		/* whichever is left, all wait for the same stream */
		for (i = 0; i < 3 && !vmc_task_active(&calls[i].task);)
			i++;
		if (i < 3)
			wait_for(&w, &calls[i].task);
	}
	CHECK_EQ_INT(order[0], 2);
	CHECK_EQ_INT(order[1], 1);
	CHECK_EQ_INT(order[2], 0);
	vmc_channel_close(&w.channel);
}

TEST(our_client_tells_its_deadline)
{
	struct world w;
	struct call call;
	int left;

	begin_world(&w);
	CHECK_EQ_INT(ask(&w, &call, "Deadline", ""), VMC_OK);
	check_blob(call.reply, "none");
	begin_call(&call, "Deadline", "");
	call.task.deadline_ms = now_ms(&w) + 16000;
	CHECK_EQ_INT(finish(&w, &call), VMC_OK);
	left = atoi((const char *)call.reply.ptr + 2);
	CHECK(left > 13000 && left <= 15000);
	vmc_channel_close(&w.channel);
}

/* The server's own verdict comes first, so the connection goes on. */
TEST(our_client_deadline_is_kept_by_the_server)
{
	struct world w;
	struct call call;
	uint64_t begun;

	begin_world(&w);
	begin_call(&call, "Sleep", "5000");
	begun = now_ms(&w);
	call.task.deadline_ms = begun + 800;
	CHECK_EQ_INT(finish(&w, &call), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(error_of(&w)->code, VMC_CODE_DEADLINE_EXCEEDED);
	CHECK(strstr(error_of(&w)->text, "context deadline exceeded"));
	CHECK(now_ms(&w) - begun < 800);
	CHECK_EQ_INT(ask(&w, &call, "Echo", "x"), VMC_OK);
	vmc_channel_close(&w.channel);
}

static void check_error(struct world *w, const char *service,
			const char *method, enum vmc_code code,
			const char *text)
{
	struct call call;

	begin_call(&call, method, "");
	call.service = service;
	CHECK_EQ_INT(finish(w, &call), VMC_ERR_CALL);
	CHECK_EQ_INT(error_of(w)->code, code);
	CHECK(strstr(error_of(w)->text, text));
}

TEST(our_client_errors)
{
	struct world w;
	struct call call;

	begin_world(&w);
	check_error(&w, "test.Echo", "Fail", VMC_CODE_NOT_FOUND,
		    "Fail: NOT_FOUND: no such thing");
	check_error(&w, "test.Echo", "Plain", VMC_CODE_UNKNOWN, "plain error");
	check_error(&w, "test.Echo", "Nope", VMC_CODE_UNIMPLEMENTED, "Nope");
	check_error(&w, "no.Such", "Thing", VMC_CODE_UNIMPLEMENTED, "no.Such");
	CHECK_EQ_INT(ask(&w, &call, "Echo", "x"), VMC_OK);
	vmc_channel_close(&w.channel);
}

TEST(our_client_big_answers)
{
	struct world w;
	struct call call;

	begin_world(&w);
	CHECK_EQ_INT(ask(&w, &call, "Big", "16000"), VMC_OK);
	CHECK_EQ_INT(call.reply.ptr_len, 16000 + 3);
	CHECK_EQ_INT(ask(&w, &call, "Big", "17000"), VMC_ERR_TOO_BIG);
	CHECK(strstr(error_of(&w)->text, "exceed maximum message size"));
	CHECK_EQ_INT(ask(&w, &call, "Big", "4000000"), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(ask(&w, &call, "Echo", "x"), VMC_OK);
	vmc_channel_close(&w.channel);
}

/* The last of all: the server does not come back. */
TEST(our_client_server_gone_mid_call)
{
	enum vmc_status status;
	unsigned tries = 0;
	struct world w;
	struct call call;

	begin_world(&w);
	CHECK_EQ_INT(ask(&w, &call, "Echo", "x"), VMC_OK);
	CHECK_EQ_INT(ask(&w, &call, "Die", ""), VMC_ERR_LOST);
	CHECK(strstr(error_of(&w)->text, setting("ENDPOINT", "/nowhere")));
	/* a process that ends may have its listening socket still */
	do
		status = ask(&w, &call, "Echo", "x");
	while (status == VMC_ERR_LOST && tries++ < 1000);
	CHECK_EQ_INT(status, VMC_ERR_NO_SERVER);
	CHECK(strstr(error_of(&w)->text, setting("ENDPOINT", "/nowhere")));
	vmc_channel_close(&w.channel);
}

TESTS(RUN(our_client_thousand_calls_on_one_connection)
      RUN(our_client_calls_in_flight)
      RUN(our_client_tells_its_deadline)
      RUN(our_client_deadline_is_kept_by_the_server)
      RUN(our_client_errors)
      RUN(our_client_big_answers)
      RUN(our_client_server_gone_mid_call));
