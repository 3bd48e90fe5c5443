/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minimal VMM (see minimal_vmm.h):
 *
 *	minimal_vmm serve ENDPOINT [kvm|toy]
 *	minimal_vmm take ENDPOINT
 *
 * It keeps NUMBER paused VMs and serves them at ENDPOINT. Whoever took one
 * steers it at the socket ENDPOINT.control, a line a connection:
 *
 *	beats ID | resume ID | pause ID | stop ID
 *	-> ok BEATS | no REASON
 *
 * It ends by SIGTERM or `vmcache quit`, once nobody has a VM any more.
 */
#include "minimal_vmm.h"

#include <vmcache_posix.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NUMBER 2
#define BEAT_MS 5
#define LINE_SIZE 128

/* The control socket, and the one connection that is served. */
static struct {
	struct vmc_posix posix;
	struct vmc_port port;
	vmc_handle listener, stream;
	char path[VMC_POSIX_ENDPOINT_SIZE];
	char line[LINE_SIZE];
	size_t line_len;
} control = { .listener = VMC_HANDLE_NONE, .stream = VMC_HANDLE_NONE };

static struct vmc_posix posix;
static struct vmc_posix_env_state env_state;
static struct vmc_env env;
static struct vmc_factory_direct direct;
static struct vmc_pool pool;
static struct vmc_server server;
static struct vmc_error error;
static uint64_t beat_ms;
static volatile sig_atomic_t told_to_end;

static void end(int number)
{
	told_to_end = number;
}

static uint64_t now(void)
{
	return env.now_ms(env.ctx);
}

/*
 * Control
 */

/* What a taker may do to the VM it has. "" is done, else why it is not. */
static const char *steer(const char *verb, const char *id, uint64_t *beats)
{
	struct machine *machine = id[0] ? machine_find(id) : NULL;

	if (!machine)
		return "there is no such VM";
	if (machine->held)
		return "it is in the cache";
	*beats = machine->beats;
	if (strcmp(verb, "resume") == 0)
		machine->running = 1;
	else if (strcmp(verb, "pause") == 0)
		machine->running = 0;
	else if (strcmp(verb, "stop") == 0)
		machine_off(machine);
	else if (strcmp(verb, "beats") != 0)
		return "there is no such word";
	return "";
}

static void answer(void)
{
	char verb[LINE_SIZE] = "", id[LINE_SIZE] = "", said[LINE_SIZE];
	uint64_t beats = 0;
	struct vmc_view part = { (const uint8_t *)said, 0 };
	const char *why;
	size_t len;
	int fields;

	fields = sscanf(control.line, "%127s %127s", verb, id);
	why = fields == 2 ? steer(verb, id, &beats) : "two words are wanted";
	if (why[0])
		len = (size_t)snprintf(said, sizeof(said), "no %s\n", why);
	else
		len = (size_t)snprintf(said, sizeof(said), "ok %llu\n",
				       (unsigned long long)beats);
	part.ptr_len = len;
	if (control.port.ops->send(control.port.ctx, control.stream, &part, 1,
				   NULL, &len) != VMC_OK)
		fprintf(stderr, "minimal_vmm: an answer was not read\n");
}

/* 1 once there is a line, or will be none. */
static int heard(void)
{
	size_t len = 0;
	enum vmc_status status = control.port.ops->recv(
		control.port.ctx, control.stream,
		(uint8_t *)control.line + control.line_len,
		LINE_SIZE - 1 - control.line_len, &len, NULL);

	if (status == VMC_AGAIN)
		return 0;
	control.line_len += len;
	control.line[control.line_len] = '\0';
	return status != VMC_OK || control.line_len == LINE_SIZE - 1 ||
	       strchr(control.line, '\n');
}

static void step_control(void)
{
	struct vmc_peer peer;

	if (control.stream == VMC_HANDLE_NONE) {
		control.line_len = 0;
		if (control.port.ops->accept(control.port.ctx, control.listener,
					     &control.stream, &peer) != VMC_OK)
			control.stream = VMC_HANDLE_NONE;
		return;
	}
	if (!heard())
		return;
	answer();
	control.port.ops->close(control.port.ctx, control.stream);
	control.stream = VMC_HANDLE_NONE;
}

/*
 * Guests
 */

static void step_guests(void)
{
	if (now() < beat_ms)
		return;
	beat_ms = now() + BEAT_MS;
	for (int i = 0; i < MACHINE_MAX; i++)
		if (machines[i].id[0] && machines[i].running)
			machine_step(&machines[i]);
}

