#!/usr/bin/env bash
# Times one sweep on this machine and on 1, 2 and 4 node daemons of the test cluster, and prints a table: how throughput grows with nodes.
# Every result must have the same bytes. Needs what start.sh needs. The nodes share this machine's processors: growth ends with them.
# Usage: scaling.sh SPACE.yaml FOLDER [SHARDS]; INFEROMETER='inferometer' the program, NODES='1 2 4', REPEATS=1.
set -euo pipefail

here=$(dirname -- "$(realpath -- "$0")")
space=$(realpath -- "${1:?usage: scaling.sh SPACE.yaml FOLDER [SHARDS]}")
folder=$(realpath -m -- "${2:?usage: scaling.sh SPACE.yaml FOLDER [SHARDS]}")
shards=${3:-8}
: "${INFEROMETER:=inferometer}"
: "${NODES:=1 2 4}"
: "${REPEATS:=1}"
read -r -a program <<< "$INFEROMETER"
mkdir -p "$folder"

hash=''
run() { # NAME PROCESSORS ARGUMENTS...: one line of the table
  local name=$1 processors=$2 repeat started ended rows
  shift 2
  for ((repeat = 0; repeat < REPEATS; repeat++)); do
    rm -rf "$folder/out.csv" "$folder/out.csv.sweep"
    started=$(date +%s%N)
    "${program[@]}" sweep "$space" -o "$folder/out.csv" "$@" > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
    ended=$(date +%s%N)
    rows=$(($(wc -l < "$folder/out.csv") - 1))
    printf '%-24s %10s %12d %8d.%02d %10d\n' "$name" "$processors" "$rows" $(((ended - started) / 1000000000)) \
      $(((ended - started) / 10000000 % 100)) $((rows * 1000 / ((ended - started) / 1000000)))
    local found
    found=$(sha256sum < "$folder/out.csv")
    if [[ -n "$hash" && "$found" != "$hash" ]]; then echo "error: $name gave other bytes" >&2; exit 1; fi
    hash=$found
  done
}

printf '%-24s %10s %12s %11s %10s\n' engine processors points seconds points/s
run 'local' 1 --threads 1 --shards "$shards"
run 'local' 2 --threads 2 --shards "$shards"
for nodes in $NODES; do
  "$here/start.sh" "$folder/cluster" "$nodes" > "$folder/log" 2>&1 || { cat "$folder/log" >&2; exit 1; }
  export SLURM_CONF="$folder/cluster/slurm.conf"
  run "slurm, $nodes nodes" "$nodes" --engine slurm --shards "$shards" || { "$here/stop.sh" "$folder/cluster"; exit 1; }
  "$here/stop.sh" "$folder/cluster" > /dev/null
  rm -rf "$folder/cluster"
done
