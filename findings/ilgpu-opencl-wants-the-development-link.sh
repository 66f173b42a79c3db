#!/usr/bin/env bash
# ILGPU 1.5.3 on Linux, OpenCL: it asks the system for `libOpenCL.so`, which is the link that development packages bring. The ICD loader that
# machines run with has the name of its ABI alone, `libOpenCL.so.1` (Debian 12, ocl-icd-libopencl1 2.3.1), and every OpenCL program finds it
# under that. ILGPU does not: it takes OpenCL for missing, lists no device, and says nothing. A link of the other name is all it needs.
#
# What follows for us: docs/gpu.md tells it, where it says what was tried with OpenCL; no command offers such devices.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -q ocl-icd-libopencl1=2.3.1-1 > /dev/null 2>&1
dpkg -x ocl-icd-libopencl1_*.deb loader
runtime=$(dirname "$(find "$folder/loader" -name libOpenCL.so.1)")
mkdir development
ln -s "$runtime/libOpenCL.so.1" development/libOpenCL.so
cat > loader.cs <<'CS'
#:package ILGPU@1.5.3
#:property PublishAot=false
using System.Runtime.InteropServices;
using ILGPU.Runtime.OpenCL;

bool loads = NativeLibrary.TryLoad("libOpenCL.so.1", out _);
Console.WriteLine($"{args[0]}: libOpenCL.so.1 {(loads ? "loads" : "is missing")}, OpenCL is {(CLAPI.CurrentAPI.IsSupported ? "there" : "not there")} for ILGPU");
CS
dotnet build -v q loader.cs > /dev/null
seen=$(
    LD_LIBRARY_PATH=$runtime dotnet run loader.cs -- 'as a machine has it'
    LD_LIBRARY_PATH=$runtime:$folder/development dotnet run loader.cs -- 'with the link'
)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
as a machine has it: libOpenCL.so.1 loads, OpenCL is not there for ILGPU
with the link: libOpenCL.so.1 loads, OpenCL is there for ILGPU
SEEN
