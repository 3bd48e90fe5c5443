/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mock: a hypervisor driver with no process behind its VMs.
 *
 * A zeroed `struct vmc_mock` is a driver whose VMs boot, pause and resume
 * at once: each operation ends in its first step, so that a pool on top of
 * it is full after one vmc_pool_step. That is what `--hypervisor mock` and
 * the bench use.
 *
 *	struct vmc_mock mock = VMC_MOCK_INIT;
 *	struct vmc_hypervisor hypervisor = { &vmc_mock_ops, &mock };
 *
 * A test scripts what takes time and what goes wrong, by operation:
 *
 *	mock.script[VMC_MOCK_BOOT].delay_ms = 40;
 *	mock.script[VMC_MOCK_PAUSE].wrong_from = 3;
 *	mock.script[VMC_MOCK_PAUSE].wrong_len = 1;
 *	mock.script[VMC_MOCK_PAUSE].text = "no answer to stop";
 *
 * With a table of machines (struct vmc_mock_machine) the driver also keeps
 * book of every VM that it ever made, whoever has it now: a test can kill
 * one, and see that each was stopped once or belongs to somebody. Drivers
 * that share one `struct vmc_mock` with a table share one world: a VM that
 * one side still holds cannot be attached by another.
 *
 * The driver watches its callers too. An operation on a VM that another
 * operation is in flight on, that is not attached, or that there is none
 * of, is refused (VMC_ERR_STATE) and counted in `misused`.
 */
#ifndef VMCACHE_MOCK_H
#define VMCACHE_MOCK_H

#include "vmcache/hypervisor.h"
#include "vmcache/vm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A VM's memory when its configuration leaves it to the driver. */
#define VMC_MOCK_MEMORY_MIB 128

/* The handle that stands for the first machine; the others follow. Far
 * above those of port/sim, so that one wait list may hold both. */
#define VMC_MOCK_HANDLE_FIRST ((vmc_handle)1 << 24)

enum vmc_mock_op {
	VMC_MOCK_BOOT = 0,
	VMC_MOCK_READY,
	VMC_MOCK_PAUSE,
	VMC_MOCK_RESUME,
	VMC_MOCK_ADD_VCPUS,
	VMC_MOCK_ADD_MEMORY,
	VMC_MOCK_STOP,
	VMC_MOCK_WATCH,
	VMC_MOCK_ATTACH,
	VMC_MOCK_SAVE,
	/* These two are counted; they cannot be scripted. */
	VMC_MOCK_DETACH,
	VMC_MOCK_RELEASE,
	VMC_MOCK_OPS
};

/*
 * How one operation behaves, from its next call on. Zeroed: it succeeds at
 * once.
 *
 * A stop cannot fail, so of its script only the delay counts. A save has no
 * task, so of its script the delay does not count, and it cannot hang. A
 * watch ends only if it goes wrong, after the delay.
 */
struct vmc_mock_script {
	uint32_t delay_ms;      /* each call takes so long, then succeeds or
				 * goes wrong */
	uint32_t wrong_from;    /* first call that goes wrong, counted from 1
				 * as in `called`; 0: none does */
	uint32_t wrong_len;     /* so many do; 0: all from there on */
	enum vmc_status status; /* how: VMC_AGAIN hangs until the deadline or
				 * a cancel; 0: fails with VMC_ERR_VM */
	const char *text;       /* what it says then; NULL: a default */
};

/* One VM of a world that keeps book. Entry N - 1 is that of serial N. */
struct vmc_mock_machine {
	char id[VMC_ID_SIZE];
	uint32_t stopped;  /* times that it was stopped: 1 at the most */
	uint32_t released; /* times that it was let go of for good */
	uint8_t killed;    /* by vmc_mock_kill */
	uint8_t paused;
	uint8_t held; /* somebody has its control channel */
};

struct vmc_mock {
	/* For the caller to set; all may be changed between two calls. */
	struct vmc_mock_script script[VMC_MOCK_OPS];
	int64_t pid_first;     /* pid of serial 1; 0: VMs have no pid */
	const char *agent_url; /* of each VM; NULL: none */
	const char *console;   /* each VM's last lines; NULL: none */
	struct vmc_mock_machine *machine; /* NULL: no book is kept */
	uint32_t machine_max; /* one more is refused (VMC_ERR_FULL) */

	/* For the caller to read. */
	uint32_t called[VMC_MOCK_OPS];    /* operations begun */
	uint32_t failed[VMC_MOCK_OPS];    /* of these, failed */
	uint32_t cancelled[VMC_MOCK_OPS]; /* of these, given up */
	uint32_t machine_len;             /* VMs made: the last serial */
	uint32_t misused;                 /* calls against the contract */
	const char *misuse;               /* the first of these */
};

#define VMC_MOCK_INIT                                                          \
	{                                                                      \
		.pid_first = 0                                                 \
	}

/*
 * One VM, as hypervisor.h says: `driver` is vm_size bytes.
 *
 * boot      vm->memory_mib becomes VMC_MOCK_MEMORY_MIB if it is 0.
 * watch     with a book, names a handle that gets HUP when it is killed.
 * add_*     more than vcpus_max or memory_max_mib of the configuration:
 *           VMC_ERR_TOO_BIG, naming both.
 * save      {"ID":"…","Serial":1,"MaxVCPUs":1,"MaxMemory":128}
 * attach    of another process's VM believes that text, which must be of
 *           vm->id (VMC_ERR_MALFORMED; VMC_ERR_TOO_BIG of a number). In a
 *           world with a book the VM must be alive (VMC_ERR_NOT_FOUND) and
 *           nobody's (VMC_ERR_IN_USE).
 */
extern const struct vmc_hypervisor_ops vmc_mock_ops;

/* The machine of that id, in a world that keeps book; NULL if none is. */
struct vmc_mock_machine *vmc_mock_find(struct vmc_mock *mock, const char *id);

/* Makes it die: what is in flight on it fails, its watch ends. */
void vmc_mock_kill(struct vmc_mock_machine *machine);

/* Machines of the book that were neither stopped nor killed. */
uint32_t vmc_mock_alive(const struct vmc_mock *mock);

/*
 * Fills in `got` of those waits whose handle is a machine's, as a loop
 * would; others are left alone. Returns how many have something.
 */
size_t vmc_mock_poll(const struct vmc_mock *mock, struct vmc_wait *waits,
		     size_t waits_len);

#ifdef __cplusplus
}
#endif

#endif
