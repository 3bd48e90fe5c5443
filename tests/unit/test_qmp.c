/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QMP: the lines of a real QEMU 7.2, whole and in pieces.
 */
#include <stdlib.h>

#include "../../port/qemu/qmp.h"
#include "test.h"

#define GREETING                                                               \
	"{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 22, \"minor\": 2, "    \
	"\"major\": 7}, \"package\": \"Debian 1:7.2+dfsg-7+deb12u18\"}, "      \
	"\"capabilities\": [\"oob\"]}}\r\n"
#define EMPTY "{\"return\": {}, \"id\": 1}\r\n"
#define STATUS                                                                 \
	"{\"return\": {\"status\": \"paused\", \"singlestep\": false, "        \
	"\"running\": false}, \"id\": 2}\r\n"
#define STOP                                                                   \
	"{\"timestamp\": {\"seconds\": 1795487587, \"microseconds\": 496111}," \
	" \"event\": \"STOP\"}\r\n"
#define FAILURE                                                                \
	"{\"id\": 3, \"error\": {\"class\": \"GenericError\", \"desc\": "      \
	"\"Bus 'rp0' not found\"}}\r\n"
#define SESSION GREETING EMPTY STOP STATUS FAILURE

static struct vmc_qmp qmp;

static void put(const char *bytes, size_t len)
{
	size_t cap;
	uint8_t *buf;

	while (len) {
		buf = vmc_qmp_recv_buf(&qmp, &cap);
		CHECK(cap > 0);
		if (cap > len)
			cap = len;
		memcpy(buf, bytes, cap);
		vmc_qmp_recv_ack(&qmp, cap);
		bytes += cap;
		len -= cap;
		if (len) {
			struct qmp_message m;

			CHECK(!vmc_qmp_next(&qmp, &m));
		}
	}
}

static void check_session_message(const struct qmp_message *m, unsigned at)
{
	static const enum qmp_type types[] = { QMP_GREETING, QMP_RETURN,
					       QMP_EVENT, QMP_RETURN,
					       QMP_ERROR };
	static const uint32_t ids[] = { 0, 1, 0, 2, 3 };

	CHECK(at < 5);
	CHECK_EQ_INT(m->type, types[at]);
	CHECK_EQ_INT(m->id, ids[at]);
	CHECK(vmc_view_is(m->status, at == 3 ? "paused" : ""));
	if (at == 2)
		CHECK(vmc_view_is(m->text, "STOP"));
	if (at == 4)
		CHECK(vmc_view_is(m->text, "Bus 'rp0' not found"));
}

static unsigned take_session(unsigned at)
{
	struct qmp_message m;

	while (vmc_qmp_next(&qmp, &m))
		check_session_message(&m, at++);
	return at;
}

/* Bytes of the session, in pieces that the buffer holds. */
static unsigned put_part(size_t from, size_t to, unsigned at)
{
	while (from < to) {
		size_t len = to - from;

		if (len > VMC_QEMU_LINE_SIZE / 2)
			len = VMC_QEMU_LINE_SIZE / 2;
		put(&SESSION[from], len);
		at = take_session(at);
		from += len;
	}
	return at;
}

TEST(a_session_is_read_wherever_it_is_cut)
{
	size_t len = strlen(SESSION), cut;

	for (cut = 0; cut <= len; cut++) {
		vmc_qmp_init(&qmp);
		CHECK_EQ_INT(put_part(cut, len, put_part(0, cut, 0)), 5);
	}
}

TEST(a_session_is_read_byte_by_byte)
{
	unsigned at = 0;
	size_t i;

	vmc_qmp_init(&qmp);
	for (i = 0; i < strlen(SESSION); i++) {
		put(&SESSION[i], 1);
		at = take_session(at);
	}
	CHECK_EQ_INT(at, 5);
}

TEST(several_messages_come_at_once)
{
	vmc_qmp_init(&qmp);
	put(EMPTY STOP STATUS, strlen(EMPTY STOP STATUS));
	CHECK_EQ_INT(take_session(1), 4);
}

