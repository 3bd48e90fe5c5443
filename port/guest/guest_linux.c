/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The backend `linux`: its table, and calls that are a few lines. What it
 * does not do is refused by name (see vmcache_guest.h).
 */
#include "guest.h"

#include "vmcache/agent_service.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Of what it does not do nothing is of interest. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

#define BLOCK_SIZE "/devices/system/memory/block_size_bytes"
#define PROBE "/devices/system/memory/probe"

/* The last second of the year 9999. */
#define SECONDS_MAX INT64_C(253402300799)

#define MICROSECONDS 1000000

_Static_assert(sizeof(VMC_AGENT_API_VERSION "+vmcache." VMC_VERSION) <=
		       VMC_AGENT_NAME_SIZE,
	       "the version fits its field");

/*
 * What changes the machine
 */

static int set_clock(const struct vmc_wall *wall)
{
	struct timespec time = {
		.tv_sec = (time_t)wall->seconds,
		.tv_nsec = (long)wall->microseconds * 1000,
	};

	return clock_settime(CLOCK_REALTIME, &time) ? errno : 0;
}

/* see vmcache_guest.h */
const struct vmc_guest_system vmc_guest_linux = {
	.set_clock = set_clock,
	.write_entropy = vmc_guest_write_entropy,
	.credit_entropy = vmc_guest_credit_entropy,
	.reseed = vmc_guest_reseed,
	.set_hostname = vmc_guest_set_hostname,
	.load_module = vmc_guest_load_module,
};

/*
 * The agent itself
 */

static void set_default(const char **text, const char *value)
{
	if (!*text)
		*text = value;
}

/* see vmcache_guest.h */
void vmc_guest_init(struct vmc_guest *guest,
		    const struct vmc_guest_config *config)
{
	struct vmc_guest_config *mine = &guest->config;

	/* not all of it: what was never used is not to be touched */
	memset(guest, 0, offsetof(struct vmc_guest, exec));
	if (config)
		*mine = *config;
	set_default(&mine->copy_root, "/run");
	set_default(&mine->sys, "/sys");
	set_default(&mine->proc, "/proc");
	set_default(&mine->kmsg, "/dev/kmsg");
	set_default(&mine->resolv, "/etc/resolv.conf");
	set_default(&mine->modules, "/lib/modules");
	if (!mine->system)
		mine->system = &vmc_guest_linux;
	guest->kmsg = guest->uevents = -1;
	guest->memory_blocks = vmc_guest_memory_blocks(guest);
}

/* see vmcache_guest.h */
struct vmc_agent vmc_guest_agent(struct vmc_guest *guest,
				 struct vmc_error *error)
{
	struct vmc_agent agent = {
		.ops = &vmc_agent_linux_ops,
		.state = guest,
		.error = error,
	};

	return agent;
}

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

static enum vmc_status check(struct vmc_agent *agent, struct vmc_task *task,
			     uint64_t now_ms)
{
	return vmc_task_end(task, VMC_OK);
}

/*
 * The guest
 */

static enum vmc_status date_time(struct vmc_agent *agent,
				 const struct vmc_wall *wall)
{
	int number;

	if (wall->seconds < 0 || wall->seconds > SECONDS_MAX)
		return vmc_error_set_number(agent->error, VMC_ERR_ARGUMENT,
					    "Sec allowed, from 0 to",
					    SECONDS_MAX);
	if (wall->microseconds >= MICROSECONDS)
		return vmc_error_set_number(agent->error, VMC_ERR_ARGUMENT,
					    "Usec allowed, from 0 to",
					    MICROSECONDS - 1);
	number = vmc_guest_of(agent)->config.system->set_clock(wall);
	if (number)
		return vmc_guest_error(agent, number, "clock_settime",
				       "CLOCK_REALTIME");
	return VMC_OK;
}

static enum vmc_status set_guest_date_time(struct vmc_agent *agent,
					   const struct vmc_wall *wall,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return vmc_task_end(task, date_time(agent, wall));
}

