/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An agent with processes in it, wherever it is: its calls, run to their end
 * by poll(2). Whoever includes this sets `agent` up.
 *
 * The calls below end a test that waits longer than LIMIT_MS. A call that
 * is to be seen waiting is stepped by hand.
 */
#ifndef AGENT_WORLD_H
#define AGENT_WORLD_H

#include "test.h"

#include "vmcache/agent.h"
#include "vmcache_posix.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef LIMIT_MS
#define LIMIT_MS 20000
#endif
#define VIEWS_MAX 32

static struct vmc_agent agent;
static struct vmc_error error;

#ifndef QEMU_WORLD_H /* which has a clock of its own */
static struct vmc_posix_env_state env_state;

static inline uint64_t now(void)
{
	struct vmc_env env = vmc_posix_env(&env_state);

	return env.now_ms(env.ctx);
}
#endif

/* Waits for what a task waits for; a test that hangs has failed. */
static inline void wait_for(const struct vmc_task *task)
{
	CHECK(vmc_posix_wait(NULL, task, now()) >= 0);
}

/* RUN_CALL(agent.ops->…(&agent, …, &task, now())): its status. */
#define RUN_CALL(call)                                                         \
	({                                                                     \
		struct vmc_task task = VMC_TASK_INIT;                          \
		enum vmc_status run_status;                                    \
		vmc_error_reset(&error);                                       \
		task.deadline_ms = now() + LIMIT_MS;                           \
		while ((run_status = (call)) == VMC_AGAIN)                     \
			wait_for(&task);                                       \
		run_status;                                                    \
	})

static inline struct vmc_view view(const char *text)
{
	return vmc_view_of(text);
}

/*
 * Processes
 */

struct command {
	struct vmc_exec exec;
	struct vmc_view args[VIEWS_MAX], env[VIEWS_MAX];
};

static inline void add_argument(struct command *command, const char *text)
{
	command->args[command->exec.args_len++] = view(text);
	command->exec.args = command->args;
}

static inline void add_variable(struct command *command, const char *text)
{
	command->env[command->exec.env_len++] = view(text);
	command->exec.env = command->env;
}

/* `sh -c commands`, ready to be changed. */
static inline struct command shell(const char *id, const char *commands)
{
	struct command command;

	memset(&command, 0, sizeof(command));
	command.exec.exec_id = view(id);
	command.args[0] = view("sh");
	command.args[1] = view("-c");
	command.args[2] = view(commands);
	command.exec.args_len = 3;
	return command;
}

static inline enum vmc_status start(struct command *command)
{
	struct vmc_process process;
	enum vmc_status status;

	command->exec.args = command->args;
	command->exec.env = command->env;
	status = RUN_CALL(agent.ops->exec(&agent, &command->exec, &process,
					  &task, now()));
	if (status == VMC_OK) {
		CHECK(process.present);
		CHECK(process.pid >= 0); /* 0: it is not told */
		CHECK(vmc_view_is(command->exec.exec_id, process.token));
	}
	return status;
}

static inline enum vmc_status start_shell(const char *id, const char *commands)
{
	struct command command = shell(id, commands);

	return start(&command);
}

static inline int wait_status(const char *id)
{
	int32_t status = -1;

	CHECK_EQ_INT(
		RUN_CALL(agent.ops->wait_process(&agent, view("c"), view(id),
						 &status, &task, now())),
		VMC_OK);
	return status;
}

typedef enum vmc_status (*read_function)(struct vmc_agent *agent,
					 struct vmc_view container_id,
					 struct vmc_view exec_id,
					 struct vmc_buffer *data,
					 struct vmc_task *task,
					 uint64_t now_ms);

/* Reads a stream to its end, or until `out` is full: the bytes. */
static inline size_t read_stream(read_function read, const char *id, char *out,
				 size_t cap)
{
	struct vmc_buffer data = { 0 };
	size_t len = 0;

	while (len < cap) {
		data.ptr = (uint8_t *)out + len;
		data.ptr_cap = cap - len < 32768 ? cap - len : 32768;
		CHECK_EQ_INT(RUN_CALL(read(&agent, view("c"), view(id), &data,
					   &task, now())),
			     VMC_OK);
		if (data.ptr_len == 0)
			break;
		len += data.ptr_len;
	}
	return len;
}

static char said[65536], complained[65536];

/* Runs it to its end: its exit status; what it wrote is in `said` and
 * `complained`. */
static inline int finish(const char *id)
{
	size_t len = read_stream(agent.ops->read_process_stdout, id, said,
				 sizeof(said) - 1);

	said[len] = '\0';
	len = read_stream(agent.ops->read_process_stderr, id, complained,
			  sizeof(complained) - 1);
	complained[len] = '\0';
	return wait_status(id);
}

static inline int run_shell(const char *id, const char *commands)
{
	CHECK_EQ_INT(start_shell(id, commands), VMC_OK);
	return finish(id);
}

static inline enum vmc_status send_signal(const char *id, uint32_t number)
{
	return RUN_CALL(agent.ops->signal_process(&agent, view("c"), view(id),
						  number, *id == '\0', &task,
						  now()));
}

static inline enum vmc_status write_stdin(const char *id, const void *bytes,
					  size_t len, size_t *written)
{
	struct vmc_view data = { bytes, len };

	return RUN_CALL(agent.ops->write_process_stdin(
		&agent, view("c"), view(id), data, written, &task, now()));
}

static inline enum vmc_status close_stdin(const char *id)
{
	return RUN_CALL(agent.ops->close_process_stdin(&agent, view("c"),
						       view(id), &task, now()));
}

#endif
