# SPDX-License-Identifier: Apache-2.0
#
# The tests: what `make check`, `size`, `bench`, `lint` and `demo` do.
# tests/run.sh runs what is listed and sums it up.

UNIT = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
SCENARIO = $(patsubst tests/scenario/%.c,%,$(wildcard tests/scenario/test_*.c))
PROGRAM_TESTS = $(if $(PROGRAM_SOURCES),$(wildcard tests/program/test_*.sh))
CHECKS = $(wildcard tests/check/check_*.sh)

TESTS = $(UNIT:%=$(BUILD)/tests/%) $(SCENARIO:%=$(BUILD)/tests/%)
TEST_OBJECTS = $(TESTS:%=%.o)
TEST_CPPFLAGS = $(PB_CPPFLAGS) $(PORT_CPPFLAGS) -I$(BUILD)/tests -Itests/unit

# parts of the program that unit tests link; they are in no archive
CLI_PARTS = $(patsubst %,$(BUILD)/port/cli/cli_%.o,options help log escape)

.PHONY: tests
tests: $(TESTS) $(if $(PROGRAM_TESTS),program $(BUILD)/tests/program_tool)

check: tests ## every test; ends with `N passed, N failed`
	$(Q)tests/run.sh $(TESTS) $(PROGRAM_TESTS)

# -- Test programs -----------------------------------------------------------

$(BUILD)/tests/%.o: tests/unit/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/%.o: tests/scenario/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

$(BUILD)/tests/test_cli_options: $(CLI_PARTS)
$(BUILD)/tests/test_cli_log: $(CLI_PARTS)

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

# -- Style -------------------------------------------------------------------

C_FILES = $(shell find include src port tests -name '*.[ch]')

format: ## reformat all sources
	$(Q)clang-format -i $(C_FILES)

lint: ## clang-format, clang-tidy, cppcheck
	$(Q)clang-format --dry-run -Werror $(C_FILES)
