/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool over the mock driver. Every step of every test is followed by
 * pool_world_check: no VM lost, none in two places, counts that are true.
 */
#include "pool_world.h"

static struct pool_world w;
static const struct vmc_peer nobody;

static void start(uint32_t number)
{
	pool_world_begin(&w, number);
	pool_world_start(&w);
	pool_world_settle(&w);
}

static enum vmc_status take(struct vmc_pool_ticket *ticket, uint32_t *slot)
{
	return vmc_pool_take(&w.pool, ticket, slot, w.sim.now_ms);
}

static const char *id_of(uint32_t slot)
{
	return vmc_pool_vm(&w.pool, slot)->id;
}

static struct vmc_mock_machine *machine_of(uint32_t slot)
{
	struct vmc_mock_machine *machine = vmc_mock_find(&w.mock, id_of(slot));

	CHECK(machine != NULL);
	return machine;
}

/* Takes a READY VM, at once. */
static uint32_t take_now(void)
{
	struct vmc_pool_ticket ticket = { 0 };
	uint32_t slot = UINT32_MAX;

	CHECK_EQ_INT(take(&ticket, &slot), VMC_OK);
	CHECK(slot < w.config.number);
	return slot;
}

/*
 * Filling
 */

TEST(fills_at_once_when_boots_are_instant)
{
	pool_world_begin(&w, 5);
	pool_world_start(&w);
	(void)pool_world_step(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 5);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 0);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->booted, 5);
	CHECK_EQ_INT(world_logged(&w, VMC_EVENT_VM_BOOTING), 5);
	CHECK_EQ_INT(world_logged(&w, VMC_EVENT_VM_READY), 5);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 5);
}

TEST(boots_no_more_than_boot_parallel_together)
{
	pool_world_begin(&w, 7);
	w.config.boot_parallel = 3;
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 3);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 3);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 3);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 3);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 6);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 1);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 7);
	CHECK_EQ_INT(world_event(&w, VMC_EVENT_VM_READY)->ms, 10);
}

TEST(boot_parallel_is_2_by_default)
{
	pool_world_begin(&w, 4);
	w.mock.script[VMC_MOCK_PAUSE].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 2);
}

TEST(every_vm_is_paused_and_has_an_id_of_its_own)
{
	uint32_t i, j;

	start(8);
	for (i = 0; i < 8; i++) {
		CHECK_EQ_INT(strlen(id_of(i)), 36);
		CHECK_EQ_INT(machine_of(i)->paused, 1);
		CHECK_EQ_INT(machine_of(i)->held, 1);
		for (j = 0; j < i; j++)
			CHECK(strcmp(id_of(i), id_of(j)) != 0);
	}
}

TEST(init_names_what_is_wrong)
{
	struct vmc_hypervisor_ops crooked = vmc_mock_ops;
	struct vmc_error error;

	pool_world_begin(&w, 0);
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, "number") != NULL);
	w.config.number = VMC_VM_MAX + 1;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "number") != NULL);
	w.config.number = 4;
	w.config.drivers_size = 4 * vmc_mock_ops.vm_size - 1;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "drivers") != NULL);
	w.config.drivers_size++;
	w.config.drivers = (uint8_t *)w.driver_bytes + 1;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_ARGUMENT);
	w.config.drivers = NULL;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, NULL), VMC_ERR_ARGUMENT);
	w.config.drivers = w.driver_bytes;
	crooked.vm_align = 0;
	w.config.hypervisor.ops = &crooked;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, "drivers") != NULL);
	w.config.hypervisor.ops = NULL;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, "hypervisor") != NULL);
	w.config.hypervisor.ops = &vmc_mock_ops;
	w.config.base.ops = NULL;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error),
		     VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, "base") != NULL);
}

TEST(init_refuses_other_knobs)
{
	struct vmc_error error;

	pool_world_begin(&w, 1);
	CHECK_EQ_INT(vmc_pool_init_checked(&w.pool, &w.config, &error,
					   sizeof(w.pool), VMC_OPTIONS + 1),
		     VMC_ERR_OPTIONS);
	CHECK_EQ_INT(vmc_pool_init_checked(&w.pool, &w.config, &error,
					   sizeof(w.pool) - 8, VMC_OPTIONS),
		     VMC_ERR_OPTIONS);
}

TEST(init_fails_without_entropy)
{
	struct vmc_error error;

	pool_world_begin(&w, 1);
	w.sim.entropy_fails = 1;
	CHECK_EQ_INT(vmc_pool_init(&w.pool, &w.config, &error), VMC_ERR_IO);
	CHECK(strstr(error.text, "entropy") != NULL);
}

/*
 * Taking
 */

TEST(take_hands_out_a_detached_paused_vm)
{
	uint32_t slot;
	struct vmc_view saved;

	start(2);
	slot = take_now();
	CHECK_EQ_INT(vmc_pool_vm(&w.pool, slot)->state, VMC_VM_HANDING);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(machine_of(slot)->held, 0);
	CHECK_EQ_INT(machine_of(slot)->paused, 1);
	saved = vmc_pool_saved(&w.pool, slot);
	CHECK(saved.ptr_len > 0);
	CHECK(memmem(saved.ptr, saved.ptr_len, id_of(slot), 36) != NULL);
	pool_world_settle(&w);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 2);
	CHECK_EQ_INT(vmc_pool_vm(&w.pool, slot)->state, VMC_VM_HANDING);
}

TEST(handed_vm_lives_on_and_its_slot_refills)
{
	uint32_t slot;
	struct vmc_mock_machine *machine;

	start(2);
	slot = take_now();
	machine = machine_of(slot);
	vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(machine->released, 1);
	CHECK_EQ_INT(machine->stopped, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->handed, 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 3);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_HANDED)->id, machine->id);
	CHECK_EQ_INT(world_event(&w, VMC_EVENT_VM_HANDED)->slot, slot);
	CHECK(world_event(&w, VMC_EVENT_VM_HANDED)->pid >= 100);
}

