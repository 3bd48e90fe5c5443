/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a server: header blocks that come again, whose fields are
 * not read twice. Held against an engine that is made to forget them.
 */
#define H2_ANSWERS 8
#define H2_DATA_MAX 64
#define H2_BYTES_MAX 2048

#include "test.h"

#include "grpc_world.h"

#define WINDOW_SIZE 4096
#define STREAMS 24

static struct end end;

static void begin(struct end *which)
{
	begin_end_of(which, &vmc_grpc_server, WINDOW_SIZE, VMC_GRPC_OUT_SIZE);
	h2_put_preface(&which->in);
	give_quietly(which);
}

static void ask_with(uint32_t stream, const char *block, size_t block_len)
{
	h2_put_frame(&end.in, T_HEADERS, F_END_HEADERS, stream, block,
		     block_len);
	h2_put_message(&end.in, stream, F_END_STREAM, "", 0);
}

/* Its answer makes room for the next one. */
static void answer_it(uint32_t stream)
{
	struct vmc_engine_event event;

	CHECK_EQ_INT(answer(&end, stream, "x"), VMC_OK);
	while (pump(&end, &event))
		continue;
	h2_forget(&end.reader, stream);
}

static uint64_t ask_again(uint32_t stream)
{
	struct vmc_engine_event event;

	h2_put_request(&end.in, stream, "/a/b", "grpc-timeout: 250m\n", "", 0);
	event = give_until(&end, VMC_ENGINE_REQUEST);
	CHECK_EQ_INT(event.stream, stream);
	CHECK(vmc_view_is(event.service, "a"));
	CHECK(vmc_view_is(event.method, "b"));
	answer_it(stream);
	return event.timeout_ns;
}

TEST(what_comes_again_is_not_read_again)
{
	begin(&end);
	CHECK_EQ_INT(end.engine.known.len, 0);
	CHECK_EQ_INT(ask_again(1), 250000000);
	CHECK(end.engine.known.len > 0);
	CHECK_EQ_INT(ask_again(3), 250000000);
	end.engine.known.timeout_ns = 77; /* were it read, it would not show */
	CHECK_EQ_INT(ask_again(5), 77);
	end.engine.known.bytes[0] = 0;
	CHECK_EQ_INT(ask_again(7), 250000000);
}

#define TYPE_AND_TE "\017\020\020application/grpc\000\002te\010trailers"

/* The newest entry of the table is a path; another one is added between. */
TEST(the_same_bytes_mean_what_the_table_says)
{
	static const char add_b[] = "\x83\x86\x44\x04/a/b" TYPE_AND_TE;
	static const char add_c[] = "\x83\x86\x44\x04/a/c" TYPE_AND_TE;
	static const char newest[] = "\x83\x86\xbe" TYPE_AND_TE;
	static const struct {
		const char *block;
		size_t len;
		const char *method;
	} calls[] = {
		{ add_b, sizeof(add_b) - 1, "b" },
		{ newest, sizeof(newest) - 1, "b" },
		{ newest, sizeof(newest) - 1, "b" },
		{ add_c, sizeof(add_c) - 1, "c" },
		{ newest, sizeof(newest) - 1, "c" },
		{ newest, sizeof(newest) - 1, "c" },
	};
	struct vmc_engine_event event;
	unsigned i;

	begin(&end);
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		ask_with(2 * i + 1, calls[i].block, calls[i].len);
		event = give_until(&end, VMC_ENGINE_REQUEST);
		CHECK(vmc_view_is(event.method, calls[i].method));
		answer_it(2 * i + 1);
	}
}

/* With its table as small as 62, the last of these is too large for it, and
 * drives out what is there. */
