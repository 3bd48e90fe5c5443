/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages: a container's statistics. Each message that is nested
 * is read straight to its place in struct vmc_container_stats, so that no
 * frame is large. fill_* and keep_*: agent_pbio.c.
 */
#include "agent_pbio.h"

#include <pb_encode.h>

#include "agent.pb.h"
#include "message_list.h"

/* A message that is nested: all of them are kept in the one public struct. */
static struct vmc_list part_of(const struct vmc_list_type *type,
			       const void *stats)
{
	struct vmc_list list = { type, (void *)stats, 1, 1, NULL };

	return list;
}

/* -- CpuUsage -------------------------------------------------------------- */

static void fill_cpu_usage(vmc_grpc_CpuUsage *message,
			   const struct vmc_container_stats *stats)
{
	struct vmc_list list = { &vmc_list_u64, (void *)stats->per_cpu,
				 stats->per_cpu_len, VMC_AGENT_CPU_MAX,
				 "CpuUsage.percpu_usage: VMC_AGENT_CPU_MAX" };

	message->total_usage = stats->cpu_total;
	message->percpu_usage = list;
	message->usage_in_kernelmode = stats->cpu_kernel;
	message->usage_in_usermode = stats->cpu_user;
}

static bool read_cpu_usage(struct vmc_reading *reading, struct vmc_view bytes,
			   void *element)
{
	struct vmc_container_stats *stats = element;
	vmc_grpc_CpuUsage message;

	fill_cpu_usage(&message, stats);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_CpuUsage_fields,
				    &message))
		return false;
	stats->cpu_total = message.total_usage;
	stats->per_cpu_len = message.percpu_usage.len;
	stats->cpu_kernel = message.usage_in_kernelmode;
	stats->cpu_user = message.usage_in_usermode;
	return true;
}

static bool write_cpu_usage(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_CpuUsage message;

	fill_cpu_usage(&message, element);
	return pb_encode(stream, vmc_grpc_CpuUsage_fields, &message);
}

static const struct vmc_list_type cpu_usage_type = {
	.read = read_cpu_usage,
	.write = write_cpu_usage,
};

/* -- CpuStats -------------------------------------------------------------- */

static void fill_cpu(vmc_grpc_CpuStats *message,
		     const struct vmc_container_stats *stats)
{
	message->cpu_usage = part_of(&cpu_usage_type, stats);
	message->has_throttling_data = true;
	message->throttling_data.periods = stats->throttling_periods;
	message->throttling_data.throttled_periods = stats->throttled_periods;
	message->throttling_data.throttled_time = stats->throttled_time;
}

static bool read_cpu(struct vmc_reading *reading, struct vmc_view bytes,
		     void *element)
{
	struct vmc_container_stats *stats = element;
	vmc_grpc_CpuStats message;

	fill_cpu(&message, stats);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_CpuStats_fields,
				    &message))
		return false;
	stats->throttling_periods = message.throttling_data.periods;
	stats->throttled_periods = message.throttling_data.throttled_periods;
	stats->throttled_time = message.throttling_data.throttled_time;
	return true;
}

static bool write_cpu(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_CpuStats message;

	fill_cpu(&message, element);
	return pb_encode(stream, vmc_grpc_CpuStats_fields, &message);
}

static const struct vmc_list_type cpu_type = {
	.read = read_cpu,
	.write = write_cpu,
};

/* -- MemoryStats and its lines --------------------------------------------- */

