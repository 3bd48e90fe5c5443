/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's configuration, read back from what it answers: VMConfig JSON
 * into a struct vmc_vm_config, as vmc_vm_config_write wrote it or Kata did.
 * With it, a VM can be made like those in the cache.
 */
#ifndef CLI_VM_CONFIG_H
#define CLI_VM_CONFIG_H

#include "vmcache/client.h"

/* Room for all texts of one: paths of up to 4096 bytes each, and kernel
 * parameters. What is not used of it is not touched. */
#define CLI_VM_TEXT_SIZE 65536

/*
 * Reads those members that struct vmc_vm_config has; others are skipped. The
 * texts go to texts[0..cap) and live there; an empty one is NULL. Kernel
 * parameters become "a=b c" again. Of vCPUs a fraction counts as one more.
 * No document is an empty one.
 *
 * VMC_ERR_MALFORMED: not JSON, or a member is of another type.
 * VMC_ERR_TOO_BIG:   a number is over 32 bits, or the texts over `cap`.
 * `error` names the member, and where it stands.
 */
enum vmc_status cli_vm_config_read(struct vmc_view document, char *texts,
				   size_t cap, struct vmc_vm_config *config,
				   struct vmc_error *error) VMC_CHECKED;

/* What a client has to know of a server's agents. */
struct cli_agent_config {
	uint32_t dial_timeout_s; /* DialTimeout; 0: unsaid */
	uint8_t vsock;           /* UseVSock: else a byte pipe or a socket */
	uint8_t empty;           /* nothing is said */
};

/* Reads it from the agent's configuration. As above. */
enum vmc_status cli_agent_config_read(struct vmc_view document,
				      struct cli_agent_config *config,
				      struct vmc_error *error) VMC_CHECKED;

#endif
