/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing JSON into a fixed buffer, byte for byte as Go's encoding/json
 * would, so that what we write can stand where Kata's own would.
 *
 *	vmc_json_writer_init(&w, out, cap);
 *	vmc_json_begin_object(&w);
 *	vmc_json_put_key(&w, "ID");
 *	vmc_json_put_text(&w, vm->id);
 *	vmc_json_end_object(&w);
 *	status = vmc_json_writer_end(&w, &out_len);
 *
 * Commas and colons come by themselves. It remembers that something did not
 * fit; the end is tested once. That begins and ends match is the caller's
 * to see to: the calls mirror the document.
 */
#ifndef VMC_BASE_JSON_WRITE_H
#define VMC_BASE_JSON_WRITE_H

#include "cursor.h"
#include "vmcache/status.h"

struct vmc_json_writer {
	struct vmc_writer out;
	uint8_t comma; /* one is due before what comes next */
};

void vmc_json_writer_init(struct vmc_json_writer *w, uint8_t *out, size_t cap);

void vmc_json_begin_object(struct vmc_json_writer *w);
void vmc_json_end_object(struct vmc_json_writer *w);
void vmc_json_begin_array(struct vmc_json_writer *w);
void vmc_json_end_array(struct vmc_json_writer *w);

/* A member's name; its value comes next. */
void vmc_json_put_key(struct vmc_json_writer *w, const char *key);

/*
 * A string: a C string (NULL is "") or bytes. Escaped are, as Go does it,
 * quote, backslash, control characters (\n \r \t short, the others \u00xx),
 * < > & and U+2028, U+2029; each byte that is no UTF-8 becomes \ufffd.
 */
void vmc_json_put_text(struct vmc_json_writer *w, const char *string);
void vmc_json_put_bytes(struct vmc_json_writer *w, struct vmc_view bytes);

void vmc_json_put_u64(struct vmc_json_writer *w, uint64_t number);
void vmc_json_put_i64(struct vmc_json_writer *w, int64_t number);
void vmc_json_put_null(struct vmc_json_writer *w);

/* A value that is JSON already: put as it is. */
void vmc_json_put_raw(struct vmc_json_writer *w, struct vmc_view json);

/*
 * VMC_OK and the bytes written, or VMC_ERR_TOO_BIG: `cap` bytes do not hold
 * it; what lies in `out` is then of no worth.
 */
enum vmc_status vmc_json_writer_end(const struct vmc_json_writer *w,
				    size_t *out_len) VMC_CHECKED;

#endif
