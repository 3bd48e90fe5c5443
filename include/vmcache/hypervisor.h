/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hypervisor: the driver that makes and steers VMs.
 *
 * A host brings its own by filling in one `struct vmc_hypervisor_ops`. The
 * drivers `qemu` and `mock` are ports; `null` is the template to copy.
 *
 * What a driver promises:
 * - It allocates nothing. Per VM it has `vm_size` bytes that its caller
 *   placed, zeroed before `boot` and `attach`. They may be moved with
 *   memcpy while no operation on that VM is in flight, so they hold no
 *   pointer into themselves nor to the struct vmc_vm.
 * - It never blocks: what has to wait is a task (task.h, "For those who
 *   write operations"). One operation is in flight on a VM at a time;
 *   `probe`, `save` and `console` may come amid one. It honours
 *   task->deadline_ms: VMC_ERR_TIMEOUT once vmc_task_begin says so, unless
 *   it is done by then.
 * - Each operation that fails says why in `vm->error` by vmc_error_set,
 *   and leaves the VM so that `stop` can clean up.
 * - `ctx` is the driver's own and may be shared by all its VMs.
 * - No function is NULL. What cannot be done is VMC_ERR_UNSUPPORTED.
 *
 * A pool needs boot, ready, pause, watch, probe, save, detach, attach,
 * release, stop and console; who takes a VM, attach and resume. A driver
 * includes vmcache/vm.h for the two structs below.
 */
#ifndef VMCACHE_HYPERVISOR_H
#define VMCACHE_HYPERVISOR_H

#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmc_vm;
struct vmc_vm_config;

/* What `probe` finds out at once, without asking the guest. */
struct vmc_vm_probe {
	uint8_t alive;    /* its process, or what stands for it, is there */
	uint8_t paused;   /* its vCPUs do not run, as far as is known */
	uint8_t attached; /* we hold its control channel */
};

/*
 * Every function gets the VM, whose `driver` member is the driver's bytes.
 * They may set pid, agent_url, context_id, vcpus and memory_mib of it;
 * all other members are the caller's.
 */
struct vmc_hypervisor_ops {
	const char *name; /* Kata's HypervisorType: "qemu", "mock" */
	size_t vm_size;   /* bytes per VM; 0: none, vm->driver may be NULL */
	size_t vm_align;  /* their alignment, a power of two */

	/*
	 * Starts a VM called vm->id and brings it to where its vCPUs run.
	 * vm->vcpus and vm->memory_mib are what the configuration says, 1
	 * vCPU if it says nothing; of no memory the driver makes its own
	 * default, and sets vm->memory_mib.
	 * Sets vm->pid in its first step if it has a process, so that it
	 * can be put on record. `config` stays until it ends. Cancelling
	 * leaves a VM to stop.
	 */
	enum vmc_status (*boot)(void *ctx, struct vmc_vm *vm,
				const struct vmc_vm_config *config,
				struct vmc_task *task, uint64_t now_ms);

	/*
	 * Waits for the guest's sign of life: a text on its console, or
	 * whatever the driver has. VMC_OK means it is up. What it can tell
	 * of a guest that died meanwhile is VMC_ERR_VM.
	 */
	enum vmc_status (*ready)(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms);

	/* Stops and starts the vCPUs. Idempotent. */
	enum vmc_status (*pause)(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms);
	enum vmc_status (*resume)(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms);

	/*
	 * Hot-adds vCPUs or memory, to a paused or a running VM. Checks the
	 * machine's maximum first: VMC_ERR_TOO_BIG by name, nothing changed.
	 * vm->vcpus and vm->memory_mib are the caller's to count.
	 */
	enum vmc_status (*add_vcpus)(void *ctx, struct vmc_vm *vm,
				     uint32_t count, struct vmc_task *task,
				     uint64_t now_ms);
	enum vmc_status (*add_memory)(void *ctx, struct vmc_vm *vm,
				      uint32_t mib, struct vmc_task *task,
				      uint64_t now_ms);

	/*
	 * Ends the VM: asks, then kills after a bounded time; reaps its
	 * process, closes its handles, removes its files. Works on zeroed
	 * bytes, on a VM half made, detached or dead. VMC_OK or VMC_AGAIN.
	 */
	enum vmc_status (*stop)(void *ctx, struct vmc_vm *vm,
				struct vmc_task *task, uint64_t now_ms);

	/*
	 * Stays VMC_AGAIN as long as a VM lives that is idle and paused, or
	 * that runs while its agent is asked whether it is there, and fails
	 * with VMC_ERR_VM once it does not. Meanwhile the driver hears what
	 * it has to (the console). Its task names the handles that
	 * tell (a pidfd, the control channel), or the time to look again
	 * where there are none. Cancelling it costs nothing.
	 */
	enum vmc_status (*watch)(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms);

	/* Looks without waiting. */
	void (*probe)(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe);

	/*
	 * Writes what another process needs to take the VM over: Kata's
	 * GrpcVM.hypervisor, and what `attach` reads. At most `cap` bytes,
	 * else VMC_ERR_TOO_BIG. Possible at any time after `boot`'s first
	 * step. A pool asks when the VM becomes READY, and gives its taker
	 * that text, so it holds until the VM is resumed.
	 */
	enum vmc_status (*save)(void *ctx, struct vmc_vm *vm, uint8_t *out,
				size_t cap, size_t *out_len);

	/*
	 * Lets go of the control channel at once, so that whoever is told
	 * of the VM next can have it (QEMU serves one QMP client at a
	 * time). The process is still known, and `stop` still works.
	 */
	void (*detach)(void *ctx, struct vmc_vm *vm);

	/*
	 * Takes hold of a paused VM: one that was detached (`saved` absent),
	 * or one that another process made (`saved` from its `save`, bytes
	 * zeroed). VMC_ERR_IN_USE: somebody else holds it.
	 * VMC_ERR_NOT_FOUND: it is gone.
	 */
	enum vmc_status (*attach)(void *ctx, struct vmc_vm *vm,
				  struct vmc_view saved, struct vmc_task *task,
				  uint64_t now_ms);

	/*
	 * Forgets the VM without stopping it: closes every handle, leaves
	 * its process and files to its new owner.
	 */
	void (*release)(void *ctx, struct vmc_vm *vm);

	/*
	 * The last bytes of its console, for a log; absent if there are
	 * none. The view lives until the next call on this VM.
	 */
	struct vmc_view (*console)(void *ctx, struct vmc_vm *vm);
};

/* A driver with its context. Copied freely. */
struct vmc_hypervisor {
	const struct vmc_hypervisor_ops *ops;
	void *ctx;
};

#ifdef __cplusplus
}
#endif

#endif
