/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our channel as the client of a peer's cache server (lib.sh says what that
 * does): the cases that all peers' clients have, and what was in the
 * answers. More than `vmcache` itself can be made to do.
 */
#include "interop_world.h"

/* An operation of ours on `w` and its task, and then its outcome. */
#define FINISH(w, task, status, call)                                          \
	while (((status) = (call)) == VMC_AGAIN)                               \
	wait_for(w, task)

static void fetch_status(struct world *w)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_cache_status got;
	enum vmc_status status;

	FINISH(w, &task, status,
	       vmc_cache_fetch_status(&w->channel, &got, &task, now_ms(w)));
	CHECK_EQ_INT(status, VMC_OK);
	CHECK_EQ_INT(got.pid, atoi(setting("PEER_PID", "0")));
	CHECK_EQ_INT(got.vm_len, 2);
	CHECK_EQ_INT(got.vm[0].pid, 4343);
	CHECK_EQ_INT(got.vm[0].vcpus, 1);
	CHECK_EQ_INT(got.vm[0].memory_mib, 2048);
	CHECK_EQ_INT(got.vm[1].pid, 4444);
	CHECK_EQ_INT(got.vm[1].vcpus, 2);
	CHECK_EQ_INT(got.vm[1].memory_mib, 128);
}

TEST(status)
{
	struct world w;

	begin_world(&w);
	fetch_status(&w);
	vmc_channel_close(&w.channel);
}

TEST(config)
{
	static char data[VMC_CHANNEL_WINDOW_SIZE];
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_cache_config got;
	enum vmc_status status;
	struct world w;
	FILE *file;

	file = fopen(setting("PEER_DATA", "/nowhere"), "r");
	CHECK(file);
	CHECK(fread(data, 1, sizeof(data) - 1, file) > 0);
	fclose(file);
	begin_world(&w);
	FINISH(&w, &task, status,
	       vmc_cache_fetch_config(&w.channel, &got, &task, now_ms(&w)));
	CHECK_EQ_INT(status, VMC_OK);
	CHECK(vmc_view_is(got.data, data));
	CHECK(vmc_view_is(got.agent_config, "{\"LongLiveConn\":true}"));
	vmc_channel_close(&w.channel);
}

static void check_unknown(const char *service, const char *method)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_view nothing = { NULL, 0 }, reply;
	enum vmc_status status;
	struct world w;

	begin_world(&w);
	FINISH(&w, &task, status,
	       vmc_channel_call(&w.channel, service, method, nothing, &reply,
				&task, now_ms(&w)));
	CHECK_EQ_INT(status, VMC_ERR_CALL);
	CHECK_EQ_INT(vmc_channel_error(&w.channel)->code,
		     atoi(setting("PEER_UNKNOWN", "12")));
	fetch_status(&w);
	vmc_channel_close(&w.channel);
}

TEST(unknown_method)
{
	check_unknown("cache.CacheService", "Nope");
}

TEST(unknown_service)
{
	check_unknown("cache.NoSuchService", "Status");
}

TEST(calls_200)
{
	struct world w;
	unsigned i;

	begin_world(&w);
	for (i = 0; i < 200; i++)
		fetch_status(&w);
	vmc_channel_close(&w.channel);
}

struct status_call {
	struct vmc_task task;
	struct vmc_cache_status got;
};

static enum vmc_status step_status(struct world *w, struct status_call *call)
{
	return vmc_cache_fetch_status(&w->channel, &call->got, &call->task,
				      now_ms(w));
}

/* Steps those in flight once; the first of those that are left, or NULL.
 * Answers come in any order, and one that is not fetched holds up others. */
static struct vmc_task *step_all(struct world *w, struct status_call *calls)
{
	struct vmc_task *left = NULL;
	enum vmc_status status;
	unsigned i;

