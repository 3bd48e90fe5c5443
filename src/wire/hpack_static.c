/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static table, as one text without a pointer: names and values in
 * turn, each behind its length. An empty name is the one before.
 */
#include "hpack_static.h"

/* clang-format off */
static const char table[] =
	"\012:authority\0"
	"\007:method" "\003GET"
	"\000" "\004POST"
	"\005:path" "\001/"
	"\000" "\013/index.html"
	"\007:scheme" "\004http"
	"\000" "\005https"
	"\007:status" "\003200"
	"\000" "\003204"
	"\000" "\003206"
	"\000" "\003304"
	"\000" "\003400"
	"\000" "\003404"
	"\000" "\003500"
	"\016accept-charset\0"
	"\017accept-encoding" "\015gzip, deflate"
	"\017accept-language\0"
	"\015accept-ranges\0"
	"\006accept\0"
	"\033access-control-allow-origin\0"
	"\003age\0"
	"\005allow\0"
	"\015authorization\0"
	"\015cache-control\0"
	"\023content-disposition\0"
	"\020content-encoding\0"
	"\020content-language\0"
	"\016content-length\0"
	"\020content-location\0"
	"\015content-range\0"
	"\014content-type\0"
	"\006cookie\0"
	"\004date\0"
	"\004etag\0"
	"\006expect\0"
	"\007expires\0"
	"\004from\0"
	"\004host\0"
	"\010if-match\0"
	"\021if-modified-since\0"
	"\015if-none-match\0"
	"\010if-range\0"
	"\023if-unmodified-since\0"
	"\015last-modified\0"
	"\004link\0"
	"\010location\0"
	"\014max-forwards\0"
	"\022proxy-authenticate\0"
	"\023proxy-authorization\0"
	"\005range\0"
	"\007referer\0"
	"\007refresh\0"
	"\013retry-after\0"
	"\006server\0"
	"\012set-cookie\0"
	"\031strict-transport-security\0"
	"\021transfer-encoding\0"
	"\012user-agent\0"
	"\004vary\0"
	"\003via\0"
	"\020www-authenticate\0";
/* clang-format on */

/* The string that begins here, and where the next one does. */
static const uint8_t *take(const uint8_t *at, struct vmc_view *string)
{
	string->ptr_len = *at++;
	string->ptr = at;
	return at + string->ptr_len;
}

/* see hpack_static.h */
void vmc_hpack_static_get(struct vmc_hpack_field *field, unsigned index)
{
	const uint8_t *at = (const uint8_t *)table;
	struct vmc_view name;

	for (; index > 0; index--) {
		at = take(at, &name);
		if (name.ptr_len > 0)
			field->name = name;
		at = take(at, &field->value);
	}
}
