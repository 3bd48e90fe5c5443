/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc's header and envelopes: captured bytes are read for what they mean,
 * what we write is what Go's client and server write, and no input of any
 * length is read past its end.
 */
#include "test.h"

#include "hex.h"
#include "ttrpc_captures.h"
#include "../../src/wire/ttrpc_frame.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* A view of bytes on the heap, exactly as long as they are. */
static struct vmc_view exact(const char *hex)
{
	uint8_t bytes[4096];
	size_t len = from_hex(hex, bytes);
	uint8_t *copy = malloc(len);
	struct vmc_view view = { copy, len };

	if (len > 0)
		memcpy(copy, bytes, len);
	return view;
}

static void drop(struct vmc_view view)
{
	free((void *)view.ptr);
}

static enum vmc_status read_request(const char *hex,
				    struct vmc_ttrpc_request *request,
				    const char **why)
{
	struct vmc_view data = exact(hex);
	enum vmc_status status = vmc_ttrpc_request_read(request, data, why);

	drop(data);
	return status;
}

static enum vmc_status read_response(const char *hex,
				     struct vmc_ttrpc_response *response)
{
	struct vmc_view data = exact(hex);
	const char *why;
	enum vmc_status status = vmc_ttrpc_response_read(response, data, &why);

	drop(data);
	return status;
}

static enum vmc_status read_header(struct vmc_ttrpc_header *header,
				   const char *hex)
{
	struct vmc_view data = exact(hex);
	struct vmc_reader r;
	enum vmc_status status;

	vmc_reader_init(&r, data);
	status = vmc_ttrpc_header_read(header, &r);
	drop(data);
	return status;
}

/*
 * Header
 */

TEST(header_is_read)
{
	struct vmc_ttrpc_header h;

	CHECK_EQ_INT(read_header(&h, "0001e240 fffffffd 02 85"), VMC_OK);
	CHECK_EQ_INT(h.length, 123456);
	CHECK_EQ_INT(h.stream, 0xfffffffd);
	CHECK_EQ_INT(h.type, VMC_TTRPC_RESPONSE);
	CHECK_EQ_INT(h.flags, 0x85);
}

TEST(header_of_any_length_but_ten_is_short)
{
	static const char *const rows[] = {
		"",
		"00",
		"0000",
		"000000",
		"00000000",
		"0000000000",
		"000000000000",
		"00000000000000",
		"0000000000000000",
		"000000000000000001",
	};
	struct vmc_ttrpc_header h;
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		CHECK_EQ_INT(read_header(&h, rows[i]), VMC_ERR_SHORT);
	CHECK_EQ_INT(read_header(&h, "00000000000000000100"), VMC_OK);
}

