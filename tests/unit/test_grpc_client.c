/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a client, driven by hand: what it asks, what it makes of
 * what a server may answer, and what servers were recorded to answer.
 */
#include "test.h"

#include "grpc_captures.h"
#include "grpc_world.h"
#include "hex.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define WINDOW_SIZE 1024
#define OUT_SIZE VMC_REQUEST_SIZE

static struct end end;

static void begin_with(size_t out_len)
{
	begin_end_of(&end, &vmc_grpc_client, WINDOW_SIZE, out_len);
}

static void begin(void)
{
	begin_with(OUT_SIZE);
	h2_put_frame(&end.in, T_SETTINGS, 0, 0, NULL, 0);
	h2_put_frame(&end.in, T_SETTINGS, F_ACK, 0, NULL, 0);
	give_quietly(&end);
}

static enum vmc_status request(const struct vmc_engine_request *request,
			       uint32_t *stream)
{
	enum vmc_status status = end.ops->request(&end.engine, request, stream);

	sane(&end);
	return status;
}

static enum vmc_status ask_method(const char *method, uint32_t *stream)
{
	struct vmc_engine_request asked = { .service = "a.Service",
					    .method = method };

	return request(&asked, stream);
}

/* A call under way, all of it sent. */
static uint32_t call(const char *method)
{
	uint32_t stream = 0;

	take_all(&end);
	CHECK_EQ_INT(ask_method(method, &stream), VMC_OK);
	take_all(&end);
	CHECK(h2_answer_of(&end.reader, stream)->ended);
	return stream;
}

static void check_no_event(void)
{
	struct vmc_engine_event event;

	CHECK(!pump(&end, &event));
}

/*
 * What a server answers
 */

static void put_block(uint32_t stream, unsigned flags, const char *fields)
{
	static struct h2_bytes block;

	block.len = 0;
	h2_put_fields(&block, fields);
	h2_put_frame(&end.in, T_HEADERS, F_END_HEADERS | flags, stream,
		     block.at, block.len);
}

static void put_head(uint32_t stream)
{
	put_block(stream, 0, ":status: 200\ncontent-type: application/grpc\n");
}

static void put_end(uint32_t stream)
{
	put_block(stream, F_END_STREAM, "grpc-status: 0\n");
}

static void put_response(uint32_t stream, const char *payload)
{
	put_head(stream);
	h2_put_message(&end.in, stream, 0, payload, strlen(payload));
	put_end(stream);
}

static void check_response(uint32_t stream, const char *payload)
{
	struct vmc_engine_event event = give_until(&end, VMC_ENGINE_RESPONSE);

	CHECK_EQ_INT(event.stream, stream);
	CHECK_EQ_INT(event.code, 0);
	CHECK(vmc_view_is(event.payload, payload));
	CHECK_EQ_INT(event.message.ptr_len, 0);
}

static void check_error(uint32_t stream, enum vmc_code code,
			const char *message)
{
	struct vmc_engine_event event = give_until(&end, VMC_ENGINE_RESPONSE);

	CHECK_EQ_INT(event.stream, stream);
	CHECK_EQ_INT(event.code, code);
	if (message)
		CHECK(vmc_view_is(event.message, message));
	CHECK(message || event.message.ptr_len > 0);
	CHECK_EQ_INT(event.payload.ptr_len, 0);
}

/*
 * Requests
 */

