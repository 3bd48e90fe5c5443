/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program's VMs are made with, and a server of them works with:
 * defaults, then the configuration file, then the command line.
 */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "cli.h"
#include "cli_log.h"
#include "vmcache_qemu.h"

/* Without configuration file and --number. */
#define CLI_NUMBER_DEFAULT 2

/* How long a VM may take to be ready, unless --boot-timeout says it. */
#define CLI_BOOT_TIMEOUT_MS 60000

/* Texts are argv's, the environment's, the file's, or the server's. */
struct cli_settings {
	const char *endpoint;
	uint32_t number;
	uint32_t boot_parallel; /* 0: the pool's default */
	uint32_t boot_timeout_ms;
	uint32_t spin_us;   /* of the server's loop */
	uint8_t owner_only; /* Quit is for the owner (and root) */
	enum cli_level level;
	struct vmc_vm_config vm;
	struct vmc_qemu_config qemu;
	struct vmc_cache_config told; /* --vm-config, --agent-config */
	uint32_t mock_boot_ms, mock_fail;
	const char *mock_agent_url;
	const char *file;     /* NULL: there is none */
	uint32_t file_unused; /* keys in it that mean nothing to us */
};

/*
 * Puts those of `serve` together. CLI_DONE; or a complaint, and what to exit
 * with: the file cannot be read, has a bad line, or wants what we cannot do.
 * A file that leaves VMCache disabled is no failure: `number` is then 0.
 */
enum cli_exit cli_settings_read(struct cli_settings *settings,
				const struct cli_options *options);

/*
 * Of a client that makes a VM, or may have to. Such options may
 *
 *	CLI_LIKE_NONE    not be there
 *	CLI_LIKE_CACHED  change what the server's VMs are made with
 *	CLI_LIKE_ALONE   say all: --config, --hypervisor, --kernel or --image
 */
enum cli_like { CLI_LIKE_NONE, CLI_LIKE_CACHED, CLI_LIKE_ALONE };

enum cli_like cli_settings_like(const struct cli_options *options);

/*
 * Puts them together: for CLI_LIKE_ALONE as for `serve`; else in settings->vm
 * and settings->qemu.agent is what the server's VMs are made with. `agent` is
 * the one that is wanted where nobody says one.
 */
enum cli_exit cli_settings_read_vm(struct cli_settings *settings,
				   const struct cli_options *options,
				   const char *agent);

#endif
