/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: what was written is what is read, and nothing else is read.
 */
#include "test.h"
#include "vmcache/store.h"

#include "../../src/base/crc32.h"

#include <stdlib.h>

static const char saved[] = "{\"ID\":\"0c5c2a4a\"}";

static struct vmc_record a_record(void)
{
	struct vmc_record record = {
		.state = VMC_VM_READY,
		.digest = 0xfeedf00d,
		.pid = 4711,
		.start_time = 0x0123456789abcdef,
		.vcpus = 2,
		.memory_mib = 2048,
		.cpu_delta = 1,
		.context_id = 1476110377,
		.id = vmc_view_of("0c5c2a4a-6c5e-4f5e-9b7a-2f0f1f9a8b11"),
		.agent_url = vmc_view_of("vsock://1476110377:1024"),
		.saved = vmc_view_of(saved),
	};

	return record;
}

static void check_equal(const struct vmc_record *a, const struct vmc_record *b)
{
	CHECK_EQ_INT(a->state, b->state);
	CHECK_EQ_INT(a->digest, b->digest);
	CHECK_EQ_INT(a->pid, b->pid);
	CHECK(a->start_time == b->start_time);
	CHECK_EQ_INT(a->vcpus, b->vcpus);
	CHECK_EQ_INT(a->memory_mib, b->memory_mib);
	CHECK_EQ_INT(a->cpu_delta, b->cpu_delta);
	CHECK_EQ_INT(a->context_id, b->context_id);
	CHECK(vmc_view_equal(a->id, b->id));
	CHECK(vmc_view_equal(a->agent_url, b->agent_url));
	CHECK(vmc_view_equal(a->saved, b->saved));
}

static size_t written(const struct vmc_record *record, uint8_t *out)
{
	size_t len = 0;

	CHECK_EQ_INT(vmc_record_write(record, out, &len), VMC_OK);
	return len;
}

/* Reads from memory of just that size, so that a sanitizer sees more. */
static enum vmc_status read_exact(struct vmc_record *record,
				  const uint8_t *bytes, size_t bytes_len)
{
	uint8_t *copy = malloc(bytes_len ? bytes_len : 1);
	struct vmc_view view = { copy, bytes_len };
	enum vmc_status status;

	CHECK(copy != NULL);
	memcpy(copy, bytes, bytes_len);
	status = vmc_record_read(record, view);
	free(copy);
	return status;
}

/* Makes the checksum right again, after bytes were changed. */
static void seal(uint8_t *bytes, size_t len)
{
	struct vmc_view covered = { bytes, len - 4 };
	uint32_t crc = vmc_crc32(0, covered);
	size_t i;

	for (i = 0; i < 4; i++)
		bytes[len - 4 + i] = (uint8_t)(crc >> 8 * i);
}

TEST(comes_back)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	struct vmc_view view = { bytes, written(&record, bytes) };

	CHECK_EQ_INT(view.ptr_len, VMC_RECORD_FIXED + record.id.ptr_len +
					   record.agent_url.ptr_len +
					   record.saved.ptr_len);
	CHECK_EQ_INT(vmc_record_read(&back, view), VMC_OK);
	check_equal(&record, &back);
	CHECK(back.id.ptr > bytes && back.id.ptr < bytes + sizeof(bytes));
}

/* The bytes are the same on every machine; these were packed by another
 * program (Python: struct, zlib). */
TEST(layout)
{
	static const uint8_t want[] = {
		0x56, 0x4d, 0x43, 0x52, 0x01, 0x00, 0x00, 0x00, 0x4e, 0x00,
		0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x0d, 0xf0, 0xed, 0xfe,
		0x67, 0x12, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xef, 0xcd,
		0xab, 0x89, 0x67, 0x45, 0x23, 0x01, 0x02, 0x00, 0x00, 0x00,
		0x00, 0x08, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x29, 0xa8,
		0xfb, 0x57, 0x02, 0x00, 0x00, 0x00, 0x69, 0x64, 0x05, 0x00,
		0x00, 0x00, 0x75, 0x6e, 0x69, 0x78, 0x3a, 0x03, 0x00, 0x00,
		0x00, 0x01, 0x00, 0x02, 0xd9, 0x14, 0x5a, 0xe8,
	};
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();

	record.id = vmc_view_of("id");
	record.agent_url = vmc_view_of("unix:");
	record.saved.ptr = (const uint8_t *)"\x01\x00\x02";
	record.saved.ptr_len = 3;
	CHECK_EQ_INT(written(&record, bytes), sizeof(want));
	CHECK_EQ_MEM(bytes, want, sizeof(want));
}

