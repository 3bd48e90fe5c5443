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

#include "agent.pb.h"
#include "health.pb.h"
#include "../unit/hex.h"

#include "../../src/wire/agent_pbio.h"

#define BYTES_SIZE (4 * 1048576)
#define LINE_SIZE (2 * BYTES_SIZE + 256)
#define ROOM_MAX 4096
#define STRUCTS_MAX 64
#define MESSAGE_SIZE 512

#define T(text)                                                                \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}
#define N(number) (1000 + (number))

static uint8_t in[BYTES_SIZE], out[BYTES_SIZE];
static char line[LINE_SIZE];
static struct vmc_error error;
static struct vmc_view room_views[ROOM_MAX];
static struct vmc_storage room_storages[STRUCTS_MAX];
static struct vmc_device room_devices[STRUCTS_MAX];
static struct vmc_shared_mount room_shared_mounts[STRUCTS_MAX];
static struct vmc_kernel_module room_kernel_modules[STRUCTS_MAX];
static struct vmc_route room_routes[STRUCTS_MAX];
static struct vmc_agent_request_room room;

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
	.fs_group_id = N(2),
	.fs_group_change_policy = 1,
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
	.device_handlers = { { "device_handlers", "device_handlers2" }, 2 },
	.storage_handlers = { { "storage_handlers", "storage_handlers2" }, 2 },
	.extra_features = { { "extra_features", "extra_features2" }, 2 },
};

#define BLKIO                                                                  \
	{                                                                      \
		{ { N(1), N(2), "op", N(4) } }, 1                              \
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

	status = vmc_agent_read_sandbox(bytes, &read, &room, &error);
	if (status == VMC_OK)
		vmc_agent_write_sandbox(w, &read);
	return status;
}

static void write_sandbox(struct vmc_writer *w)
{
	vmc_agent_write_sandbox(w, &sandbox);
}

static enum vmc_status read_container(struct vmc_view bytes,
				      struct vmc_writer *w)
{
	struct vmc_container read;
	enum vmc_status status;

	status = vmc_agent_read_container(bytes, &read, &room, &error);
	if (status != VMC_OK)
		return status;
	vmc_agent_write_container(w, &read);
	vmc_put_bytes(w, read.oci);
	return VMC_OK;
}

static void write_container(struct vmc_writer *w)
{
	vmc_agent_write_container(w, &container);
	vmc_put_bytes(w, container.oci);
}

static enum vmc_status read_exec(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_exec read;
	enum vmc_status status;

	status = vmc_agent_read_exec(bytes, &read, &room, &error);
	if (status == VMC_OK)
		vmc_agent_write_exec(w, &read);
	return status;
}

static void write_exec(struct vmc_writer *w)
{
	vmc_agent_write_exec(w, &exec);
}

static enum vmc_status read_mounts(struct vmc_view bytes, struct vmc_writer *w)
{
	const struct vmc_storage *read;
	enum vmc_status status;
	size_t len;

	status = vmc_agent_read_storages(bytes, &read, &len, &room, &error);
	if (status == VMC_OK)
		vmc_agent_write_storages(w, read, len);
	return status;
}

static void write_mounts(struct vmc_writer *w)
{
	vmc_agent_write_storages(w, &storage, 1);
}

static enum vmc_status read_interface(struct vmc_view bytes,
				      struct vmc_writer *w)
{
	struct vmc_interface read;
	enum vmc_status status;

	status = vmc_agent_read_interface(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_interface(w, &read);
	return status;
}

static void write_interface(struct vmc_writer *w)
{
	vmc_agent_write_interface(w, &interface);
}

static enum vmc_status read_interfaces(struct vmc_view bytes,
				       struct vmc_writer *w)
{
	static struct vmc_interfaces read;
	enum vmc_status status;

	status = vmc_agent_read_interfaces(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_interfaces(w, &read);
	return status;
}

static void write_interfaces(struct vmc_writer *w)
{
	static struct vmc_interfaces interfaces;

	interfaces.interface[0] = interface;
	interfaces.interface_len = 1;
	vmc_agent_write_interfaces(w, &interfaces);
}

static enum vmc_status read_update_interface(struct vmc_view bytes,
					     struct vmc_writer *w)
{
	struct vmc_interface read;
	enum vmc_status status;

