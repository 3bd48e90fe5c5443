/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From configurations to command lines.
 */
#include <stdlib.h>

#include "../../port/qemu/qemu_plan.h"
#include "test.h"

static struct vmc_qemu qemu;
static struct vmc_vm_config config;
static struct qemu_plan plan;
static struct qemu_command command;
static char program[QEMU_PROGRAM_SIZE];
static char line[20000];
static struct vmc_error error;

static void begin(void)
{
	static const struct vmc_qemu_config defaults;

	memset(&config, 0, sizeof(config));
	vmc_error_reset(&error);
	config.hypervisor_path = "/bin/sh"; /* one that is there */
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &defaults, &error), VMC_OK);
}

static enum vmc_status make_plan(void)
{
	enum vmc_status status;

	vmc_error_reset(&error);
	status = vmc_qemu_plan(&qemu, &config, &plan, program, &error);
	plan.id = "vm-1";
	plan.accel = VMC_QEMU_TCG;
	plan.cpu = "qemu64";
	plan.control = 7;
	plan.console = 8;
	plan.agent_end = 9;
	plan.context_id = 4294967294u;
	if (vmc_qemu_is_builtin(&config))
		plan.rom = "/run/rom.bin";
	return status;
}

/* The arguments of the plan, a blank between two. */
static const char *written(void)
{
	size_t len = 0;
	uint32_t i;

	CHECK_EQ_INT(make_plan(), VMC_OK);
	CHECK_EQ_INT(vmc_qemu_command_write(&command, &plan, &error), VMC_OK);
	for (i = 0; i < command.argv_len; i++)
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s",
					i ? " " : "", command.argv[i]);
	CHECK(command.argv[i] == NULL);
	return line;
}

static int has(const char *part)
{
	return strstr(written(), part) != NULL;
}

TEST(the_default_is_a_q35_with_the_built_in_guest)
{
	begin();
	CHECK_EQ_STR(
		written(),
		"/bin/sh -name vm-1 -machine q35 -accel tcg -cpu qemu64"
		" -display none -nodefaults -no-user-config -no-reboot -S"
		" -smp 1,maxcpus=1,sockets=1,cores=1,threads=1 -m 128M"
		" -chardev socket,id=control,fd=7,server=on,wait=off"
		" -mon chardev=control,mode=control"
		" -chardev socket,id=console,fd=8,server=on,wait=off"
		" -serial chardev:console"
		" -device pci-bridge,bus=pcie.0,id=pci-bridge-0,chassis_nr=1,"
		"shpc=off,addr=2"
		" -device pcie-root-port,id=rp0,bus=pcie.0,chassis=1,slot=1,"
		"addr=3.0,multifunction=on"
		" -device pcie-root-port,id=rp1,bus=pcie.0,chassis=2,slot=2,"
		"addr=3.1"
		" -bios /run/rom.bin");
}

TEST(a_linux_guest_has_a_console)
{
	begin();
	config.kernel = "/boot/vmlinuz";
	config.initrd = "/boot/initrd";
	CHECK(has(" -kernel /boot/vmlinuz -append console=ttyS0 panic=-1"
		  " -initrd /boot/initrd"));
	CHECK(!has("-bios"));
	config.kernel_params = "quiet lsm=a,b";
	CHECK(has("-append console=ttyS0 panic=-1 quiet lsm=a,b -initrd"));
	config.firmware = "/bios,bin";
	CHECK(has("-bios /bios,bin"));
}

TEST(machines_are_told_apart_by_name)
{
	CHECK_EQ_INT(vmc_qemu_machine(NULL), QEMU_Q35);
	CHECK_EQ_INT(vmc_qemu_machine("q35"), QEMU_Q35);
	CHECK_EQ_INT(vmc_qemu_machine("pc-q35-7.2,vmport=off"), QEMU_Q35);
	CHECK_EQ_INT(vmc_qemu_machine("pc"), QEMU_PC);
	CHECK_EQ_INT(vmc_qemu_machine("pc,usb=off"), QEMU_PC);
	CHECK_EQ_INT(vmc_qemu_machine("pc-i440fx-7.2"), QEMU_PC);
	CHECK_EQ_INT(vmc_qemu_machine("microvm,rtc=on"), QEMU_MICROVM);
	CHECK_EQ_INT(vmc_qemu_machine("q35x"), QEMU_UNKNOWN);
	CHECK_EQ_INT(vmc_qemu_machine("pcx"), QEMU_UNKNOWN);
	CHECK_EQ_INT(vmc_qemu_machine("isapc"), QEMU_UNKNOWN);
	CHECK_EQ_INT(vmc_qemu_machine(",q35"), QEMU_UNKNOWN);
}

TEST(a_pc_has_a_bridge_and_a_microvm_nothing)
{
	begin();
	config.machine_type = "pc";
	CHECK(has("-machine pc "));
	CHECK(has("pci-bridge,bus=pci.0,"));
	CHECK(!has("pcie-root-port"));
	config.machine_type = "microvm";
	CHECK(has("-machine microvm,acpi=off "));
	CHECK(!has("pci-bridge"));
	config.kernel = "/boot/vmlinuz";
	CHECK(has("-machine microvm "));
	config.image = "/image";
	CHECK(has("-device virtio-blk-device,drive=image"));
}

