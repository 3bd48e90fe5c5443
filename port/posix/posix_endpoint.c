/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Endpoints: opening one for a server (see vmcache/port.h and
 * vmcache_posix.h).
 *
 * A server that was killed leaves its socket's file behind, and bind(2)
 * fails where a file is. The file of a dead server has to be removed, that
 * of a living one must not, and asking (by connect) and removing are two
 * steps: of two servers that start at once the second could remove what the
 * first has just made. So all of it, from asking to listening, is done under
 * a lock, flock(2) of PATH.lock, that dies with whoever holds it. It is held
 * for some microseconds, so finding it taken means that another server is
 * just starting there: nobody waits for it. Afterwards the server is known
 * by answering connects, and PATH.lock is removed.
 *
 * Removing a lock's file has a race of its own: whoever opened it before may
 * lock a file that has no name any more, beside somebody else's new one. So
 * a lock counts only if its file is still the one at that path.
 */
#include "vmcache_posix.h"

#include "posix_error.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* As many as the system takes (net.core.somaxconn is 4096). */
#define BACKLOG 4096

/* Times that a lock's file was removed while we were about to lock it. */
#define LOCK_TRIES 100

_Static_assert(sizeof(((struct sockaddr_un *)0)->sun_path) >=
		       VMC_POSIX_ENDPOINT_SIZE,
	       "sun_path holds an endpoint");

/*
 * Addresses
 */

static enum vmc_status set_address(struct sockaddr_un *address,
				   const char *endpoint,
				   struct vmc_error *error)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;
	size_t len = strlen(endpoint);

	if (len == 0)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "the endpoint's path is empty", NULL);
	if (len < VMC_POSIX_ENDPOINT_SIZE) {
		memset(address, 0, sizeof(*address));
		address->sun_family = AF_UNIX;
		memcpy(address->sun_path, endpoint, len);
		return VMC_OK;
	}
	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, "the endpoint's path has ");
	vmc_text_add_number(&text, len);
	vmc_text_add(&text, " bytes, a socket's may have ");
	vmc_text_add_number(&text, VMC_POSIX_ENDPOINT_SIZE - 1);
	return vmc_error_set(error, VMC_ERR_TOO_BIG, words, endpoint);
}

static int open_socket(void)
{
	return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* 0, or an errno value. */
static int connect_to(int stream, const struct sockaddr_un *address)
{
	int result;

	do
		result = connect(stream, (const struct sockaddr *)address,
				 sizeof(*address));
	while (result < 0 && errno == EINTR);
	return result < 0 ? errno : 0;
}

static enum vmc_status make_directory_of(const char *endpoint,
					 struct vmc_error *error)
{
	char directory[VMC_POSIX_ENDPOINT_SIZE];
	const char *slash = strrchr(endpoint, '/');
	size_t len = slash ? (size_t)(slash - endpoint) : 0;

	if (len == 0)
		return VMC_OK; /* the root, or where we are */
	memcpy(directory, endpoint, len);
	directory[len] = '\0';
	return vmc_posix_make_directory(directory, 0755, error);
}

/*
 * Who is there
 */

static enum vmc_status in_use(const char *path, const char *what, int64_t pid,
			      struct vmc_error *error)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, path);
	vmc_text_add(&text, " is in use: ");
	vmc_text_add(&text, what);
	if (pid > 0) {
		vmc_text_add(&text, ", pid ");
		vmc_text_add_number(&text, (uint64_t)pid);
	}
	return vmc_error_set(error, VMC_ERR_IN_USE, words, NULL);
}

/* The server's process, as the system noted it when it began to listen. */
static int64_t pid_behind(int stream)
{
	struct ucred who;
	socklen_t who_len = sizeof(who);

	if (getsockopt(stream, SOL_SOCKET, SO_PEERCRED, &who, &who_len) != 0)
		return 0;
	return who.pid;
}

/*
 * VMC_OK if nobody listens there. A living server sees a connection that
 * ends before it has begun.
 */
static enum vmc_status ask(const struct sockaddr_un *address,
			   struct vmc_error *error)
{
	const char *path = address->sun_path;
	enum vmc_status status;
	int stream = open_socket();
	int code;

	if (stream < 0)
		return vmc_posix_error(error, "cannot open a socket for", path,
				       errno);
	code = connect_to(stream, address);
	if (code == ECONNREFUSED || code == ENOENT)
		status = VMC_OK;
	else if (code == 0)
		status = in_use(path, "a server runs there", pid_behind(stream),
				error);
	else if (code == EAGAIN)
		status = in_use(path,
				"a server runs there, too busy to "
				"say its pid",
				0, error);
	else
		status = vmc_posix_error(error, "cannot take over", path, code);
	close(stream);
	return status;
}

static enum vmc_status not_ours(const char *path, uid_t owner,
				struct vmc_error *error)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, path);
	vmc_text_add(&text, " is a socket of another user's, uid ");
	vmc_text_add_number(&text, owner);
	return vmc_error_set(error, VMC_ERR_PERMISSION, words, NULL);
}

/* Makes room for a new socket. Under the lock. */
static enum vmc_status take_over(const struct sockaddr_un *address,
				 struct vmc_error *error)
{
	const char *path = address->sun_path;
	enum vmc_status status;
	struct stat file;

