#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# vmcache serve --config: Kata's configuration.toml, and what is wrong with it.

. "$(dirname "$0")/lib.sh"

# config: the file, from standard input
config()
{
	cat >"$work/kata.toml"
}

# refused LINE TEXT…: serve exits with 1, naming the line and what is wrong
refused()
{
	expect 1 "$VMCACHE" serve --hypervisor mock --config "$work/kata.toml"
	says err "$work/kata.toml:$1:"
	shift
	for text in "$@"; do
		says err "$text"
	done
	[ ! -e "$VMCACHE_ENDPOINT" ] || fail "it opened the endpoint"
}

file_is_used()
{
	config <<-END
		[hypervisor.qemu]
		path = "/usr/bin/qemu-system-x86_64"
		default_vcpus = 2
		default_memory = 512
		some_key_of_katas = true

		[factory]
		vm_cache_number = 3
		vm_cache_endpoint = "$work/from-file.sock"
	END
	unset VMCACHE_ENDPOINT
	serve --hypervisor mock --config "$work/kata.toml"
	VMCACHE_ENDPOINT=$work/from-file.sock
	export VMCACHE_ENDPOINT
	ready 3
	says out "3 VMs ready"
	expect 0 "$VMCACHE" status --json
	says out '"vcpus":2,"memory_mib":512'
	expect 0 "$VMCACHE" config
	says out /usr/bin/qemu-system-x86_64
	says log unused_keys=1
}

command_line_goes_before_the_file()
{
	config <<-END
		[hypervisor.qemu]
		default_memory = 512
		[factory]
		vm_cache_number = 3
		vm_cache_endpoint = "$work/from-file.sock"
	END
	serve --hypervisor mock --config "$work/kata.toml" --number 1 \
		--memory 64 --endpoint "$VMCACHE_ENDPOINT"
	ready 1
	expect 0 "$VMCACHE" status --json
	says out '"vms":[{"pid":0,"vcpus":1,"memory_mib":64}]'
}

without_number_it_is_disabled()
{
	config <<-END
		[factory]
		enable_template = false
	END
	expect 0 "$VMCACHE" serve --config "$work/kata.toml"
	says err "VMCache is disabled"
	says err "$work/kata.toml"
	config <<-END
		[factory]
		vm_cache_number = 0
	END
	expect 0 "$VMCACHE" serve --config "$work/kata.toml"
	says err "VMCache is disabled"
}

missing_file_is_named()
{
	expect 1 "$VMCACHE" serve --config "$work/no-such.toml"
	says err "$work/no-such.toml: No such file or directory"
	expect 1 "$VMCACHE" serve --config "$work"
	says err "Is a directory"
}

bad_lines_are_named()
{
	printf '[factory]\nvm_cache_number 3\n' | config
	refused 2
	printf '[factory]\n\nvm_cache_number = 3 4\n' | config
	refused 3
	printf '[factory\nvm_cache_number = 3\n' | config
	refused 1
	printf '[factory]\nvm_cache_number = 3\nvm_cache_number = 4\n' | config
	refused 3 vm_cache_number
}

wrong_types_are_named()
{
	printf '[factory]\nvm_cache_number = "3"\n' | config
	refused 2 vm_cache_number
	printf '[factory]\nvm_cache_number = 1\nvm_cache_endpoint = 5\n' | config
	refused 3 vm_cache_endpoint
	printf '[factory]\nvm_cache_number = true\n' | config
	refused 2 vm_cache_number
}

wrong_numbers_are_named()
{
	printf '[factory]\nvm_cache_number = -1\n' | config
	refused 2 vm_cache_number
	printf '[factory]\nvm_cache_number = 18446744073709551616\n' | config
	refused 2
	printf '[factory]\nvm_cache_number = 65\n' | config
	expect 1 "$VMCACHE" serve --hypervisor mock --config "$work/kata.toml"
	says err 64
	printf '[factory]\nvm_cache_number = 1\n[hypervisor.qemu]\n%s\n' \
		'default_memory = -5' | config
	refused 4 default_memory
}

huge_file_is_refused()
{
	head -c 200000 /dev/zero | tr '\0' '#' >"$work/kata.toml"
	expect 1 "$VMCACHE" serve --config "$work/kata.toml"
	says err 131072
}

binary_file_is_refused()
{
	head -c 4096 "$VMCACHE" >"$work/kata.toml"
	refused 1
}

# document: Kata's VMConfig, from standard input
document()
{
	cat >"$work/vm.json"
}

document_is_handed_out_as_it_is()
{
	document <<-END
		{ "Unknown": [1, {"a": null}], "HypervisorConfig": {"MemorySize": 512, "NumVCPUs": 2}, "AgentConfig": {"LongLiveConn":  true} }
	END
	serve --hypervisor mock --vm-config "$work/vm.json"
	ready 2
	expect 0 "$VMCACHE" status --json
	says out '"vcpus":2,"memory_mib":512'
	for transport in ttrpc grpc; do
		expect 0 "$VMCACHE" config --json --transport $transport
		says out "{\"data\":$(cat "$work/vm.json"),"
		says out '"agent_config":{"LongLiveConn":  true}}'
	done
}

agent_document_goes_before_the_other()
{
	echo '{"AgentConfig":{"Debug":true}}' | document
	echo '{"Trace":true}' >"$work/agent.json"
	serve --hypervisor mock --memory 64 --vm-config "$work/vm.json" \
		--agent-config "$work/agent.json"
	ready 2
	expect 0 "$VMCACHE" config --json
	says out '{"data":{"AgentConfig":{"Debug":true}},"agent_config":{"Trace":true}}'
	expect 0 "$VMCACHE" status --json
	says out '"memory_mib":64'
}

bad_documents_are_named()
{
	for option in --vm-config --agent-config; do
		for text in '' '[' '[]' '{"a":1}x' '{"a":}'; do
			printf '%s' "$text" >"$work/bad.json"
			expect 1 "$VMCACHE" serve --hypervisor mock \
				$option "$work/bad.json"
			says err "$option $work/bad.json: "
		done
		expect 1 "$VMCACHE" serve --hypervisor mock $option "$work/none"
		says err 'No such file'
		head -c 131073 /dev/zero >"$work/big"
		expect 1 "$VMCACHE" serve --hypervisor mock $option "$work/big"
		says err 131072
	done
	echo '{"HypervisorConfig":{"NumVCPUs":"two"}}' | document
	expect 1 "$VMCACHE" serve --hypervisor mock --vm-config "$work/vm.json"
	says err HypervisorConfig.NumVCPUs
	[ ! -e "$VMCACHE_ENDPOINT" ] || fail "it opened the endpoint"
}

run_tests document_is_handed_out_as_it_is \
	agent_document_goes_before_the_other bad_documents_are_named \
	file_is_used command_line_goes_before_the_file \
	without_number_it_is_disabled missing_file_is_named \
	bad_lines_are_named wrong_types_are_named wrong_numbers_are_named \
	huge_file_is_refused binary_file_is_refused
