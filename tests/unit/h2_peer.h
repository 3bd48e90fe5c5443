/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other end of a gRPC connection, by hand: frames are put together byte
 * by byte, and what comes is read without any of the library's code, as
 * strictly as the RFCs allow. What it reads of HPACK is what our writer
 * uses: literals without Huffman code or table entries.
 *
 * An h2_reader holds what its peer may send to that: to windows, frame
 * sizes, and to the states of streams.
 */
#ifndef VMC_TEST_H2_PEER_H
#define VMC_TEST_H2_PEER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmcache/config.h"
#include "vmcache/view.h"

#ifndef H2_MUST
#define H2_MUST(cond) CHECK(cond)
#endif

#define H2_PREFACE_TEXT "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define H2_PREFACE_LEN 24

enum {
	T_DATA,
	T_HEADERS,
	T_PRIORITY,
	T_RST,
	T_SETTINGS,
	T_PUSH,
	T_PING,
	T_GOAWAY,
	T_WINDOW,
	T_CONTINUATION
};
enum {
	F_END_STREAM = 1,
	F_ACK = 1,
	F_END_HEADERS = 4,
	F_PADDED = 8,
	F_PRIORITY = 32
};

/*
 * Writing
 */

struct h2_bytes {
	uint8_t at[70000];
	size_t len;
};

static inline void h2_put(struct h2_bytes *b, const void *bytes, size_t len)
{
	H2_MUST(len <= sizeof(b->at) - b->len);
	if (len > 0)
		memcpy(b->at + b->len, bytes, len);
	b->len += len;
}

static inline void h2_put_u8(struct h2_bytes *b, unsigned value)
{
	uint8_t byte = (uint8_t)value;

	h2_put(b, &byte, 1);
}

static inline void h2_put_u32(struct h2_bytes *b, uint32_t value)
{
	for (int shift = 24; shift >= 0; shift -= 8)
		h2_put_u8(b, value >> shift);
}

static inline void h2_put_head(struct h2_bytes *b, size_t len, unsigned type,
			       unsigned flags, uint32_t stream)
{
	h2_put_u32(b, (uint32_t)len << 8 | type);
	h2_put_u8(b, flags);
	h2_put_u32(b, stream);
}

static inline void h2_put_frame(struct h2_bytes *b, unsigned type,
				unsigned flags, uint32_t stream,
				const void *payload, size_t len)
{
	h2_put_head(b, len, type, flags, stream);
	h2_put(b, payload, len);
}

static inline void h2_put_number(struct h2_bytes *b, unsigned type,
				 uint32_t stream, uint32_t number)
{
	h2_put_head(b, 4, type, 0, stream);
	h2_put_u32(b, number);
}

static inline void h2_put_setting(struct h2_bytes *b, unsigned id,
				  uint32_t value)
{
	h2_put_head(b, 6, T_SETTINGS, 0, 0);
	h2_put_u8(b, 0);
	h2_put_u8(b, id);
	h2_put_u32(b, value);
}

/* What a client says first. */
static inline void h2_put_preface(struct h2_bytes *b)
{
	h2_put(b, H2_PREFACE_TEXT, H2_PREFACE_LEN);
	h2_put_frame(b, T_SETTINGS, 0, 0, NULL, 0);
}

/* A number that begins in the last `bits` of a byte. */
static inline void h2_put_prefixed(struct h2_bytes *b, unsigned first,
				   unsigned bits, size_t value)
{
	const size_t most = ((size_t)1 << bits) - 1;

	if (value < most) {
		h2_put_u8(b, first | (unsigned)value);
		return;
	}
	h2_put_u8(b, first | (unsigned)most);
	for (value -= most; value > 127; value >>= 7)
		h2_put_u8(b, 128 | (unsigned)(value & 127));
	h2_put_u8(b, (unsigned)value);
}

static inline void h2_put_text(struct h2_bytes *b, const char *text)
{
	h2_put_prefixed(b, 0, 7, strlen(text));
	h2_put(b, text, strlen(text));
}

static inline void h2_put_field(struct h2_bytes *b, const char *name,
				const char *value)
{
	h2_put_u8(b, 0);
	h2_put_text(b, name);
	h2_put_text(b, value);
}

/* The fields of a request; `more` are "name: value\n" each. */
static inline void h2_put_fields(struct h2_bytes *b, const char *more)
{
	char name[64], value[1024];
	int used;

	while (more && sscanf(more, "%63[^ ] %1023[^\n]\n%n", name, value,
			      &used) == 2) {
		name[strlen(name) - 1] = '\0';
		h2_put_field(b, name, value);
		more += used;
	}
}

