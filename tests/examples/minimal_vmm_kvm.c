/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Machines (see minimal_vmm.h): 4 KiB of memory, one vCPU in real mode, no
 * devices but a port. The guest halts after each beat, so that the VMM's one
 * thread steps all of them; a VMM whose guests do not would give each a
 * thread.
 */
#include "minimal_vmm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_SIZE 4096
#define BEAT_PORT 0x10

/* Exits of a guest until it halts: it has one. */
#define EXITS_MAX 4

static const uint8_t guest[] = {
	0xfe, 0xc0,      /* again: inc al */
	0xe6, BEAT_PORT, /* out BEAT_PORT, al */
	0xf4,            /* hlt */
	0xeb, 0xf9,      /* jmp again */
};

struct machine machines[MACHINE_MAX];
static uint8_t pages[MACHINE_MAX][PAGE_SIZE]
	__attribute__((aligned(PAGE_SIZE)));
static int kvm = -1; /* the toy */
static int run_size;

struct machine *machine_find(const char *id)
{
	for (int i = 0; i < MACHINE_MAX; i++)
		if (strcmp(machines[i].id, id) == 0)
			return &machines[i];
	return NULL;
}

const char *machine_choose(const char *wanted)
{
	if (wanted && strcmp(wanted, "toy") == 0)
		return "a toy";
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (kvm >= 0 && ioctl(kvm, KVM_GET_API_VERSION, 0) == KVM_API_VERSION) {
		run_size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
		return "KVM";
	}
	kvm = -1;
	return wanted ? NULL : "a toy";
}

/* Real mode, from the first byte of the page. */
static int set_registers(int vcpu)
{
	struct kvm_regs registers = { .rflags = 2 };
	struct kvm_sregs special;

	if (ioctl(vcpu, KVM_GET_SREGS, &special) < 0)
		return -1;
	special.cs.base = special.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &special) < 0)
		return -1;
	return ioctl(vcpu, KVM_SET_REGS, &registers);
}

static int make_vm(struct machine *machine)
{
	struct kvm_userspace_memory_region memory = {
		.memory_size = PAGE_SIZE,
		.userspace_addr = (uintptr_t)machine->page,
	};

	machine->vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (machine->vm < 0)
		return -1;
	/* Intel's need a place of their own in the guest's memory. */
	(void)ioctl(machine->vm, KVM_SET_TSS_ADDR, 0xfffbd000UL);
	if (ioctl(machine->vm, KVM_SET_USER_MEMORY_REGION, &memory) < 0)
		return -1;
	machine->vcpu = ioctl(machine->vm, KVM_CREATE_VCPU, 0);
	if (machine->vcpu < 0)
		return -1;
	machine->run = mmap(NULL, (size_t)run_size, PROT_READ | PROT_WRITE,
			    MAP_SHARED, machine->vcpu, 0);
	if (machine->run == MAP_FAILED)
		return -1;
	return set_registers(machine->vcpu);
}

int machine_on(struct machine *machine)
{
	machine->page = pages[machine - machines];
	memset(machine->page, 0xf4, PAGE_SIZE);
	memcpy(machine->page, guest, sizeof(guest));
	machine->vm = machine->vcpu = -1;
	machine->run = MAP_FAILED;
	machine->running = 1;
	return kvm < 0 ? 0 : make_vm(machine);
}

/* One exit of the vCPU: 1 if the guest goes on at once. */
static int run_kvm(struct machine *machine)
{
	struct kvm_run *run = machine->run;

	if (ioctl(machine->vcpu, KVM_RUN, 0) < 0) {
		machine->dead = errno != EINTR && errno != EAGAIN;
		return 0;
	}
	if (run->exit_reason == KVM_EXIT_HLT)
		return 0;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != BEAT_PORT) {
		machine->dead = 1;
		return 0;
	}
	machine->beats++;
	return 1;
}

/* The same, of one instruction. */
static int run_toy(struct machine *machine)
{
	const uint8_t *code = &machine->page[machine->ip % (PAGE_SIZE - 2)];

	machine->ip += 2;
	switch (code[0]) {
	case 0xfe:
		machine->al++;
		return 1;
	case 0xe6:
		machine->beats += code[1] == BEAT_PORT;
		return 1;
	case 0xeb:
		machine->ip = (uint16_t)(machine->ip + (int8_t)code[1]);
		return 1;
	case 0xf4:
		machine->ip--;
		return 0;
	default:
		machine->dead = 1;
		return 0;
	}
}

void machine_step(struct machine *machine)
{
	int exits = 0;

	while (kvm < 0 ? run_toy(machine) : run_kvm(machine))
		if (++exits > EXITS_MAX) {
			machine->dead = 1;
			return;
		}
}

void machine_off(struct machine *machine)
{
	if (machine->run && machine->run != MAP_FAILED)
		munmap(machine->run, (size_t)run_size);
	if (machine->page && machine->vcpu >= 0)
		close(machine->vcpu);
	if (machine->page && machine->vm >= 0)
		close(machine->vm);
	memset(machine, 0, sizeof(*machine));
}
