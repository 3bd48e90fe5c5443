/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in general: structs in and out, on some of the agent's.
 * Bytes are written here by hand. What is read lies on the heap, exactly as
 * long as it is, so that the address sanitizer sees a byte too many.
 */
#include "test.h"

#include <stdlib.h>

#include "hex.h"

#include "../../src/wire/agent_messages.h"

#define OUT_SIZE 512
#define LIST_MAX 8
#define STRUCTS_MAX 2

static uint8_t *input;
static size_t input_len;
static struct vmc_error error;
static struct vmc_view room_views[LIST_MAX];
static union vmc_agent_service_structs room_structs[STRUCTS_MAX];
static struct vmc_message_room room;

/* -- Reading --------------------------------------------------------------- */

static struct vmc_view exactly(const uint8_t *bytes, size_t len)
{
	free(input);
	input = malloc(len > 0 ? len : 1);
	memcpy(input, bytes, len);
	input_len = len;
	vmc_error_reset(&error);
	room = (struct vmc_message_room){ .views = room_views,
					  .cap = LIST_MAX,
					  .structs = room_structs,
					  .structs_size = sizeof(room_structs),
					  .structs_max = STRUCTS_MAX };
	return (struct vmc_view){ input, len };
}

static struct vmc_view hex(const char *digits)
{
	uint8_t bytes[OUT_SIZE];

	return exactly(bytes, from_hex(digits, bytes));
}

static void check_text(struct vmc_view view, const char *text)
{
	CHECK(vmc_view_is(view, text));
	CHECK(view.ptr_len == 0 ||
	      (view.ptr >= input &&
	       view.ptr + view.ptr_len <= input + input_len));
}

static struct vmc_request signal_request;

static enum vmc_status read_signal(const char *digits)
{
	return vmc_message_read(hex(digits), &vmc_message_SignalProcessRequest,
				&signal_request, NULL, &error);
}

TEST(views_point_into_the_input)
{
	CHECK_EQ_INT(read_signal("0a0163 12026566 1809"), VMC_OK);
	check_text(signal_request.container_id, "c");
	check_text(signal_request.exec_id, "ef");
	CHECK_EQ_INT(signal_request.a, 9);
}

TEST(what_is_absent_is_zero)
{
	CHECK_EQ_INT(read_signal(""), VMC_OK);
	CHECK_EQ_INT(signal_request.container_id.ptr_len, 0);
	CHECK_EQ_INT(signal_request.a, 0);
	CHECK_EQ_INT(read_signal("1201 65"), VMC_OK);
	check_text(signal_request.exec_id, "e");
	CHECK_EQ_INT(signal_request.container_id.ptr_len, 0);
}

TEST(the_last_of_a_field_counts)
{
	CHECK_EQ_INT(read_signal("1801 0a0161 1802 0a0162"), VMC_OK);
	check_text(signal_request.container_id, "b");
	CHECK_EQ_INT(signal_request.a, 2);
	CHECK_EQ_INT(read_signal("0a0161 0a00"), VMC_OK);
	check_text(signal_request.container_id, "");
}

TEST(unknown_fields_are_skipped)
{
	CHECK_EQ_INT(read_signal("2001 29 0102030405060708 32 02ffff"
				 "3d 01020304 f8ff01 7f 0a0163"),
		     VMC_OK);
	check_text(signal_request.container_id, "c");
}

static void check_malformed(enum vmc_status status)
{
	CHECK_EQ_INT(status, VMC_ERR_MALFORMED);
	CHECK_EQ_INT(error.status, VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "SignalProcessRequest: not what its description says");
}

TEST(another_wire_type_is_refused)
{
	check_malformed(read_signal("0801"));                /* a string */
	check_malformed(read_signal("0d 63636363"));         /* fixed32 */
	check_malformed(read_signal("09 6363636363636363")); /* fixed64 */
	check_malformed(read_signal("0b 0c"));               /* group */
	check_malformed(read_signal("1a0109"));              /* a number */
	check_malformed(read_signal("1d 09000000"));
	check_malformed(read_signal("00 01")); /* no field has number 0 */
}

