/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Booting a VM:
 *
 *	START -> TALK -----------------------> running
 *	           \-> PROVE (KVM on trial) -> running
 *	    \________\___ END, then START again with TCG
 *
 * The sockets are made, and connected to, before QEMU is there: so nobody
 * has to look for them to appear, and the guest's first byte has a reader.
 */
#include "qemu_vm.h"
#include "qemu_agent.h"
#include "qemu_files.h"
#include "qemu_plan.h"

#include "vmcache_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

enum phase { TALK = 1, PROVE, END };

static const struct qemu_script boot_script = {
	.name = "boot",
	.request = { QEMU_GREETING, QMP_CAPABILITIES, QMP_CONT, QMP_STATUS },
	.request_len = 4,
	.run_state = "running",
};

/*
 * Starting QEMU
 */

/* What only QEMU keeps: closed here when it has been started, or not. */
struct ends {
	int control, console, agent, output;
};

static enum vmc_status make_socket(struct vmc_vm *vm, const char *name,
				   int *listener, int *connection)
{
	char path[VMC_QEMU_PATH_SIZE];
	enum vmc_status status;

	vmc_qemu_path(path, qemu_vm(vm)->facts.dir, name);
	status = vmc_qemu_listen(path, listener, &vm->error);
	if (status == VMC_OK)
		status = vmc_qemu_connect(path, connection, &vm->error);
	return status;
}

/* The VM's agent has an address from here on. */
static enum vmc_status make_agent(struct vmc_vm *vm, int *end)
{
	struct qemu_facts *facts = &qemu_vm(vm)->facts;
	char path[VMC_QEMU_PATH_SIZE];
	enum vmc_status status = VMC_OK;

	vmc_qemu_path(path, facts->dir, QEMU_AGENT);
	if (facts->agent == VMC_QEMU_AGENT_SERIAL)
		status = vmc_qemu_listen(path, end, &vm->error);
	else if (facts->agent == VMC_QEMU_AGENT_VSOCK)
		status = vmc_qemu_vsock_open(QEMU_VSOCK, &facts->context_id,
					     end, &vm->error);
	vm->context_id = facts->context_id;
	return status ? status :
			vmc_qemu_agent_url(facts, vm->agent_url, &vm->error);
}

/* A pipe that never makes QEMU wait: what nobody reads is lost. */
static enum vmc_status make_pipe(struct vmc_vm *vm, int *output)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return vmc_linux_error(&vm->error, errno, "no pipe for",
				       vm->id);
	qemu_vm(vm)->errors = fds[0];
	*output = fds[1];
	return VMC_OK;
}

static enum vmc_status make_ends(struct vmc_vm *vm, struct ends *ends)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status;

	status = make_socket(vm, QEMU_CONTROL, &ends->control, &mine->control);
	if (status == VMC_OK)
		status = make_socket(vm, QEMU_CONSOLE, &ends->console,
				     &mine->console);
	if (status == VMC_OK)
		status = make_agent(vm, &ends->agent);
	if (status == VMC_OK)
		status = make_pipe(vm, &ends->output);
	return status;
}

static enum vmc_status execute(struct vmc_vm *vm, struct qemu_plan *plan,
			       const struct ends *ends)
{
	struct qemu_vm *mine = qemu_vm(vm);
	const int keep[] = { ends->control, ends->console, ends->agent };
	struct qemu_command command;
	struct vmc_process_program program = {
		.path = plan->program,
		.argv = command.argv,
		.keep = keep,
		.keep_len = ends->agent < 0 ? 2 : 3,
		.output = ends->output,
	};
	enum vmc_status status;

	plan->control = ends->control;
	plan->console = ends->console;
	plan->agent_end = ends->agent;
	plan->context_id = mine->facts.context_id;
	status = vmc_qemu_command_write(&command, plan, &vm->error);
	if (status)
		return status;
	status = vmc_process_start(&program, &mine->facts.pid, &mine->pidfd,
				   &vm->error);
	if (status)
		return status;
	mine->child = 1;
	mine->facts.start_time = vmc_linux_start_time(mine->facts.pid);
	vm->pid = mine->facts.pid;
	return VMC_OK;
}

static enum vmc_status start(struct vmc_vm *vm, struct qemu_plan *plan)
{
	struct qemu_vm *mine = qemu_vm(vm);
	struct ends ends = { -1, -1, -1, -1 };
	char rom[VMC_QEMU_PATH_SIZE];
	enum vmc_status status = VMC_OK;

