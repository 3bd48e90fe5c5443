/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON writer: byte for byte what Go's encoding/json writes, within its
 * bounds, and read again by our own reader.
 */
#include "test.h"

#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"

#include <stdlib.h>

static char out[1024];

/* What was written, as a C string. */
static const char *ended(const struct vmc_json_writer *w)
{
	size_t len = 0;

	CHECK_EQ_INT(vmc_json_writer_end(w, &len), VMC_OK);
	CHECK(len < sizeof(out));
	out[len] = '\0';
	return out;
}

static void begin(struct vmc_json_writer *w)
{
	vmc_json_writer_init(w, (uint8_t *)out, sizeof(out) - 1);
}

TEST(empty_ones)
{
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_begin_object(&w);
	vmc_json_end_object(&w);
	CHECK_EQ_STR(ended(&w), "{}");
	begin(&w);
	vmc_json_begin_array(&w);
	vmc_json_end_array(&w);
	CHECK_EQ_STR(ended(&w), "[]");
	begin(&w);
	CHECK_EQ_STR(ended(&w), "");
}

/* GrpcVM.hypervisor, as Kata 1.6 writes it. */
static void write_sample(struct vmc_json_writer *w)
{
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "ID");
	vmc_json_put_text(w, "0c5c2a4a");
	vmc_json_put_key(w, "State");
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "Bridges");
	vmc_json_begin_array(w);
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "Address");
	vmc_json_begin_object(w);
	vmc_json_end_object(w);
	vmc_json_put_key(w, "Addr");
	vmc_json_put_u64(w, 2);
	vmc_json_end_object(w);
	vmc_json_begin_array(w);
	vmc_json_end_array(w);
	vmc_json_put_i64(w, -7);
	vmc_json_end_array(w);
	vmc_json_put_key(w, "HotpluggedVCPUs");
	vmc_json_put_null(w);
	vmc_json_put_key(w, "HotplugVFIOOnRootBus");
	vmc_json_put_raw(w, vmc_view_of("false"));
	vmc_json_end_object(w);
	vmc_json_put_key(w, "Extra");
	vmc_json_put_raw(w, vmc_view_of("[1, 2]"));
	vmc_json_put_key(w, "On");
	vmc_json_put_raw(w, vmc_view_of("true"));
	vmc_json_end_object(w);
}

static const char sample[] =
	"{\"ID\":\"0c5c2a4a\",\"State\":{\"Bridges\":[{\"Address\":{},"
	"\"Addr\":2},[],-7],\"HotpluggedVCPUs\":null,"
	"\"HotplugVFIOOnRootBus\":false},\"Extra\":[1, 2],\"On\":true}";

TEST(commas_come_by_themselves)
{
	struct vmc_json_writer w;

	begin(&w);
	write_sample(&w);
	CHECK_EQ_STR(ended(&w), sample);
}

/* Too little room, byte by byte, into memory of just that size. */
TEST(too_little_room_is_remembered)
{
	struct vmc_json_writer w;
	size_t cap, len = 99;
	uint8_t *bytes;

	for (cap = 0; cap < sizeof(sample) - 1; cap++) {
		bytes = malloc(cap ? cap : 1);
		CHECK(bytes != NULL);
		vmc_json_writer_init(&w, bytes, cap);
		write_sample(&w);
		CHECK_EQ_INT(vmc_json_writer_end(&w, &len), VMC_ERR_TOO_BIG);
		CHECK_EQ_INT(len, 99);
		free(bytes);
	}
	vmc_json_writer_init(&w, (uint8_t *)out, cap);
	write_sample(&w);
	CHECK_EQ_INT(vmc_json_writer_end(&w, &len), VMC_OK);
	CHECK_EQ_INT(len, sizeof(sample) - 1);
}

static const char *u64(uint64_t number)
{
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_put_u64(&w, number);
	return ended(&w);
}

static const char *i64(int64_t number)
{
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_put_i64(&w, number);
	return ended(&w);
}

TEST(numbers)
{
	CHECK_EQ_STR(u64(0), "0");
	CHECK_EQ_STR(u64(10), "10");
	CHECK_EQ_STR(u64(UINT32_MAX), "4294967295");
	CHECK_EQ_STR(u64(UINT64_MAX), "18446744073709551615");
	CHECK_EQ_STR(i64(0), "0");
	CHECK_EQ_STR(i64(-1), "-1");
	CHECK_EQ_STR(i64(INT64_MAX), "9223372036854775807");
	CHECK_EQ_STR(i64(INT64_MIN), "-9223372036854775808");
}

