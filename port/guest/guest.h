/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest, the part that its files share.
 */
#ifndef GUEST_H
#define GUEST_H

#include "vmcache_guest.h"

#include <sys/types.h>

/* A path that is composed here, below /proc, /sys or /lib/modules. */
#define VMC_GUEST_PATH_SIZE 256

static inline struct vmc_guest *vmc_guest_of(struct vmc_agent *agent)
{
	return agent->state;
}

/* ---- Failures: guest_error.c ---- */

/* Says "WHAT PATH: words of errno" and returns what stands for `number`. */
enum vmc_status vmc_guest_error(struct vmc_agent *agent, int number,
				const char *what, const char *path);

/* Says "WHAT: VIEW: DETAIL" and returns `status`; `detail` may be NULL. */
enum vmc_status vmc_guest_refuse(struct vmc_agent *agent,
				 enum vmc_status status, const char *what,
				 struct vmc_view view, const char *detail);

/* ---- Small files and directories: guest_sys.c ---- */

/* Joins three parts; NULL is left out. What does not fit yields "". */
void vmc_guest_path(char out[VMC_GUEST_PATH_SIZE], const char *first,
		    const char *second, const char *third);

/* The bytes of a small file, as much as fits, and a NUL: their number, or -1
 * with errno. */
ssize_t vmc_guest_read(const char *path, void *buf, size_t cap);

/* The same of a number in decimal or, with base 16, without "0x". */
int vmc_guest_read_number(const char *path, unsigned base, uint64_t *number);

/* Writes a file that is there: 0, or errno. */
int vmc_guest_write(const char *path, const char *text);

/* The number that a name ends in: "cpu12" after "cpu". -1: another name. */
long vmc_guest_name_number(const char *name, const char *prefix);

/* The digits that `text` begins with; how many there are. */
size_t vmc_guest_parse(const char *text, unsigned base, uint64_t *number);

/* Entries of a directory, one after the other. */
struct vmc_guest_listing {
	int fd; /* -1: it cannot be read, or all was */
	int len, at;
	uint64_t *room; /* VMC_GUEST_LISTING_SIZE bytes */
};

#define VMC_GUEST_LISTING_SIZE 4096

/* Begins; `room` is the caller's until it has ended. */
void vmc_guest_list_begin(struct vmc_guest_listing *listing, const char *path,
			  uint64_t *room);
/* The next name, or NULL; valid until the next call. */
const char *vmc_guest_list_next(struct vmc_guest_listing *listing);
/* Ends it early. */
void vmc_guest_list_end(struct vmc_guest_listing *listing);

/* ---- Kernel events: guest_uevent.c ---- */

/* A socket that hears of devices that come and go; -1 with errno. */
int vmc_guest_uevents_open(void);
/* Throws away what it has heard. */
void vmc_guest_uevents_drain(int fd);

/* ---- Processes: guest_process.c ---- */

/* The one of that id, or NULL and the agent's error is set. */
struct vmc_guest_process *vmc_guest_find(struct vmc_agent *agent,
					 struct vmc_view exec_id);
/* Sees whether it has ended. */
void vmc_guest_look(struct vmc_guest *guest, struct vmc_guest_process *process);
/* Forgets it if nobody needs it any more. */
void vmc_guest_settle(struct vmc_guest *guest,
		      struct vmc_guest_process *process);
void vmc_guest_stream_close(struct vmc_guest *guest,
			    struct vmc_guest_stream *stream);

/*
 * A call on a process that waits: begin counts it once, so that the process
 * stays while it is in flight, and end counts it off. `begin` yields NULL if
 * there is no such process; the task has ended then.
 */
struct vmc_guest_process *vmc_guest_call_begin(struct vmc_agent *agent,
					       struct vmc_view exec_id,
					       struct vmc_task *task,
					       uint64_t now_ms,
					       enum vmc_status *status);
enum vmc_status vmc_guest_call_end(struct vmc_agent *agent,
				   struct vmc_guest_process *process,
				   struct vmc_task *task,
				   enum vmc_status status);

/* ---- Starting one: guest_spawn.c ---- */

enum vmc_guest_step {
	VMC_GUEST_STEP_NONE = 0,
	VMC_GUEST_STEP_STREAMS,
	VMC_GUEST_STEP_TERMINAL,
	VMC_GUEST_STEP_CWD,
	VMC_GUEST_STEP_GROUPS,
	VMC_GUEST_STEP_IDS,
	VMC_GUEST_STEP_PRIVILEGES,
	VMC_GUEST_STEP_PROGRAM
};

