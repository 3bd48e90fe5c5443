/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc's engine, driven by hand: no port, no socket.
 *
 * What a server does with each kind of bad frame is compared with what
 * containerd/ttrpc 1.2.8 was seen to answer to the same bytes. Whatever is
 * sent in one piece is also sent split at every byte.
 */
#include "test.h"

#include "hex.h"
#include "ttrpc_captures.h"
#include "vmcache/engine.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define WINDOW_SIZE 128
#define OUT_SIZE 256

struct end {
	const struct vmc_engine_ops *ops; /* a server's or a client's */
	struct vmc_ttrpc engine;
	uint8_t window[WINDOW_SIZE], out[OUT_SIZE];
};

static void begin_end(struct end *end, const struct vmc_engine_ops *ops)
{
	memset(end, 0xee, sizeof(*end));
	end->ops = ops;
	ops->init(&end->engine, end->window, sizeof(end->window), end->out,
		  sizeof(end->out));
}

/* Gives the engine what it takes of the bytes; the number taken. */
static size_t give_some(struct end *end, const uint8_t *bytes, size_t len)
{
	uint8_t *buf;
	size_t room;

	if (len == 0 || !end->ops->recv_buf(&end->engine, &buf, &room))
		return 0;
	CHECK(room > 0);
	CHECK(buf >= end->window);
	CHECK(buf + room <= end->window + sizeof(end->window));
	if (room > len)
		room = len;
	memcpy(buf, bytes, room);
	end->ops->recv_ack(&end->engine, room);
	return room;
}

static void give(struct end *end, const char *hex)
{
	uint8_t bytes[1024];
	size_t len = from_hex(hex, bytes);

	CHECK_EQ_INT(give_some(end, bytes, len), len);
}

/* Takes what is to be sent, at most `step` bytes at once. */
static size_t take_by(struct end *end, uint8_t *out, size_t step)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len, len = 0, i, n, taken;

	while (end->ops->send_buf(&end->engine, parts, &parts_len)) {
		CHECK(parts_len >= 1 && parts_len <= VMC_PARTS_MAX);
		taken = 0;
		for (i = 0; i < parts_len; i++) {
			CHECK(parts[i].ptr_len > 0);
			n = parts[i].ptr_len;
			if (n > step - taken)
				n = step - taken;
			if (n > 0)
				memcpy(out + len + taken, parts[i].ptr, n);
			taken += n;
		}
		end->ops->send_ack(&end->engine, taken);
		len += taken;
	}
	return len;
}

static size_t take(struct end *end, uint8_t *out)
{
	return take_by(end, out, SIZE_MAX);
}

static void check_sends(struct end *end, const char *hex)
{
	uint8_t expected[1024], sent[1024];
	size_t len = from_hex(hex, expected);

	CHECK_EQ_INT(take(end, sent), len);
	CHECK_EQ_MEM(sent, expected, len);
}

static struct vmc_engine_event next_of(struct end *end,
				       enum vmc_engine_event_type type)
{
	struct vmc_engine_event event;

	CHECK(end->ops->next(&end->engine, &event));
	CHECK_EQ_INT(event.type, type);
	return event;
}

static void check_no_event(struct end *end)
{
	struct vmc_engine_event event;

	CHECK(!end->ops->next(&end->engine, &event));
}

static enum vmc_status failed(struct end *end)
{
	const char *reason;

	return end->ops->failed(&end->engine, &reason);
}

static enum vmc_status answer(struct end *end, uint32_t stream,
			      const char *payload)
{
	struct vmc_view part = vmc_view_of(payload);
	struct vmc_engine_reply reply = { .stream = stream,
					  .parts = &part,
					  .parts_len = 1 };

	return end->ops->reply(&end->engine, &reply);
}

static void check_delivered(struct end *end, uint32_t stream)
{
	CHECK_EQ_INT(next_of(end, VMC_ENGINE_STARTED).stream, stream);
	CHECK_EQ_INT(next_of(end, VMC_ENGINE_DELIVERED).stream, stream);
}

/* "Status" of "s" on stream 1: 18 bytes. */
#define REQUEST_1 "0000000b 00000001 01 00 0a0173 1206537461747573"
#define REQUEST_3 "0000000b 00000003 01 00 0a0173 1206537461747573"
#define REQUEST_5 "0000000b 00000005 01 00 0a0173 1206537461747573"

/*
 * Server
 */

