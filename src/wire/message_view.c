/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views into a message that nanopb decodes. Invariant: no view points outside
 * the input that was given.
 */
#include "message_fields.h"

#include <pb_decode.h>

#include "../base/text.h"

/* see message_fields.h */
bool vmc_message_view_field(pb_istream_t *istream, pb_ostream_t *ostream,
			    const pb_field_t *field)
{
	struct vmc_view *view = field->pData;

	if (ostream || !istream->callback)
		return false;
	view->ptr = istream->state;
	view->ptr_len = istream->bytes_left;
	if (PB_LTYPE(field->type) == PB_LTYPE_STRING && !vmc_utf8_valid(*view))
		return false;
	return pb_read(istream, NULL, istream->bytes_left);
}
