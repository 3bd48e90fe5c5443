/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages by name, for tests: what the kata backend and the
 * agent service do around vmc_message_read and vmc_message_write.
 */
#ifndef VMC_TEST_AGENT_WIRE_H
#define VMC_TEST_AGENT_WIRE_H

#include "../../src/wire/agent_messages.h"

static inline enum vmc_status agent_read_interface(struct vmc_view bytes,
						   struct vmc_interface *out,
						   struct vmc_error *error)
{
	enum vmc_status status = vmc_message_read(bytes, &vmc_message_Interface,
						  out, NULL, error);

	out->present = status == VMC_OK;
	return status;
}

static inline enum vmc_status agent_read_interfaces(struct vmc_view bytes,
						    struct vmc_interfaces *out,
						    struct vmc_error *error)
{
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_Interfaces, out, NULL, error);
	uint32_t i;

	for (i = 0; status == VMC_OK && i < out->interface_len; i++)
		out->interface[i].present = 1;
	return status;
}

static inline enum vmc_status agent_read_routes(struct vmc_view bytes,
						struct vmc_routes *out,
						struct vmc_error *error)
{
	return vmc_message_read(bytes, &vmc_message_Routes, out, NULL, error);
}

static inline enum vmc_status agent_read_stats(struct vmc_view bytes,
					       struct vmc_container_stats *out,
					       struct vmc_error *error)
{
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_StatsContainerResponse, out, NULL, error);

	out->present = status == VMC_OK;
	return status;
}

static inline enum vmc_status agent_read_details(struct vmc_view bytes,
						 struct vmc_guest_details *out,
						 struct vmc_error *error)
{
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_GuestDetailsResponse, out, NULL, error);

	out->present = status == VMC_OK;
	return status;
}

static inline enum vmc_status agent_read_sandbox(struct vmc_view bytes,
						 struct vmc_sandbox *out,
						 struct vmc_message_room *room,
						 struct vmc_error *error)
{
	return vmc_message_read(bytes, &vmc_message_CreateSandboxRequest, out,
				room, error);
}

static inline enum vmc_status
agent_read_container(struct vmc_view bytes, struct vmc_container *out,
		     struct vmc_message_room *room, struct vmc_error *error)
{
	return vmc_message_read(bytes, &vmc_message_CreateContainerRequest, out,
				room, error);
}

static inline enum vmc_status agent_read_exec(struct vmc_view bytes,
					      struct vmc_exec *out,
					      struct vmc_message_room *room,
					      struct vmc_error *error)
{
	return vmc_message_read(bytes, &vmc_message_ExecProcessRequest, out,
				room, error);
}

static inline enum vmc_status
agent_read_storages(struct vmc_view bytes, const struct vmc_storage **storages,
		    size_t *storages_len, struct vmc_message_room *room,
		    struct vmc_error *error)
{
	struct vmc_storages_request request;
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_UpdateEphemeralMountsRequest, &request,
		room, error);

	*storages = request.storages;
	*storages_len = request.storages_len;
	return status;
}

static inline enum vmc_status
agent_read_update_interface(struct vmc_view bytes, struct vmc_interface *out,
			    struct vmc_error *error)
{
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_UpdateInterfaceRequest, out, NULL, error);

	out->present = status == VMC_OK;
	return status;
}

static inline enum vmc_status
agent_read_update_routes(struct vmc_view bytes, const struct vmc_route **routes,
			 size_t *routes_len, struct vmc_message_room *room,
			 struct vmc_error *error)
{
	struct vmc_routes_request request;
	enum vmc_status status = vmc_message_read(
		bytes, &vmc_message_UpdateRoutesRequest, &request, room, error);

	*routes = request.routes;
	*routes_len = request.routes_len;
	return status;
}

static inline void agent_write_interface(struct vmc_writer *w,
					 const struct vmc_interface *from)
{
	vmc_message_write(w, &vmc_message_Interface, from);
}

static inline void agent_write_interfaces(struct vmc_writer *w,
					  const struct vmc_interfaces *from)
{
	vmc_message_write(w, &vmc_message_Interfaces, from);
}

static inline void agent_write_routes(struct vmc_writer *w,
				      const struct vmc_routes *from)
{
	vmc_message_write(w, &vmc_message_Routes, from);
}

static inline void agent_write_stats(struct vmc_writer *w,
				     const struct vmc_container_stats *from)
{
	vmc_message_write(w, &vmc_message_StatsContainerResponse, from);
}

static inline void agent_write_details(struct vmc_writer *w,
				       const struct vmc_guest_details *from)
{
	vmc_message_write(w, &vmc_message_GuestDetailsResponse, from);
}

static inline void agent_write_sandbox(struct vmc_writer *w,
				       const struct vmc_sandbox *from)
{
	vmc_message_write(w, &vmc_message_CreateSandboxRequest, from);
}

static inline void agent_write_container(struct vmc_writer *w,
					 const struct vmc_container *from)
{
	vmc_message_write(w, &vmc_message_CreateContainerRequest, from);
}

static inline void agent_write_exec(struct vmc_writer *w,
				    const struct vmc_exec *from)
{
	vmc_message_write(w, &vmc_message_ExecProcessRequest, from);
}

static inline void agent_write_storages(struct vmc_writer *w,
					const struct vmc_storage *storages,
					size_t storages_len)
{
	struct vmc_storages_request request = { storages, storages_len };

	vmc_message_write(w, &vmc_message_UpdateEphemeralMountsRequest,
			  &request);
}

static inline void
agent_write_update_interface(struct vmc_writer *w,
			     const struct vmc_interface *from)
{
	vmc_message_write(w, &vmc_message_UpdateInterfaceRequest, from);
}

static inline void agent_write_update_routes(struct vmc_writer *w,
					     const struct vmc_route *routes,
					     size_t routes_len)
{
	struct vmc_routes_request request = { routes, routes_len };

	vmc_message_write(w, &vmc_message_UpdateRoutesRequest, &request);
}

#endif
