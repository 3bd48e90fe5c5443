/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GrpcVM.hypervisor of a QEMU: ours to the byte, Kata's of two releases.
 */
#include "../../port/qemu/qemu_json.h"
#include "test.h"

#define UUID "0c5c2a4a-6c5e-4f5e-9b7a-2f0f1f9a8b11"

static uint8_t out[2048];
static size_t out_len;
static struct vmc_error error;

static const struct qemu_facts example = {
	.pid = 4711,
	.start_time = 123456789,
	.context_id = 1476110377,
	.vcpus = 1,
	.vcpus_max = 8,
	.memory_mib = 128,
	.memory_max_mib = 1024,
	.memory_slots = 10,
	.root_ports = 2,
	.machine = QEMU_Q35,
	.cpu = "qemu64",
	.dir = "/run/vc/vm/" UUID,
};

static const char *written(const struct qemu_facts *facts, const char *id)
{
	CHECK_EQ_INT(
		vmc_qemu_facts_write(facts, id, out, sizeof(out) - 1, &out_len),
		VMC_OK);
	out[out_len] = '\0';
	return (const char *)out;
}

static enum vmc_status read_text(struct qemu_facts *facts, const char *text)
{
	vmc_error_reset(&error);
	return vmc_qemu_facts_read(facts, UUID, vmc_view_of(text), &error);
}

TEST(a_vm_is_written_as_kata_would)
{
	CHECK_EQ_STR(
		written(&example, UUID),
		"{\"ID\":\"" UUID "\",\"ContextID\":1476110377,"
		"\"QmpChannelpath\":\"/run/vc/vm/" UUID "/qmp.sock\","
		"\"State\":{\"UUID\":\"" UUID "\","
		"\"HotPlugVFIO\":\"root-port\",\"Bridges\":[{\"Devices\":{},"
		"\"Address\":{},\"ID\":\"pci-bridge-0\",\"Type\":\"pci\","
		"\"Addr\":2,\"MaxCapacity\":30,\"ParentID\":\"\","
		"\"ParentAddr\":0}],\"HotpluggedVCPUs\":null,"
		"\"HotpluggedMemory\":0,\"VirtiofsDaemonPid\":0,"
		"\"HotplugVFIO\":\"\",\"ColdPlugVFIO\":\"no-port\","
		"\"PCIeRootPort\":2,\"PCIeSwitchPort\":0},\"NvdimmCount\":0,"
		"\"QemuSMP\":{\"CPUs\":1,\"Cores\":1,\"Threads\":1,"
		"\"Sockets\":8,\"MaxCPUs\":8},"
		"\"Pid\":4711,\"StartTime\":123456789,"
		"\"ConsolePath\":\"/run/vc/vm/" UUID "/console.sock\","
		"\"Machine\":\"q35\",\"CPUModel\":\"qemu64\",\"Memory\":128,"
		"\"MaxMemory\":1024,\"MemorySlots\":10,"
		"\"HotpluggedDIMMs\":0}");
}

TEST(others_than_uuids_and_bridges_are_left_out)
{
	struct qemu_facts facts = example;

	facts.machine = QEMU_MICROVM;
	facts.root_ports = 0;
	written(&facts, "vm-1");
	CHECK(strstr((char *)out, "\"ID\":\"vm-1\"") != NULL);
	CHECK(strstr((char *)out, "\"UUID\":\"\"") != NULL);
	CHECK(strstr((char *)out, "\"Bridges\":null") != NULL);
	CHECK(strstr((char *)out, "\"HotPlugVFIO\":\"no-port\"") != NULL);
	CHECK(vmc_qemu_is_uuid(UUID));
	CHECK(!vmc_qemu_is_uuid(UUID "0"));
	CHECK(!vmc_qemu_is_uuid("0c5c2a4a-6c5e-4f5e-9b7a-2f0f1f9a8b1"));
	CHECK(!vmc_qemu_is_uuid("0c5c2a4a-6c5e-4f5e-9b7a-2f0f1f9a8b1g"));
	CHECK(!vmc_qemu_is_uuid(""));
}

