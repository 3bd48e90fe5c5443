/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gRPC in HTTP/2. See grpc_frame.h.
 */
#include "grpc_frame.h"

#include "h2_frame.h"

#include <string.h>

#define DIGITS_MAX 8
#define LARGEST_MAX 99999999

/* see grpc_frame.h */
enum vmc_status vmc_grpc_number_read(struct vmc_view text, uint32_t *number)
{
	uint64_t value = 0;
	size_t i;

	if (text.ptr_len == 0 || text.ptr_len > 10)
		return VMC_ERR_MALFORMED;
	for (i = 0; i < text.ptr_len; i++) {
		if (text.ptr[i] < '0' || text.ptr[i] > '9')
			return VMC_ERR_MALFORMED;
		value = value * 10 + (text.ptr[i] - '0');
	}
	*number = (uint32_t)value;
	return value > UINT32_MAX ? VMC_ERR_MALFORMED : VMC_OK;
}

static const struct unit {
	uint8_t name;
	uint64_t ns;
} units[] = {
	{ 'n', 1 },          { 'u', 1000 },        { 'm', 1000000 },
	{ 'S', 1000000000 }, { 'M', 60000000000 }, { 'H', 3600000000000 },
};

#define UNITS (sizeof(units) / sizeof(units[0]))

/* see grpc_frame.h */
enum vmc_status vmc_grpc_timeout_read(struct vmc_view text, uint64_t *ns)
{
	struct vmc_view digits = text;
	uint32_t value = 0;
	unsigned i;

	if (text.ptr_len < 2 || text.ptr_len > DIGITS_MAX + 1)
		return VMC_ERR_MALFORMED;
	digits.ptr_len--;
	if (vmc_grpc_number_read(digits, &value))
		return VMC_ERR_MALFORMED;
	for (i = 0; i < UNITS; i++) {
		if (units[i].name != text.ptr[digits.ptr_len])
			continue;
		*ns = value > INT64_MAX / units[i].ns ? INT64_MAX :
							value * units[i].ns;
		return VMC_OK;
	}
	return VMC_ERR_MALFORMED;
}

/* see grpc_frame.h */
void vmc_grpc_timeout_write(struct vmc_writer *w, uint64_t ns)
{
	uint8_t digits[DIGITS_MAX];
	unsigned i = 0, len = 0;
	uint64_t value;

	while (i < UNITS - 1 && ns / units[i].ns > LARGEST_MAX)
		i++;
	value = ns / units[i].ns;
	do {
		digits[len++] = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	while (len > 0)
		vmc_put_u8(w, digits[--len]);
	vmc_put_u8(w, (uint8_t)units[i].name);
}

/* Percent-Byte-Unencoded: 0x20-0x24, 0x26-0x7e. But HTTP/2 has no blank at
 * either end of a value (RFC 9113, 8.2.1). */
static int is_plain(struct vmc_view text, size_t i)
{
	uint8_t byte = text.ptr[i];

	if (byte == ' ')
		return i > 0 && i < text.ptr_len - 1;
	return byte > 0x20 && byte <= 0x7e && byte != '%';
}

/* see grpc_frame.h */
size_t vmc_grpc_percent_len(struct vmc_view text)
{
	size_t i, len = 0;

	for (i = 0; i < text.ptr_len; i++)
		len += is_plain(text, i) ? 1 : 3;
	return len;
}

static uint8_t hex_digit(unsigned value)
{
	return (uint8_t)(value < 10 ? '0' + value : 'A' + value - 10);
}

/* see grpc_frame.h */
void vmc_grpc_percent_write(struct vmc_writer *w, struct vmc_view text)
{
	size_t i;

	for (i = 0; i < text.ptr_len; i++) {
		uint8_t byte = text.ptr[i];

		if (is_plain(text, i)) {
			vmc_put_u8(w, byte);
			continue;
		}
		vmc_put_u8(w, '%');
		vmc_put_u8(w, hex_digit(byte >> 4));
		vmc_put_u8(w, hex_digit(byte & 15));
	}
}

/* -1: it is no digit. */
static int digit_value(uint8_t digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	digit |= 0x20;
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* see grpc_frame.h */
void vmc_grpc_percent_read(struct vmc_writer *w, struct vmc_view encoded)
{
	const uint8_t *at = encoded.ptr;
	size_t i;

	for (i = 0; i < encoded.ptr_len; i++) {
		int high = -1, low = -1;

		if (at[i] == '%' && encoded.ptr_len - i > 2) {
			high = digit_value(at[i + 1]);
			low = digit_value(at[i + 2]);
		}
		if (high < 0 || low < 0) {
			vmc_put_u8(w, at[i]);
			continue;
		}
		vmc_put_u8(w, (uint8_t)(high << 4 | low));
		i += 2;
	}
}

/* see grpc_frame.h */
int vmc_grpc_is_content_type(struct vmc_view value)
{
	static const char type[] = "application/grpc";
	const size_t len = sizeof(type) - 1;

	if (value.ptr_len < len || memcmp(value.ptr, type, len) != 0)
		return 0;
	return value.ptr_len == len || value.ptr[len] == '+' ||
	       value.ptr[len] == ';';
}

/* see grpc_frame.h */
enum vmc_code vmc_grpc_code_of_http(unsigned status)
{
	switch (status) {
	case 400:
		return VMC_CODE_INTERNAL;
	case 401:
		return VMC_CODE_UNAUTHENTICATED;
	case 403:
		return VMC_CODE_PERMISSION_DENIED;
	case 404:
		return VMC_CODE_UNIMPLEMENTED;
	case 429:
	case 502:
	case 503:
	case 504:
		return VMC_CODE_UNAVAILABLE;
	default:
		return VMC_CODE_UNKNOWN;
	}
}

/* see grpc_frame.h */
enum vmc_code vmc_grpc_code_of_reset(uint32_t error)
{
	switch (error) {
	case VMC_H2_REFUSED_STREAM:
		return VMC_CODE_UNAVAILABLE;
	case VMC_H2_CANCEL:
		return VMC_CODE_CANCELLED;
	case VMC_H2_ENHANCE_YOUR_CALM:
		return VMC_CODE_RESOURCE_EXHAUSTED;
	case VMC_H2_INADEQUATE_SECURITY:
		return VMC_CODE_PERMISSION_DENIED;
	case VMC_H2_SETTINGS_TIMEOUT:
	case VMC_H2_STREAM_CLOSED:
	case VMC_H2_HTTP_1_1_REQUIRED:
		return VMC_CODE_UNKNOWN;
	default:
		return VMC_CODE_INTERNAL;
	}
}
