/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Conversations with QEMU: one command is under way at a time, an answer is
 * known by its id. Commands are short and QEMU reads them at once; a socket
 * that does not take one whole is a QEMU that does not read.
 */
#include "qemu_vm.h"
#include "qemu_files.h"
#include "qemu_rom.h"
#include "../../src/base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Pieces that are read in one step; a guest that never ends its speech must
 * not keep us from all others. */
#define PIECES 32

/* Between the end of the control channel, or the word of it, and that of the
 * process. */
#define LOST_MS 1000

/*
 * Why QEMU ends, by the reasons that it gives (ShutdownCause in its
 * qapi/run-state.json), if it is the guest's doing.
 */
static const struct {
	const char *reason, *words;
} quits[] = {
	{ "", "" },
	{ "guest-shutdown", "guest has switched itself off" },
	{ "guest-reset", "guest has rebooted, as one that panics does" },
	{ "guest-panic", "guest has panicked" },
};

#define QUITS (sizeof(quits) / sizeof(quits[0]))

const struct qemu_script vmc_qemu_status_script = {
	.name = "ready",
	.request = { QMP_STATUS },
	.request_len = 1,
	.run_state = "running",
};

/* see qemu_vm.h */
void vmc_qemu_close(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* see qemu_vm.h */
void vmc_qemu_close_channels(struct qemu_vm *mine)
{
	if (!mine->begun)
		return; /* zeroed: 0 is nobody's to close */
	vmc_qemu_close(&mine->control);
	vmc_qemu_close(&mine->console);
	vmc_qemu_close(&mine->errors);
	mine->greeted = mine->attached = 0;
}

/* see qemu_vm.h */
void vmc_qemu_forget(struct qemu_vm *mine)
{
	mine->pidfd = mine->control = mine->console = mine->errors = -1;
	mine->child = mine->ended = mine->ending = mine->quit = 0;
	mine->greeted = mine->attached = mine->stopped = 0;
	vmc_qemu_talk_begin(mine);
	mine->ready = mine->paused = 0;
	vmc_qemu_console_restart(&mine->said);
	vmc_qmp_init(&mine->qmp);
}

/* see qemu_vm.h */
const char *vmc_qemu_ready_text(const struct vmc_qemu *qemu,
				const struct qemu_vm *mine)
{
	if (qemu->config.ready)
		return qemu->config.ready;
	return mine->builtin ? QEMU_ROM_READY : NULL;
}

/*
 * Hearing
 */

/* see qemu_vm.h */
void vmc_qemu_hold_console(struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);
	char path[VMC_QEMU_PATH_SIZE];
	struct vmc_error unheard;

	if (mine->console >= 0)
		return;
	vmc_error_reset(&unheard);
	vmc_qemu_path(path, mine->facts.dir, QEMU_CONSOLE);
	if (vmc_qemu_connect(path, &mine->console, &unheard))
		mine->console = -1; /* then nothing is told of it */
}

/* A conversation that has gone wrong stays so until the next one. */
static void fail(struct vmc_vm *vm, enum vmc_status status, const char *what)
{
	qemu_vm(vm)->failed = vmc_error_set(&vm->error, status, what, NULL);
}

static void set_refused(struct vmc_vm *vm, struct vmc_view words)
{
	char text[VMC_ERROR_TEXT_SIZE];
	struct vmc_text t;

	vmc_text_init(&t, text, sizeof(text));
	vmc_text_add(&t, "QEMU refuses: ");
	vmc_text_add_view(&t, words);
	fail(vm, VMC_ERR_VM, text);
}

static void take_run_state(struct qemu_vm *mine, struct vmc_view state)
{
	size_t len = state.ptr_len;

	if (len >= sizeof(mine->run_state))
		len = sizeof(mine->run_state) - 1;
	memcpy(mine->run_state, state.ptr, len);
	mine->run_state[len] = '\0';
}

static void take_answer(struct vmc_vm *vm, const struct qmp_message *message)
{
	struct qemu_vm *mine = qemu_vm(vm);

	mine->answered = 1;
	if (message->status.ptr)
		take_run_state(mine, message->status);
	if (message->type == QMP_ERROR)
		set_refused(vm, message->text);
}

static void take_event(struct qemu_vm *mine, const struct qmp_message *message)
{
	size_t i;

	if (vmc_view_is(message->text, "STOP")) {
		mine->stopped = 1;
		mine->resumed = 0;
	}
	mine->resumed |= vmc_view_is(message->text, "RESUME");
	if (!vmc_view_is(message->text, "SHUTDOWN"))
		return;
	mine->ending = 1;
	for (i = 1; i < QUITS; i++)
		if (vmc_view_is(message->reason, quits[i].reason))
			mine->quit = (uint8_t)i;
}

