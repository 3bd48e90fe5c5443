/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbio and ttrpc's envelopes against nanopb's encoder: what we write is
 * what it writes, for many values; what it writes we read; and what is
 * broken is refused, wherever it breaks.
 */
#include "test.h"

#include <stdlib.h>

#include <pb_encode.h>

#include "oracle/cache_oracle.pb.h"
#include "oracle/ttrpc_oracle.pb.h"

#include "../../src/wire/pbio.h"
#include "../../src/wire/ttrpc_frame.h"

#define ROUNDS 20000

static uint8_t wanted[VMC_VM_MAX * 64 + 8192], got[sizeof wanted];
static size_t wanted_len, got_len;

/* -- Values ---------------------------------------------------------------- */

static uint64_t seed;

static uint64_t random_bits(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* All lengths of a varint come about equally often, and zero. */
static uint64_t any_number(void)
{
	unsigned bits = (unsigned)(random_bits() % 65);

	return bits == 0 ? 0 : random_bits() >> (64 - bits);
}

/* Lengths on both sides of what one byte of length can say, 0 often. */
static size_t any_length(size_t max)
{
	size_t length = random_bits() % 3 ? random_bits() % 9 : 120;

	length += random_bits() % 17;
	return random_bits() % 8 == 0 || length > max ? 0 : length;
}

static size_t any_string(char *out, size_t max)
{
	size_t i, length = any_length(max);

	for (i = 0; i < length; i++)
		out[i] = (char)(' ' + random_bits() % 95);
	out[length] = '\0';
	return length;
}

static size_t any_bytes(uint8_t *out, size_t max)
{
	size_t i, length = any_length(max);

	for (i = 0; i < length; i++)
		out[i] = (uint8_t)random_bits();
	return length;
}

#define ANY_BYTES(field)                                                       \
	((field).size = (pb_size_t)any_bytes((field).bytes, 500))
#define VIEW(field) ((struct vmc_view){ (field).bytes, (field).size })

/* -- Both encoders --------------------------------------------------------- */

static void encode(const pb_msgdesc_t *fields, const void *message)
{
	pb_ostream_t stream = pb_ostream_from_buffer(wanted, sizeof wanted);

	CHECK(pb_encode(&stream, fields, message));
	wanted_len = stream.bytes_written;
}

static struct vmc_view encoded(void)
{
	return (struct vmc_view){ wanted, wanted_len };
}

static void join(const struct vmc_view *parts, size_t parts_len)
{
	size_t i;

	for (i = 0, got_len = 0; i < parts_len; i++) {
		memcpy(got + got_len, parts[i].ptr, parts[i].ptr_len);
		got_len += parts[i].ptr_len;
	}
}

static void check_same(void)
{
	CHECK_EQ_INT(got_len, wanted_len);
	CHECK_EQ_MEM(got, wanted, wanted_len);
}

static void check_view(struct vmc_view view, const void *bytes, size_t len)
{
	CHECK_EQ_INT(view.ptr_len, len);
	CHECK(len == 0 ||
	      (view.ptr >= wanted && view.ptr + len <= wanted + wanted_len));
	CHECK_EQ_MEM(view.ptr, bytes, len);
}

/* -- GrpcStatus ------------------------------------------------------------ */

static oracle_GrpcStatus status_message;
static struct vmc_cache_status status_read;

static void any_status(size_t vms)
{
	size_t i;

	status_message.pid = (int64_t)any_number();
	status_message.vmstatus_count = (pb_size_t)vms;
	for (i = 0; i < vms; i++) {
		status_message.vmstatus[i].pid = (int64_t)any_number();
		status_message.vmstatus[i].cpu = (uint32_t)any_number();
		status_message.vmstatus[i].memory = (uint32_t)any_number();
	}
}

/* In a buffer of just the size that pbio.h says is enough. */
static void write_status(void)
{
	size_t i, vms = status_message.vmstatus_count;
	struct vmc_vm vm;
	struct vmc_writer w;

	vmc_writer_init(&w, got,
			VMC_PBIO_STATUS_HEAD_SIZE +
				vms * VMC_PBIO_VM_STATUS_SIZE);
	vmc_pbio_write_status_head(&w, status_message.pid);
	for (i = 0; i < vms; i++) {
		vm.pid = status_message.vmstatus[i].pid;
		vm.vcpus = status_message.vmstatus[i].cpu;
		vm.memory_mib = status_message.vmstatus[i].memory;
		vmc_pbio_write_vm_status(&w, &vm);
	}
	CHECK(!w.fail);
	got_len = w.len;
}

static void check_status(void)
{
	size_t i;

	CHECK_EQ_INT(vmc_pbio_read_status(encoded(), &status_read, NULL),
		     VMC_OK);
	CHECK_EQ_INT(status_read.pid, status_message.pid);
	CHECK_EQ_INT(status_read.vm_len, status_message.vmstatus_count);
	for (i = 0; i < status_read.vm_len; i++) {
		CHECK_EQ_INT(status_read.vm[i].pid,
			     status_message.vmstatus[i].pid);
		CHECK_EQ_INT(status_read.vm[i].vcpus,
			     status_message.vmstatus[i].cpu);
		CHECK_EQ_INT(status_read.vm[i].memory_mib,
			     status_message.vmstatus[i].memory);
	}
}

TEST(status_is_nanopbs)
{
	int round;

	seed = 1;
	for (round = 0; round < ROUNDS / 10; round++) {
		any_status(random_bits() % (VMC_VM_MAX + 1));
		encode(oracle_GrpcStatus_fields, &status_message);
		write_status();
		check_same();
		check_status();
	}
}

TEST(largest_status_fits_what_is_promised)
{
	size_t i;

	any_status(VMC_VM_MAX);
	status_message.pid = -1;
	for (i = 0; i < VMC_VM_MAX; i++) {
		status_message.vmstatus[i].pid = -1;
		status_message.vmstatus[i].cpu = UINT32_MAX;
		status_message.vmstatus[i].memory = UINT32_MAX;
	}
	encode(oracle_GrpcStatus_fields, &status_message);
	write_status();
	check_same();
	CHECK_EQ_INT(got_len, VMC_PBIO_STATUS_HEAD_SIZE +
				      VMC_VM_MAX * VMC_PBIO_VM_STATUS_SIZE);
}

TEST(one_vm_too_many_names_the_knob)
{
	struct vmc_error error;

	vmc_error_reset(&error);
	any_status(VMC_VM_MAX + 1);
	encode(oracle_GrpcStatus_fields, &status_message);
	CHECK_EQ_INT(vmc_pbio_read_status(encoded(), &status_read, &error),
		     VMC_ERR_MALFORMED);
	CHECK(strstr(error.text, "VMC_VM_MAX"));
	CHECK_EQ_INT(status_read.vm_len, VMC_VM_MAX);
}

/* -- GrpcVM ---------------------------------------------------------------- */

static oracle_GrpcVM vm_message;
static uint8_t vm_heads[1024];

static void any_vm(void)
{
	any_string(vm_message.id, VMC_ID_SIZE - 1);
	any_string(vm_message.proxyURL, VMC_URL_SIZE - 1);
	ANY_BYTES(vm_message.hypervisor);
	vm_message.proxyPid = (int64_t)any_number();
	vm_message.cpu = (uint32_t)any_number();
	vm_message.memory = (uint32_t)any_number();
	vm_message.cpuDelta = (uint32_t)any_number();
}

static int gather_vm(size_t room)
{
	struct vmc_vm vm = {
		.vcpus = vm_message.cpu,
		.memory_mib = vm_message.memory,
		.cpu_delta = vm_message.cpuDelta,
	};
	struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS];
	struct vmc_writer w;

	strcpy(vm.id, vm_message.id);
	strcpy(vm.agent_url, vm_message.proxyURL);
	vmc_writer_init(&w, vm_heads, room);
	vmc_pbio_gather_base_vm(&w, &vm, VIEW(vm_message.hypervisor), parts);
	if (!w.fail)
		join(parts, VMC_PBIO_BASE_VM_PARTS);
	return !w.fail;
}

