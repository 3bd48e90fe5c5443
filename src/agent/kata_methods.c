/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kata backend's methods: each is a call of the guest's agent
 * (kata_call.h), most of them a message and an empty answer. Messages live
 * on the stack of each step; they are looked at when it is their turn to be
 * sent.
 */
#include "agent_noop.h"
#include "kata_call.h"

#include "../wire/agent_messages.h"
#include "../wire/field.h"

#include <string.h>

/* What stands around the bytes that one read brings: frame, envelope, the
 * payload's and the bytes' own tag and length. */
#define READ_HEAD 32

/* OnlineCPUMem counts in all since Kata 3.2.0, before that what is new. */
#define COUNTS_ALL_MAJOR 3
#define COUNTS_ALL_MINOR 2

#define SERVING 1

/* What a method's last lines are. */
#define CALL(name, request, answer)                                            \
	vmc_kata_call(agent, VMC_CALL_##name, request, answer, task, now_ms)

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
	struct vmc_health health;
	enum vmc_status status = CALL(Check, NULL, &health);

	if (status == VMC_OK && health.status != SERVING)
		return vmc_error_set(agent->error, VMC_ERR_UNAVAILABLE, "Check",
				     "the agent is not serving");
	return status;
}

/*
 * Methods that take two calls. The first one's answer is dealt with before
 * the second one begins.
 */

enum { FIRST_CALL = 1, SECOND_CALL };

/* The first one; it may still change what the second one asks. */
typedef enum vmc_status (*first_call)(struct vmc_agent *agent, void *request,
				      struct vmc_task *task, uint64_t now_ms);

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

static enum vmc_status do_pair(struct vmc_agent *agent, first_call first,
			       enum vmc_call_id second, void *request,
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
		status = first(agent, request, inner, now_ms);
		if (status == VMC_OK)
			vmc_task_enter(task, SECOND_CALL, inner);
	}
	if (task->phase == SECOND_CALL)
		status = vmc_kata_call(agent, second, request, NULL, inner,
				       now_ms);
	if (status != VMC_AGAIN)
		return vmc_task_end(task, status);
	if (!late)
		return vmc_task_forward(task, inner);
	vmc_task_cancel(inner);
	return vmc_task_end(task, vmc_error_set(agent->error, VMC_ERR_TIMEOUT,
						vmc_agent_calls[second].name,
						"no answer before the "
						"deadline"));
}

/*
 * The sandbox and its containers
 */

static enum vmc_status check_first(struct vmc_agent *agent, void *request,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)request;
	return check(agent, task, now_ms);
}

static enum vmc_status start_sandbox(struct vmc_agent *agent,
				     const struct vmc_sandbox *sandbox,
				     struct vmc_task *task, uint64_t now_ms)
{
	return do_pair(agent, check_first, VMC_CALL_CreateSandbox,
		       (void *)sandbox, task, now_ms);
}

static enum vmc_status stop_sandbox(struct vmc_agent *agent,
				    const struct vmc_sandbox *sandbox,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)sandbox;
	return CALL(DestroySandbox, NULL, NULL);
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

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *container,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view id =
		container->exec_id.ptr_len ? container->exec_id : container->id;
	enum vmc_status status = VMC_OK;

	(void)sandbox;
	if (!vmc_task_active(task))
		status = set_process(agent, "CreateContainer", id, process);
	if (status)
		return vmc_task_end(task, status);
	return CALL(CreateContainer, container, NULL);
}

static enum vmc_status start_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_task *task, uint64_t now_ms)
{
	return CALL(StartContainer, &container_id, NULL);
}

static enum vmc_status stop_container(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id };

	return CALL(RemoveContainer, &request, NULL);
}

static enum vmc_status pause_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_task *task, uint64_t now_ms)
{
	return CALL(PauseContainer, &container_id, NULL);
}

static enum vmc_status resume_container(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_task *task, uint64_t now_ms)
{
	return CALL(ResumeContainer, &container_id, NULL);
}

