/* SPDX-License-Identifier: Apache-2.0 */
/* What the program says: lines on standard error, the console of an init. */
#ifndef GUEST_SAY_H
#define GUEST_SAY_H

/* "vmcache-agent: WHAT: DETAIL"; `detail` may be NULL. */
void say(const char *what, const char *detail);

/* "vmcache-agent: WHAT PATH: words of errno" */
void say_error(const char *what, const char *path, int number);

/* Text as it is, to standard output. */
void say_plainly(const char *text);

#endif
