/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port in memory. Its invariants:
 *
 * - A connection's slot is free when its number is 0, which is when neither
 *   end is open and nobody can accept it any more.
 * - pipe[side] carries what end `side` sends; end !side reads it.
 * - A fault is looked for before and after each transfer, and a transfer
 *   never crosses the byte where one waits.
 */
#include "vmcache_sim.h"

#include <string.h>

/* Friday 2019-03-08 00:00:00 UTC. */
#define WALL_BEGINS 1552003200

/* see vmcache_sim.h */
void vmc_sim_init(struct vmc_sim *sim, struct vmc_sim_link *links,
		  uint32_t links_len)
{
	memset(sim, 0, sizeof(*sim));
	sim->now_ms = 1000;
	sim->link = links;
	sim->link_len = links_len;
	for (uint32_t i = 0; i < links_len; i++)
		links[i].number = 0;
}

/*
 * Handles
 */

static enum vmc_status misuse(struct vmc_sim *sim)
{
	sim->misused++;
	return VMC_ERR_ARGUMENT;
}

static int is_listener(vmc_handle handle)
{
	return handle >= VMC_SIM_LISTENER_FIRST &&
	       handle < VMC_SIM_LISTENER_FIRST + VMC_SIM_LISTENER_MAX;
}

static int is_stream(const struct vmc_sim *sim, vmc_handle handle)
{
	return handle >= 0 && handle < 2 * (vmc_handle)sim->link_len;
}

static struct vmc_sim_listener *find_listener(struct vmc_sim *sim,
					      vmc_handle handle)
{
	struct vmc_sim_listener *listener;

	if (!is_listener(handle))
		return NULL;
	listener = &sim->listener[handle - VMC_SIM_LISTENER_FIRST];
	return listener->open ? listener : NULL;
}

/* The connection of an open stream, and which end of it that is. */
static struct vmc_sim_link *find_link(const struct vmc_sim *sim,
				      vmc_handle stream, unsigned *side)
{
	struct vmc_sim_link *link;

	*side = (unsigned)(stream & 1);
	if (!is_stream(sim, stream))
		return NULL;
	link = &sim->link[stream / 2];
	return link->number && link->open[*side] ? link : NULL;
}

static void open_end(struct vmc_sim *sim, struct vmc_sim_link *link,
		     unsigned side)
{
	link->open[side] = 1;
	sim->open++;
}

/* 1 if nobody will ever read what end `side` sends. */
static int unheard(const struct vmc_sim_link *link, unsigned side)
{
	if (link->broken || link->dead[!side])
		return 1;
	return !link->open[!side] && (side == 1 || link->accepted);
}

/* End `side` goes away: the other one reads what was sent, then the end. */
static void end_side(struct vmc_sim_link *link, unsigned side)
{
	link->pipe[side].ended = 1;
	if (link->pipe[!side].len)
		link->pipe[side].reset = 1;
	link->pipe[!side].len = 0;
}

/*
 * Faults
 */

static void break_link(struct vmc_sim_link *link)
{
	link->broken = 1;
	link->pipe[0].len = 0;
	link->pipe[1].len = 0;
}

static void kill_side(struct vmc_sim_link *link, unsigned side)
{
	link->dead[side] = 1;
	end_side(link, side);
}

/* Two steps: nothing once, then a single byte. */
static void stall(struct vmc_sim_link *link, int reading)
{
	for (unsigned side = 0; side < 2; side++) {
		if (reading)
			link->pipe[side].stall_read = 2;
		else
			link->pipe[side].stall_write = 2;
	}
}

static void apply(enum vmc_sim_fault_type type, struct vmc_sim_link *link)
{
	switch (type) {
	case VMC_SIM_NO_FAULT:
		break;
	case VMC_SIM_LOST:
		break_link(link);
		break;
	case VMC_SIM_GONE:
		kill_side(link, 0);
		break;
	case VMC_SIM_SERVER_GONE:
		kill_side(link, 1);
		break;
	case VMC_SIM_HALF_CLOSE:
		link->pipe[0].ended = 1;
		break;
	case VMC_SIM_SHORT_READ:
	case VMC_SIM_SHORT_WRITE:
		stall(link, type == VMC_SIM_SHORT_READ);
		break;
	}
}

