# SPDX-License-Identifier: Apache-2.0
#
# The bench: what calls cost, beside the bare exchange and ttrpc for Go.

BENCH = $(BUILD)/bench
BENCH_SOURCES = bench bench_load bench_ours bench_raw bench_tools
BENCH_GO = $(if $(HAVE_GO),$(BENCH)/bench_go)

$(BENCH)/%.o: tests/bench/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(PORT_CPPFLAGS))

$(BENCH)/bench: $(BENCH_SOURCES:%=$(BENCH)/%.o) $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

$(BENCH)/bench_guest: $(BENCH)/bench_guest.o $(BENCH)/bench_tools.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

$(BENCH)/bench_floor: $(BENCH)/bench_floor.o
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -s -o $@ $^

$(BENCH)/bench_go: tests/bench/bench_go.go
	@mkdir -p $(@D)
	$(call say,GO,$@)
	$(Q)GO111MODULE=off GOFLAGS= GOPATH=$(GOPATH_DEBIAN) CGO_ENABLED=0 \
		GOCACHE=$(abspath $(BENCH))/cache $(GO) build -o $@ $<

.PHONY: bench_programs
bench_programs: $(BENCH)/bench $(BENCH)/bench_floor $(BENCH_GO) \
	$(BENCH)/bench_guest
