/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections. server->open is a permutation of them all: the first
 * open_len are in use, in no order, the others are free.
 */
#include "connection.h"

#include <string.h>

_Static_assert(sizeof(struct vmc_connection) <= 1024 || VMC_WINDOW_SIZE > 512 ||
		       VMC_ERROR_TEXT_SIZE > 192,
	       "a connection takes at most 1 KiB with the default knobs");

/* What is received before the transport is known: it fits whichever. */
#define FIRST_SIZE                                                             \
	(VMC_WINDOW_SIZE < VMC_GRPC_WINDOW_SIZE / 4 ?                          \
		 VMC_WINDOW_SIZE :                                             \
		 VMC_GRPC_WINDOW_SIZE / 4)

struct vmc_connection *vmc_connection_open(struct vmc_server *server,
					   vmc_handle stream,
					   const struct vmc_peer *peer)
{
	struct vmc_connection *connection = server->open[server->open_len++];

	memset(connection, 0, offsetof(struct vmc_connection, engine));
	connection->generation = ++server->generation;
	connection->pump.port = server->config.port;
	connection->pump.stream = stream;
	connection->peer = *peer;
	connection->slot = -1;
	connection->want = VMC_WAIT_READ;
	connection->write_until_ms = VMC_NEVER;
	connection->frame_until_ms =
		server->now_ms + server->config.frame_timeout_ms;
	vmc_server_due(server, connection->frame_until_ms);
	server->waits_changed = 1;
	return connection;
}

void vmc_connection_close(struct vmc_server *server,
			  struct vmc_connection *connection)
{
	const struct vmc_port *port = &server->config.port;
	uint32_t i = 0;

	if (connection->grpc)
		connection->grpc->connection = NULL;
	port->ops->close(port->ctx, connection->pump.stream);
	connection->pump.stream = VMC_HANDLE_NONE;
	while (server->open[i] != connection)
		i++;
	server->open[i] = server->open[--server->open_len];
	server->open[server->open_len] = connection;
	server->waits_changed = 1;
}

/* A transport that fits a connection's slot is at home there. */
static void begin_small(struct vmc_connection *connection,
			const struct vmc_engine_ops *ops)
{
	connection->pump.ops = ops;
	connection->pump.engine = &connection->engine;
	ops->init(&connection->engine, connection->window,
		  sizeof(connection->window), connection->out,
		  sizeof(connection->out));
}

/* gRPC takes a slot of the host's. 0: there is none left. */
static int begin_grpc(struct vmc_server *server,
		      struct vmc_connection *connection,
		      const struct vmc_engine_ops *ops)
{
	struct vmc_grpc_slot *slot = server->config.grpc;
	uint32_t left = server->config.grpc_len;

	while (left > 0 && slot->connection) {
		slot++;
		left--;
	}
	if (left == 0)
		return 0;
	slot->connection = connection;
	connection->grpc = slot;
	connection->pump.ops = ops;
	connection->pump.engine = &slot->engine;
	ops->init(&slot->engine, slot->window, sizeof(slot->window), slot->out,
		  sizeof(slot->out));
	return 1;
}

/* What has come so far goes where the engine looks for it. */
static enum vmc_status give_first(struct vmc_connection *connection, size_t len)
{
	const struct vmc_pump *pump = &connection->pump;
	uint8_t *buf;
	size_t cap;

	if (!pump->ops->recv_buf(pump->engine, &buf, &cap) || cap < len)
		return VMC_ERR_PROTOCOL;
	if (buf != connection->window)
		memcpy(buf, connection->window, len);
	pump->ops->recv_ack(pump->engine, len);
	return VMC_OK;
}

static enum vmc_status recv_first(struct vmc_server *server,
				  struct vmc_connection *connection)
{
	const struct vmc_port *port = &server->config.port;
	const struct vmc_engine_ops *ops;
	size_t len = 0;
	enum vmc_status status =
		port->ops->recv(port->ctx, connection->pump.stream,
				connection->window, FIRST_SIZE, &len, NULL);

	if (status)
		return status;
	ops = vmc_transport_by_first_byte(connection->window[0]);
	if (!ops)
		return VMC_ERR_PROTOCOL;
	if (ops->size <= sizeof(connection->engine))
		begin_small(connection, ops);
	else if (!begin_grpc(server, connection, ops))
		return VMC_ERR_FULL;
	return give_first(connection, len);
}

enum vmc_status vmc_connection_recv(struct vmc_server *server,
				    struct vmc_connection *connection)
{
	if (!connection->pump.ops)
		return recv_first(server, connection);
	return vmc_pump_recv(&connection->pump);
}

int vmc_connection_idle(struct vmc_connection *connection)
{
	return connection->pump.ops->idle(connection->pump.engine);
}

int vmc_connection_sending(struct vmc_connection *connection)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len;

	return connection->pump.ops &&
	       connection->pump.ops->send_buf(connection->pump.engine, parts,
					      &parts_len);
}

void vmc_connection_goodbye(struct vmc_connection *connection)
{
	if (!connection->pump.ops)
		return;
	connection->pump.ops->goodbye(connection->pump.engine);
	if (vmc_pump_send(&connection->pump) < 0)
		connection->gone = 1;
}

/* Starts a timer that is not running, stops one that is not needed. */
static void keep_timer(struct vmc_server *server, uint64_t *until_ms,
		       int needed, uint64_t at_ms)
{
	if (!needed)
		*until_ms = VMC_NEVER;
	else if (*until_ms == VMC_NEVER)
		*until_ms = at_ms;
	vmc_server_due(server, *until_ms);
}

void vmc_connection_settle(struct vmc_server *server,
			   struct vmc_connection *connection)
{
	unsigned want = vmc_pump_want(&connection->pump);

	if (connection->ended)
		want &= ~(unsigned)VMC_WAIT_READ;
	if (want != connection->want) {
		connection->want = (uint16_t)want;
		server->waits_changed = 1;
	}
	keep_timer(server, &connection->write_until_ms,
		   want & VMC_WAIT_WRITE || !vmc_connection_idle(connection),
		   server->now_ms + server->config.write_timeout_ms);
	keep_timer(server, &connection->frame_until_ms,
		   connection->pump.ops->partial(connection->pump.engine),
		   server->now_ms + server->config.frame_timeout_ms);
}

void vmc_server_due(struct vmc_server *server, uint64_t at_ms)
{
	if (at_ms < server->due_ms)
		server->due_ms = at_ms;
}
