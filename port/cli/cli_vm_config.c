/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server's configuration (see cli_vm_config.h): one table of members says
 * what becomes of each. Null stands for the zero value, as Go has it; of two
 * members of one name the last counts.
 */
#include "cli_vm_config.h"

#include <stdio.h>
#include <string.h>

#include "../../src/base/json_read.h"

/* The longest path that is named: HypervisorConfig.HypervisorMachineType. */
#define NAME_SIZE 64

/* A document being read. */
struct reading {
	struct vmc_json_reader json;
	struct vmc_vm_config *config;
	char *texts; /* where the next one goes */
	size_t room;
	const char *section, *key; /* of the member that was read last */
};

struct member {
	const char *key;
	void (*take)(struct reading *r, void *field);
	size_t offset; /* of the field, in struct vmc_vm_config */
};

/* ---- Values ---- */

static int take_null(struct reading *r)
{
	if (vmc_json_peek(&r->json) != VMC_JSON_NULL)
		return 0;
	vmc_json_take_null(&r->json);
	return 1;
}

/* Decodes the string that is next behind the texts; its length. */
static size_t decode(struct reading *r)
{
	if (r->room == 0) {
		vmc_json_skip(&r->json);
		vmc_json_refuse(&r->json, VMC_ERR_TOO_BIG, "no room for it");
		return 0;
	}
	return vmc_json_take_text(&r->json, r->texts, r->room);
}

static void keep(struct reading *r, size_t len)
{
	r->texts += len;
	r->room -= len;
}

static void take_text(struct reading *r, void *field)
{
	const char *text = r->texts;
	size_t len = take_null(r) ? 0 : decode(r);

	if (len > 0)
		keep(r, len + 1);
	*(const char **)field = len > 0 ? text : NULL;
}

static void take_count(struct reading *r, void *field)
{
	*(uint32_t *)field =
		take_null(r) ?
			0 :
			(uint32_t)vmc_json_take_u64(&r->json, UINT32_MAX);
}

/* Go writes a float of that size without an exponent. */
static uint32_t round_up(struct vmc_view digits, int *fits)
{
	uint64_t number = 0;
	size_t i = 0;

	for (; i < digits.ptr_len && digits.ptr[i] != '.'; i++)
		if (number <= UINT32_MAX)
			number = number * 10 + (uint64_t)(digits.ptr[i] - '0');
	for (i++; i < digits.ptr_len; i++)
		if (digits.ptr[i] != '0') {
			number++;
			break;
		}
	*fits = number <= UINT32_MAX;
	return (uint32_t)number;
}

static int is_decimal(struct vmc_view number)
{
	for (size_t i = 0; i < number.ptr_len; i++)
		if (number.ptr[i] != '.' &&
		    (number.ptr[i] < '0' || number.ptr[i] > '9'))
			return 0;
	return 1;
}

/* NumVCPUs of Kata 1.x, NumVCPUsF of later ones: what is 0 says nothing. */
static void take_vcpus(struct reading *r, void *field)
{
	struct vmc_view number;
	uint32_t vcpus = 0;
	int fits = 1;

	if (take_null(r))
		return;
	number = vmc_json_take_number(&r->json);
	if (!is_decimal(number))
		vmc_json_refuse(&r->json, VMC_ERR_MALFORMED, "count expected");
	else
		vcpus = round_up(number, &fits);
	if (!fits)
		vmc_json_refuse(&r->json, VMC_ERR_TOO_BIG, "number too big");
	if (vcpus)
		*(uint32_t *)field = vcpus;
}

/* Adds a character, keeping one byte for the NUL. */
static void put_character(struct reading *r, char character)
{
	if (r->room < 2) {
		vmc_json_refuse(&r->json, VMC_ERR_TOO_BIG, "no room for it");
		return;
	}
	*r->texts = character;
	keep(r, 1);
}

/* "key=value": the members come in any order, so the value may have to wait
 * until the key was there. Raw, it lies in the document. */
static void take_parameter(struct reading *r)
{
	struct vmc_json_reader value;
	struct vmc_view raw = { NULL, 0 };
	struct vmc_view key;

	vmc_json_enter_object(&r->json);
	while (vmc_json_next_member(&r->json, &key)) {
		if (vmc_json_text_is(key, "Key"))
			keep(r, decode(r));
		else if (vmc_json_text_is(key, "Value"))
			raw = vmc_json_take_value(&r->json);
		else
			vmc_json_skip(&r->json);
	}
	if (r->json.fail || raw.ptr_len <= 2)
		return;
	put_character(r, '=');
	vmc_json_reader_init(&value, raw);
	keep(r, vmc_json_take_text(&value, r->texts, r->room));
	if (value.fail)
		vmc_json_refuse(&r->json, value.fail, value.what);
}

