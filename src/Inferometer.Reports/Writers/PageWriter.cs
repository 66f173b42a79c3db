using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>Aligned columns and bars for reading, on a terminal, in a log and in a pipe; see <see cref="ISurface.Width"/>.</summary>
/// <param name="surface">Where it is written.</param>
public sealed class PageWriter(ISurface surface) : IDocumentWriter
{
    private const int LeastTextWidth = 16;
    private const string Gap = "  ";

    private int ProseWidth => Prose.LineFor(surface.Width);

    /// <inheritdoc/>
    public void Write(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        bool first = true;
        if (document.Title is not null)
        {
            Heading(document.Title);
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
                Heading(block.Title);
            }

            Body(block);
        }
    }

    private void Heading(string title) =>
        surface.Write(string.Join('\n', surface.Width is { } width ? Prose.Fold(title, width) : [title]) + "\n", Tone.Strong);

    private void Body(Block block)
    {
        switch (block)
        {
            case Table table:
                Rows(table);
                break;
            case Facts facts:
                Pairs([.. facts.ItemsFor(Audience.People).Select(f => (f.Label, f.Cell))]);
                break;
            case Sentences sentences:
                foreach (string line in sentences.Lines)
                {
                    (string bullet, string indent) = sentences.Bulleted ? ("- ", "  ") : ("", "");
                    IEnumerable<string> lines = sentences.IsDrawing
                        ? [line]
                        : Prose.Fold(line, Math.Max(LeastTextWidth, ProseWidth - bullet.Length));
                    surface.Write(bullet + string.Join("\n" + indent, lines) + "\n");
                }

                break;
        }
    }

    private void Pairs(IReadOnlyList<(string Label, Cell Cell)> pairs)
    {
        int label = pairs.Max(p => p.Label.Length);
        foreach ((string name, Cell cell) in pairs)
        {
            IEnumerable<string> parts = Prose.Fold(cell.Text, Math.Max(LeastTextWidth, ProseWidth - label - Gap.Length));
            surface.Write(name.PadRight(label) + Gap, Tone.Dim);
            surface.Write(string.Join("\n" + new string(' ', label + Gap.Length), parts), cell.Tone);
            surface.Write("\n");
        }
    }

    private void Rows(Table table)
    {
        TableLayout layout = new(table, surface.Width);
        if (layout.Bands.Count > 1 && table.Rows.Count == 1)
        {
            // One row that does not fit reads better as names and values than as a table in pieces.
            Pairs(
                [
                    .. table.ColumnsFor(Audience.People).Where(i => !table.Columns[i].IsBars).Select(
                        i => (table.Columns[i].Heading, table.Rows[0][i]))]);
            return;
        }

        for (int i = 0; i < layout.Bands.Count; i++)
        {
            if (i > 0)
            {
                surface.Write("\n");
            }

            Band(table, layout.Bands[i], layout.Gap);
        }
    }

    private void Band(Table table, LaidColumn[] columns, string gap)
    {
        string mark = table.BestRow >= 0 ? "  " : "";
        string[][] headings = [.. columns.Select(c => Prose.Fold(table.Columns[c.Index].Heading, Math.Max(1, c.Width)).ToArray())];
        int lines = headings.Max(h => h.Length);
        for (int line = 0; line < lines; line++)
        {
            // Headings stand on the rule, whatever the number of their lines.
            Line(columns.Select((c, i) => (Aligned(table, c, Part(headings[i], line - lines + headings[i].Length)), Tone.Dim)), mark, gap);
        }

        Line(columns.Select(c => (new string('-', c.Width), Tone.Dim)), mark, gap);
        for (int r = 0; r < table.Rows.Count; r++)
        {
            Row(table, columns, table.Rows[r], r == table.BestRow ? "* " : mark, gap);
        }
    }

    private void Row(Table table, LaidColumn[] columns, Cell[] row, string prefix, string gap)
    {
        bool best = prefix.StartsWith('*');
        string[][] texts = [.. columns.Select(c => Lines(table.Columns[c.Index], row[c.Index], c.Width))];
        int lines = texts.Max(t => t.Length);
        for (int line = 0; line < lines; line++)
        {
            Line(
                columns.Select(
                    (c, i) =>
                        (
                            Aligned(table, c, Part(texts[i], line)),
                            best && row[c.Index].Tone == Tone.Normal ? Tone.Good : row[c.Index].Tone)),
                line == 0 ? prefix : new string(' ', prefix.Length),
                gap);
        }
    }

    private string[] Lines(Column column, Cell cell, int width) => cell.Bar is { } bar
        ? [surface.Bar(bar, Math.Min(width, column.BarWidth))]
        : column.IsText ? [.. Prose.Fold(cell.Text, Math.Max(1, width))] : [cell.Text];

    private static string Part(string[] lines, int index) => index >= 0 && index < lines.Length ? lines[index] : "";

    private static string Aligned(Table table, LaidColumn column, string text) =>
        table.Columns[column.Index].IsText ? text.PadRight(column.Width) : text.PadLeft(column.Width);

    // Trailing blanks are dropped, so that piped output has none.
    private void Line(IEnumerable<(string Text, Tone Tone)> cells, string prefix, string gap)
    {
        (string Text, Tone Tone)[] all = [.. cells];
        int last = Array.FindLastIndex(all, c => !string.IsNullOrWhiteSpace(c.Text));
        surface.Write(prefix, Tone.Good);
        for (int i = 0; i <= last; i++)
        {
            surface.Write(i == last ? all[i].Text.TrimEnd() : all[i].Text + gap, all[i].Tone);
        }

        surface.Write("\n");
    }
}
