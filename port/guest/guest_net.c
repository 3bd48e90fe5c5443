/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's interfaces and routes, as the kernel lists them (rtnetlink(7)):
 * a dump is asked for, and comes in a few datagrams of at most 8 KiB; the
 * kernel has the next one ready when the last is taken, so nothing waits.
 *
 * Of routes, those of the main table that lead somewhere, the kernel's own
 * included, as Kata's agent answers them.
 */
#include "guest.h"
#include "guest_netlink.h"

#include "../../src/base/text.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAMILY_4 2  /* AF_INET */
#define FAMILY_6 10 /* AF_INET6 */
#define GROUPS 8    /* of an IPv6 address */

/* A change while a dump is made interrupts it; so often it is begun anew. */
#define DUMP_TRIES 8

/* What a dump is for: `take` is given each entry's header and content. */
struct dump {
	uint16_t request, entry; /* enum netlink_type */
	enum vmc_status (*take)(struct dump *dump, struct vmc_view content);
	struct vmc_agent *agent;
	struct vmc_interfaces *interfaces;
	struct vmc_routes *routes;
};

/*
 * Texts
 */

static enum vmc_status too_long(struct dump *dump, const char *knob,
				uint64_t limit)
{
	return vmc_error_set_number(dump->agent->error, VMC_ERR_TOO_BIG, knob,
				    limit);
}

static void put_ipv4(struct vmc_text *text, const uint8_t *bytes)
{
	int i;

	for (i = 0; i < 4; i++) {
		if (i > 0)
			vmc_text_add(text, ".");
		vmc_text_add_number(text, bytes[i]);
	}
}

