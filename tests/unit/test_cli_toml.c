/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file: TOML as it is written, what Kata's keys become,
 * and what each mistake is called and where. Files lie in memory of just
 * their size and one byte, so that a sanitizer sees a byte too far.
 */
#include "test.h"

#include "../../port/cli/cli_toml.h"
#include "../../port/cli/cli_toml_scan.h"

#include <stdlib.h>

#define STRING_OF_(value) #value
#define STRING_OF(macro) STRING_OF_(macro)

static struct cli_toml toml;
static char *file; /* the texts in `toml` point into it */

static int read_bytes(const char *text, size_t len)
{
	free(file);
	file = malloc(len + 1);
	CHECK(file != NULL);
	memcpy(file, text, len);
	file[len] = '#';
	return cli_toml_read(&toml, "kata.toml", file, len);
}

static int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static void accept(const char *text)
{
	if (read_text(text))
		CHECK_EQ_STR(toml.error, text);
	CHECK_EQ_STR(toml.error, "");
	CHECK_EQ_STR(toml.refused, "");
}

static void reject(const char *text, const char *error)
{
	CHECK_EQ_INT(read_text(text), -1);
	CHECK_EQ_STR(toml.error, error);
}

/* A known key with a value that we cannot honour. */
static void refuse(const char *text, const char *refused)
{
	CHECK_EQ_INT(read_text(text), 0);
	CHECK_EQ_STR(toml.error, "");
	CHECK_EQ_STR(toml.refused, refused);
}

/* ---- Kata's file ---- */

/* As it is shipped with Kata 3, in our words, with a cache switched on. */
static const char shipped[] =
	"# Configuration of the runtime\n"
	"\n"
	"[hypervisor.qemu]\n"
	"path = \"/opt/kata/bin/qemu-system-x86_64\"\n"
	"kernel = \"/opt/kata/share/kata-containers/vmlinux.container\"\n"
	"# image = \"/opt/kata/share/kata-containers/kata-containers.img\"\n"
	"initrd = \"/opt/kata/share/kata-containers/kata-initrd.img\"\n"
	"machine_type = \"q35\"\n"
	"rootfs_type=\"ext4\"\n"
	"# confidential_guest = true\n"
	"enable_annotations = [\"enable_iommu\", \"virtio_fs_extra_args\"]\n"
	"valid_hypervisor_paths = [\"/opt/kata/bin/qemu-system-x86_64\"]\n"
	"kernel_params = \" systemd.unified_cgroup_hierarchy=0\"\n"
	"firmware = \"\"\n"
	"firmware_volume = \"\"\n"
	"machine_accelerators=\"\"\n"
	"#seccompsandbox=\"on,obsolete=deny,spawn=deny\"\n"
	"cpu_features=\"\"\n"
	"default_vcpus = 1   # of the pod sandbox\n"
	"default_maxvcpus = 0\n"
	"default_bridges = 1\n"
	"default_memory = 2048\n"
	"#memory_slots = 10\n"
	"default_maxmemory = 0\n"
	"disable_block_device_use = false\n"
	"shared_fs = \"none\"\n"
	"virtio_fs_daemon = \"/opt/kata/libexec/virtiofsd\"\n"
	"valid_virtio_fs_daemon_paths = [ \"/opt/kata/libexec/virtiofsd\" ]\n"
	"virtio_fs_cache_size = 0\n"
	"virtio_fs_queue_size = 1024\n"
	"virtio_fs_extra_args = [\n"
	"  \"--thread-pool-size=1\", # threads\n"
	"  \"--announce-submounts\",\n"
	"]\n"
	"virtio_fs_cache = \"auto\"\n"
	"block_device_driver = \"virtio-scsi\"\n"
	"block_device_aio = \"io_uring\"\n"
	"enable_iothreads = false\n"
	"enable_vhost_user_store = false\n"
	"vhost_user_store_path = \"/var/run/kata-containers/vhost-user\"\n"
	"vhost_user_reconnect_timeout_sec = 0\n"
	"pflashes = []\n"
	"valid_file_mem_backends = [\"\"]\n"
	"valid_entropy_sources = [\"/dev/urandom\",\"/dev/random\",\"\"]\n"
	"disable_selinux=false\n"
	"disable_guest_selinux=true\n"
	"\n"
	"[factory]\n"
	"#enable_template = true\n"
	"#template_path = \"/run/vc/vm/template\"\n"
	"vm_cache_number = 4\n"
	"vm_cache_endpoint = \"/run/kata/cache.sock\"\n"
	"\n"
	"[agent.kata]\n"
	"kernel_modules=[]\n"
	"dial_timeout = 45\n"
	"\n"
	"[runtime]\n"
	"internetworking_model=\"tcfilter\"\n"
	"disable_guest_seccomp=true\n"
	"sandbox_cgroup_only=false\n"
	"create_container_timeout = 60\n"
	"experimental=[]\n";

TEST(shipped_file)
{
	accept(shipped);
	CHECK_EQ_INT(toml.number, 4);
	CHECK_EQ_STR(toml.endpoint, "/run/kata/cache.sock");
	CHECK_EQ_STR(toml.vm.hypervisor, "qemu");
	CHECK_EQ_STR(toml.vm.hypervisor_path,
		     "/opt/kata/bin/qemu-system-x86_64");
	CHECK_EQ_STR(toml.vm.kernel,
		     "/opt/kata/share/kata-containers/vmlinux.container");
	CHECK_EQ_STR(toml.vm.initrd,
		     "/opt/kata/share/kata-containers/kata-initrd.img");
	CHECK(toml.vm.image == NULL);
	CHECK(toml.vm.firmware == NULL);
	CHECK_EQ_STR(toml.vm.machine_type, "q35");
	CHECK_EQ_STR(toml.vm.kernel_params,
		     " systemd.unified_cgroup_hierarchy=0");
	CHECK_EQ_INT(toml.vm.vcpus, 1);
	CHECK_EQ_INT(toml.vm.vcpus_max, 0);
	CHECK_EQ_INT(toml.vm.memory_mib, 2048);
	CHECK_EQ_INT(toml.vm.memory_max_mib, 0);
	CHECK_EQ_INT(toml.vm.memory_slots, 0);
	CHECK_EQ_INT(toml.unused, 33);
}

