/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine as a client, with calls under way and given up, given
 * whatever a server may send in pieces of whatever size.
 */
#include "fuzz_grpc.h"

#define WINDOW_SIZE 512
#define OUT_SIZE 256

static struct end end;
static uint8_t *tail; /* of the request under way */
static uint32_t last; /* stream that was used last */

static void put_block(struct h2_bytes *b)
{
	h2_put_u8(b, 0x88);
	h2_put_field(b, "content-type", "application/grpc");
}

static void free_tail(void)
{
	if (end.engine.message != MESSAGE_NONE)
		return;
	free(tail);
	tail = NULL;
}

static void ask_again(unsigned how)
{
	struct vmc_engine_request request = {
		.service = "a.Service",
		.method = "Method",
		.payload = { NULL, 0 },
		.timeout_ns = how % 3 ? 1000 : 0,
	};
	enum vmc_status status;
	int may = idle(&end);

	if (may) {
		free_tail();
		tail = calloc(1, 20);
		request.payload = vmc_view_of("pay");
		request.tail = (struct vmc_view){ tail, how % 20 };
	}
	status = end.ops->request(&end.engine, &request, &last);
	sane(&end);
	MUST(may ? status == VMC_OK || status == VMC_ERR_FULL :
		   status == VMC_ERR_BUSY || status == VMC_ERR_FULL);
	MUST(last % 2 == 1 || status);
}

static void look_at(const struct vmc_engine_event *event)
{
	if (event->type == VMC_ENGINE_NONE)
		return;
	MUST(event->type == VMC_ENGINE_RESPONSE ||
	     event->type == VMC_ENGINE_OVERSIZE);
	MUST(event->stream % 2 == 1 && event->stream <= last);
	MUST(event->code <= VMC_CODE_UNAUTHENTICATED);
	MUST(event->type == VMC_ENGINE_RESPONSE || event->code);
	if (event->code == VMC_CODE_OK)
		must_lie_in_window(&end, event->payload);
	else
		MUST(event->payload.ptr_len == 0);
}

/* Views stay as they are while others are asked, sent and cancelled. */
static void settle(size_t most, unsigned how)
{
	static uint8_t before[WINDOW_SIZE];
	struct vmc_engine_event event;
	unsigned turns = 0;
	size_t len;

	take_by(&end, most);
	while (next(&end, &event)) {
		MUST(++turns < 100000);
		look_at(&event);
		len = event.type == VMC_ENGINE_NONE ? 0 : event.payload.ptr_len;
		if (len > 0)
			memcpy(before, event.payload.ptr, len);
		if (how & 4)
			end.ops->cancel(&end.engine, last);
		if (how & 8)
			end.ops->cancel(&end.engine, last - 2);
		take_by(&end, most);
		if (how & 16)
			ask_again(how);
		take_by(&end, most);
		MUST(len == 0 || memcmp(before, event.payload.ptr, len) == 0);
	}
	free_tail();
}

static void run(const uint8_t *bytes, size_t len, size_t chunk, size_t most,
		unsigned how)
{
	const char *why;
	size_t n;

	while (len > 0) {
		n = give_some(&end, bytes, len < chunk ? len : chunk);
		settle(most, how);
		if (how & 32)
			ask_again(how);
		(void)partial(&end);
		if (n == 0)
			break;
		bytes += n;
		len -= n;
	}
	MUST(len == 0 || failed_why(&end, &why) < 0);
	end.ops->recv_end(&end.engine);
	settle(most, 0);
	MUST(failed_why(&end, &why) != VMC_OK && why);
	MUST(end.reader.bytes_len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct h2_bytes b;
	uint8_t how = choose(&data, &size);
	size_t chunk = 1u + choose(&data, &size) * 2;
	size_t most = 1u + choose(&data, &size) % 64;
	unsigned calls = choose(&data, &size) % 5;

	last = 0;
	begin_end_of(&end, &vmc_grpc_client, WINDOW_SIZE, OUT_SIZE);
	read_strictly(&end);
	while (calls-- > 0) {
		ask_again(how);
		take_by(&end, most);
		free_tail();
	}
	b.len = 0;
	if (how & 1)
		h2_put_frame(&b, T_SETTINGS, 0, 0, NULL, 0);
	put_input(&b, data, size, how & 2, put_block);
	run(b.at, b.len, chunk, most, how);
	free(tail);
	tail = NULL;
	return 0;
}
