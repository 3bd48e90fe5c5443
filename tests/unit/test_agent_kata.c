/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kata backend, against an agent that is made of the engine by hand, over
 * the port in memory: what is sent for each method, what becomes of each
 * answer, and of answers that are none.
 */
#include "test.h"

#include "hex.h"
#include "vmcache/agent_kata.h"
#include "vmcache_sim.h"
#include "../../src/engine/pump.h"

#define ADDRESS "unix:/run/agent.sock"
#define REQUEST_MAX 16
#define PAYLOAD_SIZE 4096

struct seen {
	uint32_t stream;
	uint64_t timeout_ns;
	char service[32], method[40];
	uint8_t payload[PAYLOAD_SIZE];
	size_t payload_len;
};

static struct {
	struct vmc_sim sim;
	struct vmc_sim_link links[4];
	struct vmc_agent_kata_config config;
	struct vmc_agent_kata state;
	struct vmc_error error;
	struct vmc_agent agent;

	vmc_handle listener, stream; /* the agent's */
	struct vmc_ttrpc engine;
	uint8_t window[8192], out[256];
	struct seen seen[REQUEST_MAX];
	unsigned seen_len;
	enum vmc_status ended;
} w;

static const struct vmc_agent_ops *const ops = &vmc_agent_kata_ops;

/*
 * The agent in the guest
 */

static void listen_at(const char *address)
{
	CHECK_EQ_INT(
		vmc_sim_port_ops.listen(&w.sim, address, &w.listener, NULL),
		VMC_OK);
}

static void begin_deaf(void)
{
	memset(&w, 0, sizeof(w));
	vmc_sim_init(&w.sim, w.links, 4);
	w.config.port = vmc_sim_port(&w.sim);
	w.config.dial_timeout_ms = 1000;
	w.agent.ops = ops;
	w.agent.state = &w.state;
	w.agent.config = &w.config;
	w.agent.error = &w.error;
	w.listener = w.stream = VMC_HANDLE_NONE;
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, vmc_view_of(ADDRESS)),
		     VMC_OK);
}

static void begin(void)
{
	begin_deaf();
	listen_at(ADDRESS);
}

static void hang_up(void)
{
	if (w.stream != VMC_HANDLE_NONE)
		vmc_sim_port_ops.close(&w.sim, w.stream);
	w.stream = VMC_HANDLE_NONE;
}

static void end(void)
{
	ops->disconnect(&w.agent);
	hang_up();
	CHECK_EQ_INT(w.sim.open, 0);
	CHECK_EQ_INT(w.sim.misused, 0);
}

static struct vmc_pump pump(void)
{
	struct vmc_pump pump = { &vmc_ttrpc_server, &w.engine,
				 vmc_sim_port(&w.sim), w.stream };

	return pump;
}

static void begin_engine(void)
{
	vmc_ttrpc_server.init(&w.engine, w.window, sizeof(w.window), w.out,
			      sizeof(w.out));
}

static void accept_one(void)
{
	struct vmc_peer peer;

	if (w.stream == VMC_HANDLE_NONE &&
	    vmc_sim_port_ops.accept(&w.sim, w.listener, &w.stream, &peer) ==
		    VMC_OK)
		begin_engine();
}

static void copy_text(char *out, size_t cap, struct vmc_view view)
{
	CHECK(view.ptr_len < cap);
	memcpy(out, view.ptr, view.ptr_len);
	out[view.ptr_len] = '\0';
}

static void note(const struct vmc_engine_event *event)
{
	struct seen *seen = &w.seen[w.seen_len++];

	CHECK(w.seen_len <= REQUEST_MAX);
	seen->stream = event->stream;
	seen->timeout_ns = event->timeout_ns;
	copy_text(seen->service, sizeof(seen->service), event->service);
	copy_text(seen->method, sizeof(seen->method), event->method);
	CHECK(event->payload.ptr_len <= PAYLOAD_SIZE);
	seen->payload_len = event->payload.ptr_len;
	if (seen->payload_len)
		memcpy(seen->payload, event->payload.ptr, seen->payload_len);
}

/* Takes in what has come. */
static void serve(void)
{
	struct vmc_engine_event event;
	struct vmc_pump p;

	accept_one();
	if (w.stream == VMC_HANDLE_NONE)
		return;
	p = pump();
	do {
		while ((w.ended = vmc_pump_next(&p, &event)) == VMC_OK)
			if (event.type == VMC_ENGINE_REQUEST)
				note(&event);
		if (w.ended == VMC_AGAIN)
			w.ended = vmc_pump_recv(&p);
	} while (w.ended == VMC_OK);
}

static void respond(uint32_t stream, enum vmc_code code, const char *message,
		    const char *hex)
{
	static uint8_t payload[PAYLOAD_SIZE];
	struct vmc_view part = { payload, from_hex(hex, payload) };
	struct vmc_engine_reply reply = { .stream = stream,
					  .code = code,
					  .message = message,
					  .parts = &part,
					  .parts_len = 1 };
	struct vmc_engine_event event;
	struct vmc_pump p = pump();

	CHECK_EQ_INT(vmc_ttrpc_server.reply(&w.engine, &reply), VMC_OK);
	while (vmc_pump_next(&p, &event) == VMC_OK)
		if (event.type == VMC_ENGINE_REQUEST)
			note(&event);
}

static void send_raw(const char *hex)
{
	uint8_t bytes[1024];
	struct vmc_view part = { bytes, from_hex(hex, bytes) };
	size_t len;

	CHECK_EQ_INT(
		vmc_sim_port_ops.send(&w.sim, w.stream, &part, 1, NULL, &len),
		VMC_OK);
	CHECK_EQ_INT(len, part.ptr_len);
}

