/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbio. Invariants: no view that is read points outside the input that was
 * given; what is written straight is what nanopb would have written.
 *
 * Generated messages have `struct vmc_view` where protobuf has strings and
 * bytes. nanopb calls vmc_pbio_view_field for each of those, by the name
 * that proto/ttrpc.options.in and proto/cache.options.in give it.
 */
#include "pbio.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "cache.pb.h"
#include "ttrpc.pb.h"
#include "../base/text.h"

#include <string.h>

/* A field's key on the wire, for fields 1..15: one byte. */
#define NUMBER_FIELD(field) ((uint8_t)((field) << 3 | PB_WT_VARINT))
#define BYTES_FIELD(field) ((uint8_t)((field) << 3 | PB_WT_STRING))

/* -- nanopb's hooks -------------------------------------------------------- */

/*
 * What nanopb hands to a hook is a part of the input, or, if the field came
 * as a number, a copy of it on nanopb's stack. The mark that `decode` puts
 * on the input's stream is on its parts, and not on the copy.
 */
static bool of_input(const pb_istream_t *stream)
{
	return stream->callback != NULL;
}

static bool utf8(struct vmc_view text)
{
	size_t len;

	while (text.ptr_len > 0) {
		len = vmc_utf8_sequence(text);
		if (len == 0)
			return false;
		text.ptr += len;
		text.ptr_len -= len;
	}
	return true;
}

static bool view_read(pb_istream_t *stream, const pb_field_t *field)
{
	struct vmc_view *view = field->pData;

	if (!of_input(stream))
		return false;
	view->ptr = stream->state;
	view->ptr_len = stream->bytes_left;
	if (PB_LTYPE(field->type) == PB_LTYPE_STRING && !utf8(*view))
		return false;
	return pb_read(stream, NULL, stream->bytes_left);
}

static bool view_write(pb_ostream_t *stream, const pb_field_t *field)
{
	const struct vmc_view *view = field->pData;

	if (view->ptr_len == 0)
		return true;
	return pb_encode_tag_for_field(stream, field) &&
	       pb_encode_string(stream, view->ptr, view->ptr_len);
}

bool vmc_pbio_view_field(pb_istream_t *istream, pb_ostream_t *ostream,
			 const pb_field_t *field)
{
	return istream ? view_read(istream, field) : view_write(ostream, field);
}

/* GrpcStatus.vmstatus, read only: writing is vmc_pbio_write_vm_status. One
 * entry too many is remembered as vm_len over its limit. */
bool vmc_pbio_vms_field(pb_istream_t *istream, pb_ostream_t *ostream,
			const pb_field_t *field)
{
	struct vmc_cache_status *const *list = field->pData;
	struct vmc_cache_status *status = *list;
	vmc_cache_GrpcVMStatus entry;
	struct vmc_vm_status *vm;

	if (ostream || !of_input(istream))
		return false;
	if (!pb_decode(istream, vmc_cache_GrpcVMStatus_fields, &entry))
		return false;
	if (status->vm_len >= VMC_VM_MAX) {
		status->vm_len = VMC_VM_MAX + 1;
		return false;
	}
	vm = &status->vm[status->vm_len++];
	vm->pid = entry.pid;
	vm->vcpus = entry.cpu;
	vm->memory_mib = entry.memory;
	return true;
}

/* Views and lists of `message` are the caller's to preset. */
static bool decode(struct vmc_view bytes, const pb_msgdesc_t *fields,
		   void *message)
{
	int mark;
	pb_istream_t stream = pb_istream_from_buffer(bytes.ptr, bytes.ptr_len);

	stream.callback = &mark;
	return pb_decode(&stream, fields, message);
}

static enum vmc_status malformed(struct vmc_error *error, const char *message)
{
	return vmc_error_set(error, VMC_ERR_MALFORMED, message,
			     "not what its description says");
}

/* -- Writing, field by field ----------------------------------------------- */

