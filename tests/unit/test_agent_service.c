/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent service's connection and its calls: what waits, what is late, what
 * is too much, what is garbage, and what breaks off. The agent served here has
 * one process: its standard input and output are a simulated stream, its end
 * is a gate that the test opens.
 */
#include "service_world.h"

static struct service_world w;

/*
 * An agent with calls that wait.
 */

#define GATES 64

struct house {
	vmc_handle inner, outer; /* of the process's stream */
	uint8_t open[GATES];     /* by the second half of an exec_id */
	uint8_t slow;            /* every call needs a gate */
	unsigned steps, begun, ended, cancelled;
	uint64_t probed[8]; /* addresses, in order */
	unsigned probed_len;
};

static struct house house;

static void note_cancel(struct vmc_task *task)
{
	CHECK(task->owner == &house);
	house.cancelled++;
}

/* What every task is to its first step: its argument stays where it is. */
static void begin_task(struct vmc_task *task, struct vmc_view argument)
{
	house.steps++;
	if (vmc_task_active(task)) {
		CHECK(task->owner == &house);
		CHECK(task->mark == (uint64_t)(uintptr_t)argument.ptr);
		return;
	}
	house.begun++;
	task->phase = 1;
	task->owner = &house;
	task->mark = (uint64_t)(uintptr_t)argument.ptr;
	task->cancel = note_cancel;
}

static enum vmc_status end_task(struct vmc_task *task, enum vmc_status status)
{
	house.ended++;
	return vmc_task_end(task, status);
}

/* "g07": the gate of that number. */
static int gate_open(struct vmc_view name)
{
	unsigned gate;

	CHECK(name.ptr_len == 3 && name.ptr[0] == 'g');
	gate = (unsigned)(name.ptr[1] - '0') * 10u +
	       (unsigned)(name.ptr[2] - '0');
	CHECK(gate < GATES);
	return house.open[gate];
}

static enum vmc_status wait_gate(struct vmc_task *task, struct vmc_view gate,
				 uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);

	begin_task(task, gate);
	if (gate_open(gate))
		return end_task(task, VMC_OK);
	if (late)
		return end_task(task, VMC_ERR_TIMEOUT);
	return vmc_task_again(task);
}

static enum vmc_status wait_process(struct vmc_agent *agent,
				    struct vmc_view container_id,
				    struct vmc_view exec_id,
				    int32_t *exit_status, struct vmc_task *task,
				    uint64_t now_ms)
{
	enum vmc_status status = wait_gate(task, exec_id, now_ms);

	(void)agent;
	(void)container_id;
	if (status == VMC_OK)
		*exit_status = exec_id.ptr[2] - '0';
	return status;
}

/* Lists and structs are made anew for each step, with the same values. */
static enum vmc_status exec(struct vmc_agent *agent,
			    const struct vmc_exec *exec,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)agent;
	CHECK_EQ_INT(exec->args_len, 2);
	CHECK(vmc_view_is(exec->args[0], "first"));
	CHECK(vmc_view_is(exec->args[1], "second"));
	CHECK_EQ_INT(exec->env_len, 1);
	CHECK(vmc_view_is(exec->env[0], "A=b"));
	memset(process, 0, sizeof(*process));
	return wait_gate(task, exec->exec_id, now_ms);
}

static enum vmc_status stop_container(struct vmc_agent *agent,
				      struct vmc_view id, struct vmc_task *task,
				      uint64_t now_ms)
{
	(void)agent;
	return wait_gate(task, id, now_ms);
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *piece,
				 struct vmc_task *task, uint64_t now_ms)
{
	(void)agent;
	if (!house.slow)
		return vmc_task_end(task, VMC_OK);
	return wait_gate(task, piece->path, now_ms);
}

static enum vmc_status mem_hotplug(struct vmc_agent *agent, uint64_t address,
				   uint32_t size_mib, uint32_t section_mib,
				   struct vmc_task *task, uint64_t now_ms)
{
	static const uint8_t gates[] = "g00g01g02g03";
	struct vmc_view gate = { gates + 3 * address, 3 };
	enum vmc_status status = wait_gate(task, gate, now_ms);

	(void)agent;
	CHECK(size_mib == 0 && section_mib == 0);
	if (status == VMC_OK)
		house.probed[house.probed_len++] = address;
	return status;
}

static enum vmc_status read_stdout(struct vmc_agent *agent,
				   struct vmc_view container_id,
				   struct vmc_view exec_id,
				   struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	(void)agent;
	(void)container_id;
	begin_task(task, exec_id);
	status = vmc_sim_port_ops.recv(&w.sim, house.inner, data->ptr,
				       data->ptr_cap, &data->ptr_len, NULL);
	if (status == VMC_CLOSED) {
		data->ptr_len = 0;
		return end_task(task, VMC_OK);
	}
	if (status == VMC_AGAIN && !late) {
		vmc_task_wait(task, house.inner, VMC_WAIT_READ);
		return vmc_task_again(task);
	}
	return end_task(task, late && status ? VMC_ERR_TIMEOUT : status);
}

/* As much as there can be: whatever is asked for is filled. */
static enum vmc_status read_stderr(struct vmc_agent *agent,
				   struct vmc_view container_id,
				   struct vmc_view exec_id,
				   struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)agent;
	(void)container_id;
	(void)exec_id;
	(void)now_ms;
	memset(data->ptr, 'e', data->ptr_cap);
	data->ptr_len = data->ptr_cap;
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status write_stdin(struct vmc_agent *agent,
				   struct vmc_view container_id,
				   struct vmc_view exec_id,
				   struct vmc_view data, size_t *written,
				   struct vmc_task *task, uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);
	enum vmc_status status;

	(void)agent;
	CHECK(vmc_view_is(container_id, "ctr") || container_id.ptr[0] == 'x');
	CHECK(vmc_view_is(exec_id, "ex"));
	begin_task(task, data);
	if (data.ptr_len == 0) {
		*written = 0;
		return end_task(task, VMC_OK);
	}
	status = vmc_sim_port_ops.send(&w.sim, house.inner, &data, 1, NULL,
				       written);
	if (status == VMC_AGAIN && !late) {
		vmc_task_wait(task, house.inner, VMC_WAIT_WRITE);
		return vmc_task_again(task);
	}
	return end_task(task, late && status ? VMC_ERR_TIMEOUT : status);
}

