/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of VMs. All numbers are little endian:
 *
 *	 0  "VMCR"                   28  start time (8)
 *	 4  version of this layout   36  vCPUs, MiB, vCPUs not online,
 *	 8  length of all                context id (4 each)
 *	12  state                    52  id, agent's URL, driver's bytes:
 *	16  digest                       each a length (4) and so many bytes
 *	20  pid (8)                  -4  CRC-32 of all before it
 *
 * Reader and writer go through it in the same order. Numbers are 4 bytes
 * where no length stands.
 */
#include "vmcache/store.h"

#include "../base/crc32.h"
#include "../base/cursor.h"

#define MAGIC 0x52434d56u /* "VMCR" */
#define VERSION 1u

#define HEAD_SIZE 12u
#define CRC_SIZE 4u

/* The CRC-32 of whatever has its own CRC-32 behind it. */
#define CRC_OF_WHOLE 0x2144df1cu

static void put_view(struct vmc_writer *w, struct vmc_view view, size_t max)
{
	if (view.ptr_len > max)
		w->fail = 1;
	vmc_put_le32(w, (uint32_t)view.ptr_len);
	vmc_put_bytes(w, view);
}

static size_t record_len(const struct vmc_record *record)
{
	return VMC_RECORD_FIXED + record->id.ptr_len +
	       record->agent_url.ptr_len + record->saved.ptr_len;
}

/* see vmcache/store.h */
enum vmc_status vmc_record_write(const struct vmc_record *record, uint8_t *out,
				 size_t *out_len)
{
	struct vmc_view written = { out, 0 };
	struct vmc_writer w;

	vmc_writer_init(&w, out, VMC_RECORD_SIZE);
	vmc_put_le32(&w, MAGIC);
	vmc_put_le32(&w, VERSION);
	vmc_put_le32(&w, (uint32_t)record_len(record));
	vmc_put_le32(&w, (uint32_t)record->state);
	vmc_put_le32(&w, record->digest);
	vmc_put_le64(&w, (uint64_t)record->pid);
	vmc_put_le64(&w, record->start_time);
	vmc_put_le32(&w, record->vcpus);
	vmc_put_le32(&w, record->memory_mib);
	vmc_put_le32(&w, record->cpu_delta);
	vmc_put_le32(&w, record->context_id);
	put_view(&w, record->id, VMC_ID_SIZE - 1);
	put_view(&w, record->agent_url, VMC_URL_SIZE - 1);
	put_view(&w, record->saved, VMC_HYPERVISOR_SIZE);
	written.ptr_len = w.len;
	vmc_put_le32(&w, vmc_crc32(0, written));

	if (w.fail)
		return VMC_ERR_TOO_BIG;
	*out_len = w.len;
	return VMC_OK;
}

static struct vmc_view take_view(struct vmc_reader *r, size_t max)
{
	uint32_t len = vmc_take_le32(r);

	if (len > max)
		r->fail = 1;
	return vmc_take_bytes(r, len);
}

/* Text that becomes a C string must not end early. */
static struct vmc_view take_text(struct vmc_reader *r, size_t max)
{
	struct vmc_view view = take_view(r, max);
	size_t i;

	for (i = 0; i < view.ptr_len; i++)
		if (view.ptr[i] == '\0')
			r->fail = 1;
	return view;
}

/*
 * Checks what makes it a record of ours, whole and unharmed; the reader is
 * then at what lies between length and checksum.
 */
static enum vmc_status unwrap(struct vmc_reader *r, struct vmc_view bytes)
{
	uint32_t magic, version, length;

	vmc_reader_init(r, bytes);
	magic = vmc_take_le32(r);
	version = vmc_take_le32(r);
	length = vmc_take_le32(r);
	if (magic != MAGIC || version != VERSION || length < VMC_RECORD_FIXED ||
	    length > bytes.ptr_len)
		return VMC_ERR_MALFORMED;
	bytes.ptr_len = length;
	if (vmc_crc32(0, bytes) != CRC_OF_WHOLE)
		return VMC_ERR_MALFORMED;
	vmc_reader_init(r, vmc_take_bytes(r, length - HEAD_SIZE - CRC_SIZE));
	return VMC_OK;
}

/* A VM that does not exist or that runs is on nobody's record. */
static int state_can_be(uint32_t state)
{
	return state > VMC_VM_EMPTY && state <= VMC_VM_ADOPTING &&
	       state != VMC_VM_RUNNING;
}

/* see vmcache/store.h */
enum vmc_status vmc_record_read(struct vmc_record *record,
				struct vmc_view bytes)
{
	struct vmc_reader r;
	uint32_t state;

	if (unwrap(&r, bytes))
		return VMC_ERR_MALFORMED;
	state = vmc_take_le32(&r);
	record->digest = vmc_take_le32(&r);
	record->pid = (int64_t)vmc_take_le64(&r);
	record->start_time = vmc_take_le64(&r);
	record->vcpus = vmc_take_le32(&r);
	record->memory_mib = vmc_take_le32(&r);
	record->cpu_delta = vmc_take_le32(&r);
	record->context_id = vmc_take_le32(&r);
	record->id = take_text(&r, VMC_ID_SIZE - 1);
	record->agent_url = take_text(&r, VMC_URL_SIZE - 1);
	record->saved = take_view(&r, VMC_HYPERVISOR_SIZE);

	if (r.fail || r.left > 0 || !state_can_be(state))
		return VMC_ERR_MALFORMED;
	record->state = (enum vmc_vm_state)state;
	return VMC_OK;
}
