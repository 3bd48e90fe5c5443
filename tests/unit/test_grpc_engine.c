/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a server, driven by hand: no port, no socket. What a
 * reply's peer may and may not see, and when the host is told what.
 */
#include "test.h"

#include "grpc_world.h"
#include "hex.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

#define WINDOW_SIZE VMC_GRPC_WINDOW_SIZE
#define STATUS "/cache.CacheService/Status"

static struct end end;

static void begin(void)
{
	begin_end_of(&end, &vmc_grpc_server, WINDOW_SIZE, VMC_GRPC_OUT_SIZE);
	h2_put_preface(&end.in);
	give_quietly(&end);
}

/* One request on the stream, which the host has been shown. */
static struct vmc_engine_event ask_on(uint32_t stream, const char *payload)
{
	h2_put_request(&end.in, stream, STATUS, NULL, payload, strlen(payload));
	return give_until(&end, VMC_ENGINE_REQUEST);
}

static void check_no_event(void)
{
	struct vmc_engine_event event;

	CHECK(!pump(&end, &event));
}

static struct vmc_engine_event next_of(enum vmc_engine_event_type type)
{
	struct vmc_engine_event event;

	CHECK(next(&end, &event));
	CHECK_EQ_INT(event.type, type);
	return event;
}

static void check_answer(uint32_t stream, int code, const char *message,
			 const char *payload)
{
	struct h2_answer *a = h2_answer_of(&end.reader, stream);

	CHECK_EQ_INT(a->http, 200);
	CHECK_EQ_INT(a->code, code);
	CHECK_EQ_STR(a->message, message);
	CHECK(a->ended);
	if (payload)
		CHECK(vmc_view_is(h2_message_of(&end.reader, stream), payload));
	else
		CHECK_EQ_INT(a->data_len, 0);
}

/*
 * A call
 */

TEST(server_answers_a_request)
{
	struct vmc_engine_event event;

	begin();
	CHECK_EQ_INT(end.reader.settings, 1);
	CHECK_EQ_INT(end.reader.acks, 1);
	CHECK_EQ_INT(end.reader.stream_max, VMC_STREAM_MAX);
	CHECK_EQ_INT(end.reader.header_list_max, VMC_HEADER_LIST_SIZE);
	event = ask_on(1, "payload");
	CHECK_EQ_INT(event.stream, 1);
	CHECK(vmc_view_is(event.service, "cache.CacheService"));
	CHECK(vmc_view_is(event.method, "Status"));
	CHECK(vmc_view_is(event.payload, "payload"));
	CHECK_EQ_INT(event.timeout_ns, 0);
	CHECK_EQ_INT(answer(&end, 1, "ab"), VMC_OK);
	take_all(&end);
	check_answer(1, 0, "", "ab");
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->blocks, 2);
	CHECK_EQ_INT(next_of(VMC_ENGINE_STARTED).stream, 1);
	CHECK_EQ_INT(next_of(VMC_ENGINE_DELIVERED).stream, 1);
	check_no_event();
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK(!partial(&end));
	CHECK(idle(&end));
}

