/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: what is taken, what is refused, and in which words. */
#include "../../port/cli/cli_options.h"

#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "vmcache/config.h"

static struct cli_options options;

/* Splits at blanks, as no test needs more. */
static int parse(const char *line)
{
	static char words[512];
	static const char *argv[128] = { "vmcache" };
	int argc = 1;

	snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return cli_options_parse(&options, argc, argv);
}

static void refused(const char *line, const char *text)
{
	CHECK_EQ_INT(parse(line), -1);
	CHECK_EQ_STR(options.error, text);
}

static void taken(const char *line)
{
	int status = parse(line);

	CHECK_EQ_STR(options.error, "");
	CHECK_EQ_INT(status, 0);
}

static int is_alias(const struct cli_option_row *row, const char *name)
{
	const char *alias = cli_option_aliases[row - cli_option_rows];

	return alias && strcmp(alias, name) == 0;
}

/* No command has two options of one name or letter. */
static void check_apart(const struct cli_option_row *a,
			const struct cli_option_row *b)
{
	if (!(a->commands & b->commands))
		return;
	CHECK(strcmp(a->name, b->name) != 0);
	CHECK(!is_alias(a, b->name) && !is_alias(b, a->name));
	CHECK(!a->letter || a->letter != b->letter);
}

TEST(rows_are_complete)
{
	for (int i = 0; i < CLI_OPTIONS; i++) {
		const struct cli_option_row *row = &cli_option_rows[i];

		CHECK(row->name && row->name[0] && row->group && row->help);
		CHECK(row->commands);
		CHECK((row->kind == CLI_FLAG) == (row->value == NULL));
		CHECK(row->min <= row->max);
		for (int j = 0; j < i; j++)
			check_apart(row, &cli_option_rows[j]);
	}
}

TEST(each_command_is_known)
{
	taken("serve");
	CHECK_EQ_INT(options.command, CLI_SERVE);
	taken("get");
	CHECK_EQ_INT(options.command, CLI_GET);
	taken("run true");
	CHECK_EQ_INT(options.command, CLI_RUN);
	taken("status");
	CHECK_EQ_INT(options.command, CLI_STATUS);
	taken("config");
	CHECK_EQ_INT(options.command, CLI_CONFIG);
	taken("quit");
	CHECK_EQ_INT(options.command, CLI_QUIT);
}

TEST(values_are_taken_in_every_form)
{
	taken("serve --number 3");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), 3);
	taken("serve --number=4");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), 4);
	taken("serve -n 5");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), 5);
	taken("serve -n6");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), 6);
	taken("serve --kernel=a=b");
	CHECK_EQ_STR(cli_text(&options, CLI_KERNEL, ""), "a=b");
	taken("serve --append -x");
	CHECK_EQ_STR(cli_text(&options, CLI_APPEND, ""), "-x");
}

TEST(what_is_not_given_is_otherwise)
{
	taken("serve");
	CHECK(!cli_given(&options, CLI_NUMBER));
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 7), 7);
	CHECK_EQ_STR(cli_text(&options, CLI_QEMU, "q"), "q");
}

TEST(the_last_of_two_counts)
{
	taken("serve -n 3 -n 4");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), 4);
}

TEST(help_and_version_need_no_command)
{
	taken("--help");
	CHECK_EQ_INT(options.command, CLI_NONE);
	CHECK(cli_given(&options, CLI_HELP));
	taken("-V");
	CHECK(cli_given(&options, CLI_VERSION));
	taken("serve --help");
	CHECK_EQ_INT(options.command, CLI_SERVE);
	CHECK(cli_given(&options, CLI_HELP));
}

TEST(seconds_become_milliseconds)
{
	taken("get --timeout 2");
	CHECK_EQ_INT(cli_number(&options, CLI_TIMEOUT, 0), 2000);
	taken("get --timeout 0.25");
	CHECK_EQ_INT(cli_number(&options, CLI_TIMEOUT, 0), 250);
	taken("get --timeout 1.5");
	CHECK_EQ_INT(cli_number(&options, CLI_TIMEOUT, 0), 1500);
	taken("get -t 0.001");
	CHECK_EQ_INT(cli_number(&options, CLI_TIMEOUT, 0), 1);
	taken("get --timeout 100000");
	CHECK_EQ_INT(cli_number(&options, CLI_TIMEOUT, 0), 100000000);
}

#define SECONDS "give seconds, as 10 or 0.25, from 0.001 to 100000"

TEST(wrong_seconds_are_refused)
{
	refused("get --timeout 0", "--timeout 0: " SECONDS);
	refused("get --timeout 0.0001", "--timeout 0.0001: " SECONDS);
	refused("get --timeout -1", "--timeout -1: " SECONDS);
	refused("get --timeout 1.", "--timeout 1.: " SECONDS);
	refused("get --timeout .5", "--timeout .5: " SECONDS);
	refused("get --timeout 1s", "--timeout 1s: " SECONDS);
	refused("get --timeout 100001", "--timeout 100001: " SECONDS);
	refused("get --timeout 99999999999999999999",
		"--timeout 99999999999999999999: " SECONDS);
}