TEST(extremes)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	char id[VMC_ID_SIZE], url[VMC_URL_SIZE];
	uint8_t driver[VMC_HYPERVISOR_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	struct vmc_view view = { bytes, 0 };

	memset(id, 'i', sizeof(id));
	memset(url, 'u', sizeof(url));
	memset(driver, 0xff, sizeof(driver));
	record.id = (struct vmc_view){ (uint8_t *)id, sizeof(id) - 1 };
	record.agent_url = (struct vmc_view){ (uint8_t *)url, sizeof(url) - 1 };
	record.saved = (struct vmc_view){ driver, sizeof(driver) };
	record.pid = INT64_MIN;
	record.start_time = UINT64_MAX;
	record.digest = record.vcpus = record.memory_mib = UINT32_MAX;
	view.ptr_len = written(&record, bytes);
	CHECK_EQ_INT(view.ptr_len, VMC_RECORD_SIZE - 2);
	CHECK_EQ_INT(vmc_record_read(&back, view), VMC_OK);
	check_equal(&record, &back);

	record.id.ptr_len = 0;
	record.agent_url = record.saved = vmc_view_of(NULL);
	record.pid = -1;
	view.ptr_len = written(&record, bytes);
	CHECK_EQ_INT(view.ptr_len, VMC_RECORD_FIXED);
	CHECK_EQ_INT(vmc_record_read(&back, view), VMC_OK);
	check_equal(&record, &back);
}

TEST(write_refuses_what_is_too_long)
{
	static const uint8_t many[VMC_HYPERVISOR_SIZE + VMC_URL_SIZE + 1];
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	size_t len = 99;

	record.id = (struct vmc_view){ many, VMC_ID_SIZE };
	CHECK_EQ_INT(vmc_record_write(&record, bytes, &len), VMC_ERR_TOO_BIG);
	record = a_record();
	record.agent_url = (struct vmc_view){ many, VMC_URL_SIZE };
	CHECK_EQ_INT(vmc_record_write(&record, bytes, &len), VMC_ERR_TOO_BIG);
	record = a_record();
	record.saved = (struct vmc_view){ many, VMC_HYPERVISOR_SIZE + 1 };
	CHECK_EQ_INT(vmc_record_write(&record, bytes, &len), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(len, 99);
}

/* A store that has slots of one size yields more than the record. */
TEST(ignores_what_lies_behind)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	struct vmc_view view = { bytes, sizeof(bytes) };

	memset(bytes, 0xa5, sizeof(bytes));
	written(&record, bytes);
	CHECK_EQ_INT(vmc_record_read(&back, view), VMC_OK);
	check_equal(&record, &back);
}

TEST(every_truncation_is_refused)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	size_t len = written(&record, bytes);
	size_t i;

	for (i = 0; i < len; i++)
		CHECK_EQ_INT(read_exact(&back, bytes, i), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_exact(&back, bytes, len), VMC_OK);
}

