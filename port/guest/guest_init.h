/* SPDX-License-Identifier: Apache-2.0 */
/* What the program does as process 1 of a Linux guest. */
#ifndef GUEST_INIT_H
#define GUEST_INIT_H

/*
 * Makes a machine of a bare kernel: file systems, modules, a loopback
 * interface, memory that comes online by itself. What fails is said on the
 * console, and is not the end.
 */
void guest_init(void);

/* What an address of that kind needs besides: modules for vsock. */
void guest_init_for(const char *address);

/* What follows `key` ("vmcache.listen=") on the kernel's command line, to the
 * next blank; NULL if it is not there. */
const char *guest_init_parameter(const char *key);

/* Ends all processes, writes back what is dirty, and switches the machine
 * off, or resets it. */
_Noreturn void guest_init_end(int reset);

#endif
