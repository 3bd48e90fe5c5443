/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_UNIX: what vmcache_posix.h promises beyond vmcache/port.h. Whose file
 * is taken over, by one of those who try at the same time; who may connect;
 * what becomes of descriptors.
 */
#include "test.h"

#include "vmcache_posix.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

#define RACERS 8
#define RACES 50

static char directory[64], endpoint[80];
static struct vmc_posix posix;
static struct vmc_error error;

static void begin(void)
{
	memset(&posix, 0, sizeof(posix));
	vmc_error_reset(&error);
	strcpy(directory, "/tmp/vmcache-stream-XXXXXX");
	CHECK(mkdtemp(directory) != NULL);
	snprintf(endpoint, sizeof(endpoint), "%s/sock", directory);
}

/* The directory is empty again: no socket, no lock. */
static void end(void)
{
	CHECK_EQ_INT(rmdir(directory), 0);
}

static enum vmc_status try_listen(vmc_handle *listener)
{
	vmc_error_reset(&error);
	return vmc_posix_listen(&posix, endpoint, listener, &error);
}

static vmc_handle open_endpoint(void)
{
	vmc_handle listener = VMC_HANDLE_NONE;

	CHECK_EQ_INT(try_listen(&listener), VMC_OK);
	return listener;
}

static void close_endpoint(vmc_handle listener)
{
	vmc_posix_unlisten(&posix, endpoint, listener);
}

static int exit_code(pid_t child)
{
	int status = -1;

	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What a server leaves that is killed: a socket that nobody listens on. */
static void leave_stale_socket(void)
{
	pid_t child = fork();

	if (child == 0) {
		struct vmc_posix own = { 0 };
		vmc_handle listener;

		_exit(vmc_posix_listen(&own, endpoint, &listener, NULL) ==
				      VMC_OK ?
			      0 :
			      1);
	}
	CHECK_EQ_INT(exit_code(child), 0);
	CHECK_EQ_INT(access(endpoint, F_OK), 0);
}

static int open_descriptors(void)
{
	DIR *open_files = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(open_files))
		count++;
	closedir(open_files);
	return count;
}

/*
 * Opening an endpoint
 */

TEST(only_its_owner_may_connect)
{
	mode_t mask = umask(0);
	struct stat file;
	vmc_handle listener;

	begin();
	listener = open_endpoint();
	umask(mask);
	CHECK_EQ_INT(stat(endpoint, &file), 0);
	CHECK(S_ISSOCK(file.st_mode));
	CHECK_EQ_INT(file.st_mode & 0777, 0600);
	close_endpoint(listener);
	end();
}

TEST(makes_the_directory_and_its_parents)
{
	char made[96];
	struct stat file;
	vmc_handle listener;

	begin();
	snprintf(endpoint, sizeof(endpoint), "%s/a/b/sock", directory);
	listener = open_endpoint();
	snprintf(made, sizeof(made), "%s/a/b", directory);
	CHECK_EQ_INT(stat(made, &file), 0);
	CHECK_EQ_INT(file.st_mode & 0777, 0755);
	close_endpoint(listener);
	CHECK_EQ_INT(rmdir(made), 0);
	snprintf(made, sizeof(made), "%s/a", directory);
	CHECK_EQ_INT(rmdir(made), 0);
	end();
}

TEST(a_path_without_a_directory_is_where_we_are)
{
	char *before = getcwd(NULL, 0);
	vmc_handle listener;

	begin();
	CHECK_EQ_INT(chdir(directory), 0);
	strcpy(endpoint, "sock");
	listener = open_endpoint();
	CHECK_EQ_INT(access("sock", F_OK), 0);
	close_endpoint(listener);
	CHECK_EQ_INT(chdir(before), 0);
	free(before);
	end();
}

