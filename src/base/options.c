/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options. A knob that one side has and the other has not shifts fields or
 * moves a limit; the digest catches both, the size catches an alignment or
 * packing that the knobs do not show.
 */
#include "options.h"

#define QUOTE_(text) #text
#define QUOTE(text) QUOTE_(text)
#define KNOB(name) " " #name "=" QUOTE(name)

/* Which tables are linked: the Makefile says it to this file alone. */
#ifndef VMC_BUILD_TRANSPORT
#error "VMC_BUILD_TRANSPORT must name the transports of the archive"
#endif
#ifndef VMC_BUILD_AGENT
#error "VMC_BUILD_AGENT must name the agents of the archive"
#endif

/* see vmcache.h */
const char *vmc_build_options(void)
{
	/* clang-format off */
	return "libvmcache " VMC_VERSION
	       " transport=" QUOTE(VMC_BUILD_TRANSPORT)
	       " agent=" QUOTE(VMC_BUILD_AGENT)
	       KNOB(VMC_VM_MAX) KNOB(VMC_CONNECTION_MAX) KNOB(VMC_CALL_MAX)
	       KNOB(VMC_WINDOW_SIZE) KNOB(VMC_REPLY_MAX)
	       KNOB(VMC_STREAM_MAX) KNOB(VMC_GRPC_WINDOW_SIZE)
	       KNOB(VMC_HEADER_LIST_SIZE)
	       KNOB(VMC_CHANNEL_CALL_MAX) KNOB(VMC_REQUEST_SIZE)
	       KNOB(VMC_ID_SIZE) KNOB(VMC_URL_SIZE)
	       KNOB(VMC_HYPERVISOR_SIZE) KNOB(VMC_ERROR_TEXT_SIZE)
	       KNOB(VMC_EVENT_MAX) KNOB(VMC_JSON_DEPTH_MAX)
	       KNOB(VMC_JSON_PATH_SIZE);
	/* clang-format on */
}

/* see options.h */
enum vmc_status vmc_options_check(struct vmc_error *error, size_t size,
				  unsigned options, size_t own_size)
{
	if (options == VMC_OPTIONS && size == own_size)
		return VMC_OK;
	return vmc_error_set(error, VMC_ERR_OPTIONS,
			     vmc_status_words(VMC_ERR_OPTIONS), NULL);
}
