# SPDX-License-Identifier: Apache-2.0
#
# libvmcache and the program vmcache. `make help` lists the targets.
#
# Everything that is made goes to $(BUILD). V=1 shows the commands.

# -- What can be set ---------------------------------------------------------

BUILD ?= build
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC = $(if $(CROSS_COMPILE),$(CROSS_COMPILE)gcc,musl-gcc)
endif
ifeq ($(origin AR),default)
AR = $(CROSS_COMPILE)ar
endif
STRIP ?= $(CROSS_COMPILE)strip
OBJCOPY ?= $(CROSS_COMPILE)objcopy
PROTOC ?= protoc
# of the machine that QEMU runs, not of ours
GUEST_CC ?= gcc
GUEST_LD ?= ld
GUEST_OBJCOPY ?= objcopy
CFLAGS ?= -Os -g
CPPFLAGS ?=
LDFLAGS ?=
# Knobs of include/vmcache/config.h: make KNOBS="-DVMC_VM_MAX=8"
KNOBS ?=
# Which backends are in libvmcache.a: noop; ttrpc
AGENT ?= noop
TRANSPORT ?= ttrpc
# Directory of nanopb's C sources; `make deps` puts Debian's there
NANOPB_DIR ?= build/deps/nanopb
PREFIX ?= /usr/local
DESTDIR ?=

# -- Sources, by name --------------------------------------------------------

# While the tree grows: only those that are there.
present = $(wildcard $(1))

SRC_BASE = crc32 cursor json_read json_write options status task text view
SRC_WIRE = field pbio ttrpc_frame
SRC_ENGINE = pump transport ttrpc_engine
SRC_RPC = cache_calls channel
SRC_DOMAIN = factory_direct factory_remote get_vm pool pool_events pool_slot record vm \
	vm_config
SRC_AGENT_noop = agent_by_name agent_noop agent_table_noop
SRC_TRANSPORT_ttrpc = transport_table_ttrpc

LIB_SOURCES = $(call present,$(SRC_BASE:%=src/base/%.c) \
	$(SRC_WIRE:%=src/wire/%.c) \
	$(SRC_ENGINE:%=src/engine/%.c) \
	$(SRC_TRANSPORT_$(TRANSPORT):%=src/engine/%.c) \
	$(SRC_RPC:%=src/rpc/%.c) \
	$(SRC_AGENT_$(AGENT):%=src/agent/%.c) \
	$(SRC_DOMAIN:%=src/domain/%.c) \
	src/service/cache_service.c src/service/connection.c src/server.c)

