/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kata agent's messages (proto/agent.proto) between the wire and the
 * library's own types (vmcache/agent.h): types of lists, and the answers and
 * requests that are more than a few numbers and views.
 *
 * Each function pair reads and writes one message; the C type is the public
 * one on both sides. What does not fit a fixed field of a public struct is
 * VMC_ERR_TOO_BIG, and `error` names the field and the knob
 * ("Interface.name is too long for VMC_AGENT_NAME_SIZE: 32").
 */
#ifndef VMC_WIRE_AGENT_PBIO_H
#define VMC_WIRE_AGENT_PBIO_H

#include "vmcache/agent.h"
#include "message.h"

/*
 * Types of lists, by the C type of an element. Of those that end in `s` on
 * the public side the element's own lists of views come from, and go to, the
 * reading's room.
 */
extern const struct vmc_list_type vmc_list_views;    /* struct vmc_view */
extern const struct vmc_list_type vmc_list_u32;      /* uint32_t */
extern const struct vmc_list_type vmc_list_u64;      /* uint64_t */
extern const struct vmc_list_type vmc_list_storages; /* struct vmc_storage */
extern const struct vmc_list_type vmc_list_devices;  /* struct vmc_device */
extern const struct vmc_list_type
	vmc_list_shared_mounts; /* struct vmc_shared_mount */
extern const struct vmc_list_type
	vmc_list_kernel_modules; /* struct vmc_kernel_module */
extern const struct vmc_list_type
	vmc_list_interfaces;                       /* struct vmc_interface */
extern const struct vmc_list_type vmc_list_routes; /* struct vmc_route */

/*
 * Answers: what each call of the guest's agent yields.
 */
enum vmc_status vmc_agent_read_interface(struct vmc_view bytes,
					 struct vmc_interface *interface,
					 struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_interface(struct vmc_writer *w,
			       const struct vmc_interface *interface);

enum vmc_status vmc_agent_read_interfaces(struct vmc_view bytes,
					  struct vmc_interfaces *interfaces,
					  struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_interfaces(struct vmc_writer *w,
				const struct vmc_interfaces *interfaces);

enum vmc_status vmc_agent_read_routes(struct vmc_view bytes,
				      struct vmc_routes *routes,
				      struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_routes(struct vmc_writer *w,
			    const struct vmc_routes *routes);

enum vmc_status vmc_agent_read_stats(struct vmc_view bytes,
				     struct vmc_container_stats *stats,
				     struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_stats(struct vmc_writer *w,
			   const struct vmc_container_stats *stats);

enum vmc_status vmc_agent_read_details(struct vmc_view bytes,
				       struct vmc_guest_details *details,
				       struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_details(struct vmc_writer *w,
			     const struct vmc_guest_details *details);

/*
 * Requests: what a call is told. Views of a request that was read point into
 * `bytes`, its lists into `room` and, for lists of structs, into the arrays
 * that `room` names.
 */

/* Where the lists of a request are put when it is read: lists of structs from
 * the arrays' beginnings, views behind the `len` that are taken. */
struct vmc_agent_request_room {
	struct vmc_message_room views;
	struct vmc_storage *storages;
	struct vmc_device *devices;
	struct vmc_shared_mount *shared_mounts;
	struct vmc_kernel_module *kernel_modules;
	struct vmc_route *routes;
	uint32_t storages_cap, devices_cap, shared_mounts_cap,
		kernel_modules_cap, routes_cap;
};

/* CreateSandboxRequest. */
enum vmc_status vmc_agent_read_sandbox(struct vmc_view bytes,
				       struct vmc_sandbox *sandbox,
				       struct vmc_agent_request_room *room,
				       struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_sandbox(struct vmc_writer *w,
			     const struct vmc_sandbox *sandbox);

/* CreateContainerRequest. What is written lacks the bytes of `oci`: their tag
 * and length come last, and they follow from where they are. */
enum vmc_status vmc_agent_read_container(struct vmc_view bytes,
					 struct vmc_container *container,
					 struct vmc_agent_request_room *room,
					 struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_container(struct vmc_writer *w,
			       const struct vmc_container *container);

/* ExecProcessRequest. */
enum vmc_status vmc_agent_read_exec(struct vmc_view bytes,
				    struct vmc_exec *exec,
				    struct vmc_agent_request_room *room,
				    struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_exec(struct vmc_writer *w, const struct vmc_exec *exec);

/* UpdateEphemeralMountsRequest. */
enum vmc_status vmc_agent_read_storages(struct vmc_view bytes,
					const struct vmc_storage **storages,
					size_t *storages_len,
					struct vmc_agent_request_room *room,
					struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_storages(struct vmc_writer *w,
			      const struct vmc_storage *storages,
			      size_t storages_len);

/* UpdateInterfaceRequest, UpdateRoutesRequest. Without an interface in it,
 * `present` is 0. */
enum vmc_status
vmc_agent_read_update_interface(struct vmc_view bytes,
				struct vmc_interface *interface,
				struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_update_interface(struct vmc_writer *w,
				      const struct vmc_interface *interface);

enum vmc_status vmc_agent_read_update_routes(
	struct vmc_view bytes, const struct vmc_route **routes,
	size_t *routes_len, struct vmc_agent_request_room *room,
	struct vmc_error *error) VMC_CHECKED;
void vmc_agent_write_update_routes(struct vmc_writer *w,
				   const struct vmc_route *routes,
				   size_t routes_len);

#endif
