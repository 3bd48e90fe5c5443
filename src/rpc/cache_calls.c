/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four calls of cache.CacheService. Their requests are empty; a reply
 * is read as soon as it is there, so only its views stay in the window.
 */
#include "vmcache/client.h"

#include "../wire/pbio.h"
#include "channel.h"

#define SERVICE "cache.CacheService"

static const struct vmc_view no_payload = { NULL, 0 };

/* see vmcache/client.h */
enum vmc_status vmc_cache_fetch_status(struct vmc_channel *channel,
				       struct vmc_cache_status *status,
				       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result = vmc_channel_call(
		channel, SERVICE, "Status", no_payload, &reply, task, now_ms);

	if (result)
		return result;
	vmc_error_reset(&channel->error);
	return vmc_pbio_read_status(reply, status, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_fetch_config(struct vmc_channel *channel,
				       struct vmc_cache_config *config,
				       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result = vmc_channel_call(
		channel, SERVICE, "Config", no_payload, &reply, task, now_ms);

	if (result)
		return result;
	vmc_error_reset(&channel->error);
	return vmc_pbio_read_config(reply, config, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_get_base_vm(struct vmc_channel *channel,
				      struct vmc_cached_vm *vm,
				      struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result =
		vmc_channel_take(channel, SERVICE, "GetBaseVM", no_payload,
				 &reply, task, now_ms);

	if (result)
		return result;
	vmc_error_reset(&channel->error);
	return vmc_pbio_read_base_vm(reply, vm, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_quit(struct vmc_channel *channel,
			       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result = vmc_channel_call(
		channel, SERVICE, "Quit", no_payload, &reply, task, now_ms);

	if (result)
		return result;
	vmc_error_reset(&channel->error);
	result = vmc_pbio_read_empty(reply);
	if (result)
		return vmc_error_set(&channel->error, result, "Quit",
				     "reply cannot be read");
	return VMC_OK;
}