static struct vmc_agent house_agent(void)
{
	static struct vmc_agent_ops ops;
	struct vmc_agent agent = { .ops = &ops };

	ops = vmc_agent_noop_ops;
	ops.wait_process = wait_process;
	ops.exec = exec;
	ops.stop_container = stop_container;
	ops.copy_file = copy_file;
	ops.mem_hotplug_by_probe = mem_hotplug;
	ops.read_process_stdout = read_stdout;
	ops.read_process_stderr = read_stderr;
	ops.write_process_stdin = write_stdin;
	return agent;
}

static void begin(void)
{
	memset(&house, 0, sizeof(house));
	service_world_begin(&w, house_agent());
	connect_ends(&w, &house.outer, &house.inner);
	service_world_connect(&w);
}

static void end(void)
{
	vmc_agent_service_close(&w.service);
	CHECK_EQ_INT(house.begun, house.ended + house.cancelled);
	close_end(&w, &house.outer);
	close_end(&w, &house.inner);
	service_world_end(&w);
}

/* ProcessRequest: container_id 1, exec_id 2. */
#define PROCESS "\012\003ctr\022\002ex"
#define GATE(number) LITERAL("\022\003g" number)

static uint32_t ask_gate(unsigned gate, uint64_t timeout_ns)
{
	char request[6];

	snprintf(request, sizeof(request), "\022\003g%02u", gate);
	return ask_within(&w, "grpc.AgentService", "WaitProcess",
			  (struct vmc_view){ (uint8_t *)request, 5 },
			  timeout_ns);
}

static const struct answer *answered(uint32_t stream)
{
	const struct answer *answer;

	service_world_settle(&w);
	answer = answer_to(&w, stream);
	CHECK(answer != NULL);
	return answer;
}

static void open_gate(unsigned gate)
{
	house.open[gate] = 1;
	service_world_step(&w);
}

/*
 * A service
 */

