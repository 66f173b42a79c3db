#!/usr/bin/env bash
# Cancels the jobs of these scripts and removes the image and logs; results stay unless CLEAN_RESULTS=1.
# Usage: INFEROMETER_DRY_RUN=0 cleanup.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

: "${CLEAN_RESULTS:=0}"
need scancel
[[ -n "$INFEROMETER_HOME" && "$INFEROMETER_HOME" != / && "$INFEROMETER_HOME" != "$HOME" ]] || die "INFEROMETER_HOME is '$INFEROMETER_HOME'; a folder of its own is needed"
run scancel --me --name "$INFEROMETER_JOB_NAME"
run rm -f -- "$INFEROMETER_IMAGE" "$INFEROMETER_HOME/inferometer.def"
run rm -rf -- "$INFEROMETER_HOME/logs"
[[ "$CLEAN_RESULTS" != 1 ]] || run rm -rf -- "$INFEROMETER_HOME/results"
