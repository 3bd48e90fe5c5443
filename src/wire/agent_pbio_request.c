/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages: what a sandbox, a container and a process are made
 * of. Views go both ways as they are. fill_* and keep_*: agent_pbio.c.
 */
#include "agent_pbio.h"

#include <pb_encode.h>

#include "agent.pb.h"
#include "field.h"
#include "message_list.h"

#include <string.h>

/* Texts of a request, all lists together, and structs of one list. */
#define TEXTS_KNOB ": VMC_AGENT_SERVICE_LIST_MAX"
#define STRUCTS_KNOB ": VMC_AGENT_SERVICE_LIST_MAX / 4"

/* A list of views, to be written; or, with the length 0, to be read. */
static struct vmc_list list_of_views(const struct vmc_view *views, size_t len,
				     const char *name)
{
	struct vmc_list list = { &vmc_list_views, (void *)views, (uint32_t)len,
				 0, name };

	return list;
}

static struct vmc_list list_of(const struct vmc_list_type *type,
			       const void *ptr, size_t len, const char *name)
{
	struct vmc_list list = { type, (void *)ptr, (uint32_t)len, 0, name };

	return list;
}

/* -- Storage --------------------------------------------------------------- */

static void fill_storage(vmc_grpc_Storage *message,
			 const struct vmc_storage *storage)
{
	message->driver = storage->driver;
	message->driver_options = list_of_views(
		storage->driver_options, storage->driver_options_len,
		"Storage.driver_options" TEXTS_KNOB);
	message->source = storage->source;
	message->fstype = storage->fstype;
	message->options = list_of_views(storage->options, storage->options_len,
					 "Storage.options" TEXTS_KNOB);
	message->mount_point = storage->mount_point;
	message->has_fs_group = storage->has_fs_group != 0;
	message->fs_group.group_id = storage->fs_group_id;
	message->fs_group.group_change_policy = storage->fs_group_change_policy;
	message->shared = storage->shared != 0;
}

static void keep_storage(struct vmc_storage *storage,
			 const vmc_grpc_Storage *message)
{
	storage->driver = message->driver;
	storage->driver_options = message->driver_options.ptr;
	storage->driver_options_len = message->driver_options.len;
	storage->source = message->source;
	storage->fstype = message->fstype;
	storage->options = message->options.ptr;
	storage->options_len = message->options.len;
	storage->mount_point = message->mount_point;
	storage->has_fs_group = message->has_fs_group;
	storage->fs_group_id = message->fs_group.group_id;
	storage->fs_group_change_policy = message->fs_group.group_change_policy;
	storage->shared = message->shared;
}

static bool read_storage(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	vmc_grpc_Storage message;

	fill_storage(&message, element);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_Storage_fields,
				    &message))
		return false;
	keep_storage(element, &message);
	return true;
}

static bool write_storage(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_Storage message;

	fill_storage(&message, element);
	return pb_encode(stream, vmc_grpc_Storage_fields, &message);
}

const struct vmc_list_type vmc_list_storages = {
	.size = sizeof(struct vmc_storage),
	.read = read_storage,
	.write = write_storage,
};

/* -- Device ---------------------------------------------------------------- */

static void fill_device(vmc_grpc_Device *message,
			const struct vmc_device *device)
{
	message->id = device->id;
	message->type = device->type;
	message->vm_path = device->vm_path;
	message->container_path = device->container_path;
	message->options = list_of_views(device->options, device->options_len,
					 "Device.options" TEXTS_KNOB);
}

static bool read_device(struct vmc_reading *reading, struct vmc_view bytes,
			void *element)
{
	struct vmc_device *device = element;
	vmc_grpc_Device message;

	fill_device(&message, device);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_Device_fields,
				    &message))
		return false;
	device->id = message.id;
	device->type = message.type;
	device->vm_path = message.vm_path;
	device->container_path = message.container_path;
	device->options = message.options.ptr;
	device->options_len = message.options.len;
	return true;
}

static bool write_device(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_Device message;

	fill_device(&message, element);
	return pb_encode(stream, vmc_grpc_Device_fields, &message);
}

const struct vmc_list_type vmc_list_devices = {
	.size = sizeof(struct vmc_device),
	.read = read_device,
	.write = write_device,
};

/* -- SharedMount ----------------------------------------------------------- */

static void fill_shared_mount(vmc_grpc_SharedMount *message,
			      const struct vmc_shared_mount *mount)
{
	message->name = mount->name;
	message->src_ctr = mount->source_container;
	message->src_path = mount->source_path;
	message->dst_ctr = mount->container;
	message->dst_path = mount->path;
}

