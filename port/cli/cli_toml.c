/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kata's configuration.toml: one table of keys says what becomes of each.
 * A key that is not in it is counted.
 */
#include "cli_toml.h"

#include <stdio.h>
#include <string.h>

#include "cli_escape.h"
#include "cli_toml_scan.h"

/* What becomes of a key. */
enum use {
	USE_TEXT,  /* a string, kept; "" is as if it were not there */
	USE_COUNT, /* an integer within 0..max, kept */
	/* Cannot be honoured: refused unless it says "off", which is … */
	OFF_BOOL,  /* false */
	OFF_TEXT,  /* "", or one of the words in `off` */
	OFF_COUNT, /* 0..max */
	OFF_LIST   /* [] */
};

struct row {
	const char *path;
	enum use use;
	uint32_t max;
	size_t offset;   /* in struct cli_toml, of what is kept */
	const char *off; /* "a|b" */
	const char *why; /* it is refused */
};

#define QEMU "hypervisor.qemu."
#define KEEP(key, use, max, member)                                            \
	{                                                                      \
		key, use, max, offsetof(struct cli_toml, member), NULL, NULL   \
	}
#define REFUSE(key, use, why)                                                  \
	{                                                                      \
		key, use, 0, 0, "", why                                        \
	}

/* As the command line has them (cli_options.c). */
#define VCPUS_MAX 255
#define MEMORY_MAX_MIB 16777216

static const struct row rows[] = {
	KEEP("factory.vm_cache_number", USE_COUNT, VMC_VM_MAX, number),
	KEEP("factory.vm_cache_endpoint", USE_TEXT, 0, endpoint),
	KEEP(QEMU "path", USE_TEXT, 0, vm.hypervisor_path),
	KEEP(QEMU "kernel", USE_TEXT, 0, vm.kernel),
	KEEP(QEMU "initrd", USE_TEXT, 0, vm.initrd),
	KEEP(QEMU "image", USE_TEXT, 0, vm.image),
	KEEP(QEMU "firmware", USE_TEXT, 0, vm.firmware),
	KEEP(QEMU "machine_type", USE_TEXT, 0, vm.machine_type),
	KEEP(QEMU "kernel_params", USE_TEXT, 0, vm.kernel_params),
	KEEP(QEMU "default_vcpus", USE_COUNT, VCPUS_MAX, vm.vcpus),
	KEEP(QEMU "default_maxvcpus", USE_COUNT, VCPUS_MAX, vm.vcpus_max),
	KEEP(QEMU "default_memory", USE_COUNT, MEMORY_MAX_MIB, vm.memory_mib),
	KEEP(QEMU "default_maxmemory", USE_COUNT, MEMORY_MAX_MIB,
	     vm.memory_max_mib),
	KEEP(QEMU "memory_slots", USE_COUNT, 256, vm.memory_slots),

	REFUSE("factory.enable_template", OFF_BOOL,
	       "VM factory cannot work together with VM cache"),
	{ QEMU "shared_fs", OFF_TEXT, 0, 0, "none",
	  "a cached VM has no shared file system; write \"none\"" },
	REFUSE(QEMU "confidential_guest", OFF_BOOL,
	       "confidential guests cannot grow, as a cached VM must"),
	REFUSE(QEMU "sev_snp_guest", OFF_BOOL,
	       "confidential guests cannot grow, as a cached VM must"),
	REFUSE(QEMU "rootless", OFF_BOOL,
	       "QEMU runs as whoever runs this program"),
	REFUSE(QEMU "machine_accelerators", OFF_TEXT,
	       "write them behind machine_type: \"q35,nosmm\""),
	REFUSE(QEMU "cpu_features", OFF_TEXT,
	       "the CPU's features cannot be chosen; write \"\""),
	REFUSE(QEMU "seccompsandbox", OFF_TEXT,
	       "QEMU's seccomp filter is not supported; write \"\""),
	REFUSE(QEMU "firmware_volume", OFF_TEXT,
	       "firmware of two parts is not supported"),
	REFUSE(QEMU "pflashes", OFF_LIST, "flash images are not supported"),
	REFUSE(QEMU "kernel_verity_params", OFF_TEXT,
	       "dm-verity is not supported"),
	REFUSE(QEMU "memory_offset", OFF_COUNT, "NVDIMMs are not supported"),
	REFUSE(QEMU "enable_virtio_mem", OFF_BOOL,
	       "memory is added as DIMMs, not by virtio-mem"),
	REFUSE(QEMU "enable_mem_prealloc", OFF_BOOL,
	       "memory is not allocated ahead"),
	REFUSE(QEMU "enable_hugepages", OFF_BOOL,
	       "huge pages are not supported"),
	REFUSE(QEMU "file_mem_backend", OFF_TEXT,
	       "memory in files is not supported"),
	REFUSE(QEMU "reclaim_guest_freed_memory", OFF_BOOL,
	       "a cached VM has no balloon"),
	REFUSE(QEMU "enable_vhost_user_store", OFF_BOOL,
	       "vhost-user needs shared memory, which a cached VM has not"),
	REFUSE(QEMU "enable_iommu", OFF_BOOL, "a cached VM has no IOMMU"),
	REFUSE(QEMU "enable_iommu_platform", OFF_BOOL,
	       "a cached VM has no IOMMU"),
	REFUSE(QEMU "enable_numa", OFF_BOOL, "a cached VM is one NUMA node"),
	REFUSE(QEMU "numa_mapping", OFF_LIST, "a cached VM is one NUMA node"),
	{ QEMU "hot_plug_vfio", OFF_TEXT, 0, 0, "no-port|root-port|bridge-port",
	  "a cached VM has root ports and a bridge" },
	{ QEMU "cold_plug_vfio", OFF_TEXT, 0, 0, "no-port",
	  "a cached VM was booted before its devices are known" },
	{ QEMU "default_bridges", OFF_COUNT, 1, 0, NULL,
	  "a cached VM has one bridge" },
	REFUSE(QEMU "default_gpus", OFF_COUNT,
	       "a cached VM was booted before its devices are known"),
	REFUSE(QEMU "guest_memory_dump_path", OFF_TEXT,
	       "guests that panic are not dumped"),
	REFUSE(QEMU "extra_monitor_socket", OFF_TEXT,
	       "a cached VM has one QMP socket"),
};

