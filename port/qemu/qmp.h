/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QMP (docs/interop/qmp-spec.txt of QEMU): JSON objects, one a line. It does
 * no I/O: bytes are put in where they will be read, messages are taken out.
 *
 *	buf = vmc_qmp_recv_buf(&qmp, &cap);
 *	len = recv(fd, buf, cap, MSG_DONTWAIT);
 *	vmc_qmp_recv_ack(&qmp, len);
 *	while (vmc_qmp_next(&qmp, &message))
 *		…
 *
 * Lines longer than VMC_QEMU_LINE_SIZE are skipped: they are answers to
 * what somebody else asked, or events that say too much.
 */
#ifndef QMP_H
#define QMP_H

#include "vmcache_qemu.h"

/* A model of CPU with its NUL ("qemu64"). */
#define QMP_CPU_SIZE 32

/* The longest command that is written. */
#define QMP_COMMAND_SIZE 256

struct vmc_qmp {
	uint16_t begin, end; /* of the bytes that were not taken yet */
	uint8_t skip;        /* until the next line's end */
	uint8_t line[VMC_QEMU_LINE_SIZE];
};

_Static_assert(VMC_QEMU_LINE_SIZE >= 256 && VMC_QEMU_LINE_SIZE <= 16384,
	       "VMC_QEMU_LINE_SIZE must be 256..16384 bytes");

/* Forgets what was received: a new connection. */
void vmc_qmp_init(struct vmc_qmp *qmp);

/* Where the next bytes go; there is always room for one. */
uint8_t *vmc_qmp_recv_buf(struct vmc_qmp *qmp, size_t *cap);
void vmc_qmp_recv_ack(struct vmc_qmp *qmp, size_t len);

enum qmp_type {
	QMP_BROKEN = 0, /* a line that is not QMP */
	QMP_GREETING,
	QMP_RETURN,
	QMP_ERROR,
	QMP_EVENT
};

/* Views are raw JSON texts and live until vmc_qmp_recv_buf. */
struct qmp_message {
	enum qmp_type type;
	uint32_t id;            /* of the command that it answers; 0: none */
	struct vmc_view text;   /* an event's name, an error's words */
	struct vmc_view status; /* in a return: the VM's run state */
	struct vmc_view reason; /* in SHUTDOWN: "guest-reset" and the like */
};

/* Takes the next message: 1, or 0 if none is complete. */
int vmc_qmp_next(struct vmc_qmp *qmp, struct qmp_message *message);

/* What the driver asks for. */
enum qmp_request {
	QMP_CAPABILITIES = 0,
	QMP_STATUS,
	QMP_STOP,
	QMP_CONT,
	QMP_QUIT,
	QMP_HELLO,      /* QMP_CAPABILITIES, and QMP_STATUS that is answered */
	QMP_ADD_CPU,    /* number: of those added, from 0; socket; cpu */
	QMP_ADD_MEMORY, /* number: of the DIMM, from 0; mib: its size */
	QMP_ADD_DIMM,   /* number: of the DIMM */
	QMP_REQUESTS
};

struct qmp_command {
	enum qmp_request request;
	uint32_t id;
	uint32_t number;
	uint32_t socket;
	uint32_t mib;
	const char *cpu; /* model, below QMP_CPU_SIZE bytes */
};

/* "device_add" and the like. */
const char *vmc_qmp_request_name(enum qmp_request request);

/* Writes a command, with its line's end. VMC_ERR_TOO_BIG. */
enum vmc_status vmc_qmp_write(const struct qmp_command *command, uint8_t *out,
			      size_t cap, size_t *out_len) VMC_CHECKED;

#endif
