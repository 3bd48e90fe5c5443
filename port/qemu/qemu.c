/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver: its configuration, and the operations on a VM that are one
 * conversation or none. Booting, stopping and attaching have files of their
 * own.
 */
#include "qemu_vm.h"
#include "qemu_agent.h"
#include "qemu_files.h"
#include "qemu_plan.h"
#include "../../src/base/options.h"
#include "../../src/base/text.h"

#include <stdio.h>
#include <string.h>

#define RUN_DIR_DEFAULT "/run/vc/vm"
#define ROOT_PORTS_DEFAULT 2
#define ROOT_PORTS_MAX 16
#define TRIAL_MS_DEFAULT 5000
#define STOP_MS_DEFAULT 2000
#define ATTACH_MS_DEFAULT 3000

/* A UUID and the '/' before it must fit behind the run directory. */
#define RUN_DIR_MAX (VMC_QEMU_DIR_SIZE - 1 - 37)

_Static_assert(sizeof(struct qemu_vm) <= VMC_QEMU_VM_SIZE,
	       "VMC_QEMU_VM_SIZE says less than a VM needs");

/*
 * Configuration
 */

static void set_defaults(struct vmc_qemu_config *config)
{
	if (!config->run_dir || !*config->run_dir)
		config->run_dir = RUN_DIR_DEFAULT;
	if (config->ready && !*config->ready)
		config->ready = NULL;
	if (config->cpu && !*config->cpu)
		config->cpu = NULL;
	if (config->agent_port == 0)
		config->agent_port = VMC_QEMU_AGENT_PORT;
	if (config->root_ports == 0)
		config->root_ports = ROOT_PORTS_DEFAULT;
	if (config->trial_ms == 0)
		config->trial_ms = TRIAL_MS_DEFAULT;
	if (config->stop_ms == 0)
		config->stop_ms = STOP_MS_DEFAULT;
	if (config->attach_ms == 0)
		config->attach_ms = ATTACH_MS_DEFAULT;
}

static enum vmc_status check_numbers(const struct vmc_qemu_config *config,
				     struct vmc_error *error)
{
	if (config->root_ports > ROOT_PORTS_MAX)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "root ports: at most",
					    ROOT_PORTS_MAX);
	if ((unsigned)config->accel > VMC_QEMU_TCG)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "unknown accelerator",
					    (uint64_t)config->accel);
	if ((unsigned)config->agent > VMC_QEMU_AGENT_VSOCK)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "unknown kind of agent",
					    (uint64_t)config->agent);
	if (config->agent_port == UINT32_MAX)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "agent's vsock port: at most",
					    UINT32_MAX - 1);
	return VMC_OK;
}

static enum vmc_status check_texts(const struct vmc_qemu_config *config,
				   struct vmc_error *error)
{
	if (config->run_dir[0] != '/')
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "run directory must begin with '/'",
				     config->run_dir);
	if (strlen(config->run_dir) > RUN_DIR_MAX)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"run directory is too long; bytes allowed",
			RUN_DIR_MAX);
	if (config->ready && strlen(config->ready) >= VMC_QEMU_READY_SIZE)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"ready text is too long; bytes allowed",
			VMC_QEMU_READY_SIZE - 1);
	if (config->cpu && strcspn(config->cpu, ",") >= QMP_CPU_SIZE)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"CPU model is too long; bytes allowed",
			QMP_CPU_SIZE - 1);
	return VMC_OK;
}

/* see vmcache_qemu.h */
enum vmc_status vmc_qemu_init_checked(struct vmc_qemu *qemu,
				      const struct vmc_qemu_config *config,
				      struct vmc_error *error, size_t qemu_size,
				      unsigned options)
{
	enum vmc_status status =
		vmc_options_check(error, qemu_size, options, sizeof(*qemu));

	if (status)
		return status;
	memset(qemu, 0, sizeof(*qemu));
	qemu->config = *config;
	set_defaults(&qemu->config);
	status = check_numbers(&qemu->config, error);
	return status ? status : check_texts(&qemu->config, error);
}

static enum vmc_status check_device(const char *path, const char *what,
				    struct vmc_error *error)
{
	int number = vmc_qemu_device_errno(path);

	if (number)
		return vmc_linux_error(error, number, what, path);
	return VMC_OK;
}

static enum vmc_status check_files(const struct vmc_qemu *qemu,
				   const struct vmc_vm_config *config,
				   struct vmc_error *error)
{
	enum vmc_status status;

