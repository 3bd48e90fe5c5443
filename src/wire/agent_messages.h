/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kata agent's messages (proto/agent.proto, health.proto), bound to the
 * library's own types (vmcache/agent.h); and, where it has none, to those of
 * vmcache/agent_service.h. Above each message stands what it is bound to.
 *
 * What does not fit a fixed field of a public struct is VMC_ERR_TOO_BIG, and
 * the error names the field and the knob ("Interface.name is too long for
 * VMC_AGENT_NAME_SIZE: 32").
 *
 * What says that something is `present` is for who asked to set.
 */
#ifndef VMC_WIRE_AGENT_MESSAGES_H
#define VMC_WIRE_AGENT_MESSAGES_H

#include "vmcache/agent_service.h"
#include "message.h"

/* -- Requests -------------------------------------------------------------- */

/* struct vmc_request */
extern const struct vmc_message vmc_message_RemoveContainerRequest; /* a */
extern const struct vmc_message vmc_message_UpdateContainerRequest;
extern const struct vmc_message vmc_message_ProcessRequest;
extern const struct vmc_message vmc_message_SignalProcessRequest; /* a */
extern const struct vmc_message vmc_message_WriteStreamRequest;
extern const struct vmc_message vmc_message_ReadStreamRequest;   /* a */
extern const struct vmc_message vmc_message_TtyWinResizeRequest; /* a, b */

/* struct vmc_view */
extern const struct vmc_message vmc_message_ContainerRequest;
extern const struct vmc_message vmc_message_ReseedRandomDevRequest;
extern const struct vmc_message vmc_message_SetPolicyRequest;
extern const struct vmc_message vmc_message_CheckRequest;

/* public structs: vmc_container and so on */
extern const struct vmc_message vmc_message_CreateContainerRequest;
extern const struct vmc_message vmc_message_ExecProcessRequest;
extern const struct vmc_message vmc_message_CreateSandboxRequest;
extern const struct vmc_message vmc_message_SetGuestDateTimeRequest;
extern const struct vmc_message vmc_message_CopyFileRequest;
extern const struct vmc_message vmc_message_UpdateInterfaceRequest;

/* the structs of their names */
extern const struct vmc_message vmc_message_UpdateEphemeralMountsRequest;
extern const struct vmc_message vmc_message_OnlineCPUMemRequest;
extern const struct vmc_message vmc_message_MemHotplugByProbeRequest;
extern const struct vmc_message vmc_message_GuestDetailsRequest;
extern const struct vmc_message vmc_message_AddSwapRequest;
extern const struct vmc_message vmc_message_UpdateRoutesRequest;
extern const struct vmc_message vmc_message_VolumeStatsRequest;
extern const struct vmc_message vmc_message_ResizeVolumeRequest;
extern const struct vmc_message vmc_message_GetIPTablesRequest;
extern const struct vmc_message vmc_message_SetIPTablesRequest;

extern const struct vmc_message vmc_message_Empty; /* nothing */

/* -- Answers --------------------------------------------------------------- */

/* public structs: vmc_interface and so on */
extern const struct vmc_message vmc_message_Interface;
extern const struct vmc_message vmc_message_Interfaces;
extern const struct vmc_message vmc_message_Routes;
extern const struct vmc_message vmc_message_StatsContainerResponse;
extern const struct vmc_message vmc_message_GuestDetailsResponse;
extern const struct vmc_message vmc_message_OOMEvent;

extern const struct vmc_message vmc_message_WaitProcessResponse; /* int32_t */
extern const struct vmc_message vmc_message_WriteStreamResponse; /* size_t */
/* struct vmc_view; ReadStreamResponse and Metrics have it in the same place */
extern const struct vmc_message vmc_message_DataResponse;
extern const struct vmc_message vmc_message_HealthCheckResponse;
extern const struct vmc_message vmc_message_VersionCheckResponse;

#endif
