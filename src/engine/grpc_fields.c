/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC's engine: header fields that come, and what they make of a call.
 *
 * Each field is looked at once, as HPACK yields it; what it says is kept as a
 * flag or a number. When the block is complete, it is judged: first as HTTP
 * (RFC 9113, section 8: a malformed request is reset), then as gRPC
 * (PROTOCOL-HTTP2.md: answered with a status that says what is wrong).
 */
#include "grpc_engine.h"

#include "../base/text.h"

#include <string.h>

/* g->block_flags */
enum {
	BLOCK_END_STREAM = 1, /* nothing comes after it */
	BLOCK_DISCARD = 2,    /* read over, for HPACK's table alone */
	BLOCK_REFUSED = 4,    /* read over, and then refused */
	BLOCK_TRAILERS = 8,   /* the second block of a call */
	BLOCK_MALFORMED = 16, /* as HTTP */
	BLOCK_REGULAR = 32,   /* a field that is no pseudo-header has come */
	BLOCK_METHOD = 64,    /* :method has come */
	BLOCK_POST = 128,     /* and is POST */
	BLOCK_SCHEME = 256,
	BLOCK_PATH = 512,
	BLOCK_AUTHORITY = 1024,
	BLOCK_STATUS = 2048,
	BLOCK_GRPC = 4096, /* its content-type is gRPC's */
	BLOCK_TE = 8192,
	BLOCK_BAD_TIMEOUT = 16384,
	BLOCK_ENCODED = 32768 /* a grpc-encoding that we have not */
};

/* see grpc_engine.h */
void vmc_grpc_block_begin(struct vmc_grpc *g)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->frame_stream);
	int is_new = g->is_server && g->frame_stream > g->last_stream;

	g->block_open = 1;
	g->block_stream = g->frame_stream;
	g->block_len = g->block_size = 0;
	g->block_continuations = 0;
	g->block_flags = 0;
	if (g->frame_flags & VMC_H2_END_STREAM)
		g->block_flags |= BLOCK_END_STREAM;
	if (is_new) {
		g->last_stream = g->frame_stream;
		stream = g->goodbye ? NULL : vmc_grpc_open(g, g->frame_stream);
		if (!stream && !g->goodbye)
			g->block_flags |= BLOCK_REFUSED;
	} else if (stream && (g->is_server || stream->flags & STREAM_HEADERS)) {
		g->block_flags |= BLOCK_TRAILERS;
	}
	if (!stream)
		g->block_flags |= BLOCK_DISCARD;
}

/*
 * Fields
 */

/* Of a name: visible, and not in capitals (8.2.1). A ':' is judged with the
 * pseudo-headers. */
static int is_name(struct vmc_view name)
{
	size_t i;

	for (i = 0; i < name.ptr_len; i++)
		if (name.ptr[i] <= ' ' || name.ptr[i] >= 0x7f ||
		    (name.ptr[i] >= 'A' && name.ptr[i] <= 'Z') ||
		    (name.ptr[i] == ':' && i > 0))
			return 0;
	return name.ptr_len > 0;
}

static int is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static int is_break(uint8_t byte)
{
	return byte == 0 || byte == '\r' || byte == '\n';
}

static int is_value(struct vmc_view value)
{
	size_t i;

	if (value.ptr_len > 0 &&
	    (is_blank(value.ptr[0]) || is_blank(value.ptr[value.ptr_len - 1])))
		return 0;
	for (i = 0; i < value.ptr_len; i++)
		if (value.ptr[i] <= '\r' && is_break(value.ptr[i]))
			return 0;
	return 1;
}

/* What a field does. Several may not come twice: `once` is their flag. */
struct action {
	const char *name;
	void (*act)(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		    struct vmc_view value);
	uint16_t once;
	uint8_t name_len;
};

static void mark(struct vmc_grpc *g, int if_so, unsigned flag)
{
	if (if_so)
		g->block_flags |= (uint16_t)flag;
}

static void on_method(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		      struct vmc_view value)
{
	(void)stream;
	mark(g, vmc_view_is(value, "POST"), BLOCK_POST);
}

/* No room for the path: it is as good as none, and refused. */
static void on_path(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		    struct vmc_view value)
{
	mark(g, value.ptr_len == 0, BLOCK_MALFORMED);
	if (vmc_grpc_keep(g, stream, value))
		stream->head_len = stream->len;
}

static void on_content_type(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			    struct vmc_view value)
{
	(void)stream;
	mark(g, vmc_grpc_is_content_type(value), BLOCK_GRPC);
}

