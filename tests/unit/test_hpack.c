/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPACK: the examples of RFC 7541 and the blocks of real peers are read for
 * what they mean, in pieces of any size; each error has its name; the table
 * is never larger than it may be, and what is too long for it costs nothing.
 */
#include "test.h"

#include "hex.h"
#include "hpack_captures.h"
#include "../../src/wire/hpack.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define WHOLE SIZE_MAX

/* What was read: fields as text, then what the last call said. */
struct result {
	char *text;
	size_t len, fields;
	enum vmc_status status;
	const char *why;
};

static void put(struct result *result, const void *bytes, size_t len)
{
	result->text = realloc(result->text, result->len + len + 1);
	if (len > 0)
		memcpy(result->text + result->len, bytes, len);
	result->len += len;
	result->text[result->len] = '\0';
}

static void put_string(struct result *result, struct vmc_view view, int lost)
{
	if (lost)
		put(result, "(lost)", 6);
	else
		put(result, view.ptr, view.ptr_len);
}

static void put_field(struct result *result,
		      const struct vmc_hpack_field *field)
{
	if (!field->name_lost && !field->value_lost)
		CHECK_EQ_INT(field->size,
			     field->name.ptr_len + field->value.ptr_len + 32);
	CHECK(!field->name_lost || field->name.ptr == NULL);
	CHECK(!field->value_lost || field->value.ptr == NULL);
	put_string(result, field->name, field->name_lost);
	put(result, ": ", 2);
	put_string(result, field->value, field->value_lost);
	put(result, "\n", 1);
	result->fields++;
}

/* What always holds of the table. */
static size_t table_size(const struct vmc_hpack *h)
{
	size_t size = (size_t)(h->end - h->begin) + 32u * h->count;

	CHECK(h->begin <= h->end);
	CHECK(h->end + h->own_len <= (int)sizeof(h->strings));
	CHECK(size <= h->limit);
	CHECK(h->limit <= VMC_HPACK_TABLE_SIZE);
	CHECK(h->count <= VMC_HPACK_ENTRY_MAX);
	return size;
}

/* A piece, on the heap for as long as it is read, exactly as long as it is. */
static void read_piece(struct vmc_hpack *h, struct result *result,
		       const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len);
	struct vmc_view view = { copy, len };
	struct vmc_hpack_field field;
	struct vmc_reader r;

	memcpy(copy, bytes, len);
	vmc_reader_init(&r, view);
	for (;;) {
		result->status = vmc_hpack_read(h, &r, &field, &result->why);
		if (result->status != VMC_OK)
			break;
		put_field(result, &field);
		table_size(h);
	}
	free(copy);
}

/* A block, or what there is of it until an error, in pieces. */
static struct result read_bytes(struct vmc_hpack *h, const uint8_t *bytes,
				size_t len, size_t piece)
{
	struct result result = { NULL, 0, 0, VMC_AGAIN, NULL };
	size_t at, next;

	put(&result, "", 0);
	for (at = 0; at < len && result.status == VMC_AGAIN; at += next) {
		next = len - at < piece ? len - at : piece;
		read_piece(h, &result, bytes + at, next);
	}
	if (result.status == VMC_AGAIN)
		result.status = vmc_hpack_end(h, &result.why);
	return result;
}

/* "{61}4" becomes "61616161"; what ends a frame, or a number, is left out. */
static char *expand(const char *text)
{
	struct result out = { NULL, 0, 0, VMC_OK, NULL };
	const char *begin;
	long times;
	char *end;

	put(&out, "", 0);
	for (; *text; text++) {
		if (*text != '{') {
			put(&out, text, *text != '|');
			continue;
		}
		begin = text + 1;
		text = strchr(begin, '}');
		for (times = strtol(text + 1, &end, 10); times > 0; times--)
			put(&out, begin, (size_t)(text - begin));
		text = *end == ' ' ? end : end - 1;
	}
	return out.text;
}

static struct result read_hex(struct vmc_hpack *h, const char *hex,
			      size_t piece)
{
	char *expanded = expand(hex);
	uint8_t *bytes = malloc(strlen(expanded) / 2 + 1);
	size_t len = from_hex(expanded, bytes);
	struct result result = read_bytes(h, bytes, len, piece);

	free(bytes);
	free(expanded);
	return result;
}

static void check_fields(struct vmc_hpack *h, const char *hex, size_t piece,
			 const char *fields)
{
	struct result result = read_hex(h, hex, piece);
	char *expected = expand(fields);

	CHECK_EQ_STR(result.why, NULL);
	CHECK_EQ_INT(result.status, VMC_OK);
	CHECK_EQ_STR(result.text, expected);
	free(expected);
	free(result.text);
}