TEST(what_changes_the_table_is_not_known)
{
	static const char base[] = "\203\206\004\004/a/b" TYPE_AND_TE;
	static const struct {
		const char *before, *after;
		int known;
	} blocks[] = {
		{ "", "", 1 },
		{ "\077\037", "", 0 },
		{ "", "", 1 },
		{ "", "\100\001x\001y", 0 },
		{ "", "", 1 },
		{ "", "\100\001x\037yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy", 0 },
		{ "", "", 1 },
		{ "\040", "", 0 },
	};
	char block[128];
	size_t i, len;

	begin(&end);
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		len = strlen(blocks[i].before);
		memcpy(block, blocks[i].before, len);
		memcpy(block + len, base, sizeof(base) - 1);
		len += sizeof(base) - 1;
		memcpy(block + len, blocks[i].after, strlen(blocks[i].after));
		len += strlen(blocks[i].after);
		ask_with(2 * (uint32_t)i + 1, block, len);
		(void)give_until(&end, VMC_ENGINE_REQUEST);
		answer_it(2 * (uint32_t)i + 1);
		CHECK_EQ_INT(end.engine.known.len, blocks[i].known ? len : 0);
	}
}

/*
 * At random, against one that forgets
 */

struct block {
	uint8_t at[512];
	size_t len;
};

/* A part of a block: most often the first. */
static void put_one_of(struct h2_bytes *b, uint32_t *seed,
		       const struct vmc_view *parts, unsigned len)
{
	const struct vmc_view *part =
		&parts[roll(seed, 4) ? 0 : roll(seed, len)];

	h2_put(b, part->ptr, part->ptr_len);
}

#define PART(text)                                                             \
	{                                                                      \
		(const uint8_t *)(text), sizeof(text) - 1                      \
	}
#define PUT_ONE_OF(b, seed, parts)                                             \
	put_one_of(b, seed, parts, sizeof(parts) / sizeof((parts)[0]))

/* Numbers are octal, so that a letter can follow. */
static const struct vmc_view sizes[] = { PART(""), PART("\040"),
					 PART("\077\037"),
					 PART("\077\341\037") };
static const struct vmc_view paths[] = {
	PART("\004\004/a/b"),
	PART("\104\004/a/c"),
	PART("\104\004/a/d"),
	PART("\276"),
	PART("\277"),
	PART("\300"),
	PART("\004\003/ab"),
	PART("\004\106/a/" /* 70: not to be known */
	     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	     "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb")
};
static const struct vmc_view types[] = { PART("\017\020\020application/grpc"),
					 PART("\137\020application/grpc"),
					 PART("\276"),
					 PART("\017\020\011text/html") };
static const struct vmc_view tes[] = { PART("\000\002te\010trailers"),
				       PART("\100\002te\010trailers"),
				       PART("\276"), PART("") };
static const struct vmc_view others[] = {
	PART(""),
	PART("\000\014grpc-timeout\0025S"),
	PART("\000\014grpc-timeout\0015"),
	PART("\000\015grpc-encoding\004gzip"),
	PART("\017\015\0015"),
	PART("\017\015\0016"),
	PART("\000\012connection\001x"),
	PART("\100\001x\001y"),
	PART("\000\001X\001y"),
	PART("\000\200"),
	PART("\207"),
	PART("\277"),
};

static void make_block(struct block *block, uint32_t *seed)
{
	static struct h2_bytes b;

	b.len = 0;
	PUT_ONE_OF(&b, seed, sizes);
	h2_put(&b, "\x83\x86", 2);
	PUT_ONE_OF(&b, seed, paths);
	PUT_ONE_OF(&b, seed, types);
	PUT_ONE_OF(&b, seed, tes);
	PUT_ONE_OF(&b, seed, others);
	H2_MUST(b.len <= sizeof(block->at));
	memcpy(block->at, b.at, b.len);
	block->len = b.len;
}

