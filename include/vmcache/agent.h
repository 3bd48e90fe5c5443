/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Agent: what answers inside the guest, seen from the host.
 *
 * The interface is the `agent` of Kata's virtcontainers, whole: the 42
 * methods that it had when VMCache came (Kata 1.6) and the 17 that later
 * releases added (to 4.1). Beside each stand the releases that have it,
 * Kata's name for it, and the call of the guest's agent
 * (grpc.AgentService) that it stands for.
 *
 * Backends are chosen when the archive is built (make AGENT=noop|kata|all):
 *
 * noop  Nothing is asked of the guest. Every call succeeds at once and
 *       yields nothing, as Kata's noopAgent (now mockAgent) does: outputs
 *       are empty. Where Kata's yields something, it is said below. Has no
 *       state and no configuration; one may serve any number of VMs.
 * kata  The Kata agent in the guest is asked over ttrpc, at the address that
 *       set_agent_url names: agent_kata.h. So does the guest agent of this
 *       project (port/guest), which serves that API: agent_service.h.
 *
 * What every backend promises:
 * - It allocates nothing. Per VM it has `state_size` bytes that its caller
 *   placed and zeroed.
 * - A call that may have to wait for the guest is a task (task.h). Its
 *   arguments, the output included, stay as they are until it has ended.
 *   Several may be in flight at once, each with a task of its own:
 *   get_oom_event and wait_process wait for as long as it takes. Cancelling
 *   one takes nothing back that the guest has done already.
 * - Outputs are overwritten as a whole when a call ends with VMC_OK, and
 *   hold nothing of worth when it fails.
 * - What Kata returns as a nil pointer without an error is a success that
 *   yields nothing: `present` is 0 and all else is zeroed, a list has the
 *   length 0.
 *
 * A call ends with VMC_OK, or:
 *   VMC_ERR_CALL         the agent refused; agent->error has its words and
 *                        its code (UNIMPLEMENTED from an older one)
 *   VMC_ERR_NO_SERVER    nobody listens at the agent's address
 *   VMC_ERR_LOST         the connection broke before the answer was there
 *   VMC_ERR_TIMEOUT      the task's deadline passed
 *   VMC_ERR_TOO_BIG      the request exceeds VMC_REQUEST_SIZE, the answer a
 *                        knob of agent_config.h or the caller's buffer
 *   VMC_ERR_MALFORMED    the answer cannot be read
 *   VMC_ERR_UNSUPPORTED  this backend cannot do it
 */
#ifndef VMCACHE_AGENT_H
#define VMCACHE_AGENT_H

#include "agent_config.h"
#include "env.h"
#include "task.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vmc_agent_ops;
struct vmc_hypervisor;

/*
 * An agent: a backend, with what it keeps for one VM and what it was
 * configured with. Copied freely as long as no call is in flight.
 */
struct vmc_agent {
	const struct vmc_agent_ops *ops;
	void *state;             /* ops->state_size bytes; NULL if that is 0 */
	const void *config;      /* the backend's own; the no-op agent: NULL */
	struct vmc_error *error; /* where a failure is said; NULL: nowhere */
};

/* The caller's memory for bytes that a call yields. */
struct vmc_buffer {
	uint8_t *ptr;
	size_t ptr_cap;
	size_t ptr_len; /* set by the call; what does not fit is an error */
};

/* What an agent can do (Kata's types.Capabilities), as bits. */
enum vmc_agent_caps {
	VMC_AGENT_CAP_BLOCK_DEVICE = 1,
	VMC_AGENT_CAP_BLOCK_DEVICE_HOTPLUG = 2,
	VMC_AGENT_CAP_MULTI_QUEUE = 4,
	VMC_AGENT_CAP_NO_FS_SHARING = 8
};

/* What outlives the runtime's process (persistapi.AgentState). */
struct vmc_agent_state {
	int64_t proxy_pid;
	char url[VMC_URL_SIZE];
};