TEST(wrong_configurations_are_refused)
{
	static struct vmc_agent_service service;
	struct vmc_agent_service_config good, config;

	begin();
	good = w.config;
	config = good;
	config.agent.ops = NULL;
	CHECK_EQ_INT(vmc_agent_service_init(&service, &config),
		     VMC_ERR_ARGUMENT);
	config = good;
	config.port.ops = NULL;
	CHECK_EQ_INT(vmc_agent_service_init(&service, &config),
		     VMC_ERR_ARGUMENT);
	config = good;
	config.window = NULL;
	CHECK_EQ_INT(vmc_agent_service_init(&service, &config),
		     VMC_ERR_ARGUMENT);
	config = good;
	config.window_len = VMC_AGENT_SERVICE_WINDOW_MIN - 1;
	CHECK_EQ_INT(vmc_agent_service_init(&service, &config),
		     VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(vmc_agent_service_init_checked(
			     &service, &good, sizeof(service) + 8, VMC_OPTIONS),
		     VMC_ERR_OPTIONS);
	CHECK_EQ_INT(vmc_agent_service_init_checked(
			     &service, &good, sizeof(service), VMC_OPTIONS + 1),
		     VMC_ERR_OPTIONS);
	end();
}

TEST(without_a_connection_there_is_nothing_to_do)
{
	struct vmc_wait waits[1];
	uint64_t until_ms;
	size_t len;

	begin();
	vmc_agent_service_close(&w.service);
	CHECK_EQ_INT(
		vmc_agent_service_waits(&w.service, waits, 0, &len, &until_ms),
		VMC_OK);
	CHECK_EQ_INT(len, 0);
	CHECK(until_ms == VMC_NEVER);
	CHECK_EQ_INT(vmc_agent_service_step(&w.service, 5), VMC_CLOSED);
	vmc_agent_service_close(&w.service);
	service_world_connect(&w);
	check_alive(&w);
	end();
}

TEST(unknown_names_are_unimplemented)
{
	begin();
	check_failed(call(&w, "Resurrect", NOTHING), VMC_CODE_UNIMPLEMENTED,
		     "method Resurrect");
	check_failed(call_of(&w, "grpc.Image", "Pull", NOTHING),
		     VMC_CODE_UNIMPLEMENTED, "service grpc.Image");
	check_failed(call_of(&w, "", "", NOTHING), VMC_CODE_UNIMPLEMENTED,
		     "service ");
	/* of each service its own */
	check_failed(call_of(&w, "grpc.Health", "ExecProcess", NOTHING),
		     VMC_CODE_UNIMPLEMENTED, "method ExecProcess");
	/* known by name only */
	check_failed(call(&w, "AddARPNeighbors", NOTHING),
		     VMC_CODE_UNIMPLEMENTED, "method AddARPNeighbors");
	check_alive(&w);
	end();
}

TEST(oversize_request_is_refused_and_read_over)
{
	static uint8_t payload[3 * WORLD_WINDOW_SIZE];

	begin();
	check_failed(call(&w, "CopyFile",
			  (struct vmc_view){ payload, sizeof(payload) }),
		     VMC_CODE_RESOURCE_EXHAUSTED, "exceed maximum message");
	check_alive(&w);
	end();
}

TEST(long_names_do_no_harm)
{
	static char name[2000];

	begin();
	memset(name, 'n', sizeof(name) - 1);
	check_failed(call(&w, name, NOTHING), VMC_CODE_UNIMPLEMENTED,
		     "method nnn");
	check_failed(call_of(&w, name, "x", NOTHING), VMC_CODE_UNIMPLEMENTED,
		     "service nnn");
	end();
}

/*
 * Calls that wait
 */

TEST(answers_come_in_any_order)
{
	uint32_t first, second, third;

	begin();
	first = ask_gate(1, 0);
	second = ask_gate(2, 0);
	third = ask_gate(3, 0);
	service_world_settle(&w);
	CHECK_EQ_INT(w.answer_len, 0);
	check_alive(&w);
	open_gate(3);
	CHECK_EQ_MEM(answered(third)->payload.ptr, "\010\003", 2);
	CHECK(!answer_to(&w, first) && !answer_to(&w, second));
	open_gate(1);
	CHECK_EQ_MEM(answered(first)->payload.ptr, "\010\001", 2);
	check_alive(&w);
	open_gate(2);
	CHECK_EQ_MEM(answered(second)->payload.ptr, "\010\002", 2);
	CHECK_EQ_INT(w.answer_len, 5);
	end();
}

TEST(all_that_are_due_are_answered_in_one_step)
{
	uint32_t stream[5];
	unsigned i;

	begin();
	for (i = 0; i < 5; i++)
		stream[i] = ask_gate(i, 0);
	service_world_settle(&w);
	memset(house.open, 1, sizeof(house.open));
	service_world_step(&w);
	while (peer_read(&w))
		;
	for (i = 0; i < 5; i++)
		CHECK_EQ_INT(w.answer[i].stream, stream[i]);
	end();
}

/* The window is overwritten by other requests, the rooms for lists and
 * results by other calls. */
TEST(arguments_stay_while_others_are_served)
{
	uint32_t stream[3];
	unsigned i;

	begin();
	for (i = 0; i < 3; i++) {
		char request[] =
			"\022\003g0x\042\030\042\005first\042\006second"
			"\052\003A=b\062\002/w";

		request[4] = (char)('0' + i);
		stream[i] = ask(&w, "ExecProcess",
				(struct vmc_view){ (uint8_t *)request,
						   sizeof(request) - 1 });
	}
	for (i = 0; i < 10; i++) {
		call(&w, "CreateSandbox",
		     LITERAL("\012\005xxxxx\022\004yyyy\022\004zzzz"));
		call(&w, "StatsContainer", LITERAL("\012\004name"));
		call(&w, "ReadStderr", LITERAL(PROCESS "\030\377\177"));
	}
	for (i = 0; i < 3; i++) {
		open_gate(i);
		CHECK_EQ_INT(answered(stream[i])->code, 0);
	}
	CHECK_EQ_INT(house.begun, 3);
	end();
}

TEST(waiting_is_for_what_the_agent_waits_for)
{
	struct vmc_wait waits[VMC_AGENT_SERVICE_WAIT_MAX];
	uint64_t until_ms;
	uint32_t stream;
	size_t len;

	begin();
	stream = ask(&w, "ReadStdout", LITERAL(PROCESS "\030\012"));
	service_world_settle(&w);
	CHECK_EQ_INT(
		vmc_agent_service_waits(&w.service, waits, 2, &len, &until_ms),
		VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK(waits[0].handle == w.stream && waits[0].want == VMC_WAIT_READ);
	CHECK(waits[1].handle == house.inner && waits[1].want == VMC_WAIT_READ);
	CHECK(until_ms == VMC_NEVER);
	CHECK_EQ_INT(
		vmc_agent_service_waits(&w.service, waits, 1, &len, &until_ms),
		VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(
		vmc_agent_service_waits(&w.service, waits, 0, &len, &until_ms),
		VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_sim_port_ops.send(&w.sim, house.outer,
					   &LITERAL("hello"), 1, NULL, &len),
		     VMC_OK);
	CHECK_EQ_MEM(answered(stream)->payload.ptr, "\012\005hello", 7);
	end();
}

TEST(deadline_passes)
{
	uint32_t stream;

	begin();
	stream = ask_gate(1, 50 * 1000000ull);
	service_world_pass(&w, 49);
	CHECK(!answer_to(&w, stream));
	CHECK_EQ_INT(house.steps, 1);
	service_world_pass(&w, 1);
	check_failed(answered(stream), VMC_CODE_DEADLINE_EXCEEDED,
		     "WaitProcess: deadline passed");
	/* passed before it came (a negative one) */
	stream = ask_within(&w, "grpc.AgentService", "WaitProcess", GATE("01"),
			    UINT64_MAX);
	service_world_pass(&w, 1);
	check_failed(answered(stream), VMC_CODE_DEADLINE_EXCEEDED, "deadline");
	check_alive(&w);
	end();
}

TEST(containers_timeout_is_a_deadline)
{
	uint32_t stream, ours;

	begin();
	stream = ask(&w, "RemoveContainer", LITERAL("\012\003g01\020\002"));
	ours = ask_within(&w, "grpc.AgentService", "RemoveContainer",
			  LITERAL("\012\003g02\020\002"), 1000 * 1000000ull);
	service_world_pass(&w, 999);
	service_world_step(&w);
	CHECK(!answer_to(&w, ours));
	service_world_pass(&w, 1);
	check_failed(answered(ours), VMC_CODE_DEADLINE_EXCEEDED, "deadline");
	service_world_pass(&w, 999);
	CHECK(!answer_to(&w, stream));
	service_world_pass(&w, 1);
	check_failed(answered(stream), VMC_CODE_DEADLINE_EXCEEDED, "deadline");
	end();
}

TEST(one_call_too_many_is_refused)
{
	uint32_t stream[VMC_AGENT_SERVICE_CALL_MAX], more;
	char limit[60];
	unsigned i;

	begin();
	for (i = 0; i < VMC_AGENT_SERVICE_CALL_MAX; i++)
		stream[i] = ask_gate(i, 0);
	more = ask_gate(50, 0);
	snprintf(limit, sizeof(limit), "VMC_AGENT_SERVICE_CALL_MAX: %d",
		 VMC_AGENT_SERVICE_CALL_MAX);
	check_failed(answered(more), VMC_CODE_RESOURCE_EXHAUSTED, limit);
	CHECK_EQ_INT(house.begun, VMC_AGENT_SERVICE_CALL_MAX);
	open_gate(3);
	CHECK_EQ_INT(answered(stream[3])->code, 0);
	more = ask_gate(51, 0);
	service_world_settle(&w);
	CHECK(!answer_to(&w, more));
	memset(house.open, 1, sizeof(house.open));
	service_world_step(&w);
	for (i = 0; i < VMC_AGENT_SERVICE_CALL_MAX; i++)
		CHECK_EQ_INT(answered(stream[i])->code, 0);
	CHECK_EQ_INT(answered(more)->code, 0);
	end();
}

/* Whoever breaks ttrpc's rule has been told so, and is told no more. */
TEST(stream_that_is_used_again_gives_its_call_up)
{
	uint32_t stream;

	begin();
	stream = ask_gate(1, 0);
	service_world_settle(&w);
	w.next_stream = stream;
	ask_gate(2, 0);
	check_failed(answered(stream), VMC_CODE_INVALID_ARGUMENT, "re-used");
	CHECK_EQ_INT(house.cancelled, 1);
	house.open[1] = 1;
	service_world_step(&w);
	check_alive(&w);
	CHECK_EQ_INT(w.answer_len, 2);
	end();
}

TEST(sections_are_brought_up_one_by_one)
{
	uint32_t stream;

	begin();
	house.open[0] = house.open[2] = 1;
	stream = ask_within(&w, "grpc.AgentService", "MemHotplugByProbe",
			    LITERAL("\012\004\000\001\002\003"),
			    100 * 1000000ull);
	service_world_settle(&w);
	CHECK_EQ_INT(house.probed_len, 1);
	open_gate(1);
	CHECK_EQ_INT(house.probed_len, 3);
	CHECK(!answer_to(&w, stream));
	/* the deadline is that of all of them */
	service_world_pass(&w, 100);
	check_failed(answered(stream), VMC_CODE_DEADLINE_EXCEEDED, "deadline");
	house.open[3] = 1;
	house.probed_len = 0;
	stream = ask(&w, "MemHotplugByProbe", LITERAL("\012\002\003\001"));
	CHECK_EQ_INT(answered(stream)->code, 0);
	CHECK(house.probed[0] == 3 && house.probed[1] == 1);
	end();
}

/*
 * Requests too long to wait
 */

static uint8_t stuff[1 << 20];

static void fill_stuff(void)
{
	uint32_t x = 12345;
	size_t i;

	for (i = 0; i < sizeof(stuff); i++) {
		x = x * 1664525 + 1013904223;
		stuff[i] = (uint8_t)(x >> 24);
	}
}

/* WriteStdin of a part of the stuff. */
static uint32_t ask_write_within(size_t from, size_t len, uint64_t timeout_ns)
{
	static uint8_t request[WORLD_WINDOW_SIZE];
	uint8_t *at = request;

	at = put_bytes(at, 1, LITERAL("ctr"));
	at = put_bytes(at, 2, LITERAL("ex"));
	at = put_bytes(at, 3, (struct vmc_view){ stuff + from, len });
	return ask_within(&w, "grpc.AgentService", "WriteStdin",
			  (struct vmc_view){ request, (size_t)(at - request) },
			  timeout_ns);
}

static uint32_t ask_write(size_t from, size_t len)
{
	return ask_write_within(from, len, 0);
}

/* What the process reads, held to the stuff. */
static size_t process_reads(size_t from)
{
	uint8_t bytes[4096];
	size_t len;

	if (vmc_sim_port_ops.recv(&w.sim, house.outer, bytes, sizeof(bytes),
				  &len, NULL) != VMC_OK)
		return 0;
	CHECK(from + len <= sizeof(stuff));
	CHECK_EQ_MEM(bytes, stuff + from, len);
	return len;
}

static size_t written(const struct answer *answer)
{
	uint64_t value;

	CHECK_EQ_INT(answer->code, 0);
	pb_find(answer->payload, 1, &value);
	return (size_t)value;
}

TEST(long_write_is_taken_as_far_as_it_is)
{
	uint32_t stream;

	begin();
	fill_stuff();
	stream = ask_write(0, 10000);
	CHECK_EQ_INT(written(answered(stream)), VMC_SIM_RING_SIZE);
	CHECK_EQ_INT(process_reads(0), VMC_SIM_RING_SIZE);
	CHECK_EQ_INT(house.steps, 1);
	end();
}

TEST(long_write_that_waits_is_cut)
{
	/* tags, lengths, "ctr" and "ex" */
	const size_t cut = VMC_AGENT_SERVICE_CALL_SIZE - 5 - 4 - 3;
	uint32_t stream, other;

	begin();
	fill_stuff();
	CHECK_EQ_INT(written(answered(ask_write(0, 4096))), 4096);
	stream = ask_write(4096, 10000);
	service_world_settle(&w);
	CHECK(!answer_to(&w, stream));
	CHECK_EQ_INT(house.cancelled, 1);
	other = ask_gate(1, 0);
	check_alive(&w);
	CHECK_EQ_INT(process_reads(0), 4096);
	CHECK_EQ_INT(written(answered(stream)), cut);
	CHECK_EQ_INT(process_reads(4096), cut);
	CHECK(!answer_to(&w, other));
	end();
}

TEST(short_write_that_waits_is_whole)
{
	uint32_t stream;

	begin();
	fill_stuff();
	answered(ask_write(0, 4096));
	stream = ask_write(4096, VMC_AGENT_SERVICE_CALL_SIZE - 12);
	service_world_settle(&w);
	CHECK(!answer_to(&w, stream));
	CHECK_EQ_INT(house.cancelled, 0);
	CHECK_EQ_INT(process_reads(0), 4096);
	CHECK_EQ_INT(written(answered(stream)),
		     VMC_AGENT_SERVICE_CALL_SIZE - 12);
	CHECK_EQ_INT(process_reads(4096), VMC_AGENT_SERVICE_CALL_SIZE - 12);
	CHECK_EQ_INT(written(answered(ask_write(0, 0))), 0);
	end();
}

TEST(cut_write_keeps_its_deadline)
{
	uint32_t stream;

	begin();
	fill_stuff();
	answered(ask_write(0, 4096));
	stream = ask_write_within(4096, 10000, 20 * 1000000ull);
	service_world_pass(&w, 19);
	CHECK(!answer_to(&w, stream));
	service_world_pass(&w, 1);
	check_failed(answered(stream), VMC_CODE_DEADLINE_EXCEEDED, "deadline");
	end();
}

/* A container's name of that length, and 300 bytes to write. */
static uint32_t ask_write_to(size_t name_len)
{
	static uint8_t name[VMC_AGENT_SERVICE_CALL_SIZE];
	static uint8_t request[VMC_AGENT_SERVICE_CALL_SIZE + 400];
	uint8_t *at = request;

	memset(name, 'x', sizeof(name));
	at = put_bytes(at, 1, (struct vmc_view){ name, name_len });
	at = put_bytes(at, 2, LITERAL("ex"));
	at = put_bytes(at, 3, (struct vmc_view){ stuff + 4096, 300 });
	return ask(&w, "WriteStdin",
		   (struct vmc_view){ request, (size_t)(at - request) });
}

TEST(names_leave_less_for_what_is_written)
{
	uint32_t stream;

	begin();
	fill_stuff();
	answered(ask_write(0, 4096));
	/* three bytes each around the name and the data, four of "ex" */
	stream = ask_write_to(VMC_AGENT_SERVICE_CALL_SIZE - 100);
	service_world_settle(&w);
	CHECK(!answer_to(&w, stream));
	CHECK_EQ_INT(process_reads(0), 4096);
	CHECK_EQ_INT(written(answered(stream)), 90);
	CHECK_EQ_INT(process_reads(4096), 90);
	answered(ask_write(0, 4096));
	check_failed(answered(ask_write_to(VMC_AGENT_SERVICE_CALL_SIZE - 10)),
		     VMC_CODE_RESOURCE_EXHAUSTED,
		     "VMC_AGENT_SERVICE_CALL_SIZE");
	check_failed(answered(ask_write_to(VMC_AGENT_SERVICE_CALL_SIZE)),
		     VMC_CODE_RESOURCE_EXHAUSTED,
		     "VMC_AGENT_SERVICE_CALL_SIZE");
	check_alive(&w);
	end();
}

TEST(a_mebibyte_goes_through_a_slow_process)
{
	size_t asked = 0, read = 0, turn = 0;
	uint32_t stream = 0;
	const struct answer *answer;

	begin();
	fill_stuff();
	while (read < sizeof(stuff)) {
		size_t len = sizeof(stuff) - asked;

		if (!stream && len > 0)
			stream = ask_write(asked, len < 9000 ? len : 9000);
		service_world_settle(&w);
		answer = stream ? answer_to(&w, stream) : NULL;
		if (answer) {
			CHECK(written(answer) > 0);
			asked += written(answer);
			stream = 0;
			w.answer_len = w.payloads_len = 0;
		}
		if (++turn % 3 == 0 || !answer)
			read += process_reads(read);
		CHECK(turn < 10000);
	}
	CHECK_EQ_INT(asked, sizeof(stuff));
	end();
}

TEST(other_long_requests_that_wait_are_refused)
{
	static uint8_t request[6000] = "\012\003g01\102\340\056";
	struct vmc_view all = { request, 8 + 0x2e * 128 + 0x60 };

	begin();
	CHECK_EQ_INT(call(&w, "CopyFile", all)->code, 0);
	house.slow = 1;
	check_failed(call(&w, "CopyFile", all), VMC_CODE_RESOURCE_EXHAUSTED,
		     "VMC_AGENT_SERVICE_CALL_SIZE: ");
	CHECK_EQ_INT(house.cancelled, 1);
	check_alive(&w);
	end();
}

/*
 * Output
 */

TEST(output_until_its_end)
{
	uint32_t stream;
	size_t len;

	begin();
	stream = ask(&w, "ReadStdout", LITERAL(PROCESS "\030\003"));
	CHECK_EQ_INT(vmc_sim_port_ops.send(&w.sim, house.outer,
					   &LITERAL("hello"), 1, NULL, &len),
		     VMC_OK);
	CHECK_EQ_MEM(answered(stream)->payload.ptr, "\012\003hel", 5);
	close_end(&w, &house.outer);
	stream = ask(&w, "ReadStdout", LITERAL(PROCESS "\030\012"));
	CHECK_EQ_MEM(answered(stream)->payload.ptr, "\012\002lo", 4);
	stream = ask(&w, "ReadStdout", LITERAL(PROCESS "\030\012"));
	check_failed(answered(stream), VMC_CODE_OUT_OF_RANGE, "read meet eof");
	end();
}

#define READ_ALL LITERAL(PROCESS "\030\377\377\377\017")

/* The peer reads no more, and the longest answer does not get through. */
static void stop_reading(void)
{
	w.deaf = 1;
	w.sim.ring = VMC_AGENT_SERVICE_DATA_SIZE / 2;
}

TEST(largest_output_is_whole)
{
	struct vmc_view data;
	const struct answer *answer;
	size_t i;

	begin();
	answer = call(&w, "ReadStderr", READ_ALL);
	CHECK_EQ_INT(answer->code, 0);
	data = pb_find(answer->payload, 1, NULL);
	CHECK_EQ_INT(data.ptr_len, VMC_AGENT_SERVICE_DATA_SIZE);
	for (i = 0; i < data.ptr_len; i++)
		CHECK(data.ptr[i] == 'e');
	end();
}

/* While an answer is not read, nobody is served, and nothing is woken for. */
TEST(peer_that_does_not_read_is_not_served)
{
	struct vmc_wait waits[VMC_AGENT_SERVICE_WAIT_MAX];
	uint32_t gate, reading, flood;
	uint64_t until_ms;
	unsigned steps;
	size_t len;

	begin();
	gate = ask_gate(1, 10 * 1000000ull);
	reading = ask(&w, "ReadStdout", LITERAL(PROCESS "\030\012"));
	service_world_settle(&w);
	stop_reading();
	flood = ask(&w, "ReadStderr", READ_ALL);
	service_world_settle(&w);
	steps = house.steps;
	house.open[1] = 1;
	CHECK_EQ_INT(vmc_sim_port_ops.send(&w.sim, house.outer,
					   &LITERAL("hello"), 1, NULL, &len),
		     VMC_OK);
	CHECK_EQ_INT(
		vmc_agent_service_waits(&w.service, waits, 1, &len, &until_ms),
		VMC_OK);
	CHECK_EQ_INT(len, 1);
	CHECK_EQ_INT(waits[0].want, VMC_WAIT_WRITE);
	CHECK(until_ms == VMC_NEVER);
	w.sim.now_ms += 1000000;
	service_world_settle(&w);
	service_world_step(&w);
	CHECK_EQ_INT(house.steps, steps);
	w.deaf = 0;
	CHECK_EQ_INT(answered(flood)->code, 0);
	CHECK_EQ_INT(answered(gate)->code, 0);
	CHECK_EQ_INT(answered(reading)->code, 0);
	check_alive(&w);
	end();
}

#define REQUEST_MAX 80 /* bytes of a request to read */

TEST(requests_wait_their_turn)
{
	uint32_t stream[40];
	unsigned i, len;

	begin();
	stop_reading();
	/* as many as get through while nobody reads them */
	len = w.sim.ring / REQUEST_MAX < 40 ? w.sim.ring / REQUEST_MAX : 40;
	CHECK(len >= 3);
	for (i = 0; i < len; i++)
		stream[i] = ask(&w, "ReadStderr", READ_ALL);
	service_world_settle(&w);
	w.deaf = 0;
	for (i = 0; i < len; i++) {
		CHECK_EQ_INT(answered(stream[i])->code, 0);
		CHECK_EQ_INT(w.answer[i].stream, stream[i]);
	}
	end();
}

/*
 * Ends of connections
 */

TEST(hang_up_cancels_calls)
{
	begin();
	ask_gate(1, 0);
	ask_gate(2, 0);
	service_world_settle(&w);
	close_end(&w, &w.peer);
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_CLOSED);
	CHECK_EQ_INT(house.cancelled, 2);
	service_world_connect(&w);
	check_alive(&w);
	end();
}

/* Who ends his side has his answers, as far as they need no waiting. */
static void end_side(int big_last)
{
	uint32_t stream[2], gate;
	unsigned i;

	begin();
	gate = ask_gate(1, 0);
	service_world_settle(&w);
	stop_reading();
	for (i = 0; i < 2; i++)
		stream[i] = ask(&w, "ReadStderr",
				i == (unsigned)big_last ?
					READ_ALL :
					LITERAL(PROCESS "\030\004"));
	vmc_sim_port_ops.shutdown(&w.sim, w.peer);
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_AGAIN);
	w.deaf = 0;
	CHECK_EQ_INT(answered(stream[0])->code, 0);
	CHECK_EQ_INT(answered(stream[1])->code, 0);
	CHECK(!answer_to(&w, gate));
	CHECK_EQ_INT(w.end, VMC_CLOSED);
	CHECK_EQ_INT(house.cancelled, 1);
	end();
}

TEST(end_in_order_is_answered)
{
	end_side(0);
	end_side(1);
}

/* What a call yields when its peer has ended his side is all sent. */
TEST(end_before_a_calls_own)
{
	uint32_t stream;

	begin();
	stream = ask_gate(1, 0);
	service_world_settle(&w);
	w.deaf = 1;
	w.sim.ring = 3;
	house.open[1] = 1;
	vmc_sim_port_ops.shutdown(&w.sim, w.peer);
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_AGAIN);
	w.deaf = 0;
	CHECK_EQ_INT(answered(stream)->code, 0);
	CHECK_EQ_INT(w.end, VMC_CLOSED);
	end();
}

