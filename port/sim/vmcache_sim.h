/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sim: a port in memory, with a clock and with faults that tests script.
 *
 * One `struct vmc_sim` is a small world: endpoints, connections between
 * their two ends, a clock that only the test moves, entropy from a seed,
 * and a store. The same bytes, in the same order, come out of the same
 * calls, so that a scenario can be run once to count the bytes that were
 * exchanged, and again with a fault at each of them:
 *
 *	run(&sim);                         // no fault
 *	n = sim.exchanged;
 *	for (k = 0; k < n; k++) {
 *		sim reset;
 *		sim.fault = (struct vmc_sim_fault){ .type = VMC_SIM_LOST,
 *						    .connection = 1,
 *						    .at = k };
 *		run(&sim);
 *	}
 *
 * A stream behaves as an AF_UNIX stream socket does on Linux: what was sent
 * before an end was closed can still be read; then it is VMC_CLOSED, or
 * VMC_ERR_LOST if that end left bytes unread; sending to a closed end is
 * VMC_ERR_LOST at once.
 *
 * A call on a handle that is not open is answered VMC_ERR_ARGUMENT and
 * counted in `misused`: a test ends by asking that there was none.
 */
#ifndef VMCACHE_SIM_H
#define VMCACHE_SIM_H

#include "vmcache/env.h"
#include "vmcache/port.h"
#include "vmcache/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Bytes that one direction of a connection holds until they are read. */
#ifndef VMC_SIM_RING_SIZE
#define VMC_SIM_RING_SIZE 4096
#endif

/* Endpoints that are listened on at once. */
#define VMC_SIM_LISTENER_MAX 4

/* An endpoint's path with its NUL, as long as sun_path. */
#define VMC_SIM_ENDPOINT_SIZE 108

/* Handles: end 0 (who connected) and 1 (who accepted) of connection slot i
 * are 2i and 2i + 1; listeners begin here. */
#define VMC_SIM_LISTENER_FIRST ((vmc_handle)1 << 20)

enum vmc_sim_fault_type {
	VMC_SIM_NO_FAULT = 0,
	VMC_SIM_LOST,        /* broken at both ends, what is on its way gone */
	VMC_SIM_GONE,        /* who connected has died: its end is closed */
	VMC_SIM_SERVER_GONE, /* who accepted has died */
	VMC_SIM_HALF_CLOSE,  /* who connected ends its side */
	VMC_SIM_SHORT_READ,  /* reading stops there, finds nothing once, and
			     * goes on with a single byte */
	VMC_SIM_SHORT_WRITE  /* the same of writing */
};

/*
 * Strikes once, when `at` bytes have been exchanged on a connection: no
 * transfer crosses that byte, the fault comes between it and the next. 0 is
 * before the first byte.
 */
struct vmc_sim_fault {
	enum vmc_sim_fault_type type;
	uint32_t connection; /* by order of connect, from 1 */
	uint8_t received;    /* 1: counts bytes as they are received; 0: as
			      * they are sent. A short read and a short
			      * write count their own kind whatever it says */
	uint64_t at;
};

/* Private: one direction of a connection. */
struct vmc_sim_pipe {
	uint32_t first, len; /* bytes that wait */
	uint8_t ended;       /* the writer will send no more */
	uint8_t reset;       /* and left bytes of its own unread */
	uint8_t stall_read, stall_write;
	uint8_t bytes[VMC_SIM_RING_SIZE];
};

/* Private: a connection. pipe[0] carries what end 0 sends. */
struct vmc_sim_link {
	uint32_t number; /* by order of connect; 0: free */
	uint32_t listener;
	uint64_t sent, received; /* of both directions */
	uint8_t open[2];         /* by who has it */
	uint8_t dead[2];         /* its owner has died: nothing works */
	uint8_t accepted, broken;
	struct vmc_peer peer[2]; /* who is at that end */
	struct vmc_sim_pipe pipe[2];
};

