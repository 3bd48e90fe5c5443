/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A test program: some TESTs, then TESTS(RUN(first) RUN(second) …); which
 * defines main. Each test prints one line,
 *
 *	ok name
 *	not ok name: file:line: what
 *	skip name: why
 *
 * and the program exits with 1 if one failed, or if none was run. The first
 * check that fails ends its test, also from a function that it called;
 * tests/run.sh sums the lines of all programs.
 *
 * Checks evaluate their arguments once. Of an integer check they are
 * compared as long long, of a string check NULL equals only NULL.
 */
#ifndef VMC_TEST_H
#define VMC_TEST_H

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEST(name) static void test_##name(void)

#define TESTS(list)                                                            \
	int main(void)                                                         \
	{                                                                      \
		setvbuf(stdout, NULL, _IOLBF, BUFSIZ);                         \
		list;                                                          \
		return test_failed || !test_ran;                               \
	}

#define RUN(name) test_run(#name, test_##name);

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			test_fail(__FILE__, __LINE__, #cond, NULL, NULL);      \
	} while (0)

#define CHECK_EQ_INT(a, b)                                                     \
	test_eq_int(__FILE__, __LINE__, #a " == " #b, (long long)(a),          \
		    (long long)(b))

#define CHECK_EQ_STR(a, b)                                                     \
	test_eq_str(__FILE__, __LINE__, #a " == " #b, (a), (b))

#define CHECK_EQ_MEM(p, q, n)                                                  \
	test_eq_mem(__FILE__, __LINE__, #p " == " #q, (p), (q), (n))

#define SKIP(why)                                                              \
	do {                                                                   \
		printf("skip %s: %s\n", test_name, (why));                     \
		longjmp(test_end, 1);                                          \
	} while (0)

/* What qemu-user does otherwise than Linux; RUN names the emulator. */
#define SKIP_EMULATED(why)                                                     \
	do {                                                                   \
		if (getenv("RUN"))                                             \
			SKIP(why);                                             \
	} while (0)

static jmp_buf test_end;
static const char *test_name;
static int test_ran, test_failed;

static inline void test_run(const char *name, void (*body)(void))
{
	test_name = name;
	test_ran++;
	if (setjmp(test_end))
		return;
	body();
	printf("ok %s\n", name);
}

static inline _Noreturn void test_fail(const char *file, int line,
				       const char *what, const char *left,
				       const char *right)
{
	printf("not ok %s: %s:%d: %s", test_name, file, line, what);
	if (left && right)
		printf(" (%s, %s)", left, right);
	printf("\n");
	test_failed++;
	longjmp(test_end, 1);
}

static inline void test_eq_int(const char *file, int line, const char *what,
			       long long a, long long b)
{
	char left[24], right[24];

	if (a == b)
		return;
	snprintf(left, sizeof left, "%lld", a);
	snprintf(right, sizeof right, "%lld", b);
	test_fail(file, line, what, left, right);
}

static inline void test_eq_str(const char *file, int line, const char *what,
			       const char *a, const char *b)
{
	if (a == b || (a && b && strcmp(a, b) == 0))
		return;
	test_fail(file, line, what, a ? a : "NULL", b ? b : "NULL");
}

/* Shows the first byte that differs, and where. */
static inline void test_eq_mem(const char *file, int line, const char *what,
			       const void *a, const void *b, size_t len)
{
	const unsigned char *p = a, *q = b;
	char left[32], right[32];
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == q[i])
			continue;
		snprintf(left, sizeof left, "[%zu] %02x", i, p[i]);
		snprintf(right, sizeof right, "%02x", q[i]);
		test_fail(file, line, what, left, right);
	}
}

#endif
