/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver with real QEMU and the built-in guest.
 */
#include "qemu_world.h"

static int console_says(unsigned i, const char *text)
{
	struct vmc_view said = vmc_qemu_ops.console(&w.qemu, &w.vm[i]);
	char copy[VMC_QEMU_CONSOLE_SIZE + 1] = "";

	if (said.ptr_len)
		memcpy(copy, said.ptr, said.ptr_len);
	return strstr(copy, text) != NULL;
}

static void check_nothing_left(void)
{
	CHECK_EQ_INT(entries(w.run_dir), 0);
}

/*
 * A life
 */

TEST(a_vm_boots_is_paused_and_goes_on)
{
	char path[VMC_QEMU_PATH_SIZE];
	unsigned before;
	int console;

	NEED_QEMU();
	boot(0);
	CHECK_EQ_INT(w.vm[0].state, VMC_VM_READY);
	CHECK_EQ_INT(w.vm[0].vcpus, 1);
	CHECK_EQ_INT(w.vm[0].memory_mib, VMC_QEMU_MEMORY_MIB);
	CHECK(process_is_there(w.vm[0].pid));
	CHECK(console_says(0, "ready\n"));
	vmc_qemu_console_path(&w.vm[0], path);
	console = connect_to(path);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	until_ticks(console, 20);
	before = ticks(console);
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	let_pass(400);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK(ticks(console) < before + 30); /* it would be 40 by itself */
	until_ticks(console, before + 5);
	close(console);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(pause_and_resume_are_idempotent)
{
	NEED_QEMU();
	boot(0);
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(stop_leaves_no_process_and_no_file)
{
	int64_t pid;
	int descriptors;

	NEED_QEMU();
	descriptors = open_descriptors();
	boot(0);
	pid = w.vm[0].pid;
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK(!process_is_there(pid)); /* not even a zombie */
	check_nothing_left();
	CHECK_EQ_INT(open_descriptors(), descriptors);
}

TEST(every_machine_type_boots_the_built_in_guest)
{
	static const char *const types[] = { "q35", "pc", "microvm" };
	char line[64];
	unsigned i;
	int console;

	NEED_QEMU();
	for (i = 0; i < 3; i++) {
		w.vm_config.machine_type = types[i];
		boot(i);
		console = open_client(i, "console.sock");
		CHECK_EQ_INT(resume_vm(i), VMC_OK);
		ask(console, "ping\n", line, sizeof(line));
		CHECK_EQ_STR(line, "pong");
		ask(console, "nonsense\n", line, sizeof(line));
		CHECK_EQ_STR(line, "?");
		until_ticks(console, 3);
		close(console);
		CHECK_EQ_INT(stop_vm(i), VMC_OK);
	}
}

TEST(vms_boot_side_by_side)
{
	struct vmc_task task[4];
	enum vmc_status status[4];
	unsigned i, left = 4;
	char id[8];

	NEED_QEMU();
	for (i = 0; i < 4; i++) {
		vmc_task_init(&task[i]);
		status[i] = VMC_AGAIN;
	}
	while (left) {
		for (i = 0, left = 0; i < 4; i++) {
			snprintf(id, sizeof(id), "vm-%u", i);
			if (status[i] == VMC_AGAIN)
				status[i] =
					vmc_vm_boot(&w.vm[i], id, &w.vm_config,
						    &task[i], now());
			left += status[i] == VMC_AGAIN;
		}
		for (i = 0; i < 4; i++)
			if (status[i] == VMC_AGAIN) {
				wait_task(&task[i]);
				break;
			}
	}
	for (i = 0; i < 4; i++) {
		CHECK_EQ_INT(status[i], VMC_OK);
		CHECK_EQ_INT(stop_vm(i), VMC_OK);
	}
	check_nothing_left();
}

TEST(an_idle_vm_can_be_moved)
{
	int console;

	NEED_QEMU();
	boot(0);
	vmc_vm_move(&w.vm[1], &w.vm[0]);
	memset(w.driver[0], 0xa5, sizeof(w.driver[0]));
	CHECK_EQ_INT(resume_vm(1), VMC_OK);
	console = open_client(1, "console.sock");
	until_ticks(console, 3);
	close(console);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	check_nothing_left();
}

/*
 * The process
 */

TEST(qemu_has_a_session_of_its_own)
{
	NEED_QEMU();
	boot(0);
	CHECK_EQ_INT(getsid((pid_t)w.vm[0].pid), w.vm[0].pid);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(qemu_gets_no_descriptor_of_the_hosts)
{
	char link[64], target[256];
	int leaky, fd;
	ssize_t len;

	NEED_QEMU();
	leaky = open(w.dir, O_RDONLY | O_DIRECTORY); /* no O_CLOEXEC */
	CHECK(leaky > 2);
	boot(0);
	boot(1);
	for (fd = 0; fd < 64; fd++) {
		snprintf(link, sizeof(link), "/proc/%lld/fd/%d",
			 (long long)w.vm[1].pid, fd);
		len = readlink(link, target, sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = '\0';
		CHECK(strcmp(target, w.dir) != 0);
		CHECK(strstr(target, "[pidfd]") == NULL);
	}
	close(leaky);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
}

TEST(qemu_takes_no_signal_settings_from_the_host)
{
	char path[64], text[2048], *at;
	sigset_t term;
	ssize_t len;
	int fd;

	NEED_QEMU();
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
	boot(0);
	sigprocmask(SIG_UNBLOCK, &term, NULL);
	snprintf(path, sizeof(path), "/proc/%lld/status",
		 (long long)w.vm[0].pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	len = read(fd, text, sizeof(text) - 1);
	close(fd);
	CHECK(len > 0);
	text[len] = '\0';
	at = strstr(text, "SigBlk:");
	CHECK(at != NULL);
	CHECK_EQ_INT(strtoull(at + 7, NULL, 16) & (1u << (SIGTERM - 1)), 0);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

static enum vmc_status add_vcpus(unsigned i, uint32_t count)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &task, vmc_vm_add_vcpus(&w.vm[i], count, &task, now()));
	return status;
}

static enum vmc_status add_memory(unsigned i, uint32_t mib)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &task, vmc_vm_add_memory(&w.vm[i], mib, &task, now()));
	return status;
}

TEST(death_is_seen_while_watched)
{
	struct vmc_task task = VMC_TASK_INIT;
	struct vmc_vm_probe probe;
	enum vmc_status status;
	uint64_t begun;

	NEED_QEMU();
	boot(0);
	CHECK_EQ_INT(vmc_qemu_ops.watch(&w.qemu, &w.vm[0], &task, now()),
		     VMC_AGAIN);
	vmc_qemu_ops.probe(&w.qemu, &w.vm[0], &probe);
	CHECK(probe.alive && probe.paused && probe.attached);
	begun = now();
	kill((pid_t)w.vm[0].pid, SIGKILL);
	FINISH(status, &task,
	       vmc_qemu_ops.watch(&w.qemu, &w.vm[0], &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	CHECK(now() < begun + 1000);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	vmc_qemu_ops.probe(&w.qemu, &w.vm[0], &probe);
	CHECK(!probe.alive && !probe.attached);
	check_nothing_left();
}

TEST(death_ends_an_operation_with_its_cause)
{
	NEED_QEMU();
	boot(0);
	kill((pid_t)w.vm[0].pid, SIGKILL);
	CHECK_EQ_INT(resume_vm(0), VMC_ERR_VM);
	CHECK(strstr(w.vm[0].error.text, "killed by signal 9") != NULL);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

static enum vmc_status watch_vm(unsigned i)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	FINISH(status, &task,
	       vmc_qemu_ops.watch(&w.qemu, &w.vm[i], &task, now()));
	return status;
}

/* What the built-in guest's `off` is told as, and what it said before. */
#define RESET "guest has rebooted, as one that panics does: "

TEST(a_guest_that_ends_is_seen_and_told)
{
	int console;

	NEED_QEMU();
	boot(0);
	console = open_client(0, "console.sock");
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	say(console, "off\n");
	CHECK_EQ_INT(watch_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text, RESET "ready");
	close(console);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(a_console_that_somebody_holds_is_waited_for)
{
	char line[64];
	int console, i;

	NEED_QEMU();
	w.config.hold_console = 1;
	open_driver();
	boot(0);
	console = open_client(0, "console.sock"); /* before the driver */
	for (i = 0; i < 3; i++) {
		CHECK_EQ_INT(resume_vm(0), VMC_OK);
		ask(console, "ping\n", line, sizeof(line));
		CHECK_EQ_STR(line, "pong");
		CHECK_EQ_INT(pause_vm(0), VMC_OK); /* and lets go */
	}
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	say(console, "off\n");
	CHECK_EQ_INT(watch_vm(0), VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text, RESET "ready");
	close(console);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(whatever_is_asked_of_a_guest_that_has_ended_says_so)
{
	struct pollfd gone = { .events = POLLIN };
	int console, i;

	NEED_QEMU();
	w.vm_config.vcpus_max = 2;
	w.vm_config.memory_max_mib = 512;
	boot(0);
	console = open_client(0, "console.sock");
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	say(console, "off\n");
	gone.fd = console;
	CHECK_EQ_INT(poll(&gone, 1, LIMIT_MS), 1);
	close(console);
	for (i = 0; i < 5; i++) {
		vmc_error_reset(&w.vm[0].error);
		CHECK_EQ_INT(i == 0 ? add_vcpus(0, 1) :
			     i == 1 ? add_memory(0, 128) :
			     i == 2 ? pause_vm(0) :
			     i == 3 ? watch_vm(0) :
				      resume_vm(0),
			     VMC_ERR_VM);
		CHECK_EQ_STR(w.vm[0].error.text, RESET "ready");
	}
	CHECK_EQ_INT(w.vm[0].vcpus, 1);
	CHECK_EQ_INT(w.vm[0].memory_mib, VMC_QEMU_MEMORY_MIB);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(an_operation_that_its_guest_outruns_ends_with_the_cause)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;
	int console;

	NEED_QEMU();
	boot(0);
	console = open_client(0, "console.sock");
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	say(console, "off\n");
	/* before or after its end, asked again until there is one */
	do {
		FINISH(status, &task,
		       vmc_qemu_ops.resume(&w.qemu, &w.vm[0], &task, now()));
	} while (status == VMC_OK);
	CHECK_EQ_INT(status, VMC_ERR_VM);
	CHECK_EQ_STR(w.vm[0].error.text, RESET "ready");
	close(console);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(a_frozen_qemu_is_killed_in_bounded_time)
{
	uint64_t begun;

	NEED_QEMU();
	w.config.stop_ms = 100;
	open_driver();
	boot(0);
	kill((pid_t)w.vm[0].pid, SIGSTOP);
	begun = now();
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK(now() >= begun + 200); /* quit and SIGTERM were tried */
	CHECK(now() < begun + 5000);
	check_nothing_left();
}

TEST(an_operation_on_a_frozen_qemu_has_a_deadline)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;

	NEED_QEMU();
	w.config.stop_ms = 50;
	open_driver();
	boot(0);
	kill((pid_t)w.vm[0].pid, SIGSTOP);
	task.deadline_ms = now() + 100;
	FINISH(status, &task, vmc_vm_resume(&w.vm[0], &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_TIMEOUT);
	CHECK(strstr(w.vm[0].error.text, "resume") != NULL);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

/*
 * Handing over
 */

TEST(a_taker_is_greeted_at_once)
{
	uint64_t best = 1000, begun;
	char line[512];
	int fd, round;

	NEED_QEMU();
	boot(0);
	for (round = 0; round < 5; round++) {
		detach_vm(0);
		begun = now();
		fd = open_client(0, "qmp.sock");
		CHECK(read_line(fd, line, sizeof(line), LIMIT_MS));
		CHECK(strstr(line, "\"QMP\"") != NULL);
		if (now() - begun < best)
			best = now() - begun;
		close(fd);
		CHECK_EQ_INT(attach_again(0), VMC_OK);
	}
	CHECK(best < 50);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(a_vm_that_somebody_holds_cannot_be_attached)
{
	int taker;

	NEED_QEMU();
	w.config.attach_ms = 150;
	open_driver();
	boot(0);
	detach_vm(0);
	taker = open_qmp(0);
	CHECK_EQ_INT(attach_again(0), VMC_ERR_IN_USE);
	close(taker);
	w.config.attach_ms = LIMIT_MS;
	open_driver();
	CHECK_EQ_INT(attach_again(0), VMC_OK);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(a_vm_that_somebody_resumed_cannot_be_attached)
{
	char line[512];
	int taker;

	NEED_QEMU();
	boot(0);
	detach_vm(0);
	taker = open_qmp(0);
	qmp(taker, "{\"execute\":\"cont\"}", line, sizeof(line));
	close(taker);
	CHECK_EQ_INT(attach_again(0), VMC_ERR_IN_USE);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(a_detached_vm_is_still_watched_and_stopped)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;
	int64_t pid;

	NEED_QEMU();
	boot(0);
	detach_vm(0);
	CHECK_EQ_INT(vmc_qemu_ops.watch(&w.qemu, &w.vm[0], &task, now()),
		     VMC_AGAIN);
	vmc_task_cancel(&task);
	pid = w.vm[0].pid;
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK(!process_is_there(pid));
	boot(1);
	detach_vm(1);
	kill((pid_t)w.vm[1].pid, SIGKILL);
	FINISH(status, &task,
	       vmc_qemu_ops.watch(&w.qemu, &w.vm[1], &task, now()));
	CHECK_EQ_INT(status, VMC_ERR_VM);
	CHECK_EQ_INT(attach_again(1), VMC_ERR_NOT_FOUND);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	check_nothing_left();
}

/* What a taker is told of VM `from` besides what was saved. */
static void know_as(unsigned i, unsigned from)
{
	memcpy(w.vm[i].id, w.vm[from].id, sizeof(w.vm[i].id));
	w.vm[i].pid = w.vm[from].pid;
	w.vm[i].vcpus = w.vm[from].vcpus;
	w.vm[i].memory_mib = w.vm[from].memory_mib;
}

/* In another process: takes VM 0 by what was saved of it, uses and stops it.
 * The exit status says how far it came. */
static int take_over(const uint8_t *saved, size_t saved_len)
{
	int console;

	know_as(1, 0);
	if (attach_vm(1, (struct vmc_view){ saved, saved_len }))
		return 2;
	if (resume_vm(1))
		return 3;
	console = open_client(1, "console.sock");
	until_ticks(console, 3);
	close(console);
	return stop_vm(1) ? 4 : 0;
}

TEST(another_process_takes_a_vm_over)
{
	uint8_t saved[VMC_HYPERVISOR_SIZE];
	size_t saved_len;
	int64_t pid;
	pid_t taker;
	int how;

	NEED_QEMU();
	boot(0);
	pid = w.vm[0].pid;
	saved_len = save_vm(0, saved);
	detach_vm(0);
	fflush(stdout);
	taker = fork();
	CHECK(taker >= 0);
	if (taker == 0)
		_exit(take_over(saved, saved_len));
	vmc_vm_release(&w.vm[0]);
	CHECK_EQ_INT(w.vm[0].state, VMC_VM_EMPTY);
	CHECK_EQ_INT(waitpid(taker, &how, 0), taker);
	CHECK(WIFEXITED(how));
	CHECK_EQ_INT(WEXITSTATUS(how), 0);
	vmc_qemu_reap(&w.qemu);
	CHECK(!process_is_there(pid));
	check_nothing_left();
}

TEST(a_vm_that_was_handed_out_is_reaped_when_it_ends)
{
	struct pollfd gone = { .events = POLLIN };
	int64_t pid;
	int qmp_fd;

	NEED_QEMU();
	boot(0);
	pid = w.vm[0].pid;
	detach_vm(0);
	qmp_fd = open_qmp(0);
	vmc_vm_release(&w.vm[0]);
	vmc_qemu_reap(&w.qemu);
	CHECK(process_is_there(pid));
	CHECK_EQ_INT(entries(w.run_dir), 1);
	kill((pid_t)pid, SIGKILL);
	gone.fd = qmp_fd;
	CHECK_EQ_INT(poll(&gone, 1, LIMIT_MS), 1);
	close(qmp_fd);
	CHECK_EQ_INT(
		waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT),
		0);
	vmc_qemu_reap(&w.qemu);
	CHECK(!process_is_there(pid));
	check_nothing_left();
}

TEST(saved_vms_that_are_gone_or_others_are_refused)
{
	uint8_t saved[VMC_HYPERVISOR_SIZE + 1];
	struct vmc_view view = { saved, 0 };
	char *start;

	NEED_QEMU();
	boot(0);
	view.ptr_len = save_vm(0, saved);
	saved[view.ptr_len] = '\0';
	strcpy(w.vm[1].id, "another");
	CHECK_EQ_INT(attach_vm(1, view), VMC_ERR_MALFORMED);
	vmc_vm_release(&w.vm[1]);

	/* a later process with that pid */
	start = strstr((char *)saved, "\"StartTime\":");
	CHECK(start != NULL);
	start[12] = start[12] == '9' ? '8' : (char)(start[12] + 1);
	strcpy(w.vm[2].id, w.vm[0].id);
	CHECK_EQ_INT(attach_vm(2, view), VMC_ERR_NOT_FOUND);
	vmc_vm_release(&w.vm[2]);
	CHECK(process_is_there(w.vm[0].pid));
	start[12] = start[12] == '8' ? '9' : (char)(start[12] - 1);

	detach_vm(0);
	kill((pid_t)w.vm[0].pid, SIGKILL);
	strcpy(w.vm[3].id, w.vm[0].id);
	CHECK_EQ_INT(attach_vm(3, view), VMC_ERR_NOT_FOUND);
	vmc_vm_release(&w.vm[3]);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

/*
 * Agents
 */

static void want_agent(enum vmc_qemu_agent agent)
{
	w.config.agent = agent;
	open_driver();
}

static void check_agent_url(unsigned i)
{
	char url[5 + 108] = "unix:";

	vm_path(url + 5, i, "agent.sock");
	CHECK_EQ_STR(w.vm[i].agent_url, url);
}

static int hung_up(int fd, int ms)
{
	struct pollfd end = { .fd = fd, .events = POLLIN };

	return poll(&end, 1, ms) == 1 && (end.revents & POLLHUP);
}

static int sockets_of(int64_t pid)
{
	char path[300], target[64];
	struct dirent *entry;
	int count = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%lld/fd", (long long)pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		ssize_t len = readlinkat(dirfd(dir), entry->d_name, target,
					 sizeof(target));

		count += len > 7 && memcmp(target, "socket:", 7) == 0;
	}
	if (dir)
		closedir(dir);
	return count;
}

/* Until QEMU has done all that came before: it answers in between. */
static void settle(unsigned i)
{
	CHECK_EQ_INT(pause_vm(i), VMC_OK);
	CHECK_EQ_INT(resume_vm(i), VMC_OK);
}

/* QEMU's sockets, once they are as many as they should be. */
static void until_sockets(unsigned i, int count)
{
	uint64_t until = now() + LIMIT_MS;

	while (sockets_of(w.vm[i].pid) != count) {
		CHECK(now() < until);
		settle(i);
	}
}

TEST(without_an_agent_there_is_no_channel)
{
	char path[108];

	NEED_QEMU();
	boot(0);
	CHECK_EQ_STR(w.vm[0].agent_url, "");
	CHECK_EQ_INT(w.vm[0].context_id, 0);
	vm_path(path, 0, "agent.sock");
	CHECK(access(path, F_OK) != 0);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(an_agents_socket_is_there_from_the_first_step_on)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status;
	struct stat found;
	char path[108];
	int client;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	task.deadline_ms = now() + LIMIT_MS;
	CHECK_EQ_INT(vmc_vm_boot(&w.vm[0], "vm-0", &w.vm_config, &task, now()),
		     VMC_AGAIN);
	check_agent_url(0);
	client = open_client(0, "agent.sock");
	FINISH(status, &task,
	       vmc_vm_boot(&w.vm[0], "vm-0", &w.vm_config, &task, now()));
	CHECK_EQ_INT(status, VMC_OK);
	check_agent_url(0);
	vm_path(path, 0, "agent.sock");
	CHECK_EQ_INT(stat(path, &found), 0);
	CHECK(S_ISSOCK(found.st_mode));
	vm_path(path, 0, "");
	CHECK_EQ_INT(stat(path, &found), 0);
	CHECK_EQ_INT(found.st_mode & 07777, 0700);
	CHECK(!hung_up(client, 0));
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK(hung_up(client, LIMIT_MS));
	close(client);
	check_nothing_left();
	CHECK_EQ_STR(w.vm[0].agent_url, "");
}

TEST(every_machine_type_has_an_agents_channel)
{
	static const char *const types[] = { "q35", "pc", "microvm" };
	char answer[512];
	unsigned i;
	int fd;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	for (i = 0; i < 3; i++) {
		w.vm_config.machine_type = types[i];
		boot(i);
		detach_vm(i);
		fd = open_qmp(i);
		qmp(fd,
		    "{\"execute\":\"qom-get\",\"arguments\":{\"path\":"
		    "\"channel0\",\"property\":\"name\"}}",
		    answer, sizeof(answer));
		CHECK_EQ_STR(answer, "{\"return\": \"agent.channel.0\"}");
		close(fd);
		close(open_client(i, "agent.sock"));
		CHECK_EQ_INT(stop_vm(i), VMC_OK);
	}
	check_nothing_left();
}

/* Every place that the driver fills besides, and a disk. */
TEST(an_agents_device_is_in_nobodys_way)
{
	char image[108];

	NEED_QEMU();
	w.config.root_ports = 16;
	want_agent(VMC_QEMU_AGENT_SERIAL);
	snprintf(image, sizeof(image), "%s/image", w.dir);
	write_file(image, "", 0600);
	CHECK_EQ_INT(truncate(image, 65536), 0);
	w.vm_config.firmware = "/usr/share/seabios/bios-256k.bin";
	w.vm_config.image = image;
	if (access(w.vm_config.firmware, R_OK))
		SKIP("no SeaBIOS to have a disk");
	boot(0);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	w.vm_config.machine_type = "pc";
	boot(1);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
}

TEST(an_agents_client_is_left_alone)
{
	int client;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	boot(0);
	client = open_client(0, "agent.sock");
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(pause_vm(0), VMC_OK);
	detach_vm(0);
	CHECK_EQ_INT(attach_again(0), VMC_OK);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	settle(0);
	CHECK(!hung_up(client, 0));
	say(client, "what nobody reads"); /* and is lost with its sender */
	close(client);
	client = open_client(0, "agent.sock");
	settle(0);
	CHECK(!hung_up(client, 0));
	close(client);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(agents_clients_are_served_one_after_another)
{
	int first, second, base;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	boot(0);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	settle(0);
	base = sockets_of(w.vm[0].pid); /* none is the driver's */
	first = open_client(0, "agent.sock");
	until_sockets(0, base + 1);
	second = open_client(0, "agent.sock"); /* it connects, and waits */
	settle(0);
	settle(0);
	CHECK_EQ_INT(sockets_of(w.vm[0].pid), base + 1);
	CHECK(!hung_up(second, 0));
	close(first);
	settle(0);
	until_sockets(0, base + 1);
	CHECK(!hung_up(second, 0));
	close(second);
	until_sockets(0, base);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

/* In another process; see take_over. */
static int take_over_with_agent(const uint8_t *saved, size_t saved_len,
				const char *url)
{
	know_as(1, 0);
	if (attach_vm(1, (struct vmc_view){ saved, saved_len }))
		return 2;
	if (strcmp(w.vm[1].agent_url, url))
		return 3;
	if (resume_vm(1))
		return 4;
	close(open_client(1, "agent.sock"));
	return stop_vm(1) ? 5 : 0;
}

TEST(an_agents_address_goes_with_its_vm)
{
	uint8_t saved[VMC_HYPERVISOR_SIZE];
	size_t saved_len;
	pid_t taker;
	int how;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	boot(0);
	saved_len = save_vm(0, saved);
	detach_vm(0);
	/* who only attaches says nothing of agents */
	want_agent(VMC_QEMU_AGENT_NONE);
	fflush(stdout);
	taker = fork();
	CHECK(taker >= 0);
	if (taker == 0)
		_exit(take_over_with_agent(saved, saved_len,
					   w.vm[0].agent_url));
	vmc_vm_release(&w.vm[0]);
	CHECK_EQ_INT(waitpid(taker, &how, 0), taker);
	CHECK(WIFEXITED(how));
	CHECK_EQ_INT(WEXITSTATUS(how), 0);
	vmc_qemu_reap(&w.qemu);
	check_nothing_left();
}

TEST(an_agents_socket_goes_with_a_vm_that_was_handed_out)
{
	int64_t pid;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	boot(0);
	pid = w.vm[0].pid;
	detach_vm(0);
	vmc_vm_release(&w.vm[0]);
	kill((pid_t)pid, SIGKILL);
	CHECK_EQ_INT(
		waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT),
		0);
	vmc_qemu_reap(&w.qemu);
	check_nothing_left();
}

#define VSOCK "/dev/vhost-vsock"

TEST(without_vhost_vsock_its_agents_are_refused_by_name)
{
	static const char text[] =
		"vsock: " VSOCK ": No such file or directory";

	NEED_QEMU();
	if (access(VSOCK, F_OK) == 0)
		SKIP("there is a " VSOCK);
	want_agent(VMC_QEMU_AGENT_VSOCK);
	CHECK_EQ_INT(vmc_qemu_check(&w.qemu, &w.vm_config, &w.error),
		     VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(w.error.text, text);
	CHECK_EQ_INT(boot_within(0, LIMIT_MS), VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(w.vm[0].error.text, text);
	CHECK_EQ_STR(w.vm[0].agent_url, "");
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(a_vsock_is_the_vms_alone)
{
	uint8_t saved[VMC_HYPERVISOR_SIZE];
	char url[VMC_URL_SIZE], key[32];
	struct vmc_view view = { saved, 0 };
	int descriptors;

	NEED_QEMU();
	if (access(VSOCK, R_OK | W_OK))
		SKIP("no " VSOCK);
	want_agent(VMC_QEMU_AGENT_VSOCK);
	descriptors = open_descriptors();
	boot(0);
	boot(1);
	CHECK(w.vm[0].context_id > 2 && w.vm[1].context_id > 2);
	CHECK(w.vm[0].context_id != w.vm[1].context_id);
	snprintf(url, sizeof(url), "vsock://%lu:1024",
		 (unsigned long)w.vm[0].context_id);
	CHECK_EQ_STR(w.vm[0].agent_url, url);
	view.ptr_len = save_vm(0, saved);
	snprintf(key, sizeof(key), "\"ContextID\":%lu,",
		 (unsigned long)w.vm[0].context_id);
	CHECK(memmem(saved, view.ptr_len, key, strlen(key)) != NULL);
	detach_vm(0);
	know_as(2, 0);
	CHECK_EQ_INT(attach_vm(2, view), VMC_OK);
	CHECK_EQ_STR(w.vm[2].agent_url, url);
	CHECK_EQ_INT(w.vm[2].context_id, w.vm[0].context_id);
	vmc_vm_release(&w.vm[2]);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	CHECK_EQ_INT(open_descriptors(), descriptors);
	check_nothing_left();
}

/*
 * Growing
 */

static void check_grown(unsigned i, unsigned vcpus, const char *memory)
{
	char line[4096];
	const char *at;
	int fd;

	detach_vm(i);
	fd = open_qmp(i);
	at = qmp(fd, "{\"execute\":\"query-cpus-fast\"}", line, sizeof(line));
	while ((at = strstr(at, "\"cpu-index\""))) {
		vcpus--;
		at++;
	}
	CHECK_EQ_INT(vcpus, 0);
	qmp(fd, "{\"execute\":\"query-memory-size-summary\"}", line,
	    sizeof(line));
	CHECK(strstr(line, memory) != NULL);
	close(fd);
}

TEST(a_vm_grows)
{
	static const char *const types[] = { "q35", "pc" };
	unsigned i;

	NEED_QEMU();
	w.vm_config.vcpus_max = 4;
	w.vm_config.memory_max_mib = 1024;
	for (i = 0; i < 2; i++) {
		w.vm_config.machine_type = types[i];
		boot(i);
		CHECK_EQ_INT(add_vcpus(i, 2), VMC_OK);
		CHECK_EQ_INT(add_memory(i, 256), VMC_OK);
		CHECK_EQ_INT(resume_vm(i), VMC_OK);
		CHECK_EQ_INT(add_vcpus(i, 1), VMC_OK);
		CHECK_EQ_INT(add_memory(i, 128), VMC_OK);
		CHECK_EQ_INT(w.vm[i].vcpus, 4);
		CHECK_EQ_INT(w.vm[i].cpu_delta, 3);
		CHECK_EQ_INT(w.vm[i].memory_mib, 512);
		check_grown(i, 4, "\"plugged-memory\": 402653184");
		CHECK_EQ_INT(stop_vm(i), VMC_OK);
	}
}

/* So that its guest has one notice to wait for, whatever the size. */
TEST(memory_is_added_as_one_dimm)
{
	char line[4096];
	const char *at;
	int fd;

	NEED_QEMU();
	w.vm_config.memory_max_mib = 2048;
	boot(0);
	CHECK_EQ_INT(add_memory(0, 1408), VMC_OK);
	detach_vm(0);
	fd = open_qmp(0);
	at = qmp(fd, "{\"execute\":\"query-memory-devices\"}", line,
		 sizeof(line));
	at = strstr(at, "\"size\": 1476395008");
	CHECK(at != NULL);
	CHECK(strstr(at + 1, "\"size\":") == NULL);
	CHECK(strstr(line, "\"id\": \"dimm0\"") != NULL);
	close(fd);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(a_vm_that_was_taken_over_grows_on)
{
	uint8_t saved[VMC_HYPERVISOR_SIZE];
	size_t saved_len;

	NEED_QEMU();
	w.vm_config.vcpus_max = 4;
	w.vm_config.memory_max_mib = 1024;
	boot(0);
	CHECK_EQ_INT(add_vcpus(0, 1), VMC_OK);
	CHECK_EQ_INT(add_memory(0, 128), VMC_OK);
	saved_len = save_vm(0, saved);
	detach_vm(0);
	know_as(1, 0);
	if (attach_vm(1, (struct vmc_view){ saved, saved_len }))
		CHECK_EQ_STR(w.vm[1].error.text, "");
	CHECK_EQ_INT(add_vcpus(1, 2), VMC_OK);
	CHECK_EQ_INT(add_memory(1, 128), VMC_OK);
	CHECK_EQ_INT(add_vcpus(1, 1), VMC_ERR_TOO_BIG);
	check_grown(1, 4, "\"plugged-memory\": 268435456");
	vmc_vm_release(&w.vm[1]);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

TEST(growth_beyond_the_maximum_is_refused_by_name)
{
	NEED_QEMU();
	w.vm_config.vcpus_max = 2;
	w.vm_config.memory_max_mib = 512;
	w.vm_config.memory_slots = 1;
	boot(0);
	CHECK_EQ_INT(add_vcpus(0, 2), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(w.vm[0].error.text, "more vCPUs than vcpus_max: 2");
	vmc_error_reset(&w.vm[0].error);
	CHECK_EQ_INT(add_memory(0, 512), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(w.vm[0].error.text,
		     "more memory than memory_max_mib: 512");
	vmc_error_reset(&w.vm[0].error);
	CHECK_EQ_INT(add_memory(0, 100), VMC_ERR_ARGUMENT);
	vmc_error_reset(&w.vm[0].error);
	CHECK_EQ_INT(add_memory(0, 128), VMC_OK);
	CHECK_EQ_INT(add_memory(0, 128), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(w.vm[0].error.text, "more DIMMs than memory_slots: 1");
	CHECK_EQ_INT(w.vm[0].vcpus, 1);
	CHECK_EQ_INT(w.vm[0].memory_mib, 256);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	w.vm_config.machine_type = "microvm";
	boot(1);
	CHECK_EQ_INT(add_vcpus(1, 1), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(add_memory(1, 128), VMC_ERR_UNSUPPORTED);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
}

TEST(a_taker_can_plug_in_devices)
{
	static const char *const plugs[] = {
		"\"rp0\",\"addr\":\"0\"", "\"rp1\",\"addr\":\"0\"",
		"\"pci-bridge-0\",\"addr\":\"1\""
	};
	char command[256], line[512];
	unsigned i;
	int fd;

	NEED_QEMU();
	boot(0);
	detach_vm(0);
	fd = open_qmp(0);
	for (i = 0; i < 3; i++) {
		snprintf(command, sizeof(command),
			 "{\"execute\":\"device_add\",\"arguments\":"
			 "{\"driver\":\"virtio-net-pci\",\"romfile\":\"\","
			 "\"id\":\"nic%u\",\"bus\":%s}}",
			 i, plugs[i]);
		CHECK_EQ_STR(qmp(fd, command, line, sizeof(line)),
			     "{\"return\": {}}");
	}
	close(fd);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

/*
 * What goes wrong
 */

static void check_boot_fails(unsigned i, enum vmc_status status,
			     const char *words)
{
	enum vmc_status found = boot_within(i, 10000);

	if (!strstr(w.vm[i].error.text, words))
		CHECK_EQ_STR(w.vm[i].error.text, words);
	CHECK_EQ_INT(found, status);
	CHECK_EQ_INT(w.vm[i].state, VMC_VM_STOPPING);
	CHECK_EQ_INT(stop_vm(i), VMC_OK);
	check_nothing_left();
}

TEST(qemu_that_cannot_be_run_is_named)
{
	char path[108];

	begin_world();
	w.vm_config.hypervisor_path = "/nonexistent/qemu";
	check_boot_fails(0, VMC_ERR_NOT_FOUND, "/nonexistent/qemu");
	w.vm_config.hypervisor_path = "no-such-qemu";
	check_boot_fails(0, VMC_ERR_NOT_FOUND, "no no-such-qemu on PATH: ");
	snprintf(path, sizeof(path), "%s/not-a-program", w.dir);
	write_file(path, "#!/bin/sh\n", 0600);
	w.vm_config.hypervisor_path = path;
	check_boot_fails(0, VMC_ERR_PERMISSION, path);
	write_file(path, "no program at all", 0600);
	CHECK_EQ_INT(chmod(path, 0700), 0);
	check_boot_fails(0, VMC_ERR_IO, "Exec format error");
	w.vm_config.hypervisor_path = w.dir;
	check_boot_fails(0, VMC_ERR_PERMISSION, w.dir);
}

TEST(files_that_cannot_be_read_are_named)
{
	NEED_QEMU();
	w.vm_config.kernel = "/nonexistent/vmlinuz";
	check_boot_fails(0, VMC_ERR_NOT_FOUND, "kernel /nonexistent/vmlinuz");
	w.vm_config.kernel = "/";
	check_boot_fails(0, VMC_ERR_IO, "kernel /: Is a directory");
	w.vm_config.kernel = NULL;
	w.vm_config.initrd = "/etc/passwd";
	check_boot_fails(0, VMC_ERR_ARGUMENT, "initrd without a kernel");
	w.vm_config.initrd = NULL;
	w.vm_config.kernel_params = "quiet";
	check_boot_fails(0, VMC_ERR_ARGUMENT, "without a kernel: quiet");
	w.vm_config.kernel_params = NULL;
	w.vm_config.firmware = "/nonexistent/bios";
	check_boot_fails(0, VMC_ERR_NOT_FOUND, "firmware /nonexistent/bios");
	w.vm_config.firmware = NULL;
	w.vm_config.image = "/nonexistent/image";
	check_boot_fails(0, VMC_ERR_NOT_FOUND, "image /nonexistent/image");
}

TEST(sizes_that_cannot_be_are_named)
{
	NEED_QEMU();
	w.vm_config.vcpus = 256;
	check_boot_fails(0, VMC_ERR_TOO_BIG, "vcpus_max: at most: 255");
	w.vm_config.vcpus = 3;
	w.vm_config.vcpus_max = 2;
	check_boot_fails(0, VMC_ERR_ARGUMENT, "vcpus_max is below vcpus: 3");
	w.vm_config.vcpus = w.vm_config.vcpus_max = 0;
	w.vm_config.memory_max_mib = 64;
	check_boot_fails(0, VMC_ERR_ARGUMENT, "memory_max_mib is below");
	w.vm_config.memory_max_mib = 0;
	w.vm_config.memory_slots = 257;
	check_boot_fails(0, VMC_ERR_TOO_BIG, "memory_slots: at most: 256");
	w.vm_config.memory_slots = 0;
	w.vm_config.machine_type = "virt";
	check_boot_fails(0, VMC_ERR_ARGUMENT, "q35, pc, microvm: virt");
}

TEST(last_words_of_qemu_are_kept)
{
	static char garbage[128];

	NEED_QEMU();
	w.vm_config.machine_type = "q35,no-such-property=1";
	check_boot_fails(0, VMC_ERR_VM, "no-such-property");
	w.vm_config.machine_type = NULL;
	snprintf(garbage, sizeof(garbage), "%s/kernel", w.dir);
	write_file(garbage, "this is no kernel, though it is readable", 0600);
	w.vm_config.kernel = garbage;
	check_boot_fails(0, VMC_ERR_VM, "exited with status 1");
	w.vm_config.kernel = NULL;
	w.vm_config.hypervisor_path = "/bin/false";
	check_boot_fails(0, VMC_ERR_VM, "exited with status 1");
}

TEST(a_ready_text_that_never_comes_is_told_with_the_last_line)
{
	static const char never_said[] =
		"guest has not said \"never said\" in time; its last line: "
		"ready";

	NEED_QEMU();
	w.config.ready = "never said";
	open_driver();
	CHECK_EQ_INT(boot_within(0, 1500), VMC_ERR_TIMEOUT);
	if (!strstr(w.vm[0].error.text, never_said))
		CHECK_EQ_STR(w.vm[0].error.text, never_said);
	CHECK(console_says(0, "ready\n"));
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

/* A program in QEMU's place: a shell script, with QEMU's arguments. */
static const char *put_script(const char *text)
{
	static char path[108];

	snprintf(path, sizeof(path), "%s/script", w.dir);
	write_file(path, text, 0700);
	return path;
}

TEST(a_qemu_that_never_greets_is_given_up)
{
	begin_world();
	w.vm_config.hypervisor_path =
		put_script("#!/bin/sh\ntrap '' TERM\nexec sleep 1000\n");
	CHECK_EQ_INT(boot_within(0, 200), VMC_ERR_TIMEOUT);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(a_program_that_is_no_qemu_has_its_words_kept)
{
	begin_world();
	w.vm_config.hypervisor_path = put_script(
		"#!/bin/sh\necho 'not what was asked for' >&2\nexit 3\n");
	check_boot_fails(0, VMC_ERR_VM,
			 "exited with status 3: not what was asked for");
}

TEST(run_directories_are_checked)
{
	char path[256];

	begin_world();
	w.config.run_dir = "relative";
	CHECK_EQ_INT(vmc_qemu_init(&w.qemu, &w.config, &w.error),
		     VMC_ERR_ARGUMENT);
	vmc_error_reset(&w.error);
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[58] = '\0';
	w.config.run_dir = path;
	CHECK_EQ_INT(vmc_qemu_init(&w.qemu, &w.config, &w.error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(w.error.text, "57") != NULL);
	vmc_error_reset(&w.error);
	NEED_QEMU();
	snprintf(path, sizeof(path), "%s/file", w.dir);
	write_file(path, "", 0600);
	strcat(path, "/run");
	w.config.run_dir = path;
	open_driver();
	CHECK_EQ_INT(vmc_qemu_check(&w.qemu, &w.vm_config, &w.error),
		     VMC_ERR_NOT_FOUND);
	CHECK(strstr(w.error.text, path) != NULL);
}

TEST(ids_that_are_no_names_are_refused)
{
	static const char *const ids[] = { "../x", ".x", "a/b", "a,b", "-S" };
	struct vmc_task task = VMC_TASK_INIT;
	unsigned i;

	NEED_QEMU();
	for (i = 0; i < 5; i++) {
		CHECK_EQ_INT(vmc_vm_boot(&w.vm[0], ids[i], &w.vm_config, &task,
					 now()),
			     VMC_ERR_ARGUMENT);
		CHECK_EQ_INT(stop_vm(0), VMC_OK);
	}
}

TEST(an_id_in_use_is_refused_and_its_vm_left_alone)
{
	struct vmc_task task = VMC_TASK_INIT;

	NEED_QEMU();
	boot(0);
	CHECK_EQ_INT(vmc_vm_boot(&w.vm[1], "vm-0", &w.vm_config, &task, now()),
		     VMC_ERR_IN_USE);
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	CHECK_EQ_INT(entries(w.run_dir), 1);
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
}

/* Boots `steps` steps far, then gives up. 1 if it was up before. */
static int boot_steps_then_cancel(unsigned steps)
{
	struct vmc_task task = VMC_TASK_INIT;
	enum vmc_status status = VMC_AGAIN;

	while (steps-- && status == VMC_AGAIN) {
		status = vmc_vm_boot(&w.vm[0], "vm-0", &w.vm_config, &task,
				     now());
		if (status == VMC_AGAIN && steps)
			wait_task(&task);
	}
	vmc_task_cancel(&task);
	return status != VMC_AGAIN;
}

TEST(a_boot_can_be_given_up_at_every_step)
{
	int descriptors, done = 0;
	unsigned steps;
	int64_t pid;

	NEED_QEMU();
	want_agent(VMC_QEMU_AGENT_SERIAL);
	descriptors = open_descriptors();
	for (steps = 1; !done; steps++) {
		done = boot_steps_then_cancel(steps);
		pid = w.vm[0].pid;
		CHECK(pid > 0);
		CHECK_EQ_INT(stop_vm(0), VMC_OK);
		CHECK(!process_is_there(pid));
		check_nothing_left();
		CHECK_EQ_INT(open_descriptors(), descriptors);
	}
	CHECK(steps > 3);
}

TEST(stop_works_on_zeroed_bytes)
{
	struct vmc_task task = VMC_TASK_INIT;

	begin_world();
	w.vm[0].state = VMC_VM_BOOTING;
	CHECK_EQ_INT(vmc_qemu_ops.stop(&w.qemu, &w.vm[0], &task, now()),
		     VMC_OK);
	vmc_qemu_ops.release(&w.qemu, &w.vm[0]);
	vmc_qemu_ops.detach(&w.qemu, &w.vm[0]);
	CHECK_EQ_INT(attach_again(0), VMC_ERR_STATE);
	CHECK_EQ_INT(vmc_qemu_ops.pause(&w.qemu, &w.vm[0], &task, now()),
		     VMC_ERR_STATE);
	CHECK_EQ_INT(vmc_qemu_ops.console(&w.qemu, &w.vm[0]).ptr_len, 0);
	w.vm[0].state = VMC_VM_EMPTY;
}

/*
 * Accelerators
 */

#define NEED_KVM_DEVICE()                                                      \
	do {                                                                   \
		NEED_QEMU();                                                   \
		if (access("/dev/kvm", R_OK | W_OK))                           \
			SKIP("no /dev/kvm to try");                            \
		w.config.accel = VMC_QEMU_AUTO;                                \
	} while (0)

static unsigned lines_of(const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = fd < 0 ? 0 : read(fd, text, sizeof(text));
	unsigned lines = 0;

	if (fd >= 0)
		close(fd);
	while (len > 0)
		lines += text[--len] == '\n';
	return lines;
}

/* QEMU behind a script that does something else when it is to use KVM. */
static void check_falls_back(const char *instead)
{
	char script[512], log[108];

	snprintf(log, sizeof(log), "%s/log", w.dir);
	snprintf(script, sizeof(script),
		 "#!/bin/sh\necho >>%s\ncase \"$*\" in *'-accel kvm'*)\n"
		 "%s\nesac\nexec qemu-system-x86_64 \"$@\"\n",
		 log, instead);
	unlink(log);
	w.vm_config.hypervisor_path = put_script(script);
	want_agent(VMC_QEMU_AGENT_SERIAL);
	CHECK_EQ_STR(vmc_qemu_accel_name(&w.qemu), "auto");
	boot(0);
	CHECK_EQ_STR(vmc_qemu_accel_name(&w.qemu), "tcg");
	CHECK_EQ_INT(lines_of(log), 2);
	close(open_client(0, "agent.sock"));
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	boot(1);
	CHECK_EQ_INT(lines_of(log), 3); /* not tried again */
	CHECK_EQ_INT(stop_vm(1), VMC_OK);
	w.vm_config.machine_type = "pc";
	boot(2);
	CHECK_EQ_INT(lines_of(log), 5); /* that one is */
	CHECK_EQ_INT(stop_vm(2), VMC_OK);
	w.vm_config.machine_type = NULL;
	check_nothing_left();
}

TEST(a_kvm_that_fails_is_not_used)
{
	NEED_KVM_DEVICE();
	check_falls_back("echo no KVM here >&2; exit 1");
	check_falls_back("kill -ABRT $$");
	w.config.trial_ms = 800;
	check_falls_back("exec sleep 1000");
}

TEST(a_silent_guest_on_kvm_is_booted_on_tcg)
{
	static const char firmware[] = "/usr/share/seabios/bios.bin";

	NEED_KVM_DEVICE();
	if (access(firmware, R_OK))
		SKIP("no SeaBIOS to boot silently");
	w.config.trial_ms = 300;
	open_driver();
	w.vm_config.firmware = firmware;
	boot(0);
	CHECK_EQ_STR(vmc_qemu_accel_name(&w.qemu), "tcg");
	CHECK_EQ_INT(w.vm[0].error.status, VMC_OK);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TEST(auto_ends_with_what_works)
{
	char line[64];
	int console;

	NEED_KVM_DEVICE();
	open_driver();
	boot(0);
	console = open_client(0, "console.sock");
	CHECK_EQ_INT(resume_vm(0), VMC_OK);
	ask(console, "ping\n", line, sizeof(line));
	CHECK_EQ_STR(line, "pong");
	until_ticks(console, 3);
	close(console);
	CHECK(strcmp(vmc_qemu_accel_name(&w.qemu), "auto") != 0);
	CHECK_EQ_INT(stop_vm(0), VMC_OK);
	check_nothing_left();
}

TESTS(RUN(a_vm_boots_is_paused_and_goes_on) RUN(pause_and_resume_are_idempotent) RUN(
	stop_leaves_no_process_and_no_file) RUN(every_machine_type_boots_the_built_in_guest) RUN(vms_boot_side_by_side) RUN(an_idle_vm_can_be_moved) RUN(qemu_has_a_session_of_its_own) RUN(qemu_gets_no_descriptor_of_the_hosts) RUN(qemu_takes_no_signal_settings_from_the_host) RUN(death_is_seen_while_watched) RUN(death_ends_an_operation_with_its_cause) RUN(a_guest_that_ends_is_seen_and_told) RUN(a_console_that_somebody_holds_is_waited_for) RUN(whatever_is_asked_of_a_guest_that_has_ended_says_so) RUN(an_operation_that_its_guest_outruns_ends_with_the_cause)
	      RUN(a_frozen_qemu_is_killed_in_bounded_time) RUN(an_operation_on_a_frozen_qemu_has_a_deadline) RUN(a_taker_is_greeted_at_once) RUN(
		      a_vm_that_somebody_holds_cannot_be_attached) RUN(a_vm_that_somebody_resumed_cannot_be_attached) RUN(a_detached_vm_is_still_watched_and_stopped) RUN(another_process_takes_a_vm_over) RUN(a_vm_that_was_handed_out_is_reaped_when_it_ends) RUN(saved_vms_that_are_gone_or_others_are_refused) RUN(without_an_agent_there_is_no_channel)
		      RUN(an_agents_socket_is_there_from_the_first_step_on) RUN(every_machine_type_has_an_agents_channel) RUN(an_agents_device_is_in_nobodys_way) RUN(
			      an_agents_client_is_left_alone) RUN(agents_clients_are_served_one_after_another) RUN(an_agents_address_goes_with_its_vm)
			      RUN(an_agents_socket_goes_with_a_vm_that_was_handed_out) RUN(without_vhost_vsock_its_agents_are_refused_by_name) RUN(
				      a_vsock_is_the_vms_alone) RUN(a_vm_grows) RUN(memory_is_added_as_one_dimm)
				      RUN(a_vm_that_was_taken_over_grows_on) RUN(growth_beyond_the_maximum_is_refused_by_name) RUN(
					      a_taker_can_plug_in_devices) RUN(qemu_that_cannot_be_run_is_named)
					      RUN(files_that_cannot_be_read_are_named) RUN(sizes_that_cannot_be_are_named) RUN(
						      last_words_of_qemu_are_kept) RUN(a_ready_text_that_never_comes_is_told_with_the_last_line)
						      RUN(a_qemu_that_never_greets_is_given_up) RUN(
							      a_program_that_is_no_qemu_has_its_words_kept) RUN(run_directories_are_checked)
							      RUN(ids_that_are_no_names_are_refused) RUN(
								      an_id_in_use_is_refused_and_its_vm_left_alone)
								      RUN(a_boot_can_be_given_up_at_every_step) RUN(
									      stop_works_on_zeroed_bytes)
									      RUN(a_kvm_that_fails_is_not_used)
										      RUN(a_silent_guest_on_kvm_is_booted_on_tcg)
											      RUN(auto_ends_with_what_works))
