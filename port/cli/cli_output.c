/* SPDX-License-Identifier: Apache-2.0 */
/* Results on standard output (see cli_output.h). */
#include "cli_output.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli_escape.h"

/* see cli.h */
void cli_complain(const struct cli_options *options, const char *format, ...)
{
	const char *name = cli_command_name(options->command);
	char text[512], shown[CLI_ESCAPE_MAX * sizeof(text)];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	cli_escape(shown, sizeof(shown), text, strlen(text), "");
	fprintf(stderr, "vmcache%s%s: %s\n", name[0] ? " " : "", name, shown);
}

/* see cli_output.h */
void cli_print_text(struct vmc_view text)
{
	char shown[CLI_ESCAPE_MAX + 1];

	for (size_t i = 0; i < text.ptr_len; i++) {
		cli_escape(shown, sizeof(shown), (const char *)text.ptr + i, 1,
			   "");
		fputs(shown, stdout);
	}
}

/* see cli_output.h */
enum cli_exit cli_print_end(const struct cli_options *options)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return CLI_DONE;
	cli_complain(options, "standard output: %s", strerror(errno));
	return CLI_FAILED;
}
