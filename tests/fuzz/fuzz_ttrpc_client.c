/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client's engine, with requests under way, given whatever a server may
 * send in pieces of whatever size.
 */
#include "fuzz.h"

#include "vmcache/engine.h"

#define WINDOW_SIZE 128
#define OUT_SIZE 256

static const struct vmc_engine_ops *const ops = &vmc_ttrpc_client;

struct peer {
	struct vmc_ttrpc engine;
	uint8_t window[WINDOW_SIZE], out[OUT_SIZE];
};

static void ask(struct peer *peer)
{
	struct vmc_engine_request request = {
		.service = "a.Service",
		.method = "Method",
		.payload = vmc_view_of("payload"),
		.tail = vmc_view_of("and more"),
		.timeout_ns = 1000,
	};
	struct vmc_view parts[VMC_PARTS_MAX];
	size_t parts_len;
	uint32_t stream;

	if (!ops->idle(&peer->engine)) {
		MUST(ops->send_buf(&peer->engine, parts, &parts_len));
		ops->send_ack(&peer->engine, parts[0].ptr_len / 2 + 1);
		return;
	}
	MUST(ops->request(&peer->engine, &request, &stream) == VMC_OK);
	MUST(stream % 2 == 1);
}

static void look_at_events(struct peer *peer)
{
	struct vmc_engine_event event;

	while (ops->next(&peer->engine, &event)) {
		MUST(event.type == VMC_ENGINE_RESPONSE ||
		     event.type == VMC_ENGINE_OVERSIZE);
		MUST(event.code <= VMC_CODE_UNAUTHENTICATED);
		must_lie_in(event.message, peer->window, WINDOW_SIZE);
		must_lie_in(event.payload, peer->window, WINDOW_SIZE);
	}
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
	struct peer *peer = calloc(1, sizeof(*peer));
	const char *reason;
	size_t taken;

	ops->init(&peer->engine, peer->window, WINDOW_SIZE, peer->out,
		  OUT_SIZE);
	while (size > 0) {
		ask(peer);
		taken = give(peer, data, size < chunk ? size : chunk);
		look_at_events(peer);
		if (taken == 0)
			break;
		data += taken;
		size -= taken;
	}
	MUST(size == 0 || ops->failed(&peer->engine, &reason) < 0);
	ops->recv_end(&peer->engine);
	look_at_events(peer);
	MUST(ops->failed(&peer->engine, &reason) != VMC_OK);
	free(peer);
	return 0;
}
