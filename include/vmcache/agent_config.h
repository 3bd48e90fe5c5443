/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every size of the agent interface (agent.h), as config.h has those of
 * the rest: override with -D for the library and the application alike.
 *
 * They bound what an agent *answers*: the caller places those structs.
 * What it is *told* are views, bounded by VMC_REQUEST_SIZE as a whole. An
 * answer that exceeds one is VMC_ERR_TOO_BIG, by name.
 */
#ifndef VMCACHE_AGENT_CONFIG_H
#define VMCACHE_AGENT_CONFIG_H

/*
 * A container's or process's id with its NUL, in bytes: 64 digits from the
 * usual engines, more from their users. 17..256. RAM: itself in each
 * struct vmc_process and struct vmc_oom_event.
 */
#ifndef VMC_AGENT_ID_SIZE
#define VMC_AGENT_ID_SIZE 72
#endif

/*
 * A short name with its NUL, in bytes: of an interface (16 on Linux), a
 * device handler, a line of memory.stat ("workingset_restore_anon"), a
 * size of huge pages, a block operation, the agent's version. 16..128.
 * RAM: itself, in each of these.
 */
#ifndef VMC_AGENT_NAME_SIZE
#define VMC_AGENT_NAME_SIZE 32
#endif

/*
 * An address or a device's place with its NUL, in bytes: an IPv6 network
 * "…/128" is 44, a PCI path of three bridges 12. 44..256. RAM: itself,
 * three times per route, twice per interface and once per address.
 */
#ifndef VMC_AGENT_ADDRESS_SIZE
#define VMC_AGENT_ADDRESS_SIZE 64
#endif

/*
 * Addresses of one interface. 1..64. RAM: VMC_AGENT_ADDRESS_SIZE + 12
 * bytes each, in each struct vmc_interface.
 */
#ifndef VMC_AGENT_ADDRESS_MAX
#define VMC_AGENT_ADDRESS_MAX 4
#endif

/*
 * Interfaces in one list. 1..256. RAM: sizeof(struct vmc_interface), about
 * 600 bytes, each, in struct vmc_interfaces.
 */
#ifndef VMC_AGENT_INTERFACE_MAX
#define VMC_AGENT_INTERFACE_MAX 8
#endif

/*
 * Routes in one list that the agent answers. 1..1024. RAM: sizeof(struct
 * vmc_route), about 250 bytes, each, in struct vmc_routes.
 */
#ifndef VMC_AGENT_ROUTE_MAX
#define VMC_AGENT_ROUTE_MAX 32
#endif

/*
 * Names in each of the three lists of the guest's details: device
 * handlers, storage handlers, extra features. 1..64. RAM:
 * 3 * VMC_AGENT_NAME_SIZE each, in struct vmc_guest_details.
 */
#ifndef VMC_AGENT_HANDLER_MAX
#define VMC_AGENT_HANDLER_MAX 16
#endif

/*
 * CPUs whose use is told apart in a container's statistics. 1..1024. RAM:
 * 8 bytes each, in struct vmc_container_stats, as the next four.
 */
#ifndef VMC_AGENT_CPU_MAX
#define VMC_AGENT_CPU_MAX 64
#endif

/*
 * Lines of memory.stat in a container's statistics (36 with cgroup v1,
 * about 50 with v2). 1..256. RAM: VMC_AGENT_NAME_SIZE + 8 bytes each.
 */
#ifndef VMC_AGENT_MEMORY_STAT_MAX
#define VMC_AGENT_MEMORY_STAT_MAX 64
#endif

/*
 * Lines in each of the eight block I/O lists of a container's statistics:
 * devices times operations. 1..256. RAM: 8 * (VMC_AGENT_NAME_SIZE + 24)
 * bytes each.
 */
#ifndef VMC_AGENT_BLKIO_MAX
#define VMC_AGENT_BLKIO_MAX 12
#endif

/*
 * Sizes of huge pages in a container's statistics (2 on x86-64, 4 on
 * arm64). 1..16. RAM: VMC_AGENT_NAME_SIZE + 24 bytes each.
 */
#ifndef VMC_AGENT_HUGETLB_MAX
#define VMC_AGENT_HUGETLB_MAX 4
#endif

/*
 * Interfaces in a container's statistics. 1..256. RAM: VMC_AGENT_NAME_SIZE
 * + 64 bytes each.
 */
