/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line (see cli_options.h).
 *
 *	vmcache [--help | --version]
 *	vmcache COMMAND [--name | --name VALUE | --name=VALUE | -n VALUE]…
 *	vmcache run [OPTION]… [--] COMMAND [ARGUMENT]…
 *
 * No other command takes arguments that are not options. The first mistake
 * ends the parsing; its message names the option, the value and what would do.
 */
#include "cli_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vmcache/config.h"
#include "vmcache_posix.h"

#define SERVE CLI_FOR(CLI_SERVE)
#define GET CLI_FOR(CLI_GET)
#define EXEC CLI_FOR(CLI_RUN)
#define STATUS CLI_FOR(CLI_STATUS)
#define CONFIG CLI_FOR(CLI_CONFIG)
#define QUIT CLI_FOR(CLI_QUIT)
#define PRINTS (GET | STATUS | CONFIG | QUIT)
#define CALLS (PRINTS | EXEC)
#define EVERY (SERVE | CALLS)
/* who boots VMs, or may have to */
#define MAKES (SERVE | GET | EXEC)

/* A day and a bit, in milliseconds: nobody waits longer on purpose. */
#define SECONDS_MAX 100000000u

#define STRING_OF(number) STRING(number)
#define STRING(text) #text

static const char pool_group[] = "Pool";
static const char vm_group[] = "Virtual machines";
static const char size_group[] = "Sizes";
static const char mock_group[] = "Mock driver";
static const char what_group[] = "What to do";
static const char common_group[] = "Common";

