#!/usr/bin/env bash
# Shows the jobs of these scripts, and memory and time of those that run or have ended today. Changes nothing.
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

need squeue sacct
run squeue --me --name "$INFEROMETER_JOB_NAME" --format '%.10i %.20j %.10T %.12M %.12l %.6C %R'
run sacct --name "$INFEROMETER_JOB_NAME" --starttime today --format JobID,JobName%20,State,Elapsed,MaxRSS,ExitCode \
  || log 'note: this cluster keeps no accounting of jobs that have ended'
