/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's connections: slots of a fixed array. What a
 * connection holds besides its stream (calls, a VM, a reply buffer) is the
 * cache service's, which lets go of it before it closes one.
 */
#ifndef VMC_CONNECTION_H
#define VMC_CONNECTION_H

#include "vmcache/server.h"

#include "../engine/pump.h"

/* Takes a free slot for an accepted stream; there must be one. */
struct vmc_connection *vmc_connection_open(struct vmc_server *server,
					   vmc_handle stream,
					   const struct vmc_peer *peer);

/* Closes the stream and frees the slot. */
void vmc_connection_close(struct vmc_server *server,
			  struct vmc_connection *connection);

/*
 * Receives once. The first byte chooses the engine: VMC_ERR_PROTOCOL if no
 * transport begins with it, VMC_ERR_FULL if it is gRPC and all of the host's
 * slots for that are taken. Otherwise what vmc_pump_recv returns.
 */
enum vmc_status
vmc_connection_recv(struct vmc_server *server,
		    struct vmc_connection *connection) VMC_CHECKED;

/* 1 if it can take a reply now. */
int vmc_connection_idle(struct vmc_connection *connection);

/* Says that nothing more is answered, if its transport has a word for it. */
void vmc_connection_goodbye(struct vmc_connection *connection);

/* 1 if something of it is still to be sent. */
int vmc_connection_sending(struct vmc_connection *connection);

/* Sets its timers and what it waits for, after anything was done to it. */
void vmc_connection_settle(struct vmc_server *server,
			   struct vmc_connection *connection);

/* Makes the server due at `at_ms`, or earlier if it was already. */
void vmc_server_due(struct vmc_server *server, uint64_t at_ms);

#endif
