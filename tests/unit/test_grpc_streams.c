/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a server: many calls at once. Their bytes stand one
 * behind the other and move, which is held against a model; and what is of
 * no use, which comes to an end.
 */
#include "test.h"

#include "grpc_world.h"

#define WINDOW_SIZE VMC_GRPC_WINDOW_SIZE
#define MESSAGES_SIZE (WINDOW_SIZE - WINDOW_SIZE / 4)
#define PATH "/cache.CacheService/Status"
#define PATH_LEN (sizeof(PATH) - 1)

static struct end end;

static void begin(void)
{
	begin_end_of(&end, &vmc_grpc_server, WINDOW_SIZE, VMC_GRPC_OUT_SIZE);
	h2_put_preface(&end.in);
	give_quietly(&end);
}

/*
 * keep, shrink, forget, free: each stream's bytes are its own
 */

struct shadow {
	uint8_t bytes[MESSAGES_SIZE];
	uint32_t len, id;
};

static struct shadow shadow[VMC_STREAM_MAX];

static uint32_t shadow_used(void)
{
	uint32_t i, used = 0;

	for (i = 0; i < VMC_STREAM_MAX; i++)
		used += shadow[i].id ? shadow[i].len : 0;
	return used;
}

static void check_shadow(void)
{
	uint32_t i;

	sane(&end);
	CHECK_EQ_INT(end.engine.messages_used, shadow_used());
	for (i = 0; i < VMC_STREAM_MAX; i++) {
		struct vmc_grpc_stream *stream;

		if (!shadow[i].id)
			continue;
		stream = vmc_grpc_find(&end.engine, shadow[i].id);
		CHECK(stream != NULL);
		CHECK_EQ_INT(stream->len, shadow[i].len);
		CHECK_EQ_MEM(end.engine.messages + stream->at, shadow[i].bytes,
			     stream->len);
	}
}

static void keep_some(struct shadow *s, uint32_t *seed)
{
	uint32_t len = roll(seed, roll(seed, 8) ? 60 : MESSAGES_SIZE), i;
	uint8_t *bytes = malloc(len ? len : 1);
	int fits = len <= MESSAGES_SIZE - shadow_used();

	for (i = 0; i < len; i++)
		bytes[i] = (uint8_t)roll(seed, 256);
	CHECK_EQ_INT(vmc_grpc_keep(&end.engine,
				   vmc_grpc_find(&end.engine, s->id),
				   (struct vmc_view){ bytes, len }),
		     fits);
	if (fits) {
		memcpy(s->bytes + s->len, bytes, len);
		s->len += len;
	}
	free(bytes);
}

static void change_one(struct shadow *s, uint32_t *seed)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(&end.engine, s->id);
	uint32_t what = roll(seed, 12), by;

	if (what < 8) {
		keep_some(s, seed);
	} else if (what == 8) {
		by = roll(seed, s->len + 1);
		vmc_grpc_shrink(&end.engine, stream, by);
		s->len -= by;
	} else if (what == 9) {
		vmc_grpc_forget(&end.engine, stream);
		s->len = 0;
	} else {
		vmc_grpc_free(&end.engine, stream);
		s->id = 0;
	}
}

TEST(bytes_of_streams_are_their_own)
{
	uint32_t seed = 1, turn, last = 0;

	begin();
	memset(shadow, 0, sizeof(shadow));
	end.engine.last_stream = 0x7fffffff;
	for (turn = 0; turn < 60000; turn++) {
		struct shadow *s = &shadow[roll(&seed, VMC_STREAM_MAX)];

		if (s->id) {
			change_one(s, &seed);
		} else {
			s->id = last += last ? 2 : 1;
			s->len = 0;
			CHECK(vmc_grpc_open(&end.engine, s->id) != NULL);
		}
		check_shadow();
	}
	CHECK(last > 1000);
}

