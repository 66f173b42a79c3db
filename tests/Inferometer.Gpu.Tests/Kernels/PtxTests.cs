using System.Text.RegularExpressions;
using ILGPU.Runtime.Cuda;

namespace Inferometer.Gpu.Tests.Kernels;

/// <summary>
/// Kernels as a card would get them. What is held is what can be seen without one: they compile for both generations, keep nothing in local
/// memory but single variables at fixed places (which the driver's compiler keeps in registers), load weights 16 bytes at a time, and use
/// the instructions that the format is to use. Speed is not seen here.
/// </summary>
public sealed partial class PtxTests
{
    public static TheoryData<string> Kernels => [.. Ptx.All.Keys];

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_kernel_compiles_for_both_generations_without_calls_double_precision_or_arrays_in_local_memory(string name)
    {
        foreach (CudaArchitecture architecture in new[] { CudaArchitecture.SM_80, CudaArchitecture.SM_90 })
        {
            string ptx = Ptx.Compile(Ptx.All[name], architecture);
            Assert.DoesNotContain(".f64", ptx, StringComparison.Ordinal);
            Assert.Empty(Call().Matches(ptx));
            foreach (Match variable in LocalVariable().Matches(ptx))
            {
                int bytes = int.Parse(variable.Groups["bytes"].Value, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(bytes <= sizeof(int), variable.Value);
            }

            bool isAssembled = ptx.Contains("dp4a", StringComparison.Ordinal) || ptx.Contains("mma.sync", StringComparison.Ordinal);
            Assert.True(isAssembled || !ptx.Contains("ld.local", StringComparison.Ordinal), "local memory without inline instructions");
        }
    }

    [Fact]
    public void Products_load_their_weights_16_bytes_at_a_time_and_use_the_instructions_for_their_format()
    {
        Assert.NotEmpty(Ptx.All);
        foreach ((string name, System.Reflection.MethodInfo kernel) in Ptx.All)
        {
            bool isProduct = name.StartsWith("Multiply ", StringComparison.Ordinal) || name.StartsWith("GateUp", StringComparison.Ordinal)
                || name.StartsWith("MultiplyThen", StringComparison.Ordinal) || name.StartsWith("Expert", StringComparison.Ordinal);
            string ptx = Ptx.Compile(kernel, CudaArchitecture.SM_90);
            bool isQuantised = name.Contains(" Q", StringComparison.Ordinal) || name.Contains(" MX", StringComparison.Ordinal);
            if (isProduct)
            {
                Assert.Contains("ld.global.v4.b32", ptx, StringComparison.Ordinal);
                Assert.Equal((name, isQuantised), (name, ptx.Contains("dp4a.s32.s32", StringComparison.Ordinal)));
                Assert.Contains("shfl.sync", ptx, StringComparison.Ordinal);

                // What the last group reads was fenced by the others before they were counted.
                bool waits = name.Contains("Then", StringComparison.Ordinal);
                Assert.Equal((name, waits), (name, ptx.Contains("membar.gl", StringComparison.Ordinal)));
                Assert.Equal((name, waits), (name, ptx.Contains("atom.", StringComparison.Ordinal)));
            }
            else if (name.StartsWith("MultiplyQuants", StringComparison.Ordinal))
            {
                string shape = name.Contains("Q6_K", StringComparison.Ordinal) ? "m16n8k16.row.col.s32.s8" : "m16n8k32.row.col.s32.s8";
                Assert.Contains("mma.sync.aligned." + shape, ptx, StringComparison.Ordinal);
            }
            else if (name.StartsWith("MultiplyFloats", StringComparison.Ordinal))
            {
                string type = name.Contains("BF16", StringComparison.Ordinal) ? "bf16.bf16" : "f16.f16";
                Assert.Contains($"mma.sync.aligned.m16n8k16.row.col.f32.{type}.f32", ptx, StringComparison.Ordinal);
                Assert.Contains("ld.global.v2.b32", ptx, StringComparison.Ordinal);
                Assert.Contains("ld.global.v4.f32", ptx, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Attention_reads_keys_and_values_in_wide_loads()
    {
        string ptx = Ptx.Compile(Ptx.All["Attend"], CudaArchitecture.SM_90);
        Assert.Contains("ld.global.v4.b32", ptx, StringComparison.Ordinal);
        Assert.Contains("ld.global.v2.b32", ptx, StringComparison.Ordinal);
        Assert.Contains("bar.warp.sync", ptx, StringComparison.Ordinal);
        Assert.Contains("cvt.f32.f16", ptx, StringComparison.Ordinal);
    }

    [Fact]
    public void Attention_over_bytes_reads_them_in_wide_loads_too()
    {
        string ptx = Ptx.Compile(Ptx.All["Attend bytes"], CudaArchitecture.SM_90);
        Assert.Contains("ld.global.v4.b32", ptx, StringComparison.Ordinal);
        Assert.Contains("ld.global.v2.b32", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain("ld.global.b8", ptx, StringComparison.Ordinal);
        Assert.DoesNotContain("ld.global.s8", ptx, StringComparison.Ordinal);
        Assert.Contains("bar.warp.sync", Ptx.Compile(Ptx.All["Store bytes"], CudaArchitecture.SM_90), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\bcall(\.uni)?\b", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Call();

    [GeneratedRegex(@"\.local[^;\[]*\[(?<bytes>\d+)\]", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex LocalVariable();
}