TEST(first_byte_is_always_zero)
{
	struct vmc_ttrpc_header h;

	CHECK_EQ_INT(read_header(&h, "00ffffff 00000001 01 00"), VMC_OK);
	CHECK_EQ_INT(h.length, 0xffffff);
	CHECK_EQ_INT(read_header(&h, "01000000 00000001 01 00"),
		     VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(read_header(&h, "ffffffff ffffffff ff ff"),
		     VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(read_header(&h, "50524920 2a204854 54 50"),
		     VMC_ERR_PROTOCOL);
}

TEST(header_is_written_as_it_is_read)
{
	struct vmc_ttrpc_header h = { 0x123456, 0x89abcdef, 1, 0x80 };
	uint8_t out[VMC_TTRPC_HEADER_SIZE], expected[16];
	struct vmc_writer w;

	vmc_writer_init(&w, out, sizeof(out));
	vmc_ttrpc_header_write(&h, &w);
	CHECK_EQ_INT(w.len, VMC_TTRPC_HEADER_SIZE);
	CHECK_EQ_INT(from_hex("00123456 89abcdef 01 80", expected), 10);
	CHECK_EQ_MEM(out, expected, 10);
}

/*
 * Request
 */

static void check_request(const struct ttrpc_capture *c)
{
	struct vmc_view frame = exact(c->request);
	struct vmc_view data = { frame.ptr + VMC_TTRPC_HEADER_SIZE,
				 frame.ptr_len - VMC_TTRPC_HEADER_SIZE };
	struct vmc_ttrpc_request request;
	const char *why;
	struct vmc_writer w;
	uint8_t out[256];

	CHECK_EQ_INT(vmc_ttrpc_request_read(&request, data, &why), VMC_OK);
	CHECK(vmc_view_is(request.service, c->service));
	CHECK(vmc_view_is(request.method, c->method));
	CHECK_EQ_INT(request.timeout_ns, c->timeout_ns);
	CHECK_EQ_INT(request.payload.ptr_len, 0);

	vmc_writer_init(&w, out, sizeof(out));
	vmc_ttrpc_request_write(&request, &w);
	CHECK_EQ_INT(w.len, vmc_ttrpc_request_len(&request));
	CHECK_EQ_INT(w.len == data.ptr_len, !c->metadata);
	CHECK_EQ_MEM(out, data.ptr, w.len);
	drop(frame);
}

TEST(captured_requests)
{
	size_t i;

	for (i = 0; i < COUNT(captured_go_1_1_1); i++)
		check_request(&captured_go_1_1_1[i]);
	for (i = 0; i < COUNT(captured_go_1_2_8); i++)
		check_request(&captured_go_1_2_8[i]);
	for (i = 0; i < COUNT(captured_rust_0_5_2); i++)
		check_request(&captured_rust_0_5_2[i]);
}

TEST(request_with_everything)
{
	/* service "s", method "m", payload 01 02, timeout 300, metadata */
	static const char hex[] = "0a0173 12016d 1a020102 20ac02 2a020a00";
	struct vmc_view data = exact(hex);
	struct vmc_ttrpc_request request;
	const char *why;

	CHECK_EQ_INT(vmc_ttrpc_request_read(&request, data, &why), VMC_OK);
	CHECK(vmc_view_is(request.service, "s"));
	CHECK(vmc_view_is(request.method, "m"));
	CHECK(request.payload.ptr == data.ptr + 8);
	CHECK_EQ_INT(request.payload.ptr_len, 2);
	CHECK_EQ_INT(request.timeout_ns, 300);
	drop(data);
}

TEST(empty_request_is_one)
{
	struct vmc_ttrpc_request request;
	const char *why;

	CHECK_EQ_INT(read_request("", &request, &why), VMC_OK);
	CHECK_EQ_INT(request.service.ptr_len, 0);
	CHECK_EQ_INT(request.timeout_ns, 0);
	CHECK_EQ_INT(vmc_ttrpc_request_len(&request), 0);
}

TEST(negative_timeout_is_read)
{
	struct vmc_ttrpc_request request;
	const char *why;

	CHECK_EQ_INT(read_request("20 ffffffffffffffffff01", &request, &why),
		     VMC_OK);
	CHECK_EQ_INT(request.timeout_ns, -1);
	CHECK_EQ_INT(vmc_ttrpc_request_len(&request), 11);
}

TEST(last_field_of_a_number_wins)
{
	struct vmc_view data = exact("0a0161 0a0162 2001 2002");
	struct vmc_ttrpc_request request;
	const char *why;

	CHECK_EQ_INT(vmc_ttrpc_request_read(&request, data, &why), VMC_OK);
	CHECK(vmc_view_is(request.service, "b"));
	CHECK_EQ_INT(request.timeout_ns, 2);
	drop(data);
}

/* Of each encoding, with a number that is ours in another encoding, and
 * with the largest number there is. */
TEST(unknown_fields_are_read_over)
{
	static const char *const rows[] = {
		"7801", "7a03010203", "790102030405060708", "7d01020304",
		"0801", "2200",       "f8ffffff0f01",
	};
	struct vmc_ttrpc_request request;
	const char *why;
	char hex[64];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		snprintf(hex, sizeof(hex), "0a0173%s20ac02", rows[i]);
		CHECK_EQ_INT(read_request(hex, &request, &why), VMC_OK);
		CHECK_EQ_INT(request.service.ptr_len, 1);
		CHECK_EQ_INT(request.timeout_ns, 300);
	}
}

TEST(broken_requests)
{
	static const char *const rows[] = {
		"0a",      /* no length */
		"0a02 61", /* less than the length */
		"0affffffffffffffffff01 61",
		"20",    /* no number */
		"20 ff", /* half a number */
		"20 ffffffffffffffffff02",
		"7d 010203", /* three bytes of four */
		"79 01020304050607",
		"0b", /* a group */
		"0c", /* its end */
		"0e",
		"0f", /* no such encoding */
		"00 01",
		"02 0161",         /* number 0 */
		"8a80808010 0161", /* number over 2^29 */
		"ff",
		"ffffffffffffffffffff01",
	};
	struct vmc_ttrpc_request request;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		CHECK_EQ_INT(read_request(rows[i], &request, &why),
			     VMC_ERR_MALFORMED);
		CHECK_EQ_STR(why, "broken protobuf");
	}
}

