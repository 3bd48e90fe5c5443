/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver with QEMUs that a real one would rarely be: this program itself
 * in QEMU's place, which serves the sockets that it is given as the test
 * wants it (VMC_ODD_QEMU in its environment).
 */
#include "qemu_world.h"

/*
 * In QEMU's place
 */

#define ODD "VMC_ODD_QEMU"

static const char *odd;
static int odd_control, odd_console, odd_listener;
static int odd_runs, odd_conts;

static int odd_is(const char *what)
{
	return strcmp(odd, what) == 0;
}

/* The descriptor of a -chardev among our arguments. */
static int given_descriptor(const char *chardev)
{
	static char line[8192];
	static ssize_t len;
	int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	const char *at;

	len = read(fd, line, sizeof(line) - 1);
	close(fd);
	for (ssize_t i = 0; i < len; i++)
		if (line[i] == '\0')
			line[i] = ' ';
	at = strstr(line, chardev);
	return at ? atoi(at + strlen(chardev)) : -1;
}

/* With "pieces", in pieces of a byte, and after a line beyond all bounds. */
static void odd_say(int fd, const char *text)
{
	size_t step = odd_is("pieces") ? 1 : strlen(text);
	size_t len = strlen(text);

	for (; len; text += step, len -= step)
		if (send(fd, text, step, MSG_NOSIGNAL) < 0)
			return; /* nobody is there: what is said is lost */
}

static void odd_answer(const char *answer, unsigned id)
{
	char line[1024];

	if (odd_is("pieces")) {
		memset(line, 'x', sizeof(line));
		memcpy(line, "{\"event\": \"", 11);
		memcpy(line + sizeof(line) - 5, "\"}\r\n", 5);
		odd_say(odd_control, line);
	}
	snprintf(line, sizeof(line), "{%s, \"id\": %u}\r\n", answer, id);
	odd_say(odd_control, line);
}

/* As QEMU 7.2 when it is asked something just then: it never does. */
static void odd_never_end(unsigned id)
{
	odd_say(odd_control,
		"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
		"\"reason\": \"guest-reset\"}}\r\n");
	odd_answer("\"error\": {\"class\": \"GenericError\", \"desc\": "
		   "\"Resetting the Virtual Machine is required\"}",
		   id);
	odd = "deaf";
}

/* Ends as a guest does that is told by QEMU: resumed, with what it says to
 * whoever comes to hear it, and with the event. */
static void odd_end(void)
{
	char line[128];
	int i;

	if (odd_is("guest-panic"))
		odd_console = accept(odd_listener, NULL, NULL);
	odd_say(odd_console, "[    9.9] Kernel panic - not syncing: why\r\n");
	for (i = 0; i < 60; i++)
		odd_say(odd_console, "[    9.9]  do_syscall_64+0x5d/0x90\r\n");
	snprintf(line, sizeof(line),
		 "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
		 "\"reason\": \"%s\"}}\r\n",
		 odd);
	odd_say(odd_control, line);
	_exit(0);
}

static void odd_cont(void)
{
	odd_runs = 1;
	odd_conts++;
	if (strncmp(odd, "guest-", 6) == 0 && odd_conts > 1)
		odd_end();
	if (odd_is("panics")) {
		odd_say(odd_console, "[    0.5] Kernel panic - no init\r\n");
		_exit(0);
	}
	if (strncmp(odd, "tells", 5) == 0)
		odd_say(odd_control, "{\"event\": \"RESUME\"}\r\n");
	if (odd_is("tells of a stop") && odd_conts > 1)
		odd_say(odd_control, "{\"event\": \"STOP\"}\r\n");
	if (!odd_is("stops") && !odd_is("silent"))
		odd_say(odd_console, "ready\r\n");
}

static const char *odd_state(void)
{
	static int asked;

	if (odd_is("breaks") || (odd_is("stops") && asked++))
		return "internal-error";
	if (odd_is("fails later") && odd_conts > 1 && asked++)
		return "internal-error";
	if (strncmp(odd, "tells", 5) == 0 && odd_conts > 1)
		return "internal-error";
	return odd_runs ? "running" : "paused";
}

