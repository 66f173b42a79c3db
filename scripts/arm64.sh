#!/usr/bin/env bash
# Runs the tests of the kernels on an emulated Arm processor: with its dot product, and without.
#   scripts/arm64.sh [FOLDER]    the folder keeps the libraries and the build (obj/arm64)
# Needs qemu-aarch64 (Debian: qemu-user) and apt-get, which fetches the C library, libstdc++ and OpenSSL for arm64
# into the folder; nothing is installed. .NET's own arm64 runtime comes from NuGet.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mkdir -p "${1:-$root/obj/arm64}" && cd "${1:-$root/obj/arm64}" && pwd)
command -v qemu-aarch64 > /dev/null || { echo 'error: qemu-aarch64 is not here; Debian has it in qemu-user' >&2; exit 1; }

if [ ! -e "$work/system/usr/lib/aarch64-linux-gnu/libssl.so.3" ]; then
    mkdir -p "$work"/{state/lists/partial,cache/archives/partial,packages,system}
    apt=(apt-get -qq -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o "Dir::State=$work/state" -o "Dir::Cache=$work/cache"
        -o APT::Sandbox::User=root)
    "${apt[@]}" update
    (cd "$work/packages" && "${apt[@]}" download libc6 libgcc-s1 libstdc++6 libssl3)
    for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/system"; done
    rm -rf "$work/state" "$work/cache" "$work/packages"
fi

# Builds and lock files of its own: those of the repository are for the machine at hand.
dotnet publish "$root/tests/Inferometer.Cpu.Tests" -c Release -r linux-arm64 --self-contained --artifacts-path "$work/build" \
    -p:NuGetLockFilePath=obj/arm64.lock.json -p:RunAnalyzers=false -v q --nologo

# The emulator loses track of code that the runtime changes while it runs: compiled once, on pages that stay writable, one test at a time.
export DOTNET_TieredCompilation=0 DOTNET_EnableWriteXorExecute=0 DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
cd "$work/build/publish/Inferometer.Cpu.Tests/release_linux-arm64"
emulate() {
    local name=$1 log=$work/$1.log
    shift
    timeout 600 qemu-aarch64 -cpu max -L "$work/system" -E "LD_LIBRARY_PATH=$work/system/usr/lib/aarch64-linux-gnu" \
        ./Inferometer.Cpu.Tests -noColor -parallel none "$@" > "$log" 2>&1 \
        && grep -Eq 'Total: [1-9][0-9]+, Errors: 0, Failed: 0' "$log" || { cut -c1-300 "$log" | tail -n 40 >&2; return 1; }
    printf '%s: %s\n' "$name" "$(grep -o 'Total: .*' "$log")"
}

# Without it only what multiplies bytes differs.
DOTNET_EnableArm64Dp=0 emulate without-dot-product -class '*PanelMatrixTests' -class '*VectorTierTests' &
other=$!
status=0
DOTNET_EnableArm64Dp=1 emulate dot-product -namespace Inferometer.Cpu.Tests.Kernels || status=$?
wait "$other" || status=$?
exit "$status"
