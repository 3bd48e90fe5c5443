/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache status: the server's pid and its READY VMs.
 *
 * --wait-ready asks again until there are enough. The protocol has no call
 * that waits for that, so it asks after a short, growing pause.
 */
#include <stdio.h>

#include "../../src/base/json_write.h"
#include "cli_call.h"
#include "cli_output.h"

#define PAUSE_MIN_MS 5
#define PAUSE_MAX_MS 50

/* {"pid":…,"vms":[ and for each VM {"pid":…,"vcpus":…,"memory_mib":…}: the
 * names are 34 long, the numbers at most 20 and twice 10. */
#define JSON_SIZE (64 + 80 * VMC_VM_MAX)

static struct cli_call call;
static struct vmc_cache_status status_of;
static int answered; /* status_of is the server's answer */
static uint8_t json[JSON_SIZE];

static enum vmc_status fetch(void)
{
	enum vmc_status status;

	cli_call_task(&call);
	CLI_CALL(status, &call,
		 vmc_cache_fetch_status(&call.channel, &status_of, &call.task,
					cli_call_now(&call)));
	answered |= status == VMC_OK;
	return status;
}

/* A server that is not there yet is waited for as well. */
static int is_early(enum vmc_status status, uint32_t wanted)
{
	if (status == VMC_OK)
		return status_of.vm_len < wanted;
	return wanted && status == VMC_ERR_NO_SERVER;
}

static enum vmc_status fetch_until(uint32_t wanted)
{
	uint32_t pause_ms = PAUSE_MIN_MS;
	enum vmc_status status = fetch();

	while (is_early(status, wanted)) {
		if (cli_call_now(&call) >= call.deadline_ms)
			return VMC_ERR_TIMEOUT;
		cli_call_pause(&call, pause_ms);
		pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2 :
							 PAUSE_MAX_MS;
		status = fetch();
	}
	return status;
}

static void print_table(void)
{
	printf("server pid %lld, %u VM%s ready\n", (long long)status_of.pid,
	       status_of.vm_len, status_of.vm_len == 1 ? "" : "s");
	if (status_of.vm_len)
		printf("%10s %6s %8s\n", "PID", "VCPUS", "MIB");
	for (uint32_t i = 0; i < status_of.vm_len; i++)
		printf("%10lld %6u %8u\n", (long long)status_of.vm[i].pid,
		       status_of.vm[i].vcpus, status_of.vm[i].memory_mib);
}

static void put_vm(struct vmc_json_writer *w, const struct vmc_vm_status *vm)
{
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "pid");
	vmc_json_put_i64(w, vm->pid);
	vmc_json_put_key(w, "vcpus");
	vmc_json_put_u64(w, vm->vcpus);
	vmc_json_put_key(w, "memory_mib");
	vmc_json_put_u64(w, vm->memory_mib);
	vmc_json_end_object(w);
}

static enum vmc_status print_json(void)
{
	struct vmc_json_writer w;
	enum vmc_status status;
	size_t len;

	vmc_json_writer_init(&w, json, sizeof(json));
	vmc_json_begin_object(&w);
	vmc_json_put_key(&w, "pid");
	vmc_json_put_i64(&w, status_of.pid);
	vmc_json_put_key(&w, "vms");
	vmc_json_begin_array(&w);
	for (uint32_t i = 0; i < status_of.vm_len; i++)
		put_vm(&w, &status_of.vm[i]);
	vmc_json_end_array(&w);
	vmc_json_end_object(&w);
	status = vmc_json_writer_end(&w, &len);
	if (status == VMC_OK)
		printf("%.*s\n", (int)len, (const char *)json);
	return status;
}

static enum cli_exit late(const struct cli_options *options, uint32_t wanted)
{
	unsigned s = call.timeout_ms / 1000, ms = call.timeout_ms % 1000;

	if (answered)
		cli_complain(options, "%u of %u VMs ready after %u.%03u s",
			     status_of.vm_len, wanted, s, ms);
	else
		cli_complain(options, "no server at %s after %u.%03u s",
			     cli_endpoint(options), s, ms);
	return CLI_DEADLINE;
}

/* see cli.h */
enum cli_exit cli_status(const struct cli_options *options)
{
	uint32_t wanted = cli_number(options, CLI_WAIT_READY, 0);
	enum cli_exit code =
		cli_call_begin(&call, options, wanted ? 0 : CLI_TIMEOUT_MS);
	enum vmc_status status;

	if (code != CLI_DONE)
		return code;
	status = fetch_until(wanted);
	if (status == VMC_ERR_TIMEOUT && wanted)
		return late(options, wanted);
	if (status == VMC_OK && cli_given(options, CLI_JSON))
		status = print_json();
	else if (status == VMC_OK)
		print_table();
	if (status)
		return cli_call_failed(&call, status,
				       vmc_channel_error(&call.channel));
	return cli_print_end(options);
}
