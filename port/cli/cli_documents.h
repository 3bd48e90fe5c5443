/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration that a server hands out, when it is somebody else's: the
 * JSON of --vm-config and --agent-config, Kata's own, byte for byte. Its
 * clients compare it with theirs, whole; so it cannot be made up here.
 */
#ifndef CLI_DOCUMENTS_H
#define CLI_DOCUMENTS_H

#include "vmcache/client.h"

#include <sys/types.h>

#include "cli.h"

/* The longest file. */
#define CLI_DOCUMENT_SIZE 131072

/* Reads all of a file, `cap` bytes of it at most: how many, or -1 with
 * errno. */
ssize_t cli_read_file(const char *path, char *text, size_t cap);

/*
 * Reads what the options name. `told` has the documents then, absent if no
 * file is named: of the agent's that is the member AgentConfig of the VMs', if
 * it is there. `vm` becomes what the VMs' document says. Texts and documents
 * live as long as the process.
 *
 * CLI_DONE; or a complaint, and what to exit with: a file cannot be read, is
 * too long, is no JSON object, or has a member of a wrong type.
 */
enum cli_exit cli_documents_read(const struct cli_options *options,
				 struct vmc_cache_config *told,
				 struct vmc_vm_config *vm) VMC_CHECKED;

#endif
