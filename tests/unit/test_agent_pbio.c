/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's answers and requests: what is written is read as it was, what
 * does not fit is refused by name, and nothing that is broken is read beyond
 * its end. What the bytes are is held to another encoder by
 * tests/interop/test_agent_vectors.sh; here some are built by hand.
 */
#include "test.h"

#include <stdlib.h>

#include "agent_wire.h"
#include "hex.h"

#define ROUNDS 300
#define BYTES_SIZE                                                             \
	(2 * (sizeof(struct vmc_interfaces) + sizeof(struct vmc_routes) +      \
	      sizeof(struct vmc_container_stats)))
#define ROOM_MAX 40
#define STRUCTS_MAX 5
#define PATH_MAX_LEN 5

static struct vmc_error error;

/* -- Messages built by hand, from the inside to the outside ---------------- */

static uint8_t built[BYTES_SIZE];
static size_t built_len;

static void build_bytes(const void *bytes, size_t len)
{
	memcpy(built + built_len, bytes, len);
	built_len += len;
}

/* What is there becomes the field `tag` of a message. */
static void wrap(unsigned tag)
{
	uint8_t head[12];
	struct vmc_writer w;

	vmc_writer_init(&w, head, sizeof(head));
	vmc_put_varint(&w, tag << 3 | 2);
	vmc_put_varint(&w, built_len);
	memmove(built + w.len, built, built_len);
	memcpy(built, head, w.len);
	built_len += w.len;
}

/* The path's tags, from the outermost; up to one that is 0. */
static void wrap_in(const uint8_t *path, size_t skip)
{
	size_t len = 0;

	while (len < PATH_MAX_LEN && path[len])
		len++;
	while (len-- > skip)
		wrap(path[len]);
}

/* Exactly as long as it is, on the heap. */
static struct vmc_view exactly(const uint8_t *bytes, size_t len)
{
	static uint8_t *input;

	free(input);
	input = malloc(len > 0 ? len : 1);
	memcpy(input, bytes, len);
	vmc_error_reset(&error);
	return (struct vmc_view){ input, len };
}

static struct vmc_view built_exactly(void)
{
	return exactly(built, built_len);
}

/* -- Reading --------------------------------------------------------------- */

static struct vmc_interface interface;
static struct vmc_interfaces interfaces;
static struct vmc_routes routes;
static struct vmc_container_stats stats;
static struct vmc_guest_details details;
static struct vmc_sandbox sandbox;
static struct vmc_container container;
static struct vmc_exec process;
static const struct vmc_storage *mounts;
static size_t mounts_len;
static const struct vmc_route *new_routes;
static size_t new_routes_len;

static struct vmc_view room_views[ROOM_MAX];
static union vmc_agent_service_structs room_structs[STRUCTS_MAX];
static struct vmc_message_room room;

/* The first element of a list of structs that is the only one. */
#define FIRST(type) (((struct vmc_##type *)room_structs)[0])

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

static enum vmc_status read_interface(struct vmc_view bytes)
{
	return agent_read_interface(bytes, &interface, &error);
}

static enum vmc_status read_interfaces(struct vmc_view bytes)
{
	return agent_read_interfaces(bytes, &interfaces, &error);
}

static enum vmc_status read_routes(struct vmc_view bytes)
{
	return agent_read_routes(bytes, &routes, &error);
}

static enum vmc_status read_stats(struct vmc_view bytes)
{
	return agent_read_stats(bytes, &stats, &error);
}

static enum vmc_status read_details(struct vmc_view bytes)
{
	return agent_read_details(bytes, &details, &error);
}

static enum vmc_status read_update_interface(struct vmc_view bytes)
{
	return agent_read_update_interface(bytes, &interface, &error);
}

static enum vmc_status read_update_routes(struct vmc_view bytes)
{
	open_room();
	return agent_read_update_routes(bytes, &new_routes, &new_routes_len,
					&room, &error);
}

static enum vmc_status read_sandbox(struct vmc_view bytes)
{
	open_room();
	return agent_read_sandbox(bytes, &sandbox, &room, &error);
}

static enum vmc_status read_container(struct vmc_view bytes)
{
	open_room();
	return agent_read_container(bytes, &container, &room, &error);
}

static enum vmc_status read_exec(struct vmc_view bytes)
{
	open_room();
	return agent_read_exec(bytes, &process, &room, &error);
}

static enum vmc_status read_mounts(struct vmc_view bytes)
{
	open_room();
	return agent_read_storages(bytes, &mounts, &mounts_len, &room, &error);
}

/* The words, as far as an error of this build holds them. */
static void check_error(enum vmc_status status, const char *words)
{
	size_t len = strlen(words);

	CHECK_EQ_INT(error.status, status);
	if (len < sizeof(error.text)) {
		CHECK_EQ_STR(error.text, words);
		return;
	}
	len = strlen(error.text) - 3;
	CHECK_EQ_MEM(error.text, words, len);
	CHECK_EQ_STR(error.text + len, "...");
}

/* -- Texts and their knobs ------------------------------------------------- */

struct text_limit {
	const char *name, *knob;
	size_t size;
	enum vmc_status (*read)(struct vmc_view bytes);
	const char *out;
	uint8_t path[PATH_MAX_LEN];
};

#define NAME "VMC_AGENT_NAME_SIZE", VMC_AGENT_NAME_SIZE
#define ADDRESS "VMC_AGENT_ADDRESS_SIZE", VMC_AGENT_ADDRESS_SIZE
#define MASK "VMC_AGENT_MASK_SIZE", VMC_AGENT_MASK_SIZE

