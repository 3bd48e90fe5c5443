/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four calls of cache.CacheService. Their requests are empty; a reply
 * is read as soon as it is there, so only its views stay in the window.
 */
#include "vmcache/client.h"

#include "../wire/pbio.h"
#include "channel.h"

/* VMC_OK: the reply is there; the error is then about its content. */
static enum vmc_status ask(struct vmc_channel *channel, const char *method,
			   int takes, struct vmc_view *reply,
			   struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_channel_request request = {
		.asked = { .service = "cache.CacheService", .method = method },
		.takes = (uint8_t)takes,
	};
	enum vmc_status status =
		vmc_channel_request(channel, &request, reply, task, now_ms);

	if (status == VMC_OK)
		vmc_error_reset(&channel->error);
	return status;
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_fetch_status(struct vmc_channel *channel,
				       struct vmc_cache_status *status,
				       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result =
		ask(channel, "Status", 0, &reply, task, now_ms);

	if (result)
		return result;
	return vmc_pbio_read_status(reply, status, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_fetch_config(struct vmc_channel *channel,
				       struct vmc_cache_config *config,
				       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result =
		ask(channel, "Config", 0, &reply, task, now_ms);

	if (result)
		return result;
	return vmc_pbio_read_config(reply, config, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_get_base_vm(struct vmc_channel *channel,
				      struct vmc_cached_vm *vm,
				      struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result =
		ask(channel, "GetBaseVM", 1, &reply, task, now_ms);

	if (result)
		return result;
	return vmc_pbio_read_base_vm(reply, vm, &channel->error);
}

/* see vmcache/client.h */
enum vmc_status vmc_cache_quit(struct vmc_channel *channel,
			       struct vmc_task *task, uint64_t now_ms)
{
	struct vmc_view reply;
	enum vmc_status result = ask(channel, "Quit", 0, &reply, task, now_ms);

	if (result == VMC_OK && vmc_pbio_read_empty(reply))
		return vmc_error_set(&channel->error, VMC_ERR_MALFORMED, "Quit",
				     "reply cannot be read");
	return result;
}
