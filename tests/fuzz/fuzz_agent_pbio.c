/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's answers, as whatever a guest may send, and requests, as whatever
 * a host may. What could be read is written, read again and written again: to
 * the same bytes. The first byte chooses the message.
 */
#include "fuzz.h"

#include "../unit/agent_wire.h"

#define ROOM_MAX 32
#define STRUCTS_MAX 4

/* More than a message can become: of an empty element four bytes. */
#define WRITTEN_SIZE(len) (2 * (len) + 256)

static struct vmc_error error;
static struct vmc_view room_views[ROOM_MAX];
static union vmc_agent_service_structs room_structs[STRUCTS_MAX];
static struct vmc_message_room room;

static void open_room(void)
{
	room = (struct vmc_message_room){
		.views = room_views,
		.cap = ROOM_MAX,
		.structs = room_structs,
		.structs_size = sizeof(room_structs),
		.structs_max = STRUCTS_MAX,
	};
}

static void must_be_text(const char *text, size_t size)
{
	MUST(memchr(text, '\0', size));
}

/* -- Answers --------------------------------------------------------------- */

static void must_be_interface(const struct vmc_interface *interface)
{
	uint32_t i;

	MUST(interface->address_len <= VMC_AGENT_ADDRESS_MAX);
	must_be_text(interface->name, sizeof(interface->name));
	must_be_text(interface->type, sizeof(interface->type));
	for (i = 0; i < interface->address_len; i++)
		must_be_text(interface->address[i].mask, VMC_AGENT_MASK_SIZE);
}

static int interface_again(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_interface interface;

	if (agent_read_interface(bytes, &interface, &error))
		return 0;
	must_be_interface(&interface);
	agent_write_interface(w, &interface);
	return 1;
}

static int interfaces_again(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_interfaces interfaces;
	uint32_t i;

	if (agent_read_interfaces(bytes, &interfaces, &error))
		return 0;
	MUST(interfaces.interface_len <= VMC_AGENT_INTERFACE_MAX);
	for (i = 0; i < interfaces.interface_len; i++)
		must_be_interface(interfaces.interface + i);
	agent_write_interfaces(w, &interfaces);
	return 1;
}

static int routes_again(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_routes routes;

	if (agent_read_routes(bytes, &routes, &error))
		return 0;
	MUST(routes.route_len <= VMC_AGENT_ROUTE_MAX);
	agent_write_routes(w, &routes);
	return 1;
}

static int details_again(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_guest_details details;

	if (agent_read_details(bytes, &details, &error))
		return 0;
	MUST(details.extra_features.name_len <= VMC_AGENT_HANDLER_MAX);
	agent_write_details(w, &details);
	return 1;
}

static int stats_again(struct vmc_view bytes, struct vmc_writer *w)
{
	static struct vmc_container_stats stats;
	uint32_t i;

	if (agent_read_stats(bytes, &stats, &error))
		return 0;
	MUST(stats.per_cpu_len <= VMC_AGENT_CPU_MAX);
	MUST(stats.memory_stat_len <= VMC_AGENT_MEMORY_STAT_MAX);
	MUST(stats.hugetlb_len <= VMC_AGENT_HUGETLB_MAX);
	MUST(stats.network_len <= VMC_AGENT_NETWORK_MAX);
	for (i = 0; i < VMC_BLKIO_LISTS; i++)
		MUST(stats.blkio[i].stat_len <= VMC_AGENT_BLKIO_MAX);
	agent_write_stats(w, &stats);
	return 1;
}

/* -- Requests -------------------------------------------------------------- */

static void must_lie(const struct vmc_view *views, size_t views_len,
		     struct vmc_view bytes)
{
	MUST(views_len == 0 || (views >= room_views &&
				views + views_len <= room_views + ROOM_MAX));
	for (; views_len > 0; views_len--, views++)
		must_lie_in(*views, bytes.ptr, bytes.ptr_len);
}

static int sandbox_again(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_sandbox sandbox;

	if (agent_read_sandbox(bytes, &sandbox, &room, &error))
		return 0;
	must_lie_in(sandbox.id, bytes.ptr, bytes.ptr_len);
	must_lie(sandbox.dns, sandbox.dns_len, bytes);
	MUST(sandbox.storages_len <= STRUCTS_MAX);
	MUST(sandbox.kernel_modules_len <= STRUCTS_MAX);
	agent_write_sandbox(w, &sandbox);
	return 1;
}

