/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's loop: some services in front of one guest, on a byte pipe or
 * on the connections of a listening socket.
 */
#ifndef GUEST_SERVE_H
#define GUEST_SERVE_H

#include "guest_channel.h"
#include "vmcache_guest.h"

/* Connections of a listening socket at once; more wait in its backlog. */
#define SERVE_CONNECTION_MAX 4

/* Where the services are, from guest_listen.h. One of them is -1. */
struct serve_place {
	int listener;       /* a socket that listens */
	int pipe;           /* a byte pipe */
	uint8_t check_peer; /* only our own user and root may come */
	uint8_t host_only;  /* a vsock's: only the host may come */
};

/* Why it ended: a signal's number, or: */
#define SERVE_STOPPED 0 /* the guest was told to stop, and has answered */
#define SERVE_FAILED (-1)

/* The signals that the loop hears, blocked from now on. 0, or -1. */
int serve_block_signals(void);

/*
 * Serves until the guest is told to stop, or a signal says so: SIGTERM,
 * SIGINT, SIGUSR1, SIGUSR2. `ready` is called when the first call can come.
 */
int serve(struct vmc_guest *guest, const struct serve_place *place,
	  void (*ready)(void));

#endif
