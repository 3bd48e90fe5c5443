/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration that is handed out (see cli_documents.h). */
#include "cli_documents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "../../src/base/json_read.h"
#include "cli_vm_config.h"

static char vm_file[CLI_DOCUMENT_SIZE + 1];
static char agent_file[CLI_DOCUMENT_SIZE + 1];
static char texts[CLI_VM_TEXT_SIZE];

/* see cli_documents.h */
ssize_t cli_read_file(const char *path, char *text, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t got;

	if (fd < 0)
		return -1;
	do {
		got = read(fd, text + len, cap - len);
		if (got > 0)
			len += (size_t)got;
	} while ((got > 0 && len < cap) || (got < 0 && errno == EINTR));
	close(fd);
	return got < 0 ? -1 : (ssize_t)len;
}

/* A line's end after the document is not part of it. */
static void trim(struct vmc_view *document)
{
	while (document->ptr_len > 0 &&
	       (document->ptr[document->ptr_len - 1] == '\n' ||
		document->ptr[document->ptr_len - 1] == '\r'))
		document->ptr_len--;
}

static enum cli_exit refuse(const struct cli_options *options,
			    enum cli_option option, const char *why)
{
	cli_complain(options, "--%s %s: %s", cli_option_rows[option].name,
		     cli_text(options, option, NULL), why);
	return CLI_FAILED;
}

/* CLI_DONE and an absent document if there is no such option. */
static enum cli_exit read_document(const struct cli_options *options,
				   enum cli_option option, char *text,
				   struct vmc_view *document)
{
	const char *path = cli_text(options, option, NULL);
	ssize_t len;

	document->ptr = NULL;
	document->ptr_len = 0;
	if (!path)
		return CLI_DONE;
	len = cli_read_file(path, text, CLI_DOCUMENT_SIZE + 1);
	if (len < 0)
		return refuse(options, option, strerror(errno));
	if (len > CLI_DOCUMENT_SIZE) {
		cli_complain(options, "--%s %s: longer than %u bytes",
			     cli_option_rows[option].name, path,
			     CLI_DOCUMENT_SIZE);
		return CLI_FAILED;
	}
	document->ptr = (const uint8_t *)text;
	document->ptr_len = (size_t)len;
	trim(document);
	if (document->ptr_len == 0)
		return refuse(options, option, "is empty");
	return CLI_DONE;
}

/* The member of that name, as it stands; absent if there is none. */
static struct vmc_view member(struct vmc_view document, const char *name)
{
	struct vmc_view found = { NULL, 0 }, key;
	struct vmc_json_reader r;

	vmc_json_reader_init(&r, document);
	vmc_json_enter_object(&r);
	while (vmc_json_next_member(&r, &key))
		if (vmc_json_text_is(key, name))
			found = vmc_json_take_value(&r);
		else
			vmc_json_skip(&r);
	if (vmc_json_end(&r))
		found.ptr_len = 0;
	return found;
}

static enum cli_exit check_vm(const struct cli_options *options,
			      struct vmc_view document,
			      struct vmc_vm_config *vm)
{
	struct vmc_error error;

	if (!document.ptr)
		return CLI_DONE;
	vmc_error_reset(&error);
	if (cli_vm_config_read(document, texts, sizeof(texts), vm, &error))
		return refuse(options, CLI_VM_CONFIG, error.text);
	return CLI_DONE;
}

static enum cli_exit check_agent(const struct cli_options *options,
				 struct vmc_view document)
{
	struct cli_agent_config config;
	struct vmc_error error;

	if (!document.ptr)
		return CLI_DONE;
	vmc_error_reset(&error);
	if (cli_agent_config_read(document, &config, &error))
		return refuse(options, CLI_AGENT_CONFIG, error.text);
	return CLI_DONE;
}

/* see cli_documents.h */
enum cli_exit cli_documents_read(const struct cli_options *options,
				 struct vmc_cache_config *told,
				 struct vmc_vm_config *vm)
{
	enum cli_exit code =
		read_document(options, CLI_VM_CONFIG, vm_file, &told->data);

	if (code == CLI_DONE)
		code = check_vm(options, told->data, vm);
	if (code == CLI_DONE)
		code = read_document(options, CLI_AGENT_CONFIG, agent_file,
				     &told->agent_config);
	if (code == CLI_DONE)
		code = check_agent(options, told->agent_config);
	if (code == CLI_DONE && told->data.ptr && !told->agent_config.ptr)
		told->agent_config = member(told->data, "AgentConfig");
	return code;
}
