/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pool over the mock driver in a simulated world, and the proof that its
 * VMs are accounted for. pool_world_check holds after every step:
 *
 * - no machine was stopped twice, and none is in two slots;
 * - a machine that is neither stopped nor killed is in exactly one slot, or
 *   was released by the driver, or is one of those that the test has got
 *   for itself (`owned`);
 * - the counts of READY and booting slots are what the slots say;
 * - who comes after a crash finds each process that is not handed out on
 *   record, and none on record as READY that somebody may know;
 * - nobody used a driver or a port against its contract.
 */
#ifndef VMC_TEST_POOL_WORLD_H
#define VMC_TEST_POOL_WORLD_H

#include <string.h>

#include "test.h"
#include "vmcache.h"
#include "vmcache_mock.h"
#include "vmcache_sim.h"

#ifndef WORLD_MACHINE_MAX /* where memory is short they are fewer */
#define WORLD_MACHINE_MAX 65536
#endif
#define WORLD_LOG_MAX 4096
#define WORLD_LINK_MAX 64

struct pool_world {
	struct vmc_sim sim;
	struct vmc_mock mock;
	struct vmc_sim_store store;
	struct vmc_factory_direct direct;
	struct vmc_pool_config config;
	struct vmc_pool pool;
	uint32_t owned;
	struct vmc_event log[WORLD_LOG_MAX];
	size_t log_len;
	uint64_t driver_bytes[VMC_VM_MAX * 16];
	struct vmc_mock_machine machine[WORLD_MACHINE_MAX];
	struct vmc_sim_link link[WORLD_LINK_MAX];
};

static inline struct vmc_hypervisor world_hypervisor(struct pool_world *w)
{
	return (struct vmc_hypervisor){ &vmc_mock_ops, &w->mock };
}

/* A world, and the configuration of a pool in it, for a test to change. */
static inline void pool_world_begin(struct pool_world *w, uint32_t number)
{
	vmc_sim_init(&w->sim, w->link, WORLD_LINK_MAX);
	w->mock = (struct vmc_mock){
		.pid_first = 100,
		.machine = w->machine,
		.machine_max = WORLD_MACHINE_MAX,
	};
	memset(&w->store, 0, sizeof(w->store));
	w->owned = 0;
	w->log_len = 0;
	w->direct = (struct vmc_factory_direct){ .env = vmc_sim_env(&w->sim) };
	w->config = (struct vmc_pool_config){
		.base = { &vmc_factory_direct_ops, &w->direct },
		.hypervisor = world_hypervisor(w),
		.drivers = w->driver_bytes,
		.drivers_size = sizeof(w->driver_bytes),
		.store = { &vmc_sim_store_ops, &w->store },
		.env = vmc_sim_env(&w->sim),
		.number = number,
	};
}

static inline void pool_world_start(struct pool_world *w)
{
	struct vmc_error error;

	CHECK_EQ_INT(vmc_pool_init(&w->pool, &w->config, &error), VMC_OK);
}

/*
 * Invariants
 */

static inline int world_is_alive(const struct vmc_mock_machine *machine)
{
	return !machine->stopped && !machine->killed;
}

static inline uint32_t world_slots_of(const struct pool_world *w,
				      const char *id)
{
	uint32_t i, slots = 0;

	for (i = 0; i < w->pool.config.number; i++) {
		const struct vmc_vm *vm = &w->pool.slot[i].vm;

		slots += vm->state != VMC_VM_EMPTY && !strcmp(vm->id, id);
	}
	return slots;
}

static inline void world_check_machines(const struct pool_world *w)
{
	uint32_t i, strays = 0, found = 0, used = 0;

	for (i = 0; i < w->mock.machine_len; i++) {
		const struct vmc_mock_machine *machine = &w->machine[i];
		uint32_t slots;

		CHECK(machine->stopped <= 1 && machine->released <= 1);
		if (machine->stopped || machine->released)
			continue;
		slots = world_slots_of(w, machine->id);
		CHECK(slots <= 1);
		found += slots;
		strays += !slots && !machine->killed;
	}
	/* Whatever else a slot has was stopped or handed out before. */
	for (i = 0; i < w->pool.config.number; i++)
		used += w->pool.slot[i].vm.pid != 0;
	CHECK_EQ_INT(found, used);
	CHECK_EQ_INT(strays, w->owned);
}

