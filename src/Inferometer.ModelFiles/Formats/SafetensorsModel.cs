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
    private readonly List<PackedBytes> _packed = [];
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
            throw new InferometerException(
                $"{path}: the folder has neither model.safetensors nor model.safetensors.index.json."
                    + (Directory.EnumerateFiles(path, "pytorch_model*.bin").Any()
                        ? " Its weights (pytorch_model.bin) are a program of Python's pickle, which is not run; save them as safetensors."
                        : ""));
        }

        List<SafetensorsHeader> headers = [.. files.Select(SafetensorsHeader.Read)];
        CheckNames(path, headers, index);
        return Map(path, headers);
    }

    /// <inheritdoc/>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor) => _tensorsByName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        _packed.ForEach(weight => weight.Dispose());
        _files.ForEach(file => file.Dispose());
    }

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
            var raw = new List<(RawTensor Tensor, MappedFile File)>();
            foreach (SafetensorsHeader header in headers)
            {
                MappedFile file = MappedFile.Open(header.Source, header.FileLength);
                model._files.Add(file);
                raw.AddRange(header.Tensors.Select(info => (Place(file, info), file)));
            }

            bool isPlain = raw.TrueForAll(pair => pair.Tensor.Element is "F32" or "F16" or "BF16");
            model.Add(raw, isPlain ? new([], PackedConfig.Default)
                : new(raw.Select(pair => pair.Tensor), PackedConfig.Read(FolderOf(path))));
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    private static string FolderOf(string path) =>
        Directory.Exists(path) ? path : System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;

    private static unsafe RawTensor Place(MappedFile file, SafetensorsTensorInfo info) => new(file.Pointer, file.Path, info);

    private void Add(List<(RawTensor Tensor, MappedFile File)> tensors, PackedWeights packed)
    {
        IReadOnlyDictionary<RawTensor, PackedWeight> weights = packed.Weights;
        foreach ((RawTensor tensor, MappedFile file) in tensors)
        {
            if (weights.TryGetValue(tensor, out PackedWeight? weight))
            {
                PackedBytes bytes = new(weight);
                _packed.Add(bytes);
                Add(new ModelTensor(bytes, weight.Name, weight.Shape, weight.Type, weight.ByteCount));
            }
            else if (!packed.IsPart(tensor) && tensor.Info.Type is { } type)
            {
                Add(new ModelTensor(file, tensor.Name, tensor.Shape, type, tensor.Info.Offset, tensor.Info.ByteCount));
            }
        }
    }

    private void Add(ModelTensor tensor)
    {
        _tensors.Add(tensor);
        if (!_tensorsByName.TryAdd(tensor.Name, tensor))
        {
            throw new InferometerException($"{tensor.Source}: the weight '{tensor.Name}' is there both packed and plain.");
        }
    }
}
