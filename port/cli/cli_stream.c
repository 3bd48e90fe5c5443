/* SPDX-License-Identifier: Apache-2.0 */
/* Streams to and from a process in a guest (see cli_stream.h). */
#include "cli_stream.h"

#include <errno.h>
#include <string.h>

/* What is typed at a terminal's end of file: ctrl-D. */
#define END_OF_FILE 4

/* A process may read its input when it likes: the longest deadline that is
 * one. Without one, the agent's client has its own. */
#define FAR_AWAY (VMC_NEVER - 1)

enum state {
	STATE_READ,  /* ours, or the process's */
	STATE_WRITE, /* what was read */
	STATE_CLOSE, /* the process's */
	STATE_ENDED
};

/* ---- Waiting ---- */

/* see cli_stream.h */
void cli_waits_init(struct cli_waits *waits)
{
	waits->len = 0;
	waits->until_ms = VMC_NEVER;
}

/* More than there is room for cannot be: it would rather look too often. */
static void add(struct cli_waits *waits, vmc_handle handle, unsigned want)
{
	struct vmc_wait wait = { .handle = handle, .want = (uint16_t)want };

	if (waits->len < CLI_WAIT_MAX)
		waits->wait[waits->len++] = wait;
	else
		waits->until_ms = 0;
}

/* see cli_stream.h */
void cli_waits_add(struct cli_waits *waits, int fd, unsigned want)
{
	add(waits, fd, want);
}

/* see cli_stream.h */
void cli_waits_add_task(struct cli_waits *waits, const struct vmc_task *task)
{
	if (!vmc_task_active(task))
		return;
	for (unsigned i = 0; i < task->wait_len; i++)
		add(waits, task->wait[i].handle, task->wait[i].want);
	if (task->until_ms < waits->until_ms)
		waits->until_ms = task->until_ms;
}

/* An answer that is an error ends the stream; it is not kept. */
static int is_end(const struct cli_process *process, enum vmc_status status)
{
	if (status != VMC_ERR_CALL)
		return 0;
	if (process->agent->error)
		vmc_error_reset(process->agent->error);
	return 1;
}

/* ---- In ---- */

/* see cli_stream.h */
void cli_inlet_init(struct cli_inlet *inlet)
{
	cli_stdio_open(&inlet->from, 0);
	vmc_task_init(&inlet->task);
	inlet->state = STATE_READ;
	inlet->at = inlet->len = 0;
}

/* see cli_stream.h */
void cli_inlet_end(struct cli_inlet *inlet)
{
	vmc_task_cancel(&inlet->task);
	inlet->state = STATE_ENDED;
}

/* A terminal's other side is told by a character, and closed behind it. */
static void take_end(struct cli_inlet *inlet, const struct cli_process *process)
{
	inlet->state = STATE_CLOSE;
	if (!process->terminal)
		return;
	inlet->buf[0] = END_OF_FILE;
	inlet->len = 1;
}

static enum vmc_status read_ours(struct cli_inlet *inlet,
				 const struct cli_process *process)
{
	ssize_t len =
		cli_stdio_read(&inlet->from, inlet->buf, sizeof(inlet->buf));

	if (len < 0 && errno == EAGAIN)
		return VMC_AGAIN;
	inlet->at = 0;
	if (len > 0) {
		inlet->len = (size_t)len;
		inlet->state = STATE_WRITE;
	} else {
		take_end(inlet, process);
	}
	return VMC_OK;
}

/* The process takes what it has room for, at its own pace. */
static enum vmc_status write_theirs(struct cli_inlet *inlet,
				    const struct cli_process *process,
				    uint64_t now_ms)
{
	struct vmc_view rest = { inlet->buf + inlet->at,
				 inlet->len - inlet->at };
	enum vmc_status status;

	inlet->task.deadline_ms = FAR_AWAY;
	status = process->agent->ops->write_process_stdin(
		process->agent, process->container_id, process->exec_id, rest,
		&inlet->written, &inlet->task, now_ms);
	if (is_end(process, status)) {
		cli_inlet_end(inlet);
		return VMC_OK;
	}
	if (status)
		return status;
	if (inlet->written == 0 || inlet->written > rest.ptr_len)
		cli_inlet_end(inlet); /* nobody reads it */
	else
		inlet->at += inlet->written;
	if (inlet->at == inlet->len && inlet->state == STATE_WRITE)
		inlet->state = STATE_READ;
	return VMC_OK;
}

