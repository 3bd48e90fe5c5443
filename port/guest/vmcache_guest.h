/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest: what an agent does inside a Linux guest, as a backend of agent.h.
 * Behind an agent service (vmcache/agent_service.h) it is the program
 * vmcache-agent: /init of this project's Linux guests, and a service
 * elsewhere.
 *
 *	static struct vmc_guest guest;
 *	struct vmc_guest_config config = { .is_init = 1 };
 *
 *	vmc_guest_init(&guest, &config);
 *	service_config.agent = vmc_guest_agent(&guest, NULL);
 *
 * One guest may be served over several connections: they see the same
 * processes. All belong to one thread. Its host ignores SIGPIPE, and calls
 * vmc_guest_reap when it has heard SIGCHLD.
 *
 * What it can do: check, get_guest_details, get_agent_metrics,
 * start_sandbox, stop_sandbox, reseed_rng, set_guest_date_time,
 * online_cpu_mem, mem_hotplug_by_probe, copy_file, list_interfaces,
 * list_routes, get_oom_event, and processes without containers. All else is
 * VMC_ERR_UNSUPPORTED: there are no containers, and the network is set up by
 * whoever wants one.
 *
 * A call fails with VMC_ERR_ARGUMENT (what it was told makes no sense),
 * VMC_ERR_PERMISSION (what it needs the agent may not do; the text names the
 * system call), VMC_ERR_NOT_FOUND, VMC_ERR_IO, VMC_ERR_TIMEOUT, or what is
 * said below. The text of agent->error says what was wrong and where.
 *
 * Processes
 *   exec          VMC_ERR_IN_USE: that exec_id is taken. VMC_ERR_FULL:
 *                 VMC_GUEST_PROCESS_MAX processes run. VMC_ERR_NOT_FOUND:
 *                 "no such program: X". VMC_ERR_PERMISSION: it cannot be
 *                 executed. VMC_ERR_TOO_BIG: arguments and environment over
 *                 VMC_GUEST_EXEC_SIZE. A name without a slash is looked up
 *                 in the PATH of `env`. PATH and HOME are added where they
 *                 are missing, and TERM with a terminal. Ids of users are
 *                 numbers; 0 and 0 are the agent's own. container_id is not
 *                 looked at.
 *   a process     is the first of a session of its own. It is forgotten when
 *                 somebody was told how it ended and both of its streams
 *                 were read to their end; the one that ended first also when
 *                 its place is needed.
 *   signal        to the process; `all`: to the process groups of all. One
 *                 that has ended takes any signal.
 *   write         some bytes, at least one. VMC_ERR_STATE: the process has
 *                 closed its standard input, or it was closed by a call.
 *   close         of a terminal's input sends the character for the end of
 *                 a file.
 *   read          of a terminal, all is on standard output. A stream ends
 *                 when nobody has it open for writing. What the process has
 *                 left running in the background may have it open for ever:
 *                 once the process itself has ended, the stream ends when
 *                 nothing has come for VMC_GUEST_LINGER_MS.
 *   winsize       VMC_ERR_STATE: it has no terminal.
 * Bytes that nobody reads stay in a pipe of the system's (64 KiB), and the
 * process waits.
 *
 * The guest
 *   reseed_rng    writes the bytes to the kernel's pool, credits them, and
 *                 reseeds its generator. Needs CAP_SYS_ADMIN.
 *   online        `cpus` is how many CPUs shall be online; they have 5 s to
 *                 appear, as Kata's agent gives them. `added` is not looked
 *                 at. Of memory, unless `cpu_only`: waits until blocks have
 *                 appeared that were not there at the last look (boot, or the
 *                 last call), and all are online. Whoever calls may not know
 *                 whether any was added (Kata's runtime never says cpu_only):
 *                 if none appears within 300 ms (2 s if cpus is 0), that is
 *                 well. VMC_ERR_TIMEOUT says how many of how many there are.
 *   copy_file     pieces come in order. A file is written beside its place,
 *                 as NAME.part, and moved there when it is complete, with its
 *                 owner and mode. Regular files below `copy_root` only; no
 *                 symbolic link is followed. Directories are made. Owner 0
 *                 and 0 is the agent's own.
 *   start_sandbox takes a host name if the agent is process 1 or has a UTS
 *                 namespace of its own, and loads modules: by an absolute
 *                 path, or a name that is looked up as NAME.ko in
 *                 /lib/modules and /lib/modules/RELEASE. `dns` is for
 *                 process 1 only. Storages and hooks are refused.
 *   stop_sandbox  only remembers it: see vmc_guest_stopping.
 *   get_oom_event waits until the kernel has killed a process for want of
 *                 memory, since the first exec or the last event. Its
 *                 "container" is the exec id, or "" if it was none of ours.
 */
#ifndef VMCACHE_GUEST_H
#define VMCACHE_GUEST_H

#include "vmcache/agent.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Processes that are kept at once. 1..255. RAM: about 160 bytes each in
 * struct vmc_guest; 64 KiB of the system's for each stream that is full.
 */
#ifndef VMC_GUEST_PROCESS_MAX
#define VMC_GUEST_PROCESS_MAX 16
#endif

/*
 * Arguments and environment of one process, in bytes with their NULs.
 * 4096..1048576. RAM: itself, in struct vmc_guest; touched as far as used.
 */
#ifndef VMC_GUEST_EXEC_SIZE
#define VMC_GUEST_EXEC_SIZE 65536
#endif

/*
 * Arguments, and variables, of one process. 16..4096. RAM: a pointer each,
 * twice, in struct vmc_guest.
 */
#ifndef VMC_GUEST_EXEC_MAX
#define VMC_GUEST_EXEC_MAX 256
#endif

/* How long a stream may be silent after its process has ended, before it is
 * taken to have ended too, in milliseconds. */
#ifndef VMC_GUEST_LINGER_MS
#define VMC_GUEST_LINGER_MS 200
#endif

/*
 * Room for what is read from /proc, /sys and the kernel's netlink sockets at
 * once, in bytes. 8192..65536: a netlink message may have 8 KiB. RAM:
 * itself, in struct vmc_guest; touched as far as used.
 */
#ifndef VMC_GUEST_ROOM_SIZE
#define VMC_GUEST_ROOM_SIZE 16384
#endif

#if VMC_GUEST_PROCESS_MAX < 1 || VMC_GUEST_PROCESS_MAX > 255
#error "VMC_GUEST_PROCESS_MAX must be 1..255"
#endif
#if VMC_GUEST_EXEC_SIZE < 4096 || VMC_GUEST_EXEC_SIZE > 1048576
#error "VMC_GUEST_EXEC_SIZE must be 4096..1048576 bytes"
#endif
#if VMC_GUEST_EXEC_MAX < 16 || VMC_GUEST_EXEC_MAX > 4096
#error "VMC_GUEST_EXEC_MAX must be 16..4096"
#endif
#if VMC_GUEST_ROOM_SIZE < 8192 || VMC_GUEST_ROOM_SIZE > 65536
#error "VMC_GUEST_ROOM_SIZE must be 8192..65536 bytes"
#endif

/*
 * What changes the machine as a whole. Each function returns 0, or errno.
 * Tests, which share their machine with others, put theirs here.
 */
struct vmc_guest_system {
	int (*set_clock)(const struct vmc_wall *wall);
	/* Three ways of one seed: written, credited, taken up. */
	int (*write_entropy)(struct vmc_view data);
	int (*credit_entropy)(struct vmc_view data);
	int (*reseed)(void);
	int (*set_hostname)(struct vmc_view name);
	int (*load_module)(const char *path, const char *parameters);
};

/* Linux's own. */
extern const struct vmc_guest_system vmc_guest_linux;

/* Zeroed fields mean their defaults. Strings live as long as the guest. */
struct vmc_guest_config {
	uint8_t is_init;       /* the agent is process 1 */
	const char *copy_root; /* of copy_file; NULL: "/run" */
	const char *sys;       /* NULL: "/sys" */
	const char *proc;      /* NULL: "/proc" */
	const char *kmsg;      /* the kernel's log; NULL: "/dev/kmsg" */
	const char *resolv;    /* NULL: "/etc/resolv.conf" */
	const char *modules;   /* NULL: "/lib/modules" */
	const struct vmc_guest_system *system; /* NULL: vmc_guest_linux */
};

/* Private: one of a process's streams, seen from the agent. */
struct vmc_guest_stream {
	int fd;            /* -1: closed */
	uint8_t ended;     /* somebody was told so */
	uint64_t quiet_ms; /* since when nothing has come; 0: not known */
};

/* Private: a process. */
struct vmc_guest_process {
	uint8_t used;
	uint8_t ended;    /* and was reaped */
	uint8_t told;     /* somebody knows how it ended */
	uint8_t terminal; /* in.fd is the terminal's, for reading too */
	uint16_t waiters; /* calls in flight */
	int32_t status;   /* 128 + a signal's number if one ended it */
	int64_t pid;
	int pidfd;
	uint32_t age; /* of its end: the smallest ended first */
	struct vmc_guest_stream in, out, err;
	char id[VMC_AGENT_ID_SIZE];
};

/* Private: arguments and environment of a process that is being started. */
struct vmc_guest_exec {
	const char *argv[VMC_GUEST_EXEC_MAX + 1];
	const char *envp[VMC_GUEST_EXEC_MAX + 4]; /* with those we add */
	char bytes[VMC_GUEST_EXEC_SIZE];
	size_t bytes_len;
};

/* Complete so that it can be placed anywhere; private. */
struct vmc_guest {
	struct vmc_guest_config config;
	struct vmc_guest_process process[VMC_GUEST_PROCESS_MAX];
	uint32_t ends;          /* processes that have ended */
	uint32_t changes;       /* see vmc_guest_changes */
	uint32_t memory_blocks; /* at the last look */
	uint32_t scrapes;       /* of metrics */
	int kmsg, uevents;      /* -1: not open */
	uint8_t stopping;
	struct vmc_guest_exec exec;
	uint64_t room[VMC_GUEST_ROOM_SIZE / 8];
};

/* Prepares it, and takes a first look at the machine's memory. */
void vmc_guest_init(struct vmc_guest *guest,
		    const struct vmc_guest_config *config);

/* The agent to be served; `error` may be NULL. */
struct vmc_agent vmc_guest_agent(struct vmc_guest *guest,
				 struct vmc_error *error);

/* Its backend: state is a struct vmc_guest that was initialised. */
extern const struct vmc_agent_ops vmc_agent_linux_ops;

/*
 * Reaps all children that have ended: processes of the guest, and what
 * process 1 inherits. Others of the host's own are reaped with them.
 */
void vmc_guest_reap(struct vmc_guest *guest);

/*
 * A number that changes when a call in flight may have become due by what
 * another one did: step all calls again before waiting.
 */
uint32_t vmc_guest_changes(const struct vmc_guest *guest);

/*
 * 1 once stop_sandbox was called: the host sends what answers it has, and
 * ends (process 1: switches the machine off).
 */
int vmc_guest_stopping(const struct vmc_guest *guest);

/* Kills all processes of the guest, and closes what it has open. */
void vmc_guest_end(struct vmc_guest *guest);

#ifdef __cplusplus
}
#endif

#endif
