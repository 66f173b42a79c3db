#!/usr/bin/env bash
# ILGPU 1.5.3: its Half is made of a float by cutting the lower bits off, on the host and on its CPU accelerator; the least subnormal numbers
# become 0. The PTX that it writes for the same conversion asks the card for the nearest (cvt.rn). So one kernel gives other halves on the
# accelerator that tests use than on the card, half of them one place lower in magnitude, and sums of rounded values drift towards 0.
# System.Half rounds to the nearest everywhere.
#
# Expected: (Half)x is the nearest half wherever the code runs, as in C, CUDA, NumPy and .NET.
#
# What follows for us: Inferometer.Gpu rounds by its own few instructions where it does not run on a card (DeviceMath.FloatToHalf), which its
# tests hold against System.Half; only the card's path uses ILGPU's conversion.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > half.cs <<'CS'
#:package ILGPU@1.5.3
#:property PublishAot=false
using System.Globalization;
using ILGPU;
using ILGPU.Backends;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
float[] values = [739.9761f, -0.16439986f, 288.21222f, 1.9999f, 5.9149187e-8f];
using Context context = Context.Create(builder => builder.CPU());
using Accelerator cpu = context.CreateCPUAccelerator(0);
using var given = cpu.Allocate1D(values);
using var made = cpu.Allocate1D<float>(values.Length);
cpu.LoadAutoGroupedStreamKernel<Index1D, ArrayView<float>, ArrayView<float>>(Kernels.There)(values.Length, given.View, made.View);
cpu.Synchronize();
float[] kernel = made.GetAsArray1D();
for (int i = 0; i < values.Length; i++)
{
    Console.WriteLine($"{values[i]}: host {(float)(ILGPU.Half)values[i]}, CPU accelerator {kernel[i]}, nearest {(float)(System.Half)values[i]}");
}

Random random = new(1);
int other = 0;
for (int i = 0; i < 100_000; i++)
{
    float x = 1 + random.NextSingle();
    other += (float)(ILGPU.Half)x != (float)(System.Half)x ? 1 : 0;
}

Console.WriteLine($"of 100,000 numbers from 1 to 2, not the nearest: {Math.Round(other / 1000.0)} %");
using PTXBackend backend = new(
    context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_70, nvvmAPI: null);
var compiled = (PTXCompiledKernel)backend.Compile(
    EntryPointDescription.FromImplicitlyGroupedKernel(typeof(Kernels).GetMethod(nameof(Kernels.There))!), KernelSpecialization.Empty);
Console.WriteLine("PTX: " + compiled.PTXAssembly.Split('\n').First(line => line.Contains("f16.f32")).Trim().Split(' ', '\t')[0]);

static class Kernels
{
    public static void There(Index1D i, ArrayView<float> given, ArrayView<float> made) => made[i] = (float)(ILGPU.Half)given[i];
}
CS
seen=$(dotnet run half.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
739.9761: host 739.5, CPU accelerator 739.5, nearest 740
-0.16439986: host -0.16430664, CPU accelerator -0.16430664, nearest -0.16442871
288.21222: host 288, CPU accelerator 288, nearest 288.25
1.9999: host 1.9990234, CPU accelerator 1.9990234, nearest 2
5.9149187E-08: host 0, CPU accelerator 0, nearest 5.9604645E-08
of 100,000 numbers from 1 to 2, not the nearest: 50 %
PTX: cvt.rn.f16.f32
SEEN
