/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent service, given whatever a peer sends: garbage, and frames of ours
 * around garbage, in pieces of whatever size, while time passes and answers
 * are read slowly or not at all. It is in front of the no-op agent, or of one
 * whose calls wait. What it sends must be whole frames that a client of ours
 * can read; every call that was begun ends or is cancelled, and has its
 * arguments until then.
 */
#include "fuzz.h"

#include "vmcache/agent_service.h"
#include "../../src/base/text.h"
#include "../../src/wire/field.h"
#include "../../src/wire/ttrpc_frame.h"

#define WINDOW_SIZE 8192
#define SENT_SIZE (1 << 16) /* more than the longest answer */
#define FRAME_SIZE 16384

struct world {
	struct vmc_agent_service service;
	uint8_t window[WINDOW_SIZE];
	uint8_t coming[FRAME_SIZE]; /* on its way to the service */
	size_t coming_len;
	uint8_t sent[SENT_SIZE]; /* by it, not looked at yet */
	size_t sent_len;
	size_t chunk, most; /* bytes per receive, and per send */
	size_t credit;      /* bytes that the peer takes yet */
	uint8_t ended, broken;
	uint64_t now_ms;
	uint32_t stream;
	unsigned patience; /* steps until a call that waits ends */
	unsigned begun, ended_calls, cancelled;
};

static struct world world;

/*
 * The port, and what the peer makes of what it gets
 */

/* Reads the frames that have come whole. */
static void read_frames(struct world *w)
{
	struct vmc_view all = { w->sent, w->sent_len }, data;
	struct vmc_ttrpc_header header;
	struct vmc_ttrpc_response response;
	struct vmc_reader r;
	const char *why;

	vmc_reader_init(&r, all);
	while (vmc_ttrpc_header_read(&header, &r) == VMC_OK &&
	       header.length <= r.left) {
		MUST(header.type == VMC_TTRPC_RESPONSE && header.flags == 0);
		data = vmc_take_bytes(&r, header.length);
		MUST(vmc_ttrpc_response_read(&response, data, &why) == VMC_OK);
		MUST(vmc_utf8_valid(response.message));
		MUST(response.code <= 16);
		w->sent_len -= VMC_TTRPC_HEADER_SIZE + header.length;
		all = vmc_take_rest(&r);
		vmc_reader_init(&r, all);
	}
	memmove(w->sent, all.ptr, w->sent_len);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static enum vmc_status port_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				 size_t cap, size_t *len,
				 struct vmc_handles *handles)
{
	struct world *w = ctx;

	MUST(stream == 1 && cap > 0 && !handles);
	if (w->broken)
		return VMC_ERR_LOST;
	if (w->coming_len == 0)
		return w->ended ? VMC_CLOSED : VMC_AGAIN;
	*len = least(least(cap, w->chunk), w->coming_len);
	memcpy(buf, w->coming, *len);
	w->coming_len -= *len;
	memmove(w->coming, w->coming + *len, w->coming_len);
	return VMC_OK;
}

static enum vmc_status port_send(void *ctx, vmc_handle stream,
				 const struct vmc_view *parts, size_t parts_len,
				 const struct vmc_handles *handles, size_t *len)
{
	struct world *w = ctx;

	MUST(stream == 1 && parts_len >= 1 && parts_len <= VMC_PARTS_MAX);
	MUST(!handles && parts[0].ptr_len > 0);
	if (w->broken)
		return VMC_ERR_LOST;
	*len = least(least(parts[0].ptr_len, w->most), w->credit);
	if (*len == 0)
		return VMC_AGAIN;
	MUST(*len <= SENT_SIZE - w->sent_len);
	memcpy(w->sent + w->sent_len, parts[0].ptr, *len);
	w->sent_len += *len;
	w->credit -= *len;
	read_frames(w);
	return VMC_OK;
}

static const struct vmc_port_ops port_ops = {
	.name = "fuzz",
	.recv = port_recv,
	.send = port_send,
};

/*
 * An agent whose calls wait
 */

static unsigned touch(struct vmc_view view)
{
	unsigned sum = 0;
	size_t i;

	for (i = 0; i < view.ptr_len; i++)
		sum += view.ptr[i];
	return sum;
}

