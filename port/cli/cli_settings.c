/* SPDX-License-Identifier: Apache-2.0 */
/* What `vmcache serve` works with (see cli_settings.h). */
#include "cli_settings.h"

#include <string.h>

static enum vmc_qemu_accel accel_of(const char *name)
{
	if (strcmp(name, "kvm") == 0)
		return VMC_QEMU_KVM;
	return strcmp(name, "tcg") == 0 ? VMC_QEMU_TCG : VMC_QEMU_AUTO;
}

static void take_pool(struct cli_settings *s, const struct cli_options *o)
{
	s->number = cli_number(o, CLI_NUMBER, s->number);
	s->boot_parallel = cli_number(o, CLI_BOOT_PARALLEL, s->boot_parallel);
	s->boot_timeout_ms =
		cli_number(o, CLI_BOOT_TIMEOUT, s->boot_timeout_ms);
	s->level = cli_log_level(cli_text(o, CLI_LOG_LEVEL, "info"));
	s->owner_only =
		strcmp(cli_text(o, CLI_QUIT_BY, "owner"), "owner") == 0;
	s->mock_boot_ms = cli_number(o, CLI_MOCK_BOOT, 0);
	s->mock_fail = cli_number(o, CLI_MOCK_FAIL, 0);
}

static void take_vm(struct vmc_vm_config *vm, const struct cli_options *o)
{
	vm->hypervisor = cli_text(o, CLI_HYPERVISOR, vm->hypervisor);
	vm->hypervisor_path = cli_text(o, CLI_QEMU, vm->hypervisor_path);
	vm->machine_type = cli_text(o, CLI_MACHINE, vm->machine_type);
	vm->kernel = cli_text(o, CLI_KERNEL, vm->kernel);
	vm->initrd = cli_text(o, CLI_INITRD, vm->initrd);
	vm->image = cli_text(o, CLI_IMAGE, vm->image);
	vm->kernel_params = cli_text(o, CLI_APPEND, vm->kernel_params);
	vm->vcpus = cli_number(o, CLI_VCPUS, vm->vcpus);
	vm->vcpus_max = cli_number(o, CLI_MAX_VCPUS, vm->vcpus_max);
	vm->memory_mib = cli_number(o, CLI_MEMORY, vm->memory_mib);
	vm->memory_max_mib = cli_number(o, CLI_MAX_MEMORY, vm->memory_max_mib);
}

/* see cli_settings.h */
void cli_settings_take_options(struct cli_settings *settings,
			       const struct cli_options *options)
{
	take_pool(settings, options);
	take_vm(&settings->vm, options);
	settings->qemu.run_dir =
		cli_text(options, CLI_RUN_DIR, settings->qemu.run_dir);
	settings->qemu.ready =
		cli_text(options, CLI_READY, settings->qemu.ready);
	if (cli_given(options, CLI_ACCEL))
		settings->qemu.accel =
			accel_of(cli_text(options, CLI_ACCEL, "auto"));
	settings->endpoint = cli_endpoint_or(options, settings->endpoint);
}
