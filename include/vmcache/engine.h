/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Engine: a transport's state machine for one connection. It does no I/O,
 * knows no clock and calls nobody back, so that any event loop can drive
 * it. The loop, in its order of precedence:
 *
 *	if (ops->send_buf(e, parts, &parts_len))
 *		send them; ops->send_ack(e, sent);
 *	else if (ops->next(e, &event))
 *		act on it;
 *	else if (ops->recv_buf(e, &buf, &buf_len))
 *		receive into it; ops->recv_ack(e, received);
 *	else
 *		the engine has failed (error) or waits for a reply of yours
 *
 * - `*_buf` never changes anything: ask as often as you like.
 * - Output comes before input: a peer that does not read is not read from,
 *   which is what bounds the memory that it can take.
 * - Events are asked for until there is none. The views in an event live
 *   until the next call of `next` or `recv_ack`. An event of type NONE says
 *   only that there is something to send again (the engine's own answer to
 *   a bad message, say).
 * - A REQUEST is yielded only while a reply can be accepted, so it can
 *   always be answered at once. While the peer does not take one reply,
 *   the next request stays where it is.
 * - An engine that has failed says so in `failed`, wants nothing to be
 *   received, may still have a last word to send, and is then to be closed.
 *
 * A server's engine yields REQUEST, and for a reply under way STARTED and
 * DELIVERED; a client's yields RESPONSE or OVERSIZE. CANCELLED concerns
 * calls that are not answered yet. After recv_end those can still be
 * answered.
 */
#ifndef VMCACHE_ENGINE_H
#define VMCACHE_ENGINE_H

#include "port.h"
#include "status.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vmc_engine_event_type {
	VMC_ENGINE_NONE = 0, /* nothing to act on; go on asking */

	/* Server: a complete request. Answer it by `reply`, now or later. */
	VMC_ENGINE_REQUEST,
	/*
	 * Server: no reply to that stream is wanted any more, if a call of it
	 * is still waiting: the peer gave it up, or has just been told that
	 * it broke a rule there. If its reply was under way, the peer does
	 * not want the rest, and its parts are free.
	 */
	VMC_ENGINE_CANCELLED,
	/* Server: the first byte of a reply's payload has been taken. */
	VMC_ENGINE_STARTED,
	/* Server: all of a reply has been taken; its parts are free. */
	VMC_ENGINE_DELIVERED,
	/* Client: a complete response. */
	VMC_ENGINE_RESPONSE,
	/* Client: the response exceeded the window and was thrown away; the
	 * message says by how much. */
	VMC_ENGINE_OVERSIZE
};

struct vmc_engine_event {
	enum vmc_engine_event_type type;
	uint32_t stream;

	/* REQUEST */
	struct vmc_view service, method; /* "cache.CacheService", "Status" */
	uint64_t timeout_ns; /* from the peer; 0: none; 1: it had passed when
			      * it was sent */

	/* RESPONSE, OVERSIZE */
	enum vmc_code code;      /* 0..16; others become UNKNOWN */
	struct vmc_view message; /* the error's text */

	struct vmc_view payload; /* REQUEST, RESPONSE */
};

/* What a server answers. */
struct vmc_engine_reply {
	uint32_t stream;
	enum vmc_code code;
	const char *message;          /* with an error; copied, may be NULL */
	const struct vmc_view *parts; /* the payload; each part's bytes stay */
	size_t parts_len;             /* as they are until DELIVERED or
	                               * CANCELLED */
};

/* A reply's parts at most. */
#define VMC_ENGINE_PARTS_MAX 5

/* What a client asks. All is copied but the tail. The payload may lie in
 * `out` already (ttrpc alone), as far back as the rest needs. */
struct vmc_engine_request {
	const char *service, *method;
	struct vmc_view payload;
	struct vmc_view tail; /* more of the payload, which stays as it is
			       * until all is sent (idle) */
	uint64_t timeout_ns;  /* 0: none */
};

/* The most that stands before a payload in `out`: a frame's header, service
 * and method with tag and length each, a timeout, the payload's own. */
#define VMC_ENGINE_HEAD_SIZE(names_len) (10 + 2 + 2 + (names_len) + 11 + 5)

/*
 * `engine` is what `init` was given: at least `size` bytes. A transport's
 * server and client are two sets of operations, so a program that is only one
 * of them links nothing of the other.
 */
struct vmc_engine_ops {
	const char *name;
	uint8_t first_byte; /* what a client of it sends first */
	size_t size;        /* bytes of its context */

