/* SPDX-License-Identifier: Apache-2.0 */
/* The ring of events. See pool_events.h. */
#include "pool_events.h"

#include "../base/text.h"

#include <string.h>

static const char *const names[] = {
	"none",        "vm-booting",   "vm-ready",    "vm-failed",
	"vm-console",  "vm-lost",      "vm-taken",    "vm-handed",
	"vm-returned", "vm-dropped",   "vm-stopped",  "record-failed",
	"listening",   "call-waiting", "call-failed", "connection-bad",
	"stopping",    "stopped",
};

_Static_assert(sizeof(names) / sizeof(names[0]) == VMC_EVENT_STOPPED + 1,
	       "every event has a name");

/* see vmcache/pool.h */
const char *vmc_event_name(enum vmc_event_type type)
{
	if ((unsigned)type >= sizeof(names) / sizeof(names[0]))
		return "?";
	return names[type];
}

/* see vmcache/pool.h */
enum vmc_status vmc_pool_next_event(struct vmc_pool *pool,
				    struct vmc_event *event)
{
	if (pool->event_len == 0)
		return VMC_AGAIN;
	*event = pool->event[pool->event_first];
	pool->event_first = (pool->event_first + 1) % VMC_EVENT_MAX;
	pool->event_len--;
	return VMC_OK;
}

struct vmc_event *vmc_pool_push(struct vmc_pool *pool, enum vmc_event_type type,
				uint64_t now_ms)
{
	struct vmc_event *event;

	if (pool->event_len == VMC_EVENT_MAX) {
		pool->event_first = (pool->event_first + 1) % VMC_EVENT_MAX;
		pool->event_len--;
		pool->counters.events_dropped++;
	}
	event = &pool->event[(pool->event_first + pool->event_len++) %
			     VMC_EVENT_MAX];
	memset(event, 0, offsetof(struct vmc_event, id));
	event->type = type;
	event->at_ms = now_ms;
	event->id[0] = '\0';
	event->text[0] = '\0';
	return event;
}

struct vmc_event *vmc_pool_report(struct vmc_pool *pool,
				  enum vmc_event_type type, uint32_t slot,
				  const char *text, uint64_t now_ms)
{
	struct vmc_event *event = vmc_pool_push(pool, type, now_ms);
	const struct vmc_vm *vm = &pool->slot[slot].vm;
	struct vmc_text words;

	event->slot = slot;
	event->pid = vm->pid;
	memcpy(event->id, vm->id, strlen(vm->id) + 1);
	vmc_text_init(&words, event->text, sizeof(event->text));
	vmc_text_add(&words, text);
	return event;
}

void vmc_pool_report_console(struct vmc_pool *pool, uint32_t slot,
			     struct vmc_view console, uint64_t now_ms)
{
	struct vmc_event *event;
	size_t room = sizeof(event->text) - 1;
	size_t skip = console.ptr_len > room ? console.ptr_len - room : 0;

	if (console.ptr_len == 0)
		return;
	event = vmc_pool_report(pool, VMC_EVENT_VM_CONSOLE, slot, NULL, now_ms);
	memcpy(event->text, console.ptr + skip, console.ptr_len - skip);
	event->text[console.ptr_len - skip] = '\0';
}
