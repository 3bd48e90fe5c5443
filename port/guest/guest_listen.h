/* SPDX-License-Identifier: Apache-2.0 */
/* Where the program is reached. */
#ifndef GUEST_LISTEN_H
#define GUEST_LISTEN_H

#include "guest_serve.h"

#define LISTEN_HELP                                                            \
	"unix:PATH, unix:@NAME, vsock:PORT or serial:DEVICE_OR_PORT_NAME"

/*
 * Opens it: unix:PATH (a socket of mode 0600), unix:@NAME (in the abstract
 * namespace; our own user and root may connect), vsock:PORT (of any CID of ours; only
 * the host may connect), or
 * serial:, a device ("/dev/ttyS1") or the name of a port of virtio-serial
 * ("agent.channel.0"), which is waited for. 0; or -1, and why was said.
 */
int listen_open(const char *address, struct serve_place *place);

/* 1 if a vsock's connection comes from the host. */
int listen_is_host(int fd);

/* Closes it, and removes the socket's file. */
void listen_close(const char *address, const struct serve_place *place);

#endif
