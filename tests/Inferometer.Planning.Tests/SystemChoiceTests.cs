using Inferometer.Core;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Tests;

public sealed class SystemChoiceTests
{
    [Theory]
    [InlineData("h100", null)]
    [InlineData("8xh100", 8)]
    [InlineData("8 x h100", 8)]
    [InlineData("h100x8", 8)]
    [InlineData("h100:8", 8)]
    [InlineData("8 h100", 8)]
    public void Devices_are_counted_before_or_behind_the_name(string text, int? count)
    {
        SystemChoice choice = Sample.On(text);
        Assert.Equal("H100_SXM", choice.System.Name);
        Assert.Equal(count, choice.Count);
    }

    [Theory]
    [InlineData("4xh10", "--on: 'h10' is not a system of the hardware catalog. Did you mean 'H100'")]
    [InlineData("rtx9999", "--on: 'rtx9999' is not a system")]
    [InlineData("0xh100", "--on: '0xh100': the number of devices must be from 1 to 1048576.")]
    [InlineData("h100:99999999999", "--on: 'h100:99999999999': the number of devices must be from 1 to 1048576.")]
    public void What_is_wrong_is_named(string text, string said) => Assert.StartsWith(
        said, Assert.ThrowsAny<InferometerException>(() => Sample.On(text)).Message, StringComparison.Ordinal);
}