static const struct text_limit text_limits[] = {
	{ "Interface.device", NAME, read_interface, interface.device, { 1 } },
	{ "Interface.name", NAME, read_interface, interface.name, { 2 } },
	{ "IPAddress.address",
	  ADDRESS,
	  read_interface,
	  interface.address[0].address,
	  { 3, 2 } },
	{ "IPAddress.mask",
	  MASK,
	  read_interface,
	  interface.address[0].mask,
	  { 3, 3 } },
	{ "Interface.hwAddr",
	  ADDRESS,
	  read_interface,
	  interface.hardware_address,
	  { 5 } },
	{ "Interface.devicePath",
	  ADDRESS,
	  read_interface,
	  interface.device_path,
	  { 6 } },
	{ "Interface.type", NAME, read_interface, interface.type, { 7 } },
	{ "Interface.name",
	  NAME,
	  read_interfaces,
	  interfaces.interface[0].name,
	  { 1, 2 } },
	{ "IPAddress.address",
	  ADDRESS,
	  read_update_interface,
	  interface.address[0].address,
	  { 1, 3, 2 } },
	{ "Route.dest",
	  ADDRESS,
	  read_routes,
	  routes.route[0].destination,
	  { 1, 1 } },
	{ "Route.gateway",
	  ADDRESS,
	  read_routes,
	  routes.route[0].gateway,
	  { 1, 2 } },
	{ "Route.device", NAME, read_routes, routes.route[0].device, { 1, 3 } },
	{ "Route.source",
	  ADDRESS,
	  read_routes,
	  routes.route[0].source,
	  { 1, 4 } },
	{ "Route.gateway",
	  ADDRESS,
	  read_update_routes,
	  FIRST(route).gateway,
	  { 1, 1, 2 } },
	{ "AgentDetails.version",
	  NAME,
	  read_details,
	  details.version,
	  { 2, 1 } },
	{ "AgentDetails.device_handlers",
	  NAME,
	  read_details,
	  details.device_handlers.name[0],
	  { 2, 3 } },
	{ "AgentDetails.storage_handlers",
	  NAME,
	  read_details,
	  details.storage_handlers.name[0],
	  { 2, 4 } },
	{ "AgentDetails.extra_features",
	  NAME,
	  read_details,
	  details.extra_features.name[0],
	  { 2, 6 } },
	{ "MemoryStatEntry.key",
	  NAME,
	  read_stats,
	  stats.memory_stat[0].name,
	  { 1, 2, 6, 1 } },
	{ "BlkioStatsEntry.op",
	  NAME,
	  read_stats,
	  stats.blkio[VMC_BLKIO_SERVICED].stat[0].operation,
	  { 1, 4, 2, 3 } },
	{ "HugetlbStatsEntry.key",
	  NAME,
	  read_stats,
	  stats.hugetlb[0].page_size,
	  { 1, 5, 1 } },
	{ "NetworkStats.name",
	  NAME,
	  read_stats,
	  stats.network[0].name,
	  { 2, 1 } },
};

#define TEXT_LIMITS (sizeof(text_limits) / sizeof(*text_limits))

static enum vmc_status read_text(const struct text_limit *limit, size_t len,
				 int middle)
{
	char text[512];

	memset(text, 'x', len);
	if (len > 0)
		text[len / 2] = (char)middle;
	built_len = 0;
	build_bytes(text, len);
	wrap_in(limit->path, 0);
	return limit->read(built_exactly());
}

static void check_text_limit(const struct text_limit *limit)
{
	char words[256];
	size_t len = limit->size - 1;

	CHECK_EQ_INT(read_text(limit, len, 'y'), VMC_OK);
	CHECK_EQ_INT(strlen(limit->out), len);
	CHECK_EQ_INT(limit->out[len / 2], 'y');
	CHECK_EQ_INT(read_text(limit, 0, 0), VMC_OK);
	CHECK_EQ_STR(limit->out, "");

	CHECK_EQ_INT(read_text(limit, limit->size, 'y'), VMC_ERR_TOO_BIG);
	snprintf(words, sizeof(words), "%s is too long for %s: %u", limit->name,
		 limit->knob, (unsigned)limit->size);
	check_error(VMC_ERR_TOO_BIG, words);

	CHECK_EQ_INT(read_text(limit, 3, '\0'), VMC_ERR_MALFORMED);
	snprintf(words, sizeof(words), "%s: it has a NUL in it", limit->name);
	check_error(VMC_ERR_MALFORMED, words);
	CHECK_EQ_INT(read_text(limit, 1, '\0'), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_text(limit, 3, 0xff), VMC_ERR_MALFORMED);
	CHECK(strstr(error.text, "not what its description says"));
}

TEST(texts_are_held_to_their_knobs)
{
	size_t i;

	for (i = 0; i < TEXT_LIMITS; i++)
		check_text_limit(text_limits + i);
}

/* -- Lists and their knobs ------------------------------------------------- */

struct list_limit {
	const char *name;
	uint32_t max;
	enum vmc_status (*read)(struct vmc_view bytes);
	const void *len; /* of the list, a uint32_t or a size_t */
	size_t len_size;
	uint8_t path[PATH_MAX_LEN];
};

#define LEN(len) &(len), sizeof(len)
#define STRUCTS ": VMC_AGENT_SERVICE_LIST_MAX / 4", STRUCTS_MAX
#define TEXTS ": VMC_AGENT_SERVICE_LIST_MAX", ROOM_MAX

#define BLKIO(list, tag)                                                       \
	{                                                                      \
		"BlkioStats." #list ": VMC_AGENT_BLKIO_MAX",                   \
			VMC_AGENT_BLKIO_MAX, read_stats,                       \
			LEN(stats.blkio[(tag)-1].stat_len),                    \
		{                                                              \
			1, 4, tag                                              \
		}                                                              \
	}

