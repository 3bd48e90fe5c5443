/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the no-op agent does is what others do where there is nothing to be
 * done in the guest.
 */
#ifndef VMC_AGENT_AGENT_NOOP_H
#define VMC_AGENT_AGENT_NOOP_H

#include "vmcache/agent.h"

enum vmc_status vmc_noop_configure(struct vmc_agent *agent,
				   const struct vmc_hypervisor *hypervisor,
				   struct vmc_view id,
				   struct vmc_view share_path,
				   int builtin_proxy) VMC_CHECKED;
enum vmc_status
vmc_noop_configure_from_grpc(struct vmc_agent *agent,
			     const struct vmc_hypervisor *hypervisor,
			     struct vmc_view id, int builtin_proxy) VMC_CHECKED;
enum vmc_status vmc_noop_set_proxy(struct vmc_agent *agent,
				   const struct vmc_sandbox *sandbox,
				   struct vmc_view proxy, int64_t pid,
				   struct vmc_view url) VMC_CHECKED;
void vmc_noop_set_proxy_from_grpc(struct vmc_agent *agent,
				  struct vmc_view proxy, int64_t pid,
				  struct vmc_view url);

/* get_vm_path, get_share_path */
enum vmc_status vmc_noop_get_path(struct vmc_agent *agent, struct vmc_view id,
				  struct vmc_buffer *path) VMC_CHECKED;

/* create_sandbox, start_proxy; of the no-op agent: start_ and stop_sandbox */
enum vmc_status vmc_noop_tell_sandbox(struct vmc_agent *agent,
				      const struct vmc_sandbox *sandbox,
				      struct vmc_task *task,
				      uint64_t now_ms) VMC_CHECKED;

void vmc_noop_cleanup(struct vmc_agent *agent, struct vmc_view id);

#endif
