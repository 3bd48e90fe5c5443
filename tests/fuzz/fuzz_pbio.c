/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cache's replies, as whatever a server may send. What could be read
 * is written again and read again: to the same values.
 */
#include "fuzz.h"

#include "../../src/wire/pbio.h"

static void read_status(struct vmc_view bytes)
{
	struct vmc_cache_status status;
	struct vmc_error error;

	vmc_error_reset(&error);
	if (vmc_pbio_read_status(bytes, &status, &error)) {
		MUST(error.text[0] != '\0');
		return;
	}
	MUST(status.vm_len <= VMC_VM_MAX);
}

static void read_config(struct vmc_view bytes)
{
	struct vmc_cache_config config;
	struct vmc_error error;

	vmc_error_reset(&error);
	if (vmc_pbio_read_config(bytes, &config, &error))
		return;
	must_lie_in(config.data, bytes.ptr, bytes.ptr_len);
	must_lie_in(config.agent_config, bytes.ptr, bytes.ptr_len);
}

static size_t gather(const struct vmc_cached_vm *vm, uint8_t *out, size_t cap)
{
	struct vmc_vm message = {
		.vcpus = vm->vcpus,
		.memory_mib = vm->memory_mib,
		.cpu_delta = vm->cpu_delta,
	};
	uint8_t small[VMC_PBIO_BASE_VM_SIZE + VMC_ID_SIZE + VMC_URL_SIZE];
	struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS];
	size_t i, len = 0;
	struct vmc_writer w;

	strcpy(message.id, vm->id);
	strcpy(message.agent_url, vm->proxy_url);
	vmc_writer_init(&w, small, sizeof(small));
	vmc_pbio_gather_base_vm(&w, &message, vm->hypervisor, parts);
	MUST(!w.fail);
	for (i = 0; i < VMC_PBIO_BASE_VM_PARTS; i++) {
		MUST(parts[i].ptr_len <= cap - len);
		if (parts[i].ptr_len > 0)
			if (parts[i].ptr_len)
				memcpy(out + len, parts[i].ptr,
				       parts[i].ptr_len);
		len += parts[i].ptr_len;
	}
	return len;
}

static void read_base_vm(struct vmc_view bytes)
{
	struct vmc_cached_vm vm, again;
	size_t cap = bytes.ptr_len + 512;
	struct vmc_error error;
	struct vmc_view written;
	uint8_t *out;

	vmc_error_reset(&error);
	if (vmc_pbio_read_base_vm(bytes, &vm, &error)) {
		MUST(error.text[0] != '\0');
		return;
	}
	must_lie_in(vm.hypervisor, bytes.ptr, bytes.ptr_len);
	out = malloc(cap);
	written.ptr = out;
	written.ptr_len = gather(&vm, out, cap);
	MUST(vmc_pbio_read_base_vm(written, &again, &error) == VMC_OK);
	MUST(!strcmp(vm.id, again.id));
	MUST(!strcmp(vm.proxy_url, again.proxy_url));
	MUST(vmc_view_equal(vm.hypervisor, again.hypervisor));
	MUST(vm.vcpus == again.vcpus);
	MUST(vm.memory_mib == again.memory_mib);
	MUST(vm.cpu_delta == again.cpu_delta);
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vmc_view bytes;

	bytes.ptr = data;
	bytes.ptr_len = size;
	read_status(bytes);
	read_config(bytes);
	read_base_vm(bytes);
	if (vmc_pbio_read_empty(bytes))
		return 0;
	return 0;
}