TEST(numbers_must_fit)
{
	CHECK_EQ_INT(read_signal("18ffffffff0f"), VMC_OK);
	CHECK_EQ_INT(signal_request.a, UINT32_MAX);
	check_malformed(read_signal("188080808010"));
	check_malformed(read_signal("18ffffffffffffffffffff01"));
}

TEST(a_string_is_utf8_and_bytes_are_anything)
{
	struct vmc_request message;

	check_malformed(read_signal("0a01ff"));
	check_malformed(read_signal("0a02c080"));
	CHECK_EQ_INT(read_signal("0a03e282ac"), VMC_OK);
	check_text(signal_request.container_id, "\xe2\x82\xac");
	CHECK_EQ_INT(vmc_message_read(hex("1a03ff0080"),
				      &vmc_message_WriteStreamRequest, &message,
				      NULL, &error),
		     VMC_OK);
	CHECK_EQ_INT(message.data.ptr_len, 3);
	CHECK_EQ_MEM(message.data.ptr, "\xff\0\x80", 3);
}

/* A message that is cut at any byte is whole only between its fields. */
TEST(bytes_that_end_inside_a_field_are_refused)
{
	static const char whole[] = "0a0363646512036667681896 01";
	uint8_t bytes[OUT_SIZE];
	size_t len, whole_len = from_hex(whole, bytes);
	enum vmc_status status;

	for (len = 0; len <= whole_len; len++) {
		status = vmc_message_read(exactly(bytes, len),
					  &vmc_message_SignalProcessRequest,
					  &signal_request, NULL, &error);
		if (len == 0 || len == 5 || len == 10 || len == whole_len)
			CHECK_EQ_INT(status, VMC_OK);
		else
			check_malformed(status);
	}
}

TEST(a_length_beyond_the_end_is_refused)
{
	check_malformed(read_signal("0a05 6162"));
	check_malformed(read_signal("0affffffff0f 61"));
	check_malformed(read_signal("0affffffffffffffffff01 61"));
	check_malformed(read_signal("f20a05 6162")); /* also an unknown one */
}

TEST(nobody_needs_to_hear_of_an_error)
{
	CHECK_EQ_INT(vmc_message_read(hex("0801"),
				      &vmc_message_SignalProcessRequest,
				      &signal_request, NULL, NULL),
		     VMC_ERR_MALFORMED);
}

TEST(the_first_error_stays)
{
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_LOST, "before", NULL),
		     VMC_ERR_LOST);
	CHECK_EQ_INT(vmc_message_read((struct vmc_view){ (uint8_t *)"\x08", 1 },
				      &vmc_message_SignalProcessRequest,
				      &signal_request, NULL, &error),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "before");
}

/* -- Lists of numbers ------------------------------------------------------ */

static struct vmc_swap_request swap_request;
static struct vmc_probe_request probe_request;

static enum vmc_status read_swap(const char *digits)
{
	return vmc_message_read(hex(digits), &vmc_message_AddSwapRequest,
				&swap_request, NULL, &error);
}

static enum vmc_status read_probe(const char *digits)
{
	return vmc_message_read(hex(digits),
				&vmc_message_MemHotplugByProbeRequest,
				&probe_request, NULL, &error);
}

static void check_swap(const char *digits, uint32_t len, uint32_t a, uint32_t b,
		       uint32_t c)
{
	CHECK_EQ_INT(read_swap(digits), VMC_OK);
	CHECK_EQ_INT(swap_request.slot_len, len);
	CHECK_EQ_INT(swap_request.slot[0], a);
	CHECK_EQ_INT(swap_request.slot[1], b);
	CHECK_EQ_INT(swap_request.slot[2], c);
}

