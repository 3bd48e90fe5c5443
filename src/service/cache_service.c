/* SPDX-License-Identifier: Apache-2.0 */
/* The cache service. See cache_service.h; what it answers, vmcache/server.h. */
#include "cache_service.h"

#include "../base/cursor.h"
#include "../base/divide.h"
#include "../base/text.h"
#include "../domain/pool_events.h"
#include "../wire/field.h"
#include "../wire/pbio.h"

#include <string.h>

#define REPLY_MAX ((size_t)4 << 20) /* what a ttrpc or gRPC peer accepts */
#define NS_PER_MS 1000000u
#define CACHE_SERVICE "cache.CacheService"
#define WORDS_SIZE 96 /* a refusal's words: what, and what was asked for */

/* Kept out of its caller, whose every path would carry its frame. */
#define APART __attribute__((noinline))

_Static_assert(sizeof(((struct vmc_server_reply *)0)->bytes) >=
		       VMC_PBIO_STATUS_HEAD_SIZE +
			       VMC_VM_MAX * VMC_PBIO_VM_STATUS_SIZE,
	       "a reply buffer holds a full Status");
_Static_assert(sizeof(struct vmc_server_handing) >=
		       VMC_PBIO_BASE_VM_SIZE + VMC_ID_SIZE + VMC_URL_SIZE,
	       "all of a VM but `hypervisor` fits");
_Static_assert(sizeof(((struct vmc_server *)0)->config_heads) >=
		       VMC_PBIO_CONFIG_SIZE,
	       "the small pieces of Config fit");

/* see cache_service.h */
enum vmc_status vmc_cache_service_init(struct vmc_server *server)
{
	const struct vmc_cache_config *config = &server->config.config;
	struct vmc_writer w;

	if (config->data.ptr_len > REPLY_MAX / 2 ||
	    config->agent_config.ptr_len > REPLY_MAX / 2 - VMC_WINDOW_SIZE)
		return vmc_error_set_number(&server->error, VMC_ERR_TOO_BIG,
					    "server: config: bytes allowed",
					    REPLY_MAX / 2);
	vmc_writer_init(&w, server->config_heads, sizeof(server->config_heads));
	vmc_pbio_gather_config(&w, config, server->config_parts);
	return VMC_OK;
}

/*
 * Answering. The connection is idle when any of these is called.
 */

/* What is answered fits and the engine is idle: if it is refused all the
 * same, the connection has failed, which is found out right after. */
static void send_reply(struct vmc_connection *connection,
		       const struct vmc_engine_reply *reply)
{
	connection->stream = reply->stream;
	if (connection->pump.ops->reply(connection->pump.engine, reply))
		connection->gone = 1;
}

static void answer_parts(struct vmc_connection *connection, uint32_t stream,
			 const struct vmc_view *parts, size_t parts_len)
{
	struct vmc_engine_reply reply = {
		.stream = stream,
		.code = VMC_CODE_OK,
		.parts = parts,
		.parts_len = parts_len,
	};

	send_reply(connection, &reply);
}

/* An event about whoever is at the other end. */
static struct vmc_event *say(struct vmc_server *server,
			     const struct vmc_connection *connection,
			     enum vmc_event_type type, const char *what,
			     const char *detail)
{
	struct vmc_event *event =
		vmc_pool_say(server->config.pool, type, what, detail);

	event->peer = connection->peer;
	return event;
}

static void answer_error(struct vmc_server *server,
			 struct vmc_connection *connection, uint32_t stream,
			 enum vmc_code code, const char *text)
{
	struct vmc_engine_reply reply = {
		.stream = stream,
		.code = code,
		.message = text,
	};

	say(server, connection, VMC_EVENT_CALL_FAILED, vmc_code_name(code),
	    text);
	send_reply(connection, &reply);
}

/* Makes room for a reply; whoever has not read his for longest goes. */
static struct vmc_server_reply *take_reply(struct vmc_server *server,
					   struct vmc_connection *connection)
{
	struct vmc_server_reply *oldest = &server->reply[0];
	uint32_t i;

