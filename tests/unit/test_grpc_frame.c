/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What gRPC puts into HTTP/2, and a frame's header. Inputs are on the heap
 * and exactly as long as they say.
 */
#include "test.h"

#include "../../src/wire/grpc_frame.h"
#include "../../src/wire/h2_frame.h"

#include <stdlib.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A copy with nothing behind it that could be read. */
static struct vmc_view exactly(const char *text)
{
	static uint8_t *copy;
	size_t len = strlen(text);

	free(copy);
	copy = malloc(len ? len : 1);
	memcpy(copy, text, len);
	return (struct vmc_view){ copy, len };
}

/*
 * Timeouts
 */

static const struct timeout {
	const char *text;
	uint64_t ns;
} timeouts[] = {
	{ "0n", 0 },
	{ "1n", 1 },
	{ "99999999n", 99999999 },
	{ "1u", 1000 },
	{ "99999999u", 99999999000 },
	{ "1m", 1000000 },
	{ "00000007m", 7000000 },
	{ "1S", 1000000000 },
	{ "99999999S", 99999999000000000 },
	{ "1M", 60000000000 },
	{ "99999999M", 5999999940000000000 },
	{ "1H", 3600000000000 },
	{ "2562047H", 2562047 * 3600000000000 },
	/* 292 years: as long as can be */
	{ "2562048H", INT64_MAX },
	{ "99999999H", INT64_MAX },
};

TEST(timeouts_are_read)
{
	uint64_t ns;
	size_t i;

	for (i = 0; i < COUNT(timeouts); i++) {
		CHECK_EQ_INT(
			vmc_grpc_timeout_read(exactly(timeouts[i].text), &ns),
			VMC_OK);
		CHECK_EQ_INT(ns, timeouts[i].ns);
	}
}

TEST(what_is_no_timeout_is_malformed)
{
	static const char *const wrong[] = {
		"",     "S",    "1",         "12",    "123456789n", "1s",
		"1h",   "1 S",  " 1S",       "1S ",   "-1S",        "+1S",
		"1.5S", "0x1S", "S1",        "1SS",   "1nS",        "1\xc2\xb5",
		"/S",   ":S",   "1234567:n", "1\x00S"
	};
	uint64_t ns;
	size_t i;

	for (i = 0; i < COUNT(wrong); i++)
		CHECK_EQ_INT(vmc_grpc_timeout_read(exactly(wrong[i]), &ns),
			     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(vmc_grpc_timeout_read((struct vmc_view){ NULL, 0 }, &ns),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(
		vmc_grpc_timeout_read(
			(struct vmc_view){ (const uint8_t *)"1\0S", 3 }, &ns),
		VMC_ERR_MALFORMED);
}

static void check_written(uint64_t ns, const char *expected)
{
	uint8_t *out = malloc(VMC_GRPC_TIMEOUT_SIZE);
	struct vmc_writer w;

	vmc_writer_init(&w, out, VMC_GRPC_TIMEOUT_SIZE);
	vmc_grpc_timeout_write(&w, ns);
	CHECK(!w.fail);
	CHECK(vmc_view_is((struct vmc_view){ out, w.len }, expected));
	free(out);
}

TEST(timeouts_are_written_in_the_smallest_unit_that_fits)
{
	check_written(0, "0n");
	check_written(1, "1n");
	check_written(99999999, "99999999n");
	check_written(100000000, "100000u");
	check_written(100000999, "100000u"); /* never longer than asked */
	check_written(99999999999, "99999999u");
	check_written(100000000000, "100000m");
	check_written(99999999999999, "99999999m");
	check_written(100000000000000, "100000S");
	check_written(99999999999999999, "99999999S");
	check_written(100000000000000000, "1666666M");
	check_written(INT64_MAX, "2562047H");
	check_written(UINT64_MAX, "5124095H");
}

/* At most one in 10^5 is lost, nothing is gained. */
TEST(timeouts_survive_the_way)
{
	uint8_t out[VMC_GRPC_TIMEOUT_SIZE];
	struct vmc_writer w;
	uint64_t ns, back;

	for (ns = 1; ns < INT64_MAX / 3; ns = ns * 3 + ns % 7) {
		vmc_writer_init(&w, out, sizeof(out));
		vmc_grpc_timeout_write(&w, ns);
		CHECK(!w.fail);
		CHECK_EQ_INT(vmc_grpc_timeout_read(
				     (struct vmc_view){ out, w.len }, &back),
			     VMC_OK);
		CHECK(back <= ns);
		CHECK(ns - back <= ns / 100000 * 6);
	}
}

/*
 * Texts
 */

static void check_percent(const char *text, size_t text_len,
			  const char *encoded)
{
	size_t len = strlen(encoded);
	uint8_t *bytes = malloc(text_len + 1), *out = malloc(len + 1);
	uint8_t *back = malloc(len + 1);
	struct vmc_view view = { bytes, text_len };
	struct vmc_writer w;

	memcpy(bytes, text, text_len);
	CHECK_EQ_INT(vmc_grpc_percent_len(view), len);
	vmc_writer_init(&w, out, len);
	vmc_grpc_percent_write(&w, view);
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, len);
	CHECK_EQ_MEM(out, encoded, len);
	vmc_writer_init(&w, back, text_len);
	vmc_grpc_percent_read(&w, (struct vmc_view){ out, len });
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, text_len);
	CHECK_EQ_MEM(back, text, text_len);
	free(bytes);
	free(out);
	free(back);
}

