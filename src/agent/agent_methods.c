/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods. Each is a function that steps the agent's call; its request has
 * been read when it is called.
 *
 * Invariant: what is read of a request lies in the request's own bytes or in
 * service->room, and is read anew at each step of a call. So nothing has to be
 * kept for one that waits but its bytes.
 */
#include "agent_methods.h"

#include "../wire/agent_messages.h"
#include "../wire/field.h"

#define USEC_PER_SEC 1000000
#define MS_PER_SEC 1000u
#define PCI_SLOT_MAX 31u
#define SERVING 1

/* What Kata's agent says, and its clients look for, when a stream ends. */
#define END_OF_STREAM "read meet eof"

/* What Kata's agent calls its protocol's version. */
#define GRPC_VERSION "0.0.1"

/* What a method is given. */
struct step {
	const struct vmc_agent_ops *ops;
	struct vmc_agent *agent;
	struct vmc_task *task;
	uint64_t now_ms;
	union vmc_agent_service_request *request;
	union vmc_agent_service_result *result;
	struct vmc_agent_service *service;
	struct vmc_agent_service_call *call;
};

/* Something that was asked for cannot be meant. */
static enum vmc_status refuse(struct step *s, const char *why)
{
	return vmc_error_set(&s->service->error, VMC_ERR_ARGUMENT, why, NULL);
}

/*
 * Health
 */

static enum vmc_status check(struct step *s)
{
	s->result->health.status = SERVING;
	return s->ops->check(s->agent, s->task, s->now_ms);
}

static enum vmc_status version(struct step *s)
{
	s->result->version.grpc = vmc_view_of(GRPC_VERSION);
	s->result->version.agent = vmc_view_of(s->service->config.version);
	return VMC_OK;
}

/*
 * The sandbox
 */

static enum vmc_status create_sandbox(struct step *s)
{
	return s->ops->start_sandbox(s->agent, &s->request->sandbox, s->task,
				     s->now_ms);
}

static enum vmc_status destroy_sandbox(struct step *s)
{
	return s->ops->stop_sandbox(s->agent, &s->service->none, s->task,
				    s->now_ms);
}

/*
 * Containers
 */

static enum vmc_status create_container(struct step *s)
{
	return s->ops->create_container(
		s->agent, &s->service->none, &s->request->container,
		&s->result->process, s->task, s->now_ms);
}

static enum vmc_status start_container(struct step *s)
{
	return s->ops->start_container(s->agent, s->request->view, s->task,
				       s->now_ms);
}

static enum vmc_status pause_container(struct step *s)
{
	return s->ops->pause_container(s->agent, s->request->view, s->task,
				       s->now_ms);
}

static enum vmc_status resume_container(struct step *s)
{
	return s->ops->resume_container(s->agent, s->request->view, s->task,
					s->now_ms);
}

/* A limit of so many seconds from its first step; 0: none. */
static enum vmc_status remove_container(struct step *s)
{
	uint32_t seconds = s->request->process.a;
	uint64_t at_ms = s->now_ms + (uint64_t)seconds * MS_PER_SEC;

	if (seconds && at_ms < s->task->deadline_ms)
		s->task->deadline_ms = at_ms;
	return s->ops->stop_container(s->agent, s->request->view, s->task,
				      s->now_ms);
}

static enum vmc_status update_container(struct step *s)
{
	return s->ops->update_container(
		s->agent, s->request->process.container_id,
		s->request->process.data, s->task, s->now_ms);
}

static enum vmc_status stats_container(struct step *s)
{
	return s->ops->stats_container(s->agent, s->request->view,
				       &s->result->stats, s->task, s->now_ms);
}

static enum vmc_status update_ephemeral_mounts(struct step *s)
{
	return s->ops->update_ephemeral_mounts(
		s->agent, s->request->storages.storages,
		s->request->storages.storages_len, s->task, s->now_ms);
}

static enum vmc_status remove_stale_mounts(struct step *s)
{
	return s->ops->remove_stale_virtiofs_share_mounts(s->agent, s->task,
							  s->now_ms);
}

/*
 * Processes
 */

static enum vmc_status exec_process(struct step *s)
{
	return s->ops->exec(s->agent, &s->request->exec, &s->result->process,
			    s->task, s->now_ms);
}

static enum vmc_status signal_process(struct step *s)
{
	struct vmc_request *request = &s->request->process;

	return s->ops->signal_process(
		s->agent, request->container_id, request->exec_id, request->a,
		request->exec_id.ptr_len == 0, s->task, s->now_ms);
}

static enum vmc_status wait_process(struct step *s)
{
	struct vmc_request *request = &s->request->process;

	return s->ops->wait_process(s->agent, request->container_id,
				    request->exec_id, &s->result->exit_status,
				    s->task, s->now_ms);
}