TEST(peer_that_goes_with_an_answer_unread)
{
	begin();
	ask_gate(1, 0);
	stop_reading();
	ask(&w, "ReadStderr", READ_ALL);
	service_world_settle(&w);
	close_end(&w, &w.peer);
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_ERR_LOST);
	CHECK_EQ_INT(house.cancelled, 1);
	end();
}

/* Half a request and half an answer are nothing to who comes next, on a
 * stream that is the same. */
TEST(opening_forgets_all)
{
	uint8_t frame[100];
	struct vmc_view request =
		make_request(frame, 1, "grpc.Health", "Check", NOTHING, 0);
	size_t len;

	begin();
	ask_gate(1, 0);
	stop_reading();
	ask(&w, "ReadStderr", READ_ALL);
	request.ptr_len = 12;
	CHECK(peer_send(&w, request));
	service_world_settle(&w);
	w.deaf = 0;
	while (vmc_sim_port_ops.recv(&w.sim, w.peer, w.bytes, sizeof(w.bytes),
				     &len, NULL) == VMC_OK)
		;
	vmc_agent_service_open(&w.service, w.stream, w.sim.now_ms);
	CHECK_EQ_INT(house.cancelled, 1);
	service_world_forget(&w);
	/* what was on its way has been read by nobody yet */
	while (vmc_sim_port_ops.recv(&w.sim, w.stream, w.bytes, sizeof(w.bytes),
				     &len, NULL) == VMC_OK)
		;
	check_alive(&w);
	end();
}