static int counts_received(const struct vmc_sim_fault *fault)
{
	return fault->type == VMC_SIM_SHORT_READ ||
	       (fault->received && fault->type != VMC_SIM_SHORT_WRITE);
}

/* Bytes that may be transferred before the fault: UINT64_MAX if none. */
static uint64_t before_fault(const struct vmc_sim *sim,
			     const struct vmc_sim_link *link, int receiving)
{
	const struct vmc_sim_fault *fault = &sim->fault;
	uint64_t count = receiving ? link->received : link->sent;

	if (fault->type == VMC_SIM_NO_FAULT ||
	    fault->connection != link->number ||
	    counts_received(fault) != receiving || fault->at < count)
		return UINT64_MAX;
	return fault->at - count;
}

static void strike(struct vmc_sim *sim, struct vmc_sim_link *link,
		   int receiving)
{
	enum vmc_sim_fault_type type = sim->fault.type;

	if (before_fault(sim, link, receiving) != 0)
		return;
	sim->fault.type = VMC_SIM_NO_FAULT;
	sim->struck++;
	apply(type, link);
}

/*
 * Listening and connecting
 */

static struct vmc_sim_listener *listener_at(struct vmc_sim *sim,
					    const char *endpoint)
{
	for (unsigned i = 0; i < VMC_SIM_LISTENER_MAX; i++) {
		struct vmc_sim_listener *listener = &sim->listener[i];

		if (listener->open && !strcmp(listener->endpoint, endpoint))
			return listener;
	}
	return NULL;
}

static enum vmc_status check_endpoint(const char *endpoint,
				      struct vmc_error *error)
{
	if (strlen(endpoint) < VMC_SIM_ENDPOINT_SIZE)
		return VMC_OK;
	return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
				    "endpoint: path too long, bytes allowed",
				    VMC_SIM_ENDPOINT_SIZE - 1);
}

static enum vmc_status open_listener(struct vmc_sim *sim, const char *endpoint,
				     vmc_handle *out, struct vmc_error *error)
{
	for (unsigned i = 0; i < VMC_SIM_LISTENER_MAX; i++) {
		struct vmc_sim_listener *listener = &sim->listener[i];

		if (listener->open)
			continue;
		memset(listener, 0, sizeof(*listener));
		memcpy(listener->endpoint, endpoint, strlen(endpoint) + 1);
		listener->open = 1;
		*out = VMC_SIM_LISTENER_FIRST + (vmc_handle)i;
		return VMC_OK;
	}
	return vmc_error_set_number(error, VMC_ERR_IO, "no listener left of",
				    VMC_SIM_LISTENER_MAX);
}

static enum vmc_status sim_listen(void *ctx, const char *endpoint,
				  vmc_handle *listener, struct vmc_error *error)
{
	struct vmc_sim *sim = ctx;
	enum vmc_status status = check_endpoint(endpoint, error);

	if (status)
		return status;
	if (sim->listen_fails) {
		sim->listen_fails--;
		return vmc_error_set(error, VMC_ERR_IO,
				     "listening fails, as scripted", endpoint);
	}
	if (listener_at(sim, endpoint))
		return vmc_error_set(error, VMC_ERR_IN_USE, "a server lives at",
				     endpoint);
	return open_listener(sim, endpoint, listener, error);
}

/* A connection that waited for a listener which is gone. */
static void refuse_waiting(struct vmc_sim_link *link)
{
	link->accepted = 1;
	link->pipe[1].ended = 1;
	link->pipe[1].reset = 1;
	if (!link->open[0])
		link->number = 0;
}

