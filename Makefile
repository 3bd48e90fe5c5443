# SPDX-License-Identifier: Apache-2.0
#
# libvmcache and the program vmcache. `make help` lists the targets.
#
# All that is made goes to $(BUILD); V=1 shows the commands. A change of
# flags or knobs rebuilds what depends on them. Other builds of the same tree
# stand beside each other: make BUILD=build/clang CC=clang

# -- What can be set ---------------------------------------------------------

# what it is built for: tests/conf/$(TARGET).mk says how
TARGET ?= x86_64-linux-musl
TARGETS = x86_64-linux-musl x86_64-linux-gnu aarch64-linux-musl \
	armhf-linux-musl s390x-linux-musl riscv64-linux-gnu cortex-m3 cortex-m0
ifeq ($(wildcard tests/conf/$(TARGET).mk),)
$(error TARGET=$(TARGET) is not there; there are: $(TARGETS))
endif
include tests/conf/$(TARGET).mk
BUILD ?= build
CROSS_COMPILE ?=
ifeq ($(origin CC),default)
CC = $(if $(CROSS_COMPILE),$(CROSS_COMPILE)gcc,musl-gcc)
endif
ifeq ($(origin AR),default)
AR = $(CROSS_COMPILE)ar
endif
STRIP ?= $(CROSS_COMPILE)strip
PROTOC ?= protoc
CFLAGS ?= -Os -g
# of the target: always
ARCH ?= -fPIE
CPPFLAGS ?=
LDFLAGS ?=
# how programs are linked
LINK ?= -static -no-pie
# knobs of include/vmcache/config.h: make KNOBS="-DVMC_VM_MAX=8"
KNOBS ?=
# the backends in libvmcache.a: noop, kata or all; ttrpc, grpc or all
AGENT ?= all
TRANSPORT ?= all
# nanopb's C sources; `make deps` puts Debian's there
NANOPB_DIR ?= build/deps/nanopb
# for the machine that builds
HOST_CC ?= gcc
# for the machine that QEMU runs, whatever ours is
GUEST_CC ?= gcc
GUEST_LD ?= ld
GUEST_OBJCOPY ?= objcopy
PREFIX ?= /usr/local
DESTDIR ?=

# -- Sources, by name --------------------------------------------------------

PROTOS = cache
# of these, only numbers of fields are used
NUMBERS = $(NUMBERS_$(AGENT))
NANOPB = pb_common pb_decode $(NANOPB_$(AGENT))

BASE = crc32 cursor divide json_read json_write options status task text view
WIRE = field message_view pbio
HPACK = hpack hpack_huffman hpack_static
TRANSPORT_WIRE_grpc = $(HPACK) grpc_frame h2_frame
TRANSPORT_WIRE_ttrpc = ttrpc_frame
TRANSPORT_WIRE_all = $(TRANSPORT_WIRE_ttrpc) $(TRANSPORT_WIRE_grpc)
ENGINE = pump transport
ENGINE_ttrpc = ttrpc_engine
ENGINE_grpc = grpc_engine grpc_fields grpc_frames grpc_output grpc_streams
ENGINE_all = $(ENGINE_ttrpc) $(ENGINE_grpc)
TABLE_ttrpc = transport_table_ttrpc
TABLE_grpc = transport_table_grpc
TABLE_all = transport_table_all
RPC = cache_calls channel
RPC_kata = channel_move
RPC_all = $(RPC_kata)
AGENT_noop = agent_by_name agent_noop agent_table_noop
AGENT_kata = agent_by_name agent_calls agent_dial agent_kata agent_methods \
	agent_noop agent_service agent_table_kata kata_methods
AGENT_all = $(AGENT_kata:agent_table_kata=agent_table_all)
NUMBERS_kata = agent health
NUMBERS_all = $(NUMBERS_kata)
NANOPB_kata = pb_encode
NANOPB_all = $(NANOPB_kata)
WIRE_kata = agent_messages message_read message_write
WIRE_all = $(WIRE_kata)
DOMAIN = factory_direct factory_remote get_vm pool pool_events pool_slot \
	record vm vm_config
SERVICE = cache_service connection

