#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our HPACK decoder beside another one, on the same blocks: hpack_blocks.py.
#
#	make interop_programs && BUILD=build tests/interop/test_hpack_python.sh

for python in python3 /usr/bin/python3; do
	if "$python" -c 'import hpack' 2>/dev/null; then
		PYTHONDONTWRITEBYTECODE=1 exec "$python" \
			tests/interop/hpack_blocks.py \
			"${BUILD:-build}/interop/hpack_blocks"
	fi
done
echo "skip hpack_python: no hpack for Python (python3-hpack)"