static void odd_command(const char *command)
{
	const char *at = strrchr(command, ':'); /* the id comes last */
	unsigned id = at ? (unsigned)atoi(at + 1) : 0;
	char state[80];

	if (odd_is("deaf"))
		return;
	if (strstr(command, "\"cont\"") && odd_is("never ends") && odd_conts) {
		odd_never_end(id);
		return;
	}
	if (strstr(command, "\"cont\""))
		odd_cont();
	if (strstr(command, "\"stop\""))
		odd_runs = 0;
	if (strstr(command, "\"quit\""))
		_exit(0);
	if (strstr(command, "query-status")) {
		snprintf(state, sizeof(state),
			 "\"return\": {\"status\": \"%s\"}", odd_state());
		odd_answer(state, id);
	} else if (strstr(command, "-add\"") || strstr(command, "_add\"")) {
		odd_answer("\"error\": {\"class\": \"GenericError\", "
			   "\"desc\": \"no \\\"room\\\"\"}",
			   id);
	} else {
		odd_answer("\"return\": {}", id);
	}
	if (odd_is("stops") && strstr(command, "query-status"))
		odd_say(odd_control, "{\"event\": \"STOP\"}\r\n");
	if (odd_is("fails later") && strstr(command, "query-status") &&
	    odd_runs && odd_conts > 1)
		odd_say(odd_control, "{\"event\": \"STOP\"}\r\n");
}

/* Says why, and ends, before anybody hears it. */
static void odd_reset(int number)
{
	(void)number;
	odd_say(odd_control,
		"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, "
		"\"reason\": \"guest-reset\"}}\r\n");
	_exit(0);
}

__attribute__((constructor)) static void be_odd(void)
{
	char line[1024];

	odd = getenv(ODD);
	if (!odd)
		return;
	signal(SIGUSR1, odd_reset);
	odd_control = accept(given_descriptor("id=control,fd="), NULL, NULL);
	odd_listener = given_descriptor("id=console,fd=");
	odd_console = accept(odd_listener, NULL, NULL);
	if (odd_is("nonsense"))
		odd_say(odd_control, "SSH-2.0-OpenSSH_9.2\r\n");
	else
		odd_say(odd_control, "{\"QMP\": {\"version\": {}}}\r\n");
	if (odd_is("hangs up"))
		close(odd_control);
	while (!odd_is("hangs up") &&
	       read_line(odd_control, line, sizeof(line), LIMIT_MS))
		odd_command(line);
	poll(NULL, 0, LIMIT_MS); /* until it is killed */
	_exit(8);
}

/*
 * Tests
 */

static void begin_odd(const char *what)
{
	begin_world();
	w.config.stop_ms = 100;
	open_driver();
	w.vm_config.hypervisor_path = "/proc/self/exe";
	w.vm_config.vcpus_max = 2;
	w.vm_config.memory_max_mib = 512;
	setenv(ODD, what, 1);
}

static void check_fails(const char *what, enum vmc_status status,
			const char *words)
{
	int descriptors;

	begin_odd(what);
	descriptors = open_descriptors();
	CHECK_EQ_INT(boot_within(0, 2500), status);
	if (!strstr(w.vm[0].error.text, words))
		CHECK_EQ_STR(w.vm[0].error.text, words);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(entries(w.run_dir), 0);
	CHECK_EQ_INT(open_descriptors(), descriptors);
}

static void check_lives(const char *what)
{
	begin_odd(what);
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(entries(w.run_dir), 0);
}

TEST(a_plain_one_lives)
{
	check_lives("plain");
}

TEST(one_that_speaks_in_pieces_lives)
{
	check_lives("pieces");
}

TEST(nonsense_is_a_broken_protocol)
{
	check_fails("nonsense", VMC_ERR_PROTOCOL, "is not QMP");
}

TEST(what_is_not_answered_has_a_deadline)
{
	check_fails("deaf", VMC_ERR_TIMEOUT, "not started the VM in time");
}

TEST(a_control_channel_that_is_closed_is_noticed)
{
	check_fails("hangs up", VMC_ERR_VM, "has closed its control channel");
}

TEST(a_guest_that_does_not_run_is_no_boot)
{
	check_fails("breaks", VMC_ERR_VM,
		    "should be running, but is: internal-error");
}

TEST(a_guest_that_stops_by_itself_is_not_ready)
{
	check_fails("stops", VMC_ERR_VM,
		    "ready: the VM should be running, but is: internal-error");
}

TEST(a_silent_guest_is_not_ready)
{
	check_fails("silent", VMC_ERR_TIMEOUT, "its console is silent");
}

