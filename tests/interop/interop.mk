# SPDX-License-Identifier: Apache-2.0
#
# Interop with other implementations (tests/interop/peers/), built without a
# network from what Debian and npm have: `make deps-interop` installs that.
# What is not there is not built, and its tests say so.

GO ?= go
CARGO ?= cargo
CXX ?= g++
GOPATH_DEBIAN ?= /usr/share/gocode
CARGO_DEBIAN ?= /usr/share/cargo/registry

INTEROP = $(BUILD)/interop
PEERS = tests/interop/peers

HAVE_GO := $(shell command -v $(GO))
HAVE_CARGO := $(shell command -v $(CARGO))
HAVE_go = $(and $(HAVE_GO),$(wildcard /usr/bin/protoc-gen-go),$(wildcard \
	$(GOPATH_DEBIAN)/src/google.golang.org/grpc/server.go))
HAVE_ttrpc-go = $(and $(HAVE_go),$(wildcard \
	$(GOPATH_DEBIAN)/src/github.com/containerd/ttrpc/server.go))
HAVE_ttrpc-rust = $(and $(HAVE_CARGO),$(wildcard \
	$(CARGO_DEBIAN)/ttrpc-0.5*/Cargo.toml))
HAVE_cpp = $(and $(wildcard /usr/bin/grpc_cpp_plugin),$(wildcard \
	/usr/include/grpcpp/grpcpp.h))
HAVE_python = $(and $(wildcard /usr/bin/grpc_python_plugin),$(wildcard \
	/usr/lib/python3/dist-packages/grpc/__init__.py))

PEER_PROGRAMS = $(foreach peer,go cpp ttrpc-go ttrpc-rust,\
	$(if $(HAVE_$(peer)),$(INTEROP)/peer_$(peer))) \
	$(if $(HAVE_python),$(INTEROP)/python/cache_pb2_grpc.py) \
	$(INTEROP)/cache.desc

.PHONY: interop_programs check-interop
interop_programs: $(INTEROP)/interop_client $(INTEROP)/interop_cache \
	$(INTEROP)/hpack_blocks \
	$(PEER_PROGRAMS) $(if $(UNIT_$(AGENT)),$(INTEROP)/agent_vectors \
		$(INTEROP)/agent_oracle_pb2.py)

check-interop: program interop_programs $(BUILD)/tests/program_tool ## the interop tests alone
	$(Q)tests/run.sh $(INTEROP_TESTS)

# -- Ours --------------------------------------------------------------------

$(INTEROP)/%.o: tests/interop/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,$(TEST_CPPFLAGS))

$(INTEROP)/hpack_blocks: $(HPACK_PARTS)

$(INTEROP)/interop_client $(INTEROP)/interop_cache $(INTEROP)/hpack_blocks \
		$(INTEROP)/agent_vectors: $(INTEROP)/%: $(INTEROP)/%.o $(LIBS)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
		-Wl,--start-group $(LIBS) -Wl,--end-group

# -- Messages, by each peer's own protobuf -----------------------------------

peer_protoc = $(Q)$(PROTOC) -Iproto -I/usr/include
GO_OPTIONS = plugins=grpc,import_path=cachepb,Mgoogle/protobuf/empty.proto=$\
	github.com/golang/protobuf/ptypes/empty

$(INTEROP)/gopath/src/cachepb/cache.pb.go: proto/cache.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(peer_protoc) --go_out=$(GO_OPTIONS):$(@D) $<

$(INTEROP)/cpp/cache.grpc.pb.cc: proto/cache.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(peer_protoc) --plugin=protoc-gen-grpc=/usr/bin/grpc_cpp_plugin \
		--cpp_out=$(@D) --grpc_out=$(@D) $<

$(INTEROP)/python/cache_pb2_grpc.py: proto/cache.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(peer_protoc) --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin \
		--python_out=$(@D) --grpc_out=$(@D) $<

$(INTEROP)/cache.desc: proto/cache.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(peer_protoc) --include_imports --descriptor_set_out=$@ $<

$(INTEROP)/agent_oracle_pb2.py: tests/unit/agent_oracle.proto
	@mkdir -p $(@D)
	$(call say,PROTOC,$@)
	$(Q)$(PROTOC) -Itests/unit -I/usr/include --python_out=$(INTEROP) $<

# -- Peers -------------------------------------------------------------------

define go_peer
$(INTEROP)/peer_$(1): $(wildcard $(PEERS)/$(1)/*.go) \
		$(INTEROP)/gopath/src/cachepb/cache.pb.go
	$$(call say,GO,$$@)
	$$(Q)GO111MODULE=off GOFLAGS= CGO_ENABLED=0 \
		GOPATH=$(abspath $(INTEROP))/gopath:$(GOPATH_DEBIAN) \
		GOCACHE=$(abspath $(INTEROP))/cache \
		$(GO) build -ldflags "-s -w" -o $$@ $(wildcard $(PEERS)/$(1)/*.go)
endef
$(foreach peer,go ttrpc-go,$(eval $(call go_peer,$(peer))))

$(INTEROP)/peer_cpp: $(PEERS)/cpp/peer.cc $(INTEROP)/cpp/cache.grpc.pb.cc
	$(call say,CXX,$@)
	$(Q)$(CXX) -std=c++17 -O2 -I$(INTEROP)/cpp -o $@ $^ \
		$(INTEROP)/cpp/cache.pb.cc -lgrpc++ -lprotobuf -lgrpc -lgpr \
		-labsl_synchronization -pthread

# cargo writes beside what it reads
RUST = $(abspath $(INTEROP))/rust
$(INTEROP)/peer_ttrpc-rust: $(PEERS)/ttrpc-rust/Cargo.toml \
		$(PEERS)/ttrpc-rust/build.rs $(PEERS)/ttrpc-rust/src/main.rs \
		proto/cache.proto
	$(call say,CARGO,$@)
	@mkdir -p $(RUST)/home
	$(Q)cp -r $(PEERS)/ttrpc-rust/. $(RUST)
	$(Q)cd $(RUST) && CARGO_HOME=$(RUST)/home PEER_PROTO=$(CURDIR)/proto \
		$(CARGO) build --quiet --offline \
		--config 'source.crates-io.replace-with="debian"' \
		--config 'source.debian.directory="$(CARGO_DEBIAN)"'
	$(Q)cp $(RUST)/target/debug/peer $@
