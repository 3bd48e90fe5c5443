/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor drivers that the program has (see cli_driver.h). */
#include "cli_driver.h"

#include <string.h>

static enum vmc_status init_qemu(struct cli_driver *driver,
				 const struct cli_settings *settings,
				 struct vmc_error *error)
{
	driver->hypervisor.ops = &vmc_qemu_ops;
	driver->hypervisor.ctx = &driver->ctx.qemu;
	return vmc_qemu_init(&driver->ctx.qemu, &settings->qemu, error);
}

static enum vmc_status init_mock(struct cli_driver *driver,
				 const struct cli_settings *settings)
{
	static const struct vmc_mock fresh = VMC_MOCK_INIT;
	struct vmc_mock *mock = &driver->ctx.mock;
	struct vmc_mock_script *boot = &mock->script[VMC_MOCK_BOOT];

	*mock = fresh;
	boot->delay_ms = settings->mock_boot_ms;
	boot->wrong_from = settings->mock_fail ? 1 : 0;
	boot->wrong_len = settings->mock_fail;
	boot->text = "told to fail (--mock-fail)";
	mock->agent_url = settings->mock_agent_url;
	driver->hypervisor.ops = &vmc_mock_ops;
	driver->hypervisor.ctx = mock;
	return VMC_OK;
}

static enum vmc_status init_named(struct cli_driver *driver,
				  const struct cli_settings *settings,
				  struct vmc_error *error)
{
	const char *name = settings->vm.hypervisor;

	if (strcmp(name, "qemu") == 0)
		return init_qemu(driver, settings, error);
	if (strcmp(name, "mock") == 0)
		return init_mock(driver, settings);
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED,
			     "this program has no driver for VMs of this "
			     "hypervisor (vmcache get --paused passes them on "
			     "as they are)",
			     name);
}

/* see cli_driver.h */
enum vmc_status cli_driver_init(struct cli_driver *driver,
				const struct cli_settings *settings,
				struct vmc_error *error)
{
	enum vmc_status status = init_named(driver, settings, error);

	if (status)
		return status;
	if (driver->hypervisor.ops->vm_size > CLI_VM_SIZE)
		return vmc_error_set_number(error, VMC_ERR_OPTIONS,
					    "the driver was built with other "
					    "sizes; bytes wanted for a VM",
					    driver->hypervisor.ops->vm_size);
	return VMC_OK;
}

/* see cli_driver.h */
uint32_t cli_driver_memory(const struct cli_driver *driver,
			   const struct cli_settings *settings, uint32_t wanted)
{
	uint32_t size = settings->vm.memory_mib;
	uint32_t rest = 0;

	if (driver->hypervisor.ops == &vmc_qemu_ops && wanted > size)
		rest = (wanted - size) % VMC_QEMU_DIMM_MIB;
	return rest ? wanted + VMC_QEMU_DIMM_MIB - rest : wanted;
}
