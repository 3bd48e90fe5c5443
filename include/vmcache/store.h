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

/* One VM, as it is put on record at each transition of its state. */
struct vmc_record {
	enum vmc_vm_state state;
	uint32_t digest;       /* of the configuration it was made with */
	int64_t pid;
	uint64_t start_time;   /* of the process, from the store; see below */
	uint32_t vcpus, memory_mib, cpu_delta, context_id;
	char id[VMC_ID_SIZE];
	char agent_url[VMC_URL_SIZE];
	uint32_t saved_len;
	uint8_t saved[VMC_HYPERVISOR_SIZE]; /* the driver's `save` */
};

/* Bytes of an encoded record: magic 4, version 4, the fields above in
 * little endian (state as 4), and a CRC-32 of all before it. */
#define VMC_RECORD_SIZE                                                        \
	(4 + 4 + 4 + 4 + 8 + 8 + 4 * 4 + VMC_ID_SIZE + VMC_URL_SIZE + 4 +      \
	 VMC_HYPERVISOR_SIZE + 4)

/*
 * Writes it to exactly VMC_RECORD_SIZE bytes, and reads it back.
 *
 * VMC_ERR_MALFORMED: wrong magic, version or checksum, or a length or
 *                    state that cannot be; `record` is undefined.
 */
void vmc_record_write(const struct vmc_record *record, uint8_t *out);
enum vmc_status vmc_record_read(struct vmc_record *record,
				const uint8_t *in) VMC_CHECKED;

/*
 * Local file calls are allowed to take their time, but not to wait for
 * another party. A store need not survive the machine's crash: its VMs do
 * not either.
 *
 * write:      keeps VMC_RECORD_SIZE bytes as slot's record; replaces an
 *             older one. VMC_ERR_IO.
 * next:       yields records one by one: `*cursor` is 0 at first. VMC_OK
 *             with `*slot` and `out` (VMC_RECORD_SIZE bytes) filled, or
 *             VMC_CLOSED when there are no more.
 * erase:      forgets slot's record. Idempotent.
 * start_time: a number that tells a process from a later one with the same
 *             pid (field 22 of /proc/PID/stat on Linux); 0 if unknown.
 */
struct vmc_store_ops {
	enum vmc_status (*write)(void *ctx, uint32_t slot,
				 const uint8_t *bytes);
	enum vmc_status (*next)(void *ctx, uint32_t *cursor, uint32_t *slot,
				uint8_t *out);
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
