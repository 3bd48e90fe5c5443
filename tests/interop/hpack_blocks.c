/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our HPACK decoder, for a script that holds it to another one. Lines on
 * standard input:
 *
 *	new		a connection begins
 *	N HEX		a block, which comes in pieces of N bytes
 *
 * For each block the fields come out, "field NAME VALUE SIZE", in hex and
 * with "lost" for a string that is lost, and then either "error WHY" or
 * "table LIMIT SIZE COUNT SUM": SUM is the CRC-32 of "name:value\n", in hex,
 * of each entry, the newest first.
 */
#include <stdio.h>

#include "hex.h"
#include "../../src/base/crc32.h"
#include "../../src/wire/hpack.h"

#define LINE_SIZE (1 << 22)

static struct vmc_hpack hpack;
static char line[LINE_SIZE];
static uint8_t block[LINE_SIZE / 2];

static void hex_of(char *out, struct vmc_view view)
{
	size_t i;

	for (i = 0; i < view.ptr_len; i++)
		sprintf(out + 2 * i, "%02x", view.ptr[i]);
	out[2 * view.ptr_len] = '\0';
}

static const char *text_of(char *out, struct vmc_view view, int lost)
{
	hex_of(out, view);
	return lost ? "lost" : out;
}

static void show_field(const struct vmc_hpack_field *field)
{
	static char name[2 * sizeof(hpack.strings) + 1];
	static char value[sizeof(name)];

	printf("field %s %s %u\n", text_of(name, field->name, field->name_lost),
	       text_of(value, field->value, field->value_lost), field->size);
}

static uint32_t sum_entry(uint32_t sum, const struct vmc_hpack_field *field)
{
	static char text[2 * sizeof(hpack.strings) + 3];

	hex_of(text, field->name);
	strcat(text, ":");
	hex_of(text + strlen(text), field->value);
	strcat(text, "\n");
	return vmc_crc32(sum, vmc_view_of(text));
}

/* A copy of the decoder reads a reference to each entry that there is. */
static void show_table(void)
{
	struct vmc_hpack copy = hpack;
	struct vmc_hpack_field field;
	struct vmc_reader r;
	struct vmc_writer w;
	struct vmc_view reference = { block, 0 };
	uint32_t sum = 0;
	const char *why;
	unsigned i;

	for (i = 0; i < hpack.count; i++) {
		vmc_writer_init(&w, block, sizeof(block));
		vmc_hpack_write_indexed(&w, 62 + i);
		reference.ptr_len = w.len;
		vmc_reader_init(&r, reference);
		if (vmc_hpack_read(&copy, &r, &field, &why))
			abort();
		sum = sum_entry(sum, &field);
	}
	printf("table %u %u %u %u\n", hpack.limit,
	       hpack.end - hpack.begin + 32 * hpack.count, hpack.count, sum);
}

static enum vmc_status read_piece(struct vmc_view piece, const char **why)
{
	struct vmc_hpack_field field;
	struct vmc_reader r;
	enum vmc_status status;

	vmc_reader_init(&r, piece);
	while (!(status = vmc_hpack_read(&hpack, &r, &field, why)))
		show_field(&field);
	return status;
}

static void read_block(size_t len, size_t piece_len)
{
	enum vmc_status status = VMC_AGAIN;
	struct vmc_view piece;
	const char *why;
	size_t at;

	for (at = 0; at < len && status == VMC_AGAIN; at += piece_len) {
		piece.ptr = block + at;
		piece.ptr_len = len - at < piece_len ? len - at : piece_len;
		status = read_piece(piece, &why);
	}
	if (status == VMC_AGAIN)
		status = vmc_hpack_end(&hpack, &why);
	if (status)
		printf("error %s\n", why);
	else
		show_table();
}

int main(void)
{
	unsigned long piece_len;
	char *hex;

	vmc_hpack_init(&hpack);
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (strcmp(line, "new") == 0) {
			vmc_hpack_init(&hpack);
			continue;
		}
		piece_len = strtoul(line, &hex, 10);
		if (piece_len == 0)
			return 1;
		read_block(from_hex(hex, block), piece_len);
	}
	return 0;
}
