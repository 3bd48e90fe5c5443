/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Null: links everywhere and answers VMC_ERR_UNSUPPORTED. The template of
 * a port and of a hypervisor driver. README.md, "How to port it", has the
 * steps; tests/port_check says when a port is done.
 *
 * With it an application for a machine that has no port yet links, so that
 * its size and its stack can be told.
 */
#ifndef VMCACHE_NULL_H
#define VMCACHE_NULL_H

#include "vmcache/env.h"
#include "vmcache/hypervisor.h"
#include "vmcache/port.h"
#include "vmcache/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* None of them uses its context: NULL will do. */
extern const struct vmc_port_ops vmc_null_port_ops;
extern const struct vmc_store_ops vmc_null_store_ops;
extern const struct vmc_hypervisor_ops vmc_null_hypervisor_ops;

/* A clock that stands still at 0, no calendar, no entropy. */
struct vmc_env vmc_null_env(void);

#ifdef __cplusplus
}
#endif

#endif