TEST(what_is_no_ttrpc_ends_the_connection)
{
	begin();
	ask_gate(1, 0);
	service_world_settle(&w);
	CHECK(peer_send(&w, LITERAL("GET / HTTP/1.0\r\n\r\n")));
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(house.cancelled, 1);
	service_world_connect(&w);
	check_alive(&w);
	end();
}

TEST(bad_frames_concern_one_call)
{
	uint8_t frame[100];
	struct vmc_view request;
	uint32_t gate;

	begin();
	gate = ask_gate(1, 0);
	/* an even stream, a type that is none, an envelope that is garbage */
	request = make_request(frame, 4, "grpc.Health", "Check", NOTHING, 0);
	CHECK(peer_send(&w, request));
	request = make_request(frame, 5, "grpc.Health", "Check", NOTHING, 0);
	frame[8] = 77;
	CHECK(peer_send(&w, request));
	request = make_request(frame, 7, "grpc.Health", "Check", NOTHING, 0);
	memset(frame + 10, 0xff, request.ptr_len - 10);
	CHECK(peer_send(&w, request));
	check_failed(answered(4), VMC_CODE_INVALID_ARGUMENT, "odd");
	check_failed(answered(7), VMC_CODE_INVALID_ARGUMENT, "unmarshal");
	w.next_stream = 9;
	check_alive(&w);
	open_gate(1);
	CHECK_EQ_INT(answered(gate)->code, 0);
	end();
}

