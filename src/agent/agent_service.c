/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent service. Invariants:
 *
 * - Calls are stepped only while the engine can take a reply. What one yields
 *   (service->result, service->data) is composed into its answer at once, and
 *   stays as it is until that is DELIVERED: one room for results does for all
 *   calls.
 * - A call in flight has its request in its own bytes. One that is too long
 *   for them is stepped where it was received, once: there it ends, or it is
 *   cut, or refused.
 * - While there is no connection (its stream is NONE) no call is in flight.
 */
#include "vmcache/agent_service.h"

#include "../base/divide.h"
#include "../base/options.h"
#include "../base/text.h"
#include "../engine/pump.h"
#include "../wire/field.h"
#include "../wire/message.h"
#include "agent_methods.h"

#include <string.h>

#define FRAME_TIMEOUT_MS 5000
#define NS_PER_MS 1000000u
#define WORDS_SIZE 96 /* a refusal's words: what, and what was asked for */

/* What is written, and the bytes that follow. */
#define ANSWER_PARTS 2

/* Kept out of its caller, whose every path would carry its frame. */
#define APART __attribute__((noinline))

/* see vmcache/agent_service.h */
enum vmc_status
vmc_agent_service_init_checked(struct vmc_agent_service *service,
			       const struct vmc_agent_service_config *config,
			       size_t service_size, unsigned options)
{
	enum vmc_status status = vmc_options_check(NULL, service_size, options,
						   sizeof(*service));
	unsigned i;

	if (status)
		return status;
	if (!config->agent.ops || !config->port.ops || !config->window ||
	    config->window_len < VMC_AGENT_SERVICE_WINDOW_MIN)
		return VMC_ERR_ARGUMENT;
	memset(service, 0, offsetof(struct vmc_agent_service, result));
	service->config = *config;
	service->config.agent.error = &service->error;
	if (!config->version)
		service->config.version = VMC_AGENT_API_VERSION;
	if (config->frame_timeout_ms == 0)
		service->config.frame_timeout_ms = FRAME_TIMEOUT_MS;
	service->pump.ops = &vmc_ttrpc_server;
	service->pump.engine = &service->engine;
	service->pump.port = config->port;
	service->pump.stream = VMC_HANDLE_NONE;
	service->call_len = 0;
	for (i = 0; i < VMC_AGENT_SERVICE_CALL_MAX; i++)
		service->order[i] = (uint8_t)i;
	return VMC_OK;
}

static int idle(struct vmc_agent_service *service)
{
	return service->pump.ops->idle(&service->engine);
}

static int sending(struct vmc_agent_service *service)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len;

	return service->pump.ops->send_buf(&service->engine, parts, &parts_len);
}

/*
 * Answering. The engine is idle when any of these is called.
 */

static enum vmc_status reply(struct vmc_agent_service *service,
			     const struct vmc_engine_reply *what)
{
	return service->pump.ops->reply(&service->engine, what);
}

static void answer_error(struct vmc_agent_service *service, uint32_t stream,
			 enum vmc_code code, const char *text)
{
	struct vmc_engine_reply what = {
		.stream = stream,
		.code = code,
		.message = text,
	};

	/* nothing of an error's reply can fail in an engine that is idle */
	(void)reply(service, &what);
}

/* The code that the agent has said, if it had it from elsewhere. */
static enum vmc_code code_of(const struct vmc_agent_service *service,
			     enum vmc_status status)
{
	enum vmc_code code = vmc_status_code(status);

	if (status == VMC_ERR_CALL && service->error.status == VMC_ERR_CALL)
		code = service->error.code;
	return code == VMC_CODE_OK ? VMC_CODE_UNKNOWN : code;
}

/* A call that failed, in the agent's words or in ours. */
static void answer_failure(struct vmc_agent_service *service, uint32_t stream,
			   const char *method, enum vmc_status status)
{
	enum vmc_code code = code_of(service, status);

	if (service->error.status == VMC_OK)
		vmc_error_set(&service->error, status, method,
			      vmc_status_words(status));
	answer_error(service, stream, code, service->error.text);
}

/* A text that quotes what the peer asked for: as Go's ttrpc says it. */
static APART void answer_unknown(struct vmc_agent_service *service,
				 uint32_t stream, const char *what,
				 struct vmc_view name)
{
	char buffer[WORDS_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, buffer, sizeof(buffer));
	vmc_text_add(&text, what);
	vmc_text_add_view(&text, name);
	answer_error(service, stream, VMC_CODE_UNIMPLEMENTED, buffer);
}

