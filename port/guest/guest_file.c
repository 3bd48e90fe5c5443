/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are copied into the guest. Invariants:
 *
 * - Nothing outside copy_root is touched: each directory on the way is opened
 *   from the one before it, and no symbolic link is followed.
 * - A file is at its place whole, or not there at all: its pieces are
 *   gathered in NAME.part beside it, which is renamed when the last byte has
 *   come.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h> /* renameat */
#include <sys/stat.h>
#include <unistd.h>

#define PART ".part"
#define NAME_SIZE 256 /* the longest that Linux takes, with its NUL */
#define DIRECTORY_MODE 0755
#define PERMISSIONS 07777u

/* A component of a path as a C string. */
static int put_name(char out[NAME_SIZE], struct vmc_view name,
		    const char *ending)
{
	size_t ending_len = strlen(ending);

	if (name.ptr_len + ending_len >= NAME_SIZE)
		return ENAMETOOLONG;
	if (name.ptr_len > 0)
		memcpy(out, name.ptr, name.ptr_len);
	memcpy(out + name.ptr_len, ending, ending_len + 1);
	return 0;
}

/* Takes the first component off a path; empty if there is none left. */
static struct vmc_view take_name(struct vmc_view *path)
{
	struct vmc_view name;

	while (path->ptr_len > 0 && path->ptr[0] == '/') {
		path->ptr++;
		path->ptr_len--;
	}
	name.ptr = path->ptr;
	name.ptr_len = 0;
	while (path->ptr_len > 0 && path->ptr[0] != '/') {
		path->ptr++;
		path->ptr_len--;
		name.ptr_len++;
	}
	return name;
}

/*
 * What it is told
 */

static enum vmc_status bad_path(struct vmc_agent *agent,
				const struct vmc_file_piece *piece,
				const char *why)
{
	return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT, "path", piece->path,
				why);
}

/* The rest of `path` behind the root, or an absent view. */
static struct vmc_view below(struct vmc_view path, const char *root)
{
	size_t len = strlen(root);
	struct vmc_view rest = { NULL, 0 };

	if (path.ptr_len <= len + 1 || memcmp(path.ptr, root, len) != 0 ||
	    path.ptr[len] != '/')
		return rest;
	rest.ptr = path.ptr + len;
	rest.ptr_len = path.ptr_len - len;
	return rest;
}

static enum vmc_status check_path(struct vmc_agent *agent,
				  const struct vmc_file_piece *piece,
				  struct vmc_view *rest)
{
	const char *root = vmc_guest_of(agent)->config.copy_root;
	struct vmc_view left = piece->path, name;

	if (left.ptr_len == 0 || left.ptr[0] != '/')
		return bad_path(agent, piece, "is not absolute");
	if (memchr(left.ptr, 0, left.ptr_len))
		return bad_path(agent, piece, "has a NUL in it");
	if (left.ptr[left.ptr_len - 1] == '/')
		return bad_path(agent, piece, "is a directory's");
	while ((name = take_name(&left)).ptr_len > 0)
		if (vmc_view_is(name, "..") || vmc_view_is(name, "."))
			return bad_path(agent, piece, "has a dot name in it");
	*rest = below(piece->path, root);
	if (rest->ptr)
		return VMC_OK;
	return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT, "path", piece->path,
				"is not below the directory for copied files");
}

static void put_octal(char *out, size_t digits, uint32_t number)
{
	out[digits] = '\0';
	while (digits-- > 0) {
		out[digits] = (char)('0' + (number & 7));
		number >>= 3;
	}
}

/* Digits of an octal mode of 32 bits, and a NUL. */
#define OCTAL_SIZE 12

static enum vmc_status check_piece(struct vmc_agent *agent,
				   const struct vmc_file_piece *piece)
{
	uint32_t type = piece->file_mode & ~PERMISSIONS;
	char mode[OCTAL_SIZE];

	if (type != 0 && type != S_IFREG) {
		put_octal(mode, OCTAL_SIZE - 1, piece->file_mode);
		return vmc_guest_refuse(agent, VMC_ERR_UNSUPPORTED,
					"file_mode of no regular file",
					vmc_view_of(mode), NULL);
	}
	if (piece->file_size < 0 || piece->offset < 0 ||
	    piece->offset > piece->file_size ||
	    (uint64_t)(piece->file_size - piece->offset) < piece->data.ptr_len)
		return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT,
					"offset and data exceed file_size",
					piece->path, NULL);
	if (piece->uid < -1 || piece->gid < -1)
		return vmc_guest_refuse(agent, VMC_ERR_ARGUMENT,
					"uid or gid is negative", piece->path,
					NULL);
	return VMC_OK;
}

/*
 * Directories
 */

/* Opens a directory in another, making it if it is not there. */
static int open_in(int parent, const char *name, uint32_t mode)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, name, flags);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(parent, name, (mode_t)mode) != 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, flags);
}

