/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's engine, given whatever a peer sends in pieces of whatever
 * size. What it sends must be whole frames that a client of ours can read,
 * with codes that may travel.
 */
#include "fuzz.h"

#include "vmcache/engine.h"
#include "../../src/base/text.h"
#include "../../src/wire/ttrpc_frame.h"

#define WINDOW_SIZE 128
#define OUT_SIZE 256

static const struct vmc_engine_ops *const ops = &vmc_ttrpc_server;

struct peer {
	struct vmc_ttrpc engine;
	uint8_t window[WINDOW_SIZE], out[OUT_SIZE];
	uint8_t sent[4 * OUT_SIZE]; /* and not read yet */
	size_t sent_len;
	uint32_t waiting; /* a call that is answered later; 0: none */
	uint8_t defer;
};

/* Reads the frames that have come whole. */
static void read_frames(struct peer *peer)
{
	struct vmc_view all = { peer->sent, peer->sent_len }, data;
	struct vmc_ttrpc_header header;
	struct vmc_ttrpc_response response;
	struct vmc_reader r;
	const char *why;

	vmc_reader_init(&r, all);
	while (vmc_ttrpc_header_read(&header, &r) == VMC_OK &&
	       header.length <= r.left) {
		MUST(header.type == VMC_TTRPC_RESPONSE);
		MUST(header.flags == 0);
		data = vmc_take_bytes(&r, header.length);
		MUST(vmc_ttrpc_response_read(&response, data, &why) == VMC_OK);
		MUST(vmc_utf8_valid(response.message));
		peer->sent_len -= VMC_TTRPC_HEADER_SIZE + header.length;
		all = vmc_take_rest(&r);
		vmc_reader_init(&r, all);
	}
	memmove(peer->sent, all.ptr, peer->sent_len);
}

static void take_some(struct peer *peer, size_t most)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len, len;

	if (!ops->send_buf(&peer->engine, parts, &parts_len))
		return;
	MUST(parts_len >= 1 && parts_len <= VMC_PARTS_MAX);
	len = parts[0].ptr_len < most ? parts[0].ptr_len : most;
	MUST(len <= sizeof(peer->sent) - peer->sent_len);
	memcpy(peer->sent + peer->sent_len, parts[0].ptr, len);
	peer->sent_len += len;
	ops->send_ack(&peer->engine, len);
	read_frames(peer);
}

static void answer(struct peer *peer, uint32_t stream)
{
	static const uint8_t payload[] = "payload";
	struct vmc_view parts[2] = { { payload, 7 }, { payload, 3 } };
	struct vmc_engine_reply reply = {
		.stream = stream,
		.code = (enum vmc_code)(peer->defer % 20),
		.message = "in words",
		.parts = parts,
		.parts_len = 2,
	};

	MUST(ops->reply(&peer->engine, &reply) == VMC_OK);
}

static void act(struct peer *peer, const struct vmc_engine_event *event)
{
	if (event->type == VMC_ENGINE_CANCELLED &&
	    event->stream == peer->waiting)
		peer->waiting = 0;
	if (event->type != VMC_ENGINE_REQUEST)
		return;
	MUST(event->stream % 2 == 1);
	MUST(ops->idle(&peer->engine));
	must_lie_in(event->service, peer->window, WINDOW_SIZE);
	must_lie_in(event->method, peer->window, WINDOW_SIZE);
	must_lie_in(event->payload, peer->window, WINDOW_SIZE);
	if (peer->defer % 2 && !peer->waiting)
		peer->waiting = event->stream;
	else
		answer(peer, event->stream);
}

/* Goes on until nothing changes; sends at most `most` bytes at once. */
static void settle(struct peer *peer, size_t most)
{
	struct vmc_engine_event event;
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len;

	do {
		while (ops->send_buf(&peer->engine, parts, &parts_len))
			take_some(peer, most);
		while (ops->next(&peer->engine, &event))
			act(peer, &event);
	} while (ops->send_buf(&peer->engine, parts, &parts_len));
}

static size_t give(struct peer *peer, const uint8_t *data, size_t size)
{
	uint8_t *buf;
	size_t cap;

	if (!ops->recv_buf(&peer->engine, &buf, &cap))
		return 0;
	MUST(buf >= peer->window && cap > 0);
	MUST(buf + cap <= peer->window + WINDOW_SIZE);
	if (size > cap)
		size = cap;
	memcpy(buf, data, size);
	ops->recv_ack(&peer->engine, size);
	return size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t chunk = 1u + choose(&data, &size) % 160;
	size_t most = 1u + choose(&data, &size) % 64;
	struct peer *peer = calloc(1, sizeof(*peer));
	const char *reason;
	size_t taken;

	peer->defer = choose(&data, &size);
	ops->init(&peer->engine, peer->window, WINDOW_SIZE, peer->out,
		  OUT_SIZE);
	while (size > 0) {
		taken = give(peer, data, size < chunk ? size : chunk);
		settle(peer, most);
		if (taken == 0)
			break;
		data += taken;
		size -= taken;
	}
	/* what was not taken, it has given up on */
	MUST(size == 0 || ops->failed(&peer->engine, &reason) < 0);
	if (peer->waiting)
		answer(peer, peer->waiting);
	ops->recv_end(&peer->engine);
	settle(peer, most);
	MUST(ops->failed(&peer->engine, &reason) != VMC_OK);
	MUST(peer->sent_len == 0);
	free(peer);
	return 0;
}