static void check_seen(unsigned i, const char *service, const char *method,
		       const char *hex)
{
	uint8_t expected[PAYLOAD_SIZE];
	size_t len = from_hex(hex, expected);

	CHECK(i < w.seen_len);
	CHECK_EQ_STR(w.seen[i].service, service);
	CHECK_EQ_STR(w.seen[i].method, method);
	CHECK_EQ_INT(w.seen[i].payload_len, len);
	CHECK_EQ_MEM(w.seen[i].payload, expected, len);
}

/*
 * Each method: what it sends, what it makes of an answer
 */

static struct vmc_view v(const char *text)
{
	return vmc_view_of(text);
}

/* Where outputs go. */
static union {
	struct vmc_process process;
	struct vmc_container_stats stats;
	struct vmc_guest_details details;
	struct vmc_interface interface;
	struct vmc_interfaces interfaces;
	struct vmc_routes routes;
	struct vmc_oom_event oom;
	int32_t exit_status;
	size_t written;
} output;
static uint8_t bytes[256];
static struct vmc_buffer buffer;

#define NOW w.sim.now_ms
#define METHOD(name)                                                           \
	static enum vmc_status do_##name(struct vmc_agent *agent,              \
					 struct vmc_task *task)

METHOD(check)
{
	return ops->check(agent, task, NOW);
}

METHOD(stop_sandbox)
{
	struct vmc_sandbox sandbox = { .id = v("sb") };

	return ops->stop_sandbox(agent, &sandbox, task, NOW);
}

METHOD(create_container)
{
	static const struct vmc_sandbox sandbox;
	struct vmc_container container = { .id = v("c"), .oci = v("spec") };

	return ops->create_container(agent, &sandbox, &container,
				     &output.process, task, NOW);
}

METHOD(start_container)
{
	return ops->start_container(agent, v("c"), task, NOW);
}

METHOD(stop_container)
{
	return ops->stop_container(agent, v("c"), task, NOW);
}

METHOD(pause_container)
{
	return ops->pause_container(agent, v("c"), task, NOW);
}

METHOD(resume_container)
{
	return ops->resume_container(agent, v("c"), task, NOW);
}

METHOD(update_container)
{
	return ops->update_container(agent, v("c"), v("res"), task, NOW);
}

METHOD(stats_container)
{
	return ops->stats_container(agent, v("c"), &output.stats, task, NOW);
}

METHOD(update_ephemeral_mounts)
{
	struct vmc_storage storage = { .driver = v("ephemeral") };

	return ops->update_ephemeral_mounts(agent, &storage, 1, task, NOW);
}

METHOD(remove_stale_virtiofs_share_mounts)
{
	return ops->remove_stale_virtiofs_share_mounts(agent, task, NOW);
}

METHOD(exec)
{
	struct vmc_view args[2] = { v("ls"), v("/") };
	struct vmc_exec exec = {
		.exec_id = v("x"),
		.args = args,
		.args_len = 2,
		.cwd = v("/"),
	};

	return ops->exec(agent, &exec, &output.process, task, NOW);
}

METHOD(signal_one)
{
	return ops->signal_process(agent, v("c"), v("x"), 9, 0, task, NOW);
}

METHOD(signal_all)
{
	return ops->signal_process(agent, v("c"), v("x"), 15, 1, task, NOW);
}

METHOD(wait_process)
{
	return ops->wait_process(agent, v("c"), v("x"), &output.exit_status,
				 task, NOW);
}

METHOD(winsize_process)
{
	return ops->winsize_process(agent, v("c"), v("x"), 24, 80, task, NOW);
}

METHOD(write_process_stdin)
{
	return ops->write_process_stdin(agent, v("c"), v("x"), v("hello"),
					&output.written, task, NOW);
}

METHOD(close_process_stdin)
{
	return ops->close_process_stdin(agent, v("c"), v("x"), task, NOW);
}

METHOD(read_process_stdout)
{
	return ops->read_process_stdout(agent, v("c"), v("x"), &buffer, task,
					NOW);
}

METHOD(read_process_stderr)
{
	return ops->read_process_stderr(agent, v("c"), v("x"), &buffer, task,
					NOW);
}

METHOD(mem_hotplug_by_probe)
{
	return ops->mem_hotplug_by_probe(agent, 0x10000000, 256, 128, task,
					 NOW);
}

METHOD(reseed_rng)
{
	return ops->reseed_rng(agent, v("seed"), task, NOW);
}

METHOD(set_guest_date_time)
{
	struct vmc_wall wall = { 300, 5 };

	return ops->set_guest_date_time(agent, &wall, task, NOW);
}

METHOD(get_guest_details)
{
	return ops->get_guest_details(agent, 1, 1, &output.details, task, NOW);
}

METHOD(copy_file)
{
	struct vmc_file_piece piece = { .path = v("/run/f"),
					.file_size = 4,
					.file_mode = 0100644,
					.dir_mode = 0755,
					.uid = -1,
					.offset = 2,
					.data = v("yz") };

	return ops->copy_file(agent, &piece, task, NOW);
}

METHOD(get_oom_event)
{
	return ops->get_oom_event(agent, &output.oom, task, NOW);
}

METHOD(get_agent_metrics)
{
	return ops->get_agent_metrics(agent, &buffer, task, NOW);
}

METHOD(add_swap)
{
	return ops->add_swap(agent, v("02/1f"), task, NOW);
}

METHOD(set_policy)
{
	return ops->set_policy(agent, v("allow"), task, NOW);
}

METHOD(update_interface)
{
	struct vmc_interface interface = { .name = "eth0", .mtu = 1500 };

	return ops->update_interface(agent, &interface, &output.interface, task,
				     NOW);
}

METHOD(list_interfaces)
{
	return ops->list_interfaces(agent, &output.interfaces, task, NOW);
}

METHOD(update_routes)
{
	struct vmc_route route = { .device = "eth0" };

	return ops->update_routes(agent, &route, 1, &output.routes, task, NOW);
}

METHOD(list_routes)
{
	return ops->list_routes(agent, &output.routes, task, NOW);
}

METHOD(get_iptables)
{
	return ops->get_iptables(agent, 1, &buffer, task, NOW);
}

