/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts for people, composed in a fixed buffer: the words of an error, of
 * an event, of a refusal that goes to a peer.
 *
 * Whatever is added, from a caller, a file or a peer, what comes out is
 * valid UTF-8 without control characters: tabs and line ends become blanks,
 * other control characters and broken sequences become '?'. A text that
 * does not fit ends in "...", cut between characters. After each call it is
 * a C string.
 */
#ifndef VMC_BASE_TEXT_H
#define VMC_BASE_TEXT_H

#include "vmcache/view.h"

struct vmc_text {
	char *begin;
	size_t cap; /* with the NUL; at least 4 */
	size_t len;
	uint8_t cut; /* it ends in "..."; what is added now is dropped */
};

void vmc_text_init(struct vmc_text *text, char *out, size_t cap);

/* Goes on after the C string that `out` holds already. */
void vmc_text_append_to(struct vmc_text *text, char *out, size_t cap);

/* A whole text: `what`, then ": " and `detail`. NULL is left out. */
void vmc_text_compose(char *out, size_t cap, const char *what,
		      const char *detail);

/* Adds a C string (NULL: nothing), bytes, or a number in decimal. */
void vmc_text_add(struct vmc_text *text, const char *string);
void vmc_text_add_view(struct vmc_text *text, struct vmc_view view);
void vmc_text_add_number(struct vmc_text *text, uint64_t number);

/*
 * Bytes of the UTF-8 sequence that a non-empty view begins with: 1..4, or 0
 * if it is broken (RFC 3629: no overlong forms, no surrogates).
 */
size_t vmc_utf8_sequence(struct vmc_view view);

/* 1 if all of it is UTF-8. */
int vmc_utf8_valid(struct vmc_view view);

#endif
