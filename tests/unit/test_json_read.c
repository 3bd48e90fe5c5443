/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON scanner: what RFC 8259 has it takes, all else it refuses, and
 * says where. Every document lies in memory of just its size, so that a
 * sanitizer sees a byte too far.
 */
#include "test.h"

#include "../../src/base/json_read.h"

#include <stdlib.h>

static uint8_t *exact; /* the document that is being read */

static void open_bytes(struct vmc_json_reader *r, const char *text, size_t len)
{
	struct vmc_view view;

	free(exact);
	exact = malloc(len ? len : 1);
	CHECK(exact != NULL);
	memcpy(exact, text, len);
	view.ptr = exact;
	view.ptr_len = len;
	vmc_json_reader_init(r, view);
}

static void open_text(struct vmc_json_reader *r, const char *text)
{
	open_bytes(r, text, strlen(text));
}

/* Bytes taken; of a failure, where it is. */
static size_t at(const struct vmc_json_reader *r)
{
	CHECK(r->at >= r->begin && r->at <= r->end);
	return (size_t)(r->at - r->begin);
}

/* Reads a whole document by skipping it. */
static enum vmc_status skipped(struct vmc_json_reader *r, const char *text)
{
	open_text(r, text);
	vmc_json_skip(r);
	return vmc_json_end(r);
}

static void accept(const char *text)
{
	struct vmc_json_reader r;

	if (skipped(&r, text) != VMC_OK)
		CHECK_EQ_STR(text, r.what);
	CHECK_EQ_INT(r.depth, 0);
}

