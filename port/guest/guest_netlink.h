/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Netlink and rtnetlink, as the kernel has them (netlink(7), rtnetlink(7)):
 * musl comes without the kernel's headers.
 */
#ifndef GUEST_NETLINK_H
#define GUEST_NETLINK_H

#include <stdint.h>

#define NETLINK_FAMILY 16 /* AF_NETLINK */
#define NETLINK_FOR_ROUTES 0
#define NETLINK_UEVENT 15
#define NETLINK_UEVENT_KERNEL 1u /* group: from the kernel, not from udev */

/* struct sockaddr_nl */
struct netlink_address {
	uint16_t family, pad;
	uint32_t port, groups;
};

/* struct nlmsghdr */
struct netlink_header {
	uint32_t len; /* with this header; the next begins at a multiple of 4 */
	uint16_t type, flags;
	uint32_t sequence, port;
};

enum netlink_type {
	NETLINK_ERROR = 2,
	NETLINK_DONE = 3,
	NETLINK_NEW_LINK = 16,
	NETLINK_GET_LINK = 18,
	NETLINK_NEW_ADDRESS = 20,
	NETLINK_GET_ADDRESS = 22,
	NETLINK_NEW_ROUTE = 24,
	NETLINK_GET_ROUTE = 26
};

enum netlink_flag {
	NETLINK_REQUEST = 0x001,
	NETLINK_DUMP_INTERRUPTED = 0x010,
	NETLINK_DUMP = 0x300
};

/* struct rtattr */
struct netlink_attribute {
	uint16_t len; /* with this header */
	uint16_t type;
};

#define NETLINK_ATTRIBUTE_TYPE 0x3fffu /* without NLA_F_NESTED and so on */

/* struct ifinfomsg */
struct netlink_link {
	uint8_t family, pad;
	uint16_t type;
	int32_t index;
	uint32_t flags, change;
};

enum netlink_link_attribute {
	LINK_ADDRESS = 1, /* of the hardware */
	LINK_NAME = 3,
	LINK_MTU = 4,
	LINK_INFO = 18,
	LINK_INFO_KIND = 1 /* in it */
};

/* struct ifaddrmsg */
struct netlink_interface_address {
	uint8_t family, prefix_len, flags, scope;
	uint32_t index;
};

enum netlink_address_attribute {
	ADDRESS_PEER = 1, /* IFA_ADDRESS; our own, but on a point-to-point */
	ADDRESS_LOCAL = 2
};

/* struct rtmsg */
struct netlink_route {
	uint8_t family, destination_len, source_len, tos;
	uint8_t table, protocol, scope, type;
	uint32_t flags;
};

#define ROUTE_TABLE_MAIN 254
#define ROUTE_UNICAST 1

enum netlink_route_attribute {
	ROUTE_DESTINATION = 1,
	ROUTE_DEVICE = 4, /* the index of the interface to go out of */
	ROUTE_GATEWAY = 5,
	ROUTE_PREFERRED_SOURCE = 7,
	ROUTE_METRICS = 8,
	ROUTE_METRIC_MTU = 2 /* in it */
};

#endif