static unsigned touch_all(const struct vmc_view *views, size_t len)
{
	unsigned sum = 0;
	size_t i;

	MUST(len <= VMC_AGENT_SERVICE_LIST_MAX);
	for (i = 0; i < len; i++)
		sum += touch(views[i]);
	return sum;
}

static void note_cancel(struct vmc_task *task)
{
	MUST(task->owner == &world);
	world.cancelled++;
}

/* Ends after some steps. The sum of a call's arguments stays the same. */
static enum vmc_status wait_for(struct vmc_task *task, unsigned sum,
				uint64_t now_ms)
{
	int late = vmc_task_begin(task, now_ms);

	if (!vmc_task_active(task)) {
		world.begun++;
		task->phase = 1;
		task->owner = &world;
		task->cancel = note_cancel;
		task->mark = sum;
		task->aux = 0;
	}
	MUST(task->mark == sum);
	if (!late && task->aux++ < world.patience) {
		vmc_task_until(task, now_ms + sum % 8);
		return vmc_task_again(task);
	}
	world.ended_calls++;
	return vmc_task_end(task, late    ? VMC_ERR_TIMEOUT :
				  sum % 5 ? VMC_OK :
					    VMC_ERR_CALL);
}

static enum vmc_status check(struct vmc_agent *agent, struct vmc_task *task,
			     uint64_t now_ms)
{
	(void)agent;
	return wait_for(task, 1, now_ms);
}

static enum vmc_status tell_view(struct vmc_agent *agent, struct vmc_view view,
				 struct vmc_task *task, uint64_t now_ms)
{
	(void)agent;
	return wait_for(task, touch(view), now_ms);
}

static enum vmc_status wait_process(struct vmc_agent *agent, struct vmc_view a,
				    struct vmc_view b, int32_t *exit_status,
				    struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = wait_for(task, touch(a) + touch(b), now_ms);

	(void)agent;
	if (status == VMC_OK)
		*exit_status = -1;
	return status;
}

static enum vmc_status read_stream(struct vmc_agent *agent, struct vmc_view a,
				   struct vmc_view b, struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	unsigned sum = touch(a) + touch(b);
	enum vmc_status status = wait_for(task, sum, now_ms);

	(void)agent;
	MUST(data->ptr_cap > 0);
	if (status != VMC_OK)
		return status;
	data->ptr_len = sum % 3 ? data->ptr_cap : 0;
	memset(data->ptr, 'o', data->ptr_len);
	return VMC_OK;
}

static enum vmc_status write_stdin(struct vmc_agent *agent, struct vmc_view a,
				   struct vmc_view b, struct vmc_view data,
				   size_t *written, struct vmc_task *task,
				   uint64_t now_ms)
{
	enum vmc_status status =
		wait_for(task, touch(a) + touch(b) + touch(data), now_ms);

	(void)agent;
	if (status == VMC_OK)
		*written = data.ptr_len;
	return status;
}

static unsigned touch_storages(const struct vmc_storage *storages, size_t len)
{
	unsigned sum = 0;
	size_t i;

	MUST(len <= VMC_AGENT_SERVICE_STRUCTS);
	for (i = 0; i < len; i++)
		sum += touch(storages[i].driver) + touch(storages[i].source) +
		       touch(storages[i].mount_point) +
		       touch_all(storages[i].options, storages[i].options_len) +
		       touch_all(storages[i].driver_options,
				 storages[i].driver_options_len);
	return sum;
}

static enum vmc_status start_sandbox(struct vmc_agent *agent,
				     const struct vmc_sandbox *s,
				     struct vmc_task *task, uint64_t now_ms)
{
	unsigned sum = touch(s->id) + touch(s->hostname) +
		       touch_all(s->dns, s->dns_len) +
		       touch_storages(s->storages, s->storages_len);
	size_t i;

	(void)agent;
	for (i = 0; i < s->kernel_modules_len; i++)
		sum += touch(s->kernel_modules[i].name) +
		       touch_all(s->kernel_modules[i].parameters,
				 s->kernel_modules[i].parameters_len);
	return wait_for(task, sum, now_ms);
}

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *c,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	unsigned sum = touch(c->id) + touch(c->oci) +
		       touch_storages(c->storages, c->storages_len) +
		       touch_all(c->string_user.additional_gids,
				 c->string_user.additional_gids_len);
	size_t i;

	(void)agent;
	(void)process;
	MUST(sandbox->dns_len == 0 && sandbox->id.ptr_len == 0);
	for (i = 0; i < c->devices_len; i++)
		sum += touch(c->devices[i].id) +
		       touch_all(c->devices[i].options,
				 c->devices[i].options_len);
	for (i = 0; i < c->shared_mounts_len; i++)
		sum += touch(c->shared_mounts[i].path);
	return wait_for(task, sum, now_ms);
}