static void refuse(const char *text, const char *what, size_t where)
{
	struct vmc_json_reader r;

	CHECK_EQ_INT(skipped(&r, text), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(r.what, what);
	CHECK_EQ_INT(at(&r), where);
}

static const char early[] = "the document ends too early";

/* ---- Documents ---- */

TEST(documents)
{
	accept("null");
	accept("true");
	accept("false");
	accept("0");
	accept("\"\"");
	accept("{}");
	accept("[]");
	accept(" \t\r\n[ \t\r\n] \t\r\n");
	accept("[null,true,false,1,\"x\",{},[]]");
	accept("{\"a\":null,\"b\":true,\"c\":[{\"d\":{}}],\"\":-1.5e+3}");
	accept("{ \"a\" : 1 , \"a\" : 2 }");
}

TEST(structure_is_strict)
{
	refuse("", early, 0);
	refuse(" ", early, 1);
	refuse("x", "value expected", 0);
	refuse("[", early, 1);
	refuse("[1", early, 2);
	refuse("[1,", early, 3);
	refuse("[1,]", "value expected", 3);
	refuse("[,1]", "value expected", 1);
	refuse("[1 2]", "',' or ']' expected", 3);
	refuse("[1}", "',' or ']' expected", 2);
	refuse("{", early, 1);
	refuse("{1:2}", "string expected", 1);
	refuse("{\"a\"", early, 4);
	refuse("{\"a\" 1}", "':' expected", 5);
	refuse("{\"a\":}", "value expected", 5);
	refuse("{\"a\":1,}", "string expected", 7);
	refuse("{\"a\":1;}", "',' or '}' expected", 6);
	refuse("{,}", "string expected", 1);
	refuse("{\"a\":1]", "',' or '}' expected", 6);
	refuse("]", "value expected", 0);
	refuse("1 2", "more than one value", 2);
	refuse("{}{}", "more than one value", 2);
	refuse("[]]", "more than one value", 2);
	refuse("// x\n1", "value expected", 0);
	refuse("'a'", "value expected", 0);
	refuse("\xef\xbb\xbf{}", "value expected", 0);
	refuse("\f1", "value expected", 0);
}

TEST(words_are_strict)
{
	refuse("nul", "value expected", 0);
	refuse("nulL", "value expected", 0);
	refuse("True", "value expected", 0);
	refuse("tru", "value expected", 0);
	refuse("fals]", "value expected", 0);
	refuse("nulll", "more than one value", 4);
	refuse("NaN", "value expected", 0);
	refuse("Infinity", "value expected", 0);
	refuse("undefined", "value expected", 0);
}

TEST(numbers_are_strict)
{
	accept("-0");
	accept("10");
	accept("1.5");
	accept("-1.50e10");
	accept("1E+2");
	accept("1e-2");
	accept("0e0");
	accept("0.0");
	accept("123456789012345678901234567890");
	refuse("-", early, 1);
	refuse("-x", "digit expected", 1);
	refuse("+1", "value expected", 0);
	refuse(".5", "value expected", 0);
	refuse("01", "more than one value", 1);
	refuse("-01", "more than one value", 2);
	refuse("1.", early, 2);
	refuse("1.x", "digit expected", 2);
	refuse("1e", early, 2);
	refuse("1e+", early, 3);
	refuse("1e+-1", "digit expected", 3);
	refuse("1.5.5", "more than one value", 3);
	refuse("0x10", "more than one value", 1);
	refuse("1_000", "more than one value", 1);
	refuse("[1.e1]", "digit expected", 3);
	refuse("[1.e ]", "digit expected", 3);
	refuse("{\"a\\ \" :1}", "bad escape in a string", 3);
}

TEST(strings_are_strict)
{
	accept("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uABCD\\uabcd\"");
	accept("\"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"");
	accept("\"\\ud83d\\ude00\"");
	accept("\"\\u0000\"");
	refuse("\"", early, 1);
	refuse("\"a", early, 2);
	refuse("\"\\", "bad escape in a string", 1);
	refuse("\"\\\"", early, 3);
	refuse("\"\\x41\"", "bad escape in a string", 1);
	refuse("\"\\'\"", "bad escape in a string", 1);
	refuse("\"\\u\"", "bad escape in a string", 1);
	refuse("\"\\u12\"", "bad escape in a string", 1);
	refuse("\"\\u123g\"", "bad escape in a string", 1);
	refuse("\"\\U0041\"", "bad escape in a string", 1);
	refuse("\"a\nb\"", "bad character in a string", 2);
	refuse("\"\t\"", "bad character in a string", 1);
	refuse("\"\x1f\"", "bad character in a string", 1);
}

/* A backslash before a NUL, which ends no table. */
TEST(nul_is_no_escape)
{
	struct vmc_json_reader r;

	open_bytes(&r, "\"\\\0\"", 4);
	vmc_json_skip(&r);
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(r.what, "bad escape in a string");
	CHECK_EQ_INT(at(&r), 1);
}

TEST(surrogates_come_in_pairs)
{
	accept("\"\\ud800\\udc00\"");
	accept("\"\\udbff\\udfff\"");
	refuse("\"\\ud800\"", "bad escape in a string", 1);
	refuse("\"\\ud800x\"", "bad escape in a string", 1);
	refuse("\"\\ud800\\n\"", "bad escape in a string", 1);
	refuse("\"\\ud800\\u0041\"", "bad escape in a string", 1);
	refuse("\"\\ud800\\ud800\"", "bad escape in a string", 1);
	refuse("\"\\ud800\\udc0\"", "bad escape in a string", 1);
	refuse("\"\\udc00\"", "bad escape in a string", 1);
	refuse("\"\\udc00\\ud800\"", "bad escape in a string", 1);
}

TEST(utf8_is_strict)
{
	static const char *const broken[] = {
		"\"\x80\"",
		"\"\xc3\"",
		"\"\xc0\xaf\"",
		"\"\xe0\x80\xaf\"",
		"\"\xed\xa0\x80\"",
		"\"\xf0\x80\x80\x80\"",
		"\"\xf4\x90\x80\x80\"",
		"\"\xf8\x88\x80\x80\x80\"",
		"\"\xff\"",
		"\"\xe2\x82\"",
	};
	size_t i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		refuse(broken[i], "bad character in a string", 1);
	refuse("{\"\xff\":1}", "bad character in a string", 2);
}

static const char sample[] =
	" {\"return\": {\"status\": \"pa\\u0075s\\ud83d\\ude00ed\", "
	"\"running\": false, \"n\": [-12.5e+3, 0, null, {}, [[]]]}, "
	"\"id\": \"\xe2\x82\xac\"} ";

TEST(every_truncation_is_refused)
{
	struct vmc_json_reader r;
	size_t len = strlen(sample);
	size_t i;

	for (i = 0; i < len - 1; i++) {
		open_bytes(&r, sample, i);
		vmc_json_skip(&r);
		CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
		CHECK(at(&r) <= i);
	}
	accept(sample);
}

/* Any byte changed to any other: taken or refused, and never beyond. */
TEST(every_changed_byte_is_survived)
{
	struct vmc_json_reader r;
	char copy[sizeof(sample)];
	size_t i;
	unsigned byte, refused = 0;

	for (i = 0; i < sizeof(sample) - 1; i++) {
		for (byte = 0; byte < 256; byte++) {
			memcpy(copy, sample, sizeof(sample));
			copy[i] = (char)byte;
			open_bytes(&r, copy, sizeof(sample) - 1);
			vmc_json_skip(&r);
			refused += vmc_json_end(&r) == VMC_ERR_MALFORMED;
			CHECK(at(&r) < sizeof(sample));
		}
	}
	CHECK(refused > 20000);
}

/*
 * What parsers were found to take or refuse wrongly (in the manner of the
 * JSON Parsing Test Suite). Whole files, right and wrong.
 */
TEST(right_ones_that_others_refuse)
{
	static const char *const right[] = {
		"[[]   ]",
		"[\"\"]",
		"[]",
		"[\"a\"]",
		"[false]",
		"[null, 1, \"1\", {}]",
		"[1\n]",
		" [1]",
		"[1,null,null,null,2]",
		"[2] ",
		"[123e65]",
		"[0e+1]",
		"[0e1]",
		"[ 4]",
		"[-0.000000000000000000000000000000000000000000000000000001]",
		"[20e1]",
		"[-123]",
		"[-1]",
		"[-0]",
		"[1E22]",
		"[1E-2]",
		"[1E+2]",
		"[123e45]",
		"[123.456e78]",
		"[123.456789]",
		"{\"asd\":\"sdf\", \"dfg\":\"fgh\"}",
		"{\"a\":\"b\",\"a\":\"c\"}",
		"{\"\":0}",
		"{\"foo\\u0000bar\": 42}",
		"{ \"min\": -1.0e+28, \"max\": 1.0e+28 }",
		"{\n\"a\": \"b\"\n}",
		"[\"\\u0060\\u012a\\u12AB\"]",
		"[\"\\uD801\\udc37\"]",
		"[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
		"[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]",
		"[\"\\\\u0000\"]",
		"[\"\\\"\"]",
		"[\"a/*b*/c/*d//e\"]",
		"[\"\\\\a\"]",
		"[\"\\\\n\"]",
		"[\"\\u0012\"]",
		"[\"\\uFFFF\"]",
		"[\"\xf4\x8f\xbf\xbf\"]",
		"[\"\xef\xbf\xbf\"]",
		"[\"\\uDBFF\\uDFFF\"]",
		"[\"new\\u00A0line\"]",
		"[\"\xe2\x80\xa8\"]",
		"[\"\x7f\"]",
		"[\"\\u200B\\uFDD0\\uFFFE\"]",
		"\" \"",
		"-0.1",
		"\"asd\"",
		"[true]\n",
	};
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++)
		accept(right[i]);
}

TEST(wrong_ones_that_others_take)
{
	static const char *const wrong[] = {
		"[1 true]",
		"[a\xe5]",
		"[\"\": 1]",
		"[\"\"],",
		"[,1]",
		"[1,,2]",
		"[\"x\",,]",
		"[\"x\"]]",
		"[\"\",]",
		"[\"x\"",
		"[x",
		"[3[4]]",
		"[\xff]",
		"[1:2]",
		"[,]",
		"[-]",
		"[   , \"\"]",
		"[\"a\",\n4\n,1,",
		"[*]",
		"[1,]",
		"[\"\va\"\\f]",
		"[fals]",
		"[nul]",
		"[tru]",
		"[++1234]",
		"[+1]",
		"[+Inf]",
		"[-01]",
		"[-1.0.]",
		"[-2.]",
		"[-NaN]",
		"[.-1]",
		"[.2e-3]",
		"[0.1.2]",
		"[0.3e+]",
		"[0.3e]",
		"[0.e1]",
		"[0e+]",
		"[0E]",
		"[1.0e-]",
		"[1 000.0]",
		"[1eE2]",
		"[2.e3]",
		"[9.e+]",
		"[Inf]",
		"[1+2]",
		"[0x1]",
		"[-Infinity]",
		"[-foo]",
		"[- 1]",
		"[-012]",
		"[-.123]",
		"[-1x]",
		"[1ea]",
		"[1.]",
		"[1.2a-3]",
		"[012]",
		"[\"x\", truth]",
		"{[: \"x\"}",
		"{\"x\", null}",
		"{\"x\"::\"b\"}",
		"{\"a\":\"a\" 123}",
		"{key: 'value'}",
		"{\"a\" b}",
		"{:\"b\"}",
		"{\"a\" \"b\"}",
		"{\"a\":",
		"{\"a\"",
		"{1:1}",
		"{null:null,null:null}",
		"{\"id\":0,,,,,}",
		"{'a':0}",
		"{\"id\":0,}",
		"{\"a\":\"b\"}/**/",
		"{\"a\":\"b\"}#",
		"{\"a\":\"b\",,\"c\":\"d\"}",
		"{a: \"b\"}",
		"{\"a\":\"a",
		"{ \"foo\" : \"bar\", \"a\" }",
		"[\"\\uD800\\u\"]",
		"[\"\\uD800\\u1\"]",
		"[\"\\uD800\\u1x\"]",
		"[\xc3\xa9]",
		"[\"\\\x00\"]",
		"[\"\\\\\\\"]",
		"[\"\\\t\"]",
		"[\"\\\xf0\x9f\x8c\x80\"]",
		"[\"\\\"]",
		"[\"\\u00A\"]",
		"[\"\\uD834\\uDd\"]",
		"[\"\\uD800\\uD800\\x\"]",
		"[\"\\u\xe5\"]",
		"[\"\\a\"]",
		"[\"\\uqqqq\"]",
		"[\"\\\xe5\"]",
		"[\\u0020\"asd\"]",
		"[\\n]",
		"\"",
		"['single quote']",
		"abc",
		"[\"\\",
		"[\"new\nline\"]",
		"\"\\UA66D\"",
		"\"\"x",
		"[\xe2\x81\xa0]",
		"<.>",
		"[<null>]",
		"[1]x",
		"[1]]",
		"[\"asd]",
		"a\xc3\xa5",
		"[True]",
		"1]",
		"{\"x\": true,",
		"[][]",
		"]",
		"{}}",
		"{\"\":",
		"{\"a\":/*comment*/\"b\"}",
		"{\"a\": true} \"x\"",
		"['",
		"[,",
		"[{",
		"[\"a",
		"[\"a\"",
		"{",
		"{]",
		"{,",
		"{[",
		"{\"a",
		"{'a'",
		"[\"\\{[\"\\{[\"\\{[\"\\{",
		"\xc3\xa9",
		"*",
		"{\"a\":\"b\"}#{}",
		"[\\u000A\"\"]",
		"[1",
		"[ false, nul",
		"[ true, fals",
		"[ false, tru",
		"{\"asd\":\"asd\"",
		"\xe2\x81\xa0",
		"\xef\xbb\xbf",
		"[\f]",
	};
	size_t i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct vmc_json_reader r;

		if (skipped(&r, wrong[i]) != VMC_ERR_MALFORMED)
			CHECK_EQ_STR(wrong[i], "refused");
		CHECK(at(&r) <= strlen(wrong[i]));
	}
}

