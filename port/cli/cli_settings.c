/* SPDX-License-Identifier: Apache-2.0 */
/* What VMs are made with, and a server works with (see cli_settings.h). */
#include "cli_settings.h"

#include <errno.h>
#include <string.h>

#include "cli_documents.h"
#include "cli_toml.h"
#include "vmcache_mock.h"

/* The settings' texts point into it. */
static char text[CLI_TOML_SIZE + 1];

static enum vmc_qemu_accel accel_of(const char *name)
{
	if (strcmp(name, "kvm") == 0)
		return VMC_QEMU_KVM;
	return strcmp(name, "tcg") == 0 ? VMC_QEMU_TCG : VMC_QEMU_AUTO;
}

static enum vmc_qemu_agent channel_of(const char *name)
{
	return strcmp(name, "vsock") == 0 ? VMC_QEMU_AGENT_VSOCK :
					    VMC_QEMU_AGENT_SERIAL;
}

static void take_pool(struct cli_settings *s, const struct cli_options *o)
{
	s->number = cli_number(o, CLI_NUMBER, s->number);
	s->boot_parallel = cli_number(o, CLI_BOOT_PARALLEL, s->boot_parallel);
	s->spin_us = cli_number(o, CLI_SPIN, 0);
	s->level = cli_log_level(cli_text(o, CLI_LOG_LEVEL, "info"));
	s->owner_only = strcmp(cli_text(o, CLI_QUIT_BY, "owner"), "owner") == 0;
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
	vm->agent = cli_text(o, CLI_AGENT, vm->agent);
}

/* What the driver would take by itself is told too: who compares
 * configurations sees what the VMs were made with. */
static void take_defaults(struct vmc_vm_config *vm)
{
	int qemu;

	if (!vm->hypervisor)
		vm->hypervisor = vmc_qemu_ops.name;
	qemu = strcmp(vm->hypervisor, vmc_qemu_ops.name) == 0;
	if (!vm->memory_mib)
		vm->memory_mib =
			qemu ? VMC_QEMU_MEMORY_MIB : VMC_MOCK_MEMORY_MIB;
	if (qemu && !vm->machine_type)
		vm->machine_type = "q35";
}

/* A channel to the agent is there if there is one to talk to. */
static void take_agent(struct cli_settings *s, const struct cli_options *o)
{
	const char *channel = cli_text(o, CLI_AGENT_CHANNEL, NULL);

	if (strcmp(s->vm.agent, "kata") != 0)
		s->qemu.agent = VMC_QEMU_AGENT_NONE;
	else if (channel)
		s->qemu.agent = channel_of(channel);
	else if (s->qemu.agent == VMC_QEMU_AGENT_NONE)
		s->qemu.agent = VMC_QEMU_AGENT_SERIAL;
}

static void take_options(struct cli_settings *s, const struct cli_options *o)
{
	take_vm(&s->vm, o);
	take_defaults(&s->vm);
	take_agent(s, o);
	s->qemu.run_dir = cli_text(o, CLI_RUN_DIR, s->qemu.run_dir);
	s->qemu.ready = cli_text(o, CLI_READY, s->qemu.ready);
	s->qemu.accel = accel_of(cli_text(o, CLI_ACCEL, "auto"));
	s->mock_boot_ms = cli_number(o, CLI_MOCK_BOOT, 0);
	s->mock_fail = cli_number(o, CLI_MOCK_FAIL, 0);
	s->mock_agent_url = cli_text(o, CLI_MOCK_AGENT_URL, NULL);
	s->boot_timeout_ms =
		cli_number(o, CLI_BOOT_TIMEOUT, CLI_BOOT_TIMEOUT_MS);
	s->endpoint = cli_endpoint_or(o, s->endpoint);
}

static int is_below(const struct cli_options *options, const char *name,
		    uint32_t most, uint32_t size)
{
	if (!most || most >= size)
		return 0;
	cli_complain(options,
		     "--max-%s (or default_max%s) is %u: below the %u that a "
		     "VM begins with",
		     name, name, most, size);
	return 1;
}