TEST(the_longest_path_is_taken_whole)
{
	size_t len;
	vmc_handle listener, client;

	begin();
	snprintf(endpoint, sizeof(endpoint), "%s/", directory);
	len = strlen(endpoint);
	{
		char longest[VMC_POSIX_ENDPOINT_SIZE];

		memset(longest, 'y', sizeof(longest));
		memcpy(longest, endpoint, len);
		longest[sizeof(longest) - 1] = '\0';
		CHECK_EQ_INT(
			vmc_posix_listen(&posix, longest, &listener, &error),
			VMC_OK);
		CHECK_EQ_INT(vmc_posix_connect(NULL, longest, &client, NULL),
			     VMC_OK);
		close((int)client);
		vmc_posix_unlisten(&posix, longest, listener);
	}
	end();
}

TEST(one_byte_more_is_named_with_the_limit)
{
	char path[VMC_POSIX_ENDPOINT_SIZE + 1];
	vmc_handle listener;

	memset(path, 'y', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_posix_listen(&posix, path, &listener, &error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "108 bytes") != NULL);
	CHECK(strstr(error.text, "107") != NULL);
}

TEST(an_empty_path_is_refused)
{
	vmc_handle handle;

	CHECK_EQ_INT(vmc_posix_listen(&posix, "", &handle, NULL),
		     VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(vmc_posix_connect(NULL, "", &handle, NULL),
		     VMC_ERR_ARGUMENT);
}

/* What a guest's agent is reached at. */
TEST(addresses_of_agents_are_connected_to)
{
	static const char *const prefixes[] = { "unix:", "unix://" };
	char address[128];
	vmc_handle listener, client;
	size_t i;

	begin();
	listener = open_endpoint();
	for (i = 0; i < 2; i++) {
		snprintf(address, sizeof(address), "%s%s", prefixes[i],
			 endpoint);
		CHECK_EQ_INT(vmc_posix_connect(NULL, address, &client, &error),
			     VMC_OK);
		close((int)client);
	}
	close_endpoint(listener);
	end();
}

TEST(a_name_in_the_abstract_namespace_is_connected_to)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char address[96];
	vmc_handle client;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int len = snprintf(name.sun_path + 1, 60, "vmcache-test-%d",
			   (int)getpid());

	CHECK_EQ_INT(bind(listener, (struct sockaddr *)&name,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				      1 + (size_t)len)),
		     0);
	CHECK_EQ_INT(listen(listener, 1), 0);
	snprintf(address, sizeof(address), "unix:@%.58s", name.sun_path + 1);
	CHECK_EQ_INT(vmc_posix_connect(NULL, address, &client, NULL), VMC_OK);
	close((int)client);
	close(listener);
	CHECK_EQ_INT(vmc_posix_connect(NULL, address, &client, NULL),
		     VMC_ERR_NO_SERVER);
}

static enum vmc_status try_connect(const char *address)
{
	enum vmc_status status;
	vmc_handle client;

	vmc_error_reset(&error);
	status = vmc_posix_connect(NULL, address, &client, &error);
	if (status == VMC_OK)
		close((int)client);
	return status;
}

TEST(addresses_that_are_none_are_refused_by_name)
{
	static const char *const wrong[] = {
		"vsock://",
		"vsock://3",
		"vsock://3:",
		"vsock://:1024",
		"vsock://3:1024x",
		"vsock://x3:1024",
		"vsock://4294967296:1024",
		"vsock://3:99999999999999999999",
		"vsock://-1:1024",
		"vsock://3:1:2",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CHECK_EQ_INT(try_connect(wrong[i]), VMC_ERR_ARGUMENT);
		CHECK(strstr(error.text, "vsock://CID:PORT"));
		CHECK(strstr(error.text, wrong[i]));
	}
	CHECK_EQ_INT(try_connect("unix:"), VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, "unix:"));
}

/* No guest has that number, and here there may be no vsock at all. */
TEST(a_vsock_that_is_not_there_fails_by_name)
{
	enum vmc_status status = try_connect("vsock://4294967290:1024");

	CHECK(status == VMC_OK || status == VMC_ERR_IO ||
	      status == VMC_ERR_NO_SERVER || status == VMC_ERR_NOT_FOUND ||
	      status == VMC_ERR_PERMISSION);
	CHECK(status == VMC_OK ||
	      strstr(error.text, "vsock://4294967290:1024"));
}