	status = vmc_qemu_check_readable(config->kernel, "kernel", error);
	if (status == VMC_OK)
		status = vmc_qemu_check_readable(config->initrd, "initrd",
						 error);
	if (status == VMC_OK)
		status = vmc_qemu_check_readable(config->image, "image", error);
	if (status == VMC_OK)
		status = vmc_qemu_check_readable(config->firmware, "firmware",
						 error);
	if (status == VMC_OK && qemu->config.accel == VMC_QEMU_KVM)
		status = check_device(QEMU_KVM, "KVM:", error);
	if (status == VMC_OK && qemu->config.agent == VMC_QEMU_AGENT_VSOCK)
		status = check_device(QEMU_VSOCK, "vsock:", error);
	return status;
}

/* see vmcache_qemu.h */
enum vmc_status vmc_qemu_check(const struct vmc_qemu *qemu,
			       const struct vmc_vm_config *config,
			       struct vmc_error *error)
{
	char program[QEMU_PROGRAM_SIZE];
	struct qemu_plan plan;
	enum vmc_status status;

	status = vmc_qemu_plan(qemu, config, &plan, program, error);
	if (status == VMC_OK)
		status = check_files(qemu, &plan.config, error);
	if (status == VMC_OK)
		status = vmc_qemu_run_dir_make(qemu->config.run_dir, error);
	return status;
}

/* see vmcache_qemu.h */
const char *vmc_qemu_accel_name(const struct vmc_qemu *qemu)
{
	if (qemu->config.accel == VMC_QEMU_KVM)
		return "kvm";
	if (qemu->config.accel == VMC_QEMU_TCG)
		return "tcg";
	if (qemu->tried == 0)
		return "auto";
	return qemu->tried_well ? "kvm" : "tcg";
}

/*
 * Those that were handed out
 */

/* see vmcache_qemu.h */
void vmc_qemu_reap(struct vmc_qemu *qemu)
{
	char dir[VMC_QEMU_DIR_SIZE];
	size_t i;

	for (i = 0; i < VMC_QEMU_HANDED_MAX; i++) {
		struct vmc_qemu_handed *handed = &qemu->handed[i];

		if (handed->pid == 0 || !vmc_process_reap(handed->pid))
			continue;
		handed->pid = 0;
		snprintf(dir, sizeof(dir), "%s/%s", qemu->config.run_dir,
			 handed->id);
		vmc_qemu_dir_remove(dir);
	}
}

static struct vmc_qemu_handed *free_entry(struct vmc_qemu *qemu)
{
	size_t i;

	for (i = 0; i < VMC_QEMU_HANDED_MAX; i++)
		if (qemu->handed[i].pid == 0)
			return &qemu->handed[i];
	i = qemu->handed_next++ % VMC_QEMU_HANDED_MAX;
	return &qemu->handed[i];
}

static void qemu_release(void *ctx, struct vmc_vm *vm)
{
	struct vmc_qemu *qemu = ctx;
	struct qemu_vm *mine = qemu_vm(vm);
	struct vmc_qemu_handed *handed;

	if (!mine->begun)
		return;
	if (mine->child && !mine->ended) {
		vmc_qemu_reap(qemu);
		handed = free_entry(qemu);
		handed->pid = (int32_t)mine->facts.pid;
		memcpy(handed->id, vm->id, sizeof(handed->id));
	}
	mine->dir_made = 0; /* its new owner's */
	vmc_qemu_clear(vm);
}

/*
 * Operations that are a conversation
 */

static const struct qemu_script pause_script = {
	.name = "pause",
	.request = { QMP_STOP, QMP_STATUS },
	.request_len = 2,
	.run_state = "paused",
};

static const struct qemu_script resume_script = {
	.name = "resume",
	.request = { QMP_CONT, QMP_STATUS },
	.request_len = 2,
	.resumes = 1,
	.run_state = "running",
};

static const struct qemu_script add_vcpu_script = {
	.name = "add a vCPU",
	.request = { QMP_ADD_CPU },
	.request_len = 1,
};

static const struct qemu_script add_memory_script = {
	.name = "add memory",
	.request = { QMP_ADD_MEMORY, QMP_ADD_DIMM },
	.request_len = 2,
};

static enum vmc_status set_late(struct vmc_vm *vm, const char *name)
{
	char text[64];

	snprintf(text, sizeof(text), "%s: QEMU has not answered in time", name);
	return vmc_error_set(&vm->error, VMC_ERR_TIMEOUT, text, NULL);
}

/* Runs a script as a whole operation; the caller does what follows. */
static enum vmc_status operate(struct vmc_qemu *qemu, struct vmc_vm *vm,
			       const struct qemu_script *script,
			       const struct qmp_command *arguments,
			       struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	if (!vmc_task_active(task)) {
		if (!mine->begun || !mine->attached)
			return vmc_task_end(
				task, vmc_error_set(&vm->error, VMC_ERR_STATE,
						    "VM is not attached",
						    script->name));
		vmc_qemu_talk_begin(mine);
		task->phase = 1;
	} else {
		vmc_qemu_hear(qemu, vm);
	}
	status = vmc_qemu_talk(vm, script, arguments);
	if (status == VMC_AGAIN)
		status = vmc_qemu_live(vm, task, now_ms);
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	if (late)
		return vmc_task_end(task, set_late(vm, script->name));
	vmc_qemu_wait(mine, task);
	return vmc_task_again(task);
}