/* Composes what a call has yielded. VMC_ERR_TOO_BIG. */
static enum vmc_status answer_result(struct vmc_agent_service *service,
				     uint32_t stream,
				     const struct vmc_agent_call *method)
{
	struct vmc_view parts[ANSWER_PARTS] = { { NULL, 0 } };
	struct vmc_engine_reply what = { .stream = stream, .parts = parts };
	struct vmc_writer w;

	vmc_writer_init(&w, service->data, sizeof(service->data));
	if (method->data == VMC_CALL_NO_DATA)
		vmc_message_write(&w, method->answer, &service->result);
	else if (method->data == VMC_CALL_DATA)
		vmc_field_put_head(&w, VMC_FIELD_TAG(1, VMC_FIELD_BYTES),
				   service->result.data.ptr_len);
	if (w.fail)
		return VMC_ERR_TOO_BIG;
	parts[what.parts_len].ptr = service->data;
	parts[what.parts_len++].ptr_len = w.len;
	if (method->data) {
		parts[what.parts_len].ptr = service->result.data.ptr;
		parts[what.parts_len++].ptr_len = service->result.data.ptr_len;
	}
	return reply(service, &what);
}

static void answer(struct vmc_agent_service *service, uint32_t stream,
		   const struct vmc_agent_call *method, enum vmc_status status)
{
	if (status == VMC_OK) {
		status = answer_result(service, stream, method);
		if (status == VMC_OK)
			return;
		vmc_error_reset(&service->error);
		vmc_error_set_number(&service->error, status,
				     "answer exceeds "
				     "VMC_AGENT_SERVICE_DATA_SIZE",
				     VMC_AGENT_SERVICE_DATA_SIZE);
	}
	answer_failure(service, stream, method->name, status);
}

/*
 * Calls
 */

static uint64_t deadline(uint64_t timeout_ns, uint64_t now_ms)
{
	if (timeout_ns == 0)
		return VMC_NEVER;
	if (vmc_divide(&timeout_ns, NS_PER_MS))
		timeout_ns++; /* ms by now, rounded up */
	return now_ms + timeout_ns;
}

static struct vmc_agent_service_call *call_at(struct vmc_agent_service *service,
					      uint32_t i)
{
	return &service->call[service->order[i]];
}

/* It is free again; those behind it move up. */
static void remove_call(struct vmc_agent_service *service, uint32_t i)
{
	uint8_t freed = service->order[i];

	service->call_len--;
	memmove(service->order + i, service->order + i + 1,
		service->call_len - i);
	service->order[service->call_len] = freed;
}

static void cancel_call(struct vmc_agent_service *service, uint32_t i)
{
	vmc_task_cancel(&call_at(service, i)->task);
	remove_call(service, i);
}

/* The last first: what came later may rest on what came earlier. */
static void cancel_calls(struct vmc_agent_service *service)
{
	while (service->call_len > 0)
		cancel_call(service, service->call_len - 1);
}

static enum vmc_status step_call(struct vmc_agent_service *service,
				 struct vmc_agent_service_call *call,
				 struct vmc_view request, uint64_t now_ms)
{
	struct vmc_agent_step step = { service, call, request, now_ms };

	vmc_error_reset(&service->error);
	return vmc_agent_step(&step);
}

static struct vmc_view request_of(const struct vmc_agent_service_call *call)
{
	struct vmc_view request = { call->request, call->request_len };

	return request;
}

/* A request that is too long to wait has to. */
static enum vmc_status step_shorter(struct vmc_agent_service *service,
				    struct vmc_agent_service_call *call,
				    struct vmc_view request, uint64_t now_ms)
{
	struct vmc_agent_step step = { service, call, request, 0 };
	uint64_t deadline_ms = call->task.deadline_ms;

	vmc_task_cancel(&call->task);
	call->task.deadline_ms = deadline_ms;
	if (vmc_agent_cut(&step) != VMC_OK) {
		vmc_error_reset(&service->error);
		return vmc_error_set_number(
			&service->error, VMC_ERR_TOO_BIG,
			"request cannot be answered at once, and exceeds "
			"VMC_AGENT_SERVICE_CALL_SIZE",
			VMC_AGENT_SERVICE_CALL_SIZE);
	}
	return step_call(service, call, request_of(call), now_ms);
}

