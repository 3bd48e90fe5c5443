/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes: starting a program, hearing of its end, without a heap and
 * without waiting. A process is known by a pidfd, which cannot come to mean
 * another one. Linux 5.4 or later.
 */
#ifndef LINUX_PROCESS_H
#define LINUX_PROCESS_H

#include "vmcache/status.h"

/*
 * Says in `error` "WHAT PATH: words of errno", and returns what stands for
 * that errno: VMC_ERR_NOT_FOUND, VMC_ERR_PERMISSION or VMC_ERR_IO.
 */
enum vmc_status vmc_linux_error(struct vmc_error *error, int number,
				const char *what, const char *path);

struct vmc_process_program {
	const char *path;        /* of the file to execute */
	const char *const *argv; /* NULL at the end */
	const int *keep;         /* descriptors that stay open in it, under */
	size_t keep_len;         /* their numbers, above 2; all others close */
	int output;              /* becomes its standard output and error */
};

/*
 * Starts a program: in a session of its own, with standard input empty, no
 * signal blocked or ignored, our environment and working directory. The
 * pidfd closes on exec.
 *
 * VMC_ERR_NOT_FOUND, VMC_ERR_PERMISSION, VMC_ERR_IO: it cannot be executed,
 * or no process can be made; the text has errno's words.
 */
enum vmc_status vmc_process_start(const struct vmc_process_program *program,
				  int64_t *pid, int *pidfd,
				  struct vmc_error *error) VMC_CHECKED;

/*
 * A pidfd of a process that somebody else started.
 * VMC_ERR_NOT_FOUND, VMC_ERR_IO.
 */
enum vmc_status vmc_process_open(int64_t pid, int *pidfd) VMC_CHECKED;

/* How a process ended: by a signal, or with an exit status. */
struct vmc_process_end {
	uint8_t known; /* 0: it was not our child, the rest is 0 */
	uint8_t signalled;
	int number;
};

/*
 * 1 if it has ended, and then reaps it if it was our child. Asked again
 * later, it is still ended, but `end` is not known any more.
 */
int vmc_process_ended(int pidfd, struct vmc_process_end *end);

/* 1 as long as it has not ended. Reaps nothing. */
int vmc_process_alive(int pidfd);

/* Sends it a signal; it may have ended already. */
void vmc_process_signal(int pidfd, int signal);

/*
 * Reaps our child of that pid: 1 if it had ended, or is no child of ours.
 */
int vmc_process_reap(int64_t pid);

#endif
