/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox: what Kata's runtime tells the guest before its containers,
 * as far as it concerns the guest as a whole. Nothing is done before all of
 * it was found good; what cannot be honoured is refused by name.
 */
#include "guest.h"

#include "../../src/base/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Parameters of one module, with blanks between them. */
#define PARAMETERS_SIZE 512

/* What /proc/PID/ns/uts is a link to: "uts:[4026531838]". */
#define LINK_SIZE 64

/* see guest.h */
int vmc_guest_set_hostname(struct vmc_view name)
{
	return sethostname((const char *)name.ptr, name.ptr_len) ? errno : 0;
}

/* see guest.h */
int vmc_guest_load_module(const char *path, const char *parameters)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int number = 0;

	if (fd < 0)
		return errno;
	if (syscall(SYS_finit_module, fd, parameters, 0) != 0 &&
	    errno != EEXIST)
		number = errno;
	close(fd);
	return number;
}

/*
 * Host name
 */

static int same_namespace(const char *proc)
{
	char ours[LINK_SIZE], first[LINK_SIZE], path[VMC_GUEST_PATH_SIZE];
	ssize_t ours_len, first_len;

	vmc_guest_path(path, proc, "/self/ns/uts", NULL);
	ours_len = readlink(path, ours, sizeof(ours));
	vmc_guest_path(path, proc, "/1/ns/uts", NULL);
	first_len = readlink(path, first, sizeof(first));
	return ours_len <= 0 || ours_len != first_len ||
	       memcmp(ours, first, (size_t)ours_len) == 0;
}

/* A service leaves the name of the machine that it runs on alone. */
static enum vmc_status name_host(struct vmc_agent *agent, struct vmc_view name)
{
	const struct vmc_guest_config *config = &vmc_guest_of(agent)->config;
	int number;

	if (name.ptr_len == 0 ||
	    (!config->is_init && same_namespace(config->proc)))
		return VMC_OK;
	number = config->system->set_hostname(name);
	if (number)
		return vmc_guest_error(agent, number, "sethostname",
				       "as hostname says");
	return VMC_OK;
}

/*
 * Modules
 */

static enum vmc_status put_parameters(struct vmc_agent *agent,
				      const struct vmc_kernel_module *module,
				      char out[PARAMETERS_SIZE])
{
	struct vmc_writer w;
	size_t i;

	vmc_writer_init(&w, (uint8_t *)out, PARAMETERS_SIZE);
	for (i = 0; i < module->parameters_len; i++) {
		if (i > 0)
			vmc_put_u8(&w, ' ');
		vmc_put_bytes(&w, module->parameters[i]);
	}
	vmc_put_u8(&w, 0);
	if (w.fail)
		return vmc_guest_refuse(agent, VMC_ERR_TOO_BIG,
					"kernel_modules", module->name,
					"too many parameters");
	return VMC_OK;
}

static int put_module_path(char out[VMC_GUEST_PATH_SIZE], const char *directory,
			   const char *release, struct vmc_view name)
{
	struct vmc_writer w;

	vmc_writer_init(&w, (uint8_t *)out, VMC_GUEST_PATH_SIZE);
	if (directory) {
		vmc_put_bytes(&w, vmc_view_of(directory));
		vmc_put_u8(&w, '/');
	}
	if (release) {
		vmc_put_bytes(&w, vmc_view_of(release));
		vmc_put_u8(&w, '/');
	}
	vmc_put_bytes(&w, name);
	if (directory)
		vmc_put_bytes(&w, vmc_view_of(".ko"));
	vmc_put_u8(&w, 0);
	return !w.fail && access(out, F_OK) == 0;
}

static int find_module(const struct vmc_guest *guest, struct vmc_view name,
		       char out[VMC_GUEST_PATH_SIZE])
{
	const char *directory = guest->config.modules;
	struct utsname system;

	if (name.ptr_len > 0 && name.ptr[0] == '/')
		return put_module_path(out, NULL, NULL, name);
	if (name.ptr_len == 0 || memchr(name.ptr, '/', name.ptr_len))
		return 0;
	if (put_module_path(out, directory, NULL, name))
		return 1;
	return uname(&system) == 0 &&
	       put_module_path(out, directory, system.release, name);
}

