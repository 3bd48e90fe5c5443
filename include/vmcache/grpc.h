/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: unary calls over HTTP/2 with prior knowledge (RFC 9113,
 * RFC 7541; grpc/doc/PROTOCOL-HTTP2.md), for both ends of a connection. How
 * an engine is driven is in vmcache/engine.h.
 *
 * What it does:
 * - HPACK with the whole dynamic table of 4096 bytes, Huffman code read, not
 *   written; CONTINUATION, padding and priorities accepted; metadata read
 *   over, up to VMC_HEADER_LIST_SIZE a call, without being kept;
 * - flow control both ways, PING and SETTINGS answered, GOAWAY, RST_STREAM;
 *   unknown frames and settings ignored; VMC_STREAM_MAX calls at once;
 * - grpc-timeout; percent-encoded messages; Trailers-Only replies; messages
 *   without compression only, which is said to who compresses;
 * - :authority is not judged (Kata sends a path there, others much else).
 *
 * What it does not do: streaming calls, compression, push, TLS.
 *
 * How it stays bounded against a hostile peer:
 * - all that it composes goes to `out`; while that has no room, nothing more
 *   is read: PINGs and SETTINGS that are not read the answers of stop there;
 * - a header block has at most VMC_GRPC_BLOCK_MAX bytes in at most
 *   VMC_GRPC_CONTINUATION_MAX CONTINUATION frames;
 * - what is of no use (streams that were reset by either side, empty frames)
 *   is counted; a call that is answered, or asked, to its end makes up for 16
 *   of them; at
 *   VMC_GRPC_STRIKE_MAX the connection ends with ENHANCE_YOUR_CALM;
 * - a reply that the peer's window does not let out is the host's to time
 *   out: it is not `idle` meanwhile.
 */
#ifndef VMCACHE_GRPC_H
#define VMCACHE_GRPC_H

#include "engine.h"

