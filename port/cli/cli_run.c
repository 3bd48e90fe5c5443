/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache run: takes a VM, runs a command in it, destroys it.
 *
 * One connection to the VM's agent carries all of it, each part a task:
 * waiting for the command's end, its two outputs, its input, a signal to be
 * passed on, the size of its terminal; and the hypervisor watches the VM. One
 * loop steps them all and waits for whatever any of them waits for, so that
 * none keeps another one waiting.
 *
 * The VM is destroyed on every way out, by the one call of cli_take_stop; if
 * this process is killed once the VM is ready, by its guard.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_guard.h"
#include "cli_signals.h"
#include "cli_stream.h"
#include "cli_take.h"
#include "cli_terminal.h"

/* Words of a command, and its environment. A Kata agent has no limit of its
 * own, the request has (VMC_AGENT_REQUEST_SIZE). */
#define ARGUMENT_MAX 1024
#define ENV_MAX (CLI_ENV_MAX + 3)
#define TERM_SIZE 64

/* A signal that follows another so soon is meant for us, as is one that the
 * agent does not take within this time. */
#define TWICE_MS 2000

/*
 * How long output is waited for after the command's end. What it wrote is
 * there by then; but if it left a process behind that holds its output, the
 * end of that never comes.
 */
#define LINGER_MS 500

/* How long the hypervisor may take to say why a connection broke. */
#define WHY_MS 2000

struct run {
	struct cli_take take;
	struct cli_process process;
	struct cli_terminal terminal;
	struct cli_guard guard;
	struct vmc_error agent_error;

	/* the request */
	struct vmc_exec exec;
	struct vmc_view arguments[ARGUMENT_MAX];
	struct vmc_view env[ENV_MAX];
	char term[TERM_SIZE];

	/* while it runs */
	struct cli_inlet in;
	struct cli_outlet out, err;
	struct vmc_task end, signal, size, check, watch;
	uint32_t to_signal;  /* bits of signals to pass on */
	uint8_t resized;     /* the new size is to be passed on */
	uint8_t exited;      /* `exit_status` is the command's */
	uint8_t has_signal;  /* one was passed on at signal_ms */
	uint8_t watch_ended; /* the VM is gone, take.vm.error says why */
	int ended_by;        /* a signal that ended us */
	int32_t exit_status;
	uint64_t signal_ms;
	uint64_t quiet_ms;    /* no output has come since */
	uint64_t quiet_bytes; /* what had come by then */
	uint64_t begun_us;
};

static struct run run;

static uint64_t now_ms(void)
{
	return cli_call_now(&run.take.call);
}

static struct vmc_agent *agent(void)
{
	return &run.take.vm.agent;
}

static const struct cli_options *options(void)
{
	return run.take.call.options;
}

/* ---- The request ---- */

static int is_given(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < options()->env_len; i++)
		if (strncmp(options()->env[i], name, len) == 0 &&
		    options()->env[i][len] == '=')
			return 1;
	return 0;
}

static void put_env(const char *name, const char *variable)
{
	if (!is_given(name))
		run.env[run.exec.env_len++] = vmc_view_of(variable);
}

/* What a process cannot do without, unless it was given. */
static void fill_env(void)
{
	const char *term = getenv("TERM");

	put_env("PATH", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
			"/usr/bin:/sbin:/bin");
	put_env("HOME", run.exec.uid ? "HOME=/" : "HOME=/root");
	if (run.exec.terminal && term && strlen(term) < TERM_SIZE - 5) {
		snprintf(run.term, sizeof(run.term), "TERM=%s", term);
		put_env("TERM", run.term);
	}
	for (size_t i = 0; i < options()->env_len; i++)
		run.env[run.exec.env_len++] = vmc_view_of(options()->env[i]);
	run.exec.env = run.env;
}

static enum cli_exit fill_arguments(const struct cli_options *given)
{
	if (given->rest_len > ARGUMENT_MAX) {
		cli_complain(given, "the command has %zu words; at most %d",
			     given->rest_len, ARGUMENT_MAX);
		return CLI_FAILED;
	}
	for (size_t i = 0; i < given->rest_len; i++)
		run.arguments[i] = vmc_view_of(given->rest[i]);
	run.exec.args = run.arguments;
	run.exec.args_len = given->rest_len;
	return CLI_DONE;
}