static inline void h2_put_request_block(struct h2_bytes *b, const char *path,
					const char *more)
{
	static const uint8_t type[] = "\x0f\x10\x10"
				      "application/grpc";

	h2_put(b, "\x83\x86\x04", 3);
	h2_put_text(b, path);
	h2_put(b, type, sizeof(type) - 1);
	h2_put_field(b, "te", "trailers");
	h2_put_fields(b, more);
}

static inline void h2_put_headers(struct h2_bytes *b, uint32_t stream,
				  const char *path, const char *more)
{
	static struct h2_bytes block;

	block.len = 0;
	h2_put_request_block(&block, path, more);
	h2_put_frame(b, T_HEADERS, F_END_HEADERS, stream, block.at, block.len);
}

/* A message with its prefix, in one frame. */
static inline void h2_put_message(struct h2_bytes *b, uint32_t stream,
				  unsigned flags, const void *message,
				  size_t len)
{
	h2_put_head(b, 5 + len, T_DATA, flags, stream);
	h2_put_u8(b, 0);
	h2_put_u32(b, (uint32_t)len);
	h2_put(b, message, len);
}

static inline void h2_put_request(struct h2_bytes *b, uint32_t stream,
				  const char *path, const char *more,
				  const void *message, size_t len)
{
	h2_put_headers(b, stream, path, more);
	h2_put_message(b, stream, F_END_STREAM, message, len);
}

/*
 * Reading
 */

#ifndef H2_ANSWERS
#define H2_ANSWERS 48
#define H2_DATA_MAX 20000
#define H2_BYTES_MAX 40000
#endif

struct h2_answer {
	uint32_t stream; /* 0: free */
	int http, code;  /* -1: none */
	char path[128], timeout[16], message[700], encoding[32];
	uint8_t data[H2_DATA_MAX]; /* prefix included */
	size_t data_len;
	unsigned blocks, frames;
	int ended;
	long reset;     /* error of RST_STREAM, -1: none */
	int64_t window; /* what may still come on it */
};

struct h2_reader {
	uint8_t bytes[H2_BYTES_MAX]; /* which are no whole frame yet */
	size_t bytes_len;
	int64_t window, initial; /* of the connection, of new streams */
	uint32_t frame_max;
	unsigned settings, acks, pings, pongs, windows, goaways;
	uint32_t goaway_last, goaway_error;
	char goaway_words[128];
	unsigned frames, preface_left;
	uint64_t opened; /* by WINDOW_UPDATE of the connection */
	uint32_t stream_max, header_list_max;
	struct h2_answer answer[H2_ANSWERS];
	struct h2_answer none;
};

static inline void h2_reader_init(struct h2_reader *r)
{
	memset(r, 0, sizeof(*r));
	r->window = r->initial = 65535;
	r->frame_max = 16384;
	r->stream_max = UINT32_MAX;
}

/* A new one if there is none yet. */
static inline struct h2_answer *h2_answer_of(struct h2_reader *r,
					     uint32_t stream)
{
	struct h2_answer *free = NULL;
	unsigned i;

	for (i = 0; i < H2_ANSWERS; i++) {
		if (r->answer[i].stream == stream)
			return &r->answer[i];
		if (r->answer[i].stream == 0 && !free)
			free = &r->answer[i];
	}
	H2_MUST(free != NULL);
	memset(free, 0, sizeof(*free));
	free->stream = stream;
	free->http = free->code = -1;
	free->reset = -1;
	free->window = r->initial;
	return free;
}

/* Forgets one, so that its place is another's. */
static inline void h2_forget(struct h2_reader *r, uint32_t stream)
{
	h2_answer_of(r, stream)->stream = 0;
}

struct h2_cursor {
	const uint8_t *at;
	size_t left;
};

static inline unsigned h2_u8(struct h2_cursor *c)
{
	H2_MUST(c->left > 0);
	c->left--;
	return *c->at++;
}

static inline uint32_t h2_u32(struct h2_cursor *c)
{
	uint32_t value = h2_u8(c) << 24;

	value |= h2_u8(c) << 16;
	value |= h2_u8(c) << 8;
	return value | h2_u8(c);
}

static inline size_t h2_prefixed(struct h2_cursor *c, unsigned first,
				 unsigned bits)
{
	const size_t most = ((size_t)1 << bits) - 1;
	size_t value = first & most;
	unsigned shift = 0, byte;

	if (value < most)
		return value;
	do {
		byte = h2_u8(c);
		value += (size_t)(byte & 127) << shift;
		shift += 7;
		H2_MUST(shift < 28);
	} while (byte & 128);
	return value;
}

