/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes what fuzzing begins with: recorded frames, and a document or
 * message of each kind, into DIRECTORY/TARGET/NUMBER.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "fuzz.h"
#include "vmcache/store.h"
#include "../unit/hex.h"
#include "../unit/ttrpc_captures.h"

static const char *directory;
static unsigned number;

static void put(const char *target, const void *bytes, size_t len)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, target);
	MUST(mkdir(path, 0755) == 0 || errno == EEXIST);
	snprintf(path, sizeof(path), "%s/%s/%u", directory, target, number++);
	file = fopen(path, "wb");
	MUST(file);
	MUST(fwrite(bytes, 1, len, file) == len);
	MUST(fclose(file) == 0);
}

/* With the choices that a target takes off first. */
static void put_hex(const char *target, const char *choices, const char *hex)
{
	uint8_t bytes[1024];
	size_t len = from_hex(choices, bytes);

	put(target, bytes, len + from_hex(hex, bytes + len));
}

static void put_captures(const struct ttrpc_capture *captures, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++) {
		put_hex("fuzz_ttrpc_server", "ff0f00", captures[i].request);
		put_hex("fuzz_ttrpc_client", "ff", captures[i].response);
		put_hex("fuzz_pbio", "", captures[i].payload);
		put_hex("fuzz_planted", "", captures[i].request);
	}
}

static void put_record(void)
{
	uint8_t bytes[1 + VMC_RECORD_SIZE] = { 1 };
	struct vmc_record record = {
		.state = VMC_VM_READY,
		.pid = 4242,
		.start_time = 99,
		.vcpus = 1,
		.memory_mib = 256,
		.id = vmc_view_of("an-id"),
		.agent_url = vmc_view_of("vsock://3:1024"),
		.saved = vmc_view_of("{\"pid\":4242}"),
	};
	size_t len;

	MUST(vmc_record_write(&record, bytes + 1, &len) == VMC_OK);
	put("fuzz_record", bytes, 1 + len);
}

static void put_text(const char *target, const char *text)
{
	put(target, text, strlen(text));
}

static void put_documents(void)
{
	static const char two[] =
		"{\"HypervisorConfig\":{\"KernelPath\":\"/k\",\"NumVCPUsF\":1"
		"}}\0{\"HypervisorConfig\":{\"NumVCPUsF\":1.0,\"KernelPath\":"
		"\"/other\",\"KernelParams\":null}}";

	put("fuzz_json", two, sizeof(two) - 1);
	put_text("fuzz_json",
		 "[1,-2.5e+7,true,null,\"\\u00e4\\ud83d\\udc27\"]");
	put_text("fuzz_json", "\"a \\\"text\\\" \\n\"");
	put_text("fuzz_qmp", "~{\"QMP\":{\"version\":{\"qemu\":{\"major\":7}},"
			     "\"capabilities\":[\"oob\"]}}\r\n");
	put_text("fuzz_qmp", "\003{\"return\":{\"status\":\"paused\","
			     "\"running\":false},\"id\":3}\r\n");
	put_text("fuzz_qmp", "~{\"error\":{\"class\":\"GenericError\",\"desc\":"
			     "\"no\"},\"id\":\"4\"}\n{\"event\":\"STOP\"}\n");
	put_text("fuzz_qmp", "\001ready\r\nq: \033[0mlast words\n");
}

/* What happens to an agent service, one after the other: bytes that come
 * (00), time that passes (01), and requests (05 and more). */
static void put_agent_calls(void)
{
	/* ExecProcess, WaitProcess, a long WriteStdin, ReadStdout */
	put_hex("fuzz_agent_service", "05ffff",
		"1d 0f 00 1203657865 22080a0273682a02413d");
	put_hex("fuzz_agent_service", "0bffff",
		"2d 0a 05 0a0363747212036578 0163 0264");
	put_hex("fuzz_agent_service", "0fff10",
		"55 0a 03 0a0363747212036578 5d 06 00 1203657818ff 0301");
	/* CreateSandbox, MemHotplugByProbe, Check */
	put_hex("fuzz_agent_service", "0fff10",
		"b5 0e 00 0a04686f737412016112026263 dd 04 00 0a020102");
	put_hex("fuzz_agent_service", "010101",
		"25 01 00 00 00 0a 00000010000000010100 0401");
}

static void put_configurations(void)
{
	put_text("fuzz_toml",
		 "# a file\n[hypervisor.qemu]\npath = \"/q\\u00e4\"\r\n"
		 "default_vcpus=1\nshared_fs = 'virtio-fs'\n\n[factory]\n"
		 "vm_cache_number = 0x2\nvm_cache_endpoint = \"/run/c\"\n");
	put_text("fuzz_toml",
		 "a.'b c' = [1_0, -2.5e+3, true, [[]], {x = inf}, # no\n]\n"
		 "[[t]]\ns = \"\"\"\n one \\\n  two\"\"\"\"\n[t.u]\n"
		 "factory = { vm_cache_number = 7, d = {} }\n");
	put_text("fuzz_toml", "x = 1979-05-27\n[a]\n[a.b]\n[a]\ny='''\n''");
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

int main(int argc, char **argv)
{
	MUST(argc == 2);
	directory = argv[1];
	put_captures(captured_go_1_1_1, COUNT(captured_go_1_1_1));
	put_captures(captured_go_1_2_8, COUNT(captured_go_1_2_8));
	put_captures(captured_rust_0_5_2, COUNT(captured_rust_0_5_2));
	put_hex("fuzz_pbio", "", "0a026964 12027b7d 1801 220175 2801 308010");
	put_record();
	put_documents();
	put_agent_calls();
	put_configurations();
	return 0;
}