TEST(what_a_request_carries)
{
	struct vmc_engine_event event;

	begin();
	h2_put_request(&end.in, 7, "/a/b/c",
		       "grpc-timeout: 250m\ngrpc-encoding: identity\n"
		       "x: y\n",
		       "", 0);
	event = give_until(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(event.stream, 7);
	CHECK(vmc_view_is(event.service, "a/b"));
	CHECK(vmc_view_is(event.method, "c"));
	CHECK_EQ_INT(event.timeout_ns, 250000000);
	CHECK_EQ_INT(event.payload.ptr_len, 0);
}

/* It has no first byte, so nothing STARTED. */
TEST(empty_reply)
{
	struct vmc_engine_reply reply = { .stream = 1 };

	begin();
	ask_on(1, "");
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	take_all(&end);
	check_answer(1, 0, "", "");
	next_of(VMC_ENGINE_DELIVERED);
	check_no_event();
}

TEST(errors_carry_code_and_text)
{
	struct vmc_engine_reply reply = { .code = VMC_CODE_NOT_FOUND,
					  .message = "100% of \"n\xc3\xbcx\"" };
	static const int wrong[] = { 17, 99, -1, 255 };
	uint32_t stream = 1;
	size_t i;

	begin();
	ask_on(stream, "");
	reply.stream = stream;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	take_all(&end);
	check_answer(1, 5, "100% of \"n\xc3\xbcx\"", NULL);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->blocks, 1);
	CHECK_EQ_INT(next_of(VMC_ENGINE_DELIVERED).stream, 1);
	reply.message = NULL;
	for (i = 0; i < COUNT(wrong); i++) {
		reply.stream = stream += 2;
		reply.code = (enum vmc_code)wrong[i];
		ask_on(stream, "");
		CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
		take_all(&end);
		check_answer(stream, 2, "", NULL);
		next_of(VMC_ENGINE_DELIVERED);
	}
}

/* The longest text, each byte of which takes three. */
TEST(long_error_texts_fit)
{
	struct vmc_engine_reply reply = { .stream = 1,
					  .code = VMC_CODE_UNAUTHENTICATED };
	char text[4 * VMC_ERROR_TEXT_SIZE];
	struct h2_answer *a;
	size_t i;

	for (i = 0; i + 1 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 2);
	text[sizeof(text) - 2] = '\0';
	reply.message = text;
	begin();
	ask_on(1, "");
	/* as much as may be in `out` before a reply */
	while (idle(&end)) {
		struct vmc_engine_event event;

		end.in.len = 0;
		h2_put_frame(&end.in, T_PING, 0, 0, "12345678", 8);
		CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len), 17);
		(void)next(&end, &event);
	}
	take_some(&end, 17);
	while (!idle(&end))
		CHECK(take_some(&end, 1));
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	take_all(&end);
	a = h2_answer_of(&end.reader, 1);
	CHECK(a->ended);
	CHECK_EQ_INT(a->code, 16);
	CHECK(strlen(a->message) > VMC_ERROR_TEXT_SIZE - 6);
	CHECK_EQ_MEM(a->message, text, VMC_ERROR_TEXT_SIZE - 8);
}

TEST(nobody_waits_for_a_reply)
{
	begin();
	CHECK_EQ_INT(answer(&end, 0, "x"), VMC_ERR_STATE);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_STATE);
	/* it has begun to arrive, and is not asked yet */
	h2_put_headers(&end.in, 1, STATUS, NULL);
	give_quietly(&end);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_STATE);
	h2_put_message(&end.in, 1, F_END_STREAM, "", 0);
	give_until(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(answer(&end, 3, "x"), VMC_ERR_STATE);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_OK);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_BUSY);
	take_all(&end);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_BUSY); /* events are due */
	next_of(VMC_ENGINE_STARTED);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_BUSY);
	next_of(VMC_ENGINE_DELIVERED);
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_STATE);
	CHECK_EQ_INT(answer(&end, 0, "x"), VMC_ERR_STATE);
	check_answer(1, 0, "", "x");
}

/* Also after it was asked for, and then given up. */
TEST(nobody_waits_after_a_reset)
{
	begin();
	ask_on(1, "");
	h2_put_number(&end.in, T_RST, 1, 8);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_CANCELLED).stream, 1);
	check_no_event();
	CHECK_EQ_INT(answer(&end, 1, "x"), VMC_ERR_STATE);
	CHECK_EQ_INT(answer(&end, 0, "x"), VMC_ERR_STATE);
	h2_put_number(&end.in, T_RST, 1, 8);
	give_quietly(&end);
}