METHOD(set_iptables)
{
	return ops->set_iptables(agent, 0, v("*nat"), task, NOW);
}

METHOD(get_guest_volume_stats)
{
	return ops->get_guest_volume_stats(agent, v("/v"), &buffer, task, NOW);
}

METHOD(resize_guest_volume)
{
	return ops->resize_guest_volume(agent, v("/v"), 300, task, NOW);
}

enum timeouts { FOREVER = 0, CALL_S = 60, CHECK_S = 30 };

static const struct method {
	enum vmc_status (*call)(struct vmc_agent *agent, struct vmc_task *task);
	const char *name, *request;
	const char *answer; /* what the agent answers */
	unsigned timeout_s; /* by default */
	const char *bytes;  /* what the buffer must hold then; NULL: none */
} methods[] = {
	{ do_check, "Check", "", "0801", CHECK_S, NULL },
	{ do_stop_sandbox, "DestroySandbox", "", "", CALL_S, NULL },
	{ do_create_container, "CreateContainer", "0a0163 3204 73706563", "",
	  CALL_S, NULL },
	{ do_start_container, "StartContainer", "0a0163", "", CALL_S, NULL },
	{ do_stop_container, "RemoveContainer", "0a0163", "", CALL_S, NULL },
	{ do_pause_container, "PauseContainer", "0a0163", "", CALL_S, NULL },
	{ do_resume_container, "ResumeContainer", "0a0163", "", CALL_S, NULL },
	{ do_update_container, "UpdateContainer", "0a0163 1203 726573", "",
	  CALL_S, NULL },
	{ do_stats_container, "StatsContainer", "0a0163", "0a00", CALL_S,
	  NULL },
	{ do_update_ephemeral_mounts, "UpdateEphemeralMounts",
	  "0a0b 0a09 657068656d6572616c", "", CALL_S, NULL },
	{ do_remove_stale_virtiofs_share_mounts,
	  "RemoveStaleVirtiofsShareMounts", "", "", CALL_S, NULL },
	{ do_exec, "ExecProcess", "120178 220c 1a00 2202 6c73 2201 2f 3201 2f",
	  "", CALL_S, NULL },
	{ do_signal_one, "SignalProcess", "0a0163 120178 1809", "", CALL_S,
	  NULL },
	{ do_signal_all, "SignalProcess", "0a0163 180f", "", CALL_S, NULL },
	{ do_wait_process, "WaitProcess", "0a0163 120178", "0889 01", FOREVER,
	  NULL },
	{ do_winsize_process, "TtyWinResize", "0a0163 120178 1818 2050", "",
	  CALL_S, NULL },
	{ do_write_process_stdin, "WriteStdin", "0a0163 120178 1a05 68656c6c6f",
	  "0805", FOREVER, NULL },
	{ do_close_process_stdin, "CloseStdin", "0a0163 120178", "", CALL_S,
	  NULL },
	{ do_read_process_stdout, "ReadStdout", "0a0163 120178 188002",
	  "0a03 6f7574", FOREVER, "out" },
	{ do_read_process_stderr, "ReadStderr", "0a0163 120178 188002",
	  "0a03 657272", FOREVER, "err" },
	{ do_mem_hotplug_by_probe, "MemHotplugByProbe",
	  "0a0a 8080808001 808080c001", "", CALL_S, NULL },
	{ do_reseed_rng, "ReseedRandomDev", "1204 73656564", "", CALL_S, NULL },
	{ do_set_guest_date_time, "SetGuestDateTime", "08ac02 1005", "", CALL_S,
	  NULL },
	{ do_get_guest_details, "GetGuestDetails", "0801 1001",
	  "08808080 40 1207 0a05 342e312e30", CALL_S, NULL },
	{ do_copy_file, "CopyFile",
	  "0a06 2f72756e2f66 1004 18a48302 20ed03 28ffffffffffffffffff01 "
	  "3802 4202 797a",
	  "", CALL_S, NULL },
	{ do_get_oom_event, "GetOOMEvent", "", "0a0163", FOREVER, NULL },
	{ do_get_agent_metrics, "GetMetrics", "", "0a03 782031", CALL_S,
	  "x 1" },
	{ do_add_swap, "AddSwap", "0a02 021f", "", CALL_S, NULL },
	{ do_set_policy, "SetPolicy", "0a05 616c6c6f77", "", CALL_S, NULL },
	{ do_update_interface, "UpdateInterface", "0a09 1204 65746830 20dc0b",
	  "1204 65746830", CALL_S, NULL },
	{ do_list_interfaces, "ListInterfaces", "", "0a06 1204 65746830",
	  CALL_S, NULL },
	{ do_update_routes, "UpdateRoutes", "0a08 0a06 1a04 65746830",
	  "0a06 1a04 65746830", CALL_S, NULL },
	{ do_list_routes, "ListRoutes", "", "0a06 1a04 65746830", CALL_S,
	  NULL },
	{ do_get_iptables, "GetIPTables", "0801", "0a04 2a6e6174", CALL_S,
	  "*nat" },
	{ do_set_iptables, "SetIPTables", "1204 2a6e6174", "", CALL_S, NULL },
	{ do_get_guest_volume_stats, "GetVolumeStats", "0a02 2f76", "0a01 78",
	  CALL_S, "\n\1x" },
	{ do_resize_guest_volume, "ResizeVolume", "0a02 2f76 10ac02", "",
	  CALL_S, NULL },
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

static void clear_output(void)
{
	memset(&output, 0xa5, sizeof(output));
	memset(bytes, 0xa5, sizeof(bytes));
	buffer = (struct vmc_buffer){ bytes, sizeof(bytes), 77 };
	vmc_error_reset(&w.error);
}

/* Asks, and lets the agent see it. */
static void ask(const struct method *m, struct vmc_task *task)
{
	clear_output();
	vmc_task_init(task);
	CHECK_EQ_INT(m->call(&w.agent, task), VMC_AGAIN);
	w.seen_len = 0;
	serve();
	CHECK_EQ_INT(w.seen_len, 1);
}

TEST(each_method_is_its_call)
{
	const struct method *m;
	struct vmc_task task;

	for (m = methods; m < methods + METHODS; m++) {
		begin();
		ask(m, &task);
		check_seen(0,
			   m == methods ? "grpc.Health" : "grpc.AgentService",
			   m->name, m->request);
		CHECK_EQ_INT(w.seen[0].timeout_ns / 1000000,
			     m->timeout_s * 1000 / 16 * 15);
		respond(1, VMC_CODE_OK, NULL, m->answer);
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_OK);
		CHECK_EQ_INT(w.error.status, VMC_OK);
		CHECK(!vmc_task_active(&task));
		if (m->bytes) {
			CHECK_EQ_INT(buffer.ptr_len, strlen(m->bytes));
			CHECK_EQ_MEM(bytes, m->bytes, buffer.ptr_len);
		}
		end();
	}
}

