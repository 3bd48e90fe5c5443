/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Results, on standard output: for a person or, with --json, for a program
 * (one value on one line).
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "cli.h"
#include "vmcache/view.h"

/* Prints text of somebody else's, escaped as cli_escape does. */
void cli_print_text(struct vmc_view text);

/*
 * Writes out what was printed. CLI_DONE, or CLI_FAILED with a complaint:
 * the disk is full, or nobody reads the pipe any more.
 */
enum cli_exit cli_print_end(const struct cli_options *options);

#endif
