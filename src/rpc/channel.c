/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel. Invariants:
 *
 * - A call is in flight while its task stands in call[]. Whichever task is
 *   stepped moves the connection for all of them.
 * - At most one response is out of the engine. If it is another task's, it
 *   is held and that task is made due; until it has been fetched, nothing
 *   else is done on the connection that might lose it.
 * - Bytes of a later response may be in the window already, where no wait
 *   would find them. So whoever fetches a response makes another task due.
 */
#include "vmcache/client.h"
#include "vmcache/transport.h"

#include "../base/options.h"
#include "../base/text.h"
#include "../engine/pump.h"
#include "channel.h"

#include <string.h>

#define DIAL_TIMEOUT_MS 10000

/* A full backlog has no handle to wait on. */
#define DIAL_RETRY_MS 10

/* The shortest window: an error of a few words fits. */
#define WINDOW_MIN 256

#define NS_PER_MS 1000000u

enum call_phase { CALL_CONNECT = 1, CALL_SEND, CALL_WAIT };

/* What a step is about. */
struct step {
	struct vmc_channel *channel;
	struct vmc_channel_call *call;
	struct vmc_channel_request *request;
	struct vmc_view *reply;
	uint64_t now_ms;
};

/* see vmcache/client.h */
const struct vmc_error *vmc_channel_error(const struct vmc_channel *channel)
{
	return &channel->error;
}

static enum vmc_status set_error(struct vmc_channel *channel,
				 enum vmc_status status, const char *what,
				 const char *detail)
{
	vmc_error_reset(&channel->error);
	return vmc_error_set(&channel->error, status, what, detail);
}

/* The same, with a second detail: another's words. */
static void explain(struct vmc_channel *channel, enum vmc_status status,
		    const char *what, const char *detail, struct vmc_view why)
{
	struct vmc_text text;

	(void)set_error(channel, status, what, detail);
	if (why.ptr_len == 0)
		return;
	vmc_text_append_to(&text, channel->error.text,
			   sizeof(channel->error.text));
	vmc_text_add(&text, ": ");
	vmc_text_add_view(&text, why);
}

static const char *endpoint_of(const struct vmc_channel *channel)
{
	const char *endpoint = channel->config.endpoint;

	return endpoint ? endpoint : "the given stream";
}

static int was_given(const struct vmc_channel *channel)
{
	return channel->config.stream != VMC_HANDLE_NONE;
}

/*
 * Connection
 */

static void begin_connection(struct vmc_channel *channel, vmc_handle stream)
{
	channel->pump.stream = stream;
	memset(&channel->greeting, 0, sizeof(channel->greeting));
	channel->response_held = 0;
	channel->proven = 0;
	channel->pump.ops->init(channel->pump.engine, channel->config.window,
				channel->config.window_len, channel->config.out,
				channel->config.out_len);
}

static void end_connection(struct vmc_channel *channel)
{
	if (channel->pump.stream == VMC_HANDLE_NONE)
		return;
	channel->config.port.ops->close(channel->config.port.ctx,
					channel->pump.stream);
	channel->pump.stream = VMC_HANDLE_NONE;
	channel->response_held = 0;
	channel->sends = NULL;
}

/* All calls in flight end with `status` when they are stepped. The handle
 * that they wait for is gone. */
static void fail_calls(struct vmc_channel *channel, enum vmc_status status)
{
	struct vmc_channel_call *call;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		call = &channel->call[i];
		if (!call->task || call->failed)
			continue;
		call->failed = status;
		call->task->wait_len = 0;
		vmc_task_until(call->task, 0);
	}
}

static enum vmc_status break_connection(struct vmc_channel *channel,
					enum vmc_status status)
{
	end_connection(channel);
	fail_calls(channel, status);
	return status;
}

static enum vmc_status lose_connection(struct vmc_channel *channel,
				       enum vmc_status why)
{
	explain(channel, VMC_ERR_LOST, "connection lost", endpoint_of(channel),
		vmc_view_of(vmc_status_words(why)));
	return break_connection(channel, VMC_ERR_LOST);
}

/* It is tried again, or was the last time: `status` and its text are why. */
static enum vmc_status dial_again(struct step *step, enum vmc_status status)
{
	struct vmc_channel *channel = step->channel;

