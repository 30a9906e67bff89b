#!/usr/bin/env bash
# Run the tests once per backend, in a process each, side by side; a failure on one does not stop the others.
# Usage: scripts/suite.sh PYTHON [pytest arguments]
# BACKENDS="jax torch" in the environment chooses the backends, and FIRST=torch the one that goes before the others.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=$1
shift

export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-3}
# The tensors of the tests are small: more threads only wait for each other, torch's above all.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
# What JAX compiled once, in any of the processes, is not compiled again.
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$PWD/.jax_cache}
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0
export JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES=-1
# The tests of pages speak to their browser, which no proxy can reach.
export no_proxy="${no_proxy:+$no_proxy,}localhost"
logs=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$logs"' EXIT

# What pytest prints while it runs: a mark for each test, and how many have run.
marks='^[.FEsxX]+ +\[ *[0-9]+%\]$'

# Every half minute, how far each backend is.
progress() {
    local line share
    while sleep 30 &>/dev/null; do
        line=""
        for backend in $backends; do
            share=$(grep -E "$marks" "$logs/$backend" | tail -n 1 | grep -oE '[0-9]+%')
            line+="  $backend ${share:-0%}"
        done
        echo "== after $SECONDS s:$line"
    done
}

quickly="--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"
# What is compiled is small: to split it into parts takes longer than to compile it.
quickly+=" --xla_cpu_parallel_codegen_split_count=1"
backends=${BACKENDS:-tensorflow jax torch}
declare -A process
for backend in $backends; do
    echo "== tests on $backend: started"
    # On few cores, one backend may go before the others. Without a choice, they share the cores alike.
    [ "$backend" = "${FIRST:-$backend}" ] && priority=0 || priority=5
    # With these options XLA compiles in a fifth of the time, and its code is slow, which small tensors do not feel.
    # TensorFlow's tests, and on JAX the check "compiled", run the code that users get (tests/test_checks.py).
    # A blank XLA_FLAGS would be the name of a file, for which XLA ends the process.
    settings=("KERAS_BACKEND=$backend")
    [ "$backend" = jax ] && settings+=("XLA_FLAGS=$quickly${XLA_FLAGS:+ $XLA_FLAGS}")
    env "${settings[@]}" nice -n "$priority" "$python" -m pytest -p no:cacheprovider "$@" >"$logs/$backend" 2>&1 &
    process[$backend]=$!
done
progress &
ticker=$!

failed=0
summary=""
for backend in $backends; do
    wait "${process[$backend]}"
    status=$?
    if [ "$status" -eq 0 ]; then
        echo "== tests on $backend: passed"
        grep -vE "$marks" "$logs/$backend"
    else
        echo "== tests on $backend: failed"
        cat "$logs/$backend"
        failed=1
    fi
    closing=$(grep -E '^(=+ )?([0-9]+ [a-z]+.*|no tests ran) in [0-9.]+s' "$logs/$backend" | tail -n 1)
    summary+=$(printf '%-11s %s' "$backend" "${closing:-no closing line} (exit $status)")$'\n'
done
kill "$ticker"

echo "== closing lines"
printf '%s' "$summary"
exit "$failed"
