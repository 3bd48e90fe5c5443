/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header blocks of one connection: the first byte is how long the pieces are
 * that they come in, then each block has two bytes of length before it.
 * Whatever they are, the table keeps its limit and its strings their place,
 * and the blocks mean the same when they come in one piece.
 */
#include "fuzz.h"

#include "../../src/wire/hpack.h"

#define WHOLE 65536

/* Reads what a view has: AddressSanitizer sees where it ends. */
static uint64_t sum_view(uint64_t sum, struct vmc_view view)
{
	size_t i;

	for (i = 0; i < view.ptr_len; i++)
		sum = sum * 31 + view.ptr[i];
	return sum * 31 + view.ptr_len;
}

static void must_be_well(const struct vmc_hpack *h)
{
	size_t i, strings = 0;
	unsigned entry;

	MUST(h->begin <= h->end);
	MUST(h->end + h->own_len <= (int)sizeof(h->strings));
	MUST(h->limit <= VMC_HPACK_TABLE_SIZE);
	MUST(h->count <= VMC_HPACK_ENTRY_MAX);
	for (i = 0; i < h->count; i++) {
		entry = (h->first + i) % VMC_HPACK_ENTRY_MAX;
		strings += h->entry[entry].name_len;
		strings += h->entry[entry].value_len;
	}
	MUST(strings == (size_t)(h->end - h->begin));
	MUST(strings + 32u * h->count <= h->limit);
}

static int lies_in(const struct vmc_hpack *h, struct vmc_view view)
{
	return view.ptr >= h->strings &&
	       view.ptr < h->strings + sizeof(h->strings);
}

static void must_be_a_field(const struct vmc_hpack *h,
			    const struct vmc_hpack_field *field)
{
	size_t len = field->name.ptr_len + field->value.ptr_len;

	if (lies_in(h, field->name))
		must_lie_in(field->name, h->strings, sizeof(h->strings));
	if (lies_in(h, field->value))
		must_lie_in(field->value, h->strings, sizeof(h->strings));
	if (field->name_lost || field->value_lost)
		MUST(field->size - 32 > VMC_HPACK_SCRATCH_SIZE);
	else
		MUST(field->size == len + 32);
}

/* What we write of it is the same field for a decoder of any history. */
static void write_again(struct vmc_hpack *other,
			const struct vmc_hpack_field *field)
{
	/* tag, and a length of at most 5 bytes before each */
	size_t cap = 1 + 5 + field->name.ptr_len + 5 + field->value.ptr_len;
	uint8_t *out = malloc(cap);
	struct vmc_view written;
	struct vmc_hpack_field again;
	struct vmc_reader r;
	struct vmc_writer w;
	const char *why;

	vmc_writer_init(&w, out, cap);
	vmc_hpack_write_named(&w, field->name, field->value);
	MUST(!w.fail);
	out = realloc(out, w.len); /* a byte too far is noticed */
	MUST(out);
	written.ptr = out;
	written.ptr_len = w.len;
	vmc_reader_init(&r, written);
	MUST(vmc_hpack_read(other, &r, &again, &why) == VMC_OK);
	MUST(r.left == 0);
	MUST(again.size == 32 + field->name.ptr_len + field->value.ptr_len);
	if (!again.name_lost)
		MUST(vmc_view_equal(again.name, field->name));
	if (!again.value_lost)
		MUST(vmc_view_equal(again.value, field->value));
	free(out);
}

static enum vmc_status read_piece(struct vmc_hpack *h, struct vmc_view piece,
				  uint64_t *sum)
{
	struct vmc_hpack other;
	struct vmc_hpack_field field;
	struct vmc_reader r;
	enum vmc_status status;
	const char *why;

	vmc_hpack_init(&other);
	vmc_reader_init(&r, piece);
	while (!(status = vmc_hpack_read(h, &r, &field, &why))) {
		must_be_well(h);
		must_be_a_field(h, &field);
		write_again(&other, &field);
		*sum = sum_view(*sum, field.name);
		*sum = sum_view(*sum, field.value);
		*sum += field.size;
	}
	MUST(status == VMC_AGAIN ? r.left == 0 : why != NULL);
	must_be_well(h);
	return status;
}

/* A block in pieces, each on the heap for as long as it is read. */
static enum vmc_status read_block(struct vmc_hpack *h, const uint8_t *bytes,
				  size_t len, size_t piece_len, uint64_t *sum)
{
	enum vmc_status status = VMC_AGAIN;
	struct vmc_view piece;
	const char *why;
	size_t at;

	for (at = 0; at < len && status == VMC_AGAIN; at += piece_len) {
		piece.ptr_len = len - at < piece_len ? len - at : piece_len;
		piece.ptr = malloc(piece.ptr_len);
		memcpy((void *)piece.ptr, bytes + at, piece.ptr_len);
		status = read_piece(h, piece, sum);
		free((void *)piece.ptr);
	}
	return status == VMC_AGAIN ? vmc_hpack_end(h, &why) : status;
}

static uint64_t read_all(struct vmc_hpack *h, const uint8_t *data, size_t size,
			 size_t piece_len)
{
	uint64_t sum = 0;
	size_t len;

	memset(h, 0, sizeof(*h));
	vmc_hpack_init(h);
	while (size >= 2) {
		len = (size_t)data[0] << 8 | data[1];
		data += 2;
		size -= 2;
		len = len < size ? len : size;
		if (read_block(h, data, len, piece_len, &sum))
			break;
		data += len;
		size -= len;
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece_len = 1u + choose(&data, &size) % 64;
	struct vmc_hpack in_pieces, whole;

	MUST(read_all(&in_pieces, data, size, piece_len) ==
	     read_all(&whole, data, size, WHOLE));
	MUST(memcmp(&in_pieces, &whole, sizeof(whole)) == 0);
	return 0;
}
