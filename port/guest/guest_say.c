/* SPDX-License-Identifier: Apache-2.0 */
/* Lines without stdio, which would be a tenth of the program. */
#include "guest_say.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE 512

static void write_all(int fd, const char *text, size_t len)
{
	ssize_t written;

	while (len > 0) {
		written = write(fd, text, len);
		if (written < 0 && errno != EINTR)
			return;
		if (written > 0) {
			text += written;
			len -= (size_t)written;
		}
	}
}

static void begin(struct vmc_text *text, char *line)
{
	vmc_text_init(text, line, LINE_SIZE - 1);
	vmc_text_add(text, "vmcache-agent: ");
}

static void end(const struct vmc_text *text, char *line)
{
	line[text->len] = '\n';
	write_all(STDERR_FILENO, line, text->len + 1);
}

/* see guest_say.h */
void say(const char *what, const char *detail)
{
	char line[LINE_SIZE];
	struct vmc_text text;

	begin(&text, line);
	vmc_text_add(&text, what);
	if (detail)
		vmc_text_add(&text, ": ");
	vmc_text_add(&text, detail);
	end(&text, line);
}

/* see guest_say.h */
void say_error(const char *what, const char *path, int number)
{
	char line[LINE_SIZE];
	struct vmc_text text;

	begin(&text, line);
	vmc_text_add(&text, what);
	vmc_text_add(&text, " ");
	vmc_text_add(&text, path);
	vmc_text_add(&text, ": ");
	vmc_text_add(&text, strerror(number));
	end(&text, line);
}

/* see guest_say.h */
void say_plainly(const char *text)
{
	write_all(STDOUT_FILENO, text, strlen(text));
}
