/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMConfig: what is written is what Go would write, and two documents are
 * compared as Kata compares the structs that it makes of them.
 */
#include "test.h"
#include "vm_config_data.h"
#include "vmcache/vm.h"

#include <stdlib.h>

/* ---- Writing ---- */

static const struct vmc_vm_config full = {
	.hypervisor = "qemu",
	.hypervisor_path = "/usr/bin/qemu-system-x86_64",
	.machine_type = "q35",
	.kernel = "/boot/vmlinuz",
	.initrd = "/boot/initrd",
	.image = "",
	.firmware = "/usr/share/bios.bin",
	.kernel_params = "quiet init=/a=b  systemd.unit=\"x y\"",
	.vcpus = 2,
	.vcpus_max = 8,
	.memory_mib = 2048,
	.memory_max_mib = 16000,
	.memory_slots = 10,
};

static const char *written(const struct vmc_vm_config *config)
{
	static char text[2048];
	size_t len;

	CHECK_EQ_INT(vmc_vm_config_write(config, (uint8_t *)text,
					 sizeof(text) - 1, &len),
		     VMC_OK);
	text[len] = '\0';
	return text;
}

TEST(writes_all_fields_in_go_s_order)
{
	CHECK_EQ_STR(
		written(&full),
		"{\"HypervisorType\":\"qemu\",\"HypervisorConfig\":{"
		"\"KernelPath\":\"/boot/vmlinuz\",\"ImagePath\":\"\","
		"\"InitrdPath\":\"/boot/initrd\","
		"\"FirmwarePath\":\"/usr/share/bios.bin\","
		"\"HypervisorPath\":\"/usr/bin/qemu-system-x86_64\","
		"\"HypervisorMachineType\":\"q35\",\"KernelParams\":["
		"{\"Key\":\"quiet\",\"Value\":\"\"},"
		"{\"Key\":\"init\",\"Value\":\"/a=b\"},"
		"{\"Key\":\"systemd.unit\",\"Value\":\"\\\"x\"},"
		"{\"Key\":\"y\\\"\",\"Value\":\"\"}],"
		"\"NumVCPUsF\":2,\"DefaultMaxVCPUs\":8,\"MemorySize\":2048,"
		"\"DefaultMaxMemorySize\":16000,\"MemSlots\":10}}");
}

TEST(an_agent_is_said_where_kata_1_x_says_it)
{
	struct vmc_vm_config config = { .agent = "kata" };

	CHECK(strstr(written(&config), "},\"AgentType\":\"kata\"}") != NULL);
	CHECK(strstr(kata_1_6, "},\"AgentType\":\"kata\",") != NULL);
}

/* Where each of our keys stands in what Kata itself wrote. */
TEST(order_is_that_of_kata_4_1)
{
	static const char *const keys[] = {
		"\"HypervisorConfig\":",
		"\"KernelPath\":",
		"\"ImagePath\":",
		"\"InitrdPath\":",
		"\"FirmwarePath\":",
		"\"HypervisorPath\":",
		"\"HypervisorMachineType\":",
		"\"KernelParams\":",
		"\"NumVCPUsF\":",
		"\"DefaultMaxVCPUs\":",
		"\"MemorySize\":",
		"\"DefaultMaxMemorySize\":",
		"\"MemSlots\":",
	};
	const char *ours = written(&full);
	const char *theirs = kata_4_1;
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		ours = strstr(ours, keys[i]);
		theirs = strstr(theirs, keys[i]);
		CHECK(ours != NULL);
		CHECK(theirs != NULL);
	}
}

TEST(writes_defaults)
{
	static const struct vmc_vm_config zeroed;
	struct vmc_vm_config sized = { .vcpus = 3, .memory_mib = 512 };

	CHECK_EQ_STR(written(&zeroed),
		     "{\"HypervisorType\":\"\",\"HypervisorConfig\":{"
		     "\"KernelPath\":\"\",\"ImagePath\":\"\","
		     "\"InitrdPath\":\"\",\"FirmwarePath\":\"\","
		     "\"HypervisorPath\":\"\",\"HypervisorMachineType\":\"\","
		     "\"KernelParams\":null,\"NumVCPUsF\":1,"
		     "\"DefaultMaxVCPUs\":1,\"MemorySize\":0,"
		     "\"DefaultMaxMemorySize\":0,\"MemSlots\":0}}");
	CHECK(strstr(written(&sized), "\"NumVCPUsF\":3,\"DefaultMaxVCPUs\":3,"
				      "\"MemorySize\":512,"
				      "\"DefaultMaxMemorySize\":512,") != NULL);
}