static enum vmc_status exec(struct vmc_agent *agent, const struct vmc_exec *e,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)agent;
	(void)process;
	return wait_for(task,
			touch(e->exec_id) + touch(e->cwd) +
				touch_all(e->args, e->args_len) +
				touch_all(e->env, e->env_len),
			now_ms);
}

static enum vmc_status mem_hotplug(struct vmc_agent *agent, uint64_t address,
				   uint32_t size_mib, uint32_t section_mib,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)agent;
	MUST(size_mib == 0 && section_mib == 0);
	return wait_for(task, (unsigned)address, now_ms);
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *piece,
				 struct vmc_task *task, uint64_t now_ms)
{
	(void)agent;
	return wait_for(task, touch(piece->path) + touch(piece->data), now_ms);
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes, size_t len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;
	unsigned sum = 0;
	size_t i;

	(void)agent;
	MUST(len <= VMC_AGENT_SERVICE_STRUCTS);
	for (i = 0; i < len; i++)
		sum += (unsigned)strlen(routes[i].destination);
	status = wait_for(task, sum, now_ms);
	if (status == VMC_OK)
		memset(result, 0, sizeof(*result));
	return status;
}

static struct vmc_agent waiting_agent(struct vmc_agent_ops *ops)
{
	struct vmc_agent agent = { .ops = ops };

	*ops = vmc_agent_noop_ops;
	ops->check = check;
	ops->start_sandbox = start_sandbox;
	ops->create_container = create_container;
	ops->start_container = tell_view;
	ops->stop_container = tell_view;
	ops->exec = exec;
	ops->wait_process = wait_process;
	ops->read_process_stdout = read_stream;
	ops->write_process_stdin = write_stdin;
	ops->mem_hotplug_by_probe = mem_hotplug;
	ops->reseed_rng = tell_view;
	ops->add_swap = tell_view;
	ops->copy_file = copy_file;
	ops->update_routes = update_routes;
	return agent;
}

/*
 * The peer
 */

static const char *const methods[] = {
	"CreateContainer",  "StartContainer",
	"RemoveContainer",  "ExecProcess",
	"SignalProcess",    "WaitProcess",
	"UpdateContainer",  "UpdateEphemeralMounts",
	"StatsContainer",   "PauseContainer",
	"WriteStdin",       "ReadStdout",
	"ReadStderr",       "CloseStdin",
	"TtyWinResize",     "UpdateInterface",
	"UpdateRoutes",     "ListInterfaces",
	"ListRoutes",       "GetIPTables",
	"SetIPTables",      "GetMetrics",
	"CreateSandbox",    "DestroySandbox",
	"OnlineCPUMem",     "ReseedRandomDev",
	"GetGuestDetails",  "MemHotplugByProbe",
	"SetGuestDateTime", "CopyFile",
	"GetOOMEvent",      "AddSwap",
	"GetVolumeStats",   "ResizeVolume",
	"SetPolicy",        "Nothing",
};

#define METHODS (sizeof(methods) / sizeof(methods[0]))

/* One turn of a loop; 0 if the connection has ended. */
static int step(struct world *w)
{
	struct vmc_wait waits[VMC_AGENT_SERVICE_WAIT_MAX];
	enum vmc_status status;
	uint64_t until_ms;
	size_t len;

	status = vmc_agent_service_step(&w->service, w->now_ms);
	MUST(vmc_agent_service_waits(&w->service, waits,
				     VMC_AGENT_SERVICE_WAIT_MAX, &len,
				     &until_ms) == VMC_OK);
	MUST(w->service.call_len <= VMC_AGENT_SERVICE_CALL_MAX);
	if (status == VMC_AGAIN) {
		MUST(len >= 1 && waits[0].handle == 1 && waits[0].want != 0);
		return 1;
	}
	MUST(status == VMC_CLOSED || status == VMC_ERR_LOST ||
	     status == VMC_ERR_PROTOCOL);
	MUST(len == 0 && w->service.call_len == 0);
	return 0;
}

