/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kata backend: its connection, and one call over it. Methods are in
 * kata_methods.c; see vmcache/agent_kata.h.
 *
 * A channel does the work: it dials, keeps the calls in flight apart and
 * their deadlines. A request is composed when it is its turn to be sent, in
 * the one buffer that the channel sends from; what may be long is not copied
 * but follows from where it is (`tail`).
 */
#include "vmcache/agent_kata.h"

#include "../rpc/channel.h"
#include "../wire/message.h"
#include "agent_dial.h"
#include "kata_call.h"

#include <string.h>

#define DIAL_TIMEOUT_MS 30000
#define CHECK_TIMEOUT_MS 30000
#define CALL_TIMEOUT_MS 60000

static const struct vmc_agent_kata_config *config_of(const struct vmc_agent *a)
{
	return a->config;
}

/*
 * Where it is
 */

/* A channel to what `config` says, besides what is the same for all. */
static enum vmc_status open_channel(struct vmc_agent *agent,
				    struct vmc_channel_config *config)
{
	const struct vmc_agent_kata_config *ours = config_of(agent);
	struct vmc_agent_kata *kata = kata_state(agent);
	enum vmc_status status;

	if (!ours || !ours->port.ops)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT,
				     "kata agent: no port", NULL);
	config->port = ours->port;
	config->engine = &vmc_ttrpc_client;
	config->window = kata->window;
	config->window_len = sizeof(kata->window);
	config->out = kata->out;
	config->out_len = sizeof(kata->out);
	config->dial_timeout_ms =
		ours->dial_timeout_ms ? ours->dial_timeout_ms : DIAL_TIMEOUT_MS;
	config->patient = 1;
	status = vmc_channel_init(&kata->channel, config);
	if (status)
		return vmc_error_set(agent->error, status,
				     vmc_channel_error(&kata->channel)->text,
				     NULL);
	kata->begun = 1;
	return VMC_OK;
}

/* As new, but for the memory. */
static void forget(struct vmc_agent_kata *kata)
{
	if (kata->begun)
		vmc_channel_close(&kata->channel);
	kata->begun = kata->dead = kata->version_known = 0;
	kata->url[0] = '\0';
}

/* see vmcache/agent.h. No address: the next call says so. */
enum vmc_status vmc_kata_set_agent_url(struct vmc_agent *agent,
				       struct vmc_view url)
{
	struct vmc_agent_kata *kata = kata_state(agent);
	struct vmc_channel_config config = { .stream = VMC_HANDLE_NONE };
	enum vmc_status status;

	forget(kata);
	if (url.ptr_len == 0)
		return VMC_OK;
	status = vmc_agent_dial_parse(url, kata->dial, &config, agent->error);
	if (status)
		return status;
	memcpy(kata->url, url.ptr, url.ptr_len);
	kata->url[url.ptr_len] = '\0';
	config.endpoint = kata->dial;
	return open_channel(agent, &config);
}

/* see vmcache/agent_kata.h */
enum vmc_status vmc_agent_kata_give(struct vmc_agent *agent, vmc_handle stream)
{
	struct vmc_channel_config config = { .stream = stream };

	forget(kata_state(agent));
	return open_channel(agent, &config);
}

/* see vmcache/agent.h */
enum vmc_status vmc_kata_get_agent_url(struct vmc_agent *agent,
				       struct vmc_buffer *url)
{
	return vmc_kata_give(agent, "get_agent_url",
			     vmc_view_of(kata_state(agent)->url), url);
}

/* see vmcache/agent.h */
void vmc_kata_disconnect(struct vmc_agent *agent)
{
	struct vmc_agent_kata *kata = kata_state(agent);

	if (kata->begun)
		vmc_channel_close(&kata->channel);
}

/* see vmcache/agent.h */
void vmc_kata_mark_dead(struct vmc_agent *agent)
{
	vmc_kata_disconnect(agent);
	kata_state(agent)->dead = 1;
}

/* see vmcache/agent.h */
void vmc_kata_save(struct vmc_agent *agent, struct vmc_agent_state *state)
{
	memset(state, 0, sizeof(*state));
	memcpy(state->url, kata_state(agent)->url, sizeof(state->url));
}

/* see vmcache/agent.h. What cannot be an address is none, and the next call
 * says so. */
void vmc_kata_load(struct vmc_agent *agent, const struct vmc_agent_state *state)
{
	if (vmc_kata_set_agent_url(agent, vmc_view_of(state->url)) != VMC_OK)
		forget(kata_state(agent));
}

/* see vmcache/agent.h. All of it moves, what has been received included; the
 * memory that it lies in is each one's own. */
enum vmc_status vmc_kata_reuse_agent(struct vmc_agent *agent,
				     struct vmc_agent *other)
{
	struct vmc_agent_kata *to = kata_state(agent);
	struct vmc_agent_kata *from = kata_state(other);

	if (agent->ops != other->ops || to == from)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT,
				     "reuse_agent: not another kata agent",
				     NULL);
	if (vmc_task_active(&from->inner))
		return vmc_error_set(agent->error, VMC_ERR_BUSY,
				     "reuse_agent: calls are in flight", NULL);
	forget(to);
	memcpy(to->url, from->url, sizeof(to->url));
	memcpy(to->dial, from->dial, sizeof(to->dial));
	memcpy(to->window, from->window, sizeof(to->window));
	memcpy(to->out, from->out, sizeof(to->out));
	to->version_known = from->version_known;
	to->counts_new = from->counts_new;
	to->dead = from->dead;
	if (!from->begun)
		return VMC_OK;
	if (vmc_channel_move(&to->channel, &from->channel, to->window, to->out,
			     to->url[0] ? to->dial : NULL) != VMC_OK)
		return vmc_error_set(agent->error, VMC_ERR_BUSY,
				     "reuse_agent: calls are in flight", NULL);
	to->begun = 1;
	return VMC_OK;
}