TEST(texts_are_percent_encoded)
{
	check_percent("", 0, "");
	check_percent("plain, words!", 13, "plain, words!");
	check_percent("100%", 4, "100%25");
	check_percent("%", 1, "%25");
	check_percent("a\nb\r\0c", 6, "a%0Ab%0D%00c");
	check_percent("\x1f\x7f\x80\xff", 4, "%1F%7F%80%FF");
	check_percent("gr\xc3\xbc\xc3\x9f", 6, "gr%C3%BC%C3%9F");
	check_percent("~!\"#$&", 6, "~!\"#$&");
}

TEST(every_byte_survives_the_way)
{
	uint8_t all[256], out[3 * 256], back[256];
	struct vmc_view view = { all, sizeof(all) };
	struct vmc_writer w;
	size_t i, len;

	for (i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	vmc_writer_init(&w, out, sizeof(out));
	vmc_grpc_percent_write(&w, view);
	len = w.len;
	CHECK_EQ_INT(len, vmc_grpc_percent_len(view));
	for (i = 0; i < len; i++)
		CHECK(out[i] >= ' ' && out[i] <= '~');
	vmc_writer_init(&w, back, sizeof(back));
	vmc_grpc_percent_read(&w, (struct vmc_view){ out, len });
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, sizeof(all));
	CHECK_EQ_MEM(back, all, sizeof(all));
}

static void check_read(const char *encoded, const char *expected)
{
	struct vmc_view view = exactly(encoded);
	uint8_t out[64];
	struct vmc_writer w;

	vmc_writer_init(&w, out, view.ptr_len);
	vmc_grpc_percent_read(&w, view);
	CHECK(!w.fail);
	CHECK(vmc_view_is((struct vmc_view){ out, w.len }, expected));
}

/* PROTOCOL-HTTP2.md: invalid values are not to be thrown away. */
TEST(what_is_no_sequence_stays)
{
	check_read("%41%4a%4A", "AJJ");
	check_read("100%", "100%");
	check_read("%4", "%4");
	check_read("%%41", "%A");
	check_read("%%%", "%%%");
	check_read("%4g%g4", "%4g%g4");
	check_read("%:0%0:%/0%@0%G0%`0", "%:0%0:%/0%@0%G0%`0");
	check_read("a%20b%2", "a b%2");
	check_read("%2541", "%41");
}

