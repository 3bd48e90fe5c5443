/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QMP. Invariant: line[begin, end) was received and not taken; it begins at
 * a line's beginning unless `skip` is set.
 */
#include "qmp.h"
#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"

#include <stdio.h>
#include <string.h>

static const char *const request_names[QMP_REQUESTS] = {
	[QMP_CAPABILITIES] = "qmp_capabilities",
	[QMP_STATUS] = "query-status",
	[QMP_STOP] = "stop",
	[QMP_CONT] = "cont",
	[QMP_QUIT] = "quit",
	[QMP_HELLO] = "query-status",
	[QMP_ADD_CPU] = "device_add",
	[QMP_ADD_MEMORY] = "object-add",
	[QMP_ADD_DIMM] = "device_add",
};

/* see qmp.h */
const char *vmc_qmp_request_name(enum qmp_request request)
{
	return request_names[request];
}

/* see qmp.h */
void vmc_qmp_init(struct vmc_qmp *qmp)
{
	qmp->begin = qmp->end = 0;
	qmp->skip = 0;
}

/*
 * Receiving
 */

static void move_to_front(struct vmc_qmp *qmp)
{
	size_t len = (size_t)(qmp->end - qmp->begin);

	memmove(qmp->line, qmp->line + qmp->begin, len);
	qmp->begin = 0;
	qmp->end = (uint16_t)len;
}

/* see qmp.h */
uint8_t *vmc_qmp_recv_buf(struct vmc_qmp *qmp, size_t *cap)
{
	move_to_front(qmp);
	if (qmp->end == sizeof(qmp->line)) {
		qmp->end = 0;
		qmp->skip = 1;
	}
	*cap = sizeof(qmp->line) - qmp->end;
	return qmp->line + qmp->end;
}

/* see qmp.h */
void vmc_qmp_recv_ack(struct vmc_qmp *qmp, size_t len)
{
	qmp->end = (uint16_t)(qmp->end + len);
}

/* Takes a line without its end: 1, or 0 if none is complete. */
static int take_line(struct vmc_qmp *qmp, struct vmc_view *line)
{
	uint8_t *from = qmp->line + qmp->begin;
	size_t len = (size_t)(qmp->end - qmp->begin);
	const uint8_t *end = len ? memchr(from, '\n', len) : NULL;

	if (!end) {
		if (qmp->skip)
			qmp->begin = qmp->end;
		return 0;
	}
	line->ptr = from;
	line->ptr_len = (size_t)(end - from);
	qmp->begin = (uint16_t)(qmp->begin + line->ptr_len + 1);
	return 1;
}

static int is_blank(struct vmc_view line)
{
	size_t i;

	for (i = 0; i < line.ptr_len; i++)
		if (line.ptr[i] != '\r' && line.ptr[i] != ' ')
			return 0;
	return 1;
}

/*
 * Reading
 */

/* The member `name` of what may be an object, if it is a string. */
static void read_text(struct vmc_json_reader *r, const char *name,
		      struct vmc_view *text)
{
	struct vmc_view key;

	if (vmc_json_peek(r) != VMC_JSON_OBJECT) {
		vmc_json_skip(r);
		return;
	}
	vmc_json_enter_object(r);
	while (vmc_json_next_member(r, &key)) {
		if (vmc_json_text_is(key, name) &&
		    vmc_json_peek(r) == VMC_JSON_STRING)
			*text = vmc_json_take_string(r);
		else
			vmc_json_skip(r);
	}
}

/* {"class": "GenericError", "desc": "…"} */
static void read_error(struct vmc_json_reader *r, struct qmp_message *message)
{
	struct vmc_view key;

	message->type = QMP_ERROR;
	vmc_json_enter_object(r);
	while (vmc_json_next_member(r, &key)) {
		if (vmc_json_text_is(key, "desc"))
			message->text = vmc_json_take_string(r);
		else
			vmc_json_skip(r);
	}
}

static void read_member(struct vmc_json_reader *r, struct vmc_view key,
			struct qmp_message *message)
{
	if (vmc_json_text_is(key, "return")) {
		/* query-status: {"status": "paused", "running": false, …} */
		message->type = QMP_RETURN;
		read_text(r, "status", &message->status);
	} else if (vmc_json_text_is(key, "error")) {
		read_error(r, message);
	} else if (vmc_json_text_is(key, "event")) {
		message->type = QMP_EVENT;
		message->text = vmc_json_take_string(r);
	} else if (vmc_json_text_is(key, "data")) {
		/* SHUTDOWN: {"guest": true, "reason": "guest-reset"} */
		read_text(r, "reason", &message->reason);
	} else if (vmc_json_text_is(key, "id")) {
		message->id = (uint32_t)vmc_json_take_u64(r, UINT32_MAX);
	} else {
		if (vmc_json_text_is(key, "QMP"))
			message->type = QMP_GREETING;
		vmc_json_skip(r);
	}
}