/*
 * Half a request
 */

TEST(half_a_request_then_a_new_connection)
{
	uint8_t frame[100];
	struct vmc_view request;
	size_t len;

	begin();
	request = make_request(frame, 3, "grpc.AgentService", "WaitProcess",
			       GATE("01"), 1000000);
	for (len = 0; len <= request.ptr_len; len++) {
		struct vmc_view part = { frame, len };

		ask_gate(2, 0);
		CHECK(peer_send(&w, part));
		service_world_settle(&w);
		service_world_connect(&w);
		CHECK_EQ_INT(w.service.call_len, 0);
		check_alive(&w);
	}
	end();
}

TEST(half_a_request_is_forgotten_after_a_while)
{
	uint8_t frame[100];
	struct vmc_view request;
	size_t len;

	begin();
	request = make_request(frame, 3, "grpc.AgentService", "WaitProcess",
			       GATE("01"), 0);
	for (len = 1; len < request.ptr_len; len++) {
		struct vmc_view part = { frame, len };

		ask_gate(2, 0);
		CHECK(peer_send(&w, part));
		service_world_pass(&w, 4999);
		CHECK_EQ_INT(w.service.call_len, 1);
		service_world_pass(&w, 1);
		CHECK_EQ_INT(w.service.call_len, 0);
		CHECK_EQ_INT(w.end, VMC_AGAIN);
		/* on the same pipe, somebody begins with stream 1 */
		service_world_forget(&w);
		check_alive(&w);
	}
	end();
}