/* grpc.FSGroup: whose the files of a storage become. */
struct vmc_fs_group {
	uint32_t id;
	uint32_t change_policy; /* 0 always, 1 on root mismatch */
};

/* grpc.Storage: something to be mounted in the guest. */
struct vmc_storage {
	struct vmc_view driver; /* "blk", "virtio-fs", "ephemeral", … */
	const struct vmc_view *driver_options;
	size_t driver_options_len;
	struct vmc_view source;
	struct vmc_view fstype;
	const struct vmc_view *options;
	size_t options_len;
	struct vmc_view mount_point;
	uint8_t shared;
	uint8_t has_fs_group;
	struct vmc_fs_group fs_group;
};

/* grpc.KernelModule. */
struct vmc_kernel_module {
	struct vmc_view name;
	const struct vmc_view *parameters;
	size_t parameters_len;
};

/*
 * What Kata's *Sandbox tells an agent (grpc.CreateSandboxRequest). A
 * zeroed one is valid for the no-op agent, as are the structs below.
 */
struct vmc_sandbox {
	struct vmc_view id;
	struct vmc_view hostname;
	const struct vmc_view *dns; /* lines of resolv.conf */
	size_t dns_len;
	const struct vmc_storage *storages;
	size_t storages_len;
	const struct vmc_kernel_module *kernel_modules;
	size_t kernel_modules_len;
	struct vmc_view guest_hook_path;
	uint8_t pid_namespace_shared; /* sandbox_pidns */
};

/* grpc.Device: a device of the VM that a container sees. */
struct vmc_device {
	struct vmc_view id;
	struct vmc_view type; /* "blk", "scsi", "vfio-pci", … */
	struct vmc_view vm_path;
	struct vmc_view container_path;
	const struct vmc_view *options;
	size_t options_len;
};

/* grpc.SharedMount: a mount that one container has of another. */
struct vmc_shared_mount {
	struct vmc_view name;
	struct vmc_view source_container, source_path;
	struct vmc_view container, path;
};

/* grpc.StringUser: user and groups by name, looked up in the guest. */
struct vmc_string_user {
	struct vmc_view uid, gid;
	const struct vmc_view *additional_gids;
	size_t additional_gids_len;
};

/* Vsock ports on the host that a process's streams go to; 0: they are read
 * and written by calls. */
struct vmc_stdio_ports {
	uint32_t stdin_port, stdout_port, stderr_port;
};

/*
 * What Kata's *Container tells an agent (grpc.CreateContainerRequest).
 * The OCI specification comes encoded, as a grpc.Spec (oci.proto): the
 * library passes it on and does not look inside.
 */
struct vmc_container {
	struct vmc_view id;
	struct vmc_view exec_id; /* of its first process; absent: id */
	struct vmc_string_user string_user;
	const struct vmc_device *devices;
	size_t devices_len;
	const struct vmc_storage *storages;
	size_t storages_len;
	const struct vmc_shared_mount *shared_mounts;
	size_t shared_mounts_len;
	struct vmc_view oci;
	struct vmc_stdio_ports ports;
	uint8_t pid_namespace_shared; /* sandbox_pidns */
};

/*
 * One more process in a container (types.Cmd, grpc.ExecProcessRequest with
 * its grpc.Process). What Kata's agent takes from a container's own process
 * (capabilities, limits, labels) is not there. This project's guest agent
 * knows processes without containers: their container_id is empty, or
 * anything; exec_id alone names them.
 */
struct vmc_exec {
	struct vmc_view container_id;
	struct vmc_view exec_id;
	struct vmc_string_user string_user;
	const struct vmc_view *args; /* the first is the program */
	size_t args_len;
	const struct vmc_view *env; /* "NAME=value" */
	size_t env_len;
	struct vmc_view cwd; /* absent: "/" */
	uint32_t uid, gid;
	uint8_t no_new_privileges;
	uint8_t terminal;       /* one terminal for all three streams, */
	uint32_t height, width; /* with so many rows and columns; 0: unset */
	struct vmc_stdio_ports ports;
};