static void sim_unlisten(void *ctx, const char *endpoint, vmc_handle handle)
{
	struct vmc_sim *sim = ctx;
	struct vmc_sim_listener *listener = find_listener(sim, handle);

	if (!listener || strcmp(listener->endpoint, endpoint)) {
		sim->misused++;
		return;
	}
	listener->open = 0;
	for (uint32_t i = 0; i < sim->link_len; i++) {
		struct vmc_sim_link *link = &sim->link[i];

		if (link->number && !link->accepted &&
		    link->listener == (uint32_t)(listener - sim->listener))
			refuse_waiting(link);
	}
}

/* Who came first of those that wait to be accepted. */
static struct vmc_sim_link *first_waiting(struct vmc_sim *sim,
					  uint32_t listener)
{
	struct vmc_sim_link *first = NULL;

	for (uint32_t i = 0; i < sim->link_len; i++) {
		struct vmc_sim_link *link = &sim->link[i];

		if (!link->number || link->accepted ||
		    link->listener != listener)
			continue;
		if (!first || link->number < first->number)
			first = link;
	}
	return first;
}

static enum vmc_status sim_accept(void *ctx, vmc_handle handle,
				  vmc_handle *stream, struct vmc_peer *peer)
{
	struct vmc_sim *sim = ctx;
	struct vmc_sim_listener *listener = find_listener(sim, handle);
	struct vmc_sim_link *link;

	if (!listener)
		return misuse(sim);
	if (listener->waiting == 0)
		return VMC_AGAIN;
	if (sim->accept_full) {
		sim->accept_full--;
		return VMC_ERR_FULL;
	}
	link = first_waiting(sim, (uint32_t)(listener - sim->listener));
	listener->waiting--;
	link->accepted = 1;
	open_end(sim, link, 1);
	*stream = 2 * (link - sim->link) + 1;
	*peer = link->peer[0];
	return VMC_OK;
}

/* Round robin, so that a handle is not soon another connection's. */
static struct vmc_sim_link *free_link(struct vmc_sim *sim)
{
	for (uint32_t i = 0; i < sim->link_len; i++) {
		uint32_t at = (sim->link_next + i) % sim->link_len;

		if (sim->link[at].number == 0) {
			sim->link_next = at + 1;
			return &sim->link[at];
		}
	}
	return NULL;
}

static void begin_link(struct vmc_sim *sim, struct vmc_sim_link *link,
		       struct vmc_sim_listener *listener)
{
	memset(link, 0, offsetof(struct vmc_sim_link, pipe));
	memset(&link->pipe[0], 0, offsetof(struct vmc_sim_pipe, bytes));
	memset(&link->pipe[1], 0, offsetof(struct vmc_sim_pipe, bytes));
	link->number = ++sim->connected;
	link->listener = (uint32_t)(listener - sim->listener);
	link->peer[0] = sim->client;
	link->peer[1] = sim->server;
	listener->waiting++;
	open_end(sim, link, 0);
}

static enum vmc_status sim_connect(void *ctx, const char *endpoint,
				   vmc_handle *stream, struct vmc_error *error)
{
	struct vmc_sim *sim = ctx;
	struct vmc_sim_listener *listener;
	struct vmc_sim_link *link;
	enum vmc_status status = check_endpoint(endpoint, error);

	if (status)
		return status;
	listener = listener_at(sim, endpoint);
	if (!listener)
		return vmc_error_set(error, VMC_ERR_NO_SERVER,
				     "nobody listens at", endpoint);
	if (sim->backlog && listener->waiting >= sim->backlog)
		return VMC_AGAIN;
	link = free_link(sim);
	if (!link)
		return vmc_error_set_number(error, VMC_ERR_IO,
					    "no connection left of",
					    sim->link_len);
	begin_link(sim, link, listener);
	*stream = 2 * (link - sim->link);
	return VMC_OK;
}

/*
 * Bytes
 */

static size_t at_most(size_t len, uint64_t limit)
{
	return len < limit ? len : (size_t)limit;
}

/* Limits `len`, or says 0 if this call is the one that finds nothing. */
static size_t stalled(uint8_t *steps, size_t len)
{
	if (*steps == 0)
		return len;
	return --*steps ? 0 : at_most(len, 1);
}

