/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options: is the application that calls built with the library's own?
 */
#ifndef VMC_BASE_OPTIONS_H
#define VMC_BASE_OPTIONS_H

#include "vmcache/status.h"

/*
 * What every *_init_checked does first. `size` and `options` are sizeof the
 * context and VMC_OPTIONS as the application saw them, `own_size` is the
 * library's. `error` may be NULL, and must be if it lies in that context:
 * nothing may be written to one of another size. To any other no more is
 * written than the shortest text holds, since its size is the application's.
 *
 * VMC_OK, VMC_ERR_OPTIONS.
 */
enum vmc_status vmc_options_check(struct vmc_error *error, size_t size,
				  unsigned options,
				  size_t own_size) VMC_CHECKED;

/* see vmcache.h */
const char *vmc_build_options(void);

#endif