TEST(reply_too_large)
{
	static uint8_t bytes[1];
	struct vmc_view parts[6] = { { bytes, VMC_GRPC_MESSAGE_MAX },
				     { bytes, 1 } };
	struct vmc_engine_reply reply = { .stream = 1,
					  .parts = parts,
					  .parts_len = 2 };

	begin();
	ask_on(1, "");
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	parts[0].ptr_len = SIZE_MAX;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	reply.parts_len = 6;
	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_ERR_TOO_BIG);
	/* nothing of it is left, and it can still be answered */
	CHECK(idle(&end));
	CHECK_EQ_INT(answer(&end, 1, "ok"), VMC_OK);
	take_all(&end);
	check_answer(1, 0, "", "ok");
}

/*
 * Replies through narrow windows. Parts are on the heap, as long as they
 * say, and gone as soon as the engine says so.
 */

struct parts {
	uint8_t *bytes[VMC_ENGINE_PARTS_MAX];
	struct vmc_view view[VMC_ENGINE_PARTS_MAX];
	size_t len, total;
	uint8_t all[H2_DATA_MAX];
};

static void make_parts(struct parts *p, size_t count, size_t total,
		       uint32_t *seed)
{
	size_t i, left = total, n;

	p->len = count;
	p->total = count ? total : 0;
	for (i = 0; i < p->total; i++)
		p->all[i] = (uint8_t)roll(seed, 256);
	for (i = 0; i < count; i++) {
		n = i + 1 < count ? roll(seed, (uint32_t)left + 1) : left;
		p->bytes[i] = malloc(n ? n : 1);
		memcpy(p->bytes[i], p->all + (p->total - left), n);
		p->view[i] = (struct vmc_view){ p->bytes[i], n };
		left -= n;
	}
}

static void free_parts(struct parts *p)
{
	while (p->len > 0)
		free(p->bytes[--p->len]);
}

/* What the host has been told about the reply. */
struct told {
	unsigned started, delivered, cancelled;
};

static void hear(struct parts *p, uint32_t stream, struct told *told,
		 const struct vmc_engine_event *event)
{
	CHECK_EQ_INT(event->stream, stream);
	CHECK(!told->delivered && !told->cancelled);
	switch (event->type) {
	case VMC_ENGINE_STARTED:
		CHECK_EQ_INT(told->started++, 0);
		return;
	case VMC_ENGINE_DELIVERED:
		told->delivered++;
		break;
	default:
		CHECK_EQ_INT(event->type, VMC_ENGINE_CANCELLED);
		told->cancelled++;
	}
	free_parts(p);
}

/* All that is due now, without sending. */
static void hear_all(struct parts *p, uint32_t stream, struct told *told)
{
	struct vmc_engine_event event;

	while (next(&end, &event))
		if (event.type != VMC_ENGINE_NONE)
			hear(p, stream, told, &event);
}

static void reply_parts(struct parts *p, uint32_t stream)
{
	struct vmc_engine_reply reply = { .stream = stream,
					  .parts = p->view,
					  .parts_len = p->len };

	CHECK_EQ_INT(end.ops->reply(&end.engine, &reply), VMC_OK);
	CHECK(!idle(&end));
}

/* Takes what there is, by steps, and looks at each whether the host knows
 * exactly what it should. */
static void take_exactly(struct parts *p, uint32_t stream, struct told *told,
			 size_t step)
{
	while (take_some(&end, step)) {
		struct h2_answer *a = h2_answer_of(&end.reader, stream);

		hear_all(p, stream, told);
		if (p->total > 0)
			CHECK_EQ_INT(told->started,
				     h2_payload_taken(&end.reader, stream) > 0);
		CHECK_EQ_INT(told->delivered, a->ended);
		CHECK_EQ_INT(told->cancelled, 0);
	}
}

/* Opens the windows by `by` until all has come. */
static void open_until_delivered(struct parts *p, uint32_t stream,
				 struct told *told, size_t step, uint32_t by)
{
	unsigned turns = 0;

