/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU's command line.
 */
#ifndef QEMU_COMMAND_H
#define QEMU_COMMAND_H

#include "vmcache_qemu.h"

/* What was worked out of a configuration before it is written down. */
struct qemu_plan {
	struct vmc_vm_config config; /* what is empty is NULL */
	const char *id;
	const char *program;
	const char *cpu;
	const char *rom; /* path of the built-in guest; NULL: not that one */
	enum vmc_qemu_accel accel; /* KVM or TCG */
	uint32_t memory_mib;
	uint32_t memory_max_mib; /* 0: no memory can be added */
	uint32_t memory_slots;
	uint32_t vcpus, vcpus_max;
	uint32_t root_ports;
	int control, console; /* descriptors of listening sockets */
	enum vmc_qemu_agent agent;
	uint32_t agent_port, context_id; /* of vsock */
	int agent_end; /* a listening socket, or the vsock's device */
};

/* What a machine can do, by the name of its type. */
enum qemu_machine { QEMU_UNKNOWN = 0, QEMU_Q35, QEMU_PC, QEMU_MICROVM };

/* "q35" of "pc-q35-7.2,vmport=off"; NULL is q35. */
enum qemu_machine vmc_qemu_machine(const char *machine_type);

/* "q35", "pc", "microvm"; "?" for none of them. */
const char *vmc_qemu_machine_name(enum qemu_machine machine);

/*
 * Arguments and their bytes. Kernel parameters may have 2047 bytes (Linux's
 * COMMAND_LINE_SIZE of x86); paths that are options by themselves are not
 * copied.
 */
#define QEMU_ARGUMENT_MAX 96
#define QEMU_ARGUMENTS_SIZE 8192

struct qemu_command {
	const char *argv[QEMU_ARGUMENT_MAX + 1]; /* NULL at the end */
	uint32_t argv_len;
	uint32_t text_len;
	uint8_t fail; /* something did not fit */
	char text[QEMU_ARGUMENTS_SIZE];
};

/*
 * Writes it. It points into itself and to what the plan points to.
 *
 * VMC_ERR_TOO_BIG: `error` has the limit.
 */
enum vmc_status vmc_qemu_command_write(struct qemu_command *command,
				       const struct qemu_plan *plan,
				       struct vmc_error *error) VMC_CHECKED;

#endif
