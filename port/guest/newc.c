/* SPDX-License-Identifier: Apache-2.0 */
/*
 * newc: writes an initramfs (the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst), so that
 * `make guest` needs no cpio(1). Runs on the machine that builds.
 *
 * Reads a list from standard input, a line an entry, and writes the archive
 * to standard output:
 *
 *	dir  MODE PATH
 *	file MODE PATH SOURCE
 *	link PATH TARGET
 *	node MODE PATH MAJOR MINOR
 *
 * Directories come before what is in them. All is root's, of 1970, and
 * numbered as it comes: the same list makes the same bytes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_SIZE 1024
#define WORD_MAX 5
#define PIECE_SIZE 65536
#define BLOCK 4 /* what names and contents are padded to */
#define END_NAME "TRAILER!!!"

struct entry {
	uint32_t mode, size, major, minor;
	const char *path;
};

static uint32_t inode;

static int fail(const char *what, const char *detail)
{
	fprintf(stderr, "newc: %s: %s\n", what, detail);
	return -1;
}

static int put(const void *bytes, size_t len)
{
	return fwrite(bytes, 1, len, stdout) == len ?
		       0 :
		       fail("cannot write", strerror(errno));
}

static int pad(size_t len)
{
	return put("\0\0\0", (BLOCK - len % BLOCK) % BLOCK);
}

static int put_head(const struct entry *entry)
{
	size_t name_len = strlen(entry->path) + 1;
	int len = printf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X"
			 "%08X%08X%s",
			 ++inode, entry->mode, 0u, 0u, 1u, 0u, entry->size, 0u,
			 0u, entry->major, entry->minor, (unsigned)name_len, 0u,
			 entry->path);

	if (len < 0 || put("", 1))
		return -1;
	return pad((size_t)len + 1);
}

static uint32_t octal(const char *text)
{
	uint32_t number = 0;

	for (; *text >= '0' && *text <= '7'; text++)
		number = number * 8 + (uint32_t)(*text - '0');
	return number;
}

static uint32_t decimal(const char *text)
{
	uint32_t number = 0;

	for (; *text >= '0' && *text <= '9'; text++)
		number = number * 10 + (uint32_t)(*text - '0');
	return number;
}

static int copy(int fd, uint32_t left)
{
	static uint8_t piece[PIECE_SIZE];
	ssize_t len;

	while (left > 0) {
		len = read(fd, piece, left < PIECE_SIZE ? left : PIECE_SIZE);
		if (len <= 0)
			return -1;
		if (put(piece, (size_t)len))
			return -1;
		left -= (uint32_t)len;
	}
	return 0;
}

static int put_file(const char *mode, const char *path, const char *source)
{
	struct entry entry = { .mode = S_IFREG | octal(mode), .path = path };
	int fd = open(source, O_RDONLY);
	struct stat file;
	int failed;

	if (fd < 0 || fstat(fd, &file) != 0 || file.st_size > INT32_MAX) {
		if (fd >= 0)
			close(fd);
		return fail(source, strerror(errno));
	}
	entry.size = (uint32_t)file.st_size;
	failed = put_head(&entry) || copy(fd, entry.size) || pad(entry.size);
	close(fd);
	return failed ? fail("cannot copy", source) : 0;
}

static int put_link(const char *path, const char *target)
{
	struct entry entry = { .mode = S_IFLNK | 0777,
			       .size = (uint32_t)strlen(target),
			       .path = path };

	return put_head(&entry) || put(target, entry.size) || pad(entry.size);
}

static int put_node(const char *mode, const char *path, const char *major,
		    const char *minor)
{
	struct entry entry = { .mode = S_IFCHR | octal(mode),
			       .major = decimal(major),
			       .minor = decimal(minor),
			       .path = path };

	return put_head(&entry);
}

static int put_directory(const char *mode, const char *path)
{
	struct entry entry = { .mode = S_IFDIR | octal(mode), .path = path };

	return put_head(&entry);
}

static int split(char *line, char **word)
{
	int count = 0;

	line[strcspn(line, "\n")] = '\0';
	while (count < WORD_MAX) {
		line += strspn(line, " \t");
		if (!*line)
			break;
		word[count++] = line;
		line += strcspn(line, " \t");
		if (*line)
			*line++ = '\0';
	}
	return count;
}

static int put_line(char *line)
{
	char *word[WORD_MAX];
	int count = split(line, word);

	if (count == 0)
		return 0;
	if (count == 3 && strcmp(word[0], "dir") == 0)
		return put_directory(word[1], word[2]);
	if (count == 4 && strcmp(word[0], "file") == 0)
		return put_file(word[1], word[2], word[3]);
	if (count == 3 && strcmp(word[0], "link") == 0)
		return put_link(word[1], word[2]);
	if (count == 5 && strcmp(word[0], "node") == 0)
		return put_node(word[1], word[2], word[3], word[4]);
	return fail("cannot read the entry", word[0]);
}

int main(void)
{
	struct entry end = { .path = END_NAME };
	char line[LINE_SIZE];

	while (fgets(line, sizeof(line), stdin))
		if (put_line(line))
			return 1;
	if (put_head(&end) || fflush(stdout) != 0)
		return 1;
	return 0;
}