TEST(empty_file)
{
	accept("");
	CHECK_EQ_INT(toml.number, 0);
	CHECK(toml.endpoint == NULL);
	CHECK_EQ_STR(toml.vm.hypervisor, "qemu");
	CHECK_EQ_INT(toml.unused, 0);
	accept("\n\n# nothing\n   \t\n#");
	accept("\xef\xbb\xbf# a mark\n[factory]\r\nvm_cache_number=1\r\n");
	CHECK_EQ_INT(toml.number, 1);
}

/* However a key is written, it is the same key. */
TEST(keys_in_every_form)
{
	static const char *const forms[] = {
		"[factory]\nvm_cache_number = 7",
		" [ factory ] # x\n\t vm_cache_number\t=\t7 # y\n",
		"factory.vm_cache_number = 7",
		"factory . vm_cache_number=7",
		"\"factory\".'vm_cache_number' = 7",
		"factory = { vm_cache_number = 7 }",
		"factory={template_path='/t',vm_cache_number=7,x={}}",
		"[\"factory\"]\n\"vm_\\u0063ache_number\" = 7",
		"[factory.sub]\nx=1\n[factory]\nvm_cache_number=7",
		"[factory]\nvm_cache_number = +7",
		"[factory]\nvm_cache_number = 0x07",
		"[factory]\nvm_cache_number = 0b111",
		"[factory]\nvm_cache_number = 0o7",
	};
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		accept(forms[i]);
		CHECK_EQ_INT(toml.number, 7);
	}
	accept("hypervisor.qemu = { path = '/q', default_vcpus = 3 }");
	CHECK_EQ_STR(toml.vm.hypervisor_path, "/q");
	CHECK_EQ_INT(toml.vm.vcpus, 3);
	accept("hypervisor = { qemu = { kernel = '/k' } }");
	CHECK_EQ_STR(toml.vm.kernel, "/k");
	accept("vm_cache_number = 9\n[x]\nfactory.vm_cache_number = 9");
	CHECK_EQ_INT(toml.number, 0);
	CHECK_EQ_INT(toml.unused, 2);
}

TEST(texts)
{
	static const char *const forms[] = {
		"'a\\b'",
		"\"a\\\\b\"",
		"\"\\u0061\\U0000005cb\"",
		"'''a\\b'''",
		"'''\na\\b'''",
		"\"\"\"\\\n   a\\\\\\\n \n\tb\"\"\"",
	};
	char text[256];
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		snprintf(text, sizeof(text), "[hypervisor.qemu]\nkernel = %s",
			 forms[i]);
		accept(text);
		CHECK_EQ_STR(toml.vm.kernel, "a\\b");
	}
	accept("hypervisor.qemu.kernel = \"\\b\\t\\n\\f\\r\\\"\\u00e9\\u20ac"
	       "\\U0001F600\"");
	CHECK_EQ_STR(toml.vm.kernel,
		     "\b\t\n\f\r\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
	accept("hypervisor.qemu.kernel = \"\"\"a\"\"b\"\"\"\"\"");
	CHECK_EQ_STR(toml.vm.kernel, "a\"\"b\"\"");
	accept("hypervisor.qemu.kernel = '''a\n'b''c\n'''");
	CHECK_EQ_STR(toml.vm.kernel, "a\n'b''c\n");
	accept("hypervisor.qemu.kernel = \"\"\n");
	CHECK(toml.vm.kernel == NULL);
	accept("hypervisor.qemu.kernel = \"# no comment\" # one");
	CHECK_EQ_STR(toml.vm.kernel, "# no comment");
	/* right at the file's end, where the NUL needs the byte behind it */
	accept("hypervisor.qemu.kernel = 'k'");
	CHECK_EQ_STR(toml.vm.kernel, "k");
}

TEST(values_that_are_not_used)
{
	accept("a = [1, [2, [3]], {b = 1, c = [{}]}, 'x', 1.5, true]\n"
	       "d = [ # comment\n  1,\n\n  2 , # more\n]\n"
	       "e = 1e5\nf = -inf\ng = +nan\nh = 1_000.5_0E-1_0\n"
	       "i = -9223372036854775808\nj = 0xdead_BEEF\n"
	       "k = [[],[],]\n"
	       "l = {}\n");
	/* b and c, of the table in the array, count; tables do not */
	CHECK_EQ_INT(toml.unused, 11);
	accept("[[x]]\na=1\n[[x]]\na=1\n[x.y]\nb=1\n[[x.z]]\n[[x.z]]\nc=1\n"
	       "[[x]]\n[x.y]\nb=1");
	CHECK_EQ_INT(toml.unused, 5);
	accept("1234 = 1\n-_- = 2\n'' = 3\n\"a b\".\"c.d\" = 4\n\"a b.c\".d=5");
	CHECK_EQ_INT(toml.unused, 5);
}

/* ---- Mistakes in the TOML ---- */

TEST(lines_that_are_wrong)
{
	reject("x", "kata.toml:1: '=' expected, not the file's end");
	reject("\n\nx\n", "kata.toml:3: '=' expected, not '\\n'");
	reject("x =", "kata.toml:1: a value expected, not the file's end");
	reject("x = # y", "kata.toml:1: a value expected, not '#'");
	reject("= 1", "kata.toml:1: a key expected, not '='");
	reject("x. = 1", "kata.toml:1: a key expected, not '='");
	reject(".x = 1", "kata.toml:1: a key expected, not '.'");
	reject("x y = 1", "kata.toml:1: '=' expected, not 'y'");
	reject("\xc3\xa9 = 1", "kata.toml:1: a key expected, not '\\xc3'");
	reject("x = 1 y = 2", "kata.toml:1: the line's end expected, not 'y'");
	reject("x = 'a' 'b'", "kata.toml:1: the line's end expected, not '''");
	reject("x = [] 1", "kata.toml:1: the line's end expected, not '1'");
	reject("[a] b = 1", "kata.toml:1: the line's end expected, not 'b'");
	reject("[a", "kata.toml:1: ']' expected, not the file's end");
	reject("[]", "kata.toml:1: a key expected, not ']'");
	reject("[a.]", "kata.toml:1: a key expected, not ']'");
	reject("[a]]", "kata.toml:1: the line's end expected, not ']'");
	reject("[[a]", "kata.toml:1: ']]' expected, not ']'");
	reject("[[a] ]", "kata.toml:1: ']]' expected, not ']'");
	reject("'''x''' = 1", "kata.toml:1: a key cannot span lines");
}