TEST(refill_begins_in_the_next_step)
{
	uint32_t slot;

	start(1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 25;
	slot = take_now();
	pool_world_step(&w);
	vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	CHECK(pool_world_step(&w) > w.sim.now_ms);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 1);
	pool_world_pass(&w, 25);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(no_vm_is_taken_twice)
{
	struct vmc_pool_ticket late = { 0 };
	uint32_t slot, other, i;
	char given[64][VMC_ID_SIZE];
	uint32_t given_len = 0;

	start(4);
	while (given_len < 64) {
		slot = take_now();
		for (i = 0; i < given_len; i++)
			CHECK(strcmp(given[i], id_of(slot)) != 0);
		strcpy(given[given_len++], id_of(slot));
		vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
		pool_world_settle(&w);
	}
	for (i = 0; i < 4; i++)
		(void)take_now();
	CHECK_EQ_INT(take(&late, &other), VMC_AGAIN);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 0);
	vmc_pool_leave(&w.pool, &late);
}

TEST(give_back_untouched_is_attached_and_ready_again)
{
	uint32_t slot;
	char id[VMC_ID_SIZE];

	start(1);
	slot = take_now();
	strcpy(id, id_of(slot));
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_STR(id_of(slot), id);
	CHECK_EQ_INT(machine_of(slot)->held, 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->returned, 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->dropped, 0);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_RETURNED)->id, id);
	CHECK_EQ_INT(take_now(), slot);
	CHECK_EQ_STR(id_of(slot), id);
}

TEST(give_back_half_delivered_is_stopped)
{
	struct vmc_mock_machine *machine;
	uint32_t slot;

	start(1);
	slot = take_now();
	machine = machine_of(slot);
	vmc_pool_give_back(&w.pool, slot, 1, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(machine->stopped, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK(strcmp(id_of(slot), machine->id) != 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->dropped, 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->handed, 0);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_DROPPED)->id, machine->id);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_STOPPED)->id, machine->id);
	CHECK_EQ_INT(world_event(&w, VMC_EVENT_VM_STOPPED)->pid, 100);
}

TEST(give_back_that_cannot_be_attached_is_replaced)
{
	struct vmc_mock_machine *machine;
	uint32_t slot;

	start(1);
	pool_world_pass(&w, 5000);
	w.mock.script[VMC_MOCK_ATTACH].wrong_from = 1;
	slot = take_now();
	machine = machine_of(slot);
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(machine->stopped, 1);
	pool_world_pass(&w, 30000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->returned, 0);
}

TEST(give_back_whose_attach_hangs_is_replaced)
{
	struct vmc_mock_machine *machine;
	uint32_t slot;

	pool_world_begin(&w, 1);
	w.config.step_timeout_ms = 50;
	pool_world_start(&w);
	pool_world_settle(&w);
	w.mock.script[VMC_MOCK_ATTACH].wrong_from = 1;
	w.mock.script[VMC_MOCK_ATTACH].status = VMC_AGAIN;
	slot = take_now();
	machine = machine_of(slot);
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_pass(&w, 49);
	CHECK_EQ_INT(machine->stopped, 0);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 0);
	pool_world_pass(&w, 1);
	CHECK_EQ_INT(machine->stopped, 1);
	pool_world_pass(&w, 30000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(vm_returned_serves_who_waits)
{
	struct vmc_pool_ticket waiting = { 0 };
	uint32_t slot, other;

	start(1);
	slot = take_now();
	CHECK_EQ_INT(take(&waiting, &other), VMC_AGAIN);
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(take(&waiting, &other), VMC_OK);
	CHECK_EQ_INT(other, slot);
}

/*
 * The line
 */

TEST(first_come_first_served)
{
	struct vmc_pool_ticket ticket[4] = { { 0 } };
	uint32_t slot, i;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	for (i = 0; i < 4; i++)
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_AGAIN);
	for (i = 0; i < 4; i++) {
		uint32_t j;

		pool_world_pass(&w, 10);
		CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
		for (j = 3; j > i; j--)
			CHECK_EQ_INT(take(&ticket[j], &slot), VMC_AGAIN);
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_OK);
		vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	}
}

TEST(who_comes_late_does_not_overtake)
{
	struct vmc_pool_ticket first = { 0 }, late = { 0 };
	uint32_t slot;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(take(&first, &slot), VMC_AGAIN);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(take(&late, &slot), VMC_AGAIN);
	CHECK_EQ_INT(take(&first, &slot), VMC_OK);
}

TEST(leaving_the_line_costs_no_vm)
{
	struct vmc_pool_ticket ticket[3] = { { 0 } };
	uint32_t slot, i;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	for (i = 0; i < 3; i++)
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_AGAIN);
	vmc_pool_leave(&w.pool, &ticket[1]);
	vmc_pool_leave(&w.pool, &ticket[1]);
	vmc_pool_leave(&w.pool, &ticket[0]);
	pool_world_pass(&w, 100);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
	CHECK_EQ_INT(take(&ticket[2], &slot), VMC_OK);
	vmc_pool_leave(&w.pool, &ticket[2]);
	CHECK_EQ_INT(vmc_pool_vm(&w.pool, slot)->state, VMC_VM_HANDING);
}

TEST(line_is_bounded)
{
	static struct vmc_pool_ticket ticket[VMC_CALL_MAX + 1];
	uint32_t slot, i;

	memset(ticket, 0, sizeof(ticket));
	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	for (i = 0; i < VMC_CALL_MAX; i++)
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_AGAIN);
	CHECK_EQ_INT(take(&ticket[i], &slot), VMC_ERR_FULL);
	CHECK_EQ_INT(take(&ticket[7], &slot), VMC_AGAIN);
	vmc_pool_leave(&w.pool, &ticket[5]);
	CHECK_EQ_INT(take(&ticket[i], &slot), VMC_AGAIN);
}

