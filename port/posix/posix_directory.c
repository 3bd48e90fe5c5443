/* SPDX-License-Identifier: Apache-2.0 */
/* Making directories, and saying why that, or anything, did not work. */
#include "posix_error.h"
#include "vmcache_posix.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define PATH_SIZE 1024

static enum vmc_status status_of(int number)
{
	switch (number) {
	case EACCES:
	case EPERM:
	case EROFS:
		return VMC_ERR_PERMISSION;
	case ENOENT:
	case ENOTDIR:
		return VMC_ERR_NOT_FOUND;
	default:
		return VMC_ERR_IO;
	}
}

/* see posix_error.h */
enum vmc_status vmc_posix_error(struct vmc_error *error, const char *what,
				const char *path, int number)
{
	char text[VMC_ERROR_TEXT_SIZE];

	snprintf(text, sizeof(text), "%s %s", what, path);
	return vmc_error_set(error, status_of(number), text, strerror(number));
}

static int make_one(const char *path, unsigned mode)
{
	struct stat status;

	if (mkdir(path, (mode_t)mode) == 0)
		return 0;
	if (errno != EEXIST)
		return errno;
	if (stat(path, &status))
		return errno;
	return S_ISDIR(status.st_mode) ? 0 : ENOTDIR;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_make_directory(const char *path, unsigned mode,
					 struct vmc_error *error)
{
	char parent[PATH_SIZE];
	size_t path_len = strlen(path);
	size_t i;
	int number = 0;

	if (path_len >= sizeof(parent))
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "directory's path: bytes allowed",
					    sizeof(parent) - 1);
	for (i = 1; i < path_len && number == 0; i++) {
		if (path[i] != '/')
			continue;
		memcpy(parent, path, i);
		parent[i] = '\0';
		number = make_one(parent, 0755);
	}
	if (number == 0)
		number = make_one(path, mode);
	if (number)
		return vmc_posix_error(error, "cannot make directory", path,
				       number);
	return VMC_OK;
}
