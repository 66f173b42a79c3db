using Inferometer.Core.Catalog;

namespace Inferometer.Core.Tests.Catalog;

public sealed class CountedNameTests
{
    private static readonly string[] Known = ["h100", "H100_80GB", "rtx4090", "mi300x", "2go", "node x4"];

    [Theory]
    [InlineData("8xh100", "h100", 8)]
    [InlineData(" 8 X h100 ", "h100", 8)]
    [InlineData("2*rtx4090", "rtx4090", 2)]
    [InlineData("2 h100", "h100", 2)]
    [InlineData("h100x8", "h100", 8)]
    [InlineData("mi300xx4", "mi300x", 4)]
    [InlineData("4xh10", "h10", 4)]
    [InlineData("h100 x 8", "h100", 8)]
    [InlineData("h100:16", "h100", 16)]
    [InlineData("4xmachine.json", "machine.json", 4)]
    [InlineData("0xh100", "h100", null)]
    [InlineData("99999999999xh100", "h100", null)]
    public void A_number_is_read_before_and_behind_a_name(string text, string name, int? count)
    {
        Assert.True(CountedName.TryRead(text, Known.Contains, out CountedName? counted));
        Assert.Equal(name, counted.Name);
        Assert.Equal(count, counted.Count);
    }

    [Theory]
    [InlineData("h100")]
    [InlineData("rtx4090")]
    [InlineData("rtx9999")]
    [InlineData("node x4")]
    [InlineData("H100_80GB")]
    [InlineData("4090")]
    [InlineData("8x")]
    [InlineData("x8")]
    [InlineData("8")]
    [InlineData("2h100")]
    [InlineData("")]
    public void Names_that_hold_digits_are_no_numbers_of_something(string text) =>
        Assert.False(CountedName.TryRead(text, Known.Contains, out _));
}
