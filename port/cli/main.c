/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmcache: a warm pool of virtual machines behind one Unix socket. This is
 * the program's way in and out; each sub-command has a file of its own.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "cli.h"
#include "cli_output.h"
#include "vmcache.h"

static int wrong_usage(const struct cli_options *options)
{
	const char *name = cli_command_name(options->command);

	cli_complain(options, "%s", options->error);
	fprintf(stderr, "Try: vmcache%s%s --help\n", name[0] ? " " : "", name);
	return options->command == CLI_RUN ? CLI_RUN_FAILED : CLI_USAGE;
}

static enum cli_exit help(const struct cli_options *options)
{
	cli_help(options->command);
	return cli_print_end(options);
}

static enum cli_exit version(const struct cli_options *options)
{
	printf("vmcache %s\n%s\n", VMC_VERSION, vmc_build_options());
	return cli_print_end(options);
}

static int run(const struct cli_options *options)
{
	switch (options->command) {
	case CLI_SERVE:
		return cli_serve(options);
	case CLI_GET:
		return cli_get(options);
	case CLI_RUN:
		return cli_run(options);
	case CLI_STATUS:
		return cli_status(options);
	case CLI_CONFIG:
		return cli_config(options);
	case CLI_QUIT:
		return cli_quit(options);
	case CLI_NONE:
	case CLI_COMMANDS:
		break;
	}
	return CLI_USAGE;
}

/*
 * What is closed is made to fail, or the first socket that is opened takes
 * its number, and the result goes to the server: 1 and 2 can only be read
 * from then, 0 only be written to.
 */
static void hold_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			open("/dev/null", fd ? O_RDONLY : O_WRONLY);
}

int main(int argc, char **argv)
{
	static struct cli_options options;
	static char output[BUFSIZ];

	hold_standard_files();
	/* A reader that is gone shall be an error, not the end: `serve` has
	 * VMs to stop, and `get` one that nobody would know of. */
	signal(SIGPIPE, SIG_IGN);
	/* Written when it is complete or full, so that errno is still that of
	 * the write that failed when cli_print_end looks. */
	setvbuf(stdout, output, _IOFBF, sizeof(output));
	if (cli_options_parse(&options, argc, (const char *const *)argv))
		return wrong_usage(&options);
	if (cli_given(&options, CLI_HELP))
		return help(&options);
	if (cli_given(&options, CLI_VERSION))
		return version(&options);
	return run(&options);
}