TEST(each_refusal_has_the_agents_words)
{
	const struct method *m;
	struct vmc_task task;
	char expected[128];

	for (m = methods; m < methods + METHODS; m++) {
		begin();
		ask(m, &task);
		respond(1, VMC_CODE_NOT_FOUND, "no such thing", "");
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_ERR_CALL);
		CHECK_EQ_INT(w.error.status, VMC_ERR_CALL);
		CHECK_EQ_INT(w.error.code, VMC_CODE_NOT_FOUND);
		snprintf(expected, sizeof(expected),
			 "%s: NOT_FOUND: no such thing", m->name);
		CHECK_EQ_STR(w.error.text, expected);
		end();
	}
}

TEST(each_loss_is_told_and_the_next_call_connects)
{
	const struct method *m;
	struct vmc_task task;
	char expected[128];

	for (m = methods; m < methods + METHODS; m++) {
		begin();
		ask(m, &task);
		hang_up();
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_ERR_LOST);
		snprintf(expected, sizeof(expected),
			 "%s: connection lost: " ADDRESS, m->name);
		CHECK(strstr(w.error.text, expected) == w.error.text);
		ask(m, &task);
		respond(1, VMC_CODE_OK, NULL, m->answer);
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_OK);
		end();
	}
}

/* An answer that is cut short, at each byte, of each method that has one. */
TEST(half_an_answer_is_a_loss)
{
	struct vmc_task task;
	struct vmc_view part;
	uint8_t frame[64];
	size_t cut, len, sent;

	len = from_hex("00000004 00000001 02 00 1202 0801", frame);
	for (cut = 1; cut < len; cut++) {
		begin();
		ask(&methods[0], &task);
		part = (struct vmc_view){ frame, cut };
		CHECK_EQ_INT(vmc_sim_port_ops.send(&w.sim, w.stream, &part, 1,
						   NULL, &sent),
			     VMC_OK);
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
		hang_up();
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_LOST);
		end();
	}
}

TEST(outputs_are_what_was_answered)
{
	struct vmc_task task;
	const struct method *m;

	for (m = methods; m < methods + METHODS; m++) {
		begin();
		ask(m, &task);
		respond(1, VMC_CODE_OK, NULL, m->answer);
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_OK);
		if (m->call == do_wait_process)
			CHECK_EQ_INT(output.exit_status, 137);
		if (m->call == do_write_process_stdin)
			CHECK_EQ_INT(output.written, 5);
		if (m->call == do_exec) {
			CHECK_EQ_INT(output.process.present, 1);
			CHECK_EQ_STR(output.process.token, "x");
		}
		if (m->call == do_create_container)
			CHECK_EQ_STR(output.process.token, "c");
		if (m->call == do_get_oom_event)
			CHECK_EQ_STR(output.oom.container_id, "c");
		if (m->call == do_get_guest_details) {
			CHECK_EQ_INT(output.details.memory_block_size,
				     128 << 20);
			CHECK_EQ_STR(output.details.version, "4.1.0");
		}
		if (m->call == do_list_interfaces)
			CHECK_EQ_STR(output.interfaces.interface[0].name,
				     "eth0");
		end();
	}
}

/*
 * Answers that are none
 */

TEST(agent_that_is_not_serving_is_unavailable)
{
	struct vmc_task task;

	begin();
	ask(&methods[0], &task);
	respond(1, VMC_CODE_OK, NULL, "0802");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_UNAVAILABLE);
	CHECK_EQ_STR(w.error.text, "Check: the agent is not serving");
	end();
}

TEST(garbage_in_an_answer_is_malformed)
{
	struct vmc_task task;

	begin();
	ask(&methods[0], &task);
	respond(1, VMC_CODE_OK, NULL, "08ff");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_MALFORMED);
	CHECK(strstr(w.error.text, "HealthCheckResponse"));
	end();
}

TEST(garbage_on_the_connection_is_a_protocol_error)
{
	struct vmc_task task;

	begin();
	ask(&methods[0], &task);
	send_raw("48545450");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_PROTOCOL);
	CHECK(strstr(w.error.text, "Check: "));
	end();
}

TEST(anothers_answer_is_not_ours)
{
	struct vmc_task task;

	begin();
	ask(&methods[0], &task);
	send_raw("00000004 00000003 02 00 1202 0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	send_raw("00000004 00000001 02 00 1202 0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	end();
}

TEST(more_taken_than_given_is_malformed)
{
	struct vmc_task task;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(do_write_process_stdin(&w.agent, &task), VMC_AGAIN);
	serve();
	respond(1, VMC_CODE_OK, NULL, "0806");
	CHECK_EQ_INT(do_write_process_stdin(&w.agent, &task),
		     VMC_ERR_MALFORMED);
	end();
}

TEST(answer_that_the_buffer_does_not_hold_is_refused)
{
	struct vmc_task task;

	begin();
	clear_output();
	buffer.ptr_cap = 2;
	vmc_task_init(&task);
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &task), VMC_AGAIN);
	serve();
	check_seen(0, "grpc.AgentService", "ReadStdout", "0a0163 120178 1802");
	respond(1, VMC_CODE_OK, NULL, "0a03 6f7574");
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &task), VMC_ERR_TOO_BIG);
	end();
}