static enum vmc_status load_module(struct vmc_agent *agent,
				   const struct vmc_kernel_module *module)
{
	struct vmc_guest *guest = vmc_guest_of(agent);
	char path[VMC_GUEST_PATH_SIZE], parameters[PARAMETERS_SIZE];
	enum vmc_status status = put_parameters(agent, module, parameters);
	int number;

	if (status)
		return status;
	if (!find_module(guest, module->name, path))
		return vmc_guest_refuse(agent, VMC_ERR_NOT_FOUND,
					"no such kernel module", module->name,
					NULL);
	number = guest->config.system->load_module(path, parameters);
	if (number)
		return vmc_guest_error(agent, number, "finit_module", path);
	return VMC_OK;
}

static enum vmc_status load_modules(struct vmc_agent *agent,
				    const struct vmc_sandbox *sandbox)
{
	enum vmc_status status = VMC_OK;
	size_t i;

	for (i = 0; i < sandbox->kernel_modules_len && status == VMC_OK; i++)
		status = load_module(agent, &sandbox->kernel_modules[i]);
	return status;
}

/*
 * resolv.conf
 */

static int write_line(int fd, struct vmc_view line)
{
	if (line.ptr_len > 0 &&
	    write(fd, line.ptr, line.ptr_len) != (ssize_t)line.ptr_len)
		return errno ? errno : EIO;
	return write(fd, "\n", 1) == 1 ? 0 : errno;
}

static enum vmc_status write_dns(struct vmc_agent *agent,
				 const struct vmc_sandbox *sandbox)
{
	const char *path = vmc_guest_of(agent)->config.resolv;
	int fd, number = 0;
	size_t i;

	if (sandbox->dns_len == 0)
		return VMC_OK;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return vmc_guest_error(agent, errno, "cannot write", path);
	for (i = 0; i < sandbox->dns_len && number == 0; i++)
		number = write_line(fd, sandbox->dns[i]);
	close(fd);
	if (number)
		return vmc_guest_error(agent, number, "cannot write", path);
	return VMC_OK;
}

/*
 * All of it
 */

static enum vmc_status check(struct vmc_agent *agent,
			     const struct vmc_sandbox *sandbox)
{
	if (sandbox->storages_len > 0)
		return vmc_guest_refuse(agent, VMC_ERR_UNSUPPORTED,
					"storages are not mounted",
					sandbox->storages[0].mount_point, NULL);
	if (sandbox->guest_hook_path.ptr_len > 0)
		return vmc_guest_refuse(agent, VMC_ERR_UNSUPPORTED,
					"hooks are not run",
					sandbox->guest_hook_path, NULL);
	if (sandbox->dns_len > 0 && !vmc_guest_of(agent)->config.is_init)
		return vmc_guest_refuse(agent, VMC_ERR_UNSUPPORTED,
					"dns is only for an agent that is "
					"process 1",
					sandbox->dns[0], NULL);
	return VMC_OK;
}

static enum vmc_status start(struct vmc_agent *agent,
			     const struct vmc_sandbox *sandbox)
{
	enum vmc_status status = check(agent, sandbox);

	if (status == VMC_OK)
		status = load_modules(agent, sandbox);
	if (status == VMC_OK)
		status = name_host(agent, sandbox->hostname);
	if (status == VMC_OK)
		status = write_dns(agent, sandbox);
	return status;
}

/* see guest.h */
enum vmc_status vmc_guest_start_sandbox(struct vmc_agent *agent,
					const struct vmc_sandbox *sandbox,
					struct vmc_task *task, uint64_t now_ms)
{
	(void)now_ms;
	return vmc_task_end(task, start(agent, sandbox));
}

/* see guest.h */
enum vmc_status vmc_guest_stop_sandbox(struct vmc_agent *agent,
				       const struct vmc_sandbox *sandbox,
				       struct vmc_task *task, uint64_t now_ms)
{
	(void)sandbox;
	(void)now_ms;
	vmc_guest_of(agent)->stopping = 1;
	return vmc_task_end(task, VMC_OK);
}

/* see vmcache_guest.h */
int vmc_guest_stopping(const struct vmc_guest *guest)
{
	return guest->stopping;
}