	/*
	 * Begins a connection. `window` receives, from its beginning, and
	 * stays the engine's until the connection is over: a message that is larger is refused
	 * in the transport's terms. `out` holds what is composed to send: a
	 * server's errors, a client's requests.
	 */
	void (*init)(void *engine, uint8_t *window, size_t window_len,
		     uint8_t *out, size_t out_len);

	/* 1 and the room to receive into; 0 if nothing is wanted now. */
	int (*recv_buf)(void *engine, uint8_t **buf, size_t *buf_len);
	void (*recv_ack)(void *engine, size_t len);

	/* The peer has ended its side: nothing more will be received. */
	void (*recv_end)(void *engine);

	/* 1 and the parts to send (at most VMC_PARTS_MAX); 0 if none. */
	int (*send_buf)(void *engine, struct vmc_view *parts,
			size_t *parts_len);
	void (*send_ack)(void *engine, size_t len);

	/* 1 and the next event; 0 if there is none. */
	int (*next)(void *engine, struct vmc_engine_event *event);

	/*
	 * 1 if a reply (server) or a request (client) can be accepted now:
	 * one is composed at a time, the next when it is DELIVERED or sent.
	 */
	int (*idle)(void *engine);

	/* 1 while a message has begun to arrive and is not complete. */
	int (*partial)(void *engine);

	/*
	 * VMC_OK, or why the connection cannot go on: VMC_ERR_PROTOCOL (the
	 * peer broke the rules; `reason` says which), VMC_CLOSED (ended in
	 * order), VMC_ERR_LOST (ended inside a message).
	 */
	enum vmc_status (*failed)(void *engine, const char **reason);

	/*
	 * A server's alone, NULL in a client's: answers a request.
	 *
	 * VMC_ERR_BUSY:    not idle.
	 * VMC_ERR_STATE:   nobody waits for an answer on that stream.
	 * VMC_ERR_TOO_BIG: over what the transport can carry (4 MiB).
	 */
	enum vmc_status (*reply)(void *engine,
				 const struct vmc_engine_reply *reply);

	/* A server's alone: says goodbye where the transport has a word for it,
	 * once what is under way has been sent. */
	void (*goodbye)(void *engine);

	/*
	 * A client's alone, NULL in a server's: asks, on the stream that it
	 * tells.
	 *
	 * VMC_ERR_BUSY:    not idle; or as many calls are under way as the
	 *                  peer or VMC_STREAM_MAX allows (gRPC).
	 * VMC_ERR_TOO_BIG: over what the transport can carry (4 MiB) or, less
	 *                  its tail, over `out`.
	 * VMC_ERR_FULL:    no further call can be made on this connection (no
	 *                  stream number is left, after 2^31 calls or 2^30;
	 *                  the server is going away); make a new one.
	 */
	enum vmc_status (*request)(void *engine,
				   const struct vmc_engine_request *request,
				   uint32_t *stream);

	/* A client's alone: no longer wants the response of that stream. There
	 * may be something to send then. */
	void (*cancel)(void *engine, uint32_t stream);
};

/*
 * ttrpc's engine, for hosts that drive one directly. Complete so that it
 * can be placed anywhere; private.
 */
struct vmc_ttrpc {
	uint8_t *window, *out;
	uint8_t parts_len;
	uint8_t reply;                /* how far the reply under way is */
	uint8_t reports;              /* events of it that are due */
	uint8_t ended;                /* the peer will send no more */
	uint32_t window_len, out_len; /* capacities */
	uint32_t window_used;         /* bytes received and not consumed */
	uint32_t frame_len;           /* of the frame whose event is out */
	uint32_t drain;               /* bytes of an oversize frame to skip */
	uint32_t out_used;            /* bytes composed in `out` */
	uint32_t sent;                /* bytes of the whole message taken */
	uint32_t total;               /* bytes of the whole message */
	uint32_t stream;              /* of the reply under way */
	uint32_t last_stream;         /* highest seen, or last used */
	const char *reason;           /* not NULL: it has failed */
	struct vmc_view parts[VMC_ENGINE_PARTS_MAX];
};

extern const struct vmc_engine_ops vmc_ttrpc_server, vmc_ttrpc_client;

/* Private: an engine and the stream that it speaks on. */
struct vmc_pump {
	const struct vmc_engine_ops *ops; /* NULL: not known yet */
	void *engine;
	struct vmc_port port;
	vmc_handle stream;
};

#ifdef __cplusplus
}
#endif

#endif