const struct cli_option_row cli_option_rows[CLI_OPTIONS] = {
	[CLI_NUMBER] = { "number", 'n', CLI_COUNT, SERVE, 1, VMC_VM_MAX, "N",
			 pool_group,
			 "VMs to keep ready, 1 to " STRING_OF(
				 VMC_VM_MAX) " (default 2)" },
	[CLI_BOOT_PARALLEL] = { "boot-parallel", 0, CLI_COUNT, SERVE, 1,
				VMC_VM_MAX, "N", pool_group,
				"VMs that boot at a time (default: one for "
				"each CPU)" },
	[CLI_VM_CONFIG] = { "vm-config", 0, CLI_TEXT, SERVE, 0, 0, "FILE",
			    pool_group,
			    "hand out this JSON as the VMs' configuration, "
			    "Kata's own, and make VMs as it says; other "
			    "options override what they are made with" },
	[CLI_AGENT_CONFIG] = { "agent-config", 0, CLI_TEXT, SERVE, 0, 0, "FILE",
			       pool_group,
			       "hand out this JSON as the agent's "
			       "configuration (default: AgentConfig in that "
			       "of --vm-config)" },
	[CLI_QUIT_BY] = { "quit-by", 0, CLI_CHOICE, SERVE, 0, 0, "owner|anyone",
			  pool_group,
			  "who may stop the server by a call, besides root "
			  "(default owner: the user who started it)" },
	[CLI_LOG_LEVEL] = { "log-level", 0, CLI_CHOICE, SERVE, 0, 0,
			    "error|warn|info|debug", pool_group,
			    "least important lines to log (default info)" },

	[CLI_PAUSED] = { "paused", 0, CLI_FLAG, GET, 0, 0, NULL, what_group,
			 "hand the VM over as it was cached: paused, its "
			 "agent told nothing" },
	[CLI_COLD] = { "cold", 0, CLI_FLAG, GET | EXEC, 0, 0, NULL, what_group,
		       "boot a VM instead of taking one: such as the server "
		       "keeps, or as the options below say" },
	[CLI_TTY] = { "tty", 't', CLI_FLAG, EXEC, 0, 0, NULL, what_group,
		      "give the command a terminal (default: if standard "
		      "input and output are one)" },
	[CLI_NO_TTY] = { "no-tty", 'T', CLI_FLAG, EXEC, 0, 0, NULL, what_group,
			 "give it none" },
	[CLI_ENV] = { "env", 'E', CLI_TEXTS, EXEC, 0, 0, "NAME=VALUE",
		      what_group,
		      "a variable of its environment; may be repeated" },
	[CLI_WORKDIR] = { "workdir", 'w', CLI_TEXT, EXEC, 0, 0, "DIR",
			  what_group, "where it begins (default /)" },
	[CLI_USER] = { "user", 'u', CLI_TEXT, EXEC, 0, 0, "UID[:GID]",
		       what_group, "who it runs as, in numbers (default 0:0)" },
	[CLI_TIMES] = { "times", 0, CLI_FLAG, EXEC, 0, 0, NULL, what_group,
			"say on standard error what each step took" },
	[CLI_WAIT_READY] = { "wait-ready", 0, CLI_COUNT_OR_NOTHING, STATUS, 1,
			     VMC_VM_MAX, "N", what_group,
			     "wait for the server to come up and to have N "
			     "VMs ready (default 1)" },

	[CLI_WANT_VCPUS] = { "vcpus", 0, CLI_COUNT, GET | EXEC, 1, 255, "N",
			     size_group,
			     "at least so many; what is missing is hot-added" },
	[CLI_WANT_MEMORY] = { "memory", 'm', CLI_COUNT, GET | EXEC, 1, 16777216,
			      "MIB", size_group,
			      "at least so much; what is missing is "
			      "hot-added" },
	[CLI_VCPUS] = { "vcpus", 0, CLI_COUNT, SERVE, 1, 255, "N", size_group,
			"vCPUs of a VM (default 1)" },
	[CLI_MAX_VCPUS] = { "max-vcpus", 0, CLI_COUNT, MAKES, 1, 255, "N",
			    size_group,
			    "vCPUs that a VM can be grown to (default: "
			    "--vcpus)" },
	[CLI_MEMORY] = { "memory", 'm', CLI_COUNT, SERVE, 1, 16777216, "MIB",
			 size_group, "memory of a VM in MiB (default 128)" },
	[CLI_MAX_MEMORY] = { "max-memory", 0, CLI_COUNT, MAKES, 1, 16777216,
			     "MIB", size_group,
			     "memory that a VM can be grown to (default: "
			     "--memory)" },

	[CLI_CONFIG_FILE] = { "config", 'c', CLI_TEXT, MAKES, 0, 0, "FILE",
			      vm_group,
			      "read Kata's configuration.toml; options given "
			      "here override it" },
	[CLI_HYPERVISOR] = { "hypervisor", 'H', CLI_CHOICE, MAKES, 0, 0,
			     "qemu|mock", vm_group,
			     "what makes the VMs (default qemu); mock has no "
			     "process behind it, for trying things out" },
	[CLI_QEMU] = { "qemu", 0, CLI_TEXT, MAKES, 0, 0, "PATH", vm_group,
		       "QEMU to run (default: qemu-system-x86_64 on PATH)" },
	[CLI_MACHINE] = { "machine", 0, CLI_TEXT, MAKES, 0, 0, "TYPE", vm_group,
			  "q35 (default), pc or microvm" },
	[CLI_KERNEL] = { "kernel", 'k', CLI_TEXT, MAKES, 0, 0, "PATH", vm_group,
			 "guest kernel (default: the built-in test guest, "
			 "which needs no files)" },
	[CLI_INITRD] = { "initrd", 0, CLI_TEXT, MAKES, 0, 0, "PATH", vm_group,
			 "initial RAM disk" },
	[CLI_IMAGE] = { "image", 0, CLI_TEXT, MAKES, 0, 0, "PATH", vm_group,
			"root disk image" },
	[CLI_APPEND] = { "append", 0, CLI_TEXT, MAKES, 0, 0, "TEXT", vm_group,
			 "more kernel parameters" },
	[CLI_ACCEL] = { "accel", 0, CLI_CHOICE, MAKES, 0, 0, "auto|kvm|tcg",
			vm_group,
			"accelerator (default auto: KVM if the guest really "
			"boots on it, else TCG)" },
	[CLI_AGENT] = { "agent", 0, CLI_CHOICE, SERVE | GET, 0, 0, "noop|kata",
			vm_group,
			"what answers in the guest: a Kata agent, which is "
			"asked before the VM is cached and told when it is "
			"taken, or nothing (default noop)" },
	[CLI_AGENT_CHANNEL] = { "agent-channel", 0, CLI_CHOICE, MAKES, 0, 0,
				"serial|vsock", vm_group,
				"how a VM's agent is reached: through a port "
				"of virtio-serial (default), or vsock" },
	[CLI_READY] = { "ready", 0, CLI_TEXT, MAKES, 0, 0, "TEXT", vm_group,
			"the guest is up once its console shows this "
			"(default: its vCPUs run; the built-in guest's "
			"own \"ready\")" },
	[CLI_BOOT_TIMEOUT] = { "boot-timeout", 0, CLI_SECONDS, MAKES, 1,
			       SECONDS_MAX, "SECONDS", vm_group,
			       "a VM that is not ready by then is stopped "
			       "(default 60)" },
	[CLI_RUN_DIR] = { "run-dir", 0, CLI_TEXT, MAKES, 0, 0, "DIR", vm_group,
			  "where each VM has a directory with its sockets "
			  "(default /run/vc/vm)" },

	[CLI_MOCK_BOOT] = { "mock-boot", 0, CLI_SECONDS, MAKES, 0, SECONDS_MAX,
			    "SECONDS", mock_group,
			    "how long a mock VM takes to boot (default 0)" },
	[CLI_MOCK_FAIL] = { "mock-fail", 0, CLI_COUNT, MAKES, 0, 1000000, "N",
			    mock_group, "let the first N boots fail" },
	[CLI_MOCK_AGENT_URL] = { "mock-agent-url", 0, CLI_TEXT, MAKES, 0, 0,
				 "URL", mock_group,
				 "where the agent of each mock VM is reached" },

	[CLI_ENDPOINT] = { "endpoint", 'e', CLI_TEXT, EVERY, 0, 0, "PATH",
			   common_group,
			   "the cache's socket (default: $VMCACHE_ENDPOINT, "
			   "or " CLI_ENDPOINT_DEFAULT ")" },
	[CLI_TRANSPORT] = { "transport", 0, CLI_CHOICE, CALLS, 0, 0,
			    "ttrpc|grpc", common_group,
			    "how calls travel on it (default ttrpc)" },
	[CLI_TIMEOUT] = { "timeout", 't', CLI_SECONDS, PRINTS, 1, SECONDS_MAX,
			  "SECONDS", common_group,
			  "give up then, with exit status 4 (default 10; "
			  "get and status --wait-ready: never)" },
	[CLI_RUN_TIMEOUT] = { "timeout", 0, CLI_SECONDS, EXEC, 1, SECONDS_MAX,
			      "SECONDS", common_group,
			      "give up if the command has not begun by then "
			      "(default: never)" },
	[CLI_SPIN] = { "spin", 0, CLI_COUNT, EVERY, 0, VMC_POSIX_SPIN_MAX_US,
		       "MICROSECONDS", common_group,
		       "look so long for what is waited for before going to "
		       "sleep, if there is more than one CPU and it was not "
		       "in vain before (default " STRING_OF(
			       VMC_POSIX_SPIN_US) "; serve: 0)" },
	[CLI_JSON] = { "json", 'j', CLI_FLAG, PRINTS, 0, 0, NULL, common_group,
		       "print JSON" },
	[CLI_HELP] = { "help", 'h', CLI_FLAG, EVERY | CLI_FOR(CLI_NONE), 0, 0,
		       NULL, common_group, "show this text" },
	[CLI_VERSION] = { "version", 'V', CLI_FLAG, EVERY | CLI_FOR(CLI_NONE),
			  0, 0, NULL, common_group,
			  "show the version and what it was built with" },
};