TEST(no_more_streams_than_there_are)
{
	uint32_t i;

	begin();
	end.engine.last_stream = 1000000;
	for (i = 0; i < VMC_STREAM_MAX; i++)
		CHECK(vmc_grpc_open(&end.engine, 1 + 2 * i) != NULL);
	CHECK(vmc_grpc_open(&end.engine, 1 + 2 * i) == NULL);
	CHECK(vmc_grpc_find(&end.engine, 1 + 2 * i) == NULL);
	vmc_grpc_free(&end.engine, NULL);
	vmc_grpc_free(&end.engine, vmc_grpc_find(&end.engine, 5));
	CHECK(vmc_grpc_open(&end.engine, 1 + 2 * i) != NULL);
}

/*
 * The same from outside: requests whose DATA come in turns
 */

struct call {
	uint32_t id;         /* 0: there is none */
	uint8_t bytes[1000]; /* prefix included */
	uint32_t len, sent;
	uint8_t ended, answered;
};

static struct call calls[VMC_STREAM_MAX];

static struct call *find_call(uint32_t id)
{
	unsigned i;

	for (i = 0; i < VMC_STREAM_MAX; i++)
		if (calls[i].id == id)
			return &calls[i];
	test_fail(__FILE__, __LINE__, "no such call", NULL, NULL);
}

static void begin_call(struct call *call, uint32_t id, uint32_t *seed)
{
	uint32_t i, len = roll(seed, 90);

	memset(call, 0, sizeof(*call));
	call->id = id;
	call->len = 5 + len;
	call->bytes[4] = (uint8_t)len;
	for (i = 0; i < len; i++)
		call->bytes[5 + i] = (uint8_t)roll(seed, 256);
	h2_put_headers(&end.in, id, PATH, NULL);
}

static void send_more(struct call *call, uint32_t *seed)
{
	uint32_t n = roll(seed, call->len - call->sent + 1);
	int ends = call->sent + n == call->len && roll(seed, 2);

	h2_put_frame(&end.in, T_DATA, ends ? F_END_STREAM : 0, call->id,
		     call->bytes + call->sent, n);
	call->sent += n;
	call->ended = (uint8_t)ends;
}

/* Answers it with what it carried. */
static void check_request(const struct vmc_engine_event *event)
{
	struct call *call = find_call(event->stream);

	CHECK_EQ_INT(event->type, VMC_ENGINE_REQUEST);
	CHECK(call->ended && !call->answered);
	CHECK(vmc_view_is(event->service, "cache.CacheService"));
	CHECK_EQ_INT(event->payload.ptr_len, call->len - 5);
	CHECK_EQ_MEM(event->payload.ptr, call->bytes + 5, call->len - 5);
	call->answered = 1;
	CHECK_EQ_INT(
		answer_with(&end, call->id, call->bytes + 5, call->len - 5),
		VMC_OK);
}

static void give_all(uint32_t *seed)
{
	struct vmc_engine_event event;
	size_t at = 0;

	do {
		while (pump(&end, &event))
			if (event.type != VMC_ENGINE_STARTED &&
			    event.type != VMC_ENGINE_DELIVERED)
				check_request(&event);
		at += give_some(&end, end.in.at + at,
				at + 200 < end.in.len ? roll(seed, 200) + 1 :
							end.in.len - at);
	} while (at < end.in.len);
	end.in.len = 0;
	while (pump(&end, &event))
		if (event.type == VMC_ENGINE_REQUEST)
			check_request(&event);
}

static void check_answered(struct call *call)
{
	struct vmc_view message = h2_message_of(&end.reader, call->id);

	CHECK(h2_answer_of(&end.reader, call->id)->ended);
	CHECK_EQ_INT(message.ptr_len, call->len - 5);
	CHECK_EQ_MEM(message.ptr, call->bytes + 5, call->len - 5);
	h2_forget(&end.reader, call->id);
	call->id = 0;
}