/* 8.2.2: of the fields of a connection it alone is allowed, to say this. */
static void on_te(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		  struct vmc_view value)
{
	int trailers = vmc_view_is(value, "trailers");

	(void)stream;
	mark(g, trailers, BLOCK_TE);
	mark(g, !trailers, BLOCK_MALFORMED);
}

/* 0 has passed already: as little as can be said. */
static void on_timeout(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		       struct vmc_view value)
{
	if (vmc_grpc_timeout_read(value, &stream->own.timeout_ns))
		mark(g, 1, BLOCK_BAD_TIMEOUT);
	else if (stream->own.timeout_ns == 0)
		stream->own.timeout_ns = 1;
}

static void on_encoding(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			struct vmc_view value)
{
	(void)stream;
	mark(g, !vmc_view_is(value, "identity"), BLOCK_ENCODED);
}

static void on_content_length(struct vmc_grpc *g,
			      struct vmc_grpc_stream *stream,
			      struct vmc_view value)
{
	uint32_t before = stream->content_length;

	mark(g,
	     vmc_grpc_number_read(value, &stream->content_length) ||
		     (before != UINT32_MAX && before != stream->content_length),
	     BLOCK_MALFORMED);
}

static void on_connection(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			  struct vmc_view value)
{
	(void)stream;
	(void)value;
	mark(g, 1, BLOCK_MALFORMED);
}

static void on_nothing(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		       struct vmc_view value)
{
	(void)g;
	(void)stream;
	(void)value;
}

static void on_status(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		      struct vmc_view value)
{
	uint32_t status;

	if (vmc_grpc_number_read(value, &status) || value.ptr_len != 3)
		mark(g, 1, BLOCK_MALFORMED);
	else
		stream->http_status = (uint16_t)status;
}

/* What is no code of gRPC's is UNKNOWN. */
static void on_grpc_status(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			   struct vmc_view value)
{
	uint32_t code;

	(void)g;
	if (vmc_grpc_number_read(value, &code) ||
	    code > VMC_CODE_UNAUTHENTICATED)
		code = VMC_CODE_UNKNOWN;
	stream->code = (uint8_t)code;
}

/* The text follows the message. Without room it is left out. */
static void on_grpc_message(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
			    struct vmc_view value)
{
	struct vmc_writer w;
	struct vmc_view text;

	if (stream->len > stream->head_len || !vmc_grpc_keep(g, stream, value))
		return;
	/* decoded it is not longer, so it is decoded where it lies */
	text.ptr = g->messages + stream->at + stream->head_len;
	text.ptr_len = value.ptr_len;
	vmc_writer_init(&w, g->messages + stream->at + stream->head_len,
			value.ptr_len);
	vmc_grpc_percent_read(&w, text);
	vmc_grpc_shrink(g, stream, value.ptr_len - w.len);
}

#define ACTION(name, act, once)                                                \
	{                                                                      \
		name, act, once, sizeof(name) - 1                              \
	}

static const struct action request_actions[] = {
	ACTION(":method", on_method, BLOCK_METHOD),
	ACTION(":scheme", on_nothing, BLOCK_SCHEME),
	ACTION(":path", on_path, BLOCK_PATH),
	ACTION(":authority", on_nothing, BLOCK_AUTHORITY),
	ACTION("te", on_te, 0),
	ACTION("grpc-timeout", on_timeout, 0),
	{ NULL, NULL, 0, 0 },
};

static const struct action response_actions[] = {
	ACTION(":status", on_status, BLOCK_STATUS),
	ACTION("grpc-status", on_grpc_status, 0),
	ACTION("grpc-message", on_grpc_message, 0),
	{ NULL, NULL, 0, 0 },
};

/* Those of 8.2.2 are never allowed. */
static const struct action common_actions[] = {
	ACTION("content-type", on_content_type, 0),
	ACTION("content-length", on_content_length, 0),
	ACTION("grpc-encoding", on_encoding, 0),
	ACTION("connection", on_connection, 0),
	ACTION("keep-alive", on_connection, 0),
	ACTION("proxy-connection", on_connection, 0),
	ACTION("transfer-encoding", on_connection, 0),
	ACTION("upgrade", on_connection, 0),
	{ NULL, NULL, 0, 0 },
};

static const struct action *look_up(const struct action *action,
				    struct vmc_view name)
{
	while (action->name && (action->name_len != name.ptr_len ||
				memcmp(action->name, name.ptr, name.ptr_len)))
		action++;
	return action->name ? action : NULL;
}

static const struct action *find_action(const struct vmc_grpc *g,
					struct vmc_view name)
{
	const struct action *action = look_up(
		g->is_server ? request_actions : response_actions, name);

	return action ? action : look_up(common_actions, name);
}