TEST(server_answers_a_request)
{
	struct vmc_engine_event event;
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	check_no_event(&end);
	give(&end, REQUEST_1);
	event = next_of(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(event.stream, 1);
	CHECK(vmc_view_is(event.service, "s"));
	CHECK(vmc_view_is(event.method, "Status"));
	CHECK_EQ_INT(event.timeout_ns, 0);
	CHECK_EQ_INT(event.payload.ptr_len, 0);
	CHECK_EQ_INT(answer(&end, 1, "ab"), VMC_OK);
	check_sends(&end, "00000004 00000001 02 00 1202 6162");
	check_delivered(&end, 1);
	check_no_event(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

TEST(empty_answer_is_an_empty_frame)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(answer(&end, 1, NULL), VMC_OK);
	check_sends(&end, "00000000 00000001 02 00");
	check_delivered(&end, 1);
}

TEST(answer_is_gathered_from_parts)
{
	struct vmc_view parts[6] = { vmc_view_of("a"), vmc_view_of("bc"),
				     vmc_view_of(""),  vmc_view_of("d"),
				     vmc_view_of("e"), vmc_view_of("f") };
	struct vmc_engine_reply reply = { .stream = 1, .parts = parts };
	struct vmc_view sent[VMC_PARTS_MAX];
	struct end end;
	size_t sent_len;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	reply.parts_len = 6;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	reply.parts_len = 5;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	CHECK(end.ops->send_buf(&end.engine, sent, &sent_len));
	CHECK_EQ_INT(sent_len, 5);
	CHECK(sent[1].ptr == parts[0].ptr);
	CHECK(sent[2].ptr == parts[1].ptr);
	check_sends(&end, "00000007 00000001 02 00 1205 6162636465");
	check_delivered(&end, 1);
}

TEST(errors_are_answered_with_code_and_text)
{
	struct vmc_engine_reply reply = { .stream = 1,
					  .code = VMC_CODE_NOT_FOUND,
					  .message = "no vm" };
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	check_sends(&end, "0000000b 00000001 02 00 0a09 0805 1205 6e6f20766d");
	check_delivered(&end, 1);
	reply.message = NULL;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	check_sends(&end, "00000004 00000001 02 00 0a02 0805");
	check_delivered(&end, 1);
}

TEST(only_codes_of_grpc_travel)
{
	static const int codes[] = { 17, 99, -1, 255 };
	struct vmc_engine_reply reply = { .stream = 1 };
	struct end end;
	size_t i;

	begin_end(&end, &vmc_ttrpc_server);
	for (i = 0; i < COUNT(codes); i++) {
		reply.code = (enum vmc_code)codes[i];
		CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
		check_sends(&end, "00000004 00000001 02 00 0a02 0802");
		check_delivered(&end, 1);
	}
}

/* nanopb and Go refuse a string that is not UTF-8; a peer must be able to
 * read that it was refused. */
TEST(error_texts_are_made_utf8_and_fit)
{
	struct vmc_engine_reply reply = { .stream = 1,
					  .code = VMC_CODE_UNKNOWN };
	char text[2 * OUT_SIZE];
	uint8_t sent[OUT_SIZE];
	struct end end;
	size_t len;

	begin_end(&end, &vmc_ttrpc_server);
	reply.message = "a\xff\n\x01z";
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	check_sends(&end, "0000000b 00000001 02 00 0a09 0802 1205 613f203f7a");
	check_delivered(&end, 1);

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	reply.message = text;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	len = take(&end, sent);
	CHECK(len <= OUT_SIZE);
	CHECK_EQ_INT(len, 10u + sent[3]);
	CHECK_EQ_MEM(sent + len - 4, "x...", 4);
	check_delivered(&end, 1);
}

TEST(replies_go_in_any_order)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1 REQUEST_3 REQUEST_5);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 5);
	check_no_event(&end);
	CHECK_EQ_INT(answer(&end, 5, "x"), VMC_OK);
	CHECK_EQ_INT(answer(&end, 1, "y"), VMC_ERR_BUSY);
	check_sends(&end, "00000003 00000005 02 00 1201 78");
	CHECK_EQ_INT(answer(&end, 1, "y"), VMC_ERR_BUSY);
	check_delivered(&end, 5);
	CHECK_EQ_INT(answer(&end, 1, "y"), VMC_OK);
	check_sends(&end, "00000003 00000001 02 00 1201 79");
	check_delivered(&end, 1);
	CHECK_EQ_INT(answer(&end, 3, NULL), VMC_OK);
	check_sends(&end, "00000000 00000003 02 00");
}

/* A peer that does not read is not read from, nor is its next request
 * looked at. */
TEST(output_comes_before_input)
{
	struct vmc_engine_event event;
	uint8_t *buf;
	struct end end;
	size_t len;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1 REQUEST_3);
	next_of(&end, VMC_ENGINE_REQUEST);
	CHECK(end.ops->idle(&end.engine));
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_OK);
	CHECK(!end.ops->idle(&end.engine));
	CHECK(!end.ops->recv_buf(&end.engine, &buf, &len));
	CHECK(!end.ops->next(&end.engine, &event));
	end.ops->send_ack(&end.engine, 3);
	CHECK(!end.ops->next(&end.engine, &event));
	CHECK(!end.ops->recv_buf(&end.engine, &buf, &len));
	check_sends(&end, "03 00000001 02 00 1201 78");
	check_delivered(&end, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
}

/* The same once the request itself is out of the window, for a call that is
 * answered later. */
TEST(late_answers_come_before_input_too)
{
	uint8_t *buf;
	struct end end;
	size_t len;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	check_no_event(&end);
	CHECK(end.ops->recv_buf(&end.engine, &buf, &len));
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_OK);
	CHECK(!end.ops->recv_buf(&end.engine, &buf, &len));
	take(&end, (uint8_t[OUT_SIZE]){ 0 });
	CHECK(end.ops->recv_buf(&end.engine, &buf, &len));
}

/* What an event's views look into is not received over. */
TEST(nothing_is_received_while_an_event_is_out)
{
	uint8_t *buf;
	struct end end;
	size_t len;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	CHECK(!end.ops->recv_buf(&end.engine, &buf, &len));
	check_no_event(&end);
	CHECK(end.ops->recv_buf(&end.engine, &buf, &len));
}

