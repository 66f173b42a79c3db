namespace Inferometer.Cli.Output;

/// <summary>Aligned columns and bars for reading, on a terminal, in a log and in a pipe.</summary>
internal sealed class PageWriter(ISurface surface) : IDocumentWriter
{
    private const int PageWidth = 100;
    private const int LeastTextWidth = 24;
    private const string Gap = "  ";

    public void Write(Document document)
    {
        bool first = true;
        if (document.Title is not null)
        {
            surface.Write(document.Title + "\n", Tone.Strong);
            first = false;
        }

        foreach (Block block in document.Blocks)
        {
            if (!first)
            {
                surface.Write("\n");
            }

            first = false;
            if (block.Title is not null)
            {
                surface.Write(block.Title + "\n", Tone.Strong);
            }

            Body(block);
        }
    }

    private void Body(Block block)
    {
        switch (block)
        {
            case Table table:
                Rows(table);
                break;
            case Facts facts:
                Pairs(facts.Items);
                break;
            case Sentences sentences:
                foreach (string line in sentences.Lines)
                {
                    (string bullet, string indent) = sentences.Bulleted ? ("- ", "  ") : ("", "");
                    surface.Write(bullet + string.Join("\n" + indent, Wrap(line, PageWidth - bullet.Length)) + "\n");
                }

                break;
        }
    }

    private void Pairs(IReadOnlyList<Fact> facts)
    {
        int label = facts.Max(f => f.Label.Length);
        foreach (Fact fact in facts)
        {
            string[] parts = [.. Wrap(fact.Cell.Text, PageWidth - label - Gap.Length)];
            surface.Write(fact.Label.PadRight(label) + Gap, Tone.Dim);
            surface.Write(string.Join("\n" + new string(' ', label + Gap.Length), parts), fact.Cell.Tone);
            surface.Write("\n");
        }
    }

    private void Rows(Table table)
    {
        int[] columns = table.ColumnsFor(Audience.People);
        int[] widths = [.. columns.Select(i => Width(table, i))];
        string mark = table.BestRow >= 0 ? "  " : "";
        int excess = mark.Length + widths.Sum() + (Gap.Length * (widths.Length - 1)) - PageWidth;
        if (excess > 0 && table.Columns[columns[^1]].IsText)
        {
            widths[^1] = Math.Max(Math.Min(widths[^1], LeastTextWidth), widths[^1] - excess);
        }

        Line(columns.Select(i => table.Columns[i].IsText ? Padded(table.Columns[i].Heading, i) : Right(table.Columns[i].Heading, i)), mark);
        Line(widths.Select(w => (new string('-', w), Tone.Dim)), mark);
        for (int r = 0; r < table.Rows.Count; r++)
        {
            Row(table.Rows[r], r == table.BestRow ? "* " : mark);
        }

        int WidthOf(int column) => widths[Array.IndexOf(columns, column)];
        (string Text, Tone Tone) Padded(string text, int column) => (text.PadRight(WidthOf(column)), Tone.Dim);
        (string Text, Tone Tone) Right(string text, int column) => (text.PadLeft(WidthOf(column)), Tone.Dim);

        void Row(Cell[] row, string prefix)
        {
            bool best = prefix.StartsWith('*');
            string[][] texts = [.. columns.Select(i => Lines(table, row[i], i, WidthOf(i)))];
            for (int line = 0; line < texts.Max(t => t.Length); line++)
            {
                Line(
                    columns.Select((i, c) =>
                    {
                        string text = line < texts[c].Length ? texts[c][line] : "";
                        return (table.Columns[i].IsText ? text.PadRight(widths[c]) : text.PadLeft(widths[c]), best && row[i].Tone == Tone.Normal ? Tone.Good : row[i].Tone);
                    }),
                    line == 0 ? prefix : mark);
            }
        }
    }

    private string[] Lines(Table table, Cell cell, int column, int width) => cell.Bar is { } bar
        ? [surface.Bar(bar, table.Columns[column].BarWidth)]
        : table.Columns[column].IsText ? [.. Wrap(cell.Text, width)] : [cell.Text];

    private static int Width(Table table, int column)
    {
        int heading = table.Columns[column].Heading.Length;
        return table.Rows.Select(r => r[column].Bar is null ? r[column].Text.Length : table.Columns[column].BarWidth).Append(heading).Max();
    }

    // Trailing blanks are dropped, so that piped output has none.
    private void Line(IEnumerable<(string Text, Tone Tone)> cells, string prefix)
    {
        (string Text, Tone Tone)[] all = [.. cells];
        int last = Array.FindLastIndex(all, c => !string.IsNullOrWhiteSpace(c.Text));
        surface.Write(prefix, Tone.Good);
        for (int i = 0; i <= last; i++)
        {
            surface.Write(i == last ? all[i].Text.TrimEnd() : all[i].Text + Gap, all[i].Tone);
        }

        surface.Write("\n");
    }

    private static IEnumerable<string> Wrap(string text, int width)
    {
        while (text.Length > width)
        {
            int cut = text.LastIndexOf(' ', width);
            cut = cut <= 0 ? width : cut;
            yield return text[..cut];
            text = text[cut..].TrimStart();
        }

        yield return text;
    }
}