/* A process as Kata knows it (virtcontainers.Process). */
struct vmc_process {
	uint8_t present;
	char token[VMC_AGENT_ID_SIZE]; /* its exec id */
	int64_t pid;                   /* on the host; 0 if it has none */
	struct vmc_wall start_time;
};

#define VMC_AGENT_MASK_SIZE 8 /* "128" and its NUL, aligned */

/* types.IPAddress. */
struct vmc_ip_address {
	uint32_t family; /* 0 IPv4, 1 IPv6 */
	char address[VMC_AGENT_ADDRESS_SIZE];
	char mask[VMC_AGENT_MASK_SIZE]; /* prefix length, in digits */
};

/* types.Interface. */
struct vmc_interface {
	uint8_t present;
	uint32_t raw_flags;
	uint64_t mtu;
	char device[VMC_AGENT_NAME_SIZE];
	char name[VMC_AGENT_NAME_SIZE];
	char hardware_address[VMC_AGENT_ADDRESS_SIZE];
	char device_path[VMC_AGENT_ADDRESS_SIZE]; /* its PCI path */
	char type[VMC_AGENT_NAME_SIZE];
	uint32_t address_len;
	struct vmc_ip_address address[VMC_AGENT_ADDRESS_MAX];
};

struct vmc_interfaces {
	uint32_t interface_len;
	struct vmc_interface interface[VMC_AGENT_INTERFACE_MAX];
};

/* types.Route. */
struct vmc_route {
	uint32_t scope;
	uint32_t family; /* 0 IPv4, 1 IPv6 */
	uint32_t flags;
	uint32_t mtu;
	char destination[VMC_AGENT_ADDRESS_SIZE];
	char gateway[VMC_AGENT_ADDRESS_SIZE];
	char device[VMC_AGENT_NAME_SIZE];
	char source[VMC_AGENT_ADDRESS_SIZE];
};

struct vmc_routes {
	uint32_t route_len;
	struct vmc_route route[VMC_AGENT_ROUTE_MAX];
};

struct vmc_memory_usage {
	uint64_t usage, max_usage, failures, limit;
};

struct vmc_memory_stat {
	char name[VMC_AGENT_NAME_SIZE];
	uint64_t value;
};

struct vmc_blkio_stat {
	uint64_t major, minor;
	char operation[VMC_AGENT_NAME_SIZE];
	uint64_t value;
};

struct vmc_blkio_stats {
	uint32_t stat_len;
	struct vmc_blkio_stat stat[VMC_AGENT_BLKIO_MAX];
};

/* The eight lists of grpc.BlkioStats, in its order. */
enum vmc_blkio_list {
	VMC_BLKIO_SERVICE_BYTES = 0,
	VMC_BLKIO_SERVICED,
	VMC_BLKIO_QUEUED,
	VMC_BLKIO_SERVICE_TIME,
	VMC_BLKIO_WAIT_TIME,
	VMC_BLKIO_MERGED,
	VMC_BLKIO_TIME,
	VMC_BLKIO_SECTORS,
	VMC_BLKIO_LISTS
};

struct vmc_hugetlb_stat {
	char page_size[VMC_AGENT_NAME_SIZE]; /* "2MB" */
	uint64_t usage, max_usage, failures;
};

