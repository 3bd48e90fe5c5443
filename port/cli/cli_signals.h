/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals, for commands that have a VM in their hands: instead of ending the
 * program they are noted, and come while it waits and nowhere else.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "vmcache_posix.h"

/*
 * From here on these signals (0 at the end) are noted, and the waiter's waits
 * are where they come. What blocks on the waiter (VMC_POSIX_BLOCK) is ended
 * by any of them. A SIGHUP that is ignored (nohup) stays so. More signals can
 * be caught later.
 */
void cli_signals_catch(struct vmc_posix_waiter *waiter, const int *signals);

/* What blocks on the waiter is not ended by a signal any more. */
void cli_signals_wait_through(struct vmc_posix_waiter *waiter);

/* One that has come: the lowest number; 0 if none has. */
int cli_signals_first(void);

/* The same, and it counts as not come. */
int cli_signals_take(void);

/* "SIGTERM"; "a signal" for one that this program does not catch. */
const char *cli_signal_name(int number);

#endif
