using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;

namespace Inferometer.Core.Tests.Catalog;

public sealed class PeakTableTests
{
    // Their makers gave the integer units away.
    private static readonly string[] SlowIntegers = ["B300_SXM", "GB300", "Rubin"];

    // A format of half the width takes half the multipliers; more than twice the rate is a sparse figure, unless the maker built it so:
    // four-bit units of their own in Blackwell Ultra, eight-bit ones in Rubin and Trainium3.
    private static readonly string[] WideNarrowUnits = ["B300_SXM", "GB300", "Rubin", "Trainium3"];

    public static TheoryData<string> Names => [.. HardwareCatalog.BuiltIn.Systems.Select(s => s.System.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Rates_rise_as_formats_narrow_and_by_no_more_than_their_width(string name)
    {
        Device device = HardwareCatalog.BuiltIn.Find(name).Device;
        // Tensor cores against vector units: any ratio that a maker chose.
        Rises(MathFormat.Fp32, MathFormat.Tf32, 16);
        Rises(MathFormat.Tf32, MathFormat.Bf16, 2);
        Rises(MathFormat.Bf16, MathFormat.Fp8, WideNarrowUnits.Contains(name, StringComparer.Ordinal) ? 4.5 : 2);

        // GeForce cards halve the rates of 8 and 16 bits where sums are kept in fp32; four bits and integers run at the full rate.
        bool halved = IsGeForce(name);
        Rises(MathFormat.Fp8, MathFormat.Fp4, WideNarrowUnits.Contains(name, StringComparer.Ordinal) ? 3.2 : halved ? 4 : 2);
        if (!SlowIntegers.Contains(name, StringComparer.Ordinal))
        {
            Rises(MathFormat.Bf16, MathFormat.Int8, halved ? 4 : 2);
        }

        if (device.PeakOperationsPerSecond.TryGetValue(MathFormat.Bf16, out double brain)
            && device.PeakOperationsPerSecond.TryGetValue(MathFormat.Fp16, out double half))
        {
            Assert.Equal(half, brain, half * 0.001);
        }

        void Rises(MathFormat wide, MathFormat narrow, double most)
        {
            if (device.PeakOperationsPerSecond.TryGetValue(wide, out double low)
                && device.PeakOperationsPerSecond.TryGetValue(narrow, out double high))
            {
                Assert.True(
                    high >= low * 0.999 && high <= low * most * 1.03,
                    $"{name}: {narrow} at {high / low:F2} times {wide}; 1 to {most} times are plausible");
            }
        }
    }

    private static bool IsGeForce(string name) => name.StartsWith("RTX_", StringComparison.Ordinal) && char.IsAsciiDigit(name[4])
        && !name.EndsWith("_ADA", StringComparison.Ordinal);

    // What the makers print with 2:4 sparsity, twice the dense rate.
    [Theory]
    [InlineData("H100_SXM", MathFormat.Fp8, 3958)]
    [InlineData("B200_SXM", MathFormat.Fp4, 18000)]
    [InlineData("L40S", MathFormat.Fp8, 1466)]
    [InlineData("RTX_5090", MathFormat.Fp4, 3352)]
    [InlineData("RTX_5080", MathFormat.Fp4, 1801)]
    [InlineData("RTX_5070_Ti", MathFormat.Fp4, 1406)]
    [InlineData("RTX_5070", MathFormat.Fp4, 988)]
    [InlineData("RTX_5060_Ti", MathFormat.Fp4, 759)]
    [InlineData("RTX_4070_Ti", MathFormat.Int8, 641)]
    [InlineData("RTX_4060_Ti", MathFormat.Int8, 353)]
    [InlineData("RTX_3080_Ti", MathFormat.Int8, 546)]
    [InlineData("RTX_3070", MathFormat.Int8, 325)]
    [InlineData("RTX_5000_ADA", MathFormat.Fp8, 1044.4)]
    [InlineData("RTX_6000_ADA", MathFormat.Fp8, 1457)]
    [InlineData("GB10", MathFormat.Fp4, 1000)]
    [InlineData("Jetson_Thor", MathFormat.Fp4, 2070)]
    [InlineData("Jetson_Thor_T4000", MathFormat.Fp4, 1200)]
    [InlineData("Jetson_AGX_Orin", MathFormat.Int8, 170)]
    [InlineData("Jetson_Orin_Nano", MathFormat.Int8, 67)]
    [InlineData("R9700", MathFormat.Int4, 1531)]
    [InlineData("R9700", MathFormat.Fp8, 766)]
    [InlineData("MI300X", MathFormat.Fp8, 5229.8)]
    public void Sparse_figures_are_halved(string name, MathFormat format, double printed) =>
        Assert.Equal(printed / 2, HardwareCatalog.BuiltIn.Find(name).Device.PeakFor(format) / 1e12, printed * 0.005);

    [Fact]
    public void Every_peak_says_that_it_is_dense_or_how_it_follows() => Assert.All(
        HardwareCatalog.BuiltIn.Systems.Where(s => s.System.Device.Cpu is null),
        s => Assert.EndsWith("dense", s.System.Sources["peak_tflops"], StringComparison.Ordinal));

    [Theory]
    [InlineData("rtx-5080")]
    [InlineData("rtx5060ti")]
    [InlineData("rx-7900-xtx")]
    [InlineData("7900xtx")]
    [InlineData("r9700")]
    [InlineData("arc-b580")]
    [InlineData("b60")]
    [InlineData("strix-halo")]
    [InlineData("ryzen-ai-max+-395")]
    [InlineData("agx-orin")]
    [InlineData("thor")]
    [InlineData("l20")]
    [InlineData("rtx-4000-ada")]
    [InlineData("mi455x")]
    [InlineData("trainium3")]
    [InlineData("ascend-910b")]
    [InlineData("910c")]
    [InlineData("rubin")]
    [InlineData("m1-ultra")]
    [InlineData("m5-pro")]
    public void Devices_of_today_are_found_as_people_write_them(string written) =>
        Assert.NotNull(HardwareCatalog.BuiltIn.TryFind(written));
}
