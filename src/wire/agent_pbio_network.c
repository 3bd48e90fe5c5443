/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's messages: interfaces and routes, as answers and in requests.
 * fill_* and keep_*: agent_pbio.c.
 */
#include "agent_pbio.h"

#include <pb_encode.h>

#include "agent.pb.h"
#include "message_list.h"

#include <string.h>

/* -- IPAddress ------------------------------------------------------------- */

static const struct vmc_message_text address_texts[] = {
	VMC_MESSAGE_TEXT(IPAddress, address, vmc_ip_address, address,
			 VMC_AGENT_ADDRESS_SIZE),
	VMC_MESSAGE_TEXT(IPAddress, mask, vmc_ip_address, mask,
			 VMC_AGENT_MASK_SIZE),
};

static void fill_address(vmc_grpc_IPAddress *message,
			 const struct vmc_ip_address *address)
{
	message->family = address->family;
	vmc_message_fill_texts(message, address_texts,
			       VMC_MESSAGE_TEXTS(address_texts), address);
}

static bool read_address(struct vmc_reading *reading, struct vmc_view bytes,
			 void *element)
{
	struct vmc_ip_address *address = element;
	vmc_grpc_IPAddress message;

	fill_address(&message, address);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_IPAddress_fields,
				    &message))
		return false;
	address->family = message.family;
	return vmc_message_keep_texts(reading, address_texts,
				      VMC_MESSAGE_TEXTS(address_texts),
				      &message, address);
}

static bool write_address(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_IPAddress message;

	fill_address(&message, element);
	return pb_encode(stream, vmc_grpc_IPAddress_fields, &message);
}

static const struct vmc_list_type addresses = {
	.size = sizeof(struct vmc_ip_address),
	.read = read_address,
	.write = write_address,
};

/* -- Interface ------------------------------------------------------------- */

static const struct vmc_message_text interface_texts[] = {
	VMC_MESSAGE_TEXT(Interface, device, vmc_interface, device,
			 VMC_AGENT_NAME_SIZE),
	VMC_MESSAGE_TEXT(Interface, name, vmc_interface, name,
			 VMC_AGENT_NAME_SIZE),
	VMC_MESSAGE_TEXT(Interface, hwAddr, vmc_interface, hardware_address,
			 VMC_AGENT_ADDRESS_SIZE),
	VMC_MESSAGE_TEXT(Interface, devicePath, vmc_interface, device_path,
			 VMC_AGENT_ADDRESS_SIZE),
	VMC_MESSAGE_TEXT(Interface, type, vmc_interface, type,
			 VMC_AGENT_NAME_SIZE),
};

static void fill_interface(vmc_grpc_Interface *message,
			   const struct vmc_interface *interface)
{
	struct vmc_list list = {
		&addresses, (void *)interface->address, interface->address_len,
		VMC_AGENT_ADDRESS_MAX,
		"Interface.IPAddresses: VMC_AGENT_ADDRESS_MAX"
	};

	vmc_message_fill_texts(message, interface_texts,
			       VMC_MESSAGE_TEXTS(interface_texts), interface);
	message->IPAddresses = list;
	message->mtu = interface->mtu;
	message->raw_flags = interface->raw_flags;
}

static bool read_interface(struct vmc_reading *reading, struct vmc_view bytes,
			   void *element)
{
	struct vmc_interface *interface = element;
	vmc_grpc_Interface message;

	fill_interface(&message, interface);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_Interface_fields,
				    &message))
		return false;
	interface->present = 1;
	interface->address_len = message.IPAddresses.len;
	interface->mtu = message.mtu;
	interface->raw_flags = message.raw_flags;
	return vmc_message_keep_texts(reading, interface_texts,
				      VMC_MESSAGE_TEXTS(interface_texts),
				      &message, interface);
}

static bool write_interface(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_Interface message;

	fill_interface(&message, element);
	return pb_encode(stream, vmc_grpc_Interface_fields, &message);
}

const struct vmc_list_type vmc_list_interfaces = {
	.size = sizeof(struct vmc_interface),
	.read = read_interface,
	.write = write_interface,
};

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_interface(struct vmc_view bytes,
					 struct vmc_interface *interface,
					 struct vmc_error *error)
{
	return vmc_message_read_element(bytes, "Interface",
					&vmc_list_interfaces, interface, error);
}

/* see agent_pbio.h */
void vmc_agent_write_interface(struct vmc_writer *w,
			       const struct vmc_interface *interface)
{
	vmc_message_write_element(w, &vmc_list_interfaces, interface);
}

/* -- Interfaces ------------------------------------------------------------ */

static struct vmc_list
list_of_interfaces(const struct vmc_interfaces *interfaces, uint32_t len)
{
	struct vmc_list list = {
		&vmc_list_interfaces, (void *)interfaces->interface, len,
		VMC_AGENT_INTERFACE_MAX,
		"Interfaces.Interfaces: VMC_AGENT_INTERFACE_MAX"
	};

	return list;
}

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_interfaces(struct vmc_view bytes,
					  struct vmc_interfaces *interfaces,
					  struct vmc_error *error)
{
	vmc_grpc_Interfaces message;
	enum vmc_status status;