TEST(requests_in_turns)
{
	uint32_t seed = 7, turn, last = 0, answered = 0;

	begin();
	memset(calls, 0, sizeof(calls));
	for (turn = 0; turn < 8000; turn++) {
		struct call *call = &calls[roll(&seed, VMC_STREAM_MAX)];

		if (!call->id) {
			begin_call(call, last += last ? 2 : 1, &seed);
		} else if (!call->ended && roll(&seed, 40) == 0) {
			h2_put_number(&end.in, T_RST, call->id, 8);
			call->id = 0;
		} else if (!call->ended) {
			send_more(call, &seed);
		}
		if (roll(&seed, 3) == 0)
			give_all(&seed);
		if (call->id && call->answered) {
			check_answered(call);
			answered++;
		}
		h2_put_window(&end.in, &end.reader, 0, 100);
		CHECK_EQ_INT(failed(&end), VMC_OK);
	}
	CHECK(answered > 500);
	printf("# %u calls\n", answered);
}

/*
 * Limits
 */

static void put_announced(uint32_t stream, uint32_t length)
{
	h2_put_headers(&end.in, stream, PATH, NULL);
	h2_put_head(&end.in, 5, T_DATA, 0, stream);
	h2_put_u8(&end.in, 0);
	h2_put_u32(&end.in, length);
}

/* One byte over is refused when its length is known, and says so. */
TEST(largest_message)
{
	static uint8_t bytes[MESSAGES_SIZE];
	const uint32_t most = MESSAGES_SIZE - 5 - PATH_LEN;
	struct vmc_engine_event event;
	struct h2_answer *a;

	begin();
	h2_put_request(&end.in, 1, PATH, NULL, bytes, most);
	event = give_until(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(event.payload.ptr_len, most);
	CHECK_EQ_INT(answer(&end, 1, ""), VMC_OK);
	take_all(&end);
	CHECK_EQ_INT(give_until_event(&end).type, VMC_ENGINE_DELIVERED);
	put_announced(3, most + 1);
	give_quietly(&end);
	a = h2_answer_of(&end.reader, 3);
	CHECK_EQ_INT(a->code, VMC_CODE_RESOURCE_EXHAUSTED);
	CHECK(strstr(a->message, "exceed maximum message size") != NULL);
	CHECK_EQ_INT(a->reset, 0);
	put_announced(5, UINT32_MAX);
	give_quietly(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 5)->code,
		     VMC_CODE_RESOURCE_EXHAUSTED);
	/* what of it still comes is read over */
	h2_put_frame(&end.in, T_DATA, F_END_STREAM, 5, bytes, 1000);
	h2_put_request(&end.in, 7, PATH, NULL, "x", 1);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_REQUEST).stream, 7);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 5)->reset, 0);
}

/* As much of all calls together as there is room for. */
TEST(messages_over_the_room_for_all)
{
	static uint8_t bytes[1500];
	uint32_t i, kept = 0;

	begin();
	for (i = 0; i < 8; i++) {
		uint32_t stream = 1 + 2 * i;
		int fits = kept + PATH_LEN + 605 <= MESSAGES_SIZE;

		put_announced(stream, 700);
		h2_put_frame(&end.in, T_DATA, 0, stream, bytes, 600);
		give_quietly(&end);
		CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->code,
			     fits ? -1 : VMC_CODE_RESOURCE_EXHAUSTED);
		kept += fits ? PATH_LEN + 605 : 0;
	}
	CHECK_EQ_INT(end.engine.messages_used, kept);
	for (i = 0; i < 8; i++)
		if (h2_answer_of(&end.reader, 1 + 2 * i)->code < 0)
			h2_put_number(&end.in, T_RST, 1 + 2 * i, 8);
	give_quietly(&end);
	CHECK_EQ_INT(end.engine.messages_used, 0);
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

