/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line: one table of options, from which parsing, the help
 * texts and the tests of the shell completion are made.
 *
 * A value on the command line is checked against its row (kind, range,
 * choices) while it is parsed; what comes out is within its bounds.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/* Kata's default of vm_cache_endpoint. */
#define CLI_ENDPOINT_DEFAULT "/var/run/kata-containers/cache.sock"

enum cli_command {
	CLI_NONE, /* vmcache --help, vmcache --version */
	CLI_SERVE,
	CLI_GET,
	CLI_RUN,
	CLI_STATUS,
	CLI_CONFIG,
	CLI_QUIT,
	CLI_COMMANDS
};

/* In the order in which the help texts have them. */
enum cli_option {
	/* serve: the pool */
	CLI_NUMBER,
	CLI_BOOT_PARALLEL,
	CLI_VM_CONFIG,
	CLI_AGENT_CONFIG,
	CLI_QUIT_BY,
	CLI_LOG_LEVEL,
	/* get, run, status: what to do */
	CLI_PAUSED,
	CLI_COLD,
	CLI_TTY,
	CLI_NO_TTY,
	CLI_ENV,
	CLI_WORKDIR,
	CLI_USER,
	CLI_TIMES,
	CLI_WAIT_READY,
	/* sizes: what is wanted of a VM, and what it is made with */
	CLI_WANT_VCPUS,
	CLI_WANT_MEMORY,
	CLI_VCPUS,
	CLI_MAX_VCPUS,
	CLI_MEMORY,
	CLI_MAX_MEMORY,
	/* the VMs */
	CLI_CONFIG_FILE,
	CLI_HYPERVISOR,
	CLI_QEMU,
	CLI_MACHINE,
	CLI_KERNEL,
	CLI_INITRD,
	CLI_IMAGE,
	CLI_APPEND,
	CLI_ACCEL,
	CLI_AGENT,
	CLI_AGENT_CHANNEL,
	CLI_READY,
	CLI_BOOT_TIMEOUT,
	CLI_RUN_DIR,
	/* the mock driver */
	CLI_MOCK_BOOT,
	CLI_MOCK_FAIL,
	CLI_MOCK_AGENT_URL,
	/* all */
	CLI_ENDPOINT,
	CLI_TRANSPORT,
	CLI_TIMEOUT,
	CLI_RUN_TIMEOUT,
	CLI_SPIN,
	CLI_JSON,
	CLI_HELP,
	CLI_VERSION,
	CLI_OPTIONS
};

enum cli_option_kind {
	CLI_FLAG,             /* --json */
	CLI_TEXT,             /* --kernel PATH */
	CLI_TEXTS,            /* --env NAME=VALUE, as often as one likes */
	CLI_CHOICE,           /* --accel auto|kvm|tcg */
	CLI_COUNT,            /* --number N */
	CLI_COUNT_OR_NOTHING, /* --wait-ready[=N] */
	CLI_SECONDS           /* --timeout 2.5, kept as milliseconds */
};

/* What the program knows of an option. */
struct cli_option_row {
	const char *name;  /* without the dashes */
	char letter;       /* -n; 0 if it has none */
	uint8_t kind;      /* enum cli_option_kind */
	uint16_t commands; /* CLI_FOR(CLI_SERVE) | … */
	uint32_t min, max; /* of a number; of seconds in milliseconds */
	const char *value; /* "N", or the choices "a|b|c" */
	const char *group; /* heading in the help text */
	const char *help;  /* a sentence or two; wrapped when shown */
};

#define CLI_FOR(command) (1u << (command))

/* Of --env: as many as anybody types. */
#define CLI_ENV_MAX 64

/* In the order of enum cli_option. */
extern const struct cli_option_row cli_option_rows[CLI_OPTIONS];

/* Another name of an option; NULL for most. */
extern const char *const cli_option_aliases[CLI_OPTIONS];

/* "serve"; "" for CLI_NONE. */
const char *cli_command_name(enum cli_command command);

/* What the command line said. Texts are those of argv. */
struct cli_options {
	enum cli_command command;
	uint64_t given;   /* bit per enum cli_option */
	uint64_t aliased; /* those that were called by their other name */
	const char *text[CLI_OPTIONS];
	uint32_t number[CLI_OPTIONS];
	const char *const *rest; /* of run: the command and its arguments */
	size_t rest_len;
	const char *env[CLI_ENV_MAX]; /* of --env */
	size_t env_len;
	char error[192]; /* one line: what was wrong and what to do */
};

_Static_assert(CLI_OPTIONS <= 64, "one bit for each option");

/*
 * Reads the command line. 0, or -1 with `error` set. The first word that is
 * no option of `run`, or what follows its "--", begins the command that is to
 * be run, and is not looked at any more. Abbreviations are not
 * taken: a script that uses one would break when an option is added.
 */
int cli_options_parse(struct cli_options *options, int argc,
		      const char *const *argv);

/* The option's name as it was written, for what is said of it. */
const char *cli_option_name(const struct cli_options *options,
			    enum cli_option option);

/* 1 if the option was on the command line. */
int cli_given(const struct cli_options *options, enum cli_option option);

/* The option's value, or `otherwise` if it was not given. */
const char *cli_text(const struct cli_options *options, enum cli_option option,
		     const char *otherwise);
uint32_t cli_number(const struct cli_options *options, enum cli_option option,
		    uint32_t otherwise);

/* How long a call may take, in milliseconds: --timeout of any command. */
uint32_t cli_timeout(const struct cli_options *options, uint32_t otherwise);

/* --endpoint, else VMCACHE_ENDPOINT (if not empty), else the default; or
 * else `otherwise`, unless that is NULL. */
const char *cli_endpoint(const struct cli_options *options);
const char *cli_endpoint_or(const struct cli_options *options,
			    const char *otherwise);

/*
 * Writes the help text of a command to standard output: of the program for
 * CLI_NONE. (cli_help.c)
 */
void cli_help(enum cli_command command);

#endif
