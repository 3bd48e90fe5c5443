/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two targets of gRPC's engine share. The input is what the other
 * end sends: its bytes as they are, or, so that more of them go far, records
 * of which frames are made,
 *
 *	type, flags, stream, length, payload…
 *
 * Whatever comes, the engine keeps its invariants (grpc_world.h), and what
 * it sends is read as strictly as HTTP/2 is; but for windows, which the
 * input opens and shuts as it likes.
 */
#ifndef VMC_FUZZ_GRPC_H
#define VMC_FUZZ_GRPC_H

#include "fuzz.h"

#define H2_MUST(cond) MUST(cond)
#define H2_ANSWERS 8
#define H2_DATA_MAX 1024
#define H2_BYTES_MAX 4096

/* all but HPACK's table, which takes time to compare */
#define WORLD_ASKED_SIZE offsetof(struct vmc_grpc, hpack)

#include "../unit/grpc_world.h"

#define INPUT_MAX 512

/* Puts a frame for a record; the bytes used. */
static inline size_t put_record(struct h2_bytes *b, const uint8_t *data,
				size_t size,
				void (*put_block)(struct h2_bytes *b))
{
	static struct h2_bytes block;
	unsigned type = data[0] % 12;
	size_t len = data[3] & 63;

	if (len > size - 4)
		len = size - 4;
	block.len = 0;
	if (type == T_HEADERS && data[3] & 128)
		put_block(&block);
	h2_put(&block, data + 4, len);
	h2_put_frame(b, type, data[1] & 0x2d, data[2] & 127, block.at,
		     block.len);
	return 4 + len;
}

/* Puts the input, or a frame for each record of it. */
static inline void put_input(struct h2_bytes *b, const uint8_t *data,
			     size_t size, int records,
			     void (*put_block)(struct h2_bytes *b))
{
	if (size > INPUT_MAX)
		size = INPUT_MAX;
	if (!records)
		h2_put(b, data, size);
	while (records && size >= 4) {
		size_t used = put_record(b, data, size, put_block);

		data += used;
		size -= used;
	}
}

static inline void read_strictly(struct end *end)
{
	end->reader.window = end->reader.initial = INT64_MAX / 2;
	end->reader.frame_max = 16777215;
}

/* One message is on its way at a time: nobody else's is needed. */
static inline void forget_others(struct end *end)
{
	const struct vmc_grpc *g = &end->engine;
	unsigned i;

	if (g->out_used > 0)
		return; /* the rest of a frame may be of any stream */
	for (i = 0; i < H2_ANSWERS; i++)
		if (g->message == MESSAGE_NONE ||
		    end->reader.answer[i].stream != g->message_stream)
			end->reader.answer[i].stream = 0;
}

static inline void take_by(struct end *end, size_t most)
{
	while (take_some(end, most))
		forget_others(end);
}

static inline void must_lie_in_window(const struct end *end,
				      struct vmc_view view)
{
	must_lie_in(view, end->window, end->window_len);
}

#endif
