/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of agents (vmcache/agent_kata.h), and what is said on a
 * connection before ttrpc is.
 */
#ifndef VMC_AGENT_DIAL_H
#define VMC_AGENT_DIAL_H

#include "vmcache/client.h"

/*
 * Makes of an address what a port dials (`dial`) and how a connection is
 * begun (config->greet and config->greet_port).
 *
 * VMC_ERR_ARGUMENT: it is none.
 * VMC_ERR_TOO_BIG:  it does not fit VMC_URL_SIZE.
 */
enum vmc_status vmc_agent_dial_parse(struct vmc_view url,
				     char dial[VMC_URL_SIZE],
				     struct vmc_channel_config *config,
				     struct vmc_error *error) VMC_CHECKED;

#endif
