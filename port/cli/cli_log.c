/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's log (see cli_log.h). A line is composed in log->line and
 * leaves by one write, or is lost as a whole.
 */
#include "cli_log.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli_escape.h"

/* Carriage return, then "erase to the end of the line" (ECMA-48 EL). */
#define WIPE "\r\033[K"

static const char *const level_names[] = { "error", "warn", "info", "debug" };

/* see cli_log.h */
enum cli_level cli_log_level(const char *name)
{
	for (int i = CLI_LOG_ERROR; i <= CLI_LOG_DEBUG; i++)
		if (strcmp(name, level_names[i]) == 0)
			return (enum cli_level)i;
	return CLI_LOG_INFO;
}

/*
 * A pipe's flags belong to all who share it, so O_NONBLOCK must not be set
 * on the one that was inherited: the reader's shell would have it too.
 * Opening it by its name in /proc gives flags of our own.
 */
static int own_pipe(int fd)
{
	struct stat st;
	char path[32];
	int own;

	if (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
		return fd;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	own = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	return own < 0 ? fd : own;
}

/* A terminal that can erase a line; "dumb" ones cannot. */
static int is_terminal(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) && term && term[0] && strcmp(term, "dumb") != 0;
}

/* see cli_log.h */
void cli_log_init(struct cli_log *log, int fd, enum cli_level level)
{
	memset(log, 0, sizeof(*log));
	log->fd = own_pipe(fd);
	log->level = level;
	log->terminal = (uint8_t)is_terminal(fd);
}

/* Writes all of it at once, without waiting, or says 0. */
static int write_now(const struct cli_log *log, const char *text, size_t len)
{
	struct pollfd ready = { .fd = log->fd, .events = POLLOUT };

	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT))
		return 0;
	return write(log->fd, text, len) == (ssize_t)len;
}

static void wipe(struct cli_log *log)
{
	if (log->drawn && write_now(log, WIPE, sizeof(WIPE) - 1))
		log->drawn = 0;
}

static void draw(struct cli_log *log)
{
	if (!log->terminal || !log->progress_len)
		return;
	wipe(log);
	log->drawn = (uint8_t)write_now(log, log->progress, log->progress_len);
}

/* see cli_log.h */
int cli_log_shows_progress(const struct cli_log *log)
{
	return log->terminal;
}

/* see cli_log.h */
void cli_log_progress(struct cli_log *log, const char *text)
{
	size_t len = strnlen(text, sizeof(log->progress));

	if (len == log->progress_len && memcmp(text, log->progress, len) == 0)
		return;
	memcpy(log->progress, text, len);
	log->progress_len = (uint32_t)len;
	draw(log);
}

/* see cli_log.h */
void cli_log_close(struct cli_log *log)
{
	wipe(log);
	log->terminal = 0;
}

/*
 * The civil date of a day, days counted from 1970-01-01. Years are made to
 * begin on 1 March, so that the leap day is the last; 400 such years have
 * 146097 days, 1 March of year 0 is day -719468.
 */
static void civil_date(int64_t days, int64_t *year, unsigned *month,
		       unsigned *day)
{
	int64_t shifted = days + 719468;
	int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	unsigned of_era = (unsigned)(shifted - era * 146097);
	unsigned year_of_era =
		(of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
		365;
	unsigned of_year = of_era - (365 * year_of_era + year_of_era / 4 -
				     year_of_era / 100);
	unsigned from_march = (5 * of_year + 2) / 153;

	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

/* see cli_log.h */
void cli_log_time(char out[CLI_TIME_SIZE], int64_t seconds,
		  uint32_t milliseconds)
{
	int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	unsigned rest = (unsigned)(seconds - days * 86400);
	char text[64];
	unsigned month, day;
	int64_t year;

	civil_date(days, &year, &month, &day);
	snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 (unsigned)year % 10000, month, day, rest / 3600,
		 rest / 60 % 60, rest % 60, milliseconds % 1000);
	memcpy(out, text, CLI_TIME_SIZE);
}

/* Room is kept for the newline. */
static void append(struct cli_log *log, const char *text)
{
	size_t room = sizeof(log->line) - 1 - log->line_len;
	size_t len = strlen(text);

	if (len > room)
		len = room;
	memcpy(log->line + log->line_len, text, len);
	log->line_len += (uint32_t)len;
}

/* see cli_log.h */
void cli_log_begin(struct cli_log *log, enum cli_level level, const char *event)
{
	struct timespec now = { 0 };
	char time[CLI_TIME_SIZE], head[48];

	log->muted = level > log->level;
	log->line_len = 0;
	if (log->muted)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	cli_log_time(time, now.tv_sec, (uint32_t)(now.tv_nsec / 1000000));
	snprintf(head, sizeof(head), "%s %-5s ", time, level_names[level]);
	append(log, head);
	append(log, event);
}

/* 1 if a value can stand without quotes. */
static int is_bare(const char *text)
{
	if (!text[0])
		return 0;
	for (; *text; text++)
		if (*text <= ' ' || *text >= 0x7f || *text == '"' ||
		    *text == '=' || *text == '\\')
			return 0;
	return 1;
}

/* see cli_log.h */
void cli_log_text(struct cli_log *log, const char *key, const char *text)
{
	char escaped[CLI_ESCAPE_MAX * VMC_ERROR_TEXT_SIZE + 1];

	if (log->muted)
		return;
	append(log, " ");
	append(log, key);
	append(log, "=");
	if (is_bare(text)) {
		append(log, text);
		return;
	}
	cli_escape(escaped, sizeof(escaped), text, strlen(text), "\"\\");
	append(log, "\"");
	append(log, escaped);
	append(log, "\"");
}

/* see cli_log.h */
void cli_log_number(struct cli_log *log, const char *key, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)number);
	cli_log_text(log, key, text);
}