TEST(a_port_without_a_context_cannot_listen)
{
	vmc_handle listener;

	CHECK_EQ_INT(vmc_posix_listen(NULL, "/tmp/x", &listener, NULL),
		     VMC_ERR_ARGUMENT);
}

TEST(one_port_opens_one_endpoint)
{
	char second[96];
	vmc_handle listener, other;

	begin();
	listener = open_endpoint();
	snprintf(second, sizeof(second), "%s.2", endpoint);
	CHECK_EQ_INT(vmc_posix_listen(&posix, second, &other, NULL),
		     VMC_ERR_BUSY);
	CHECK(access(second, F_OK) != 0);
	close_endpoint(listener);
	end();
}

/*
 * What is there already
 */

TEST(a_dead_servers_socket_is_taken_over)
{
	vmc_handle listener, client;

	begin();
	leave_stale_socket();
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL),
		     VMC_ERR_NO_SERVER);
	listener = open_endpoint();
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL), VMC_OK);
	close((int)client);
	close_endpoint(listener);
	end();
}

TEST(a_living_servers_socket_is_refused_with_its_pid)
{
	int ready[2], done[2];
	char pid_text[32], byte;
	vmc_handle listener;
	pid_t child;

	begin();
	CHECK_EQ_INT(pipe(ready), 0);
	CHECK_EQ_INT(pipe(done), 0);
	child = fork();
	if (child == 0) {
		listener = open_endpoint();
		close(done[1]);
		write(ready[1], "x", 1);
		read(done[0], &byte, 1); /* until we are gone or say so */
		close_endpoint(listener);
		_exit(0);
	}
	close(done[0]);
	CHECK_EQ_INT(read(ready[0], &byte, 1), 1);
	CHECK_EQ_INT(try_listen(&listener), VMC_ERR_IN_USE);
	snprintf(pid_text, sizeof(pid_text), "pid %d", (int)child);
	CHECK(strstr(error.text, pid_text) != NULL);
	CHECK(strstr(error.text, endpoint) != NULL);
	close(done[1]);
	CHECK_EQ_INT(exit_code(child), 0);
	close(ready[0]);
	close(ready[1]);
	end();
}

/* A server that does not accept for a while is not dead. */
TEST(a_busy_servers_socket_is_refused)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int busy = socket(AF_UNIX, SOCK_STREAM, 0);
	vmc_handle client[2], listener;
	size_t len = 0;

	begin();
	strcpy(address.sun_path, endpoint);
	CHECK_EQ_INT(bind(busy, (struct sockaddr *)&address, sizeof(address)),
		     0);
	CHECK_EQ_INT(listen(busy, 0), 0);
	while (len < 2 &&
	       vmc_posix_connect(NULL, endpoint, &client[len], NULL) == VMC_OK)
		len++;
	CHECK_EQ_INT(len, 1); /* the backlog is full: connect says AGAIN */
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client[1], NULL),
		     VMC_AGAIN);
	CHECK_EQ_INT(try_listen(&listener), VMC_ERR_IN_USE);
	close((int)client[0]);
	close(busy);
	CHECK_EQ_INT(unlink(endpoint), 0);
	end();
}

TEST(what_is_not_a_socket_is_left_alone)
{
	static const char words[] = "precious";
	char held[sizeof(words)];
	vmc_handle listener;
	int file;

	begin();
	file = open(endpoint, O_RDWR | O_CREAT, 0644);
	CHECK_EQ_INT(write(file, words, sizeof(words)), sizeof(words));
	CHECK_EQ_INT(try_listen(&listener), VMC_ERR_IO);
	CHECK(strstr(error.text, "not a socket") != NULL);
	CHECK_EQ_INT(pread(file, held, sizeof(held), 0), sizeof(words));
	CHECK_EQ_MEM(held, words, sizeof(words));
	close(file);
	CHECK_EQ_INT(unlink(endpoint), 0);
	end();
}

