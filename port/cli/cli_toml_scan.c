/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading TOML. Invariants: at <= end; what lies before `at` has been taken;
 * `path` is the name of what is being read, as a C string; once `error` is
 * set nothing is taken any more.
 *
 * Only the bytes of strings are changed, and only those already taken: a
 * decoded string is never longer than it was written, quotes included.
 */
#include "cli_toml_scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../../src/base/text.h"
#include "cli_escape.h"

static int failed(const struct toml_scan *s)
{
	return s->error[0] != '\0';
}

static __attribute__((format(printf, 2, 3))) int fail(struct toml_scan *s,
						      const char *format, ...)
{
	va_list args;

	if (failed(s))
		return -1;
	va_start(args, format);
	vsnprintf(s->error, sizeof(s->error), format, args);
	va_end(args);
	s->at = s->end;
	return -1;
}

/* Fails with the name of what is being read before the words. */
static int fail_named(struct toml_scan *s, const char *what)
{
	char name[CLI_TOML_PATH_SIZE];

	cli_escape(name, sizeof(name), s->path, s->path_len, "");
	return fail(s, "%s: %s", name, what);
}

/* ---- Characters ---- */

static int left(const struct toml_scan *s)
{
	return s->at < s->end;
}

static int next_is(const struct toml_scan *s, const char *text)
{
	size_t len = strlen(text);

	return (size_t)(s->end - s->at) >= len && !memcmp(s->at, text, len);
}

static int take(struct toml_scan *s, const char *text)
{
	if (!next_is(s, text))
		return 0;
	s->at += strlen(text);
	return 1;
}

/* Takes a line's end, "\n" or "\r\n". */
static int take_line_end(struct toml_scan *s)
{
	if (!take(s, "\n") && !take(s, "\r\n"))
		return 0;
	s->line++;
	return 1;
}

static void skip_blanks(struct toml_scan *s)
{
	while (take(s, " ") || take(s, "\t"))
		;
}

static void skip_comment(struct toml_scan *s)
{
	if (!next_is(s, "#"))
		return;
	while (left(s) && !next_is(s, "\n") && !next_is(s, "\r\n"))
		s->at++;
}

/* Blanks, comments and line ends; 1 if there was a line's end. */
static int skip_lines(struct toml_scan *s)
{
	int ends = -1;

	do {
		ends++;
		skip_blanks(s);
		skip_comment(s);
	} while (take_line_end(s));
	return ends > 0;
}

/* How the next character is shown in an error. */
static int fail_at_character(struct toml_scan *s, const char *expected)
{
	char shown[CLI_ESCAPE_MAX + 1];

	if (!left(s))
		return fail(s, "%s expected, not the file's end", expected);
	cli_escape(shown, sizeof(shown), s->at, 1, "");
	return fail(s, "%s expected, not '%s'", expected, shown);
}

/* The bytes of the character that is next; 0 if it must not be there. */
static size_t character_len(const struct toml_scan *s, const char *at)
{
	struct vmc_view rest = { (const uint8_t *)at, (size_t)(s->end - at) };

	if (*at == '\r')
		return rest.ptr_len > 1 && at[1] == '\n';
	if ((uint8_t)*at < ' ' && *at != '\n' && *at != '\t')
		return 0;
	return *at == 0x7f ? 0 : vmc_utf8_sequence(rest);
}

/* TOML is UTF-8 without control characters, in comments too. */
static void check_characters(struct toml_scan *s)
{
	const char *at = s->at;
	unsigned line = 1;
	size_t len;

	for (; at < s->end; at += len) {
		len = character_len(s, at);
		if (len == 0) {
			s->line = line;
			fail(s,
			     "byte 0x%02x: not UTF-8, or a control character",
			     (uint8_t)*at);
			return;
		}
		line += *at == '\n';
	}
}

/* ---- Names ---- */

/* FNV-1a. */
static uint64_t digest(const char *text, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < len; i++)
		hash = (hash ^ (uint8_t)text[i]) * 0x100000001b3u;
	return hash;
}

/* The index of the path's name; `names` if it is new. */
static unsigned find_name(const struct toml_scan *s)
{
	uint64_t name = digest(s->path, s->path_len);
	unsigned i = 0;

	while (i < s->names && s->name[i] != name)
		i++;
	return i;
}