const char *const cli_option_aliases[CLI_OPTIONS] = {
	[CLI_WANT_VCPUS] = "cpus",
};

static const char *const command_names[CLI_COMMANDS] = {
	"", "serve", "get", "run", "status", "config", "quit",
};

const char *cli_command_name(enum cli_command command)
{
	return command_names[command];
}

const char *cli_option_name(const struct cli_options *options,
			    enum cli_option option)
{
	return options->aliased >> option & 1 ? cli_option_aliases[option] :
						cli_option_rows[option].name;
}

int cli_given(const struct cli_options *options, enum cli_option option)
{
	return (options->given >> option & 1) != 0;
}

const char *cli_text(const struct cli_options *options, enum cli_option option,
		     const char *otherwise)
{
	return cli_given(options, option) ? options->text[option] : otherwise;
}

uint32_t cli_number(const struct cli_options *options, enum cli_option option,
		    uint32_t otherwise)
{
	return cli_given(options, option) ? options->number[option] : otherwise;
}

uint32_t cli_timeout(const struct cli_options *options, uint32_t otherwise)
{
	otherwise = cli_number(options, CLI_RUN_TIMEOUT, otherwise);
	return cli_number(options, CLI_TIMEOUT, otherwise);
}

const char *cli_endpoint_or(const struct cli_options *options,
			    const char *otherwise)
{
	const char *path = getenv("VMCACHE_ENDPOINT");

	if (!path || !path[0])
		path = otherwise ? otherwise : CLI_ENDPOINT_DEFAULT;
	return cli_text(options, CLI_ENDPOINT, path);
}

