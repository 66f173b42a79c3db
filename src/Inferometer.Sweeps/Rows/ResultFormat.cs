namespace Inferometer.Sweeps.Rows;

/// <summary>The formats of results; the ending of a file's name says which.</summary>
public enum ResultFormat
{
    /// <summary>RFC 4180 with line feeds and a header.</summary>
    Csv,

    /// <summary>A JSON object a line.</summary>
    JsonLines,

    /// <summary>Apache Parquet.</summary>
    Parquet,
}