TEST(ticket_numbers_may_wrap)
{
	struct vmc_pool_ticket ticket[3] = { { 0 } };
	uint32_t slot, i;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	pool_world_settle(&w);
	w.pool.last_ticket = UINT32_MAX - 1;
	for (i = 0; i < 3; i++)
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_AGAIN);
	for (i = 0; i < 3; i++) {
		CHECK(ticket[i].number != 0);
		pool_world_pass(&w, 10);
		CHECK_EQ_INT(take(&ticket[i], &slot), VMC_OK);
		vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	}
}

/*
 * Failures
 */

/* The wait that the latest failure has cost. */
static uint64_t last_wait(void)
{
	return world_event(&w, VMC_EVENT_VM_FAILED)->ms;
}

TEST(failed_boots_back_off_up_to_the_cap)
{
	uint64_t limit = 100, waited;
	unsigned i;

	pool_world_begin(&w, 1);
	w.config.retry_min_ms = 100;
	w.config.retry_max_ms = 1500;
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	w.mock.script[VMC_MOCK_BOOT].text = "no such kernel";
	pool_world_start(&w);
	for (i = 1; i < 12; i++) {
		pool_world_settle(&w);
		CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], i);
		CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, i);
		waited = last_wait();
		CHECK(waited >= limit / 2);
		CHECK(waited <= limit);
		pool_world_pass(&w, waited - 1);
		CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], i);
		pool_world_pass(&w, 1);
		limit = limit * 2 < 1500 ? limit * 2 : 1500;
	}
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_FAILED)->text,
		     "no such kernel");
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 0;
	pool_world_pass(&w, 1500);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

/*
 * Refilling
 */

static void take_and_hand(void)
{
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	pool_world_settle(&w);
}

static void start_unhurried(uint32_t number)
{
	pool_world_begin(&w, number);
	w.config.refill_ms = 50;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), number);
}

TEST(a_refill_leaves_its_taker_some_time)
{
	start_unhurried(2);
	take_and_hand();
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(vmc_pool_until(&w.pool), w.sim.now_ms + 50);
	pool_world_pass(&w, 49);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	pool_world_pass(&w, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
}

TEST(a_refill_does_not_let_anybody_wait)
{
	struct vmc_pool_ticket ticket = { 0 };
	uint32_t slot;

	start_unhurried(2);
	take_and_hand();
	take_and_hand();
	CHECK_EQ_INT(take(&ticket, &slot), VMC_AGAIN);
	pool_world_settle(&w);
	CHECK_EQ_INT(take(&ticket, &slot), VMC_OK);
	vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	pool_world_settle(&w);
}

TEST(a_failure_is_waited_for_whoever_waits)
{
	struct vmc_pool_ticket ticket = { 0 };
	uint32_t slot;

	pool_world_begin(&w, 1);
	w.config.refill_ms = 50;
	w.config.retry_min_ms = 1000;
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(take(&ticket, &slot), VMC_AGAIN);
	pool_world_pass(&w, 400);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
	vmc_pool_leave(&w.pool, &ticket);
}

TEST(waits_are_jittered)
{
	uint64_t first;
	unsigned i, different = 0;

	pool_world_begin(&w, 8);
	w.config.boot_parallel = 8;
	w.config.retry_min_ms = 1000;
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 8);
	first = w.pool.slot[0].retry_ms;
	for (i = 1; i < 8; i++)
		different += w.pool.slot[i].retry_ms != first;
	CHECK(different > 0);
}

TEST(success_ends_the_back_off)
{
	pool_world_begin(&w, 1);
	w.config.retry_min_ms = 100;
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	w.mock.script[VMC_MOCK_BOOT].wrong_len = 4;
	pool_world_start(&w);
	pool_world_pass(&w, 10000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 4);
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	w.mock.script[VMC_MOCK_BOOT].wrong_from =
		w.mock.called[VMC_MOCK_BOOT] + 1;
	w.mock.script[VMC_MOCK_BOOT].wrong_len = 1;
	pool_world_settle(&w);
	CHECK(last_wait() <= 100);
}

TEST(a_failing_slot_does_not_hold_up_the_others)
{
	pool_world_begin(&w, 3);
	w.config.boot_parallel = 1;
	w.mock.script[VMC_MOCK_READY].wrong_from = 1;
	w.mock.script[VMC_MOCK_READY].wrong_len = 1;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
}

TEST(each_part_of_a_boot_may_fail)
{
	static const enum vmc_mock_op ops[] = { VMC_MOCK_BOOT, VMC_MOCK_READY,
						VMC_MOCK_PAUSE, VMC_MOCK_SAVE };
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		pool_world_begin(&w, 2);
		w.mock.script[ops[i]].wrong_from = 1;
		w.mock.script[ops[i]].wrong_len = 3;
		pool_world_start(&w);
		pool_world_settle(&w);
		CHECK(vmc_pool_counters(&w.pool)->failed > 0);
		pool_world_pass(&w, 60000);
		CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
		/* What is stopped is saved too, if it was not before. */
		CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed,
			     ops[i] == VMC_MOCK_SAVE ? 2 : 3);
		CHECK_EQ_INT(vmc_mock_alive(&w.mock), 2);
	}
}