/* Nothing of one answer gets into the next. */
TEST(error_after_a_payload)
{
	struct vmc_engine_reply reply = { .stream = 3,
					  .code = VMC_CODE_NOT_FOUND };
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	CHECK_EQ_INT(answer(&end, 1, "payload"), VMC_OK);
	take(&end, (uint8_t[OUT_SIZE]){ 0 });
	check_delivered(&end, 1);
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	check_sends(&end, "00000004 00000003 02 00 0a02 0805");
	check_delivered(&end, 3);
	CHECK_EQ_INT(answer(&end, 5, "payload"), VMC_OK);
	take(&end, (uint8_t[OUT_SIZE]){ 0 });
	check_delivered(&end, 5);
	give(&end, "00000000 00000001 03 00");
	next_of(&end, VMC_ENGINE_CANCELLED);
	check_sends(&end, "00000022 00000001 02 00 0a20 0803 121c"
			  "53747265616d4944206973206e6f206c6f6e67657220616374"
			  "697665");
}

/* STARTED with the first byte of the payload, and not of the head. */
TEST(started_and_delivered_are_exact)
{
	struct vmc_engine_event event;
	struct end end;
	unsigned i;

	begin_end(&end, &vmc_ttrpc_server);
	CHECK_EQ_INT(answer(&end, 1, "abc"), VMC_OK);
	for (i = 0; i < 12; i++) { /* header and tag and length */
		end.ops->send_ack(&end.engine, 1);
		CHECK(!end.ops->next(&end.engine, &event));
	}
	end.ops->send_ack(&end.engine, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_STARTED).stream, 1);
	check_no_event(&end);
	end.ops->send_ack(&end.engine, 1);
	check_no_event(&end);
	end.ops->send_ack(&end.engine, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_DELIVERED).stream, 1);
	check_no_event(&end);
	CHECK(end.ops->idle(&end.engine));
}

TEST(answer_may_be_taken_in_any_pieces)
{
	struct vmc_view parts[3] = { vmc_view_of("head-"), vmc_view_of("body"),
				     vmc_view_of("-tail") };
	struct vmc_engine_reply reply = { .stream = 7,
					  .parts = parts,
					  .parts_len = 3 };
	uint8_t expected[64], sent[64];
	size_t len, step;
	struct end end;

	len = from_hex("00000010 00000007 02 00 120e", expected);
	memcpy(expected + len, "head-body-tail", 14);
	len += 14;
	for (step = 1; step <= len; step++) {
		begin_end(&end, &vmc_ttrpc_server);
		CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
		CHECK_EQ_INT(take_by(&end, sent, step), len);
		CHECK_EQ_MEM(sent, expected, len);
		check_delivered(&end, 7);
	}
}

TEST(payload_over_4_mib_is_not_sent)
{
	static const uint8_t byte;
	struct vmc_view parts[2] = { { &byte, 4194304 - 5 }, { &byte, 1 } };
	struct vmc_engine_reply reply = { .stream = 1,
					  .parts = parts,
					  .parts_len = 2 };
	struct vmc_view sent[VMC_PARTS_MAX];
	struct end end;
	size_t sent_len;

	begin_end(&end, &vmc_ttrpc_server);
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	CHECK(end.ops->idle(&end.engine));
	parts[0].ptr_len = SIZE_MAX;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	/* tag and length take 5: exactly 4 MiB of data */
	reply.parts_len = 1;
	parts[0].ptr_len = 4194304 - 5;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	CHECK(end.ops->send_buf(&end.engine, sent, &sent_len));
	CHECK_EQ_MEM(sent[0].ptr, "\0\x40\0\0", 4);
}

TEST(timeout_is_passed_on)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	/* one that Go sent: 4 999 978 699 ns */
	give(&end, "00000006 00000001 01 00 20cbbd96d012");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).timeout_ns, 4999978699);
	/* negative is passed already: not 0, which is none */
	check_no_event(&end);
	give(&end, "0000000b 00000003 01 00 20ffffffffffffffffff01");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).timeout_ns, 1);
}

/*
 * What a server refuses
 */

struct refusal {
	const char *name;
	const char *frame; /* on stream 1 unless it says otherwise */
	uint32_t stream;
	unsigned code; /* 0: not answered at all */
	const char *text;
};

static const struct refusal refusals[] = {
	{ "even stream", "0000000b 00000002 01 00 0a0173 1206537461747573", 2,
	  3, "StreamID must be odd for client initiated streams" },
	{ "stream 0", "0000000b 00000000 01 00 0a0173 1206537461747573", 0, 3,
	  "StreamID must be odd for client initiated streams" },
	{ "garbage protobuf", "00000003 00000001 01 00 ffffff", 1, 3,
	  "unmarshal request error: broken protobuf" },
	{ "service is not UTF-8", "00000003 00000001 01 00 0a01ff", 1, 3,
	  "unmarshal request error: service or method is not UTF-8" },
	{ "unknown type", "00000001 00000001 07 00 00", 1, 0, NULL },
	{ "type 0", "00000000 00000001 00 00", 1, 0, NULL },
	{ "response from a client", "00000000 00000001 02 00", 1, 0, NULL },
	{ "data", "00000002 00000001 03 00 6162", 1, 3,
	  "StreamID is no longer active" },
	{ "data that is the last", "00000000 00000001 03 05", 1, 3,
	  "StreamID is no longer active" },
};