static void ends_with(enum vmc_code code, const char *words,
		      enum vmc_status expected)
{
	struct vmc_task task;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &task), VMC_AGAIN);
	serve();
	respond(1, code, words, "");
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &task), expected);
	if (expected == VMC_OK) {
		CHECK_EQ_INT(buffer.ptr_len, 0);
		CHECK_EQ_INT(w.error.status, VMC_OK);
	}
	end();
}

TEST(end_of_a_stream_is_no_error)
{
	ends_with(VMC_CODE_OUT_OF_RANGE, "read meet eof", VMC_OK);
	ends_with(VMC_CODE_INVALID_ARGUMENT, "read meet eof", VMC_OK);
	ends_with(VMC_CODE_INTERNAL, "eof", VMC_OK);
	ends_with(VMC_CODE_INTERNAL, "no such process", VMC_ERR_CALL);
	ends_with(VMC_CODE_NOT_FOUND, "", VMC_ERR_CALL);
}

/*
 * Time
 */

TEST(nothing_answers_in_time)
{
	const struct method *m;
	struct vmc_task task;

	for (m = methods; m < methods + METHODS; m++) {
		begin();
		ask(m, &task);
		if (m->timeout_s == FOREVER) {
			w.sim.now_ms += 1000000;
			CHECK_EQ_INT(m->call(&w.agent, &task), VMC_AGAIN);
			vmc_task_cancel(&task);
			end();
			continue;
		}
		CHECK_EQ_INT(task.until_ms, NOW + m->timeout_s * 1000);
		w.sim.now_ms += m->timeout_s * 1000 - 1;
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_AGAIN);
		w.sim.now_ms += 1;
		CHECK_EQ_INT(m->call(&w.agent, &task), VMC_ERR_TIMEOUT);
		CHECK(strstr(w.error.text, m->name) == w.error.text);
		end();
	}
}

TEST(a_late_answer_is_nobodys)
{
	struct vmc_task task;

	begin();
	vmc_task_init(&task);
	clear_output();
	task.deadline_ms = NOW + 10;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	serve();
	w.sim.now_ms += 10;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_TIMEOUT);
	respond(1, VMC_CODE_OK, NULL, "0802");
	vmc_error_reset(&w.error);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	serve();
	respond(3, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	end();
}

TEST(timeouts_are_the_configurations)
{
	struct vmc_task task;

	begin();
	w.config.check_timeout_ms = 100;
	w.config.call_timeout_ms = 200;
	ask(&methods[0], &task);
	CHECK_EQ_INT(task.until_ms, NOW + 100);
	vmc_task_cancel(&task);
	ask(&methods[1], &task);
	CHECK_EQ_INT(task.until_ms, NOW + 200);
	vmc_task_cancel(&task);
	end();
}

/* What waits in the guest keeps nobody waiting here. */
TEST(calls_stand_beside_each_other)
{
	struct vmc_task oom, wait, read, check;
	unsigned i;

	begin();
	clear_output();
	vmc_task_init(&oom);
	vmc_task_init(&wait);
	vmc_task_init(&read);
	vmc_task_init(&check);
	CHECK_EQ_INT(do_get_oom_event(&w.agent, &oom), VMC_AGAIN);
	CHECK_EQ_INT(do_wait_process(&w.agent, &wait), VMC_AGAIN);
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &read), VMC_AGAIN);
	serve();
	for (i = 0; i < 3; i++) {
		CHECK_EQ_INT(do_check(&w.agent, &check), VMC_AGAIN);
		serve();
		respond(7 + 2 * i, VMC_CODE_OK, NULL, "0801");
		CHECK_EQ_INT(do_check(&w.agent, &check), VMC_OK);
	}
	respond(3, VMC_CODE_OK, NULL, "0807");
	CHECK_EQ_INT(do_get_oom_event(&w.agent, &oom), VMC_AGAIN);
	CHECK_EQ_INT(do_wait_process(&w.agent, &wait), VMC_OK);
	CHECK_EQ_INT(output.exit_status, 7);
	respond(5, VMC_CODE_OK, NULL, "0a01 61");
	CHECK_EQ_INT(do_read_process_stdout(&w.agent, &read), VMC_OK);
	respond(1, VMC_CODE_OK, NULL, "0a0163");
	CHECK_EQ_INT(do_get_oom_event(&w.agent, &oom), VMC_OK);
	end();
}

/* Bytes that are not copied must not be sent once they are not the caller's
 * to keep any more: a connection with half of them on it is worth nothing. */
TEST(giving_up_half_a_tail_hangs_up)
{
	static uint8_t large[65536];
	struct vmc_view data = { large, sizeof(large) };
	struct vmc_task task, check;

	begin();
	clear_output();
	vmc_task_init(&task);
	vmc_task_init(&check);
	CHECK_EQ_INT(ops->reseed_rng(&w.agent, data, &task, NOW), VMC_AGAIN);
	CHECK_EQ_INT(do_check(&w.agent, &check), VMC_AGAIN);
	vmc_task_cancel(&task);
	CHECK_EQ_INT(do_check(&w.agent, &check), VMC_ERR_LOST);
	w.seen_len = 0;
	accept_one();
	hang_up();
	vmc_error_reset(&w.error);
	CHECK_EQ_INT(do_check(&w.agent, &check), VMC_AGAIN);
	serve();
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &check), VMC_OK);
	end();
}

TEST(request_that_does_not_fit_names_the_knob)
{
	static char text[VMC_AGENT_REQUEST_SIZE];
	struct vmc_view args[1] = { { (const uint8_t *)text, sizeof(text) } };
	struct vmc_exec exec = { .args = args, .args_len = 1 };
	struct vmc_task task;

	memset(text, 'x', sizeof(text));
	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->exec(&w.agent, &exec, &output.process, &task, NOW),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(w.error.text,
		     "request does not fit VMC_AGENT_REQUEST_SIZE: 8192");
	accept_one();
	end();
}

