using System.Globalization;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>RFC 4180 with line feeds: keys as header, numbers in full, an empty line between the parts of a document.</summary>
/// <param name="output">Where it is written.</param>
public sealed class CsvWriter(TextWriter output) : IDocumentWriter
{
    /// <inheritdoc/>
    public void Write(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        bool first = true;
        foreach (Block block in document.Blocks)
        {
            if (!first)
            {
                output.Write('\n');
            }

            first = false;
            switch (block)
            {
                case Table table:
                    int[] columns = table.ColumnsFor(Audience.Machines);
                    Line(columns.Select(i => table.Columns[i].Key));
                    foreach (Cell[] row in table.Rows)
                    {
                        Line(columns.Select(i => Text(row[i].Value)));
                    }

                    break;
                case Facts facts:
                    Line(facts.ItemsFor(Audience.Machines).Select(f => f.Key));
                    Line(facts.ItemsFor(Audience.Machines).Select(f => Text(f.Cell.Value)));
                    break;
                case Sentences sentences:
                    Line([sentences.Key]);
                    foreach (string line in sentences.Lines)
                    {
                        Line([line]);
                    }

                    break;
            }
        }
    }

    private static string Text(object? value) => value switch
    {
        IReadOnlyList<string> list => string.Join(';', list),
        IReadOnlyList<double> list => string.Join(';', list.Select(i => Text(i))),
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private void Line(IEnumerable<string> values)
    {
        output.Write(string.Join(',', values.Select(Quote)));
        output.Write('\n');
    }

    private static string Quote(string text) =>
        text.AsSpan().ContainsAny(",\"\r\n") ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text;
}