	for (i = 0; i < VMC_REPLY_MAX && oldest->connection; i++)
		if (!server->reply[i].connection ||
		    server->reply[i].since_ms < oldest->since_ms)
			oldest = &server->reply[i];
	if (oldest->connection)
		vmc_cache_service_drop(server, oldest->connection,
				       "its reply was not read, and the room "
				       "was needed");
	oldest->connection = connection;
	oldest->since_ms = server->now_ms;
	connection->reply = oldest;
	return oldest;
}

static void answer_status(struct vmc_server *server,
			  struct vmc_connection *connection,
			  const struct vmc_engine_event *event)
{
	const struct vmc_pool *pool = server->config.pool;
	struct vmc_server_reply *reply = take_reply(server, connection);
	struct vmc_view part;
	struct vmc_writer w;
	uint32_t i;

	vmc_writer_init(&w, reply->bytes, sizeof(reply->bytes));
	vmc_pbio_write_status_head(&w, server->config.pid);
	for (i = 0; i < pool->config.number; i++) {
		const struct vmc_vm *vm = vmc_pool_vm(pool, i);

		if (vm->state == VMC_VM_READY)
			vmc_pbio_write_vm_status(&w, vm);
	}
	part.ptr = reply->bytes;
	part.ptr_len = w.len;
	answer_parts(connection, event->stream, &part, 1);
}

static void answer_config(struct vmc_server *server,
			  struct vmc_connection *connection,
			  const struct vmc_engine_event *event)
{
	answer_parts(connection, event->stream, server->config_parts,
		     VMC_PBIO_CONFIG_PARTS);
}

static APART void answer_base_vm(struct vmc_server *server,
				 struct vmc_connection *connection,
				 uint32_t stream, uint32_t slot)
{
	const struct vmc_pool *pool = server->config.pool;
	struct vmc_server_handing *handing = &server->handing[slot];
	struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS];
	struct vmc_writer w;

	vmc_writer_init(&w, handing->bytes, sizeof(handing->bytes));
	vmc_pbio_gather_base_vm(&w, vmc_pool_vm(pool, slot),
				vmc_pool_saved(pool, slot), parts);
	connection->slot = (int32_t)slot;
	connection->started = 0;
	answer_parts(connection, stream, parts, VMC_PBIO_BASE_VM_PARTS);
}

static const char *refusal(enum vmc_status status)
{
	switch (status) {
	case VMC_ERR_TIMEOUT:
		return "no VM before the deadline";
	case VMC_ERR_FULL:
		return "VMC_CALL_MAX calls are waiting for a VM";
	case VMC_ERR_IO:
		return "VM cannot be put on record";
	default:
		return vmc_status_words(status);
	}
}

/* No VM, and why. */
static void refuse(struct vmc_server *server, struct vmc_connection *connection,
		   uint32_t stream, enum vmc_status status)
{
	answer_error(server, connection, stream, vmc_status_code(status),
		     refusal(status));
}

/* A text that quotes what the peer asked for: as Go's ttrpc says it. */
static APART void answer_unknown(struct vmc_server *server,
				 struct vmc_connection *connection,
				 uint32_t stream, const char *what,
				 struct vmc_view name)
{
	char buffer[WORDS_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, buffer, sizeof(buffer));
	vmc_text_add(&text, what);
	vmc_text_add_view(&text, name);
	answer_error(server, connection, stream, VMC_CODE_UNIMPLEMENTED,
		     buffer);
}

/*
 * Calls
 */

static uint64_t deadline(const struct vmc_server *server, uint64_t timeout_ns)
{
	if (timeout_ns == 0)
		return VMC_NEVER;
	if (vmc_divide(&timeout_ns, NS_PER_MS))
		timeout_ns++; /* ms by now, rounded up */
	return server->now_ms + timeout_ns;
}

static void remove_call(struct vmc_server *server, uint32_t i)
{
	struct vmc_server_call *call = &server->call[i];

	vmc_pool_leave(server->config.pool, &call->ticket);
	call->connection->calls--;
	server->call_len--;
	memmove(call, call + 1, (server->call_len - i) * sizeof(*call));
}

