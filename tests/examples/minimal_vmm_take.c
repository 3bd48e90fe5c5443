/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end (see minimal_vmm.h): a second process, which takes a VM from
 * the cache and steers it by what it is told of it. Its driver does one thing,
 * asking at the control socket; that waits, so it shows how a task is written.
 */
#include "minimal_vmm.h"

#include <vmcache_posix.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 10000

/* What the taker has of a VM. */
struct taken {
	vmc_handle stream;
	char control[VMC_POSIX_ENDPOINT_SIZE];
	char line[128]; /* asked, then answered */
	size_t len;
};

static struct vmc_posix_env_state env_state;
static struct vmc_env env;

/*
 * Asking
 */

static enum vmc_status say(struct taken *taken, const char *verb,
			   struct vmc_vm *vm)
{
	struct vmc_port port = vmc_posix_port(NULL);
	struct vmc_view part = { (const uint8_t *)taken->line, 0 };
	enum vmc_status status = port.ops->connect(port.ctx, taken->control,
						   &taken->stream, &vm->error);
	size_t len;

	taken->len = 0;
	if (status)
		return status == VMC_AGAIN ? VMC_ERR_BUSY : status;
	part.ptr_len = (size_t)snprintf(taken->line, sizeof(taken->line),
					"%s %s\n", verb, vm->id);
	/* a line always fits in what a new connection takes */
	return port.ops->send(port.ctx, taken->stream, &part, 1, NULL, &len);
}

/* VMC_OK once its end has come. */
static enum vmc_status hear(struct taken *taken)
{
	struct vmc_port port = vmc_posix_port(NULL);
	enum vmc_status status;
	size_t len = 0;

	while ((status = port.ops->recv(port.ctx, taken->stream,
					(uint8_t *)taken->line + taken->len,
					sizeof(taken->line) - 1 - taken->len,
					&len, NULL)) == VMC_OK)
		taken->len += len;
	taken->line[taken->len] = '\0';
	return status == VMC_CLOSED ? VMC_OK : status;
}

static void hang_up(struct vmc_task *task)
{
	struct vmc_vm *vm = task->owner;

	vmc_posix_close(NULL, ((struct taken *)vm->driver)->stream);
}

static enum vmc_status ask(struct vmc_vm *vm, const char *verb,
			   struct vmc_task *task, uint64_t now_ms)
{
	struct taken *taken = vm->driver;
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	if (!vmc_task_active(task)) {
		status = say(taken, verb, vm);
		if (status)
			return vmc_task_end(task, status);
		task->phase = 1;
		task->owner = vm;
		task->cancel = hang_up;
	}
	status = hear(taken);
	if (status == VMC_AGAIN && !late) {
		vmc_task_wait(task, taken->stream, VMC_WAIT_READ);
		return vmc_task_again(task);
	}
	hang_up(task);
	if (status == VMC_AGAIN)
		status = VMC_ERR_TIMEOUT;
	if (status == VMC_OK && strncmp(taken->line, "ok ", 3) != 0)
		status = VMC_ERR_VM;
	if (status)
		vmc_error_set(&vm->error, status, "its VMM", taken->line);
	return vmc_task_end(task, status);
}

/*
 * The driver: what a taker needs of it
 */

static enum vmc_status pause_vm(void *ctx, struct vmc_vm *vm,
				struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	return ask(vm, "pause", task, now_ms);
}

static enum vmc_status resume(void *ctx, struct vmc_vm *vm,
			      struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	return ask(vm, "resume", task, now_ms);
}

static enum vmc_status stop(void *ctx, struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)ctx;
	return ask(vm, "stop", task, now_ms);
}

