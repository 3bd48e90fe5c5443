/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many clients for few VMs: they wait in order, with deadlines of their
 * own, and may give up, die or be turned away; nobody gets another's VM and
 * no VM is spent on who is gone.
 */
#include "client_world.h"

/* Fifty, or as many as may connect and wait at once. */
#define SMALLER(a, b) ((a) < (b) ? (a) : (b))
#define CROWD SMALLER(50, SMALLER(VMC_CONNECTION_MAX, VMC_CALL_MAX))

static const enum client_call ways_to_get[] = { CLIENT_GET, CLIENT_ATTACH,
						CLIENT_END };

static struct server_world w;
static struct client client[CROWD];

static void begin(uint32_t number, uint32_t boot_ms)
{
	server_world_begin(&w, number);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = boot_ms;
	server_world_start(&w);
	for (unsigned i = 0; i < CROWD; i++)
		client_begin(&w, &client[i], ways_to_get);
}

static unsigned count_given(void)
{
	unsigned i, j, given = 0;

	for (i = 0; i < CROWD; i++) {
		if (!client[i].has)
			continue;
		given++;
		for (j = 0; j < i; j++)
			CHECK(!client[j].has ||
			      strcmp(client[i].got.id, client[j].got.id) != 0);
	}
	return given;
}

static void end(void)
{
	for (unsigned i = 0; i < CROWD; i++)
		client_close(&client[i]);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 0);
	CHECK_EQ_INT(w.server.call_len, 0);
	CHECK_EQ_INT(w.p.sim.open, 0);
	CHECK_EQ_INT(w.p.pool.line_len, 0);
}

TEST(many_takers_on_two_slots)
{
	begin(2, 40);
	clients_pass(&w, client, CROWD, 40 * CROWD / 2);
	CHECK_EQ_INT(count_given(), CROWD);
	for (unsigned i = 0; i < CROWD; i++)
		CHECK_EQ_INT(client[i].done, 2);
	clients_pass(&w, client, CROWD, 100);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], CROWD + 2);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, CROWD);
	end();
}

TEST(served_in_the_order_of_coming)
{
	unsigned i;

	begin(1, 10);
	for (i = 0; i < CROWD; i++)
		(void)clients_settle(&w, &client[i], 1);
	for (i = 0; i < CROWD; i++) {
		clients_pass(&w, client, CROWD, 10);
		CHECK_EQ_INT(count_given(), i + 1);
		CHECK(client[i].has);
	}
	end();
}

TEST(each_has_its_own_deadline)
{
	unsigned i, late = 0;

	begin(2, 100);
	for (i = 0; i < CROWD; i++)
		client[i].timeout_ms = i % 2 ? 500 : 100000;
	clients_pass(&w, client, CROWD, 500);
	for (i = 0; i < CROWD; i++) {
		CHECK(client[i].failed == VMC_OK ||
		      client[i].failed == VMC_ERR_TIMEOUT);
		late += client[i].failed == VMC_ERR_TIMEOUT;
		CHECK(!(client[i].failed && i % 2 == 0));
	}
	CHECK(late > CROWD / 5);
	clients_pass(&w, client, CROWD, 100 * CROWD);
	CHECK_EQ_INT(count_given(), CROWD - late);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->handed, CROWD - late);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], CROWD - late + 2);
	end();
}

TEST(who_gives_up_costs_nothing)
{
	unsigned i;

	begin(1, 100);
	(void)clients_settle(&w, client, CROWD);
	CHECK_EQ_INT(w.server.call_len, CROWD);
	for (i = 0; i < CROWD; i++)
		if (i != 7)
			vmc_task_cancel(&client[i].task);
	for (i = 0; i < CROWD; i++)
		if (i != 7)
			client[i].failed = VMC_ERR_CANCELLED;
	(void)clients_settle(&w, client, CROWD);
	CHECK_EQ_INT(w.server.call_len, 1);
	clients_pass(&w, client, CROWD, 1000);
	CHECK(client[7].has);
	CHECK_EQ_INT(count_given(), 1);
	CHECK_EQ_INT(w.p.mock.called[VMC_MOCK_BOOT], 2);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->dropped, 0);
	end();
}

TEST(stopping_turns_all_away)
{
	unsigned i;

	begin(1, 100);
	(void)clients_settle(&w, client, CROWD);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	(void)clients_settle(&w, client, CROWD);
	for (i = 0; i < CROWD; i++) {
		CHECK_EQ_INT(client[i].failed, VMC_ERR_CALL);
		CHECK_EQ_INT(vmc_channel_error(&client[i].channel)->code,
			     VMC_CODE_UNAVAILABLE);
	}
	CHECK(vmc_server_stopped(&w.server));
	CHECK_EQ_INT(vmc_mock_alive(&w.p.mock), 0);
	end();
}

TEST(boots_that_fail_make_them_wait_longer)
{
	begin(2, 10);
	w.p.mock.script[VMC_MOCK_READY].wrong_from = 1;
	w.p.mock.script[VMC_MOCK_READY].wrong_len = 6;
	clients_pass(&w, client, CROWD, 60000);
	CHECK_EQ_INT(count_given(), CROWD);
	CHECK_EQ_INT(vmc_pool_counters(&w.p.pool)->failed, 6);
	end();
}

/* More than may connect at once: the rest wait to be accepted. */
TEST(more_than_there_are_connections)
{
	static struct client many[VMC_CONNECTION_MAX + 20];
	static struct vmc_sim_link links[VMC_CONNECTION_MAX + 20];
	const size_t len = VMC_CONNECTION_MAX + 20;
	unsigned given = 0;
	size_t i, j;

	server_world_begin(&w, 4);
	vmc_sim_init(&w.p.sim, links, (uint32_t)len);
	w.p.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	server_world_start(&w);
	for (i = 0; i < len; i++)
		client_begin(&w, &many[i], ways_to_get);
	for (j = 0; j < 20; j++) {
		clients_pass(&w, many, len, 100);
		for (i = 0; i < len; i++)
			if (client_ended(&many[i]))
				client_close(&many[i]);
	}
	for (i = 0; i < len; i++)
		given += many[i].has;
	CHECK_EQ_INT(given, len);
	server_world_settle(&w);
	CHECK_EQ_INT(w.server.open_len, 0);
}

TEST(full_backlog_is_retried)
{
	begin(4, 1);
	w.p.sim.backlog = 2;
	clients_pass(&w, client, CROWD, 2000);
	CHECK_EQ_INT(count_given(), CROWD);
	end();
}

TEST(nobody_listens)
{
	begin(1, 1);
	vmc_server_stop(&w.server, "SIGTERM", w.p.sim.now_ms);
	server_world_settle(&w);
	(void)clients_settle(&w, client, 1);
	CHECK_EQ_INT(client[0].failed, VMC_ERR_NO_SERVER);
	CHECK(strstr(vmc_channel_error(&client[0].channel)->text,
		     WORLD_ENDPOINT) != NULL);
}

TESTS(RUN(many_takers_on_two_slots)
      RUN(served_in_the_order_of_coming)
      RUN(each_has_its_own_deadline)
      RUN(who_gives_up_costs_nothing)
      RUN(stopping_turns_all_away)
      RUN(boots_that_fail_make_them_wait_longer)
      RUN(more_than_there_are_connections)
      RUN(full_backlog_is_retried)
      RUN(nobody_listens));