	take_exactly(p, stream, told, step);
	while (!told->delivered) {
		CHECK(++turns <= p->total + 5);
		CHECK(!idle(&end));
		CHECK(end.reader.window <= 0 ||
		      h2_answer_of(&end.reader, stream)->window <= 0);
		if (turns % 2 || end.reader.window > 0)
			h2_put_window(&end.in, &end.reader, stream, by);
		if (end.reader.window <= 0)
			h2_put_window(&end.in, &end.reader, 0, by);
		CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len),
			     end.in.len);
		end.in.len = 0;
		hear_all(p, stream, told);
		take_exactly(p, stream, told, step);
	}
}

static void check_parts(struct parts *p, uint32_t stream, size_t total)
{
	struct vmc_view message = h2_message_of(&end.reader, stream);

	CHECK_EQ_INT(message.ptr_len, total);
	CHECK_EQ_MEM(message.ptr, p->all, total);
	CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->code, 0);
	CHECK(idle(&end));
}

static void try_reply(size_t count, size_t total, uint32_t initial, uint32_t by,
		      size_t step)
{
	static struct parts p;
	struct told told = { 0, 0, 0 };
	uint32_t seed = (uint32_t)(count * 31 + total * 7 + initial);

	begin();
	h2_put_initial(&end.in, &end.reader, initial);
	give_quietly(&end);
	ask_on(1, "");
	make_parts(&p, count, total, &seed);
	total = p.total;
	reply_parts(&p, 1);
	open_until_delivered(&p, 1, &told, step, by);
	check_parts(&p, 1, total);
}

TEST(replies_of_any_parts_through_any_window)
{
	static const uint32_t initial[] = { 0, 1, 3, 5, 7, 12, 65535 };
	static const size_t totals[] = { 0, 1, 2, 5, 100 };
	size_t count, i, j;

	for (count = 0; count <= VMC_ENGINE_PARTS_MAX; count++)
		for (i = 0; i < COUNT(initial); i++)
			for (j = 0; j < COUNT(totals); j++) {
				try_reply(count, totals[j], initial[i], 1, 1);
				try_reply(count, totals[j], initial[i], 3,
					  SIZE_MAX);
				try_reply(count, totals[j], initial[i], 90, 7);
			}
}

/* Over the peer's frames, of 16384 bytes. */
TEST(replies_over_the_size_of_a_frame)
{
	try_reply(5, 16379, 65535, 1, SIZE_MAX);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->frames, 1);
	try_reply(5, 16380, 65535, 1, SIZE_MAX);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->frames, 2);
	try_reply(3, 19000, 65535, 1, 1);
	try_reply(3, 19000, 16384, 5000, 1000);
}

/* SETTINGS_MAX_FRAME_SIZE is the peer's to raise. */
TEST(frames_as_large_as_the_peer_says)
{
	static struct parts p;
	struct told told = { 0, 0, 0 };
	uint32_t seed = 1;

	begin();
	h2_put_setting(&end.in, 5, 18000);
	end.reader.frame_max = 18000;
	give_quietly(&end);
	ask_on(1, "");
	make_parts(&p, 4, 18001, &seed);
	reply_parts(&p, 1);
	take_exactly(&p, 1, &told, SIZE_MAX);
	check_parts(&p, 1, 18001);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->frames, 2);
}

/* The connection's window is another's too, and stays. */
TEST(window_of_the_connection)
{
	static struct parts p;
	struct told told;
	uint32_t seed = 1, stream;

	begin();
	for (stream = 1; stream < 40; stream += 2) {
		memset(&told, 0, sizeof(told));
		ask_on(stream, "");
		make_parts(&p, 3, 9000 + stream, &seed);
		reply_parts(&p, stream);
		open_until_delivered(&p, stream, &told, 5000, 2000);
		check_parts(&p, stream, 9000 + stream);
		h2_forget(&end.reader, stream);
	}
}