TEST(names_are_utf8)
{
	struct vmc_ttrpc_request request;
	const char *why;

	CHECK_EQ_INT(read_request("0a02c3a4", &request, &why), VMC_OK);
	CHECK_EQ_INT(read_request("0a01ff", &request, &why), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(why, "service or method is not UTF-8");
	CHECK_EQ_INT(read_request("1202c3c3", &request, &why),
		     VMC_ERR_MALFORMED);
}

/* Cut anywhere, or with any one byte changed to any other, a message is
 * read or refused, and nothing past its end is touched. */
TEST(damaged_requests)
{
	const struct ttrpc_capture *c = &captured_go_1_2_8[8];
	struct vmc_view frame = exact(c->request);
	size_t len = frame.ptr_len - VMC_TTRPC_HEADER_SIZE, i;
	struct vmc_ttrpc_request request;
	struct vmc_view data;
	const char *why;
	uint8_t *copy;
	unsigned value;

	for (i = 0; i < len; i++) {
		copy = malloc(i);
		if (i > 0)
			memcpy(copy, frame.ptr + VMC_TTRPC_HEADER_SIZE, i);
		data.ptr = copy;
		data.ptr_len = i;
		if (vmc_ttrpc_request_read(&request, data, &why) == VMC_OK)
			CHECK(vmc_ttrpc_request_len(&request) <= i);
		free(copy);
	}
	copy = malloc(len);
	data.ptr = copy;
	data.ptr_len = len;
	for (i = 0; i < len * 256; i++) {
		memcpy(copy, frame.ptr + VMC_TTRPC_HEADER_SIZE, len);
		value = (unsigned)(i % 256);
		copy[i / 256] = (uint8_t)value;
		if (vmc_ttrpc_request_read(&request, data, &why))
			continue;
		CHECK(request.service.ptr_len <= len);
		CHECK(request.method.ptr_len <= len);
	}
	free(copy);
	drop(frame);
}

/*
 * Response
 */

static void check_response(const struct ttrpc_capture *c, int written_alike)
{
	struct vmc_view frame = exact(c->response);
	struct vmc_view data = { frame.ptr + VMC_TTRPC_HEADER_SIZE,
				 frame.ptr_len - VMC_TTRPC_HEADER_SIZE };
	struct vmc_view payload = exact(c->payload);
	struct vmc_ttrpc_response response;
	const char *why;
	struct vmc_writer w;
	uint8_t out[256];

	CHECK_EQ_INT(vmc_ttrpc_response_read(&response, data, &why), VMC_OK);
	CHECK_EQ_INT(response.code, c->code);
	CHECK(vmc_view_is(response.message, c->message));
	CHECK(vmc_view_equal(response.payload, payload));
	drop(payload);

	vmc_writer_init(&w, out, sizeof(out));
	vmc_ttrpc_response_head_write(&response, &w);
	CHECK_EQ_INT(w.len, vmc_ttrpc_response_head_len(&response));
	vmc_put_bytes(&w, response.payload);
	CHECK_EQ_INT(w.fail, 0);
	if (written_alike) {
		CHECK_EQ_INT(w.len, data.ptr_len);
		CHECK_EQ_MEM(out, data.ptr, w.len);
	}
	drop(frame);
}

/* Rust says OK in two bytes more than Go. */
TEST(captured_responses)
{
	size_t i;

	for (i = 0; i < COUNT(captured_go_1_1_1); i++)
		check_response(&captured_go_1_1_1[i], 1);
	for (i = 0; i < COUNT(captured_go_1_2_8); i++)
		check_response(&captured_go_1_2_8[i], 1);
	for (i = 0; i < COUNT(captured_rust_0_5_2); i++)
		check_response(&captured_rust_0_5_2[i],
			       captured_rust_0_5_2[i].code != 0);
}

TEST(ok_in_all_its_spellings)
{
	static const char *const rows[] = { "",         "0a00", "0a020800",
					    "0a021200", "1200", "0a001200" };
	struct vmc_ttrpc_response response;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		CHECK_EQ_INT(read_response(rows[i], &response), VMC_OK);
		CHECK_EQ_INT(response.code, VMC_CODE_OK);
		CHECK_EQ_INT(response.payload.ptr_len, 0);
		CHECK_EQ_INT(vmc_ttrpc_response_head_len(&response), 0);
	}
}