TEST(parameters_are_words_with_an_equals_sign)
{
	struct vmc_vm_config config = { .kernel_params =
						"=v k= \r\v\fa=\t==\n" };

	CHECK(strstr(written(&config),
		     "[{\"Key\":\"\",\"Value\":\"v\"},"
		     "{\"Key\":\"k\",\"Value\":\"\"},"
		     "{\"Key\":\"a\",\"Value\":\"\"},"
		     "{\"Key\":\"\",\"Value\":\"=\"}]") != NULL);
	config.kernel_params = "a\rb";
	CHECK(strstr(written(&config), "{\"Key\":\"a\",\"Value\":\"\"},"
				       "{\"Key\":\"b\"") != NULL);
}

TEST(escapes_as_go_does)
{
	struct vmc_vm_config config = { .kernel =
						"/a<b>&\"\\\n\x01\xff/\xc3\xa9",
					.kernel_params = " \t\n " };

	CHECK(strstr(written(&config),
		     "\"KernelPath\":\"/a\\u003cb\\u003e\\u0026\\\"\\\\\\n"
		     "\\u0001\\ufffd/\xc3\xa9\"") != NULL);
	CHECK(strstr(written(&config), "\"KernelParams\":null") != NULL);
}

/* Too little room, byte by byte, into memory of just that size. */
TEST(write_needs_room_for_all)
{
	size_t need = strlen(written(&full));
	uint8_t *out;
	size_t cap, len = 0;

	for (cap = 0; cap <= need; cap++) {
		out = malloc(cap + 1);
		CHECK(out != NULL);
		out[cap] = 0xa5;
		CHECK_EQ_INT(vmc_vm_config_write(&full, out, cap, &len),
			     cap < need ? VMC_ERR_TOO_BIG : VMC_OK);
		CHECK_EQ_INT(out[cap], 0xa5);
		free(out);
	}
	CHECK_EQ_INT(len, need);
}

/* ---- Comparing ---- */

static struct vmc_error error;

static enum vmc_status compared(const char *wanted, const char *cached)
{
	/* of just that size, so that a sanitizer sees a byte too far */
	size_t wanted_len = strlen(wanted);
	size_t cached_len = strlen(cached);
	uint8_t *a = malloc(wanted_len + 1);
	uint8_t *b = malloc(cached_len + 1);
	enum vmc_status status;

	CHECK(a && b);
	memcpy(a + 1, wanted, wanted_len);
	memcpy(b + 1, cached, cached_len);
	vmc_error_reset(&error);
	status = vmc_vm_config_compare((struct vmc_view){ a + 1, wanted_len },
				       (struct vmc_view){ b + 1, cached_len },
				       &error);
	CHECK_EQ_INT(error.status, status);
	free(a);
	free(b);
	return status;
}

static void check_equal(const char *a, const char *b)
{
	enum vmc_status status = compared(a, b);

	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_INT(status, VMC_OK);
	status = compared(b, a);
	CHECK_EQ_STR(error.text, "");
	CHECK_EQ_INT(status, VMC_OK);
}

static void check_mismatch(const char *wanted, const char *cached,
			   const char *text)
{
	CHECK_EQ_INT(compared(wanted, cached), VMC_ERR_MISMATCH);
	CHECK_EQ_STR(error.text, text);
	CHECK_EQ_INT(compared(cached, wanted), VMC_ERR_MISMATCH);
}

TEST(equal_to_itself)
{
	check_equal(kata_1_6, kata_1_6);
	check_equal(kata_4_1, kata_4_1);
	check_equal("{}", "{}");
	check_equal(written(&full), written(&full));
}