TEST(values_that_are_wrong)
{
	static const char *const words[] = {
		"yes",  "True", "tru",  "01",   "0x",       "0xg",
		"1__0", "_1",   "1_",   "1.",   ".5",       "1e",
		"+-1",  "-",    "0b2",  "0o8",  "+0x1",     "1e5.5",
		"00.5", "in",   "nano", "1.e1", "infinity",
	};
	char text[64], error[128];
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		snprintf(text, sizeof(text), "\nx.y = %s", words[i]);
		snprintf(error, sizeof(error),
			 "kata.toml:2: x.y: not a value (strings need "
			 "quotes)");
		reject(text, error);
	}
	reject("x = 9223372036854775808",
	       "kata.toml:1: x: number out of range");
	reject("x = -9223372036854775809",
	       "kata.toml:1: x: number out of range");
	reject("x = 0xffffffffffffffff", "kata.toml:1: x: number out of range");
	reject("x = 1979-05-27T07:32:00Z",
	       "kata.toml:1: x: dates are not supported");
	reject("x = 07:32:00", "kata.toml:1: x: dates are not supported");
	reject("x = /usr/bin", "kata.toml:1: a value expected, not '/'");
}

TEST(strings_that_are_wrong)
{
	reject("a=1\nx = \"abc",
	       "kata.toml:2: the string that begins here does not end");
	reject("x = \"abc\ny = 1",
	       "kata.toml:1: the string does not end on its line");
	reject("x = 'abc\n'",
	       "kata.toml:1: the string does not end on its line");
	reject("x = '''\n\nabc\n''",
	       "kata.toml:1: the string that begins here does not end");
	reject("x = \"\"\"a\"\"",
	       "kata.toml:1: the string that begins here does not end");
	reject("x = \"a\\", "kata.toml:1: bad escape in a string");
	reject("x = \"\\x41\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\\u12\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\\ud800\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\\U00110000\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\\Uffffffff\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\\ a\"", "kata.toml:1: bad escape in a string");
	reject("x = \"\"\"\n\\ a\"\"\"", "kata.toml:2: bad escape in a string");
	reject("hypervisor.qemu.path = \"a\\u0000b\"",
	       "kata.toml:1: hypervisor.qemu.path: a NUL cannot be part of "
	       "it");
}

TEST(bytes_that_are_wrong)
{
	reject("a=1\nb='\xff'",
	       "kata.toml:2: byte 0xff: not UTF-8, or a control character");
	reject("# \xc3\n",
	       "kata.toml:1: byte 0xc3: not UTF-8, or a control character");
	reject("a='\x01'",
	       "kata.toml:1: byte 0x01: not UTF-8, or a control character");
	reject("a=1\rb=1",
	       "kata.toml:1: byte 0x0d: not UTF-8, or a control character");
	reject("\n\n\x7f",
	       "kata.toml:3: byte 0x7f: not UTF-8, or a control character");
	CHECK_EQ_INT(read_bytes("a=1\n\0", 5), -1);
	CHECK_EQ_STR(toml.error, "kata.toml:2: byte 0x00: not UTF-8, or a "
				 "control character");
}

TEST(lists_and_tables_that_are_wrong)
{
	reject("x = [1", "kata.toml:1: ',' or ']' expected, not the file's "
			 "end");
	reject("x = [\n1\n2]", "kata.toml:3: ',' or ']' expected, not '2'");
	reject("x = [,]", "kata.toml:1: a value expected, not ','");
	reject("x = [1,,2]", "kata.toml:1: a value expected, not ','");
	reject("x = {a=1", "kata.toml:1: ',' or '}' expected, not the file's "
			   "end");
	reject("x = {a=1,}", "kata.toml:1: a key expected, not '}'");
	reject("x = {a=1\n}", "kata.toml:1: ',' or '}' expected, not '\\n'");
	reject("x = {a=1 b=2}", "kata.toml:1: ',' or '}' expected, not 'b'");
	reject("x = {a}", "kata.toml:1: '=' expected, not '}'");
	reject("x = [1}", "kata.toml:1: ',' or ']' expected, not '}'");
}

TEST(names_that_stand_twice)
{
	reject("x = 1\nx = 2", "kata.toml:2: x: stands twice");
	reject("x = 1\n'x' = 2", "kata.toml:2: x: stands twice");
	reject("[a]\nx=1\n[b]\nx=1\n[a]\n", "kata.toml:5: a: stands twice");
	reject("a.x = 1\na.x = 1", "kata.toml:2: a.x: stands twice");
	reject("a = 1\na.x = 1", "kata.toml:2: a: is in use already");
	reject("a = 1\n[a]", "kata.toml:2: a: is in use already");
	reject("a = 1\n[a.b]", "kata.toml:2: a: is in use already");
	reject("a = {}\n[a.b]", "kata.toml:2: a: is in use already");
	reject("a = {b=1,b=2}", "kata.toml:1: a.b: stands twice");
	reject("a = [{b=1},{b=2,b=3}]", "kata.toml:1: a[1].b: stands twice");
	reject("[a.b]\n[a]\nb = 1", "kata.toml:3: a.b: is in use already");
	reject("[a.b]\n[a]\nb.c = 1", "kata.toml:3: a.b: is in use already");
	reject("a.b = 1\n[a]", "kata.toml:2: a: is in use already");
	reject("[[a]]\n[a]", "kata.toml:2: a: is in use already");
	reject("[a]\n[[a]]", "kata.toml:2: a: is in use already");
	reject("a = []\n[[a]]", "kata.toml:2: a: is in use already");
	reject("[factory]\nvm_cache_number=1\nvm_cache_number=2",
	       "kata.toml:3: factory.vm_cache_number: stands twice");
	reject("\"a\\u001b\" = 1\n\"a\\u001b\" = 1",
	       "kata.toml:2: \"a\\x1b\": stands twice");
	accept("[a]\n[a.b]\n[a.b.c]\n[d.e]\n[d]\n[f.g]\n[f.h]");
	accept("a.x = 1\na.y = 1\n[a.z]");
}