static void check_vm(void)
{
	struct vmc_cached_vm vm;

	CHECK_EQ_INT(vmc_pbio_read_base_vm(encoded(), &vm, NULL), VMC_OK);
	CHECK_EQ_STR(vm.id, vm_message.id);
	CHECK_EQ_STR(vm.proxy_url, vm_message.proxyURL);
	check_view(vm.hypervisor, vm_message.hypervisor.bytes,
		   vm_message.hypervisor.size);
	CHECK_EQ_INT(vm.proxy_pid, vm_message.proxyPid);
	CHECK_EQ_INT(vm.vcpus, vm_message.cpu);
	CHECK_EQ_INT(vm.memory_mib, vm_message.memory);
	CHECK_EQ_INT(vm.cpu_delta, vm_message.cpuDelta);
}

TEST(base_vm_is_nanopbs)
{
	int round;

	seed = 2;
	for (round = 0; round < ROUNDS; round++) {
		any_vm();
		encode(oracle_GrpcVM_fields, &vm_message);
		check_vm();
		vm_message.proxyPid = 0; /* is never sent */
		encode(oracle_GrpcVM_fields, &vm_message);
		CHECK(gather_vm(strlen(vm_message.id) +
				strlen(vm_message.proxyURL) +
				VMC_PBIO_BASE_VM_SIZE));
		check_same();
	}
}

