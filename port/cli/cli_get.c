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
#include <time.h>

#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"
#include "cli_call.h"
#include "cli_driver.h"
#include "cli_output.h"
#include "vmcache/factory.h"

/* sun_path holds 108 bytes. */
#define PATH_SIZE 108

/* The four texts, each byte escaped as \u00xx at the worst, the driver's own
 * JSON, and names and numbers. */
#define JSON_SIZE                                                              \
	(6 * (VMC_ID_SIZE + VMC_URL_SIZE + 2 * PATH_SIZE) +                    \
	 VMC_HYPERVISOR_SIZE + 512)

static struct cli_call call;
static struct vmc_factory_remote remote;
static struct vmc_get_vm get;
static struct vmc_vm vm;
static struct cli_driver driver;
static union cli_vm driver_bytes;
static uint8_t saved[VMC_HYPERVISOR_SIZE];
static uint8_t json[JSON_SIZE];

static uint64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

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

/* A member of an object, as it stands; empty if there is none. */
static struct vmc_view find_value(struct vmc_view document, const char *name)
{
	struct vmc_view key, value = { NULL, 0 };
	struct vmc_json_reader r;

	vmc_json_reader_init(&r, document);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key)) {
		if (vmc_json_text_is(key, name))
			value = vmc_json_take_value(&r);
		else
			vmc_json_skip(&r);
	}
	if (vmc_json_end(&r))
		value.ptr_len = 0;
	return value;
}

/* A member that is a whole number; 0 if there is none. */
static uint32_t find_number(struct vmc_view document, const char *name)
{
	struct vmc_json_reader r;
	uint32_t number;

	vmc_json_reader_init(&r, find_value(document, name));
	number = (uint32_t)vmc_json_take_u64(&r, UINT32_MAX);
	return vmc_json_end(&r) ? 0 : number;
}

/* Says so if more is wanted than the VMs can be grown to. */
static int is_too_much(struct vmc_view sizes, enum cli_option option,
		       uint32_t wanted, const char *limit_name,
		       const char *size_name)
{
	const char *name = cli_option_rows[option].name;
	uint32_t most = find_number(sizes, limit_name);

	if (!most)
		most = find_number(sizes, size_name);
	if (!most || wanted <= most)
		return 0;
	cli_complain(call.options,
		     "--%s %u: the cached VMs can be grown to %u "
		     "(see vmcache serve --max-%s)",
		     name, cli_number(call.options, option, 0), most, name);
	return 1;
}

/* At least what was asked for: QEMU's VMs grow by whole DIMMs. */
static uint32_t memory_wanted(struct vmc_view sizes)
{
	uint32_t wanted = cli_number(call.options, CLI_WANT_MEMORY, 0);
	uint32_t size = find_number(sizes, "MemorySize");
	uint32_t rest = 0;

	if (driver.hypervisor.ops == &vmc_qemu_ops && wanted > size)
		rest = (wanted - size) % VMC_QEMU_DIMM_MIB;
	return rest ? wanted + VMC_QEMU_DIMM_MIB - rest : wanted;
}

/* A wish that cannot be granted costs no VM. */
static enum cli_exit plan_growth(struct vmc_view data)
{
	struct vmc_view sizes = find_value(data, "HypervisorConfig");

	get.vcpus = cli_number(call.options, CLI_WANT_VCPUS, 0);
	get.memory_mib = memory_wanted(sizes);
	if (is_too_much(sizes, CLI_WANT_VCPUS, get.vcpus, "DefaultMaxVCPUs",
			"NumVCPUsF") ||
	    is_too_much(sizes, CLI_WANT_MEMORY, get.memory_mib,
			"DefaultMaxMemorySize", "MemorySize"))
		return CLI_FAILED;
	return CLI_DONE;
}

static enum vmc_status fetch_config(struct vmc_cache_config *config)
{
	enum vmc_status status;

	while ((status = vmc_cache_fetch_config(
			&call.channel, config, &call.task,
			cli_call_now(&call))) == VMC_AGAIN)
		cli_call_wait(&call);
	return status;
}

/* Which driver the server's VMs need is in its configuration. */
static enum cli_exit choose_driver(struct vmc_view data)
{
	struct vmc_agent agent = { .ops = vmc_agent_by_name("noop"),
				   .error = &vm.error };
	enum vmc_status status;
	char type[32];

	find_text(data, "HypervisorType", type, sizeof(type));
	vmc_error_reset(&vm.error);
	status = cli_driver_init(&driver, type, &vm.error);
	if (status)
		return cli_call_failed(&call, status, &vm.error);
	vmc_vm_init(&vm, driver.hypervisor, driver_bytes.bytes, agent);
	return CLI_DONE;
}

static enum vmc_status take_step(void)
{
	uint64_t now_ms = cli_call_now(&call);

	if (cli_given(call.options, CLI_PAUSED))
		return vmc_factory_remote_ops.get_base_vm(&remote, &vm,
							  &call.task, now_ms);
	return vmc_factory_get_vm(&get, &vm, &call.task, now_ms);
}

static void stop(void)
{
	struct vmc_task *task = &call.task;

	vmc_task_cancel(task);
	vmc_task_init(task);
	while (vmc_vm_stop(&vm, task, cli_call_now(&call)) == VMC_AGAIN)
		cli_call_wait(&call);
}

/* Until the VM is here, nothing that is given up costs one. */
static enum vmc_status take(void)
{
	enum vmc_status status;

