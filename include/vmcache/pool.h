/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pool: the cache. Fixed slots of READY VMs on top of a base factory.
 *
 *	EMPTY -> BOOTING -> CHECKING -> PAUSING -> READY -> HANDING -> EMPTY
 *	            \___________\___________\________\____-> STOPPING -> EMPTY
 *
 * - `number` slots are kept READY; one that is taken refills at once, or
 *   after refill_ms if nobody waits, at most `boot_parallel` together.
 * - A boot that fails costs its slot a growing, jittered wait. It never
 *   closes the pool.
 * - A READY VM that dies is noticed, stopped and replaced.
 * - Who asks while none is READY waits in line, first come, first served.
 * - A VM is handed out at most once, and never lost: it is READY, or some
 *   one taker's, or being stopped.
 *
 * A pool needs no socket and no server: a VMM's author can keep one in a
 * process of his own:
 *
 *	vmc_pool_init(&pool, &config, &error);
 *	for (;;) {
 *		status = vmc_pool_get(&pool, &vm, &task, now);
 *		…
 *		vmc_pool_waits(&pool, waits, CAP, &waits_len, &until_ms);
 *		poll them;
 *		vmc_pool_step(&pool, waits, waits_len, now);
 *	}
 */
#ifndef VMCACHE_POOL_H
#define VMCACHE_POOL_H

#include "factory.h"
#include "store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What happened, for the host's log. */
enum vmc_event_type {
	VMC_EVENT_NONE = 0,
	VMC_EVENT_VM_BOOTING,     /* id, slot */
	VMC_EVENT_VM_READY,       /* id, slot, pid, ms: since it was begun */
	VMC_EVENT_VM_FAILED,      /* id, slot, text, ms: until the next try */
	VMC_EVENT_VM_CONSOLE,     /* of one FAILED or LOST: its last lines */
	VMC_EVENT_VM_LOST,        /* as FAILED, of one that was READY; pid */
	VMC_EVENT_VM_TAKEN,       /* id, slot, pid, ms: how long it was READY */
	VMC_EVENT_VM_HANDED,      /* delivered: id, slot, pid, peer */
	VMC_EVENT_VM_RETURNED,    /* its taker went away in time: id, slot */
	VMC_EVENT_VM_DROPPED,     /* its taker went away half way: id, slot */
	VMC_EVENT_VM_STOPPED,     /* id, slot, pid */
	VMC_EVENT_RECORD_FAILED,  /* could not be put on record: slot, text */
	VMC_EVENT_LISTENING,      /* text: the endpoint */
	VMC_EVENT_CALL_WAITING,   /* peer; ms: its deadline, 0 if none */
	VMC_EVENT_CALL_FAILED,    /* peer, text */
	VMC_EVENT_CONNECTION_BAD, /* peer, text: why it was closed */
	VMC_EVENT_STOPPING,       /* text: who asked */
	VMC_EVENT_STOPPED
};

/* "vm-ready" and the like. */
const char *vmc_event_name(enum vmc_event_type type);

struct vmc_event {
	enum vmc_event_type type;
	uint64_t at_ms;
	uint32_t slot;
	int64_t pid;
	uint64_t ms;
	struct vmc_peer peer;
	char id[VMC_ID_SIZE];
	char text[VMC_ERROR_TEXT_SIZE];
};

/* Counters since init. */
struct vmc_pool_counters {
	uint64_t booted;   /* became READY */
	uint64_t failed;   /* boots that failed */
	uint64_t lost;     /* died while READY */
	uint64_t handed;   /* given to somebody for good */
	uint64_t returned; /* came back: the taker had gone in time */
	uint64_t dropped;  /* stopped: the taker had gone half way */
	uint64_t events_dropped;
};