/* 6.9.2: a window may become negative, and is then to be made up for. */
TEST(settings_change_the_window_in_the_middle)
{
	static const uint32_t steps[] = { 0, 3, 0, 10, 9, 40, 1, 30, 80, 0 };
	static struct parts p;
	struct told told = { 0, 0, 0 };
	uint32_t seed = 5;
	size_t i;

	begin();
	ask_on(1, "");
	h2_put_initial(&end.in, &end.reader, 20);
	give_quietly(&end);
	make_parts(&p, 5, 300, &seed);
	reply_parts(&p, 1);
	take_exactly(&p, 1, &told, 1);
	CHECK_EQ_INT(h2_payload_taken(&end.reader, 1), 15);
	for (i = 0; i < COUNT(steps); i++) {
		h2_put_initial(&end.in, &end.reader, steps[i]);
		CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len),
			     end.in.len);
		end.in.len = 0;
		hear_all(&p, 1, &told);
		take_exactly(&p, 1, &told, 3);
		CHECK(!told.delivered);
		CHECK(h2_answer_of(&end.reader, 1)->window <= 0);
	}
	CHECK(h2_answer_of(&end.reader, 1)->window < 0);
	open_until_delivered(&p, 1, &told, 2, 7);
	check_parts(&p, 1, 300);
}

/* In the middle of a frame that is on its way as well. */
TEST(settings_while_a_frame_is_half_sent)
{
	static struct parts p;
	struct told told;
	uint32_t seed = 5;
	size_t at, all = 0;

	for (at = 0; at == 0 || at < all; at++) {
		memset(&told, 0, sizeof(told));
		begin();
		ask_on(1, "");
		make_parts(&p, 2, 40, &seed);
		reply_parts(&p, 1);
		take_some(&end, at);
		hear_all(&p, 1, &told);
		h2_put_initial(&end.in, &end.reader, 0);
		h2_answer_of(&end.reader, 1)->window += 65535; /* was sent */
		h2_put_frame(&end.in, T_PING, 0, 0, "12345678", 8);
		CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len),
			     end.in.len);
		hear_all(&p, 1, &told);
		take_exactly(&p, 1, &told, 3);
		CHECK(told.started == 1 && told.delivered == 1);
		CHECK_EQ_INT(end.reader.pongs, 1);
		check_parts(&p, 1, 40);
		all = 9 + 60; /* more than there are bytes is harmless */
	}
}

TEST(windows_over_their_end)
{
	begin();
	ask_on(1, "");
	h2_put_number(&end.in, T_WINDOW, 1, 0x7fffffff - 65535);
	give_quietly(&end);
	h2_put_number(&end.in, T_WINDOW, 1, 1);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_CANCELLED).stream, 1);
	take_all(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->reset, 3);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	h2_put_number(&end.in, T_WINDOW, 0, 0x7fffffff - 65535);
	give_quietly(&end);
	h2_put_number(&end.in, T_WINDOW, 0, 1);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(end.reader.goaway_error, 3);
}

/* INITIAL_WINDOW_SIZE as large as can be, on a stream that has more. */
TEST(settings_over_a_windows_end)
{
	begin();
	h2_put_setting(&end.in, 4, 0x7fffffff);
	give_quietly(&end);
	ask_on(1, "");
	h2_put_setting(&end.in, 4, 0x7ffffffe);
	h2_put_number(&end.in, T_WINDOW, 1, 1);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	h2_put_setting(&end.in, 4, 0x7fffffff);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(end.reader.goaway_error, 3);
	begin();
	h2_put_setting(&end.in, 4, 0x80000000);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_ERR_PROTOCOL);
}

/*
 * A reply that the peer gives up at each byte of it
 */