static void take_parameters(struct reading *r, void *field)
{
	const char *text = r->texts;

	if (take_null(r))
		return;
	vmc_json_enter_array(&r->json);
	while (vmc_json_next_element(&r->json)) {
		if (r->texts != text)
			put_character(r, ' ');
		take_parameter(r);
	}
	if (r->json.fail || r->texts == text)
		return;
	*r->texts = '\0';
	keep(r, 1);
	*(const char **)field = text;
}

/* ---- Members ---- */

#define FIELD(name) offsetof(struct vmc_vm_config, name)

static const struct member of_hypervisor[] = {
	{ "KernelPath", take_text, FIELD(kernel) },
	{ "ImagePath", take_text, FIELD(image) },
	{ "InitrdPath", take_text, FIELD(initrd) },
	{ "FirmwarePath", take_text, FIELD(firmware) },
	{ "HypervisorPath", take_text, FIELD(hypervisor_path) },
	{ "HypervisorMachineType", take_text, FIELD(machine_type) },
	{ "KernelParams", take_parameters, FIELD(kernel_params) },
	{ "NumVCPUs", take_vcpus, FIELD(vcpus) },
	{ "NumVCPUsF", take_vcpus, FIELD(vcpus) },
	{ "DefaultMaxVCPUs", take_count, FIELD(vcpus_max) },
	{ "MemorySize", take_count, FIELD(memory_mib) },
	{ "DefaultMaxMemorySize", take_count, FIELD(memory_max_mib) },
	{ "MemSlots", take_count, FIELD(memory_slots) },
	{ NULL, NULL, 0 },
};

static void take_members(struct reading *r, const struct member *members);

static void take_hypervisor(struct reading *r, void *field)
{
	(void)field;
	if (take_null(r))
		return;
	if (vmc_json_peek(&r->json) == VMC_JSON_OBJECT)
		r->section = "HypervisorConfig.";
	take_members(r, of_hypervisor);
	if (!r->json.fail)
		r->section = "";
}

static const struct member of_vm[] = {
	{ "HypervisorType", take_text, FIELD(hypervisor) },
	{ "HypervisorConfig", take_hypervisor, 0 },
	{ "AgentType", take_text, FIELD(agent) },
	{ NULL, NULL, 0 },
};

static void take_member(struct reading *r, const struct member *member)
{
	r->key = member->key;
	member->take(r, (char *)r->config + member->offset);
	if (!r->json.fail)
		r->key = "";
}

static void take_members(struct reading *r, const struct member *members)
{
	const struct member *member;
	struct vmc_view key;

	vmc_json_enter_object(&r->json);
	while (vmc_json_next_member(&r->json, &key)) {
		for (member = members; member->key; member++)
			if (vmc_json_text_is(key, member->key))
				break;
		if (member->key)
			take_member(r, member);
		else
			vmc_json_skip(&r->json);
	}
}

/* "the server's configuration: HypervisorConfig.KernelPath: string expected
 * at byte 17" */
static enum vmc_status explain(const struct reading *r, const char *document,
			       struct vmc_error *error)
{
	char name[2 * NAME_SIZE];

	snprintf(name, sizeof(name), "%s%s%s%s", document,
		 r->key[0] ? ": " : "", r->key[0] ? r->section : "", r->key);
	return vmc_json_explain(&r->json, name, error);
}

/* see cli_vm_config.h */
enum vmc_status cli_vm_config_read(struct vmc_view document, char *texts,
				   size_t cap, struct vmc_vm_config *config,
				   struct vmc_error *error)
{
	struct reading r = { .config = config,
			     .texts = texts,
			     .room = cap,
			     .section = "",
			     .key = "" };

	memset(config, 0, sizeof(*config));
	if (!document.ptr_len)
		return VMC_OK;
	vmc_json_reader_init(&r.json, document);
	take_members(&r, of_vm);
	if (vmc_json_end(&r.json))
		return explain(&r, "the server's configuration", error);
	return VMC_OK;
}

/* see cli_vm_config.h */
enum vmc_status cli_agent_config_read(struct vmc_view document,
				      struct cli_agent_config *config,
				      struct vmc_error *error)
{
	struct vmc_json_reader r;
	struct vmc_view key;

	memset(config, 0, sizeof(*config));
	config->empty = 1;
	if (!document.ptr_len)
		return VMC_OK;
	vmc_json_reader_init(&r, document);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key)) {
		config->empty = 0;
		if (vmc_json_text_is(key, "DialTimeout"))
			config->dial_timeout_s =
				(uint32_t)vmc_json_take_u64(&r, UINT32_MAX);
		else if (vmc_json_text_is(key, "UseVSock"))
			config->vsock = (uint8_t)vmc_json_take_bool(&r);
		else
			vmc_json_skip(&r);
	}
	if (vmc_json_end(&r))
		return vmc_json_explain(&r, "the server's agent configuration",
					error);
	return VMC_OK;
}
