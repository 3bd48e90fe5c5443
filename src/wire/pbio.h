/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pbio: the messages of cache.CacheService (proto/cache.proto) in and out.
 * What is above it sees views and plain structs, nothing of nanopb.
 *
 * Reading. Strings and bytes come out as views into the input, whatever
 *   their length; nothing is copied but what lands in a fixed field of a
 *   public struct, and that is checked against its knob. As protobuf has
 *   it: unknown fields are skipped, an absent field is its zero value, of
 *   a field that comes twice the last counts. Refused are a field of
 *   another wire type than its own, a string that is not UTF-8, and bytes
 *   that end inside a field.
 *
 * Writing. Goes to a writer (../base/cursor.h), which remembers when its
 *   buffer was too small; who writes several pieces looks at `fail` once.
 *   Zero values are left out. Strings are expected to be UTF-8: texts from
 *   elsewhere go through ../base/text.h first.
 *
 * Gathering. A message with large bytes in it is written as parts: its
 *   small pieces in the writer's buffer, the large ones where they are. The
 *   parts, in order, are the message (some may be empty); they and what
 *   they point to live until the message has been sent.
 *
 * nanopb decodes all but GrpcStatus. What is sent is written straight, field
 * by field (field.h); tests/unit/test_pbio.c holds it to nanopb's encoding of
 * the same values, byte by byte.
 */
#ifndef VMC_WIRE_PBIO_H
#define VMC_WIRE_PBIO_H

#include "vmcache/client.h"
#include "vmcache/status.h"
#include "vmcache/view.h"
#include "../base/cursor.h"

/* All its requests are google.protobuf.Empty: no bytes. What a later
 * version may have put there is skipped. VMC_ERR_MALFORMED. */
enum vmc_status vmc_pbio_read_empty(struct vmc_view bytes) VMC_CHECKED;

/*
 * GrpcStatus: its head, then one entry for each VM that is READY. The sizes
 * are the most that each can need; a reply holds
 * VMC_PBIO_STATUS_HEAD_SIZE + number * VMC_PBIO_VM_STATUS_SIZE.
 */
#define VMC_PBIO_STATUS_HEAD_SIZE 11 /* tag, int64 */
#define VMC_PBIO_VM_STATUS_SIZE 25   /* tag, length, int64, 2 uint32 */

void vmc_pbio_write_status_head(struct vmc_writer *w, int64_t pid);
void vmc_pbio_write_vm_status(struct vmc_writer *w, const struct vmc_vm *vm);

/* VMC_ERR_MALFORMED; `error` names the knob if there are more VMs than
 * VMC_VM_MAX. */
enum vmc_status vmc_pbio_read_status(struct vmc_view bytes,
				     struct vmc_cache_status *status,
				     struct vmc_error *error) VMC_CHECKED;

/*
 * Gathers a GrpcVM: three parts, of which the second is `saved`, what the
 * driver has saved of the VM. The writer needs room for id and agent_url
 * and VMC_PBIO_BASE_VM_SIZE more. Kata's proxyPid, of 1.x, is not sent.
 */
#define VMC_PBIO_BASE_VM_PARTS 3
#define VMC_PBIO_BASE_VM_SIZE                                                  \
	(6 + 6 + 6 + 3 * 6) /* a tag and a number each; lengths < 4 GiB */

void vmc_pbio_gather_base_vm(struct vmc_writer *w, const struct vmc_vm *vm,
			     struct vmc_view saved,
			     struct vmc_view parts[VMC_PBIO_BASE_VM_PARTS]);

/* VMC_ERR_MALFORMED; `error` names field and knob if id or proxyURL do not
 * fit theirs. `hypervisor` is a view into the input. */
enum vmc_status vmc_pbio_read_base_vm(struct vmc_view bytes,
				      struct vmc_cached_vm *vm,
				      struct vmc_error *error) VMC_CHECKED;

/*
 * Gathers a GrpcVMConfig: four parts; each of its two fields is a piece in
 * the writer, which needs room for VMC_PBIO_CONFIG_SIZE bytes, and the bytes
 * themselves.
 */
#define VMC_PBIO_CONFIG_PARTS 4
#define VMC_PBIO_CONFIG_SIZE (6 + 6) /* tag, length below 4 GiB, each */

void vmc_pbio_gather_config(struct vmc_writer *w,
			    const struct vmc_cache_config *config,
			    struct vmc_view parts[VMC_PBIO_CONFIG_PARTS]);

/* VMC_ERR_MALFORMED. The views point into the input. */
enum vmc_status vmc_pbio_read_config(struct vmc_view bytes,
				     struct vmc_cache_config *config,
				     struct vmc_error *error) VMC_CHECKED;

#endif
