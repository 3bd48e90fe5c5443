/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every size of this library, in one place.
 *
 * Each knob says what it bounds, its unit, its range, and what one step
 * costs in RAM and where. Override with -D on the command line of the
 * library *and* of the application; vmc_*_init refuse an application that
 * was built with other values (VMC_ERR_OPTIONS). What exceeds a knob at
 * run time is refused by name. Nothing is silently cut short.
 */
#ifndef VMCACHE_CONFIG_H
#define VMCACHE_CONFIG_H

#include "agent_config.h"

/* Version of the library: major * 10000 + minor * 100 + patch. */
#define VMC_VERSION_NUMBER 100
#define VMC_VERSION "0.1.0"

/*
 * VMs that one pool can keep: slots in struct vmc_pool and entries in a
 * Status reply. 1..1024. RAM: sizeof(struct vmc_pool_slot) each (about
 * 1.75 KiB) in struct vmc_pool; VMC_HANDING_SIZE (240) and 28 bytes in each
 * of VMC_REPLY_MAX replies in struct vmc_server; 16 bytes in struct
 * vmc_cache_status.
 * Memory that no VM ever used is never touched.
 */
#ifndef VMC_VM_MAX
#define VMC_VM_MAX 64
#endif

/*
 * Connections that one server holds at once. Further ones wait in the
 * listening socket's backlog. 1..4096. RAM: at most 1 KiB each.
 */
#ifndef VMC_CONNECTION_MAX
#define VMC_CONNECTION_MAX 80
#endif

/*
 * Calls that wait for a VM at once, over all connections of a server. One
 * more is answered RESOURCE_EXHAUSTED. 1..4096. RAM: 24 bytes each in the server,
 * 4 in its pool.
 */
#ifndef VMC_CALL_MAX
#define VMC_CALL_MAX 128
#endif

/*
 * Receive window of a server's connection, in bytes: the largest request
 * frame, its header of 10 bytes included. A larger one is read to its end,
 * thrown away and answered RESOURCE_EXHAUSTED. 128..16384; 128 holds every
 * call of the cache without metadata. RAM: itself, per connection.
 */
#ifndef VMC_WINDOW_SIZE
#define VMC_WINDOW_SIZE 512
#endif

/*
 * Calls of one gRPC connection that can be under way at once, on a server
 * (SETTINGS_MAX_CONCURRENT_STREAMS; peers queue further ones) and on a
 * channel. 1..1024. RAM: 48 bytes each in struct vmc_grpc.
 */
#ifndef VMC_STREAM_MAX
#define VMC_STREAM_MAX 32
#endif

/*
 * Window of a server's gRPC connection, in bytes. A quarter receives; the
 * rest holds requests until they are complete, each with its path: no larger
 * message is accepted. 512..65536. RAM: itself in each struct vmc_grpc_slot,
 * next to HPACK's 4.9 KiB.
 */
#ifndef VMC_GRPC_WINDOW_SIZE
#define VMC_GRPC_WINDOW_SIZE 4096
#endif

/*
 * Headers of one call over gRPC, metadata included: names and values with 32
 * bytes for each (SETTINGS_MAX_HEADER_LIST_SIZE). What exceeds it is answered
 * RESOURCE_EXHAUSTED. 1024..65536. RAM: none; what we have no use for is
 * not kept.
 */
#ifndef VMC_HEADER_LIST_SIZE
#define VMC_HEADER_LIST_SIZE 32768
#endif

/*
 * Status replies that may be under way to slow readers at once. When all
 * are taken, the connection that has held one longest is closed. 1..64.
 * RAM: 16 + 28 * VMC_VM_MAX bytes each.
 */
#ifndef VMC_REPLY_MAX
#define VMC_REPLY_MAX 4
#endif

/*
 * Calls in flight on one channel (the client's side of a connection).
 * 1..255. RAM: 24 bytes each.
 */
#ifndef VMC_CHANNEL_CALL_MAX
#define VMC_CHANNEL_CALL_MAX 8
#endif

