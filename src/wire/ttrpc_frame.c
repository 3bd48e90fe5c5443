/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc on the wire. A message is read in one pass over its fields: the
 * last one of a number wins, unknown ones are read over, as protobuf's
 * encoding says. Written by hand and not through pbio: the payload stays
 * where it is, and there are seven fields in all.
 */
#include "ttrpc_frame.h"

#include "../base/text.h"

#define BROKEN_PROTOBUF "broken protobuf"

/* protobuf: a field begins with its number and how it is encoded. */
#define TAG(number, encoding) ((number) << 3 | (encoding))

enum encoding { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

enum request_tag {
	REQUEST_SERVICE = TAG(1, BYTES),
	REQUEST_METHOD = TAG(2, BYTES),
	REQUEST_PAYLOAD = TAG(3, BYTES),
	REQUEST_TIMEOUT = TAG(4, VARINT)
};

enum response_tag {
	RESPONSE_STATUS = TAG(1, BYTES),
	RESPONSE_PAYLOAD = TAG(2, BYTES)
};

/* google.rpc.Status */
enum status_tag {
	STATUS_CODE = TAG(1, VARINT),
	STATUS_MESSAGE = TAG(2, BYTES)
};

/* see ttrpc_frame.h */
enum vmc_status vmc_ttrpc_header_read(struct vmc_ttrpc_header *header,
				      struct vmc_reader *r)
{
	header->length = vmc_take_be32(r);
	header->stream = vmc_take_be32(r);
	header->type = vmc_take_u8(r);
	header->flags = vmc_take_u8(r);

	if (r->fail)
		return VMC_ERR_SHORT;
	if (header->length >> 24 != 0)
		return VMC_ERR_PROTOCOL;
	return VMC_OK;
}

/* see ttrpc_frame.h */
void vmc_ttrpc_header_write(const struct vmc_ttrpc_header *header,
			    struct vmc_writer *w)
{
	vmc_put_be32(w, header->length);
	vmc_put_be32(w, header->stream);
	vmc_put_u8(w, header->type);
	vmc_put_u8(w, header->flags);
}

struct field {
	uint64_t tag;
	uint64_t value; /* of a VARINT */
	struct vmc_view bytes;
};

/* The next field; 0 at the end, and when the reader has failed. */
static int take_field(struct vmc_reader *r, struct field *field)
{
	if (r->fail || r->left == 0)
		return 0;
	field->tag = vmc_take_varint(r);
	switch (field->tag & 7) {
	case VARINT:
		field->value = vmc_take_varint(r);
		break;
	case BYTES:
		field->bytes = vmc_take_bytes(r, vmc_take_varint(r));
		break;
	case FIXED64:
		field->bytes = vmc_take_bytes(r, 8);
		break;
	case FIXED32:
		field->bytes = vmc_take_bytes(r, 4);
		break;
	default:
		r->fail = 1; /* groups, which proto3 has not */
	}
	if (field->tag >> 3 == 0 || field->tag > UINT32_MAX)
		r->fail = 1;
	return !r->fail;
}

/* see ttrpc_frame.h */
enum vmc_status vmc_ttrpc_request_read(struct vmc_ttrpc_request *request,
				       struct vmc_view data, const char **why)
{
	static const struct vmc_ttrpc_request none;
	struct vmc_reader r;
	struct field field;

