/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of a VM, as JSON. Writer and reader stand side by side, one
 * pair of functions for each object.
 */
#include "qemu_json.h"
#include "qemu_files.h"
#include "../../src/base/json_read.h"
#include "../../src/base/json_write.h"

#include <stdio.h>
#include <string.h>

/* Devices that Kata puts on a bridge of type pci (PCIBridgeMaxCapacity). */
#define BRIDGE_CAPACITY 30
#define BRIDGE_ADDRESS 2

static const char *const agent_names[] = {
	[VMC_QEMU_AGENT_SERIAL] = "serial",
	[VMC_QEMU_AGENT_VSOCK] = "vsock",
};

/* see qemu_json.h */
int vmc_qemu_is_uuid(const char *id)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i]; i++) {
		if (form[i] == '-' ?
			    id[i] != '-' :
			    !id[i] || !strchr("0123456789abcdefABCDEF", id[i]))
			return 0;
	}
	return id[i] == '\0';
}

/*
 * Writing
 */

static void put_text(struct vmc_json_writer *w, const char *key,
		     const char *text)
{
	vmc_json_put_key(w, key);
	vmc_json_put_text(w, text);
}

static void put_number(struct vmc_json_writer *w, const char *key,
		       uint64_t number)
{
	vmc_json_put_key(w, key);
	vmc_json_put_u64(w, number);
}

static void put_socket(struct vmc_json_writer *w, const char *key,
		       const struct qemu_facts *facts, const char *name)
{
	char path[VMC_QEMU_PATH_SIZE];

	vmc_qemu_path(path, facts->dir, name);
	put_text(w, key, path);
}

/* types.Bridge, with what Kata up to 1.8 called its devices. */
static void put_bridges(struct vmc_json_writer *w,
			const struct qemu_facts *facts)
{
	vmc_json_put_key(w, "Bridges");
	if (facts->machine == QEMU_MICROVM) {
		vmc_json_put_null(w);
		return;
	}
	vmc_json_begin_array(w);
	vmc_json_begin_object(w);
	vmc_json_put_key(w, "Devices");
	vmc_json_begin_object(w);
	vmc_json_end_object(w);
	vmc_json_put_key(w, "Address");
	vmc_json_begin_object(w);
	vmc_json_end_object(w);
	put_text(w, "ID", "pci-bridge-0");
	put_text(w, "Type", "pci");
	put_number(w, "Addr", BRIDGE_ADDRESS);
	put_number(w, "MaxCapacity", BRIDGE_CAPACITY);
	put_text(w, "ParentID", "");
	put_number(w, "ParentAddr", 0);
	vmc_json_end_object(w);
	vmc_json_end_array(w);
}

/* []hv.CPUDevice; a nil slice is null. */
static void put_added_vcpus(struct vmc_json_writer *w,
			    const struct qemu_facts *facts)
{
	char name[16];
	uint32_t i;

	vmc_json_put_key(w, "HotpluggedVCPUs");
	if (facts->vcpus_added == 0) {
		vmc_json_put_null(w);
		return;
	}
	vmc_json_begin_array(w);
	for (i = 0; i < facts->vcpus_added; i++) {
		snprintf(name, sizeof(name), "cpu-%lu", (unsigned long)i);
		vmc_json_begin_object(w);
		put_text(w, "ID", name);
		vmc_json_end_object(w);
	}
	vmc_json_end_array(w);
}

/* QemuState */
static void put_state(struct vmc_json_writer *w, const struct qemu_facts *facts,
		      const char *id)
{
	vmc_json_put_key(w, "State");
	vmc_json_begin_object(w);
	put_text(w, "UUID", vmc_qemu_is_uuid(id) ? id : "");
	put_text(w, "HotPlugVFIO", facts->root_ports ? "root-port" : "no-port");
	put_bridges(w, facts);
	put_added_vcpus(w, facts);
	put_number(w, "HotpluggedMemory", facts->memory_added_mib);
	put_number(w, "VirtiofsDaemonPid", 0);
	put_text(w, "HotplugVFIO", "");
	put_text(w, "ColdPlugVFIO", "no-port");
	put_number(w, "PCIeRootPort", facts->root_ports);
	put_number(w, "PCIeSwitchPort", 0);
	vmc_json_end_object(w);
}

