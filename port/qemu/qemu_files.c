/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of VMs. Every descriptor that is opened here closes on exec; sockets
 * lie in a directory that is closed to others before they are bound.
 */
#include "qemu_files.h"
#include "qemu_rom.h"
#include "linux_process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* What execvp takes when there is no PATH. */
#define PATH_DEFAULT "/usr/local/bin:/bin:/usr/bin"

/* Takers that connect while another one is served. */
#define BACKLOG 16

_Static_assert(VMC_QEMU_DIR_SIZE + sizeof(QEMU_CONSOLE) - 1 <=
			       VMC_QEMU_PATH_SIZE &&
		       sizeof(QEMU_AGENT) <= sizeof(QEMU_CONSOLE) &&
		       sizeof(QEMU_CONTROL) <= sizeof(QEMU_CONSOLE),
	       "a VM's socket must fit in sun_path");

/* see qemu_files.h */
void vmc_qemu_path(char out[VMC_QEMU_PATH_SIZE], const char *dir,
		   const char *name)
{
	size_t dir_len = strlen(dir), name_len = strlen(name);

	memcpy(out, dir, dir_len);
	memcpy(out + dir_len, name, name_len + 1);
}

/*
 * What QEMU is given
 */

/* The first directory of a PATH + '/' + name; the rest of PATH. */
static const char *next_candidate(const char *path, const char *name,
				  char out[QEMU_PROGRAM_SIZE])
{
	size_t len = strcspn(path, ":");
	int needed = snprintf(out, QEMU_PROGRAM_SIZE, "%.*s/%s", (int)len,
			      len ? path : ".", name);

	if (len == 0)
		needed = snprintf(out, QEMU_PROGRAM_SIZE, "./%s", name);
	if (needed >= QEMU_PROGRAM_SIZE)
		out[0] = '\0'; /* no such program */
	return path[len] ? path + len + 1 : NULL;
}

static int is_program(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
	       access(path, X_OK) == 0;
}

static enum vmc_status search_path(const char *name,
				   char out[QEMU_PROGRAM_SIZE],
				   struct vmc_error *error)
{
	const char *path = getenv("PATH");
	char text[VMC_ERROR_TEXT_SIZE];

	if (!path)
		path = PATH_DEFAULT;
	snprintf(text, sizeof(text), "QEMU: no %s on PATH", name);
	for (const char *rest = path; rest;) {
		rest = next_candidate(rest, name, out);
		if (is_program(out))
			return VMC_OK;
	}
	return vmc_error_set(error, VMC_ERR_NOT_FOUND, text, path);
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_find_program(const char *name,
				      char out[QEMU_PROGRAM_SIZE],
				      struct vmc_error *error)
{
	struct stat status;
	size_t len = strlen(name);

	if (len >= QEMU_PROGRAM_SIZE)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"path of QEMU is too long; bytes allowed",
			QEMU_PROGRAM_SIZE - 1);
	if (!strchr(name, '/'))
		return search_path(name, out, error);
	memcpy(out, name, len + 1);
	if (stat(name, &status))
		return vmc_linux_error(error, errno, "QEMU", name);
	if (!is_program(name))
		return vmc_linux_error(error, EACCES, "QEMU", name);
	return VMC_OK;
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_check_readable(const char *path, const char *what,
					struct vmc_error *error)
{
	struct stat status;
	int number = 0;
	int fd;

