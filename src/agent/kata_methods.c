/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kata backend's methods: each is a call of the guest's agent
 * (kata_call.h), most of them a message and an empty answer. Messages live
 * on the stack of each step; they are looked at when it is their turn to be
 * sent.
 */
#include "agent_noop.h"
#include "kata_call.h"

#include "agent.pb.h"
#include "health.pb.h"

#include "../wire/agent_pbio.h"
#include "../wire/field.h"

#include <string.h>

/* What stands around the bytes that one read brings: frame, envelope, the
 * payload's and the bytes' own tag and length. */
#define READ_HEAD 32

/* OnlineCPUMem counts in all since Kata 3.2.0, before that what is new. */
#define COUNTS_ALL_MAJOR 3
#define COUNTS_ALL_MINOR 2

#define DATA_TAG(message) VMC_FIELD_TAG(message##_tag, VMC_FIELD_BYTES)

/* A method of that name, whose request is that message. */
#define MESSAGE(method_name, type)                                             \
	.name = (method_name), .fields = type##_fields

/*
 * The agent itself
 */

static enum vmc_status init(struct vmc_agent *agent,
			    const struct vmc_sandbox *sandbox,
			    int *disable_vm_shutdown)
{
	(void)agent;
	(void)sandbox;
	*disable_vm_shutdown = 0;
	return VMC_OK;
}

static unsigned capabilities(struct vmc_agent *agent)
{
	(void)agent;
	return VMC_AGENT_CAP_BLOCK_DEVICE;
}

static int long_live_conn(struct vmc_agent *agent)
{
	(void)agent;
	return 1;
}

static enum vmc_status check(struct vmc_agent *agent, struct vmc_task *task,
			     uint64_t now_ms)
{
	static const struct kata_method method = { .name = "Check",
						   .health = 1,
						   .timeout = KATA_CHECK };
	struct kata_call call = { .method = &method };
	vmc_grpc_HealthCheckResponse answer = { 0 };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	if (status)
		return status;
	status = vmc_message_read(reply, "HealthCheckResponse",
				  vmc_grpc_HealthCheckResponse_fields, &answer,
				  NULL, agent->error);
	if (status == VMC_OK &&
	    answer.status != vmc_grpc_HealthCheckResponse_ServingStatus_SERVING)
		return vmc_error_set(agent->error, VMC_ERR_UNAVAILABLE, "Check",
				     "the agent is not serving");
	return status;
}

/*
 * Methods that take two calls. The first one's answer is dealt with before
 * the second one begins.
 */

enum { FIRST_CALL = 1, SECOND_CALL };

struct pair {
	enum vmc_status (*first)(struct vmc_agent *agent, struct vmc_task *task,
				 uint64_t now_ms);
	const struct kata_call *second;
};

static void cancel_pair(struct vmc_task *task)
{
	struct vmc_agent_kata *kata = task->owner;

	vmc_task_cancel(&kata->inner);
}

static enum vmc_status begin_pair(struct vmc_agent *agent,
				  struct vmc_task *task)
{
	struct vmc_agent_kata *kata = kata_state(agent);

	if (vmc_task_active(&kata->inner))
		return vmc_error_set(agent->error, VMC_ERR_BUSY,
				     "another call of two is in flight", NULL);
	task->owner = kata;
	task->cancel = cancel_pair;
	vmc_task_enter(task, FIRST_CALL, &kata->inner);
	return VMC_OK;
}

static enum vmc_status do_pair(struct vmc_agent *agent, const struct pair *pair,
			       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_task *inner = &kata_state(agent)->inner;
	enum vmc_status status = VMC_OK;
	int late = vmc_task_begin(task, now_ms);

	if (!vmc_task_active(task))
		status = begin_pair(agent, task);
	if (status)
		return vmc_task_end(task, status);
	if (task->phase == FIRST_CALL) {
		status = pair->first(agent, inner, now_ms);
		if (status == VMC_OK)
			vmc_task_enter(task, SECOND_CALL, inner);
	}
	if (task->phase == SECOND_CALL)
		status = vmc_kata_tell(agent, pair->second, inner, now_ms);
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	if (!late)
		return vmc_task_forward(task, inner);
	vmc_task_cancel(inner);
	return vmc_task_end(task, vmc_error_set(agent->error, VMC_ERR_TIMEOUT,
						pair->second->method->name,
						"no answer before the "
						"deadline"));
}