/* A line of `len` bytes, its end included, then an answer. */
static void check_long_line(size_t len)
{
	char *line = malloc(len);
	struct qmp_message m;
	size_t i;
	int got = 0;

	memset(line, 'x', len);
	memcpy(line, "{\"return\": \"", 12);
	memcpy(line + len - 3, "\"}\n", 3);
	vmc_qmp_init(&qmp);
	for (i = 0; i < len; i++) {
		put(line + i, 1);
		while (vmc_qmp_next(&qmp, &m))
			got++;
	}
	CHECK_EQ_INT(got, len <= VMC_QEMU_LINE_SIZE);
	put(STATUS, strlen(STATUS));
	CHECK(vmc_qmp_next(&qmp, &m));
	CHECK_EQ_INT(m.id, 2);
	CHECK(!vmc_qmp_next(&qmp, &m));
	free(line);
}

TEST(lines_beyond_the_buffer_are_skipped)
{
	size_t len;

	for (len = VMC_QEMU_LINE_SIZE - 2; len < VMC_QEMU_LINE_SIZE + 3; len++)
		check_long_line(len);
	check_long_line(2 * VMC_QEMU_LINE_SIZE);
	check_long_line(2 * VMC_QEMU_LINE_SIZE + 1);
	check_long_line(207000); /* query-qmp-schema */
}

TEST(blank_lines_are_nothing)
{
	struct qmp_message m;

	vmc_qmp_init(&qmp);
	put("\r\n\n  \n" EMPTY, strlen("\r\n\n  \n" EMPTY));
	CHECK(vmc_qmp_next(&qmp, &m));
	CHECK_EQ_INT(m.type, QMP_RETURN);
	CHECK(!vmc_qmp_next(&qmp, &m));
}

TEST(other_lines_are_broken)
{
	static const char *const lines[] = {
		"SSH-2.0-OpenSSH\r\n",
		"{\n",
		"{\"return\": {}\n",
		"{\"return\": {}}}\n",
		"[]\n",
		"{\"event\": 1}\n",
		"{\"error\": \"desc\"}\n",
		"{\"error\": {\"desc\": 5}}\n",
		"{\"return\": {}, \"id\": \"one\"}\n",
		"{\"return\": {}, \"id\": -1}\n",
		"{\"return\": {}, \"id\": 4294967296}\n",
		"{}\n",
		"{\"else\": 1}\n",
		"\xff\n",
	};
	struct qmp_message m;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		vmc_qmp_init(&qmp);
		put(lines[i], strlen(lines[i]));
		CHECK(vmc_qmp_next(&qmp, &m));
		CHECK_EQ_INT(m.type, QMP_BROKEN);
		CHECK_EQ_INT(m.id, 0);
		CHECK(!m.text.ptr && !m.status.ptr);
	}
}

TEST(returns_of_any_kind_are_returns)
{
	static const char *const lines[] = {
		"{\"return\": []}\n", "{\"return\": 5}\n",
		"{\"return\": {\"status\": 5}}\n",
		"{\"return\": {\"status\": null, \"a\": [{}]}}\n"
	};
	struct qmp_message m;
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		vmc_qmp_init(&qmp);
		put(lines[i], strlen(lines[i]));
		CHECK(vmc_qmp_next(&qmp, &m));
		CHECK_EQ_INT(m.type, QMP_RETURN);
		CHECK(!m.status.ptr);
	}
}

TEST(why_qemu_ends_is_read)
{
	static const char shutdown[] =
		"{\"timestamp\": {\"seconds\": 1795487587, \"microseconds\": 1},"
		" \"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
		"\"reason\": \"guest-reset\"}}\r\n";
	static const char *const others[] = {
		"{\"event\": \"SHUTDOWN\"}\n",
		"{\"event\": \"SHUTDOWN\", \"data\": 5}\n",
		"{\"event\": \"SHUTDOWN\", \"data\": {\"reason\": 5}}\n",
	};
	struct qmp_message m;
	size_t i;

	vmc_qmp_init(&qmp);
	put(shutdown, strlen(shutdown));
	CHECK(vmc_qmp_next(&qmp, &m));
	CHECK_EQ_INT(m.type, QMP_EVENT);
	CHECK(vmc_view_is(m.text, "SHUTDOWN"));
	CHECK(vmc_view_is(m.reason, "guest-reset"));
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		put(others[i], strlen(others[i]));
		CHECK(vmc_qmp_next(&qmp, &m));
		CHECK_EQ_INT(m.type, QMP_EVENT);
		CHECK(!m.reason.ptr);
	}
}

