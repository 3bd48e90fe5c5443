/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK. The strings of the dynamic table lie behind each other, the oldest
 * entry's first, and behind them those of the field that is read:
 *
 *	strings:  … | oldest name, value | … | newest | own name, value | …
 *	            begin                              end
 *
 * So to add the field to the table is to move `end`. A field that will be
 * added drives the oldest entries out while it is still coming; what stays
 * and its own are then within the table's limit, so there is room for them
 * behind `begin`, after a move to the front if need be. One that is larger
 * than the table has driven out everything, and is not added; its strings
 * are there for as long as they find room.
 *
 * Invariants: begin <= end, end + own_len <= sizeof(strings); end - begin
 * and 32 for each of `count` entries are at most `limit`.
 */
#include "hpack.h"

#include "hpack_static.h"

#include <string.h>

/* Integers are below 2^20, in at most 4 bytes behind the first one. */
#define NUMBER_LIMIT (1u << 20)
#define NUMBER_LEN_MAX 5

/* In the order in which a field with a name of its own goes through them. */
enum phase {
	PHASE_FIELD,
	PHASE_NAME_LEN,
	PHASE_NAME,
	PHASE_VALUE_LEN,
	PHASE_VALUE,
	PHASE_COMPLETE
};

/* What the first byte says (RFC 7541, 6); the bits that begin an integer. */
enum kind {
	KIND_INDEXED = 0x7f,
	KIND_ADDED = 0x3f,  /* a literal that becomes an entry */
	KIND_RESIZE = 0x1f, /* no field: an update of the table's size */
	KIND_LITERAL = 0x0f /* not added, or never to be */
};

#define STRING_LEN_BITS 0x7f

static void fail(struct vmc_hpack *hpack, const char *why)
{
	if (!hpack->error)
		hpack->error = why;
}

/* see hpack.h */
void vmc_hpack_init(struct vmc_hpack *hpack)
{
	memset(hpack, 0, offsetof(struct vmc_hpack, entry));
	hpack->limit = VMC_HPACK_TABLE_SIZE;
}

/*
 * The table
 */

/* The entry of an age: 0 is the newest. */
static unsigned entry_of(const struct vmc_hpack *hpack, unsigned age)
{
	return (hpack->first + hpack->count - 1u - age) % VMC_HPACK_ENTRY_MAX;
}

static uint8_t *strings_of(struct vmc_hpack *hpack, unsigned age)
{
	uint8_t *at = hpack->strings + hpack->end;
	unsigned entry;

	do {
		entry = entry_of(hpack, age);
		at -= hpack->entry[entry].name_len;
		at -= hpack->entry[entry].value_len;
	} while (age-- > 0);
	return at;
}

static void evict(struct vmc_hpack *hpack)
{
	unsigned oldest = hpack->first;

	hpack->begin += hpack->entry[oldest].name_len;
	hpack->begin += hpack->entry[oldest].value_len;
	hpack->first = (uint8_t)((oldest + 1) % VMC_HPACK_ENTRY_MAX);
	hpack->count--;
	hpack->changed = 1;
}

/* Whether the table is too large, with the field that will be added. */
static int over_limit(const struct vmc_hpack *hpack)
{
	size_t size = (size_t)(hpack->end - hpack->begin) +
		      (size_t)hpack->count * VMC_HPACK_OVERHEAD_SIZE;

	if (hpack->kind == KIND_ADDED)
		size += hpack->name.len + hpack->value.len +
			VMC_HPACK_OVERHEAD_SIZE;
	return size > hpack->limit;
}

static void evict_to_limit(struct vmc_hpack *hpack)
{
	while (hpack->count > 0 && over_limit(hpack))
		evict(hpack);
}

static void resize(struct vmc_hpack *hpack, uint32_t size)
{
	if (size > VMC_HPACK_TABLE_SIZE) {
		fail(hpack, "HPACK: table size over 4096");
		return;
	}
	hpack->limit = (uint16_t)size;
	hpack->changed = 1;
	evict_to_limit(hpack);
}

/* The field is complete: it becomes the newest entry, unless too large. */
static void add(struct vmc_hpack *hpack)
{
	unsigned entry;

	evict_to_limit(hpack);
	if (over_limit(hpack))
		return;
	hpack->count++;
	hpack->changed = 1;
	hpack->end += hpack->own_len;
	hpack->own_len = 0;
	entry = entry_of(hpack, 0);
	hpack->entry[entry].name_len = (uint16_t)hpack->name.len;
	hpack->entry[entry].value_len = (uint16_t)hpack->value.len;
}

