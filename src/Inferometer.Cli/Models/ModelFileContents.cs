using Inferometer.Core.Gguf;
using Inferometer.ModelFiles;

namespace Inferometer.Cli.Models;

/// <summary>Tensors of one storage format in a model's files.</summary>
internal sealed record TensorGroup(GgmlType Type, int Tensors, long Parameters, long Bytes);

/// <summary>What lies in a model's files, read without loading it.</summary>
/// <param name="Format">Kind of the files, for people.</param>
/// <param name="FileBytes">Size of all files with weights.</param>
/// <param name="Groups">Tensors by storage format, the largest share first.</param>
internal sealed record ModelFileContents(string Format, long FileBytes, IReadOnlyList<TensorGroup> Groups)
{
    /// <summary>Values in all tensors.</summary>
    public long Parameters => Groups.Sum(g => g.Parameters);

    /// <summary>Bytes of all tensors.</summary>
    public long TensorBytes => Groups.Sum(g => g.Bytes);

    /// <summary>Mean bits per value.</summary>
    public double BitsPerWeight => 8.0 * TensorBytes / Parameters;

    /// <summary>Format of most values, as models are named after it.</summary>
    public string MainType => Groups[0].Type.ToString();

    public static ModelFileContents Read(ModelLocation location)
    {
        Checkpoint files = location.Files;
        return files.Header is { } header
            ? new ModelFileContents(
                $"GGUF v{header.Version}", header.FileLength, Group(header.Tensors.Select(t => (t.Type, t.ElementCount, t.ByteCount))))
            : new ModelFileContents(
                "Hugging Face folder", files.StoredBytes, Group(files.Tensors.Tensors.Select(t => (t.Type, t.ElementCount, t.ByteCount))));
    }

    private static List<TensorGroup> Group(IEnumerable<(GgmlType Type, long Parameters, long Bytes)> tensors) =>
    [
        .. tensors.GroupBy(t => t.Type)
            .Select(g => new TensorGroup(g.Key, g.Count(), g.Sum(t => t.Parameters), g.Sum(t => t.Bytes)))
            .OrderByDescending(g => g.Parameters),
    ];
}
