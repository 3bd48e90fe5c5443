/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK's static table (RFC 7541, appendix A).
 */
#ifndef VMC_WIRE_HPACK_STATIC_H
#define VMC_WIRE_HPACK_STATIC_H

#include "hpack.h"

#define VMC_HPACK_STATIC_MAX 61

/* Name and value of the entry `index`, 1..61. They live for ever. */
void vmc_hpack_static_get(struct vmc_hpack_field *field, unsigned index);

#endif