TEST(what_was_written_is_read)
{
	struct qemu_facts facts = example, back;

	facts.vcpus_added = 3;
	facts.dimms = 2;
	facts.memory_added_mib = 384;
	written(&facts, UUID);
	CHECK(strstr((char *)out,
		     "\"HotpluggedVCPUs\":[{\"ID\":\"cpu-0\"},{\"ID\":"
		     "\"cpu-1\"},{\"ID\":\"cpu-2\"}]") != NULL);
	CHECK_EQ_INT(read_text(&back, (char *)out), VMC_OK);
	CHECK_EQ_INT(back.pid, facts.pid);
	CHECK_EQ_INT(back.start_time, facts.start_time);
	CHECK_EQ_INT(back.context_id, facts.context_id);
	CHECK_EQ_INT(back.vcpus, 1);
	CHECK_EQ_INT(back.vcpus_max, 8);
	CHECK_EQ_INT(back.vcpus_added, 3);
	CHECK_EQ_INT(back.memory_mib, 128);
	CHECK_EQ_INT(back.memory_max_mib, 1024);
	CHECK_EQ_INT(back.memory_added_mib, 384);
	CHECK_EQ_INT(back.memory_slots, 10);
	CHECK_EQ_INT(back.dimms, 2);
	CHECK_EQ_INT(back.root_ports, 2);
	CHECK_EQ_INT(back.machine, QEMU_Q35);
	CHECK_EQ_STR(back.cpu, "qemu64");
	CHECK_EQ_STR(back.dir, facts.dir);
}

TEST(an_agents_kind_is_written_and_read)
{
	struct qemu_facts facts = example, back;

	facts.agent = VMC_QEMU_AGENT_SERIAL;
	facts.agent_port = 1024;
	written(&facts, UUID);
	CHECK(strstr((char *)out,
		     "\"HotpluggedDIMMs\":0,\"Agent\":\"serial\"}"));
	CHECK_EQ_INT(read_text(&back, (char *)out), VMC_OK);
	CHECK_EQ_INT(back.agent, VMC_QEMU_AGENT_SERIAL);
	facts.agent = VMC_QEMU_AGENT_VSOCK;
	written(&facts, UUID);
	CHECK(strstr((char *)out, ",\"Agent\":\"vsock\",\"AgentPort\":1024}"));
	CHECK_EQ_INT(read_text(&back, (char *)out), VMC_OK);
	CHECK_EQ_INT(back.agent, VMC_QEMU_AGENT_VSOCK);
	CHECK_EQ_INT(back.agent_port, 1024);
	written(&example, UUID);
	CHECK_EQ_INT(read_text(&back, (char *)out), VMC_OK);
	CHECK_EQ_INT(back.agent, VMC_QEMU_AGENT_NONE);
}

/* virtcontainers' toGrpc of Kata 1.6 and of 4.1. */
static const char *const katas[] = {
	"{\"ID\":\"" UUID "\",\"QmpChannelpath\":\"/run/vc/vm/" UUID
	"/qmp.sock\",\"State\":{\"Bridges\":[{\"Address\":{},\"Type\":\"pci\","
	"\"ID\":\"pci-bridge-0\",\"Addr\":2}],\"HotpluggedVCPUs\":null,"
	"\"HotpluggedMemory\":0,\"UUID\":\"e8c4b9b6-1d5a-4f0e-8b5c-"
	"000000000001\",\"HotplugVFIOOnRootBus\":false},\"NvdimmCount\":0,"
	"\"QemuSMP\":{\"CPUs\":1,\"Cores\":1,\"Threads\":1,\"Sockets\":1,"
	"\"MaxCPUs\":8}}",
	"{\"ID\":\"" UUID "\",\"QmpChannelpath\":\"/run/vc/vm/" UUID
	"/qmp.sock\",\"State\":{\"UUID\":\"e8c4b9b6-1d5a-4f0e-8b5c-"
	"000000000001\",\"HotPlugVFIO\":\"no-port\",\"Bridges\":null,"
	"\"HotpluggedVCPUs\":null,\"HotpluggedMemory\":0,"
	"\"VirtiofsDaemonPid\":0,\"HotplugVFIO\":\"\",\"ColdPlugVFIO\":"
	"\"no-port\",\"PCIeRootPort\":0,\"PCIeSwitchPort\":0},"
	"\"NvdimmCount\":0,\"QemuSMP\":{\"CPUs\":1,\"Cores\":1,\"Threads\":1,"
	"\"Sockets\":8,\"MaxCPUs\":8}}",
};