const char *cli_endpoint(const struct cli_options *options)
{
	return cli_endpoint_or(options, NULL);
}

/*
 * How many letters have to be put in, taken out or changed to make one
 * word of the other (Levenshtein), row by row. Words over 31 letters are
 * far from everything.
 */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[32];
	size_t b_len = strlen(b);

	if (strlen(a) > 31 || b_len > 31)
		return 31;
	for (unsigned j = 0; j <= b_len; j++)
		row[j] = j;
	for (unsigned i = 1; a[i - 1]; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= b_len; j++) {
			unsigned best = corner + (a[i - 1] != b[j - 1]);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

/* The command that was probably meant, or NULL. */
static const char *nearest_command(const char *word)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (int i = CLI_NONE + 1; i < CLI_COMMANDS; i++) {
		unsigned d = distance(word, command_names[i]);

		if (d < least) {
			least = d;
			nearest = command_names[i];
		}
	}
	return nearest;
}

/* The option of that command that was probably meant, or NULL. */
static const char *nearest_option(enum cli_command command, const char *name)
{
	const char *nearest = NULL;
	unsigned least = 3;

	for (int i = 0; i < CLI_OPTIONS; i++) {
		const struct cli_option_row *row = &cli_option_rows[i];
		unsigned d = distance(name, row->name);

		if (row->commands & CLI_FOR(command) && d < least) {
			least = d;
			nearest = row->name;
		}
	}
	return nearest;
}

static int is_name(const char *name, const char *word, size_t word_len)
{
	return name && strlen(name) == word_len &&
	       memcmp(name, word, word_len) == 0;
}

static int is_called(int option, const char *name, size_t name_len)
{
	return is_name(cli_option_rows[option].name, name, name_len) ||
	       is_name(cli_option_aliases[option], name, name_len);
}

/* The first command that has the option, for a hint; CLI_NONE if none. */
static enum cli_command other_command(const char *name)
{
	for (int i = 0; i < CLI_OPTIONS; i++) {
		if (!is_called(i, name, strlen(name)))
			continue;
		for (int c = CLI_NONE + 1; c < CLI_COMMANDS; c++)
			if (cli_option_rows[i].commands & CLI_FOR(c))
				return (enum cli_command)c;
	}
	return CLI_NONE;
}

#define COMPLAIN(options, ...)                                                 \
	(snprintf((options)->error, sizeof((options)->error), __VA_ARGS__), -1)

/* `word` is shortened to what fits the message. */
static int unknown_command(struct cli_options *options, const char *word)
{
	const char *near = nearest_command(word);

	if (near)
		return COMPLAIN(options,
				"unknown command \"%.40s\"; did you mean %s?",
				word, near);
	return COMPLAIN(options,
			"unknown command \"%.40s\"; there are serve, get, "
			"run, status, config and quit",
			word);
}

static int unknown_option(struct cli_options *options, const char *name)
{
	const char *near = nearest_option(options->command, name);
	enum cli_command other = other_command(name);

	if (options->command == CLI_NONE && other != CLI_NONE)
		return COMPLAIN(options,
				"--%.40s goes after the command: vmcache %s "
				"--%.40s",
				name, cli_command_name(other), name);
	if (other != CLI_NONE)
		return COMPLAIN(options, "--%.40s is an option of vmcache %s",
				name, cli_command_name(other));
	if (near)
		return COMPLAIN(options,
				"unknown option --%.40s; did you mean --%s?",
				name, near);
	return COMPLAIN(options, "unknown option --%.40s", name);
}

/* Reads digits only: no sign, no blank, nothing behind. 0, or -1. */
static int take_digits(const char *text, uint64_t *number)
{
	*number = 0;
	if (!text[0])
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		if (*number < UINT64_C(1000000000000000))
			*number = *number * 10 + (uint64_t)(*text - '0');
	}
	return 0;
}