struct vmc_network_stat {
	char name[VMC_AGENT_NAME_SIZE];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

/* virtcontainers.ContainerStats (grpc.StatsContainerResponse). Times are
 * in nanoseconds. About 10 KiB: not for a small stack. */
struct vmc_container_stats {
	uint8_t present;
	uint8_t memory_use_hierarchy;
	uint64_t cpu_total, cpu_kernel, cpu_user;
	uint64_t throttling_periods, throttled_periods, throttled_time;
	uint64_t memory_cache;
	struct vmc_memory_usage memory, swap, kernel_memory;
	uint64_t pids_current, pids_limit;
	uint32_t per_cpu_len;
	uint64_t per_cpu[VMC_AGENT_CPU_MAX + 1]; /* one to notice more by */
	uint32_t memory_stat_len;
	struct vmc_memory_stat memory_stat[VMC_AGENT_MEMORY_STAT_MAX];
	struct vmc_blkio_stats blkio[VMC_BLKIO_LISTS];
	uint32_t hugetlb_len;
	struct vmc_hugetlb_stat hugetlb[VMC_AGENT_HUGETLB_MAX];
	uint32_t network_len;
	struct vmc_network_stat network[VMC_AGENT_NETWORK_MAX];
};

/* A list of names in grpc.AgentDetails. */
struct vmc_agent_names {
	uint32_t name_len;
	char name[VMC_AGENT_HANDLER_MAX][VMC_AGENT_NAME_SIZE];
};

/* grpc.GuestDetailsResponse. */
struct vmc_guest_details {
	uint8_t present;
	uint64_t memory_block_size; /* bytes; 0 if it was not asked for */
	uint8_t memory_hotplug_probe;
	uint8_t init_daemon; /* it is process 1 */
	uint8_t supports_seccomp;
	char version[VMC_AGENT_NAME_SIZE];
	struct vmc_agent_names device_handlers;
	struct vmc_agent_names storage_handlers;
	struct vmc_agent_names extra_features;
};

struct vmc_oom_event {
	char container_id[VMC_AGENT_ID_SIZE]; /* "": none */
};

/*
 * A piece of a file for the guest (grpc.CopyFileRequest). Kata's copyFile
 * takes a path on the host and sends it in pieces of 1 MiB; the library
 * reads no files, so its caller sends the pieces.
 */
struct vmc_file_piece {
	struct vmc_view path; /* in the guest; Kata's agent wants it in /run */
	int64_t file_size;    /* of the whole file */
	uint32_t file_mode, dir_mode;
	int32_t uid, gid;
	int64_t offset; /* where `data` belongs */
	struct vmc_view data;
};

/* The methods below. */
#define VMC_AGENT_CALLS 59

/*
 * A backend. In each comment: releases of Kata that have the method, its
 * name there (if it is not the same, in Go's spelling), then the call of
 * the guest's agent, if it makes one. Calls without a task are answered by
 * the backend itself and never ask the guest.
 */
struct vmc_agent_ops {
	const char *name;   /* "noop", "kata" */
	size_t state_size;  /* bytes per VM; 0: state may be NULL */
	size_t state_align; /* their alignment, a power of two */

	/* ---- The agent itself ---- */

	/*
	 * 1.6-. Prepares it for a sandbox. `*disable_vm_shutdown` (2.0-) says
	 * that the VM ends by itself with the sandbox; no-op: 0.
	 */
	enum vmc_status (*init)(struct vmc_agent *agent,
				const struct vmc_sandbox *sandbox,
				int *disable_vm_shutdown);

	/* 1.6-. What it can do: enum vmc_agent_caps. No-op: 0. */
	unsigned (*capabilities)(struct vmc_agent *agent);

	/* 1.6-. Is it there and serving? grpc.Health.Check. */
	enum vmc_status (*check)(struct vmc_agent *agent, struct vmc_task *task,
				 uint64_t now_ms);

	/*
	 * 1.6-. Closes its connection; calls in flight fail with
	 * VMC_ERR_CANCELLED at their next step. The next call connects anew.
	 * Idempotent.
	 */
	void (*disconnect)(struct vmc_agent *agent);

	/*
	 * 1.6-. How the VM `id` of that hypervisor will be talked to, before
	 * it boots. `builtin_proxy` was dropped in 2.0.
	 */
	enum vmc_status (*configure)(struct vmc_agent *agent,
				     const struct vmc_hypervisor *hypervisor,
				     struct vmc_view id,
				     struct vmc_view share_path,
				     int builtin_proxy);

