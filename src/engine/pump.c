/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pump. Precedence: output, then events, then input. What is sent makes
 * room for replies, what is acted on makes room in the window; so whoever
 * stops reading from us is soon no longer read from.
 */
#include "pump.h"

/* see pump.h */
enum vmc_status vmc_pump_recv(const struct vmc_pump *pump)
{
	enum vmc_status status;
	uint8_t *buf;
	size_t cap, len = 0;

	if (!pump->ops->recv_buf(pump->engine, &buf, &cap))
		return VMC_AGAIN;
	status = pump->port.ops->recv(pump->port.ctx, pump->stream, buf, cap,
				      &len, NULL);
	if (status == VMC_OK)
		pump->ops->recv_ack(pump->engine, len);
	else if (status == VMC_CLOSED)
		pump->ops->recv_end(pump->engine);
	return status;
}

/* see pump.h */
enum vmc_status vmc_pump_send(const struct vmc_pump *pump)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	enum vmc_status status;
	size_t parts_len, len;

	while (pump->ops->send_buf(pump->engine, parts, &parts_len)) {
		len = 0;
		status = pump->port.ops->send(pump->port.ctx, pump->stream,
					      parts, parts_len, NULL, &len);
		if (status)
			return status;
		pump->ops->send_ack(pump->engine, len);
	}
	return VMC_OK;
}

/* see pump.h */
enum vmc_status vmc_pump_next(const struct vmc_pump *pump,
			      struct vmc_engine_event *event)
{
	enum vmc_status status;

	do {
		status = vmc_pump_send(pump);
		if (status < 0)
			return status;
		if (!pump->ops->next(pump->engine, event))
			return VMC_AGAIN;
	} while (event->type == VMC_ENGINE_NONE);
	return VMC_OK;
}

/* see pump.h */
unsigned vmc_pump_want(const struct vmc_pump *pump)
{
	struct vmc_view parts[VMC_PARTS_MAX];
	unsigned want = 0;
	uint8_t *buf;
	size_t len;

	if (pump->ops->send_buf(pump->engine, parts, &len))
		want |= VMC_WAIT_WRITE;
	if (pump->ops->recv_buf(pump->engine, &buf, &len))
		want |= VMC_WAIT_READ;
	return want;
}
