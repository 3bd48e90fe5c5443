/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent service asks its agent, and what it answers, method by
 * method: requests that are written down here, to the no-op agent and to one
 * that notes what it is asked and yields something of everything.
 */
#include "service_world.h"

#include <stdarg.h>
#include <stdlib.h>

static struct service_world w;

/*
 * An agent that notes.
 */

struct notes {
	char text[2048]; /* the calls, one after the other */
	uint64_t deadline_ms;
	uint8_t much;           /* the longest answer */
	enum vmc_status status; /* what every call comes to */
	const char *words;
	enum vmc_code code;
};

static struct notes notes;

#define V(view) (int)(view).ptr_len, (const char *)(view).ptr

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t len = strlen(notes.text);
	va_list args;
	int more;

	va_start(args, format);
	more = vsnprintf(notes.text + len, sizeof(notes.text) - len, format,
			 args);
	va_end(args);
	CHECK(more >= 0 && (size_t)more < sizeof(notes.text) - len);
}

static void note_views(const char *name, const struct vmc_view *views,
		       size_t len)
{
	size_t i;

	note(" %s[", name);
	for (i = 0; i < len; i++)
		note("%s%.*s", i ? "," : "", V(views[i]));
	note("]");
}

static enum vmc_status done(struct vmc_agent *agent, struct vmc_task *task)
{
	notes.deadline_ms = task->deadline_ms;
	if (notes.words) {
		vmc_error_set(agent->error, notes.status, notes.words, NULL);
		agent->error->code = notes.code;
	}
	return vmc_task_end(task, notes.status);
}

static enum vmc_status check(struct vmc_agent *agent, struct vmc_task *task,
			     uint64_t now_ms)
{
	(void)now_ms;
	note("check");
	return done(agent, task);
}

static void note_storages(const struct vmc_storage *storages, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		const struct vmc_storage *s = &storages[i];

		note(" storage(%.*s %.*s %.*s %.*s", V(s->driver), V(s->source),
		     V(s->fstype), V(s->mount_point));
		note_views("driver_options", s->driver_options,
			   s->driver_options_len);
		note_views("options", s->options, s->options_len);
		note(" fs_group=%d:%u:%u shared=%d)", s->has_fs_group,
		     s->fs_group.id, s->fs_group.change_policy, s->shared);
	}
}

static void note_sandbox(const struct vmc_sandbox *s)
{
	size_t i;

	note(" id=%.*s hostname=%.*s", V(s->id), V(s->hostname));
	note_views("dns", s->dns, s->dns_len);
	note_storages(s->storages, s->storages_len);
	for (i = 0; i < s->kernel_modules_len; i++) {
		note(" module(%.*s", V(s->kernel_modules[i].name));
		note_views("parameters", s->kernel_modules[i].parameters,
			   s->kernel_modules[i].parameters_len);
		note(")");
	}
	note(" hooks=%.*s pidns=%d", V(s->guest_hook_path),
	     s->pid_namespace_shared);
}

static enum vmc_status start_sandbox(struct vmc_agent *agent,
				     const struct vmc_sandbox *sandbox,
				     struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("start_sandbox");
	note_sandbox(sandbox);
	return done(agent, task);
}

static enum vmc_status stop_sandbox(struct vmc_agent *agent,
				    const struct vmc_sandbox *sandbox,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("stop_sandbox");
	note_sandbox(sandbox);
	return done(agent, task);
}

static void note_user(const struct vmc_string_user *user)
{
	note(" user=%.*s:%.*s", V(user->uid), V(user->gid));
	note_views("groups", user->additional_gids, user->additional_gids_len);
}

static void note_ports(const struct vmc_stdio_ports *ports)
{
	note(" ports=%u,%u,%u", ports->stdin_port, ports->stdout_port,
	     ports->stderr_port);
}

static void note_devices(const struct vmc_device *devices, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		note(" device(%.*s %.*s %.*s %.*s", V(devices[i].id),
		     V(devices[i].type), V(devices[i].vm_path),
		     V(devices[i].container_path));
		note_views("options", devices[i].options,
			   devices[i].options_len);
		note(")");
	}
}

static enum vmc_status create_container(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					const struct vmc_container *c,
					struct vmc_process *process,
					struct vmc_task *task, uint64_t now_ms)
{
	size_t i;

	(void)now_ms;
	note("create_container %.*s %.*s", V(c->id), V(c->exec_id));
	note_user(&c->string_user);
	note_devices(c->devices, c->devices_len);
	note_storages(c->storages, c->storages_len);
	for (i = 0; i < c->shared_mounts_len; i++)
		note(" mount(%.*s %.*s %.*s %.*s %.*s)",
		     V(c->shared_mounts[i].name),
		     V(c->shared_mounts[i].source_container),
		     V(c->shared_mounts[i].source_path),
		     V(c->shared_mounts[i].container),
		     V(c->shared_mounts[i].path));
	note(" oci=%.*s", V(c->oci));
	note_ports(&c->ports);
	note(" pidns=%d in", c->pid_namespace_shared);
	note_sandbox(sandbox);
	memset(process, 0xff, sizeof(*process));
	return done(agent, task);
}