	remote.channel = &call.channel;
	get.base.ops = &vmc_factory_remote_ops;
	get.base.ctx = &remote;
	get.env = call.env;
	cli_call_task(&call);
	while ((status = take_step()) == VMC_AGAIN) {
		if (cli_call_caught())
			return VMC_ERR_CANCELLED;
		cli_call_wait(&call);
	}
	return status;
}

/* Sockets of a VM, as its driver names them; "" if it has none. */
struct reach {
	char qmp[PATH_SIZE], console[PATH_SIZE];
};

static const char *state_name(void)
{
	return vm.state == VMC_VM_RUNNING ? "running" : "paused";
}

static void print_line(const char *name, const char *text)
{
	if (!text[0])
		return;
	printf("%-9s", name);
	cli_print_text(vmc_view_of(text));
	putchar('\n');
}

static void print_lines(const struct reach *reach, uint64_t took_us)
{
	print_line("id", vm.id);
	if (vm.pid)
		printf("%-9s%lld\n", "pid", (long long)vm.pid);
	print_line("state", state_name());
	printf("%-9s%u\n%-9s%u MiB\n", "vcpus", vm.vcpus, "memory",
	       vm.memory_mib);
	print_line("agent", vm.agent_url);
	print_line("qmp", reach->qmp);
	print_line("console", reach->console);
	printf("%-9s%llu.%03llu ms\n", "took",
	       (unsigned long long)took_us / 1000,
	       (unsigned long long)took_us % 1000);
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

static enum vmc_status print_json(struct vmc_view hypervisor,
				  const struct reach *reach, uint64_t took_us)
{
	struct vmc_json_writer w;
	enum vmc_status status;
	size_t len;

	vmc_json_writer_init(&w, json, sizeof(json));
	vmc_json_begin_object(&w);
	put_text(&w, "id", vm.id);
	put_number(&w, "pid", vm.pid);
	put_text(&w, "state", state_name());
	put_number(&w, "vcpus", vm.vcpus);
	put_number(&w, "memory_mib", vm.memory_mib);
	put_number(&w, "cpu_delta", vm.cpu_delta);
	put_text(&w, "agent_url", vm.agent_url);
	put_text(&w, "qmp", reach->qmp);
	put_text(&w, "console", reach->console);
	put_number(&w, "took_us", (int64_t)took_us);
	vmc_json_put_key(&w, "hypervisor");
	vmc_json_put_raw(&w, hypervisor);
	vmc_json_end_object(&w);
	status = vmc_json_writer_end(&w, &len);
	if (status == VMC_OK)
		printf("%.*s\n", (int)len, (const char *)json);
	return status;
}

/* The driver's words of the VM as it is now, grown or not. */
static enum cli_exit print_vm(uint64_t took_us)
{
	const struct vmc_hypervisor *hypervisor = &vm.hypervisor;
	struct vmc_view words = { saved, 0 };
	static struct reach reach;
	enum vmc_status status;

	status = hypervisor->ops->save(hypervisor->ctx, &vm, saved,
				       sizeof(saved), &words.ptr_len);
	if (status == VMC_OK) {
		find_text(words, "QmpChannelpath", reach.qmp, PATH_SIZE);
		find_text(words, "ConsolePath", reach.console, PATH_SIZE);
		if (!cli_given(call.options, CLI_JSON))
			print_lines(&reach, took_us);
		else
			status = print_json(words, &reach, took_us);
	}
	if (status)
		return cli_call_failed(&call, status, &vm.error);
	return cli_print_end(call.options);
}

/* Where the reason is: of a call that the server refused, the channel has
 * its code. */
static enum cli_exit failed(enum vmc_status status)
{
	if (status == VMC_ERR_CANCELLED && cli_call_caught()) {
		cli_complain(call.options, "stopped by signal %d",
			     cli_call_caught());
		return CLI_FAILED;
	}
	if (status == VMC_ERR_CALL)
		return cli_call_failed(&call, status,
				       vmc_channel_error(&call.channel));
	return cli_call_failed(&call, status, &vm.error);
}

static enum cli_exit refuse_growth(const struct cli_options *options)
{
	cli_complain(options, "--paused hands the VM over as it was cached; "
			      "leave out --vcpus and --memory");
	return CLI_USAGE;
}

static enum cli_exit prepare(const struct cli_options *options)
{
	enum cli_exit code = cli_call_begin(&call, options, 0);
	struct vmc_cache_config config;
	enum vmc_status status;

	if (code != CLI_DONE)
		return code;
	cli_call_catch(&call);
	status = fetch_config(&config);
	if (status)
		return cli_call_failed(&call, status,
				       vmc_channel_error(&call.channel));
	code = choose_driver(config.data);
	return code ? code : plan_growth(config.data);
}

/* see cli.h */
enum cli_exit cli_get(const struct cli_options *options)
{
	uint64_t begun_us = now_us();
	enum vmc_status status;
	enum cli_exit code;

	if (cli_given(options, CLI_PAUSED) &&
	    (cli_given(options, CLI_WANT_VCPUS) ||
	     cli_given(options, CLI_WANT_MEMORY)))
		return refuse_growth(options);
	code = prepare(options);
	if (code != CLI_DONE)
		return code;
	status = take();
	code = status ? failed(status) : print_vm(now_us() - begun_us);
	if (code == CLI_DONE)
		vmc_vm_release(&vm);
	else
		stop();
	return code;
}