/* The first error of a block, by its words. */
static void check_error(struct vmc_hpack *h, const char *hex, size_t piece,
			const char *why)
{
	struct result result = read_hex(h, hex, piece);

	CHECK_EQ_STR(result.why, why);
	CHECK_EQ_INT(result.status, VMC_ERR_PROTOCOL);
	free(result.text);
}

/* What the table has, the newest first: seen as a peer would refer to it. */
static void check_table(const struct vmc_hpack *h, const char *entries)
{
	struct result result = { NULL, 0, 0, VMC_OK, NULL };
	struct vmc_hpack copy = *h;
	uint8_t reference[2] = { 0xff };
	unsigned i;

	put(&result, "", 0);
	for (i = 0; i < h->count; i++) {
		reference[0] = (uint8_t)(i < 65 ? 0x80 + 62 + i : 0xff);
		reference[1] = (uint8_t)(i < 65 ? 0 : i - 65);
		read_piece(&copy, &result, reference, i < 65 ? 1 : 2);
	}
	CHECK_EQ_STR(result.text, entries);
	free(result.text);
}

static void fresh(struct vmc_hpack *h)
{
	memset(h, 0xa5, sizeof(*h));
	vmc_hpack_init(h);
}

/*
 * What others wrote
 */

static void check_captures(const struct hpack_capture *captures, size_t count,
			   size_t piece)
{
	struct vmc_hpack h;
	size_t i;

	for (i = 0; i < count; i++) {
		if (captures[i].connection)
			fresh(&h);
		check_fields(&h, captures[i].hex, piece, captures[i].fields);
		CHECK_EQ_INT(table_size(&h), captures[i].table_size);
		CHECK_EQ_INT(h.count, captures[i].table_count);
	}
}

static const size_t pieces[] = { WHOLE, 1, 2, 3, 7, 64 };

static const struct hpack_capture rfc_examples[] = {
	{
		"C.2.1",
		"400a637573746f6d2d6b65790d637573746f6d2d686561646572",
		"custom-key: custom-header\n",
		55,
		1,
	},
	{ "C.2.2", "040c2f73616d706c652f70617468", ":path: /sample/path\n", 0,
	  0 },
	{ "C.2.3", "100870617373776f726406736563726574", "password: secret\n",
	  0, 0 },
	{ "C.2.4", "82", ":method: GET\n", 0, 0 },
	{
		"C.3",
		"828684410f7777772e6578616d706c652e636f6d",
		":method: GET\n:scheme: http\n:path: /\n"
		":authority: www.example.com\n",
		57,
		1,
	},
	{
		NULL,
		"828684be58086e6f2d6361636865",
		":method: GET\n:scheme: http\n:path: /\n"
		":authority: www.example.com\ncache-control: no-cache\n",
		110,
		2,
	},
	{
		NULL,
		"828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
		":method: GET\n:scheme: https\n:path: /index.html\n"
		":authority: www.example.com\ncustom-key: custom-value\n",
		164,
		3,
	},
	{
		"C.4",
		"828684418cf1e3c2e5f23a6ba0ab90f4ff",
		":method: GET\n:scheme: http\n:path: /\n"
		":authority: www.example.com\n",
		57,
		1,
	},
	{
		NULL,
		"828684be5886a8eb10649cbf",
		":method: GET\n:scheme: http\n:path: /\n"
		":authority: www.example.com\ncache-control: no-cache\n",
		110,
		2,
	},
	{
		NULL,
		"828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
		":method: GET\n:scheme: https\n:path: /index.html\n"
		":authority: www.example.com\ncustom-key: custom-value\n",
		164,
		3,
	},
	{
		"C.5, after an update of the size to 256",
		"3fe101"
		"4803333032580770726976617465611d4d6f6e2c203231204f6374203230"
		"31332032303a31333a323120474d546e1768747470733a2f2f7777772e65"
		"78616d706c652e636f6d",
		":status: 302\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:21 GMT\n"
		"location: https://www.example.com\n",
		222,
		4,
	},
	{
		NULL,
		"4803333037c1c0bf",
		":status: 307\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:21 GMT\n"
		"location: https://www.example.com\n",
		222,
		4,
	},
	{
		NULL,
		"88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220"
		"474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157"
		"454f50495541585157454f49553b206d61782d6167653d333630303b2076"
		"657273696f6e3d31",
		":status: 200\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:22 GMT\n"
		"location: https://www.example.com\ncontent-encoding: gzip\n"
		"set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; "
		"version=1\n",
		215,
		3,
	},
	{
		"C.6, after an update of the size to 256",
		"3fe101"
		"488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e0"
		"82a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
		":status: 302\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:21 GMT\n"
		"location: https://www.example.com\n",
		222,
		4,
	},
	{
		NULL,
		"4883640effc1c0bf",
		":status: 307\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:21 GMT\n"
		"location: https://www.example.com\n",
		222,
		4,
	},
	{
		NULL,
		"88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839b"
		"d9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab27"
		"0fb5291f9587316065c003ed4ee5b1063d5007",
		":status: 200\ncache-control: private\n"
		"date: Mon, 21 Oct 2013 20:13:22 GMT\n"
		"location: https://www.example.com\ncontent-encoding: gzip\n"
		"set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; "
		"version=1\n",
		215,
		3,
	},
};

