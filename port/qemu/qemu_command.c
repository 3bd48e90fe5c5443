/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's command line (qemu-system-x86_64(1), as of 7.2).
 *
 * Nothing is there that was not asked for: no default devices, no
 * configuration files of the user's. The VM starts with its vCPUs stopped
 * (-S), so that nobody misses the first line of its console; a reset ends it
 * (-no-reboot), so that a guest that panics is noticed.
 */
#include "qemu_command.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Where Kata has its bridge (virtcontainers, defaultBridges), and where the
 * root ports come after it: eight functions to a device. */
#define BRIDGE_SLOT 2
#define ROOT_PORT_SLOT 3
#define FUNCTIONS 8

/* Behind the last root port. What has no address gets one that is free. */
#define AGENT_SLOT 5

/* Kata's ids. A port of that kind cannot be the first (number 0), and each
 * costs the guest two queues. */
#define SERIAL_BUS "id=serial0,max_ports=2"
#define SERIAL_PORT                                                            \
	"virtserialport,bus=serial0.0,chardev=agent,id=channel0,"              \
	"name=agent.channel.0"

#define KERNEL_PARAMETERS_OURS "console=ttyS0 panic=-1"

/* " vmcache.listen=vsock:4294967295" and a NUL. */
#define LISTEN_SIZE 40

static const char *const machine_names[] = { "?", "q35", "pc", "microvm" };

/* see qemu_command.h */
const char *vmc_qemu_machine_name(enum qemu_machine machine)
{
	return machine_names[machine];
}

static int begins_with(const char *text, const char *word)
{
	return strncmp(text, word, strlen(word)) == 0;
}

/* see qemu_command.h */
enum qemu_machine vmc_qemu_machine(const char *machine_type)
{
	const char *type = machine_type ? machine_type : "q35";
	size_t len = strcspn(type, ",");

	if ((len == 3 && begins_with(type, "q35")) ||
	    begins_with(type, "pc-q35"))
		return QEMU_Q35;
	if ((len == 2 && begins_with(type, "pc")) ||
	    begins_with(type, "pc-i440fx"))
		return QEMU_PC;
	if (len == 7 && begins_with(type, "microvm"))
		return QEMU_MICROVM;
	return QEMU_UNKNOWN;
}

/*
 * Arguments
 */

static void add(struct qemu_command *command, const char *argument)
{
	if (command->argv_len == QEMU_ARGUMENT_MAX) {
		command->fail = 1;
		return;
	}
	command->argv[command->argv_len++] = argument;
	command->argv[command->argv_len] = NULL;
}

static void add_pair(struct qemu_command *command, const char *option,
		     const char *value)
{
	add(command, option);
	add(command, value);
}

__attribute__((format(printf, 3, 4))) static void
add_format(struct qemu_command *command, const char *option, const char *format,
	   ...)
{
	char *at = command->text + command->text_len;
	size_t room = sizeof(command->text) - command->text_len;
	va_list values;
	int len;

	va_start(values, format);
	len = vsnprintf(at, room, format, values);
	va_end(values);
	if (len < 0 || (size_t)len >= room) {
		command->fail = 1;
		return;
	}
	command->text_len += (uint32_t)len + 1;
	add_pair(command, option, at);
}

/* In the value of an option a comma is written twice. */
static void add_drive(struct qemu_command *command, const char *path)
{
	static const char begin[] = "if=none,id=image,format=raw,readonly=on,"
				    "file=";
	char *at = command->text + command->text_len;
	size_t room = sizeof(command->text) - command->text_len;
	size_t len = sizeof(begin) - 1;

	if (room < sizeof(begin) + 2 * strlen(path)) {
		command->fail = 1;
		return;
	}
	memcpy(at, begin, len);
	for (; *path; path++) {
		at[len++] = *path;
		if (*path == ',')
			at[len++] = ',';
	}
	at[len++] = '\0';
	command->text_len += (uint32_t)len;
	add_pair(command, "-drive", at);
}

/*
 * Parts
 */

static void add_machine(struct qemu_command *command,
			const struct qemu_plan *plan, enum qemu_machine machine)
{
	const char *type = plan->config.machine_type;

	add_pair(command, "-name", plan->id);
	if (plan->rom && machine == QEMU_MICROVM)
		/* with ACPI it has neither PIC nor PIT */
		add_format(command, "-machine", "%s,acpi=off", type);
	else
		add_pair(command, "-machine", type ? type : "q35");
	add_pair(command, "-accel",
		 plan->accel == VMC_QEMU_KVM ? "kvm" : "tcg");
	add_pair(command, "-cpu", plan->cpu);
	add_pair(command, "-display", "none");
	add(command, "-nodefaults");
	add(command, "-no-user-config");
	add(command, "-no-reboot");
	add(command, "-S");
}

/* Each vCPU is a socket of its own, as Kata has it: any can be added. */
static void add_sizes(struct qemu_command *command,
		      const struct qemu_plan *plan)
{
	add_format(command, "-smp",
		   "%lu,maxcpus=%lu,sockets=%lu,cores=1,threads=1",
		   (unsigned long)plan->vcpus, (unsigned long)plan->vcpus_max,
		   (unsigned long)plan->vcpus_max);
	if (plan->memory_max_mib)
		add_format(command, "-m", "%luM,slots=%lu,maxmem=%luM",
			   (unsigned long)plan->memory_mib,
			   (unsigned long)plan->memory_slots,
			   (unsigned long)plan->memory_max_mib);
	else
		add_format(command, "-m", "%luM",
			   (unsigned long)plan->memory_mib);
}

