/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMConfig as JSON: written as Kata would, and compared as Kata does
 * (checkVMConfig in virtcontainers/factory/factory.go).
 *
 * Two documents are equal when each covers the other: every member of the
 * one has its equal in the other, or is a zero value where the other has
 * none. One reader goes through the one document; the other is looked up
 * from where the last member was found, so that documents in the same order
 * are read once. A member that stands twice must be equal both times, which
 * is more than Go asks for and errs on the safe side.
 *
 * The functions that cover objects and arrays recur as deep as the document
 * nests, which the reader has bounded (VMC_JSON_DEPTH_MAX).
 */
#include "vmcache/vm.h"

#include "../base/json_read.h"
#include "../base/json_write.h"
#include "../base/text.h"

#include <string.h>

/* ---- Writing ---- */

static int is_blank(uint8_t byte)
{
	return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

/* The bytes before `end`, which `view` then begins behind. */
static struct vmc_view split_off(struct vmc_view *view, size_t end)
{
	struct vmc_view front = { view->ptr, end };

	view->ptr += end;
	view->ptr_len -= end;
	return front;
}

/* The next word of kernel parameters; absent if there are no more. */
static struct vmc_view next_word(struct vmc_view *text)
{
	size_t i = 0;

	while (i < text->ptr_len && is_blank(text->ptr[i]))
		i++;
	split_off(text, i);
	for (i = 0; i < text->ptr_len && !is_blank(text->ptr[i]); i++)
		;
	return split_off(text, i);
}

/* {"Key":"a","Value":"b"} for a=b. */
static void put_parameter(struct vmc_json_writer *w, struct vmc_view word)
{
	struct vmc_view key;
	size_t i = 0;

	while (i < word.ptr_len && word.ptr[i] != '=')
		i++;
	key = split_off(&word, i);
	if (word.ptr_len > 0)
		split_off(&word, 1);
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "Key");
	vmc_json_put_bytes(w, key);
	vmc_json_put_key(w, "Value");
	vmc_json_put_bytes(w, word);
	vmc_json_end_object(w);
}

static void put_parameters(struct vmc_json_writer *w, const char *parameters)
{
	struct vmc_view text = vmc_view_of(parameters ? parameters : "");
	struct vmc_view word = next_word(&text);

	vmc_json_put_key(w, "KernelParams");
	if (word.ptr_len == 0) {
		vmc_json_put_null(w);
		return;
	}
	vmc_json_begin_array(w);
	for (; word.ptr_len > 0; word = next_word(&text))
		put_parameter(w, word);
	vmc_json_end_array(w);
}

static void put_texts(struct vmc_json_writer *w,
		      const struct vmc_vm_config *config)
{
	static const char *const keys[] = {
		"KernelPath",   "ImagePath",      "InitrdPath",
		"FirmwarePath", "HypervisorPath", "HypervisorMachineType",
	};
	const char *const texts[] = {
		config->kernel,   config->image,           config->initrd,
		config->firmware, config->hypervisor_path, config->machine_type,
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		vmc_json_put_key(w, keys[i]);
		vmc_json_put_text(w, texts[i]);
	}
}