static int take_count(struct cli_options *options, enum cli_option option,
		      const char *text)
{
	const struct cli_option_row *row = &cli_option_rows[option];
	uint64_t number;

	if (take_digits(text, &number) || number < row->min ||
	    number > row->max)
		return COMPLAIN(options,
				"--%s %.40s: give a whole number, %u to %u",
				cli_option_name(options, option), text,
				row->min, row->max);
	options->number[option] = (uint32_t)number;
	return 0;
}

/* "2", "0.25": whole seconds and up to three digits behind the point. */
static int read_seconds(const char *text, uint64_t *ms)
{
	uint64_t seconds = 0, part = 0, scale = 1000;
	const char *at = text;

	for (; *at >= '0' && *at <= '9' && seconds <= SECONDS_MAX; at++)
		seconds = seconds * 10 + (uint64_t)(*at - '0');
	if (at == text)
		return -1;
	if (*at == '.') {
		for (at++; *at >= '0' && *at <= '9' && scale > 1; at++) {
			scale /= 10;
			part += (uint64_t)(*at - '0') * scale;
		}
		if (scale == 1000)
			return -1;
	}
	*ms = seconds * 1000 + part;
	return *at ? -1 : 0;
}

static int take_seconds(struct cli_options *options, enum cli_option option,
			const char *text)
{
	const struct cli_option_row *row = &cli_option_rows[option];
	uint64_t ms;

	if (read_seconds(text, &ms) || ms < row->min || ms > row->max)
		return COMPLAIN(options,
				"--%s %.40s: give seconds, as 10 or 0.25, from "
				"%s to %u",
				cli_option_name(options, option), text,
				row->min ? "0.001" : "0", row->max / 1000);
	options->number[option] = (uint32_t)ms;
	return 0;
}

/* 1 if `text` is one of "a|b|c". */
static int is_choice(const char *choices, const char *text)
{
	size_t text_len = strlen(text);

	for (;;) {
		size_t len = strcspn(choices, "|");

		if (len == text_len && memcmp(choices, text, len) == 0)
			return 1;
		if (!choices[len])
			return 0;
		choices += len + 1;
	}
}

static int take_choice(struct cli_options *options, enum cli_option option,
		       const char *text)
{
	const struct cli_option_row *row = &cli_option_rows[option];

	if (!is_choice(row->value, text))
		return COMPLAIN(options, "--%s %.40s: unknown; give %s",
				cli_option_name(options, option), text,
				row->value);
	options->text[option] = text;
	return 0;
}

static int take_text(struct cli_options *options, enum cli_option option,
		     const char *text)
{
	if (!text[0])
		return COMPLAIN(options, "--%s: the value is empty",
				cli_option_name(options, option));
	options->text[option] = text;
	return 0;
}

static int take_env(struct cli_options *options, const char *text)
{
	if (text[0] == '=' || !strchr(text, '='))
		return COMPLAIN(options, "--env %.40s: give NAME=VALUE", text);
	if (options->env_len == CLI_ENV_MAX)
		return COMPLAIN(options, "--env %.40s: %d are given already",
				text, CLI_ENV_MAX);
	options->env[options->env_len++] = text;
	return 0;
}

static int take_value(struct cli_options *options, enum cli_option option,
		      const char *text)
{
	switch ((enum cli_option_kind)cli_option_rows[option].kind) {
	case CLI_TEXT:
		return take_text(options, option, text);
	case CLI_TEXTS:
		return take_env(options, text);
	case CLI_CHOICE:
		return take_choice(options, option, text);
	case CLI_COUNT:
	case CLI_COUNT_OR_NOTHING:
		return take_count(options, option, text);
	case CLI_SECONDS:
		return take_seconds(options, option, text);
	case CLI_FLAG:
		break;
	}
	return COMPLAIN(options, "--%s takes no value",
			cli_option_name(options, option));
}

/* The command's option of that name or letter; CLI_OPTIONS if none. */
static enum cli_option find(enum cli_command command, const char *name,
			    size_t name_len, char letter)
{
	for (int i = 0; i < CLI_OPTIONS; i++) {
		const struct cli_option_row *row = &cli_option_rows[i];

		if (!(row->commands & CLI_FOR(command)))
			continue;
		if (letter ? row->letter == letter :
			     is_called(i, name, name_len))
			return (enum cli_option)i;
	}
	return CLI_OPTIONS;
}

/*
 * One option: `value` is what stood behind "=" or behind the letter, or
 * NULL; `next` the next argument, or NULL. How many arguments it took, or
 * -1.
 */
