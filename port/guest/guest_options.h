/* SPDX-License-Identifier: Apache-2.0 */
/* The program's command line. */
#ifndef GUEST_OPTIONS_H
#define GUEST_OPTIONS_H

#include <stdint.h>

struct guest_options {
	const char *listen;    /* NULL: not given */
	const char *copy_root; /* NULL: not given */
	uint8_t help, version;
};

/* 0, or -1 and what is wrong with it was said. */
int guest_options_parse(struct guest_options *options, int argc, char **argv);

#endif