	end_connection(channel);
	if (step->now_ms < channel->dial_until_ms) {
		vmc_task_until(step->call->task, step->now_ms + DIAL_RETRY_MS);
		return VMC_AGAIN;
	}
	channel->dial_until_ms = 0;
	return break_connection(channel, vmc_error_set(&channel->error, status,
						       vmc_status_words(status),
						       endpoint_of(channel)));
}

static enum vmc_status dial(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	const struct vmc_channel_config *config = &channel->config;
	vmc_handle stream = VMC_HANDLE_NONE;
	enum vmc_status status;

	if (channel->dial_until_ms == 0)
		channel->dial_until_ms = step->now_ms + config->dial_timeout_ms;
	vmc_error_reset(&channel->error);
	status = config->port.ops->connect(config->port.ctx, config->endpoint,
					   &stream, &channel->error);
	if (status == VMC_OK) {
		begin_connection(channel, stream);
		return VMC_OK;
	}
	if (status == VMC_AGAIN)
		status = vmc_error_set(&channel->error, VMC_ERR_NO_SERVER,
				       "server accepts no connection",
				       config->endpoint);
	else if (status != VMC_ERR_NO_SERVER || !config->patient)
		channel->dial_until_ms = 0; /* that was the last time */
	return dial_again(step, status);
}

static enum vmc_status connect_call(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	enum vmc_status status = VMC_OK;

	if (channel->pump.stream == VMC_HANDLE_NONE) {
		if (was_given(channel))
			return set_error(channel, VMC_ERR_LOST,
					 "connection has ended",
					 endpoint_of(channel));
		status = dial(step);
	}
	if (status == VMC_OK && channel->config.greet)
		status = channel->config.greet(channel, step->call->task,
					       step->now_ms);
	if (status < 0 && channel->pump.stream != VMC_HANDLE_NONE)
		return dial_again(step, status);
	if (status != VMC_OK)
		return status;
	channel->dial_until_ms = 0;
	step->call->task->phase = CALL_SEND;
	return VMC_OK;
}

/*
 * Calls
 */

static struct vmc_channel_call *find_task(struct vmc_channel *channel,
					  const struct vmc_task *task)
{
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++)
		if (channel->call[i].task == task)
			return &channel->call[i];
	return NULL;
}

static struct vmc_channel_call *find_stream(struct vmc_channel *channel,
					    uint32_t stream)
{
	struct vmc_channel_call *call;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		call = &channel->call[i];
		if (call->task && !call->failed && stream != 0 &&
		    call->stream == stream)
			return call;
	}
	return NULL;
}

static unsigned calls_in_flight(const struct vmc_channel *channel)
{
	unsigned i, count = 0;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++)
		count += channel->call[i].task != NULL;
	return count;
}

/* Those who could not send yet go on, and one of those who wait looks
 * whether there is more in the window. */
static void kick_others(struct vmc_channel *channel)
{
	struct vmc_task *task;
	int found = 0;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		task = channel->call[i].task;
		if (!task || (found && task->phase == CALL_WAIT))
			continue;
		found |= task->phase == CALL_WAIT;
		vmc_task_until(task, 0);
	}
}

static void end_call(struct vmc_channel *channel, struct vmc_channel_call *call)
{
	if (channel->response_held && channel->response.stream == call->stream)
		channel->response_held = 0;
	if (channel->sends == call &&
	    !channel->pump.ops->idle(channel->pump.engine))
		(void)break_connection(channel, VMC_ERR_LOST);
	call->task = NULL;
	call->stream = 0;
	call->failed = VMC_OK;
	kick_others(channel);
}

/* Its answer, if one comes yet, is nobody's. */
static void give_up(struct vmc_channel *channel, struct vmc_channel_call *call)
{
	int asked = call->stream != 0 && !call->failed;
	enum vmc_status status = VMC_OK;

	if (asked && !call->takes) {
		channel->pump.ops->cancel(channel->pump.engine, call->stream);
		status = vmc_pump_send(&channel->pump);
	}
	end_call(channel, call);
	if ((asked && call->takes) || status < 0)
		(void)break_connection(channel, VMC_ERR_LOST);
}

static void cancel_call(struct vmc_task *task)
{
	struct vmc_channel *channel = task->owner;
	struct vmc_channel_call *call = find_task(channel, task);

	if (call)
		give_up(channel, call);
}

