/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of VMs: RUN_DIR/ID with the sockets in it; and what QEMU is given to
 * read.
 */
#ifndef QEMU_FILES_H
#define QEMU_FILES_H

#include "vmcache_qemu.h"

#define QEMU_PROGRAM_SIZE 1024

#define QEMU_CONTROL "/qmp.sock"
#define QEMU_CONSOLE "/console.sock"
#define QEMU_AGENT "/agent.sock"
#define QEMU_ROM "/rom.bin"

/* `dir` + `name` (one of the above). */
void vmc_qemu_path(char out[VMC_QEMU_PATH_SIZE], const char *dir,
		   const char *name);

/*
 * Finds the program as execvp would: a name with '/' as it is, else on PATH.
 * VMC_ERR_NOT_FOUND, VMC_ERR_PERMISSION, VMC_ERR_TOO_BIG.
 */
enum vmc_status vmc_qemu_find_program(const char *name,
				      char out[QEMU_PROGRAM_SIZE],
				      struct vmc_error *error) VMC_CHECKED;

/* `what` is its role: "kernel". NULL is no path: VMC_OK. */
enum vmc_status vmc_qemu_check_readable(const char *path, const char *what,
					struct vmc_error *error) VMC_CHECKED;

/* Makes it and its parents if absent; it must be writable. */
enum vmc_status vmc_qemu_run_dir_make(const char *run_dir,
				      struct vmc_error *error) VMC_CHECKED;

/* Makes RUN_DIR/ID, which must not be there, for its owner only. */
enum vmc_status vmc_qemu_dir_make(const char *run_dir, const char *id,
				  char out[VMC_QEMU_DIR_SIZE],
				  struct vmc_error *error) VMC_CHECKED;

/* Removes what the driver and QEMU have made in it, and itself. */
void vmc_qemu_dir_remove(const char *dir);

/* A listening socket; a path that is there is replaced. */
enum vmc_status vmc_qemu_listen(const char *path, int *fd,
				struct vmc_error *error) VMC_CHECKED;

/*
 * Connects without waiting. VMC_AGAIN: its backlog is full.
 * VMC_ERR_NOT_FOUND: nobody listens there. VMC_ERR_PERMISSION, VMC_ERR_IO.
 */
enum vmc_status vmc_qemu_connect(const char *path, int *fd,
				 struct vmc_error *error) VMC_CHECKED;

/* Writes the built-in guest, as a ROM for -bios. */
enum vmc_status vmc_qemu_rom_write(const char *path,
				   struct vmc_error *error) VMC_CHECKED;

/* Whether a device can be opened: 0 or errno. */
int vmc_qemu_device_errno(const char *path);

#define QEMU_KVM "/dev/kvm"

#endif
