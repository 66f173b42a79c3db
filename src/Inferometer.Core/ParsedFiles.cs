using System.Diagnostics.Metrics;

namespace Inferometer.Core;

/// <summary>
/// Counts the large files of models that were parsed: the header of a GGUF or safetensors file, or a <c>tokenizer.json</c>. They hold
/// vocabularies of many megabytes, so each should be parsed once per use of a model; whoever listens to the meter sees whether it is.
/// Thread-safe.
/// </summary>
public static class ParsedFiles
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Inferometer.ModelFiles";

    /// <summary>Name of the counter; its tag <see cref="PathTag"/> is the file.</summary>
    public const string CounterName = "inferometer.model_files.parsed";

    /// <summary>Name of the tag that holds the file's path or name, as it was opened.</summary>
    public const string PathTag = "file.path";

    private static readonly Meter s_meter = new(MeterName);

    private static readonly Counter<long> s_counter =
        s_meter.CreateCounter<long>(CounterName, "{file}", "Headers and tokenizers of models that were parsed.");

    /// <summary>Notes that a file is parsed.</summary>
    /// <param name="path">The file.</param>
    public static void Count(string path) => s_counter.Add(1, new KeyValuePair<string, object?>(PathTag, path));
}