TEST(root_ports_share_slots)
{
	struct vmc_qemu_config many = { .root_ports = 16 };

	begin();
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &many, &error), VMC_OK);
	CHECK(has("id=rp7,bus=pcie.0,chassis=8,slot=8,addr=3.7 "));
	CHECK(has("id=rp8,bus=pcie.0,chassis=9,slot=9,addr=4.0,multif"));
	CHECK(has("id=rp15,bus=pcie.0,chassis=16,slot=16,addr=4.7 "));
	many.root_ports = 17;
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &many, &error), VMC_ERR_ARGUMENT);
}

static void have_agent(enum vmc_qemu_agent agent)
{
	struct vmc_qemu_config with = { .agent = agent };

	CHECK_EQ_INT(vmc_qemu_init(&qemu, &with, &error), VMC_OK);
}

TEST(a_serial_agent_is_katas_port)
{
	begin();
	have_agent(VMC_QEMU_AGENT_SERIAL);
	CHECK(has("addr=3.1 -chardev socket,id=agent,fd=9,server=on,wait=off"
		  " -device virtio-serial-pci,id=serial0,max_ports=2,"
		  "bus=pcie.0,addr=5"
		  " -device virtserialport,bus=serial0.0,chardev=agent,"
		  "id=channel0,name=agent.channel.0 -bios"));
	config.machine_type = "pc";
	CHECK(has("-device virtio-serial-pci,id=serial0,max_ports=2,"
		  "bus=pci.0,addr=5 "));
	config.machine_type = "microvm";
	CHECK(has("-device virtio-serial-device,id=serial0,max_ports=2"
		  " -device virtserialport,bus=serial0.0,"));
	CHECK(!has("vsock"));
}

TEST(a_vsock_is_given_its_cid)
{
	begin();
	have_agent(VMC_QEMU_AGENT_VSOCK);
	CHECK(has(" -device vhost-vsock-pci,bus=pcie.0,addr=5,"
		  "guest-cid=4294967294,vhostfd=9 "));
	config.kernel = "/boot/vmlinux";
	config.kernel_params = "quiet";
	plan.agent_port = 1024;
	CHECK(has("-append console=ttyS0 panic=-1 vmcache.listen=vsock:1024 "
		  "quiet"));
	config.kernel = config.kernel_params = NULL;
	config.machine_type = "pc";
	CHECK(has(" -device vhost-vsock-pci,bus=pci.0,addr=5,"));
	config.machine_type = "microvm";
	CHECK(has(" -device vhost-vsock-device,guest-cid=4294967294,"
		  "vhostfd=9 "));
	CHECK(!has("id=agent"));
}

TEST(no_agent_has_no_device)
{
	begin();
	CHECK(!has("id=agent"));
	CHECK(!has("serial0"));
	CHECK(!has("vsock"));
}

TEST(agents_that_cannot_be_are_refused)
{
	struct vmc_qemu_config with = { .agent = 3 };

	begin();
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &with, &error), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "unknown kind of agent: 3");
	vmc_error_reset(&error);
	with.agent = VMC_QEMU_AGENT_VSOCK;
	with.agent_port = UINT32_MAX;
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &with, &error), VMC_ERR_ARGUMENT);
	CHECK_EQ_STR(error.text, "agent's vsock port: at most: 4294967294");
	vmc_error_reset(&error);
	with.agent_port = 0;
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &with, &error), VMC_OK);
	CHECK_EQ_INT(qemu.config.agent_port, 1024);
}

TEST(what_can_grow_is_told_to_qemu)
{
	begin();
	config.vcpus = 2;
	config.vcpus_max = 8;
	config.memory_mib = 256;
	config.memory_max_mib = 4096;
	CHECK(has("-smp 2,maxcpus=8,sockets=8,cores=1,threads=1 "
		  "-m 256M,slots=10,maxmem=4096M "));
	config.memory_slots = 3;
	CHECK(has("slots=3,"));
	config.memory_max_mib = 256;
	CHECK(has("-m 256M "));
	config.memory_max_mib = 4096;
	config.machine_type = "microvm";
	CHECK(has("-smp 2,maxcpus=2,sockets=2,cores=1,threads=1 -m 256M "));
}

TEST(commas_in_an_images_path_are_doubled)
{
	begin();
	config.kernel = "/k";
	config.image = "/a,b,,c,";
	CHECK(has("-drive if=none,id=image,format=raw,readonly=on,"
		  "file=/a,,b,,,,c,, -device virtio-blk-pci,drive=image"));
}

