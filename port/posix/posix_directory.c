/* SPDX-License-Identifier: Apache-2.0 */
/* Making directories, and saying why that, or anything, did not work. */
#include "vmcache_posix.h"

#include "posix_error.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* The longest path that the system takes, with its NUL (PATH_MAX). */
#define PATH_SIZE 4096

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
	case ENAMETOOLONG:
		return VMC_ERR_TOO_BIG;
	default:
		return VMC_ERR_IO;
	}
}

/* see posix_error.h */
enum vmc_status vmc_posix_error(struct vmc_error *error, const char *what,
				const char *path, int number)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, what);
	vmc_text_add(&text, " ");
	vmc_text_add(&text, path);
	return vmc_error_set(error, status_of(number), words, strerror(number));
}

/* 0, or an errno value. */
static int make_one(const char *path, unsigned mode)
{
	struct stat file;

	if (mkdir(path, (mode_t)mode) == 0)
		return 0;
	if (errno != EEXIST)
		return errno;
	if (stat(path, &file) != 0)
		return errno;
	return S_ISDIR(file.st_mode) ? 0 : ENOTDIR;
}

/* The same. `path` is changed meanwhile; after a failure it is the parent
 * that could not be made. */
static int make_parents(char *path)
{
	char *slash = path;
	int number;

	while ((slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		number = make_one(path, 0755);
		if (number)
			return number;
		*slash = '/';
	}
	return 0;
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_make_directory(const char *path, unsigned mode,
					 struct vmc_error *error)
{
	char made[PATH_SIZE];
	size_t path_len = strlen(path);
	int number;

	if (path_len == 0 || path_len >= sizeof(made))
		return vmc_posix_error(error, "cannot make directory", path,
				       path_len ? ENAMETOOLONG : ENOENT);
	memcpy(made, path, path_len + 1);
	number = make_one(made, mode);
	if (number == ENOENT) {
		number = make_parents(made);
		if (number == 0)
			number = make_one(made, mode);
	}
	if (number)
		return vmc_posix_error(error, "cannot make directory", made,
				       number);
	return VMC_OK;
}
