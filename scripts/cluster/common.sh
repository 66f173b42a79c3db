#!/usr/bin/env bash
# Settings and helpers of the cluster scripts; sourced, not run.
# Every setting comes from the environment. Nothing is changed unless INFEROMETER_DRY_RUN=0: commands are printed instead.

set -euo pipefail

# shellcheck disable=SC2034  # the scripts that source this file use them
{
  : "${INFEROMETER_DRY_RUN:=1}"
  : "${INFEROMETER_HOME:=$HOME/inferometer}"             # working folder on the cluster
  : "${INFEROMETER_SOURCE:=$PWD}"                        # checkout the container is built from
  : "${INFEROMETER_IMAGE:=$INFEROMETER_HOME/inferometer.sif}"
  : "${INFEROMETER_BASE_IMAGE:=docker://mcr.microsoft.com/dotnet/sdk:10.0}"
  : "${INFEROMETER_JOB_NAME:=inferometer}"
  : "${LLAMA_MODEL_PATH:=}"                              # .gguf file or Hugging Face folder
  : "${SLURM_PARTITION_NAME:=}"                          # empty: the cluster's default
  : "${SLURM_ACCOUNT_NAME:=}"
  : "${SLURM_CPUS:=16}"
  : "${SLURM_MEMORY:=64G}"
  : "${SLURM_TIME_LIMIT:=02:00:00}"
}

log() { printf '%s\n' "$*" >&2; }

die() { log "error: $*"; exit 1; }

# Runs a command, or prints it in a dry run.
run() {
  if [[ "$INFEROMETER_DRY_RUN" == 0 ]]; then
    "$@"
  else
    printf 'would run:'
    printf ' %q' "$@"
    printf '\n'
  fi
}

# Stops when a command is missing; in a dry run it only says so.
need() {
  local command
  for command in "$@"; do
    if ! command -v "$command" > /dev/null; then
      [[ "$INFEROMETER_DRY_RUN" != 0 ]] || die "'$command' is not installed here"
      log "note: '$command' is not installed here"
    fi
  done
}

need_model() {
  [[ -n "$LLAMA_MODEL_PATH" ]] || die "set LLAMA_MODEL_PATH to a .gguf file or a Hugging Face folder"
  [[ "$INFEROMETER_DRY_RUN" != 0 || -e "$LLAMA_MODEL_PATH" ]] || die "LLAMA_MODEL_PATH '$LLAMA_MODEL_PATH' does not exist"
}

# Options for sbatch and srun, in the array slurm_options.
set_slurm_options() {
  slurm_options=(--job-name "$INFEROMETER_JOB_NAME" --cpus-per-task "$SLURM_CPUS" --mem "$SLURM_MEMORY" --time "$SLURM_TIME_LIMIT")
  [[ -z "$SLURM_PARTITION_NAME" ]] || slurm_options+=(--partition "$SLURM_PARTITION_NAME")
  [[ -z "$SLURM_ACCOUNT_NAME" ]] || slurm_options+=(--account "$SLURM_ACCOUNT_NAME")
}

# The command line that runs the program in the container, in the array container.
set_container() {
  container=(apptainer exec --bind "$INFEROMETER_HOME")
  [[ -z "$LLAMA_MODEL_PATH" ]] || container+=(--bind "$(dirname -- "$LLAMA_MODEL_PATH")")
  container+=("$INFEROMETER_IMAGE" /opt/inferometer/inferometer)
}