static void details_of(const struct vmc_guest *guest, int memory_block_size,
		       int memory_hotplug_probe,
		       struct vmc_guest_details *details)
{
	static const char version[] =
		VMC_AGENT_API_VERSION "+vmcache." VMC_VERSION;
	char path[VMC_GUEST_PATH_SIZE];
	uint64_t size;

	memset(details, 0, sizeof(*details));
	details->present = 1;
	memcpy(details->version, version, sizeof(version));
	details->init_daemon = guest->config.is_init;
	vmc_guest_path(path, guest->config.sys, BLOCK_SIZE, NULL);
	if (memory_block_size && vmc_guest_read_number(path, 16, &size) == 0)
		details->memory_block_size = size;
	vmc_guest_path(path, guest->config.sys, PROBE, NULL);
	if (memory_hotplug_probe)
		details->memory_hotplug_probe = access(path, F_OK) == 0;
}

static enum vmc_status get_guest_details(struct vmc_agent *agent,
					 int memory_block_size,
					 int memory_hotplug_probe,
					 struct vmc_guest_details *details,
					 struct vmc_task *task, uint64_t now_ms)
{
	details_of(vmc_guest_of(agent), memory_block_size, memory_hotplug_probe,
		   details);
	return vmc_task_end(task, VMC_OK);
}

/*
 * What it does not do. Methods that have one signature are one function.
 */

static enum vmc_status refuse(struct vmc_agent *agent, struct vmc_task *task)
{
	return vmc_task_end(task,
			    vmc_error_set(agent->error, VMC_ERR_UNSUPPORTED,
					  "this agent has no containers, and "
					  "sets up no network",
					  NULL));
}

/* disconnect, mark_dead */
static void tell_nothing(struct vmc_agent *agent)
{
}

static enum vmc_status configure(struct vmc_agent *agent,
				 const struct vmc_hypervisor *hypervisor,
				 struct vmc_view id, struct vmc_view share_path,
				 int builtin_proxy)
{
	return VMC_OK;
}