/* grpc_fields.c decodes a message where it lies. */
TEST(decoding_may_be_in_place)
{
	uint8_t text[] = "%41b%43%%44%4";
	struct vmc_writer w;

	vmc_writer_init(&w, text, sizeof(text) - 1);
	vmc_grpc_percent_read(&w, (struct vmc_view){ text, sizeof(text) - 1 });
	CHECK(vmc_view_is((struct vmc_view){ text, w.len }, "AbC%D%4"));
}

TEST(a_text_without_room_fails)
{
	struct vmc_writer w;
	uint8_t out[8];

	vmc_writer_init(&w, out, 5);
	vmc_grpc_percent_write(&w, exactly("a%%"));
	CHECK(w.fail);
}

/*
 * Values
 */

TEST(content_types)
{
	static const char *const grpc[] = { "application/grpc",
					    "application/grpc+proto",
					    "application/grpc;charset=utf-8",
					    "application/grpc+",
					    "application/grpc+json; x" };
	static const char *const others[] = {
		"",
		"application/grp",
		"application/grpcx",
		"application/grpc ",
		"application/grpc-web",
		"application/grpc-web+proto",
		" application/grpc",
		"application/json",
		"APPLICATION/GRPC/",
	};
	size_t i;

	for (i = 0; i < COUNT(grpc); i++)
		CHECK(vmc_grpc_is_content_type(exactly(grpc[i])));
	for (i = 0; i < COUNT(others); i++)
		CHECK(!vmc_grpc_is_content_type(exactly(others[i])));
	CHECK(!vmc_grpc_is_content_type((struct vmc_view){ NULL, 0 }));
}

TEST(numbers)
{
	static const char *const wrong[] = { "",
					     " 1",
					     "1 ",
					     "-1",
					     "+1",
					     "0x",
					     "4294967296",
					     "99999999999",
					     "9999999999",
					     "1,0",
					     "/",
					     ":",
					     "18446744073709551616" };
	uint32_t number;
	size_t i;

	CHECK_EQ_INT(vmc_grpc_number_read(exactly("0"), &number), VMC_OK);
	CHECK_EQ_INT(number, 0);
	CHECK_EQ_INT(vmc_grpc_number_read(exactly("0000000016"), &number),
		     VMC_OK);
	CHECK_EQ_INT(number, 16);
	CHECK_EQ_INT(vmc_grpc_number_read(exactly("4294967295"), &number),
		     VMC_OK);
	CHECK_EQ_INT(number, UINT32_MAX);
	for (i = 0; i < COUNT(wrong); i++)
		CHECK_EQ_INT(vmc_grpc_number_read(exactly(wrong[i]), &number),
			     VMC_ERR_MALFORMED);
}

/* http-grpc-status-mapping.md, and the errors of RST_STREAM
 * (PROTOCOL-HTTP2.md). */
TEST(codes_of_what_is_not_grpc)
{
	static const struct {
		unsigned from;
		enum vmc_code code;
	} http[] = {
		{ 400, VMC_CODE_INTERNAL },
		{ 401, VMC_CODE_UNAUTHENTICATED },
		{ 403, VMC_CODE_PERMISSION_DENIED },
		{ 404, VMC_CODE_UNIMPLEMENTED },
		{ 429, VMC_CODE_UNAVAILABLE },
		{ 502, VMC_CODE_UNAVAILABLE },
		{ 503, VMC_CODE_UNAVAILABLE },
		{ 504, VMC_CODE_UNAVAILABLE },
		{ 200, VMC_CODE_UNKNOWN },
		{ 302, VMC_CODE_UNKNOWN },
		{ 500, VMC_CODE_UNKNOWN },
		{ 0, VMC_CODE_UNKNOWN },
	}, resets[] = {
		{ 0, VMC_CODE_INTERNAL },
		{ 1, VMC_CODE_INTERNAL },
		{ 2, VMC_CODE_INTERNAL },
		{ 3, VMC_CODE_INTERNAL },
		{ 4, VMC_CODE_UNKNOWN },
		{ 5, VMC_CODE_UNKNOWN },
		{ 6, VMC_CODE_INTERNAL },
		{ 7, VMC_CODE_UNAVAILABLE },
		{ 8, VMC_CODE_CANCELLED },
		{ 9, VMC_CODE_INTERNAL },
		{ 10, VMC_CODE_INTERNAL },
		{ 11, VMC_CODE_RESOURCE_EXHAUSTED },
		{ 12, VMC_CODE_PERMISSION_DENIED },
		{ 13, VMC_CODE_UNKNOWN },
		{ 0xffffffff, VMC_CODE_INTERNAL },
	};
	size_t i;

	for (i = 0; i < COUNT(http); i++)
		CHECK_EQ_INT(vmc_grpc_code_of_http(http[i].from), http[i].code);
	for (i = 0; i < COUNT(resets); i++)
		CHECK_EQ_INT(vmc_grpc_code_of_reset(resets[i].from),
			     resets[i].code);
}

