/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages: tables, and nothing else. How to read a row:
 * message_fields.h.
 */
#include "agent_messages.h"

#include "message_fields.h"

#include "agent.pb.h"
#include "health.pb.h"

/* What is only in others. */
#define INNER(M, S, ROWS)                                                      \
	extern const struct vmc_message vmc_message_##M;                       \
	VMC_MESSAGE_BIND(M, S, ROWS)
#define INNER_FLAT(M, S, ROWS)                                                 \
	extern const struct vmc_message vmc_message_##M;                       \
	VMC_MESSAGE_BIND_FLAT(M, S, ROWS)

/* A message that is one number, or one view. */
struct number {
	int32_t number;
};
struct length {
	size_t len;
};
struct view {
	struct vmc_view view;
};

/* -- Containers ------------------------------------------------------------ */

#define STRING_USER(X, S, M)                                                   \
	X(S, M, VIEW, uid, uid, )                                              \
	X(S, M, VIEW, gid, gid, )                                              \
	X(S, M, VIEWS, additionalGids, additional_gids, )
INNER_FLAT(StringUser, struct vmc_string_user, STRING_USER);

#define DEVICE(X, S, M)                                                        \
	X(S, M, VIEW, id, id, )                                                \
	X(S, M, VIEW, type, type, )                                            \
	X(S, M, VIEW, vm_path, vm_path, )                                      \
	X(S, M, VIEW, container_path, container_path, )                        \
	X(S, M, VIEWS, options, options, )
INNER_FLAT(Device, struct vmc_device, DEVICE);

#define FS_GROUP(X, S, M)                                                      \
	X(S, M, NUMBER, group_id, id, )                                        \
	X(S, M, NUMBER, group_change_policy, change_policy, )
INNER_FLAT(FSGroup, struct vmc_fs_group, FS_GROUP);

#define STORAGE(X, S, M)                                                       \
	X(S, M, VIEW, driver, driver, )                                        \
	X(S, M, VIEWS, driver_options, driver_options, )                       \
	X(S, M, VIEW, source, source, )                                        \
	X(S, M, VIEW, fstype, fstype, )                                        \
	X(S, M, VIEWS, options, options, )                                     \
	X(S, M, VIEW, mount_point, mount_point, )                              \
	X(S, M, PART_HAS, fs_group, fs_group, FSGroup)                         \
	X(S, M, FLAG, shared, shared, )
INNER(Storage, struct vmc_storage, STORAGE);

#define SHARED_MOUNT(X, S, M)                                                  \
	X(S, M, VIEW, name, name, )                                            \
	X(S, M, VIEW, src_ctr, source_container, )                             \
	X(S, M, VIEW, src_path, source_path, )                                 \
	X(S, M, VIEW, dst_ctr, container, )                                    \
	X(S, M, VIEW, dst_path, path, )
INNER_FLAT(SharedMount, struct vmc_shared_mount, SHARED_MOUNT);

#define CREATE_CONTAINER(X, S, M)                                              \
	X(S, M, VIEW, container_id, id, )                                      \
	X(S, M, VIEW, exec_id, exec_id, )                                      \
	X(S, M, PART_ANY, string_user, string_user, StringUser)                \
	X(S, M, STRUCTS, devices, devices, Device)                             \
	X(S, M, STRUCTS, storages, storages, Storage)                          \
	X(S, M, TAIL, OCI, oci, )                                              \
	X(S, M, FLAG, sandbox_pidns, pid_namespace_shared, )                   \
	X(S, M, STRUCTS, shared_mounts, shared_mounts, SharedMount)            \
	X(S, M, NUMBER, stdin_port, ports.stdin_port, )                        \
	X(S, M, NUMBER, stdout_port, ports.stdout_port, )                      \
	X(S, M, NUMBER, stderr_port, ports.stderr_port, )
VMC_MESSAGE_BIND(CreateContainerRequest, struct vmc_container,
		 CREATE_CONTAINER);

#define CONTAINER(X, S, M) X(S, M, VIEW, container_id, view, )
VMC_MESSAGE_BIND_FLAT(ContainerRequest, struct view, CONTAINER);

#define REMOVE_CONTAINER(X, S, M)                                              \
	X(S, M, VIEW, container_id, container_id, )                            \
	X(S, M, NUMBER, timeout, a, )
VMC_MESSAGE_BIND_FLAT(RemoveContainerRequest, struct vmc_request,
		      REMOVE_CONTAINER);

