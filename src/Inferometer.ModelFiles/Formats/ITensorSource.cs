using System.Diagnostics.CodeAnalysis;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// The weights of a model as they lie in its files, mapped into memory: a GGUF file or a folder of safetensors. Every tensor has been
/// checked against the length of its file before mapping. Safe to read from many threads; dispose after the last use of any tensor.
/// </summary>
/// <remarks>
/// Pages come from the file as they are touched. If another program shortens a file while it is mapped, reading the lost part ends the
/// process: that is how mapping works.
/// </remarks>
public interface ITensorSource : IDisposable
{
    /// <summary>Path of the file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>All tensors, in the order of the files.</summary>
    IReadOnlyList<ModelTensor> Tensors { get; }

    /// <summary>Finds a tensor by its name in the file.</summary>
    bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor);
}
