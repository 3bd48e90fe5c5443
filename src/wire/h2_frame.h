/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/2's framing (RFC 9113, sections 4 and 6): the header of a frame, and
 * the numbers that the standard gives.
 */
#ifndef VMC_WIRE_H2_FRAME_H
#define VMC_WIRE_H2_FRAME_H

#include "../base/cursor.h"

/* What a client sends first (3.4). */
#define VMC_H2_PREFACE "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define VMC_H2_PREFACE_SIZE 24

#define VMC_H2_HEADER_SIZE 9

/* Until SETTINGS say otherwise (6.5.2, 6.9.2). */
#define VMC_H2_FRAME_MAX 16384
#define VMC_H2_FRAME_TOP 16777215
#define VMC_H2_WINDOW 65535
#define VMC_H2_WINDOW_TOP 0x7fffffff

enum vmc_h2_type {
	VMC_H2_DATA = 0,
	VMC_H2_HEADERS = 1,
	VMC_H2_PRIORITY = 2,
	VMC_H2_RST_STREAM = 3,
	VMC_H2_SETTINGS = 4,
	VMC_H2_PUSH_PROMISE = 5,
	VMC_H2_PING = 6,
	VMC_H2_GOAWAY = 7,
	VMC_H2_WINDOW_UPDATE = 8,
	VMC_H2_CONTINUATION = 9
};

enum vmc_h2_flag {
	VMC_H2_END_STREAM = 0x01, /* DATA, HEADERS */
	VMC_H2_ACK = 0x01,        /* SETTINGS, PING */
	VMC_H2_END_HEADERS = 0x04,
	VMC_H2_PADDED = 0x08,
	VMC_H2_HAS_PRIORITY = 0x20
};

enum vmc_h2_setting {
	VMC_H2_SETTING_TABLE_SIZE = 1,
	VMC_H2_SETTING_PUSH = 2,
	VMC_H2_SETTING_STREAM_MAX = 3,
	VMC_H2_SETTING_WINDOW = 4,
	VMC_H2_SETTING_FRAME_MAX = 5,
	VMC_H2_SETTING_HEADER_LIST_SIZE = 6
};

/* Section 7. */
enum vmc_h2_error {
	VMC_H2_NO_ERROR = 0,
	VMC_H2_PROTOCOL_ERROR = 1,
	VMC_H2_INTERNAL_ERROR = 2,
	VMC_H2_FLOW_CONTROL_ERROR = 3,
	VMC_H2_SETTINGS_TIMEOUT = 4,
	VMC_H2_STREAM_CLOSED = 5,
	VMC_H2_FRAME_SIZE_ERROR = 6,
	VMC_H2_REFUSED_STREAM = 7,
	VMC_H2_CANCEL = 8,
	VMC_H2_COMPRESSION_ERROR = 9,
	VMC_H2_CONNECT_ERROR = 10,
	VMC_H2_ENHANCE_YOUR_CALM = 11,
	VMC_H2_INADEQUATE_SECURITY = 12,
	VMC_H2_HTTP_1_1_REQUIRED = 13
};

struct vmc_h2_header {
	uint32_t length; /* of what follows: 0..2^24-1 */
	uint32_t stream; /* its reserved bit is gone */
	uint8_t type, flags;
};

/* Of exactly VMC_H2_HEADER_SIZE bytes. */
void vmc_h2_header_read(struct vmc_h2_header *header, struct vmc_reader *r);
void vmc_h2_header_write(const struct vmc_h2_header *header,
			 struct vmc_writer *w);

/* One setting: 6 bytes. */
void vmc_h2_setting_write(struct vmc_writer *w, enum vmc_h2_setting id,
			  uint32_t value);

/* A number of two bytes. */
uint16_t vmc_h2_take_be16(struct vmc_reader *r);

#endif
