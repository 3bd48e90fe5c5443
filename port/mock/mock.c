/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver with no process. What it keeps:
 *
 * - A VM's serial is its place in the order of boots, from 1. Serial 0 is a
 *   VM that there is none of.
 * - `busy` is set while an operation is in flight on a VM, whichever end it
 *   takes: done, failed, cancelled.
 * - With a book, machine[serial - 1] says the same of `paused` and `held`
 *   as the bytes of the one driver that has the VM.
 */
#include "vmcache_mock.h"

#include <string.h>

#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"

/* What the driver has of one VM. */
struct mock_vm {
	uint32_t serial;
	uint32_t vcpus_max;
	uint32_t memory_max_mib;
	uint8_t paused;
	uint8_t attached;
	uint8_t busy;
};

/* Phases of an operation in flight. */
enum fate { GOES_WELL = 1, GOES_WRONG, HANGS };

static const char *const op_names[] = {
	"boot",       "ready", "pause", "resume", "add vCPUs",
	"add memory", "stop",  "watch", "attach", "save",
};

static struct mock_vm *mock_vm(const struct vmc_vm *vm)
{
	return vm->driver;
}

/*
 * The book
 */

static struct vmc_mock_machine *machine_of(const struct vmc_mock *mock,
					   const struct vmc_vm *vm)
{
	uint32_t serial = mock_vm(vm)->serial;

	if (!mock->machine || serial == 0 || serial > mock->machine_len)
		return NULL;
	return &mock->machine[serial - 1];
}

/* see vmcache_mock.h */
struct vmc_mock_machine *vmc_mock_find(struct vmc_mock *mock, const char *id)
{
	for (uint32_t i = 0; mock->machine && i < mock->machine_len; i++)
		if (!strcmp(mock->machine[i].id, id))
			return &mock->machine[i];
	return NULL;
}

/* see vmcache_mock.h */
void vmc_mock_kill(struct vmc_mock_machine *machine)
{
	machine->killed = 1;
}

static int is_dead(const struct vmc_mock_machine *machine)
{
	return machine->killed || machine->stopped;
}

/* see vmcache_mock.h */
uint32_t vmc_mock_alive(const struct vmc_mock *mock)
{
	uint32_t alive = 0;

	for (uint32_t i = 0; mock->machine && i < mock->machine_len; i++)
		alive += !is_dead(&mock->machine[i]);
	return alive;
}

/* see vmcache_mock.h */
size_t vmc_mock_poll(const struct vmc_mock *mock, struct vmc_wait *waits,
		     size_t waits_len)
{
	size_t some = 0;

	for (size_t i = 0; mock->machine && i < waits_len; i++) {
		vmc_handle at = waits[i].handle - VMC_MOCK_HANDLE_FIRST;

		if (at < 0 || at >= (vmc_handle)mock->machine_len)
			continue;
		waits[i].got = is_dead(&mock->machine[at]) ? VMC_WAIT_HUP : 0;
		some += waits[i].got != 0;
	}
	return some;
}

static void set_paused(struct vmc_mock *mock, struct vmc_vm *vm, int paused)
{
	struct vmc_mock_machine *machine = machine_of(mock, vm);

	mock_vm(vm)->paused = (uint8_t)paused;
	if (machine)
		machine->paused = (uint8_t)paused;
}

static void set_attached(struct vmc_mock *mock, struct vmc_vm *vm, int attached)
{
	struct vmc_mock_machine *machine = machine_of(mock, vm);

	mock_vm(vm)->attached = (uint8_t)attached;
	if (machine)
		machine->held = (uint8_t)attached;
}

/*
 * Scripts
 */

static enum vmc_status misuse(struct vmc_mock *mock, struct vmc_vm *vm,
			      const char *what)
{
	mock->misused++;
	if (!mock->misuse)
		mock->misuse = what;
	return vmc_error_set(&vm->error, VMC_ERR_STATE, what, vm->id);
}

static enum fate fate_of(struct vmc_mock *mock, enum vmc_mock_op op)
{
	const struct vmc_mock_script *script = &mock->script[op];
	uint32_t call = ++mock->called[op];