/* 1 if there was something left to be sent. */
static int reset_at(size_t at, uint32_t initial, int ours)
{
	static struct parts p;
	struct told told = { 0, 0, 0 };
	uint32_t seed = (uint32_t)at;
	size_t taken = 0, payload;

	begin();
	h2_put_setting(&end.in, 4, initial);
	give_quietly(&end);
	ask_on(1, "");
	make_parts(&p, 3, 30, &seed);
	reply_parts(&p, 1);
	while (taken < at && take_some(&end, 1))
		taken++;
	hear_all(&p, 1, &told);
	if (ours) /* we reset it: a window over its end */
		h2_put_number(&end.in, T_WINDOW, 1, 0x7fffffff);
	else
		h2_put_number(&end.in, T_RST, 1, 8);
	CHECK_EQ_INT(give_some(&end, end.in.at, end.in.len), end.in.len);
	end.in.len = 0;
	hear_all(&p, 1, &told);
	while (take_some(&end, 1))
		hear_all(&p, 1, &told);
	payload = h2_payload_taken(&end.reader, 1);
	CHECK_EQ_INT(told.started, payload > 0);
	CHECK_EQ_INT(told.delivered + told.cancelled, 1);
	CHECK_EQ_INT(p.len, 0);
	CHECK(idle(&end));
	if (told.delivered)
		CHECK_EQ_INT(payload, 30);
	/* and somebody else is served */
	h2_put_initial(&end.in, &end.reader, 65535);
	give_quietly(&end);
	ask_on(3, "");
	CHECK_EQ_INT(answer(&end, 3, "next"), VMC_OK);
	take_all(&end);
	check_answer(3, 0, "", "next");
	return told.cancelled && taken == at;
}

TEST(reset_at_every_byte_of_a_reply)
{
	static const uint32_t initial[] = { 0, 3, 5, 6, 20, 65535 };
	unsigned points = 0;
	size_t at, i;
	int ours;

	for (ours = 0; ours <= 1; ours++)
		for (i = 0; i < COUNT(initial); i++)
			for (at = 0; reset_at(at, initial[i], ours); at++) {
				points++;
				if (at > 200)
					break; /* what is left never goes */
			}
	CHECK(points > 300);
	printf("# %u points\n", points);
}

/* Nothing of a reply that waits for its window has been seen, so that the
 * host may give it to somebody else. */
TEST(reset_of_a_reply_that_has_not_begun)
{
	static struct parts p;
	struct told told = { 0, 0, 0 };
	uint32_t seed = 1;

	begin();
	h2_put_setting(&end.in, 4, 5);
	give_quietly(&end);
	ask_on(1, "");
	make_parts(&p, 2, 30, &seed);
	reply_parts(&p, 1);
	take_exactly(&p, 1, &told, SIZE_MAX); /* the prefix has gone */
	CHECK_EQ_INT(told.started, 0);
	h2_put_number(&end.in, T_RST, 1, 8);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_CANCELLED).stream, 1);
	free_parts(&p);
	CHECK(idle(&end));
	CHECK_EQ_INT(h2_payload_taken(&end.reader, 1), 0);
}

/*
 * In any pieces
 */

