/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libvmcache: a warm pool of virtual machines behind one Unix socket.
 *
 * VMs are booted before anyone asks for one, checked, paused, and handed
 * over in microseconds: the job of Kata Containers' VMCache, as a static
 * library that never touches the heap.
 *
 * This header includes all others. Each of them is the manual of what it
 * declares; begin with pool.h, which can be used alone, then server.h and
 * client.h.
 *
 * Conventions
 * ===========
 *
 * Memory. Every context is a complete struct that the caller places and
 *   that needs no release beyond what its header says. It must not move
 *   while it is in use. Its fields are private unless its comment says
 *   otherwise. No function allocates. Every size comes from a knob in
 *   config.h.
 *
 * Lifetime. What a configuration points to lives as long as the context
 *   that was given it. What an operation's arguments point to lives until
 *   the operation has ended (task.h). Views that are given out live until
 *   the next call on the same context, unless a longer time is promised.
 *
 * NULL. Pointers must not be NULL unless their description allows it. A
 *   zeroed configuration field means its default.
 *
 * Status. Everything that can fail returns enum vmc_status and is
 *   warn_unused_result. 0 is done, positive is not done, negative is an
 *   error. Each function lists what it can return; those that take a task
 *   return VMC_AGAIN too. Amounts have out-parameters of their own. The
 *   first error of a context stays, with its text, until it is reset.
 *
 * Waiting. There is one shape: a task (task.h). Nothing blocks.
 *
 * Time. Milliseconds of one monotonic clock, passed in as now_ms; the
 *   library asks no clock but through struct vmc_env. Memory is in MiB
 *   (_mib), lengths in bytes (_len, _size), counts end in _max.
 *
 * Threads. There are no globals. A context belongs to one thread at a
 *   time; different contexts need no locks. A callback must not call into
 *   the context that called it. Only vmc_server_wake may be called from a
 *   signal handler or another thread. No signal handler is installed, no
 *   signal ignored, no child waited for that the library did not start.
 *
 * Peers. What a peer sends yields a status, never an assertion. Texts that
 *   come from a peer are checked before they are shown or sent on.
 *
 * Names. vmc_<object>_<verb>. Pairs are read/write, begin/end,
 *   take/give_back, init/reset, recv/send, buf/ack.
 */
#ifndef VMCACHE_H
#define VMCACHE_H

#include "vmcache/config.h"
#include "vmcache/view.h"
#include "vmcache/status.h"
#include "vmcache/task.h"
#include "vmcache/env.h"
#include "vmcache/port.h"
#include "vmcache/engine.h"
#include "vmcache/transport.h"
#include "vmcache/agent.h"
#include "vmcache/hypervisor.h"
#include "vmcache/vm.h"
#include "vmcache/store.h"
#include "vmcache/client.h"
#include "vmcache/agent_kata.h"
#include "vmcache/agent_service.h"
#include "vmcache/factory.h"
#include "vmcache/pool.h"
#include "vmcache/server.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the archive was built with, for a person or a test:
 * "libvmcache 0.1.0 transport=ttrpc agent=noop VMC_VM_MAX=64 …".
 */
const char *vmc_build_options(void);

#ifdef __cplusplus
}
#endif

#endif