static void look_up(struct vmc_hpack *hpack, struct vmc_hpack_field *field)
{
	unsigned age, entry;

	if (hpack->index <= VMC_HPACK_STATIC_MAX) {
		vmc_hpack_static_get(field, hpack->index);
		return;
	}
	age = hpack->index - VMC_HPACK_STATIC_MAX - 1u;
	entry = entry_of(hpack, age);
	field->name.ptr = strings_of(hpack, age);
	field->name.ptr_len = hpack->entry[entry].name_len;
	field->value.ptr = field->name.ptr + field->name.ptr_len;
	field->value.ptr_len = hpack->entry[entry].value_len;
}

/*
 * The field's own strings
 */

static size_t used(const struct vmc_hpack *hpack)
{
	return (size_t)(hpack->end - hpack->begin) + hpack->own_len;
}

/* Room for `len` more bytes, which there is, behind what is used. */
static void make_room(struct vmc_hpack *hpack, size_t len)
{
	size_t used_len = used(hpack);

	if (hpack->begin + used_len + len <= sizeof(hpack->strings))
		return;
	memmove(hpack->strings, hpack->strings + hpack->begin, used_len);
	hpack->end -= hpack->begin;
	hpack->begin = 0;
}

/* More bytes of a string. */
static void keep(struct vmc_hpack *hpack, struct vmc_hpack_part *part,
		 const uint8_t *bytes, size_t len)
{
	part->len += (uint32_t)len;
	evict_to_limit(hpack);
	if (part->lost)
		return;
	if (len > sizeof(hpack->strings) - used(hpack)) {
		part->lost = 1;
		hpack->own_len -= (uint16_t)(part->len - len);
		return;
	}
	make_room(hpack, len);
	memcpy(hpack->strings + hpack->end + hpack->own_len, bytes, len);
	hpack->own_len += (uint16_t)len;
}

static void reverse(uint8_t *bytes, size_t len)
{
	uint8_t *last = bytes + len, byte;

	while (bytes < last && bytes < --last) {
		byte = *bytes;
		*bytes++ = *last;
		*last = byte;
	}
}

/*
 * The oldest entry must go, but its name is the field's: it changes places
 * with all strings behind it.
 */
static void evict_all_but_name(struct vmc_hpack *hpack)
{
	size_t name_len = hpack->name.len;
	size_t len = (size_t)(hpack->end - hpack->begin);
	uint8_t *begin = hpack->strings + hpack->begin;

	reverse(begin, name_len);
	reverse(begin + name_len, len - name_len);
	reverse(begin, len);
	hpack->entry[hpack->first].name_len = 0;
	hpack->end -= (uint16_t)name_len;
	hpack->own_len = (uint16_t)name_len;
	evict(hpack);
}

/*
 * The name of an entry of the dynamic table, which may have to make room for
 * it. There is room: what stays and the name are within the table's limit.
 */
static void copy_name(struct vmc_hpack *hpack, unsigned age)
{
	hpack->name.len = hpack->entry[entry_of(hpack, age)].name_len;
	while (over_limit(hpack)) {
		if (age == hpack->count - 1u) {
			evict_all_but_name(hpack);
			return;
		}
		evict(hpack);
	}
	make_room(hpack, hpack->name.len);
	memcpy(hpack->strings + hpack->end, strings_of(hpack, age),
	       hpack->name.len);
	hpack->own_len = (uint16_t)hpack->name.len;
}

/* A name that is referred to becomes the field's own. */
static void own_name(struct vmc_hpack *hpack)
{
	struct vmc_hpack_field field;

	if (hpack->index > VMC_HPACK_STATIC_MAX) {
		copy_name(hpack, hpack->index - VMC_HPACK_STATIC_MAX - 1u);
	} else {
		look_up(hpack, &field);
		keep(hpack, &hpack->name, field.name.ptr, field.name.ptr_len);
	}
	hpack->index = 0;
}

/*
 * Bytes of a block
 */

/* 1 if the integer ends with this byte (RFC 7541, 5.1). */
static int take_number(struct vmc_hpack *hpack, uint8_t byte, uint8_t mask)
{
	unsigned shift;

	if (hpack->number_len++ == 0) {
		hpack->number = byte & mask;
		return hpack->number < mask;
	}
	shift = 7u * (hpack->number_len - 2u);
	hpack->number += (uint32_t)(byte & 0x7f) << shift;
	if (hpack->number >= NUMBER_LIMIT)
		fail(hpack, "HPACK: integer of 2^20 or more");
	if (byte < 0x80)
		return !hpack->error;
	if (hpack->number_len == NUMBER_LEN_MAX)
		fail(hpack, "HPACK: integer of more than 5 bytes");
	return 0;
}