/* The directory of the file, and its name; -1 with errno. */
static int open_parent(const char *root, struct vmc_view path, uint32_t mode,
		       char name[NAME_SIZE])
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct vmc_view part = take_name(&path);
	int next;

	while (fd >= 0) {
		errno = put_name(name, part, "");
		part = take_name(&path);
		if (!errno && part.ptr_len == 0)
			break;
		next = errno ? -1 : open_in(fd, name, mode);
		close(fd);
		fd = next;
	}
	return fd;
}

/*
 * The file
 */

static int write_at(int fd, struct vmc_view data, int64_t offset)
{
	ssize_t len;

	while (data.ptr_len > 0) {
		len = pwrite(fd, data.ptr, data.ptr_len, (off_t)offset);
		if (len < 0 && errno != EINTR)
			return errno;
		if (len > 0) {
			data.ptr += len;
			data.ptr_len -= (size_t)len;
			offset += len;
		}
	}
	return 0;
}

/* The agent's own, if it may give nothing away and nobody asked it to. */
static int set_owner(int fd, const struct vmc_file_piece *piece)
{
	if (geteuid() != 0 && piece->uid == 0 && piece->gid == 0)
		return 0;
	return fchown(fd, (uid_t)piece->uid, (gid_t)piece->gid);
}

/* Changing the owner takes the bits of the mode off that it follows. */
static int complete(int directory, int fd, const char *part, const char *name,
		    const struct vmc_file_piece *piece)
{
	if (set_owner(fd, piece) != 0 ||
	    fchmod(fd, (mode_t)(piece->file_mode & PERMISSIONS)) != 0 ||
	    renameat(directory, part, directory, name) != 0)
		return errno;
	return 0;
}

static int open_part(int directory, const char *part, int64_t offset)
{
	/* not blocking: of a pipe that somebody has put there */
	int flags = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;

	if (offset == 0)
		flags |= O_CREAT; /* emptied once it is known what it is */
	return openat(directory, part, flags, 0600);
}

static enum vmc_status out_of_order(struct vmc_agent *agent,
				    const struct vmc_file_piece *piece)
{
	return vmc_guest_refuse(agent, VMC_ERR_STATE,
				"the pieces before this one are missing",
				piece->path, NULL);
}

static enum vmc_status cannot(struct vmc_agent *agent, int number,
			      const struct vmc_file_piece *piece)
{
	/* for the status; its words have no place for a view */
	enum vmc_status status =
		vmc_guest_error(&(struct vmc_agent){ 0 }, number, "", "");

	return vmc_guest_refuse(agent, status, "cannot write", piece->path,
				strerror(number));
}

/* 0, or errno; ESPIPE: there are fewer bytes than come before this piece. */
static int check_part(int fd, int64_t offset)
{
	struct stat file;

	if (fstat(fd, &file) != 0)
		return errno;
	/* another name of it may be somebody else's file */
	if (!S_ISREG(file.st_mode) || file.st_nlink != 1)
		return EEXIST;
	if (offset == 0)
		return ftruncate(fd, 0) ? errno : 0;
	return file.st_size < offset ? ESPIPE : 0;
}

static enum vmc_status add_piece(struct vmc_agent *agent, int directory,
				 const char *name, const char *part,
				 const struct vmc_file_piece *piece)
{
	int fd = open_part(directory, part, piece->offset);
	int64_t end = piece->offset + (int64_t)piece->data.ptr_len;
	int number;

	if (fd < 0 && errno == ENOENT)
		return out_of_order(agent, piece);
	if (fd < 0)
		return cannot(agent, errno, piece);
	number = check_part(fd, piece->offset);
	if (number == 0)
		number = write_at(fd, piece->data, piece->offset);
	if (number == 0 && end == piece->file_size)
		number = complete(directory, fd, part, name, piece);
	close(fd);
	if (number == ESPIPE)
		return out_of_order(agent, piece);
	if (number == 0)
		return VMC_OK;
	unlinkat(directory, part, 0);
	return cannot(agent, number, piece);
}

static enum vmc_status copy(struct vmc_agent *agent,
			    const struct vmc_file_piece *piece)
{
	char name[NAME_SIZE], part[NAME_SIZE];
	uint32_t mode = piece->dir_mode & PERMISSIONS;
	struct vmc_view rest = { NULL, 0 };
	enum vmc_status status = check_path(agent, piece, &rest);
	int directory, number;

	if (status == VMC_OK)
		status = check_piece(agent, piece);
	if (status)
		return status;
	directory = open_parent(vmc_guest_of(agent)->config.copy_root, rest,
				mode ? mode : DIRECTORY_MODE, name);
	if (directory < 0)
		return cannot(agent, errno, piece);
	number = put_name(part, vmc_view_of(name), PART);
	status = number ? cannot(agent, number, piece) :
			  add_piece(agent, directory, name, part, piece);
	close(directory);
	return status;
}

/* see guest.h */
enum vmc_status vmc_guest_copy_file(struct vmc_agent *agent,
				    const struct vmc_file_piece *piece,
				    struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	return vmc_task_end(task, copy(agent, piece));
}