TEST(a_link_to_a_socket_is_left_alone)
{
	char link_path[96];
	vmc_handle listener;

	begin();
	leave_stale_socket();
	snprintf(link_path, sizeof(link_path), "%s.link", endpoint);
	CHECK_EQ_INT(symlink(endpoint, link_path), 0);
	CHECK_EQ_INT(vmc_posix_listen(&posix, link_path, &listener, NULL),
		     VMC_ERR_IO);
	CHECK_EQ_INT(unlink(link_path), 0);
	CHECK_EQ_INT(unlink(endpoint), 0);
	end();
}

/* Who may not write somewhere is told; root may everywhere, so as another
 * user in a child. The child's exit status is the answer. */
static enum vmc_status listen_as_nobody(int *named)
{
	int result[2];
	struct {
		enum vmc_status status;
		int named;
	} answer = { VMC_OK, 0 };
	pid_t child;

	CHECK_EQ_INT(pipe(result), 0);
	child = fork();
	if (child == 0) {
		vmc_handle listener;

		if (setgid(NOBODY) || setuid(NOBODY))
			_exit(1);
		answer.status = try_listen(&listener);
		answer.named = strstr(error.text, directory) != NULL;
		write(result[1], &answer, sizeof(answer));
		_exit(0);
	}
	CHECK_EQ_INT(exit_code(child), 0);
	CHECK_EQ_INT(read(result[0], &answer, sizeof(answer)), sizeof(answer));
	close(result[0]);
	close(result[1]);
	*named = answer.named;
	return answer.status;
}

TEST(a_directory_that_is_not_writable_is_named)
{
	int named;

	if (geteuid() != 0)
		SKIP("only root can become another user");
	begin();
	CHECK_EQ_INT(chmod(directory, 0755), 0);
	CHECK_EQ_INT(listen_as_nobody(&named), VMC_ERR_PERMISSION);
	CHECK(named);
	snprintf(endpoint, sizeof(endpoint), "%s/a/sock", directory);
	CHECK_EQ_INT(listen_as_nobody(&named), VMC_ERR_PERMISSION);
	CHECK(named);
	end();
}

TEST(another_users_dead_socket_is_left_alone)
{
	vmc_handle listener;

	if (geteuid() != 0)
		SKIP("only root can become another user");
	begin();
	leave_stale_socket();
	CHECK_EQ_INT(chown(endpoint, NOBODY, NOBODY), 0);
	CHECK_EQ_INT(try_listen(&listener), VMC_ERR_PERMISSION);
	CHECK(strstr(error.text, "65534") != NULL);
	CHECK_EQ_INT(unlink(endpoint), 0);
	end();
}

TEST(closing_leaves_another_servers_socket_alone)
{
	struct vmc_posix other = { 0 };
	vmc_handle first, second, client;

	begin();
	first = open_endpoint();
	CHECK_EQ_INT(unlink(endpoint), 0); /* by some other hand */
	CHECK_EQ_INT(vmc_posix_listen(&other, endpoint, &second, NULL), VMC_OK);
	close_endpoint(first);
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL), VMC_OK);
	close((int)client);
	vmc_posix_unlisten(&other, endpoint, second);
	end();
}

/*
 * Servers that start at the same time
 */

/* Waits for the start, tries, keeps what it got until all have tried. */
static void race(int start, int tried, int all_done)
{
	struct vmc_posix own = { 0 };
	enum vmc_status status;
	vmc_handle listener;
	char byte;

	read(start, &byte, 1); /* ends when the other end is closed */
	vmc_error_reset(&error);
	status = vmc_posix_listen(&own, endpoint, &listener, &error);
	byte = status == VMC_OK ? 'w' : status == VMC_ERR_IN_USE ? 'l' : '?';
	write(tried, &byte, 1);
	read(all_done, &byte, 1);
	if (status == VMC_OK)
		vmc_posix_unlisten(&own, endpoint, listener);
	_exit(0);
}