static const struct list_limit list_limits[] = {
	{ "Interface.IPAddresses: VMC_AGENT_ADDRESS_MAX",
	  VMC_AGENT_ADDRESS_MAX,
	  read_interface,
	  LEN(interface.address_len),
	  { 3 } },
	{ "Interface.IPAddresses: VMC_AGENT_ADDRESS_MAX",
	  VMC_AGENT_ADDRESS_MAX,
	  read_update_interface,
	  LEN(interface.address_len),
	  { 1, 3 } },
	{ "Interfaces.Interfaces: VMC_AGENT_INTERFACE_MAX",
	  VMC_AGENT_INTERFACE_MAX,
	  read_interfaces,
	  LEN(interfaces.interface_len),
	  { 1 } },
	{ "Routes.Routes: VMC_AGENT_ROUTE_MAX",
	  VMC_AGENT_ROUTE_MAX,
	  read_routes,
	  LEN(routes.route_len),
	  { 1 } },
	{ "AgentDetails.device_handlers: VMC_AGENT_HANDLER_MAX",
	  VMC_AGENT_HANDLER_MAX,
	  read_details,
	  LEN(details.device_handlers.name_len),
	  { 2, 3 } },
	{ "AgentDetails.storage_handlers: VMC_AGENT_HANDLER_MAX",
	  VMC_AGENT_HANDLER_MAX,
	  read_details,
	  LEN(details.storage_handlers.name_len),
	  { 2, 4 } },
	{ "AgentDetails.extra_features: VMC_AGENT_HANDLER_MAX",
	  VMC_AGENT_HANDLER_MAX,
	  read_details,
	  LEN(details.extra_features.name_len),
	  { 2, 6 } },
	{ "MemoryStats.stats: VMC_AGENT_MEMORY_STAT_MAX",
	  VMC_AGENT_MEMORY_STAT_MAX,
	  read_stats,
	  LEN(stats.memory_stat_len),
	  { 1, 2, 6 } },
	BLKIO(io_service_bytes_recursive, 1),
	BLKIO(io_serviced_recursive, 2),
	BLKIO(io_queued_recursive, 3),
	BLKIO(io_service_time_recursive, 4),
	BLKIO(io_wait_time_recursive, 5),
	BLKIO(io_merged_recursive, 6),
	BLKIO(io_time_recursive, 7),
	BLKIO(sectors_recursive, 8),
	{ "CgroupStats.hugetlb_stats: VMC_AGENT_HUGETLB_MAX",
	  VMC_AGENT_HUGETLB_MAX,
	  read_stats,
	  LEN(stats.hugetlb_len),
	  { 1, 5 } },
	{ "StatsContainerResponse.network_stats: VMC_AGENT_NETWORK_MAX",
	  VMC_AGENT_NETWORK_MAX,
	  read_stats,
	  LEN(stats.network_len),
	  { 2 } },
	{ "Routes.Routes" STRUCTS,
	  read_update_routes,
	  LEN(new_routes_len),
	  { 1, 1 } },
	{ "UpdateEphemeralMountsRequest.storages" STRUCTS,
	  read_mounts,
	  LEN(mounts_len),
	  { 1 } },
	{ "CreateSandboxRequest.storages" STRUCTS,
	  read_sandbox,
	  LEN(sandbox.storages_len),
	  { 3 } },
	{ "CreateSandboxRequest.kernel_modules" STRUCTS,
	  read_sandbox,
	  LEN(sandbox.kernel_modules_len),
	  { 7 } },
	{ "CreateContainerRequest.devices" STRUCTS,
	  read_container,
	  LEN(container.devices_len),
	  { 4 } },
	{ "CreateContainerRequest.storages" STRUCTS,
	  read_container,
	  LEN(container.storages_len),
	  { 5 } },
	{ "CreateContainerRequest.shared_mounts" STRUCTS,
	  read_container,
	  LEN(container.shared_mounts_len),
	  { 8 } },
	{ "CreateSandboxRequest.dns" TEXTS,
	  read_sandbox,
	  LEN(sandbox.dns_len),
	  { 2 } },
	{ "KernelModule.parameters" TEXTS,
	  read_sandbox,
	  LEN(FIRST(kernel_module).parameters_len),
	  { 7, 2 } },
	{ "Storage.driver_options" TEXTS,
	  read_mounts,
	  LEN(FIRST(storage).driver_options_len),
	  { 1, 2 } },
	{ "Storage.options" TEXTS,
	  read_container,
	  LEN(FIRST(storage).options_len),
	  { 5, 5 } },
	{ "Device.options" TEXTS,
	  read_container,
	  LEN(FIRST(device).options_len),
	  { 4, 5 } },
	{ "StringUser.additionalGids" TEXTS,
	  read_container,
	  LEN(container.string_user.additional_gids_len),
	  { 3, 3 } },
	{ "StringUser.additionalGids" TEXTS,
	  read_exec,
	  LEN(process.string_user.additional_gids_len),
	  { 3, 3 } },
	{ "Process.Args" TEXTS, read_exec, LEN(process.args_len), { 4, 4 } },
	{ "Process.Env" TEXTS, read_exec, LEN(process.env_len), { 4, 5 } },
};

#define LIST_LIMITS (sizeof(list_limits) / sizeof(*list_limits))

/* `count` empty elements in the innermost list. */
static enum vmc_status read_elements(const struct list_limit *limit,
				     uint32_t count)
{
	uint8_t element[2] = { 0, 0 };
	uint8_t outer[PATH_MAX_LEN] = { 0 };
	size_t depth = 0;

	while (limit->path[depth])
		depth++;
	memcpy(outer, limit->path, depth - 1);
	element[0] = (uint8_t)(limit->path[depth - 1] << 3 | 2);
	built_len = 0;
	while (count-- > 0)
		build_bytes(element, sizeof(element));
	wrap_in(outer, 0);
	return limit->read(built_exactly());
}

static size_t list_len(const struct list_limit *limit)
{
	if (limit->len_size == sizeof(uint32_t))
		return *(const uint32_t *)limit->len;
	return *(const size_t *)limit->len;
}

static void check_list_limit(const struct list_limit *limit)
{
	char words[256];

	CHECK_EQ_INT(read_elements(limit, 1), VMC_OK);
	CHECK_EQ_INT(list_len(limit), 1);
	CHECK_EQ_INT(read_elements(limit, limit->max), VMC_OK);
	CHECK_EQ_INT(list_len(limit), limit->max);
	CHECK_EQ_INT(read_elements(limit, limit->max + 1), VMC_ERR_TOO_BIG);
	snprintf(words, sizeof(words), "too many elements: %s: %u", limit->name,
		 (unsigned)limit->max);
	check_error(VMC_ERR_TOO_BIG, words);
}

TEST(lists_are_held_to_their_knobs)
{
	size_t i;

	for (i = 0; i < LIST_LIMITS; i++)
		check_list_limit(list_limits + i);
}

static enum vmc_status read_cpus(uint32_t count)
{
	static const uint8_t number[] = { 2 << 3, 1 },
			     in[PATH_MAX_LEN] = { 1, 1, 1 };

	for (built_len = 0; count > 0; count--)
		build_bytes(number, sizeof(number));
	wrap_in(in, 0);
	return read_stats(built_exactly());
}

TEST(cpus_are_held_to_their_knob)
{
	char words[128];

	CHECK_EQ_INT(read_cpus(VMC_AGENT_CPU_MAX), VMC_OK);
	CHECK_EQ_INT(stats.per_cpu_len, VMC_AGENT_CPU_MAX);
	CHECK_EQ_INT(stats.per_cpu[VMC_AGENT_CPU_MAX - 1], 1);
	CHECK_EQ_INT(read_cpus(VMC_AGENT_CPU_MAX + 1), VMC_ERR_TOO_BIG);
	snprintf(words, sizeof(words),
		 "too many elements: CpuUsage.percpu_usage: "
		 "VMC_AGENT_CPU_MAX: %u",
		 (unsigned)VMC_AGENT_CPU_MAX);
	check_error(VMC_ERR_TOO_BIG, words);
}

/* All lists of a request take from one room. */
TEST(one_room_serves_all_lists)
{
	static const uint8_t option[] = { 5 << 3 | 2, 0 };
	uint32_t i;

	for (i = 0, built_len = 0; i < ROOM_MAX / 2; i++)
		build_bytes(option, sizeof(option));
	wrap(1);
	build_bytes(built, built_len);
	CHECK_EQ_INT(read_mounts(built_exactly()), VMC_OK);
	CHECK_EQ_INT(mounts_len, 2);
	CHECK_EQ_INT(room.len, ROOM_MAX);
	CHECK(mounts[0].options == room_views);
	CHECK(mounts[1].options == room_views + ROOM_MAX / 2);
	CHECK_EQ_INT(mounts[1].options_len, ROOM_MAX / 2);

	build_bytes("\x0a\x02\x2a\x00", 4);
	CHECK_EQ_INT(read_mounts(built_exactly()), VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "Storage.options: VMC_AGENT_SERVICE_LIST"));
}

/* -- Values ---------------------------------------------------------------- */

static uint64_t seed;

static uint64_t random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t any_number(void)
{
	unsigned bits = (unsigned)(random_bits() % 65);

	return bits == 0 ? 0 : random_bits() >> (64 - bits);
}

static uint32_t any_up_to(uint32_t max)
{
	return (uint32_t)(random_bits() % (max + 1));
}