#define UPDATE_CONTAINER(X, S, M)                                              \
	X(S, M, VIEW, container_id, container_id, )                            \
	X(S, M, TAIL, resources, data, )
VMC_MESSAGE_BIND_FLAT(UpdateContainerRequest, struct vmc_request,
		      UPDATE_CONTAINER);

#define UPDATE_MOUNTS(X, S, M) X(S, M, STRUCTS, storages, storages, Storage)
VMC_MESSAGE_BIND(UpdateEphemeralMountsRequest, struct vmc_storages_request,
		 UPDATE_MOUNTS);

/* -- Processes ------------------------------------------------------------- */

#define BOX(X, S, M)                                                           \
	X(S, M, NUMBER, Height, height, )                                      \
	X(S, M, NUMBER, Width, width, )
INNER_FLAT(Box, struct vmc_exec, BOX);

#define USER(X, S, M)                                                          \
	X(S, M, NUMBER, UID, uid, )                                            \
	X(S, M, NUMBER, GID, gid, )
INNER_FLAT(User, struct vmc_exec, USER);

/* Kata's agent wants a user in it, even an empty one. */
#define PROCESS(X, S, M)                                                       \
	X(S, M, FLAG, Terminal, terminal, )                                    \
	X(S, M, SELF_ANY, ConsoleSize, , Box)                                  \
	X(S, M, SELF, User, , User)                                            \
	X(S, M, VIEWS, Args, args, )                                           \
	X(S, M, VIEWS, Env, env, )                                             \
	X(S, M, VIEW, Cwd, cwd, )                                              \
	X(S, M, FLAG, NoNewPrivileges, no_new_privileges, )
INNER(Process, struct vmc_exec, PROCESS);

#define EXEC_PROCESS(X, S, M)                                                  \
	X(S, M, VIEW, container_id, container_id, )                            \
	X(S, M, VIEW, exec_id, exec_id, )                                      \
	X(S, M, PART_ANY, string_user, string_user, StringUser)                \
	X(S, M, SELF, process, , Process)                                      \
	X(S, M, NUMBER, stdin_port, ports.stdin_port, )                        \
	X(S, M, NUMBER, stdout_port, ports.stdout_port, )                      \
	X(S, M, NUMBER, stderr_port, ports.stderr_port, )
VMC_MESSAGE_BIND(ExecProcessRequest, struct vmc_exec, EXEC_PROCESS);

#define PROCESS_REQUEST(X, S, M)                                               \
	X(S, M, VIEW, container_id, container_id, )                            \
	X(S, M, VIEW, exec_id, exec_id, )
VMC_MESSAGE_BIND_FLAT(ProcessRequest, struct vmc_request, PROCESS_REQUEST);

#define SIGNAL_PROCESS(X, S, M)                                                \
	PROCESS_REQUEST(X, S, M)                                               \
	X(S, M, NUMBER, signal, a, )
VMC_MESSAGE_BIND_FLAT(SignalProcessRequest, struct vmc_request, SIGNAL_PROCESS);

#define WAIT_PROCESS(X, S, M) X(S, M, SIGNED, status, number, )
VMC_MESSAGE_BIND_FLAT(WaitProcessResponse, struct number, WAIT_PROCESS);

#define WRITE_STREAM(X, S, M)                                                  \
	PROCESS_REQUEST(X, S, M)                                               \
	X(S, M, TAIL, data, data, )
VMC_MESSAGE_BIND_FLAT(WriteStreamRequest, struct vmc_request, WRITE_STREAM);

#define WRITTEN(X, S, M) X(S, M, NUMBER, len, len, )
VMC_MESSAGE_BIND_FLAT(WriteStreamResponse, struct length, WRITTEN);

#define READ_STREAM(X, S, M)                                                   \
	PROCESS_REQUEST(X, S, M)                                               \
	X(S, M, NUMBER, len, a, )
VMC_MESSAGE_BIND_FLAT(ReadStreamRequest, struct vmc_request, READ_STREAM);

#define TTY_WIN_RESIZE(X, S, M)                                                \
	PROCESS_REQUEST(X, S, M)                                               \
	X(S, M, NUMBER, row, a, )                                              \
	X(S, M, NUMBER, column, b, )
VMC_MESSAGE_BIND_FLAT(TtyWinResizeRequest, struct vmc_request, TTY_WIN_RESIZE);