static int guests(void)
{
	int count = 0;

	for (int i = 0; i < MACHINE_MAX; i++)
		count += machines[i].id[0] != '\0';
	return count;
}

/*
 * The loop: the server and its pool, the control socket, the guests
 */

static void hear_events(void)
{
	struct vmc_event event;

	while (vmc_server_next_event(&server, &event) == VMC_OK)
		fprintf(stderr, "%s %s %s\n", vmc_event_name(event.type),
			event.id, event.text);
}

static enum vmc_status turn(void)
{
	static struct vmc_wait waits[VMC_SERVER_WAIT_MAX];
	enum vmc_status status;
	uint64_t until_ms;
	size_t len;

	status = vmc_server_waits(&server, waits, VMC_SERVER_WAIT_MAX - 1, &len,
				  &until_ms);
	if (status)
		return status;
	waits[len].handle =
		control.stream >= 0 ? control.stream : control.listener;
	waits[len].want = VMC_WAIT_READ;
	status = vmc_posix_poll(NULL, waits, len + 1,
				beat_ms < until_ms ? beat_ms : until_ms, now());
	if (status < 0)
		return status;
	vmc_server_step(&server, waits, len, now());
	if (waits[len].got)
		step_control();
	step_guests();
	hear_events();
	return VMC_OK;
}

static enum vmc_status run(void)
{
	enum vmc_status status = VMC_OK;

	while (status == VMC_OK &&
	       (!vmc_server_stopped(&server) || guests() > 0)) {
		if (told_to_end)
			vmc_server_stop(&server, "a signal", now());
		status = turn();
	}
	control.port.ops->unlisten(control.port.ctx, control.path,
				   control.listener);
	return status;
}

/*
 * Setting up
 */

static enum vmc_status listen_for_control(const char *endpoint)
{
	if (snprintf(control.path, sizeof(control.path), "%s.control",
		     endpoint) >= (int)sizeof(control.path))
		return VMC_ERR_TOO_BIG;
	control.port = vmc_posix_port(&control.posix);
	return control.port.ops->listen(control.port.ctx, control.path,
					&control.listener, &error);
}

static enum vmc_status make_pool(void)
{
	static _Alignas(16) uint8_t drivers[NUMBER * 16];
	static uint8_t data[512];
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &direct },
		.hypervisor = { &minimal_vmm_ops, control.path },
		.drivers = drivers,
		.drivers_size = sizeof(drivers),
		.env = env,
		.number = NUMBER,
	};
	enum vmc_status status;
	size_t len;

	direct.env = env;
	direct.vm_config.hypervisor = minimal_vmm_ops.name;
	status = vmc_vm_config_write(&direct.vm_config, data, sizeof(data),
				     &len);
	direct.json.data = (struct vmc_view){ data, len };
	direct.json.agent_config = vmc_view_of("{}");
	return status ? status : vmc_pool_init(&pool, &config, &error);
}

static enum vmc_status make_server(const char *endpoint)
{
	struct vmc_server_config config = {
		.pool = &pool,
		.port = vmc_posix_port(&posix),
		.endpoint = endpoint,
		.config = direct.json,
		.env = env,
		.pid = getpid(),
	};
	enum vmc_status status = vmc_server_init(&server, &config);

	if (status)
		error = *vmc_server_error(&server);
	return status;
}

static int serve(const char *endpoint, const char *wanted)
{
	const char *chosen = machine_choose(wanted);
	enum vmc_status status;

	if (!chosen) {
		fprintf(stderr, "minimal_vmm: /dev/kvm cannot be used\n");
		return 1;
	}
	fprintf(stderr, "VMs run by %s\n", chosen);
	signal(SIGTERM, end);
	env = vmc_posix_env(&env_state);
	status = listen_for_control(endpoint);
	if (status == VMC_OK)
		status = make_pool();
	if (status == VMC_OK)
		status = make_server(endpoint);
	if (status == VMC_OK)
		status = run();
	if (status)
		fprintf(stderr, "minimal_vmm: %s: %s\n",
			vmc_status_words(status), error.text);
	return status != VMC_OK;
}

int main(int argc, char **argv)
{
	if (argc >= 3 && strcmp(argv[1], "serve") == 0)
		return serve(argv[2], argv[3]);
	if (argc == 3 && strcmp(argv[1], "take") == 0)
		return take(argv[2]);
	fprintf(stderr, "minimal_vmm serve ENDPOINT [kvm|toy]\n"
			"minimal_vmm take ENDPOINT\n");
	return 2;
}
