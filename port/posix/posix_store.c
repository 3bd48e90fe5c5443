/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in files. Invariant: SLOT.record is always a whole record, the
 * old one or the new one.
 */
#include "posix_error.h"
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NAME_SIZE 24

static void name_record(char name[NAME_SIZE], uint32_t slot, const char *suffix)
{
	snprintf(name, NAME_SIZE, "%u.%s", (unsigned)slot, suffix);
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_store_open(struct vmc_posix_store *store,
				     const char *path, struct vmc_error *error)
{
	enum vmc_status status = vmc_posix_make_directory(path, 0700, error);

	if (status)
		return status;
	store->directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->directory < 0)
		return vmc_posix_error(error, "cannot open directory", path,
				       errno);
	if (faccessat(store->directory, ".", W_OK | X_OK, AT_EACCESS) == 0)
		return VMC_OK;
	status = vmc_posix_error(error, "cannot write to directory", path,
				 errno);
	vmc_posix_store_close(store);
	return status;
}

/* see vmcache_posix.h */
void vmc_posix_store_close(struct vmc_posix_store *store)
{
	close(store->directory);
	store->directory = -1;
}

/* see vmcache_posix.h */
void vmc_posix_store_remove(struct vmc_posix_store *store, const char *path)
{
	vmc_posix_store_close(store);
	rmdir(path); /* others' files in it, or gone already: left alone */
}

static enum vmc_status write_all(int fd, const uint8_t *bytes, size_t bytes_len)
{
	while (bytes_len > 0) {
		ssize_t len = write(fd, bytes, bytes_len);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return VMC_ERR_IO;
		bytes += len;
		bytes_len -= (size_t)len;
	}
	return VMC_OK;
}

static enum vmc_status store_write(void *ctx, uint32_t slot,
				   const uint8_t *bytes, size_t bytes_len)
{
	const struct vmc_posix_store *store = ctx;
	char draft[NAME_SIZE], name[NAME_SIZE];
	enum vmc_status status;
	int fd;

	name_record(draft, slot, "draft");
	name_record(name, slot, "record");
	fd = openat(store->directory, draft,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0)
		return VMC_ERR_IO;
	status = write_all(fd, bytes, bytes_len);
	if (close(fd) && status == VMC_OK)
		status = VMC_ERR_IO;
	if (status == VMC_OK &&
	    renameat(store->directory, draft, store->directory, name))
		status = VMC_ERR_IO;
	if (status)
		unlinkat(store->directory, draft, 0);
	return status;
}

/* At most VMC_RECORD_SIZE bytes are looked at; a longer file is none of
 * ours, and its checksum will say so. */
static enum vmc_status read_record(int fd, uint8_t *out, size_t *out_len)
{
	size_t used = 0;

	while (used < VMC_RECORD_SIZE) {
		ssize_t len = read(fd, out + used, VMC_RECORD_SIZE - used);

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			return VMC_ERR_IO;
		if (len == 0)
			break;
		used += (size_t)len;
	}
	*out_len = used;
	return VMC_OK;
}

static enum vmc_status store_next(void *ctx, uint32_t *cursor, uint32_t *slot,
				  uint8_t *out, size_t *out_len)
{
	const struct vmc_posix_store *store = ctx;
	char name[NAME_SIZE];
	enum vmc_status status;
	int fd;

	while (*cursor < VMC_VM_MAX) {
		*slot = (*cursor)++;
		name_record(name, *slot, "record");
		fd = openat(store->directory, name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			continue;
		status = read_record(fd, out, out_len);
		close(fd);
		if (status == VMC_OK)
			return VMC_OK;
	}
	return VMC_CLOSED;
}

static void store_erase(void *ctx, uint32_t slot)
{
	const struct vmc_posix_store *store = ctx;
	char name[NAME_SIZE];

	name_record(name, slot, "record");
	unlinkat(store->directory, name, 0);
}

static uint64_t store_start_time(void *ctx, int64_t pid)
{
	const struct vmc_posix_store *store = ctx;

	return store->start_time && pid > 0 ? store->start_time(pid) : 0;
}

const struct vmc_store_ops vmc_posix_store_ops = {
	.write = store_write,
	.next = store_next,
	.erase = store_erase,
	.start_time = store_start_time,
};
