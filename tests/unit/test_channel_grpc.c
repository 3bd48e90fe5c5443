/* SPDX-License-Identifier: Apache-2.0 */
/* The channel once more, over gRPC. */
#define WORLD_GRPC 1

#include "test_channel.c"