static void any_text(char *out, size_t size)
{
	size_t i, len = random_bits() % size;

	for (i = 0; i < len; i++)
		out[i] = (char)(' ' + random_bits() % 95);
}

#define ANY_TEXT(text) any_text(text, sizeof(text))

static struct vmc_view any_view(void)
{
	static const char *const texts[] = { "", "a", "/dev/vda", "x=y",
					     "\xe2\x82\xac" };

	return vmc_view_of(texts[random_bits() % 5]);
}

/* Views that live until the next round. */
static struct vmc_view all_views[ROOM_MAX];
static size_t all_views_len;

static const struct vmc_view *any_views(size_t *len)
{
	const struct vmc_view *views = all_views + all_views_len;

	for (*len = 0; *len < random_bits() % 4 && all_views_len < ROOM_MAX;
	     ++*len)
		all_views[all_views_len++] = any_view();
	return views;
}

static void any_interface(struct vmc_interface *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->present = 1;
	ANY_TEXT(out->device);
	ANY_TEXT(out->name);
	out->address_len = any_up_to(VMC_AGENT_ADDRESS_MAX);
	for (i = 0; i < out->address_len; i++) {
		out->address[i].family = any_up_to(1);
		ANY_TEXT(out->address[i].address);
		ANY_TEXT(out->address[i].mask);
	}
	out->mtu = any_number();
	ANY_TEXT(out->hardware_address);
	ANY_TEXT(out->device_path);
	ANY_TEXT(out->type);
	out->raw_flags = (uint32_t)any_number();
}

static void any_route(struct vmc_route *out)
{
	memset(out, 0, sizeof(*out));
	ANY_TEXT(out->destination);
	ANY_TEXT(out->gateway);
	ANY_TEXT(out->device);
	ANY_TEXT(out->source);
	out->scope = (uint32_t)any_number();
	out->family = any_up_to(1);
	out->flags = (uint32_t)any_number();
	out->mtu = (uint32_t)any_number();
}

static void any_usage(struct vmc_memory_usage *out)
{
	out->usage = any_number();
	out->max_usage = any_number();
	out->failures = any_number();
	out->limit = any_number();
}

static void any_blkio(struct vmc_blkio_stats *out)
{
	uint32_t i;

	out->stat_len = any_up_to(VMC_AGENT_BLKIO_MAX);
	for (i = 0; i < out->stat_len; i++) {
		out->stat[i].major = any_number();
		out->stat[i].minor = any_number();
		ANY_TEXT(out->stat[i].operation);
		out->stat[i].value = any_number();
	}
}

static void any_network(struct vmc_network_stat *out)
{
	ANY_TEXT(out->name);
	out->rx_bytes = any_number();
	out->rx_packets = any_number();
	out->rx_errors = any_number();
	out->rx_dropped = any_number();
	out->tx_bytes = any_number();
	out->tx_packets = any_number();
	out->tx_errors = any_number();
	out->tx_dropped = any_number();
}

static void any_cpu_and_memory(struct vmc_container_stats *out)
{
	uint32_t i;

	out->cpu_total = any_number();
	out->cpu_kernel = any_number();
	out->cpu_user = any_number();
	out->per_cpu_len = any_up_to(VMC_AGENT_CPU_MAX);
	for (i = 0; i < out->per_cpu_len; i++)
		out->per_cpu[i] = any_number();
	out->throttling_periods = any_number();
	out->throttled_periods = any_number();
	out->throttled_time = any_number();
	out->memory_cache = any_number();
	any_usage(&out->memory);
	any_usage(&out->swap);
	any_usage(&out->kernel_memory);
	out->memory_use_hierarchy = (uint8_t)any_up_to(1);
	out->memory_stat_len = any_up_to(VMC_AGENT_MEMORY_STAT_MAX);
	for (i = 0; i < out->memory_stat_len; i++) {
		ANY_TEXT(out->memory_stat[i].name);
		out->memory_stat[i].value = any_number();
	}
}

static void any_stats(struct vmc_container_stats *out)
{
	uint32_t i;

	memset(out, 0, sizeof(*out));
	out->present = 1;
	any_cpu_and_memory(out);
	out->pids_current = any_number();
	out->pids_limit = any_number();
	for (i = 0; i < VMC_BLKIO_LISTS; i++)
		any_blkio(out->blkio + i);
	out->hugetlb_len = any_up_to(VMC_AGENT_HUGETLB_MAX);
	for (i = 0; i < out->hugetlb_len; i++) {
		ANY_TEXT(out->hugetlb[i].page_size);
		out->hugetlb[i].usage = any_number();
		out->hugetlb[i].max_usage = any_number();
		out->hugetlb[i].failures = any_number();
	}
	out->network_len = any_up_to(VMC_AGENT_NETWORK_MAX);
	for (i = 0; i < out->network_len; i++)
		any_network(out->network + i);
}

static void any_names(struct vmc_agent_names *out)
{
	uint32_t i;

	out->name_len = any_up_to(VMC_AGENT_HANDLER_MAX);
	for (i = 0; i < out->name_len; i++)
		ANY_TEXT(out->name[i]);
}

static void any_details(struct vmc_guest_details *out)
{
	memset(out, 0, sizeof(*out));
	out->present = 1;
	out->memory_block_size = any_number();
	out->memory_hotplug_probe = (uint8_t)any_up_to(1);
	ANY_TEXT(out->version);
	out->init_daemon = (uint8_t)any_up_to(1);
	out->supports_seccomp = (uint8_t)any_up_to(1);
	any_names(&out->device_handlers);
	any_names(&out->storage_handlers);
	any_names(&out->extra_features);
}

/* -- What is written is read ----------------------------------------------- */

static struct vmc_writer writer;

static struct vmc_writer *to_built(void)
{
	vmc_writer_init(&writer, built, sizeof(built));
	return &writer;
}

static struct vmc_view written(void)
{
	CHECK(!writer.fail);
	built_len = writer.len;
	return built_exactly();
}

#define CHECK_SAME(a, b) CHECK_EQ_MEM(&(a), &(b), sizeof(a))

TEST(interface_comes_back)
{
	struct vmc_interface wanted;
	int round;

	seed = 1;
	for (round = 0; round < ROUNDS; round++) {
		any_interface(&wanted);
		memset(&interface, 0xa5, sizeof(interface));
		agent_write_interface(to_built(), &wanted);
		CHECK_EQ_INT(read_interface(written()), VMC_OK);
		CHECK_SAME(interface, wanted);
		memset(&interface, 0xa5, sizeof(interface));
		agent_write_update_interface(to_built(), &wanted);
		CHECK_EQ_INT(read_update_interface(written()), VMC_OK);
		CHECK_SAME(interface, wanted);
	}
}

