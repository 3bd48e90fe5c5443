/* SPDX-License-Identifier: Apache-2.0 */
/* The tests of the server once more, by peers that speak gRPC. */
#define WORLD_GRPC 1

#include "test_server.c"
