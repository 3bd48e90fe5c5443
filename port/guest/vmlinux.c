/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmlinux: takes the kernel proper out of a bzImage. QEMU boots it by its PVH
 * entry, and the guest need not unpack it first: a sixth of an emulated boot.
 * Runs on the machine that builds.
 *
 *	vmlinux BZIMAGE OUT
 *
 * Of compressions, LZ4 is known, as Debian's kernels have it (its legacy
 * frame: blocks with their lengths before them). Exits with 3 for another.
 *
 * The header is that of the kernel's Documentation/x86/boot.rst.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define HEADER_MAGIC_AT 0x202
#define HEADER_MAGIC "HdrS"
#define SECTORS_AT 0x1f1
#define PAYLOAD_AT 0x248
#define PAYLOAD_LEN_AT 0x24c
#define HEADER_SIZE 0x250

#define LZ4_MAGIC 0x184c2102u
#define LZ4_SHORTEST 4 /* of a match */
#define LZ4_MORE 15    /* the length goes on in further bytes */
#define LZ4_MORE_BYTE 255

#define EXIT_OTHER 3

/* Bytes that are read or written, in their bounds. */
struct bytes {
	uint8_t *at, *end;
};

static int fail(const char *what, const char *detail)
{
	fprintf(stderr, "vmlinux: %s: %s\n", what, detail);
	return 1;
}

static size_t left(const struct bytes *bytes)
{
	return (size_t)(bytes->end - bytes->at);
}

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/*
 * LZ4
 */

/* What follows a length of 15 in a token. */
static int take_length(struct bytes *in, size_t *length)
{
	uint8_t byte;

	if (*length != LZ4_MORE)
		return 0;
	do {
		if (left(in) == 0)
			return -1;
		byte = *in->at++;
		*length += byte;
	} while (byte == LZ4_MORE_BYTE);
	return 0;
}

static int take_literals(struct bytes *in, struct bytes *out, size_t length)
{
	if (take_length(in, &length) || length > left(in) || length > left(out))
		return -1;
	memcpy(out->at, in->at, length);
	in->at += length;
	out->at += length;
	return 0;
}

/* What came `offset` bytes before, which may overlap with what comes. */
static int take_match(struct bytes *in, struct bytes *out, const uint8_t *begin,
		      size_t length)
{
	size_t offset;

	if (left(in) < 2)
		return -1;
	offset = (size_t)(in->at[0] | in->at[1] << 8);
	in->at += 2;
	if (take_length(in, &length))
		return -1;
	length += LZ4_SHORTEST;
	if (offset == 0 || offset > (size_t)(out->at - begin) ||
	    length > left(out))
		return -1;
	for (; length > 0; length--, out->at++)
		*out->at = *(out->at - offset);
	return 0;
}

/* A block ends with literals. */
static int unpack_block(struct bytes in, struct bytes *out)
{
	const uint8_t *begin = out->at;
	uint8_t token;

	while (left(&in) > 0) {
		token = *in.at++;
		if (take_literals(&in, out, token >> 4))
			return -1;
		if (left(&in) == 0)
			return 0;
		if (take_match(&in, out, begin, token & LZ4_MORE))
			return -1;
	}
	return -1;
}

static int unpack(struct bytes in, struct bytes *out)
{
	struct bytes block;
	uint32_t size;

	in.at += sizeof(uint32_t); /* the magic */
	while (left(&in) >= sizeof(size) && left(out) > 0) {
		size = le32(in.at);
		in.at += sizeof(size);
		if (size > left(&in))
			return -1;
		block.at = in.at;
		block.end = in.at + size;
		if (unpack_block(block, out))
			return -1;
		in.at += size;
	}
	return left(out) == 0 ? 0 : -1;
}

/*
 * Files
 */

static int map_input(const char *path, struct bytes *image)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat file;
	void *mapped;

	if (fd < 0 || fstat(fd, &file) != 0)
		return fail(path, strerror(errno));
	if (file.st_size < HEADER_SIZE)
		return fail(path, "too short for a kernel");
	mapped =
		mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (mapped == MAP_FAILED)
		return fail(path, strerror(errno));
	close(fd);
	image->at = mapped;
	image->end = image->at + file.st_size;
	return 0;
}

static int map_output(const char *path, size_t size, struct bytes *out)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	void *mapped;

	if (fd < 0 || ftruncate(fd, (off_t)size) != 0)
		return fail(path, strerror(errno));
	mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mapped == MAP_FAILED)
		return fail(path, strerror(errno));
	close(fd);
	out->at = mapped;
	out->end = out->at + size;
	return 0;
}

/* The compressed kernel in a bzImage; its last four bytes are the length of
 * what it unpacks to. */
static int find_payload(const struct bytes *image, struct bytes *payload)
{
	size_t sectors = image->at[SECTORS_AT] ? image->at[SECTORS_AT] : 4;
	size_t begin = (sectors + 1) * SECTOR + le32(image->at + PAYLOAD_AT);
	size_t len = le32(image->at + PAYLOAD_LEN_AT);

	if (memcmp(image->at + HEADER_MAGIC_AT, HEADER_MAGIC,
		   sizeof(HEADER_MAGIC) - 1) != 0)
		return -1;
	if (begin > left(image) || len > left(image) - begin ||
	    len < 2 * sizeof(uint32_t))
		return -1;
	payload->at = image->at + begin;
	payload->end = payload->at + len;
	return 0;
}

int main(int argc, char **argv)
{
	struct bytes image, payload, out;
	size_t size;

	if (argc != 3)
		return fail("usage", "vmlinux BZIMAGE OUT");
	if (map_input(argv[1], &image))
		return 1;
	if (find_payload(&image, &payload))
		return fail(argv[1], "not a bzImage");
	if (le32(payload.at) != LZ4_MAGIC) {
		fail(argv[1], "compressed by something else than LZ4");
		return EXIT_OTHER;
	}
	payload.end -= sizeof(uint32_t);
	size = le32(payload.end);
	if (size == 0 || map_output(argv[2], size, &out))
		return fail(argv[1], "no kernel in it");
	if (unpack(payload, &out) == 0)
		return 0;
	unlink(argv[2]);
	return fail(argv[1], "broken");
}
