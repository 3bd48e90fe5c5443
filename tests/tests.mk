# SPDX-License-Identifier: Apache-2.0
#
# The tests: what `make check`, `size`, `bench`, `lint` and `demo` do.
# tests/run.sh runs what is listed here and sums it up.

# -- What there is -----------------------------------------------------------

# without an operating system: the library, and a world in memory
UNIT_ANYWHERE = test_agent_kata test_agent_noop test_channel test_crc32 \
	test_cursor test_factory test_get_vm test_hpack test_json_read \
	test_json_write \
	test_mock test_pbio test_pool test_pump test_record test_server \
	test_sim test_status test_task test_text test_ttrpc_engine \
	test_ttrpc_frame test_vm test_vm_config $(UNIT_$(AGENT)) \
	$(UNIT_OVER_$(TRANSPORT))
# of Linux
UNIT_LINUX = test_cli_log test_cli_options test_cli_toml test_cli_vm_config \
	test_guest_channel test_guest_file test_guest_linux test_guest_online \
	test_guest_process test_guest_stdio test_linux_loop \
	test_linux_process test_null test_port_contract test_port_sins test_posix_store \
	test_posix_stream test_posix_wait test_qemu_agent test_qemu_command \
	test_qemu_console test_qemu_json test_qmp
UNIT = $(UNIT_ANYWHERE) $(UNIT_LINUX)
# what is in an archive with the agent kata only
UNIT_kata = test_agent_methods test_agent_pbio test_agent_service test_message
UNIT_all = $(UNIT_kata)
UNIT_OVER_grpc = test_channel_grpc test_grpc_channel test_grpc_client \
	test_grpc_engine test_grpc_frame test_grpc_known test_grpc_server \
	test_grpc_streams test_server_grpc
UNIT_OVER_all = $(UNIT_OVER_grpc)
SCENARIO_ANYWHERE = test_agent_ready test_handover test_hostile test_options \
	test_soak test_waiting $(SCENARIO_OVER_$(TRANSPORT))
SCENARIO_OVER_grpc = test_handover_grpc test_waiting_grpc
SCENARIO_OVER_all = $(SCENARIO_OVER_grpc)
SCENARIO = $(SCENARIO_ANYWHERE) $(SCENARIO_$(AGENT))
# what needs the program vmcache-agent
SCENARIO_kata = test_guest_service
SCENARIO_all = $(SCENARIO_kata)
QEMU_TESTS = test_qemu_driver test_qemu_odd
# in VMs that run the agent of this build: of the build itself only
VM_TESTS = $(VM_TESTS_$(AGENT))
VM_TESTS_kata = $(BUILD)/tests/test_guest_vm
VM_TESTS_all = $(VM_TESTS_kata)
PROGRAM_TESTS = $(patsubst %,tests/program/test_program_%.sh,\
	usage config client mock run qemu guest)
INTEROP_TESTS = $(filter-out $(if $(UNIT_$(AGENT)),,%/test_agent_vectors.sh),\
	$(wildcard tests/interop/test_*.sh))
FUZZ_TESTS = $(wildcard tests/fuzz/test_*.sh)
CHECKS = freestanding symbols source stack planted knobs headers install dist \
	$(if $(wildcard README.md),readme)

TESTS = $(patsubst %,$(BUILD)/tests/%,$(UNIT) $(SCENARIO) $(QEMU_TESTS))
TEST_OBJECTS = $(TESTS:%=%.o) $(VM_TESTS:%=%.o)
TEST_CPPFLAGS = $(PB_CPPFLAGS) $(PORT_CPPFLAGS) -I$(BUILD)/tests \
	-Itests/unit -Itests/scenario $(TARGET_TEST_CPPFLAGS)

# parts of the program that unit tests link; they are in no archive
CLI_PARTS = $(patsubst %,$(BUILD)/port/cli/cli_%.o,options help log escape \
	toml toml_scan vm_config)

# HPACK is in an archive with the transport grpc only; its tests always run
HPACK_PARTS = $(HPACK:%=$(BUILD)/src/wire/%.o)

# -- Running them ------------------------------------------------------------

.PHONY: target-tests targets options tests sanitized by-clang small choices
export BUILD CC CROSS_COMPILE AGENT NANOPB_DIR

