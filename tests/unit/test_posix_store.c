/* SPDX-License-Identifier: Apache-2.0 */
/* Records in files: what is read back, what a kill leaves, who may. */
#include "test.h"

#include "vmcache_linux.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

static char parent[64], directory[80];
static struct vmc_posix_store files;
static struct vmc_store store;
static struct vmc_error error;
static uint8_t out[VMC_RECORD_SIZE];

static void begin(void)
{
	vmc_error_reset(&error);
	strcpy(parent, "/tmp/vmcache-store-XXXXXX");
	CHECK(mkdtemp(parent) != NULL);
	snprintf(directory, sizeof(directory), "%s/records", parent);
	CHECK_EQ_INT(vmc_posix_store_open(&files, directory, &error), VMC_OK);
	store = vmc_posix_store(&files);
}

/* Nothing is left, neither a record nor a draft. */
static void end(void)
{
	for (uint32_t slot = 0; slot < 1024; slot++)
		store.ops->erase(store.ctx, slot);
	vmc_posix_store_remove(&files, directory);
	vmc_posix_store_close(&files);
	CHECK_EQ_INT(rmdir(parent), 0);
}

static enum vmc_status put(uint32_t slot, const char *bytes)
{
	return store.ops->write(store.ctx, slot, (const uint8_t *)bytes,
				strlen(bytes));
}

/* The one record that there is: it must be that. */
static void check_only(uint32_t slot, const char *bytes)
{
	uint32_t cursor = 0, found = 0;
	size_t len = 0;

	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &found, out, &len),
		     VMC_OK);
	CHECK_EQ_INT(found, slot);
	CHECK_EQ_INT(len, strlen(bytes));
	CHECK_EQ_MEM(out, bytes, len);
	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &found, out, &len),
		     VMC_CLOSED);
}

static void check_none(void)
{
	uint32_t cursor = 0, slot;
	size_t len;

	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &slot, out, &len),
		     VMC_CLOSED);
}

TEST(a_record_is_read_as_it_was_written)
{
	begin();
	check_none();
	CHECK_EQ_INT(put(3, "a record"), VMC_OK);
	check_only(3, "a record");
	CHECK_EQ_INT(put(3, "shorter"), VMC_OK); /* no end of the old one */
	check_only(3, "shorter");
	end();
}

TEST(the_longest_record_fits)
{
	uint8_t longest[VMC_RECORD_SIZE];
	uint32_t cursor = 0, slot;
	size_t len = 0;

	for (size_t i = 0; i < sizeof(longest); i++)
		longest[i] = (uint8_t)(i * 31);
	begin();
	CHECK_EQ_INT(store.ops->write(store.ctx, 0, longest, sizeof(longest)),
		     VMC_OK);
	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &slot, out, &len),
		     VMC_OK);
	CHECK_EQ_INT(len, sizeof(longest));
	CHECK_EQ_MEM(out, longest, sizeof(longest));
	end();
}

/* Slots of a build with more of them are found too. */
TEST(every_slot_has_its_record)
{
	static const uint32_t slots[] = { 0, 1, 9, 10, 63, 64, 999, 1023 };
	const size_t slots_len = sizeof(slots) / sizeof(slots[0]);
	uint32_t cursor = 0, slot;
	char bytes[16];
	size_t len;

	begin();
	for (size_t i = slots_len; i-- > 0;) {
		snprintf(bytes, sizeof(bytes), "slot %u", slots[i]);
		CHECK_EQ_INT(put(slots[i], bytes), VMC_OK);
	}
	for (size_t i = 0; i < slots_len; i++) {
		CHECK_EQ_INT(
			store.ops->next(store.ctx, &cursor, &slot, out, &len),
			VMC_OK);
		CHECK_EQ_INT(slot, slots[i]);
		snprintf(bytes, sizeof(bytes), "slot %u", slots[i]);
		CHECK_EQ_INT(len, strlen(bytes));
		CHECK_EQ_MEM(out, bytes, len);
	}
	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &slot, out, &len),
		     VMC_CLOSED);
	end();
}