TEST(client_asks)
{
	struct vmc_engine_request asked = { .service = "cache.CacheService",
					    .method = "Status",
					    .payload = vmc_view_of("pay"),
					    .tail = vmc_view_of("load"),
					    .timeout_ns = 1500000000 };
	struct h2_answer *a;
	uint32_t stream;

	begin_with(OUT_SIZE);
	CHECK(idle(&end));
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	CHECK_EQ_INT(stream, 1);
	CHECK(!idle(&end));
	CHECK_EQ_INT(request(&asked, &stream), VMC_ERR_BUSY);
	take_all(&end);
	CHECK(idle(&end));
	CHECK_EQ_INT(end.reader.settings, 1);
	CHECK_EQ_INT(end.reader.preface_left, 0);
	a = h2_answer_of(&end.reader, 1);
	CHECK_EQ_STR(a->path, "/cache.CacheService/Status");
	CHECK_EQ_STR(a->timeout, "1500000u");
	CHECK(vmc_view_is(h2_message_of(&end.reader, 1), "payload"));
	CHECK(a->ended);
	CHECK_EQ_INT(call("Next"), 3);
	CHECK_EQ_STR(h2_answer_of(&end.reader, 3)->path, "/a.Service/Next");
	CHECK_EQ_STR(h2_answer_of(&end.reader, 3)->timeout, "");
	check_no_event();
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

/* All goes out in one piece, which many servers answer without a wait. */
TEST(first_request_goes_with_the_preface)
{
	uint32_t stream;

	begin_with(OUT_SIZE);
	CHECK_EQ_INT(ask_method("M", &stream), VMC_OK);
	CHECK(take_some(&end, SIZE_MAX) > 100);
	CHECK(h2_answer_of(&end.reader, 1)->ended);
}

/* The payload is copied; the tail is free as soon as it is idle. */
static void ask_through(uint32_t initial, uint32_t by, size_t step,
			size_t payload_len, size_t tail_len)
{
	uint8_t all[300], *payload = malloc(payload_len + !payload_len);
	uint8_t *tail = malloc(tail_len + !tail_len);
	struct vmc_engine_request asked = { .service = "s",
					    .method = "m",
					    .payload = { payload, payload_len },
					    .tail = { tail, tail_len } };
	struct vmc_view got;
	uint32_t stream;
	size_t i;

	for (i = 0; i < payload_len + tail_len; i++)
		all[i] = (uint8_t)(i * 7 + 1);
	memcpy(payload, all, payload_len);
	memcpy(tail, all + payload_len, tail_len);
	begin();
	h2_put_initial(&end.in, &end.reader, initial);
	give_quietly(&end);
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	free(payload);
	for (i = 0; !idle(&end); i++) {
		CHECK(i <= 400);
		while (take_some(&end, step))
			continue;
		if (idle(&end))
			break;
		h2_put_window(&end.in, &end.reader, stream, by);
		CHECK(give_some(&end, end.in.at, end.in.len) == end.in.len);
		end.in.len = 0;
		(void)next(&end, &(struct vmc_engine_event){ 0 });
	}
	free(tail);
	CHECK(h2_answer_of(&end.reader, stream)->ended);
	got = h2_message_of(&end.reader, stream);
	CHECK_EQ_INT(got.ptr_len, payload_len + tail_len);
	CHECK_EQ_MEM(got.ptr, all, got.ptr_len);
	put_response(stream, "done");
	check_response(stream, "done");
	CHECK(idle(&end));
}

TEST(requests_through_any_window)
{
	static const uint32_t initial[] = { 0, 1, 3, 5, 7, 65535 };
	static const size_t lens[] = { 0, 1, 40, 100 };
	size_t i, j, k;

	for (i = 0; i < COUNT(initial); i++)
		for (j = 0; j < COUNT(lens); j++)
			for (k = 0; k < COUNT(lens); k++) {
				ask_through(initial[i], 1, 1, lens[j], lens[k]);
				ask_through(initial[i], 20, SIZE_MAX, lens[j],
					    lens[k]);
			}
}

/* What fits depends on the size of `out`, and on nothing else. */
TEST(requests_too_large)
{
	static uint8_t bytes[OUT_SIZE];
	struct vmc_engine_request asked = { .service = "s", .method = "m" };
	uint32_t stream, most = 0;
	enum vmc_status status;
	size_t len;

	for (len = 0; len < sizeof(bytes); len++) {
		begin_with(OUT_SIZE);
		asked.payload = (struct vmc_view){ bytes, len };
		status = request(&asked, &stream);
		CHECK(status == VMC_OK || status == VMC_ERR_TOO_BIG);
		if (status == VMC_OK)
			most = (uint32_t)len;
		else
			CHECK(idle(&end)); /* nothing is left of it */
	}
	CHECK(most > OUT_SIZE / 2);
	asked.payload.ptr_len = most;
	begin();
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	take_all(&end);
	/* whatever is waiting to be sent: idle means that it is accepted */
	for (len = 0; len < 20; len++) {
		h2_put_frame(&end.in, T_PING, 0, 0, "12345678", 8);
		CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len), 17);
		end.in.len = 0;
		(void)next(&end, &(struct vmc_engine_event){ 0 });
		if (!idle(&end)) {
			CHECK_EQ_INT(request(&asked, &stream), VMC_ERR_BUSY);
			continue;
		}
		CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
		take_all(&end);
	}
	asked.payload.ptr_len = most + 1;
	take_all(&end);
	CHECK_EQ_INT(request(&asked, &stream), VMC_ERR_TOO_BIG);
}

