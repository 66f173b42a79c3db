using Inferometer.Core.Gguf;

namespace Inferometer.Core.Tests.Gguf;

public sealed class GgmlTypeTests
{
    // Bits per weight as the quantisation tables of llama.cpp state them.
    [Theory]
    [InlineData(GgmlType.F32, 32)]
    [InlineData(GgmlType.BF16, 16)]
    [InlineData(GgmlType.Q8_0, 8.5)]
    [InlineData(GgmlType.Q6_K, 6.5625)]
    [InlineData(GgmlType.Q5_K, 5.5)]
    [InlineData(GgmlType.Q4_K, 4.5)]
    [InlineData(GgmlType.Q4_0, 4.5)]
    [InlineData(GgmlType.Q3_K, 3.4375)]
    [InlineData(GgmlType.Q2_K, 2.625)]
    [InlineData(GgmlType.IQ4_XS, 4.25)]
    [InlineData(GgmlType.IQ2_XXS, 2.0625)]
    [InlineData(GgmlType.IQ1_S, 1.5625)]
    [InlineData(GgmlType.TQ1_0, 1.6875)]
    [InlineData(GgmlType.MXFP4, 4.25)]
    [InlineData(GgmlType.NVFP4, 4.5)]
    [InlineData(GgmlType.Q1_0, 1.125)]
    [InlineData(GgmlType.Q2_0, 2.25)]
    public void Bits_per_value_are_the_published_ones(GgmlType type, double bits) => Assert.Equal(bits, type.BitsPerValue());

    [Fact]
    public void Every_named_format_has_a_geometry() =>
        Assert.All(Enum.GetValues<GgmlType>(), type => Assert.True(GgmlTypeTraits.IsKnown((uint)type) && type.BlockBytes() > 0));

    [Fact]
    public void A_count_that_leaves_a_partial_block_is_refused()
    {
        Assert.Equal(68, GgmlType.Q8_0.ByteCount(64));
        Assert.Throws<ArgumentOutOfRangeException>(() => GgmlType.Q8_0.ByteCount(65));
    }
}
