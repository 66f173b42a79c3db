using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Synthesis;

namespace Inferometer.Benchmarks.Fidelity;

/// <summary>The models of the workloads: two with random weights, written where they are not yet, and the one that comes with the
/// program.</summary>
/// <param name="folder">Where those with random weights are kept.</param>
internal sealed class ArmModels(string folder)
{
    /// <summary>The file of a model.</summary>
    public string PathOf(string name) => name switch
    {
        "110M" => Written("synthetic-110m.gguf", SyntheticShape.Small),
        "1.1B" => Written("synthetic-1.1b.gguf", SyntheticShape.Medium),
        _ => Path.Combine(AppContext.BaseDirectory, "models", name + "-q8_0.gguf"),
    };

    private string Written(string file, SyntheticShape shape)
    {
        string path = Path.Combine(folder, file);
        if (!File.Exists(path))
        {
            Directory.CreateDirectory(folder);
            SyntheticModel.Write(path, shape, GgmlType.Q8_0, seed: 3);
        }

        return path;
    }
}
