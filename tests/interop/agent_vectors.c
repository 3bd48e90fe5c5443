/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages for tests/unit/agent_vectors.py, in hexadecimal:
 *
 *	agent_vectors read    reads lines `NAME HEX`, and writes each message
 *	                      again: `ok HEX`, or `error TEXT`
 *	agent_vectors write   writes one of each: `NAME HEX`
 *
 * Names are Kata's. What is written has in each string, and bytes, the name
 * that Kata's protocol gives to the field; in a number 1000 and the field's;
 * in a list of strings or numbers two, the second with a "2" behind it or
 * 1000 more; in any other list one; a map's key is "key".
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/agent_wire.h"
#include "../unit/hex.h"

#define BYTES_SIZE (4 * 1048576)
#define LINE_SIZE (2 * BYTES_SIZE + 256)
#define ROOM_MAX 4096
#define STRUCTS_MAX 64

#define T(text)                                                                \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}
#define N(number) (1000 + (number))

static uint8_t in[BYTES_SIZE], out[BYTES_SIZE];
static char line[LINE_SIZE];
static struct vmc_error error;
static struct vmc_view room_views[ROOM_MAX];
static union vmc_agent_service_structs room_structs[STRUCTS_MAX];
static struct vmc_message_room room;

/* -- What is written ------------------------------------------------------- */

static const struct vmc_view options[] = { T("options"), T("options2") };
static const struct vmc_view driver_options[] = { T("driver_options"),
						  T("driver_options2") };
static const struct vmc_view gids[] = { T("additionalGids"),
					T("additionalGids2") };
static const struct vmc_view dns[] = { T("dns"), T("dns2") };
static const struct vmc_view parameters[] = { T("parameters"),
					      T("parameters2") };
static const struct vmc_view args[] = { T("Args"), T("Args2") };
static const struct vmc_view env[] = { T("Env"), T("Env2") };

static const struct vmc_storage storage = {
	.driver = T("driver"),
	.driver_options = driver_options,
	.driver_options_len = 2,
	.source = T("source"),
	.fstype = T("fstype"),
	.options = options,
	.options_len = 2,
	.mount_point = T("mount_point"),
	.has_fs_group = 1,
	.fs_group = { N(2), 1 },
	.shared = 1,
};

static const struct vmc_device device = {
	.id = T("id"),
	.type = T("type"),
	.vm_path = T("vm_path"),
	.container_path = T("container_path"),
	.options = options,
	.options_len = 2,
};

static const struct vmc_shared_mount shared_mount = {
	.name = T("name"),
	.source_container = T("src_ctr"),
	.source_path = T("src_path"),
	.container = T("dst_ctr"),
	.path = T("dst_path"),
};

static const struct vmc_kernel_module kernel_module = {
	.name = T("name"),
	.parameters = parameters,
	.parameters_len = 2,
};

static const struct vmc_sandbox sandbox = {
	.id = T("sandbox_id"),
	.hostname = T("hostname"),
	.dns = dns,
	.dns_len = 2,
	.storages = &storage,
	.storages_len = 1,
	.kernel_modules = &kernel_module,
	.kernel_modules_len = 1,
	.guest_hook_path = T("guest_hook_path"),
	.pid_namespace_shared = 1,
};

#define STRING_USER                                                            \
	{                                                                      \
		.uid = T("uid"), .gid = T("gid"), .additional_gids = gids,     \
		.additional_gids_len = 2                                       \
	}

static const struct vmc_container container = {
	.id = T("container_id"),
	.exec_id = T("exec_id"),
	.string_user = STRING_USER,
	.devices = &device,
	.devices_len = 1,
	.storages = &storage,
	.storages_len = 1,
	.shared_mounts = &shared_mount,
	.shared_mounts_len = 1,
	.oci = T("\x0a\x07Version"),
	.ports = { N(9), N(10), N(11) },
	.pid_namespace_shared = 1,
};

