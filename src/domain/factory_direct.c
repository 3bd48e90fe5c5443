/* SPDX-License-Identifier: Apache-2.0 */
/* The direct factory: boots each VM, under a random UUID. */
#include "vmcache/factory.h"

#define UUID_SIZE 37
#define RANDOM_SIZE 16
#define DASHES 0x550u /* one before the bytes 4, 6, 8 and 10 */

/* RFC 9562, section 5.4: 122 random bits, version 4, variant 10. */
static enum vmc_status make_uuid(const struct vmc_env *env, char out[UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t random[RANDOM_SIZE];
	enum vmc_status status = env->entropy(env->ctx, random, sizeof(random));
	size_t i, at = 0;

	if (status)
		return status;
	random[6] = (uint8_t)((random[6] & 0x0f) | 0x40);
	random[8] = (uint8_t)((random[8] & 0x3f) | 0x80);
	for (i = 0; i < sizeof(random); i++) {
		if (DASHES >> i & 1)
			out[at++] = '-';
		out[at++] = digits[random[i] >> 4];
		out[at++] = digits[random[i] & 15];
	}
	out[at] = '\0';
	return VMC_OK;
}

static enum vmc_status get_base_vm(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_factory_direct *direct = ctx;
	char id[UUID_SIZE];
	enum vmc_status status;

	if (vmc_task_active(task))
		return vmc_vm_boot(vm, vm->id, &direct->vm_config, task,
				   now_ms);
	vmc_error_reset(&vm->error);
	vm->id[0] = '\0'; /* of the one before */
	status = make_uuid(&direct->env, id);
	if (status) {
		status = vmc_error_set(&vm->error, status,
				       "no entropy for the VM's id", NULL);
		return vmc_task_end(task, status);
	}
	return vmc_vm_boot(vm, id, &direct->vm_config, task, now_ms);
}

static enum vmc_status get_config(void *ctx, struct vmc_cache_config *config,
				  struct vmc_task *task, uint64_t now_ms)
{
	const struct vmc_factory_direct *direct = ctx;

	(void)now_ms;
	*config = direct->json;
	return vmc_task_end(task, VMC_OK);
}

const struct vmc_factory_ops vmc_factory_direct_ops = {
	.name = "direct",
	.get_base_vm = get_base_vm,
	.config = get_config,
};
