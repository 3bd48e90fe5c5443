/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pump: the driver loop of vmcache/engine.h over a port's stream, for both
 * ends. Per wake-up of a connection:
 *
 *	if (readable)
 *		status = vmc_pump_recv(&pump);
 *	while ((status = vmc_pump_next(&pump, &event)) == VMC_OK)
 *		act on it;
 *	wait for vmc_pump_want(&pump);
 *
 * A call that fits the window and the socket is one recv and one send.
 */
#ifndef VMC_ENGINE_PUMP_H
#define VMC_ENGINE_PUMP_H

#include "vmcache/engine.h"

/*
 * Receives once, if the engine wants to.
 *
 * VMC_OK:     something came.
 * VMC_AGAIN:  nothing there, or the engine wants nothing now.
 * VMC_CLOSED: the peer has ended its side; the engine knows.
 * VMC_ERR_*:  the stream is broken.
 */
enum vmc_status vmc_pump_recv(const struct vmc_pump *pump) VMC_CHECKED;

/*
 * Sends what the engine has.
 *
 * VMC_OK:    all of it.
 * VMC_AGAIN: the stream takes no more now.
 * VMC_ERR_*: the stream is broken.
 */
enum vmc_status vmc_pump_send(const struct vmc_pump *pump) VMC_CHECKED;

/*
 * Sends what the engine has, then yields its next event.
 *
 * VMC_OK:    `event` is filled.
 * VMC_AGAIN: there is none; all is sent as far as the stream takes it.
 * VMC_ERR_*: the stream is broken. Events that are left can still be
 *            asked for from the engine.
 */
enum vmc_status vmc_pump_next(const struct vmc_pump *pump,
			      struct vmc_engine_event *event) VMC_CHECKED;

/*
 * What to wait for: VMC_WAIT_WRITE while something is to be sent,
 * VMC_WAIT_READ while something may be received. 0: for the peer's hang-up
 * only, which is always reported.
 */
unsigned vmc_pump_want(const struct vmc_pump *pump);

#endif
