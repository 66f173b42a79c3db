namespace Inferometer.Core.Models.HuggingFace;

/// <summary>How far one attention layer looks and whether positions enter it.</summary>
/// <param name="WindowTokens">Window, 0 = none.</param>
/// <param name="ChunkTokens">Chunk, 0 = none.</param>
/// <param name="HasRope">Rotary embedding is applied.</param>
/// <param name="IsGlobalOfMixed">A global layer of a model that also has local ones.</param>
internal readonly record struct LayerKind(int WindowTokens, int ChunkTokens, bool HasRope, bool IsGlobalOfMixed);

/// <summary>Which layers are local, global, chunked or linear, from <c>layer_types</c> or the older fields.</summary>
internal sealed class LayerKinds
{
    private readonly JsonFields _fields;
    private readonly ModelShape _shape;
    private readonly string[]? _types;
    private readonly int[]? _hybrid;
    private readonly int[]? _ropeLayers;
    private readonly int _window;

    public LayerKinds(ModelShape shape)
    {
        _shape = shape;
        _fields = shape.Fields;
        _types = _fields.Texts("layer_types");
        _hybrid = _fields.Ints("hybrid_layer_pattern", 0, 1);
        // An empty list means "the class's default", one layer in four without positions.
        _ropeLayers = _fields.Ints("no_rope_layers", 0, 1) is { Length: > 0 } given ? given : null;
        _window = _fields.IntOr(0, 0, int.MaxValue, "sliding_window", "sliding_window_size");
    }

    public bool IsLinear(int layer, int layerCount)
    {
        if (_types is not null)
        {
            return Type(layer, layerCount) is "linear_attention";
        }

        return _fields.Has("linear_num_value_heads") && (layer + 1) % _fields.IntOr(4, 1, Limits.Layers, "full_attention_interval") != 0;
    }

    public LayerKind Of(int layer, int layerCount)
    {
        if (_shape.ModelType is "llama4" or "llama4_text")
        {
            return Llama4(layer, layerCount);
        }

        bool local = IsLocal(layer, layerCount);
        int window = local && _window < _shape.MaxContextTokens ? _window : 0;
        return new LayerKind(window, 0, HasRope: true, IsGlobalOfMixed: !local && _window > 0);
    }

    private LayerKind Llama4(int layer, int layerCount)
    {
        bool rope = _ropeLayers is null
            ? (layer + 1) % _fields.IntOr(4, 1, Limits.Layers, "no_rope_layer_interval") != 0
            : layer < _ropeLayers.Length && _ropeLayers[layer] != 0;
        bool chunked = _types is null ? rope : Type(layer, layerCount) is "chunked_attention";
        return new LayerKind(0, chunked ? _fields.IntOr(8192, 1, int.MaxValue, "attention_chunk_size") : 0, rope, IsGlobalOfMixed: false);
    }

    private bool IsLocal(int layer, int layerCount)
    {
        if (_window == 0)
        {
            return false;
        }

        if (_hybrid is not null)
        {
            return layer < _hybrid.Length && _hybrid[layer] != 0;
        }

        FamilyTraits traits = _shape.Traits;
        if (traits.Windows == WindowRule.WhenSwitchedOn || _fields.Has("use_sliding_window"))
        {
            bool on = _fields.BoolOr(false, "use_sliding_window");
            return on && (_types is null ? layer >= _fields.IntOr(layerCount, 0, Limits.Layers, "max_window_layers") : Type(layer, layerCount) is "sliding_attention");
        }

        if (_types is not null)
        {
            return Type(layer, layerCount) is "sliding_attention";
        }

        return traits.Windows switch
        {
            WindowRule.WhenFieldSet => true,
            WindowRule.Interleaved => (layer + 1) % _fields.IntOr(traits.GlobalEvery, 1, Limits.Layers, "sliding_window_pattern", "_sliding_window_pattern") != 0,
            _ => false,
        };
    }

    private string Type(int layer, int layerCount)
    {
        string[] types = _types!;
        if (types.Length != layerCount)
        {
            throw _fields.Wrong("layer_types", $"an array with one entry for each of the {layerCount} layers");
        }

        return types[layer] is "full_attention" or "sliding_attention" or "linear_attention" or "chunked_attention"
            ? types[layer]
            : throw new InferometerException(
                $"{_fields.Source}: 'layer_types[{layer}]' is '{types[layer]}'; allowed are full_attention, sliding_attention, linear_attention and chunked_attention.");
    }
}
