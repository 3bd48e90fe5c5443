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
void vmc_qemu_console_add(struct vmc_qemu_console *console, const char *bytes,
			  size_t bytes_len)
{
	put_all(console, bytes, bytes_len);
	console->guest_len = 0;
}

/* Whether `text` is in the last `tail_len` bytes. */
static int ends_with_in(const struct vmc_qemu_console *console,
			const char *text, size_t tail_len)
{
	size_t text_len = strlen(text);
	size_t at = console->len - tail_len;

	for (; at + text_len <= console->len; at++)
		if (memcmp(console->bytes + at, text, text_len) == 0)
			return 1;
	return 0;
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
	return ends_with_in(console, ready, tail_len);
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

/* see qemu_console.h */
struct vmc_view
vmc_qemu_console_last_line(const struct vmc_qemu_console *console)
{
	struct vmc_view line = vmc_qemu_console_view(console);
	size_t end = console->len, begin;

	while (end && (console->bytes[end - 1] == '\n' ||
		       console->bytes[end - 1] == ' '))
		end--;
	for (begin = end; begin && console->bytes[begin - 1] != '\n';)
		begin--;
	if (line.ptr)
		line.ptr += begin;
	line.ptr_len = end - begin;
	return line;
}
