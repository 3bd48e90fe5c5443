/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMs of hypervisors that the program has no driver for: they are passed on
 * as they came, paused, with the words that their server has of them.
 */
#ifndef CLI_FOREIGN_H
#define CLI_FOREIGN_H

#include "vmcache/hypervisor.h"

extern const struct vmc_hypervisor_ops cli_foreign_ops;

#endif
