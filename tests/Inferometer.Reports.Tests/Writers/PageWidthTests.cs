using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Reports.Tests.Writers;

public class PageWidthTests
{
    [Fact]
    public void A_table_that_fits_is_left_as_it_is()
    {
        Document document = new(Numbered(4));
        int widest = Lines(document, null).Max(l => l.Length);
        Assert.Equal(Lines(document, null), Lines(document, widest));
        Assert.NotEqual(Lines(document, null), Lines(document, widest - 1));
    }

    [Fact]
    public void Without_a_width_a_table_is_as_wide_as_it_is() =>
        Assert.True(Lines(new Document(Numbered(30)), null).Max(l => l.Length) > 200);

    [Fact]
    public void Without_a_width_a_long_last_text_is_folded_but_where_rows_are_lines()
    {
        string text = string.Join(' ', Enumerable.Repeat("word", 60));
        Column column = Column.Text("said", "said");
        Assert.True(Lines(new Document(Table([Column.Number("n", "n"), column], [[1, text]])), null).Length > 3);
        Assert.Equal(3, Lines(new Document(Table([Column.Number("n", "n"), column with { IsOneLine = true }], [[1, text]])), null).Length);
    }

    [Fact]
    public void Headings_are_folded_at_blanks_before_anything_else_is_given_up() => Assert.Equal(
        """
                first   second
        name   number   number
        -----  ------  -------
        row 0  12,345  6,789.5
        """.ReplaceLineEndings("\n").Split('\n'),
        Lines(
            new Document(
                Table(
                    [Column.Text("name", "name"), Column.Number("first number", "a"), Column.Number("second number", "b")],
                    [["row 0", 12345, Cell.Number(6789.5, "6,789.5")]])),
            24));

    [Fact]
    public void Then_columns_move_together_and_bars_go()
    {
        Table table = Table(
            [Column.Text("name", "name"), Column.Number("n", "n"), Column.Number("share", "share"), Column.Bars() with { BarWidth = 12 }],
            [["row", 12345, Cell.Share(1), Cell.BarOf(1)]]);
        Assert.Equal("row   12,345  100 %  ############", Lines(new Document(table), 33)[^1]);
        Assert.Equal("row   12,345  100 %  ########", Lines(new Document(table), 29)[^1]);
        Assert.Equal("row  12,345 100 % ########", Lines(new Document(table), 26)[^1]);
        Assert.Equal("row  12,345 100 %", Lines(new Document(table), 20)[^1]);
    }

    [Fact]
    public void Names_stay_whole_and_minor_columns_go_before_a_table_is_folded()
    {
        Table table = Table(
            [
                Column.Text("name", "name") with { IsWhole = true }, Column.Number("layers", "layers") with { IsMinor = true },
                Column.Number("size", "size"),
            ],
            [["an-organisation/a-model-of-some-length", 1234567, 12345]]);
        const string Name = "an-organisation/a-model-of-some-length";
        Assert.Equal(Name + "  1,234,567  12,345", Lines(new Document(table), 57)[^1]);
        Assert.Equal(Name + " 12,345", Lines(new Document(table), 45)[^1]);
    }

    [Fact]
    public void What_does_not_fit_continues_below_behind_the_columns_that_name_the_row()
    {
        Table table = Numbered(6);
        table.BestRow = 1;
        Assert.Equal(
            """
              name   column 0  column 1  column 2
              -----  --------  --------  --------
              row 0     1,000     1,001     1,002
            * row 1     2,000     2,001     2,002

              name   column 3  column 4  column 5
              -----  --------  --------  --------
              row 0     1,003     1,004     1,005
            * row 1     2,003     2,004     2,005
            """.ReplaceLineEndings("\n").Replace("column ", "column_", StringComparison.Ordinal).Split('\n'),
            Lines(new Document(table), 40));
    }

    [Fact]
    public void One_row_that_does_not_fit_becomes_names_and_values()
    {
        Table table = Table([Column.Text("name", "name"), .. Numbers(4)], [["row", 1, 2, 3, 4]]);
        Assert.Equal(["name      row", "column_0  1", "column_1  2", "column_2  3", "column_3  4"], Lines(new Document(table), 24));
    }

    [Theory]
    [InlineData(20)]
    [InlineData(40)]
    [InlineData(80)]
    [InlineData(120)]
    public void Every_number_is_whole_and_every_line_fits(int width)
    {
        Table table = Numbered(25);
        string[] lines = Lines(new Document(table) { Title = "A title of several words that is longer than twenty characters" }, width);
        Assert.All(lines, l => Assert.InRange(l.Length, 0, width));
        string[] words = [.. lines.SelectMany(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        foreach (Cell[] row in table.Rows)
        {
            Assert.All(row[1..], cell => Assert.Contains(cell.Text, words));
        }
    }

    [Fact]
    public void Sentences_and_facts_are_folded_at_the_width_and_drawings_are_not()
    {
        string prose = string.Join(' ', Enumerable.Repeat("words", 30));
        Document document = new(
            new Facts(null, [new("Label", "label", prose)]),
            new Sentences("notes", null, [prose]),
            new Sentences("drawing", null, [new string('#', 60)]) { IsDrawing = true, Bulleted = false });
        string[] lines = Lines(document, 40);
        Assert.Equal(new string('#', 60), lines[^1]);
        Assert.All(lines[..^1], l => Assert.InRange(l.Length, 0, 40));
        Assert.Contains(lines, l => l.StartsWith("- words", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.StartsWith("       words", StringComparison.Ordinal));
        Assert.All(Lines(document, 200)[..^1], l => Assert.InRange(l.Length, 0, Prose.LongestLine));
    }

    [Theory]
    [InlineData("compute 90 %, memory 9 %", 23, "compute 90 %, memory|9 %")]
    [InlineData("one two", 3, "one|two")]
    [InlineData("deepseek-ai/deepseek-moe-16b", 20, "deepseek-ai/|deepseek-moe-16b")]
    [InlineData("bud-expected_tokens-004", 21, "bud-expected_tokens-|004")]
    [InlineData("abcdefgh", 3, "abc|def|gh")]
    public void Lines_end_at_blanks_or_joints(string text, int width, string lines)
    {
        Assert.Equal(lines.Split('|'), Prose.Fold(text, width));
        Assert.True(lines.StartsWith("abc", StringComparison.Ordinal) || Prose.LongestPart(text) <= width);
    }

    private static Column[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(i => Column.Number($"column_{i}", $"c{i}"))];

    // Headings without blanks, so that only folding the table can make it narrower.
    private static Table Numbered(int count) => Table(
        [Column.Text("name", "name") with { IsRowName = true }, .. Numbers(count)],
        [
            .. Enumerable.Range(0, 2).Select(
                r => (Cell[])[$"row {r}", .. Enumerable.Range(0, count).Select(i => (Cell)((1000 * (r + 1)) + i))])]);

    private static Table Table(Column[] columns, Cell[][] rows)
    {
        Table table = new("t", null, columns);
        foreach (Cell[] row in rows)
        {
            table.Add(row);
        }

        return table;
    }

    private static string[] Lines(Document document, int? width)
    {
        using StringWriter text = new();
        new PageWriter(new PlainSurface(text, width)).Write(document);
        return text.ToString().TrimEnd('\n').Split('\n');
    }
}
