/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A minimal VMM that keeps a pool of its own VMs: what its parts share.
 *
 * minimal_vmm.c        the program: pool, server and control socket, one loop
 * minimal_vmm_driver.c the library's view of its machines
 * minimal_vmm_kvm.c    the machines: a page of real mode code, by KVM or, where
 *                      there is none, by an interpreter of four instructions
 * minimal_vmm_take.c   the other end: takes a VM, and steers it
 */
#ifndef MINIMAL_VMM_H
#define MINIMAL_VMM_H

#include <vmcache.h>

#define MACHINE_MAX 8

/*
 * A VM is an object of this process, and nothing else. It beats: its guest
 * writes to a port, then halts until it is stepped again.
 */
struct machine {
	char id[VMC_ID_SIZE]; /* "": there is none */
	uint64_t beats;
	uint8_t running;
	uint8_t dead; /* it did what no guest of ours does */
	uint8_t held; /* by the cache: nobody else may steer it */

	/* Of minimal_vmm_kvm.c */
	uint8_t *page;
	int vm, vcpu; /* KVM's */
	struct kvm_run *run;
	uint16_t ip; /* the interpreter's */
	uint8_t al;
};

extern struct machine machines[MACHINE_MAX];

/* By its id; NULL if there is none of it. */
struct machine *machine_find(const char *id);

/* What runs them: "KVM", or "a toy" if that is asked for or KVM cannot be
 * used. NULL: KVM is asked for, and there is none. */
const char *machine_choose(const char *wanted);

/* 0, or -1: errno says why. */
int machine_on(struct machine *machine);

/* Lets its guest run until it halts. */
void machine_step(struct machine *machine);

void machine_off(struct machine *machine);

/* Its context is the path of the control socket. */
extern const struct vmc_hypervisor_ops minimal_vmm_ops;

/* minimal_vmm take ENDPOINT */
int take(const char *endpoint);

#endif