TEST(examples_of_the_rfc_in_pieces_of_any_size)
{
	size_t i;

	for (i = 0; i < COUNT(pieces); i++)
		check_captures(rfc_examples, COUNT(rfc_examples), pieces[i]);
}

TEST(captured_blocks_in_pieces_of_any_size)
{
	size_t i;

	for (i = 0; i < COUNT(pieces); i++)
		check_captures(hpack_captures, COUNT(hpack_captures),
			       pieces[i]);
}

TEST(table_of_the_rfc_after_its_last_example)
{
	struct vmc_hpack h;
	size_t i = COUNT(rfc_examples) - 3;

	fresh(&h);
	check_captures(rfc_examples, i, 1);
	for (; i < COUNT(rfc_examples); i++)
		check_fields(&h, rfc_examples[i].hex, 1,
			     rfc_examples[i].fields);
	check_table(&h,
		    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600;"
		    " version=1\n"
		    "content-encoding: gzip\n"
		    "date: Mon, 21 Oct 2013 20:13:22 GMT\n");
}

TEST(static_table_from_end_to_end)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "81828384", WHOLE,
		     ":authority: \n:method: GET\n:method: POST\n:path: /\n");
	check_fields(&h, "85868788", WHOLE,
		     ":path: /index.html\n:scheme: http\n:scheme: https\n"
		     ":status: 200\n");
	check_fields(&h, "8e8f9091", WHOLE,
		     ":status: 500\naccept-charset: \n"
		     "accept-encoding: gzip, deflate\naccept-language: \n");
	check_fields(&h, "9f ba bb bc bd", WHOLE,
		     "content-type: \nuser-agent: \nvary: \nvia: \n"
		     "www-authenticate: \n");
	check_error(&h, "be", WHOLE, "HPACK: index beyond the table");
}

static const char every_octet[] =
	"ffc7fffd8fffffe2fffffe3fffffe4fffffe5fffffe6fffffe7fffffe8ffffea"
	"fffffff3fffffa7fffffabffffffdfffffebfffffecfffffedfffffeefffffef"
	"ffffff0ffffff1ffffff2fffffffbfffffcffffffd3fffffd7fffffdbfffffdf"
	"fffffe3fffffe7fffffebfffffed4fe3f9ffaffcabf1febfafefe7fdfd2cbb00"
	"089969b71d79fb9f7fff20ffbff3ff50ddbd7f061c58f265cd9f469d5af66ddd"
	"bf871e5f9cff7ff7fffc3ff9ffe45fff4719242cb34e6e9d68a6a3d7dac426de"
	"fe3cfaf7fffbfe7ffbffdffffffcfffe6ffff4bfff9ffffa3fffd3ffff53fffd"
	"5ffffb3fffeb7fffdaffffb7ffff73fffeeffffdeffffebffffbfffffd9ffffd"
	"bfffebffffe0ffffeeffffc3ffff8bffff1ffffe4fffee7fffb1ffff97fffd9f"
	"fffcdffff9fffffbffffdafffeeffff4ffffb7fffee7fffe8ffffd3fffdeffff"
	"d5fffeeffffbdffffe1fffdfffff7fffff5ffffecffff07fff87fffe0ffff17f"
	"ffedffff87ffff77fffeffffeaffff8bfffe3ffff93ffff87fffcbffff37ffff"
	"1fffff83ffffe1fffebfffe3ffff3fffff2ffffa3ffffd9fffff17ffffc7ffff"
	"f27ffffdefffffbffffff2fffff8fffffb7fff97fff8fffffe6fffffc1fffff8"
	"7ffffe7fffffc5ffffe5fffe4ffff2fffffd1fffff4ffffffefffffe3fffffc9"
	"fffff97fffb3ffffcffffb7fffcdffff4ffff9ffffd1ffffcffffeaffffaffff"
	"fddffffeffffff4fffff5fffffabffffa7ffffd7fffff9bffffecfffffb7ffff"
	"f3fffffe8fffffd3fffffabfffff5fffffff7ffffecfffffdbfffffbbfffff7f"
	"fffff0fffffbbf"
	"";