static const struct vmc_exec exec = {
	.container_id = T("container_id"),
	.exec_id = T("exec_id"),
	.string_user = STRING_USER,
	.args = args,
	.args_len = 2,
	.env = env,
	.env_len = 2,
	.cwd = T("Cwd"),
	.uid = N(1),
	.gid = N(2),
	.no_new_privileges = 1,
	.terminal = 1,
	.height = N(1),
	.width = N(2),
	.ports = { N(5), N(6), N(7) },
};

static const struct vmc_interface interface = {
	.device = "device",
	.name = "name",
	.address = { { 1, "address", "mask" } },
	.address_len = 1,
	.mtu = N(4),
	.hardware_address = "hwAddr",
	.device_path = "devicePath",
	.type = "type",
	.raw_flags = N(8),
};

static const struct vmc_route route = {
	.destination = "dest",
	.gateway = "gateway",
	.device = "device",
	.source = "source",
	.scope = N(5),
	.family = 1,
	.flags = N(7),
	.mtu = N(8),
};

static const struct vmc_guest_details details = {
	.memory_block_size = N(1),
	.memory_hotplug_probe = 1,
	.version = "version",
	.init_daemon = 1,
	.supports_seccomp = 1,
	.device_handlers = { 2, { "device_handlers", "device_handlers2" } },
	.storage_handlers = { 2, { "storage_handlers", "storage_handlers2" } },
	.extra_features = { 2, { "extra_features", "extra_features2" } },
};

#define BLKIO                                                                  \
	{                                                                      \
		1,                                                             \
		{                                                              \
			{                                                      \
				N(1), N(2), "op", N(4)                         \
			}                                                      \
		}                                                              \
	}

static const struct vmc_container_stats stats = {
	.cpu_total = N(1),
	.cpu_kernel = N(3),
	.cpu_user = N(4),
	.per_cpu = { N(2), 1000 + N(2) },
	.per_cpu_len = 2,
	.throttling_periods = N(1),
	.throttled_periods = N(2),
	.throttled_time = N(3),
	.memory_cache = N(1),
	.memory = { N(1), N(2), N(3), N(4) },
	.swap = { N(1), N(2), N(3), N(4) },
	.kernel_memory = { N(1), N(2), N(3), N(4) },
	.memory_use_hierarchy = 1,
	.memory_stat = { { "key", N(2) } },
	.memory_stat_len = 1,
	.pids_current = N(1),
	.pids_limit = N(2),
	.blkio = { BLKIO, BLKIO, BLKIO, BLKIO, BLKIO, BLKIO, BLKIO, BLKIO },
	.hugetlb = { { "key", N(1), N(2), N(3) } },
	.hugetlb_len = 1,
	.network = { { "name", N(2), N(3), N(4), N(5), N(6), N(7), N(8),
		       N(9) } },
	.network_len = 1,
};

/* -- Those that have functions of their own -------------------------------- */

static enum vmc_status read_sandbox(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_sandbox read;
	enum vmc_status status;

	status = agent_read_sandbox(bytes, &read, &room, &error);
	if (status == VMC_OK)
		agent_write_sandbox(w, &read);
	return status;
}

static void write_sandbox(struct vmc_writer *w)
{
	agent_write_sandbox(w, &sandbox);
}

static enum vmc_status read_container(struct vmc_view bytes,
				      struct vmc_writer *w)
{
	struct vmc_container read;
	enum vmc_status status;

	status = agent_read_container(bytes, &read, &room, &error);
	if (status != VMC_OK)
		return status;
	agent_write_container(w, &read);
	vmc_put_bytes(w, read.oci);
	return VMC_OK;
}

static void write_container(struct vmc_writer *w)
{
	agent_write_container(w, &container);
	vmc_put_bytes(w, container.oci);
}

static enum vmc_status read_exec(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_exec read;
	enum vmc_status status;

	status = agent_read_exec(bytes, &read, &room, &error);
	if (status == VMC_OK)
		agent_write_exec(w, &read);
	return status;
}

static void write_exec(struct vmc_writer *w)
{
	agent_write_exec(w, &exec);
}

static enum vmc_status read_mounts(struct vmc_view bytes, struct vmc_writer *w)
{
	const struct vmc_storage *read;
	enum vmc_status status;
	size_t len;

