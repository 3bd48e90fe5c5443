/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cursors: values come out as they went in, nothing outside the bounds is
 * touched, and a failure sticks. Inputs are of exactly their size on the
 * heap, so that a sanitizer sees the first byte too many.
 */
#include "test.h"

#include "../../src/base/cursor.h"

#include <stdlib.h>

static const uint8_t counting[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };

static struct vmc_view first_bytes(size_t len)
{
	struct vmc_view view = { counting, len };

	return view;
}

TEST(numbers_are_taken_in_their_order)
{
	struct vmc_reader r;

	vmc_reader_init(&r, first_bytes(10));
	CHECK_EQ_INT(vmc_take_be32(&r), 0x01020304);
	CHECK_EQ_INT(vmc_take_le32(&r), 0x08070605);
	CHECK_EQ_INT(vmc_take_u8(&r), 9);
	CHECK_EQ_INT(r.left, 1);
	CHECK_EQ_INT(r.fail, 0);
	vmc_reader_init(&r, first_bytes(8));
	CHECK_EQ_INT(vmc_take_le64(&r), 0x0807060504030201);
	CHECK_EQ_INT(r.left, 0);
}

/* Each taker on an input that is one byte too short, and on none. */
TEST(short_input_fails_and_stays_failed)
{
	struct vmc_reader r;
	size_t len;

	for (len = 0; len < 8; len++) {
		vmc_reader_init(&r, first_bytes(len));
		CHECK_EQ_INT(vmc_take_le64(&r), 0);
		CHECK_EQ_INT(r.fail, 1);
		CHECK_EQ_INT(vmc_take_u8(&r), 0);
		CHECK_EQ_INT(vmc_take_be32(&r), 0);
		CHECK_EQ_INT(vmc_take_le32(&r), 0);
		CHECK_EQ_INT(vmc_take_varint(&r), 0);
		CHECK(vmc_take_bytes(&r, 0).ptr == NULL);
		CHECK_EQ_INT(vmc_take_rest(&r).ptr_len, 0);
		CHECK_EQ_INT(r.fail, 1);
	}
	for (len = 0; len < 4; len++) {
		vmc_reader_init(&r, first_bytes(len));
		CHECK_EQ_INT(vmc_take_be32(&r), 0);
		CHECK_EQ_INT(r.fail, 1);
	}
}

TEST(bytes_are_views_into_the_input)
{
	struct vmc_reader r;
	struct vmc_view view;

	vmc_reader_init(&r, first_bytes(10));
	view = vmc_take_bytes(&r, 3);
	CHECK(view.ptr == counting);
	CHECK_EQ_INT(view.ptr_len, 3);
	view = vmc_take_bytes(&r, 0);
	CHECK_EQ_INT(view.ptr_len, 0);
	CHECK_EQ_INT(r.fail, 0);
	view = vmc_take_rest(&r);
	CHECK(view.ptr == counting + 3);
	CHECK_EQ_INT(view.ptr_len, 7);
	CHECK_EQ_INT(r.left, 0);
}

TEST(lengths_from_a_peer_do_not_wrap)
{
	static const uint64_t lengths[] = { 11, UINT32_MAX, INT64_MAX,
					    UINT64_MAX, UINT64_MAX - 9 };
	struct vmc_reader r;
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		vmc_reader_init(&r, first_bytes(10));
		CHECK_EQ_INT(vmc_take_bytes(&r, lengths[i]).ptr_len, 0);
		CHECK_EQ_INT(r.fail, 1);
		CHECK_EQ_INT(r.left, 10);
	}
}

/* Around each change of length, and the ends. */
TEST(varints_come_out_as_they_went_in)
{
	uint8_t out[16];
	struct vmc_writer w;
	struct vmc_reader r;
	struct vmc_view view = { out, 0 };
	uint64_t value;
	unsigned bit;
	int off;

	for (bit = 0; bit < 64; bit++) {
		for (off = -1; off <= 1; off++) {
			value = ((uint64_t)1 << bit) + (uint64_t)off;
			vmc_writer_init(&w, out, sizeof(out));
			vmc_put_varint(&w, value);
			CHECK_EQ_INT(w.len, vmc_varint_len(value));
			CHECK_EQ_INT(w.fail, 0);
			view.ptr_len = w.len;
			vmc_reader_init(&r, view);
			CHECK(vmc_take_varint(&r) == value);
			CHECK_EQ_INT(r.fail, 0);
			CHECK_EQ_INT(r.left, 0);
		}
	}
	CHECK_EQ_INT(vmc_varint_len(0), 1);
	CHECK_EQ_INT(vmc_varint_len(127), 1);
	CHECK_EQ_INT(vmc_varint_len(128), 2);
	CHECK_EQ_INT(vmc_varint_len(UINT64_MAX), 10);
}