TEST(a_value_may_be_left_out_of_wait_ready)
{
	taken("status --wait-ready");
	CHECK_EQ_INT(cli_number(&options, CLI_WAIT_READY, 0), 1);
	taken("status --wait-ready=3 --json");
	CHECK_EQ_INT(cli_number(&options, CLI_WAIT_READY, 0), 3);
	CHECK(cli_given(&options, CLI_JSON));
	refused("status --wait-ready=0",
		"--wait-ready 0: give a whole number, 1 to 64");
}

TEST(numbers_out_of_range_are_refused)
{
	refused("serve --number 0", "--number 0: give a whole number, 1 to 64");
	refused("serve --number 65",
		"--number 65: give a whole number, 1 to 64");
	refused("serve --number -1",
		"--number -1: give a whole number, 1 to 64");
	refused("serve --number two",
		"--number two: give a whole number, 1 to 64");
	refused("serve --number 1x",
		"--number 1x: give a whole number, 1 to 64");
	refused("serve --number=", "--number : give a whole number, 1 to 64");
	refused("serve --number 18446744073709551617",
		"--number 18446744073709551617: give a whole number, 1 to 64");
	taken("serve --number 64");
	CHECK_EQ_INT(cli_number(&options, CLI_NUMBER, 0), VMC_VM_MAX);
}

TEST(choices_are_held_to)
{
	taken("serve --accel kvm");
	CHECK_EQ_STR(cli_text(&options, CLI_ACCEL, ""), "kvm");
	refused("serve --accel kv", "--accel kv: unknown; give auto|kvm|tcg");
	refused("serve --accel auto|kvm",
		"--accel auto|kvm: unknown; give auto|kvm|tcg");
	refused("serve --hypervisor xen",
		"--hypervisor xen: unknown; give qemu|mock");
	refused("get --transport http",
		"--transport http: unknown; give ttrpc|grpc");
}

TEST(unknown_words_are_refused_with_a_hint)
{
	refused("", "which command? serve, get, run, status, config or quit");
	refused("serv", "unknown command \"serv\"; did you mean serve?");
	refused("stauts", "unknown command \"stauts\"; did you mean status?");
	refused("execute", "unknown command \"execute\"; there are serve, get, "
			   "run, status, config and quit");
	refused("get --jsno", "unknown option --jsno; did you mean --json?");
	refused("get --wibble", "unknown option --wibble");
	refused("get -q", "unknown option -q");
	refused("get --number 2", "--number is an option of vmcache serve");
	refused("--number 2",
		"--number goes after the command: vmcache serve --number");
	refused("get it", "\"it\" is one word too many: only options "
			  "follow the command");
	refused("get --json=1", "--json takes no value");
	refused("serve --number", "--number needs a value: N");
	refused("serve --kernel=", "--kernel: the value is empty");
	refused("get --", "\"--\" is one word too many: only options "
			  "follow the command");
}

#define RUN_WHAT "run what? vmcache run [OPTION]... COMMAND [ARGUMENT]..."

TEST(what_is_to_be_run_is_not_looked_at)
{
	taken("run --cold echo --cold -x -- y");
	CHECK(cli_given(&options, CLI_COLD));
	CHECK_EQ_INT(options.rest_len, 5);
	CHECK_EQ_STR(options.rest[0], "echo");
	CHECK_EQ_STR(options.rest[1], "--cold");
	CHECK_EQ_STR(options.rest[4], "y");
	taken("run -m 256 -- -x");
	CHECK_EQ_INT(cli_number(&options, CLI_WANT_MEMORY, 0), 256);
	CHECK_EQ_INT(options.rest_len, 1);
	CHECK_EQ_STR(options.rest[0], "-x");
	taken("run -- -- x");
	CHECK_EQ_INT(options.rest_len, 2);
	CHECK_EQ_STR(options.rest[0], "--");
	taken("run -");
	CHECK_EQ_STR(options.rest[0], "-");
	taken("run --timeout 2 sleep 3");
	CHECK_EQ_INT(cli_timeout(&options, 0), 2000);
	CHECK_EQ_INT(options.rest_len, 2);
	taken("run --help");
	refused("run", RUN_WHAT);
	refused("run --", RUN_WHAT);
	refused("run --cold", RUN_WHAT);
	refused("run --wibble x", "unknown option --wibble");
}

TEST(a_timeout_is_that_of_any_command)
{
	taken("get");
	CHECK_EQ_INT(cli_timeout(&options, 7), 7);
	taken("get -t 1");
	CHECK_EQ_INT(cli_timeout(&options, 7), 1000);
}

TEST(every_command_spins_as_it_is_told)
{
	taken("serve --spin 0");
	CHECK_EQ_INT(cli_number(&options, CLI_SPIN, 7), 0);
	taken("run --spin 1000 x");
	CHECK_EQ_INT(cli_number(&options, CLI_SPIN, 7), 1000);
	taken("status");
	CHECK_EQ_INT(cli_number(&options, CLI_SPIN, 7), 7);
	refused("get --spin 1001",
		"--spin 1001: give a whole number, 0 to 1000");
}

