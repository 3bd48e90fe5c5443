/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 against published values and against its definition, bit by bit.
 */
#include "test.h"

#include "../../src/base/crc32.h"

/* Division by the polynomial, as it is defined. */
static uint32_t by_definition(const uint8_t *bytes, size_t len)
{
	uint32_t crc = 0xffffffff;
	unsigned bit;
	size_t i;

	for (i = 0; i < len; i++) {
		crc ^= bytes[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

TEST(published_values)
{
	/* the "check" of the CRC catalogue, and the empty message */
	CHECK_EQ_INT(vmc_crc32(0, vmc_view_of("123456789")), 0xcbf43926);
	CHECK_EQ_INT(vmc_crc32(0, vmc_view_of("")), 0);
	CHECK_EQ_INT(vmc_crc32(0, vmc_view_of("a")), 0xe8b7be43);
}

TEST(every_byte_value)
{
	struct vmc_view view;
	uint8_t bytes[256];
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	view.ptr = bytes;
	for (i = 0; i <= sizeof(bytes); i++) {
		view.ptr_len = i;
		CHECK_EQ_INT(vmc_crc32(0, view), by_definition(bytes, i));
	}
}

TEST(pieces_make_the_whole)
{
	uint32_t crc = vmc_crc32(0, vmc_view_of("1234"));

	crc = vmc_crc32(crc, vmc_view_of(""));
	crc = vmc_crc32(crc, vmc_view_of("56789"));
	CHECK_EQ_INT(crc, 0xcbf43926);
}

TEST(each_flipped_bit_shows)
{
	uint8_t bytes[40] = "a record of a VM";
	struct vmc_view view = { bytes, sizeof(bytes) };
	uint32_t sound = vmc_crc32(0, view);
	unsigned bit;

	for (bit = 0; bit < 8 * sizeof(bytes); bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		CHECK(vmc_crc32(0, view) != sound);
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	CHECK_EQ_INT(vmc_crc32(0, view), sound);
}

TESTS(RUN(published_values)
      RUN(every_byte_value)
      RUN(pieces_make_the_whole)
      RUN(each_flipped_bit_shows));
