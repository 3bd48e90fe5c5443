/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts and views: what fits stays as it is, what does not ends in "...",
 * and nothing that comes out can break a terminal, a log or a protobuf.
 */
#include "test.h"

#include "vmcache/view.h"
#include "../../src/base/divide.h"
#include "../../src/base/text.h"

static struct vmc_view bytes_of(const char *bytes, size_t len)
{
	struct vmc_view view = { (const uint8_t *)bytes, len };

	return view;
}

TEST(view_of_null_is_absent)
{
	CHECK(vmc_view_of(NULL).ptr == NULL);
	CHECK_EQ_INT(vmc_view_of(NULL).ptr_len, 0);
	CHECK_EQ_INT(vmc_view_of("").ptr_len, 0);
	CHECK_EQ_INT(vmc_view_of("abc").ptr_len, 3);
}

TEST(views_compare_bytes)
{
	CHECK(vmc_view_equal(vmc_view_of(NULL), vmc_view_of("")));
	CHECK(vmc_view_equal(vmc_view_of("ab"), bytes_of("abc", 2)));
	CHECK(!vmc_view_equal(vmc_view_of("ab"), vmc_view_of("abc")));
	CHECK(!vmc_view_equal(vmc_view_of("ab"), vmc_view_of("ac")));
	CHECK(vmc_view_is(bytes_of("Status!", 6), "Status"));
	CHECK(!vmc_view_is(bytes_of("Status\0", 7), "Status"));
	CHECK(vmc_view_is(vmc_view_of(NULL), ""));
	CHECK(vmc_view_is(vmc_view_of(NULL), NULL));
}

TEST(text_grows_by_pieces)
{
	struct vmc_text text;
	char out[32];

	vmc_text_init(&text, out, sizeof(out));
	CHECK_EQ_STR(out, "");
	vmc_text_add(&text, "slot ");
	vmc_text_add_number(&text, 7);
	vmc_text_add(&text, NULL);
	vmc_text_add_view(&text, bytes_of(": gone", 3));
	CHECK_EQ_STR(out, "slot 7: g");
	CHECK_EQ_INT(text.len, 9);
	CHECK(!text.cut);
}

TEST(numbers_in_decimal)
{
	static const struct {
		uint64_t number;
		const char *text;
	} rows[] = {
		{ 0, "0" },
		{ 9, "9" },
		{ 10, "10" },
		{ 4194304, "4194304" },
		{ UINT64_MAX, "18446744073709551615" },
	};
	struct vmc_text text;
	char out[32];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		vmc_text_init(&text, out, sizeof(out));
		vmc_text_add_number(&text, rows[i].number);
		CHECK_EQ_STR(out, rows[i].text);
	}
}

TEST(text_that_just_fits_is_whole)
{
	struct vmc_text text;
	char out[8];

	vmc_text_init(&text, out, sizeof(out));
	vmc_text_add(&text, "1234567");
	CHECK_EQ_STR(out, "1234567");
	CHECK(!text.cut);
	vmc_text_add(&text, "8");
	CHECK_EQ_STR(out, "1234...");
	CHECK(text.cut);
}

TEST(text_that_was_cut_stays_so)
{
	struct vmc_text text;
	char out[8];

	vmc_text_init(&text, out, sizeof(out));
	vmc_text_add(&text, "123456789");
	vmc_text_add(&text, "x");
	vmc_text_add_number(&text, 5);
	CHECK_EQ_STR(out, "1234...");
}

TEST(text_goes_on_after_what_is_there)
{
	struct vmc_text text;
	char out[16] = "begun";

	vmc_text_append_to(&text, out, sizeof(out));
	vmc_text_add(&text, ": more");
	CHECK_EQ_STR(out, "begun: more");
	vmc_text_append_to(&text, out, sizeof(out));
	vmc_text_add(&text, " than fits");
	CHECK_EQ_STR(out, "begun: more ...");
}

/* Characters of 1 to 4 bytes, cut at every length. */
TEST(text_is_cut_between_characters)
{
	static const char full[] = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7z";
	struct vmc_text text;
	char out[sizeof(full) + 8];
	size_t cap, keep;

	for (cap = 4; cap <= sizeof(full); cap++) {
		memset(out, '#', sizeof(out));
		vmc_text_init(&text, out, cap);
		vmc_text_add(&text, full);
		CHECK_EQ_INT(strlen(out), text.len);
		CHECK(text.len < cap);
		CHECK(out[cap] == '#');
		CHECK(vmc_utf8_valid(vmc_view_of(out)));
		CHECK_EQ_INT(text.cut, cap < sizeof(full));
		keep = text.cut ? text.len - 3 : text.len;
		CHECK_EQ_MEM(out, full, keep);
		if (text.cut)
			CHECK_EQ_STR(out + keep, "...");
	}
}

