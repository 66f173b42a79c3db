#!/usr/bin/env bash
# ILGPU 1.5.3, PTX backend: `.target` stops at sm_80. Compiled for compute capability 8.6, 8.7, 8.9 and 9.0 (it knows and names all of them),
# a kernel is written with `.target sm_80`, where 6.0, 7.5 and 8.0 get their own; the `.version` follows what was asked for.
# Such PTX runs on later cards, since the driver compiles it for them, but PTX allows only instructions of the named target: what came
# with 8.9 (mma of 8-bit floats) or 9.0 (wgmma, bulk copies) cannot be reached through inline PTX, whatever card is there.
#
# What follows for us: Inferometer.Gpu is written for 8.0 (dp4a, mma.sync in f16 and int8), and its tests read the PTX of 8.0 and 9.0 alike;
# docs/gpu.md does not promise more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > target.cs <<'CS'
#:package ILGPU@1.5.3
#:property PublishAot=false
using System.Reflection;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

using Context context = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
MethodInfo kernel = typeof(Kernels).GetMethod(nameof(Kernels.AddOne))!;
foreach (CudaArchitecture architecture in new[]
{
    CudaArchitecture.SM_60, CudaArchitecture.SM_75, CudaArchitecture.SM_80, CudaArchitecture.SM_86, CudaArchitecture.SM_89,
    CudaArchitecture.SM_90,
})
{
    using PTXBackend backend = new(
        context, new CudaCapabilityContext(architecture), architecture, CudaInstructionSet.ISA_88, nvvmAPI: null);
    var compiled = (PTXCompiledKernel)backend.Compile(
        EntryPointDescription.FromExplicitlyGroupedKernel(kernel), KernelSpecialization.Empty);
    var heads = compiled.PTXAssembly.Split('\n').Where(line => line.StartsWith(".version") || line.StartsWith(".target"));
    Console.WriteLine($"{architecture}: {string.Join(", ", heads.Select(line => line.Trim()))}");
}

static class Kernels
{
    public static void AddOne(ArrayView<float> x) => x[Grid.GlobalIndex.X] += 1f;
}
CS
seen=$(dotnet run target.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
SM_60: .version 8.8, .target sm_60
SM_75: .version 8.8, .target sm_75
SM_80: .version 8.8, .target sm_80
SM_86: .version 8.8, .target sm_80
SM_89: .version 8.8, .target sm_80
SM_90: .version 8.8, .target sm_80
SEEN