/* 1 if a name that has one role may be given the other as well. */
static int roles_agree(unsigned had, unsigned role)
{
	switch (role) {
	case TOML_IS_TABLE:
		return had == TOML_IS_PARENT;
	case TOML_IS_TABLES:
		return had == TOML_IS_TABLES;
	case TOML_IS_PARENT:
		return had != TOML_IS_KEY;
	case TOML_IS_DOTTED:
		return had == TOML_IS_DOTTED;
	default:
		return 0;
	}
}

/* Gives the path's name a role. */
static int set_role(struct toml_scan *s, unsigned role)
{
	unsigned i = find_name(s);

	if (i < s->names && !roles_agree(s->role[i], role))
		return fail_named(s, s->role[i] == role ? "stands twice" :
							  "is in use already");
	if (i == CLI_TOML_NAMES)
		return fail(s, "more than %d keys and tables", CLI_TOML_NAMES);
	if (i == s->names) {
		s->name[i] = digest(s->path, s->path_len);
		s->elements[i] = 0;
		s->role[i] = 0;
		s->names++;
	}
	if (role != TOML_IS_PARENT || s->role[i] == 0)
		s->role[i] = (uint8_t)role;
	return 0;
}

static void set_path_len(struct toml_scan *s, size_t len)
{
	s->path_len = (uint16_t)len;
	s->path[len] = '\0';
}

static void add_to_path(struct toml_scan *s, const char *text, size_t len)
{
	if (len >= sizeof(s->path) - s->path_len) {
		fail(s, "a name with its tables has more than %d bytes",
		     CLI_TOML_PATH_SIZE - 1);
		return;
	}
	memcpy(s->path + s->path_len, text, len);
	set_path_len(s, s->path_len + len);
}

/* The number of an array's element, "[3]". */
static void add_index(struct toml_scan *s, unsigned index)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "[%u]", index);

	add_to_path(s, text, (size_t)len);
}

static int is_bare(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static int all_bare(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && is_bare(text[i]))
		i++;
	return len > 0 && i == len;
}

/* A part of a name as it stands in the path. */
static void add_part(struct toml_scan *s, const char *text, size_t len)
{
	int bare = all_bare(text, len);
	size_t i;

	if (!bare)
		add_to_path(s, "\"", 1);
	for (i = 0; i < len && !failed(s); i++) {
		if (text[i] == '"' || text[i] == '\\')
			add_to_path(s, "\\", 1);
		add_to_path(s, text + i, 1);
	}
	if (!bare)
		add_to_path(s, "\"", 1);
}

/* ---- Strings ---- */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes so many hexadecimal digits. -1 unless they are a character. */
static int32_t take_code(struct toml_scan *s, unsigned digits)
{
	int32_t code = 0;

	for (; digits > 0 && left(s) && code <= 0x10ffff; digits--, s->at++) {
		if (hex_value(*s->at) < 0)
			return -1;
		code = code << 4 | hex_value(*s->at);
	}
	if (digits > 0 || code > 0x10ffff || (code & ~0x7ff) == 0xd800)
		return -1;
	return code;
}