static void put_number(struct vmc_writer *w, uint8_t key, uint64_t value)
{
	if (value == 0)
		return;
	vmc_put_u8(w, key);
	vmc_put_varint(w, value);
}

static size_t number_len(uint64_t value)
{
	return value == 0 ? 0 : 1 + vmc_varint_len(value);
}

/* What stands before `len` bytes. */
static void put_head(struct vmc_writer *w, uint8_t key, size_t len)
{
	if (len == 0)
		return;
	vmc_put_u8(w, key);
	vmc_put_varint(w, len);
}

static void put_view(struct vmc_writer *w, uint8_t key, struct vmc_view view)
{
	put_head(w, key, view.ptr_len);
	vmc_put_bytes(w, view);
}

static size_t view_len(struct vmc_view view)
{
	return number_len(view.ptr_len) + view.ptr_len;
}

/* Adds a part; an empty one is none. */
static void add_part(struct vmc_view *parts, size_t *parts_len,
		     const uint8_t *ptr, size_t ptr_len)
{
	if (ptr_len == 0)
		return;
	parts[*parts_len].ptr = ptr;
	parts[*parts_len].ptr_len = ptr_len;
	++*parts_len;
}

/* Adds what the writer has got since it had `from` bytes. */
static void add_written(struct vmc_view *parts, size_t *parts_len,
			const struct vmc_writer *w, size_t from)
{
	add_part(parts, parts_len, w->begin + from, w->len - from);
}

/* -- ttrpc.Request --------------------------------------------------------- */

/* see pbio.h */
enum vmc_status vmc_pbio_read_request(struct vmc_view bytes,
				      struct vmc_pbio_request *request)
{
	vmc_ttrpc_Request message;

	memset(&message, 0, sizeof message);
	if (!decode(bytes, vmc_ttrpc_Request_fields, &message))
		return VMC_ERR_MALFORMED;
	request->service = message.service;
	request->method = message.method;
	request->payload = message.payload;
	request->timeout_ns = message.timeout_nano;
	return VMC_OK;
}

/* see pbio.h */
size_t vmc_pbio_request_len(const struct vmc_pbio_request *request)
{
	return view_len(request->service) + view_len(request->method) +
	       view_len(request->payload) +
	       number_len((uint64_t)request->timeout_ns);
}

/* see pbio.h */
void vmc_pbio_write_request(struct vmc_writer *w,
			    const struct vmc_pbio_request *request)
{
	vmc_ttrpc_Request message;
	pb_ostream_t stream;

	message.service = request->service;
	message.method = request->method;
	message.payload = request->payload;
	message.timeout_nano = request->timeout_ns;
	stream = pb_ostream_from_buffer(w->begin + w->len, w->cap - w->len);
	if (w->fail || !pb_encode(&stream, vmc_ttrpc_Request_fields, &message))
		w->fail = 1;
	else
		w->len += stream.bytes_written;
}

/* -- ttrpc.Response -------------------------------------------------------- */

/* see pbio.h */
enum vmc_status vmc_pbio_read_response(struct vmc_view bytes,
				       struct vmc_pbio_response *response)
{
	vmc_ttrpc_Response message;

	memset(&message, 0, sizeof message);
	if (!decode(bytes, vmc_ttrpc_Response_fields, &message))
		return VMC_ERR_MALFORMED;
	response->code = message.status.code;
	response->message = message.status.message;
	response->payload = message.payload;
	return VMC_OK;
}

/* see pbio.h */
size_t vmc_pbio_response_head_len(size_t payload_len)
{
	return number_len(payload_len);
}

/* see pbio.h */
void vmc_pbio_write_response_head(struct vmc_writer *w, size_t payload_len)
{
	put_head(w, BYTES_FIELD(vmc_ttrpc_Response_payload_tag), payload_len);
}