static void take_bytes(struct vmc_sim_pipe *pipe, uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = pipe->bytes[(pipe->first + i) % VMC_SIM_RING_SIZE];
	pipe->first = (pipe->first + (uint32_t)len) % VMC_SIM_RING_SIZE;
	pipe->len -= (uint32_t)len;
}

static void put_bytes(struct vmc_sim_pipe *pipe, const uint8_t *bytes,
		      size_t len)
{
	for (size_t i = 0; i < len; i++)
		pipe->bytes[(pipe->first + pipe->len + i) % VMC_SIM_RING_SIZE] =
			bytes[i];
	pipe->len += (uint32_t)len;
}

/* What reading an empty pipe means. */
static enum vmc_status empty_status(const struct vmc_sim_pipe *pipe)
{
	if (!pipe->ended)
		return VMC_AGAIN;
	return pipe->reset ? VMC_ERR_LOST : VMC_CLOSED;
}

static enum vmc_status sim_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				size_t cap, size_t *len,
				struct vmc_handles *handles)
{
	struct vmc_sim *sim = ctx;
	unsigned side;
	struct vmc_sim_link *link = find_link(sim, stream, &side);
	struct vmc_sim_pipe *pipe;

	if (!link || cap == 0)
		return misuse(sim);
	(void)handles; /* none ever comes */
	strike(sim, link, 1);
	if (link->broken || link->dead[side])
		return VMC_ERR_LOST;
	pipe = &link->pipe[!side];
	if (pipe->len == 0)
		return empty_status(pipe);
	cap = at_most(cap, pipe->len);
	cap = at_most(cap, sim->short_read ? sim->short_read : cap);
	cap = stalled(&pipe->stall_read, cap);
	if (cap == 0)
		return VMC_AGAIN;
	*len = at_most(cap, before_fault(sim, link, 1));
	take_bytes(pipe, buf, *len);
	link->received += *len;
	strike(sim, link, 1);
	return VMC_OK;
}

static size_t room(const struct vmc_sim *sim, const struct vmc_sim_pipe *pipe)
{
	size_t ring = VMC_SIM_RING_SIZE;

	if (sim->ring)
		ring = at_most(ring, sim->ring);
	return pipe->len < ring ? ring - pipe->len : 0;
}

static size_t put_parts(struct vmc_sim_pipe *pipe, const struct vmc_view *parts,
			size_t parts_len, size_t limit)
{
	size_t put = 0;

	for (size_t i = 0; i < parts_len && put < limit; i++) {
		size_t len = at_most(parts[i].ptr_len, limit - put);

		put_bytes(pipe, parts[i].ptr, len);
		put += len;
	}
	return put;
}

static size_t parts_size(const struct vmc_view *parts, size_t parts_len)
{
	size_t size = 0;

	for (size_t i = 0; i < parts_len; i++)
		size += parts[i].ptr_len;
	return size;
}

static enum vmc_status sim_send(void *ctx, vmc_handle stream,
				const struct vmc_view *parts, size_t parts_len,
				const struct vmc_handles *handles, size_t *len)
{
	struct vmc_sim *sim = ctx;
	unsigned side;
	struct vmc_sim_link *link = find_link(sim, stream, &side);
	size_t limit = parts_size(parts, parts_len);
	struct vmc_sim_pipe *pipe;

	if (!link || limit == 0 || parts_len > VMC_PARTS_MAX)
		return misuse(sim);
	if (handles && handles->handle_len)
		return VMC_ERR_UNSUPPORTED;
	strike(sim, link, 0);
	pipe = &link->pipe[side];
	if (link->dead[side] || unheard(link, side) || pipe->ended)
		return VMC_ERR_LOST;
	limit = at_most(limit, room(sim, pipe));
	limit = at_most(limit, sim->short_write ? sim->short_write : limit);
	limit = stalled(&pipe->stall_write, limit);
	if (limit == 0)
		return VMC_AGAIN;
	*len = put_parts(pipe, parts, parts_len,
			 at_most(limit, before_fault(sim, link, 0)));
	link->sent += *len;
	sim->exchanged += *len;
	strike(sim, link, 0);
	return VMC_OK;
}

