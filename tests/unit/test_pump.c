/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pump over the port in memory, and the table of transports.
 */
#include "test.h"

#include "vmcache/transport.h"
#include "vmcache_sim.h"
#include "../../src/engine/pump.h"

#define ENDPOINT "/run/pump.sock"

/* Two ends of one connection, and a server's engine on the second. */
struct world {
	struct vmc_sim sim;
	struct vmc_sim_link links[1];
	vmc_handle client;
	struct vmc_ttrpc engine;
	uint8_t window[128], out[128];
	struct vmc_pump pump;
};

static void begin_world(struct world *w)
{
	struct vmc_engine_event event;
	struct vmc_peer peer;
	vmc_handle listener;

	vmc_sim_init(&w->sim, w->links, 1);
	CHECK_EQ_INT(
		vmc_sim_port_ops.listen(&w->sim, ENDPOINT, &listener, NULL),
		VMC_OK);
	CHECK_EQ_INT(
		vmc_sim_port_ops.connect(&w->sim, ENDPOINT, &w->client, NULL),
		VMC_OK);
	w->pump.ops = &vmc_ttrpc_server;
	w->pump.engine = &w->engine;
	w->pump.port = vmc_sim_port(&w->sim);
	CHECK_EQ_INT(vmc_sim_port_ops.accept(&w->sim, listener, &w->pump.stream,
					     &peer),
		     VMC_OK);
	vmc_ttrpc_server.init(&w->engine, w->window, sizeof(w->window), w->out,
			      sizeof(w->out));
	CHECK_EQ_INT(vmc_pump_next(&w->pump, &event), VMC_AGAIN);
	CHECK_EQ_INT(vmc_pump_want(&w->pump), VMC_WAIT_READ);
}

static void client_sends(struct world *w, const void *bytes, size_t len)
{
	struct vmc_view part = { bytes, len };
	size_t sent;

	CHECK_EQ_INT(vmc_sim_port_ops.send(&w->sim, w->client, &part, 1, NULL,
					   &sent),
		     VMC_OK);
	CHECK_EQ_INT(sent, len);
}

static size_t client_reads(struct world *w, uint8_t *buf, size_t cap)
{
	size_t len = 0;

	CHECK_EQ_INT(
		vmc_sim_port_ops.recv(&w->sim, w->client, buf, cap, &len, NULL),
		VMC_OK);
	return len;
}

/* An empty request, on stream 1. */
static const uint8_t request[] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 0 };

static void receive_request(struct world *w)
{
	struct vmc_engine_event event;

	client_sends(w, request, sizeof(request));
	CHECK_EQ_INT(vmc_pump_recv(&w->pump), VMC_OK);
	CHECK_EQ_INT(vmc_pump_next(&w->pump, &event), VMC_OK);
	CHECK_EQ_INT(event.type, VMC_ENGINE_REQUEST);
}

static void answer(struct world *w, const char *text)
{
	struct vmc_view part = vmc_view_of(text);
	struct vmc_engine_reply reply = { .stream = 1,
					  .parts = &part,
					  .parts_len = 1 };

	CHECK_EQ_INT(vmc_ttrpc_server.reply(&w->engine, &reply), VMC_OK);
}

TEST(nothing_to_do_is_again)
{
	struct world w;

	begin_world(&w);
	CHECK_EQ_INT(vmc_pump_recv(&w.pump), VMC_AGAIN);
	CHECK_EQ_INT(vmc_pump_send(&w.pump), VMC_OK);
}

TEST(events_come_in_their_order)
{
	struct vmc_engine_event event;
	uint8_t buf[64];
	struct world w;

	begin_world(&w);
	receive_request(&w);
	answer(&w, "x");
	CHECK_EQ_INT(vmc_pump_want(&w.pump), VMC_WAIT_WRITE);
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_OK);
	CHECK_EQ_INT(event.type, VMC_ENGINE_STARTED);
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_OK);
	CHECK_EQ_INT(event.type, VMC_ENGINE_DELIVERED);
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_AGAIN);
	CHECK_EQ_INT(vmc_pump_want(&w.pump), VMC_WAIT_READ);
	CHECK_EQ_INT(client_reads(&w, buf, sizeof(buf)), 13);
}

