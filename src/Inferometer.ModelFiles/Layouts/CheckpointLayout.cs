using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.ModelFiles.Layouts;

/// <summary>
/// A Hugging Face checkpoint or a GGUF file as if every linear layer were a tensor of its own, [outputs, inputs] under the name that most
/// families give it: what a family fuses, transposes or interleaves is taken apart when it is first read.
/// </summary>
internal sealed class CheckpointLayout : ITensorSource
{
    private readonly ITensorSource _source;
    private readonly List<PackedBytes> _made = [];
    private readonly List<ModelTensor> _tensors = [];
    private readonly Dictionary<string, ModelTensor> _byName = new(StringComparer.Ordinal);

    private CheckpointLayout(ITensorSource source, Func<ModelTensor, IReadOnlyList<PackedWeight>> rule)
    {
        _source = source;
        foreach (ModelTensor tensor in source.Tensors)
        {
            IReadOnlyList<PackedWeight> parts = rule(tensor);
            if (parts.Count == 0)
            {
                Add(tensor);
            }

            foreach (PackedWeight part in parts)
            {
                PackedBytes bytes = new(part);
                _made.Add(bytes);
                Add(new ModelTensor(bytes, part.Name, part.Shape, part.Type, part.ByteCount));
            }
        }
    }

    /// <inheritdoc/>
    public string Path => _source.Path;

    /// <inheritdoc/>
    public IReadOnlyList<ModelTensor> Tensors => _tensors;

    /// <summary>The tensors as they are stored.</summary>
    public IReadOnlyList<ModelTensor> Stored => _source.Tensors;

    /// <summary>The checkpoint itself where nothing in it has to be taken apart; otherwise one that owns it.</summary>
    /// <param name="source">The checkpoint; disposed of when this throws.</param>
    /// <param name="model">What it holds; only asked for where a tensor may have to be taken apart.</param>
    /// <exception cref="InferometerException">A tensor has another shape than the configuration asks for, or the configuration is not
    /// sound.</exception>
    public static ITensorSource Apply(ITensorSource source, Lazy<ModelArchitecture> model)
    {
        return source.Tensors.Any(tensor => LayoutRules.MayConcern(tensor.Name))
            ? Apply(source, () => model.Value, LayoutRules.Apply)
            : source;
    }

    /// <summary>The same of a GGUF file.</summary>
    /// <param name="file">The file; disposed of when this throws.</param>
    /// <param name="model">What it holds.</param>
    /// <exception cref="InferometerException">A tensor has another shape than the metadata ask for, or they are not sound.</exception>
    public static ITensorSource Apply(GgufModelFile file, Lazy<ModelArchitecture> model)
    {
        return GgufFamilies.Find(file.Header.Architecture) is { } family
            && file.Tensors.Any(tensor => LayoutRules.MayConcern(tensor.Name, family))
                ? Apply(file, () => model.Value, LayoutRules.ApplyToGguf)
                : file;
    }

    private static CheckpointLayout Apply(
        ITensorSource source, Func<ModelArchitecture> model,
        Func<ModelTensor, ModelArchitecture, IReadOnlyList<PackedWeight>> rule)
    {
        try
        {
            ModelArchitecture architecture = model();
            return new CheckpointLayout(source, tensor => rule(tensor, architecture));
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public bool TryGetTensor(string name, [NotNullWhen(true)] out ModelTensor? tensor) => _byName.TryGetValue(name, out tensor);

    /// <inheritdoc/>
    public void Dispose()
    {
        _made.ForEach(tensor => tensor.Dispose());
        _source.Dispose();
    }

    private void Add(ModelTensor tensor)
    {
        _tensors.Add(tensor);
        if (!_byName.TryAdd(tensor.Name, tensor))
        {
            throw new InferometerException($"{tensor.Source}: the weight '{tensor.Name}' is there both fused and alone.");
        }
    }
}
