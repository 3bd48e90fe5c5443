/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and entropy (see vmcache_posix.h). */
#include "vmcache_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ms(void *ctx)
{
	struct vmc_posix_env_state *state = ctx;
	struct timespec time;
	uint64_t ms;

	if (clock_gettime(CLOCK_MONOTONIC, &time) != 0)
		return state->last_ms;
	ms = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
	if (ms > state->last_ms)
		state->last_ms = ms;
	return state->last_ms;
}

static enum vmc_status wall(void *ctx, struct vmc_wall *wall)
{
	struct timespec time;

	(void)ctx;
	if (clock_gettime(CLOCK_REALTIME, &time) != 0)
		return VMC_ERR_UNSUPPORTED;
	wall->seconds = time.tv_sec;
	wall->microseconds = (uint32_t)(time.tv_nsec / 1000);
	return VMC_OK;
}

/* Bytes put there, or -1. */
static ssize_t read_device(uint8_t *buf, size_t buf_len)
{
	int device = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	ssize_t len;

	if (device < 0)
		return -1;
	do
		len = read(device, buf, buf_len);
	while (len < 0 && errno == EINTR);
	close(device);
	return len;
}

static ssize_t read_some(uint8_t *buf, size_t buf_len)
{
	ssize_t len;

	do
		len = getrandom(buf, buf_len, GRND_NONBLOCK);
	while (len < 0 && errno == EINTR);
	return len < 0 && errno == ENOSYS ? read_device(buf, buf_len) : len;
}

static enum vmc_status read_all(uint8_t *at, size_t buf_len)
{
	ssize_t len;

	while (buf_len > 0) {
		len = read_some(at, buf_len);
		if (len <= 0)
			return VMC_ERR_IO;
		at += len;
		buf_len -= (size_t)len;
	}
	return VMC_OK;
}

/* Each byte is given once, and leaves nothing behind. */
static void take_stored(struct vmc_posix_env_state *state, void *buf,
			size_t buf_len)
{
	uint8_t *stored;

	state->stored_len -= (uint32_t)buf_len;
	stored = state->stored + state->stored_len;
	memcpy(buf, stored, buf_len);
	memset(stored, 0, buf_len);
}

static enum vmc_status entropy(void *ctx, void *buf, size_t buf_len)
{
	struct vmc_posix_env_state *state = ctx;
	enum vmc_status status;

	if (buf_len > VMC_POSIX_STORED_MAX)
		return read_all(buf, buf_len);
	if (state->stored_len < buf_len) {
		status = read_all(state->stored, sizeof(state->stored));
		if (status)
			return status;
		state->stored_len = sizeof(state->stored);
	}
	take_stored(state, buf, buf_len);
	return VMC_OK;
}

/* see vmcache_posix.h */
struct vmc_env vmc_posix_env(struct vmc_posix_env_state *state)
{
	struct vmc_env env = {
		.ctx = state,
		.now_ms = now_ms,
		.wall = wall,
		.entropy = entropy,
	};

	return env;
}
