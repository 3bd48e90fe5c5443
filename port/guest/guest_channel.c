/* SPDX-License-Identifier: Apache-2.0 */
/* The byte pipe to the host (see guest_channel.h). */
#include "guest_channel.h"

#include "../../src/base/cursor.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Of ttrpc's header and of its Request, whose first field is the service. */
#define HEADER_SIZE 10
#define TYPE_REQUEST 1
#define FIRST_STREAM 1
#define TAG_SERVICE 0x0a
#define TAG_METHOD 0x12
#define SERVICES "grpc."

/* see guest_channel.h */
void vmc_guest_channel_init(struct vmc_guest_channel *channel, int fd)
{
	channel->fd = fd;
	channel->at = channel->len = 0;
	channel->full = channel->amid = channel->whole = 0;
}

static int is_one_frame(struct vmc_view bytes)
{
	struct vmc_reader r;
	uint32_t len;

	vmc_reader_init(&r, bytes);
	len = vmc_take_be32(&r);
	return !r.fail && bytes.ptr_len == HEADER_SIZE + (size_t)len;
}

/* 1 if the bytes begin with the first request of a client of the agent's. */
static int begins_anew(struct vmc_view bytes)
{
	struct vmc_view service;
	struct vmc_reader r;
	size_t len = strlen(SERVICES);

	vmc_reader_init(&r, bytes);
	if (vmc_take_be32(&r) == 0 || vmc_take_be32(&r) != FIRST_STREAM ||
	    vmc_take_u8(&r) != TYPE_REQUEST || vmc_take_u8(&r) != 0 || r.fail)
		return 0;
	if (r.left == 0)
		return 1; /* some write the header by itself */
	if (vmc_take_u8(&r) != TAG_SERVICE)
		return 0;
	service = vmc_take_bytes(&r, vmc_take_u8(&r));
	return vmc_take_u8(&r) == TAG_METHOD && service.ptr_len > len &&
	       memcmp(service.ptr, SERVICES, len) == 0;
}

/* see guest_channel.h */
enum vmc_guest_channel_news
vmc_guest_channel_look(struct vmc_guest_channel *channel)
{
	struct vmc_view bytes = { channel->in, 0 };
	ssize_t len;

	if (channel->at < channel->len)
		return VMC_GUEST_CHANNEL_BYTES;
	do
		len = read(channel->fd, channel->in, sizeof(channel->in));
	while (len < 0 && errno == EINTR);
	if (len < 0 && errno == EAGAIN)
		return VMC_GUEST_CHANNEL_QUIET;
	if (len <= 0)
		return VMC_GUEST_CHANNEL_GONE;
	channel->at = 0;
	channel->len = (uint32_t)len;
	bytes.ptr_len = (size_t)len;
	channel->amid = channel->full;
	channel->full = bytes.ptr_len == sizeof(channel->in);
	channel->whole = (uint8_t)is_one_frame(bytes);
	return begins_anew(bytes) ? VMC_GUEST_CHANNEL_NEWCOMER :
				    VMC_GUEST_CHANNEL_BYTES;
}

/* see guest_channel.h */
void vmc_guest_channel_drop(struct vmc_guest_channel *channel)
{
	channel->at = channel->len = 0;
}

/*
 * The stream
 */

static enum vmc_status receive(void *ctx, vmc_handle stream, uint8_t *buf,
			       size_t cap, size_t *len,
			       struct vmc_handles *handles)
{
	struct vmc_guest_channel *channel = ctx;
	size_t left = channel->len - channel->at;

	(void)stream;
	(void)handles;
	if (left == 0)
		return VMC_AGAIN;
	if (left > cap)
		left = cap;
	memcpy(buf, channel->in + channel->at, left);
	channel->at += (uint32_t)left;
	*len = left;
	return VMC_OK;
}

/* As many of the first bytes as fit. */
static size_t gather(struct vmc_guest_channel *channel,
		     const struct vmc_view *parts, size_t parts_len)
{
	size_t len = 0, i, part;

	for (i = 0; i < parts_len && len < sizeof(channel->out); i++) {
		part = parts[i].ptr_len;
		if (part > sizeof(channel->out) - len)
			part = sizeof(channel->out) - len;
		if (part > 0)
			memcpy(channel->out + len, parts[i].ptr, part);
		len += part;
	}
	return len;
}

/* A large write needs a large buffer of the kernel's, in one piece; when
 * there is none, a page will do. */
static ssize_t write_once(int fd, const uint8_t *bytes, size_t len)
{
	ssize_t sent = write(fd, bytes, len);

	if (sent < 0 && errno == ENOMEM && len > VMC_GUEST_CHANNEL_SIZE)
		sent = write(fd, bytes, VMC_GUEST_CHANNEL_SIZE);
	return sent;
}

static enum vmc_status send_some(void *ctx, vmc_handle stream,
				 const struct vmc_view *parts, size_t parts_len,
				 const struct vmc_handles *handles, size_t *len)
{
	struct vmc_guest_channel *channel = ctx;
	struct vmc_view first = parts[0];
	ssize_t sent;

	(void)stream;
	(void)handles;
	if (first.ptr_len < sizeof(channel->out)) {
		first.ptr_len = gather(channel, parts, parts_len);
		first.ptr = channel->out;
	}
	do
		sent = write_once(channel->fd, first.ptr, first.ptr_len);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return errno == EAGAIN ? VMC_AGAIN : VMC_ERR_LOST;
	if (sent == 0)
		return VMC_AGAIN;
	*len = (size_t)sent;
	return VMC_OK;
}

/* It stays open for whoever is next. */
static void close_nothing(void *ctx, vmc_handle handle)
{
	(void)ctx;
	(void)handle;
}

static const struct vmc_port_ops channel_ops = {
	.name = "channel",
	.recv = receive,
	.send = send_some,
	.shutdown = close_nothing,
	.close = close_nothing,
};

/* see guest_channel.h */
struct vmc_port vmc_guest_channel_port(struct vmc_guest_channel *channel)
{
	struct vmc_port port = { &channel_ops, channel };

	return port;
}
