#!/usr/bin/env bash
# Opens a shell in the container on a compute node. Usage: INFEROMETER_DRY_RUN=0 start_container.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

need srun apptainer
set_slurm_options
binds=(--bind "$INFEROMETER_HOME")
[[ -z "$LLAMA_MODEL_PATH" ]] || binds+=(--bind "$(dirname -- "$LLAMA_MODEL_PATH")")
run srun "${slurm_options[@]}" --pty apptainer shell "${binds[@]}" "$INFEROMETER_IMAGE"
