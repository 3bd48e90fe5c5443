/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in general: generated structs in and out, on some of the agent's.
 * Bytes are written here by hand. What is read lies on the heap, exactly as
 * long as it is, so that the address sanitizer sees a byte too many.
 */
#include "test.h"

#include <stdlib.h>

#include "agent.pb.h"
#include "hex.h"

#include "../../src/wire/agent_pbio.h"

#define OUT_SIZE 512
#define LIST_MAX 8

static uint8_t *input;
static size_t input_len;
static struct vmc_error error;
static struct vmc_view room_views[LIST_MAX];
static struct vmc_message_room room;

/* -- Reading --------------------------------------------------------------- */

static struct vmc_view exactly(const uint8_t *bytes, size_t len)
{
	free(input);
	input = malloc(len > 0 ? len : 1);
	memcpy(input, bytes, len);
	input_len = len;
	vmc_error_reset(&error);
	room = (struct vmc_message_room){ room_views, LIST_MAX, 0 };
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

static vmc_grpc_SignalProcessRequest signal_request;

static enum vmc_status read_signal(const char *digits)
{
	memset(&signal_request, 0, sizeof(signal_request));
	return vmc_message_read(hex(digits), "SignalProcessRequest",
				vmc_grpc_SignalProcessRequest_fields,
				&signal_request, NULL, &error);
}

TEST(views_point_into_the_input)
{
	CHECK_EQ_INT(read_signal("0a0163 12026566 1809"), VMC_OK);
	check_text(signal_request.container_id, "c");
	check_text(signal_request.exec_id, "ef");
	CHECK_EQ_INT(signal_request.signal, 9);
}

TEST(what_is_absent_is_zero)
{
	CHECK_EQ_INT(read_signal(""), VMC_OK);
	CHECK_EQ_INT(signal_request.container_id.ptr_len, 0);
	CHECK_EQ_INT(signal_request.signal, 0);
	CHECK_EQ_INT(read_signal("1201 65"), VMC_OK);
	check_text(signal_request.exec_id, "e");
	CHECK_EQ_INT(signal_request.container_id.ptr_len, 0);
}

TEST(the_last_of_a_field_counts)
{
	CHECK_EQ_INT(read_signal("1801 0a0161 1802 0a0162"), VMC_OK);
	check_text(signal_request.container_id, "b");
	CHECK_EQ_INT(signal_request.signal, 2);
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
	CHECK_EQ_INT(signal_request.signal, UINT32_MAX);
	check_malformed(read_signal("188080808010"));
	check_malformed(read_signal("18ffffffffffffffffffff01"));
}

TEST(a_string_is_utf8_and_bytes_are_anything)
{
	vmc_grpc_WriteStreamRequest message;

	check_malformed(read_signal("0a01ff"));
	check_malformed(read_signal("0a02c080"));
	CHECK_EQ_INT(read_signal("0a03e282ac"), VMC_OK);
	check_text(signal_request.container_id, "\xe2\x82\xac");
	memset(&message, 0, sizeof(message));
	CHECK_EQ_INT(vmc_message_read(hex("1a03ff0080"), "WriteStreamRequest",
				      vmc_grpc_WriteStreamRequest_fields,
				      &message, NULL, &error),
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
		memset(&signal_request, 0, sizeof(signal_request));
		status = vmc_message_read(exactly(bytes, len),
					  "SignalProcessRequest",
					  vmc_grpc_SignalProcessRequest_fields,
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
	memset(&signal_request, 0, sizeof(signal_request));
	CHECK_EQ_INT(vmc_message_read(hex("0801"), "SignalProcessRequest",
				      vmc_grpc_SignalProcessRequest_fields,
				      &signal_request, NULL, NULL),
		     VMC_ERR_MALFORMED);
}

TEST(the_first_error_stays)
{
	vmc_error_reset(&error);
	CHECK_EQ_INT(vmc_error_set(&error, VMC_ERR_LOST, "before", NULL),
		     VMC_ERR_LOST);
	memset(&signal_request, 0, sizeof(signal_request));
	CHECK_EQ_INT(vmc_message_read((struct vmc_view){ (uint8_t *)"\x08", 1 },
				      "SignalProcessRequest",
				      vmc_grpc_SignalProcessRequest_fields,
				      &signal_request, NULL, &error),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "before");
}

/* -- Lists of numbers ------------------------------------------------------ */

static uint32_t swap[LIST_MAX];
static uint64_t addresses[LIST_MAX];
static vmc_grpc_AddSwapRequest swap_request;
static vmc_grpc_MemHotplugByProbeRequest probe_request;

static enum vmc_status read_swap(const char *digits, uint32_t cap)
{
	swap_request.PCIPath =
		(struct vmc_list){ &vmc_list_u32, swap, 0, cap,
				   "AddSwapRequest.PCIPath: A_KNOB" };
	return vmc_message_read(hex(digits), "AddSwapRequest",
				vmc_grpc_AddSwapRequest_fields, &swap_request,
				NULL, &error);
}

static enum vmc_status read_probe(const char *digits)
{
	probe_request.memHotplugProbeAddr = (struct vmc_list){
		&vmc_list_u64, addresses, 0, LIST_MAX,
		"MemHotplugByProbeRequest.memHotplugProbeAddr: A_KNOB"
	};
	return vmc_message_read(hex(digits), "MemHotplugByProbeRequest",
				vmc_grpc_MemHotplugByProbeRequest_fields,
				&probe_request, NULL, &error);
}

static void check_swap(const char *digits, uint32_t len, uint32_t a, uint32_t b,
		       uint32_t c)
{
	memset(swap, 0, sizeof(swap));
	CHECK_EQ_INT(read_swap(digits, LIST_MAX), VMC_OK);
	CHECK_EQ_INT(swap_request.PCIPath.len, len);
	CHECK_EQ_INT(swap[0], a);
	CHECK_EQ_INT(swap[1], b);
	CHECK_EQ_INT(swap[2], c);
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
	CHECK_EQ_INT(probe_request.memHotplugProbeAddr.len, 2);
	CHECK(addresses[0] == (uint64_t)1 << 37);
	CHECK(addresses[1] == (uint64_t)1 << 31);
	CHECK_EQ_INT(read_probe("08ffffffffffffffffff01"), VMC_OK);
	CHECK(addresses[0] == UINT64_MAX);
}

TEST(numbers_of_another_wire_type_are_refused)
{
	CHECK_EQ_INT(read_swap("0d 80808001", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("09 8080808080808001", LIST_MAX),
		     VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text,
		     "AddSwapRequest: not what its description says");
}

TEST(broken_numbers_are_refused)
{
	CHECK_EQ_INT(read_swap("0a0180", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a0205 80", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a03 05 ac", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("088080808010", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_swap("0a058080808010", LIST_MAX), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_probe("0a0b ffffffffffffffffffff01"),
		     VMC_ERR_MALFORMED);
}

TEST(too_many_numbers_are_refused_by_name)
{
	CHECK_EQ_INT(read_swap("0a03010203", 3), VMC_OK);
	CHECK_EQ_INT(read_swap("0a0401020304", 3), VMC_ERR_TOO_BIG);
	CHECK_EQ_INT(error.status, VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text,
		     "too many elements: AddSwapRequest.PCIPath: A_KNOB: 3");
	CHECK_EQ_INT(read_swap("0801080208030804", 3), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text,
		     "too many elements: AddSwapRequest.PCIPath: A_KNOB: 3");
	CHECK_EQ_INT(read_swap("0801", 0), VMC_ERR_TOO_BIG);
}

TEST(a_zeroed_list_is_read_over)
{
	memset(&swap_request, 0, sizeof(swap_request));
	CHECK_EQ_INT(vmc_message_read(hex("0a03010203 0805"), "AddSwapRequest",
				      vmc_grpc_AddSwapRequest_fields,
				      &swap_request, NULL, &error),
		     VMC_OK);
	CHECK_EQ_INT(swap_request.PCIPath.len, 0);
}

/* -- Lists of views -------------------------------------------------------- */

static struct vmc_view own_views[LIST_MAX];
static vmc_grpc_KernelModule module;

static enum vmc_status read_module(const char *digits, uint32_t cap)
{
	memset(&module, 0, sizeof(module));
	module.parameters =
		(struct vmc_list){ &vmc_list_views, cap ? own_views : NULL, 0,
				   cap, "KernelModule.parameters: A_KNOB" };
	return vmc_message_read(hex(digits), "KernelModule",
				vmc_grpc_KernelModule_fields, &module, &room,
				&error);
}

TEST(views_go_to_the_lists_room)
{
	CHECK_EQ_INT(read_module("12016d 1200 0a016e 12026162", 3), VMC_OK);
	CHECK_EQ_INT(module.parameters.len, 3);
	CHECK(module.parameters.ptr == own_views);
	check_text(module.name, "n");
	check_text(own_views[0], "m");
	check_text(own_views[1], "");
	check_text(own_views[2], "ab");
	CHECK_EQ_INT(room.len, 0);
	CHECK_EQ_INT(read_module("12016d 1200 12026162 1200", 3),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text,
		     "too many elements: KernelModule.parameters: A_KNOB: 3");
}

TEST(views_grow_in_the_readings_room)
{
	CHECK_EQ_INT(read_module("12016d 0a016e 12026162", 0), VMC_OK);
	CHECK_EQ_INT(module.parameters.len, 2);
	CHECK(module.parameters.ptr == room_views);
	CHECK_EQ_INT(room.len, 2);
	check_text(room_views[0], "m");
	check_text(room_views[1], "ab");
	CHECK_EQ_INT(read_module("0a016e", 0), VMC_OK);
	CHECK_EQ_INT(module.parameters.len, 0);
	CHECK(module.parameters.ptr == NULL);
}

TEST(the_room_is_as_large_as_it_is)
{
	static const char full[] = "1200 1200 1200 1200 1200 1200 1200 1200";
	static const char over[] =
		"1200 1200 1200 1200 1200 1200 1200 1200 1200";

	CHECK_EQ_INT(read_module(full, 0), VMC_OK);
	CHECK_EQ_INT(module.parameters.len, LIST_MAX);
	CHECK_EQ_INT(read_module(over, 0), VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text,
		     "too many elements: KernelModule.parameters: A_KNOB: 8");
	CHECK_EQ_INT(room.len, LIST_MAX);
}

TEST(without_any_room_a_list_must_be_empty)
{
	memset(&module, 0, sizeof(module));
	module.parameters.type = &vmc_list_views;
	module.parameters.name = "KernelModule.parameters: A_KNOB";
	CHECK_EQ_INT(vmc_message_read(hex("0a016e"), "KernelModule",
				      vmc_grpc_KernelModule_fields, &module,
				      NULL, &error),
		     VMC_OK);
	CHECK_EQ_INT(vmc_message_read(hex("1200"), "KernelModule",
				      vmc_grpc_KernelModule_fields, &module,
				      NULL, &error),
		     VMC_ERR_TOO_BIG);
	CHECK_EQ_STR(error.text,
		     "too many elements: KernelModule.parameters: A_KNOB: 0");
}

TEST(an_element_is_checked_like_a_string)
{
	CHECK_EQ_INT(read_module("1201ff", 0), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "KernelModule: not what its description says");
	CHECK_EQ_INT(read_module("1001", 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_module("15 61616161", 0), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_module("12026d", 0), VMC_ERR_MALFORMED);
}

static vmc_grpc_Storage storage;

static enum vmc_status read_storage(const char *digits)
{
	memset(&storage, 0, sizeof(storage));
	storage.driver_options.type = &vmc_list_views;
	storage.driver_options.name = "Storage.driver_options: A_KNOB";
	storage.options.type = &vmc_list_views;
	storage.options.name = "Storage.options: A_KNOB";
	return vmc_message_read(hex(digits), "Storage", vmc_grpc_Storage_fields,
				&storage, &room, &error);
}

TEST(two_lists_share_the_room)
{
	CHECK_EQ_INT(read_storage("120161 120162 2a0163"), VMC_OK);
	CHECK_EQ_INT(storage.driver_options.len, 2);
	CHECK(storage.driver_options.ptr == room_views);
	CHECK_EQ_INT(storage.options.len, 1);
	CHECK(storage.options.ptr == room_views + 2);
	check_text(room_views[2], "c");
	/* which of them comes first does not matter */
	CHECK_EQ_INT(read_storage("2a0163 120161 120162"), VMC_OK);
	CHECK(storage.options.ptr == room_views);
	CHECK(storage.driver_options.ptr == room_views + 1);
}

TEST(lists_that_take_turns_are_refused_by_name)
{
	CHECK_EQ_INT(read_storage("120161 2a0163 120162"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "elements with others between them: "
				 "Storage.driver_options: A_KNOB");
	CHECK_EQ_INT(read_storage("2a0161 120163 2a0162"), VMC_ERR_MALFORMED);
	CHECK_EQ_STR(error.text, "elements with others between them: "
				 "Storage.options: A_KNOB");
}

TEST(a_nested_message_may_come_in_parts)
{
	CHECK_EQ_INT(read_storage("3a021005 3a021801"), VMC_OK);
	CHECK(storage.has_fs_group);
	CHECK_EQ_INT(storage.fs_group.group_id, 5);
	CHECK_EQ_INT(storage.fs_group.group_change_policy, 1);
	CHECK_EQ_INT(read_storage("3a00"), VMC_OK);
	CHECK(storage.has_fs_group);
	CHECK_EQ_INT(read_storage(""), VMC_OK);
	CHECK(!storage.has_fs_group);
	CHECK_EQ_INT(read_storage("3a0110"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_storage("3a0310 05"), VMC_ERR_MALFORMED);
	CHECK_EQ_INT(read_storage("3805"), VMC_ERR_MALFORMED);
}

/* -- Writing --------------------------------------------------------------- */

static uint8_t out[OUT_SIZE];

static size_t wrote(const pb_msgdesc_t *fields, const void *message)
{
	struct vmc_writer w;

	vmc_writer_init(&w, out, sizeof(out));
	vmc_message_write(&w, fields, message);
	CHECK(!w.fail);
	return w.len;
}

static void check_written(const pb_msgdesc_t *fields, const void *message,
			  const char *digits)
{
	uint8_t wanted[OUT_SIZE];
	size_t wanted_len = from_hex(digits, wanted);

	CHECK_EQ_INT(wrote(fields, message), wanted_len);
	CHECK_EQ_MEM(out, wanted, wanted_len);
}

TEST(zeroes_are_left_out)
{
	static const vmc_grpc_SignalProcessRequest zero;
	static const vmc_grpc_AddSwapRequest no_list;
	static const vmc_grpc_Storage no_storage;

	check_written(vmc_grpc_SignalProcessRequest_fields, &zero, "");
	check_written(vmc_grpc_AddSwapRequest_fields, &no_list, "");
	check_written(vmc_grpc_Storage_fields, &no_storage, "");
}

TEST(fields_are_written)
{
	vmc_grpc_CopyFileRequest file = {
		.path = vmc_view_of("/r"),
		.file_size = 300,
		.file_mode = 0644,
		.uid = -1,
		.offset = -2,
		.data = { (const uint8_t *)"\0\xff", 2 },
	};
	vmc_grpc_OnlineCPUMemRequest online = { true, 4, true };

	check_written(vmc_grpc_CopyFileRequest_fields, &file,
		      "0a022f72 10ac02 18a403 28ffffffffffffffffff01"
		      "38feffffffffffffffff01 420200ff");
	check_written(vmc_grpc_OnlineCPUMemRequest_fields, &online,
		      "0801 1004 1801");
}

TEST(numbers_are_written_packed)
{
	uint32_t small[] = { 1, 0, 300, UINT32_MAX };
	uint64_t large[] = { (uint64_t)1 << 31, UINT64_MAX };

	swap_request.PCIPath =
		(struct vmc_list){ &vmc_list_u32, small, 4, 0, NULL };
	check_written(vmc_grpc_AddSwapRequest_fields, &swap_request,
		      "0a09 01 00 ac02 ffffffff0f");
	swap_request.PCIPath.len = 0;
	check_written(vmc_grpc_AddSwapRequest_fields, &swap_request, "");
	probe_request.memHotplugProbeAddr =
		(struct vmc_list){ &vmc_list_u64, large, 2, 0, NULL };
	check_written(vmc_grpc_MemHotplugByProbeRequest_fields, &probe_request,
		      "0a0f 8080808008 ffffffffffffffffff01");
}

TEST(lists_are_written)
{
	struct vmc_view views[] = { vmc_view_of("a"), vmc_view_of(""),
				    vmc_view_of("bc") };

	memset(&storage, 0, sizeof(storage));
	storage.options =
		(struct vmc_list){ &vmc_list_views, views, 3, 0, NULL };
	storage.has_fs_group = true;
	storage.shared = true;
	check_written(vmc_grpc_Storage_fields, &storage,
		      "2a0161 2a00 2a026263 3a00 4001");
}

TEST(a_writer_without_room_says_so)
{
	struct vmc_view views[] = { vmc_view_of("a"), vmc_view_of("bc") };
	struct vmc_writer w;
	size_t cap, needed;
	uint8_t *exact;

	memset(&module, 0, sizeof(module));
	module.name = vmc_view_of("name");
	module.parameters =
		(struct vmc_list){ &vmc_list_views, views, 2, 0, NULL };
	needed = wrote(vmc_grpc_KernelModule_fields, &module);
	for (cap = 0; cap <= needed; cap++) {
		exact = malloc(cap + 1);
		vmc_writer_init(&w, exact, cap);
		vmc_message_write(&w, vmc_grpc_KernelModule_fields, &module);
		free(exact);
		CHECK_EQ_INT(w.fail, cap < needed);
		CHECK_EQ_INT(w.len, cap < needed ? 0 : needed);
	}
}

TEST(a_message_is_written_behind_another)
{
	static const vmc_grpc_OnlineCPUMemRequest online = { true, 4, true };
	struct vmc_writer w;

	vmc_writer_init(&w, out, 7);
	vmc_put_u8(&w, 0x77);
	vmc_message_write(&w, vmc_grpc_OnlineCPUMemRequest_fields, &online);
	CHECK(!w.fail);
	CHECK_EQ_INT(w.len, 7);
	CHECK_EQ_MEM(out, "\x77\x08\x01\x10\x04\x18\x01", 7);
	/* one that has failed before goes on failing */
	vmc_writer_init(&w, out, sizeof(out));
	w.fail = 1;
	vmc_message_write(&w, vmc_grpc_OnlineCPUMemRequest_fields, &online);
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
      RUN(a_zeroed_list_is_read_over)
      RUN(views_go_to_the_lists_room)
      RUN(views_grow_in_the_readings_room)
      RUN(the_room_is_as_large_as_it_is)
      RUN(without_any_room_a_list_must_be_empty)
      RUN(an_element_is_checked_like_a_string)
      RUN(two_lists_share_the_room)
      RUN(lists_that_take_turns_are_refused_by_name)
      RUN(a_nested_message_may_come_in_parts)
      RUN(zeroes_are_left_out)
      RUN(fields_are_written)
      RUN(numbers_are_written_packed)
      RUN(lists_are_written)
      RUN(a_writer_without_room_says_so)
      RUN(a_message_is_written_behind_another));
