/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache config: what the cached VMs were made with. For a person, one
 * line for each setting that is not empty, by its path in Kata's VMConfig:
 *
 *	HypervisorConfig.KernelPath  /boot/vmlinux
 */
#include <stdio.h>
#include <string.h>

#include "../../src/base/json_read.h"
#include "cli_call.h"
#include "cli_escape.h"
#include "cli_output.h"

/* A path that does not fit is shown without its last parts. */
#define PATH_SIZE 256

/* A walk through the members of nested objects. */
struct walk {
	struct vmc_json_reader json;
	size_t path_len[VMC_JSON_DEPTH_MAX + 1]; /* of each level's object */
	unsigned depth;
	char path[PATH_SIZE];
	int width; /* of the longest path */
	int print; /* or measure only */
};

static struct cli_call call;

static enum vmc_status fetch(struct vmc_cache_config *config)
{
	enum vmc_status status;

	CLI_CALL(status, &call,
		 vmc_cache_fetch_config(&call.channel, config, &call.task,
					cli_call_now(&call)));
	return status;
}

/* 0, "", false, null and []: what Go writes in place of nothing. */
static int is_nothing(struct vmc_view value)
{
	return vmc_view_is(value, "0") || vmc_view_is(value, "\"\"") ||
	       vmc_view_is(value, "false") || vmc_view_is(value, "null") ||
	       vmc_view_is(value, "[]");
}

/* Makes the path that of this member of the object we are in. */
static void set_key(struct walk *walk, struct vmc_view key)
{
	size_t at = walk->path_len[walk->depth];

	if (at && at + 1 < sizeof(walk->path))
		walk->path[at++] = '.';
	walk->path[at] = '\0';
	cli_escape(walk->path + at, sizeof(walk->path) - at,
		   (const char *)key.ptr, key.ptr_len, "");
}

static void print_value(struct vmc_view value)
{
	uint8_t character[4];
	size_t len;

	if (value.ptr[0] != '"') {
		cli_print_text(value);
		return;
	}
	value.ptr++;
	value.ptr_len -= 2;
	while ((len = vmc_json_text_next(&value, character)) > 0)
		cli_print_text((struct vmc_view){ character, len });
}

static void see_value(struct walk *walk)
{
	struct vmc_view value = vmc_json_take_value(&walk->json);
	int width = (int)strlen(walk->path);

	if (!value.ptr_len || is_nothing(value))
		return;
	if (width > walk->width)
		walk->width = width;
	if (!walk->print)
		return;
	printf("%-*s  ", walk->width, walk->path);
	print_value(value);
	putchar('\n');
}

static void see_member(struct walk *walk, struct vmc_view key)
{
	set_key(walk, key);
	if (vmc_json_peek(&walk->json) != VMC_JSON_OBJECT ||
	    walk->depth == VMC_JSON_DEPTH_MAX) {
		see_value(walk);
		return;
	}
	vmc_json_enter_object(&walk->json);
	walk->path_len[++walk->depth] = strlen(walk->path);
}

/* Goes through a document whose members' paths begin with `prefix`. */
static enum vmc_status see_document(struct walk *walk, const char *prefix,
				    struct vmc_view document)
{
	struct vmc_view key;

	vmc_json_reader_init(&walk->json, document);
	walk->depth = 0;
	walk->path_len[0] = strlen(prefix);
	memcpy(walk->path, prefix, walk->path_len[0] + 1);
	vmc_json_enter_object(&walk->json);
	for (;;) {
		if (vmc_json_next_member(&walk->json, &key))
			see_member(walk, key);
		else if (walk->json.fail || walk->depth == 0)
			break;
		else
			walk->depth--;
	}
	return vmc_json_end(&walk->json);
}

static enum vmc_status see_both(struct walk *walk,
				const struct vmc_cache_config *config)
{
	enum vmc_status status = see_document(walk, "", config->data);

	return status ? status :
			see_document(walk, "AgentConfig", config->agent_config);
}

static void print_json(const struct vmc_cache_config *config)
{
	printf("{\"data\":%.*s,\"agent_config\":%.*s}\n",
	       (int)config->data.ptr_len, (const char *)config->data.ptr,
	       (int)config->agent_config.ptr_len,
	       (const char *)config->agent_config.ptr);
}

/* A server of ours has checked it; another's may be anything. */
static enum cli_exit refuse(const struct walk *walk)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	return cli_call_failed(&call,
			       vmc_json_explain(&walk->json,
						"the server's configuration",
						&error),
			       &error);
}

static enum cli_exit print(struct vmc_cache_config *config)
{
	static struct walk walk;

	if (!config->data.ptr_len)
		config->data = vmc_view_of("{}");
	if (!config->agent_config.ptr_len)
		config->agent_config = vmc_view_of("{}");
	if (see_both(&walk, config))
		return refuse(&walk);
	if (cli_given(call.options, CLI_JSON)) {
		print_json(config);
		return cli_print_end(call.options);
	}
	walk.print = 1;
	if (see_both(&walk, config))
		return refuse(&walk);
	return cli_print_end(call.options);
}

/* see cli.h */
enum cli_exit cli_config(const struct cli_options *options)
{
	struct vmc_cache_config config;
	enum cli_exit code = cli_call_begin(&call, options, CLI_TIMEOUT_MS);
	enum vmc_status status;

	if (code != CLI_DONE)
		return code;
	status = fetch(&config);
	if (status)
		return cli_call_failed(&call, status,
				       vmc_channel_error(&call.channel));
	return print(&config);
}