TEST(a_boot_that_hangs_is_given_up)
{
	pool_world_begin(&w, 1);
	w.config.boot_timeout_ms = 300;
	w.config.retry_min_ms = 10;
	w.mock.script[VMC_MOCK_READY].wrong_from = 1;
	w.mock.script[VMC_MOCK_READY].wrong_len = 1;
	w.mock.script[VMC_MOCK_READY].status = VMC_AGAIN;
	w.mock.script[VMC_MOCK_STOP].delay_ms = 20;
	w.mock.console = "kernel panic - not syncing";
	pool_world_start(&w);
	pool_world_pass(&w, 299);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 1);
	pool_world_pass(&w, 1);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 0);
	CHECK_EQ_INT(world_logged(&w, VMC_EVENT_VM_FAILED), 1);
	CHECK(strstr(world_event(&w, VMC_EVENT_VM_CONSOLE)->text,
		     "kernel panic") != NULL);
	CHECK_EQ_INT(w.machine[0].stopped, 0);
	pool_world_pass(&w, 20);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(entropy_that_fails_is_a_failed_boot)
{
	pool_world_begin(&w, 1);
	pool_world_start(&w);
	w.sim.entropy_fails = 1;
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 1);
	CHECK_EQ_INT(w.mock.machine_len, 0);
	pool_world_pass(&w, 1000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(ready_vm_that_dies_is_replaced)
{
	struct vmc_mock_machine *machine;

	start(2);
	pool_world_pass(&w, 5000);
	machine = machine_of(1);
	vmc_mock_kill(machine);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->lost, 1);
	CHECK_EQ_INT(machine->stopped, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_LOST)->id, machine->id);
	CHECK_EQ_INT(world_event(&w, VMC_EVENT_VM_LOST)->pid, 101);
	CHECK(world_event(&w, VMC_EVENT_VM_LOST)->text[0] != '\0');
}

TEST(vm_that_dies_young_backs_off)
{
	start(1);
	vmc_mock_kill(machine_of(0));
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->lost, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 0);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
	pool_world_pass(&w, 500);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(dead_vm_is_not_handed_out_although_nobody_noticed)
{
	struct vmc_pool_ticket ticket = { 0 };
	uint32_t slot;

	start(3);
	pool_world_pass(&w, 5000);
	vmc_mock_kill(machine_of(0));
	vmc_mock_kill(machine_of(1));
	CHECK_EQ_INT(take(&ticket, &slot), VMC_OK);
	CHECK_EQ_INT(slot, 2);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->lost, 2);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
}

TEST(vm_that_dies_while_handing_is_its_takers)
{
	struct vmc_mock_machine *machine;
	uint32_t slot;

	start(1);
	slot = take_now();
	machine = machine_of(slot);
	vmc_mock_kill(machine);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_vm(&w.pool, slot)->state, VMC_VM_HANDING);
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_pass(&w, 60000);
	CHECK_EQ_INT(machine->stopped, 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

TEST(vm_that_dies_booting_is_a_failed_boot)
{
	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_READY].delay_ms = 100;
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_mock_kill(&w.machine[0]);
	pool_world_pass(&w, 100);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 1);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
	pool_world_pass(&w, 1000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
}

/*
 * In one process
 */

static struct vmc_vm own;
static uint64_t own_driver[16];

static void begin_own(void)
{
	struct vmc_agent agent = { .ops = &vmc_agent_noop_ops };

	vmc_vm_init(&own, world_hypervisor(&w), own_driver, agent);
}

TEST(get_moves_a_vm_to_the_caller)
{
	struct vmc_task task = VMC_TASK_INIT;
	char id[VMC_ID_SIZE];

	start(1);
	begin_own();
	strcpy(id, id_of(0));
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms), VMC_OK);
	w.owned = 1;
	CHECK_EQ_STR(own.id, id);
	CHECK_EQ_INT(own.state, VMC_VM_READY);
	CHECK(own.driver == own_driver);
	CHECK_EQ_INT(w.machine[0].held, 1);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->handed, 1);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_HANDED)->id, id);
	CHECK_EQ_INT(world_event(&w, VMC_EVENT_VM_HANDED)->pid, 100);
	CHECK_EQ_INT(vmc_vm_resume(&own, &task, w.sim.now_ms), VMC_OK);
	CHECK_EQ_INT(vmc_vm_stop(&own, &task, w.sim.now_ms), VMC_OK);
	w.owned = 0;
	pool_world_check(&w);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
}

TEST(get_waits_in_the_line)
{
	struct vmc_task task = VMC_TASK_INIT, other = VMC_TASK_INIT;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 30;
	pool_world_start(&w);
	begin_own();
	pool_world_settle(&w);
	task.deadline_ms = w.sim.now_ms + 100;
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms),
		     VMC_AGAIN);
	CHECK_EQ_INT(task.until_ms, task.deadline_ms);
	pool_world_pass(&w, 30);
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &other, w.sim.now_ms),
		     VMC_AGAIN);
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms), VMC_OK);
	w.owned = 1;
	vmc_task_cancel(&other);
	CHECK_EQ_INT(w.pool.line_len, 0);
	pool_world_pass(&w, 30);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 2);
}

TEST(get_gives_up_at_its_deadline)
{
	struct vmc_task task = VMC_TASK_INIT;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 30;
	pool_world_start(&w);
	begin_own();
	pool_world_settle(&w);
	task.deadline_ms = w.sim.now_ms + 10;
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms),
		     VMC_AGAIN);
	pool_world_pass(&w, 10);
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms),
		     VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(w.pool.line_len, 0);
	pool_world_pass(&w, 100);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
}

TEST(get_goes_past_a_vm_that_has_died)
{
	struct vmc_task task = VMC_TASK_INIT;

	start(2);
	begin_own();
	pool_world_pass(&w, 5000);
	vmc_mock_kill(machine_of(0));
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms), VMC_OK);
	w.owned = 1;
	CHECK_EQ_STR(own.id, w.machine[1].id);
	pool_world_settle(&w);
}

/*
 * Records
 */

