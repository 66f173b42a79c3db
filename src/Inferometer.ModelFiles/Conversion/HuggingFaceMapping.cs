using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.TensorNames;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Finds each tensor of a GGUF file in a Hugging Face checkpoint, by what it is for.</summary>
internal sealed class HuggingFaceMapping
{
    private static readonly WeightRole[] NormRoles =
    [
        WeightRole.FinalNorm, WeightRole.AttentionNorm, WeightRole.PostAttentionNorm, WeightRole.FeedForwardNorm,
        WeightRole.PostFeedForwardNorm, WeightRole.QueryNorm, WeightRole.KeyNorm,
    ];

    private static readonly WeightRole[] Dense = [WeightRole.Gate, WeightRole.Up, WeightRole.FusedGateUp, WeightRole.Down];

    private static readonly WeightRole[] Shared = [WeightRole.SharedGate, WeightRole.SharedUp, WeightRole.SharedDown];

    private static readonly WeightRole[] InLayers =
    [
        WeightRole.AttentionNorm, WeightRole.PostAttentionNorm, WeightRole.FeedForwardNorm, WeightRole.PostFeedForwardNorm,
        WeightRole.Query, WeightRole.Key, WeightRole.Value, WeightRole.FusedQueryKeyValue, WeightRole.AttentionOutput,
        WeightRole.QueryDown, WeightRole.QueryDownNorm, WeightRole.QueryUp, WeightRole.LatentDown, WeightRole.LatentNorm, WeightRole.KeyUp,
        WeightRole.ValueUp, WeightRole.AttentionSinks, WeightRole.QueryNorm, WeightRole.KeyNorm, WeightRole.Gate, WeightRole.Up,
        WeightRole.FusedGateUp,
        WeightRole.Down, WeightRole.Router, WeightRole.RouterCorrection, WeightRole.ExpertGate, WeightRole.ExpertUp,
        WeightRole.ExpertDown, WeightRole.SharedGate, WeightRole.SharedUp, WeightRole.SharedDown, WeightRole.SharedExpertGate,
        .. StateConversion.Roles,
        WeightRole.LayerInputGate, WeightRole.LayerInputOutput, WeightRole.LayerInputOutputNorm, WeightRole.LayerScale,
        WeightRole.UpdateNorm, WeightRole.UpdateRouter, WeightRole.UpdatePrediction, WeightRole.UpdateCorrection, WeightRole.UpdateScale,
        WeightRole.BranchDown, WeightRole.BranchUp, WeightRole.BranchNorm, WeightRole.RouterScale, WeightRole.ExpertScale,
        WeightRole.ExpertNorm, WeightRole.PostExpertNorm, WeightRole.PostDenseNorm,
    ];

    private readonly ModelArchitecture _model;
    private readonly ITensorSource _weights;
    private readonly HuggingFaceNames _from;
    private readonly GgufNames _to;
    private readonly GgufFamily _family;
    private readonly bool _normsPlusOne;
    private readonly List<ConvertedTensor> _tensors = [];
    private readonly HashSet<string> _used = new(StringComparer.Ordinal);

    /// <exception cref="InferometerException">The checkpoint names its tensors in a way that is not known.</exception>
    public HuggingFaceMapping(ModelArchitecture model, GgufFamily family, ITensorSource weights)
    {
        _model = model;
        _weights = weights;
        _to = new GgufNames(family, model);
        _family = family;
        _normsPlusOne = model.Norm is NormKind.RmsNormPlusOne or NormKind.LayerNormPlusOne;
        _from = HuggingFaceNames.Find(name => weights.TryGetTensor(name, out _), model)
            ?? throw new InferometerException($"{weights.Path}: holds no 'embed_tokens.weight' under any of the usual names.");
    }

    /// <summary>Inputs that were left out.</summary>
    public IReadOnlyList<string> Notes => [.. _weights.Tensors.Where(tensor => !_used.Contains(tensor.Name))
        .Select(tensor =>
            $"{System.IO.Path.GetFileName(tensor.Source)}: tensor '{tensor.Name}' has no place in the new file and was left out.")];

