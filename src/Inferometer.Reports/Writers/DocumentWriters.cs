namespace Inferometer.Reports.Writers;

/// <summary>The writer of each format.</summary>
public static class DocumentWriters
{
    /// <summary>A writer of a format; pages come without colour and without a limit to the width of tables.</summary>
    /// <param name="format">The format.</param>
    /// <param name="output">Where it is written.</param>
    public static IDocumentWriter For(OutputFormat format, TextWriter output) => format switch
    {
        OutputFormat.Csv => new CsvWriter(output),
        OutputFormat.Json => new JsonWriter(output),
        OutputFormat.Markdown => new MarkdownWriter(output),
        OutputFormat.JsonLines => new JsonLinesWriter(output),
        _ => new PageWriter(new PlainSurface(output)),
    };
}