	vmc_qemu_forget(mine);
	vmc_qemu_path(rom, mine->facts.dir, QEMU_ROM);
	if (mine->builtin) {
		plan->rom = rom;
		status = vmc_qemu_rom_write(rom, &vm->error);
	}
	if (status == VMC_OK)
		status = make_ends(vm, &ends);
	if (status == VMC_OK)
		status = execute(vm, plan, &ends);
	vmc_qemu_close(&ends.control);
	vmc_qemu_close(&ends.console);
	vmc_qemu_close(&ends.agent);
	vmc_qemu_close(&ends.output);
	plan->rom = NULL; /* it lies on this stack */
	return status;
}

static enum vmc_status start_on(struct vmc_qemu *qemu, struct vmc_vm *vm,
				const struct vmc_vm_config *config)
{
	struct qemu_vm *mine = qemu_vm(vm);
	struct qemu_plan plan;
	char program[QEMU_PROGRAM_SIZE];
	enum vmc_status status;

	status = vmc_qemu_plan(qemu, config, &plan, program, &vm->error);
	if (status)
		return status;
	plan.id = vm->id;
	plan.accel = (enum vmc_qemu_accel)mine->accel;
	plan.cpu = vmc_qemu_cpu(qemu, config, plan.accel);
	vmc_qemu_plan_facts(&plan, &mine->facts);
	vm->vcpus = plan.vcpus;
	vm->memory_mib = plan.memory_mib;
	return start(vm, &plan);
}

/*
 * The accelerator
 */

/* see qemu_vm.h */
void vmc_qemu_remember(struct vmc_qemu *qemu, const struct qemu_vm *mine,
		       int kvm_runs_it)
{
	if (qemu->config.accel != VMC_QEMU_AUTO)
		return;
	qemu->tried = mine->digest;
	qemu->tried_well = (uint8_t)kvm_runs_it;
}

static void choose_accel(const struct vmc_qemu *qemu, struct qemu_vm *mine)
{
	mine->trial = 0;
	mine->accel = (uint8_t)qemu->config.accel;
	if (mine->accel != VMC_QEMU_AUTO)
		return;
	if (qemu->tried == mine->digest) {
		mine->accel = qemu->tried_well ? VMC_QEMU_KVM : VMC_QEMU_TCG;
		return;
	}
	mine->trial = vmc_qemu_device_errno(QEMU_KVM) == 0;
	mine->accel = mine->trial ? VMC_QEMU_KVM : VMC_QEMU_TCG;
}

static uint64_t trial_end(const struct vmc_qemu *qemu,
			  const struct vmc_task *task, uint64_t now_ms)
{
	uint64_t end = now_ms + qemu->config.trial_ms;

	if (task->deadline_ms != VMC_NEVER &&
	    now_ms + (task->deadline_ms - now_ms) / 2 < end)
		end = now_ms + (task->deadline_ms - now_ms) / 2;
	return end;
}

/*
 * Phases: VMC_OK leads to the next one
 */

static enum vmc_status begin(struct vmc_qemu *qemu, struct vmc_vm *vm,
			     const struct vmc_vm_config *config,
			     struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status;

	if (mine->begun)
		return vmc_error_set(&vm->error, VMC_ERR_STATE,
				     "VM was booted before", vm->id);
	vmc_qemu_reap(qemu);
	status = vmc_qemu_check_id(vm->id, &vm->error);
	if (status == VMC_OK)
		status = vmc_qemu_check(qemu, config, &vm->error);
	if (status)
		return status;
	mine->begun = 1;
	vmc_qemu_forget(mine);
	mine->builtin = (uint8_t)vmc_qemu_is_builtin(config);
	mine->digest = vmc_qemu_digest(qemu, config);
	status = vmc_qemu_dir_make(qemu->config.run_dir, vm->id,
				   mine->facts.dir, &vm->error);
	if (status)
		return status;
	mine->dir_made = 1;
	choose_accel(qemu, mine);
	task->mark = trial_end(qemu, task, now_ms);
	task->phase = TALK;
	return start_on(qemu, vm, config);
}

/* Has the guest shown on KVM that it lives? */
static enum vmc_status prove(const struct vmc_qemu *qemu, struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status = VMC_AGAIN;

	if (vmc_qemu_ready_text(qemu, mine) ? mine->ready : mine->said.seen)
		return VMC_OK;
	if (mine->stopped)
		status = vmc_qemu_talk(vm, &vmc_qemu_status_script, NULL);
	if (status == VMC_OK)
		mine->stopped = 0;
	return status == VMC_OK ? VMC_AGAIN : status;
}