static const struct vmc_message_text memory_stat_texts[] = {
	VMC_MESSAGE_TEXT(MemoryStatEntry, key, vmc_memory_stat, name,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_memory_stat(vmc_grpc_MemoryStatEntry *message,
			     const struct vmc_memory_stat *stat)
{
	vmc_message_fill_texts(message, memory_stat_texts,
			       VMC_MESSAGE_TEXTS(memory_stat_texts), stat);
	message->value = stat->value;
}

static bool read_memory_stat(struct vmc_reading *reading, struct vmc_view bytes,
			     void *element)
{
	struct vmc_memory_stat *stat = element;
	vmc_grpc_MemoryStatEntry message;

	fill_memory_stat(&message, stat);
	if (!vmc_message_read_inner(reading, bytes,
				    vmc_grpc_MemoryStatEntry_fields, &message))
		return false;
	stat->value = message.value;
	return vmc_message_keep_texts(reading, memory_stat_texts,
				      VMC_MESSAGE_TEXTS(memory_stat_texts),
				      &message, stat);
}

static bool write_memory_stat(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_MemoryStatEntry message;

	fill_memory_stat(&message, element);
	return pb_encode(stream, vmc_grpc_MemoryStatEntry_fields, &message);
}

static const struct vmc_list_type memory_stats = {
	.size = sizeof(struct vmc_memory_stat),
	.read = read_memory_stat,
	.write = write_memory_stat,
};

static void fill_usage(vmc_grpc_MemoryData *message,
		       const struct vmc_memory_usage *usage)
{
	message->usage = usage->usage;
	message->max_usage = usage->max_usage;
	message->failcnt = usage->failures;
	message->limit = usage->limit;
}

static void keep_usage(struct vmc_memory_usage *usage,
		       const vmc_grpc_MemoryData *message)
{
	usage->usage = message->usage;
	usage->max_usage = message->max_usage;
	usage->failures = message->failcnt;
	usage->limit = message->limit;
}

static void fill_memory(vmc_grpc_MemoryStats *message,
			const struct vmc_container_stats *stats)
{
	struct vmc_list list = {
		&memory_stats, (void *)stats->memory_stat,
		stats->memory_stat_len, VMC_AGENT_MEMORY_STAT_MAX,
		"MemoryStats.stats: VMC_AGENT_MEMORY_STAT_MAX"
	};

	message->cache = stats->memory_cache;
	message->has_usage = true;
	fill_usage(&message->usage, &stats->memory);
	message->has_swap_usage = true;
	fill_usage(&message->swap_usage, &stats->swap);
	message->has_kernel_usage = true;
	fill_usage(&message->kernel_usage, &stats->kernel_memory);
	message->use_hierarchy = stats->memory_use_hierarchy != 0;
	message->stats = list;
}

static bool read_memory(struct vmc_reading *reading, struct vmc_view bytes,
			void *element)
{
	struct vmc_container_stats *stats = element;
	vmc_grpc_MemoryStats message;

	fill_memory(&message, stats);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_MemoryStats_fields,
				    &message))
		return false;
	stats->memory_cache = message.cache;
	keep_usage(&stats->memory, &message.usage);
	keep_usage(&stats->swap, &message.swap_usage);
	keep_usage(&stats->kernel_memory, &message.kernel_usage);
	stats->memory_use_hierarchy = message.use_hierarchy;
	stats->memory_stat_len = message.stats.len;
	return true;
}

static bool write_memory(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_MemoryStats message;

	fill_memory(&message, element);
	return pb_encode(stream, vmc_grpc_MemoryStats_fields, &message);
}

static const struct vmc_list_type memory_type = {
	.read = read_memory,
	.write = write_memory,
};

/* -- BlkioStats and its lines ---------------------------------------------- */

