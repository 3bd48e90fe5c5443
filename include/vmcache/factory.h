/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Factories: where VMs come from, and making one ready for use.
 *
 * A base factory makes one paused, checked VM: `direct` boots it, `remote`
 * asks a cache server (Kata's grpccache). A pool sits on top of one.
 */
#ifndef VMCACHE_FACTORY_H
#define VMCACHE_FACTORY_H

#include "client.h"
#include "vm.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmc_factory_ops {
	const char *name;

	/*
	 * Makes one VM: `vm` is EMPTY (vmc_vm_init) at first, and READY
	 * when it ends with VMC_OK. After a failure, or when cancelled, it
	 * may be STOPPING: stop it by vmc_vm_stop. vm->error says why.
	 */
	enum vmc_status (*get_base_vm)(void *ctx, struct vmc_vm *vm,
				       struct vmc_task *task, uint64_t now_ms);

	/*
	 * The configuration that its VMs are made with, as VMConfig and
	 * agent JSON. The views live until the next call on the factory.
	 */
	enum vmc_status (*config)(void *ctx, struct vmc_cache_config *config,
				  struct vmc_task *task, uint64_t now_ms);
};

/* A factory with its context. Copied freely. */
struct vmc_factory {
	const struct vmc_factory_ops *ops;
	void *ctx;
};

/*
 * Direct: boots each VM. All that it is given lives as long as it does.
 * Each VM's id is a random UUID (RFC 9562, version 4) from env.entropy.
 */
struct vmc_factory_direct {
	struct vmc_vm_config vm_config;
	struct vmc_cache_config json; /* what `config` answers */
	struct vmc_env env;
};

extern const struct vmc_factory_ops vmc_factory_direct_ops;

/*
 * Remote: asks the cache server at the channel's other end. One call at a
 * time. The VMs that come belong to the caller.
 */
struct vmc_factory_remote {
	struct vmc_channel *channel;
	struct vmc_task call;       /* private */
	struct vmc_cached_vm taken; /* private */
};

extern const struct vmc_factory_ops vmc_factory_remote_ops;

/* The steps of vmc_factory_get_vm, in this order. */
enum vmc_get_vm_step {
	VMC_GET_VM_CONFIG = 0, /* asking for the configuration, comparing */
	VMC_GET_VM_BASE,       /* taking the base VM */
	VMC_GET_VM_RESUME,     /* meanwhile the agent is dialled and asked to */
	VMC_GET_VM_RESEED,     /* VMC_RESEED_SIZE bytes of the host's entropy */
	VMC_GET_VM_TIME,       /* left out if env.wall is unsupported */
	VMC_GET_VM_VCPUS,      /* hot-adding what is missing */
	VMC_GET_VM_MEMORY,
	VMC_GET_VM_ONLINE, /* telling the guest to use it */
	VMC_GET_VM_STEPS
};

/* "resume" and the like. */
const char *vmc_get_vm_step_name(enum vmc_get_vm_step step);

/* Bytes of entropy for a guest that is resumed: as many as Kata gives. */
#define VMC_RESEED_SIZE 512

/*
 * What somebody wants, and how it went. Zeroed but for the first part.
 * Mirrors Kata's factory.GetVM (virtcontainers/factory/factory.go), with
 * one difference: on a mismatch Kata returns a paused VM that nothing was
 * done to; here the VM that is made directly goes through every step.
 */
struct vmc_get_vm {
	struct vmc_factory base;    /* where VMs come from */
	struct vmc_factory direct;  /* on a mismatch; ops NULL: fail then */
	struct vmc_view wanted;     /* VMConfig JSON; absent: any will do */
	uint32_t vcpus, memory_mib; /* at least; 0: as it comes */
	struct vmc_env env;

	/* For the caller to read, while it runs and after. */
	enum vmc_get_vm_step step;
	uint64_t step_ms[VMC_GET_VM_STEPS]; /* what each took */
	uint8_t mismatch;        /* the VM was made directly; error of */
	struct vmc_error reason; /* the compare: the path that differs */

	/* Private. */
	struct vmc_task call, reseed;
	struct vmc_cache_config config;
	uint64_t step_begun_ms;
	struct vmc_wall wall;
	enum vmc_status result;
	uint8_t memory_added, reseeded;
	uint8_t entropy[VMC_RESEED_SIZE];
};

/*
 * Gets a VM that can be used: RUNNING, with its own randomness and the
 * right time, and with at least the vCPUs and memory wanted. `vm` was
 * placed by vmc_vm_init. On any failure after it was taken the VM is
 * stopped first, so that nothing is left; vm->error says why. One that is
 * cancelled leaves a VM that was taken already to its caller: stop it by
 * vmc_vm_stop unless it is EMPTY.
 *
 * VMC_ERR_MISMATCH: configurations differ and there is no direct factory.
 * And what the factory, the hypervisor and the agent return.
 */
enum vmc_status vmc_factory_get_vm(struct vmc_get_vm *get, struct vmc_vm *vm,
				   struct vmc_task *task,
				   uint64_t now_ms) VMC_CHECKED;

#ifdef __cplusplus
}
#endif

#endif
