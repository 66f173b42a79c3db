using System.CommandLine;
using System.CommandLine.Parsing;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Output;

/// <summary>
/// Where a command writes: results to one writer, everything else to the other, and pages in colour and at its width where a person sits at
/// a terminal.
/// </summary>
/// <param name="output">Results.</param>
/// <param name="error">Progress and errors.</param>
internal sealed class Printer(TextWriter output, TextWriter error)
{
    /// <summary>Results.</summary>
    public TextWriter Output => output;

    /// <summary>Progress and errors.</summary>
    public TextWriter Error => error;

    /// <summary>True when standard error is a terminal, so that a line of progress can be overwritten.</summary>
    public bool ErrorIsTerminal { get; } = ReferenceEquals(error, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>The <c>--format</c> option, the same on every command that prints data.</summary>
    public static Option<OutputFormat> FormatOption() => new("--format", "-f")
    {
        Description = "How to print. [default: table]",
        CustomParser = result => result.Tokens[0].Value.ToLowerInvariant() switch
        {
            "table" => OutputFormat.Table,
            "json" => OutputFormat.Json,
            "csv" => OutputFormat.Csv,
            "md" or "markdown" => OutputFormat.Markdown,
            _ => Refuse(result),
        },
        HelpName = "table|json|csv|md",
    };

    /// <summary>Prints a document.</summary>
    public void Print(Document document, OutputFormat format)
    {
        IDocumentWriter writer = format == OutputFormat.Table
            ? new PageWriter(Terminal.SurfaceOf(output))
            : DocumentWriters.For(format, output);
        writer.Write(document);
    }

    private static OutputFormat Refuse(ArgumentResult result)
    {
        result.AddError($"--format: '{result.Tokens[0].Value}' is not allowed; it must be table, json, csv or md.");
        return OutputFormat.Table;
    }
}
