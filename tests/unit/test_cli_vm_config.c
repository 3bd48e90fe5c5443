/* SPDX-License-Identifier: Apache-2.0 */
/* A server's configuration, read back: our own, Kata's, and what is wrong. */
#include "../../port/cli/cli_vm_config.h"

#include <stdlib.h>

#include "test.h"
#include "vm_config_data.h"

static struct vmc_vm_config config;
static struct vmc_error error;
static char texts[4096];

static enum vmc_status read_in(const char *document, size_t cap)
{
	vmc_error_reset(&error);
	return cli_vm_config_read(vmc_view_of(document), texts, cap, &config,
				  &error);
}

static void taken(const char *document)
{
	enum vmc_status status = read_in(document, sizeof(texts));

	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_INT(status, VMC_OK);
}

static void refused(const char *document, enum vmc_status status,
		    const char *text)
{
	CHECK_EQ_INT(read_in(document, sizeof(texts)), status);
	CHECK_EQ_STR(error.text, text);
}

static const struct vmc_vm_config full = {
	.hypervisor = "qemu",
	.hypervisor_path = "/usr/bin/qemu-system-x86_64",
	.machine_type = "q35",
	.kernel = "/boot/vm\"linuz",
	.initrd = "/boot/initrd",
	.image = "/img",
	.firmware = "/usr/share/bios.bin",
	.kernel_params = "quiet init=/a=b =c k",
	.vcpus = 2,
	.vcpus_max = 8,
	.memory_mib = 2048,
	.memory_max_mib = 16000,
	.memory_slots = 10,
	.agent = "kata",
};

static void check_equal(const struct vmc_vm_config *a,
			const struct vmc_vm_config *b)
{
	CHECK_EQ_STR(a->hypervisor, b->hypervisor);
	CHECK_EQ_STR(a->hypervisor_path, b->hypervisor_path);
	CHECK_EQ_STR(a->machine_type, b->machine_type);
	CHECK_EQ_STR(a->kernel, b->kernel);
	CHECK_EQ_STR(a->initrd, b->initrd);
	CHECK_EQ_STR(a->image, b->image);
	CHECK_EQ_STR(a->firmware, b->firmware);
	CHECK_EQ_STR(a->kernel_params, b->kernel_params);
	CHECK_EQ_INT(a->vcpus, b->vcpus);
	CHECK_EQ_INT(a->vcpus_max, b->vcpus_max);
	CHECK_EQ_INT(a->memory_mib, b->memory_mib);
	CHECK_EQ_INT(a->memory_max_mib, b->memory_max_mib);
	CHECK_EQ_INT(a->memory_slots, b->memory_slots);
	CHECK_EQ_STR(a->agent, b->agent);
}

TEST(what_was_written_is_read_back)
{
	static char text[2048];
	size_t len;

	CHECK_EQ_INT(vmc_vm_config_write(&full, (uint8_t *)text,
					 sizeof(text) - 1, &len),
		     VMC_OK);
	text[len] = '\0';
	taken(text);
	check_equal(&config, &full);
}

TEST(defaults_are_read_back)
{
	static const struct vmc_vm_config zeroed;
	struct vmc_vm_config expected = { .vcpus = 1, .vcpus_max = 1 };
	static char text[2048];
	size_t len;

	CHECK_EQ_INT(vmc_vm_config_write(&zeroed, (uint8_t *)text,
					 sizeof(text) - 1, &len),
		     VMC_OK);
	text[len] = '\0';
	taken(text);
	check_equal(&config, &expected);
}

TEST(kata_1_6_is_read)
{
	struct vmc_vm_config expected = {
		.hypervisor = "qemu",
		.hypervisor_path = "/usr/bin/qemu-lite-system-x86_64",
		.machine_type = "pc",
		.kernel = "/usr/share/kata-containers/vmlinuz.container",
		.image = "/usr/share/kata-containers/kata-containers.img",
		.kernel_params = "init=/usr/lib/systemd/systemd "
				 "systemd.unit=kata-containers.target",
		.vcpus = 1,
		.vcpus_max = 8,
		.memory_mib = 2048,
		.memory_slots = 10,
		.agent = "kata",
	};

	taken(kata_1_6);
	check_equal(&config, &expected);
}

TEST(kata_4_1_is_read)
{
	taken(kata_4_1);
	CHECK_EQ_STR(config.initrd, "/opt/kata/share/kata-containers/"
				    "kata-containers-initrd.img");
	CHECK_EQ_STR(config.image, NULL);
	CHECK_EQ_STR(config.kernel_params,
		     "systemd.unit=kata-containers.target "
		     "systemd.mask=systemd-networkd.service "
		     "systemd.mask=systemd-networkd.socket");
	CHECK_EQ_INT(config.vcpus, 1);
	CHECK_EQ_INT(config.vcpus_max, 8);
	CHECK_EQ_INT(config.memory_max_mib, 16000);
	CHECK_EQ_STR(config.agent, NULL);
}

static uint32_t vcpus_of(const char *number)
{
	char document[128];

	snprintf(document, sizeof(document),
		 "{\"HypervisorConfig\":{\"NumVCPUsF\":%s}}", number);
	taken(document);
	return config.vcpus;
}

TEST(a_part_of_a_vcpu_is_one)
{
	CHECK_EQ_INT(vcpus_of("3"), 3);
	CHECK_EQ_INT(vcpus_of("3.0"), 3);
	CHECK_EQ_INT(vcpus_of("3.25"), 4);
	CHECK_EQ_INT(vcpus_of("0.5"), 1);
	CHECK_EQ_INT(vcpus_of("0"), 0);
	CHECK_EQ_INT(vcpus_of("4294967295"), UINT32_MAX);
	CHECK_EQ_INT(vcpus_of("null"), 0);
}