/* Pseudo-headers come first, once, and not in trailers (8.3). */
static void judge_pseudo(struct vmc_grpc *g, const struct action *action)
{
	mark(g,
	     !action || g->block_flags & action->once ||
		     g->block_flags & (BLOCK_REGULAR | BLOCK_TRAILERS),
	     BLOCK_MALFORMED);
	if (action)
		mark(g, 1, action->once);
}

/* A value that was too long to be kept is one that we have no use for,
 * except a path, which is refused. */
static void act(struct vmc_grpc *g, struct vmc_grpc_stream *stream,
		const struct vmc_hpack_field *field)
{
	const struct action *action = find_action(g, field->name);

	if (field->name.ptr_len > 0 && field->name.ptr[0] == ':')
		judge_pseudo(g, action);
	else
		mark(g, 1, BLOCK_REGULAR);
	mark(g, (!action && !is_name(field->name)) || !is_value(field->value),
	     BLOCK_MALFORMED);
	if (!action || g->block_flags & BLOCK_MALFORMED || field->value_lost)
		return;
	if (g->is_server && g->block_flags & BLOCK_TRAILERS &&
	    action->act != on_connection)
		return; /* they say nothing that we ask for */
	action->act(g, stream, field->value);
}

/* see grpc_engine.h. What is too much is not looked at: a byte of a block may
 * stand for 4 KiB of a field. */
void vmc_grpc_block_field(struct vmc_grpc *g,
			  const struct vmc_hpack_field *field)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->block_stream);

	g->block_size += field->size;
	if (g->block_size > VMC_HEADER_LIST_SIZE)
		return; /* refused: a byte may stand for 4 KiB not worth reading */
	if (stream && !(g->block_flags & BLOCK_DISCARD) && !field->name_lost)
		act(g, stream, field);
}

/*
 * Fields that come again
 */

/* see grpc_engine.h. What is no request, or not in order, is not known. */
int vmc_grpc_block_known(struct vmc_grpc *g, struct vmc_view bytes)
{
	struct vmc_grpc_block *known = &g->known;
	struct vmc_view path = { known->path, known->path_len };
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->block_stream);

	if (bytes.ptr_len != known->len || g->block_flags & ~BLOCK_END_STREAM ||
	    memcmp(bytes.ptr, known->bytes, known->len) != 0 ||
	    !vmc_grpc_keep(g, stream, path))
		return 0;
	stream->head_len = stream->len;
	stream->own.timeout_ns = known->timeout_ns;
	stream->content_length = known->content_length;
	g->block_flags |= known->flags;
	g->block_size = known->size;
	return 1;
}

/* see grpc_engine.h */
void vmc_grpc_block_learn(struct vmc_grpc *g, struct vmc_view bytes)
{
	const unsigned unfit = BLOCK_DISCARD | BLOCK_REFUSED | BLOCK_TRAILERS |
			       BLOCK_MALFORMED;
	struct vmc_grpc_block *known = &g->known;
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->block_stream);

	if (!g->is_server || g->block_flags & unfit ||
	    bytes.ptr_len > sizeof(known->bytes) || stream->head_len == 0 ||
	    stream->head_len > sizeof(known->path))
		return;
	known->timeout_ns = stream->own.timeout_ns;
	known->content_length = stream->content_length;
	known->flags = g->block_flags & (uint16_t)~BLOCK_END_STREAM;
	known->size = g->block_size;
	known->len = (uint8_t)bytes.ptr_len;
	known->path_len = (uint8_t)stream->head_len;
	memcpy(known->bytes, bytes.ptr, bytes.ptr_len);
	memcpy(known->path, g->messages + stream->at, stream->head_len);
}

/*
 * A request
 */

/* "/package.Service/Method" */
static int split_path(struct vmc_view path, struct vmc_view *service,
		      struct vmc_view *method)
{
	size_t at = path.ptr_len;

	while (at > 0 && path.ptr[at - 1] != '/')
		at--;
	if (at < 2 || path.ptr[0] != '/')
		return 0;
	service->ptr = path.ptr + 1;
	service->ptr_len = at - 2;
	method->ptr = path.ptr + at;
	method->ptr_len = path.ptr_len - at;
	return 1;
}

/* see grpc_engine.h */
int vmc_grpc_names(const struct vmc_grpc *g,
		   const struct vmc_grpc_stream *stream,
		   struct vmc_engine_event *event)
{
	struct vmc_view path = { g->messages + stream->at, stream->head_len };

	return split_path(path, &event->service, &event->method);
}

struct verdict {
	uint16_t http_status;
	uint8_t code;
	const char *text;
};