TEST(an_option_may_have_two_names)
{
	static const char *const lines[] = { "get --vcpus 3", "get --cpus=3",
					     "run --vcpus=3 x",
					     "run --cpus 3 x" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		taken(lines[i]);
		CHECK_EQ_INT(cli_number(&options, CLI_WANT_VCPUS, 0), 3);
	}
	refused("serve --cpus 3", "--cpus is an option of vmcache get");
	refused("run --cpus x", "--cpus x: give a whole number, 1 to 255");
	refused("run --cpus=0 x", "--cpus 0: give a whole number, 1 to 255");
	refused("get --cpus", "--cpus needs a value: N");
	refused("get --vcpus x", "--vcpus x: give a whole number, 1 to 255");
	refused("get --cpus 2 --vcpus x",
		"--vcpus x: give a whole number, 1 to 255");
}

TEST(variables_are_gathered)
{
	char line[512] = "run";

	taken("run --env A=1 -E B= --env=C=x=y env");
	CHECK_EQ_INT(options.env_len, 3);
	CHECK_EQ_STR(options.env[0], "A=1");
	CHECK_EQ_STR(options.env[1], "B=");
	CHECK_EQ_STR(options.env[2], "C=x=y");
	CHECK_EQ_INT(options.rest_len, 1);
	refused("run --env A env", "--env A: give NAME=VALUE");
	refused("run --env =1 env", "--env =1: give NAME=VALUE");
	for (int i = 0; i < CLI_ENV_MAX; i++)
		strcat(line, " -EA=1");
	CHECK_EQ_INT(parse(line), -1);
	CHECK_EQ_STR(options.error, RUN_WHAT);
	strcat(line, " -EB=1 x");
	CHECK_EQ_INT(parse(line), -1);
	CHECK_EQ_STR(options.error, "--env B=1: 64 are given already");
}

TEST(abbreviations_are_not_taken)
{
	refused("serve --numb 3",
		"unknown option --numb; did you mean --number?");
}

TEST(a_word_of_any_length_is_refused)
{
	char line[400];

	memset(line, 'a', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	CHECK_EQ_INT(parse(line), -1);
	CHECK(strlen(options.error) < sizeof(options.error));
	memcpy(line, "get --", 6);
	CHECK_EQ_INT(parse(line), -1);
	memcpy(line, "get --timeout ", 14);
	CHECK_EQ_INT(parse(line), -1);
}

TEST(the_endpoint_is_found)
{
	unsetenv("VMCACHE_ENDPOINT");
	taken("get");
	CHECK_EQ_STR(cli_endpoint(&options), CLI_ENDPOINT_DEFAULT);
	setenv("VMCACHE_ENDPOINT", "", 1);
	CHECK_EQ_STR(cli_endpoint(&options), CLI_ENDPOINT_DEFAULT);
	setenv("VMCACHE_ENDPOINT", "/e", 1);
	CHECK_EQ_STR(cli_endpoint(&options), "/e");
	taken("get --endpoint /o");
	CHECK_EQ_STR(cli_endpoint(&options), "/o");
}

/* Reads what was printed to standard output while it was a file. */
static void check_help(enum cli_command command)
{
	char line[256];
	FILE *file = tmpfile();
	int saved = dup(1), lines = 0;

	CHECK(file != NULL);
	fflush(stdout);
	dup2(fileno(file), 1);
	cli_help(command);
	fflush(stdout);
	dup2(saved, 1);
	close(saved);
	rewind(file);
	while (fgets(line, sizeof(line), file)) {
		lines++;
		CHECK(strlen(line) <= 80);
		CHECK(strlen(line) < 2 || line[strlen(line) - 2] != ' ');
	}
	fclose(file);
	CHECK(lines > 10);
}

TEST(help_fits_80_columns)
{
	for (int command = CLI_NONE; command < CLI_COMMANDS; command++)
		check_help((enum cli_command)command);
}

TESTS(RUN(rows_are_complete)
      RUN(each_command_is_known)
      RUN(values_are_taken_in_every_form)
      RUN(what_is_not_given_is_otherwise)
      RUN(the_last_of_two_counts)
      RUN(help_and_version_need_no_command)
      RUN(seconds_become_milliseconds)
      RUN(wrong_seconds_are_refused)
      RUN(a_value_may_be_left_out_of_wait_ready)
      RUN(numbers_out_of_range_are_refused)
      RUN(choices_are_held_to)
      RUN(unknown_words_are_refused_with_a_hint)
      RUN(what_is_to_be_run_is_not_looked_at)
      RUN(a_timeout_is_that_of_any_command)
      RUN(every_command_spins_as_it_is_told) RUN(an_option_may_have_two_names)
      RUN(variables_are_gathered)
      RUN(abbreviations_are_not_taken)
      RUN(a_word_of_any_length_is_refused)
      RUN(the_endpoint_is_found)
      RUN(help_fits_80_columns));