static enum vmc_status
configure_from_grpc(struct vmc_agent *agent,
		    const struct vmc_hypervisor *hypervisor, struct vmc_view id,
		    int builtin_proxy)
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
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status reuse_agent(struct vmc_agent *agent,
				   struct vmc_agent *other)
{
	return VMC_ERR_UNSUPPORTED;
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

static void cleanup(struct vmc_agent *agent, struct vmc_view id)
{
}

static enum vmc_status set_proxy(struct vmc_agent *agent,
				 const struct vmc_sandbox *sandbox,
				 struct vmc_view proxy, int64_t pid,
				 struct vmc_view url)
{
	return VMC_ERR_UNSUPPORTED;
}

static void set_proxy_from_grpc(struct vmc_agent *agent, struct vmc_view proxy,
				int64_t pid, struct vmc_view url)
{
}

/* get_vm_path, get_share_path */
static enum vmc_status get_path(struct vmc_agent *agent, struct vmc_view id,
				struct vmc_buffer *path)
{
	path->ptr_len = 0;
	return VMC_ERR_UNSUPPORTED;
}

/* start_proxy, create_sandbox */
static enum vmc_status refuse_sandbox(struct vmc_agent *agent,
				      const struct vmc_sandbox *sandbox,
				      struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *container,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

/* start_container, stop_container, pause_container, resume_container,
 * add_swap, set_policy */
static enum vmc_status refuse_view(struct vmc_agent *agent,
				   struct vmc_view view, struct vmc_task *task,
				   uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status update_container(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_view resources,
					struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status stats_container(struct vmc_agent *agent,
				       struct vmc_view container_id,
				       struct vmc_container_stats *stats,
				       struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status
process_list_container(struct vmc_agent *agent, struct vmc_view container_id,
		       struct vmc_view format, const struct vmc_view *args,
		       size_t args_len, struct vmc_buffer *list,
		       struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status
update_ephemeral_mounts(struct vmc_agent *agent,
			const struct vmc_storage *storages, size_t storages_len,
			struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status remove_stale_mounts(struct vmc_agent *agent,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status
get_diagnostic_data(struct vmc_agent *agent, struct vmc_view log_type,
		    struct vmc_view container_id, struct vmc_buffer *data,
		    struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status update_interface(struct vmc_agent *agent,
					const struct vmc_interface *interface,
					struct vmc_interface *result,
					struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes,
				     size_t routes_len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status get_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_buffer *data,
				    struct vmc_task *task, uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status set_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_view data, struct vmc_task *task,
				    uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status get_guest_volume_stats(struct vmc_agent *agent,
					      struct vmc_view path,
					      struct vmc_buffer *stats,
					      struct vmc_task *task,
					      uint64_t now_ms)
{
	return refuse(agent, task);
}

static enum vmc_status resize_guest_volume(struct vmc_agent *agent,
					   struct vmc_view path, uint64_t size,
					   struct vmc_task *task,
					   uint64_t now_ms)
{
	return refuse(agent, task);
}

/* see vmcache_guest.h */
const struct vmc_agent_ops vmc_agent_linux_ops = {
	.name = "linux",
	.state_size = sizeof(struct vmc_guest),
	.state_align = _Alignof(struct vmc_guest),

	.init = init,
	.capabilities = capabilities,
	.check = check,
	.disconnect = tell_nothing,
	.configure = configure,
	.configure_from_grpc = configure_from_grpc,
	.get_agent_url = get_agent_url,
	.set_agent_url = set_agent_url,
	.reuse_agent = reuse_agent,
	.long_live_conn = long_live_conn,
	.mark_dead = tell_nothing,
	.save = save,
	.load = load,
	.cleanup = cleanup,

	.start_proxy = refuse_sandbox,
	.set_proxy = set_proxy,
	.set_proxy_from_grpc = set_proxy_from_grpc,
	.get_vm_path = get_path,
	.get_share_path = get_path,

	.create_sandbox = refuse_sandbox,
	.start_sandbox = vmc_guest_start_sandbox,
	.stop_sandbox = vmc_guest_stop_sandbox,

	.create_container = create_container,
	.start_container = refuse_view,
	.stop_container = refuse_view,
	.pause_container = refuse_view,
	.resume_container = refuse_view,
	.update_container = update_container,
	.stats_container = stats_container,
	.process_list_container = process_list_container,
	.update_ephemeral_mounts = update_ephemeral_mounts,
	.remove_stale_virtiofs_share_mounts = remove_stale_mounts,

	.exec = vmc_guest_exec,
	.signal_process = vmc_guest_signal,
	.wait_process = vmc_guest_wait,
	.winsize_process = vmc_guest_winsize,
	.write_process_stdin = vmc_guest_write_stdin,
	.close_process_stdin = vmc_guest_close_stdin,
	.read_process_stdout = vmc_guest_read_stdout,
	.read_process_stderr = vmc_guest_read_stderr,

	.online_cpu_mem = vmc_guest_online_cpu_mem,
	.mem_hotplug_by_probe = vmc_guest_mem_hotplug_by_probe,
	.reseed_rng = vmc_guest_reseed_rng,
	.set_guest_date_time = set_guest_date_time,
	.get_guest_details = get_guest_details,
	.copy_file = vmc_guest_copy_file,
	.get_oom_event = vmc_guest_oom_event,
	.get_agent_metrics = vmc_guest_metrics,
	.add_swap = refuse_view,
	.set_policy = refuse_view,
	.get_diagnostic_data = get_diagnostic_data,

	.update_interface = update_interface,
	.list_interfaces = vmc_guest_list_interfaces,
	.update_routes = update_routes,
	.list_routes = vmc_guest_list_routes,
	.get_iptables = get_iptables,
	.set_iptables = set_iptables,

	.get_guest_volume_stats = get_guest_volume_stats,
	.resize_guest_volume = resize_guest_volume,
};
