/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a VM's configuration to a plan: defaults are filled in, and what
 * cannot be is refused by name.
 */
#ifndef QEMU_PLAN_H
#define QEMU_PLAN_H

#include "qemu_files.h"
#include "qemu_json.h"

/* 1 if that VM has the built-in guest. */
int vmc_qemu_is_builtin(const struct vmc_vm_config *config);

/* What to say after -cpu. */
const char *vmc_qemu_cpu(const struct vmc_qemu *qemu,
			 const struct vmc_vm_config *config,
			 enum vmc_qemu_accel accel);

/* Tells configurations apart whose guests may differ on KVM; not 0. */
uint32_t vmc_qemu_digest(const struct vmc_qemu *qemu,
			 const struct vmc_vm_config *config);

/* An id is a name of a directory and an argument of QEMU's. */
enum vmc_status vmc_qemu_check_id(const char *id,
				  struct vmc_error *error) VMC_CHECKED;

/*
 * All of a plan but id, accel, cpu, rom, CID and descriptors. `program` is where
 * its path goes. VMC_ERR_ARGUMENT, VMC_ERR_TOO_BIG, VMC_ERR_UNSUPPORTED, and
 * those of vmc_qemu_find_program.
 */
enum vmc_status vmc_qemu_plan(const struct vmc_qemu *qemu,
			      const struct vmc_vm_config *config,
			      struct qemu_plan *plan,
			      char program[QEMU_PROGRAM_SIZE],
			      struct vmc_error *error) VMC_CHECKED;

/* What is known of a VM that is started by that plan; pid, start time and
 * directory stay. */
void vmc_qemu_plan_facts(const struct qemu_plan *plan,
			 struct qemu_facts *facts);

#endif