/* ---- Limits ---- */

TEST(names_have_a_limit)
{
	static char text[CLI_TOML_NAMES * 12];
	char *at = text;
	int i;

	for (i = 0; i < CLI_TOML_NAMES; i++)
		at += sprintf(at, "k%d=1\n", i);
	accept(text);
	CHECK_EQ_INT(toml.unused, CLI_TOML_NAMES);
	sprintf(at, "one.more=1\n");
	reject(text, "kata.toml:513: more than 512 keys and tables");
}

TEST(paths_have_a_limit)
{
	char text[2 * CLI_TOML_PATH_SIZE];
	char key[CLI_TOML_PATH_SIZE + 1];

	memset(key, 'k', sizeof(key));
	snprintf(text, sizeof(text), "%.*s = 1", CLI_TOML_PATH_SIZE - 1, key);
	accept(text);
	snprintf(text, sizeof(text), "%.*s = 1", CLI_TOML_PATH_SIZE, key);
	reject(text, "kata.toml:1: a name with its tables has more than 127 "
		     "bytes");
	snprintf(text, sizeof(text), "[a]\n%.*s = 1", CLI_TOML_PATH_SIZE - 2,
		 key);
	reject(text, "kata.toml:2: a name with its tables has more than 127 "
		     "bytes");
	snprintf(text, sizeof(text), "[%.*s]\na.b = 1", CLI_TOML_PATH_SIZE - 4,
		 key);
	CHECK_EQ_INT(read_text(text), -1);
	snprintf(text, sizeof(text), "%.*s = [{a=1}]", CLI_TOML_PATH_SIZE - 3,
		 key);
	CHECK_EQ_INT(read_text(text), -1);
}

TEST(depth_has_a_limit)
{
	accept("x = [[[[[[[[]]]]]]]]");
	reject("x = [[[[[[[[[]]]]]]]]]",
	       "kata.toml:1: x[0][0][0][0][0][0][0][0]: too many arrays or "
	       "tables in each other");
	accept("x = {a={a={a={a={a={a={a={}}}}}}}}");
	reject("x = {a={a={a={a={a={a={a={a={}}}}}}}}}",
	       "kata.toml:1: x.a.a.a.a.a.a.a.a: too many arrays or tables in "
	       "each other");
}

/* A file that ends anywhere is read or refused, and never beyond. */
TEST(every_truncation)
{
	size_t len = sizeof(shipped) - 1;
	unsigned refused = 0;
	size_t i;

	for (i = 0; i < len; i++)
		refused += read_bytes(shipped, i) != 0;
	CHECK(refused > len / 4);
	CHECK(refused < len);
}

TEST(every_changed_byte)
{
	static const char text[] =
		"a.b = \"\\u0041\"\n[factory]\nvm_cache_number=12 # x\n"
		"[[t]]\nc = [1, {d = '''\nx'''}, -1.5e3]\ne = {f = true}\n";
	char copy[sizeof(text)];
	size_t i;
	unsigned byte, refused = 0;

	for (i = 0; i < sizeof(text) - 1; i++) {
		for (byte = 0; byte < 256; byte++) {
			memcpy(copy, text, sizeof(text));
			copy[i] = (char)byte;
			refused += read_bytes(copy, sizeof(text) - 1) != 0;
		}
	}
	CHECK(refused > 10000);
}

/* ---- Mistakes in Kata's keys ---- */

TEST(wrong_types)
{
	reject("[factory]\nvm_cache_number = \"2\"",
	       "kata.toml:2: factory.vm_cache_number: an integer expected");
	reject("[factory]\nvm_cache_number = 2.0",
	       "kata.toml:2: factory.vm_cache_number: an integer expected");
	reject("[factory]\nvm_cache_number = true",
	       "kata.toml:2: factory.vm_cache_number: an integer expected");
	reject("[factory]\nvm_cache_number = [2]",
	       "kata.toml:2: factory.vm_cache_number: an integer expected");
	reject("[factory]\nvm_cache_endpoint = 1",
	       "kata.toml:2: factory.vm_cache_endpoint: a string in quotes "
	       "expected");
	reject("[factory]\nenable_template = \"true\"",
	       "kata.toml:2: factory.enable_template: true or false expected");
	reject("[hypervisor.qemu]\n\npflashes = \"/a\"",
	       "kata.toml:3: hypervisor.qemu.pflashes: a list in brackets "
	       "expected");
	reject("[hypervisor.qemu.kernel]",
	       "kata.toml:1: hypervisor.qemu.kernel: a value expected, not a "
	       "table");
}

TEST(numbers_out_of_range)
{
	reject("[factory]\nvm_cache_number = -1",
	       "kata.toml:2: factory.vm_cache_number: -1 is not within 0 "
	       "to " STRING_OF(VMC_VM_MAX));
	reject("[factory]\nvm_cache_number = 1025",
	       "kata.toml:2: factory.vm_cache_number: 1025 is not within 0 "
	       "to " STRING_OF(VMC_VM_MAX));
	reject("hypervisor.qemu.default_vcpus = -1",
	       "kata.toml:1: hypervisor.qemu.default_vcpus: -1 is not within "
	       "0 to 255");
	reject("hypervisor.qemu.default_maxvcpus = 256",
	       "kata.toml:1: hypervisor.qemu.default_maxvcpus: 256 is not "
	       "within 0 to 255");
	reject("hypervisor.qemu.default_memory = 4294967296",
	       "kata.toml:1: hypervisor.qemu.default_memory: 4294967296 is "
	       "not within 0 to 16777216");
	reject("hypervisor.qemu.memory_slots = 257",
	       "kata.toml:1: hypervisor.qemu.memory_slots: 257 is not within "
	       "0 to 256");
	accept("[factory]\nvm_cache_number=" STRING_OF(
		VMC_VM_MAX) "\n[hypervisor.qemu]\n"
			    "default_vcpus=255\ndefault_maxvcpus=255\nmemory_slots=256\n"
			    "default_memory=16777216\ndefault_maxmemory=16777216");
	CHECK_EQ_INT(toml.number, VMC_VM_MAX);
	CHECK_EQ_INT(toml.vm.vcpus_max, 255);
	CHECK_EQ_INT(toml.vm.memory_max_mib, 16777216);
	CHECK_EQ_INT(toml.vm.memory_slots, 256);
	CHECK_EQ_INT(toml.unused, 0);
}