static enum vmc_status stats_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_container_stats *stats,
				       struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = CALL(StatsContainer, &container_id, stats);

	stats->present = status == VMC_OK;
	return status;
}

static enum vmc_status update_container(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_view resources,
					struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .data = resources };

	return CALL(UpdateContainer, &request, NULL);
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

static enum vmc_status
update_ephemeral_mounts(struct vmc_agent *agent,
			const struct vmc_storage *storages, size_t storages_len,
			struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_storages_request request = { storages, storages_len };

	return CALL(UpdateEphemeralMounts, &request, NULL);
}

static enum vmc_status
remove_stale_virtiofs_share_mounts(struct vmc_agent *agent,
				   struct vmc_task *task, uint64_t now_ms)
{
	return CALL(RemoveStaleVirtiofsShareMounts, NULL, NULL);
}

/*
 * Processes
 */

static enum vmc_status exec(struct vmc_agent *agent,
			    const struct vmc_exec *wanted,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	if (!vmc_task_active(task))
		status = set_process(agent, "ExecProcess", wanted->exec_id,
				     process);
	if (status)
		return vmc_task_end(task, status);
	return CALL(ExecProcess, wanted, NULL);
}

static enum vmc_status signal_process(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id, uint32_t signal,
				      int all, struct vmc_task *task,
				      uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id,
				       .a = signal };

	if (all)
		request.exec_id.ptr_len = 0;
	return CALL(SignalProcess, &request, NULL);
}

static enum vmc_status wait_process(struct vmc_agent *agent,
				    struct vmc_view container_id,
				    struct vmc_view exec_id,
				    int32_t *exit_status, struct vmc_task *task,
				    uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id };

	return CALL(WaitProcess, &request, exit_status);
}

static enum vmc_status winsize_process(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_view exec_id, uint32_t height,
				       uint32_t width, struct vmc_task *task,
				       uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id,
				       .a = height,
				       .b = width };

	return CALL(TtyWinResize, &request, NULL);
}

static enum vmc_status
write_process_stdin(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_view data,
		    size_t *written, struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id,
				       .data = data };
	enum vmc_status status = CALL(WriteStdin, &request, written);

	if (status == VMC_OK && *written > data.ptr_len)
		return vmc_error_set_number(agent->error, VMC_ERR_MALFORMED,
					    "WriteStdin: more was taken than "
					    "there was",
					    *written);
	return status;
}

static enum vmc_status close_process_stdin(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_view exec_id,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id };

	return CALL(CloseStdin, &request, NULL);
}

/* A call whose answer is bytes. */
static enum vmc_status fetch(struct vmc_agent *agent, enum vmc_call_id id,
			     const void *request, struct vmc_buffer *buffer,
			     struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view data;
	enum vmc_status status =
		vmc_kata_call(agent, id, request, &data, task, now_ms);

	return status ? status :
			vmc_kata_give(agent, vmc_agent_calls[id].name, data,
				      buffer);
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

static enum vmc_status read_stream(struct vmc_agent *agent, enum vmc_call_id id,
				   struct vmc_request *request,
				   struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_agent_call *method = vmc_agent_calls + id;
	struct kata_call call = { method, request, NULL };
	struct vmc_view reply;
	enum vmc_status status;

	request->a = VMC_AGENT_WINDOW_SIZE - READ_HEAD;
	if (data->ptr_cap < request->a)
		request->a = (uint32_t)data->ptr_cap;
	status = vmc_kata_ask(agent, &call, &reply, task, now_ms);
	if (status == VMC_AGAIN)
		return status;
	data->ptr_len = 0;
	if (is_end(agent, status))
		return VMC_OK;
	if (status)
		return vmc_kata_fail(agent, method->name, status);
	status = vmc_message_read(reply, method->answer, &reply, NULL,
				  agent->error);
	return status ? status :
			vmc_kata_give(agent, method->name, reply, data);
}

static enum vmc_status
read_process_stdout(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id };

	return read_stream(agent, VMC_CALL_ReadStdout, &request, data, task,
			   now_ms);
}