static enum vmc_status qemu_pause(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status =
		operate(ctx, vm, &pause_script, NULL, task, now_ms);

	if (status == VMC_OK) {
		vmc_qemu_hear(ctx, vm); /* the last of the console */
		vmc_qemu_close(&mine->console);
		mine->paused = 1;
		mine->stopped = 0;
	}
	return status;
}

static enum vmc_status qemu_resume(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_qemu *qemu = ctx;
	enum vmc_status status;

	if (qemu->config.hold_console && !vmc_task_active(task) &&
	    qemu_vm(vm)->attached)
		vmc_qemu_hold_console(vm);
	status = operate(ctx, vm, &resume_script, NULL, task, now_ms);
	if (status == VMC_OK)
		qemu_vm(vm)->paused = 0;
	return status;
}

static enum vmc_status check_growth(struct vmc_vm *vm, const char *what,
				    uint64_t wanted, uint32_t most)
{
	const struct qemu_vm *mine = qemu_vm(vm);

	if (mine->facts.machine == QEMU_MICROVM)
		return vmc_error_set(&vm->error, VMC_ERR_UNSUPPORTED,
				     "machine type microvm cannot grow", what);
	if (wanted > most)
		return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG, what,
					    most);
	return VMC_OK;
}

/* vCPUs are added one by one; task->aux is how many are left. */
static enum vmc_status qemu_add_vcpus(void *ctx, struct vmc_vm *vm,
				      uint32_t count, struct vmc_task *task,
				      uint64_t now_ms)
{
	struct qemu_facts *facts = &qemu_vm(vm)->facts;
	struct qmp_command command = { .cpu = facts->cpu };
	enum vmc_status status = VMC_OK;
	uint64_t deadline_ms = task->deadline_ms;
	uint32_t left = task->aux;

	if (!vmc_task_active(task)) {
		left = count;
		status = check_growth(vm, "more vCPUs than vcpus_max",
				      (uint64_t)facts->vcpus +
					      facts->vcpus_added + count,
				      facts->vcpus_max);
	}
	while (status == VMC_OK && left) {
		task->aux = (uint16_t)left;
		task->deadline_ms = deadline_ms;
		command.number = facts->vcpus_added;
		command.socket = facts->vcpus + facts->vcpus_added;
		status = operate(ctx, vm, &add_vcpu_script, &command, task,
				 now_ms);
		if (status == VMC_AGAIN)
			return status;
		if (status == VMC_OK) {
			facts->vcpus_added++;
			left--;
		}
	}
	return vmc_task_end(task, status);
}

static enum vmc_status check_dimm(struct vmc_vm *vm, uint32_t mib)
{
	const struct qemu_facts *facts = &qemu_vm(vm)->facts;
	enum vmc_status status = check_growth(
		vm, "more memory than memory_max_mib",
		(uint64_t)facts->memory_mib + facts->memory_added_mib + mib,
		facts->memory_max_mib);

	if (status)
		return status;
	if (facts->dimms >= facts->memory_slots)
		return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
					    "more DIMMs than memory_slots",
					    facts->memory_slots);
	if (mib % VMC_QEMU_DIMM_MIB)
		return vmc_error_set_number(&vm->error, VMC_ERR_ARGUMENT,
					    "memory is added in multiples of "
					    "MiB",
					    VMC_QEMU_DIMM_MIB);
	return VMC_OK;
}

static enum vmc_status qemu_add_memory(void *ctx, struct vmc_vm *vm,
				       uint32_t mib, struct vmc_task *task,
				       uint64_t now_ms)
{
	struct qemu_facts *facts = &qemu_vm(vm)->facts;
	struct qmp_command command = { .number = facts->dimms, .mib = mib };
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(task))
		status = check_dimm(vm, mib);
	if (status)
		return vmc_task_end(task, status);
	status = operate(ctx, vm, &add_memory_script, &command, task, now_ms);
	if (status == VMC_OK) {
		facts->dimms++;
		facts->memory_added_mib += mib;
	}
	return status;
}

/*
 * Looking
 */

static enum vmc_status set_not_ready(struct vmc_vm *vm, const char *ready)
{
	struct vmc_view line = vmc_qemu_console_last_words(&qemu_vm(vm)->said);
	char text[VMC_ERROR_TEXT_SIZE];
	struct vmc_text t;