/* govmm's SMP */
static void put_smp(struct vmc_json_writer *w, const struct qemu_facts *facts)
{
	vmc_json_put_key(w, "QemuSMP");
	vmc_json_begin_object(w);
	put_number(w, "CPUs", facts->vcpus);
	put_number(w, "Cores", 1);
	put_number(w, "Threads", 1);
	put_number(w, "Sockets", facts->vcpus_max);
	put_number(w, "MaxCPUs", facts->vcpus_max);
	vmc_json_end_object(w);
}

static void put_ours(struct vmc_json_writer *w, const struct qemu_facts *facts)
{
	put_number(w, "Pid", (uint64_t)facts->pid);
	put_number(w, "StartTime", facts->start_time);
	put_socket(w, "ConsolePath", facts, QEMU_CONSOLE);
	put_text(w, "Machine", vmc_qemu_machine_name(facts->machine));
	put_text(w, "CPUModel", facts->cpu);
	put_number(w, "Memory", facts->memory_mib);
	put_number(w, "MaxMemory", facts->memory_max_mib);
	put_number(w, "MemorySlots", facts->memory_slots);
	put_number(w, "HotpluggedDIMMs", facts->dimms);
	if (facts->agent != VMC_QEMU_AGENT_NONE)
		put_text(w, "Agent", agent_names[facts->agent]);
	if (facts->agent == VMC_QEMU_AGENT_VSOCK)
		put_number(w, "AgentPort", facts->agent_port);
}

/* see qemu_json.h */
enum vmc_status vmc_qemu_facts_write(const struct qemu_facts *facts,
				     const char *id, uint8_t *out, size_t cap,
				     size_t *out_len)
{
	struct vmc_json_writer w;

	vmc_json_writer_init(&w, out, cap);
	vmc_json_begin_object(&w);
	put_text(&w, "ID", id);
	put_number(&w, "ContextID", facts->context_id);
	put_socket(&w, "QmpChannelpath", facts, QEMU_CONTROL);
	put_state(&w, facts, id);
	put_number(&w, "NvdimmCount", 0);
	put_smp(&w, facts);
	put_ours(&w, facts);
	vmc_json_end_object(&w);
	return vmc_json_writer_end(&w, out_len);
}

/*
 * Reading
 */

static uint32_t take_u32(struct vmc_json_reader *r)
{
	return (uint32_t)vmc_json_take_u64(r, UINT32_MAX);
}

static void take_added_vcpus(struct vmc_json_reader *r,
			     struct qemu_facts *facts)
{
	if (vmc_json_peek(r) == VMC_JSON_NULL) {
		vmc_json_take_null(r);
		return;
	}
	vmc_json_enter_array(r);
	while (vmc_json_next_element(r)) {
		vmc_json_skip(r);
		facts->vcpus_added++;
	}
}

static void take_state(struct vmc_json_reader *r, struct qemu_facts *facts)
{
	struct vmc_view key;

	vmc_json_enter_object(r);
	while (vmc_json_next_member(r, &key)) {
		if (vmc_json_text_is(key, "HotpluggedVCPUs"))
			take_added_vcpus(r, facts);
		else if (vmc_json_text_is(key, "HotpluggedMemory"))
			facts->memory_added_mib = take_u32(r);
		else if (vmc_json_text_is(key, "PCIeRootPort"))
			facts->root_ports = take_u32(r);
		else
			vmc_json_skip(r);
	}
}

static void take_smp(struct vmc_json_reader *r, struct qemu_facts *facts)
{
	struct vmc_view key;

	vmc_json_enter_object(r);
	while (vmc_json_next_member(r, &key)) {
		if (vmc_json_text_is(key, "CPUs"))
			facts->vcpus = take_u32(r);
		else if (vmc_json_text_is(key, "MaxCPUs"))
			facts->vcpus_max = take_u32(r);
		else
			vmc_json_skip(r);
	}
}

/* The directory of the control channel's path. */
static void take_dir(struct vmc_json_reader *r, struct qemu_facts *facts)
{
	char path[VMC_QEMU_PATH_SIZE];
	size_t len = vmc_json_take_text(r, path, sizeof(path));
	size_t name_len = sizeof(QEMU_CONTROL) - 1;

	if (len <= name_len || len - name_len >= sizeof(facts->dir) ||
	    path[0] != '/' || strcmp(path + len - name_len, QEMU_CONTROL)) {
		vmc_json_refuse(r, VMC_ERR_MALFORMED,
				"QmpChannelpath is not DIRECTORY" QEMU_CONTROL);
		return;
	}
	memcpy(facts->dir, path, len - name_len);
	facts->dir[len - name_len] = '\0';
}