TEST(codes_outside_the_range_are_unknown)
{
	struct vmc_ttrpc_response response;

	CHECK_EQ_INT(read_response("0a020810", &response), VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_UNAUTHENTICATED);
	CHECK_EQ_INT(read_response("0a020811", &response), VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_UNKNOWN);
	CHECK_EQ_INT(read_response("0a020863", &response), VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_UNKNOWN);
	/* -1 */
	CHECK_EQ_INT(read_response("0a0b08ffffffffffffffffff01", &response),
		     VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_UNKNOWN);
}

TEST(status_in_pieces_is_merged)
{
	struct vmc_view data = exact("0a020805 0a03120161");
	struct vmc_ttrpc_response response;
	const char *why;

	CHECK_EQ_INT(vmc_ttrpc_response_read(&response, data, &why), VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_NOT_FOUND);
	CHECK(vmc_view_is(response.message, "a"));
	drop(data);
}

TEST(status_with_details_is_read_over)
{
	struct vmc_ttrpc_response response;

	CHECK_EQ_INT(read_response("0a0a0802 1201611a030a0178", &response),
		     VMC_OK);
	CHECK_EQ_INT(response.code, VMC_CODE_UNKNOWN);
}

TEST(broken_responses)
{
	static const char *const rows[] = {
		"0a",     "0a01",         "0a0108", "0a0208ff",
		"0a0212", "0a03120261",   "0a010b", "12",
		"1201",   "0a0400000000", "13",
	};
	struct vmc_ttrpc_response response;
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		CHECK_EQ_INT(read_response(rows[i], &response),
			     VMC_ERR_MALFORMED);
}

/* A payload's length alone decides what stands before it. */
TEST(head_goes_before_a_payload_that_is_elsewhere)
{
	struct vmc_ttrpc_response response = { .code = VMC_CODE_OK };
	static const size_t lengths[] = { 1,     127,   128,
					  16383, 16384, VMC_TTRPC_DATA_MAX };
	uint8_t out[8];
	struct vmc_writer w;
	struct vmc_reader r;
	struct vmc_view head = { out, 0 };
	size_t i;

	for (i = 0; i < COUNT(lengths); i++) {
		response.payload.ptr_len = lengths[i];
		vmc_writer_init(&w, out, sizeof(out));
		vmc_ttrpc_response_head_write(&response, &w);
		CHECK_EQ_INT(w.fail, 0);
		CHECK_EQ_INT(w.len, vmc_ttrpc_response_head_len(&response));
		head.ptr_len = w.len;
		vmc_reader_init(&r, head);
		CHECK_EQ_INT(vmc_take_u8(&r), 0x12);
		CHECK_EQ_INT(vmc_take_varint(&r), lengths[i]);
		CHECK_EQ_INT(r.left, 0);
	}
}

TESTS(RUN(header_is_read)
      RUN(header_of_any_length_but_ten_is_short)
      RUN(first_byte_is_always_zero)
      RUN(header_is_written_as_it_is_read)
      RUN(captured_requests)
      RUN(request_with_everything)
      RUN(empty_request_is_one)
      RUN(negative_timeout_is_read)
      RUN(last_field_of_a_number_wins)
      RUN(unknown_fields_are_read_over)
      RUN(broken_requests)
      RUN(names_are_utf8)
      RUN(damaged_requests)
      RUN(captured_responses)
      RUN(ok_in_all_its_spellings)
      RUN(codes_outside_the_range_are_unknown)
      RUN(status_in_pieces_is_merged)
      RUN(status_with_details_is_read_over)
      RUN(broken_responses)
      RUN(head_goes_before_a_payload_that_is_elsewhere));
