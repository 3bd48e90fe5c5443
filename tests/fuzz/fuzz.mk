# SPDX-License-Identifier: Apache-2.0
#
# Fuzzing, with clang's libFuzzer: `make check` runs each target a while;
#
#	make fuzz FUZZ_RUNS=100000000 FUZZ_TARGETS=fuzz_json
#
# goes on for long. What crashes is left in $(BUILD)/fuzz.

FUZZ_CC ?= clang
FUZZ_RUNS ?= 120000
FUZZ_TARGETS ?= $(filter-out fuzz_seeds fuzz_planted \
	$(if $(NANOPB_$(AGENT)),,fuzz_agent_%) \
	$(if $(TRANSPORT_WIRE_$(TRANSPORT)),,fuzz_grpc_%),\
	$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))

FUZZ = $(BUILD)/fuzz
FUZZ_CFLAGS = -std=c11 -O1 -g -w \
	-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
FUZZ_CPPFLAGS = $(PORT_CPPFLAGS) $(PB_CPPFLAGS) $(FLAGS_options)

# all that parses, and what that needs; drivers' parsers are in their ports
FUZZ_SOURCES = $(sort $(LIB_SOURCES) $(HPACK:%=src/wire/%.c)) $(wildcard \
	port/qemu/qmp.c port/qemu/qemu_console.c port/cli/cli_toml.c \
	port/cli/cli_toml_scan.c port/cli/cli_escape.c)
FUZZ_OBJECTS = $(FUZZ_SOURCES:%.c=$(FUZZ)/%.o) \
	$(PROTOS:%=$(FUZZ)/%.pb.o) $(NANOPB:%=$(FUZZ)/nanopb/%.o)

.PHONY: fuzz
fuzz: fuzz_programs ## longer runs of the fuzz targets: FUZZ_RUNS=N
	$(Q)FUZZ_RUNS=$(FUZZ_RUNS) tests/fuzz/test_fuzz.sh $(FUZZ_TARGETS)

.PHONY: fuzz_programs
fuzz_programs: $(FUZZ)/fuzz_planted $(FUZZ_TARGETS:%=$(FUZZ)/%) $(FUZZ)/seeds

fuzz_compile = $(Q)$(FUZZ_CC) $(FUZZ_CFLAGS) $(FUZZ_CPPFLAGS) -MMD -c $< -o $@

$(FUZZ)/%.pb.o: $(GEN)/%.pb.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZCC,$@)
	$(fuzz_compile)

$(FUZZ)/nanopb/%.o: $(NANOPB_DIR)/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZCC,$@)
	$(fuzz_compile)

$(FUZZ)/%.o: %.c $(BUILD)/flags | $(GENERATED)
	@mkdir -p $(@D)
	$(call say,FUZZCC,$@)
	$(fuzz_compile)

$(FUZZ)/libfuzzed.a: $(FUZZ_OBJECTS)
	$(Q)rm -f $@ && ar rcs $@ $^

$(FUZZ)/fuzz_%: $(FUZZ)/tests/fuzz/fuzz_%.o $(FUZZ)/libfuzzed.a
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) -fsanitize=fuzzer,address,undefined -o $@ $^

$(FUZZ)/fuzz_seeds: $(FUZZ)/tests/fuzz/fuzz_seeds.o $(FUZZ)/libfuzzed.a
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) -fsanitize=address,undefined -o $@ $^

$(FUZZ)/seeds: $(FUZZ)/fuzz_seeds
	$(Q)rm -rf $@ && mkdir -p $@ && $< $@

-include $(wildcard $(FUZZ_OBJECTS:%.o=%.d) $(FUZZ)/tests/fuzz/*.d)