TEST(erase_is_idempotent)
{
	begin();
	CHECK_EQ_INT(put(5, "x"), VMC_OK);
	CHECK_EQ_INT(put(6, "y"), VMC_OK);
	store.ops->erase(store.ctx, 5);
	store.ops->erase(store.ctx, 5);
	store.ops->erase(store.ctx, 700);
	check_only(6, "y");
	end();
}

TEST(records_outlive_who_wrote_them)
{
	begin();
	CHECK_EQ_INT(put(1, "kept"), VMC_OK);
	vmc_posix_store_remove(&files, directory); /* not empty: it stays */
	vmc_posix_store_close(&files);
	CHECK_EQ_INT(vmc_posix_store_open(&files, directory, &error), VMC_OK);
	check_only(1, "kept");
	end();
}

TEST(only_their_owner_may_look)
{
	struct stat file;
	char path[112];

	begin();
	CHECK_EQ_INT(put(1, "secret"), VMC_OK);
	CHECK_EQ_INT(stat(directory, &file), 0);
	CHECK_EQ_INT(file.st_mode & 0777, 0700);
	snprintf(path, sizeof(path), "%s/1.record", directory);
	CHECK_EQ_INT(stat(path, &file), 0);
	CHECK_EQ_INT(file.st_mode & 0777, 0600);
	end();
}

TEST(a_file_longer_than_any_record_is_cut)
{
	uint32_t cursor = 0, slot;
	char path[112];
	size_t len = 0;
	int file;

	begin();
	snprintf(path, sizeof(path), "%s/7.record", directory);
	file = open(path, O_WRONLY | O_CREAT, 0600);
	CHECK_EQ_INT(ftruncate(file, 10 * VMC_RECORD_SIZE), 0);
	close(file);
	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &slot, out, &len),
		     VMC_OK);
	CHECK_EQ_INT(slot, 7);
	CHECK_EQ_INT(len, VMC_RECORD_SIZE);
	end();
}

/*
 * Kills
 */

/* Writes after it has let itself be traced. */
static void write_traced(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	_exit(put(2, "the new record") == VMC_OK ? 0 : 1);
}

/*
 * Lets the child go on to its nth stop before or after a system call, and
 * kills it there. 1 if it had ended by itself before.
 */
static int kill_at(pid_t child, int nth)
{
	int status;

	waitpid(child, &status, 0);
	for (int i = 0; i < nth; i++) {
		ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		waitpid(child, &status, 0);
		if (WIFEXITED(status))
			return 1;
	}
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	return 0;
}

/* 1 if it is the new record, 0 if the old one. Nothing else is there. */
static int which_record(void)
{
	uint32_t cursor = 0, slot = 0;
	size_t len = 0;

	CHECK_EQ_INT(store.ops->next(store.ctx, &cursor, &slot, out, &len),
		     VMC_OK);
	CHECK_EQ_INT(slot, 2);
	if (len == strlen("the new record")) {
		CHECK_EQ_MEM(out, "the new record", len);
		return 1;
	}
	CHECK_EQ_INT(len, strlen("old"));
	CHECK_EQ_MEM(out, "old", len);
	return 0;
}

/* At every system call, before and after it. */
TEST(a_killed_writer_leaves_the_old_record_or_the_new)
{
	int ended = 0, were_old = 0, were_new = 0;
	pid_t child;

	begin();
	for (int nth = 1; !ended; nth++) {
		CHECK_EQ_INT(put(2, "old"), VMC_OK);
		child = fork();
		if (child == 0)
			write_traced();
		ended = kill_at(child, nth);
		if (which_record())
			were_new++;
		else
			were_old++;
	}
	CHECK(were_old >= 6); /* open, write, close, twice each */
	CHECK(were_new >= 2); /* after the rename, and at the end */
	CHECK_EQ_INT(put(2, "written since"), VMC_OK);
	check_only(2, "written since");
	end();
}

/*
 * Directories that will not do
 */

TEST(one_pool_has_it_at_a_time)
{
	struct vmc_posix_store second;

	begin();
	CHECK_EQ_INT(vmc_posix_store_open(&second, directory, &error),
		     VMC_ERR_IN_USE);
	CHECK(strstr(error.text, directory) != NULL);
	vmc_posix_store_close(&second); /* no harm */
	end();
}