TEST(tail_too_large)
{
	static uint8_t byte[1];
	struct vmc_engine_request asked = { .service = "s",
					    .method = "m",
					    .payload = { byte, 1 },
					    .tail = { byte,
						      VMC_GRPC_MESSAGE_MAX } };
	uint32_t stream = 0;

	begin();
	CHECK_EQ_INT(request(&asked, &stream), VMC_ERR_TOO_BIG);
	asked.tail.ptr_len = SIZE_MAX;
	CHECK_EQ_INT(request(&asked, &stream), VMC_ERR_TOO_BIG);
	CHECK(idle(&end));
	CHECK_EQ_INT(call("Fits"), 1);
}

TEST(stream_numbers_are_used_up)
{
	uint32_t stream;

	begin();
	end.engine.last_stream = 0x7ffffffb;
	CHECK_EQ_INT(call("LastButOne"), 0x7ffffffd);
	CHECK_EQ_INT(call("Last"), 0x7fffffff);
	CHECK_EQ_INT(ask_method("None", &stream), VMC_ERR_FULL);
	put_response(0x7fffffff, "last");
	check_response(0x7fffffff, "last");
	CHECK_EQ_INT(ask_method("None", &stream), VMC_ERR_FULL);
}

TEST(as_many_calls_as_the_server_allows)
{
	uint32_t stream;

	begin();
	h2_put_setting(&end.in, 3, 1);
	give_quietly(&end);
	CHECK_EQ_INT(call("One"), 1);
	CHECK(!idle(&end));
	CHECK_EQ_INT(ask_method("Two", &stream), VMC_ERR_BUSY);
	put_response(1, "1");
	check_response(1, "1");
	check_no_event();
	CHECK_EQ_INT(call("Two"), 3);
	end.ops->cancel(&end.engine, 3);
	check_no_event();
	CHECK_EQ_INT(call("Three"), 5);
	h2_put_setting(&end.in, 3, 0);
	put_response(5, "5");
	check_response(5, "5");
	check_no_event();
	CHECK_EQ_INT(ask_method("Four", &stream), VMC_ERR_BUSY);
	h2_put_setting(&end.in, 3, 100);
	give_quietly(&end);
	CHECK_EQ_INT(call("Four"), 7);
}

TEST(as_many_calls_as_there_is_room_for)
{
	uint32_t stream, i;

	begin();
	for (i = 0; i < VMC_STREAM_MAX; i++)
		CHECK_EQ_INT(call("M"), 1 + 2 * i);
	CHECK(!idle(&end));
	CHECK_EQ_INT(ask_method("M", &stream), VMC_ERR_BUSY);
	for (i = 0; i < VMC_STREAM_MAX; i++) {
		put_response(1 + 2 * i, "ok");
		check_response(1 + 2 * i, "ok");
	}
	check_no_event();
	CHECK(idle(&end));
}

/*
 * Responses
 */

TEST(responses_interleaved)
{
	begin();
	CHECK_EQ_INT(call("A") + call("B") + call("C"), 9);
	put_head(3);
	put_head(1);
	h2_put_frame(&end.in, T_DATA, 0, 1, "\0\0\0", 3);
	h2_put_frame(&end.in, T_DATA, 0, 3, "\0\0\0\0\3thr", 8);
	put_head(5);
	h2_put_message(&end.in, 5, 0, "five", 4);
	h2_put_frame(&end.in, T_DATA, 0, 1, "\0\3", 2);
	put_end(5);
	h2_put_frame(&end.in, T_DATA, F_PADDED, 1, "\1one\0", 5);
	put_end(1);
	put_end(3);
	check_response(5, "five");
	check_response(1, "one");
	check_response(3, "thr");
	check_no_event();
	CHECK_EQ_INT(failed(&end), VMC_OK);
	take_all(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, -1);
}

TEST(response_split_at_every_byte)
{
	static struct h2_bytes flight;
	struct vmc_engine_event event;
	size_t cut, at;

	for (cut = 0; cut == 0 || cut < flight.len; cut++) {
		begin();
		(void)call("M");
		put_block(1, 0, ":status: 103\nlink: x\n");
		put_response(1, "some bytes");
		flight = end.in;
		for (at = 0; at < flight.len;) {
			size_t n = at < cut ? cut - at : flight.len - at;

			CHECK(partial(&end));
			CHECK(!pump(&end, &event));
			at += give_some(&end, flight.at + at, n);
		}
		CHECK(pump(&end, &event));
		CHECK_EQ_INT(event.type, VMC_ENGINE_RESPONSE);
		CHECK(vmc_view_is(event.payload, "some bytes"));
		check_no_event();
		CHECK(!partial(&end));
		CHECK_EQ_INT(failed(&end), VMC_OK);
		end.ops->recv_end(&end.engine);
		CHECK_EQ_INT(failed(&end), VMC_CLOSED);
	}
}

