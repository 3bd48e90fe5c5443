/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What real peers said to each other over a Unix socket, call by call:
 * bytes as they were recorded, and what they mean.
 */
#ifndef VMC_TTRPC_CAPTURES_H
#define VMC_TTRPC_CAPTURES_H

struct ttrpc_capture {
	const char *request, *response; /* frames, in hexadecimal */
	const char *service, *method;
	long long timeout_ns;
	int metadata; /* the request carries some */
	int code;
	const char *message, *payload; /* of the response; payload in hex */
};

/* containerd/ttrpc 1.1.1, client and server. */
static const struct ttrpc_capture captured_go_1_1_1[] = {
	{
		.request =
			"0000001c0000000101000a1263616368652e436163686553657276696365"
			"1206537461747573",
		.response =
			"0000000f000000010200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.message = "",
		.payload = "089221120808f7211001188010",
	},
	{
		.request =
			"0000001c0000000301000a1263616368652e436163686553657276696365"
			"1206436f6e666967",
		.response =
			"00000021000000030200121f0a197b2248797065727669736f7254797065"
			"223a2271656d75227d12027b7d",
		.service = "cache.CacheService",
		.method = "Config",
		.message = "",
		.payload =
			"0a197b2248797065727669736f7254797065223a2271656d75227d12027b"
			"7d",
	},
	{
		.request =
			"0000001a0000000501000a1263616368652e436163686553657276696365"
			"120451756974",
		.response = "00000000000000050200",
		.service = "cache.CacheService",
		.method = "Quit",
		.message = "",
		.payload = "",
	},
	{
		.request =
			"0000001f0000000701000a1263616368652e436163686553657276696365"
			"120947657442617365564d",
		.response = "0000000b0000000702000a09080512056e6f20766d",
		.service = "cache.CacheService",
		.method = "GetBaseVM",
		.code = 5,
		.message = "no vm",
		.payload = "",
	},
	{
		.request =
			"0000001b0000000901000a1263616368652e436163686553657276696365"
			"1205506c61696e",
		.response =
			"000000110000000902000a0f0802120b706c61696e206572726f72",
		.service = "cache.CacheService",
		.method = "Plain",
		.code = 2,
		.message = "plain error",
		.payload = "",
	},
	{
		.request =
			"0000001a0000000b01000a1263616368652e436163686553657276696365"
			"12044e6f7065",
		.response =
			"000000110000000b02000a0f080c120b6d6574686f64204e6f7065",
		.service = "cache.CacheService",
		.method = "Nope",
		.code = 12,
		.message = "method Nope",
		.payload = "",
	},
	{
		.request =
			"000000100000000d01000a076e6f2e5375636812055468696e67",
		.response =
			"000000150000000d02000a13080c120f73657276696365206e6f2e537563"
			"68",
		.service = "no.Such",
		.method = "Thing",
		.code = 12,
		.message = "service no.Such",
		.payload = "",
	},
	{
		.request =
			"000000220000000f01000a1263616368652e436163686553657276696365"
			"120653746174757320b8cb97d012",
		.response =
			"0000000f0000000f0200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.timeout_ns = 4999996856,
		.message = "",
		.payload = "089221120808f7211001188010",
	},
	{
		.request =
			"000000380000001101000a1263616368652e436163686553657276696365"
			"12065374617475732a0c0a05747261636512036162632a0c0a0574726163"
			"651203646566",
		.response =
			"0000000f000000110200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.metadata = 1,
		.message = "",
		.payload = "089221120808f7211001188010",
	},
};

