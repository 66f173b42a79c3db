using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>GitHub-flavoured Markdown.</summary>
/// <param name="output">Where it is written.</param>
public sealed class MarkdownWriter(TextWriter output) : IDocumentWriter
{
    private const int BarWidth = 20;

    /// <inheritdoc/>
    public void Write(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        bool first = true;
        if (document.Title is not null)
        {
            output.Write($"## {document.Title}\n");
            first = false;
        }

        foreach (Block block in document.Blocks)
        {
            if (!first)
            {
                output.Write('\n');
            }

            first = false;
            if (block.Title is not null)
            {
                output.Write($"**{block.Title}**\n\n");
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
                output.Write("| | |\n| --- | --- |\n");
                foreach (Fact fact in facts.ItemsFor(Audience.People))
                {
                    output.Write($"| {Escape(fact.Label)} | {Escape(fact.Cell.Text)} |\n");
                }

                break;
            case Sentences sentences:
                foreach (string line in sentences.Lines)
                {
                    output.Write($"- {line}\n");
                }

                break;
        }
    }

    private void Rows(Table table)
    {
        int[] columns = table.ColumnsFor(Audience.People);
        output.Write($"| {string.Join(" | ", columns.Select(i => Escape(table.Columns[i].Heading)))} |\n");
        output.Write($"|{string.Join('|', columns.Select(i => table.Columns[i].IsText ? " --- " : " ---: "))}|\n");
        for (int r = 0; r < table.Rows.Count; r++)
        {
            Cell[] row = table.Rows[r];
            bool best = r == table.BestRow;
            output.Write($"| {string.Join(" | ", columns.Select(i => best ? $"**{Text(row[i])}**" : Text(row[i])))} |\n");
        }
    }

    private static string Text(Cell cell) =>
        cell.Bar is { } bar ? new string('█', (int)Math.Round(bar * BarWidth)) : Escape(cell.Text);

    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
