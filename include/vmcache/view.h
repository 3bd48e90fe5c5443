/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Views and handles: how bytes and descriptors are named everywhere.
 */
#ifndef VMCACHE_VIEW_H
#define VMCACHE_VIEW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every function that can fail has it: a status that nobody looks at is a
 * warning. */
#define VMC_CHECKED __attribute__((warn_unused_result))

/*
 * Bytes that somebody else owns. How long they live is said where the view
 * is given; the default is "until the next call on the same context". An
 * absent view is {NULL, 0}; an empty one may have any `ptr`.
 */
struct vmc_view {
	const uint8_t *ptr;
	size_t ptr_len;
};

/*
 * What the operating system, or a port, calls an open thing: a file
 * descriptor on POSIX, an index in a port in memory. Negative is none.
 */
typedef intptr_t vmc_handle;

#define VMC_HANDLE_NONE ((vmc_handle)-1)

/* The bytes of a C string, without its NUL. NULL gives an absent view. */
struct vmc_view vmc_view_of(const char *string);

/* 1 if both have the same bytes, 0 otherwise. Absent equals empty. */
int vmc_view_equal(struct vmc_view a, struct vmc_view b);

/* 1 if the view's bytes are those of the C string. */
int vmc_view_is(struct vmc_view view, const char *string);

#ifdef __cplusplus
}
#endif

#endif