static int count_byte(const char *bytes, size_t bytes_len, char byte)
{
	int count = 0;

	for (size_t i = 0; i < bytes_len; i++)
		count += bytes[i] == byte;
	return count;
}

/* Of all who try at once on a dead server's socket exactly one wins, and a
 * client finds it. */
static void race_once(void)
{
	int start[2], tried[2], all_done[2];
	pid_t racer[RACERS];
	char result[RACERS];
	vmc_handle client;

	CHECK_EQ_INT(pipe(start), 0);
	CHECK_EQ_INT(pipe(tried), 0);
	CHECK_EQ_INT(pipe(all_done), 0);
	for (int i = 0; i < RACERS; i++) {
		racer[i] = fork();
		if (racer[i] == 0) {
			close(start[1]);
			close(all_done[1]);
			race(start[0], tried[1], all_done[0]);
		}
	}
	close(start[1]);
	for (int i = 0; i < RACERS; i++)
		CHECK_EQ_INT(read(tried[0], &result[i], 1), 1);
	CHECK_EQ_INT(count_byte(result, RACERS, 'w'), 1);
	CHECK_EQ_INT(count_byte(result, RACERS, 'l'), RACERS - 1);
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL), VMC_OK);
	close((int)client);
	close(all_done[1]);
	for (int i = 0; i < RACERS; i++)
		CHECK_EQ_INT(exit_code(racer[i]), 0);
	close(start[0]);
	close(tried[0]);
	close(tried[1]);
	close(all_done[0]);
}

TEST(one_of_many_takes_a_dead_servers_socket_over)
{
	begin();
	for (int i = 0; i < RACES; i++) {
		leave_stale_socket();
		race_once();
		CHECK(access(endpoint, F_OK) != 0);
	}
	end();
}

/* Who died while it held the lock is no obstacle. */
TEST(a_lock_that_was_left_behind_is_free)
{
	char lock[96];
	vmc_handle listener;

	begin();
	snprintf(lock, sizeof(lock), "%s.lock", endpoint);
	close(open(lock, O_RDWR | O_CREAT, 0600));
	listener = open_endpoint();
	CHECK(access(lock, F_OK) != 0);
	close_endpoint(listener);
	end();
}

/*
 * Descriptors
 */

struct pair {
	vmc_handle listener, client, server;
};

static struct pair open_pair(void)
{
	struct vmc_peer peer;
	struct pair pair;

	begin();
	pair.listener = open_endpoint();
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &pair.client, NULL),
		     VMC_OK);
	CHECK_EQ_INT(
		vmc_posix_accept(&posix, pair.listener, &pair.server, &peer),
		VMC_OK);
	return pair;
}

static void close_pair(struct pair pair)
{
	vmc_posix_close(NULL, pair.client);
	vmc_posix_close(NULL, pair.server);
	close_endpoint(pair.listener);
	end();
}

static int closes_on_exec(vmc_handle handle)
{
	return (fcntl((int)handle, F_GETFD) & FD_CLOEXEC) != 0;
}

TEST(all_are_closed_on_exec)
{
	struct pair pair = open_pair();

	CHECK(closes_on_exec(pair.listener));
	CHECK(closes_on_exec(pair.client));
	CHECK(closes_on_exec(pair.server));
	close_pair(pair);
}

static void send_handles(vmc_handle stream, uint32_t handle_len)
{
	struct vmc_handles handles = { { 0, 0, 0, 0 }, handle_len };
	struct vmc_view part = vmc_view_of("x");
	size_t len = 0;

	for (uint32_t i = 0; i < handle_len; i++)
		handles.handle[i] = open("/dev/null", O_RDONLY);
	CHECK_EQ_INT(vmc_posix_send(NULL, stream, &part, 1, &handles, &len),
		     VMC_OK);
	for (uint32_t i = 0; i < handle_len; i++)
		close((int)handles.handle[i]); /* they stay the caller's */
}