TEST(gathering_without_room_says_so)
{
	size_t room, needed;

	any_vm();
	vm_message.proxyPid = 0;
	strcpy(vm_message.id, "an id");
	vm_message.cpuDelta = 1;
	encode(oracle_GrpcVM_fields, &vm_message);
	needed = wanted_len - vm_message.hypervisor.size;
	for (room = 0; room < needed; room++)
		CHECK(!gather_vm(room));
	CHECK(gather_vm(needed));
}

static void check_too_long(const char *knob)
{
	struct vmc_cached_vm vm;
	struct vmc_error error;

	vmc_error_reset(&error);
	encode(oracle_GrpcVM_fields, &vm_message);
	CHECK_EQ_INT(vmc_pbio_read_base_vm(encoded(), &vm, &error),
		     VMC_ERR_MALFORMED);
	CHECK(strstr(error.text, knob));
}

TEST(strings_of_a_vm_are_held_to_their_knobs)
{
	memset(&vm_message, 0, sizeof vm_message);
	memset(vm_message.id, 'i', VMC_ID_SIZE - 1);
	memset(vm_message.proxyURL, 'u', VMC_URL_SIZE - 1);
	encode(oracle_GrpcVM_fields, &vm_message);
	check_vm();

	vm_message.id[VMC_ID_SIZE - 1] = 'i';
	check_too_long("GrpcVM.id is too long for VMC_ID_SIZE");
	vm_message.id[VMC_ID_SIZE - 1] = '\0';
	vm_message.proxyURL[VMC_URL_SIZE - 1] = 'u';
	check_too_long("GrpcVM.proxyURL is too long for VMC_URL_SIZE");
}

/* -- GrpcVMConfig ---------------------------------------------------------- */

static oracle_GrpcVMConfig config_message;

TEST(config_is_nanopbs)
{
	struct vmc_view parts[VMC_PBIO_CONFIG_PARTS];
	struct vmc_cache_config config;
	uint8_t heads[VMC_PBIO_CONFIG_SIZE];
	struct vmc_writer w;
	int round;

	seed = 3;
	for (round = 0; round < ROUNDS; round++) {
		ANY_BYTES(config_message.Data);
		ANY_BYTES(config_message.AgentConfig);
		encode(oracle_GrpcVMConfig_fields, &config_message);
		config.data = VIEW(config_message.Data);
		config.agent_config = VIEW(config_message.AgentConfig);
		vmc_writer_init(&w, heads, sizeof heads);
		vmc_pbio_gather_config(&w, &config, parts);
		CHECK(!w.fail);
		join(parts, VMC_PBIO_CONFIG_PARTS);
		check_same();
		CHECK_EQ_INT(vmc_pbio_read_config(encoded(), &config, NULL),
			     VMC_OK);
		check_view(config.data, config_message.Data.bytes,
			   config_message.Data.size);
		check_view(config.agent_config,
			   config_message.AgentConfig.bytes,
			   config_message.AgentConfig.size);
	}
}

