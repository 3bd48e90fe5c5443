# SPDX-License-Identifier: Apache-2.0
#
# What all Cortex-M have in common. The archive needs no libc but five
# functions; the tests, which print, have newlib's.
CROSS_COMPILE = arm-none-eabi-
CC = $(CROSS_COMPILE)gcc
ARCH = $(CPU)
TARGET_FILE = ELF 32-bit LSB executable, ARM, EABI5
BUILD ?= build/$(TARGET)
PORTS = mock sim null
TARGET_UNIT = $(UNIT_ANYWHERE)
TARGET_SCENARIO = $(SCENARIO_ANYWHERE)
RUN = qemu-system-arm $(BOARD) -display none -monitor none -serial none \
	-chardev stdio,id=out \
	-semihosting-config enable=on,target=native,chardev=out -kernel

CORTEX_M = tests/conf/cortex-m
BOARD_FLASH = --defsym=FLASH_SIZE=0x400000
LINK = -nostartfiles -T $(CORTEX_M)/cortex-m.ld -Wl,$(BOARD_FLASH),$(BOARD_RAM)
# newlib's uint32_t is a long, as wide as what %u takes
TARGET_TEST_CPPFLAGS = -Wno-format -DHOSTILE_CROWD=512 \
	-DWORLD_MACHINE_MAX=16384
TARGET_TEST_OBJECTS = $(BUILD)/tests/cortex_m_start.o \
	$(BUILD)/tests/cortex_m_libc.o

$(BUILD)/tests/cortex_m_%.o: $(CORTEX_M)/cortex_m_%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(call compile,)