static void begin_call(struct step *step, struct vmc_task *task, int takes)
{
	struct vmc_channel_call *call = step->call;

	if (calls_in_flight(step->channel) == 0)
		step->channel->dial_until_ms = 0;
	call->task = task;
	call->takes = (uint8_t)takes;
	task->owner = step->channel;
	task->cancel = cancel_call;
	task->phase = CALL_CONNECT;
}

/* What the peer is told: 15/16 of what is left. */
static uint64_t timeout_ns(const struct vmc_task *task, uint64_t now_ms)
{
	uint64_t left_ms = task->deadline_ms - now_ms;

	if (task->deadline_ms == VMC_NEVER)
		return 0;
	if (left_ms > INT64_MAX / NS_PER_MS)
		left_ms = INT64_MAX / NS_PER_MS;
	return left_ms * NS_PER_MS / 16 * 15;
}

/* 1 if others have asked on this connection, and are still to be answered. */
static int others_asked(const struct step *step)
{
	const struct vmc_channel_call *call = step->channel->call;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++, call++)
		if (call != step->call && call->task && call->stream)
			return 1;
	return 0;
}

static enum vmc_status refuse_request(struct step *step, enum vmc_status status)
{
	struct vmc_channel *channel = step->channel;

	if (status == VMC_ERR_FULL) /* no further call on this connection: */
		return others_asked(step) ? VMC_AGAIN : status;
	vmc_error_reset(&channel->error);
	return vmc_error_set_number(&channel->error, status,
				    "request does not fit VMC_REQUEST_SIZE",
				    channel->config.out_len);
}

/* VMC_OK if a request can be sent now: what another call may have left half
 * sent goes first. */
static enum vmc_status make_room(struct vmc_channel *channel)
{
	enum vmc_status status;

	if (channel->pump.ops->idle(channel->pump.engine))
		return VMC_OK;
	status = vmc_pump_send(&channel->pump);
	if (status < 0)
		return lose_connection(channel, status);
	return channel->pump.ops->idle(channel->pump.engine) ? VMC_OK :
							       VMC_AGAIN;
}

static enum vmc_status send_request(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	struct vmc_channel_call *call = step->call;
	enum vmc_status status = make_room(channel);

	if (status)
		return status;
	step->request->asked.timeout_ns = timeout_ns(call->task, step->now_ms);
	if (step->request->compose)
		status = step->request->compose(channel, step->request);
	if (status == VMC_OK)
		status = channel->pump.ops->request(channel->pump.engine,
						    &step->request->asked,
						    &call->stream);
	if (status)
		return refuse_request(step, status);
	channel->sends = step->request->asked.tail.ptr_len ? call : NULL;
	call->task->phase = CALL_WAIT;
	return vmc_pump_send(&channel->pump);
}

/*
 * A server may have closed a connection that was long idle. Nothing of the
 * request has reached it, so a new connection is tried, once: that one has
 * proven nothing yet.
 */
static int may_redial(const struct step *step)
{
	return step->channel->proven && !was_given(step->channel) &&
	       !others_asked(step);
}

/* Nobody has asked yet, or waits for the handle that is gone. */
static void begin_anew(struct vmc_channel *channel)
{
	struct vmc_channel_call *call = channel->call;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++, call++) {
		if (!call->task)
			continue;
		call->stream = 0;
		call->task->phase = CALL_CONNECT;
		call->task->wait_len = 0;
		vmc_task_until(call->task, 0);
	}
}

static enum vmc_status redial(struct step *step)
{
	enum vmc_status status;

	end_connection(step->channel);
	begin_anew(step->channel);
	status = connect_call(step);
	return status ? status : send_request(step);
}

static enum vmc_status begin_request(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	struct vmc_task *task = step->call->task;
	enum vmc_status status = send_request(step);
	int sent = task->phase == CALL_WAIT;

	if ((status == VMC_ERR_FULL || (sent && status == VMC_ERR_LOST)) &&
	    may_redial(step)) {
		status = redial(step);
		sent = task->phase == CALL_WAIT;
	}
	if (status == VMC_ERR_FULL || (sent && status < 0))
		return lose_connection(channel, status);
	return status;
}

static enum vmc_status finish(struct step *step,
			      const struct vmc_engine_event *event)
{
	struct vmc_channel *channel = step->channel;
	enum vmc_status status = VMC_ERR_CALL;

	channel->proven = 1;
	*step->reply = event->payload;
	if (event->type == VMC_ENGINE_RESPONSE && event->code == VMC_CODE_OK)
		return VMC_OK;
	if (event->type == VMC_ENGINE_OVERSIZE)
		status = VMC_ERR_TOO_BIG;
	else if (event->code == VMC_CODE_DEADLINE_EXCEEDED)
		status = VMC_ERR_TIMEOUT;
	explain(channel, status, step->request->asked.method,
		vmc_code_name(event->code), event->message);
	channel->error.code = event->code;
	return status;
}