/* -- Envelopes ------------------------------------------------------------- */

static oracle_Request request_message;
static oracle_Response response_message;

static void any_metadata(void)
{
	pb_size_t i;

	request_message.metadata_count = (pb_size_t)(random_bits() % 3);
	for (i = 0; i < request_message.metadata_count; i++) {
		any_string(request_message.metadata[i].key, 63);
		any_string(request_message.metadata[i].value, 63);
	}
}

/* Payload last: its bytes may follow from elsewhere. */
static void encode_payload_last(const oracle_Request *message)
{
	static oracle_Request part;
	static uint8_t head[sizeof wanted];
	size_t head_len;

	part = *message;
	part.payload.size = 0;
	encode(oracle_Request_fields, &part);
	head_len = wanted_len;
	memcpy(head, wanted, head_len);

	memset(&part, 0, sizeof part);
	part.payload = message->payload;
	encode(oracle_Request_fields, &part);
	memmove(wanted + head_len, wanted, wanted_len);
	memcpy(wanted, head, head_len);
	wanted_len += head_len;
}

TEST(request_is_nanopbs)
{
	struct vmc_ttrpc_request request;
	struct vmc_writer w;
	const char *why;
	int round;

	seed = 4;
	for (round = 0; round < ROUNDS; round++) {
		any_string(request_message.service, 500);
		any_string(request_message.method, 500);
		ANY_BYTES(request_message.payload);
		request_message.timeout_nano = (int64_t)any_number();
		request_message.metadata_count = 0;
		encode_payload_last(&request_message);
		request.service = vmc_view_of(request_message.service);
		request.method = vmc_view_of(request_message.method);
		request.payload = VIEW(request_message.payload);
		request.timeout_ns = request_message.timeout_nano;
		memset(&request.tail, 0, sizeof request.tail);
		vmc_writer_init(&w, got, vmc_ttrpc_request_len(&request));
		vmc_ttrpc_request_write(&request, &w);
		CHECK(!w.fail);
		got_len = w.len;
		check_same();

		any_metadata();
		encode(oracle_Request_fields, &request_message);
		CHECK_EQ_INT(vmc_ttrpc_request_read(&request, encoded(), &why),
			     VMC_OK);
		CHECK(vmc_view_is(request.service, request_message.service));
		CHECK(vmc_view_is(request.method, request_message.method));
		check_view(request.payload, request_message.payload.bytes,
			   request_message.payload.size);
		CHECK_EQ_INT(request.timeout_ns, request_message.timeout_nano);
	}
}

/* As it is sent: an error, or a payload. */
static void any_response(void)
{
	memset(&response_message, 0, sizeof response_message);
	if (random_bits() % 2) {
		ANY_BYTES(response_message.payload);
		return;
	}
	response_message.has_status = true;
	response_message.status.code = (int32_t)(1 + random_bits() % 16);
	any_string(response_message.status.message, 500);
}

TEST(response_is_nanopbs)
{
	struct vmc_ttrpc_response response;
	struct vmc_writer w;
	const char *why;
	int round;

	seed = 5;
	for (round = 0; round < ROUNDS; round++) {
		any_response();
		encode(oracle_Response_fields, &response_message);
		response.code = (enum vmc_code)response_message.status.code;
		response.message = vmc_view_of(response_message.status.message);
		response.payload = VIEW(response_message.payload);
		vmc_writer_init(&w, got,
				vmc_ttrpc_response_head_len(&response) +
					response.payload.ptr_len);
		vmc_ttrpc_response_head_write(&response, &w);
		vmc_put_bytes(&w, response.payload);
		CHECK(!w.fail);
		got_len = w.len;
		check_same();
		CHECK_EQ_INT(
			vmc_ttrpc_response_read(&response, encoded(), &why),
			VMC_OK);
		CHECK_EQ_INT(response.code, response_message.status.code);
		CHECK(vmc_view_is(response.message,
				  response_message.status.message));
		check_view(response.payload, response_message.payload.bytes,
			   response_message.payload.size);
	}
}