static void reopen(struct world *w)
{
	w->coming_len = w->sent_len = 0;
	w->ended = w->broken = 0;
	w->stream = 1;
	vmc_agent_service_open(&w->service, 1, w->now_ms);
}

static void turn(struct world *w, unsigned turns)
{
	while (turns-- > 0)
		if (!step(w))
			reopen(w);
}

/* Puts bytes on their way, as far as there is room. */
static void come(struct world *w, struct vmc_view bytes)
{
	bytes.ptr_len = least(bytes.ptr_len, FRAME_SIZE - w->coming_len);
	memcpy(w->coming + w->coming_len, bytes.ptr, bytes.ptr_len);
	w->coming_len += bytes.ptr_len;
}

/* A whole request, of whatever content; it may be made longer by zeros. */
static void ask(struct world *w, unsigned method, struct vmc_view payload,
		unsigned timeout, size_t more)
{
	static uint8_t bytes[FRAME_SIZE], frame[FRAME_SIZE];
	struct vmc_ttrpc_header header = { .type = VMC_TTRPC_REQUEST,
					   .stream = w->stream };
	struct vmc_ttrpc_request request = {
		.service = vmc_view_of(method < METHODS ? "grpc.AgentService" :
							  "grpc.Health"),
		.method = vmc_view_of(method < METHODS ? methods[method] :
				      method % 2       ? "Check" :
							 "Version"),
		.timeout_ns = (int64_t)timeout * 1000000,
	};
	struct vmc_writer writer;

	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, payload.ptr, payload.ptr_len);
	request.payload.ptr = bytes;
	request.payload.ptr_len = payload.ptr_len + more;
	header.length = (uint32_t)vmc_ttrpc_request_len(&request);
	w->stream += 2;
	vmc_writer_init(&writer, frame, sizeof(frame));
	vmc_ttrpc_header_write(&header, &writer);
	vmc_ttrpc_request_write(&request, &writer);
	MUST(!writer.fail);
	come(w, (struct vmc_view){ frame, writer.len });
}

static struct vmc_view take(const uint8_t **data, size_t *size, size_t len)
{
	struct vmc_view view = { *data, least(len, *size) };

	*data += view.ptr_len;
	*size -= view.ptr_len;
	return view;
}

/* What happens next is the input's choice. */
static void happen(struct world *w, const uint8_t **data, size_t *size)
{
	uint8_t what = choose(data, size), how = choose(data, size);
	unsigned timeout;

	switch (what % 8) {
	case 0:
		come(w, take(data, size, how));
		break;
	case 1:
		w->now_ms += how;
		break;
	case 2:
		w->now_ms += 5000;
		break;
	case 3:
		w->credit = how * how;
		break;
	case 4:
		w->ended = how == 1;
		w->broken = how == 2;
		if (how == 3)
			reopen(w);
		break;
	default:
		timeout = choose(data, size);
		ask(w, what / 8 + how % 2 * 32, take(data, size, how), timeout,
		    timeout % 4 == 3 ? 5000 : 0);
	}
	turn(w, 1 + what / 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vmc_agent_ops ops;
	struct vmc_agent noop = VMC_AGENT_NOOP;
	struct world *w = &world;
	struct vmc_agent_service_config config = {
		.port = { &port_ops, w },
		.window = w->window,
		.window_len = WINDOW_SIZE,
	};
	uint8_t kind = choose(&data, &size);

	memset(&w->begun, 0, 3 * sizeof(w->begun));
	w->chunk = 1u + choose(&data, &size) * 8u;
	w->most = 1u + choose(&data, &size) * 8u;
	w->credit = SIZE_MAX;
	w->now_ms = 1000;
	w->patience = kind / 2 % 8;
	config.agent = kind % 2 ? waiting_agent(&ops) : noop;
	MUST(vmc_agent_service_init(&w->service, &config) == VMC_OK);
	reopen(w);
	while (size > 0)
		happen(w, &data, &size);
	w->credit = SIZE_MAX;
	turn(w, 20);
	vmc_agent_service_close(&w->service);
	MUST(w->service.call_len == 0);
	MUST(w->begun == w->ended_calls + w->cancelled);
	return 0;
}