static void take_message(struct vmc_vm *vm, const struct qmp_message *message)
{
	struct qemu_vm *mine = qemu_vm(vm);

	switch (message->type) {
	case QMP_GREETING:
		mine->greeted = 1;
		break;
	case QMP_RETURN:
	case QMP_ERROR:
		/* what it says amid its end is of no use */
		if (mine->asked && message->id == mine->asked && !mine->ending)
			take_answer(vm, message);
		break;
	case QMP_EVENT:
		take_event(mine, message);
		break;
	default:
		fail(vm, VMC_ERR_PROTOCOL,
		     "what comes from QEMU's control channel is not QMP");
		break;
	}
}

/* Receives a piece: 1, or 0 if there is nothing now; an end closes it. */
static int receive(int *fd, void *buf, size_t cap, size_t *len)
{
	ssize_t got;

	if (*fd < 0)
		return 0;
	do {
		got = read(*fd, buf, cap);
	} while (got < 0 && errno == EINTR);
	if (got > 0) {
		*len = (size_t)got;
		return 1;
	}
	if (got == 0 || errno != EAGAIN)
		vmc_qemu_close(fd);
	return 0;
}

/* How many pieces have come. */
static int hear_control(struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);
	struct qmp_message message;
	size_t cap, len;
	int piece;

	for (piece = 0; piece < PIECES; piece++) {
		uint8_t *buf = vmc_qmp_recv_buf(&mine->qmp, &cap);

		if (!receive(&mine->control, buf, cap, &len))
			break;
		vmc_qmp_recv_ack(&mine->qmp, len);
		while (vmc_qmp_next(&mine->qmp, &message))
			take_message(vm, &message);
	}
	return piece;
}

static void hear_console(struct qemu_vm *mine, const char *ready)
{
	char buf[QEMU_CONSOLE_CHUNK];
	size_t len;
	int piece;

	/* Of one that is dead the last words matter, and there is an end. */
	for (piece = 0; piece < PIECES || mine->ended; piece++) {
		if (!receive(&mine->console, buf, sizeof(buf), &len))
			return;
		if (vmc_qemu_console_hear(&mine->said, buf, len, ready))
			mine->ready = 1;
	}
}

static void hear_errors(struct qemu_vm *mine)
{
	char buf[QEMU_CONSOLE_CHUNK];
	size_t len;
	int piece;

	for (piece = 0; piece < PIECES; piece++) {
		if (!receive(&mine->errors, buf, sizeof(buf), &len))
			return;
		vmc_qemu_console_add(&mine->said, buf, len);
	}
}

/* see qemu_vm.h */
void vmc_qemu_hear(const struct vmc_qemu *qemu, struct vmc_vm *vm)
{
	struct qemu_vm *mine = qemu_vm(vm);
	int spoke = hear_control(vm) > 0;

	/* One that has just spoken and not hung up has not ended. Before the
	 * rest is heard, so that all that it has said before is there. */
	if (!mine->ended && mine->pidfd >= 0 && (!spoke || mine->control < 0))
		mine->ended =
			(uint8_t)vmc_process_ended(mine->pidfd, &mine->end);
	if (mine->ended)
		hear_control(vm);
	hear_console(mine, vmc_qemu_ready_text(qemu, mine));
	hear_errors(mine);
}

/*
 * Talking
 */

/* see qemu_vm.h */
void vmc_qemu_talk_begin(struct qemu_vm *mine)
{
	mine->progress = 0;
	mine->asked = 0;
	mine->resumed = 0;
	mine->lost_ms = 0;
	mine->failed = VMC_OK;
}

static enum vmc_status ask(struct vmc_vm *vm, struct qmp_command *command)
{
	struct qemu_vm *mine = qemu_vm(vm);
	uint8_t text[QMP_COMMAND_SIZE];
	enum vmc_status status;
	size_t len;
	ssize_t sent;

	mine->asked = command->id = ++mine->last_id;
	mine->answered = 0;
	status = vmc_qmp_write(command, text, sizeof(text), &len);
	if (status)
		return vmc_error_set_number(&vm->error, status,
					    "QMP command: bytes allowed",
					    sizeof(text));
	sent = send(mine->control, text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent == (ssize_t)len)
		return VMC_AGAIN;
	if (sent < 0 && errno != EAGAIN)
		return VMC_AGAIN; /* its last words may be there; then its end */
	return vmc_error_set(&vm->error, VMC_ERR_VM,
			     "QEMU does not read its control channel", NULL);
}

