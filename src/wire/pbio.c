/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbio. Invariants: no view that is read points outside the input that was
 * given; what is written straight is what nanopb would have written.
 *
 * Generated messages have `struct vmc_view` where protobuf has strings and
 * bytes. nanopb's decoder calls vmc_message_view_field for each of those, by
 * the name that proto/cache.options.in gives it. Nothing is encoded through
 * nanopb, whose encoder walks a submessage twice; and GrpcStatus, which is
 * asked for over and over, is read straight too: nanopb takes five times as
 * long for each of its submessages.
 */
#include "pbio.h"

#include <pb_decode.h>

#include "cache.pb.h"
#include "field.h"
#include "message_fields.h"

#include <string.h>

#define NUMBER(field) VMC_FIELD_TAG(field, VMC_FIELD_VARINT)
#define BYTES(field) VMC_FIELD_TAG(field, VMC_FIELD_BYTES)

/* `message` is the caller's to clear. The mark: message_fields.h. */
static bool decode(struct vmc_view bytes, const pb_msgdesc_t *fields,
		   void *message)
{
	int mark;
	pb_istream_t stream = pb_istream_from_buffer(bytes.ptr, bytes.ptr_len);

	stream.callback = &mark;
	return pb_decode_ex(&stream, fields, message, PB_DECODE_NOINIT);
}

static enum vmc_status malformed(struct vmc_error *error, const char *message)
{
	return vmc_error_set(error, VMC_ERR_MALFORMED, message,
			     "not what its description says");
}

/* What the writer has got since it had `from` bytes. */
static struct vmc_view written(const struct vmc_writer *w, size_t from)
{
	struct vmc_view view = { w->begin + from, w->len - from };

	return view;
}

/* -- google.protobuf.Empty ------------------------------------------------- */

/* see pbio.h */
enum vmc_status vmc_pbio_read_empty(struct vmc_view bytes)
{
	struct vmc_reader r;
	struct vmc_field field;

	vmc_reader_init(&r, bytes);
	while (vmc_field_take(&r, &field))
		;
	return r.fail ? VMC_ERR_MALFORMED : VMC_OK;
}

/* -- cache.GrpcStatus ------------------------------------------------------ */

/* see pbio.h */
void vmc_pbio_write_status_head(struct vmc_writer *w, int64_t pid)
{
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcStatus_pid_tag),
			     (uint64_t)pid);
}

/* see pbio.h */
void vmc_pbio_write_vm_status(struct vmc_writer *w, const struct vmc_vm *vm)
{
	size_t begin;

	/* an entry is there even if all of it is zero */
	vmc_put_u8(w, BYTES(vmc_cache_GrpcStatus_vmstatus_tag));
	vmc_put_u8(w, 0); /* its length, below 128 */
	begin = w->len;
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVMStatus_pid_tag),
			     (uint64_t)vm->pid);
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVMStatus_cpu_tag),
			     vm->vcpus);
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVMStatus_memory_tag),
			     vm->memory_mib);
	if (!w->fail)
		w->begin[begin - 1] = (uint8_t)(w->len - begin);
}

/* Its fields are numbers, told apart by theirs; unknown ones are read over. */
static void read_vm_status(struct vmc_vm_status *vm, struct vmc_reader *outer,
			   struct vmc_view bytes)
{
	uint64_t number[vmc_cache_GrpcVMStatus_memory_tag + 1] = { 0 };
	struct vmc_reader r;
	struct vmc_field field;

	vmc_reader_init(&r, bytes);
	while (vmc_field_take(&r, &field)) {
		if (field.tag >= NUMBER(vmc_cache_GrpcVMStatus_memory_tag + 1))
			continue;
		if (field.tag % 8 != VMC_FIELD_VARINT)
			r.fail = 1;
		number[field.tag / 8] = field.value;
	}
	vm->pid = (int64_t)number[vmc_cache_GrpcVMStatus_pid_tag];
	vm->vcpus = (uint32_t)number[vmc_cache_GrpcVMStatus_cpu_tag];
	vm->memory_mib = (uint32_t)number[vmc_cache_GrpcVMStatus_memory_tag];
	outer->fail |= r.fail ||
		       number[vmc_cache_GrpcVMStatus_cpu_tag] > UINT32_MAX ||
		       number[vmc_cache_GrpcVMStatus_memory_tag] > UINT32_MAX;
}

static enum vmc_status too_many_vms(struct vmc_error *error)
{
	return vmc_error_set_number(
		error, VMC_ERR_MALFORMED,
		"GrpcStatus.vmstatus has more VMs than VMC_VM_MAX", VMC_VM_MAX);
}

/* see pbio.h */
enum vmc_status vmc_pbio_read_status(struct vmc_view bytes,
				     struct vmc_cache_status *status,
				     struct vmc_error *error)
{
	struct vmc_reader r;
	struct vmc_field field;

	status->pid = 0;
	status->vm_len = 0;
	vmc_reader_init(&r, bytes);
	while (vmc_field_take(&r, &field)) {
		if (field.tag == NUMBER(vmc_cache_GrpcStatus_pid_tag))
			status->pid = (int64_t)field.value;
		else if (field.tag != BYTES(vmc_cache_GrpcStatus_vmstatus_tag))
			r.fail = field.tag / 8 <=
				 vmc_cache_GrpcStatus_vmstatus_tag;
		else if (status->vm_len == VMC_VM_MAX)
			return too_many_vms(error);
		else
			read_vm_status(&status->vm[status->vm_len++], &r,
				       field.bytes);
	}
	return r.fail ? malformed(error, "GrpcStatus") : VMC_OK;
}

/* -- cache.GrpcVM ---------------------------------------------------------- */

/* see pbio.h */
void vmc_pbio_gather_base_vm(struct vmc_writer *w, const struct vmc_vm *vm,
			     struct vmc_view saved,
			     struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS])
{
	size_t begin = w->len;

	vmc_field_put_bytes(w, BYTES(vmc_cache_GrpcVM_id_tag),
			    vmc_view_of(vm->id));
	vmc_field_put_head(w, BYTES(vmc_cache_GrpcVM_hypervisor_tag),
			   saved.ptr_len);
	parts[0] = written(w, begin);
	parts[1] = saved;

	begin = w->len;
	vmc_field_put_bytes(w, BYTES(vmc_cache_GrpcVM_proxyURL_tag),
			    vmc_view_of(vm->agent_url));
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVM_cpu_tag), vm->vcpus);
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVM_memory_tag),
			     vm->memory_mib);
	vmc_field_put_number(w, NUMBER(vmc_cache_GrpcVM_cpuDelta_tag),
			     vm->cpu_delta);
	parts[2] = written(w, begin);
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

/* Tag and length of bytes that stand elsewhere, and those. */
static void gather_bytes(struct vmc_writer *w, unsigned tag,
			 struct vmc_view bytes, struct vmc_view parts[2])
{
	size_t begin = w->len;

	vmc_field_put_head(w, tag, bytes.ptr_len);
	parts[0] = written(w, begin);
	parts[1] = bytes;
}

/* see pbio.h */
void vmc_pbio_gather_config(struct vmc_writer *w,
			    const struct vmc_cache_config *config,
			    struct vmc_view parts[VMC_PBIO_CONFIG_PARTS])
{
	gather_bytes(w, BYTES(vmc_cache_GrpcVMConfig_Data_tag), config->data,
		     parts);
	gather_bytes(w, BYTES(vmc_cache_GrpcVMConfig_AgentConfig_tag),
		     config->agent_config, parts + 2);
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