/* Digits up to `end`, which comes behind them. NULL: there are none. */
static const char *take_id(const char *text, char end, uint32_t *id)
{
	uint64_t number = 0;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && number <= UINT32_MAX; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	if (at == text || number > UINT32_MAX || (*at && *at != end))
		return NULL;
	*id = (uint32_t)number;
	return at;
}

static enum cli_exit fill_user(const struct cli_options *given)
{
	const char *user = cli_text(given, CLI_USER, "0:0");
	const char *at = take_id(user, ':', &run.exec.uid);

	run.exec.gid = run.exec.uid;
	if (at && *at)
		at = take_id(at + 1, '\0', &run.exec.gid);
	if (at)
		return CLI_DONE;
	cli_complain(given, "--user %.40s: give UID or UID:GID, in numbers",
		     user);
	return CLI_FAILED;
}

static enum cli_exit fill_terminal(const struct cli_options *given)
{
	int both = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);

	if (cli_given(given, CLI_TTY) && cli_given(given, CLI_NO_TTY)) {
		cli_complain(given, "--tty and --no-tty contradict each other");
		return CLI_FAILED;
	}
	run.exec.terminal = (both || cli_given(given, CLI_TTY)) &&
			    !cli_given(given, CLI_NO_TTY);
	if (run.exec.terminal)
		cli_terminal_size(&run.exec.height, &run.exec.width);
	return CLI_DONE;
}

/* All that can be wrong with it is found before a VM is taken for it. */
static enum cli_exit fill(const struct cli_options *given)
{
	enum cli_exit code = fill_arguments(given);

	run.exec.cwd = vmc_view_of(cli_text(given, CLI_WORKDIR, "/"));
	if (code == CLI_DONE)
		code = fill_user(given);
	if (code == CLI_DONE)
		code = fill_terminal(given);
	return code;
}

/* ---- Its parts ---- */

static void init_tasks(void)
{
	vmc_task_init(&run.end);
	vmc_task_init(&run.signal);
	vmc_task_init(&run.size);
	vmc_task_init(&run.check);
	vmc_task_init(&run.watch);
}

static void begin_streams(void)
{
	run.process.agent = agent();
	run.process.exec_id = run.exec.exec_id;
	run.process.terminal = run.exec.terminal;
	cli_inlet_init(&run.in);
	cli_outlet_init(&run.out, STDOUT_FILENO);
	cli_outlet_init(&run.err, STDERR_FILENO);
	if (run.exec.terminal)
		cli_outlet_end(&run.err);
}

static void end_streams(void)
{
	cli_inlet_end(&run.in);
	cli_outlet_end(&run.out);
	cli_outlet_end(&run.err);
	vmc_task_cancel(&run.end);
	vmc_task_cancel(&run.signal);
	vmc_task_cancel(&run.size);
	vmc_task_cancel(&run.check);
	vmc_task_cancel(&run.watch);
}

/* ---- Signals ---- */

static void end_by(int number)
{
	if (!run.ended_by)
		run.ended_by = number;
}

static int ends(int number)
{
	return number == SIGINT || number == SIGTERM || number == SIGHUP ||
	       number == SIGQUIT;
}

static void take_signal(int number, uint64_t at_ms)
{
	if (number == SIGWINCH) {
		run.resized = 1;
		return;
	}
	run.to_signal |= 1u << number;
	if (!ends(number))
		return;
	if (run.exited || (run.has_signal && at_ms - run.signal_ms < TWICE_MS))
		end_by(number);
	run.has_signal = 1;
	run.signal_ms = at_ms;
}

static void take_signals(uint64_t at_ms)
{
	int number;

	while ((number = cli_signals_take()) != 0)
		take_signal(number, at_ms);
}

static int lowest(uint32_t bits)
{
	int number = 0;

	while (!(bits >> number & 1))
		number++;
	return number;
}

/* An agent that does not answer cannot be what a user waits for. */
static enum vmc_status step_signal(uint64_t at_ms)
{
	enum vmc_status status;
	int number;