/* What was written, in order, by way of the store in memory. */
static struct {
	uint32_t slot;
	enum vmc_vm_state state;
} written[256];
static size_t written_len;

static enum vmc_status log_write(void *ctx, uint32_t slot, const uint8_t *bytes,
				 size_t bytes_len)
{
	struct vmc_view view = { bytes, bytes_len };
	struct vmc_record record;

	CHECK_EQ_INT(vmc_record_read(&record, view), VMC_OK);
	CHECK(written_len < 256);
	written[written_len].slot = slot;
	written[written_len++].state = record.state;
	return vmc_sim_store_ops.write(ctx, slot, bytes, bytes_len);
}

static void log_erase(void *ctx, uint32_t slot)
{
	written[written_len].slot = slot;
	written[written_len++].state = VMC_VM_EMPTY;
	vmc_sim_store_ops.erase(ctx, slot);
}

static struct vmc_store_ops log_ops;

static void begin_records(uint32_t number)
{
	pool_world_begin(&w, number);
	log_ops = vmc_sim_store_ops;
	log_ops.write = log_write;
	log_ops.erase = log_erase;
	w.config.store.ops = &log_ops;
	written_len = 0;
}

/* The states that were put on record of a slot since the last call. */
static const char *records_of(uint32_t slot)
{
	static char text[512];
	size_t i;

	text[0] = '\0';
	for (i = 0; i < written_len; i++) {
		if (written[i].slot != slot)
			continue;
		strcat(text, text[0] ? " " : "");
		strcat(text, vmc_vm_state_name(written[i].state));
	}
	written_len = 0;
	return text;
}

static struct vmc_record on_record(uint32_t slot)
{
	struct vmc_view bytes = { w.store.bytes[slot],
				  w.store.bytes_len[slot] };
	struct vmc_record record;

	CHECK(bytes.ptr_len > 0);
	CHECK_EQ_INT(vmc_record_read(&record, bytes), VMC_OK);
	return record;
}

TEST(records_follow_a_hand_out)
{
	struct vmc_record record;
	uint32_t slot;

	begin_records(1);
	w.config.digest = 0xfeedbeef;
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 5;
	w.mock.script[VMC_MOCK_READY].delay_ms = 10;
	w.mock.agent_url = "unix:///run/agent.sock";
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_STR(records_of(0), "BOOTING");
	pool_world_pass(&w, 5);
	CHECK_EQ_STR(records_of(0), "");
	record = on_record(0);
	CHECK_EQ_INT(record.pid, 100);
	CHECK_EQ_INT(record.start_time, 100);
	CHECK(vmc_view_is(record.id, w.machine[0].id));
	CHECK(record.saved.ptr_len > 0);
	pool_world_pass(&w, 10);
	CHECK_EQ_STR(records_of(0), "READY");
	record = on_record(0);
	CHECK_EQ_INT(record.digest, 0xfeedbeef);
	CHECK_EQ_INT(record.vcpus, 1);
	CHECK_EQ_INT(record.memory_mib, VMC_MOCK_MEMORY_MIB);
	CHECK(vmc_view_is(record.agent_url, "unix:///run/agent.sock"));
	slot = take_now();
	CHECK_EQ_STR(records_of(0), "HANDING");
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 1000;
	vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	CHECK_EQ_STR(records_of(0), "HANDED");
}

/* A VM that was handed out stays on record until its slot's next one is:
 * its taker may still ask, and a successor must not take it for its own. */
TEST(records_of_a_refill_replace_the_handed_ones)
{
	begin_records(1);
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	written_len = 0;
	pool_world_settle(&w);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_READY);
	CHECK(vmc_view_is(on_record(0).id, w.machine[1].id));
}

TEST(records_follow_a_failure)
{
	begin_records(1);
	w.mock.script[VMC_MOCK_READY].delay_ms = 5;
	w.mock.script[VMC_MOCK_READY].wrong_from = 1;
	w.mock.script[VMC_MOCK_STOP].delay_ms = 5;
	pool_world_start(&w);
	pool_world_pass(&w, 5);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_STOPPING);
	CHECK_EQ_INT(on_record(0).pid, 100);
	pool_world_pass(&w, 5);
	CHECK_EQ_INT(w.store.bytes_len[0], 0);
}

TEST(records_of_what_cannot_be_saved_yet)
{
	begin_records(1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 5;
	w.mock.script[VMC_MOCK_SAVE].wrong_from = 1;
	w.mock.script[VMC_MOCK_SAVE].wrong_len = 1;
	w.mock.script[VMC_MOCK_PAUSE].wrong_from = 1;
	w.mock.script[VMC_MOCK_PAUSE].text = "no answer to stop";
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_STR(records_of(0), "BOOTING");
	CHECK_EQ_INT(on_record(0).pid, 100);
	CHECK_EQ_INT(on_record(0).saved.ptr_len, 0);
	/* Nor does it hide what goes wrong later. */
	pool_world_pass(&w, 5);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_FAILED)->text,
		     "no answer to stop");
}

static enum vmc_status ready_as_another(void *ctx, struct vmc_vm *vm,
					struct vmc_task *task, uint64_t now_ms)
{
	vm->pid = 4242;
	return vmc_mock_ops.ready(ctx, vm, task, now_ms);
}

/* A driver may try again with another process within one boot. */
TEST(records_follow_the_process)
{
	struct vmc_hypervisor_ops ops = vmc_mock_ops;

	begin_records(1);
	ops.ready = ready_as_another;
	w.config.hypervisor.ops = &ops;
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 5;
	w.mock.script[VMC_MOCK_READY].delay_ms = 5;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(on_record(0).pid, 100);
	pool_world_pass(&w, 5);
	CHECK_EQ_INT(on_record(0).pid, 4242);
	CHECK_EQ_STR(records_of(0), "BOOTING CHECKING");
}