/* Answered by vmc_cache_service_serve, in this same step if a VM is there. */
static void request_base_vm(struct vmc_server *server,
			    struct vmc_connection *connection,
			    const struct vmc_engine_event *event)
{
	struct vmc_server_call *call;

	if (connection->gone)
		return; /* nobody is there to take it */
	if (server->call_len == VMC_CALL_MAX) {
		refuse(server, connection, event->stream, VMC_ERR_FULL);
		return;
	}
	call = &server->call[server->call_len++];
	memset(call, 0, sizeof(*call));
	call->stream = event->stream;
	call->connection = connection;
	call->deadline_ms = deadline(server, event->timeout_ns);
	connection->calls++;
	vmc_server_due(server, call->deadline_ms);
}

static int may_quit(const struct vmc_server *server,
		    const struct vmc_peer *peer)
{
	if (!server->config.owner_only)
		return 1;
	return peer->known &&
	       (peer->uid == 0 || peer->uid == server->config.owner);
}

static void request_quit(struct vmc_server *server,
			 struct vmc_connection *connection,
			 const struct vmc_engine_event *event)
{
	char buffer[WORDS_SIZE];
	struct vmc_text text;

	if (!may_quit(server, &connection->peer)) {
		answer_error(server, connection, event->stream,
			     VMC_CODE_PERMISSION_DENIED,
			     "Quit is for the server's owner");
		return;
	}
	answer_parts(connection, event->stream, NULL, 0);
	vmc_text_init(&text, buffer, sizeof(buffer));
	vmc_text_add(&text, "Quit");
	if (connection->peer.known) {
		vmc_text_add(&text, " by pid ");
		vmc_text_add_number(&text, (uint64_t)connection->peer.pid);
	}
	vmc_server_stop(server, buffer, server->now_ms);
}

static void answer_no_method(struct vmc_server *server,
			     struct vmc_connection *connection,
			     const struct vmc_engine_event *event)
{
	answer_unknown(server, connection, event->stream, "method ",
		       event->method);
}

/*
 * grpc.health.v1.Health (grpc/doc/health-checking.md): HealthCheckRequest
 * names a service in its field 1; HealthCheckResponse says SERVING. Watch is
 * a stream, which there is none of.
 */
static APART void request_health(struct vmc_server *server,
				 struct vmc_connection *connection,
				 const struct vmc_engine_event *event)
{
	static const uint8_t serving[] = { VMC_FIELD_TAG(1, VMC_FIELD_VARINT),
					   1 };
	static const struct vmc_view part = { serving, sizeof(serving) };
	struct vmc_view service = { NULL, 0 };
	struct vmc_field field;
	struct vmc_reader r;

	vmc_reader_init(&r, event->payload);
	while (vmc_field_take(&r, &field))
		if (field.tag == VMC_FIELD_TAG(1, VMC_FIELD_BYTES))
			service = field.bytes;
	if (!vmc_view_is(event->method, "Check"))
		answer_no_method(server, connection, event);
	else if (r.fail)
		answer_error(server, connection, event->stream,
			     VMC_CODE_INVALID_ARGUMENT,
			     "request is not a HealthCheckRequest");
	else if (service.ptr_len && !vmc_view_is(service, CACHE_SERVICE))
		answer_error(server, connection, event->stream,
			     VMC_CODE_NOT_FOUND, "unknown service");
	else
		answer_parts(connection, event->stream, &part, 1);
}

/* What a method of the service does, the one without a name if it is none. */
static const struct method {
	const char *name;
	void (*request)(struct vmc_server *server,
			struct vmc_connection *connection,
			const struct vmc_engine_event *event);
} methods[] = {
	{ "GetBaseVM", request_base_vm }, { "Status", answer_status },
	{ "Config", answer_config },      { "Quit", request_quit },
	{ NULL, answer_no_method },
};