static void receive(vmc_handle stream, struct vmc_handles *handles)
{
	uint8_t buf[8];
	size_t len = 0;

	CHECK_EQ_INT(
		vmc_posix_recv(NULL, stream, buf, sizeof(buf), &len, handles),
		VMC_OK);
	CHECK_EQ_INT(len, 1);
}

TEST(handles_travel)
{
	struct pair pair = open_pair();
	struct vmc_handles handles = { { 0 }, 0 };
	int before = open_descriptors();
	struct stat sent, received;

	send_handles(pair.client, VMC_HANDLES_MAX);
	receive(pair.server, &handles);
	CHECK_EQ_INT(handles.handle_len, VMC_HANDLES_MAX);
	CHECK_EQ_INT(stat("/dev/null", &sent), 0);
	for (int i = 0; i < VMC_HANDLES_MAX; i++) {
		CHECK(closes_on_exec(handles.handle[i]));
		CHECK_EQ_INT(fstat((int)handles.handle[i], &received), 0);
		CHECK_EQ_INT(received.st_rdev, sent.st_rdev);
		close((int)handles.handle[i]);
	}
	CHECK_EQ_INT(open_descriptors(), before);
	close_pair(pair);
}

TEST(handles_that_nobody_asked_for_are_closed)
{
	struct pair pair = open_pair();
	int before = open_descriptors();

	send_handles(pair.client, VMC_HANDLES_MAX);
	receive(pair.server, NULL);
	CHECK_EQ_INT(open_descriptors(), before);
	close_pair(pair);
}

TEST(handles_beyond_the_room_are_closed)
{
	struct pair pair = open_pair();
	struct vmc_handles handles = { { 0 }, VMC_HANDLES_MAX - 1 };
	int before = open_descriptors();

	send_handles(pair.client, 3);
	receive(pair.server, &handles);
	CHECK_EQ_INT(handles.handle_len, VMC_HANDLES_MAX);
	CHECK_EQ_INT(open_descriptors(), before + 1);
	close((int)handles.handle[VMC_HANDLES_MAX - 1]);
	close_pair(pair);
}

/* More than any control buffer of ours holds: by somebody who is not us. */
TEST(a_flood_of_handles_is_closed)
{
	enum { FLOOD = 50 };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(FLOOD * sizeof(int))];
	} control;
	char byte = 1;
	struct iovec part = { &byte, 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct pair pair = open_pair();
	struct vmc_handles handles = { { 0 }, 0 };
	int null = open("/dev/null", O_RDONLY);
	int before = open_descriptors();

	SKIP_EMULATED("qemu-user receives into a larger control buffer");
	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(FLOOD * sizeof(int));
	for (int i = 0; i < FLOOD; i++)
		memcpy(CMSG_DATA(&control.header) + (size_t)i * sizeof(int),
		       &null, sizeof(int));
	CHECK_EQ_INT(sendmsg((int)pair.client, &message, 0), 1);
	receive(pair.server, &handles);
	CHECK_EQ_INT(handles.handle_len, VMC_HANDLES_MAX);
	CHECK_EQ_INT(open_descriptors(), before + VMC_HANDLES_MAX);
	for (int i = 0; i < VMC_HANDLES_MAX; i++)
		close((int)handles.handle[i]);
	close(null);
	close_pair(pair);
}

TEST(too_many_handles_are_refused)
{
	struct vmc_handles handles = { { 0 }, VMC_HANDLES_MAX + 1 };
	struct pair pair = open_pair();
	struct vmc_view part = vmc_view_of("x");
	size_t len;

	CHECK_EQ_INT(
		vmc_posix_send(NULL, pair.client, &part, 1, &handles, &len),
		VMC_ERR_ARGUMENT);
	close_pair(pair);
}