	/*
	 * 1.6-, configureFromGrpc. The same for a VM that came from a cache
	 * server, which boots no more.
	 */
	enum vmc_status (*configure_from_grpc)(
		struct vmc_agent *agent,
		const struct vmc_hypervisor *hypervisor, struct vmc_view id,
		int builtin_proxy);

	/* 1.6-. Where it is reached ("vsock://3:1024"). No-op: "". */
	enum vmc_status (*get_agent_url)(struct vmc_agent *agent,
					 struct vmc_buffer *url);

	/*
	 * 2.0-. Says where it is reached. Kata finds that out from its
	 * hypervisor; here who has the VM says it (vm->agent_url).
	 */
	enum vmc_status (*set_agent_url)(struct vmc_agent *agent,
					 struct vmc_view url);

	/*
	 * 1.6-. Goes on with the connection of `other`, of the same backend,
	 * which has none afterwards.
	 */
	enum vmc_status (*reuse_agent)(struct vmc_agent *agent,
				       struct vmc_agent *other);

	/* 1.10-. 1 if its connection stays open between calls. No-op: 0. */
	int (*long_live_conn)(struct vmc_agent *agent);

	/* 1.9-. It is given up: all further calls fail at once. */
	void (*mark_dead)(struct vmc_agent *agent);

	/* 1.9-. What is to be kept of it, and taking that up again. No-op:
	 * zeroed, ignored. */
	void (*save)(struct vmc_agent *agent, struct vmc_agent_state *state);
	void (*load)(struct vmc_agent *agent,
		     const struct vmc_agent_state *state);

	/* 1.6-. Removes what was made on the host for the sandbox `id`. */
	void (*cleanup)(struct vmc_agent *agent, struct vmc_view id);

	/* ---- Kata 1.x: a proxy between runtime and agent ---- */

	/* 1.6-1.13. Starts it. */
	enum vmc_status (*start_proxy)(struct vmc_agent *agent,
				       const struct vmc_sandbox *sandbox,
				       struct vmc_task *task, uint64_t now_ms);

	/* 1.6-1.13. It runs already, of this type, as this process, there. */
	enum vmc_status (*set_proxy)(struct vmc_agent *agent,
				     const struct vmc_sandbox *sandbox,
				     struct vmc_view proxy, int64_t pid,
				     struct vmc_view url);

	/* 1.6-1.13, setProxyFromGrpc. The same for a VM from a cache. */
	void (*set_proxy_from_grpc)(struct vmc_agent *agent,
				    struct vmc_view proxy, int64_t pid,
				    struct vmc_view url);

	/* 1.6-1.10, getVMPath. The VM's directory on the host. No-op: "". */
	enum vmc_status (*get_vm_path)(struct vmc_agent *agent,
				       struct vmc_view id,
				       struct vmc_buffer *path);

	/* 1.6-1.11. The directory shared with the VM. No-op: "". */
	enum vmc_status (*get_share_path)(struct vmc_agent *agent,
					  struct vmc_view id,
					  struct vmc_buffer *path);

	/* ---- The sandbox ---- */

	/* 1.6-. Before its VM starts. */
	enum vmc_status (*create_sandbox)(struct vmc_agent *agent,
					  const struct vmc_sandbox *sandbox,
					  struct vmc_task *task,
					  uint64_t now_ms);

	/* 1.6-. When its VM runs: Health.Check, then CreateSandbox. */
	enum vmc_status (*start_sandbox)(struct vmc_agent *agent,
					 const struct vmc_sandbox *sandbox,
					 struct vmc_task *task,
					 uint64_t now_ms);

	/* 1.6-. DestroySandbox; the guest's agent then exits. */
	enum vmc_status (*stop_sandbox)(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					struct vmc_task *task, uint64_t now_ms);