static enum vmc_status close_theirs(struct cli_inlet *inlet,
				    const struct cli_process *process,
				    uint64_t now_ms)
{
	enum vmc_status status;

	if (inlet->at < inlet->len)
		return write_theirs(inlet, process, now_ms);
	status = process->agent->ops->close_process_stdin(
		process->agent, process->container_id, process->exec_id,
		&inlet->task, now_ms);
	if (status && !is_end(process, status))
		return status;
	inlet->state = STATE_ENDED;
	return VMC_OK;
}

/* see cli_stream.h */
enum vmc_status cli_inlet_step(struct cli_inlet *inlet,
			       const struct cli_process *process,
			       uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	while (status == VMC_OK && inlet->state != STATE_ENDED) {
		if (inlet->state == STATE_READ) {
			inlet->len = 0;
			status = read_ours(inlet, process);
		} else if (inlet->state == STATE_WRITE) {
			status = write_theirs(inlet, process, now_ms);
		} else {
			status = close_theirs(inlet, process, now_ms);
		}
	}
	return status;
}

/* see cli_stream.h */
void cli_inlet_wait(const struct cli_inlet *inlet, struct cli_waits *waits)
{
	if (inlet->state == STATE_READ)
		cli_waits_add(waits, inlet->from.fd, VMC_WAIT_READ);
	cli_waits_add_task(waits, &inlet->task);
}

/* ---- Out ---- */

/* see cli_stream.h */
void cli_outlet_init(struct cli_outlet *outlet, int fd)
{
	cli_stdio_open(&outlet->to, fd);
	vmc_task_init(&outlet->task);
	outlet->broken = 0;
	outlet->passed = 0;
	outlet->state = STATE_READ;
	outlet->data.ptr = outlet->buf;
	outlet->data.ptr_cap = sizeof(outlet->buf);
}

/* see cli_stream.h */
int cli_outlet_ended(const struct cli_outlet *outlet)
{
	return outlet->state == STATE_ENDED;
}

/* see cli_stream.h */
void cli_outlet_end(struct cli_outlet *outlet)
{
	vmc_task_cancel(&outlet->task);
	outlet->state = STATE_ENDED;
}

static int is_error_stream(const struct cli_outlet *outlet)
{
	return outlet->to.number == 2;
}

static enum vmc_status read_theirs(struct cli_outlet *outlet,
				   const struct cli_process *process,
				   uint64_t now_ms)
{
	const struct vmc_agent_ops *ops = process->agent->ops;
	enum vmc_status status =
		(is_error_stream(outlet) ? ops->read_process_stderr :
					   ops->read_process_stdout)(
			process->agent, process->container_id, process->exec_id,
			&outlet->data, &outlet->task, now_ms);

	if (is_end(process, status)) {
		outlet->state = STATE_ENDED;
		return VMC_OK;
	}
	if (status)
		return status;
	outlet->passed += outlet->data.ptr_len;
	outlet->at = 0;
	if (outlet->data.ptr_len == 0)
		outlet->state = STATE_ENDED;
	else if (!outlet->broken)
		outlet->state = STATE_WRITE;
	return VMC_OK;
}

static enum vmc_status write_ours(struct cli_outlet *outlet)
{
	ssize_t len = cli_stdio_write(&outlet->to, outlet->buf + outlet->at,
				      outlet->data.ptr_len - outlet->at);

	if (len < 0 && errno == EAGAIN)
		return VMC_AGAIN;
	if (len < 0) {
		outlet->broken = errno;
		outlet->state = STATE_READ;
		return VMC_OK;
	}
	outlet->at += (size_t)len;
	if (outlet->at == outlet->data.ptr_len)
		outlet->state = STATE_READ;
	return VMC_OK;
}

/* see cli_stream.h */
enum vmc_status cli_outlet_step(struct cli_outlet *outlet,
				const struct cli_process *process,
				uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	while (status == VMC_OK && outlet->state != STATE_ENDED)
		status = outlet->state == STATE_READ ?
				 read_theirs(outlet, process, now_ms) :
				 write_ours(outlet);
	return status;
}

/* see cli_stream.h */
void cli_outlet_wait(const struct cli_outlet *outlet, struct cli_waits *waits)
{
	if (outlet->state == STATE_WRITE)
		cli_waits_add(waits, outlet->to.fd, VMC_WAIT_WRITE);
	cli_waits_add_task(waits, &outlet->task);
}
