/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The methods of grpc.AgentService and grpc.Health, for both of their sides:
 * what each is asked and answers.
 */
#ifndef VMC_AGENT_CALLS_H
#define VMC_AGENT_CALLS_H

#include <stdint.h>

struct vmc_message;

/* How long a call may take whose task does not say. */
enum vmc_call_timeout { VMC_CALL_USUAL = 0, VMC_CALL_CHECK, VMC_CALL_FOREVER };

/* Bytes that an answer is made of: none, a field, or they are the answer. */
enum vmc_call_data { VMC_CALL_NO_DATA = 0, VMC_CALL_DATA, VMC_CALL_RAW };

/* A method, how the service (agent_methods.c) calls it; request, answer; how
 * long it may take, and its data. Those of Health are the last two. */
#define VMC_CALLS_ALL(X)                                                       \
	X(CreateContainer, create_container, CreateContainerRequest, Empty,    \
	  USUAL, NO_DATA)                                                      \
	X(StartContainer, start_container, ContainerRequest, Empty, USUAL,     \
	  NO_DATA)                                                             \
	X(RemoveContainer, remove_container, RemoveContainerRequest, Empty,    \
	  USUAL, NO_DATA)                                                      \
	X(ExecProcess, exec_process, ExecProcessRequest, Empty, USUAL,         \
	  NO_DATA)                                                             \
	X(SignalProcess, signal_process, SignalProcessRequest, Empty, USUAL,   \
	  NO_DATA)                                                             \
	X(WaitProcess, wait_process, ProcessRequest, WaitProcessResponse,      \
	  FOREVER, NO_DATA)                                                    \
	X(UpdateContainer, update_container, UpdateContainerRequest, Empty,    \
	  USUAL, NO_DATA)                                                      \
	X(UpdateEphemeralMounts, update_ephemeral_mounts,                      \
	  UpdateEphemeralMountsRequest, Empty, USUAL, NO_DATA)                 \
	X(StatsContainer, stats_container, ContainerRequest,                   \
	  StatsContainerResponse, USUAL, NO_DATA)                              \
	X(PauseContainer, pause_container, ContainerRequest, Empty, USUAL,     \
	  NO_DATA)                                                             \
	X(ResumeContainer, resume_container, ContainerRequest, Empty, USUAL,   \
	  NO_DATA)                                                             \
	X(RemoveStaleVirtiofsShareMounts, remove_stale_mounts, Empty, Empty,   \
	  USUAL, NO_DATA)                                                      \
	X(WriteStdin, write_stdin, WriteStreamRequest, WriteStreamResponse,    \
	  FOREVER, NO_DATA)                                                    \
	X(ReadStdout, read_stdout, ReadStreamRequest, DataResponse, FOREVER,   \
	  DATA)                                                                \
	X(ReadStderr, read_stderr, ReadStreamRequest, DataResponse, FOREVER,   \
	  DATA)                                                                \
	X(CloseStdin, close_stdin, ProcessRequest, Empty, USUAL, NO_DATA)      \
	X(TtyWinResize, tty_win_resize, TtyWinResizeRequest, Empty, USUAL,     \
	  NO_DATA)                                                             \
	X(UpdateInterface, update_interface, UpdateInterfaceRequest,           \
	  Interface, USUAL, NO_DATA)                                           \
	X(UpdateRoutes, update_routes, UpdateRoutesRequest, Routes, USUAL,     \
	  NO_DATA)                                                             \
	X(ListInterfaces, list_interfaces, Empty, Interfaces, USUAL, NO_DATA)  \
	X(ListRoutes, list_routes, Empty, Routes, USUAL, NO_DATA)              \
	X(GetIPTables, get_iptables, GetIPTablesRequest, DataResponse, USUAL,  \
	  DATA)                                                                \
	X(SetIPTables, set_iptables, SetIPTablesRequest, Empty, USUAL,         \
	  NO_DATA)                                                             \
	X(GetMetrics, get_metrics, Empty, DataResponse, USUAL, DATA)           \
	X(CreateSandbox, create_sandbox, CreateSandboxRequest, Empty, USUAL,   \
	  NO_DATA)                                                             \
	X(DestroySandbox, destroy_sandbox, Empty, Empty, USUAL, NO_DATA)       \
	X(OnlineCPUMem, online_cpu_mem, OnlineCPUMemRequest, Empty, USUAL,     \
	  NO_DATA)                                                             \
	X(ReseedRandomDev, reseed_random_dev, ReseedRandomDevRequest, Empty,   \
	  USUAL, NO_DATA)                                                      \
	X(GetGuestDetails, get_guest_details, GuestDetailsRequest,             \
	  GuestDetailsResponse, USUAL, NO_DATA)                                \
	X(MemHotplugByProbe, mem_hotplug_by_probe, MemHotplugByProbeRequest,   \
	  Empty, USUAL, NO_DATA)                                               \
	X(SetGuestDateTime, set_guest_date_time, SetGuestDateTimeRequest,      \
	  Empty, USUAL, NO_DATA)                                               \
	X(CopyFile, copy_file, CopyFileRequest, Empty, USUAL, NO_DATA)         \
	X(GetOOMEvent, get_oom_event, Empty, OOMEvent, FOREVER, NO_DATA)       \
	X(AddSwap, add_swap, AddSwapRequest, Empty, USUAL, NO_DATA)            \
	X(GetVolumeStats, get_volume_stats, VolumeStatsRequest, Empty, USUAL,  \
	  RAW)                                                                 \
	X(ResizeVolume, resize_volume, ResizeVolumeRequest, Empty, USUAL,      \
	  NO_DATA)                                                             \
	X(SetPolicy, set_policy, SetPolicyRequest, Empty, USUAL, NO_DATA)      \
	X(Check, check, CheckRequest, HealthCheckResponse, CHECK, NO_DATA)     \
	X(Version, version, CheckRequest, VersionCheckResponse, USUAL, NO_DATA)

#define VMC_CALL_ID(name, function, request, answer, timeout, data)            \
	VMC_CALL_##name,
enum vmc_call_id { VMC_CALLS_ALL(VMC_CALL_ID) VMC_CALLS };

/* The first of Health. */
#define VMC_CALLS_OF_AGENT VMC_CALL_Check

struct vmc_agent_call {
	const char *name;
	const struct vmc_message *request, *answer;
	uint8_t timeout; /* enum vmc_call_timeout */
	uint8_t data;    /* enum vmc_call_data */
};

extern const struct vmc_agent_call vmc_agent_calls[VMC_CALLS];

#endif
