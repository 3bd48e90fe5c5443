/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last bytes of a console, and the ready text in whatever pieces.
 */
#include "../../port/qemu/qemu_console.h"
#include "test.h"

static struct vmc_qemu_console console;

static void begin(void)
{
	memset(&console, 0, sizeof(console));
}

static int hear(const char *text, const char *ready)
{
	return vmc_qemu_console_hear(&console, text, strlen(text), ready);
}

static int shows(const char *text)
{
	return vmc_view_is(vmc_qemu_console_view(&console), text);
}

TEST(what_was_said_is_shown)
{
	begin();
	CHECK(vmc_qemu_console_view(&console).ptr == NULL);
	CHECK(!console.seen);
	CHECK(!hear("one\r\n", NULL));
	CHECK(console.seen);
	vmc_qemu_console_add(&console, "two\n", 4);
	CHECK(shows("one\ntwo\n"));
}

TEST(control_characters_are_not_shown)
{
	begin();
	vmc_qemu_console_add(&console, "a\tb\033[0m\0c\177\xc3\xa4", 13);
	CHECK(shows("a b?[0mc?\xc3\xa4"));
}

TEST(the_oldest_goes_first)
{
	struct vmc_view view;
	unsigned i;
	char line[16];

	begin();
	for (i = 0; i < 10000; i++) {
		snprintf(line, sizeof(line), "line %u\n", i);
		hear(line, NULL);
		view = vmc_qemu_console_view(&console);
		CHECK(view.ptr_len <= VMC_QEMU_CONSOLE_SIZE);
		CHECK(view.ptr_len >= strlen(line));
		CHECK_EQ_MEM(view.ptr + view.ptr_len - strlen(line), line,
			     strlen(line));
	}
	CHECK(view.ptr_len >= VMC_QEMU_CONSOLE_SIZE / 2);
}

TEST(a_ready_text_is_found_wherever_it_is_cut)
{
	static const char speech[] = "booting\r\nnot rready, now: ready\n";
	size_t cut;
	char first[64];

	for (cut = 0; cut <= strlen(speech); cut++) {
		begin();
		memcpy(first, speech, cut);
		first[cut] = '\0';
		CHECK_EQ_INT(hear(first, ": ready\n") +
				     hear(speech + cut, ": ready\n"),
			     1);
	}
}

TEST(a_ready_text_is_found_byte_by_byte_in_a_full_console)
{
	char byte[2] = "x";
	unsigned i;
	int found = 0;

	begin();
	for (i = 0; i < 3 * VMC_QEMU_CONSOLE_SIZE; i++)
		CHECK(!hear(byte, "aab"));
	for (i = 0; i < 4; i++) {
		byte[0] = "aaab"[i];
		found += hear(byte, "aab");
	}
	CHECK_EQ_INT(found, 1);
	CHECK(!hear("x", "aab")); /* said once, found once */
}

TEST(what_qemu_says_makes_no_guest_ready)
{
	begin();
	hear("rea", "ready");
	vmc_qemu_console_add(&console, "ready", 5);
	CHECK(!hear("dy", "ready"));
	CHECK(hear(" ready", "ready"));
}

TEST(the_last_line_that_is_not_blank_is_found)
{
	begin();
	CHECK_EQ_INT(vmc_qemu_console_last_words(&console).ptr_len, 0);
	hear("\n \n", NULL);
	CHECK_EQ_INT(vmc_qemu_console_last_words(&console).ptr_len, 0);
	hear("first\n", NULL);
	CHECK(vmc_view_is(vmc_qemu_console_last_words(&console), "first"));
	hear("second \n \n", NULL);
	CHECK(vmc_view_is(vmc_qemu_console_last_words(&console), "second"));
	hear("third", NULL);
	CHECK(vmc_view_is(vmc_qemu_console_last_words(&console), "third"));
}

/* What follows it in a panic of Linux's is twice what is kept. */
static void go_on(unsigned lines)
{
	while (lines--)
		hear("[    1.493705]  panic+0x118/0x2f4\r\n", NULL);
}

TEST(a_panic_is_told_rather_than_the_last_line)
{
	static const char panic[] = "[    1.486986] Kernel panic - not syncing:"
				    " Attempted to kill init!";
	unsigned lines;

	for (lines = 0; lines < 200; lines++) {
		begin();
		hear("init: going\n", NULL);
		hear(panic, NULL);
		hear("\r\n", NULL);
		go_on(lines);
		CHECK(vmc_view_is(vmc_qemu_console_last_words(&console),
				  panic));
	}
	vmc_qemu_console_restart(&console);
	hear("another\n", NULL);
	CHECK(vmc_view_is(vmc_qemu_console_last_words(&console), "another"));
}

TEST(a_panic_without_end_is_cut)
{
	char letters[QEMU_CONSOLE_CHUNK + 1];
	struct vmc_view words;
	unsigned i;

	begin();
	memset(letters, 'x', sizeof(letters) - 1);
	letters[sizeof(letters) - 1] = '\0';
	hear("Kernel panic - ", NULL);
	for (i = 0; i < 2 * VMC_QEMU_CONSOLE_SIZE; i += QEMU_CONSOLE_CHUNK)
		hear(letters, NULL);
	words = vmc_qemu_console_last_words(&console);
	CHECK_EQ_INT(words.ptr_len, QEMU_PANIC_SIZE);
	CHECK_EQ_MEM(words.ptr, "Kernel panic - xx", 17);
}

TESTS(RUN(what_was_said_is_shown) RUN(control_characters_are_not_shown) RUN(
	the_oldest_goes_first) RUN(a_ready_text_is_found_wherever_it_is_cut)
	      RUN(a_ready_text_is_found_byte_by_byte_in_a_full_console)
		      RUN(what_qemu_says_makes_no_guest_ready)
			      RUN(the_last_line_that_is_not_blank_is_found) RUN(
				      a_panic_is_told_rather_than_the_last_line)
				      RUN(a_panic_without_end_is_cut))