static char *put_utf8(char *out, int32_t code)
{
	static const uint8_t lead[] = { 0x00, 0xc0, 0xe0, 0xf0 };
	int len = 1 + (code > 0x7f) + (code > 0x7ff) + (code > 0xffff);
	int i;

	for (i = len - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(lead[len - 1] | code);
	return out + len;
}

/* Takes an escape, its backslash already taken, and puts what it means. */
static char *take_escape(struct toml_scan *s, char *out)
{
	static const char letters[] = "btnfr\"\\";
	static const char meanings[] = "\b\t\n\f\r\"\\";
	const char *letter = left(s) ? memchr(letters, *s->at, 7) : NULL;
	int32_t code = -1;

	if (letter) {
		*out = meanings[letter - letters];
		s->at++;
		return out + 1;
	}
	if (take(s, "u"))
		code = take_code(s, 4);
	else if (take(s, "U"))
		code = take_code(s, 8);
	if (code < 0) {
		fail(s, "bad escape in a string");
		return out;
	}
	return put_utf8(out, code);
}

/* A backslash at a line's end, which takes all blanks that follow along. */
static int take_continuation(struct toml_scan *s)
{
	char *begin = s->at;

	skip_blanks(s);
	if (!take_line_end(s)) {
		s->at = begin;
		return 0;
	}
	do
		skip_blanks(s);
	while (take_line_end(s));
	return 1;
}

/* The kinds of strings, by how they begin; longer ones first. */
static const struct quote {
	char mark[4];
	uint8_t lines;   /* may span several */
	uint8_t escapes; /* has them */
} quotes[] = {
	{ "\"\"\"", 1, 1 },
	{ "'''", 1, 0 },
	{ "\"", 0, 1 },
	{ "'", 0, 0 },
};

static const struct quote *take_quote(struct toml_scan *s)
{
	size_t i;

	for (i = 0; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (take(s, quotes[i].mark))
			return &quotes[i];
	return NULL;
}

/* Up to two quotes may stand right before the three that end a string. */
static int ends_here(const struct toml_scan *s, const struct quote *quote)
{
	if (!next_is(s, quote->mark))
		return 0;
	return !quote->lines || s->end - s->at < 4 ||
	       s->at[3] != quote->mark[0];
}

/* Takes one character of a string, decoded. */
static char *take_character(struct toml_scan *s, const struct quote *quote,
			    char *out)
{
	if (quote->escapes && take(s, "\\")) {
		if (quote->lines && take_continuation(s))
			return out;
		return take_escape(s, out);
	}
	if (*s->at == '\n') {
		if (!quote->lines)
			fail(s, "the string does not end on its line");
		s->line += quote->lines;
	}
	*out = *s->at;
	s->at += left(s); /* not after a failure */
	return out + 1;
}

/*
 * A string, decoded where it stands, behind its first quote. 0, or -1 if it
 * has no end, or a bad escape.
 */
static int take_string(struct toml_scan *s, const struct quote *quote,
		       char **text, size_t *text_len)
{
	unsigned line = s->line;
	char *out = s->at;

	*text = out;
	if (quote->lines)
		take_line_end(s);
	while (left(s) && !ends_here(s, quote))
		out = take_character(s, quote, out);
	if (!failed(s) && !take(s, quote->mark)) {
		s->line = line;
		fail(s, "the string that begins here does not end");
	}
	if (failed(s))
		return -1;
	*text_len = (size_t)(out - *text);
	*out = '\0';
	return 0;
}

/* ---- Keys ---- */

/* One part of a key, added to the path. */
static int take_part(struct toml_scan *s)
{
	const struct quote *quote;
	char *text = s->at;
	size_t len;

	if (left(s) && is_bare(*s->at)) {
		while (left(s) && is_bare(*s->at))
			s->at++;
		add_part(s, text, (size_t)(s->at - text));
		return failed(s) ? -1 : 0;
	}
	quote = take_quote(s);
	if (!quote)
		return fail_at_character(s, "a key");
	if (quote->lines)
		return fail(s, "a key cannot span lines");
	if (take_string(s, quote, &text, &len))
		return -1;
	add_part(s, text, len);
	return failed(s) ? -1 : 0;
}

/* A header's table of tables stands for the last of them. */
static void enter_element(struct toml_scan *s)
{
	unsigned i = find_name(s);

	if (i < s->names && s->role[i] == TOML_IS_TABLES)
		add_index(s, s->elements[i] - 1u);
}

/*
 * A key, its parts with dots between them, added to the path. All but the
 * last are given the role `above`.
 */
static int take_key(struct toml_scan *s, unsigned above)
{
	while (!take_part(s)) {
		skip_blanks(s);
		if (!take(s, "."))
			return 0;
		skip_blanks(s);
		if (set_role(s, above))
			return -1;
		if (above == TOML_IS_PARENT)
			enter_element(s);
		add_to_path(s, ".", 1);
	}
	return -1;
}

/* [a.b] or [[a.b]] */
static int take_header(struct toml_scan *s, struct toml_item *item)
{
	int tables = take(s, "[[");

	if (!tables)
		s->at++;
	set_path_len(s, 0);
	skip_blanks(s);
	if (take_key(s, TOML_IS_PARENT) ||
	    set_role(s, tables ? TOML_IS_TABLES : TOML_IS_TABLE))
		return -1;
	if (!take(s, tables ? "]]" : "]"))
		return fail_at_character(s, tables ? "']]'" : "']'");
	if (tables) {
		s->elements[find_name(s)]++;
		enter_element(s);
	}
	item->kind = TOML_TABLE;
	s->ended = 1;
	s->table_len = s->path_len;
	return failed(s) ? -1 : 1;
}

/* A key and its '=', for the table that the path names. */
static int take_assignment(struct toml_scan *s)
{
	if (s->path_len > 0)
		add_to_path(s, ".", 1);
	if (take_key(s, TOML_IS_DOTTED) || set_role(s, TOML_IS_KEY))
		return -1;
	if (!take(s, "="))
		return fail_at_character(s, "'='");
	skip_blanks(s);
	return 0;
}

/* ---- Numbers and words ---- */

/* What numbers, words and dates are made of. */
static int is_word(char c)
{
	return is_bare(c) || c == '+' || c == '.' || c == ':';
}

static int is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Takes digits with single '_' between them; how many, or -1. */
static int span_digits(const char **at, const char *end, int base)
{
	int count = 0;

	while (*at < end) {
		if (**at == '_' && count > 0 && *at + 1 < end &&
		    (*at)[-1] != '_')
			(*at)++;
		if (hex_value(**at) < 0 || hex_value(**at) >= base)
			break;
		(*at)++;
		count++;
	}
	return count > 0 && (*at)[-1] != '_' ? count : -1;
}

/* 1 if the word is a float: [+-] digits [. digits] [e [+-] digits], inf,
 * nan. */
static int is_float(const char *at, const char *end)
{
	at += *at == '+' || *at == '-';
	if (end - at == 3 && (!memcmp(at, "inf", 3) || !memcmp(at, "nan", 3)))
		return 1;
	if (end - at > 1 && at[0] == '0' && (at[1] == '_' || is_digit(at[1])))
		return 0;
	if (span_digits(&at, end, 10) < 0)
		return 0;
	if (at < end && *at == '.') {
		at++;
		if (span_digits(&at, end, 10) < 0)
			return 0;
	}
	if (at < end && (*at | 0x20) == 'e') {
		at++;
		at += at < end && (*at == '+' || *at == '-');
		if (span_digits(&at, end, 10) < 0)
			return 0;
	}
	return at == end;
}

/* Takes 0x, 0o or 0b off the front of a number without a sign. */
static int take_base(const char **at, const char *end)
{
	if (end - *at < 3 || **at != '0')
		return 10;
	switch ((*at)[1]) {
	case 'x':
		*at += 2;
		return 16;
	case 'o':
		*at += 2;
		return 8;
	case 'b':
		*at += 2;
		return 2;
	default:
		return 10;
	}
}

/* The magnitude of digits that were checked; `max` + 1 if it is more. */
static uint64_t magnitude_of(const char *at, const char *end, int base,
			     uint64_t max)
{
	uint64_t value = 0;

	for (; at < end; at++) {
		if (*at == '_')
			continue;
		if (value > (max - (uint64_t)hex_value(*at)) / (uint64_t)base)
			return max + 1;
		value = value * (uint64_t)base + (uint64_t)hex_value(*at);
	}
	return value;
}

/* 1 if the word is an integer, -1 if it is one that does not fit. */
static int is_integer(const char *at, const char *end, int64_t *value)
{
	int negative = *at == '-';
	uint64_t max = (uint64_t)INT64_MAX + (uint64_t)negative;
	uint64_t magnitude;
	const char *digits;
	int base = 10;
	int count;

	if (*at == '+' || *at == '-')
		at++;
	else
		base = take_base(&at, end);
	digits = at;
	count = span_digits(&at, end, base);
	if (count < 0 || at != end)
		return 0;
	if (base == 10 && count > 1 && *digits == '0')
		return 0;
	magnitude = magnitude_of(digits, end, base, max);
	if (magnitude > max)
		return -1;
	*value = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
	return 1;
}

/* A date or a time of day, as far as that can be told from a number. */
static int looks_like_a_date(const char *at, const char *end)
{
	if (end - at < 5 || !is_digit(*at))
		return 0;
	return at[2] == ':' || at[4] == '-';
}

/* A value that is one word. */
static int take_word(struct toml_scan *s, struct toml_item *item)
{
	const char *word = s->at;
	int fits;

	while (left(s) && is_word(*s->at))
		s->at++;
	if (s->at == word)
		return fail_at_character(s, "a value");
	fits = is_integer(word, s->at, &item->integer);
	if (fits) {
		item->kind = TOML_INTEGER;
		return fits < 0 ? fail_named(s, "number out of range") : 0;
	}
	item->kind = TOML_BOOL;
	item->truth = *word == 't';
	if ((s->at - word == 4 && !memcmp(word, "true", 4)) ||
	    (s->at - word == 5 && !memcmp(word, "false", 5)))
		return 0;
	item->kind = TOML_FLOAT;
	if (is_float(word, s->at))
		return 0;
	return fail_named(s, looks_like_a_date(word, s->at) ?
				     "dates are not supported" :
				     "not a value (strings need quotes)");
}

/* ---- Values ---- */

static int open_frame(struct toml_scan *s, int is_array)
{
	struct toml_frame *frame;

	if (s->depth == CLI_TOML_DEPTH)
		return fail_named(s, "too many arrays or tables in each other");
	frame = &s->frame[s->depth++];
	frame->path_len = s->path_len;
	frame->is_array = (uint8_t)is_array;
	frame->elements = 0;
	frame->line = s->line;
	return 0;
}

/* Ends the innermost array or table: it was a value of what is around it. */
static void close_frame(struct toml_scan *s)
{
	s->ended = --s->depth == 0;
}

static int in_array(const struct toml_scan *s)
{
	return s->depth > 0 && s->frame[s->depth - 1].is_array;
}

/*
 * A value; the path is its name. 1 if it is to be yielded, 0 if it is an
 * element or has only begun, -1.
 */
static int take_value(struct toml_scan *s, struct toml_item *item)
{
	const struct quote *quote;
	char *text;

	item->line = s->line;
	if (take(s, "["))
		return open_frame(s, 1);
	if (take(s, "{"))
		return open_frame(s, 0);
	quote = take_quote(s);
	if (quote) {
		item->kind = TOML_STRING;
		if (take_string(s, quote, &text, &item->text_len))
			return -1;
		item->text = text;
	} else if (take_word(s, item)) {
		return -1;
	}
	s->ended = s->depth == 0;
	return !in_array(s);
}

/* What comes next in an array: an element, or its end. */
static int step_array(struct toml_scan *s, struct toml_item *item)
{
	struct toml_frame *frame = &s->frame[s->depth - 1];

	set_path_len(s, frame->path_len);
	skip_lines(s);
	if (frame->elements > 0 && !next_is(s, "]")) {
		if (!take(s, ","))
			return fail_at_character(s, "',' or ']'");
		skip_lines(s);
	}
	if (take(s, "]")) {
		item->elements = frame->elements;
		item->line = frame->line;
		item->kind = TOML_ARRAY;
		close_frame(s);
		return !in_array(s);
	}
	add_index(s, frame->elements++);
	return failed(s) ? -1 : take_value(s, item);
}

/* What comes next in an inline table, which is all on one line. */
static int step_table(struct toml_scan *s, struct toml_item *item)
{
	struct toml_frame *frame = &s->frame[s->depth - 1];

	set_path_len(s, frame->path_len);
	skip_blanks(s);
	if (take(s, "}")) {
		close_frame(s);
		return 0;
	}
	if (frame->elements > 0 && !take(s, ","))
		return fail_at_character(s, "',' or '}'");
	frame->elements++;
	skip_blanks(s);
	if (take_assignment(s))
		return -1;
	return take_value(s, item);
}

/* What comes next outside of arrays and inline tables; 2 at the end. */
static int step_line(struct toml_scan *s, struct toml_item *item)
{
	int ended = skip_lines(s);

	if (!left(s))
		return 2;
	if (s->ended && !ended)
		return fail_at_character(s, "the line's end");
	item->line = s->line;
	if (next_is(s, "["))
		return take_header(s, item);
	set_path_len(s, s->table_len);
	if (take_assignment(s))
		return -1;
	return take_value(s, item);
}

/* see cli_toml_scan.h */
void toml_scan_init(struct toml_scan *scan, char *text, size_t text_len)
{
	scan->at = text;
	scan->end = text + text_len;
	scan->line = 1;
	scan->error[0] = '\0';
	scan->table_len = 0;
	scan->ended = 0;
	scan->depth = 0;
	scan->names = 0;
	set_path_len(scan, 0);
	take(scan, "\xef\xbb\xbf");
	check_characters(scan);
}

/* see cli_toml_scan.h */
int toml_scan_next(struct toml_scan *scan, struct toml_item *item)
{
	int got = 0;

	item->path = scan->path;
	while (got == 0 && !failed(scan)) {
		if (scan->depth == 0)
			got = step_line(scan, item);
		else if (in_array(scan))
			got = step_array(scan, item);
		else
			got = step_table(scan, item);
	}
	if (failed(scan))
		return -1;
	return got == 2 ? 0 : got;
}
