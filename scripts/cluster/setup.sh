#!/usr/bin/env bash
# Builds the container image from a checkout. Usage: INFEROMETER_DRY_RUN=0 setup.sh
# shellcheck source-path=SCRIPTDIR
source "$(dirname -- "${BASH_SOURCE[0]}")/common.sh"

need apptainer
[[ -f "$INFEROMETER_SOURCE/Inferometer.slnx" ]] || die "INFEROMETER_SOURCE '$INFEROMETER_SOURCE' is no checkout (no Inferometer.slnx)"

definition="$INFEROMETER_HOME/inferometer.def"
text="Bootstrap: docker
From: ${INFEROMETER_BASE_IMAGE#docker://}

%files
    $INFEROMETER_SOURCE /src

%post
    dotnet publish /src/src/Inferometer.Cli -c Release -o /opt/inferometer
    rm -rf /src"

run mkdir -p "$INFEROMETER_HOME/results" "$INFEROMETER_HOME/logs"
if [[ "$INFEROMETER_DRY_RUN" == 0 ]]; then
  printf '%s\n' "$text" > "$definition"
else
  printf 'would write %s:\n%s\n' "$definition" "$text"
fi

run apptainer build --force "$INFEROMETER_IMAGE" "$definition"
