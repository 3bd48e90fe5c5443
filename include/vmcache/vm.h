/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMs: what one is made with, and one that exists.
 */
#ifndef VMCACHE_VM_H
#define VMCACHE_VM_H

#include "agent.h"
#include "env.h"
#include "hypervisor.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What a VM is made with. All strings belong to the caller and live as long
 * as whoever was given the structure; NULL stands for empty. A zeroed
 * structure is valid for the mock driver. On the wire these are keys of
 * Kata's VMConfig, which stand behind each field (virtcontainers
 * VMConfig and HypervisorConfig, as of Kata 4.1).
 */
struct vmc_vm_config {
	const char *hypervisor;      /* HypervisorType: "qemu", "mock" */
	const char *hypervisor_path; /* HypervisorPath */
	const char *machine_type;    /* HypervisorMachineType */
	const char *kernel;          /* KernelPath */
	const char *initrd;          /* InitrdPath */
	const char *image;           /* ImagePath */
	const char *firmware;        /* FirmwarePath */
	const char *kernel_params;   /* KernelParams, as "a=b c d=e" */
	uint32_t vcpus;              /* NumVCPUsF; 0 means 1 */
	uint32_t vcpus_max;          /* DefaultMaxVCPUs; 0 means vcpus */
	uint32_t memory_mib;         /* MemorySize; 0 means the driver's own */
	uint32_t memory_max_mib;     /* DefaultMaxMemorySize; 0: memory_mib */
	uint32_t memory_slots;       /* MemSlots; DIMMs that can be added */
	const char *agent;           /* AgentType: "kata", "noop"; NULL: unsaid.
				      * A key of Kata 1.x, which later ones
				      * ignore */
};

/*
 * Writes it as Kata's VMConfig JSON, with a VMConfig's keys in the order
 * that Go would write them, fields of ours only. The bytes are what `data`
 * of the server's configuration wants.
 *
 * VMC_ERR_TOO_BIG: `cap` bytes do not hold it.
 */
enum vmc_status vmc_vm_config_write(const struct vmc_vm_config *config,
				    uint8_t *out, size_t cap,
				    size_t *out_len) VMC_CHECKED;

/*
 * Says whether a VM made with configuration `cached` serves who wants
 * `wanted`, both VMConfig JSON. Compares by value: order of keys does not
 * matter, an absent key is its zero value, null is an empty list. Left out
 * are the keys that Kata leaves out (checkVMConfig in
 * virtcontainers/factory/factory.go, of 1.6 and of 4.1): sizes that can be
 * grown, template and per-sandbox paths.
 *
 * VMC_ERR_MISMATCH:  `error` names the first path that differs and both
 *                    values, for example "HypervisorConfig.KernelPath".
 * VMC_ERR_MALFORMED: one is not JSON; `error` says which and where.
 * VMC_ERR_TOO_BIG:   one nests deeper than VMC_JSON_DEPTH_MAX.
 */
enum vmc_status vmc_vm_config_compare(struct vmc_view wanted,
				      struct vmc_view cached,
				      struct vmc_error *error) VMC_CHECKED;

/*
 * Where a VM stands. The pool's own states are a subset: a VM in a pool is
 * never RUNNING.
 */
enum vmc_vm_state {
	VMC_VM_EMPTY = 0, /* there is none */
	VMC_VM_BOOTING,   /* started, not yet answering */
	VMC_VM_CHECKING,  /* being asked for a sign of life */
	VMC_VM_PAUSING,   /* checked, being paused */
	VMC_VM_READY,     /* paused, alive, waiting to be taken */
	VMC_VM_HANDING,   /* taken by a caller, reply not yet delivered */
	VMC_VM_HANDED,    /* delivered: it belongs to who took it */
	VMC_VM_RUNNING,   /* resumed */
	VMC_VM_STOPPING,  /* being stopped */
	VMC_VM_ADOPTING   /* found after a restart, being attached again */
};

/* "READY" and the like. */
const char *vmc_vm_state_name(enum vmc_vm_state state);

/*
 * One VM. A complete type so that it can be placed anywhere; read all but
 * the private part. (Arrays stand last in this and all other contexts: what
 * is near the beginning takes shorter instructions.)
 */
struct vmc_vm {
	int64_t pid; /* of its process; 0 if it has none */
	uint32_t vcpus;
	uint32_t memory_mib;
	uint32_t cpu_delta;  /* vCPUs added but not yet online */
	uint32_t context_id; /* its vsock CID; 0 if it has none */
	enum vmc_vm_state state;