/* A file being read. */
struct reading {
	struct cli_toml *toml;
	const char *file;
	struct toml_scan scan;
	struct toml_item item;
	unsigned rootfs_line; /* of initrd or image, whichever came last */
};

static int fail(struct reading *r, unsigned line, const char *what)
{
	snprintf(r->toml->error, sizeof(r->toml->error), "%s:%u: %s", r->file,
		 line, what);
	return -1;
}

/* Fails for the item's value. */
static int fail_item(struct reading *r, const char *what)
{
	char words[CLI_TOML_PATH_SIZE + 80];

	snprintf(words, sizeof(words), "%s: %s", r->item.path, what);
	return fail(r, r->item.line, words);
}

/* Notes the first key that cannot be honoured. */
static void refuse_item(struct reading *r, const char *why)
{
	char path[CLI_TOML_PATH_SIZE];

	if (r->toml->refused[0])
		return;
	cli_escape(path, sizeof(path), r->item.path, strlen(r->item.path), "");
	snprintf(r->toml->refused, sizeof(r->toml->refused), "%s:%u: %s: %s",
		 r->file, r->item.line, path, why);
}

/* ---- Values ---- */

static int expect(struct reading *r, enum toml_kind kind)
{
	static const char *const wanted[] = {
		[TOML_STRING] = "a string in quotes expected",
		[TOML_INTEGER] = "an integer expected",
		[TOML_BOOL] = "true or false expected",
		[TOML_ARRAY] = "a list in brackets expected",
	};

	if (r->item.kind == kind)
		return 0;
	return fail_item(r, wanted[kind]);
}

static int keep_text(struct reading *r, const struct row *row)
{
	const char **member = (const char **)((char *)r->toml + row->offset);

	if (expect(r, TOML_STRING))
		return -1;
	if (strlen(r->item.text) != r->item.text_len)
		return fail_item(r, "a NUL cannot be part of it");
	*member = r->item.text_len > 0 ? r->item.text : NULL;
	if (member == &r->toml->vm.initrd || member == &r->toml->vm.image)
		r->rootfs_line = r->item.line;
	return 0;
}

