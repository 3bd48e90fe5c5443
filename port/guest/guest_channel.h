/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channel: the one byte pipe to the host (a port of virtio-serial, a serial
 * line) as a stream of vmcache/port.h.
 *
 * A byte pipe has no connections: who is at its other end may have changed.
 * A port of virtio-serial says so (a read of 0 bytes), but not if the next
 * one has come before we looked, which is the rule and not the exception for
 * a VM that is paused meanwhile. What is left then is what comes: a client's
 * first request has the stream 1, which no client uses twice, and the first
 * bytes of a newcomer begin a read of their own, since a read ends where a
 * write of the host's machine did. So the channel looks at each read before
 * the service gets it:
 *
 *	switch (vmc_guest_channel_look(&channel)) {
 *	case VMC_GUEST_CHANNEL_GONE:
 *	case VMC_GUEST_CHANNEL_NEWCOMER:
 *		open the service anew
 *	…
 *	step the service, which takes what was read
 */
#ifndef GUEST_CHANNEL_H
#define GUEST_CHANNEL_H

#include "vmcache/port.h"

/* A read of virtio-serial has 4096 bytes at most. What is sent is gathered
 * until it is so much, since each write costs an exit of the VM. */
#define VMC_GUEST_CHANNEL_SIZE 4096

struct vmc_guest_channel {
	int fd;
	uint8_t full;     /* the last read filled its room: more of it came */
	uint8_t amid;     /* and so did the one before it */
	uint8_t whole;    /* the last read was one frame, and nothing else */
	uint32_t at, len; /* in[at..len) was read, and not taken yet */
	uint8_t in[VMC_GUEST_CHANNEL_SIZE];
	uint8_t out[VMC_GUEST_CHANNEL_SIZE];
};

enum vmc_guest_channel_news {
	VMC_GUEST_CHANNEL_QUIET = 0, /* nothing to take */
	VMC_GUEST_CHANNEL_BYTES,     /* something */
	VMC_GUEST_CHANNEL_NEWCOMER,  /* the same, of somebody new */
	VMC_GUEST_CHANNEL_GONE       /* nobody is there */
};

/* `fd` does not block. */
void vmc_guest_channel_init(struct vmc_guest_channel *channel, int fd);

/*
 * Reads, if all that was read is taken. The same bytes are a newcomer's only
 * once.
 */
enum vmc_guest_channel_news
vmc_guest_channel_look(struct vmc_guest_channel *channel);

/* Throws away what was read and not taken. */
void vmc_guest_channel_drop(struct vmc_guest_channel *channel);

/* recv takes what was read; send writes; close does nothing. The handle is
 * channel->fd. */
struct vmc_port vmc_guest_channel_port(struct vmc_guest_channel *channel);

#endif