static void add_sockets(struct qemu_command *command,
			const struct qemu_plan *plan)
{
	add_format(command, "-chardev",
		   "socket,id=control,fd=%d,server=on,wait=off", plan->control);
	add_pair(command, "-mon", "chardev=control,mode=control");
	add_format(command, "-chardev",
		   "socket,id=console,fd=%d,server=on,wait=off", plan->console);
	add_pair(command, "-serial", "chardev:console");
}

static void add_root_port(struct qemu_command *command, uint32_t port)
{
	add_format(command, "-device",
		   "pcie-root-port,id=rp%lu,bus=pcie.0,chassis=%lu,slot=%lu,"
		   "addr=%lx.%lx%s",
		   (unsigned long)port, (unsigned long)port + 1,
		   (unsigned long)port + 1,
		   (unsigned long)(ROOT_PORT_SLOT + port / FUNCTIONS),
		   (unsigned long)(port % FUNCTIONS),
		   port % FUNCTIONS ? "" : ",multifunction=on");
}

/* Where devices without a plug are: the bus of slot 0. */
static const char *first_bus(enum qemu_machine machine)
{
	return machine == QEMU_Q35 ? "pcie.0" : "pci.0";
}

static void add_plugs(struct qemu_command *command,
		      const struct qemu_plan *plan, enum qemu_machine machine)
{
	uint32_t port;

	if (machine == QEMU_MICROVM)
		return;
	add_format(command, "-device",
		   "pci-bridge,bus=%s,id=pci-bridge-0,chassis_nr=1,shpc=off,"
		   "addr=%d",
		   first_bus(machine), BRIDGE_SLOT);
	for (port = 0; machine == QEMU_Q35 && port < plan->root_ports; port++)
		add_root_port(command, port);
}

static void add_serial(struct qemu_command *command,
		       const struct qemu_plan *plan, enum qemu_machine machine)
{
	add_format(command, "-chardev",
		   "socket,id=agent,fd=%d,server=on,wait=off", plan->agent_end);
	if (machine == QEMU_MICROVM)
		add_pair(command, "-device",
			 "virtio-serial-device," SERIAL_BUS);
	else
		add_format(command, "-device",
			   "virtio-serial-pci," SERIAL_BUS ",bus=%s,addr=%d",
			   first_bus(machine), AGENT_SLOT);
	add_pair(command, "-device", SERIAL_PORT);
}

static void add_vsock(struct qemu_command *command,
		      const struct qemu_plan *plan, enum qemu_machine machine)
{
	unsigned long cid = plan->context_id;

	if (machine == QEMU_MICROVM)
		add_format(command, "-device",
			   "vhost-vsock-device,guest-cid=%lu,vhostfd=%d", cid,
			   plan->agent_end);
	else
		add_format(command, "-device",
			   "vhost-vsock-pci,bus=%s,addr=%d,guest-cid=%lu,"
			   "vhostfd=%d",
			   first_bus(machine), AGENT_SLOT, cid,
			   plan->agent_end);
}

static void add_agent(struct qemu_command *command,
		      const struct qemu_plan *plan, enum qemu_machine machine)
{
	if (plan->agent == VMC_QEMU_AGENT_SERIAL)
		add_serial(command, plan, machine);
	else if (plan->agent == VMC_QEMU_AGENT_VSOCK)
		add_vsock(command, plan, machine);
}

/* Ours first. An /init of ours is told to listen to a vsock; another takes no
 * notice of it. */
static void add_append(struct qemu_command *command,
		       const struct qemu_plan *plan)
{
	const char *params = plan->config.kernel_params;
	char listen[LISTEN_SIZE] = "";

	if (plan->agent == VMC_QEMU_AGENT_VSOCK)
		snprintf(listen, sizeof(listen), " vmcache.listen=vsock:%lu",
			 (unsigned long)plan->agent_port);
	add_format(command, "-append", "%s%s%s%s", KERNEL_PARAMETERS_OURS,
		   listen, params && *params ? " " : "", params ? params : "");
}

static void add_guest(struct qemu_command *command,
		      const struct qemu_plan *plan, enum qemu_machine machine)
{
	const struct vmc_vm_config *config = &plan->config;

	if (plan->rom)
		add_pair(command, "-bios", plan->rom);
	if (config->firmware)
		add_pair(command, "-bios", config->firmware);
	if (config->kernel) {
		add_pair(command, "-kernel", config->kernel);
		add_append(command, plan);
	}
	if (config->initrd)
		add_pair(command, "-initrd", config->initrd);
	if (config->image) {
		add_drive(command, config->image);
		add_pair(command, "-device",
			 machine == QEMU_MICROVM ?
				 "virtio-blk-device,drive=image" :
				 "virtio-blk-pci,drive=image");
	}
}

/* see qemu_command.h */
enum vmc_status vmc_qemu_command_write(struct qemu_command *command,
				       const struct qemu_plan *plan,
				       struct vmc_error *error)
{
	enum qemu_machine machine = vmc_qemu_machine(plan->config.machine_type);

	command->argv_len = command->text_len = 0;
	command->fail = 0;
	add(command, plan->program);
	add_machine(command, plan, machine);
	add_sizes(command, plan);
	add_sockets(command, plan);
	add_plugs(command, plan, machine);
	add_agent(command, plan, machine);
	add_guest(command, plan, machine);
	if (command->fail)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "QEMU's command line: bytes",
					    sizeof(command->text));
	return VMC_OK;
}
