/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets and byte pipes (see guest_listen.h). What is opened closes on
 * exec, and does not block.
 */
#include "guest_listen.h"
#include "guest.h"
#include "guest_say.h"

#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 16

/* <linux/vm_sockets.h> */
#define VSOCK_FAMILY 40
#define VSOCK_ANY 0xffffffffu
#define VSOCK_HOST 2u

/* struct sockaddr_vm */
struct vsock_address {
	uint16_t family, reserved;
	uint32_t port, cid;
	uint8_t zero[8];
};

#define PORTS "/sys/class/virtio-ports"

/* A port appears some time after its module was loaded: so long between two
 * looks when the kernel says nothing, and before the console is told. */
#define PORT_LOOK_MS 50
#define PORT_SAY_MS 5000

static struct vmc_posix posix;

static const char *after(const char *address, const char *scheme)
{
	size_t len = strlen(scheme);

	return strncmp(address, scheme, len) == 0 ? address + len : NULL;
}

/*
 * Sockets
 */

static int open_path(const char *path, struct serve_place *place)
{
	struct vmc_error error;
	vmc_handle listener;

	vmc_error_reset(&error);
	if (vmc_posix_listen(&posix, path, &listener, &error)) {
		say(error.text, NULL);
		return -1;
	}
	place->listener = (int)listener;
	return 0;
}

static int open_socket(int family, const void *address, socklen_t len,
		       const char *name, struct serve_place *place)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, address, len) == 0 &&
	    listen(fd, BACKLOG) == 0) {
		place->listener = fd;
		return 0;
	}
	say_error("cannot listen at", name, errno);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int open_abstract(const char *name, struct serve_place *place)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t len = strlen(name);

	if (len == 0 || len >= sizeof(address.sun_path)) {
		say("not a name in the abstract namespace", name);
		return -1;
	}
	memcpy(address.sun_path + 1, name, len);
	place->check_peer = 1;
	return open_socket(
		AF_UNIX, &address,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len),
		name, place);
}

/* see guest_listen.h */
int listen_is_host(int fd)
{
	struct vsock_address peer = { .family = 0 };
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)(void *)&peer, &len) == 0 &&
	       peer.family == VSOCK_FAMILY && peer.cid == VSOCK_HOST;
}

static int open_vsock(const char *port, struct serve_place *place)
{
	struct vsock_address address = { .family = VSOCK_FAMILY,
					 .cid = VSOCK_ANY };
	uint64_t number;
	size_t digits = vmc_guest_parse(port, 10, &number);

	if (digits == 0 || digits > 10 || port[digits] != '\0' ||
	    number > UINT32_MAX) {
		say("not a vsock port", port);
		return -1;
	}
	address.port = (uint32_t)number;
	place->host_only = 1;
	return open_socket(VSOCK_FAMILY, &address, sizeof(address), port,
			   place);
}

/*
 * Byte pipes
 */

/* Bytes as they are, where it is a terminal's line. */
static void make_raw(int fd)
{
	struct termios modes;

	if (tcgetattr(fd, &modes) != 0)
		return;
	modes.c_iflag = IGNBRK;
	modes.c_oflag = 0;
	modes.c_lflag = 0;
	modes.c_cflag = (modes.c_cflag & ~(tcflag_t)(CSIZE | PARENB)) | CS8 |
			CREAD | CLOCAL;
	modes.c_cc[VMIN] = 1;
	modes.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSANOW, &modes);
}

static int open_device(const char *path)
{
	int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	make_raw(fd);
	/* the signal says when somebody comes or goes (virtio_console) */
	fcntl(fd, F_SETOWN, getpid());
	fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
	return fd;
}

/* 1 if that entry of PORTS has the name. */
static int has_name(const char *entry, const char *name)
{
	char whole[VMC_GUEST_PATH_SIZE], path[VMC_GUEST_PATH_SIZE];
	char text[VMC_GUEST_PATH_SIZE];
	size_t len = strlen(name);

	vmc_guest_path(whole, PORTS, "/", entry);
	vmc_guest_path(path, whole, "/name", NULL);
	return vmc_guest_read(path, text, sizeof(text)) >= 0 &&
	       strncmp(text, name, len) == 0 &&
	       (text[len] == '\n' || text[len] == '\0');
}

/* The device of the port of that name: 1 if it is there. */
static int find_port(const char *name, char path[VMC_GUEST_PATH_SIZE])
{
	static uint64_t room[VMC_GUEST_LISTING_SIZE / sizeof(uint64_t)];
	struct vmc_guest_listing listing;
	const char *entry;
	int found = 0;

	vmc_guest_list_begin(&listing, PORTS, room);
	while (!found && (entry = vmc_guest_list_next(&listing))) {
		found = has_name(entry, name);
		vmc_guest_path(path, "/dev/", entry, NULL);
	}
	vmc_guest_list_end(&listing);
	return found;
}

static void wait_for_uevent(int uevents)
{
	struct pollfd event = { .fd = uevents, .events = POLLIN };

	poll(&event, 1, PORT_LOOK_MS);
	if (uevents >= 0)
		vmc_guest_uevents_drain(uevents);
}

/* There is nothing else to do for a guest without its port. */
static int wait_for_port(const char *name)
{
	int uevents = vmc_guest_uevents_open(), fd = -1;
	char path[VMC_GUEST_PATH_SIZE];
	struct timespec begun = { 0 }, time = { 0 };
	long said = 0, ms;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	while (1) {
		if (find_port(name, path))
			fd = open_device(path);
		if (fd >= 0)
			break;
		clock_gettime(CLOCK_MONOTONIC, &time);
		ms = (long)(time.tv_sec - begun.tv_sec) * 1000;
		if (ms >= said + PORT_SAY_MS) {
			say("waiting for the virtio-serial port", name);
			said = ms;
		}
		wait_for_uevent(uevents);
	}
	if (uevents >= 0)
		close(uevents);
	return fd;
}

static int open_serial(const char *name, struct serve_place *place)
{
	place->pipe = name[0] == '/' ? open_device(name) : wait_for_port(name);
	if (place->pipe >= 0)
		return 0;
	say_error("cannot open", name, errno);
	return -1;
}

/* see guest_listen.h */
int listen_open(const char *address, struct serve_place *place)
{
	const char *rest;

	place->listener = place->pipe = -1;
	place->check_peer = place->host_only = 0;
	if ((rest = after(address, "unix:@")))
		return open_abstract(rest, place);
	if ((rest = after(address, "unix:")))
		return open_path(rest, place);
	if ((rest = after(address, "vsock:")))
		return open_vsock(rest, place);
	if ((rest = after(address, "serial:")))
		return open_serial(rest, place);
	say("not an address (" LISTEN_HELP ")", address);
	return -1;
}

/* see guest_listen.h */
void listen_close(const char *address, const struct serve_place *place)
{
	const char *path = after(address, "unix:");

	if (place->pipe >= 0)
		close(place->pipe);
	if (place->listener < 0)
		return;
	if (path && path[0] != '@')
		vmc_posix_unlisten(&posix, path, place->listener);
	else
		close(place->listener);
}
