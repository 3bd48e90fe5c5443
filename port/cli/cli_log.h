/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's log: one line an event.
 *
 *	2026-03-01T12:00:00.042Z info  vm-ready slot=0 pid=4711 took_ms=42
 *
 * time (UTC), level, event, then key=value. A value that holds a blank, a
 * quote or anything but printable ASCII stands in quotes, escaped.
 *
 * Logging never waits. When the reader of standard error does not keep up,
 * lines are lost and counted; the next one that goes out is preceded by
 * "log-lost lines=N".
 *
 * On a terminal one more line below the log shows the pool. It is wiped
 * before a line is logged and drawn again behind it.
 */
#ifndef CLI_LOG_H
#define CLI_LOG_H

#include <stdint.h>

#include "vmcache/pool.h"

enum cli_level { CLI_LOG_ERROR, CLI_LOG_WARN, CLI_LOG_INFO, CLI_LOG_DEBUG };

/*
 * A line is at most this long, its newline included: below PIPE_BUF, so
 * that a pipe takes all of it or nothing. It holds an id, an error's text
 * with every byte escaped, and the numbers.
 */
#define CLI_LOG_LINE_SIZE 2048

#define CLI_LOG_PROGRESS_SIZE 80

/* Private. */
struct cli_log {
	int fd;
	enum cli_level level; /* what is less important is left out */
	uint8_t terminal;     /* progress is drawn */
	uint8_t drawn;        /* it is on the screen now */
	uint8_t muted;        /* the line being composed is left out */
	uint64_t lost;        /* lines, since the last that went out */
	uint32_t line_len, progress_len;
	char line[CLI_LOG_LINE_SIZE];
	char progress[CLI_LOG_PROGRESS_SIZE];
};

/* "info" gives CLI_LOG_INFO; an unknown name too. */
enum cli_level cli_log_level(const char *name);

/* `fd` stays the caller's. A pipe is opened anew, so as not to wait. */
void cli_log_init(struct cli_log *log, int fd, enum cli_level level);

/* One line: begin, any number of values, end. */
void cli_log_begin(struct cli_log *log, enum cli_level level,
		   const char *event);
void cli_log_text(struct cli_log *log, const char *key, const char *text);
void cli_log_number(struct cli_log *log, const char *key, int64_t number);
void cli_log_end(struct cli_log *log);

/* Logs what happened in a pool or server. */
void cli_log_event(struct cli_log *log, const struct vmc_event *event);

/* 1 if progress is shown: what costs time to compose can be left out. */
int cli_log_shows_progress(const struct cli_log *log);

/* On a terminal: shows this (printable, below 80 characters) at the end. */
void cli_log_progress(struct cli_log *log, const char *text);

/* Wipes what cli_log_progress has drawn, and draws no more. */
void cli_log_close(struct cli_log *log);

/* "2026-03-01T12:00:00.042Z" of seconds since 1970, without asking libc
 * (gmtime_r and strftime allocate in musl). */
#define CLI_TIME_SIZE 25
void cli_log_time(char out[CLI_TIME_SIZE], int64_t seconds,
		  uint32_t milliseconds);

#endif