#define TELL_VIEW(op)                                                          \
	static enum vmc_status op(struct vmc_agent *agent,                     \
				  struct vmc_view view, struct vmc_task *task, \
				  uint64_t now_ms)                             \
	{                                                                      \
		(void)now_ms;                                                  \
		note(#op " %.*s", V(view));                                    \
		return done(agent, task);                                      \
	}
TELL_VIEW(start_container)
TELL_VIEW(stop_container)
TELL_VIEW(pause_container)
TELL_VIEW(resume_container)
TELL_VIEW(reseed_rng)
TELL_VIEW(add_swap)
TELL_VIEW(set_policy)

#define TELL_TWO(op)                                                           \
	static enum vmc_status op(struct vmc_agent *agent, struct vmc_view a,  \
				  struct vmc_view b, struct vmc_task *task,    \
				  uint64_t now_ms)                             \
	{                                                                      \
		(void)now_ms;                                                  \
		note(#op " %.*s %.*s", V(a), V(b));                            \
		return done(agent, task);                                      \
	}
TELL_TWO(update_container)
TELL_TWO(close_process_stdin)

static enum vmc_status stats_container(struct vmc_agent *agent,
				       struct vmc_view id,
				       struct vmc_container_stats *stats,
				       struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("stats_container %.*s", V(id));
	memset(stats, 0, sizeof(*stats));
	stats->present = 1;
	stats->network_len = 1;
	strcpy(stats->network[0].name, "eth0");
	stats->network[0].rx_bytes = 5;
	return done(agent, task);
}

static enum vmc_status
update_ephemeral_mounts(struct vmc_agent *agent, const struct vmc_storage *s,
			size_t len, struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("update_ephemeral_mounts");
	note_storages(s, len);
	return done(agent, task);
}

static enum vmc_status remove_stale(struct vmc_agent *agent,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("remove_stale_virtiofs_share_mounts");
	return done(agent, task);
}

static enum vmc_status exec(struct vmc_agent *agent, const struct vmc_exec *e,
			    struct vmc_process *process, struct vmc_task *task,
			    uint64_t now_ms)
{
	(void)now_ms;
	note("exec %.*s %.*s", V(e->container_id), V(e->exec_id));
	note_user(&e->string_user);
	note_views("args", e->args, e->args_len);
	note_views("env", e->env, e->env_len);
	note(" cwd=%.*s ids=%u:%u nnp=%d terminal=%d %ux%u", V(e->cwd), e->uid,
	     e->gid, e->no_new_privileges, e->terminal, e->height, e->width);
	note_ports(&e->ports);
	memset(process, 0xff, sizeof(*process));
	return done(agent, task);
}

static enum vmc_status signal_process(struct vmc_agent *agent,
				      struct vmc_view a, struct vmc_view b,
				      uint32_t signal, int all,
				      struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("signal_process %.*s %.*s %u all=%d", V(a), V(b), signal, all);
	return done(agent, task);
}

static enum vmc_status wait_process(struct vmc_agent *agent, struct vmc_view a,
				    struct vmc_view b, int32_t *exit_status,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("wait_process %.*s %.*s", V(a), V(b));
	*exit_status = -3;
	return done(agent, task);
}

static enum vmc_status winsize_process(struct vmc_agent *agent,
				       struct vmc_view a, struct vmc_view b,
				       uint32_t height, uint32_t width,
				       struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("winsize_process %.*s %.*s %ux%u", V(a), V(b), height, width);
	return done(agent, task);
}

static enum vmc_status write_stdin(struct vmc_agent *agent, struct vmc_view a,
				   struct vmc_view b, struct vmc_view data,
				   size_t *written, struct vmc_task *task,
				   uint64_t now_ms)
{
	(void)now_ms;
	note("write_process_stdin %.*s %.*s %.*s", V(a), V(b), V(data));
	*written = data.ptr_len;
	return done(agent, task);
}

static void yield(struct vmc_buffer *data, const char *text)
{
	if (data->ptr_cap == VMC_AGENT_SERVICE_DATA_SIZE)
		note(" cap=all");
	else
		note(" cap=%u", (unsigned)data->ptr_cap);
	data->ptr_len = strlen(text);
	CHECK(data->ptr_len <= data->ptr_cap);
	memcpy(data->ptr, text, data->ptr_len);
}

static enum vmc_status read_stdout(struct vmc_agent *agent, struct vmc_view a,
				   struct vmc_view b, struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("read_process_stdout %.*s %.*s", V(a), V(b));
	yield(data, "out");
	return done(agent, task);
}

static enum vmc_status read_stderr(struct vmc_agent *agent, struct vmc_view a,
				   struct vmc_view b, struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("read_process_stderr %.*s %.*s", V(a), V(b));
	yield(data, "err");
	return done(agent, task);
}

static enum vmc_status online_cpu_mem(struct vmc_agent *agent, uint32_t cpus,
				      uint32_t added, int cpu_only,
				      struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("online_cpu_mem cpus=%u added=%u cpu_only=%d", cpus, added,
	     cpu_only);
	return done(agent, task);
}

static enum vmc_status mem_hotplug(struct vmc_agent *agent, uint64_t address,
				   uint32_t size_mib, uint32_t section_mib,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("mem_hotplug_by_probe %llx %u %u;", (unsigned long long)address,
	     size_mib, section_mib);
	return done(agent, task);
}

static enum vmc_status set_date(struct vmc_agent *agent,
				const struct vmc_wall *wall,
				struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("set_guest_date_time %lld.%06u", (long long)wall->seconds,
	     wall->microseconds);
	return done(agent, task);
}

static enum vmc_status get_details(struct vmc_agent *agent, int block_size,
				   int probe, struct vmc_guest_details *details,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("get_guest_details %d %d", block_size, probe);
	memset(details, 0, sizeof(*details));
	details->present = 1;
	details->memory_block_size = 128;
	strcpy(details->version, "1.2");
	details->init_daemon = 1;
	return done(agent, task);
}

static enum vmc_status copy_file(struct vmc_agent *agent,
				 const struct vmc_file_piece *p,
				 struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("copy_file %.*s size=%lld mode=%o dir=%o %d:%d at=%lld %.*s",
	     V(p->path), (long long)p->file_size, p->file_mode, p->dir_mode,
	     p->uid, p->gid, (long long)p->offset, V(p->data));
	return done(agent, task);
}

static enum vmc_status get_oom_event(struct vmc_agent *agent,
				     struct vmc_oom_event *event,
				     struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("get_oom_event");
	strcpy(event->container_id, "ctr");
	return done(agent, task);
}

static enum vmc_status get_metrics(struct vmc_agent *agent,
				   struct vmc_buffer *metrics,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("get_agent_metrics");
	yield(metrics, "up 1\n");
	return done(agent, task);
}

static void name_interface(struct vmc_interface *interface)
{
	memset(interface, 0, sizeof(*interface));
	interface->present = 1;
	strcpy(interface->name, "eth0");
}

static enum vmc_status update_interface(struct vmc_agent *agent,
					const struct vmc_interface *interface,
					struct vmc_interface *result,
					struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("update_interface %s %s %s mtu=%llu", interface->name,
	     interface->hardware_address,
	     interface->address_len ? interface->address[0].address : "-",
	     (unsigned long long)interface->mtu);
	name_interface(result);
	return done(agent, task);
}

static enum vmc_status list_interfaces(struct vmc_agent *agent,
				       struct vmc_interfaces *interfaces,
				       struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("list_interfaces");
	interfaces->interface_len = 1;
	name_interface(&interfaces->interface[0]);
	return done(agent, task);
}

static void name_routes(struct vmc_routes *routes)
{
	memset(routes, 0, sizeof(*routes));
	routes->route_len = 1;
	strcpy(routes->route[0].device, "eth0");
}

/* As many as there can be, as long as they can be. */
static void fill_routes(struct vmc_routes *routes)
{
	unsigned i;

	memset(routes, 0, sizeof(*routes));
	routes->route_len = VMC_AGENT_ROUTE_MAX;
	for (i = 0; i < VMC_AGENT_ROUTE_MAX; i++)
		memset(routes->route[i].destination, 'd',
		       VMC_AGENT_ADDRESS_SIZE - 1);
}

static enum vmc_status update_routes(struct vmc_agent *agent,
				     const struct vmc_route *routes, size_t len,
				     struct vmc_routes *result,
				     struct vmc_task *task, uint64_t now_ms)
{
	size_t i;

	(void)now_ms;
	note("update_routes");
	for (i = 0; i < len; i++)
		note(" %s>%s", routes[i].destination, routes[i].device);
	name_routes(result);
	return done(agent, task);
}

static enum vmc_status list_routes(struct vmc_agent *agent,
				   struct vmc_routes *routes,
				   struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("list_routes");
	if (notes.much)
		fill_routes(routes);
	else
		name_routes(routes);
	return done(agent, task);
}

static enum vmc_status get_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_buffer *data,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("get_iptables ipv6=%d", ipv6);
	yield(data, "*nat");
	return done(agent, task);
}

static enum vmc_status set_iptables(struct vmc_agent *agent, int ipv6,
				    struct vmc_view data, struct vmc_task *task,
				    uint64_t now_ms)
{
	(void)now_ms;
	note("set_iptables ipv6=%d %.*s", ipv6, V(data));
	return done(agent, task);
}

static enum vmc_status volume_stats(struct vmc_agent *agent,
				    struct vmc_view path,
				    struct vmc_buffer *stats,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("get_guest_volume_stats %.*s", V(path));
	yield(stats, "\012\002\010\001");
	return done(agent, task);
}

static enum vmc_status resize_volume(struct vmc_agent *agent,
				     struct vmc_view path, uint64_t size,
				     struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	note("resize_guest_volume %.*s %llu", V(path),
	     (unsigned long long)size);
	return done(agent, task);
}

static struct vmc_agent noting_agent(void)
{
	static struct vmc_agent_ops ops;
	struct vmc_agent agent = { .ops = &ops };

	ops = vmc_agent_noop_ops;
	ops.check = check;
	ops.start_sandbox = start_sandbox;
	ops.stop_sandbox = stop_sandbox;
	ops.create_container = create_container;
	ops.start_container = start_container;
	ops.stop_container = stop_container;
	ops.pause_container = pause_container;
	ops.resume_container = resume_container;
	ops.update_container = update_container;
	ops.stats_container = stats_container;
	ops.update_ephemeral_mounts = update_ephemeral_mounts;
	ops.remove_stale_virtiofs_share_mounts = remove_stale;
	ops.exec = exec;
	ops.signal_process = signal_process;
	ops.wait_process = wait_process;
	ops.winsize_process = winsize_process;
	ops.write_process_stdin = write_stdin;
	ops.close_process_stdin = close_process_stdin;
	ops.read_process_stdout = read_stdout;
	ops.read_process_stderr = read_stderr;
	ops.online_cpu_mem = online_cpu_mem;
	ops.mem_hotplug_by_probe = mem_hotplug;
	ops.reseed_rng = reseed_rng;
	ops.set_guest_date_time = set_date;
	ops.get_guest_details = get_details;
	ops.copy_file = copy_file;
	ops.get_oom_event = get_oom_event;
	ops.get_agent_metrics = get_metrics;
	ops.add_swap = add_swap;
	ops.set_policy = set_policy;
	ops.update_interface = update_interface;
	ops.list_interfaces = list_interfaces;
	ops.update_routes = update_routes;
	ops.list_routes = list_routes;
	ops.get_iptables = get_iptables;
	ops.set_iptables = set_iptables;
	ops.get_guest_volume_stats = volume_stats;
	ops.resize_guest_volume = resize_volume;
	return agent;
}

static void begin_noting(void)
{
	memset(&notes, 0, sizeof(notes));
	service_world_begin(&w, noting_agent());
	service_world_connect(&w);
}

/*
 * Every method, with something in every field that it has. Numbers of fields
 * are from Kata's agent.proto.
 */

/* Storage: driver 1, driver_options 2, source 3, fstype 4, options 5,
 * mount_point 6, fs_group 7 (2, 3), shared 8. */
#define STORAGE                                                                \
	"\012\003blk\022\001x\022\001y\032\002/s\042\004ext4\052\002ro"        \
	"\062\002/m\072\004\020\005\030\001\100\001"
#define STORAGE_LEN "\045"
#define STORAGE_NOTE                                                           \
	" storage(blk /s ext4 /m driver_options[x,y] options[ro] "             \
	"fs_group=1:5:1 shared=1)"

/* StringUser: uid 1, gid 2, additionalGids 3. */
#define USER "\012\001u\022\001g\032\002g1\032\002g2"
#define USER_LEN "\016"

#define CONTAINER "\012\003ctr"
#define PROCESS CONTAINER "\022\002ex"

static const struct row {
	const char *service, *method;
	struct vmc_view request;
	const char *noted;
	struct vmc_view answer;
} rows[] = {
	{ "Health", "Check", LITERAL("\012\003any"), "check",
	  LITERAL("\010\001") },
	{ "Health", "Version", LITERAL("\012\003any"), "",
	  LITERAL("\012\0050.0.1\022\0054.1.0") },

	/* hostname 1, dns 2, storages 3, sandbox_pidns 4, sandbox_id 5,
	 * guest_hook_path 6, kernel_modules 7 (name 1, parameters 2) */
	{ "AgentService", "CreateSandbox",
	  LITERAL("\012\004host\022\001a\022\001b\032" STORAGE_LEN STORAGE
		  "\040\001\052\002id\062\002/h\072\011\012\001m\022\001p"
		  "\022\001q"),
	  "start_sandbox id=id hostname=host dns[a,b]" STORAGE_NOTE
	  " module(m parameters[p,q]) hooks=/h pidns=1",
	  NOTHING },
	{ "AgentService", "DestroySandbox", NOTHING,
	  "stop_sandbox id= hostname= dns[] hooks= pidns=0", NOTHING },

	/* container_id 1, exec_id 2, string_user 3, devices 4, storages 5,
	 * OCI 6, sandbox_pidns 7, shared_mounts 8, ports 9 10 11 */
	{ "AgentService", "CreateContainer",
	  LITERAL(PROCESS "\032" USER_LEN USER
			  "\042\023\012\001d\022\003blk\032\002/v\042\002/c"
			  "\052\001o\052" STORAGE_LEN STORAGE
			  "\062\004spec\070\001\102\023\012\001n\022\002c1"
			  "\032\002/a\042\002c2\052\002/b\110\001\120\002"
			  "\130\003"),
	  "create_container ctr ex user=u:g groups[g1,g2] "
	  "device(d blk /v /c options[o])" STORAGE_NOTE
	  " mount(n c1 /a c2 /b) oci=spec ports=1,2,3 pidns=1 in id= "
	  "hostname= dns[] hooks= pidns=0",
	  NOTHING },
	{ "AgentService", "StartContainer", LITERAL(CONTAINER),
	  "start_container ctr", NOTHING },
	{ "AgentService", "RemoveContainer", LITERAL(CONTAINER "\020\005"),
	  "stop_container ctr", NOTHING },
	{ "AgentService", "PauseContainer", LITERAL(CONTAINER),
	  "pause_container ctr", NOTHING },
	{ "AgentService", "ResumeContainer", LITERAL(CONTAINER),
	  "resume_container ctr", NOTHING },
	{ "AgentService", "UpdateContainer", LITERAL(CONTAINER "\022\003res"),
	  "update_container ctr res", NOTHING },
	/* cgroup_stats 1, whose messages are all there, empty as they are;
	 * network_stats 2: name 1, rx_bytes 2 */
	{ "AgentService", "StatsContainer", LITERAL(CONTAINER),
	  "stats_container ctr",
	  LITERAL("\012\022\012\004\012\000\022\000\022\006\022\000\032\000"
		  "\042\000\032\000\042\000"
		  "\022\010\012\004eth0\020\005") },
	{ "AgentService", "UpdateEphemeralMounts",
	  LITERAL("\012" STORAGE_LEN STORAGE "\012\006\012\004nvme"),
	  "update_ephemeral_mounts" STORAGE_NOTE
	  " storage(nvme    driver_options[] options[] fs_group=0:0:0 "
	  "shared=0)",
	  NOTHING },
	{ "AgentService", "RemoveStaleVirtiofsShareMounts", NOTHING,
	  "remove_stale_virtiofs_share_mounts", NOTHING },

	/* container_id 1, exec_id 2, string_user 3, process 4 (Terminal 1,
	 * ConsoleSize 2 (Height 1, Width 2), User 3 (UID 1, GID 2), Args 4,
	 * Env 5, Cwd 6, NoNewPrivileges 9), ports 5 6 7 */
	{ "AgentService", "ExecProcess",
	  LITERAL(PROCESS "\032" USER_LEN USER
			  "\042\041\010\001\022\004\010\030\020\120\032\004"
			  "\010\001\020\002\042\002sh\042\002-c\052\003A=b"
			  "\062\002/w\110\001\050\001\060\002\070\003"),
	  "exec ctr ex user=u:g groups[g1,g2] args[sh,-c] env[A=b] cwd=/w "
	  "ids=1:2 nnp=1 terminal=1 24x80 ports=1,2,3",
	  NOTHING },
	{ "AgentService", "SignalProcess", LITERAL(PROCESS "\030\011"),
	  "signal_process ctr ex 9 all=0", NOTHING },
	{ "AgentService", "SignalProcess", LITERAL(CONTAINER "\030\017"),
	  "signal_process ctr  15 all=1", NOTHING },
	{ "AgentService", "WaitProcess", LITERAL(PROCESS),
	  "wait_process ctr ex",
	  LITERAL("\010\375\377\377\377\377\377\377\377\377\001") },
	{ "AgentService", "TtyWinResize", LITERAL(PROCESS "\030\030\040\120"),
	  "winsize_process ctr ex 24x80", NOTHING },
	{ "AgentService", "WriteStdin", LITERAL(PROCESS "\032\005input"),
	  "write_process_stdin ctr ex input", LITERAL("\010\005") },
	{ "AgentService", "WriteStdin", LITERAL(PROCESS),
	  "write_process_stdin ctr ex ", NOTHING },
	{ "AgentService", "CloseStdin", LITERAL(PROCESS),
	  "close_process_stdin ctr ex", NOTHING },
	{ "AgentService", "ReadStdout", LITERAL(PROCESS "\030\007"),
	  "read_process_stdout ctr ex cap=7", LITERAL("\012\003out") },
	{ "AgentService", "ReadStderr", LITERAL(PROCESS "\030\011"),
	  "read_process_stderr ctr ex cap=9", LITERAL("\012\003err") },

	/* wait 1, nb_cpus 2, cpu_only 3 */
	{ "AgentService", "OnlineCPUMem", LITERAL("\010\001\020\003\030\001"),
	  "online_cpu_mem cpus=3 added=3 cpu_only=1", NOTHING },
	{ "AgentService", "ReseedRandomDev", LITERAL("\022\004seed"),
	  "reseed_rng seed", NOTHING },
	{ "AgentService", "GetGuestDetails", LITERAL("\010\001\020\001"),
	  "get_guest_details 1 1",
	  LITERAL("\010\200\001\022\007\012\0031.2\020\001") },
	/* packed, as Go sends it, and not */
	{ "AgentService", "MemHotplugByProbe",
	  LITERAL("\012\005\200\001\200\202\001"),
	  "mem_hotplug_by_probe 80 0 0;mem_hotplug_by_probe 4100 0 0;",
	  NOTHING },
	{ "AgentService", "MemHotplugByProbe", LITERAL("\010\200\001\010\001"),
	  "mem_hotplug_by_probe 80 0 0;mem_hotplug_by_probe 1 0 0;", NOTHING },
	{ "AgentService", "MemHotplugByProbe", NOTHING, "", NOTHING },
	{ "AgentService", "SetGuestDateTime",
	  LITERAL("\010\200\001\020\277\204\075"),
	  "set_guest_date_time 128.999999", NOTHING },
	/* path 1, file_size 2, file_mode 3, dir_mode 4, uid 5, gid 6,
	 * offset 7, data 8 */
	{ "AgentService", "CopyFile",
	  LITERAL("\012\002/f\020\011\030\244\003\040\355\003\050\001\060\002"
		  "\070\004\102\004data"),
	  "copy_file /f size=9 mode=644 dir=755 1:2 at=4 data", NOTHING },
	{ "AgentService", "GetOOMEvent", NOTHING, "get_oom_event",
	  LITERAL("\012\003ctr") },
	{ "AgentService", "GetMetrics", NOTHING, "get_agent_metrics cap=all",
	  LITERAL("\012\005up 1\n") },
	{ "AgentService", "AddSwap", LITERAL("\012\003\002\037\000"),
	  "add_swap 02/1f/00", NOTHING },
	{ "AgentService", "AddSwap", LITERAL("\010\001"), "add_swap 01",
	  NOTHING },
	{ "AgentService", "SetPolicy", LITERAL("\012\004rego"),
	  "set_policy rego", NOTHING },

	/* Interface: name 2, IPAddresses 3 (address 2), mtu 4, hwAddr 5 */
	{ "AgentService", "UpdateInterface",
	  LITERAL("\012\025\022\004eth0\032\006\022\0041::2\040\200\001"
		  "\052\00202"),
	  "update_interface eth0 02 1::2 mtu=128", LITERAL("\022\004eth0") },
	{ "AgentService", "ListInterfaces", NOTHING, "list_interfaces",
	  LITERAL("\012\006\022\004eth0") },
	/* Route: dest 1, device 3 */
	{ "AgentService", "UpdateRoutes",
	  LITERAL("\012\022\012\007\012\001a\032\002d0\012\007\012\001b"
		  "\032\002d1"),
	  "update_routes a>d0 b>d1", LITERAL("\012\006\032\004eth0") },
	{ "AgentService", "ListRoutes", NOTHING, "list_routes",
	  LITERAL("\012\006\032\004eth0") },
	{ "AgentService", "GetIPTables", LITERAL("\010\001"),
	  "get_iptables ipv6=1 cap=all", LITERAL("\012\004*nat") },
	{ "AgentService", "SetIPTables", LITERAL("\010\001\022\004*nat"),
	  "set_iptables ipv6=1 *nat", NOTHING },

	{ "AgentService", "GetVolumeStats", LITERAL("\012\002/v"),
	  "get_guest_volume_stats /v cap=all", LITERAL("\012\002\010\001") },
	{ "AgentService", "ResizeVolume", LITERAL("\012\002/v\020\200\001"),
	  "resize_guest_volume /v 128", NOTHING },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* What a test says when a row fails: which one it was. */
static void check_row(const struct row *row, int holds, const char *what)
{
	char text[300];

	if (holds)
		return;
	snprintf(text, sizeof(text), "%s: %s", row->method, what);
	CHECK_EQ_STR(text, row->noted);
}

static const struct answer *ask_row(const struct row *row,
				    struct vmc_view request)
{
	return call_of(&w,
		       row->service[0] == 'H' ? "grpc.Health" :
						"grpc.AgentService",
		       row->method, request);
}

TEST(every_request_arrives_and_is_answered)
{
	size_t i;

	begin_noting();
	for (i = 0; i < ROWS; i++) {
		const struct row *row = &rows[i];
		const struct answer *answer;

		notes.text[0] = '\0';
		answer = ask_row(row, row->request);
		check_row(row, answer->code == 0, answer->message);
		check_row(row, strcmp(notes.text, row->noted) == 0, notes.text);
		check_row(row, answer->payload.ptr_len == row->answer.ptr_len,
			  "length of the answer");
		CHECK_EQ_MEM(answer->payload.ptr, row->answer.ptr,
			     row->answer.ptr_len);
	}
	service_world_end(&w);
}

/* Nothing of one request is seen in the next. */
TEST(empty_requests_are_empty)
{
	size_t i;
	const struct answer *answer;

	begin_noting();
	for (i = 0; i < ROWS; i++) {
		ask_row(&rows[i], rows[i].request);
		notes.text[0] = '\0';
		answer = ask_row(&rows[i], NOTHING);
		check_row(&rows[i],
			  answer->code == 0 ||
				  strstr(answer->message, "is 0") ||
				  strstr(answer->message,
					 "UpdateInterfaceRequest"),
			  answer->message);
		check_row(&rows[i], !strstr(notes.text, "ctr"), notes.text);
		check_row(&rows[i], !strstr(notes.text, "storage("),
			  notes.text);
	}
	service_world_end(&w);
}

TEST(noop_agent_answers_every_method)
{
	struct vmc_agent noop = VMC_AGENT_NOOP;
	const struct answer *answer;
	size_t i;

	service_world_begin(&w, noop);
	service_world_connect(&w);
	for (i = 0; i < ROWS; i++) {
		answer = ask_row(&rows[i], rows[i].request);
		if (strncmp(rows[i].method, "ReadStd", 7) == 0) {
			check_failed(answer, VMC_CODE_OUT_OF_RANGE,
				     "read meet eof");
			continue;
		}
		check_row(&rows[i], answer->code == 0, answer->message);
		if (strcmp(rows[i].service, "Health"))
			check_row(&rows[i],
				  answer->payload.ptr_len == 0 ||
					  strcmp(rows[i].method,
						 "StatsContainer") == 0 ||
					  strcmp(rows[i].method,
						 "GetGuestDetails") == 0,
				  "yields something");
	}
	service_world_end(&w);
}

/* Each prefix of each request is read or refused, and none is too much. */
TEST(requests_cut_anywhere)
{
	size_t i, len;
	const struct answer *answer;

	begin_noting();
	for (i = 0; i < ROWS; i++)
		for (len = 0; len < rows[i].request.ptr_len; len++) {
			struct vmc_view part = { rows[i].request.ptr, len };

			notes.text[0] = '\0';
			answer = ask_row(&rows[i], part);
			check_row(&rows[i],
				  answer->code == 0 ||
					  answer->code ==
						  VMC_CODE_INVALID_ARGUMENT,
				  answer->message);
			check_row(&rows[i],
				  answer->code == 0 || notes.text[0] == '\0',
				  notes.text);
		}
	check_alive(&w);
	service_world_end(&w);
}

TEST(garbage_is_refused_by_name)
{
	size_t i;
	const struct answer *answer;

	begin_noting();
	for (i = 0; i < ROWS; i++) {
		/* field 1 ends too early */
		answer = ask_row(&rows[i], LITERAL("\012\177x"));
		check_row(&rows[i], answer->code == VMC_CODE_INVALID_ARGUMENT,
			  answer->message);
		check_row(&rows[i], strlen(answer->message) > 10,
			  answer->message);
	}
	CHECK_EQ_STR(notes.text, "");
	answer = call(&w, "StartContainer", LITERAL("\012\002\377\376"));
	check_failed(answer, VMC_CODE_INVALID_ARGUMENT, "ContainerRequest");
	check_alive(&w);
	service_world_end(&w);
}

TEST(unknown_fields_are_skipped)
{
	size_t i;
	uint8_t request[512];

	begin_noting();
	for (i = 0; i < ROWS; i++) {
		struct vmc_view all = { request, rows[i].request.ptr_len };
		const struct answer *answer;

		if (all.ptr_len)
			memcpy(request, rows[i].request.ptr, all.ptr_len);
		/* 100: a number, 101: bytes */
		memcpy(request + all.ptr_len, "\240\006\001\252\006\001x", 7);
		all.ptr_len += 7;
		notes.text[0] = '\0';
		answer = ask_row(&rows[i], all);
		check_row(&rows[i], answer->code == 0, answer->message);
		check_row(&rows[i], strcmp(notes.text, rows[i].noted) == 0,
			  notes.text);
	}
	service_world_end(&w);
}

TEST(values_that_cannot_be_meant_are_refused)
{
	begin_noting();
	check_failed(call(&w, "ReadStdout", LITERAL(PROCESS)),
		     VMC_CODE_INVALID_ARGUMENT, "ReadStreamRequest.len is 0");
	check_failed(call(&w, "SetGuestDateTime", LITERAL("\020\300\204\075")),
		     VMC_CODE_INVALID_ARGUMENT, "Usec");
	check_failed(call(&w, "SetGuestDateTime",
			  LITERAL("\020\377\377\377\377\377\377\377\377\377"
				  "\001")),
		     VMC_CODE_INVALID_ARGUMENT, "SetGuestDateTimeRequest");
	check_failed(call(&w, "AddSwap", LITERAL("\012\002\001\040")),
		     VMC_CODE_INVALID_ARGUMENT, "PCIPath");
	CHECK_EQ_STR(notes.text, "");
	service_world_end(&w);
}

/* As many as there is room for are read; one more is refused by the knob. */
static void check_list(const char *method, unsigned len, unsigned most,
		       const char *entry, size_t entry_len, const char *what)
{
	static uint8_t request[WORLD_WINDOW_SIZE];
	struct vmc_view all = { request, 0 };
	const struct answer *answer;
	unsigned i;

	for (i = 0; i < len; i++) {
		memcpy(request + all.ptr_len, entry, entry_len);
		all.ptr_len += entry_len;
	}
	notes.text[0] = '\0';
	answer = call(&w, method, all);
	if (len <= most)
		CHECK_EQ_INT(answer->code, 0);
	else
		check_failed(answer, VMC_CODE_RESOURCE_EXHAUSTED, what);
}

TEST(lists_are_bounded)
{
	unsigned more;

	begin_noting();
	for (more = 0; more < 2; more++) {
		check_list("AddSwap", VMC_AGENT_SERVICE_SLOT_MAX + more,
			   VMC_AGENT_SERVICE_SLOT_MAX, "\010\001", 2,
			   "AddSwapRequest.PCIPath");
		check_list("UpdateEphemeralMounts",
			   more ? VMC_AGENT_SERVICE_STRUCTS + 1 : 4,
			   VMC_AGENT_SERVICE_STRUCTS, "\012\000", 2,
			   "storages");
	}
	check_list("MemHotplugByProbe", VMC_AGENT_SERVICE_LIST_MAX + 1,
		   VMC_AGENT_SERVICE_LIST_MAX, "\010\001", 2,
		   "VMC_AGENT_SERVICE_LIST_MAX");
	CHECK_EQ_STR(notes.text, "");
	check_list("CreateSandbox", VMC_AGENT_SERVICE_LIST_MAX + 1,
		   VMC_AGENT_SERVICE_LIST_MAX, "\022\001a", 3, "dns");
	CHECK_EQ_STR(notes.text, "");
	check_list("CreateSandbox", VMC_AGENT_SERVICE_LIST_MAX,
		   VMC_AGENT_SERVICE_LIST_MAX, "\022\001a", 3, "dns");
	check_alive(&w);
	service_world_end(&w);
}

TEST(output_is_limited_to_the_room_for_it)
{
	begin_noting();
	call(&w, "ReadStdout", LITERAL(PROCESS "\030\377\377\377\377\017"));
	CHECK_EQ_STR(notes.text, "read_process_stdout ctr ex cap=all");
	service_world_end(&w);
}

/* Route: a tag, a length, destination 1 with a tag and a length. */
#define ROUTES_SIZE                                                            \
	((size_t)VMC_AGENT_ROUTE_MAX * (VMC_AGENT_ADDRESS_SIZE - 1 + 4))

/* With the default knobs every answer has room; with others it is said. */
TEST(answer_that_has_no_room_is_refused)
{
	const struct answer *answer;

	begin_noting();
	notes.much = 1;
	answer = call(&w, "ListRoutes", NOTHING);
	if (ROUTES_SIZE <= VMC_AGENT_SERVICE_DATA_SIZE)
		CHECK_EQ_INT(answer->payload.ptr_len, ROUTES_SIZE);
	else
		check_failed(answer, VMC_CODE_RESOURCE_EXHAUSTED,
			     "VMC_AGENT_SERVICE_DATA_SIZE");
	notes.much = 0;
	CHECK_EQ_INT(call(&w, "ListRoutes", NOTHING)->code, 0);
	service_world_end(&w);
}

/*
 * Failures
 */

TEST(failures_have_codes_and_words)
{
	static const struct {
		enum vmc_status status;
		int code;
		const char *words;
	} fails[] = {
		{ VMC_ERR_UNSUPPORTED, VMC_CODE_UNIMPLEMENTED,
		  "StartContainer: not supported" },
		{ VMC_ERR_NOT_FOUND, VMC_CODE_NOT_FOUND,
		  "StartContainer: not found" },
		{ VMC_ERR_TIMEOUT, VMC_CODE_DEADLINE_EXCEEDED,
		  "StartContainer: deadline passed" },
		{ VMC_ERR_IO, VMC_CODE_INTERNAL,
		  "StartContainer: system error" },
		{ VMC_ERR_PERMISSION, VMC_CODE_PERMISSION_DENIED,
		  "StartContainer: permission denied" },
		{ VMC_ERR_ARGUMENT, VMC_CODE_INVALID_ARGUMENT,
		  "StartContainer: value out of range" },
		{ VMC_ERR_CALL, VMC_CODE_UNKNOWN,
		  "StartContainer: call failed" },
		{ VMC_CLOSED, VMC_CODE_UNAVAILABLE,
		  "StartContainer: closed by the peer" },
	};
	size_t i;

	begin_noting();
	for (i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		notes.status = fails[i].status;
		check_failed(call(&w, "StartContainer", LITERAL(CONTAINER)),
			     fails[i].code, fails[i].words);
	}
	service_world_end(&w);
}

TEST(agents_words_and_code_travel)
{
	begin_noting();
	notes.status = VMC_ERR_CALL;
	notes.words = "no such program: /bin/x";
	notes.code = VMC_CODE_ABORTED;
	check_failed(call(&w, "ExecProcess", LITERAL(PROCESS)),
		     VMC_CODE_ABORTED, "no such program: /bin/x");
	/* a code is for a call that another has refused */
	notes.status = VMC_ERR_NOT_FOUND;
	check_failed(call(&w, "ExecProcess", LITERAL(PROCESS)),
		     VMC_CODE_NOT_FOUND, "no such program: /bin/x");
	/* success is no failure's code, and what is no code does not travel */
	notes.status = VMC_ERR_CALL;
	notes.code = VMC_CODE_OK;
	check_failed(call(&w, "ExecProcess", LITERAL(PROCESS)),
		     VMC_CODE_UNKNOWN, "no such program");
	notes.code = (enum vmc_code)99;
	check_failed(call(&w, "ExecProcess", LITERAL(PROCESS)),
		     VMC_CODE_UNKNOWN, "no such program");
	/* the next call knows nothing of it */
	notes.words = NULL;
	notes.status = VMC_ERR_IO;
	check_failed(call(&w, "Check", NOTHING), VMC_CODE_UNIMPLEMENTED,
		     "method Check");
	check_failed(call(&w, "PauseContainer", NOTHING), VMC_CODE_INTERNAL,
		     "PauseContainer: system error");
	service_world_end(&w);
}

TEST(health_of_an_agent_that_is_ill)
{
	begin_noting();
	notes.status = VMC_ERR_UNAVAILABLE;
	check_failed(call_of(&w, "grpc.Health", "Check", NOTHING),
		     VMC_CODE_UNAVAILABLE, "Check: server is stopping");
	service_world_end(&w);
}

TEST(sections_until_one_fails)
{
	begin_noting();
	notes.status = VMC_ERR_IO;
	check_failed(call(&w, "MemHotplugByProbe", LITERAL("\012\002\001\002")),
		     VMC_CODE_INTERNAL, "MemHotplugByProbe");
	CHECK_EQ_STR(notes.text, "mem_hotplug_by_probe 1 0 0;");
	service_world_end(&w);
}

/* The last call's deadline, from now; 0: none. */
static uint64_t noted_deadline(void)
{
	return notes.deadline_ms == VMC_NEVER ?
		       0 :
		       notes.deadline_ms - w.sim.now_ms;
}

static void ask_remove(const char *timeout, uint64_t timeout_ns)
{
	uint8_t request[16] = CONTAINER;
	struct vmc_view view = { request, 5 + strlen(timeout) };

	memcpy(request + 5, timeout, strlen(timeout));
	ask_within(&w, "grpc.AgentService", "RemoveContainer", view,
		   timeout_ns);
	service_world_settle(&w);
}

TEST(deadlines_are_those_of_the_request)
{
	begin_noting();
	ask_remove("", 0);
	CHECK_EQ_INT(noted_deadline(), 0);
	ask_remove("", 1500000);
	CHECK_EQ_INT(noted_deadline(), 2);
	ask_remove("\020\003", 0);
	CHECK_EQ_INT(noted_deadline(), 3000);
	ask_remove("\020\003", 1000000000);
	CHECK_EQ_INT(noted_deadline(), 1000);
	ask_remove("\020\003", 5000000000);
	CHECK_EQ_INT(noted_deadline(), 3000);
	ask_within(&w, "grpc.AgentService", "MemHotplugByProbe",
		   LITERAL("\012\002\001\002"), 7000000);
	service_world_settle(&w);
	CHECK_EQ_INT(noted_deadline(), 7);
	service_world_end(&w);
}

TEST(version_is_the_configurations)
{
	struct vmc_agent noop = VMC_AGENT_NOOP;
	const struct answer *answer;

	service_world_begin(&w, noop);
	w.config.version = "9.9";
	CHECK_EQ_INT(vmc_agent_service_init(&w.service, &w.config), VMC_OK);
	service_world_connect(&w);
	answer = call_of(&w, "grpc.Health", "Version", NOTHING);
	CHECK(vmc_view_is(pb_find(answer->payload, 2, NULL), "9.9"));
	service_world_end(&w);
}

TESTS(RUN(every_request_arrives_and_is_answered)
      RUN(empty_requests_are_empty)
      RUN(noop_agent_answers_every_method)
      RUN(requests_cut_anywhere)
      RUN(garbage_is_refused_by_name)
      RUN(unknown_fields_are_skipped)
      RUN(values_that_cannot_be_meant_are_refused)
      RUN(lists_are_bounded)
      RUN(output_is_limited_to_the_room_for_it)
      RUN(answer_that_has_no_room_is_refused)
      RUN(failures_have_codes_and_words)
      RUN(agents_words_and_code_travel)
      RUN(health_of_an_agent_that_is_ill)
      RUN(sections_until_one_fails)
      RUN(deadlines_are_those_of_the_request)
      RUN(version_is_the_configurations));
