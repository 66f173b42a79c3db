#!/usr/bin/env bash
# Submits a job that runs the program with the given arguments.
# Usage: INFEROMETER_DRY_RUN=0 run.sh run MODEL --kv q8 --prompt "..."
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

(($# > 0)) || die "usage: run.sh COMMAND [ARGUMENT...]"
need sbatch apptainer
set_slurm_options
set_container
# Slurm does not make the folder of a job's output: without it the job fails and leaves nothing behind.
run mkdir -p "$INFEROMETER_HOME/logs"
printf -v command_line '%q ' "${container[@]}" "$@"
run sbatch "${slurm_options[@]}" --output "$INFEROMETER_HOME/logs/%x-%j.log" --wrap "$command_line"
