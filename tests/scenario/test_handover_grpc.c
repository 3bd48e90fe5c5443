/* SPDX-License-Identifier: Apache-2.0 */
/* The hand-over once more, over gRPC: a fault at every byte of that. */
#define WORLD_GRPC 1

#include "test_handover.c"