ifeq ($(AGENT_$(AGENT)),)
$(error AGENT=$(AGENT) is not there; there are: noop, kata, all)
endif
ifeq ($(ENGINE_$(TRANSPORT)),)
$(error TRANSPORT=$(TRANSPORT) is not there; there are: ttrpc, grpc, all)
endif

# agents speak ttrpc, whatever the endpoint speaks
TRANSPORT_USED = $(TRANSPORT) $(if $(RPC_$(AGENT)),ttrpc)
LIB_SOURCES = $(BASE:%=src/base/%.c) $(WIRE:%=src/wire/%.c) \
	$(WIRE_$(AGENT):%=src/wire/%.c) \
	$(sort $(foreach t,$(TRANSPORT_USED),$(TRANSPORT_WIRE_$(t):%=src/wire/%.c))) \
	$(ENGINE:%=src/engine/%.c) \
	$(sort $(foreach t,$(TRANSPORT_USED),$(ENGINE_$(t):%=src/engine/%.c))) \
	$(TABLE_$(TRANSPORT):%=src/engine/%.c) \
	$(RPC:%=src/rpc/%.c) $(RPC_$(AGENT):%=src/rpc/%.c) \
	$(AGENT_$(AGENT):%=src/agent/%.c) \
	$(DOMAIN:%=src/domain/%.c) $(SERVICE:%=src/service/%.c) src/server.c

# An archive for each port and driver. The order is the linker's: users
# before what they use.
PORTS ?= guest qemu mock sim linux posix null
GUEST = guest_channel guest_error guest_file guest_linux guest_metrics \
	guest_net guest_online guest_oom guest_process guest_random \
	guest_sandbox guest_spawn guest_stdio guest_sys guest_uevent
LINUX = linux_loop linux_process linux_store
MOCK = mock
NULL = null
POSIX = posix_connect posix_directory posix_endpoint posix_env posix_store \
	posix_stream posix_wait
QEMU = qemu qemu_agent qemu_attach qemu_boot qemu_command qemu_console \
	qemu_files qemu_json qemu_plan qemu_stop qemu_talk qmp
SIM = sim
PORT_guest = $(GUEST:%=port/guest/%.c)
PORT_linux = $(LINUX:%=port/linux/%.c)
PORT_mock = $(MOCK:%=port/mock/%.c)
PORT_null = $(NULL:%=port/null/%.c)
PORT_posix = $(POSIX:%=port/posix/%.c)
PORT_qemu = $(QEMU:%=port/qemu/%.c)
PORT_sim = $(SIM:%=port/sim/%.c)
PORT_DATA_qemu = $(BUILD)/port/qemu/rom/rom_image.o

CLI = cli_agent cli_call cli_config cli_documents cli_driver cli_escape \
	cli_foreign cli_get cli_guard cli_help cli_log cli_options cli_output \
	cli_quit cli_run cli_serve cli_settings cli_signals cli_status cli_stdio \
	cli_stream cli_take cli_terminal cli_toml cli_toml_scan cli_vm_config main
PROGRAM_SOURCES = $(CLI:%=port/cli/%.c)

# the program vmcache-agent, on top of port/guest's archive; not without the
# library's agent service
GUEST_PROGRAM = guest_init guest_listen guest_main guest_options guest_say \
	guest_serve
GUEST_SOURCES = $(GUEST_PROGRAM:%=port/guest/%.c)
GUEST_FILES = $(patsubst %,$(BUILD)/guest/%,vmlinuz vmlinux initramfs.img \
	append append-tcg)

# -- How ---------------------------------------------------------------------

Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),@:,@printf '  %-7s %s\n' $(1) $(2))

GEN = $(BUILD)/gen
WARNINGS = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wwrite-strings -Wvla -Wundef
# A function inlined into its only caller would burden all of its paths. What
# is kept in registers across calls and loops costs more than it saves.
SMALL = $(if $(findstring gcc,$(CC)),-fno-inline-functions-called-once \
	-fno-caller-saves -fno-move-loop-invariants -fno-ira-hoist-pressure \
	-fno-thread-jumps -fno-shrink-wrap -fno-tree-dominator-opts \
	-fno-tree-coalesce-vars -fno-if-conversion -fno-jump-tables)