/* NULL: nothing is wrong with it. */
static const struct verdict *judge_request(const struct vmc_grpc *g,
					   const struct vmc_grpc_stream *stream)
{
	static const struct verdict too_large = {
		200, VMC_CODE_RESOURCE_EXHAUSTED,
		"header list is larger than VMC_HEADER_LIST_SIZE"
	};
	static const struct verdict not_post = { 405, VMC_CODE_INTERNAL,
						 "method is not POST" };
	static const struct verdict not_grpc = {
		415, VMC_CODE_INVALID_ARGUMENT,
		"content-type is not application/grpc"
	};
	static const struct verdict no_te = { 200, VMC_CODE_INVALID_ARGUMENT,
					      "te: trailers is missing" };
	static const struct verdict bad_timeout = {
		400, VMC_CODE_INTERNAL, "grpc-timeout is malformed"
	};
	static const struct verdict encoded = {
		200, VMC_CODE_UNIMPLEMENTED,
		"grpc-encoding is none but identity"
	};
	static const struct verdict no_path = {
		200, VMC_CODE_UNIMPLEMENTED,
		"malformed method name: not /service/method, or too long"
	};
	struct vmc_engine_event names;
	unsigned flags = g->block_flags;

	if (g->block_size > VMC_HEADER_LIST_SIZE)
		return &too_large;
	if (!(flags & BLOCK_POST))
		return &not_post;
	if (!(flags & BLOCK_GRPC))
		return &not_grpc;
	if (!(flags & BLOCK_TE))
		return &no_te;
	if (flags & BLOCK_BAD_TIMEOUT)
		return &bad_timeout;
	if (flags & BLOCK_ENCODED)
		return &encoded;
	return vmc_grpc_names(g, stream, &names) ? NULL : &no_path;
}

static void end_request_block(struct vmc_grpc *g,
			      struct vmc_grpc_stream *stream,
			      struct vmc_engine_event *event)
{
	const unsigned needed = BLOCK_METHOD | BLOCK_SCHEME | BLOCK_PATH;
	int ends = g->block_flags & BLOCK_END_STREAM;
	const struct verdict *verdict;

	if (g->block_flags & BLOCK_TRAILERS) {
		if (!ends || g->block_flags & BLOCK_MALFORMED)
			vmc_grpc_reset(g, stream->id, VMC_H2_PROTOCOL_ERROR,
				       event);
		else
			vmc_grpc_end(g, stream, event);
		return;
	}
	/* of what is too large the end was not looked at */
	if (g->block_size <= VMC_HEADER_LIST_SIZE &&
	    (g->block_flags & BLOCK_MALFORMED ||
	     (g->block_flags & needed) != needed)) {
		vmc_grpc_reset(g, stream->id, VMC_H2_PROTOCOL_ERROR, event);
		return;
	}
	verdict = judge_request(g, stream);
	if (verdict) {
		stream->flags |= ends ? STREAM_ENDED : 0;
		vmc_grpc_refuse(g, stream, verdict->http_status,
				(enum vmc_code)verdict->code, verdict->text);
	} else if (ends) {
		vmc_grpc_end(g, stream, event);
	}
}

/*
 * A response
 */

static void end_response_block(struct vmc_grpc *g,
			       struct vmc_grpc_stream *stream,
			       struct vmc_engine_event *event)
{
	int ends = g->block_flags & BLOCK_END_STREAM;
	int first = !(g->block_flags & BLOCK_TRAILERS);
	int informs = first && stream->http_status / 100 == 1;

	if (g->block_flags & BLOCK_MALFORMED ||
	    (first && !(g->block_flags & BLOCK_STATUS)) ||
	    (ends ? informs : !first)) {
		vmc_grpc_reset(g, stream->id, VMC_H2_PROTOCOL_ERROR, event);
		return;
	}
	if (informs)
		return; /* the response is still to come */
	stream->flags |= STREAM_HEADERS;
	if (g->block_flags & BLOCK_ENCODED && stream->code == CODE_NONE)
		vmc_grpc_fail(stream, VMC_CODE_INTERNAL,
			      "response is compressed, which nobody asked for");
	if (ends)
		vmc_grpc_end(g, stream, event);
}

/* see grpc_engine.h */
void vmc_grpc_block_end(struct vmc_grpc *g, struct vmc_engine_event *event)
{
	struct vmc_grpc_stream *stream = vmc_grpc_find(g, g->block_stream);

	if (g->block_flags & BLOCK_REFUSED)
		vmc_grpc_reset(g, g->block_stream, VMC_H2_REFUSED_STREAM,
			       event);
	else if (!stream || g->block_flags & BLOCK_DISCARD)
		return;
	else if (g->is_server)
		end_request_block(g, stream, event);
	else
		end_response_block(g, stream, event);
}