/* ---- Nesting ---- */

/* `depth` times `open`, then as often `close`. */
static const char *nest(const char *open, const char *close, unsigned depth)
{
	static char text[1024];
	char *at = text;
	unsigned i;

	for (i = 0; i < depth; i++)
		at += sprintf(at, "%s", open);
	at += sprintf(at, "%s", *close == '}' ? "0" : "");
	for (i = 0; i < depth; i++)
		at += sprintf(at, "%s", close);
	return text;
}

TEST(nesting_has_a_limit)
{
	struct vmc_json_reader r;

	accept(nest("[", "]", VMC_JSON_DEPTH_MAX));
	accept(nest("{\"a\":", "}", VMC_JSON_DEPTH_MAX));
	CHECK_EQ_INT(skipped(&r, nest("[", "]", VMC_JSON_DEPTH_MAX + 1)),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(r.what, "nested deeper than VMC_JSON_DEPTH_MAX");
	CHECK_EQ_INT(at(&r), VMC_JSON_DEPTH_MAX);
	CHECK_EQ_INT(skipped(&r, nest("{\"a\":", "}", VMC_JSON_DEPTH_MAX + 1)),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(at(&r), 5 * VMC_JSON_DEPTH_MAX);
	CHECK_EQ_INT(skipped(&r, nest("[", "]", 500)), VMC_ERR_TOO_BIG);
}

/* Objects in arrays and arrays in objects: each level knows what it is. */
TEST(levels_are_told_apart)
{
	accept("[{\"a\":[{\"b\":[]}]},[{}]]");
	refuse("[{\"a\":[{\"b\":[}]}]", "value expected", 13);
	refuse("{\"a\":[1,2}", "',' or ']' expected", 9);
	refuse("[{\"a\":1],1]", "',' or '}' expected", 7);
	refuse("[[],{},1:2]", "',' or ']' expected", 8);
}

/* ---- Asking ---- */

TEST(peek_takes_nothing)
{
	static const struct {
		const char *text;
		enum vmc_json_type type;
	} rows[] = {
		{ " {", VMC_JSON_OBJECT },  { "[", VMC_JSON_ARRAY },
		{ "\"", VMC_JSON_STRING },  { "-", VMC_JSON_NUMBER },
		{ "\n9", VMC_JSON_NUMBER }, { "t", VMC_JSON_BOOL },
		{ "f", VMC_JSON_BOOL },     { "n", VMC_JSON_NULL },
		{ "", VMC_JSON_INVALID },   { " ", VMC_JSON_INVALID },
		{ "}", VMC_JSON_INVALID },  { "\xff", VMC_JSON_INVALID },
	};
	struct vmc_json_reader r;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_text(&r, rows[i].text);
		CHECK_EQ_INT(vmc_json_peek(&r), rows[i].type);
		CHECK_EQ_INT(at(&r), 0);
		CHECK_EQ_INT(r.fail, VMC_OK);
	}
}

TEST(members_and_elements)
{
	struct vmc_json_reader r;
	struct vmc_view key;
	uint64_t sum = 0;

	open_text(&r, "{\"a\": [1, 2, [], 3], \"b\": {}, \"c\\u0064\": 4}");
	vmc_json_enter_object(&r);
	CHECK(vmc_json_next_member(&r, &key));
	CHECK(vmc_json_text_is(key, "a"));
	vmc_json_enter_array(&r);
	while (vmc_json_next_element(&r)) {
		if (vmc_json_peek(&r) == VMC_JSON_NUMBER) {
			sum += vmc_json_take_u64(&r, 10);
		} else {
			vmc_json_enter_array(&r);
			CHECK(!vmc_json_next_element(&r));
		}
	}
	CHECK_EQ_INT(sum, 6);
	CHECK(vmc_json_next_member(&r, &key));
	CHECK(vmc_json_text_is(key, "b"));
	vmc_json_enter_object(&r);
	CHECK(!vmc_json_next_member(&r, &key));
	CHECK(vmc_json_next_member(&r, &key));
	CHECK(vmc_json_text_is(key, "cd"));
	CHECK_EQ_INT(vmc_json_take_u64(&r, 4), 4);
	CHECK(!vmc_json_next_member(&r, &key));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_OK);
}