    public IReadOnlyList<ConvertedTensor> Build()
    {
        Add(WeightRole.Embedding, 0);
        AddPositions();
        if (_model.TokenTypes > 0)
        {
            Add(WeightRole.TokenTypes, 0);
        }

        if (_model.EmbeddingNorm)
        {
            Add(WeightRole.EmbeddingNorm, 0);
        }

        AddClassifier();
        if (!_model.NormAfterResidual)
        {
            Add(WeightRole.FinalNorm, 0);
        }

        Add(WeightRole.LayerInputTable, 0);
        Add(WeightRole.LayerInputProjection, 0);
        Add(WeightRole.LayerInputNorm, 0);
        AddStreams();
        if (_model.TiedEmbeddings && _from.Stem(WeightRole.LmHead) is string head)
        {
            _used.Add(head + ".weight"); // a second copy of the embedding
        }
        else if (_model.HasHead)
        {
            Add(WeightRole.LmHead, 0);
        }

        AddRopeDivisors();
        for (int layer = 0; layer < _model.LayerCount; layer++)
        {
            AddLayer(layer);
        }

        return _tensors;
    }

    // The rows before that of a text's first token stand for no position, and are left out of such files.
    private void AddPositions()
    {
        if (_model.FirstPositionRow == 0)
        {
            Add(WeightRole.PositionTable, 0);
            return;
        }

        if (_from.Stem(WeightRole.PositionTable) is { } stem && _weights.TryGetTensor(stem + ".weight", out ModelTensor? table))
        {
            _used.Add(table.Name);
            int first = _model.FirstPositionRow;
            _tensors.Add(new ConvertedTensor(_to.Stem(WeightRole.PositionTable) + ".weight", [table.Rows - first, table.Columns])
            {
                Sources = [table],
                RowOrder = row => row + first,
            });
        }
    }

    // Outputs, what stands before them, and the norm between the two, under the names that classification heads go by.
    private void AddClassifier()
    {
        // Numbers from 0 on, kept by older releases.
        _used.UnionWith(["embeddings.position_ids", "bert.embeddings.position_ids", "roberta.embeddings.position_ids"]);
        (string From, string To)[] parts =
        [
            ("score", "cls.output"), ("classifier.out_proj", "cls.output"), ("classifier", "cls.output"), ("classifier.dense", "cls"),
            ("head.dense", "cls"), ("head.norm", "cls.norm"),
        ];
        if (_weights.TryGetTensor("classifier.weight", out _))
        {
            parts = [.. parts, ("bert.pooler.dense", "cls"), ("pooler.dense", "cls")];
        }

        foreach ((string from, string to) in parts)
        {
            foreach (string ending in (ReadOnlySpan<string>)[".weight", ".bias"])
            {
                if (_weights.TryGetTensor(from + ending, out ModelTensor? tensor) && _used.Add(tensor.Name))
                {
                    _tensors.Add(new ConvertedTensor(to + ending, [.. tensor.Shape]) { Sources = [tensor] });
                }
            }
        }
    }

    /// <summary>
    /// xIELU's slopes, which files hold as metadata without an architecture before them; nothing where the model has none.
    /// </summary>
    public void WriteSlopes(GgufWriter writer)
    {
        if (_model.Layers[0].FeedForward is not DenseFeedForward { Activation: ActivationKind.XIelu })
        {
            return;
        }

        writer.Set("xielu.alpha_p", Slopes(WeightRole.ActivationPositive));
        writer.Set("xielu.alpha_n", Slopes(WeightRole.ActivationNegative));
        writer.Set("xielu.beta", [.. Enumerable.Repeat(0.5f, _model.LayerCount)]);
        writer.Set("xielu.eps", [.. Enumerable.Repeat(-1e-6f, _model.LayerCount)]);
    }

    private float[] Slopes(WeightRole role) => [.. Enumerable.Range(0, _model.LayerCount).Select(layer =>
        _weights.TryGetTensor(_from.Stem(role, layer)!, out ModelTensor? slope) && slope.ElementCount == 1
            ? slope.DecodeAll()[0]
            : throw new InferometerException($"{_weights.Path}: the tensor '{_from.Stem(role, layer)}' is missing."))];

