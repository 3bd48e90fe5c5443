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

static void put_text(struct vmc_json_writer *w, const char *key,
		     const char *value)
{
	vmc_json_put_key(w, key);
	vmc_json_put_text(w, value);
}

static void put_number(struct vmc_json_writer *w, const char *key,
		       uint32_t value, uint32_t otherwise)
{
	vmc_json_put_key(w, key);
	vmc_json_put_u64(w, value ? value : otherwise);
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_config_write(const struct vmc_vm_config *config,
				    uint8_t *out, size_t cap, size_t *out_len)
{
	uint32_t vcpus = config->vcpus ? config->vcpus : 1;
	struct vmc_json_writer w;

	vmc_json_writer_init(&w, out, cap);
	vmc_json_begin_object(&w);
	put_text(&w, "HypervisorType", config->hypervisor);
	vmc_json_put_key(&w, "HypervisorConfig");
	vmc_json_begin_object(&w);
	put_text(&w, "KernelPath", config->kernel);
	put_text(&w, "ImagePath", config->image);
	put_text(&w, "InitrdPath", config->initrd);
	put_text(&w, "FirmwarePath", config->firmware);
	put_text(&w, "HypervisorPath", config->hypervisor_path);
	put_text(&w, "HypervisorMachineType", config->machine_type);
	put_parameters(&w, config->kernel_params);
	put_number(&w, "NumVCPUsF", vcpus, 0);
	put_number(&w, "DefaultMaxVCPUs", config->vcpus_max, vcpus);
	put_number(&w, "MemorySize", config->memory_mib, 0);
	put_number(&w, "DefaultMaxMemorySize", config->memory_max_mib,
		   config->memory_mib);
	put_number(&w, "MemSlots", config->memory_slots, 0);
	vmc_json_end_object(&w);
	vmc_json_end_object(&w);
	return vmc_json_writer_end(&w, out_len);
}

/* ---- Comparing ---- */

/* One document being covered by another. */
struct comparison {
	struct vmc_json_reader mine;
	struct vmc_view section; /* key of the top level that we are in */
	uint8_t differs;
	struct vmc_view value; /* then: in the document that is covered, */
	struct vmc_view other; /* and in the other; absent if not there */
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

/* Begins to read what is in an object or array. */
static void enter(struct vmc_json_reader *r, struct vmc_view value)
{
	vmc_json_reader_init(r, value);
	if (vmc_json_peek(r) == VMC_JSON_OBJECT)
		vmc_json_enter_object(r);
	else
		vmc_json_enter_array(r);
}

static void compare(struct comparison *c, int equal, struct vmc_view value,
		    struct vmc_view other)
{
	if (equal || c->differs)
		return;
	c->differs = 1;
	c->value = value;
	c->other = other;
}

/* 1 for what Go has where JSON has nothing. */
static int is_zero(enum vmc_json_type type, struct vmc_view scalar)
{
	if (type == VMC_JSON_NUMBER)
		return vmc_json_number_is_zero(scalar);
	return vmc_view_is(scalar, type == VMC_JSON_STRING ? "\"\"" : "false");
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

static void cover_scalar(struct comparison *c, enum vmc_json_type type,
			 struct vmc_view other)
{
	struct vmc_view value = vmc_json_take_value(&c->mine);
	enum vmc_json_type other_type = type_of(other);
	int equal = 0;

	if (other_type == VMC_JSON_NULL)
		equal = is_zero(type, value);
	else if (other_type == type)
		equal = scalars_equal(type, value, other);
	compare(c, equal, value, other);
}

static struct vmc_view find_ahead(struct vmc_json_reader *r,
				  struct vmc_view wanted)
{
	struct vmc_view key, value;

	while (vmc_json_next_member(r, &key)) {
		value = vmc_json_take_value(r);
		if (vmc_json_text_equal(key, wanted))
			return value;
	}
	enter(r, r->document); /* to begin again with the first */
	return vmc_view_of(NULL);
}

/* The value of that key, searched for from where the last one was found. */
static struct vmc_view find(struct vmc_json_reader *r, struct vmc_view key)
{
	struct vmc_view value = find_ahead(r, key);

	return value.ptr ? value : find_ahead(r, key);
}

static void cover(struct comparison *c, struct vmc_view other);

/* What take_value would take. */
static struct vmc_view value_ahead(struct vmc_json_reader r)
{
	return vmc_json_take_value(&r);
}

/*
 * Begins to read what an object or array is compared with. What is null is
 * as an empty one; what is of another type differs as a whole.
 */
static void begin_theirs(struct comparison *c, struct vmc_json_reader *theirs,
			 struct vmc_view other)
{
	enum vmc_json_type type = vmc_json_peek(&c->mine);
	enum vmc_json_type other_type = type_of(other);
	struct vmc_view from = other;

	if (other_type == VMC_JSON_NULL)
		from = vmc_view_of(type == VMC_JSON_OBJECT ? "{}" : "[]");
	else if (other_type != type)
		compare(c, 0, value_ahead(c->mine), other);
	enter(theirs, from);
}

static void cover_object(struct comparison *c, struct vmc_view other)
{
	struct vmc_json_reader theirs;
	struct vmc_view key;

	begin_theirs(c, &theirs, other);
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
	struct vmc_view value = value_ahead(c->mine);
	struct vmc_json_reader theirs;
	int more = 1;

	begin_theirs(c, &theirs, other);
	vmc_json_enter_array(&c->mine);
	while (more && !c->differs) {
		more = vmc_json_next_element(&c->mine);
		compare(c, more == vmc_json_next_element(&theirs), value,
			other);
		if (more && !c->differs)
			cover(c, vmc_json_take_value(&theirs));
	}
}

/*
 * Takes the value that is next and compares it with `other`. Null is covered
 * by anything: whether the other is zero is asked when that is covered.
 */
static void cover(struct comparison *c, struct vmc_view other)
{
	enum vmc_json_type type = vmc_json_peek(&c->mine);

	switch (type) {
	case VMC_JSON_OBJECT:
		cover_object(c, other);
		break;
	case VMC_JSON_ARRAY:
		cover_array(c, other);
		break;
	case VMC_JSON_NULL:
		vmc_json_take_null(&c->mine);
		break;
	default:
		cover_scalar(c, type, other);
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
static enum vmc_status set_path(struct vmc_error *error,
				struct vmc_view document, const uint8_t *target)
{
	char words[VMC_JSON_PATH_SIZE];
	struct vmc_text path;

	vmc_text_init(&path, words, sizeof(words));
	while (document.ptr_len > 0 && document.ptr != target)
		add_step(&path, &document, target);
	return vmc_error_set(error, VMC_ERR_MISMATCH, words, NULL);
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

/* Says what the comparison of `document` found. */
static enum vmc_status explain(struct vmc_error *error,
			       const struct comparison *c,
			       struct vmc_view document, int is_wanted)
{
	struct vmc_text text;

	if (!error || error->status != VMC_OK)
		return VMC_ERR_MISMATCH;
	if (set_path(error, document, c->value.ptr) != VMC_ERR_MISMATCH)
		return VMC_ERR_MISMATCH;
	vmc_text_append_to(&text, error->text, sizeof(error->text));
	add_value(&text, ": wanted ", is_wanted ? c->value : c->other);
	add_value(&text, ", cached ", is_wanted ? c->other : c->value);
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

/* 1 if `document` is covered by the other one. */
static int covered(struct comparison *c, struct vmc_view document,
		   struct vmc_view other)
{
	memset(c, 0, sizeof(*c));
	vmc_json_reader_init(&c->mine, document);
	cover(c, other);
	return !c->differs;
}

/* see vmcache/vm.h */
enum vmc_status vmc_vm_config_compare(struct vmc_view wanted,
				      struct vmc_view cached,
				      struct vmc_error *error)
{
	struct comparison c;
	enum vmc_status status = check(wanted, "wanted VMConfig", error);

	if (status == VMC_OK)
		status = check(cached, "cached VMConfig", error);
	if (status)
		return status;
	if (!covered(&c, wanted, cached))
		return explain(error, &c, wanted, 1);
	if (!covered(&c, cached, wanted))
		return explain(error, &c, cached, 0);
	return VMC_OK;
}