static size_t expected_error(uint8_t *out, uint32_t stream, unsigned code,
			     const char *text)
{
	size_t text_len = strlen(text);
	size_t len = 10;

	memset(out, 0, 10);
	out[3] = (uint8_t)(6 + text_len);
	out[7] = (uint8_t)stream;
	out[8] = 2;
	out[len++] = 0x0a;
	out[len++] = (uint8_t)(4 + text_len);
	out[len++] = 0x08;
	out[len++] = (uint8_t)code;
	out[len++] = 0x12;
	out[len++] = (uint8_t)text_len;
	memcpy(out + len, text, text_len);
	return len + text_len;
}

static void check_refused(struct end *end, uint32_t stream, unsigned code,
			  const char *text)
{
	uint8_t expected[OUT_SIZE], sent[OUT_SIZE];
	size_t len = expected_error(expected, stream, code, text);

	CHECK_EQ_INT(next_of(end, VMC_ENGINE_CANCELLED).stream, stream);
	CHECK_EQ_INT(take(end, sent), len);
	CHECK_EQ_MEM(sent, expected, len);
}

/* Each in one piece and split at every byte, then a call that is served. */
TEST(bad_frames_concern_one_call_only)
{
	const struct refusal *row;
	uint8_t frame[64];
	struct end end;
	size_t i, len, cut;

	for (i = 0; i < COUNT(refusals); i++) {
		row = &refusals[i];
		len = from_hex(row->frame, frame);
		for (cut = 0; cut < len; cut++) {
			begin_end(&end, &vmc_ttrpc_server);
			CHECK_EQ_INT(give_some(&end, frame, cut), cut);
			check_no_event(&end);
			CHECK_EQ_INT(give_some(&end, frame + cut, len - cut),
				     len - cut);
			if (row->text)
				check_refused(&end, row->stream, row->code,
					      row->text);
			check_no_event(&end);
			give(&end, REQUEST_3);
			next_of(&end, VMC_ENGINE_REQUEST);
			CHECK_EQ_INT(failed(&end), VMC_OK);
		}
	}
}

TEST(streams_must_increase)
{
	static const char text[] =
		"StreamID cannot be re-used and must increment";
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_5);
	next_of(&end, VMC_ENGINE_REQUEST);
	check_no_event(&end);
	give(&end, REQUEST_5);
	check_refused(&end, 5, 3, text);
	check_no_event(&end);
	give(&end, REQUEST_3);
	check_refused(&end, 3, 3, text);
	check_no_event(&end);
	give(&end, "00000000 ffffffff 01 00");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 0xffffffff);
}

/* Flags of a request are not looked at. */
TEST(flags_are_ignored)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, "00000000 00000001 01 ff 00000000 00000003 01 04");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
}

/* Sends `len` bytes of an oversize frame's data, then another request. */
static void check_drained(uint32_t length, uint8_t type, size_t chunk)
{
	uint8_t bytes[512];
	char text[80];
	size_t left = length, n;
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	from_hex("00000000 00000001 01 00", bytes);
	bytes[1] = (uint8_t)(length >> 16);
	bytes[2] = (uint8_t)(length >> 8);
	bytes[3] = (uint8_t)length;
	bytes[8] = type;
	CHECK_EQ_INT(give_some(&end, bytes, 10), 10);
	snprintf(text, sizeof(text),
		 "message length %u exceed maximum message size of %u",
		 (unsigned)length, WINDOW_SIZE - 10);
	check_refused(&end, 1, 8, text);
	check_no_event(&end);
	memset(bytes, 0xff, sizeof(bytes)); /* no frame begins with that */
	while (left > 0) {
		CHECK(end.ops->partial(&end.engine));
		n = give_some(&end, bytes, left < chunk ? left : chunk);
		CHECK(n > 0);
		left -= n;
		check_no_event(&end);
		CHECK_EQ_INT(failed(&end), VMC_OK);
	}
	CHECK(!end.ops->partial(&end.engine));
	give(&end, REQUEST_3);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
}

TEST(oversize_frames_are_answered_and_drained)
{
	check_drained(WINDOW_SIZE - 10 + 1, 1, 512);
	check_drained(WINDOW_SIZE - 10 + 1, 1, 1);
	check_drained(WINDOW_SIZE, 1, 7);
	check_drained(4194305, 1, 512);
	check_drained(0xffffff, 1, 512);
	check_drained(1000, 3, 100);
	check_drained(1000, 7, 100);
}

TEST(largest_frame_that_fits_is_served)
{
	uint8_t frame[WINDOW_SIZE] = { 0, 0, 0,    WINDOW_SIZE - 10, 0, 0, 0, 1,
				       1, 0, 0x1a, WINDOW_SIZE - 12 };
	struct vmc_engine_event event;
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	CHECK_EQ_INT(give_some(&end, frame, sizeof(frame)), sizeof(frame));
	event = next_of(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(event.payload.ptr_len, WINDOW_SIZE - 12);
	CHECK(event.payload.ptr == end.window + 12);
}

/* In one read: the end of an oversize frame and two requests. */
TEST(what_follows_an_oversize_frame_is_kept)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, "0000007f 00000001 01 00");
	next_of(&end, VMC_ENGINE_CANCELLED);
	take(&end, (uint8_t[OUT_SIZE]){ 0 });
	check_no_event(&end);
	give(&end, "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		   "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		   "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
		   "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	check_no_event(&end);
	give(&end, "ffffffffffffffffffffffffffffff" REQUEST_3 REQUEST_5);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 5);
	check_no_event(&end);
}