_Static_assert(vmc_grpc_ReadStreamResponse_data_tag ==
			       vmc_grpc_DataResponse_data_tag &&
		       vmc_grpc_Metrics_metrics_tag ==
			       vmc_grpc_DataResponse_data_tag,
	       "answers of bytes have them in the same place");

#define DATA(X, S, M) X(S, M, TAIL, data, view, )
VMC_MESSAGE_BIND_FLAT(DataResponse, struct view, DATA);

/* -- Statistics ------------------------------------------------------------ */

#define CPU_USAGE(X, S, M)                                                     \
	X(S, M, NUMBER, total_usage, cpu_total, )                              \
	X(S, M, NUMBERS, percpu_usage, per_cpu, CPU_MAX)                       \
	X(S, M, NUMBER, usage_in_kernelmode, cpu_kernel, )                     \
	X(S, M, NUMBER, usage_in_usermode, cpu_user, )
INNER_FLAT(CpuUsage, struct vmc_container_stats, CPU_USAGE);

#define THROTTLING(X, S, M)                                                    \
	X(S, M, NUMBER, periods, throttling_periods, )                         \
	X(S, M, NUMBER, throttled_periods, throttled_periods, )                \
	X(S, M, NUMBER, throttled_time, throttled_time, )
INNER_FLAT(ThrottlingData, struct vmc_container_stats, THROTTLING);

#define CPU(X, S, M)                                                           \
	X(S, M, SELF, cpu_usage, , CpuUsage)                                   \
	X(S, M, SELF, throttling_data, , ThrottlingData)
INNER(CpuStats, struct vmc_container_stats, CPU);

#define PIDS(X, S, M)                                                          \
	X(S, M, NUMBER, current, pids_current, )                               \
	X(S, M, NUMBER, limit, pids_limit, )
INNER_FLAT(PidsStats, struct vmc_container_stats, PIDS);

#define MEMORY_DATA(X, S, M)                                                   \
	X(S, M, NUMBER, usage, usage, )                                        \
	X(S, M, NUMBER, max_usage, max_usage, )                                \
	X(S, M, NUMBER, failcnt, failures, )                                   \
	X(S, M, NUMBER, limit, limit, )
INNER_FLAT(MemoryData, struct vmc_memory_usage, MEMORY_DATA);

#define MEMORY_STAT(X, S, M)                                                   \
	X(S, M, TEXT, key, name, NAME_SIZE)                                    \
	X(S, M, NUMBER, value, value, )
INNER_FLAT(MemoryStatEntry, struct vmc_memory_stat, MEMORY_STAT);

#define MEMORY(X, S, M)                                                        \
	X(S, M, NUMBER, cache, memory_cache, )                                 \
	X(S, M, PART, usage, memory, MemoryData)                               \
	X(S, M, PART, swap_usage, swap, MemoryData)                            \
	X(S, M, PART, kernel_usage, kernel_memory, MemoryData)                 \
	X(S, M, FLAG, use_hierarchy, memory_use_hierarchy, )                   \
	X(S, M, ARRAY, stats, memory_stat, MemoryStatEntry, MEMORY_STAT_MAX)
INNER(MemoryStats, struct vmc_container_stats, MEMORY);

#define BLKIO_STAT(X, S, M)                                                    \
	X(S, M, NUMBER, major, major, )                                        \
	X(S, M, NUMBER, minor, minor, )                                        \
	X(S, M, TEXT, op, operation, NAME_SIZE)                                \
	X(S, M, NUMBER, value, value, )
INNER_FLAT(BlkioStatsEntry, struct vmc_blkio_stat, BLKIO_STAT);

#define BLKIO_LIST(X, S, M, field, list)                                       \
	X(S, M, ARRAY, field, blkio[list].stat, BlkioStatsEntry, BLKIO_MAX)
#define BLKIO(X, S, M)                                                         \
	BLKIO_LIST(X, S, M, io_service_bytes_recursive,                        \
		   VMC_BLKIO_SERVICE_BYTES)                                    \
	BLKIO_LIST(X, S, M, io_serviced_recursive, VMC_BLKIO_SERVICED)         \
	BLKIO_LIST(X, S, M, io_queued_recursive, VMC_BLKIO_QUEUED)             \
	BLKIO_LIST(X, S, M, io_service_time_recursive, VMC_BLKIO_SERVICE_TIME) \
	BLKIO_LIST(X, S, M, io_wait_time_recursive, VMC_BLKIO_WAIT_TIME)       \
	BLKIO_LIST(X, S, M, io_merged_recursive, VMC_BLKIO_MERGED)             \
	BLKIO_LIST(X, S, M, io_time_recursive, VMC_BLKIO_TIME)                 \
	BLKIO_LIST(X, S, M, sectors_recursive, VMC_BLKIO_SECTORS)