/* A VM that fails in the very step that began it. */
TEST(records_follow_a_failure_at_once)
{
	begin_records(1);
	w.mock.script[VMC_MOCK_READY].wrong_from = 1;
	w.mock.script[VMC_MOCK_STOP].delay_ms = 5;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_STR(records_of(0), "STOPPING");
	CHECK_EQ_INT(on_record(0).pid, 100);
	CHECK(on_record(0).saved.ptr_len > 0);
}

/* What was handed out is nobody's to stop: neither its id nor what its
 * driver saved may come back on record when its slot's next boot fails. */
TEST(records_of_a_handed_vm_are_left_alone)
{
	begin_records(1);
	w.mock.script[VMC_MOCK_STOP].delay_ms = 5;
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	written_len = 0;
	w.sim.entropy_fails = 1;
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 1);
	CHECK_EQ_STR(records_of(0), "");
	CHECK_EQ_INT(on_record(0).state, VMC_VM_HANDED);
	CHECK_EQ_STR(world_event(&w, VMC_EVENT_VM_FAILED)->id, "");
	pool_world_pass(&w, 5);
	w.mock.script[VMC_MOCK_READY].wrong_from = 2;
	while (vmc_pool_counters(&w.pool)->failed == 1)
		pool_world_pass(&w, 1);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_STOPPING);
	CHECK(vmc_view_is(on_record(0).id, w.machine[1].id));
	CHECK(memmem(on_record(0).saved.ptr, on_record(0).saved.ptr_len,
		     w.machine[1].id, 36) != NULL);
}

TEST(records_follow_a_return)
{
	uint32_t slot;

	begin_records(1);
	pool_world_start(&w);
	pool_world_settle(&w);
	slot = take_now();
	(void)records_of(0);
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_STR(records_of(0), "READY");
}

TEST(records_are_struck_when_got_in_process)
{
	struct vmc_task task = VMC_TASK_INIT;

	begin_records(1);
	pool_world_start(&w);
	begin_own();
	pool_world_settle(&w);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms), VMC_OK);
	w.owned = 1;
	CHECK_EQ_INT(w.store.bytes_len[0], 0);
}

TEST(records_are_struck_when_stopped)
{
	begin_records(4);
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ_INT(w.store.bytes_len[i], 0);
}

TEST(what_cannot_be_put_on_record_is_not_handed_out)
{
	struct vmc_pool_ticket ticket = { 0 };
	uint32_t slot;

	start(1);
	w.store.fail_from = w.store.writes + 1;
	w.store.fail_len = 1;
	CHECK_EQ_INT(take(&ticket, &slot), VMC_ERR_IO);
	pool_world_settle(&w);
	CHECK_EQ_INT(world_logged(&w, VMC_EVENT_RECORD_FAILED), 1);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(w.machine[0].held, 1);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_READY);
	CHECK_EQ_INT(w.pool.line_len, 0);
	CHECK_EQ_INT(take(&ticket, &slot), VMC_OK);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_HANDING);
}

TEST(in_process_too)
{
	struct vmc_task task = VMC_TASK_INIT;

	start(1);
	begin_own();
	w.store.fail_from = w.store.writes + 1;
	w.store.fail_len = 1;
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms),
		     VMC_ERR_IO);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(own.state, VMC_VM_EMPTY);
}

TEST(vm_that_cannot_be_put_on_record_is_not_ready)
{
	pool_world_begin(&w, 1);
	w.store.fail_from = 1;
	w.store.fail_len = 2;
	w.config.retry_min_ms = 100;
	pool_world_start(&w);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 0);
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->failed, 1);
	CHECK_EQ_INT(w.machine[0].stopped, 1);
	pool_world_pass(&w, 1000);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 1);
	CHECK_EQ_INT(on_record(0).state, VMC_VM_READY);
}

TEST(works_without_a_store)
{
	pool_world_begin(&w, 2);
	memset(&w.config.store, 0, sizeof(w.config.store));
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	pool_world_settle(&w);
	vmc_pool_give_back(&w.pool, take_now(), 1, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
}

/*
 * The end
 */

TEST(stop_ends_every_vm_and_is_idempotent)
{
	start(3);
	w.mock.script[VMC_MOCK_STOP].delay_ms = 40;
	CHECK(!vmc_pool_stopped(&w.pool));
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(!vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 0);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_pass(&w, 40);
	CHECK(vmc_pool_stopped(&w.pool));
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_pass(&w, 100000);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
	CHECK_EQ_INT(w.mock.machine_len, 3);
}

TEST(stop_while_booting)
{
	pool_world_begin(&w, 5);
	w.config.boot_parallel = 4;
	w.mock.script[VMC_MOCK_READY].delay_ms = 1000;
	w.mock.script[VMC_MOCK_STOP].delay_ms = 10;
	pool_world_start(&w);
	pool_world_pass(&w, 500);
	CHECK_EQ_INT(vmc_pool_booting(&w.pool), 4);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_pass(&w, 10);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(w.mock.machine_len, 4);
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
}

TEST(stop_before_the_first_step)
{
	pool_world_begin(&w, 2);
	pool_world_start(&w);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(w.mock.machine_len, 0);
}

TEST(stop_while_backing_off)
{
	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].wrong_from = 1;
	pool_world_start(&w);
	pool_world_settle(&w);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.pool));
	pool_world_pass(&w, 100000);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 1);
}

TEST(stop_waits_for_what_is_handed_over)
{
	uint32_t delivered, half, untouched;

	start(4);
	delivered = take_now();
	half = take_now();
	untouched = take_now();
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(!vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 3);
	vmc_pool_handed(&w.pool, delivered, &nobody, w.sim.now_ms);
	vmc_pool_give_back(&w.pool, half, 1, w.sim.now_ms);
	vmc_pool_give_back(&w.pool, untouched, 0, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 1);
}

