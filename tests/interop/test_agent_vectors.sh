#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The agent's messages as another encoder has them, in both directions:
# tests/unit/agent_vectors.py.
#
#	make AGENT=all interop_programs &&
#		BUILD=build tests/interop/test_agent_vectors.sh

interop=${BUILD:-build}/interop

for python in python3 /usr/bin/python3; do
	if "$python" -c 'import google.protobuf' 2>/dev/null; then
		PYTHONPATH=$interop PYTHONDONTWRITEBYTECODE=1 exec "$python" \
			tests/unit/agent_vectors.py "$interop/agent_vectors"
	fi
done
echo "skip agent_vectors: no protobuf for Python (python3-protobuf)"