static void check_written(const struct qmp_command *command,
			  const char *expected)
{
	uint8_t out[QMP_COMMAND_SIZE + 1];
	size_t len;

	CHECK_EQ_INT(vmc_qmp_write(command, out, QMP_COMMAND_SIZE, &len),
		     VMC_OK);
	out[len] = '\0';
	CHECK_EQ_STR((char *)out, expected);
}

TEST(commands_are_written)
{
	struct qmp_command c = { .request = QMP_CAPABILITIES, .id = 1 };

	check_written(&c, "{\"execute\":\"qmp_capabilities\",\"id\":1}\n");
	c = (struct qmp_command){ .request = QMP_STATUS, .id = 4294967295u };
	check_written(&c, "{\"execute\":\"query-status\",\"id\":4294967295}\n");
	c = (struct qmp_command){ .request = QMP_HELLO, .id = 2 };
	check_written(&c, "{\"execute\":\"qmp_capabilities\"}"
			  "{\"execute\":\"query-status\",\"id\":2}\n");
	c = (struct qmp_command){ .request = QMP_QUIT, .id = 7 };
	check_written(&c, "{\"execute\":\"quit\",\"id\":7}\n");
	c = (struct qmp_command){ .request = QMP_ADD_CPU,
				  .id = 2,
				  .number = 0,
				  .socket = 1,
				  .cpu = "qemu64" };
	check_written(&c,
		      "{\"execute\":\"device_add\",\"arguments\":{\"driver\":"
		      "\"qemu64-x86_64-cpu\",\"id\":\"cpu-0\",\"socket-id\":1,"
		      "\"core-id\":0,\"thread-id\":0},\"id\":2}\n");
	c = (struct qmp_command){
		.request = QMP_ADD_MEMORY, .id = 3, .number = 2, .mib = 16777216
	};
	check_written(&c, "{\"execute\":\"object-add\",\"arguments\":{"
			  "\"qom-type\":\"memory-backend-ram\",\"id\":\"mem2\","
			  "\"size\":17592186044416},\"id\":3}\n");
	c.request = QMP_ADD_DIMM;
	check_written(&c, "{\"execute\":\"device_add\",\"arguments\":{"
			  "\"driver\":\"pc-dimm\",\"id\":\"dimm2\","
			  "\"memdev\":\"mem2\"},\"id\":3}\n");
}

TEST(the_longest_command_fits)
{
	struct qmp_command c = { .request = QMP_ADD_CPU,
				 .id = UINT32_MAX,
				 .number = UINT32_MAX,
				 .socket = UINT32_MAX,
				 .cpu = "-model-of-thirty-one-bytes-long" };
	uint8_t out[QMP_COMMAND_SIZE];
	size_t len, cap;

	CHECK_EQ_INT(strlen(c.cpu), QMP_CPU_SIZE - 1);
	CHECK_EQ_INT(vmc_qmp_write(&c, out, sizeof(out), &len), VMC_OK);
	for (cap = 0; cap < len; cap++) {
		size_t ignored;

		CHECK_EQ_INT(vmc_qmp_write(&c, out, cap, &ignored),
			     VMC_ERR_TOO_BIG);
	}
}

TESTS(RUN(a_session_is_read_wherever_it_is_cut) RUN(
	a_session_is_read_byte_by_byte) RUN(several_messages_come_at_once)
	      RUN(lines_beyond_the_buffer_are_skipped)
		      RUN(blank_lines_are_nothing) RUN(other_lines_are_broken)
			      RUN(returns_of_any_kind_are_returns)
				      RUN(why_qemu_ends_is_read)
					      RUN(commands_are_written) RUN(
						      the_longest_command_fits))
