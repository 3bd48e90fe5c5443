/* SPDX-License-Identifier: Apache-2.0 */
/* The ports of this tree that have streams, asked for what they promise. */
#include "port_check.h"

#include "vmcache_linux.h"
#include "vmcache_sim.h"

#include "port_files.h"

#include <string.h>
#include <unistd.h>

static struct vmc_linux_loop loops[2];

static void begin_linux(struct port_subject *subject)
{
	port_files_begin(subject);
	/* a loop that could not be opened is seen by the first promise */
	for (int i = 0; i < 2; i++)
		if (vmc_linux_loop_init(&loops[i], NULL))
			return;
	subject->port = vmc_linux_port(&loops[0]);
	subject->other = vmc_linux_port(&loops[1]);
}

static int end_linux(struct port_subject *subject)
{
	for (int i = 0; i < 2; i++)
		vmc_linux_loop_end(&loops[i]);
	return port_files_end(subject);
}

static void begin_sim(struct port_subject *subject)
{
	static struct vmc_sim_link links[8];
	static struct vmc_sim sim;

	vmc_sim_init(&sim, links, 8);
	sim.client.known = 1;
	sim.client.pid = 4711;
	subject->port = subject->other = vmc_sim_port(&sim);
	subject->env = vmc_sim_env(&sim);
	subject->peer = sim.client;
	subject->endpoint = "/run/sock";
	subject->path_max = VMC_SIM_ENDPOINT_SIZE - 1;
}

static int end_sim(struct port_subject *subject)
{
	const struct vmc_sim *sim = subject->port.ctx;

	return sim->open != 0 || sim->misused != 0;
}

int main(void)
{
	struct port_subject of_posix = { .name = "posix",
					 .begin = port_files_begin,
					 .end = port_files_end };
	struct port_subject of_linux = { .name = "linux",
					 .begin = begin_linux,
					 .end = end_linux };
	struct port_subject of_sim = { .name = "sim",
				       .begin = begin_sim,
				       .end = end_sim };

	return port_check(&of_posix) | port_check(&of_linux) |
	       port_check(&of_sim);
}
