/* SPDX-License-Identifier: Apache-2.0 */
/* What the system says, and what the guest refuses, in the library's terms. */
#include "guest.h"
#include "linux_process.h"

#include "../../src/base/text.h"

/* see guest.h */
enum vmc_status vmc_guest_error(struct vmc_agent *agent, int number,
				const char *what, const char *path)
{
	return vmc_linux_error(agent->error, number, what, path);
}

/* see guest.h */
enum vmc_status vmc_guest_refuse(struct vmc_agent *agent,
				 enum vmc_status status, const char *what,
				 struct vmc_view view, const char *detail)
{
	char words[VMC_ERROR_TEXT_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, words, sizeof(words));
	vmc_text_add(&text, what);
	vmc_text_add(&text, ": ");
	vmc_text_add_view(&text, view);
	return vmc_error_set(agent->error, status, words, detail);
}