#ifndef VMC_AGENT_NETWORK_MAX
#define VMC_AGENT_NETWORK_MAX 8
#endif

/*
 * Longest request that the kata backend composes, its envelope included and
 * without bytes that are passed on as they are (file pieces, input of a
 * process, entropy, an OCI specification): a process's arguments and
 * environment, storages, routes. 512..65536. RAM: itself in each struct
 * vmc_agent_kata.
 */
#ifndef VMC_AGENT_REQUEST_SIZE
#define VMC_AGENT_REQUEST_SIZE 8192
#endif

/*
 * Longest answer that the kata backend receives, its envelope included: the
 * most that one read of a process's output fetches, less about 32 bytes.
 * 512..4194304. RAM: itself in each struct vmc_agent_kata; what was never
 * used is never touched.
 */
#ifndef VMC_AGENT_WINDOW_SIZE
#define VMC_AGENT_WINDOW_SIZE 36864
#endif

/*
 * Calls that a service (agent_service.h) has in flight at once, over one
 * connection: reads, waits and the like. One more is RESOURCE_EXHAUSTED.
 * 1..255. RAM: VMC_AGENT_SERVICE_CALL_SIZE and about 200 bytes each.
 */
#ifndef VMC_AGENT_SERVICE_CALL_MAX
#define VMC_AGENT_SERVICE_CALL_MAX 32
#endif

/*
 * Longest request that can wait in a service while others are served. A
 * longer one that cannot be answered at once is refused, or (WriteStdin to a
 * process that does not read) answered for its first part. 512..65536. RAM:
 * itself in each of VMC_AGENT_SERVICE_CALL_MAX calls; what was never used is
 * never touched.
 */
#ifndef VMC_AGENT_SERVICE_CALL_SIZE
#define VMC_AGENT_SERVICE_CALL_SIZE 4096
#endif

/*
 * Most bytes that a service answers to one read of a process's output,
 * metrics or tables. 512..4194304. RAM: itself in each struct
 * vmc_agent_service.
 */
#ifndef VMC_AGENT_SERVICE_DATA_SIZE
#define VMC_AGENT_SERVICE_DATA_SIZE 32768
#endif

/*
 * Entries of each list in a request that a service reads: arguments,
 * variables, routes, storages and their options together. 16..4096. RAM: 16
 * bytes each for texts and a quarter of so many structs of about 200 bytes,
 * in each struct vmc_agent_service.
 */
#ifndef VMC_AGENT_SERVICE_LIST_MAX
#define VMC_AGENT_SERVICE_LIST_MAX 256
#endif

