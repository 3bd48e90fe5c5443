/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams between ours and those of a process in a guest, by calls of its
 * agent. Each is a machine that goes as far as it can without waiting, and
 * then says what it waits for: none keeps another one waiting.
 *
 * A step returns VMC_AGAIN while there is more to come, VMC_OK when the
 * stream has ended, or the failure of the agent. What the agent answers with
 * an error (VMC_ERR_CALL) is the end of that stream and no more: the process
 * has closed it, or is gone.
 */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include "cli_stdio.h"
#include "vmcache/agent.h"

/*
 * Bytes of one call. Of input no more than a pipe in the guest takes at once;
 * of output what VMC_AGENT_WINDOW_SIZE lets through.
 */
#define CLI_INPUT_SIZE 16384
#define CLI_OUTPUT_SIZE 32768

/* A process, and who is asked about it. */
struct cli_process {
	struct vmc_agent *agent;
	struct vmc_view container_id, exec_id;
	uint8_t terminal; /* it has one for all three streams */
};

/* What a loop has to wait for. */
#define CLI_WAIT_MAX 32

struct cli_waits {
	struct vmc_wait wait[CLI_WAIT_MAX];
	size_t len;
	uint64_t until_ms;
};

void cli_waits_init(struct cli_waits *waits);
void cli_waits_add(struct cli_waits *waits, int fd, unsigned want);
/* All of a task that is in flight. */
void cli_waits_add_task(struct cli_waits *waits, const struct vmc_task *task);

/* From our standard input. Private. */
struct cli_inlet {
	struct cli_stdio from;
	struct vmc_task task;
	uint8_t state;
	size_t at, len; /* what is left in buf to pass on */
	size_t written; /* of it, by the call that is in flight */
	uint8_t buf[CLI_INPUT_SIZE];
};

void cli_inlet_init(struct cli_inlet *inlet);
enum vmc_status cli_inlet_step(struct cli_inlet *inlet,
			       const struct cli_process *process,
			       uint64_t now_ms);
void cli_inlet_wait(const struct cli_inlet *inlet, struct cli_waits *waits);

/* Nothing more will be passed on. */
void cli_inlet_end(struct cli_inlet *inlet);

/* To our standard output or error. */
struct cli_outlet {
	int broken; /* errno: it cannot be written to. What comes is dropped */
	uint64_t passed; /* bytes that came */

	/* Private. */
	struct cli_stdio to;
	struct vmc_task task;
	uint8_t state;
	size_t at; /* what is left in data to write begins there */
	struct vmc_buffer data;
	uint8_t buf[CLI_OUTPUT_SIZE];
};

/* `fd` is 1 or 2, which is also the stream of the process. */
void cli_outlet_init(struct cli_outlet *outlet, int fd);
enum vmc_status cli_outlet_step(struct cli_outlet *outlet,
				const struct cli_process *process,
				uint64_t now_ms);
void cli_outlet_wait(const struct cli_outlet *outlet, struct cli_waits *waits);

/* 1 when nothing more will come. */
int cli_outlet_ended(const struct cli_outlet *outlet);

/* Nothing more is asked for. */
void cli_outlet_end(struct cli_outlet *outlet);

#endif
