/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache serve: settings in, a driver, a factory, a pool and a server put
 * together, and a loop that logs.
 *
 * All of it is one object of fixed size. What is too large or missing is
 * found out before the endpoint is opened; whoever can connect is served.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/crc32.h"
#include "cli.h"
#include "cli_driver.h"
#include "cli_log.h"
#include "cli_output.h"
#include "cli_settings.h"
#include "vmcache/server.h"

/* VMConfig as JSON: some 20 keys, and paths of up to 4096 bytes each. */
#define DATA_SIZE 65536

struct serve {
	struct cli_settings settings;
	struct cli_log log;
	struct cli_driver driver;
	struct vmc_env env;
	struct vmc_factory_direct direct;
	struct vmc_pool pool;
	struct vmc_server server;
	struct vmc_error error;
	union cli_vm vms[VMC_VM_MAX];
	uint8_t data[DATA_SIZE];
};

static struct serve serve;
static volatile sig_atomic_t stop_signal;

/* Only wakes the loop; the loop looks at the flag. */
static void on_signal(int signal)
{
	stop_signal = signal;
	vmc_server_wake(&serve.server);
}

/* A signal that is ignored (nohup) stays ignored. */
static void catch_signals(void)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGHUP };
	struct sigaction action = { .sa_handler = on_signal }, old;

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaction(signals[i], NULL, &old);
		if (old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	}
}

static const char *signal_name(int signal)
{
	if (signal == SIGTERM)
		return "SIGTERM";
	return signal == SIGINT ? "SIGINT" : "SIGHUP";
}
