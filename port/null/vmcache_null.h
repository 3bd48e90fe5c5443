/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Null: a port, a hypervisor driver, a store and an environment that link
 * everywhere and answer VMC_ERR_UNSUPPORTED. Nothing else than the compiler
 * is needed: no operating system, no C library.
 *
 * Copy it to begin your own: each function of null.c is empty in the way
 * that its contract allows, so what you have filled in works while the rest
 * still says that it does not.
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

/* No context is needed: `ctx` may be NULL. */
extern const struct vmc_port_ops vmc_null_port_ops;
extern const struct vmc_hypervisor_ops vmc_null_hypervisor_ops;
extern const struct vmc_store_ops vmc_null_store_ops;

/* A clock that stands still at 0, no calendar, no entropy. */
struct vmc_env vmc_null_env(void);

#ifdef __cplusplus
}
#endif

#endif
