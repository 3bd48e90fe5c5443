/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a VM (see cli_take.h). */
#include "cli_take.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli_foreign.h"
#include "cli_signals.h"

/* see cli_take.h */
uint64_t cli_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static const struct cli_options *options_of(const struct cli_take *take)
{
	return take->call.options;
}

/* ---- What the server's VMs are ---- */

/*
 * Kata 1.x names the agent; later ones know no other than their own, and
 * configure it.
 */
static void name_agent(struct cli_take *take,
		       const struct cli_agent_config *config)
{
	struct cli_settings *settings = &take->settings;

	take->agent_said = settings->vm.agent != NULL;
	if (!take->agent_said)
		settings->vm.agent = config->empty ? "noop" : "kata";
	if (config->vsock)
		settings->qemu.agent = VMC_QEMU_AGENT_VSOCK;
	take->agent.kata.dial_timeout_ms = config->dial_timeout_s * 1000;
}

static enum vmc_status read_config(struct cli_take *take,
				   const struct vmc_cache_config *config,
				   struct vmc_error *error)
{
	struct cli_agent_config agent;
	enum vmc_status status;

	status = cli_vm_config_read(config->data, take->texts,
				    sizeof(take->texts), &take->settings.vm,
				    error);
	if (status == VMC_OK)
		status = cli_agent_config_read(config->agent_config, &agent,
					       error);
	if (status == VMC_OK)
		name_agent(take, &agent);
	return status;
}

static enum cli_exit interrupted(struct cli_take *take)
{
	cli_complain(options_of(take), "stopped by signal %d",
		     cli_signals_first());
	return CLI_FAILED;
}

static enum cli_exit learn(struct cli_take *take)
{
	struct cli_call *call = &take->call;
	struct vmc_cache_config config;
	struct vmc_error error;
	enum vmc_status status;

	CLI_CALL(status, call,
		 vmc_cache_fetch_config(&call->channel, &config, &call->task,
					cli_call_now(call)));
	if (status == VMC_ERR_CANCELLED)
		return interrupted(take);
	if (status)
		return cli_call_failed(call, status,
				       vmc_channel_error(&call->channel));
	vmc_error_reset(&error);
	status = read_config(take, &config, &error);
	return status ? cli_call_failed(call, status, &error) : CLI_DONE;
}

/* ---- What is wanted ---- */

static enum cli_exit open_channel(struct cli_take *take)
{
	enum vmc_status status = cli_call_open(&take->call, VMC_HANDLE_NONE);

	if (status)
		return cli_call_failed(&take->call, status,
				       vmc_channel_error(&take->call.channel));
	return CLI_DONE;
}

/* A command has to be run by somebody. */
static const char *default_agent(const struct cli_options *options)
{
	return options->command == CLI_RUN ? "kata" : "noop";
}

static enum cli_exit settle(struct cli_take *take)
{
	struct cli_settings *settings = &take->settings;
	const struct cli_options *options = options_of(take);
	enum cli_exit code = CLI_DONE;

	if (cli_settings_like(options) == CLI_LIKE_ALONE) {
		take->agent_said = 1;
		code = cli_settings_read_vm(settings, options,
					    default_agent(options));
		take->call.endpoint = settings->endpoint;
		return code ? code : open_channel(take);
	}
	code = open_channel(take);
	if (code == CLI_DONE)
		code = learn(take);
	return code ? code : cli_settings_read_vm(settings, options, NULL);
}