TEST(a_key_that_stands_twice_is_announced_twice)
{
	struct vmc_json_reader r;
	struct vmc_view key;
	uint64_t last = 0;
	unsigned times = 0;

	open_text(&r, "{\"a\":1,\"a\":2}");
	vmc_json_enter_object(&r);
	for (; vmc_json_next_member(&r, &key); times++)
		last = vmc_json_take_u64(&r, 9);
	CHECK_EQ_INT(times, 2);
	CHECK_EQ_INT(last, 2);
}

TEST(wrong_types_are_refused)
{
	struct vmc_json_reader r;

	open_text(&r, " 1");
	CHECK_EQ_INT(vmc_json_take_string(&r).ptr_len, 0);
	CHECK_EQ_STR(r.what, "string expected");
	CHECK_EQ_INT(at(&r), 1);
	open_text(&r, "\"1\"");
	CHECK_EQ_INT(vmc_json_take_u64(&r, 9), 0);
	CHECK_EQ_STR(r.what, "number expected");
	open_text(&r, "0");
	CHECK(!vmc_json_take_bool(&r));
	CHECK_EQ_STR(r.what, "true or false expected");
	open_text(&r, "0");
	vmc_json_take_null(&r);
	CHECK_EQ_STR(r.what, "null expected");
	open_text(&r, "[]");
	vmc_json_enter_object(&r);
	CHECK_EQ_STR(r.what, "object expected");
	open_text(&r, "{}");
	vmc_json_enter_array(&r);
	CHECK_EQ_STR(r.what, "array expected");
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
}