TEST(errors_are_decoded)
{
	begin();
	(void)call("M");
	put_block(1, F_END_STREAM,
		  ":status: 200\ncontent-type: application/grpc\n"
		  "grpc-status: 5\ngrpc-message: 100%25 of %C3%BC%zz\n");
	check_error(1, VMC_CODE_NOT_FOUND, "100% of \xc3\xbc%zz");
	/* after a head and half a message, which is thrown away */
	(void)call("M");
	put_head(3);
	h2_put_frame(&end.in, T_DATA, 0, 3, "\0\0\0\0\3a", 6);
	put_block(3, F_END_STREAM, "grpc-status: 13\ngrpc-message: no\n");
	check_error(3, VMC_CODE_INTERNAL, "no");
	/* without a text */
	(void)call("M");
	put_head(5);
	put_block(5, F_END_STREAM, "grpc-status: 16\n");
	check_error(5, VMC_CODE_UNAUTHENTICATED, "");
	check_no_event();
}

TEST(codes_that_are_none)
{
	static const char *const wrong[] = { "17", "-1", "abc", "4294967296",
					     "0x0" };
	char fields[64];
	uint32_t stream;
	size_t i;

	begin();
	for (i = 0; i < COUNT(wrong); i++) {
		stream = call("M");
		put_head(stream);
		h2_put_message(&end.in, stream, 0, "x", 1);
		snprintf(fields, sizeof(fields), "grpc-status: %s\n", wrong[i]);
		put_block(stream, F_END_STREAM, fields);
		check_error(stream, VMC_CODE_UNKNOWN, "");
		h2_forget(&end.reader, stream);
	}
}

TEST(responses_that_are_not_grpcs)
{
	static const struct {
		const char *head;
		enum vmc_code code;
	} rows[] = {
		{ ":status: 404\n", VMC_CODE_UNIMPLEMENTED },
		{ ":status: 503\ncontent-type: text/html\n",
		  VMC_CODE_UNAVAILABLE },
		{ ":status: 500\n", VMC_CODE_UNKNOWN },
		{ ":status: 200\n", VMC_CODE_INTERNAL },
	};
	uint32_t stream;
	size_t i;

	begin();
	for (i = 0; i < COUNT(rows); i++) {
		stream = call("M");
		put_block(stream, F_END_STREAM, rows[i].head);
		check_error(stream, rows[i].code, NULL);
		stream = call("M");
		put_block(stream, 0, rows[i].head);
		h2_put_message(&end.in, stream, F_END_STREAM, "<html>", 6);
		check_error(stream, rows[i].code, NULL);
		check_no_event();
	}
	/* the code counts, whatever the status is */
	stream = call("M");
	put_block(stream, F_END_STREAM, ":status: 500\ngrpc-status: 7\n");
	check_error(stream, VMC_CODE_PERMISSION_DENIED, "");
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

TEST(ok_without_a_message)
{
	begin();
	(void)call("M");
	put_head(1);
	put_end(1);
	check_error(1, VMC_CODE_INTERNAL, NULL);
	(void)call("M");
	put_head(3);
	h2_put_frame(&end.in, T_DATA, 0, 3, "\0\0\0\0\3ab", 7);
	put_end(3);
	check_error(3, VMC_CODE_INTERNAL, NULL);
	(void)call("M");
	put_response(5, "");
	check_response(5, "");
}

TEST(more_than_one_message)
{
	begin();
	(void)call("M");
	put_head(1);
	h2_put_message(&end.in, 1, 0, "a", 1);
	h2_put_message(&end.in, 1, 0, "b", 1);
	put_end(1);
	check_error(1, VMC_CODE_UNIMPLEMENTED, NULL);
	check_no_event();
	give_quietly(&end);
	(void)call("M");
	put_response(3, "goes on");
	check_response(3, "goes on");
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 8);
}

TEST(compressed_response)
{
	begin();
	(void)call("M");
	put_block(1, 0, ":status: 200\ngrpc-encoding: gzip\n");
	h2_put_frame(&end.in, T_DATA, 0, 1, "\1\0\0\0\1x", 6);
	put_end(1);
	check_error(1, VMC_CODE_INTERNAL, NULL);
	give_quietly(&end);
	(void)call("M");
	put_head(3);
	h2_put_frame(&end.in, T_DATA, 0, 3, "\1\0\0\0\1x", 6);
	put_end(3);
	check_error(3, VMC_CODE_INTERNAL, NULL);
	give_quietly(&end);
	(void)call("M");
	put_block(5, 0, ":status: 200\ngrpc-encoding: identity\n");
	h2_put_message(&end.in, 5, 0, "plain", 5);
	put_end(5);
	check_response(5, "plain");
	check_no_event();
}

