/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process's streams. Nothing is kept here: bytes stay in the system's
 * pipes until a call takes them or brings them, so what a command floods us
 * with, or does not read, costs one pipe and holds up nobody else.
 */
#include "guest.h"

#include <errno.h>
#include <termios.h>
#include <unistd.h>

/* Ctrl-D, where a terminal does not say what its end of a file is. */
#define END_OF_TRANSMISSION 4

/*
 * Writing
 */

static enum vmc_status closed(struct vmc_agent *agent,
			      struct vmc_guest_process *process)
{
	vmc_guest_stream_close(vmc_guest_of(agent), &process->in);
	return vmc_error_set(agent->error, VMC_ERR_STATE,
			     process->in.ended ?
				     "standard input was closed" :
				     "process has closed its standard input",
			     process->id);
}

/* VMC_AGAIN with what it waits for: room, or the end of the process. */
static enum vmc_status wait_for_room(struct vmc_agent *agent,
				     struct vmc_guest_process *process,
				     struct vmc_task *task)
{
	vmc_guest_look(vmc_guest_of(agent), process);
	if (process->ended)
		return closed(agent, process);
	vmc_task_wait(task, process->in.fd, VMC_WAIT_WRITE);
	vmc_task_wait(task, process->pidfd, VMC_WAIT_READ);
	return VMC_AGAIN;
}

static enum vmc_status write_some(struct vmc_agent *agent,
				  struct vmc_guest_process *process,
				  struct vmc_view data, size_t *written,
				  struct vmc_task *task)
{
	ssize_t len = 0;

	if (process->in.fd < 0)
		return closed(agent, process);
	if (data.ptr_len > 0)
		do
			len = write(process->in.fd, data.ptr, data.ptr_len);
		while (len < 0 && errno == EINTR);
	if (len >= 0) {
		*written = (size_t)len;
		return VMC_OK;
	}
	if (errno == EAGAIN)
		return wait_for_room(agent, process, task);
	if (errno == EPIPE || errno == EIO)
		return closed(agent, process);
	return vmc_guest_error(agent, errno, "standard input of", process->id);
}

/* see guest.h */
enum vmc_status vmc_guest_write_stdin(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_view data, size_t *written,
				      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	struct vmc_guest_process *process =
		vmc_guest_call_begin(agent, exec_id, task, now_ms, &status);

	(void)container_id;
	if (!process)
		return status;
	status = write_some(agent, process, data, written, task);
	if (status == VMC_AGAIN)
		return vmc_task_again(task);
	return vmc_guest_call_end(agent, process, task, status);
}

/* What a terminal takes for the end of its input. */
static uint8_t end_character(int terminal)
{
	struct termios modes;

	if (tcgetattr(terminal, &modes) == 0 && modes.c_cc[VEOF] != 0)
		return modes.c_cc[VEOF];
	return END_OF_TRANSMISSION;
}

static enum vmc_status close_input(struct vmc_agent *agent,
				   struct vmc_guest_process *process,
				   struct vmc_task *task)
{
	struct vmc_view end = { NULL, 1 };
	enum vmc_status status;
	uint8_t character;
	size_t written;

	if (process->in.fd < 0)
		return VMC_OK;
	process->in.ended = !process->terminal;
	if (!process->terminal) {
		vmc_guest_stream_close(vmc_guest_of(agent), &process->in);
		return VMC_OK;
	}
	character = end_character(process->in.fd);
	end.ptr = &character;
	status = write_some(agent, process, end, &written, task);
	return status == VMC_ERR_STATE ? VMC_OK : status;
}

/* see guest.h */
enum vmc_status vmc_guest_close_stdin(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	struct vmc_guest_process *process =
		vmc_guest_call_begin(agent, exec_id, task, now_ms, &status);

	(void)container_id;
	if (!process)
		return status;
	status = close_input(agent, process, task);
	if (status == VMC_AGAIN)
		return vmc_task_again(task);
	return vmc_guest_call_end(agent, process, task, status);
}

/*
 * Reading
 */

static enum vmc_status end_of(struct vmc_guest *guest,
			      struct vmc_guest_stream *stream,
			      struct vmc_buffer *data)
{
	vmc_guest_stream_close(guest, stream);
	stream->ended = 1;
	data->ptr_len = 0;
	return VMC_OK;
}

/*
 * Nothing is there now. As long as the process lives, something may come;
 * afterwards, only from what it has left in the background, and that may
 * keep the stream open for ever.
 */
static enum vmc_status wait_for_bytes(struct vmc_guest *guest,
				      struct vmc_guest_process *process,
				      struct vmc_guest_stream *stream,
				      struct vmc_buffer *data,
				      struct vmc_task *task, uint64_t now_ms)
{
	vmc_guest_look(guest, process);
	vmc_task_wait(task, stream->fd, VMC_WAIT_READ);
	if (!process->ended) {
		vmc_task_wait(task, process->pidfd, VMC_WAIT_READ);
		return VMC_AGAIN;
	}
	if (stream->quiet_ms == 0)
		stream->quiet_ms = now_ms + 1;
	if (now_ms >= stream->quiet_ms + VMC_GUEST_LINGER_MS)
		return end_of(guest, stream, data);
	vmc_task_until(task, stream->quiet_ms + VMC_GUEST_LINGER_MS);
	return VMC_AGAIN;
}

/* EIO is a terminal that nobody has open any more. */
static enum vmc_status read_some(struct vmc_agent *agent,
				 struct vmc_guest_process *process,
				 struct vmc_guest_stream *stream,
				 struct vmc_buffer *data, struct vmc_task *task,
				 uint64_t now_ms)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	ssize_t len;

	if (data->ptr_cap == 0)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT, "len is 0",
				     process->id);
	if (stream->fd < 0)
		return end_of(guest, stream, data);
	do
		len = read(stream->fd, data->ptr, data->ptr_cap);
	while (len < 0 && errno == EINTR);
	if (len > 0) {
		data->ptr_len = (size_t)len;
		stream->quiet_ms = 0;
		return VMC_OK;
	}
	if (len == 0 || errno == EIO)
		return end_of(guest, stream, data);
	if (errno == EAGAIN)
		return wait_for_bytes(guest, process, stream, data, task,
				      now_ms);
	return vmc_guest_error(agent, errno, "cannot read of", process->id);
}

static enum vmc_status read_stream(struct vmc_agent *agent,
				   struct vmc_guest_process *process,
				   struct vmc_guest_stream *stream,
				   struct vmc_buffer *data,
				   struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status =
		read_some(agent, process, stream, data, task, now_ms);

	if (status == VMC_AGAIN)
		return vmc_task_again(task);
	return vmc_guest_call_end(agent, process, task, status);
}

/* see guest.h */
enum vmc_status vmc_guest_read_stdout(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_buffer *data,
				      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	struct vmc_guest_process *process =
		vmc_guest_call_begin(agent, exec_id, task, now_ms, &status);

	(void)container_id;
	if (!process)
		return status;
	return read_stream(agent, process, &process->out, data, task, now_ms);
}

/* see guest.h */
enum vmc_status vmc_guest_read_stderr(struct vmc_agent *agent,
				      struct vmc_view container_id,
				      struct vmc_view exec_id,
				      struct vmc_buffer *data,
				      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;
	struct vmc_guest_process *process =
		vmc_guest_call_begin(agent, exec_id, task, now_ms, &status);

	(void)container_id;
	if (!process)
		return status;
	return read_stream(agent, process, &process->err, data, task, now_ms);
}
