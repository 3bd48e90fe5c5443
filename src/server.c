/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server: one loop over a port. A step is, in this order: new connections
 * and what connections have sent, the pool and the calls that wait for it,
 * timers, and the end. Keys of waits: first the pool's, then the listener's, then
 * one for each connection.
 */
#include "vmcache/server.h"

#include "base/options.h"
#include "domain/pool_events.h"
#include "service/cache_service.h"

#include <string.h>

#define FRAME_TIMEOUT_MS 10000
#define WRITE_TIMEOUT_MS 10000
#define ACCEPT_AGAIN_MS 100

#define LISTENER_KEY VMC_POOL_WAIT_MAX
#define CONNECTION_KEY (VMC_POOL_WAIT_MAX + 1)

_Static_assert(VMC_SERVER_WAIT_MAX <= 0x10000, "an index fits a key");

/*
 * Set-up
 */

static const char *what_is_missing(const struct vmc_server_config *config)
{
	if (!config->pool)
		return "server: no pool";
	if (!config->port.ops)
		return "server: no port";
	if (!config->endpoint || config->endpoint[0] == '\0')
		return "server: no endpoint";
	return NULL;
}

static void reset(struct vmc_server *server,
		  const struct vmc_server_config *config)
{
	uint32_t i;

	memset(server, 0, offsetof(struct vmc_server, open));
	server->config = *config;
	if (!server->config.frame_timeout_ms)
		server->config.frame_timeout_ms = FRAME_TIMEOUT_MS;
	if (!server->config.write_timeout_ms)
		server->config.write_timeout_ms = WRITE_TIMEOUT_MS;
	server->listener = VMC_HANDLE_NONE;
	server->due_ms = VMC_NEVER;
	server->waits_changed = 1;
	for (i = 0; i < VMC_REPLY_MAX; i++)
		server->reply[i].connection = NULL;
	/* The connections themselves are not touched before they are used:
	 * most of them never are, and are never made resident. */
	for (i = 0; i < VMC_CONNECTION_MAX; i++)
		server->open[i] = &server->connection[i];
}

static uint64_t now(const struct vmc_server *server)
{
	return server->config.env.now_ms ?
		       server->config.env.now_ms(server->config.env.ctx) :
		       0;
}

/* see vmcache/server.h */
enum vmc_status vmc_server_init_checked(struct vmc_server *server,
					const struct vmc_server_config *config,
					size_t server_size, unsigned options)
{
	const struct vmc_port *port = &config->port;
	const char *missing;
	enum vmc_status status =
		vmc_options_check(NULL, server_size, options, sizeof(*server));

	if (status)
		return status;
	reset(server, config);
	missing = what_is_missing(config);
	if (missing)
		return vmc_error_set(&server->error, VMC_ERR_ARGUMENT, missing,
				     NULL);
	status = vmc_cache_service_init(server);
	if (status == VMC_OK)
		status = port->ops->listen(port->ctx, config->endpoint,
					   &server->listener, &server->error);
	if (status)
		return vmc_error_set(&server->error, status, config->endpoint,
				     vmc_status_words(status));
	config->pool->now_ms = now(server);
	vmc_pool_say(config->pool, VMC_EVENT_LISTENING, config->endpoint, NULL);
	return VMC_OK;
}

/* see vmcache/server.h */
const struct vmc_error *vmc_server_error(const struct vmc_server *server)
{
	return &server->error;
}

/*
 * Waiting
 */

static int may_accept(const struct vmc_server *server)
{
	return server->listener != VMC_HANDLE_NONE &&
	       server->open_len < VMC_CONNECTION_MAX &&
	       server->accept_again_ms == 0;
}

static void put_wait(struct vmc_wait *out, vmc_handle handle, uint32_t key,
		     unsigned want)
{
	out->handle = handle;
	out->key = key;
	out->want = (uint16_t)want;
	out->got = 0;
}

/* see vmcache/server.h */
enum vmc_status vmc_server_waits(struct vmc_server *server,
				 struct vmc_wait *out, size_t cap,
				 size_t *out_len, uint64_t *until_ms)
{
	enum vmc_status status = vmc_pool_waits(server->config.pool, out, cap,
						out_len, until_ms);
	size_t len = *out_len;
	uint32_t i;

	if (status || cap - len < server->open_len + 1)
		return VMC_ERR_TOO_BIG;
	if (may_accept(server))
		put_wait(&out[len++], server->listener, LISTENER_KEY,
			 VMC_WAIT_READ);
	for (i = 0; i < server->open_len; i++) {
		const struct vmc_connection *connection = server->open[i];

		put_wait(&out[len++], connection->pump.stream,
			 (uint32_t)connection->generation << 16 |
				 (CONNECTION_KEY +
				  (uint32_t)(connection - server->connection)),
			 connection->want);
	}
	server->waits_changed = 0;
	*out_len = len;
	*until_ms = vmc_server_until(server);
	return VMC_OK;
}

/* see vmcache/server.h */
int vmc_server_waits_changed(const struct vmc_server *server)
{
	return server->waits_changed ||
	       vmc_pool_waits_changed(server->config.pool);
}

/* see vmcache/server.h */
uint64_t vmc_server_until(const struct vmc_server *server)
{
	uint64_t pool_ms = vmc_pool_until(server->config.pool);

	return pool_ms < server->due_ms ? pool_ms : server->due_ms;
}

/* see vmcache/server.h */
enum vmc_status vmc_server_next_event(struct vmc_server *server,
				      struct vmc_event *event)
{
	return vmc_pool_next_event(server->config.pool, event);
}