	if (script->wrong_from == 0 || call < script->wrong_from)
		return GOES_WELL;
	if (script->wrong_len && call - script->wrong_from >= script->wrong_len)
		return GOES_WELL;
	return script->status == VMC_AGAIN ? HANGS : GOES_WRONG;
}

static enum vmc_status go_wrong(struct vmc_mock *mock, struct vmc_vm *vm,
				enum vmc_mock_op op)
{
	const struct vmc_mock_script *script = &mock->script[op];

	mock->failed[op]++;
	return vmc_error_set(&vm->error,
			     script->status ? script->status : VMC_ERR_VM,
			     script->text ? script->text : "fails, as scripted",
			     script->text ? NULL : op_names[op]);
}

static void cancel_op(struct vmc_task *task)
{
	struct vmc_vm *vm = task->owner;
	struct vmc_mock *mock = vm->hypervisor.ctx;

	mock_vm(vm)->busy = 0;
	mock->cancelled[task->aux]++;
}

static void begin_op(struct vmc_mock *mock, struct vmc_vm *vm,
		     enum vmc_mock_op op, struct vmc_task *task,
		     uint64_t now_ms)
{
	enum fate fate = fate_of(mock, op);

	if (op == VMC_MOCK_WATCH && fate == GOES_WELL)
		fate = HANGS; /* the VM lives on */
	task->phase = (uint8_t)fate;
	task->mark = now_ms + mock->script[op].delay_ms;
	task->owner = vm;
	task->aux = (uint16_t)op;
	task->cancel = cancel_op;
	mock_vm(vm)->busy = 1;
}

/* VMC_AGAIN until the script's time has come; then how the call ends. */
static enum vmc_status play(struct vmc_mock *mock, struct vmc_vm *vm,
			    enum vmc_mock_op op, struct vmc_task *task,
			    uint64_t now_ms)
{
	struct vmc_mock_machine *machine = machine_of(mock, vm);

	if (op != VMC_MOCK_ATTACH && machine && is_dead(machine)) {
		mock->failed[op]++;
		return vmc_error_set(&vm->error, VMC_ERR_VM, "VM has died",
				     vm->id);
	}
	if (task->phase == HANGS)
		return VMC_AGAIN;
	if (now_ms < task->mark) {
		vmc_task_until(task, task->mark);
		return VMC_AGAIN;
	}
	return task->phase == GOES_WRONG ? go_wrong(mock, vm, op) : VMC_OK;
}

static enum vmc_status end_op(struct vmc_vm *vm, struct vmc_task *task,
			      enum vmc_status status)
{
	mock_vm(vm)->busy = 0;
	return vmc_task_end(task, status);
}

static enum vmc_status late_op(struct vmc_mock *mock, struct vmc_vm *vm,
			       enum vmc_mock_op op, struct vmc_task *task)
{
	mock->failed[op]++;
	return end_op(vm, task,
		      vmc_error_set(&vm->error, VMC_ERR_TIMEOUT,
				    "not done in time", op_names[op]));
}

/* Runs one operation; the caller does to the VM what it is for. */
static enum vmc_status run_op(struct vmc_mock *mock, struct vmc_vm *vm,
			      enum vmc_mock_op op, struct vmc_task *task,
			      uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	if (!vmc_task_active(task)) {
		if (mock_vm(vm)->busy)
			return vmc_task_end(
				task, misuse(mock, vm,
					     "another operation is in flight"));
		begin_op(mock, vm, op, task, now_ms);
	}
	if (late)
		return late_op(mock, vm, op, task);
	status = play(mock, vm, op, task, now_ms);
	if (status == VMC_AGAIN)
		return vmc_task_again(task);
	return end_op(vm, task, status);
}

/* The same, of an operation that needs the VM's control channel. */
static enum vmc_status run_attached(struct vmc_mock *mock, struct vmc_vm *vm,
				    enum vmc_mock_op op, struct vmc_task *task,
				    uint64_t now_ms)
{
	if (!mock_vm(vm)->attached) {
		if (vmc_task_active(task))
			mock_vm(vm)->busy = 0;
		return vmc_task_end(task,
				    misuse(mock, vm, "VM is not attached"));
	}
	return run_op(mock, vm, op, task, now_ms);
}