/* Private. */
struct vmc_sim_listener {
	char endpoint[VMC_SIM_ENDPOINT_SIZE];
	uint8_t open;
	uint32_t waiting; /* connections not accepted yet */
};

struct vmc_sim {
	/* For the caller to set, at any time. */
	uint64_t now_ms;
	uint64_t seed;       /* of the entropy; 0 is as good as any */
	uint32_t short_read; /* bytes per recv at most; 0: no limit */
	uint32_t short_write;
	uint32_t ring;          /* bytes a direction holds; 0: all of
				     * VMC_SIM_RING_SIZE */
	uint32_t backlog;       /* connections that wait to be accepted;
				     * 0: no limit */
	uint32_t accept_full;   /* accepts that find no descriptor left */
	uint32_t listen_fails;  /* listens refused with VMC_ERR_IO */
	uint32_t entropy_fails; /* calls for entropy that fail */
	uint8_t no_wall;        /* there is no calendar */
	struct vmc_peer client; /* who connects from now on */
	struct vmc_peer server; /* whom those see at the other end */
	struct vmc_sim_fault fault;

	/* For the caller to read. */
	uint64_t exchanged; /* bytes sent on all connections */
	uint32_t connected; /* connects that succeeded, ever */
	uint32_t open;      /* ends that somebody holds */
	uint32_t struck;    /* faults that struck */
	uint32_t woken;     /* calls of wake */
	uint32_t misused;   /* calls on handles that are not open */

	/* Private. */
	struct vmc_sim_link *link;
	uint32_t link_len;
	uint32_t link_next; /* where to look for a free one */
	struct vmc_sim_listener listener[VMC_SIM_LISTENER_MAX];
};

/*
 * Makes a world of at most `links_len` connections at once. `links` is the
 * world's for as long as it lives; its bytes need no clearing. All settings
 * are zeroed; the clock begins at 1000.
 */
void vmc_sim_init(struct vmc_sim *sim, struct vmc_sim_link *links,
		  uint32_t links_len);

/* The port whose context is a `struct vmc_sim`. Handles do not travel. */
extern const struct vmc_port_ops vmc_sim_port_ops;

struct vmc_port vmc_sim_port(struct vmc_sim *sim);

/*
 * Its clocks and entropy. The wall is 2019-03-08 (the day the VMCache was
 * merged) and the clock's milliseconds.
 */
struct vmc_env vmc_sim_env(struct vmc_sim *sim);

/*
 * Fills in `got` of those waits whose handle is this world's; others are
 * left alone. Returns how many have something: what poll(2) does.
 */
size_t vmc_sim_poll(struct vmc_sim *sim, struct vmc_wait *waits,
		    size_t waits_len);

/* Bytes on their way to that end, which nobody has read yet. */
size_t vmc_sim_unread(const struct vmc_sim *sim, vmc_handle stream);

/* The connection that an open stream belongs to, by order of connect. */
uint32_t vmc_sim_connection(const struct vmc_sim *sim, vmc_handle stream);

/* Bytes sent so far, in both directions, on an open stream. */
uint64_t vmc_sim_sent(const struct vmc_sim *sim, vmc_handle stream);

/*
 * A store in memory. Zeroed: empty, nothing fails. A test sets the first
 * part and reads all of it; copies of it stand for a crash.
 */
struct vmc_sim_store {
	uint32_t fail_from; /* first write that fails, from 1; 0: none */
	uint32_t fail_len;  /* so many do; 0: all from there on */
	uint64_t born;      /* added to a pid, that process's start time */

	uint32_t writes, failed, erases;
	uint32_t bytes_len[VMC_VM_MAX]; /* 0: no record */
	uint8_t bytes[VMC_VM_MAX][VMC_RECORD_SIZE];
};

extern const struct vmc_store_ops vmc_sim_store_ops;

#ifdef __cplusplus
}
#endif

#endif
