/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK's Huffman code (RFC 7541, appendix B), read bit by bit.
 *
 * The code is canonical: sorted by length, and by octet where lengths are
 * equal, the codes count upwards. So it is known from 256 octets in that
 * order and from how many there are of each length.
 */
#ifndef VMC_WIRE_HPACK_HUFFMAN_H
#define VMC_WIRE_HPACK_HUFFMAN_H

#include "vmcache/grpc.h"

#define VMC_HUFFMAN_MORE (-1) /* the code goes on */
#define VMC_HUFFMAN_EOS (-2)  /* that is in no string (RFC 7541, 5.2) */

/* The octet, 0..255, that ends with this bit, or one of the above. */
int vmc_huffman_take(struct vmc_huffman *huffman, unsigned bit);

/* 1 if a string may end here: after at most 7 bits of padding, all ones. */
int vmc_huffman_may_end(const struct vmc_huffman *huffman);

#endif