static void put_call(struct h2_bytes *b, const struct block *block,
		     uint32_t stream, uint32_t how)
{
	size_t first = block->len / 2;
	unsigned ends = how % 16 == 0 ? F_END_STREAM : 0;

	if (how % 11 == 0) {
		h2_put_frame(b, T_HEADERS, ends, stream, block->at, first);
		h2_put_frame(b, T_CONTINUATION, F_END_HEADERS, stream,
			     block->at + first, block->len - first);
	} else {
		h2_put_frame(b, T_HEADERS, ends | F_END_HEADERS, stream,
			     block->at, block->len);
	}
	if (!ends && how % 13 == 0) /* as trailers */
		h2_put_frame(b, T_HEADERS, F_END_STREAM | F_END_HEADERS, stream,
			     block->at, block->len);
	else if (!ends)
		h2_put_message(b, stream, F_END_STREAM, "", 0);
}

struct seen {
	char service[128], method[128];
	uint64_t timeout_ns;
	unsigned requests, cancelled;
};

static void see(struct seen *seen, const struct vmc_engine_event *event)
{
	if (event->type == VMC_ENGINE_CANCELLED)
		seen->cancelled++;
	if (event->type != VMC_ENGINE_REQUEST)
		return;
	seen->requests++;
	seen->timeout_ns = event->timeout_ns;
	H2_MUST(event->service.ptr_len < sizeof(seen->service) &&
		event->method.ptr_len < sizeof(seen->method));
	memcpy(seen->service, event->service.ptr, event->service.ptr_len);
	memcpy(seen->method, event->method.ptr, event->method.ptr_len);
}

/* Gives a call to an engine and answers it; 0 if the connection is over. */
static int take_call(struct end *which, const struct h2_bytes *in,
		     struct seen *seen)
{
	struct vmc_engine_event event;
	size_t at = 0, n;

	memset(seen, 0, sizeof(*seen));
	do {
		while (pump(which, &event)) {
			see(seen, &event);
			if (event.type == VMC_ENGINE_REQUEST)
				CHECK_EQ_INT(answer(which, event.stream, "x"),
					     VMC_OK);
		}
		n = give_some(which, in->at + at, in->len - at);
		at += n;
	} while (n > 0);
	return at == in->len && failed(which) == VMC_OK;
}

static unsigned known_of(const struct end *which, const struct block *block)
{
	return which->engine.known.len == block->len &&
	       memcmp(which->engine.known.bytes, block->at, block->len) == 0;
}

/* A connection; how often a block came that was known. */
static unsigned compare(uint32_t *seed)
{
	static struct end other;
	static struct block blocks[3];
	static struct h2_bytes in;
	struct seen seen, expected;
	unsigned i, known = 0, n;
	int goes_on = 1;

	begin(&end);
	begin(&other);
	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
		make_block(&blocks[i], seed);
	for (i = 0; i < STREAMS && goes_on; i++) {
		n = roll(seed, sizeof(blocks) / sizeof(blocks[0]));
		if (roll(seed, 3) == 0)
			make_block(&blocks[n], seed);
		in.len = 0;
		put_call(&in, &blocks[n], 2 * i + 1, roll(seed, 1 << 16));
		known += known_of(&end, &blocks[n]);
		other.engine.known.len = 0;
		goes_on = take_call(&other, &in, &expected);
		CHECK_EQ_INT(take_call(&end, &in, &seen), goes_on);
		CHECK_EQ_MEM(&seen, &expected, sizeof(seen));
		CHECK_EQ_MEM(&end.reader, &other.reader, sizeof(end.reader));
		h2_forget(&end.reader, 2 * i + 1);
		h2_forget(&other.reader, 2 * i + 1);
	}
	return known;
}

TEST(what_is_known_says_what_it_said)
{
	uint32_t seed = 1;
	unsigned i, known = 0;

	for (i = 0; i < 2000; i++)
		known += compare(&seed);
	CHECK(known > 2000);
}

TESTS(RUN(what_comes_again_is_not_read_again)
      RUN(the_same_bytes_mean_what_the_table_says)
      RUN(what_changes_the_table_is_not_known)
      RUN(what_is_known_says_what_it_said));