TEST(other_protocols_are_told_by_their_first_byte)
{
	static const char *const rows[] = { "47455420", "ff", "01",
					    "50524920" };
	struct vmc_engine_event event;
	const char *reason;
	uint8_t *buf;
	struct end end;
	size_t len, i;

	for (i = 0; i < COUNT(rows); i++) {
		begin_end(&end, &vmc_ttrpc_server);
		give(&end, REQUEST_1);
		next_of(&end, VMC_ENGINE_REQUEST);
		check_no_event(&end);
		give(&end, rows[i]);
		CHECK(!end.ops->next(&end.engine, &event));
		CHECK_EQ_INT(end.ops->failed(&end.engine, &reason),
			     VMC_ERR_PROTOCOL);
		CHECK_EQ_STR(reason, "first byte of a ttrpc frame is not 0");
		CHECK(!end.ops->recv_buf(&end.engine, &buf, &len));
		/* a last word can still go out */
		CHECK_EQ_INT(answer(&end, 1, NULL), VMC_OK);
		check_sends(&end, "00000000 00000001 02 00");
	}
}

/* Each bad frame's sender has to take its answer before the next is looked
 * at: ten thousand in a row need no more room than one. */
TEST(flood_of_bad_frames_is_bounded)
{
	uint8_t flood[WINDOW_SIZE], out[OUT_SIZE];
	unsigned answers = 0, round;
	struct vmc_engine_event event;
	struct end end;
	size_t i, len;

	begin_end(&end, &vmc_ttrpc_server);
	for (i = 0; i + 10 <= sizeof(flood); i += 10)
		from_hex("00000000 00000002 01 00", flood + i);
	for (round = 0; round < 1000; round++) {
		CHECK_EQ_INT(give_some(&end, flood, i), i);
		CHECK_EQ_INT(give_some(&end, flood, 1), 1);
		while (end.ops->next(&end.engine, &event)) {
			CHECK(!end.ops->next(&end.engine, &event));
			CHECK_EQ_INT(give_some(&end, flood, 10), 0);
			len = take(&end, out);
			CHECK_EQ_INT(len, 10u + out[3]);
			answers++;
		}
		/* the one byte of the next frame; complete it */
		CHECK_EQ_INT(give_some(&end, flood + 1, 9), 9);
		next_of(&end, VMC_ENGINE_CANCELLED);
		take(&end, out);
		check_no_event(&end);
		answers++;
	}
	CHECK_EQ_INT(answers, 1000 * (i / 10 + 1));
}

/*
 * Endings
 */

TEST(end_between_frames_is_in_order)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	give(&end, REQUEST_1);
	next_of(&end, VMC_ENGINE_REQUEST);
	check_no_event(&end);
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
	/* half-closed: who asked still listens */
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_OK);
	check_sends(&end, "00000003 00000001 02 00 1201 78");
	check_delivered(&end, 1);
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
}

TEST(end_inside_a_frame_is_a_loss)
{
	uint8_t frame[32];
	size_t len = from_hex(REQUEST_1, frame), cut;
	const char *reason;
	struct end end;

	for (cut = 1; cut < len; cut++) {
		begin_end(&end, &vmc_ttrpc_server);
		give_some(&end, frame, cut);
		check_no_event(&end);
		CHECK(end.ops->partial(&end.engine));
		end.ops->recv_end(&end.engine);
		check_no_event(&end);
		CHECK_EQ_INT(end.ops->failed(&end.engine, &reason),
			     VMC_ERR_LOST);
		CHECK_EQ_STR(reason, "ended inside a frame");
	}
}

TEST(end_while_draining_is_a_loss)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, "00010000 00000001 01 00 00");
	next_of(&end, VMC_ENGINE_CANCELLED);
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_ERR_LOST);
}

/* The end arrives while requests wait for their turn. */
TEST(frames_before_the_end_are_served)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give(&end, REQUEST_1 REQUEST_3);
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 1);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK_EQ_INT(answer(&end, 1, NULL), VMC_OK);
	check_sends(&end, "00000000 00000001 02 00");
	check_delivered(&end, 1);
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_REQUEST).stream, 3);
	check_no_event(&end);
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
}

/*
 * Client
 */

static uint32_t ask(struct end *end, const char *method, const char *payload,
		    uint64_t timeout_ns)
{
	struct vmc_engine_request request = {
		.service = "s",
		.method = method,
		.payload = vmc_view_of(payload),
		.timeout_ns = timeout_ns,
	};
	uint32_t stream = 0;

	CHECK_EQ_INT(end->ops->request(&end->engine, &request, &stream),
		     VMC_OK);
	return stream;
}

TEST(client_asks_and_is_answered)
{
	struct vmc_engine_event event;
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	CHECK(end.ops->idle(&end.engine));
	CHECK_EQ_INT(ask(&end, "m", "ab", 300), 1);
	CHECK(!end.ops->idle(&end.engine));
	check_sends(&end, "0000000d 00000001 01 00 0a0173 12016d 20ac02"
			  "1a026162");
	CHECK(end.ops->idle(&end.engine));
	check_no_event(&end);
	give(&end, "00000004 00000001 02 00 1202 6364");
	event = next_of(&end, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event.stream, 1);
	CHECK_EQ_INT(event.code, VMC_CODE_OK);
	CHECK(vmc_view_is(event.payload, "cd"));
	check_no_event(&end);
	CHECK_EQ_INT(ask(&end, "m", NULL, 0), 3);
	check_sends(&end, "00000006 00000003 01 00 0a0173 12016d");
}

