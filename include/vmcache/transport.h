/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: how calls travel on the endpoint.
 *
 * - `ttrpc`, containerd's framing (github.com/containerd/ttrpc, PROTOCOL.md,
 *   version 1.2, unary calls);
 * - `grpc`, gRPC over HTTP/2 with prior knowledge: what Kata's VMCache speaks
 *   (vmcache/grpc.h).
 *
 * A server chooses by the first byte that a peer sends: 0 begins a ttrpc
 * header (a big-endian length of at most 4 MiB), 'P' an HTTP/2 preface. What
 * begins with anything else is closed.
 *
 * Which ones are in an archive is chosen when it is built
 * (make TRANSPORT=ttrpc|grpc|all), by linking one table.
 */
#ifndef VMCACHE_TRANSPORT_H
#define VMCACHE_TRANSPORT_H

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The transports of this archive, NULL at the end: the servers, and in the
 * same order the clients. */
extern const struct vmc_engine_ops *const vmc_transport_servers[];
extern const struct vmc_engine_ops *const vmc_transport_clients[];

/* The server that a connection's first byte asks for; NULL if none does. */
const struct vmc_engine_ops *vmc_transport_by_first_byte(uint8_t byte);

/* The client of that name ("ttrpc", "grpc"); NULL if it is not here. */
const struct vmc_engine_ops *vmc_transport_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
