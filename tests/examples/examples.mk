# SPDX-License-Identifier: Apache-2.0
#
# Programs that use the library as its users do: they see what `make install`
# installs, and nothing else.

EXAMPLES = $(BUILD)/examples
EXAMPLE_PROGRAMS = $(EXAMPLES)/minimal_vmm $(EXAMPLES)/own_loop
EXAMPLE_TESTS = tests/examples/test_minimal_vmm.sh \
	tests/examples/test_own_loop.sh $(BUILD)/firmware/examples/firmware
EXAMPLE_FLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) $(ARCH) $(CFLAGS) \
	-Iinclude $(PORTS:%=-Iport/%) $(KNOBS) -MMD -MP

.PHONY: example_programs firmware
example_programs: $(EXAMPLE_PROGRAMS) firmware

$(EXAMPLES)/%.o: tests/examples/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(EXAMPLE_FLAGS) -c $< -o $@

# the kernel's own headers are not musl's
$(EXAMPLES)/minimal_vmm_kvm.o: EXAMPLE_FLAGS += -idirafter /usr/include \
	-idirafter /usr/include/$(shell $(HOST_CC) -print-multiarch)

MINIMAL_VMM = minimal_vmm minimal_vmm_driver minimal_vmm_kvm minimal_vmm_take

$(EXAMPLES)/minimal_vmm: $(MINIMAL_VMM:%=$(EXAMPLES)/%.o) \
		$(BUILD)/libvmcache-posix.a $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ARCH) $(CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

$(EXAMPLES)/own_loop: $(EXAMPLES)/own_loop.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ARCH) $(CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

# Server and client for 16 KiB of RAM: an archive of its own, with no agent but
# the no-op one and with small knobs, for this machine; and for a Cortex-M by
# `make TARGET=cortex-m3 firmware`, where the board's RAM is.
FIRMWARE_KNOBS = -DVMC_VM_MAX=2 -DVMC_CONNECTION_MAX=2 -DVMC_CALL_MAX=2 \
	-DVMC_WINDOW_SIZE=128 -DVMC_REPLY_MAX=1 -DVMC_CHANNEL_CALL_MAX=2 \
	-DVMC_REQUEST_SIZE=256 -DVMC_ID_SIZE=37 -DVMC_URL_SIZE=16 \
	-DVMC_HYPERVISOR_SIZE=128 -DVMC_ERROR_TEXT_SIZE=64 -DVMC_EVENT_MAX=4 \
	-DVMC_SIM_RING_SIZE=512
comma = ,
FIRMWARE_RAM = $(firstword $(subst $(comma), ,$(BOARD_RAM)))$(comma)--defsym=RAM_SIZE=0x4000
FIRMWARE_BOARD = $(if $(CORTEX_M),$(EXAMPLES)/firmware_cortex_m.o \
	$(BUILD)/tests/cortex_m_start.o,$(EXAMPLES)/firmware_host.o)
$(EXAMPLES)/firmware_cortex_m.o: EXAMPLE_FLAGS += -I$(CORTEX_M)

firmware:
	+$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/firmware AGENT=noop \
		TRANSPORT=ttrpc KNOBS="$(FIRMWARE_KNOBS)" \
		BOARD_RAM=$(FIRMWARE_RAM) $(BUILD)/firmware/examples/firmware

$(EXAMPLES)/firmware: $(EXAMPLES)/firmware.o $(FIRMWARE_BOARD) \
		$(patsubst %,$(BUILD)/libvmcache-%.a,sim mock) $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ARCH) $(CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

-include $(wildcard $(EXAMPLES)/*.d)