TEST(stop_while_attaching_again)
{
	uint32_t slot;

	start(1);
	w.mock.script[VMC_MOCK_ATTACH].delay_ms = 100;
	slot = take_now();
	vmc_pool_give_back(&w.pool, slot, 0, w.sim.now_ms);
	pool_world_settle(&w);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), 0);
}

TEST(stopping_pool_turns_takers_away)
{
	struct vmc_pool_ticket waiting = { 0 }, late = { 0 };
	struct vmc_task task = VMC_TASK_INIT;
	uint32_t slot;

	pool_world_begin(&w, 1);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	pool_world_start(&w);
	begin_own();
	pool_world_settle(&w);
	CHECK_EQ_INT(take(&waiting, &slot), VMC_AGAIN);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	CHECK_EQ_INT(take(&waiting, &slot), VMC_ERR_UNAVAILABLE);
	CHECK_EQ_INT(take(&late, &slot), VMC_ERR_UNAVAILABLE);
	CHECK_EQ_INT(vmc_pool_get(&w.pool, &own, &task, w.sim.now_ms),
		     VMC_ERR_UNAVAILABLE);
	CHECK_EQ_INT(w.pool.line_len, 0);
}

/*
 * Looking
 */

TEST(events_tell_a_vms_life)
{
	static const enum vmc_event_type life[] = {
		VMC_EVENT_VM_BOOTING,
		VMC_EVENT_VM_READY,
		VMC_EVENT_VM_TAKEN,
		VMC_EVENT_VM_HANDED,
	};
	uint32_t slot;
	size_t i;

	start(1);
	pool_world_pass(&w, 700);
	w.mock.script[VMC_MOCK_BOOT].delay_ms = 10;
	slot = take_now();
	vmc_pool_handed(&w.pool, slot, &nobody, w.sim.now_ms);
	pool_world_log(&w);
	CHECK_EQ_INT(w.log_len, 4);
	for (i = 0; i < 4; i++) {
		CHECK_EQ_INT(w.log[i].type, life[i]);
		CHECK_EQ_STR(w.log[i].id, w.machine[0].id);
		CHECK_EQ_INT(w.log[i].slot, 0);
	}
	CHECK_EQ_INT(w.log[1].pid, 100);
	CHECK_EQ_INT(w.log[2].pid, 100);
	CHECK_EQ_INT(w.log[2].ms, 700);
	CHECK_EQ_INT(w.log[2].at_ms, w.sim.now_ms);
	CHECK_EQ_INT(w.log[3].pid, 100);
}

TEST(events_that_nobody_asks_for_are_counted)
{
	struct vmc_event event;
	unsigned i, left = 0;

	start(1);
	for (i = 0; i < VMC_EVENT_MAX; i++) { /* each says four */
		vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
		vmc_pool_step(&w.pool, NULL, 0, w.sim.now_ms);
	}
	CHECK_EQ_INT(vmc_pool_counters(&w.pool)->events_dropped,
		     3 * VMC_EVENT_MAX);
	while (vmc_pool_next_event(&w.pool, &event) == VMC_OK)
		left++;
	CHECK_EQ_INT(left, VMC_EVENT_MAX);
	CHECK_EQ_INT(event.type, VMC_EVENT_VM_READY);
}

TEST(events_have_names)
{
	CHECK_EQ_STR(vmc_event_name(VMC_EVENT_VM_READY), "vm-ready");
	CHECK_EQ_STR(vmc_event_name(VMC_EVENT_STOPPED), "stopped");
	CHECK(vmc_event_name((enum vmc_event_type)999) != NULL);
}

TEST(waits_name_every_ready_vm)
{
	struct vmc_wait waits[VMC_POOL_WAIT_MAX];
	uint64_t until_ms;
	size_t len, i, j;

	start(3);
	CHECK(!vmc_pool_waits_changed(&w.pool));
	CHECK_EQ_INT(vmc_pool_waits(&w.pool, waits, 2, &len, &until_ms),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(vmc_pool_waits(&w.pool, waits, 3, &len, &until_ms),
		     VMC_OK);
	CHECK_EQ_INT(len, 3);
	CHECK_EQ_INT(until_ms, VMC_NEVER);
	for (i = 0; i < len; i++) {
		CHECK(VMC_WAIT_INDEX(waits[i].key) < VMC_POOL_WAIT_MAX);
		CHECK(waits[i].handle >= VMC_MOCK_HANDLE_FIRST);
		for (j = 0; j < i; j++)
			CHECK(waits[i].key != waits[j].key);
	}
	(void)take_now();
	CHECK(vmc_pool_waits_changed(&w.pool));
	CHECK_EQ_INT(vmc_pool_waits(&w.pool, waits, 3, &len, &until_ms),
		     VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK(!vmc_pool_waits_changed(&w.pool));
}

TEST(keys_tell_a_handle_from_a_later_one)
{
	struct vmc_wait waits[1];
	uint64_t until_ms;
	uint32_t key;
	size_t len;

	start(1);
	CHECK_EQ_INT(vmc_pool_waits(&w.pool, waits, 1, &len, &until_ms),
		     VMC_OK);
	key = waits[0].key;
	vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_waits(&w.pool, waits, 1, &len, &until_ms),
		     VMC_OK);
	CHECK_EQ_INT(len, 1);
	CHECK(waits[0].key != key);
	CHECK_EQ_INT(VMC_WAIT_INDEX(waits[0].key), VMC_WAIT_INDEX(key));
}

TEST(steps_without_cause_change_nothing)
{
	unsigned i;

	start(2);
	for (i = 0; i < 100; i++)
		pool_world_step(&w);
	CHECK_EQ_INT(w.mock.called[VMC_MOCK_BOOT], 2);
	CHECK_EQ_INT(w.log_len, 4);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), 2);
}