/*
 * Operations
 */

static enum vmc_status make(struct vmc_mock *mock, struct vmc_vm *vm,
			    const struct vmc_vm_config *config)
{
	struct mock_vm *mine = mock_vm(vm);
	struct vmc_mock_machine *machine;

	if (mine->serial)
		return misuse(mock, vm, "VM was booted before");
	if (mock->machine && mock->machine_len >= mock->machine_max)
		return vmc_error_set_number(&vm->error, VMC_ERR_FULL,
					    "machines left of",
					    mock->machine_max);
	mine->serial = ++mock->machine_len;
	machine = machine_of(mock, vm);
	if (machine) {
		memset(machine, 0, sizeof(*machine));
		memcpy(machine->id, vm->id, sizeof(machine->id));
	}
	if (vm->memory_mib == 0)
		vm->memory_mib = VMC_MOCK_MEMORY_MIB;
	mine->vcpus_max = config->vcpus_max ? config->vcpus_max : vm->vcpus;
	mine->memory_max_mib = config->memory_max_mib ? config->memory_max_mib :
							vm->memory_mib;
	if (mock->pid_first)
		vm->pid = mock->pid_first + mine->serial - 1;
	set_attached(mock, vm, 1);
	return VMC_OK;
}

static enum vmc_status set_agent_url(const struct vmc_mock *mock,
				     struct vmc_vm *vm)
{
	size_t len = mock->agent_url ? strlen(mock->agent_url) : 0;

	if (len >= sizeof(vm->agent_url))
		return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
					    "agent_url: bytes allowed",
					    sizeof(vm->agent_url) - 1);
	if (len)
		memcpy(vm->agent_url, mock->agent_url, len + 1);
	return VMC_OK;
}

static enum vmc_status mock_boot(void *ctx, struct vmc_vm *vm,
				 const struct vmc_vm_config *config,
				 struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_mock *mock = ctx;
	enum vmc_status status;

	if (!vmc_task_active(task)) {
		status = make(mock, vm, config);
		if (status)
			return vmc_task_end(task, status);
	}
	status = run_op(mock, vm, VMC_MOCK_BOOT, task, now_ms);
	return status ? status : set_agent_url(mock, vm);
}

static enum vmc_status mock_ready(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	return run_attached(ctx, vm, VMC_MOCK_READY, task, now_ms);
}

static enum vmc_status mock_pause(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status =
		run_attached(ctx, vm, VMC_MOCK_PAUSE, task, now_ms);

	if (status == VMC_OK)
		set_paused(ctx, vm, 1);
	return status;
}

static enum vmc_status mock_resume(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status =
		run_attached(ctx, vm, VMC_MOCK_RESUME, task, now_ms);

	if (status == VMC_OK)
		set_paused(ctx, vm, 0);
	return status;
}

static enum vmc_status mock_add_vcpus(void *ctx, struct vmc_vm *vm,
				      uint32_t count, struct vmc_task *task,
				      uint64_t now_ms)
{
	const struct mock_vm *mine = mock_vm(vm);

	if ((uint64_t)vm->vcpus + count > mine->vcpus_max)
		return vmc_task_end(
			task, vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
						   "more vCPUs than vcpus_max",
						   mine->vcpus_max));
	return run_attached(ctx, vm, VMC_MOCK_ADD_VCPUS, task, now_ms);
}

static enum vmc_status mock_add_memory(void *ctx, struct vmc_vm *vm,
				       uint32_t mib, struct vmc_task *task,
				       uint64_t now_ms)
{
	const struct mock_vm *mine = mock_vm(vm);

	if ((uint64_t)vm->memory_mib + mib > mine->memory_max_mib)
		return vmc_task_end(
			task,
			vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
					     "more memory than memory_max_mib",
					     mine->memory_max_mib));
	return run_attached(ctx, vm, VMC_MOCK_ADD_MEMORY, task, now_ms);
}

