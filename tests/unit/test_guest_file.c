/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that are copied into the guest: whole or not at all, and nowhere but
 * below their directory.
 */
#include "guest_world.h"

#include <fcntl.h>
#include <sys/stat.h>

#define MIB (1024 * 1024)

static char root[32];
static uint8_t bytes[3 * MIB], back[3 * MIB + 1];

static void begin_files(void)
{
	struct vmc_guest_config config = { .copy_root = root };

	strcpy(root, "/tmp/guest.XXXXXX");
	CHECK(mkdtemp(root));
	begin_with(&config);
}

static void end_files(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", root);
	CHECK_EQ_INT(system(command), 0);
	end();
}

static const char *below_root(const char *rest)
{
	static char path[4][512];
	static int next;

	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[0]), "%s%s", root, rest);
	return path[next];
}

static struct vmc_file_piece whole(const char *path, const void *data,
				   size_t len)
{
	struct vmc_file_piece piece = {
		.path = view(path),
		.file_size = (int64_t)len,
		.file_mode = S_IFREG | 0640,
		.dir_mode = 0750,
		.data = { data, len },
	};

	return piece;
}

static enum vmc_status copy(const struct vmc_file_piece *piece)
{
	return RUN_CALL(agent.ops->copy_file(&agent, piece, &task, now()));
}

static ssize_t read_back(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	while ((got = read(fd, back + len, sizeof(back) - len)) > 0)
		len += (size_t)got;
	close(fd);
	return (ssize_t)len;
}

static unsigned mode_of(const char *path)
{
	struct stat file;

	CHECK_EQ_INT(stat(path, &file), 0);
	return file.st_mode & 07777u;
}

TEST(a_file_arrives_with_its_mode_and_directories)
{
	struct vmc_file_piece piece;

	begin_files();
	piece = whole(below_root("/a/b/file"), "hello", 5);
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(read_back(below_root("/a/b/file")), 5);
	CHECK_EQ_MEM(back, "hello", 5);
	CHECK_EQ_INT(mode_of(below_root("/a/b/file")), 0640);
	CHECK_EQ_INT(mode_of(below_root("/a/b")), 0750);
	CHECK(access(below_root("/a/b/file.part"), F_OK) != 0);
	/* over what is there, and without bits of a type */
	piece = whole(below_root("/a//b/file"), "other words", 11);
	piece.file_mode = 04755;
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(read_back(below_root("/a/b/file")), 11);
	CHECK_EQ_INT(mode_of(below_root("/a/b/file")), 04755);
	end_files();
}

TEST(an_empty_file_is_one_too)
{
	struct vmc_file_piece piece;

	begin_files();
	piece = whole(below_root("/empty"), NULL, 0);
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(read_back(below_root("/empty")), 0);
	end_files();
}

TEST(pieces_make_a_file_that_is_there_when_it_is_whole)
{
	struct vmc_file_piece piece;
	size_t at;

	begin_files();
	for (at = 0; at < sizeof(bytes); at++)
		bytes[at] = (uint8_t)(at * 7 + at / 256);
	piece = whole(below_root("/big"), bytes, MIB);
	piece.file_size = sizeof(bytes);
	for (at = 0; at < sizeof(bytes); at += MIB) {
		CHECK(access(below_root("/big"), F_OK) != 0);
		piece.offset = (int64_t)at;
		piece.data.ptr = bytes + at;
		CHECK_EQ_INT(copy(&piece), VMC_OK);
		if (at == MIB) /* an answer was lost: the same again */
			CHECK_EQ_INT(copy(&piece), VMC_OK);
	}
	CHECK_EQ_INT(read_back(below_root("/big")), sizeof(bytes));
	CHECK_EQ_MEM(back, bytes, sizeof(bytes));
	end_files();
}

TEST(what_was_begun_before_leaves_nothing_in_a_file)
{
	struct vmc_file_piece piece;

	begin_files();
	piece = whole(below_root("/f"), "a longer beginning", 18);
	piece.file_size = 100;
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	piece = whole(below_root("/f"), "short", 5);
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(read_back(below_root("/f")), 5);
	end_files();
}

TEST(a_piece_without_those_before_it_is_refused)
{
	struct vmc_file_piece piece;
	char words[128];

	begin_files();
	piece = whole(below_root("/f"), "rest", 4);
	piece.file_size = 8;
	piece.offset = 4;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_STATE);
	snprintf(words, sizeof(words),
		 "the pieces before this one are missing: %s/f", root);
	CHECK_EQ_STR(error.text, words);
	piece.offset = 0;
	piece.data.ptr_len = 3;
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	piece.offset = 4;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_STATE);
	end_files();
}

