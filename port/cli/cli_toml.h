/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kata's configuration.toml, as far as a cache of VMs is concerned.
 *
 * Read from a buffer of the caller's, which the texts in the result then
 * point into (strings are decoded where they stand). The whole file is
 * checked: TOML 1.0 but for dates, with these limits: CLI_TOML_SIZE bytes,
 * CLI_TOML_NAMES keys and tables, CLI_TOML_DEPTH levels of arrays and
 * inline tables, CLI_TOML_PATH_SIZE bytes for a key with its tables.
 *
 * What is used, with Kata's names:
 *
 *	[factory]
 *	vm_cache_number     VMs to keep; absent or 0: VMCache is disabled
 *	vm_cache_endpoint   path of the socket
 *
 *	[hypervisor.qemu]
 *	path, kernel, initrd, image, firmware, machine_type, kernel_params
 *	default_vcpus       1 to 255; absent or 0: 1
 *	default_maxvcpus    1 to 255; absent or 0: as default_vcpus
 *	default_memory      MiB; absent or 0: the driver's own
 *	default_maxmemory   MiB; absent or 0: as default_memory
 *	memory_slots        0 to 256; absent or 0: the driver's own
 *
 * All other keys are counted, but for those that would change what a cached
 * VM is and that we cannot honour. If one of them has another value than
 * "off", it is named in `refused`, with the reason: who goes on to make VMs
 * must refuse, who finds VMCache disabled need not care.
 */
#ifndef CLI_TOML_H
#define CLI_TOML_H

#include "vmcache/vm.h"

/* Kata's own file has 30 KiB, comments and all. */
#define CLI_TOML_SIZE 131072

#define CLI_TOML_NAMES 512
#define CLI_TOML_DEPTH 8
#define CLI_TOML_PATH_SIZE 128
#define CLI_TOML_ERROR_SIZE 512

struct cli_toml {
	struct vmc_vm_config vm; /* hypervisor is "qemu"; NULL, 0: not there */
	uint32_t number;         /* vm_cache_number */
	const char *endpoint;    /* vm_cache_endpoint; NULL: not there */
	uint32_t unused;         /* keys that were counted */

	/* "FILE:LINE: what", or "". What is quoted from the file is escaped
	 * (cli_escape.h). */
	char refused[CLI_TOML_ERROR_SIZE];
	char error[CLI_TOML_ERROR_SIZE];
};

/*
 * Reads `text`, text_len bytes and one more that may be overwritten. `file`
 * is its name for messages.
 *
 * 0, or -1 with `error` set: it is not TOML, a key or table stands twice, a
 * value is of the wrong type or out of range, there is a hypervisor that
 * cannot be cached, both initrd and image, or a limit was reached.
 */
int cli_toml_read(struct cli_toml *toml, const char *file, char *text,
		  size_t text_len);

#endif