/* Whose response is it? VMC_AGAIN: not this call's. */
static enum vmc_status take_response(struct step *step,
				     const struct vmc_engine_event *event)
{
	struct vmc_channel *channel = step->channel;
	struct vmc_channel_call *call = find_stream(channel, event->stream);

	if (call == step->call)
		return finish(step, event);
	if (call) { /* nobody: it was cancelled */
		channel->response = *event;
		channel->response_held = 1;
		vmc_task_until(call->task, 0);
	}
	return VMC_AGAIN;
}

/* The peer's bytes are not what they should be. */
static enum vmc_status reject_peer(struct vmc_channel *channel,
				   const char *reason)
{
	explain(channel, VMC_ERR_PROTOCOL, "peer does not speak",
		channel->pump.ops->name, vmc_view_of(reason));
	return break_connection(channel, VMC_ERR_PROTOCOL);
}

/* Takes responses until there is none, or one is held. Who has broken the
 * rules need not hear of it: that he has is the reason. */
static enum vmc_status take_responses(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	struct vmc_engine_event event;
	enum vmc_status status = VMC_AGAIN;
	const char *reason;

	while (!channel->response_held) {
		status = vmc_pump_next(&channel->pump, &event);
		if (status != VMC_OK)
			break;
		status = take_response(step, &event);
		if (status != VMC_AGAIN)
			return status;
	}
	if (channel->pump.ops->failed(channel->pump.engine, &reason) ==
	    VMC_ERR_PROTOCOL)
		return reject_peer(channel, reason);
	return status < 0 ? lose_connection(channel, status) : VMC_AGAIN;
}

/* Looks among what has come, then at what comes, unless it is too early. */
static enum vmc_status await_response(struct step *step, int early)
{
	struct vmc_channel *channel = step->channel;
	enum vmc_status status = take_responses(step);

	if (status != VMC_AGAIN || channel->response_held || early)
		return status;
	status = vmc_pump_recv(&channel->pump);
	if (status == VMC_AGAIN)
		return VMC_AGAIN;
	if (status != VMC_OK)
		return lose_connection(channel, status);
	return take_responses(step);
}

static enum vmc_status fetch_held(struct step *step)
{
	struct vmc_channel *channel = step->channel;

	if (channel->response.stream != step->call->stream)
		return VMC_AGAIN;
	return finish(step, &channel->response);
}

/* Another's step, or a close, has failed this call; the text may have been
 * overwritten since. */
static enum vmc_status report_failure(struct step *step)
{
	struct vmc_channel *channel = step->channel;
	enum vmc_status status = step->call->failed;

	if (channel->error.status == status)
		return status;
	return set_error(channel, status, step->request->asked.method,
			 "connection was closed");
}

/*
 * VMC_OK from begin_request: all of it has just gone out, and it is too
 * early to receive an answer. But the response before it is still out of
 * the engine, which wants nothing to be received until that is dropped.
 */
static enum vmc_status step_call(struct step *step)
{
	struct vmc_task *task = step->call->task;
	enum vmc_status status = VMC_AGAIN;

	if (step->call->failed)
		return report_failure(step);
	if (step->channel->response_held)
		return fetch_held(step);
	if (task->phase == CALL_CONNECT) {
		status = connect_call(step);
		if (status)
			return status;
	}
	if (task->phase == CALL_SEND) {
		status = begin_request(step);
		if (status < 0 || task->phase == CALL_CONNECT)
			return status;
	}
	return await_response(step, status == VMC_OK);
}

/* 1 if what has just come has made room for a request. */
static int may_send(const struct vmc_channel *channel)
{
	return channel->pump.stream != VMC_HANDLE_NONE &&
	       !channel->response_held &&
	       channel->pump.ops->idle(channel->pump.engine);
}

/* Waits for the connection as it is now. */
static enum vmc_status wait_call(struct vmc_channel *channel,
				 struct vmc_task *task)
{
	if (channel->pump.stream != VMC_HANDLE_NONE)
		vmc_task_wait(task, channel->pump.stream,
			      vmc_pump_want(&channel->pump));
	if (task->phase == CALL_SEND && may_send(channel))
		vmc_task_until(task, 0);
	return vmc_task_again(task);
}

