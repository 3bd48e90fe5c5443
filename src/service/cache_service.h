/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.CacheService, the server's side: where calls meet the pool.
 *
 * - A connection has one reply under way at a time. It may be a VM being
 *   handed over (connection.slot), or hold one of the server's buffers
 *   (connection.reply); both end with DELIVERED, or with the connection.
 * - Calls that wait stand in server->call, first come first. One whose
 *   connection does not read its replies leaves the pool's line meanwhile,
 *   so that it holds up nobody.
 */
#ifndef VMC_CACHE_SERVICE_H
#define VMC_CACHE_SERVICE_H

#include "connection.h"

/* Composes what Config answers. VMC_ERR_TOO_BIG: over 4 MiB in all. */
enum vmc_status vmc_cache_service_init(struct vmc_server *server) VMC_CHECKED;

/* Receives what a connection has sent, acts on it, answers. */
void vmc_cache_service_wake(struct vmc_server *server,
			    struct vmc_connection *connection, unsigned got);

/*
 * Answers waiting calls: with VMs as far as there are any, or that there
 * will be none. 1 if a VM was taken, so that the pool has work.
 */
int vmc_cache_service_serve(struct vmc_server *server);

/* Closes a connection and lets go of all that it holds. `why` goes to the
 * log; NULL if it ended in order. */
void vmc_cache_service_drop(struct vmc_server *server,
			    struct vmc_connection *connection, const char *why);

/*
 * Of the calls that wait: the first deadline that is still to come. One that
 * has passed waits for its peer to take the reply before, not for a timer.
 */
uint64_t vmc_cache_service_until(const struct vmc_server *server);

#endif