	vmc_text_init(&t, text, sizeof(text));
	vmc_text_add(&t, "guest has not said \"");
	vmc_text_add_view(&t, (struct vmc_view){ (const uint8_t *)ready,
						 strcspn(ready, "\n") });
	vmc_text_add(&t, line.ptr_len ? "\" in time; its last line: " :
					"\" in time; its console is silent");
	vmc_text_add_view(&t, line);
	return vmc_error_set(&vm->error, VMC_ERR_TIMEOUT, text, NULL);
}

static const struct qemu_script watch_script = {
	.name = "watch",
	.request = { QMP_STATUS },
	.request_len = 1,
	.run_state = "running",
};

/* A guest that has stopped by itself is asked why. */
static enum vmc_status look_for_life(struct vmc_vm *vm,
				     const struct qemu_script *script,
				     struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status = VMC_AGAIN;

	if (mine->stopped)
		status = vmc_qemu_talk(vm, script, NULL);
	if (status == VMC_OK)
		mine->stopped = 0; /* it runs again */
	if (status == VMC_OK || status == VMC_AGAIN)
		status = vmc_qemu_live(vm, task, now_ms);
	return status;
}

static enum vmc_status qemu_ready(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_qemu *qemu = ctx;
	struct qemu_vm *mine = qemu_vm(vm);
	const char *text = vmc_qemu_ready_text(qemu, mine);
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	if (!vmc_task_active(task)) {
		vmc_qemu_talk_begin(mine);
		task->phase = 1;
	}
	vmc_qemu_hear(qemu, vm);
	if (mine->ready || (!text && !mine->stopped && !mine->ended))
		return vmc_task_end(task, VMC_OK);
	status = look_for_life(vm, &vmc_qemu_status_script, task, now_ms);
	if (status == VMC_AGAIN && late)
		status = set_not_ready(vm, text ? text : "");
	if (status == VMC_AGAIN) {
		vmc_qemu_wait(mine, task);
		return vmc_task_again(task);
	}
	if (mine->accel == VMC_QEMU_KVM && status == VMC_ERR_VM)
		vmc_qemu_remember(qemu, mine, 0);
	return vmc_task_end(task, status);
}

static enum vmc_status qemu_watch(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status = VMC_AGAIN;

	if (!vmc_task_active(task)) {
		vmc_qemu_talk_begin(mine);
		task->phase = 1;
	}
	vmc_qemu_hear(ctx, vm);
	if (mine->attached || mine->ended)
		status = look_for_life(vm, &watch_script, task, now_ms);
	if (status == VMC_AGAIN && late)
		status = set_late(vm, "watch");
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	vmc_qemu_wait(mine, task);
	return vmc_task_again(task);
}

static void qemu_probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	const struct qemu_vm *mine = qemu_vm(vm);

	(void)ctx;
	probe->alive = mine->begun && !mine->ended && mine->pidfd >= 0 &&
		       vmc_process_alive(mine->pidfd);
	probe->paused = mine->paused;
	probe->attached = mine->attached && mine->control >= 0;
}

static struct vmc_view qemu_console(void *ctx, struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);

	if (mine->begun)
		vmc_qemu_hear(ctx, vm);
	return vmc_qemu_console_view(&mine->said);
}

/* see vmcache_qemu.h */
void vmc_qemu_console_path(const struct vmc_vm *vm,
			   char out[VMC_QEMU_PATH_SIZE])
{
	vmc_qemu_path(out, qemu_vm(vm)->facts.dir, QEMU_CONSOLE);
}

/*
 * Handing over
 */

static enum vmc_status qemu_save(void *ctx, struct vmc_vm *vm, uint8_t *out,
				 size_t cap, size_t *out_len)
{
	struct qemu_vm *mine = qemu_vm(vm);

	(void)ctx;
	if (!mine->begun)
		return vmc_error_set(&vm->error, VMC_ERR_STATE,
				     "there is no VM to save", vm->id);
	mine->facts.context_id = vm->context_id;
	if (vmc_qemu_facts_write(&mine->facts, vm->id, out, cap, out_len))
		return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
					    "saved VM: bytes allowed", cap);
	return VMC_OK;
}

static void qemu_detach(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	vmc_qemu_close_channels(qemu_vm(vm));
}

/* see vmcache_qemu.h */
const struct vmc_hypervisor_ops vmc_qemu_ops = {
	.name = "qemu",
	.vm_size = sizeof(struct qemu_vm),
	.vm_align = _Alignof(struct qemu_vm),
	.boot = vmc_qemu_boot,
	.ready = qemu_ready,
	.pause = qemu_pause,
	.resume = qemu_resume,
	.add_vcpus = qemu_add_vcpus,
	.add_memory = qemu_add_memory,
	.stop = vmc_qemu_stop,
	.watch = qemu_watch,
	.probe = qemu_probe,
	.save = qemu_save,
	.detach = qemu_detach,
	.attach = vmc_qemu_attach,
	.release = qemu_release,
	.console = qemu_console,
};
