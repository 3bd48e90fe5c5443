/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of agents. A hybrid vsock is a Unix socket of the VMM that passes
 * connections on to the guest: it is told a port in a line, and answers with
 * a line (Firecracker's docs/vsock.md, "Host-Initiated Connections"). Nothing
 * of ttrpc comes before that: its server speaks when it is spoken to.
 */
#include "agent_dial.h"

#include "../base/text.h"

#include <string.h>

#define HYBRID "hvsock://"
#define VSOCK "vsock://"
#define UNIX "unix:"

/* As long as Kata's runtime waits for a hybrid vsock's answer. */
#define ANSWER_TIMEOUT_MS 10000

/* How often it is looked whether a vsock is connected. */
#define LOOK_MS 5

/* Longest answer that is looked at: "OK 1073741824\n" is 14. */
#define ANSWER_MAX 64

/* "CONNECT 4294967295\n" and a NUL. */
#define HELLO_SIZE 24

static int begins_with(struct vmc_view view, const char *prefix)
{
	struct vmc_view begin = { view.ptr, strlen(prefix) };

	return view.ptr_len >= begin.ptr_len && vmc_view_is(begin, prefix);
}

static enum vmc_status send_hello(struct vmc_channel *channel)
{
	const struct vmc_port *port = &channel->config.port;
	char hello[HELLO_SIZE];
	struct vmc_view part = { (const uint8_t *)hello, 0 };
	struct vmc_text text;
	enum vmc_status status;
	size_t len = 0;

	vmc_text_init(&text, hello, sizeof(hello));
	vmc_text_add(&text, "CONNECT ");
	vmc_text_add_number(&text, channel->config.greet_port);
	hello[text.len] = '\n'; /* in place of the NUL; texts have no lines */
	part.ptr_len = text.len + 1;
	status = port->ops->send(port->ctx, channel->pump.stream, &part, 1,
				 NULL, &len);
	if (status == VMC_OK && len < part.ptr_len)
		return VMC_ERR_LOST; /* a new socket takes more than that */
	return status;
}

/* The answer's line, as far as it has come, lies in the window, which is
 * nobody's yet. */
static enum vmc_status judge(const struct vmc_channel *channel)
{
	const uint8_t *line = channel->config.window;
	size_t len = channel->greeting.len, i;

	for (i = 0; i + 1 < len; i++)
		if (line[i] == 'O' && line[i + 1] == 'K')
			return VMC_OK;
	return VMC_ERR_NO_SERVER;
}

/* A byte at a time: what comes after the line is ttrpc. */
static enum vmc_status recv_answer(struct vmc_channel *channel)
{
	const struct vmc_port *port = &channel->config.port;
	uint8_t *line = channel->config.window;
	struct vmc_channel_greeting *greeting = &channel->greeting;
	enum vmc_status status;
	size_t len;

	while (greeting->len < ANSWER_MAX) {
		status = port->ops->recv(port->ctx, channel->pump.stream,
					 line + greeting->len, 1, &len, NULL);
		if (status == VMC_CLOSED)
			return VMC_ERR_NO_SERVER;
		if (status)
			return status;
		if (line[greeting->len++] == '\n')
			return judge(channel);
	}
	return VMC_ERR_NO_SERVER;
}

static enum vmc_status step_hello(struct vmc_channel *channel, uint64_t now_ms)
{
	enum vmc_status status = VMC_OK;

	if (channel->greeting.until_ms == 0) {
		status = send_hello(channel);
		if (status == VMC_OK)
			channel->greeting.until_ms = now_ms + ANSWER_TIMEOUT_MS;
	}
	return status ? status : recv_answer(channel);
}

static enum vmc_status refused(struct vmc_channel *channel)
{
	vmc_error_reset(&channel->error);
	return vmc_error_set(&channel->error, VMC_ERR_NO_SERVER,
			     "hybrid vsock does not answer OK",
			     channel->config.endpoint);
}

/* see vmcache/client.h */
static enum vmc_status greet_hybrid(struct vmc_channel *channel,
				    struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_channel_greeting *greeting = &channel->greeting;
	enum vmc_status status;

	if (greeting->done)
		return VMC_OK;
	status = step_hello(channel, now_ms);
	if (status == VMC_AGAIN && now_ms < greeting->until_ms) {
		vmc_task_until(task, greeting->until_ms);
		return VMC_AGAIN;
	}
	if (status)
		return refused(channel);
	greeting->done = 1;
	return VMC_OK;
}

/* A vsock's connection may be under way yet. Nothing can be sent in nothing,
 * which a port refuses once it could be sent. see vmcache/client.h */
static enum vmc_status greet_vsock(struct vmc_channel *channel,
				   struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_port *port = &channel->config.port;
	struct vmc_view nothing = { channel->config.window, 0 };
	enum vmc_status status = VMC_ERR_ARGUMENT;
	size_t len;

	if (!channel->greeting.done)
		status = port->ops->send(port->ctx, channel->pump.stream,
					 &nothing, 1, NULL, &len);
	if (status == VMC_AGAIN) {
		vmc_task_until(task, now_ms + LOOK_MS);
		return VMC_AGAIN;
	}
	channel->greeting.done = status == VMC_ERR_ARGUMENT;
	return channel->greeting.done ? VMC_OK : VMC_ERR_NO_SERVER;
}

/* The port behind the last ':'; 0 if there is none. */
static uint32_t take_port(struct vmc_view *url)
{
	uint64_t port = 0, unit = 1;
	size_t len = url->ptr_len;

	while (len > 0 && url->ptr[len - 1] >= '0' &&
	       url->ptr[len - 1] <= '9' && unit <= UINT32_MAX) {
		port += unit * (uint64_t)(url->ptr[--len] - '0');
		unit *= 10;
	}
	if (len == 0 || url->ptr[len - 1] != ':' || port > UINT32_MAX)
		return 0;
	url->ptr_len = len - 1;
	return (uint32_t)port;
}

static enum vmc_status not_an_address(struct vmc_view url,
				      struct vmc_error *error)
{
	char words[VMC_URL_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add_view(&text, url);
	return vmc_error_set(error, VMC_ERR_ARGUMENT,
			     "agent's address is none of unix:PATH, "
			     "vsock://CID:PORT, hvsock://PATH:PORT",
			     words);
}

static enum vmc_status parse_hybrid(struct vmc_view url,
				    char dial[VMC_URL_SIZE],
				    struct vmc_channel_config *config,
				    struct vmc_error *error)
{
	struct vmc_view path = url;
	struct vmc_text text;

	config->greet_port = take_port(&path);
	path.ptr += strlen(HYBRID);
	path.ptr_len -= strlen(HYBRID);
	if (config->greet_port == 0 || path.ptr_len == 0)
		return not_an_address(url, error);
	config->greet = greet_hybrid;
	vmc_text_init(&text, dial, VMC_URL_SIZE);
	vmc_text_add(&text, UNIX);
	vmc_text_add_view(&text, path);
	return VMC_OK;
}

/* see agent_dial.h */
enum vmc_status vmc_agent_dial_parse(struct vmc_view url,
				     char dial[VMC_URL_SIZE],
				     struct vmc_channel_config *config,
				     struct vmc_error *error)
{
	if (url.ptr_len >= VMC_URL_SIZE)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "agent's address does not fit "
					    "VMC_URL_SIZE",
					    VMC_URL_SIZE);
	if (begins_with(url, HYBRID))
		return parse_hybrid(url, dial, config, error);
	if (!begins_with(url, UNIX) && !begins_with(url, VSOCK) &&
	    !begins_with(url, "/"))
		return not_an_address(url, error);
	if (begins_with(url, VSOCK))
		config->greet = greet_vsock;
	memcpy(dial, url.ptr, url.ptr_len);
	dial[url.ptr_len] = '\0';
	return VMC_OK;
}
