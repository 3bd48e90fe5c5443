/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc on the wire. A message is read in one pass over its fields: the
 * last one of a number wins, unknown ones are read over, as protobuf's
 * encoding says. Written by hand and not through pbio: the payload stays
 * where it is, and there are seven fields in all.
 */
#include "ttrpc_frame.h"

#include "field.h"
#include "../base/text.h"

#include <string.h>

#define BROKEN_PROTOBUF "broken protobuf"

enum request_tag {
	REQUEST_SERVICE = VMC_FIELD_TAG(1, VMC_FIELD_BYTES),
	REQUEST_METHOD = VMC_FIELD_TAG(2, VMC_FIELD_BYTES),
	REQUEST_PAYLOAD = VMC_FIELD_TAG(3, VMC_FIELD_BYTES),
	REQUEST_TIMEOUT = VMC_FIELD_TAG(4, VMC_FIELD_VARINT)
};

enum response_tag {
	RESPONSE_STATUS = VMC_FIELD_TAG(1, VMC_FIELD_BYTES),
	RESPONSE_PAYLOAD = VMC_FIELD_TAG(2, VMC_FIELD_BYTES)
};

/* google.rpc.Status */
enum status_tag {
	STATUS_CODE = VMC_FIELD_TAG(1, VMC_FIELD_VARINT),
	STATUS_MESSAGE = VMC_FIELD_TAG(2, VMC_FIELD_BYTES)
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

/* see ttrpc_frame.h */
enum vmc_status vmc_ttrpc_request_read(struct vmc_ttrpc_request *request,
				       struct vmc_view data, const char **why)
{
	struct vmc_reader r;
	struct vmc_field field;

	memset(request, 0, sizeof(*request));
	vmc_reader_init(&r, data);
	while (vmc_field_take(&r, &field)) {
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

/* see ttrpc_frame.h */
size_t vmc_ttrpc_request_len(const struct vmc_ttrpc_request *request)
{
	size_t payload_len = request->payload.ptr_len + request->tail.ptr_len;

	return vmc_field_bytes_len(request->service) +
	       vmc_field_bytes_len(request->method) +
	       vmc_field_number_len((uint64_t)request->timeout_ns) +
	       vmc_field_head_len(payload_len) + request->payload.ptr_len;
}

/* see ttrpc_frame.h */
void vmc_ttrpc_request_write(const struct vmc_ttrpc_request *request,
			     struct vmc_writer *w)
{
	vmc_field_put_bytes(w, REQUEST_SERVICE, request->service);
	vmc_field_put_bytes(w, REQUEST_METHOD, request->method);
	vmc_field_put_number(w, REQUEST_TIMEOUT, (uint64_t)request->timeout_ns);
	vmc_field_put_head(w, REQUEST_PAYLOAD,
			   request->payload.ptr_len + request->tail.ptr_len);
	vmc_put_bytes(w, request->payload);
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
	struct vmc_field field;

	vmc_reader_init(&r, data);
	while (vmc_field_take(&r, &field)) {
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
	struct vmc_reader r;
	struct vmc_field field;

	memset(response, 0, sizeof(*response));
	vmc_reader_init(&r, data);
	while (vmc_field_take(&r, &field)) {
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
	return vmc_field_number_len(response->code) +
	       vmc_field_bytes_len(response->message);
}

/* see ttrpc_frame.h */
size_t vmc_ttrpc_response_head_len(const struct vmc_ttrpc_response *response)
{
	size_t len = 0;

	if (response->code != VMC_CODE_OK)
		len = vmc_field_head_len(status_len(response)) +
		      status_len(response);
	return len + vmc_field_head_len(response->payload.ptr_len);
}

/* see ttrpc_frame.h */
void vmc_ttrpc_response_head_write(const struct vmc_ttrpc_response *response,
				   struct vmc_writer *w)
{
	if (response->code != VMC_CODE_OK) {
		vmc_field_put_head(w, RESPONSE_STATUS, status_len(response));
		vmc_field_put_number(w, STATUS_CODE, response->code);
		vmc_field_put_bytes(w, STATUS_MESSAGE, response->message);
	}
	vmc_field_put_head(w, RESPONSE_PAYLOAD, response->payload.ptr_len);
}