TEST(initrd_and_image_exclude_each_other)
{
	reject("[hypervisor.qemu]\nimage='/i'\ninitrd='/j'\nkernel='/k'\n\n",
	       "kata.toml:3: hypervisor.qemu: has both an initrd and an "
	       "image; one must go");
	accept("[hypervisor.qemu]\nimage='/i'\ninitrd=''");
	CHECK_EQ_STR(toml.vm.image, "/i");
}

/* ---- What we cannot honour ---- */

TEST(refused_by_name)
{
	refuse("[factory]\nenable_template = true",
	       "kata.toml:2: factory.enable_template: VM factory cannot work "
	       "together with VM cache");
	refuse("[hypervisor.qemu]\nshared_fs = \"virtio-fs\"",
	       "kata.toml:2: hypervisor.qemu.shared_fs: a cached VM has no "
	       "shared file system; write \"none\"");
	refuse("[hypervisor.qemu]\nconfidential_guest = true",
	       "kata.toml:2: hypervisor.qemu.confidential_guest: confidential "
	       "guests cannot grow, as a cached VM must");
	refuse("[hypervisor.clh]\npath = \"/usr/bin/cloud-hypervisor\"",
	       "kata.toml:1: hypervisor.clh: VM cache just supports qemu");
	refuse("hypervisor.qemuu.path = ''",
	       "kata.toml:1: hypervisor.qemuu.path: VM cache just supports "
	       "qemu");
	refuse("hypervisor.qemu.default_bridges = 2",
	       "kata.toml:1: hypervisor.qemu.default_bridges: a cached VM has "
	       "one bridge");
	refuse("hypervisor.qemu.memory_offset = -1",
	       "kata.toml:1: hypervisor.qemu.memory_offset: NVDIMMs are not "
	       "supported");
	refuse("hypervisor.qemu.hot_plug_vfio = 'switch-port'",
	       "kata.toml:1: hypervisor.qemu.hot_plug_vfio: a cached VM has "
	       "root ports and a bridge");
	refuse("hypervisor.qemu.pflashes = ['/a']",
	       "kata.toml:1: hypervisor.qemu.pflashes: flash images are not "
	       "supported");
}

/* The first one is named; all else is read nevertheless. */
TEST(refusal_does_not_end_the_reading)
{
	refuse("[hypervisor.qemu]\nrootless = true\nenable_iommu = true\n"
	       "kernel = '/k'\n[factory]\nvm_cache_number = 0",
	       "kata.toml:2: hypervisor.qemu.rootless: QEMU runs as whoever "
	       "runs this program");
	CHECK_EQ_INT(toml.number, 0);
	CHECK_EQ_STR(toml.vm.kernel, "/k");
}

/* Said to be off, each of them is as if it were not there. */
TEST(off_is_accepted)
{
	accept("[factory]\nenable_template = false\n[hypervisor.qemu]\n"
	       "confidential_guest = false\nsev_snp_guest = false\n"
	       "rootless = false\nmachine_accelerators = ''\n"
	       "cpu_features = ''\nseccompsandbox = ''\n"
	       "firmware_volume = ''\npflashes = []\n"
	       "kernel_verity_params = ''\nmemory_offset = 0\n"
	       "enable_virtio_mem = false\nenable_mem_prealloc = false\n"
	       "enable_hugepages = false\nfile_mem_backend = ''\n"
	       "reclaim_guest_freed_memory = false\n"
	       "enable_vhost_user_store = false\nenable_iommu = false\n"
	       "enable_iommu_platform = false\nenable_numa = false\n"
	       "numa_mapping = []\nhot_plug_vfio = 'root-port'\n"
	       "cold_plug_vfio = 'no-port'\ndefault_bridges = 1\n"
	       "default_gpus = 0\nguest_memory_dump_path = ''\n"
	       "extra_monitor_socket = ''\nshared_fs = 'none'\n");
	CHECK_EQ_INT(toml.unused, 28);
	accept("hypervisor.qemu.hot_plug_vfio = 'no-port'");
	accept("hypervisor.qemu.hot_plug_vfio = 'bridge-port'");
	accept("hypervisor.qemu.shared_fs = ''");
	CHECK_EQ_INT(read_text("hypervisor.qemu.hot_plug_vfio = 'no'"), 0);
	CHECK(toml.refused[0] != '\0');
	CHECK_EQ_INT(read_text("hypervisor.qemu.hot_plug_vfio = 'no-port|'"),
		     0);
	CHECK(toml.refused[0] != '\0');
}

/* ---- The scanner by itself: what a document says ---- */

static struct toml_scan scan;
static struct toml_item item;

static char *put_value(char *at)
{
	switch (item.kind) {
	case TOML_TABLE:
		return at + sprintf(at, " table");
	case TOML_STRING:
		return at + sprintf(at, " '%s'", item.text);
	case TOML_INTEGER:
		return at + sprintf(at, " %lld", (long long)item.integer);
	case TOML_FLOAT:
		return at + sprintf(at, " float");
	case TOML_BOOL:
		return at + sprintf(at, item.truth ? " true" : " false");
	default:
		return at + sprintf(at, " [%u]", item.elements);
	}
}

/* A line "LINE PATH VALUE" for each item. */
static const char *dump(const char *text)
{
	static char out[2048];
	size_t len = strlen(text);
	char *at = out;
	int got;

	free(file);
	file = malloc(len + 1);
	CHECK(file != NULL);
	memcpy(file, text, len);
	file[len] = 'x';
	*at = '\0';
	toml_scan_init(&scan, file, len);
	while ((got = toml_scan_next(&scan, &item)) > 0) {
		at += sprintf(at, "%u %s", item.line, item.path);
		at = put_value(at);
		at += sprintf(at, "\n");
	}
	if (got < 0)
		sprintf(at, "%u: %s", scan.line, scan.error);
	return out;
}