/* -- What others may send -------------------------------------------------- */

/* A copy of exactly that size on the heap, for the sanitizer to guard. */
static struct vmc_view guarded(const void *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	memcpy(copy, bytes, len);
	return (struct vmc_view){ copy, len };
}

static void unguard(struct vmc_view view)
{
	free((void *)(uintptr_t)view.ptr);
}

static enum vmc_status read_vm(const char *bytes, size_t len)
{
	struct vmc_view view = guarded(bytes, len);
	struct vmc_cached_vm vm;
	enum vmc_status status = vmc_pbio_read_base_vm(view, &vm, NULL);

	unguard(view);
	return status;
}

#define READ_VM(bytes) read_vm(bytes, sizeof(bytes) - 1)

TEST(what_is_unknown_is_skipped)
{
	CHECK_EQ_INT(READ_VM("\x40\x01\x4a\x03xyz\x51"
			     "12345678\x5d"
			     "1234"),
		     VMC_OK);
	CHECK_EQ_INT(vmc_pbio_read_empty(vmc_view_of("\x40\x01")), VMC_OK);
	CHECK_EQ_INT(vmc_pbio_read_empty(vmc_view_of("")), VMC_OK);
	CHECK_EQ_INT(vmc_pbio_read_empty(vmc_view_of("\x40")),
		     VMC_ERR_MALFORMED);
}

TEST(the_last_one_counts)
{
	static const char twice[] = "\x0a\x01x\x0a\x02yz\x28\x01\x28\x02";
	struct vmc_view view = { (const uint8_t *)twice, sizeof twice - 1 };
	struct vmc_cached_vm vm;

	CHECK_EQ_INT(vmc_pbio_read_base_vm(view, &vm, NULL), VMC_OK);
	CHECK_EQ_STR(vm.id, "yz");
	CHECK_EQ_INT(vm.vcpus, 2);
}

/* The trap of a hook: nanopb hands it a number's copy on its own stack. */
TEST(a_view_never_points_elsewhere)
{
	CHECK_EQ_INT(READ_VM("\x10\x05"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x11"
			     "12345678"),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x15"
			     "1234"),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(vmc_pbio_read_status(vmc_view_of("\x10\x05"), &status_read,
					  NULL),
		     VMC_ERR_MALFORMED);
}

TEST(what_is_wrong_is_refused)
{
	CHECK_EQ_INT(READ_VM("\x0a\x02\xc3\x28"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x0a\x03"
			     "a\0b"),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x00\x01"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x0b\x0c"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x2a\x01x"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(
		READ_VM("\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		VMC_ERR_MALFORMED);
	CHECK_EQ_INT(READ_VM("\x12\xff\xff\xff\xff\x0f"), VMC_ERR_MALFORMED);
}

/* A message that ends early is refused, or is one with fewer fields; and
 * nothing beyond its end is looked at. */
TEST(every_prefix_and_every_flipped_bit_ends)
{
	size_t i, len;

	seed = 6;
	any_vm();
	encode(oracle_GrpcVM_fields, &vm_message);
	for (len = 0; len < wanted_len; len++)
		(void)read_vm((const char *)wanted, len);
	for (i = 0; i < wanted_len * 8; i++) {
		wanted[i / 8] ^= (uint8_t)(1 << i % 8);
		(void)read_vm((const char *)wanted, wanted_len);
		wanted[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	CHECK_EQ_INT(read_vm((const char *)wanted, wanted_len), VMC_OK);
}

TESTS(RUN(status_is_nanopbs)
      RUN(largest_status_fits_what_is_promised)
      RUN(one_vm_too_many_names_the_knob)
      RUN(base_vm_is_nanopbs)
      RUN(gathering_without_room_says_so)
      RUN(strings_of_a_vm_are_held_to_their_knobs)
      RUN(config_is_nanopbs)
      RUN(request_is_nanopbs)
      RUN(response_is_nanopbs)
      RUN(what_is_unknown_is_skipped)
      RUN(the_last_one_counts)
      RUN(a_view_never_points_elsewhere)
      RUN(what_is_wrong_is_refused)
      RUN(every_prefix_and_every_flipped_bit_ends));