	if (!path)
		return VMC_OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return vmc_linux_error(error, errno, what, path);
	if (fstat(fd, &status))
		number = errno;
	else if (S_ISDIR(status.st_mode))
		number = EISDIR;
	close(fd);
	if (number)
		return vmc_linux_error(error, number, what, path);
	return VMC_OK;
}

/* see qemu_files.h */
int vmc_qemu_device_errno(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int write_rom(int fd)
{
	if (ftruncate(fd, QEMU_ROM_SIZE)) /* the rest of it is a hole */
		return errno;
	if (pwrite(fd, vmc_qemu_rom, QEMU_ROM_CODE_SIZE,
		   QEMU_ROM_SIZE - QEMU_ROM_CODE_SIZE) != QEMU_ROM_CODE_SIZE)
		return errno ? errno : ENOSPC;
	return 0;
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_rom_write(const char *path, struct vmc_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int number;

	if (fd < 0)
		return vmc_linux_error(error, errno, "cannot make", path);
	errno = 0;
	number = write_rom(fd);
	close(fd);
	if (number)
		return vmc_linux_error(error, number, "cannot write", path);
	return VMC_OK;
}

/*
 * Directories
 */

/* see qemu_files.h */
enum vmc_status vmc_qemu_run_dir_make(const char *run_dir,
				      struct vmc_error *error)
{
	char path[VMC_QEMU_DIR_SIZE];
	size_t len = strlen(run_dir);

	if (len >= sizeof(path))
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"run directory is too long; bytes allowed",
			sizeof(path) - 1);
	for (size_t i = 1; i <= len; i++) {
		if (run_dir[i] != '/' && run_dir[i] != '\0')
			continue;
		memcpy(path, run_dir, i);
		path[i] = '\0';
		if (mkdir(path, 0755) && errno != EEXIST && errno != EISDIR)
			return vmc_linux_error(error, errno, "cannot make",
					       path);
	}
	if (access(run_dir, W_OK | X_OK))
		return vmc_linux_error(error, errno, "run directory", run_dir);
	return VMC_OK;
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_dir_make(const char *run_dir, const char *id,
				  char out[VMC_QEMU_DIR_SIZE],
				  struct vmc_error *error)
{
	int len = snprintf(out, VMC_QEMU_DIR_SIZE, "%s/%s", run_dir, id);

	if (len >= VMC_QEMU_DIR_SIZE)
		return vmc_error_set_number(
			error, VMC_ERR_TOO_BIG,
			"run directory with the VM's id: bytes allowed",
			VMC_QEMU_DIR_SIZE - 1);
	if (mkdir(out, 0700) == 0)
		return VMC_OK;
	if (errno == EEXIST)
		return vmc_error_set(error, VMC_ERR_IN_USE,
				     "VM's directory is there already", out);
	return vmc_linux_error(error, errno, "cannot make VM's directory", out);
}

/* see qemu_files.h */
void vmc_qemu_dir_remove(const char *dir)
{
	static const char *const names[] = { QEMU_CONTROL, QEMU_CONSOLE,
					     QEMU_AGENT, QEMU_ROM };
	char path[VMC_QEMU_PATH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		vmc_qemu_path(path, dir, names[i]);
		unlink(path);
	}
	rmdir(dir);
}

/*
 * Sockets
 */

static void set_address(struct sockaddr_un *address, const char *path)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path, strlen(path) + 1);
}

static int listen_at(int fd, const char *path)
{
	struct sockaddr_un address;

	set_address(&address, path);
	unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return errno;
	return listen(fd, BACKLOG) ? errno : 0;
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_listen(const char *path, int *fd,
				struct vmc_error *error)
{
	int made = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int number = made < 0 ? errno : listen_at(made, path);

	if (number == 0) {
		*fd = made;
		return VMC_OK;
	}
	if (made >= 0)
		close(made);
	return vmc_linux_error(error, number, "cannot listen at", path);
}

static enum vmc_status connect_failed(const char *path, int number,
				      struct vmc_error *error)
{
	if (number == EAGAIN)
		return VMC_AGAIN;
	if (number == ECONNREFUSED)
		number = ENOENT;
	return vmc_linux_error(error, number, "cannot connect to", path);
}

/* see qemu_files.h */
enum vmc_status vmc_qemu_connect(const char *path, int *fd,
				 struct vmc_error *error)
{
	struct sockaddr_un address;
	int made =
		socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int number;

	if (made < 0)
		return vmc_linux_error(error, errno, "cannot connect to", path);
	set_address(&address, path);
	if (connect(made, (struct sockaddr *)&address, sizeof(address)) == 0) {
		*fd = made;
		return VMC_OK;
	}
	number = errno;
	close(made);
	return connect_failed(path, number, error);
}