TEST(every_octet_has_a_huffman_code)
{
	uint8_t bytes[1024] = { 0x00, 0x01, 'a', 0xff };
	struct vmc_hpack h;
	struct result result;
	size_t i, len = from_hex(every_octet, bytes + 6);

	bytes[4] = (uint8_t)(0x80 | ((len - 127) & 0x7f));
	bytes[5] = (uint8_t)((len - 127) >> 7);
	fresh(&h);
	result = read_bytes(&h, bytes, 6 + len, 1);
	CHECK_EQ_INT(result.status, VMC_OK);
	CHECK_EQ_INT(result.len, 3 + 256 + 1);
	for (i = 0; i < 256; i++)
		CHECK_EQ_INT((uint8_t)result.text[3 + i], i);
	free(result.text);
}

/*
 * What is refused
 */

static const struct {
	const char *hex, *why;
} errors[] = {
	{ "80", "HPACK: index 0" },
	{ "be", "HPACK: index beyond the table" },
	{ "ff00", "HPACK: index beyond the table" },
	{ "ffff3e", "HPACK: index beyond the table" },
	{ "7e0161", "HPACK: index beyond the table" },
	{ "0f2f0161", "HPACK: index beyond the table" },
	{ "1f2f0161", "HPACK: index beyond the table" },
	{ "40016101628286bf", "HPACK: index beyond the table" },
	{ "40016101622082", "HPACK: table size changed within a block" },
	{ "8220", "HPACK: table size changed within a block" },
	{ "3fe21f", "HPACK: table size over 4096" },
	{ "203fe21f", "HPACK: table size over 4096" },
	{ "3fffff3f", "HPACK: integer of 2^20 or more" },
	{ "ffffffff7f", "HPACK: integer of 2^20 or more" },
	{ "ff80808080", "HPACK: integer of more than 5 bytes" },
	{ "00016101ff", NULL },
	{ "0001617f80808080", "HPACK: integer of more than 5 bytes" },
	{ "007f80808080", "HPACK: integer of more than 5 bytes" },
	{ "007f818080", "HPACK: block ends within a field" },
	{ "0001617f81ff3f", "HPACK: integer of 2^20 or more" },
	{ "00016181ff", "HPACK: Huffman code with wrong padding" },
	/* 'a' is 00011, then three bits of padding */
	{ "0001618118", "HPACK: Huffman code with wrong padding" },
	{ "000161811e", "HPACK: Huffman code with wrong padding" },
	{ "000161811f", NULL },
	{ "000161821fff", "HPACK: Huffman code with wrong padding" },
	/* "0/" is 00000 011000, then five bits */
	{ "00016182031f", NULL },
	{ "00016182030f", "HPACK: Huffman code with wrong padding" },
	{ "00016184ffffffff", "HPACK: Huffman code with EOS" },
	{ "00016184fffffffc", "HPACK: Huffman code with EOS" },
	{ "00016184fffffffb", NULL }, /* 22 is one bit away from EOS */
	{ "00016184fffffff8", "HPACK: Huffman code with wrong padding" },
	{ "0081ff0161", "HPACK: Huffman code with wrong padding" },
	{ "0084ffffffff0161", "HPACK: Huffman code with EOS" },
	{ "00", "HPACK: block ends within a field" },
	{ "0f", "HPACK: block ends within a field" },
	{ "3f", "HPACK: block ends within a field" },
	{ "0003616263", "HPACK: block ends within a field" },
	{ "00036162630361", "HPACK: block ends within a field" },
	{ "40", "HPACK: block ends within a field" },
	{ "", NULL },
	{ "20", NULL },
	{ "203fe11f", NULL },
	{ "ff", "HPACK: block ends within a field" },
};

TEST(each_error_has_its_name)
{
	struct vmc_hpack h;
	struct result result;
	size_t i, j;

	for (i = 0; i < COUNT(errors); i++) {
		for (j = 0; j < COUNT(pieces); j++) {
			fresh(&h);
			result = read_hex(&h, errors[i].hex, pieces[j]);
			CHECK_EQ_STR(result.why, errors[i].why);
			CHECK_EQ_INT(result.status,
				     errors[i].why ? VMC_ERR_PROTOCOL : VMC_OK);
			free(result.text);
		}
	}
}