static void check_refused(const char *path, const char *why)
{
	struct vmc_file_piece piece = whole(path, "x", 1);

	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	CHECK(strstr(error.text, why));
}

TEST(a_path_leads_below_its_directory)
{
	static char deep[300];

	begin_files();
	check_refused("", "is not absolute");
	check_refused("run/x", "is not absolute");
	check_refused("/etc/passwd", "is not below the directory");
	check_refused(root, "is not below the directory");
	check_refused(below_root("/"), "is a directory's");
	check_refused(below_root("x/y"), "is not below the directory");
	check_refused(below_root("/../etc/x"), "has a dot name in it");
	check_refused(below_root("/a/.."), "has a dot name in it");
	check_refused(below_root("/./x"), "has a dot name in it");
	memset(deep, 'n', sizeof(deep) - 1);
	deep[0] = '/';
	{
		struct vmc_file_piece piece = whole(below_root(deep), "x", 1);

		CHECK_EQ_INT(copy(&piece), VMC_ERR_IO);
		CHECK(strstr(error.text, "cannot write"));
		piece.path.ptr_len = strlen(root) + 1 + 252; /* and ".part" */
		CHECK_EQ_INT(copy(&piece), VMC_ERR_IO);
		piece.path.ptr_len = strlen(root) + 1 + 250;
		CHECK_EQ_INT(copy(&piece), VMC_OK);
		piece.path.ptr_len = strlen(root) + 9;
		piece.path.ptr = (const uint8_t *)below_root("/nul\0nul");
		CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	}
	end_files();
}

TEST(no_link_is_followed)
{
	struct vmc_file_piece piece;
	struct stat file;

	begin_files();
	CHECK_EQ_INT(symlink("/tmp", below_root("/out")), 0);
	piece = whole(below_root("/out/guest-escaped"), "x", 1);
	CHECK(copy(&piece) != VMC_OK);
	CHECK(access("/tmp/guest-escaped", F_OK) != 0);
	CHECK_EQ_INT(symlink("/tmp/guest-escaped", below_root("/f.part")), 0);
	piece = whole(below_root("/f"), "x", 1);
	CHECK(copy(&piece) != VMC_OK);
	CHECK(access("/tmp/guest-escaped", F_OK) != 0);
	CHECK_EQ_INT(mkfifo(below_root("/g.part"), 0600), 0);
	piece = whole(below_root("/g"), "x", 1);
	CHECK(copy(&piece) != VMC_OK); /* and does not wait for a reader */
	/* a link in the file's own place is replaced */
	CHECK_EQ_INT(symlink("/tmp/guest-escaped", below_root("/h")), 0);
	piece = whole(below_root("/h"), "x", 1);
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(lstat(below_root("/h"), &file), 0);
	CHECK(S_ISREG(file.st_mode));
	end_files();
}

TEST(numbers_are_checked)
{
	struct vmc_file_piece good, piece;

	begin_files();
	good = whole(below_root("/f"), "hello", 5);
	piece = good;
	piece.file_size = -1;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece = good;
	piece.offset = -1;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece = good;
	piece.offset = 1;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece.offset = INT64_MAX;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece = good;
	piece.file_size = 4;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece = good;
	piece.uid = -2;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_ARGUMENT);
	piece = good;
	piece.file_mode = S_IFLNK | 0777;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_STR(error.text, "file_mode of no regular file: 00000120777");
	piece.file_mode = S_IFDIR | 0755;
	CHECK_EQ_INT(copy(&piece), VMC_ERR_UNSUPPORTED);
	CHECK(access(below_root("/f"), F_OK) != 0);
	end_files();
}

TEST(an_owner_is_set)
{
	struct vmc_file_piece piece;
	struct stat file;

	if (geteuid() != 0)
		SKIP("needs root");
	begin_files();
	piece = whole(below_root("/f"), "x", 1);
	piece.uid = 1234;
	piece.gid = 5678;
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	CHECK_EQ_INT(stat(below_root("/f"), &file), 0);
	CHECK_EQ_INT(file.st_uid, 1234);
	CHECK_EQ_INT(file.st_gid, 5678);
	piece.uid = piece.gid = -1;
	CHECK_EQ_INT(copy(&piece), VMC_OK);
	end_files();
}

TESTS(RUN(a_file_arrives_with_its_mode_and_directories)
	      RUN(an_empty_file_is_one_too) RUN(
		      pieces_make_a_file_that_is_there_when_it_is_whole)
		      RUN(what_was_begun_before_leaves_nothing_in_a_file)
			      RUN(a_piece_without_those_before_it_is_refused)
				      RUN(a_path_leads_below_its_directory)
					      RUN(no_link_is_followed) RUN(
						      numbers_are_checked)
						      RUN(an_owner_is_set))