tests: $(TESTS) $(VM_TESTS) program $(BUILD)/tests/program_tool \
	$(BUILD)/tests/null_check

# The same tests, built to notice what goes unnoticed: by gcc with the
# sanitizers of addresses and undefined behaviour, and by clang. Neither
# lets a warning pass.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all
OTHER = AGENT=$(AGENT) TRANSPORT=$(TRANSPORT) LINK= CROSS_COMPILE=

sanitized:
	+$(Q)$(MAKE) --no-print-directory $(OTHER) BUILD=$(BUILD)/sanitized \
		CC=gcc CFLAGS="-O1 -g -Werror $(SANITIZE)" all tests

by-clang:
	+$(Q)$(MAKE) --no-print-directory $(OTHER) BUILD=$(BUILD)/by-clang \
		CC=clang CFLAGS="-Os -g -Werror" all tests

# Nothing depends on the knobs' defaults but tests that say so: everything
# compiles and links with small ones, and these run. Nor on the size of an
# enumeration, which is a byte where there is no system (arm-none-eabi).
SMALL_KNOBS = -DVMC_VM_MAX=3 -DVMC_CONNECTION_MAX=4 -DVMC_CALL_MAX=5 \
	-DVMC_WINDOW_SIZE=128 -DVMC_REPLY_MAX=2 -DVMC_CHANNEL_CALL_MAX=3 \
	-DVMC_HYPERVISOR_SIZE=512 -DVMC_ERROR_TEXT_SIZE=96 -DVMC_EVENT_MAX=8 \
	-DVMC_AGENT_NAME_SIZE=20 -DVMC_AGENT_ADDRESS_SIZE=44 \
	-DVMC_AGENT_ADDRESS_MAX=1 -DVMC_AGENT_INTERFACE_MAX=1 \
	-DVMC_AGENT_ROUTE_MAX=12 -DVMC_AGENT_HANDLER_MAX=2 \
	-DVMC_AGENT_CPU_MAX=3 -DVMC_AGENT_MEMORY_STAT_MAX=2 \
	-DVMC_AGENT_BLKIO_MAX=1 -DVMC_AGENT_HUGETLB_MAX=1 \
	-DVMC_AGENT_NETWORK_MAX=1 -DVMC_AGENT_SERVICE_CALL_MAX=6 \
	-DVMC_AGENT_SERVICE_CALL_SIZE=512 -DVMC_AGENT_SERVICE_DATA_SIZE=512 \
	-DVMC_AGENT_SERVICE_LIST_MAX=16
SMALL_TESTS = test_pbio test_server test_status test_ttrpc_engine \
	test_handover test_vm $(UNIT_$(AGENT))

small:
	+$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/small \
		KNOBS="$(SMALL_KNOBS)" CFLAGS="$(CFLAGS) -fshort-enums" all $(SMALL_TESTS:%=$(BUILD)/small/tests/%)

# What each choice of agents links, and that it does.
choices:
	+$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/noop AGENT=noop all
	+$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/kata AGENT=kata all

# Every pair of options, and what each makes of the rest.
options: ## the archive with every pair of options: agents, transports, knobs
	+$(Q)tests/check/options.sh $(BUILD)/options

# a Linux guest where its parts have been fetched
SOME_GUEST = $(if $(wildcard build/deps/guest/vmlinuz),guest)

# Of another target: what runs there, beneath an emulator. `file` says that it
# is what it shall be.
TARGET_TESTS = $(patsubst %,$(BUILD)/tests/%,$(TARGET_UNIT) $(TARGET_SCENARIO))

target-tests: lib $(TARGET_TESTS) firmware
	$(Q)file -b $(firstword $(TARGET_TESTS)) | grep -o '$(TARGET_FILE)'
	$(Q)$(if $(RUN),RUN="$(RUN)") tests/run.sh $(TARGET_TESTS) \
		$(BUILD)/firmware/examples/firmware

# All of them, beside each other with -j; they have to pass as many tests as
# the first does on this machine.
target-%:
	@mkdir -p $(BUILD)/targets
	$(call say,TARGET,$*)
	+$(Q)$(MAKE) --no-print-directory TARGET=$* target-tests BUILD=$(if \
		$(filter x86_64-linux-musl,$*),$(BUILD),$(BUILD)/$*) \
		>$(BUILD)/targets/$*.log 2>&1 || :