/*
 * Two calls
 */

static void counts(const char *version, const char *request)
{
	struct vmc_task task;
	char answer[160];
	size_t i, len = strlen(version);

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 1, &task, NOW),
		     VMC_AGAIN);
	serve();
	check_seen(0, "grpc.Health", "Version", "");
	snprintf(answer, sizeof(answer), "0a05 302e302e31 12%02x",
		 (unsigned)len);
	for (i = 0; i < len; i++)
		snprintf(answer + strlen(answer), 4, "%02x",
			 (unsigned char)version[i]);
	respond(1, VMC_CODE_OK, NULL, answer);
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 1, &task, NOW),
		     VMC_AGAIN);
	serve();
	check_seen(1, "grpc.AgentService", "OnlineCPUMem", request);
	respond(3, VMC_CODE_OK, NULL, "");
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 1, &task, NOW),
		     VMC_OK);

	/* asked once */
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 0, &task, NOW),
		     VMC_AGAIN);
	serve();
	CHECK_EQ_STR(w.seen[2].method, "OnlineCPUMem");
	respond(5, VMC_CODE_OK, NULL, "");
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 0, &task, NOW),
		     VMC_OK);
	end();
}

TEST(older_agents_are_told_what_is_new)
{
	counts("2.0.0", "1003 1801");
	counts("3.1.9", "1003 1801");
	counts("3.2.0", "1004 1801");
	counts("3.2.0-alpha1", "1004 1801");
	counts("3.10.0", "1004 1801");
	counts("4.1.0+vmcache.0.1.0", "1004 1801");
	counts("unknown", "1004 1801");
	counts("", "1004 1801");
}

TEST(version_may_be_known)
{
	struct vmc_task task;

	begin();
	clear_output();
	w.config.version = "3.0.2";
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 4, 3, 0, &task, NOW),
		     VMC_AGAIN);
	serve();
	check_seen(0, "grpc.AgentService", "OnlineCPUMem", "1003");
	vmc_task_cancel(&task);
	end();
}

TEST(sandbox_is_checked_then_created)
{
	struct vmc_sandbox sandbox = { .id = v("sb"), .hostname = v("h") };
	struct vmc_task task, other;

	begin();
	clear_output();
	vmc_task_init(&task);
	vmc_task_init(&other);
	CHECK_EQ_INT(ops->start_sandbox(&w.agent, &sandbox, &task, NOW),
		     VMC_AGAIN);
	CHECK_EQ_INT(ops->online_cpu_mem(&w.agent, 1, 0, 0, &other, NOW),
		     VMC_ERR_BUSY);
	serve();
	check_seen(0, "grpc.Health", "Check", "");
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(ops->start_sandbox(&w.agent, &sandbox, &task, NOW),
		     VMC_AGAIN);
	serve();
	check_seen(1, "grpc.AgentService", "CreateSandbox", "0a0168 2a02 7362");
	vmc_task_cancel(&task);
	CHECK(!vmc_task_active(&w.state.inner));
	end();
}

/*
 * Dialling
 */

TEST(it_is_dialled_until_somebody_listens)
{
	struct vmc_task task;

	begin_deaf();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, NOW + 10);
	w.sim.now_ms += 10;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	listen_at(ADDRESS);
	w.sim.now_ms += 10;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	serve();
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	end();
}

TEST(nobody_listens)
{
	struct vmc_task task;
	uint64_t begun;
	enum vmc_status status;

	begin_deaf();
	clear_output();
	vmc_task_init(&task);
	begun = NOW;
	while ((status = do_check(&w.agent, &task)) == VMC_AGAIN)
		w.sim.now_ms = task.until_ms;
	CHECK_EQ_INT(status, VMC_ERR_NO_SERVER);
	CHECK_EQ_INT(NOW - begun, 1000);
	CHECK(strstr(w.error.text, "Check: ") == w.error.text);
	CHECK(strstr(w.error.text, ADDRESS));
	end();
}

TEST(a_given_stream_is_spoken_on)
{
	vmc_handle stream;
	struct vmc_task task;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(vmc_sim_port_ops.connect(&w.sim, ADDRESS, &stream, NULL),
		     VMC_OK);
	CHECK_EQ_INT(vmc_agent_kata_give(&w.agent, stream), VMC_OK);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	serve();
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	hang_up();
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_LOST);
	vmc_error_reset(&w.error);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_LOST);
	CHECK(strstr(w.error.text, "connection has ended"));
	end();
}

static void begin_hybrid(void)
{
	begin_deaf();
	CHECK_EQ_INT(
		ops->set_agent_url(&w.agent, v("hvsock:///run/vm.sock:1024")),
		VMC_OK);
	listen_at("unix:/run/vm.sock");
	clear_output();
}

/* Takes the line that it is greeted with. */
static void check_hello(void)
{
	uint8_t line[64];
	size_t len;

	accept_one();
	CHECK_EQ_INT(vmc_sim_port_ops.recv(&w.sim, w.stream, line, sizeof(line),
					   &len, NULL),
		     VMC_OK);
	CHECK_EQ_INT(len, 13);
	CHECK_EQ_MEM(line, "CONNECT 1024\n", 13);
}

static void say(const char *text, size_t len)
{
	struct vmc_view part = { (const uint8_t *)text, len };
	size_t sent;

	CHECK_EQ_INT(
		vmc_sim_port_ops.send(&w.sim, w.stream, &part, 1, NULL, &sent),
		VMC_OK);
	CHECK_EQ_INT(sent, len);
}