TEST(empty_texts_are_no_texts)
{
	begin();
	config.machine_type = config.kernel = config.initrd = config.image =
		config.firmware = config.kernel_params = "";
	CHECK(has("-machine q35 "));
	CHECK(has("-bios /run/rom.bin"));
	CHECK(!has("-kernel"));
	CHECK(!has("-drive"));
	config.kernel = "/k";
	CHECK(has("-append console=ttyS0 panic=-1"));
	config.hypervisor_path = "";
	(void)make_plan();
	CHECK(strstr(program, "qemu-system-x86_64") || error.status);
}

TEST(what_does_not_fit_is_refused)
{
	char *params = malloc(QEMU_ARGUMENTS_SIZE + 1);

	begin();
	memset(params, 'x', QEMU_ARGUMENTS_SIZE);
	params[QEMU_ARGUMENTS_SIZE] = '\0';
	config.kernel = "/k";
	config.kernel_params = params;
	CHECK_EQ_INT(make_plan(), VMC_OK);
	CHECK_EQ_INT(vmc_qemu_command_write(&command, &plan, &error),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "8192") != NULL);
	params[2047] = '\0';
	CHECK(has(params));
	config.kernel_params = NULL;
	config.image = params;
	memset(params, ',', QEMU_ARGUMENTS_SIZE / 2);
	params[QEMU_ARGUMENTS_SIZE / 2] = '\0';
	CHECK_EQ_INT(make_plan(), VMC_OK);
	CHECK_EQ_INT(vmc_qemu_command_write(&command, &plan, &error),
		     VMC_ERR_TOO_BIG);
	free(params);
}

/* All that can be asked for at once, each at its longest. */
TEST(the_longest_command_fits)
{
	struct vmc_qemu_config all = { .agent = VMC_QEMU_AGENT_SERIAL,
				       .root_ports = 16 };
	static char params[2048], path[1024];

	begin();
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &all, &error), VMC_OK);
	memset(params, 'x', sizeof(params) - 1);
	memset(path, 'p', sizeof(path) - 1);
	config.kernel = config.initrd = config.firmware = config.image = path;
	config.kernel_params = params;
	config.vcpus_max = 255;
	config.memory_max_mib = UINT32_MAX;
	config.memory_slots = 256;
	CHECK(has(params));
	CHECK(has("id=rp15,"));
	CHECK(has("name=agent.channel.0 "));
	CHECK(has("drive=image"));
}

TEST(cpu_models_follow_guest_and_accelerator)
{
	struct vmc_qemu_config named = { .cpu = "max,-arch-capabilities" };
	struct qemu_facts facts = { 0 };

	begin();
	CHECK_EQ_STR(vmc_qemu_cpu(&qemu, &config, VMC_QEMU_KVM), "qemu64");
	config.kernel = "/k";
	CHECK_EQ_STR(vmc_qemu_cpu(&qemu, &config, VMC_QEMU_KVM), "host");
	CHECK_EQ_STR(vmc_qemu_cpu(&qemu, &config, VMC_QEMU_TCG), "qemu64");
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &named, &error), VMC_OK);
	CHECK_EQ_INT(make_plan(), VMC_OK);
	plan.cpu = vmc_qemu_cpu(&qemu, &config, VMC_QEMU_KVM);
	CHECK_EQ_STR(plan.cpu, named.cpu);
	vmc_qemu_plan_facts(&plan, &facts);
	CHECK_EQ_STR(facts.cpu, "max");
	named.cpu = "a-model-of-thirty-two-bytes-long";
	CHECK_EQ_INT(vmc_qemu_init(&qemu, &named, &error), VMC_ERR_TOO_BIG);
}

TEST(digests_tell_guests_apart)
{
	uint32_t first, second;

	begin();
	first = vmc_qemu_digest(&qemu, &config);
	CHECK(first != 0);
	CHECK_EQ_INT(vmc_qemu_digest(&qemu, &config), first);
	config.memory_mib = 4096;
	CHECK_EQ_INT(vmc_qemu_digest(&qemu, &config), first);
	config.kernel = "a";
	second = vmc_qemu_digest(&qemu, &config);
	CHECK(second != first);
	config.kernel = NULL;
	config.initrd = "a";
	CHECK(vmc_qemu_digest(&qemu, &config) != second);
}

TESTS(RUN(the_default_is_a_q35_with_the_built_in_guest) RUN(
	a_linux_guest_has_a_console) RUN(machines_are_told_apart_by_name)
	      RUN(a_pc_has_a_bridge_and_a_microvm_nothing) RUN(
		      root_ports_share_slots) RUN(what_can_grow_is_told_to_qemu)
		      RUN(commas_in_an_images_path_are_doubled) RUN(
			      empty_texts_are_no_texts) RUN(what_does_not_fit_is_refused)
			      RUN(cpu_models_follow_guest_and_accelerator) RUN(
				      digests_tell_guests_apart)
				      RUN(a_serial_agent_is_katas_port) RUN(
					      a_vsock_is_given_its_cid)
					      RUN(no_agent_has_no_device) RUN(
						      agents_that_cannot_be_are_refused)
						      RUN(the_longest_command_fits))
