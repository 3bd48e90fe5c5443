/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache get: takes one VM, and tells its caller how to reach it.
 *
 * From the moment the server's reply is here the VM is ours, and nobody else
 * knows it. So whatever goes wrong afterwards ends in stopping it: a step
 * that fails, a signal, a result that cannot be printed. Only when the
 * result is out is it let go of, and the caller's.
 */
#include <stdio.h>
#include <string.h>

#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"
#include "cli_foreign.h"
#include "cli_output.h"
#include "cli_take.h"

/* sun_path holds 108 bytes. */
#define PATH_SIZE 108

/* The four texts, each byte escaped as \u00xx at the worst, the driver's own
 * JSON, and names and numbers. */
#define JSON_SIZE                                                              \
	(6 * (VMC_ID_SIZE + VMC_URL_SIZE + 2 * PATH_SIZE) +                    \
	 VMC_HYPERVISOR_SIZE + 1024)

static struct cli_take take;
static uint8_t saved[VMC_HYPERVISOR_SIZE];
static uint8_t json[JSON_SIZE];

/* A member of an object that is a text; "" if there is none. */
static void find_text(struct vmc_view document, const char *name, char *out,
		      size_t cap)
{
	struct vmc_json_reader r;
	struct vmc_view key;

	out[0] = '\0';
	vmc_json_reader_init(&r, document);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key)) {
		if (vmc_json_text_is(key, name))
			vmc_json_take_text(&r, out, cap);
		else
			vmc_json_skip(&r);
	}
	if (vmc_json_end(&r))
		out[0] = '\0';
}

/* Sockets of a VM, as its driver names them; "" if it has none. */
struct reach {
	char qmp[PATH_SIZE], console[PATH_SIZE];
};

static const char *state_name(void)
{
	return take.vm.state == VMC_VM_RUNNING ? "running" : "paused";
}

static void print_line(const char *name, const char *text)
{
	if (!text[0])
		return;
	printf("%-9s", name);
	cli_print_text(vmc_view_of(text));
	putchar('\n');
}

static void print_lines(const struct vmc_vm *vm, const struct reach *reach)
{
	char steps[CLI_STEPS_SIZE];

	print_line("id", vm->id);
	if (vm->pid)
		printf("%-9s%lld\n", "pid", (long long)vm->pid);
	print_line("state", state_name());
	printf("%-9s%u\n%-9s%u MiB\n", "vcpus", vm->vcpus, "memory",
	       vm->memory_mib);
	print_line("agent", vm->agent_url);
	print_line("qmp", reach->qmp);
	print_line("console", reach->console);
	printf("%-9s%llu.%03llu ms\n", "took",
	       (unsigned long long)take.took_us / 1000,
	       (unsigned long long)take.took_us % 1000);
	cli_take_steps(&take, steps);
	printf("%-9s%s ms\n", "steps", steps);
}

static void put_text(struct vmc_json_writer *w, const char *key,
		     const char *text)
{
	vmc_json_put_key(w, key);
	vmc_json_put_text(w, text);
}

static void put_number(struct vmc_json_writer *w, const char *key,
		       int64_t number)
{
	vmc_json_put_key(w, key);
	vmc_json_put_i64(w, number);
}

static void put_steps(struct vmc_json_writer *w)
{
	vmc_json_put_key(w, "steps_us");
	vmc_json_begin_object(w);
	for (int i = 0; i < VMC_GET_VM_STEPS; i++)
		put_number(w, vmc_get_vm_step_name((enum vmc_get_vm_step)i),
			   (int64_t)take.step_us[i]);
	vmc_json_end_object(w);
}

static enum vmc_status print_json(const struct vmc_vm *vm,
				  const struct reach *reach,
				  struct vmc_view hypervisor)
{
	struct vmc_json_writer w;
	enum vmc_status status;
	size_t len;

	vmc_json_writer_init(&w, json, sizeof(json));
	vmc_json_begin_object(&w);
	put_text(&w, "id", vm->id);
	put_number(&w, "pid", vm->pid);
	put_text(&w, "state", state_name());
	put_number(&w, "vcpus", vm->vcpus);
	put_number(&w, "memory_mib", vm->memory_mib);
	put_number(&w, "cpu_delta", vm->cpu_delta);
	put_text(&w, "agent_url", vm->agent_url);
	put_text(&w, "qmp", reach->qmp);
	put_text(&w, "console", reach->console);
	put_number(&w, "took_us", (int64_t)take.took_us);
	put_steps(&w);
	vmc_json_put_key(&w, "hypervisor");
	vmc_json_put_raw(&w, hypervisor);
	vmc_json_end_object(&w);
	status = vmc_json_writer_end(&w, &len);
	if (status == VMC_OK)
		printf("%.*s\n", (int)len, (const char *)json);
	return status;
}

/* The driver's words of the VM as it is now, grown or not. */
static enum cli_exit print_vm(struct vmc_vm *vm)
{
	const struct cli_options *options = take.call.options;
	const struct vmc_hypervisor *hypervisor = &vm->hypervisor;
	struct vmc_view words = { saved, 0 };
	static struct reach reach;
	enum vmc_status status;

	status = hypervisor->ops->save(hypervisor->ctx, vm, saved,
				       sizeof(saved), &words.ptr_len);
	if (status == VMC_OK) {
		find_text(words, "QmpChannelpath", reach.qmp, PATH_SIZE);
		find_text(words, "ConsolePath", reach.console, PATH_SIZE);
		if (!cli_given(options, CLI_JSON))
			print_lines(vm, &reach);
		else
			status = print_json(vm, &reach, words);
	}
	if (status)
		return cli_call_failed(&take.call, status, &vm->error);
	return cli_print_end(options);
}

static enum cli_exit refuse_growth(const struct cli_options *options)
{
	cli_complain(options,
		     "--paused hands the VM over as it was cached; leave out "
		     "--%s and --memory",
		     cli_option_name(options, CLI_WANT_VCPUS));
	return CLI_USAGE;
}

static enum cli_exit refuse_likeness(const struct cli_options *options)
{
	cli_complain(options, "--paused hands the VM over as it was cached; "
			      "leave out what it shall be like");
	return CLI_USAGE;
}

static enum cli_exit check(const struct cli_options *options)
{
	if (!cli_given(options, CLI_PAUSED))
		return CLI_DONE;
	if (cli_given(options, CLI_WANT_VCPUS) ||
	    cli_given(options, CLI_WANT_MEMORY))
		return refuse_growth(options);
	if (!cli_given(options, CLI_COLD) &&
	    cli_settings_like(options) != CLI_LIKE_NONE)
		return refuse_likeness(options);
	return CLI_DONE;
}

/* Its result could not be told, so nobody has it. */
static void end(const struct vmc_vm *vm)
{
	if (vm->hypervisor.ops == &cli_foreign_ops)
		cli_complain(take.call.options,
			     "VM %s stays as it is, paused: this program "
			     "cannot stop it",
			     vm->id);
	cli_take_stop(&take);
}

/* see cli.h */
enum cli_exit cli_get(const struct cli_options *options)
{
	enum cli_exit code = check(options);

	if (code == CLI_DONE)
		code = cli_take(&take, options);
	if (code != CLI_DONE)
		return code;
	/* its channel may serve one at a time, and the caller is next */
	take.vm.agent.ops->disconnect(&take.vm.agent);
	code = print_vm(&take.vm);
	if (code == CLI_DONE)
		vmc_vm_release(&take.vm);
	else
		end(&take.vm);
	return code;
}