TEST(paths_of_any_length)
{
	static char path[MESSAGES_SIZE + 100] = "/s/";
	struct vmc_engine_event event;
	uint32_t stream = 1;
	size_t len;

	for (len = 3; len < sizeof(path) - 1; len += 331) {
		begin();
		memset(path + 3, 'm', len - 3);
		path[len] = '\0';
		h2_put_request(&end.in, stream, path, NULL, "", 0);
		if (len + 5 <= MESSAGES_SIZE) {
			event = give_until(&end, VMC_ENGINE_REQUEST);
			CHECK_EQ_INT(event.method.ptr_len, len - 3);
		} else {
			give_quietly(&end);
			CHECK(h2_answer_of(&end.reader, stream)->code > 0);
		}
		CHECK_EQ_INT(failed(&end), VMC_OK);
	}
}

/* Metadata, up to the limit that SETTINGS say; what is over it is told. */
TEST(metadata_up_to_the_limit)
{
	static char value[2000];
	static struct h2_bytes block;
	uint32_t stream = 1, total, i;

	memset(value, 'v', sizeof(value) - 1);
	for (total = VMC_HEADER_LIST_SIZE - 2 * sizeof(value);
	     total < VMC_HEADER_LIST_SIZE + 2 * sizeof(value);
	     total += sizeof(value)) {
		begin();
		block.len = 0;
		h2_put_request_block(&block, PATH, NULL);
		for (i = 300; i + sizeof(value) + 32 < total;
		     i += sizeof(value) + 32)
			h2_put_field(&block, "x", value);
		h2_put_frame(&end.in, T_HEADERS, 0, stream, block.at, 10);
		for (i = 10; i + 16384 < block.len; i += 16384)
			h2_put_frame(&end.in, T_CONTINUATION, 0, stream,
				     block.at + i, 16384);
		h2_put_frame(&end.in, T_CONTINUATION, F_END_HEADERS, stream,
			     block.at + i, block.len - i);
		h2_put_message(&end.in, stream, F_END_STREAM, "x", 1);
		if (total < VMC_HEADER_LIST_SIZE)
			(void)give_until(&end, VMC_ENGINE_REQUEST);
		else if (total > VMC_HEADER_LIST_SIZE + sizeof(value))
			give_quietly(&end);
		else
			continue;
		CHECK_EQ_INT(h2_answer_of(&end.reader, stream)->code,
			     total < VMC_HEADER_LIST_SIZE ?
				     -1 :
				     VMC_CODE_RESOURCE_EXHAUSTED);
		CHECK_EQ_INT(failed(&end), VMC_OK);
	}
}

/* A byte that stands for 4 KiB, many times: too much, whatever it says
 * behind the limit. */
TEST(fields_over_the_limit_are_not_looked_at)
{
	static char value[3900];
	static struct h2_bytes block;
	unsigned i;

	begin();
	memset(value, 'v', sizeof(value) - 1);
	block.len = 0;
	h2_put_request_block(&block, PATH, NULL);
	h2_put(&block, "\x40\1x", 3); /* kept, as entry 62 */
	h2_put_text(&block, value);
	for (i = 0; i < 9000; i++)
		h2_put_u8(&block, 0x80 | 62);
	h2_put_field(&block, "Malformed", "");
	h2_put_frame(&end.in, T_HEADERS, F_END_HEADERS, 1, block.at, block.len);
	h2_put_message(&end.in, 1, F_END_STREAM, "x", 1);
	give_quietly(&end);
	CHECK_EQ_INT(h2_answer_of(&end.reader, 1)->code,
		     VMC_CODE_RESOURCE_EXHAUSTED);
	h2_put_request(&end.in, 3, PATH, NULL, "", 0);
	CHECK_EQ_INT(give_until(&end, VMC_ENGINE_REQUEST).stream, 3);
}

/*
 * Floods
 */

/* Gives one flight again and again, until the connection ends; how often it
 * took that. The reader forgets what it was answered. */
