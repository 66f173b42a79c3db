using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// The weights of a Hugging Face folder (<c>model.safetensors</c>, or shards listed in <c>model.safetensors.index.json</c>) or of a
/// single safetensors file, mapped into memory. Thread-safe until disposed.
/// </summary>
public sealed class SafetensorsModel : ITensorSource
{
    private readonly List<MappedFile> _files = [];
    private readonly Dictionary<string, ModelTensor> _tensorsByName = new(StringComparer.Ordinal);
    private readonly List<ModelTensor> _tensors = [];

    private SafetensorsModel(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<ModelTensor> Tensors => _tensors;

    /// <summary>Opens a folder or a single file; all headers are checked before anything is mapped.</summary>
    /// <exception cref="InferometerException">A file is missing, unsound, or holds something else than the index says.</exception>
    public static SafetensorsModel Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        SafetensorsIndex? index = null;
        List<string> files;
        string single = System.IO.Path.Combine(path, "model.safetensors");
        string indexFile = System.IO.Path.Combine(path, "model.safetensors.index.json");
        if (!Directory.Exists(path))
        {
            files = [path];
        }
        else if (File.Exists(indexFile))
        {
            index = SafetensorsIndex.Read(indexFile);
            files = [.. index.Files.Select(name => System.IO.Path.Combine(path, name))];
        }
        else if (File.Exists(single))
        {
            files = [single];
        }
        else
        {
            throw new InferometerException($"{path}: the folder has neither model.safetensors nor model.safetensors.index.json.");
        }

        List<SafetensorsHeader> headers = [.. files.Select(SafetensorsHeader.Read)];
        CheckNames(path, headers, index);
        return Map(path, headers);
    }

    /// <inheritdoc/>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose() => _files.ForEach(file => file.Dispose());

    private static void CheckNames(string path, List<SafetensorsHeader> headers, SafetensorsIndex? index)
    {
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (SafetensorsHeader header in headers)
        {
            string file = System.IO.Path.GetFileName(header.Source);
            foreach (SafetensorsTensorInfo tensor in header.Tensors)
            {
                if (!holders.TryAdd(tensor.Name, file))
                {
                    throw new InferometerException($"{path}: tensor '{tensor.Name}' is in both {holders[tensor.Name]} and {file}.");
                }
            }
        }

        if (holders.Count == 0)
        {
            throw new InferometerException($"{path}: holds no tensors.");
        }

        foreach ((string name, string file) in index?.FileByTensor ?? [])
        {
            if (!holders.TryGetValue(name, out string? actual) || !string.Equals(actual, file, StringComparison.Ordinal))
            {
                throw new InferometerException(
                    $"{path}: the index says that tensor '{name}' is in {file}, but it is {(actual is null ? "in no file" : "in "
                        + $"" + actual)}.");
            }
        }
    }

    private static SafetensorsModel Map(string path, List<SafetensorsHeader> headers)
    {
        SafetensorsModel model = new(path);
        try
        {
            foreach (SafetensorsHeader header in headers)
            {
                MappedFile file = MappedFile.Open(header.Source, header.FileLength);
                model._files.Add(file);
                foreach (SafetensorsTensorInfo info in header.Tensors)
                {
                    ModelTensor tensor = new(file, info.Name, info.Shape, info.Type, info.Offset, info.ByteCount);
                    model._tensors.Add(tensor);
                    model._tensorsByName.Add(info.Name, tensor);
                }
            }

            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }
}
