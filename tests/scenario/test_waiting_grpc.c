/* SPDX-License-Identifier: Apache-2.0 */
/* Many clients for few VMs once more, over gRPC. */
#define WORLD_GRPC 1

#include "test_waiting.c"