static enum vmc_status tty_win_resize(struct step *s)
{
	struct vmc_request *request = &s->request->process;

	return s->ops->winsize_process(s->agent, request->container_id,
				       request->exec_id, request->a, request->b,
				       s->task, s->now_ms);
}

static enum vmc_status write_stdin(struct step *s)
{
	struct vmc_request *request = &s->request->process;

	return s->ops->write_process_stdin(
		s->agent, request->container_id, request->exec_id,
		request->data, &s->result->written, s->task, s->now_ms);
}

static enum vmc_status close_stdin(struct step *s)
{
	struct vmc_request *request = &s->request->process;

	return s->ops->close_process_stdin(s->agent, request->container_id,
					   request->exec_id, s->task,
					   s->now_ms);
}

/*
 * Bytes that a call yields. They follow the head that is written before them
 * (agent_service.c).
 */

static struct vmc_buffer *data_of(struct step *s)
{
	struct vmc_buffer *data = &s->result->data;

	data->ptr = s->service->data + VMC_AGENT_SERVICE_HEAD_SIZE;
	data->ptr_cap = VMC_AGENT_SERVICE_DATA_SIZE;
	data->ptr_len = 0;
	return data;
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

static enum vmc_status read_output(struct step *s, read_stream call)
{
	struct vmc_request *request = &s->request->process;
	struct vmc_buffer *data = data_of(s);
	enum vmc_status status;

	if (request->a == 0)
		return refuse(s, "ReadStreamRequest.len is 0");
	if (request->a < data->ptr_cap)
		data->ptr_cap = request->a;
	status = call(s->agent, request->container_id, request->exec_id, data,
		      s->task, s->now_ms);
	if (status == VMC_OK && data->ptr_len == 0)
		return end_of_stream(&s->service->error);
	return status;
}

static enum vmc_status read_stdout(struct step *s)
{
	return read_output(s, s->ops->read_process_stdout);
}

static enum vmc_status read_stderr(struct step *s)
{
	return read_output(s, s->ops->read_process_stderr);
}

static enum vmc_status get_metrics(struct step *s)
{
	return s->ops->get_agent_metrics(s->agent, data_of(s), s->task,
					 s->now_ms);
}

static enum vmc_status get_iptables(struct step *s)
{
	return s->ops->get_iptables(s->agent, s->request->iptables.ipv6,
				    data_of(s), s->task, s->now_ms);
}

static enum vmc_status set_iptables(struct step *s)
{
	return s->ops->set_iptables(s->agent, s->request->iptables.ipv6,
				    s->request->iptables.data, s->task,
				    s->now_ms);
}

static enum vmc_status get_volume_stats(struct step *s)
{
	return s->ops->get_guest_volume_stats(s->agent, s->request->view,
					      data_of(s), s->task, s->now_ms);
}

static enum vmc_status resize_volume(struct step *s)
{
	return s->ops->resize_guest_volume(s->agent, s->request->volume.path,
					   s->request->volume.size, s->task,
					   s->now_ms);
}

/*
 * The guest
 */

static enum vmc_status online_cpu_mem(struct step *s)
{
	struct vmc_online_request *request = &s->request->online;

	return s->ops->online_cpu_mem(s->agent, request->cpus, request->cpus,
				      request->cpu_only, s->task, s->now_ms);
}

/* One section after the other, each a call of its own. */
static enum vmc_status mem_hotplug_by_probe(struct step *s)
{
	struct vmc_probe_request *request = &s->request->probe;
	uint64_t deadline_ms = s->task->deadline_ms;
	enum vmc_status status = VMC_OK;

	while (status == VMC_OK && s->call->done < request->address_len) {
		s->task->deadline_ms = deadline_ms;
		status = s->ops->mem_hotplug_by_probe(
			s->agent, request->address[s->call->done], 0, 0,
			s->task, s->now_ms);
		s->call->done += status == VMC_OK;
	}
	return status;
}

static enum vmc_status reseed_random_dev(struct step *s)
{
	return s->ops->reseed_rng(s->agent, s->request->view, s->task,
				  s->now_ms);
}

static enum vmc_status set_guest_date_time(struct step *s)
{
	if (s->request->wall.microseconds >= USEC_PER_SEC)
		return refuse(s, "SetGuestDateTimeRequest.Usec is not "
				 "0..999999");
	return s->ops->set_guest_date_time(s->agent, &s->request->wall, s->task,
					   s->now_ms);
}

static enum vmc_status get_guest_details(struct step *s)
{
	struct vmc_details_request *request = &s->request->details;