static bool read_shared_mount(struct vmc_reading *reading,
			      struct vmc_view bytes, void *element)
{
	struct vmc_shared_mount *mount = element;
	vmc_grpc_SharedMount message;

	fill_shared_mount(&message, mount);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_SharedMount_fields,
				    &message))
		return false;
	mount->name = message.name;
	mount->source_container = message.src_ctr;
	mount->source_path = message.src_path;
	mount->container = message.dst_ctr;
	mount->path = message.dst_path;
	return true;
}

static bool write_shared_mount(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_SharedMount message;

	fill_shared_mount(&message, element);
	return pb_encode(stream, vmc_grpc_SharedMount_fields, &message);
}

const struct vmc_list_type vmc_list_shared_mounts = {
	.size = sizeof(struct vmc_shared_mount),
	.read = read_shared_mount,
	.write = write_shared_mount,
};

/* -- KernelModule ---------------------------------------------------------- */

static void fill_kernel_module(vmc_grpc_KernelModule *message,
			       const struct vmc_kernel_module *module)
{
	message->name = module->name;
	message->parameters =
		list_of_views(module->parameters, module->parameters_len,
			      "KernelModule.parameters" TEXTS_KNOB);
}

static bool read_kernel_module(struct vmc_reading *reading,
			       struct vmc_view bytes, void *element)
{
	struct vmc_kernel_module *module = element;
	vmc_grpc_KernelModule message;

	fill_kernel_module(&message, module);
	if (!vmc_message_read_inner(reading, bytes,
				    vmc_grpc_KernelModule_fields, &message))
		return false;
	module->name = message.name;
	module->parameters = message.parameters.ptr;
	module->parameters_len = message.parameters.len;
	return true;
}

static bool write_kernel_module(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_KernelModule message;

	fill_kernel_module(&message, element);
	return pb_encode(stream, vmc_grpc_KernelModule_fields, &message);
}

const struct vmc_list_type vmc_list_kernel_modules = {
	.size = sizeof(struct vmc_kernel_module),
	.read = read_kernel_module,
	.write = write_kernel_module,
};

/* -- StringUser ------------------------------------------------------------ */

static void fill_string_user(vmc_grpc_StringUser *message,
			     const struct vmc_string_user *user)
{
	message->uid = user->uid;
	message->gid = user->gid;
	message->additionalGids =
		list_of_views(user->additional_gids, user->additional_gids_len,
			      "StringUser.additionalGids" TEXTS_KNOB);
}

static bool read_string_user(struct vmc_reading *reading, struct vmc_view bytes,
			     void *element)
{
	struct vmc_string_user *user = element;
	vmc_grpc_StringUser message;

	fill_string_user(&message, user);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_StringUser_fields,
				    &message))
		return false;
	user->uid = message.uid;
	user->gid = message.gid;
	user->additional_gids = message.additionalGids.ptr;
	user->additional_gids_len = message.additionalGids.len;
	return true;
}

static bool write_string_user(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_StringUser message;

	fill_string_user(&message, element);
	return pb_encode(stream, vmc_grpc_StringUser_fields, &message);
}

static const struct vmc_list_type string_user_type = {
	.size = sizeof(struct vmc_string_user),
	.read = read_string_user,
	.write = write_string_user,
};

/* Read to `user`; written only if there is one. */
static struct vmc_list string_user_of(const struct vmc_string_user *user)
{
	size_t len = user->uid.ptr_len > 0 || user->gid.ptr_len > 0 ||
		     user->additional_gids_len > 0;

	return list_of(&string_user_type, user, len, "string_user");
}

/* -- CreateSandboxRequest -------------------------------------------------- */

static void fill_sandbox(vmc_grpc_CreateSandboxRequest *message,
			 const struct vmc_sandbox *sandbox)
{
	message->hostname = sandbox->hostname;
	message->dns = list_of_views(sandbox->dns, sandbox->dns_len,
				     "CreateSandboxRequest.dns" TEXTS_KNOB);
	message->storages = list_of(
		&vmc_list_storages, sandbox->storages, sandbox->storages_len,
		"CreateSandboxRequest.storages" STRUCTS_KNOB);
	message->sandbox_pidns = sandbox->pid_namespace_shared != 0;
	message->sandbox_id = sandbox->id;
	message->guest_hook_path = sandbox->guest_hook_path;
	message->kernel_modules =
		list_of(&vmc_list_kernel_modules, sandbox->kernel_modules,
			sandbox->kernel_modules_len,
			"CreateSandboxRequest.kernel_modules" STRUCTS_KNOB);
}