/* `with` is what `from` becomes in a copy of `document`. */
static const char *changed(const char *document, const char *from,
			   const char *with)
{
	static char copy[2][8192];
	static int which;
	const char *at = strstr(document, from);
	char *out = copy[which ^= 1];

	CHECK(at != NULL);
	snprintf(out, sizeof(copy[0]), "%.*s%s%s", (int)(at - document),
		 document, with, at + strlen(from));
	return out;
}

TEST(sizes_and_sandbox_paths_are_left_out)
{
	static const char *const ignored[][2] = {
		{ "\"NumVCPUsF\":1", "\"NumVCPUsF\":7.5" },
		{ "\"MemorySize\":2048", "\"MemorySize\":1" },
		{ "\"BootToBeTemplate\":false", "\"BootToBeTemplate\":true" },
		{ "\"BootFromTemplate\":false", "\"BootFromTemplate\":true" },
		{ "\"MemoryPath\":\"\"", "\"MemoryPath\":\"/m\"" },
		{ "\"DevicesStatePath\":\"\"", "\"DevicesStatePath\":\"/d\"" },
		{ "\"SharedPath\":\"\"", "\"SharedPath\":\"/s\"" },
		{ "\"VMStorePath\":\"\"", "\"VMStorePath\":\"/v\"" },
		{ "\"RunStorePath\":\"\"", "\"RunStorePath\":\"/r\"" },
		{ "\"SandboxName\":\"\"", "\"SandboxName\":\"n\"" },
		{ "\"SandboxNamespace\":\"\"", "\"SandboxNamespace\":\"s\"" },
		{ ",\"SandboxName\":\"\"", "" },
	};
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		check_equal(kata_4_1,
			    changed(kata_4_1, ignored[i][0], ignored[i][1]));
	check_equal(kata_1_6,
		    changed(kata_1_6, "\"NumVCPUs\":1", "\"NumVCPUs\":4"));
	check_equal(kata_1_6,
		    changed(kata_1_6, "\"kataProxy\"", "\"noopProxy\""));
	check_equal(kata_1_6, changed(kata_1_6, "kata-proxy\"", "other\""));
}

/* The same names elsewhere are not left out. */
TEST(left_out_only_where_kata_has_them)
{
	check_mismatch("{\"MemorySize\":1}", "{\"MemorySize\":2}",
		       "MemorySize: wanted 1, cached 2");
	check_mismatch(
		"{\"HypervisorConfig\":{\"ProxyType\":\"a\"}}",
		"{\"HypervisorConfig\":{\"ProxyType\":\"b\"}}",
		"HypervisorConfig.ProxyType: wanted \"a\", cached \"b\"");
	check_mismatch("{\"AgentConfig\":{\"MemorySize\":1}}", "{}",
		       "AgentConfig.MemorySize: wanted 1, cached nothing");
	check_mismatch(
		"{\"HypervisorConfig\":{\"X\":{\"MemorySize\":1}}}", "{}",
		"HypervisorConfig.X.MemorySize: wanted 1, cached nothing");
	/* a key's case matters, and escapes do not */
	check_mismatch("{\"HypervisorConfig\":{\"memorySize\":1}}", "{}",
		       "HypervisorConfig.memorySize: wanted 1, cached nothing");
	check_equal("{\"\\u0048ypervisorConfig\":{\"Memory\\u0053ize\":1}}",
		    "{\"HypervisorConfig\":{\"MemorySize\":2}}");
}