static enum vmc_status refuse_call(struct vmc_channel *channel,
				   struct vmc_task *task)
{
	vmc_error_reset(&channel->error);
	return vmc_task_end(
		task, vmc_error_set_number(&channel->error, VMC_ERR_FULL,
					   "calls in flight on a channel, at "
					   "most",
					   VMC_CHANNEL_CALL_MAX));
}

/* see channel.h. A response that is there is taken even if it comes late. */
enum vmc_status vmc_channel_request(struct vmc_channel *channel,
				    struct vmc_channel_request *request,
				    struct vmc_view *reply,
				    struct vmc_task *task, uint64_t now_ms)
{
	struct step step = { channel, NULL, request, reply, now_ms };
	enum vmc_status status = VMC_AGAIN;
	int late = vmc_task_begin(task, now_ms);
	int begins = !vmc_task_active(task);

	step.call = find_task(channel, begins ? NULL : task);
	if (!step.call && !begins)
		return vmc_task_end(task, set_error(channel, VMC_ERR_CANCELLED,
						    request->asked.method,
						    "connection was closed"));
	if (!step.call)
		return refuse_call(channel, task);
	if (begins)
		begin_call(&step, task, request->takes);
	if (!begins || !late)
		status = step_call(&step);
	if (status == VMC_AGAIN && !late)
		return wait_call(channel, task);
	if (status == VMC_AGAIN) {
		status = set_error(channel, VMC_ERR_TIMEOUT,
				   request->asked.method,
				   "no answer before the deadline");
		give_up(channel, step.call);
	} else {
		end_call(channel, step.call);
	}
	return vmc_task_end(task, status);
}

/* see vmcache/client.h */
enum vmc_status vmc_channel_call(struct vmc_channel *channel,
				 const char *service, const char *method,
				 struct vmc_view payload,
				 struct vmc_view *reply, struct vmc_task *task,
				 uint64_t now_ms)
{
	struct vmc_channel_request request = {
		.asked = { .service = service,
			   .method = method,
			   .payload = payload },
	};

	return vmc_channel_request(channel, &request, reply, task, now_ms);
}

/* see vmcache/client.h */
void vmc_channel_close(struct vmc_channel *channel)
{
	end_connection(channel);
	fail_calls(channel, VMC_ERR_CANCELLED);
	channel->dial_until_ms = 0;
}

/* see vmcache/client.h */
enum vmc_status
vmc_channel_init_checked(struct vmc_channel *channel,
			 const struct vmc_channel_config *config,
			 size_t channel_size, unsigned options)
{
	const char *transport = config->transport ?
					config->transport :
					vmc_transport_clients[0]->name;
	enum vmc_status status = vmc_options_check(NULL, channel_size, options,
						   sizeof(*channel));

	if (status)
		return status;
	memset(channel, 0, sizeof(*channel));
	channel->config = *config;
	channel->pump.engine = &channel->engine;
	channel->pump.port = config->port;
	channel->pump.stream = VMC_HANDLE_NONE;
	if (config->dial_timeout_ms == 0)
		channel->config.dial_timeout_ms = DIAL_TIMEOUT_MS;
	if (!config->out) {
		channel->config.out = channel->out;
		channel->config.out_len = sizeof(channel->out);
	}
	if (!config->window || config->window_len < WINDOW_MIN)
		return set_error(channel, VMC_ERR_ARGUMENT,
				 "channel has no window for responses", NULL);
	if (!was_given(channel) && !config->endpoint)
		return set_error(channel, VMC_ERR_ARGUMENT,
				 "channel has neither endpoint nor stream",
				 NULL);
	channel->pump.ops = config->engine ? config->engine :
					     vmc_transport_by_name(transport);
	if (!channel->pump.ops)
		return set_error(channel, VMC_ERR_UNSUPPORTED,
				 "transport is not in this build", transport);
	if (channel->pump.ops->size > sizeof(channel->engine))
		channel->pump.engine = config->grpc;
	if (!channel->pump.engine)
		return set_error(channel, VMC_ERR_ARGUMENT,
				 "channel has no room for its transport",
				 transport);
	if (was_given(channel))
		begin_connection(channel, config->stream);
	return VMC_OK;
}
