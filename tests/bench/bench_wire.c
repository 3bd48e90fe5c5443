/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and answers as bytes (see bench.h). Of an answer only its end is
 * looked for: a ttrpc header begins with its length, the bare server's is
 * known, and in HTTP/2 it is a flag.
 *
 * A gRPC connection begins as grpc-go's does: its first block of headers
 * puts into the server's table what all later blocks refer to.
 */
#include "bench.h"

#include <string.h>

#define TTRPC_HEADER_SIZE 10
#define H2_HEADER_SIZE 9
#define H2_ACK 1
#define H2_END_STREAM 1

enum { H2_DATA = 0, H2_HEADERS = 1, H2_SETTINGS = 4, H2_PING = 6 };

static uint32_t be32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

static void put(struct bench_bytes *out, const void *bytes, size_t len)
{
	if (len > sizeof(out->bytes) - out->len)
		bench_fail("a request is too long");
	memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void put_be32(struct bench_bytes *out, uint32_t value)
{
	const uint8_t bytes[] = { (uint8_t)(value >> 24),
				  (uint8_t)(value >> 16), (uint8_t)(value >> 8),
				  (uint8_t)value };

	put(out, bytes, sizeof(bytes));
}

/* Request{service = 1, method = 2}: an empty payload is left out. */
static void put_ttrpc(struct bench_bytes *out, enum bench_call call,
		      uint32_t id)
{
	static const char *const body[] = {
		"\x0a\x12"
		"cache.CacheService\x12\x06Status",
		"\x0a\x12"
		"cache.CacheService\x12\x09GetBaseVM",
	};

	put_be32(out, (uint32_t)strlen(body[call]));
	put_be32(out, id);
	put(out, "\x01\x00", 2); /* a request */
	put(out, body[call], strlen(body[call]));
}

static void put_h2_header(struct bench_bytes *out, size_t len, uint8_t type,
			  uint8_t flags, uint32_t id)
{
	put_be32(out, (uint32_t)len << 8 | type);
	put(out, &flags, 1);
	put_be32(out, id);
}

/* Preface; SETTINGS and a WINDOW_UPDATE that open all windows for good. */
static void put_h2_begin(struct bench_bytes *out)
{
	static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

	put(out, preface, sizeof(preface) - 1);
	put_h2_header(out, 6, H2_SETTINGS, 0, 0);
	put(out, "\x00\x04\x7f\xff\xff\xff", 6);
	put_h2_header(out, 4, 8, 0, 0);
	put(out, "\x7f\xff\x00\x00", 4);
}

/* Captured from grpc-go 1.33.3: POST, http, path, localhost,
 * application/grpc, user-agent, te, all to be indexed. */
static void put_first_block(struct bench_bytes *out, enum bench_call call)
{
	static const char path[] = "\x60\x83\x24\xe5\x5e\xf0\xc9\x39\x77\x16"
				   "\xce\xe6\x21\x58";
	static const char *const method[] = {
		"\xdc\x91\xa6\xd4\x7f",
		"\xc4\x54\xdd\x1a\x0b\xc7\x47",
	};
	static const char rest[] =
		"\x41\x86\xa0\xe4\x1d\x13\x9d\x09\x5f\x8b\x1d\x75\xd0\x62\x0d"
		"\x26\x3d\x4c\x4d\x65\x64\x7a\x8b\x9a\xca\xc8\xb4\xc7\x60\x2b"
		"\xb2\xca\xec\xff\x40\x02te\x86\x4d\x83\x35\x05\xb1\x1f";
	size_t method_len = strlen(method[call]);
	uint8_t path_len = (uint8_t)(0x80 | (sizeof(path) - 1 + method_len));

	put_h2_header(out, 4 + sizeof(path) - 1 + method_len + sizeof(rest) - 1,
		      H2_HEADERS, 4, 1);
	put(out, "\x83\x86\x45", 3);
	put(out, &path_len, 1);
	put(out, path, sizeof(path) - 1);
	put(out, method[call], method_len);
	put(out, rest, sizeof(rest) - 1);
}

static void put_grpc(struct bench_bytes *out, enum bench_call call, uint32_t id)
{
	if (id == 1) {
		put_h2_begin(out);
		put_first_block(out, call);
	} else {
		put_h2_header(out, 7, H2_HEADERS, 4, id);
		put(out, "\x83\x86\xc2\xc1\xc0\xbf\xbe", 7);
	}
	put_h2_header(out, 5, H2_DATA, H2_END_STREAM, id);
	put(out, "\0\0\0\0\0", 5);
}

/* see bench.h */
void bench_wire_request(const struct bench_load *load,
			struct bench_connection *connection,
			struct bench_bytes *out)
{
	uint32_t id = connection->id;

	out->len = 0;
	connection->id += 2;
	connection->message = 0;
	switch (bench_sides[load->side].wire) {
	case BENCH_TTRPC:
		put_ttrpc(out, load->call, id);
		return;
	case BENCH_GRPC:
		put_grpc(out, load->call, id);
		return;
	default:
		memcpy(out->bytes, &load->sizes, sizeof(load->sizes));
		out->len = load->sizes.request;
	}
}

/* A frame of HTTP/2: 1 if it ends an answer. */
static int hear_frame(struct bench_connection *connection, const uint8_t *frame,
		      size_t len, struct bench_bytes *out)
{
	uint8_t type = frame[3], flags = frame[4];

	if (type == H2_SETTINGS && !(flags & H2_ACK))
		put_h2_header(out, 0, H2_SETTINGS, H2_ACK, 0);
	if (type == H2_PING && !(flags & H2_ACK)) {
		put_h2_header(out, len, H2_PING, H2_ACK, 0);
		put(out, frame + H2_HEADER_SIZE, len);
	}
	if (type == H2_DATA && len > 5)
		connection->message = 1;
	if (type > H2_HEADERS || !(flags & H2_END_STREAM))
		return 0;
	if (!connection->message)
		bench_fail("an answer without a message");
	return 1;
}

static int hear_grpc(struct bench_connection *connection,
		     struct bench_bytes *out)
{
	uint8_t *at = connection->in, *end = at + connection->got;
	int answered = 0;
	size_t len;

	while (end - at >= H2_HEADER_SIZE) {
		len = be32(at) >> 8;
		if ((size_t)(end - at) < H2_HEADER_SIZE + len)
			break;
		answered |= hear_frame(connection, at, len, out);
		at += H2_HEADER_SIZE + len;
	}
	connection->got = (size_t)(end - at);
	memmove(connection->in, at, connection->got);
	return answered;
}

/* see bench.h */
int bench_wire_answer(const struct bench_load *load,
		      struct bench_connection *connection,
		      struct bench_bytes *out)
{
	enum bench_wire wire = bench_sides[load->side].wire;
	size_t wanted = load->sizes.response;

	out->len = 0;
	if (wire == BENCH_GRPC)
		return hear_grpc(connection, out);
	if (wire == BENCH_TTRPC && connection->got < TTRPC_HEADER_SIZE)
		return 0;
	if (wire == BENCH_TTRPC)
		wanted = TTRPC_HEADER_SIZE + be32(connection->in);
	if (connection->got < wanted)
		return 0;
	connection->got = 0;
	return 1;
}