/*
 * Calls
 */

/* see rpc/channel.h. Where it will be sent from: behind what comes first. */
static enum vmc_status compose(struct vmc_channel *channel,
			       struct vmc_channel_request *request)
{
	const struct kata_call *call = request->message;
	struct vmc_engine_request *asked = &request->asked;
	const struct vmc_channel_config *config = &channel->config;
	size_t head = VMC_ENGINE_HEAD_SIZE(strlen(asked->service) +
					   strlen(asked->method));
	struct vmc_writer w;

	vmc_writer_init(&w, config->out + head, config->out_len - head);
	if (call->write)
		call->write(&w, call->request);
	else
		asked->tail = vmc_message_write(&w, call->method->request,
						call->request);
	asked->payload.ptr = w.begin;
	asked->payload.ptr_len = w.len;
	return w.fail ? VMC_ERR_TOO_BIG : VMC_OK;
}

static void set_deadline(const struct vmc_agent *agent,
			 const struct kata_call *call, struct vmc_task *task,
			 uint64_t now_ms)
{
	const struct vmc_agent_kata_config *config = config_of(agent);
	uint32_t ms = config->call_timeout_ms ? config->call_timeout_ms :
						CALL_TIMEOUT_MS;

	if (call->method->timeout == VMC_CALL_CHECK)
		ms = config->check_timeout_ms ? config->check_timeout_ms :
						CHECK_TIMEOUT_MS;
	if (call->method->timeout != VMC_CALL_FOREVER &&
	    task->deadline_ms == VMC_NEVER)
		task->deadline_ms = now_ms + ms;
}

/* VMC_OK, or why no call can be made at all. */
static enum vmc_status may_call(struct vmc_agent_kata *kata)
{
	if (kata->dead)
		return VMC_ERR_LOST;
	return kata->begun ? VMC_OK : VMC_ERR_ARGUMENT;
}

/* see kata_call.h */
enum vmc_status vmc_kata_ask(struct vmc_agent *agent,
			     const struct kata_call *call,
			     struct vmc_view *reply, struct vmc_task *task,
			     uint64_t now_ms)
{
	struct vmc_agent_kata *kata = kata_state(agent);
	struct vmc_channel_request request = {
		.asked = { .service = call->method - vmc_agent_calls <
						      VMC_CALLS_OF_AGENT ?
					      "grpc.AgentService" :
					      "grpc.Health",
			   .method = call->method->name },
		.compose = compose,
		.message = call,
	};
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(task)) {
		status = may_call(kata);
		if (status)
			return vmc_task_end(task, status);
		set_deadline(agent, call, task, now_ms);
	}
	return vmc_channel_request(&kata->channel, &request, reply, task,
				   now_ms);
}

static int begins_with(const char *text, const char *word)
{
	size_t len = strlen(word);

	return strlen(text) >= len && memcmp(text, word, len) == 0;
}

/* The channel's words; those of a call begin with its method already. It
 * does not know whose buffer its requests are composed in. */
static void say(struct vmc_agent *agent, const char *method,
		enum vmc_status status)
{
	const struct vmc_error *why =
		vmc_channel_error(&kata_state(agent)->channel);

	if (begins_with(why->text, method))
		vmc_error_set(agent->error, status, why->text, NULL);
	else if (begins_with(why->text, "request does not fit"))
		vmc_error_set_number(agent->error, status,
				     "request does not fit "
				     "VMC_AGENT_REQUEST_SIZE",
				     VMC_AGENT_REQUEST_SIZE);
	else
		vmc_error_set(agent->error, status, method, why->text);
	agent->error->code = why->code;
}

/* see kata_call.h */
enum vmc_status vmc_kata_fail(struct vmc_agent *agent, const char *method,
			      enum vmc_status status)
{
	const struct vmc_agent_kata *kata = kata_state(agent);

	if (!agent->error || agent->error->status != VMC_OK)
		return status;
	if (kata->dead)
		return vmc_error_set(agent->error, status, method,
				     "the agent was given up");
	if (!kata->begun)
		return vmc_error_set(agent->error, status, method,
				     "the agent has no address");
	say(agent, method, status);
	return status;
}

/* see kata_call.h. What a later release may answer is read over. */
enum vmc_status vmc_kata_call(struct vmc_agent *agent, enum vmc_call_id id,
			      const void *request, void *answer,
			      struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_agent_call *method = vmc_agent_calls + id;
	struct kata_call call = { method, request, NULL };
	struct vmc_view reply = { NULL, 0 };
	enum vmc_status status =
		vmc_kata_ask(agent, &call, &reply, task, now_ms);

	if (status < 0)
		return vmc_kata_fail(agent, method->name, status);
	if (status || !answer)
		return status;
	if (method->data == VMC_CALL_RAW) {
		*(struct vmc_view *)answer = reply;
		return VMC_OK;
	}
	return vmc_message_read(reply, method->answer, answer, NULL,
				agent->error);
}

/* see kata_call.h */
enum vmc_status vmc_kata_give(struct vmc_agent *agent, const char *method,
			      struct vmc_view bytes, struct vmc_buffer *buffer)
{
	if (bytes.ptr_len > buffer->ptr_cap)
		return vmc_error_set_number(agent->error, VMC_ERR_TOO_BIG,
					    method, bytes.ptr_len);
	if (bytes.ptr_len > 0)
		memcpy(buffer->ptr, bytes.ptr, bytes.ptr_len);
	buffer->ptr_len = bytes.ptr_len;
	return VMC_OK;
}