TEST(first_error_stays)
{
	struct vmc_hpack h;
	const char *why;

	fresh(&h);
	check_error(&h, "82 80 82", WHOLE, "HPACK: index 0");
	check_error(&h, "82", WHOLE, "HPACK: index 0");
	check_error(&h, "be", WHOLE, "HPACK: index 0");
	CHECK_EQ_INT(vmc_hpack_end(&h, &why), VMC_ERR_PROTOCOL);
	CHECK_EQ_STR(why, "HPACK: index 0");
}

TEST(block_may_end_between_fields_only)
{
	static const char hex[] = "828684410f7777772e6578616d706c652e636f6d"
				  "0f1081ff";
	uint8_t bytes[64];
	struct vmc_hpack h;
	struct result result;
	size_t len, all = from_hex(hex, bytes) - 2;

	for (len = 0; len < all; len++) {
		fresh(&h);
		result = read_bytes(&h, bytes, len, 1);
		CHECK_EQ_INT(result.status,
			     len <= 3 || len == 20 ? VMC_OK : VMC_ERR_PROTOCOL);
		free(result.text);
	}
}

/*
 * Integers
 */

/* A literal field "a" with a value of `len` bytes; `bits` says which kind. */
static size_t long_field(uint8_t *out, uint8_t bits, size_t len)
{
	struct vmc_writer w;
	struct vmc_view name = vmc_view_of("a");

	vmc_writer_init(&w, out, 16);
	vmc_hpack_write_named_head(&w, name, len);
	out[0] = bits;
	memset(out + w.len, 'x', len);
	return w.len + len;
}

TEST(length_below_two_to_the_twentieth)
{
	size_t len, max = (1u << 20) - 1;
	uint8_t *bytes = malloc(max + 17);
	struct vmc_hpack h;
	struct result result;

	fresh(&h);
	len = long_field(bytes, 0x00, max);
	result = read_bytes(&h, bytes, len, 1000);
	CHECK_EQ_INT(result.status, VMC_OK);
	CHECK_EQ_STR(result.text, "a: (lost)\n");
	free(result.text);

	len = long_field(bytes, 0x00, max + 1);
	result = read_bytes(&h, bytes, len, 1000);
	CHECK_EQ_INT(result.status, VMC_ERR_PROTOCOL);
	CHECK_EQ_STR(result.why, "HPACK: integer of 2^20 or more");
	free(result.text);
	free(bytes);
}

TEST(integer_may_be_padded_to_five_bytes)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "0001617f80808000{78}127", 1, "a: {x}127\n");
	check_fields(&h, "3f81808000", 1, "");
}

/*
 * The table
 */

TEST(oldest_entries_make_room)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "3f47 4001610131 4001620132", 1, "a: 1\nb: 2\n");
	CHECK_EQ_INT(table_size(&h), 68);
	check_fields(&h, "4001630133", 1, "c: 3\n");
	check_table(&h, "c: 3\nb: 2\na: 1\n");
	CHECK_EQ_INT(table_size(&h), 102);
	check_fields(&h, "4001640134", 1, "d: 4\n");
	check_table(&h, "d: 4\nc: 3\nb: 2\n");
	check_fields(&h, "400165023535", 1, "e: 55\n");
	check_table(&h, "e: 55\nd: 4\n");
	/* 70 bytes: 32, 1, and 37 */
	check_fields(&h, "40016625{36}37", 1, "f: {6}37\n");
	CHECK_EQ_INT(h.count, 1);
	CHECK_EQ_INT(table_size(&h), 70);
}

TEST(entries_are_evicted_for_overhead_alone)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "{400000}128", 1, "{: \n}128");
	CHECK_EQ_INT(h.count, 128);
	check_fields(&h, "ff3e", 1, ": \n");
	CHECK_EQ_INT(table_size(&h), 4096);
	check_fields(&h, "400000 4001610162", 1, ": \na: b\n");
	CHECK_EQ_INT(h.count, 127);
	CHECK_EQ_INT(table_size(&h), 127 * 32 + 2);
	check_fields(&h, "be ff3d", 1, "a: b\n: \n");
	check_error(&h, "ff3e", 1, "HPACK: index beyond the table");
}

TEST(table_goes_round_many_times)
{
	struct vmc_hpack h;
	unsigned i;

	fresh(&h);
	check_fields(&h, "3f6b", 1, "");
	for (i = 0; i < 1000; i++)
		check_fields(&h, "4001610362636440036566670168", 1 + i % 15,
			     "a: bcd\nefg: h\n");
	check_table(&h, "efg: h\na: bcd\nefg: h\n");
	check_fields(&h, "3fe11f", 1, "");
	for (i = 0; i < 1000; i++)
		check_fields(&h, "4001617f01{62}128 be", 1000,
			     "a: {b}128\na: {b}128\n");
}

