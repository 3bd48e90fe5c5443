/* SPDX-License-Identifier: Apache-2.0 */
/* The server's log: its lines, its escapes, and a reader that is slow. */
#include "../../port/cli/cli_log.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../../port/cli/cli_escape.h"
#include "test.h"

static struct cli_log logs;
static int pipe_fd[2];
static char got[65536];

static void begin(enum cli_level level)
{
	CHECK_EQ_INT(pipe(pipe_fd), 0);
	cli_log_init(&logs, pipe_fd[1], level);
}

/* All that lies in the pipe. */
static const char *drain(void)
{
	ssize_t len;

	fcntl(pipe_fd[0], F_SETFL, O_NONBLOCK);
	len = read(pipe_fd[0], got, sizeof(got) - 1);
	got[len > 0 ? len : 0] = '\0';
	return got;
}

static void end(void)
{
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	if (logs.fd != pipe_fd[1])
		close(logs.fd);
}

static void check_time(int64_t seconds, const char *text)
{
	char out[CLI_TIME_SIZE];

	cli_log_time(out, seconds, 7);
	CHECK_EQ_STR(out, text);
}

TEST(times_are_civil)
{
	check_time(0, "1970-01-01T00:00:00.007Z");
	check_time(-1, "1969-12-31T23:59:59.007Z");
	check_time(951782399, "2000-02-28T23:59:59.007Z");
	check_time(951782400, "2000-02-29T00:00:00.007Z");
	check_time(1709251200, "2024-03-01T00:00:00.007Z");
	check_time(4107542400, "2100-03-01T00:00:00.007Z");
	check_time(1704067199, "2023-12-31T23:59:59.007Z");
}

/* Against libc's own, a prime number of seconds apart. */
TEST(times_are_those_of_libc)
{
	char out[CLI_TIME_SIZE], expected[32];

	for (int64_t t = -2000000000; t < 8000000000; t += 7654321) {
		time_t seconds = (time_t)t;
		struct tm tm;

		gmtime_r(&seconds, &tm);
		strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.000Z",
			 &tm);
		cli_log_time(out, t, 0);
		CHECK_EQ_STR(out, expected);
	}
}

TEST(a_line_has_time_level_event_and_values)
{
	begin(CLI_LOG_INFO);
	cli_log_begin(&logs, CLI_LOG_INFO, "vm-ready");
	cli_log_number(&logs, "slot", 0);
	cli_log_text(&logs, "id", "a-b");
	cli_log_number(&logs, "delta", -3);
	cli_log_end(&logs);
	drain();
	CHECK_EQ_INT(got[10], 'T');
	CHECK_EQ_INT(got[23], 'Z');
	CHECK_EQ_STR(got + 24, " info  vm-ready slot=0 id=a-b delta=-3\n");
	end();
}

static void check_value(const char *value, const char *shown)
{
	char expected[256];

	cli_log_begin(&logs, CLI_LOG_WARN, "e");
	cli_log_text(&logs, "k", value);
	cli_log_end(&logs);
	snprintf(expected, sizeof(expected), " warn  e k=%s\n", shown);
	CHECK_EQ_STR(drain() + 24, expected);
}

TEST(values_are_quoted_when_they_must_be)
{
	begin(CLI_LOG_INFO);
	check_value("plain-1.2/3:4", "plain-1.2/3:4");
	check_value("", "\"\"");
	check_value("two words", "\"two words\"");
	check_value("say \"hi\"", "\"say \\\"hi\\\"\"");
	check_value("a=b", "\"a=b\"");
	check_value("c:\\d", "\"c:\\\\d\"");
	check_value("line\nnext\ttab\r", "\"line\\nnext\\ttab\\r\"");
	check_value("\033[2J\x7f", "\"\\x1b[2J\\x7f\"");
	check_value("\xc2\x9b", "\"\\xc2\\x9b\"");
	end();
}

TEST(levels_are_left_out)
{
	begin(CLI_LOG_WARN);
	cli_log_begin(&logs, CLI_LOG_INFO, "info");
	cli_log_text(&logs, "k", "v");
	cli_log_end(&logs);
	cli_log_begin(&logs, CLI_LOG_ERROR, "error");
	cli_log_end(&logs);
	CHECK_EQ_STR(drain() + 24, " error error\n");
	end();
	CHECK_EQ_INT(cli_log_level("error"), CLI_LOG_ERROR);
	CHECK_EQ_INT(cli_log_level("warn"), CLI_LOG_WARN);
	CHECK_EQ_INT(cli_log_level("info"), CLI_LOG_INFO);
	CHECK_EQ_INT(cli_log_level("debug"), CLI_LOG_DEBUG);
}