/* All of it comes nevertheless, and is read over. */
TEST(response_over_the_window)
{
	static uint8_t bytes[WINDOW_SIZE];
	const size_t most = WINDOW_SIZE / 4 * 3 - 5;
	struct vmc_engine_event event;
	size_t len;

	for (len = most; len <= most + 2; len++) {
		begin();
		(void)call("M");
		put_head(1);
		h2_put_message(&end.in, 1, 0, bytes, len);
		put_end(1);
		event = give_until_event(&end);
		CHECK_EQ_INT(event.stream, 1);
		if (len == most) {
			CHECK_EQ_INT(event.type, VMC_ENGINE_RESPONSE);
			CHECK_EQ_INT(event.payload.ptr_len, most);
		} else {
			CHECK_EQ_INT(event.type, VMC_ENGINE_OVERSIZE);
			CHECK_EQ_INT(event.code, VMC_CODE_RESOURCE_EXHAUSTED);
			CHECK_EQ_INT(event.payload.ptr_len, 0);
			CHECK(event.message.ptr_len > 20);
		}
		give_quietly(&end);
		(void)call("M");
		put_response(3, "next");
		check_response(3, "next");
		CHECK_EQ_INT(failed(&end), VMC_OK);
		CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset,
			     len == most ? -1 : 8);
	}
}

/* Two that fit each, but not together: one is given up. */
TEST(responses_over_the_window_together)
{
	static uint8_t bytes[500];

	begin();
	(void)call("A");
	(void)call("B");
	put_head(1);
	put_head(3);
	h2_put_head(&end.in, 405, T_DATA, 0, 1);
	h2_put(&end.in, "\0\0\0\1\xf4", 5);
	h2_put(&end.in, bytes, 400);
	h2_put_message(&end.in, 3, 0, bytes, 500);
	put_end(3);
	check_error(3, VMC_CODE_RESOURCE_EXHAUSTED, NULL);
	h2_put_frame(&end.in, T_DATA, 0, 1, bytes, 100);
	put_end(1);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_RESPONSE).payload.ptr_len,
		     500);
	check_no_event();
}

TEST(headers_of_any_length)
{
	static struct h2_bytes block;
	static char value[9000];
	struct vmc_engine_event event;

	memset(value, 'v', sizeof(value) - 1);
	begin();
	(void)call("M");
	block.len = 0;
	h2_put_field(&block, ":status", "200");
	h2_put_field(&block, "x-long", value);
	h2_put_field(&block, "grpc-status", "9");
	h2_put_field(&block, "grpc-message", "after it");
	h2_put_frame(&end.in, T_HEADERS, F_END_STREAM, 1, block.at, 4000);
	h2_put_frame(&end.in, T_CONTINUATION, F_END_HEADERS, 1, block.at + 4000,
		     block.len - 4000);
	event = give_until(&end, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event.code, VMC_CODE_FAILED_PRECONDITION);
	CHECK(vmc_view_is(event.message, "after it"));
}

/*
 * Ends
 */

TEST(reset_with_each_error)
{
	uint32_t error, stream;

	begin();
	for (error = 0; error < 16; error++) {
		stream = call("M");
		if (error % 2)
			put_head(stream);
		h2_put_number(&end.in, T_RST, stream, error);
		check_error(stream, vmc_grpc_code_of_reset(error), NULL);
		check_no_event();
		CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->reset, -1);
		/* once more it is nobody's */
		h2_put_number(&end.in, T_RST, stream, error);
		give_quietly(&end);
	}
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