TEST(every_flipped_bit_is_refused)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	size_t len = written(&record, bytes);
	size_t i;

	for (i = 0; i < 8 * len; i++) {
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
		CHECK_EQ_INT(read_exact(&back, bytes, len), VMC_ERR_MALFORMED);
		bytes[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

/* Changes 4 bytes at `at`, makes the checksum right, reads it. */
static enum vmc_status read_changed(size_t at, uint32_t value)
{
	uint8_t bytes[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	size_t len = written(&record, bytes);
	size_t i;

	for (i = 0; i < 4; i++)
		bytes[at + i] = (uint8_t)(value >> 8 * i);
	seal(bytes, len);
	return read_exact(&back, bytes, len);
}

#define STATE_AT 12
#define ID_LEN_AT 52

TEST(states)
{
	uint32_t state;

	for (state = 0; state < 20; state++) {
		int can_be = state >= VMC_VM_BOOTING &&
			     state <= VMC_VM_ADOPTING &&
			     state != VMC_VM_RUNNING;

		CHECK_EQ_INT(read_changed(STATE_AT, state),
			     can_be ? VMC_OK : VMC_ERR_MALFORMED);
	}
	CHECK_EQ_INT(read_changed(STATE_AT, UINT32_MAX), VMC_ERR_MALFORMED);
}

/* A right checksum does not make a wrong length right. */
TEST(lengths)
{
	uint32_t len;

	CHECK_EQ_INT(read_changed(ID_LEN_AT, 36), VMC_OK);
	for (len = 0; len < 200; len++)
		if (len != 36)
			CHECK_EQ_INT(read_changed(ID_LEN_AT, len),
				     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(ID_LEN_AT, UINT32_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(8, VMC_RECORD_FIXED - 1), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(8, 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(8, UINT32_MAX), VMC_ERR_MALFORMED);
}

/*
 * A record made by hand, with a right length and checksum: an id of `id_len`
 * bytes, a URL of `url_len`, driver's bytes of `saved_len`, and `extra`
 * bytes behind these.
 */
static enum vmc_status read_made(size_t id_len, size_t url_len,
				 size_t saved_len, size_t extra)
{
	const size_t lens[] = { id_len, url_len, saved_len };
	uint8_t bytes[VMC_RECORD_SIZE + 64];
	uint8_t head[VMC_RECORD_SIZE];
	struct vmc_record record = a_record();
	struct vmc_record back;
	size_t at = ID_LEN_AT;
	size_t i;

	memset(bytes, 'x', sizeof(bytes));
	written(&record, head);
	memcpy(bytes, head, at);
	for (i = 0; i < 3; i++) {
		bytes[at] = (uint8_t)lens[i];
		bytes[at + 1] = (uint8_t)(lens[i] >> 8);
		bytes[at + 2] = bytes[at + 3] = 0;
		at += 4 + lens[i];
	}
	at += extra + 4;
	CHECK(at <= sizeof(bytes));
	bytes[8] = (uint8_t)at;
	bytes[9] = (uint8_t)(at >> 8);
	seal(bytes, at);
	return read_exact(&back, bytes, at);
}

/* What another build, with other knobs, could have written. */
TEST(limits)
{
	const size_t id = VMC_ID_SIZE - 1;
	const size_t url = VMC_URL_SIZE - 1;
	const size_t bytes = VMC_HYPERVISOR_SIZE;

	CHECK_EQ_INT(read_made(id, url, bytes, 0), VMC_OK);
	CHECK_EQ_INT(read_made(id + 1, url, bytes, 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_made(id, url + 1, bytes, 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_made(id, url, bytes + 1, 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_made(0, 0, 0, 0), VMC_OK);
	CHECK_EQ_INT(read_made(0, 0, 0, 1), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_made(5, 5, 5, 4), VMC_ERR_MALFORMED);
}

TEST(other_magic_and_version)
{
	CHECK_EQ_INT(read_changed(0, 0x52434d57), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(4, 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(4, 2), VMC_ERR_MALFORMED);
}

TEST(nul_in_a_text)
{
	CHECK_EQ_INT(read_changed(ID_LEN_AT + 4, 0x00616161),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(ID_LEN_AT + 4, 0x61616100),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_changed(ID_LEN_AT + 4, 0x61616161), VMC_OK);
	/* in the driver's bytes it may be */
	CHECK_EQ_INT(read_changed(ID_LEN_AT + 4 + 36 + 4 + 23 + 4, 0), VMC_OK);
}

TESTS(RUN(comes_back)
      RUN(layout)
      RUN(extremes)
      RUN(write_refuses_what_is_too_long)
      RUN(ignores_what_lies_behind)
      RUN(every_truncation_is_refused)
      RUN(every_flipped_bit_is_refused)
      RUN(states)
      RUN(lengths)
      RUN(limits)
      RUN(other_magic_and_version)
      RUN(nul_in_a_text));