TEST(katas_own_is_read)
{
	struct qemu_facts facts;
	size_t i;

	for (i = 0; i < 2; i++) {
		CHECK_EQ_INT(read_text(&facts, katas[i]), VMC_OK);
		CHECK_EQ_STR(facts.dir, "/run/vc/vm/" UUID);
		CHECK_EQ_INT(facts.vcpus_max, 8);
		CHECK_EQ_INT(facts.pid, 0);
		CHECK_EQ_INT(facts.machine, QEMU_UNKNOWN);
	}
}

TEST(other_documents_are_refused_with_a_reason)
{
	static const struct {
		const char *text, *reason;
	} cases[] = {
		{ "", "at byte 0" },
		{ "{}", "no ID or no QmpChannelpath" },
		{ "{\"ID\":\"" UUID "\"}", "no QmpChannelpath" },
		{ "{\"QmpChannelpath\":\"/d/qmp.sock\"}", "no ID" },
		{ "{\"ID\":\"other\"}", "another VM's ID at byte 6" },
		{ "{\"QmpChannelpath\":\"/d/else.sock\"}",
		  "QmpChannelpath is not DIRECTORY/qmp.sock" },
		{ "{\"QmpChannelpath\":\"d/qmp.sock\"}", "is not DIRECTORY" },
		{ "{\"QmpChannelpath\":\"/qmp.sock\"}", "is not DIRECTORY" },
		{ "{\"Agent\":\"none\"}", "Agent is none of serial, vsock" },
		{ "{\"Agent\":1}", "at byte" },
		{ "{\"AgentPort\":4294967296}", "at byte" },
		{ "{\"Pid\":-1}", "at byte" },
		{ "{\"Pid\":4294967296}", "at byte" },
		{ "{\"State\":5}", "at byte" },
		{ "{\"State\":{\"HotpluggedVCPUs\":5}}", "at byte" },
		{ "{\"CPUModel\":\"a-model-of-thirty-two-bytes-long\"}",
		  "at byte" },
	};
	struct qemu_facts facts;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CHECK(read_text(&facts, cases[i].text) < 0);
		if (!strstr(error.text, cases[i].reason))
			CHECK_EQ_STR(error.text, cases[i].reason);
	}
}

TEST(it_fits_or_is_refused_at_every_size)
{
	size_t cap, len, whole;

	written(&example, UUID);
	whole = out_len;
	for (cap = 0; cap < whole; cap++)
		CHECK_EQ_INT(
			vmc_qemu_facts_write(&example, UUID, out, cap, &len),
			VMC_ERR_TOO_BIG);
}

/* With the longest directory, all numbers at their most: in one piece. */
TEST(the_longest_fits_in_what_a_vm_may_save)
{
	struct qemu_facts facts = example;

	memset(facts.dir, 'd', sizeof(facts.dir) - 1);
	facts.dir[0] = '/';
	facts.pid = INT32_MAX;
	facts.start_time = UINT64_MAX;
	facts.context_id = facts.memory_mib = facts.memory_max_mib = UINT32_MAX;
	facts.vcpus = facts.vcpus_max = 255;
	facts.memory_slots = 256;
	facts.root_ports = 16;
	facts.agent = VMC_QEMU_AGENT_VSOCK;
	facts.agent_port = UINT32_MAX - 1;
	memset(facts.cpu, 'c', sizeof(facts.cpu) - 1);
	written(&facts, UUID);
	CHECK(out_len <= 1000);
	CHECK(out_len <= VMC_HYPERVISOR_SIZE || VMC_HYPERVISOR_SIZE < 1024);
}

TESTS(RUN(a_vm_is_written_as_kata_would)
	      RUN(others_than_uuids_and_bridges_are_left_out) RUN(
		      what_was_written_is_read) RUN(katas_own_is_read)
		      RUN(other_documents_are_refused_with_a_reason) RUN(
			      an_agents_kind_is_written_and_read)
			      RUN(it_fits_or_is_refused_at_every_size) RUN(
				      the_longest_fits_in_what_a_vm_may_save))
