/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The static table, as one text without a pointer: names and values in
 * turn, each with its NUL. An empty name is the one before.
 */
#include "hpack_static.h"

/* clang-format off */
static const char table[] =
	":authority\0\0"
	":method\0" "GET\0"
	"\0" "POST\0"
	":path\0" "/\0"
	"\0" "/index.html\0"
	":scheme\0" "http\0"
	"\0" "https\0"
	":status\0" "200\0"
	"\0" "204\0"
	"\0" "206\0"
	"\0" "304\0"
	"\0" "400\0"
	"\0" "404\0"
	"\0" "500\0"
	"accept-charset\0\0"
	"accept-encoding\0" "gzip, deflate\0"
	"accept-language\0\0"
	"accept-ranges\0\0"
	"accept\0\0"
	"access-control-allow-origin\0\0"
	"age\0\0"
	"allow\0\0"
	"authorization\0\0"
	"cache-control\0\0"
	"content-disposition\0\0"
	"content-encoding\0\0"
	"content-language\0\0"
	"content-length\0\0"
	"content-location\0\0"
	"content-range\0\0"
	"content-type\0\0"
	"cookie\0\0"
	"date\0\0"
	"etag\0\0"
	"expect\0\0"
	"expires\0\0"
	"from\0\0"
	"host\0\0"
	"if-match\0\0"
	"if-modified-since\0\0"
	"if-none-match\0\0"
	"if-range\0\0"
	"if-unmodified-since\0\0"
	"last-modified\0\0"
	"link\0\0"
	"location\0\0"
	"max-forwards\0\0"
	"proxy-authenticate\0\0"
	"proxy-authorization\0\0"
	"range\0\0"
	"referer\0\0"
	"refresh\0\0"
	"retry-after\0\0"
	"server\0\0"
	"set-cookie\0\0"
	"strict-transport-security\0\0"
	"transfer-encoding\0\0"
	"user-agent\0\0"
	"vary\0\0"
	"via\0\0"
	"www-authenticate\0\0";
/* clang-format on */

/* see hpack_static.h */
void vmc_hpack_static_get(struct vmc_hpack_field *field, unsigned index)
{
	const char *at = table;

	for (; index > 0; index--) {
		if (*at != '\0')
			field->name = vmc_view_of(at);
		at += vmc_view_of(at).ptr_len + 1;
		field->value = vmc_view_of(at);
		at += field->value.ptr_len + 1;
	}
}