/* A stop goes on until it has ended: no deadline, no failure. */
static enum vmc_status mock_stop(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_mock *mock = ctx;
	struct vmc_mock_machine *machine = machine_of(mock, vm);

	task->deadline_ms = VMC_NEVER;
	if (vmc_task_begin(task, now_ms))
		return VMC_AGAIN;
	if (!vmc_task_active(task)) {
		if (mock_vm(vm)->busy)
			(void)misuse(mock, vm, "stopped amid an operation");
		begin_op(mock, vm, VMC_MOCK_STOP, task, now_ms);
	}
	if (now_ms < task->mark) {
		vmc_task_until(task, task->mark);
		return vmc_task_again(task);
	}
	if (machine) {
		machine->stopped++;
		machine->held = 0;
	}
	memset(vm->driver, 0, sizeof(struct mock_vm));
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status mock_watch(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_mock *mock = ctx;
	struct vmc_mock_machine *machine = machine_of(mock, vm);
	enum vmc_status status =
		run_attached(mock, vm, VMC_MOCK_WATCH, task, now_ms);

	if (status == VMC_AGAIN && machine)
		vmc_task_wait(task,
			      VMC_MOCK_HANDLE_FIRST + (machine - mock->machine),
			      VMC_WAIT_HUP);
	return status;
}

static void mock_probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	const struct vmc_mock_machine *machine = machine_of(ctx, vm);
	const struct mock_vm *mine = mock_vm(vm);

	probe->alive = mine->serial != 0 && !(machine && is_dead(machine));
	probe->paused = mine->paused;
	probe->attached = mine->attached;
}

/*
 * Handing over
 */

static void put_member(struct vmc_json_writer *w, const char *key,
		       uint32_t number)
{
	vmc_json_put_key(w, key);
	vmc_json_put_u64(w, number);
}

static enum vmc_status mock_save(void *ctx, struct vmc_vm *vm, uint8_t *out,
				 size_t cap, size_t *out_len)
{
	struct vmc_mock *mock = ctx;
	const struct mock_vm *mine = mock_vm(vm);
	struct vmc_json_writer w;

	if (mine->serial == 0)
		return misuse(mock, vm, "there is no VM to save");
	if (fate_of(mock, VMC_MOCK_SAVE) != GOES_WELL)
		return go_wrong(mock, vm, VMC_MOCK_SAVE);
	vmc_json_writer_init(&w, out, cap);
	vmc_json_begin_object(&w);
	vmc_json_put_key(&w, "ID");
	vmc_json_put_text(&w, vm->id);
	put_member(&w, "Serial", mine->serial);
	put_member(&w, "MaxVCPUs", mine->vcpus_max);
	put_member(&w, "MaxMemory", mine->memory_max_mib);
	vmc_json_end_object(&w);
	if (vmc_json_writer_end(&w, out_len) == VMC_OK)
		return VMC_OK;
	return vmc_error_set_number(&vm->error, VMC_ERR_TOO_BIG,
				    "saved VM: bytes allowed", cap);
}

static uint32_t take_u32(struct vmc_json_reader *r)
{
	return (uint32_t)vmc_json_take_u64(r, UINT32_MAX);
}

static enum vmc_status read_members(struct mock_vm *mine, const char *id,
				    struct vmc_view saved,
				    struct vmc_error *error)
{
	struct vmc_json_reader r;
	struct vmc_view key;
	int is_ours = 0;

	vmc_json_reader_init(&r, saved);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key)) {
		if (vmc_json_text_is(key, "ID"))
			is_ours =
				vmc_json_text_is(vmc_json_take_string(&r), id);
		else if (vmc_json_text_is(key, "Serial"))
			mine->serial = take_u32(&r);
		else if (vmc_json_text_is(key, "MaxVCPUs"))
			mine->vcpus_max = take_u32(&r);
		else if (vmc_json_text_is(key, "MaxMemory"))
			mine->memory_max_mib = take_u32(&r);
		else
			vmc_json_skip(&r);
	}
	if (vmc_json_end(&r) != VMC_OK)
		return vmc_json_explain(&r, "saved mock VM", error);
	if (is_ours && mine->serial)
		return VMC_OK;
	return vmc_error_set(error, VMC_ERR_MALFORMED,
			     "not a saved mock VM of that id", id);
}

