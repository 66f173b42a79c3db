using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles;

namespace Inferometer.Measurement.Models;

/// <summary>A model with weights as it lies in its files: what measurements and reports need to know of it without loading it.</summary>
public sealed record StoredModel
{
    private Checkpoint? Files { get; init; }

    /// <summary>A GGUF file or a Hugging Face folder.</summary>
    public required string Path { get; init; }

    /// <summary>The name shown to users: the file's or folder's.</summary>
    public required string Name { get; init; }

    /// <summary>Kind of the files, for people.</summary>
    public required string Format { get; init; }

    /// <summary>Size of all files with weights.</summary>
    public required long FileBytes { get; init; }

    /// <summary>The network.</summary>
    public required ModelArchitecture Architecture { get; init; }

    /// <summary>Tensors by storage format, that of most values first; at least one.</summary>
    public required IReadOnlyList<StoredTensors> Groups { get; init; }

    /// <summary>Values in all tensors.</summary>
    public long Parameters => Groups.Sum(g => g.Parameters);

    /// <summary>Bytes of all tensors.</summary>
    public long TensorBytes => Groups.Sum(g => g.Bytes);

    /// <summary>Mean bits per value.</summary>
    public double BitsPerWeight => 8.0 * TensorBytes / Parameters;

    /// <summary>Format of most values, as models are named after it.</summary>
    public GgmlType MainType => Groups[0].Type;

    /// <summary>Reads it from the headers of a model's files, without loading the weights.</summary>
    /// <param name="files">The files.</param>
    /// <exception cref="InferometerException">A header is not sound, or the network is not known.</exception>
    public static StoredModel Read(Checkpoint files)
    {
        ArgumentNullException.ThrowIfNull(files);
        GgufHeader? header = files.Header;
        return new StoredModel
        {
            Files = files,
            Path = files.Path,
            Name = files.Name,
            Format = header is null ? "Hugging Face folder" : string.Create(CultureInfo.InvariantCulture, $"GGUF v{header.Version}"),
            FileBytes = files.StoredBytes,
            Architecture = files.Architecture,
            Groups = Group(
                header is null
                    ? files.Tensors.Tensors.Select(t => (t.Type, t.ElementCount, t.ByteCount))
                    : header.Tensors.Select(t => (t.Type, t.ElementCount, t.ByteCount))),
        };
    }

    /// <summary>Opens its files for a model to be loaded from; where this was read from open files, nothing is parsed again.</summary>
    /// <exception cref="InferometerException">There are no such files.</exception>
    public Checkpoint Open() =>
        Files is { } files && string.Equals(files.Path, Path, StringComparison.Ordinal) ? files.Share() : Checkpoint.Open(Path);

    private static StoredTensors[] Group(IEnumerable<(GgmlType Type, long Parameters, long Bytes)> tensors) =>
    [
        .. tensors.GroupBy(t => t.Type)
            .Select(g => new StoredTensors(g.Key, g.Count(), g.Sum(t => t.Parameters), g.Sum(t => t.Bytes)))
            .OrderByDescending(g => g.Parameters),
    ];
}