	message.Interfaces = list_of_interfaces(interfaces, 0);
	status = vmc_message_read(bytes, "Interfaces",
				  vmc_grpc_Interfaces_fields, &message, NULL,
				  error);
	interfaces->interface_len = message.Interfaces.len;
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_interfaces(struct vmc_writer *w,
				const struct vmc_interfaces *interfaces)
{
	vmc_grpc_Interfaces message;

	message.Interfaces =
		list_of_interfaces(interfaces, interfaces->interface_len);
	vmc_message_write(w, vmc_grpc_Interfaces_fields, &message);
}

/* -- Route ----------------------------------------------------------------- */

static const struct vmc_message_text route_texts[] = {
	VMC_MESSAGE_TEXT(Route, dest, vmc_route, destination,
			 VMC_AGENT_ADDRESS_SIZE),
	VMC_MESSAGE_TEXT(Route, gateway, vmc_route, gateway,
			 VMC_AGENT_ADDRESS_SIZE),
	VMC_MESSAGE_TEXT(Route, device, vmc_route, device, VMC_AGENT_NAME_SIZE),
	VMC_MESSAGE_TEXT(Route, source, vmc_route, source,
			 VMC_AGENT_ADDRESS_SIZE),
};

static void fill_route(vmc_grpc_Route *message, const struct vmc_route *route)
{
	vmc_message_fill_texts(message, route_texts,
			       VMC_MESSAGE_TEXTS(route_texts), route);
	message->scope = route->scope;
	message->family = route->family;
	message->flags = route->flags;
	message->mtu = route->mtu;
}

static bool read_route(struct vmc_reading *reading, struct vmc_view bytes,
		       void *element)
{
	struct vmc_route *route = element;
	vmc_grpc_Route message;

	fill_route(&message, route);
	if (!vmc_message_read_inner(reading, bytes, vmc_grpc_Route_fields,
				    &message))
		return false;
	route->scope = message.scope;
	route->family = message.family;
	route->flags = message.flags;
	route->mtu = message.mtu;
	return vmc_message_keep_texts(reading, route_texts,
				      VMC_MESSAGE_TEXTS(route_texts), &message,
				      route);
}

static bool write_route(pb_ostream_t *stream, const void *element)
{
	vmc_grpc_Route message;

	fill_route(&message, element);
	return pb_encode(stream, vmc_grpc_Route_fields, &message);
}

const struct vmc_list_type vmc_list_routes = {
	.size = sizeof(struct vmc_route),
	.read = read_route,
	.write = write_route,
};

/* -- Routes ---------------------------------------------------------------- */

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_routes(struct vmc_view bytes,
				      struct vmc_routes *routes,
				      struct vmc_error *error)
{
	struct vmc_list list = { &vmc_list_routes, routes->route, 0,
				 VMC_AGENT_ROUTE_MAX,
				 "Routes.Routes: VMC_AGENT_ROUTE_MAX" };
	vmc_grpc_Routes message = { list };
	enum vmc_status status;

	status = vmc_message_read(bytes, "Routes", vmc_grpc_Routes_fields,
				  &message, NULL, error);
	routes->route_len = message.Routes.len;
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_routes(struct vmc_writer *w,
			    const struct vmc_routes *routes)
{
	struct vmc_list list = { &vmc_list_routes, (void *)routes->route,
				 routes->route_len, 0, NULL };
	vmc_grpc_Routes message = { list };

	vmc_message_write(w, vmc_grpc_Routes_fields, &message);
}

/* -- UpdateInterfaceRequest ------------------------------------------------ */

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_update_interface(struct vmc_view bytes,
						struct vmc_interface *interface,
						struct vmc_error *error)
{
	struct vmc_list list = { &vmc_list_interfaces, interface, 0, 1,
				 "UpdateInterfaceRequest.interface" };
	vmc_grpc_UpdateInterfaceRequest message = { list };

	memset(interface, 0, sizeof(*interface));
	return vmc_message_read(bytes, "UpdateInterfaceRequest",
				vmc_grpc_UpdateInterfaceRequest_fields,
				&message, NULL, error);
}

/* see agent_pbio.h */
void vmc_agent_write_update_interface(struct vmc_writer *w,
				      const struct vmc_interface *interface)
{
	struct vmc_list list = { &vmc_list_interfaces, (void *)interface, 1, 1,
				 NULL };
	vmc_grpc_UpdateInterfaceRequest message = { list };

	vmc_message_write(w, vmc_grpc_UpdateInterfaceRequest_fields, &message);
}

/* -- UpdateRoutesRequest --------------------------------------------------- */

/* see agent_pbio.h */
enum vmc_status vmc_agent_read_update_routes(
	struct vmc_view bytes, const struct vmc_route **routes,
	size_t *routes_len, struct vmc_agent_request_room *room,
	struct vmc_error *error)
{
	struct vmc_list list = {
		&vmc_list_routes, room->routes, 0, room->routes_cap,
		"Routes.Routes: VMC_AGENT_SERVICE_LIST_MAX / 4"
	};
	vmc_grpc_UpdateRoutesRequest message = { true, { list } };
	enum vmc_status status;

	status = vmc_message_read(bytes, "UpdateRoutesRequest",
				  vmc_grpc_UpdateRoutesRequest_fields, &message,
				  NULL, error);
	*routes = room->routes;
	*routes_len = message.routes.Routes.len;
	return status;
}

/* see agent_pbio.h */
void vmc_agent_write_update_routes(struct vmc_writer *w,
				   const struct vmc_route *routes,
				   size_t routes_len)
{
	struct vmc_list list = { &vmc_list_routes, (void *)routes,
				 (uint32_t)routes_len, 0, NULL };
	vmc_grpc_UpdateRoutesRequest message = { true, { list } };

	vmc_message_write(w, vmc_grpc_UpdateRoutesRequest_fields, &message);
}
