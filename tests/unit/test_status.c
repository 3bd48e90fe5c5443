/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Status, codes and errors: every value has words and a code that may
 * travel; the first error stays; options are compared.
 */
#include "test.h"

#include "vmcache/status.h"
#include "../../src/base/options.h"

/* Each value of the enum, with its name as the compiler sees it. */
#define ALL_STATUSES(X)                                                        \
	X(VMC_OK)                                                              \
	X(VMC_AGAIN)                                                           \
	X(VMC_CLOSED)                                                          \
	X(VMC_ERR_ARGUMENT)                                                    \
	X(VMC_ERR_STATE)                                                       \
	X(VMC_ERR_OPTIONS)                                                     \
	X(VMC_ERR_BUSY)                                                        \
	X(VMC_ERR_UNSUPPORTED)                                                 \
	X(VMC_ERR_SHORT)                                                       \
	X(VMC_ERR_TOO_BIG)                                                     \
	X(VMC_ERR_PROTOCOL)                                                    \
	X(VMC_ERR_MALFORMED)                                                   \
	X(VMC_ERR_IO)                                                          \
	X(VMC_ERR_NOT_FOUND)                                                   \
	X(VMC_ERR_IN_USE)                                                      \
	X(VMC_ERR_PERMISSION)                                                  \
	X(VMC_ERR_NO_SERVER)                                                   \
	X(VMC_ERR_LOST)                                                        \
	X(VMC_ERR_FULL)                                                        \
	X(VMC_ERR_TIMEOUT)                                                     \
	X(VMC_ERR_CANCELLED)                                                   \
	X(VMC_ERR_UNAVAILABLE)                                                 \
	X(VMC_ERR_CALL)                                                        \
	X(VMC_ERR_VM)                                                          \
	X(VMC_ERR_MISMATCH)

#define ROW(status) { status, #status },

static const struct {
	enum vmc_status status;
	const char *name;
} rows[] = { ALL_STATUSES(ROW) };

TEST(every_status_has_words_and_a_code)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(strcmp(vmc_status_words(rows[i].status),
			     "unknown status"));
		CHECK(vmc_status_code(rows[i].status) <= 16);
		CHECK_EQ_INT(vmc_status_code(rows[i].status) == VMC_CODE_OK,
			     rows[i].status == VMC_OK);
	}
}

TEST(words_differ)
{
	size_t i, k;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (k = 0; k < i; k++)
			CHECK(strcmp(vmc_status_words(rows[i].status),
				     vmc_status_words(rows[k].status)));
}

TEST(a_value_that_is_none)
{
	CHECK_EQ_STR(vmc_status_words((enum vmc_status) - 99),
		     "unknown status");
	CHECK_EQ_INT(vmc_status_code((enum vmc_status) - 99), VMC_CODE_UNKNOWN);
}

/* 0 is done, positive is not done, and all others are errors. */
TEST(signs_mean_what_they_say)
{
	size_t i;

	CHECK(VMC_OK == 0);
	CHECK(VMC_AGAIN > 0);
	CHECK(VMC_CLOSED > 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_EQ_INT(rows[i].status < 0, i >= 3);
}

TEST(codes_are_those_of_grpc)
{
	static const char *const names[] = {
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
	int code;

	for (code = 0; code <= 16; code++)
		CHECK_EQ_STR(vmc_code_name((enum vmc_code)code), names[code]);
	CHECK_EQ_STR(vmc_code_name((enum vmc_code)17), "UNKNOWN");
	CHECK_EQ_STR(vmc_code_name((enum vmc_code) - 1), "UNKNOWN");
}

TEST(codes_that_callers_rely_on)
{
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_UNAVAILABLE), 14);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_TIMEOUT), 4);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_FULL), 8);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_TOO_BIG), 8);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_UNSUPPORTED), 12);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_PERMISSION), 7);
	CHECK_EQ_INT(vmc_status_code(VMC_ERR_MALFORMED), 3);
}

TEST(first_error_stays)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	CHECK_EQ_INT(error.status, VMC_OK);
	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_IO, "socket", "refused"),
		     VMC_ERR_IO);
	CHECK_EQ_INT(error.status, VMC_ERR_IO);
	CHECK_EQ_INT(error.code, VMC_CODE_INTERNAL);
	CHECK_EQ_STR(error.text, "socket: refused");
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_LOST, "later", NULL),
		     VMC_ERR_LOST);
	CHECK_EQ_INT(vmc_error_set_number(&error, VMC_ERR_FULL, "later", 1),
		     VMC_ERR_FULL);
	CHECK_EQ_INT(error.status, VMC_ERR_IO);
	CHECK_EQ_STR(error.text, "socket: refused");
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_LOST, "later", NULL),
		     VMC_ERR_LOST);
	CHECK_EQ_STR(error.text, "later");
}

TEST(numbers_end_a_text)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set_number(&error, VMC_ERR_TOO_BIG,
					  "endpoint, bytes allowed", 107),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text, "endpoint, bytes allowed: 107");
}

