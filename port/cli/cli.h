/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program `vmcache`: what its parts share.
 *
 * main.c reads the command line (cli_options) and calls one function per
 * sub-command. Results go to standard output (cli_output), everything else
 * to standard error: one line "vmcache COMMAND: what" for a failure, the
 * log for `serve` (cli_log).
 */
#ifndef CLI_H
#define CLI_H

#include "cli_options.h"

/* What the program exits with; stated in every --help and in vmcache.1. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1,    /* the call failed; the reason is on stderr */
	CLI_USAGE = 2,     /* wrong usage */
	CLI_NO_SERVER = 3, /* nobody listens at the endpoint */
	CLI_DEADLINE = 4,  /* --timeout has passed */

	/* Of run, which exits with its command's status otherwise. */
	CLI_RUN_FAILED = 125,
	CLI_RUN_REFUSED = 126,  /* the command may not be executed */
	CLI_RUN_NOT_FOUND = 127 /* it is not there */
};

/* What run exits with when that signal ended its command, or itself. */
#define CLI_BY_SIGNAL(number) (128 + (number))

/* One for each sub-command. They return what the program exits with; that
 * of run may be any number to 255. */
enum cli_exit cli_serve(const struct cli_options *options);
enum cli_exit cli_get(const struct cli_options *options);
int cli_run(const struct cli_options *options);
enum cli_exit cli_status(const struct cli_options *options);
enum cli_exit cli_config(const struct cli_options *options);
enum cli_exit cli_quit(const struct cli_options *options);

/*
 * Says on standard error "vmcache COMMAND: " and the message, as printf
 * does, ended by a newline. Control characters in it are escaped, so that
 * what a peer or a file said cannot steer a terminal.
 */
void cli_complain(const struct cli_options *options, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
