/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Help texts: what a command does, its options from the table (one column
 * for names, one for what they do, 80 wide), and what it exits with.
 */
#include <stdio.h>
#include <string.h>

#include "cli_options.h"

#define WIDTH 79
#define INDENT 27

static const char program_text[] =
	"Usage: vmcache COMMAND [OPTION]...\n"
	"\n"
	"A warm pool of virtual machines behind one Unix socket: VMs are booted\n"
	"before anyone asks for one, checked, paused, and handed over at once.\n"
	"\n"
	"Commands:\n"
	"  serve   keep the pool and serve the endpoint, in the foreground\n"
	"  get     take one VM and print it; ready for use, or --paused\n"
	"  run     take one VM, run a command in it, destroy it\n"
	"  status  the server's pid, and each cached VM: pid, vCPUs, MiB\n"
	"  config  the configuration that the cached VMs were made with\n"
	"  quit    stop the server and its cached VMs\n"
	"\n"
	"vmcache COMMAND --help tells more. To begin: vmcache serve\n";

static const char serve_text[] =
	"Usage: vmcache serve [OPTION]...\n"
	"\n"
	"Boots VMs, checks and pauses them, and hands them out at the endpoint; each\n"
	"one that is handed out is replaced at once. Runs in the foreground and logs\n"
	"on standard error. SIGTERM, SIGINT, SIGHUP and vmcache quit stop the server\n"
	"and its cached VMs; VMs that were handed out live on.\n"
	"\n"
	"Without options: two QEMU VMs with a small built-in guest.\n";

static const char get_text[] =
	"Usage: vmcache get [OPTION]...\n"
	"\n"
	"Takes one VM from the cache and makes it ready for use: it is resumed, its\n"
	"agent is told to reseed its random numbers and to set its clock (the no-op\n"
	"agent does neither), and it is grown to --vcpus and --memory. Prints its id,\n"
	"pid, sizes, where to reach it, and what each step took. From then on the VM is\n"
	"the caller's: the server forgets it. To stop it, send SIGTERM to its pid. Waits\n"
	"for its turn as long as --timeout allows; a caller that goes away costs no VM.\n";

static const char run_text[] =
	"Usage: vmcache run [OPTION]... [--] COMMAND [ARGUMENT]...\n"
	"\n"
	"Takes one VM from the cache, makes it ready for use as get does, runs the\n"
	"command in it, and destroys it. Standard input goes to the command, its output\n"
	"comes back; a terminal is passed through. SIGINT, SIGTERM and the like are\n"
	"passed on; a second one within 2 seconds ends it at once. Options behind\n"
	"COMMAND are the command's.\n"
	"\n"
	"It needs VMs with an agent: vmcache serve --agent kata.\n";

static const char status_text[] =
	"Usage: vmcache status [OPTION]...\n"
	"\n"
	"Shows the server's pid and each VM that is ready to be taken.\n";

static const char config_text[] =
	"Usage: vmcache config [OPTION]...\n"
	"\n"
	"Shows the configuration that the cached VMs were made with: every setting that\n"
	"is not empty, by its name in Kata's VMConfig.\n";

static const char quit_text[] =
	"Usage: vmcache quit [OPTION]...\n"
	"\n"
	"Stops the server and its cached VMs, and returns when the server's process is\n"
	"gone. VMs that were handed out live on.\n";

static const char *const texts[CLI_COMMANDS] = {
	program_text, serve_text,  get_text,  run_text,
	status_text,  config_text, quit_text,
};

/* of get and run */
static const char like_text[] =
	"\n"
	"Options of virtual machines say what the VM shall be like. If those in the\n"
	"cache are not, one is booted, and standard error says what differs. Without\n"
	"--config, --hypervisor, --kernel and --image it is like the cached ones but\n"
	"for what is given.\n";

static const char exit_text[] =
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 3 no server at the endpoint,\n"
	"4 deadline passed.\n";

static const char run_exit_text[] =
	"\n"
	"Exit status: the command's, 128 + N if signal N ended it; 125 vmcache run\n"
	"itself failed, 126 the command cannot be run, 127 it was not found.\n";

/* Length of the next line of `text` that fits `width`, at a blank. */
static size_t line_length(const char *text, size_t width)
{
	size_t len = strlen(text);
	size_t at = width;

	if (len <= width)
		return len;
	while (at && text[at] != ' ')
		at--;
	return at ? at : width;
}

/* Prints words from column INDENT on. */
static void print_wrapped(const char *text)
{
	while (*text) {
		size_t len = line_length(text, WIDTH - INDENT);

		printf("%.*s\n", (int)len, text);
		text += len;
		text += strspn(text, " ");
		if (*text)
			printf("%*s", INDENT, "");
	}
}

static const char *between(const struct cli_option_row *row)
{
	if (row->kind == CLI_FLAG)
		return "";
	return row->kind == CLI_COUNT_OR_NOTHING ? "[=" : " ";
}

static void print_option(const struct cli_option_row *row, const char *alias)
{
	char name[64];
	int len;

	len = snprintf(name, sizeof(name), "  %c%c%s--%s%s%s%s%s%s",
		       row->letter ? '-' : ' ', row->letter ? row->letter : ' ',
		       row->letter ? ", " : "  ", row->name,
		       alias ? ", --" : "", alias ? alias : "", between(row),
		       row->value ? row->value : "",
		       row->kind == CLI_COUNT_OR_NOTHING ? "]" : "");
	if (len > INDENT - 2)
		printf("%s\n%*s", name, INDENT, "");
	else
		printf("%-*s", INDENT, name);
	print_wrapped(row->help);
}

/* see cli_options.h */
void cli_help(enum cli_command command)
{
	const char *group = NULL;

	fputs(texts[command], stdout);
	if (command == CLI_GET || command == CLI_RUN)
		fputs(like_text, stdout);
	for (int i = 0; i < CLI_OPTIONS; i++) {
		const struct cli_option_row *row = &cli_option_rows[i];

		if (!(row->commands & CLI_FOR(command)))
			continue;
		if (row->group != group)
			printf("\n%s:\n", row->group);
		group = row->group;
		print_option(row, cli_option_aliases[i]);
	}
	fputs(command == CLI_RUN ? run_exit_text : exit_text, stdout);
}
