#!/usr/bin/env bash
# Run the tests with other versions of Keras: the lowest supported one and keras-nightly.
# Usage: scripts/compat.sh PYTHON LOWEST [pytest arguments]
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

python=$1
lowest=$2
shift 2

# install NAME REQUIREMENT: an environment .venv-compat-NAME with that Keras.
install() {
    local py=".venv-compat-$1/bin/python"
    "$python" -m venv ".venv-compat-$1" &&
        "$py" -m pip install --quiet --editable ".[dev]" &&
        # keras and keras-nightly install the same module: remove both before either.
        "$py" -m pip uninstall --quiet --yes keras keras-nightly &&
        "$py" -m pip install --quiet "$2"
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

failed=0
summary=""
for pair in "lowest keras==$lowest" "nightly keras-nightly"; do
    read -r name requirement <<<"$pair"
    echo "== $name: $requirement"
    if ! install "$name" "$requirement"; then
        failed=1
        summary+="$name: not installed"$'\n'
        continue
    fi
    py=".venv-compat-$name/bin/python"
    version=$(KERAS_BACKEND=jax "$py" -c "import keras; print(keras.__version__)")
    scripts/suite.sh "$py" "$@" 2>&1 | tee "$logs/$name"
    [ "${PIPESTATUS[0]}" -eq 0 ] || failed=1
    closing=$(sed -n '/^== closing lines$/,$p' "$logs/$name" | tail -n +2)
    summary+="$name: Keras $version"$'\n'"$closing"$'\n'
done

echo "== compat"
printf '%s' "$summary"
exit "$failed"