TEST(nobody_has_to_listen)
{
	CHECK_EQ_INT(vmc_error_set(NULL, VMC_ERR_VM, "x", "y"), VMC_ERR_VM);
	CHECK_EQ_INT(vmc_error_set_number(NULL, VMC_ERR_VM, "x", 1),
		     VMC_ERR_VM);
}

TEST(long_texts_show_that_they_were_cut)
{
	char path[2 * VMC_ERROR_TEXT_SIZE];
	struct vmc_error error;
	size_t len;

	memset(path, 'p', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_NOT_FOUND, "kernel", path),
		     VMC_ERR_NOT_FOUND);
	len = strlen(error.text);
	CHECK_EQ_INT(len, VMC_ERROR_TEXT_SIZE - 1);
	CHECK_EQ_STR(error.text + len - 4, "p...");
	CHECK(!strncmp(error.text, "kernel: ppp", 11));
}

TEST(equal_options_pass)
{
	CHECK_EQ_INT(vmc_options_check(NULL, 100, VMC_OPTIONS, 100), VMC_OK);
}

TEST(other_options_are_refused)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_options_check(&error, 100, VMC_OPTIONS + 1, 100),
		     VMC_ERR_OPTIONS);
	CHECK(strstr(error.text, "built with other options"));
	CHECK(strstr(error.text, "..") == NULL);
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_options_check(&error, 99, VMC_OPTIONS, 100),
		     VMC_ERR_OPTIONS);
	CHECK_EQ_INT(vmc_options_check(NULL, 101, VMC_OPTIONS, 100),
		     VMC_ERR_OPTIONS);
}

/* The least VMC_ERROR_TEXT_SIZE. */
#define SHORTEST 64

/* The error is one of the application, whose texts may be shorter. */
TEST(a_refusal_fits_the_shortest_text)
{
	struct vmc_error error;

	memset(&error, '#', sizeof(error));
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_options_check(&error, 100, VMC_OPTIONS + 1, 100),
		     VMC_ERR_OPTIONS);
	CHECK(strlen(error.text) < SHORTEST);
	for (size_t at = SHORTEST; at < sizeof(error.text); at++)
		CHECK_EQ_INT(error.text[at], '#');
}

#define QUOTE_(text) #text
#define QUOTE(text) QUOTE_(text)

TEST(build_options_name_the_knobs)
{
	const char *options = vmc_build_options();

	CHECK(!strncmp(options, "libvmcache " VMC_VERSION " transport=",
		       strlen("libvmcache " VMC_VERSION " transport=")));
	CHECK(strstr(options, " agent="));
	CHECK(strstr(options, " VMC_VM_MAX=" QUOTE(VMC_VM_MAX)));
	CHECK(strstr(options,
		     " VMC_CONNECTION_MAX=" QUOTE(VMC_CONNECTION_MAX)));
	CHECK(strstr(options, " VMC_CALL_MAX=" QUOTE(VMC_CALL_MAX)));
	CHECK(strstr(options, " VMC_WINDOW_SIZE=" QUOTE(VMC_WINDOW_SIZE)));
	CHECK(strstr(options, " VMC_REPLY_MAX=" QUOTE(VMC_REPLY_MAX)));
	CHECK(strstr(options,
		     " VMC_CHANNEL_CALL_MAX=" QUOTE(VMC_CHANNEL_CALL_MAX)));
	CHECK(strstr(options, " VMC_REQUEST_SIZE=" QUOTE(VMC_REQUEST_SIZE)));
	CHECK(strstr(options, " VMC_ID_SIZE=" QUOTE(VMC_ID_SIZE)));
	CHECK(strstr(options, " VMC_URL_SIZE=" QUOTE(VMC_URL_SIZE)));
	CHECK(strstr(options,
		     " VMC_HYPERVISOR_SIZE=" QUOTE(VMC_HYPERVISOR_SIZE)));
	CHECK(strstr(options,
		     " VMC_ERROR_TEXT_SIZE=" QUOTE(VMC_ERROR_TEXT_SIZE)));
	CHECK(strstr(options, " VMC_EVENT_MAX=" QUOTE(VMC_EVENT_MAX)));
	CHECK(strstr(options,
		     " VMC_JSON_DEPTH_MAX=" QUOTE(VMC_JSON_DEPTH_MAX)));
	CHECK(strstr(options,
		     " VMC_JSON_PATH_SIZE=" QUOTE(VMC_JSON_PATH_SIZE)));
}

TESTS(RUN(every_status_has_words_and_a_code)
      RUN(words_differ)
      RUN(a_value_that_is_none)
      RUN(signs_mean_what_they_say)
      RUN(codes_are_those_of_grpc)
      RUN(codes_that_callers_rely_on)
      RUN(first_error_stays)
      RUN(numbers_end_a_text)
      RUN(nobody_has_to_listen)
      RUN(long_texts_show_that_they_were_cut)
      RUN(equal_options_pass)
      RUN(other_options_are_refused)
      RUN(a_refusal_fits_the_shortest_text)
      RUN(build_options_name_the_knobs));