/* A server may answer early, and then reset (8.1). */
TEST(reset_after_the_response)
{
	begin();
	(void)call("M");
	put_response(1, "whole");
	h2_put_number(&end.in, T_RST, 1, 0);
	check_response(1, "whole");
	check_no_event();
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

static void put_goaway(uint32_t last, uint32_t error)
{
	h2_put_head(&end.in, 8 + 3, T_GOAWAY, 0xff, 0);
	h2_put_u32(&end.in, last);
	h2_put_u32(&end.in, error);
	h2_put(&end.in, "bye", 3);
}

TEST(goaway)
{
	uint32_t stream;

	begin();
	CHECK_EQ_INT(call("A") + call("B") + call("C"), 9);
	put_goaway(0x7fffffff, 0); /* it will, but has not yet */
	give_quietly(&end);
	CHECK_EQ_INT(ask_method("D", &stream), VMC_ERR_FULL);
	put_goaway(1, 0);
	check_error(3, VMC_CODE_UNAVAILABLE, NULL);
	check_error(5, VMC_CODE_UNAVAILABLE, NULL);
	check_no_event();
	put_response(1, "still");
	check_response(1, "still");
	check_no_event();
	CHECK_EQ_INT(ask_method("D", &stream), VMC_ERR_FULL);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
}

/* In the middle of a request, the rest of which is not sent then. */
TEST(goaway_before_the_request_is_out)
{
	static const uint8_t tail[100];
	struct vmc_engine_request asked = { .service = "s",
					    .method = "m",
					    .tail = { tail, sizeof(tail) } };
	uint32_t stream;

	begin();
	h2_put_initial(&end.in, &end.reader, 20);
	give_quietly(&end);
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	take_all(&end);
	put_goaway(0, 0);
	check_error(1, VMC_CODE_UNAVAILABLE, NULL);
	check_no_event();
	take_all(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->data_len, 20);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 8);
}

/* The response is there at each byte of the request. */
static int answered_at(size_t at)
{
	uint8_t *tail = calloc(1, 100);
	struct vmc_engine_request asked = { .service = "s",
					    .method = "m",
					    .payload = vmc_view_of("payload"),
					    .tail = { tail, 100 } };
	uint32_t stream;
	size_t taken = 0;
	int early;

	begin();
	h2_put_initial(&end.in, &end.reader, 60);
	give_quietly(&end);
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	while (taken < at && take_some(&end, 1))
		taken++;
	put_block(1, F_END_STREAM, ":status: 200\ngrpc-status: 3\n");
	CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len), end.in.len);
	end.in.len = 0;
	CHECK(next(&end, &(struct vmc_engine_event){ 0 }));
	early = taken == at;
	(void)next(&end, &(struct vmc_engine_event){ 0 });
	while (!idle(&end))
		CHECK(take_some(&end, 1));
	free(tail); /* idle says so */
	check_no_event();
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->ended, 0);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 8);
	h2_put_initial(&end.in, &end.reader, 65535);
	give_quietly(&end);
	CHECK_EQ_INT(call("Next"), 3);
	return early;
}

TEST(response_before_the_request_is_out)
{
	size_t at = 0;

	while (answered_at(at))
		at++;
	CHECK(at > 100);
	printf("# %zu points\n", at);
}

/* Given up at each byte of it. */
static int cancelled_at(size_t at)
{
	uint8_t *tail = calloc(1, 100);
	struct vmc_engine_request asked = { .service = "s",
					    .method = "m",
					    .payload = vmc_view_of("payload"),
					    .tail = { tail, 100 } };
	uint32_t stream;
	size_t taken = 0;
	int early;

	begin();
	h2_put_initial(&end.in, &end.reader, 60);
	give_quietly(&end);
	CHECK_EQ_INT(request(&asked, &stream), VMC_OK);
	while (taken < at && take_some(&end, 1))
		taken++;
	early = taken == at;
	end.ops->cancel(&end.engine, stream);
	sane(&end);
	end.ops->cancel(&end.engine, stream);
	sane(&end);
	while (!idle(&end))
		CHECK(take_some(&end, 1));
	free(tail);
	check_no_event();
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 8);
	/* what was on its way is read over */
	put_response(1, "late");
	h2_put_initial(&end.in, &end.reader, 65535);
	give_quietly(&end);
	CHECK_EQ_INT(call("Next"), 3);
	put_response(3, "next");
	check_response(3, "next");
	return early;
}

TEST(cancelled_at_every_byte)
{
	size_t at = 0;

	while (cancelled_at(at))
		at++;
	CHECK(at > 100);
	printf("# %zu points\n", at);
}

TEST(cancel_of_what_is_not)
{
	begin();
	(void)call("M");
	end.ops->cancel(&end.engine, 0);
	end.ops->cancel(&end.engine, 3);
	end.ops->cancel(&end.engine, 77);
	take_all(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, -1);
	put_response(1, "x");
	check_response(1, "x");
	end.ops->cancel(&end.engine, 1); /* it is shown, and over */
	check_no_event();
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, -1);
}

