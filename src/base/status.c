/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status: words and codes; and errors, of which the first one stays.
 */
#include "vmcache/status.h"

#include "text.h"

/* A number's text: the digits of UINT64_MAX, and its NUL. */
#define NUMBER_SIZE 21

struct status_row {
	enum vmc_status status;
	enum vmc_code code;
	const char *words;
};

#define ROW(status, code, words)                                               \
	{                                                                      \
		status, VMC_CODE_##code, words                                 \
	}

/* What the last row has, which stands for all that is not in the table. An
 * enumeration may have no more than the bits that it needs: 8. */
#define UNKNOWN ((enum vmc_status)INT8_MIN)

static const struct status_row rows[] = {
	ROW(VMC_OK, OK, "done"),
	ROW(VMC_AGAIN, UNAVAILABLE, "not done yet"),
	ROW(VMC_CLOSED, UNAVAILABLE, "closed by the peer"),
	ROW(VMC_ERR_ARGUMENT, INVALID_ARGUMENT, "value out of range"),
	ROW(VMC_ERR_STATE, FAILED_PRECONDITION, "not possible now"),
	ROW(VMC_ERR_OPTIONS, FAILED_PRECONDITION, "built with other options"),
	ROW(VMC_ERR_BUSY, UNAVAILABLE, "busy"),
	ROW(VMC_ERR_UNSUPPORTED, UNIMPLEMENTED, "not supported"),
	ROW(VMC_ERR_SHORT, INVALID_ARGUMENT, "ends too early"),
	ROW(VMC_ERR_TOO_BIG, RESOURCE_EXHAUSTED, "too big"),
	ROW(VMC_ERR_PROTOCOL, INTERNAL, "protocol error"),
	ROW(VMC_ERR_MALFORMED, INVALID_ARGUMENT, "malformed"),
	ROW(VMC_ERR_IO, INTERNAL, "system error"),
	ROW(VMC_ERR_NOT_FOUND, NOT_FOUND, "not found"),
	ROW(VMC_ERR_IN_USE, ALREADY_EXISTS, "in use"),
	ROW(VMC_ERR_PERMISSION, PERMISSION_DENIED, "permission denied"),
	ROW(VMC_ERR_NO_SERVER, UNAVAILABLE, "no server at the endpoint"),
	ROW(VMC_ERR_LOST, UNAVAILABLE, "connection lost"),
	ROW(VMC_ERR_FULL, RESOURCE_EXHAUSTED, "no room left"),
	ROW(VMC_ERR_TIMEOUT, DEADLINE_EXCEEDED, "deadline passed"),
	ROW(VMC_ERR_CANCELLED, CANCELLED, "cancelled"),
	ROW(VMC_ERR_UNAVAILABLE, UNAVAILABLE, "server is stopping"),
	ROW(VMC_ERR_CALL, UNKNOWN, "call failed"),
	ROW(VMC_ERR_VM, INTERNAL, "VM failed"),
	ROW(VMC_ERR_MISMATCH, FAILED_PRECONDITION, "configurations differ"),
	ROW(UNKNOWN, UNKNOWN, "unknown status"),
};

static const char *const code_names[] = {
	"OK",
	"CANCELLED",
	"UNKNOWN",
	"INVALID_ARGUMENT",
	"DEADLINE_EXCEEDED",
	"NOT_FOUND",
	"ALREADY_EXISTS",
	"PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED",
	"FAILED_PRECONDITION",
	"ABORTED",
	"OUT_OF_RANGE",
	"UNIMPLEMENTED",
	"INTERNAL",
	"UNAVAILABLE",
	"DATA_LOSS",
	"UNAUTHENTICATED",
};

static const struct status_row *row_of(enum vmc_status status)
{
	const struct status_row *row = rows;

	while (row->status != status && row->status != UNKNOWN)
		row++;
	return row;
}

/* see vmcache/status.h */
const char *vmc_status_words(enum vmc_status status)
{
	return row_of(status)->words;
}

/* see vmcache/status.h */
enum vmc_code vmc_status_code(enum vmc_status status)
{
	return row_of(status)->code;
}

/* see vmcache/status.h */
const char *vmc_code_name(enum vmc_code code)
{
	if ((unsigned)code >= sizeof(code_names) / sizeof(code_names[0]))
		code = VMC_CODE_UNKNOWN;
	return code_names[code];
}

/* see vmcache/status.h */
void vmc_error_reset(struct vmc_error *error)
{
	error->status = VMC_OK;
	error->code = VMC_CODE_OK;
	error->text[0] = '\0';
}

/* see vmcache/status.h */
enum vmc_status vmc_error_set(struct vmc_error *error, enum vmc_status status,
			      const char *what, const char *detail)
{
	if (!error || error->status != VMC_OK)
		return status;
	error->status = status;
	error->code = vmc_status_code(status);
	vmc_text_compose(error->text, sizeof(error->text), what, detail);
	return status;
}

/* see vmcache/status.h */
enum vmc_status vmc_error_set_number(struct vmc_error *error,
				     enum vmc_status status, const char *what,
				     uint64_t number)
{
	char digits[NUMBER_SIZE];
	struct vmc_text text;

	vmc_text_init(&text, digits, sizeof(digits));
	vmc_text_add_number(&text, number);
	return vmc_error_set(error, status, what, digits);
}