TEST(an_endless_value_fits_the_line)
{
	static char value[8192];

	memset(value, 1, sizeof(value) - 1);
	begin(CLI_LOG_INFO);
	cli_log_begin(&logs, CLI_LOG_INFO, "e");
	for (int i = 0; i < 8; i++)
		cli_log_text(&logs, "k", value);
	cli_log_end(&logs);
	CHECK_EQ_INT(strlen(drain()), CLI_LOG_LINE_SIZE);
	CHECK_EQ_INT(got[CLI_LOG_LINE_SIZE - 1], '\n');
	end();
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void log_number(int number)
{
	cli_log_begin(&logs, CLI_LOG_INFO, "line");
	cli_log_number(&logs, "n", number);
	cli_log_end(&logs);
}

/* Lines in `text` whose event is that. */
static int count(const char *text, const char *event)
{
	int n = 0;

	for (; (text = strstr(text, event)); text++)
		n++;
	return n;
}

TEST(a_full_pipe_loses_lines_and_counts_them)
{
	uint64_t begun = now_ns();
	unsigned lost = 0;
	int kept;

	begin(CLI_LOG_INFO);
	for (int i = 0; i < 20000; i++)
		log_number(i);
	CHECK(now_ns() - begun < 5000000000u);
	kept = count(drain(), " line ");
	CHECK(kept > 100 && kept < 20000);
	CHECK_EQ_INT(got[strlen(got) - 1], '\n');
	log_number(-1);
	drain();
	CHECK_EQ_INT(sscanf(got + 24, " warn  log-lost lines=%u", &lost), 1);
	CHECK_EQ_INT((int)lost + kept, 20000);
	CHECK_EQ_INT(count(got, " line n=-1\n"), 1);
	log_number(-2);
	CHECK_EQ_INT(count(drain(), "log-lost"), 0);
	end();
}

TEST(the_inherited_pipe_keeps_its_flags)
{
	begin(CLI_LOG_INFO);
	log_number(1);
	CHECK_EQ_INT(fcntl(pipe_fd[1], F_GETFL) & O_NONBLOCK, 0);
	CHECK(logs.fd != pipe_fd[1]);
	end();
}

TEST(no_progress_without_a_terminal)
{
	begin(CLI_LOG_INFO);
	cli_log_progress(&logs, "1 of 2 ready");
	cli_log_close(&logs);
	CHECK_EQ_STR(drain(), "");
	end();
}

TEST(progress_is_wiped_before_a_line)
{
	begin(CLI_LOG_INFO);
	logs.terminal = 1;
	cli_log_progress(&logs, "0 of 2 ready");
	CHECK_EQ_STR(drain(), "0 of 2 ready");
	cli_log_progress(&logs, "0 of 2 ready");
	CHECK_EQ_STR(drain(), "");
	cli_log_progress(&logs, "1 of 2 ready");
	CHECK_EQ_STR(drain(), "\r\033[K1 of 2 ready");
	log_number(5);
	drain();
	CHECK_EQ_INT(strncmp(got, "\r\033[K", 4), 0);
	CHECK_EQ_STR(got + 28, " info  line n=5\n1 of 2 ready");
	cli_log_close(&logs);
	CHECK_EQ_STR(drain(), "\r\033[K");
	end();
}

static void check_event(const struct vmc_event *event, const char *line)
{
	cli_log_event(&logs, event);
	CHECK_EQ_STR(drain() + 24, line);
}

TEST(events_show_what_they_mean)
{
	struct vmc_event event = { .type = VMC_EVENT_VM_READY,
				   .slot = 3,
				   .pid = 77,
				   .ms = 42,
				   .id = "abc",
				   .text = "not shown",
				   .peer = { 1, 9, 8, 7 } };

	begin(CLI_LOG_INFO);
	check_event(&event, " info  vm-ready slot=3 id=abc pid=77 "
			    "took_ms=42\n");
	event.type = VMC_EVENT_VM_HANDED;
	check_event(&event, " info  vm-handed slot=3 id=abc pid=77 "
			    "peer_pid=9 peer_uid=8\n");
	event.peer.known = 0;
	event.type = VMC_EVENT_CONNECTION_BAD;
	strcpy(event.text, "first byte is 0x47");
	check_event(&event, " warn  connection-bad "
			    "reason=\"first byte is 0x47\"\n");
	event.type = VMC_EVENT_VM_FAILED;
	strcpy(event.text, "QEMU exited");
	check_event(&event, " error vm-failed slot=3 id=abc retry_ms=42 "
			    "reason=\"QEMU exited\"\n");
	end();
}

TEST(escapes_are_never_cut)
{
	char out[6];

	CHECK_EQ_INT(cli_escape(out, sizeof(out), "ab\x01", 3, ""), 2);
	CHECK_EQ_STR(out, "ab");
	CHECK_EQ_INT(cli_escape(out, sizeof(out), "a\x01", 2, ""), 5);
	CHECK_EQ_STR(out, "a\\x01");
	CHECK_EQ_INT(cli_escape(out, sizeof(out), "a\0b", 3, ""), 5);
	CHECK_EQ_STR(out, "a\\x00");
	CHECK_EQ_INT(cli_escape(out, 1, "a", 1, ""), 0);
	CHECK_EQ_STR(out, "");
}

TESTS(RUN(times_are_civil)
      RUN(times_are_those_of_libc)
      RUN(a_line_has_time_level_event_and_values)
      RUN(values_are_quoted_when_they_must_be)
      RUN(levels_are_left_out)
      RUN(an_endless_value_fits_the_line)
      RUN(a_full_pipe_loses_lines_and_counts_them)
      RUN(the_inherited_pipe_keeps_its_flags)
      RUN(no_progress_without_a_terminal)
      RUN(progress_is_wiped_before_a_line)
      RUN(events_show_what_they_mean)
      RUN(escapes_are_never_cut));