/* What an event shows stays where it is until the next is asked for. */
TEST(cancel_while_another_response_is_shown)
{
	struct vmc_engine_event event;
	uint32_t stream;

	begin();
	CHECK_EQ_INT(call("A") + call("B"), 4);
	put_head(1);
	h2_put_frame(&end.in, T_DATA, 0, 1, "\0\0\0\0\x14half of it", 15);
	put_response(3, "the whole of three");
	event = give_until(&end, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event.stream, 3);
	end.ops->cancel(&end.engine, 1);
	sane(&end);
	CHECK(vmc_view_is(event.payload, "the whole of three"));
	take_all(&end);
	CHECK(vmc_view_is(event.payload, "the whole of three"));
	CHECK_EQ_INT(ask_method("C", &stream), VMC_OK);
	CHECK(vmc_view_is(event.payload, "the whole of three"));
	check_no_event();
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 8);
	CHECK_EQ_INT(end.engine.messages_used, 0);
	put_response(5, "five");
	check_response(5, "five");
}

/* A connection that lives long, with many calls that were given up, or
 * reset, while their responses were on the way. */
TEST(long_life_with_many_cancelled_calls)
{
	unsigned i;

	begin();
	for (i = 0; i < 3 * VMC_GRPC_STRIKE_MAX; i++) {
		uint32_t stream = call("M");

		if (i % 2) {
			put_head(stream);
			h2_put_message(&end.in, stream, 0, "a", 1);
			give_quietly(&end);
			end.ops->cancel(&end.engine, stream);
			h2_put_message(&end.in, stream, 0, "b", 1);
			h2_put_message(&end.in, stream, 0, "b", 1);
			put_end(stream);
			give_quietly(&end);
		} else {
			h2_put_number(&end.in, T_RST, stream, 7);
			check_error(stream, VMC_CODE_UNAVAILABLE, NULL);
		}
		CHECK_EQ_INT(failed(&end), VMC_OK);
		check_no_event();
		CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->reset,
			     i % 2 ? 8 : -1);
		h2_forget(&end.reader, stream);
	}
}

/*
 * A server that breaks the rules
 */

static void check_broken(uint32_t error)
{
	const char *why;

	give_quietly(&end);
	CHECK_EQ_INT(failed_why(&end, &why), VMC_ERR_PROTOCOL);
	CHECK(why && why[0]);
	CHECK(!idle(&end));
	CHECK_EQ_INT(end.reader.goaways, 1);
	CHECK_EQ_INT(end.reader.goaway_error, error);
	CHECK_EQ_STR(end.reader.goaway_words, why);
}

static void begin_call(void)
{
	begin();
	(void)call("M");
}

TEST(connections_that_break)
{
	begin_call();
	h2_put_frame(&end.in, T_PUSH, 4, 1, "\0\0\0\2", 4);
	check_broken(1);
	begin_call();
	put_head(2);
	check_broken(1);
	begin_call();
	put_head(3);
	check_broken(1);
	begin_call();
	h2_put_message(&end.in, 3, 0, "", 0);
	check_broken(1);
	begin_call();
	h2_put_number(&end.in, T_RST, 3, 0);
	check_broken(1);
	begin_call();
	h2_put_number(&end.in, T_WINDOW, 2, 1);
	check_broken(1);
	begin_call();
	h2_put_setting(&end.in, 2, 1);
	check_broken(1);
	begin_call();
	h2_put_frame(&end.in, T_HEADERS, 4, 1, "\xff\xff\xff\xff\xff\xff", 6);
	check_broken(9);
	begin_with(OUT_SIZE);
	h2_put_frame(&end.in, T_PING, 0, 0, "12345678", 8);
	check_broken(1);
	begin_with(OUT_SIZE);
	h2_put_frame(&end.in, T_SETTINGS, F_ACK, 0, NULL, 0);
	check_broken(1);
	begin_with(OUT_SIZE);
	h2_put(&end.in, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	check_broken(1); /* no preface of a server's: 3.4 */
}

/* Broken for one call alone. */
TEST(calls_that_break)
{
	static const char *const heads[] = {
		"content-type: application/grpc\n", /* no :status */
		":status: 20\n",
		":status: 2000\n",
		":status: 200\n:status: 200\n",
		"a: b\n:status: 200\n",
		":status: 200\n:path: /x\n",
		":status: 200\nConnection: x\n",
		":status: 200\nconnection: close\n",
		":status: 200\ntransfer-encoding: chunked\n",
		":status: 200\ncontent-length: x\n",
	};
	uint32_t stream;
	size_t i;

	begin();
	for (i = 0; i < COUNT(heads); i++) {
		stream = call("M");
		put_block(stream, 0, heads[i]);
		check_error(stream, VMC_CODE_INTERNAL, NULL);
		check_no_event();
		CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->reset, 1);
	}
	/* a 1xx that ends, and trailers that do not */
	stream = call("M");
	put_block(stream, F_END_STREAM, ":status: 100\n");
	check_error(stream, VMC_CODE_INTERNAL, NULL);
	stream = call("M");
	put_head(stream);
	put_block(stream, 0, "grpc-status: 0\n");
	check_error(stream, VMC_CODE_INTERNAL, NULL);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

/* Nothing is read over its head: half a frame, then the end. */
TEST(ends_in_the_middle)
{
	struct vmc_engine_event event;
	static struct h2_bytes flight;
	size_t at;

	for (at = 0; at == 0 || at < flight.len; at++) {
		begin_call();
		put_response(1, "some");
		flight = end.in;
		CHECK(at == 0 || give_some(&end, flight.at, at) == at);
		end.ops->recv_end(&end.engine);
		CHECK(!pump(&end, &event));
		CHECK_EQ_INT(failed(&end), VMC_CLOSED);
		CHECK(partial(&end));
	}
}

/* A response that is there is still to be had. */
TEST(end_after_the_response)
{
	struct vmc_engine_event event;

	begin_call();
	put_response(1, "some");
	CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len), end.in.len);
	end.ops->recv_end(&end.engine);
	CHECK(pump(&end, &event));
	CHECK_EQ_INT(event.type, VMC_ENGINE_RESPONSE);
	CHECK(vmc_view_is(event.payload, "some"));
	check_no_event();
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
}