/* Each kind of value asks for the comma before it. */
TEST(lists_of_each_kind)
{
	struct vmc_json_writer w;
	int round;

	begin(&w);
	vmc_json_begin_array(&w);
	for (round = 0; round < 2; round++) {
		vmc_json_put_u64(&w, 1);
		vmc_json_put_i64(&w, 0);
		vmc_json_put_null(&w);
		vmc_json_put_text(&w, "x");
		vmc_json_put_raw(&w, vmc_view_of("2"));
		vmc_json_begin_array(&w);
		vmc_json_end_array(&w);
		vmc_json_begin_object(&w);
		vmc_json_end_object(&w);
	}
	vmc_json_end_array(&w);
	CHECK_EQ_STR(ended(&w), "[1,0,null,\"x\",2,[],{},"
				"1,0,null,\"x\",2,[],{}]");
}

static const char *text(const char *bytes, size_t bytes_len)
{
	struct vmc_view view = { (const uint8_t *)bytes, bytes_len };
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_put_bytes(&w, view);
	return ended(&w);
}

#define TEXT(literal) text(literal, sizeof(literal) - 1)

TEST(escapes_are_go_s)
{
	CHECK_EQ_STR(TEXT(""), "\"\"");
	CHECK_EQ_STR(TEXT("a/b'c d"), "\"a/b'c d\"");
	CHECK_EQ_STR(TEXT("\"\\"), "\"\\\"\\\\\"");
	CHECK_EQ_STR(TEXT("\n\r\t"), "\"\\n\\r\\t\"");
	CHECK_EQ_STR(TEXT("\b\f\x01\x1f"), "\"\\u0008\\u000c\\u0001\\u001f\"");
	CHECK_EQ_STR(TEXT("a\0b"), "\"a\\u0000b\"");
	CHECK_EQ_STR(TEXT("<>&"), "\"\\u003c\\u003e\\u0026\"");
	CHECK_EQ_STR(TEXT("\x7f"), "\"\x7f\"");
	CHECK_EQ_STR(TEXT("\xe2\x80\xa7\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa"),
		     "\"\xe2\x80\xa7\\u2028\\u2029\xe2\x80\xaa\"");
	CHECK_EQ_STR(TEXT("\xc3\xa9\xf0\x9f\x98\x80"),
		     "\"\xc3\xa9\xf0\x9f\x98\x80\"");
	CHECK_EQ_STR(TEXT("\xff"
			  "a\xc3"),
		     "\"\\ufffda\\ufffd\"");
	CHECK_EQ_STR(TEXT("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
}

TEST(no_string_is_an_empty_one)
{
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_put_text(&w, NULL);
	CHECK_EQ_STR(ended(&w), "\"\"");
}

/* Every byte, alone and between others, comes back if it is UTF-8. */
TEST(reader_takes_what_the_writer_writes)
{
	struct vmc_json_writer w;
	struct vmc_json_reader r;
	struct vmc_view view = { (const uint8_t *)out, 0 };
	char back[16];
	char bytes[4] = "axb";
	unsigned byte;

	for (byte = 1; byte < 0x80; byte++) {
		bytes[1] = (char)byte;
		begin(&w);
		vmc_json_put_text(&w, bytes);
		view.ptr_len = strlen(ended(&w));
		vmc_json_reader_init(&r, view);
		CHECK_EQ_INT(vmc_json_take_text(&r, back, sizeof(back)), 3);
		CHECK_EQ_INT(vmc_json_end(&r), VMC_OK);
		CHECK_EQ_STR(back, bytes);
	}
}

TEST(keys_are_escaped_too)
{
	struct vmc_json_writer w;

	begin(&w);
	vmc_json_begin_object(&w);
	vmc_json_put_key(&w, "a\"b");
	vmc_json_put_null(&w);
	vmc_json_put_key(&w, "");
	vmc_json_put_null(&w);
	vmc_json_end_object(&w);
	CHECK_EQ_STR(ended(&w), "{\"a\\\"b\":null,\"\":null}");
}

TESTS(RUN(empty_ones)
      RUN(commas_come_by_themselves)
      RUN(too_little_room_is_remembered)
      RUN(numbers)
      RUN(lists_of_each_kind)
      RUN(escapes_are_go_s)
      RUN(no_string_is_an_empty_one)
      RUN(reader_takes_what_the_writer_writes)
      RUN(keys_are_escaped_too));