/*
 * Longest request that a client sends, in bytes, envelope included.
 * 256..65536. RAM: itself, per channel.
 */
#ifndef VMC_REQUEST_SIZE
#define VMC_REQUEST_SIZE 512
#endif

/*
 * A VM's id with its NUL. 17..256; the direct factory's UUIDs need 37.
 * RAM: itself in each VM, slot of a server, event and record.
 */
#ifndef VMC_ID_SIZE
#define VMC_ID_SIZE 64
#endif

/*
 * An agent's URL with its NUL: "hvsock://" + 107 + ":65535" is 123.
 * 16..1024. RAM: itself in each VM, slot of a server and record.
 */
#ifndef VMC_URL_SIZE
#define VMC_URL_SIZE 128
#endif

/*
 * What a hypervisor driver writes about a VM so that another process can
 * take it over (GrpcVM.hypervisor: Kata's JSON for QEMU is about 400 to
 * 900 bytes; the mock's with a UUID is 110 at most). 128..16384. RAM: itself in
 * each slot of a pool, and in a record.
 */
#ifndef VMC_HYPERVISOR_SIZE
#define VMC_HYPERVISOR_SIZE 1024
#endif

/*
 * An error's text with its NUL, in bytes. 64..1024. RAM: itself, in every
 * context that keeps an error, in each VM, event and connection.
 */
#ifndef VMC_ERROR_TEXT_SIZE
#define VMC_ERROR_TEXT_SIZE 192
#endif

/*
 * Events kept for the host's log until it asks for them. When full, the
 * oldest are dropped and counted. 4..1024. RAM:
 * sizeof(struct vmc_event), about 320 bytes, each; only as many as ever
 * wait at once are touched.
 */
#ifndef VMC_EVENT_MAX
#define VMC_EVENT_MAX 128
#endif

/*
 * How deep objects and arrays of a JSON document may nest (Kata's own is
 * 4 deep). A deeper one is refused. 4..64. Stack: about 200 bytes a level
 * while two documents are compared; reading alone costs none.
 */
#ifndef VMC_JSON_DEPTH_MAX
#define VMC_JSON_DEPTH_MAX 16
#endif

/*
 * Longest JSON path that an error names ("HypervisorConfig.KernelPath"),
 * with its NUL. 32..256. Stack: itself while a difference is being named.
 */
#ifndef VMC_JSON_PATH_SIZE
#define VMC_JSON_PATH_SIZE 96
#endif