/* A zero stands for the smallest there can be. */
static void put_numbers(struct vmc_json_writer *w,
			const struct vmc_vm_config *config)
{
	static const char *const keys[] = {
		"NumVCPUsF",  "DefaultMaxVCPUs",
		"MemorySize", "DefaultMaxMemorySize",
		"MemSlots",
	};
	uint32_t vcpus = config->vcpus ? config->vcpus : 1;
	const uint32_t numbers[] = {
		vcpus,
		config->vcpus_max ? config->vcpus_max : vcpus,
		config->memory_mib,
		config->memory_max_mib ? config->memory_max_mib :
					 config->memory_mib,
		config->memory_slots,
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		vmc_json_put_key(w, keys[i]);
		vmc_json_put_u64(w, numbers[i]);
	}
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_config_write(const struct vmc_vm_config *config,
				    uint8_t *out, size_t cap, size_t *out_len)
{
	struct vmc_json_writer w;

	vmc_json_writer_init(&w, out, cap);
	vmc_json_begin_object(&w);
	vmc_json_put_key(&w, "HypervisorType");
	vmc_json_put_text(&w, config->hypervisor);
	vmc_json_put_key(&w, "HypervisorConfig");
	vmc_json_begin_object(&w);
	put_texts(&w, config);
	put_parameters(&w, config->kernel_params);
	put_numbers(&w, config);
	vmc_json_end_object(&w);
	if (config->agent) {
		vmc_json_put_key(&w, "AgentType");
		vmc_json_put_text(&w, config->agent);
	}
	vmc_json_end_object(&w);
	return vmc_json_writer_end(&w, out_len);
}

/* ---- Comparing ---- */

/* One document being covered by another. */
struct comparison {
	struct vmc_json_reader mine;
	struct vmc_view section; /* key of the top level that we are in */
	const uint8_t *differs;  /* where the value that differs begins */
	struct vmc_view other;   /* its counterpart; absent if not there */
};

/*
 * What Kata makes equal before it compares: at 1.6 and at 4.1. Sizes grow
 * after the VM was taken, the rest is of templates or of one sandbox.
 */
static int is_ignored(const struct comparison *c, struct vmc_view key)
{
	static const char *const of_vm[] = { "ProxyType", "ProxyConfig", NULL };
	static const char *const of_hypervisor[] = {
		"NumVCPUs",
		"NumVCPUsF",
		"MemorySize",
		"BootToBeTemplate",
		"BootFromTemplate",
		"MemoryPath",
		"DevicesStatePath",
		"SharedPath",
		"VMStorePath",
		"RunStorePath",
		"SandboxName",
		"SandboxNamespace",
		NULL,
	};
	const char *const *name = of_vm;

	if (c->mine.depth == 2 &&
	    vmc_json_text_is(c->section, "HypervisorConfig"))
		name = of_hypervisor;
	else if (c->mine.depth != 1)
		return 0;
	while (*name && !vmc_json_text_is(key, *name))
		name++;
	return *name != NULL;
}

/* Of a value's bytes. What is not there is as null. */
static enum vmc_json_type type_of(struct vmc_view value)
{
	struct vmc_json_reader r;

	vmc_json_reader_init(&r, value);
	return value.ptr_len == 0 ? VMC_JSON_NULL : vmc_json_peek(&r);
}

/* What Go has where JSON has null or nothing. */
static struct vmc_view zero_of(enum vmc_json_type type)
{
	static const char *const zeros[] = {
		[VMC_JSON_OBJECT] = "{}",   [VMC_JSON_ARRAY] = "[]",
		[VMC_JSON_STRING] = "\"\"", [VMC_JSON_NUMBER] = "0",
		[VMC_JSON_BOOL] = "false",  [VMC_JSON_NULL] = "null",
	};

	return vmc_view_of(zeros[type]);
}

/* Begins to read what is in an object or array. */
static void enter(struct vmc_json_reader *r, struct vmc_view value)
{
	vmc_json_reader_init(r, value);
	if (vmc_json_peek(r) == VMC_JSON_OBJECT)
		vmc_json_enter_object(r);
	else
		vmc_json_enter_array(r);
}

/* The value of that key, searched for from where the last one was found. */
static struct vmc_view find(struct vmc_json_reader *r, struct vmc_view wanted)
{
	const struct vmc_view document = { r->begin,
					   (size_t)(r->end - r->begin) };
	struct vmc_view key, value;
	int round;

	for (round = 0; round < 2; round++) {
		while (vmc_json_next_member(r, &key)) {
			value = vmc_json_take_value(r);
			if (vmc_json_text_equal(key, wanted))
				return value;
		}
		enter(r, document);
	}
	return vmc_view_of(NULL);
}

static void differ(struct comparison *c, const uint8_t *value,
		   struct vmc_view other)
{
	c->differs = value;
	c->other = other;
}

static void cover(struct comparison *c, struct vmc_view other);

static void cover_object(struct comparison *c, struct vmc_view other)
{
	struct vmc_json_reader theirs;
	struct vmc_view key;

	enter(&theirs, other);
	vmc_json_enter_object(&c->mine);
	while (!c->differs && vmc_json_next_member(&c->mine, &key)) {
		if (c->mine.depth == 1)
			c->section = key;
		if (is_ignored(c, key))
			vmc_json_skip(&c->mine);
		else
			cover(c, find(&theirs, key));
	}
}

static void cover_array(struct comparison *c, struct vmc_view other)
{
	struct vmc_json_reader theirs;
	const uint8_t *value;
	int more = 1;

	enter(&theirs, other);
	vmc_json_enter_array(&c->mine);
	value = c->mine.last;
	while (more && !c->differs) {
		more = vmc_json_next_element(&c->mine);
		if (more != vmc_json_next_element(&theirs))
			differ(c, value, other);
		else if (more)
			cover(c, vmc_json_take_value(&theirs));
	}
}

static int scalars_equal(enum vmc_json_type type, struct vmc_view a,
			 struct vmc_view b)
{
	if (type == VMC_JSON_NUMBER)
		return vmc_json_number_equal(a, b);
	if (type != VMC_JSON_STRING)
		return vmc_view_equal(a, b);
	split_off(&a, 1); /* the quote; the other one ends the text */
	split_off(&b, 1);
	return vmc_json_text_equal(a, b);
}

/*
 * Takes the value that is next and compares it with `given`. Null is covered
 * by anything: whether the other is zero is asked when that is covered.
 */
static void cover(struct comparison *c, struct vmc_view given)
{
	enum vmc_json_type type = vmc_json_peek(&c->mine);
	enum vmc_json_type given_type = type_of(given);
	struct vmc_view other = given;
	struct vmc_view value;

	if (given_type == VMC_JSON_NULL) {
		other = zero_of(type);
		given_type = type;
	}
	if (type == VMC_JSON_OBJECT && given_type == type) {
		cover_object(c, other);
	} else if (type == VMC_JSON_ARRAY && given_type == type) {
		cover_array(c, other);
	} else {
		value = vmc_json_take_value(&c->mine);
		if (type != VMC_JSON_NULL &&
		    (given_type != type || !scalars_equal(type, value, other)))
			differ(c, value.ptr, given);
	}
}

/* ---- Saying what differs ---- */

/* How much of a value an error shows. */
#define VALUE_SHOWN 40

/* 1 if the value, inside which or at which a view begins, is this one. */
static int holds(struct vmc_view value, const uint8_t *target)
{
	return target < value.ptr + value.ptr_len;
}

/*
 * Goes into the member or element that holds `target`, and names it. Kept
 * out of line: the path that is being written needs the stack.
 */
static __attribute__((noinline)) void
add_step(struct vmc_text *path, struct vmc_view *value, const uint8_t *target)
{
	int is_object = type_of(*value) == VMC_JSON_OBJECT;
	struct vmc_view key = *value;
	struct vmc_json_reader r;
	uint64_t index = 0;

	enter(&r, *value);
	do {
		if (is_object)
			vmc_json_next_member(&r, &key);
		else if (vmc_json_next_element(&r))
			index++;
		*value = vmc_json_take_value(&r);
	} while (!holds(*value, target) && !r.fail);
	if (is_object) {
		vmc_text_add(path, path->len > 0 ? "." : "");
		vmc_text_add_view(path, key);
	} else {
		vmc_text_add(path, "[");
		vmc_text_add_number(path, index - 1);
		vmc_text_add(path, "]");
	}
}

/*
 * Where in the document the value at `target` stands, for example
 * "HypervisorConfig.KernelParams[0].Value".
 */
static void set_path(struct vmc_error *error, struct vmc_view document,
		     const uint8_t *target)
{
	char words[VMC_JSON_PATH_SIZE];
	struct vmc_text path;

	vmc_text_init(&path, words, sizeof(words));
	while (document.ptr_len > 0 && document.ptr != target)
		add_step(&path, &document, target);
	vmc_error_set(error, VMC_ERR_MISMATCH, words, NULL);
}

static void add_value(struct vmc_text *text, const char *label,
		      struct vmc_view value)
{
	size_t len = value.ptr_len;

	vmc_text_add(text, label);
	if (!value.ptr) {
		vmc_text_add(text, "nothing");
		return;
	}
	if (len > VALUE_SHOWN)
		len = VALUE_SHOWN;
	while (len < value.ptr_len && (value.ptr[len] & 0xc0) == 0x80)
		len--;
	vmc_text_add_view(text, split_off(&value, len));
	vmc_text_add(text, value.ptr_len > 0 ? "..." : "");
}

/* Says what the comparison of `document` found; out of line too. */
static __attribute__((noinline)) enum vmc_status
explain(struct vmc_error *error, struct comparison *c, struct vmc_view document,
	int is_wanted)
{
	struct vmc_view value = { c->differs, 0 };
	struct vmc_text text;

	if (!error || error->status != VMC_OK)
		return VMC_ERR_MISMATCH;
	value.ptr_len = (size_t)(document.ptr + document.ptr_len - value.ptr);
	vmc_json_reader_init(&c->mine, value);
	value = vmc_json_take_value(&c->mine);
	set_path(error, document, value.ptr);
	vmc_text_append_to(&text, error->text, sizeof(error->text));
	add_value(&text, ": wanted ", is_wanted ? value : c->other);
	add_value(&text, ", cached ", is_wanted ? c->other : value);
	return VMC_ERR_MISMATCH;
}

/* ---- The whole ---- */

static enum vmc_status check(struct vmc_view document, const char *name,
			     struct vmc_error *error)
{
	struct vmc_json_reader r;

	vmc_json_reader_init(&r, document);
	if (vmc_json_peek(&r) == VMC_JSON_OBJECT)
		vmc_json_skip(&r);
	else
		vmc_json_enter_object(&r); /* fails, and says so */
	if (vmc_json_end(&r) == VMC_OK)
		return VMC_OK;
	return vmc_json_explain(&r, name, error);
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_config_compare(struct vmc_view wanted,
				      struct vmc_view cached,
				      struct vmc_error *error)
{
	static const char *const names[] = { "wanted VMConfig",
					     "cached VMConfig" };
	const struct vmc_view documents[] = { wanted, cached };
	enum vmc_status status;
	struct comparison c;
	unsigned i;

	for (i = 0; i < 2; i++) {
		status = check(documents[i], names[i], error);
		if (status)
			return status;
	}
	for (i = 0; i < 2; i++) {
		memset(&c, 0, sizeof(c));
		vmc_json_reader_init(&c.mine, documents[i]);
		cover(&c, documents[1 - i]);
		if (c.differs)
			return explain(error, &c, documents[i], i == 0);
	}
	return VMC_OK;
}