INNER(BlkioStats, struct vmc_container_stats, BLKIO);

#define HUGETLB(X, S, M)                                                       \
	X(S, M, NUMBER, usage, usage, )                                        \
	X(S, M, NUMBER, max_usage, max_usage, )                                \
	X(S, M, NUMBER, failcnt, failures, )
INNER_FLAT(HugetlbStats, struct vmc_hugetlb_stat, HUGETLB);

#define HUGETLB_ENTRY(X, S, M)                                                 \
	X(S, M, TEXT, key, page_size, NAME_SIZE)                               \
	X(S, M, SELF, value, , HugetlbStats)
INNER(HugetlbStatsEntry, struct vmc_hugetlb_stat, HUGETLB_ENTRY);

#define CGROUP(X, S, M)                                                        \
	X(S, M, SELF, cpu_stats, , CpuStats)                                   \
	X(S, M, SELF, memory_stats, , MemoryStats)                             \
	X(S, M, SELF, pids_stats, , PidsStats)                                 \
	X(S, M, SELF, blkio_stats, , BlkioStats)                               \
	X(S, M, ARRAY, hugetlb_stats, hugetlb, HugetlbStatsEntry, HUGETLB_MAX)
INNER(CgroupStats, struct vmc_container_stats, CGROUP);

#define NETWORK(X, S, M)                                                       \
	X(S, M, TEXT, name, name, NAME_SIZE)                                   \
	X(S, M, NUMBER, rx_bytes, rx_bytes, )                                  \
	X(S, M, NUMBER, rx_packets, rx_packets, )                              \
	X(S, M, NUMBER, rx_errors, rx_errors, )                                \
	X(S, M, NUMBER, rx_dropped, rx_dropped, )                              \
	X(S, M, NUMBER, tx_bytes, tx_bytes, )                                  \
	X(S, M, NUMBER, tx_packets, tx_packets, )                              \
	X(S, M, NUMBER, tx_errors, tx_errors, )                                \
	X(S, M, NUMBER, tx_dropped, tx_dropped, )
INNER_FLAT(NetworkStats, struct vmc_network_stat, NETWORK);

#define STATS(X, S, M)                                                         \
	X(S, M, SELF, cgroup_stats, , CgroupStats)                             \
	X(S, M, ARRAY, network_stats, network, NetworkStats, NETWORK_MAX)
VMC_MESSAGE_BIND(StatsContainerResponse, struct vmc_container_stats, STATS);

/* -- The sandbox and the guest --------------------------------------------- */

#define KERNEL_MODULE(X, S, M)                                                 \
	X(S, M, VIEW, name, name, )                                            \
	X(S, M, VIEWS, parameters, parameters, )
INNER_FLAT(KernelModule, struct vmc_kernel_module, KERNEL_MODULE);

#define CREATE_SANDBOX(X, S, M)                                                \
	X(S, M, VIEW, hostname, hostname, )                                    \
	X(S, M, VIEWS, dns, dns, )                                             \
	X(S, M, STRUCTS, storages, storages, Storage)                          \
	X(S, M, FLAG, sandbox_pidns, pid_namespace_shared, )                   \
	X(S, M, VIEW, sandbox_id, id, )                                        \
	X(S, M, VIEW, guest_hook_path, guest_hook_path, )                      \
	X(S, M, STRUCTS, kernel_modules, kernel_modules, KernelModule)
VMC_MESSAGE_BIND(CreateSandboxRequest, struct vmc_sandbox, CREATE_SANDBOX);

#define ONLINE(X, S, M)                                                        \
	X(S, M, FLAG, wait, wait, )                                            \
	X(S, M, NUMBER, nb_cpus, cpus, )                                       \
	X(S, M, FLAG, cpu_only, cpu_only, )
VMC_MESSAGE_BIND_FLAT(OnlineCPUMemRequest, struct vmc_online_request, ONLINE);

#define RESEED(X, S, M) X(S, M, TAIL, data, view, )
VMC_MESSAGE_BIND_FLAT(ReseedRandomDevRequest, struct view, RESEED);

