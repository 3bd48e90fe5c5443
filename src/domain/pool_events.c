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
	/* what no burst needed stays untouched */
	if (--pool->event_len == 0)
		pool->event_first = 0;
	return VMC_OK;
}

static struct vmc_event *push(struct vmc_pool *pool)
{
	uint32_t at = pool->event_first + pool->event_len;

	if (pool->event_len < VMC_EVENT_MAX) {
		pool->event_len++;
	} else {
		pool->event_first = (pool->event_first + 1) % VMC_EVENT_MAX;
		pool->counters.events_dropped++;
	}
	return &pool->event[at % VMC_EVENT_MAX];
}

struct vmc_event *vmc_pool_say(struct vmc_pool *pool, enum vmc_event_type type,
			       const char *what, const char *detail)
{
	struct vmc_event *event = push(pool);

	memset(event, 0, offsetof(struct vmc_event, text));
	event->type = type;
	event->at_ms = pool->now_ms;
	vmc_text_compose(event->text, sizeof(event->text), what, detail);
	return event;
}

struct vmc_event *vmc_pool_report(struct vmc_pool *pool,
				  enum vmc_event_type type,
				  const struct vmc_pool_slot *slot,
				  const char *text)
{
	struct vmc_event *event = vmc_pool_say(pool, type, text, NULL);

	event->slot = slot->number;
	event->pid = slot->vm.pid;
	memcpy(event->id, slot->vm.id, sizeof(event->id));
	return event;
}

void vmc_pool_report_console(struct vmc_pool *pool,
			     const struct vmc_pool_slot *slot,
			     struct vmc_view console)
{
	struct vmc_event *event;
	size_t room = sizeof(event->text) - 1;
	size_t skip = console.ptr_len > room ? console.ptr_len - room : 0;

	if (console.ptr_len == 0)
		return;
	event = vmc_pool_report(pool, VMC_EVENT_VM_CONSOLE, slot, NULL);
	memcpy(event->text, console.ptr + skip, console.ptr_len - skip);
	event->text[console.ptr_len - skip] = '\0';
}