static void keep_sandbox(struct vmc_sandbox *sandbox,
			 const vmc_grpc_CreateSandboxRequest *message)
{
	sandbox->hostname = message->hostname;
	sandbox->dns = message->dns.ptr;
	sandbox->dns_len = message->dns.len;
	sandbox->storages_len = message->storages.len;
	sandbox->pid_namespace_shared = message->sandbox_pidns;
	sandbox->id = message->sandbox_id;
	sandbox->guest_hook_path = message->guest_hook_path;
	sandbox->kernel_modules_len = message->kernel_modules.len;
}

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_sandbox(struct vmc_view bytes,
				       struct vmc_sandbox *sandbox,
				       struct vmc_agent_request_room *room,
				       struct vmc_error *error)
{
	vmc_grpc_CreateSandboxRequest message;
	enum vmc_status status;

	memset(sandbox, 0, sizeof(*sandbox));
	sandbox->storages = room->storages;
	sandbox->kernel_modules = room->kernel_modules;
	fill_sandbox(&message, sandbox);
	message.storages.cap = room->storages_cap;
	message.kernel_modules.cap = room->kernel_modules_cap;
	status = vmc_message_read(bytes, "CreateSandboxRequest",
				  vmc_grpc_CreateSandboxRequest_fields,
				  &message, &room->views, error);
	keep_sandbox(sandbox, &message);
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_sandbox(struct vmc_writer *w,
			     const struct vmc_sandbox *sandbox)
{
	vmc_grpc_CreateSandboxRequest message;

	fill_sandbox(&message, sandbox);
	vmc_message_write(w, vmc_grpc_CreateSandboxRequest_fields, &message);
}

/* -- CreateContainerRequest ------------------------------------------------ */

static void fill_container(vmc_grpc_CreateContainerRequest *message,
			   const struct vmc_container *container)
{
	memset(message, 0, sizeof(*message));
	message->container_id = container->id;
	message->exec_id = container->exec_id;
	message->string_user = string_user_of(&container->string_user);
	message->devices = list_of(
		&vmc_list_devices, container->devices, container->devices_len,
		"CreateContainerRequest.devices" STRUCTS_KNOB);
	message->storages =
		list_of(&vmc_list_storages, container->storages,
			container->storages_len,
			"CreateContainerRequest.storages" STRUCTS_KNOB);
	message->sandbox_pidns = container->pid_namespace_shared != 0;
	message->shared_mounts =
		list_of(&vmc_list_shared_mounts, container->shared_mounts,
			container->shared_mounts_len,
			"CreateContainerRequest.shared_mounts" STRUCTS_KNOB);
	message->stdin_port = container->ports.stdin_port;
	message->stdout_port = container->ports.stdout_port;
	message->stderr_port = container->ports.stderr_port;
}

static void keep_container(struct vmc_container *container,
			   const vmc_grpc_CreateContainerRequest *message)
{
	container->id = message->container_id;
	container->exec_id = message->exec_id;
	container->devices_len = message->devices.len;
	container->storages_len = message->storages.len;
	container->oci = message->OCI;
	container->pid_namespace_shared = message->sandbox_pidns;
	container->shared_mounts_len = message->shared_mounts.len;
	container->ports.stdin_port = message->stdin_port;
	container->ports.stdout_port = message->stdout_port;
	container->ports.stderr_port = message->stderr_port;
}

/* The message is the caller's: in a frame of its own, for it is large. */
static __attribute__((noinline)) enum vmc_status
read_container(struct vmc_view bytes, struct vmc_container *container,
	       vmc_grpc_CreateContainerRequest *message,
	       struct vmc_agent_request_room *room, struct vmc_error *error)
{
	enum vmc_status status;

	memset(container, 0, sizeof(*container));
	container->devices = room->devices;
	container->storages = room->storages;
	container->shared_mounts = room->shared_mounts;
	fill_container(message, container);
	message->devices.cap = room->devices_cap;
	message->storages.cap = room->storages_cap;
	message->shared_mounts.cap = room->shared_mounts_cap;
	status = vmc_message_read(bytes, "CreateContainerRequest",
				  vmc_grpc_CreateContainerRequest_fields,
				  message, &room->views, error);
	keep_container(container, message);
	return status;
}

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_container(struct vmc_view bytes,
					 struct vmc_container *container,
					 struct vmc_agent_request_room *room,
					 struct vmc_error *error)
{
	vmc_grpc_CreateContainerRequest message;