TEST(first_path_that_differs_is_named)
{
	check_mismatch(kata_1_6,
		       changed(kata_1_6, "vmlinuz.container", "vmlinux"),
		       "HypervisorConfig.KernelPath: wanted "
		       "\"/usr/share/kata-containers/vmlinuz.cont..., cached "
		       "\"/usr/share/kata-containers/vmlinux\"");
	check_mismatch(kata_4_1, changed(kata_4_1, "\"q35\"", "\"pc\""),
		       "HypervisorConfig.HypervisorMachineType: wanted "
		       "\"q35\", cached \"pc\"");
	check_mismatch(kata_4_1,
		       changed(kata_4_1, "kata-containers.target", "x"),
		       "HypervisorConfig.KernelParams[0].Value: wanted "
		       "\"kata-containers.target\", cached \"x\"");
	check_mismatch(kata_4_1,
		       changed(kata_4_1, "systemd-networkd.socket", "x"),
		       "HypervisorConfig.KernelParams[2].Value: wanted "
		       "\"systemd-networkd.socket\", cached \"x\"");
	check_mismatch(
		kata_4_1,
		changed(kata_4_1, "\"DialTimeout\":45", "\"DialTimeout\":30"),
		"AgentConfig.DialTimeout: wanted 45, cached 30");
	check_mismatch("{\"a\":{\"b\":[1,[2,{\"c\":3}]]}}",
		       "{\"a\":{\"b\":[1,[2,{\"c\":4}]]}}",
		       "a.b[1][1].c: wanted 3, cached 4");
}

TEST(what_only_the_cache_has_is_named_too)
{
	check_mismatch(
		changed(kata_4_1, "\"HugePages\":false", "\"HugePages\":true"),
		kata_4_1,
		"HypervisorConfig.HugePages: wanted true, cached false");
	check_mismatch("{\"a\":1}", "{\"a\":1,\"b\":{\"c\":[0]}}",
		       "b.c: wanted [], cached [0]");
	check_mismatch("{}", "{\"b\":\"x\"}",
		       "b: wanted nothing, cached \"x\"");
	check_mismatch(kata_1_6, kata_4_1,
		       "HypervisorConfig.KernelParams[0].Key: wanted \"init\", "
		       "cached \"systemd.unit\"");
}

TEST(absent_is_zero)
{
	check_equal("{}", "{\"a\":0,\"b\":\"\",\"c\":false,\"d\":null,"
			  "\"e\":[],\"f\":{},\"g\":0.0}");
	check_equal("{}", "{\"a\":{\"b\":{\"c\":[ ],\"d\":{ }}}}");
	check_equal("{\"a\":null}", "{\"a\":[]}");
	check_equal("{\"a\":null}", "{\"a\":{}}");
	check_equal("{\"a\":null}", "{\"a\":\"\"}");
	check_equal("{\"a\":[null]}", "{\"a\":[0]}");
	check_equal("{\"HypervisorConfig\":{\"MemorySize\":2048}}", "{}");
	check_equal("{\"HypervisorConfig\":{\"MemorySize\":1}}",
		    "{\"HypervisorConfig\":null}");
	check_mismatch("{\"a\":null}", "{\"a\":[0]}",
		       "a: wanted [], cached [0]");
	check_mismatch("{\"a\":null}", "{\"a\":\"x\"}",
		       "a: wanted null, cached \"x\"");
	check_mismatch("{\"a\":[[]]}", "{\"a\":null}",
		       "a: wanted [[]], cached []");
	check_mismatch("{\"a\":[null]}", "{\"a\":[1]}",
		       "a[0]: wanted null, cached 1");
}

TEST(types_are_told_apart)
{
	check_mismatch("{\"a\":0}", "{\"a\":\"\"}", "a: wanted 0, cached \"\"");
	check_mismatch("{\"a\":false}", "{\"a\":0}",
		       "a: wanted false, cached 0");
	check_mismatch("{\"a\":{}}", "{\"a\":[]}", "a: wanted {}, cached []");
	check_mismatch("{\"a\":{\"x\":1}}", "{\"a\":1}",
		       "a: wanted {\"x\":1}, cached 1");
	check_mismatch("{\"a\":\"1\"}", "{\"a\":1}",
		       "a: wanted \"1\", cached 1");
	check_mismatch("{\"a\":true}", "{\"a\":false}",
		       "a: wanted true, cached false");
}