	*request = none;
	vmc_reader_init(&r, data);
	while (take_field(&r, &field)) {
		if (field.tag == REQUEST_SERVICE)
			request->service = field.bytes;
		else if (field.tag == REQUEST_METHOD)
			request->method = field.bytes;
		else if (field.tag == REQUEST_PAYLOAD)
			request->payload = field.bytes;
		else if (field.tag == REQUEST_TIMEOUT)
			request->timeout_ns = (int64_t)field.value;
	}
	*why = BROKEN_PROTOBUF;
	if (r.fail)
		return VMC_ERR_MALFORMED;
	*why = "service or method is not UTF-8";
	if (!vmc_utf8_valid(request->service) ||
	    !vmc_utf8_valid(request->method))
		return VMC_ERR_MALFORMED;
	return VMC_OK;
}

/* proto3 leaves out what is empty or 0. */
static size_t bytes_len(struct vmc_view bytes)
{
	if (bytes.ptr_len == 0)
		return 0;
	return 1 + vmc_varint_len(bytes.ptr_len) + bytes.ptr_len;
}

static void put_bytes(struct vmc_writer *w, unsigned tag, struct vmc_view bytes)
{
	if (bytes.ptr_len == 0)
		return;
	vmc_put_u8(w, (uint8_t)tag);
	vmc_put_varint(w, bytes.ptr_len);
	vmc_put_bytes(w, bytes);
}

static size_t number_len(uint64_t value)
{
	return value == 0 ? 0 : 1 + vmc_varint_len(value);
}

static void put_number(struct vmc_writer *w, unsigned tag, uint64_t value)
{
	if (value == 0)
		return;
	vmc_put_u8(w, (uint8_t)tag);
	vmc_put_varint(w, value);
}

/* see ttrpc_frame.h */
size_t vmc_ttrpc_request_len(const struct vmc_ttrpc_request *request)
{
	return bytes_len(request->service) + bytes_len(request->method) +
	       bytes_len(request->payload) +
	       number_len((uint64_t)request->timeout_ns);
}

/* see ttrpc_frame.h */
void vmc_ttrpc_request_write(const struct vmc_ttrpc_request *request,
			     struct vmc_writer *w)
{
	put_bytes(w, REQUEST_SERVICE, request->service);
	put_bytes(w, REQUEST_METHOD, request->method);
	put_bytes(w, REQUEST_PAYLOAD, request->payload);
	put_number(w, REQUEST_TIMEOUT, (uint64_t)request->timeout_ns);
}

/* An int32 travels as its 64 bits; gRPC's codes end at 16. */
static enum vmc_code code_of(uint64_t value)
{
	if (value > VMC_CODE_UNAUTHENTICATED)
		return VMC_CODE_UNKNOWN;
	return (enum vmc_code)value;
}

static void read_status(struct vmc_ttrpc_response *response,
			struct vmc_reader *outer, struct vmc_view data)
{
	struct vmc_reader r;
	struct field field;

	vmc_reader_init(&r, data);
	while (take_field(&r, &field)) {
		if (field.tag == STATUS_CODE)
			response->code = code_of(field.value);
		else if (field.tag == STATUS_MESSAGE)
			response->message = field.bytes;
	}
	outer->fail |= r.fail;
}

/* see ttrpc_frame.h */
enum vmc_status vmc_ttrpc_response_read(struct vmc_ttrpc_response *response,
					struct vmc_view data, const char **why)
{
	static const struct vmc_ttrpc_response none;
	struct vmc_reader r;
	struct field field;

	*response = none;
	vmc_reader_init(&r, data);
	while (take_field(&r, &field)) {
		if (field.tag == RESPONSE_STATUS)
			read_status(response, &r, field.bytes);
		else if (field.tag == RESPONSE_PAYLOAD)
			response->payload = field.bytes;
	}
	*why = BROKEN_PROTOBUF;
	return r.fail ? VMC_ERR_MALFORMED : VMC_OK;
}

static size_t status_len(const struct vmc_ttrpc_response *response)
{
	return number_len(response->code) + bytes_len(response->message);
}

/* see ttrpc_frame.h */
size_t vmc_ttrpc_response_head_len(const struct vmc_ttrpc_response *response)
{
	size_t len = 0;

	if (response->code != VMC_CODE_OK)
		len += 1 + vmc_varint_len(status_len(response)) +
		       status_len(response);
	if (response->payload.ptr_len > 0)
		len += 1 + vmc_varint_len(response->payload.ptr_len);
	return len;
}

/* see ttrpc_frame.h */
void vmc_ttrpc_response_head_write(const struct vmc_ttrpc_response *response,
				   struct vmc_writer *w)
{
	if (response->code != VMC_CODE_OK) {
		vmc_put_u8(w, RESPONSE_STATUS);
		vmc_put_varint(w, status_len(response));
		put_number(w, STATUS_CODE, response->code);
		put_bytes(w, STATUS_MESSAGE, response->message);
	}
	if (response->payload.ptr_len > 0) {
		vmc_put_u8(w, RESPONSE_PAYLOAD);
		vmc_put_varint(w, response->payload.ptr_len);
	}
}
