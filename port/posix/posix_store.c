/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records in files (see vmcache_posix.h). Invariant: SLOT.record is always a
 * whole record, the old one or the new one. One pool writes one record at a
 * time, so one name does for all drafts; what a killed writer left under it
 * the next one overwrites.
 */
#include "vmcache_posix.h"

#include "posix_error.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DRAFT "draft"

/* Slots that are looked at: as many as any build's VMC_VM_MAX allows, since
 * a pool of another build may have left VMs behind. */
#define SLOT_MAX 1024

/* Digits of a slot, ".record", NUL. */
#define NAME_SIZE (10 + sizeof(".record"))

/*
 * Opening
 */

static enum vmc_status check_owner(int directory, const char *path,
				   struct vmc_error *error)
{
	struct stat file;

	if (fstat(directory, &file) != 0)
		return vmc_posix_error(error, "cannot look at", path, errno);
	if (file.st_uid != geteuid())
		return vmc_error_set(error, VMC_ERR_PERMISSION, path,
				     "the directory is another user's");
	if (file.st_mode & 077)
		return vmc_error_set(error, VMC_ERR_PERMISSION, path,
				     "the directory is open to other users; "
				     "its mode has to be 0700");
	return VMC_OK;
}

/* By writing: permissions alone do not tell, of root least of all. */
static enum vmc_status check_writable(int directory, const char *path,
				      struct vmc_error *error)
{
	int file = openat(directory, DRAFT,
			  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			  0600);

	if (file < 0 || unlinkat(directory, DRAFT, 0) != 0)
		return vmc_posix_error(error, "cannot write to directory", path,
				       errno);
	close(file);
	return VMC_OK;
}

static enum vmc_status check(int directory, const char *path,
			     struct vmc_error *error)
{
	enum vmc_status status = check_owner(directory, path, error);

	if (status)
		return status;
	if (flock(directory, LOCK_EX | LOCK_NB) == 0)
		return check_writable(directory, path, error);
	if (errno == EWOULDBLOCK)
		return vmc_error_set(error, VMC_ERR_IN_USE, path,
				     "another pool keeps its records there");
	return vmc_posix_error(error, "cannot lock directory", path, errno);
}

/* see vmcache_posix.h */
enum vmc_status vmc_posix_store_open(struct vmc_posix_store *store,
				     const char *directory,
				     struct vmc_error *error)
{
	enum vmc_status status =
		vmc_posix_make_directory(directory, 0700, error);
	int opened;

	store->directory = -1;
	if (status)
		return status;
	opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (opened < 0)
		return vmc_posix_error(error, "cannot open directory",
				       directory, errno);
	status = check(opened, directory, error);
	if (status)
		close(opened);
	else
		store->directory = opened;
	return status;
}

/* see vmcache_posix.h */
void vmc_posix_store_close(struct vmc_posix_store *store)
{
	if (store->directory >= 0)
		close(store->directory);
	store->directory = -1;
}

/* see vmcache_posix.h */
void vmc_posix_store_remove(struct vmc_posix_store *store,
			    const char *directory)
{
	if (store->directory < 0)
		return;
	unlinkat(store->directory, DRAFT, 0);
	rmdir(directory); /* stays if it is not empty */
}

/*
 * Writing
 */

static void name_record(char name[NAME_SIZE], uint32_t slot)
{
	struct vmc_text text;

	vmc_text_init(&text, name, NAME_SIZE);
	vmc_text_add_number(&text, slot);
	vmc_text_add(&text, ".record");
}

static int write_all(int file, const uint8_t *bytes, size_t bytes_len)
{
	ssize_t len;

	while (bytes_len > 0) {
		len = write(file, bytes, bytes_len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return 0;
		bytes += len;
		bytes_len -= (size_t)len;
	}
	return 1;
}

static int write_draft(int directory, const uint8_t *bytes, size_t bytes_len)
{
	int file = openat(directory, DRAFT,
			  O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
			  0600);
	int written;

	if (file < 0)
		return 0;
	written = write_all(file, bytes, bytes_len);
	return close(file) == 0 && written;
}

/* see vmcache/store.h */
enum vmc_status vmc_posix_store_write(void *ctx, uint32_t slot,
				      const uint8_t *bytes, size_t bytes_len)
{
	const struct vmc_posix_store *store = ctx;
	char name[NAME_SIZE];

	name_record(name, slot);
	if (write_draft(store->directory, bytes, bytes_len) &&
	    renameat(store->directory, DRAFT, store->directory, name) == 0)
		return VMC_OK;
	return VMC_ERR_IO;
}

/* see vmcache/store.h */
void vmc_posix_store_erase(void *ctx, uint32_t slot)
{
	const struct vmc_posix_store *store = ctx;
	char name[NAME_SIZE];

	name_record(name, slot);
	unlinkat(store->directory, name, 0);
}

/*
 * Reading
 */

/* Of a file that is longer than any record, its beginning: its own length,
 * or its checksum, will not fit. Of one that cannot be read, nothing. */
static size_t read_record(int file, uint8_t *out)
{
	size_t out_len = 0;
	ssize_t len;

	while (out_len < VMC_RECORD_SIZE) {
		len = read(file, out + out_len, VMC_RECORD_SIZE - out_len);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			break;
		out_len += (size_t)len;
	}
	return out_len;
}

/* see vmcache/store.h */
enum vmc_status vmc_posix_store_next(void *ctx, uint32_t *cursor,
				     uint32_t *slot, uint8_t *out,
				     size_t *out_len)
{
	const struct vmc_posix_store *store = ctx;
	char name[NAME_SIZE];
	int file;

	while (*cursor < SLOT_MAX) {
		*slot = (*cursor)++;
		name_record(name, *slot);
		file = openat(store->directory, name,
			      O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (file < 0)
			continue;
		*out_len = read_record(file, out);
		close(file);
		return VMC_OK;
	}
	return VMC_CLOSED;
}

/* The system's business, not of files. */
static uint64_t no_start_time(void *ctx, int64_t pid)
{
	(void)ctx;
	(void)pid;
	return 0;
}

const struct vmc_store_ops vmc_posix_store_ops = {
	.write = vmc_posix_store_write,
	.next = vmc_posix_store_next,
	.erase = vmc_posix_store_erase,
	.start_time = no_start_time,
};

/* see vmcache_posix.h */
struct vmc_store vmc_posix_store(struct vmc_posix_store *store)
{
	struct vmc_store it = { &vmc_posix_store_ops, store };

	return it;
}