static const struct vmc_message_text blkio_stat_texts[] = {
	VMC_MESSAGE_TEXT(BlkioStatsEntry, op, vmc_blkio_stat, operation,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_blkio_stat(vmc_grpc_BlkioStatsEntry *message,
			    const struct vmc_blkio_stat *stat)
{
	message->major = stat->major;
	message->minor = stat->minor;
	vmc_message_fill_texts(message, blkio_stat_texts,
			       VMC_MESSAGE_TEXTS(blkio_stat_texts), stat);
	message->value = stat->value;
}

static bool read_blkio_stat(struct vmc_reading *reading, struct vmc_view bytes,
			    void *element)
{
	struct vmc_blkio_stat *stat = element;
	vmc_grpc_BlkioStatsEntry message;

	fill_blkio_stat(&message, stat);
	if (!vmc_message_read_inner(reading, bytes,
				    vmc_grpc_BlkioStatsEntry_fields, &message))
		return false;
	stat->major = message.major;
	stat->minor = message.minor;
	stat->value = message.value;
	return vmc_message_keep_texts(reading, blkio_stat_texts,
				      VMC_MESSAGE_TEXTS(blkio_stat_texts),
				      &message, stat);
}

static bool write_blkio_stat(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_BlkioStatsEntry message;

	fill_blkio_stat(&message, element);
	return pb_encode(stream, vmc_grpc_BlkioStatsEntry_fields, &message);
}

static const struct vmc_list_type blkio_stats = {
	.size = sizeof(struct vmc_blkio_stat),
	.read = read_blkio_stat,
	.write = write_blkio_stat,
};

/* The eight lists, whose tags are in their order. */
static const char *const blkio_names[VMC_BLKIO_LISTS] = {
	"BlkioStats.io_service_bytes_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_serviced_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_queued_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_service_time_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_wait_time_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_merged_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.io_time_recursive: VMC_AGENT_BLKIO_MAX",
	"BlkioStats.sectors_recursive: VMC_AGENT_BLKIO_MAX",
};

/* nanopb's hook for them. */
bool vmc_agent_blkio_field(pb_istream_t *istream, pb_ostream_t *ostream,
			   const pb_field_t *field)
{
	struct vmc_blkio_stats *stats =
		*(struct vmc_blkio_stats **)field->pData;
	struct vmc_list list = {
		&blkio_stats, stats->stat, stats->stat_len, VMC_AGENT_BLKIO_MAX,
		blkio_names[field->tag -
			    vmc_grpc_BlkioStats_io_service_bytes_recursive_tag]
	};
	bool ok;

	if (ostream)
		return vmc_message_write_list(ostream, field, &list);
	ok = vmc_message_read_list(istream, field, &list);
	stats->stat_len = list.len;
	return ok;
}

static void fill_blkio(vmc_grpc_BlkioStats *message,
		       const struct vmc_container_stats *stats)
{
	struct vmc_blkio_stats *list = (void *)stats->blkio;

	message->io_service_bytes_recursive = list + VMC_BLKIO_SERVICE_BYTES;
	message->io_serviced_recursive = list + VMC_BLKIO_SERVICED;
	message->io_queued_recursive = list + VMC_BLKIO_QUEUED;
	message->io_service_time_recursive = list + VMC_BLKIO_SERVICE_TIME;
	message->io_wait_time_recursive = list + VMC_BLKIO_WAIT_TIME;
	message->io_merged_recursive = list + VMC_BLKIO_MERGED;
	message->io_time_recursive = list + VMC_BLKIO_TIME;
	message->sectors_recursive = list + VMC_BLKIO_SECTORS;
}

static bool read_blkio(struct vmc_reading *reading, struct vmc_view bytes,
		       void *element)
{
	vmc_grpc_BlkioStats message;

	fill_blkio(&message, element);
	return vmc_message_read_inner(reading, bytes,
				      vmc_grpc_BlkioStats_fields, &message);
}

static bool write_blkio(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_BlkioStats message;

	fill_blkio(&message, element);
	return pb_encode(stream, vmc_grpc_BlkioStats_fields, &message);
}

static const struct vmc_list_type blkio_type = {
	.read = read_blkio,
	.write = write_blkio,
};

/* -- HugetlbStats, with its key -------------------------------------------- */

static const struct vmc_message_text hugetlb_texts[] = {
	VMC_MESSAGE_TEXT(HugetlbStatsEntry, key, vmc_hugetlb_stat, page_size,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_hugetlb(vmc_grpc_HugetlbStatsEntry *message,
			 const struct vmc_hugetlb_stat *stat)
{
	vmc_message_fill_texts(message, hugetlb_texts,
			       VMC_MESSAGE_TEXTS(hugetlb_texts), stat);
	message->has_value = true;
	message->value.usage = stat->usage;
	message->value.max_usage = stat->max_usage;
	message->value.failcnt = stat->failures;
}

static bool read_hugetlb(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	struct vmc_hugetlb_stat *stat = element;
	vmc_grpc_HugetlbStatsEntry message;

	fill_hugetlb(&message, stat);
	if (!vmc_message_read_inner(reading, bytes,
				    vmc_grpc_HugetlbStatsEntry_fields,
				    &message))
		return false;
	stat->usage = message.value.usage;
	stat->max_usage = message.value.max_usage;
	stat->failures = message.value.failcnt;
	return vmc_message_keep_texts(reading, hugetlb_texts,
				      VMC_MESSAGE_TEXTS(hugetlb_texts),
				      &message, stat);
}

static bool write_hugetlb(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_HugetlbStatsEntry message;

	fill_hugetlb(&message, element);
	return pb_encode(stream, vmc_grpc_HugetlbStatsEntry_fields, &message);
}

static const struct vmc_list_type hugetlb_stats = {
	.size = sizeof(struct vmc_hugetlb_stat),
	.read = read_hugetlb,
	.write = write_hugetlb,
};

/* -- CgroupStats ----------------------------------------------------------- */

static void fill_cgroup(vmc_grpc_CgroupStats *message,
			const struct vmc_container_stats *stats)
{
	struct vmc_list list = {
		&hugetlb_stats, (void *)stats->hugetlb, stats->hugetlb_len,
		VMC_AGENT_HUGETLB_MAX,
		"CgroupStats.hugetlb_stats: VMC_AGENT_HUGETLB_MAX"
	};

	message->cpu_stats = part_of(&cpu_type, stats);
	message->memory_stats = part_of(&memory_type, stats);
	message->has_pids_stats = true;
	message->pids_stats.current = stats->pids_current;
	message->pids_stats.limit = stats->pids_limit;
	message->blkio_stats = part_of(&blkio_type, stats);
	message->hugetlb_stats = list;
}

static bool read_cgroup(struct vmc_reading *reading, struct vmc_view bytes,
			void *element)
{
	struct vmc_container_stats *stats = element;
	vmc_grpc_CgroupStats message;

	fill_cgroup(&message, stats);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_CgroupStats_fields,
				    &message))
		return false;
	stats->pids_current = message.pids_stats.current;
	stats->pids_limit = message.pids_stats.limit;
	stats->hugetlb_len = message.hugetlb_stats.len;
	return true;
}

static bool write_cgroup(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_CgroupStats message;

	fill_cgroup(&message, element);
	return pb_encode(stream, vmc_grpc_CgroupStats_fields, &message);
}

static const struct vmc_list_type cgroup_type = {
	.read = read_cgroup,
	.write = write_cgroup,
};

/* -- NetworkStats ---------------------------------------------------------- */

static const struct vmc_message_text network_texts[] = {
	VMC_MESSAGE_TEXT(NetworkStats, name, vmc_network_stat, name,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_network(vmc_grpc_NetworkStats *message,
			 const struct vmc_network_stat *stat)
{
	vmc_message_fill_texts(message, network_texts,
			       VMC_MESSAGE_TEXTS(network_texts), stat);
	message->rx_bytes = stat->rx_bytes;
	message->rx_packets = stat->rx_packets;
	message->rx_errors = stat->rx_errors;
	message->rx_dropped = stat->rx_dropped;
	message->tx_bytes = stat->tx_bytes;
	message->tx_packets = stat->tx_packets;
	message->tx_errors = stat->tx_errors;
	message->tx_dropped = stat->tx_dropped;
}

static bool keep_network(struct vmc_reading *reading,
			 struct vmc_network_stat *stat,
			 const vmc_grpc_NetworkStats *message)
{
	stat->rx_bytes = message->rx_bytes;
	stat->rx_packets = message->rx_packets;
	stat->rx_errors = message->rx_errors;
	stat->rx_dropped = message->rx_dropped;
	stat->tx_bytes = message->tx_bytes;
	stat->tx_packets = message->tx_packets;
	stat->tx_errors = message->tx_errors;
	stat->tx_dropped = message->tx_dropped;
	return vmc_message_keep_texts(reading, network_texts,
				      VMC_MESSAGE_TEXTS(network_texts), message,
				      stat);
}

static bool read_network(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	vmc_grpc_NetworkStats message;

	fill_network(&message, element);
	return vmc_message_read_inner(reading, bytes,
				      vmc_grpc_NetworkStats_fields, &message) &&
	       keep_network(reading, element, &message);
}

static bool write_network(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_NetworkStats message;

	fill_network(&message, element);
	return pb_encode(stream, vmc_grpc_NetworkStats_fields, &message);
}

static const struct vmc_list_type network_stats = {
	.size = sizeof(struct vmc_network_stat),
	.read = read_network,
	.write = write_network,
};

/* -- StatsContainerResponse ------------------------------------------------ */

static void fill_stats(vmc_grpc_StatsContainerResponse *message,
		       const struct vmc_container_stats *stats)
{
	struct vmc_list list = {
		&network_stats, (void *)stats->network, stats->network_len,
		VMC_AGENT_NETWORK_MAX,
		"StatsContainerResponse.network_stats: VMC_AGENT_NETWORK_MAX"
	};

	message->cgroup_stats = part_of(&cgroup_type, stats);
	message->network_stats = list;
}

static bool read_stats(struct vmc_reading *reading, struct vmc_view bytes,
		       void *element)
{
	struct vmc_container_stats *stats = element;
	vmc_grpc_StatsContainerResponse message;

	fill_stats(&message, stats);
	if (!vmc_message_read_inner(reading, bytes,
				    vmc_grpc_StatsContainerResponse_fields,
				    &message))
		return false;
	stats->present = 1;
	stats->network_len = message.network_stats.len;
	return true;
}

static bool write_stats(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_StatsContainerResponse message;

	fill_stats(&message, element);
	return pb_encode(stream, vmc_grpc_StatsContainerResponse_fields,
			 &message);
}

static const struct vmc_list_type stats_type = {
	.size = sizeof(struct vmc_container_stats),
	.read = read_stats,
	.write = write_stats,
};

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_stats(struct vmc_view bytes,
				     struct vmc_container_stats *stats,
				     struct vmc_error *error)
{
	return vmc_message_read_element(bytes, "StatsContainerResponse",
					&stats_type, stats, error);
}

/* see agent_pbio.h */
void vmc_agent_write_stats(struct vmc_writer *w,
			   const struct vmc_container_stats *stats)
{
	vmc_message_write_element(w, &stats_type, stats);
}