static int keep_count(struct reading *r, const struct row *row)
{
	uint32_t *member = (uint32_t *)((char *)r->toml + row->offset);
	char words[64];

	if (expect(r, TOML_INTEGER))
		return -1;
	if (r->item.integer < 0 || r->item.integer > row->max) {
		snprintf(words, sizeof(words), "%lld is not within 0 to %u",
			 (long long)r->item.integer, row->max);
		return fail_item(r, words);
	}
	*member = (uint32_t)r->item.integer;
	return 0;
}

/* 1 if the text is one of the words in "a|b". */
static int is_one_of(const char *text, size_t text_len, const char *words)
{
	size_t len;

	for (; *words; words += len + (words[len] == '|')) {
		len = strcspn(words, "|");
		if (len == text_len && memcmp(words, text, len) == 0)
			return 1;
	}
	return 0;
}

static enum toml_kind kind_of(enum use use)
{
	switch (use) {
	case OFF_BOOL:
		return TOML_BOOL;
	case OFF_COUNT:
		return TOML_INTEGER;
	case OFF_LIST:
		return TOML_ARRAY;
	default:
		return TOML_STRING;
	}
}

static int is_off(const struct row *row, const struct toml_item *item)
{
	switch (row->use) {
	case OFF_BOOL:
		return !item->truth;
	case OFF_COUNT:
		return item->integer >= 0 && item->integer <= row->max;
	case OFF_LIST:
		return item->elements == 0;
	default:
		return item->text_len == 0 ||
		       is_one_of(item->text, item->text_len, row->off);
	}
}

static int check_off(struct reading *r, const struct row *row)
{
	if (expect(r, kind_of(row->use)))
		return -1;
	if (!is_off(row, &r->item))
		refuse_item(r, row->why);
	r->toml->unused++;
	return 0;
}

/* ---- Keys ---- */

static const struct row *find_row(const char *path)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].path, path) == 0)
			return &rows[i];
	return NULL;
}

/* A table or a key of a hypervisor that is not QEMU. */
static int is_of_another_hypervisor(const char *path)
{
	static const char any[] = "hypervisor.";
	static const char qemu[] = "hypervisor.qemu";
	size_t qemu_len = sizeof(qemu) - 1;

	if (strncmp(path, any, sizeof(any) - 1) != 0)
		return 0;
	return strncmp(path, qemu, qemu_len) != 0 ||
	       (path[qemu_len] != '\0' && path[qemu_len] != '.');
}

static int take_item(struct reading *r)
{
	const struct row *row = find_row(r->item.path);

	if (is_of_another_hypervisor(r->item.path))
		refuse_item(r, "VM cache just supports qemu");
	if (r->item.kind == TOML_TABLE)
		return row ? fail_item(r, "a value expected, not a table") : 0;
	if (!row) {
		r->toml->unused++;
		return 0;
	}
	if (row->use == USE_TEXT)
		return keep_text(r, row);
	if (row->use == USE_COUNT)
		return keep_count(r, row);
	return check_off(r, row);
}

/* What holds between keys. */
static int check_whole(struct reading *r)
{
	if (r->toml->vm.initrd && r->toml->vm.image)
		return fail(r, r->rootfs_line,
			    "hypervisor.qemu: has both an initrd and an "
			    "image; one must go");
	return 0;
}

/* see cli_toml.h */
int cli_toml_read(struct cli_toml *toml, const char *file, char *text,
		  size_t text_len)
{
	struct reading r = { .toml = toml, .file = file };
	int got;

	memset(toml, 0, sizeof(*toml));
	toml->vm.hypervisor = "qemu";
	toml_scan_init(&r.scan, text, text_len);
	while ((got = toml_scan_next(&r.scan, &r.item)) > 0)
		if (take_item(&r))
			return -1;
	if (got < 0)
		return fail(&r, r.scan.line, r.scan.error);
	return check_whole(&r);
}