TEST(size_of_the_table_goes_down_and_up)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "4001610131 4001620132 4001630133", 1,
		     "a: 1\nb: 2\nc: 3\n");
	check_fields(&h, "3f44 be", 1, "c: 3\n");
	check_table(&h, "c: 3\nb: 2\n");
	check_fields(&h, "3f24 be", 1, "c: 3\n");
	check_table(&h, "c: 3\n");
	check_fields(&h, "20", 1, "");
	check_table(&h, "");
	check_fields(&h, "4001610131", 1, "a: 1\n");
	check_table(&h, "");
	check_fields(&h, "20 3fe11f 4001610131 be", 1, "a: 1\na: 1\n");
	check_table(&h, "a: 1\n");
	check_fields(&h, "20 3fe11f", 1, "");
	check_table(&h, "");
	check_error(&h, "be", 1, "HPACK: index beyond the table");
}

TEST(with_a_table_of_size_0_all_is_read)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "20 4001610131 4101 31 00016201 32 410133", 1,
		     "a: 1\n:authority: 1\nb: 2\n:authority: 3\n");
	check_table(&h, "");
	/* the whole arena is there for them */
	check_fields(&h, "40 7fd10e{6e}2000 7fd10e{76}2000", 1,
		     "{n}2000: {v}2000\n");
	check_table(&h, "");
}

/* n…: v…, 3032 in all, and b: w…, 532 */
static void add_two(struct vmc_hpack *h)
{
	fresh(h);
	check_fields(h, "40 7fd10e{6e}2000 7fe906{76}1000", 100,
		     "{n}2000: {v}1000\n");
	check_fields(h, "400162 7ff402{77}499", 100, "b: {w}499\n");
	CHECK_EQ_INT(table_size(h), 3032 + 532);
}

static void check_entry(const struct vmc_hpack *h, const char *reference,
			const char *field)
{
	struct vmc_hpack copy = *h;

	check_fields(&copy, reference, 1, field);
}

TEST(name_of_an_entry_that_must_go)
{
	struct vmc_hpack h;
	size_t i;

	for (i = 0; i < COUNT(pieces); i++) {
		add_two(&h);
		check_fields(&h, "7f00 7ff502{78}500", pieces[i],
			     "{n}2000: {x}500\n");
		check_entry(&h, "bebf", "{n}2000: {x}500\nb: {w}499\n");
		CHECK_EQ_INT(table_size(&h), 2532 + 532);

		add_two(&h);
		check_fields(&h, "7f00 7fd10e{78}2000", pieces[i],
			     "{n}2000: {x}2000\n");
		check_entry(&h, "be", "{n}2000: {x}2000\n");
		CHECK_EQ_INT(table_size(&h), 4032);

		/* its own name again, in its own place */
		check_fields(&h, "7e 7fd10e{79}2000", pieces[i],
			     "{n}2000: {y}2000\n");
		check_entry(&h, "be", "{n}2000: {y}2000\n");
		CHECK_EQ_INT(table_size(&h), 4032);

		check_fields(&h, "7e 7f9110{7a}2192", pieces[i],
			     "{n}2000: {z}2192\n");
		check_table(&h, "");
	}
}

TEST(name_of_an_entry_between_others)
{
	struct vmc_hpack h;
	size_t i;

	for (i = 0; i < COUNT(pieces); i++) {
		fresh(&h);
		check_fields(&h,
			     "400161 7ff402{76}499 "
			     "407fad01{6e}300 7fe906{77}1000 "
			     "400162 7fe806{78}999",
			     100, "a: {v}499\n{n}300: {w}1000\nb: {x}999\n");
		CHECK_EQ_INT(table_size(&h), 532 + 1332 + 1032);
		check_fields(&h, "7f00 7fd10e{79}2000 bf", pieces[i],
			     "{n}300: {y}2000\nb: {x}999\n");
		check_entry(&h, "be", "{n}300: {y}2000\n");
		CHECK_EQ_INT(table_size(&h), 1032 + 2332);
	}
}