#define SAYS(text, want) CHECK_EQ_STR(dump(text), want)

TEST(integers)
{
	SAYS("a=0", "1 a 0\n");
	SAYS("a=+0\nb=-0", "1 a 0\n2 b 0\n");
	SAYS("a=+99\nb=-17", "1 a 99\n2 b -17\n");
	SAYS("a=1_2_3_4_5", "1 a 12345\n");
	SAYS("a=5_349_221", "1 a 5349221\n");
	SAYS("a=0xDEADBEEF", "1 a 3735928559\n");
	SAYS("a=0xdead_beef", "1 a 3735928559\n");
	SAYS("a=0x0_1", "1 a 1\n");
	SAYS("a=0o01234567", "1 a 342391\n");
	SAYS("a=0o755", "1 a 493\n");
	SAYS("a=0b11010110", "1 a 214\n");
	SAYS("a=0x7fffffffffffffff", "1 a 9223372036854775807\n");
	SAYS("a=9223372036854775807", "1 a 9223372036854775807\n");
	SAYS("a=-9223372036854775808", "1 a -9223372036854775808\n");
	SAYS("a=0x8000000000000000", "1: a: number out of range");
	SAYS("a=0b1000000000000000000000000000000000000000000000000000000000"
	     "0000000",
	     "1: a: number out of range");
	SAYS("a=0x_1", "1: a: not a value (strings need quotes)");
	SAYS("a=-0x1", "1: a: not a value (strings need quotes)");
	SAYS("a=0X1", "1: a: not a value (strings need quotes)");
	SAYS("a=0b", "1: a: not a value (strings need quotes)");
	SAYS("a=09", "1: a: not a value (strings need quotes)");
	SAYS("a=07:32", "1: a: dates are not supported");
	SAYS("a=1979-", "1: a: dates are not supported");
	SAYS("a=-01", "1: a: not a value (strings need quotes)");
	SAYS("a=0_1", "1: a: not a value (strings need quotes)");
	SAYS("a=+_1", "1: a: not a value (strings need quotes)");
	SAYS("a=1_", "1: a: not a value (strings need quotes)");
	SAYS("a=--1", "1: a: not a value (strings need quotes)");
	SAYS("a=1 2", "1 a 1\n1: the line's end expected, not '2'");
}

TEST(floats)
{
	static const char *const right[] = {
		"1.0",  "+1.0",    "-0.01", "3.1415",    "5e+22",
		"1e06", "-2E-2",   "0.0",   "6.626e-34", "224_617.445_991_228",
		"0e0",  "1e1_000", "inf",   "+inf",      "-inf",
		"nan",  "-nan",    "1_0.5", "1.5_0",     "0.5e-0_1",
	};
	static const char *const wrong[] = {
		".7",   "7.",    "3.e+20", "1._5",  "1_.5",   "1.5_",
		"1e_5", "1e5_",  "1e",     "1.5e+", "01.5",   "-01.5",
		"e5",   "1e5.0", "1.2.3",  "+-1.5", "Inf",    "NaN",
		"infi", "0_1.5", "1__0.5", "0x1.5", "1.5.e3",
	};
	char text[64];
	size_t i;

	for (i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		snprintf(text, sizeof(text), "a=%s#", right[i]);
		SAYS(text, "1 a float\n");
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		snprintf(text, sizeof(text), "a=%s", wrong[i]);
		if (strncmp(dump(text), "1: ", 3) != 0)
			CHECK_EQ_STR(dump(text), text);
	}
}

TEST(strings_of_one_line)
{
	SAYS("a=''", "1 a ''\n");
	SAYS("a=\"\"", "1 a ''\n");
	SAYS("a='\\n\"'", "1 a '\\n\"'\n");
	SAYS("a=\"it's\\\\ \\\"quoted\\\"\"", "1 a 'it's\\ \"quoted\"'\n");
	SAYS("a=\"\\u00E9\\u20ac\\U0001f600\"",
	     "1 a '\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80'\n");
	SAYS("a=\"\\ud7ff\\ue000\\uffff\\U0010ffff\"",
	     "1 a '\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf'\n");
	SAYS("a=\"\\u007f\\u0080\\u07ff\\u0800\"",
	     "1 a '\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80'\n");
	SAYS("a='\ttab\t'", "1 a '\ttab\t'\n");
	SAYS("a='x'#y", "1 a 'x'\n");
	SAYS("a=\"\\udfff\"", "1: bad escape in a string");
	SAYS("a=\"\\uD800\"", "1: bad escape in a string");
	SAYS("a=\"\\U00110000\"", "1: bad escape in a string");
	SAYS("a=\"\\U0000d800\"", "1: bad escape in a string");
	SAYS("a=\"\\u00e\"", "1: bad escape in a string");
	SAYS("a=\"\\u00eg\"", "1: bad escape in a string");
	SAYS("a=\"\\u00e/\"", "1: bad escape in a string");
	SAYS("a=\"\\/\"", "1: bad escape in a string");
	SAYS("a=\"\\", "1: bad escape in a string");
	SAYS("a='x", "1: the string that begins here does not end");
}

TEST(strings_of_lines)
{
	SAYS("a=''''''", "1 a ''\n");
	SAYS("a=\"\"\"\"\"\"", "1 a ''\n");
	SAYS("a='''\n'''", "1 a ''\n");
	SAYS("a='''\r\nx'''", "1 a 'x'\n");
	SAYS("a='''\n\n'''\nb=1", "1 a '\n'\n4 b 1\n");
	SAYS("a='''one\ntwo\r\n'''", "1 a 'one\ntwo\r\n'\n");
	SAYS("a='''it''s'''", "1 a 'it''s'\n");
	SAYS("a='''x''''", "1 a 'x''\n");
	SAYS("a='''x'''''", "1 a 'x'''\n");
	SAYS("a=\"\"\"x\"\"\"\"", "1 a 'x\"'\n");
	SAYS("a=\"\"\"x\"\"\"\"\"", "1 a 'x\"\"'\n");
	SAYS("a=\"\"\"one \\\n\n   two\"\"\"\nb=1", "1 a 'one two'\n4 b 1\n");
	SAYS("a=\"\"\"one\\   \n two\\\r\n\t\"\"\"", "1 a 'onetwo'\n");
	SAYS("a=\"\"\"\\\"\"\"\\n\"\"\"", "1 a '\"\"\"\n'\n");
	SAYS("a=\"\"\"x\\ y\"\"\"", "1: bad escape in a string");
	SAYS("a='''\nx''", "1: the string that begins here does not end");
	SAYS("a='''''", "1: the string that begins here does not end");
	SAYS("a=\"\"\"", "1: the string that begins here does not end");
}

