/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views. An absent view is an empty one to whoever only compares, so no
 * function here hands a NULL pointer to memcmp.
 */
#include "vmcache/view.h"

#include <string.h>

/* see vmcache/view.h */
struct vmc_view vmc_view_of(const char *string)
{
	struct vmc_view view = { NULL, 0 };

	if (string) {
		view.ptr = (const uint8_t *)string;
		view.ptr_len = strlen(string);
	}
	return view;
}

/* see vmcache/view.h */
int vmc_view_equal(struct vmc_view a, struct vmc_view b)
{
	if (a.ptr_len != b.ptr_len)
		return 0;
	return a.ptr_len == 0 || memcmp(a.ptr, b.ptr, a.ptr_len) == 0;
}

/* see vmcache/view.h */
int vmc_view_is(struct vmc_view view, const char *string)
{
	size_t i;

	if (!string)
		return view.ptr_len == 0;
	for (i = 0; i < view.ptr_len; i++)
		if (string[i] == '\0' || (uint8_t)string[i] != view.ptr[i])
			return 0;
	return string[i] == '\0';
}