static void sim_shutdown(void *ctx, vmc_handle stream)
{
	struct vmc_sim *sim = ctx;
	unsigned side;
	struct vmc_sim_link *link = find_link(sim, stream, &side);

	if (link)
		link->pipe[side].ended = 1;
	else
		sim->misused++;
}

static void sim_close(void *ctx, vmc_handle stream)
{
	struct vmc_sim *sim = ctx;
	unsigned side;
	struct vmc_sim_link *link = find_link(sim, stream, &side);

	if (!link) {
		sim->misused++;
		return;
	}
	end_side(link, side);
	link->open[side] = 0;
	sim->open--;
	if (!link->open[!side] && link->accepted)
		link->number = 0;
}

static void sim_wake(void *ctx)
{
	((struct vmc_sim *)ctx)->woken++;
}

const struct vmc_port_ops vmc_sim_port_ops = {
	.name = "sim",
	.listen = sim_listen,
	.unlisten = sim_unlisten,
	.accept = sim_accept,
	.connect = sim_connect,
	.recv = sim_recv,
	.send = sim_send,
	.shutdown = sim_shutdown,
	.close = sim_close,
	.wake = sim_wake,
};

/* see vmcache_sim.h */
struct vmc_port vmc_sim_port(struct vmc_sim *sim)
{
	return (struct vmc_port){ &vmc_sim_port_ops, sim };
}

/*
 * Readiness
 */

static unsigned stream_events(const struct vmc_sim *sim,
			      const struct vmc_sim_link *link, unsigned side)
{
	const struct vmc_sim_pipe *in = &link->pipe[!side];
	const struct vmc_sim_pipe *out = &link->pipe[side];
	unsigned events = 0;

	if (link->broken || link->dead[side])
		return VMC_WAIT_READ | VMC_WAIT_WRITE | VMC_WAIT_RDHUP |
		       VMC_WAIT_HUP;
	if (in->len || in->ended)
		events |= VMC_WAIT_READ;
	if (in->ended)
		events |= VMC_WAIT_RDHUP;
	if (unheard(link, side))
		events |= VMC_WAIT_WRITE | VMC_WAIT_HUP;
	if (in->ended && out->ended)
		events |= VMC_WAIT_HUP;
	if (room(sim, out))
		events |= VMC_WAIT_WRITE;
	return events;
}

static unsigned listener_events(struct vmc_sim *sim, vmc_handle handle)
{
	struct vmc_sim_listener *listener = find_listener(sim, handle);

	if (!listener) {
		sim->misused++;
		return 0;
	}
	return listener->waiting ? VMC_WAIT_READ : 0;
}

static unsigned handle_events(struct vmc_sim *sim, vmc_handle handle)
{
	unsigned side;
	struct vmc_sim_link *link;

	if (is_listener(handle))
		return listener_events(sim, handle);
	link = find_link(sim, handle, &side);
	if (link)
		return stream_events(sim, link, side);
	sim->misused++;
	return 0;
}

/* see vmcache_sim.h */
size_t vmc_sim_poll(struct vmc_sim *sim, struct vmc_wait *waits,
		    size_t waits_len)
{
	size_t some = 0;

	for (size_t i = 0; i < waits_len; i++) {
		struct vmc_wait *wait = &waits[i];

		if (!is_listener(wait->handle) && !is_stream(sim, wait->handle))
			continue;
		wait->got = (uint16_t)(handle_events(sim, wait->handle) &
				       (wait->want | VMC_WAIT_HUP));
		some += wait->got != 0;
	}
	return some;
}

/* see vmcache_sim.h */
size_t vmc_sim_unread(const struct vmc_sim *sim, vmc_handle stream)
{
	unsigned side;
	const struct vmc_sim_link *link = find_link(sim, stream, &side);

	return link ? link->pipe[!side].len : 0;
}