	/* Private. */
	struct vmc_hypervisor hypervisor;
	void *driver; /* hypervisor.ops->vm_size bytes */
	struct vmc_agent agent;
	uint64_t begun_ms;
	struct vmc_task step;  /* of the operation inside an operation */
	struct vmc_task guard; /* the driver's watch while the agent is asked */

	/* To be read again: */
	char id[VMC_ID_SIZE];         /* unique; a UUID from direct factories.
	                               * Kept until the next `boot` */
	char agent_url[VMC_URL_SIZE]; /* where its agent listens; may be "" */
	struct vmc_error error;       /* of what failed; kept until `boot` */
};

/*
 * Places an empty VM. `driver` is hypervisor.ops->vm_size bytes, aligned to
 * vm_align, that belong to this VM until it is released or stopped. `agent`
 * is copied, and says its failures in vm->error; its state must not be
 * shared with another VM. Its connection is closed when the VM is stopped or
 * released: whoever has the VM next dials the agent himself.
 */
void vmc_vm_init(struct vmc_vm *vm, struct vmc_hypervisor hypervisor,
		 void *driver, struct vmc_agent agent);

/*
 * Boots it, waits for its sign of life (the driver's `ready`, then the
 * agent's `check`, twice, each time on a connection of its own, which is
 * closed again) and pauses it: EMPTY to READY. `id` is copied. The task's deadline covers all of it. On failure
 * or when cancelled, the VM is STOPPING and has to be stopped by
 * vmc_vm_stop; vm->error says why, with the console's last lines.
 *
 * VMC_ERR_TIMEOUT, VMC_ERR_VM, VMC_ERR_NOT_FOUND, VMC_ERR_IO, and what the
 * driver's `boot` returns.
 */
enum vmc_status vmc_vm_boot(struct vmc_vm *vm, const char *id,
			    const struct vmc_vm_config *config,
			    struct vmc_task *task, uint64_t now_ms) VMC_CHECKED;

/*
 * Takes over a VM that another process made: EMPTY to READY. Its id, pid
 * and sizes must be set; `saved` is what the driver's `save` wrote there.
 *
 * VMC_ERR_MALFORMED, VMC_ERR_UNSUPPORTED, VMC_ERR_NOT_FOUND (it is gone),
 * VMC_ERR_IN_USE (its control channel is taken), VMC_ERR_TIMEOUT.
 */
enum vmc_status vmc_vm_attach(struct vmc_vm *vm, struct vmc_view saved,
			      struct vmc_task *task,
			      uint64_t now_ms) VMC_CHECKED;

/* READY to RUNNING. VMC_ERR_VM, VMC_ERR_TIMEOUT. */
enum vmc_status vmc_vm_resume(struct vmc_vm *vm, struct vmc_task *task,
			      uint64_t now_ms) VMC_CHECKED;

/* RUNNING to READY. VMC_ERR_VM, VMC_ERR_TIMEOUT. */
enum vmc_status vmc_vm_pause(struct vmc_vm *vm, struct vmc_task *task,
			     uint64_t now_ms) VMC_CHECKED;

/*
 * Plugs in `count` more vCPUs, or `mib` more memory; vcpus, cpu_delta and
 * memory_mib follow. 0 does nothing. What exceeds the machine's maximum is
 * refused by name before anything changes (VMC_ERR_TOO_BIG).
 */
enum vmc_status vmc_vm_add_vcpus(struct vmc_vm *vm, uint32_t count,
				 struct vmc_task *task,
				 uint64_t now_ms) VMC_CHECKED;
enum vmc_status vmc_vm_add_memory(struct vmc_vm *vm, uint32_t mib,
				  struct vmc_task *task,
				  uint64_t now_ms) VMC_CHECKED;

/*
 * Stops and forgets it, whatever its state: to EMPTY. Its process is gone
 * and reaped, its files are removed. Cannot fail for good: a driver that
 * meets trouble kills. VMC_OK or VMC_AGAIN.
 */
enum vmc_status vmc_vm_stop(struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms) VMC_CHECKED;

/*
 * Lets go of a VM without stopping it: somebody else has it now. Its
 * handles are closed, its memory is the caller's again, its state EMPTY.
 */
void vmc_vm_release(struct vmc_vm *vm);

/*
 * Moves a VM that has no operation in flight to one that is EMPTY and was
 * placed for the same hypervisor: description and driver bytes. Each keeps
 * its agent. `from` is EMPTY afterwards.
 */
void vmc_vm_move(struct vmc_vm *to, struct vmc_vm *from);

#ifdef __cplusplus
}
#endif

#endif
