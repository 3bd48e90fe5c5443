/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `vmcache serve` works with: defaults, then the configuration file,
 * then the command line.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli.h"
#include "cli_driver.h"
#include "cli_log.h"

/* Without configuration file and --number. */
#define CLI_NUMBER_DEFAULT 2

/* Texts are argv's, the environment's, or the file's. */
struct cli_settings {
	const char *endpoint;
	uint32_t number;
	uint32_t boot_parallel;   /* 0: the pool's default */
	uint32_t boot_timeout_ms; /* 0: the pool's default */
	uint8_t owner_only;       /* Quit is for the owner (and root) */
	enum cli_level level;
	struct vmc_vm_config vm;
	struct vmc_qemu_config qemu;
	uint32_t mock_boot_ms, mock_fail;
	const char *file;     /* NULL: there is none */
	uint32_t file_unused; /* keys in it that mean nothing to us */
};

/*
 * Puts them together. CLI_DONE; or a complaint, and what to exit with: the
 * file cannot be read, has a bad line, or wants what we cannot do. A file
 * that leaves VMCache disabled is no failure: `number` is then 0.
 */
enum cli_exit cli_settings_read(struct cli_settings *settings,
				const struct cli_options *options);

#endif