static enum vmc_status end(const struct vmc_vm *vm)
{
	return qemu_vm(vm)->ended ? VMC_OK : VMC_AGAIN;
}

static enum vmc_status run_phase(struct vmc_qemu *qemu, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	if (task->phase == END)
		return end(vm);
	if (task->phase == TALK)
		status = vmc_qemu_talk(vm, &boot_script, NULL);
	else
		status = prove(qemu, vm);
	if (status == VMC_AGAIN)
		status = vmc_qemu_live(vm, task, now_ms);
	if (status != VMC_AGAIN || !qemu_vm(vm)->trial)
		return status;
	if (now_ms >= task->mark)
		return VMC_ERR_TIMEOUT; /* never told, see end_trial */
	vmc_task_until(task, task->mark);
	return VMC_AGAIN;
}

/* KVM has failed: nothing of that is told, TCG shall show what is wrong. */
static void end_trial(struct vmc_vm *vm, struct vmc_task *task)
{
	struct qemu_vm *mine = qemu_vm(vm);

	vmc_error_reset(&vm->error);
	vmc_qemu_close_channels(mine);
	vmc_process_signal(mine->pidfd, SIGKILL);
	task->phase = END;
}

static enum vmc_status start_again(struct vmc_qemu *qemu, struct vmc_vm *vm,
				   const struct vmc_vm_config *config,
				   struct vmc_task *task)
{
	struct qemu_vm *mine = qemu_vm(vm);

	vmc_qemu_close(&mine->pidfd);
	mine->trial = 0;
	mine->accel = VMC_QEMU_TCG;
	task->phase = TALK;
	return start_on(qemu, vm, config);
}

/* What follows a phase that has ended well: VMC_AGAIN for another one. */
static enum vmc_status next_phase(struct vmc_qemu *qemu, struct vmc_vm *vm,
				  const struct vmc_vm_config *config,
				  struct vmc_task *task)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status;

	if (task->phase == END) {
		status = start_again(qemu, vm, config, task);
		return status ? status : VMC_AGAIN;
	}
	if (task->phase == TALK && mine->trial) {
		vmc_qemu_talk_begin(mine);
		task->phase = PROVE;
		return VMC_AGAIN;
	}
	if (task->phase == PROVE)
		vmc_qemu_remember(qemu, mine, 1);
	else if (qemu->config.accel == VMC_QEMU_AUTO &&
		 mine->accel == VMC_QEMU_TCG)
		vmc_qemu_remember(qemu, mine, 0);
	mine->trial = 0;
	return VMC_OK;
}

/* Runs phases until one has to wait. */
static enum vmc_status run(struct vmc_qemu *qemu, struct vmc_vm *vm,
			   const struct vmc_vm_config *config,
			   struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;

	for (;;) {
		vmc_qemu_hear(qemu, vm);
		status = run_phase(qemu, vm, task, now_ms);
		if (status == VMC_AGAIN)
			return status;
		if (status < 0 && qemu_vm(vm)->trial) {
			end_trial(vm, task);
			continue;
		}
		if (status == VMC_OK)
			status = next_phase(qemu, vm, config, task);
		if (status != VMC_AGAIN)
			return status;
	}
}

static void remove_rom(const struct qemu_vm *mine)
{
	char path[VMC_QEMU_PATH_SIZE];

	vmc_qemu_path(path, mine->facts.dir, QEMU_ROM);
	unlink(path);
}

/* see qemu_vm.h */
enum vmc_status vmc_qemu_boot(void *ctx, struct vmc_vm *vm,
			      const struct vmc_vm_config *config,
			      struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status = VMC_OK;
	int late = vmc_task_begin(task, now_ms);

	if (!vmc_task_active(task))
		status = begin(ctx, vm, config, task, now_ms);
	if (status == VMC_OK)
		status = run(ctx, vm, config, task, now_ms);
	if (status == VMC_OK)
		remove_rom(mine); /* QEMU has read it */
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	if (late)
		return vmc_task_end(task,
				    vmc_error_set(&vm->error, VMC_ERR_TIMEOUT,
						  "QEMU has not started the "
						  "VM in time",
						  NULL));
	vmc_qemu_wait(mine, task);
	return vmc_task_again(task);
}