/* Everything that a peer may do in order, a bit of it odd. */
static void put_flight(struct h2_bytes *b)
{
	static struct h2_bytes block;
	size_t half;

	h2_put_preface(b);
	h2_put_setting(b, 4, 50);
	h2_put_frame(b, T_PING, 0, 0, "pingpong", 8);
	h2_put_request(b, 1, STATUS, "grpc-timeout: 1S\n", "first", 5);
	h2_put_frame(b, 0x2a, 0xff, 77, "unknown", 7);
	h2_put_frame(b, T_PRIORITY, 0, 9, "\0\0\0\0\xff", 5);
	block.len = 0;
	h2_put_request_block(&block, "/x.Y/Z", "a: b\n");
	half = block.len / 2;
	h2_put_head(b, 1 + 5 + half + 3, T_HEADERS, F_PADDED | F_PRIORITY, 3);
	h2_put(b, "\x03\0\0\0\0\0", 6);
	h2_put(b, block.at, half);
	h2_put(b, "\0\0\0", 3);
	h2_put_frame(b, T_CONTINUATION, 0, 3, NULL, 0);
	h2_put_frame(b, T_CONTINUATION, F_END_HEADERS, 3, block.at + half,
		     block.len - half);
	h2_put_headers(b, 5, "/interleaved/M", NULL);
	h2_put_frame(b, T_DATA, 0, 3, "\0\0", 2);
	h2_put_frame(b, T_DATA, F_PADDED, 3,
		     "\x02\0\0\x03"
		     "ab\0\0",
		     8);
	h2_put_message(b, 5, 0, "fifth", 5);
	h2_put_frame(b, T_DATA, F_END_STREAM, 5, NULL, 0);
	h2_put_frame(b, T_DATA, F_END_STREAM | F_PADDED, 3, "\0c", 2);
	h2_put_headers(b, 7, STATUS, NULL);
	h2_put_number(b, T_RST, 7, 8);
	h2_put_headers(b, 9, "nonsense", NULL);
	h2_put_message(b, 9, F_END_STREAM, "dropped", 7);
	h2_put_request(b, 11, STATUS, "grpc-encoding: gzip\n", "", 0);
	h2_put_number(b, T_WINDOW, 0, 100);
	h2_put_request(b, 13, STATUS, NULL, "last", 4);
}

/* Answers each request with what it carried; the events go into a log. */
struct run {
	char log[2000];
	uint8_t echo[64];
	size_t len;
};

static void log_event(struct run *run, const struct vmc_engine_event *event)
{
	size_t used = strlen(run->log);

	snprintf(run->log + used, sizeof(run->log) - used, "%d:%u", event->type,
		 event->stream);
	used = strlen(run->log);
	if (event->type == VMC_ENGINE_REQUEST)
		snprintf(run->log + used, sizeof(run->log) - used,
			 " %.*s/%.*s %llu '%.*s'", (int)event->service.ptr_len,
			 (const char *)event->service.ptr,
			 (int)event->method.ptr_len,
			 (const char *)event->method.ptr,
			 (unsigned long long)event->timeout_ns,
			 (int)event->payload.ptr_len,
			 (const char *)event->payload.ptr);
	strcat(run->log, "\n");
}

static void act(struct run *run, const struct vmc_engine_event *event)
{
	log_event(run, event);
	if (event->type != VMC_ENGINE_REQUEST)
		return;
	run->len = event->payload.ptr_len;
	CHECK(run->len <= sizeof(run->echo));
	memcpy(run->echo, event->payload.ptr, run->len);
	CHECK(idle(&end));
	CHECK_EQ_INT(answer_with(&end, event->stream, run->echo, run->len),
		     VMC_OK);
}

/* Input in two pieces, or in single bytes; output by steps. */
static void fly(struct run *run, size_t cut, size_t step)
{
	static struct h2_bytes flight;
	struct vmc_engine_event event;
	size_t at = 0, n;

	flight.len = 0;
	put_flight(&flight);
	begin_end_of(&end, &vmc_grpc_server, WINDOW_SIZE, VMC_GRPC_OUT_SIZE);
	memset(run, 0, sizeof(*run));
	while (at < flight.len) {
		n = cut == SIZE_MAX ? 1 : at < cut ? cut - at : flight.len - at;
		at += give_some(&end, flight.at + at, n);
		do {
			while (take_some(&end, step))
				continue;
			if (!next(&end, &event))
				break;
			if (event.type != VMC_ENGINE_NONE)
				act(run, &event);
		} while (1);
	}
	while (take_some(&end, step))
		continue;
}