TEST(pool_is_a_factory_too)
{
	static const char data[] = "{\"HypervisorType\":\"mock\"}";
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_cache_config config;

	pool_world_begin(&w, 1);
	w.direct.json.data = vmc_view_of(data);
	pool_world_start(&w);
	begin_own();
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_factory_pool_ops.config(&w.pool, &config, &task,
						 w.sim.now_ms),
		     VMC_OK);
	CHECK(vmc_view_is(config.data, data));
	CHECK_EQ_INT(vmc_factory_pool_ops.get_base_vm(&w.pool, &own, &task,
						      w.sim.now_ms),
		     VMC_OK);
	w.owned = 1;
	CHECK_EQ_INT(own.state, VMC_VM_READY);
	pool_world_settle(&w);
}

TEST(as_a_factory_it_says_why_there_is_no_vm)
{
	struct vmc_task task = VMC_TASK_INIT;

	start(1);
	begin_own();
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	own.error.status = VMC_ERR_VM; /* of the one before */
	CHECK_EQ_INT(vmc_factory_pool_ops.get_base_vm(&w.pool, &own, &task,
						      w.sim.now_ms),
		     VMC_ERR_UNAVAILABLE);
	CHECK_EQ_INT(own.error.status, VMC_ERR_UNAVAILABLE);
	CHECK(strstr(own.error.text, "pool") != NULL);
}

TEST(the_biggest_pool)
{
	uint32_t i;

	start(VMC_VM_MAX);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), VMC_VM_MAX);
	for (i = 0; i < VMC_VM_MAX; i++)
		vmc_pool_handed(&w.pool, take_now(), &nobody, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK_EQ_INT(vmc_pool_ready(&w.pool), VMC_VM_MAX);
	vmc_pool_stop(&w.pool, w.sim.now_ms);
	pool_world_settle(&w);
	CHECK(vmc_pool_stopped(&w.pool));
	CHECK_EQ_INT(vmc_mock_alive(&w.mock), VMC_VM_MAX);
}

TESTS(RUN(fills_at_once_when_boots_are_instant)
      RUN(boots_no_more_than_boot_parallel_together)
      RUN(boot_parallel_is_2_by_default)
      RUN(every_vm_is_paused_and_has_an_id_of_its_own)
      RUN(init_names_what_is_wrong)
      RUN(init_refuses_other_knobs)
      RUN(init_fails_without_entropy)
      RUN(take_hands_out_a_detached_paused_vm)
      RUN(handed_vm_lives_on_and_its_slot_refills)
      RUN(refill_begins_in_the_next_step)
      RUN(no_vm_is_taken_twice)
      RUN(give_back_untouched_is_attached_and_ready_again)
      RUN(give_back_half_delivered_is_stopped)
      RUN(give_back_that_cannot_be_attached_is_replaced)
      RUN(give_back_whose_attach_hangs_is_replaced)
      RUN(vm_returned_serves_who_waits)
      RUN(first_come_first_served)
      RUN(who_comes_late_does_not_overtake)
      RUN(leaving_the_line_costs_no_vm)
      RUN(line_is_bounded)
      RUN(ticket_numbers_may_wrap)
      RUN(failed_boots_back_off_up_to_the_cap)
      RUN(a_refill_leaves_its_taker_some_time)
      RUN(a_refill_does_not_let_anybody_wait)
      RUN(a_failure_is_waited_for_whoever_waits)
      RUN(waits_are_jittered)
      RUN(success_ends_the_back_off)
      RUN(a_failing_slot_does_not_hold_up_the_others)
      RUN(each_part_of_a_boot_may_fail)
      RUN(a_boot_that_hangs_is_given_up)
      RUN(entropy_that_fails_is_a_failed_boot)
      RUN(ready_vm_that_dies_is_replaced)
      RUN(vm_that_dies_young_backs_off)
      RUN(dead_vm_is_not_handed_out_although_nobody_noticed)
      RUN(vm_that_dies_while_handing_is_its_takers)
      RUN(vm_that_dies_booting_is_a_failed_boot)
      RUN(get_moves_a_vm_to_the_caller)
      RUN(get_waits_in_the_line)
      RUN(get_gives_up_at_its_deadline)
      RUN(get_goes_past_a_vm_that_has_died)
      RUN(records_follow_a_hand_out)
      RUN(records_of_a_refill_replace_the_handed_ones)
      RUN(records_follow_a_failure)
      RUN(records_of_what_cannot_be_saved_yet)
      RUN(records_follow_the_process)
	      RUN(records_follow_a_failure_at_once)
      RUN(records_of_a_handed_vm_are_left_alone)
      RUN(records_follow_a_return)
      RUN(records_are_struck_when_got_in_process)
      RUN(records_are_struck_when_stopped)
      RUN(what_cannot_be_put_on_record_is_not_handed_out)
      RUN(in_process_too)
      RUN(vm_that_cannot_be_put_on_record_is_not_ready)
      RUN(works_without_a_store)
      RUN(stop_ends_every_vm_and_is_idempotent)
      RUN(stop_while_booting)
      RUN(stop_before_the_first_step)
      RUN(stop_while_backing_off)
      RUN(stop_waits_for_what_is_handed_over)
      RUN(stop_while_attaching_again)
      RUN(stopping_pool_turns_takers_away)
      RUN(events_tell_a_vms_life)
      RUN(events_that_nobody_asks_for_are_counted)
      RUN(events_have_names)
      RUN(waits_name_every_ready_vm)
      RUN(keys_tell_a_handle_from_a_later_one)
      RUN(steps_without_cause_change_nothing)
      RUN(pool_is_a_factory_too)
      RUN(as_a_factory_it_says_why_there_is_no_vm) RUN(the_biggest_pool));