/* What the child reports when it could not execute. */
struct vmc_guest_report {
	int step; /* enum vmc_guest_step */
	int number;
};

struct vmc_guest_spawn {
	const char *const *argv;
	const char *const *envp;
	const char *search; /* PATH, for a name without a slash; or NULL */
	const char *cwd;
	uint32_t uid, gid;
	uint8_t set_ids;
	uint8_t terminal;
	uint8_t no_new_privileges;
	int in, out, err; /* a terminal's slave, three times */
};

/* Starts it: the pid, or -1 and `report` says where it failed. */
int64_t vmc_guest_spawn(const struct vmc_guest_spawn *spawn,
			struct vmc_guest_report *report);

/* Two ends of a pipe that are no standard descriptors; ours does not block.
 * 0, or errno. */
int vmc_guest_pipe(int *ours, int *theirs, int ours_writes);

/* A terminal of that size (0: unset). 0, or errno. */
int vmc_guest_terminal(int *master, int *slave, uint32_t height,
		       uint32_t width);

/* ---- Calls, by the file that they are in ---- */

enum vmc_status vmc_guest_exec(struct vmc_agent *agent,
			       const struct vmc_exec *exec,
			       struct vmc_process *process,
			       struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_signal(struct vmc_agent *agent,
				 struct vmc_view container_id,
				 struct vmc_view exec_id, uint32_t signal,
				 int all, struct vmc_task *task,
				 uint64_t now_ms);
enum vmc_status vmc_guest_wait(struct vmc_agent *agent,
			       struct vmc_view container_id,
			       struct vmc_view exec_id, int32_t *exit_status,
			       struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_winsize(struct vmc_agent *agent,
				  struct vmc_view container_id,
				  struct vmc_view exec_id, uint32_t height,
				  uint32_t width, struct vmc_task *task,
				  uint64_t now_ms);

/* guest_stdio.c */
enum vmc_status vmc_guest_write_stdin(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_view data, size_t *written,
				      struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_close_stdin(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_read_stdout(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_buffer *data,
				      struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_read_stderr(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_buffer *data,
				      struct vmc_task *task, uint64_t now_ms);

/* guest_random.c */
enum vmc_status vmc_guest_reseed_rng(struct vmc_agent *agent,
				     struct vmc_view data,
				     struct vmc_task *task, uint64_t now_ms);
int vmc_guest_write_entropy(struct vmc_view data);
int vmc_guest_credit_entropy(struct vmc_view data);
int vmc_guest_reseed(void);

/* guest_online.c */
enum vmc_status vmc_guest_online_cpu_mem(struct vmc_agent *agent, uint32_t cpus,
					 uint32_t added, int cpu_only,
					 struct vmc_task *task,
					 uint64_t now_ms);
enum vmc_status
vmc_guest_mem_hotplug_by_probe(struct vmc_agent *agent, uint64_t address,
			       uint32_t size_mib, uint32_t section_mib,
			       struct vmc_task *task, uint64_t now_ms);
uint32_t vmc_guest_memory_blocks(struct vmc_guest *guest);

/* guest_net.c */
enum vmc_status vmc_guest_list_interfaces(struct vmc_agent *agent,
					  struct vmc_interfaces *interfaces,
					  struct vmc_task *task,
					  uint64_t now_ms);
enum vmc_status vmc_guest_list_routes(struct vmc_agent *agent,
				      struct vmc_routes *routes,
				      struct vmc_task *task, uint64_t now_ms);

/* guest_file.c */
enum vmc_status vmc_guest_copy_file(struct vmc_agent *agent,
				    const struct vmc_file_piece *piece,
				    struct vmc_task *task, uint64_t now_ms);

/* guest_metrics.c */
enum vmc_status vmc_guest_metrics(struct vmc_agent *agent,
				  struct vmc_buffer *metrics,
				  struct vmc_task *task, uint64_t now_ms);

/* guest_oom.c */
enum vmc_status vmc_guest_oom_event(struct vmc_agent *agent,
				    struct vmc_oom_event *event,
				    struct vmc_task *task, uint64_t now_ms);
/* From now on nothing is missed. */
void vmc_guest_oom_watch(struct vmc_guest *guest);

/* guest_sandbox.c */
enum vmc_status vmc_guest_start_sandbox(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					struct vmc_task *task, uint64_t now_ms);
enum vmc_status vmc_guest_stop_sandbox(struct vmc_agent *agent,
				       const struct vmc_sandbox *sandbox,
				       struct vmc_task *task, uint64_t now_ms);
int vmc_guest_set_hostname(struct vmc_view name);
int vmc_guest_load_module(const char *path, const char *parameters);

#endif