static void check_flight(const struct run *run, const char *log)
{
	CHECK_EQ_STR(run->log, log);
	check_answer(1, 0, "", "first");
	check_answer(3, 0, "", "abc");
	check_answer(5, 0, "", "fifth");
	CHECK_EQ_INT(h2_answer_of(&end.reader, 7)->blocks, 0);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 9)->code, 12);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 9)->reset, 0);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 11)->code, 12);
	CHECK_EQ_STR(h2_answer_of(&end.reader, 11)->encoding, "identity");
	check_answer(13, 0, "", "last");
	CHECK_EQ_INT(end.reader.acks, 2);
	CHECK_EQ_INT(end.reader.pongs, 1);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK(!partial(&end));
}

TEST(in_any_pieces)
{
	static const char log[] =
		"1:1 cache.CacheService/Status 1000000000 'first'\n3:1\n4:1\n"
		"1:5 interleaved/M 0 'fifth'\n3:5\n4:5\n"
		"1:3 x.Y/Z 0 'abc'\n3:3\n4:3\n"
		"1:13 cache.CacheService/Status 0 'last'\n3:13\n4:13\n";
	static struct h2_bytes flight;
	static struct run run;
	size_t cut;

	flight.len = 0;
	put_flight(&flight);
	CHECK(flight.len < WINDOW_SIZE / 4);
	fly(&run, 0, SIZE_MAX);
	check_flight(&run, log);
	for (cut = 1; cut < flight.len; cut++) {
		fly(&run, cut, cut % 3 ? SIZE_MAX : 1 + cut % 7);
		check_flight(&run, log);
	}
	fly(&run, SIZE_MAX, 1);
	check_flight(&run, log);
	fly(&run, SIZE_MAX, SIZE_MAX);
	check_flight(&run, log);
	printf("# %zu pieces\n", flight.len);
}

/* What has begun is partial at each byte, and lost if it ends there. */
TEST(partial_and_lost_at_every_byte)
{
	static struct h2_bytes b;
	struct vmc_engine_event event;
	size_t at, whole;
	const char *why;

	b.len = 0;
	h2_put_preface(&b);
	whole = b.len;
	h2_put_request(&b, 1, STATUS, NULL, "abc", 3);
	for (at = 0; at <= b.len; at++) {
		begin_end_of(&end, &vmc_grpc_server, WINDOW_SIZE,
			     VMC_GRPC_OUT_SIZE);
		CHECK(at == 0 || give_some(&end, b.at, at) == at);
		CHECK_EQ_INT(pump(&end, &event), at == b.len);
		CHECK_EQ_INT(partial(&end), at != whole && at != b.len);
		CHECK_EQ_INT(failed(&end), VMC_OK);
		end.ops->recv_end(&end.engine);
		CHECK_EQ_INT(pump(&end, &event), 0);
		CHECK_EQ_INT(failed_why(&end, &why),
			     at == whole || at == b.len ? VMC_CLOSED :
							  VMC_ERR_LOST);
		CHECK(why != NULL);
		if (at < b.len)
			continue;
		CHECK_EQ_INT(answer(&end, 1, "late"), VMC_OK);
		take_all(&end);
		check_answer(1, 0, "", "late");
	}
}

TESTS(RUN(server_answers_a_request)
      RUN(what_a_request_carries)
      RUN(empty_reply)
      RUN(errors_carry_code_and_text)
      RUN(long_error_texts_fit)
      RUN(nobody_waits_for_a_reply)
      RUN(nobody_waits_after_a_reset)
      RUN(reply_too_large)
      RUN(replies_of_any_parts_through_any_window)
      RUN(replies_over_the_size_of_a_frame)
      RUN(frames_as_large_as_the_peer_says)
      RUN(window_of_the_connection)
      RUN(settings_change_the_window_in_the_middle)
      RUN(settings_while_a_frame_is_half_sent)
      RUN(windows_over_their_end)
      RUN(settings_over_a_windows_end)
      RUN(reset_at_every_byte_of_a_reply)
      RUN(reset_of_a_reply_that_has_not_begun)
      RUN(in_any_pieces)
      RUN(partial_and_lost_at_every_byte));
