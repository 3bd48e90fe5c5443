/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One VM of the driver, as its files see it.
 *
 * An operation is a conversation with QEMU (qemu_talk.c) and what comes
 * before and after. In each of its steps it hears what has come on all four
 * descriptors, goes on as far as it can, and else sees to it that the VM
 * still lives and names what to wait for.
 */
#ifndef QEMU_VM_H
#define QEMU_VM_H

#include "linux_process.h"
#include "qemu_console.h"
#include "qemu_json.h"

/* The longest name of a run state, with its NUL ("guest-panicked"). */
#define QEMU_STATE_SIZE 24

struct qemu_vm {
	struct qemu_facts facts;

	uint8_t begun;    /* the rest has a meaning; else all is zero */
	uint8_t dir_made; /* facts.dir is ours to remove */
	uint8_t child;    /* QEMU is our child */
	uint8_t ended;    /* its process has ended, and how: */
	uint8_t ending;   /* QEMU has said that it will end */
	uint8_t quit;     /* why: an entry of quits[] (qemu_talk.c) */
	struct vmc_process_end end;

	/* Descriptors; -1: not open. */
	int pidfd;
	int control; /* connection to its QMP */
	int console; /* connection to the guest's serial port */
	int errors;  /* pipe from its standard error */

	/* The conversation. */
	uint8_t greeted;  /* this connection has brought the greeting */
	uint8_t attached; /* and the rest of the handshake is done */
	uint8_t stopped;  /* vCPUs have stopped; nobody asked why yet */
	uint8_t resumed;  /* they run, it was told in this conversation */
	uint8_t progress; /* of a script */
	uint8_t answered; /* the command that was asked has been answered */
	uint32_t asked;   /* its id; 0: none is under way */
	uint32_t last_id;
	enum vmc_status failed; /* it has gone wrong; VMC_OK: it has not */
	uint64_t lost_ms;       /* the control channel is gone; give up then */
	char run_state[QEMU_STATE_SIZE]; /* of the last query-status */

	/* The guest. */
	uint8_t builtin;
	uint8_t accel; /* enum vmc_qemu_accel: KVM or TCG */
	uint8_t trial; /* KVM has to prove itself */
	uint8_t ready; /* its console has shown the ready text */
	uint8_t paused;
	uint32_t digest; /* of the configuration, for `tried` */

	struct vmc_qmp qmp;
	struct vmc_qemu_console said;
};

static inline struct qemu_vm *qemu_vm(const struct vmc_vm *vm)
{
	return (struct qemu_vm *)vm->driver;
}

/*
 * Conversations (qemu_talk.c)
 */

/* What is asked one after another, and the run state that must have come
 * of it when the last one is query-status. */
#define QEMU_SCRIPT_MAX 4
#define QEMU_GREETING QMP_REQUESTS /* not asked for, waited for */

struct qemu_script {
	const char *name; /* for errors: "pause" */
	uint8_t request[QEMU_SCRIPT_MAX];
	uint8_t request_len;
	uint8_t resumes; /* the event RESUME makes query-status needless */
	const char *run_state; /* NULL: any will do */
};

/* Descriptors are closed; nothing is under way. */
void vmc_qemu_forget(struct qemu_vm *mine);
void vmc_qemu_close(int *fd);
void vmc_qemu_close_channels(struct qemu_vm *mine);

/* The text that this VM's console must show; NULL: none. */
const char *vmc_qemu_ready_text(const struct vmc_qemu *qemu,
				const struct qemu_vm *mine);

/* Connects to the guest's console, if nothing is in the way. */
void vmc_qemu_hold_console(struct vmc_vm *vm);

/* Takes in all that has come. Never fails: what has ended is closed. */
void vmc_qemu_hear(const struct vmc_qemu *qemu, struct vmc_vm *vm);

/* Begins a conversation: what was under way is not waited for any more. */
void vmc_qemu_talk_begin(struct qemu_vm *mine);

/*
 * Goes on with it; `arguments` are those of requests that need some.
 * VMC_AGAIN, VMC_OK, VMC_ERR_VM, VMC_ERR_PROTOCOL.
 */
enum vmc_status vmc_qemu_talk(struct vmc_vm *vm,
			      const struct qemu_script *script,
			      const struct qmp_command *arguments);

/*
 * VMC_AGAIN as long as QEMU lives, its control channel, once it was there,
 * is open, and it has not said that it ends; VMC_ERR_VM soon after that,
 * with the cause and its last words.
 */
enum vmc_status vmc_qemu_live(struct vmc_vm *vm, struct vmc_task *task,
			      uint64_t now_ms);

/* Names all that is open as what the task waits for. */
void vmc_qemu_wait(const struct qemu_vm *mine, struct vmc_task *task);

/* Asks for a status anew: is it the one that the script wants? */
extern const struct qemu_script vmc_qemu_status_script;

/*
 * Operations in files of their own
 */

/* Removes its files if they are ours, and makes it as new. */
void vmc_qemu_clear(struct vmc_vm *vm);

/* What the accelerator was found to be worth for VMs like this one. */
void vmc_qemu_remember(struct vmc_qemu *qemu, const struct qemu_vm *mine,
		       int kvm_runs_it);

enum vmc_status vmc_qemu_boot(void *ctx, struct vmc_vm *vm,
			      const struct vmc_vm_config *config,
			      struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_qemu_stop(void *ctx, struct vmc_vm *vm,
			      struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_qemu_attach(void *ctx, struct vmc_vm *vm,
				struct vmc_view saved, struct vmc_task *task,
				uint64_t now_ms);

#endif
