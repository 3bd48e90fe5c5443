# SPDX-License-Identifier: Apache-2.0
#
# bash completion for vmcache. The words come from the program's own help
# texts, so that they cannot differ from what it takes.

_vmcache_help()
{
	"${COMP_WORDS[0]}" "$@" --help 2>/dev/null
}

# The choices of an option: "--accel auto|kvm|tcg" gives three words.
_vmcache_choices()
{
	_vmcache_help "$1" |
		sed -n "s/^ .*$2[ =]\([a-z]*|[a-z|]*\).*/\1/p" | tr '|' ' '
}

# Options of `run` that have a value: " -E --env ".
_vmcache_valued()
{
	_vmcache_help run | awk '/^ +-/ {
		for (i = 1; $i ~ /^-/; i++)
			names[i] = $i
		if ($i ~ /^[A-Z]|\|/)
			for (j = 1; j < i; j++) {
				sub(",", "", names[j])
				printf " %s", names[j]
			}
	} END { print " " }'
}

# Whether the command that is to be run begins before the current word.
_vmcache_in_command()
{
	local valued at word

	valued=$(_vmcache_valued)
	for ((at = 2; at < COMP_CWORD; at++)); do
		word=${COMP_WORDS[at]}
		case $word in
		--|[!-]*) return 0 ;;
		esac
		[[ $valued = *" $word "* ]] && at=$((at + 1))
	done
	[[ $at -eq $COMP_CWORD && ${COMP_WORDS[at]} = [!-]* ]]
}

_vmcache()
{
	local current=${COMP_WORDS[COMP_CWORD]}
	local previous=${COMP_WORDS[COMP_CWORD-1]}
	local command=${COMP_WORDS[1]}
	local words

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$(_vmcache_help | sed -n 's/^  \([a-z]\{1,\}\) .*/\1/p')
		words="$words --help --version"
	elif [ "$command" = run ] && _vmcache_in_command; then
		compopt -o filenames 2>/dev/null
		mapfile -t COMPREPLY < <(compgen -f -- "$current")
		return
	else
		case $previous in
		-c|--config|-k|--kernel|--initrd|--image|--qemu|-e|--endpoint)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -f -- "$current")
			return ;;
		--run-dir|-w|--workdir)
			compopt -o filenames 2>/dev/null
			mapfile -t COMPREPLY < <(compgen -d -- "$current")
			return ;;
		-H) previous=--hypervisor ;;
		esac
		words=$(_vmcache_choices "$command" "$previous")
		[ -n "$words" ] || words=$(_vmcache_help "$command" |
			grep -o -- '--[a-z][a-z-]*' | sort -u)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _vmcache vmcache