TEST(slow_sender_has_time_for_each_byte)
{
	uint8_t frame[100];
	struct vmc_view request, part;
	uint32_t gate;
	size_t at;

	begin();
	gate = ask_gate(1, 0);
	request = make_request(frame, 3, "grpc.Health", "Check", NOTHING, 0);
	for (at = 0; at < request.ptr_len; at++) {
		part = (struct vmc_view){ frame + at, 1 };
		CHECK(peer_send(&w, part));
		service_world_pass(&w, 4000);
	}
	CHECK_EQ_INT(answered(3)->code, 0);
	w.next_stream = 5;
	open_gate(1);
	CHECK_EQ_INT(answered(gate)->code, 0);
	/* nothing ticks once it is whole */
	service_world_pass(&w, 100000);
	check_alive(&w);
	end();
}

/* The beginning of a request that is too long; the refusal does not get
 * through at once. */
static void ask_oversize(void)
{
	uint8_t frame[100];
	struct vmc_view part = { frame, 12 };

	make_request(frame, 1, "grpc.Health", "Check", NOTHING, 0);
	put_u32(frame, 3 * WORLD_WINDOW_SIZE);
	w.deaf = 1;
	w.sim.ring = 16;
	CHECK(peer_send(&w, part));
	service_world_settle(&w);
}

/* Nothing more of it is received as long as an answer is not taken. */
TEST(half_a_request_has_time_behind_an_answer)
{
	begin();
	ask_oversize();
	service_world_pass(&w, 20000);
	w.deaf = 0;
	check_failed(answered(1), VMC_CODE_RESOURCE_EXHAUSTED, "exceed");
	service_world_pass(&w, 5000);
	service_world_forget(&w);
	check_alive(&w);
	end();
}

TEST(end_inside_a_request_is_a_loss_once_all_is_sent)
{
	begin();
	ask_oversize();
	vmc_sim_port_ops.shutdown(&w.sim, w.peer);
	service_world_settle(&w);
	CHECK_EQ_INT(w.end, VMC_AGAIN);
	w.deaf = 0;
	check_failed(answered(1), VMC_CODE_RESOURCE_EXHAUSTED, "exceed");
	CHECK_EQ_INT(w.end, VMC_ERR_LOST);
	end();
}

TEST(rest_of_an_oversize_request_has_its_time_too)
{
	uint8_t frame[100];
	struct vmc_view request;

	begin();
	request = make_request(frame, 1, "grpc.Health", "Check", NOTHING, 0);
	put_u32(frame, 3 * WORLD_WINDOW_SIZE);
	CHECK(peer_send(&w, request));
	check_failed(answered(1), VMC_CODE_RESOURCE_EXHAUSTED, "exceed");
	service_world_pass(&w, 5000);
	service_world_forget(&w);
	check_alive(&w);
	end();
}

TEST(frame_timeout_is_the_configurations)
{
	begin();
	w.config.frame_timeout_ms = 20;
	CHECK_EQ_INT(vmc_agent_service_init(&w.service, &w.config), VMC_OK);
	service_world_connect(&w);
	CHECK(peer_send(&w, LITERAL("\000\000\000")));
	service_world_pass(&w, 20);
	check_alive(&w);
	end();
}

/*
 * Faults, wherever they can strike
 */

/* A bit of everything. */
static void everything(void)
{
	size_t len;

	ask_gate(1, 0);
	ask(&w, "ReadStdout", LITERAL(PROCESS "\030\012"));
	ask(&w, "ReadStderr", LITERAL(PROCESS "\030\310\001"));
	ask_write(0, 5000);
	ask(&w, "Resurrect", NOTHING);
	ask(&w, "StatsContainer", LITERAL("\012\177x"));
	service_world_settle(&w);
	house.open[1] = 1;
	vmc_sim_port_ops.send(&w.sim, house.outer, &LITERAL("hello"), 1, NULL,
			      &len);
	if (w.end == VMC_AGAIN)
		service_world_step(&w);
	service_world_settle(&w);
}