	status = vmc_agent_read_update_interface(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_update_interface(w, &read);
	return status;
}

static void write_update_interface(struct vmc_writer *w)
{
	vmc_agent_write_update_interface(w, &interface);
}

static enum vmc_status read_routes(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_routes read;
	enum vmc_status status;

	status = vmc_agent_read_routes(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_routes(w, &read);
	return status;
}

static void write_routes(struct vmc_writer *w)
{
	static struct vmc_routes routes;

	routes.route[0] = route;
	routes.route_len = 1;
	vmc_agent_write_routes(w, &routes);
}

static enum vmc_status read_update_routes(struct vmc_view bytes,
					  struct vmc_writer *w)
{
	const struct vmc_route *read;
	enum vmc_status status;
	size_t len;

	status =
		vmc_agent_read_update_routes(bytes, &read, &len, &room, &error);
	if (status == VMC_OK)
		vmc_agent_write_update_routes(w, read, len);
	return status;
}

static void write_update_routes(struct vmc_writer *w)
{
	vmc_agent_write_update_routes(w, &route, 1);
}

static enum vmc_status read_details(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_guest_details read;
	enum vmc_status status;

	status = vmc_agent_read_details(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_details(w, &read);
	return status;
}

static void write_details(struct vmc_writer *w)
{
	vmc_agent_write_details(w, &details);
}

static enum vmc_status read_stats(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_container_stats read;
	enum vmc_status status;

	status = vmc_agent_read_stats(bytes, &read, &error);
	if (status == VMC_OK)
		vmc_agent_write_stats(w, &read);
	return status;
}

static void write_stats(struct vmc_writer *w)
{
	vmc_agent_write_stats(w, &stats);
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

/* -- Those that are generated structs -------------------------------------- */

static const vmc_grpc_ContainerRequest container_request = { T(
	"container_id") };
static const vmc_grpc_ProcessRequest process_request = { T("container_id"),
							 T("exec_id") };
static const vmc_grpc_DataResponse data_response = { T("data") };
static const vmc_grpc_RemoveContainerRequest remove_request = {
	T("container_id"), N(2)
};
static const vmc_grpc_SignalProcessRequest signal_request = { T("container_id"),
							      T("exec_id"),
							      N(3) };
static const vmc_grpc_WaitProcessResponse wait_response = { N(1) };
static const vmc_grpc_UpdateContainerRequest update_request = {
	T("container_id"), T("\x12\x03\x08\xe9\x07")
};
static const vmc_grpc_WriteStreamRequest write_request = { T("container_id"),
							   T("exec_id"),
							   T("data") };
static const vmc_grpc_WriteStreamResponse write_response = { N(1) };
static const vmc_grpc_ReadStreamRequest read_request = { T("container_id"),
							 T("exec_id"), N(3) };
static const vmc_grpc_ReadStreamResponse read_response = { T("data") };
static const vmc_grpc_TtyWinResizeRequest winsize_request = { T("container_id"),
							      T("exec_id"),
							      N(3), N(4) };
static const vmc_grpc_OnlineCPUMemRequest online_request = { true, N(2), true };
static const vmc_grpc_ReseedRandomDevRequest reseed_request = { T("data") };
static const vmc_grpc_GuestDetailsRequest details_request = { true, true };
static const vmc_grpc_SetGuestDateTimeRequest time_request = { N(1), N(2) };
static const vmc_grpc_CopyFileRequest copy_request = {
	T("path"), N(2), N(3), N(4), N(5), N(6), N(7), T("data")
};
static const vmc_grpc_OOMEvent oom_event = { T("container_id") };
static const vmc_grpc_Metrics metrics = { T("metrics") };
static const vmc_grpc_VolumeStatsRequest volume_request = { T(
	"volume_guest_path") };
static const vmc_grpc_ResizeVolumeRequest resize_request = {
	T("volume_guest_path"), N(2)
};
static const vmc_grpc_SetPolicyRequest policy_request = { T("policy") };
static const vmc_grpc_GetIPTablesRequest get_tables_request = { true };
static const vmc_grpc_SetIPTablesRequest set_tables_request = { true,
								T("data") };
static const vmc_grpc_CheckRequest check_request = { T("service") };
static const vmc_grpc_HealthCheckResponse check_response = {
	vmc_grpc_HealthCheckResponse_ServingStatus_SERVING
};
static const vmc_grpc_VersionCheckResponse version_response = {
	T("grpc_version"), T("agent_version")
};

static const uint64_t probe_numbers[] = { N(1), 1000 + N(1) };
static const uint32_t swap_numbers[] = { N(1), 1000 + N(1) };
static const vmc_grpc_MemHotplugByProbeRequest probe_request = {
	{ &vmc_list_u64, (void *)probe_numbers, 2, 0, NULL }
};
static const vmc_grpc_AddSwapRequest swap_request = {
	{ &vmc_list_u32, (void *)swap_numbers, 2, 0, NULL }
};

/* Of those with a list, that is all that is in them. */
static const struct plain {
	const char *name;
	const struct pb_msgdesc_s *fields;
	const void *message;
	const struct vmc_list_type *list;
} plains[] = {
	{ "AddSwapRequest", vmc_grpc_AddSwapRequest_fields, &swap_request,
	  &vmc_list_u32 },
	{ "CheckRequest", vmc_grpc_CheckRequest_fields, &check_request, NULL },
	{ "CloseStdinRequest", vmc_grpc_ProcessRequest_fields, &process_request,
	  NULL },
	{ "CopyFileRequest", vmc_grpc_CopyFileRequest_fields, &copy_request,
	  NULL },
	{ "GetIPTablesRequest", vmc_grpc_GetIPTablesRequest_fields,
	  &get_tables_request, NULL },
	{ "GetIPTablesResponse", vmc_grpc_DataResponse_fields, &data_response,
	  NULL },
	{ "GuestDetailsRequest", vmc_grpc_GuestDetailsRequest_fields,
	  &details_request, NULL },
	{ "HealthCheckResponse", vmc_grpc_HealthCheckResponse_fields,
	  &check_response, NULL },
	{ "MemHotplugByProbeRequest", vmc_grpc_MemHotplugByProbeRequest_fields,
	  &probe_request, &vmc_list_u64 },
	{ "Metrics", vmc_grpc_Metrics_fields, &metrics, NULL },
	{ "OOMEvent", vmc_grpc_OOMEvent_fields, &oom_event, NULL },
	{ "OnlineCPUMemRequest", vmc_grpc_OnlineCPUMemRequest_fields,
	  &online_request, NULL },
	{ "PauseContainerRequest", vmc_grpc_ContainerRequest_fields,
	  &container_request, NULL },
	{ "ReadStreamRequest", vmc_grpc_ReadStreamRequest_fields, &read_request,
	  NULL },
	{ "ReadStreamResponse", vmc_grpc_ReadStreamResponse_fields,
	  &read_response, NULL },
	{ "RemoveContainerRequest", vmc_grpc_RemoveContainerRequest_fields,
	  &remove_request, NULL },
	{ "ReseedRandomDevRequest", vmc_grpc_ReseedRandomDevRequest_fields,
	  &reseed_request, NULL },
	{ "ResizeVolumeRequest", vmc_grpc_ResizeVolumeRequest_fields,
	  &resize_request, NULL },
	{ "ResumeContainerRequest", vmc_grpc_ContainerRequest_fields,
	  &container_request, NULL },
	{ "SetGuestDateTimeRequest", vmc_grpc_SetGuestDateTimeRequest_fields,
	  &time_request, NULL },
	{ "SetIPTablesRequest", vmc_grpc_SetIPTablesRequest_fields,
	  &set_tables_request, NULL },
	{ "SetIPTablesResponse", vmc_grpc_DataResponse_fields, &data_response,
	  NULL },
	{ "SetPolicyRequest", vmc_grpc_SetPolicyRequest_fields, &policy_request,
	  NULL },
	{ "SignalProcessRequest", vmc_grpc_SignalProcessRequest_fields,
	  &signal_request, NULL },
	{ "StartContainerRequest", vmc_grpc_ContainerRequest_fields,
	  &container_request, NULL },
	{ "StatsContainerRequest", vmc_grpc_ContainerRequest_fields,
	  &container_request, NULL },
	{ "TtyWinResizeRequest", vmc_grpc_TtyWinResizeRequest_fields,
	  &winsize_request, NULL },
	{ "UpdateContainerRequest", vmc_grpc_UpdateContainerRequest_fields,
	  &update_request, NULL },
	{ "VersionCheckResponse", vmc_grpc_VersionCheckResponse_fields,
	  &version_response, NULL },
	{ "VolumeStatsRequest", vmc_grpc_VolumeStatsRequest_fields,
	  &volume_request, NULL },
	{ "WaitProcessRequest", vmc_grpc_ProcessRequest_fields,
	  &process_request, NULL },
	{ "WaitProcessResponse", vmc_grpc_WaitProcessResponse_fields,
	  &wait_response, NULL },
	{ "WriteStreamRequest", vmc_grpc_WriteStreamRequest_fields,
	  &write_request, NULL },
	{ "WriteStreamResponse", vmc_grpc_WriteStreamResponse_fields,
	  &write_response, NULL },
};

#define PLAINS (sizeof(plains) / sizeof(*plains))

static enum vmc_status read_plain(const struct plain *plain,
				  struct vmc_view bytes, struct vmc_writer *w)
{
	static uint64_t numbers[ROOM_MAX];
	union {
		struct vmc_list list;
		uint8_t bytes[MESSAGE_SIZE];
	} message;
	enum vmc_status status;

	memset(&message, 0, sizeof(message));
	if (plain->list)
		message.list = (struct vmc_list){ plain->list, numbers, 0,
						  ROOM_MAX, "numbers: N" };
	status = vmc_message_read(bytes, plain->name, plain->fields, &message,
				  NULL, &error);
	if (status == VMC_OK)
		vmc_message_write(w, plain->fields, &message);
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
	room = (struct vmc_agent_request_room){
		.views = { room_views, ROOM_MAX, 0 },
		.storages = room_storages,
		.devices = room_devices,
		.shared_mounts = room_shared_mounts,
		.kernel_modules = room_kernel_modules,
		.routes = room_routes,
		.storages_cap = STRUCTS_MAX,
		.devices_cap = STRUCTS_MAX,
		.shared_mounts_cap = STRUCTS_MAX,
		.kernel_modules_cap = STRUCTS_MAX,
		.routes_cap = STRUCTS_MAX,
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
		vmc_message_write(&w, plains[i].fields, plains[i].message);
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
