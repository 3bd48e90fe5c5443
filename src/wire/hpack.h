/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK (RFC 7541), the header compression of HTTP/2, in fixed memory.
 *
 * The decoder has the whole dynamic table of 4096 bytes that a peer may use
 * when nothing was announced: peers refer to it from their second request
 * on, and some go on to do so after they have acknowledged a smaller one.
 * It reads a block in pieces of any size and keeps none of them: what HEADERS
 * and CONTINUATION carry is pushed through as it comes.
 *
 *	while ((status = vmc_hpack_read(&hpack, &r, &field, &why)) == VMC_OK)
 *		use(&field);
 *	if (status == VMC_AGAIN && end_headers)
 *		status = vmc_hpack_end(&hpack, &why);
 *
 * Each block of a connection must be read to its end, also one whose request
 * is refused: it changes the table. After an error nothing more can be read,
 * and the connection is lost (COMPRESSION_ERROR).
 *
 * The writer uses no table and no Huffman code: everybody reads that, and
 * what we send is short.
 */
#ifndef VMC_WIRE_HPACK_H
#define VMC_WIRE_HPACK_H

#include "vmcache/grpc.h"

#include "hpack_huffman.h"
#include "../base/cursor.h"

_Static_assert(sizeof(struct vmc_hpack) <= VMC_HPACK_TABLE_SIZE +
						   VMC_HPACK_SCRATCH_SIZE +
						   4 * VMC_HPACK_ENTRY_MAX + 64,
	       "table, scratch, entries, state: 4.8 KiB");

/* For the first block of a connection. */
void vmc_hpack_init(struct vmc_hpack *hpack);

/*
 * A field. A string that was too long to be kept is lost: its view is
 * absent then. Never lost are a name, or a name and a value together, of
 * at most VMC_HPACK_SCRATCH_SIZE bytes; longer ones are kept if the table
 * has room for them.
 */
struct vmc_hpack_field {
	struct vmc_view name, value; /* they live until the next call */
	uint32_t size; /* lengths of both, lost or not, and the overhead:
			* what SETTINGS_MAX_HEADER_LIST_SIZE counts */
	uint8_t name_lost, value_lost;
};

/*
 * Reads on in the block, up to the end of a field or of the piece. A field
 * is read before it is valid HTTP: its name may be empty or in capitals.
 *
 * VMC_OK:           a field; there may be more in the piece.
 * VMC_AGAIN:        the piece is used up.
 * VMC_ERR_PROTOCOL: `why` says what is wrong, now and in each later call:
 *                   an index, size or Huffman code that does not exist, an
 *                   update of the table's size after a field, an integer
 *                   of 2^20 or more or of more than 5 bytes.
 */
enum vmc_status vmc_hpack_read(struct vmc_hpack *hpack, struct vmc_reader *r,
			       struct vmc_hpack_field *field,
			       const char **why) VMC_CHECKED;

/*
 * The block ends here (END_HEADERS); another one may follow.
 *
 * VMC_OK, or VMC_ERR_PROTOCOL: within a field, or there was an error before.
 */
enum vmc_status vmc_hpack_end(struct vmc_hpack *hpack,
			      const char **why) VMC_CHECKED;

/* Entries of the static table that we write (RFC 7541, appendix A). */
enum vmc_hpack_static {
	VMC_HPACK_AUTHORITY = 1, /* names, for vmc_hpack_write_literal */
	VMC_HPACK_PATH = 4,
	VMC_HPACK_STATUS = 8,
	VMC_HPACK_CONTENT_TYPE = 31,
	VMC_HPACK_METHOD_POST = 3, /* fields, for vmc_hpack_write_indexed */
	VMC_HPACK_SCHEME_HTTP = 6,
	VMC_HPACK_STATUS_200 = 8
};

/* ":method: POST": one byte. */
void vmc_hpack_write_indexed(struct vmc_writer *w, unsigned index);

/* A value under a name of the static table, or under one of our own. */
void vmc_hpack_write_literal(struct vmc_writer *w, unsigned name_index,
			     struct vmc_view value);
void vmc_hpack_write_named(struct vmc_writer *w, struct vmc_view name,
			   struct vmc_view value);

/* All but the value, whose `value_len` bytes the caller then puts. */
void vmc_hpack_write_literal_head(struct vmc_writer *w, unsigned name_index,
				  size_t value_len);
void vmc_hpack_write_named_head(struct vmc_writer *w, struct vmc_view name,
				size_t value_len);

/*
 * An update of the table's size, first in a block. The size 0 in our first
 * block is what a peer that announced less than 4096 waits for (RFC 7541,
 * 4.2), and no other peer minds: 1 byte.
 */
void vmc_hpack_write_table_size(struct vmc_writer *w, uint32_t size);

#endif
