/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A VM's console. Invariant: bytes[0, len) is the end of all that was said;
 * it is one piece, so that it can be shown as it is. To make room the oldest
 * bytes go, at least a quarter at a time.
 */
#include "qemu_console.h"

#include <string.h>

_Static_assert(QEMU_CONSOLE_CHUNK + VMC_QEMU_READY_SIZE <=
		       VMC_QEMU_CONSOLE_SIZE,
	       "a ready text must be found across two pieces");

#define PANIC "Kernel panic - "

_Static_assert(QEMU_PANIC_SIZE < 256, "its length must fit in a byte");

/* Where `text` is, at `from` or later; `len` if it is not. */
static size_t find(const struct vmc_qemu_console *console, const char *text,
		   size_t from)
{
	size_t text_len = strlen(text);

	for (; from + text_len <= console->len; from++)
		if (memcmp(console->bytes + from, text, text_len) == 0)
			return from;
	return console->len;
}

/* The line around bytes[at], without its end. */
static struct vmc_view line_at(const struct vmc_qemu_console *console,
			       size_t at)
{
	struct vmc_view line = { NULL, 0 };
	size_t begin = at, end = at;

	while (begin && console->bytes[begin - 1] != '\n')
		begin--;
	while (end < console->len && console->bytes[end] != '\n')
		end++;
	if (end > begin) {
		line.ptr = (const uint8_t *)console->bytes + begin;
		line.ptr_len = end - begin;
	}
	return line;
}

/* Before the oldest bytes go. */
static void keep_panic(struct vmc_qemu_console *console)
{
	size_t at = find(console, PANIC, 0);
	struct vmc_view line;

	if (at == console->len)
		return;
	line = line_at(console, at);
	if (line.ptr_len > sizeof(console->panic))
		line.ptr_len = sizeof(console->panic);
	memcpy(console->panic, line.ptr, line.ptr_len);
	console->panic_len = (uint8_t)line.ptr_len;
}

static void make_room(struct vmc_qemu_console *console, size_t needed)
{
	size_t room = sizeof(console->bytes) - console->len;
	size_t gone = sizeof(console->bytes) / 4;

	if (room >= needed)
		return;
	if (gone < needed - room)
		gone = needed - room;
	if (gone > console->len)
		gone = console->len;
	keep_panic(console);
	console->len = (uint16_t)(console->len - gone);
	memmove(console->bytes, console->bytes + gone, console->len);
	if (console->guest_len > console->len)
		console->guest_len = console->len;
}

static void put(struct vmc_qemu_console *console, char c)
{
	if (c == '\r' || c == '\0')
		return;
	if (c == '\t')
		c = ' ';
	if (((unsigned char)c < ' ' && c != '\n') || c == 0x7f)
		c = '?';
	console->bytes[console->len++] = c;
}

static void put_all(struct vmc_qemu_console *console, const char *bytes,
		    size_t bytes_len)
{
	size_t i;

	make_room(console, bytes_len);
	for (i = 0; i < bytes_len; i++)
		put(console, bytes[i]);
}

/* see qemu_console.h */
void vmc_qemu_console_restart(struct vmc_qemu_console *console)
{
	console->seen = console->panic_len = 0;
	console->guest_len = 0;
}

/* see qemu_console.h */
void vmc_qemu_console_add(struct vmc_qemu_console *console, const char *bytes,
			  size_t bytes_len)
{
	put_all(console, bytes, bytes_len);
	console->guest_len = 0;
}

/* see qemu_console.h */
int vmc_qemu_console_hear(struct vmc_qemu_console *console, const char *bytes,
			  size_t bytes_len, const char *ready)
{
	size_t before, tail_len, added;

	make_room(console, bytes_len);
	before = console->len;
	put_all(console, bytes, bytes_len);
	added = console->len - before;
	console->seen |= bytes_len > 0;
	console->guest_len = (uint16_t)(console->guest_len + added);
	if (!ready)
		return 0;
	tail_len = added + strlen(ready) - 1;
	if (tail_len > console->guest_len)
		tail_len = console->guest_len;
	return find(console, ready, console->len - tail_len) < console->len;
}

/* see qemu_console.h */
struct vmc_view vmc_qemu_console_view(const struct vmc_qemu_console *console)
{
	struct vmc_view view = { NULL, 0 };

	if (console->len) {
		view.ptr = (const uint8_t *)console->bytes;
		view.ptr_len = console->len;
	}
	return view;
}

static struct vmc_view last_line(const struct vmc_qemu_console *console)
{
	struct vmc_view line = { NULL, 0 };
	size_t end = console->len;

	while (end && (console->bytes[end - 1] == '\n' ||
		       console->bytes[end - 1] == ' '))
		end--;
	if (end) {
		line = line_at(console, end - 1);
		line.ptr_len =
			(size_t)(console->bytes + end - (const char *)line.ptr);
	}
	return line;
}

/* see qemu_console.h */
struct vmc_view
vmc_qemu_console_last_words(const struct vmc_qemu_console *console)
{
	size_t at = find(console, PANIC, 0);

	if (at < console->len)
		return line_at(console, at);
	if (console->panic_len)
		return (struct vmc_view){ (const uint8_t *)console->panic,
					  console->panic_len };
	return last_line(console);
}