/* After a failure nothing is taken, and loops end. */
TEST(failure_stays)
{
	struct vmc_json_reader r;
	struct vmc_view key;
	char out[4] = "xyz";

	open_text(&r, "[true]");
	vmc_json_enter_object(&r);
	CHECK(!vmc_json_next_member(&r, &key));
	CHECK_EQ_INT(key.ptr_len, 0);
	CHECK(!vmc_json_next_element(&r));
	vmc_json_enter_array(&r);
	CHECK(!vmc_json_take_bool(&r));
	CHECK_EQ_INT(vmc_json_take_u64(&r, 9), 0);
	CHECK_EQ_INT(vmc_json_take_text(&r, out, sizeof(out)), 0);
	CHECK_EQ_STR(out, "");
	CHECK_EQ_INT(vmc_json_take_value(&r).ptr_len, 0);
	vmc_json_skip(&r);
	vmc_json_take_null(&r);
	CHECK_EQ_INT(vmc_json_peek(&r), VMC_JSON_INVALID);
	vmc_json_refuse(&r, VMC_ERR_IO, "later");
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(r.what, "object expected");
	CHECK_EQ_INT(at(&r), 0);
}

/* Asked out of turn: an error, never a step outside. */
TEST(out_of_turn)
{
	struct vmc_json_reader r;
	struct vmc_view key;

	open_text(&r, "[]");
	CHECK(!vmc_json_next_element(&r));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_STATE);
	open_text(&r, "{}");
	vmc_json_enter_object(&r);
	CHECK(!vmc_json_next_element(&r));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_STATE);
	open_text(&r, "[]");
	vmc_json_enter_array(&r);
	CHECK(!vmc_json_next_member(&r, &key));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_STATE);
	open_text(&r, "[1]");
	vmc_json_enter_array(&r);
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_STATE);
	/* a value that was announced and not taken */
	open_text(&r, "[1,2]");
	vmc_json_enter_array(&r);
	CHECK(vmc_json_next_element(&r));
	CHECK(!vmc_json_next_element(&r));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
}