static void read_message(struct vmc_view line, struct qmp_message *message)
{
	struct vmc_json_reader r;
	struct vmc_view key;

	memset(message, 0, sizeof(*message));
	vmc_json_reader_init(&r, line);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key))
		read_member(&r, key, message);
	if (vmc_json_end(&r))
		memset(message, 0, sizeof(*message));
}

/* see qmp.h */
int vmc_qmp_next(struct vmc_qmp *qmp, struct qmp_message *message)
{
	struct vmc_view line;

	while (take_line(qmp, &line)) {
		if (qmp->skip) {
			qmp->skip = 0; /* that was the end of a long one */
		} else if (!is_blank(line)) {
			read_message(line, message);
			return 1;
		}
	}
	return 0;
}

/*
 * Writing
 */

static void put_name(struct vmc_json_writer *w, const char *key,
		     const char *prefix, uint32_t number)
{
	char name[24];

	snprintf(name, sizeof(name), "%s%lu", prefix, (unsigned long)number);
	vmc_json_put_key(w, key);
	vmc_json_put_text(w, name);
}

static void put_member(struct vmc_json_writer *w, const char *key,
		       const char *text)
{
	vmc_json_put_key(w, key);
	vmc_json_put_text(w, text);
}

static void put_number(struct vmc_json_writer *w, const char *key,
		       uint64_t number)
{
	vmc_json_put_key(w, key);
	vmc_json_put_u64(w, number);
}

/* A vCPU's name is Kata's (qemu.go, hotplugAddCPUs). */
static void put_cpu(struct vmc_json_writer *w,
		    const struct qmp_command *command)
{
	char driver[QMP_CPU_SIZE + sizeof("-x86_64-cpu")];

	snprintf(driver, sizeof(driver), "%s-x86_64-cpu", command->cpu);
	put_member(w, "driver", driver);
	put_name(w, "id", "cpu-", command->number);
	put_number(w, "socket-id", command->socket);
	put_number(w, "core-id", 0);
	put_number(w, "thread-id", 0);
}

static void put_arguments(struct vmc_json_writer *w,
			  const struct qmp_command *command)
{
	switch (command->request) {
	case QMP_ADD_CPU:
		put_cpu(w, command);
		break;
	case QMP_ADD_MEMORY:
		put_member(w, "qom-type", "memory-backend-ram");
		put_name(w, "id", "mem", command->number);
		put_number(w, "size", (uint64_t)command->mib << 20);
		break;
	case QMP_ADD_DIMM:
		put_member(w, "driver", "pc-dimm");
		put_name(w, "id", "dimm", command->number);
		put_name(w, "memdev", "mem", command->number);
		break;
	default:
		break;
	}
}

/*
 * What comes before a command. QEMU reads a byte at a time, so it is no longer
 * than it must be; it has no id, since nobody waits for its answer: without
 * it, QEMU refuses what follows.
 */
static const char *prefix_of(const struct qmp_command *command)
{
	return command->request == QMP_HELLO ?
		       "{\"execute\":\"qmp_capabilities\"}" :
		       "";
}

/* see qmp.h */
enum vmc_status vmc_qmp_write(const struct qmp_command *command, uint8_t *out,
			      size_t cap, size_t *out_len)
{
	const char *prefix = prefix_of(command);
	size_t prefix_len = strlen(prefix);
	struct vmc_json_writer w;
	enum vmc_status status;

	if (cap < prefix_len)
		return VMC_ERR_TOO_BIG;
	memcpy(out, prefix, prefix_len);
	vmc_json_writer_init(&w, out + prefix_len, cap - prefix_len);
	vmc_json_begin_object(&w);
	put_member(&w, "execute", vmc_qmp_request_name(command->request));
	if (command->request >= QMP_ADD_CPU) {
		vmc_json_put_key(&w, "arguments");
		vmc_json_begin_object(&w);
		put_arguments(&w, command);
		vmc_json_end_object(&w);
	}
	put_number(&w, "id", command->id);
	vmc_json_end_object(&w);
	vmc_put_u8(&w.out, '\n');
	status = vmc_json_writer_end(&w, out_len);
	if (status == VMC_OK)
		*out_len += prefix_len;
	return status;
}