static enum vmc_status attach(void *ctx, struct vmc_vm *vm,
			      struct vmc_view saved, struct vmc_task *task,
			      uint64_t now_ms)
{
	struct taken *taken = vm->driver;
	char words[VMC_HYPERVISOR_SIZE + 1];

	(void)ctx;
	if (!vmc_task_active(task)) {
		if (saved.ptr_len >= sizeof(words))
			return vmc_task_end(task, VMC_ERR_TOO_BIG);
		memcpy(words, saved.ptr, saved.ptr_len);
		words[saved.ptr_len] = '\0';
		if (sscanf(words, "{\"ControlPath\":\"%107[^\"]\"}",
			   taken->control) != 1)
			return vmc_task_end(task, VMC_ERR_MALFORMED);
	}
	return ask(vm, "beats", task, now_ms);
}

static void release(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	(void)vm;
}

static const struct vmc_hypervisor_ops taker_ops = {
	.name = "minimal",
	.vm_size = sizeof(struct taken),
	.vm_align = _Alignof(struct taken),
	.pause = pause_vm,
	.resume = resume,
	.stop = stop,
	.attach = attach,
	.release = release,
};

/*
 * The program
 */

/* Blocking: any task to its end. */
#define DO(vm, call)                                                           \
	do {                                                                   \
		struct vmc_task task = VMC_TASK_INIT;                          \
		enum vmc_status ended;                                         \
                                                                               \
		task.deadline_ms = env.now_ms(env.ctx) + PATIENCE_MS;          \
		VMC_POSIX_BLOCK(ended, NULL, env, &task, call);                \
		if (ended)                                                     \
			give_up(vm, #call, ended);                             \
	} while (0)

static _Noreturn void give_up(const struct vmc_vm *vm, const char *what,
			      enum vmc_status status)
{
	fprintf(stderr, "minimal_vmm: %s: %s: %s\n", what,
		vmc_status_words(status), vm->error.text);
	exit(1);
}

static unsigned long long beats_of(struct vmc_vm *vm)
{
	DO(vm, ask(vm, "beats", &task, env.now_ms(env.ctx)));
	return strtoull(((struct taken *)vm->driver)->line + 3, NULL, 10);
}

/* Asks until it has beaten again. */
static unsigned long long next_beat(struct vmc_vm *vm)
{
	uint64_t until_ms = env.now_ms(env.ctx) + PATIENCE_MS;
	unsigned long long before = beats_of(vm), beats = before;

	while (beats == before && env.now_ms(env.ctx) < until_ms)
		beats = beats_of(vm);
	if (beats == before)
		give_up(vm, "no beat", VMC_ERR_TIMEOUT);
	return beats;
}

static void get(struct vmc_vm *vm, const char *endpoint)
{
	static struct vmc_channel channel;
	static struct vmc_factory_remote remote = { .channel = &channel };
	static struct vmc_get_vm get;
	static uint8_t window[VMC_CHANNEL_WINDOW_SIZE];
	struct vmc_channel_config config = {
		.port = vmc_posix_port(NULL),
		.endpoint = endpoint,
		.stream = VMC_HANDLE_NONE,
		.window = window,
		.window_len = sizeof(window),
	};
	enum vmc_status status = vmc_channel_init(&channel, &config);

	if (status)
		give_up(vm, "vmc_channel_init", status);
	get.base.ops = &vmc_factory_remote_ops;
	get.base.ctx = &remote;
	get.env = env;
	DO(vm, vmc_factory_get_vm(&get, vm, &task, env.now_ms(env.ctx)));
	vmc_channel_close(&channel);
}

/* see minimal_vmm.h */
int take(const char *endpoint)
{
	static const struct vmc_agent agent = VMC_AGENT_NOOP;
	static struct taken taken;
	static struct vmc_vm vm;
	struct vmc_hypervisor hypervisor = { &taker_ops, NULL };
	unsigned long long beats;

	env = vmc_posix_env(&env_state);
	vmc_vm_init(&vm, hypervisor, &taken, agent);
	get(&vm, endpoint);
	printf("took %s\n", vm.id);
	beats = next_beat(&vm);
	printf("beats %llu\n", beats);
	DO(&vm, vmc_vm_pause(&vm, &task, env.now_ms(env.ctx)));
	printf("paused\n");
	DO(&vm, vmc_vm_stop(&vm, &task, env.now_ms(env.ctx)));
	printf("stopped\n");
	return 0;
}
