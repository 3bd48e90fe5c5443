/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache serve: settings in; a driver, a factory, a pool and a server put
 * together; a loop that logs.
 *
 * All of it is one object of fixed size. What can be found missing is found
 * before the endpoint is opened, and no VM is booted before that: who is
 * refused because a server is there has changed nothing.
 */
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/crc32.h"
#include "vmcache_linux.h"
#include "cli_agent.h"
#include "cli_driver.h"
#include "cli_output.h"
#include "cli_signals.h"
#include "vmcache.h"

/* VMConfig as JSON: some 20 keys, and paths of up to 4096 bytes each. */
#define DATA_SIZE 65536

/* Cells of the bar that a terminal shows, and a NUL. */
#define BAR_SIZE 17

/* A taker has the processors to itself for so long before the slot boots
 * again, if nobody else waits: on two of them that halves what it takes until
 * the VM answers, and a boot takes 40 times as long. */
#define REFILL_MS 50

/* The records lie beside the endpoint that their server serves. */
#define RECORDS_SUFFIX ".records"

struct serve {
	struct cli_settings settings;
	struct cli_log log;
	struct cli_driver driver;
	struct cli_agent agent;
	struct vmc_posix_env_state env_state;
	struct vmc_env env;
	struct vmc_posix_store records;
	struct vmc_linux_loop loop;
	struct vmc_factory_direct direct;
	struct vmc_pool pool;
	struct vmc_server server;
	struct vmc_error error;
	union cli_vm vms[VMC_VM_MAX];
	/* what no VM uses is never touched */
	struct vmc_agent_kata agents[VMC_VM_MAX];
	size_t data_len;
	uint8_t data[DATA_SIZE];
	char records_path[VMC_POSIX_ENDPOINT_SIZE + sizeof(RECORDS_SUFFIX)];
	const char *accel; /* as it was logged */
	uint64_t events_lost;
};

static struct serve serve;

/* Pages that a connection does not need are never touched. */
static _Alignas(4096) struct vmc_grpc_slot grpc_slots[VMC_CONNECTION_MAX];

static volatile sig_atomic_t stop_signal, child_ended;

/* The loop looks at the flag; this makes it look. Caught from the moment the
 * loop is there: a server that is ended while it opens its endpoint shall
 * remove it as well. */
static void on_signal(int signal)
{
	stop_signal = signal;
	vmc_linux_loop_wake(&serve.loop);
}

/* Perhaps of a VM that was handed out: nothing else says that it ended. */
static void on_child(int signal)
{
	(void)signal;
	child_ended = 1;
	vmc_linux_loop_wake(&serve.loop);
}

/*
 * A hang-up that is ignored (nohup) stays ignored. An interrupt does not:
 * shells start what is in the background with SIGINT ignored, and whoever
 * sends it wants the server to stop.
 */
static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal }, old;
	struct sigaction child = { .sa_handler = on_child,
				   .sa_flags = SA_NOCLDSTOP | SA_RESTART };

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGHUP, NULL, &old);
	if (old.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &action, NULL);
}

static uint64_t now_ms(void)
{
	return serve.env.now_ms(serve.env.ctx);
}

/* The driver, and whether it can make such VMs; who answers in them. */
static enum vmc_status init_driver(void)
{
	struct cli_settings *settings = &serve.settings;
	enum vmc_status status;

	status = cli_driver_init(&serve.driver, settings, &serve.error);
	if (status == VMC_OK)
		status = cli_agent_init(&serve.agent, settings->vm.agent,
					&serve.error);
	if (status || serve.driver.hypervisor.ops != &vmc_qemu_ops)
		return status;
	return vmc_qemu_check(&serve.driver.ctx.qemu, &settings->vm,
			      &serve.error);
}

/* In Kata's words: what a client needs to know to talk to the agents. */
static const char *agent_json(void)
{
	if (!cli_agent_answers(&serve.agent))
		return "{}";
	if (serve.settings.qemu.agent == VMC_QEMU_AGENT_VSOCK)
		return "{\"DialTimeout\":30,\"LongLiveConn\":true,"
		       "\"UseVSock\":true}";
	return "{\"DialTimeout\":30,\"LongLiveConn\":true,\"UseVSock\":false}";
}

static enum vmc_status init_factory(void)
{
	struct vmc_factory_direct *direct = &serve.direct;
	enum vmc_status status;

	status = vmc_vm_config_write(&serve.settings.vm, serve.data,
				     sizeof(serve.data), &serve.data_len);
	if (status)
		return vmc_error_set_number(&serve.error, status,
					    "the VM's configuration is longer "
					    "than so many bytes",
					    sizeof(serve.data));
	direct->vm_config = serve.settings.vm;
	direct->json = serve.settings.told;
	if (!direct->json.data.ptr) {
		direct->json.data.ptr = serve.data;
		direct->json.data.ptr_len = serve.data_len;
	}
	if (!direct->json.agent_config.ptr)
		direct->json.agent_config = vmc_view_of(agent_json());
	direct->env = serve.env;
	return VMC_OK;
}