static void take_id(struct vmc_json_reader *r, struct qemu_facts *facts,
		    const char *id)
{
	struct vmc_view found = vmc_json_take_string(r);

	facts->named = 1;
	if (!vmc_json_text_is(found, id))
		vmc_json_refuse(r, VMC_ERR_MALFORMED, "another VM's ID");
}

static void take_machine(struct vmc_json_reader *r, struct qemu_facts *facts)
{
	char name[16];

	vmc_json_take_text(r, name, sizeof(name));
	facts->machine = vmc_qemu_machine(name);
}

static void take_agent(struct vmc_json_reader *r, struct qemu_facts *facts)
{
	struct vmc_view name = vmc_json_take_string(r);

	if (vmc_json_text_is(name, agent_names[VMC_QEMU_AGENT_SERIAL]))
		facts->agent = VMC_QEMU_AGENT_SERIAL;
	else if (vmc_json_text_is(name, agent_names[VMC_QEMU_AGENT_VSOCK]))
		facts->agent = VMC_QEMU_AGENT_VSOCK;
	else
		vmc_json_refuse(r, VMC_ERR_MALFORMED,
				"Agent is none of serial, vsock");
}

/* Keys of ours; 0 if it is none of them. */
static int take_ours(struct vmc_json_reader *r, struct vmc_view key,
		     struct qemu_facts *facts)
{
	if (vmc_json_text_is(key, "Pid"))
		facts->pid = (int64_t)vmc_json_take_u64(r, INT32_MAX);
	else if (vmc_json_text_is(key, "StartTime"))
		facts->start_time = vmc_json_take_u64(r, UINT64_MAX);
	else if (vmc_json_text_is(key, "Machine"))
		take_machine(r, facts);
	else if (vmc_json_text_is(key, "CPUModel"))
		vmc_json_take_text(r, facts->cpu, sizeof(facts->cpu));
	else if (vmc_json_text_is(key, "Memory"))
		facts->memory_mib = take_u32(r);
	else if (vmc_json_text_is(key, "MaxMemory"))
		facts->memory_max_mib = take_u32(r);
	else if (vmc_json_text_is(key, "MemorySlots"))
		facts->memory_slots = take_u32(r);
	else if (vmc_json_text_is(key, "HotpluggedDIMMs"))
		facts->dimms = take_u32(r);
	else if (vmc_json_text_is(key, "Agent"))
		take_agent(r, facts);
	else if (vmc_json_text_is(key, "AgentPort"))
		facts->agent_port = take_u32(r);
	else
		return 0;
	return 1;
}

static void take_member(struct vmc_json_reader *r, struct vmc_view key,
			struct qemu_facts *facts, const char *id)
{
	if (vmc_json_text_is(key, "ID"))
		take_id(r, facts, id);
	else if (vmc_json_text_is(key, "ContextID"))
		facts->context_id = take_u32(r);
	else if (vmc_json_text_is(key, "QmpChannelpath"))
		take_dir(r, facts);
	else if (vmc_json_text_is(key, "State"))
		take_state(r, facts);
	else if (vmc_json_text_is(key, "QemuSMP"))
		take_smp(r, facts);
	else if (!take_ours(r, key, facts))
		vmc_json_skip(r);
}

/* see qemu_json.h */
enum vmc_status vmc_qemu_facts_read(struct qemu_facts *facts, const char *id,
				    struct vmc_view saved,
				    struct vmc_error *error)
{
	struct vmc_json_reader r;
	struct vmc_view key;

	memset(facts, 0, sizeof(*facts));
	vmc_json_reader_init(&r, saved);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key))
		take_member(&r, key, facts, id);
	if (!facts->named || facts->dir[0] == '\0')
		vmc_json_refuse(&r, VMC_ERR_MALFORMED,
				"no ID or no QmpChannelpath");
	if (vmc_json_end(&r))
		return vmc_json_explain(&r, "saved QEMU VM", error);
	return VMC_OK;
}