TEST(a_panic_is_told_with_its_words)
{
	check_fails("panics", VMC_ERR_VM,
		    "exited with status 0: [    0.5] Kernel panic - no init");
}

static void check_resumed_ends(const char *how, const char *text)
{
	begin_odd(how);
	w.config.hold_console = 1;
	open_driver();
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text, text);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(entries(w.run_dir), 0);
}

TEST(why_a_guest_has_ended_is_told)
{
	check_resumed_ends("guest-shutdown",
			   "guest has switched itself off: ready");
	check_resumed_ends(
		"guest-reset",
		"guest has rebooted, as one that panics does: ready");
	check_resumed_ends("guest-else", "QEMU exited with status 0: ready");
}

TEST(what_a_running_guest_says_is_heard_if_wanted)
{
	check_resumed_ends("guest-panic",
			   "guest has panicked: [    9.9] Kernel panic - "
			   "not syncing: why");
}

TEST(one_that_says_it_ends_is_taken_at_its_word)
{
	uint64_t begun;

	begin_odd("never ends");
	w.config.stop_ms = LIMIT_MS;
	open_driver();
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text,
		     "guest has rebooted, as one that panics does: ready");
	begun = now();
	CHECK_EQ_INT(stop_vm(0), VMC_OK); /* without asking it once more */
	CHECK(now() < begun + LIMIT_MS / 2);
	CHECK_EQ_INT(entries(w.run_dir), 0);
}

TEST(a_running_guest_that_stops_by_itself_is_noticed)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	begin_odd("fails later");
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	FINISH(status, &task,
	       vmc_qemu_ops.watch(&w.qemu, &w.vm[0], &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text,
		     "watch: the VM should be running, but is: internal-error");
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(what_was_said_before_the_end_is_heard_after_it)
{
	siginfo_t info;

	begin_odd("plain");
	boot(0);
	kill((pid_t)w.vm[0].pid, SIGUSR1);
	CHECK_EQ_INT(waitid(P_PID, (id_t)w.vm[0].pid, &info, WEXITED | WNOWAIT),
		     0);
	CHECK_EQ_INT(resume_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text,
		     "guest has rebooted, as one that panics does: ready");
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(what_qemu_has_told_is_not_asked_for)
{
	begin_odd("tells");
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(one_that_has_stopped_again_is_asked)
{
	begin_odd("tells of a stop");
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(
		w.vm[0].error.text,
		"resume: the VM should be running, but is: internal-error");
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(what_is_refused_is_told_in_qemus_words)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	begin_odd("refuses");
	boot(0);
	FINISH(status, &task, vmc_vm_add_vcpus(&w.vm[0], 1, &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text, "QEMU refuses: no \\\"room\\\"");
	CHECK_EQ_INT(w.vm[0].vcpus, 1);
	vmc_error_reset(&w.vm[0].error);
	FINISH(status, &task, vmc_vm_add_memory(&w.vm[0], 128, &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	/* and it can still be asked other things */
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(an_answer_that_comes_too_late_is_not_taken_for_another)
{
	struct vmc_task task = VMC_TASK_INIT;

	begin_odd("plain");
	boot(0);
	CHECK_EQ_INT(vmc_vm_resume(&w.vm[0], &task, now()), VMC_AGAIN);
	vmc_task_cancel(&task); /* asked, not answered */
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TESTS(RUN(a_plain_one_lives) RUN(one_that_speaks_in_pieces_lives) RUN(
	nonsense_is_a_broken_protocol) RUN(what_is_not_answered_has_a_deadline)
	      RUN(a_control_channel_that_is_closed_is_noticed) RUN(
		      a_guest_that_does_not_run_is_no_boot) RUN(a_guest_that_stops_by_itself_is_not_ready)
		      RUN(a_silent_guest_is_not_ready) RUN(a_panic_is_told_with_its_words) RUN(
			      why_a_guest_has_ended_is_told) RUN(what_a_running_guest_says_is_heard_if_wanted)
			      RUN(one_that_says_it_ends_is_taken_at_its_word) RUN(
				      a_running_guest_that_stops_by_itself_is_noticed)
				      RUN(what_is_refused_is_told_in_qemus_words) RUN(
					      what_was_said_before_the_end_is_heard_after_it)
					      RUN(what_qemu_has_told_is_not_asked_for) RUN(
						      one_that_has_stopped_again_is_asked)
						      RUN(an_answer_that_comes_too_late_is_not_taken_for_another))
