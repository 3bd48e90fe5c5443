/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Transport: how calls travel on the endpoint.
 *
 * There is one: `ttrpc`, containerd's framing (github.com/containerd/ttrpc,
 * PROTOCOL.md, version 1.2, unary calls). A server chooses by the first
 * byte that a peer sends: 0 begins a ttrpc header (a big-endian length of
 * at most 4 MiB). What begins with anything else, such as the 'P' of an
 * HTTP/2 preface (gRPC), is closed.
 *
 * Which ones are in an archive is chosen when it is built
 * (make TRANSPORT=ttrpc), by linking one table.
 */
#ifndef VMCACHE_TRANSPORT_H
#define VMCACHE_TRANSPORT_H

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The transports of this archive, NULL at the end. */
const struct vmc_engine_ops *const *vmc_transports(void);

/* The one that a connection's first byte asks for; NULL if none does. */
const struct vmc_engine_ops *vmc_transport_by_first_byte(uint8_t byte);

/* The one of that name ("ttrpc"); NULL if it is not here. */
const struct vmc_engine_ops *vmc_transport_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
