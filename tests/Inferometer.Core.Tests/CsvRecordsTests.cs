namespace Inferometer.Core.Tests;

public class CsvRecordsTests
{
    [Theory]
    [InlineData("a,b\n1,2", "a|b;1|2")]
    [InlineData("\uFEFFa,b\r\n\r\n3,", "a|b;;3|")]
    [InlineData("\"x, y\",\"say \"\"no\"\"\"\n\"two\nlines\",z", "x, y|say \"no\";two\nlines|z")]
    [InlineData("15\" screen,a\"b\n,\n", "15\" screen|a\"b;|")]
    [InlineData("\"\",\"\"", "|")]
    [InlineData("", "")]
    public void Fields_are_those_that_were_written(string text, string expected)
    {
        CsvRecords records = new(new StringReader(text), "t.csv");
        List<string> seen = [];
        while (records.Read())
        {
            seen.Add(string.Join('|', records.Fields));
        }

        Assert.Equal(expected, string.Join(';', seen));
    }

    [Fact]
    public void A_record_says_on_which_line_it_began()
    {
        CsvRecords records = new(new StringReader("a;b\n\"two\nlines\";1\n\nc;d"), "t.csv", ';');
        List<(int, bool)> lines = [];
        while (records.Read())
        {
            lines.Add((records.Line, records.IsEmpty));
        }

        Assert.Equal([(1, false), (2, false), (4, true), (5, false)], lines);
    }

    [Theory]
    [InlineData("a,b\n1,\"2\n3,4\n", "t.csv, line 2, field 2: the closing quote is missing.")]
    [InlineData("a,b\n\"1\"2,3", "t.csv, line 2, field 1: text follows a closing quote.")]
    public void A_quote_that_is_not_closed_or_closed_too_early_is_an_error_that_names_its_place(string text, string message)
    {
        CsvRecords records = new(new StringReader(text), "t.csv");
        Assert.True(records.Read());
        Assert.Equal(message, Assert.Throws<InferometerException>(() => records.Read()).Message);
    }

    [Theory]
    [InlineData("a;b\n1;2\n", ',', "t.csv: the columns are separated by semicolons; use commas.")]
    [InlineData("a\tb\n", ',', "t.csv: the columns are separated by tabs; use commas.")]
    [InlineData("a,b\n", '\t', "t.csv: the columns are separated by commas; use tabs.")]
    [InlineData("\u0001\u0002,\uFFFD\n", ',', "t.csv is not a text file in UTF-8; read are values separated by commas.")]
    public void Another_separator_and_what_is_no_text_are_told(string text, char separator, string message)
    {
        CsvRecords records = new(new StringReader(text), "t.csv", separator);
        Assert.Equal(message, Assert.Throws<InferometerException>(() => records.Read()).Message);
    }

    [Theory]
    [InlineData("note;id,value\n")]
    [InlineData("\"one; quoted\"\n")]
    [InlineData("single\n1;2\n")]
    public void Other_separators_may_stand_within_fields(string text) =>
        Assert.True(new CsvRecords(new StringReader(text), "t.csv").Read());

    /// <summary>Whatever the fields are, what a writer by the book wrote is read again.</summary>
    [Fact]
    public void What_was_written_is_read_again()
    {
        Random random = new(7);
        const string Letters = "a,\"\n b";
        for (int trial = 0; trial < 500; trial++)
        {
            string[][] rows =
            [
                .. Enumerable.Range(0, random.Next(1, 5)).Select(_ => (string[])
                [
                    .. Enumerable.Range(0, random.Next(1, 5))
                        .Select(_ => string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Letters[random.Next(Letters.Length)]))),
                ]),
            ];
            string text = string.Join('\n', rows.Select(r => string.Join(',', r.Select(f => $"\"{f.Replace("\"", "\"\"")}\""))));
            CsvRecords records = new(new StringReader(text), "t.csv");
            foreach (string[] row in rows)
            {
                Assert.True(records.Read());
                Assert.Equal(row, records.Fields);
            }

            Assert.False(records.Read());
        }
    }
}