TEST(what_says_nothing_is_zero)
{
	static const struct vmc_vm_config zeroed;

	taken("{}");
	check_equal(&config, &zeroed);
	taken("{\"HypervisorType\":null,\"HypervisorConfig\":null,"
	      "\"AgentType\":\"\",\"Other\":[{}]}");
	check_equal(&config, &zeroed);
	taken("{\"HypervisorConfig\":{\"KernelPath\":null,\"MemSlots\":null,"
	      "\"KernelParams\":[],\"NumVCPUs\":0,\"Other\":{\"a\":1}}}");
	check_equal(&config, &zeroed);
	CHECK_EQ_INT(cli_vm_config_read(vmc_view_of(NULL), texts, 1, &config,
					&error),
		     VMC_OK);
}

TEST(members_of_parameters_come_in_any_order)
{
	taken("{\"HypervisorConfig\":{\"KernelParams\":["
	      "{\"Value\":\"1\\u0032\",\"Key\":\"a\\u003db\"},{\"Key\":\"c\"},"
	      "{\"Key\":\"d\",\"Value\":\"\",\"Other\":[]}]}}");
	CHECK_EQ_STR(config.kernel_params, "a=b=12 c d");
}

#define SERVER "the server's configuration: "

TEST(what_is_wrong_is_named)
{
	refused("not JSON", VMC_ERR_MALFORMED,
		SERVER "object expected at byte 0");
	refused("{\"HypervisorType\":1}", VMC_ERR_MALFORMED,
		SERVER "HypervisorType: string expected at byte 18");
	refused("{\"HypervisorConfig\":[]}", VMC_ERR_MALFORMED,
		SERVER "HypervisorConfig: object expected at byte 20");
	refused("{\"HypervisorConfig\":{\"KernelPath\":{}}}", VMC_ERR_MALFORMED,
		SERVER "HypervisorConfig.KernelPath: string expected at byte "
		       "34");
	refused("{\"HypervisorConfig\":{\"MemorySize\":4294967296}}",
		VMC_ERR_TOO_BIG,
		SERVER
		"HypervisorConfig.MemorySize: number out of range at byte "
		"34");
	refused("{\"HypervisorConfig\":{\"NumVCPUsF\":4294967295.5}}",
		VMC_ERR_TOO_BIG,
		SERVER "HypervisorConfig.NumVCPUsF: number too big at byte "
		       "33");
	refused("{\"HypervisorConfig\":{\"NumVCPUsF\":-1}}", VMC_ERR_MALFORMED,
		SERVER "HypervisorConfig.NumVCPUsF: count expected at byte "
		       "33");
	refused("{\"HypervisorConfig\":{\"KernelParams\":[1]}}",
		VMC_ERR_MALFORMED,
		SERVER "HypervisorConfig.KernelParams: object expected at "
		       "byte 37");
	refused("{\"HypervisorConfig\":{\"KernelPath\":\"a\"},\"B\":tru}",
		VMC_ERR_MALFORMED, SERVER "value expected at byte 43");
}

/* Whatever the room is, nothing is written behind it, and either all is
 * there or the member that is not is named. */
TEST(texts_need_room)
{
	static const char document[] =
		"{\"HypervisorType\":\"qemu\",\"HypervisorConfig\":{"
		"\"KernelPath\":\"/k\",\"KernelParams\":["
		"{\"Key\":\"a\",\"Value\":\"bc\"},{\"Key\":\"d\"}]}}";
	size_t needed = sizeof("qemu") + sizeof("/k") + sizeof("a=bc d");

	for (size_t cap = 0; cap <= needed; cap++) {
		char *room = malloc(cap + 1);
		enum vmc_status status;

		room[cap] = '#';
		vmc_error_reset(&error);
		status = cli_vm_config_read(vmc_view_of(document), room, cap,
					    &config, &error);
		CHECK_EQ_INT(status, cap < needed ? VMC_ERR_TOO_BIG : VMC_OK);
		CHECK((status == VMC_OK) == (error.text[0] == '\0'));
		CHECK_EQ_INT(room[cap], '#');
		if (status == VMC_OK)
			CHECK_EQ_STR(config.kernel_params, "a=bc d");
		free(room);
	}
	CHECK_EQ_INT(read_in(document, 6), VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "HypervisorConfig.KernelPath") != NULL);
}

static struct cli_agent_config agent;

static enum vmc_status read_agent(const char *document)
{
	vmc_error_reset(&error);
	return cli_agent_config_read(vmc_view_of(document), &agent, &error);
}

TEST(an_agent_is_known_by_its_configuration)
{
	CHECK_EQ_INT(read_agent(NULL), VMC_OK);
	CHECK(agent.empty);
	CHECK_EQ_INT(read_agent("{}"), VMC_OK);
	CHECK(agent.empty);
	CHECK_EQ_INT(read_agent("{\"LongLiveConn\":true,\"UseVSock\":true,"
				"\"DialTimeout\":45}"),
		     VMC_OK);
	CHECK(!agent.empty && agent.vsock);
	CHECK_EQ_INT(agent.dial_timeout_s, 45);
	CHECK_EQ_INT(read_agent("{\"UseVSock\":1}"), VMC_ERR_MALFORMED);
	CHECK(strstr(error.text, "the server's agent configuration: ") != NULL);
}

TESTS(RUN(what_was_written_is_read_back)
      RUN(defaults_are_read_back)
      RUN(kata_1_6_is_read)
      RUN(kata_4_1_is_read)
      RUN(a_part_of_a_vcpu_is_one)
      RUN(what_says_nothing_is_zero)
      RUN(members_of_parameters_come_in_any_order)
      RUN(what_is_wrong_is_named)
      RUN(texts_need_room)
      RUN(an_agent_is_known_by_its_configuration));
