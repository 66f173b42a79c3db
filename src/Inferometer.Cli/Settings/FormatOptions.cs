using Inferometer.Reports.Writers;

namespace Inferometer.Cli.Settings;

/// <summary>The options that say how a command prints.</summary>
internal static class FormatOptions
{
    private static readonly (string, OutputFormat) Table = ("table", OutputFormat.Table);
    private static readonly (string, OutputFormat) Json = ("json", OutputFormat.Json);
    private static readonly (string, OutputFormat) Csv = ("csv", OutputFormat.Csv);
    private static readonly (string, OutputFormat) Markdown = ("md|markdown", OutputFormat.Markdown);

    /// <summary>The same on every command that prints data.</summary>
    public static ValueOption<OutputFormat> Create() =>
        new(["--format", "-f"], Domains.Word(Table, Json, Csv, Markdown), "How to print.", "table");

    /// <summary>As llama-bench has it.</summary>
    public static ValueOption<OutputFormat> OfBench() => new(
        ["--output", "-o"], Domains.Word(Markdown, Csv, Json, ("jsonl", OutputFormat.JsonLines), Table), "How to print.", "md")
    { Fallback = OutputFormat.Markdown };

    /// <summary>Of a command whose result is text.</summary>
    public static ValueOption<OutputFormat> OfText() => new(
        ["--format", "-f"],
        Domains.Word(("text", OutputFormat.Table), Json),
        "Stream text, or print one JSON document with tokens and times at the end.",
        "text");
}