static enum vmc_status
read_process_stderr(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_request request = { .container_id = container_id,
				       .exec_id = exec_id };

	return read_stream(agent, VMC_CALL_ReadStderr, &request, data, task,
			   now_ms);
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

/* Which of the numbers OnlineCPUMem is told, the agent's version decides. */
struct online {
	struct vmc_online_request request; /* first: what is sent */
	uint32_t cpus, added;
};

static enum vmc_status know_version(struct vmc_agent *agent,
				    struct vmc_view version,
				    struct online *online)
{
	struct vmc_agent_kata *kata = kata_state(agent);

	if (!kata->version_known)
		kata->counts_new = (uint8_t)counts_new(version);
	kata->version_known = 1;
	online->request.cpus = kata->counts_new ? online->added : online->cpus;
	return VMC_OK;
}

static enum vmc_status ask_version(struct vmc_agent *agent, void *request,
				   struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_agent_kata_config *config = agent->config;
	struct vmc_version version;
	enum vmc_status status;

	if (kata_state(agent)->version_known || config->version)
		return vmc_task_end(
			task, know_version(agent, vmc_view_of(config->version),
					   request));
	status = CALL(Version, NULL, &version);
	return status ? status : know_version(agent, version.agent, request);
}

static enum vmc_status online_cpu_mem(struct vmc_agent *agent, uint32_t cpus,
				      uint32_t added, int cpu_only,
				      struct vmc_task *task, uint64_t now_ms)
{
	struct online online = {
		.request = { .cpus = kata_state(agent)->counts_new ? added :
								     cpus,
			     .cpu_only = cpu_only != 0 },
		.cpus = cpus,
		.added = added,
	};

	return do_pair(agent, ask_version, VMC_CALL_OnlineCPUMem, &online, task,
		       now_ms);
}

/* Memory at `address`, `count` sections of so many bytes. */
struct sections {
	uint64_t address, section;
	uint32_t count;
};

/* MemHotplugByProbeRequest: an address for each section, packed in field 1. */
static void write_sections(struct vmc_writer *w, const void *request)
{
	const struct sections *s = request;
	size_t len = 0;
	uint32_t i;

	for (i = 0; i < s->count; i++)
		len += vmc_varint_len(s->address + i * s->section);
	vmc_field_put_head(w, VMC_FIELD_TAG(1, VMC_FIELD_BYTES), len);
	for (i = 0; i < s->count; i++)
		vmc_put_varint(w, s->address + i * s->section);
}

static enum vmc_status mem_hotplug_by_probe(struct vmc_agent *agent,
					    uint64_t address, uint32_t size_mib,
					    uint32_t section_mib,
					    struct vmc_task *task,
					    uint64_t now_ms)
{
	const struct vmc_agent_call *method =
		vmc_agent_calls + VMC_CALL_MemHotplugByProbe;
	struct sections sections = {
		.address = address,
		.section = (uint64_t)section_mib << 20,
		.count = section_mib ? size_mib / section_mib : 1,
	};
	struct kata_call call = { method, &sections, write_sections };
	struct vmc_view reply;
	enum vmc_status status;

	if (section_mib && size_mib % section_mib)
		return vmc_task_end(
			task,
			vmc_error_set_number(agent->error, VMC_ERR_ARGUMENT,
					     "MemHotplugByProbe: size is "
					     "not whole sections of MiB",
					     section_mib));
	status = vmc_kata_ask(agent, &call, &reply, task, now_ms);
	return status < 0 ? vmc_kata_fail(agent, method->name, status) : status;
}

static enum vmc_status reseed_rng(struct vmc_agent *agent, struct vmc_view data,
				  struct vmc_task *task, uint64_t now_ms)
{
	return CALL(ReseedRandomDev, &data, NULL);
}

static enum vmc_status set_guest_date_time(struct vmc_agent *agent,
					   const struct vmc_wall *wall,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return CALL(SetGuestDateTime, wall, NULL);
}

static enum vmc_status get_guest_details(struct vmc_agent *agent,
					 int memory_block_size,
					 int memory_hotplug_probe,
					 struct vmc_guest_details *details,
					 struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_details_request request = { memory_block_size != 0,
					       memory_hotplug_probe != 0 };
	enum vmc_status status = CALL(GetGuestDetails, &request, details);

	details->present = status == VMC_OK;
	return status;
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *piece,
				 struct vmc_task *task, uint64_t now_ms)
{
	return CALL(CopyFile, piece, NULL);
}

static enum vmc_status get_oom_event(struct vmc_agent *agent,
				     struct vmc_oom_event *event,
				     struct vmc_task *task, uint64_t now_ms)
{
	return CALL(GetOOMEvent, NULL, event);
}

static enum vmc_status get_agent_metrics(struct vmc_agent *agent,
					 struct vmc_buffer *metrics,
					 struct vmc_task *task, uint64_t now_ms)
{
	return fetch(agent, VMC_CALL_GetMetrics, NULL, metrics, task, now_ms);
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

/* Its slots; 0 if it is no path, or too long for one. */
static int take_pci_path(struct vmc_swap_request *request, struct vmc_view path)
{
	uint32_t slot = take_slot(&path);

	while (slot <= UINT8_MAX &&
	       request->slot_len < VMC_AGENT_SERVICE_SLOT_MAX) {
		request->slot[request->slot_len++] = slot;
		if (path.ptr_len == 0)
			return 1;
		path.ptr++;
		path.ptr_len--;
		slot = take_slot(&path);
	}
	return 0;
}

/* "02/03", as Kata's types.PciPath is said. */
static enum vmc_status add_swap(struct vmc_agent *agent,
				struct vmc_view pci_path, struct vmc_task *task,
				uint64_t now_ms)
{
	struct vmc_swap_request request;

	request.slot_len = 0;
	if (!take_pci_path(&request, pci_path))
		return vmc_task_end(task, vmc_error_set(agent->error,
							VMC_ERR_ARGUMENT,
							"AddSwap: not a PCI "
							"path like 02/03",
							NULL));
	return CALL(AddSwap, &request, NULL);
}

static enum vmc_status set_policy(struct vmc_agent *agent,
				  struct vmc_view policy, struct vmc_task *task,
				  uint64_t now_ms)
{
	return CALL(SetPolicy, &policy, NULL);
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

static enum vmc_status update_interface(struct vmc_agent *agent,
					const struct vmc_interface *interface,
					struct vmc_interface *result,
					struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = CALL(UpdateInterface, interface, result);

	result->present = status == VMC_OK;
	return status;
}

static enum vmc_status list_interfaces(struct vmc_agent *agent,
				       struct vmc_interfaces *interfaces,
				       struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = CALL(ListInterfaces, NULL, interfaces);
	uint32_t i;

	for (i = 0; status == VMC_OK && i < interfaces->interface_len; i++)
		interfaces->interface[i].present = 1;
	return status;
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes,
				     size_t routes_len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_routes_request request = { routes, routes_len };

	return CALL(UpdateRoutes, &request, result);
}

static enum vmc_status list_routes(struct vmc_agent *agent,
				   struct vmc_routes *routes,
				   struct vmc_task *task, uint64_t now_ms)
{
	return CALL(ListRoutes, NULL, routes);
}

static enum vmc_status get_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_buffer *data,
				    struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_iptables_request request = { .ipv6 = ipv6 != 0 };

	return fetch(agent, VMC_CALL_GetIPTables, &request, data, task, now_ms);
}

static enum vmc_status set_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_view data, struct vmc_task *task,
				    uint64_t now_ms)
{
	struct vmc_iptables_request request = { data, ipv6 != 0 };

	return CALL(SetIPTables, &request, NULL);
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
	return fetch(agent, VMC_CALL_GetVolumeStats, &path, stats, task,
		     now_ms);
}

static enum vmc_status resize_guest_volume(struct vmc_agent *agent,
					   struct vmc_view path, uint64_t size,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	struct vmc_volume_request request = { path, size };

	return CALL(ResizeVolume, &request, NULL);
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
