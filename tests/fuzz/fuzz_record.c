/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records of VMs, as another version, or a disk, may have left them. Half of
 * the inputs get a length and a checksum that are right, or nothing behind
 * those would ever be reached. What is read is written again, to the same
 * bytes.
 */
#include "fuzz.h"

#include "vmcache/store.h"
#include "../../src/base/crc32.h"
#include "../../src/base/cursor.h"

static void seal(uint8_t *bytes, size_t len)
{
	struct vmc_view covered = { bytes, len - 4 };
	struct vmc_writer w;

	vmc_writer_init(&w, bytes, len);
	vmc_put_le32(&w, 0x52434d56);
	vmc_put_le32(&w, 1);
	vmc_put_le32(&w, (uint32_t)len);
	vmc_writer_init(&w, bytes + len - 4, 4);
	vmc_put_le32(&w, vmc_crc32(0, covered));
}

static void read_and_write(struct vmc_view bytes)
{
	static uint8_t out[VMC_RECORD_SIZE];
	struct vmc_record record;
	size_t len;

	if (vmc_record_read(&record, bytes))
		return;
	must_lie_in(record.id, bytes.ptr, bytes.ptr_len);
	must_lie_in(record.agent_url, bytes.ptr, bytes.ptr_len);
	must_lie_in(record.saved, bytes.ptr, bytes.ptr_len);
	MUST(vmc_record_write(&record, out, &len) == VMC_OK);
	MUST(len <= bytes.ptr_len);
	MUST(!memcmp(out, bytes.ptr, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int sealed = choose(&data, &size) & 1;
	uint8_t *copy = malloc(size);
	struct vmc_view bytes = { copy, size };

	if (size > 0)
		memcpy(copy, data, size);
	if (sealed && size >= 16)
		seal(copy, size);
	read_and_write(bytes);
	free(copy);
	return 0;
}