static void request(struct vmc_server *server,
		    struct vmc_connection *connection,
		    const struct vmc_engine_event *event)
{
	const struct method *method = methods;

	connection->frame_until_ms = VMC_NEVER; /* the next has its own time */
	if (event->timeout_ns == 1) { /* it had passed when it was sent */
		answer_error(server, connection, event->stream,
			     VMC_CODE_DEADLINE_EXCEEDED, "deadline has passed");
		return;
	}
	if (vmc_view_is(event->service, "grpc.health.v1.Health")) {
		request_health(server, connection, event);
		return;
	}
	if (!vmc_view_is(event->service, CACHE_SERVICE)) {
		answer_unknown(server, connection, event->stream, "service ",
			       event->service);
		return;
	}
	if (vmc_pbio_read_empty(event->payload) != VMC_OK) {
		answer_error(server, connection, event->stream,
			     VMC_CODE_INVALID_ARGUMENT,
			     "request is not a google.protobuf.Empty");
		return;
	}
	while (method->name && !vmc_view_is(event->method, method->name))
		method++;
	method->request(server, connection, event);
}

/*
 * A connection's life
 */

static void end_reply(struct vmc_connection *connection)
{
	if (connection->reply)
		connection->reply->connection = NULL;
	connection->reply = NULL;
	connection->slot = -1;
	connection->stream = 0;
	connection->started = 0;
	connection->write_until_ms = VMC_NEVER;
}

/* A VM that was not delivered goes back, or, if somebody may know it, is
 * stopped. */
static void undelivered(struct vmc_server *server,
			struct vmc_connection *connection)
{
	if (connection->slot >= 0)
		vmc_pool_give_back(server->config.pool,
				   (uint32_t)connection->slot,
				   connection->started, server->now_ms);
	end_reply(connection);
}

static void delivered(struct vmc_server *server,
		      struct vmc_connection *connection)
{
	if (connection->slot >= 0)
		vmc_pool_handed(server->config.pool, (uint32_t)connection->slot,
				&connection->peer, server->now_ms);
	end_reply(connection);
}

/* Of a call that waits, or of one whose reply is under way. */
static void cancelled(struct vmc_server *server,
		      struct vmc_connection *connection, uint32_t stream)
{
	uint32_t i;

	if (stream == connection->stream)
		undelivered(server, connection);
	for (i = 0; i < server->call_len; i++)
		if (server->call[i].connection == connection &&
		    server->call[i].stream == stream) {
			remove_call(server, i);
			return;
		}
}

static APART void act(struct vmc_server *server,
		      struct vmc_connection *connection,
		      const struct vmc_engine_event *event)
{
	switch (event->type) {
	case VMC_ENGINE_REQUEST:
		request(server, connection, event);
		break;
	case VMC_ENGINE_CANCELLED:
		cancelled(server, connection, event->stream);
		break;
	case VMC_ENGINE_STARTED:
		connection->started = 1;
		break;
	case VMC_ENGINE_DELIVERED:
		delivered(server, connection);
		break;
	default:
		break;
	}
}

/* What was sent before the end counts. */
static void settle_reply(struct vmc_server *server,
			 struct vmc_connection *connection)
{
	struct vmc_engine_event event;

	while (connection->pump.ops &&
	       connection->pump.ops->next(connection->pump.engine, &event)) {
		if (event.type != VMC_ENGINE_REQUEST)
			act(server, connection, &event);
	}
	undelivered(server, connection);
}

/* see cache_service.h */
void vmc_cache_service_drop(struct vmc_server *server,
			    struct vmc_connection *connection, const char *why)
{
	uint32_t i = server->call_len;

	if (why)
		say(server, connection, VMC_EVENT_CONNECTION_BAD, why, NULL);
	settle_reply(server, connection);
	while (connection->calls > 0 && i-- > 0)
		if (server->call[i].connection == connection)
			remove_call(server, i);
	vmc_connection_close(server, connection);
}

/*
 * 1 if the connection is over: its end was in order, or not, and nothing is
 * left to be answered or sent.
 */
static int is_over(struct vmc_connection *connection, const char **why)
{
	enum vmc_status status =
		connection->pump.ops->failed(connection->pump.engine, why);

	if (vmc_connection_sending(connection) && !connection->gone)
		return 0;
	if (status < 0)
		return 1;
	*why = NULL;
	if (connection->gone)
		return 1;
	return (status == VMC_CLOSED || connection->ended) &&
	       connection->calls == 0;
}

