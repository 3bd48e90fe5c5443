# SPDX-License-Identifier: Apache-2.0
#
# Programs that use the library as its users do: they see what `make install`
# installs, and nothing else.

EXAMPLES = $(BUILD)/examples
EXAMPLE_PROGRAMS = $(EXAMPLES)/minimal_vmm $(EXAMPLES)/own_loop
EXAMPLE_TESTS = tests/examples/test_minimal_vmm.sh \
	tests/examples/test_own_loop.sh
EXAMPLE_FLAGS = -std=c11 -D_GNU_SOURCE $(WARNINGS) -fPIE $(CFLAGS) \
	-Iinclude $(PORTS:%=-Iport/%) $(KNOBS) -MMD -MP

.PHONY: example_programs
example_programs: $(EXAMPLE_PROGRAMS)

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
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

$(EXAMPLES)/own_loop: $(EXAMPLES)/own_loop.o $(LIB)
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $(filter %.o %.a,$^)

-include $(wildcard $(EXAMPLES)/*.d)
