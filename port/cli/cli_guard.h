/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guard for a VM that shall not outlive this process, however that ends:
 * a process that waits for our end, and then ends the VM. SIGKILL can be
 * neither caught nor passed on.
 */
#ifndef CLI_GUARD_H
#define CLI_GUARD_H

#include "cli_take.h"

/* Private. */
struct cli_guard {
	pid_t pid; /* 0: there is none */
	int end;   /* closed by the system when we end */
};

/* Of the VM that was taken. A system that has no process left does without. */
void cli_guard_begin(struct cli_guard *guard, struct cli_take *take);

/* The VM is gone: so is the guard. */
void cli_guard_end(struct cli_guard *guard);

#endif