#define DETAILS_REQUEST(X, S, M)                                               \
	X(S, M, FLAG, mem_block_size, memory_block_size, )                     \
	X(S, M, FLAG, mem_hotplug_probe, memory_hotplug_probe, )
VMC_MESSAGE_BIND_FLAT(GuestDetailsRequest, struct vmc_details_request,
		      DETAILS_REQUEST);

#define AGENT_DETAILS(X, S, M)                                                 \
	X(S, M, TEXT, version, version, NAME_SIZE)                             \
	X(S, M, FLAG, init_daemon, init_daemon, )                              \
	X(S, M, TEXTS, device_handlers, device_handlers.name, HANDLER_MAX)     \
	X(S, M, TEXTS, storage_handlers, storage_handlers.name, HANDLER_MAX)   \
	X(S, M, FLAG, supports_seccomp, supports_seccomp, )                    \
	X(S, M, TEXTS, extra_features, extra_features.name, HANDLER_MAX)
INNER_FLAT(AgentDetails, struct vmc_guest_details, AGENT_DETAILS);

#define DETAILS(X, S, M)                                                       \
	X(S, M, NUMBER, mem_block_size_bytes, memory_block_size, )             \
	X(S, M, SELF, agent_details, , AgentDetails)                           \
	X(S, M, FLAG, support_mem_hotplug_probe, memory_hotplug_probe, )
VMC_MESSAGE_BIND(GuestDetailsResponse, struct vmc_guest_details, DETAILS);

#define PROBE(X, S, M)                                                         \
	X(S, M, NUMBERS, memHotplugProbeAddr, address, SERVICE_LIST_MAX)
VMC_MESSAGE_BIND_FLAT(MemHotplugByProbeRequest, struct vmc_probe_request,
		      PROBE);

#define DATE_TIME(X, S, M)                                                     \
	X(S, M, SIGNED, Sec, seconds, )                                        \
	X(S, M, NUMBER, Usec, microseconds, )
VMC_MESSAGE_BIND_FLAT(SetGuestDateTimeRequest, struct vmc_wall, DATE_TIME);

#define COPY_FILE(X, S, M)                                                     \
	X(S, M, VIEW, path, path, )                                            \
	X(S, M, SIGNED, file_size, file_size, )                                \
	X(S, M, NUMBER, file_mode, file_mode, )                                \
	X(S, M, NUMBER, dir_mode, dir_mode, )                                  \
	X(S, M, SIGNED, uid, uid, )                                            \
	X(S, M, SIGNED, gid, gid, )                                            \
	X(S, M, SIGNED, offset, offset, )                                      \
	X(S, M, TAIL, data, data, )
VMC_MESSAGE_BIND_FLAT(CopyFileRequest, struct vmc_file_piece, COPY_FILE);

#define OOM_EVENT(X, S, M) X(S, M, TEXT, container_id, container_id, ID_SIZE)
VMC_MESSAGE_BIND_FLAT(OOMEvent, struct vmc_oom_event, OOM_EVENT);

#define ADD_SWAP(X, S, M) X(S, M, NUMBERS, PCIPath, slot, ADDRESS_SIZE)
VMC_MESSAGE_BIND_FLAT(AddSwapRequest, struct vmc_swap_request, ADD_SWAP);

#define VOLUME_STATS(X, S, M) X(S, M, VIEW, volume_guest_path, path, )
VMC_MESSAGE_BIND_FLAT(VolumeStatsRequest, struct vmc_volume_request,
		      VOLUME_STATS);

#define RESIZE_VOLUME(X, S, M)                                                 \
	X(S, M, VIEW, volume_guest_path, path, )                               \
	X(S, M, NUMBER, size, size, )
VMC_MESSAGE_BIND_FLAT(ResizeVolumeRequest, struct vmc_volume_request,
		      RESIZE_VOLUME);

#define SET_POLICY(X, S, M) X(S, M, TAIL_TEXT, policy, view, )
VMC_MESSAGE_BIND_FLAT(SetPolicyRequest, struct view, SET_POLICY);

static const uint32_t info_Empty[] = { 0 };
const struct vmc_message vmc_message_Empty = {
	{ info_Empty, NULL, NULL, NULL, 0, 0, 0 }, "Empty", 0
};

/* -- Its network ----------------------------------------------------------- */

#define IP_ADDRESS(X, S, M)                                                    \
	X(S, M, NUMBER, family, family, )                                      \
	X(S, M, TEXT, address, address, ADDRESS_SIZE)                          \
	X(S, M, TEXT, mask, mask, MASK_SIZE)