/*
 * The sandbox and its containers
 */

static void write_sandbox(struct vmc_writer *w, const void *message)
{
	vmc_agent_write_sandbox(w, message);
}

static enum vmc_status start_sandbox(struct vmc_agent *agent,
				     const struct vmc_sandbox *sandbox,
				     struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "CreateSandbox",
						   .write = write_sandbox };
	struct kata_call call = { .method = &method, .message = sandbox };
	struct pair pair = { check, &call };

	return do_pair(agent, &pair, task, now_ms);
}

static enum vmc_status stop_sandbox(struct vmc_agent *agent,
				    const struct vmc_sandbox *sandbox,
				    struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "DestroySandbox" };
	struct kata_call call = { .method = &method };

	(void)sandbox;
	return vmc_kata_tell(agent, &call, task, now_ms);
}

/* An id that a process is known by from now on. */
static enum vmc_status set_process(struct vmc_agent *agent, const char *method,
				   struct vmc_view id,
				   struct vmc_process *process)
{
	if (id.ptr_len >= sizeof(process->token))
		return vmc_error_set(agent->error, VMC_ERR_TOO_BIG, method,
				     "exec_id does not fit VMC_AGENT_ID_SIZE");
	memset(process, 0, sizeof(*process));
	if (id.ptr_len > 0)
		memcpy(process->token, id.ptr, id.ptr_len);
	process->present = 1;
	return VMC_OK;
}

static void write_container(struct vmc_writer *w, const void *message)
{
	vmc_agent_write_container(w, message);
}

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *container,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "CreateContainer",
						   .write = write_container };
	struct kata_call call = { .method = &method,
				  .message = container,
				  .tail = container->oci };
	struct vmc_view id =
		container->exec_id.ptr_len ? container->exec_id : container->id;
	enum vmc_status status = VMC_OK;

	(void)sandbox;
	if (!vmc_task_active(task))
		status = set_process(agent, method.name, id, process);
	if (status)
		return vmc_task_end(task, status);
	return vmc_kata_tell(agent, &call, task, now_ms);
}

/* A call about one container, with its id and nothing else. */
static enum vmc_status of_container(struct vmc_agent *agent,
				    const struct kata_method *method,
				    struct vmc_view id, struct vmc_view *reply,
				    struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_ContainerRequest request = { .container_id = id };
	struct kata_call call = { .method = method, .message = &request };

	return vmc_kata_call(agent, &call, reply, task, now_ms);
}

static enum vmc_status start_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { MESSAGE(
		"StartContainer", vmc_grpc_ContainerRequest) };
	struct vmc_view reply;

	return of_container(agent, &method, container_id, &reply, task, now_ms);
}

static enum vmc_status stop_container(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { MESSAGE(
		"RemoveContainer", vmc_grpc_ContainerRequest) };
	struct vmc_view reply;

	return of_container(agent, &method, container_id, &reply, task, now_ms);
}

static enum vmc_status pause_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { MESSAGE(
		"PauseContainer", vmc_grpc_ContainerRequest) };
	struct vmc_view reply;

	return of_container(agent, &method, container_id, &reply, task, now_ms);
}

static enum vmc_status resume_container(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { MESSAGE(
		"ResumeContainer", vmc_grpc_ContainerRequest) };
	struct vmc_view reply;

	return of_container(agent, &method, container_id, &reply, task, now_ms);
}

static enum vmc_status stats_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_container_stats *stats,
				       struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { MESSAGE(
		"StatsContainer", vmc_grpc_ContainerRequest) };
	struct vmc_view reply;
	enum vmc_status status = of_container(agent, &method, container_id,
					      &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_stats(reply, stats, agent->error);
}

