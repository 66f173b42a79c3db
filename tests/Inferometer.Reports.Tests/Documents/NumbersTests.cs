using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Tests.Documents;

public class NumbersTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.000012, "1.20e-5")]
    [InlineData(0.012345, "0.0123")]
    [InlineData(0.5, "0.500")]
    [InlineData(1, "1.00")]
    [InlineData(9.996, "10.0")]
    [InlineData(12.345, "12.3")]
    [InlineData(99.96, "100")]
    [InlineData(123.4, "123")]
    [InlineData(12345.6, "12,346")]
    [InlineData(-12.345, "-12.3")]
    [InlineData(double.NaN, "-")]
    [InlineData(double.PositiveInfinity, "-")]
    public void Numbers_have_about_three_digits(double value, string text) => Assert.Equal(text, Numbers.Short(value));

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.004, "0.4 %")]
    [InlineData(0.0996, "10 %")]
    [InlineData(-0.0431, "-4.3 %")]
    [InlineData(1.6, "160 %")]
    public void Shares_are_percentages(double fraction, string text) => Assert.Equal(text, Numbers.Percent(fraction));

    [Theory]
    [InlineData(512, "512 B")]
    [InlineData(131_072, "131 kB")]
    [InlineData(16_060_522_496, "16.1 GB")]
    [InlineData(999_999_999, "1.00 GB")]
    public void Bytes_are_decimal(double bytes, string text) => Assert.Equal(text, Numbers.Bytes(bytes));

    [Theory]
    [InlineData(16.1e9, "GB", "16.10")]
    [InlineData(0.1e9, "GB", "0.10")]
    [InlineData(0.0999e9, "MB", "99.90")]
    [InlineData(1_053_824, "MB", "1.05")]
    [InlineData(50_000, "kB", "50.00")]
    [InlineData(12, "kB", "0.01")]
    [InlineData(0, "GB", "0.00")]
    [InlineData(double.NaN, "GB", "NaN")]
    public void Columns_of_bytes_have_a_unit_in_which_they_can_be_read(double bytes, string unit, string text)
    {
        ByteUnit found = ByteUnit.For(bytes);
        Assert.Equal((unit, text), (found.Name, found.Of(bytes).Text));
        Assert.Equal(bytes, found.Of(bytes).Value);
    }

    [Theory]
    [InlineData(8_030_261_248, "8.03 B")]
    [InlineData(125_239_296, "125 M")]
    [InlineData(7, "7")]
    public void Counts_have_a_letter(double count, string text) => Assert.Equal(text, Numbers.Count(count));

    [Theory]
    [InlineData(0.0123, "12.3 us")]
    [InlineData(6.2576, "6.26 ms")]
    [InlineData(1644.5, "1,645 ms")]
    [InlineData(13_500, "13.5 s")]
    public void Durations_are_in_the_unit_that_fits(double ms, string text) => Assert.Equal(text, Numbers.Milliseconds(ms));
}