ALL_CFLAGS = -std=c11 $(WARNINGS) $(ARCH) $(CFLAGS) -fno-common \
	-fno-asynchronous-unwind-tables -fno-unwind-tables \
	-ffunction-sections -fdata-sections \
	$(SMALL) -fstack-usage -MMD -MP
ALL_CPPFLAGS = -Iinclude $(KNOBS) $(CPPFLAGS)
PORT_CPPFLAGS = -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 \
	$(PORTS:%=-Iport/%) $(ALL_CPPFLAGS)
PB_CPPFLAGS = -include src/wire/pb_names.h -I$(NANOPB_DIR) -I$(GEN) \
	$(ALL_CPPFLAGS)
ALL_LDFLAGS = $(LINK) -Wl,--gc-sections $(LDFLAGS)

PROGRAMS = $(BUILD)/vmcache $(BUILD)/vmcache-agent
PROGRAMS := $(if $(filter noop,$(AGENT)),$(firstword $(PROGRAMS)),$(PROGRAMS))
LIB = $(BUILD)/libvmcache.a
PORT_LIBS = $(PORTS:%=$(BUILD)/libvmcache-%.a)
LIBS = $(PORT_LIBS) $(LIB)
LIB_OBJECTS = $(LIB_SOURCES:%.c=$(BUILD)/%.o) $(PROTOS:%=$(GEN)/%.pb.o) \
	$(NANOPB:%=$(BUILD)/nanopb/%.o)
PROGRAM_OBJECTS = $(PROGRAM_SOURCES:%.c=$(BUILD)/%.o)
GUEST_OBJECTS = $(GUEST_SOURCES:%.c=$(BUILD)/%.o)

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all lib program guest deps deps-interop demo check bench size install \
	uninstall dist symbols help clean lint format FORCE
.DEFAULT_GOAL = all

# -- Setting up --------------------------------------------------------------

# `make deps demo`, also with -j: all of deps first, then a make that sees
# what it has put there.
DEPS = $(filter deps deps-interop,$(MAKECMDGOALS))
GOALS = $(filter-out deps deps-interop,$(MAKECMDGOALS))
DEPS_FIRST = $(and $(DEPS),$(GOALS))
# what is asked for with it decides how much is needed
DEPS_KIND = $(if $(GOALS),$(if $(filter targets,$(GOALS))$(RUN),targets,$(if \
	$(filter check lint bench,$(GOALS)),check,$(if \
	$(filter guest demo,$(GOALS)),guest,build))),check)

INSTALL_DEPS = $(Q)NANOPB_DIR="$(filter-out build/deps/nanopb,$(NANOPB_DIR))" \
	.ci/deps

deps: ## install what is needed (Debian, as root), fetch nanopb's sources
	$(INSTALL_DEPS) $(DEPS_KIND) build/deps

deps-interop: ## the same and the peers of the interop tests (apt, npm)
	$(INSTALL_DEPS) interop build/deps

ifneq ($(DEPS_FIRST),)

.PHONY: $(GOALS) goals
$(GOALS): goals
	@:
goals: $(DEPS)
	@$(MAKE) --no-print-directory $(GOALS)

else

# -- Targets -----------------------------------------------------------------

all: lib program ## archives and program; what `make` alone makes

lib: $(LIBS) ## the archives: libvmcache.a, and one for each port

program: $(PROGRAMS) ## the programs vmcache and vmcache-agent, static

guest: $(GUEST_FILES) ## a Linux guest for QEMU: build/guest/vmlinux, initramfs.img, append

help: ## this list
	@sed -n 's/^\([a-z-]*\):[^#]*## /  \1\t/p' Makefile tests/tests.mk \
		tests/interop/interop.mk | \
		expand -t 16

clean: ## remove what was built; what deps fetched stays
	$(Q)test ! -d $(BUILD) || find $(BUILD) -mindepth 1 -maxdepth 1 \
		! -name deps -exec rm -rf {} +

# -- Generated code ----------------------------------------------------------

# What was compiled with other flags is compiled again.
FLAGS = $(CC) $(ALL_CFLAGS) $(ALL_CPPFLAGS) $(ALL_LDFLAGS) $(NANOPB_DIR) \
	$(AGENT) $(TRANSPORT)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS)' | cmp -s - $@ || echo '$(FLAGS)' >$@