	if (!run.to_signal || run.exited)
		return VMC_OK;
	number = lowest(run.to_signal);
	if (!vmc_task_active(&run.signal))
		run.signal.deadline_ms = at_ms + TWICE_MS;
	status = agent()->ops->signal_process(
		agent(), run.process.container_id, run.process.exec_id,
		(uint32_t)number, 0, &run.signal, at_ms);
	if (status == VMC_AGAIN)
		return status;
	run.to_signal &= ~(1u << number);
	if (status == VMC_ERR_TIMEOUT && ends(number)) {
		cli_complain(options(), "the VM's agent does not answer");
		end_by(number);
	}
	if (status == VMC_ERR_CALL || status == VMC_ERR_TIMEOUT)
		vmc_error_reset(&run.agent_error);
	return status == VMC_ERR_CALL || status == VMC_ERR_TIMEOUT ? VMC_OK :
								     status;
}

static enum vmc_status step_size(uint64_t at_ms)
{
	enum vmc_status status;

	if (!vmc_task_active(&run.size)) {
		if (!run.resized || !run.exec.terminal ||
		    !cli_terminal_size(&run.exec.height, &run.exec.width))
			return VMC_OK;
		run.resized = 0;
	}
	status = agent()->ops->winsize_process(
		agent(), run.process.container_id, run.process.exec_id,
		run.exec.height, run.exec.width, &run.size, at_ms);
	if (status == VMC_ERR_CALL) {
		vmc_error_reset(&run.agent_error);
		status = VMC_OK;
	}
	return status;
}

/* ---- The end ---- */

static enum vmc_status step_end(uint64_t at_ms)
{
	enum vmc_status status;

	if (run.exited)
		return VMC_OK;
	status = agent()->ops->wait_process(agent(), run.process.container_id,
					    run.process.exec_id,
					    &run.exit_status, &run.end, at_ms);
	if (status)
		return status;
	run.exited = 1;
	run.quiet_ms = at_ms;
	cli_inlet_end(&run.in);
	vmc_task_cancel(&run.signal);
	return VMC_OK;
}

/* Nobody waits for what nobody reads. */
static int is_over(const struct cli_outlet *outlet)
{
	return outlet->broken || cli_outlet_ended(outlet);
}

/*
 * After the command's end its output is read to the end, or until it is
 * certain that no more comes of it: none has for a while, and the agent has
 * answered something else that it was asked only then.
 */
static enum vmc_status step_linger(uint64_t at_ms)
{
	uint64_t bytes = run.out.passed + run.err.passed;
	enum vmc_status status;

	if (!run.exited || (is_over(&run.out) && is_over(&run.err)))
		return VMC_OK;
	if (bytes != run.quiet_bytes) {
		run.quiet_bytes = bytes;
		run.quiet_ms = at_ms;
		vmc_task_cancel(&run.check);
	}
	if (at_ms - run.quiet_ms < LINGER_MS)
		return VMC_AGAIN;
	status = agent()->ops->check(agent(), &run.check, at_ms);
	if (status)
		return status;
	cli_outlet_end(&run.out);
	cli_outlet_end(&run.err);
	return VMC_OK;
}

/* A reader that is gone ends a command here as it would elsewhere. */
static enum vmc_status step_output(struct cli_outlet *outlet, uint64_t at_ms)
{
	int before = outlet->broken;
	enum vmc_status status = cli_outlet_step(outlet, &run.process, at_ms);

	if (!before && outlet->broken)
		run.to_signal |= 1u << SIGPIPE;
	return status;
}

/* It stays VMC_AGAIN for as long as the VM lives. */
static enum vmc_status step_watch(uint64_t at_ms)
{
	const struct vmc_hypervisor *hypervisor = &run.take.vm.hypervisor;
	enum vmc_status status = VMC_ERR_VM;

	if (!run.watch_ended)
		status = hypervisor->ops->watch(hypervisor->ctx, &run.take.vm,
						&run.watch, at_ms);
	run.watch_ended = status != VMC_AGAIN;
	return status;
}

static enum vmc_status worst(enum vmc_status a, enum vmc_status b)
{
	return a < VMC_OK ? a : b;
}

/* All go on, whatever becomes of the others. VMC_OK: the command has ended,
 * and its output is out. */