/* see vmcache_sim.h */
uint32_t vmc_sim_connection(const struct vmc_sim *sim, vmc_handle stream)
{
	unsigned side;
	const struct vmc_sim_link *link = find_link(sim, stream, &side);

	return link ? link->number : 0;
}

/* see vmcache_sim.h */
uint64_t vmc_sim_sent(const struct vmc_sim *sim, vmc_handle stream)
{
	unsigned side;
	const struct vmc_sim_link *link = find_link(sim, stream, &side);

	return link ? link->sent : 0;
}

/*
 * Environment
 */

static uint64_t env_now_ms(void *ctx)
{
	return ((const struct vmc_sim *)ctx)->now_ms;
}

static enum vmc_status env_wall(void *ctx, struct vmc_wall *wall)
{
	const struct vmc_sim *sim = ctx;

	if (sim->no_wall)
		return VMC_ERR_UNSUPPORTED;
	wall->seconds = WALL_BEGINS + (int64_t)(sim->now_ms / 1000);
	wall->microseconds = (uint32_t)(sim->now_ms % 1000) * 1000;
	return VMC_OK;
}

/* SplitMix64 (Steele, Lea, Flood 2014). */
static uint64_t next_random(struct vmc_sim *sim)
{
	uint64_t z = (sim->seed += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static enum vmc_status env_entropy(void *ctx, void *buf, size_t buf_len)
{
	struct vmc_sim *sim = ctx;
	uint8_t *out = buf;

	if (sim->entropy_fails) {
		sim->entropy_fails--;
		return VMC_ERR_IO;
	}
	for (size_t i = 0; i < buf_len; i++)
		out[i] = (uint8_t)next_random(sim);
	return VMC_OK;
}

/* see vmcache_sim.h */
struct vmc_env vmc_sim_env(struct vmc_sim *sim)
{
	return (struct vmc_env){
		.ctx = sim,
		.now_ms = env_now_ms,
		.wall = env_wall,
		.entropy = env_entropy,
	};
}

/*
 * Store
 */

static int write_fails(const struct vmc_sim_store *store)
{
	if (store->fail_from == 0 || store->writes < store->fail_from)
		return 0;
	return store->fail_len == 0 ||
	       store->writes - store->fail_from < store->fail_len;
}

static enum vmc_status store_write(void *ctx, uint32_t slot,
				   const uint8_t *bytes, size_t bytes_len)
{
	struct vmc_sim_store *store = ctx;

	if (slot >= VMC_VM_MAX || bytes_len == 0 || bytes_len > VMC_RECORD_SIZE)
		return VMC_ERR_ARGUMENT;
	store->writes++;
	if (write_fails(store)) {
		store->failed++;
		return VMC_ERR_IO;
	}
	memcpy(store->bytes[slot], bytes, bytes_len);
	store->bytes_len[slot] = (uint32_t)bytes_len;
	return VMC_OK;
}

static enum vmc_status store_next(void *ctx, uint32_t *cursor, uint32_t *slot,
				  uint8_t *out, size_t *out_len)
{
	const struct vmc_sim_store *store = ctx;

	while (*cursor < VMC_VM_MAX) {
		uint32_t at = (*cursor)++;

		if (store->bytes_len[at] == 0)
			continue;
		*slot = at;
		*out_len = store->bytes_len[at];
		memcpy(out, store->bytes[at], *out_len);
		return VMC_OK;
	}
	return VMC_CLOSED;
}

static void store_erase(void *ctx, uint32_t slot)
{
	struct vmc_sim_store *store = ctx;

	store->erases++;
	if (slot < VMC_VM_MAX)
		store->bytes_len[slot] = 0;
}

static uint64_t store_start_time(void *ctx, int64_t pid)
{
	const struct vmc_sim_store *store = ctx;

	return pid ? (uint64_t)pid + store->born : 0;
}

const struct vmc_store_ops vmc_sim_store_ops = {
	.write = store_write,
	.next = store_next,
	.erase = store_erase,
	.start_time = store_start_time,
};