    private void AddLayer(int layer)
    {
        LayerArchitecture shape = _model.Layers[layer];
        string slope = _from.Stem(WeightRole.ActivationPositive, layer)!;
        _used.UnionWith(((string[])["alpha_p", "alpha_n", "beta", "eps"])
            .Select(name => slope.Replace("alpha_p", name, StringComparison.Ordinal)));
        // Granite calls a dense network and the one that experts share by one name.
        WeightRole[] others = shape.FeedForward switch
        {
            DenseFeedForward => Shared,
            MoeFeedForward { ParallelDenseIntermediateSize: 0 } => Dense,
            _ => [],
        };
        foreach (WeightRole role in InLayers.Except(others))
        {
            if (role == WeightRole.Query && _family.FusedQkv)
            {
                AddFused(layer);
            }
            else if (role == WeightRole.Query && shape.Mixer is AttentionMixer { OutputGate: true } attention)
            {
                AddInTurn(layer, WeightRole.Query, WeightRole.AttentionGate, _to.Stem(role, layer)!, attention.HeadDim);
            }
            else if (role == WeightRole.StateBeta && shape.Mixer is GatedDeltaMixer { SplitProjections: false } delta)
            {
                AddInTurn(
                    layer, WeightRole.StateBeta, WeightRole.StateDecay,
                    string.Create(System.Globalization.CultureInfo.InvariantCulture, $"blk.{layer}.ssm_ba"),
                    delta.ValueHeads / delta.KeyHeads);
            }
            else if (role is WeightRole.QueryNorm or WeightRole.KeyNorm && AddNormsOfHeads(role, layer))
            {
                continue;
            }
            else if (role is WeightRole.ExpertGate or WeightRole.ExpertUp or WeightRole.ExpertDown)
            {
                AddExperts(role, layer);
            }
            else
            {
                Add(role, layer);
            }
        }
    }

    // Some rows of the one, as many of the other, and so on.
    private void AddInTurn(int layer, WeightRole first, WeightRole second, string name, long rows)
    {
        ModelTensor[] parts = [.. ((WeightRole[])[first, second])
            .Select(role => _weights.TryGetTensor(_from.Stem(role, layer) + ".weight", out ModelTensor? tensor) ? tensor : null)
            .OfType<ModelTensor>()];
        if (parts.Length == 2)
        {
            _used.UnionWith(parts.Select(part => part.Name));
            long half = parts[0].Rows;
            _tensors.Add(new ConvertedTensor(name + ".weight", [2 * half, parts[0].Columns])
            {
                Sources = parts,
                RowOrder = row => (row / rows % 2 * half) + (row / (2 * rows) * rows) + (row % rows),
            });
        }
    }

    // Gemma 3n's projections between residual streams are tensors of their own in checkpoints.
    private void AddStreams()
    {
        foreach (WeightRole role in (ReadOnlySpan<WeightRole>)[WeightRole.StreamProjection, WeightRole.StreamMerging])
        {
            ModelTensor[] all = [.. Enumerable.Range(0, (_model.Updates?.Streams ?? 1) - 1)
                .Select(i => _weights.TryGetTensor(_from.ExpertStem(role, 0, i) + ".weight", out ModelTensor? tensor) ? tensor : null)
                .OfType<ModelTensor>()];
            if (all.Length > 0)
            {
                _used.UnionWith(all.Select(tensor => tensor.Name));
                _tensors.Add(new ConvertedTensor(_to.Stem(role) + ".weight", [all.Length, .. all[0].Shape]) { Sources = all });
            }
        }
    }

