/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files: what is yielded lies in the file, strings are ended
 * and valid, and an error is said with the line that it is on.
 */
#include "fuzz.h"

#include "../../port/cli/cli_toml_scan.h"
#include "../../src/base/text.h"

static unsigned lines_of(const uint8_t *data, size_t size)
{
	unsigned lines = 1;
	size_t i;

	for (i = 0; i < size; i++)
		lines += data[i] == '\n';
	return lines;
}

static void check_item(const struct toml_item *item, const char *text,
		       size_t len)
{
	struct vmc_view string = { (const uint8_t *)item->text,
				   item->text_len };

	MUST(strlen(item->path) < CLI_TOML_PATH_SIZE);
	if (item->kind != TOML_STRING)
		return;
	must_lie_in(string, (const uint8_t *)text, len);
	MUST(item->text[item->text_len] == '\0');
	MUST(vmc_utf8_valid(string));
}

/* How many values were there; -1 if the file is wrong. */
static int scan_all(char *text, size_t len, unsigned lines)
{
	static struct toml_scan scan;
	struct toml_item item;
	unsigned line = 1;
	int values = 0;
	int got;

	toml_scan_init(&scan, text, len);
	while ((got = toml_scan_next(&scan, &item)) > 0) {
		check_item(&item, text, len);
		MUST(item.line >= 1 && item.line <= lines);
		MUST(scan.line >= line);
		line = scan.line;
		values += item.kind != TOML_TABLE;
	}
	MUST((got < 0) == (scan.error[0] != '\0'));
	MUST(scan.line >= 1 && scan.line <= lines);
	MUST(toml_scan_next(&scan, &item) == got);
	return got < 0 ? -1 : values;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cli_toml toml;
	unsigned lines = lines_of(data, size);
	char *text = malloc(size + 1);
	int values, status;

	MUST(text);
	if (size > 0)
		memcpy(text, data, size);
	values = scan_all(text, size, lines);
	if (size > 0)
		memcpy(text, data, size);
	status = cli_toml_read(&toml, "f", text, size);
	MUST((status < 0) == (toml.error[0] != '\0'));
	if (values < 0)
		MUST(status < 0);
	if (status == 0)
		MUST(toml.unused <= (unsigned)values);
	free(text);
	return 0;
}