static unsigned group_of(const uint8_t *bytes, int i)
{
	return (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
}

/* The first longest run of zeros, two at least: where "::" stands (RFC 5952,
 * section 4.2). */
static int find_zeros(const uint8_t *bytes, int *zeros_len)
{
	int best = -1, i, len;

	*zeros_len = 1;
	for (i = 0; i < GROUPS; i++) {
		for (len = 0; i + len < GROUPS; len++)
			if (group_of(bytes, i + len) != 0)
				break;
		if (len > *zeros_len) {
			best = i;
			*zeros_len = len;
		}
	}
	return best;
}

static void put_group(struct vmc_text *text, unsigned group)
{
	char digits[] = "0000", *first = digits;
	int i;

	for (i = 3; i >= 0; i--, group >>= 4)
		digits[i] = "0123456789abcdef"[group & 15];
	while (*first == '0' && first[1])
		first++;
	vmc_text_add(text, first);
}

static void put_ipv6(struct vmc_text *text, const uint8_t *bytes)
{
	int zeros_len, zeros = find_zeros(bytes, &zeros_len), i = 0;

	while (i < GROUPS) {
		if (i == zeros) {
			vmc_text_add(text, "::");
			i += zeros_len;
			continue;
		}
		if (i > 0 && (zeros < 0 || i != zeros + zeros_len))
			vmc_text_add(text, ":");
		put_group(text, group_of(bytes, i));
		i++;
	}
}

/* 1 if the bytes are an address. */
static int put_address(char out[VMC_AGENT_ADDRESS_SIZE], struct vmc_view bytes)
{
	struct vmc_text text;

	vmc_text_init(&text, out, VMC_AGENT_ADDRESS_SIZE);
	if (bytes.ptr_len == 4)
		put_ipv4(&text, bytes.ptr);
	else if (bytes.ptr_len == 16)
		put_ipv6(&text, bytes.ptr);
	return text.len > 0;
}

static void put_hardware(char out[VMC_AGENT_ADDRESS_SIZE],
			 struct vmc_view bytes)
{
	char digits[] = "00";
	struct vmc_text text;
	size_t i;

	vmc_text_init(&text, out, VMC_AGENT_ADDRESS_SIZE);
	for (i = 0; i < bytes.ptr_len; i++) {
		digits[0] = "0123456789abcdef"[bytes.ptr[i] >> 4];
		digits[1] = "0123456789abcdef"[bytes.ptr[i] & 15];
		if (i > 0)
			vmc_text_add(&text, ":");
		vmc_text_add(&text, digits);
	}
}

static enum vmc_status put_name(struct dump *dump, char out[],
				struct vmc_view bytes)
{
	size_t len = bytes.ptr_len;

	while (len > 0 && bytes.ptr[len - 1] == '\0')
		len--;
	if (len >= VMC_AGENT_NAME_SIZE)
		return too_long(dump, "name too long for VMC_AGENT_NAME_SIZE",
				VMC_AGENT_NAME_SIZE);
	if (len > 0)
		memcpy(out, bytes.ptr, len);
	out[len] = '\0';
	return VMC_OK;
}

static uint32_t number_of(struct vmc_view bytes)
{
	uint32_t number = 0;

	if (bytes.ptr_len >= sizeof(number))
		memcpy(&number, bytes.ptr, sizeof(number));
	return number;
}

/*
 * Attributes
 */

/* Takes the next one off: 1, or 0 if there is none. */
static int next_attribute(struct vmc_view *rest, unsigned *type,
			  struct vmc_view *value)
{
	struct netlink_attribute head;
	size_t padded;

	if (rest->ptr_len < sizeof(head))
		return 0;
	memcpy(&head, rest->ptr, sizeof(head));
	if (head.len < sizeof(head) || head.len > rest->ptr_len)
		return 0;
	*type = head.type & NETLINK_ATTRIBUTE_TYPE;
	value->ptr = rest->ptr + sizeof(head);
	value->ptr_len = head.len - sizeof(head);
	padded = ((size_t)head.len + 3) & ~(size_t)3;
	if (padded > rest->ptr_len)
		padded = rest->ptr_len;
	rest->ptr += padded;
	rest->ptr_len -= padded;
	return 1;
}

static struct vmc_view find_attribute(struct vmc_view rest, unsigned wanted)
{
	struct vmc_view value, none = { NULL, 0 };
	unsigned type;

	while (next_attribute(&rest, &type, &value))
		if (type == wanted)
			return value;
	return none;
}

/* Takes a message's fixed part off: 1 if it is there. */
static int take_fixed(struct vmc_view *content, void *out, size_t size)
{
	if (content->ptr_len < size)
		return 0;
	memcpy(out, content->ptr, size);
	content->ptr += size;
	content->ptr_len -= size;
	return 1;
}

/*
 * Interfaces
 */

static enum vmc_status take_link(struct dump *dump, struct vmc_view content)
{
	struct vmc_interfaces *all = dump->interfaces;
	struct vmc_interface *link;
	struct netlink_link head;
	enum vmc_status status;

	if (!take_fixed(&content, &head, sizeof(head)))
		return VMC_OK;
	if (all->interface_len == VMC_AGENT_INTERFACE_MAX)
		return too_long(dump,
				"interfaces: more than VMC_AGENT_INTERFACE_MAX",
				VMC_AGENT_INTERFACE_MAX);
	link = &all->interface[all->interface_len++];
	link->present = 1;
	link->raw_flags = head.flags;
	link->mtu = number_of(find_attribute(content, LINK_MTU));
	put_hardware(link->hardware_address,
		     find_attribute(content, LINK_ADDRESS));
	status = put_name(dump, link->name, find_attribute(content, LINK_NAME));
	if (status)
		return status;
	memcpy(link->device, link->name, sizeof(link->name));
	content = find_attribute(content, LINK_INFO);
	return put_name(dump, link->type,
			find_attribute(content, LINK_INFO_KIND));
}

static struct vmc_interface *by_index(struct vmc_interfaces *all,
				      uint32_t index)
{
	char name[IF_NAMESIZE];
	uint32_t i;

	if (!if_indextoname(index, name))
		return NULL;
	for (i = 0; i < all->interface_len; i++)
		if (strcmp(all->interface[i].name, name) == 0)
			return &all->interface[i];
	return NULL;
}

static enum vmc_status take_address(struct dump *dump, struct vmc_view content)
{
	struct netlink_interface_address head;
	struct vmc_interface *link;
	struct vmc_ip_address *address;
	struct vmc_view bytes;
	struct vmc_text text;

	if (!take_fixed(&content, &head, sizeof(head)))
		return VMC_OK;
	link = by_index(dump->interfaces, head.index);
	bytes = find_attribute(content, ADDRESS_LOCAL);
	if (!bytes.ptr)
		bytes = find_attribute(content, ADDRESS_PEER);
	if (!link || !bytes.ptr)
		return VMC_OK; /* it has gone meanwhile */
	if (link->address_len == VMC_AGENT_ADDRESS_MAX)
		return too_long(dump,
				"addresses of an interface: more than "
				"VMC_AGENT_ADDRESS_MAX",
				VMC_AGENT_ADDRESS_MAX);
	address = &link->address[link->address_len];
	if (!put_address(address->address, bytes))
		return VMC_OK;
	link->address_len++;
	address->family = head.family == FAMILY_6;
	vmc_text_init(&text, address->mask, sizeof(address->mask));
	vmc_text_add_number(&text, head.prefix_len);
	return VMC_OK;
}

/*
 * Routes
 */

static void put_network(char out[VMC_AGENT_ADDRESS_SIZE], struct vmc_view bytes,
			unsigned prefix_len)
{
	struct vmc_text text;

	if (!put_address(out, bytes))
		return; /* the default route has none */
	vmc_text_append_to(&text, out, VMC_AGENT_ADDRESS_SIZE);
	vmc_text_add(&text, "/");
	vmc_text_add_number(&text, prefix_len);
}

static enum vmc_status put_device(struct dump *dump, char out[],
				  struct vmc_view index)
{
	char name[IF_NAMESIZE];

	if (!index.ptr || !if_indextoname(number_of(index), name))
		return VMC_OK;
	return put_name(dump, out, vmc_view_of(name));
}

static enum vmc_status fill_route(struct dump *dump,
				  const struct netlink_route *head,
				  struct vmc_view content,
				  struct vmc_route *route)
{
	struct vmc_view metrics = find_attribute(content, ROUTE_METRICS);

	put_network(route->destination,
		    find_attribute(content, ROUTE_DESTINATION),
		    head->destination_len);
	put_address(route->gateway, find_attribute(content, ROUTE_GATEWAY));
	put_address(route->source,
		    find_attribute(content, ROUTE_PREFERRED_SOURCE));
	route->scope = head->scope;
	route->family = head->family == FAMILY_6;
	route->flags = head->flags;
	route->mtu = number_of(find_attribute(metrics, ROUTE_METRIC_MTU));
	return put_device(dump, route->device,
			  find_attribute(content, ROUTE_DEVICE));
}

static enum vmc_status take_route(struct dump *dump, struct vmc_view content)
{
	struct vmc_routes *all = dump->routes;
	struct netlink_route head;

	if (!take_fixed(&content, &head, sizeof(head)))
		return VMC_OK;
	if (head.table != ROUTE_TABLE_MAIN || head.type != ROUTE_UNICAST ||
	    (head.family != FAMILY_4 && head.family != FAMILY_6))
		return VMC_OK;
	if (all->route_len == VMC_AGENT_ROUTE_MAX)
		return too_long(dump, "routes: more than VMC_AGENT_ROUTE_MAX",
				VMC_AGENT_ROUTE_MAX);
	return fill_route(dump, &head, content, &all->route[all->route_len++]);
}

/*
 * Dumps
 */

static int ask(int fd, const struct dump *dump)
{
	struct {
		struct netlink_header head;
		struct netlink_link all; /* of any family, all zero */
	} request = {
		.head = {
			.len = sizeof(request),
			.type = dump->request,
			.flags = NETLINK_REQUEST | NETLINK_DUMP,
			.sequence = 1,
		},
	};

	return send(fd, &request, sizeof(request), 0) == sizeof(request) ?
		       0 :
		       errno;
}

static int error_of(struct vmc_view content)
{
	return -(int)number_of(content);
}

/* The entries of one datagram. VMC_OK: the dump is complete. */
static enum vmc_status take_datagram(struct dump *dump, struct vmc_view rest,
				     int *interrupted)
{
	struct netlink_header head;
	struct vmc_view content;
	enum vmc_status status;
	size_t padded;

	while (rest.ptr_len >= sizeof(head)) {
		memcpy(&head, rest.ptr, sizeof(head));
		if (head.len < sizeof(head) || head.len > rest.ptr_len)
			return VMC_ERR_MALFORMED;
		content.ptr = rest.ptr + sizeof(head);
		content.ptr_len = head.len - sizeof(head);
		*interrupted |= head.flags & NETLINK_DUMP_INTERRUPTED;
		if (head.type == NETLINK_DONE)
			return VMC_OK;
		if (head.type == NETLINK_ERROR)
			return vmc_guest_error(dump->agent, error_of(content),
					       "netlink", "dump");
		status = head.type == dump->entry ? dump->take(dump, content) :
						    VMC_OK;
		if (status)
			return status;
		padded = ((size_t)head.len + 3) & ~(size_t)3;
		if (padded > rest.ptr_len)
			padded = rest.ptr_len;
		rest.ptr += padded;
		rest.ptr_len -= padded;
	}
	return VMC_AGAIN;
}

static enum vmc_status receive(struct dump *dump, int fd, int *interrupted)
{
	struct vmc_guest *guest = vmc_guest_of(dump->agent);
	struct vmc_view datagram = { (const uint8_t *)guest->room, 0 };
	enum vmc_status status = VMC_AGAIN;
	ssize_t len;

	*interrupted = 0;
	while (status == VMC_AGAIN) {
		len = recv(fd, guest->room, sizeof(guest->room), MSG_DONTWAIT);
		if (len < 0 && errno == EINTR)
			continue;
		if (len <= 0)
			return vmc_guest_error(dump->agent, errno, "netlink",
					       "recv");
		datagram.ptr_len = (size_t)len;
		status = take_datagram(dump, datagram, interrupted);
	}
	return status;
}

static enum vmc_status run_on(struct dump *dump, int fd, int *interrupted)
{
	int number = ask(fd, dump);

	if (number)
		return vmc_guest_error(dump->agent, number, "netlink", "send");
	return receive(dump, fd, interrupted);
}

static enum vmc_status run(struct dump *dump, int *interrupted)
{
	int fd = socket(NETLINK_FAMILY, SOCK_RAW | SOCK_CLOEXEC,
			NETLINK_FOR_ROUTES);
	enum vmc_status status;

	if (fd < 0)
		return vmc_guest_error(dump->agent, errno, "netlink", "socket");
	status = run_on(dump, fd, interrupted);
	close(fd);
	return status;
}

static enum vmc_status list_interfaces(struct vmc_agent *agent,
				       struct vmc_interfaces *interfaces,
				       int *interrupted)
{
	struct dump links = {
		.request = NETLINK_GET_LINK,
		.entry = NETLINK_NEW_LINK,
		.take = take_link,
		.agent = agent,
		.interfaces = interfaces,
	};
	struct dump addresses = {
		.request = NETLINK_GET_ADDRESS,
		.entry = NETLINK_NEW_ADDRESS,
		.take = take_address,
		.agent = agent,
		.interfaces = interfaces,
	};
	enum vmc_status status;

	memset(interfaces, 0, sizeof(*interfaces));
	status = run(&links, interrupted);
	if (status || *interrupted)
		return status;
	return run(&addresses, interrupted);
}

static enum vmc_status list_routes(struct vmc_agent *agent,
				   struct vmc_routes *routes, int *interrupted)
{
	struct dump dump = {
		.request = NETLINK_GET_ROUTE,
		.entry = NETLINK_NEW_ROUTE,
		.take = take_route,
		.agent = agent,
		.routes = routes,
	};

	memset(routes, 0, sizeof(*routes));
	return run(&dump, interrupted);
}

/* see guest.h */
enum vmc_status vmc_guest_list_interfaces(struct vmc_agent *agent,
					  struct vmc_interfaces *interfaces,
					  struct vmc_task *task,
					  uint64_t now_ms)
{
	enum vmc_status status;
	int interrupted = 0, tries = 0;

	(void)now_ms;
	do
		status = list_interfaces(agent, interfaces, &interrupted);
	while (status == VMC_OK && interrupted && ++tries < DUMP_TRIES);
	return vmc_task_end(task, status);
}

/* see guest.h */
enum vmc_status vmc_guest_list_routes(struct vmc_agent *agent,
				      struct vmc_routes *routes,
				      struct vmc_task *task, uint64_t now_ms)
{
	enum vmc_status status;
	int interrupted = 0, tries = 0;

	(void)now_ms;
	do
		status = list_routes(agent, routes, &interrupted);
	while (status == VMC_OK && interrupted && ++tries < DUMP_TRIES);
	return vmc_task_end(task, status);
}