	return read_container(bytes, container, &message, room, error);
}

/* see agent_pbio.h */
void vmc_agent_write_container(struct vmc_writer *w,
			       const struct vmc_container *container)
{
	vmc_grpc_CreateContainerRequest message;

	fill_container(&message, container);
	vmc_message_write(w, vmc_grpc_CreateContainerRequest_fields, &message);
	vmc_field_put_head(
		w,
		VMC_FIELD_TAG(vmc_grpc_CreateContainerRequest_OCI_tag,
			      VMC_FIELD_BYTES),
		container->oci.ptr_len);
}

/* -- Process, of a struct vmc_exec ----------------------------------------- */

static void fill_process(vmc_grpc_Process *message, const struct vmc_exec *exec)
{
	message->Terminal = exec->terminal != 0;
	message->has_ConsoleSize = exec->height > 0 || exec->width > 0;
	message->ConsoleSize.Height = exec->height;
	message->ConsoleSize.Width = exec->width;
	message->has_User = true;
	message->User.UID = exec->uid;
	message->User.GID = exec->gid;
	message->Args = list_of_views(exec->args, exec->args_len,
				      "Process.Args" TEXTS_KNOB);
	message->Env = list_of_views(exec->env, exec->env_len,
				     "Process.Env" TEXTS_KNOB);
	message->Cwd = exec->cwd;
	message->NoNewPrivileges = exec->no_new_privileges != 0;
}

static bool read_process(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	struct vmc_exec *exec = element;
	vmc_grpc_Process message;

	fill_process(&message, exec);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_Process_fields,
				    &message))
		return false;
	exec->terminal = message.Terminal;
	exec->height = message.ConsoleSize.Height;
	exec->width = message.ConsoleSize.Width;
	exec->uid = message.User.UID;
	exec->gid = message.User.GID;
	exec->args = message.Args.ptr;
	exec->args_len = message.Args.len;
	exec->env = message.Env.ptr;
	exec->env_len = message.Env.len;
	exec->cwd = message.Cwd;
	exec->no_new_privileges = message.NoNewPrivileges;
	return true;
}

static bool write_process(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_Process message;

	fill_process(&message, element);
	return pb_encode(stream, vmc_grpc_Process_fields, &message);
}

static const struct vmc_list_type process_type = {
	.size = sizeof(struct vmc_exec),
	.read = read_process,
	.write = write_process,
};

/* -- ExecProcessRequest ---------------------------------------------------- */

static void fill_exec(vmc_grpc_ExecProcessRequest *message,
		      const struct vmc_exec *exec)
{
	message->container_id = exec->container_id;
	message->exec_id = exec->exec_id;
	message->string_user = string_user_of(&exec->string_user);
	message->process = list_of(&process_type, exec, 1, "process");
	message->stdin_port = exec->ports.stdin_port;
	message->stdout_port = exec->ports.stdout_port;
	message->stderr_port = exec->ports.stderr_port;
}

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_exec(struct vmc_view bytes,
				    struct vmc_exec *exec,
				    struct vmc_agent_request_room *room,
				    struct vmc_error *error)
{
	vmc_grpc_ExecProcessRequest message;
	enum vmc_status status;

	memset(exec, 0, sizeof(*exec));
	fill_exec(&message, exec);
	status = vmc_message_read(bytes, "ExecProcessRequest",
				  vmc_grpc_ExecProcessRequest_fields, &message,
				  &room->views, error);
	exec->container_id = message.container_id;
	exec->exec_id = message.exec_id;
	exec->ports.stdin_port = message.stdin_port;
	exec->ports.stdout_port = message.stdout_port;
	exec->ports.stderr_port = message.stderr_port;
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_exec(struct vmc_writer *w, const struct vmc_exec *exec)
{
	vmc_grpc_ExecProcessRequest message;

	fill_exec(&message, exec);
	vmc_message_write(w, vmc_grpc_ExecProcessRequest_fields, &message);
}

/* -- UpdateEphemeralMountsRequest ------------------------------------------ */

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_storages(struct vmc_view bytes,
					const struct vmc_storage **storages,
					size_t *storages_len,
					struct vmc_agent_request_room *room,
					struct vmc_error *error)
{
	vmc_grpc_UpdateEphemeralMountsRequest message;
	enum vmc_status status;

	message.storages =
		list_of(&vmc_list_storages, room->storages, 0,
			"UpdateEphemeralMountsRequest.storages" STRUCTS_KNOB);
	message.storages.cap = room->storages_cap;
	status = vmc_message_read(bytes, "UpdateEphemeralMountsRequest",
				  vmc_grpc_UpdateEphemeralMountsRequest_fields,
				  &message, &room->views, error);
	*storages = room->storages;
	*storages_len = message.storages.len;
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_storages(struct vmc_writer *w,
			      const struct vmc_storage *storages,
			      size_t storages_len)
{
	vmc_grpc_UpdateEphemeralMountsRequest message;

	message.storages =
		list_of(&vmc_list_storages, storages, storages_len, NULL);
	vmc_message_write(w, vmc_grpc_UpdateEphemeralMountsRequest_fields,
			  &message);
}