TEST(order_blanks_and_spelling_do_not_matter)
{
	check_equal("{\"a\":1,\"b\":{\"c\":2,\"d\":[1,2]},\"e\":\"x\"}",
		    " { \"e\" : \"\\u0078\" ,\n\"b\":{\"d\":[ 1 , 2.0 ],"
		    "\"c\":2.00},\t\"a\":1.00 }\r\n");
	check_equal("{\"a\":\"\\u00e9\\ud83d\\ude00\\/\"}",
		    "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80/\"}");
	check_mismatch("{\"a\":[1,2]}", "{\"a\":[2,1]}",
		       "a[0]: wanted 1, cached 2");
	check_mismatch("{\"a\":[1,2]}", "{\"a\":[1]}",
		       "a: wanted [1,2], cached [1]");
	check_mismatch("{\"a\":[]}", "{\"a\":[1]}", "a: wanted [], cached [1]");
}

TEST(keys_that_stand_twice)
{
	check_equal("{\"a\":1,\"a\":1}", "{\"a\":1}");
	check_mismatch("{\"a\":1,\"a\":2}", "{\"a\":1}",
		       "a: wanted 2, cached 1");
	check_mismatch("{\"a\":1}", "{\"a\":1,\"a\":2}",
		       "a: wanted 1, cached 2");
	check_mismatch("{\"a\":2,\"a\":1}", "{\"a\":1}",
		       "a: wanted 2, cached 1");
}

