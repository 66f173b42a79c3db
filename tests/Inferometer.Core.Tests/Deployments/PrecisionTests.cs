using Inferometer.Core.Deployments;

namespace Inferometer.Core.Tests.Deployments;

public sealed class PrecisionTests
{
    [Theory]
    [InlineData("bf16", 16)]
    [InlineData("BFloat16", 16)]
    [InlineData("float16", 16)]
    [InlineData("fp8_e4m3", 8)]
    [InlineData("Q4_K_M", 4.5)]
    [InlineData("mxfp4", 4.25)]
    public void Names_and_aliases_are_read_as_people_write_them(string text, double bits) =>
        Assert.Equal(bits, Precision.Parse(text, "--weights").BitsPerElement);

    [Fact]
    public void An_unknown_name_says_where_it_came_from_and_what_is_allowed()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => Precision.Parse("bf17", "--weights"));
        Assert.Contains("--weights", error.Message, StringComparison.Ordinal);
        Assert.Contains("'bf17'", error.Message, StringComparison.Ordinal);
        Assert.Contains("bf16", error.Message, StringComparison.Ordinal);
    }
}