#if VMC_VM_MAX < 1 || VMC_VM_MAX > 1024
#error "VMC_VM_MAX must be 1..1024"
#endif
#if VMC_CONNECTION_MAX < 1 || VMC_CONNECTION_MAX > 4096
#error "VMC_CONNECTION_MAX must be 1..4096"
#endif
#if VMC_CALL_MAX < 1 || VMC_CALL_MAX > 4096
#error "VMC_CALL_MAX must be 1..4096"
#endif
#if VMC_WINDOW_SIZE < 128 || VMC_WINDOW_SIZE > 16384
#error "VMC_WINDOW_SIZE must be 128..16384 bytes"
#endif
#if VMC_STREAM_MAX < 1 || VMC_STREAM_MAX > 1024
#error "VMC_STREAM_MAX must be 1..1024"
#endif
#if VMC_GRPC_WINDOW_SIZE < 512 || VMC_GRPC_WINDOW_SIZE > 65536
#error "VMC_GRPC_WINDOW_SIZE must be 512..65536 bytes"
#endif
#if VMC_HEADER_LIST_SIZE < 1024 || VMC_HEADER_LIST_SIZE > 65536
#error "VMC_HEADER_LIST_SIZE must be 1024..65536 bytes"
#endif
#if VMC_REPLY_MAX < 1 || VMC_REPLY_MAX > 64
#error "VMC_REPLY_MAX must be 1..64"
#endif
#if VMC_CHANNEL_CALL_MAX < 1 || VMC_CHANNEL_CALL_MAX > 255
#error "VMC_CHANNEL_CALL_MAX must be 1..255"
#endif
#if VMC_REQUEST_SIZE < 256 || VMC_REQUEST_SIZE > 65536
#error "VMC_REQUEST_SIZE must be 256..65536 bytes"
#endif
#if VMC_ID_SIZE < 17 || VMC_ID_SIZE > 256
#error "VMC_ID_SIZE must be 17..256 bytes"
#endif
#if VMC_URL_SIZE < 16 || VMC_URL_SIZE > 1024
#error "VMC_URL_SIZE must be 16..1024 bytes"
#endif
#if VMC_HYPERVISOR_SIZE < 128 || VMC_HYPERVISOR_SIZE > 16384
#error "VMC_HYPERVISOR_SIZE must be 128..16384 bytes"
#endif
#if VMC_ERROR_TEXT_SIZE < 64 || VMC_ERROR_TEXT_SIZE > 1024
#error "VMC_ERROR_TEXT_SIZE must be 64..1024 bytes"
#endif
#if VMC_EVENT_MAX < 4 || VMC_EVENT_MAX > 1024
#error "VMC_EVENT_MAX must be 4..1024"
#endif
#if VMC_JSON_DEPTH_MAX < 4 || VMC_JSON_DEPTH_MAX > 64
#error "VMC_JSON_DEPTH_MAX must be 4..64"
#endif
#if VMC_JSON_PATH_SIZE < 32 || VMC_JSON_PATH_SIZE > 256
#error "VMC_JSON_PATH_SIZE must be 32..256 bytes"
#endif

/*
 * A digest of all knobs: what *_init compares. Two builds that differ in
 * one knob differ here, whatever the sizes of their structs.
 */
#define VMC_OPTIONS_MIX(h, v) (((h)*31u) + (unsigned)(v))
#define VMC_OPTIONS_A                                                          \
	VMC_OPTIONS_MIX(                                                       \
		VMC_OPTIONS_MIX(                                               \
			VMC_OPTIONS_MIX(                                       \
				VMC_OPTIONS_MIX(VMC_AGENT_OPTIONS +            \
							VMC_VERSION_NUMBER,    \
						VMC_VM_MAX),                   \
				VMC_CONNECTION_MAX),                           \
			VMC_CALL_MAX),                                         \
		VMC_WINDOW_SIZE)
#define VMC_OPTIONS_B                                                          \
	VMC_OPTIONS_MIX(                                                       \
		VMC_OPTIONS_MIX(                                               \
			VMC_OPTIONS_MIX(                                       \
				VMC_OPTIONS_MIX(VMC_OPTIONS_A, VMC_REPLY_MAX), \
				VMC_CHANNEL_CALL_MAX),                         \
			VMC_REQUEST_SIZE),                                     \
		VMC_ID_SIZE)
#define VMC_OPTIONS_C                                                          \
	VMC_OPTIONS_MIX(VMC_OPTIONS_MIX(VMC_OPTIONS_MIX(VMC_OPTIONS_B,         \
							VMC_STREAM_MAX),       \
					VMC_GRPC_WINDOW_SIZE),                 \
			VMC_HEADER_LIST_SIZE)
#define VMC_OPTIONS                                                            \
	VMC_OPTIONS_MIX(                                                       \
		VMC_OPTIONS_MIX(                                               \
			VMC_OPTIONS_MIX(                                       \
				VMC_OPTIONS_MIX(                               \
					VMC_OPTIONS_MIX(                       \
						VMC_OPTIONS_MIX(VMC_OPTIONS_C, \
								VMC_URL_SIZE), \
						VMC_HYPERVISOR_SIZE),          \
					VMC_ERROR_TEXT_SIZE),                  \
				VMC_EVENT_MAX),                                \
			VMC_JSON_DEPTH_MAX),                                   \
		VMC_JSON_PATH_SIZE)

#endif
