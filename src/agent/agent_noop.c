/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The no-op agent: every call succeeds at once and yields nothing, but for
 * create_container, whose process is present, and stats_container, whose
 * statistics are; both zeroed (Kata's virtcontainers/noop_agent.go, later
 * mock_agent.go).
 *
 * Invariant: it keeps nothing and touches nothing but the outputs and the
 * task of the call, so one may serve any number of VMs. Methods that have
 * one signature and yield the same are one function here.
 */
#include "agent_noop.h"

#include <string.h>

/* What a no-op agent is told is of no interest to it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

static enum vmc_status done(struct vmc_task *task)
{
	return vmc_task_end(task, VMC_OK);
}

/* ---- The agent itself ---- */

static enum vmc_status init(struct vmc_agent *agent,
			    const struct vmc_sandbox *sandbox,
			    int *disable_vm_shutdown)
{
	*disable_vm_shutdown = 0;
	return VMC_OK;
}

static unsigned capabilities(struct vmc_agent *agent)
{
	return 0;
}

/* check, remove_stale_virtiofs_share_mounts */
static enum vmc_status ask_nothing(struct vmc_agent *agent,
				   struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

/* disconnect, mark_dead */
static void tell_nothing(struct vmc_agent *agent)
{
}

/* see agent_noop.h */
enum vmc_status vmc_noop_configure(struct vmc_agent *agent,
				   const struct vmc_hypervisor *hypervisor,
				   struct vmc_view id,
				   struct vmc_view share_path,
				   int builtin_proxy)
{
	return VMC_OK;
}

/* see agent_noop.h */
enum vmc_status
vmc_noop_configure_from_grpc(struct vmc_agent *agent,
			     const struct vmc_hypervisor *hypervisor,
			     struct vmc_view id, int builtin_proxy)
{
	return VMC_OK;
}

static enum vmc_status get_agent_url(struct vmc_agent *agent,
				     struct vmc_buffer *url)
{
	url->ptr_len = 0;
	return VMC_OK;
}

static enum vmc_status set_agent_url(struct vmc_agent *agent,
				     struct vmc_view url)
{
	return VMC_OK;
}

static enum vmc_status reuse_agent(struct vmc_agent *agent,
				   struct vmc_agent *other)
{
	return VMC_OK;
}

static int long_live_conn(struct vmc_agent *agent)
{
	return 0;
}

static void save(struct vmc_agent *agent, struct vmc_agent_state *state)
{
	memset(state, 0, sizeof(*state));
}

static void load(struct vmc_agent *agent, const struct vmc_agent_state *state)
{
}

/* see agent_noop.h */
void vmc_noop_cleanup(struct vmc_agent *agent, struct vmc_view id)
{
}

/* ---- Kata 1.x: a proxy between runtime and agent ---- */

/* see agent_noop.h */
enum vmc_status vmc_noop_set_proxy(struct vmc_agent *agent,
				   const struct vmc_sandbox *sandbox,
				   struct vmc_view proxy, int64_t pid,
				   struct vmc_view url)
{
	return VMC_OK;
}

/* see agent_noop.h */
void vmc_noop_set_proxy_from_grpc(struct vmc_agent *agent,
				  struct vmc_view proxy, int64_t pid,
				  struct vmc_view url)
{
}

/* get_vm_path, get_share_path */
/* see agent_noop.h */
enum vmc_status vmc_noop_get_path(struct vmc_agent *agent, struct vmc_view id,
				  struct vmc_buffer *path)
{
	path->ptr_len = 0;
	return VMC_OK;
}

/* ---- Sandbox and containers ---- */

/* start_proxy, create_sandbox, start_sandbox, stop_sandbox */
/* see agent_noop.h */
enum vmc_status vmc_noop_tell_sandbox(struct vmc_agent *agent,
				      const struct vmc_sandbox *sandbox,
				      struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *container,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	memset(process, 0, sizeof(*process));
	process->present = 1;
	return done(task);
}

/* start_container, stop_container, pause_container, resume_container,
 * reseed_rng, add_swap, set_policy */
static enum vmc_status tell_view(struct vmc_agent *agent, struct vmc_view view,
				 struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

/* update_container, close_process_stdin */
static enum vmc_status tell_two_views(struct vmc_agent *agent,
				      struct vmc_view first,
				      struct vmc_view second,
				      struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status stats_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_container_stats *stats,
				       struct vmc_task *task, uint64_t now_ms)
{
	memset(stats, 0, sizeof(*stats));
	stats->present = 1;
	return done(task);
}

static enum vmc_status
process_list_container(struct vmc_agent *agent, struct vmc_view container_id,
		       struct vmc_view format, const struct vmc_view *args,
		       size_t args_len, struct vmc_buffer *list,
		       struct vmc_task *task, uint64_t now_ms)
{
	list->ptr_len = 0;
	return done(task);
}

static enum vmc_status
update_ephemeral_mounts(struct vmc_agent *agent,
			const struct vmc_storage *storages, size_t storages_len,
			struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

/* ---- Processes of a container ---- */

static enum vmc_status exec(struct vmc_agent *agent,
			    const struct vmc_exec *exec,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	memset(process, 0, sizeof(*process));
	return done(task);
}

static enum vmc_status signal_process(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id, uint32_t signal,
				      int all, struct vmc_task *task,
				      uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status wait_process(struct vmc_agent *agent,
				    struct vmc_view container_id,
				    struct vmc_view exec_id,
				    int32_t *exit_status, struct vmc_task *task,
				    uint64_t now_ms)
{
	*exit_status = 0;
	return done(task);
}

static enum vmc_status winsize_process(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_view exec_id, uint32_t height,
				       uint32_t width, struct vmc_task *task,
				       uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status
write_process_stdin(struct vmc_agent *agent, struct vmc_view container_id,
		    struct vmc_view exec_id, struct vmc_view data,
		    size_t *written, struct vmc_task *task, uint64_t now_ms)
{
	*written = 0;
	return done(task);
}

/* read_process_stdout, read_process_stderr, get_diagnostic_data */
static enum vmc_status read_bytes(struct vmc_agent *agent,
				  struct vmc_view first, struct vmc_view second,
				  struct vmc_buffer *data,
				  struct vmc_task *task, uint64_t now_ms)
{
	data->ptr_len = 0;
	return done(task);
}

/* ---- The guest ---- */

static enum vmc_status online_cpu_mem(struct vmc_agent *agent, uint32_t total,
				      uint32_t added, int cpu_only,
				      struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status mem_hotplug_by_probe(struct vmc_agent *agent,
					    uint64_t address, uint32_t size_mib,
					    uint32_t section_mib,
					    struct vmc_task *task,
					    uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status set_guest_date_time(struct vmc_agent *agent,
					   const struct vmc_wall *wall,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status get_guest_details(struct vmc_agent *agent,
					 int memory_block_size,
					 int memory_hotplug_probe,
					 struct vmc_guest_details *details,
					 struct vmc_task *task, uint64_t now_ms)
{
	memset(details, 0, sizeof(*details));
	return done(task);
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *piece,
				 struct vmc_task *task, uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status get_oom_event(struct vmc_agent *agent,
				     struct vmc_oom_event *event,
				     struct vmc_task *task, uint64_t now_ms)
{
	memset(event, 0, sizeof(*event));
	return done(task);
}

static enum vmc_status get_agent_metrics(struct vmc_agent *agent,
					 struct vmc_buffer *metrics,
					 struct vmc_task *task, uint64_t now_ms)
{
	metrics->ptr_len = 0;
	return done(task);
}

/* ---- Its network and volumes ---- */

static enum vmc_status update_interface(struct vmc_agent *agent,
					const struct vmc_interface *interface,
					struct vmc_interface *result,
					struct vmc_task *task, uint64_t now_ms)
{
	memset(result, 0, sizeof(*result));
	return done(task);
}

static enum vmc_status list_interfaces(struct vmc_agent *agent,
				       struct vmc_interfaces *interfaces,
				       struct vmc_task *task, uint64_t now_ms)
{
	memset(interfaces, 0, sizeof(*interfaces));
	return done(task);
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes,
				     size_t routes_len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	memset(result, 0, sizeof(*result));
	return done(task);
}

static enum vmc_status list_routes(struct vmc_agent *agent,
				   struct vmc_routes *routes,
				   struct vmc_task *task, uint64_t now_ms)
{
	memset(routes, 0, sizeof(*routes));
	return done(task);
}

static enum vmc_status get_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_buffer *data,
				    struct vmc_task *task, uint64_t now_ms)
{
	data->ptr_len = 0;
	return done(task);
}

static enum vmc_status set_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_view data, struct vmc_task *task,
				    uint64_t now_ms)
{
	return done(task);
}

static enum vmc_status get_guest_volume_stats(struct vmc_agent *agent,
					      struct vmc_view path,
					      struct vmc_buffer *stats,
					      struct vmc_task *task,
					      uint64_t now_ms)
{
	stats->ptr_len = 0;
	return done(task);
}

static enum vmc_status resize_guest_volume(struct vmc_agent *agent,
					   struct vmc_view path, uint64_t size,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return done(task);
}

/* see vmcache/agent.h */
const struct vmc_agent_ops vmc_agent_noop_ops = {
	.name = "noop",
	.state_size = 0,
	.state_align = 1,

	.init = init,
	.capabilities = capabilities,
	.check = ask_nothing,
	.disconnect = tell_nothing,
	.configure = vmc_noop_configure,
	.configure_from_grpc = vmc_noop_configure_from_grpc,
	.get_agent_url = get_agent_url,
	.set_agent_url = set_agent_url,
	.reuse_agent = reuse_agent,
	.long_live_conn = long_live_conn,
	.mark_dead = tell_nothing,
	.save = save,
	.load = load,
	.cleanup = vmc_noop_cleanup,

	.start_proxy = vmc_noop_tell_sandbox,
	.set_proxy = vmc_noop_set_proxy,
	.set_proxy_from_grpc = vmc_noop_set_proxy_from_grpc,
	.get_vm_path = vmc_noop_get_path,
	.get_share_path = vmc_noop_get_path,

	.create_sandbox = vmc_noop_tell_sandbox,
	.start_sandbox = vmc_noop_tell_sandbox,
	.stop_sandbox = vmc_noop_tell_sandbox,

	.create_container = create_container,
	.start_container = tell_view,
	.stop_container = tell_view,
	.pause_container = tell_view,
	.resume_container = tell_view,
	.update_container = tell_two_views,
	.stats_container = stats_container,
	.process_list_container = process_list_container,
	.update_ephemeral_mounts = update_ephemeral_mounts,
	.remove_stale_virtiofs_share_mounts = ask_nothing,

	.exec = exec,
	.signal_process = signal_process,
	.wait_process = wait_process,
	.winsize_process = winsize_process,
	.write_process_stdin = write_process_stdin,
	.close_process_stdin = tell_two_views,
	.read_process_stdout = read_bytes,
	.read_process_stderr = read_bytes,

	.online_cpu_mem = online_cpu_mem,
	.mem_hotplug_by_probe = mem_hotplug_by_probe,
	.reseed_rng = tell_view,
	.set_guest_date_time = set_guest_date_time,
	.get_guest_details = get_guest_details,
	.copy_file = copy_file,
	.get_oom_event = get_oom_event,
	.get_agent_metrics = get_agent_metrics,
	.add_swap = tell_view,
	.set_policy = tell_view,
	.get_diagnostic_data = read_bytes,

	.update_interface = update_interface,
	.list_interfaces = list_interfaces,
	.update_routes = update_routes,
	.list_routes = list_routes,
	.get_iptables = get_iptables,
	.set_iptables = set_iptables,

	.get_guest_volume_stats = get_guest_volume_stats,
	.resize_guest_volume = resize_guest_volume,
};
