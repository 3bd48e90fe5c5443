/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel, the part that only the library's own calls need.
 */
#ifndef VMC_RPC_CHANNEL_H
#define VMC_RPC_CHANNEL_H

#include "vmcache/client.h"

/*
 * vmc_channel_call, for a call whose answer gives something away. Whoever
 * gives it up, by cancelling or by letting its deadline pass, must not
 * leave the peer an open connection to answer on: if the request may have
 * reached it, the connection is closed, and other calls in flight fail with
 * VMC_ERR_LOST.
 */
enum vmc_status vmc_channel_take(struct vmc_channel *channel,
				 const char *service, const char *method,
				 struct vmc_view payload,
				 struct vmc_view *reply, struct vmc_task *task,
				 uint64_t now_ms) VMC_CHECKED;

#endif