TEST(hybrid_vsock_is_asked_for_a_port)
{
	static const char answer[] = "OK 1073741824\n";
	struct vmc_task task;
	size_t cut;

	for (cut = 1; cut < sizeof(answer); cut++) {
		begin_hybrid();
		vmc_task_init(&task);
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
		check_hello();
		say(answer, cut);
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
		if (cut < sizeof(answer) - 1)
			say(answer + cut, sizeof(answer) - 1 - cut);
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
		begin_engine();
		serve();
		check_seen(0, "grpc.Health", "Check", "");
		respond(1, VMC_CODE_OK, NULL, "0801");
		CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
		end();
	}
}

/* Refuses, ends, babbles or is silent, then is tried again. */
static void greets_badly(const char *answer, int ends, uint64_t wait_ms)
{
	struct vmc_task task;

	begin_hybrid();
	w.config.dial_timeout_ms = 60000;
	CHECK_EQ_INT(
		ops->set_agent_url(&w.agent, v("hvsock:///run/vm.sock:1024")),
		VMC_OK);
	vmc_task_init(&task);
	task.deadline_ms = NOW + 100000;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	check_hello();
	if (answer[0])
		say(answer, strlen(answer));
	if (ends)
		hang_up();
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	w.sim.now_ms += wait_ms;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	hang_up();
	w.sim.now_ms += 10;
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	check_hello();
	say("OK\n", 3);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_AGAIN);
	begin_engine();
	serve();
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	CHECK_EQ_INT(w.error.status, VMC_OK);
	end();
}

TEST(hybrid_vsock_that_refuses_is_tried_again)
{
	greets_badly("ERR no\n", 0, 0);
	greets_badly("\n", 0, 0);
	greets_badly("", 1, 0);
	greets_badly("OK", 1, 0);
	greets_badly("", 0, 10000);
	greets_badly("OK and so on, but without an end, for longer than "
		     "anybody would say so",
		     0, 0);
}

TEST(hybrid_vsock_that_refuses_for_good)
{
	struct vmc_task task;
	enum vmc_status status;

	begin_hybrid();
	vmc_task_init(&task);
	while ((status = do_check(&w.agent, &task)) == VMC_AGAIN) {
		accept_one();
		hang_up();
		w.sim.now_ms += 10;
	}
	CHECK_EQ_INT(status, VMC_ERR_NO_SERVER);
	CHECK_EQ_STR(w.error.text, "Check: hybrid vsock does not answer OK: "
				   "unix:/run/vm.sock");
	end();
}

TEST(addresses_that_are_none_are_refused_by_name)
{
	static const char *const wrong[] = {
		"tcp://1.2.3.4:5",
		"run/agent.sock",
		"hvsock://",
		"hvsock:///a.sock",
		"hvsock:///a.sock:",
		"hvsock://:1024",
		"hvsock:///a.sock:0",
		"hvsock:///a.sock:x",
		"hvsock:///a:99999999999",
	};
	char longest[VMC_URL_SIZE + 1];
	size_t i;

	begin();
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		vmc_error_reset(&w.error);
		CHECK_EQ_INT(ops->set_agent_url(&w.agent, v(wrong[i])),
			     VMC_ERR_ARGUMENT);
		CHECK(strstr(w.error.text, wrong[i]));
	}
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[VMC_URL_SIZE] = '\0';
	vmc_error_reset(&w.error);
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v(longest)), VMC_ERR_TOO_BIG);
	CHECK(strstr(w.error.text, "VMC_URL_SIZE"));
	longest[VMC_URL_SIZE - 1] = '\0';
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v(longest)), VMC_OK);
	end();
}

TEST(without_an_address_it_says_so)
{
	struct vmc_task task;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v("")), VMC_OK);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(w.error.text, "Check: the agent has no address");
	vmc_error_reset(&w.error);
	w.config.port.ops = NULL;
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v(ADDRESS)),
		     VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(w.error.text, "kata agent: no port");
	end();
}

/*
 * The agent itself
 */

TEST(who_was_given_up_is_asked_no_more)
{
	struct vmc_task task;

	begin();
	ask(&methods[0], &task);
	ops->mark_dead(&w.agent);
	CHECK(do_check(&w.agent, &task) == VMC_ERR_CANCELLED);
	clear_output();
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_ERR_LOST);
	CHECK_EQ_STR(w.error.text, "Check: the agent was given up");
	hang_up();
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v(ADDRESS)), VMC_OK);
	ask(&methods[0], &task);
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	end();
}

TEST(address_is_kept_and_taken_up_again)
{
	struct vmc_agent_state state;
	struct vmc_task task;

	begin();
	clear_output();
	CHECK_EQ_INT(ops->get_agent_url(&w.agent, &buffer), VMC_OK);
	CHECK_EQ_INT(buffer.ptr_len, strlen(ADDRESS));
	CHECK_EQ_MEM(bytes, ADDRESS, strlen(ADDRESS));
	ops->save(&w.agent, &state);
	CHECK_EQ_STR(state.url, ADDRESS);
	CHECK_EQ_INT(ops->set_agent_url(&w.agent, v("")), VMC_OK);
	ops->load(&w.agent, &state);
	ask(&methods[0], &task);
	respond(1, VMC_CODE_OK, NULL, "0801");
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	end();
}

/* The stream goes on where it was: numbers, and what has come already. */
TEST(a_connection_goes_over_to_another)
{
	static struct vmc_agent_kata other_state;
	struct vmc_agent other;
	struct vmc_task task, late;

	begin();
	memset(&other_state, 0, sizeof(other_state));
	other = w.agent;
	other.state = &other_state;
	ask(&methods[0], &task);
	respond(1, VMC_CODE_OK, NULL, "0801");
	vmc_task_init(&late);
	CHECK_EQ_INT(do_check(&w.agent, &late), VMC_AGAIN);
	CHECK_EQ_INT(ops->reuse_agent(&other, &w.agent), VMC_ERR_BUSY);
	CHECK_EQ_INT(do_check(&w.agent, &task), VMC_OK);
	vmc_task_cancel(&late);
	send_raw("0000"); /* half a frame */
	clear_output();
	CHECK_EQ_INT(ops->reuse_agent(&other, &w.agent), VMC_OK);
	vmc_task_init(&task);
	w.seen_len = 0;
	CHECK_EQ_INT(do_check(&other, &task), VMC_AGAIN);
	serve();
	CHECK_EQ_INT(w.seen[w.seen_len - 1].stream, 5);
	send_raw("0004 00000005 02 00 1202 0801");
	CHECK_EQ_INT(do_check(&other, &task), VMC_OK);
	ops->disconnect(&other);
	end();
}

