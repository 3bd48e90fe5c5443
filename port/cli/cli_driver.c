/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor drivers that the program has (see cli_driver.h). */
#include "cli_driver.h"

#include <string.h>

static enum vmc_status init_qemu(struct cli_driver *driver,
				 struct vmc_error *error)
{
	struct vmc_qemu_config config = { 0 };

	driver->hypervisor.ops = &vmc_qemu_ops;
	driver->hypervisor.ctx = &driver->ctx.qemu;
	return vmc_qemu_init(&driver->ctx.qemu, &config, error);
}

static enum vmc_status init_mock(struct cli_driver *driver)
{
	static const struct vmc_mock fresh = VMC_MOCK_INIT;

	driver->ctx.mock = fresh;
	driver->hypervisor.ops = &vmc_mock_ops;
	driver->hypervisor.ctx = &driver->ctx.mock;
	return VMC_OK;
}

static enum vmc_status init_named(struct cli_driver *driver, const char *name,
				  struct vmc_error *error)
{
	if (!name[0] || strcmp(name, "qemu") == 0)
		return init_qemu(driver, error);
	if (strcmp(name, "mock") == 0)
		return init_mock(driver);
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED,
			     "this program has no driver for VMs of", name);
}

/* see cli_driver.h */
enum vmc_status cli_driver_init(struct cli_driver *driver, const char *name,
				struct vmc_error *error)
{
	enum vmc_status status = init_named(driver, name, error);

	if (status)
		return status;
	if (driver->hypervisor.ops->vm_size > CLI_VM_SIZE)
		return vmc_error_set_number(error, VMC_ERR_OPTIONS,
					    "the driver was built with other "
					    "sizes; bytes wanted for a VM",
					    driver->hypervisor.ops->vm_size);
	return VMC_OK;
}