/* 0 would look like an end, or like an amount. */
TEST(nothing_is_not_an_amount)
{
	struct pair pair = open_pair();
	struct vmc_view part = { NULL, 0 };
	uint8_t byte;
	size_t len;

	CHECK_EQ_INT(vmc_posix_send(NULL, pair.client, &part, 1, NULL, &len),
		     VMC_ERR_ARGUMENT);
	CHECK_EQ_INT(vmc_posix_recv(NULL, pair.server, &byte, 0, &len, NULL),
		     VMC_ERR_ARGUMENT);
	close_pair(pair);
}

/* A stream that was given may block; the port does not. */
TEST(a_blocking_socket_does_not_block)
{
	static uint8_t bulk[1 << 20];
	struct vmc_view part = { bulk, sizeof(bulk) };
	enum vmc_status status;
	uint8_t byte;
	int both[2];
	size_t len;

	CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM, 0, both), 0);
	CHECK_EQ_INT(vmc_posix_recv(NULL, both[0], &byte, 1, &len, NULL),
		     VMC_AGAIN);
	do
		status = vmc_posix_send(NULL, both[0], &part, 1, NULL, &len);
	while (status == VMC_OK);
	CHECK_EQ_INT(status, VMC_AGAIN);
	close(both[0]);
	close(both[1]);
}

TEST(no_descriptor_left_is_said_to_be_full)
{
	struct rlimit before, none;
	struct vmc_peer peer;
	vmc_handle listener, client, server;
	enum vmc_status status;

	begin();
	listener = open_endpoint();
	CHECK_EQ_INT(vmc_posix_connect(NULL, endpoint, &client, NULL), VMC_OK);
	CHECK_EQ_INT(getrlimit(RLIMIT_NOFILE, &before), 0);
	none = before;
	none.rlim_cur = 0;
	CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &none), 0);
	status = vmc_posix_accept(&posix, listener, &server, &peer);
	CHECK_EQ_INT(setrlimit(RLIMIT_NOFILE, &before), 0);
	CHECK_EQ_INT(status, VMC_ERR_FULL);
	CHECK_EQ_INT(vmc_posix_accept(&posix, listener, &server, &peer),
		     VMC_OK); /* it has waited */
	close((int)client);
	close((int)server);
	close_endpoint(listener);
	end();
}

TESTS(RUN(only_its_owner_may_connect)
      RUN(makes_the_directory_and_its_parents)
      RUN(a_path_without_a_directory_is_where_we_are)
      RUN(the_longest_path_is_taken_whole)
      RUN(one_byte_more_is_named_with_the_limit)
      RUN(an_empty_path_is_refused)
      RUN(addresses_of_agents_are_connected_to)
      RUN(a_name_in_the_abstract_namespace_is_connected_to)
      RUN(addresses_that_are_none_are_refused_by_name)
      RUN(a_vsock_that_is_not_there_fails_by_name)
      RUN(a_port_without_a_context_cannot_listen)
      RUN(one_port_opens_one_endpoint)
      RUN(a_dead_servers_socket_is_taken_over)
      RUN(a_living_servers_socket_is_refused_with_its_pid)
      RUN(a_busy_servers_socket_is_refused)
      RUN(what_is_not_a_socket_is_left_alone)
      RUN(a_link_to_a_socket_is_left_alone)
      RUN(a_directory_that_is_not_writable_is_named)
      RUN(another_users_dead_socket_is_left_alone)
      RUN(closing_leaves_another_servers_socket_alone)
      RUN(one_of_many_takes_a_dead_servers_socket_over)
      RUN(a_lock_that_was_left_behind_is_free)
      RUN(all_are_closed_on_exec)
      RUN(handles_travel)
      RUN(handles_that_nobody_asked_for_are_closed)
      RUN(handles_beyond_the_room_are_closed)
      RUN(a_flood_of_handles_is_closed)
      RUN(too_many_handles_are_refused)
      RUN(nothing_is_not_an_amount)
      RUN(a_blocking_socket_does_not_block)
      RUN(no_descriptor_left_is_said_to_be_full));
