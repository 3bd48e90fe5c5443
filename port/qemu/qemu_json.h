/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a VM, and how it is written down for whoever takes it:
 * GrpcVM.hypervisor.
 *
 * The document is Kata's qemuGrpc (virtcontainers/qemu.go, toGrpc and
 * fromGrpc, as of 4.1) with all its keys, as they would be of a QEMU that
 * Kata started like this one: bridge `pci-bridge-0`, root ports `rp0`….
 * ContextID and the bridges are there, which Kata's own toGrpc forgets. The
 * last keys are ours; Kata ignores them.
 */
#ifndef QEMU_JSON_H
#define QEMU_JSON_H

#include "qemu_command.h"
#include "qmp.h"

struct qemu_facts {
	int64_t pid;
	uint64_t start_time; /* of that process; 0: unknown */
	uint32_t context_id;
	uint32_t vcpus, vcpus_max;           /* at the start; at most */
	uint32_t vcpus_added;                /* since the start */
	uint32_t memory_mib, memory_max_mib; /* the same */
	uint32_t memory_added_mib;
	uint32_t memory_slots, dimms; /* of them, used */
	uint32_t root_ports;
	uint8_t named; /* read: the document had the VM's id */
	enum qemu_machine machine;
	enum vmc_qemu_agent agent;
	uint32_t agent_port; /* of vsock */
	char cpu[QMP_CPU_SIZE];
	char dir[VMC_QEMU_DIR_SIZE];
};

/* Writes it. VMC_ERR_TOO_BIG. */
enum vmc_status vmc_qemu_facts_write(const struct qemu_facts *facts,
				     const char *id, uint8_t *out, size_t cap,
				     size_t *out_len) VMC_CHECKED;

/*
 * Reads what was written of the VM with that id. Keys may come in any
 * order, unknown ones are left out; of ours any may be missing.
 *
 * VMC_ERR_MALFORMED, VMC_ERR_TOO_BIG: `error` says what and where.
 */
enum vmc_status vmc_qemu_facts_read(struct qemu_facts *facts, const char *id,
				    struct vmc_view saved,
				    struct vmc_error *error) VMC_CHECKED;

/* 1 if it has the form of a UUID. */
int vmc_qemu_is_uuid(const char *id);

#endif
