/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Header blocks that gRPC and HTTP/2 implementations sent on a Unix socket,
 * as they were recorded, with what an independent decoder (python3-hpack
 * 4.0.0) read in them and what its table was then.
 *
 * "{61}4" stands for "61616161"; at "|" a frame ends and CONTINUATION begins.
 */
#ifndef VMC_HPACK_CAPTURES_H
#define VMC_HPACK_CAPTURES_H

#include <stddef.h>

struct hpack_capture {
	const char *connection; /* NULL: the one before goes on */
	const char *hex;
	const char *fields; /* "name: value\n" for each */
	unsigned table_size, table_count;
};

static const struct hpack_capture hpack_captures[] = {
	{
		"cpp-table-size-0-inc-literals, client",
		"2040053a706174681a2f63616368652e4361636865536572766963652f53"
		"7461747573400a3a617574686f72697479096c6f63616c686f7374838640"
		"0c636f6e74656e742d74797065106170706c69636174696f6e2f67727063"
		"4002746508747261696c6572734014677270632d6163636570742d656e63"
		"6f64696e67176964656e746974792c206465666c6174652c20677a697040"
		"0a757365722d6167656e742d677270632d632b2b2f312e35312e31206772"
		"70632d632f32392e302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		0,
		0,
	},
	{
		NULL,
		"40053a706174681a2f63616368652e4361636865536572766963652f436f"
		"6e666967400a3a617574686f72697479096c6f63616c686f73748386400c"
		"636f6e74656e742d74797065106170706c69636174696f6e2f6772706340"
		"02746508747261696c6572734014677270632d6163636570742d656e636f"
		"64696e67176964656e746974792c206465666c6174652c20677a6970400a"
		"757365722d6167656e742d677270632d632b2b2f312e35312e3120677270"
		"632d632f32392e302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/Config\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		0,
		0,
	},
	{
		NULL,
		"40053a706174681d2f63616368652e4361636865536572766963652f4765"
		"7442617365564d400a3a617574686f72697479096c6f63616c686f737483"
		"86400c636f6e74656e742d74797065106170706c69636174696f6e2f6772"
		"70634002746508747261696c6572734014677270632d6163636570742d65"
		"6e636f64696e67176964656e746974792c206465666c6174652c20677a69"
		"70400c677270632d74696d656f757405353031306d400a757365722d6167"
		"656e742d677270632d632b2b2f312e35312e3120677270632d632f32392e"
		"302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/GetBaseVM\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"grpc-timeout: 5010m\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		0,
		0,
	},
	{
		"cpp-table-size-0-inc-literals, server",
		"880f10106170706c69636174696f6e2f67727063",
		":status: 200\n"
		"content-type: application/grpc\n",
		0,
		0,
	},
	{
		NULL,
		"000b677270632d7374617475730130",
		"grpc-status: 0\n",
		0,
		0,
	},
	{
		NULL,
		"880f10106170706c69636174696f6e2f67727063",
		":status: 200\n"
		"content-type: application/grpc\n",
		0,
		0,
	},
	{
		NULL,
		"000b677270632d7374617475730130",
		"grpc-status: 0\n",
		0,
		0,
	},
	{
		NULL,
		"880f10106170706c69636174696f6e2f67727063000b677270632d737461"
		"747573023132000c677270632d6d65737361676525756e6b6e6f776e206d"
		"6574686f642047657442617365564d20254532253832254143253235",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 12\n"
		"grpc-message: unknown method GetBaseVM %E2%82%AC%25\n",
		0,
		0,
	},
	{
		"curl-7.88.1, client",
		"830493608324e55ef0c9397716cee62158dc91a6d47f864186a0e41d139d"
		"097a8825b650c3abbcf2e153032a2f2a5f8b1d75d0620d263d4c4d656440"
		"027465864d833505b11f0f0d0135",
		":method: POST\n"
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: localhost\n"
		"user-agent: curl/7.88.1\n"
		"accept: */*\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"content-length: 5\n",
		247,
		5,
	},
	{
		"go111-ignores-table-size-0, client",
		"83864593608324e55ef0c9397716cee62158dc91a6d47f419eb6a379b8c3"
		"0c771d8c596d4c751a46b10f52466a8b621820c9395741c9d75f8b1d75d0"
		"620d263d4c4d65647a8a9acac8b4c7602b842bb340027465864d833505b1"
		"1f",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/Status\n"
		":authority: unix:///var/run/kata-containers/cache.sock\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.11.3\n"
		"te: trailers\n",
		305,
		5,
	},
	{
		NULL,
		"83864593608324e55ef0c9397716cee62158bc7aa534dfc2c1c0bf",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/Config\n"
		":authority: unix:///var/run/kata-containers/cache.sock\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.11.3\n"
		"te: trailers\n",
		368,
		6,
	},
	{
		NULL,
		"83864595608324e55ef0c9397716cee62158c454dd1a0bc747c3c2c1c0",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/GetBaseVM\n"
		":authority: unix:///var/run/kata-containers/cache.sock\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.11.3\n"
		"te: trailers\n",
		434,
		7,
	},
	{
		"grpc-cpp-1.51.1, client",
		"40053a706174681a2f63616368652e4361636865536572766963652f5374"
		"61747573400a3a617574686f72697479096c6f63616c686f73748386400c"
		"636f6e74656e742d74797065106170706c69636174696f6e2f6772706340"
		"02746508747261696c6572734014677270632d6163636570742d656e636f"
		"64696e67176964656e746974792c206465666c6174652c20677a6970400a"
		"757365722d6167656e742d677270632d632b2b2f312e35312e3120677270"
		"632d632f32392e302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		378,
		6,
	},
	{
		NULL,
		"40053a706174681a2f63616368652e4361636865536572766963652f436f"
		"6e666967c38386c2c1c0bf",
		":path: /cache.CacheService/Config\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		441,
		7,
	},
	{
		NULL,
		"40053a706174681d2f63616368652e4361636865536572766963652f4765"
		"7442617365564dc48386c3c2c1400c677270632d74696d656f7574053530"
		"31306dc1",
		":path: /cache.CacheService/GetBaseVM\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"grpc-timeout: 5010m\n"
		"user-agent: grpc-c++/1.51.1 grpc-c/29.0.0 (linux; chttp2)\n",
		556,
		9,
	},
	{
		"grpc-cpp-1.51.1, server",
		"885f8b1d75d0620d263d4c4d6564",
		":status: 200\n"
		"content-type: application/grpc\n",
		60,
		1,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f00",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c07f000231327f00a8b6aeb51fc54a5254ce7914c454dd1a0bc742929e"
		"c5105b3b9885508324e55ef0c9397716cee6217f",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 12\n"
		"grpc-message: unknown method GetBaseVM for service cache.C"
		"acheService\n",
		292,
		5,
	},
	{
		"grpc-go-1.11.3-kata1-vendored, server",
		"885f8b1d75d0620d263d4c4d6564",
		":status: 200\n"
		"content-type: application/grpc\n",
		60,
		1,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f00",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c07f0001327f00929466a0b22893a988a9ba34178e8b8a547acb",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 2\n"
		"grpc-message: failed to GetBaseVM: nope\n",
		261,
		5,
	},
	{
		"grpc-go-1.33.3, client",
		"83864593608324e55ef0c9397716cee62158dc91a6d47f4186a0e41d139d"
		"095f8b1d75d0620d263d4c4d65647a8b9acac8b4c7602bb2caecff400274"
		"65864d833505b11f",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.33.3\n"
		"te: trailers\n",
		272,
		5,
	},
	{
		NULL,
		"83864593608324e55ef0c9397716cee62158bc7aa534dfc2c1c0bf",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/Config\n"
		":authority: localhost\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.33.3\n"
		"te: trailers\n",
		335,
		6,
	},
	{
		NULL,
		"83864595608324e55ef0c9397716cee62158c454dd1a0bc747c3c2c1c040"
		"899acac8b24d494f6a7f8669f7df7df6ed",
		":method: POST\n"
		":scheme: http\n"
		":path: /cache.CacheService/GetBaseVM\n"
		":authority: localhost\n"
		"content-type: application/grpc\n"
		"user-agent: grpc-go/1.33.3\n"
		"te: trailers\n"
		"grpc-timeout: 4999995u\n",
		453,
		8,
	},
	{
		"grpc-js, client",
		"4186a0e41d139d09830493608324e55ef0c9397716cee62158dc91a6d47f"
		"86408e9acac8b0c842d6958b510f21aa9b903485a9264fafa90b2d03497e"
		"a6f66aff50863485a9264faf7a8e9acac8b54790ab7443015c2d2eef5f8b"
		"1d75d0620d263d4c4d656440027465864d833505b11f",
		":authority: localhost\n"
		":method: POST\n"
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"accept-encoding: identity\n"
		"user-agent: grpc-node-js/1.14.7\n"
		"content-type: application/grpc\n"
		"te: trailers\n",
		342,
		6,
	},
	{
		NULL,
		"c3830493608324e55ef0c9397716cee62158bc7aa534df86c2c1c0bfbe",
		":authority: localhost\n"
		":method: POST\n"
		":path: /cache.CacheService/Config\n"
		":scheme: http\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"accept-encoding: identity\n"
		"user-agent: grpc-node-js/1.14.7\n"
		"content-type: application/grpc\n"
		"te: trailers\n",
		342,
		6,
	},
	{
		NULL,
		"c3830495608324e55ef0c9397716cee62158c454dd1a0bc74786c2c14089"
		"9acac8b24d494f6a7f8469f7dfa7c1c0bf",
		":authority: localhost\n"
		":method: POST\n"
		":path: /cache.CacheService/GetBaseVM\n"
		":scheme: http\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"accept-encoding: identity\n"
		"grpc-timeout: 4999m\n"
		"user-agent: grpc-node-js/1.14.7\n"
		"content-type: application/grpc\n"
		"te: trailers\n",
		391,
		7,
	},
	{
		"grpc-python-1.51.1, client",
		"40053a706174681a2f63616368652e4361636865536572766963652f5374"
		"61747573400a3a617574686f72697479096c6f63616c686f73748386400c"
		"636f6e74656e742d74797065106170706c69636174696f6e2f6772706340"
		"02746508747261696c6572734014677270632d6163636570742d656e636f"
		"64696e67176964656e746974792c206465666c6174652c20677a6970400a"
		"757365722d6167656e7430677270632d707974686f6e2f312e35312e3120"
		"677270632d632f32392e302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"40053a706174681a2f63616368652e4361636865536572766963652f436f"
		"6e666967c38386c2c1c0bf",
		":path: /cache.CacheService/Config\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		444,
		7,
	},
	{
		NULL,
		"40053a70617468182f63616368652e4361636865536572766963652f4e6f"
		"7065c48386c3c2c1c0",
		":path: /cache.CacheService/Nope\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		505,
		8,
	},
	{
		"grpc-python-1.51.1, server",
		"885f8b1d75d0620d263d4c4d6564",
		":status: 200\n"
		"content-type: application/grpc\n",
		60,
		1,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f00",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c07f000231327f00a4b6aeb51fc54a5254ce7914d27acaa4a7b14416ce"
		"e6215420c93957bc324e5dc5b3b9885f",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 12\n"
		"grpc-message: unknown method Nope for service cache.CacheS"
		"ervice\n",
		287,
		5,
	},
	{
		"grpc-python-bigmeta, client",
		"40053a706174681a2f63616368652e4361636865536572766963652f5374"
		"61747573400a3a617574686f72697479096c6f63616c686f73748386400c"
		"636f6e74656e742d74797065106170706c69636174696f6e2f6772706340"
		"02746508747261696c6572734014677270632d6163636570742d656e636f"
		"64696e67176964656e746974792c206465666c6174652c20677a6970400a"
		"757365722d6167656e7430677270632d707974686f6e2f312e35312e3120"
		"677270632d632f32392e302e3020286c696e75783b206368747470322900"
		"05782d6830307f8506{6162636465666768696a}90 0005782d6830317f8"
		"506{6162636465666768696a}90 0005782d6830327f8506{61626364656"
		"66768696a}90 0005782d6830337f8506{6162636465666768696a}90 00"
		"05782d6830347f8506{6162636465666768696a}90 0005782d6830357f8"
		"506{6162636465666768696a}90 0005782d6830367f8506{61626364656"
		"66768696a}90 0005782d6830377f8506{6162636465666768696a}90 00"
		"05782d6830387f8506{6162636465666768696a}90 0005782d6830397f8"
		"506{6162636465666768696a}90 0005782d6831307f8506{61626364656"
		"66768696a}90 0005782d6831317f8506{6162636465666768696a}90 00"
		"05782d6831327f8506{6162636465666768696a}90 0005782d6831337f8"
		"506{6162636465666768696a}90 0005782d6831347f8506{61626364656"
		"66768696a}90 0005782d6831357f8506{6162636465666768696a}90 00"
		"05782d6831367f8506{6162636465666768696a}90 0005782d6831377f8"
		"506{6162636465666768696a}69 6162636465|{666768696a6162636465"
		"}20 666768696a0005782d6831387f8506{6162636465666768696a}90 0"
		"005782d6831397f8506{6162636465666768696a}90 0005782d6832307f"
		"8506{6162636465666768696a}90 0005782d6832317f8506{6162636465"
		"666768696a}90 0005782d6832327f8506{6162636465666768696a}90 0"
		"005782d6832337f8506{6162636465666768696a}90 ",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n"
		"x-h00: {abcdefghij}90\n"
		"x-h01: {abcdefghij}90\n"
		"x-h02: {abcdefghij}90\n"
		"x-h03: {abcdefghij}90\n"
		"x-h04: {abcdefghij}90\n"
		"x-h05: {abcdefghij}90\n"
		"x-h06: {abcdefghij}90\n"
		"x-h07: {abcdefghij}90\n"
		"x-h08: {abcdefghij}90\n"
		"x-h09: {abcdefghij}90\n"
		"x-h10: {abcdefghij}90\n"
		"x-h11: {abcdefghij}90\n"
		"x-h12: {abcdefghij}90\n"
		"x-h13: {abcdefghij}90\n"
		"x-h14: {abcdefghij}90\n"
		"x-h15: {abcdefghij}90\n"
		"x-h16: {abcdefghij}90\n"
		"x-h17: {abcdefghij}90\n"
		"x-h18: {abcdefghij}90\n"
		"x-h19: {abcdefghij}90\n"
		"x-h20: {abcdefghij}90\n"
		"x-h21: {abcdefghij}90\n"
		"x-h22: {abcdefghij}90\n"
		"x-h23: {abcdefghij}90\n",
		381,
		6,
	},
	{
		"grpc-python-par, client",
		"40053a706174681a2f63616368652e4361636865536572766963652f5374"
		"61747573400a3a617574686f72697479096c6f63616c686f73748386400c"
		"636f6e74656e742d74797065106170706c69636174696f6e2f6772706340"
		"02746508747261696c6572734014677270632d6163636570742d656e636f"
		"64696e67176964656e746974792c206465666c6174652c20677a6970400a"
		"757365722d6167656e7430677270632d707974686f6e2f312e35312e3120"
		"677270632d632f32392e302e3020286c696e75783b2063687474703229",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		NULL,
		"c3c28386c1c0bfbe",
		":path: /cache.CacheService/Status\n"
		":authority: localhost\n"
		":method: POST\n"
		":scheme: http\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"grpc-accept-encoding: identity, deflate, gzip\n"
		"user-agent: grpc-python/1.51.1 grpc-c/29.0.0 (linux; chttp"
		"2)\n",
		381,
		6,
	},
	{
		"h2load, client",
		"0493608324e55ef0c9397716cee62158dc91a6d47f864186a0e41d139d09"
		"837a8f9c541c722954d3a5358980aed897075f8b1d75d0620d263d4c4d65"
		"6440027465864d833505b11f0f0d0135",
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: localhost\n"
		":method: POST\n"
		"user-agent: h2load nghttp2/1.52.0\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"content-length: 5\n",
		216,
		4,
	},
	{
		NULL,
		"0493608324e55ef0c9397716cee62158dc91a6d47f86c183c0bfbe0f0d01"
		"35",
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: localhost\n"
		":method: POST\n"
		"user-agent: h2load nghttp2/1.52.0\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"content-length: 5\n",
		216,
		4,
	},
	{
		NULL,
		"0493608324e55ef0c9397716cee62158dc91a6d47f86c183c0bfbe0f0d01"
		"35",
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: localhost\n"
		":method: POST\n"
		"user-agent: h2load nghttp2/1.52.0\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"content-length: 5\n",
		216,
		4,
	},
	{
		NULL,
		"0493608324e55ef0c9397716cee62158dc91a6d47f86c183c0bfbe0f0d01"
		"35",
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: localhost\n"
		":method: POST\n"
		"user-agent: h2load nghttp2/1.52.0\n"
		"content-type: application/grpc\n"
		"te: trailers\n"
		"content-length: 5\n",
		216,
		4,
	},
	{
		"h2load, server",
		"885f8b1d75d0620d263d4c4d6564",
		":status: 200\n"
		"content-type: application/grpc\n",
		60,
		1,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f00",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		"nghttp-continuation, client",
		"830493608324e55ef0c9397716cee62158dc91a6d47f86418b089d5c0b81"
		"70dc13c079af53032a2f2a907a8aaa69d29ac4c0576c4b83008d21ea49aa"
		"b46931ea592542560fff8117{596596}1024 008d21ea49aab46931ea592"
		"5425617ff8117{596596}1024 008d21ea49aab46931ea5925425667ff81"
		"17{596596}1024 008d21ea49aab46931ea592542566bff8117{596596}1"
		"024 008d21ea49aab46931ea592542566fff8117{596596}1024 008d21e"
		"a49aab46931ea5925425673ff8117{596596}285 5965|{965965}738 96"
		"0f0d01355f8b1d75d0620d263d4c4d656440027465864d833505b11f",
		":method: POST\n"
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: 127.0.0.1:28084\n"
		"accept: */*\n"
		"accept-encoding: gzip, deflate\n"
		"user-agent: nghttp2/1.52.0\n"
		"continuation-test-1: {-}4096\n"
		"continuation-test-2: {-}4096\n"
		"continuation-test-3: {-}4096\n"
		"continuation-test-4: {-}4096\n"
		"continuation-test-5: {-}4096\n"
		"continuation-test-6: {-}4096\n"
		"content-length: 5\n"
		"content-type: application/grpc\n"
		"te: trailers\n",
		256,
		5,
	},
	{
		"nghttp, client",
		"830493608324e55ef0c9397716cee62158dc91a6d47f86418b089d5c0b81"
		"70dc13c0783f53032a2f2a907a8aaa69d29ac4c0576c4b830f0d01355f8b"
		"1d75d0620d263d4c4d656440027465864d833505b11f",
		":method: POST\n"
		":path: /cache.CacheService/Status\n"
		":scheme: http\n"
		":authority: 127.0.0.1:28081\n"
		"accept: */*\n"
		"accept-encoding: gzip, deflate\n"
		"user-agent: nghttp2/1.52.0\n"
		"content-length: 5\n"
		"content-type: application/grpc\n"
		"te: trailers\n",
		256,
		5,
	},
	{
		"server-grpc-go-1.11.3-oneshot, server",
		"885f8b1d75d0620d263d4c4d6564",
		":status: 200\n"
		"content-type: application/grpc\n",
		60,
		1,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f00",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c0",
		":status: 200\n"
		"content-type: application/grpc\n",
		148,
		3,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: \n",
		148,
		3,
	},
	{
		NULL,
		"88c07f000231327f008eb6aeb51fc54a5254ce7914d27acb",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 12\n"
		"grpc-message: unknown method Nope\n",
		256,
		5,
	},
	{
		"server-grpc-js-1.14.7-oneshot, server",
		"885f901d75d0620d263d4c4d6564ff75d8749f408e9acac8b0c842d6958b"
		"510f21aa9b903485a9264fafa90b2d03497ea6f66aff408a9acac8b16a21"
		"e435537f863485a9264faf6196d07abe94132a693f75040138a05db8cb37"
		"00da98b46f",
		":status: 200\n"
		"content-type: application/grpc+proto\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"grpc-encoding: identity\n"
		"date: Mon, 23 Nov 2026 17:33:05 GMT\n",
		257,
		4,
	},
	{
		NULL,
		"40889acac8b21234da8f013040899acac8b5254207317f024f4b",
		"grpc-status: 0\n"
		"grpc-message: OK\n",
		347,
		6,
	},
	{
		NULL,
		"88c3c2c1c0",
		":status: 200\n"
		"content-type: application/grpc+proto\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"grpc-encoding: identity\n"
		"date: Mon, 23 Nov 2026 17:33:05 GMT\n",
		347,
		6,
	},
	{
		NULL,
		"bfbe",
		"grpc-status: 0\n"
		"grpc-message: OK\n",
		347,
		6,
	},
	{
		NULL,
		"887f000231327f00aedf3954416cee5b1490e542951d2a1a9ae82d25a92a"
		"2672a9495339e451820c93957bc324e5dc5b3b98856349eb2fc5c2",
		":status: 200\n"
		"grpc-status: 12\n"
		"grpc-message: The server does not implement the method /ca"
		"che.CacheService/Nope\n"
		"content-type: application/grpc+proto\n"
		"date: Mon, 23 Nov 2026 17:33:05 GMT\n",
		501,
		8,
	},
	{
		"server-grpc-js-1.14.7-t0, server",
		"20880f10901d75d0620d263d4c4d6564ff75d8749f008e9acac8b0c842d6"
		"958b510f21aa9b903485a9264fafa90b2d03497ea6f66aff008a9acac8b1"
		"6a21e435537f863485a9264faf0f1296d07abe94132a693f75040138a05d"
		"b8cb3700e298b46f",
		":status: 200\n"
		"content-type: application/grpc+proto\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"grpc-encoding: identity\n"
		"date: Mon, 23 Nov 2026 17:33:06 GMT\n",
		0,
		0,
	},
	{
		NULL,
		"00889acac8b21234da8f013000899acac8b5254207317f024f4b",
		"grpc-status: 0\n"
		"grpc-message: OK\n",
		0,
		0,
	},
	{
		NULL,
		"880f10901d75d0620d263d4c4d6564ff75d8749f008e9acac8b0c842d695"
		"8b510f21aa9b903485a9264fafa90b2d03497ea6f66aff008a9acac8b16a"
		"21e435537f863485a9264faf0f1296d07abe94132a693f75040138a05db8"
		"cb3700e298b46f",
		":status: 200\n"
		"content-type: application/grpc+proto\n"
		"grpc-accept-encoding: identity,deflate,gzip\n"
		"grpc-encoding: identity\n"
		"date: Mon, 23 Nov 2026 17:33:06 GMT\n",
		0,
		0,
	},
	{
		NULL,
		"00889acac8b21234da8f013000899acac8b5254207317f024f4b",
		"grpc-status: 0\n"
		"grpc-message: OK\n",
		0,
		0,
	},
	{
		NULL,
		"8800889acac8b21234da8f02313200899acac8b5254207317faedf395441"
		"6cee5b1490e542951d2a1a9ae82d25a92a2672a9495339e451820c93957b"
		"c324e5dc5b3b98856349eb2f0f10901d75d0620d263d4c4d6564ff75d874"
		"9f0f1296d07abe94132a693f75040138a05db8cb3700e298b46f",
		":status: 200\n"
		"grpc-status: 12\n"
		"grpc-message: The server does not implement the method /ca"
		"che.CacheService/Nope\n"
		"content-type: application/grpc+proto\n"
		"date: Mon, 23 Nov 2026 17:33:06 GMT\n",
		0,
		0,
	},
	{
		"server-grpc-python-1.51.1-oneshot, server",
		"88400c636f6e74656e742d74797065106170706c69636174696f6e2f6772"
		"70634014677270632d6163636570742d656e636f64696e67176964656e74"
		"6974792c206465666c6174652c20677a6970",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-accept-encoding: identity, deflate, gzip\n",
		135,
		2,
	},
	{
		NULL,
		"400b677270632d7374617475730130",
		"grpc-status: 0\n",
		179,
		3,
	},
	{
		NULL,
		"88c0bf",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-accept-encoding: identity, deflate, gzip\n",
		179,
		3,
	},
	{
		NULL,
		"be",
		"grpc-status: 0\n",
		179,
		3,
	},
	{
		NULL,
		"88c0400b677270632d737461747573023132000c677270632d6d65737361"
		"6765114d6574686f64206e6f7420666f756e6421",
		":status: 200\n"
		"content-type: application/grpc\n"
		"grpc-status: 12\n"
		"grpc-message: Method not found!\n",
		224,
		4,
	},
};

#endif