INNER_FLAT(IPAddress, struct vmc_ip_address, IP_ADDRESS);

#define INTERFACE(X, S, M)                                                     \
	X(S, M, TEXT, device, device, NAME_SIZE)                               \
	X(S, M, TEXT, name, name, NAME_SIZE)                                   \
	X(S, M, ARRAY, IPAddresses, address, IPAddress, ADDRESS_MAX)           \
	X(S, M, NUMBER, mtu, mtu, )                                            \
	X(S, M, TEXT, hwAddr, hardware_address, ADDRESS_SIZE)                  \
	X(S, M, TEXT, devicePath, device_path, ADDRESS_SIZE)                   \
	X(S, M, TEXT, type, type, NAME_SIZE)                                   \
	X(S, M, NUMBER, raw_flags, raw_flags, )
VMC_MESSAGE_BIND(Interface, struct vmc_interface, INTERFACE);

#define ROUTE(X, S, M)                                                         \
	X(S, M, TEXT, dest, destination, ADDRESS_SIZE)                         \
	X(S, M, TEXT, gateway, gateway, ADDRESS_SIZE)                          \
	X(S, M, TEXT, device, device, NAME_SIZE)                               \
	X(S, M, TEXT, source, source, ADDRESS_SIZE)                            \
	X(S, M, NUMBER, scope, scope, )                                        \
	X(S, M, NUMBER, family, family, )                                      \
	X(S, M, NUMBER, flags, flags, )                                        \
	X(S, M, NUMBER, mtu, mtu, )
INNER_FLAT(Route, struct vmc_route, ROUTE);

#define INTERFACES(X, S, M)                                                    \
	X(S, M, ARRAY, Interfaces, interface, Interface, INTERFACE_MAX)
VMC_MESSAGE_BIND(Interfaces, struct vmc_interfaces, INTERFACES);

#define ROUTES(X, S, M) X(S, M, ARRAY, Routes, route, Route, ROUTE_MAX)
VMC_MESSAGE_BIND(Routes, struct vmc_routes, ROUTES);

#define UPDATE_INTERFACE(X, S, M) X(S, M, SELF, interface, , Interface)
VMC_MESSAGE_BIND_AS(UpdateInterfaceRequest, struct vmc_interface,
		    UPDATE_INTERFACE, "UpdateInterfaceRequest", 1);

/* Routes, where a request has them. */
#define vmc_grpc_NewRoutes_Routes_tag vmc_grpc_Routes_Routes_tag
#define NEW_ROUTES(X, S, M) X(S, M, STRUCTS, Routes, routes, Route)
extern const struct vmc_message vmc_message_NewRoutes;
VMC_MESSAGE_BIND_AS(NewRoutes, struct vmc_routes_request, NEW_ROUTES, "Routes",
		    0);

#define UPDATE_ROUTES(X, S, M) X(S, M, SELF, routes, , NewRoutes)
VMC_MESSAGE_BIND(UpdateRoutesRequest, struct vmc_routes_request, UPDATE_ROUTES);

#define GET_IPTABLES(X, S, M) X(S, M, FLAG, is_ipv6, ipv6, )
VMC_MESSAGE_BIND_FLAT(GetIPTablesRequest, struct vmc_iptables_request,
		      GET_IPTABLES);

#define SET_IPTABLES(X, S, M)                                                  \
	X(S, M, FLAG, is_ipv6, ipv6, )                                         \
	X(S, M, TAIL, data, data, )
VMC_MESSAGE_BIND_FLAT(SetIPTablesRequest, struct vmc_iptables_request,
		      SET_IPTABLES);

/* -- Health ---------------------------------------------------------------- */

#define CHECK(X, S, M) X(S, M, VIEW, service, view, )
VMC_MESSAGE_BIND_FLAT(CheckRequest, struct view, CHECK);

#define HEALTH(X, S, M) X(S, M, NUMBER, status, status, )
VMC_MESSAGE_BIND_FLAT(HealthCheckResponse, struct vmc_health, HEALTH);

#define VERSION(X, S, M)                                                       \
	X(S, M, VIEW, grpc_version, grpc, )                                    \
	X(S, M, VIEW, agent_version, agent, )
VMC_MESSAGE_BIND_FLAT(VersionCheckResponse, struct vmc_version, VERSION);
