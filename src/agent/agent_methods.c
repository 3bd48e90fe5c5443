/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods. Each is a function that reads the request and steps the
 * agent's call, and a row in one of the tables at the end.
 *
 * Invariant: what is read of a request lies in the request's own bytes, in
 * service->room or on the stack, and is read anew at each step of a call. So
 * nothing has to be kept for one that waits but its bytes.
 */
#include "agent_methods.h"

#include "agent.pb.h"
#include "health.pb.h"

#include "../base/text.h"
#include "../wire/agent_pbio.h"
#include "../wire/field.h"
#include "../wire/pbio.h"

#include <string.h>

#define USEC_PER_SEC 1000000
#define MS_PER_SEC 1000u
#define PCI_SLOT_MAX 31u

/* What Kata's agent says, and its clients look for, when a stream ends. */
#define END_OF_STREAM "read meet eof"

/* What Kata's agent calls its protocol's version. */
#define GRPC_VERSION "0.0.1"

#define NUMBER(field) VMC_FIELD_TAG(field, VMC_FIELD_VARINT)
#define BYTES(field) VMC_FIELD_TAG(field, VMC_FIELD_BYTES)

#define READ(step, type, message)                                              \
	read_message(step, #type, vmc_grpc_##type##_fields, message)

/*
 * Reading
 */

static struct vmc_agent *agent_of(struct vmc_agent_step *step)
{
	return &step->service->config.agent;
}

static const struct vmc_agent_ops *ops_of(struct vmc_agent_step *step)
{
	return step->service->config.agent.ops;
}

static struct vmc_task *task_of(struct vmc_agent_step *step)
{
	return &step->call->task;
}

/* Something that was asked for cannot be meant. */
static enum vmc_status refuse(struct vmc_agent_step *step, const char *why)
{
	return vmc_error_set(&step->service->error, VMC_ERR_ARGUMENT, why,
			     NULL);
}

/* Everything in `message` but its lists is cleared by who places it. */
static enum vmc_status read_message(struct vmc_agent_step *step,
				    const char *name,
				    const struct pb_msgdesc_s *fields,
				    void *message)
{
	return vmc_message_read(step->request, name, fields, message, NULL,
				&step->service->error);
}

static enum vmc_status read_empty(struct vmc_agent_step *step)
{
	enum vmc_status status = vmc_pbio_read_empty(step->request);

	if (status == VMC_OK)
		return VMC_OK;
	return vmc_error_set(&step->service->error, status,
			     "request is not what its description says",
			     step->call->method->name);
}

/* Room for the lists of views; those of structs are added to it. */
static struct vmc_agent_request_room room_of(struct vmc_agent_step *step)
{
	struct vmc_agent_request_room room = {
		.views = { .views = step->service->room.views,
			   .cap = VMC_AGENT_SERVICE_LIST_MAX },
	};

	return room;
}

/*
 * Health
 */

static enum vmc_status check(struct vmc_agent_step *step)
{
	vmc_grpc_CheckRequest request = { 0 };
	enum vmc_status status = READ(step, CheckRequest, &request);

	if (status)
		return status;
	return ops_of(step)->check(agent_of(step), task_of(step), step->now_ms);
}

static void write_serving(struct vmc_writer *w,
			  const struct vmc_agent_service *service)
{
	(void)service;
	vmc_field_put_number(
		w, NUMBER(vmc_grpc_HealthCheckResponse_status_tag),
		vmc_grpc_HealthCheckResponse_ServingStatus_SERVING);
}

static enum vmc_status version(struct vmc_agent_step *step)
{
	vmc_grpc_CheckRequest request = { 0 };

	return READ(step, CheckRequest, &request);
}

static void write_version(struct vmc_writer *w,
			  const struct vmc_agent_service *service)
{
	vmc_field_put_bytes(
		w, BYTES(vmc_grpc_VersionCheckResponse_grpc_version_tag),
		vmc_view_of(GRPC_VERSION));
	vmc_field_put_bytes(
		w, BYTES(vmc_grpc_VersionCheckResponse_agent_version_tag),
		vmc_view_of(service->config.version));
}

/*
 * The sandbox
 */

static enum vmc_status create_sandbox(struct vmc_agent_step *step)
{
	struct vmc_agent_service_room *at = &step->service->room;
	struct vmc_sandbox *sandbox = &at->of.sandbox.sandbox;
	struct vmc_agent_request_room room = room_of(step);
	enum vmc_status status;

	room.storages = at->of.sandbox.storages;
	room.storages_cap = VMC_AGENT_SERVICE_STRUCTS;
	room.kernel_modules = at->of.sandbox.kernel_modules;
	room.kernel_modules_cap = VMC_AGENT_SERVICE_STRUCTS;
	status = vmc_agent_read_sandbox(step->request, sandbox, &room,
					&step->service->error);
	if (status)
		return status;
	return ops_of(step)->start_sandbox(agent_of(step), sandbox,
					   task_of(step), step->now_ms);
}

static enum vmc_status destroy_sandbox(struct vmc_agent_step *step)
{
	struct vmc_sandbox *sandbox = &step->service->room.of.sandbox.sandbox;
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	memset(sandbox, 0, sizeof(*sandbox));
	return ops_of(step)->stop_sandbox(agent_of(step), sandbox,
					  task_of(step), step->now_ms);
}

/*
 * Containers
 */

static enum vmc_status create_container(struct vmc_agent_step *step)
{
	struct vmc_agent_service *service = step->service;
	struct vmc_agent_service_room *at = &service->room;
	struct vmc_container *container = &at->of.container.container;
	struct vmc_sandbox *sandbox = &at->of.container.sandbox;
	struct vmc_agent_request_room room = room_of(step);
	enum vmc_status status;

	room.storages = at->of.container.storages;
	room.devices = at->of.container.devices;
	room.shared_mounts = at->of.container.shared_mounts;
	room.storages_cap = room.devices_cap = room.shared_mounts_cap =
		VMC_AGENT_SERVICE_STRUCTS;
	status = vmc_agent_read_container(step->request, container, &room,
					  &service->error);
	if (status)
		return status;
	memset(sandbox, 0, sizeof(*sandbox));
	return ops_of(step)->create_container(
		agent_of(step), sandbox, container, &service->result.process,
		task_of(step), step->now_ms);
}

/* One of the agent's calls that is told a container, and no more. */
typedef enum vmc_status (*tell_view)(struct vmc_agent *agent,
				     struct vmc_view view,
				     struct vmc_task *task, uint64_t now_ms);

static enum vmc_status tell_container(struct vmc_agent_step *step,
				      tell_view call)
{
	vmc_grpc_ContainerRequest request = { 0 };
	enum vmc_status status = READ(step, ContainerRequest, &request);

	if (status)
		return status;
	return call(agent_of(step), request.container_id, task_of(step),
		    step->now_ms);
}

static enum vmc_status start_container(struct vmc_agent_step *step)
{
	return tell_container(step, ops_of(step)->start_container);
}

static enum vmc_status pause_container(struct vmc_agent_step *step)
{
	return tell_container(step, ops_of(step)->pause_container);
}

static enum vmc_status resume_container(struct vmc_agent_step *step)
{
	return tell_container(step, ops_of(step)->resume_container);
}

/* No later than `seconds` from its first step; 0: whenever. */
static void shorten_deadline(struct vmc_agent_step *step, uint32_t seconds)
{
	struct vmc_task *task = task_of(step);
	uint64_t at_ms = step->now_ms + (uint64_t)seconds * MS_PER_SEC;

	if (seconds && at_ms < task->deadline_ms)
		task->deadline_ms = at_ms;
}

static enum vmc_status remove_container(struct vmc_agent_step *step)
{
	vmc_grpc_RemoveContainerRequest request = { 0 };
	enum vmc_status status = READ(step, RemoveContainerRequest, &request);

	if (status)
		return status;
	shorten_deadline(step, request.timeout);
	return ops_of(step)->stop_container(agent_of(step),
					    request.container_id, task_of(step),
					    step->now_ms);
}

static enum vmc_status update_container(struct vmc_agent_step *step)
{
	vmc_grpc_UpdateContainerRequest request = { 0 };
	enum vmc_status status = READ(step, UpdateContainerRequest, &request);

	if (status)
		return status;
	return ops_of(step)->update_container(
		agent_of(step), request.container_id, request.resources,
		task_of(step), step->now_ms);
}

static enum vmc_status stats_container(struct vmc_agent_step *step)
{
	vmc_grpc_ContainerRequest request = { 0 };
	enum vmc_status status = READ(step, ContainerRequest, &request);

	if (status)
		return status;
	return ops_of(step)->stats_container(
		agent_of(step), request.container_id,
		&step->service->result.stats, task_of(step), step->now_ms);
}

static void write_stats(struct vmc_writer *w,
			const struct vmc_agent_service *service)
{
	vmc_agent_write_stats(w, &service->result.stats);
}

static enum vmc_status update_ephemeral_mounts(struct vmc_agent_step *step)
{
	struct vmc_agent_request_room room = room_of(step);
	const struct vmc_storage *storages;
	size_t storages_len;
	enum vmc_status status;

	room.storages = step->service->room.of.storages;
	room.storages_cap = VMC_AGENT_SERVICE_STRUCTS;
	status =
		vmc_agent_read_storages(step->request, &storages, &storages_len,
					&room, &step->service->error);
	if (status)
		return status;
	return ops_of(step)->update_ephemeral_mounts(
		agent_of(step), storages, storages_len, task_of(step),
		step->now_ms);
}

static enum vmc_status remove_stale_mounts(struct vmc_agent_step *step)
{
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	return ops_of(step)->remove_stale_virtiofs_share_mounts(
		agent_of(step), task_of(step), step->now_ms);
}

/*
 * Processes
 */

static enum vmc_status exec_process(struct vmc_agent_step *step)
{
	struct vmc_exec *exec = &step->service->room.of.exec;
	struct vmc_agent_request_room room = room_of(step);
	enum vmc_status status = vmc_agent_read_exec(step->request, exec, &room,
						     &step->service->error);

	if (status)
		return status;
	return ops_of(step)->exec(agent_of(step), exec,
				  &step->service->result.process, task_of(step),
				  step->now_ms);
}

static enum vmc_status signal_process(struct vmc_agent_step *step)
{
	vmc_grpc_SignalProcessRequest request = { 0 };
	enum vmc_status status = READ(step, SignalProcessRequest, &request);

	if (status)
		return status;
	return ops_of(step)->signal_process(
		agent_of(step), request.container_id, request.exec_id,
		request.signal, request.exec_id.ptr_len == 0, task_of(step),
		step->now_ms);
}

static enum vmc_status wait_process(struct vmc_agent_step *step)
{
	vmc_grpc_ProcessRequest request = { 0 };
	enum vmc_status status = READ(step, ProcessRequest, &request);

	if (status)
		return status;
	return ops_of(step)->wait_process(agent_of(step), request.container_id,
					  request.exec_id,
					  &step->service->result.exit_status,
					  task_of(step), step->now_ms);
}

/* A negative one has the 64 bits of its sign. */
static void write_exit_status(struct vmc_writer *w,
			      const struct vmc_agent_service *service)
{
	vmc_field_put_number(w, NUMBER(vmc_grpc_WaitProcessResponse_status_tag),
			     (uint64_t)(int64_t)service->result.exit_status);
}

static enum vmc_status tty_win_resize(struct vmc_agent_step *step)
{
	vmc_grpc_TtyWinResizeRequest request = { 0 };
	enum vmc_status status = READ(step, TtyWinResizeRequest, &request);

	if (status)
		return status;
	return ops_of(step)->winsize_process(
		agent_of(step), request.container_id, request.exec_id,
		request.row, request.column, task_of(step), step->now_ms);
}

static enum vmc_status write_stdin(struct vmc_agent_step *step)
{
	vmc_grpc_WriteStreamRequest request = { 0 };
	enum vmc_status status = READ(step, WriteStreamRequest, &request);

	if (status)
		return status;
	return ops_of(step)->write_process_stdin(
		agent_of(step), request.container_id, request.exec_id,
		request.data, &step->service->result.written, task_of(step),
		step->now_ms);
}

static void write_written(struct vmc_writer *w,
			  const struct vmc_agent_service *service)
{
	vmc_field_put_number(w, NUMBER(vmc_grpc_WriteStreamResponse_len_tag),
			     service->result.written);
}

/* The same request, with as many bytes as fit. */
static enum vmc_status cut_write_stdin(struct vmc_agent_step *step)
{
	struct vmc_agent_service_call *call = step->call;
	vmc_grpc_WriteStreamRequest request = { 0 };
	enum vmc_status status = READ(step, WriteStreamRequest, &request);
	size_t others = vmc_field_bytes_len(request.container_id) +
			vmc_field_bytes_len(request.exec_id) +
			vmc_field_head_len(sizeof(call->request));
	struct vmc_writer w;

	if (status)
		return status;
	if (others >= sizeof(call->request))
		return VMC_ERR_TOO_BIG;
	if (request.data.ptr_len > sizeof(call->request) - others)
		request.data.ptr_len = sizeof(call->request) - others;
	vmc_writer_init(&w, call->request, sizeof(call->request));
	vmc_field_put_bytes(&w,
			    BYTES(vmc_grpc_WriteStreamRequest_container_id_tag),
			    request.container_id);
	vmc_field_put_bytes(&w, BYTES(vmc_grpc_WriteStreamRequest_exec_id_tag),
			    request.exec_id);
	vmc_field_put_bytes(&w, BYTES(vmc_grpc_WriteStreamRequest_data_tag),
			    request.data);
	call->request_len = (uint32_t)w.len;
	return VMC_OK;
}

static enum vmc_status close_stdin(struct vmc_agent_step *step)
{
	vmc_grpc_ProcessRequest request = { 0 };
	enum vmc_status status = READ(step, ProcessRequest, &request);

	if (status)
		return status;
	return ops_of(step)->close_process_stdin(
		agent_of(step), request.container_id, request.exec_id,
		task_of(step), step->now_ms);
}

/*
 * Bytes that a call yields. They follow the head that is written before
 * them: the tag of field 1 and their length, whatever the message is.
 */

_Static_assert(vmc_grpc_ReadStreamResponse_data_tag == 1 &&
		       vmc_grpc_DataResponse_data_tag == 1 &&
		       vmc_grpc_Metrics_metrics_tag == 1,
	       "answers of bytes have one field, number 1");

static struct vmc_buffer *data_of(struct vmc_agent_step *step)
{
	struct vmc_buffer *data = &step->service->result.data;

	data->ptr = step->service->data + VMC_AGENT_SERVICE_HEAD_SIZE;
	data->ptr_cap = VMC_AGENT_SERVICE_DATA_SIZE;
	data->ptr_len = 0;
	return data;
}

static void write_data_head(struct vmc_writer *w,
			    const struct vmc_agent_service *service)
{
	vmc_field_put_head(w, BYTES(vmc_grpc_ReadStreamResponse_data_tag),
			   service->result.data.ptr_len);
}

typedef enum vmc_status (*read_stream)(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_view exec_id,
				       struct vmc_buffer *data,
				       struct vmc_task *task, uint64_t now_ms);

static enum vmc_status end_of_stream(struct vmc_error *error)
{
	vmc_error_reset(error);
	vmc_error_set(error, VMC_ERR_CALL, END_OF_STREAM, NULL);
	error->code = VMC_CODE_OUT_OF_RANGE;
	return VMC_ERR_CALL;
}

static enum vmc_status read_output(struct vmc_agent_step *step,
				   read_stream call)
{
	vmc_grpc_ReadStreamRequest request = { 0 };
	struct vmc_buffer *data = data_of(step);
	enum vmc_status status = READ(step, ReadStreamRequest, &request);

	if (status)
		return status;
	if (request.len == 0)
		return refuse(step, "ReadStreamRequest.len is 0");
	if (request.len < data->ptr_cap)
		data->ptr_cap = request.len;
	status = call(agent_of(step), request.container_id, request.exec_id,
		      data, task_of(step), step->now_ms);
	if (status == VMC_OK && data->ptr_len == 0)
		return end_of_stream(&step->service->error);
	return status;
}

static enum vmc_status read_stdout(struct vmc_agent_step *step)
{
	return read_output(step, ops_of(step)->read_process_stdout);
}

static enum vmc_status read_stderr(struct vmc_agent_step *step)
{
	return read_output(step, ops_of(step)->read_process_stderr);
}

static enum vmc_status get_metrics(struct vmc_agent_step *step)
{
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	return ops_of(step)->get_agent_metrics(agent_of(step), data_of(step),
					       task_of(step), step->now_ms);
}

static enum vmc_status get_iptables(struct vmc_agent_step *step)
{
	vmc_grpc_GetIPTablesRequest request = { 0 };
	enum vmc_status status = READ(step, GetIPTablesRequest, &request);

	if (status)
		return status;
	return ops_of(step)->get_iptables(agent_of(step), request.is_ipv6,
					  data_of(step), task_of(step),
					  step->now_ms);
}

static enum vmc_status set_iptables(struct vmc_agent_step *step)
{
	vmc_grpc_SetIPTablesRequest request = { 0 };
	enum vmc_status status = READ(step, SetIPTablesRequest, &request);

	if (status)
		return status;
	return ops_of(step)->set_iptables(agent_of(step), request.is_ipv6,
					  request.data, task_of(step),
					  step->now_ms);
}

/* The bytes are the answer. */
static enum vmc_status get_volume_stats(struct vmc_agent_step *step)
{
	vmc_grpc_VolumeStatsRequest request = { 0 };
	enum vmc_status status = READ(step, VolumeStatsRequest, &request);

	if (status)
		return status;
	return ops_of(step)->get_guest_volume_stats(
		agent_of(step), request.volume_guest_path, data_of(step),
		task_of(step), step->now_ms);
}

static enum vmc_status resize_volume(struct vmc_agent_step *step)
{
	vmc_grpc_ResizeVolumeRequest request = { 0 };
	enum vmc_status status = READ(step, ResizeVolumeRequest, &request);

	if (status)
		return status;
	return ops_of(step)->resize_guest_volume(
		agent_of(step), request.volume_guest_path, request.size,
		task_of(step), step->now_ms);
}

/*
 * The guest
 */

static enum vmc_status online_cpu_mem(struct vmc_agent_step *step)
{
	vmc_grpc_OnlineCPUMemRequest request = { 0 };
	enum vmc_status status = READ(step, OnlineCPUMemRequest, &request);

	if (status)
		return status;
	return ops_of(step)->online_cpu_mem(agent_of(step), request.nb_cpus,
					    request.nb_cpus, request.cpu_only,
					    task_of(step), step->now_ms);
}

/* One section after the other, each a call of its own. */
static enum vmc_status probe_sections(struct vmc_agent_step *step,
				      const uint64_t *addresses, uint32_t len)
{
	struct vmc_task *task = task_of(step);
	uint64_t deadline_ms = task->deadline_ms;
	enum vmc_status status = VMC_OK;

	while (status == VMC_OK && step->call->done < len) {
		task->deadline_ms = deadline_ms;
		status = ops_of(step)->mem_hotplug_by_probe(
			agent_of(step), addresses[step->call->done], 0, 0, task,
			step->now_ms);
		step->call->done += status == VMC_OK;
	}
	return status;
}

static enum vmc_status mem_hotplug_by_probe(struct vmc_agent_step *step)
{
	uint64_t *addresses = step->service->room.of.addresses;
	vmc_grpc_MemHotplugByProbeRequest request = {
		.memHotplugProbeAddr = {
			.type = &vmc_list_u64,
			.ptr = addresses,
			.cap = VMC_AGENT_SERVICE_LIST_MAX,
			.name = "MemHotplugByProbeRequest.memHotplugProbeAddr: "
				"VMC_AGENT_SERVICE_LIST_MAX",
		},
	};
	enum vmc_status status = READ(step, MemHotplugByProbeRequest, &request);

	if (status)
		return status;
	return probe_sections(step, addresses, request.memHotplugProbeAddr.len);
}

static enum vmc_status reseed_random_dev(struct vmc_agent_step *step)
{
	vmc_grpc_ReseedRandomDevRequest request = { 0 };
	enum vmc_status status = READ(step, ReseedRandomDevRequest, &request);

	if (status)
		return status;
	return ops_of(step)->reseed_rng(agent_of(step), request.data,
					task_of(step), step->now_ms);
}

static enum vmc_status set_guest_date_time(struct vmc_agent_step *step)
{
	vmc_grpc_SetGuestDateTimeRequest request = { 0 };
	enum vmc_status status = READ(step, SetGuestDateTimeRequest, &request);
	struct vmc_wall wall;

	if (status)
		return status;
	if (request.Usec < 0 || request.Usec >= USEC_PER_SEC)
		return refuse(step, "SetGuestDateTimeRequest.Usec is not "
				    "0..999999");
	wall.seconds = request.Sec;
	wall.microseconds = (uint32_t)request.Usec;
	return ops_of(step)->set_guest_date_time(agent_of(step), &wall,
						 task_of(step), step->now_ms);
}

static enum vmc_status get_guest_details(struct vmc_agent_step *step)
{
	vmc_grpc_GuestDetailsRequest request = { 0 };
	enum vmc_status status = READ(step, GuestDetailsRequest, &request);

	if (status)
		return status;
	return ops_of(step)->get_guest_details(
		agent_of(step), request.mem_block_size,
		request.mem_hotplug_probe, &step->service->result.details,
		task_of(step), step->now_ms);
}

static void write_details(struct vmc_writer *w,
			  const struct vmc_agent_service *service)
{
	vmc_agent_write_details(w, &service->result.details);
}

static enum vmc_status copy_file(struct vmc_agent_step *step)
{
	vmc_grpc_CopyFileRequest request = { 0 };
	enum vmc_status status = READ(step, CopyFileRequest, &request);
	struct vmc_file_piece piece;

	if (status)
		return status;
	piece.path = request.path;
	piece.file_size = request.file_size;
	piece.file_mode = request.file_mode;
	piece.dir_mode = request.dir_mode;
	piece.uid = request.uid;
	piece.gid = request.gid;
	piece.offset = request.offset;
	piece.data = request.data;
	return ops_of(step)->copy_file(agent_of(step), &piece, task_of(step),
				       step->now_ms);
}

static enum vmc_status get_oom_event(struct vmc_agent_step *step)
{
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	return ops_of(step)->get_oom_event(agent_of(step),
					   &step->service->result.oom,
					   task_of(step), step->now_ms);
}

static void write_oom_event(struct vmc_writer *w,
			    const struct vmc_agent_service *service)
{
	vmc_field_put_bytes(w, BYTES(vmc_grpc_OOMEvent_container_id_tag),
			    vmc_view_of(service->result.oom.container_id));
}

/* As Kata writes a PCI path: two hexadecimal digits for each slot, "02/1f".
 * There is room for the text of all slots. */
static enum vmc_status write_pci_path(struct vmc_agent_step *step,
				      const uint32_t *slots, uint32_t len,
				      struct vmc_view *path)
{
	static const char digits[] = "0123456789abcdef";
	char *at = step->service->room.of.swap.path;
	uint32_t i;

	path->ptr = (const uint8_t *)at;
	for (i = 0; i < len; i++) {
		if (slots[i] > PCI_SLOT_MAX)
			return refuse(step, "AddSwapRequest.PCIPath has a slot "
					    "over 31");
		if (i > 0)
			*at++ = '/';
		*at++ = digits[slots[i] / 16];
		*at++ = digits[slots[i] % 16];
	}
	path->ptr_len = (size_t)((const uint8_t *)at - path->ptr);
	return VMC_OK;
}

static enum vmc_status add_swap(struct vmc_agent_step *step)
{
	uint32_t *slots = step->service->room.of.swap.slots;
	vmc_grpc_AddSwapRequest request = {
		.PCIPath = { .type = &vmc_list_u32,
			     .ptr = slots,
			     .cap = VMC_AGENT_SERVICE_SLOT_MAX,
			     .name = "AddSwapRequest.PCIPath: "
				     "VMC_AGENT_ADDRESS_SIZE" },
	};
	enum vmc_status status = READ(step, AddSwapRequest, &request);
	struct vmc_view path = { NULL, 0 };

	if (status == VMC_OK)
		status =
			write_pci_path(step, slots, request.PCIPath.len, &path);
	if (status)
		return status;
	return ops_of(step)->add_swap(agent_of(step), path, task_of(step),
				      step->now_ms);
}

static enum vmc_status set_policy(struct vmc_agent_step *step)
{
	vmc_grpc_SetPolicyRequest request = { 0 };
	enum vmc_status status = READ(step, SetPolicyRequest, &request);

	if (status)
		return status;
	return ops_of(step)->set_policy(agent_of(step), request.policy,
					task_of(step), step->now_ms);
}

/*
 * Its network
 */

static enum vmc_status update_interface(struct vmc_agent_step *step)
{
	struct vmc_interface *interface = &step->service->room.of.interface;
	enum vmc_status status = vmc_agent_read_update_interface(
		step->request, interface, &step->service->error);

	if (status)
		return status;
	if (!interface->present)
		return refuse(step, "UpdateInterfaceRequest has no interface");
	return ops_of(step)->update_interface(agent_of(step), interface,
					      &step->service->result.interface,
					      task_of(step), step->now_ms);
}

static void write_interface(struct vmc_writer *w,
			    const struct vmc_agent_service *service)
{
	vmc_agent_write_interface(w, &service->result.interface);
}

static enum vmc_status list_interfaces(struct vmc_agent_step *step)
{
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	return ops_of(step)->list_interfaces(agent_of(step),
					     &step->service->result.interfaces,
					     task_of(step), step->now_ms);
}

static void write_interfaces(struct vmc_writer *w,
			     const struct vmc_agent_service *service)
{
	vmc_agent_write_interfaces(w, &service->result.interfaces);
}

static enum vmc_status update_routes(struct vmc_agent_step *step)
{
	struct vmc_agent_request_room room = room_of(step);
	const struct vmc_route *routes;
	size_t routes_len;
	enum vmc_status status;

	room.routes = step->service->room.of.routes;
	room.routes_cap = VMC_AGENT_SERVICE_STRUCTS;
	status = vmc_agent_read_update_routes(step->request, &routes,
					      &routes_len, &room,
					      &step->service->error);
	if (status)
		return status;
	return ops_of(step)->update_routes(agent_of(step), routes, routes_len,
					   &step->service->result.routes,
					   task_of(step), step->now_ms);
}

static enum vmc_status list_routes(struct vmc_agent_step *step)
{
	enum vmc_status status = read_empty(step);

	if (status)
		return status;
	return ops_of(step)->list_routes(agent_of(step),
					 &step->service->result.routes,
					 task_of(step), step->now_ms);
}

static void write_routes(struct vmc_writer *w,
			 const struct vmc_agent_service *service)
{
	vmc_agent_write_routes(w, &service->result.routes);
}

/*
 * The tables. TELLS: the answer is an Empty. YIELDS: it is written. GIVES:
 * bytes, behind what is written.
 */

#define TELLS(method, function)                                                \
	{                                                                      \
		.name = (method), .call = (function)                           \
	}
#define YIELDS(method, function, writer)                                       \
	{                                                                      \
		.name = (method), .call = (function), .write = (writer)        \
	}
#define GIVES(method, function, writer)                                        \
	{                                                                      \
		.name = (method), .call = (function), .write = (writer),       \
		.data = 1                                                      \
	}

static const struct vmc_agent_method agent_methods[] = {
	TELLS("CreateContainer", create_container),
	TELLS("StartContainer", start_container),
	TELLS("RemoveContainer", remove_container),
	TELLS("ExecProcess", exec_process),
	TELLS("SignalProcess", signal_process),
	YIELDS("WaitProcess", wait_process, write_exit_status),
	TELLS("UpdateContainer", update_container),
	TELLS("UpdateEphemeralMounts", update_ephemeral_mounts),
	YIELDS("StatsContainer", stats_container, write_stats),
	TELLS("PauseContainer", pause_container),
	TELLS("ResumeContainer", resume_container),
	TELLS("RemoveStaleVirtiofsShareMounts", remove_stale_mounts),

	{ .name = "WriteStdin",
	  .call = write_stdin,
	  .write = write_written,
	  .cut = cut_write_stdin },
	GIVES("ReadStdout", read_stdout, write_data_head),
	GIVES("ReadStderr", read_stderr, write_data_head),
	TELLS("CloseStdin", close_stdin),
	TELLS("TtyWinResize", tty_win_resize),

	YIELDS("UpdateInterface", update_interface, write_interface),
	YIELDS("UpdateRoutes", update_routes, write_routes),
	YIELDS("ListInterfaces", list_interfaces, write_interfaces),
	YIELDS("ListRoutes", list_routes, write_routes),
	GIVES("GetIPTables", get_iptables, write_data_head),
	TELLS("SetIPTables", set_iptables), /* a DataResponse without data */

	GIVES("GetMetrics", get_metrics, write_data_head),

	TELLS("CreateSandbox", create_sandbox),
	TELLS("DestroySandbox", destroy_sandbox),
	TELLS("OnlineCPUMem", online_cpu_mem),
	TELLS("ReseedRandomDev", reseed_random_dev),
	YIELDS("GetGuestDetails", get_guest_details, write_details),
	TELLS("MemHotplugByProbe", mem_hotplug_by_probe),
	TELLS("SetGuestDateTime", set_guest_date_time),
	TELLS("CopyFile", copy_file),
	YIELDS("GetOOMEvent", get_oom_event, write_oom_event),
	TELLS("AddSwap", add_swap),
	GIVES("GetVolumeStats", get_volume_stats, NULL),
	TELLS("ResizeVolume", resize_volume),
	TELLS("SetPolicy", set_policy),
	TELLS(NULL, NULL),
};

static const struct vmc_agent_method health_methods[] = {
	YIELDS("Check", check, write_serving),
	YIELDS("Version", version, write_version),
	TELLS(NULL, NULL),
};

/* see agent_methods.h */
const struct vmc_agent_method *vmc_agent_methods(struct vmc_view service)
{
	if (vmc_view_is(service, "grpc.AgentService"))
		return agent_methods;
	if (vmc_view_is(service, "grpc.Health"))
		return health_methods;
	return NULL;
}