/* A peer that reads three bytes now and then gets it all. */
TEST(slow_reader_is_waited_for)
{
	struct vmc_engine_event event;
	uint8_t buf[64];
	struct world w;
	size_t len = 0;
	unsigned started = 0, delivered = 0;

	begin_world(&w);
	receive_request(&w);
	w.sim.ring = 3;
	answer(&w, "payload");
	while (!delivered) {
		while (vmc_pump_next(&w.pump, &event) == VMC_OK) {
			started += event.type == VMC_ENGINE_STARTED;
			delivered += event.type == VMC_ENGINE_DELIVERED;
		}
		if (!delivered)
			CHECK_EQ_INT(vmc_pump_want(&w.pump), VMC_WAIT_WRITE);
		CHECK_EQ_INT(started, len + 3 > 12);
		len += client_reads(&w, buf + len, sizeof(buf) - len);
	}
	CHECK_EQ_INT(len, 10 + 2 + 7);
	CHECK_EQ_MEM(buf + 12, "payload", 7);
	CHECK_EQ_INT(started, 1);
}

TEST(end_is_told_to_the_engine)
{
	struct vmc_engine_event event;
	const char *reason;
	struct world w;

	begin_world(&w);
	receive_request(&w);
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_AGAIN);
	vmc_sim_port_ops.shutdown(&w.sim, w.client);
	CHECK_EQ_INT(vmc_pump_recv(&w.pump), VMC_CLOSED);
	CHECK_EQ_INT(vmc_ttrpc_server.failed(&w.engine, &reason), VMC_CLOSED);
	/* half-closed: nothing to wait for but its hang-up */
	CHECK_EQ_INT(vmc_pump_want(&w.pump), 0);
	answer(&w, "x");
	CHECK_EQ_INT(vmc_pump_send(&w.pump), VMC_OK);
	CHECK_EQ_INT(vmc_sim_unread(&w.sim, w.client), 13);
}

TEST(broken_stream_is_told)
{
	struct vmc_engine_event event;
	struct world w;

	begin_world(&w);
	receive_request(&w);
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_AGAIN);
	vmc_sim_port_ops.close(&w.sim, w.client);
	answer(&w, "x");
	CHECK_EQ_INT(vmc_pump_next(&w.pump, &event), VMC_ERR_LOST);
	CHECK_EQ_INT(vmc_pump_send(&w.pump), VMC_ERR_LOST);
}

/* A table of this archive has ttrpc; more may be there. */
TEST(transports_are_found)
{
	const struct vmc_engine_ops *const *servers = vmc_transport_servers;
	const struct vmc_engine_ops *const *clients = vmc_transport_clients;
	unsigned i;

	for (i = 0; servers[i] && clients[i]; i++) {
		CHECK_EQ_STR(servers[i]->name, clients[i]->name);
		CHECK(vmc_transport_by_name(servers[i]->name) == clients[i]);
		CHECK(vmc_transport_by_first_byte(clients[i]->first_byte) ==
		      servers[i]);
	}
	CHECK(i > 0);
	CHECK(!servers[i] && !clients[i]);
	CHECK(vmc_transport_by_name("ttrpc") == &vmc_ttrpc_client);
	CHECK(vmc_transport_by_first_byte(0) == &vmc_ttrpc_server);
	CHECK(vmc_transport_by_name("ttrp") == NULL);
	CHECK(vmc_transport_by_name("") == NULL);
	CHECK(vmc_transport_by_first_byte('G') == NULL);
	CHECK(vmc_ttrpc_server.size == sizeof(struct vmc_ttrpc));
	CHECK(vmc_ttrpc_client.size == sizeof(struct vmc_ttrpc));
}

/* Each end has what its side asks for, and nothing of the other's. */
TEST(ends_have_their_own_operations)
{
	const struct vmc_engine_ops *const *ops;

	for (ops = vmc_transport_servers; *ops; ops++)
		CHECK((*ops)->reply && (*ops)->goodbye && !(*ops)->request &&
		      !(*ops)->cancel);
	for (ops = vmc_transport_clients; *ops; ops++)
		CHECK((*ops)->request && (*ops)->cancel && !(*ops)->reply &&
		      !(*ops)->goodbye);
}

TESTS(RUN(nothing_to_do_is_again)
      RUN(events_come_in_their_order)
      RUN(slow_reader_is_waited_for)
      RUN(end_is_told_to_the_engine)
      RUN(broken_stream_is_told)
      RUN(transports_are_found)
      RUN(ends_have_their_own_operations));
