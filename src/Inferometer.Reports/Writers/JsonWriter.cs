using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Writers;

/// <summary>
/// JSON with the same keys as CSV. A document that is one table is an array of objects; any other is an object with its
/// facts as members and one member per further part, unless the document has data of its own.
/// </summary>
/// <param name="output">Where it is written.</param>
public sealed class JsonWriter(TextWriter output) : IDocumentWriter
{
    // Readable rather than safe to paste into a script element: names hold plus signs and quotes hold apostrophes.
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <inheritdoc/>
    public void Write(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer, Options))
        {
            if (document.Data is { } data)
            {
                data.WriteTo(json);
            }
            else if (document.Blocks is [Table only])
            {
                Rows(json, only);
            }
            else
            {
                json.WriteStartObject();
                foreach (Block block in document.Blocks)
                {
                    Member(json, block);
                }

                json.WriteEndObject();
            }
        }

        output.Write(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
        output.Write('\n');
    }

    private static void Member(Utf8JsonWriter json, Block block)
    {
        switch (block)
        {
            case Facts facts:
                foreach (Fact fact in facts.ItemsFor(Audience.Machines))
                {
                    json.WritePropertyName(fact.Key);
                    Value(json, fact.Cell.Value);
                }

                break;
            case Table table:
                json.WritePropertyName(table.Key);
                Rows(json, table);
                break;
            case Sentences sentences:
                json.WritePropertyName(sentences.Key);
                Value(json, sentences.Lines);
                break;
        }
    }

    private static void Rows(Utf8JsonWriter json, Table table)
    {
        int[] columns = table.ColumnsFor(Audience.Machines);
        json.WriteStartArray();
        foreach (Cell[] row in table.Rows)
        {
            Row(json, table, row, columns);
        }

        json.WriteEndArray();
    }

    /// <summary>One row as an object.</summary>
    internal static void Row(Utf8JsonWriter json, Table table, Cell[] row, int[] columns)
    {
        json.WriteStartObject();
        foreach (int i in columns)
        {
            json.WritePropertyName(table.Columns[i].Key);
            Value(json, row[i].Value);
        }

        json.WriteEndObject();
    }

    private static void Value(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null:
                json.WriteNullValue();
                break;
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case int number:
                json.WriteNumberValue(number);
                break;
            case long number:
                json.WriteNumberValue(number);
                break;
            case double number when double.IsFinite(number):
                json.WriteNumberValue(number);
                break;
            case double:
                json.WriteNullValue();
                break;
            case IReadOnlyList<string> list:
                json.WriteStartArray();
                foreach (string item in list)
                {
                    json.WriteStringValue(item);
                }

                json.WriteEndArray();
                break;
            case IReadOnlyList<double> list:
                json.WriteStartArray();
                foreach (double item in list)
                {
                    Value(json, item);
                }

                json.WriteEndArray();
                break;
            default:
                throw new ArgumentException($"A cell holds a {value.GetType().Name}, which has no place in JSON.", nameof(value));
        }
    }
}
