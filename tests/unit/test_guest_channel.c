/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The byte pipe to the host: what was read is taken whole, and who is new is
 * seen.
 */
#include "test.h"

#include "guest_channel.h"
#include "hex.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static struct vmc_guest_channel channel;
static struct vmc_port port;
static int host;
static uint8_t bytes[8192];

static void begin(void)
{
	int fds[2];

	CHECK_EQ_INT(
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, fds), 0);
	host = fds[0];
	vmc_guest_channel_init(&channel, fds[1]);
	port = vmc_guest_channel_port(&channel);
}

static void end(void)
{
	close(host);
	close(channel.fd);
}

static void say(const char *hex)
{
	size_t len = from_hex(hex, bytes);

	CHECK_EQ_INT(send(host, bytes, len, 0), len);
}

static enum vmc_status take(size_t cap, size_t *len)
{
	*len = 0;
	return port.ops->recv(port.ctx, channel.fd, bytes, cap, len, NULL);
}

/* Of a Request: grpc.Health and Check. */
#define HEALTH "0a0b677270632e4865616c7468 1205436865636b"

TEST(what_was_read_is_taken_before_more_is_read)
{
	size_t len;

	begin();
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_QUIET);
	CHECK_EQ_INT(take(10, &len), VMC_AGAIN);
	say("010203");
	say("0405");
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(take(2, &len), VMC_OK);
	CHECK_EQ_INT(len, 2);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(take(10, &len), VMC_OK);
	CHECK_EQ_INT(len, 1);
	CHECK_EQ_INT(bytes[0], 3);
	CHECK_EQ_INT(take(10, &len), VMC_AGAIN);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_BYTES);
	vmc_guest_channel_drop(&channel);
	CHECK_EQ_INT(take(10, &len), VMC_AGAIN);
	end();
}

static enum vmc_guest_channel_news news_of(const char *hex)
{
	enum vmc_guest_channel_news news;

	say(hex);
	news = vmc_guest_channel_look(&channel);
	vmc_guest_channel_drop(&channel);
	return news;
}

TEST(a_first_request_is_a_newcomer_s)
{
	begin();
	CHECK_EQ_INT(news_of("00000014 00000001 01 00" HEALTH),
		     VMC_GUEST_CHANNEL_NEWCOMER);
	/* a header by itself */
	CHECK_EQ_INT(news_of("00000014 00000001 01 00"),
		     VMC_GUEST_CHANNEL_NEWCOMER);
	/* the third stream; a response; a flag; no length */
	CHECK_EQ_INT(news_of("00000014 00000003 01 00" HEALTH),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000014 00000001 02 00" HEALTH),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000014 00000001 01 01" HEALTH),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000000 00000001 01 00"),
		     VMC_GUEST_CHANNEL_BYTES);
	/* another service, no service, cut short */
	CHECK_EQ_INT(news_of("00000014 00000001 01 00 0a0b"
			     "777270632e4865616c7468 1205436865636b"),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000014 00000001 01 00 1205436865636b"),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000014 00000001 01 00 0a0b677270632e"),
		     VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(news_of("00000014 00000001 01"), VMC_GUEST_CHANNEL_BYTES);
	end();
}

TEST(a_newcomer_is_new_once)
{
	size_t len;

	begin();
	say("00000014 00000001 01 00" HEALTH);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel),
		     VMC_GUEST_CHANNEL_NEWCOMER);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_BYTES);
	CHECK_EQ_INT(take(100, &len), VMC_OK);
	CHECK_EQ_INT(len, 30);
	end();
}

TEST(who_hangs_up_is_gone)
{
	begin();
	close(host);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_GONE);
	CHECK_EQ_INT(vmc_guest_channel_look(&channel), VMC_GUEST_CHANNEL_GONE);
	host = -1;
	end();
}

TEST(what_is_sent_is_gathered)
{
	static uint8_t large[VMC_GUEST_CHANNEL_SIZE];
	struct vmc_view parts[3] = { { (const uint8_t *)"ab", 2 },
				     { NULL, 0 },
				     { large, sizeof(large) } };
	size_t len = 0;

	begin();
	CHECK_EQ_INT(port.ops->send(port.ctx, channel.fd, parts, 3, NULL, &len),
		     VMC_OK);
	CHECK_EQ_INT(len, VMC_GUEST_CHANNEL_SIZE);
	CHECK_EQ_INT(recv(host, bytes, sizeof(bytes), 0),
		     VMC_GUEST_CHANNEL_SIZE);
	CHECK_EQ_MEM(bytes, "ab\0", 3);
	while (port.ops->send(port.ctx, channel.fd, parts, 3, NULL, &len) ==
	       VMC_OK)
		;
	CHECK_EQ_INT(errno, EAGAIN);
	port.ops->close(port.ctx, channel.fd); /* it is there for the next */
	CHECK(fcntl(channel.fd, F_GETFD) >= 0);
	end();
}

TESTS(RUN(what_was_read_is_taken_before_more_is_read)
	      RUN(a_first_request_is_a_newcomer_s) RUN(a_newcomer_is_new_once)
		      RUN(who_hangs_up_is_gone) RUN(what_is_sent_is_gathered))
