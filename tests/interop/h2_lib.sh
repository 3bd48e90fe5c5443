# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
#
# What the tests of HTTP/2 by hand share: `h2_run NAME` runs NAME.py with the
# program of this build, or says why not.

h2_run()
{
	program=${BUILD:-build}/vmcache
	if ! "$program" --version | grep -qE 'transport=(all|grpc)( |$)'; then
		echo "skip $1: this build speaks no gRPC (TRANSPORT=ttrpc)"
		exit 0
	fi
	for python in python3 /usr/bin/python3; do
		if "$python" -c 'import hpack' 2>/dev/null; then
			PYTHONDONTWRITEBYTECODE=1 exec "$python" \
				"tests/interop/$1.py" "$program"
		fi
	done
	echo "skip $1: no HPACK for Python (python3-h2)"
}