targets: $(TARGETS:%=target-%) ## the tests, on every target in tests/conf
	$(Q)tests/conf/targets.sh $(BUILD)/targets $(TARGETS)

ifneq ($(TARGET),x86_64-linux-musl)

check: target-tests

else

check: all $(SOME_GUEST) choices tests sanitized by-clang small fuzz_programs interop_programs example_programs ## every test; ends with `N passed, N failed`
	$(Q)tests/run.sh $(CHECKS:%=tests/check/check_%.sh) $(TESTS) \
		$(TESTS:$(BUILD)/%=$(BUILD)/sanitized/%) \
		$(TESTS:$(BUILD)/%=$(BUILD)/by-clang/%) \
		$(SMALL_TESTS:%=$(BUILD)/small/tests/%) $(VM_TESTS) \
		$(FUZZ_TESTS) $(INTEROP_TESTS) $(PROGRAM_TESTS) $(EXAMPLE_TESTS)

endif

demo: program $(BUILD)/tests/program_tool $(SOME_GUEST) ## what it does, shown on real VMs
	$(Q)tests/examples/demo.sh

# -- Test programs -----------------------------------------------------------

$(BUILD)/tests/%.o: tests/unit/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/%.o: tests/scenario/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/%.o: tests/port_check/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/%.o: tests/qemu/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(LIBS) $(TARGET_TEST_OBJECTS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

$(BUILD)/tests/test_hpack: $(HPACK_PARTS)
$(BUILD)/tests/test_cli_options: $(CLI_PARTS)
$(BUILD)/tests/test_cli_log: $(CLI_PARTS)
$(BUILD)/tests/test_cli_toml: $(CLI_PARTS)
$(BUILD)/tests/test_cli_vm_config: $(CLI_PARTS)

$(BUILD)/tests/test_port_contract: $(BUILD)/tests/port_check.o
$(BUILD)/tests/test_port_sins: $(BUILD)/tests/port_check.o

# the list of a new port, which is not done
$(BUILD)/tests/null_check: $(BUILD)/tests/null_check.o \
		$(BUILD)/tests/port_check.o $(BUILD)/libvmcache-null.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/program_tool: tests/program/program_tool.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(PORT_CPPFLAGS) $(ALL_LDFLAGS) -o $@ $<

# The oracle: the same messages as nanopb lays them out when it is left to
# itself, encoded by its encoder. What we write by hand is held to that.
ORACLE_DIR = $(BUILD)/tests/oracle
ORACLE = $(ORACLE_DIR)/cache_oracle.pb.o $(ORACLE_DIR)/ttrpc_oracle.pb.o \
	$(BUILD)/nanopb/pb_encode.o

$(ORACLE_DIR)/%_oracle.pb.c: proto/%.proto tests/unit/%_oracle.options
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(Q)$(PROTOC) -Iproto -I/usr/include --nanopb_opt="-e _oracle.pb \
		-f tests/unit/$*_oracle.options $(NANOPB_FLAGS)" \
		--nanopb_out=$(ORACLE_DIR) $<

$(ORACLE_DIR)/%.pb.o: $(ORACLE_DIR)/%.pb.c $(BUILD)/flags
	$(call say,CC,$@)
	$(call compile,$(PB_CPPFLAGS))

$(BUILD)/tests/test_pbio.o: | $(ORACLE)
$(BUILD)/tests/test_pbio: $(ORACLE)

# -- Sizes -------------------------------------------------------------------

# Of the targets whose compiler is here, with -Os whatever CFLAGS are, by gcc:
# `all` and `noop` are the backends with the knobs as they are; `smallest` is a
# host of one VM and two connections.
SIZE_TARGETS = $(filter-out x86_64-linux-gnu,$(TARGETS))
SIZE_SETS = smallest noop all
SET_all = AGENT=all TRANSPORT=all
SET_noop = AGENT=noop TRANSPORT=ttrpc
SET_smallest = $(SET_noop) KNOBS="$(SMALLEST_KNOBS)"
SMALLEST_KNOBS = -DVMC_VM_MAX=1 -DVMC_CONNECTION_MAX=2 -DVMC_CALL_MAX=2 \
	-DVMC_WINDOW_SIZE=512 -DVMC_REPLY_MAX=1 -DVMC_EVENT_MAX=4 \
	-DVMC_ERROR_TEXT_SIZE=64 -DVMC_HYPERVISOR_SIZE=128 -DVMC_ID_SIZE=37 \
	-DVMC_URL_SIZE=16
SIZES = $(foreach target,$(SIZE_TARGETS),$(SIZE_SETS:%=sizes/$(target)/%))

.PHONY: measured size-readme $(SIZES)
size: $(SIZES) ## text, data, stack and contexts on each target, held to tests/size/budget.txt
	$(Q)$(SIZE_REPORT) tests/size/budget.txt README.md $(BUILD)/size \
		$(SIZE_TARGETS)

size-readme: ## makes the README's table of sizes anew
	+$(Q)$(MAKE) --no-print-directory size \
		SIZE_REPORT="tests/size/report.py --write"

SIZE_REPORT = tests/size/report.py

$(SIZES):
	+$(Q)$(MAKE) --no-print-directory TARGET=$(word 2,$(subst /, ,$@)) \
		BUILD=$(BUILD)/size/$(@:sizes/%=%) $(SET_$(@F)) \
		CFLAGS="-Os -fcallgraph-info=su" measured

# the programs where they are: they are budgeted for the first target
MEASURED = $(LIB) $(BUILD)/contexts.o $(if $(filter \
	x86_64-linux-musl/all,$(TARGET)/$(AGENT)),$(LIBS) $(PROGRAMS))
CC_IS_HERE := $(shell echo '#include <string.h>' | \
	$(CC) -E -x c - >/dev/null 2>&1 && echo yes)
measured: $(if $(CC_IS_HERE),$(BUILD)/sizes)
	$(if $(CC_IS_HERE),,@echo "skip sizes of $(TARGET): no $(CC)")

$(BUILD)/sizes: $(MEASURED) tests/size/measure.sh tests/size/stack.py \
		tests/size/layers
	$(call say,SIZE,$@)
	$(Q)CROSS_COMPILE=$(CROSS_COMPILE) tests/size/measure.sh $(BUILD) \
		$(CC) $(ARCH) >$@

$(BUILD)/contexts.o: tests/size/contexts.c $(BUILD)/flags
	$(call say,CC,$@)
	$(call compile,$(ALL_CPPFLAGS))

-include $(wildcard $(BUILD)/contexts.d)

# -- Speed -------------------------------------------------------------------

bench: program bench_programs ## speed and memory, beside a bare exchange and other implementations
	$(Q)tests/bench/versions.sh
	$(Q)$(BENCH_ENVIRONMENT) $(BENCH)/bench $(BUILD)/vmcache \
		$(BENCH)/bench_floor
	$(Q)if [ -s $(BUILD)/guest/vmlinuz ]; then \
		$(BENCH)/bench_guest $(BUILD)/vmcache $(BUILD)/guest; \
	else echo "no Linux guest to measure: make deps guest"; fi

# -- Style -------------------------------------------------------------------

C_FILES = $(shell find include src port tests -name '*.[ch]')
TIDY_FILES = $(sort $(LIB_SOURCES) $(HPACK:%=src/wire/%.c)) \
	$(PROGRAM_SOURCES) $(GUEST_SOURCES) \
	port/guest/newc.c port/guest/vmlinux.c \
	$(foreach port,$(PORTS),$(PORT_$(port)))

symbols: lib ## accept the interface as it is: tests/check/symbols.txt
	$(Q)tests/check/symbols.sh >tests/check/symbols.txt

format: ## reformat all sources
	$(Q)clang-format -i $(C_FILES)

lint: $(GENERATED) ## clang-format, clang-tidy, cppcheck
	$(Q)clang-format --dry-run -Werror $(C_FILES)
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $(TIDY_FILES) -- \
		-std=c11 $(PB_CPPFLAGS) $(PORT_CPPFLAGS) $(FLAGS_options)
	$(Q)cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
		--enable=warning,performance,portability \
		--suppress=missingIncludeSystem \
		--suppress=unknownMacro:src/wire/agent_messages.c \
		--suppress=ctuuninitvar -Iinclude $(PORTS:%=-Iport/%) \
		$(FLAGS_options) src port

include tests/fuzz/fuzz.mk
include tests/examples/examples.mk
include tests/interop/interop.mk
include tests/bench/bench.mk