TEST(a_directory_open_to_others_is_refused)
{
	struct vmc_posix_store second;

	begin();
	vmc_posix_store_close(&files);
	CHECK_EQ_INT(chmod(directory, 0750), 0);
	CHECK_EQ_INT(vmc_posix_store_open(&second, directory, &error),
		     VMC_ERR_PERMISSION);
	CHECK(strstr(error.text, "0700") != NULL);
	CHECK_EQ_INT(chmod(directory, 0700), 0);
	CHECK_EQ_INT(vmc_posix_store_open(&files, directory, NULL), VMC_OK);
	end();
}

TEST(another_users_directory_is_refused)
{
	struct vmc_posix_store second;

	if (geteuid() != 0)
		SKIP("only root can give a directory away");
	begin();
	vmc_posix_store_close(&files);
	CHECK_EQ_INT(chown(directory, NOBODY, NOBODY), 0);
	CHECK_EQ_INT(vmc_posix_store_open(&second, directory, &error),
		     VMC_ERR_PERMISSION);
	CHECK_EQ_INT(chown(directory, 0, 0), 0);
	CHECK_EQ_INT(vmc_posix_store_open(&files, directory, NULL), VMC_OK);
	end();
}

TEST(a_file_is_no_directory)
{
	struct vmc_posix_store second;
	char path[96];

	begin();
	snprintf(path, sizeof(path), "%s/file", parent);
	close(open(path, O_WRONLY | O_CREAT, 0600));
	CHECK(vmc_posix_store_open(&second, path, &error) < 0);
	CHECK(strstr(error.text, path) != NULL);
	vmc_error_reset(&error);
	strcat(path, "/below");
	CHECK(vmc_posix_store_open(&second, path, &error) < 0);
	CHECK(strstr(error.text, path) != NULL);
	path[strlen(path) - strlen("/below")] = '\0';
	CHECK_EQ_INT(unlink(path), 0);
	end();
}

/* Its user has to be told at the start, not with the first VM. */
TEST(a_directory_that_is_gone_fails_writes)
{
	begin();
	vmc_posix_store_remove(&files, directory);
	CHECK_EQ_INT(put(0, "x"), VMC_ERR_IO);
	check_none();
	end();
}

/*
 * Start times
 */

TEST(start_times_are_linuxs)
{
	struct vmc_store linux_store;
	uint64_t born;
	pid_t child;
	int status;

	begin();
	linux_store = vmc_linux_store(&files);
	CHECK_EQ_INT(store.ops->start_time(store.ctx, getpid()), 0);
	born = linux_store.ops->start_time(linux_store.ctx, getpid());
	CHECK(born > 0);
	CHECK_EQ_INT(linux_store.ops->start_time(linux_store.ctx, getpid()),
		     born);
	child = fork();
	if (child == 0)
		_exit(0);
	CHECK(linux_store.ops->start_time(linux_store.ctx, child) >= born);
	waitpid(child, &status, 0);
	CHECK_EQ_INT(linux_store.ops->start_time(linux_store.ctx, child), 0);
	CHECK_EQ_INT(linux_store.ops->write(linux_store.ctx, 4,
					    (const uint8_t *)"z", 1),
		     VMC_OK);
	check_only(4, "z");
	end();
}

TESTS(RUN(a_record_is_read_as_it_was_written)
      RUN(the_longest_record_fits)
      RUN(every_slot_has_its_record)
      RUN(erase_is_idempotent)
      RUN(records_outlive_who_wrote_them)
      RUN(only_their_owner_may_look)
      RUN(a_file_longer_than_any_record_is_cut)
      RUN(a_killed_writer_leaves_the_old_record_or_the_new)
      RUN(one_pool_has_it_at_a_time)
      RUN(a_directory_open_to_others_is_refused)
      RUN(another_users_directory_is_refused)
      RUN(a_file_is_no_directory)
      RUN(a_directory_that_is_gone_fails_writes)
      RUN(start_times_are_linuxs));