#ifdef __cplusplus
extern "C" {
#endif

/* SETTINGS_HEADER_TABLE_SIZE when it is not announced (RFC 9113, 6.5.2):
 * the table that a peer may count on, and some do whatever is announced. */
#define VMC_HPACK_TABLE_SIZE 4096

/* What an entry, and a field, counts on top of its strings (RFC 7541, 4.1). */
#define VMC_HPACK_OVERHEAD_SIZE 32

#define VMC_HPACK_ENTRY_MAX (VMC_HPACK_TABLE_SIZE / VMC_HPACK_OVERHEAD_SIZE)

/*
 * Bytes of name and value of a field that are there whatever the table
 * holds: so much of each field can always be read.
 */
#define VMC_HPACK_SCRATCH_SIZE 384

/* Private: a string of Huffman's code that is being decoded. */
struct vmc_huffman {
	uint16_t offset; /* among the codes that are longer than `len` */
	uint8_t index;   /* of the first of them */
	uint8_t len;     /* bits so far */
	uint8_t bits;    /* the last eight of them */
};

/* Private: a string of the field that is read. */
struct vmc_hpack_part {
	uint32_t len; /* as decoded so far */
	uint8_t lost; /* no room: it is only counted */
};

/* Private: the decoder of a connection's headers. It has no pointers to
 * itself. */
struct vmc_hpack {
	const char *error; /* the first one; it stays */
	uint32_t number;   /* an integer, then a string's bytes left */
	struct vmc_hpack_part name, value;
	uint16_t begin, end; /* strings of the table, oldest entry first */
	uint16_t own_len;    /* the field's own, which follow them */
	uint16_t limit;      /* of the table's size: 0..4096 */
	struct vmc_huffman huffman;
	uint8_t coded; /* the string is in Huffman's code */
	uint8_t phase, kind;
	uint8_t number_len;   /* bytes of an integer so far */
	uint8_t index;        /* of the field or of its name; 0: of its own */
	uint8_t inside;       /* a block has begun: its size stays */
	uint8_t changed;      /* the table has; for the user to reset */
	uint8_t first, count; /* the oldest entry, and how many there are */
	struct {
		uint16_t name_len, value_len;
	} entry[VMC_HPACK_ENTRY_MAX];
	uint8_t strings[VMC_HPACK_TABLE_SIZE + VMC_HPACK_SCRATCH_SIZE];
};

/* Bytes of a header block, and CONTINUATION frames that carry it, at most. */
#define VMC_GRPC_BLOCK_MAX 65536
#define VMC_GRPC_CONTINUATION_MAX 8

/* The largest message that is sent: what every peer accepts. */
#define VMC_GRPC_MESSAGE_MAX (4u << 20)

/* Useless things in a row that a connection survives. */
#define VMC_GRPC_STRIKE_MAX 1000

/*
 * `window` (see vmc_engine_ops.init) is used as two: a quarter receives; the
 * rest holds messages, each with its path, until they are complete. `out` of a
 * server takes VMC_GRPC_OUT_SIZE: what is answered to a dozen frames, and a
 * reply with an error's text, percent-encoded.
 */
#define VMC_GRPC_OUT_SIZE (512 + 3 * VMC_ERROR_TEXT_SIZE)

/* Private: one call. */
struct vmc_grpc_stream {
	union {
		uint64_t timeout_ns; /* a server's */
		const char *why; /* a client's: what has ended it instead of a
				  * response */
	} own;
	uint32_t id;             /* 0: free */
	uint32_t at, len;        /* a server's: path, then message; a client's:
				  * message, then an error's text */
	uint32_t head_len;       /* of the first of them */
	uint32_t content_length; /* announced; UINT32_MAX: not */
	uint32_t content_len;    /* of DATA so far */
	int32_t send_window, recv_window;
	uint16_t http_status;
	uint8_t code; /* grpc-status; 0xff: none yet */
	uint8_t flags;
};

/* A block of fields, and its path, that are known again: 1..255 bytes. So much
 * that struct vmc_grpc_slot, with the default knobs, is three pages. */
#define VMC_GRPC_KNOWN_SIZE 160
#define VMC_GRPC_KNOWN_PATH_SIZE 64

/* Private: what the fields of a request said. A client's next call most
 * often begins with the same bytes, which then say the same. */
struct vmc_grpc_block {
	uint64_t timeout_ns;
	uint32_t size, content_length;
	uint16_t flags;
	uint8_t len, path_len; /* 0: none is known */
	uint8_t bytes[VMC_GRPC_KNOWN_SIZE], path[VMC_GRPC_KNOWN_PATH_SIZE];
};

/* Private. */
struct vmc_grpc {
	uint8_t *window, *messages, *out;
	const char *reason;             /* not NULL: it has failed */
	uint32_t window_len;            /* room to receive into */
	uint32_t window_at, window_end; /* received and not consumed */
	uint32_t messages_len, messages_used;
	uint32_t out_len, out_used, out_sent;
	/* the frame that has begun to arrive */
	uint32_t frame_left, frame_stream;
	uint8_t frame_type, frame_flags, frame_padding, frame_begun;
	/* the header block that has begun to arrive */
	uint32_t block_len, block_size, block_stream;
	uint16_t block_flags;
	uint8_t block_open, block_continuations;
	uint8_t preface_left, settings_seen;
	uint8_t is_server, ended, goodbye, table_size_due;
	/* flow control of the connection, and what the peer has set */
	int32_t send_window, recv_window;
	int32_t peer_window;
	uint32_t peer_frame_max, peer_stream_max;
	uint32_t last_stream; /* highest seen, or last used */
	uint32_t last_reset;  /* of our last RST_STREAM: what was on its way
			       * is read over */
	uint16_t strikes;
	/* the reply or request under way */
	struct vmc_view parts[VMC_ENGINE_PARTS_MAX];
	uint32_t payload_len, payload_at; /* all of it; put in frames so far */
	uint32_t chunk_at, chunk_len, chunk_sent; /* stands at out[chunk_at] */
	uint32_t message_stream;
	uint32_t message_end; /* it is sent when out[0..message_end) is */
	uint32_t copied_len;  /* of the payload, at the end of `out` */
	uint8_t parts_len, message, reports, message_broken;
	struct vmc_grpc_block known;
	uint32_t stream_len; /* those behind are free */
	struct vmc_grpc_stream stream[VMC_STREAM_MAX];
	struct vmc_hpack hpack;
};

extern const struct vmc_engine_ops vmc_grpc_server, vmc_grpc_client;

struct vmc_connection;

/*
 * What a server gives to a connection that speaks gRPC: 12 KiB with the
 * default knobs on machines of 64 bits (4.9 KiB of it are HPACK's,
 * VMC_GRPC_WINDOW_SIZE, 48 bytes a stream, VMC_GRPC_OUT_SIZE). What only
 * headers of many kinds or long ones fill, the most of HPACK's table, is last:
 * where memory comes in pages of 4 KiB and slots are aligned to them, the third
 * page of most is never touched. Private.
 */
struct vmc_grpc_slot {
	struct vmc_connection *connection; /* NULL: free */
	uint8_t out[VMC_GRPC_OUT_SIZE];
	uint8_t window[VMC_GRPC_WINDOW_SIZE];
	struct vmc_grpc engine;
};

#ifdef __cplusplus
}
#endif

#endif