/* containerd/ttrpc 1.2.8, client and server. */
static const struct ttrpc_capture captured_go_1_2_8[] = {
	{
		.request =
			"0000001c0000000101000a1263616368652e436163686553657276696365"
			"1206537461747573",
		.response =
			"0000000f000000010200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.message = "",
		.payload = "089221120808f7211001188010",
	},
	{
		.request =
			"0000001c0000000301000a1263616368652e436163686553657276696365"
			"1206436f6e666967",
		.response =
			"00000021000000030200121f0a197b2248797065727669736f7254797065"
			"223a2271656d75227d12027b7d",
		.service = "cache.CacheService",
		.method = "Config",
		.message = "",
		.payload =
			"0a197b2248797065727669736f7254797065223a2271656d75227d12027b"
			"7d",
	},
	{
		.request =
			"0000001a0000000501000a1263616368652e436163686553657276696365"
			"120451756974",
		.response = "00000000000000050200",
		.service = "cache.CacheService",
		.method = "Quit",
		.message = "",
		.payload = "",
	},
	{
		.request =
			"0000001f0000000701000a1263616368652e436163686553657276696365"
			"120947657442617365564d",
		.response = "0000000b0000000702000a09080512056e6f20766d",
		.service = "cache.CacheService",
		.method = "GetBaseVM",
		.code = 5,
		.message = "no vm",
		.payload = "",
	},
	{
		.request =
			"0000001b0000000901000a1263616368652e436163686553657276696365"
			"1205506c61696e",
		.response =
			"000000110000000902000a0f0802120b706c61696e206572726f72",
		.service = "cache.CacheService",
		.method = "Plain",
		.code = 2,
		.message = "plain error",
		.payload = "",
	},
	{
		.request =
			"0000001a0000000b01000a1263616368652e436163686553657276696365"
			"12044e6f7065",
		.response =
			"000000110000000b02000a0f080c120b6d6574686f64204e6f7065",
		.service = "cache.CacheService",
		.method = "Nope",
		.code = 12,
		.message = "method Nope",
		.payload = "",
	},
	{
		.request =
			"000000100000000d01000a076e6f2e5375636812055468696e67",
		.response =
			"000000150000000d02000a13080c120f73657276696365206e6f2e537563"
			"68",
		.service = "no.Such",
		.method = "Thing",
		.code = 12,
		.message = "service no.Such",
		.payload = "",
	},
	{
		.request =
			"000000220000000f01000a1263616368652e436163686553657276696365"
			"120653746174757320cbbd96d012",
		.response =
			"0000000f0000000f0200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.timeout_ns = 4999978699,
		.message = "",
		.payload = "089221120808f7211001188010",
	},
	{
		.request =
			"000000380000001101000a1263616368652e436163686553657276696365"
			"12065374617475732a0c0a05747261636512036162632a0c0a0574726163"
			"651203646566",
		.response =
			"0000000f000000110200120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.metadata = 1,
		.message = "",
		.payload = "089221120808f7211001188010",
	},
};

/* ttrpc-rust 0.5.2, client and server. */
static const struct ttrpc_capture captured_rust_0_5_2[] = {
	{
		.request =
			"0000001c0000000101000a1263616368652e436163686553657276696365"
			"1206537461747573",
		.response =
			"000000110000000102000a00120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.message = "",
		.payload = "089221120808f7211001188010",
	},
	{
		.request =
			"0000001c0000000301000a1263616368652e436163686553657276696365"
			"1206436f6e666967",
		.response =
			"000000230000000302000a00121f0a197b2248797065727669736f725479"
			"7065223a2271656d75227d12027b7d",
		.service = "cache.CacheService",
		.method = "Config",
		.message = "",
		.payload =
			"0a197b2248797065727669736f7254797065223a2271656d75227d12027b"
			"7d",
	},
	{
		.request =
			"0000001a0000000501000a1263616368652e436163686553657276696365"
			"120451756974",
		.response = "000000020000000502000a00",
		.service = "cache.CacheService",
		.method = "Quit",
		.message = "",
		.payload = "",
	},
	{
		.request =
			"0000001a0000000701000a1263616368652e436163686553657276696365"
			"12044e6f7065",
		.response =
			"0000002d0000000702000a2b080312272f63616368652e43616368655365"
			"72766963652f4e6f706520646f6573206e6f74206578697374",
		.service = "cache.CacheService",
		.method = "Nope",
		.code = 3,
		.message = "/cache.CacheService/Nope does not exist",
		.payload = "",
	},
	{
		.request =
			"000000100000000901000a076e6f2e5375636812055468696e67",
		.response =
			"000000230000000902000a210803121d2f6e6f2e537563682f5468696e67"
			"20646f6573206e6f74206578697374",
		.service = "no.Such",
		.method = "Thing",
		.code = 3,
		.message = "/no.Such/Thing does not exist",
		.payload = "",
	},
	{
		.request =
			"000000220000000b01000a1263616368652e436163686553657276696365"
			"12065374617475732080e497d012",
		.response =
			"000000110000000b02000a00120d089221120808f7211001188010",
		.service = "cache.CacheService",
		.method = "Status",
		.timeout_ns = 5000000000,
		.message = "",
		.payload = "089221120808f7211001188010",
	},
};

#endif