static int varint_fails(const char *bytes, size_t len)
{
	struct vmc_view view = { (const uint8_t *)bytes, len };
	struct vmc_reader r;

	vmc_reader_init(&r, view);
	CHECK_EQ_INT(vmc_take_varint(&r), 0);
	return r.fail;
}

TEST(broken_varints_fail)
{
	CHECK(varint_fails("", 0));
	CHECK(varint_fails("\x80", 1));
	CHECK(varint_fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9));
	/* bit 64, and an eleventh byte */
	CHECK(varint_fails("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10));
	CHECK(varint_fails("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\0", 11));
	CHECK(!varint_fails("\x80\x80\x80\x80\x80\x80\x80\x80\x80\0", 10));
	CHECK(!varint_fails("\x80\0", 2));
}

TEST(numbers_are_put_in_their_order)
{
	static const uint8_t expected[] = { 0xab, 1, 2, 3, 4, 4, 3, 2, 1,
					    8,    7, 6, 5, 4, 3, 2, 1, 'x' };
	struct vmc_writer w;
	uint8_t out[sizeof(expected)];

	vmc_writer_init(&w, out, sizeof(out));
	vmc_put_u8(&w, 0xab);
	vmc_put_be32(&w, 0x01020304);
	vmc_put_le32(&w, 0x01020304);
	vmc_put_le64(&w, 0x0102030405060708);
	vmc_put_bytes(&w, vmc_view_of("x"));
	CHECK_EQ_INT(w.len, sizeof(expected));
	CHECK_EQ_INT(w.fail, 0);
	CHECK_EQ_MEM(out, expected, sizeof(expected));
	vmc_put_u8(&w, 1);
	CHECK_EQ_INT(w.fail, 1);
	CHECK_EQ_INT(w.len, sizeof(expected));
}

static void put_one(struct vmc_writer *w, unsigned which)
{
	switch (which) {
	case 0:
		vmc_put_u8(w, 1);
		break;
	case 1:
		vmc_put_be32(w, 1);
		break;
	case 2:
		vmc_put_le32(w, 1);
		break;
	case 3:
		vmc_put_le64(w, 1);
		break;
	case 4:
		vmc_put_varint(w, 300);
		break;
	default:
		vmc_put_bytes(w, vmc_view_of("abc"));
	}
}

/* Each putter into room that is one byte short, or all short. */
TEST(short_room_fails_and_stays_failed)
{
	static const size_t needed[] = { 1, 4, 4, 8, 2, 3 };
	struct vmc_writer w;
	unsigned which;
	uint8_t *out;
	size_t cap;

	for (which = 0; which < 6; which++) {
		for (cap = 0; cap <= needed[which]; cap++) {
			out = malloc(cap);
			vmc_writer_init(&w, out, cap);
			put_one(&w, which);
			CHECK_EQ_INT(w.fail, cap < needed[which]);
			CHECK_EQ_INT(w.len, w.fail ? 0 : cap);
			if (w.fail && cap > 0) {
				vmc_put_u8(&w, 1);
				CHECK_EQ_INT(w.len, 0);
			}
			free(out);
		}
	}
}

TEST(bytes_may_be_put_from_further_on)
{
	struct vmc_view later;
	struct vmc_writer w;
	uint8_t out[8] = "--abcde";

	later.ptr = out + 2;
	later.ptr_len = 5;
	vmc_writer_init(&w, out, sizeof(out));
	vmc_put_u8(&w, '>');
	vmc_put_bytes(&w, later);
	CHECK_EQ_MEM(out, ">abcde", 6);
	vmc_put_bytes(&w, vmc_view_of(NULL));
	CHECK_EQ_INT(w.len, 6);
	CHECK_EQ_INT(w.fail, 0);
}

TESTS(RUN(numbers_are_taken_in_their_order)
      RUN(short_input_fails_and_stays_failed)
      RUN(bytes_are_views_into_the_input)
      RUN(lengths_from_a_peer_do_not_wrap)
      RUN(varints_come_out_as_they_went_in)
      RUN(broken_varints_fail)
      RUN(numbers_are_put_in_their_order)
      RUN(short_room_fails_and_stays_failed)
      RUN(bytes_may_be_put_from_further_on));