static enum vmc_status step(uint64_t at_ms)
{
	enum vmc_status status = step_output(&run.out, at_ms);

	status = worst(status, step_output(&run.err, at_ms));
	status = worst(status, step_end(at_ms));
	if (!run.exited)
		status = worst(status,
			       cli_inlet_step(&run.in, &run.process, at_ms));
	status = worst(status, step_size(at_ms));
	status = worst(status, step_signal(at_ms));
	status = worst(status, step_linger(at_ms));
	status = worst(status, step_watch(at_ms));
	/* all there is to know is known, whatever becomes of the VM */
	if (run.exited && is_over(&run.out) && is_over(&run.err))
		return VMC_OK;
	return status < VMC_OK ? status : VMC_AGAIN;
}

static void collect(struct cli_waits *waits)
{
	cli_waits_init(waits);
	cli_outlet_wait(&run.out, waits);
	cli_outlet_wait(&run.err, waits);
	cli_waits_add_task(waits, &run.end);
	cli_inlet_wait(&run.in, waits);
	cli_waits_add_task(waits, &run.size);
	cli_waits_add_task(waits, &run.signal);
	cli_waits_add_task(waits, &run.check);
	cli_waits_add_task(waits, &run.watch);
	if (run.exited && !vmc_task_active(&run.check) &&
	    run.quiet_ms + LINGER_MS < waits->until_ms)
		waits->until_ms = run.quiet_ms + LINGER_MS;
}

static enum vmc_status wait_for(struct cli_waits *waits)
{
	return vmc_posix_poll(&run.take.call.waiter, waits->wait, waits->len,
			      waits->until_ms, now_ms());
}

/* Until the command has ended, a signal has ended us, or it was lost. */
static enum vmc_status loop(void)
{
	struct cli_waits waits;
	enum vmc_status status;

	for (;;) {
		status = step(now_ms());
		if (status != VMC_AGAIN || run.ended_by)
			return status;
		collect(&waits);
		status = wait_for(&waits);
		if (status < VMC_OK)
			return status;
		take_signals(now_ms());
	}
}

/* ---- What became of it ---- */

/* The hypervisor knows best why a connection broke: its VM has ended. */
static void ask_why(void)
{
	uint64_t until_ms = now_ms() + WHY_MS;
	struct cli_waits waits;

	while (!run.watch_ended && now_ms() < until_ms) {
		if (step_watch(now_ms()) != VMC_AGAIN)
			break;
		cli_waits_init(&waits);
		cli_waits_add_task(&waits, &run.watch);
		if (until_ms < waits.until_ms)
			waits.until_ms = until_ms;
		if (wait_for(&waits) < VMC_OK)
			break;
	}
}

/* The last line that is not empty. */
static struct vmc_view last_line(struct vmc_view text)
{
	size_t begin;

	while (text.ptr_len > 0 && text.ptr[text.ptr_len - 1] <= ' ')
		text.ptr_len--;
	if (text.ptr_len == 0)
		return text;
	begin = text.ptr_len;
	while (begin > 0 && text.ptr[begin - 1] != '\n')
		begin--;
	text.ptr += begin;
	text.ptr_len -= begin;
	return text;
}

static void say_vm_ended(void)
{
	const struct vmc_error *error = &run.take.vm.error;

	cli_complain(options(), "the VM has ended: %s",
		     error->text[0] ? error->text :
				      vmc_status_words(VMC_ERR_VM));
}

/* The VM lives: what it said last may tell what became of the agent. */
static void say_agent_lost(enum vmc_status status)
{
	const struct vmc_hypervisor *hypervisor = &run.take.vm.hypervisor;
	const struct vmc_error *error = &run.agent_error;
	struct vmc_view line = last_line(
		hypervisor->ops->console(hypervisor->ctx, &run.take.vm));

	cli_complain(options(), "the VM's agent: %s%s%.*s",
		     error->text[0] ? error->text : vmc_status_words(status),
		     line.ptr_len ? "; the console's last line: " : "",
		     (int)line.ptr_len, (const char *)line.ptr);
}

static int is_lost(enum vmc_status status)
{
	return status == VMC_ERR_LOST || status == VMC_ERR_NO_SERVER;
}

