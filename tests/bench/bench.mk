# SPDX-License-Identifier: Apache-2.0
#
# The bench: what calls cost, beside the bare exchange and the peers of the
# interop tests that could be built.

BENCH = $(BUILD)/bench
BENCH_SOURCES = bench bench_load bench_ours bench_raw bench_report \
	bench_sides bench_tools bench_wire

$(BENCH)/%.o: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(PORT_CPPFLAGS))

$(BENCH)/bench: $(BENCH_SOURCES:%=$(BENCH)/%.o) $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

# the system calls that bench_guest.c times
WRAPPED = socket connect close read recv recvmsg send sendmsg

$(BENCH)/bench_guest: $(BENCH)/bench_guest.o $(BENCH)/bench_tools.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) \
		-o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

$(BENCH)/bench_floor: $(BENCH)/bench_floor.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -s -o $@ $^

.PHONY: bench_programs
bench_programs: $(BENCH)/bench $(BENCH)/bench_floor \
	$(BENCH)/bench_guest $(PEER_PROGRAMS)

# what the peers ask for: see tests/interop/lib.sh
BENCH_ENVIRONMENT = BENCH_BUILD=$(BUILD) PEER_DATA=tests/interop/kata_data.json \
	PEER_VMS=2 PEER_PROTO=proto PEER_DESCRIPTORS=$(BUILD)/interop/cache.desc \
	PYTHONPATH=$(BUILD)/interop/python PYTHONDONTWRITEBYTECODE=1 \
	NODE_PATH=build/deps/npm/node_modules

-include $(wildcard $(BENCH)/*.d)