static enum vmc_status read_saved(struct vmc_vm *vm, struct vmc_view saved)
{
	struct mock_vm *mine = mock_vm(vm);
	enum vmc_status status = read_members(mine, vm->id, saved, &vm->error);

	if (status)
		memset(mine, 0, sizeof(*mine));
	return status;
}

/* In a world that keeps book, whether the VM can be had. */
static enum vmc_status look_up(struct vmc_mock *mock, struct vmc_vm *vm)
{
	const struct vmc_mock_machine *machine = machine_of(mock, vm);

	if (!mock->machine)
		return VMC_OK;
	if (!machine || is_dead(machine) || strcmp(machine->id, vm->id))
		return vmc_error_set(&vm->error, VMC_ERR_NOT_FOUND,
				     "VM is gone", vm->id);
	if (machine->held)
		return vmc_error_set(&vm->error, VMC_ERR_IN_USE,
				     "somebody else holds the VM", vm->id);
	return VMC_OK;
}

static enum vmc_status begin_attach(struct vmc_mock *mock, struct vmc_vm *vm,
				    struct vmc_view saved)
{
	if (mock_vm(vm)->attached)
		return misuse(mock, vm, "VM is attached already");
	if (saved.ptr)
		return read_saved(vm, saved);
	if (mock_vm(vm)->serial == 0)
		return misuse(mock, vm, "there is no VM to attach");
	return VMC_OK;
}

static enum vmc_status mock_attach(void *ctx, struct vmc_vm *vm,
				   struct vmc_view saved, struct vmc_task *task,
				   uint64_t now_ms)
{
	struct vmc_mock *mock = ctx;
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(task))
		status = begin_attach(mock, vm, saved);
	if (status)
		return vmc_task_end(task, status);
	status = run_op(mock, vm, VMC_MOCK_ATTACH, task, now_ms);
	if (status == VMC_OK)
		status = look_up(mock, vm);
	if (status)
		return status;
	set_attached(mock, vm, 1);
	set_paused(mock, vm, 1);
	return VMC_OK;
}

static void mock_detach(void *ctx, struct vmc_vm *vm)
{
	struct vmc_mock *mock = ctx;

	mock->called[VMC_MOCK_DETACH]++;
	if (mock_vm(vm)->busy)
		(void)misuse(mock, vm, "detached amid an operation");
	set_attached(mock, vm, 0);
}

static void mock_release(void *ctx, struct vmc_vm *vm)
{
	struct vmc_mock *mock = ctx;
	struct vmc_mock_machine *machine = machine_of(mock, vm);

	mock->called[VMC_MOCK_RELEASE]++;
	if (mock_vm(vm)->busy)
		(void)misuse(mock, vm, "released amid an operation");
	if (machine)
		machine->released++;
	/* Let go of before, it may be somebody else's by now. */
	if (mock_vm(vm)->attached)
		set_attached(mock, vm, 0);
	memset(vm->driver, 0, sizeof(struct mock_vm));
}

static struct vmc_view mock_console(void *ctx, struct vmc_vm *vm)
{
	(void)vm;
	return vmc_view_of(((const struct vmc_mock *)ctx)->console);
}

/* see vmcache_mock.h */
const struct vmc_hypervisor_ops vmc_mock_ops = {
	.name = "mock",
	.vm_size = sizeof(struct mock_vm),
	.vm_align = _Alignof(struct mock_vm),
	.boot = mock_boot,
	.ready = mock_ready,
	.pause = mock_pause,
	.resume = mock_resume,
	.add_vcpus = mock_add_vcpus,
	.add_memory = mock_add_memory,
	.stop = mock_stop,
	.watch = mock_watch,
	.probe = mock_probe,
	.save = mock_save,
	.detach = mock_detach,
	.attach = mock_attach,
	.release = mock_release,
	.console = mock_console,
};
