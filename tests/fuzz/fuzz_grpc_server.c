/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a server, given whatever a client sends in pieces of
 * whatever size. Calls are answered at once, later, or not at all. Replies
 * are on the heap, as long as they say, and gone once the engine says so.
 */
#include "fuzz_grpc.h"

#define WINDOW_SIZE 1024

static struct end end;

static struct {
	uint32_t under_way; /* its reply; 0: none */
	uint32_t waiting;   /* is answered later; 0: none */
	uint8_t started, defer;
	uint8_t *payload;
} host;

static void put_block(struct h2_bytes *b)
{
	h2_put_request_block(b, "/s.S/M", NULL);
}

static void answer_call(uint32_t stream, unsigned how)
{
	static const uint16_t lens[] = { 0, 1, 7, 100, 300 };
	size_t len = lens[how % 5];
	struct vmc_view parts[3];
	struct vmc_engine_reply reply = {
		.stream = stream,
		.code = (enum vmc_code)(how % 3 ? 0 : how % 20),
		.message = "in words\n",
		.parts = parts,
		.parts_len = how % 4,
	};

	host.payload = malloc(len + !len);
	memset(host.payload, 'p', len);
	parts[0] = (struct vmc_view){ host.payload, len / 3 };
	parts[1] = (struct vmc_view){ host.payload + len / 3, len - len / 3 };
	parts[2] = (struct vmc_view){ NULL, 0 };
	MUST(end.ops->reply(&end.engine, &reply) == VMC_OK);
	host.under_way = stream;
	host.started = 0;
	sane(&end);
	MUST(!idle(&end));
	MUST(end.ops->reply(&end.engine, &reply) == VMC_ERR_BUSY);
}

static void end_reply(const struct vmc_engine_event *event)
{
	MUST(event->stream == host.under_way);
	host.under_way = 0;
	free(host.payload);
	host.payload = NULL;
}

static void request(const struct vmc_engine_event *event)
{
	MUST(event->stream % 2 == 1 && !host.under_way && idle(&end));
	MUST(event->timeout_ns <= INT64_MAX);
	must_lie_in_window(&end, event->service);
	must_lie_in_window(&end, event->method);
	must_lie_in_window(&end, event->payload);
	if (host.defer % 3 == 1 && !host.waiting)
		host.waiting = event->stream;
	else if (host.defer % 3 != 2 || event->stream % 4 == 1)
		answer_call(event->stream, host.defer + event->stream);
}

static void act(const struct vmc_engine_event *event)
{
	switch (event->type) {
	case VMC_ENGINE_REQUEST:
		request(event);
		break;
	case VMC_ENGINE_STARTED:
		MUST(event->stream == host.under_way && !host.started++);
		break;
	case VMC_ENGINE_DELIVERED:
		end_reply(event);
		break;
	case VMC_ENGINE_CANCELLED:
		if (event->stream == host.under_way)
			end_reply(event);
		else if (event->stream == host.waiting)
			host.waiting = 0;
		break;
	default:
		MUST(event->type == VMC_ENGINE_NONE);
	}
}

/* Goes on until nothing changes; sends at most `most` bytes at once. */
static void settle(size_t most)
{
	struct vmc_engine_event event;
	unsigned turns = 0;

	do {
		MUST(++turns < 100000);
		take_by(&end, most);
		if (host.waiting && host.defer & 64 && idle(&end)) {
			answer_call(host.waiting, host.defer);
			host.waiting = 0;
			take_by(&end, most);
		}
		if (!next(&end, &event))
			return;
		act(&event);
	} while (1);
}

static void run(const uint8_t *bytes, size_t len, size_t chunk, size_t most)
{
	const char *why;
	size_t n;

	while (len > 0) {
		n = give_some(&end, bytes, len < chunk ? len : chunk);
		settle(most);
		(void)partial(&end);
		if (n == 0)
			break;
		bytes += n;
		len -= n;
	}
	/* what was not taken, it has given up on */
	MUST(len == 0 || failed_why(&end, &why) < 0);
	end.ops->recv_end(&end.engine);
	settle(most);
	if (host.under_way)
		free(host.payload);
	else /* behind a window that stays shut, calls may be left */
		MUST(failed_why(&end, &why) != VMC_OK && why);
	MUST(end.reader.bytes_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct h2_bytes b;
	uint8_t how = choose(&data, &size);
	size_t chunk = 1u + choose(&data, &size) * 2;
	size_t most = 1u + choose(&data, &size) % 64;

	memset(&host, 0, sizeof(host));
	host.defer = choose(&data, &size);
	begin_end_of(&end, &vmc_grpc_server, WINDOW_SIZE, VMC_GRPC_OUT_SIZE);
	read_strictly(&end);
	b.len = 0;
	if (how & 1)
		h2_put_preface(&b);
	put_input(&b, data, size, how & 2, put_block);
	run(b.at, b.len, chunk, most);
	return 0;
}
