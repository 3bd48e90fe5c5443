/* SPDX-License-Identifier: Apache-2.0 */
/* Plans. What QEMU itself would refuse is refused here first, in words of
 * the configuration. */
#include "qemu_plan.h"
#include "../../src/base/crc32.h"

#include <string.h>

#define PROGRAM_DEFAULT "qemu-system-x86_64"

#define VCPUS_MAX 255
#define SLOTS_DEFAULT 10
#define SLOTS_MAX 256

static int given(const char *text)
{
	return text && *text;
}

static void tidy(const char **text)
{
	if (!given(*text))
		*text = NULL;
}

/* see qemu_plan.h */
int vmc_qemu_is_builtin(const struct vmc_vm_config *config)
{
	return !given(config->kernel) && !given(config->firmware) &&
	       !given(config->image);
}

/* see qemu_plan.h */
const char *vmc_qemu_cpu(const struct vmc_qemu *qemu,
			 const struct vmc_vm_config *config,
			 enum vmc_qemu_accel accel)
{
	if (qemu->config.cpu)
		return qemu->config.cpu;
	if (accel == VMC_QEMU_KVM && !vmc_qemu_is_builtin(config))
		return "host";
	return "qemu64";
}

static uint32_t mix(uint32_t digest, const char *text)
{
	static const uint8_t end = 0;

	digest = vmc_crc32(digest, vmc_view_of(text));
	return vmc_crc32(digest, (struct vmc_view){ &end, 1 });
}

/* see qemu_plan.h */
uint32_t vmc_qemu_digest(const struct vmc_qemu *qemu,
			 const struct vmc_vm_config *config)
{
	uint32_t digest = mix(0, config->hypervisor_path);

	digest = mix(digest, config->machine_type);
	digest = mix(digest, config->kernel);
	digest = mix(digest, config->initrd);
	digest = mix(digest, config->image);
	digest = mix(digest, config->firmware);
	digest = mix(digest, config->kernel_params);
	digest = mix(digest, qemu->config.cpu);
	digest = mix(digest, qemu->config.ready);
	return digest ? digest : 1;
}

static int is_id_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

/* see qemu_plan.h */
enum vmc_status vmc_qemu_check_id(const char *id, struct vmc_error *error)
{
	size_t i;

	for (i = 0; is_id_char(id[i]); i++)
		;
	if (i == 0 || id[i] || id[0] == '.' || id[0] == '-')
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "VM's id may have letters, digits, '-', "
				     "'_' and '.' only",
				     id);
	return VMC_OK;
}

static enum vmc_status plan_vcpus(struct qemu_plan *plan,
				  enum qemu_machine machine,
				  struct vmc_error *error)
{
	const struct vmc_vm_config *config = &plan->config;
	plan->vcpus = config->vcpus ? config->vcpus : 1;
	plan->vcpus_max = config->vcpus_max ? config->vcpus_max : plan->vcpus;
	if (plan->vcpus_max > VCPUS_MAX)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "vcpus_max: at most", VCPUS_MAX);
	if (plan->vcpus_max < plan->vcpus)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "vcpus_max is below vcpus",
					    plan->vcpus);
	if (machine == QEMU_MICROVM)
		plan->vcpus_max = plan->vcpus;
	return VMC_OK;
}

static enum vmc_status plan_memory(struct qemu_plan *plan,
				   enum qemu_machine machine,
				   struct vmc_error *error)
{
	const struct vmc_vm_config *config = &plan->config;
	uint32_t most = config->memory_max_mib;

	plan->memory_mib =
		config->memory_mib ? config->memory_mib : VMC_QEMU_MEMORY_MIB;
	if (most && most < plan->memory_mib)
		return vmc_error_set_number(error, VMC_ERR_ARGUMENT,
					    "memory_max_mib is below memory",
					    plan->memory_mib);
	if (config->memory_slots > SLOTS_MAX)
		return vmc_error_set_number(error, VMC_ERR_TOO_BIG,
					    "memory_slots: at most", SLOTS_MAX);
	plan->memory_max_mib = plan->memory_slots = 0;
	if (machine == QEMU_MICROVM || most <= plan->memory_mib)
		return VMC_OK;
	plan->memory_max_mib = most;
	plan->memory_slots =
		config->memory_slots ? config->memory_slots : SLOTS_DEFAULT;
	return VMC_OK;
}

static enum vmc_status plan_machine(const struct vmc_vm_config *config,
				    enum qemu_machine machine,
				    struct vmc_error *error)
{
	if (machine == QEMU_UNKNOWN)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "machine type is none of q35, pc, microvm",
				     config->machine_type);
	if (config->initrd && !config->kernel)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "initrd without a kernel", config->initrd);
	if (given(config->kernel_params) && !config->kernel)
		return vmc_error_set(error, VMC_ERR_ARGUMENT,
				     "kernel parameters without a kernel",
				     config->kernel_params);
	return VMC_OK;
}

/* see qemu_plan.h */
enum vmc_status vmc_qemu_plan(const struct vmc_qemu *qemu,
			      const struct vmc_vm_config *config,
			      struct qemu_plan *plan,
			      char program[QEMU_PROGRAM_SIZE],
			      struct vmc_error *error)
{
	const char *name = given(config->hypervisor_path) ?
				   config->hypervisor_path :
				   PROGRAM_DEFAULT;
	enum qemu_machine machine;
	enum vmc_status status;

	memset(plan, 0, sizeof(*plan));
	plan->config = *config;
	plan->program = program;
	tidy(&plan->config.machine_type);
	tidy(&plan->config.kernel);
	tidy(&plan->config.initrd);
	tidy(&plan->config.image);
	tidy(&plan->config.firmware);
	machine = vmc_qemu_machine(plan->config.machine_type);
	plan->root_ports = machine == QEMU_Q35 ? qemu->config.root_ports : 0;
	plan->agent = qemu->config.agent;
	plan->agent_port = qemu->config.agent_port;
	status = plan_machine(&plan->config, machine, error);
	if (status == VMC_OK)
		status = plan_vcpus(plan, machine, error);
	if (status == VMC_OK)
		status = plan_memory(plan, machine, error);
	if (status == VMC_OK)
		status = vmc_qemu_find_program(name, program, error);
	return status;
}

/* see qemu_plan.h */
void vmc_qemu_plan_facts(const struct qemu_plan *plan, struct qemu_facts *facts)
{
	size_t cpu_len = strcspn(plan->cpu, ",");

	facts->vcpus = plan->vcpus;
	facts->vcpus_max = plan->vcpus_max;
	facts->memory_mib = plan->memory_mib;
	facts->memory_max_mib =
		plan->memory_max_mib ? plan->memory_max_mib : plan->memory_mib;
	facts->memory_slots = plan->memory_slots;
	facts->root_ports = plan->root_ports;
	facts->agent = plan->agent;
	facts->agent_port = plan->agent_port;
	facts->machine = vmc_qemu_machine(plan->config.machine_type);
	memset(facts->cpu, 0, sizeof(facts->cpu));
	memcpy(facts->cpu, plan->cpu, cpu_len);
}