TEST(interfaces_come_back)
{
	static struct vmc_interfaces wanted;
	uint32_t i;
	int round;

	seed = 2;
	for (round = 0; round < ROUNDS; round++) {
		wanted.interface_len = any_up_to(VMC_AGENT_INTERFACE_MAX);
		for (i = 0; i < wanted.interface_len; i++)
			any_interface(wanted.interface + i);
		agent_write_interfaces(to_built(), &wanted);
		CHECK_EQ_INT(read_interfaces(written()), VMC_OK);
		CHECK_EQ_INT(interfaces.interface_len, wanted.interface_len);
		CHECK_EQ_MEM(interfaces.interface, wanted.interface,
			     wanted.interface_len * sizeof(interface));
	}
}

TEST(routes_come_back)
{
	static struct vmc_routes wanted;
	uint32_t i, few;
	int round;

	seed = 3;
	for (round = 0; round < ROUNDS; round++) {
		wanted.route_len = any_up_to(VMC_AGENT_ROUTE_MAX);
		for (i = 0; i < wanted.route_len; i++)
			any_route(wanted.route + i);
		agent_write_routes(to_built(), &wanted);
		CHECK_EQ_INT(read_routes(written()), VMC_OK);
		CHECK_EQ_INT(routes.route_len, wanted.route_len);
		CHECK_EQ_MEM(routes.route, wanted.route,
			     wanted.route_len * sizeof(*wanted.route));

		few = wanted.route_len < STRUCTS_MAX ? wanted.route_len :
						       STRUCTS_MAX;
		agent_write_update_routes(to_built(), wanted.route, few);
		CHECK_EQ_INT(read_update_routes(written()), VMC_OK);
		CHECK_EQ_INT(new_routes_len, few);
		CHECK_EQ_MEM(new_routes, wanted.route,
			     few * sizeof(*wanted.route));
	}
}

TEST(stats_come_back)
{
	static struct vmc_container_stats wanted;
	int round;

	seed = 4;
	for (round = 0; round < ROUNDS; round++) {
		any_stats(&wanted);
		memset(&stats, 0xa5, sizeof(stats));
		agent_write_stats(to_built(), &wanted);
		CHECK_EQ_INT(read_stats(written()), VMC_OK);
		CHECK_SAME(stats, wanted);
	}
}

TEST(details_come_back)
{
	struct vmc_guest_details wanted;
	int round;

	seed = 5;
	for (round = 0; round < ROUNDS; round++) {
		any_details(&wanted);
		memset(&details, 0xa5, sizeof(details));
		agent_write_details(to_built(), &wanted);
		CHECK_EQ_INT(read_details(written()), VMC_OK);
		CHECK_SAME(details, wanted);
	}
}

/* What was never written is written from constants, too. */
TEST(nothing_that_is_written_is_changed)
{
	static const struct vmc_container_stats no_stats;
	static const struct vmc_guest_details no_details;

	agent_write_stats(to_built(), &no_stats);
	CHECK_EQ_INT(read_stats(written()), VMC_OK);
	CHECK(stats.present);
	stats.present = 0;
	CHECK_SAME(stats, no_stats);
	agent_write_details(to_built(), &no_details);
	CHECK_EQ_INT(read_details(written()), VMC_OK);
	CHECK(details.present);
}

/* -- Requests come back ---------------------------------------------------- */

static void check_view(struct vmc_view view, struct vmc_view wanted)
{
	CHECK(vmc_view_equal(view, wanted));
}

static void check_views(const struct vmc_view *views, size_t len,
			const struct vmc_view *wanted, size_t wanted_len)
{
	size_t i;

	CHECK_EQ_INT(len, wanted_len);
	for (i = 0; i < len; i++)
		check_view(views[i], wanted[i]);
}

static void any_storage(struct vmc_storage *out)
{
	memset(out, 0, sizeof(*out));
	out->driver = any_view();
	out->driver_options = any_views(&out->driver_options_len);
	out->source = any_view();
	out->fstype = any_view();
	out->options = any_views(&out->options_len);
	out->mount_point = any_view();
	out->has_fs_group = (uint8_t)any_up_to(1);
	if (out->has_fs_group) {
		out->fs_group.id = (uint32_t)any_number();
		out->fs_group.change_policy = any_up_to(1);
	}
	out->shared = (uint8_t)any_up_to(1);
}

static void check_storages(const struct vmc_storage *storages, size_t len,
			   const struct vmc_storage *wanted, size_t wanted_len)
{
	CHECK_EQ_INT(len, wanted_len);
	for (; len > 0; len--, storages++, wanted++) {
		check_view(storages->driver, wanted->driver);
		check_views(storages->driver_options,
			    storages->driver_options_len,
			    wanted->driver_options, wanted->driver_options_len);
		check_view(storages->source, wanted->source);
		check_view(storages->fstype, wanted->fstype);
		check_views(storages->options, storages->options_len,
			    wanted->options, wanted->options_len);
		check_view(storages->mount_point, wanted->mount_point);
		CHECK_EQ_INT(storages->has_fs_group, wanted->has_fs_group);
		CHECK_EQ_INT(storages->fs_group.id, wanted->fs_group.id);
		CHECK_EQ_INT(storages->fs_group.change_policy,
			     wanted->fs_group.change_policy);
		CHECK_EQ_INT(storages->shared, wanted->shared);
	}
}

static struct vmc_storage any_storages[STRUCTS_MAX];

static size_t fill_storages(void)
{
	size_t i, len = any_up_to(STRUCTS_MAX);

	for (i = 0; i < len; i++)
		any_storage(any_storages + i);
	return len;
}

TEST(storages_come_back)
{
	size_t len;
	int round;

	seed = 6;
	for (round = 0; round < ROUNDS; round++) {
		all_views_len = 0;
		len = fill_storages();
		agent_write_storages(to_built(), any_storages, len);
		CHECK_EQ_INT(read_mounts(written()), VMC_OK);
		check_storages(mounts, mounts_len, any_storages, len);
	}
}

static struct vmc_kernel_module any_modules[STRUCTS_MAX];

static void any_sandbox(struct vmc_sandbox *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	all_views_len = 0;
	out->id = any_view();
	out->hostname = any_view();
	out->dns = any_views(&out->dns_len);
	out->storages = any_storages;
	out->storages_len = fill_storages();
	out->kernel_modules = any_modules;
	out->kernel_modules_len = any_up_to(STRUCTS_MAX);
	for (i = 0; i < out->kernel_modules_len; i++) {
		any_modules[i].name = any_view();
		any_modules[i].parameters =
			any_views(&any_modules[i].parameters_len);
	}
	out->guest_hook_path = any_view();
	out->pid_namespace_shared = (uint8_t)any_up_to(1);
}

