/* SPDX-License-Identifier: Apache-2.0 */
/* Signals (see cli_signals.h). */
#include "cli_signals.h"

/* Signals that have a number below this can be caught. */
#define SIGNALS 32

static volatile sig_atomic_t came[SIGNALS], some_came;

static void note(int number)
{
	came[number] = 1;
	some_came = 1;
}

static int is_ignored(int number)
{
	struct sigaction old;

	return number == SIGHUP && sigaction(number, NULL, &old) == 0 &&
	       old.sa_handler == SIG_IGN;
}

/* see cli_signals.h */
void cli_signals_catch(struct vmc_posix_waiter *waiter, const int *signals)
{
	static sigset_t unblocked;
	static int begun;
	struct sigaction action = { .sa_handler = note };
	sigset_t blocked, before;

	sigemptyset(&blocked);
	for (; *signals; signals++) {
		if (is_ignored(*signals))
			continue;
		sigaction(*signals, &action, NULL);
		sigaddset(&blocked, *signals);
	}
	sigprocmask(SIG_BLOCK, &blocked, &before);
	if (!begun)
		unblocked = before;
	begun = 1;
	waiter->signals = &unblocked;
	waiter->stop = &some_came;
}

/* see cli_signals.h */
void cli_signals_wait_through(struct vmc_posix_waiter *waiter)
{
	waiter->stop = NULL;
}

/* see cli_signals.h */
int cli_signals_first(void)
{
	for (int number = 1; number < SIGNALS; number++)
		if (came[number])
			return number;
	return 0;
}

/* They come while the program waits only, so none comes in between. */
int cli_signals_take(void)
{
	int number = cli_signals_first();

	came[number] = 0;
	if (!cli_signals_first())
		some_came = 0;
	return number;
}

/* see cli_signals.h */
const char *cli_signal_name(int number)
{
	static const char *const names[SIGNALS] = {
		[SIGHUP] = "SIGHUP",   [SIGINT] = "SIGINT",
		[SIGQUIT] = "SIGQUIT", [SIGUSR1] = "SIGUSR1",
		[SIGUSR2] = "SIGUSR2", [SIGTERM] = "SIGTERM",
	};

	return number > 0 && number < SIGNALS && names[number] ? names[number] :
								 "a signal";
}