	/* ---- Containers ---- */

	/* 1.6-. CreateContainer. No-op: a process is present, zeroed. */
	enum vmc_status (*create_container)(
		struct vmc_agent *agent, const struct vmc_sandbox *sandbox,
		const struct vmc_container *container,
		struct vmc_process *process, struct vmc_task *task,
		uint64_t now_ms);

	/* 1.6-. StartContainer. */
	enum vmc_status (*start_container)(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_task *task,
					   uint64_t now_ms);

	/* 1.6-. RemoveContainer, without a time limit of the agent's. */
	enum vmc_status (*stop_container)(struct vmc_agent *agent,
					  struct vmc_view container_id,
					  struct vmc_task *task,
					  uint64_t now_ms);

	/* 1.6-. PauseContainer, ResumeContainer. */
	enum vmc_status (*pause_container)(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_task *task,
					   uint64_t now_ms);
	enum vmc_status (*resume_container)(struct vmc_agent *agent,
					    struct vmc_view container_id,
					    struct vmc_task *task,
					    uint64_t now_ms);

	/* 1.6-. UpdateContainer: `resources` is an encoded
	 * grpc.LinuxResources (oci.proto). */
	enum vmc_status (*update_container)(struct vmc_agent *agent,
					    struct vmc_view container_id,
					    struct vmc_view resources,
					    struct vmc_task *task,
					    uint64_t now_ms);

	/* 1.6-. StatsContainer. No-op: statistics are present, zeroed. */
	enum vmc_status (*stats_container)(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_container_stats *stats,
					   struct vmc_task *task,
					   uint64_t now_ms);

	/* 1.6-2.0, ListProcesses. `format` is "json" or "table", `args` are
	 * of ps(1). */
	enum vmc_status (*process_list_container)(
		struct vmc_agent *agent, struct vmc_view container_id,
		struct vmc_view format, const struct vmc_view *args,
		size_t args_len, struct vmc_buffer *list, struct vmc_task *task,
		uint64_t now_ms);

	/* 3.2-. UpdateEphemeralMounts. */
	enum vmc_status (*update_ephemeral_mounts)(
		struct vmc_agent *agent, const struct vmc_storage *storages,
		size_t storages_len, struct vmc_task *task, uint64_t now_ms);

	/* 3.2-. RemoveStaleVirtiofsShareMounts. */
	enum vmc_status (*remove_stale_virtiofs_share_mounts)(
		struct vmc_agent *agent, struct vmc_task *task,
		uint64_t now_ms);

	/* ---- Processes of a container ---- */

	/* 1.6-. ExecProcess. */
	enum vmc_status (*exec)(struct vmc_agent *agent,
				const struct vmc_exec *exec,
				struct vmc_process *process,
				struct vmc_task *task, uint64_t now_ms);

	/* 1.6-. SignalProcess; `all`: of the container, exec_id is left out.*/
	enum vmc_status (*signal_process)(struct vmc_agent *agent,
					  struct vmc_view container_id,
					  struct vmc_view exec_id,
					  uint32_t signal, int all,
					  struct vmc_task *task,
					  uint64_t now_ms);

	/* 1.6-. WaitProcess, for as long as it takes. `*exit_status` is 128
	 * plus the signal if one ended it. No-op: 0, at once. */
	enum vmc_status (*wait_process)(struct vmc_agent *agent,
					struct vmc_view container_id,
					struct vmc_view exec_id,
					int32_t *exit_status,
					struct vmc_task *task, uint64_t now_ms);

	/* 1.6-. TtyWinResize: rows and columns. */
	enum vmc_status (*winsize_process)(struct vmc_agent *agent,
					   struct vmc_view container_id,
					   struct vmc_view exec_id,
					   uint32_t height, uint32_t width,
					   struct vmc_task *task,
					   uint64_t now_ms);