/* The process's stream is the first connection, the peer's the second. */
static void begin_with(enum vmc_sim_fault_type type, uint64_t at, int received)
{
	begin();
	w.sim.fault = (struct vmc_sim_fault){ .type = type,
					      .connection = 2,
					      .received = (uint8_t)received,
					      .at = at };
}

static void end_with_fault(void)
{
	CHECK_EQ_INT(w.sim.struck, 1);
	if (w.end != VMC_AGAIN)
		CHECK_EQ_INT(w.service.call_len, 0);
	house.open[1] = 1;
	service_world_connect(&w);
	check_alive(&w);
	end();
}

/* A peer's send may fail: what was to be sent then is not. */
static void everything_or_less(void)
{
	static const char *const methods[] = { "WaitProcess", "ReadStdout",
					       "ReadStderr", "StatsContainer" };
	static const struct vmc_view requests[] = {
		LITERAL("\022\003g01"), LITERAL(PROCESS "\030\012"),
		LITERAL(PROCESS "\030\310\001"), LITERAL("\012\003ctr")
	};
	uint8_t frame[200];
	unsigned i;

	for (i = 0; i < 4; i++)
		if (!peer_send(&w, make_request(frame, 2 * i + 1,
						"grpc.AgentService", methods[i],
						requests[i], 0)))
			break;
	service_world_settle(&w);
	house.open[1] = 1;
	if (w.end == VMC_AGAIN)
		service_world_step(&w);
	service_world_settle(&w);
}

static uint64_t bytes_of(void (*scenario)(void))
{
	uint64_t bytes;

	begin();
	scenario();
	bytes = vmc_sim_sent(&w.sim, w.peer);
	end();
	return bytes;
}

static void break_at_every_byte(enum vmc_sim_fault_type type, int received)
{
	uint64_t at, bytes = bytes_of(everything_or_less);

	CHECK(bytes > 200);
	for (at = 0; at < bytes; at++) {
		begin_with(type, at, received);
		everything_or_less();
		end_with_fault();
	}
}

TEST(connection_breaks_at_every_byte)
{
	break_at_every_byte(VMC_SIM_LOST, 0);
	break_at_every_byte(VMC_SIM_LOST, 1);
}

TEST(peer_dies_at_every_byte)
{
	break_at_every_byte(VMC_SIM_GONE, 0);
	break_at_every_byte(VMC_SIM_GONE, 1);
}

TEST(peer_ends_its_side_at_every_byte)
{
	break_at_every_byte(VMC_SIM_HALF_CLOSE, 0);
}

TEST(streams_stall_at_every_byte)
{
	enum vmc_sim_fault_type type;
	uint64_t at, bytes = bytes_of(everything);
	unsigned answers = 6;

	for (type = VMC_SIM_SHORT_READ; type <= VMC_SIM_SHORT_WRITE; type++)
		for (at = 0; at < bytes; at += at < 700 ? 1 : 97) {
			begin_with(type, at, 0);
			everything();
			CHECK_EQ_INT(w.sim.struck, 1);
			CHECK_EQ_INT(w.answer_len, answers);
			end();
		}
}

TEST(one_byte_at_a_time)
{
	begin();
	w.sim.short_read = w.sim.short_write = 1;
	everything();
	CHECK_EQ_INT(w.answer_len, 6);
	w.sim.ring = 1;
	check_alive(&w);
	end();
}

TESTS(RUN(wrong_configurations_are_refused)
      RUN(without_a_connection_there_is_nothing_to_do)
      RUN(unknown_names_are_unimplemented)
      RUN(oversize_request_is_refused_and_read_over)
      RUN(long_names_do_no_harm)
      RUN(answers_come_in_any_order)
      RUN(all_that_are_due_are_answered_in_one_step)
      RUN(arguments_stay_while_others_are_served)
      RUN(waiting_is_for_what_the_agent_waits_for)
      RUN(deadline_passes)
      RUN(containers_timeout_is_a_deadline)
      RUN(one_call_too_many_is_refused)
      RUN(stream_that_is_used_again_gives_its_call_up)
      RUN(sections_are_brought_up_one_by_one)
      RUN(long_write_is_taken_as_far_as_it_is)
      RUN(long_write_that_waits_is_cut)
      RUN(short_write_that_waits_is_whole)
      RUN(cut_write_keeps_its_deadline)
      RUN(names_leave_less_for_what_is_written)
      RUN(a_mebibyte_goes_through_a_slow_process)
      RUN(other_long_requests_that_wait_are_refused)
      RUN(output_until_its_end)
      RUN(largest_output_is_whole)
      RUN(peer_that_does_not_read_is_not_served)
      RUN(requests_wait_their_turn)
      RUN(hang_up_cancels_calls)
      RUN(end_in_order_is_answered)
      RUN(end_before_a_calls_own)
      RUN(peer_that_goes_with_an_answer_unread)
      RUN(opening_forgets_all)
      RUN(what_is_no_ttrpc_ends_the_connection)
      RUN(bad_frames_concern_one_call)
      RUN(half_a_request_then_a_new_connection)
      RUN(half_a_request_is_forgotten_after_a_while)
      RUN(slow_sender_has_time_for_each_byte)
      RUN(half_a_request_has_time_behind_an_answer)
      RUN(end_inside_a_request_is_a_loss_once_all_is_sent)
      RUN(rest_of_an_oversize_request_has_its_time_too)
      RUN(frame_timeout_is_the_configurations)
      RUN(connection_breaks_at_every_byte)
      RUN(peer_dies_at_every_byte)
      RUN(peer_ends_its_side_at_every_byte)
      RUN(streams_stall_at_every_byte)
      RUN(one_byte_at_a_time));
