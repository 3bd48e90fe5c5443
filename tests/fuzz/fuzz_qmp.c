/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a QEMU, or whoever has taken its place, may say on its control
 * channel and its console, in pieces of whatever size.
 */
#include "fuzz.h"

#include "../../port/qemu/qemu_console.h"
#include "../../port/qemu/qmp.h"

static void read_qmp(const uint8_t *data, size_t size, size_t chunk)
{
	struct vmc_qmp *qmp = malloc(sizeof(*qmp));
	struct qmp_message message;
	size_t cap, len;
	uint8_t *buf;

	vmc_qmp_init(qmp);
	for (; size > 0; data += len, size -= len) {
		buf = vmc_qmp_recv_buf(qmp, &cap);
		MUST(cap > 0);
		MUST(buf >= qmp->line &&
		     buf + cap <= qmp->line + sizeof(qmp->line));
		len = size < chunk ? size : chunk;
		len = len < cap ? len : cap;
		memcpy(buf, data, len);
		vmc_qmp_recv_ack(qmp, len);
		while (vmc_qmp_next(qmp, &message)) {
			must_lie_in(message.text, qmp->line, sizeof(qmp->line));
			must_lie_in(message.status, qmp->line,
				    sizeof(qmp->line));
			must_lie_in(message.reason, qmp->line,
				    sizeof(qmp->line));
		}
	}
	free(qmp);
}

static void read_console(const uint8_t *data, size_t size, size_t chunk)
{
	struct vmc_qemu_console *console = calloc(1, sizeof(*console));
	struct vmc_view view;
	size_t len;

	if (chunk > QEMU_CONSOLE_CHUNK)
		chunk = QEMU_CONSOLE_CHUNK;
	for (; size > 0; data += len, size -= len) {
		len = size < chunk ? size : chunk;
		if (*data & 1)
			vmc_qemu_console_add(console, (const char *)data, len);
		else
			vmc_qemu_console_hear(console, (const char *)data, len,
					      "ready");
		view = vmc_qemu_console_view(console);
		must_lie_in(view, (const uint8_t *)console->bytes,
			    sizeof(console->bytes));
		must_lie_in(vmc_qemu_console_last_words(console),
			    (const uint8_t *)console, sizeof(*console));
	}
	free(console);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t chunk = 1u + choose(&data, &size);

	read_qmp(data, size, chunk);
	read_console(data, size, chunk);
	return 0;
}
