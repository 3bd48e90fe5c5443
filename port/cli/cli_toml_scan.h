/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading TOML 1.0 (toml.io), but for dates, from a buffer of the caller's:
 * a scanner that yields one value after the other.
 *
 *	struct toml_scan scan;
 *	struct toml_item item;
 *
 *	toml_scan_init(&scan, text, text_len);
 *	while ((got = toml_scan_next(&scan, &item)) > 0)
 *		use(item.path, …);
 *	if (got < 0)
 *		say(scan.line, scan.error);
 *
 * Keys come with their tables: `a.b.c`, whether it was written as a header
 * [a.b], as the dotted key a.b.c or as an inline table. Parts that are not
 * of letters, digits, '_' and '-' are in quotes. Elements of an array are
 * checked and counted; only tables among them yield values, with paths like
 * `a[0].b`.
 *
 * Strings are decoded where they stand and are C strings then, so the
 * buffer changes and cannot be read a second time.
 */
#ifndef CLI_TOML_SCAN_H
#define CLI_TOML_SCAN_H

#include "cli_toml.h"

enum toml_kind {
	TOML_TABLE, /* a header; its values follow */
	TOML_STRING,
	TOML_INTEGER,
	TOML_FLOAT,
	TOML_BOOL,
	TOML_ARRAY
};

struct toml_item {
	const char *path; /* lives until the next call */
	unsigned line;    /* where it begins, from 1 */
	enum toml_kind kind;
	const char *text; /* of a string, decoded */
	size_t text_len;
	int64_t integer;
	int truth;
	uint32_t elements; /* of an array */
};

/* What a name stands for already; private. */
enum toml_role {
	TOML_IS_KEY = 1, /* a value, an inline table, an array */
	TOML_IS_TABLE,   /* [name] */
	TOML_IS_TABLES,  /* [[name]] */
	TOML_IS_PARENT,  /* [name.x] */
	TOML_IS_DOTTED   /* name.x = 1 */
};

/* An array or inline table that is open; private. */
struct toml_frame {
	uint16_t path_len; /* of its name */
	uint8_t is_array;
	uint32_t elements;
	unsigned line;
};

/* Private, but for line and error after a failure. */
struct toml_scan {
	char *at, *end;
	unsigned line;
	char error[CLI_TOML_PATH_SIZE + 80]; /* "" if nothing failed */

	char path[CLI_TOML_PATH_SIZE];
	uint16_t path_len;
	uint16_t table_len; /* of the last header, with its '.' */
	uint8_t ended;      /* a line's end must come before what is next */

	struct toml_frame frame[CLI_TOML_DEPTH];
	unsigned depth;

	/* All names so far, by a digest of 64 bits of their paths. Two that
	 * differ do not meet by chance; if they did, the file were refused. */
	uint64_t name[CLI_TOML_NAMES];
	uint8_t role[CLI_TOML_NAMES];
	uint16_t elements[CLI_TOML_NAMES]; /* of TOML_IS_TABLES */
	unsigned names;
};

/* `text_len` bytes, and one more that may be overwritten. */
void toml_scan_init(struct toml_scan *scan, char *text, size_t text_len);

/* 1 with an item, 0 at the end, -1 with line and error set; then always. */
int toml_scan_next(struct toml_scan *scan, struct toml_item *item);

#endif
