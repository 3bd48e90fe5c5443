/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Store: where a pool's records live, so that VMs outlive a killed server.
 *
 * What a record says and when it changes is the pool's; a store only keeps
 * bytes, one record per slot. Records of one store are all of one size.
 */
#ifndef VMCACHE_STORE_H
#define VMCACHE_STORE_H

#include "vm.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * One VM, as it is put on record at each transition of its state. Views,
 * so that it is small: into the pool when written, into the bytes when
 * read.
 */
struct vmc_record {
	enum vmc_vm_state state;
	uint32_t digest; /* of the configuration it was made with */
	int64_t pid;
	uint64_t start_time; /* of that process; see start_time below */
	uint32_t vcpus, memory_mib, cpu_delta, context_id;
	struct vmc_view id;        /* below VMC_ID_SIZE bytes */
	struct vmc_view agent_url; /* below VMC_URL_SIZE bytes */
	struct vmc_view saved;     /* the driver's `save` */
};

/*
 * The most bytes that a record takes: magic, version, length of all, state,
 * digest, pid, start_time and four numbers (52 bytes, little endian), three
 * views with a length of 4 each, and a CRC-32 of all before it.
 */
#define VMC_RECORD_FIXED (52 + 3 * 4 + 4)
#define VMC_RECORD_SIZE                                                        \
	(VMC_RECORD_FIXED + VMC_ID_SIZE + VMC_URL_SIZE + VMC_HYPERVISOR_SIZE)

/*
 * Writes it to `out` (VMC_RECORD_SIZE bytes), and reads it back.
 *
 * write: the bytes used. Views longer than their limit cannot come from a
 *        pool; VMC_ERR_TOO_BIG if they do.
 * read:  VMC_ERR_MALFORMED: wrong magic, version, length or checksum, or a
 *        state or length that cannot be; `record` is then undefined.
 */
enum vmc_status vmc_record_write(const struct vmc_record *record, uint8_t *out,
				 size_t *out_len) VMC_CHECKED;
enum vmc_status vmc_record_read(struct vmc_record *record,
				struct vmc_view bytes) VMC_CHECKED;

/*
 * Local file calls are allowed to take their time, but not to wait for
 * another party. A store need not survive the machine's crash: its VMs do
 * not either.
 *
 * write:      keeps the bytes (VMC_RECORD_SIZE at most) as slot's record;
 *             replaces an older one. VMC_ERR_IO.
 * next:       yields records one by one: `*cursor` is 0 at first. VMC_OK
 *             with `*slot` and `out` (VMC_RECORD_SIZE bytes) filled, or
 *             VMC_CLOSED when there are no more. What lies behind the
 *             record's own length is undefined.
 * erase:      forgets slot's record. Idempotent.
 * start_time: a number that tells a process from a later one with the same
 *             pid (field 22 of /proc/PID/stat on Linux); 0 if unknown.
 */
struct vmc_store_ops {
	enum vmc_status (*write)(void *ctx, uint32_t slot, const uint8_t *bytes,
				 size_t bytes_len);
	enum vmc_status (*next)(void *ctx, uint32_t *cursor, uint32_t *slot,
				uint8_t *out, size_t *out_len);
	void (*erase)(void *ctx, uint32_t slot);
	uint64_t (*start_time)(void *ctx, int64_t pid);
};

struct vmc_store {
	const struct vmc_store_ops *ops; /* NULL: nothing is put on record */
	void *ctx;
};

#ifdef __cplusplus
}
#endif

#endif