TEST(keys)
{
	SAYS("a-b_C9=1", "1 a-b_C9 1\n");
	SAYS("AZaz09=1", "1 AZaz09 1\n");
	SAYS("''=1", "1 \"\" 1\n");
	SAYS("\"\"=1", "1 \"\" 1\n");
	SAYS("'a b'=1", "1 \"a b\" 1\n");
	SAYS("\"a\\\"b\"=1", "1 \"a\\\"b\" 1\n");
	SAYS("'\\'=1", "1 \"\\\\\" 1\n");
	SAYS("3.14=1", "1 3.14 1\n");
	SAYS("a . b\t.c=1", "1 a.b.c 1\n");
	SAYS("true=1\ninf=2", "1 true 1\n2 inf 2\n");
	SAYS("\xc3\xa9=1", "1: a key expected, not '\\xc3'");
	SAYS("'\xc3\xa9'=1", "1 \"\xc3\xa9\" 1\n");
	SAYS("a..b=1", "1: a key expected, not '.'");
	SAYS("a.\n=1", "1: a key expected, not '\\n'");
	SAYS("a\n=1", "1: '=' expected, not '\\n'");
	SAYS("a=\n1", "1: a value expected, not '\\n'");
	SAYS("\"\"\"a\"\"\"=1", "1: a key cannot span lines");
}

TEST(tables)
{
	SAYS("[a]\nx=1\n[b.c]\nx=2", "1 a table\n2 a.x 1\n3 b.c table\n"
				     "4 b.c.x 2\n");
	SAYS("[ j . 'k' . \"l\" ]", "1 j.k.l table\n");
	SAYS("[a.b]\n[a]\nx=1", "1 a.b table\n2 a table\n3 a.x 1\n");
	SAYS("[a]\nb.c=1\nb.d=2\n[a.b.e]",
	     "1 a table\n2 a.b.c 1\n3 a.b.d 2\n4 a.b.e table\n");
	SAYS("[a]\nb.c=1\n[a.b]",
	     "1 a table\n2 a.b.c 1\n3: a.b: is in use already");
	SAYS("a={b=1}\na.c=2", "1 a.b 1\n2: a: is in use already");
	SAYS("[a.b]\nx=1\n[a]\nb.y=2", "1 a.b table\n2 a.b.x 1\n3 a table\n"
				       "4: a.b: is in use already");
	SAYS("[a]\n[a.b]\n[a]", "1 a table\n2 a.b table\n3: a: stands twice");
	SAYS("[[a]]\nx=1\n[[a]]\nx=2\n[a.b]\ny=3",
	     "1 a[0] table\n2 a[0].x 1\n3 a[1] table\n4 a[1].x 2\n"
	     "5 a[1].b table\n6 a[1].b.y 3\n");
	SAYS("[[a]]\n[[a.b]]\n[[a.b]]\n[[a]]\n[[a.b]]",
	     "1 a[0] table\n2 a[0].b[0] table\n3 a[0].b[1] table\n"
	     "4 a[1] table\n5 a[1].b[0] table\n");
	SAYS("[[a]]\n[a]", "1 a[0] table\n2: a: is in use already");
	SAYS("[a.b]\n[[a]]", "1 a.b table\n2: a: is in use already");
	SAYS("a=[1]\n[[a]]", "1 a [1]\n2: a: is in use already");
	SAYS("[[a]]\n[a.b]\n[[a.b]]", "1 a[0] table\n2 a[0].b table\n"
				      "3: a[0].b: is in use already");
	SAYS("[a]x=1", "1 a table\n1: the line's end expected, not 'x'");
	SAYS("[a", "1: ']' expected, not the file's end");
	SAYS("[a b]", "1: ']' expected, not 'b'");
	SAYS("[[a]", "1: ']]' expected, not ']'");
	SAYS("[ [a]]", "1: a key expected, not '['");
	SAYS("[a]#x\n#y\n", "1 a table\n");
}

TEST(inline_tables)
{
	SAYS("a={}", "");
	SAYS("a={ }\nb=1", "2 b 1\n");
	SAYS("a={x=1,y='z'}", "1 a.x 1\n1 a.y 'z'\n");
	SAYS("a={x.y=1,x.z=2}", "1 a.x.y 1\n1 a.x.z 2\n");
	SAYS("a={b={c={d=1}},e=2}", "1 a.b.c.d 1\n1 a.e 2\n");
	SAYS("a={x=[1,\n2],y=3}", "1 a.x [2]\n2 a.y 3\n");
	SAYS("a.b={c=1}\na.d={c=1}", "1 a.b.c 1\n2 a.d.c 1\n");
	SAYS("a={x=1}y=2", "1 a.x 1\n1: the line's end expected, not 'y'");
	SAYS("a={x=1,x=2}", "1 a.x 1\n1: a.x: stands twice");
	SAYS("a={x=1\n,y=2}", "1 a.x 1\n1: ',' or '}' expected, not '\\n'");
	SAYS("a={x=1,\ny=2}", "1 a.x 1\n1: a key expected, not '\\n'");
	SAYS("a={,}", "1: a key expected, not ','");
	SAYS("a={x=1,}", "1 a.x 1\n1: a key expected, not '}'");
	SAYS("a={[b]}", "1: a key expected, not '['");
	SAYS("a={x={y=1}\n[b]", "1 a.x.y 1\n1: ',' or '}' expected, not "
				"'\\n'");
}