TEST(name_is_copied_where_the_end_is_near)
{
	struct vmc_hpack h;

	fresh(&h);
	/* 2033 that goes; 632 and 1733 that stay; then 632 by reference */
	check_fields(&h,
		     "400161 7fd10e{76}2000 40 7fd903{6e}600 00 "
		     "400162 7fa50c{77}1700 7f0000",
		     100, "a: {v}2000\n{n}600: \nb: {w}1700\n{n}600: \n");
	check_entry(&h, "bebfc0", "{n}600: \nb: {w}1700\n{n}600: \n");
	CHECK_EQ_INT(table_size(&h), 632 + 1733 + 632);
}

TEST(names_and_values_by_reference_are_not_added)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "4001610131 0f2f0132 1f2f0133 0f000134", 1,
		     "a: 1\na: 2\na: 3\naccept-charset: 4\n");
	check_table(&h, "a: 1\n");
}

/*
 * What is too long
 */

TEST(long_literal_leaves_the_table_alone)
{
	uint8_t bytes[22016];
	struct vmc_hpack h;
	struct result result;
	size_t len = long_field(bytes, 0x00, 22000);

	fresh(&h);
	check_fields(&h, "4001610131", 1, "a: 1\n");
	result = read_bytes(&h, bytes, len, 999);
	CHECK_EQ_STR(result.text, "a: (lost)\n");
	free(result.text);
	check_table(&h, "a: 1\n");
}

TEST(long_entry_empties_the_table)
{
	uint8_t bytes[22016];
	struct vmc_hpack h;
	struct result result;
	size_t len = long_field(bytes, 0x40, 22000);

	fresh(&h);
	check_fields(&h, "4001610131", 1, "a: 1\n");
	result = read_bytes(&h, bytes, len, 999);
	CHECK_EQ_STR(result.text, "a: (lost)\n");
	free(result.text);
	check_table(&h, "");
	check_fields(&h, "4001610131", 1, "a: 1\n");
	check_table(&h, "a: 1\n");
}

TEST(lengths_of_what_is_lost_are_known)
{
	uint8_t bytes[22016];
	struct vmc_hpack h;
	struct vmc_view view = { bytes, long_field(bytes, 0x00, 22000) };
	struct vmc_hpack_field field;
	struct vmc_reader r;
	const char *why;

	fresh(&h);
	vmc_reader_init(&r, view);
	CHECK_EQ_INT(vmc_hpack_read(&h, &r, &field, &why), VMC_OK);
	CHECK_EQ_INT(field.size, 1 + 22000 + 32);
	CHECK_EQ_INT(field.name_lost, 0);
	CHECK_EQ_INT(field.value_lost, 1);
	CHECK(vmc_view_is(field.name, "a"));
	CHECK(field.value.ptr == NULL);
	CHECK_EQ_INT(field.value.ptr_len, 0);
}

TEST(value_of_a_lost_name_is_kept)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "00 7f8926{6e}5000 0161", 1, "(lost): a\n");
	check_fields(&h, "40 7f8926{6e}5000 0162", 1, "(lost): b\n");
	check_table(&h, "");
	/* '0' is 5 bits: 5000 of them are 3125 bytes */
	check_fields(&h, "00 ffb617{00}3125 0163", 1, "(lost): c\n");
	check_fields(&h, "0001630164", 1, "c: d\n");
}

TEST(scratch_is_there_when_the_table_is_full)
{
	struct vmc_hpack h;

	fresh(&h);
	check_fields(&h, "400161 7fe01e{76}4063", 100, "a: {v}4063\n");
	CHECK_EQ_INT(table_size(&h), 4096);
	check_fields(&h, "00 7f01{6e}128 7f01{6d}128", 1, "{n}128: {m}128\n");
	check_fields(&h, "10 7f8101{6e}256 00", 1, "{n}256: \n");
	check_fields(&h, "0f2f 7f8101{6d}256", 1, "a: {m}256\n");
	check_fields(&h, "00 7f01{6e}128 7fc901{6d}328", 1, "{n}128: (lost)\n");
	check_fields(&h, "be", 1, "a: {v}4063\n");
	CHECK_EQ_INT(table_size(&h), 4096);
}

/*
 * The writer
 */

static void check_written(const struct vmc_writer *w, const char *hex)
{
	uint8_t expected[512];
	size_t len = from_hex(hex, expected);

	CHECK_EQ_INT(w->fail, 0);
	CHECK_EQ_INT(w->len, len);
	CHECK_EQ_MEM(w->begin, expected, len);
}

