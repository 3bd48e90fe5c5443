/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor drivers that the program has, by name. The only place that
 * knows them all.
 */
#ifndef CLI_DRIVER_H
#define CLI_DRIVER_H

#include "cli_settings.h"
#include "vmcache_mock.h"

/*
 * Bytes that any driver needs for one VM: that of QEMU wants most.
 * cli_driver_init looks whether it holds.
 */
#define CLI_VM_SIZE ((VMC_QEMU_VM_SIZE + 63) / 64 * 64)

/* Memory for one VM of any driver. */
union cli_vm {
	_Alignas(max_align_t) uint8_t bytes[CLI_VM_SIZE];
};

struct cli_driver {
	struct vmc_hypervisor hypervisor;
	union {
		struct vmc_qemu qemu;
		struct vmc_mock mock;
	} ctx;
};

/*
 * Makes it the driver of settings->vm.hypervisor, for VMs as the settings
 * say, and for taking those of others.
 *
 * VMC_ERR_UNSUPPORTED: there is none of that name. And what vmc_qemu_init
 * returns.
 */
enum vmc_status cli_driver_init(struct cli_driver *driver,
				const struct cli_settings *settings,
				struct vmc_error *error) VMC_CHECKED;

/*
 * Memory that VMs of these settings can have if `wanted` MiB are: at least as
 * much. QEMU's VMs grow by whole DIMMs.
 */
uint32_t cli_driver_memory(const struct cli_driver *driver,
			   const struct cli_settings *settings,
			   uint32_t wanted);

#endif