/* In the words of who gave them; the driver has its own. */
static enum cli_exit check_sizes(const struct cli_options *options,
				 const struct vmc_vm_config *vm)
{
	if (is_below(options, "vcpus", vm->vcpus_max,
		     vm->vcpus ? vm->vcpus : 1) ||
	    is_below(options, "memory", vm->memory_max_mib, vm->memory_mib))
		return CLI_FAILED;
	return CLI_DONE;
}

static enum cli_exit take_toml(struct cli_settings *settings,
			       const struct cli_options *options,
			       const struct cli_toml *toml)
{
	int makes = options->command != CLI_SERVE ||
		    cli_given(options, CLI_NUMBER) || toml->number;

	if (makes && toml->refused[0]) {
		cli_complain(options, "%s", toml->refused);
		return CLI_FAILED;
	}
	if (toml->number > VMC_VM_MAX) {
		cli_complain(options, "%s: vm_cache_number is %u; at most %u",
			     settings->file, toml->number, VMC_VM_MAX);
		return CLI_FAILED;
	}
	settings->number = toml->number;
	settings->endpoint = toml->endpoint;
	settings->vm = toml->vm;
	settings->file_unused = toml->unused;
	return CLI_DONE;
}

static enum cli_exit take_file(struct cli_settings *settings,
			       const struct cli_options *options)
{
	static struct cli_toml toml;
	ssize_t len;

	settings->file = cli_text(options, CLI_CONFIG_FILE, NULL);
	if (!settings->file)
		return CLI_DONE;
	/* one byte more than may be there, to see that it is not */
	len = cli_read_file(settings->file, text, sizeof(text));
	if (len < 0) {
		cli_complain(options, "--config %s: %s", settings->file,
			     strerror(errno));
		return CLI_FAILED;
	}
	if (len > CLI_TOML_SIZE) {
		cli_complain(options, "--config %s: longer than %u bytes",
			     settings->file, CLI_TOML_SIZE);
		return CLI_FAILED;
	}
	if (cli_toml_read(&toml, settings->file, text, (size_t)len)) {
		cli_complain(options, "%s", toml.error);
		return CLI_FAILED;
	}
	return take_toml(settings, options, &toml);
}

/* The files first, so that what is given overrides them. */
static enum cli_exit take_all(struct cli_settings *settings,
			      const struct cli_options *options,
			      const char *agent)
{
	enum cli_exit code = take_file(settings, options);

	if (code == CLI_DONE)
		code = cli_documents_read(options, &settings->told,
					  &settings->vm);
	if (code != CLI_DONE)
		return code;
	if (!settings->vm.agent)
		settings->vm.agent = agent;
	take_options(settings, options);
	return check_sizes(options, &settings->vm);
}

/* see cli_settings.h */
enum cli_exit cli_settings_read(struct cli_settings *settings,
				const struct cli_options *options)
{
	enum cli_exit code;

	memset(settings, 0, sizeof(*settings));
	settings->number = CLI_NUMBER_DEFAULT;
	code = take_all(settings, options, "noop");
	if (code == CLI_DONE)
		take_pool(settings, options);
	return code;
}

/* see cli_settings.h */
enum cli_like cli_settings_like(const struct cli_options *options)
{
	static const enum cli_option changes[] = {
		CLI_QEMU,       CLI_MACHINE,       CLI_INITRD,    CLI_APPEND,
		CLI_AGENT,      CLI_AGENT_CHANNEL, CLI_MAX_VCPUS, CLI_READY,
		CLI_MAX_MEMORY, CLI_ACCEL,
	};

	if (cli_given(options, CLI_CONFIG_FILE) ||
	    cli_given(options, CLI_HYPERVISOR) ||
	    cli_given(options, CLI_KERNEL) || cli_given(options, CLI_IMAGE))
		return CLI_LIKE_ALONE;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		if (cli_given(options, changes[i]))
			return CLI_LIKE_CACHED;
	return CLI_LIKE_NONE;
}

/* see cli_settings.h */
enum cli_exit cli_settings_read_vm(struct cli_settings *settings,
				   const struct cli_options *options,
				   const char *agent)
{
	return take_all(settings, options, agent);
}
