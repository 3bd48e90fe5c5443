/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRC-32 (ISO-HDLC: polynomial 0x04c11db7 reflected, as in zlib and
 * Ethernet): tells a record that was written from one that was cut short.
 */
#ifndef VMC_BASE_CRC32_H
#define VMC_BASE_CRC32_H

#include "vmcache/view.h"

/* Goes on from `crc`, which is 0 at the beginning. */
uint32_t vmc_crc32(uint32_t crc, struct vmc_view bytes);

#endif
