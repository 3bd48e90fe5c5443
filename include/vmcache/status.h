/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status: what every fallible function returns, and what a failure says.
 *
 * 0 is done. Positive is not an error but "not done": call again, or the
 * stream has ended in order. Negative is an error. Amounts never travel in
 * a status: they have out-parameters of their own.
 */
#ifndef VMCACHE_STATUS_H
#define VMCACHE_STATUS_H

#include "config.h"
#include "view.h"

#ifdef __cplusplus
extern "C" {
#endif

enum vmc_status {
	VMC_OK = 0,
	/* Not done: wait for what the task names, then call again. */
	VMC_AGAIN = 1,
	/* The other side ended the stream in order. */
	VMC_CLOSED = 2,

	/* The caller's mistakes. */
	VMC_ERR_ARGUMENT = -1, /* a value is out of its range */
	VMC_ERR_STATE = -2,    /* not now: the order of calls is wrong */
	VMC_ERR_OPTIONS = -3,  /* built with other options than the archive */
	VMC_ERR_BUSY = -4,     /* the context is in another operation */
	VMC_ERR_UNSUPPORTED = -5, /* this port, driver or agent cannot do it */

	/* Bytes that are wrong. */
	VMC_ERR_SHORT = -10,     /* ends before it is complete */
	VMC_ERR_TOO_BIG = -11,   /* exceeds a limit that is named */
	VMC_ERR_PROTOCOL = -12,  /* the peer broke the transport's rules */
	VMC_ERR_MALFORMED = -13, /* framed well, but the content is not */

	/* The world. */
	VMC_ERR_IO = -20,         /* the system refused; the text has errno */
	VMC_ERR_NOT_FOUND = -21,  /* no such file, program, VM or record */
	VMC_ERR_IN_USE = -22,     /* somebody else holds it */
	VMC_ERR_PERMISSION = -23, /* not allowed */
	VMC_ERR_NO_SERVER = -24,  /* nobody listens at the endpoint */
	VMC_ERR_LOST = -25,       /* the connection broke in the middle */
	VMC_ERR_FULL = -26,       /* every slot of a fixed array is taken */

	/* What became of an operation. */
	VMC_ERR_TIMEOUT = -30,     /* its deadline passed */
	VMC_ERR_CANCELLED = -31,   /* its owner gave it up */
	VMC_ERR_UNAVAILABLE = -32, /* the server is stopping */
	VMC_ERR_CALL = -33,        /* the peer answered with an error code */
	VMC_ERR_VM = -34,          /* the VM failed: exited, panicked, hangs */
	VMC_ERR_MISMATCH = -35 /* configurations differ; the text says where */
};

/*
 * The codes that travel: gRPC's, which ttrpc shares
 * (google.golang.org/grpc/codes). Nothing outside 0..16 is ever sent:
 * ttrpc-rust takes an unknown code for success.
 */
enum vmc_code {
	VMC_CODE_OK = 0,
	VMC_CODE_CANCELLED = 1,
	VMC_CODE_UNKNOWN = 2,
	VMC_CODE_INVALID_ARGUMENT = 3,
	VMC_CODE_DEADLINE_EXCEEDED = 4,
	VMC_CODE_NOT_FOUND = 5,
	VMC_CODE_ALREADY_EXISTS = 6,
	VMC_CODE_PERMISSION_DENIED = 7,
	VMC_CODE_RESOURCE_EXHAUSTED = 8,
	VMC_CODE_FAILED_PRECONDITION = 9,
	VMC_CODE_ABORTED = 10,
	VMC_CODE_OUT_OF_RANGE = 11,
	VMC_CODE_UNIMPLEMENTED = 12,
	VMC_CODE_INTERNAL = 13,
	VMC_CODE_UNAVAILABLE = 14,
	VMC_CODE_DATA_LOSS = 15,
	VMC_CODE_UNAUTHENTICATED = 16
};

/*
 * A failure, with words: what was wrong and where (field, limit, path,
 * value). The first failure of a context stays until it is reset; later
 * ones do not overwrite it. A text that would not fit ends in "...": it is
 * the one thing in this library that is ever shortened.
 */
struct vmc_error {
	enum vmc_status status;
	enum vmc_code code; /* the peer's, when status is VMC_ERR_CALL */
	char text[VMC_ERROR_TEXT_SIZE];
};

/* A few words for a person: "too big", "no server at the endpoint". */
const char *vmc_status_words(enum vmc_status status);

/* The code that stands for a status when it is sent to a peer. */
enum vmc_code vmc_status_code(enum vmc_status status);

/* "DEADLINE_EXCEEDED" and the like; "UNKNOWN" for a value outside 0..16. */
const char *vmc_code_name(enum vmc_code code);

/* Makes it say "no error". */
void vmc_error_reset(struct vmc_error *error);

/*
 * Records a failure unless one is recorded already, and returns `status`,
 * so that one can write `return vmc_error_set(…)`. The text is `what`,
 * then `": "` and `detail` if that is not NULL. `error` may be NULL.
 */
enum vmc_status vmc_error_set(struct vmc_error *error, enum vmc_status status,
			      const char *what, const char *detail);

/* The same, ending in " (limit N)" or the like: `what` + `": "` + number. */
enum vmc_status vmc_error_set_number(struct vmc_error *error,
				     enum vmc_status status, const char *what,
				     uint64_t number);

#ifdef __cplusplus
}
#endif

#endif