/* The tail is not copied, and whatever is taken of it at once, it is whole. */
TEST(requests_tail_follows_from_where_it_is)
{
	static const char frame[] =
		"0000000f 00000001 01 00 0a0173 12016d 20ac02 1a0461626364";
	struct vmc_engine_request request = {
		.service = "s",
		.method = "m",
		.payload = vmc_view_of("ab"),
		.tail = vmc_view_of("cd"),
		.timeout_ns = 300,
	};
	uint8_t expected[64], sent[64];
	size_t len = from_hex(frame, expected), step;
	uint32_t stream;
	struct end end;

	for (step = 1; step <= len; step++) {
		begin_end(&end, &vmc_ttrpc_client);
		CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream),
			     VMC_OK);
		CHECK_EQ_INT(take_by(&end, sent, step), len);
		CHECK_EQ_MEM(sent, expected, len);
		CHECK(end.ops->idle(&end.engine));
	}
}

/* Composed in `out` already, as far back as the rest needs. */
TEST(requests_payload_may_lie_in_out)
{
	struct vmc_engine_request request = { .service = "s", .method = "m" };
	size_t head = VMC_ENGINE_HEAD_SIZE(2);
	uint32_t stream;
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	memcpy(end.out + head, "ab", 2);
	request.payload.ptr = end.out + head;
	request.payload.ptr_len = 2;
	request.timeout_ns = INT64_MAX;
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream), VMC_OK);
	check_sends(&end, "00000014 00000001 01 00 0a0173 12016d"
			  "20ffffffffffffffff7f 1a026162");
}

TEST(client_composes_one_request_at_a_time)
{
	struct vmc_engine_request request = { .service = "s", .method = "m" };
	struct end end;
	uint32_t stream;

	begin_end(&end, &vmc_ttrpc_client);
	ask(&end, "m", NULL, 0);
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream),
		     VMC_ERR_BUSY);
	end.ops->send_ack(&end.engine, 15);
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream),
		     VMC_ERR_BUSY);
	end.ops->send_ack(&end.engine, 1);
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream), VMC_OK);
	CHECK_EQ_INT(stream, 3);
}

TEST(request_that_does_not_fit_is_refused)
{
	static const uint8_t bytes[OUT_SIZE];
	struct vmc_engine_request request = { .service = "s",
					      .method = "m",
					      .payload = { bytes, 0 } };
	struct end end;
	uint32_t stream;
	size_t fits = OUT_SIZE - 10 - 6 - 3;

	begin_end(&end, &vmc_ttrpc_client);
	request.payload.ptr_len = fits + 1;
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream),
		     VMC_ERR_TOO_BIG);
	CHECK(end.ops->idle(&end.engine));
	request.payload.ptr_len = fits;
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream), VMC_OK);
	CHECK_EQ_INT(stream, 1);
	CHECK_EQ_INT(take(&end, (uint8_t[OUT_SIZE]){ 0 }), OUT_SIZE);
}

TEST(stream_numbers_are_used_up)
{
	struct vmc_engine_request request = { .service = "s", .method = "m" };
	struct end end;
	uint32_t stream;

	begin_end(&end, &vmc_ttrpc_client);
	end.engine.last_stream = UINT32_MAX - 2;
	CHECK_EQ_INT(ask(&end, "m", NULL, 0), UINT32_MAX);
	take(&end, (uint8_t[OUT_SIZE]){ 0 });
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &stream),
		     VMC_ERR_FULL);
}

/* Reading goes on while writing waits: two ends that write to each other
 * cannot both wait. */
TEST(client_reads_while_it_writes)
{
	uint8_t *buf;
	struct end end;
	size_t len;

	begin_end(&end, &vmc_ttrpc_client);
	ask(&end, "m", NULL, 0);
	end.ops->send_ack(&end.engine, 4);
	CHECK(end.ops->recv_buf(&end.engine, &buf, &len));
	give(&end, "00000000 00000001 02 00");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_RESPONSE).stream, 1);
	check_no_event(&end);
}

TEST(client_ignores_types_it_does_not_know)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	give(&end, "00000002 00000001 04 00 0102 00000000 00000001 00 00"
		   "00000000 00000003 01 00 00000000 00000001 02 ff");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_RESPONSE).stream, 1);
	check_no_event(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

TEST(client_gives_up_on_a_peer_that_makes_no_sense)
{
	static const char *const rows[][2] = {
		{ "00000000 00000001 03 00",
		  "stream data for a call that is none" },
		{ "00000001 00000001 02 00 ff", "broken protobuf" },
		{ "48545450", "first byte of a ttrpc frame is not 0" },
	};
	const char *reason;
	struct end end;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		begin_end(&end, &vmc_ttrpc_client);
		give(&end, rows[i][0]);
		check_no_event(&end);
		CHECK_EQ_INT(end.ops->failed(&end.engine, &reason),
			     VMC_ERR_PROTOCOL);
		CHECK_EQ_STR(reason, rows[i][1]);
	}
}

TEST(error_answers_show_code_and_text)
{
	struct vmc_engine_event event;
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	/* an error and a payload: the error counts, both are shown */
	give(&end, "0000000e 00000001 02 00 0a09 0805 1205 6e6f20766d 1201 78");
	event = next_of(&end, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event.code, VMC_CODE_NOT_FOUND);
	CHECK(vmc_view_is(event.message, "no vm"));
	CHECK(vmc_view_is(event.payload, "x"));
}