/*
 * Real servers
 */

static void check_captured(const struct grpc_capture *capture, unsigned nr,
			   const struct vmc_engine_event *event)
{
	uint8_t payload[64];
	size_t len = from_hex(nr == 0 ? "089221120808f721100118801"
					"0" :
					"0a197b2248797065727669736f725479706522"
					"3a2271656d75227d12027b7d",
			      payload);

	CHECK_EQ_INT(event->type, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event->stream, 1 + 2 * nr);
	if (nr == 2) {
		CHECK_EQ_INT(event->code, VMC_CODE_UNIMPLEMENTED);
		CHECK(vmc_view_is(event->message, capture->message));
		return;
	}
	CHECK_EQ_INT(event->code, 0);
	CHECK_EQ_INT(event->payload.ptr_len, len);
	CHECK_EQ_MEM(event->payload.ptr, payload, len);
}

static void replay(const struct grpc_capture *capture, size_t cut)
{
	static uint8_t bytes[2048];
	size_t len = from_hex(capture->hex, bytes), at = 0;
	struct vmc_engine_event event;
	unsigned nr = 0;

	begin_with(OUT_SIZE);
	CHECK_EQ_INT(call("A") + call("B") + call("C"), 9);
	while (at < len) {
		at += give_some(&end, bytes + at,
				at < cut ? cut - at : len - at);
		while (pump(&end, &event))
			check_captured(capture, nr++, &event);
	}
	CHECK_EQ_INT(nr, 3);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK(!partial(&end));
}

TEST(what_servers_were_seen_to_answer)
{
	size_t i, cut, len;

	for (i = 0; i < COUNT(grpc_captures); i++) {
		len = strlen(grpc_captures[i].hex) / 2;
		for (cut = 0; cut < len; cut++)
			replay(&grpc_captures[i], cut);
		printf("# %s: %zu pieces\n", grpc_captures[i].server, len);
	}
}

TESTS(RUN(client_asks)
      RUN(first_request_goes_with_the_preface)
      RUN(requests_through_any_window)
      RUN(requests_too_large)
      RUN(tail_too_large)
      RUN(stream_numbers_are_used_up)
      RUN(as_many_calls_as_the_server_allows)
      RUN(as_many_calls_as_there_is_room_for)
      RUN(responses_interleaved)
      RUN(response_split_at_every_byte)
      RUN(errors_are_decoded)
      RUN(codes_that_are_none)
      RUN(responses_that_are_not_grpcs)
      RUN(ok_without_a_message)
      RUN(more_than_one_message)
      RUN(compressed_response)
      RUN(response_over_the_window)
      RUN(responses_over_the_window_together)
      RUN(headers_of_any_length)
      RUN(reset_with_each_error)
      RUN(reset_after_the_response)
      RUN(goaway)
      RUN(goaway_before_the_request_is_out)
      RUN(response_before_the_request_is_out)
      RUN(cancelled_at_every_byte)
      RUN(cancel_of_what_is_not)
      RUN(cancel_while_another_response_is_shown)
      RUN(long_life_with_many_cancelled_calls)
      RUN(connections_that_break)
      RUN(calls_that_break)
      RUN(ends_in_the_middle)
      RUN(end_after_the_response)
      RUN(what_servers_were_seen_to_answer));