	for (i = 0; i < VMC_CHANNEL_CALL_MAX; i++) {
		if (!vmc_task_active(&calls[i].task))
			continue;
		status = step_status(w, &calls[i]);
		if (status == VMC_AGAIN) {
			left = left ? left : &calls[i].task;
			continue;
		}
		CHECK_EQ_INT(status, VMC_OK);
		CHECK_EQ_INT(calls[i].got.vm_len, 2);
	}
	return left;
}

/* As many as a channel has in flight; one more is refused. */
static void call_at_once(struct world *w)
{
	static struct status_call calls[VMC_CHANNEL_CALL_MAX + 1];
	struct vmc_task *left;
	unsigned i;

	for (i = 0; i <= VMC_CHANNEL_CALL_MAX; i++) {
		vmc_task_init(&calls[i].task);
		CHECK_EQ_INT(step_status(w, &calls[i]),
			     i < VMC_CHANNEL_CALL_MAX ? VMC_AGAIN :
							VMC_ERR_FULL);
	}
	while ((left = step_all(w, calls)))
		wait_for(w, left);
}

TEST(calls_at_once)
{
	struct world w;

	begin_world(&w);
	fetch_status(&w);
	call_at_once(&w);
	call_at_once(&w);
	vmc_channel_close(&w.channel);
}

static enum vmc_status take(struct world *w, struct vmc_cached_vm *vm,
			    struct vmc_task *task)
{
	enum vmc_status status;

	FINISH(w, task, status,
	       vmc_cache_get_base_vm(&w->channel, vm, task, now_ms(w)));
	return status;
}

/* All that the server has. */
TEST(get_base_vm)
{
	int i, vms = atoi(setting("PEER_VMS", "0"));
	struct vmc_cached_vm got;
	struct vmc_task task;
	struct world w;
	char id[16];

	begin_world(&w);
	for (i = 1; i <= vms; i++) {
		vmc_task_init(&task);
		CHECK_EQ_INT(take(&w, &got, &task), VMC_OK);
		snprintf(id, sizeof(id), "vm-%d", i);
		CHECK_EQ_STR(got.id, id);
		printf("taken %s\n", got.id);
		CHECK(vmc_view_is(got.hypervisor, "{\"Pid\":7}"));
		CHECK_EQ_STR(got.proxy_url, "vsock://3:1024");
		CHECK_EQ_INT(got.proxy_pid, 9);
		CHECK_EQ_INT(got.vcpus, 3);
		CHECK_EQ_INT(got.memory_mib, 512);
		CHECK_EQ_INT(got.cpu_delta, 1);
	}
	vmc_channel_close(&w.channel);
}

TEST(deadline)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_cached_vm got;
	struct world w;

	begin_world(&w);
	fetch_status(&w);
	task.deadline_ms = now_ms(&w) + 500;
	CHECK_EQ_INT(take(&w, &got, &task), VMC_ERR_TIMEOUT);
	fetch_status(&w);
	vmc_channel_close(&w.channel);
}

/* Gives up a call that the server has: Status was asked behind it. */
TEST(cancel)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_cached_vm got;
	struct world w;

	begin_world(&w);
	fetch_status(&w);
	CHECK_EQ_INT(vmc_cache_get_base_vm(&w.channel, &got, &task, now_ms(&w)),
		     VMC_AGAIN);
	fetch_status(&w);
	vmc_task_cancel(&task);
	fetch_status(&w);
	vmc_channel_close(&w.channel);
}

TEST(quit)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;
	struct world w;

	begin_world(&w);
	FINISH(&w, &task, status,
	       vmc_cache_quit(&w.channel, &task, now_ms(&w)));
	CHECK_EQ_INT(status, VMC_OK);
	vmc_channel_close(&w.channel);
}

TESTS(RUN(status)
      RUN(config)
      RUN(unknown_method)
      RUN(unknown_service)
      RUN(calls_200)
      RUN(calls_at_once)
      RUN(get_base_vm)
      RUN(deadline)
      RUN(cancel)
      RUN(quit));