/*
 * HTTP/2
 */

TEST(header_of_a_frame)
{
	static const uint8_t bytes[] = { 0xff, 0xfe, 0xfd, 0x09, 0x2d,
					 0xff, 0xff, 0xff, 0xff };
	struct vmc_h2_header header;
	uint8_t out[VMC_H2_HEADER_SIZE];
	struct vmc_reader r;
	struct vmc_writer w;

	vmc_reader_init(&r, (struct vmc_view){ bytes, sizeof(bytes) });
	vmc_h2_header_read(&header, &r);
	CHECK(!r.fail);
	CHECK_EQ_INT(r.left, 0);
	CHECK_EQ_INT(header.length, 0xfffefd);
	CHECK_EQ_INT(header.type, 9);
	CHECK_EQ_INT(header.flags, 0x2d);
	CHECK_EQ_INT(header.stream, 0x7fffffff); /* the first bit is ignored */
	vmc_writer_init(&w, out, sizeof(out));
	vmc_h2_header_write(&header, &w);
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, sizeof(out));
	CHECK_EQ_MEM(out, bytes, 5);
	CHECK_EQ_MEM(out + 5, "\x7f\xff\xff\xff", 4);
}

TEST(short_header_fails)
{
	uint8_t *bytes = calloc(1, VMC_H2_HEADER_SIZE);
	struct vmc_h2_header header;
	struct vmc_reader r;
	size_t len;

	for (len = 0; len < VMC_H2_HEADER_SIZE; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, bytes, len);
		vmc_reader_init(&r, (struct vmc_view){ exact, len });
		vmc_h2_header_read(&header, &r);
		CHECK(r.fail);
		free(exact);
	}
	free(bytes);
}

TEST(settings_and_numbers)
{
	uint8_t out[6];
	struct vmc_writer w;
	struct vmc_reader r;

	vmc_writer_init(&w, out, sizeof(out));
	vmc_h2_setting_write(&w, VMC_H2_SETTING_WINDOW, 0x01020304);
	CHECK(!w.fail);
	CHECK_EQ_MEM(out, "\x00\x04\x01\x02\x03\x04", 6);
	vmc_reader_init(&r, (struct vmc_view){ out + 2, 3 });
	CHECK_EQ_INT(vmc_h2_take_be16(&r), 0x0102);
	(void)vmc_h2_take_be16(&r);
	CHECK(r.fail);
	CHECK_EQ_INT(strlen(VMC_H2_PREFACE), VMC_H2_PREFACE_SIZE);
}

TESTS(RUN(timeouts_are_read)
      RUN(what_is_no_timeout_is_malformed)
      RUN(timeouts_are_written_in_the_smallest_unit_that_fits)
      RUN(timeouts_survive_the_way)
      RUN(texts_are_percent_encoded)
      RUN(every_byte_survives_the_way)
      RUN(what_is_no_sequence_stays)
      RUN(decoding_may_be_in_place)
      RUN(a_text_without_room_fails)
      RUN(content_types)
      RUN(numbers)
      RUN(codes_of_what_is_not_grpc)
      RUN(header_of_a_frame)
      RUN(short_header_fails)
      RUN(settings_and_numbers));