static void check_client_drains(uint32_t length, size_t chunk)
{
	uint8_t bytes[512];
	struct vmc_engine_event event;
	char text[80];
	size_t left = length, n;
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	from_hex("00000000 00000001 02 00", bytes);
	bytes[1] = (uint8_t)(length >> 16);
	bytes[2] = (uint8_t)(length >> 8);
	bytes[3] = (uint8_t)length;
	CHECK_EQ_INT(give_some(&end, bytes, 10), 10);
	event = next_of(&end, VMC_ENGINE_OVERSIZE);
	CHECK_EQ_INT(event.stream, 1);
	CHECK_EQ_INT(event.code, VMC_CODE_RESOURCE_EXHAUSTED);
	snprintf(text, sizeof(text),
		 "message length %u exceed maximum message size of %u",
		 (unsigned)length, WINDOW_SIZE - 10);
	CHECK(vmc_view_is(event.message, text));
	check_no_event(&end);
	memset(bytes, 0xff, sizeof(bytes));
	while (left > 0) {
		n = give_some(&end, bytes, left < chunk ? left : chunk);
		CHECK(n > 0);
		left -= n;
		check_no_event(&end);
	}
	give(&end, "00000000 00000003 02 00");
	CHECK_EQ_INT(next_of(&end, VMC_ENGINE_RESPONSE).stream, 3);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

TEST(oversize_answers_are_told_and_drained)
{
	check_client_drains(WINDOW_SIZE - 10 + 1, 512);
	check_client_drains(WINDOW_SIZE - 10 + 1, 1);
	check_client_drains(1000, 13);
	check_client_drains(4194305, 512);
}

TEST(client_is_told_how_its_peer_ended)
{
	struct end end;

	begin_end(&end, &vmc_ttrpc_client);
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_CLOSED);
	begin_end(&end, &vmc_ttrpc_client);
	give(&end, "00000004 00000001 02");
	end.ops->recv_end(&end.engine);
	CHECK_EQ_INT(failed(&end), VMC_ERR_LOST);
}

/*
 * Both
 */

/* Moves bytes from one end to the other, `chunk` at a time. */
static void move(struct end *from, struct end *to, size_t chunk)
{
	uint8_t bytes[1024];
	size_t len = take_by(from, bytes, chunk), at = 0, n;

	while (at < len) {
		n = len - at < chunk ? len - at : chunk;
		n = give_some(to, bytes + at, n);
		CHECK(n > 0);
		at += n;
	}
}

/* The two roles talk, in pieces of every size. */
TEST(client_and_server_talk)
{
	struct end client, server;
	struct vmc_engine_event event;
	size_t chunk;
	unsigned round;

	for (chunk = 1; chunk < 64; chunk++) {
		begin_end(&client, &vmc_ttrpc_client);
		begin_end(&server, &vmc_ttrpc_server);
		for (round = 0; round < 3; round++) {
			CHECK_EQ_INT(ask(&client, "GetBaseVM", "payload", 77),
				     2 * round + 1);
			move(&client, &server, chunk);
			event = next_of(&server, VMC_ENGINE_REQUEST);
			CHECK(vmc_view_is(event.method, "GetBaseVM"));
			CHECK(vmc_view_is(event.payload, "payload"));
			CHECK_EQ_INT(event.timeout_ns, 77);
			CHECK_EQ_INT(answer(&server, event.stream, "a vm"),
				     VMC_OK);
			move(&server, &client, chunk);
			check_delivered(&server, 2 * round + 1);
			check_no_event(&server);
			event = next_of(&client, VMC_ENGINE_RESPONSE);
			CHECK_EQ_INT(event.stream, 2 * round + 1);
			CHECK(vmc_view_is(event.payload, "a vm"));
			check_no_event(&client);
		}
	}
}

/*
 * Replay of what was recorded
 */

static void replay_request(const struct ttrpc_capture *c, size_t cut)
{
	uint8_t frame[256], sent[256], payload[256];
	size_t len = from_hex(c->request, frame);
	struct vmc_engine_event event;
	struct vmc_view part = { payload, from_hex(c->payload, payload) };
	struct vmc_engine_reply reply = { .code = (enum vmc_code)c->code,
					  .message = c->message,
					  .parts = &part,
					  .parts_len = 1 };
	struct end end;

	begin_end(&end, &vmc_ttrpc_server);
	give_some(&end, frame, cut);
	check_no_event(&end);
	give_some(&end, frame + cut, len - cut);
	event = next_of(&end, VMC_ENGINE_REQUEST);
	CHECK(vmc_view_is(event.service, c->service));
	CHECK(vmc_view_is(event.method, c->method));
	CHECK_EQ_INT(event.timeout_ns, c->timeout_ns);
	reply.stream = event.stream;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	/* answered by the same bytes as the recorded server, if in Go */
	len = from_hex(c->response, frame);
	if (memcmp(frame + 8, "\x02\0\x0a\0", 4)) {
		CHECK_EQ_INT(take(&end, sent), len);
		CHECK_EQ_MEM(sent, frame, len);
	}
}