static int lost(enum vmc_status status)
{
	if (is_lost(status))
		ask_why();
	if (run.watch_ended)
		say_vm_ended();
	else
		say_agent_lost(status);
	return CLI_RUN_FAILED;
}

/* The first of its outputs that could not be written, for another reason
 * than that nobody reads it. */
static int write_error(void)
{
	if (run.out.broken && run.out.broken != EPIPE)
		return run.out.broken;
	return run.err.broken != EPIPE ? run.err.broken : 0;
}

static int outcome(enum vmc_status status)
{
	if (run.ended_by)
		return CLI_BY_SIGNAL(run.ended_by);
	if (status < VMC_OK)
		return lost(status);
	if (write_error()) {
		cli_complain(options(), "standard output: %s",
			     strerror(write_error()));
		return CLI_RUN_FAILED;
	}
	return run.exit_status & 0xff;
}

/* ---- Beginning ---- */

static int refused(enum vmc_status status)
{
	const struct vmc_error *error = &run.agent_error;

	if (status == VMC_ERR_CANCELLED && cli_signals_first())
		return CLI_BY_SIGNAL(cli_signals_first());
	if (is_lost(status))
		return lost(status);
	cli_complain(options(), "%s",
		     error->text[0] ? error->text : vmc_status_words(status));
	if (status == VMC_ERR_CALL && error->code == VMC_CODE_NOT_FOUND)
		return CLI_RUN_NOT_FOUND;
	if (status == VMC_ERR_CALL && error->code == VMC_CODE_PERMISSION_DENIED)
		return CLI_RUN_REFUSED;
	return CLI_RUN_FAILED;
}

/* CLI_DONE, or what to exit with. */
static int begin(void)
{
	struct cli_call *call = &run.take.call;
	struct vmc_process process;
	enum vmc_status status;

	init_tasks();
	fill_env();
	/* one command in a VM, but agents of a test may stand for several */
	run.exec.exec_id = vmc_view_of(run.take.vm.id);
	vmc_error_reset(&run.take.vm.error);
	vmc_error_reset(&run.agent_error);
	agent()->error = &run.agent_error;
	cli_call_task(call);
	CLI_CALL(status, call,
		 agent()->ops->exec(agent(), &run.exec, &process, &call->task,
				    now_ms()));
	return status ? refused(status) : CLI_DONE;
}

/* ---- The whole ---- */

static int run_command(void)
{
	static const int signals[] = { SIGWINCH, 0 };
	enum vmc_status status;
	int code = begin();

	if (code != CLI_DONE) {
		vmc_task_cancel(&run.watch);
		return code;
	}
	cli_signals_catch(&run.take.call.waiter, signals);
	cli_signals_wait_through(&run.take.call.waiter);
	begin_streams();
	if (run.exec.terminal)
		cli_terminal_begin(&run.terminal);
	status = loop();
	cli_terminal_end(&run.terminal);
	code = outcome(status);
	end_streams();
	return code;
}

static void say_times(uint64_t began_us, uint64_t ended_us, uint64_t gone_us)
{
	char steps[CLI_STEPS_SIZE];

	cli_take_steps(&run.take, steps);
	cli_complain(options(),
		     "ready after %.1f ms: %s; the command took %.1f ms, "
		     "destroying the VM %.1f ms",
		     (double)run.take.took_us / 1000, steps,
		     (double)(ended_us - began_us) / 1000,
		     (double)(gone_us - ended_us) / 1000);
}

/* see cli.h */
int cli_run(const struct cli_options *given)
{
	uint64_t began_us, ended_us;
	int code;

	if (fill(given) != CLI_DONE)
		return CLI_RUN_FAILED;
	if (cli_take(&run.take, given) != CLI_DONE)
		return cli_signals_first() ?
			       CLI_BY_SIGNAL(cli_signals_first()) :
			       CLI_RUN_FAILED;
	began_us = cli_now_us();
	cli_guard_begin(&run.guard, &run.take);
	code = run_command();
	ended_us = cli_now_us();
	cli_take_stop(&run.take);
	cli_guard_end(&run.guard);
	if (cli_given(given, CLI_TIMES))
		say_times(began_us, ended_us, cli_now_us());
	return code;
}
