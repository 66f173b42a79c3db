using System.Text.RegularExpressions;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Reports.Tests.Writers;

public class WriterTests
{
    [Fact]
    public void A_page_aligns_numbers_right_texts_left_and_marks_the_best()
    {
        Table table = Sample();
        table.BestRow = 1;
        Assert.Equal(
            """
              name         ms  share
              -------  ------  -----  ----
              alpha      1.50   50 %  ##
            * beta, b  12,000  100 %  ####

            """.ReplaceLineEndings("\n"),
            Written(w => new PageWriter(new PlainSurface(w)), new Document(table)));
    }

    [Fact]
    public void Csv_quotes_and_keeps_every_digit() => Assert.Equal(
        "name,latency_ms,share,note\nalpha,1.5,0.5,\n\"beta, b\",12000.25,1,\"say \"\"so\"\"\"\n",
        Written(w => new CsvWriter(w), new Document(Sample())));

    [Fact]
    public void Json_of_one_table_is_an_array_of_typed_members() => Assert.Equal(
        """
        [
          {
            "name": "alpha",
            "latency_ms": 1.5,
            "share": 0.5,
            "note": null
          },
          {
            "name": "beta, b",
            "latency_ms": 12000.25,
            "share": 1,
            "note": "say \"so\""
          }
        ]

        """.ReplaceLineEndings("\n"),
        Written(w => new JsonWriter(w), new Document(Sample())));

    [Fact]
    public void Json_of_several_parts_is_an_object()
    {
        Document document = new(
            new Facts(
                null,
                [new("A", "a", 1), new("B", "b", true), new("C", "c", Cell.List(["x", "y"])), new("D", "d", Cell.Number(double.NaN))]),
            new Sentences("notes", "Notes", ["one"]));
        Assert.Equal(
            """{"a":1,"b":true,"c":["x","y"],"d":null,"notes":["one"]}""",
            Written(w => new JsonWriter(w), document).Replace("\n", "", StringComparison.Ordinal)
                .Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Markdown_escapes_bars_and_emphasises_the_best()
    {
        Table table = new("t", "Title", Column.Text("a|b", "a"), Column.Number("n", "n"));
        table.Add("x|y", 1);
        table.BestRow = 0;
        Assert.Equal(
            "**Title**\n\n| a\\|b | n |\n| --- | ---: |\n| **x\\|y** | **1** |\n",
            Written(w => new MarkdownWriter(w), new Document(table)));
    }

    [Fact]
    public void A_long_last_text_is_wrapped_at_words()
    {
        Table table = new("t", null, Column.Text("name", "name"), Column.Text("text", "text"));
        table.Add("x", string.Join(' ', Enumerable.Repeat("words", 40)));
        string[] lines = Written(
            w => new PageWriter(new PlainSurface(w)), new Document(table)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(lines.Length > 4);
        Assert.All(lines, l => Assert.InRange(l.Length, 1, 100));
        Assert.Equal(40, lines.Skip(2).Sum(l => l.Split("words").Length - 1));
    }

    [Fact]
    public void A_terminal_gets_colour_and_the_same_text()
    {
        using StringWriter plain = new();
        using StringWriter coloured = new();
        Document document = new(new Facts("Title", [new("Fits", "fits", new Cell("yes", true) { Tone = Tone.Good })]));
        new PageWriter(new PlainSurface(plain)).Write(document);
        new PageWriter(new AnsiSurface(coloured)).Write(document);
        Assert.Contains("\u001b[32myes\u001b[0m", coloured.ToString(), StringComparison.Ordinal);
        Assert.Equal(
            plain.ToString(), Regex.Replace(coloured.ToString(), "\u001b\\[[0-9]+m", "", RegexOptions.None, TimeSpan.FromSeconds(1)));
        Assert.All(
            coloured.ToString().Split('\n'), line => Assert.Equal(Regex.Count(line, "\u001b\\[[1-9]"), Regex.Count(line, "\u001b\\[0m")));
    }

    [Fact]
    public void A_terminal_draws_bars_in_eighths_of_a_character() =>
        Assert.Equal(["", "▍", "██", "██▌"], new[] { 0, 0.1, 0.5, 0.625 }.Select(f => new AnsiSurface(TextWriter.Null).Bar(f, 4)));

    [Fact]
    public void A_row_of_the_wrong_width_is_refused() => Assert.Throws<ArgumentException>(() => Sample().Add("only one"));

    private static Table Sample()
    {
        Table table = new(
            "rows", null, Column.Text("name", "name"), Column.Number("ms", "latency_ms"), Column.Number("share", "share"),
            Column.Bars() with { BarWidth = 4 }, Column.Text("note", "note") with { Audience = Audience.Machines });
        table.Add("alpha", Cell.Number(1.5), Cell.Share(0.5), Cell.BarOf(0.5), new Cell("", null));
        table.Add("beta, b", Cell.Number(12000.25), Cell.Share(1), Cell.BarOf(1), "say \"so\"");
        return table;
    }

    private static string Written(Func<TextWriter, IDocumentWriter> writer, Document document)
    {
        using StringWriter text = new();
        writer(text).Write(document);
        return text.ToString();
    }
}
