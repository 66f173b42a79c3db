using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Synthesis;

namespace Inferometer.Measurement.Local;

/// <summary>A model with random weights that steps are timed with.</summary>
/// <param name="Name">Name among them.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Type">Format of its matrices.</param>
internal sealed record LocalModel(string Name, SyntheticShape Shape, GgmlType Type)
{
    /// <summary>Name and format, for people.</summary>
    public string Title => $"{Name} {Type.ToString().ToLowerInvariant()}";

    /// <summary>Its file.</summary>
    /// <param name="folder">Folder it is written to.</param>
    public string PathIn(string folder) => Path.Combine(folder, $"{Name}-{Type}.gguf");

    /// <summary>Writes it, unless it is there.</summary>
    /// <param name="folder">Folder to write to.</param>
    /// <param name="seed">Equal seeds give equal files.</param>
    /// <param name="cancellationToken">Stops between tensors.</param>
    /// <returns>The file.</returns>
    public string Write(string folder, ulong seed, CancellationToken cancellationToken)
    {
        string path = PathIn(folder);
        if (!File.Exists(path))
        {
            SyntheticModel.Write(path, Shape, Type, seed, null, cancellationToken);
        }

        return path;
    }
}