static size_t status_len(enum vmc_code code, struct vmc_view message)
{
	return number_len((uint64_t)code) + view_len(message);
}

/* see pbio.h */
size_t vmc_pbio_response_error_len(enum vmc_code code, struct vmc_view message)
{
	size_t len = status_len(code, message);

	return number_len(len) + len;
}

/* see pbio.h */
void vmc_pbio_write_response_error(struct vmc_writer *w, enum vmc_code code,
				   struct vmc_view message)
{
	put_head(w, BYTES_FIELD(vmc_ttrpc_Response_status_tag),
		 status_len(code, message));
	put_number(w, NUMBER_FIELD(vmc_ttrpc_Status_code_tag), (uint64_t)code);
	put_view(w, BYTES_FIELD(vmc_ttrpc_Status_message_tag), message);
}

/* -- google.protobuf.Empty ------------------------------------------------- */

/* see pbio.h */
enum vmc_status vmc_pbio_read_empty(struct vmc_view bytes)
{
	pb_istream_t stream = pb_istream_from_buffer(bytes.ptr, bytes.ptr_len);
	pb_wire_type_t type;
	uint32_t tag;
	bool end = false;

	while (stream.bytes_left > 0) {
		if (!pb_decode_tag(&stream, &type, &tag, &end) || tag == 0 ||
		    !pb_skip_field(&stream, type))
			return VMC_ERR_MALFORMED;
	}
	return VMC_OK;
}

/* -- cache.GrpcStatus ------------------------------------------------------ */

/* see pbio.h */
void vmc_pbio_write_status_head(struct vmc_writer *w, int64_t pid)
{
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcStatus_pid_tag),
		   (uint64_t)pid);
}

/* see pbio.h */
void vmc_pbio_write_vm_status(struct vmc_writer *w,
			      const struct vmc_vm_status *vm)
{
	size_t len = number_len((uint64_t)vm->pid) + number_len(vm->vcpus) +
		     number_len(vm->memory_mib);

	/* an entry is there even if all of it is zero */
	vmc_put_u8(w, BYTES_FIELD(vmc_cache_GrpcStatus_vmstatus_tag));
	vmc_put_varint(w, len);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVMStatus_pid_tag),
		   (uint64_t)vm->pid);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVMStatus_cpu_tag), vm->vcpus);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVMStatus_memory_tag),
		   vm->memory_mib);
}

/* see pbio.h */
enum vmc_status vmc_pbio_read_status(struct vmc_view bytes,
				     struct vmc_cache_status *status,
				     struct vmc_error *error)
{
	vmc_cache_GrpcStatus message = { 0, status };

	status->vm_len = 0;
	if (decode(bytes, vmc_cache_GrpcStatus_fields, &message)) {
		status->pid = message.pid;
		return VMC_OK;
	}
	if (status->vm_len <= VMC_VM_MAX)
		return malformed(error, "GrpcStatus");
	status->vm_len = VMC_VM_MAX;
	return vmc_error_set_number(
		error, VMC_ERR_MALFORMED,
		"GrpcStatus.vmstatus has more VMs than VMC_VM_MAX", VMC_VM_MAX);
}

/* -- cache.GrpcVM ---------------------------------------------------------- */

/* see pbio.h */
enum vmc_status
vmc_pbio_gather_base_vm(struct vmc_writer *w, const struct vmc_pbio_base_vm *vm,
			struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS],
			size_t *parts_len)
{
	size_t begin = w->len;

	*parts_len = 0;
	put_view(w, BYTES_FIELD(vmc_cache_GrpcVM_id_tag), vm->id);
	put_head(w, BYTES_FIELD(vmc_cache_GrpcVM_hypervisor_tag),
		 vm->hypervisor.ptr_len);
	add_written(parts, parts_len, w, begin);
	add_part(parts, parts_len, vm->hypervisor.ptr, vm->hypervisor.ptr_len);

	begin = w->len;
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVM_proxyPid_tag),
		   (uint64_t)vm->proxy_pid);
	put_view(w, BYTES_FIELD(vmc_cache_GrpcVM_proxyURL_tag), vm->proxy_url);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVM_cpu_tag), vm->vcpus);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVM_memory_tag),
		   vm->memory_mib);
	put_number(w, NUMBER_FIELD(vmc_cache_GrpcVM_cpuDelta_tag),
		   vm->cpu_delta);
	add_written(parts, parts_len, w, begin);
	return w->fail ? VMC_ERR_TOO_BIG : VMC_OK;
}