static unsigned flood(void (*put)(uint32_t stream), unsigned most)
{
	struct vmc_engine_event event;
	unsigned turn, i;

	begin();
	for (turn = 0; turn < most && failed(&end) == VMC_OK; turn++) {
		size_t at = 0;

		end.in.len = 0;
		put(1 + 2 * turn);
		while (at < end.in.len) {
			size_t n = give_some(&end, end.in.at + at,
					     end.in.len - at);
			at += n;
			while (pump(&end, &event))
				continue;
			if (n == 0)
				break;
		}
		for (i = 0; i < H2_ANSWERS; i++)
			end.reader.answer[i].stream = 0;
	}
	return turn;
}

static void check_calm(unsigned turns, unsigned expected)
{
	CHECK(turns + 2 >= expected && turns <= expected + 2);
	CHECK_EQ_INT(failed(&end), VMC_ERR_PROTOCOL);
	CHECK_EQ_INT(end.reader.goaways, 1);
	CHECK_EQ_INT(end.reader.goaway_error, 11);
}

static void put_reset_call(uint32_t stream)
{
	h2_put_headers(&end.in, stream, PATH, NULL);
	h2_put_number(&end.in, T_RST, stream, 8);
}

/* CVE-2023-44487 */
TEST(flood_of_resets)
{
	check_calm(flood(put_reset_call, 5000), VMC_GRPC_STRIKE_MAX);
}

static void put_overflowing_call(uint32_t stream)
{
	h2_put_headers(&end.in, stream, PATH, NULL);
	h2_put_number(&end.in, T_WINDOW, stream, 0x7fffffff);
}

/* CVE-2025-8671: it makes us reset them */
TEST(flood_of_calls_that_we_reset)
{
	check_calm(flood(put_overflowing_call, 5000), VMC_GRPC_STRIKE_MAX);
}

static void put_refused_call(uint32_t stream)
{
	h2_put_request(&end.in, stream, "nonsense", NULL, "", 0);
}

TEST(flood_of_calls_that_we_refuse)
{
	check_calm(flood(put_refused_call, 5000), VMC_GRPC_STRIKE_MAX);
}

static void put_empty_data(uint32_t stream)
{
	if (stream == 1)
		h2_put_headers(&end.in, 1, PATH, NULL);
	h2_put_frame(&end.in, T_DATA, 0, 1, NULL, 0);
}

/* CVE-2019-9518 */
TEST(flood_of_empty_frames)
{
	check_calm(flood(put_empty_data, 5000), VMC_GRPC_STRIKE_MAX);
}

static void put_late_data(uint32_t stream)
{
	if (stream == 1)
		put_reset_call(1);
	h2_put_frame(&end.in, T_DATA, 0, 1, "x", 1);
}

TEST(flood_of_data_for_nobody)
{
	unsigned turns = flood(put_late_data, 70000);

	CHECK(turns < 70000 || end.reader.windows > 0);
}

/* A call that is asked for, held up by its window, and then reset: it was
 * not answered, so it makes up for nothing. */
TEST(flood_of_replies_that_are_reset)
{
	unsigned turn;

	begin();
	h2_put_setting(&end.in, 4, 0);
	give_quietly(&end);
	for (turn = 0; turn < 5000 && failed(&end) == VMC_OK; turn++) {
		uint32_t stream = 1 + 2 * turn;

		h2_put_request(&end.in, stream, PATH, NULL, "", 0);
		(void)give_until(&end, VMC_ENGINE_REQUEST);
		CHECK_EQ_INT(answer(&end, stream, "reply"), VMC_OK);
		take_all(&end);
		h2_put_number(&end.in, T_RST, stream, 8);
		CHECK_EQ_INT(give_until(&end, VMC_ENGINE_CANCELLED).stream,
			     stream);
		give_quietly(&end);
		h2_forget(&end.reader, stream);
	}
	check_calm(turn, VMC_GRPC_STRIKE_MAX);
}