/* One boot for each processor that we may use: more would only starve each
 * other. */
static uint32_t boot_parallel(void)
{
	cpu_set_t cpus;
	int cpus_len = 1;

	if (serve.settings.boot_parallel)
		return serve.settings.boot_parallel;
	if (sched_getaffinity(0, sizeof(cpus), &cpus) == 0)
		cpus_len = CPU_COUNT(&cpus);
	return cpus_len < VMC_VM_MAX ? (uint32_t)cpus_len : VMC_VM_MAX;
}

static enum vmc_status init_pool(void)
{
	struct vmc_pool_config config = {
		.base = { &vmc_factory_direct_ops, &serve.direct },
		.hypervisor = serve.driver.hypervisor,
		.agent_ops = serve.agent.ops,
		.agent_config = &serve.agent.kata,
		.drivers = serve.vms,
		.drivers_size = sizeof(serve.vms),
		.agents = serve.agents,
		.agents_size = sizeof(serve.agents),
		.store = vmc_linux_store(&serve.records),
		.env = serve.env,
		.number = serve.settings.number,
		.boot_parallel = boot_parallel(),
		.boot_timeout_ms = serve.settings.boot_timeout_ms,
		.refill_ms = REFILL_MS,
		.digest = vmc_crc32(0, serve.direct.json.data),
	};

	return vmc_pool_init(&serve.pool, &config, &serve.error);
}

static enum vmc_status init_server(void)
{
	struct vmc_server_config config = {
		.pool = &serve.pool,
		.port = vmc_linux_port(&serve.loop),
		.endpoint = serve.settings.endpoint,
		.config = serve.direct.json,
		.grpc = grpc_slots,
		.grpc_len = VMC_CONNECTION_MAX,
		.env = serve.env,
		.pid = getpid(),
		.owner = getuid(),
		.owner_only = serve.settings.owner_only,
	};
	enum vmc_status status = vmc_server_init(&serve.server, &config);

	if (status)
		serve.error = *vmc_server_error(&serve.server);
	return status;
}

/* The endpoint is ours, so these records are too. */
static enum vmc_status open_records(void)
{
	snprintf(serve.records_path, sizeof(serve.records_path), "%s%s",
		 serve.settings.endpoint, RECORDS_SUFFIX);
	return vmc_posix_store_open(&serve.records, serve.records_path,
				    &serve.error);
}

static void log_start(void)
{
	const struct cli_settings *settings = &serve.settings;

	cli_log_begin(&serve.log, CLI_LOG_INFO, "starting");
	cli_log_text(&serve.log, "version", VMC_VERSION);
	cli_log_number(&serve.log, "pid", getpid());
	cli_log_text(&serve.log, "hypervisor",
		     serve.driver.hypervisor.ops->name);
	cli_log_text(&serve.log, "agent", serve.agent.ops->name);
	cli_log_number(&serve.log, "number", settings->number);
	cli_log_number(&serve.log, "boot_parallel", boot_parallel());
	if (settings->file) {
		cli_log_text(&serve.log, "config", settings->file);
		cli_log_number(&serve.log, "unused_keys",
			       settings->file_unused);
	}
	cli_log_end(&serve.log);
}

/* What KVM's trial has come to, once it is known. */
static void log_accel(void)
{
	const char *accel = "auto";

	if (serve.driver.hypervisor.ops == &vmc_qemu_ops)
		accel = vmc_qemu_accel_name(&serve.driver.ctx.qemu);
	if (strcmp(accel, "auto") == 0 || serve.accel == accel)
		return;
	serve.accel = accel;
	cli_log_begin(&serve.log, CLI_LOG_INFO, "accelerator");
	cli_log_text(&serve.log, "name", accel);
	if (serve.settings.qemu.accel == VMC_QEMU_AUTO &&
	    strcmp(accel, "tcg") == 0)
		cli_log_text(&serve.log, "reason",
			     access("/dev/kvm", R_OK | W_OK) ?
				     "/dev/kvm cannot be opened" :
				     "the guest did not come up on KVM");
	cli_log_end(&serve.log);
}

/* One cell for each VM, or for so many of a big pool: # ready, + booting. */
static void draw_bar(char bar[BAR_SIZE], uint32_t ready, uint32_t booting)
{
	uint32_t number = serve.settings.number;
	uint32_t cells = number < BAR_SIZE - 1 ? number : BAR_SIZE - 1;
	uint32_t full = ready * cells / number;
	uint32_t begun = (ready + booting) * cells / number;

	for (uint32_t i = 0; i < cells; i++)
		bar[i] = i < full ? '#' : i < begun ? '+' : '.';
	bar[cells] = '\0';
}

