/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A subject whose endpoints are files and whose handles are descriptors: the
 * posix port, in a directory of its own.
 */
#ifndef PORT_FILES_H
#define PORT_FILES_H

#include "port_check.h"

#include "vmcache_posix.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char port_files_directory[64], port_files_endpoint[80];

static int port_files_inherited(vmc_handle handle)
{
	return !(fcntl((int)handle, F_GETFD) & FD_CLOEXEC);
}

static int port_files_private(const char *endpoint)
{
	struct stat file;

	return stat(endpoint, &file) == 0 && (file.st_mode & 0777) == 0600;
}

static inline void port_files_begin(struct port_subject *subject)
{
	static struct vmc_posix posix[2];
	static struct vmc_posix_env_state env_state;

	memset(posix, 0, sizeof(posix));
	strcpy(port_files_directory, "/tmp/vmcache-port-XXXXXX");
	if (!mkdtemp(port_files_directory))
		abort();
	snprintf(port_files_endpoint, sizeof(port_files_endpoint),
		 "%s/new/sock", port_files_directory);
	subject->endpoint = port_files_endpoint;
	subject->port = vmc_posix_port(&posix[0]);
	subject->other = vmc_posix_port(&posix[1]);
	subject->env = vmc_posix_env(&env_state);
	subject->peer.known = 1;
	subject->peer.pid = getpid();
	subject->peer.uid = getuid();
	subject->peer.gid = getgid();
	subject->path_max = VMC_POSIX_ENDPOINT_SIZE - 1;
	subject->moves_handles = 1;
	subject->is_inherited = port_files_inherited;
	subject->is_private = port_files_private;
}

/* The endpoint's directory stays, empty; promises of clocks make none. */
static inline int port_files_end(struct port_subject *subject)
{
	char made[80];
	int left;

	(void)subject;
	snprintf(made, sizeof(made), "%s/new", port_files_directory);
	left = unlink(port_files_endpoint) == 0;
	rmdir(made);
	return rmdir(port_files_directory) != 0 || left;
}

#endif