static void replay_response(const struct ttrpc_capture *c, uint32_t stream,
			    size_t cut)
{
	struct vmc_engine_request request = {
		.service = c->service,
		.method = c->method,
		.timeout_ns = (uint64_t)c->timeout_ns,
	};
	uint8_t frame[256], sent[256], payload[256];
	struct vmc_view expected = { payload, from_hex(c->payload, payload) };
	struct vmc_engine_event event;
	struct end end;
	uint32_t used;
	size_t len;

	begin_end(&end, &vmc_ttrpc_client);
	end.engine.last_stream = stream == 1 ? 0 : stream - 2;
	CHECK_EQ_INT(end.ops->request(&end.engine, &request, &used), VMC_OK);
	CHECK_EQ_INT(used, stream);
	len = take(&end, sent);
	/* the same bytes as the recorded client, but for metadata */
	if (!c->metadata) {
		CHECK_EQ_INT(from_hex(c->request, frame), len);
		CHECK_EQ_MEM(sent, frame, len);
	}
	len = from_hex(c->response, frame);
	give_some(&end, frame, cut);
	check_no_event(&end);
	give_some(&end, frame + cut, len - cut);
	event = next_of(&end, VMC_ENGINE_RESPONSE);
	CHECK_EQ_INT(event.stream, stream);
	CHECK_EQ_INT(event.code, c->code);
	CHECK(vmc_view_is(event.message, c->message));
	CHECK(vmc_view_equal(event.payload, expected));
}

static void replay(const struct ttrpc_capture *captures, size_t count)
{
	size_t i, cut;

	for (i = 0; i < count; i++) {
		for (cut = 0; cut < strlen(captures[i].request) / 2; cut++)
			replay_request(&captures[i], cut);
		for (cut = 0; cut < strlen(captures[i].response) / 2; cut++)
			replay_response(&captures[i], (uint32_t)(2 * i + 1),
					cut);
	}
}

TEST(replay_of_go_1_1_1)
{
	replay(captured_go_1_1_1, COUNT(captured_go_1_1_1));
}

TEST(replay_of_go_1_2_8)
{
	replay(captured_go_1_2_8, COUNT(captured_go_1_2_8));
}

TEST(replay_of_rust_0_5_2)
{
	replay(captured_rust_0_5_2, COUNT(captured_rust_0_5_2));
}

/* A whole connection in one stream of bytes, in pieces of every size. */
TEST(replay_of_a_whole_connection)
{
	const struct ttrpc_capture *c = captured_go_1_2_8;
	uint8_t stream[1024], out[256];
	size_t len = 0, at, chunk, n, served, i;
	struct vmc_engine_event event;
	struct end end;

	for (i = 0; i < COUNT(captured_go_1_2_8); i++)
		len += from_hex(c[i].request, stream + len);
	for (chunk = 1; chunk < 200; chunk++) {
		begin_end(&end, &vmc_ttrpc_server);
		served = 0;
		for (at = 0; at < len; at += n) {
			n = len - at < chunk ? len - at : chunk;
			n = give_some(&end, stream + at, n);
			while (end.ops->next(&end.engine, &event)) {
				if (event.type != VMC_ENGINE_REQUEST)
					continue;
				CHECK(vmc_view_is(event.method,
						  c[served].method));
				served++;
				CHECK_EQ_INT(answer(&end, event.stream, "x"),
					     VMC_OK);
				take(&end, out);
			}
		}
		CHECK_EQ_INT(served, COUNT(captured_go_1_2_8));
	}
}

TESTS(RUN(server_answers_a_request)
      RUN(empty_answer_is_an_empty_frame)
      RUN(answer_is_gathered_from_parts)
      RUN(errors_are_answered_with_code_and_text)
      RUN(only_codes_of_grpc_travel)
      RUN(error_texts_are_made_utf8_and_fit)
      RUN(replies_go_in_any_order)
      RUN(output_comes_before_input)
      RUN(late_answers_come_before_input_too)
      RUN(nothing_is_received_while_an_event_is_out)
      RUN(error_after_a_payload)
      RUN(started_and_delivered_are_exact)
      RUN(answer_may_be_taken_in_any_pieces)
      RUN(payload_over_4_mib_is_not_sent)
      RUN(timeout_is_passed_on)
      RUN(bad_frames_concern_one_call_only)
      RUN(streams_must_increase)
      RUN(flags_are_ignored)
      RUN(oversize_frames_are_answered_and_drained)
      RUN(largest_frame_that_fits_is_served)
      RUN(what_follows_an_oversize_frame_is_kept)
      RUN(other_protocols_are_told_by_their_first_byte)
      RUN(flood_of_bad_frames_is_bounded)
      RUN(end_between_frames_is_in_order)
      RUN(end_inside_a_frame_is_a_loss)
      RUN(end_while_draining_is_a_loss)
      RUN(frames_before_the_end_are_served)
      RUN(client_asks_and_is_answered)
      RUN(requests_tail_follows_from_where_it_is)
      RUN(requests_payload_may_lie_in_out)
      RUN(client_composes_one_request_at_a_time)
      RUN(request_that_does_not_fit_is_refused)
      RUN(stream_numbers_are_used_up)
      RUN(client_reads_while_it_writes)
      RUN(client_ignores_types_it_does_not_know)
      RUN(client_gives_up_on_a_peer_that_makes_no_sense)
      RUN(error_answers_show_code_and_text)
      RUN(oversize_answers_are_told_and_drained)
      RUN(client_is_told_how_its_peer_ended)
      RUN(client_and_server_talk)
      RUN(replay_of_go_1_1_1)
      RUN(replay_of_go_1_2_8)
      RUN(replay_of_rust_0_5_2)
      RUN(replay_of_a_whole_connection));
