/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nanopb as it is in this archive. Included before everything else (the
 * compiler's -include) wherever nanopb's runtime, generated code or pbio is
 * compiled, because all of them have to agree:
 *
 * - Its options: messages are in memory (no streams), a failure is a
 *   failure (no texts), a count is an uint32_t. There is no PB_ENABLE_MALLOC,
 *   hence no heap.
 * - Its headers: the compiler's own, and <string.h>, of which it takes three
 *   functions. It does not ask for <limits.h>, which belongs to a libc.
 * - Its names: each external begins with vmc_, so that an application can
 *   have a nanopb of its own beside ours. tests/check/symbols notices one
 *   that is missing here.
 */
#ifndef VMC_WIRE_PB_NAMES_H
#define VMC_WIRE_PB_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PB_SYSTEM_HEADER <string.h>
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define PB_LITTLE_ENDIAN_8BIT 1
#endif
#define PB_BUFFER_ONLY 1
#define PB_NO_ERRMSG 1
#define PB_FIELD_32BIT 1

/* pb_common.c */
#define pb_default_field_callback vmc_pb_default_field_callback
#define pb_field_iter_begin vmc_pb_field_iter_begin
#define pb_field_iter_begin_const vmc_pb_field_iter_begin_const
#define pb_field_iter_begin_extension vmc_pb_field_iter_begin_extension
#define pb_field_iter_begin_extension_const                                    \
	vmc_pb_field_iter_begin_extension_const
#define pb_field_iter_find vmc_pb_field_iter_find
#define pb_field_iter_find_extension vmc_pb_field_iter_find_extension
#define pb_field_iter_next vmc_pb_field_iter_next

/* pb_decode.c */
#define pb_close_string_substream vmc_pb_close_string_substream
#define pb_decode vmc_pb_decode
#define pb_decode_bool vmc_pb_decode_bool
#define pb_decode_ex vmc_pb_decode_ex
#define pb_decode_fixed32 vmc_pb_decode_fixed32
#define pb_decode_fixed64 vmc_pb_decode_fixed64
#define pb_decode_svarint vmc_pb_decode_svarint
#define pb_decode_tag vmc_pb_decode_tag
#define pb_decode_varint vmc_pb_decode_varint
#define pb_decode_varint32 vmc_pb_decode_varint32
#define pb_istream_from_buffer vmc_pb_istream_from_buffer
#define pb_make_string_substream vmc_pb_make_string_substream
#define pb_read vmc_pb_read
#define pb_release vmc_pb_release
#define pb_skip_field vmc_pb_skip_field

/* pb_encode.c: only in an archive with the Kata agent's messages */
#define pb_encode vmc_pb_encode
#define pb_encode_ex vmc_pb_encode_ex
#define pb_encode_fixed32 vmc_pb_encode_fixed32
#define pb_encode_fixed64 vmc_pb_encode_fixed64
#define pb_encode_string vmc_pb_encode_string
#define pb_encode_submessage vmc_pb_encode_submessage
#define pb_encode_svarint vmc_pb_encode_svarint
#define pb_encode_tag vmc_pb_encode_tag
#define pb_encode_tag_for_field vmc_pb_encode_tag_for_field
#define pb_encode_varint vmc_pb_encode_varint
#define pb_get_encoded_size vmc_pb_get_encoded_size
#define pb_ostream_from_buffer vmc_pb_ostream_from_buffer
#define pb_write vmc_pb_write

#endif
