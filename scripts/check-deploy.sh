#!/usr/bin/env bash
# Checks the files under deploy/ without a container's daemon: the compose file against the schema of compose files (dclint), the
# Dockerfile (dockerfilelint), the unit (systemd-analyze). What Prometheus reads is checked by promtool in the tests of the server. Tools
# from npm are fetched to the folder of npx; where npm or systemd-analyze is missing, its checks are skipped, and that is said.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v npx > /dev/null; then
    npx --yes dclint@3.1.0 --quiet deploy/compose
    npx --yes dockerfilelint@1.8.0 deploy/compose/Dockerfile
else
    echo 'skipped: npx is not here, so that neither the compose file nor the Dockerfile is checked'
fi

if command -v systemd-analyze > /dev/null; then
    # The program need not be installed here: what starts instead is there on every machine.
    unit=$(mktemp -d)
    trap 'rm -rf "$unit"' EXIT
    sed 's#^ExecStart=[^ ]*#ExecStart=/bin/true#' deploy/systemd/inferometer.service > "$unit/inferometer.service"
    systemd-analyze verify --man=no "$unit/inferometer.service"
else
    echo 'skipped: systemd-analyze is not here, so that the unit is not checked'
fi
echo 'deploy: sound'
