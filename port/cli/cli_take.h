/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Taking a VM: what `get` and `run` share.
 *
 * The server is asked what its VMs are, which says whose driver and whose
 * agent they need. Then one is taken and made ready for use; or booted, with
 * --cold, or if the cached ones are not what the options ask for.
 *
 * From the moment the server's reply is here the VM is ours, and nobody else
 * knows it: whatever goes wrong afterwards has to end in cli_take_stop.
 */
#ifndef CLI_TAKE_H
#define CLI_TAKE_H

#include "cli_agent.h"
#include "cli_call.h"
#include "cli_driver.h"
#include "cli_vm_config.h"
#include "vmcache/factory.h"

/* VMConfig as JSON: some 20 keys, and paths of up to 4096 bytes each. */
#define CLI_DATA_SIZE 65536

struct cli_take {
	/* To be read once the VM is here. */
	struct vmc_vm vm;
	struct cli_call call;
	uint64_t took_us;
	uint64_t step_us[VMC_GET_VM_STEPS];

	/* Private. */
	struct cli_settings settings;
	struct cli_driver driver;
	struct cli_agent agent;
	struct vmc_factory_remote remote;
	struct vmc_factory_direct direct;
	struct vmc_get_vm get;
	uint64_t begun_us, step_begun_us;
	uint8_t agent_said;    /* the server named its VMs' agent */
	uint8_t mismatch_said; /* the user was told */
	union cli_vm driver_bytes;
	struct vmc_agent_kata agent_state;
	uint8_t wanted[CLI_DATA_SIZE];
	char texts[CLI_VM_TEXT_SIZE]; /* of the server's configuration */
};

/*
 * Takes a VM as the options say. `take` is zeroed at first. CLI_DONE, or a
 * complaint and what to exit with; then no VM is left. SIGINT, SIGTERM and
 * SIGHUP end it: see cli_signals_first.
 */
enum cli_exit cli_take(struct cli_take *take,
		       const struct cli_options *options);

/* Ends the VM if there is one, and returns when it is gone. */
void cli_take_stop(struct cli_take *take);

/* "config 0.1, base 0.4, resume 1.0": in milliseconds, what took any. */
#define CLI_STEPS_SIZE 256
void cli_take_steps(const struct cli_take *take, char out[CLI_STEPS_SIZE]);

/* Microseconds of the monotonic clock. */
uint64_t cli_now_us(void);

#endif