TEST(sandbox_comes_back)
{
	struct vmc_sandbox wanted;
	size_t i;
	int round;

	seed = 7;
	for (round = 0; round < ROUNDS; round++) {
		any_sandbox(&wanted);
		agent_write_sandbox(to_built(), &wanted);
		CHECK_EQ_INT(read_sandbox(written()), VMC_OK);
		check_view(sandbox.id, wanted.id);
		check_view(sandbox.hostname, wanted.hostname);
		check_views(sandbox.dns, sandbox.dns_len, wanted.dns,
			    wanted.dns_len);
		check_storages(sandbox.storages, sandbox.storages_len,
			       wanted.storages, wanted.storages_len);
		CHECK_EQ_INT(sandbox.kernel_modules_len,
			     wanted.kernel_modules_len);
		for (i = 0; i < wanted.kernel_modules_len; i++) {
			check_view(sandbox.kernel_modules[i].name,
				   any_modules[i].name);
			check_views(sandbox.kernel_modules[i].parameters,
				    sandbox.kernel_modules[i].parameters_len,
				    any_modules[i].parameters,
				    any_modules[i].parameters_len);
		}
		check_view(sandbox.guest_hook_path, wanted.guest_hook_path);
		CHECK_EQ_INT(sandbox.pid_namespace_shared,
			     wanted.pid_namespace_shared);
	}
}

static void any_string_user(struct vmc_string_user *out)
{
	out->uid = any_view();
	out->gid = any_view();
	out->additional_gids = any_views(&out->additional_gids_len);
}

static void check_string_user(const struct vmc_string_user *user,
			      const struct vmc_string_user *wanted)
{
	check_view(user->uid, wanted->uid);
	check_view(user->gid, wanted->gid);
	check_views(user->additional_gids, user->additional_gids_len,
		    wanted->additional_gids, wanted->additional_gids_len);
}

static void check_ports(const struct vmc_stdio_ports *ports,
			const struct vmc_stdio_ports *wanted)
{
	CHECK_EQ_INT(ports->stdin_port, wanted->stdin_port);
	CHECK_EQ_INT(ports->stdout_port, wanted->stdout_port);
	CHECK_EQ_INT(ports->stderr_port, wanted->stderr_port);
}

static struct vmc_device any_devices[STRUCTS_MAX];
static struct vmc_shared_mount any_shared_mounts[STRUCTS_MAX];

static void any_container(struct vmc_container *out)
{
	size_t i;

	memset(out, 0, sizeof(*out));
	all_views_len = 0;
	out->id = any_view();
	out->exec_id = any_view();
	any_string_user(&out->string_user);
	out->devices = any_devices;
	out->devices_len = any_up_to(STRUCTS_MAX);
	for (i = 0; i < out->devices_len; i++) {
		any_devices[i].id = any_view();
		any_devices[i].type = any_view();
		any_devices[i].vm_path = any_view();
		any_devices[i].container_path = any_view();
		any_devices[i].options = any_views(&any_devices[i].options_len);
	}
	out->storages = any_storages;
	out->storages_len = fill_storages();
	out->shared_mounts = any_shared_mounts;
	out->shared_mounts_len = any_up_to(STRUCTS_MAX);
	for (i = 0; i < out->shared_mounts_len; i++) {
		any_shared_mounts[i].name = any_view();
		any_shared_mounts[i].source_container = any_view();
		any_shared_mounts[i].source_path = any_view();
		any_shared_mounts[i].container = any_view();
		any_shared_mounts[i].path = any_view();
	}
	out->oci = any_view();
	out->ports.stdin_port = (uint32_t)any_number();
	out->ports.stdout_port = (uint32_t)any_number();
	out->ports.stderr_port = (uint32_t)any_number();
	out->pid_namespace_shared = (uint8_t)any_up_to(1);
}

static void check_devices(const struct vmc_container *wanted)
{
	const struct vmc_device *device = container.devices;
	size_t i;

	CHECK_EQ_INT(container.devices_len, wanted->devices_len);
	for (i = 0; i < wanted->devices_len; i++, device++) {
		check_view(device->id, any_devices[i].id);
		check_view(device->type, any_devices[i].type);
		check_view(device->vm_path, any_devices[i].vm_path);
		check_view(device->container_path,
			   any_devices[i].container_path);
		check_views(device->options, device->options_len,
			    any_devices[i].options, any_devices[i].options_len);
	}
}

static void check_shared_mounts(const struct vmc_container *wanted)
{
	const struct vmc_shared_mount *mount = container.shared_mounts;
	size_t i;

	CHECK_EQ_INT(container.shared_mounts_len, wanted->shared_mounts_len);
	for (i = 0; i < wanted->shared_mounts_len; i++, mount++) {
		check_view(mount->name, any_shared_mounts[i].name);
		check_view(mount->source_container,
			   any_shared_mounts[i].source_container);
		check_view(mount->source_path,
			   any_shared_mounts[i].source_path);
		check_view(mount->container, any_shared_mounts[i].container);
		check_view(mount->path, any_shared_mounts[i].path);
	}
}

/* Its specification follows from where it is. */
static void append(struct vmc_view bytes)
{
	vmc_put_bytes(&writer, bytes);
}

TEST(container_comes_back)
{
	struct vmc_container wanted;
	int round;

	seed = 8;
	for (round = 0; round < ROUNDS; round++) {
		any_container(&wanted);
		agent_write_container(to_built(), &wanted);
		append(wanted.oci);
		CHECK_EQ_INT(read_container(written()), VMC_OK);
		check_view(container.id, wanted.id);
		check_view(container.exec_id, wanted.exec_id);
		check_string_user(&container.string_user, &wanted.string_user);
		check_devices(&wanted);
		check_storages(container.storages, container.storages_len,
			       wanted.storages, wanted.storages_len);
		check_shared_mounts(&wanted);
		check_view(container.oci, wanted.oci);
		check_ports(&container.ports, &wanted.ports);
		CHECK_EQ_INT(container.pid_namespace_shared,
			     wanted.pid_namespace_shared);
	}
}

TEST(the_specification_comes_last)
{
	struct vmc_container one = { .id = vmc_view_of("c"),
				     .ports = { 1, 2, 3 },
				     .pid_namespace_shared = 1 };
	uint8_t spec[300];

	memset(spec, 0xee, sizeof(spec));
	one.oci = (struct vmc_view){ spec, sizeof(spec) };
	agent_write_container(to_built(), &one);
	CHECK_EQ_INT(writer.len, 3 + 2 + 6 + 3);
	CHECK_EQ_MEM(built,
		     "\x0a\x01\x63\x38\x01\x48\x01\x50\x02\x58\x03"
		     "\x32\xac\x02",
		     writer.len);
	/* without it, there is no such field */
	one.oci.ptr_len = 0;
	agent_write_container(to_built(), &one);
	CHECK_EQ_INT(writer.len, 3 + 2 + 6);
}

static void any_exec(struct vmc_exec *out)
{
	memset(out, 0, sizeof(*out));
	all_views_len = 0;
	out->container_id = any_view();
	out->exec_id = any_view();
	any_string_user(&out->string_user);
	out->args = any_views(&out->args_len);
	out->env = any_views(&out->env_len);
	out->cwd = any_view();
	out->uid = (uint32_t)any_number();
	out->gid = (uint32_t)any_number();
	out->no_new_privileges = (uint8_t)any_up_to(1);
	out->terminal = (uint8_t)any_up_to(1);
	out->height = (uint32_t)any_number();
	out->width = (uint32_t)any_number();
	out->ports.stdin_port = (uint32_t)any_number();
	out->ports.stdout_port = (uint32_t)any_number();
	out->ports.stderr_port = (uint32_t)any_number();
}