TEST(control_characters_do_not_come_out)
{
	char in[128], out[160];
	struct vmc_text text;
	size_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (char)i;
	vmc_text_init(&text, out, sizeof(out));
	vmc_text_add_view(&text, bytes_of(in, sizeof(in)));
	CHECK_EQ_INT(text.len, sizeof(in));
	for (i = 0; i < sizeof(in); i++) {
		if (i == '\n' || i == '\t' || i == '\r')
			CHECK_EQ_INT(out[i], ' ');
		else if (i < 0x20 || i == 0x7f)
			CHECK_EQ_INT(out[i], '?');
		else
			CHECK_EQ_INT(out[i], i);
	}
}

/* RFC 3629: first and last of each row of the syntax, and just outside. */
TEST(utf8_is_recognised)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\x01", 1 },
		{ "\x7f", 1 },
		{ "\x80", 0 },
		{ "\xbf", 0 },
		{ "\xc0\x80", 0 },
		{ "\xc1\xbf", 0 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbf", 2 },
		{ "\xdf\x7f", 0 },
		{ "\xdf\xc0", 0 },
		{ "\xe0\x9f\xbf", 0 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xed\xa0\x80", 0 },
		{ "\xed\xbf\xbf", 0 },
		{ "\xee\x80\x80", 3 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xef\xbf", 0 },
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf0\x90\x80", 0 },
		{ "\xf0\x90\x80\x7f", 0 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\xf4\x90\x80\x80", 0 },
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xff", 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK_EQ_INT(vmc_utf8_sequence(vmc_view_of(rows[i].bytes)),
			     rows[i].len);
		CHECK_EQ_INT(vmc_utf8_valid(vmc_view_of(rows[i].bytes)),
			     rows[i].len > 0);
	}
	CHECK(vmc_utf8_valid(vmc_view_of("")));
	CHECK(vmc_utf8_valid(bytes_of("a\0b", 3)));
	CHECK(!vmc_utf8_valid(vmc_view_of("ok\xff")));
}

/* Every sequence of three bytes out of the telling ones. */
TEST(whatever_goes_in_utf8_comes_out)
{
	static const uint8_t telling[] = { 0x00, 0x0a, 'a',  0x7f, 0x80,
					   0x9f, 0xa0, 0xbf, 0xc2, 0xe0,
					   0xed, 0xef, 0xf0, 0xf4, 0xff };
	size_t n = sizeof(telling), i, k;
	struct vmc_text text;
	uint8_t in[3];
	char out[16];

	for (i = 0; i < n * n * n; i++) {
		in[0] = telling[i % n];
		in[1] = telling[i / n % n];
		in[2] = telling[i / n / n];
		vmc_text_init(&text, out, sizeof(out));
		vmc_text_add_view(&text, bytes_of((char *)in, sizeof(in)));
		CHECK_EQ_INT(strlen(out), text.len);
		CHECK(vmc_utf8_valid(vmc_view_of(out)));
		for (k = 0; k < text.len; k++)
			CHECK((uint8_t)out[k] >= 0x20 && out[k] != 0x7f);
	}
}

TEST(division_is_the_compilers)
{
	static const uint64_t numbers[] = {
		0,
		1,
		9,
		10,
		11,
		999999,
		1000000,
		UINT32_MAX,
		UINT32_MAX + 1ull,
		12345678901234567890u,
		INT64_MAX,
		UINT64_MAX,
	};
	static const uint32_t divisors[] = { 1, 2, 7, 10, 1000000, 1u << 31 };
	size_t i, j;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		for (j = 0; j < sizeof(divisors) / sizeof(divisors[0]); j++) {
			uint64_t number = numbers[i];

			CHECK(vmc_divide(&number, divisors[j]) ==
			      numbers[i] % divisors[j]);
			CHECK(number == numbers[i] / divisors[j]);
		}
	}
}

TESTS(RUN(view_of_null_is_absent)
      RUN(views_compare_bytes)
      RUN(text_grows_by_pieces)
      RUN(numbers_in_decimal)
      RUN(division_is_the_compilers)
      RUN(text_that_just_fits_is_whole)
      RUN(text_that_was_cut_stays_so)
      RUN(text_goes_on_after_what_is_there)
      RUN(text_is_cut_between_characters)
      RUN(control_characters_do_not_come_out)
      RUN(utf8_is_recognised)
      RUN(whatever_goes_in_utf8_comes_out));
