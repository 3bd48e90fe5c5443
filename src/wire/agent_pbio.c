/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages: lists of views and of numbers, and the guest's
 * details. Its network, requests and statistics: agent_pbio_*.c.
 *
 * A message has two functions here. fill_* makes the generated struct of a
 * public one: to be written, or to be read into; what is there already and
 * does not come stays, so that a message may come in parts, as protobuf has
 * it. keep_* puts what was read where it belongs.
 */
#include "agent_pbio.h"

#include <pb_encode.h>

#include "agent.pb.h"
#include "message_list.h"

#include <string.h>

/* -- Views and numbers ----------------------------------------------------- */

static bool read_view(struct vmc_reading *reading, struct vmc_view bytes,
		      void *element)
{
	struct vmc_view *view = element;

	(void)reading;
	*view = bytes;
	return true;
}

static bool write_view(pb_ostream_t *stream, const void *element)
{
	const struct vmc_view *view = element;

	return pb_write(stream, view->ptr, view->ptr_len);
}

static bool write_u32(pb_ostream_t *stream, const void *element)
{
	const struct vmc_list *list = element;
	const uint32_t *number = list->ptr;
	uint32_t i;

	for (i = 0; i < list->len; i++) {
		if (!pb_encode_varint(stream, number[i]))
			return false;
	}
	return true;
}

static bool write_u64(pb_ostream_t *stream, const void *element)
{
	const struct vmc_list *list = element;
	const uint64_t *number = list->ptr;
	uint32_t i;

	for (i = 0; i < list->len; i++) {
		if (!pb_encode_varint(stream, number[i]))
			return false;
	}
	return true;
}

const struct vmc_list_type vmc_list_views = {
	.size = sizeof(struct vmc_view),
	.in_room = 1,
	.read = read_view,
	.write = write_view,
};

const struct vmc_list_type vmc_list_u32 = {
	.size = sizeof(uint32_t),
	.numbers = 1,
	.write = write_u32,
};

const struct vmc_list_type vmc_list_u64 = {
	.size = sizeof(uint64_t),
	.numbers = 1,
	.write = write_u64,
};

/* -- AgentDetails ---------------------------------------------------------- */

/* A name of a list in it is a C string. */
#define NAMES(member)                                                          \
	{                                                                      \
		.name = "AgentDetails." #member,                               \
		.knob = "VMC_AGENT_NAME_SIZE", .size = VMC_AGENT_NAME_SIZE     \
	}

static const struct vmc_message_text device_handler = NAMES(device_handlers);
static const struct vmc_message_text storage_handler = NAMES(storage_handlers);
static const struct vmc_message_text extra_feature = NAMES(extra_features);

static bool read_device_handler(struct vmc_reading *reading,
				struct vmc_view bytes, void *element)
{
	return vmc_message_keep_text(reading, &device_handler, bytes, element);
}

static bool read_storage_handler(struct vmc_reading *reading,
				 struct vmc_view bytes, void *element)
{
	return vmc_message_keep_text(reading, &storage_handler, bytes, element);
}

static bool read_extra_feature(struct vmc_reading *reading,
			       struct vmc_view bytes, void *element)
{
	return vmc_message_keep_text(reading, &extra_feature, bytes, element);
}

static bool write_name(pb_ostream_t *stream, const void *element)
{
	return pb_write(stream, element, strlen(element));
}

static const struct vmc_list_type device_handlers = {
	.size = VMC_AGENT_NAME_SIZE,
	.read = read_device_handler,
	.write = write_name,
};

static const struct vmc_list_type storage_handlers = {
	.size = VMC_AGENT_NAME_SIZE,
	.read = read_storage_handler,
	.write = write_name,
};

static const struct vmc_list_type extra_features = {
	.size = VMC_AGENT_NAME_SIZE,
	.read = read_extra_feature,
	.write = write_name,
};

static struct vmc_list list_of_names(const struct vmc_list_type *type,
				     const struct vmc_agent_names *names,
				     const char *name)
{
	struct vmc_list list = { type, (void *)names->name, names->name_len,
				 VMC_AGENT_HANDLER_MAX, name };

	return list;
}

/* -- GuestDetailsResponse -------------------------------------------------- */

static const struct vmc_message_text details_texts[] = {
	VMC_MESSAGE_TEXT(AgentDetails, version, vmc_guest_details, version,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_details(vmc_grpc_GuestDetailsResponse *message,
			 const struct vmc_guest_details *details)
{
	vmc_grpc_AgentDetails *agent = &message->agent_details;

	message->mem_block_size_bytes = details->memory_block_size;
	message->has_agent_details = true;
	vmc_message_fill_texts(agent, details_texts,
			       VMC_MESSAGE_TEXTS(details_texts), details);
	agent->init_daemon = details->init_daemon != 0;
	agent->device_handlers = list_of_names(
		&device_handlers, &details->device_handlers,
		"AgentDetails.device_handlers: VMC_AGENT_HANDLER_MAX");
	agent->storage_handlers = list_of_names(
		&storage_handlers, &details->storage_handlers,
		"AgentDetails.storage_handlers: VMC_AGENT_HANDLER_MAX");
	agent->supports_seccomp = details->supports_seccomp != 0;
	agent->extra_features = list_of_names(
		&extra_features, &details->extra_features,
		"AgentDetails.extra_features: VMC_AGENT_HANDLER_MAX");
	message->support_mem_hotplug_probe = details->memory_hotplug_probe != 0;
}

static bool keep_details(struct vmc_reading *reading,
			 struct vmc_guest_details *details,
			 const vmc_grpc_GuestDetailsResponse *message)
{
	const vmc_grpc_AgentDetails *agent = &message->agent_details;

	details->present = 1;
	details->memory_block_size = message->mem_block_size_bytes;
	details->memory_hotplug_probe = message->support_mem_hotplug_probe;
	details->init_daemon = agent->init_daemon;
	details->supports_seccomp = agent->supports_seccomp;
	details->device_handlers.name_len = agent->device_handlers.len;
	details->storage_handlers.name_len = agent->storage_handlers.len;
	details->extra_features.name_len = agent->extra_features.len;
	return vmc_message_keep_texts(reading, details_texts,
				      VMC_MESSAGE_TEXTS(details_texts), agent,
				      details);
}

static bool read_details(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	vmc_grpc_GuestDetailsResponse message;

	fill_details(&message, element);
	return vmc_message_read_inner(reading, bytes,
				      vmc_grpc_GuestDetailsResponse_fields,
				      &message) &&
	       keep_details(reading, element, &message);
}

static bool write_details(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_GuestDetailsResponse message;

	fill_details(&message, element);
	return pb_encode(stream, vmc_grpc_GuestDetailsResponse_fields,
			 &message);
}

static const struct vmc_list_type details_type = {
	.size = sizeof(struct vmc_guest_details),
	.read = read_details,
	.write = write_details,
};

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_details(struct vmc_view bytes,
				       struct vmc_guest_details *details,
				       struct vmc_error *error)
{
	return vmc_message_read_element(bytes, "GuestDetailsResponse",
					&details_type, details, error);
}

/* see agent_pbio.h */
void vmc_agent_write_details(struct vmc_writer *w,
			     const struct vmc_guest_details *details)
{
	vmc_message_write_element(w, &details_type, details);
}
