using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>The rows of a document's tables as one JSON object per line, with the same keys as CSV.</summary>
/// <param name="output">Where it is written.</param>
public sealed class JsonLinesWriter(TextWriter output) : IDocumentWriter
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public void Write(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        foreach (Table table in document.Blocks.OfType<Table>())
        {
            int[] columns = table.ColumnsFor(Audience.Machines);
            foreach (Cell[] row in table.Rows)
            {
                using MemoryStream buffer = new();
                using (Utf8JsonWriter json = new(buffer, Options))
                {
                    JsonWriter.Row(json, table, row, columns);
                }

                output.Write(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
                output.Write('\n');
            }
        }
    }
}