static inline void world_check_counts(const struct pool_world *w)
{
	uint32_t i, ready = 0, booting = 0;

	for (i = 0; i < w->pool.config.number; i++) {
		enum vmc_vm_state state = w->pool.slot[i].vm.state;

		ready += state == VMC_VM_READY;
		booting += state >= VMC_VM_BOOTING && state <= VMC_VM_PAUSING;
	}
	CHECK_EQ_INT(vmc_pool_ready(&w->pool), ready);
	CHECK_EQ_INT(vmc_pool_booting(&w->pool), booting);
	CHECK(booting <= w->pool.config.boot_parallel);
}

/* 1 if a VM in that state may be on record in the other. */
static inline int world_may_record(enum vmc_vm_state state,
				   enum vmc_vm_state recorded)
{
	if (state >= VMC_VM_BOOTING && state <= VMC_VM_PAUSING)
		return recorded >= VMC_VM_BOOTING && recorded <= VMC_VM_PAUSING;
	if (state == VMC_VM_ADOPTING) /* until it is back */
		return recorded == VMC_VM_HANDING;
	return recorded == state;
}

static inline void world_check_records(const struct pool_world *w)
{
	struct vmc_record record;
	uint32_t i;

	/* A store that has failed may know less. */
	if (!w->pool.config.store.ops || w->store.failed)
		return;
	for (i = 0; i < w->pool.config.number; i++) {
		const struct vmc_vm *vm = &w->pool.slot[i].vm;
		struct vmc_view bytes = { w->store.bytes[i],
					  w->store.bytes_len[i] };

		if (vm->pid == 0) {
			CHECK(bytes.ptr_len == 0 ||
			      (vmc_record_read(&record, bytes) == VMC_OK &&
			       record.state == VMC_VM_HANDED));
			continue;
		}
		CHECK_EQ_INT(vmc_record_read(&record, bytes), VMC_OK);
		CHECK(vmc_view_is(record.id, vm->id));
		CHECK_EQ_INT(record.pid, vm->pid);
		CHECK(world_may_record(vm->state, record.state));
	}
}

static inline void pool_world_check(const struct pool_world *w)
{
	CHECK_EQ_STR(w->mock.misuse, NULL);
	CHECK_EQ_INT(w->sim.misused, 0);
	world_check_counts(w);
	world_check_machines(w);
	world_check_records(w);
}

/*
 * Going on
 */

static inline void pool_world_log(struct pool_world *w)
{
	struct vmc_event event;

	while (vmc_pool_next_event(&w->pool, &event) == VMC_OK) {
		CHECK(w->log_len < WORLD_LOG_MAX);
		w->log[w->log_len++] = event;
	}
}

/* One step of a loop. Returns when the next one is due. */
static inline uint64_t pool_world_step(struct pool_world *w)
{
	static struct vmc_wait waits[VMC_POOL_WAIT_MAX];
	uint64_t until_ms;
	size_t len;

	CHECK_EQ_INT(vmc_pool_waits(&w->pool, waits, VMC_POOL_WAIT_MAX, &len,
				    &until_ms),
		     VMC_OK);
	vmc_mock_poll(&w->mock, waits, len);
	vmc_pool_step(&w->pool, waits, len, w->sim.now_ms);
	pool_world_log(w);
	pool_world_check(w);
	CHECK_EQ_INT(vmc_pool_waits(&w->pool, waits, VMC_POOL_WAIT_MAX, &len,
				    &until_ms),
		     VMC_OK);
	return vmc_mock_poll(&w->mock, waits, len) ? 0 : until_ms;
}

/* Steps until nothing is due now. */
static inline void pool_world_settle(struct pool_world *w)
{
	unsigned steps = 0;

	while (pool_world_step(w) <= w->sim.now_ms)
		CHECK(++steps < 1000);
}

/* Lets time pass, from timer to timer. */
static inline void pool_world_pass(struct pool_world *w, uint64_t ms)
{
	uint64_t end_ms = w->sim.now_ms + ms;
	unsigned steps = 0;

	for (;;) {
		uint64_t until_ms = pool_world_step(w);

		CHECK(++steps < 100000);
		if (until_ms <= w->sim.now_ms)
			continue;
		if (w->sim.now_ms == end_ms)
			return;
		w->sim.now_ms = until_ms < end_ms ? until_ms : end_ms;
	}
}

/* Events of that type in the log. */
static inline size_t world_logged(const struct pool_world *w,
				  enum vmc_event_type type)
{
	size_t i, found = 0;

	for (i = 0; i < w->log_len; i++)
		found += w->log[i].type == type;
	return found;
}

/* The latest of that type; the test fails if there is none. */
static inline const struct vmc_event *world_event(const struct pool_world *w,
						  enum vmc_event_type type)
{
	size_t i = w->log_len;

	while (i > 0 && w->log[i - 1].type != type)
		i--;
	CHECK(i > 0);
	return &w->log[i - 1];
}

#endif