static inline void h2_text(struct h2_cursor *c, char *out, size_t cap)
{
	unsigned first = h2_u8(c);
	size_t len = h2_prefixed(c, first, 7);

	H2_MUST(!(first & 128)); /* no Huffman code */
	H2_MUST(len <= c->left && len < cap);
	memcpy(out, c->at, len);
	out[len] = '\0';
	c->at += len;
	c->left -= len;
}

static inline const char *h2_static_name(size_t index)
{
	switch (index) {
	case 1:
		return ":authority";
	case 4:
		return ":path";
	case 8:
		return ":status";
	case 31:
		return "content-type";
	default:
		H2_MUST(!"a name that our writer does not use");
		return "";
	}
}

static inline int h2_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	H2_MUST(c >= 'A' && c <= 'F');
	return c - 'A' + 10;
}

/* Strictly: every byte that need not be there as it is, is encoded. */
static inline void h2_percent(char *out, const char *text)
{
	for (; *text; text++) {
		H2_MUST(*text >= ' ' && *text <= '~');
		if (*text != '%') {
			*out++ = *text;
			continue;
		}
		*out++ = (char)(h2_hex(text[1]) << 4 | h2_hex(text[2]));
		text += 2;
	}
	*out = '\0';
}

static inline void h2_field(struct h2_answer *a, const char *name,
			    const char *value)
{
	if (strcmp(name, ":status") == 0)
		a->http = atoi(value);
	else if (strcmp(name, "grpc-status") == 0)
		a->code = atoi(value);
	else if (strcmp(name, "grpc-message") == 0)
		h2_percent(a->message, value);
	else if (strcmp(name, "grpc-accept-encoding") == 0)
		snprintf(a->encoding, sizeof(a->encoding), "%.31s", value);
	else if (strcmp(name, ":path") == 0)
		snprintf(a->path, sizeof(a->path), "%.127s", value);
	else if (strcmp(name, "grpc-timeout") == 0)
		snprintf(a->timeout, sizeof(a->timeout), "%.15s", value);
	else if (strcmp(name, "content-type") == 0)
		H2_MUST(strcmp(value, "application/grpc") == 0);
	else if (strcmp(name, "te") == 0)
		H2_MUST(strcmp(value, "trailers") == 0);
	else
		H2_MUST(strcmp(name, ":authority") == 0);
}

static inline void h2_block(struct h2_answer *a, struct h2_cursor *c)
{
	char name[64], value[2048];

	while (c->left > 0) {
		unsigned first = h2_u8(c);
		size_t index;

		if (first == 0x20 || first == 0x83 || first == 0x86)
			continue;
		if (first == 0x88) {
			h2_field(a, ":status", "200");
			continue;
		}
		H2_MUST(first < 0x10);
		index = h2_prefixed(c, first, 4);
		if (index == 0)
			h2_text(c, name, sizeof(name));
		else
			snprintf(name, sizeof(name), "%s",
				 h2_static_name(index));
		h2_text(c, value, sizeof(value));
		h2_field(a, name, value);
	}
}

static inline void h2_take_data(struct h2_reader *r, struct h2_answer *a,
				struct h2_cursor *c)
{
	H2_MUST(a->blocks > 0 && !a->ended);
	a->window -= (int64_t)c->left;
	r->window -= (int64_t)c->left;
	H2_MUST(c->left == 0 || (a->window >= 0 && r->window >= 0));
	H2_MUST(c->left <= sizeof(a->data) - a->data_len);
	memcpy(a->data + a->data_len, c->at, c->left);
	a->data_len += c->left;
	a->frames++;
}

static inline void h2_take_settings(struct h2_reader *r, unsigned flags,
				    struct h2_cursor *c)
{
	if (flags & F_ACK) {
		H2_MUST(c->left == 0);
		r->acks++;
		return;
	}
	r->settings++;
	while (c->left > 0) {
		unsigned id = h2_u8(c) << 8;
		uint32_t value;

		id |= h2_u8(c);
		value = h2_u32(c);
		if (id == 3)
			r->stream_max = value;
		if (id == 6)
			r->header_list_max = value;
	}
}

static inline void h2_take_goaway(struct h2_reader *r, struct h2_cursor *c)
{
	r->goaways++;
	r->goaway_last = h2_u32(c);
	r->goaway_error = h2_u32(c);
	H2_MUST(c->left < sizeof(r->goaway_words));
	memcpy(r->goaway_words, c->at, c->left);
	r->goaway_words[c->left] = '\0';
}

/* A frame on a stream. */
static inline void h2_take_call(struct h2_reader *r, unsigned type,
				unsigned flags, uint32_t stream,
				struct h2_cursor *c)
{
	struct h2_answer *a = h2_answer_of(r, stream);