PORT_posix = $(wildcard port/posix/*.c)
PORT_linux = $(wildcard port/linux/*.c)
PORT_qemu = $(wildcard port/qemu/*.c)
PORT_mock = $(wildcard port/mock/*.c)
PORT_sim = $(wildcard port/sim/*.c)
PORT_null = $(wildcard port/null/*.c)
PROGRAM_SOURCES = $(if $(wildcard port/cli/main.c),$(wildcard port/cli/*.c))

PORTS = posix linux qemu mock sim null
PROTOS = cache
NANOPB_SOURCES = pb_common pb_decode

UNIT_TESTS = $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
PROGRAM_TESTS = $(if $(PROGRAM_SOURCES),$(wildcard tests/program/test_*.sh))
SCENARIO_TESTS = $(patsubst tests/scenario/%.c,%,\
	$(wildcard tests/scenario/test_*.c))

# parts of the program that unit tests link
CLI_PARTS = $(patsubst %,$(BUILD)/port/cli/cli_%.o,options help log escape)

# -- How ---------------------------------------------------------------------

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

GEN = $(BUILD)/gen
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef
ALL_CFLAGS = -std=c11 $(CFLAGS) $(WARNINGS) -fPIE -fno-asynchronous-unwind-tables -ffunction-sections \
	-fdata-sections -fno-common -fstack-usage -MMD -MP
ALL_CPPFLAGS = -Iinclude $(KNOBS) $(CPPFLAGS)
LIB_CFLAGS = $(ALL_CFLAGS)
PORT_CPPFLAGS = $(ALL_CPPFLAGS) -D_GNU_SOURCE
PROGRAM_LDFLAGS = -static -no-pie -Wl,--gc-sections $(LDFLAGS)

LIB = $(BUILD)/libvmcache.a
PORT_LIBS = $(foreach port,$(PORTS),\
	$(if $(PORT_$(port)),$(BUILD)/libvmcache-$(port).a))
LIB_OBJECTS = $(LIB_SOURCES:%.c=$(BUILD)/%.o) \
	$(PROTOS:%=$(GEN)/%.pb.o) $(NANOPB_SOURCES:%=$(BUILD)/nanopb/%.o)
# order matters to the linker: users before what they use
LINK_LIBS = $(foreach port,qemu mock sim linux posix null,\
	$(filter %-$(port).a,$(PORT_LIBS))) $(LIB)

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all lib program deps demo check bench size install uninstall help \
	clean lint format tests
.DEFAULT_GOAL = all

# -- Targets -----------------------------------------------------------------

# `make deps demo`, also with -j: all of deps first, then a make that finds
# what it has put there.
REST = $(filter-out deps,$(MAKECMDGOALS))
ifneq ($(filter deps,$(MAKECMDGOALS)),)
ifneq ($(REST),)
DEPS_FIRST = 1
endif
endif
DEPS_FOR = $(if $(REST),$(if $(filter check lint,$(REST)),check,build),check)

deps: ## install what is needed (Debian, as root) and fetch nanopb's sources
	$(Q).ci/deps $(DEPS_FOR) build/deps

ifdef DEPS_FIRST
.PHONY: $(REST) rest
$(REST): rest
	@:
rest: deps
	@$(MAKE) --no-print-directory $(REST)
else

all: lib $(if $(PROGRAM_SOURCES),program) ## archives and program (default)

lib: $(LIB) $(PORT_LIBS) ## the archives: libvmcache.a and its ports

program: $(BUILD)/vmcache ## the program vmcache, static

tests: $(UNIT_TESTS:%=$(BUILD)/tests/%) $(SCENARIO_TESTS:%=$(BUILD)/tests/%) \
	$(if $(PROGRAM_TESTS),program $(BUILD)/tests/program_tool)

check: tests ## every test; ends with `N passed, N failed`
	$(Q)tests/run.sh $(UNIT_TESTS:%=$(BUILD)/tests/%) \
		$(SCENARIO_TESTS:%=$(BUILD)/tests/%) $(PROGRAM_TESTS)

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /  \1\t/p' Makefile | expand -t 13

clean: ## remove what was built; what deps fetched stays
	$(Q)find $(BUILD) -mindepth 1 -maxdepth 1 ! -name deps \
		-exec rm -rf {} + 2>/dev/null || true

format: ## reformat all sources with clang-format
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

lint: ## clang-format, clang-tidy, cppcheck
	$(Q)clang-format --dry-run -Werror $$(git ls-files '*.c' '*.h')

# -- Generated code ----------------------------------------------------------

# The options carry the knobs' values: config.h goes through the compiler's
# preprocessor, so that changing a knob changes the messages.
$(GEN)/%.options: proto/%.options.in include/vmcache/config.h
	@mkdir -p $(@D)
	$(call say,CPP,$@)
	$(Q)$(CC) -E -P -x c -undef $(ALL_CPPFLAGS) $< -o $@

$(GEN)/%.pb.c: proto/%.proto $(GEN)/%.options
	$(call say,PROTOC,$@)
	$(Q)$(PROTOC) -Iproto -I/usr/include \
		--nanopb_opt="-I$(GEN) -x google/protobuf/empty.proto --error-on-unmatched -T -q" \
		--nanopb_out=$(GEN) $<

$(GEN)/%.pb.h: $(GEN)/%.pb.c ;

# -- Objects and archives ----------------------------------------------------

PB_CPPFLAGS = -include src/wire/pb_names.h -I$(NANOPB_DIR) -I$(GEN)

$(BUILD)/nanopb/%.o: $(NANOPB_DIR)/%.c src/wire/pb_names.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(LIB_CFLAGS) $(PB_CPPFLAGS) -w -c $< -o $@

$(GEN)/%.o: $(GEN)/%.c $(GEN)/%.h
	$(call say,CC,$@)
	$(Q)$(CC) $(LIB_CFLAGS) $(ALL_CPPFLAGS) $(PB_CPPFLAGS) -c $< -o $@

$(BUILD)/src/%.o: src/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(LIB_CFLAGS) $(ALL_CPPFLAGS) -c $< -o $@

# what vmc_build_options says of the tables that are linked
$(BUILD)/src/base/options.o: ALL_CPPFLAGS += \
	-DVMC_BUILD_TRANSPORT=$(TRANSPORT) -DVMC_BUILD_AGENT=$(AGENT)
$(BUILD)/src/wire/pbio.o: ALL_CPPFLAGS += $(PB_CPPFLAGS)
$(BUILD)/src/wire/pbio.o: $(PROTOS:%=$(GEN)/%.pb.h)

$(BUILD)/port/%.o: port/%.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(PORT_CPPFLAGS) -c $< -o $@

$(LIB): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

define port_archive
$(BUILD)/libvmcache-$(1).a: $(PORT_$(1):%.c=$(BUILD)/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach port,$(PORTS),$(eval $(call port_archive,$(port))))

# -- Program -----------------------------------------------------------------

$(BUILD)/vmcache.unstripped: $(PROGRAM_SOURCES:%.c=$(BUILD)/%.o) $(LINK_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(PROGRAM_LDFLAGS) -o $@ $^

$(BUILD)/vmcache: $(BUILD)/vmcache.unstripped
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -o $@ $<

# -- Tests -------------------------------------------------------------------

TEST_CPPFLAGS = $(PORT_CPPFLAGS) $(PB_CPPFLAGS) -Itests/unit
# the ports see each other in one link
TEST_LIBS = -Wl,--start-group $(LINK_LIBS) -Wl,--end-group

$(BUILD)/tests/%.o: tests/unit/%.c $(PROTOS:%=$(GEN)/%.pb.h)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CPPFLAGS) -c $< -o $@

$(BUILD)/tests/%.o: tests/scenario/%.c $(PROTOS:%=$(GEN)/%.pb.h)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(TEST_CPPFLAGS) -c $< -o $@

$(BUILD)/tests/test_%: $(BUILD)/tests/test_%.o $(LINK_LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) -static -no-pie -o $@ \
		$(filter %.o,$^) $(TEST_LIBS)

# the program's parts are in no archive
$(BUILD)/tests/test_cli_options: $(CLI_PARTS)
$(BUILD)/tests/test_cli_log: $(CLI_PARTS)

$(BUILD)/tests/program_tool: tests/program/program_tool.c
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(PORT_CPPFLAGS) $(LDFLAGS) -static -no-pie -o $@ $<

endif

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
