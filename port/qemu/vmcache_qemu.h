/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QEMU: a hypervisor driver for x86-64 guests.
 *
 *	struct vmc_qemu qemu;
 *	struct vmc_qemu_config config = { .run_dir = "/run/vc/vm" };
 *
 *	status = vmc_qemu_init(&qemu, &config, &error);
 *	status = vmc_qemu_check(&qemu, &vm_config, &error);
 *	hypervisor = (struct vmc_hypervisor){ &vmc_qemu_ops, &qemu };
 *
 * What a VM is made with is struct vmc_vm_config (vm.h):
 *
 *	hypervisor_path  program; with a '/' as it is, else looked for on
 *	                 PATH. NULL: qemu-system-x86_64
 *	machine_type     q35 (default), pc or microvm; options may follow
 *	                 ("q35,vmport=off"). microvm has no PCI: it cannot
 *	                 grow and nothing can be plugged in later; under TCG a
 *	                 Linux guest of it may hang on a busy host unless it
 *	                 is told its clock ("tsc_early_khz=").
 *	kernel, initrd   of a Linux guest. Without kernel, firmware and image
 *	                 the VM has the built-in guest (below).
 *	kernel_params    after the driver's own "console=ttyS0 panic=-1"; with
 *	                 a kernel only
 *	firmware         -bios
 *	image            first disk (virtio-blk, raw, read only)
 *	vcpus_max        each vCPU is a socket, so that any can be added
 *	memory_max_mib   is reached in DIMMs of 128 MiB or multiples of it
 *	memory_slots     DIMMs; 0 means 10 if memory_max_mib says any
 *
 * A VM's files lie in RUN_DIR/ID, which only its owner may enter (0700):
 * qmp.sock, QEMU's control channel, console.sock, its serial port, and with
 * an agent of kind SERIAL agent.sock, the way to it. Each serves one client
 * at a time: another one may connect, and is served when the one before has
 * gone. Whoever has been told of a VM connects to qmp.sock and finds QEMU's
 * greeting waiting: the driver lets go of it in `detach`. console.sock is
 * the driver's until the VM is paused, and nobody's afterwards (but see
 * hold_console). agent.sock is never the driver's.
 *
 * QEMU runs in a session of its own: what a terminal sends to ours (ctrl-C)
 * does not reach it, and it outlives us. No descriptor of ours is open in
 * it but those that it is given.
 *
 * On q35 and pc there is a bridge `pci-bridge-0`, where Kata plugs in
 * network cards and disks, and on q35 there are root_ports root ports `rp0`,
 * `rp1`, … besides, for one PCI Express device each.
 *
 * The built-in guest (rom/) is 1 KiB of code in place of a firmware. It
 * speaks lines on the serial port: says `ready` when it is up, answers
 * `ping` with `pong`, `ticks` with `ticks N`, where N counts a timer's
 * interrupts and so stands still while the VM is paused, and switches itself
 * off at `off`.
 *
 * A guest is ready (`ready`) when its console has shown the text `ready`.
 * Without one, when QEMU says that its vCPUs run.
 *
 * Agents. What answers in the guest is reached at vm->agent_url, which is
 * there from `boot`'s first step on, in what `save` writes, and again after
 * `attach`. The driver does not speak to it.
 *
 *	NONE    no channel, no address
 *	SERIAL  "unix:RUN_DIR/ID/agent.sock". In the guest it is the port
 *	        /dev/virtio-ports/agent.channel.0 (Kata's name for it) of a
 *	        virtio-serial device. One pipe for all clients there will
 *	        ever be: the guest is told when one comes and goes, and must
 *	        forget half a message then. What is sent before the guest has
 *	        opened the port, or while the VM is paused, waits.
 *	VSOCK   "vsock://CID:PORT". The CID is vm->context_id, chosen at
 *	        random and reserved with the kernel, so that no other VM of
 *	        this host has it. Needs /dev/vhost-vsock; nobody but QEMU keeps
 *	        it open. The kernel is given "vmcache.listen=vsock:PORT", which
 *	        this project's guest agent looks for.
 *
 * The built-in guest has no agent: it does not look at what it is given.
 *
 * Accelerators. That /dev/kvm can be opened proves nothing: inside another
 * VM it may run some guests and fail with others, or run them a hundred
 * times slower than TCG. So with VMC_QEMU_AUTO the first VM is tried on KVM:
 * it has trial_ms (or half of what its boot may take, if that is less) to
 * show its ready text, or anything at all on its console if there is no
 * such text. If it dies, stops with an internal error or is silent, it is
 * booted again on TCG within the same `boot`, vm->pid changes, and later VMs
 * of the same configuration use TCG at once. A guest whose kernel is told
 * to be quiet therefore needs a ready text, or an /init that says something
 * on the console early (ours says "vmcache-agent: ready" there); an agent's
 * channel proves nothing.
 *
 * The end of a guest. One that switches itself off or reboots ends its QEMU
 * (-no-reboot), and so does a Linux that panics (panic=-1: it reboots),
 * unless the kernel parameters say otherwise. Whatever is asked of the VM
 * then fails with VMC_ERR_VM, and the text says which it was, as far as the
 * control channel was held to hear it, and what the kernel said when it
 * panicked or else the console's last line, as far as the console was:
 *
 *	guest has rebooted, as one that panics does: [    1.48] Kernel
 *	        panic - not syncing: Attempted to kill init!
 *	guest has switched itself off: [    1.32] reboot: Power down
 *	QEMU was killed by signal 9: ready
 *
 * Waits of one VM: control channel, console, standard error, pidfd. Linux
 * only (pidfd: 5.4 or later).
 */
#ifndef VMCACHE_QEMU_H
#define VMCACHE_QEMU_H

#include "vmcache/hypervisor.h"
#include "vmcache/vm.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A VM's memory when its configuration leaves it to the driver. */
#define VMC_QEMU_MEMORY_MIB 128

/* The unit in which memory is added: a memory block of x86-64 Linux. */
#define VMC_QEMU_DIMM_MIB 128

/*
 * Longest line of QMP that is looked at, in bytes; the longest that the
 * driver needs is a greeting (142). Longer ones are skipped. 256..16384.
 * RAM: itself per VM.
 */
#ifndef VMC_QEMU_LINE_SIZE
#define VMC_QEMU_LINE_SIZE 512
#endif

/*
 * Last bytes kept of a VM's console and of QEMU's standard error, together.
 * 256..16384. RAM: itself per VM.
 */
#ifndef VMC_QEMU_CONSOLE_SIZE
#define VMC_QEMU_CONSOLE_SIZE 1024
#endif

/* Longest text that says a guest is ready, with its NUL. 16..128 bytes. */
#ifndef VMC_QEMU_READY_SIZE
#define VMC_QEMU_READY_SIZE 64
#endif

/*
 * VMs handed out whose QEMU is still our child: when it ends it is reaped,
 * and what is left of its directory removed. Of more than so many living at
 * once, the eldest are left to those who took them, and as zombies until we
 * end ourselves. 1..65536. RAM: 8 + VMC_ID_SIZE bytes each, once.
 */
#ifndef VMC_QEMU_HANDED_MAX
#define VMC_QEMU_HANDED_MAX 64
#endif

/*
 * Bytes per VM, at most (vmc_qemu_ops.vm_size): the two buffers above, its
 * directory, a line of its console and some sixty numbers.
 */
#define VMC_QEMU_VM_SIZE (VMC_QEMU_LINE_SIZE + VMC_QEMU_CONSOLE_SIZE + 512)

/*
 * A VM's directory with its NUL: sun_path holds 108 bytes, of which
 * "/console.sock" takes 13.
 */
#define VMC_QEMU_DIR_SIZE 95

enum vmc_qemu_accel { VMC_QEMU_AUTO = 0, VMC_QEMU_KVM, VMC_QEMU_TCG };

/* How the agent in a guest is reached: see "Agents" above. */
enum vmc_qemu_agent {
	VMC_QEMU_AGENT_NONE = 0,
	VMC_QEMU_AGENT_SERIAL,
	VMC_QEMU_AGENT_VSOCK
};

/* The vsock port of Kata's agent. */
#define VMC_QEMU_AGENT_PORT 1024

/* Zeroed fields mean their defaults. Strings live as long as the driver. */
struct vmc_qemu_config {
	const char *run_dir; /* VMs' directories lie in it; created with its
			      * parents when needed. NULL: /run/vc/vm */
	const char *ready;   /* NULL: "ready" of the built-in guest, no text
			      * of others */
	const char *cpu;     /* -cpu; NULL: "host" for others than the
			      * built-in guest on KVM, else "qemu64" */
	enum vmc_qemu_accel accel;
	enum vmc_qemu_agent agent;
	uint32_t agent_port; /* of VSOCK, not UINT32_MAX; 0: 1024 */
	/*
	 * 1: `resume` connects to the console, so that it can be told why a
	 * VM that runs has ended, and `pause` lets go of it again. For as
	 * long as the VM runs some operation must be stepped (`watch` is for
	 * that), else a guest that says much waits to be read. 0: it is
	 * nobody's.
	 */
	uint8_t hold_console;
	uint32_t root_ports; /* of a q35, at most 16; 0: 2 */
	uint32_t trial_ms;   /* for KVM to prove itself; 0: 5000 */
	uint32_t stop_ms;    /* each, from asking to SIGTERM to SIGKILL;
			      * 0: 2000 */
	uint32_t attach_ms;  /* for QEMU to greet a taker, else it is
			      * VMC_ERR_IN_USE; 0: 3000 */
};

/* The driver. Private but for the functions below. */
struct vmc_qemu {
	struct vmc_qemu_config config;
	uint32_t tried;       /* digest of what was tried on KVM; 0: nothing */
	uint8_t tried_well;   /* and it ran */
	uint32_t handed_next; /* entry to overwrite when all are taken */
	struct vmc_qemu_handed {
		int32_t pid; /* 0: none */
		char id[VMC_ID_SIZE];
	} handed[VMC_QEMU_HANDED_MAX];
};

/*
 * Takes a configuration. Looks at nothing outside; a driver that only
 * attaches to VMs needs no more than a zeroed configuration.
 *
 * VMC_ERR_OPTIONS:  built with other options than the archive.
 * VMC_ERR_TOO_BIG:  run_dir, ready or cpu is too long; the text has the
 *                   limit.
 * VMC_ERR_ARGUMENT: a value is out of its range.
 */
#define vmc_qemu_init(qemu, config, error)                                     \
	vmc_qemu_init_checked(qemu, config, error, sizeof(struct vmc_qemu),    \
			      VMC_OPTIONS)
enum vmc_status vmc_qemu_init_checked(struct vmc_qemu *qemu,
				      const struct vmc_qemu_config *config,
				      struct vmc_error *error, size_t qemu_size,
				      unsigned options) VMC_CHECKED;

/*
 * Finds out what would keep VMs of that configuration from booting, as far
 * as can be told without booting one: makes the run directory, looks for
 * QEMU and whether the files can be read. Every `boot` begins with it.
 *
 * VMC_ERR_NOT_FOUND:   QEMU, a file, /dev/kvm (accel kvm) or
 *                      /dev/vhost-vsock (agent vsock) is not there.
 * VMC_ERR_PERMISSION:  it is, but may not be read, run or written to.
 * VMC_ERR_ARGUMENT, VMC_ERR_TOO_BIG: a size, or an unknown machine type.
 * VMC_ERR_UNSUPPORTED: this machine type cannot do it.
 * VMC_ERR_IO:          what else the system says.
 */
enum vmc_status vmc_qemu_check(const struct vmc_qemu *qemu,
			       const struct vmc_vm_config *config,
			       struct vmc_error *error) VMC_CHECKED;

/*
 * What VMs get: "kvm", "tcg", or "auto" as long as none has been tried.
 */
const char *vmc_qemu_accel_name(const struct vmc_qemu *qemu);

/*
 * Reaps those that were handed out and have ended, and removes what is left
 * of their directories. Each boot does it too; call it when a child has
 * ended (SIGCHLD), and before the end.
 */
void vmc_qemu_reap(struct vmc_qemu *qemu);

/* A path of a socket with its NUL: sun_path. */
#define VMC_QEMU_PATH_SIZE 108

/*
 * The path of a VM's console for whoever wants to talk to its guest. `vm`
 * must be one of this driver's, and not EMPTY.
 */
void vmc_qemu_console_path(const struct vmc_vm *vm,
			   char out[VMC_QEMU_PATH_SIZE]);

/*
 * One VM, as hypervisor.h says.
 *
 * boot        also what vmc_qemu_check returns. VMC_ERR_VM: QEMU exited;
 *             the text has its status and its last words.
 *             VMC_ERR_PROTOCOL: it does not speak QMP. VMC_ERR_IN_USE: there
 *             is a directory of that id. VMC_ERR_TOO_BIG: the agent's
 *             address has more than VMC_URL_SIZE bytes. After a trial of KVM
 *             that failed, vm->pid is another one; the agent's address is
 *             the same.
 * ready       VMC_ERR_TIMEOUT has the console's last line.
 * resume      console.sock is nobody's: what the guest says from now on is
 *             lost unless somebody has connected to it. With hold_console
 *             that is the driver.
 * watch       also of a VM that runs: VMC_ERR_VM if it stops by itself, too.
 * add_vcpus   VMC_ERR_TOO_BIG, VMC_ERR_UNSUPPORTED (microvm).
 * add_memory  the same; VMC_ERR_ARGUMENT: not a multiple of
 *             VMC_QEMU_DIMM_MIB. All of it is one DIMM.
 * save        Kata's JSON of a QEMU (virtcontainers qemuGrpc, as of 4.1,
 *             with the ContextID and bridges that it forgets), then keys of
 *             ours: Pid, StartTime, ConsolePath, Machine, CPUModel, Memory,
 *             MaxMemory, MemorySlots, HotpluggedDIMMs, and with an agent
 *             Agent ("serial", "vsock") and AgentPort. About 700 bytes, 1000
 *             with the longest paths, and 15 more for each vCPU that was
 *             added.
 * attach      VMC_ERR_IN_USE: no greeting within attach_ms, or the VM runs.
 *             VMC_ERR_NOT_FOUND: no such process, or a later one with the
 *             same pid; or nothing listens on its socket.
 *             VMC_ERR_MALFORMED: not what `save` wrote, of that id.
 */
extern const struct vmc_hypervisor_ops vmc_qemu_ops;

#ifdef __cplusplus
}
#endif

#endif
