/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says, in the library's terms, and what its headers may
 * lack. */
#ifndef VMC_POSIX_ERROR_H
#define VMC_POSIX_ERROR_H

#include "vmcache/status.h"

/* AF_VSOCK (linux/vm_sockets.h). */
#define VMC_POSIX_FAMILY_VSOCK 40

/*
 * Sets "WHAT PATH: words of errno" in `error` (may be NULL) and returns the
 * status that stands for `number`, an errno: VMC_ERR_PERMISSION,
 * VMC_ERR_NOT_FOUND, VMC_ERR_TOO_BIG (a path's), or VMC_ERR_IO.
 */
enum vmc_status vmc_posix_error(struct vmc_error *error, const char *what,
				const char *path, int number);

#endif