TEST(says_which_document_is_malformed_and_where)
{
	CHECK_EQ_INT(compared("{\"a\":}", "{}"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "wanted VMConfig: value expected at byte 5");
	CHECK_EQ_INT(compared("{}", "{\"a\":1,}"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "cached VMConfig: string expected at byte 7");
	CHECK_EQ_INT(compared("[]", "{}"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "wanted VMConfig: object expected at byte 0");
	CHECK_EQ_INT(compared("{}", ""), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "cached VMConfig: the document ends too "
				 "early at byte 0");
	CHECK_EQ_INT(compared("{} {}", "{}"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "wanted VMConfig: more than one value at byte 3");
	CHECK_EQ_INT(compared("{}", "null"), VMC_ERR_MALFORMED);
	/* also when they are the same garbage */
	CHECK_EQ_INT(compared("{\"a\":\"\\x\"}", "{\"a\":\"\\x\"}"),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "wanted VMConfig: bad escape in a string at byte 6");
}

TEST(every_truncation_is_malformed)
{
	char part[sizeof(kata_4_1)];
	size_t i;

	for (i = 0; i < sizeof(kata_4_1) - 1; i++) {
		memcpy(part, kata_4_1, i);
		part[i] = '\0';
		CHECK_EQ_INT(compared(kata_4_1, part), VMC_ERR_MALFORMED);
		CHECK_EQ_INT(compared(part, kata_4_1), VMC_ERR_MALFORMED);
	}
}

/* Each member of Kata's own document, taken out: only those with a zero
 * value, or that are left out, may be missing. */
TEST(each_member_counts)
{
	static char copy[sizeof(kata_4_1)];
	const char *member = strchr(kata_4_1 + 1, ',');
	unsigned seen = 0, differs = 0;
	const char *next;

	for (; (next = strchr(member + 1, ',')) != NULL; member = next) {
		/* members that end before the next comma, scalars and null */
		if (member[1] != '"' || memchr(member, '[', next - member) ||
		    memchr(member, '{', next - member) ||
		    memchr(member, '}', next - member) ||
		    memchr(member, ']', next - member) ||
		    !memchr(member, ':', next - member))
			continue;
		snprintf(copy, sizeof(copy), "%.*s%s", (int)(member - kata_4_1),
			 kata_4_1, next);
		seen++;
		if (compared(kata_4_1, copy) == VMC_ERR_MISMATCH) {
			differs++;
			CHECK(strstr(error.text, "cached nothing") != NULL);
		}
	}
	CHECK_EQ_INT(seen, 123);
	CHECK_EQ_INT(differs, 23); /* counted by another program */
}

static const char *nested(unsigned depth)
{
	static char text[1024];
	unsigned i;
	char *at = text;

	for (i = 0; i + 1 < depth; i++)
		at += sprintf(at, "{\"a\":");
	at += sprintf(at, "{}");
	for (i = 0; i + 1 < depth; i++)
		at += sprintf(at, "}");
	return text;
}

TEST(nesting_has_a_limit)
{
	check_equal(nested(VMC_JSON_DEPTH_MAX), "{}");
	CHECK_EQ_INT(compared("{}", nested(VMC_JSON_DEPTH_MAX + 1)),
		     VMC_ERR_TOO_BIG);
	CHECK(strstr(error.text, "cached VMConfig: nested deeper than "
				 "VMC_JSON_DEPTH_MAX at byte") != NULL);
}

/* A path that is longer than its knob is cut, and the values still shown. */
TEST(a_long_path_is_cut)
{
	char a[1024], b[1024];
	char key[300];

	memset(key, 'k', sizeof(key));
	snprintf(a, sizeof(a), "{\"%.300s\":1}", key);
	snprintf(b, sizeof(b), "{\"%.300s\":2}", key);
	CHECK_EQ_INT(compared(a, b), VMC_ERR_MISMATCH);
	CHECK(strstr(error.text, "kkk...: wanted 1, cached 2") != NULL);
}

/* 40 bytes are shown whole. */
TEST(a_value_that_just_fits_is_not_cut)
{
	check_mismatch("{\"a\":1234567890123456789012345678901234567890}",
		       "{\"a\":12345678901234567890123456789012345678901}",
		       "a: wanted 1234567890123456789012345678901234567890, "
		       "cached 1234567890123456789012345678901234567890...");
}

/* Values are cut between characters. */
TEST(a_long_value_is_cut)
{
	check_mismatch("{\"a\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		       "\xc3\xa9\xc3\xa9\"}",
		       "{}",
		       "a: wanted \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		       "..., cached nothing");
}

TEST(error_may_be_null_and_the_first_stays)
{
	struct vmc_view a = vmc_view_of("{\"a\":1}");
	struct vmc_view b = vmc_view_of("{\"a\":2}");

	CHECK_EQ_INT(vmc_vm_config_compare(a, b, NULL), VMC_ERR_MISMATCH);
	CHECK_EQ_INT(vmc_vm_config_compare(a, vmc_view_of("x"), NULL),
		     VMC_ERR_MALFORMED);
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_IO, "first", NULL),
		     VMC_ERR_IO);
	CHECK_EQ_INT(vmc_vm_config_compare(a, b, &error), VMC_ERR_MISMATCH);
	CHECK_EQ_STR(error.text, "first");
	CHECK_EQ_INT(error.status, VMC_ERR_IO);
}

/* What we write for two sizes serves either: they are hot-added. */
TEST(our_own_sizes_do_not_matter)
{
	struct vmc_vm_config grown = full;
	char small[2048];

	snprintf(small, sizeof(small), "%s", written(&full));
	grown.vcpus = 4;
	grown.memory_mib = 4096;
	check_equal(small, written(&grown));
	grown.memory_slots = 11;
	check_mismatch(small, written(&grown),
		       "HypervisorConfig.MemSlots: wanted 10, cached 11");
}

TESTS(RUN(writes_all_fields_in_go_s_order)
      RUN(an_agent_is_said_where_kata_1_x_says_it)
      RUN(order_is_that_of_kata_4_1)
      RUN(writes_defaults)
      RUN(parameters_are_words_with_an_equals_sign)
      RUN(escapes_as_go_does)
      RUN(write_needs_room_for_all)
      RUN(equal_to_itself)
      RUN(sizes_and_sandbox_paths_are_left_out)
      RUN(left_out_only_where_kata_has_them)
      RUN(first_path_that_differs_is_named)
      RUN(what_only_the_cache_has_is_named_too)
      RUN(absent_is_zero)
      RUN(types_are_told_apart)
      RUN(order_blanks_and_spelling_do_not_matter)
      RUN(keys_that_stand_twice)
      RUN(says_which_document_is_malformed_and_where)
      RUN(every_truncation_is_malformed)
      RUN(each_member_counts)
      RUN(nesting_has_a_limit)
      RUN(a_long_path_is_cut)
      RUN(a_value_that_just_fits_is_not_cut)
      RUN(a_long_value_is_cut)
      RUN(error_may_be_null_and_the_first_stays)
      RUN(our_own_sizes_do_not_matter));