/* see vmcache/server.h */
void vmc_server_wake(struct vmc_server *server)
{
	const struct vmc_port *port = &server->config.port;

	if (port->ops->wake)
		port->ops->wake(port->ctx);
}

/* Events are the pool's, and carry its time. */
static void set_time(struct vmc_server *server, uint64_t now_ms)
{
	server->now_ms = now_ms;
	server->config.pool->now_ms = now_ms;
}

/*
 * Going on
 */

/* At most so many at a time: those that end at once make room for others,
 * and who connects and ends without end shall not keep us here. */
static void accept_some(struct vmc_server *server)
{
	const struct vmc_port *port = &server->config.port;
	enum vmc_status status = VMC_OK;
	struct vmc_peer peer;
	vmc_handle stream;
	uint32_t i;

	for (i = 0; i < VMC_CONNECTION_MAX && status == VMC_OK; i++) {
		if (!may_accept(server))
			return;
		memset(&peer, 0, sizeof(peer));
		status = port->ops->accept(port->ctx, server->listener, &stream,
					   &peer);
		if (status == VMC_OK)
			vmc_cache_service_wake(
				server,
				vmc_connection_open(server, stream, &peer), 0);
	}
	if (status < 0) { /* out of descriptors, say */
		server->accept_again_ms = server->now_ms + ACCEPT_AGAIN_MS;
		vmc_server_due(server, server->accept_again_ms);
		server->waits_changed = 1;
	}
}

static void wake(struct vmc_server *server, const struct vmc_wait *wait)
{
	uint32_t index = VMC_WAIT_INDEX(wait->key);
	struct vmc_connection *connection;

	if (index < LISTENER_KEY)
		return; /* the pool's */
	if (index == LISTENER_KEY) {
		accept_some(server);
		return;
	}
	index -= CONNECTION_KEY;
	if (index >= VMC_CONNECTION_MAX)
		return;
	connection = &server->connection[index];
	if (connection->pump.stream != wait->handle ||
	    connection->generation != wait->key >> 16)
		return; /* closed since */
	vmc_cache_service_wake(server, connection, wait->got);
}

static const char *timed_out(const struct vmc_connection *connection,
			     uint64_t now_ms)
{
	if (connection->frame_until_ms <= now_ms)
		return "no complete request in time";
	if (connection->write_until_ms <= now_ms)
		return "its reply was not read in time";
	return NULL;
}

/* Acts on timers, and finds out which one is next. */
static void tick(struct vmc_server *server)
{
	uint32_t i = server->open_len;

	if (server->accept_again_ms &&
	    server->accept_again_ms <= server->now_ms) {
		server->accept_again_ms = 0;
		server->waits_changed = 1;
	}
	server->due_ms = vmc_cache_service_until(server);
	if (server->accept_again_ms)
		vmc_server_due(server, server->accept_again_ms);
	while (i-- > 0) {
		struct vmc_connection *connection = server->open[i];
		const char *why = timed_out(connection, server->now_ms);

		if (why) {
			vmc_cache_service_drop(server, connection, why);
			continue;
		}
		vmc_server_due(server, connection->frame_until_ms);
		vmc_server_due(server, connection->write_until_ms);
	}
}

/*
 * The end
 */

/* see vmcache/server.h */
void vmc_server_stop(struct vmc_server *server, const char *who,
		     uint64_t now_ms)
{
	if (server->stopping)
		return;
	server->stopping = 1;
	set_time(server, now_ms);
	vmc_pool_say(server->config.pool, VMC_EVENT_STOPPING, who, NULL);
	vmc_pool_stop(server->config.pool, now_ms);
	server->due_ms = 0;
}

/* Who has connected already is still answered. */
static void close_endpoint(struct vmc_server *server)
{
	const struct vmc_port *port = &server->config.port;

	if (server->listener == VMC_HANDLE_NONE)
		return;
	accept_some(server);
	port->ops->unlisten(port->ctx, server->config.endpoint,
			    server->listener);
	server->listener = VMC_HANDLE_NONE;
	server->waits_changed = 1;
}

/* Once no VM is left, connections end as soon as all is sent. */
static void finish(struct vmc_server *server)
{
	uint32_t i = server->open_len;

	if (!vmc_pool_stopped(server->config.pool))
		return;
	while (i-- > 0) {
		struct vmc_connection *connection = server->open[i];

		vmc_connection_goodbye(connection);
		if (connection->gone || !vmc_connection_sending(connection))
			vmc_cache_service_drop(server, connection, NULL);
		else
			vmc_connection_settle(server, connection);
	}
	if (server->open_len > 0)
		return;
	server->stopped = 1;
	vmc_pool_say(server->config.pool, VMC_EVENT_STOPPED, NULL, NULL);
}

/* see vmcache/server.h */
int vmc_server_stopped(const struct vmc_server *server)
{
	return server->stopped;
}

/* see vmcache/server.h */
void vmc_server_step(struct vmc_server *server, const struct vmc_wait *in,
		     size_t in_len, uint64_t now_ms)
{
	size_t i;

	set_time(server, now_ms);
	for (i = 0; i < in_len; i++)
		if (in[i].got)
			wake(server, &in[i]);
	if (server->stopping)
		close_endpoint(server);
	do {
		vmc_pool_step(server->config.pool, in, in_len, now_ms);
		in_len = 0;
	} while (vmc_cache_service_serve(server));
	if (server->due_ms <= now_ms)
		tick(server);
	if (server->stopping && !server->stopped)
		finish(server);
}
