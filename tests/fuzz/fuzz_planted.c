/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is the fuzzer awake? This target forgets to compare a length with its
 * buffer, behind a whole header and the check of a type: that must be found
 * in 20 seconds, by the same build as all others.
 */
#include "fuzz.h"

#include "../../src/wire/ttrpc_frame.h"

#define ROOM 64

static volatile uint8_t seen; /* or the copy would be left out */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmc_view all = { data, size }, body;
	struct vmc_ttrpc_header header;
	struct vmc_reader r;
	uint8_t *copy;

	vmc_reader_init(&r, all);
	if (vmc_ttrpc_header_read(&header, &r) != VMC_OK)
		return 0;
	if (header.type != VMC_TTRPC_REQUEST)
		return 0;
	body = vmc_take_bytes(&r, header.length);
	if (body.ptr_len == 0)
		return 0;
	copy = malloc(ROOM);
	memcpy(copy, body.ptr, body.ptr_len);
	seen = copy[body.ptr_len - 1];
	free(copy);
	return 0;
}
