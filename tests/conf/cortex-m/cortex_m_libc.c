/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What newlib asks of a system, for tests that print and allocate. A program
 * that uses the library alone does not need this file.
 */
#include "cortex_m.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_MAX_SIZE 128

extern char cortex_m_bss_end[];

int _write(int file, const char *bytes, int len);
int _read(int file, char *bytes, int len);
int _close(int file);
int _fstat(int file, struct stat *st);
int _isatty(int file);
int _lseek(int file, int offset, int whence);
int _kill(int pid, int number);
int _getpid(void);
void *_sbrk(intptr_t more);
_Noreturn void _exit(int status);

/* SYS_WRITE0 takes texts: piece by piece, with a NUL after each. */
int _write(int file, const char *bytes, int len)
{
	char text[LINE_MAX_SIZE];
	int done, piece;

	(void)file;
	for (done = 0; done < len; done += piece) {
		piece = len - done;
		if (piece > LINE_MAX_SIZE - 1)
			piece = LINE_MAX_SIZE - 1;
		memcpy(text, bytes + done, (size_t)piece);
		text[piece] = '\0';
		cortex_m_print(text);
	}
	return len;
}

/* The heap goes from the variables up; the stack comes down to meet it. */
void *_sbrk(intptr_t more)
{
	static char *end;
	char *begin = end ? end : cortex_m_bss_end;

	if (begin + more > (char *)__builtin_frame_address(0)) {
		errno = ENOMEM;
		return (void *)-1;
	}
	end = begin + more;
	return begin;
}

int _read(int file, char *bytes, int len)
{
	(void)file, (void)bytes, (void)len;
	return 0;
}

int _close(int file)
{
	(void)file;
	return 0;
}

int _fstat(int file, struct stat *st)
{
	(void)file;
	st->st_mode = S_IFCHR;
	return 0;
}

int _isatty(int file)
{
	return file <= 2;
}

int _lseek(int file, int offset, int whence)
{
	(void)file, (void)offset, (void)whence;
	return 0;
}

int _kill(int pid, int number)
{
	(void)pid, (void)number;
	errno = EINVAL;
	return -1;
}

int _getpid(void)
{
	return 1;
}

_Noreturn void _exit(int status)
{
	cortex_m_exit(status);
}