static void show_progress(void)
{
	uint32_t ready = vmc_pool_ready(&serve.pool);
	uint32_t booting = vmc_pool_booting(&serve.pool);
	char bar[BAR_SIZE], text[CLI_LOG_PROGRESS_SIZE];

	if (!cli_log_shows_progress(&serve.log))
		return;
	draw_bar(bar, ready, booting);
	snprintf(text, sizeof(text),
		 "[%s] %u of %u VMs ready, %u booting, %llu handed out", bar,
		 ready, serve.settings.number, booting,
		 (unsigned long long)vmc_pool_counters(&serve.pool)->handed);
	cli_log_progress(&serve.log, text);
}

/* More has happened in a turn than the pool keeps: what came first is gone. */
static void log_lost(struct serve *self)
{
	uint64_t lost = vmc_pool_counters(&self->pool)->events_dropped;

	if (lost == self->events_lost)
		return;
	cli_log_begin(&self->log, CLI_LOG_WARN, "events-lost");
	cli_log_number(&self->log, "count",
		       (int64_t)(lost - self->events_lost));
	cli_log_end(&self->log);
	self->events_lost = lost;
}

static void on_event(void *ctx, const struct vmc_event *event)
{
	struct serve *self = ctx;

	log_lost(self);
	cli_log_event(&self->log, event);
	if (event->type == VMC_EVENT_VM_READY)
		log_accel();
	show_progress();
}

/* VMs that were handed out and have ended. */
static void reap(void)
{
	child_ended = 0;
	if (serve.driver.hypervisor.ops == &vmc_qemu_ops)
		vmc_qemu_reap(&serve.driver.ctx.qemu);
}

static void on_turn(void *ctx, struct vmc_server *server, uint64_t at_ms)
{
	(void)ctx;
	show_progress();
	if (child_ended)
		reap();
	if (stop_signal)
		vmc_server_stop(server, cli_signal_name(stop_signal), at_ms);
}

/* Without the loop: slower, but enough to leave nothing behind. */
static void stop_by_hand(void)
{
	struct vmc_server *server = &serve.server;
	struct vmc_wait *waits = serve.loop.waits;
	uint64_t until_ms;
	size_t len;

	vmc_server_stop(server, serve.error.text, now_ms());
	while (!vmc_server_stopped(server)) {
		if (vmc_server_waits(server, waits, VMC_SERVER_WAIT_MAX, &len,
				     &until_ms))
			len = 0;
		if (vmc_posix_poll(NULL, waits, len, until_ms, now_ms()) ==
		    VMC_ERR_IO)
			len = 0;
		vmc_server_step(server, waits, len, now_ms());
	}
}

static enum vmc_status prepare(void)
{
	enum vmc_status status;

	serve.env = vmc_posix_env(&serve.env_state);
	status = init_driver();
	if (status == VMC_OK)
		status = init_factory();
	if (status == VMC_OK)
		status = init_pool();
	if (status == VMC_OK)
		status = vmc_linux_loop_init(&serve.loop, &serve.error);
	if (status)
		return status;
	vmc_posix_spin_init(&serve.loop.spin, serve.settings.spin_us);
	catch_signals();
	return init_server();
}

static enum cli_exit failed(const struct cli_options *options,
			    enum vmc_status status)
{
	cli_complain(options, "%s",
		     serve.error.text[0] ? serve.error.text :
					   vmc_status_words(status));
	return CLI_FAILED;
}

static enum vmc_status run(void)
{
	const struct vmc_linux_host host = { &serve, on_event, on_turn };
	enum vmc_status status;

	status = open_records();
	if (status == VMC_OK)
		status = vmc_linux_run(&serve.loop, &serve.server, serve.env,
				       &host, &serve.error);
	if (status)
		stop_by_hand();
	reap();
	cli_log_close(&serve.log);
	return status;
}

/* see cli.h */
enum cli_exit cli_serve(const struct cli_options *options)
{
	enum cli_exit code = cli_settings_read(&serve.settings, options);
	enum vmc_status status;

	if (code != CLI_DONE)
		return code;
	if (!serve.settings.number) {
		cli_complain(options,
			     "VMCache is disabled: vm_cache_number of "
			     "[factory] is absent or 0 in %s",
			     serve.settings.file);
		return CLI_DONE;
	}
	cli_log_init(&serve.log, STDERR_FILENO, serve.settings.level);
	status = prepare();
	if (status)
		return failed(options, status);
	log_start();
	status = run();
	if (status)
		return failed(options, status);
	vmc_posix_store_remove(&serve.records, serve.records_path);
	vmc_posix_store_close(&serve.records);
	vmc_linux_loop_end(&serve.loop);
	return CLI_DONE;
}