/* Calls that are answered make up for those that are not. */
TEST(many_resets_among_calls)
{
	unsigned turn, i;
	uint32_t stream = 1;

	begin();
	for (turn = 0; turn < 300; turn++) {
		for (i = 0; i < 15; i++, stream += 2)
			put_reset_call(stream);
		give_quietly(&end);
		h2_put_request(&end.in, stream, PATH, NULL, "", 0);
		(void)give_until(&end, VMC_ENGINE_REQUEST);
		CHECK_EQ_INT(answer(&end, stream, ""), VMC_OK);
		take_all(&end);
		CHECK_EQ_INT(give_until_event(&end).type, VMC_ENGINE_DELIVERED);
		h2_forget(&end.reader, stream);
		stream += 2;
	}
	CHECK_EQ_INT(failed(&end), VMC_OK);
}

/* CVE-2024-27316 */
TEST(flood_of_continuations)
{
	unsigned i;

	begin();
	h2_put_frame(&end.in, T_HEADERS, 0, 1, "\x83", 1);
	for (i = 0; i < VMC_GRPC_CONTINUATION_MAX; i++)
		h2_put_frame(&end.in, T_CONTINUATION, 0, 1, NULL, 0);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	h2_put_frame(&end.in, T_CONTINUATION, 0, 1, NULL, 0);
	give_quietly(&end);
	check_calm(0, 0);
}

TEST(block_over_its_size)
{
	static uint8_t bytes[16384];
	struct vmc_engine_event event;
	size_t at;
	unsigned i;

	memset(bytes, 0x83, sizeof(bytes));
	begin();
	h2_put_frame(&end.in, T_HEADERS, 0, 1, bytes, 16384);
	for (i = 0; i < 3; i++)
		h2_put_frame(&end.in, T_CONTINUATION, 0, 1, bytes, 16384);
	give_quietly(&end);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	CHECK_EQ_INT(VMC_GRPC_BLOCK_MAX, 4 * 16384);
	h2_put_frame(&end.in, T_CONTINUATION, F_END_HEADERS, 1, bytes, 1);
	for (at = 0; at < end.in.len; at++) {
		CHECK_EQ_INT(give_some(&end, end.in.at + at, 1), 1);
		CHECK(!pump(&end, &event));
	}
	check_calm(0, 0);
}

/* A peer that asks and does not read is not read from any more. */
static void flood_unread(unsigned type, const void *bytes, size_t len)
{
	struct vmc_engine_event event;
	unsigned turn;

	begin();
	h2_put_frame(&end.in, type, 0, 0, bytes, len);
	for (turn = 0; turn < 10000; turn++) {
		size_t n = give_some(&end, end.in.at, end.in.len);

		(void)next(&end, &event);
		if (n < end.in.len)
			break;
	}
	CHECK(turn < 1000);
	CHECK_EQ_INT(failed(&end), VMC_OK);
	take_all(&end);
	(void)next(&end, &event);
	take_all(&end);
	CHECK(end.reader.pongs + end.reader.acks > 10);
}

/* CVE-2019-9512, -9515 */
TEST(flood_of_pings_and_settings)
{
	flood_unread(T_PING, "12345678", 8);
	flood_unread(T_SETTINGS, NULL, 0);
	flood_unread(T_SETTINGS, "\0\4\0\0\0\1", 6);
}

TESTS(RUN(bytes_of_streams_are_their_own)
      RUN(no_more_streams_than_there_are)
      RUN(requests_in_turns)
      RUN(largest_message)
      RUN(messages_over_the_room_for_all)
      RUN(paths_of_any_length)
      RUN(metadata_up_to_the_limit)
      RUN(fields_over_the_limit_are_not_looked_at)
      RUN(flood_of_resets)
      RUN(flood_of_calls_that_we_reset)
      RUN(flood_of_calls_that_we_refuse)
      RUN(flood_of_empty_frames)
      RUN(flood_of_data_for_nobody)
      RUN(flood_of_replies_that_are_reset)
      RUN(many_resets_among_calls)
      RUN(flood_of_continuations)
      RUN(block_over_its_size)
      RUN(flood_of_pings_and_settings));
