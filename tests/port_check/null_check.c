/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checklist of a new port, to be copied with port/null: the world that
 * its promises are asked in. Of the null port itself few are kept.
 */
#include "port_check.h"

#include "vmcache_null.h"

/* Before each promise: nobody listens, nothing is open. */
static void begin(struct port_subject *subject)
{
	const struct vmc_port port = { &vmc_null_port_ops, NULL };

	subject->port = port;  /* with a context of its own, */
	subject->other = port; /* and this one with another */
	subject->env = vmc_null_env();
	subject->endpoint = "/run/null/cache.sock";
}

/* After it: 0 if nothing was left behind. */
static int end(struct port_subject *subject)
{
	(void)subject;
	return 0;
}

int main(void)
{
	struct port_subject subject = {
		.name = "null",
		.begin = begin,
		.end = end,
	};

	return port_check(&subject);
}