    // StableLM 2 keeps the norm of every head as a tensor of its own; files have them one above the other.
    private bool AddNormsOfHeads(WeightRole role, int layer)
    {
        ModelTensor[] norms = [.. Enumerable.Range(0, _model.Layers[layer].Mixer is AttentionMixer mixer ? mixer.Heads : 0)
            .Select(head => string.Create(
                System.Globalization.CultureInfo.InvariantCulture, $"{_from.Stem(role, layer)}.norms.{head}.weight"))
            .Select(name => _weights.TryGetTensor(name, out ModelTensor? norm) ? norm : null).OfType<ModelTensor>()];
        if (norms.Length == 0)
        {
            return false;
        }

        _used.UnionWith(norms.Select(norm => norm.Name));
        _tensors.Add(new ConvertedTensor(_to.Stem(role, layer) + ".weight", [norms.Length, norms[0].ElementCount]) { Sources = norms });
        return true;
    }

    // Queries, keys and values become one tensor, for the architectures whose readers know no other.
    private void AddFused(int layer)
    {
        foreach (string ending in (ReadOnlySpan<string>)[".weight", ".bias"])
        {
            ModelTensor[] parts = [.. ((WeightRole[])[WeightRole.Query, WeightRole.Key, WeightRole.Value])
                .Select(role => _weights.TryGetTensor(_from.Stem(role, layer) + ending, out ModelTensor? tensor) ? tensor : null)
                .OfType<ModelTensor>()];
            if (parts.Length != 3)
            {
                continue;
            }

            _used.UnionWith(parts.Select(part => part.Name));
            string name = _to.Stem(WeightRole.FusedQueryKeyValue, layer) + ending;
            _tensors.Add(ending is ".bias"
                ? new ConvertedTensor(name, [parts.Sum(part => part.ElementCount)])
                {
                    Values = [.. parts.SelectMany(part => part.DecodeAll())],
                }
                : new ConvertedTensor(name, [parts.Sum(part => part.Rows), parts[0].Columns]) { Sources = parts });
        }
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
                _tensors.Add(StateConversion.Roles.Contains(role)
                    ? StateConversion.Of(role, to, tensor, _model.Layers[layer].Mixer, _family.ValueHeadsInTurn)
                    : Convert(role, to + ending, tensor, layer));
            }
        }

        // Some vectors have no ending in checkpoints.
        if (_weights.TryGetTensor(from, out ModelTensor? bare) && _used.Add(bare.Name))
        {
            string ending = role == WeightRole.RouterCorrection ? ".bias" : role is WeightRole.RouterScale or WeightRole.ExpertScale ? ""
                : ".weight";
            _tensors.Add(StateConversion.Roles.Contains(role)
                ? StateConversion.Of(role, to, bare, _model.Layers[layer].Mixer, _family.ValueHeadsInTurn)
                : new ConvertedTensor(to + ending, [bare.ElementCount]) { Values = bare.DecodeAll() });
        }
    }

    private ConvertedTensor Convert(WeightRole role, string name, ModelTensor tensor, int layer)
    {
        long[] shape = role == WeightRole.SharedExpertGate ? [tensor.ElementCount] : [.. tensor.Shape];
        // Helium's checkpoints have neighbours that rotate together already.
        bool reorders = _family.ReordersHeads && _model.Layers[layer].Mixer is not AttentionMixer { Rope.Interleaved: true };
        long headRows = reorders ? RotaryHeadRows(role, tensor, layer) : 0;
        if (headRows > 0 && shape.Length == 1)
        {
            float[] values = tensor.DecodeAll();
            return new ConvertedTensor(name, shape)
            {
                Values = [.. values.Select((_, i) => values[ConvertedTensor.RotaryOrder(i, headRows)])],
            };
        }

        bool isNorm = NormRoles.Contains(role) && tensor.Name.EndsWith(".weight", StringComparison.Ordinal);
        return new ConvertedTensor(name, shape)
        {
            Sources = [tensor],
            RowOrder = headRows > 0 ? row => ConvertedTensor.RotaryOrder(row, headRows) : null,
            AddOne = _normsPlusOne && isNorm,
        };
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

        if (_weights.TryGetTensor(_from.Stem(role, layer) + ".weight", out _))
        {
            Add(role, layer); // stacked already
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
        else if (rope.Scaling == RopeScaling.None && rope.ShortFactors.Count > 0)
        {
            AddValues(WeightRole.RopeDivisors, [.. rope.ShortFactors.Select(factor => (float)factor)]);
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