TEST(no_document)
{
	struct vmc_json_reader r;

	vmc_json_reader_init(&r, vmc_view_of(NULL));
	CHECK_EQ_INT(vmc_json_peek(&r), VMC_JSON_INVALID);
	vmc_json_skip(&r);
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_MALFORMED);
}

/* ---- Integers ---- */

static enum vmc_status u64_of(const char *text, uint64_t max, uint64_t *value)
{
	struct vmc_json_reader r;

	open_text(&r, text);
	*value = vmc_json_take_u64(&r, max);
	return vmc_json_end(&r);
}

TEST(unsigned_integers)
{
	uint64_t value;

	CHECK_EQ_INT(u64_of("0", 0, &value), VMC_OK);
	CHECK_EQ_INT(value, 0);
	CHECK_EQ_INT(u64_of("7", 6, &value), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(u64_of("7", 7, &value), VMC_OK);
	CHECK_EQ_INT(value, 7);
	CHECK_EQ_INT(u64_of("70", 69, &value), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(u64_of(" 4294967295 ", UINT32_MAX, &value), VMC_OK);
	CHECK_EQ_INT(value, UINT32_MAX);
	CHECK_EQ_INT(u64_of("4294967296", UINT32_MAX, &value), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(value, 0);
	CHECK_EQ_INT(u64_of("18446744073709551615", UINT64_MAX, &value),
		     VMC_OK);
	CHECK(value == UINT64_MAX);
	CHECK_EQ_INT(u64_of("18446744073709551616", UINT64_MAX, &value),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(u64_of("99999999999999999999999999", UINT64_MAX, &value),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(u64_of("-1", UINT64_MAX, &value), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(u64_of("-0", 0, &value), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(u64_of("1.0", 9, &value), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(u64_of("1e0", 9, &value), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(value, 0);
}

/* The position of a number out of range is where it begins. */
TEST(position_of_a_refused_value)
{
	struct vmc_json_reader r;

	open_text(&r, "[1,  300]");
	vmc_json_enter_array(&r);
	CHECK(vmc_json_next_element(&r));
	CHECK_EQ_INT(vmc_json_take_u64(&r, 255), 1);
	CHECK(vmc_json_next_element(&r));
	CHECK_EQ_INT(vmc_json_take_u64(&r, 255), 0);
	CHECK_EQ_INT(at(&r), 5);
	CHECK_EQ_STR(r.what, "number out of range");

	open_text(&r, "[ {\"a\":[1]} ,2]");
	vmc_json_enter_array(&r);
	CHECK(vmc_json_next_element(&r));
	vmc_json_skip(&r);
	vmc_json_refuse(&r, VMC_ERR_UNSUPPORTED, "of no use");
	CHECK_EQ_INT(at(&r), 2);
	CHECK_EQ_INT(vmc_json_end(&r), VMC_ERR_UNSUPPORTED);
}

/* ---- Texts ---- */

/* The text of a document that is one string, decoded. */
static const char *text_of(const char *document, size_t cap)
{
	static char out[64];
	struct vmc_json_reader r;
	size_t len;

	memset(out, 'x', sizeof(out));
	open_text(&r, document);
	len = vmc_json_take_text(&r, out, cap);
	CHECK_EQ_INT(strlen(out), len);
	CHECK(cap == sizeof(out) || out[cap] == 'x');
	if (r.fail == VMC_ERR_TOO_BIG)
		return "too big";
	return vmc_json_end(&r) ? r.what : out;
}

TEST(texts_are_decoded)
{
	CHECK_EQ_STR(text_of("\"\"", 1), "");
	CHECK_EQ_STR(text_of("\"/run/vc\"", 64), "/run/vc");
	CHECK_EQ_STR(text_of("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", 64),
		     "\"\\/\b\f\n\r\t");
	CHECK_EQ_STR(text_of("\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00\"", 64),
		     "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	CHECK_EQ_STR(text_of("\"\\u007f\\u0080\\u07ff\\u0800\\uffff\"", 64),
		     "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
	CHECK_EQ_STR(text_of("\"\\udbff\\udfff\"", 64), "\xf4\x8f\xbf\xbf");
	CHECK_EQ_STR(text_of("\"a\\u0000b\"", 64), "NUL in a string");
}

TEST(texts_fit_or_are_refused)
{
	CHECK_EQ_STR(text_of("\"abc\"", 4), "abc");
	CHECK_EQ_STR(text_of("\"abc\"", 3), "too big");
	CHECK_EQ_STR(text_of("\"a\"", 1), "too big");
	CHECK_EQ_STR(text_of("\"ab\\u20ac\"", 6), "ab\xe2\x82\xac");
	CHECK_EQ_STR(text_of("\"ab\\u20ac\"", 5), "too big");
}

static struct vmc_view raw_of(const char *raw)
{
	return vmc_view_of(raw);
}

TEST(texts_are_compared_by_meaning)
{
	CHECK(vmc_json_text_is(raw_of(""), ""));
	CHECK(vmc_json_text_is(raw_of("a\\u0062c"), "abc"));
	CHECK(!vmc_json_text_is(raw_of("abc"), "ab"));
	CHECK(!vmc_json_text_is(raw_of("ab"), "abc"));
	CHECK(!vmc_json_text_is(raw_of("ABC"), "abc"));
	CHECK(!vmc_json_text_is(raw_of("\\u00e9"), "\xc3"));
	CHECK(vmc_json_text_equal(raw_of("\\u0061\\/"), raw_of("a/")));
	CHECK(vmc_json_text_equal(raw_of("\\ud83d\\ude00"),
				  raw_of("\xf0\x9f\x98\x80")));
	CHECK(!vmc_json_text_equal(raw_of("a"), raw_of("ab")));
	CHECK(!vmc_json_text_equal(raw_of("ab"), raw_of("a")));
	CHECK(!vmc_json_text_equal(raw_of("a"), raw_of("A")));
	CHECK(vmc_json_text_equal(raw_of(NULL), raw_of("")));
	/* a NUL is a character like others */
	CHECK(!vmc_json_text_is(raw_of("a\\u0000"), "a"));
}

TEST(raw_texts_are_what_stands_between_the_quotes)
{
	struct vmc_json_reader r;
	struct vmc_view raw;
	uint8_t out[4];

	open_text(&r, " \"a\\u20ac\\n\" ");
	raw = vmc_json_take_string(&r);
	CHECK(vmc_view_is(raw, "a\\u20ac\\n"));
	CHECK_EQ_INT(vmc_json_text_next(&raw, out), 1);
	CHECK_EQ_INT(out[0], 'a');
	CHECK(vmc_view_is(raw, "\\u20ac\\n"));
	CHECK_EQ_INT(vmc_json_text_next(&raw, out), 3);
	CHECK_EQ_MEM(out, "\xe2\x82\xac", 3);
	CHECK(vmc_view_is(raw, "\\n"));
	CHECK_EQ_INT(vmc_json_text_next(&raw, out), 1);
	CHECK_EQ_INT(out[0], '\n');
	CHECK_EQ_INT(raw.ptr_len, 0);
	CHECK_EQ_INT(vmc_json_text_next(&raw, out), 0);
	CHECK_EQ_INT(vmc_json_end(&r), VMC_OK);
}

static int bool_of(const char *text, enum vmc_status want)
{
	struct vmc_json_reader r;
	int truth;

	open_text(&r, text);
	truth = vmc_json_take_bool(&r);
	CHECK_EQ_INT(vmc_json_end(&r), want);
	return truth;
}

TEST(truth)
{
	CHECK_EQ_INT(bool_of(" true ", VMC_OK), 1);
	CHECK_EQ_INT(bool_of("false", VMC_OK), 0);
	CHECK_EQ_INT(bool_of("trux", VMC_ERR_MALFORMED), 0);
	CHECK_EQ_INT(bool_of("falsx", VMC_ERR_MALFORMED), 0);
	CHECK_EQ_INT(bool_of("null", VMC_ERR_MALFORMED), 0);
}

TEST(values_as_they_stand)
{
	struct vmc_json_reader r;
	struct vmc_view key, value;

	open_text(&r, "{\"a\":  {\"b\" : [1, 2]} , \"c\":\"x\"}");
	vmc_json_enter_object(&r);
	CHECK(vmc_json_next_member(&r, &key));
	value = vmc_json_take_value(&r);
	CHECK(vmc_view_is(value, "{\"b\" : [1, 2]}"));
	CHECK(vmc_json_next_member(&r, &key));
	value = vmc_json_take_value(&r);
	CHECK(vmc_view_is(value, "\"x\""));
	CHECK(!vmc_json_next_member(&r, &key));
	CHECK_EQ_INT(vmc_json_end(&r), VMC_OK);
}

/* ---- Numbers compared ---- */

static int same_number(const char *a, const char *b)
{
	int equal = vmc_json_number_equal(vmc_view_of(a), vmc_view_of(b));

	CHECK_EQ_INT(vmc_json_number_equal(vmc_view_of(b), vmc_view_of(a)),
		     equal);
	return equal;
}

TEST(numbers_are_compared_by_value)
{
	CHECK(same_number("1", "1.0"));
	CHECK(same_number("1", "1.000"));
	CHECK(same_number("1.5", "1.50"));
	CHECK(same_number("-1.5e7", "-1.500e7"));
	CHECK(same_number("10", "10.0"));
	CHECK(same_number("0", "0.000"));
	CHECK(same_number("0.05", "0.0500"));
	CHECK(same_number("123456789012345678901234567890",
			  "123456789012345678901234567890.0"));
	CHECK(!same_number("1", "-1"));
	CHECK(!same_number("1", "0"));
	CHECK(!same_number("1", "10"));
	CHECK(!same_number("1", "100"));
	CHECK(!same_number("1", "0.1"));
	CHECK(!same_number("12", "1.2"));
	CHECK(!same_number("1.01", "1.001"));
	CHECK(!same_number("101", "11"));
	CHECK(!same_number("9007199254740993", "9007199254740992"));
	CHECK(!same_number("1e7", "1e8"));
	/* an exponent is compared as it stands */
	CHECK(same_number("1e+21", "1.0e+21"));
	CHECK(!same_number("1", "1e0"));
	CHECK(!same_number("0", "-0"));
	CHECK(!same_number("1e7", "1E7"));
}

/* ---- Saying what was wrong ---- */

TEST(explained)
{
	struct vmc_json_reader r;
	struct vmc_error error;

	vmc_error_reset(&error);
	CHECK_EQ_INT(skipped(&r, "{\"a\":tru}"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(vmc_json_explain(&r, "greeting", &error),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "greeting: value expected at byte 5");
	CHECK_EQ_INT(error.status, VMC_ERR_MALFORMED);
	CHECK_EQ_INT(vmc_json_explain(&r, "greeting", NULL), VMC_ERR_MALFORMED);
}

TESTS(RUN(documents)
      RUN(structure_is_strict)
      RUN(words_are_strict)
      RUN(numbers_are_strict)
      RUN(strings_are_strict)
      RUN(nul_is_no_escape)
      RUN(surrogates_come_in_pairs)
      RUN(utf8_is_strict)
      RUN(every_truncation_is_refused)
      RUN(every_changed_byte_is_survived)
      RUN(right_ones_that_others_refuse)
      RUN(wrong_ones_that_others_take)
      RUN(nesting_has_a_limit)
      RUN(levels_are_told_apart)
      RUN(peek_takes_nothing)
      RUN(members_and_elements)
      RUN(a_key_that_stands_twice_is_announced_twice)
      RUN(wrong_types_are_refused)
      RUN(failure_stays)
      RUN(out_of_turn)
      RUN(no_document)
      RUN(unsigned_integers)
      RUN(position_of_a_refused_value)
      RUN(texts_are_decoded)
      RUN(texts_fit_or_are_refused)
      RUN(texts_are_compared_by_meaning)
      RUN(raw_texts_are_what_stands_between_the_quotes)
      RUN(truth)
      RUN(values_as_they_stand)
      RUN(numbers_are_compared_by_value)
      RUN(explained));
