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
#include "../unit/grpc_captures.h"
#include "../unit/hex.h"
#include "../unit/hpack_captures.h"
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

/* What servers answered to three calls; requests as grpc-go 1.11 sends them,
 * and records of which frames are made. */
static void put_grpc(void)
{
	size_t i;

	for (i = 0; i < sizeof(grpc_captures) / sizeof(grpc_captures[0]); i++)
		put_hex("fuzz_grpc_client", "00ff3f03", grpc_captures[i].hex);
	put_hex("fuzz_grpc_client", "0310ff02",
		"0104018f 000000000000000361 6263"
		"0105011a 000b677270632d737461747573013000000000000000000000"
		"04000306 000300000001 07000008 0000000100000000"
		"03000304 00000008 06000008 3132333435363738");
	put_hex("fuzz_grpc_server", "00ff3f00",
		"505249202a20485454502f322e300d0a0d0a534d0d0a0d0a00000004000000"
		"00000000490104000000018386041a2f63616368652e43616368655365727669"
		"63652f53746174757301096c6f63616c686f73740f10106170706c6963617469"
		"6f6e2f677270630002746508747261696c6572730000050001000000010000"
		"000000");
	put_hex("fuzz_grpc_server", "03ff3f00",
		"010401800001010500000000000104038000000305000000000003"
		"04000006 000400000003 01040580 00010505 0000000000"
		"08000504 00000001 03000504 00000008");
	put_hex("fuzz_grpc_server", "03300100",
		"01000190 000c677270632d74696d656f7574023153 09040185 0000000000"
		"0001010a 00000000053132333435 06000008 3132333435363738");
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
	put_text("fuzz_qmp", "~{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":"
			     "true,\"reason\":\"guest-reset\"}}\n");
	put_text("fuzz_qmp", "~[ 1.4] Kernel panic - not syncing: init\r\n");
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

/* One of each message that fuzz_agent_pbio.c has, with all its fields. */
static void put_agent_messages(void)
{
	/* Interface */
	put_hex("fuzz_agent_pbio", "00",
		"0a01611201611a0808011201611a016120042a01613201613a016140"
		"08");
	/* Interfaces */
	put_hex("fuzz_agent_pbio", "01",
		"0a1d0a01611201611a0808011201611a016120042a01613201613a01"
		"614008");
	/* Routes */
	put_hex("fuzz_agent_pbio", "02",
		"0a140a01611201611a01612201612805300138074008");
	/* GuestDetailsResponse */
	put_hex("fuzz_agent_pbio", "03",
		"0801121c0a016110011a01611a026162220161220261622801320161"
		"320261621801");
	/* StatsContainerResponse */
	put_hex("fuzz_agent_pbio", "04",
		"0ab2010a140a0a080112020202180320041206080110021803122b08"
		"01120808011002180320041a08080110021803200422080801100218"
		"032004280132070a036b657910021a040801100222580a0908011002"
		"1a016120041209080110021a016120041a09080110021a0161200422"
		"09080110021a016120042a09080110021a016120043209080110021a"
		"016120043a09080110021a016120044209080110021a016120042a0d"
		"0a036b6579120608011002180312130a016110021803200428053006"
		"380740084809");
	/* CreateSandboxRequest */
	put_hex("fuzz_agent_pbio", "05",
		"0a0161120161120261621a220a0161120161120261621a0161220161"
		"2a01612a0261623201613a0410021801400120012a01613201613a0a"
		"0a016112016112026162");
	/* CreateContainerRequest */
	put_hex("fuzz_agent_pbio", "06",
		"0a01611201611a0d0a01611201611a01611a02616222130a01611201"
		"611a01612201612a01612a0261622a220a0161120161120261621a01"
		"612201612a01612a0261623201613a041002180140013801420f0a01"
		"611201611a01612201612a01614809500a580b32030a0161");
	/* ExecProcessRequest */
	put_hex("fuzz_agent_pbio", "07",
		"0a01611201611a0d0a01611201611a01611a02616222210801120408"
		"0110021a0408011002220161220261622a01612a0261623201614801"
		"280530063807");
	/* UpdateEphemeralMountsRequest */
	put_hex("fuzz_agent_pbio", "08",
		"0a220a0161120161120261621a01612201612a01612a026162320161"
		"3a04100218014001");
	/* UpdateInterfaceRequest */
	put_hex("fuzz_agent_pbio", "09",
		"0a1d0a01611201611a0808011201611a016120042a01613201613a01"
		"614008");
	/* UpdateRoutesRequest */
	put_hex("fuzz_agent_pbio", "0a",
		"0a160a140a01611201611a01612201612805300138074008");
	/* AddSwapRequest */
	put_hex("fuzz_agent_pbio", "0b", "0a020101");
	/* MemHotplugByProbeRequest */
	put_hex("fuzz_agent_pbio", "0c", "0a020101");
	/* CopyFileRequest */
	put_hex("fuzz_agent_pbio", "0d",
		"0a0161100218032004280530063807420162");
	/* HealthCheckResponse */
	put_hex("fuzz_agent_pbio", "0e", "0801");
}

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

/* The blocks of a connection, each after its length; not the long ones. */
static void put_blocks(void)
{
	uint8_t bytes[4096];
	size_t i, block_len, len = 0;

	for (i = 0; i < COUNT(hpack_captures); i++) {
		if (strchr(hpack_captures[i].hex, '{'))
			continue;
		if (hpack_captures[i].connection && len > 0) {
			put("fuzz_hpack", bytes, len);
			len = 0;
		}
		bytes[0] = 6;
		len = len ? len : 1;
		block_len = from_hex(hpack_captures[i].hex, bytes + len + 2);
		bytes[len] = (uint8_t)(block_len >> 8);
		bytes[len + 1] = (uint8_t)block_len;
		len += 2 + block_len;
	}
	put("fuzz_hpack", bytes, len);
	/* entries that must go, and the name of one of them stays */
	put_hex("fuzz_hpack", "00",
		"0017 3f45 40026161026262 40026363026464 7f000165 7e0166");
	put_hex("fuzz_hpack", "02", "0007 203fe11f400000 000520 00016100");
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	directory = argv[1];
	put_captures(captured_go_1_1_1, COUNT(captured_go_1_1_1));
	put_captures(captured_go_1_2_8, COUNT(captured_go_1_2_8));
	put_captures(captured_rust_0_5_2, COUNT(captured_rust_0_5_2));
	put_hex("fuzz_pbio", "", "0a026964 12027b7d 1801 220175 2801 308010");
	put_grpc();
	put_record();
	put_documents();
	put_agent_calls();
	put_configurations();
	put_agent_messages();
	put_blocks();
	return 0;
}
