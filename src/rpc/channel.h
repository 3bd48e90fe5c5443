/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel, the part that only the library's own calls need.
 */
#ifndef VMC_RPC_CHANNEL_H
#define VMC_RPC_CHANNEL_H

#include "vmcache/client.h"

/*
 * vmc_channel_call. `takes`: the answer gives something away. Whoever gives
 * up such a call, by cancelling or by letting its deadline pass, must not
 * leave the peer an open connection to answer on: if the request may have
 * reached it, the connection is closed, and other calls in flight fail with
 * VMC_ERR_LOST. The request's timeout is set here.
 */
enum vmc_status vmc_channel_request(struct vmc_channel *channel,
				    struct vmc_engine_request *request,
				    int takes, struct vmc_view *reply,
				    struct vmc_task *task,
				    uint64_t now_ms) VMC_CHECKED;

#endif