/* Copies a string of the wire to a C string of `size` bytes. */
static enum vmc_status copy_string(char *out, size_t size, struct vmc_view view,
				   const char *too_long,
				   struct vmc_error *error)
{
	if (view.ptr_len >= size)
		return vmc_error_set_number(error, VMC_ERR_MALFORMED, too_long,
					    size);
	if (view.ptr_len > 0)
		memcpy(out, view.ptr, view.ptr_len);
	out[view.ptr_len] = '\0';
	if (strlen(out) != view.ptr_len)
		return vmc_error_set(error, VMC_ERR_MALFORMED,
				     "GrpcVM: a string has a NUL in it", NULL);
	return VMC_OK;
}

/* see pbio.h */
enum vmc_status vmc_pbio_read_base_vm(struct vmc_view bytes,
				      struct vmc_cached_vm *vm,
				      struct vmc_error *error)
{
	vmc_cache_GrpcVM message;
	enum vmc_status status;

	memset(&message, 0, sizeof message);
	if (!decode(bytes, vmc_cache_GrpcVM_fields, &message))
		return malformed(error, "GrpcVM");
	vm->hypervisor = message.hypervisor;
	vm->proxy_pid = message.proxyPid;
	vm->vcpus = message.cpu;
	vm->memory_mib = message.memory;
	vm->cpu_delta = message.cpuDelta;
	status = copy_string(vm->id, sizeof vm->id, message.id,
			     "GrpcVM.id is too long for VMC_ID_SIZE", error);
	if (status != VMC_OK)
		return status;
	return copy_string(
		vm->proxy_url, sizeof vm->proxy_url, message.proxyURL,
		"GrpcVM.proxyURL is too long for VMC_URL_SIZE", error);
}

/* -- cache.GrpcVMConfig ---------------------------------------------------- */

/* see pbio.h */
enum vmc_status vmc_pbio_gather_config(
	struct vmc_writer *w, const struct vmc_cache_config *config,
	struct vmc_view parts[VMC_PBIO_CONFIG_PARTS], size_t *parts_len)
{
	size_t begin = w->len;

	*parts_len = 0;
	put_head(w, BYTES_FIELD(vmc_cache_GrpcVMConfig_Data_tag),
		 config->data.ptr_len);
	add_written(parts, parts_len, w, begin);
	add_part(parts, parts_len, config->data.ptr, config->data.ptr_len);

	begin = w->len;
	put_head(w, BYTES_FIELD(vmc_cache_GrpcVMConfig_AgentConfig_tag),
		 config->agent_config.ptr_len);
	add_written(parts, parts_len, w, begin);
	add_part(parts, parts_len, config->agent_config.ptr,
		 config->agent_config.ptr_len);
	return w->fail ? VMC_ERR_TOO_BIG : VMC_OK;
}

/* see pbio.h */
enum vmc_status vmc_pbio_read_config(struct vmc_view bytes,
				     struct vmc_cache_config *config,
				     struct vmc_error *error)
{
	vmc_cache_GrpcVMConfig message;

	memset(&message, 0, sizeof message);
	if (!decode(bytes, vmc_cache_GrpcVMConfig_fields, &message))
		return malformed(error, "GrpcVMConfig");
	config->data = message.Data;
	config->agent_config = message.AgentConfig;
	return VMC_OK;
}