TEST(what_the_guest_has_no_call_for_asks_nothing)
{
	struct vmc_sandbox sandbox = { .id = v("sb") };
	struct vmc_task task;
	int shutdown = 1;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->init(&w.agent, &sandbox, &shutdown), VMC_OK);
	CHECK_EQ_INT(shutdown, 0);
	CHECK_EQ_INT(ops->capabilities(&w.agent), VMC_AGENT_CAP_BLOCK_DEVICE);
	CHECK_EQ_INT(ops->long_live_conn(&w.agent), 1);
	CHECK_EQ_INT(ops->configure(&w.agent, NULL, v("id"), v(""), 0), VMC_OK);
	CHECK_EQ_INT(ops->configure_from_grpc(&w.agent, NULL, v("id"), 0),
		     VMC_OK);
	CHECK_EQ_INT(ops->create_sandbox(&w.agent, &sandbox, &task, NOW),
		     VMC_OK);
	CHECK_EQ_INT(ops->start_proxy(&w.agent, &sandbox, &task, NOW), VMC_OK);
	CHECK_EQ_INT(ops->set_proxy(&w.agent, &sandbox, v(""), 0, v("")),
		     VMC_OK);
	ops->set_proxy_from_grpc(&w.agent, v(""), 0, v(""));
	CHECK_EQ_INT(ops->get_vm_path(&w.agent, v("id"), &buffer), VMC_OK);
	CHECK_EQ_INT(buffer.ptr_len, 0);
	ops->cleanup(&w.agent, v("id"));
	CHECK_EQ_INT(w.sim.open, 0); /* nothing was dialled */
	end();
}

TEST(what_would_be_a_lie_is_unsupported)
{
	struct vmc_task task;

	begin();
	clear_output();
	vmc_task_init(&task);
	CHECK_EQ_INT(ops->process_list_container(&w.agent, v("c"), v("json"),
						 NULL, 0, &buffer, &task, NOW),
		     VMC_ERR_UNSUPPORTED);
	CHECK(strstr(w.error.text, "ListProcesses"));
	clear_output();
	CHECK_EQ_INT(ops->get_diagnostic_data(&w.agent, v("l"), v("c"), &buffer,
					      &task, NOW),
		     VMC_ERR_UNSUPPORTED);
	CHECK(strstr(w.error.text, "GetDiagnosticData"));
	end();
}

TEST(arguments_that_cannot_be_said_are_refused)
{
	static const char *const paths[] = { "",   "/",   "02/",    "/02",
					     "2g", "100", "02//03", "02/ff0" };
	char id[VMC_AGENT_ID_SIZE + 1];
	struct vmc_exec exec = { .exec_id = v("x") };
	struct vmc_task task;
	size_t i;

	begin();
	vmc_task_init(&task);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		CHECK_EQ_INT(ops->add_swap(&w.agent, v(paths[i]), &task, NOW),
			     VMC_ERR_ARGUMENT);
	clear_output();
	CHECK_EQ_INT(
		ops->mem_hotplug_by_probe(&w.agent, 0, 100, 64, &task, NOW),
		VMC_ERR_ARGUMENT);
	memset(id, 'x', sizeof(id));
	id[VMC_AGENT_ID_SIZE] = '\0';
	exec.exec_id = v(id);
	clear_output();
	CHECK_EQ_INT(ops->exec(&w.agent, &exec, &output.process, &task, NOW),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(w.error.text, "VMC_AGENT_ID_SIZE"));
	end();
}

TESTS(RUN(each_method_is_its_call)
      RUN(each_refusal_has_the_agents_words)
      RUN(each_loss_is_told_and_the_next_call_connects)
      RUN(half_an_answer_is_a_loss)
      RUN(outputs_are_what_was_answered)
      RUN(agent_that_is_not_serving_is_unavailable)
      RUN(garbage_in_an_answer_is_malformed)
      RUN(garbage_on_the_connection_is_a_protocol_error)
      RUN(anothers_answer_is_not_ours)
      RUN(more_taken_than_given_is_malformed)
      RUN(answer_that_the_buffer_does_not_hold_is_refused)
      RUN(end_of_a_stream_is_no_error)
      RUN(nothing_answers_in_time)
      RUN(a_late_answer_is_nobodys)
      RUN(timeouts_are_the_configurations)
      RUN(calls_stand_beside_each_other)
      RUN(giving_up_half_a_tail_hangs_up)
      RUN(request_that_does_not_fit_names_the_knob)
      RUN(older_agents_are_told_what_is_new)
      RUN(version_may_be_known)
      RUN(sandbox_is_checked_then_created)
      RUN(it_is_dialled_until_somebody_listens)
      RUN(nobody_listens)
      RUN(a_given_stream_is_spoken_on)
      RUN(hybrid_vsock_is_asked_for_a_port)
      RUN(hybrid_vsock_that_refuses_is_tried_again)
      RUN(hybrid_vsock_that_refuses_for_good)
      RUN(addresses_that_are_none_are_refused_by_name)
      RUN(without_an_address_it_says_so)
      RUN(who_was_given_up_is_asked_no_more)
      RUN(address_is_kept_and_taken_up_again)
      RUN(a_connection_goes_over_to_another)
      RUN(what_the_guest_has_no_call_for_asks_nothing)
      RUN(what_would_be_a_lie_is_unsupported)
      RUN(arguments_that_cannot_be_said_are_refused));