TEST(lists)
{
	SAYS("a=[]", "1 a [0]\n");
	SAYS("a=[ ]", "1 a [0]\n");
	SAYS("a=[1]", "1 a [1]\n");
	SAYS("a=[1,]", "1 a [1]\n");
	SAYS("a=[1,'x',[2,3],{y=4},1.5,true]", "1 a[3].y 4\n1 a [6]\n");
	SAYS("a=[[1,2],[3]]\nb=1", "1 a [2]\n2 b 1\n");
	SAYS("a=[\n#x\n1,#y\n\n2\n#z\n,\n]\nb=1", "1 a [2]\n9 b 1\n");
	SAYS("a=[{x=1},{x=2}]", "1 a[0].x 1\n1 a[1].x 2\n1 a [2]\n");
	SAYS("a=[[{x=1}],[{x=2}]]", "1 a[0][0].x 1\n1 a[1][0].x 2\n1 a [2]\n");
	SAYS("a=[1 2]", "1: ',' or ']' expected, not '2'");
	SAYS("a=[1,,2]", "1: a value expected, not ','");
	SAYS("a=[,]", "1: a value expected, not ','");
	SAYS("a=[1\n", "2: ',' or ']' expected, not the file's end");
	SAYS("a=[1]]", "1 a [1]\n1: the line's end expected, not ']'");
	SAYS("a=[1}", "1: ',' or ']' expected, not '}'");
	SAYS("a=[x=1]", "1: a[0]: not a value (strings need quotes)");
}

TEST(blanks_and_comments)
{
	SAYS("# only", "");
	SAYS("#\n#\r\n\r\n", "");
	SAYS("\t a \t=\t 1 \t# x\n\n \t\n  b=2#", "1 a 1\n4 b 2\n");
	SAYS("a=1\r\nb=2\r\n", "1 a 1\n2 b 2\n");
	SAYS("a='#'#'\n", "1 a '#'\n");
	SAYS("# \xc3\xa9 \t\na=1", "2 a 1\n");
	SAYS("\xef\xbb\xbf\xef\xbb\xbf", "1: a key expected, not '\\xef'");
	SAYS("a=1 # \x01", "1: byte 0x01: not UTF-8, or a control character");
	SAYS("a=1\n\v", "2: byte 0x0b: not UTF-8, or a control character");
	SAYS("a=1\r", "1: byte 0x0d: not UTF-8, or a control character");
	SAYS("a='\xed\xa0\x80'",
	     "1: byte 0xed: not UTF-8, or a control character");
}

static void expect(const char *path, enum toml_kind kind, unsigned line)
{
	CHECK_EQ_INT(toml_scan_next(&scan, &item), 1);
	CHECK_EQ_STR(item.path, path);
	CHECK_EQ_INT(item.kind, kind);
	CHECK_EQ_INT(item.line, line);
}

TEST(scanner_yields_paths_kinds_and_lines)
{
	static char text[] = "a = 1\n"
			     "[b.'c d']\n"
			     "e = \"x\"\n"
			     "f = [\n1,\n{ g = true },\n]\n"
			     "h.i = { j = 1.5, k = [] }\n"
			     "[[l]]\n"
			     "[[l]]\n"
			     "m = '''\n\n'''\n"
			     "n = -7";

	toml_scan_init(&scan, text, sizeof(text) - 1);
	expect("a", TOML_INTEGER, 1);
	CHECK_EQ_INT(item.integer, 1);
	expect("b.\"c d\"", TOML_TABLE, 2);
	expect("b.\"c d\".e", TOML_STRING, 3);
	CHECK_EQ_STR(item.text, "x");
	CHECK_EQ_INT(item.text_len, 1);
	expect("b.\"c d\".f[1].g", TOML_BOOL, 6);
	CHECK_EQ_INT(item.truth, 1);
	expect("b.\"c d\".f", TOML_ARRAY, 4);
	CHECK_EQ_INT(item.elements, 2);
	expect("b.\"c d\".h.i.j", TOML_FLOAT, 8);
	expect("b.\"c d\".h.i.k", TOML_ARRAY, 8);
	CHECK_EQ_INT(item.elements, 0);
	expect("l[0]", TOML_TABLE, 9);
	expect("l[1]", TOML_TABLE, 10);
	expect("l[1].m", TOML_STRING, 11);
	CHECK_EQ_STR(item.text, "\n");
	expect("l[1].n", TOML_INTEGER, 14);
	CHECK_EQ_INT(item.integer, -7);
	CHECK_EQ_INT(toml_scan_next(&scan, &item), 0);
	CHECK_EQ_INT(toml_scan_next(&scan, &item), 0);
}

TEST(scanner_stays_failed)
{
	static char text[] = "a = 1\nb = ?\nc = 2";

	toml_scan_init(&scan, text, sizeof(text) - 1);
	expect("a", TOML_INTEGER, 1);
	CHECK_EQ_INT(toml_scan_next(&scan, &item), -1);
	CHECK_EQ_INT(scan.line, 2);
	CHECK_EQ_STR(scan.error, "a value expected, not '?'");
	CHECK_EQ_INT(toml_scan_next(&scan, &item), -1);
	CHECK_EQ_INT(scan.line, 2);
}

TESTS(RUN(shipped_file)
      RUN(empty_file)
      RUN(keys_in_every_form)
      RUN(texts)
      RUN(values_that_are_not_used)
      RUN(lines_that_are_wrong)
      RUN(values_that_are_wrong)
      RUN(strings_that_are_wrong)
      RUN(bytes_that_are_wrong)
      RUN(lists_and_tables_that_are_wrong)
      RUN(names_that_stand_twice)
      RUN(names_have_a_limit)
      RUN(paths_have_a_limit)
      RUN(depth_has_a_limit)
      RUN(every_truncation)
      RUN(every_changed_byte)
      RUN(wrong_types)
      RUN(numbers_out_of_range)
      RUN(initrd_and_image_exclude_each_other)
      RUN(refused_by_name)
      RUN(refusal_does_not_end_the_reading)
      RUN(off_is_accepted)
      RUN(integers)
      RUN(floats)
      RUN(strings_of_one_line)
      RUN(strings_of_lines)
      RUN(keys)
      RUN(tables)
      RUN(inline_tables)
      RUN(lists)
      RUN(blanks_and_comments)
      RUN(scanner_yields_paths_kinds_and_lines)
      RUN(scanner_stays_failed));