static enum vmc_status update_container(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_view resources,
					struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_ContainerRequest request = { .container_id = container_id };
	static const struct kata_method method = {
		MESSAGE("UpdateContainer", vmc_grpc_ContainerRequest),
		.tail_tag = DATA_TAG(vmc_grpc_UpdateContainerRequest_resources)
	};
	struct kata_call call = { .method = &method, .message = &request };

	call.tail = resources;
	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status
process_list_container(struct vmc_agent *agent, struct vmc_view container_id,
		       struct vmc_view format, const struct vmc_view *args,
		       size_t args_len, struct vmc_buffer *list,
		       struct vmc_task *task, uint64_t now_ms)
{
	(void)container_id;
	(void)format;
	(void)args;
	(void)args_len;
	(void)list;
	(void)now_ms;
	return vmc_task_end(
		task, vmc_error_set(agent->error, VMC_ERR_UNSUPPORTED,
				    "ListProcesses", "gone since Kata 2.1"));
}

struct storages {
	const struct vmc_storage *storages;
	size_t storages_len;
};

static void write_storages(struct vmc_writer *w, const void *message)
{
	const struct storages *list = message;

	vmc_agent_write_storages(w, list->storages, list->storages_len);
}

static enum vmc_status
update_ephemeral_mounts(struct vmc_agent *agent,
			const struct vmc_storage *storages, size_t storages_len,
			struct vmc_task *task, uint64_t now_ms)
{
	struct storages list = { storages, storages_len };
	static const struct kata_method method = {
		.name = "UpdateEphemeralMounts", .write = write_storages
	};
	struct kata_call call = { .method = &method, .message = &list };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status
remove_stale_virtiofs_share_mounts(struct vmc_agent *agent,
				   struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = {
		.name = "RemoveStaleVirtiofsShareMounts"
	};
	struct kata_call call = { .method = &method };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

/*
 * Processes
 */

static void write_exec(struct vmc_writer *w, const void *message)
{
	vmc_agent_write_exec(w, message);
}

static enum vmc_status exec(struct vmc_agent *agent,
			    const struct vmc_exec *wanted,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	static const struct kata_method method = { .name = "ExecProcess",
						   .write = write_exec };
	struct kata_call call = { .method = &method, .message = wanted };
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(task))
		status = set_process(agent, method.name, wanted->exec_id,
				     process);
	if (status)
		return vmc_task_end(task, status);
	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status signal_process(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id, uint32_t signal,
				      int all, struct vmc_task *task,
				      uint64_t now_ms)
{
	static const struct vmc_view none = { NULL, 0 };
	vmc_grpc_SignalProcessRequest request = {
		.container_id = container_id,
		.exec_id = all ? none : exec_id,
		.signal = signal,
	};
	static const struct kata_method method = { MESSAGE(
		"SignalProcess", vmc_grpc_SignalProcessRequest) };
	struct kata_call call = { .method = &method, .message = &request };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status wait_process(struct vmc_agent *agent,
				    struct vmc_view container_id,
				    struct vmc_view exec_id,
				    int32_t *exit_status, struct vmc_task *task,
				    uint64_t now_ms)
{
	vmc_grpc_ProcessRequest request = { container_id, exec_id };
	vmc_grpc_WaitProcessResponse answer = { 0 };
	static const struct kata_method method = {
		MESSAGE("WaitProcess", vmc_grpc_ProcessRequest),
		.timeout = KATA_FOREVER
	};
	struct kata_call call = { .method = &method, .message = &request };
	enum vmc_status status;
	struct vmc_view reply;

	status = vmc_kata_call(agent, &call, &reply, task, now_ms);
	if (status)
		return status;
	status = vmc_message_read(reply, "WaitProcessResponse",
				  vmc_grpc_WaitProcessResponse_fields, &answer,
				  NULL, agent->error);
	*exit_status = answer.status;
	return status;
}

static enum vmc_status winsize_process(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_view exec_id, uint32_t height,
				       uint32_t width, struct vmc_task *task,
				       uint64_t now_ms)
{
	vmc_grpc_TtyWinResizeRequest request = {
		.container_id = container_id,
		.exec_id = exec_id,
		.row = height,
		.column = width,
	};
	static const struct kata_method method = { MESSAGE(
		"TtyWinResize", vmc_grpc_TtyWinResizeRequest) };
	struct kata_call call = { .method = &method, .message = &request };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status
write_process_stdin(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_view data,
		    size_t *written, struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_ProcessRequest request = { container_id, exec_id };
	vmc_grpc_WriteStreamResponse answer = { 0 };
	static const struct kata_method method = {
		MESSAGE("WriteStdin", vmc_grpc_ProcessRequest),
		.tail_tag = DATA_TAG(vmc_grpc_WriteStreamRequest_data),
		.timeout = KATA_FOREVER
	};
	struct kata_call call = { .method = &method, .message = &request };
	enum vmc_status status;
	struct vmc_view reply;

	call.tail = data;
	status = vmc_kata_call(agent, &call, &reply, task, now_ms);
	if (status)
		return status;
	status = vmc_message_read(reply, "WriteStreamResponse",
				  vmc_grpc_WriteStreamResponse_fields, &answer,
				  NULL, agent->error);
	if (status == VMC_OK && answer.len > data.ptr_len)
		return vmc_error_set_number(agent->error, VMC_ERR_MALFORMED,
					    "WriteStdin: more was taken than "
					    "there was",
					    answer.len);
	*written = answer.len;
	return status;
}

static enum vmc_status close_process_stdin(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_view exec_id,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	vmc_grpc_ProcessRequest request = { container_id, exec_id };
	static const struct kata_method method = { MESSAGE(
		"CloseStdin", vmc_grpc_ProcessRequest) };
	struct kata_call call = { .method = &method, .message = &request };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

/* An answer that is one field of bytes. */
static enum vmc_status give_data(struct vmc_agent *agent, const char *method,
				 struct vmc_view reply,
				 struct vmc_buffer *buffer)
{
	vmc_grpc_DataResponse answer = { 0 };
	enum vmc_status status =
		vmc_message_read(reply, method, vmc_grpc_DataResponse_fields,
				 &answer, NULL, agent->error);

	return status ? status :
			vmc_kata_give(agent, method, answer.data, buffer);
}

/* The end of a stream is an error of Kata's agent: "eof", "read meet eof". */
static int is_end(struct vmc_agent *agent, enum vmc_status status)
{
	static const char eof[] = "eof";
	const struct vmc_error *error =
		vmc_channel_error(&kata_state(agent)->channel);
	size_t len = strlen(error->text), eof_len = sizeof(eof) - 1;

	if (status != VMC_ERR_CALL)
		return 0;
	return error->code == VMC_CODE_OUT_OF_RANGE ||
	       (len >= eof_len &&
		memcmp(error->text + len - eof_len, eof, eof_len) == 0);
}

static enum vmc_status read_stream(struct vmc_agent *agent,
				   const struct kata_call *call,
				   struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_ask(agent, call, &reply, task, now_ms);

	if (status == VMC_OK)
		return give_data(agent, call->method->name, reply, data);
	if (status == VMC_AGAIN)
		return status;
	if (!is_end(agent, status))
		return vmc_kata_fail(agent, call->method->name, status);
	data->ptr_len = 0;
	return VMC_OK;
}

static vmc_grpc_ReadStreamRequest read_request(struct vmc_view container_id,
					       struct vmc_view exec_id,
					       const struct vmc_buffer *data)
{
	vmc_grpc_ReadStreamRequest request = {
		.container_id = container_id,
		.exec_id = exec_id,
		.len = VMC_AGENT_WINDOW_SIZE - READ_HEAD,
	};

	if (data->ptr_cap < request.len)
		request.len = (uint32_t)data->ptr_cap;
	return request;
}

static enum vmc_status
read_process_stdout(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_ReadStreamRequest request =
		read_request(container_id, exec_id, data);
	static const struct kata_method method = {
		MESSAGE("ReadStdout", vmc_grpc_ReadStreamRequest),
		.timeout = KATA_FOREVER
	};
	struct kata_call call = { .method = &method, .message = &request };

	return read_stream(agent, &call, data, task, now_ms);
}

static enum vmc_status
read_process_stderr(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_ReadStreamRequest request =
		read_request(container_id, exec_id, data);
	static const struct kata_method method = {
		MESSAGE("ReadStderr", vmc_grpc_ReadStreamRequest),
		.timeout = KATA_FOREVER
	};
	struct kata_call call = { .method = &method, .message = &request };

	return read_stream(agent, &call, data, task, now_ms);
}

/*
 * The guest
 */

/* A number at the view's beginning, and what separates it from the next. */
static uint32_t take_number(struct vmc_view *view)
{
	uint32_t number = 0;

	while (view->ptr_len > 0 && view->ptr[0] >= '0' &&
	       view->ptr[0] <= '9' && number < UINT16_MAX) {
		number = number * 10 + (uint32_t)(view->ptr[0] - '0');
		view->ptr++;
		view->ptr_len--;
	}
	if (view->ptr_len > 0) {
		view->ptr++;
		view->ptr_len--;
	}
	return number;
}

/* A version that is none ("", "unknown") is that of some day to come. */
static int counts_new(struct vmc_view version)
{
	int is_one = version.ptr_len > 0 && version.ptr[0] >= '0' &&
		     version.ptr[0] <= '9';
	uint32_t major = take_number(&version);
	uint32_t minor = take_number(&version);

	if (!is_one)
		return 0;
	return major < COUNTS_ALL_MAJOR ||
	       (major == COUNTS_ALL_MAJOR && minor < COUNTS_ALL_MINOR);
}

static enum vmc_status take_version(struct vmc_agent *agent,
				    struct vmc_view reply)
{
	vmc_grpc_VersionCheckResponse answer = { 0 };
	enum vmc_status status =
		vmc_message_read(reply, "VersionCheckResponse",
				 vmc_grpc_VersionCheckResponse_fields, &answer,
				 NULL, agent->error);

	if (status)
		return status;
	kata_state(agent)->counts_new =
		(uint8_t)counts_new(answer.agent_version);
	kata_state(agent)->version_known = 1;
	return VMC_OK;
}

static enum vmc_status ask_version(struct vmc_agent *agent,
				   struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "Version",
						   .health = 1 };
	struct kata_call call = { .method = &method };
	const struct vmc_agent_kata_config *config = agent->config;
	struct vmc_agent_kata *kata = kata_state(agent);
	enum vmc_status status;
	struct vmc_view reply;

	if (!kata->version_known && config->version) {
		kata->counts_new =
			(uint8_t)counts_new(vmc_view_of(config->version));
		kata->version_known = 1;
	}
	if (kata->version_known)
		return vmc_task_end(task, VMC_OK);
	status = vmc_kata_call(agent, &call, &reply, task, now_ms);
	return status ? status : take_version(agent, reply);
}

/* What is to be online; which of the numbers is told, the agent's version
 * decides. */
struct online {
	const struct vmc_agent_kata *kata;
	uint32_t cpus, added;
	uint8_t cpu_only;
};

static void write_online(struct vmc_writer *w, const void *message)
{
	const struct online *online = message;
	vmc_grpc_OnlineCPUMemRequest request = {
		.nb_cpus =
			online->kata->counts_new ? online->added : online->cpus,
		.cpu_only = online->cpu_only != 0,
	};

	vmc_message_write(w, vmc_grpc_OnlineCPUMemRequest_fields, &request);
}

static enum vmc_status online_cpu_mem(struct vmc_agent *agent, uint32_t cpus,
				      uint32_t added, int cpu_only,
				      struct vmc_task *task, uint64_t now_ms)
{
	struct online online = { kata_state(agent), cpus, added,
				 (uint8_t)(cpu_only != 0) };
	static const struct kata_method method = { .name = "OnlineCPUMem",
						   .write = write_online };
	struct kata_call call = { .method = &method, .message = &online };
	struct pair pair = { ask_version, &call };

	return do_pair(agent, &pair, task, now_ms);
}

/* Memory at `address`, `count` sections of so many bytes. */
struct sections {
	uint64_t address, section;
	uint32_t count;
};

/* MemHotplugByProbeRequest: an address for each section, packed. */
static void write_sections(struct vmc_writer *w, const void *message)
{
	const struct sections *s = message;
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < s->count; i++)
		len += vmc_varint_len(s->address + i * s->section);
	vmc_field_put_head(
		w,
		DATA_TAG(vmc_grpc_MemHotplugByProbeRequest_memHotplugProbeAddr),
		len);
	for (i = 0; i < s->count; i++)
		vmc_put_varint(w, s->address + i * s->section);
}

static enum vmc_status mem_hotplug_by_probe(struct vmc_agent *agent,
					    uint64_t address, uint32_t size_mib,
					    uint32_t section_mib,
					    struct vmc_task *task,
					    uint64_t now_ms)
{
	struct sections sections = {
		.address = address,
		.section = (uint64_t)section_mib << 20,
		.count = section_mib ? size_mib / section_mib : 1,
	};
	static const struct kata_method method = { .name = "MemHotplugByProbe",
						   .write = write_sections };
	struct kata_call call = { .method = &method, .message = &sections };

	if (section_mib && size_mib % section_mib)
		return vmc_task_end(
			task,
			vmc_error_set_number(agent->error, VMC_ERR_ARGUMENT,
					     "MemHotplugByProbe: size is "
					     "not whole sections of MiB",
					     section_mib));
	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status reseed_rng(struct vmc_agent *agent, struct vmc_view data,
				  struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = {
		.name = "ReseedRandomDev",
		.tail_tag = DATA_TAG(vmc_grpc_ReseedRandomDevRequest_data)
	};
	struct kata_call call = { .method = &method, .tail = data };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status set_guest_date_time(struct vmc_agent *agent,
					   const struct vmc_wall *wall,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	vmc_grpc_SetGuestDateTimeRequest request = {
		.Sec = wall->seconds,
		.Usec = wall->microseconds,
	};
	static const struct kata_method method = { MESSAGE(
		"SetGuestDateTime", vmc_grpc_SetGuestDateTimeRequest) };
	struct kata_call call = { .method = &method, .message = &request };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status get_guest_details(struct vmc_agent *agent,
					 int memory_block_size,
					 int memory_hotplug_probe,
					 struct vmc_guest_details *details,
					 struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_GuestDetailsRequest request = {
		.mem_block_size = memory_block_size != 0,
		.mem_hotplug_probe = memory_hotplug_probe != 0,
	};
	static const struct kata_method method = { MESSAGE(
		"GetGuestDetails", vmc_grpc_GuestDetailsRequest) };
	struct kata_call call = { .method = &method, .message = &request };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_details(reply, details, agent->error);
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *piece,
				 struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_CopyFileRequest request = {
		.path = piece->path,
		.file_size = piece->file_size,
		.file_mode = piece->file_mode,
		.dir_mode = piece->dir_mode,
		.uid = piece->uid,
		.gid = piece->gid,
		.offset = piece->offset,
	};
	static const struct kata_method method = {
		MESSAGE("CopyFile", vmc_grpc_CopyFileRequest),
		.tail_tag = DATA_TAG(vmc_grpc_CopyFileRequest_data)
	};
	struct kata_call call = { .method = &method, .message = &request };

	call.tail = piece->data;
	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status take_event(struct vmc_agent *agent,
				  struct vmc_view reply,
				  struct vmc_oom_event *event)
{
	vmc_grpc_OOMEvent answer = { 0 };
	enum vmc_status status =
		vmc_message_read(reply, "OOMEvent", vmc_grpc_OOMEvent_fields,
				 &answer, NULL, agent->error);

	if (status)
		return status;
	if (answer.container_id.ptr_len >= sizeof(event->container_id))
		return vmc_error_set(agent->error, VMC_ERR_TOO_BIG,
				     "OOMEvent.container_id is too long for "
				     "VMC_AGENT_ID_SIZE",
				     NULL);
	memset(event, 0, sizeof(*event));
	if (answer.container_id.ptr_len > 0)
		memcpy(event->container_id, answer.container_id.ptr,
		       answer.container_id.ptr_len);
	return VMC_OK;
}

static enum vmc_status get_oom_event(struct vmc_agent *agent,
				     struct vmc_oom_event *event,
				     struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "GetOOMEvent",
						   .timeout = KATA_FOREVER };
	struct kata_call call = { .method = &method };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status : take_event(agent, reply, event);
}

/* Metrics has its text where DataResponse has its bytes. */
static enum vmc_status get_agent_metrics(struct vmc_agent *agent,
					 struct vmc_buffer *metrics,
					 struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "GetMetrics" };
	struct kata_call call = { .method = &method };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status : give_data(agent, method.name, reply, metrics);
}

/* A hexadecimal number of a PCI path, at most a byte; 0x100 if it is none. */
static uint32_t take_slot(struct vmc_view *path)
{
	uint32_t slot = 0, digits = 0;
	uint8_t c;

	for (; path->ptr_len > 0 && path->ptr[0] != '/'; digits++) {
		c = path->ptr[0];
		if (c >= '0' && c <= '9')
			slot = slot << 4 | (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			slot = slot << 4 | (uint32_t)(c - 'a' + 10);
		else
			return UINT8_MAX + 1;
		if (slot > UINT8_MAX)
			return slot;
		path->ptr++;
		path->ptr_len--;
	}
	return digits ? slot : UINT8_MAX + 1;
}

/* Its numbers, packed as AddSwapRequest has them; 0 if it is no path. */
static int put_pci_path(struct vmc_writer *w, struct vmc_view path)
{
	uint32_t slot = take_slot(&path);

	while (slot <= UINT8_MAX) {
		vmc_put_varint(w, slot);
		if (path.ptr_len == 0)
			return !w->fail;
		path.ptr++;
		path.ptr_len--;
		slot = take_slot(&path);
	}
	return 0;
}

/* Bridges of a PCI path, at most, two bytes each. */
#define PCI_PATH_SIZE 64

/* "02/03", as Kata's types.PciPath is said. */
static enum vmc_status add_swap(struct vmc_agent *agent,
				struct vmc_view pci_path, struct vmc_task *task,
				uint64_t now_ms)
{
	uint8_t packed[PCI_PATH_SIZE];
	/* its numbers, packed, are as good as bytes */
	static const struct kata_method method = { MESSAGE(
		"AddSwap", vmc_grpc_DataResponse) };
	vmc_grpc_DataResponse request = { 0 };
	struct kata_call call = { .method = &method, .message = &request };
	struct vmc_writer w;

	vmc_writer_init(&w, packed, sizeof(packed));
	if (!put_pci_path(&w, pci_path))
		return vmc_task_end(task, vmc_error_set(agent->error,
							VMC_ERR_ARGUMENT,
							"AddSwap: not a PCI "
							"path like 02/03",
							NULL));
	request.data.ptr = packed;
	request.data.ptr_len = w.len;
	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status set_policy(struct vmc_agent *agent,
				  struct vmc_view policy, struct vmc_task *task,
				  uint64_t now_ms)
{
	static const struct kata_method method = {
		.name = "SetPolicy",
		.tail_tag = DATA_TAG(vmc_grpc_SetPolicyRequest_policy)
	};
	struct kata_call call = { .method = &method, .tail = policy };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

static enum vmc_status
get_diagnostic_data(struct vmc_agent *agent, struct vmc_view log_type,
		    struct vmc_view container_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	(void)log_type;
	(void)container_id;
	(void)data;
	(void)now_ms;
	return vmc_task_end(task,
			    vmc_error_set(agent->error, VMC_ERR_UNSUPPORTED,
					  "GetDiagnosticData",
					  "not spoken by this library"));
}

/*
 * Its network
 */

static void write_interface(struct vmc_writer *w, const void *message)
{
	vmc_agent_write_update_interface(w, message);
}

static enum vmc_status update_interface(struct vmc_agent *agent,
					const struct vmc_interface *interface,
					struct vmc_interface *result,
					struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "UpdateInterface",
						   .write = write_interface };
	struct kata_call call = { .method = &method, .message = interface };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_interface(reply, result, agent->error);
}

static enum vmc_status list_interfaces(struct vmc_agent *agent,
				       struct vmc_interfaces *interfaces,
				       struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "ListInterfaces" };
	struct kata_call call = { .method = &method };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_interfaces(reply, interfaces,
						  agent->error);
}

struct routes {
	const struct vmc_route *routes;
	size_t routes_len;
};

static void write_routes(struct vmc_writer *w, const void *message)
{
	const struct routes *list = message;

	vmc_agent_write_update_routes(w, list->routes, list->routes_len);
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes,
				     size_t routes_len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	struct routes list = { routes, routes_len };
	static const struct kata_method method = { .name = "UpdateRoutes",
						   .write = write_routes };
	struct kata_call call = { .method = &method, .message = &list };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_routes(reply, result, agent->error);
}

static enum vmc_status list_routes(struct vmc_agent *agent,
				   struct vmc_routes *routes,
				   struct vmc_task *task, uint64_t now_ms)
{
	static const struct kata_method method = { .name = "ListRoutes" };
	struct kata_call call = { .method = &method };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_agent_read_routes(reply, routes, agent->error);
}

static enum vmc_status get_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_buffer *data,
				    struct vmc_task *task, uint64_t now_ms)
{
	vmc_grpc_GetIPTablesRequest request = { .is_ipv6 = ipv6 != 0 };
	static const struct kata_method method = { MESSAGE(
		"GetIPTables", vmc_grpc_GetIPTablesRequest) };
	struct kata_call call = { .method = &method, .message = &request };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status : give_data(agent, method.name, reply, data);
}

static enum vmc_status set_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_view data, struct vmc_task *task,
				    uint64_t now_ms)
{
	vmc_grpc_GetIPTablesRequest request = { .is_ipv6 = ipv6 != 0 };
	static const struct kata_method method = {
		MESSAGE("SetIPTables", vmc_grpc_GetIPTablesRequest),
		.tail_tag = DATA_TAG(vmc_grpc_SetIPTablesRequest_data)
	};
	struct kata_call call = { .method = &method, .message = &request };

	call.tail = data;
	return vmc_kata_tell(agent, &call, task, now_ms);
}

/*
 * Its volumes
 */

static enum vmc_status get_guest_volume_stats(struct vmc_agent *agent,
					      struct vmc_view path,
					      struct vmc_buffer *stats,
					      struct vmc_task *task,
					      uint64_t now_ms)
{
	vmc_grpc_VolumeStatsRequest request = { .volume_guest_path = path };
	static const struct kata_method method = { MESSAGE(
		"GetVolumeStats", vmc_grpc_VolumeStatsRequest) };
	struct kata_call call = { .method = &method, .message = &request };
	struct vmc_view reply;
	enum vmc_status status =
		vmc_kata_call(agent, &call, &reply, task, now_ms);

	return status ? status :
			vmc_kata_give(agent, method.name, reply, stats);
}

static enum vmc_status resize_guest_volume(struct vmc_agent *agent,
					   struct vmc_view path, uint64_t size,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	vmc_grpc_ResizeVolumeRequest request = {
		.volume_guest_path = path,
		.size = size,
	};
	static const struct kata_method method = { MESSAGE(
		"ResizeVolume", vmc_grpc_ResizeVolumeRequest) };
	struct kata_call call = { .method = &method, .message = &request };

	return vmc_kata_tell(agent, &call, task, now_ms);
}

/*
 * The table. What has no call in the guest is the no-op agent's.
 */

/* see vmcache/agent_kata.h */
const struct vmc_agent_ops vmc_agent_kata_ops = {
	.name = "kata",
	.state_size = sizeof(struct vmc_agent_kata),
	.state_align = _Alignof(struct vmc_agent_kata),

	.init = init,
	.capabilities = capabilities,
	.check = check,
	.disconnect = vmc_kata_disconnect,
	.configure = vmc_noop_configure,
	.configure_from_grpc = vmc_noop_configure_from_grpc,
	.get_agent_url = vmc_kata_get_agent_url,
	.set_agent_url = vmc_kata_set_agent_url,
	.reuse_agent = vmc_kata_reuse_agent,
	.long_live_conn = long_live_conn,
	.mark_dead = vmc_kata_mark_dead,
	.save = vmc_kata_save,
	.load = vmc_kata_load,
	.cleanup = vmc_noop_cleanup,

	.start_proxy = vmc_noop_tell_sandbox,
	.set_proxy = vmc_noop_set_proxy,
	.set_proxy_from_grpc = vmc_noop_set_proxy_from_grpc,
	.get_vm_path = vmc_noop_get_path,
	.get_share_path = vmc_noop_get_path,

	.create_sandbox = vmc_noop_tell_sandbox,
	.start_sandbox = start_sandbox,
	.stop_sandbox = stop_sandbox,

	.create_container = create_container,
	.start_container = start_container,
	.stop_container = stop_container,
	.pause_container = pause_container,
	.resume_container = resume_container,
	.update_container = update_container,
	.stats_container = stats_container,
	.process_list_container = process_list_container,
	.update_ephemeral_mounts = update_ephemeral_mounts,
	.remove_stale_virtiofs_share_mounts =
		remove_stale_virtiofs_share_mounts,

	.exec = exec,
	.signal_process = signal_process,
	.wait_process = wait_process,
	.winsize_process = winsize_process,
	.write_process_stdin = write_process_stdin,
	.close_process_stdin = close_process_stdin,
	.read_process_stdout = read_process_stdout,
	.read_process_stderr = read_process_stderr,

	.online_cpu_mem = online_cpu_mem,
	.mem_hotplug_by_probe = mem_hotplug_by_probe,
	.reseed_rng = reseed_rng,
	.set_guest_date_time = set_guest_date_time,
	.get_guest_details = get_guest_details,
	.copy_file = copy_file,
	.get_oom_event = get_oom_event,
	.get_agent_metrics = get_agent_metrics,
	.add_swap = add_swap,
	.set_policy = set_policy,
	.get_diagnostic_data = get_diagnostic_data,

	.update_interface = update_interface,
	.list_interfaces = list_interfaces,
	.update_routes = update_routes,
	.list_routes = list_routes,
	.get_iptables = get_iptables,
	.set_iptables = set_iptables,

	.get_guest_volume_stats = get_guest_volume_stats,
	.resize_guest_volume = resize_guest_volume,
};