	/* 1.6-. WriteStdin. `*written` may be less than there was to write.
	 * No-op: 0. */
	enum vmc_status (*write_process_stdin)(
		struct vmc_agent *agent, struct vmc_view container_id,
		struct vmc_view exec_id, struct vmc_view data, size_t *written,
		struct vmc_task *task, uint64_t now_ms);

	/* 1.6-. CloseStdin. */
	enum vmc_status (*close_process_stdin)(struct vmc_agent *agent,
					       struct vmc_view container_id,
					       struct vmc_view exec_id,
					       struct vmc_task *task,
					       uint64_t now_ms);

	/* 1.6-. ReadStdout, ReadStderr: waits for some bytes, at most
	 * data->ptr_cap. None (ptr_len 0): the stream has ended. No-op: none.
	 * A backend may fetch fewer at once than there is room for. */
	enum vmc_status (*read_process_stdout)(struct vmc_agent *agent,
					       struct vmc_view container_id,
					       struct vmc_view exec_id,
					       struct vmc_buffer *data,
					       struct vmc_task *task,
					       uint64_t now_ms);
	enum vmc_status (*read_process_stderr)(struct vmc_agent *agent,
					       struct vmc_view container_id,
					       struct vmc_view exec_id,
					       struct vmc_buffer *data,
					       struct vmc_task *task,
					       uint64_t now_ms);

	/* ---- The guest ---- */

	/*
	 * 1.6-. OnlineCPUMem, without waiting in the guest. `cpus` is how
	 * many vCPUs shall be online in all, `added` how many of them are
	 * new: agents take the former since 3.2 and the latter before, and
	 * the backend knows which. Both 0 leave them alone. `cpu_only`
	 * leaves memory alone.
	 */
	enum vmc_status (*online_cpu_mem)(struct vmc_agent *agent,
					  uint32_t cpus, uint32_t added,
					  int cpu_only, struct vmc_task *task,
					  uint64_t now_ms);

	/*
	 * 1.7-. MemHotplugByProbe: memory was added there, size_mib of it in
	 * sections of section_mib each; the guest is told the address of
	 * every section. Both 0: one section, of the size that sections have
	 * in the guest. That is how an agent in the guest is called, which
	 * is told addresses one by one (agent_service.h).
	 */
	enum vmc_status (*mem_hotplug_by_probe)(
		struct vmc_agent *agent, uint64_t address, uint32_t size_mib,
		uint32_t section_mib, struct vmc_task *task, uint64_t now_ms);

	/* 1.6-, reseedRNG. ReseedRandomDev; empty data is refused there. */
	enum vmc_status (*reseed_rng)(struct vmc_agent *agent,
				      struct vmc_view data,
				      struct vmc_task *task, uint64_t now_ms);

	/* 1.6-. SetGuestDateTime. */
	enum vmc_status (*set_guest_date_time)(struct vmc_agent *agent,
					       const struct vmc_wall *wall,
					       struct vmc_task *task,
					       uint64_t now_ms);

	/* 1.6-. GetGuestDetails: what to ask for beside the agent's own. */
	enum vmc_status (*get_guest_details)(struct vmc_agent *agent,
					     int memory_block_size,
					     int memory_hotplug_probe,
					     struct vmc_guest_details *details,
					     struct vmc_task *task,
					     uint64_t now_ms);

	/* 1.6-. CopyFile, one piece. */
	enum vmc_status (*copy_file)(struct vmc_agent *agent,
				     const struct vmc_file_piece *piece,
				     struct vmc_task *task, uint64_t now_ms);

	/* 1.12-. GetOOMEvent: waits until a container ran out of memory.
	 * No-op: none, at once. */
	enum vmc_status (*get_oom_event)(struct vmc_agent *agent,
					 struct vmc_oom_event *event,
					 struct vmc_task *task,
					 uint64_t now_ms);