static int container_again(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_container container;

	if (agent_read_container(bytes, &container, &room, &error))
		return 0;
	must_lie_in(container.oci, bytes.ptr, bytes.ptr_len);
	must_lie(container.string_user.additional_gids,
		 container.string_user.additional_gids_len, bytes);
	MUST(container.devices_len <= STRUCTS_MAX);
	agent_write_container(w, &container);
	vmc_put_bytes(w, container.oci);
	return 1;
}

static int exec_again(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_exec exec;

	if (agent_read_exec(bytes, &exec, &room, &error))
		return 0;
	must_lie(exec.args, exec.args_len, bytes);
	must_lie(exec.env, exec.env_len, bytes);
	agent_write_exec(w, &exec);
	return 1;
}

static int storages_again(struct vmc_view bytes, struct vmc_writer *w)
{
	const struct vmc_storage *storages;
	size_t len;

	if (agent_read_storages(bytes, &storages, &len, &room, &error))
		return 0;
	MUST(len <= STRUCTS_MAX);
	if (len > 0)
		must_lie(storages[0].options, storages[0].options_len, bytes);
	agent_write_storages(w, storages, len);
	return 1;
}

static int update_interface_again(struct vmc_view bytes, struct vmc_writer *w)
{
	struct vmc_interface interface;

	if (agent_read_update_interface(bytes, &interface, &error))
		return 0;
	must_be_interface(&interface);
	agent_write_update_interface(w, &interface);
	return 1;
}

static int update_routes_again(struct vmc_view bytes, struct vmc_writer *w)
{
	const struct vmc_route *routes;
	size_t len;

	if (agent_read_update_routes(bytes, &routes, &len, &room, &error))
		return 0;
	MUST(len <= STRUCTS_MAX);
	agent_write_update_routes(w, routes, len);
	return 1;
}

/* -- Plain ones ------------------------------------------------------------ */

static int plain_again(struct vmc_view bytes, struct vmc_writer *w,
		       const struct vmc_message *message)
{
	static union vmc_agent_service_request request;

	if (vmc_message_read(bytes, message, &request, NULL, &error))
		return 0;
	vmc_put_bytes(w, vmc_message_write(w, message, &request));
	return 1;
}

static int swap_again(struct vmc_view bytes, struct vmc_writer *w)
{
	return plain_again(bytes, w, &vmc_message_AddSwapRequest);
}

static int probe_again(struct vmc_view bytes, struct vmc_writer *w)
{
	return plain_again(bytes, w, &vmc_message_MemHotplugByProbeRequest);
}

static int file_again(struct vmc_view bytes, struct vmc_writer *w)
{
	return plain_again(bytes, w, &vmc_message_CopyFileRequest);
}

static int health_again(struct vmc_view bytes, struct vmc_writer *w)
{
	return plain_again(bytes, w, &vmc_message_HealthCheckResponse);
}

/* -- All of them ----------------------------------------------------------- */

static int (*const again[])(struct vmc_view bytes, struct vmc_writer *w) = {
	interface_again,     interfaces_again,
	routes_again,        details_again,
	stats_again,         sandbox_again,
	container_again,     exec_again,
	storages_again,      update_interface_again,
	update_routes_again, swap_again,
	probe_again,         file_again,
	health_again,
};

#define MESSAGES (sizeof(again) / sizeof(*again))

/* What it writes of those bytes, on the heap; NULL if it refuses them. */
static uint8_t *written(size_t which, struct vmc_view bytes, size_t cap,
			size_t *len)
{
	uint8_t *out = malloc(cap);
	struct vmc_writer w;

	open_room();
	vmc_error_reset(&error);
	vmc_writer_init(&w, out, cap);
	if (!again[which](bytes, &w)) {
		MUST(error.status != VMC_OK && error.text[0] != '\0');
		free(out);
		return NULL;
	}
	MUST(error.status == VMC_OK);
	MUST(!w.fail);
	*len = w.len;
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t which = choose(&data, &size) % MESSAGES, first_len, second_len;
	struct vmc_view bytes = { data, size };
	uint8_t *first, *second;

	first = written(which, bytes, WRITTEN_SIZE(size), &first_len);
	if (!first)
		return 0;
	bytes.ptr = first;
	bytes.ptr_len = first_len;
	/* exactly as long: there is no byte more to write */
	second = written(which, bytes, first_len > 0 ? first_len : 1,
			 &second_len);
	MUST(second);
	MUST(second_len == first_len);
	MUST(!memcmp(first, second, first_len));
	free(first);
	free(second);
	return 0;
}
