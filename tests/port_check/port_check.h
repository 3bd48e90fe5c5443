/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checklist of a port: every promise of vmcache/port.h and
 * vmcache/env.h that can be seen from outside, asked one by one. A new port
 * describes itself in a `struct port_subject` and runs it:
 *
 *	int main(void)
 *	{
 *		struct port_subject mine = { .name = "mine", … };
 *
 *		return port_check(&mine);
 *	}
 *
 *	cc -Iinclude mine_check.c mine.c tests/port_check/port_check.c \
 *		build/libvmcache.a
 *
 * It prints `ok NAME_PROMISE` or `not ok NAME_PROMISE: file:line: what` for
 * each, and needs nothing but stdio and setjmp. test_port_contract.c has the
 * subjects of this tree, test_port_sins.c ports that break one promise each.
 */
#ifndef PORT_CHECK_H
#define PORT_CHECK_H

#include "vmcache/env.h"
#include "vmcache/port.h"

struct port_subject {
	const char *name; /* stands before each promise: "posix" */

	/*
	 * Called before each promise: makes a world in which nobody listens
	 * at `endpoint`, and sets what is below. end: called after it;
	 * answers 0 if nothing was left behind, and cleans up.
	 */
	void (*begin)(struct port_subject *subject);
	int (*end)(struct port_subject *subject);

	struct vmc_port port;  /* the server's */
	struct vmc_port other; /* another process's, of the same world */
	struct vmc_env env;
	const char *endpoint;
	struct vmc_peer peer; /* who connects; zeroed if it cannot be told */

	/* What only some ports have. 0 or NULL: not asked. */
	unsigned path_max;     /* bytes of the longest endpoint */
	uint8_t moves_handles; /* they travel with bytes */
	/* 1 if a program that is started gets this handle as well */
	int (*is_inherited)(vmc_handle handle);
	/* 1 if nobody but its owner may connect to the endpoint */
	int (*is_private)(const char *endpoint);
};

/* Asks for every promise, in turn. 0: all are kept. */
int port_check(struct port_subject *subject);

/* The promise that is being asked for, for who is killed amid it. */
extern const char *port_check_asked;

#endif
