/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files of the kernel's, and its directories, without a heap. Their
 * paths are composed here; one that does not fit is "", which no file has.
 */
#include "guest.h"

#include "../../src/base/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A number in a file, with its line end. */
#define NUMBER_SIZE 32

/* see guest.h */
void vmc_guest_path(char out[VMC_GUEST_PATH_SIZE], const char *first,
		    const char *second, const char *third)
{
	struct vmc_writer w;

	vmc_writer_init(&w, (uint8_t *)out, VMC_GUEST_PATH_SIZE);
	vmc_put_bytes(&w, vmc_view_of(first));
	vmc_put_bytes(&w, vmc_view_of(second));
	vmc_put_bytes(&w, vmc_view_of(third));
	vmc_put_u8(&w, 0);
	if (w.fail)
		out[0] = '\0';
}

static ssize_t read_all(int fd, uint8_t *buf, size_t cap)
{
	size_t len = 0;
	ssize_t got;

	while (len < cap) {
		got = read(fd, buf + len, cap - len);
		if (got == 0)
			break;
		if (got < 0 && errno != EINTR)
			return -1;
		if (got > 0)
			len += (size_t)got;
	}
	return (ssize_t)len;
}

/* see guest.h */
ssize_t vmc_guest_read(const char *path, void *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len;
	int number;

	if (fd < 0)
		return -1;
	len = read_all(fd, buf, cap - 1);
	number = errno;
	close(fd);
	errno = number;
	if (len >= 0)
		((uint8_t *)buf)[len] = '\0';
	return len;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* see guest.h */
size_t vmc_guest_parse(const char *text, unsigned base, uint64_t *number)
{
	size_t len = 0;

	*number = 0;
	while ((unsigned)digit_of(text[len]) < base) {
		*number = *number * base + (unsigned)digit_of(text[len]);
		len++;
	}
	return len;
}

/* see guest.h */
int vmc_guest_read_number(const char *path, unsigned base, uint64_t *number)
{
	char text[NUMBER_SIZE];

	if (vmc_guest_read(path, text, sizeof(text)) < 0)
		return -1;
	if (vmc_guest_parse(text, base, number) > 0)
		return 0;
	errno = EINVAL;
	return -1;
}

/* see guest.h */
int vmc_guest_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int number = 0;

	if (fd < 0)
		return errno;
	while (write(fd, text, strlen(text)) < 0 && !number)
		number = errno == EINTR ? 0 : errno;
	close(fd);
	return number;
}

/* see guest.h */
long vmc_guest_name_number(const char *name, const char *prefix)
{
	size_t len = strlen(prefix), digits;
	uint64_t number;

	if (strncmp(name, prefix, len) != 0)
		return -1;
	digits = vmc_guest_parse(name + len, 10, &number);
	if (digits == 0 || digits > 9 || name[len + digits] != '\0')
		return -1;
	return (long)number;
}

/*
 * Directories
 */

/* struct linux_dirent64 of getdents64(2). */
struct entry {
	uint64_t inode;
	int64_t offset;
	uint16_t size;
	uint8_t type;
	char name[];
};

/* see guest.h */
void vmc_guest_list_begin(struct vmc_guest_listing *listing, const char *path,
			  uint64_t *room)
{
	listing->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	listing->len = listing->at = 0;
	listing->room = room;
}

/* see guest.h */
void vmc_guest_list_end(struct vmc_guest_listing *listing)
{
	if (listing->fd >= 0)
		close(listing->fd);
	listing->fd = -1;
}

/* see guest.h */
const char *vmc_guest_list_next(struct vmc_guest_listing *listing)
{
	const struct entry *entry;

	if (listing->fd < 0)
		return NULL;
	if (listing->at >= listing->len) {
		listing->at = 0;
		listing->len =
			(int)syscall(SYS_getdents64, listing->fd, listing->room,
				     VMC_GUEST_LISTING_SIZE);
	}
	if (listing->len <= 0) {
		vmc_guest_list_end(listing);
		return NULL;
	}
	entry = (const void *)((const uint8_t *)listing->room + listing->at);
	listing->at += entry->size;
	return entry->name;
}