	if (lstat(path, &file) != 0)
		return errno == ENOENT ?
			       VMC_OK :
			       vmc_posix_error(error, "cannot look at", path,
					       errno);
	if (!S_ISSOCK(file.st_mode))
		return vmc_error_set(error, VMC_ERR_IO, path,
				     "there is a file that is not a socket");
	status = ask(address, error);
	if (status)
		return status;
	if (file.st_uid != geteuid())
		return not_ours(path, file.st_uid, error);
	if (unlink(path) != 0)
		return vmc_posix_error(error, "cannot remove", path, errno);
	return VMC_OK;
}

/*
 * The lock
 */

struct lock {
	char path[VMC_POSIX_ENDPOINT_SIZE + sizeof(".lock")];
	int file;
};

static int still_there(const struct lock *lock)
{
	struct stat opened, named;

	return fstat(lock->file, &opened) == 0 &&
	       lstat(lock->path, &named) == 0 &&
	       opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

/* VMC_AGAIN: its file has been removed meanwhile. */
static enum vmc_status try_lock(struct lock *lock,
				const struct sockaddr_un *address,
				struct vmc_error *error)
{
	enum vmc_status status = VMC_AGAIN;

	lock->file = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
			  0600);
	if (lock->file < 0)
		return vmc_posix_error(error, "cannot create", lock->path,
				       errno);
	if (flock(lock->file, LOCK_EX | LOCK_NB) != 0)
		status = errno == EWOULDBLOCK ?
				 VMC_ERR_IN_USE :
				 vmc_posix_error(error, "cannot lock",
						 lock->path, errno);
	else if (still_there(lock))
		return VMC_OK;
	close(lock->file);
	if (status != VMC_ERR_IN_USE)
		return status;
	status = ask(address, error); /* it may be up by now, with a pid */
	return status ? status :
			in_use(address->sun_path,
			       "another server is starting there", 0, error);
}

static enum vmc_status take_lock(struct lock *lock,
				 const struct sockaddr_un *address,
				 struct vmc_error *error)
{
	enum vmc_status status = VMC_AGAIN;
	struct vmc_text text;
	int i;

	vmc_text_init(&text, lock->path, sizeof(lock->path));
	vmc_text_add(&text, address->sun_path);
	vmc_text_add(&text, ".lock");
	for (i = 0; i < LOCK_TRIES && status == VMC_AGAIN; i++)
		status = try_lock(lock, address, error);
	return status == VMC_AGAIN ?
		       in_use(address->sun_path, "many servers start there", 0,
			      error) :
		       status;
}

static void give_back_lock(const struct lock *lock)
{
	unlink(lock->path);
	close(lock->file);
}

/*
 * A server's side
 */

/*
 * The socket's file gets the mode that the socket has when it is bound, so
 * there is no moment in which others may connect, and no umask to change.
 */
static enum vmc_status bind_and_listen(int listener,
				       const struct sockaddr_un *address,
				       struct stat *file,
				       struct vmc_error *error)
{
	const char *path = address->sun_path;

	if (fchmod(listener, 0600) != 0 ||
	    bind(listener, (const struct sockaddr *)address,
		 sizeof(*address)) != 0)
		return vmc_posix_error(error, "cannot make a socket at", path,
				       errno);
	if (lstat(path, file) == 0 && listen(listener, BACKLOG) == 0)
		return VMC_OK;
	unlink(path);
	return vmc_posix_error(error, "cannot listen at", path, errno);
}

static enum vmc_status open_listener(struct vmc_posix *posix,
				     const struct sockaddr_un *address,
				     vmc_handle *listener,
				     struct vmc_error *error)
{
	enum vmc_status status;
	struct stat file = { 0 };
	int opened = open_socket();

	if (opened < 0)
		return vmc_posix_error(error, "cannot open a socket for",
				       address->sun_path, errno);
	status = bind_and_listen(opened, address, &file, error);
	if (status) {
		close(opened);
		return status;
	}
	posix->device = file.st_dev;
	posix->inode = file.st_ino;
	posix->listening = 1;
	*listener = opened;
	return VMC_OK;
}

static enum vmc_status listen_locked(struct vmc_posix *posix,
				     const struct sockaddr_un *address,
				     vmc_handle *listener,
				     struct vmc_error *error)
{
	enum vmc_status status = take_over(address, error);

	if (status)
		return status;
	if (posix->listening)
		return vmc_error_set(error, VMC_ERR_BUSY, address->sun_path,
				     "this port listens already elsewhere");
	return open_listener(posix, address, listener, error);
}

/* see vmcache/port.h */
enum vmc_status vmc_posix_listen(void *ctx, const char *endpoint,
				 vmc_handle *listener, struct vmc_error *error)
{
	struct sockaddr_un address;
	enum vmc_status status;
	struct lock lock;

	if (!ctx)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "a port that listens needs a context",
				     endpoint);
	status = set_address(&address, endpoint, error);
	if (status == VMC_OK)
		status = make_directory_of(endpoint, error);
	if (status == VMC_OK)
		status = take_lock(&lock, &address, error);
	if (status)
		return status;
	status = listen_locked(ctx, &address, listener, error);
	give_back_lock(&lock);
	return status;
}

/* As long as the socket listens nobody takes its path over: so the file is
 * removed first. see vmcache/port.h */
void vmc_posix_unlisten(void *ctx, const char *endpoint, vmc_handle listener)
{
	struct vmc_posix *posix = ctx;
	struct stat file;

	if (lstat(endpoint, &file) == 0 && file.st_dev == posix->device &&
	    file.st_ino == posix->inode)
		unlink(endpoint);
	close((int)listener);
	posix->listening = 0;
}