/* Says how many were lost, before the next one. 0 if that is lost too. */
static int report_lost(struct cli_log *log)
{
	struct timespec now = { 0 };
	char time[CLI_TIME_SIZE], line[96];
	int len;

	if (!log->lost)
		return 1;
	clock_gettime(CLOCK_REALTIME, &now);
	cli_log_time(time, now.tv_sec, (uint32_t)(now.tv_nsec / 1000000));
	len = snprintf(line, sizeof(line), "%s warn  log-lost lines=%llu\n",
		       time, (unsigned long long)log->lost);
	if (!write_now(log, line, (size_t)len))
		return 0;
	log->lost = 0;
	return 1;
}

/* see cli_log.h */
void cli_log_end(struct cli_log *log)
{
	if (log->muted)
		return;
	wipe(log);
	log->line[log->line_len++] = '\n';
	if (!report_lost(log) || !write_now(log, log->line, log->line_len))
		log->lost++;
	draw(log);
}

/* Which members of an event mean something, and what they are called. */
struct event_row {
	uint8_t level, slot, pid, peer; /* the latter: 1 if to be shown */
	const char *ms, *text;          /* NULL if not */
};

static const struct event_row event_rows[] = {
	[VMC_EVENT_VM_BOOTING] = { CLI_LOG_INFO, 1, 0, 0, NULL, NULL },
	[VMC_EVENT_VM_READY] = { CLI_LOG_INFO, 1, 1, 0, "took_ms", NULL },
	[VMC_EVENT_VM_FAILED] = { CLI_LOG_ERROR, 1, 0, 0, "retry_ms",
				  "reason" },
	[VMC_EVENT_VM_CONSOLE] = { CLI_LOG_ERROR, 1, 0, 0, NULL, "text" },
	[VMC_EVENT_VM_LOST] = { CLI_LOG_WARN, 1, 1, 0, "retry_ms", "reason" },
	[VMC_EVENT_VM_TAKEN] = { CLI_LOG_INFO, 1, 1, 0, "ready_ms", NULL },
	[VMC_EVENT_VM_HANDED] = { CLI_LOG_INFO, 1, 1, 1, NULL, NULL },
	[VMC_EVENT_VM_RETURNED] = { CLI_LOG_INFO, 1, 1, 0, NULL, NULL },
	[VMC_EVENT_VM_DROPPED] = { CLI_LOG_WARN, 1, 1, 1, NULL, "reason" },
	[VMC_EVENT_VM_STOPPED] = { CLI_LOG_INFO, 1, 1, 0, NULL, NULL },
	[VMC_EVENT_RECORD_FAILED] = { CLI_LOG_ERROR, 1, 0, 0, NULL, "reason" },
	[VMC_EVENT_LISTENING] = { CLI_LOG_INFO, 0, 0, 0, NULL, "endpoint" },
	[VMC_EVENT_CALL_WAITING] = { CLI_LOG_INFO, 0, 0, 1, "timeout_ms",
				     NULL },
	[VMC_EVENT_CALL_FAILED] = { CLI_LOG_WARN, 0, 0, 1, NULL, "reason" },
	[VMC_EVENT_CONNECTION_BAD] = { CLI_LOG_WARN, 0, 0, 1, NULL, "reason" },
	[VMC_EVENT_STOPPING] = { CLI_LOG_INFO, 0, 0, 0, NULL, "by" },
	[VMC_EVENT_STOPPED] = { CLI_LOG_INFO, 0, 0, 0, NULL, NULL },
};

static void log_peer(struct cli_log *log, const struct vmc_peer *peer)
{
	if (!peer->known)
		return;
	cli_log_number(log, "peer_pid", peer->pid);
	cli_log_number(log, "peer_uid", peer->uid);
}

/* see cli_log.h */
void cli_log_event(struct cli_log *log, const struct vmc_event *event)
{
	const struct event_row *row = &event_rows[VMC_EVENT_STOPPED];

	if ((size_t)event->type < sizeof(event_rows) / sizeof(event_rows[0]))
		row = &event_rows[event->type];
	cli_log_begin(log, (enum cli_level)row->level,
		      vmc_event_name(event->type));
	if (row->slot)
		cli_log_number(log, "slot", event->slot);
	if (row->slot && event->id[0])
		cli_log_text(log, "id", event->id);
	if (row->pid && event->pid)
		cli_log_number(log, "pid", event->pid);
	if (row->peer)
		log_peer(log, &event->peer);
	/* a call without a deadline has no time left to tell */
	if (row->ms && (event->ms || event->type != VMC_EVENT_CALL_WAITING))
		cli_log_number(log, row->ms, (int64_t)event->ms);
	if (row->text && event->text[0])
		cli_log_text(log, row->text, event->text);
	cli_log_end(log);
}
