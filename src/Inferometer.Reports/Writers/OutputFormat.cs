namespace Inferometer.Reports.Writers;

/// <summary>How a command prints its data.</summary>
public enum OutputFormat
{
    /// <summary>Aligned columns for reading.</summary>
    Table,

    /// <summary>One JSON document.</summary>
    Json,

    /// <summary>Comma-separated values with a header line.</summary>
    Csv,

    /// <summary>Markdown tables.</summary>
    Markdown,

    /// <summary>One JSON object per row and line; for documents that are one table.</summary>
    JsonLines,
}
