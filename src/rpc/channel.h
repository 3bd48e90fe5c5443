/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel, the part that only the library's own calls need.
 */
#ifndef VMC_RPC_CHANNEL_H
#define VMC_RPC_CHANNEL_H

#include "vmcache/client.h"

struct vmc_channel_request {
	/* What is asked; its timeout is set here. The tail stays as it is until
	 * the call has ended. */
	struct vmc_engine_request asked;

	/*
	 * NULL, or sets the payload, and perhaps the tail, when it is its turn
	 * to be sent: so there is one place for it, however many calls are
	 * waiting. VMC_OK, VMC_ERR_TOO_BIG.
	 */
	enum vmc_status (*compose)(struct vmc_channel *channel,
				   struct vmc_channel_request *request);
	const void *message; /* compose's own */

	/*
	 * The answer gives something away. Whoever gives up such a call, by
	 * cancelling or by letting its deadline pass, must not leave the peer
	 * an open connection to answer on: if the request may have reached
	 * it, the connection is closed, and other calls in flight fail with
	 * VMC_ERR_LOST.
	 */
	uint8_t takes;
};

/* vmc_channel_call. */
enum vmc_status vmc_channel_request(struct vmc_channel *channel,
				    struct vmc_channel_request *request,
				    struct vmc_view *reply,
				    struct vmc_task *task,
				    uint64_t now_ms) VMC_CHECKED;

/*
 * Makes the connection of `from`, which has no call in flight (else
 * VMC_ERR_BUSY), that of `to`. Window and `out` are as large, with the same
 * bytes in them. `from` stays initialised, and connects anew.
 */
enum vmc_status vmc_channel_move(struct vmc_channel *to,
				 struct vmc_channel *from, uint8_t *window,
				 uint8_t *out,
				 const char *endpoint) VMC_CHECKED;

#endif
