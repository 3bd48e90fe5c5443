/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gRPC puts into HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md): the prefix of a
 * message, timeouts, percent-encoded texts; and what becomes of an answer
 * that is not gRPC's (http-grpc-status-mapping.md).
 */
#ifndef VMC_WIRE_GRPC_FRAME_H
#define VMC_WIRE_GRPC_FRAME_H

#include "vmcache/status.h"

#include "../base/cursor.h"

/* Before each message: a flag (1: compressed) and its length. */
#define VMC_GRPC_PREFIX_SIZE 5

/* The longest grpc-timeout: 8 digits and a unit. */
#define VMC_GRPC_TIMEOUT_SIZE 9

/*
 * A grpc-timeout: 1 to 8 digits, then one of H M S m u n. What no 63 bits
 * of nanoseconds hold is taken for as many as they do.
 * VMC_ERR_MALFORMED: it is none.
 */
enum vmc_status vmc_grpc_timeout_read(struct vmc_view text,
				      uint64_t *ns) VMC_CHECKED;

/* The smallest unit that takes 8 digits at most; rounded down. */
void vmc_grpc_timeout_write(struct vmc_writer *w, uint64_t ns);

/* Bytes of a text in percent-encoding, and the bytes themselves. */
size_t vmc_grpc_percent_len(struct vmc_view text);
void vmc_grpc_percent_write(struct vmc_writer *w, struct vmc_view text);

/* Takes the encoding off. What is no valid sequence stays as it is. */
void vmc_grpc_percent_read(struct vmc_writer *w, struct vmc_view encoded);

/* 1 if a content-type is gRPC's: "application/grpc", and then nothing, a
 * '+' or a ';'. */
int vmc_grpc_is_content_type(struct vmc_view value);

/* A number in decimal, as a header has it. VMC_ERR_MALFORMED: it is none, or
 * is over 32 bits. */
enum vmc_status vmc_grpc_number_read(struct vmc_view text,
				     uint32_t *number) VMC_CHECKED;

/* The code of a response that has none of its own: by its HTTP status, or
 * by the error that its stream was reset with. */
enum vmc_code vmc_grpc_code_of_http(unsigned status);
enum vmc_code vmc_grpc_code_of_reset(uint32_t error);

#endif
