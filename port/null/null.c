/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port, a store, an environment and a driver that can do nothing (see
 * vmcache_null.h). No header of an operating system, no libc.
 */
#include "vmcache_null.h"

#include "vmcache/vm.h"

/*
 * Streams (vmcache/port.h)
 */

static enum vmc_status port_listen(void *ctx, const char *endpoint,
				   vmc_handle *listener,
				   struct vmc_error *error)
{
	(void)ctx;
	*listener = VMC_HANDLE_NONE;
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED, endpoint,
			     "this port has no streams");
}

static void port_unlisten(void *ctx, const char *endpoint, vmc_handle listener)
{
	(void)ctx;
	(void)endpoint;
	(void)listener;
}

static enum vmc_status port_accept(void *ctx, vmc_handle listener,
				   vmc_handle *stream, struct vmc_peer *peer)
{
	(void)ctx;
	(void)listener;
	(void)peer;
	*stream = VMC_HANDLE_NONE;
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status port_connect(void *ctx, const char *endpoint,
				    vmc_handle *stream, struct vmc_error *error)
{
	(void)ctx;
	*stream = VMC_HANDLE_NONE;
	return vmc_error_set(error, VMC_ERR_UNSUPPORTED, endpoint,
			     "this port has no streams");
}

static enum vmc_status port_recv(void *ctx, vmc_handle stream, uint8_t *buf,
				 size_t cap, size_t *len,
				 struct vmc_handles *handles)
{
	(void)ctx;
	(void)stream;
	(void)buf;
	(void)cap;
	(void)len;
	(void)handles;
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status port_send(void *ctx, vmc_handle stream,
				 const struct vmc_view *parts, size_t parts_len,
				 const struct vmc_handles *handles, size_t *len)
{
	(void)ctx;
	(void)stream;
	(void)parts;
	(void)parts_len;
	(void)handles;
	(void)len;
	return VMC_ERR_UNSUPPORTED;
}

static void port_shutdown(void *ctx, vmc_handle stream)
{
	(void)ctx;
	(void)stream;
}

static void port_close(void *ctx, vmc_handle handle)
{
	(void)ctx;
	(void)handle;
}

const struct vmc_port_ops vmc_null_port_ops = {
	.name = "null",
	.listen = port_listen,
	.unlisten = port_unlisten,
	.accept = port_accept,
	.connect = port_connect,
	.recv = port_recv,
	.send = port_send,
	.shutdown = port_shutdown,
	.close = port_close,
	.wake = NULL, /* it has no loop */
};

/*
 * Records (vmcache/store.h)
 */

static enum vmc_status store_write(void *ctx, uint32_t slot,
				   const uint8_t *bytes, size_t bytes_len)
{
	(void)ctx;
	(void)slot;
	(void)bytes;
	(void)bytes_len;
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status store_next(void *ctx, uint32_t *cursor, uint32_t *slot,
				  uint8_t *out, size_t *out_len)
{
	(void)ctx;
	(void)cursor;
	(void)slot;
	(void)out;
	(void)out_len;
	return VMC_ERR_UNSUPPORTED;
}

static void store_erase(void *ctx, uint32_t slot)
{
	(void)ctx;
	(void)slot;
}

static uint64_t store_start_time(void *ctx, int64_t pid)
{
	(void)ctx;
	(void)pid;
	return 0; /* unknown */
}

const struct vmc_store_ops vmc_null_store_ops = {
	.write = store_write,
	.next = store_next,
	.erase = store_erase,
	.start_time = store_start_time,
};

/*
 * Clocks and entropy (vmcache/env.h)
 */

static uint64_t env_now_ms(void *ctx)
{
	(void)ctx;
	return 0;
}

static enum vmc_status env_wall(void *ctx, struct vmc_wall *wall)
{
	(void)ctx;
	(void)wall;
	return VMC_ERR_UNSUPPORTED;
}

static enum vmc_status env_entropy(void *ctx, void *buf, size_t buf_len)
{
	(void)ctx;
	(void)buf;
	(void)buf_len;
	return VMC_ERR_UNSUPPORTED;
}

/* see vmcache_null.h */
struct vmc_env vmc_null_env(void)
{
	struct vmc_env env = {
		.now_ms = env_now_ms,
		.wall = env_wall,
		.entropy = env_entropy,
	};

	return env;
}

/*
 * A hypervisor (vmcache/hypervisor.h). Every operation is a task that ends
 * in its first step.
 */

/* What the driver of a real hypervisor keeps of one VM. */
struct null_vm {
	uint8_t nothing;
};

static enum vmc_status refuse(struct vmc_vm *vm, struct vmc_task *task)
{
	return vmc_task_end(task,
			    vmc_error_set(&vm->error, VMC_ERR_UNSUPPORTED,
					  "this driver has no VMs", NULL));
}

static enum vmc_status vm_boot(void *ctx, struct vmc_vm *vm,
			       const struct vmc_vm_config *config,
			       struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)config;
	(void)now_ms;
	return refuse(vm, task);
}

/* ready, pause, resume and watch are alike. */
static enum vmc_status vm_do(void *ctx, struct vmc_vm *vm,
			     struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)now_ms;
	return refuse(vm, task);
}

/* add_vcpus and add_memory are too. */
static enum vmc_status vm_add(void *ctx, struct vmc_vm *vm, uint32_t count,
			      struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)count;
	(void)now_ms;
	return refuse(vm, task);
}

/* There is nothing to stop, which is what a stop is there to reach. */
static enum vmc_status vm_stop(void *ctx, struct vmc_vm *vm,
			       struct vmc_task *task, uint64_t now_ms)
{
	(void)ctx;
	(void)vm;
	(void)now_ms;
	return vmc_task_end(task, VMC_OK);
}

static void vm_probe(void *ctx, struct vmc_vm *vm, struct vmc_vm_probe *probe)
{
	(void)ctx;
	(void)vm;
	probe->alive = probe->paused = probe->attached = 0;
}

static enum vmc_status vm_save(void *ctx, struct vmc_vm *vm, uint8_t *out,
			       size_t cap, size_t *out_len)
{
	(void)ctx;
	(void)out;
	(void)cap;
	(void)out_len;
	return vmc_error_set(&vm->error, VMC_ERR_UNSUPPORTED,
			     "this driver has no VMs", NULL);
}

/* detach and release. */
static void vm_let_go(void *ctx, struct vmc_vm *vm)
{
	(void)ctx;
	(void)vm;
}

static enum vmc_status vm_attach(void *ctx, struct vmc_vm *vm,
				 struct vmc_view saved, struct vmc_task *task,
				 uint64_t now_ms)
{
	(void)ctx;
	(void)saved;
	(void)now_ms;
	return refuse(vm, task);
}

static struct vmc_view vm_console(void *ctx, struct vmc_vm *vm)
{
	struct vmc_view absent = { NULL, 0 };

	(void)ctx;
	(void)vm;
	return absent;
}

const struct vmc_hypervisor_ops vmc_null_hypervisor_ops = {
	.name = "null",
	.vm_size = sizeof(struct null_vm),
	.vm_align = _Alignof(struct null_vm),
	.boot = vm_boot,
	.ready = vm_do,
	.pause = vm_do,
	.resume = vm_do,
	.add_vcpus = vm_add,
	.add_memory = vm_add,
	.stop = vm_stop,
	.watch = vm_do,
	.probe = vm_probe,
	.save = vm_save,
	.detach = vm_let_go,
	.attach = vm_attach,
	.release = vm_let_go,
	.console = vm_console,
};