static int take_option(struct cli_options *options, enum cli_option option,
		       const char *value, const char *next)
{
	const struct cli_option_row *row = &cli_option_rows[option];
	int used = 1;

	options->given |= UINT64_C(1) << option;
	if (row->kind == CLI_FLAG && !value)
		return used;
	if (row->kind == CLI_COUNT_OR_NOTHING && !value) {
		options->number[option] = row->min;
		return used;
	}
	if (!value) {
		if (!next)
			return COMPLAIN(options, "--%s needs a value: %s",
					cli_option_name(options, option),
					row->value);
		value = next;
		used = 2;
	}
	return take_value(options, option, value) ? -1 : used;
}

/* Whatever is said of it shall name it as it was written last. */
static void note_name(struct cli_options *options, enum cli_option option,
		      const char *name, size_t name_len)
{
	uint64_t bit = UINT64_C(1) << option;

	if (is_name(cli_option_aliases[option], name, name_len))
		options->aliased |= bit;
	else
		options->aliased &= ~bit;
}

static int take_long(struct cli_options *options, const char *word,
		     const char *next)
{
	size_t name_len = strcspn(word + 2, "=");
	const char *value = word[2 + name_len] ? word + 2 + name_len + 1 : NULL;
	enum cli_option option = find(options->command, word + 2, name_len, 0);
	char name[41];

	if (option != CLI_OPTIONS) {
		note_name(options, option, word + 2, name_len);
		return take_option(options, option, value, next);
	}
	snprintf(name, sizeof(name), "%.*s",
		 (int)(name_len > 40 ? 40 : name_len), word + 2);
	return unknown_option(options, name);
}

/* "-n2", "-n 2"; letters are not bundled. */
static int take_short(struct cli_options *options, const char *word,
		      const char *next)
{
	enum cli_option option = find(options->command, "", 0, word[1]);

	if (option == CLI_OPTIONS)
		return COMPLAIN(options, "unknown option -%.1s", word + 1);
	return take_option(options, option, word[2] ? word + 2 : NULL, next);
}

static int take_command(struct cli_options *options, const char *word)
{
	for (int i = CLI_NONE + 1; i < CLI_COMMANDS; i++) {
		if (strcmp(word, command_names[i]) == 0) {
			options->command = (enum cli_command)i;
			return 1;
		}
	}
	return unknown_command(options, word);
}

static int take_word(struct cli_options *options, const char *word,
		     const char *next)
{
	if (word[0] == '-' && word[1] == '-' && word[2])
		return take_long(options, word, next);
	if (word[0] == '-' && word[1] && word[1] != '-')
		return take_short(options, word, next);
	if (options->command == CLI_NONE)
		return take_command(options, word);
	return COMPLAIN(
		options,
		"\"%.40s\" is one word too many: only options follow the "
		"command",
		word);
}

/* The command to run begins at the first word that is no option. */
static int begins_rest(const struct cli_options *options, const char *word)
{
	if (options->command != CLI_RUN)
		return 0;
	return word[0] != '-' || !word[1] || strcmp(word, "--") == 0;
}

static void take_rest(struct cli_options *options, int argc,
		      const char *const *argv)
{
	int skip = argc > 0 && strcmp(argv[0], "--") == 0;

	options->rest = argv + skip;
	options->rest_len = (size_t)(argc - skip);
}

static int check_whole(struct cli_options *options)
{
	if (options->command == CLI_NONE && !options->given)
		return COMPLAIN(options,
				"which command? serve, get, run, status, "
				"config or quit");
	if (options->command == CLI_RUN && !options->rest_len &&
	    !cli_given(options, CLI_HELP) && !cli_given(options, CLI_VERSION))
		return COMPLAIN(options, "run what? vmcache run [OPTION]... "
					 "COMMAND [ARGUMENT]...");
	return 0;
}

/* see cli_options.h */
int cli_options_parse(struct cli_options *options, int argc,
		      const char *const *argv)
{
	int at = 1, used;

	memset(options, 0, sizeof(*options));
	while (at < argc && !begins_rest(options, argv[at])) {
		used = take_word(options, argv[at],
				 at + 1 < argc ? argv[at + 1] : NULL);
		if (used < 0)
			return -1;
		at += used;
	}
	take_rest(options, argc - at, argv + at);
	return check_whole(options);
}