/* Says so if more is wanted than the VMs can be grown to. */
static int is_too_much(struct cli_take *take, enum cli_option option,
		       uint32_t wanted, uint32_t most)
{
	const struct cli_options *options = options_of(take);
	const char *limit = cli_option_rows[option].name;

	if (!most || wanted <= most)
		return 0;
	cli_complain(options,
		     "--%s %u: the cached VMs can be grown to %u "
		     "(see vmcache serve --max-%s)",
		     cli_option_name(options, option),
		     cli_number(options, option, 0), most, limit);
	return 1;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* A VM that is made here begins with the size that is wanted. */
static void size_direct(struct cli_take *take)
{
	struct vmc_vm_config *vm = &take->direct.vm_config;

	*vm = take->settings.vm;
	vm->vcpus = larger(vm->vcpus, take->get.vcpus);
	vm->memory_mib = larger(vm->memory_mib, take->get.memory_mib);
	if (vm->vcpus_max)
		vm->vcpus_max = larger(vm->vcpus_max, vm->vcpus);
	if (vm->memory_max_mib)
		vm->memory_max_mib = larger(vm->memory_max_mib, vm->memory_mib);
}

/* A wish that cannot be granted costs no VM. */
static enum cli_exit plan_growth(struct cli_take *take)
{
	const struct cli_options *options = options_of(take);
	const struct vmc_vm_config *vm = &take->settings.vm;
	struct vmc_get_vm *get = &take->get;

	get->vcpus = cli_number(options, CLI_WANT_VCPUS, 0);
	get->memory_mib =
		cli_driver_memory(&take->driver, &take->settings,
				  cli_number(options, CLI_WANT_MEMORY, 0));
	size_direct(take);
	if (cli_given(options, CLI_COLD))
		return CLI_DONE;
	if (is_too_much(take, CLI_WANT_VCPUS, get->vcpus,
			vm->vcpus_max ? vm->vcpus_max : vm->vcpus) ||
	    is_too_much(take, CLI_WANT_MEMORY, get->memory_mib,
			vm->memory_max_mib ? vm->memory_max_mib :
					     vm->memory_mib))
		return CLI_FAILED;
	return CLI_DONE;
}

/* Options of VMs, in the words that the server's answer is compared with. */
static enum cli_exit plan_wanted(struct cli_take *take)
{
	struct vmc_vm_config vm = take->settings.vm;
	struct vmc_get_vm *get = &take->get;
	enum vmc_status status;
	struct vmc_error error;

	if (!take->agent_said && !cli_given(options_of(take), CLI_AGENT))
		vm.agent = NULL;
	get->wanted.ptr = take->wanted;
	status = vmc_vm_config_write(&vm, take->wanted, sizeof(take->wanted),
				     &get->wanted.ptr_len);
	if (status == VMC_OK)
		return CLI_DONE;
	vmc_error_reset(&error);
	vmc_error_set_number(&error, status,
			     "the VM's configuration is longer than so many "
			     "bytes",
			     sizeof(take->wanted));
	return cli_call_failed(&take->call, status, &error);
}

/* A boot has its own time limit, besides --timeout. */
static enum vmc_status boot(void *ctx, struct vmc_vm *vm, struct vmc_task *task,
			    uint64_t now_ms)
{
	struct cli_take *take = ctx;
	uint64_t until_ms = now_ms + take->settings.boot_timeout_ms;

	if (!vmc_task_active(task) && until_ms < task->deadline_ms)
		task->deadline_ms = until_ms;
	return vmc_factory_direct_ops.get_base_vm(&take->direct, vm, task,
						  now_ms);
}

static enum vmc_status no_config(void *ctx, struct vmc_cache_config *config,
				 struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	memset(config, 0, sizeof(*config));
	return vmc_task_end(task, VMC_OK);
}

static const struct vmc_factory_ops boot_ops = {
	.name = "direct",
	.get_base_vm = boot,
	.config = no_config,
};

static enum cli_exit plan(struct cli_take *take)
{
	const struct cli_options *options = options_of(take);
	struct vmc_get_vm *get = &take->get;
	const struct vmc_factory direct = { &boot_ops, take };
	const struct vmc_factory remote = { &vmc_factory_remote_ops,
					    &take->remote };
	enum cli_exit code = plan_growth(take);

	get->env = take->direct.env = take->call.env;
	get->base = cli_given(options, CLI_COLD) ? direct : remote;
	take->remote.channel = &take->call.channel;
	if (code != CLI_DONE || cli_given(options, CLI_COLD) ||
	    cli_settings_like(options) == CLI_LIKE_NONE)
		return code;
	get->direct = direct;
	return plan_wanted(take);
}

/* ---- Taking it ---- */

/* A VM that is passed on as it is needs nobody who knows its hypervisor. */
static enum vmc_status place_driver(struct cli_take *take,
				    struct vmc_error *error)
{
	enum vmc_status status =
		cli_driver_init(&take->driver, &take->settings, error);

	if (status != VMC_ERR_UNSUPPORTED)
		return status;
	if (cli_given(options_of(take), CLI_PAUSED)) {
		take->driver.hypervisor.ops = &cli_foreign_ops;
		return VMC_OK;
	}
	return status;
}

static enum cli_exit place(struct cli_take *take)
{
	struct cli_settings *settings = &take->settings;
	uint32_t dial_timeout_ms = take->agent.kata.dial_timeout_ms;
	enum vmc_status status;
	struct vmc_error error;

	vmc_error_reset(&error);
	settings->qemu.hold_console = options_of(take)->command == CLI_RUN;
	status = place_driver(take, &error);
	if (status == VMC_OK)
		status = cli_agent_init(&take->agent, settings->vm.agent,
					&error);
	if (status)
		return cli_call_failed(&take->call, status, &error);
	if (options_of(take)->command == CLI_RUN &&
	    !cli_agent_answers(&take->agent)) {
		cli_complain(options_of(take),
			     "the server's VMs have no agent that could run "
			     "it; vmcache serve --agent kata keeps such");
		return CLI_FAILED;
	}
	take->agent.kata.dial_timeout_ms = dial_timeout_ms;
	vmc_vm_init(&take->vm, take->driver.hypervisor,
		    take->driver_bytes.bytes,
		    cli_agent_of(&take->agent, &take->agent_state));
	return CLI_DONE;
}

static void say_mismatch(struct cli_take *take)
{
	if (!take->get.mismatch || take->mismatch_said)
		return;
	take->mismatch_said = 1;
	cli_complain(options_of(take),
		     "the cached VMs are not like that, so one is booted: %s",
		     take->get.reason.text);
}

static enum vmc_status take_step(struct cli_take *take)
{
	struct vmc_get_vm *get = &take->get;
	struct vmc_task *task = &take->call.task;
	uint64_t now_ms = cli_call_now(&take->call);

	if (!cli_given(options_of(take), CLI_PAUSED))
		return vmc_factory_get_vm(get, &take->vm, task, now_ms);
	get->step = VMC_GET_VM_BASE;
	return get->base.ops->get_base_vm(get->base.ctx, &take->vm, task,
					  now_ms);
}

/* What went by since it was called last is the step's that was waited for. */
static void count_step(struct cli_take *take, enum vmc_get_vm_step step)
{
	uint64_t now_us = cli_now_us();

	take->step_us[step] += now_us - take->step_begun_us;
	take->step_begun_us = now_us;
}

/*
 * Until the VM is here, nothing that is given up costs one. Steps that do not
 * wait end as they begin, and what they take counts as the one's before.
 */
static enum vmc_status obtain(struct cli_take *take)
{
	struct cli_call *call = &take->call;
	enum vmc_get_vm_step step;
	enum vmc_status status;

	cli_call_task(call);
	take->step_begun_us = take->begun_us;
	count_step(take, VMC_GET_VM_CONFIG);
	take->get.step =
		take->get.wanted.ptr ? VMC_GET_VM_CONFIG : VMC_GET_VM_BASE;
	do {
		step = take->get.step;
		count_step(take, step);
		status = take_step(take);
		say_mismatch(take);
	} while (vmc_posix_again(&call->waiter, call->env, &call->task,
				 &status));
	count_step(take, step);
	return status;
}

/* Whether it was the server that failed, or did not answer. */
static int is_servers(const struct cli_take *take)
{
	return take->get.step <= VMC_GET_VM_BASE && !take->get.mismatch &&
	       !cli_given(options_of(take), CLI_COLD);
}

static enum cli_exit failed(struct cli_take *take, enum vmc_status status)
{
	const struct vmc_error *error = &take->vm.error;
	struct cli_call *call = &take->call;

	if (status == VMC_ERR_CANCELLED && cli_signals_first())
		return interrupted(take);
	if (is_servers(take) || (status == VMC_ERR_TIMEOUT &&
				 cli_call_now(call) >= call->deadline_ms))
		return cli_call_failed(call, status, error);
	cli_complain(options_of(take), "%s",
		     error->text[0] ? error->text : vmc_status_words(status));
	return CLI_FAILED;
}

/* see cli_take.h */
void cli_take_stop(struct cli_take *take)
{
	struct cli_call *call = &take->call;
	enum vmc_status status;

	cli_signals_wait_through(&call->waiter);
	take->vm.agent.ops->disconnect(&take->vm.agent);
	vmc_task_cancel(&call->task);
	do
		status =
			vmc_vm_stop(&take->vm, &call->task, cli_call_now(call));
	while (vmc_posix_again(&call->waiter, call->env, &call->task, &status));
}

static enum cli_exit prepare(struct cli_take *take)
{
	enum cli_exit code = settle(take);

	if (code == CLI_DONE)
		code = place(take);
	return code ? code : plan(take);
}

/* see cli_take.h */
enum cli_exit cli_take(struct cli_take *take, const struct cli_options *options)
{
	/* by default each would end the program, and leave a VM behind */
	static const int signals[] = { SIGINT,  SIGTERM, SIGHUP, SIGQUIT,
				       SIGUSR1, SIGUSR2, 0 };
	enum vmc_status status;
	enum cli_exit code;

	take->begun_us = cli_now_us();
	cli_call_init(&take->call, options, 0);
	cli_signals_catch(&take->call.waiter, signals);
	code = prepare(take);
	if (code != CLI_DONE)
		return code;
	status = obtain(take);
	take->took_us = cli_now_us() - take->begun_us;
	if (status == VMC_OK)
		return CLI_DONE;
	code = failed(take, status);
	cli_take_stop(take);
	return code;
}

/* see cli_take.h */
void cli_take_steps(const struct cli_take *take, char out[CLI_STEPS_SIZE])
{
	size_t len = 0;

	out[0] = '\0';
	for (int i = 0; i < VMC_GET_VM_STEPS && len < CLI_STEPS_SIZE; i++) {
		uint64_t tenths = (take->step_us[i] + 50) / 100;

		if (tenths)
			len += (size_t)snprintf(
				out + len, CLI_STEPS_SIZE - len,
				"%s%s %llu.%llu", len ? ", " : "",
				vmc_get_vm_step_name((enum vmc_get_vm_step)i),
				(unsigned long long)tenths / 10,
				(unsigned long long)tenths % 10);
	}
}