# Options take their bounds from config.h, through the preprocessor: no knob
# is deaf.
$(GEN)/%.options: proto/%.options.in include/vmcache/config.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CPP,$@)
	$(Q)$(CC) -E -P -x c -undef $(ALL_CPPFLAGS) $< -o $@

# What protoc made stands ready in a release, beside what it was made of: it
# is taken while that is the same, and protoc is not needed.
NANOPB_FLAGS = -x google/protobuf/empty.proto --error-on-unmatched -T -q
READY = proto/ready
$(GEN)/%.pb.c: proto/%.proto $(GEN)/%.options
	$(call say,PROTOC,$@)
	$(Q)if cat $^ | cmp -s - $(READY)/$*.of; then \
		cp $(READY)/$*.pb.h $(READY)/$*.pb.c $(GEN); \
	else \
		$(PROTOC) -Iproto -I/usr/include \
			--nanopb_opt="-I$(GEN) $(NANOPB_FLAGS)" \
			--nanopb_out=$(GEN) $<; \
	fi

$(GEN)/%.pb.h: $(GEN)/%.pb.c ;

# -- Objects and archives ----------------------------------------------------

# The path of a call is built for speed, unless CFLAGS come from outside (as
# they do in `make size`).
HOT = src/base/cursor src/engine/pump src/engine/ttrpc_engine src/wire/field \
	src/wire/message_view src/wire/pbio src/wire/ttrpc_frame \
	src/service/cache_service src/service/connection src/server \
	port/linux/linux_loop port/posix/posix_stream
$(HOT:%=$(BUILD)/%.o): CFLAGS += -O2

compile = $(Q)$(CC) $(ALL_CFLAGS) $(1) -c $< -o $@

$(BUILD)/nanopb/%.o: $(NANOPB_DIR)/%.c src/wire/pb_names.h $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(PB_CPPFLAGS) -w)

$(GEN)/%.pb.o: $(GEN)/%.pb.c $(BUILD)/flags
	$(call say,CC,$@)
	$(call compile,$(PB_CPPFLAGS))

# what sees nanopb, or generated structs
PB_USERS = $(filter src/wire/message% src/wire/pbio% \
	src/wire/agent_messages%,$(LIB_SOURCES))
GENERATED = $(patsubst %,$(GEN)/%.pb.h,$(PROTOS) $(NUMBERS))
$(PB_USERS:%.c=$(BUILD)/%.o): $(GENERATED)
$(foreach user,$(PB_USERS),\
	$(eval FLAGS_$(basename $(notdir $(user))) = $$(PB_CPPFLAGS)))

# vmc_build_options says which tables are linked
FLAGS_options = -DVMC_BUILD_TRANSPORT=$(TRANSPORT) -DVMC_BUILD_AGENT=$(AGENT)

$(BUILD)/src/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(ALL_CPPFLAGS) $(FLAGS_$(*F)))

$(BUILD)/port/%.o: port/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(PORT_CPPFLAGS))

archive = $(Q)rm -f $@ && $(AR) rcs $@ $(filter %.o,$^)

$(LIB): $(LIB_OBJECTS)
	$(call say,AR,$@)
	$(archive)

define port_archive
$(BUILD)/libvmcache-$(1).a: $(PORT_$(1):%.c=$(BUILD)/%.o) $(PORT_DATA_$(1))
	$$(call say,AR,$$@)
	$$(archive)
endef
$(foreach port,$(PORTS),$(eval $(call port_archive,$(port))))

# -- The built-in guest of the QEMU driver -----------------------------------

ROM = $(BUILD)/port/qemu/rom
GUEST_CFLAGS = -m32 -march=i386 -mno-mmx -mno-sse -Os -ffreestanding \
	-fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none $(WARNINGS)