	/* 2.0-. GetMetrics: in Prometheus' text format. */
	enum vmc_status (*get_agent_metrics)(struct vmc_agent *agent,
					     struct vmc_buffer *metrics,
					     struct vmc_task *task,
					     uint64_t now_ms);

	/* 2.2-. AddSwap, by the PCI path of its disk. */
	enum vmc_status (*add_swap)(struct vmc_agent *agent,
				    struct vmc_view pci_path,
				    struct vmc_task *task, uint64_t now_ms);

	/* 3.3-. SetPolicy: a text in Rego. */
	enum vmc_status (*set_policy)(struct vmc_agent *agent,
				      struct vmc_view policy,
				      struct vmc_task *task, uint64_t now_ms);

	/* 3.29-. GetDiagnosticData. */
	enum vmc_status (*get_diagnostic_data)(struct vmc_agent *agent,
					       struct vmc_view log_type,
					       struct vmc_view container_id,
					       struct vmc_buffer *data,
					       struct vmc_task *task,
					       uint64_t now_ms);

	/* ---- Its network ---- */

	/*
	 * 1.6-. UpdateInterface: the one with that hardware address. `result`
	 * is how it is now; no-op: not present.
	 */
	enum vmc_status (*update_interface)(
		struct vmc_agent *agent, const struct vmc_interface *interface,
		struct vmc_interface *result, struct vmc_task *task,
		uint64_t now_ms);

	/* 1.6-. ListInterfaces. */
	enum vmc_status (*list_interfaces)(struct vmc_agent *agent,
					   struct vmc_interfaces *interfaces,
					   struct vmc_task *task,
					   uint64_t now_ms);

	/* 1.6-. UpdateRoutes: these replace all. `result` is as they are
	 * now. */
	enum vmc_status (*update_routes)(struct vmc_agent *agent,
					 const struct vmc_route *routes,
					 size_t routes_len,
					 struct vmc_routes *result,
					 struct vmc_task *task,
					 uint64_t now_ms);

	/* 1.6-. ListRoutes. */
	enum vmc_status (*list_routes)(struct vmc_agent *agent,
				       struct vmc_routes *routes,
				       struct vmc_task *task, uint64_t now_ms);

	/* 2.5-. GetIPTables: what iptables-save or ip6tables-save says. */
	enum vmc_status (*get_iptables)(struct vmc_agent *agent, int ipv6,
					struct vmc_buffer *data,
					struct vmc_task *task, uint64_t now_ms);

	/* 2.5-. SetIPTables: for iptables-restore or ip6tables-restore. */
	enum vmc_status (*set_iptables)(struct vmc_agent *agent, int ipv6,
					struct vmc_view data,
					struct vmc_task *task, uint64_t now_ms);

	/* ---- Its volumes ---- */

	/* 2.4-. GetVolumeStats: an encoded grpc.VolumeStatsResponse
	 * (csi.proto), of which Kata's makes JSON. */
	enum vmc_status (*get_guest_volume_stats)(struct vmc_agent *agent,
						  struct vmc_view path,
						  struct vmc_buffer *stats,
						  struct vmc_task *task,
						  uint64_t now_ms);

	/* 2.4-. ResizeVolume, to so many bytes. */
	enum vmc_status (*resize_guest_volume)(struct vmc_agent *agent,
					       struct vmc_view path,
					       uint64_t size,
					       struct vmc_task *task,
					       uint64_t now_ms);
};

/* The no-op agent. In every archive. */
extern const struct vmc_agent_ops vmc_agent_noop_ops;

/* The no-op agent, ready for use. */
#define VMC_AGENT_NOOP                                                         \
	{                                                                      \
		.ops = &vmc_agent_noop_ops                                     \
	}

/* The backends of this archive, NULL at the end. */
const struct vmc_agent_ops *const *vmc_agents(void);

/* The one of that name ("noop"); NULL if it is not here. */
const struct vmc_agent_ops *vmc_agent_by_name(const char *name);

#ifdef __cplusplus
}
#endif

#endif