#if VMC_AGENT_REQUEST_SIZE < 512 || VMC_AGENT_REQUEST_SIZE > 65536
#error "VMC_AGENT_REQUEST_SIZE must be 512..65536 bytes"
#endif
#if VMC_AGENT_WINDOW_SIZE < 512 || VMC_AGENT_WINDOW_SIZE > 4194304
#error "VMC_AGENT_WINDOW_SIZE must be 512..4194304 bytes"
#endif
#if VMC_AGENT_SERVICE_CALL_MAX < 1 || VMC_AGENT_SERVICE_CALL_MAX > 255
#error "VMC_AGENT_SERVICE_CALL_MAX must be 1..255"
#endif
#if VMC_AGENT_SERVICE_CALL_SIZE < 512 || VMC_AGENT_SERVICE_CALL_SIZE > 65536
#error "VMC_AGENT_SERVICE_CALL_SIZE must be 512..65536 bytes"
#endif
#if VMC_AGENT_SERVICE_DATA_SIZE < 512 || VMC_AGENT_SERVICE_DATA_SIZE > 4194304
#error "VMC_AGENT_SERVICE_DATA_SIZE must be 512..4194304 bytes"
#endif
#if VMC_AGENT_SERVICE_LIST_MAX < 16 || VMC_AGENT_SERVICE_LIST_MAX > 4096
#error "VMC_AGENT_SERVICE_LIST_MAX must be 16..4096"
#endif
#if VMC_AGENT_ID_SIZE < 17 || VMC_AGENT_ID_SIZE > 256
#error "VMC_AGENT_ID_SIZE must be 17..256 bytes"
#endif
#if VMC_AGENT_NAME_SIZE < 16 || VMC_AGENT_NAME_SIZE > 128
#error "VMC_AGENT_NAME_SIZE must be 16..128 bytes"
#endif
#if VMC_AGENT_ADDRESS_SIZE < 44 || VMC_AGENT_ADDRESS_SIZE > 256
#error "VMC_AGENT_ADDRESS_SIZE must be 44..256 bytes"
#endif
#if VMC_AGENT_ADDRESS_MAX < 1 || VMC_AGENT_ADDRESS_MAX > 64
#error "VMC_AGENT_ADDRESS_MAX must be 1..64"
#endif
#if VMC_AGENT_INTERFACE_MAX < 1 || VMC_AGENT_INTERFACE_MAX > 256
#error "VMC_AGENT_INTERFACE_MAX must be 1..256"
#endif
#if VMC_AGENT_ROUTE_MAX < 1 || VMC_AGENT_ROUTE_MAX > 1024
#error "VMC_AGENT_ROUTE_MAX must be 1..1024"
#endif
#if VMC_AGENT_HANDLER_MAX < 1 || VMC_AGENT_HANDLER_MAX > 64
#error "VMC_AGENT_HANDLER_MAX must be 1..64"
#endif
#if VMC_AGENT_CPU_MAX < 1 || VMC_AGENT_CPU_MAX > 1024
#error "VMC_AGENT_CPU_MAX must be 1..1024"
#endif
#if VMC_AGENT_MEMORY_STAT_MAX < 1 || VMC_AGENT_MEMORY_STAT_MAX > 256
#error "VMC_AGENT_MEMORY_STAT_MAX must be 1..256"
#endif
#if VMC_AGENT_BLKIO_MAX < 1 || VMC_AGENT_BLKIO_MAX > 256
#error "VMC_AGENT_BLKIO_MAX must be 1..256"
#endif
#if VMC_AGENT_HUGETLB_MAX < 1 || VMC_AGENT_HUGETLB_MAX > 16
#error "VMC_AGENT_HUGETLB_MAX must be 1..16"
#endif
#if VMC_AGENT_NETWORK_MAX < 1 || VMC_AGENT_NETWORK_MAX > 256
#error "VMC_AGENT_NETWORK_MAX must be 1..256"
#endif

/* A digest of these knobs; VMC_OPTIONS has it in it. */
#define VMC_AGENT_OPTIONS_A                                                    \
	(((VMC_AGENT_ID_SIZE * 31u + VMC_AGENT_NAME_SIZE) * 31u +              \
	  VMC_AGENT_ADDRESS_SIZE) *                                            \
		 31u +                                                         \
	 VMC_AGENT_ADDRESS_MAX)
#define VMC_AGENT_OPTIONS_B                                                    \
	(((VMC_AGENT_OPTIONS_A * 31u + VMC_AGENT_INTERFACE_MAX) * 31u +        \
	  VMC_AGENT_ROUTE_MAX) *                                               \
		 31u +                                                         \
	 VMC_AGENT_HANDLER_MAX)
#define VMC_AGENT_OPTIONS_C                                                    \
	(((VMC_AGENT_OPTIONS_B * 31u + VMC_AGENT_CPU_MAX) * 31u +              \
	  VMC_AGENT_MEMORY_STAT_MAX) *                                         \
		 31u +                                                         \
	 VMC_AGENT_BLKIO_MAX)
#define VMC_AGENT_OPTIONS_D                                                    \
	(((VMC_AGENT_OPTIONS_C * 31u + VMC_AGENT_HUGETLB_MAX) * 31u +          \
	  VMC_AGENT_NETWORK_MAX) *                                             \
		 31u +                                                         \
	 VMC_AGENT_REQUEST_SIZE)
#define VMC_AGENT_OPTIONS_E                                                    \
	(((VMC_AGENT_OPTIONS_D * 31u + VMC_AGENT_WINDOW_SIZE) * 31u +          \
	  VMC_AGENT_SERVICE_CALL_MAX) *                                        \
		 31u +                                                         \
	 VMC_AGENT_SERVICE_CALL_SIZE)
#define VMC_AGENT_OPTIONS                                                      \
	((VMC_AGENT_OPTIONS_E * 31u + VMC_AGENT_SERVICE_DATA_SIZE) * 31u +     \
	 VMC_AGENT_SERVICE_LIST_MAX)

#endif
