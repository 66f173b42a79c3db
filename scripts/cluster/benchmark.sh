#!/usr/bin/env bash
# Submits one benchmark job per cache setting, so that each has a node to itself; results go to INFEROMETER_HOME/results.
# Usage: LLAMA_MODEL_PATH=... KV_SETTINGS="f16 q8 q4" INFEROMETER_DRY_RUN=0 benchmark.sh [ARGUMENT...]
# Further arguments are passed on to 'inferometer bench'.
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

: "${KV_SETTINGS:=f16 q8 q4}"
need sbatch apptainer
need_model
set_slurm_options
set_container
# Slurm does not make the folder of a job's output: without it the job fails and leaves nothing behind.
run mkdir -p "$INFEROMETER_HOME/results"
read -r -a settings <<< "$KV_SETTINGS"
for setting in "${settings[@]}"; do
  name=$(basename -- "$LLAMA_MODEL_PATH")-${setting//[^A-Za-z0-9._-]/_}
  printf -v command_line '%q ' "${container[@]}" bench "$LLAMA_MODEL_PATH" --kv "$setting" "$@"
  run sbatch "${slurm_options[@]}" --exclusive --output "$INFEROMETER_HOME/results/$name-%j.txt" --wrap "$command_line"
done
