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

    /// <summary>Prints a document.</summary>
    public void Print(Document document, OutputFormat format)
    {
        IDocumentWriter writer = format == OutputFormat.Table
            ? new PageWriter(Terminal.SurfaceOf(output))
            : DocumentWriters.For(format, output);
        writer.Write(document);
    }
}
