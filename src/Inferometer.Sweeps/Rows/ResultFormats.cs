using Inferometer.Core;

namespace Inferometer.Sweeps.Rows;

/// <summary>What is known of the formats.</summary>
public static class ResultFormats
{
    /// <summary>The format that the ending of a file's name says.</summary>
    /// <param name="file">The file.</param>
    /// <param name="origin">Where the name came from, for the error.</param>
    /// <exception cref="InferometerException">Another ending.</exception>
    public static ResultFormat Of(string file, string origin) => Path.GetExtension(file).ToUpperInvariant() switch
    {
        ".CSV" => ResultFormat.Csv,
        ".JSONL" or ".NDJSON" => ResultFormat.JsonLines,
        ".PARQUET" => ResultFormat.Parquet,
        _ => throw new InferometerException($"{origin}: '{file}' is not allowed; it must end in .csv, .jsonl or .parquet."),
    };

    /// <summary>Ending of the files of a format, with the point.</summary>
    internal static string Ending(this ResultFormat format) => format switch
    {
        ResultFormat.Csv => ".csv",
        ResultFormat.JsonLines => ".jsonl",
        _ => ".parquet",
    };
}
