/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache-agent: the agent inside a Linux guest. As process 1 without
 * options it is the guest's init; elsewhere it is a service.
 */
#include "guest_init.h"
#include "guest_listen.h"
#include "guest_options.h"
#include "guest_say.h"
#include "guest_serve.h"

#include "vmcache/agent_service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LISTEN_KEY "vmcache.listen="
#define LISTEN_DEFAULT "serial:agent.channel.0"

#define EXIT_DONE 0
#define EXIT_FAILED 1
#define EXIT_USAGE 2

static const char help[] =
	"Usage: vmcache-agent [--listen ADDRESS] [--copy-root PATH]\n"
	"\n"
	"Answers the Kata agent's API in a Linux guest: entropy, clock, CPUs\n"
	"and memory that were plugged in, files, processes, metrics.\n"
	"\n"
	"  --listen ADDRESS  where it is reached; default " LISTEN_DEFAULT "\n"
	"      unix:PATH     a socket that its own user may connect to\n"
	"      unix:@NAME    the same in the abstract namespace, and root\n"
	"      vsock:PORT    from the host; Kata's port is 1024\n"
	"      serial:NAME   a port of virtio-serial, or a device (/dev/ttyS1)\n"
	"  --copy-root PATH  directory that files are copied into; default /run\n"
	"  --version, --help\n"
	"\n"
	"As process 1 without options it is init: it mounts /proc, /sys, /dev\n"
	"and so on, loads the modules that /etc/vmcache/modules lists (a path a\n"
	"line, then parameters; modules.vsock for vsock:), and prints\n"
	"\"vmcache-agent: ready\" on the console. " LISTEN_KEY "ADDRESS among\n"
	"the kernel's parameters says where it is reached. DestroySandbox,\n"
	"SIGUSR1 or SIGUSR2 (poweroff) switch the machine off; SIGTERM or SIGINT\n"
	"(reboot) reset it. Elsewhere all of these end it and its processes.\n";

static struct vmc_guest guest;

static void ready(void)
{
	say("ready", NULL);
}

/* Descriptors 0 to 2 that are closed would be given to the first files that
 * are opened, and then to processes. */
static void hold_standard_files(void)
{
	int fd;

	for (fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			return;
}

static int run_service(const struct guest_options *options)
{
	struct vmc_guest_config config = { .copy_root = options->copy_root };
	const char *address =
		options->listen ? options->listen : LISTEN_DEFAULT;
	struct serve_place place;
	int why = SERVE_FAILED;

	hold_standard_files();
	vmc_guest_init(&guest, &config);
	if (listen_open(address, &place))
		return EXIT_FAILED;
	if (serve_block_signals())
		say_error("cannot hear of", "signals", errno);
	else
		why = serve(&guest, &place, ready);
	vmc_guest_end(&guest);
	listen_close(address, &place);
	return why == SERVE_FAILED ? EXIT_FAILED : EXIT_DONE;
}

/* The place may be gone for a while: the machine is nothing without it. */
static _Noreturn void run_init(void)
{
	struct vmc_guest_config config = { .is_init = 1 };
	const char *address;
	struct serve_place place;
	int why = SERVE_FAILED;

	guest_init();
	vmc_guest_init(&guest, &config);
	address = guest_init_parameter(LISTEN_KEY);
	if (!address)
		address = LISTEN_DEFAULT;
	guest_init_for(address);
	if (serve_block_signals())
		say_error("cannot hear of", "signals", errno);
	else if (listen_open(address, &place) == 0)
		why = serve(&guest, &place, ready);
	if (why == SERVE_FAILED)
		say("cannot serve: switching off", NULL);
	guest_init_end(why == SIGTERM || why == SIGINT);
}

/* The kernel gives its init what it does not know of its command line. */
static int is_init(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++)
		if (strncmp(argv[i], "--", 2) == 0)
			return 0;
	return getpid() == 1;
}

int main(int argc, char **argv)
{
	struct guest_options options;

	if (is_init(argc, argv))
		run_init();
	if (guest_options_parse(&options, argc, argv))
		return EXIT_USAGE;
	if (options.help)
		say_plainly(help);
	else if (options.version)
		say_plainly("vmcache-agent " VMC_VERSION
			    " (Kata agent API " VMC_AGENT_API_VERSION ")\n");
	else
		return run_service(&options);
	return EXIT_DONE;
}
