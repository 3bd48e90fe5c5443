/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's randomness (random(4)). Guests that were cloned from one have
 * the same: a seed of their own must not only be mixed in (which a write
 * does) but be believed in and be taken up at once.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* <linux/random.h>, which musl does not bring: struct rand_pool_info is two
 * ints and the bytes. */
#define ADD_ENTROPY _IOW('R', 0x03, int[2])
#define RESEED _IO('R', 0x07)

/* What is credited at once; more is done in pieces. Of Kata's 512 bytes. */
#define PIECE_SIZE 512

struct pool_info {
	int bits, bytes_len;
	uint8_t bytes[PIECE_SIZE];
};

static int open_random(int *fd)
{
	*fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);
	return *fd < 0 ? errno : 0;
}

static int write_all(int fd, struct vmc_view data)
{
	ssize_t len;

	while (data.ptr_len > 0) {
		len = write(fd, data.ptr, data.ptr_len);
		if (len < 0 && errno != EINTR)
			return errno;
		if (len > 0) {
			data.ptr += len;
			data.ptr_len -= (size_t)len;
		}
	}
	return 0;
}

/* see guest.h */
int vmc_guest_write_entropy(struct vmc_view data)
{
	int fd, number = open_random(&fd);

	if (number)
		return number;
	number = write_all(fd, data);
	close(fd);
	return number;
}

static int credit(int fd, struct vmc_view data)
{
	struct pool_info info;
	int number = 0;
	size_t len;

	while (data.ptr_len > 0 && number == 0) {
		len = data.ptr_len < PIECE_SIZE ? data.ptr_len : PIECE_SIZE;
		info.bits = (int)len * 8;
		info.bytes_len = (int)len;
		memcpy(info.bytes, data.ptr, len);
		if (ioctl(fd, ADD_ENTROPY, &info) != 0)
			number = errno;
		data.ptr += len;
		data.ptr_len -= len;
	}
	explicit_bzero(info.bytes, sizeof(info.bytes)); /* a secret now */
	return number;
}

/* see guest.h */
int vmc_guest_credit_entropy(struct vmc_view data)
{
	int fd, number = open_random(&fd);

	if (number)
		return number;
	number = credit(fd, data);
	close(fd);
	return number;
}

/* Kernels before 4.17 have no such call, and none that is needed: there,
 * what is credited is taken up. */
int vmc_guest_reseed(void)
{
	int fd, number = open_random(&fd);

	if (number)
		return number;
	if (ioctl(fd, RESEED) != 0)
		number = errno == ENOTTY || errno == EINVAL ? 0 : errno;
	close(fd);
	return number;
}

static enum vmc_status seed(struct vmc_agent *agent, struct vmc_view data)
{
	const struct vmc_guest_system *system =
		vmc_guest_of(agent)->config.system;
	int number;

	if (data.ptr_len == 0)
		return vmc_error_set(agent->error, VMC_ERR_ARGUMENT,
				     "missing entropy data", NULL);
	number = system->write_entropy(data);
	if (number)
		return vmc_guest_error(agent, number, "cannot write to",
				       "/dev/urandom");
	number = system->credit_entropy(data);
	if (number)
		return vmc_guest_error(agent, number, "ioctl RNDADDENTROPY on",
				       "/dev/urandom");
	number = system->reseed();
	if (number)
		return vmc_guest_error(agent, number, "ioctl RNDRESEEDCRNG on",
				       "/dev/urandom");
	return VMC_OK;
}

/* see guest.h */
enum vmc_status vmc_guest_reseed_rng(struct vmc_agent *agent,
				     struct vmc_view data,
				     struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	return vmc_task_end(task, seed(agent, data));
}