	H2_MUST(type == T_WINDOW || type == T_RST || a->reset < 0);
	switch (type) {
	case T_DATA:
		h2_take_data(r, a, c);
		break;
	case T_HEADERS:
		H2_MUST(flags & F_END_HEADERS);
		H2_MUST(!a->ended);
		h2_block(a, c);
		a->blocks++;
		break;
	case T_RST:
		a->reset = (long)h2_u32(c);
		return;
	default:
		H2_MUST(type == T_WINDOW);
		H2_MUST(h2_u32(c) > 0);
		return;
	}
	a->ended |= flags & F_END_STREAM;
}

static inline void h2_take_frame(struct h2_reader *r, unsigned type,
				 unsigned flags, uint32_t stream,
				 struct h2_cursor *c)
{
	uint32_t by;

	H2_MUST(r->frames++ > 0 || (type == T_SETTINGS && !(flags & F_ACK)));
	if (stream) {
		h2_take_call(r, type, flags, stream, c);
		return;
	}
	switch (type) {
	case T_SETTINGS:
		h2_take_settings(r, flags, c);
		break;
	case T_PING:
		H2_MUST(c->left == 8);
		*(flags & F_ACK ? &r->pongs : &r->pings) += 1;
		break;
	case T_GOAWAY:
		h2_take_goaway(r, c);
		break;
	default:
		H2_MUST(type == T_WINDOW && c->left == 4);
		by = h2_u32(c);
		H2_MUST(by > 0 && by <= 0x7fffffff);
		r->windows++;
		r->opened += by;
	}
}

/* Takes one whole frame off what has come; 0 if there is none. */
static inline int h2_take_one(struct h2_reader *r)
{
	struct h2_cursor c = { r->bytes, r->bytes_len };
	unsigned type, flags;
	uint32_t word, stream;
	size_t len;

	if (c.left < 9)
		return 0;
	word = h2_u32(&c);
	len = word >> 8;
	type = word & 255;
	flags = h2_u8(&c);
	stream = h2_u32(&c);
	H2_MUST(len <= r->frame_max && stream <= 0x7fffffff);
	if (c.left < len)
		return 0;
	c.left = len;
	h2_take_frame(r, type, flags, stream, &c);
	r->bytes_len -= 9 + len;
	memmove(r->bytes, r->bytes + 9 + len, r->bytes_len);
	return 1;
}

/* Takes the preface off that a client begins with. */
static inline void h2_take_preface(struct h2_reader *r)
{
	const char *left = &H2_PREFACE_TEXT[H2_PREFACE_LEN - r->preface_left];
	size_t len = r->preface_left;

	if (len > r->bytes_len)
		len = r->bytes_len;
	H2_MUST(memcmp(r->bytes, left, len) == 0);
	r->preface_left -= (unsigned)len;
	r->bytes_len -= len;
	memmove(r->bytes, r->bytes + len, r->bytes_len);
}

static inline void h2_read(struct h2_reader *r, const void *bytes, size_t len)
{
	H2_MUST(len <= sizeof(r->bytes) - r->bytes_len);
	memcpy(r->bytes + r->bytes_len, bytes, len);
	r->bytes_len += len;
	h2_take_preface(r);
	while (h2_take_one(r))
		continue;
}

/* Bytes of a message, its prefix apart, that have come on the stream, those
 * of a frame that is not whole yet included. */
static inline size_t h2_payload_taken(struct h2_reader *r, uint32_t stream)
{
	size_t len = h2_answer_of(r, stream)->data_len;

	if (r->bytes_len > 9 && r->bytes[3] == T_DATA)
		len += r->bytes_len - 9;
	return len > 5 ? len - 5 : 0;
}

/* The message that has come, which must be whole. */
static inline struct vmc_view h2_message_of(struct h2_reader *r,
					    uint32_t stream)
{
	struct h2_answer *a = h2_answer_of(r, stream);
	struct h2_cursor c = { a->data, a->data_len };

	H2_MUST(h2_u8(&c) == 0);
	H2_MUST(h2_u32(&c) == c.left);
	return (struct vmc_view){ c.at, c.left };
}

/* Lets more come, as WINDOW_UPDATE says. */
static inline void h2_put_window(struct h2_bytes *b, struct h2_reader *r,
				 uint32_t stream, uint32_t by)
{
	h2_put_number(b, T_WINDOW, stream, by);
	if (stream)
		h2_answer_of(r, stream)->window += by;
	else
		r->window += by;
}

/* SETTINGS_INITIAL_WINDOW_SIZE, for what is open too. */
static inline void h2_put_initial(struct h2_bytes *b, struct h2_reader *r,
				  uint32_t value)
{
	unsigned i;

	h2_put_setting(b, 4, value);
	for (i = 0; i < H2_ANSWERS; i++)
		r->answer[i].window += (int64_t)value - r->initial;
	r->initial = value;
}

#endif