	status = agent_read_storages(bytes, &read, &len, &room, &error);
	if (status == VMC_OK)
		agent_write_storages(w, read, len);
	return status;
}

static void write_mounts(struct vmc_writer *w)
{
	agent_write_storages(w, &storage, 1);
}

static enum vmc_status read_interface(struct vmc_view bytes,
				      struct vmc_writer *w)
{
	struct vmc_interface read;
	enum vmc_status status;

	status = agent_read_interface(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_interface(w, &read);
	return status;
}

static void write_interface(struct vmc_writer *w)
{
	agent_write_interface(w, &interface);
}

static enum vmc_status read_interfaces(struct vmc_view bytes,
				       struct vmc_writer *w)
{
	static struct vmc_interfaces read;
	enum vmc_status status;

	status = agent_read_interfaces(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_interfaces(w, &read);
	return status;
}

static void write_interfaces(struct vmc_writer *w)
{
	static struct vmc_interfaces interfaces;

	interfaces.interface[0] = interface;
	interfaces.interface_len = 1;
	agent_write_interfaces(w, &interfaces);
}

static enum vmc_status read_update_interface(struct vmc_view bytes,
					     struct vmc_writer *w)
{
	struct vmc_interface read;
	enum vmc_status status;

	status = agent_read_update_interface(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_update_interface(w, &read);
	return status;
}

static void write_update_interface(struct vmc_writer *w)
{
	agent_write_update_interface(w, &interface);
}

static enum vmc_status read_routes(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_routes read;
	enum vmc_status status;

	status = agent_read_routes(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_routes(w, &read);
	return status;
}

static void write_routes(struct vmc_writer *w)
{
	static struct vmc_routes routes;

	routes.route[0] = route;
	routes.route_len = 1;
	agent_write_routes(w, &routes);
}

static enum vmc_status read_update_routes(struct vmc_view bytes,
					  struct vmc_writer *w)
{
	const struct vmc_route *read;
	enum vmc_status status;
	size_t len;

	status = agent_read_update_routes(bytes, &read, &len, &room, &error);
	if (status == VMC_OK)
		agent_write_update_routes(w, read, len);
	return status;
}

static void write_update_routes(struct vmc_writer *w)
{
	agent_write_update_routes(w, &route, 1);
}

static enum vmc_status read_details(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_guest_details read;
	enum vmc_status status;

	status = agent_read_details(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_details(w, &read);
	return status;
}

static void write_details(struct vmc_writer *w)
{
	agent_write_details(w, &details);
}

static enum vmc_status read_stats(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_container_stats read;
	enum vmc_status status;

	status = agent_read_stats(bytes, &read, &error);
	if (status == VMC_OK)
		agent_write_stats(w, &read);
	return status;
}

static void write_stats(struct vmc_writer *w)
{
	agent_write_stats(w, &stats);
}

static const struct special {
	const char *name;
	enum vmc_status (*read)(struct vmc_view bytes, struct vmc_writer *w);
	void (*write)(struct vmc_writer *w);
} specials[] = {
	{ "CreateContainerRequest", read_container, write_container },
	{ "CreateSandboxRequest", read_sandbox, write_sandbox },
	{ "ExecProcessRequest", read_exec, write_exec },
	{ "GuestDetailsResponse", read_details, write_details },
	{ "Interface", read_interface, write_interface },
	{ "Interfaces", read_interfaces, write_interfaces },
	{ "Routes", read_routes, write_routes },
	{ "StatsContainerResponse", read_stats, write_stats },
	{ "UpdateEphemeralMountsRequest", read_mounts, write_mounts },
	{ "UpdateInterfaceRequest", read_update_interface,
	  write_update_interface },
	{ "UpdateRoutesRequest", read_update_routes, write_update_routes },
};

#define SPECIALS (sizeof(specials) / sizeof(*specials))

/* -- Those without -------------------------------------------------------- */

static const struct vmc_view container_view = T("container_id");
static const struct vmc_view data_view = T("data");
static const struct vmc_view metrics_view = T("metrics");
static const struct vmc_view policy_view = T("policy");
static const struct vmc_view check_request = T("service");

#define PROCESS T("container_id"), T("exec_id")
static const struct vmc_request process_request = { PROCESS, { 0 }, 0, 0 };
static const struct vmc_request remove_request = { PROCESS, { 0 }, N(2), 0 };
static const struct vmc_request signal_request = { PROCESS, { 0 }, N(3), 0 };
static const struct vmc_request read_request = { PROCESS, { 0 }, N(3), 0 };
static const struct vmc_request winsize_request = {
	PROCESS, { 0 }, N(3), N(4)
};
static const struct vmc_request update_request = { PROCESS,
						   T("\x12\x03\x08\xe9\x07"), 0,
						   0 };
static const struct vmc_request write_request = { PROCESS, T("data"), 0, 0 };

static const struct vmc_online_request online_request = { N(2), 1, 1 };
static const struct vmc_details_request details_request = { 1, 1 };
static const struct vmc_wall time_request = { N(1), N(2) };
static const struct vmc_file_piece copy_request = { T("path"), N(2),     N(3),
						    N(4),      N(5),     N(6),
						    N(7),      T("data") };
static const struct vmc_volume_request volume_request = {
	T("volume_guest_path"), N(2)
};
static const struct vmc_iptables_request tables_request = { T("data"), 1 };
static const struct vmc_probe_request probe_request = { 2,
							{ N(1), 1000 + N(1) } };
static const struct vmc_swap_request swap_request = { 2,
						      { N(1), 1000 + N(1) } };

static const int32_t wait_response = N(1);
static const size_t write_response = N(1);
static const struct vmc_oom_event oom_event = { "container_id" };
static const struct vmc_health check_response = { 1 };
static const struct vmc_version version_response = { T("grpc_version"),
						     T("agent_version") };

static const struct plain {
	const char *name;
	const struct vmc_message *message;
	const void *from;
} plains[] = {
	{ "AddSwapRequest", &vmc_message_AddSwapRequest, &swap_request },
	{ "CheckRequest", &vmc_message_CheckRequest, &check_request },
	{ "CloseStdinRequest", &vmc_message_ProcessRequest, &process_request },
	{ "CopyFileRequest", &vmc_message_CopyFileRequest, &copy_request },
	{ "GetIPTablesRequest", &vmc_message_GetIPTablesRequest,
	  &tables_request },
	{ "GetIPTablesResponse", &vmc_message_DataResponse, &data_view },
	{ "GuestDetailsRequest", &vmc_message_GuestDetailsRequest,
	  &details_request },
	{ "HealthCheckResponse", &vmc_message_HealthCheckResponse,
	  &check_response },
	{ "MemHotplugByProbeRequest", &vmc_message_MemHotplugByProbeRequest,
	  &probe_request },
	{ "Metrics", &vmc_message_DataResponse, &metrics_view },
	{ "OOMEvent", &vmc_message_OOMEvent, &oom_event },
	{ "OnlineCPUMemRequest", &vmc_message_OnlineCPUMemRequest,
	  &online_request },
	{ "PauseContainerRequest", &vmc_message_ContainerRequest,
	  &container_view },
	{ "ReadStreamRequest", &vmc_message_ReadStreamRequest, &read_request },
	{ "ReadStreamResponse", &vmc_message_DataResponse, &data_view },
	{ "RemoveContainerRequest", &vmc_message_RemoveContainerRequest,
	  &remove_request },
	{ "ReseedRandomDevRequest", &vmc_message_ReseedRandomDevRequest,
	  &data_view },
	{ "ResizeVolumeRequest", &vmc_message_ResizeVolumeRequest,
	  &volume_request },
	{ "ResumeContainerRequest", &vmc_message_ContainerRequest,
	  &container_view },
	{ "SetGuestDateTimeRequest", &vmc_message_SetGuestDateTimeRequest,
	  &time_request },
	{ "SetIPTablesRequest", &vmc_message_SetIPTablesRequest,
	  &tables_request },
	{ "SetIPTablesResponse", &vmc_message_DataResponse, &data_view },
	{ "SetPolicyRequest", &vmc_message_SetPolicyRequest, &policy_view },
	{ "SignalProcessRequest", &vmc_message_SignalProcessRequest,
	  &signal_request },
	{ "StartContainerRequest", &vmc_message_ContainerRequest,
	  &container_view },
	{ "StatsContainerRequest", &vmc_message_ContainerRequest,
	  &container_view },
	{ "TtyWinResizeRequest", &vmc_message_TtyWinResizeRequest,
	  &winsize_request },
	{ "UpdateContainerRequest", &vmc_message_UpdateContainerRequest,
	  &update_request },
	{ "VersionCheckResponse", &vmc_message_VersionCheckResponse,
	  &version_response },
	{ "VolumeStatsRequest", &vmc_message_VolumeStatsRequest,
	  &volume_request },
	{ "WaitProcessRequest", &vmc_message_ProcessRequest, &process_request },
	{ "WaitProcessResponse", &vmc_message_WaitProcessResponse,
	  &wait_response },
	{ "WriteStreamRequest", &vmc_message_WriteStreamRequest,
	  &write_request },
	{ "WriteStreamResponse", &vmc_message_WriteStreamResponse,
	  &write_response },
};

#define PLAINS (sizeof(plains) / sizeof(*plains))

static enum vmc_status read_plain(const struct plain *plain,
				  struct vmc_view bytes, struct vmc_writer *w)
{
	union vmc_agent_service_request request;
	enum vmc_status status =
		vmc_message_read(bytes, plain->message, &request, NULL, &error);

	if (status == VMC_OK)
		vmc_put_bytes(w,
			      vmc_message_write(w, plain->message, &request));
	return status;
}

/* -- Lines ----------------------------------------------------------------- */

static void print_hex(const char *word, const struct vmc_writer *w)
{
	size_t i;

	if (w->fail)
		abort();
	printf("%s ", word);
	for (i = 0; i < w->len; i++)
		printf("%02x", w->begin[i]);
	printf("\n");
}

static enum vmc_status read_by_name(const char *name, struct vmc_view bytes,
				    struct vmc_writer *w)
{
	size_t i;

	for (i = 0; i < SPECIALS; i++) {
		if (!strcmp(specials[i].name, name))
			return specials[i].read(bytes, w);
	}
	for (i = 0; i < PLAINS; i++) {
		if (!strcmp(plains[i].name, name))
			return read_plain(plains + i, bytes, w);
	}
	return vmc_error_set(&error, VMC_ERR_NOT_FOUND, "no such message",
			     name);
}

static void open_room(void)
{
	room = (struct vmc_message_room){
		.views = room_views,
		.cap = ROOM_MAX,
		.structs = room_structs,
		.structs_size = sizeof(room_structs),
		.structs_max = STRUCTS_MAX,
	};
}

static void read_line(void)
{
	char *name = strtok(line, " \n"), *digits = strtok(NULL, " \n");
	struct vmc_view bytes = { in, digits ? from_hex(digits, in) : 0 };
	struct vmc_writer w;

	open_room();
	vmc_error_reset(&error);
	vmc_writer_init(&w, out, sizeof(out));
	if (read_by_name(name, bytes, &w) == VMC_OK)
		print_hex("ok", &w);
	else
		printf("error %s\n", error.text);
}

static void write_all(void)
{
	struct vmc_writer w;
	size_t i;

	for (i = 0; i < SPECIALS; i++) {
		vmc_writer_init(&w, out, sizeof(out));
		specials[i].write(&w);
		print_hex(specials[i].name, &w);
	}
	for (i = 0; i < PLAINS; i++) {
		vmc_writer_init(&w, out, sizeof(out));
		vmc_put_bytes(&w, vmc_message_write(&w, plains[i].message,
						    plains[i].from));
		print_hex(plains[i].name, &w);
	}
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	if (argc == 2 && !strcmp(argv[1], "write"))
		write_all();
	else if (argc == 2 && !strcmp(argv[1], "read"))
		while (fgets(line, sizeof(line), stdin))
			read_line();
	else
		return 2;
	return 0;
}
