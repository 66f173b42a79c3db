using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Tests.Kernels;

/// <summary>
/// When instruction sets are switched off from outside, they must really be off: otherwise every test of a narrower tier would silently
/// test the widest.
/// </summary>
public sealed class VectorTierTests
{
    /// <summary>The instructions that every x86 processor with 64-bit .NET has today, and every Arm one, are enough for vectors.</summary>
    [Fact]
    public void Products_of_bytes_have_vectors_wherever_there_are_vectors() =>
        Assert.Equal(Vector128.IsHardwareAccelerated, ByteProducts.IsSupported);

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableGFNI")]
    [InlineData("DOTNET_EnableAVXVNNI")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableAVX")]
    [InlineData("DOTNET_EnableArm64Dp")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void A_tier_switched_off_from_outside_is_off(string setting)
    {
        bool off = string.Equals(Environment.GetEnvironmentVariable(setting), "0", StringComparison.Ordinal);
        bool supported = setting switch
        {
            "DOTNET_EnableAVX512" => Avx512BW.IsSupported || Vector512.IsHardwareAccelerated,
            "DOTNET_EnableGFNI" => Gfni.IsSupported,
            "DOTNET_EnableAVXVNNI" => AvxVnni.IsSupported,
            "DOTNET_EnableAVX2" => Avx2.IsSupported || Vector256.IsHardwareAccelerated,
            "DOTNET_EnableAVX" => Avx.IsSupported || Fma.IsSupported || Avx2.IsSupported,
            "DOTNET_EnableArm64Dp" => Dp.IsSupported,
            _ => Sse2.IsSupported || Vector128.IsHardwareAccelerated,
        };
        Assert.False(off && supported, $"{setting}=0 left the instructions on");
    }

    /// <summary>
    /// Where the processor has the instructions and nothing turns them off, the kernels of machine code must be the ones that are tested.
    /// </summary>
    [Fact]
    public void Kernels_of_machine_code_are_used_unless_turned_off() => Assert.Equal(
        (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()) && Avx512BW.IsSupported && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0
            && Environment.GetEnvironmentVariable(EmittedKernels.Variable) is not "0",
        EmittedKernels.IsSupported);

    /// <summary>The same for those of 256 bits.</summary>
    [Fact]
    public void Kernels_that_widen_f16_are_used_unless_turned_off() => Assert.Equal(
        (OperatingSystem.IsLinux() || OperatingSystem.IsWindows()) && Avx2.IsSupported && Fma.IsSupported && !Avx512F.IsSupported
            && (X86Base.CpuId(1, 0).Ecx & (1 << 29)) != 0
            && Environment.GetEnvironmentVariable(EmittedKernels.Variable) is not "0",
        WidenedTiles.AreEmitted);

    /// <summary>Asked for by name, Arm's dot product must be there: else a run would test what stands in for it.</summary>
    [Fact]
    public void Dot_products_that_a_run_is_to_test_are_on() => Assert.True(
        Dp.IsSupported || !string.Equals(Environment.GetEnvironmentVariable("DOTNET_EnableArm64Dp"), "1", StringComparison.Ordinal),
        "DOTNET_EnableArm64Dp=1, but this processor has no dot product");
}