TEST(exec_comes_back)
{
	struct vmc_exec wanted;
	int round;

	seed = 9;
	for (round = 0; round < ROUNDS; round++) {
		any_exec(&wanted);
		agent_write_exec(to_built(), &wanted);
		CHECK_EQ_INT(read_exec(written()), VMC_OK);
		check_view(process.container_id, wanted.container_id);
		check_view(process.exec_id, wanted.exec_id);
		check_string_user(&process.string_user, &wanted.string_user);
		check_views(process.args, process.args_len, wanted.args,
			    wanted.args_len);
		check_views(process.env, process.env_len, wanted.env,
			    wanted.env_len);
		check_view(process.cwd, wanted.cwd);
		CHECK_EQ_INT(process.uid, wanted.uid);
		CHECK_EQ_INT(process.gid, wanted.gid);
		CHECK_EQ_INT(process.no_new_privileges,
			     wanted.no_new_privileges);
		CHECK_EQ_INT(process.terminal, wanted.terminal);
		CHECK_EQ_INT(process.height, wanted.height);
		CHECK_EQ_INT(process.width, wanted.width);
		check_ports(&process.ports, &wanted.ports);
	}
}

/* A user by name and a window's size only if there is one; a user's numbers
 * always, as Kata's runtime has them. */
TEST(a_process_is_written_as_kata_does)
{
	struct vmc_exec exec = { .exec_id = vmc_view_of("e") };

	agent_write_exec(to_built(), &exec);
	CHECK_EQ_INT(writer.len, 3 + 4);
	CHECK_EQ_MEM(built, "\x12\x01\x65\x22\x02\x1a\x00", 7);
}

/* -- In parts -------------------------------------------------------------- */

static struct vmc_view from_digits(const char *digits)
{
	built_len = from_hex(digits, built);
	return built_exactly();
}

/* A message that may come once and comes twice is joined, a list goes on. */
TEST(stats_may_come_in_parts)
{
	CHECK_EQ_INT(read_stats(from_digits("0a08 0a06 0a04 0805 1007" /* CPU */
					    "0a08 0a06 0a04 1008 1806"
					    "0a06 1204 12020805" /* memory */
					    "0a06 1204 12021809"
					    "0a04 1a020803" /* processes */
					    "0a04 1a021004")),
		     VMC_OK);
	CHECK_EQ_INT(stats.cpu_total, 5);
	CHECK_EQ_INT(stats.cpu_kernel, 6);
	CHECK_EQ_INT(stats.per_cpu_len, 2);
	CHECK_EQ_INT(stats.per_cpu[0], 7);
	CHECK_EQ_INT(stats.per_cpu[1], 8);
	CHECK_EQ_INT(stats.memory.usage, 5);
	CHECK_EQ_INT(stats.memory.failures, 9);
	CHECK_EQ_INT(stats.pids_current, 3);
	CHECK_EQ_INT(stats.pids_limit, 4);
}

TEST(an_interface_may_come_in_parts)
{
	CHECK_EQ_INT(read_update_interface(from_digits(
			     "0a06 12026c6f 2007 0a05 3a03 766574")),
		     VMC_OK);
	CHECK_EQ_INT(interface.present, 1);
	CHECK_EQ_STR(interface.name, "lo");
	CHECK_EQ_INT(interface.mtu, 7);
	CHECK_EQ_STR(interface.type, "vet");
}

TEST(exec_may_come_in_parts)
{
	CHECK_EQ_INT(read_exec(from_digits("2205 3203 2f746d 2202 0801"
					   "1a03 0a0161 1a03 120162")),
		     VMC_OK);
	CHECK(vmc_view_is(process.cwd, "/tm"));
	CHECK_EQ_INT(process.terminal, 1);
	CHECK(vmc_view_is(process.string_user.uid, "a"));
	CHECK(vmc_view_is(process.string_user.gid, "b"));
	/* its arguments may not be torn apart */
	CHECK_EQ_INT(read_exec(from_digits("2203 220161 2203 2a0162"
					   "2203 220163")),
		     VMC_ERR_MALFORMED);
	CHECK(strstr(error.text, "Process.Args"));
}

/* -- What is not there ----------------------------------------------------- */

TEST(present_says_what_came)
{
	CHECK_EQ_INT(read_interface(from_digits("")), VMC_OK);
	CHECK_EQ_INT(interface.present, 1);
	CHECK_EQ_INT(read_update_interface(from_digits("")), VMC_ERR_MALFORMED);
	check_error(VMC_ERR_MALFORMED, "UpdateInterfaceRequest: not what its "
				       "description says");
	CHECK_EQ_INT(read_update_interface(from_digits("0a00")), VMC_OK);
	CHECK_EQ_INT(interface.present, 1);
	CHECK_EQ_INT(read_details(from_digits("")), VMC_OK);
	CHECK_EQ_INT(details.present, 1);
	CHECK_EQ_INT(read_stats(from_digits("")), VMC_OK);
	CHECK_EQ_INT(stats.present, 1);
}

TEST(an_empty_request_is_empty)
{
	CHECK_EQ_INT(read_sandbox(from_digits("")), VMC_OK);
	CHECK_EQ_INT(sandbox.storages_len, 0);
	CHECK_EQ_INT(sandbox.dns_len, 0);
	CHECK_EQ_INT(sandbox.id.ptr_len, 0);
	CHECK_EQ_INT(read_container(from_digits("")), VMC_OK);
	CHECK_EQ_INT(container.devices_len, 0);
	CHECK_EQ_INT(container.oci.ptr_len, 0);
	CHECK_EQ_INT(read_exec(from_digits("")), VMC_OK);
	CHECK_EQ_INT(process.args_len, 0);
	CHECK_EQ_INT(read_mounts(from_digits("")), VMC_OK);
	CHECK_EQ_INT(mounts_len, 0);
	CHECK_EQ_INT(read_update_routes(from_digits("")), VMC_OK);
	CHECK_EQ_INT(new_routes_len, 0);
}

/* What a later agent may add, inside of everything. */
TEST(unknown_fields_are_skipped_everywhere)
{
	CHECK_EQ_INT(read_interfaces(from_digits("0a0a 4a02ffff 12016c 98 0107"
						 "9a06 03 010203")),
		     VMC_OK);
	CHECK_EQ_INT(interfaces.interface_len, 1);
	CHECK_EQ_STR(interfaces.interface[0].name, "l");
	CHECK_EQ_INT(read_stats(from_digits("0a0c 0a08 0a04 0805 4801 2801"
					    "3801 1d 01020304")),
		     VMC_OK);
	CHECK_EQ_INT(stats.cpu_total, 5);
	CHECK_EQ_INT(read_details(from_digits("1205 5003 0a0176 2001")),
		     VMC_OK);
	CHECK_EQ_STR(details.version, "v");
}

