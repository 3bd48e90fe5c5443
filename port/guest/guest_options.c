/* SPDX-License-Identifier: Apache-2.0 */
/* The program's command line: few options, so a table of their names. */
#include "guest_options.h"
#include "guest_say.h"

#include <stddef.h>
#include <string.h>

/* "--name VALUE" or "--name=VALUE": the value, and how many arguments it
 * took. NULL: another option, or no value (`taken` is then 1). */
static const char *value_of(const char *name, int argc, char **argv, int *taken)
{
	size_t len = strlen(name);

	*taken = 0;
	if (strncmp(argv[0], name, len) != 0)
		return NULL;
	if (argv[0][len] == '=') {
		*taken = 1;
		return argv[0] + len + 1;
	}
	if (argv[0][len] != '\0')
		return NULL;
	*taken = argc > 1 ? 2 : 1;
	return argc > 1 ? argv[1] : NULL;
}

static int wrong(const char *what, const char *argument)
{
	say(what, argument);
	say("try --help", NULL);
	return -1;
}

/* Arguments that one option took; -1. */
static int parse_one(struct guest_options *options, int argc, char **argv)
{
	int taken;

	if (strcmp(argv[0], "--help") == 0)
		return options->help = 1;
	if (strcmp(argv[0], "--version") == 0)
		return options->version = 1;
	options->listen = value_of("--listen", argc, argv, &taken);
	if (!taken)
		options->copy_root =
			value_of("--copy-root", argc, argv, &taken);
	if (!taken)
		return wrong("unknown option", argv[0]);
	if (taken == 1 && !strchr(argv[0], '='))
		return wrong("option needs a value", argv[0]);
	return taken;
}

/* see guest_options.h */
int guest_options_parse(struct guest_options *options, int argc, char **argv)
{
	int i = 1, taken;

	memset(options, 0, sizeof(*options));
	while (i < argc) {
		taken = parse_one(options, argc - i, argv + i);
		if (taken < 0)
			return -1;
		i += taken;
	}
	if (options->copy_root && options->copy_root[0] != '/')
		return wrong("--copy-root has to be an absolute path",
			     options->copy_root);
	return 0;
}
