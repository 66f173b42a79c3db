#!/usr/bin/env bash
# Ends what start.sh started, by its pid files, and waits until it has ended. Usage: stop.sh FOLDER
set -euo pipefail

folder=$(realpath -m -- "${1:?usage: stop.sh FOLDER}")

# Sends a signal to each daemon that is still there; says whether there is one.
signal() {
  local file pid any=1
  for file in "$folder"/run/*.pid; do
    pid=$(cat -- "$file" 2> /dev/null) || continue
    # A pid may belong to another process by now; only what was started with this folder's names is ended.
    if [[ -n "$pid" ]] && grep -qaE 'munged|slurmctld|slurmd' "/proc/$pid/cmdline" 2> /dev/null && kill "-$1" "$pid" 2> /dev/null; then
      any=0
    fi
  done
  return "$any"
}

signal TERM || exit 0
for ((i = 0; i < 100; i++)); do
  signal 0 || exit 0
  sleep 0.1
done
signal KILL || true