$(ROM)/rom_start.o: port/qemu/rom/rom_start.S
	@mkdir -p $(@D)
	$(call say,GUESTCC,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@

$(ROM)/rom_main.o: port/qemu/rom/rom_main.c
	@mkdir -p $(@D)
	$(call say,GUESTCC,$@)
	$(Q)$(GUEST_CC) $(GUEST_CFLAGS) -c $< -o $@

$(ROM)/rom.bin: port/qemu/rom/rom.ld $(ROM)/rom_start.o $(ROM)/rom_main.o
	$(call say,GUESTLD,$@)
	$(Q)$(GUEST_LD) -m elf_i386 --build-id=none -T $^ -o $(@:.bin=.elf)
	$(Q)$(GUEST_OBJCOPY) -O binary -j .rom $(@:.bin=.elf) $@

$(ROM)/rom_image.o: port/qemu/rom/rom_image.S $(ROM)/rom.bin
	$(call say,AS,$@)
	$(Q)$(CC) -DROM_IMAGE='"$(ROM)/rom.bin"' -c $< -o $@

# -- Program -----------------------------------------------------------------

# code and constants share pages: two pages less in the file and in memory
$(BUILD)/vmcache.unstripped: $(PROGRAM_OBJECTS) $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,-z,noseparate-code -o $@ $^

$(BUILD)/vmcache: $(BUILD)/vmcache.unstripped
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -o $@ $<

# The guest's agent. It is small before it is fast.
$(BUILD)/vmcache-agent.unstripped: $(GUEST_OBJECTS) \
		$(patsubst %,$(BUILD)/libvmcache-%.a,guest linux posix) $(LIB)
	$(if $(filter noop,$(AGENT)),$(error vmcache-agent needs AGENT=kata or all))
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -Wl,-z,noseparate-code -o $@ $^

$(BUILD)/vmcache-agent: $(BUILD)/vmcache-agent.unstripped
	$(call say,STRIP,$@)
	$(Q)$(STRIP) -o $@ $<

# -- A Linux guest -----------------------------------------------------------

# Debian's cloud kernel, busybox for commands, and our agent as /init. What
# is Debian's `make deps guest` fetches; nothing of it is installed.
GUEST_PARTS = build/deps/guest
GUEST_TOOLS = $(BUILD)/guest/tools

$(GUEST_PARTS)/vmlinuz:
	@echo "the parts of a guest are not there yet: make deps guest" >&2
	@exit 1

$(GUEST_TOOLS)/%: port/guest/%.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(HOST_CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -o $@ $<

$(BUILD)/guest/vmlinuz: $(GUEST_PARTS)/vmlinuz
	@mkdir -p $(@D)
	$(call say,COPY,$@)
	$(Q)cp $< $@

# the kernel as QEMU boots it fastest; if that cannot be had, QEMU takes the
# other one under this name as well
$(BUILD)/guest/vmlinux: $(GUEST_PARTS)/vmlinuz $(GUEST_TOOLS)/vmlinux
	$(call say,UNPACK,$@)
	$(Q)$(GUEST_TOOLS)/vmlinux $< $@ || cp $< $@

$(BUILD)/guest/initramfs.img: $(BUILD)/vmcache-agent $(GUEST_TOOLS)/newc \
		port/guest/initramfs.sh $(GUEST_PARTS)/vmlinuz
	$(call say,NEWC,$@)
	$(Q)port/guest/initramfs.sh $(BUILD)/vmcache-agent $(GUEST_PARTS) \
		$(@D)/work >$(@D)/list
	$(Q)$(GUEST_TOOLS)/newc <$(@D)/list >$@

$(BUILD)/guest/app%: port/guest/app%
	@mkdir -p $(@D)
	$(call say,COPY,$@)
	$(Q)sed '/^#/d' $< | tr '\n' ' ' | sed 's/ *$$//' >$@

# -- Installing --------------------------------------------------------------

HEADERS = $(sort $(wildcard include/vmcache/*.h))
PORT_HEADERS = $(sort $(wildcard port/*/vmcache_*.h))

VERSION := $(shell sed -n 's/^\#define VMC_VERSION "\(.*\)"/\1/p' \
	include/vmcache/config.h)

define PKG_CONFIG
prefix=$(PREFIX)
libdir=$${prefix}/lib
includedir=$${prefix}/include
transport=$(TRANSPORT)
agent=$(AGENT)

Name: libvmcache
Description: A warm pool of virtual machines behind one Unix socket
Version: $(VERSION)
Libs: -L$${libdir} -lvmcache-qemu -lvmcache-mock -lvmcache-linux -lvmcache-posix -lvmcache
Cflags: -I$${includedir} $(KNOBS)
endef
export PKG_CONFIG

ROOT = $(DESTDIR)$(PREFIX)

install: all ## put everything below DESTDIR and PREFIX
	$(call say,INSTALL,$(ROOT))
	$(Q)install -d $(ROOT)/bin $(ROOT)/lib/pkgconfig $(ROOT)/include/vmcache \
		$(ROOT)/share/vmcache/proto $(ROOT)/share/man/man1 \
		$(ROOT)/share/bash-completion/completions
	$(Q)install -m 755 $(PROGRAMS) $(ROOT)/bin
	$(Q)install -m 644 $(LIBS) $(ROOT)/lib
	$(Q)install -m 644 include/vmcache.h $(PORT_HEADERS) $(ROOT)/include
	$(Q)install -m 644 $(HEADERS) $(ROOT)/include/vmcache
	$(Q)install -m 644 $(wildcard proto/*.proto) $(ROOT)/share/vmcache/proto
	$(Q)install -m 644 port/cli/vmcache.1 $(ROOT)/share/man/man1
	$(Q)install -m 644 port/cli/vmcache.bash \
		$(ROOT)/share/bash-completion/completions/vmcache
	$(Q)printf '%s\n' "$$PKG_CONFIG" >$(ROOT)/lib/pkgconfig/libvmcache.pc

uninstall: ## remove what install put there
	$(Q)rm -f $(ROOT)/bin/vmcache $(ROOT)/bin/vmcache-agent \
		$(LIBS:$(BUILD)/%=$(ROOT)/lib/%) \
		$(ROOT)/lib/pkgconfig/libvmcache.pc $(ROOT)/include/vmcache.h \
		$(addprefix $(ROOT)/include/,$(notdir $(PORT_HEADERS))) \
		$(ROOT)/share/man/man1/vmcache.1 \
		$(ROOT)/share/bash-completion/completions/vmcache
	$(Q)rm -rf $(ROOT)/include/vmcache $(ROOT)/share/vmcache

# -- Releasing ---------------------------------------------------------------

DIST = libvmcache-$(VERSION)
DIST_TREE = $(BUILD)/dist/$(DIST)
DIST_PROTOS = cache agent health
# of the tree as it is: what git knows, or all that a release has
DIST_FILES = if [ -e .git ]; then git ls-files; else \
	find * .[!.]* -name build -prune -o -type f -print; fi
# all files have one time: the commit's, or the release's
DIST_TIME = $${SOURCE_DATE_EPOCH:-$$(if [ -e .git ]; then \
	git log -1 --format=%ct; else stat -c %Y README.md; fi)}

dist: $(DIST_PROTOS:%=$(GEN)/%.pb.c) ## a release: build/libvmcache-VERSION.tar.gz; the same bytes each time
	$(call say,TAR,$(BUILD)/$(DIST).tar.gz)
	$(Q)rm -rf $(BUILD)/dist && mkdir -p $(DIST_TREE)
	$(Q)($(DIST_FILES)) | tar -cf - -T - | tar -xf - -C $(DIST_TREE)
	$(Q)mkdir -p $(DIST_TREE)/$(READY)
	$(Q)for proto in $(DIST_PROTOS); do \
		cat proto/$$proto.proto $(GEN)/$$proto.options \
			>$(DIST_TREE)/$(READY)/$$proto.of && \
		cp $(GEN)/$$proto.pb.[ch] $(DIST_TREE)/$(READY) || exit 1; \
	done
	$(Q)tar --sort=name --mtime=@$(DIST_TIME) --owner=0 --group=0 \
		--numeric-owner --mode=u=rwX,go=rX --format=ustar \
		-C $(BUILD)/dist -cf - $(DIST) | gzip -n9 >$(BUILD)/$(DIST).tar.gz

include tests/tests.mk

endif

-include $(wildcard $(patsubst %.o,%.d,$(LIB_OBJECTS) $(PROGRAM_OBJECTS) \
	$(GUEST_OBJECTS) \
	$(foreach port,$(PORTS),$(PORT_$(port):%.c=$(BUILD)/%.o)) \
	$(TEST_OBJECTS) $(HPACK_PARTS)))