TEST(blocks_are_written_as_everybody_reads_them)
{
	uint8_t out[512];
	struct vmc_writer w;
	struct vmc_view type = vmc_view_of("application/grpc");

	vmc_writer_init(&w, out, sizeof(out));
	vmc_hpack_write_table_size(&w, 0);
	vmc_hpack_write_indexed(&w, VMC_HPACK_STATUS_200);
	vmc_hpack_write_literal(&w, VMC_HPACK_CONTENT_TYPE, type);
	check_written(&w, "20 88 0f1010 6170706c69636174696f6e2f67727063");

	vmc_writer_init(&w, out, sizeof(out));
	vmc_hpack_write_named(&w, vmc_view_of("grpc-status"), vmc_view_of("0"));
	check_written(&w, "00 0b 677270632d737461747573 01 30");

	vmc_writer_init(&w, out, sizeof(out));
	vmc_hpack_write_indexed(&w, VMC_HPACK_METHOD_POST);
	vmc_hpack_write_indexed(&w, VMC_HPACK_SCHEME_HTTP);
	vmc_hpack_write_literal(&w, VMC_HPACK_PATH, vmc_view_of("/a"));
	vmc_hpack_write_literal(&w, VMC_HPACK_AUTHORITY, vmc_view_of("b"));
	check_written(&w, "83 86 04022f61 010162");

	vmc_writer_init(&w, out, sizeof(out));
	vmc_hpack_write_table_size(&w, 4096);
	vmc_hpack_write_indexed(&w, 127);
	vmc_hpack_write_indexed(&w, 189);
	check_written(&w, "3fe11f ff00 ff3e");
}

TEST(what_is_written_is_read)
{
	static char value[300];
	uint8_t out[700];
	struct vmc_writer w;
	struct vmc_hpack h;
	struct vmc_view view;
	struct result result;
	size_t len;

	memset(value, 'v', sizeof(value) - 1);
	fresh(&h);
	for (len = 0; len < sizeof(value); len++) {
		view = vmc_view_of(value + sizeof(value) - 1 - len);
		vmc_writer_init(&w, out, sizeof(out));
		vmc_hpack_write_named(&w, view, view);
		result = read_bytes(&h, out, w.len, 9);
		CHECK_EQ_INT(result.status, VMC_OK);
		CHECK_EQ_INT(result.len, 2 * len + 3);
		free(result.text);

		vmc_writer_init(&w, out, sizeof(out));
		vmc_hpack_write_literal(&w, 58, view);
		result = read_bytes(&h, out, w.len, 9);
		CHECK_EQ_INT(result.status, VMC_OK);
		CHECK_EQ_INT(result.len, len + 13);
		free(result.text);
	}
}

TEST(what_does_not_fit_is_not_written)
{
	uint8_t out[32];
	struct vmc_view name = vmc_view_of("grpc-status");
	struct vmc_view value = vmc_view_of("12");
	struct vmc_writer w;
	size_t cap, all;

	vmc_writer_init(&w, out, sizeof(out));
	vmc_hpack_write_named(&w, name, value);
	all = w.len;
	CHECK_EQ_INT(all, 3 + name.ptr_len + value.ptr_len);
	for (cap = 0; cap <= all; cap++) {
		memset(out, 0xa5, sizeof(out));
		vmc_writer_init(&w, out, cap);
		vmc_hpack_write_named(&w, name, value);
		CHECK_EQ_INT(w.fail, cap < all);
		CHECK_EQ_INT(out[cap], 0xa5);
	}
}

TESTS(RUN(examples_of_the_rfc_in_pieces_of_any_size)
      RUN(captured_blocks_in_pieces_of_any_size)
      RUN(table_of_the_rfc_after_its_last_example)
      RUN(static_table_from_end_to_end)
      RUN(every_octet_has_a_huffman_code)
      RUN(each_error_has_its_name)
      RUN(first_error_stays)
      RUN(block_may_end_between_fields_only)
      RUN(length_below_two_to_the_twentieth)
      RUN(integer_may_be_padded_to_five_bytes)
      RUN(oldest_entries_make_room)
      RUN(entries_are_evicted_for_overhead_alone)
      RUN(table_goes_round_many_times)
      RUN(size_of_the_table_goes_down_and_up)
      RUN(with_a_table_of_size_0_all_is_read)
      RUN(name_of_an_entry_that_must_go)
      RUN(name_of_an_entry_between_others)
      RUN(name_is_copied_where_the_end_is_near)
      RUN(names_and_values_by_reference_are_not_added)
      RUN(long_literal_leaves_the_table_alone)
      RUN(long_entry_empties_the_table)
      RUN(lengths_of_what_is_lost_are_known)
      RUN(value_of_a_lost_name_is_kept)
      RUN(scratch_is_there_when_the_table_is_full)
      RUN(blocks_are_written_as_everybody_reads_them)
      RUN(what_is_written_is_read)
      RUN(what_does_not_fit_is_not_written));