TEST(numbers_come_packed_and_alone)
{
	check_swap("", 0, 0, 0, 0);
	check_swap("0a00", 0, 0, 0, 0);
	check_swap("0a0405ac0200", 3, 5, 300, 0);
	check_swap("080508ac020800", 3, 5, 300, 0);
	check_swap("0805 0a02ac02 0807", 3, 5, 300, 7);
	check_swap("0a0105 0a00 0a03ac0207", 3, 5, 300, 7);
	check_swap("1001 0805 1a020801 08ffffffff0f", 2, 5, UINT32_MAX, 0);
	CHECK_EQ_INT(read_probe("0affffffff 0f"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_probe("0a0b 808080808004 8080808008"), VMC_OK);
	CHECK_EQ_INT(probe_request.address_len, 2);
	CHECK(probe_request.address[0] == (uint64_t)1 << 37);
	CHECK(probe_request.address[1] == (uint64_t)1 << 31);
	CHECK_EQ_INT(read_probe("08ffffffffffffffffff01"), VMC_OK);
	CHECK(probe_request.address[0] == UINT64_MAX);
}

TEST(numbers_of_another_wire_type_are_refused)
{
	CHECK_EQ_INT(read_swap("0d 80808001"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("09 8080808080808001"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "AddSwapRequest: not what its description says");
}

TEST(broken_numbers_are_refused)
{
	CHECK_EQ_INT(read_swap("0a0180"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a0205 80"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a03 05 ac"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("088080808010"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a058080808010"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_probe("0a0b ffffffffffffffffffff01"),
		     VMC_ERR_MALFORMED);
}

static void check_too_many(enum vmc_status status)
{
	char words[128];

	snprintf(words, sizeof(words),
		 "too many elements: AddSwapRequest.PCIPath: "
		 "VMC_AGENT_ADDRESS_SIZE: %u",
		 (unsigned)VMC_AGENT_SERVICE_SLOT_MAX);
	CHECK_EQ_INT(status, VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(error.status, VMC_ERR_TOO_BIG);
	if (strlen(words) < sizeof(error.text))
		CHECK_EQ_STR(error.text, words);
}

static enum vmc_status read_many(unsigned count, int packed, const char *more)
{
	char digits[2 * OUT_SIZE];
	int len = packed ? sprintf(digits, "0a%02x", count) : 0;

	while (count-- > 0)
		len += sprintf(digits + len, packed ? "01" : "0801");
	strcpy(digits + len, more);
	return read_swap(digits);
}

TEST(too_many_numbers_are_refused_by_name)
{
	unsigned max = VMC_AGENT_SERVICE_SLOT_MAX, more;

	CHECK_EQ_INT(read_many(max, 1, ""), VMC_OK);
	CHECK_EQ_INT(swap_request.slot_len, max);
	CHECK_EQ_INT(read_many(max, 0, ""), VMC_OK);
	for (more = 1; more < 4; more++) {
		check_too_many(read_many(max + more, 1, ""));
		check_too_many(read_many(max + more, 0, ""));
	}
	check_too_many(read_many(max, 1, "0801"));
	/* a full list is not to blame for what is broken behind it */
	CHECK_EQ_INT(read_many(max, 1, "0a01"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "AddSwapRequest: not what its description says");
}

/* -- Lists of views -------------------------------------------------------- */

static struct vmc_sandbox sandbox;

/* A sandbox whose only kernel module that is. */
static const struct vmc_kernel_module *module;

static enum vmc_status read_sandbox(const char *digits)
{
	enum vmc_status status =
		vmc_message_read(hex(digits), &vmc_message_CreateSandboxRequest,
				 &sandbox, &room, &error);

	module = sandbox.kernel_modules;
	return status;
}

static enum vmc_status read_module(const char *digits)
{
	uint8_t inner[OUT_SIZE];
	char whole[2 * OUT_SIZE];

	sprintf(whole, "3a%02x%s", (unsigned int)from_hex(digits, inner),
		digits);
	return read_sandbox(whole);
}

TEST(views_grow_in_the_readings_room)
{
	CHECK_EQ_INT(read_module("12016d 0a016e 12026162"), VMC_OK);
	CHECK_EQ_INT(module->parameters_len, 2);
	CHECK(module->parameters == room_views);
	CHECK_EQ_INT(room.len, 2);
	check_text(room_views[0], "m");
	check_text(room_views[1], "ab");
	CHECK_EQ_INT(read_module("0a016e"), VMC_OK);
	CHECK_EQ_INT(module->parameters_len, 0);
	CHECK(module->parameters == NULL);
}

TEST(the_room_is_as_large_as_it_is)
{
	static const char full[] = "1200 1200 1200 1200 1200 1200 1200 1200";
	static const char over[] =
		"1200 1200 1200 1200 1200 1200 1200 1200 1200";

	CHECK_EQ_INT(read_module(full), VMC_OK);
	CHECK_EQ_INT(module->parameters_len, LIST_MAX);
	CHECK_EQ_INT(read_module(over), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(
		error.text,
		"too many elements: KernelModule.parameters: VMC_AGENT_SERVICE_LIST_MAX: 8");
	CHECK_EQ_INT(room.len, LIST_MAX);
}

TEST(without_any_room_a_list_must_be_empty)
{
	CHECK_EQ_INT(vmc_message_read(hex("2a016e"),
				      &vmc_message_CreateSandboxRequest,
				      &sandbox, NULL, &error),
		     VMC_OK);
	CHECK_EQ_INT(vmc_message_read(hex("1200"),
				      &vmc_message_CreateSandboxRequest,
				      &sandbox, NULL, &error),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text, "too many elements: CreateSandboxRequest.dns: "
				 "VMC_AGENT_SERVICE_LIST_MAX: 0");
	CHECK_EQ_INT(vmc_message_read(hex("3a00"),
				      &vmc_message_CreateSandboxRequest,
				      &sandbox, NULL, &error),
		     VMC_ERR_TOO_BIG);
}

/* Each list of structs has room for so many, whichever comes first. */
TEST(lists_of_structs_have_room_of_their_own)
{
	CHECK_EQ_INT(read_sandbox("1a00 3a00 1a00 3a00"), VMC_OK);
	CHECK_EQ_INT(sandbox.storages_len, 2);
	CHECK_EQ_INT(sandbox.kernel_modules_len, 2);
	CHECK((const void *)sandbox.storages == room_structs);
	CHECK((const void *)(sandbox.storages + STRUCTS_MAX) ==
	      sandbox.kernel_modules);
	CHECK_EQ_INT(read_sandbox("3a00 1a00 3a00 3a00"), VMC_ERR_TOO_BIG);
}

TEST(a_room_that_is_too_small_for_a_list_has_none)
{
	struct vmc_view bytes = hex("1a00");

	room.structs_size = STRUCTS_MAX * sizeof(struct vmc_storage) - 1;
	CHECK_EQ_INT(vmc_message_read(bytes, &vmc_message_CreateSandboxRequest,
				      &sandbox, &room, &error),
		     VMC_ERR_TOO_BIG);
}

TEST(an_element_is_checked_like_a_string)
{
	CHECK_EQ_INT(read_module("1201ff"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "CreateSandboxRequest: not what its "
				 "description says");
	CHECK_EQ_INT(read_module("1001"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_module("15 61616161"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_module("12026d"), VMC_ERR_MALFORMED);
}

static struct vmc_storages_request storages;
static const struct vmc_storage *storage;

static enum vmc_status read_storage(const char *digits)
{
	uint8_t inner[OUT_SIZE];
	char whole[2 * OUT_SIZE];
	enum vmc_status status;

	sprintf(whole, "0a%02x%s", (unsigned int)from_hex(digits, inner),
		digits);
	status = vmc_message_read(hex(whole),
				  &vmc_message_UpdateEphemeralMountsRequest,
				  &storages, &room, &error);
	storage = storages.storages;
	return status;
}

TEST(two_lists_share_the_room)
{
	CHECK_EQ_INT(read_storage("120161 120162 2a0163"), VMC_OK);
	CHECK_EQ_INT(storage->driver_options_len, 2);
	CHECK(storage->driver_options == room_views);
	CHECK_EQ_INT(storage->options_len, 1);
	CHECK(storage->options == room_views + 2);
	check_text(room_views[2], "c");
	/* which of them comes first does not matter */
	CHECK_EQ_INT(read_storage("2a0163 120161 120162"), VMC_OK);
	CHECK(storage->options == room_views);
	CHECK(storage->driver_options == room_views + 1);
}

TEST(lists_that_take_turns_are_refused_by_name)
{
	CHECK_EQ_INT(read_storage("120161 2a0163 120162"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "elements with others between them: "
				 "Storage.driver_options: "
				 "VMC_AGENT_SERVICE_LIST_MAX");
	CHECK_EQ_INT(read_storage("2a0161 120163 2a0162"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "elements with others between them: "
				 "Storage.options: "
				 "VMC_AGENT_SERVICE_LIST_MAX");
}

TEST(a_nested_message_may_come_in_parts)
{
	CHECK_EQ_INT(read_storage("3a021005 3a021801"), VMC_OK);
	CHECK(storage->has_fs_group);
	CHECK_EQ_INT(storage->fs_group.id, 5);
	CHECK_EQ_INT(storage->fs_group.change_policy, 1);
	CHECK_EQ_INT(read_storage("3a00"), VMC_OK);
	CHECK(storage->has_fs_group);
	CHECK_EQ_INT(read_storage(""), VMC_OK);
	CHECK(!storage->has_fs_group);
	CHECK_EQ_INT(read_storage("3a0110"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_storage("3a0310 05"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_storage("3805"), VMC_ERR_MALFORMED);
}

/* -- Writing --------------------------------------------------------------- */

static uint8_t out[OUT_SIZE];

static size_t wrote(const struct vmc_message *message, const void *from)
{
	struct vmc_writer w;

	vmc_writer_init(&w, out, sizeof(out));
	vmc_put_bytes(&w, vmc_message_write(&w, message, from));
	CHECK(!w.fail);
	return w.len;
}

static void check_written(const struct vmc_message *message, const void *from,
			  const char *digits)
{
	uint8_t wanted[OUT_SIZE];
	size_t wanted_len = from_hex(digits, wanted);

	CHECK_EQ_INT(wrote(message, from), wanted_len);
	CHECK_EQ_MEM(out, wanted, wanted_len);
}

TEST(zeroes_are_left_out)
{
	static const struct vmc_request zero;
	static const struct vmc_swap_request no_list;
	static const struct vmc_storage no_storage;
	static const struct vmc_storages_request one = { &no_storage, 1 };

	check_written(&vmc_message_SignalProcessRequest, &zero, "");
	check_written(&vmc_message_AddSwapRequest, &no_list, "");
	check_written(&vmc_message_UpdateEphemeralMountsRequest, &one, "0a00");
	check_written(&vmc_message_Empty, NULL, "");
	check_written(&vmc_message_CheckRequest, NULL, "");
}

TEST(fields_are_written)
{
	struct vmc_file_piece file = {
		.path = vmc_view_of("/r"),
		.file_size = 300,
		.file_mode = 0644,
		.uid = -1,
		.offset = -2,
		.data = { (const uint8_t *)"\0\xff", 2 },
	};
	struct vmc_online_request online = { 4, 1, 1 };

	check_written(&vmc_message_CopyFileRequest, &file,
		      "0a022f72 10ac02 18a403 28ffffffffffffffffff01"
		      "38feffffffffffffffff01 420200ff");
	check_written(&vmc_message_OnlineCPUMemRequest, &online,
		      "0801 1004 1801");
}

TEST(a_tail_is_not_copied)
{
	struct vmc_file_piece file = { .data = { (const uint8_t *)"ab", 2 } };
	struct vmc_view tail;
	struct vmc_writer w;

	vmc_writer_init(&w, out, sizeof(out));
	tail = vmc_message_write(&w, &vmc_message_CopyFileRequest, &file);
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, 2);
	CHECK_EQ_MEM(out, "\x42\x02", 2);
	CHECK(tail.ptr == file.data.ptr);
	CHECK_EQ_INT(tail.ptr_len, 2);
	tail = vmc_message_write(&w, &vmc_message_Routes, NULL);
	CHECK_EQ_INT(tail.ptr_len, 0);
}

TEST(numbers_are_written_packed)
{
	struct vmc_swap_request small = { 4, { 1, 0, 300, UINT32_MAX } };
	struct vmc_probe_request large = { 2,
					   { (uint64_t)1 << 31, UINT64_MAX } };

	check_written(&vmc_message_AddSwapRequest, &small,
		      "0a09 01 00 ac02 ffffffff0f");
	small.slot_len = 0;
	check_written(&vmc_message_AddSwapRequest, &small, "");
	check_written(&vmc_message_MemHotplugByProbeRequest, &large,
		      "0a0f 8080808008 ffffffffffffffffff01");
}

TEST(lists_are_written)
{
	struct vmc_view views[] = { vmc_view_of("a"), vmc_view_of(""),
				    vmc_view_of("bc") };
	struct vmc_storage one = { .options = views,
				   .options_len = 3,
				   .has_fs_group = 1,
				   .shared = 1 };
	struct vmc_storages_request request = { &one, 1 };

	check_written(&vmc_message_UpdateEphemeralMountsRequest, &request,
		      "0a0d 2a0161 2a00 2a026263 3a00 4001");
}

TEST(a_writer_without_room_says_so)
{
	struct vmc_view views[] = { vmc_view_of("a"), vmc_view_of("bc") };
	struct vmc_kernel_module one = { vmc_view_of("name"), views, 2 };
	struct vmc_sandbox from = { .kernel_modules = &one,
				    .kernel_modules_len = 1 };
	struct vmc_writer w;
	size_t cap, needed;
	uint8_t *exact;

	needed = wrote(&vmc_message_CreateSandboxRequest, &from);
	for (cap = 0; cap <= needed; cap++) {
		exact = malloc(cap + 1);
		vmc_writer_init(&w, exact, cap);
		vmc_message_write(&w, &vmc_message_CreateSandboxRequest, &from);
		free(exact);
		CHECK_EQ_INT(w.fail, cap < needed);
		CHECK_EQ_INT(w.len, cap < needed ? 0 : needed);
	}
}

TEST(a_message_is_written_behind_another)
{
	static const struct vmc_online_request online = { 4, 1, 1 };
	struct vmc_writer w;

	vmc_writer_init(&w, out, 7);
	vmc_put_u8(&w, 0x77);
	vmc_message_write(&w, &vmc_message_OnlineCPUMemRequest, &online);
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, 7);
	CHECK_EQ_MEM(out, "\x77\x08\x01\x10\x04\x18\x01", 7);
	/* one that has failed before goes on failing */
	vmc_writer_init(&w, out, sizeof(out));
	w.fail = 1;
	vmc_message_write(&w, &vmc_message_OnlineCPUMemRequest, &online);
	CHECK(w.fail);
	CHECK_EQ_INT(w.len, 0);
}

TESTS(RUN(views_point_into_the_input)
      RUN(what_is_absent_is_zero)
      RUN(the_last_of_a_field_counts)
      RUN(unknown_fields_are_skipped)
      RUN(another_wire_type_is_refused)
      RUN(numbers_must_fit)
      RUN(a_string_is_utf8_and_bytes_are_anything)
      RUN(bytes_that_end_inside_a_field_are_refused)
      RUN(a_length_beyond_the_end_is_refused)
      RUN(nobody_needs_to_hear_of_an_error)
      RUN(the_first_error_stays)
      RUN(numbers_come_packed_and_alone)
      RUN(numbers_of_another_wire_type_are_refused)
      RUN(broken_numbers_are_refused)
      RUN(too_many_numbers_are_refused_by_name)
      RUN(views_grow_in_the_readings_room)
      RUN(the_room_is_as_large_as_it_is)
      RUN(without_any_room_a_list_must_be_empty)
      RUN(lists_of_structs_have_room_of_their_own)
      RUN(a_room_that_is_too_small_for_a_list_has_none)
      RUN(an_element_is_checked_like_a_string)
      RUN(two_lists_share_the_room)
      RUN(lists_that_take_turns_are_refused_by_name)
      RUN(a_nested_message_may_come_in_parts)
      RUN(zeroes_are_left_out)
      RUN(fields_are_written)
      RUN(a_tail_is_not_copied)
      RUN(numbers_are_written_packed)
      RUN(lists_are_written)
      RUN(a_writer_without_room_says_so)
      RUN(a_message_is_written_behind_another));
