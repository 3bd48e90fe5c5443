/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing, in every function. See vmcache_null.h. */
#include "vmcache_null.h"

#include "vmcache/vm.h"

#define UNUSED(argument) ((void)(argument))

/*
 * Port: struct vmc_port_ops
 */

static enum vmc_status null_listen(void *ctx, const char *endpoint,
				   vmc_handle *listener,
				   struct vmc_error *error)
{
	UNUSED(ctx);
	UNUSED(listener);
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED,
			     "this port has no streams", endpoint);
}

static void null_unlisten(void *ctx, const char *endpoint, vmc_handle listener)
{
	UNUSED(ctx);
	UNUSED(endpoint);
	UNUSED(listener);
}

static enum vmc_status null_accept(void *ctx, vmc_handle listener,
				   vmc_handle *stream, struct vmc_peer *peer)
{
	UNUSED(ctx);
	UNUSED(listener);
	UNUSED(stream);
	UNUSED(peer);
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status null_connect(void *ctx, const char *endpoint,
				    vmc_handle *stream, struct vmc_error *error)
{
	UNUSED(ctx);
	UNUSED(stream);
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED,
			     "this port has no streams", endpoint);
}

static enum vmc_status null_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				 size_t cap, size_t *len,
				 struct vmc_handles *handles)
{
	UNUSED(ctx);
	UNUSED(stream);
	UNUSED(buf);
	UNUSED(cap);
	UNUSED(len);
	UNUSED(handles);
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status null_send(void *ctx, vmc_handle stream,
				 const struct vmc_view *parts, size_t parts_len,
				 const struct vmc_handles *handles, size_t *len)
{
	UNUSED(ctx);
	UNUSED(stream);
	UNUSED(parts);
	UNUSED(parts_len);
	UNUSED(handles);
	UNUSED(len);
	return VMC_ERR_UNSUPPORTED;
}

static void null_shutdown(void *ctx, vmc_handle stream)
{
	UNUSED(ctx);
	UNUSED(stream);
}

static void null_close(void *ctx, vmc_handle handle)
{
	UNUSED(ctx);
	UNUSED(handle);
}

const struct vmc_port_ops vmc_null_port_ops = {
	.name = "null",
	.listen = null_listen,
	.unlisten = null_unlisten,
	.accept = null_accept,
	.connect = null_connect,
	.recv = null_recv,
	.send = null_send,
	.shutdown = null_shutdown,
	.close = null_close,
	.wake = NULL,
};

/*
 * Hypervisor: struct vmc_hypervisor_ops
 */

static enum vmc_status unsupported(struct vmc_vm *vm, const char *what)
{
	return vmc_error_set(&vm->error, VMC_ERR_UNSUPPORTED,
			     "this driver has no VMs", what);
}

static enum vmc_status null_boot(void *ctx, struct vmc_vm *vm,
				 const struct vmc_vm_config *config,
				 struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(config);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "boot"));
}

static enum vmc_status null_ready(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "ready"));
}

static enum vmc_status null_pause(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "pause"));
}

static enum vmc_status null_resume(void *ctx, struct vmc_vm *vm,
				   struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "resume"));
}

static enum vmc_status null_add_vcpus(void *ctx, struct vmc_vm *vm,
				      uint32_t count, struct vmc_task *task,
				      uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(count);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "add_vcpus"));
}

static enum vmc_status null_add_memory(void *ctx, struct vmc_vm *vm,
				       uint32_t mib, struct vmc_task *task,
				       uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(mib);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "add_memory"));
}

/* The one that must not fail: there is nothing to stop. */
static enum vmc_status null_stop(void *ctx, struct vmc_vm *vm,
				 struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(vm);
	UNUSED(now_ms);
	return vmc_task_end(task, VMC_OK);
}

static enum vmc_status null_watch(void *ctx, struct vmc_vm *vm,
				  struct vmc_task *task, uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "watch"));
}

static void null_probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	UNUSED(ctx);
	UNUSED(vm);
	probe->alive = 0;
	probe->paused = 0;
	probe->attached = 0;
}

static enum vmc_status null_save(void *ctx, struct vmc_vm *vm, uint8_t *out,
				 size_t cap, size_t *out_len)
{
	UNUSED(ctx);
	UNUSED(out);
	UNUSED(cap);
	*out_len = 0;
	return unsupported(vm, "save");
}

static void null_detach(void *ctx, struct vmc_vm *vm)
{
	UNUSED(ctx);
	UNUSED(vm);
}

static enum vmc_status null_attach(void *ctx, struct vmc_vm *vm,
				   struct vmc_view saved, struct vmc_task *task,
				   uint64_t now_ms)
{
	UNUSED(ctx);
	UNUSED(saved);
	UNUSED(now_ms);
	return vmc_task_end(task, unsupported(vm, "attach"));
}

static void null_release(void *ctx, struct vmc_vm *vm)
{
	UNUSED(ctx);
	UNUSED(vm);
}

static struct vmc_view null_console(void *ctx, struct vmc_vm *vm)
{
	struct vmc_view none = { NULL, 0 };

	UNUSED(ctx);
	UNUSED(vm);
	return none;
}

const struct vmc_hypervisor_ops vmc_null_hypervisor_ops = {
	.name = "null",
	.vm_size = 0,
	.vm_align = 1,
	.boot = null_boot,
	.ready = null_ready,
	.pause = null_pause,
	.resume = null_resume,
	.add_vcpus = null_add_vcpus,
	.add_memory = null_add_memory,
	.stop = null_stop,
	.watch = null_watch,
	.probe = null_probe,
	.save = null_save,
	.detach = null_detach,
	.attach = null_attach,
	.release = null_release,
	.console = null_console,
};

/*
 * Store: struct vmc_store_ops
 */

static enum vmc_status null_write(void *ctx, uint32_t slot,
				  const uint8_t *bytes, size_t bytes_len)
{
	UNUSED(ctx);
	UNUSED(slot);
	UNUSED(bytes);
	UNUSED(bytes_len);
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status null_next(void *ctx, uint32_t *cursor, uint32_t *slot,
				 uint8_t *out, size_t *out_len)
{
	UNUSED(ctx);
	UNUSED(cursor);
	UNUSED(slot);
	UNUSED(out);
	UNUSED(out_len);
	return VMC_CLOSED;
}

static void null_erase(void *ctx, uint32_t slot)
{
	UNUSED(ctx);
	UNUSED(slot);
}

static uint64_t null_start_time(void *ctx, int64_t pid)
{
	UNUSED(ctx);
	UNUSED(pid);
	return 0;
}

const struct vmc_store_ops vmc_null_store_ops = {
	.write = null_write,
	.next = null_next,
	.erase = null_erase,
	.start_time = null_start_time,
};

/*
 * Environment: struct vmc_env
 */

static uint64_t null_now_ms(void *ctx)
{
	UNUSED(ctx);
	return 0;
}

static enum vmc_status null_wall(void *ctx, struct vmc_wall *wall)
{
	UNUSED(ctx);
	UNUSED(wall);
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status null_entropy(void *ctx, void *buf, size_t buf_len)
{
	UNUSED(ctx);
	UNUSED(buf);
	UNUSED(buf_len);
	return VMC_ERR_UNSUPPORTED;
}

struct vmc_env vmc_null_env(void)
{
	struct vmc_env env = {
		.ctx = NULL,
		.now_ms = null_now_ms,
		.wall = null_wall,
		.entropy = null_entropy,
	};

	return env;
}