struct vmc_pool_config {
	struct vmc_factory base;
	struct vmc_hypervisor hypervisor;      /* of the VMs that base makes */
	const struct vmc_agent_ops *agent_ops; /* NULL: the no-op agent */
	const void *agent_config;
	struct vmc_store store;   /* zeroed: nothing on record */
	uint32_t number;          /* VMs to keep, 1..VMC_VM_MAX */
	uint32_t boot_parallel;   /* 0: 2 */
	uint32_t boot_timeout_ms; /* 0: 60 000, from start to READY */
	uint32_t step_timeout_ms; /* 0: 10 000, attach and the like */
	uint32_t retry_min_ms;    /* 0: 500, first wait after a failure */
	uint32_t retry_max_ms;    /* 0: 30 000 */
	uint32_t refill_ms;       /* from a take until the slot boots again, so
				   * that the boot does not take processors
				   * from the taker; 0: at once */
	uint32_t digest;          /* of the configuration, for records */
	struct vmc_env env;       /* its entropy, for jitter */
	void *drivers;            /* number * hypervisor.ops->vm_size bytes, */
	size_t drivers_size;      /* aligned to vm_align */
	void *agents;             /* number * agent_ops->state_size bytes */
	size_t agents_size;
};

/* Private. */
struct vmc_pool_slot {
	uint16_t number;      /* which one it is */
	uint16_t generation;  /* changes whenever its handles may */
	uint8_t recorded;     /* the state last put on record */
	uint8_t counted;      /* in pool.ready, in pool.booting, or not */
	uint8_t kick;         /* step it although nothing is due */
	uint64_t since_ms;    /* READY since */
	uint64_t retry_ms;    /* EMPTY until */
	int64_t recorded_pid; /* of the VM last put on record */
	uint32_t failures;    /* in a row */
	uint32_t saved_len;
	struct vmc_vm vm;
	struct vmc_task task; /* of what the slot does now */
	uint8_t saved[VMC_HYPERVISOR_SIZE];
};

/* A place in the line. Zeroed: none. */
struct vmc_pool_ticket {
	uint32_t number;
};

/* Complete so that it can be placed anywhere; private. */
struct vmc_pool {
	uint32_t line_len;
	uint32_t last_ticket;
	uint32_t ready, booting; /* slots in that state */
	uint8_t stopping;
	uint8_t waits_changed;
	uint8_t again;   /* another slot has become due */
	uint64_t now_ms; /* of the step under way */
	uint64_t due_ms; /* no slot is due before */
	uint64_t random; /* for jitter */
	uint32_t event_first, event_len;
	struct vmc_pool_config config;
	struct vmc_pool_counters counters;
	uint8_t record[VMC_RECORD_SIZE]; /* being written */
	uint32_t line[VMC_CALL_MAX];     /* tickets, first come first */
	struct vmc_event event[VMC_EVENT_MAX];
	struct vmc_pool_slot slot[VMC_VM_MAX];
};

/*
 * Prepares a pool; VMs begin to boot in the first step.
 *
 * `error` (may be NULL) names the field.
 *
 * VMC_ERR_OPTIONS:  the application was built with other knobs.
 * VMC_ERR_ARGUMENT: a field is absent, or an array not aligned.
 * VMC_ERR_TOO_BIG:  number over VMC_VM_MAX; drivers_size or agents_size too
 *                   small: the text has what is needed.
 * VMC_ERR_IO, VMC_ERR_UNSUPPORTED: env.entropy failed.
 */
#define vmc_pool_init(pool, config, error)                                     \
	vmc_pool_init_checked(pool, config, error, sizeof(struct vmc_pool),    \
			      VMC_OPTIONS)
enum vmc_status vmc_pool_init_checked(struct vmc_pool *pool,
				      const struct vmc_pool_config *config,
				      struct vmc_error *error, size_t pool_size,
				      unsigned options) VMC_CHECKED;

/* Handles that a pool waits for at most. */
#define VMC_POOL_WAIT_MAX (VMC_VM_MAX * VMC_TASK_WAIT_MAX)

/*
 * What the pool waits for now: fills out[0..out_len) and the time of its
 * next timer. VMC_ERR_TOO_BIG if `cap` does not hold them all. The index of
 * each wait's key (task.h) is below VMC_POOL_WAIT_MAX.
 */
enum vmc_status vmc_pool_waits(struct vmc_pool *pool, struct vmc_wait *out,
			       size_t cap, size_t *out_len,
			       uint64_t *until_ms) VMC_CHECKED;