/* Acts on all that has come, and answers as far as the peer reads. */
static void run(struct vmc_server *server, struct vmc_connection *connection)
{
	struct vmc_engine_event event;
	const char *why = NULL;
	enum vmc_status status;

	while ((status = vmc_pump_next(&connection->pump, &event)) == VMC_OK)
		act(server, connection, &event);
	if (status < 0)
		vmc_cache_service_drop(server, connection, NULL);
	else if (is_over(connection, &why))
		vmc_cache_service_drop(server, connection, why);
	else
		vmc_connection_settle(server, connection);
}

/* see cache_service.h */
void vmc_cache_service_wake(struct vmc_server *server,
			    struct vmc_connection *connection, unsigned got)
{
	enum vmc_status status = VMC_AGAIN;

	if (!connection->ended)
		status = vmc_connection_recv(server, connection);
	if (status == VMC_CLOSED)
		connection->ended = 1;
	if (got & VMC_WAIT_HUP)
		connection->gone = 1;
	if (status == VMC_ERR_PROTOCOL)
		vmc_cache_service_drop(server, connection,
				       "it speaks no transport of ours");
	else if (status == VMC_ERR_FULL)
		vmc_cache_service_drop(server, connection,
				       "all places for gRPC are taken");
	else if (status < 0 || (!connection->pump.ops && connection->ended))
		vmc_cache_service_drop(server, connection, NULL);
	else if (connection->pump.ops)
		run(server, connection);
}

/*
 * Calls that wait
 */

static void tell_waiting(struct vmc_server *server,
			 struct vmc_server_call *call)
{
	struct vmc_event *event;

	if (call->told)
		return;
	call->told = 1;
	event = say(server, call->connection, VMC_EVENT_CALL_WAITING, NULL,
		    NULL);
	if (call->deadline_ms != VMC_NEVER)
		event->ms = call->deadline_ms - server->now_ms;
}

/* VMC_AGAIN: it goes on waiting. Otherwise its answer has been composed,
 * and it is gone from the array. */
static enum vmc_status serve(struct vmc_server *server, uint32_t i)
{
	struct vmc_server_call *call = &server->call[i];
	struct vmc_connection *connection = call->connection;
	struct vmc_pool *pool = server->config.pool;
	uint32_t slot = 0, stream = call->stream;
	enum vmc_status status;

	if (!vmc_connection_idle(connection)) {
		vmc_pool_leave(pool, &call->ticket);
		return VMC_AGAIN;
	}
	if (call->deadline_ms <= server->now_ms)
		status = VMC_ERR_TIMEOUT;
	else
		status = vmc_pool_take(pool, &call->ticket, &slot,
				       server->now_ms);
	if (status == VMC_AGAIN) {
		tell_waiting(server, call);
		return VMC_AGAIN;
	}
	remove_call(server, i);
	if (status == VMC_OK)
		answer_base_vm(server, connection, stream, slot);
	else
		refuse(server, connection, stream, status);
	return status;
}

/* see cache_service.h */
int vmc_cache_service_serve(struct vmc_server *server)
{
	uint32_t i = 0;
	int taken = 0;

	while (i < server->call_len) {
		struct vmc_connection *connection = server->call[i].connection;
		enum vmc_status status = serve(server, i);

		if (status == VMC_AGAIN) {
			i++;
			continue;
		}
		taken |= status == VMC_OK;
		run(server, connection);
		i = 0; /* it may have asked again, or gone with other calls */
	}
	return taken;
}

/* see cache_service.h */
uint64_t vmc_cache_service_until(const struct vmc_server *server)
{
	uint64_t until_ms = VMC_NEVER;
	uint32_t i;

	for (i = 0; i < server->call_len; i++) {
		uint64_t deadline_ms = server->call[i].deadline_ms;

		if (deadline_ms > server->now_ms && deadline_ms < until_ms)
			until_ms = deadline_ms;
	}
	return until_ms;
}
