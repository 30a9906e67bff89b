#!/usr/bin/env bash
# Sees to it that there is a Chromium for the tests of the HTML report and of the docs, and its driver.
# KERASLOSSES_BROWSER in the environment names one that is elsewhere. Where none is found and Debian's packages can be
# installed, they are. What is missing then, the test says.
set -uo pipefail

[ -n "${KERASLOSSES_BROWSER:-}" ] && exit 0
for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && command -v chromedriver >/dev/null && exit 0
done
if command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    echo "browser: installing Chromium"
    export DEBIAN_FRONTEND=noninteractive
    install() { apt-get install -qq -y --no-install-recommends chromium chromium-driver 2>&1; }
    said=$(install) || said=$(apt-get update -qq 2>&1 && install) || echo "browser: not installed: $said"
fi
exit 0