static enum vmc_status first_step(struct vmc_agent_service *service,
				  struct vmc_agent_service_call *call,
				  struct vmc_view request, uint64_t now_ms)
{
	enum vmc_status status;

	if (request.ptr_len <= sizeof(call->request)) {
		if (request.ptr_len > 0)
			memcpy(call->request, request.ptr, request.ptr_len);
		call->request_len = (uint32_t)request.ptr_len;
		return step_call(service, call, request_of(call), now_ms);
	}
	status = step_call(service, call, request, now_ms);
	if (status == VMC_AGAIN)
		status = step_shorter(service, call, request, now_ms);
	return status;
}

static void begin_call(struct vmc_agent_service *service,
		       const struct vmc_agent_call *method,
		       const struct vmc_engine_event *event, uint64_t now_ms)
{
	uint32_t i = service->call_len++;
	struct vmc_agent_service_call *call = call_at(service, i);
	enum vmc_status status;

	vmc_task_init(&call->task);
	call->task.deadline_ms = deadline(event->timeout_ns, now_ms);
	call->method = method;
	call->stream = event->stream;
	call->done = 0;
	status = first_step(service, call, event->payload, now_ms);
	if (status == VMC_AGAIN)
		return;
	remove_call(service, i);
	answer(service, event->stream, method, status);
}

static APART void answer_full(struct vmc_agent_service *service,
			      uint32_t stream, const char *method)
{
	vmc_error_reset(&service->error);
	vmc_error_set_number(&service->error, VMC_ERR_FULL,
			     "calls in flight, VMC_AGENT_SERVICE_CALL_MAX",
			     VMC_AGENT_SERVICE_CALL_MAX);
	answer_failure(service, stream, method, VMC_ERR_FULL);
}

/* The methods of a service: *end is behind the last. None: it is no service.*/
static const struct vmc_agent_call *
methods_of(struct vmc_view service, const struct vmc_agent_call **end)
{
	*end = vmc_agent_calls + VMC_CALLS;
	if (vmc_view_is(service, "grpc.Health"))
		return vmc_agent_calls + VMC_CALLS_OF_AGENT;
	if (!vmc_view_is(service, "grpc.AgentService"))
		return *end;
	*end = vmc_agent_calls + VMC_CALLS_OF_AGENT;
	return vmc_agent_calls;
}

static APART void request(struct vmc_agent_service *service,
			  const struct vmc_engine_event *event, uint64_t now_ms)
{
	const struct vmc_agent_call *end, *method;

	method = methods_of(event->service, &end);
	if (method == end) {
		answer_unknown(service, event->stream, "service ",
			       event->service);
		return;
	}
	while (method < end && !vmc_view_is(event->method, method->name))
		method++;
	if (method == end)
		answer_unknown(service, event->stream, "method ",
			       event->method);
	else if (service->call_len == VMC_AGENT_SERVICE_CALL_MAX)
		answer_full(service, event->stream, method->name);
	else
		begin_call(service, method, event, now_ms);
}

static void cancelled(struct vmc_agent_service *service, uint32_t stream)
{
	uint32_t i;

	for (i = 0; i < service->call_len; i++)
		if (call_at(service, i)->stream == stream) {
			cancel_call(service, i);
			return;
		}
}

/*
 * The connection
 */

/* Acts on all that has come, and answers as far as the peer reads. */
static enum vmc_status run(struct vmc_agent_service *service, uint64_t now_ms)
{
	struct vmc_engine_event event;
	enum vmc_status status;

	while ((status = vmc_pump_next(&service->pump, &event)) == VMC_OK) {
		if (event.type == VMC_ENGINE_REQUEST)
			request(service, &event, now_ms);
		else if (event.type == VMC_ENGINE_CANCELLED)
			cancelled(service, event.stream);
	}
	return status;
}

/* Steps the first `calls` of those that wait, as long as their answers are
 * taken. */
static enum vmc_status serve(struct vmc_agent_service *service, uint32_t calls,
			     uint64_t now_ms)
{
	enum vmc_status status = VMC_AGAIN;
	uint32_t i = 0;

	for (; calls > 0 && i < service->call_len && idle(service); calls--) {
		struct vmc_agent_service_call *call = call_at(service, i);

		status = step_call(service, call, request_of(call), now_ms);
		if (status == VMC_AGAIN) {
			i++;
			continue;
		}
		remove_call(service, i);
		answer(service, call->stream, call->method, status);
		status = run(service, now_ms);
		if (status < 0)
			break;
	}
	return status;
}