/* What query-status would answer, if QEMU has told it by itself. */
static int is_told(struct qemu_vm *mine, const struct qemu_script *script,
		   unsigned request)
{
	if (request != QMP_STATUS || mine->asked || !script->resumes ||
	    !mine->resumed || mine->ending || mine->control < 0)
		return 0;
	take_run_state(mine, vmc_view_of("running"));
	return 1;
}

/* One request of a script: VMC_AGAIN until it has been answered. */
static enum vmc_status converse(struct vmc_vm *vm,
				const struct qemu_script *script,
				const struct qmp_command *arguments)
{
	struct qemu_vm *mine = qemu_vm(vm);
	unsigned request = script->request[mine->progress];
	struct qmp_command command = { 0 };

	if (mine->failed)
		return mine->failed;
	if (is_told(mine, script, request))
		return VMC_OK;
	if (request == QEMU_GREETING)
		return mine->greeted ? VMC_OK : VMC_AGAIN;
	if (mine->asked) {
		if (!mine->answered)
			return VMC_AGAIN;
		mine->asked = 0;
		mine->attached |=
			request == QMP_CAPABILITIES || request == QMP_HELLO;
		return VMC_OK;
	}
	if (mine->control < 0)
		return VMC_AGAIN;
	if (arguments)
		command = *arguments;
	command.request = (enum qmp_request)request;
	return ask(vm, &command);
}

static enum vmc_status check_run_state(struct vmc_vm *vm,
				       const struct qemu_script *script)
{
	const struct qemu_vm *mine = qemu_vm(vm);
	char text[64];

	if (!script->run_state ||
	    strcmp(mine->run_state, script->run_state) == 0)
		return VMC_OK;
	snprintf(text, sizeof(text), "%s: the VM should be %s, but is",
		 script->name, script->run_state);
	return vmc_error_set(&vm->error, VMC_ERR_VM, text, mine->run_state);
}

/* see qemu_vm.h */
enum vmc_status vmc_qemu_talk(struct vmc_vm *vm,
			      const struct qemu_script *script,
			      const struct qmp_command *arguments)
{
	struct qemu_vm *mine = qemu_vm(vm);
	enum vmc_status status;

	while (mine->progress < script->request_len) {
		status = converse(vm, script, arguments);
		if (status)
			return status;
		mine->progress++;
	}
	mine->progress = 0;
	return check_run_state(vm, script);
}

/*
 * Living
 */

/* By the guest's doing, or by a status that only a parent can know. */
static void say_end(struct vmc_text *t, const struct qemu_vm *mine)
{
	if (mine->quit) {
		vmc_text_add(t, quits[mine->quit].words);
	} else if (!mine->end.known) {
		vmc_text_add(t, "QEMU has ended");
	} else {
		vmc_text_add(t, mine->end.signalled ?
					"QEMU was killed by signal " :
					"QEMU exited with status ");
		vmc_text_add_number(t, (uint64_t)mine->end.number);
	}
}

static enum vmc_status set_ended(struct vmc_vm *vm)
{
	const struct qemu_vm *mine = qemu_vm(vm);
	char text[VMC_ERROR_TEXT_SIZE];
	struct vmc_view words = vmc_qemu_console_last_words(&mine->said);
	struct vmc_text t;

	vmc_text_init(&t, text, sizeof(text));
	say_end(&t, mine);
	if (words.ptr_len) {
		vmc_text_add(&t, ": ");
		vmc_text_add_view(&t, words);
	}
	return vmc_error_set(&vm->error, VMC_ERR_VM, text, NULL);
}

/* see qemu_vm.h */
enum vmc_status vmc_qemu_live(struct vmc_vm *vm, struct vmc_task *task,
			      uint64_t now_ms)
{
	struct qemu_vm *mine = qemu_vm(vm);

	if (mine->ended)
		return set_ended(vm);
	if (mine->control >= 0 && !mine->ending)
		return VMC_AGAIN;
	/* It exits then, and its status tells more. But one that was asked
	 * something just before may wait for that for ever (7.2). */
	if (mine->lost_ms == 0)
		mine->lost_ms = now_ms + LOST_MS;
	vmc_task_until(task, mine->lost_ms);
	if (now_ms < mine->lost_ms)
		return VMC_AGAIN;
	if (mine->quit)
		return set_ended(vm);
	return vmc_error_set(&vm->error, VMC_ERR_VM,
			     mine->ending ? "QEMU shuts down" :
					    "QEMU has closed its control "
					    "channel",
			     NULL);
}

/* see qemu_vm.h */
void vmc_qemu_wait(const struct qemu_vm *mine, struct vmc_task *task)
{
	const int fds[] = { mine->control, mine->console, mine->errors,
			    mine->ended ? -1 : mine->pidfd };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0)
			vmc_task_wait(task, fds[i], VMC_WAIT_READ);
}