	return s->ops->get_guest_details(s->agent, request->memory_block_size,
					 request->memory_hotplug_probe,
					 &s->result->details, s->task,
					 s->now_ms);
}

static enum vmc_status copy_file(struct step *s)
{
	return s->ops->copy_file(s->agent, &s->request->piece, s->task,
				 s->now_ms);
}

static enum vmc_status get_oom_event(struct step *s)
{
	return s->ops->get_oom_event(s->agent, &s->result->oom, s->task,
				     s->now_ms);
}

/* As Kata writes a PCI path: two hexadecimal digits for each slot, "02/1f".
 * There is room for the text of all slots. */
static enum vmc_status add_swap(struct step *s)
{
	static const char digits[] = "0123456789abcdef";
	const struct vmc_swap_request *request = &s->request->swap;
	char *path = s->service->room.swap_path, *at = path;
	struct vmc_view view = { (const uint8_t *)path, 0 };
	uint32_t i;

	for (i = 0; i < request->slot_len; i++) {
		if (request->slot[i] > PCI_SLOT_MAX)
			return refuse(s, "AddSwapRequest.PCIPath has a slot "
					 "over 31");
		if (i > 0)
			*at++ = '/';
		*at++ = digits[request->slot[i] / 16];
		*at++ = digits[request->slot[i] % 16];
	}
	view.ptr_len = (size_t)(at - path);
	return s->ops->add_swap(s->agent, view, s->task, s->now_ms);
}

static enum vmc_status set_policy(struct step *s)
{
	return s->ops->set_policy(s->agent, s->request->view, s->task,
				  s->now_ms);
}

/*
 * Its network
 */

static enum vmc_status update_interface(struct step *s)
{
	s->request->interface.present = 1;
	return s->ops->update_interface(s->agent, &s->request->interface,
					&s->result->interface, s->task,
					s->now_ms);
}

static enum vmc_status list_interfaces(struct step *s)
{
	return s->ops->list_interfaces(s->agent, &s->result->interfaces,
				       s->task, s->now_ms);
}

static enum vmc_status update_routes(struct step *s)
{
	return s->ops->update_routes(s->agent, s->request->routes.routes,
				     s->request->routes.routes_len,
				     &s->result->routes, s->task, s->now_ms);
}

static enum vmc_status list_routes(struct step *s)
{
	return s->ops->list_routes(s->agent, &s->result->routes, s->task,
				   s->now_ms);
}

/*
 * All of them
 */

#define FUNCTION(name, function, request, answer, timeout, data) function,

static enum vmc_status (*const functions[VMC_CALLS])(struct step *s) = {
	VMC_CALLS_ALL(FUNCTION)
};

static enum vmc_status read_request(struct vmc_agent_step *step)
{
	struct vmc_agent_service_room *at = &step->service->room;
	struct vmc_message_room room = {
		.views = at->views,
		.cap = VMC_AGENT_SERVICE_LIST_MAX,
		.structs = at->structs,
		.structs_size = sizeof(at->structs),
		.structs_max = VMC_AGENT_SERVICE_STRUCTS,
	};

	return vmc_message_read(step->request, step->call->method->request,
				&at->request, &room, &step->service->error);
}

/* see agent_methods.h */
enum vmc_status vmc_agent_step(struct vmc_agent_step *step)
{
	struct vmc_agent_service *service = step->service;
	struct step s = {
		.ops = service->config.agent.ops,
		.agent = &service->config.agent,
		.task = &step->call->task,
		.now_ms = step->now_ms,
		.request = &service->room.request,
		.result = &service->result,
		.service = service,
		.call = step->call,
	};
	enum vmc_status status = read_request(step);

	if (status)
		return status;
	return functions[step->call->method - vmc_agent_calls](&s);
}

/* see agent_methods.h. WriteStdin, with as many bytes as fit. */
enum vmc_status vmc_agent_cut(struct vmc_agent_step *step)
{
	struct vmc_agent_service_call *call = step->call;
	struct vmc_request *request = &step->service->room.request.process;
	size_t others = vmc_field_head_len(sizeof(call->request));
	struct vmc_writer w;

	if (call->method != vmc_agent_calls + VMC_CALL_WriteStdin ||
	    read_request(step) != VMC_OK)
		return VMC_ERR_TOO_BIG;
	others += vmc_field_bytes_len(request->container_id) +
		  vmc_field_bytes_len(request->exec_id);
	if (others >= sizeof(call->request))
		return VMC_ERR_TOO_BIG;
	if (request->data.ptr_len > sizeof(call->request) - others)
		request->data.ptr_len = sizeof(call->request) - others;
	vmc_writer_init(&w, call->request, sizeof(call->request));
	vmc_put_bytes(&w,
		      vmc_message_write(&w, call->method->request, request));
	call->request_len = (uint32_t)w.len;
	return VMC_OK;
}
