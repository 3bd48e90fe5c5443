/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses of agents, and CIDs with a kernel in which some are taken: this
 * program has an ioctl of its own in the place of libc's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../port/qemu/qemu_agent.h"
#include "test.h"

#define DEVICE "/dev/null"

static struct vmc_error error;
static unsigned asked, in_use; /* the first of them are taken */
static int refuses;            /* errno of all that follow; 0: granted */
static int device;             /* what it was asked of */
static unsigned long request;
static uint64_t cids[256];

static int answer(int fd, unsigned long what, va_list values)
{
	const uint64_t *cid = va_arg(values, const uint64_t *);

	device = fd;
	request = what;
	if (asked < 256)
		cids[asked] = *cid;
	errno = asked < in_use ? EADDRINUSE : refuses;
	asked++;
	return errno ? -1 : 0;
}

#ifdef __GLIBC__
int ioctl(int fd, unsigned long what, ...)
#else
int ioctl(int fd, int what, ...)
#endif
{
	va_list values;
	int result;

	va_start(values, what);
	result = answer(fd, (unsigned long)what, values);
	va_end(values);
	return result;
}

static void begin(unsigned taken, int number)
{
	asked = 0;
	in_use = taken;
	refuses = number;
	vmc_error_reset(&error);
}

static enum vmc_status open_vsock(uint32_t *cid)
{
	enum vmc_status status;
	int fd = -1;

	status = vmc_qemu_vsock_open(DEVICE, cid, &fd, &error);
	if (status == VMC_OK) {
		CHECK_EQ_INT(fd, device);
		CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
		close(fd);
	} else {
		CHECK_EQ_INT(fd, -1);
		CHECK_EQ_INT(fcntl(device, F_GETFD), -1); /* not left open */
	}
	return status;
}

TEST(cids_are_never_those_of_others)
{
	CHECK_EQ_INT(vmc_qemu_vsock_cid(0), 3);
	CHECK_EQ_INT(vmc_qemu_vsock_cid(1), 4);
	CHECK_EQ_INT(vmc_qemu_vsock_cid(4294967291u), 4294967294u);
	CHECK_EQ_INT(vmc_qemu_vsock_cid(4294967292u), 3);
	CHECK_EQ_INT(vmc_qemu_vsock_cid(4294967295u), 6);
}

TEST(a_free_cid_is_reserved)
{
	uint32_t cid = 0;

	begin(0, 0);
	CHECK_EQ_INT(open_vsock(&cid), VMC_OK);
	CHECK_EQ_INT(asked, 1);
	CHECK_EQ_INT(request, 0x4008af60);
	CHECK_EQ_INT(cids[0], cid);
	CHECK(cid >= 3 && cid < UINT32_MAX);
}

TEST(a_cid_in_use_is_left_for_another)
{
	uint32_t cid = 0;

	begin(3, 0);
	CHECK_EQ_INT(open_vsock(&cid), VMC_OK);
	CHECK_EQ_INT(asked, 4);
	CHECK_EQ_INT(cids[3], cid);
	CHECK(cids[0] != cids[1] || cids[1] != cids[2]);
}

TEST(the_one_of_before_is_kept_if_it_is_free)
{
	uint32_t cid = 77;

	begin(0, 0);
	CHECK_EQ_INT(open_vsock(&cid), VMC_OK);
	CHECK_EQ_INT(cid, 77);
	CHECK_EQ_INT(asked, 1);
	begin(1, 0);
	CHECK_EQ_INT(open_vsock(&cid), VMC_OK);
	CHECK_EQ_INT(cids[0], 77);
	CHECK_EQ_INT(cids[1], cid);
	CHECK_EQ_INT(asked, 2);
}

TEST(what_the_kernel_says_otherwise_is_told)
{
	uint32_t cid = 0;

	begin(1, ENOTTY);
	CHECK_EQ_INT(open_vsock(&cid), VMC_ERR_IO);
	CHECK_EQ_INT(asked, 2);
	if (!strstr(error.text, "vsock: no CID from " DEVICE ": "))
		CHECK_EQ_STR(error.text, "no CID");
	begin(1000, 0);
	cid = 0;
	CHECK_EQ_INT(open_vsock(&cid), VMC_ERR_IO); /* not for ever */
	CHECK(asked < 100);
}

TEST(a_device_that_is_not_there_is_named)
{
	uint32_t cid = 0;
	int fd = -1;

	begin(0, 0);
	CHECK_EQ_INT(vmc_qemu_vsock_open("/nonexistent/vhost-vsock", &cid, &fd,
					 &error),
		     VMC_ERR_NOT_FOUND);
	CHECK_EQ_STR(error.text, "vsock: /nonexistent/vhost-vsock: "
				 "No such file or directory");
	CHECK_EQ_INT(fd, -1);
	CHECK_EQ_INT(asked, 0);
}

TEST(addresses_are_written)
{
	struct qemu_facts facts = { .dir = "/run/vc/vm/vm-1",
				    .context_id = 4294967294u,
				    .agent_port = 1024 };
	char url[VMC_URL_SIZE] = "as it was";

	begin(0, 0);
	CHECK_EQ_INT(vmc_qemu_agent_url(&facts, url, &error), VMC_OK);
	CHECK_EQ_STR(url, "as it was");
	facts.agent = VMC_QEMU_AGENT_SERIAL;
	CHECK_EQ_INT(vmc_qemu_agent_url(&facts, url, &error), VMC_OK);
	CHECK_EQ_STR(url, "unix:/run/vc/vm/vm-1/agent.sock");
	facts.agent = VMC_QEMU_AGENT_VSOCK;
	CHECK_EQ_INT(vmc_qemu_agent_url(&facts, url, &error), VMC_OK);
	CHECK_EQ_STR(url, "vsock://4294967294:1024");
}

/* Whole with the longest directory, or refused where URLs are short. */
TEST(addresses_fit_or_are_refused)
{
	struct qemu_facts facts = { .agent = VMC_QEMU_AGENT_SERIAL };
	char url[VMC_URL_SIZE];
	enum vmc_status status;

	begin(0, 0);
	memset(facts.dir, 'd', sizeof(facts.dir) - 1);
	status = vmc_qemu_agent_url(&facts, url, &error);
	if (VMC_URL_SIZE >= sizeof("unix:") + VMC_QEMU_PATH_SIZE) {
		CHECK_EQ_INT(status, VMC_OK);
		CHECK_EQ_INT(strlen(url), 5 + sizeof(facts.dir) - 1 + 11);
	} else {
		CHECK_EQ_INT(status, VMC_ERR_TOO_BIG);
		CHECK_EQ_STR(url, "");
	}
}

TESTS(RUN(cids_are_never_those_of_others) RUN(a_free_cid_is_reserved)
	      RUN(a_cid_in_use_is_left_for_another)
		      RUN(the_one_of_before_is_kept_if_it_is_free)
			      RUN(what_the_kernel_says_otherwise_is_told) RUN(
				      a_device_that_is_not_there_is_named)
				      RUN(addresses_are_written)
					      RUN(addresses_fit_or_are_refused))