static void begin_connection(struct vmc_agent_service *service)
{
	service->frame_until_ms = VMC_NEVER;
	service->pump.ops->init(&service->engine, service->config.window,
				service->config.window_len, service->out,
				sizeof(service->out));
}

/* Half a request keeps its time as long as more of it comes. Nothing is
 * received while an answer is under way. */
static void keep_timer(struct vmc_agent_service *service, int received,
		       uint64_t now_ms)
{
	if (sending(service) || !service->pump.ops->partial(&service->engine))
		service->frame_until_ms = VMC_NEVER;
	else if (received || service->frame_until_ms == VMC_NEVER)
		service->frame_until_ms =
			now_ms + service->config.frame_timeout_ms;
}

/*
 * Receives once. A sender that left half a request behind is gone, and what
 * it had asked for is nobody's.
 */
static enum vmc_status receive(struct vmc_agent_service *service,
			       uint64_t now_ms)
{
	enum vmc_status status = vmc_pump_recv(&service->pump);

	if (status == VMC_AGAIN && service->frame_until_ms <= now_ms) {
		cancel_calls(service);
		begin_connection(service);
	}
	return status;
}

/* VMC_AGAIN: it goes on. An end in order is one when all is sent. */
static enum vmc_status verdict(struct vmc_agent_service *service)
{
	const char *reason;
	enum vmc_status status =
		service->pump.ops->failed(&service->engine, &reason);

	return status == VMC_OK || sending(service) ? VMC_AGAIN : status;
}

/* see vmcache/agent_service.h */
enum vmc_status vmc_agent_service_step(struct vmc_agent_service *service,
				       uint64_t now_ms)
{
	enum vmc_status status;
	uint32_t waiting;
	int received;

	if (service->pump.stream == VMC_HANDLE_NONE)
		return VMC_CLOSED;
	status = receive(service, now_ms);
	received = status == VMC_OK;
	waiting = service->call_len;
	if (status >= 0)
		status = run(service, now_ms);
	if (status >= 0)
		status = serve(service, waiting, now_ms);
	status = status < 0 ? VMC_ERR_LOST : verdict(service);
	if (status == VMC_AGAIN)
		keep_timer(service, received, now_ms);
	else
		vmc_agent_service_close(service);
	return status;
}

/* see vmcache/agent_service.h */
void vmc_agent_service_close(struct vmc_agent_service *service)
{
	cancel_calls(service);
	service->pump.stream = VMC_HANDLE_NONE;
}

/* see vmcache/agent_service.h */
void vmc_agent_service_open(struct vmc_agent_service *service,
			    vmc_handle stream, uint64_t now_ms)
{
	(void)now_ms;
	vmc_agent_service_close(service);
	begin_connection(service);
	service->pump.stream = stream;
}

/*
 * Waiting
 */

/* What has to be looked at, in front of the calls. */
static void wait_for_stream(const struct vmc_agent_service *service,
			    struct vmc_wait *out)
{
	out->handle = service->pump.stream;
	out->key = 0;
	out->want = (uint16_t)vmc_pump_want(&service->pump);
	out->got = 0;
}

static enum vmc_status add_waits(const struct vmc_task *task,
				 struct vmc_wait *out, size_t cap,
				 size_t *out_len, uint64_t *until_ms)
{
	if (task->until_ms < *until_ms)
		*until_ms = task->until_ms;
	if (task->wait_len > cap - *out_len)
		return VMC_ERR_TOO_BIG;
	memcpy(out + *out_len, task->wait, task->wait_len * sizeof(*out));
	*out_len += task->wait_len;
	return VMC_OK;
}

/* see vmcache/agent_service.h */
enum vmc_status vmc_agent_service_waits(struct vmc_agent_service *service,
					struct vmc_wait *out, size_t cap,
					size_t *out_len, uint64_t *until_ms)
{
	enum vmc_status status = VMC_OK;
	uint32_t i;

	*out_len = 0;
	*until_ms = VMC_NEVER;
	if (service->pump.stream == VMC_HANDLE_NONE)
		return VMC_OK;
	if (cap == 0)
		return VMC_ERR_TOO_BIG;
	wait_for_stream(service, out);
	*out_len = 1;
	*until_ms = service->frame_until_ms;
	if (!idle(service))
		return VMC_OK;
	for (i = 0; i < service->call_len && status == VMC_OK; i++)
		status = add_waits(&call_at(service, i)->task, out, cap,
				   out_len, until_ms);
	return status;
}
