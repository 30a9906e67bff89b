#!/usr/bin/env bash
# Tests, benchmark and training steps on a GPU: `make gpu`. Nothing is installed.
# Usage: scripts/gpu.sh PYTHON gpu|cpu
# It takes PYTHON if that has keras, numpy and torch or jax, else the environment of `make`.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

lacking='
from importlib.util import find_spec
missing = [name for name in ("keras", "numpy") if find_spec(name) is None]
print(*missing, *([] if find_spec("torch") or find_spec("jax") else ["torch or jax"]), sep=", ")
'
for python in "$1" .venv/bin/python; do
    command -v "$python" >/dev/null || continue
    missing=$("$python" -c "$lacking") || continue
    [ -z "$missing" ] && exec "$python" scripts/gpu.py --device "$2"
    echo "gpu: $python lacks $missing" >&2
done
echo "gpu: name a Python that has keras, numpy and torch or jax: make gpu PYTHON=/path/to/python" >&2
exit 2