static enum kind kind_of(uint8_t byte)
{
	if (byte & 0x80)
		return KIND_INDEXED;
	if (byte & 0x40)
		return KIND_ADDED;
	return byte & 0x20 ? KIND_RESIZE : KIND_LITERAL;
}

static void begin_field(struct vmc_hpack *hpack, uint8_t byte)
{
	hpack->kind = kind_of(byte);
	hpack->own_len = 0;
	hpack->index = 0;
	memset(&hpack->name, 0, sizeof(hpack->name));
	memset(&hpack->value, 0, sizeof(hpack->value));
	if (hpack->kind != KIND_RESIZE)
		hpack->inside = 1;
	else if (hpack->inside)
		fail(hpack, "HPACK: table size changed within a block");
}

/* What the first integer says. */
static void end_index(struct vmc_hpack *hpack)
{
	uint32_t index = hpack->number;

	if (hpack->kind == KIND_RESIZE) {
		resize(hpack, index);
		return;
	}
	if (index > VMC_HPACK_STATIC_MAX + (uint32_t)hpack->count) {
		fail(hpack, "HPACK: index beyond the table");
		return;
	}
	hpack->index = (uint8_t)index;
	if (hpack->kind == KIND_INDEXED) {
		hpack->phase = PHASE_COMPLETE;
		if (index == 0)
			fail(hpack, "HPACK: index 0");
		return;
	}
	hpack->phase = index > 0 ? PHASE_VALUE_LEN : PHASE_NAME_LEN;
	if (index > 0 && hpack->kind == KIND_ADDED)
		own_name(hpack);
}

static void take_index(struct vmc_hpack *hpack, uint8_t byte)
{
	if (hpack->number_len == 0)
		begin_field(hpack, byte);
	if (!take_number(hpack, byte, hpack->kind) || hpack->error)
		return;
	hpack->number_len = 0;
	end_index(hpack);
}

static void end_string(struct vmc_hpack *hpack)
{
	hpack->phase++;
	if (hpack->coded && !vmc_huffman_may_end(&hpack->huffman))
		fail(hpack, "HPACK: Huffman code with wrong padding");
}

static void take_string_len(struct vmc_hpack *hpack, uint8_t byte)
{
	if (hpack->number_len == 0)
		hpack->coded = byte >> 7;
	if (!take_number(hpack, byte, STRING_LEN_BITS))
		return;
	hpack->number_len = 0;
	memset(&hpack->huffman, 0, sizeof(hpack->huffman));
	hpack->phase++;
	if (hpack->number == 0)
		end_string(hpack);
}

static void take_coded(struct vmc_hpack *hpack, struct vmc_hpack_part *part,
		       uint8_t byte)
{
	unsigned bit;
	uint8_t octet;
	int code;

	for (bit = 8; bit-- > 0;) {
		code = vmc_huffman_take(&hpack->huffman, byte >> bit & 1u);
		octet = (uint8_t)code;
		if (code >= 0)
			keep(hpack, part, &octet, 1);
		if (code == VMC_HUFFMAN_EOS) {
			fail(hpack, "HPACK: Huffman code with EOS");
			return;
		}
	}
}

/* As much of it as is there; of Huffman's code, a byte. */
static void take_string(struct vmc_hpack *hpack, struct vmc_hpack_part *part,
			struct vmc_reader *r)
{
	size_t len = hpack->number < r->left ? hpack->number : r->left;

	if (hpack->coded) {
		len = 1;
		take_coded(hpack, part, vmc_take_u8(r));
	} else {
		keep(hpack, part, vmc_take_bytes(r, len).ptr, len);
	}
	hpack->number -= (uint32_t)len;
	if (hpack->number == 0)
		end_string(hpack);
}

static void take(struct vmc_hpack *hpack, struct vmc_reader *r)
{
	if (hpack->phase == PHASE_FIELD)
		take_index(hpack, vmc_take_u8(r));
	else if (hpack->phase == PHASE_NAME)
		take_string(hpack, &hpack->name, r);
	else if (hpack->phase == PHASE_VALUE)
		take_string(hpack, &hpack->value, r);
	else
		take_string_len(hpack, vmc_take_u8(r));
}

/*
 * Fields
 */

