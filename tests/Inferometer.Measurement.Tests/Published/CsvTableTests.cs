using Inferometer.Core;
using Inferometer.Measurement.Published.Layouts;

namespace Inferometer.Measurement.Tests.Published;

/// <summary>Comma-separated values, and what is said of those that are wrong.</summary>
public sealed class CsvTableTests
{
    [Fact]
    public void Fields_may_be_quoted_and_hold_commas_quotes_and_line_ends()
    {
        CsvTable table = new(new StringReader("a,b,c\n1,\"x, \"\"y\"\"\",\n\n\"two\nlines\",,3\n"), "t.csv");

        Assert.Equal(["a", "b", "c"], table.Columns);
        Assert.True(table.Read());
        Assert.Equal(("1", "x, \"y\"", ""), (table.Text("a"), table.Text("b"), table.Text("c")));
        Assert.True(table.Read());
        Assert.Equal(("two\nlines", "", 3), (table.Text("a"), table.Text("b"), table.Count("c")));
        Assert.Equal(4, table.Line);
        Assert.False(table.Read());
    }

    [Theory]
    [InlineData("a,b\n1\n", "t.csv, line 2: 1 fields where the header has 2.")]
    [InlineData("a,b\n1,2,3\n", "t.csv, line 2: 3 fields where the header has 2.")]
    [InlineData("a,a\n", "t.csv, line 1: column 'a' is there twice.")]
    [InlineData("", "t.csv: the file is empty; the first line must name the columns.")]
    [InlineData("a,b\n\"1,2\n", "t.csv, line 2, field 1: the closing quote is missing.")]
    [InlineData("a,b\n\"1\"2,3\n", "t.csv, line 2, field 1: text follows a closing quote.")]
    public void Malformed_text_is_named(string text, string message)
    {
        InferometerException error = Assert.Throws<InferometerException>(() =>
        {
            CsvTable table = new(new StringReader(text), "t.csv");
            while (table.Read())
            {
            }
        });
        Assert.Equal(message, error.Message);
    }

    [Theory]
    [InlineData("1,5")]
    [InlineData("x")]
    [InlineData("-3")]
    [InlineData("0")]
    [InlineData("NaN")]
    [InlineData("1e999")]
    public void A_field_that_is_no_number_above_zero_is_named(string field)
    {
        CsvTable table = new(new StringReader($"a,b\n1,2\n7,\"{field}\"\n"), "t.csv");
        Assert.True(table.Read());
        Assert.Equal(2, table.Positive("b"));
        Assert.True(table.Read());

        InferometerException error = Assert.Throws<InferometerException>(() => table.Positive("b"));
        Assert.StartsWith(
            $"t.csv, line 3, column b: '{field}' is not allowed; it must be a number", error.Message, StringComparison.Ordinal);
    }
}
