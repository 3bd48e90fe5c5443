/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and entropy. */
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* see vmcache_posix.h */
uint64_t vmc_posix_now_us(void)
{
	struct timespec now = { 0, 0 };

	/* It cannot fail: the clock exists wherever POSIX timers do. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* see vmcache_posix.h */
uint64_t vmc_posix_now_ms(void)
{
	return vmc_posix_now_us() / 1000;
}

static uint64_t env_now_ms(void *ctx)
{
	(void)ctx;
	return vmc_posix_now_ms();
}

static enum vmc_status env_wall(void *ctx, struct vmc_wall *wall)
{
	struct timespec now;

	(void)ctx;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return VMC_ERR_UNSUPPORTED;
	wall->seconds = now.tv_sec;
	wall->microseconds = (uint32_t)(now.tv_nsec / 1000);
	return VMC_OK;
}

static enum vmc_status read_all(int fd, uint8_t *buf, size_t buf_len)
{
	while (buf_len > 0) {
		ssize_t len = read(fd, buf, buf_len);

		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return VMC_ERR_IO;
		buf += len;
		buf_len -= (size_t)len;
	}
	return VMC_OK;
}

static enum vmc_status env_entropy(void *ctx, void *buf, size_t buf_len)
{
	int fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	enum vmc_status status;

	(void)ctx;
	if (fd < 0)
		return VMC_ERR_IO;
	status = read_all(fd, buf, buf_len);
	close(fd);
	return status;
}

/* see vmcache_posix.h */
struct vmc_env vmc_posix_env(void)
{
	struct vmc_env env = {
		.now_ms = env_now_ms,
		.wall = env_wall,
		.entropy = env_entropy,
	};

	return env;
}