/* Goes on with all that is due, or whose wait has something in `got`. */
void vmc_pool_step(struct vmc_pool *pool, const struct vmc_wait *in,
		   size_t in_len, uint64_t now_ms);

/*
 * Gets a VM in this process: VMC_AGAIN while none is READY. It is READY and
 * attached, and the caller's: moved to `vm`, which is EMPTY and was placed
 * for the pool's hypervisor. Cancelling leaves the line and costs no VM.
 * The task names no handle: step the pool as usual, then call again.
 *
 * VMC_ERR_UNAVAILABLE: the pool is stopping. VMC_ERR_FULL: VMC_CALL_MAX
 * are waiting. VMC_ERR_TIMEOUT: the task's deadline passed. VMC_ERR_IO: it
 * cannot be put on record. vm->error is as it was.
 */
enum vmc_status vmc_pool_get(struct vmc_pool *pool, struct vmc_vm *vm,
			     struct vmc_task *task,
			     uint64_t now_ms) VMC_CHECKED;

/* The pool as a base factory for vmc_factory_get_vm: vmc_pool_get, and the
 * configuration of the factory below it. `ctx` is the struct vmc_pool. */
extern const struct vmc_factory_ops vmc_factory_pool_ops;

/*
 * Taking a VM for somebody in another process, in three parts. `ticket` is
 * zeroed at first and keeps the place in the line.
 *
 * take: VMC_AGAIN until a VM is READY and nobody is before this ticket;
 *       then the VM is HANDING, on record as such, saved (`saved`), and
 *       let go of by the driver. The views and the VM stay until handed
 *       or give_back. VMC_ERR_UNAVAILABLE, VMC_ERR_FULL as above.
 * leave: gives up the place in the line. Idempotent.
 *
 * Then exactly one of
 * handed:    all of it was delivered. The slot refills.
 * give_back: it was not. `started`: whether a first byte was taken, in
 *            which case somebody may know the VM, and it is stopped; else
 *            it is attached again and READY.
 *
 * A VM that cannot be put on record as HANDING is not handed out, since a
 * later server might give it to a second taker: VMC_ERR_IO, and it stays
 * READY.
 */
enum vmc_status vmc_pool_take(struct vmc_pool *pool,
			      struct vmc_pool_ticket *ticket, uint32_t *slot,
			      uint64_t now_ms) VMC_CHECKED;
void vmc_pool_leave(struct vmc_pool *pool, struct vmc_pool_ticket *ticket);
const struct vmc_vm *vmc_pool_vm(const struct vmc_pool *pool, uint32_t slot);
struct vmc_view vmc_pool_saved(const struct vmc_pool *pool, uint32_t slot);
void vmc_pool_handed(struct vmc_pool *pool, uint32_t slot,
		     const struct vmc_peer *peer, uint64_t now_ms);
void vmc_pool_give_back(struct vmc_pool *pool, uint32_t slot, int started,
			uint64_t now_ms);

/* Begins to stop: no more boots, all VMs are stopped. Idempotent. */
void vmc_pool_stop(struct vmc_pool *pool, uint64_t now_ms);

/* 1 once it was told to stop and no VM is left. */
int vmc_pool_stopped(const struct vmc_pool *pool);

/* READY VMs now, and slots that boot now. */
uint32_t vmc_pool_ready(const struct vmc_pool *pool);
uint32_t vmc_pool_booting(const struct vmc_pool *pool);

const struct vmc_pool_counters *vmc_pool_counters(const struct vmc_pool *pool);

/* Takes the oldest event: VMC_OK, or VMC_AGAIN if there is none. */
enum vmc_status vmc_pool_next_event(struct vmc_pool *pool,
				    struct vmc_event *event) VMC_CHECKED;

/* 1 if the handles that vmc_pool_waits answers may have changed since it
 * was called; and the time of the next timer, which may change at any time. */
int vmc_pool_waits_changed(const struct vmc_pool *pool);
uint64_t vmc_pool_until(const struct vmc_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