/* A string of the field's own, or how long it would be. */
static uint32_t give_part(const struct vmc_hpack_part *part, const uint8_t *at,
			  struct vmc_view *view)
{
	view->ptr = part->lost ? NULL : at;
	view->ptr_len = part->lost ? 0 : part->len;
	return part->lost ? part->len : 0;
}

static void give(struct vmc_hpack *hpack, struct vmc_hpack_field *field)
{
	const uint8_t *own = hpack->strings + hpack->end;

	memset(field, 0, sizeof(*field));
	field->size = VMC_HPACK_OVERHEAD_SIZE;
	if (hpack->index > 0)
		look_up(hpack, field);
	else
		field->size += give_part(&hpack->name, own, &field->name);
	if (hpack->kind != KIND_INDEXED) {
		own += hpack->index > 0 ? 0 : field->name.ptr_len;
		field->size += give_part(&hpack->value, own, &field->value);
	}
	field->size += (uint32_t)(field->name.ptr_len + field->value.ptr_len);
	field->name_lost = hpack->name.lost;
	field->value_lost = hpack->value.lost;
}

/* see hpack.h */
enum vmc_status vmc_hpack_read(struct vmc_hpack *hpack, struct vmc_reader *r,
			       struct vmc_hpack_field *field, const char **why)
{
	if (hpack->phase == PHASE_COMPLETE)
		hpack->phase = PHASE_FIELD;
	while (!hpack->error && hpack->phase != PHASE_COMPLETE && r->left > 0)
		take(hpack, r);
	*why = hpack->error;
	if (hpack->error)
		return VMC_ERR_PROTOCOL;
	if (hpack->phase != PHASE_COMPLETE)
		return VMC_AGAIN;
	give(hpack, field);
	if (hpack->kind == KIND_ADDED)
		add(hpack);
	return VMC_OK;
}

/* see hpack.h */
enum vmc_status vmc_hpack_end(struct vmc_hpack *hpack, const char **why)
{
	if (hpack->phase == PHASE_COMPLETE)
		hpack->phase = PHASE_FIELD;
	if (hpack->phase != PHASE_FIELD || hpack->number_len > 0)
		fail(hpack, "HPACK: block ends within a field");
	hpack->inside = 0;
	*why = hpack->error;
	return hpack->error ? VMC_ERR_PROTOCOL : VMC_OK;
}

/*
 * The writer
 */

#define BITS_INDEXED 0x80
#define BITS_RESIZE 0x20
#define BITS_LITERAL 0x00

static void put_number(struct vmc_writer *w, uint8_t bits, uint8_t mask,
		       size_t value)
{
	if (value < mask) {
		vmc_put_u8(w, (uint8_t)(bits | value));
		return;
	}
	vmc_put_u8(w, bits | mask);
	vmc_put_varint(w, value - mask);
}

static void put_string(struct vmc_writer *w, struct vmc_view string)
{
	put_number(w, 0, STRING_LEN_BITS, string.ptr_len);
	vmc_put_bytes(w, string);
}

/* see hpack.h */
void vmc_hpack_write_indexed(struct vmc_writer *w, unsigned index)
{
	put_number(w, BITS_INDEXED, KIND_INDEXED, index);
}

/* see hpack.h */
void vmc_hpack_write_literal_head(struct vmc_writer *w, unsigned name_index,
				  size_t value_len)
{
	put_number(w, BITS_LITERAL, KIND_LITERAL, name_index);
	put_number(w, 0, STRING_LEN_BITS, value_len);
}

/* see hpack.h */
void vmc_hpack_write_literal(struct vmc_writer *w, unsigned name_index,
			     struct vmc_view value)
{
	vmc_hpack_write_literal_head(w, name_index, value.ptr_len);
	vmc_put_bytes(w, value);
}

/* see hpack.h */
void vmc_hpack_write_named_head(struct vmc_writer *w, struct vmc_view name,
				size_t value_len)
{
	put_number(w, BITS_LITERAL, KIND_LITERAL, 0);
	put_string(w, name);
	put_number(w, 0, STRING_LEN_BITS, value_len);
}

/* see hpack.h */
void vmc_hpack_write_named(struct vmc_writer *w, struct vmc_view name,
			   struct vmc_view value)
{
	vmc_hpack_write_named_head(w, name, value.ptr_len);
	vmc_put_bytes(w, value);
}

/* see hpack.h */
void vmc_hpack_write_table_size(struct vmc_writer *w, uint32_t size)
{
	put_number(w, BITS_RESIZE, KIND_RESIZE, size);
}
