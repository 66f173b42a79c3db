using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Finds each tensor of a GGUF file in a Hugging Face checkpoint, by what it is for.</summary>
internal sealed class HuggingFaceMapping
{
    private readonly ModelArchitecture _model;
    private readonly ITensorSource _weights;
    private readonly HuggingFaceNames _from;
    private readonly GgufNames _to = new();
    private readonly bool _rotaryNeighbours;
    private readonly bool _normsPlusOne;
    private readonly List<ConvertedTensor> _tensors = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <exception cref="InferometerException">The checkpoint names its tensors in a way that is not known.</exception>
    public HuggingFaceMapping(ModelArchitecture model, string architecture, ITensorSource weights)
    {
        _model = model;
        _weights = weights;
        _rotaryNeighbours = architecture is "llama";
        _normsPlusOne = architecture.StartsWith("gemma", StringComparison.Ordinal);
        _from = HuggingFaceNames.Find(name => weights.TryGetTensor(name, out _), model.PostBlockNorms)
            ?? throw new InferometerException($"{weights.Path}: holds no 'embed_tokens.weight' under any of the usual names.");
    }

    /// <summary>Inputs that were left out.</summary>
    public IReadOnlyList<string> Notes => [.. _weights.Tensors.Where(tensor => !_used.Contains(tensor.Name))
        .Select(tensor =>
            $"{System.IO.Path.GetFileName(tensor.Source)}: tensor '{tensor.Name}' has no place in the new file and was left out.")];

    public IReadOnlyList<ConvertedTensor> Build()
    {
        Add(WeightRole.Embedding, 0);
        Add(WeightRole.FinalNorm, 0);
        if (_model.TiedEmbeddings && _from.Stem(WeightRole.LmHead) is string head)
        {
            _used.Add(head + ".weight"); // a second copy of the embedding
        }
        else
        {
            Add(WeightRole.LmHead, 0);
        }

        AddRopeDivisors();
        for (int layer = 0; layer < _model.LayerCount; layer++)
        {
            for (WeightRole role = WeightRole.AttentionNorm; role <= WeightRole.SharedExpertGate; role++)
            {
                if (role is WeightRole.ExpertGate or WeightRole.ExpertUp or WeightRole.ExpertDown)
                {
                    AddExperts(role, layer);
                }
                else
                {
                    Add(role, layer);
                }
            }
        }

        return _tensors;
    }

    private void Add(WeightRole role, int layer)
    {
        if (_from.Stem(role, layer) is not string from || _to.Stem(role, layer) is not string to)
        {
            return;
        }

        foreach (string ending in (ReadOnlySpan<string>)[".weight", ".bias"])
        {
            if (_weights.TryGetTensor(from + ending, out ModelTensor? tensor) && _used.Add(tensor.Name))
            {
                _tensors.Add(Convert(role, to + ending, tensor, layer));
            }
        }
    }

    private ConvertedTensor Convert(WeightRole role, string name, ModelTensor tensor, int layer)
    {
        long[] shape = role == WeightRole.SharedExpertGate ? [tensor.ElementCount] : [.. tensor.Shape];
        long headRows = _rotaryNeighbours ? RotaryHeadRows(role, tensor, layer) : 0;
        if (headRows > 0 && shape.Length == 1)
        {
            float[] values = tensor.DecodeAll();
            return new ConvertedTensor(name, shape)
            {
                Values = [.. values.Select((_, i) => values[ConvertedTensor.RotaryOrder(i, headRows)])],
            };
        }

        bool isNorm = tensor.Name.EndsWith("norm.weight", StringComparison.Ordinal);
        return new ConvertedTensor(name, shape) { Sources = [tensor], RotaryHeadRows = headRows, AddOne = _normsPlusOne && isNorm };
    }

    private long RotaryHeadRows(WeightRole role, ModelTensor tensor, int layer)
    {
        if (role is not (WeightRole.Query or WeightRole.Key) || _model.Layers[layer].Mixer is not AttentionMixer attention)
        {
            return 0;
        }

        int heads = role == WeightRole.Query ? attention.Heads : attention.KvHeads;
        long outputs = tensor.Shape[0];
        return outputs == (long)heads * attention.HeadDim && attention.HeadDim % 2 == 0
            ? attention.HeadDim
            : throw new InferometerException(
                $"{tensor.Source}: tensor '{tensor.Name}' has {outputs} outputs, the configuration gives {heads} heads of "
                    + $"{attention.HeadDim}.");
    }

    private void AddExperts(WeightRole role, int layer)
    {
        if (_model.Layers[layer].FeedForward is not MoeFeedForward moe)
        {
            return;
        }

        var experts = new ModelTensor[moe.Experts];
        for (int expert = 0; expert < experts.Length; expert++)
        {
            string name = _from.ExpertStem(role, layer, expert) + ".weight";
            experts[expert] = _weights.TryGetTensor(name, out ModelTensor? tensor) && tensor.Shape.Count == 2
                ? tensor
                : throw new InferometerException(
                    $"{_weights.Path}: the matrix '{name}' of expert {expert} of {experts.Length} is missing.");
            if (!experts[expert].Shape.Equals(experts[0].Shape))
            {
                throw new InferometerException(
                    $"{_weights.Path}: '{name}' has the shape [{string.Join(", ", tensor.Shape)}], other experts [{string.Join(", "
                        + $"", experts[0].Shape)}].");
            }

            _used.Add(name);
        }

        _tensors.Add(new ConvertedTensor(_to.Stem(role, layer) + ".weight", [experts.Length, .. experts[0].Shape]) { Sources = experts });
    }

    /// <summary>Schemes that GGUF carries as one divisor per frequency instead of metadata: llama3 and LongRoPE.</summary>
    private void AddRopeDivisors()
    {
        if (ArchitectureMetadata.GlobalRope(_model) is not RopeParameters rope)
        {
            return;
        }

        if (rope.Scaling == RopeScaling.Llama3 && _model.Layers[0].Mixer is AttentionMixer attention)
        {
            AddValues(WeightRole.RopeDivisors, RopeDivisors.Llama3(rope, rope.RotaryDim == 0 ? attention.HeadDim : rope.RotaryDim));
        }
        else if (rope.Scaling == RopeScaling.LongRope)
        {
            AddValues(WeightRole.RopeLongDivisors, [.. rope.LongFactors.Select(factor => (float)factor)]);
            AddValues(WeightRole.RopeShortDivisors, [.. rope.ShortFactors.Select(factor => (float)factor)]);
        }
    }

    private void AddValues(WeightRole role, float[] values) =>
        _tensors.Add(new ConvertedTensor(_to.Stem(role) + ".weight", [values.Length]) { Values = values });
}
