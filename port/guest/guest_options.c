/* SPDX-License-Identifier: Apache-2.0 */
/* The program's command line: few options, so a table of their names. */
#include "guest_options.h"
#include "guest_say.h"

#include <stddef.h>
#include <string.h>

/* "--name VALUE" or "--name=VALUE": sets the value (NULL: it is missing) and
 * returns how many arguments that are; 0 if it is another option. */
static int take_value(const char *name, int argc, char **argv,
		      const char **value)
{
	size_t len = strlen(name);

	if (strncmp(argv[0], name, len) != 0)
		return 0;
	if (argv[0][len] == '=') {
		*value = argv[0] + len + 1;
		return 1;
	}
	if (argv[0][len] != '\0')
		return 0;
	*value = argc > 1 ? argv[1] : NULL;
	return 2;
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
	const char **value = &options->listen;
	int taken;

	if (strcmp(argv[0], "--help") == 0)
		return options->help = 1;
	if (strcmp(argv[0], "--version") == 0)
		return options->version = 1;
	taken = take_value("--listen", argc, argv, value);
	if (!taken) {
		value = &options->copy_root;
		taken = take_value("--copy-root", argc, argv, value);
	}
	if (!taken)
		return wrong("unknown option", argv[0]);
	if (!*value)
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
