# SPDX-License-Identifier: Apache-2.0
#
# Interop with somebody else's ttrpc: Debian's golang-github-containerd-
# ttrpc-dev, built without a network from /usr/share/gocode; and with somebody
# else's protobuf and HPACK: Debian's python3-protobuf and python3-hpack.

GO ?= go
GOPATH_DEBIAN ?= /usr/share/gocode

INTEROP = $(BUILD)/interop
HAVE_GO := $(shell command -v $(GO))

.PHONY: interop_programs
interop_programs: $(INTEROP)/interop_client $(INTEROP)/hpack_blocks \
	$(if $(HAVE_GO),$(INTEROP)/peer) \
	$(if $(UNIT_$(AGENT)),$(INTEROP)/agent_vectors \
		$(INTEROP)/agent_oracle_pb2.py)

$(INTEROP)/peer: tests/interop/peer.go
	@mkdir -p $(@D)
	$(call say,GO,$@)
	$(Q)GO111MODULE=off GOFLAGS= GOPATH=$(GOPATH_DEBIAN) CGO_ENABLED=0 \
		GOCACHE=$(abspath $(INTEROP))/cache $(GO) build -o $@ $<

$(INTEROP)/agent_oracle_pb2.py: tests/unit/agent_oracle.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(Q)$(PROTOC) -Itests/unit -I/usr/include --python_out=$(INTEROP) $<


$(INTEROP)/%.o: tests/interop/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(INTEROP)/hpack_blocks: $(HPACK_PARTS)

$(INTEROP)/interop_client $(INTEROP)/hpack_blocks \
		$(INTEROP)/agent_vectors: $(INTEROP)/%: \
		$(INTEROP)/%.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group