/* -- Broken ---------------------------------------------------------------- */

struct sample {
	enum vmc_status (*read)(struct vmc_view bytes);
	void (*write)(void);
};

static void write_interface(void)
{
	struct vmc_interface one;

	any_interface(&one);
	agent_write_interface(to_built(), &one);
}

static void write_interfaces(void)
{
	static struct vmc_interfaces some;

	some.interface_len = VMC_AGENT_INTERFACE_MAX < 2 ? 1 : 2;
	any_interface(some.interface);
	any_interface(some.interface + some.interface_len - 1);
	agent_write_interfaces(to_built(), &some);
}

static void write_update_interface(void)
{
	struct vmc_interface one;

	any_interface(&one);
	agent_write_update_interface(to_built(), &one);
}

static void write_routes(void)
{
	static struct vmc_routes some;

	some.route_len = 1;
	any_route(some.route);
	agent_write_routes(to_built(), &some);
}

static void write_update_routes(void)
{
	struct vmc_route one;

	any_route(&one);
	agent_write_update_routes(to_built(), &one, 1);
}

static void write_stats(void)
{
	static struct vmc_container_stats some;
	uint32_t i;

	any_stats(&some);
	some.memory_stat_len =
		some.memory_stat_len > 3 ? 3 : some.memory_stat_len;
	for (i = 0; i < VMC_BLKIO_LISTS; i++)
		some.blkio[i].stat_len = some.blkio[i].stat_len > 0;
	agent_write_stats(to_built(), &some);
}

static void write_details(void)
{
	static struct vmc_guest_details some;

	any_details(&some);
	agent_write_details(to_built(), &some);
}

static void write_sandbox(void)
{
	struct vmc_sandbox some;

	any_sandbox(&some);
	agent_write_sandbox(to_built(), &some);
}

static void write_container(void)
{
	struct vmc_container some;

	any_container(&some);
	agent_write_container(to_built(), &some);
	append(some.oci);
}

static void write_exec(void)
{
	struct vmc_exec some;

	any_exec(&some);
	agent_write_exec(to_built(), &some);
}

static void write_mounts(void)
{
	size_t len;

	all_views_len = 0;
	len = fill_storages();
	agent_write_storages(to_built(), any_storages, len);
}

static const struct sample samples[] = {
	{ read_interface, write_interface },
	{ read_interfaces, write_interfaces },
	{ read_update_interface, write_update_interface },
	{ read_routes, write_routes },
	{ read_update_routes, write_update_routes },
	{ read_stats, write_stats },
	{ read_details, write_details },
	{ read_sandbox, write_sandbox },
	{ read_container, write_container },
	{ read_exec, write_exec },
	{ read_mounts, write_mounts },
};

#define SAMPLES (sizeof(samples) / sizeof(*samples))

/* It ends, with an error that has words, or well. */
static void check_ends(const struct sample *sample, const uint8_t *bytes,
		       size_t len)
{
	enum vmc_status status = sample->read(exactly(bytes, len));

	if (status == VMC_OK) {
		CHECK_EQ_INT(error.status, VMC_OK);
		return;
	}
	CHECK(status == VMC_ERR_MALFORMED || status == VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(error.status, status);
	CHECK(error.text[0]);
}

static void check_broken(const struct sample *sample)
{
	static uint8_t bytes[BYTES_SIZE];
	size_t i, len;

	sample->write();
	CHECK(!writer.fail);
	len = writer.len;
	memcpy(bytes, built, len);
	for (i = 0; i < len; i++)
		check_ends(sample, bytes, i);
	for (i = 0; i < len * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		check_ends(sample, bytes, len);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK_EQ_INT(sample->read(exactly(bytes, len)), VMC_OK);
}

TEST(every_prefix_and_every_flipped_bit_ends)
{
	size_t i;
	int round;

	seed = 10;
	for (round = 0; round < 3; round++) {
		for (i = 0; i < SAMPLES; i++)
			check_broken(samples + i);
	}
}

/* -- Without room ---------------------------------------------------------- */

static void check_room(void (*write)(struct vmc_writer *w))
{
	struct vmc_writer w;
	size_t cap, needed;
	uint8_t *exact;

	vmc_writer_init(&w, built, sizeof(built));
	write(&w);
	CHECK(!w.fail);
	needed = w.len;
	CHECK(needed > 0);
	for (cap = 0; cap <= needed; cap++) {
		exact = malloc(cap + 1);
		vmc_writer_init(&w, exact, cap);
		write(&w);
		CHECK_EQ_INT(w.fail, cap < needed);
		CHECK(w.len <= cap);
		if (cap == needed)
			CHECK_EQ_MEM(exact, built, needed);
		free(exact);
	}
}

static struct vmc_container_stats stats_to_write;
static struct vmc_container container_to_write;
static struct vmc_guest_details details_to_write;

static void put_stats(struct vmc_writer *w)
{
	agent_write_stats(w, &stats_to_write);
}

static void put_container(struct vmc_writer *w)
{
	agent_write_container(w, &container_to_write);
}

static void put_details(struct vmc_writer *w)
{
	agent_write_details(w, &details_to_write);
}

TEST(a_writer_without_room_says_so)
{
	uint32_t i;

	seed = 11;
	any_stats(&stats_to_write);
	stats_to_write.memory_stat_len = 1;
	for (i = 0; i < VMC_BLKIO_LISTS; i++)
		stats_to_write.blkio[i].stat_len = 1;
	check_room(put_stats);
	any_container(&container_to_write);
	container_to_write.oci = vmc_view_of("spec");
	check_room(put_container);
	any_details(&details_to_write);
	check_room(put_details);
}

TESTS(RUN(texts_are_held_to_their_knobs)
      RUN(lists_are_held_to_their_knobs)
      RUN(cpus_are_held_to_their_knob)
      RUN(one_room_serves_all_lists)
      RUN(interface_comes_back)
      RUN(interfaces_come_back)
      RUN(routes_come_back)
      RUN(stats_come_back)
      RUN(details_come_back)
      RUN(nothing_that_is_written_is_changed)
      RUN(storages_come_back)
      RUN(sandbox_comes_back)
      RUN(container_comes_back)
      RUN(the_specification_comes_last)
      RUN(exec_comes_back)
      RUN(a_process_is_written_as_kata_does)
      RUN(stats_may_come_in_parts)
      RUN(an_interface_may_come_in_parts)
      RUN(exec_may_come_in_parts)
      RUN(present_says_what_came)
      RUN(an_empty_request_is_empty)
      RUN(unknown_fields_are_skipped_everywhere)
      RUN(every_prefix_and_every_flipped_bit_ends)
      RUN(a_writer_without_room_says_so));
